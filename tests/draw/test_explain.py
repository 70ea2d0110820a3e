"""A run told in words: each record in order, its rule and place; one record with all that is known."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import tcpsim
from tcpsim.draw import explain_event, explain_text, ladder_text
from tcpsim.draw.happenings import happenings
from tcpsim.tcp.checks import Check
from tcpsim.tcp.rules import COOKIE_TAKEN, FIN_HELD, SYN_SENT_BAD_ACK, TEXT_HELD, Rule
from tcpsim.trace import Changed, Checked, Discarded, Trace

from . import runs


def told(trace: Trace, width: int = 1000) -> list[str]:
    return explain_text(trace, width=width).splitlines()


def test_the_handshake_is_told_in_order() -> None:
    lines = [line for line in told(runs.handshake()) if not line.startswith("   ")]
    assert [re.sub(r"^ *\d+  ", "", line) for line in lines[:9]] == [
        "0 s  the application at server calls listen(80)",
        "0 s  server moves from CLOSED to LISTEN: passive OPEN",
        "0 s  the application at client calls connect(192.0.2.2:80)",
        "0 s  client moves from CLOSED to SYN-SENT: active OPEN",
        "0 s  client sends SYN seq 0 to server",
        "0 s  client starts its retransmission timer: 1 s, until 1 s",
        "50 ms  SYN seq 0 arrives at server",
        "50 ms  server moves from LISTEN to SYN-RECEIVED: rcv SYN",
        "50 ms  server sends SYN,ACK seq 0 ack 1 to client",
    ]


def test_every_record_is_told_under_its_serial() -> None:
    for make in runs.ALL.values():
        trace = make()
        serials = [int(line.split()[0]) for line in told(trace) if not line.startswith("     ")]
        assert serials == list(range(len(trace)))


def test_a_reason_follows_with_its_place() -> None:
    lines = told(runs.handshake())
    assert lines[2].strip() == "Another plain sentence: why the state changed. (RFC 9293 3.3.2)"


def test_mishaps_are_told() -> None:
    text = "\n".join(told(runs.mishaps()))
    for sentence in (
        "the network copies PSH,ACK seq 1..100 ack 1 from client: random duplication 1%; the copy is due at 220 ms",
        "server does not use PSH,ACK seq 1..100 ack 1",
        "PSH,ACK seq 101..200 ack 1 from client is held back: fault: swap the next two; it is due at 440 ms",
        "arrives at server with a wrong checksum and is discarded: random corruption 1%",
        "(RFC 9293 3.1, MUST-3)",
        "server tells its application: connection reset",
        "the application at server calls send(5): error: connection does not exist",
        "client sends PSH,ACK seq 301..400 ack 1 to server (retransmission 1)",
        "the run ends: the run's time is up",
    ):
        assert sentence in text


@pytest.mark.parametrize("rule", [TEXT_HELD, FIN_HELD])
def test_a_segment_beyond_a_hole_is_kept(rule: Rule) -> None:
    run = runs.Run()
    packet = run.sent(0, "client", "ACK", 100, 1, 10)
    run.arrived(50, packet)
    run.add(Discarded, 50, "server", *packet[:3], why=rule)
    assert "server keeps for later ACK seq" in explain_text(run.trace())


def test_one_event_is_told_with_all_that_is_known() -> None:
    trace = runs.lost_syn_ack()
    lost = next(record.serial for record in trace if record.kind == "lost")
    text = explain_text(trace, lost)
    assert "SYN,ACK seq 0 ack 1 from server is lost" in text
    assert "- packet 2, 192.0.2.2:80 to 192.0.2.1:49152" in text
    assert "- on the wire <SEQ=4294967000><ACK=1001><CTL=SYN,ACK>, win 65535" in text
    assert "- the packet left at 50 ms: lost (fault: drop 1st SYN,ACK)" in text
    assert len(text.splitlines()) < 12


def test_timers_and_signals_are_explained() -> None:
    trace = runs.mishaps()
    timer = next(record.serial for record in trace if record.kind == "timer set")
    assert "what the timer is for: RFC 9293 3.8.1" in explain_text(trace, timer)
    signal = next(record.serial for record in trace if record.kind == "signalled")
    assert "what the signal means: the connection is ESTABLISHED" in explain_text(trace, signal)


@pytest.mark.parametrize(("event", "known"), [(-1, "from 0 to"), (10_000, "from 0 to")])
def test_an_unknown_event_is_an_error(event: int, known: str) -> None:
    with pytest.raises(ValueError, match=f"no event {event} in this trace: expected a number {known}"):
        explain_text(runs.handshake(), event)


def test_an_empty_trace_has_nothing_to_tell() -> None:
    assert explain_text(Trace()) == ""
    with pytest.raises(ValueError, match="the trace is empty"):
        explain_text(Trace(), 0)


def test_lines_are_wrapped_and_can_be_ascii() -> None:
    for make in runs.ALL.values():
        text = explain_text(make(), ascii=True)
        assert max(len(line) for line in text.splitlines()) <= 80
        assert text.isascii()


def test_names_are_made_harmless() -> None:
    run = runs.Run(hosts=("cl\x1b[2Jient", "server"))
    run.over(0, "cl\x1b[2Jient", "SYN", 0)
    run.note(0, "server", "\x07")
    assert "\x1b" not in explain_text(run.trace())
    assert "\x07" not in explain_text(run.trace(), 2)


# ------------------------------------------------------------------ explained runs

SNAPSHOTS = Path(__file__).parent / "snapshots"


def explained(name: str) -> Trace:
    return tcpsim.run(name, explained=True).trace


@pytest.mark.parametrize("name", ["handshake", "why-not-two", "lost-last-ack"])
def test_an_explained_run_is_told_as_reviewed(name: str) -> None:
    text = explain_text(explained(name))
    file = SNAPSHOTS / f"explained-{name}.txt"
    if os.environ.get("TCPSIM_WRITE_SNAPSHOTS") == "1":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_each_happening_is_told_once_under_its_number() -> None:
    trace = explained("lossy")
    every = happenings(trace)
    assert [record for each in every for record in each.records] == trace.records
    starts = [line.split()[0] for line in explain_text(trace).splitlines() if line[:4].strip().isdigit()]
    assert [int(start) for start in starts] == [each.serial for each in every]


def test_one_happening_has_places_and_numbers_of_the_wire() -> None:
    trace = explained("why-not-two")
    refused = next(each for each in happenings(trace) if each.reason is SYN_SENT_BAD_ACK)
    said = explain_event(trace, refused.serial + 1)
    assert said == explain_event(trace, refused.serial)
    text = "\n".join(said)
    assert "21  200 ms  SYN,ACK seq 0 ack -9 arrives at client, which is in SYN-SENT" in text
    assert "✗ first, ACK bit: ISS < SEG.ACK =< SND.NXT: 0 < -9 =< 1? no" in text
    assert "(RFC 9293 3.10.7.3, first)" in text
    assert "client sends RST seq -9 to server" in text
    assert "on the wire <SEQ=91><CTL=RST>" in text
    assert refused.reason is SYN_SENT_BAD_ACK


def test_places_of_every_check_where_one_happening_is_told_alone() -> None:
    trace = explained("handshake")
    text = next(each for each in happenings(trace) if each.checked and each.checked.state == "SYN-RECEIVED")
    said = " ".join(" ".join(explain_event(trace, text.serial)).split())
    for number in ("first", "second", "fourth", "fifth"):
        assert f"(RFC 9293 3.10.7.4, {number})" in said
    assert "SND.UNA 0 → 1 wire 300 → 301" in said


def test_a_host_that_does_otherwise_is_told_of() -> None:
    trace = explained("syn-flood-cookies")
    other = next(each for each in happenings(trace) if each.checked and not each.checked.agreed)
    assert other.reason is COOKIE_TAKEN
    text = " ".join(explain_text(trace, other.serial).split())
    assert "So the RFC. This host does otherwise: The ACK returns a cookie of ours" in text


def test_the_end_of_a_tcb_is_told_in_one_line() -> None:
    text = explain_text(explained("lost-last-ack"))
    assert re.search(r"\d+ more are forgotten with the TCB", text)


def test_an_injected_segment_is_nobodys_doing() -> None:
    text = explain_text(explained("why-not-two"))
    assert "SYN seq -10 is injected at client, on its way to server" in text


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("ascii", [False, True])
def test_explained_lines_are_wrapped_and_can_be_ascii(width: int, ascii: bool) -> None:
    for name in ("lossy", "why-not-two", "close-four-way"):
        trace = explained(name)
        texts = [
            explain_text(trace, width=width, ascii=ascii),
            ladder_text(trace, width=width, ascii=ascii, explain=True),
        ]
        texts += [explain_text(trace, each.serial, width=width, ascii=ascii) for each in happenings(trace)[:30]]
        assert max(len(line) for text in texts for line in text.splitlines()) <= width
        assert not ascii or all(text.isascii() for text in texts)


def test_names_of_an_explained_run_are_made_harmless() -> None:
    run = runs.Run(hosts=("cl\x1b[2Jient", "server"))
    check = Check("\x1b[2J", "RFC", "\x1b[2J", (), True, False, True, None)
    run.rows.append(
        (
            Checked,
            0,
            "cl\x1b[2Jient",
            1,
            None,
            ("192.0.2.1", 1, "192.0.2.2", 2),
            0,
            0,
            "TIMEOUT",
            0,
            "\x1b",
            (check,),
            True,
        )
    )
    run.rows.append(
        (Changed, 0, "cl\x1b[2Jient", 1, None, ("192.0.2.1", 1, "192.0.2.2", 2), 0, 0, (("\x1b", "\x1b", 5),))
    )
    assert "\x1b" not in explain_text(run.trace())
    assert "\x1b" not in explain_text(run.trace(), 0)


def test_the_ladder_gives_the_check_that_decided_with_its_numbers() -> None:
    text = " ".join(re.sub(r"[│├┤╭╮╰╯─▶◀]", " ", ladder_text(explained("why-not-two"), explain=True)).split())
    assert "✗ ISS < SEG.ACK =< SND.NXT: 0 < -9 =< 1. The ACK does not acknowledge our SYN" in text
    assert "✗" not in ladder_text(explained("why-not-two"))
