"""poll, select and epoll: levels and edges, in virtual time."""

from __future__ import annotations

import pytest

from tcpsim.tcp.units import MS
from tests.net.sockets.desk import Desk

EVERYTHING = {"POLLIN", "POLLOUT", "POLLPRI", "POLLRDHUP"}


def told(desk: Desk, fd: int, events: set[str] = EVERYTHING) -> set[str]:
    listed = desk.ok("poll", [(fd, events)], 0)
    return set(listed[0][1]) if listed else set()


# ------------------------------------------------------------------ what a socket is ready for


@pytest.mark.parametrize(
    ("style", "events"), [("linux", {"POLLOUT", "POLLHUP"}), ("freebsd", set()), ("rfc9293", set())]
)
def test_a_socket_that_was_never_connected(style: str, events: set[str]) -> None:
    desk = Desk(style=style)
    assert told(desk, desk.socket()) == events


def test_from_the_first_syn_to_the_last_ack() -> None:
    desk = Desk()
    fd = desk.connecting()
    assert told(desk, fd) == set()
    desk.arrives("SYN,ACK")
    assert told(desk, fd) == {"POLLOUT"}
    desk.arrives("ACK", text=b"x")
    assert told(desk, fd) == {"POLLIN", "POLLOUT"}
    desk.arrives("FIN,ACK")
    desk.ok("read", fd, 10)
    assert told(desk, fd) == {"POLLIN", "POLLOUT", "POLLRDHUP"}
    desk.ok("shutdown", fd, "SHUT_WR")
    assert told(desk, fd) == {"POLLIN", "POLLOUT", "POLLRDHUP", "POLLHUP"}
    desk.arrives("ACK")
    assert told(desk, fd) == {"POLLIN", "POLLOUT", "POLLRDHUP", "POLLHUP"}


@pytest.mark.parametrize(("style", "error"), [("linux", {"POLLERR"}), ("freebsd", set()), ("rfc9293", {"POLLERR"})])
def test_an_error_that_waits_to_be_told(style: str, error: set[str]) -> None:
    desk = Desk(style=style)
    fd = desk.connected()
    desk.arrives("RST")
    gone = {"POLLIN", "POLLOUT", "POLLRDHUP", "POLLHUP"}
    assert told(desk, fd) == gone | error
    assert told(desk, fd, set()) == {"POLLHUP"} | error, "those are told unasked"
    assert desk.option(fd, "SO_ERROR") == "ECONNRESET"
    assert told(desk, fd) == gone


def test_a_listener_is_readable_while_somebody_waits() -> None:
    desk = Desk()
    listener = desk.listening()
    call = desk.waits("poll", [(listener, {"POLLIN"})])
    desk.shakes_hands()
    assert call.value == [(listener, {"POLLIN"})]
    desk.call("accept", listener)
    assert told(desk, listener) == set()


# ------------------------------------------------------------------ poll


def test_poll_waits_for_one_of_several() -> None:
    desk = Desk()
    first, file = desk.connected(), desk.ok("open", "file")
    assert desk.ok("poll", [(first, {"POLLIN"}), (file, {"POLLIN"})]) == [(file, {"POLLIN"})]
    call = desk.waits("poll", [(first, {"POLLIN"}), (first, {"POLLRDHUP"}), (-1, {"POLLIN"})])
    desk.go(25)
    desk.arrives("FIN,ACK")
    assert (call.result, call.value) == (2, [(first, {"POLLIN"}), (first, {"POLLRDHUP"})])
    assert call.ended_at == 25 * MS


def test_poll_gives_up_after_its_timeout() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("poll", [(fd, {"POLLIN"})], 40)
    desk.go(39)
    assert not call.done
    desk.go(1)
    assert (call.result, call.value, call.ended_at) == (0, [], 40 * MS)


def test_a_timeout_that_is_no_longer_needed_does_not_keep_the_network_busy() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("poll", [(fd, {"POLLIN"})], 3_600_000)
    assert not desk.net.idle
    desk.arrives("ACK", text=b"x")
    assert call.done
    assert desk.net.idle


def test_poll_of_what_is_not_open_and_of_what_is_unknown() -> None:
    desk = Desk()
    assert desk.ok("poll", [(77, {"POLLIN"})]) == [(77, {"POLLNVAL"})]
    call = desk.call("poll", [(3, {"POLLMSG"})], 0)
    assert (call.errno, call.not_modelled) == ("EINVAL", "POLLMSG")


def test_an_event_that_does_not_concern_it_does_not_end_a_poll() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("poll", [(fd, {"POLLIN"})], -1)
    desk.arrives("ACK", seq=50, text=b"beyond a hole")
    desk.arrives("ACK", seq=1)
    assert not call.done


# ------------------------------------------------------------------ select


def test_select_tells_three_lists() -> None:
    desk = Desk()
    fd = desk.connected()
    assert desk.ok("select", [fd], [fd], [fd], (0, 0)) == ([], [fd], [])
    call = desk.waits("select", [fd], [], [fd])
    desk.arrives("URG,ACK", text=b"!", up=1)
    assert (call.result, call.value) == (2, ([fd], [], [fd]))


def test_select_has_a_timeout_too() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("select", [fd], [], [], (0, 5000))
    desk.go(10)
    assert (call.result, call.ended_at) == (0, 5 * MS)
    assert desk.fails("select", [fd], [], [], (-1, 0)) == "EINVAL"
    assert desk.fails("select", [88]) == "EBADF"


# ------------------------------------------------------------------ epoll


def watching(desk: Desk, fd: int, events: set[str], data: object = None) -> int:
    epoll: int = desk.ok("epoll_create", 1)
    desk.ok("epoll_ctl", epoll, "EPOLL_CTL_ADD", fd, events, data)
    return epoll


def test_a_level_is_told_as_long_as_it_lasts() -> None:
    desk = Desk()
    fd = desk.connected()
    epoll = watching(desk, fd, {"EPOLLIN"})
    assert desk.ok("epoll_wait", epoll, 8, 0) == []
    call = desk.waits("epoll_wait", epoll, 8)
    desk.arrives("ACK", text=b"ab")
    assert call.value == [(fd, {"EPOLLIN"})]
    desk.ok("read", fd, 1)
    assert desk.ok("epoll_wait", epoll, 8, 0) == [(fd, {"EPOLLIN"})]
    desk.ok("read", fd, 1)
    assert desk.ok("epoll_wait", epoll, 8, 0) == []


def test_an_edge_is_told_once() -> None:
    """epoll(7): new data is an edge, whether what was there before has been read or not."""
    desk = Desk()
    fd = desk.connected()
    epoll = watching(desk, fd, {"EPOLLIN", "EPOLLOUT", "EPOLLET"})
    assert desk.ok("epoll_wait", epoll, 1, 0) == [(fd, {"EPOLLOUT"})]
    assert desk.ok("epoll_wait", epoll, 1, 0) == []
    desk.arrives("ACK", text=b"ab")
    assert desk.ok("epoll_wait", epoll, 1, 0) == [(fd, {"EPOLLIN", "EPOLLOUT"})]
    assert desk.ok("epoll_wait", epoll, 1, 0) == []
    desk.ok("read", fd, 1)
    assert desk.ok("epoll_wait", epoll, 1, 0) == []
    desk.arrives("ACK")
    assert desk.ok("epoll_wait", epoll, 1, 0) == [], "no news"
    desk.arrives("ACK", text=b"c")
    assert desk.ok("epoll_wait", epoll, 1, 0) == [(fd, {"EPOLLIN", "EPOLLOUT"})]


def test_room_after_there_was_none_is_an_edge() -> None:
    desk = Desk(snd_buff=1000, nagle=False)
    fd = desk.connected(nonblocking=True)
    epoll = watching(desk, fd, {"EPOLLOUT", "EPOLLET"})
    assert desk.ok("epoll_wait", epoll, 1, 0) == [(fd, {"EPOLLOUT"})]
    desk.ok("write", fd, 500)
    desk.arrives("ACK")
    assert desk.ok("epoll_wait", epoll, 1, 0) == [], "there was room all the time"
    desk.ok("write", fd, 5000)
    call = desk.waits("epoll_wait", epoll, 1)
    desk.arrives("ACK")
    assert call.value == [(fd, {"EPOLLOUT"})]


def test_the_end_is_an_edge() -> None:
    desk = Desk()
    fd = desk.connected()
    epoll = watching(desk, fd, {"EPOLLIN", "EPOLLRDHUP", "EPOLLET"}, "the peer")
    desk.ok("epoll_wait", epoll, 1, 0)
    desk.arrives("RST")
    events = {"EPOLLIN", "EPOLLRDHUP", "EPOLLERR", "EPOLLHUP"}
    assert desk.ok("epoll_wait", epoll, 1, 0) == [("the peer", events)]


def test_oneshot_is_told_once_until_it_is_armed_again() -> None:
    desk = Desk()
    fd = desk.connected()
    epoll = watching(desk, fd, {"EPOLLIN", "EPOLLONESHOT"})
    desk.arrives("ACK", text=b"ab")
    assert desk.ok("epoll_wait", epoll, 1, 0) == [(fd, {"EPOLLIN"})]
    desk.arrives("RST")
    assert desk.ok("epoll_wait", epoll, 1, 0) == []
    desk.ok("epoll_ctl", epoll, "EPOLL_CTL_MOD", fd, {"EPOLLIN"})
    assert desk.ok("epoll_wait", epoll, 1, 0)[0][0] == fd


def test_no_more_are_told_than_are_asked_for() -> None:
    desk = Desk()
    listener = desk.listening()
    epoll = watching(desk, listener, {"EPOLLIN"})
    for port in (40_001, 40_002):
        desk.shakes_hands(port)
        desk.ok("epoll_ctl", epoll, "EPOLL_CTL_ADD", desk.call("accept", listener).result, {"EPOLLOUT", "EPOLLET"})
    assert [fd for fd, _ in desk.ok("epoll_wait", epoll, 1, 0)] == [5]
    assert [fd for fd, _ in desk.ok("epoll_wait", epoll, 8, 0)] == [6], "the other has kept its edge"


def test_an_epoll_gives_up_after_its_timeout() -> None:
    desk = Desk()
    epoll = watching(desk, desk.connected(), {"EPOLLIN"})
    call = desk.waits("epoll_wait", epoll, 1, 15)
    desk.go(20)
    assert (call.result, call.value, call.ended_at) == (0, [], 15 * MS)


def test_what_is_added_while_somebody_waits_is_told() -> None:
    desk = Desk()
    fd = desk.connected()
    epoll = desk.ok("epoll_create1")
    call = desk.waits("epoll_wait", epoll, 1)
    desk.ok("epoll_ctl", epoll, "EPOLL_CTL_ADD", fd, {"EPOLLOUT"})
    assert call.value == [(fd, {"EPOLLOUT"})]


def test_an_epoll_can_be_polled_and_watched() -> None:
    desk = Desk()
    fd = desk.connected()
    inner = watching(desk, fd, {"EPOLLIN"})
    outer = watching(desk, inner, {"EPOLLIN"})
    call, other = desk.waits("epoll_wait", outer, 1), desk.waits("poll", [(inner, {"POLLIN"})])
    desk.arrives("ACK", text=b"x")
    assert (call.value, other.value) == ([(inner, {"EPOLLIN"})], [(inner, {"POLLIN"})])
    assert desk.fails("epoll_ctl", inner, "EPOLL_CTL_ADD", outer, {"EPOLLIN"}) == "ELOOP"
    assert desk.fails("read", inner, 1) == "EINVAL"


def test_what_is_closed_is_watched_no_longer() -> None:
    desk = Desk()
    fd = desk.connected()
    epoll = watching(desk, fd, {"EPOLLOUT"})
    desk.ok("close", fd)
    assert desk.ok("epoll_wait", epoll, 1, 0) == []
    other = desk.socket()
    watching(desk, other, {"EPOLLIN"})
    assert desk.fails("epoll_ctl", epoll, "EPOLL_CTL_DEL", other) == "ENOENT", "another file by the same number"
    desk.ok("close", epoll)
    assert desk.process.socket(other).waiting == []


def test_an_epoll_that_is_closed_watches_nothing() -> None:
    desk = Desk()
    fd = desk.connected()
    epoll = watching(desk, fd, {"EPOLLIN"})
    desk.ok("close", epoll)
    assert desk.process.socket(fd).watchers == []


def test_what_an_epoll_does_not_do() -> None:
    desk = Desk()
    fd, file = desk.connected(), desk.ok("open", "file")
    epoll = watching(desk, fd, {"EPOLLIN"})
    ctl = "epoll_ctl"
    assert desk.fails(ctl, epoll, "EPOLL_CTL_ADD", fd, {"EPOLLIN"}) == "EEXIST"
    assert desk.fails(ctl, epoll, "EPOLL_CTL_MOD", 99, {"EPOLLIN"}) == "EBADF"
    assert desk.fails(ctl, epoll, "EPOLL_CTL_ADD", epoll, {"EPOLLIN"}) == "EINVAL"
    assert desk.fails(ctl, epoll, "EPOLL_CTL_ADD", file, {"EPOLLIN"}) == "EPERM"
    assert desk.fails(ctl, epoll, "EPOLL_CTL_SUB", fd, {"EPOLLIN"}) == "EINVAL"
    assert desk.fails(ctl, epoll, "EPOLL_CTL_MOD", fd, {"EPOLLNEVER"}) == "EINVAL"
    assert desk.fails(ctl, epoll, "EPOLL_CTL_MOD", fd, {"EPOLLIN"}, fault=True) == "EFAULT"
    assert desk.fails(ctl, fd, "EPOLL_CTL_ADD", fd, {"EPOLLIN"}) == "EINVAL"
    desk.ok(ctl, epoll, "EPOLL_CTL_DEL", fd)
    assert desk.fails(ctl, epoll, "EPOLL_CTL_DEL", fd) == "ENOENT"
    assert desk.fails("epoll_wait", fd, 1, 0) == "EINVAL"
    assert desk.fails("epoll_wait", epoll, 0, 0) == "EINVAL"
    assert desk.fails("epoll_create", 0) == "EINVAL"
