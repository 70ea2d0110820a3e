"""write and its like: room, waiting for it, what is held back, records; and what poll says of room."""

from __future__ import annotations

import pytest

from tcpsim.tcp.units import MS, SECOND
from tests.net.sockets.desk import MINE, PEER, Desk

MSS = 536


def test_what_is_written_is_sent() -> None:
    desk = Desk()
    fd = desk.connected()
    assert desk.ok("write", fd, b"hello") == 5
    assert desk.sent() == [("PSH,ACK", 1, 1, 5)]
    assert desk.ok("write", fd, b"") == 0
    assert desk.ok("write", fd, 0) == 0
    assert desk.fails("write", fd, -1) == "EINVAL"
    assert desk.sent() == []


def test_writing_waits_for_room() -> None:
    desk = Desk(snd_buff=1000, nagle=False)
    fd = desk.connected()
    call = desk.waits("write", fd, bytes(2500))
    assert [short[3] for short in desk.sent()] == [MSS, 1000 - MSS]
    desk.go(10)
    desk.arrives("ACK")
    desk.arrives("ACK")
    assert [short[3] for short in desk.sent()] == [MSS, 1000 - MSS, 500]
    assert (call.result, call.ended_at) == (2500, 10 * MS)


def test_a_non_blocking_write_takes_what_there_is_room_for() -> None:
    desk = Desk(snd_buff=1000)
    fd = desk.connected(nonblocking=True)
    assert desk.ok("write", fd, 2500) == 1000
    assert desk.fails("write", fd, 1) == "EAGAIN"
    assert desk.fails("send", fd, 1, {"MSG_DONTWAIT"}) == "EAGAIN"
    assert desk.ok("ioctl", fd, "SIOCOUTQ") == 1000
    assert desk.ok("ioctl", fd, "FIONSPACE") == 0


def test_a_send_timeout_leaves_what_was_queued() -> None:
    desk = Desk(snd_buff=1000)
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_SNDTIMEO", (1, 0))
    call = desk.waits("write", fd, 2500)
    empty = desk.waits("write", fd, 1)
    desk.go(2000)
    assert (call.result, call.ended_at, empty.errno) == (1000, SECOND, "EAGAIN")


def test_a_write_is_cut_short_by_a_reset() -> None:
    desk = Desk(snd_buff=1000)
    fd = desk.connected()
    call = desk.waits("write", fd, 2500)
    desk.arrives("RST")
    assert call.result == 1000
    assert desk.fails("write", fd, 1) == "ECONNRESET"
    assert desk.fails("write", fd, 1) == "EPIPE"


def test_on_freebsd_the_pipe_is_broken_first() -> None:
    desk = Desk(style="freebsd")
    fd = desk.connected()
    desk.arrives("RST")
    assert desk.fails("write", fd, 1) == "EPIPE"
    assert desk.option(fd, "SO_ERROR") == "ECONNRESET"


def test_freebsd_waits_for_room_worth_its_while() -> None:
    """SO_SNDLOWAT, 2048."""
    desk = Desk(style="freebsd", snd_buff=5000)
    fd = desk.connected(nonblocking=True)
    assert desk.option(fd, "SO_SNDLOWAT") == 2048
    desk.ok("write", fd, 4000)
    assert desk.fails("write", fd, 3000) == "EAGAIN"
    assert desk.ok("write", fd, 1000) == 1000, "a small one fits"
    desk.arrives("ACK", ack=1 + 4 * MSS)
    assert desk.ok("write", fd, 3000) == 10 * MSS - 5000 + 4 * MSS, "the buffer holds ten segments"


@pytest.mark.parametrize(
    ("style", "unconnected", "connecting"),
    [("linux", "EPIPE", "EAGAIN"), ("freebsd", "ENOTCONN", "ENOTCONN"), ("rfc9293", "ENOTCONN", "EAGAIN")],
)
def test_writing_before_there_is_a_connection(style: str, unconnected: str, connecting: str) -> None:
    desk = Desk(style=style)
    fd = desk.socket(nonblocking=True)
    assert desk.fails("write", fd, 1) == unconnected
    desk.ok("bind", fd, MINE)
    desk.call("connect", fd, PEER)
    assert desk.fails("write", fd, 1) == connecting
    if connecting == "EAGAIN":
        desk.ok("fcntl", fd, "F_SETFL", set())
        call = desk.waits("write", fd, b"early")
        desk.arrives("SYN,ACK")
        assert call.result == 5
        assert desk.sent()[-1] == ("PSH,ACK", 1, 1, 5)


def test_a_bad_pointer() -> None:
    desk = Desk()
    fd = desk.connected()
    assert [desk.fails(name, fd, 1000, fault=True) for name in ("write", "send", "sendto")] == ["EFAULT"] * 3
    assert [desk.fails(name, fd, [1000], fault=True) for name in ("writev", "sendmsg")] == ["EFAULT"] * 2
    assert desk.sent() == []
    assert desk.ok("write", fd, 0, fault=True) == 0, "nothing is read there"


def test_other_ways_to_write() -> None:
    desk = Desk(nagle=False)
    fd = desk.connected()
    assert desk.ok("writev", fd, [b"ab", b"cd"]) == 4
    assert desk.ok("sendmsg", fd, [3, 4]) == 7
    assert desk.ok("sendmsg", fd, [b"x", 2]) == 3
    assert desk.ok("sendto", fd, b"xyz") == 3
    source = desk.ok("open", "/tmp/anything")
    assert desk.ok("sendfile", fd, source, 0, 300) == 300
    assert [short[3] for short in desk.sent()] == [4, 7, 3, 3, 300]
    assert desk.fails("sendfile", fd, fd, 0, 300) == "EINVAL"
    assert desk.fails("sendfile", fd, source, -1, 300) == "EINVAL"
    assert desk.fails("write", source, b"x") == "EBADF"


@pytest.mark.parametrize(("style", "errno"), [("linux", None), ("freebsd", "EISCONN"), ("rfc9293", "EISCONN")])
def test_a_stream_goes_to_its_peer(style: str, errno: str | None) -> None:
    desk = Desk(style=style)
    fd = desk.connected()
    assert desk.call("sendto", fd, b"x", 0, PEER).errno == errno


def test_flags_that_are_not_modelled() -> None:
    desk = Desk()
    call = desk.call("send", desk.connected(), b"x", {"MSG_ZEROCOPY"})
    assert (call.errno, call.not_modelled) == ("EOPNOTSUPP", "MSG_ZEROCOPY")


# ------------------------------------------------------------------ holding back


def test_a_cork_holds_back_and_nodelay_pulls_it_for_once() -> None:
    """tcp(7): TCP_NODELAY "forces an explicit flush of pending output, even if TCP_CORK is currently set"."""
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_CORK", 1)
    desk.ok("write", fd, 40)
    desk.ok("write", fd, 40)
    assert desk.sent() == []
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_CORK", 0)
    assert desk.sent() == [("PSH,ACK", 1, 1, 80)]
    desk.arrives("ACK")
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_CORK", 1)
    desk.ok("write", fd, 40)
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_NODELAY", 1)
    assert desk.sent() == [("PSH,ACK", 81, 1, 40)]
    desk.arrives("ACK")
    desk.ok("write", fd, 40)
    assert desk.sent() == []
    assert desk.option(fd, "TCP_CORK", "SOL_TCP") == 1


def test_msg_more_says_that_more_is_to_come() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("send", fd, 40, {"MSG_MORE"})
    assert desk.sent() == []
    desk.ok("send", fd, 40)
    assert desk.sent() == [("PSH,ACK", 1, 1, 80)]
    desk.arrives("ACK")
    desk.ok("send", fd, 40, {"MSG_MORE"})
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_NODELAY", 1)
    assert desk.sent() == [("ACK", 81, 1, 40)], "without a PSH: nobody has pushed it"


def test_a_cork_set_before_there_is_a_connection() -> None:
    desk = Desk()
    fd = desk.socket(nonblocking=True)
    desk.ok("bind", fd, MINE)
    desk.ok("setsockopt", fd, "IPPROTO_TCP", "TCP_NOPUSH", 1)
    desk.call("connect", fd, PEER)
    desk.arrives("SYN,ACK")
    desk.sent()
    desk.ok("write", fd, 40)
    assert desk.sent() == []


def test_the_end_of_a_record_is_the_end_of_a_segment() -> None:
    desk = Desk(nagle=False, initial_window=1)
    fd = desk.connected()
    desk.ok("write", fd, MSS)
    desk.ok("send", fd, 20, {"MSG_EOR"})
    desk.ok("write", fd, 30)
    desk.sent()
    desk.arrives("ACK", ack=1 + MSS)
    assert [short[3] for short in desk.sent()] == [20, 30]


def test_urgent_data() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("send", fd, b"abc", {"MSG_OOB"})
    assert (desk.caught[0].segment.up, desk.sent()) == (3, [("PSH,ACK,URG", 1, 1, 3)])


# ------------------------------------------------------------------ Linux writes in chunks


def test_linux_asks_for_room_before_each_chunk_only() -> None:
    """A chunk is half the largest window of the peer, in whole segments; the last is filled whatever the mark says."""
    desk = Desk("linux", initial_window=10)
    fd = desk.connected(nonblocking=True)
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_NOTSENT_LOWAT", 4000)
    mss = desk.option(fd, "TCP_MAXSEG", "SOL_TCP")
    chunk = 60_000 // 2 // mss * mss
    assert desk.ok("write", fd, 59_000) == 10 * mss + chunk
    assert desk.fails("write", fd, 1) == "EAGAIN"
    assert desk.ok("ioctl", fd, "SIOCOUTQNSD") == chunk


def test_a_record_begins_a_new_chunk() -> None:
    desk = Desk("linux", initial_window=1)
    fd = desk.connected(nonblocking=True)
    desk.ok("write", fd, 2000)
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_NOTSENT_LOWAT", 500)
    assert desk.ok("send", fd, 10, {"MSG_EOR"}) == 10, "it joins what waits"
    assert desk.fails("send", fd, 10) == "EAGAIN"


def test_notsent_lowat_is_what_poll_waits_for() -> None:
    """tcp(7): writable once what was not sent is less than half the mark."""
    desk = Desk(initial_window=2, nagle=False, congestion="none")
    fd = desk.connected(nonblocking=True)
    desk.arrives("ACK", wnd=4000)
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_NOTSENT_LOWAT", 2000)
    assert desk.option(fd, "TCP_NOTSENT_LOWAT", "SOL_TCP") == 2000
    desk.ok("write", fd, 6000)
    call = desk.waits("poll", [(fd, {"POLLOUT"})], 1000)
    desk.arrives("ACK", ack=1 + MSS, wnd=4000)
    assert desk.ok("ioctl", fd, "SIOCOUTQNSD") >= 1000
    assert not call.done
    desk.arrives("ACK", ack=1 + 3 * MSS, wnd=4000)
    assert call.value == [(fd, {"POLLOUT"})]
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_NOTSENT_LOWAT", 0)
    assert desk.option(fd, "TCP_NOTSENT_LOWAT", "SOL_TCP") == 0xFFFF_FFFF


def test_linux_is_writable_while_a_third_is_free() -> None:
    desk = Desk("linux", snd_buff=9000, initial_window=1)
    fd = desk.connected(nonblocking=True)
    desk.ok("write", fd, 6000)
    assert desk.ok("poll", [(fd, {"POLLOUT"})], 0) == [(fd, {"POLLOUT"})]
    desk.ok("write", fd, 1)
    assert desk.ok("poll", [(fd, {"POLLOUT"})], 0) == []
    assert desk.ok("write", fd, 1) == 1, "and yet it takes something"
