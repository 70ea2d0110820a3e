"""Each packet's way: what became of it, when, by whom; copies told apart."""

from __future__ import annotations

import time

import pytest

from tcpsim.tcp.rules import CATALOGUE
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Flight, Trace, flights
from tests.trace.story import Story, data

A_RULE, ANOTHER_RULE = list(CATALOGUE.values())[:2]


def fates(trace: Trace) -> list[tuple[int, int, str, int | None]]:
    """Of each flight: packet, copy, fate, and when it ended, in milliseconds."""
    return [
        (flight.packet, flight.copy, flight.fate, None if flight.ends_at is None else flight.ends_at // MS)
        for flight in flights(trace)
    ]


@pytest.fixture
def story() -> Story:
    return Story()


def only(trace: Trace) -> Flight:
    (flight,) = flights(trace)
    return flight


# ---------------------------------------------------------------------- one packet, one end


def test_an_arrival_ends_the_flight_of_its_packet(story: Story) -> None:
    syn = story.sends(0, "client", segment("SYN", seq=100))
    story.arrives(50, syn)
    flight = only(story.ends(60))
    assert (flight.packet, flight.copy, flight.fate, flight.sent_at, flight.ends_at) == (1, 0, "arrived", 0, 50 * MS)
    assert (flight.source, flight.target, flight.connection, flight.by, flight.held) == (
        "client",
        "server",
        1,
        "",
        False,
    )
    assert (flight.serial, flight.end_serial, flight.seq, flight.ack, flight.retransmission) == (0, 1, 0, None, 0)


def test_a_lost_packet_ends_when_it_would_have_arrived_by_who_dropped_it(story: Story) -> None:
    syn = story.sends(0, "client", segment("SYN", seq=100))
    story.lost(0, syn, due=50, by="fault: drop first SYN")
    flight = only(story.ends(60))
    assert (flight.fate, flight.ends_at, flight.by, flight.end_serial) == ("lost", 50 * MS, "fault: drop first SYN", 1)


def test_a_corrupted_packet_ends_at_the_receiver(story: Story) -> None:
    syn = story.sends(0, "client", segment("SYN", seq=100))
    story.corrupted(50, syn)
    flight = only(story.ends(60))
    assert (flight.fate, flight.ends_at, flight.by) == ("corrupted", 50 * MS, "corruption 1%")


def test_a_packet_under_way_at_the_end_has_no_end(story: Story) -> None:
    story.sends(0, "client", segment("SYN", seq=100))
    flight = only(story.ends(10))
    assert (flight.fate, flight.ends_at, flight.end_serial) == ("under way", None, None)


def test_a_delayed_packet_under_way_says_when_it_is_due(story: Story) -> None:
    syn = story.sends(0, "client", segment("SYN", seq=100))
    story.held(0, syn, due=3050)
    flight = only(story.ends(10))
    assert (flight.fate, flight.held, flight.ends_at) == ("under way", True, 3050 * MS)
    assert flight.by == "fault: delay first FIN by 3s"


def test_a_packet_held_twice_names_both_who_held_it_and_arrives(story: Story) -> None:
    syn = story.sends(0, "client", segment("SYN", seq=100))
    story.held(0, syn, due=3050, by="fault: delay first SYN by 3s")
    story.held(0, syn, due=4050, by="fault: delay first segment by 1s")
    story.arrives(4050, syn)
    flight = only(story.ends(5000))
    assert flight.by == "fault: delay first SYN by 3s, fault: delay first segment by 1s"
    assert (flight.fate, flight.ends_at) == ("arrived", 4050 * MS)


def test_the_check_that_discards_a_segment_is_on_its_flight(story: Story) -> None:
    first, second = story.sends(0, "client", data(101, 5)), story.sends(1, "client", data(106, 5))
    story.arrives(50, first)
    story.discarded(50, first, A_RULE)
    story.arrives(51, second)
    assert [flight.discarded for flight in flights(story.ends(60))] == [A_RULE, None]


def test_two_packets_that_overtake_one_another_keep_their_own_ends(story: Story) -> None:
    first, second = story.sends(0, "client", data(101, 5)), story.sends(1, "client", data(106, 5))
    story.held(0, first, due=10_000, by="fault: swap")
    story.arrives(51, second)
    story.arrives(51, first)
    assert fates(story.ends(60)) == [(1, 0, "arrived", 51), (2, 0, "arrived", 51)]


# ---------------------------------------------------------------------- copies


def test_a_copy_that_comes_later_is_the_copy(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.duplicated(0, packet, due=60)
    story.arrives(50, packet)
    story.arrives(60, packet)
    story.discarded(60, packet, A_RULE)
    original, copy = flights(story.ends(70))
    assert (original.copy, original.ends_at, original.discarded, original.by) == (0, 50 * MS, None, "")
    assert (copy.copy, copy.ends_at, copy.discarded, copy.by) == (1, 60 * MS, A_RULE, "duplication 1%")


def test_a_copy_that_comes_at_the_same_instant_comes_after_its_original(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.duplicated(0, packet, due=50)
    story.arrives(50, packet)
    story.arrives(50, packet)
    story.discarded(50, packet, A_RULE)
    original, copy = flights(story.ends(70))
    assert (original.end_serial, original.discarded) == (2, None)
    assert (copy.end_serial, copy.discarded) == (3, A_RULE)


def test_a_copy_may_overtake_a_delayed_original(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.duplicated(0, packet, due=50)
    story.held(0, packet, due=3050)
    story.arrives(50, packet)
    story.arrives(3050, packet)
    assert fates(story.ends(4000)) == [(1, 0, "arrived", 3050), (1, 1, "arrived", 50)]


def test_the_original_may_be_lost_and_its_copy_arrive(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.duplicated(0, packet, due=60)
    story.lost(0, packet, due=50)
    story.arrives(60, packet)
    assert fates(story.ends(70)) == [(1, 0, "lost", 50), (1, 1, "arrived", 60)]


def test_the_copy_may_be_lost_and_the_original_arrive(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.duplicated(0, packet, due=60)
    story.lost(0, packet, due=60, by="queue limit of 1 packet")
    story.arrives(50, packet)
    assert fates(story.ends(70)) == [(1, 0, "arrived", 50), (1, 1, "lost", 60)]


def test_the_copy_may_be_corrupted(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.duplicated(0, packet, due=60)
    story.arrives(50, packet)
    story.corrupted(60, packet)
    original, copy = flights(story.ends(70))
    assert (original.fate, original.by, copy.fate, copy.by) == ("arrived", "", "corrupted", "corruption 1%")


def test_many_copies_are_numbered_in_the_order_in_which_they_were_made(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    for due in (60, 70, 80):
        story.duplicated(0, packet, due=due)
    for at in (50, 60, 70, 80):
        story.arrives(at, packet)
    expected = [(1, 0, "arrived", 50), (1, 1, "arrived", 60), (1, 2, "arrived", 70), (1, 3, "arrived", 80)]
    assert fates(story.ends(90)) == expected


def test_a_held_original_let_go_early_takes_the_end_that_no_copy_was_due_for(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.held(0, packet, due=10_000, by="fault: swap")
    story.duplicated(0, packet, due=60)
    story.arrives(55, packet)
    story.arrives(60, packet)
    assert fates(story.ends(70)) == [(1, 0, "arrived", 55), (1, 1, "arrived", 60)]


def test_ends_that_match_no_due_time_are_given_in_order_of_time(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.held(0, packet, due=10_000)
    story.duplicated(0, packet, due=20_000)
    story.arrives(55, packet)
    story.arrives(66, packet)
    assert fates(story.ends(70)) == [(1, 0, "arrived", 55), (1, 1, "arrived", 66)]


def test_flights_are_told_in_the_order_in_which_they_began(story: Story) -> None:
    first = story.sends(0, "client", data(101, 5))
    second = story.sends(1, "client", data(106, 5))
    story.duplicated(2, first, due=60)
    assert [(packet, copy) for packet, copy, _, _ in fates(story.ends(70))] == [(first, 0), (second, 0), (first, 1)]


# ---------------------------------------------------------------------- who sends without a connection


def test_an_injected_packet_and_a_reset_from_no_connection_have_flights(story: Story) -> None:
    stray = story.sends(0, "client", segment("ACK", seq=7, ack=9), connection=None)
    story.arrives(50, stray)
    reset = story.sends(50, "server", segment("RST", seq=9), connection=None)
    story.arrives(100, reset)
    injected, answer = flights(story.ends(120))
    assert (injected.connection, injected.fate, injected.retransmission) == (None, "arrived", 0)
    assert (answer.connection, answer.fate, answer.target) == (None, "arrived", "client")


def test_records_of_a_packet_that_nobody_sent_are_passed_over(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    orphan = Story()
    orphan.packets = story.packets
    orphan.arrives(50, packet)
    orphan.discarded(50, packet, A_RULE)
    assert flights(orphan.ends(60)) == []


def test_more_ends_than_copies_are_passed_over(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.discarded(1, packet, A_RULE)
    story.arrives(50, packet)
    story.arrives(60, packet)
    assert fates(story.ends(70)) == [(1, 0, "arrived", 50)]


def test_a_later_verdict_on_the_same_arrival_stands(story: Story) -> None:
    packet = story.sends(0, "client", data(101, 5))
    story.arrives(50, packet)
    story.discarded(50, packet, A_RULE)
    story.discarded(50, packet, ANOTHER_RULE)
    assert only(story.ends(60)).discarded is ANOTHER_RULE


# ---------------------------------------------------------------------- how long it takes


def seconds(copies: int) -> float:
    """CPU time to follow one packet with so many copies, all of whose ends come at unexpected times."""
    story = Story()
    packet = story.sends(0, "client", data(101, 5))
    for number in range(copies):
        story.duplicated(0, packet, due=SECOND // MS + number)
    for number in range(copies):
        story.arrives(50 + number % 7, packet)
    trace = story.ends(100)
    assert len(trace.records) == 2 * copies + 2
    start = time.process_time()
    assert len(flights(trace)) == copies + 1
    return time.process_time() - start


def test_following_takes_time_in_proportion_to_the_copies() -> None:
    few, many = min(seconds(500) for _ in range(3)), min(seconds(5000) for _ in range(3))
    assert many < 40 * few  # ten times as many; a scan per copy would take a hundred times as long
