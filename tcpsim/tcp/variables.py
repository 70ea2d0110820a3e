"""The TCB as the RFC writes it: each variable that means something in the state, and what an event has changed.

Rule 1. Names are the RFC's (3.3.1; RFC 6298, RFC 5681, RFC 7323 for theirs). Sequence numbers are as on the wire, times
        are nanoseconds, a timer that is off has no value.
Rule 2. A variable without a meaning in a state is None there: SND.UNA before a SYN was sent, RCV.NXT before one came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .checks import OURS, PLAIN, THEIRS
from .diagram import CLOSED, LISTEN, SYN_SENT
from .timers import user_deadline
from .units import NEVER

if TYPE_CHECKING:
    from .tcb import TCB

Amount = int | str | bool | None
Change = tuple[str, Amount, Amount]
"""A variable, its value before and after."""

BASES: Final[dict[str, str]] = {
    "ISS": PLAIN, "IRS": PLAIN,
    "SND.UNA": OURS, "SND.NXT": OURS, "SND.WL2": OURS, "SND.UP": OURS,
    "RCV.NXT": THEIRS, "SND.WL1": THEIRS, "RCV.UP": THEIRS, "Last.ACK.sent": THEIRS,
}  # fmt: skip
"""From where the sequence numbers among the variables count; ISS and IRS stand for themselves."""

TIMES: Final = frozenset({"RTO", "SRTT", "RTTVAR"})
"""Variables that are spans of time, nanoseconds."""
TIMER: Final = " timer"
"""What the name of a timer ends in; its value is the deadline, nanoseconds of virtual time."""


def variables(tcb: TCB) -> dict[str, Amount]:
    """Return every variable by its name, in the order in which they are told."""
    told: dict[str, Amount] = {"state": str(tcb.state)}
    told |= _send_sequence(tcb)
    told |= _receive_sequence(tcb)
    told |= _congestion(tcb)
    told |= _timers(tcb)
    return told


def changes(before: TCB, after: TCB) -> tuple[Change, ...]:
    """Return what differs between two moments of a connection."""
    was, now = variables(before), variables(after)
    return tuple([(name, was[name], now[name]) for name in was if was[name] != now[name]])


def _send_sequence(tcb: TCB) -> dict[str, Amount]:
    known = tcb.state is not CLOSED and tcb.state is not LISTEN
    both = known and tcb.state is not SYN_SENT
    return {
        "ISS": tcb.iss if known else None,
        "SND.UNA": tcb.snd_una if known else None,
        "SND.NXT": tcb.snd_max if known else None,
        "SND.WND": tcb.snd_wnd if both else None,
        "SND.WL1": tcb.snd_wl1 if both else None,
        "SND.WL2": tcb.snd_wl2 if both else None,
        "SND.UP": tcb.snd_up if known and tcb.snd_urgent else None,
        "queued to send": tcb.unsent if known else None,
        "FIN queued": tcb.fin_queued if known else None,
    }


def _receive_sequence(tcb: TCB) -> dict[str, Amount]:
    known = tcb.state.both_syns
    held = sum(length for _, length, _, _ in tcb.rcv_held)
    return {
        "IRS": tcb.irs if known else None,
        "RCV.NXT": tcb.rcv_nxt if known else None,
        "RCV.WND": tcb.rcv_wnd if known else None,
        "RCV.USER": tcb.rcv_user if known else None,
        "RCV.UP": tcb.rcv_up if known and tcb.urgent else None,
        "held beyond a hole": held if known else None,
        "FIN received": tcb.fin_received if known else None,
        "TS.Recent": tcb.ts_recent if known and tcb.ts_ok else None,
        "Last.ACK.sent": tcb.last_ack_sent if known and tcb.ts_ok else None,
    }


def _congestion(tcb: TCB) -> dict[str, Amount]:
    both = tcb.state.both_syns and tcb.syn_acked
    limited = both and tcb.cfg.congestion != "none"
    return {
        "Eff.snd.MSS": tcb.snd_mss if both else None,
        "cwnd": tcb.cc.cwnd if limited else None,
        "ssthresh": tcb.cc.ssthresh if limited else None,
        "duplicate ACKs": tcb.dupacks if both else None,
        "sent again": tcb.retransmits if tcb.state is not CLOSED and tcb.state is not LISTEN else None,
        "keep-alive probes": tcb.keepalive_probes if both else None,
        "RTO": tcb.rto if tcb.state is not CLOSED and tcb.state is not LISTEN else None,
        "SRTT": tcb.srtt if tcb.srtt >= 0 else None,
        "RTTVAR": tcb.rttvar if tcb.srtt >= 0 else None,
    }


def _timers(tcb: TCB) -> dict[str, Amount]:
    deadlines = {
        "retransmission": tcb.rexmit_at, "persist": tcb.persist_at, "delayed ACK": tcb.delack_at,
        "time-wait": tcb.time_wait_at, "keep-alive": tcb.keepalive_at, "user timeout": user_deadline(tcb),
        "linger": tcb.linger_at, "FIN-WAIT-2": tcb.fin_wait_2_at,
    }  # fmt: skip
    return {name + TIMER: None if at == NEVER else at for name, at in deadlines.items()}
