"""Sending: what goes out, when, and with which numbers (RFC 9293 3.7, 3.8.6).

SND.NXT never moves back. SND.MAX differs from it only while an octet that probes a zero window is
out: the probe must not shift the numbers of later ACKs (RFC 9293 A.2 tells why). What is resent
after a timeout lies in [rexmit_nxt, recover).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rules as why
from .actions import TimerStopped
from .diagram import CLOSE_WAIT, SYN_SENT, Event
from .iss import initial_sequence_number
from .negotiation import syn_options
from .receive import say_window
from .sack import hole_at, last_hole, lost_below, marked_below, pipe
from .sack_report import send_mss
from .segment import ACK, FIN, PSH, RST, SYN, URG, Segment
from .seqnum import MASK, gt, lt
from .text import cut
from .timers import (
    earliest,
    start_persist,
    start_retransmission,
    start_user_timeout,
    stop_persist,
)
from .timestamps import timestamp_offset
from .units import NEVER

if TYPE_CHECKING:
    from .rules import Rule
    from .tcb import TCB
    from .units import Time

# ------------------------------------------------------------------ SYN, ACK, RST


def open_send_sequence(tcb: TCB, now: Time) -> None:
    """Select the ISS and set SND.UNA and SND.NXT as for a SYN sent (RFC 9293 3.10.1)."""
    tcb.iss = initial_sequence_number(tcb.cfg, now, tcb.local, tcb.remote, tcb.iss_above)
    if tcb.cfg.timestamps:
        tcb.ts_offset = timestamp_offset(tcb.cfg, tcb.local, tcb.remote)
    tcb.snd_una = tcb.recover = tcb.snd_small = tcb.iss
    tcb.snd_nxt = tcb.snd_max = tcb.snd_text_seq = (tcb.iss + 1) & MASK
    tcb.snd_goal = tcb.snd_push = tcb.snd_up = tcb.snd_nxt


def send_syn(tcb: TCB, now: Time, reason: Rule, *, ack: bool, first: bool = True) -> None:
    """Send <SEQ=ISS><CTL=SYN> or <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK> and let the timer run.

    Only the `first` segment with our SYN is timed (RFC 6298 3, Karn).
    """
    window = min(tcb.rcv_wnd, 0xFFFF)  # RFC 7323 2.2: the window of a SYN is never scaled
    acked = tcb.rcv_nxt if ack else 0
    options, size, text = syn_options(tcb), 0, None
    if not ack and options is not None and options.fastopen:
        size = _fits_into_syn(tcb, options.octets)
        text = cut(tcb.snd_text, 0, size) if tcb.snd_text and size else None
        tcb.snd_nxt = tcb.snd_max = (tcb.snd_nxt + size) & MASK
        reason = why.FAST_OPEN_SYN
    tcb.out.append(Segment(tcb.iss, acked, SYN | ACK if ack else SYN, window, size, text, reason, options))
    tcb.rtt_at, tcb.rtt_seq = (now if first else NEVER), (tcb.iss + 1) & MASK
    tcb.progress_at = now
    start_retransmission(tcb, now + tcb.rto, why.RTO_STARTED)
    start_user_timeout(tcb, now)
    tcb.sent_at = now


def _fits_into_syn(tcb: TCB, options: int) -> int:
    """Return how much of what is queued goes with the SYN: the peer's MSS is not known yet (RFC 7413 4.2.2)."""
    room = max(min(tcb.snd_mss, tcb.cfg.mtu - tcb.headers) - options, 0)
    return min(room, (tcb.snd_goal - tcb.snd_nxt) & MASK)


def resend_syn_data(tcb: TCB, now: Time, syn_ack: Segment) -> None:
    """The SYN,ACK acknowledges our SYN and not the data that went with it: that goes again at once (RFC 7413 4.2.2).

    If it does not bring another cookie, the server wants none of ours (4.1.3.1).
    """
    if syn_ack.options is None or not syn_ack.options.fastopen:
        tcb.fast_cookie = None
    tcb.recover = tcb.snd_max
    tcb.rexmit_nxt = resend_from(tcb, tcb.snd_una, tcb.snd_mss, why.FAST_OPEN_REPEATED)
    tcb.resending = tcb.rexmit_nxt != tcb.recover
    tcb.sent_at = now


def window_field(tcb: TCB) -> int:
    """Return SEG.WND for what RCV.WND is now."""
    return min(tcb.rcv_wnd >> tcb.rcv_scale, 0xFFFF)


def urgent_offset(tcb: TCB, seq: int) -> int:
    """Return the urgent pointer of a segment at `seq`: to the octet after the urgent data (MUST-62), or 0."""
    return min((tcb.snd_up - seq) & MASK, 0xFFFF) if gt(tcb.snd_up, seq) else 0


def send_ack(tcb: TCB, reason: Rule) -> None:
    """Send an ACK, by `send_bare_ack`; or, if `ack_repeats_fin`, our FIN again while it is not acknowledged."""
    if tcb.fin_queued and tcb.cfg.ack_repeats_fin and tcb.snd_una != tcb.snd_goal == tcb.snd_max:
        resend_from(tcb, (tcb.snd_goal - 1) & MASK, 0, reason)
        _acknowledged_along(tcb)
    else:
        send_bare_ack(tcb, reason)


def send_bare_ack(tcb: TCB, reason: Rule) -> None:
    """Send <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>; whatever acknowledgment was owed is paid with it.

    Unlike the RFC's, its SEG.SEQ is SND.UNA+SND.WND if SND.NXT lies beyond that, as after a FIN that
    went into a zero window: the peer would refuse the ACK otherwise, and with it all that it
    acknowledges (RFC 9293 A.2).
    """
    seq = tcb.snd_nxt
    if (seq - tcb.snd_una) & MASK > tcb.snd_wnd and tcb.syn_acked:
        seq = (tcb.snd_una + tcb.snd_wnd) & MASK
    if tcb.rcv_unsaid:
        say_window(tcb)
    window = tcb.rcv_wnd >> tcb.rcv_scale
    tcb.out.append(Segment(seq, tcb.rcv_nxt, ACK, window if window < 0xFFFF else 0xFFFF, 0, None, reason))
    tcb.ack_why = None
    tcb.rcv_segments = 0
    if tcb.delack_at != NEVER:
        tcb.delack_at = NEVER
        if tcb.observed:
            tcb.out.append(TimerStopped("delayed ack", reason))


def send_abort(tcb: TCB, reason: Rule) -> None:
    """Send the RST of an ABORT: <SEQ=SND.NXT><CTL=RST>, with `reset_with_ack` <ACK=RCV.NXT> too."""
    send_reset(tcb, tcb.snd_nxt, reason, tcb.rcv_nxt if tcb.cfg.reset_with_ack else None)


def send_reset(tcb: TCB, seq: int, reason: Rule, ack: int | None = None) -> None:
    """Send <SEQ=seq><CTL=RST>, or with an ACK field <SEQ=seq><ACK=ack><CTL=RST,ACK>."""
    tcb.out.append(Segment(seq, ack or 0, RST if ack is None else RST | ACK, 0, 0, None, reason))


def reset_for(segment: Segment, reason: Rule) -> Segment:
    """Return the RST that the sender of `segment` can accept (RFC 9293 3.5.2, groups 1 and 2)."""
    if segment.ctl & ACK:
        return Segment(segment.ack, 0, RST, 0, 0, None, reason)
    return Segment(0, (segment.seq + segment.seg_len) & MASK, RST | ACK, 0, 0, None, reason)


# ------------------------------------------------------------------ output: text, FIN and the ACK owed


def output(tcb: TCB, now: Time) -> None:
    """Send all that may be sent now; an acknowledgment still owed after that goes by itself.

    Called once at the end of an event, so that ACKs are aggregated (MUST-58, MUST-59).
    """
    if tcb.state.synchronized or tcb.fast_opened:
        if tcb.resending:
            _resend(tcb, now)
        elif tcb.snd_nxt != tcb.snd_goal:
            _send_new(tcb, now)
    if tcb.ack_why is not None:
        send_ack(tcb, tcb.ack_why)


def _send_new(tcb: TCB, now: Time) -> None:
    """Send new text as the offered window, the congestion window, Nagle and SWS avoidance allow."""
    cfg, cc = tcb.cfg, tcb.cc
    mss = send_mss(tcb) if tcb.sack_ok else tcb.snd_mss
    flight = (tcb.snd_nxt - tcb.snd_una) & MASK
    if not flight and now - tcb.sent_at > tcb.rto and cfg.idle_restart:
        cc.idle()  # RFC 5681 4.1
    usable = tcb.snd_wnd - flight  # U; negative after the peer has shrunk its window (MUST-34)
    room = cc.cwnd - flight
    beyond, data = 0, why.SEND_DATA
    if tcb.dupacks or tcb.in_recovery:
        room, beyond, data = _room_after_loss(tcb, room, mss)
    if usable < room + beyond:
        room = usable - beyond
    pending = (tcb.snd_goal - tcb.snd_nxt - tcb.fin_queued) & MASK
    push_every = cfg.push_every
    before = len(tcb.out) if push_every else 0
    while pending:
        full = _until_mark(tcb, pending, mss) if tcb.snd_marks else mss
        if pending >= full and room + beyond >= full:
            size = full
            if size <= room:
                reason = data if full == mss else why.SEND_RECORD
            else:
                reason = why.LIMITED_TRANSMIT
                tcb.limited += size
        else:
            small = _reason_for_small(tcb, pending, usable, flight)
            size = pending if pending < usable else usable
            if small is None or size > room + beyond:
                break
            reason = small
            if size > room:
                tcb.limited += size
        pending -= size
        _send_text(tcb, now, size, not pending, reason)
        if size < mss and cfg.nagle_minshall:
            tcb.snd_small = tcb.snd_nxt
        flight += size
        usable -= size
        room -= size
    if push_every or cfg.cwnd_validation:
        _after_burst(tcb, before, push_every)
    if not pending:
        if tcb.fin_queued:
            if tcb.snd_nxt != tcb.snd_goal:
                _send_lone_fin(tcb, now)
            if tcb.state is CLOSE_WAIT:
                tcb.move(Event.CLOSE, why.SEND_FIN_LAST_ACK)  # when the FIN is sent (RFC 9293 3.10.4)
    elif flight == 0 and tcb.persist_at == NEVER:
        _wait_for_window(tcb, now)


def _after_burst(tcb: TCB, before: int, push_every: int | None) -> None:
    """What follows from what has just been sent, as two knobs have it."""
    if push_every:
        _push_bursts(tcb, before, push_every)
    if tcb.cfg.cwnd_validation:
        _note_use_of_cwnd(tcb)


def _note_use_of_cwnd(tcb: TCB) -> None:
    """Remember, for a window's time, whether cwnd is what limits us, else how much of it is used (RFC 7661 4.2)."""
    used = tcb.outstanding
    limited = used - tcb.sack_octets + tcb.snd_mss > tcb.cc.cwnd
    if limited or not lt(tcb.snd_una, tcb.cwnd_mark) or (not tcb.cwnd_limited and used > tcb.cwnd_used):
        tcb.cwnd_limited, tcb.cwnd_used, tcb.cwnd_mark = limited, used, tcb.snd_nxt


def _room_after_loss(tcb: TCB, room: int, mss: int) -> tuple[int, int, Rule]:
    """Return what new text may be sent where ACKs tell of a loss: within cwnd, beyond it, and the rule of the first."""
    if tcb.in_recovery:
        return (tcb.cc.cwnd - pipe(tcb), 0, why.SACK_NEW_DATA) if tcb.sack_ok else (room, 0, why.SEND_DATA)
    if not tcb.cfg.limited_transmit:
        return room, 0, why.SEND_DATA
    # RFC 3042 2; RFC 6675 5, step (3): as much as has left the network, for all one knows.
    return room, tcb.sack_octets if tcb.sack_ok else min(tcb.dupacks, 2) * mss, why.SEND_DATA


def _reason_for_small(tcb: TCB, pending: int, usable: int, flight: int) -> Rule | None:
    """Return the rule of RFC 9293 3.8.6.2.1 that lets less than a full segment go, or None."""
    # Nagle's bracket: nothing outstanding. The last segment before a FIN need not wait, since
    # nothing more can come that it could be joined with.
    at_rest = flight == 0 or not tcb.cfg.nagle or tcb.fin_queued or (flight == 1 and not tcb.syn_acked)
    if not at_rest and tcb.cfg.nagle_minshall:
        at_rest = (tcb.snd_small - tcb.snd_una - 1) & MASK >= flight  # no small segment is outstanding
    if not at_rest or usable <= 0:
        return None
    if tcb.max_snd_wnd <= 0:  # any fraction will do: see `_send_held_back`, and `push_call`
        return why.SEND_ASKED if tcb.max_snd_wnd else why.SEND_OVERRIDE
    if tcb.corked and not tcb.fin_queued:
        return None
    pushed = tcb.fin_queued or not lt(tcb.snd_push, tcb.snd_end)
    if pending <= usable and pushed:
        return why.SEND_PUSHED
    if 2 * min(pending, usable) >= tcb.max_snd_wnd:
        return why.SEND_FRACTION
    return None


def _push_bursts(tcb: TCB, before: int, every: int) -> None:
    """Push every so-many-th segment of what has just been sent in one burst: see the knob `push_every`."""
    burst = [action for action in tcb.out[before:] if type(action) is Segment and action.length]
    for segment in burst[every - 1 :: every]:
        segment.ctl |= PSH


def _until_mark(tcb: TCB, pending: int, mss: int) -> int:
    """Return what the next segment of `pending` octets holds if full: `mss`, or less if a record ends before.

    The last record is no exception: more may come, that it is silly not to wait for.
    """
    ahead = _to_mark(tcb, tcb.snd_nxt)
    return min(ahead, mss) if ahead < pending else mss


def _to_mark(tcb: TCB, seq: int) -> int:
    """Return how many octets there are from `seq` to the end of its record."""
    return min([(mark - seq - 1) & MASK for mark in tcb.snd_marks]) + 1


def _wait_for_window(tcb: TCB, now: Time) -> None:
    """Nothing is in flight and nothing may be sent: no ACK will come, so a timer must."""
    tcb.progress_at = now
    if tcb.user_at == NEVER:
        start_user_timeout(tcb, now)
    if tcb.snd_wnd == 0:
        start_persist(tcb, now + tcb.rto, why.PERSIST_STARTED)
    else:
        override = tcb.cfg.sws_override
        start_persist(tcb, now + (tcb.rto if override is None else override), why.HOLD_SMALL)


def _send_text(tcb: TCB, now: Time, size: int, last: bool, reason: Rule) -> None:
    """Send `size` octets at SND.NXT; `last` if no text remains after them, so that a FIN goes along."""
    seq = tcb.snd_nxt
    ctl = ACK
    nxt = (seq + size) & MASK
    if last:
        if tcb.fin_queued:
            ctl = ACK | PSH | FIN if size else ACK | FIN  # CLOSE implies push (RFC 9293 3.9.1.4)
            nxt = tcb.snd_goal
        elif not lt(tcb.snd_push, tcb.snd_goal):
            ctl = ACK | PSH  # MUST-61
    elif tcb.snd_marks and nxt in tcb.snd_marks:
        ctl = ACK | PSH
    up = urgent_offset(tcb, seq) if tcb.snd_urgent else 0
    if up:
        ctl |= URG
    text = cut(tcb.snd_text, (seq - tcb.snd_text_seq) & MASK, size) if tcb.snd_text and size else None
    if tcb.snd_una == seq:
        _leave_rest(tcb, now)
    if tcb.rcv_unsaid:
        say_window(tcb)
    window = tcb.rcv_wnd >> tcb.rcv_scale
    tcb.out.append(Segment(seq, tcb.rcv_nxt, ctl, window if window < 0xFFFF else 0xFFFF, size, text, reason, None, up))
    tcb.snd_nxt = nxt
    if tcb.rtt_at == NEVER and seq == tcb.snd_max:  # Karn: not if its first octet has probed a window
        tcb.rtt_at = tcb.sent_at = now
        tcb.rtt_seq = nxt
    else:
        tcb.sent_at = now
    tcb.snd_max = nxt
    if tcb.cfg.pingpong is not None and size and now - tcb.rcv_at < tcb.cfg.delayed_ack:
        tcb.pingpong = min(tcb.pingpong + 1, tcb.cfg.pingpong)
    if tcb.snd_wnd:
        if tcb.rexmit_at == NEVER:
            start_retransmission(tcb, now + tcb.rto, why.RTO_STARTED)
        if tcb.persist_at != NEVER:
            stop_persist(tcb, why.PERSIST_STOPPED)
    if tcb.rcv_segments or tcb.ack_why is not None:
        _acknowledged_along(tcb)


def _leave_rest(tcb: TCB, now: Time) -> None:
    """The first segment after everything was acknowledged: the clocks of failure begin."""
    tcb.progress_at = now
    if tcb.user_at == NEVER:
        start_user_timeout(tcb, now)


def _acknowledged_along(tcb: TCB) -> None:
    tcb.ack_why = None
    tcb.rcv_segments = 0
    if tcb.delack_at != NEVER:
        if tcb.wake == tcb.delack_at:  # it was the earliest: whoever drives us need not wake us for it
            tcb.delack_at = NEVER
            tcb.wake = earliest(tcb)
        tcb.delack_at = NEVER
        if tcb.observed:
            tcb.out.append(TimerStopped("delayed ack", why.ACK_PIGGYBACKED))


def _send_lone_fin(tcb: TCB, now: Time) -> None:
    """Send the FIN by itself. Unlike text it goes into a zero window too: it is then its own probe."""
    _send_text(tcb, now, 0, True, why.SEND_FIN)
    if tcb.snd_wnd == 0 and tcb.persist_at == NEVER:
        start_persist(tcb, now + tcb.rto, why.PERSIST_STARTED)


# ------------------------------------------------------------------ sending again


def resend_from(tcb: TCB, seq: int, limit: int, reason: Rule) -> int:
    """Send again, from `seq` on, at most `limit` octets of what was sent; return the number after them.

    The SYN is sent again alone; a FIN goes along with the last text. Segments may be repackaged
    (RFC 9293 3.8.6).
    """
    tcb.rtt_at = NEVER  # Karn: no round trip is measured over anything sent twice (RFC 6298 3)
    if seq == tcb.iss and not tcb.syn_acked:
        tcb.syn_resent = True
        acked = tcb.state is not SYN_SENT
        if not acked:
            tcb.fast_cookie = None  # no answer to a SYN with a cookie is one too (RFC 7413 4.1.3.1)
        window = min(tcb.rcv_wnd, 0xFFFF)
        ctl = SYN | ACK if acked else SYN
        tcb.out.append(Segment(seq, tcb.rcv_nxt if acked else 0, ctl, window, 0, None, reason, syn_options(tcb)))
        return (seq + 1) & MASK
    if tcb.sack_ok:
        limit = min(limit, send_mss(tcb))
    end = tcb.snd_end
    fin_was_sent = tcb.fin_queued and tcb.snd_max == tcb.snd_goal
    size = min((tcb.snd_max - seq - fin_was_sent) & MASK, limit)
    if tcb.snd_marks:
        size = min(size, _to_mark(tcb, seq))
    ctl = ACK
    at_end = (seq + size) & MASK == end
    if size and (at_end or (seq + size) & MASK in tcb.snd_marks):
        ctl |= PSH
    if at_end and fin_was_sent:
        ctl |= FIN
    up = urgent_offset(tcb, seq) if tcb.snd_urgent else 0
    if up:
        ctl |= URG
    text = cut(tcb.snd_text, (seq - tcb.snd_text_seq) & MASK, size) if tcb.snd_text and size else None
    tcb.out.append(Segment(seq, tcb.rcv_nxt, ctl, window_field(tcb), size, text, reason, None, up))
    if tcb.rcv_segments or tcb.ack_why is not None:
        _acknowledged_along(tcb)
    return (seq + size + (ctl & FIN)) & MASK


def _resend(tcb: TCB, now: Time) -> None:
    """Send again what waits for it, and then new text."""
    if tcb.in_recovery:
        _recover_by_sack(tcb, now)
        return
    _resend_rest(tcb, now)
    if tcb.snd_nxt != tcb.snd_goal:
        _send_new(tcb, now)


def _resend_rest(tcb: TCB, now: Time) -> None:
    """After a timeout, send what was outstanding again as the congestion window opens (RFC 5681 3.1).

    Whole segments only, and never beyond the lesser of cwnd and SND.WND (RFC 5681 2); but what is
    the oldest goes in any case.
    """
    while True:
        limit, marked = tcb.snd_mss, 0
        if tcb.sacked:
            # RFC 6675 5.1: what the peer reports to hold is passed over, and is not in the network.
            begin, end = hole_at(tcb, tcb.rexmit_nxt)
            tcb.rexmit_nxt = begin & MASK
            limit, marked = min(limit, end - begin), marked_below(tcb, begin)
        if not lt(tcb.rexmit_nxt, tcb.recover):
            tcb.resending = False
            return
        ahead = (tcb.rexmit_nxt - tcb.snd_una) & MASK
        size = min((tcb.recover - tcb.rexmit_nxt) & MASK, limit)
        if ahead and (ahead - marked + size > tcb.cc.cwnd or ahead + size > tcb.snd_wnd):
            return
        tcb.rexmit_nxt = resend_from(tcb, tcb.rexmit_nxt, limit, why.RETRANSMIT_REST)
        tcb.sent_at = now


def _recover_by_sack(tcb: TCB, now: Time) -> None:
    """RFC 6675 5, step (C): while the pipe has room for a segment, send what NextSeg () names (4).

    Its rules come one after the other, since what one of them sends makes none of those before apply anew.
    """
    if not tcb.snd_wnd:
        return  # the persist timer probes instead
    if proportional(tcb):
        tcb.cc.cwnd = pipe(tcb) + _proportional_room(tcb)
    room = _fill_holes(tcb, now, lost_below(tcb), why.SACK_LOST)
    new = tcb.snd_nxt
    if room >= tcb.snd_mss and tcb.snd_nxt != tcb.snd_goal:
        _send_new(tcb, now)
        tcb.prr_out += (tcb.snd_nxt - new) & MASK
    room = _fill_holes(tcb, now, tcb.sacked[-1] if tcb.sacked else tcb.snd_una, why.SACK_HOLE)
    # What has just left for the first time needs no rescue; it would be a retransmission with ECT (RFC 3168 6.1.5).
    if room >= tcb.snd_mss and gt(tcb.snd_una, tcb.rescue_rxt) and tcb.snd_nxt == new:
        tcb.rescue_rxt = tcb.recover
        begin, end = last_hole(tcb)
        begin = max(begin, end - tcb.snd_mss)
        resend_from(tcb, begin & MASK, end - begin, why.SACK_RESCUE)
        tcb.sent_at = now


def _fill_holes(tcb: TCB, now: Time, below: int, reason: Rule) -> int:
    """Send holes that begin below a number, given as in `sacked`, again; return how much room the pipe has then."""
    room = tcb.cc.cwnd - pipe(tcb)
    least = 1 if tcb.prr_flight and proportional(tcb) else tcb.snd_mss  # RFC 6937 counts in whole segments
    while room >= least:
        begin, end = hole_at(tcb, tcb.high_rxt)
        if begin >= below:
            break
        seq = begin & MASK
        tcb.high_rxt = resend_from(tcb, seq, min(tcb.snd_mss, end - begin), reason)
        tcb.sent_at = now
        sent = (tcb.high_rxt - seq) & MASK
        tcb.prr_out += sent
        room -= sent
    return room


def proportional(tcb: TCB) -> bool:
    """Return whether recovery by SACK reduces the rate in proportion (RFC 6937)."""
    return tcb.cfg.prr and tcb.cfg.congestion != "none"


def _proportional_room(tcb: TCB) -> int:
    """Return sndcnt (RFC 6937 3): how much may go out now, for what the latest ACK has shown to be delivered.

    Above ssthresh, as much less than is delivered as the window is to shrink; below it, slow start
    (PRR-SSRB).
    """
    latest, tcb.prr_latest = tcb.prr_latest, 0
    tcb.prr_delivered += latest
    target = tcb.cc.ssthresh
    below = target - pipe(tcb)
    if below < 0:
        sndcnt = -(-tcb.prr_delivered * target // tcb.prr_flight) - tcb.prr_out
    else:
        sndcnt = min(below, max(tcb.prr_delivered - tcb.prr_out, latest) + tcb.snd_mss)
    return max(sndcnt, 0)
