"""Explicit congestion notification (RFC 3168 6.1): marks are echoed, echoes are answered like a loss.

Rule 1. A mark (CE) on text is echoed in every ACK (ECE) until the peer says that it has slowed down (CWR).
Rule 2. An echo halves the congestion window at most once for each window of data; any reduction, whatever
        its reason, is told to the peer by CWR on the first new text after it.
Rule 3. Nothing here is asked unless both SYNs agreed (`tcb.ecn_ok`). What leaves is marked in `leaving`.

Not modelled: accurate ECN (RFC 9768), ECN on SYN,ACKs (RFC 5562) and the wait for the retransmission timer where
the window is a single segment already (RFC 3168 6.1.2); then the window stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .segment import CE, CWR, ECE
from .seqnum import ge

if TYPE_CHECKING:
    from .segment import Segment
    from .tcb import TCB


def heed_mark(tcb: TCB, segment: Segment) -> None:
    """RFC 3168 6.1.3: begin to echo a mark, or end it. Of a segment outside the window no mark counts (6.1.5)."""
    if segment.ctl & CWR:
        tcb.ecn_echo = False
    if segment.ecn == CE and segment.length:
        tcb.ecn_echo = True


def heed_echo(tcb: TCB, segment: Segment) -> None:
    """RFC 3168 6.1.2: the peer echoes a mark. The window must not grow by this ACK (`ecn_heard`)."""
    if tcb.ecn_reacted and ge(tcb.snd_una, tcb.ecn_recover):
        tcb.ecn_reacted = False
    tcb.ecn_heard = segment.ctl & ECE != 0
    if tcb.ecn_heard and not tcb.ecn_reacted and not tcb.in_recovery and tcb.outstanding:
        tcb.cc.marked(tcb.outstanding)
        window_reduced(tcb)


def window_reduced(tcb: TCB) -> None:
    """The congestion window was reduced: the peer is told, and what is outstanding causes no further reduction."""
    tcb.ecn_cwr = tcb.ecn_reacted = True
    tcb.ecn_recover = tcb.snd_max
