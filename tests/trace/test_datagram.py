"""UDP datagrams in a trace: beside segments, and never taken for one."""

from __future__ import annotations

from tcpsim.tcp.segment import Segment, segment
from tcpsim.tcp.units import MS
from tcpsim.trace import Arrived, Datagram, Lost, Sent, Trace, flights
from tcpsim.trace.jsonl import dump, load
from tests.trace.story import TO_SERVER, Story


def test_a_datagram_has_no_bits_and_no_numbers() -> None:
    datagram = Datagram(3, b"abc")
    assert (datagram.ctl, datagram.seq, datagram.ack, datagram.wnd, datagram.up, datagram.ecn) == (0, 0, 0, 0, 0, 0)
    assert (datagram.options, datagram.why) == (None, None)
    assert (datagram.length, datagram.text, datagram.octets) == (3, b"abc", 11)
    assert repr(datagram) == "<UDP><DATA=3>"


def test_a_datagram_equals_its_like_and_no_segment() -> None:
    plain = Segment(0, 0, 0, 0, 3, b"abc")
    assert Datagram(3, b"abc") == Datagram(3, b"abc")
    assert len({Datagram(3, b"abc"), Datagram(3, b"abc"), Datagram(3), plain}) == 3
    assert Datagram(3, b"abc") != plain
    assert plain != Datagram(3, b"abc")


def test_a_flow_of_udp_has_no_numbers_of_the_flow_of_tcp_with_the_same_ports() -> None:
    story = Story()
    story.sends(0, "client", segment("SYN", seq=100))
    story.sends(1, "client", Datagram(5), connection=None)
    story.sends(2, "client", segment("ACK", seq=101, ack=1, text=5))
    trace = story.ends(3)
    sent = trace.of_kind(Sent)
    assert [(record.seq, record.ack, record.retransmission) for record in sent] == [
        (0, None, 0),
        (0, None, 0),
        (1, 1, 0),
    ]
    assert {record.flow for record in sent} == {TO_SERVER}


def test_flights_join_the_records_of_a_datagram() -> None:
    story = Story()
    first = story.sends(0, "client", Datagram(1), connection=None)
    second = story.sends(0, "client", Datagram(2), connection=None)
    story.duplicated(0, first, due=60)
    story.lost(0, second, due=50)
    story.arrives(50, first)
    story.arrives(60, first)
    trace = story.ends(70)
    told = [(flight.segment.length, flight.copy, flight.fate, flight.ends_at) for flight in flights(trace)]
    assert told == [(1, 0, "arrived", 50 * MS), (2, 0, "lost", 50 * MS), (1, 1, "arrived", 60 * MS)]
    assert flights(load(dump(trace).encode(), "t")) == flights(trace)


def test_the_records_of_a_packet_share_its_datagram_when_read() -> None:
    story = Story()
    packet = story.sends(0, "client", Datagram(3, b"abc"), connection=None)
    story.arrives(50, packet)
    story.lost(50, packet, due=60)
    again = load(dump(story.ends(60)).encode(), "t")
    (sent,), (arrived,), (lost,) = again.of_kind(Sent), again.of_kind(Arrived), again.of_kind(Lost)
    assert sent.segment is arrived.segment is lost.segment


def test_a_trace_of_version_2_is_read() -> None:
    head = dump(Trace()).replace('"version":3', '"version":2')
    assert load(head.encode(), "t").header.version == 2
