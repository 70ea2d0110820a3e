"""Loss recovery by SACK (RFC 6675): which segment is sent again, when, and why; and the scoreboard behind it.

Segments are counted from 1; each holds MSS octets. `hears(it, 4, (6, 8))` is the ACK of a receiver that
waits for segment 4 and has 6 to 8, and returns what that sets free: (segment, reason).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.options import Options
from tcpsim.tcp.sack import pipe
from tcpsim.tcp.seqnum import MASK
from tcpsim.tcp.units import MS, SECOND
from tests.tcp.extended import sent
from tests.tcp.flow import MSS, WIDE, reasons, segments, starts
from tests.tcp.reach import fresh, sets

if TYPE_CHECKING:
    from tcpsim.tcp.rules import Rule
    from tests.tcp.reach import Line, Reached

    Numbers = tuple[int, int]
    Sent = list[tuple[float, Rule]]

REST = why.RETRANSMIT_REST


def nth(number: float) -> int:
    """Where the `number`-th segment begins, from the ISS."""
    return 1 + round((number - 1) * MSS)


def talks(numbers: Numbers = (100, 300), queued: int = 20, wnd: int = WIDE, **knobs: Any) -> Reached:
    """Both ends have agreed to SACK; ten segments are out, of so many."""
    it = fresh(numbers, **({"sack": True, "initial_window": 10} | knobs))
    it.opens(active=True)
    it.arrives("SYN,ACK", options=Options(mss=MSS, sack_ok=True))
    it.arrives("ACK", wnd=wnd)
    it.sends(queued * MSS)
    assert it.end.outstanding == min(queued, 10) * MSS
    return it


def blocks(it: Reached, *runs: tuple[float, float]) -> Options | None:
    """The SACK option that reports segments a to b, for each (a, b)."""
    absolute = [((it.iss + nth(a)) & MASK, (it.iss + nth(b + 1)) & MASK) for a, b in runs]
    return Options(sack=tuple(absolute)) if absolute else None


def again(lines: list[Line]) -> Sent:
    """(segment, reason) of each segment of text that was sent."""
    return [(1 + (at - 1) / MSS, reason) for at, reason in zip(starts(lines), reasons(lines), strict=True)]


def hears(it: Reached, expected: float, *runs: tuple[float, float], **fields: Any) -> Sent:
    fields = {"wnd": WIDE, "options": blocks(it, *runs), "ack": nth(expected)} | fields
    return again(it.arrives("ACK", **fields))


def window(it: Reached) -> tuple[float, float, float]:
    """pipe, cwnd and ssthresh in segments."""
    return pipe(it.end) / MSS, it.end.cc.cwnd / MSS, it.end.cc.ssthresh / MSS


# ------------------------------------------------------------------ the classic cases


def test_one_loss(numbers: Numbers) -> None:
    """Segment 1 of ten is lost; 2 to 10, and two by limited transmit, arrive."""
    it = talks(numbers)
    assert hears(it, 1, (2, 2)) == [(11, why.LIMITED_TRANSMIT)]
    assert hears(it, 1, (2, 3)) == [(12, why.LIMITED_TRANSMIT)]
    assert window(it)[:2] == (10, 10)
    assert hears(it, 1, (2, 4)) == [(1, why.SACK_RETRANSMIT)]
    assert window(it) == (9, 5, 5), "of twelve three have arrived and one was lost; it is out again"
    assert it.ours("recover") == nth(13)
    course = [(window(it)[0], hears(it, 1, (2, last))) for last in range(5, 13)]
    assert course == [
        (9, []), (8, []), (7, []), (6, []), (5, [(13, why.SACK_NEW_DATA)]), (5, [(14, why.SACK_NEW_DATA)]),
        (5, [(15, why.SACK_NEW_DATA)]), (5, [(16, why.SACK_NEW_DATA)]),
    ]  # fmt: skip
    assert hears(it, 13) == [(17, why.SEND_DATA)]
    assert (it.end.in_recovery, it.end.resending, it.end.dupacks, it.end.sacked) == (0, False, 0, ())
    assert window(it) == (5, 5, 5)


def test_two_losses_are_repaired_in_one_round_trip(numbers: Numbers) -> None:
    """Segments 1 and 4 are lost. NewReno would need the partial ACK to see the second."""
    it = talks(numbers)
    hears(it, 1, (2, 2))
    hears(it, 1, (2, 3))
    assert hears(it, 1, (5, 5), (2, 3)) == [(1, why.SACK_RETRANSMIT)]
    assert window(it)[0] == 9, "4 is not lost yet: only one segment has arrived beyond it"
    assert [hears(it, 1, (5, 6), (2, 3)), hears(it, 1, (5, 7), (2, 3))] == [[], []]
    assert window(it)[0] == 6, "now it is"
    assert hears(it, 1, (5, 8), (2, 3)) == []
    assert hears(it, 1, (5, 9), (2, 3)) == [(4, why.SACK_LOST)]
    assert hears(it, 1, (5, 10), (2, 3)) == [(13, why.SACK_NEW_DATA)]
    assert hears(it, 4, (5, 12)) == [(n, why.SACK_NEW_DATA) for n in (14, 15, 16)]
    assert it.end.in_recovery
    assert hears(it, 13) == [(17, why.SEND_DATA)]
    assert not it.end.in_recovery


def test_many_losses_begin_recovery_with_the_first_ack(numbers: Numbers) -> None:
    """Step (2): a single ACK may report enough for IsLost (HighACK + 1), here because others were lost."""
    it = talks(numbers, queued=10)
    assert hears(it, 1, (6, 8)) == [(1, why.SACK_RETRANSMIT), (2, why.SACK_LOST), (3, why.SACK_LOST)]
    assert it.end.dupacks == 1
    assert window(it) == (5, 5, 5), "9 and 10 are on their way, 1 to 3 are out again"
    assert hears(it, 1, (6, 9)) == [(4, why.SACK_LOST)]
    assert hears(it, 1, (6, 10)) == [(5, why.SACK_LOST)]
    assert hears(it, 2, (6, 10)) == []


def test_recovery_begins_at_once_if_the_pipe_has_room(numbers: Numbers) -> None:
    """Step (4.5): of ten segments only the last three arrive."""
    it = talks(numbers, queued=10)
    sent = hears(it, 1, (8, 10))
    assert sent == [(1, why.SACK_RETRANSMIT), *[(n, why.SACK_LOST) for n in range(2, 6)]]
    assert window(it) == (5, 5, 5)


def test_three_runs_show_a_loss_however_small(numbers: Numbers) -> None:
    """IsLost: DupThresh discontiguous runs; the third is the third duplicate ACK, too, if each comes by itself."""
    it = talks(numbers, queued=10)
    runs = [(2, 1.2), (3, 2.2), (4, 3.2)]
    assert hears(it, 1, *runs) == [(1, why.SACK_RETRANSMIT)]
    assert it.end.dupacks == 1
    # Lost is what three runs lie above: 1 alone, and 2.2 to 3 only after a fourth.
    before = pipe(it.end)
    hears(it, 1, (5, 4.2), *runs)
    assert before - pipe(it.end) == round(0.2 * MSS) + round(0.8 * MSS)


def test_three_duplicate_acks_show_a_loss_however_little_they_report(numbers: Numbers) -> None:
    """Step (1): three small segments have arrived, in a single run."""
    it = talks(numbers, queued=10)
    assert hears(it, 1, (2, 1.2)) == []
    assert hears(it, 1, (2, 1.4)) == []
    assert hears(it, 1, (2, 1.6)) == [(1, why.SACK_RETRANSMIT)]
    assert pipe(it.end) == 11 * MSS - it.end.sack_octets, "IsLost is still false for 1, which counts twice"


def test_the_first_retransmission_ends_where_a_run_begins(numbers: Numbers) -> None:
    it = talks(numbers, queued=10)
    lines = it.arrives("ACK", ack=1, wnd=WIDE, options=blocks(it, (1.5, 5)))
    assert segments(lines) == [("ACK", 1, MSS // 2)]
    assert it.ours("high_rxt") == it.ours("rescue_rxt") == 1 + MSS // 2


def test_a_lost_retransmission_waits_for_the_timer(numbers: Numbers) -> None:
    """SACK cannot tell that 1 was lost again: the RTO does, and slow start fills the holes around what is known."""
    it = talks(numbers, queued=14)
    hears(it, 1, (2, 2))
    hears(it, 1, (2, 3))
    hears(it, 1, (2, 4))
    assert [hears(it, 1, (2, last)) for last in (8, 12, 14)][-1] == []
    assert again(it.waits(SECOND)) == [(1, why.RETRANSMIT)]
    assert (it.end.in_recovery, it.end.resending, it.end.sacked, it.ours("recover")) == (0, True, (), nth(15))
    assert (it.end.high_rxt, it.end.rescue_rxt) == (0, 0)
    assert hears(it, 15) == []
    assert not it.end.resending


def test_after_a_timeout_new_reports_are_used_and_begin_no_recovery(numbers: Numbers) -> None:
    """RFC 6675 5.1: only the first of ten arrives of what was sent again, but 5 and 8 to 10 had arrived before."""
    it = talks(numbers, queued=10)
    hears(it, 1, (5, 5))
    assert again(it.waits(SECOND)) == [(1, why.RETRANSMIT)]
    assert it.end.sacked == ()
    assert hears(it, 2, (8, 10), (5, 5)) == [(2, REST), (3, REST)]
    assert hears(it, 3, (8, 10), (5, 5)) == [(4, REST), (6, REST)], "5 and what follows 7 need not be sent again"
    assert hears(it, 4, (8, 10), (5, 5)) == [(7, REST)]
    assert (it.end.dupacks, it.end.in_recovery, it.end.resending) == (0, 0, False)
    assert hears(it, 11) == []
    assert it.end.outstanding == 0


def test_what_was_reported_may_be_kept_over_a_timeout(numbers: Numbers) -> None:
    it = talks(numbers, queued=10, sack_survives_rto=True)
    hears(it, 1, (1.5, 1.5), (4, 10))
    assert it.end.in_recovery
    lines = it.waits(SECOND)
    assert segments(lines) == [("ACK", 1, MSS // 2)]
    assert it.end.sack_octets == 8 * MSS
    lines = it.arrives("ACK", ack=nth(2.5), wnd=WIDE, options=blocks(it, (4, 10)))
    assert again(lines) == [(2.5, REST), (3.5, REST)]
    assert [length for _, _, length in segments(lines)] == [MSS, MSS // 2]
    assert hears(it, 3.5, (4, 10)) == []
    assert hears(it, 11) == []


def test_reordering_that_is_small_begins_no_recovery(numbers: Numbers) -> None:
    it = talks(numbers)
    assert hears(it, 1, (2, 2)) == [(11, why.LIMITED_TRANSMIT)]
    assert hears(it, 1, (2, 3)) == [(12, why.LIMITED_TRANSMIT)]
    assert hears(it, 4) == [(13, why.SEND_DATA), (14, why.SEND_DATA)]
    assert (it.end.dupacks, it.end.sacked, it.end.cc.cwnd) == (0, (), 11 * MSS)


def test_reordering_that_is_large_costs_one_segment(numbers: Numbers) -> None:
    """Segment 1 was only late: its ACK ends recovery as it began, and the window is halved for nothing."""
    it = talks(numbers, queued=12)
    for last in (2, 3, 4):
        hears(it, 1, (2, last))
    assert hears(it, 13) == []
    assert (it.end.in_recovery, window(it)) == (0, (0, 5, 5))
    # The copy arrives, too: D-SACK below SND.UNA says nothing.
    it.sends(MSS)
    assert hears(it, 13, (1, 1)) == []
    assert (it.end.sacked, it.end.dupacks) == ((), 0)


def test_an_ack_that_moves_on_and_reports_more_counts_as_duplicate(numbers: Numbers) -> None:
    """RFC 6675 2: whether it moves SND.UNA, changes the window or carries text."""
    it = talks(numbers, queued=10)
    assert hears(it, 3, (4, 4)) == []
    assert it.end.dupacks == 1
    assert hears(it, 3, (4, 5), wnd=WIDE - 7) == []
    assert hears(it, 3, (4, 6), text=b"x")[0] == (3, why.SACK_RETRANSMIT)


def test_an_ack_that_reports_nothing_new_is_no_duplicate(numbers: Numbers) -> None:
    it = talks(numbers, queued=10)
    hears(it, 1, (2, 2))
    for _ in range(5):
        assert hears(it, 1, (2, 2)) == []
        assert hears(it, 1) == []
    assert it.end.dupacks == 1


def test_lost_acks_do_no_harm(numbers: Numbers) -> None:
    """Each ACK repeats what the earlier ones reported (RFC 2018 4): only the last of four arrives."""
    it = talks(numbers)
    assert hears(it, 1, (8, 8), (6, 6), (2, 4))[0] == (1, why.SACK_RETRANSMIT)
    assert it.end.sack_octets == 5 * MSS


def test_an_old_ack_still_reports(numbers: Numbers) -> None:
    """ACKs overtake one another: what the older one says of numbers beyond SND.UNA is as true."""
    it = talks(numbers, queued=10)
    hears(it, 3)
    assert hears(it, 2, (4, 6)) == [(3, why.SACK_RETRANSMIT)]
    hears(it, 7)
    assert hears(it, 2, (3, 6)) == []


def test_partial_acks_restart_the_timer_and_go_on(numbers: Numbers) -> None:
    """RFC 6298 5.3, each time: 1, 3 and 5 are lost."""
    it = talks(numbers, queued=10)
    hears(it, 1, (6, 8), (4, 4), (2, 2))
    it.now = 300 * MS
    lines = it.arrives("ACK", ack=nth(3), wnd=WIDE, options=blocks(it, (6, 10), (4, 4)))
    assert lines[0] == sets("retransmission", SECOND, why.RTO_RESTARTED)
    assert it.end.dupacks == 0
    it.now = 600 * MS
    lines = it.arrives("ACK", ack=nth(5), wnd=WIDE, options=blocks(it, (6, 10)))
    assert sets("retransmission", SECOND, why.RTO_RESTARTED) in lines
    assert it.end.in_recovery
    hears(it, 11)
    assert not it.end.in_recovery


def test_a_hole_that_may_not_be_lost_is_filled_if_there_is_no_new_data(numbers: Numbers) -> None:
    """NextSeg (3): 1 and 9 are lost, and nothing but 10 arrives beyond 9."""
    it = talks(numbers, queued=10)
    assert hears(it, 1, (2, 4)) == [(1, why.SACK_RETRANSMIT)]
    assert [hears(it, 1, (2, last)) for last in (5, 6, 7)] == [[], [], []]
    assert window(it)[0] == 4
    assert hears(it, 1, (10, 10), (2, 8)) == [(9, why.SACK_HOLE)]
    assert window(it)[0] == 3, "1 is out again; 9 counts twice, as not lost and as sent again"
    assert hears(it, 9, (10, 10)) == [(9, why.SACK_RESCUE)], "by the letter of rule (4), though it is out again"


def test_new_data_comes_before_a_hole_that_may_not_be_lost(numbers: Numbers) -> None:
    it = talks(numbers, queued=14)
    assert hears(it, 1, (2, 4)) == [(1, why.SACK_RETRANSMIT)]
    assert hears(it, 1, (10, 10), (2, 8)) == [(n, why.SACK_NEW_DATA) for n in (11, 12, 13)]
    assert hears(it, 1, (10, 11), (2, 8)) == [(14, why.SACK_NEW_DATA)]
    assert hears(it, 1, (10, 12), (2, 8)) == [(9, why.SACK_LOST)]


def test_the_window_of_the_peer_holds_new_data_back_but_no_hole(numbers: Numbers) -> None:
    it = talks(numbers, queued=20, wnd=10 * MSS)
    wide = {"wnd": 10 * MSS}
    assert hears(it, 1, (2, 4), **wide) == [(1, why.SACK_RETRANSMIT)]
    assert hears(it, 1, (10, 10), (2, 8), **wide) == [(9, why.SACK_HOLE)]


def test_a_lost_tail_is_rescued_once(numbers: Numbers) -> None:
    """NextSeg (4): 1, 9 and 10 are lost; nothing arrives beyond 9, so that no rule before applies."""
    it = talks(numbers, queued=10)
    hears(it, 1, (2, 4))
    assert hears(it, 1, (2, 8)) == [], "the copy of 1 is still out: not yet"
    assert hears(it, 9) == [(10, why.SACK_RESCUE)]
    assert it.ours("rescue_rxt") == nth(11)
    assert it.ours("high_rxt") == nth(2), "rule (4) leaves HighRxt alone"
    assert hears(it, 9, (10, 10)) == [(9, why.SACK_HOLE)]
    assert hears(it, 11) == []
    assert it.end.outstanding == 0


def test_there_is_one_rescue_per_recovery(numbers: Numbers) -> None:
    it = talks(numbers, queued=10)
    hears(it, 1, (2, 4))
    hears(it, 1, (2, 7))
    assert hears(it, 8) == [(10, why.SACK_RESCUE)]
    assert hears(it, 9) == []


def test_what_has_just_left_for_the_first_time_is_not_rescued(numbers: Numbers) -> None:
    it = talks(numbers, queued=12)
    hears(it, 1, (2, 4))
    assert hears(it, 1, (2, 7)) == [(11, why.SACK_NEW_DATA)]
    assert hears(it, 9) == [(12, why.SACK_NEW_DATA)], "though there is room for one more"
    assert hears(it, 10) == [(12, why.SACK_RESCUE)]


def test_a_report_goes_only_where_it_fits_beside_the_text(numbers: Numbers) -> None:
    """What shows our loss brings text beyond a hole: the whole segment sent again was cut before that."""
    it = talks(numbers, queued=10)
    hears(it, 1, (2, 2))
    hears(it, 1, (2, 3))
    it.arrives("ACK", seq=100, text=5, wnd=WIDE, options=blocks(it, (2, 4)), ack=1)
    resent, acknowledgment = sent(it)
    assert (resent.why, resent.length, resent.options) == (why.SACK_RETRANSMIT, MSS, None)
    assert acknowledgment.options is not None
    assert acknowledgment.options.sack == (((it.irs + 100) & MASK, (it.irs + 105) & MASK),)


def test_a_rescue_ends_below_what_is_reported(numbers: Numbers) -> None:
    """It "MUST include the highest outstanding unSACKed sequence number", here the half segment before 9.5."""
    it = talks(numbers, queued=10)
    hears(it, 1, (2, 4))
    hears(it, 1, (2, 7))
    lines = it.arrives("ACK", ack=nth(9), wnd=WIDE, options=blocks(it, (9.5, 10)))
    assert again(lines) == [(9, why.SACK_HOLE), (9, why.SACK_RESCUE)]
    assert segments(lines) == [("ACK", nth(9), MSS // 2)] * 2


def test_a_fin_is_rescued_like_text(numbers: Numbers) -> None:
    it = talks(numbers, queued=9)
    it.closes()
    hears(it, 1, (2, 4))
    hears(it, 1, (2, 8))
    lines = it.arrives("ACK", ack=nth(9), wnd=WIDE)
    assert segments(lines) == [("FIN,PSH,ACK", nth(9) + 1, MSS - 1)], "a segment of up to SMSS, the FIN among it"
    lines = it.arrives("ACK", ack=nth(10), wnd=WIDE)
    assert segments(lines) == []
    assert it.end.in_recovery
    it.arrives("ACK", ack=nth(10) + 1, wnd=WIDE)
    assert not it.end.in_recovery


def test_a_fin_in_a_run(numbers: Numbers) -> None:
    """Its number is one that a block may cover; what precedes it is sent with it."""
    it = talks(numbers, queued=10)
    it.closes()
    end = (it.iss + nth(11) + 1) & MASK
    lines = it.arrives("ACK", ack=1, wnd=WIDE, options=Options(sack=(((it.iss + nth(7)) & MASK, end),)))
    assert segments(lines)[0] == ("ACK", 1, MSS)
    assert it.end.sack_octets == 4 * MSS + 1


def test_nothing_is_sent_again_into_a_closed_window(numbers: Numbers) -> None:
    it = talks(numbers, queued=10)
    hears(it, 1, (2, 4))
    assert hears(it, 1, (2, 10), wnd=0) == []
    assert it.end.persist_at == SECOND
    assert again(it.waits(SECOND)) == [(1, why.PERSIST_PROBE)]


# ------------------------------------------------------------------ limited transmit, ECN, and without SACK


def test_limited_transmit_can_be_turned_off(numbers: Numbers) -> None:
    it = talks(numbers, limited_transmit=False)
    assert [hears(it, 1, (2, 2)), hears(it, 1, (2, 3))] == [[], []]
    assert hears(it, 1, (2, 4)) == [(1, why.SACK_RETRANSMIT)]


def test_limited_transmit_goes_by_what_has_arrived(numbers: Numbers) -> None:
    """Step (3): one ACK reports two segments, and two may follow; they are not part of FlightSize in (4.2)."""
    it = talks(numbers)
    assert hears(it, 1, (2, 3)) == [(11, why.LIMITED_TRANSMIT), (12, why.LIMITED_TRANSMIT)]
    hears(it, 1, (2, 4))
    assert window(it)[1:] == (5, 5)


def test_without_congestion_control_all_holes_are_filled_at_once(numbers: Numbers) -> None:
    it = talks(numbers, queued=10, congestion="none")
    assert hears(it, 1, (10, 10), (7, 8)) == [
        (1, why.SACK_RETRANSMIT),
        *[(n, why.SACK_LOST) for n in range(2, 7)],
        (9, why.SACK_HOLE),
    ]


def test_a_peer_without_sack_is_served_by_newreno(numbers: Numbers) -> None:
    it = fresh(numbers, sack=True, initial_window=10)
    it.opens(active=True)
    it.arrives("SYN,ACK", options=Options(mss=MSS))
    it.arrives("ACK", wnd=WIDE)
    it.sends(10 * MSS)
    assert [hears(it, 1) for _ in range(3)][-1] == [(1, why.FAST_RETRANSMIT)]
    assert [hears(it, 1, (2, 10)) for _ in range(3)] == [[], [], []], "nor does it believe what was not agreed on"
    assert it.end.sacked == ()


def test_the_peer_learns_of_the_reduction(numbers: Numbers) -> None:
    it = fresh(numbers, sack=True, initial_window=10, ecn="on")
    it.opens(active=True)
    it.arrives("SYN,ECE,ACK", options=Options(mss=MSS, sack_ok=True))
    it.arrives("ACK", wnd=WIDE)
    it.sends(20 * MSS)
    hears(it, 1, (2, 4))
    sent = it.arrives("ACK", ack=1, wnd=WIDE, options=blocks(it, (2, 10)))
    assert next(line[1] for line in sent if line[0] == "sends") == "ACK,CWR"


# ------------------------------------------------------------------ the scoreboard


def runs(it: Reached) -> list[tuple[float, float]]:
    """The runs of the scoreboard, in segments."""
    flat = [1 + ((number - it.iss - 1) & MASK) / MSS for number in it.end.sacked]
    return [(begin, end - 1) for begin, end in zip(flat[::2], flat[1::2], strict=True)]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([(3, 3), (5, 5), (4, 4)], [(3, 5)]),
        ([(3, 3), (5, 5), (8, 8), (4, 7)], [(3, 8)]),
        ([(3, 4), (4, 6)], [(3, 6)]),
        ([(5, 6), (3, 5)], [(3, 6)]),
        ([(3, 8), (4, 5)], [(3, 8)]),
        ([(4, 5), (3, 8)], [(3, 8)]),
        ([(3, 4), (6, 7), (3, 7)], [(3, 7)]),
        ([(8, 8), (5, 5), (3, 3)], [(3, 3), (5, 5), (8, 8)]),
        ([(2, 1.5), (2, 10)], [(2, 10)]),
    ],
)
def test_runs_are_joined(numbers: Numbers, reports: list[tuple[float, float]], expected: list[Any]) -> None:
    it = talks(numbers, queued=10)
    for report in reports:
        hears(it, 1, report)
    assert runs(it) == expected
    assert it.end.sack_octets == sum(round((b - a + 1) * MSS) for a, b in expected)


@pytest.mark.parametrize(
    "report",
    [(11, 11), (10, 11), (1, 3), (0, 5), (-3, -1), (3, 2), (4, 2)],
    ids=["not sent", "not all sent", "at SND.UNA", "across SND.UNA", "below SND.UNA", "empty", "backwards"],
)
def test_a_block_that_cannot_be_says_nothing(numbers: Numbers, report: tuple[int, int]) -> None:
    it = talks(numbers, queued=10)
    assert hears(it, 1, report) == []
    assert (it.end.sacked, it.end.sack_octets, it.end.dupacks) == ((), 0, 0)


def test_a_duplicate_report_in_front_does_no_harm(numbers: Numbers) -> None:
    """RFC 2883 4.2: a first block within the second, or below the ACK."""
    it = talks(numbers, queued=10)
    hears(it, 2, (5, 5), (4, 6))
    hears(it, 2, (1, 1), (4, 6))
    assert runs(it) == [(4, 6)]


def test_an_ack_drops_what_it_covers(numbers: Numbers) -> None:
    it = talks(numbers, queued=10)
    hears(it, 1, (3, 3), (6, 7), (9, 9))
    hears(it, 5, (6, 7))
    assert runs(it) == [(6, 7), (9, 9)]
    hears(it, 8)
    assert runs(it) == [(9, 9)]
    assert it.end.sack_octets == MSS


def test_a_peer_that_lacks_what_it_reported_is_believed_about_that(numbers: Numbers) -> None:
    """RFC 2018 8: it may discard what it has reported. An ACK into a run shows it."""
    it = talks(numbers, queued=10)
    hears(it, 1, (3, 6), (8, 9))
    assert it.end.in_recovery
    hears(it, 3, (8, 9))
    assert runs(it) == [(8, 9)]
    hears(it, 8.5)
    assert runs(it) == []
    assert it.end.sack_octets == 0


def test_a_copy_has_its_own_scoreboard(numbers: Numbers) -> None:
    it = talks(numbers, queued=10)
    hears(it, 1, (3, 3), (6, 8))
    other = it.fork()
    assert other.end.key(other.now) == it.end.key(it.now)
    hears(it, 1, (3, 3), (5, 8))
    assert other.end.key(other.now) != it.end.key(it.now)
    assert runs(other) == [(3, 3), (6, 8)]
    hears(other, 1, (3, 3), (5, 8))
    assert runs(other) == runs(it)


# ------------------------------------------------------------------ RFC 6937: in proportion


def test_prr_sends_one_segment_for_two_that_are_delivered(numbers: Numbers) -> None:
    """ssthresh is half of ten: above it every second ACK sends one, at it every ACK; none waits for half a window."""
    it = talks(numbers, queued=30, prr=True)
    hears(it, 1, (2, 2))
    hears(it, 1, (2, 3))
    assert hears(it, 1, (2, 4)) == [(1, why.SACK_RETRANSMIT)]
    assert window(it) == (9, 9, 5)
    course = [(window(it)[0], hears(it, 1, (2, last))) for last in range(5, 13)]
    new = why.SACK_NEW_DATA
    assert course == [
        (9, []), (8, []), (7, [(13, new)]), (7, []), (6, []), (5, [(14, new)]), (5, [(15, new)]), (5, [(16, new)]),
    ]  # fmt: skip
    assert (it.end.prr_flight, it.end.prr_delivered, it.end.prr_out) == (10 * MSS, 9 * MSS, 5 * MSS)
    assert hears(it, 13) == [(17, why.SEND_DATA)]
    assert window(it) == (5, 5, 5), "cwnd is ssthresh at the end"
    assert not it.end.in_recovery


def test_prr_begins_slowly_where_much_is_lost(numbers: Numbers) -> None:
    """Below ssthresh: what is delivered, and one segment more (PRR-SSRB)."""
    it = talks(numbers, queued=30, prr=True)
    hears(it, 1, (10, 10))
    hears(it, 1, (9, 10))
    lost = why.SACK_LOST
    assert hears(it, 1, (8, 10)) == [(1, why.SACK_RETRANSMIT), (2, lost), (3, lost)]
    assert window(it) == (5, 5, 5)
    assert [hears(it, 1, (7, 10)), hears(it, 2, (7, 10)), hears(it, 3, (7, 10))] == [[], [(4, lost)], [(5, lost)]]
    assert window(it) == (5, 5, 5)


def test_prr_counts_in_whole_segments_however_small(numbers: Numbers) -> None:
    """Records of 100 octets: three of nine arrive beyond the first three, and all that is lost goes out again."""
    it = talks(numbers, queued=0, prr=True, loss_keeps=70)
    for _ in range(9):
        it.lines(it.end.send(it.now, 100, record=True))
    beyond = Options(sack=(((it.iss + 301) & MASK, (it.iss + 601) & MASK),))
    lines = it.arrives("ACK", ack=1, wnd=WIDE, options=beyond)
    assert starts(lines) == [1, 101, 201]
    assert reasons(lines) == [why.SACK_RETRANSMIT, why.SACK_LOST, why.SACK_LOST]
    assert it.end.prr_out == 300


def test_a_loss_may_cost_less_than_half(numbers: Numbers) -> None:
    """RFC 9438 4.6: CUBIC keeps 70 percent."""
    for keeps, left in ((50, 5), (70, 7)):
        it = talks(numbers, queued=10, loss_keeps=keeps)
        hears(it, 1, (2, 2))
        hears(it, 1, (2, 3))
        hears(it, 1, (2, 4))
        assert it.end.cc.ssthresh == left * MSS


def test_without_congestion_control_there_is_no_proportion(numbers: Numbers) -> None:
    it = talks(numbers, queued=10, prr=True, congestion="none")
    hears(it, 1, (2, 2))
    hears(it, 1, (2, 3))
    assert hears(it, 1, (2, 4)) == [(1, why.SACK_RETRANSMIT)]
    assert it.end.cc.cwnd == it.end.cc.ssthresh
    assert hears(it, 11) == []
