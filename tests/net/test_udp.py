"""UDP: one call, one datagram, one message; nothing repaired; ports of its own; the same links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.net import Network, UdpError
from tcpsim.net.faults import CorruptIt, Delay, Drop, DropAll, DuplicateIt, Selector, Swap
from tcpsim.net.packet import Packet
from tcpsim.tcp.diagram import ESTABLISHED
from tcpsim.tcp.rules import HOST_DOWN, UDP_SENT, UDP_UNREACHABLE
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS
from tcpsim.trace import Arrived, Called, Corrupted, Datagram, Delivered, Discarded, Duplicated, Held, Lost, Note, Sent

if TYPE_CHECKING:
    from tcpsim.net.rule import LinkRule
    from tcpsim.trace import Trace

CLIENT, SERVER = ("192.0.2.1", 49152), ("192.0.2.2", 53)


class Pair:
    """A client and a server, 50 ms apart, with a UDP socket each; the server's at port 53."""

    def __init__(self, *rules: LinkRule, **link: Any) -> None:
        self.net = Network(seed=1)
        self.client, self.server = self.net.host("client"), self.net.host("server")
        self.link = self.net.link("client", "server", delay="50ms", rules=list(rules), **link)
        self.here, self.there = self.client.udp(), self.server.udp(53)

    @property
    def trace(self) -> Trace:
        assert self.net.trace is not None
        return self.net.trace

    def ask(self, *data: bytes | int) -> list[bytes | int]:
        """Send these from the client, run, and return what the server's application received."""
        for each in data:
            self.here.send_to(self.server, 53, each)
        self.net.run()
        return [payload for _, _, payload in self.there.received]


# ---------------------------------------------------------------------- messages


def test_each_call_is_one_datagram_and_one_message() -> None:
    pair = Pair()
    assert pair.ask(b"one", b"", b"three", 1000) == [b"one", b"", b"three", 1000]
    assert pair.there.received[0] == (50 * MS, CLIENT, b"one")
    assert pair.there.total == 1008
    sent = pair.trace.of_kind(Sent)
    assert [(record.segment.length, record.segment.text) for record in sent] == [
        (3, b"one"), (0, None), (5, b"three"), (1000, None),
    ]  # fmt: skip
    assert all(isinstance(record.segment, Datagram) for record in sent)
    assert all((record.connection, record.why, record.to) == (None, UDP_SENT, "server") for record in sent)
    delivered = pair.trace.of_kind(Delivered)
    assert [(record.host, record.connection, record.length, record.total) for record in delivered] == [
        ("server", None, 3, 3), ("server", None, 0, 3), ("server", None, 5, 8), ("server", None, 1000, 1008),
    ]  # fmt: skip


def test_an_answer_goes_to_the_socket_that_asked() -> None:
    pair = Pair()
    other = pair.client.udp()
    pair.ask(b"ping")
    _, (address, port), _ = pair.there.received[0]
    pair.there.send_to(address, port, b"pong")
    pair.net.run()
    assert pair.here.received == [(100 * MS, SERVER, b"pong")]
    assert other.received == []
    assert (pair.here.port, other.port) == (49152, 49153)


def test_what_is_lost_stays_lost() -> None:
    pair = Pair(Drop(Selector("UDP", nth=2)))
    assert pair.ask(b"one", b"two", b"three") == [b"one", b"three"]
    (lost,) = pair.trace.of_kind(Lost)
    assert (lost.host, lost.connection, lost.by, lost.due) == ("client", None, "fault: drop 2nd UDP", 50 * MS)
    assert len(pair.trace.of_kind(Sent)) == 3


def test_copies_are_delivered_twice_and_in_the_order_of_arrival() -> None:
    pair = Pair(DuplicateIt(Selector("UDP", nth=1), lag="10ms"), Delay(Selector("UDP", nth=2), "1s"))
    assert pair.ask(b"one", b"two", b"three") == [b"one", b"three", b"one", b"two"]
    assert [record.due for record in pair.trace.of_kind(Duplicated)] == [60 * MS]
    assert [record.due for record in pair.trace.of_kind(Held)] == [1050 * MS]


def test_two_may_be_swapped() -> None:
    assert Pair(Swap(Selector("UDP", nth=1))).ask(b"one", b"two") == [b"two", b"one"]


def test_a_damaged_datagram_is_seen_by_nobody() -> None:
    pair = Pair(CorruptIt(Selector("UDP", nth=1)))
    assert pair.ask(b"one", b"two") == [b"two"]
    (corrupted,) = pair.trace.of_kind(Corrupted)
    assert (corrupted.host, corrupted.connection, corrupted.by) == ("server", None, "fault: corrupt first UDP")


def test_a_dead_link_takes_datagrams_too() -> None:
    assert Pair(DropAll(0, "1s")).ask(b"one") == []


@pytest.mark.parametrize("word", ["segment", "data", "SYN", "ACK", "FIN", "RST"])
def test_a_fault_for_segments_does_not_strike_datagrams(word: str) -> None:
    assert Pair(Drop(Selector(word))).ask(b"one", b"two") == [b"one", b"two"]


def test_chance_strikes_datagrams() -> None:
    got = Pair(loss="50%").ask(*[b"%d" % number for number in range(100)])
    assert 30 < len(got) < 70


# ---------------------------------------------------------------------- links


@pytest.mark.parametrize("limit", [None, 100])
def test_a_rate_takes_the_time_of_the_whole_datagram(limit: int | None) -> None:
    pair = Pair(rate="8kbit/s", limit=limit)
    pair.ask(72, 0)
    assert [record.time // MS for record in pair.trace.of_kind(Arrived)] == [50 + 100, 50 + 100 + 28]


def test_a_full_queue_drops_a_datagram() -> None:
    pair = Pair(rate="8kbit/s", limit=1)
    assert pair.ask(72, 73, 74) == [72, 73]
    assert [record.by for record in pair.trace.of_kind(Lost)] == ["queue full"]


def test_over_a_link_with_a_smaller_mtu_a_datagram_passes_as_if_fragmented() -> None:
    assert Pair(mtu=576).ask(3000) == [3000]


def test_over_ipv6_the_header_is_longer() -> None:
    flow = ("2001:db8::1", 1, "2001:db8::2", 2)
    assert Packet(1, flow, Datagram(10)).octets == 40 + 8 + 10
    assert Packet(1, (*CLIENT, *SERVER), Datagram(10)).octets == 20 + 8 + 10


def test_datagrams_and_segments_keep_their_order_on_a_link() -> None:
    pair = Pair()
    pair.server.listen(80)
    pair.client.connect(pair.server, 80)
    pair.here.send_to(pair.server, 53, b"x")
    pair.client.connect(pair.server, 80)
    pair.net.run()
    arrived = [isinstance(record.segment, Datagram) for record in pair.trace.of_kind(Arrived, "server")]
    assert arrived[:3] == [False, True, False]


# ---------------------------------------------------------------------- ports


def test_the_ports_of_udp_are_not_those_of_tcp() -> None:
    pair = Pair()
    pair.server.listen(53)
    connection = pair.client.connect(pair.server, 53)
    assert connection.local == CLIENT
    assert pair.ask(b"x") == [b"x"]
    assert connection.state is ESTABLISHED


def test_a_port_is_had_once() -> None:
    pair = Pair()
    with pytest.raises(UdpError, match="error: address already in use"):
        pair.server.udp(53)
    pair.there.close()
    pair.there.close()  # a second time is no matter
    again = pair.server.udp(53)
    pair.there.close()  # nor is it when somebody else has the port
    pair.ask(b"x")
    assert [data for _, _, data in again.received] == [b"x"]
    calls = [(record.call, record.error) for record in pair.trace.of_kind(Called, "server")]
    assert calls == [("udp(53)", ""), ("udp(53)", "error: address already in use"), ("udp(53)", "")]


def test_ephemeral_ports_go_round_and_come_to_an_end() -> None:
    host = Network(trace=False).host("lonely")
    first = host.udp()
    ports = [first.port, *(host.udp().port for _ in range(65_535 - 49_152))]
    assert ports == list(range(49_152, 65_536))
    with pytest.raises(UdpError, match="insufficient resources"):
        host.udp()
    first.close()
    assert host.udp().port == 49_152


def test_nobody_waits_at_a_port() -> None:
    pair = Pair()
    pair.here.send_to("server", 54, b"x")
    pair.net.run()
    (discarded,) = pair.trace.of_kind(Discarded)
    assert (discarded.host, discarded.why) == ("server", UDP_UNREACHABLE)
    assert [(note.time // MS, note.host, note.text) for note in pair.trace.of_kind(Note)] == [
        (50, "server", "UDP port 54: sends ICMP port unreachable"),
        (100, "client", "arrived: ICMP port unreachable (port 54)"),
    ]
    assert pair.here.unreachable == [("192.0.2.2", 54)]


def test_who_has_gone_meanwhile_is_not_told() -> None:
    pair = Pair()
    pair.here.send_to("server", 54, b"x")
    pair.here.close()
    pair.net.run()
    assert pair.here.unreachable == []


def test_a_crash_closes_every_socket() -> None:
    pair = Pair()
    pair.server.crash()
    assert pair.ask(b"x") == []
    assert pair.here.unreachable == [SERVER]
    assert pair.server.udp(53) is not pair.there


def test_a_host_that_is_down_hears_nothing_and_sends_nothing() -> None:
    pair = Pair()
    pair.here.send_to("server", 54, b"x")
    pair.net.at("60ms", lambda: pair.client.crash(down=True))
    pair.net.at("1s", lambda: pair.server.udp(7).send_to(pair.client, 49152, b"y"))
    pair.net.run()
    assert [(note.time // MS, note.host) for note in pair.trace.of_kind(Note)][-2:] == [(50, "server"), (60, "client")]
    assert [(record.host, record.why) for record in pair.trace.of_kind(Discarded)][-1] == ("client", HOST_DOWN)
    for call in (pair.client.udp, lambda: pair.here.send_to(pair.server, 53, b"z")):
        with pytest.raises(UdpError, match="host is down"):
            call()


# ---------------------------------------------------------------------- what can't be


@pytest.mark.parametrize(("most", "to"), [(65_507, "192.0.2.9"), (65_527, "2001:db8::9")])
def test_a_datagram_has_room_for_so_much(most: int, to: str) -> None:
    pair = Pair()
    pair.here.send_to(to, 53, most)
    with pytest.raises(UdpError, match="error: message too long"):
        pair.here.send_to(to, 53, most + 1)
    last = pair.trace.of_kind(Called)[-1]
    assert (last.call, last.error) == (f"send({most + 1}) to {to}:53", "error: message too long")
    assert len(pair.trace.of_kind(Sent)) == 1


def test_where_no_link_leads_it_is_lost() -> None:
    pair = Pair()
    pair.here.send_to("203.0.113.1", 53, b"x")
    assert [(record.to, record.flow[2]) for record in pair.trace.of_kind(Sent)] == [("", "203.0.113.1")]
    assert [record.by for record in pair.trace.of_kind(Lost)] == ["no route to 203.0.113.1"]


@pytest.mark.parametrize(
    ("port", "data", "error", "message"),
    [
        (0, b"x", ValueError, "expected a port from 1 to 65535, not 0"),
        ("53", b"x", TypeError, "expected a port from 1 to 65535, not '53'"),
        (53, "x", TypeError, "did you mean b'x'?"),
        (53, -1, ValueError, "expected 0 octets or more, not -1"),
    ],
)
def test_wrong_arguments_are_told(port: Any, data: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        Pair().here.send_to("server", port, data)
    assert message in str(caught.value)


def test_a_wrong_port_to_open_is_told() -> None:
    with pytest.raises(ValueError, match="expected a port from 1 to 65535, not 70000"):
        Pair().server.udp(70_000)


def test_sockets_print_as_where_they_are() -> None:
    assert repr(Pair().there) == "<UdpSocket server:53>"


# ---------------------------------------------------------------------- strangers, and no trace


def test_a_datagram_can_be_injected() -> None:
    pair = Pair()
    pair.net.inject(("client", 7), ("server", 53), Datagram(3, b"spy"), via="client")
    pair.net.inject(("client", 8), ("server", 80), segment("RST"), via="client")
    pair.net.run()
    assert pair.there.received == [(50 * MS, ("192.0.2.1", 7), b"spy")]


def test_without_a_trace_all_is_the_same() -> None:
    net = Network(trace=False)
    client, server = net.host("client"), net.host("server")
    net.link(client, server, delay="50ms")
    waits = server.udp(53)
    client.udp().send_to(server, 53, b"x")
    client.udp().send_to(server, 54, b"x")
    net.run()
    assert waits.received == [(50 * MS, CLIENT, b"x")]
