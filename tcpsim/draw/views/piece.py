"""Which run a view is of, and which piece of it: from one time to another.

Rule 1. A piece has whole instants: what happens at its first and at its last time belongs to it.
Rule 2. What held before a piece holds at its beginning; numbers are counted from where the run began.
Rule 3. That a run is not drawn whole is said below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from ..words import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...tcp.units import Time
    from ...trace import Trace

Value = TypeVar("Value")


class Piece(NamedTuple):
    """From when to when, nanoseconds; both belong to it."""

    start: Time
    end: Time

    def has(self, time: Time) -> bool:
        """Return whether an instant belongs to it."""
        return self.start <= time <= self.end

    def of_curve(self, curve: list[tuple[int, Value]]) -> list[tuple[int, Value]]:
        """Return a curve's steps in the piece, the first of them what it was at the beginning."""
        before = [value for time, value in curve if time <= self.start]
        return [
            *((self.start, value) for value in before[-1:]),
            *(step for step in curve if self.start < step[0] <= self.end),
        ]

    @property
    def ends(self) -> list[Time]:
        """Its two ends; none for the whole."""
        return [] if self == WHOLE else [self.start, self.end]


WHOLE: Final = Piece(-1, 1 << 62)
"""All of a run."""


class Run(NamedTuple):
    """A run of those that a view shows: what tells it from the others, its trace, and what of it is drawn."""

    name: str
    trace: Trace
    piece: Piece = WHOLE


def in_part(runs: Sequence[Run]) -> list[str]:
    """Return what is to be said of runs that are not drawn whole, or nothing."""
    if all(run.piece == WHOLE for run in runs):
        return []
    if len(runs) > 1:
        return ["Of each run only a piece is drawn."]
    ((_, trace, piece),) = runs
    return [
        f"Only what happens from {span(piece.start, 9)} to {span(piece.end, 9)} is drawn; "
        f"the run ends after {span(trace.last_time, 9)}."
    ]
