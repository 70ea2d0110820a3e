"""User calls and timeouts as sections 3.10.1 to 3.10.6 and 3.10.8 have them: what is done in which state, and why.

Rule 1. As `checks` does for segments: this file tells, from the TCB as it was before, and changes nothing.
Rule 2. A sentence of `_CALLS` says what the RFC has a call do in a state; where a knob or a kernel's call goes
        another way, the rules of what follows say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import rules as why
from .checks import PLAIN, Check, Value
from .diagram import CLOSED, SYN_RECEIVED, SYN_SENT
from .timers import user_deadline

if TYPE_CHECKING:
    from .rules import Rule
    from .tcb import TCB
    from .units import Time

CALLS: Final = {
    "connect": "OPEN", "listen": "OPEN", "open": "OPEN", "send": "SEND", "receive": "RECEIVE", "take": "RECEIVE",
    "close": "CLOSE", "shutdown": "CLOSE", "abort": "ABORT", "status": "STATUS",
}  # fmt: skip
"""The RFC's call for the word that a trace has: `close()` is CLOSE."""

_SECTIONS: Final = {"OPEN": "3.10.1", "SEND": "3.10.2", "RECEIVE": "3.10.3", "CLOSE": "3.10.4", "ABORT": "3.10.5",
                    "STATUS": "3.10.6"}  # fmt: skip

_NO_CONNECTION: Final = 'return "error: connection does not exist"'
_CLOSING: Final = 'return "error: connection closing"'
_QUEUE: Final = "queue it until ESTABLISHED is entered"
_RESET: Final = "send <SEQ=SND.NXT><CTL=RST>, flush all queues, delete the TCB, enter CLOSED"

_CALLS: Final[dict[str, dict[str, str]]] = {
    "OPEN": {
        "CLOSED": "create a TCB; a passive OPEN enters LISTEN, an active one selects an ISS, sends a SYN and enters "
        "SYN-SENT",
        "LISTEN": "an active OPEN selects an ISS, sends a SYN and enters SYN-SENT",
        "": 'return "error: connection already exists"',
    },
    "SEND": {
        "CLOSED": _NO_CONNECTION,
        "LISTEN": "if the remote socket is specified, select an ISS, send a SYN and enter SYN-SENT",
        "SYN-SENT SYN-RECEIVED": _QUEUE,
        "ESTABLISHED CLOSE-WAIT": "segmentize the buffer and send it with a piggybacked acknowledgment",
        "": _CLOSING,
    },
    "RECEIVE": {
        "CLOSED": _NO_CONNECTION,
        "LISTEN SYN-SENT SYN-RECEIVED": _QUEUE,
        "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2": "return what is on hand, or queue the call until something comes",
        "CLOSE-WAIT": 'return what is on hand; if nothing is, "error: connection closing"',
        "": _CLOSING,
    },
    "CLOSE": {
        "CLOSED": _NO_CONNECTION,
        "LISTEN": "delete the TCB and enter CLOSED",
        "SYN-SENT": 'delete the TCB; queued calls are returned with "error: closing"',
        "SYN-RECEIVED": "if nothing was queued to send, send a FIN and enter FIN-WAIT-1; otherwise queue the CLOSE "
        "until ESTABLISHED is entered",
        "ESTABLISHED": "queue it until all preceding SENDs are segmentized, then send a FIN; in any case enter "
        "FIN-WAIT-1",
        "FIN-WAIT-1 FIN-WAIT-2": 'return "error: connection closing": no second FIN is sent',
        "CLOSE-WAIT": "queue it until all preceding SENDs are segmentized, then send a FIN and enter LAST-ACK",
        "": _CLOSING,
    },
    "ABORT": {
        "CLOSED": _NO_CONNECTION,
        "LISTEN SYN-SENT": 'calls that wait are returned with "connection reset"; delete the TCB, enter CLOSED',
        "SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT": _RESET,
        "": "delete the TCB and enter CLOSED; both FINs were sent, so no RST is needed",
    },
    "STATUS": {"CLOSED": _NO_CONNECTION, "": "return the state and the TCB's variables"},
}
"""What the RFC has each call do, by states; "" is every other state."""


def of_call(tcb: TCB, words: str, error: str) -> tuple[Check, ...]:
    """Return the branch that a call takes: `words` as a trace has them, `error` in the RFC's words or "".

    None for a call that the RFC does not know.
    """
    call = CALLS.get(words.partition("(")[0])
    if call is None:
        return ()
    state = str(tcb.state)
    told = next(sentence for states, sentence in _CALLS[call].items() if not states or state in states.split())
    cite = f"RFC 9293 {_SECTIONS[call]}, {state} STATE"
    return (Check(f"{call} call in {state}", cite, told, (), None, not error, True, None),)


# ------------------------------------------------------------------ timeouts


def of_timeout(tcb: TCB, now: Time) -> tuple[Check, ...]:
    """Return what each timer asks that is due `now`, in the order in which they act; none if none is."""
    told: list[Check] = []
    state = tcb.state
    if state is not CLOSED and user_deadline(tcb) <= now:
        told.append(_ends("USER TIMEOUT", "has the user waited in vain for long enough", why.USER_TIMEOUT_EXPIRED))
    elif tcb.linger_at <= now:
        told.append(_ends("linger timeout", "is what CLOSE left behind still undelivered", why.LINGER_EXPIRED))
    elif tcb.time_wait_at <= now:
        told.append(_ends("TIME-WAIT TIMEOUT", "are 2 MSL over", why.TIME_WAIT_OVER))
    elif tcb.fin_wait_2_at <= now:
        told.append(_ends("FIN-WAIT-2 timeout", "is the peer's FIN still missing, and nobody waits", why.ORPHAN_OVER))
    else:
        for at, ask in ((tcb.rexmit_at, _retransmission), (tcb.persist_at, _persist)):
            if at <= now and not (told and _is_over(told[-1])):
                told += ask(tcb, now)
        if not (told and _is_over(told[-1])):
            told += _quiet_timers(tcb, now)
    return tuple([_decided(check, check is told[-1]) for check in told])


def _decided(check: Check, decided: bool) -> Check:
    return Check(check.name, check.cite, check.question, check.values, check.answer, check.passed, decided, check.why)


def _ends(name: str, question: str, rule: Rule) -> Check:
    """A timer that ends the connection."""
    return Check(name, f"{rule.rfc} {rule.section}", question, (), True, True, False, rule)


def _is_over(check: Check) -> bool:
    return check.why in (why.R2_REACHED, why.SYN_RETRIES_USED)


def _gives_up(tcb: TCB, now: Time) -> Check:
    """R2 (3.8.3 (c)): has the same segment been sent in vain for as long as allowed?"""
    cfg = tcb.cfg
    opening = tcb.state is SYN_SENT or tcb.state is SYN_RECEIVED
    retries = cfg.synack_retries if tcb.passive and cfg.synack_retries is not None else cfg.syn_retries
    waited: Value = ("waited", now - tcb.progress_at, PLAIN)
    if opening and retries is not None:
        most = retries + (cfg.syn_linear_timeouts if tcb.state is SYN_SENT else 0)
        over = tcb.retransmits >= most or waited[1] >= cfg.rto_initial * ((2 << retries) - 1)
        rule: Rule | None = why.SYN_RETRIES_USED if over else None
        question = f"has the SYN been sent again {most} times"
        return Check("give up", "RFC 9293 3.8.3 (c)", question, (), over, True, False, rule)
    limit = cfg.r2_syn if opening else cfg.r2
    over = waited[1] >= limit and tcb.retransmits >= cfg.r1
    question = "has the same segment been sent in vain for R2"
    return Check("give up", "RFC 9293 3.8.3 (c)", question, (), over, True, False, why.R2_REACHED if over else None)


def _retransmission(tcb: TCB, now: Time) -> list[Check]:
    gives_up = _gives_up(tcb, now)
    if gives_up.answer:
        return [gives_up]
    question = "send the segment at the front of the retransmission queue again, and start the timer anew"
    timeout = Check("RETRANSMISSION TIMEOUT", "RFC 9293 3.10.8", question, (), None, True, False, why.RTO_EXPIRED)
    return [gives_up, timeout]


def _persist(tcb: TCB, now: Time) -> list[Check]:
    window: tuple[Value, ...] = (("SND.WND", tcb.snd_wnd, PLAIN),)
    if tcb.snd_wnd:
        return [
            Check(
                "override timeout",
                "RFC 9293 3.8.6.2.1 (4)",
                "SND.WND = 0",
                window,
                False,
                True,
                False,
                why.SEND_OVERRIDE,
            )
        ]
    closed = Check("persist timeout", "RFC 9293 3.8.6.1", "SND.WND = 0", window, True, True, False, why.PERSIST_PROBE)
    gives_up = _gives_up(tcb, now)
    return [closed, gives_up] if gives_up.answer else [gives_up, closed]


def _quiet_timers(tcb: TCB, now: Time) -> list[Check]:
    """Timers that may be due beside others: the delayed ACK's and the keep-alive's."""
    told = []
    if tcb.delack_at <= now:
        told.append(_ends("delayed ACK timeout", "is an acknowledgment owed", why.ACK_DELAY_OVER))
    if tcb.keepalive_at <= now:
        cfg = tcb.cfg
        if tcb.outstanding:
            rule, question = why.KEEPALIVE_PROBE, "is sent data outstanding, so that its timer watches already"
        elif tcb.keepalive_probes >= cfg.keepalive_count:
            rule, question = why.KEEPALIVE_DEAD, f"did {cfg.keepalive_count} probes go unanswered"
        else:
            rule, question = why.KEEPALIVE_PROBE, "has nothing come for the keep-alive interval"
        told.append(Check("keep-alive timeout", "RFC 9293 3.8.4", question, (), True, True, False, rule))
    return told
