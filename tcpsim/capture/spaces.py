"""The numbers that one end of a connection has sent, as far as a capture shows them.

Rule 1. A Space is the sequence numbers of one end in one incarnation. Positions in it count octets from the ISS, or
        from the first number seen where the SYN was not, and never wrap.
Rule 2. What was seen is certain; what the end had received by then is not: a capture sees a packet in one place.
Rule 3. Everything that is kept has a bound: MOST_HOLES, MOST_RECENT, and octets out of one Store for all connections.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ..tcp.seqnum import HALF, MASK

if TYPE_CHECKING:
    from ..tcp.options import Options
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .verdict import Judgement

MOST_HOLES: Final = 256
MOST_RECENT: Final = 256
MOST_TEXT: Final = 1 << 20
"""Octets of one direction that are kept to be compared with what is sent again."""
MOST_TEXT_IN_ALL: Final = 1 << 26


class Store:
    """How many octets of text are kept for all connections together, at most MOST_TEXT_IN_ALL."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept = 0


class Space:
    """One end's sequence numbers in one incarnation.

    Attributes:
        base: the number at position 0.
        known: whether that is the ISS, because a SYN was seen.
        top: the highest position that was sent, so far.
        acked: the highest position that the other end has acknowledged, so far.
        edge: the highest right edge that the other end has offered; None before it has.
        offered: the right edge that came with the highest acknowledgment, or None.
        fin: the position of its FIN, or None.
        fin_at: when its FIN was first seen (nanoseconds), or None.
        syns: how many SYNs without an ACK were seen.
        answers: what its SYN,ACKs have acknowledged, wire numbers.
        syn_end: the position after the SYN and its text.
        options: the options of each SYN, at most MOST_RECENT.
        ecn: whether each SYN that was seen offers ECN, or takes it (RFC 3168 6.1.1); None if none was seen.
        stamp: the latest TSval, or None.
        ack_stamp: the TSval beside the highest acknowledgment that this end has sent, or None.
        reopened: whether its SYN came again when it was in use: the end may have begun anew with the same ISS.
        reset_at: when this end sent a RST that ended it, or None.
        pending: acknowledgments of positions that were not sent, and what is to be said of each if they are not.
        peer: the other end's space with which it was opened, or None.
    """

    __slots__ = (
        "_chunks", "_held", "_said", "_store", "ack_stamp", "acked", "answers", "base", "ecn", "edge", "fin", "fin_at",
        "holes", "known", "offered", "options", "peer", "pending", "reopened", "reset_at", "sent_at", "stamp",
        "syn_end", "syns", "top",
    )  # fmt: skip

    def __init__(self, base: int, known: bool, store: Store) -> None:
        self.base = base
        self.known = known
        self.top = 0
        self.acked = 0
        self.edge: int | None = None
        self.offered: int | None = None
        self.fin: int | None = None
        self.fin_at: Time | None = None
        self.syns = 0
        self.answers: deque[int] = deque(maxlen=MOST_RECENT)
        self.syn_end = 0
        self.options: deque[Options | None] = deque(maxlen=MOST_RECENT)
        self._said: dict[str, tuple[bool, bool, int | None]] = {}
        self.ecn: bool | None = None
        self.stamp: int | None = None
        self.ack_stamp: int | None = None
        self.reopened = False
        self.reset_at: Time | None = None
        self.pending: list[tuple[int, Judgement, Time]] = []
        self.peer: Space | None = None
        self.holes: list[tuple[int, int]] = []
        self.sent_at: deque[tuple[int, Time]] = deque(maxlen=4)  # the last sendings of the same first position
        self._chunks: deque[tuple[int, bytes]] = deque()
        self._held = 0
        self._store = store

    def position(self, number: int) -> int:
        """Return where a number lies, taking it for the one nearest to what was sent last."""
        return self.top + ((number - self.base - self.top + HALF) & MASK) - HALF

    def has(self, number: int) -> bool:
        """Return whether a number was sent, or is the next one; where the ISS is unknown, older ones were sent too."""
        at = self.position(number)
        return at <= self.top and (at >= 0 or not self.known)

    @property
    def finished(self) -> bool:
        """Whether its FIN was sent and acknowledged."""
        return self.fin is not None and self.acked > self.fin

    @property
    def over(self) -> bool:
        """Whether the connection has ended, as this end sees it: both FINs acknowledged, or a RST."""
        peer = self.peer
        if self.reset_at is not None or (peer is not None and peer.reset_at is not None):
            return True
        return self.finished and peer is not None and peer.finished

    @property
    def used(self) -> bool:
        """Whether its end is beyond SYN-RECEIVED: it has sent more than a SYN, or acknowledged more than one."""
        return self.top > self.syn_end or (self.peer is not None and self.peer.acked > max(self.peer.syn_end, 1))

    # ------------------------------------------------------------------ what is sent

    def send(self, start: int, end: int) -> bool:
        """Take note of a segment; return whether it filled what had been skipped, wholly or in part."""
        if start > self.top and len(self.holes) < MOST_HOLES:
            self.holes.append((self.top, start))
        filled = False
        if self.holes and start < self.top:
            left: list[tuple[int, int]] = []
            for low, high in self.holes:
                if end <= low or high <= start:
                    left.append((low, high))
                    continue
                filled = True
                left += [part for part in ((low, start), (end, high)) if part[0] < part[1]]
            self.holes = left
        self.top = max(self.top, end)
        return filled

    def skipped_below(self, position: int) -> bool:
        """Return whether numbers before a position were skipped, and forget that they were."""
        below = [hole for hole in self.holes if hole[0] < position]
        if below:
            self.holes = [hole for hole in self.holes if hole[0] >= position]
        return bool(below)

    # ------------------------------------------------------------------ text

    def differs(self, start: int, text: bytes) -> int | None:
        """Return the first position at which a text differs from what was sent there before, or None."""
        for at, kept in self._chunks:
            low, high = max(start, at), min(start + len(text), at + len(kept))
            if low < high and text[low - start : high - start] != kept[low - at : high - at]:
                return next(n for n in range(low, high) if text[n - start] != kept[n - at])
        return None

    def keep(self, start: int, text: bytes) -> None:
        """Keep the octets of new text, as long as there is room; the oldest go first."""
        while self._chunks and (self._held + len(text) > MOST_TEXT or len(self._chunks) >= MOST_RECENT):
            self._drop()
        if self._store.kept + len(text) <= MOST_TEXT_IN_ALL:
            self._chunks.append((start, text))
            self._held += len(text)
            self._store.kept += len(text)

    def _drop(self) -> None:
        _, text = self._chunks.popleft()
        self._held -= len(text)
        self._store.kept -= len(text)

    def forget_text(self) -> None:
        """Keep no more octets: the connection is over."""
        while self._chunks:
            self._drop()

    # ------------------------------------------------------------------ options

    def hear_syn(self, *options: Options | None) -> None:
        """Take note of the options of SYNs."""
        self.options.extend(options)
        self._said.clear()

    def _asked(self, name: str) -> tuple[bool, bool, int | None]:
        """Return whether each SYN had an option, whether one may have had it, and its largest value.

        Asked for every segment, and changed by SYNs alone: so it is kept.
        """
        known = self._said.get(name)
        if known is None:
            values = [None if options is None else getattr(options, name) for options in self.options]
            said = [value is not None and value is not False for value in values]
            largest = max((value for value in values if value is not None), default=None)
            known = self._said[name] = (bool(said) and all(said), not said or any(said), largest)
        return known

    def always(self, name: str) -> bool:
        """Return whether each SYN that was seen had an option, and one was seen."""
        return self._asked(name)[0]

    def ever(self, name: str) -> bool:
        """Return whether a SYN may have had an option: one had it, or none was seen."""
        return self._asked(name)[1]

    def largest(self, name: str) -> int | None:
        """Return the largest value of a SYN's option, or None."""
        return self._asked(name)[2]


class End:
    """One end of a pair of sockets: its spaces, the latest last, and what it has said lately.

    Attributes:
        acks: wire numbers that its segments have acknowledged lately, and whether a segment other than a RST did.
        ends: SEG.SEQ+SEG.LEN of its segments without an ACK, likewise.
    """

    __slots__ = ("acks", "ends", "spaces", "spoke")

    MOST_SPACES: Final = 4

    def __init__(self) -> None:
        self.spaces: list[Space] = []
        self.acks: dict[int, bool] = {}
        self.ends: dict[int, bool] = {}
        self.spoke = False

    def begin(self, base: int, known: bool, store: Store) -> Space:
        """Begin another space, and forget the oldest beyond MOST_SPACES."""
        made = Space(base, known, store)
        self.spaces.append(made)
        if len(self.spaces) > self.MOST_SPACES:
            self.spaces.pop(0).forget_text()
        return made

    def beginning(self, iss: int) -> Space | None:
        """Return the latest space with this ISS."""
        return next((each for each in reversed(self.spaces) if each.known and each.base == iss), None)

    def again(self, before: Space, store: Store) -> Space:
        """Begin another space with the ISS of an earlier one, after a SYN that looked like a repeated one."""
        made = self.begin(before.base, True, store)
        made.syns = 1
        made.reopened = True
        made.syn_end = before.syn_end
        made.hear_syn(*before.options)
        made.ecn = before.ecn
        made.stamp = before.stamp
        made.send(0, made.syn_end)
        return made

    def holding(self, number: int, *, beyond: bool) -> Space | None:
        """Return the latest space in which a number has been sent or, with `beyond`, else one in which it may be."""
        # One that is a connection goes before a mere SYN, which may be an old one, or forged.
        latest_first = self.spaces[::-1] if len(self.spaces) > 1 else self.spaces
        for opened in (True, False):
            for space in latest_first:
                if (space.peer is not None) is opened and space.has(number):
                    return space
        for space in latest_first if beyond else ():
            if 0 <= space.position(number) <= (space.edge or 0):
                return space
        return None

    def asking(self, number: int) -> Space | None:
        """Return the latest space whose SYN a SYN,ACK with this number answers; else one in which it was sent."""
        for space in reversed(self.spaces):
            if space.known and 0 < space.position(number) <= space.syn_end:
                return space
        return self.holding(number, beyond=False)

    def remember(self, segment: Segment, *, ack: bool, reset: bool) -> None:
        """Remember what a RST may answer."""
        known, number = (self.acks, segment.ack) if ack else (self.ends, (segment.seq + segment.seg_len) & MASK)
        known[number] = known.pop(number, False) or not reset
        if len(known) > MOST_RECENT:
            del known[next(iter(known))]
        self.spoke = True
