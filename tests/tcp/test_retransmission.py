"""Retransmission (RFC 9293 3.8.1, 3.8.3; RFC 6298 5; RFC 5681 3.1): what is sent again, when, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, FIN_WAIT_1, LAST_ACK, SYN_RECEIVED, SYN_SENT
from tcpsim.tcp.options import Options
from tcpsim.tcp.units import MINUTE, MS, SECOND
from tests.tcp.flow import MSS, WIDE, established, reasons, segments, sent_at, starts, timeline
from tests.tcp.reach import fires, fresh, moves, sends, sets, stops, tells

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.tcp.diagram import State
    from tests.tcp.reach import Reached

    Reach = Callable[..., Reached]
    Numbers = tuple[int, int]

SYN_TIMES = [at * SECOND for at in (1, 3, 7, 15, 31, 63, 123)]
"""1 s, doubled each time, up to the greatest RTO of 60 s."""


# ------------------------------------------------------------------ SYN and SYN,ACK


@pytest.mark.parametrize(("state", "ctl", "ack"), [(SYN_SENT, "SYN", 0), (SYN_RECEIVED, "SYN,ACK", 1)], ids=str)
def test_a_syn_is_sent_again_with_the_same_iss_until_three_minutes_have_passed(
    reach: Reach, state: State, ctl: str, ack: int
) -> None:
    """MUST-23: R2 for a SYN is at least 3 minutes."""
    it = reach(state)
    happened = timeline(it, 10 * MINUTE)
    wnd = it.end.cfg.rcv_buff
    again = [(at, line) for at, line in happened if line[0] == "sends"]
    assert again == [(at, sends(ctl, 0, ack, wnd=wnd, why=why.RETRANSMIT)) for at in SYN_TIMES]
    assert [(at, line[1]) for at, line in happened if line[0] == "tells"] == [
        (7 * SECOND, "delivery problem"),
        (183 * SECOND, "connection timed out"),
    ]
    assert happened[-3:] == [
        (183 * SECOND, fires("retransmission", why.RTO_EXPIRED)),
        (183 * SECOND, moves(state, CLOSED, why.R2_REACHED)),
        (183 * SECOND, tells("connection timed out", why.R2_REACHED)),
    ]
    assert it.end.next_timeout() is None


def test_each_expiry_resends_and_starts_the_timer_doubled(reach: Reach) -> None:
    it = reach(SYN_SENT)
    assert it.waits(SECOND) == [
        fires("retransmission", why.RTO_EXPIRED),
        sends("SYN", 0, why=why.RETRANSMIT),
        sets("retransmission", 2 * SECOND, why.RTO_BACKED_OFF),
    ]


def test_r2_of_a_syn_is_a_knob_of_its_own(reach: Reach) -> None:
    it = reach(SYN_SENT, r2_syn="10s", r2="1s")
    assert [at for at, _ in sent_at(timeline(it, MINUTE))] == [1 * SECOND, 3 * SECOND, 7 * SECOND]
    assert it.state is CLOSED
    assert it.now == MINUTE


def test_options_of_a_syn_are_sent_again(reach: Reach) -> None:
    it = reach(SYN_SENT, mss=1000, window_scale=3)
    it.waits(SECOND)
    options = [action.options for action in it.actions if hasattr(action, "options")]
    assert options == [Options(1000, 3)]


def test_crossed_syns_let_r2_and_the_timer_begin_anew(reach: Reach) -> None:
    it = reach(SYN_SENT)
    it.waits(2 * SECOND)
    assert it.arrives("SYN") == [
        moves(SYN_SENT, SYN_RECEIVED, why.SYN_SENT_SYN),
        stops("retransmission", why.SYN_SENT_SYN),
        sends("SYN,ACK", 0, 1, why=why.SYN_SENT_SYN),
        sets("retransmission", 2 * SECOND, why.RTO_STARTED),
    ]
    assert [at for at, _ in sent_at(timeline(it, MINUTE))][:2] == [2 * SECOND, 6 * SECOND]
    assert it.end.syn_resent


def test_data_queued_before_the_handshake_waits_for_it(reach: Reach) -> None:
    it = reach(SYN_SENT)
    assert [line for line in it.sends(b"hello") if line[0] == "sends"] == []
    assert segments(it.waits(SECOND)) == [("SYN", 0, 0)]
    assert segments(it.arrives("SYN,ACK")) == [("PSH,ACK", 1, 5)]


# ------------------------------------------------------------------ data and FIN


@pytest.mark.parametrize("close", [False, True], ids=["text", "text and FIN"])
def test_a_segment_is_sent_again_until_r2_and_the_connection_is_closed(numbers: Numbers, close: bool) -> None:
    """3.8.3: R1 warns the user (SHLD-9, SHLD-10), R2 of 100 s closes (MUST-20, SHLD-11)."""
    it = established(numbers)
    it.sends(b"hello")
    ctl = "PSH,ACK"
    if close:
        it.closes()
    happened = timeline(it, 10 * MINUTE)
    first_again = segments([line for _, line in happened])[0]
    assert first_again == ("FIN,PSH,ACK" if close else ctl, 1, 5)
    assert [at for at, _ in sent_at(happened)] == [at * SECOND for at in (1, 3, 7, 15, 31, 63)]
    signals = [(at, line[1], line[-1]) for at, line in happened if line[0] == "tells"]
    assert signals == [
        (7 * SECOND, "delivery problem", why.R1_REACHED),
        (123 * SECOND, "connection timed out", why.R2_REACHED),
    ]
    assert it.state is CLOSED


@pytest.mark.parametrize("state", [FIN_WAIT_1, LAST_ACK], ids=str)
def test_a_fin_is_sent_again(reach: Reach, state: State) -> None:
    it = reach(state)
    ack = 1 if state is FIN_WAIT_1 else 2
    assert it.waits(SECOND) == [
        fires("retransmission", why.RTO_EXPIRED),
        sends("FIN,ACK", 1, ack, why=why.RETRANSMIT),
        sets("retransmission", 2 * SECOND, why.RTO_BACKED_OFF),
    ]
    assert it.end.snd_nxt == it.end.snd_goal


def test_r1_is_a_count_of_retransmissions(numbers: Numbers) -> None:
    it = established(numbers, r1=5)
    it.sends(b"x")
    told = [at for at, line in timeline(it, MINUTE) if line[:2] == ("tells", "delivery problem")]
    assert told == [31 * SECOND]


def test_progress_lets_r1_and_r2_begin_anew(numbers: Numbers) -> None:
    it = established(numbers, r2="20s")
    it.sends(2 * MSS)
    it.waits(14 * SECOND)
    assert it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    assert it.end.retransmits == 0
    happened = timeline(it, 4 * MINUTE)
    assert it.state is CLOSED
    assert [at for at, _ in sent_at(happened)] == [8 * SECOND, 24 * SECOND, 56 * SECOND], "with the RTO backed off"
    signals = [(at, line[1]) for at, line in happened if line[0] == "tells"]
    assert signals == [(56 * SECOND, "delivery problem"), (116 * SECOND, "connection timed out")]


def test_r2_is_beyond_r1_however_short_it_is(numbers: Numbers) -> None:
    """3.8.3 (c): "a threshold R2 greater than R1"."""
    it = established(numbers, r2="1ms", r1=4)
    it.sends(b"x")
    happened = timeline(it, 4 * MINUTE)
    signals = [(at, line[1]) for at, line in happened if line[0] == "tells"]
    assert signals == [(15 * SECOND, "delivery problem"), (31 * SECOND, "connection timed out")]


def test_what_is_resent_bears_the_same_octets(numbers: Numbers) -> None:
    it = established(numbers, nagle=False)
    it.sends(b"one ")
    it.sends(b"two ")
    it.sends(b"three")
    it.waits(SECOND)
    assert it.texts == [b"one two three"], "segments may be repackaged (3.8.6)"


def test_counted_octets_are_resent_as_counted(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(100)
    assert segments(it.waits(SECOND)) == [("PSH,ACK", 1, 100)]
    assert it.texts == [None]


def test_a_retransmission_carries_the_acknowledgment_and_window_of_its_time(numbers: Numbers) -> None:
    it = established(numbers, delayed_ack="400ms", rto_min="300ms", rto_initial="300ms")
    it.sends(b"ab")
    it.waits(200 * MS)
    it.arrives("ACK", text=b"xyz", ack=1, wnd=WIDE)
    assert it.waits(100 * MS) == [
        fires("retransmission", why.RTO_EXPIRED),
        sends("PSH,ACK", 1, 4, wnd=997, length=2, why=why.RETRANSMIT),
        stops("delayed ack", why.ACK_PIGGYBACKED),
        sets("retransmission", 600 * MS, why.RTO_BACKED_OFF),
    ]


def test_an_urgent_pointer_is_sent_again(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"abc", urgent=True)
    line = it.waits(SECOND)[1]
    assert line == sends("PSH,ACK,URG", 1, 1, length=3, up=3, why=why.RETRANSMIT)


# ------------------------------------------------------------------ after a timeout


def flight(numbers: Numbers, size: int, *, wnd: int = WIDE, **knobs: Any) -> Reached:
    it = established(numbers, wnd=wnd, initial_window=10, **knobs)
    it.sends(size)
    return it


def test_after_a_timeout_slow_start_goes_through_what_was_outstanding(numbers: Numbers) -> None:
    """RFC 5681 3.1: one segment, then two for each that is acknowledged."""
    it = flight(numbers, 8 * MSS)
    assert starts(it.waits(SECOND)) == [1]
    assert (it.end.cc.cwnd, it.end.cc.ssthresh) == (MSS, 4 * MSS)
    lines = it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    assert starts(lines) == [1 + MSS, 1 + 2 * MSS]
    assert reasons(lines) == [why.RETRANSMIT_REST] * 2
    assert starts(it.arrives("ACK", ack=1 + 2 * MSS, wnd=WIDE)) == [1 + 3 * MSS, 1 + 4 * MSS]
    assert starts(it.arrives("ACK", ack=1 + 3 * MSS, wnd=WIDE)) == [1 + 5 * MSS, 1 + 6 * MSS]
    assert it.end.resending
    assert starts(it.arrives("ACK", ack=1 + 8 * MSS, wnd=WIDE)) == [], "all of it had arrived"
    assert not it.end.resending


def test_what_arrived_meanwhile_is_not_sent_again(numbers: Numbers) -> None:
    it = flight(numbers, 8 * MSS)
    it.waits(SECOND)
    assert starts(it.arrives("ACK", ack=1 + 5 * MSS, wnd=WIDE)) == [1 + 5 * MSS, 1 + 6 * MSS]


def test_no_more_is_resent_than_the_congestion_window_holds(numbers: Numbers) -> None:
    """RFC 5681 2: nothing beyond the highest ACK plus min(cwnd, rwnd); a segment is not cut to fit."""
    it = flight(numbers, 8 * MSS)
    it.waits(SECOND)
    lines = it.arrives("ACK", ack=1 + 100, wnd=WIDE)
    assert it.end.cc.cwnd == MSS + 100
    assert segments(lines) == [], "436 octets are out again; a segment more would go beyond cwnd"
    assert starts(it.arrives("ACK", ack=1 + MSS, wnd=WIDE)) == [1 + MSS, 1 + 2 * MSS]
    assert it.end.cc.cwnd == 2 * MSS


def test_no_more_is_resent_than_the_offered_window_holds(numbers: Numbers) -> None:
    it = flight(numbers, 8 * MSS)
    it.waits(SECOND)
    assert starts(it.arrives("ACK", ack=1 + MSS, wnd=MSS)) == [1 + MSS]
    assert it.end.cc.cwnd == 2 * MSS


def test_the_oldest_segment_goes_even_into_a_small_window(numbers: Numbers) -> None:
    """MAY-7: old data beyond the right edge may be retransmitted."""
    it = flight(numbers, 8 * MSS)
    it.waits(SECOND)
    assert starts(it.arrives("ACK", ack=1 + MSS, wnd=10)) == [1 + MSS]
    assert starts(it.waits(2 * SECOND)) == [1 + MSS]


def test_a_second_timeout_begins_again_at_the_oldest(numbers: Numbers) -> None:
    it = flight(numbers, 8 * MSS)
    it.waits(SECOND)
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    assert starts(it.waits(2 * SECOND)) == [1 + MSS]
    assert starts(it.arrives("ACK", ack=1 + 2 * MSS, wnd=WIDE)) == [1 + 2 * MSS, 1 + 3 * MSS]


def test_new_data_follows_what_is_resent(numbers: Numbers) -> None:
    it = flight(numbers, 3 * MSS)
    it.waits(SECOND)
    it.sends(2 * MSS)
    assert starts(it.arrives("ACK", ack=1 + MSS, wnd=WIDE)) == [1 + MSS, 1 + 2 * MSS]
    lines = it.arrives("ACK", ack=1 + 3 * MSS, wnd=WIDE)
    assert starts(lines) == [1 + 3 * MSS, 1 + 4 * MSS]
    assert reasons(lines) == [why.SEND_DATA, why.SEND_DATA]


def test_a_fin_goes_again_with_the_last_text(numbers: Numbers) -> None:
    it = flight(numbers, 2 * MSS + 7)
    it.closes()
    assert segments(it.waits(SECOND)) == [("ACK", 1, MSS)]
    assert segments(it.arrives("ACK", ack=1 + MSS, wnd=WIDE)) == [
        ("ACK", 1 + MSS, MSS),
        ("FIN,PSH,ACK", 1 + 2 * MSS, 7),
    ]
    assert it.end.rexmit_nxt == it.end.snd_goal
    assert not it.end.resending


def test_a_fin_that_went_alone_goes_again_alone(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"x" * MSS)
    it.closes()
    assert segments(it.waits(SECOND)) == [("FIN,PSH,ACK", 1, MSS)], "both fit into one segment"
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    assert segments(it.waits(2 * SECOND)) == [("FIN,ACK", 1 + MSS, 0)]


def test_close_from_syn_received_resends_the_syn_before_the_fin(reach: Reach) -> None:
    it = reach(SYN_RECEIVED)
    assert segments(it.closes()) == [("FIN,ACK", 1, 0)]
    assert segments(it.waits(SECOND)) == [("SYN,ACK", 0, 0)]
    assert not it.end.resending
    it.arrives("ACK", ack=1)
    assert segments(it.waits(3 * SECOND)) == [("FIN,ACK", 1, 0)]


def test_duplicate_acks_of_what_a_timeout_resent_show_no_loss(numbers: Numbers) -> None:
    """RFC 6582 3.2, step 2: only an ACK beyond `recover` may begin a fast retransmit."""
    it = flight(numbers, 4 * MSS)
    it.waits(SECOND)
    it.arrives("ACK", ack=1 + 4 * MSS, wnd=WIDE)
    it.sends(5 * MSS)
    it.end.fork()  # all that was outstanding at the timeout is acknowledged, and nothing beyond it
    lines = [line for _ in range(5) for line in it.arrives("ACK", ack=1 + 4 * MSS, wnd=WIDE)]
    assert why.FAST_RETRANSMIT not in reasons(lines)
    assert not it.end.in_recovery
    it.arrives("ACK", ack=1 + 5 * MSS, wnd=WIDE)
    lines = [line for _ in range(3) for line in it.arrives("ACK", ack=1 + 5 * MSS, wnd=WIDE)]
    assert why.FAST_RETRANSMIT in reasons(lines)


def test_two_gigabytes_later_a_loss_is_still_seen(numbers: Numbers) -> None:
    """`recover` does not seem to lie ahead when the numbers have gone half round."""
    it = fresh(numbers, mtu=65_535, congestion="none", window_scale=14)
    it.opens(active=True)
    it.arrives("SYN,ACK", wnd=65_535, options=Options(65_495, 14))
    big = 1 << 29
    for _ in range(5):
        it.sends(big, push=False)
        it.now += SECOND
        it.arrives("ACK", wnd=65_535)
    assert it.end.snd_una == it.end.snd_nxt
    it.sends(5 * 65_495)
    lines = [line for _ in range(3) for line in it.arrives("ACK", ack=it.ours("snd_una"), wnd=65_535)]
    assert why.FAST_RETRANSMIT in reasons(lines)
    assert it.ours("snd_push") != 1, "it is dragged along as well"


def test_it_is_no_push_that_nobody_pushed_for_two_gigabytes(numbers: Numbers) -> None:
    it = fresh(numbers, mtu=65_535, congestion="none", window_scale=14)
    it.opens(active=True)
    it.arrives("SYN,ACK", wnd=65_535, options=Options(65_495, 14))
    for _ in range(5):
        it.sends(65_495 * 8192, push=False)
        it.now += SECOND
        it.arrives("ACK", wnd=65_535)
    assert segments(it.sends(100, push=False)) == []
    assert it.end.persist_at < 1 << 62


def test_close_wait_resends_too(reach: Reach) -> None:
    it = reach(CLOSE_WAIT)
    it.sends(b"late")
    assert segments(it.waits(SECOND)) == [("PSH,ACK", 1, 4)]


def test_everything_acknowledged_stops_the_timer(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"x")
    assert stops("retransmission", why.RTO_STOPPED) in it.arrives("ACK", wnd=WIDE)
    assert timeline(it, 10 * MINUTE) == []
    assert it.state is ESTABLISHED
