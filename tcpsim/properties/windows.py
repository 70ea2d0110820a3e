"""Windows: what may be sent, what was promised, and that a closed window opens again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.diagram import CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT
from ..tcp.segment import ACK, RST, SYN
from ..tcp.seqnum import HALF, MASK, gt, lt
from ..tcp.units import NEVER
from .property import invariant, leads_to, step

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.tcb import TCB
    from .property import Answer
    from .views import End, Step, World


@step(
    "new-text-in-window", "RFC 9293 3.8.6",
    "New text goes out only inside the window that the peer offers; one octet may probe a window of zero.", id="A5",
)  # fmt: skip
def new_text_in_window(step: Step) -> Answer:
    """A FIN needs no room, nor does text in a SYN: no window is known yet."""
    was, tcb = step.before.endpoint, step.after.endpoint
    if not step.same or was.state is CLOSED or was.state is LISTEN:
        return None
    asked = None
    for segment in step.segments:
        end = (segment.seq + segment.length) & MASK
        if not segment.length or segment.ctl & (SYN | RST) or not gt(end, was.snd_max):
            continue
        asked = True
        used = (end - tcb.snd_una) & MASK
        probe = step.fired("persist") and not tcb.snd_wnd and used == 1
        if used > tcb.snd_wnd and not probe:
            return f"{step.after.name} sends up to {used} octets beyond SND.UNA, into a window of {tcb.snd_wnd}"
    return asked


@invariant(
    "nothing-beyond-the-window", "RFC 9293 3.8.6",
    "Nothing is sent beyond the right edge of the window that the receiver has, but one octet that probes and a FIN.",
    id="A5b",
)  # fmt: skip
def nothing_beyond_the_window(world: World) -> Answer:
    """While `window-never-shrinks` holds, all that was ever offered ends there. Fast Open sends before any offer."""
    asked = None
    for one, other in world.pairs():
        tcb = one.endpoint
        if not world.joined or tcb.cfg.fast_open != "off":
            continue
        asked = True
        fin_is_out = tcb.fin_queued and tcb.snd_max == tcb.snd_goal
        beyond = (tcb.snd_max - fin_is_out - _right_edge(other)) & MASK
        if 1 < beyond < HALF:
            return f"{one.name} has sent {beyond} octets more than {other.name} has room for"
    return asked


@step(
    "window-never-shrinks", "RFC 9293 3.8.6, SHLD-14",
    "The right edge of the receive window, RCV.NXT+RCV.WND, never moves left: what was promised stays promised.",
    id="I6",
)  # fmt: skip
def window_never_shrinks(step: Step) -> Answer:
    """Whatever happens to an end, and in each segment that it sends; a scaled window tells the edge rounded down."""
    if not step.same or not (step.before.state.both_syns and step.after.state.both_syns):
        return None
    was, now, name = _right_edge(step.before), _right_edge(step.after), step.after.name
    if (now - was) & MASK >= HALF:
        return f"{name} takes {(was - now) & MASK} octets of its window back"
    unit = 1 << step.after.endpoint.rcv_scale
    for sent in step.segments:
        if sent.ctl & (ACK | RST | SYN) != ACK:  # what a SYN can't tell was not promised yet
            continue
        less = (was - sent.ack - sent.wnd * unit) & MASK
        if unit <= less < HALF:
            return f"{name} sends {sent}, which offers {less} octets less than before"
    return True


def _right_edge(end: End) -> int:
    """Return the number after the last that was offered: 16 bits tell no more, and those of a SYN are not scaled."""
    tcb = end.endpoint
    most = 0xFFFF if end.state is SYN_RECEIVED else 0xFFFF << tcb.rcv_scale
    return (tcb.rcv_nxt + min(tcb.rcv_wnd, most)) & MASK


@step(
    "newest-window", "RFC 9293 3.10.7.4, fifth",
    "SND.WND is what the newest segment says, by SND.WL1 and SND.WL2: an old segment never changes it.", id="A7",
)  # fmt: skip
def newest_window(step: Step) -> Answer:
    """The window of a SYN is not scaled (RFC 7323 2.2), that of any other segment is."""
    was, tcb, segment = step.before.endpoint, step.after.endpoint, step.event.segment
    if not step.same or was.state is CLOSED or tcb.state is LISTEN:
        return None
    if was.state is LISTEN or was.state is SYN_SENT:
        if segment is None or not tcb.state.both_syns:
            return None
        return tcb.snd_wnd in _windows(segment, tcb) or _other_window(step.after, segment)
    moved = (was.snd_wnd, was.snd_wl1, was.snd_wl2) != (tcb.snd_wnd, tcb.snd_wl1, tcb.snd_wl2)
    if segment is None:
        return f"{step.after.name} changes SND.WND though no segment has come" if moved else None
    newer = _is_newer(was, segment) or was.state is SYN_RECEIVED
    if not moved:
        stale = segment.ctl & (ACK | RST) == ACK and not newer and was.snd_wnd not in _windows(segment, tcb)
        return True if stale else None
    if not newer:
        return f"{step.after.name} takes SND.WND {tcb.snd_wnd} from a segment older than SND.WL1 and SND.WL2 tell"
    return tcb.snd_wnd in _windows(segment, tcb) or _other_window(step.after, segment)


def _windows(segment: Segment, tcb: TCB) -> tuple[int, ...]:
    """Return what SND.WND may be after a segment: of a SYN,ACK that crosses ours, the second one."""
    if segment.ctl & SYN:
        return segment.wnd, segment.wnd >> tcb.snd_scale << tcb.snd_scale
    return (segment.wnd << tcb.snd_scale,)


def _other_window(end: End, segment: Segment) -> str:
    return f"{end.name} has SND.WND {end.endpoint.snd_wnd}, but the segment says {segment.wnd}"


def _is_newer(tcb: TCB, segment: Segment) -> bool:
    """Return whether WL1 < SEG.SEQ or (WL1 = SEG.SEQ and WL2 =< SEG.ACK); what was received before is trimmed off."""
    starts = {segment.seq, tcb.rcv_nxt} if lt(segment.seq, tcb.rcv_nxt) else {segment.seq}
    return any(((seq - tcb.snd_wl1) or (segment.ack - tcb.snd_wl2)) & MASK < HALF for seq in starts)


# ------------------------------------------------------------------ a window of zero


def _waits(one: End, other: End) -> bool:
    """Return whether one end waits at a window of zero."""
    tcb = one.endpoint
    return one.heard(other) and other.heard(one) and not tcb.snd_wnd and bool(tcb.outstanding or tcb.unsent)


def _misled(one: End, other: End) -> bool:
    """Return whether one end waits at a window of zero although the other's is open."""
    peer = other.endpoint
    offered = peer.rcv_wnd if other.state is SYN_RECEIVED else peer.rcv_wnd >> peer.rcv_scale
    return offered > 0 and _waits(one, other)


@leads_to(
    "window-opens-again", "RFC 9293 3.8.6.1, MUST-36",
    "Who waits at a window of zero hears some day that it has opened, also if the word of it is lost.",
    goal=lambda world: not any(_misled(one, other) for one, other in world.pairs()), id="L20",
)  # fmt: skip
def window_opens_again(world: World) -> Answer:
    """Something waits and SND.WND = 0; the receiver's window may be open, or closed for as long as nobody reads."""
    return any(_waits(one, other) for one, other in world.pairs())


@invariant(
    "zero-window-watched", "RFC 9293 3.8.6.1",
    "While text waits and the window is zero, a timer is armed that will probe it.", id="I20b",
)  # fmt: skip
def zero_window_watched(world: World) -> Answer:
    """The persist timer; a FIN that is out, or a SYN, has the retransmission timer too."""
    asked = None
    for end in world.ends:
        tcb = end.endpoint
        if not end.state.synchronized or tcb.snd_wnd or not tcb.unsent:
            continue
        asked = True
        if tcb.persist_at == NEVER and not (tcb.outstanding and tcb.rexmit_at != NEVER):
            return f"{end.name} has {tcb.unsent} octets for a window of zero, and no timer that would probe it"
    return asked
