"""Timeouts (RFC 9293 3.10.8 and the timers that 3.8 adds): what happens when a deadline has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rules as why
from .actions import TimerFired
from .diagram import CLOSED, CLOSING, LAST_ACK, SYN_RECEIVED, SYN_SENT, Event
from .ecn import window_reduced
from .ending import delete
from .rto import back_off
from .sack import forget
from .segment import ACK, URG, Segment
from .send import output, resend_from, send_abort, send_ack, urgent_offset, window_field
from .seqnum import MASK
from .text import cut
from .timers import earliest, start_keepalive, start_persist, start_retransmission, user_deadline
from .units import NEVER

if TYPE_CHECKING:
    from .rules import Rule
    from .tcb import TCB
    from .units import Time


def timeout(tcb: TCB, now: Time) -> None:
    """Do what is due at `now`: every timer whose deadline has come, the ones that end a connection first."""
    tcb.wake = earliest(tcb)
    if tcb.wake > now:
        return
    for due, act in _TIMERS:
        if due(tcb) <= now and tcb.state is not CLOSED:
            act(tcb, now)
    tcb.wake = earliest(tcb)


def _fired(tcb: TCB, timer: str, reason: Rule) -> None:
    if tcb.observed:
        tcb.out.append(TimerFired(timer, reason))


def user_timeout(tcb: TCB, now: Time) -> None:
    """USER TIMEOUT: flush all queues, signal the user, delete the TCB."""
    tcb.user_at = NEVER
    _fired(tcb, "user timeout", why.USER_TIMEOUT_EXPIRED)
    error = "connection aborted due to user timeout"
    delete(tcb, Event.USER_TIMEOUT, why.USER_TIMEOUT_EXPIRED, error, error)


def linger_timeout(tcb: TCB, now: Time) -> None:
    """CLOSE could not get rid of its data in time and turns into ABORT (RFC 9293 3.9.1.4)."""
    tcb.linger_at = NEVER
    _fired(tcb, "linger", why.LINGER_EXPIRED)
    if tcb.state is not CLOSING and tcb.state is not LAST_ACK:
        send_abort(tcb, why.LINGER_EXPIRED)
    delete(tcb, Event.ABORT, why.LINGER_EXPIRED, "connection reset", "connection reset")


def retransmission_timeout(tcb: TCB, now: Time) -> None:
    """RETRANSMISSION TIMEOUT: the first unacknowledged segment again, the timer anew; or give up at R2."""
    tcb.rexmit_at = NEVER
    _fired(tcb, "retransmission", why.RTO_EXPIRED)
    if gives_up(tcb, now):
        return
    tcb.retransmits += 1
    if tcb.retransmits == 1:
        _begin_patience(tcb, now)
    if tcb.retransmits == tcb.cfg.r1:
        tcb.signal("delivery problem", why.R1_REACHED)
    tcb.cc.timeout(tcb.outstanding, tcb.retransmits == 1)
    if tcb.ecn_ok and tcb.syn_acked:
        window_reduced(tcb)
    tcb.dupacks = tcb.in_recovery = 0
    tcb.recover = tcb.snd_max  # RFC 6582 3.2, step 4 of its section on timeouts: no fast retransmit below it
    if tcb.state is not SYN_SENT or tcb.retransmits > tcb.cfg.syn_linear_timeouts:
        back_off(tcb)
    if tcb.sack_ok:
        _leave_recovery_by_sack(tcb)
    limit = min(tcb.snd_mss, tcb.sacked[0] - tcb.snd_una) if tcb.sacked else tcb.snd_mss
    tcb.rexmit_nxt = resend_from(tcb, tcb.snd_una, limit, why.RETRANSMIT)
    tcb.resending = tcb.rexmit_nxt != tcb.recover and tcb.syn_acked
    tcb.sent_at = now
    start_retransmission(tcb, now + tcb.rto, why.RTO_BACKED_OFF)


def _begin_patience(tcb: TCB, now: Time) -> None:
    """The first attempt has failed: the clocks of failure may begin only now, see `patience_from`."""
    if tcb.syn_acked and tcb.cfg.patience_from != "send":
        tcb.progress_at = now


def _leave_recovery_by_sack(tcb: TCB) -> None:
    """RFC 6675 5.1: the timeout ends it. Has the peer discarded what it reported (RFC 2018 8)? The knob believes so."""
    tcb.high_rxt = tcb.rescue_rxt = 0
    if not tcb.cfg.sack_survives_rto:
        forget(tcb)


def gives_up(tcb: TCB, now: Time) -> bool:
    """Close the connection if R2 is reached (RFC 9293 3.8.3 (c), MUST-20); return whether it was.

    R2 is beyond R1: however long the intervals are, it takes more than R1 attempts that nobody answers.
    """
    opening = tcb.state is SYN_SENT or tcb.state is SYN_RECEIVED
    retries = _syn_retries(tcb) if opening else None
    if retries is not None:
        steady = tcb.cfg.syn_linear_timeouts if tcb.state is SYN_SENT else 0
        if tcb.retransmits < retries + steady and now - tcb.progress_at < tcb.cfg.rto_initial * ((2 << retries) - 1):
            return False
        delete(tcb, Event.GIVE_UP, why.SYN_RETRIES_USED, "connection timed out", "connection timed out")
        return True
    if now - tcb.progress_at < (tcb.cfg.r2_syn if opening else tcb.cfg.r2) or tcb.retransmits < tcb.cfg.r1:
        return False
    delete(tcb, Event.GIVE_UP, why.R2_REACHED, "connection timed out", "connection timed out")
    return True


def _syn_retries(tcb: TCB) -> int | None:
    """How often a SYN, or the SYN,ACK of a passive OPEN, is sent again; None if that is not what counts."""
    cfg = tcb.cfg
    if tcb.passive and cfg.synack_retries is not None:
        return cfg.synack_retries
    return cfg.syn_retries


def persist_timeout(tcb: TCB, now: Time) -> None:
    """Probe a zero window (RFC 9293 3.8.6.1), or override silly window avoidance (3.8.6.2.1 (4))."""
    tcb.persist_at = NEVER
    if tcb.snd_wnd:
        _fired(tcb, "persist", why.SEND_OVERRIDE)
        _send_held_back(tcb, now)
        return
    _fired(tcb, "persist", why.PERSIST_PROBE)
    if gives_up(tcb, now):
        return
    probe_window(tcb, now)
    tcb.retransmits += 1
    if tcb.retransmits == 1:
        _begin_patience(tcb, now)
    tcb.persist_backoff += 1
    interval = min(tcb.rto << min(tcb.persist_backoff, 32), max(tcb.cfg.rto_max, tcb.rto))
    start_persist(tcb, now + interval, why.PERSIST_BACKED_OFF)


def probe_window(tcb: TCB, now: Time) -> None:
    """Send one octet into a zero window: the oldest unacknowledged one, else a new one.

    SND.NXT does not count a new one until it is acknowledged: see `send`.
    """
    tcb.sent_at = now
    empty = tcb.cfg.window_probe == "empty"
    if tcb.snd_una != tcb.snd_max:
        resend_from(tcb, tcb.snd_una, tcb.snd_mss if empty else 1, why.PERSIST_PROBE)
        return
    if empty:
        seq = (tcb.snd_una - 1) & MASK
        tcb.out.append(Segment(seq, tcb.rcv_nxt, ACK, window_field(tcb), 0, None, why.PERSIST_PROBE))
        return
    seq = tcb.snd_nxt
    text = cut(tcb.snd_text, (seq - tcb.snd_text_seq) & MASK, 1) if tcb.snd_text else None
    up = urgent_offset(tcb, seq) if tcb.snd_urgent else 0
    ctl = ACK | URG if up else ACK
    tcb.out.append(Segment(seq, tcb.rcv_nxt, ctl, window_field(tcb), 1, text, why.PERSIST_PROBE, None, up))
    tcb.snd_max = (seq + 1) & MASK


def _send_held_back(tcb: TCB, now: Time) -> None:
    """The override timeout: send what the window takes, small as it is."""
    tcb.snd_push = tcb.snd_end
    max_snd_wnd, tcb.max_snd_wnd = tcb.max_snd_wnd, 0  # for this once any fraction of it is enough
    output(tcb, now)
    tcb.max_snd_wnd = max_snd_wnd


def delayed_ack_timeout(tcb: TCB, now: Time) -> None:
    """The acknowledgment that was held back goes by itself (RFC 9293 3.8.6.3, MUST-40)."""
    tcb.delack_at = NEVER
    _fired(tcb, "delayed ack", why.ACK_DELAY_OVER)
    tcb.pingpong = 0  # no answer came in time
    send_ack(tcb, why.ACK_DELAY_OVER)


def keepalive_timeout(tcb: TCB, now: Time) -> None:
    """Probe an idle connection (RFC 9293 3.8.4), or call its peer dead."""
    tcb.keepalive_at = NEVER
    cfg = tcb.cfg
    _fired(tcb, "keep-alive", why.KEEPALIVE_PROBE)
    if tcb.outstanding:  # MUST-26: only when no sent data is outstanding
        start_keepalive(tcb, now + cfg.keepalive_idle)
        return
    if tcb.keepalive_probes >= cfg.keepalive_count:
        if cfg.keepalive_resets:
            send_abort(tcb, why.KEEPALIVE_DEAD)
        delete(tcb, Event.GIVE_UP, why.KEEPALIVE_DEAD, "connection timed out", "connection timed out")
        return
    tcb.keepalive_probes += 1
    seq = (tcb.snd_nxt - 1) & MASK
    tcb.out.append(Segment(seq, tcb.rcv_nxt, ACK, window_field(tcb), 0, None, why.KEEPALIVE_PROBE))
    start_keepalive(tcb, now + cfg.keepalive_interval)


def time_wait_timeout(tcb: TCB, now: Time) -> None:
    """TIME-WAIT TIMEOUT: delete the TCB."""
    tcb.time_wait_at = NEVER
    _fired(tcb, "time-wait", why.TIME_WAIT_OVER)
    delete(tcb, Event.TIME_WAIT_TIMEOUT, why.TIME_WAIT_OVER, "connection closed", "connection closing")


def orphan_timeout(tcb: TCB, now: Time) -> None:
    """Unlike the RFC, in which FIN-WAIT-2 has no end of its own: nobody is left to be told, here or there."""
    tcb.fin_wait_2_at = NEVER
    _fired(tcb, "fin-wait-2", why.ORPHAN_OVER)
    delete(tcb, Event.ORPHAN_TIMEOUT, why.ORPHAN_OVER, "", "connection closing")


_TIMERS = (
    (user_deadline, user_timeout),
    (lambda tcb: tcb.linger_at, linger_timeout),
    (lambda tcb: tcb.time_wait_at, time_wait_timeout),
    (lambda tcb: tcb.fin_wait_2_at, orphan_timeout),
    (lambda tcb: tcb.rexmit_at, retransmission_timeout),
    (lambda tcb: tcb.persist_at, persist_timeout),
    (lambda tcb: tcb.delack_at, delayed_ack_timeout),
    (lambda tcb: tcb.keepalive_at, keepalive_timeout),
)
"""Every timer's deadline and what its expiry does, in the order in which timers due together act."""
