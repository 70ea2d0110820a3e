"""Virtual time: what is to happen, in order of (time, serial).

Rule 1. Time is an int of nanoseconds and moves only here.
Rule 2. What is due at the same instant happens in the order in which it was entered.
Rule 3. An entry is a plain tuple (time, serial, function, argument): the function is called with
        the time and the argument. Nothing is ever taken out before its time; who has lost interest
        recognises that when called.
Rule 4. What comes in order anyway, as packets over a link do, waits in a lane: a deque of entries in order,
        of which only the first is in a heap. A window full of packets then costs no heap its depth.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from heapq import heappop, heappush, heapreplace
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterator

    from ..tcp.units import Time

    Entry = tuple[Time, int, Callable[[Time, Any], None], Any]
    Lane = deque["InLane"]
    InLane = tuple[Time, int, Callable[[Time, Any], None], Any, Lane]
    """An entry that knows its lane, which begins with it when its time comes."""


COLLECT_AFTER: Final = 500_000
"""How many objects are made, during a run, before the garbage collector looks."""


class Agenda:
    """The entries that are to come, and the time now.

    Attributes:
        now: the time of the entry being carried out, or of the last one.
        heap: the entries, a heap, except for those in lanes.
        lanes: the first entry of each lane that is not empty, a heap.
        serial: numbers the entries. It and the two heaps are for the links, which enter packets at the
            rate of the simulation, and for nobody else.
    """

    __slots__ = ("heap", "lanes", "now", "serial")

    def __init__(self) -> None:
        self.now: Time = 0
        self.heap: list[Entry] = []
        self.lanes: list[InLane] = []
        self.serial = count(1).__next__

    def enter(self, when: Time, function: Callable[[Time, Any], None], argument: Any = None) -> None:
        """Have `function(when, argument)` called at `when`, which is not in the past."""
        assert when >= self.now, "the past can't be changed"
        heappush(self.heap, (when, self.serial(), function, argument))

    @property
    def next(self) -> Time | None:
        """The time of the next entry, or None."""
        return min((heap[0][0] for heap in (self.heap, self.lanes) if heap), default=None)

    def step(self) -> bool:
        """Carry out the next entry; return False if there is none."""
        following = self.next
        if following is None:
            return False
        self._carry_out(following, 1)
        return True

    def run(self, until: Time, max_events: int) -> str:
        """Carry out entries up to and including `until`; return "idle", "until" or "event limit"."""
        with fewer_collections():
            self._carry_out(until, max_events)
        following = self.next
        if following is None:
            return "idle"
        if following <= until:
            return "event limit"
        self.now = max(self.now, until)  # time does not run back to an `until` in the past
        return "until"

    def _carry_out(self, until: Time, max_events: int) -> None:
        """Carry out entries up to and including `until`, at most so many."""
        heap, lanes = self.heap, self.lanes
        for _ in repeat(None, max_events):
            if lanes and (not heap or lanes[0] < heap[0]):
                now, _, function, argument, lane = lanes[0]
                if now > until:
                    return
                lane.popleft()
                if lane:
                    heapreplace(lanes, lane[0])
                else:
                    heappop(lanes)
            elif heap and heap[0][0] <= until:
                now, _, function, argument = heappop(heap)
            else:
                return
            self.now = now
            function(now, argument)


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Let the garbage collector look less often while a run goes on.

    A run makes no cycles, but a trace that grows: looked through every 700 objects, it takes a
    third of the time of the run.
    """
    before = gc.get_threshold()
    if 0 < before[0] < COLLECT_AFTER:
        gc.set_threshold(COLLECT_AFTER, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
