"""What kernels do otherwise than RFC 9293's own words: each knob off and on, by the segments it changes."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    State,
)
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment
from tcpsim.tcp.units import MINUTE, MS, SECOND
from tests.tcp.flow import MSS, established, reasons, segments, sent_at, timeline
from tests.tcp.reach import NUMBERS, RCV, Reached, drops, fresh, moves, reach, sends, stops, tells


@pytest.fixture(params=NUMBERS, ids=["small", "2^31", "2^32", "zero"])
def numbers(request: pytest.FixtureRequest) -> tuple[int, int]:
    pair: tuple[int, int] = request.param
    return pair


# ------------------------------------------------------------------ RFC 5961, piece by piece


def test_each_challenge_has_its_own_knob(numbers: tuple[int, int]) -> None:
    it = reach(ESTABLISHED, numbers, challenge_rst=False)
    assert it.arrives("SYN")[0] == drops(why.SYN_CHALLENGED)
    it.arrives("RST", seq=5)
    assert it.state is CLOSED
    it = reach(ESTABLISHED, numbers, challenge_syn=False)
    assert it.arrives("RST", seq=5)[0] == drops(why.RST_CHALLENGED)
    assert segments(it.arrives("SYN", seq=5)) == [("RST,ACK", 1, 0)]
    assert it.state is CLOSED


# ------------------------------------------------------------------ RSTs with an ACK


@pytest.mark.parametrize("state", [SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT])
def test_an_abort_may_bear_the_ack_bit(numbers: tuple[int, int], state: State) -> None:
    bare = reach(state, numbers)
    nxt, expected = bare.ours("snd_nxt"), bare.theirs("rcv_nxt")
    assert bare.aborts()[0] == sends("RST", nxt, 0, wnd=0, why=why.ABORT_RESET)
    it = reach(state, numbers, reset_with_ack=True)
    assert it.aborts()[0] == sends("RST,ACK", nxt, expected, wnd=0, why=why.ABORT_RESET)


def test_so_does_the_rst_of_linger(numbers: tuple[int, int]) -> None:
    it = reach(ESTABLISHED, numbers, reset_with_ack=True, linger="1s")
    it.sends(10)
    it.closes()
    assert ("RST,ACK", 12, 0) in segments(it.waits(2 * SECOND))


# ------------------------------------------------------------------ SYN and FIN in one segment


def test_syn_fin_is_a_syn_by_the_rfc(numbers: tuple[int, int]) -> None:
    it = reach(LISTEN, numbers)
    assert segments(it.arrives("SYN,FIN", text=b"abc")) == [("SYN,ACK", 0, 0)]


@pytest.mark.parametrize("state", [LISTEN, SYN_SENT, ESTABLISHED, TIME_WAIT])
@pytest.mark.parametrize("where", ["listen", "always"])
def test_syn_fin_may_be_dropped(numbers: tuple[int, int], where: str, state: State) -> None:
    it = reach(state, numbers, drop_syn_fin=where)
    lines = it.arrives("SYN,FIN")
    if where == "always" or state is LISTEN:
        assert lines == [drops(why.SYN_FIN_DROPPED)]
        assert it.state is state
    else:
        assert segments(lines)


def test_a_listener_may_take_the_syn_alone(numbers: tuple[int, int]) -> None:
    for keeps, expected in ((True, 6), (False, 1)):
        it = reach(LISTEN, numbers, reading=True, listen_keeps_text=keeps)
        assert segments(it.arrives("SYN,FIN", text=b"abcd")) == [("SYN,ACK", 0, 0)]
        it.arrives("ACK", seq=1, ack=1)
        assert it.theirs("rcv_nxt") == expected


# ------------------------------------------------------------------ TIME-WAIT


def time_wait(numbers: tuple[int, int]) -> Reached:
    it = reach(TIME_WAIT, numbers, time_wait_answers="unexpected", challenge_syn=False)
    it.waits(SECOND)
    return it


@pytest.mark.parametrize("ctl", ["RST", "RST,ACK"])
@pytest.mark.parametrize("seq", [1, 2, 2 + RCV - 1, 2 + RCV])
def test_time_wait_ignores_every_rst(numbers: tuple[int, int], ctl: str, seq: int) -> None:
    it = time_wait(numbers)
    assert it.arrives(ctl, seq=seq) == [drops(why.RST_IGNORED_TIME_WAIT)]
    assert it.state is TIME_WAIT


@pytest.mark.parametrize("ctl", ["none", "FIN", "SYN", "SYN,FIN"])
def test_time_wait_ignores_what_has_no_ack(numbers: tuple[int, int], ctl: str) -> None:
    assert time_wait(numbers).arrives(ctl) == [drops(why.NO_ACK)]


def test_time_wait_does_not_answer_the_ack_it_expects(numbers: tuple[int, int]) -> None:
    it = time_wait(numbers)
    assert it.arrives("ACK") == [drops(why.TIME_WAIT_EXPECTED)]
    unexpected: tuple[dict[str, Any], ...] = (
        {"seq": 1}, {"seq": 3}, {"ack": 1}, {"text": b"x"}, {"ctl": "SYN,ACK"}, {"ctl": "PSH,ACK"},
    )  # fmt: skip
    for fields in unexpected:
        lines = it.arrives(**{"ctl": "ACK", **fields})
        assert lines == [drops(why.TIME_WAIT_UNEXPECTED), sends("ACK", 2, 2, why=why.TIME_WAIT_UNEXPECTED)]


def test_time_wait_begins_anew_with_the_fin_alone(numbers: tuple[int, int]) -> None:
    it = time_wait(numbers)
    left = it.end.time_wait_at - it.now
    assert left == 4 * MINUTE - SECOND
    it.arrives("FIN,ACK", seq=9)
    assert it.end.time_wait_at - it.now == left
    assert segments(it.arrives("FIN,ACK", seq=1)) == [("ACK", 2, 0)]
    assert it.end.time_wait_at - it.now == 4 * MINUTE


# ------------------------------------------------------------------ our FIN with every ACK


@pytest.mark.parametrize("state", [FIN_WAIT_1, CLOSING, LAST_ACK])
def test_an_ack_may_carry_our_fin_again(numbers: tuple[int, int], state: State) -> None:
    it = reach(state, numbers, ack_repeats_fin=True)
    expected = it.theirs("rcv_nxt")
    assert it.arrives("ACK", seq=-5, ack=1) == [
        drops(why.OLD_ACK_COUNTS),
        sends("FIN,ACK", 1, expected, why=why.OLD_ACK_COUNTS),
    ]
    assert segments(it.arrives("SYN")) == [("ACK", 2, 0)], "a challenge ACK is bare"
    assert it.ours("snd_nxt") == 2


def test_crossing_fins_are_acknowledged_with_the_fin_again(numbers: tuple[int, int]) -> None:
    it = reach(FIN_WAIT_1, numbers, ack_repeats_fin=True, delayed_ack="40ms")
    it.arrives("ACK", ack=1, text=b"x")
    lines = it.arrives("FIN,ACK", ack=1)
    assert it.state is CLOSING
    assert segments(lines) == [("FIN,ACK", 1, 0)]
    assert stops("delayed ack", why.ACK_PIGGYBACKED) in lines
    it = reach(FIN_WAIT_1, numbers, ack_repeats_fin=True)
    assert segments(it.arrives("FIN,ACK")) == [("ACK", 2, 0)], "ours is acknowledged"


# ------------------------------------------------------------------ the receive buffer


def test_the_buffer_may_be_rounded_to_segments(numbers: tuple[int, int]) -> None:
    for rcv_buff, becomes in ((65_536, 65_700), (1460, 1460), (1000, 1000), (65_700, 65_700)):
        it = fresh(numbers, rcv_buff=rcv_buff, round_rcv_buff=True, accept_whole_buffer=True, mss=1460, mtu=1500)
        it.opens(active=True)
        it.arrives("SYN,ACK", options=Options(mss=1460))
        assert (it.end.rcv_buff, it.end.rcv_wnd) == (becomes, becomes)
        said = it.actions[-1] if isinstance(it.actions[-1], Segment) else None
        assert said is None or said.wnd == min(becomes, 0xFFFF)


def test_what_the_field_cannot_say_may_be_accepted(numbers: tuple[int, int]) -> None:
    for whole, last in ((False, 65_535), (True, 70_000)):
        it = reach(ESTABLISHED, numbers, rcv_buff=70_000, accept_whole_buffer=whole)
        assert it.arrives("ACK", seq=1 + last)[0] == drops(why.UNACCEPTABLE)
        assert it.arrives("ACK", seq=last) == []


def test_a_passive_syn_received_has_the_window_of_its_syn_ack(numbers: tuple[int, int]) -> None:
    it = reach(SYN_RECEIVED, numbers, rcv_buff=70_000, accept_whole_buffer=True)
    assert it.end.rcv_wnd == 65_535
    it.arrives("ACK")
    assert it.end.rcv_wnd == 70_000


# ------------------------------------------------------------------ telling of what was read


def read_some(numbers: tuple[int, int], rule: str, *, filled: int, read: int) -> Reached:
    it = established(numbers, window_update=rule, rcv_buff=10_000)
    while filled:
        size = min(filled, MSS)
        it.arrives("ACK", text=size)
        filled -= size
    it.receives(read)
    return it


@pytest.mark.parametrize(
    ("rule", "filled", "read", "told"),
    [
        ("clark", 5000, 500, None),
        ("clark", 5000, 600, 5600),
        ("bsd", 5000, 600, None),
        ("bsd", 5000, 2499, None),
        ("bsd", 5000, 2500, 7500),
        ("bsd", 5000, 5000, 10_000),
        ("bsd", 9900, 1100, 1200),
        ("doubling", 5000, 4999, None),
        ("doubling", 5000, 5000, 10_000),
        ("doubling", 8000, 2000, 4000),
    ],
)
def test_when_reading_is_told(numbers: tuple[int, int], rule: str, filled: int, read: int, told: int | None) -> None:
    it = read_some(numbers, rule, filled=filled, read=read)
    windows = [action.wnd for action in it.actions if isinstance(action, Segment)]
    assert windows == ([] if told is None else [told])
    assert reasons(it.lines(it.actions)) == [why.WINDOW_UPDATE] * len(windows)


def test_a_small_buffer_is_told_of_by_two_segments(numbers: tuple[int, int]) -> None:
    it = established(numbers, window_update="bsd", rcv_buff=8 * MSS)
    it.arrives("ACK", text=4 * MSS)
    assert it.receives(2 * MSS - 1)[-1][0] == "gives"
    it.arrives("ACK", text=MSS)
    assert segments(it.receives(3 * MSS)) == [("ACK", 1, 0)]


@pytest.mark.parametrize("rule", ["bsd", "doubling"])
def test_what_was_not_worth_an_ack_is_said_with_the_next_segment(numbers: tuple[int, int], rule: str) -> None:
    it = read_some(numbers, rule, filled=5000, read=600)
    assert it.arrives("FIN,ACK")[-1] == sends("ACK", 1, 5002, wnd=5600, why=why.FIN_TAKEN)
    it = read_some(numbers, rule, filled=5000, read=600)
    assert it.sends(7)[0] == sends("PSH,ACK", 1, 5001, wnd=5600, length=7, why=why.SEND_PUSHED)
    it = read_some(numbers, "clark", filled=5000, read=500)
    assert it.sends(7)[0] == sends("PSH,ACK", 1, 5001, wnd=5000, length=7, why=why.SEND_PUSHED)


# ------------------------------------------------------------------ pushing


def test_bursts_may_be_pushed(numbers: tuple[int, int]) -> None:
    for every, pushed in ((None, [5]), (1, [0, 1, 2, 3, 4, 5]), (2, [1, 3, 5]), (4, [3, 5])):
        it = established(numbers, push_every=every, initial_window=6)
        sent = segments(it.sends(6 * MSS))
        assert [number for number, (ctl, _, _) in enumerate(sent) if ctl == "PSH,ACK"] == pushed
        assert len(sent) == 6
    it = established(numbers, push_every=2, initial_window=2)
    assert [ctl for ctl, _, _ in segments(it.sends(9 * MSS))] == ["ACK", "PSH,ACK"]
    sent = segments(it.arrives("ACK", ack=1 + MSS, wnd=60_000))
    assert [ctl for ctl, _, _ in sent] == ["ACK", "PSH,ACK"]


# ------------------------------------------------------------------ acknowledging


def test_the_first_segments_may_be_acknowledged_at_once(numbers: tuple[int, int]) -> None:
    it = established(numbers, delayed_ack="40ms", quick_acks=2)
    assert [reasons(it.arrives("ACK", text=b"x")) for _ in range(4)] == [
        [why.ACK_QUICKLY],
        [why.ACK_QUICKLY],
        [],
        [why.ACK_EVERY_SECOND],
    ]


# ------------------------------------------------------------------ SYNs that nobody answers


def test_the_slop_is_added_to_every_rto_but_the_first(numbers: tuple[int, int]) -> None:
    it = fresh(numbers, rto_slop="200ms")
    it.opens(active=True)
    assert [at for at, _ in sent_at(timeline(it, 16 * SECOND))] == [1000 * MS, 3200 * MS, 7400 * MS, 15_600 * MS]


def test_the_slop_is_added_to_what_is_measured(numbers: tuple[int, int]) -> None:
    it = fresh(numbers, rto_slop="200ms", rto_min="30ms")
    it.opens(active=True)
    it.waits(100 * MS)
    it.arrives("SYN,ACK")
    assert it.end.rto == 500 * MS, "SRTT 100 ms, RTTVAR 50 ms"
    it.sends(1)
    assert [at for at, _ in sent_at(timeline(it, 2 * SECOND))] == [500 * MS, 1300 * MS]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_syns_are_retried_so_often(numbers: tuple[int, int], retries: int) -> None:
    it = fresh(numbers, syn_retries=retries)
    it.opens(active=True)
    happened = timeline(it, MINUTE)
    assert [at for at, _ in sent_at(happened)] == [1 * SECOND, 3 * SECOND, 7 * SECOND][:retries]
    assert happened[-1] == ((2 ** (retries + 1) - 1) * SECOND, tells("connection timed out", why.SYN_RETRIES_USED))


def test_the_first_syns_may_follow_at_a_steady_pace(numbers: tuple[int, int]) -> None:
    it = fresh(numbers, syn_linear_timeouts=2)
    it.opens(active=True)
    assert [at // SECOND for at, _ in sent_at(timeline(it, 20 * SECOND))] == [1, 2, 3, 5, 9, 17]
    it = reach(SYN_RECEIVED, numbers, syn_linear_timeouts=2)
    assert [at // SECOND for at, _ in sent_at(timeline(it, 8 * SECOND))] == [1, 3, 7], "those of a SYN,ACK double"


def test_an_old_ack_may_count(numbers: tuple[int, int]) -> None:
    for counts, una in ((False, 1), (True, 4)):
        it = established(numbers, old_acks_count=counts)
        it.sends(5)
        it.arrives("ACK", text=b"abc", ack=1)
        lines = it.arrives("ACK", seq=1, text=b"abc", ack=4)
        assert lines[0] == drops(why.OLD_ACK_COUNTS if counts else why.UNACCEPTABLE)
        assert segments(lines) == [("ACK", 6, 0)]
        assert it.ours("snd_una") == una


def test_connecting_may_have_its_own_timeout(numbers: tuple[int, int]) -> None:
    it = fresh(numbers, connect_timeout="5s", user_timeout="10s")
    it.opens(active=True)
    happened = timeline(it, MINUTE)
    assert happened[-1] == (
        5 * SECOND,
        tells("connection aborted due to user timeout", why.USER_TIMEOUT_EXPIRED),
    )
    it = reach(ESTABLISHED, numbers, connect_timeout="5s", user_timeout="10s")
    it.sends(1)
    assert it.end.user_at - it.now == 10 * SECOND
    it = fresh(numbers, connect_timeout="5s")
    it.opens(active=True)
    it.sends(1)
    it.arrives("SYN,ACK")
    assert sent_at(timeline(it, 30 * SECOND))[-1][0] > 5 * SECOND, "once connected, nothing bounds it"


def test_a_syn_that_stays_lost_may_drop_its_options(numbers: tuple[int, int]) -> None:
    it = fresh(numbers, drop_options_after=2, window_scale=3, mss=1000)
    it.opens(active=True)
    sent = [action.options for action in it.actions if isinstance(action, Segment)]
    for _ in range(4):
        it.waits(it.end.rexmit_at - it.now)
        sent += [action.options for action in it.actions if isinstance(action, Segment)]
    assert [(one.mss, one.wscale) for one in sent if one] == [(1000, 3)] * 2 + [(1000, None)] * 3


# ------------------------------------------------------------------ CLOSE with data that nobody read


def test_unread_data_may_be_forgiven(numbers: tuple[int, int]) -> None:
    it = reach(ESTABLISHED, numbers, half_duplex_close=True, unread_resets=False)
    it.arrives("ACK", text=b"unread")
    assert segments(it.closes()) == [("FIN,ACK", 1, 0)]
    assert it.arrives("ACK", text=b"late", ack=1)[:2] == [
        drops(why.TEXT_AFTER_CLOSE),
        sends("RST", 2, 0, wnd=0, why=why.TEXT_AFTER_CLOSE),
    ]
    assert moves(FIN_WAIT_1, CLOSED, why.TEXT_AFTER_CLOSE) in it.lines(it.actions)
