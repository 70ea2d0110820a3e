"""Selective acknowledgment, the receiver's side: which runs of text are reported, in which order.

Rule 1. `rcv_blocks` are the runs of text held beyond a hole, the one that grew last first (RFC 2018 4).
Rule 2. Text that came twice is reported once, before all else, in the ACK that it causes (RFC 2883 4): the
        first contiguous run of it in the segment. The run of `rcv_blocks` that contains it follows next.
Rule 3. As many are sent as fit. Where the peer has not agreed to SACK (`tcb.sack_ok`), nothing is noted.

FreeBSD (tcp_update_dsack_list) and Linux (tcp_dsack_set, tcp_sack_new_ofo_skb) report in the same form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .options import MAX_OCTETS, TIMESTAMPS_OCTETS
from .seqnum import HALF, MASK

if TYPE_CHECKING:
    from .options import Block
    from .tcb import TCB

HEADER_OCTETS: Final = 4
"""Two nops, the kind and the length before the blocks (RFC 2018 3)."""
BLOCK_OCTETS: Final = 8


def note_old(tcb: TCB, seq: int, length: int) -> None:
    """`length` octets of text from `seq` on came again; they lie below RCV.NXT (RFC 2883 4.1)."""
    if length and tcb.cfg.dsack:
        tcb.rcv_dsack = (seq, (seq + length) & MASK)


def note_held(tcb: TCB, seq: int, length: int) -> None:
    """Text beyond a hole came: its run, with all that it touches, is the most recent one."""
    _note_twice(tcb, seq, length)
    base = tcb.rcv_nxt
    left = (seq - base) & MASK
    right = left + length
    others: list[Block] = []
    for block in tcb.rcv_blocks:
        begins, ends = (block[0] - base) & MASK, (block[1] - base) & MASK
        if begins <= right and left <= ends:
            left, right = min(left, begins), max(right, ends)
        else:
            others.append(block)
    grown = ((base + left) & MASK, (base + right) & MASK)
    tcb.rcv_blocks = (grown, *others)[: tcb.cfg.sack_blocks]


def note_taken(tcb: TCB, seq: int, length: int) -> None:
    """Text that begins at RCV.NXT came, while runs beyond a hole are held (RCV.NXT has not moved yet)."""
    _note_twice(tcb, seq, length)


def forget_taken(tcb: TCB) -> None:
    """RCV.NXT has moved: what lies below it is no longer reported."""
    base = tcb.rcv_nxt
    tcb.rcv_blocks = tuple([block for block in tcb.rcv_blocks if 0 < (block[0] - base) & MASK < HALF])


def _note_twice(tcb: TCB, seq: int, length: int) -> None:
    """Note the first contiguous run of a segment's text that is held already (RFC 2883 4, (1) to (3))."""
    if not tcb.cfg.dsack or tcb.rcv_dsack is not None:
        return
    base = tcb.rcv_nxt
    start = (seq - base) & MASK
    end = start + length
    first: tuple[int, int] | None = None
    for block in tcb.rcv_blocks:
        left, right = max((block[0] - base) & MASK, start), min((block[1] - base) & MASK, end)
        if left < right and (first is None or left < first[0]):
            first = left, right
    if first is not None:
        tcb.rcv_dsack = ((base + first[0]) & MASK, (base + first[1]) & MASK)


def blocks_to_send(tcb: TCB, text: int = 0) -> tuple[Block, ...]:
    """Return the blocks for a segment that leaves now: as many as fit beside the timestamps, and `text` octets.

    Text may have been cut before the block came that is to go with it: what is sent again by the fifth check.
    """
    room = MAX_OCTETS - TIMESTAMPS_OCTETS * tcb.ts_ok
    if text:
        room = min(room, tcb.snd_mss - text)
    blocks = tcb.rcv_blocks if tcb.rcv_dsack is None else (tcb.rcv_dsack, *tcb.rcv_blocks)
    return blocks[: max(room - HEADER_OCTETS, 0) // BLOCK_OCTETS]


def send_mss(tcb: TCB) -> int:
    """Return how much text fits into a segment that leaves now: Eff.snd.MSS less the blocks (RFC 9293 3.7.1)."""
    blocks = len(blocks_to_send(tcb))
    return max(tcb.snd_mss - HEADER_OCTETS - BLOCK_OCTETS * blocks, 1) if blocks else tcb.snd_mss
