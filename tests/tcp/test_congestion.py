"""Slow start and congestion avoidance (RFC 5681 3.1, 4.1), the initial window (RFC 6928), and the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.config import Config, profile
from tcpsim.tcp.congestion import UNLIMITED, CongestionControl, NewReno, Unlimited, initial_window, make
from tcpsim.tcp.congestion.control import ENDLESS
from tcpsim.tcp.diagram import SYN_SENT
from tcpsim.tcp.options import Options
from tcpsim.tcp.units import MS, SECOND
from tests.tcp.flow import MSS, WIDE, established, reasons, segments, starts
from tests.tcp.reach import fresh, reach

if TYPE_CHECKING:
    from tests.tcp.reach import Reached

    Numbers = tuple[int, int]


def round_trip(it: Reached) -> int:
    """Let every segment that is out be acknowledged on its own; return how many segments went out for that."""
    sent = 0
    una, end = it.ours("snd_una"), it.ours("snd_nxt")
    while una < end:
        una = min(una + MSS, end)
        sent += len(segments(it.arrives("ACK", ack=una, wnd=WIDE)))
    return sent


# ------------------------------------------------------------------ the initial window


@pytest.mark.parametrize(
    ("mss", "segments"), [(1, 4), (536, 4), (1095, 4), (1096, 3), (1460, 3), (2190, 3), (2191, 2), (8960, 2)]
)
def test_the_initial_window_is_two_to_four_segments(mss: int, segments: int) -> None:
    """RFC 5681 3.1"""
    assert initial_window(Config(), mss, syn_lost=False) == segments * mss
    assert initial_window(Config(), mss, syn_lost=True) == mss


@pytest.mark.parametrize(
    ("mss", "octets"), [(536, 5360), (1460, 14_600), (1461, 14_600), (7300, 14_600), (7301, 14_602), (9000, 18_000)]
)
def test_ten_segments_are_bounded_as_rfc_6928_says(mss: int, octets: int) -> None:
    """RFC 6928 2: min(10 x MSS, max(2 x MSS, 14600))."""
    config = profile("rfc9293", initial_window=10)
    assert initial_window(config, mss, syn_lost=False) == octets
    assert initial_window(config, mss, syn_lost=True) == mss


def test_so_much_goes_out_at_first(numbers: Numbers) -> None:
    it = fresh(numbers, mss=1460)
    it.opens(active=True)
    it.arrives("SYN,ACK", wnd=WIDE, options=Options(1460))
    assert segments(it.sends(20_000)) == [("ACK", 1 + n * 1460, 1460) for n in range(3)]
    assert it.end.cc.ssthresh == ENDLESS, "arbitrarily high"


def test_the_ack_of_the_syn_does_not_open_the_window(numbers: Numbers) -> None:
    assert established(numbers).end.cc.cwnd == 4 * MSS


# ------------------------------------------------------------------ growth


def test_slow_start_doubles_each_round_trip(numbers: Numbers) -> None:
    it = established(numbers)
    assert len(segments(it.sends(100 * MSS))) == 4
    assert [round_trip(it) for _ in range(3)] == [8, 16, 32]
    assert it.end.cc.cwnd == 32 * MSS


def test_an_ack_opens_slow_start_by_one_segment_at_most(numbers: Numbers) -> None:
    """RFC 5681 (2): cwnd += min(N, SMSS)."""
    it = established(numbers)
    it.sends(100 * MSS)
    it.arrives("ACK", ack=1 + 3 * MSS, wnd=WIDE)
    assert it.end.cc.cwnd == 5 * MSS
    it.arrives("ACK", ack=1 + 3 * MSS + 10, wnd=WIDE)
    assert it.end.cc.cwnd == 5 * MSS + 10


@pytest.mark.parametrize(("limit", "segments"), [(1, 1), (2, 2), (3, 3), (None, 4)])
def test_or_by_as_many_as_the_limit_says(numbers: Numbers, limit: int | None, segments: int) -> None:
    """RFC 3465 2.3."""
    it = established(numbers, abc_limit=limit, initial_window=4)
    it.sends(10 * MSS)
    it.arrives("ACK", ack=1 + 4 * MSS, wnd=WIDE)
    assert it.end.cc.cwnd == (4 + segments) * MSS
    copy = it.fork()
    assert copy.end.key(it.now) == it.end.key(it.now)
    copy.arrives("ACK", ack=1 + 8 * MSS, wnd=WIDE)
    assert copy.end.cc.cwnd == (4 + 2 * segments) * MSS


def test_congestion_avoidance_adds_one_segment_each_round_trip(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(400 * MSS)
    round_trip(it)
    it.waits(SECOND)  # a timeout with 8 segments out: ssthresh 4
    assert (it.end.cc.cwnd, it.end.cc.ssthresh) == (MSS, 4 * MSS)
    windows = []
    for _ in range(7):
        round_trip(it)
        windows.append(it.end.cc.cwnd // MSS)
    assert windows == [5, 6, 7, 8, 9, 10, 11], "three ACKs of slow start, and from then on one a window"


def test_the_congestion_window_holds_data_back(numbers: Numbers) -> None:
    it = established(numbers)
    lines = it.sends(5 * MSS)
    assert starts(lines) == [1 + n * MSS for n in range(4)]
    assert reasons(lines) == [why.SEND_DATA] * 4
    assert it.end.persist_at > 1 << 60, "an ACK will come: nothing else need wake it"


def test_a_part_of_a_segment_does_not_go_into_what_is_left_of_the_window(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(4 * MSS + 100)
    it.arrives("ACK", ack=1 + 10, wnd=WIDE)
    assert it.end.cc.cwnd == 4 * MSS + 10
    assert it.end.unsent == 100
    it = established(numbers, nagle=False)
    it.sends(4 * MSS + 100)
    assert segments(it.arrives("ACK", ack=1 + 10, wnd=WIDE)) == []
    assert segments(it.arrives("ACK", ack=1 + 50, wnd=WIDE)) == [("PSH,ACK", 1 + 4 * MSS, 100)]


# ------------------------------------------------------------------ loss by timeout


def test_a_timeout_halves_ssthresh_once_and_leaves_one_segment(numbers: Numbers) -> None:
    """RFC 5681 3.1, (4): FlightSize/2 at the first timeout of a segment, held constant at the next."""
    it = established(numbers, initial_window=10)
    it.sends(9 * MSS)
    it.waits(SECOND)
    assert (it.end.cc.cwnd, it.end.cc.ssthresh) == (MSS, 9 * MSS // 2)
    it.waits(2 * SECOND)
    assert (it.end.cc.cwnd, it.end.cc.ssthresh) == (MSS, 9 * MSS // 2)
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    it.waits(4 * SECOND)
    assert (it.end.cc.cwnd, it.end.cc.ssthresh) == (MSS, 4 * MSS), "another segment"


def test_ssthresh_is_two_segments_at_least(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(MSS)
    it.waits(SECOND)
    assert it.end.cc.ssthresh == 2 * MSS


# ------------------------------------------------------------------ idle


def busy_then_idle(numbers: Numbers, span: int, **knobs: Any) -> Reached:
    it = established(numbers, nagle=False, **knobs)
    it.sends((16 * MSS) - it.end.cc.cwnd)
    while it.end.outstanding:
        round_trip(it)
    assert it.end.cc.cwnd == 16 * MSS
    it.waits(span)
    return it


def test_after_an_idle_rto_sending_restarts_from_the_initial_window(numbers: Numbers) -> None:
    """RFC 5681 4.1"""
    assert len(segments(busy_then_idle(numbers, SECOND).sends(20 * MSS))) == 16
    it = busy_then_idle(numbers, SECOND + 1)
    assert len(segments(it.sends(20 * MSS))) == 4
    assert it.end.cc.ssthresh == ENDLESS


def test_the_restart_can_be_turned_off(numbers: Numbers) -> None:
    assert len(segments(busy_then_idle(numbers, 100 * SECOND, idle_restart=False).sends(20 * MSS))) == 16


def test_a_small_window_is_not_raised_by_idling(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(MSS)
    it.waits(SECOND)
    it.arrives("ACK", wnd=WIDE)
    it.waits(10 * SECOND)
    cwnd = it.end.cc.cwnd
    it.sends(MSS)
    assert it.end.cc.cwnd == cwnd == 2 * MSS


@pytest.mark.parametrize("partial", [False, True], ids=["fast retransmit", "partial ACK"])
def test_a_retransmission_counts_as_sending(numbers: Numbers, partial: bool) -> None:
    it = busy_then_idle(numbers, 0, initial_window=1)
    sent, una = it.now, it.ours("snd_una")
    it.sends(6 * MSS)
    it.waits(100 * MS if partial else 900 * MS)
    for _ in range(3):
        it.arrives("ACK", ack=una, wnd=WIDE)
    if partial:
        it.waits(800 * MS)
        it.arrives("ACK", ack=una + MSS, wnd=WIDE)
    it.arrives("ACK", wnd=WIDE)
    assert it.end.cc.cwnd == 2 * MSS
    it.waits(250 * MS)
    assert it.now - sent > it.end.rto == SECOND, "since the first sending"
    assert len(segments(it.sends(8 * MSS))) == 2, "a restart would send one"


# ------------------------------------------------------------------ the interface


def test_the_knob_chooses_the_control() -> None:
    assert isinstance(make(Config(), 1000, syn_lost=False), NewReno)
    assert make(profile("rfc9293", congestion="none"), 1000, syn_lost=False) is UNLIMITED
    assert make(Config(), 1000, syn_lost=True).cwnd == 1000


def test_without_congestion_control_the_offered_window_alone_limits(numbers: Numbers) -> None:
    it = established(numbers, wnd=40 * MSS, congestion="none")
    assert len(segments(it.sends(50 * MSS))) == 40
    it.waits(SECOND)
    assert starts(it.arrives("ACK", ack=1 + MSS, wnd=40 * MSS))[:3] == [1 + MSS, 1 + 2 * MSS, 1 + 3 * MSS]


def test_nothing_moves_the_control_that_does_not_control() -> None:
    control: CongestionControl = Unlimited()
    control.acked(1000)
    control.enter_recovery(5000)
    control.duplicate()
    control.partial(1000)
    control.leave_recovery(0)
    control.timeout(5000, first=True)
    control.idle()
    assert (control.cwnd, control.ssthresh) == (ENDLESS, ENDLESS)
    assert control.fork() is control
    assert control.key() == UNLIMITED.key()


def test_a_fork_of_a_control_goes_its_own_way() -> None:
    control = NewReno(1000, 4000)
    control.timeout(10_000, first=True)
    copy = control.fork()
    assert copy.key() == control.key()
    copy.acked(1000)
    assert (copy.cwnd, control.cwnd) == (2000, 1000)
    assert copy.key() != control.key()


def test_the_key_of_a_control_holds_all_that_it_knows() -> None:
    control = NewReno(1000, 4000)
    for name in NewReno.__slots__:
        changed = control.fork()
        setattr(changed, name, getattr(changed, name) + 1)
        assert changed.key() != control.key(), name


def test_octets_counted_in_congestion_avoidance_are_forgotten_at_a_loss() -> None:
    control = NewReno(1000, 4000)
    control.ssthresh = 4000
    control.acked(1500)
    assert control.counted == 1500
    control.enter_recovery(4000)
    assert control.counted == 0
    control.acked(1)
    control.timeout(4000, first=False)
    assert control.counted == 0


def test_before_the_handshake_there_is_no_control(numbers: Numbers) -> None:
    assert reach(SYN_SENT, numbers).end.cc is UNLIMITED
