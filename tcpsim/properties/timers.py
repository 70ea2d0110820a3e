"""Timers: whatever waits for an answer is watched, is sent again ever more seldom, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.diagram import CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT
from ..tcp.units import NEVER, format_duration
from .property import invariant, leads_to, settles, step

if TYPE_CHECKING:
    from ..tcp.config import Config
    from ..tcp.tcb import TCB
    from ..tcp.units import Time
    from .property import Answer
    from .views import End, Step, World

DELIVERIES_END = settles(
    "deliveries-end", "RFC 5961 7",
    "With no user, no timer and no fault left, segments do not answer segments for ever: challenge ACKs too come to "
    "an end.", id="L15",
)  # fmt: skip


@invariant(
    "outstanding-is-watched", "RFC 9293 3.8.1",
    "While anything that was sent is not acknowledged, a retransmission timer or a persist timer runs, in every state.",
    id="I21",
)  # fmt: skip
def outstanding_is_watched(world: World) -> Answer:
    """A SYN, text, a FIN or a probe."""
    asked = None
    for end in world.ends:
        tcb = end.endpoint
        if end.state is CLOSED or end.state is LISTEN or not tcb.outstanding:
            continue
        asked = True
        if tcb.rexmit_at == NEVER and tcb.persist_at == NEVER:
            return f"{end.name}, {end.state}, waits for the ACK of {tcb.outstanding} numbers without a timer"
    return asked


@step(
    "retransmission-backs-off", "RFC 6298 5 (5.5)",
    "When the retransmission timer expires, the oldest segment goes again under its own number, the next interval is "
    "twice as long, up to a maximum, and the time after which it is given up goes on counting.", id="L22b",
)  # fmt: skip
def retransmission_backs_off(step: Step) -> Answer:
    """The first timeouts of a SYN need not double where a knob says so; probes of a zero window back off too."""
    was, tcb, name = step.before.endpoint, step.after.endpoint, step.after.name
    if not step.same or step.after.state is not step.before.state:
        return None
    if step.fired("retransmission"):
        if not any(sent.seq == was.snd_una and sent.seg_len for sent in step.segments):
            return f"{name} does not send {was.snd_una}, its oldest number, again"
        if tcb.progress_at != was.progress_at and (was.retransmits or was.cfg.patience_from == "send"):
            return f"{name} forgets how long it has tried in vain"
        least, rest = _least_interval(was), tcb.rexmit_at - step.now
        return rest >= least or f"{name} waits for {format_duration(rest)}, not for {format_duration(least)}"
    if step.fired("persist") and not was.snd_wnd:
        least, rest = _least_probing(was), tcb.persist_at - step.now
        return rest >= least or f"{name} probes after {format_duration(rest)}, not after {format_duration(least)}"
    return None


@step(
    "gives-up-at-r2", "RFC 9293 3.8.3, MUST-20",
    "When R2 is reached, the connection is closed: a timer that expires then sends nothing again.", id="L22c",
)  # fmt: skip
def gives_up_at_r2(step: Step) -> Answer:
    """R2 as the knobs have it: a time, and more attempts than R1; that of a SYN may be a number of attempts."""
    was, cfg = step.before.endpoint, step.before.config
    if not step.same or not step.fired("retransmission"):
        return None
    opening = was.state is SYN_SENT or was.state is SYN_RECEIVED
    tried, most = step.now - was.progress_at, _most_attempts(was, cfg) if opening else None
    if most is not None:
        reached = was.retransmits >= most
    else:
        reached = tried >= (cfg.r2_syn if opening else cfg.r2) and was.retransmits >= cfg.r1
    if not reached:
        return None
    over = step.after.state is CLOSED
    return over or f"{step.after.name} goes on after {was.retransmits} attempts in {format_duration(tried)}"


def _most_attempts(tcb: TCB, cfg: Config) -> int | None:
    """Return how often a SYN, or the SYN,ACK of a passive OPEN, is sent again at most; None if no knob says so."""
    if tcb.passive and cfg.synack_retries is not None:
        return cfg.synack_retries
    if cfg.syn_retries is None:
        return None
    return cfg.syn_retries + (cfg.syn_linear_timeouts if tcb.state is SYN_SENT else 0)


def _least_interval(tcb: TCB) -> Time:
    """Return what the RTO has to be after it has expired; the slop of a kernel's timer is not doubled."""
    cfg = tcb.cfg
    if tcb.state is SYN_SENT and tcb.retransmits < cfg.syn_linear_timeouts:
        return tcb.rto
    return min(2 * tcb.rto - cfg.rto_slop, max(cfg.rto_max, cfg.rto_initial))


def _least_probing(tcb: TCB) -> Time:
    """Return the least interval between two probes."""
    return min(tcb.rto << min(tcb.persist_backoff, 32), max(tcb.cfg.rto_max, tcb.rto))


def _hangs(end: End) -> bool:
    """Return whether an end waits for an ACK, and not for a window of zero to open: that may take for ever."""
    tcb = end.endpoint
    return end.state is not CLOSED and end.state is not LISTEN and tcb.outstanding > 0 and not _probes(tcb)


def _probes(tcb: TCB) -> bool:
    return tcb.syn_acked and not tcb.snd_wnd and tcb.persist_at != NEVER


@leads_to(
    "retransmission-ends", "RFC 9293 3.8.3",
    "Whatever was sent is acknowledged some day, or given up; only a window of zero may be probed for ever.",
    goal=lambda world: not any(_hangs(end) for end in world.ends), id="L22",
)  # fmt: skip
def retransmission_ends(world: World) -> Answer:
    """Something is not acknowledged."""
    return any(_hangs(end) for end in world.ends)
