"""The retransmission timeout (RFC 6298): round trips measured, the RTO computed, in whole nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .units import NEVER

if TYPE_CHECKING:
    from .tcb import TCB
    from .units import Time


def sample(tcb: TCB, now: Time) -> None:
    """Take the round trip of the timed segment (RFC 6298 2); Karn's rule saw to it that it was sent once."""
    rtt = now - tcb.rtt_at
    tcb.rtt_at = NEVER
    if tcb.srtt < 0:
        tcb.srtt, tcb.rttvar = rtt, rtt // 2  # (2.2)
    else:
        tcb.rttvar += (abs(tcb.srtt - rtt) - tcb.rttvar) // 4  # (2.3) beta = 1/4, with SRTT before its update
        tcb.srtt += (rtt - tcb.srtt) // 8  # (2.3) alpha = 1/8
    cfg = tcb.cfg
    spread = 4 * tcb.rttvar
    rto = tcb.srtt + (spread if spread > cfg.rto_granularity else cfg.rto_granularity)
    if rto < cfg.rto_min:
        rto = cfg.rto_min  # (2.4)
    tcb.rto = rto if rto < cfg.rto_max else cfg.rto_max  # (2.5)


def back_off(tcb: TCB) -> None:
    """Double the RTO (RFC 6298 5 (5.5)); it stays doubled until a round trip is measured anew."""
    tcb.rto = min(2 * tcb.rto, max(tcb.cfg.rto_max, tcb.cfg.rto_initial))
