"""User calls (RFC 9293 3.10.1 to 3.10.6), in every state, with the RFC's error words.

A call that the state does not allow raises TcpError; the connection is then as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import rules as why
from .actions import Discarded
from .diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    Event,
    State,
)
from .ending import delete
from .receive import answer_receives, offer_window
from .send import open_send_sequence, output, send_abort, send_reset, send_syn
from .seqnum import MASK, lt
from .text import append
from .timers import start_linger, start_orphan, start_user_timeout
from .units import NEVER

if TYPE_CHECKING:
    from .iss import Socket
    from .rules import Rule
    from .segment import Segment
    from .tcb import TCB
    from .text import Chunk
    from .units import Time


class TcpError(Exception):
    """A user call was refused; the message is the RFC's: "error: connection does not exist"."""

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(f"error: {words}")


DOES_NOT_EXIST = "connection does not exist"
ALREADY_EXISTS = "connection already exists"
CLOSING_ERROR = "connection closing"
INSUFFICIENT = "insufficient resources"
UNSPECIFIED = "remote socket unspecified"

ENDLESS_RECEIVE = 1 << 40
"""What a RECEIVE without a limit asks for, in octets."""
MAX_RECEIVES = 1024
"""How many RECEIVEs may be outstanding before "insufficient resources"."""


# ------------------------------------------------------------------ 3.10.1 OPEN


def open_call(tcb: TCB, now: Time, active: bool, data: Chunk = 0) -> None:
    """OPEN: passive from CLOSED; active from CLOSED or LISTEN; else "connection already exists".

    What is to be sent first may come along: it is queued, or goes with the SYN by Fast Open.
    """
    state = tcb.state
    if state is not CLOSED and not (state is LISTEN and active):
        raise TcpError(ALREADY_EXISTS)
    if tcb.state is CLOSED and not tcb.fresh:
        tcb.reset_variables()
    if not active:
        tcb.passive = True
        tcb.move(Event.PASSIVE_OPEN, why.OPEN_PASSIVE)
        return
    if tcb.remote is None:
        raise TcpError(UNSPECIFIED)
    if state is LISTEN:
        _become_active(tcb, now, Event.ACTIVE_OPEN, why.OPEN_FROM_LISTEN, data)
        return
    _become_active(tcb, now, Event.ACTIVE_OPEN, why.OPEN_ACTIVE, data)


def _become_active(tcb: TCB, now: Time, event: Event, reason: Rule, data: Chunk = 0) -> None:
    """Select an ISS, send a SYN, set SND.UNA to ISS and SND.NXT to ISS+1, enter SYN-SENT."""
    tcb.passive = False
    open_send_sequence(tcb, now)
    tcb.move(event, reason)
    if data:
        _queue(tcb, now, data, data if isinstance(data, int) else len(data), True, False)
    send_syn(tcb, now, reason, ack=False)


# ------------------------------------------------------------------ 3.10.2 SEND


def send_call(tcb: TCB, now: Time, data: Chunk, push: bool, urgent: bool, record: bool = False) -> None:
    """SEND: queue octets, and send what may be sent now."""
    state = tcb.state
    size = data if isinstance(data, int) else len(data)
    if size < 0:
        raise ValueError(f"expected a number of octets from 0, not {size}")
    if state is CLOSED:
        raise TcpError(DOES_NOT_EXIST)
    if state is LISTEN and tcb.remote is None:
        raise TcpError(UNSPECIFIED)
    if not (
        state is LISTEN or state is ESTABLISHED or state is CLOSE_WAIT or state is SYN_SENT or state is SYN_RECEIVED
    ):
        raise TcpError(CLOSING_ERROR)
    if tcb.fin_queued:  # a CLOSE is queued in SYN-RECEIVED or CLOSE-WAIT
        raise TcpError(CLOSING_ERROR)
    if tcb.undelivered + size > tcb.cfg.snd_buff:
        raise TcpError(INSUFFICIENT)
    if state is LISTEN:
        _become_active(tcb, now, Event.SEND, why.SEND_FROM_LISTEN)
    if size:
        _queue(tcb, now, data, size, push, urgent)
        if record:
            tcb.snd_marks = (*tcb.snd_marks, tcb.snd_goal)
    output(tcb, now)


def _queue(tcb: TCB, now: Time, data: Chunk, size: int, push: bool, urgent: bool) -> None:
    if isinstance(data, bytes) and not tcb.snd_text:
        if tcb.syn_acked:
            tcb.snd_text_seq = tcb.snd_una  # what was acknowledged need not be kept
        if tcb.snd_goal != tcb.snd_text_seq:
            tcb.snd_text = ((tcb.snd_goal - tcb.snd_text_seq) & MASK,)  # what is queued so far was only counted
    if isinstance(data, bytes) or tcb.snd_text:
        tcb.snd_text = append(tcb.snd_text, data)
    tcb.snd_goal = (tcb.snd_goal + size) & MASK
    if push:
        tcb.snd_push = tcb.snd_goal
    elif lt(tcb.snd_push, tcb.snd_una):
        tcb.snd_push = tcb.snd_una  # lest it lie ahead when 2 GB more have gone by
    if urgent:
        # Unlike 3.10.2's "SND.UP <- SND.NXT", written where SEND is sent at once: MUST-62 asks for
        # the octet after the urgent data.
        tcb.snd_up = tcb.snd_goal
        tcb.snd_urgent = True
    if tcb.user_at == NEVER:
        tcb.progress_at = now
        start_user_timeout(tcb, now)


# ------------------------------------------------------------------ 3.10.3 RECEIVE


def receive_call(tcb: TCB, now: Time, limit: int) -> None:
    """RECEIVE at most `limit` octets: answered now if there are any, else when some come."""
    state = tcb.state
    if limit < 1:
        raise ValueError(f"expected a number of octets from 1, not {limit}")
    if state is CLOSED:
        raise TcpError(DOES_NOT_EXIST)
    # Unlike 3.10.3, which lets CLOSE-WAIT alone read what is on hand: data that was acknowledged
    # is not taken away from the user because a FIN went out meanwhile.
    if tcb.fin_received and not tcb.rcv_user:
        raise TcpError(CLOSING_ERROR)
    if len(tcb.receives) >= MAX_RECEIVES:
        raise TcpError(INSUFFICIENT)
    tcb.receives = (*tcb.receives, limit)
    if tcb.rcv_user:
        answer_receives(tcb)
        if offer_window(tcb) and state.receives_text:
            tcb.ack_why = why.WINDOW_UPDATE
            output(tcb, now)


def read_call(tcb: TCB, now: Time, on: bool) -> None:
    """Let a RECEIVE without limit stand for good (`on`), or end that."""
    tcb.reading = on
    if on and tcb.rcv_user:
        answer_receives(tcb)
        if offer_window(tcb) and tcb.state.receives_text:
            tcb.ack_why = why.WINDOW_UPDATE
            output(tcb, now)


# ------------------------------------------------------------------ 3.10.4 CLOSE


def close_call(tcb: TCB, now: Time) -> None:
    """CLOSE: "I have no more data to send"."""
    state = tcb.state
    if state is CLOSED:
        raise TcpError(DOES_NOT_EXIST)
    if state is LISTEN:
        delete(tcb, Event.CLOSE, why.CLOSE_LISTEN, "", "closing")
    elif state is SYN_SENT:
        delete(tcb, Event.CLOSE, why.CLOSE_SYN_SENT, "", "closing")
    elif tcb.fin_queued or state is CLOSING or state is LAST_ACK or state is TIME_WAIT:
        raise TcpError(CLOSING_ERROR)
    elif tcb.cfg.linger == 0:
        _abort(tcb, why.LINGER_ZERO)
    elif tcb.cfg.half_duplex_close and tcb.rcv_user and tcb.cfg.unread_resets:
        _abort(tcb, why.CLOSE_UNREAD)
    else:
        _close(tcb, now, state)


def _close(tcb: TCB, now: Time, state: State) -> None:
    """Queue the FIN behind what is queued already, move, and send what may be sent."""
    if tcb.cfg.linger is not None:
        start_linger(tcb, now + tcb.cfg.linger)
    nothing_pending = not tcb.unsent
    tcb.fin_queued = True
    _give_up_both(tcb)
    tcb.snd_goal = (tcb.snd_goal + 1) & MASK
    if tcb.user_at == NEVER:
        tcb.progress_at = now
        start_user_timeout(tcb, now)
    if state is ESTABLISHED:
        tcb.move(Event.CLOSE, why.CLOSE_ACTIVE)
    elif state is SYN_RECEIVED and nothing_pending:
        tcb.move(Event.CLOSE, why.CLOSE_SYN_RECEIVED)
    # SYN-RECEIVED with data: moves when ESTABLISHED is reached. CLOSE-WAIT: when the FIN is sent.
    output(tcb, now)


def shutdown_call(tcb: TCB, now: Time) -> None:
    """CLOSE, while RECEIVEs go on: unread data, and data to come, are no reason for a RST."""
    state = tcb.state
    if state is LISTEN or state is SYN_SENT:
        close_call(tcb, now)
    elif state is CLOSED:
        raise TcpError(DOES_NOT_EXIST)
    elif tcb.fin_queued or state is CLOSING or state is LAST_ACK or state is TIME_WAIT:
        raise TcpError(CLOSING_ERROR)
    else:
        _close(tcb, now, state)
        tcb.closed_full = False


def abandon_call(tcb: TCB, now: Time) -> None:
    """CLOSE, unless that has been called; nobody will RECEIVE any more."""
    if not tcb.fin_queued:
        close_call(tcb, now)
    elif tcb.cfg.half_duplex_close and tcb.rcv_user and tcb.cfg.unread_resets:
        _abort(tcb, why.CLOSE_UNREAD)
    else:
        _give_up_both(tcb)
        if tcb.state is FIN_WAIT_2:
            start_orphan(tcb, now)


def _give_up_both(tcb: TCB) -> None:
    """Note, where a knob asks for it, that nobody will RECEIVE."""
    tcb.closed_full = tcb.cfg.half_duplex_close or tcb.cfg.fin_wait_2_timeout is not None


# ------------------------------------------------------------------ 3.10.5 ABORT


def abort_call(tcb: TCB) -> None:
    """ABORT: a RST where the peer may know the connection, and the TCB deleted."""
    if tcb.state is CLOSED:
        raise TcpError(DOES_NOT_EXIST)
    _abort(tcb, why.ABORT_RESET)


def _abort(tcb: TCB, reason: Rule) -> None:
    state = tcb.state
    quiet = state in (LISTEN, SYN_SENT, CLOSING, LAST_ACK, TIME_WAIT)
    if not quiet:
        send_abort(tcb, reason)
    delete(tcb, Event.ABORT, why.ABORT_QUIET if quiet else reason, "", "connection reset")


def drop_call(tcb: TCB) -> None:
    """Like ABORT, but the peer hears of it only when it asks."""
    if tcb.state is CLOSED:
        raise TcpError(DOES_NOT_EXIST)
    delete(tcb, Event.ABORT, why.DROPPED, "", "connection reset")


def refuse_call(tcb: TCB, segment: Segment) -> None:
    """ABORT in SYN-RECEIVED, made for the user by a listener that is full: the RST answers the peer's ACK."""
    if tcb.observed:
        tcb.out.append(Discarded(segment, why.ACCEPT_QUEUE_RESETS))
    send_reset(tcb, segment.ack, why.ACCEPT_QUEUE_RESETS)
    delete(tcb, Event.ABORT, why.ACCEPT_QUEUE_RESETS, "", "connection reset")


# ------------------------------------------------------------------ 3.10.6 STATUS


@dataclass(frozen=True, slots=True)
class Status:
    """What STATUS returns (RFC 9293 3.9.1.5); amounts are octets, times nanoseconds."""

    state: State
    local: Socket | None
    remote: Socket | None
    receive_window: int
    send_window: int
    awaiting_acknowledgment: int
    pending_receipt: int
    urgent: bool
    user_timeout: Time | None

    def __str__(self) -> str:
        return f"state = {self.state}"


def status_call(tcb: TCB) -> Status:
    """STATUS: the state and what stands beside it in the TCB."""
    if tcb.state is CLOSED:
        raise TcpError(DOES_NOT_EXIST)
    return Status(
        tcb.state, tcb.local, tcb.remote, tcb.rcv_wnd, tcb.snd_wnd,
        tcb.undelivered, tcb.rcv_user, tcb.urgent, tcb.cfg.user_timeout,
    )  # fmt: skip
