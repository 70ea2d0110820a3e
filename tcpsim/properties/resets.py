"""Resets: which are believed, which are sent, and that they clear away what only one end remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.actions import Discarded
from ..tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN, SYN_SENT, TIME_WAIT
from ..tcp.rules import ACK_TOO_OLD, ACK_UNSENT, CHALLENGE_LIMITED, RST_CHALLENGED, SYN_CHALLENGED
from ..tcp.segment import ACK, RST, SYN
from ..tcp.seqnum import MASK
from ..tcp.units import format_duration
from .property import leads_to, step

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.tcb import TCB
    from .property import Answer
    from .views import End, Step, World


@step(
    "reset-only-at-rcv-nxt", "RFC 9293 3.10.7.4, second",
    "A RST ends a connection if its number is RCV.NXT, and in SYN-SENT if it acknowledges our SYN; elsewhere in the "
    "window it is challenged, outside it is nothing.", id="A13",
)  # fmt: skip
def reset_only_at_rcv_nxt(step: Step) -> Answer:
    """RFC 5961 3.2: an endpoint whose knobs take that back, and believe what is in the window, breaks it."""
    segment, tcb = step.event.segment, step.before.endpoint
    if segment is None or not step.same or segment.ctl & (RST | SYN) != RST:
        return None
    if tcb.state is SYN_SENT:
        return _judged(step, segment, bool(segment.ctl & ACK) and _acknowledges_syn(tcb, segment))
    if not tcb.state.both_syns:
        return None
    cfg = tcb.cfg
    if tcb.state is TIME_WAIT and (cfg.time_wait_ignores_rst or cfg.time_wait_answers == "unexpected"):
        return _judged(step, segment, False)
    exact = segment.seq == tcb.rcv_nxt
    in_window = exact or (segment.seq - tcb.rcv_nxt) & MASK < tcb.rcv_wnd
    if not in_window or exact:
        return _judged(step, segment, in_window)
    return _challenged(step, segment)


def _acknowledges_syn(tcb: TCB, segment: Segment) -> bool:
    return 0 < (segment.ack - tcb.snd_una) & MASK <= tcb.outstanding


def _judged(step: Step, segment: Segment, believed: bool) -> Answer:
    """A RST either ends the connection or is dropped, and has no answer."""
    was, now, name = step.before.state, step.after.state, step.after.name
    if step.segments:
        return f"{name} answers {segment} with {step.segments}"
    if believed:
        return now is CLOSED or now is LISTEN or f"{name} stays {now} though {segment} is right"
    return now is was or f"{name} goes from {was} to {now} for {segment}; RCV.NXT is {step.before.endpoint.rcv_nxt}"


def _challenged(step: Step, segment: Segment) -> Answer:
    """A RST in the window, but not at RCV.NXT, leads to an ACK, if not too many have been sent of late."""
    name, was, now = step.after.name, step.before.state, step.after.state
    if now is not was:
        return f"{name} goes from {was} to {now} for {segment}; RCV.NXT is {step.before.endpoint.rcv_nxt}"
    if any(isinstance(action, Discarded) and action.why is CHALLENGE_LIMITED for action in step.actions):
        return True
    challenges = [sent for sent in step.segments if sent.ctl & (ACK | RST | SYN) == ACK]
    return len(challenges) == 1 or f"{name} does not challenge {segment}"


@step("no-reset-of-a-reset", "RFC 9293 3.5.2", "A RST is never answered with a RST.", id="A14")
def no_reset_of_a_reset(step: Step) -> Answer:
    """In any state."""
    if step.event.segment is None or not step.event.segment.ctl & RST:
        return None
    answers = [sent for sent in step.segments if sent.ctl & RST]
    return f"{step.after.name} answers {step.event.segment} with {answers[0]}" if answers else True


@step(
    "challenges-are-limited", "RFC 5961 7",
    "In each period no more challenge ACKs are sent than a knob lets through, however many segments ask for one.",
    id="A15b",
)  # fmt: skip
def challenges_are_limited(step: Step) -> Answer:
    """A period begins with its first challenge, and is as long as it is meant to be."""
    was, cfg, name = step.before.endpoint, step.before.config, step.after.name
    reasons = [action.why for action in step.actions if isinstance(action, Discarded)]
    if CHALLENGE_LIMITED in reasons:
        return True
    challenged = any(why in _CHALLENGES for why in reasons) and any(sent.ctl & ACK for sent in step.segments)
    if not challenged or not step.same:
        return None
    over = not was.challenges or step.now - was.challenges_from >= cfg.challenge_ack_period
    number = 1 if over else was.challenges + 1
    if number <= cfg.challenge_ack_limit:
        return True
    return f"{name} sends challenge ACK {number} of {format_duration(cfg.challenge_ack_period)}: too many"


_CHALLENGES: Final = (RST_CHALLENGED, SYN_CHALLENGED, ACK_TOO_OLD, ACK_UNSENT)


# ------------------------------------------------------------------ half-open connections


def _half_open(one: End, other: End) -> bool:
    """Return whether an end is ESTABLISHED with a peer that knows nothing of it, and has something under way."""
    if one.state is not ESTABLISHED or not one.endpoint.outstanding:
        return False
    return other.state is CLOSED or other.state is LISTEN or other.incarnation != one.partner


@leads_to(
    "half-open-ends", "RFC 9293 3.5.1",
    "An end that sends to a peer which has lost the connection finds out, and leaves ESTABLISHED.",
    goal=lambda world: not any(_half_open(one, other) for one, other in world.pairs()), id="L23",
)  # fmt: skip
def half_open_ends(world: World) -> Answer:
    """One end is ESTABLISHED and has sent something; the other has crashed, or is another incarnation."""
    return any(_half_open(one, other) for one, other in world.pairs())


# ------------------------------------------------------------------ data that nobody will read


@step(
    "close-with-unread-data", "RFC 9293 3.6.1, SHLD-3",
    "CLOSE with unread data sends a RST where closing ends both directions, so that the peer knows what was lost; else "
    "it sends a FIN.", id="A26",
)  # fmt: skip
def close_with_unread_data(step: Step) -> Answer:
    """The knobs `half_duplex_close` and `unread_resets` say which; RFC 2525 2.17 tells why it matters."""
    was, tcb, cfg = step.before.endpoint, step.after.endpoint, step.before.config
    if not step.event.call.startswith("close") or step.event.error or not was.rcv_user or cfg.linger == 0:
        return None
    if was.state is not ESTABLISHED and was.state is not CLOSE_WAIT:
        return None
    reset = tcb.state is CLOSED and any(sent.ctl & RST for sent in step.segments)
    if cfg.half_duplex_close and cfg.unread_resets:
        return reset or f"{step.after.name} closes with {was.rcv_user} octets unread, and sends no RST"
    orderly = tcb.fin_queued and not any(sent.ctl & RST for sent in step.segments)
    return orderly or f"{step.after.name} does not close in good order"
