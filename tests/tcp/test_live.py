"""What a sockets interface asks of a live connection: reading what is on hand, holding back, knobs, ends of records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.config import checked
from tcpsim.tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    State,
)
from tcpsim.tcp.options import Options
from tcpsim.tcp.units import HOUR, MS, NEVER, SECOND
from tests.tcp.extended import STAMPS, opened, stamps
from tests.tcp.flow import MSS, WIDE, established, reasons, segments, sent_at, timeline
from tests.tcp.reach import EVERY_STATE, RCV, Line, Reached, drops, fresh, gives, moves, reach, sends, sets, stops

if TYPE_CHECKING:
    Numbers = tuple[int, int]


def takes(it: Reached, limit: int) -> list[Line]:
    return it.lines(it.end.take(it.now, limit))


def pushes(it: Reached) -> list[Line]:
    return it.lines(it.end.push(it.now))


def corks(it: Reached, on: bool = True) -> list[Line]:
    return it.lines(it.end.cork(it.now, on))


def configures(it: Reached, **knobs: Any) -> list[Line]:
    return it.lines(it.end.configure(it.now, checked(it.end.cfg, knobs)))


def records(it: Reached, data: bytes | int) -> list[Line]:
    return it.lines(it.end.send(it.now, data, record=True))


# ------------------------------------------------------------------ reading what is on hand


def test_peeking_leaves_everything_where_it_is(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives(text=b"abcdef")
    key = it.end.key(it.now)
    assert [it.end.peek(4), it.end.peek(100), it.end.peek(2, 3), it.end.peek(1, 6)] == [b"abcd", b"abcdef", b"de", 0]
    assert it.end.key(it.now) == key


def test_peeking_begins_at_what_was_not_read(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives(text=b"abc")
    it.arrives(text=b"def")
    it.receives(4)
    assert it.end.peek(10) == b"ef"


def test_counted_octets_are_counted_when_peeked_at(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives(text=30)
    assert it.end.peek(10) == 10


def test_taking_is_a_receive_that_never_waits(numbers: Numbers) -> None:
    it = established(numbers)
    assert takes(it, 10) == []
    it.arrives(text=b"abcdef")
    assert takes(it, 0) == []
    assert takes(it, 4) == [gives(4, why.RECEIVE_ANSWERED)]
    assert it.texts == [b"abcd"]
    assert takes(it, 4) == [gives(2, why.RECEIVE_ANSWERED)]
    assert it.end.receives == ()


def test_taking_opens_the_window_as_reading_does(numbers: Numbers) -> None:
    it = established(numbers, rcv_buff=100)
    it.arrives(text=100)
    assert it.end.rcv_wnd == 0
    assert takes(it, 100) == [
        gives(100, why.RECEIVE_ANSWERED),
        sends("ACK", 1, 101, wnd=100, why=why.WINDOW_UPDATE),
    ]


def test_after_the_peers_fin_no_window_is_told_of(numbers: Numbers) -> None:
    it = established(numbers, rcv_buff=100)
    it.arrives("FIN,ACK", text=99)
    assert takes(it, 100) == [gives(99, why.RECEIVE_ANSWERED, pushed=True)]


def test_who_waits_already_comes_first(numbers: Numbers) -> None:
    it = established(numbers)
    it.receives(5)
    assert takes(it, 5) == []


def test_what_was_acknowledged_can_be_read_when_the_connection_has_ended(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives(text=b"abc")
    it.arrives(text=b"def")
    it.arrives("RST")
    assert it.state is CLOSED
    assert takes(it, 4) == [gives(4, why.RECEIVE_ANSWERED)]
    assert it.texts == [b"abcd"]
    assert it.end.peek(10) == b"ef"
    takes(it, 10)
    assert it.texts == [b"ef"]
    assert takes(it, 10) == []


def test_counted_octets_are_still_counted_then(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives("FIN,ACK", text=30)
    it.closes()
    it.arrives("ACK")
    assert it.state is CLOSED
    assert takes(it, 20) == [gives(20, why.RECEIVE_ANSWERED, pushed=True)]
    assert it.texts == [None]


# ------------------------------------------------------------------ ends of records


def test_no_segment_goes_across_the_end_of_a_record(numbers: Numbers) -> None:
    it = established(numbers, initial_window=1)
    it.sends(MSS)
    records(it, 30)
    records(it, 40)
    it.sends(50)
    lines = it.arrives(ack=1 + MSS, wnd=WIDE)
    assert segments(lines) == [("PSH,ACK", 1 + MSS, 30), ("PSH,ACK", 31 + MSS, 40)]
    assert reasons(lines) == [why.SEND_RECORD, why.SEND_RECORD]
    assert segments(it.arrives(ack=71 + MSS, wnd=WIDE)) == [("PSH,ACK", 71 + MSS, 50)], "Nagle held the tail"
    assert it.end.snd_marks == ()


def test_a_record_of_many_segments_ends_with_a_short_one(numbers: Numbers) -> None:
    it = established(numbers, nagle=False)
    assert segments(records(it, MSS + 5)) == [("ACK", 1, MSS), ("PSH,ACK", 1 + MSS, 5)]
    assert segments(it.sends(7)) == [("PSH,ACK", 6 + MSS, 7)]


def test_the_last_record_waits_like_other_tails(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(1)
    assert segments(records(it, 5)) == []
    assert segments(records(it, 5)) == [("PSH,ACK", 2, 5)], "now something is behind it"


def test_a_narrow_window_does_not_join_records_either(numbers: Numbers) -> None:
    it = established(numbers, wnd=40, nagle=False)
    it.sends(20)
    records(it, 10)
    lines = it.sends(10)
    assert segments(lines) == [("PSH,ACK", 31, 10)]


def test_retransmissions_do_not_join_records(numbers: Numbers) -> None:
    it = established(numbers, nagle=False, rto_initial="1s")
    records(it, 10)
    records(it, 20)
    it.sends(30)
    assert sent_at(timeline(it, SECOND)) == [(SECOND, ("PSH,ACK", 1, 10))]
    lines = it.arrives(ack=11, wnd=WIDE)
    assert segments(lines) == [("PSH,ACK", 11, 20), ("PSH,ACK", 31, 30)]


def test_an_empty_record_marks_nothing(numbers: Numbers) -> None:
    it = established(numbers)
    records(it, 0)
    assert it.end.snd_marks == ()


# ------------------------------------------------------------------ holding back


def test_a_cork_lets_only_full_segments_go(numbers: Numbers) -> None:
    it = established(numbers, nagle=False)
    corks(it)
    assert segments(it.sends(40)) == []
    assert segments(it.sends(MSS)) == [("ACK", 1, MSS)]
    assert segments(corks(it, False)) == [("PSH,ACK", 1 + MSS, 40)]
    assert reasons(corks(it, False)) == []


def test_a_cork_does_not_hold_for_ever(numbers: Numbers) -> None:
    """tcp(7): 'There is a 200 millisecond ceiling'; here it is that of silly window avoidance."""
    it = established(numbers, sws_override="200ms")
    corks(it)
    it.sends(40)
    assert sent_at(timeline(it, SECOND)) == [(200 * MS, ("PSH,ACK", 1, 40))]


def test_a_fin_pulls_the_cork(numbers: Numbers) -> None:
    it = established(numbers)
    corks(it)
    it.sends(40)
    assert segments(it.closes()) == [("FIN,PSH,ACK", 1, 40)]


def test_pulling_the_cork_is_no_way_around_nagle(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(1)
    corks(it)
    it.sends(40)
    assert segments(corks(it, False)) == []
    assert segments(it.arrives(ack=2, wnd=WIDE)) == [("PSH,ACK", 2, 40)]


def test_a_push_is_for_once(numbers: Numbers) -> None:
    it = established(numbers, nagle=False)
    corks(it)
    it.sends(40)
    lines = pushes(it)
    assert (segments(lines), reasons(lines)) == ([("PSH,ACK", 1, 40)], [why.SEND_ASKED])
    assert segments(it.sends(40)) == [], "the cork is still there"


def test_a_push_sends_what_was_not_pushed_without_a_psh(numbers: Numbers) -> None:
    """MAY-16"""
    it = established(numbers, nagle=False)
    assert segments(it.sends(80, push=False)) == []
    assert segments(pushes(it)) == [("ACK", 1, 80)]


def test_the_cork_stays_when_a_listener_begins_anew(numbers: Numbers) -> None:
    it = reach(LISTEN, numbers)
    corks(it)
    it.arrives("SYN")
    it.arrives("RST")
    assert (it.state, it.end.corked) == (LISTEN, True)


# ------------------------------------------------------------------ knobs


def test_before_anything_has_happened_knobs_are_as_if_given_at_once(numbers: Numbers) -> None:
    it = fresh(numbers)
    assert configures(it, rcv_buff=777) == []
    assert (it.end.rcv_buff, it.end.rcv_wnd) == (777, 777)
    it.opens(active=False)
    configures(it, rcv_buff=888)
    assert it.arrives("SYN")[-2][4] == 888


def test_an_ended_connection_keeps_what_can_be_read(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives(text=b"abc")
    it.aborts()
    configures(it, rcv_buff=777)
    assert it.end.peek(10) == b"abc"


def test_turning_nagle_off_sends_what_waits(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(1)
    it.sends(40)
    assert segments(configures(it, nagle=False)) == [("PSH,ACK", 2, 40)]
    assert configures(it, nagle=True) == []


def test_the_receive_buffer_grows_without_a_word(numbers: Numbers) -> None:
    it = established(numbers)
    assert configures(it, rcv_buff=RCV + 5000) == []
    assert (it.end.rcv_buff, it.end.rcv_wnd) == (RCV + 5000, RCV)
    it.arrives(text=1)
    it.receives()
    assert it.end.rcv_wnd == RCV + 4999


def test_a_smaller_buffer_takes_nothing_back(numbers: Numbers) -> None:
    it = established(numbers)
    configures(it, rcv_buff=100)
    assert it.end.rcv_wnd == RCV
    it.arrives(text=RCV)
    assert it.end.rcv_wnd == 0


def test_keep_alives_can_begin_and_end(numbers: Numbers) -> None:
    it = established(numbers)
    assert configures(it, keepalive=True) == [sets("keep-alive", 2 * HOUR, why.KEEPALIVE_STARTED)]
    configures(it, keepalive_idle="10s")
    assert it.end.keepalive_at == it.now + 10 * SECOND
    assert configures(it, keepalive=False) == [stops("keep-alive", why.KEEPALIVE_STOPPED)]
    assert configures(it, keepalive_idle="11s") == []
    assert it.end.keepalive_at == NEVER
    assert timeline(it, 24 * HOUR) == []


def test_an_unobserved_endpoint_is_as_silent_about_it(numbers: Numbers) -> None:
    it = established(numbers, keepalive=True)
    it.end.observed = False
    assert configures(it, keepalive=False) == []
    assert it.end.keepalive_at == NEVER


@pytest.mark.parametrize("state", [SYN_RECEIVED, TIME_WAIT], ids=str)
def test_there_is_nothing_to_keep_alive_before_and_after(numbers: Numbers, state: State) -> None:
    it = reach(state, numbers)
    configures(it, keepalive=True)
    assert it.end.keepalive_at == NEVER


def test_the_user_timeout_counts_from_the_last_progress(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(1)
    it.waits(SECOND // 2)
    assert configures(it, user_timeout="5s") == [sets("user timeout", 4500 * MS, why.USER_TIMEOUT_STARTED)]
    happened = timeline(it, HOUR)
    assert happened[-1][0] == 4500 * MS
    assert it.state is CLOSED


def test_without_anything_to_deliver_no_user_timeout_runs(numbers: Numbers) -> None:
    it = established(numbers)
    assert configures(it, user_timeout="5s") == []
    assert configures(it, user_timeout=None) == []
    it.sends(1)
    assert it.end.user_at == NEVER


def test_a_user_timeout_set_while_opening_counts_from_the_syn(numbers: Numbers) -> None:
    it = reach(SYN_SENT, numbers)
    it.waits(SECOND // 2)
    configures(it, user_timeout="5s")
    assert timeline(it, HOUR)[-1][0] == 4500 * MS
    assert it.state is CLOSED
    it = reach(SYN_SENT, numbers, user_timeout="5s")
    assert configures(it, rcv_buff=RCV + 1) == []


def test_smaller_segments_from_now_on(numbers: Numbers) -> None:
    it = established(numbers, nagle=False)
    configures(it, send_mss=100)
    assert segments(it.sends(150)) == [("ACK", 1, 100), ("PSH,ACK", 101, 50)]


# ------------------------------------------------------------------ half a CLOSE, and the other half


def test_shutdown_is_a_close_that_goes_on_reading(numbers: Numbers) -> None:
    it = established(numbers, half_duplex_close=True)
    it.arrives(text=b"unread")
    assert segments(it.lines(it.end.shutdown(it.now))) == [("FIN,ACK", 1, 0)]
    assert it.state is FIN_WAIT_1
    it.arrives("ACK")
    assert segments(it.arrives(text=b" and more")) == [("ACK", 2, 0)]
    assert it.end.peek(100) == b"unread and more"


def test_after_abandon_data_is_answered_with_a_reset(numbers: Numbers) -> None:
    """SHLD-3"""
    it = established(numbers, half_duplex_close=True)
    it.end.shutdown(it.now)
    it.arrives("ACK")
    assert it.lines(it.end.abandon(it.now)) == []
    assert segments(it.arrives(text=b"more")) == [("RST", 2, 0)]
    assert it.state is CLOSED


def test_abandon_with_unread_data_is_an_abort(numbers: Numbers) -> None:
    """SHLD-3"""
    it = established(numbers, half_duplex_close=True)
    it.end.shutdown(it.now)
    it.arrives("ACK", text=b"unread")
    assert it.lines(it.end.abandon(it.now))[:2] == [
        ("sends", "RST", 2, 0, 0, 0, 0, why.CLOSE_UNREAD),
        moves(FIN_WAIT_2, CLOSED, why.CLOSE_UNREAD),
    ]


def test_abandon_with_unread_data_may_be_patient(numbers: Numbers) -> None:
    it = established(numbers, half_duplex_close=True, unread_resets=False)
    it.end.shutdown(it.now)
    it.arrives("ACK", text=b"unread")
    assert it.lines(it.end.abandon(it.now)) == []
    assert it.state is FIN_WAIT_2


def test_abandon_without_a_shutdown_is_a_close(numbers: Numbers) -> None:
    it = established(numbers)
    assert segments(it.lines(it.end.abandon(it.now))) == [("FIN,ACK", 1, 0)]
    assert it.state is FIN_WAIT_1
    assert it.end.closed_full is False


@pytest.mark.parametrize("state", EVERY_STATE, ids=str)
def test_shutdown_in_every_state(numbers: Numbers, state: State) -> None:
    it = reach(state, numbers)
    after = {
        LISTEN: CLOSED, SYN_SENT: CLOSED, SYN_RECEIVED: FIN_WAIT_1, ESTABLISHED: FIN_WAIT_1, CLOSE_WAIT: LAST_ACK,
    }  # fmt: skip
    if state in after:
        it.end.shutdown(it.now)
        assert it.state is after[state]
        return
    words = "connection does not exist" if state is CLOSED else "connection closing"
    with pytest.raises(TcpError, match=words):
        it.end.shutdown(it.now)
    assert it.state is state


@pytest.mark.parametrize("state", [LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSING, LAST_ACK, TIME_WAIT], ids=str)
def test_a_dropped_connection_leaves_no_word(numbers: Numbers, state: State) -> None:
    it = reach(state, numbers)
    lines = it.lines(it.end.drop(it.now))
    assert lines[0] == moves(state, CLOSED, why.DROPPED)
    assert segments(lines) == []
    assert it.arrives("ACK")[0] == drops(why.CLOSED_RESET)


def test_what_does_not_exist_can_not_be_dropped(numbers: Numbers) -> None:
    with pytest.raises(TcpError, match="does not exist"):
        fresh(numbers).end.drop(0)


def test_a_fork_has_the_cork_and_the_records(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(1)
    records(it, 5)
    plain, copy = it.end.key(it.now), it.fork()
    assert copy.end.snd_marks == it.end.snd_marks != ()
    corks(copy)
    assert copy.end.key(copy.now) != plain
    assert it.end.corked is False
    it.end.cfg = replace(it.end.cfg, nagle=False)
    assert copy.end.cfg.nagle is True


def test_a_smaller_buffer_says_nothing_of_what_is_read(numbers: Numbers) -> None:
    """The right edge does not move back (SHLD-14): more is offered than there will be room for."""
    it = established(numbers)
    it.arrives("ACK", text=b"x" * 100)
    wnd = it.end.rcv_wnd
    configures(it, rcv_buff=wnd // 2)
    assert it.receives(100)[-1][0] == "gives"
    assert it.end.rcv_wnd == wnd


def test_the_timestamp_clock_never_goes_back(numbers: Numbers) -> None:
    it = opened(numbers, Options(ts=(STAMPS, 0)), timestamps=True, timestamp_offset=0)
    it.waits(10 * SECOND)
    it.sends(b"one")
    assert stamps(it) == [(10_000, STAMPS)]
    configures(it, timestamp_tick="1s")
    it.arrives("ACK", ack=4, wnd=WIDE, options=Options(ts=(STAMPS, 10_000)))
    it.waits(SECOND)
    it.sends(b"three")
    assert stamps(it) == [(10_001, STAMPS)]


def test_a_syn_that_is_sent_again_may_ask_for_more(numbers: Numbers) -> None:
    it = fresh(numbers, timestamp_offset=7)
    it.opens(active=True)
    configures(it, timestamps=True)
    it.waits(SECOND)
    assert stamps(it) == [(1000, 0)]
