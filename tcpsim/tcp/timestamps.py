"""Timestamps (RFC 7323): the clock, which value is echoed, old duplicates refused, round trips measured.

Rule 1. TSval is virtual time in ticks, counted from an offset that the pair of sockets decides: it grows
        from one incarnation of a connection to the next, which RFC 6191 builds on.
Rule 2. `ts_recent` and `last_ack_sent` are TS.Recent and Last.ACK.sent; all else follows from them.
Rule 3. Nothing here is asked unless both SYNs carried the option (`tcb.ts_ok`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import rules as why
from .actions import Discarded
from .diagram import SYN_RECEIVED
from .iss import keyed_hash
from .rto import take_round_trip
from .segment import RST, SYN
from .seqnum import HALF, MASK, gt, le, lt
from .units import HOUR

if TYPE_CHECKING:
    from .config import Config
    from .iss import Socket
    from .segment import Segment
    from .tcb import TCB
    from .units import Time

OUTDATED: Final = 24 * 24 * HOUR
"""How long TS.Recent says anything: a millisecond clock comes half way round in 24.8 days (RFC 7323 5.5)."""


def timestamp_offset(cfg: Config, local: Socket | None, remote: Socket | None) -> int:
    """Return TSval at time zero: the knob's, or a keyed hash of the sockets (RFC 7323 5.4)."""
    if cfg.timestamp_offset is not None:
        return cfg.timestamp_offset
    return keyed_hash(f"timestamps {cfg.isn_secret}", local, remote)


def tsval(tcb: TCB, now: Time) -> int:
    """Return the timestamp clock's value at `now`."""
    return (now // tcb.cfg.timestamp_tick + tcb.ts_offset) & MASK


def begin_timestamps(tcb: TCB, now: Time, segment: Segment) -> None:
    """The peer's SYN gives TS.Recent its first value (RFC 7323 4.3 (1), D)."""
    if tcb.ts_ok and segment.options is not None and segment.options.ts is not None:
        tcb.ts_recent, tcb.ts_recent_at = segment.options.ts[0], now
        tcb.last_ack_sent = tcb.rcv_nxt


# ------------------------------------------------------------------ protection against wrapped sequence numbers


def admits(tcb: TCB, now: Time, segment: Segment) -> bool:
    """RFC 7323 5.3, R1: may this segment go on to the first check? If not, what it is answered with is settled.

    A RST always may (5.2). One without timestamps is dropped silently, if the knob does not tolerate it (3.2);
    but not a SYN in SYN-RECEIVED, since a peer may leave its options out as it tries again.
    """
    ctl = segment.ctl
    if ctl & RST:
        return True
    stamps = None if segment.options is None else segment.options.ts
    if stamps is None:
        if tcb.cfg.missing_timestamps == "accept" or (ctl & SYN and tcb.state is SYN_RECEIVED):
            return True
        _discard(tcb, segment, missing=True)
        return False
    if _not_older(tcb, now, stamps[0]):
        return True
    _discard(tcb, segment, missing=False)
    if segment.length or tcb.cfg.empty_old_timestamps == "acknowledge":
        tcb.ack_why = why.PAWS
    return False


def _discard(tcb: TCB, segment: Segment, *, missing: bool) -> None:
    if tcb.observed:
        tcb.out.append(Discarded(segment, why.NO_TIMESTAMPS if missing else why.PAWS))


def _not_older(tcb: TCB, now: Time, value: int) -> bool:
    return not lt(value, tcb.ts_recent) or now - tcb.ts_recent_at > OUTDATED


def record(tcb: TCB, now: Time, segment: Segment) -> None:
    """R3, or 4.3 (2): the TSval of a segment that reaches down to what was acknowledged last is echoed from now on.

    Thus a delayed ACK echoes the earliest segment that it acknowledges, and an ACK of a segment beyond a
    hole the last one that moved RCV.NXT.
    """
    stamps = None if segment.options is None else segment.options.ts
    if stamps is not None and le(segment.seq, tcb.last_ack_sent) and _not_older(tcb, now, stamps[0]):
        tcb.ts_recent, tcb.ts_recent_at = stamps[0], now


# ------------------------------------------------------------------ round-trip time measurement


def measure(tcb: TCB, now: Time, segment: Segment) -> None:
    """RTTM (RFC 7323 4.1): take the round trip of a segment that moves SND.UNA, from the timestamp it echoes.

    Unlike a timed segment (RFC 6298 3, Karn's rule) an echo tells which transmission it belongs to.
    """
    stamps = None if segment.options is None else segment.options.ts
    if stamps is None:
        return
    ticks = (tsval(tcb, now) - stamps[1]) & MASK
    if ticks >= HALF:  # from the future: no value of ours
        return
    samples = 1
    if tcb.cfg.rtt_samples == "window":
        # RFC 7323 G: ExpectedSamples = ceiling(FlightSize / (SMSS * 2)).
        samples = max(-(-tcb.outstanding // (2 * tcb.snd_mss)), 1)
    take_round_trip(tcb, ticks * tcb.cfg.timestamp_tick, samples)


# ------------------------------------------------------------------ TIME-WAIT


def newer_incarnation(tcb: TCB, segment: Segment) -> bool:
    """RFC 6191 2: does a SYN that arrives in TIME-WAIT come after all of the connection that has ended?"""
    stamps = None if segment.options is None or not tcb.cfg.timestamps else segment.options.ts
    if stamps is not None:
        if not tcb.ts_ok:
            return True
        later = (stamps[0] - tcb.ts_recent) & MASK
        if later:
            return later < HALF
    return gt(segment.seq, tcb.rcv_nxt)
