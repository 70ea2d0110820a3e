"""What users send is what users get: in order, once, all of it, whatever comes back from earlier times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.actions import Discarded
from ..tcp.diagram import CLOSED, SYN_RECEIVED, TIME_WAIT
from ..tcp.rules import CHALLENGE_LIMITED, NO_TIMESTAMPS, PAWS, SYN_FIN_DROPPED
from ..tcp.segment import ACK, RST, SYN
from ..tcp.seqnum import MASK
from .changes import changed, nothing_but_the_answer
from .property import invariant, leads_to, step

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.tcb import TCB
    from .property import Answer
    from .views import End, Step, World


@invariant(
    "delivered-is-a-prefix", "RFC 9293 2.2",
    "What one user has got is, octet for octet, a beginning of what the other has sent, and no connection delivers it "
    "once more.", id="I2",
)  # fmt: skip
def delivered_is_a_prefix(world: World) -> Answer:
    """Fast Open may deliver what came with a copy of a SYN once more, and says so (RFC 7413 2.1)."""
    asked = None
    for one, other in world.pairs():
        if not one.delivered:
            continue
        if one.state is not CLOSED and not one.partner:
            return f"the user of {one.name} has got {one.delivered!r}, which nobody has sent in this connection"
        if one.partner != other.incarnation:
            continue
        asked = True
        if not other.sent.startswith(one.delivered):
            return f"the user of {one.name} has got {one.delivered!r}, the other has sent {other.sent!r}"
        if other.partner not in (0, one.incarnation) and one.endpoint.cfg.fast_open == "off":
            return f"the user of {one.name} has got {one.delivered!r} in a connection that {other.name} never made"
    return asked


@invariant(
    "all-before-the-fin", "RFC 9293 3.6",
    "Whoever has taken the peer's FIN has taken all that was sent before it.", id="L24b",
)  # fmt: skip
def all_before_the_fin(world: World) -> Answer:
    """What the user has got, and what waits for him, is all that the other user has sent."""
    asked = None
    for one, other in world.pairs():
        if not one.endpoint.fin_received or not one.heard(other):
            continue
        asked = True
        taken = len(one.delivered) + one.endpoint.rcv_user
        if taken != len(other.sent):
            return f"{one.name} has taken a FIN and {taken} octets, {other.name} has sent {len(other.sent)}"
    return asked


# ------------------------------------------------------------------ old duplicates


@step(
    "old-duplicates-add-nothing", "RFC 9293 3.5",
    "A segment of an earlier connection adds no octet to this one, acknowledges nothing in it and does not end its "
    "stream.", id="I12",
)  # fmt: skip
def old_duplicates_add_nothing(step: Step) -> Answer:
    """An old SYN may make a connection half open, and an old RST end that again: see `old-syn-is-forgotten`."""
    segment, was, tcb = step.event.segment, step.before.endpoint, step.after.endpoint
    if segment is None:
        return None
    connected = was.state.both_syns and step.same
    if step.event.incarnation and not (connected and step.stale):
        return None
    if step.accepted > 0 or step.delivered:
        return f"{step.after.name} takes {step.accepted} octets of an earlier connection"
    if not connected or not tcb.state.both_syns:
        return True
    moved = [name for name in changed(step) if name in ("SND.UNA", "RCV.NXT")]
    return f"{step.after.name} lets a segment of an earlier connection move {', '.join(moved)}" if moved else True


@leads_to(
    "old-syn-is-forgotten", "RFC 9293 3.5",
    "A connection that an old SYN has half opened goes away again.",
    goal=lambda world: not any(_began_with_old_syn(end) for end in world.ends), id="I12b",
)  # fmt: skip
def old_syn_is_forgotten(world: World) -> Answer:
    """The peer refuses the SYN,ACK with a RST: Figure 8."""
    return any(_began_with_old_syn(end) for end in world.ends)


def _began_with_old_syn(end: End) -> bool:
    return end.state is SYN_RECEIVED and not end.partner


# ------------------------------------------------------------------ what is not acceptable


@step(
    "unacceptable-changes-nothing", "RFC 9293 3.10.7.4, first",
    "A segment that lies outside the window, as every copy of what was received does, changes nothing, and is answered "
    "with an ACK.", id="A30",
)  # fmt: skip
def unacceptable_changes_nothing(step: Step) -> Answer:
    """Table 6 and what the RFC and its Appendix A.2 allow beside it; nor does it open the congestion window."""
    segment, was, tcb = step.event.segment, step.before.endpoint, step.after.endpoint
    if segment is None or not step.same or not was.state.both_syns or segment.ctl & RST:
        return None
    if _acceptable(was, segment):
        return None
    if _is_allowed(was, segment):
        names = [] if segment.ctl & SYN else [name for name in changed(step) if name not in _OF_ACK]
        return f"{step.after.name} lets {segment} change {', '.join(names)}" if names else not segment.ctl & SYN or None
    if not _is_answered(step):
        return f"{step.after.name} does not answer {segment}"
    if was.cc.key() != tcb.cc.key():
        return f"{step.after.name} lets {segment} change the congestion window"
    return nothing_but_the_answer(step, str(segment))


def _is_answered(step: Step) -> bool:
    """Return whether an ACK goes back; or whether a knob, PAWS or RFC 5961's limit lets the segment be dropped."""
    was = step.before.endpoint
    if any(sent.ctl & (ACK | RST) == ACK for sent in step.segments):
        return True
    if was.state is TIME_WAIT and was.cfg.time_wait_answers == "unexpected":
        return True
    return any(isinstance(action, Discarded) and action.why in _DROPPED for action in step.actions)


_DROPPED: Final = (CHALLENGE_LIMITED, NO_TIMESTAMPS, PAWS, SYN_FIN_DROPPED)
_OF_ACK: Final = frozenset({"the state", "SND.UNA", "SND.WND", "SND.WL1", "SND.WL2"})
"""What an ACK field may change."""


def _acceptable(tcb: TCB, segment: Segment) -> bool:
    """Return the answer of Table 6."""
    window, start = tcb.rcv_wnd, (segment.seq - tcb.rcv_nxt) & MASK
    if not segment.seg_len:
        return start < window or not start or (start == window and tcb.cfg.accept_right_edge)
    return window > 0 and (start < window or (segment.last - tcb.rcv_nxt) & MASK < window)


def _is_allowed(tcb: TCB, segment: Segment) -> bool:
    """Return whether something of a segment that Table 6 refuses may count all the same.

    Its ACK field, if it goes to a window of zero (3.10.7.4, first), if a knob takes old ones, or if probes of two zero
    windows meet (A.2); the ACK of a SYN,ACK that has crossed ours (MUST-10); a SYN that reopens TIME-WAIT (MAY-2).
    """
    if segment.ctl & SYN:
        crossed = tcb.state is SYN_RECEIVED and tcb.active and segment.seq == tcb.irs and segment.ctl & ACK
        return bool(crossed) or tcb.cfg.reuse_time_wait
    if not segment.ctl & ACK:
        return False
    if not tcb.rcv_wnd and segment.seq == tcb.rcv_nxt:
        return True
    cfg = tcb.cfg
    return cfg.old_acks_count or cfg.ack_repeats_fin or (not tcb.snd_wnd and tcb.outstanding > 0)
