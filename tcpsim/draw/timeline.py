"""Where a moment lies on the page: time becomes height.

Rule 1. Order is kept: a later time lies lower, and of two moments at one time the later serial
        never lies higher.
Rule 2. Where nothing is in the way, height is time times one scale. Where labels need more room,
        that stretch of time is made longer, and only there.
Rule 3. Long silence is folded to a fixed height.

Room is asked for as differences: "moment b at least d points below moment a". One pass down the
page then gives each moment the least height that all of them allow.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .scene import Moment, Scene

FOLD_AFTER: Final = 96.0
"""Silence longer than so many points is folded ..."""
FOLD_HEIGHT: Final = 46.0
"""... to so many."""
DROP: Final = 30.0
"""A segment of middling delay sinks so many points on its way."""
LEAST_STEP: Final = 2.0
"""Two different times lie at least so many points apart."""


class Timeline:
    """Heights for moments.

    Attributes:
        keys: the moments, in order.
        scale: points for a nanosecond.
        heights: the height of each key, in points from the first; made by `solve`.
    """

    def __init__(self, moments: Iterable[Moment], scale: float) -> None:
        self.keys = sorted(set(moments))
        self.scale = scale
        self._index = {key: place for place, key in enumerate(self.keys)}
        self._natural = [0.0, *(self._gap(later[0] - earlier[0]) for earlier, later in pairwise(self.keys))]
        self._extra = [0.0] * len(self.keys)
        self._required: list[list[tuple[int, float]]] = [[] for _ in self.keys]
        self.heights: list[float] = []

    def _gap(self, duration: int) -> float:
        if duration == 0:
            return 0.0
        natural = duration * self.scale
        return FOLD_HEIGHT if natural > FOLD_AFTER else max(natural, LEAST_STEP)

    def require(self, above: Moment, below: Moment, room: float) -> None:
        """Ask that `below` lie at least `room` points below `above`; of no effect where they are in the other order."""
        i, j = self._index[above], self._index[below]
        if i < j and room > 0:
            self._required[j].append((i, room))

    def widen(self, before: Moment, room: float) -> None:
        """Give so many points more to the gap that ends at a moment."""
        self._extra[self._index[before]] += room

    def widened(self, before: Moment) -> float:
        """Return what has been given to the gap that ends at a moment."""
        return self._extra[self._index[before]]

    @property
    def extra(self) -> tuple[float, ...]:
        """What `widen` has given so far; setting it goes back to that."""
        return tuple(self._extra)

    @extra.setter
    def extra(self, given: tuple[float, ...]) -> None:
        self._extra = list(given)

    def solve(self) -> None:
        """Compute the heights."""
        heights = [0.0] * len(self.keys)
        for place in range(1, len(self.keys)):
            height = heights[place - 1] + self._natural[place]
            for above, room in self._required[place]:
                height = max(height, heights[above] + room)
            heights[place] = height + self._extra[place]
        self.heights = heights

    def height(self, moment: Moment) -> float:
        """Return the height of one of the keys."""
        return self.heights[self._index[moment]]

    def folds(self) -> list[tuple[float, float, Moment, Moment]]:
        """Return each fold: from and to which height, and the moments that begin and end it."""
        return [
            (self.heights[place - 1], self.heights[place], self.keys[place - 1], key)
            for place, key in enumerate(self.keys)
            if place and self.folded(place)
        ]

    def folded(self, place: int) -> bool:
        """Return whether the gap before the key number `place` is a fold."""
        return (self.keys[place][0] - self.keys[place - 1][0]) * self.scale > FOLD_AFTER

    def pieces(self) -> list[tuple[float, float, bool]]:
        """Return the stretches of the axis from top to bottom: from, to, and whether longer than true to scale."""
        out: list[tuple[float, float, bool]] = []
        for place in range(1, len(self.keys)):
            top, bottom = self.heights[place - 1], self.heights[place]
            natural = (self.keys[place][0] - self.keys[place - 1][0]) * self.scale
            stretched = not self.folded(place) and bottom - top > 1.4 * natural + 4
            if out and out[-1][2] == stretched:
                out[-1] = (out[-1][0], bottom, stretched)
            elif bottom > top:
                out.append((top, bottom, stretched))
        return out


def scale_of(of: Scene) -> float:
    """Return points per nanosecond: such that a segment of middling delay sinks by DROP."""
    delays = sorted(
        arrow.end[0] - arrow.start[0]
        for arrow in of.arrows
        if arrow.fate in ("arrived", "lost") and not arrow.flight.held and arrow.end[0] > arrow.start[0]
    )
    if delays:
        return DROP / delays[len(delays) // 2]
    times = sorted({arrow.start[0] for arrow in of.arrows})
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    return DROP / gaps[len(gaps) // 2] if gaps else DROP / 50_000_000
