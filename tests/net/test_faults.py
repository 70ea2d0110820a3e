"""Scripted faults: what a selector means, what it says, and what befalls the packets."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim.net import Connection, Network
from tcpsim.net.faults import (
    VOCABULARY,
    CorruptIt,
    Delay,
    Drop,
    DropAll,
    DuplicateIt,
    Fault,
    Selector,
    Swap,
    ordinal,
    word_for,
)
from tcpsim.net.impairments import Loss
from tcpsim.net.packet import Packet
from tcpsim.net.rule import CORRUPT, DELAY, DROP, DUPLICATE, HOLD, Verdict
from tcpsim.tcp.segment import CONTROL_BITS, PSH, Segment, ctl_name, segment
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Arrived, Corrupted, Datagram, Flight, Lost, Sent, Trace, flights

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.net.packet import Flow

TO_SERVER: Flow = ("192.0.2.1", 49152, "192.0.2.2", 80)
TO_CLIENT: Flow = ("192.0.2.2", 80, "192.0.2.1", 49152)
NO_CHANCE = random.Random(0)


def shown(rule: Fault, *segments: Segment, at: int = 0, flow: Flow = TO_SERVER) -> list[bool]:
    """Show packets to a fault; return which it struck."""
    return [rule(at, Packet(1, flow, each), NO_CHANCE) is not None for each in segments]


def picks(selector: Selector, *segments: Segment) -> list[bool]:
    return shown(Drop(selector), *segments)


SYN, SYN_ACK, ACK = segment("SYN", seq=100), segment("SYN,ACK", seq=300, ack=101), segment("ACK", seq=101, ack=301)
DATA, FIN, RST = (
    segment("PSH,ACK", seq=101, ack=301, text=5),
    segment("FIN,ACK", seq=106, ack=301),
    segment("RST", seq=101),
)
ALL = (SYN, SYN_ACK, ACK, DATA, FIN, RST)


# ---------------------------------------------------------------------- what a segment is called


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("SYN", [SYN]),
        ("SYN,ACK", [SYN_ACK]),
        ("ACK", [ACK]),
        ("data", [DATA]),
        ("FIN", [FIN]),
        ("RST", [RST]),
        ("segment", [*ALL]),
    ],
)
def test_a_word_means_these_of_a_connection_s_segments(word: str, meant: list[Segment]) -> None:
    assert [each for each in ALL if VOCABULARY[word](each)] == meant


def by_table(ctl: int, length: int) -> set[str]:
    """The words for a segment, written out from the definitions, to compare with the predicates."""
    bits = set(ctl_name(ctl).split(","))
    words = {"segment", "packet"}
    words |= {"SYN"} if "SYN" in bits and "ACK" not in bits else set()
    words |= {"SYN,ACK"} if {"SYN", "ACK"} <= bits else set()
    words |= {"FIN"} & bits | {"RST"} & bits
    words |= {"ACK"} if bits == {"ACK"} and length == 0 else set()
    words |= {"data"} if length else set()
    return words


def test_every_set_of_bits_with_and_without_text_has_the_words_of_the_table() -> None:
    for ctl in range(1 << len(CONTROL_BITS)):
        for length in (0, 7):
            called = {word for word, is_one in VOCABULARY.items() if is_one(segment(ctl, text=length))}
            assert called == by_table(ctl, length)


def test_a_datagram_is_no_segment() -> None:
    called = {word for word, is_one in VOCABULARY.items() if is_one(Datagram(7))}
    assert called == {"UDP", "packet"}


def test_each_word_says_what_it_means() -> None:
    assert all(is_one.__doc__ for is_one in VOCABULARY.values())


@pytest.mark.parametrize(
    ("written", "word"),
    [("SYN", "SYN"), ("syn-ack", "SYN,ACK"), ("SYN+ACK", "SYN,ACK"), (" syn, ack", "SYN,ACK"), ("Data", "data")],
)
def test_words_may_be_written_as_people_write_them(written: str, word: str) -> None:
    assert word_for(written) == word
    assert Selector(written).what == word


WORDS = "expected one of SYN; SYN,ACK; FIN; RST; ACK; data; segment; UDP; packet"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("sny", f"{WORDS}, not 'sny'; did you mean SYN?"),
        ("segmant", f"{WORDS}, not 'segmant'; did you mean segment?"),
        ("", f"{WORDS}, not ''"),
    ],
)
def test_an_unknown_word_is_told_the_nearest(written: str, message: str) -> None:
    with pytest.raises(ValueError, match="expected one of") as caught:
        Selector(written)
    assert str(caught.value) == message


# ---------------------------------------------------------------------- which packets are meant


def test_without_a_number_all_are_meant() -> None:
    assert picks(Selector("ACK"), ACK, DATA, ACK, ACK) == [True, False, True, True]


def test_the_nth_is_counted_among_those_that_fit() -> None:
    assert picks(Selector("ACK", nth=2), ACK, DATA, ACK, ACK) == [False, False, True, False]


def test_so_many_from_the_nth_on() -> None:
    assert picks(Selector(nth=2, count=3), *[ACK] * 6) == [False, True, True, True, False, False]


def test_every_nth() -> None:
    assert picks(Selector(every=3), *[ACK] * 7) == [False, False, True, False, False, True, False]


def test_the_nth_and_every_so_many_after_it() -> None:
    assert picks(Selector(nth=2, every=3), *[ACK] * 8) == [False, True, False, False, True, False, False, True]
    assert picks(Selector(nth=1, count=2, every=3), *[ACK] * 6) == [True, True, False] * 2


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        (Selector(flags=PSH), [DATA]),
        (Selector(exactly=segment("FIN,ACK").ctl), [FIN]),
        (Selector(exactly=0), []),
        (Selector(data=True), [DATA]),
        (Selector(data=False), [SYN, SYN_ACK, ACK, FIN, RST]),
        (Selector(min_length=5), [DATA]),
        (Selector(min_length=6), []),
        (Selector(wire_seq=300), [SYN_ACK]),
        (Selector(fits_too=lambda packet: packet.segment.ack == 101), [SYN_ACK]),
        (Selector(sender="192.0.2.1"), [*ALL]),
        (Selector(sender="192.0.2.2"), []),
        (Selector(flow=TO_SERVER), [*ALL]),
        (Selector(flow=TO_CLIENT), []),
        (Selector("FIN", flags=PSH), []),
    ],
)
def test_a_packet_has_to_fit_every_field(selector: Selector, meant: list[Segment]) -> None:
    assert [each for each, struck in zip(ALL, picks(selector, *ALL), strict=True) if struck] == meant


@pytest.mark.parametrize("iss", [100, 2**32 - 2])
def test_a_sequence_number_is_counted_from_the_syn_that_was_seen(iss: int) -> None:
    data = [segment("ACK", seq=iss + 1 + 10 * piece, text=10) for piece in range(3)]
    fault = Drop(Selector("data", seq=11))
    assert shown(fault, segment("SYN", seq=iss), *data, data[1]) == [False, False, True, False, True]


def test_without_a_syn_a_sequence_number_is_that_of_the_wire() -> None:
    assert picks(Selector(seq=106), DATA, FIN) == [False, True]


def test_each_flow_has_its_own_syn() -> None:
    fault = Drop(Selector("data", seq=1))
    shown(fault, segment("SYN", seq=100))
    shown(fault, segment("SYN,ACK", seq=900), flow=TO_CLIENT)
    assert shown(fault, segment("ACK", seq=901, text=1), segment("ACK", seq=101, text=1)) == [False, True]
    assert shown(fault, segment("ACK", seq=901, text=1), segment("ACK", seq=101, text=1), flow=TO_CLIENT) == [
        True,
        False,
    ]


def test_packets_outside_its_time_do_not_count() -> None:
    fault = Drop(Selector(since=SECOND, until=2 * SECOND, nth=2))
    struck = [shown(fault, ACK, at=at * MS)[0] for at in (0, 999, 1000, 1500, 1999, 2000)]
    assert struck == [False, False, False, True, False, False]


def test_after_a_condition_counting_begins_and_never_stops() -> None:
    answers = iter([False, True])
    asked: list[int] = []

    def established() -> bool:
        asked.append(1)
        return next(answers)

    fault = Drop(Selector("data", after=established, nth=2))
    assert shown(fault, DATA, DATA, DATA, DATA) == [False, False, True, False]
    assert len(asked) == 2


def test_a_fault_that_is_not_armed_does_not_count() -> None:
    fault = Drop(Selector("data", nth=1))
    fault.armed = False
    assert shown(fault, DATA, DATA) == [False, False]
    fault.armed = True
    assert shown(fault, DATA, DATA) == [True, False]


def test_a_fault_unarmed_still_sees_the_syn_that_numbers_are_counted_from() -> None:
    fault = Drop(Selector("data", seq=1))
    fault.armed = False
    shown(fault, SYN)
    fault.armed = True
    assert shown(fault, DATA) == [True]


def test_one_fault_on_both_directions_counts_both() -> None:
    fault = Drop(Selector(nth=3))
    assert shown(fault, SYN) + shown(fault, SYN_ACK, flow=TO_CLIENT) + shown(fault, ACK) == [False, False, True]


@given(st.integers(1, 5) | st.none(), st.integers(1, 3), st.integers(1, 6) | st.none(), st.integers(1, 40))
def test_means_agrees_with_counting_it_out(nth: int | None, count: int, every: int | None, number: int) -> None:
    count = count if nth is not None and (every is None or every >= count) else 1
    starts = range(nth or every or 1, 100, every or (100 if nth else 1))
    meant = {start + more for start in starts for more in range(count)}
    assert Selector(nth=nth, count=count, every=every).means(number) == (number in meant)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"nth": 0}, "expected 1 or more as 'nth', not 0"),
        ({"nth": 1, "count": 0}, "expected 1 or more as 'count', not 0"),
        ({"every": 0}, "expected 1 or more as 'every', not 0"),
        ({"count": 2}, "expected 'nth', the first of those meant, along with 'count'"),
        ({"nth": 1, "count": 3, "every": 2}, "expected an 'every' of at least 'count', 3, not 2"),
        ({"flags": 256}, "expected a mask of control bits, 0 to 255, as 'flags', not 256"),
        ({"exactly": -1}, "expected a mask of control bits, 0 to 255, as 'exactly', not -1"),
    ],
)
def test_a_selector_out_of_range_says_what_was_expected(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        Selector(**fields)
    assert str(caught.value) == message


# ---------------------------------------------------------------------- in words


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        (Selector(), "every segment"),
        (Selector("SYN,ACK", nth=2), "2nd SYN,ACK"),
        (Selector("FIN", nth=1), "first FIN"),
        (Selector("data", every=3), "every 3rd data"),
        (Selector("data", every=1), "every data"),
        (Selector("data", nth=1, count=3), "first 3 data"),
        (Selector("data", nth=2, count=3), "2nd to 4th data"),
        (Selector("data", nth=2, every=10), "2nd and each 10th later data"),
        (Selector("ACK", nth=1, sender="192.0.2.1", since=SECOND), "first ACK from 192.0.2.1 after 1s"),
        (Selector("data", flow=TO_SERVER, until=SECOND), "every data from 192.0.2.1:49152 to 192.0.2.2:80 before 1s"),
        (Selector(flags=PSH, data=True, seq=1461), "every segment with PSH with text seq 1461"),
        (
            Selector(exactly=PSH, data=False, wire_seq=7),
            "every segment with exactly PSH without text seq 7 on the wire",
        ),
        (Selector(min_length=100, nth=1), "first segment of 100 octets or more"),
        (Selector(fits_too=lambda _: True, after=lambda: True), "every segment of a kind after a condition"),
        (
            Selector("data", nth=1, words="first data after client is ESTABLISHED"),
            "first data after client is ESTABLISHED",
        ),
    ],
)
def test_a_selector_says_what_it_means(selector: Selector, words: str) -> None:
    assert selector.describe() == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "first"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (112, "112th"),
    ],
)
def test_ordinals(number: int, words: str) -> None:
    assert ordinal(number) == words


FIRST = Selector("data", nth=1)


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (Drop(FIRST), Verdict(DROP, "fault: drop first data")),
        (Delay(FIRST, "3s"), Verdict(DELAY, "fault: delay first data by 3s", 3 * SECOND)),
        (DuplicateIt(FIRST), Verdict(DUPLICATE, "fault: duplicate first data")),
        (
            DuplicateIt(FIRST, 3, "10ms"),
            Verdict(DUPLICATE, "fault: duplicate first data 3 times, 10ms apart", 10 * MS, 3),
        ),
        (CorruptIt(FIRST), Verdict(CORRUPT, "fault: corrupt first data")),
        (Swap(FIRST), Verdict(HOLD, "fault: swap first data with the next")),
        (Swap(FIRST, "1s"), Verdict(HOLD, "fault: swap first data with the next", SECOND)),
        (Swap(Selector(nth=1, words="next two")), Verdict(HOLD, "fault: swap next two")),
        (DropAll("1s", "5s"), Verdict(DROP, "fault: dead link from 1s to 5s")),
        (DropAll("1s"), Verdict(DROP, "fault: dead link from 1s on")),
        (DropAll(), Verdict(DROP, "fault: dead link from 0s on")),
    ],
    ids=lambda value: value.describe() if isinstance(value, Fault) else "",
)
def test_each_fault_gives_its_verdict_in_its_own_words(fault: Fault, verdict: Verdict) -> None:
    assert fault(SECOND, Packet(1, TO_SERVER, DATA), NO_CHANCE) == verdict
    assert fault.fired == 1
    assert verdict.by == f"fault: {fault.describe()}"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Delay(FIRST, "soon"), "expected a duration such as 50ms"),
        (lambda: Swap(FIRST, "soon"), "expected a duration such as 50ms"),
        (lambda: DuplicateIt(FIRST, 0), "expected 1 to 1000 copies, not 0"),
        (lambda: DuplicateIt(FIRST, 1001), "expected 1 to 1000 copies, not 1001"),
        (lambda: DuplicateIt(FIRST, 1, "soon"), "expected a duration such as 50ms"),
        (lambda: DropAll("5s", "1s"), "expected an end after 5s, not 1s"),
        (lambda: DropAll("5s", "5s"), "expected an end after 5s, not 5s"),
    ],
)
def test_a_fault_out_of_range_says_what_was_expected(make: Callable[[], Fault], message: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        make()
    assert str(caught.value).startswith(message)


# ---------------------------------------------------------------------- what a fault remembers


def test_a_fault_that_never_struck_says_how_near_it_came() -> None:
    fault = Drop(Selector("SYN,ACK", nth=3))
    assert fault.unused == "never happened: drop 3rd SYN,ACK (no such segment was sent)"
    shown(fault, SYN_ACK, SYN)
    assert fault.unused == "never happened: drop 3rd SYN,ACK (1 such segment was sent)"
    shown(fault, SYN_ACK)
    assert fault.unused == "never happened: drop 3rd SYN,ACK (2 such segments were sent)"
    shown(fault, SYN_ACK)
    assert fault.unused == ""
    assert (fault.matched, fault.fired) == (3, 1)
    assert repr(fault) == "<Drop 'drop 3rd SYN,ACK', fired 1>"


@pytest.mark.parametrize(
    "make",
    [
        Drop,
        lambda selector: Delay(selector, "1s"),
        DuplicateIt,
        CorruptIt,
        Swap,
    ],
)
def test_a_fork_counts_on_by_itself(make: Callable[[Selector], Fault]) -> None:
    fault = make(Selector("data", nth=2, seq=1))
    shown(fault, SYN, DATA)
    fork = fault.fork()
    assert type(fork) is type(fault)
    shown(fork, segment("SYN", seq=500))
    assert shown(fault, DATA, DATA) == [True, False]
    assert shown(fork, DATA, segment("ACK", seq=501, text=1)) == [False, True]
    assert (fault.fired, fork.fired, fault.matched, fork.matched) == (1, 1, 3, 2)


def test_the_base_of_all_faults_is_none() -> None:
    with pytest.raises(NotImplementedError):
        Fault(Selector(), DROP)


# ---------------------------------------------------------------------- on a network


def exchange(*rules: Any, text: bytes = b"hello", seed: int = 1, **link: Any) -> Network:
    """A connection that carries one text from client to server and is closed, over a link with faults."""
    network = Network(seed=seed)
    client, server = network.host("client", profile="plain"), network.host("server", profile="plain")
    network.link(client, server, delay="50ms", rules=list(rules), **link)
    server.listen(80)

    def talk(connection: Connection, what: str) -> None:
        if what == "connection open":
            connection.send(text)
            connection.close()

    client.connect(server, 80, application=talk)
    assert network.run("1h") == "idle"
    assert server.connections[1].received == text
    return network


def ways(network: Network) -> list[Flight]:
    assert network.trace is not None
    return flights(network.trace)


def test_the_second_syn_ack_is_the_second_that_was_sent() -> None:
    network = exchange(Drop(Selector("SYN,ACK", nth=1)), Drop(Selector("SYN,ACK", nth=2)))
    answers = [flight for flight in ways(network) if flight.segment.ctl == SYN_ACK.ctl]
    assert [(flight.fate, flight.by) for flight in answers[:2]] == [
        ("lost", "fault: drop first SYN,ACK"),
        ("lost", "fault: drop 2nd SYN,ACK"),
    ]
    assert answers[2].fate == "arrived"


def test_a_delayed_fin_comes_late() -> None:
    network = exchange(Delay(Selector("FIN", nth=1, sender="192.0.2.1"), "3s"))
    first = next(flight for flight in ways(network) if VOCABULARY["FIN"](flight.segment))
    assert (first.fate, first.held, first.by) == ("arrived", True, "fault: delay first FIN from 192.0.2.1 by 3s")
    assert first.ends_at == first.sent_at + 3050 * MS


def test_copies_follow_their_original() -> None:
    network = exchange(DuplicateIt(Selector(nth=5), 2, "7ms"))
    copies = [flight for flight in ways(network) if flight.by == "fault: duplicate 5th segment 2 times, 7ms apart"]
    assert {flight.packet for flight in copies} == {5}
    assert [(flight.copy, flight.ends_at) for flight in copies] == [
        (1, copies[0].sent_at + 57 * MS),
        (2, copies[0].sent_at + 64 * MS),
    ]


def test_a_corrupted_segment_is_sent_again() -> None:
    network = exchange(CorruptIt(Selector("data", nth=1)))
    first, second = [flight for flight in ways(network) if flight.segment.length][:2]
    assert (first.fate, first.by) == ("corrupted", "fault: corrupt first data")
    assert (second.fate, second.retransmission) == ("arrived", 1)


def test_the_first_of_two_swapped_arrives_right_behind_the_second() -> None:
    network = exchange(Swap(Selector("data", nth=1)), text=bytes(1000))
    assert network.trace is not None
    arrived = [record.seq for record in network.trace.of_kind(Arrived, "server") if record.segment.length]
    sent = [record.seq for record in network.trace.of_kind(Sent, "client") if record.segment.length]
    assert (sent[:2], arrived[:2]) == ([1, 501], [501, 1])


def test_one_swapped_with_nothing_behind_it_goes_on_by_itself() -> None:
    network = exchange(Swap(Selector("SYN", nth=1), "200ms"))
    first = ways(network)[0]
    assert (first.fate, first.held, first.ends_at) == ("arrived", True, 250 * MS)


def test_a_dead_link_lets_nothing_pass_until_it_lives_again() -> None:
    dead = DropAll(0, "2s")
    network = exchange(dead)
    lost = [flight for flight in ways(network) if flight.fate == "lost"]
    assert {flight.by for flight in lost} == {"fault: dead link from 0s to 2s"}
    assert max(flight.sent_at for flight in lost) < 2 * SECOND
    assert len(lost) == dead.fired >= 2


def test_a_fault_counts_what_chance_drops_too() -> None:
    network = Network(seed=1)
    client, server = network.host("client"), network.host("server")
    fault = Drop(Selector("SYN", nth=2))
    network.link(client, server, delay="50ms", rules=[Loss(1.0), fault])
    client.connect(server, 80)
    network.run("2s")
    assert (fault.matched, fault.fired) == (2, 1)


@given(
    seed=st.integers(0, 1000),
    kinds=st.lists(st.sampled_from(["SYN", "SYN,ACK", "ACK", "data", "FIN", "segment"]), min_size=4, max_size=4),
    numbers=st.lists(st.integers(1, 6), min_size=4, max_size=4),
    rate=st.sampled_from([None, "1Mbit/s"]),
)
@settings(max_examples=60)
def test_however_faults_and_chance_mix_every_flight_ends_and_every_end_is_a_flight_s(
    seed: int, kinds: list[str], numbers: list[int], rate: str | None
) -> None:
    late, copied, swapped, dropped = (Selector(kind, nth=nth) for kind, nth in zip(kinds, numbers, strict=True))
    network = exchange(
        Delay(late, "700ms"), DuplicateIt(copied, 2, "3ms"), Swap(swapped), Drop(dropped),
        text=bytes(3000), seed=seed, loss="5%", duplicate="10%", corrupt="3%", reorder="10%", jitter="20ms", rate=rate,
    )  # fmt: skip
    assert network.trace is not None
    told = ways(network)
    ends = [record.serial for record in network.trace if isinstance(record, Arrived | Corrupted | Lost)]
    assert sorted(ends) == sorted(flight.end_serial for flight in told if flight.end_serial is not None)
    assert {flight.fate for flight in told} <= {"arrived", "lost", "corrupted"}
    assert all(flight.ends_at is not None and flight.ends_at >= flight.sent_at for flight in told)
    assert len({(flight.packet, flight.copy) for flight in told}) == len(told)
    assert Trace.of(network.trace.header, network.trace.records).digest == network.trace.digest
