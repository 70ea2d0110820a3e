"""Receiving: text into order, to the user, and the window that is offered (RFC 9293 3.8.6, 3.10.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rules as why
from .actions import Deliver, TimerSet
from .diagram import ESTABLISHED, FIN_WAIT_2, Event
from .options import TIMESTAMPS_OCTETS
from .sack_report import forget_taken, note_taken
from .segment import PSH
from .seqnum import HALF, MASK, gt
from .text import append, cut, drop
from .timers import start_time_wait, stop_all
from .units import NEVER

if TYPE_CHECKING:
    from .rules import Rule
    from .segment import Segment
    from .tcb import TCB, Held
    from .units import Time


def take_text(tcb: TCB, now: Time, segment: Segment) -> None:
    """Take the text of a segment that begins at RCV.NXT, and what was held behind it; owe an ACK."""
    if tcb.rcv_blocks:
        note_taken(tcb, segment.seq, segment.length)
    _accept(tcb, segment.length, segment.text, segment.ctl & PSH)
    tcb.rcv_segments += segment.length if tcb.cfg.ack_by_octets else 1
    if tcb.rcv_held:
        take_held(tcb)
        tcb.ack_why = why.ACK_HOLE_FILLED
    elif tcb.ack_why is None:
        _owe_ack(tcb, now)


def _owe_ack(tcb: TCB, now: Time) -> None:
    """Owe an ACK for text in order: at once, or in company (RFC 9293 3.8.6.3)."""
    if not tcb.cfg.delayed_ack:
        tcb.ack_why = why.ACK_AT_ONCE
    elif tcb.quick_acks and not (tcb.cfg.pingpong and _interactive(tcb, now)):
        tcb.quick_acks -= 1
        tcb.ack_why = why.ACK_QUICKLY
    elif tcb.rcv_segments >= (_octets_to_ack(tcb) if tcb.cfg.ack_by_octets else tcb.cfg.ack_every):
        tcb.ack_why = why.ACK_EVERY_SECOND
    elif tcb.delack_at == NEVER:
        _delay_ack(tcb, now)


def _octets_to_ack(tcb: TCB) -> int:
    """How many octets are more than ack_every - 1 segments hold, if the peer's are as large as ours."""
    return (tcb.cfg.ack_every - 1) * tcb.snd_mss + 1


def _interactive(tcb: TCB, now: Time) -> bool:
    """Note that text has come; return whether answers follow so soon that they can carry its ACK: see `pingpong`."""
    tcb.rcv_at = now
    return tcb.pingpong == tcb.cfg.pingpong


def _delay_ack(tcb: TCB, now: Time, delay: Time | None = None) -> None:
    """Hold an acknowledgment back (RFC 9293 3.8.6.3)."""
    tcb.delack_at = deadline = now + (tcb.cfg.delayed_ack if delay is None else delay)
    if deadline < tcb.wake:
        tcb.wake = deadline
    if tcb.observed:
        tcb.out.append(TimerSet("delayed ack", deadline, why.ACK_DELAYED))


def _accept(tcb: TCB, length: int, text: bytes | None, pushed: int) -> None:
    """Move RCV.NXT over text in sequence and hand it on, or keep it for a RECEIVE."""
    tcb.rcv_nxt = (tcb.rcv_nxt + length) & MASK
    if tcb.reading and not tcb.urgent:
        tcb.out.append(Deliver(length, text, pushed != 0, False, why.TEXT_DELIVERED))
    else:
        _buffer(tcb, length, text, pushed != 0)
    # 3.8.6.2.2: keep the right edge fixed until it can move by min(Fr x RCV.BUFF, Eff.snd.MSS).
    window = tcb.rcv_wnd - length
    space = tcb.rcv_buff - tcb.rcv_user
    tcb.rcv_wnd = space if space - window >= tcb.rcv_step else window


def _buffer(tcb: TCB, length: int, text: bytes | None, pushed: bool) -> None:
    empty = not tcb.rcv_user
    tcb.rcv_text = append(tcb.rcv_text, length if text is None else text)
    tcb.rcv_user += length
    tcb.rcv_pushed = tcb.rcv_pushed or pushed
    if tcb.receives or tcb.reading:
        answer_receives(tcb)
    elif empty:
        tcb.signal("data readable", why.TEXT_READABLE)


def answer_receives(tcb: TCB) -> None:
    """Hand buffered text to the outstanding RECEIVEs, first come, first served (RFC 9293 3.10.3)."""
    while tcb.rcv_user and (tcb.reading or tcb.receives):
        limit = tcb.rcv_user
        if tcb.receives:
            limit = min(limit, tcb.receives[0])
            tcb.receives = tcb.receives[1:]
        _deliver(tcb, limit)


def _deliver(tcb: TCB, limit: int) -> None:
    """Deliver at most `limit` buffered octets; not across the end of urgent data (RFC 9293 3.9.1.3)."""
    consumed = (tcb.rcv_nxt - tcb.rcv_user - tcb.fin_received) & MASK
    if tcb.urgent and gt(tcb.rcv_up, consumed):
        limit = min(limit, (tcb.rcv_up - consumed) & MASK)
    held = sum(chunk if isinstance(chunk, int) else len(chunk) for chunk in tcb.rcv_text)
    text = cut(tcb.rcv_text, held - tcb.rcv_user, limit)
    tcb.rcv_user -= limit
    tcb.rcv_text, _ = drop(tcb.rcv_text, held - tcb.rcv_user)
    if not tcb.rcv_user:
        tcb.rcv_text = ()
    still_urgent = tcb.urgent and gt(tcb.rcv_up, (consumed + limit) & MASK)
    tcb.out.append(Deliver(limit, text, tcb.rcv_pushed, still_urgent, why.RECEIVE_ANSWERED))
    tcb.rcv_pushed = tcb.rcv_pushed and bool(tcb.rcv_user)
    if tcb.urgent and not still_urgent:
        tcb.urgent = False
        tcb.signal("end of urgent data", why.URGENT_ENDS)


def size_buffer(tcb: TCB, octets: int) -> None:
    """Set RCV.BUFF, and by how much the right window edge moves at least (RFC 9293 3.8.6.2.2)."""
    cfg, mss = tcb.cfg, tcb.snd_mss
    if cfg.round_rcv_buff:
        octets = whole_segments(tcb, octets)
    tcb.rcv_buff = octets if cfg.accept_whole_buffer else min(octets, 0xFFFF << tcb.rcv_scale)
    # BSD and Linux tell in every segment what there is; what reading frees is another question.
    tcb.rcv_step = min(tcb.rcv_buff // 2, mss) if cfg.window_update == "clark" else 1


def whole_segments(tcb: TCB, octets: int) -> int:
    """Round the size of a buffer up, with `round_rcv_buff`; the timestamps of a segment count as text of it."""
    mss = tcb.snd_mss + TIMESTAMPS_OCTETS * tcb.ts_ok
    return -(-octets // mss) * mss if tcb.cfg.round_rcv_buff and octets > mss else octets


def offer_window(tcb: TCB) -> bool:
    """After reading, move the right window edge if it can move far enough; return whether it did."""
    space = tcb.rcv_buff - tcb.rcv_user
    if space <= tcb.rcv_wnd:
        return False
    if _worth_telling(tcb, space):
        tcb.rcv_wnd = space
        return True
    tcb.rcv_unsaid = tcb.cfg.window_update != "clark"
    return False


def _worth_telling(tcb: TCB, space: int) -> bool:
    """Return whether an ACK is sent only to tell that the window can be `space` octets."""
    rule = tcb.cfg.window_update
    freed = space - tcb.rcv_wnd
    if rule == "clark":
        return freed >= tcb.rcv_step
    field = 0xFFFF << tcb.rcv_scale
    told, tells = min(tcb.rcv_wnd, field), min(space, field)
    if rule == "doubling":
        return tells >= 2 * told
    buffer, mss, freed = tcb.rcv_buff, tcb.snd_mss, tells - told
    large = freed >= 2 * mss and (4 * freed >= buffer or 8 * tells <= buffer or buffer <= 8 * mss)
    return large or 2 * freed >= buffer


def say_window(tcb: TCB) -> None:
    """Tell of what reading has freed, as a segment goes out anyway."""
    tcb.rcv_unsaid = False
    tcb.rcv_wnd = max(tcb.rcv_wnd, tcb.rcv_buff - tcb.rcv_user)


# ------------------------------------------------------------------ beyond a hole


def hold_text(tcb: TCB, segment: Segment) -> None:
    """Keep text beyond a hole (SHLD-31), only what is new of it, in the order of its numbers."""
    held, base = tcb.rcv_held, tcb.rcv_nxt
    start = (segment.seq - base) & MASK
    pushed = segment.ctl & PSH != 0
    if not held or start >= (held[-1][0] + held[-1][1] - base) & MASK:
        tcb.rcv_held = (*held, (segment.seq, segment.length, segment.text, pushed))
        return
    end = start + segment.length
    first = start
    merged: list[Held] = []
    for piece in held:
        begins = (piece[0] - base) & MASK
        if start < end and start < begins:
            merged.append(_piece(segment, start - first, min(end, begins) - first, pushed))
            start = min(end, begins)
        if begins < end:
            start = max(start, begins + piece[1])
        merged.append(piece)
    if start < end:
        merged.append(_piece(segment, start - first, end - first, pushed))
    tcb.rcv_held = tuple(merged)


def _piece(segment: Segment, start: int, end: int, pushed: bool) -> Held:
    text = None if segment.text is None else segment.text[start:end]
    return ((segment.seq + start) & MASK, end - start, text, pushed)


def take_held(tcb: TCB) -> None:
    """Take what was held and now begins at RCV.NXT."""
    held = tcb.rcv_held
    taken = 0
    for seq, length, text, pushed in held:
        old = (tcb.rcv_nxt - seq) & MASK
        if old >= HALF:  # it begins after RCV.NXT: another hole
            break
        taken += 1
        if old < length:
            _accept(tcb, length - old, None if text is None else text[old:], pushed)
    tcb.rcv_held = held[taken:]
    if tcb.rcv_blocks:
        forget_taken(tcb)


def take_queued(tcb: TCB, now: Time) -> None:
    """On becoming ESTABLISHED, take what came with a SYN beside it (RFC 9293 3.10.7.2, third)."""
    if not tcb.urgent and gt(tcb.rcv_up, tcb.rcv_nxt):
        tcb.urgent = True
        tcb.signal("urgent data", why.URGENT_BEGINS)
    if tcb.rcv_held:
        take_held(tcb)
        tcb.rcv_segments += 1
        if tcb.ack_why is None:
            _owe_ack(tcb, now)
    take_fin_if_next(tcb, now)


# ------------------------------------------------------------------ the peer's FIN


def take_fin_if_next(tcb: TCB, now: Time) -> None:
    """Take a FIN that waited beyond a hole, if the hole is filled."""
    if tcb.rcv_fin is not None and tcb.rcv_fin == tcb.rcv_nxt:
        take_fin(tcb, now)


def take_fin(tcb: TCB, now: Time) -> None:
    """Advance RCV.NXT over the FIN, tell the user, owe an ACK, and move (RFC 9293 3.10.7.4, eighth)."""
    tcb.rcv_nxt = (tcb.rcv_nxt + 1) & MASK
    tcb.fin_received = True
    tcb.rcv_fin = None
    tcb.rcv_held = tcb.rcv_blocks = ()
    tcb.rcv_pushed = tcb.rcv_user > 0  # "FIN implies PUSH for any segment text not yet delivered"
    tcb.rcv_segments += 1
    if tcb.state is not ESTABLISHED or not (tcb.cfg.delay_fin_ack and tcb.cfg.delayed_ack):
        tcb.ack_why = why.FIN_TAKEN
    elif tcb.ack_why is None and tcb.delack_at == NEVER:
        lone = (tcb.rcv_nxt - tcb.irs) & MASK == 2
        _delay_ack(tcb, now, tcb.cfg.delay_lone_fin_ack if lone else None)
    if tcb.cfg.pingpong is not None and tcb.state is ESTABLISHED:
        tcb.pingpong = tcb.cfg.pingpong  # what is sent from now on is answers
    tcb.signal("connection closing", why.FIN_TAKEN)
    return_receives(tcb, "connection closing", why.FIN_TAKEN)
    if tcb.state is FIN_WAIT_2:
        enter_time_wait(tcb, now, Event.RCV_FIN, why.FIN_TAKEN)
    else:  # ESTABLISHED or FIN-WAIT-1
        tcb.move(Event.RCV_FIN, why.FIN_TAKEN)


def enter_time_wait(tcb: TCB, now: Time, event: Event, reason: Rule) -> None:
    """Move to TIME-WAIT: the time-wait timer runs, the others stop."""
    tcb.move(event, reason)
    stop_all(tcb, why.TIMERS_OFF)
    start_time_wait(tcb, now, why.TIME_WAIT_STARTED)


def return_receives(tcb: TCB, error: str, reason: Rule) -> None:
    """Return every outstanding RECEIVE with an error."""
    for _ in tcb.receives:
        tcb.signal("call failed", reason, f"RECEIVE: error: {error}")
    tcb.receives = ()
