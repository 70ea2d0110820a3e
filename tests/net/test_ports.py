"""Ports of a host: the ephemeral range and its end, ports that are in use, connections with oneself."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.net import Network
from tcpsim.net.bindings import Binding
from tcpsim.net.faults import Drop, Selector
from tcpsim.tcp import rules as why
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, TIME_WAIT
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Discarded, Lost, Sent
from tests.net.talk import Talk


def lone(**knobs: Any) -> Talk:
    """One host, 1 ms from itself; it is both client and server."""
    talk = Talk.__new__(Talk)
    talk.net = Network(seed=1)
    template: dict[str, Any] = {"iss": 100, "delayed_ack": 0, "loopback": "1ms"}
    talk.client = talk.server = talk.net.host("host", **(template | knobs))
    return talk


# ------------------------------------------------------------------ the ephemeral range


def test_a_range_of_ones_own_is_used_in_order_and_runs_out() -> None:
    talk = lone(ports=(5000, 5001))
    assert talk.client.ports == (5000, 5001)
    taken = [talk.client.connect("198.51.100.1", 80) for _ in range(2)]
    assert [each.local for each in taken] == [("192.0.2.1", 5000), ("192.0.2.1", 5001)]
    with pytest.raises(TcpError, match="error: insufficient resources"):
        talk.client.connect("198.51.100.1", 80)
    assert talk.calls("host")[-1] == (None, "connect(198.51.100.1:80)", "error: insufficient resources")
    assert talk.client.connect("198.51.100.1", 81).local == ("192.0.2.1", 5000), "another pair of sockets"
    taken[1].abort()
    assert talk.client.connect("198.51.100.1", 80).local == ("192.0.2.1", 5001)


def test_the_range_may_change() -> None:
    talk = lone()
    talk.client.connect("198.51.100.1", 80)
    talk.client.ports = (6000, 6001)
    assert [talk.client.connect("198.51.100.1", 80).local for _ in range(2)] == [
        ("192.0.2.1", 6000), ("192.0.2.1", 6001),
    ]  # fmt: skip
    talk.client.ports = (6005, 6006)
    assert talk.client.bindings.free() == 6005
    talk.client.bindings.add(Binding(6006))
    talk.client.bindings.add(Binding(6005))
    assert talk.client.bindings.free() == 0
    with pytest.raises(TcpError, match="insufficient resources"):
        talk.client.connect("198.51.100.1", 80)


@pytest.mark.parametrize(
    ("ports", "error", "words"),
    [
        ((5, 4), ValueError, "expected the smaller port first"),
        ((0, 4), ValueError, "expected a port from 1 to 65535, not 0"),
        ((1, 65_536), ValueError, "expected a port from 1 to 65535, not 65536"),
        ([1, 2], TypeError, "expected the first and the last port"),
        ((1, 2, 3), TypeError, "expected the first and the last port"),
        (("1", 2), TypeError, "expected a port"),
    ],
)
def test_a_range_is_two_ports(ports: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Network().host("host", ports=ports)


def test_udp_has_the_same_range() -> None:
    host = lone(ports=(7000, 7001)).client
    assert [host.udp().port, host.udp().port] == [7000, 7001]
    with pytest.raises(TcpError, match="insufficient resources"):
        host.udp()


# ------------------------------------------------------------------ address already in use


def server_in_time_wait() -> Talk:
    """The server has closed first, and nobody listens any more."""
    talk = Talk()
    mine, theirs = talk.established()
    theirs.close()
    talk.server.stop_listening(80)
    talk.net.run("2s")
    mine.close()
    talk.net.run("3s")
    assert (theirs.state, talk.server.listeners) == (TIME_WAIT, {})
    return talk


def test_time_wait_holds_the_port_unless_it_is_shared() -> None:
    talk = server_in_time_wait()
    with pytest.raises(TcpError, match="error: address already in use"):
        talk.server.listen(80, reuse_address=False)
    assert talk.calls("server")[-1] == (None, "listen(80)", "error: address already in use")
    assert talk.server.listen(81, reuse_address=False).port == 81, "another port is free"
    assert talk.server.listen(80).port == 80
    new, _ = talk.established()
    assert (new.state, str(new.remote)) == (ESTABLISHED, "('192.0.2.2', 80)")


def test_when_time_wait_is_over_the_port_is_free() -> None:
    talk = server_in_time_wait()
    talk.net.run()
    assert talk.server.listen(80, reuse_address=False).port == 80


def test_a_listener_is_a_listener_shared_or_not() -> None:
    talk = Talk()
    talk.server.listen(80)
    for shared in (True, False):
        with pytest.raises(TcpError, match="error: connection already exists"):
            talk.server.listen(80, reuse_address=shared)


def test_a_socket_that_is_bound_holds_its_port() -> None:
    talk = Talk()
    talk.server.bindings.add(Binding(80))
    with pytest.raises(TcpError, match="address already in use"):
        talk.server.listen(80, reuse_address=False)


def test_to_stop_listening_leaves_the_connections_alone() -> None:
    talk = Talk()
    mine, theirs = talk.established()
    talk.server.stop_listening(80)
    assert talk.calls("server")[-1] == (None, "stop listening(80)", "")
    assert (mine.state, theirs.state) == (ESTABLISHED, ESTABLISHED)
    with pytest.raises(TcpError, match="error: connection does not exist"):
        talk.server.stop_listening(80)
    refused = talk.client.connect(talk.server, 80)
    talk.net.run(talk.net.now + SECOND)
    assert refused.signals == ["connection refused"]


def test_a_listener_that_nobody_has_called_closes_too() -> None:
    talk = Talk()
    spare = talk.server.listen(80).spare
    assert spare is not None
    talk.server.stop_listening(80)
    assert talk.path("server", 1) == ["CLOSED", "LISTEN", "CLOSED"]
    assert spare.state is CLOSED


# ------------------------------------------------------------------ with oneself


def test_a_connection_from_a_socket_to_itself() -> None:
    """RFC 9293 3.5, Figure 7, with one end in two parts."""
    talk = lone()
    me = talk.client.connect(talk.client, 5000, local_port=5000)
    talk.net.at("10ms", me.send, b"echo")
    talk.net.at("20ms", me.close)
    assert talk.net.run() == "idle"
    assert talk.sent() == [
        "host SYN 0", "host SYN,ACK 0 1", "host PSH,ACK 1 1 +4", "host ACK 5 5", "host FIN,ACK 5 5", "host ACK 6 6",
    ]  # fmt: skip
    assert talk.path("host", 1) == [
        "CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "CLOSING", "TIME-WAIT", "CLOSED",
    ]  # fmt: skip
    assert me.received == b"echo"
    assert {(r.to, r.flow) for r in talk.trace.of_kind(Sent)} == {("host", ("192.0.2.1", 5000, "192.0.2.1", 5000))}


def test_a_client_and_a_server_on_one_host() -> None:
    talk = lone()
    mine, theirs = talk.established()
    assert (mine.state, theirs.state) == (ESTABLISHED, ESTABLISHED)
    assert (mine.number, theirs.number) == (2, 1)
    assert [r.time for r in talk.trace.of_kind(Sent)] == [0, MS, 2 * MS]


def test_a_closed_port_of_ones_own_refuses() -> None:
    talk = lone()
    connection = talk.client.connect("192.0.2.1", 80)
    talk.net.run()
    assert connection.signals == ["connection refused"]
    assert [r.why for r in talk.trace.of_kind(Discarded)] == [why.CLOSED_RESET]


def test_every_address_of_a_host_is_its_own() -> None:
    talk = lone(loopback=0)
    talk.net.add_address("host", "2001:db8::1")
    talk.client.listen(80)
    connection = talk.client.connect("2001:db8::1", 80)
    assert talk.net.run() == "idle"
    assert (connection.state, connection.local) == (ESTABLISHED, ("2001:db8::1", 49152))
    assert {r.time for r in talk.trace.of_kind(Sent)} == {0}
    assert talk.calls("host")[-1][1] == "connect([2001:db8::1]:80)"


def test_rules_hold_on_the_way_to_oneself() -> None:
    talk = lone()
    talk.client.loopback.rules.append(Drop(Selector("SYN", nth=1)))
    me = talk.client.connect(talk.client, 5000, local_port=5000)
    talk.net.run("2s")
    assert len(talk.trace.of_kind(Lost)) == 1
    assert me.state is ESTABLISHED
