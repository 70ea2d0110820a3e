"""The timers of a connection: each is a deadline in the TCB, NEVER while it is off.

`wake` is never later than the earliest deadline, and may be earlier: stopping or postponing a timer
leaves it alone, so that the many restarts of a transfer cost one comparison each. Who drives an
endpoint calls it at `wake` or at `next_timeout`; being called early is harmless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rules as why
from .actions import TimerSet, TimerStopped
from .units import NEVER

if TYPE_CHECKING:
    from .rules import Rule
    from .tcb import TCB
    from .units import Time


def start_retransmission(tcb: TCB, deadline: Time, reason: Rule) -> None:
    """Start or restart the retransmission timer (RFC 6298 5)."""
    tcb.rexmit_at = deadline
    if deadline < tcb.wake:
        tcb.wake = deadline
    if tcb.observed:
        tcb.out.append(TimerSet("retransmission", deadline, reason))


def stop_retransmission(tcb: TCB, reason: Rule) -> None:
    """Turn the retransmission timer off."""
    if tcb.rexmit_at != NEVER:
        tcb.rexmit_at = NEVER
        if tcb.observed:
            tcb.out.append(TimerStopped("retransmission", reason))


def start_persist(tcb: TCB, deadline: Time, reason: Rule) -> None:
    """Start the persist timer, which probes a zero window and overrides silly window avoidance."""
    tcb.persist_at = deadline
    _started(tcb, "persist", deadline, reason)


def stop_persist(tcb: TCB, reason: Rule) -> None:
    """Turn the persist timer off and forget its backoff."""
    tcb.persist_backoff = 0
    if tcb.persist_at != NEVER:
        tcb.persist_at = NEVER
        _stopped(tcb, "persist", reason)


def start_time_wait(tcb: TCB, now: Time, reason: Rule) -> None:
    """Begin, or begin anew, to wait for 2 MSL (RFC 9293 3.6.1, MUST-13)."""
    tcb.time_wait_at = now + 2 * tcb.cfg.msl
    _started(tcb, "time-wait", tcb.time_wait_at, reason)


def start_keepalive(tcb: TCB, deadline: Time) -> None:
    """Watch for an idle connection (RFC 9293 3.8.4)."""
    fresh = tcb.keepalive_at == NEVER
    tcb.keepalive_at = deadline
    if deadline < tcb.wake:
        tcb.wake = deadline
    if tcb.observed and (fresh or tcb.keepalive_probes):
        tcb.out.append(TimerSet("keep-alive", deadline, why.KEEPALIVE_STARTED))


def start_user_timeout(tcb: TCB, now: Time) -> None:
    """Let the user timeout run; progress moves its end without a new start (see `user_deadline`)."""
    timeout = tcb.cfg.user_timeout if tcb.syn_acked else _connect_timeout(tcb)
    if timeout is not None:
        tcb.user_at = deadline = now + timeout
        if deadline < tcb.wake:
            tcb.wake = deadline
        if tcb.observed:
            tcb.out.append(TimerSet("user timeout", deadline, why.USER_TIMEOUT_STARTED))


def stop_user_timeout(tcb: TCB) -> None:
    """Everything is delivered."""
    tcb.user_at = NEVER
    if tcb.observed:
        tcb.out.append(TimerStopped("user timeout", why.USER_TIMEOUT_STOPPED))


def user_deadline(tcb: TCB) -> Time:
    """Return when the user timeout really ends: each progress has moved it on."""
    if tcb.user_at == NEVER or (not tcb.retransmits and tcb.syn_acked and tcb.cfg.patience_from != "send"):
        return NEVER
    timeout = tcb.cfg.user_timeout if tcb.syn_acked else _connect_timeout(tcb)
    return NEVER if timeout is None else max(tcb.user_at, tcb.progress_at + timeout)


def _connect_timeout(tcb: TCB) -> Time | None:
    """Return the user timeout while our SYN is not acknowledged."""
    cfg = tcb.cfg
    return cfg.user_timeout if cfg.connect_timeout is None else cfg.connect_timeout


def start_linger(tcb: TCB, deadline: Time) -> None:
    """Give CLOSE a bound on how long it may take to deliver what is queued."""
    tcb.linger_at = deadline
    _started(tcb, "linger", deadline, why.LINGER_TIMER)


def stop_linger(tcb: TCB, reason: Rule) -> None:
    """All that CLOSE left behind is delivered."""
    tcb.linger_at = NEVER
    _stopped(tcb, "linger", reason)


def start_orphan(tcb: TCB, now: Time) -> None:
    """In FIN-WAIT-2, if the user has given up both directions: bound the wait for the peer's FIN, where a knob does."""
    timeout = tcb.cfg.fin_wait_2_timeout
    if timeout is not None:
        tcb.fin_wait_2_at = now + timeout
        _started(tcb, "fin-wait-2", tcb.fin_wait_2_at, why.ORPHAN_STARTED)


def stop_all(tcb: TCB, reason: Rule) -> None:
    """Turn off every timer."""
    if tcb.observed:
        for timer, slot in _SLOTS:
            if getattr(tcb, slot) != NEVER:
                tcb.out.append(TimerStopped(timer, reason))
    tcb.rexmit_at = tcb.persist_at = tcb.delack_at = tcb.time_wait_at = NEVER
    tcb.keepalive_at = tcb.user_at = tcb.linger_at = tcb.fin_wait_2_at = NEVER
    tcb.persist_backoff = 0
    tcb.wake = NEVER


def earliest(tcb: TCB) -> Time:
    """Return the earliest deadline, exactly, or NEVER."""
    return min(
        tcb.rexmit_at,
        tcb.persist_at,
        tcb.delack_at,
        tcb.time_wait_at,
        tcb.keepalive_at,
        tcb.linger_at,
        tcb.fin_wait_2_at,
        user_deadline(tcb),
    )


_SLOTS = (
    ("retransmission", "rexmit_at"), ("persist", "persist_at"), ("delayed ack", "delack_at"),
    ("time-wait", "time_wait_at"), ("keep-alive", "keepalive_at"), ("user timeout", "user_at"), ("linger", "linger_at"),
    ("fin-wait-2", "fin_wait_2_at"),
)  # fmt: skip


def _started(tcb: TCB, timer: str, deadline: Time, reason: Rule) -> None:
    if deadline < tcb.wake:
        tcb.wake = deadline
    if tcb.observed:
        tcb.out.append(TimerSet(timer, deadline, reason))


def _stopped(tcb: TCB, timer: str, reason: Rule) -> None:
    if tcb.observed:
        tcb.out.append(TimerStopped(timer, reason))
