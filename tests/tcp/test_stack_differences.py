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
from tcpsim.tcp.segment import RST, Segment
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
        sends("RST", 1, 0, wnd=0, why=why.TEXT_AFTER_CLOSE),
    ]
    assert moves(FIN_WAIT_1, CLOSED, why.TEXT_AFTER_CLOSE) in it.lines(it.actions)


# ------------------------------------------------------------------ Nagle, the probe of a zero window, the override


def test_minshall_holds_a_small_segment_only_behind_a_small_one(numbers: tuple[int, int]) -> None:
    """draft-minshall-nagle-01: what follows full segments goes, a second small one waits."""
    it = established(numbers)
    assert segments(it.sends(2 * MSS + 9)) == [("ACK", 1, MSS), ("ACK", 1 + MSS, MSS)]
    it = established(numbers, nagle_minshall=True)
    assert segments(it.sends(2 * MSS + 9)) == [
        ("ACK", 1, MSS), ("ACK", 1 + MSS, MSS), ("PSH,ACK", 1 + 2 * MSS, 9),
    ]  # fmt: skip
    assert segments(it.sends(7)) == []
    assert segments(it.arrives("ACK", ack=1 + 2 * MSS, wnd=60_000)) == []
    assert segments(it.arrives("ACK", ack=10 + 2 * MSS, wnd=60_000)) == [("PSH,ACK", 10 + 2 * MSS, 7)]


@pytest.mark.parametrize(("probe", "number", "octets"), [("octet", 1, 1), ("empty", 0, 0)])
def test_what_probes_a_zero_window(numbers: tuple[int, int], probe: str, number: int, octets: int) -> None:
    it = established(numbers, wnd=0, window_probe=probe)
    it.sends(10)
    assert sent_at(timeline(it, 4 * SECOND)) == [
        (SECOND, ("ACK", number, octets)),
        (3 * SECOND, ("ACK", number, octets)),
    ]
    assert segments(it.arrives("ACK", ack=1, wnd=100)) == [("PSH,ACK", 1, 10)]


@pytest.mark.parametrize(("probe", "octets"), [("octet", 1), ("empty", 10)])
def test_what_is_unacknowledged_probes_a_zero_window(numbers: tuple[int, int], probe: str, octets: int) -> None:
    it = established(numbers, window_probe=probe)
    it.sends(10)
    it.arrives("ACK", ack=1, wnd=0)
    assert [each for _, each in sent_at(timeline(it, SECOND))] == [("PSH,ACK" if octets > 1 else "ACK", 1, octets)]


def test_the_override_may_last_an_rto(numbers: tuple[int, int]) -> None:
    it = established(numbers, sws_override=None)
    it.sends(10, push=False)
    assert sent_at(timeline(it, 2 * SECOND))[0] == (SECOND, ("PSH,ACK", 1, 10))


# ------------------------------------------------------------------ the congestion window


def grown(numbers: tuple[int, int], sent: int, acks: list[int], **knobs: Any) -> list[int]:
    """Send so many segments at once; return cwnd, in segments, after each ACK of so many of them."""
    it = established(numbers, initial_window=10, abc_limit=None, **knobs)
    it.sends(sent * MSS)
    windows = []
    for acked in acks:
        it.arrives("ACK", ack=1 + acked * MSS, wnd=60_000)
        windows.append(it.end.cc.cwnd // MSS)
    return windows


def test_a_window_that_is_not_used_need_not_open(numbers: tuple[int, int]) -> None:
    """RFC 7661 4.2: of ten segments six are used; slow start goes on to twice that, and no further."""
    assert grown(numbers, 6, [2, 4, 6]) == [12, 14, 16]
    assert grown(numbers, 6, [2, 4, 6], cwnd_validation=True) == [12, 12, 12]
    assert grown(numbers, 3, [1, 3], cwnd_validation=True) == [10, 10]
    assert grown(numbers, 10, [2, 4, 10], cwnd_validation=True) == [12, 14, 20], "all of it is used"


def test_what_is_used_counts_for_a_window(numbers: tuple[int, int]) -> None:
    it = established(numbers, initial_window=10, abc_limit=None, cwnd_validation=True)
    it.sends(10 * MSS)
    it.arrives("ACK", ack=1 + 10 * MSS, wnd=60_000)
    assert it.end.cc.cwnd == 20 * MSS
    it.sends(2 * MSS)
    it.sends(MSS)
    assert (it.end.cwnd_limited, it.end.cwnd_used) == (False, 3 * MSS)
    it.arrives("ACK", ack=1 + 13 * MSS, wnd=60_000)
    assert it.end.cc.cwnd == 20 * MSS


@pytest.mark.parametrize(("forgiven", "timeouts", "window"), [(0, 0, 10), (0, 1, 1), (1, 1, 10), (1, 2, 1)])
def test_a_lost_syn_may_be_forgiven(numbers: tuple[int, int], forgiven: int, timeouts: int, window: int) -> None:
    it = fresh(numbers, initial_window=10, syn_losses_forgiven=forgiven)
    it.opens(active=True)
    it.waits((2**timeouts - 1) * SECOND)
    it.arrives("SYN,ACK")
    assert it.end.cc.cwnd == window * MSS


def test_less_use_is_forgotten_with_its_window(numbers: tuple[int, int]) -> None:
    it = established(numbers, initial_window=10, abc_limit=None, cwnd_validation=True)
    it.sends(4 * MSS)
    it.arrives("ACK", ack=1 + 2 * MSS, wnd=60_000)
    it.sends(MSS)
    assert it.end.cwnd_used == 4 * MSS, "three are out, of the window in which four were"
    it.arrives("ACK", ack=1 + 4 * MSS, wnd=60_000)
    it.sends(MSS)
    assert it.end.cwnd_used == 2 * MSS


def test_duplicate_acks_have_told_of_what_was_delivered(numbers: tuple[int, int]) -> None:
    """Two duplicate ACKs stand for two segments: of the three then acknowledged only one is news."""
    assert grown(numbers, 10, [0, 0, 3]) == [10, 10, 13]
    assert grown(numbers, 10, [0, 0, 3], count_delivered=True) == [10, 10, 11]
    it = sack_connection(numbers, {"initial_window": 10, "abc_limit": None, "count_delivered": True})
    it.sends(10 * MSS)
    it.arrives("ACK", ack=1, wnd=60_000, options=Options(sack=((it.iss + 1 + MSS, it.iss + 1 + 3 * MSS),)))
    it.arrives("ACK", ack=1 + 3 * MSS, wnd=60_000)
    assert it.end.cc.cwnd == 11 * MSS


# ------------------------------------------------------------------ ACKs that wait for an answer


def test_who_answers_soon_delays_its_acks(numbers: tuple[int, int]) -> None:
    it = established(numbers, delayed_ack="40ms", quick_acks=9, pingpong=1)
    assert reasons(it.arrives("ACK", text=b"x")) == [why.ACK_QUICKLY]
    it.waits(50 * MS)
    it.sends(1)
    assert it.end.pingpong == 0, "that was no answer"
    assert reasons(it.arrives("ACK", text=b"x")) == [why.ACK_QUICKLY]
    it.sends(1)
    assert reasons(it.arrives("ACK", text=b"x")) == [], "the next answer carries it"
    assert [each for _, each in sent_at(timeline(it, 40 * MS))] == [("ACK", 3, 0)]
    assert reasons(it.arrives("ACK", text=b"x")) == [why.ACK_QUICKLY], "no answer came in time"


def test_octets_may_be_counted_in_place_of_segments(numbers: tuple[int, int]) -> None:
    it = established(numbers, delayed_ack="40ms", rcv_buff=9000, ack_by_octets=True)
    assert [reasons(it.arrives("ACK", text=bytes(size))) for size in (10, 10, 516, 1, MSS, MSS + 1)] == [
        [], [], [], [why.ACK_EVERY_SECOND], [], [why.ACK_EVERY_SECOND],
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "delay"), [(b"", MS), (b"x", 40 * MS)])
def test_the_ack_of_a_fin_alone_may_wait_less(numbers: tuple[int, int], text: bytes, delay: int) -> None:
    it = established(numbers, delayed_ack="40ms", delay_fin_ack=True, delay_lone_fin_ack="1ms", pingpong=3)
    if text:
        it.arrives("ACK", text=text)
        it.waits(40 * MS)
    it.arrives("FIN,ACK")
    assert it.end.pingpong == 3, "all that is sent now is an answer"
    assert [at for at, _ in sent_at(timeline(it, SECOND))] == [delay]


# ------------------------------------------------------------------ giving up


def test_a_steady_pace_is_not_counted_but_ends_in_time(numbers: tuple[int, int]) -> None:
    it = fresh(numbers, syn_retries=2, syn_linear_timeouts=4)
    it.opens(active=True)
    happened = timeline(it, MINUTE)
    assert [at // SECOND for at, _ in sent_at(happened)] == [1, 2, 3, 4, 5]
    assert happened[-1] == (7 * SECOND, tells("connection timed out", why.SYN_RETRIES_USED))


def test_a_syn_ack_has_retries_of_its_own(numbers: tuple[int, int]) -> None:
    it = reach(SYN_RECEIVED, numbers, syn_retries=5, synack_retries=1)
    happened = timeline(it, MINUTE)
    assert [at // SECOND for at, _ in sent_at(happened)] == [1]
    assert happened[-1] == (3 * SECOND, tells("connection timed out", why.SYN_RETRIES_USED))


def test_a_dead_peer_may_be_told(numbers: tuple[int, int]) -> None:
    knobs: dict[str, Any] = {"keepalive": True, "keepalive_idle": "10s", "keepalive_count": 2}
    knobs["keepalive_interval"] = "1s"
    it = established(numbers, **knobs)
    assert [each for _, each in sent_at(timeline(it, MINUTE))] == [("ACK", 0, 0), ("ACK", 0, 0)]
    it = established(numbers, keepalive_resets=True, reset_with_ack=True, **knobs)
    assert [each for _, each in sent_at(timeline(it, MINUTE))] == [("ACK", 0, 0), ("ACK", 0, 0), ("RST,ACK", 1, 0)]
    assert it.state is CLOSED


# ------------------------------------------------------------------ ACKs of what was never sent, RSTs with timestamps


def test_an_ack_of_what_was_never_sent_may_be_acknowledged_however_often(numbers: tuple[int, int]) -> None:
    knobs: dict[str, Any] = {"unsent_ack": "acknowledge", "challenge_ack_limit": 1}
    it = reach(FIN_WAIT_1, numbers, ack_repeats_fin=True, **knobs)
    for _ in range(3):
        lines = it.arrives("ACK", ack=3)
        assert lines[0] == drops(why.ACK_UNSENT)
        assert segments(lines) == [("FIN,ACK", 1, 0)]
    it = established(numbers, **knobs)
    assert it.arrives("ACK", ack=0)[0] == drops(why.ACK_TOO_OLD), "it is below all that was sent"
    assert it.arrives("ACK", ack=0) == [drops(why.CHALLENGE_LIMITED)]


def test_an_ack_of_what_was_never_sent_may_be_dropped(numbers: tuple[int, int]) -> None:
    it = established(numbers, unsent_ack="drop")
    assert it.arrives("ACK", ack=2) == [drops(why.ACK_UNSENT)]
    assert it.arrives("ACK", ack=0, text=b"x")[0] == drops(why.ACK_TOO_OLD), "our SYN was acknowledged before"
    it = reach(CLOSE_WAIT, numbers, unsent_ack="drop")
    assert segments(it.arrives("ACK", ack=2)) == [("ACK", 1, 0)]
    it = established(numbers)
    assert it.arrives("ACK", ack=0, text=b"x")[0] != drops(why.ACK_TOO_OLD)


@pytest.mark.parametrize("rule", ["drop", "acknowledge"])
def test_an_ack_below_our_syn_is_too_old_also_before_that_is_acknowledged(numbers: tuple[int, int], rule: str) -> None:
    it = reach(SYN_RECEIVED, numbers, unsent_ack=rule)
    it.closes()
    assert it.state is FIN_WAIT_1, "and our SYN is not acknowledged"
    lines = it.arrives("ACK", seq=1, ack=-5, text=b"blind")
    assert lines[0] == drops(why.ACK_TOO_OLD)
    assert (it.end.rcv_nxt - it.end.irs) % 2**32 == 1, "nothing of it is taken"


@pytest.mark.parametrize(("rule", "stamped"), [("all", [True, True]), ("aborts", [True, False])])
def test_which_rsts_bear_timestamps(numbers: tuple[int, int], rule: str, stamped: list[bool]) -> None:
    """That of an ABORT does in any case; that which answers text after a full CLOSE need not."""
    found = []
    for abort in (True, False):
        knobs = {"reset_timestamps": rule, "reset_with_ack": True, "half_duplex_close": True, "timestamps": True}
        it = stamped_connection(numbers, knobs)
        if abort:
            it.aborts()
        else:
            it.closes()
            it.arrives("ACK", text=b"late", ack=1, options=Options(ts=(2, 0)))
        rst = [action for action in it.actions if isinstance(action, Segment) and action.ctl & RST]
        found.append(rst[0].options is not None)
    assert found == stamped


def sack_connection(numbers: tuple[int, int], knobs: dict[str, Any]) -> Reached:
    """A connection whose SYNs both permitted SACK."""
    it = fresh(numbers, sack=True, **knobs)
    it.opens(active=True)
    it.arrives("SYN,ACK", wnd=60_000, options=Options(sack_ok=True))
    return it


def stamped_connection(numbers: tuple[int, int], knobs: dict[str, Any]) -> Reached:
    """A connection whose SYNs both carried timestamps."""
    it = fresh(numbers, **knobs)
    it.opens(active=True)
    it.arrives("SYN,ACK", options=Options(ts=(1, 0)))
    assert it.end.ts_ok
    return it


def test_patience_may_begin_with_the_first_retransmission(numbers: tuple[int, int]) -> None:
    """TCP_USER_TIMEOUT of tcp(7): the RTO comes first, then so long."""
    gone = tells("connection aborted due to user timeout", why.USER_TIMEOUT_EXPIRED)
    for since, end in (("send", 1500 * MS), ("retransmission", 2500 * MS)):
        it = established(numbers, user_timeout="1500ms", patience_from=since)
        it.sends(10)
        assert timeline(it, MINUTE)[-1] == (end, gone)
        it = established(numbers, wnd=0, user_timeout="1500ms", patience_from=since)
        it.sends(10)
        assert timeline(it, MINUTE)[-1] == (end, gone), "a zero window"
    it = fresh(numbers, user_timeout="1500ms", patience_from="retransmission")
    it.opens(active=True)
    assert timeline(it, MINUTE)[-1] == (1500 * MS, gone), "the SYN's time counts from the first"
