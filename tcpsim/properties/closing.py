"""Closing: each FIN taken once and waited for, TIME-WAIT kept and guarded, and nothing left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.actions import Discarded
from ..tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, LISTEN, SYN_RECEIVED, TIME_WAIT
from ..tcp.diagram import Event as Cause
from ..tcp.rules import NO_TIMESTAMPS, PAWS
from ..tcp.segment import ACK, FIN, RST, SYN
from ..tcp.seqnum import HALF, MASK, gt
from ..tcp.units import NEVER, format_duration
from .property import leads_to, step

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.tcb import TCB
    from .property import Answer
    from .views import End, Step, World

# ------------------------------------------------------------------ FINs


@step(
    "fin-taken-once", "RFC 9293 3.10.7.4, eighth",
    "The peer's FIN is taken once, when all text before it has been taken, and nothing is taken after it.", id="A9",
)  # fmt: skip
def fin_taken_once(step: Step) -> Answer:
    """RCV.NXT moves over the text that is taken and, once, over a FIN."""
    was, tcb, name = step.before.endpoint, step.after.endpoint, step.after.name
    if not step.same or not (tcb.fin_received or was.fin_received) or tcb.state is LISTEN:
        return None
    known = was.state.both_syns or was.fin_received  # the latter: a RST has ended it, and text waits to be read
    begin = was.rcv_nxt if known else (tcb.irs + 1) & MASK
    moved, taken = (tcb.rcv_nxt - begin) & MASK, step.accepted
    if was.fin_received:
        return not (moved or taken) or f"{name} takes {taken} octets, and {moved} numbers, after the peer's FIN"
    return moved == taken + 1 or f"{name} moves RCV.NXT by {moved} for a FIN and {taken} octets"


@step(
    "own-fin-acknowledged", "RFC 9293 3.10.7.4, fifth",
    "FIN-WAIT-1, CLOSING and LAST-ACK are left for an ACK only if it acknowledges our FIN.", id="A10",
)  # fmt: skip
def own_fin_acknowledged(step: Step) -> Answer:
    """FIN-WAIT-1 to FIN-WAIT-2, CLOSING to TIME-WAIT, LAST-ACK to CLOSED."""
    moves = [moved.edge for moved in step.moves if moved.edge.event is Cause.RCV_ACK_OF_FIN]
    if not moves:
        return None
    was, segment = step.before.endpoint, step.event.segment
    acknowledged = (
        segment is not None and segment.ctl & ACK and was.fin_queued and segment.ack == was.snd_goal == was.snd_max
    )
    return bool(acknowledged) or f"{step.after.name} goes to {moves[-1].target} before its FIN is acknowledged"


def _silent(end: End) -> bool:
    """Return whether the user has called CLOSE and no FIN says so, though no text waits for a window before it."""
    tcb = end.endpoint
    if not end.closed or (tcb.unsent and not tcb.snd_wnd):
        return False
    if end.state is FIN_WAIT_1:
        return tcb.snd_max != tcb.snd_goal
    return end.state is SYN_RECEIVED or end.state is ESTABLISHED or end.state is CLOSE_WAIT


@leads_to(
    "close-sends-fin", "RFC 9293 3.10.4",
    "After CLOSE a FIN goes out behind all that was sent, also if the peer's FIN has come before.",
    goal=lambda world: not any(_silent(end) for end in world.ends), id="L11",
)  # fmt: skip
def close_sends_fin(world: World) -> Answer:
    """The user has called CLOSE, and there is a peer to be told."""
    return any(end.closed and end.state.both_syns for end in world.ends)


@step(
    "close-ends-in-good-order", "RFC 9293 3.10.4",
    "CLOSE does not delete a connection that both ends know: its FIN is to come, or a RST tells that data is lost.",
    id="L11b",
)  # fmt: skip
def close_ends_in_good_order(step: Step) -> Answer:
    """In ESTABLISHED and CLOSE-WAIT, and in SYN-RECEIVED, where the peer may be ESTABLISHED already."""
    known = step.before.state in (ESTABLISHED, CLOSE_WAIT, SYN_RECEIVED)
    if not known or step.event.error or not step.event.call.startswith("close"):
        return None
    if step.after.state is not CLOSED or any(sent.ctl & RST for sent in step.segments):
        return True
    return f"{step.after.name} forgets the connection without a word"


# ------------------------------------------------------------------ TIME-WAIT


@step(
    "time-wait-lasts", "RFC 9293 3.6.1, MUST-13",
    "TIME-WAIT lasts for 2 MSL, counted from when it was entered and anew from each FIN that comes again.", id="A17",
)  # fmt: skip
def time_wait_lasts(step: Step) -> Answer:
    """CLOSED no sooner than that by itself: RSTs, SYNs and ABORT are other properties' business."""
    was, tcb, name = step.before.endpoint, step.after.endpoint, step.after.name
    entered = any(moved.edge.target is TIME_WAIT for moved in step.moves)
    if not step.same or not (entered or was.state is TIME_WAIT):
        return _without_time_wait(step)
    if entered or _fin_again(step):
        span = 2 * step.after.config.msl
        if tcb.state is not TIME_WAIT:
            return f"{name} leaves TIME-WAIT at once"
        rest = tcb.time_wait_at - step.now
        return rest >= span or f"{name} will be in TIME-WAIT for {format_duration(rest)}, not {format_duration(span)}"
    if tcb.state is TIME_WAIT:
        return tcb.time_wait_at >= was.time_wait_at or f"{name} makes TIME-WAIT shorter"
    if step.event.kind == "call" or (step.event.segment is not None and step.event.segment.ctl & (RST | SYN)):
        return None
    over_now = step.fired("time-wait") and step.now >= was.time_wait_at
    return over_now or f"{name} leaves TIME-WAIT before 2 MSL are over"


def _without_time_wait(step: Step) -> Answer:
    """Who has closed first gets past TIME-WAIT only by force."""
    was, segment = step.before.state, step.event.segment
    if was is not FIN_WAIT_2 or step.after.state is not CLOSED or segment is None or segment.ctl & (RST | SYN):
        return None
    taken = step.after.endpoint.fin_received
    return f"{step.after.name} goes from {was} to CLOSED without TIME-WAIT" if taken else None


def _fin_again(step: Step) -> bool:
    """Return whether the peer's FIN has come once more in TIME-WAIT and was acknowledged, but not as an old duplicate.

    PAWS answers the latter too (RFC 7323 5.3), and uses nothing of it.
    """
    segment, was = step.event.segment, step.before.endpoint
    if segment is None or was.state is not TIME_WAIT or segment.ctl & (FIN | ACK | RST | SYN) != FIN | ACK:
        return False
    if segment.last != (was.rcv_nxt - 1) & MASK or not any(sent.ctl & ACK for sent in step.segments):
        return False
    return not any(isinstance(action, Discarded) and action.why in (PAWS, NO_TIMESTAMPS) for action in step.actions)


@step(
    "time-wait-guarded", "RFC 1337 3",
    "In TIME-WAIT a RST is ignored where a knob says so, and only a SYN that is newer than the old connection, by its "
    "timestamp or its number, may begin a new one.", id="A18",
)  # fmt: skip
def time_wait_guarded(step: Step) -> Answer:
    """RFC 1337 3 (F1); RFC 9293 3.6.1, MAY-2, and RFC 6191 2."""
    was, segment = step.before.endpoint, step.event.segment
    if was.state is not TIME_WAIT or segment is None or not segment.ctl & (RST | SYN):
        return None
    name, cfg = step.after.name, step.before.config
    stays = step.same and step.after.state is TIME_WAIT
    if segment.ctl & RST:
        if not cfg.time_wait_ignores_rst and cfg.time_wait_answers != "unexpected":
            return None
        return stays or f"{name} lets {segment} end TIME-WAIT"
    if stays:
        return True
    if not cfg.reuse_time_wait:
        return f"{name} leaves TIME-WAIT for a SYN"
    return _is_newer(was, segment) or f"{name} leaves TIME-WAIT for {segment}, an old SYN: RCV.NXT is {was.rcv_nxt}"


def _is_newer(tcb: TCB, syn: Segment) -> bool:
    """RFC 6191 2: by timestamps where there are some and they differ, else by number."""
    stamps = None if syn.options is None or not tcb.cfg.timestamps else syn.options.ts
    if stamps is not None and not tcb.ts_ok:
        return True
    if stamps is not None and stamps[0] != tcb.ts_recent:
        return (stamps[0] - tcb.ts_recent) & MASK < HALF
    return gt(syn.seq, tcb.rcv_nxt)


# ------------------------------------------------------------------ the end


def _is_over(end: End) -> bool:
    """Return whether an end has no connection; a passive OPEN that was reset waits for another one."""
    return end.state is CLOSED or end.state is LISTEN


def _waits_in_vain(one: End, other: End) -> bool:
    """Return whether an end waits as RFC 9293 lets it wait for ever.

    For the FIN of a peer that has died, in FIN-WAIT-2, for which there is no timer; or, probing, for a user who closes
    a window and never reads (3.8.6.1, MUST-37).
    """
    if one.state is FIN_WAIT_2:
        return not other.heard(one)
    tcb = one.endpoint
    waits = one.state.both_syns and not tcb.snd_wnd and (tcb.outstanding or tcb.unsent)
    return bool(waits and other.finished and other.endpoint.rcv_user)


def over(world: World) -> bool:
    """Return whether nothing is left of a connection; or whether one end waits for ever, as the RFC lets it."""
    if world.quiet and all(_is_over(end) for end in world.ends):
        return True
    return any(_waits_in_vain(one, other) for one, other in world.pairs())


@leads_to(
    "both-closed", "RFC 9293 3.6",
    "When both users have closed, both ends become CLOSED and nothing is left under way, from wherever they are.",
    goal=over, id="L24",
)  # fmt: skip
def both_closed(world: World) -> Answer:
    """Both users have made their last call, CLOSE or ABORT."""
    return all(end.finished and end.closed for end in world.ends)


@step(
    "nothing-left-behind", "RFC 9293 3.10.7.4, fifth",
    "Who becomes CLOSED, or returns to LISTEN, has no timer, no queue and no outstanding call left.", id="L25",
)  # fmt: skip
def nothing_left_behind(step: Step) -> Answer:
    """What was received in order and not read may stay: it was acknowledged. LISTEN keeps calls that wait for data."""
    if not step.moves or not _is_over(step.after) or step.before.state is CLOSED:
        return None
    tcb, name = step.after.endpoint, step.after.name
    if tcb.next_timeout() is not None or tcb.rexmit_at != NEVER or tcb.user_at != NEVER:
        return f"{name} is {tcb.state} with a timer that runs"
    if tcb.snd_text or tcb.rcv_held or (tcb.receives and tcb.state is CLOSED) or tcb.ack_why is not None:
        return f"{name} is {tcb.state} with a queue that is not empty"
    return True
