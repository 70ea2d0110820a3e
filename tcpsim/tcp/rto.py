"""The retransmission timeout (RFC 6298): round trips measured, the RTO computed, in whole nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tcb import TCB
    from .units import Time


def take_round_trip(tcb: TCB, rtt: Time, samples: int = 1) -> None:
    """Make SRTT, RTTVAR and the RTO of a round trip (ns); `samples` such are expected in a window (RFC 7323 G)."""
    if tcb.srtt < 0:
        tcb.srtt, tcb.rttvar = rtt, rtt // 2  # (2.2)
    else:
        # (2.3) beta = 1/4 and alpha = 1/8, with SRTT before its update
        error = rtt - tcb.srtt
        tcb.rttvar += (abs(error) - tcb.rttvar) // (4 * samples)
        tcb.srtt += error // (8 * samples)
    cfg = tcb.cfg
    spread = 4 * tcb.rttvar
    rto = tcb.srtt + (spread if spread > cfg.rto_granularity else cfg.rto_granularity)
    if rto < cfg.rto_min:
        rto = cfg.rto_min  # (2.4)
    rto += cfg.rto_slop
    tcb.rto = rto if rto < cfg.rto_max else cfg.rto_max  # (2.5)


def back_off(tcb: TCB) -> None:
    """Double the RTO (RFC 6298 5 (5.5)); it stays doubled until a round trip is measured anew.

    The slop is not doubled, and the first RTO of a connection is without it.
    """
    cfg = tcb.cfg
    contained = cfg.rto_slop if tcb.srtt >= 0 or tcb.retransmits > 1 else 0
    tcb.rto = min(2 * (tcb.rto - contained) + cfg.rto_slop, max(cfg.rto_max, cfg.rto_initial))
