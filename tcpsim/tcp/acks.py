"""What an acceptable ACK does: SND.UNA, round trips, the window, congestion control and loss recovery.

RFC 9293 3.10.7.4, fifth, ESTABLISHED STATE; RFC 6298 5. Losses are found and repaired by RFC 6675 where
both SYNs agreed to SACK (`tcb.sack_ok`), otherwise by RFC 5681 3.2 and RFC 6582 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import rules as why
from .ecn import window_reduced
from .rto import take_round_trip
from .sack import DUP_THRESH, cut_below, lost_below, update
from .segment import FIN, SYN
from .send import proportional, resend_from
from .seqnum import HALF, MASK, ge, gt, latest, lt
from .text import drop
from .timers import (
    start_persist,
    start_retransmission,
    stop_persist,
    stop_retransmission,
    stop_user_timeout,
)
from .units import NEVER

if TYPE_CHECKING:
    from .options import Block
    from .segment import Segment
    from .tcb import TCB
    from .units import Time

DUPLICATES: Final = 3
"""RFC 5681 3.2: so many duplicate ACKs show a loss."""


def update_window(tcb: TCB, now: Time, window: int) -> None:
    """SND.WND <- SEG.WND, scaled (octets), and what an edge of zero entails."""
    was = tcb.snd_wnd
    tcb.snd_wnd = window
    if window > tcb.max_snd_wnd:
        tcb.max_snd_wnd = window
    if window == 0:
        _window_closed(tcb, now, was)
    elif was == 0:
        stop_persist(tcb, why.PERSIST_STOPPED)
        tcb.progress_at = now
        tcb.retransmits = 0
        if tcb.snd_una != tcb.snd_max and tcb.rexmit_at == NEVER:
            start_retransmission(tcb, now + tcb.rto, why.RTO_STARTED)


def _window_closed(tcb: TCB, now: Time, was: int) -> None:
    """The peer's window is zero: probing takes the place of retransmission (MUST-35, MUST-36).

    Each acknowledgment shows a living peer, so the clocks of failure begin anew (MUST-37). If the
    window `was` open, the persist timer that may run is the override of silly window avoidance, and
    no probe's: the first one waits for an RTO (SHLD-29).
    """
    tcb.progress_at = now
    tcb.retransmits = 0
    waiting = tcb.snd_una != tcb.snd_max or tcb.snd_nxt != tcb.snd_goal
    if waiting and (was or tcb.persist_at == NEVER):
        stop_retransmission(tcb, why.PERSIST_STARTED)
        start_persist(tcb, now + tcb.rto, why.PERSIST_STARTED)
    elif waiting:
        stop_retransmission(tcb, why.PERSIST_STARTED)


def advance_una(tcb: TCB, now: Time, acked: int, ack: int) -> None:
    """SND.UNA <- SEG.ACK, which acknowledges `acked` numbers for the first time."""
    told = tcb.sack_octets
    if tcb.sacked:
        cut_below(tcb, ack)
    tcb.snd_una = ack
    if tcb.snd_nxt != tcb.snd_max and gt(ack, tcb.snd_nxt):
        tcb.snd_nxt = ack  # the peer took the octet that probed its window
    if tcb.rtt_at != NEVER and (ack - tcb.rtt_seq) & MASK < HALF:
        if not tcb.ts_ok:  # RFC 6298 2; Karn's rule saw to it that the timed segment was sent once
            take_round_trip(tcb, now - tcb.rtt_at)
        tcb.rtt_at = NEVER
        # What is timed lies beyond `recover`: it stays below, and is not ahead when 2 GB more have gone by.
        tcb.recover = (ack - 1) & MASK
    tcb.retransmits = 0
    tcb.progress_at = now
    if tcb.in_recovery:
        tcb.prr_latest = acked - told + tcb.sack_octets
        _acknowledge_in_recovery(tcb, now, acked)
    else:
        delivered = acked
        if tcb.cfg.count_delivered and tcb.dupacks:
            told = told - tcb.sack_octets if tcb.sack_ok else tcb.dupacks * tcb.snd_mss
            delivered = max(acked - told, min(acked, tcb.snd_mss))
        tcb.dupacks = 0
        if not tcb.ecn_heard and (not tcb.cfg.cwnd_validation or _uses_cwnd(tcb)):
            tcb.cc.acked(delivered)
        if tcb.resending:
            tcb.rexmit_nxt = latest(tcb.rexmit_nxt, ack)
            tcb.resending = gt(tcb.recover, ack)
        if ack != tcb.snd_max:
            start_retransmission(tcb, now + tcb.rto, why.RTO_RESTARTED)
    if tcb.snd_text:
        tcb.snd_text, dropped = drop(tcb.snd_text, (ack - tcb.snd_text_seq) & MASK)
        tcb.snd_text_seq = (tcb.snd_text_seq + dropped) & MASK
    if tcb.snd_marks:
        _forget_marks(tcb)
    if tcb.snd_urgent and ge(ack, tcb.snd_up):
        tcb.snd_urgent = False
    if ack == tcb.snd_max:
        _all_acknowledged(tcb)


def _uses_cwnd(tcb: TCB) -> bool:
    """RFC 7661 4.2, RFC 2861 3: is cwnd what limits us, or will it be as slow start goes on?"""
    cc = tcb.cc
    return tcb.cwnd_limited or (cc.cwnd < cc.ssthresh and cc.cwnd < 2 * tcb.cwnd_used)


def _forget_marks(tcb: TCB) -> None:
    """What ends a record and is acknowledged matters no more."""
    una = tcb.snd_una
    tcb.snd_marks = tuple([mark for mark in tcb.snd_marks if gt(mark, una)])


def _all_acknowledged(tcb: TCB) -> None:
    stop_retransmission(tcb, why.RTO_STOPPED)
    if tcb.snd_nxt == tcb.snd_goal:
        if tcb.persist_at != NEVER:
            stop_persist(tcb, why.PERSIST_STOPPED)
        if tcb.user_at != NEVER:
            stop_user_timeout(tcb)


def same_ack(tcb: TCB, now: Time, segment: Segment) -> None:
    """SEG.ACK = SND.UNA with data outstanding: is it a duplicate ACK as RFC 5681 2 defines it?"""
    window = segment.wnd << tcb.snd_scale
    if segment.length or segment.ctl & (SYN | FIN) or window != tcb.snd_wnd or not window:
        return
    tcb.dupacks += 1
    if tcb.dupacks == 1:
        tcb.limited = 0
    if tcb.in_recovery:
        tcb.cc.duplicate()
    elif tcb.dupacks == DUPLICATES and not tcb.resending and gt(tcb.snd_una, tcb.recover):
        # RFC 6582 3.2, step 2: only beyond `recover`, lest what a timeout resent looks like a loss.
        tcb.in_recovery = 1
        tcb.recover = tcb.snd_max
        # RFC 5681 3.2, step 2: what limited transmit has added is not part of FlightSize.
        tcb.cc.enter_recovery(tcb.outstanding - tcb.limited)
        if tcb.ecn_ok:
            window_reduced(tcb)
        tcb.sent_at = now
        resend_from(tcb, tcb.snd_una, tcb.snd_mss, why.FAST_RETRANSMIT)


def sack_arrives(tcb: TCB, now: Time, blocks: tuple[Block, ...]) -> None:
    """RFC 6675 5: take note of what an ACK, new or old, says of runs beyond SND.UNA, and of a loss that it shows.

    What marks something for the first time is a duplicate ACK (2), whatever else it says or carries.
    """
    marked = update(tcb, blocks)
    if not marked:
        return
    tcb.prr_latest = tcb.prr_latest + marked if tcb.in_recovery else marked
    # 5.1: after a timeout, no recovery before all is acknowledged that was outstanding then.
    if tcb.in_recovery or lt(tcb.snd_una, tcb.recover):
        return
    tcb.dupacks += 1
    if tcb.dupacks == 1:
        tcb.limited = 0
    if tcb.dupacks >= DUP_THRESH or lost_below(tcb) != tcb.snd_una:
        _begin_recovery_by_sack(tcb, now)


def _begin_recovery_by_sack(tcb: TCB, now: Time) -> None:
    """RFC 6675 5, step (4); `output` goes on with step (C)."""
    tcb.in_recovery = 1
    tcb.resending = True
    tcb.recover = tcb.snd_max
    # RFC 5681 3.2, step 2: what limited transmit has added is not part of FlightSize.
    tcb.prr_flight = tcb.outstanding - tcb.limited
    tcb.cc.enter_recovery_by_sack(tcb.prr_flight)
    if tcb.ecn_ok:
        window_reduced(tcb)
    tcb.sent_at = now
    limit = min(tcb.snd_mss, tcb.sacked[0] - tcb.snd_una)
    tcb.high_rxt = tcb.rescue_rxt = resend_from(tcb, tcb.snd_una, limit, why.SACK_RETRANSMIT)
    tcb.prr_delivered, tcb.prr_out = 0, (tcb.high_rxt - tcb.snd_una) & MASK


def _acknowledge_in_recovery(tcb: TCB, now: Time, acked: int) -> None:
    """RFC 6582 3.2, step 3; RFC 6675 5: a full ACK ends recovery, a partial one shows the next hole."""
    if ge(tcb.snd_una, tcb.recover):
        tcb.in_recovery = 0
        tcb.dupacks = 0
        if tcb.sack_ok:  # RFC 6675 5 (A); what is marked beyond stays so
            tcb.resending = False
            tcb.high_rxt = tcb.rescue_rxt = 0
            if proportional(tcb):
                tcb.cc.cwnd = tcb.cc.ssthresh
        else:
            tcb.cc.leave_recovery(tcb.outstanding)
        if tcb.snd_una != tcb.snd_max:
            start_retransmission(tcb, now + tcb.rto, why.RTO_RESTARTED)
        return
    if tcb.sack_ok:  # `output` fills the next holes
        tcb.dupacks = 0
        start_retransmission(tcb, now + tcb.rto, why.RTO_RESTARTED)
        return
    tcb.cc.partial(acked)
    if tcb.in_recovery == 1:  # only the first partial ACK restarts the timer
        tcb.in_recovery = 2
        start_retransmission(tcb, now + tcb.rto, why.RTO_RESTARTED)
    tcb.sent_at = now
    resend_from(tcb, tcb.snd_una, tcb.snd_mss, why.PARTIAL_ACK)
