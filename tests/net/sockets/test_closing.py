"""close and shutdown: what the peer is told, what can still be read, lingering; descriptors that share a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT
from tcpsim.tcp.units import MS, SECOND
from tests.net.sockets.desk import Desk

if TYPE_CHECKING:
    from tcpsim.tcp.diagram import State


def states(desk: Desk) -> list[State]:
    return [connection.state for connection in desk.host.connections.values()]


def test_close_sends_a_fin_and_the_rest_goes_by_itself() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("write", fd, b"last words")
    desk.ok("close", fd)
    assert desk.sent() == [("PSH,ACK", 1, 1, 10), ("FIN,ACK", 11, 1, 0)]
    assert desk.process.files == {}
    desk.arrives("ACK")
    desk.arrives("FIN,ACK")
    assert states(desk) == [TIME_WAIT]


@pytest.mark.parametrize(("profile", "reply"), [("linux", "RST,ACK"), ("rfc9293", "FIN,ACK"), ("freebsd", "FIN,ACK")])
def test_close_with_unread_data(profile: str, reply: str) -> None:
    desk = Desk(profile)
    fd = desk.connected()
    desk.arrives("ACK", text=b"unread")
    desk.sent()
    desk.ok("close", fd)
    assert desk.sent()[0][0] == reply


@pytest.mark.parametrize("profile", ["linux", "freebsd"])
def test_data_after_a_close_is_answered_with_a_reset(profile: str) -> None:
    desk = Desk(profile)
    fd = desk.connected()
    desk.ok("close", fd)
    desk.arrives("ACK")
    desk.sent()
    desk.arrives("ACK", text=b"too late")
    assert "RST" in desk.sent()[0][0]
    assert states(desk) == [CLOSED]


def test_the_rfc_reads_on_so_that_the_peer_can_end() -> None:
    desk = Desk(rcv_buff=1000)
    fd = desk.connected()
    desk.ok("close", fd)
    desk.arrives("ACK", ack=2)
    for _ in range(5):
        desk.arrives("ACK", text=1000)
    desk.arrives("FIN,ACK")
    assert states(desk) == [TIME_WAIT]


# ------------------------------------------------------------------ shutdown


def test_shut_wr_ends_our_direction_only() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("shutdown", fd, "SHUT_WR")
    assert desk.sent() == [("FIN,ACK", 1, 1, 0)]
    assert states(desk) == [FIN_WAIT_1]
    assert desk.fails("write", fd, 1) == "EPIPE"
    desk.arrives("ACK", text=b"more")
    assert desk.ok("read", fd, 10) == b"more"
    assert desk.ok("shutdown", fd, "SHUT_WR") == 0, "once more changes nothing"
    desk.sent()
    desk.ok("close", fd)
    assert desk.sent() == []
    assert states(desk) == [FIN_WAIT_2]


def test_linux_resets_after_a_shutdown_too_if_something_is_unread() -> None:
    desk = Desk("linux")
    fd = desk.connected()
    desk.ok("shutdown", fd, "SHUT_WR")
    desk.arrives("ACK", text=b"unread")
    desk.sent()
    desk.ok("close", fd)
    assert desk.sent() == [("RST,ACK", 2, 7, 0)]


def test_shut_rd_is_the_end_of_reading_and_yet_on_linux_it_is_not() -> None:
    desk = Desk(style="linux")
    fd = desk.connected()
    call = desk.waits("read", fd, 10)
    desk.ok("shutdown", fd, "SHUT_RD")
    assert call.value == b""
    desk.arrives("ACK", text=b"still read")
    assert [desk.ok("read", fd, 10), desk.ok("read", fd, 10)] == [b"still read", b""]
    desk.ok("write", fd, b"still written")


def test_freebsd_throws_away_what_comes_after_shut_rd() -> None:
    desk = Desk(style="freebsd")
    fd = desk.connected()
    desk.arrives("ACK", text=b"before")
    desk.ok("shutdown", fd, "SHUT_RD")
    desk.sent()
    desk.arrives("ACK", text=b"after")
    assert desk.sent() == [("ACK", 1, 12, 0)]
    assert desk.ok("read", fd, 10) == b""


def test_shut_rdwr_is_both() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("shutdown", fd, "SHUT_RDWR")
    assert (desk.ok("read", fd, 10), desk.fails("write", fd, 1)) == (b"", "EPIPE")
    (entry,) = desk.ok("poll", [(fd, {"POLLIN", "POLLOUT", "POLLRDHUP"})], 0)
    assert entry[1] == {"POLLIN", "POLLOUT", "POLLRDHUP", "POLLHUP"}


def test_what_can_not_be_shut_down() -> None:
    desk = Desk()
    assert desk.fails("shutdown", desk.socket(), "SHUT_WR") == "ENOTCONN"
    fd = desk.connected()
    assert desk.fails("shutdown", fd, "SHUT_UP") == "EINVAL"
    desk.arrives("RST")
    assert desk.fails("shutdown", fd, "SHUT_WR") == "ENOTCONN"


def test_the_peers_fin_while_ours_is_out() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("FIN,ACK")
    desk.ok("shutdown", fd, "SHUT_RDWR")
    desk.arrives("ACK")
    assert states(desk) == [CLOSED]
    assert desk.option(fd, "SO_ERROR") == 0
    assert desk.ok("poll", [(fd, frozenset())], 0) == [(fd, {"POLLHUP"})]
    assert desk.fails("getpeername", fd) == "ENOTCONN"


# ------------------------------------------------------------------ SO_LINGER


def test_linger_zero_is_a_reset() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_LINGER", (1, 0))
    desk.ok("shutdown", fd, "SHUT_WR")
    desk.arrives("ACK")
    desk.sent()
    desk.ok("close", fd)
    assert desk.sent() == [("RST", 2, 0, 0)]


def test_a_lingering_close_waits_for_the_ack_of_all() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_LINGER", (1, 5))
    desk.ok("write", fd, b"data")
    call = desk.waits("close", fd)
    assert desk.fails("read", fd, 1) == "EBADF", "the descriptor is free at once"
    desk.go(20)
    desk.arrives("ACK", ack=5)
    assert not call.done
    desk.arrives("ACK", ack=6)
    assert (call.result, call.ended_at) == (0, 20 * MS)
    assert states(desk) == [FIN_WAIT_2]


def test_a_lingering_close_has_a_limit_and_the_connection_goes_on() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_LINGER", (1, 5))
    call = desk.waits("close", fd)
    desk.go(6000)
    assert (call.result, call.ended_at) == (0, 5 * SECOND)
    assert states(desk) == [FIN_WAIT_1]


# ------------------------------------------------------------------ descriptors


def test_two_descriptors_of_one_socket() -> None:
    desk = Desk()
    fd = desk.connected()
    other = desk.ok("dup", fd)
    desk.ok("fcntl", other, "F_SETFL", {"O_NONBLOCK"})
    assert "O_NONBLOCK" in desk.ok("fcntl", fd, "F_GETFL"), "the flag is the file's"
    desk.ok("close", fd)
    assert desk.sent() == []
    desk.ok("write", other, b"x")
    desk.ok("close", other)
    assert [short[0] for short in desk.sent()] == ["PSH,ACK", "FIN,ACK"]


def test_dup2_and_dupfd() -> None:
    desk = Desk()
    fd = desk.connected()
    second = desk.socket()
    assert desk.ok("dup2", fd, fd) == fd
    assert desk.ok("dup2", fd, second) == second
    assert desk.ok("fcntl", fd, "F_DUPFD", 10) == 10
    desk.ok("close", fd)
    desk.ok("close", second)
    assert states(desk) == [ESTABLISHED]
    desk.ok("close", 10)
    assert states(desk) == [FIN_WAIT_1]
    assert desk.fails("dup2", 10, 3) == "EBADF"
    assert desk.fails("dup2", desk.socket(), 5000) == "EBADF"
    assert desk.ok("dup2", 3, 7) == 7


@pytest.mark.parametrize(("style", "number"), [("linux", 0x800), ("freebsd", 4), ("rfc9293", 4)])
def test_flags_are_names_and_numbers(style: str, number: int) -> None:
    desk = Desk(style=style)
    fd = desk.socket()
    assert desk.call("fcntl", fd, "F_GETFL").result == 2
    desk.ok("fcntl", fd, "F_SETFL", 2 | number)
    assert desk.call("fcntl", fd, "F_GETFL").result == 2 | number
    desk.ok("ioctl", fd, "FIONBIO", 0)
    assert desk.ok("fcntl", fd, "F_GETFL") == {"O_RDWR"}
    assert [desk.ok("fcntl", fd, "F_SETFD", 1), desk.ok("fcntl", fd, "F_GETFD")] == [0, 0]
    odd = desk.call("fcntl", fd, "F_SETFL", {"O_ASYNC"})
    assert (odd.errno, odd.not_modelled) == ("EINVAL", "O_ASYNC")
    assert desk.call("fcntl", fd, "F_SETOWN", 1).not_modelled == "F_SETOWN"


def test_ioctls_of_other_files() -> None:
    desk = Desk()
    file = desk.ok("open", "/dev/zero")
    assert desk.fails("ioctl", file, "SIOCINQ") == "ENOTTY"
    assert desk.ok("read", file, 10) == 10
    assert desk.fails("readv", file, [10]) == "EINVAL"
    assert desk.fails("fcntl", 99, "F_GETFL") == "EBADF"
    fd = desk.socket()
    assert desk.call("ioctl", fd, "SIOCGIFADDR").not_modelled == "SIOCGIFADDR"
    assert desk.ok("ioctl", fd, "SIOCOUTQ") == 0
    assert desk.fails("ioctl", desk.listening(), "SIOCINQ") == "EINVAL"
    assert Desk(style="linux").fails("ioctl", 3, "FIONSPACE") == "EBADF"
    other = Desk(style="linux")
    assert other.fails("ioctl", other.socket(), "FIONSPACE") == "ENOTTY"


def test_closing_what_a_call_waits_for_does_not_take_it_away() -> None:
    """As in kernels, the call that waits holds the socket; what ends the connection ends the call."""
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("read", fd, 10)
    desk.ok("close", fd)
    desk.arrives("ACK")
    assert not call.done
