"""The retransmission timeout (RFC 6298): what is measured, what is computed, how it backs off. Whole nanoseconds."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import ESTABLISHED, SYN_RECEIVED, SYN_SENT
from tcpsim.tcp.units import HOUR, MINUTE, MS, NEVER, SECOND
from tests.tcp.flow import MSS, WIDE, established, sent_at, starts, timeline
from tests.tcp.reach import NUMBERS, Reached, fresh, reach, sets, stops

if TYPE_CHECKING:
    from collections.abc import Callable

    Numbers = tuple[int, int]


def measured(it: Reached, *round_trips: int) -> list[tuple[int, int, int]]:
    """Let data be acknowledged after each time; return SRTT, RTTVAR and RTO after each."""
    seen = []
    for rtt in round_trips:
        it.sends(b"x")
        it.now += rtt
        it.arrives("ACK", wnd=WIDE)
        seen.append((it.end.srtt, it.end.rttvar, it.end.rto))
    return seen


def opened(numbers: Numbers, rtt: int, **knobs: object) -> Reached:
    """An active open whose SYN took `rtt` there and back."""
    it = fresh(numbers, **knobs)
    it.opens(active=True)
    it.now = rtt
    it.arrives("SYN,ACK", wnd=WIDE)
    return it


# ------------------------------------------------------------------ the computation


def test_before_any_round_trip_the_rto_is_one_second(numbers: Numbers) -> None:
    """(2.1)"""
    it = fresh(numbers)
    assert sets("retransmission", SECOND, why.RTO_STARTED) in it.opens(active=True)
    assert (it.end.srtt, it.end.rttvar) == (-1, -1)


def test_the_first_round_trip_is_that_of_the_syn(numbers: Numbers) -> None:
    """(2.2): SRTT <- R, RTTVAR <- R/2, RTO <- SRTT + 4 RTTVAR."""
    it = opened(numbers, 600 * MS)
    assert (it.end.srtt, it.end.rttvar, it.end.rto) == (600 * MS, 300 * MS, 1800 * MS)


def test_the_first_round_trip_of_a_passive_open_is_that_of_the_syn_ack(numbers: Numbers) -> None:
    it = reach(SYN_RECEIVED, numbers)
    it.now = 500 * MS
    it.arrives("ACK")
    assert (it.end.srtt, it.end.rttvar, it.end.rto) == (500 * MS, 250 * MS, 1500 * MS)


def test_further_round_trips_are_smoothed(numbers: Numbers) -> None:
    """(2.3): RTTVAR first, with the old SRTT."""
    it = opened(numbers, 800 * MS)
    assert measured(it, 400 * MS, 400 * MS, 1600 * MS) == [
        (750 * MS, 400 * MS, 2350 * MS),
        (706_250_000, 387_500_000, 2_256_250_000),
        (817_968_750, 514_062_500, 2_874_218_750),
    ]


@given(st.lists(st.integers(0, 100 * SECOND), min_size=1, max_size=30))
def test_the_computation_is_rfc_6298s_to_the_nanosecond(round_trips: list[int]) -> None:
    it = reach(ESTABLISHED, NUMBERS[0], rto_min="1ms", rto_max="24h", r2="24h")
    srtt, rttvar = Fraction(it.end.srtt), Fraction(it.end.rttvar)
    for rtt, (got_srtt, got_rttvar, got_rto) in zip(round_trips, measured(it, *round_trips), strict=True):
        rttvar = Fraction(3, 4) * rttvar + Fraction(1, 4) * abs(srtt - rtt)
        srtt = Fraction(7, 8) * srtt + Fraction(1, 8) * rtt
        # Each step rounds down by less than a nanosecond, and the smoothing forgets: 8 at most.
        assert 0 <= srtt - got_srtt < 8
        assert -6 < rttvar - got_rttvar < 8
        assert got_rto == max(got_srtt + 4 * got_rttvar, 1 * MS)


def test_the_rto_is_at_least_one_second_and_at_most_sixty(numbers: Numbers) -> None:
    """(2.4), (2.5)"""
    it = opened(numbers, 1 * MS)
    assert it.end.rto == SECOND
    assert opened(numbers, 1 * MS, rto_min="200ms").end.rto == 200 * MS
    assert opened(numbers, 1 * MS, rto_min="1ms").end.rto == 3 * MS
    assert measured(it, 90 * SECOND)[-1][2] == MINUTE


def test_the_granularity_bounds_the_variance_below(numbers: Numbers) -> None:
    """(2.2): max(G, 4 RTTVAR)."""
    it = opened(numbers, 100 * MS, rto_granularity="50ms", rto_min="1ms")
    assert it.end.rto == 300 * MS
    assert [measured(it, *[100 * MS] * 40)[-1][i] for i in (0, 2)] == [100 * MS, 150 * MS]


def test_one_segment_is_timed_at_a_time(numbers: Numbers) -> None:
    it = opened(numbers, 100 * MS, nagle=False, rto_min="1ms")
    it.sends(b"a")
    it.now += 50 * MS
    it.sends(b"b")
    assert it.end.rtt_at == it.now - 50 * MS
    it.now += 50 * MS
    it.arrives("ACK", ack=2, wnd=WIDE)
    assert it.end.srtt == 100 * MS
    assert it.end.rtt_at == NEVER
    it.arrives("ACK", ack=3, wnd=WIDE)
    assert (it.end.srtt, it.end.rttvar) == (100 * MS, 37_500_000), "the second segment was not timed"


def test_an_ack_below_the_timed_number_is_no_sample(numbers: Numbers) -> None:
    it = opened(numbers, 100 * MS)
    it.sends(2 * MSS)
    it.now += 10 * MS
    it.arrives("ACK", ack=1 + MSS - 1, wnd=WIDE)
    assert it.end.srtt == 100 * MS
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    assert it.end.srtt == 88_750_000


# ------------------------------------------------------------------ Karn, backoff


def test_nothing_sent_twice_is_measured_and_the_backoff_stays(numbers: Numbers) -> None:
    """RFC 6298 3 and (5.5): it stays doubled until a round trip of new data is measured."""
    it = established(numbers)
    it.sends(b"x")
    it.waits(3 * SECOND)
    assert it.end.rto == 4 * SECOND
    it.arrives("ACK", wnd=WIDE)
    assert (it.end.srtt, it.end.rto) == (0, 4 * SECOND), "the ACK may be that of either sending"
    assert sets("retransmission", 4 * SECOND, why.RTO_STARTED) in it.sends(b"y")
    it.now += 100 * MS
    it.arrives("ACK", wnd=WIDE)
    assert (it.end.srtt, it.end.rto) == (12_500_000, SECOND)


def test_what_was_sent_before_a_retransmission_is_not_measured_after_it(numbers: Numbers) -> None:
    it = established(numbers, initial_window=4)
    it.sends(3 * MSS)
    it.waits(SECOND)
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    it.arrives("ACK", ack=1 + 3 * MSS, wnd=WIDE)
    assert (it.end.srtt, it.end.rto) == (0, 2 * SECOND)


def test_an_octet_that_probed_a_window_is_not_measured_when_it_goes_as_data(numbers: Numbers) -> None:
    it = established(numbers, wnd=0, rto_min="1ms")
    it.sends(b"x")
    srtt = it.end.srtt
    it.waits(10 * MS)
    assert it.end.outstanding == 1
    it.now += 700 * MS
    assert starts(it.arrives("ACK", ack=1, wnd=WIDE)) == [1]
    it.now += 1 * MS
    it.arrives("ACK", ack=2, wnd=WIDE)
    assert it.end.srtt == srtt, "an ACK of the probe looks the same"


def test_the_backoff_ends_at_the_greatest_rto(numbers: Numbers) -> None:
    it = established(numbers, r2="24h", rto_max="100s")
    it.sends(b"x")
    times = [at for at, _ in sent_at(timeline(it, HOUR))]
    assert [later - earlier for earlier, later in pairwise([0, *times])][:9] == [
        at * SECOND for at in (1, 2, 4, 8, 16, 32, 64, 100, 100)
    ]


def test_an_initial_rto_beyond_the_greatest_stays(numbers: Numbers) -> None:
    it = fresh(numbers, rto_initial="90s", r2_syn="10min")
    it.opens(active=True)
    assert [at for at, _ in sent_at(timeline(it, 10 * MINUTE))] == [at * SECOND for at in (90, 180, 270, 360, 450, 540)]


@pytest.mark.parametrize(("wait", "rto"), [(1, 3), (3, 4), (7, 8)], ids=["once", "twice", "thrice"])
@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED], ids=str)
def test_after_the_loss_of_a_syn_data_starts_with_three_seconds(
    reach: Callable[..., Reached], state: object, wait: int, rto: int
) -> None:
    """(5.7): the RTO in use, if less than 3 s, becomes 3 s; a longer one stays backed off."""
    it = reach(state)
    it.waits(wait * SECOND)
    it.arrives("SYN,ACK" if state is SYN_SENT else "ACK", wnd=WIDE)
    assert it.end.state is ESTABLISHED
    assert (it.end.srtt, it.end.rto) == (-1, rto * SECOND)
    assert it.end.cc.cwnd == MSS, "RFC 5681 3.1: one segment"
    assert sets("retransmission", rto * SECOND, why.RTO_STARTED) in it.sends(b"x")


def test_without_a_lost_syn_there_is_no_three_seconds(numbers: Numbers) -> None:
    assert opened(numbers, 10 * MS).end.rto == SECOND


# ------------------------------------------------------------------ the timer


def test_the_timer_starts_with_the_first_segment_only(numbers: Numbers) -> None:
    """(5.1)"""
    it = established(numbers, nagle=False)
    assert sets("retransmission", SECOND, why.RTO_STARTED) in it.sends(b"a")
    it.now += 400 * MS
    assert not [line for line in it.sends(b"b") if line[0] == "sets"]
    assert it.end.rexmit_at == it.now + 600 * MS


def test_an_ack_of_new_data_restarts_it_and_the_last_one_stops_it(numbers: Numbers) -> None:
    """(5.2), (5.3)"""
    it = established(numbers, nagle=False)
    it.sends(b"a")
    it.sends(b"b")
    it.now += 400 * MS
    assert it.arrives("ACK", ack=2, wnd=WIDE) == [sets("retransmission", SECOND, why.RTO_RESTARTED)]
    it.now += 400 * MS
    assert it.arrives("ACK", ack=2, wnd=WIDE) == [], "a duplicate does not"
    assert it.end.rexmit_at == it.now + 600 * MS
    assert it.arrives("ACK", ack=3, wnd=WIDE) == [stops("retransmission", why.RTO_STOPPED)]
    assert it.end.next_timeout() is None


def test_a_bare_ack_starts_no_timer(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives("ACK", text=b"x", wnd=WIDE)
    assert it.end.next_timeout() is None
