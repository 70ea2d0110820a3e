"""SEGMENT ARRIVES (RFC 9293 3.10.7): one function per numbered check, in the RFC's order.

Rule 1. Read this file beside section 3.10.7. `first` to `eighth` are its checks, by its words.
Rule 2. A check returns whether the segment goes on to the next one. Actions go to `tcb.out`.
Rule 3. A peer's segment never raises, whatever it holds.
Rule 4. No ACK is sent in the middle: checks set `tcb.ack_why`, and `output` sends at the end, on a
        segment of text if there is one (MUST-58, MUST-59). Resets and challenges go at once.

Security and compartment (the third check) are not modelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rules as why
from .acks import advance_una, sack_arrives, same_ack, update_window
from .actions import Discarded
from .congestion import make
from .diagram import (
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    Event,
)
from .ecn import heed_echo, heed_mark
from .ending import delete, return_to_listen
from .fastopen import judge_cookie, take_syn_data
from .negotiation import settle, unsettle
from .receive import enter_time_wait, hold_text, size_buffer, take_fin, take_fin_if_next, take_queued, take_text
from .sack_report import note_held, note_old
from .segment import ACK, CWR, ECE, FIN, PSH, RST, RST_SYN_ACK, SYN, SYN_FIN, URG, Segment
from .send import (
    open_send_sequence,
    output,
    resend_from,
    resend_syn_data,
    reset_for,
    send_ack,
    send_bare_ack,
    send_reset,
    send_syn,
)
from .seqnum import HALF, MASK, gt, le, lt
from .timers import start_keepalive, start_orphan, start_time_wait, stop_linger, stop_retransmission
from .timestamps import admits, begin_timestamps, measure, record
from .units import NEVER

if TYPE_CHECKING:
    from .rules import Rule
    from .tcb import TCB
    from .units import Time


def segment_arrives(tcb: TCB, now: Time, segment: Segment) -> None:
    """Process an arriving segment in whatever state the connection is."""
    state = tcb.state
    if state is not SYN_SENT and state is not LISTEN and state is not CLOSED:
        in_other_states(tcb, now, segment)
    elif segment.ctl & SYN_FIN == SYN_FIN and _drops_syn_fin(tcb):
        discard(tcb, segment, why.SYN_FIN_DROPPED)
    elif state is SYN_SENT:
        in_syn_sent(tcb, now, segment)
    elif state is LISTEN:
        in_listen(tcb, now, segment)
    else:
        in_closed(tcb, segment)


def _drops_syn_fin(tcb: TCB) -> bool:
    where = tcb.cfg.drop_syn_fin
    return where == "always" or (where == "listen" and tcb.state is LISTEN)


def discard(tcb: TCB, segment: Segment, reason: Rule) -> None:
    """Say, to who observes, that a segment is not used."""
    if tcb.observed:
        tcb.out.append(Discarded(segment, reason))


# ------------------------------------------------------------------ 3.10.7.1 CLOSED STATE


def in_closed(tcb: TCB, segment: Segment) -> None:
    """No connection: a RST for anything but a RST."""
    if segment.ctl & RST:
        discard(tcb, segment, why.CLOSED_RST_IGNORED)
        return
    discard(tcb, segment, why.CLOSED_RESET)
    tcb.out.append(reset_for(segment, why.CLOSED_RESET))


# ------------------------------------------------------------------ 3.10.7.2 LISTEN STATE


def in_listen(tcb: TCB, now: Time, segment: Segment) -> None:
    """Four checks: RST, ACK, SYN, and whatever is left."""
    ctl = segment.ctl
    if ctl & RST:
        discard(tcb, segment, why.LISTEN_RST_IGNORED)
    elif ctl & ACK:
        discard(tcb, segment, why.LISTEN_ACK_RESET)
        send_reset(tcb, segment.ack, why.LISTEN_ACK_RESET)
    elif ctl & SYN:
        take_syn(tcb, now, segment)
        open_send_sequence(tcb, now)
        tcb.move(Event.RCV_SYN, why.LISTEN_SYN)
        fast = tcb.cfg.fast_open != "off" and judge_cookie(tcb, segment)
        if fast or tcb.cfg.listen_keeps_text:
            queue_beside_syn(tcb, segment)
        tcb.rcv_wnd = min(tcb.rcv_wnd, 0xFFFF)  # what the SYN,ACK can offer
        reason = why.LISTEN_SYN if tcb.fast_cookie is None else why.FAST_OPEN_COOKIE
        if fast and tcb.rcv_held:
            take_syn_data(tcb)
            reason = why.FAST_OPEN_TAKEN
        send_syn(tcb, now, reason, ack=True)
    else:
        discard(tcb, segment, why.LISTEN_OTHER)


def take_syn(tcb: TCB, now: Time, segment: Segment) -> None:
    """RCV.NXT <- SEG.SEQ+1, IRS <- SEG.SEQ, and what the options of the SYN settle.

    Unlike 3.10.7.2, which sets SND.WND only when the SYN,ACK is acknowledged, the window of the SYN
    counts at once: a FIN may be sent from SYN-RECEIVED.
    """
    tcb.irs = segment.seq
    tcb.rcv_nxt = tcb.rcv_up = (segment.seq + 1) & MASK
    settle(tcb, segment)
    begin_timestamps(tcb, now, segment)
    tcb.snd_wnd = tcb.max_snd_wnd = segment.wnd
    tcb.snd_wl1 = segment.seq
    tcb.snd_wl2 = segment.ack if segment.ctl & ACK else tcb.snd_una
    size_buffer(tcb, tcb.cfg.rcv_buff)
    tcb.rcv_wnd = tcb.rcv_buff


def queue_beside_syn(tcb: TCB, segment: Segment) -> None:
    """Queue text, FIN and urgent pointer that came with a SYN until ESTABLISHED is reached."""
    length = min(segment.length, tcb.rcv_wnd)
    if length:
        text = None if segment.text is None else segment.text[:length]
        tcb.rcv_held = ((tcb.rcv_nxt, length, text, segment.ctl & PSH != 0),)
    if segment.ctl & FIN and length == segment.length:
        tcb.rcv_fin = (tcb.rcv_nxt + length) & MASK
    if segment.ctl & URG and segment.up > 1:
        tcb.rcv_up = (segment.seq + segment.up) & MASK


# ------------------------------------------------------------------ 3.10.7.3 SYN-SENT STATE


def in_syn_sent(tcb: TCB, now: Time, segment: Segment) -> None:
    """Five checks: ACK, RST, security, SYN, and whatever is left."""
    ctl = segment.ctl
    acceptable_ack = False
    if ctl & ACK:
        acked = (segment.ack - tcb.iss) & MASK
        if not 0 < acked <= (tcb.snd_nxt - tcb.iss) & MASK:  # SEG.ACK =< ISS or SEG.ACK > SND.NXT
            if ctl & RST:
                discard(tcb, segment, why.SYN_SENT_BAD_ACK_RST)
            else:
                discard(tcb, segment, why.SYN_SENT_BAD_ACK)
                send_reset(tcb, segment.ack, why.SYN_SENT_BAD_ACK)
            return
        acceptable_ack = True
    if ctl & RST:
        if acceptable_ack:
            # Unlike 3.10.7.3, "connection reset": the user hears the same word as in SYN-RECEIVED (3.10.7.4).
            delete(tcb, Event.RCV_RST, why.SYN_SENT_REFUSED, "connection refused", "connection reset")
        else:
            discard(tcb, segment, why.SYN_SENT_RST_IGNORED)
    elif not ctl & SYN:
        discard(tcb, segment, why.SYN_SENT_OTHER)
    elif acceptable_ack:
        take_syn(tcb, now, segment)
        tcb.move(Event.RCV_SYN_ACK, why.SYN_SENT_SYN_ACK)
        if tcb.ts_ok:
            measure(tcb, now, segment)
        acknowledge_syn(tcb, now, segment)
        tcb.ack_why = why.SYN_SENT_SYN_ACK
        queue_beside_syn(tcb, segment)
        become_established(tcb, now, why.SYN_SENT_SYN_ACK)
        if tcb.snd_una != tcb.snd_max:
            resend_syn_data(tcb, now, segment)
        output(tcb, now)
    else:
        take_syn(tcb, now, segment)
        tcb.move(Event.RCV_SYN, why.SYN_SENT_SYN)
        queue_beside_syn(tcb, segment)
        stop_retransmission(tcb, why.SYN_SENT_SYN)
        send_syn(tcb, now, why.SYN_SENT_SYN, ack=True, first=False)


def acknowledge_syn(tcb: TCB, now: Time, segment: Segment) -> None:
    """Our SYN is acknowledged: SND.UNA moves over it, and the congestion window begins."""
    resent = tcb.syn_resent
    lost = resent and max(tcb.retransmits, 1) > tcb.cfg.syn_losses_forgiven
    tcb.syn_acked = True
    advance_una(tcb, now, (segment.ack - tcb.snd_una) & MASK, segment.ack)
    if not tcb.fast_opened:
        tcb.cc = make(tcb.cfg, tcb.snd_mss, lost)
    if resent and tcb.rto < tcb.cfg.rto_after_syn_loss:
        tcb.rto = tcb.cfg.rto_after_syn_loss  # RFC 6298 5 (5.7)


def become_established(tcb: TCB, now: Time, reason: Rule) -> None:
    """What follows from entering ESTABLISHED: the user is told, and what was queued is done."""
    tcb.signal("connection open", reason)
    tcb.rcv_wnd = tcb.rcv_buff - tcb.rcv_user
    if tcb.cfg.keepalive:
        start_keepalive(tcb, now + tcb.cfg.keepalive_idle)
    if tcb.fin_queued:
        tcb.move(Event.CLOSE, why.CLOSE_QUEUED)
    if tcb.rcv_held or tcb.rcv_fin is not None or tcb.rcv_up != tcb.rcv_nxt:
        take_queued(tcb, now)


# ------------------------------------------------------------------ 3.10.7.4 Other States


def in_other_states(tcb: TCB, now: Time, segment: Segment) -> None:
    """The eight checks. A segment that is not as idealized, beginning at RCV.NXT, is first made so."""
    if segment.ctl & SYN and segment.ctl & FIN and _drops_syn_fin(tcb):
        discard(tcb, segment, why.SYN_FIN_DROPPED)
        return
    if tcb.state is TIME_WAIT and tcb.cfg.time_wait_answers == "unexpected":
        in_time_wait(tcb, now, segment)
        return
    if tcb.extended and not before_first_check(tcb, now, segment):
        output(tcb, now)
        return
    arrived = segment
    if segment.seq != tcb.rcv_nxt or segment.seg_len > tcb.rcv_wnd:
        idealized = first_check_sequence(tcb, now, segment)
        if idealized is None:
            if segment.ctl & (ACK | RST) == ACK:
                heard_from_peer(tcb, now)
            output(tcb, now)
            return
        segment = idealized
    if tcb.extended:
        after_first_check(tcb, now, arrived)
    ctl = segment.ctl
    if ctl & RST_SYN_ACK != ACK:  # the three bits at once: nearly all segments have the ACK alone of them
        if ctl & RST:
            second_check_rst(tcb, now, segment)
        elif ctl & SYN:
            fourth_check_syn(tcb, now, segment)
        else:
            discard(tcb, segment, why.NO_ACK)
            tcb.ack_why = None
        return
    if not fifth_check_ack(tcb, now, segment):
        tcb.ack_why = None  # what the first check wanted acknowledged was not used after all
        return
    if tcb.keepalive_at != NEVER:
        heard_from_peer(tcb, now)
    if ctl & URG:
        sixth_check_urg(tcb, segment)
    if segment.length:
        seventh_check_text(tcb, now, segment)
    if ctl & FIN:
        eighth_check_fin(tcb, now, segment)
    if tcb.snd_nxt != tcb.snd_goal or tcb.resending:
        output(tcb, now)
    elif tcb.ack_why is not None:
        send_ack(tcb, tcb.ack_why)


def in_time_wait(tcb: TCB, now: Time, segment: Segment) -> None:
    """TIME-WAIT as BSD has it: a short list in place of the eight checks (RFC 1337 3 (F1) for RSTs)."""
    ctl = segment.ctl
    if ctl & RST:
        discard(tcb, segment, why.RST_IGNORED_TIME_WAIT)
        return
    if not ctl & ACK:
        discard(tcb, segment, why.NO_ACK)
        return
    if ctl & FIN and segment.last == (tcb.rcv_nxt - 1) & MASK:
        start_time_wait(tcb, now, why.FIN_AGAIN)
    if ctl == ACK and not segment.length and segment.seq == tcb.rcv_nxt and segment.ack == tcb.snd_nxt:
        discard(tcb, segment, why.TIME_WAIT_EXPECTED)
        return
    discard(tcb, segment, why.TIME_WAIT_UNEXPECTED)
    send_ack(tcb, why.TIME_WAIT_UNEXPECTED)


def before_first_check(tcb: TCB, now: Time, segment: Segment) -> bool:
    """What timestamps and SACK want to know of any segment. Return whether it goes on to the first check."""
    tcb.rcv_dsack = None  # RFC 2883 4 (1): it is about the most recent segment only
    return not tcb.ts_ok or admits(tcb, now, segment)


def after_first_check(tcb: TCB, now: Time, segment: Segment) -> None:
    """What timestamps and ECN want to know of a segment that is in the window, as it was before it was trimmed."""
    if tcb.ts_ok:
        record(tcb, now, segment)
        if segment.ctl & ACK and 0 < (segment.ack - tcb.snd_una) & MASK <= tcb.outstanding:
            measure(tcb, now, segment)
    if tcb.ecn_ok and not segment.ctl & SYN:  # there the bits ask for ECN, or grant it (RFC 3168 6.1.1)
        heed_mark(tcb, segment)
        heed_echo(tcb, segment)


def heard_from_peer(tcb: TCB, now: Time) -> None:
    """Data or an ACK has come, be it an old one: the connection is not idle (RFC 9293 3.8.4, MUST-26)."""
    if tcb.keepalive_at != NEVER:
        start_keepalive(tcb, now + tcb.cfg.keepalive_idle)
        tcb.keepalive_probes = 0


def acceptable(tcb: TCB, segment: Segment) -> bool:
    """Return Table 6's answer: does any part of the segment lie in the receive window?"""
    window = tcb.rcv_wnd
    start = (segment.seq - tcb.rcv_nxt) & MASK
    if segment.seg_len == 0:
        if window == 0:
            return start == 0
        return start < window or (start == window and tcb.cfg.accept_right_edge)
    if window == 0:
        return False
    return start < window or (segment.last - tcb.rcv_nxt) & MASK < window


def first_check_sequence(tcb: TCB, now: Time, segment: Segment) -> Segment | None:
    """First, check sequence number: return the part that is in the window, or None."""
    in_window = (segment.seq - tcb.rcv_nxt) & MASK < tcb.rcv_wnd
    if segment.ctl & RST:
        # 3.5.3: a RST is judged by its SEQ alone, with text or without (SHLD-2), and MUST-66 lets it
        # through a zero window.
        if in_window or segment.seq == tcb.rcv_nxt:
            return segment
        discard(tcb, segment, why.UNACCEPTABLE_RST)
        return None
    if tcb.state is SYN_RECEIVED and segment.ctl & SYN and segment.seq == tcb.irs:
        return _syn_again(tcb, now, segment)
    if not acceptable(tcb, segment):
        return _unacceptable(tcb, now, segment)
    if segment.ctl & SYN:
        # RFC 5961 4 challenges a SYN "irrespective of the sequence number"; else one outside the
        # window is trimmed off, and only its text is new.
        if in_window or (tcb.cfg.challenge_syn and (tcb.state is not SYN_RECEIVED or not tcb.passive)):
            return segment
        segment = _without_syn(segment, segment.wnd)
    return _trimmed(tcb, segment)


def _syn_again(tcb: TCB, now: Time, segment: Segment) -> Segment | None:
    """In SYN-RECEIVED: the peer's SYN once more, alone or as the SYN,ACK of a simultaneous open.

    Unlike Table 6, which refuses both, the ACK of a SYN,ACK counts, as Figure 7 shows and MUST-10
    asks; RFC 9293 A.2 warns of the problem. Table 6 would accept a SYN,FIN, whose FIN is at RCV.NXT,
    and the fifth check drop it: like the SYN alone, it is answered with an ACK.
    """
    if tcb.active and segment.ctl & ACK and 0 < (segment.ack - tcb.snd_una) & MASK <= tcb.outstanding:
        discard(tcb, segment, why.SYN_ACK_CROSSED)
        unsettle(tcb, segment)
        size_buffer(tcb, tcb.cfg.rcv_buff)
        # RFC 7323 2.2: the window of a SYN is not scaled, that of the segment which is made of it is.
        return _trimmed(tcb, _without_syn(segment, segment.wnd >> tcb.snd_scale))
    if segment.ctl & (ECE | CWR) != ECE | CWR and not segment.ctl & ACK:
        tcb.ecn_ok = False  # RFC 3168 6.1.1.1: the peer has given up asking for ECN, and our SYN,ACK must not grant it
    if tcb.cfg.answer_duplicate_syn and not segment.ctl & ACK:
        discard(tcb, segment, why.DUPLICATE_SYN_ANSWERED)
        resend_from(tcb, tcb.iss, 0, why.DUPLICATE_SYN_ANSWERED)
        return None
    return _unacceptable(tcb, now, segment)


def _without_syn(segment: Segment, wnd: int) -> Segment:
    """Return a segment without its SYN, which takes the first sequence number with it."""
    seq, up = (segment.seq + 1) & MASK, max(segment.up - 1, 0)
    ctl = segment.ctl & ~SYN
    return Segment(seq, segment.ack, ctl, wnd, segment.length, segment.text, segment.why, segment.options, up)


def _unacceptable(tcb: TCB, now: Time, segment: Segment) -> Segment | None:
    """Nothing of the segment lies in the window: answer with an ACK. RSTs have been judged before."""
    if tcb.rcv_wnd == 0 and segment.seq == tcb.rcv_nxt and segment.ctl & (SYN | ACK) == ACK:
        # "special allowance should be made to accept valid ACKs, URGs": without its text, that is.
        discard(tcb, segment, why.ZERO_WINDOW_ANSWERED)
        tcb.ack_why = why.ZERO_WINDOW_ANSWERED
        return _part(segment, 0, 0)
    if tcb.state is TIME_WAIT and segment.ctl & FIN and segment.last == (tcb.rcv_nxt - 1) & MASK:
        # The fifth check would restart 2 MSL for a FIN that came again, but its number is below
        # the window, so it never gets there: it is recognised here.
        discard(tcb, segment, why.FIN_AGAIN)
        start_time_wait(tcb, now, why.FIN_AGAIN)
        tcb.ack_why = why.FIN_AGAIN
        return None
    if segment.ctl & (SYN | ACK) == ACK and (segment.seq - tcb.rcv_nxt) & MASK >= HALF and _old_acks_count(tcb):
        discard(tcb, segment, why.OLD_ACK_COUNTS)
        tcb.ack_why = why.OLD_ACK_COUNTS
        if tcb.sack_ok:
            note_old(tcb, segment.seq, segment.length)
        return _part(segment, 0, 0)
    ahead = not segment.seg_len and (segment.seq - tcb.rcv_nxt) & MASK < HALF
    if ahead and tcb.cfg.challenge_ack and not may_challenge(tcb, now):
        # Two ends that have sent up to the right edge of each other's window and lost some of it refuse
        # each other's ACKs, and each answer is such an ACK again: the fail-safe of RFC 5961 7 ends that.
        discard(tcb, segment, why.CHALLENGE_LIMITED)
        return None
    discard(tcb, segment, why.UNACCEPTABLE)
    if segment.ctl & SYN:
        send_bare_ack(tcb, why.UNACCEPTABLE)  # a challenge too (RFC 5961 4.2): neither text nor FIN goes with it
    else:
        tcb.ack_why = why.UNACCEPTABLE
    if tcb.sack_ok and lt(segment.seq, tcb.rcv_nxt):
        note_old(tcb, segment.seq, min(segment.length, (tcb.rcv_nxt - segment.seq) & MASK))
    return None


def _old_acks_count(tcb: TCB) -> bool:
    """Return whether the ACK field counts of a segment that lies below RCV.NXT, unlike Table 6 has it.

    Two ends whose windows are zero cannot send what the other would take: their probes, and what
    acknowledges those, bear old numbers, and both would be refused for ever (RFC 9293 A.2 warns of
    simultaneous window probes). So would the ACKs of two ends that both repeat their FIN with them.
    """
    cfg = tcb.cfg
    return cfg.old_acks_count or cfg.ack_repeats_fin or (tcb.snd_wnd == 0 and tcb.snd_una != tcb.snd_max)


def _trimmed(tcb: TCB, segment: Segment) -> Segment:
    """Trim off what lies outside the window; what begins beyond RCV.NXT stays there, to be held."""
    start = (segment.seq - tcb.rcv_nxt) & MASK
    old = MASK + 1 - start if start >= HALF else 0
    room = tcb.rcv_wnd - (0 if old else start)
    length = min(segment.length - old, room) if segment.length > old else 0
    if not old and length == segment.length and segment.seg_len <= room:
        return segment
    discard(tcb, segment, why.TRIMMED)
    if old:
        tcb.ack_why = why.ACK_REPEATED
        if tcb.sack_ok:
            note_old(tcb, segment.seq, min(old, segment.length))
    part = _part(segment, min(old, segment.length), length)
    if segment.ctl & FIN and part.length + min(old, segment.length) == segment.length and length < room:
        ctl = part.ctl | FIN
        return Segment(part.seq, part.ack, ctl, part.wnd, length, part.text, part.why, part.options, part.up)
    return part


def _part(segment: Segment, start: int, length: int) -> Segment:
    """Return `length` octets of a segment's text from `start` on, without SYN and FIN."""
    text = None if segment.text is None or not length else segment.text[start : start + length]
    up = max(segment.up - start, 0)
    seq = (segment.seq + start) & MASK
    ctl = segment.ctl & ~(SYN | FIN)
    return Segment(seq, segment.ack, ctl, segment.wnd, length, text, segment.why, segment.options, up)


def second_check_rst(tcb: TCB, now: Time, segment: Segment) -> None:
    """Second, check the RST bit: RFC 5961's three cases, then by state."""
    state = tcb.state
    if state is TIME_WAIT and tcb.cfg.time_wait_ignores_rst:
        discard(tcb, segment, why.RST_IGNORED_TIME_WAIT)
    elif tcb.cfg.challenge_rst and segment.seq != tcb.rcv_nxt:
        challenge(tcb, now, segment, why.RST_CHALLENGED)
    elif state is SYN_RECEIVED:
        if tcb.passive:
            return_to_listen(tcb, Event.RCV_RST, why.RST_TO_LISTEN)
        else:
            delete(tcb, Event.RCV_RST, why.RST_REFUSED, "connection refused", "connection refused")
    elif state is TIME_WAIT:
        delete(tcb, Event.RCV_RST, why.RST_ENDS, "connection closed", "connection reset")
    elif state is CLOSING or state is LAST_ACK:
        # MUST-12: the user is told that this end was an abort, though 3.10.7.4 is silent about it.
        delete(tcb, Event.RCV_RST, why.RST_ENDS, "connection reset", "connection reset")
    else:
        delete(tcb, Event.RCV_RST, why.RST_ABORTS, "connection reset", "connection reset")


def fourth_check_syn(tcb: TCB, now: Time, segment: Segment) -> None:
    """Fourth, check the SYN bit."""
    if tcb.state is SYN_RECEIVED and tcb.passive:
        return_to_listen(tcb, Event.RCV_SYN, why.SYN_TO_LISTEN)
    elif tcb.cfg.challenge_syn:
        challenge(tcb, now, segment, why.SYN_CHALLENGED)
    else:
        discard(tcb, segment, why.SYN_IN_WINDOW_RESETS)
        send_reset(tcb, tcb.snd_nxt, why.SYN_IN_WINDOW_RESETS, tcb.rcv_nxt)
        delete(tcb, Event.RCV_SYN_IN_WINDOW, why.SYN_IN_WINDOW_RESETS, "connection reset", "connection reset")


def challenge(tcb: TCB, now: Time, segment: Segment, reason: Rule) -> None:
    """Drop the segment and send a challenge ACK, as many as RFC 5961 7 lets through."""
    if not may_challenge(tcb, now):
        discard(tcb, segment, why.CHALLENGE_LIMITED)
        return
    discard(tcb, segment, reason)
    send_bare_ack(tcb, reason)


def may_challenge(tcb: TCB, now: Time) -> bool:
    """Return whether RFC 5961 7 lets another ACK of this kind through, and count it; a period begins with its first."""
    if not tcb.challenges or now - tcb.challenges_from >= tcb.cfg.challenge_ack_period:
        tcb.challenges_from, tcb.challenges = now, 0
    if tcb.challenges >= tcb.cfg.challenge_ack_limit:
        return False
    tcb.challenges += 1
    return True


def fifth_check_ack(tcb: TCB, now: Time, segment: Segment) -> bool:
    """Fifth, check the ACK field. Return whether the segment goes on."""
    acked = 0
    if tcb.state is SYN_RECEIVED:
        if not 0 < (segment.ack - tcb.snd_una) & MASK <= tcb.outstanding:
            # The RST that this state asks for goes before the ACK that RFC 5961 5.2 asks for in all: as
            # 3.5.2 says (group 2), who acknowledges what was never sent is of another connection.
            discard(tcb, segment, why.ACK_BAD_SYN_RECEIVED)
            send_reset(tcb, segment.ack, why.ACK_BAD_SYN_RECEIVED)
            return False
        tcb.move(Event.RCV_ACK_OF_SYN, why.ACK_OF_SYN)
        acknowledge_syn(tcb, now, segment)
        tcb.snd_wl1 = segment.seq
        tcb.snd_wl2 = segment.ack
        update_window(tcb, now, segment.wnd << tcb.snd_scale)
        become_established(tcb, now, why.ACK_OF_SYN)
        return True
    if segment.ack != tcb.snd_una:
        acked = (segment.ack - tcb.snd_una) & MASK
        if acked > (tcb.snd_max - tcb.snd_una) & MASK:
            return _ack_outside(tcb, now, segment, acked)
        advance_una(tcb, now, acked, segment.ack)
    elif tcb.snd_una != tcb.snd_max and not tcb.sack_ok:
        same_ack(tcb, now, segment)
    if tcb.sack_ok and segment.options is not None and segment.options.sack:
        sack_arrives(tcb, now, segment.options.sack)
    # SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK): not from an old segment.
    ahead = segment.seq - tcb.snd_wl1
    if (ahead or segment.ack - tcb.snd_wl2) & MASK < HALF:
        tcb.snd_wl1 = segment.seq
        tcb.snd_wl2 = segment.ack
        window = segment.wnd << tcb.snd_scale
        if window != tcb.snd_wnd or not window:
            update_window(tcb, now, window)
    if tcb.fin_queued and tcb.snd_una == tcb.snd_goal and not _our_fin_is_acknowledged(tcb, now):
        return False
    if not tcb.syn_acked and acked:  # CLOSE in SYN-RECEIVED: what came beside the SYN is still queued
        tcb.syn_acked = True
        take_queued(tcb, now)
    return True


def _ack_outside(tcb: TCB, now: Time, segment: Segment, acked: int) -> bool:
    """SEG.ACK is below SND.UNA or above what was sent."""
    if acked >= HALF:
        below = MASK + 1 - acked
        oldest = tcb.max_snd_wnd
        if tcb.cfg.unsent_ack != "answer":
            oldest = min(oldest, (tcb.snd_una - tcb.iss - 1) & MASK if tcb.syn_acked else 0)
        if tcb.cfg.challenge_ack and below > oldest:
            challenge(tcb, now, segment, why.ACK_TOO_OLD)
            return False
        if tcb.sack_ok and segment.options is not None:
            sack_arrives(tcb, now, segment.options.sack)
        return True  # "If the ACK is a duplicate (SEG.ACK =< SND.UNA), it can be ignored."
    if tcb.cfg.unsent_ack == "drop" and tcb.state is ESTABLISHED:
        discard(tcb, segment, why.ACK_UNSENT)
    elif tcb.cfg.challenge_ack and tcb.cfg.unsent_ack != "acknowledge":
        challenge(tcb, now, segment, why.ACK_UNSENT)
    else:
        discard(tcb, segment, why.ACK_UNSENT)
        send_ack(tcb, why.ACK_UNSENT)
    return False


def _our_fin_is_acknowledged(tcb: TCB, now: Time) -> bool:
    """The states that wait for the ACK of our FIN. Return whether the segment goes on."""
    state = tcb.state
    if tcb.linger_at != NEVER:
        stop_linger(tcb, why.ACK_OF_FIN)
    if state is FIN_WAIT_1:
        tcb.move(Event.RCV_ACK_OF_FIN, why.ACK_OF_FIN)
        if tcb.closed_full:
            start_orphan(tcb, now)
    elif state is CLOSING:
        enter_time_wait(tcb, now, Event.RCV_ACK_OF_FIN, why.ACK_OF_FIN)
    elif state is LAST_ACK:
        delete(tcb, Event.RCV_ACK_OF_FIN, why.ACK_OF_FIN_CLOSES, "connection closed", "connection closing")
        return False
    return True


def sixth_check_urg(tcb: TCB, segment: Segment) -> None:
    """Sixth, check the URG bit: RCV.UP <- max(RCV.UP, SEG.UP), and tell the user."""
    if not tcb.state.receives_text:
        discard(tcb, segment, why.URGENT_IGNORED)
        return
    up = (segment.seq + segment.up) & MASK
    consumed = (tcb.rcv_nxt - tcb.rcv_user) & MASK
    if le(up, consumed) or (tcb.urgent and le(up, tcb.rcv_up)):
        return
    # Unlike 3.10.7.4, "do not signal the user again": MUST-32 asks to tell of every advance.
    tcb.rcv_up = up
    tcb.signal("urgent data", why.URGENT_ADVANCES if tcb.urgent else why.URGENT_BEGINS)
    tcb.urgent = True


def seventh_check_text(tcb: TCB, now: Time, segment: Segment) -> None:
    """Seventh, process the segment text."""
    if not tcb.state.receives_text:
        discard(tcb, segment, why.TEXT_AFTER_FIN)
    elif tcb.closed_full and tcb.cfg.half_duplex_close:
        discard(tcb, segment, why.TEXT_AFTER_CLOSE)
        send_reset(tcb, segment.ack, why.TEXT_AFTER_CLOSE)  # RFC 9293 3.5.2: SEG.ACK is what the peer can accept
        delete(tcb, Event.ABORT, why.TEXT_AFTER_CLOSE, "connection reset", "connection reset")
    elif segment.seq == tcb.rcv_nxt:
        if tcb.rcv_fin is None:
            take_text(tcb, now, segment)
        else:
            tcb.ack_why = why.ACK_HOLE_FILLED  # a part of it at least, and that is enough (RFC 5681 4.2)
            take_text(tcb, now, segment)
            take_fin_if_next(tcb, now)
    elif lt(segment.seq, tcb.rcv_nxt):
        # The fifth check took what was queued beside the SYN; the peer sends it again, and more perhaps.
        old = min((tcb.rcv_nxt - segment.seq) & MASK, segment.length)
        tcb.ack_why = why.ACK_REPEATED
        if tcb.sack_ok:
            note_old(tcb, segment.seq, old)
        if old < segment.length:
            seventh_check_text(tcb, now, _part(segment, old, segment.length - old))
    else:
        discard(tcb, segment, why.TEXT_HELD)
        hold_text(tcb, segment)
        if tcb.sack_ok:
            note_held(tcb, segment.seq, segment.length)
        tcb.ack_why = why.ACK_OUT_OF_ORDER


def eighth_check_fin(tcb: TCB, now: Time, segment: Segment) -> None:
    """Eighth, check the FIN bit."""
    state = tcb.state
    fin = (segment.seq + segment.length) & MASK
    if state is TIME_WAIT:
        start_time_wait(tcb, now, why.FIN_AGAIN)
        tcb.ack_why = why.FIN_AGAIN
    elif state is CLOSED:
        pass  # the text before this FIN came after a full CLOSE
    elif not state.receives_text:
        # CLOSE-WAIT, CLOSING, LAST-ACK: remain. Unlike 3.10.7.4, RCV.NXT does not move over a FIN
        # beyond the peer's own FIN: nobody can have sent it. In CLOSING it is answered even if it does
        # not acknowledge our FIN, where the fifth check would "ignore the segment".
        discard(tcb, segment, why.FIN_BEYOND_FIN)
        tcb.ack_why = why.FIN_BEYOND_FIN
    elif fin == tcb.rcv_nxt:
        take_fin(tcb, now)
    elif gt(fin, tcb.rcv_nxt):
        discard(tcb, segment, why.FIN_HELD)
        tcb.rcv_fin = fin
        tcb.ack_why = why.ACK_OUT_OF_ORDER
