"""The ladder in a terminal: snapshots to review, and laws about width, letters and escapes.

A snapshot is `snapshots/<name>.txt`. When a change is meant, TCPSIM_WRITE_SNAPSHOTS=1 writes them
anew, and the diff is what to review.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from rich.cells import cell_len
from rich.console import Console

from tcpsim.draw import BRIEF, FULL, Ladder, ladder_text
from tcpsim.trace import Delivered, Header, HostHeader, Trace

from . import runs
from .random_runs import traces

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"
CASES: dict[str, tuple[Callable[[], Trace], dict[str, Any]]] = {
    "handshake": (runs.handshake, {}),
    "handshake-ascii": (runs.handshake, {"ascii": True}),
    "handshake-explained": (runs.handshake, {"explain": True}),
    "lost-syn-ack": (runs.lost_syn_ack, {}),
    "simultaneous": (runs.simultaneous, {}),
    "mishaps": (runs.mishaps, {}),
    "mishaps-full": (runs.mishaps, {"detail": FULL, "width": 100}),
    "refused": (runs.refused, {"detail": BRIEF}),
    "three-hosts": (runs.three_hosts, {}),
    "slow-link": (runs.a_slow_link, {}),
    "no-delay": (runs.no_delay, {}),
    "burst": (lambda: runs.transfer(6, 6), {"ascii": True}),
}


@pytest.mark.parametrize("name", CASES)
def test_ladder_is_as_reviewed(name: str) -> None:
    make, options = CASES[name]
    text = ladder_text(make(), **options)
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("TCPSIM_WRITE_SNAPSHOTS") == "1":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def widest(text: str) -> int:
    return max((cell_len(line) for line in text.splitlines()), default=0)


@settings(max_examples=60)
@given(traces())
def test_no_line_is_wider_than_asked_for(trace: Trace) -> None:
    for width in (60, 80, 132):
        assert widest(ladder_text(trace, width=width)) <= width
        explained = ladder_text(trace, width=width, detail=FULL, explain=True, ascii=True)
        assert widest(explained) <= width
        assert explained.isascii()


@pytest.mark.parametrize("name", runs.ALL)
def test_eighty_columns_hold_every_run(name: str) -> None:
    assert widest(ladder_text(runs.ALL[name](), explain=True, detail=FULL)) <= 80


def test_it_grows_with_the_terminal_up_to_a_sensible_width() -> None:
    trace = runs.lost_syn_ack()
    narrow, wide, huge = (widest(ladder_text(trace, width=width)) for width in (70, 90, 500))
    assert narrow <= 70 < wide <= 90 < huge < 130
    assert widest(ladder_text(trace, width=5)) <= 60


def test_a_wide_terminal_keeps_marks_on_the_arrow() -> None:
    assert "SYN,ACK seq 0 ack 1 (retransmission 1)" in ladder_text(runs.lost_syn_ack(), width=110)


def test_bars_stay_in_their_columns() -> None:
    lines = ladder_text(runs.lost_syn_ack()).splitlines()
    body = lines[next(number for number, line in enumerate(lines) if "│" in line) :]
    left, right = (body[0].index("│"), body[0].rindex("│"))
    for line in body:
        assert line[left] in "│├◀┊┤", line
        assert line[right] in "│┤┊", line


def test_a_loss_and_its_reason_are_said_in_words_and_shape() -> None:
    text = ladder_text(runs.lost_syn_ack(), ascii=True)
    assert "X-- SYN,ACK seq 0 ack 1 -|" in text
    assert "lost (fault: drop 1st SYN,ACK)" in text
    assert "RTO 1 s expires" in text
    assert "nothing happens for 240 s" in text


def test_explanations_name_rule_and_place() -> None:
    text = ladder_text(runs.handshake(), explain=True)
    joined = " ".join(re.sub(r"[│├┤╭╮╰╯─▶◀]", " ", text).split())
    assert joined.count("A plain sentence that gives the reason for what was just done. (RFC 9293 3.5)") == 1
    assert joined.count("Another plain sentence: why the state changed. (RFC 9293 3.3.2)") == 1
    assert "A plain sentence" not in ladder_text(runs.handshake())


def test_a_window_shows_a_part_and_counts_the_rest() -> None:
    trace = runs.lost_syn_ack()
    again = next(record.serial for record in trace if record.kind == "sent" and record.time == 1_000_000_000)
    text = ladder_text(trace, window=(again, again + 8))
    assert "SYN seq 0 (retransmission 1)" in text
    assert "FIN" not in text
    assert "SYN-SENT │" in text  # the state at the window's start
    assert text.splitlines()[3] == "(2 earlier segments not drawn)"
    assert text.index("earlier segments") < text.index("192.0.2.1")
    assert re.search(r"\(\d more segments not drawn\)", text)


@pytest.mark.parametrize("window", [(0, 0), (-5, 10_000), (40, 40), (10_000, 20_000), (5, 4)])
def test_any_window_is_drawn(window: tuple[int, int]) -> None:
    assert widest(ladder_text(runs.lost_syn_ack(), window=window)) <= 80


def test_a_segment_under_way_before_the_window_arrives_in_it() -> None:
    trace = runs.handshake()
    arrival = next(record.serial for record in trace if record.kind == "arrived")
    assert "SYN seq 0 ──▶│" in ladder_text(trace, window=(arrival, arrival + 1))


def test_a_window_that_begins_with_an_arrival_counts_what_is_not_seen() -> None:
    trace = runs.lost_syn_ack()
    arrival = [record.serial for record in trace if record.kind == "arrived"][2]
    text = ladder_text(trace, window=(arrival, arrival + 3))
    assert "SYN,ACK seq 0 ack 1 ──▶│" in text or "│◀── SYN,ACK seq 0 ack 1" in text
    assert "(3 earlier segments not drawn)" in text


def test_a_window_before_which_no_segment_was_sent_says_that_it_is_one() -> None:
    assert "(what came before is not drawn)" in ladder_text(runs.handshake(), window=(1, 5))
    assert "before" not in ladder_text(runs.handshake())


def test_a_timer_that_runs_already_does_not_start_in_the_window() -> None:
    trace = runs.lost_syn_ack()
    fired = next(record.serial for record in trace if record.kind == "timer fired")
    assert "RTO 1 s starts" not in ladder_text(trace, window=(fired, fired + 3), detail=FULL)
    stopped = next(record.serial for record in runs.handshake() if record.kind == "timer stopped")
    text = ladder_text(runs.handshake(), window=(stopped - 1, stopped + 1), detail=FULL)
    assert "RTO 1 s stopped" in text
    assert "starts" not in text


def test_a_sum_of_deliveries_is_true_of_the_whole_run() -> None:
    trace = runs.transfer(60)
    told = [record for record in trace if isinstance(record, Delivered)]
    whole, part = ladder_text(trace), ladder_text(trace, window=(told[20].serial, len(trace)))
    assert f"has {told[-1].total} octets so far" in whole
    assert f"has {told[-1].total} octets so far" in part
    clipped = ladder_text(trace, max_segments=60)
    (seen,) = re.findall(r"has (\d+) octets so far", clipped)
    assert int(seen) in [record.total for record in told[:-1]]


def test_silence_is_told_only_where_no_packet_is_under_way() -> None:
    text = " ".join(re.sub("[│┊]", " ", ladder_text(runs.held_for_long())).split())
    assert text.count("for 1 s only PSH,ACK seq 1..100 ack 1 is under way") == 1
    assert text.count("for 1.95 s only PSH,ACK seq 1..100 ack 1 is under way") == 1
    assert text.count("for 2.95 s only PSH,ACK seq 101..200 ack 1 is under way") == 1
    assert re.findall("nothing happens for [^ ]+ s", text) == ["nothing happens for 2 s", "nothing happens for 4 s"]


def test_too_many_segments_are_counted() -> None:
    text = ladder_text(runs.transfer(30), max_segments=10)
    assert re.search(r"\(\d\d more segments not drawn: max_segments is 10\)", text)


def hostile() -> Trace:
    run = runs.Run("\x1b[31mred\x1b]0;title\x07 [bold]no markup[/bold] $x_1$ \u202eevil", "\x9b2J\r\n\tclear")
    run.call(0, "client", "send(\x1b[2J)")
    run.note(1, "client", "[link=x]note[/link]\x00")
    trace = run.trace()
    hosts = (HostHeader("client", ("\x1b[1m",)), HostHeader("ser\x1b[7mver [red]", ("192.0.2.2",)))
    made = Trace(Header(title=run.header.title, source=run.header.source, hosts=hosts))
    for row in sorted(run.rows, key=lambda row: row[1]):
        made.append(row)
    assert len(trace) == len(made)
    return made


@pytest.mark.parametrize("color", ["truecolor", None])
def test_names_inject_neither_escapes_nor_markup(color: str | None) -> None:
    out = io.StringIO()
    system: Any = color
    console = Console(file=out, width=80, force_terminal=color is not None, color_system=system, legacy_windows=False)
    console.print(Ladder(hostile()))
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())  # rich's own colours
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "[bold]no markup[/bold]" in text
    assert "\\x1b[31mred" in text
    assert "ser\\x1b[7mver [red]" in text


def test_rich_draws_what_plain_text_says() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    console.print(Ladder(runs.lost_syn_ack()))
    coloured = out.getvalue()
    assert "\x1b[" in coloured
    plain = "".join(f"{line.rstrip()}\n" for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines())
    assert plain == ladder_text(runs.lost_syn_ack())


def test_a_console_without_unicode_gets_ascii() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    Console(file=out, width=80).print(Ladder(runs.lost_syn_ack()))
    out.flush()


def test_wide_letters_take_two_columns() -> None:
    run = runs.Run("漢字" * 60, "", ("客户端", "服务器"))
    run.over(0, "客户端", "SYN", 0)
    run.call(10, "客户端", "送信(" + "五" * 60 + ")")
    text = ladder_text(run.trace())
    assert widest(text) <= 80
    assert "客户端" in text
    assert ladder_text(run.trace(), ascii=True).isascii()


def test_many_hosts_become_a_list() -> None:
    names = tuple(f"host{number}" for number in range(8))
    run = runs.Run("Eight", "", names)
    run.arrived(50, run.sent(0, "host0", "SYN", 0, to="host7"))
    run.lost(0, run.sent(0, "host3", "RST", 0, to="host1"), 50)
    run.move(50, "host7", "LISTEN", "SYN-RECEIVED")
    text = ladder_text(run.trace())
    assert "host0 -> host7: SYN seq 0" in text
    assert "host3 -> host1: RST seq 0, lost (random loss 10%)" in text
    assert "host7: SYN-RECEIVED" in text
    assert widest(text) <= 80


@pytest.mark.parametrize("hosts", [(), ("lonely",)])
def test_nothing_to_draw_is_drawn(hosts: tuple[str, ...]) -> None:
    assert ladder_text(runs.Run("Nothing", hosts=hosts).trace()).startswith("Nothing\n")
    assert ladder_text(Trace()) == "\n\n\n"
