"""States: the diagram, what CLOSED and LISTEN answer, SYN-RECEIVED, and both ends doing the same at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.diagram import CLOSED, EDGES, ESTABLISHED, FIN_WAIT_1, LISTEN, SYN_RECEIVED, SYN_SENT
from ..tcp.segment import ACK, FIN, RST, SYN, SYN_ACK, SYN_FIN
from ..tcp.seqnum import MASK
from .closing import over
from .property import leads_to, step

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.tcb import TCB
    from .property import Answer
    from .views import Step, World


@step(
    "edges-of-the-diagram", "RFC 9293 3.3.2",
    "A connection changes its state along edges of the diagram, and in no other way.", id="A8",
)  # fmt: skip
def edges_of_the_diagram(step: Step) -> Answer:
    """Each move is an edge, and together they lead from the state before to the one after."""
    if step.event.kind == "crash":
        return None
    moves, name = step.moves, step.after.name
    for moved in moves:
        if moved.edge not in EDGES:
            return f"{name} goes from {moved.edge.source} to {moved.edge.target}: the diagram has no such edge"
    if not step.same and step.before.state is not CLOSED:  # another connection takes the place of one that is over
        return True if moves else None
    here = step.before.state
    for moved in moves:
        if moved.edge.source is not here:
            return f"{name} is {here}, and takes an edge that begins in {moved.edge.source}"
        here = moved.edge.target
    if here is not step.after.state:
        return f"{name} goes from {here} to {step.after.state} without an edge"
    return True if moves else None


# ------------------------------------------------------------------ no connection


@step(
    "closed-and-listen-answer", "RFC 9293 3.10.7.1",
    "CLOSED and LISTEN answer each segment as the RFC says, with exactly those numbers: a RST the sender can accept, a "
    "SYN,ACK, or nothing.", id="A27",
)  # fmt: skip
def closed_and_listen_answer(step: Step) -> Answer:
    """3.10.7.1 and 3.10.7.2."""
    segment, was = step.event.segment, step.before.endpoint
    if segment is None or (was.state is not CLOSED and was.state is not LISTEN):
        return None
    if was.state is LISTEN and segment.ctl & (SYN | ACK | RST) == SYN and not _drops(was, segment):
        return _answers_syn(step, segment)
    expected = _expected(was, segment)
    told = [(sent.ctl, sent.seq, sent.ack) for sent in step.segments]
    if told != expected:
        return f"{step.after.name}, {was.state}, answers {segment} with {step.segments or 'nothing'}"
    return step.after.state is was.state or f"{step.after.name} leaves {was.state} for {segment}"


def _drops(tcb: TCB, segment: Segment) -> bool:
    """Return whether a knob has a segment with SYN and FIN dropped."""
    where = tcb.cfg.drop_syn_fin
    return segment.ctl & SYN_FIN == SYN_FIN and (where == "always" or (where == "listen" and tcb.state is LISTEN))


def _expected(tcb: TCB, segment: Segment) -> list[tuple[int, int, int]]:
    """Return the answer to what is no SYN for a listener: at most a RST."""
    if segment.ctl & RST or _drops(tcb, segment):
        return []
    if segment.ctl & ACK:
        return [(RST, segment.ack, 0)]
    return [] if tcb.state is LISTEN else [(RST | ACK, 0, (segment.seq + segment.seg_len) & MASK)]


def _answers_syn(step: Step, segment: Segment) -> Answer:
    tcb, sent = step.after.endpoint, step.segments
    taken = tcb.rcv_nxt if tcb.fast_opened else (segment.seq + 1) & MASK
    right = len(sent) == 1 and sent[0].ctl & (SYN_ACK | RST | FIN) == SYN_ACK
    if not right or (sent[0].seq, sent[0].ack) != (tcb.iss, taken):
        return f"{step.after.name}, LISTEN, answers a SYN with {sent or 'nothing'}"
    return tcb.state is SYN_RECEIVED or f"{step.after.name} goes from LISTEN to {tcb.state} for a SYN alone"


# ------------------------------------------------------------------ SYN-RECEIVED


@step(
    "syn-received-keeps-its-origin", "RFC 9293 3.5, MUST-11",
    "From SYN-RECEIVED a RST leads back to LISTEN after a passive OPEN and to CLOSED after an active one; CLOSE sends "
    "a FIN.", id="A29",
)  # fmt: skip
def syn_received_keeps_its_origin(step: Step) -> Answer:
    """A CLOSE waits for what was sent before it, and a RST then leads to CLOSED: nobody is left to listen.

    One that a knob turns into an ABORT is none.
    """
    was, tcb, name = step.before.endpoint, step.after.endpoint, step.after.name
    if was.state is not SYN_RECEIVED or not step.same:
        return None
    if tcb.state is LISTEN and not was.passive:
        return f"{name} has opened actively, and goes to LISTEN"
    segment = step.event.segment
    if segment is not None and segment.ctl & (RST | SYN) == RST and segment.seq == was.rcv_nxt:
        target = LISTEN if was.passive and not was.fin_queued else CLOSED
        return tcb.state is target or f"{name} is {tcb.state} after a RST in SYN-RECEIVED, not {target}"
    if not step.event.call.startswith("close") or step.event.error or was.cfg.linger == 0 or was.rcv_user:
        return True if tcb.state is LISTEN else None
    if was.unsent:
        return tcb.fin_queued or f"{name} forgets a CLOSE in SYN-RECEIVED"
    sent = tcb.state is FIN_WAIT_1 and any(sent.ctl & FIN for sent in step.segments)
    return sent or f"{name} answers CLOSE in SYN-RECEIVED without a FIN, and is {tcb.state}"


# ------------------------------------------------------------------ both at once


@step(
    "crossing-syn-is-taken", "RFC 9293 3.10.7.3, fourth",
    "A SYN that crosses ours leads from SYN-SENT to SYN-RECEIVED, and is answered with a SYN,ACK.", id="A28b",
)  # fmt: skip
def crossing_syn_is_taken(step: Step) -> Answer:
    """The first half of a simultaneous open (3.5, MUST-10)."""
    segment, was, tcb = step.event.segment, step.before.endpoint, step.after.endpoint
    if segment is None or was.state is not SYN_SENT or segment.ctl & (SYN | ACK | RST) != SYN or _drops(was, segment):
        return None
    told = [(sent.ctl & (SYN_ACK | RST), sent.seq, sent.ack) for sent in step.segments]
    right = tcb.state is SYN_RECEIVED and told == [(SYN_ACK, was.iss, (segment.seq + 1) & MASK)]
    return right or f"{step.after.name}, SYN-SENT, answers a SYN with {step.segments or 'nothing'}, and is {tcb.state}"


@leads_to(
    "simultaneous-open", "RFC 9293 3.5, MUST-10",
    "Two ends that open at the same time can become ESTABLISHED.",
    goal=lambda world: all(end.state is ESTABLISHED for end in world.ends), id="L28",
)  # fmt: skip
def simultaneous_open(world: World) -> Answer:
    """Both have taken the other's SYN; or both are in SYN-SENT and what they sent is lost.

    While SYNs are under way in SYN-SENT the end may be decided: the peer may have been CLOSED as ours came, so that a
    RST is on its way.
    """
    ends = [end.endpoint for end in world.ends]
    if world.quiet and all(tcb.state is SYN_SENT for tcb in ends):
        return True
    return world.joined and all(tcb.state is SYN_RECEIVED and tcb.active and not tcb.fin_queued for tcb in ends)


@leads_to(
    "simultaneous-close", "RFC 9293 3.6, Case 3",
    "Two ends that close at the same time can both become CLOSED.", goal=over, id="L28b",
)  # fmt: skip
def simultaneous_close(world: World) -> Answer:
    """Both in FIN-WAIT-1."""
    return world.joined and all(end.state is FIN_WAIT_1 for end in world.ends)
