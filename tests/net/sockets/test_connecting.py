"""connect: by itself, twice, in vain; and what ends a connection that opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, SYN_RECEIVED, SYN_SENT
from tcpsim.tcp.icmp import IcmpError
from tcpsim.tcp.units import MS, SECOND
from tests.net.sockets.desk import ISS, MINE, PEER, PORT, Desk

if TYPE_CHECKING:
    from tcpsim.tcp.diagram import State


def state(desk: Desk, fd: int) -> State:
    connection = desk.process.connection(fd)
    assert connection is not None
    return connection.state


def test_a_blocking_connect_ends_with_the_handshake() -> None:
    desk = Desk()
    fd = desk.socket()
    desk.ok("bind", fd, MINE)
    call = desk.waits("connect", fd, PEER)
    assert desk.sent() == [("SYN", 0, 0, 0)]
    desk.go(70)
    desk.arrives("SYN,ACK")
    assert (call.done, call.result, call.began_at, call.ended_at) == (True, 0, 0, 70 * MS)
    assert desk.sent() == [("ACK", 1, 1, 0)]
    assert state(desk, fd) is ESTABLISHED
    assert repr(call) == "<connect(3, ('192.0.2.2', 40000)) = 0>"


def test_a_non_blocking_connect_is_under_way_until_poll_tells_of_room() -> None:
    desk = Desk()
    fd = desk.connecting()
    assert desk.option(fd, "SO_ERROR") == 0
    assert desk.fails("connect", fd, PEER) == "EALREADY"
    poll = desk.waits("poll", [(fd, {"POLLOUT"})], 1000)
    desk.arrives("SYN,ACK")
    assert (poll.result, poll.value) == (1, [(fd, {"POLLOUT"})])
    assert desk.option(fd, "SO_ERROR") == 0
    assert desk.fails("connect", fd, PEER) == "EISCONN"


def test_linux_confirms_the_connection_once() -> None:
    """connect(2) on a socket that has connected meanwhile is its success, and EISCONN after that."""
    desk = Desk(style="linux")
    fd = desk.connecting()
    desk.arrives("SYN,ACK")
    assert desk.ok("connect", fd, PEER) == 0
    assert desk.fails("connect", fd, PEER) == "EISCONN"
    other = Desk(style="linux")
    fd = other.socket()
    other.ok("bind", fd, MINE)
    other.waits("connect", fd, PEER)
    other.arrives("SYN,ACK")
    assert other.fails("connect", fd, PEER) == "EISCONN", "a blocking one has told of it already"


def test_a_second_blocking_connect_joins_on_linux_alone() -> None:
    for style, waits in (("linux", True), ("freebsd", False), ("rfc9293", False)):
        desk = Desk(style=style)
        fd = desk.socket()
        first = desk.waits("connect", fd, PEER)
        second = desk.call("connect", fd, PEER)
        assert (second.done, second.errno) == ((False, None) if waits else (True, "EALREADY"))
        assert not first.done


def test_a_connect_can_wait_no_longer_than_the_send_timeout() -> None:
    desk = Desk()
    fd = desk.socket()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_SNDTIMEO", (0, 500_000))
    call = desk.waits("connect", fd, PEER)
    desk.go(499)
    assert not call.done
    desk.go(1)
    assert (call.errno, call.ended_at) == ("EINPROGRESS", 500 * MS)
    assert state(desk, fd) is SYN_SENT, "it goes on"


@pytest.mark.parametrize(
    ("name", "errno"),
    [
        (("192.0.2.2", 0), "EADDRNOTAVAIL"),
        (("198.51.100.1", 80), "ENETUNREACH"),
        (("224.0.0.1", 80), "ENETUNREACH"),
        (("::1", 80), "EAFNOSUPPORT"),
        (None, "EFAULT"),
    ],
)
def test_where_nobody_can_be_connected_to(name: object, errno: str) -> None:
    desk = Desk()
    fd = desk.socket()
    assert desk.fails("connect", fd, name) == errno
    assert desk.process.connection(fd) is None
    desk.waits("connect", fd, PEER)


def test_an_address_of_the_other_family_can_not_be_the_local_one() -> None:
    desk = Desk()
    desk.net.add_address(desk.host, "2001:db8::1")
    desk.domain = "AF_INET6"
    fd = desk.socket()
    desk.ok("bind", fd, ("2001:db8::1", PORT))
    assert desk.fails("connect", fd, ("::ffff:192.0.2.2", 80)) == "EADDRNOTAVAIL"


@pytest.mark.parametrize(
    ("style", "errno"), [("linux", "EADDRNOTAVAIL"), ("freebsd", "EADDRINUSE"), ("rfc9293", "EADDRINUSE")]
)
def test_a_connection_that_exists_already(style: str, errno: str) -> None:
    desk = Desk(style=style)
    fds = desk.socket(), desk.socket()
    for fd in fds:
        desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_REUSEADDR", 1)
        desk.ok("bind", fd, MINE)
    desk.waits("connect", fds[0], PEER)
    assert desk.fails("connect", fds[1], PEER) == errno
    desk.waits("connect", fds[1], (PEER[0], 7))


@pytest.mark.parametrize(
    ("style", "errno"), [("linux", "EISCONN"), ("freebsd", "EOPNOTSUPP"), ("rfc9293", "EOPNOTSUPP")]
)
def test_a_listener_does_not_connect(style: str, errno: str) -> None:
    desk = Desk(style=style)
    assert desk.fails("connect", desk.listening(), PEER) == errno


# ------------------------------------------------------------------ in vain


def test_a_refused_connection() -> None:
    desk = Desk()
    fd = desk.socket()
    desk.ok("bind", fd, MINE)
    call = desk.waits("connect", fd, PEER)
    desk.arrives("RST,ACK")
    assert call.errno == "ECONNREFUSED"
    assert desk.option(fd, "SO_ERROR") == 0, "it has been told"
    assert desk.fails("read", fd, 1) == "ENOTCONN"
    desk.waits("connect", fd, PEER)
    assert desk.sent() == [("SYN", 0, 0, 0), ("SYN", 0, 0, 0)], "POSIX lets it try again"


def test_a_refused_connection_of_a_non_blocking_socket_is_told_of_by_so_error() -> None:
    desk = Desk()
    fd = desk.connecting()
    desk.arrives("RST,ACK")
    (entry,) = desk.ok("poll", [(fd, {"POLLIN", "POLLOUT"})], 0)
    assert entry == (fd, {"POLLIN", "POLLOUT", "POLLERR", "POLLHUP"})
    assert [desk.option(fd, "SO_ERROR"), desk.option(fd, "SO_ERROR")] == ["ECONNREFUSED", 0]
    assert desk.fails("write", fd, b"x") == "EPIPE"
    assert desk.ok("read", fd, 10) == b""


def test_the_next_connect_tells_of_a_failure_that_nobody_has_told_of() -> None:
    desk = Desk(style="linux")
    fd = desk.connecting()
    desk.arrives("RST,ACK")
    assert desk.fails("connect", fd, PEER) == "ECONNREFUSED"
    assert desk.fails("connect", fd, PEER) == "EINPROGRESS"


def test_on_freebsd_a_socket_connects_once() -> None:
    desk = Desk(style="freebsd")
    fd = desk.connecting()
    desk.arrives("RST,ACK")
    assert desk.option(fd, "SO_ERROR") == "ECONNREFUSED"
    assert desk.fails("connect", fd, PEER) == "ECONNREFUSED"
    assert desk.fails("connect", fd, PEER) == "ECONNREFUSED"


def test_nobody_answers() -> None:
    desk = Desk(user_timeout="5s")
    fd = desk.socket()
    call = desk.waits("connect", fd, PEER)
    desk.go(10_000)
    assert (call.errno, call.ended_at) == ("ETIMEDOUT", 5 * SECOND)
    assert [short[0] for short in desk.sent()] == ["SYN"] * 3


@pytest.mark.parametrize(
    ("style", "errno"), [("linux", "ECONNRESET"), ("freebsd", "ECONNREFUSED"), ("rfc9293", "ECONNREFUSED")]
)
def test_a_reset_after_syns_have_crossed(style: str, errno: str) -> None:
    """RFC 9293 3.10.7.4: "connection refused"; Linux makes no difference between open and opening here."""
    desk = Desk(style=style)
    fd = desk.connecting()
    desk.arrives("SYN")
    assert state(desk, fd) is SYN_RECEIVED
    desk.arrives("RST")
    assert desk.option(fd, "SO_ERROR") == errno


def test_closing_before_there_is_a_connection_sends_nothing() -> None:
    desk = Desk()
    fd = desk.connecting()
    desk.ok("close", fd)
    assert desk.sent() == []
    desk.arrives("SYN,ACK", ack=1)
    assert desk.sent() == [("RST", 1, 0, 0)]


def test_shutdown_before_there_is_a_connection_gives_it_up() -> None:
    desk = Desk()
    fd = desk.connecting()
    desk.ok("shutdown", fd, "SHUT_WR")
    assert state(desk, fd) is CLOSED
    assert desk.sent() == []


# ------------------------------------------------------------------ ICMP


def unreachable(desk: Desk, kind: str, *, seq: int = 0, mtu: int = 0) -> None:
    """An ICMP error about our packet with this number arrives."""
    desk.host.arrive_icmp(desk.net.now, (*MINE, *PEER), IcmpError(kind, ISS + seq, mtu))


@pytest.mark.parametrize(
    ("kind", "style", "errno"),
    [
        ("port unreachable", "linux", "ECONNREFUSED"),
        ("protocol unreachable", "linux", "ENOPROTOOPT"),
        ("protocol unreachable", "freebsd", "ECONNREFUSED"),
        ("admin prohibited", "linux", "EHOSTUNREACH"),
        ("admin prohibited", "freebsd", "ECONNREFUSED"),
    ],
)
def test_a_hard_error_ends_what_opens(kind: str, style: str, errno: str) -> None:
    desk = Desk(style=style)
    fd = desk.connecting()
    unreachable(desk, kind)
    assert desk.option(fd, "SO_ERROR") == errno


@pytest.mark.parametrize(("style", "errno"), [("linux", "ENETUNREACH"), ("freebsd", "EHOSTUNREACH")])
def test_a_soft_error_is_why_it_timed_out(style: str, errno: str) -> None:
    desk = Desk(style=style, user_timeout="5s")
    fd = desk.connecting()
    unreachable(desk, "net unreachable")
    assert desk.option(fd, "SO_ERROR") == 0
    desk.go(6000)
    assert desk.option(fd, "SO_ERROR") == errno


def test_a_soft_error_is_forgotten_with_the_next_progress() -> None:
    desk = Desk(user_timeout="5s")
    fd = desk.connected()
    desk.ok("write", fd, 1)
    unreachable(desk, "host unreachable", seq=1)
    desk.arrives("ACK", ack=2)
    desk.ok("write", fd, 1)
    desk.go(10_000)
    assert desk.option(fd, "SO_ERROR") == "ETIMEDOUT"


def test_an_error_about_nobodys_packet_is_only_noted() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.host.arrive_icmp(desk.net.now, (*MINE, PEER[0], 7), IcmpError("port unreachable", ISS))
    assert state(desk, fd) is ESTABLISHED
    assert desk.net.trace is not None
    assert "port unreachable" in repr(desk.net.trace.records[-1])


def test_without_a_trace_it_is_not_even_that() -> None:
    desk = Desk()
    desk.host._trace = None
    desk.host.arrive_icmp(0, (*MINE, *PEER), IcmpError("port unreachable", ISS))
    assert desk.sent() == []
