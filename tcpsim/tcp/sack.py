"""The sender's scoreboard: what the peer has selectively acknowledged, and what follows from it (RFC 6675 3, 4).

Rule 1. `tcb.sacked` is one flat tuple of plain ascending ints, (begin, end, begin, end, ...): runs of
        octets that the peer has, never touching one another, none at SND.UNA. Each stands as the number
        SND.UNA plus its distance from there, so that a run beyond 2^32 has numbers beyond 2^32. Bisection
        then tells by the parity of an index whether a number lies inside a run, and a copy is one reference.
Rule 2. What the RFC asks octet by octet is asked of runs: nothing here walks over octets or segments. What
        is lost lies below one number (`lost_below`): whether something is lost never depends on what lies below it.
Rule 3. SACK information is advisory (RFC 2018 8): no text leaves the retransmission queue because of it. Where
        SND.UNA moves into a run, the peer has discarded that run again, and it is forgotten.
Rule 4. HighRxt and RescueRxt are kept as the numbers after them, `high_rxt` and `rescue_rxt`, and mean
        something during a recovery only. Blocks that cannot be, and those of D-SACK below SND.UNA, say nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from .seqnum import HALF, MASK, SPACE

if TYPE_CHECKING:
    from .options import Block
    from .tcb import TCB

DUP_THRESH: Final = 3
"""DupThresh (RFC 6675 2): so many duplicate ACKs, or runs, show a loss."""

Runs = tuple[int, ...]


# ------------------------------------------------------------------ what is known


def update(tcb: TCB, blocks: tuple[Block, ...]) -> int:
    """Update (): mark what the blocks of an ACK tell; return how many octets are marked for the first time.

    SND.UNA has moved already. A block at SND.UNA contradicts the ACK, which would have covered it.
    """
    una = tcb.snd_una
    outstanding = (tcb.snd_max - una) & MASK
    before = tcb.sack_octets
    for left, right in blocks:
        begin, end = (left - una) & MASK, (right - una) & MASK
        if 0 < begin < end <= outstanding:
            _mark(tcb, una + begin, una + end)
    return tcb.sack_octets - before


def _mark(tcb: TCB, begin: int, end: int) -> None:
    """Join a run with those that it meets or touches."""
    runs = tcb.sacked
    # An odd index lies inside a run, or at the end that touches.
    first, last = bisect_left(runs, begin), bisect_right(runs, end)
    head: Runs = () if first & 1 else (begin,)
    tail: Runs = () if last & 1 else (end,)
    inner = runs[first:last]
    met = _octets(((begin,) if first & 1 else ()) + inner + ((end,) if last & 1 else ()))
    if met != end - begin:
        tcb.sack_octets += end - begin - met
        tcb.sacked = runs[:first] + head + tail + runs[last:]


def _octets(runs: Runs) -> int:
    return sum(runs[1::2]) - sum(runs[::2])


def cut_below(tcb: TCB, ack: int) -> None:
    """SND.UNA is about to move to `ack`: runs below it are known otherwise now. Called with runs there only."""
    una = tcb.snd_una
    to = una + ((ack - una) & MASK)
    count = bisect_right(tcb.sacked, to)
    count += count & 1  # inside a run: the peer lacks what it said it has (RFC 2018 8)
    if count:
        tcb.sack_octets -= _octets(tcb.sacked[:count])
        tcb.sacked = tcb.sacked[count:]
    if to > MASK:
        tcb.sacked = tuple([number - SPACE for number in tcb.sacked])


def forget(tcb: TCB) -> None:
    """Believe nothing any more (RFC 2018 8): the peer may have discarded it all."""
    tcb.sacked = ()
    tcb.sack_octets = 0


# ------------------------------------------------------------------ what follows from it


def lost_below(tcb: TCB) -> int:
    """IsLost () for all numbers at once: what is not marked below the returned number is lost, nothing above.

    DupThresh runs lie above it, or more than (DupThresh - 1) * SMSS marked octets. SND.UNA if nothing is lost.
    Records (`tcb.snd_marks`) that end inside of a run came in segments of their own: each counts like a run.
    """
    return _lost_below(tcb)[0]


def _lost_below(tcb: TCB) -> tuple[int, int]:
    """Return the number, and how many marked octets lie above it. At most DupThresh runs are looked at."""
    runs = tcb.sacked
    enough = (DUP_THRESH - 1) * tcb.snd_mss
    octets = segments = 0
    for at in range(len(runs) - 2, -1, -2):
        octets += runs[at + 1] - runs[at]
        segments += _records(tcb, runs[at], runs[at + 1]) if tcb.snd_marks else 1
        if segments >= DUP_THRESH or octets > enough:
            return runs[at], octets
    return tcb.snd_una, tcb.sack_octets


def _records(tcb: TCB, begin: int, end: int) -> int:
    """Return how many records end in a run, at least one."""
    return max(sum(0 < (mark - begin) & MASK <= end - begin for mark in tcb.snd_marks), 1)


def pipe(tcb: TCB) -> int:
    """SetPipe (): how many octets are on their way. What was sent again counts once more."""
    una = tcb.snd_una
    limit, above = _lost_below(tcb)
    not_marked = ((tcb.snd_max - una) & MASK) - tcb.sack_octets
    lost = limit - una - (tcb.sack_octets - above)
    return not_marked - lost + (_sent_again(tcb) if tcb.in_recovery else 0)


def _sent_again(tcb: TCB) -> int:
    """Return how many octets from SND.UNA to HighRxt are not marked."""
    span = (tcb.high_rxt - tcb.snd_una) & MASK
    return span - marked_below(tcb, tcb.snd_una + span) if span < HALF else 0


def marked_below(tcb: TCB, number: int) -> int:
    """Return how many octets below a number, given as in `sacked`, are marked."""
    at = bisect_right(tcb.sacked, number)
    return _octets(tcb.sacked[:at]) + (number if at & 1 else 0)


def hole_at(tcb: TCB, after: int) -> tuple[int, int]:
    """Return begin and end of the first hole, or rest of a hole, at or above `after`; the last ends at SND.MAX.

    A hole is what is not marked. `after` is a sequence number; begin and end are given as in `sacked`.
    """
    una, runs = tcb.snd_una, tcb.sacked
    ahead = (after - una) & MASK
    begin = una + ahead if ahead < HALF else una
    at = bisect_right(runs, begin)
    if at & 1:
        begin = runs[at]
        at += 1
    return begin, runs[at] if at < len(runs) else una + ((tcb.snd_max - una) & MASK)


def last_hole(tcb: TCB) -> tuple[int, int]:
    """Return begin and end of the hole with the highest outstanding number that is not marked."""
    una = tcb.snd_una
    end = una + ((tcb.snd_max - una) & MASK)
    runs = tcb.sacked
    if runs and runs[-1] == end:
        end = runs[-2]
        runs = runs[:-2]
    return (runs[-1] if runs else una), end
