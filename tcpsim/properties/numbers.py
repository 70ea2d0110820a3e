"""Sequence numbers: both ends agree about them, and nobody from outside can shift them.

Numbers are compared modulo 2^32, so that they mean something while less than 2 GB lie between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.diagram import CLOSED, LISTEN, SYN_SENT, TIME_WAIT
from ..tcp.segment import ACK, FIN, RST, SYN
from ..tcp.seqnum import HALF, MASK, SPACE, le, lt
from ..tcp.timestamps import OUTDATED
from .changes import nothing_but_the_answer
from .property import invariant, step

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.tcb import TCB
    from .property import Answer
    from .views import End, Step, World


@invariant(
    "agreed-numbers", "RFC 9293 3.5",
    "Once both ends are synchronized, each expects exactly the numbers that the other uses: an old SYN or SYN,ACK "
    "never makes a connection.", id="I1",
)  # fmt: skip
def agreed_numbers(world: World) -> Answer:
    """A.IRS = B.ISS and B.IRS = A.ISS; CLOSE in SYN-RECEIVED enters a synchronized state before it is known."""
    asked = None
    for one, other in world.pairs():
        if not _settled(one):
            continue
        asked = True
        if not one.partner:
            return f"{one.name} is {one.state} with the SYN of a connection that is long over"
        if _settled(other) and one.endpoint.irs != other.endpoint.iss:
            return f"{one.name} has IRS {one.endpoint.irs}, but the ISS of {other.name} is {other.endpoint.iss}"
    return asked


def _settled(end: End) -> bool:
    return end.state.synchronized and end.endpoint.syn_acked


@invariant(
    "acknowledged-was-taken", "RFC 9293 3.4",
    "While the receiver's TCB lives, SND.UNA =< the peer's RCV.NXT =< SND.MAX: nothing counts as acknowledged that was "
    "not taken, and nothing is taken that was not sent.", id="I3",
)  # fmt: skip
def acknowledged_was_taken(world: World) -> Answer:
    """In SYN-SENT too, when the peer has taken our SYN and we have not taken its own."""
    asked = None
    for one, other in world.pairs():
        if not other.heard(one) or not (one.heard(other) or one.state is SYN_SENT):
            continue
        asked = True
        tcb, taken = one.endpoint, other.endpoint.rcv_nxt
        if not le(tcb.snd_una, taken):
            return f"{one.name} takes all below {tcb.snd_una} for acknowledged, {other.name} has RCV.NXT {taken}"
        if not le(taken, tcb.snd_max):
            return f"{other.name} has RCV.NXT {taken}, but {one.name} has sent nothing from {tcb.snd_max} on"
    return asked


@invariant(
    "send-variables-in-order", "RFC 9293 3.3.1",
    "ISS =< SND.UNA =< SND.NXT =< SND.MAX: what is acknowledged was sent, and what is sent is never unsent.", id="I4",
)  # fmt: skip
def send_variables_in_order(world: World) -> Answer:
    """Not SND.NXT =< SND.UNA+SND.WND: a window that shrinks, and probes, break that legally."""
    asked = None
    for end in world.ends:
        tcb = end.endpoint
        if end.state is CLOSED or end.state is LISTEN:
            continue
        asked = True
        if not (le(tcb.iss, tcb.snd_una) and le(tcb.snd_una, tcb.snd_nxt) and le(tcb.snd_nxt, tcb.snd_max)):
            numbers = f"ISS {tcb.iss}, SND.UNA {tcb.snd_una}, SND.NXT {tcb.snd_nxt}, SND.MAX {tcb.snd_max}"
            return f"{end.name} has {numbers}"
    return asked


@step(
    "ack-in-range", "RFC 5961 5.2",
    "In a synchronized state nothing is changed by a segment whose ACK field is too old, or says what was never sent, "
    "nor by a SYN, whatever its number is.", id="A16",
)  # fmt: skip
def ack_in_range(step: Step) -> Answer:
    """SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT: an endpoint whose knobs take RFC 5961 back breaks it."""
    segment, tcb = step.event.segment, step.before.endpoint
    if segment is None or not tcb.state.synchronized or not step.same or segment.ctl & RST:
        return None
    if segment.ctl & SYN:
        if tcb.state is TIME_WAIT and tcb.cfg.reuse_time_wait:
            return None
        return nothing_but_the_answer(step, "a SYN")
    if not segment.ctl & ACK or not _outside(tcb, segment.ack):
        return None
    return nothing_but_the_answer(step, f"an ACK of {segment.ack}")


def _outside(tcb: TCB, ack: int) -> bool:
    """Return whether an ACK is above all that was sent, or older than RFC 5961 lets it be."""
    ahead = (ack - tcb.snd_una) & MASK
    if ahead < HALF:
        return ahead > tcb.outstanding
    oldest = tcb.max_snd_wnd
    if tcb.cfg.unsent_ack != "answer":  # kernels: nor below all that was sent
        oldest = min(oldest, (tcb.snd_una - tcb.iss - 1) & MASK)
    return SPACE - ahead > oldest


# ------------------------------------------------------------------ what options add


@step(
    "old-timestamp-dropped", "RFC 7323 5.3",
    "Where timestamps are in use, a segment with an older one than was seen last changes nothing and is answered with "
    "an ACK; a RST is exempt.", id="A19",
)  # fmt: skip
def old_timestamp_dropped(step: Step) -> Answer:
    """R1; after 24 days without a segment the last timestamp says nothing (5.5)."""
    segment, tcb = step.event.segment, step.before.endpoint
    if segment is None or not step.same or not tcb.state.both_syns or not tcb.ts_ok or segment.ctl & RST:
        return None
    stamps = None if segment.options is None else segment.options.ts
    if stamps is None or not lt(stamps[0], tcb.ts_recent) or step.now - tcb.ts_recent_at > OUTDATED:
        return None
    if _is_answered(tcb, segment) and not any(sent.ctl & ACK for sent in step.segments):
        return f"{step.after.name} does not answer a segment with TSval {stamps[0]}; TS.Recent is {tcb.ts_recent}"
    return nothing_but_the_answer(step, f"TSval {stamps[0]}, older than TS.Recent {tcb.ts_recent},")


def _is_answered(tcb: TCB, segment: Segment) -> bool:
    """Return whether no knob lets a segment with an old timestamp be dropped silently."""
    cfg = tcb.cfg
    if tcb.state is TIME_WAIT and cfg.time_wait_answers == "unexpected":
        return False
    if segment.ctl & (SYN | FIN) == SYN | FIN and cfg.drop_syn_fin == "always":
        return False
    return segment.length > 0 or cfg.empty_old_timestamps == "acknowledge"


@invariant(
    "window-scale-agreed", "RFC 7323 2.2",
    "Windows are scaled only if both ends offered it, both then take the same shift for each direction, and none is "
    "beyond 14.", id="I19b",
)  # fmt: skip
def window_scale_agreed(world: World) -> Answer:
    """Once both ends are synchronized; that the window of a SYN is never scaled is `newest-window` to tell."""
    if not world.joined or not all(_settled(end) for end in world.ends):
        return None
    if not any(end.endpoint.scaling or end.endpoint.cfg.window_scale is not None for end in world.ends):
        return None
    for one, other in world.pairs():
        send, receive = one.endpoint.snd_scale, other.endpoint.rcv_scale
        if send != receive:
            return f"{one.name} shifts windows by {send}, {other.name} means {receive}"
        if send > 14:
            return f"{one.name} shifts windows by {send}"
    return True
