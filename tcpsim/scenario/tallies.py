"""Expectations about numbers that a host keeps: its counters, and how full the queues of its listeners were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..net.counters import counters, listened, occupancy
from ..tcp.units import format_duration
from .expectations import Outcome
from .moments import MANY

if TYPE_CHECKING:
    from .evidence import Evidence
    from .problems import Place
    from .words import Span


@dataclass(frozen=True, slots=True)
class CounterIs:
    """A host has counted so many."""

    place: Place
    host: str
    name: str
    times: Span

    def check(self, run: Evidence) -> Outcome:
        """Count what the trace tells."""
        counted = counters(run.trace, self.host)[self.name]
        expected = f"{self.host} to count {_words(self.times)} for {self.name}"
        if counted in self.times:
            return Outcome(True, self.place, expected)
        return Outcome(False, self.place, expected, f"it counted {counted}", run.last_serial)


@dataclass(frozen=True, slots=True)
class QueueReaches:
    """A queue of a listener held so many connections when it was fullest."""

    place: Place
    host: str
    port: int
    which: str
    most: Span
    passive: bool
    """Whether a step OPENs the port passively, which listens too, though the trace does not name the port."""

    def check(self, run: Evidence) -> Outcome:
        """Look for the instant at which it was fullest."""
        queue = "SYN queue" if self.which == "half_open" else "accept queue"
        expected = f"{_words(self.most)} at once, when fullest, in the {queue} of {self.host}:{self.port}"
        if not self.passive and not listened(run.trace, self.host, self.port):
            return Outcome(False, self.place, expected, f"nobody listened at {self.host}:{self.port}", run.last_serial)
        told = [(getattr(each, self.which), each.time) for each in occupancy(run.trace, self.host, self.port)]
        length, time = max(told, key=lambda each: each[0], default=(0, 0))
        if length in self.most:
            return Outcome(True, self.place, expected)
        when = f", at {format_duration(time)}" if length else ""
        return Outcome(False, self.place, expected, f"there were {length}{when}", run.last_serial)


def _words(span: Span) -> str:
    if span.low == span.high:
        return str(span.low)
    return f"at least {span.low}" if span.high == MANY else f"{span.low} to {span.high}"
