"""How a connection ends: the TCB deleted, the user told; or back to LISTEN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rules as why
from .diagram import Event
from .receive import return_receives
from .timers import stop_all

if TYPE_CHECKING:
    from .rules import Rule
    from .tcb import TCB


def delete(tcb: TCB, event: Event, reason: Rule, signal: str, returned: str) -> None:
    """Walk the edge to CLOSED, flush queues, stop timers, tell the user.

    `signal` is what the user hears, `returned` the error of the calls that are outstanding.
    """
    tcb.move(event, reason)
    stop_all(tcb, reason)
    return_receives(tcb, returned, why.CALL_RETURNED)
    tcb.snd_text = ()  # what was received in order and not read stays: it was acknowledged
    tcb.rcv_held = ()
    tcb.ack_why = None
    if signal:
        tcb.signal(signal, reason)


def return_to_listen(tcb: TCB, event: Event, reason: Rule) -> None:
    """A passive OPEN goes back to wait: queues are flushed, the user need not know.

    What was queued for SENDs was meant for the peer that is gone. A CLOSE that was queued behind it, which 3.10.4 has
    processed "after entering ESTABLISHED", is processed now as in LISTEN: nobody is left to have another connection.
    """
    tcb.move(event, reason)
    stop_all(tcb, reason)
    receives, closing = tcb.receives, tcb.fin_queued
    tcb.reset_variables()
    tcb.receives = receives
    tcb.iss_above = None  # it bound the incarnation that is given up now
    if closing:
        delete(tcb, Event.CLOSE, why.CLOSE_LISTEN, "", "closing")
