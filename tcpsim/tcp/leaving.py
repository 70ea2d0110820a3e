"""What a segment gets as it leaves: timestamps, SACK blocks and the marks of ECN.

Rule 1. All segments of an event leave at one instant, so that this is the last step in the making of each.
Rule 2. Only an endpoint whose connection uses one of the three, or asks for it, takes this step (`tcb.extended`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .options import Options
from .sack_report import blocks_to_send
from .segment import ACK, CWR, ECE, ECT_0, RST, SYN, Segment
from .seqnum import HALF, MASK
from .timestamps import tsval

if TYPE_CHECKING:
    from .actions import Action
    from .options import Block
    from .tcb import TCB
    from .units import Time


def complete(tcb: TCB, now: Time, actions: list[Action]) -> None:
    """Complete the segments among what an event has brought about."""
    wanting = tcb.ts_ok or tcb.ecn_ok or tcb.rcv_blocks or tcb.rcv_dsack is not None
    for action in actions:
        if type(action) is Segment:
            if action.ctl & SYN:
                _complete_syn(tcb, now, action)
            elif wanting:
                _complete(tcb, now, action)
    tcb.snd_fresh = tcb.snd_max


def _complete_syn(tcb: TCB, now: Time, segment: Segment) -> None:
    """A SYN or SYN,ACK: the timestamps' values (RFC 7323 3.2), and whether it asks for ECN (RFC 3168 6.1.1)."""
    options, acknowledges = segment.options, segment.ctl & ACK
    if options is not None and options.ts is not None:
        options.ts = (tsval(tcb, now), tcb.ts_recent if acknowledges else 0)
    if acknowledges:
        if tcb.ecn_ok:
            segment.ctl |= ECE
        return
    limit = tcb.cfg.ecn_syn_retries
    tcb.ecn_asked = tcb.cfg.ecn == "on" and (limit is None or tcb.retransmits <= limit)
    if tcb.ecn_asked:
        segment.ctl |= ECE | CWR


def _complete(tcb: TCB, now: Time, segment: Segment) -> None:
    acknowledges = segment.ctl & ACK
    stamps = (tsval(tcb, now), tcb.ts_recent if acknowledges else 0) if tcb.ts_ok else None
    if segment.ctl & (ACK | RST) == RST and tcb.cfg.reset_timestamps == "aborts":
        stamps = None
    blocks: tuple[Block, ...] = ()
    if (tcb.rcv_blocks or tcb.rcv_dsack is not None) and segment.ctl & (ACK | RST) == ACK:
        blocks = blocks_to_send(tcb, segment.length)
        if blocks:
            tcb.rcv_dsack = None  # RFC 2883 4: reported once
    if stamps is not None or blocks:
        segment.options = Options(None, None, False, stamps, blocks)
    if acknowledges:
        tcb.last_ack_sent = segment.ack
    if tcb.ecn_ok and segment.ctl & (ACK | RST) == ACK:
        _mark(tcb, segment)


def _mark(tcb: TCB, segment: Segment) -> None:
    """ECE on every ACK; ECT(0), and CWR once, on new text only: not on what is sent again, nor on a probe.

    RFC 3168 6.1.2, 6.1.3; 6.1.4 (pure ACKs), 6.1.5 (retransmissions), 6.1.6 (probes of a zero window).
    """
    if tcb.ecn_echo:
        segment.ctl |= ECE
    if segment.length and tcb.snd_wnd and (segment.seq - tcb.snd_fresh) & MASK < HALF:
        segment.ecn = ECT_0
        if tcb.ecn_cwr:
            segment.ctl |= CWR
            tcb.ecn_cwr = False
