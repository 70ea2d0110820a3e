"""The unit of measure: how many events per second a bare `heapq` agenda can hand out here and now.

Two functions put each other on a heap of tuples `(time, serial, function, argument)`, which is the
least that an event-driven simulator does for an event. A simulator's segments per second divided by
these events per second is a figure that machines of different speed share.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def pingpong(events: int) -> int:
    """Hand out events until so many have put another one on the heap; return how many were handed out."""
    heap: list[tuple[int, int, Callable[[int, int], None], int]] = []
    serial = count(1).__next__

    def ping(now: int, left: int) -> None:
        if left:
            heappush(heap, (now + 10, serial(), pong, left - 1))

    def pong(now: int, left: int) -> None:
        if left:
            heappush(heap, (now + 10, serial(), ping, left - 1))

    ping(0, events)
    handed_out = 0
    while heap:
        now, _, function, argument = heappop(heap)
        function(now, argument)
        handed_out += 1
    return handed_out
