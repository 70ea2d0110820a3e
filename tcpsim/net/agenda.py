"""Virtual time: what is to happen, in order of (time, serial).

Rule 1. Time is an int of nanoseconds and moves only here.
Rule 2. What is due at the same instant happens in the order in which it was entered.
Rule 3. An entry is a plain tuple (time, serial, function, argument): the function is called with
        the time and the argument. Nothing is ever taken out before its time; who has lost interest
        recognises that when called.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..tcp.units import Time

    Entry = tuple[Time, int, Callable[[Time, Any], None], Any]


COLLECT_AFTER: Final = 50_000
"""How many objects are made, during a run, before the garbage collector looks."""


class Agenda:
    """The entries that are to come, and the time now.

    Attributes:
        now: the time of the entry being carried out, or of the last one.
        heap: the entries, a heap; `serial` numbers them. Both are for the links, which enter packets
            at the rate of the simulation, and for nobody else.
    """

    __slots__ = ("heap", "now", "serial")

    def __init__(self) -> None:
        self.now: Time = 0
        self.heap: list[Entry] = []
        self.serial = count(1).__next__

    def enter(self, when: Time, function: Callable[[Time, Any], None], argument: Any = None) -> None:
        """Have `function(when, argument)` called at `when`, which is not in the past."""
        assert when >= self.now, "the past can't be changed"
        heappush(self.heap, (when, self.serial(), function, argument))

    @property
    def next(self) -> Time | None:
        """The time of the next entry, or None."""
        return self.heap[0][0] if self.heap else None

    def step(self) -> bool:
        """Carry out the next entry; return False if there is none."""
        if not self.heap:
            return False
        self.now, _, function, argument = heappop(self.heap)
        function(self.now, argument)
        return True

    def run(self, until: Time, max_events: int) -> str:
        """Carry out entries up to and including `until`; return "idle", "until" or "event limit"."""
        with fewer_collections():
            heap = self.heap
            for _ in repeat(None, max_events):
                if not heap:
                    return "idle"
                if heap[0][0] > until:
                    break
                now, _, function, argument = heappop(heap)
                self.now = now
                function(now, argument)
            if not heap:
                return "idle"
            if heap[0][0] <= until:
                return "event limit"
            self.now = max(self.now, until)  # time does not run back to an `until` in the past
            return "until"


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
