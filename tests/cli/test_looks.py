"""What is drawn of a run, and how: --from and --to, --detail, --absolute, --theme, --caption, --segments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tcpsim.cli.looks import window_of
from tcpsim.scenario import load, run
from tcpsim.trace import Moved, Sent, Trace

from .test_pictures import assert_is_a_sentence, call, drawn, here

__all__ = ["here"]  # a fixture

LOSSY = run(load("lossy")).trace


def test_an_event_is_a_number_a_time_or_words() -> None:
    last = len(LOSSY) - 1
    assert window_of(LOSSY, None, None) is None
    assert window_of(LOSSY, "40", "#60") == (40, 60)
    assert window_of(LOSSY, "0s", None) == (0, last)
    first, end = window_of(LOSSY, "4.1s", "4.3s") or (0, 0)
    assert LOSSY.records[first].time == 4_100_000_000
    assert LOSSY.records[first - 1].time < 4_100_000_000
    assert LOSSY.records[end].time == 4_200_000_000
    assert LOSSY.records[end + 1].time > 4_300_000_000


def test_words_mean_the_whole_instant() -> None:
    first, end = window_of(LOSSY, "client FIN", "server is LAST-ACK") or (0, 0)
    fin = next(each for each in LOSSY.records if isinstance(each, Sent) and "FIN" in str(each.segment))
    moved = next(each for each in LOSSY.records if isinstance(each, Moved) and str(each.target) == "LAST-ACK")
    assert first <= fin.serial < moved.serial <= end
    assert LOSSY.records[first].time == fin.time > LOSSY.records[first - 1].time
    assert LOSSY.records[end].time == moved.time < LOSSY.records[end + 1].time


def test_the_end_is_the_first_such_event_from_the_beginning_on() -> None:
    _, early = window_of(LOSSY, None, "client data") or (0, 0)
    _, late = window_of(LOSSY, "4.2s", "client data") or (0, 0)
    assert early < late


@pytest.mark.parametrize("command", ["run", "diagram"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "99x"), "--from: expected a duration"),
        (("--from", "99h"), "--from: nothing happens at 99h or later: the run ends after 70.6 s"),
        (("--to", "server SYX"), "--to:1:8: 'SYX' does not belong here"),
        (("--to", "4000"), "--to: there is no event 4000"),
        (("--from", "server RST"), "--from: 'server RST' never happens"),
        (("--from", "5s", "--to", "1s"), "--to: '1s' lies before '5s'"),
        (("--from", "60s", "--to", "client SYN"), "--to: 'client SYN' does not happen after --from"),
        (("--detail", "all"), "'brief', 'normal', 'options', 'full'"),
    ],
)
def test_a_part_that_can_not_be(here: Path, command: str, options: tuple[str, ...], words: str) -> None:
    ran = call(command, "lossy", *options)
    assert ran.exit_code == 2
    assert words in " ".join(ran.stderr.split())
    assert list(here.iterdir()) == []


def test_run_prints_a_part_by_the_numbers_of_the_wire() -> None:
    text = call("run", "lossy", "--from", "client FIN", "--to", "10.5s", "--absolute").stdout
    numbers = [int(number) for number in re.findall(r"FIN,ACK seq (\d+)", text)]
    fin = next(each for each in LOSSY.records if isinstance(each, Sent) and "FIN" in str(each.segment))
    assert numbers == [fin.segment.seq]
    assert "13 earlier segments not drawn" in text
    assert "more segments not drawn" in text
    assert "all 9 expectations hold" in text


def test_run_has_four_levels_of_detail() -> None:
    brief, normal, options, full = (
        call("run", "handshake", "--detail", level).stdout for level in ("brief", "normal", "options", "full")
    )
    assert "seq" not in brief
    assert "SYN seq 0" in normal
    assert "win" not in normal
    assert "win 10000" in options
    assert "RTO" not in options
    assert "RTO 1 s" in full


@pytest.mark.usefixtures("here")
def test_each_option_of_a_figure_changes_it() -> None:
    options: list[tuple[str, ...]] = [
        (), ("--theme", "dark"), ("--theme", "print"), ("--caption",), ("--absolute",), ("--detail", "options"),
        ("--detail", "brief"), ("--detail", "full"), ("--from", "100ms"), ("--to", "server is SYN-RECEIVED"),
        ("--segments", "2"),
    ]  # fmt: skip
    files = [drawn(call("diagram", "handshake", *each, "-o", f"{number}.svg")) for number, each in enumerate(options)]
    assert len({file.read_bytes() for file in files}) == len(options)
    assert "numbers begin at 1?" in files[3].read_text("utf-8")
    assert "more segments not drawn: max_segments is 2" in files[-1].read_text("utf-8")
    again = drawn(call("diagram", "handshake", "--theme", "light", "-o", "again.svg"))
    assert again.read_bytes() == files[0].read_bytes()


def test_a_caption_needs_a_question(here: Path) -> None:
    call("run", "-q", "handshake", "--trace", "kept.jsonl")
    assert_is_a_sentence(call("diagram", "kept.jsonl", "--caption"), "does not hold the question; name the scenario")
    (here / "bare.yaml").write_text(
        "title: bare\nhosts: {a: {}, b: {}}\nscript:\n  - {host: a, call: listen, port: 80}\n"
    )
    assert_is_a_sentence(call("diagram", "bare.yaml", "--caption"), "has neither `question` nor `shows`")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("suffix", "first"), [("mmd", "sequenceDiagram"), ("puml", "@startuml")])
def test_a_ladder_for_another_tool(suffix: str, first: str) -> None:
    text = drawn(call("diagram", "lossy", "--from", "client FIN", "-o", f"x.{suffix}")).read_text("utf-8")
    assert text.startswith(f"{first}\n")
    assert "earlier segments not drawn" in text
    assert_is_a_sentence(call("diagram", "lossy", "-o", "x.txt"), "expected one of", f".{suffix}", ".html")
    assert_is_a_sentence(call("states", "-o", f"x.{suffix}"), "expected one of .png, .svg, .pdf")


def test_an_empty_trace_has_no_parts(here: Path) -> None:
    Trace().write(here / "empty.jsonl")
    assert_is_a_sentence(call("diagram", "empty.jsonl", "--from", "1s"), "nothing happens at 1s or later")
    assert_is_a_sentence(call("diagram", "empty.jsonl", "--to", "1s"), "nothing happens by '1s'")
