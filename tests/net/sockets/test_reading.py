"""read and its like: what there is, the end, errors, flags, limits."""

from __future__ import annotations

import pytest

from tcpsim.net.sockets import Message
from tcpsim.tcp.segment import ctl_name
from tcpsim.tcp.units import MS, SECOND
from tests.net.sockets.desk import Desk


def test_reading_takes_what_there_is() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("ACK", text=b"hello")
    desk.arrives("ACK", text=b" world")
    assert [desk.ok("read", fd, 8), desk.ok("read", fd, 100)] == [b"hello wo", b"rld"]


def test_reading_waits_for_something() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("read", fd, 10)
    desk.go(30)
    desk.arrives("ACK", seq=10, text=b"later")
    assert not call.done
    desk.arrives("ACK", text=b"hello")
    assert (call.result, call.value, call.ended_at) == (5, b"hello", 30 * MS)


def test_counted_octets_are_counted() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("ACK", text=1000)
    assert desk.call("read", fd, 600).value == 600
    desk.arrives("ACK", text=b"abc")
    assert desk.ok("read", fd, 600) == bytes(400) + b"abc", "where they meet real ones they are zeros"


def test_the_end_comes_after_the_data_and_again_and_again() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("FIN,ACK", text=b"last")
    assert [desk.ok("read", fd, 10) for _ in range(3)] == [b"last", b"", b""]
    assert desk.call("read", fd, 10).result == 0


def test_a_read_of_nothing_returns_nothing_at_once() -> None:
    desk = Desk()
    fd = desk.connected()
    assert desk.call("read", fd, 0).result == 0
    assert desk.fails("read", fd, -1) == "EINVAL"


@pytest.mark.parametrize("how", ["socket", "flag"])
def test_non_blocking_reads_do_not_wait(how: str) -> None:
    desk = Desk()
    fd = desk.connected(nonblocking=how == "socket")
    assert desk.fails("recv", fd, 10, frozenset() if how == "socket" else {"MSG_DONTWAIT"}) == "EAGAIN"


def test_while_connecting_there_is_nothing_yet() -> None:
    desk = Desk()
    fd = desk.connecting()
    assert desk.fails("read", fd, 10) == "EAGAIN"
    desk.ok("fcntl", fd, "F_SETFL", set())
    call = desk.waits("read", fd, 10)
    desk.arrives("SYN,ACK")
    desk.arrives("ACK", text=b"now")
    assert call.value == b"now"


def test_a_receive_timeout() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_RCVTIMEO", (1, 500_000))
    call = desk.waits("read", fd, 10)
    desk.go(5000)
    assert (call.errno, call.ended_at) == ("EAGAIN", 1500 * MS)


def test_two_reads_wait_in_line() -> None:
    desk = Desk()
    fd = desk.connected()
    calls = [desk.waits("read", fd, 2), desk.waits("read", fd, 2)]
    desk.arrives("ACK", text=b"abc")
    assert [call.value for call in calls] == [b"ab", b"c"]


# ------------------------------------------------------------------ flags


def test_peeking_leaves_the_octets_there() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("ACK", text=b"hello")
    peeked = [desk.ok("recv", fd, size, {"MSG_PEEK"}) for size in (2, 100)]
    assert peeked == [b"he", b"hello"]
    assert desk.ok("read", fd, 100) == b"hello"


def test_peeking_waits_as_reading_does() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("recv", fd, 4, {"MSG_PEEK", "MSG_WAITALL"})
    desk.arrives("ACK", text=b"he")
    assert not call.done
    desk.arrives("ACK", text=b"llo")
    assert call.value == b"hell"
    assert desk.ok("read", fd, 9) == b"hello"


def test_waitall_waits_for_all_or_the_end() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("recv", fd, 6, {"MSG_WAITALL"})
    desk.arrives("ACK", text=b"abc")
    desk.arrives("ACK", text=b"de")
    assert not call.done
    desk.arrives("FIN,ACK")
    assert call.value == b"abcde"


def test_waitall_returns_what_it_has_before_an_error_and_the_next_call_tells() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.waits("recv", fd, 6, {"MSG_WAITALL"})
    desk.arrives("ACK", text=b"abc")
    desk.arrives("RST")
    assert call.value == b"abc"
    assert desk.fails("read", fd, 6) == "ECONNRESET"


def test_waitall_and_a_timeout() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_RCVTIMEO", (1, 0))
    call = desk.waits("recv", fd, 6, {"MSG_WAITALL"})
    desk.arrives("ACK", text=b"abc")
    desk.go(2000)
    assert (call.value, call.ended_at) == (b"abc", SECOND)


def test_msg_trunc_throws_the_octets_away_but_counts_them() -> None:
    """tcp(7): "received data is discarded, rather than passed back"."""
    desk = Desk()
    fd = desk.connected()
    desk.arrives("ACK", text=b"hello")
    call = desk.call("recv", fd, 3, {"MSG_TRUNC"})
    assert (call.result, call.value) == (3, 3)
    assert desk.ok("read", fd, 10) == b"lo"


def test_a_low_water_mark() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_SOCKET", "SO_RCVLOWAT", 4)
    call = desk.waits("read", fd, 10)
    desk.arrives("ACK", text=b"abc")
    assert not call.done
    assert desk.ok("poll", [(fd, {"POLLIN"})], 0) == []
    desk.arrives("ACK", text=b"d")
    assert call.value == b"abcd"
    other = desk.waits("read", fd, 2)
    desk.arrives("ACK", text=b"ef")
    assert other.value == b"ef", "no more than is asked for"


def test_urgent_data_stays_in_the_stream_and_can_be_asked_for() -> None:
    """RFC 6093 3: in line, as SO_OOBINLINE wants it."""
    desk = Desk()
    fd = desk.connected()
    assert desk.fails("recv", fd, 1, {"MSG_OOB"}) == "EINVAL"
    desk.arrives("URG,ACK", seq=1, text=b"ab", up=3)
    assert desk.ok("poll", [(fd, {"POLLPRI"})], 0) == [(fd, {"POLLPRI"})]
    assert desk.fails("recv", fd, 1, {"MSG_OOB"}) == "EAGAIN", "it is announced, and not there yet"
    desk.arrives("ACK", seq=3, text=b"cd")
    assert desk.call("recv", fd, 1, {"MSG_OOB"}).value == b"c"
    assert desk.ok("read", fd, 10) == b"abc", "a read ends at the urgent pointer"
    assert desk.ok("read", fd, 10) == b"d"


def test_unknown_flags() -> None:
    desk = Desk()
    fd = desk.connected()
    call = desk.call("recv", fd, 1, {"MSG_ERRQUEUE"})
    assert (call.errno, call.not_modelled) == ("EOPNOTSUPP", "MSG_ERRQUEUE")
    assert desk.call("recv", fd, 1, 0x2000).errno == "EOPNOTSUPP"


# ------------------------------------------------------------------ other ways to read


def test_recvmsg_tells_what_is_left() -> None:
    """tcp(7), TCP_INQ; a FIN counts as one octet that is left to read."""
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_INQ", 1)
    desk.arrives("ACK", text=b"hello")
    left = ("SOL_TCP", "TCP_CM_INQ", 3)
    assert desk.ok("recvmsg", fd, 2) == Message(b"he", frozenset(), (left,))
    desk.arrives("FIN,ACK")
    assert desk.ok("recvmsg", fd, 3).control == (("SOL_TCP", "TCP_CM_INQ", 1),)
    desk.ok("setsockopt", fd, "SOL_TCP", "TCP_INQ", 0)
    assert desk.ok("recvmsg", fd, 3) == Message(b"")


def test_readv_fills_several_buffers() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("ACK", text=b"hello")
    assert desk.ok("readv", fd, [1, 2]) == b"hel"


def test_a_bad_buffer_loses_nothing() -> None:
    desk = Desk()
    fd = desk.connected(nonblocking=True)
    assert desk.fails("read", fd, 10, fault=True) == "EAGAIN", "nobody has touched it"
    desk.arrives("ACK", text=b"hello")
    assert [desk.fails(name, fd, 10, fault=True) for name in ("read", "recv", "recvfrom", "recvmsg")] == ["EFAULT"] * 4
    assert desk.ok("read", fd, 10) == b"hello"


def test_siocinq() -> None:
    desk = Desk()
    fd = desk.connected()
    assert desk.ok("ioctl", fd, "SIOCINQ") == 0
    desk.arrives("FIN,ACK", text=b"hello")
    assert [desk.ok("ioctl", fd, name) for name in ("SIOCINQ", "FIONREAD")] == [5, 5]
    assert desk.fails("ioctl", fd, "SIOCINQ", fault=True) == "EFAULT"


# ------------------------------------------------------------------ after the end


def test_what_was_acknowledged_can_be_read_after_a_reset() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("ACK", text=b"hello")
    desk.arrives("RST")
    assert desk.ok("recv", fd, 3, {"MSG_PEEK"}) == b"hel"
    assert desk.ok("read", fd, 10) == b"hello"
    assert desk.fails("read", fd, 10) == "ECONNRESET"
    assert desk.ok("read", fd, 10) == b""


def test_what_was_acknowledged_can_be_read_when_both_sides_are_done() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.arrives("FIN,ACK", text=b"hello")
    desk.ok("shutdown", fd, "SHUT_WR")
    desk.arrives("ACK")
    assert [desk.ok("read", fd, 10), desk.ok("read", fd, 10)] == [b"hello", b""]


@pytest.mark.parametrize(("style", "errno"), [("linux", "EPIPE"), ("freebsd", "ECONNRESET"), ("rfc9293", "ECONNRESET")])
def test_a_reset_in_close_wait(style: str, errno: str) -> None:
    desk = Desk(style=style)
    fd = desk.connected()
    desk.arrives("FIN,ACK")
    desk.arrives("RST")
    assert desk.option(fd, "SO_ERROR") == errno


@pytest.mark.parametrize("style", ["linux", "freebsd", "rfc9293"])
@pytest.mark.parametrize(
    ("fins", "errno"), [(("ours",), "ECONNRESET"), (("ours", "theirs"), "ECONNRESET"), (("ours", "acked", "theirs"), 0)]
)
def test_a_reset_while_closing(style: str, fins: tuple[str, ...], errno: object) -> None:
    """An error while our FIN is not acknowledged; none in TIME-WAIT, where nobody waits for anything."""
    desk = Desk(style=style)
    fd = desk.connected()
    for fin in fins:
        if fin == "ours":
            desk.ok("shutdown", fd, "SHUT_WR")
        else:
            desk.arrives("ACK" if fin == "acked" else "FIN,ACK", ack=2 if "acked" in fins else 1)
    desk.arrives("RST")
    assert desk.option(fd, "SO_ERROR") == errno


# ------------------------------------------------------------------ reading ahead


def test_who_reads_ahead_has_text_before_it_is_acknowledged() -> None:
    acknowledged = []
    for style in ("ahead", "rfc9293"):
        desk = Desk(style=style, rcv_buff=2000, mss=500)
        fd = desk.connected()
        for _ in range(3):
            desk.arrives("ACK", text=500)
        acknowledged.append([packet.segment.wnd for packet in desk.caught[-3:]])
        assert [desk.ok("ioctl", fd, "FIONREAD"), desk.ok("read", fd, 600)] == [1500, 600]
        desk.arrives("FIN,ACK")
        assert [desk.ok("read", fd, 1000), desk.ok("read", fd, 1000)] == [900, b""]
    assert acknowledged == [[1500, 2000, 1500], [1500, 1000, 500]]


def test_who_reads_ahead_may_peek_wait_and_be_accepted_later() -> None:
    desk = Desk(style="ahead")
    fd = desk.listening()
    desk.shakes_hands()
    desk.arrives("ACK", text=b"hello")
    child = desk.call("accept", fd).result
    assert [desk.ok("recv", child, 3, {"MSG_PEEK"}), desk.ok("read", child, 4)] == [b"hel", b"hell"]
    assert desk.ok("read", child, 4) == b"o"
    call = desk.waits("read", child, 10)
    desk.arrives("ACK", text=b" world")
    assert call.value == b" world"


def test_a_close_by_who_has_read_ahead_is_no_reset() -> None:
    for style, sent in (("ahead", "FIN,ACK"), ("rfc9293", "RST")):
        desk = Desk(style=style, half_duplex_close=True)
        fd = desk.connected()
        desk.arrives("ACK", text=b"unread")
        desk.ok("close", fd)
        assert ctl_name(desk.caught[-1].segment.ctl) == sent
