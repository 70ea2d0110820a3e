"""What a verdict on a connection is made of: how it opened and closed, what was sent, and in which states it is left.

Rule 1. Facts are collected per connection, along its segments, without judging them.
Rule 2. Where an end may or may not have received something, every state that follows from either is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, FIN, SYN_ACK
from .streams import SIDES

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .spaces import Space
    from .verdict import EndVerdict, Verdict

BOTH: Final = "both"


class Facts:
    """What was seen of one connection. Sides are those of the pair of sockets, until `conclude`.

    Attributes:
        last: the space of each end in this connection, set at its end.
        flipped: whether the client is side 1.
    """

    def __init__(self, began: Time) -> None:
        self.began = began
        self.flipped = False
        self.last: list[Space | None] = [None, None]
        self._segments = [0, 0]
        self._octets = [0, 0]
        self._again = [0, 0]
        self._filled = [0, 0]
        self._probes = [0, 0]
        self._syns: list[list[tuple[Time, bool, Space]]] = [[], []]
        self._fins: list[tuple[int, Time]] = []
        self._with_ack: list[bool] = []
        self._acked_alone = False
        self._reset: tuple[int, bool] | None = None
        self._answered_at: Time | None = None
        self._opened_at: Time | None = None

    def count(self, side: int, segment: Segment) -> None:
        """Count a segment of whatever kind."""
        self._segments[side] += 1
        self._octets[side] += segment.length

    def syn(self, side: int, now: Time, segment: Segment, space: Space) -> None:
        """Take note of a SYN."""
        if len(self._syns[side]) < 2:
            self._syns[side].append((now, segment.ctl & SYN_ACK == SYN_ACK, space))
        else:
            self._again[side] += 1
        if len(self._syns[side]) == 2 and self._syns[side][0][1:] == self._syns[side][1][1:]:
            self._again[side] += 1
            self._syns[side][1:] = [(now, segment.ctl & SYN_ACK == SYN_ACK, space)]

    def acknowledged(self, side: int, now: Time, heard: Space, at: int) -> None:
        """Take note of what the end `side` acknowledges of the other one."""
        if self._opened_at is None and heard.known and self._syns[1 - side]:
            self._opened_at = now
        if heard.fin is not None and at > heard.fin and len(self._fins) == 1 and self._fins[0][0] != side:
            self._acked_alone = True

    def fin(self, side: int, now: Time, segment: Segment) -> None:
        """Take note of the first FIN of an end."""
        if any(who == side for who, _ in self._fins):
            return
        self._with_ack.append(self._covers(side, segment))
        self._fins.append((side, now))

    def _covers(self, side: int, segment: Segment) -> bool:
        """Return whether a FIN acknowledges that of the other end, as the second segment of three does."""
        first = self._first_fin_end
        return first is not None and segment.ctl & ACK != 0 and segment.ack == first

    _first_fin_end: int | None = None

    def sent(self, side: int, now: Time, *, again: bool, filled: bool, probe: bool) -> None:
        """Take note of a segment with text or a FIN."""
        if probe:
            self._probes[side] += 1
        else:
            self._again[side] += again
            self._filled[side] += filled

    def reset(self, side: int, now: Time, segment: Segment, space: Space | None) -> None:
        """Take note of a RST."""
        if self._reset is None:
            self._reset = (side, self._opened_at is not None)
