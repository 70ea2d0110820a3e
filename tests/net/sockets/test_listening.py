"""listen and accept: the queue, its limit, what happens to those who wait in it; the marks of what answers."""

from __future__ import annotations

import pytest

from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN
from tests.net.sockets.desk import MINE, PEER, PORT, Desk


def test_accept_waits_for_the_handshake_to_be_complete() -> None:
    desk = Desk()
    listener = desk.listening()
    call = desk.waits("accept", listener)
    desk.arrives("SYN")
    assert desk.sent() == [("SYN,ACK", 0, 1, 0)]
    assert not call.done
    desk.arrives("ACK")
    assert (call.result, call.value) == (4, PEER)
    connection = desk.process.connection(4)
    assert connection is not None
    assert connection.state is ESTABLISHED
    assert desk.process.listener(4) is None
    assert desk.process.listener(listener) is not None
    assert desk.process.connection(listener) is None


def test_a_non_blocking_accept_does_not_wait() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.ok("fcntl", listener, "F_SETFL", {"O_RDWR", "O_NONBLOCK"})
    assert desk.fails("accept", listener) == "EAGAIN"


def test_an_accept_waits_no_longer_than_the_receive_timeout() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.ok("setsockopt", listener, "SOL_SOCKET", "SO_RCVTIMEO", (1, 0))
    call = desk.waits("accept", listener)
    desk.go(2000)
    assert (call.errno, call.ended_at) == ("EAGAIN", 1_000_000_000)


def test_first_come_first_accepted() -> None:
    desk = Desk()
    listener = desk.listening()
    waiting = [desk.waits("accept", listener), desk.waits("accept", listener)]
    for port in (40_001, 40_002, 40_003):
        desk.shakes_hands(port)
    assert [call.value[1] for call in waiting] == [40_001, 40_002]
    assert desk.ok("accept", listener)[1] == 40_003


def test_what_arrives_before_accept_is_not_lost() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.shakes_hands()
    desk.arrives("FIN,ACK", text=b"early")
    desk.ok("accept", listener)
    assert [desk.ok("read", 4, 10), desk.ok("read", 4, 10)] == [b"early", b""]


@pytest.mark.parametrize(("style", "waiting"), [("linux", 3), ("freebsd", 4), ("rfc9293", 3)])
def test_a_backlog_of_two_is_more_than_two(style: str, waiting: int) -> None:
    """listen(2): Linux's kernel counts one more; FreeBSD's lets one and a half times the backlog wait."""
    desk = Desk(style=style)
    desk.listening(backlog=2)
    for port in range(40_001, 40_001 + waiting):
        desk.shakes_hands(port)
    desk.sent()
    desk.arrives("SYN", port=50_000)
    assert desk.sent() == [], "the peer will try again"
    desk.call("accept", 3)
    desk.arrives("SYN", port=50_000)
    assert desk.sent()[0][0] == "SYN,ACK"


def test_a_backlog_can_be_changed_and_is_bounded() -> None:
    desk = Desk(style="freebsd")
    listener = desk.listening(backlog=0)
    desk.ok("listen", listener, -1)
    sock = desk.process.socket(listener)
    assert sock.backlog == 128
    desk.ok("listen", listener, 10_000)
    assert sock.backlog == 128


def test_what_can_not_listen_or_accept() -> None:
    desk = Desk()
    fd = desk.connected()
    assert desk.fails("listen", fd, 1) == "EINVAL"
    assert desk.fails("accept", fd) == "EINVAL"
    listener = desk.socket()
    assert desk.fails("accept", listener) == "EINVAL"
    assert desk.fails("accept4", listener, {"SOCK_SEQPACKET"}) == "EINVAL"
    assert [desk.fails(name, listener, 10) for name in ("read", "recv")] == ["ENOTCONN"] * 2


def test_an_accept_with_a_bad_pointer_loses_the_connection() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.shakes_hands()
    desk.sent()
    assert desk.fails("accept", listener, fault=True) == "EFAULT"
    assert desk.sent() == [("FIN,ACK", 1, 1, 0)]


# ------------------------------------------------------------------ those who end while they wait


@pytest.mark.parametrize("style", ["rfc9293", "freebsd"])
def test_who_was_reset_is_econnaborted(style: str) -> None:
    desk = Desk(style=style)
    listener = desk.listening()
    desk.shakes_hands()
    desk.arrives("RST")
    assert desk.fails("accept", listener) == "ECONNABORTED"
    desk.ok("fcntl", listener, "F_SETFL", {"O_NONBLOCK"})
    assert desk.fails("accept", listener) == "EAGAIN"


def test_linux_hands_it_out_and_lets_the_first_read_tell() -> None:
    """accept(2) on Linux: the errors of the connection are told by the new socket."""
    desk = Desk(style="linux")
    listener = desk.listening()
    desk.shakes_hands()
    desk.arrives("RST")
    assert desk.call("accept", listener).result == 4
    assert desk.fails("read", 4, 10) == "ECONNRESET"
    assert desk.ok("read", 4, 10) == b""


def test_a_reset_before_the_handshake_is_complete_is_heard_by_nobody() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.arrives("SYN")
    desk.arrives("RST")
    desk.ok("fcntl", listener, "F_SETFL", {"O_NONBLOCK"})
    assert desk.fails("accept", listener) == "EAGAIN"
    desk.nxt.clear()
    desk.shakes_hands()
    assert desk.ok("accept", listener) == PEER


# ------------------------------------------------------------------ the end of a listener


def test_closing_a_listener_leaves_what_was_accepted() -> None:
    desk = Desk()
    fd = desk.accepted()
    desk.arrives("ACK", text=b"hello")
    assert desk.ok("read", fd, 10) == b"hello"
    desk.arrives("SYN", port=50_000)
    assert desk.sent()[-1][0] == "RST,ACK"


def test_closing_a_listener_resets_who_waits_to_be_accepted() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.shakes_hands(40_001)
    desk.shakes_hands(40_002)
    desk.arrives("RST", port=40_002)
    desk.sent()
    desk.ok("close", listener)
    assert desk.sent() == [("RST", 1, 0, 0)]


def test_closing_a_listener_forgets_whose_handshake_is_under_way() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.arrives("SYN")
    desk.sent()
    desk.ok("close", listener)
    assert desk.sent() == []
    assert all(connection.state is CLOSED for connection in desk.host.connections.values())
    desk.arrives("ACK", ack=1)
    assert desk.sent() == [("RST", 1, 0, 0)], "there is nothing any more"


def test_an_accept_that_waits_ends_with_its_listener() -> None:
    desk = Desk(style="linux")
    listener = desk.listening()
    call = desk.waits("accept", listener)
    desk.ok("shutdown", listener, "SHUT_RD")
    assert call.errno == "EINVAL"
    assert desk.process.listener(listener) is None
    desk.arrives("SYN")
    assert desk.sent() == [("RST,ACK", 0, 1, 0)]


@pytest.mark.parametrize("how", ["SHUT_RD", "SHUT_WR", "SHUT_RDWR"])
def test_elsewhere_a_listener_can_not_be_shut_down(how: str) -> None:
    desk = Desk(style="freebsd")
    assert desk.fails("shutdown", desk.listening(), how) == "ENOTCONN"


# ------------------------------------------------------------------ what a child has from its listener


def test_a_child_has_the_options_of_its_listener() -> None:
    desk = Desk()
    listener = desk.socket()
    for level, name, value in (
        ("SOL_TCP", "TCP_NODELAY", 1), ("SOL_SOCKET", "SO_LINGER", (1, 7)), ("SOL_IP", "IP_TTL", 9),
        ("SOL_SOCKET", "SO_RCVBUF", 5000), ("SOL_TCP", "TCP_KEEPIDLE", 33), ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ):  # fmt: skip
        desk.ok("setsockopt", listener, level, name, value)
    desk.ok("bind", listener, MINE)
    desk.ok("listen", listener, 1)
    desk.ok("setsockopt", listener, "SOL_SOCKET", "SO_RCVBUF", 6000)
    desk.shakes_hands()
    assert [packet.segment.wnd for packet in desk.caught] == [6000]
    assert {packet.ttl for packet in desk.caught} == {9}
    desk.ok("accept", listener)
    told = [desk.option(4, "TCP_NODELAY", "IPPROTO_TCP"), desk.option(4, "SO_LINGER"), desk.option(4, "SO_KEEPALIVE")]
    assert told == [1, (1, 7), 1]
    connection = desk.process.connection(4)
    assert connection is not None
    assert connection.endpoint.keepalive_at == 33 * 10**9


@pytest.mark.parametrize(("style", "inherits"), [("freebsd", True), ("linux", False), ("rfc9293", False)])
def test_a_child_is_non_blocking_by_itself_or_not(style: str, inherits: bool) -> None:
    desk = Desk(style=style)
    listener = desk.listening()
    desk.ok("fcntl", listener, "F_SETFL", {"O_NONBLOCK"})
    desk.shakes_hands()
    desk.ok("accept", listener)
    assert ("O_NONBLOCK" in desk.ok("fcntl", 4, "F_GETFL")) is inherits


def test_accept4_makes_it_non_blocking() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.shakes_hands()
    desk.ok("accept4", listener, {"SOCK_NONBLOCK", "SOCK_CLOEXEC"})
    assert desk.ok("fcntl", 4, "F_GETFL") == {"O_RDWR", "O_NONBLOCK"}


# ------------------------------------------------------------------ TTL and TOS


def test_ttl_and_tos_mark_every_packet_from_now_on() -> None:
    desk = Desk()
    fd = desk.socket(nonblocking=True)
    desk.ok("setsockopt", fd, "SOL_IP", "IP_TTL", 5)
    desk.ok("setsockopt", fd, "SOL_IP", "IP_TOS", 0xFF)
    desk.ok("bind", fd, MINE)
    desk.call("connect", fd, PEER)
    desk.arrives("SYN,ACK")
    desk.ok("setsockopt", fd, "SOL_IP", "IP_TTL", 6)
    desk.arrives("ACK", text=b"x")
    desk.arrives("SYN", seq=9)
    desk.ok("close", fd)
    marks = [(packet.ttl, packet.tos) for packet in desk.caught]
    assert marks == [(5, 0xFC), (5, 0xFC), (6, 0xFC), (6, 0xFC), (6, 0xFC)], "the ECN bits are the protocol's"


@pytest.mark.parametrize(("style", "ttl"), [("freebsd", 4), ("linux", 64), ("rfc9293", 64)])
def test_a_bound_port_answers_with_the_marks_of_its_socket_on_freebsd(style: str, ttl: int) -> None:
    desk = Desk(style=style)
    fd = desk.socket()
    desk.ok("setsockopt", fd, "SOL_IP", "IP_TTL", 4)
    desk.ok("bind", fd, MINE)
    desk.arrives("SYN")
    desk.ok("setsockopt", fd, "SOL_IP", "IP_TTL", 7 if ttl == 4 else 9)
    desk.arrives("SYN")
    assert [packet.ttl for packet in desk.caught] == [ttl, 7 if ttl == 4 else 64]
    desk.arrives("SYN", to=PORT + 1)
    assert desk.caught[-1].ttl == 64, "nobody has claimed that port"


def test_a_listener_can_change_the_marks_of_those_to_come() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.ok("setsockopt", listener, "SOL_IP", "IP_TTL", 11)
    desk.shakes_hands(40_001)
    desk.shakes_hands(40_002)
    assert {packet.ttl for packet in desk.caught} == {11}
    assert desk.process.socket(listener).state is LISTEN
