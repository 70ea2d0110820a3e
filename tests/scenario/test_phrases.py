"""The phrases, by their grammars: what each means, and where one that can't be read goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.scenario.moments import (
    MANY,
    AtTime,
    EntersState,
    HasReceived,
    Passes,
    Signals,
    TimerActs,
    parse_count,
    parse_event,
    parse_injected,
    parse_occurrence,
    parse_party,
    parse_selector,
    parse_timer,
)
from tcpsim.scenario.problems import PhraseError
from tcpsim.scenario.sights import Kind, Seen, Sight, parse_line
from tcpsim.scenario.words import Party, Span, ordinal
from tcpsim.tcp.diagram import State
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS, SECOND

CLIENT = Party("client")
SERVER = Party("server")


def seen(
    ctl: str, *, seq: int = 0, ack: int | None = None, text: int = 0, marks: str = "arrived", **fields: Any
) -> Seen:
    made = segment(ctl, seq=100 + seq, ack=300 + (ack or 0), text=text, **fields)
    return Seen("client", 1, "server", 50 * MS, made, seq, ack, frozenset(marks.split()), 7)


# ---------------------------------------------------------------------- lines and patterns


def test_a_line_names_sender_bits_numbers_and_marks() -> None:
    line = parse_line("server PSH,ACK seq 1..5 ack 1 win 1000 lost retransmission at 1.5s to client")
    assert line == Sight(
        SERVER, Kind("PSH,ACK", 0x18), True,
        (("seq", Span(1, 1)), ("ack", Span(1, 1)), ("win", Span(1000, 1000))),
        5, Span(1500 * MS, 1500 * MS), CLIENT, ("lost", "retransmission"),
    )  # fmt: skip


def test_syn_ack_may_be_written_with_a_hyphen() -> None:
    assert parse_line("client SYN-ACK").kind == parse_line("client SYN,ACK").kind


@pytest.mark.parametrize(
    ("line", "differences"),
    [
        ("client PSH,ACK seq 1..5 ack 1", []),
        ("client PSH,ACK", []),
        ("client PSH,ACK len 5 win 65535 SEQ=101 ACK=301", []),
        ("client PSH,ACK at 50ms to server", []),
        ("client PSH,ACK at 40ms..60ms", []),
        ("client PSH,ACK len 1..5", []),
        ("client data", []),
        ("client segment arrived", []),
        ("client ACK", ["the bits are PSH,ACK, not ACK"]),
        ("client SYN seq 2", ["the bits are PSH,ACK, not SYN", "seq is 1, not 2"]),
        ("client PSH,ACK seq 1..4", ["it occupies 1..5, not 1..4"]),
        ("client PSH,ACK ack 2", ["ack is 1, not 2"]),
        ("client PSH,ACK SEQ=1", ["SEQ is 101, not 1"]),
        ("client PSH,ACK len 6..9", ["len is 5, not 6..9"]),
        ("client PSH,ACK up 1", ["up is absent, not 1"]),
        ("client PSH,ACK mss 536", ["mss is absent, not 536"]),
        ("client PSH,ACK at 1s", ["it was sent at 50ms, not at 1s"]),
        ("client PSH,ACK at 1s..2s", ["it was sent at 50ms, not within 1s..2s"]),
        ("client PSH,ACK to third", ["it was sent to server, not third"]),
        ("client PSH,ACK lost", ["it is not lost"]),
        ("client PSH,ACK retransmission", ["it is not a retransmission"]),
    ],
)
def test_a_line_says_in_what_a_segment_differs(line: str, differences: list[str]) -> None:
    assert parse_line(line).differences(seen("PSH,ACK", seq=1, ack=1, text=5)) == differences


def test_the_last_number_of_a_segment_counts_its_fin() -> None:
    assert parse_line("client FIN,PSH,ACK seq 1..6").differences(seen("FIN,PSH,ACK", seq=1, ack=1, text=5)) == []


def test_options_and_the_urgent_pointer_can_be_asked_for() -> None:
    assert parse_line("client SYN mss 1460").differences(seen("SYN", options=Options(1460))) == []
    assert parse_line("client SYN MSS=1460").differences(seen("SYN", options=Options(1460))) == []
    assert parse_line("client ACK,URG up 5").differences(seen("ACK,URG", ack=1, up=5)) == []
    assert parse_line("client SYN wscale 7").differences(seen("SYN", options=Options(None, 7))) == []
    assert parse_line("client SYN wscale 7").differences(seen("SYN")) == ["wscale is absent, not 7"]
    line = parse_line("client SYN ts sackok sack")
    assert line.differences(seen("SYN")) == ["ts is absent", "sackok is absent", "sack is absent"]
    assert line.differences(seen("SYN", options=Options(sack_ok=True, ts=(1, 2)))) == ["sack is absent"]
    assert line.differences(seen("SYN", options=Options(None, None, True, (1, 2), ((3, 4),)))) == []


@pytest.mark.parametrize(
    ("marks", "differences"),
    [
        ("arrived", []),
        ("lost", ["it is lost"]),
        ("arrived duplicated delayed", ["it is duplicated", "it is delayed"]),
        ("arrived retransmission", ["it is a retransmission"]),
        ("corrupted", ["it is corrupted"]),
    ],
)
def test_in_segments_a_mark_that_is_not_written_must_not_be_there(marks: str, differences: list[str]) -> None:
    line = parse_line("client SYN")
    assert line.differences(seen("SYN", marks=marks)) == []
    assert line.differences(seen("SYN", marks=marks), marked=True) == differences


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("SYN", {"SYN"}),
        ("SYN,ACK", {"SYN,ACK"}),
        ("FIN", {"FIN,ACK", "FIN"}),
        ("FIN,ACK", {"FIN,ACK"}),
        ("RST", {"RST", "RST,ACK"}),
        ("ACK", {"ACK", "PSH,ACK"}),
        ("none", {"none"}),
        ("segment", {"SYN", "SYN,ACK", "FIN,ACK", "FIN", "RST", "RST,ACK", "ACK", "PSH,ACK", "none"}),
        ("data", set()),
    ],
)
def test_a_pattern_finds_what_people_mean_by_its_word(kind: str, found: set[str]) -> None:
    pattern = parse_occurrence(f"any {kind}")
    assert isinstance(pattern, Sight)
    every = ("SYN", "SYN,ACK", "FIN,ACK", "FIN", "RST", "RST,ACK", "ACK", "PSH,ACK", "none")
    assert {bits for bits in every if not pattern.differences(seen(bits))} == found


def test_an_ack_with_text_is_data_and_no_ack() -> None:
    with_text = seen("ACK", seq=1, ack=1, text=5)
    assert Sight(None, Kind("ACK", 0x10), False).differences(with_text) == ["it is ACK with 5 octets, no ACK"]
    assert Sight(None, Kind("data", None), False).differences(with_text) == []


# ---------------------------------------------------------------------- events


@pytest.mark.parametrize(
    ("phrase", "event"),
    [
        ("1.5s", AtTime(1500 * MS)),
        ("client is ESTABLISHED", EntersState(CLIENT, State.ESTABLISHED)),
        ("client is TIME-WAIT 2nd time", EntersState(CLIENT, State.TIME_WAIT, 2)),
        ("server connection 2 is CLOSED", EntersState(Party("server", 2), State.CLOSED)),
        ("server received 5", HasReceived(SERVER, 5)),
        ("server received 5 octets", HasReceived(SERVER, 5)),
        ("server received FIN", Passes(Sight(SERVER, Kind("FIN", 1), False), True)),
        ("server received 2nd FIN", Passes(Sight(SERVER, Kind("FIN", 1), False), True, 2)),
        ("client sent third data", Passes(Sight(CLIENT, Kind("data", None), False), False, 3)),
        ("client sent SYN seq 0", Passes(Sight(CLIENT, Kind("SYN", 2), False, (("seq", Span(0, 0)),)), False)),
        ("server signals connection closing", Signals(SERVER, "connection closing")),
        ("server signals end of urgent data", Signals(SERVER, "end of urgent data")),
        ("client retransmission fired 3rd time", TimerActs(CLIENT, "retransmission", "fired", 3)),
        ("client user timeout set", TimerActs(CLIENT, "user timeout", "set", 1)),
        ("client 2 MSL fired", TimerActs(CLIENT, "time-wait", "fired", 1)),
        ("client RTO stopped", TimerActs(CLIENT, "retransmission", "stopped", 1)),
    ],
)
def test_event(phrase: str, event: object) -> None:
    assert parse_event(phrase) == event


@pytest.mark.parametrize(
    ("phrase", "selected"),
    [
        ("2nd SYN,ACK from server", (2, 1, 1, "SYN,ACK", "server", None)),
        ("first data after client is ESTABLISHED", (1, 1, 1, "data", None, EntersState(CLIENT, State.ESTABLISHED))),
        ("5th segment", (5, 1, 1, "segment", None, None)),
        ("every FIN", (1, None, 1, "FIN", None, None)),
        ("every 3rd data to server", (3, None, 3, "data", None, None)),
        ("next two", (1, 2, 1, "segment", None, None)),
        ("next two after 1s", (1, 2, 1, "segment", None, AtTime(SECOND))),
        ("first 3 segments from client", (1, 3, 1, "segment", "client", None)),
        ("next ACK from client", (1, 1, 1, "ACK", "client", None)),
        ("first data from client seq 11", (1, 1, 1, "data", "client", None)),
        ("2nd data seq 11 from client to server", (2, 1, 1, "data", "client", None)),
    ],
)
def test_selector(phrase: str, selected: tuple[Any, ...]) -> None:
    made = parse_selector(phrase)
    sender = made.sight.party.name if made.sight.party else None
    assert (made.first, made.count, made.step, made.sight.kind.word, sender, made.after) == selected


@pytest.mark.parametrize(
    ("phrase", "timer"),
    [
        (
            "client retransmission set at 0s for 1s",
            TimerActs(CLIENT, "retransmission", "set", 0, Span(0, 0), Span(SECOND, SECOND)),
        ),
        ("client time-wait fired", TimerActs(CLIENT, "time-wait", "fired")),
        (
            "client RTO fired 2nd time at 3s..4s",
            TimerActs(CLIENT, "retransmission", "fired", 2, Span(3 * SECOND, 4 * SECOND)),
        ),
        ("client delayed ack stopped at 1s", TimerActs(CLIENT, "delayed ack", "stopped", 0, Span(SECOND, SECOND))),
    ],
)
def test_timer(phrase: str, timer: TimerActs) -> None:
    assert parse_timer(phrase) == timer


@pytest.mark.parametrize(
    ("phrase", "span"),
    [
        ("2", Span(2, 2)), ("2..4", Span(2, 4)), ("at least 2", Span(2, MANY)), ("at most 4", Span(0, 4)),
        ("once", Span(1, 1)), ("twice", Span(2, 2)), ("3 times", Span(3, 3)), ("1 time", Span(1, 1)),
        ("at least once", Span(1, MANY)), ("at most twice", Span(0, 2)), ("at most 4 times", Span(0, 4)),
        ("2..4 times", Span(2, 4)),
    ],
)  # fmt: skip
def test_count(phrase: str, span: Span) -> None:
    assert parse_count(phrase) == span


def test_an_occurrence_is_a_pattern_or_a_happening() -> None:
    assert parse_occurrence("any RST") == Sight(None, Kind("RST", 4), False)
    assert parse_occurrence("client data lost") == Sight(CLIENT, Kind("data", None), False, marks=("lost",))
    assert parse_occurrence("client is CLOSING") == EntersState(CLIENT, State.CLOSING)
    assert parse_occurrence("client signals connection reset") == Signals(CLIENT, "connection reset")


def test_a_party_is_a_host_or_one_of_its_connections() -> None:
    assert parse_party("server") == SERVER
    assert parse_party("server connection 2") == Party("server", 2)
    assert str(parse_party("server connection 2")) == "server connection 2"


def test_ordinals_are_printed_as_they_are_read() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th",
    ]  # fmt: skip
    assert parse_selector("21st data").first == 21
    assert parse_selector("tenth data").first == 10


# ---------------------------------------------------------------------- what can't be read


@pytest.mark.parametrize(
    ("parse", "phrase", "offset", "wrong", "expected", "nearest"),
    [
        (parse_line, "", 0, "the phrase is empty", "the name of a host or connection", ""),
        (
            parse_line,
            "client",
            6,
            "the phrase ends too early",
            "control bits such as SYN,ACK, or data, or segment, or UDP",
            "",
        ),
        (
            parse_line,
            "client syn",
            7,
            "'syn' does not belong here",
            "control bits such as SYN,ACK, or data, or segment, or UDP",
            "SYN",
        ),
        (
            parse_line,
            "client ACK,FIN",
            7,
            "'ACK,FIN' is not written as the ladder prints it",
            "the bits in the RFC's order",
            "FIN,ACK",
        ),
        (
            parse_line,
            "client SYN seq 5..1",
            15,
            "'5..1' does not belong here",
            "a sequence number with the smaller number first",
            "",
        ),
        (
            parse_line,
            "client SYN ack=1",
            11,
            "'ack=1' can be read in two ways",
            "`ack 1` (counted from the ISS) or `ACK=1` (on the wire)",
            "",
        ),
        (
            parse_line,
            "client SYN SEQ=4294967296",
            11,
            "'SEQ=4294967296' is no sequence number",
            "a number below 4,294,967,296",
            "",
        ),
        (
            parse_line,
            "client SYN SEQ=x",
            11,
            "'SEQ=x' does not belong here",
            "a field such as `seq 1` or `SEQ=1001`",
            "SEQ=",
        ),
        (parse_line, "client SYN lost lost", 16, "'lost' stands twice", "each field once", ""),
        (parse_line, "client SYN at 2s..1s", 14, "'2s..1s' does not belong here", "the earlier time first", ""),
        (
            parse_event,
            "client received 2nd 5",
            20,
            "'5' does not belong here",
            "control bits such as SYN,ACK, or data, or segment, or UDP",
            "",
        ),
        (
            parse_event,
            "client received 0",
            16,
            "'0' does not belong here",
            "a number of octets from 1 to 1,099,511,627,776",
            "",
        ),
        (
            parse_event,
            "client is open",
            10,
            "'open' does not belong here",
            "a state such as SYN-SENT or ESTABLISHED",
            "",
        ),
        (
            parse_event,
            "client signals hello",
            15,
            "'hello' does not belong here",
            "a signal such as connection open",
            "",
        ),
        (parse_event, "client is CLOSED 2nd", 20, "the phrase ends too early", "time", ""),
        (parse_event, "1.5 s", 0, "'1.5' does not belong here", "a duration such as 50ms, 1.5s or 2min", ""),
        (
            parse_selector,
            "all FIN",
            0,
            "'all' does not belong here",
            "which one: 2nd, first, first two, next, every or every 3rd",
            "",
        ),
        (parse_selector, "0th FIN", 0, "'0th' is no ordinal", "an ordinal such as 1st, 2nd or third", "1st"),
        (parse_selector, "3nd FIN", 0, "'3nd' is no ordinal", "an ordinal such as 1st, 2nd or third", "3rd"),
        (
            parse_selector,
            "2nd",
            3,
            "the phrase ends too early",
            "control bits such as SYN,ACK, or data, or segment, or UDP",
            "",
        ),
        (parse_selector, "first FIN from 5", 15, "'5' does not belong here", "the name of a host or connection", ""),
        (parse_timer, "client RTO rings", 11, "'rings' does not belong here", "set, stopped or fired", ""),
        (parse_timer, "client RTO fired for 1s", 17, "'for' does not belong here", "at or the end of the phrase", ""),
        (parse_count, "twice times", 6, "'times' does not belong here", "the end of the phrase", ""),
        (parse_count, "at last 2", 3, "'last' does not belong here", "least or most", "least"),
        (
            parse_count,
            "4..2",
            0,
            "'4..2' does not belong here",
            "a count such as 2, twice, 2..4, at least 2 or at most 4 with the smaller number first",
            "",
        ),
        (
            parse_party,
            "server connection",
            17,
            "the phrase ends too early",
            "a connection number from 1 to 1,000,000",
            "",
        ),
        (
            parse_injected,
            "SYN at 1s",
            0,
            "this does not say which segment to make",
            "control bits and numbers, such as SYN seq -10",
            "",
        ),
        (
            parse_injected,
            "ACK seq 1 sack",
            0,
            "this does not say which numbers the option has",
            "of options mss, wscale and sackok",
            "",
        ),
        (parse_line, "client ACK ts ts", 14, "'ts' stands twice", "each field once", ""),
    ],
)
def test_phrase_that_cannot_be_read(
    parse: Any, phrase: str, offset: int, wrong: str, expected: str, nearest: str
) -> None:
    with pytest.raises(PhraseError) as caught:
        parse(phrase)
    error = caught.value
    assert (error.offset, error.wrong, error.expected, error.nearest) == (offset, wrong, expected, nearest)
