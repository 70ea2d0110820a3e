"""Where a time and a value lie on a graph, and which of them are named along its edges.

Rule 1. Time runs to the right, true to one scale. Where names need more room, that stretch is made longer, and only
        there; with room asked for, order is kept: of two moments at one time the later serial never lies further left.
Rule 2. Silence is folded where all that is longer takes up more than two thirds of the axis, so that what happens
        could not be seen, and at least two times are left that are not folded. A fold has a fixed width, and its
        length is written into it.
Rule 3. Numbers along an edge are round: 1, 2 or 5 and noughts. One edge has one unit.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ..measure import width
from ..palette import TYPES
from ..words import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...tcp.units import Time
    from ..scene import Moment

UNITS: Final = (("s", 10**9), ("ms", 10**6), ("µs", 10**3), ("ns", 1))
FOLD_SHARE: Final = 2
"""Gaps of the longest kind are folded if the shortest of them is longer than so many times all the rest."""
TICKS_APART: Final = 56.0
"""Two numbers along the time axis are at least so many points apart."""
TALL: Final = 30.0
"""Two numbers along the upright axis are at least so many points apart."""

Room = tuple["Moment", "Moment", float]
"""Ask that the second moment lie at least so many points to the right of the first."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A number along an edge: where (points from its beginning), and its words."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A fold: from and to which point of the axis, and how long a silence is in it (nanoseconds)."""

    start: float
    end: float
    silence: Time

    @property
    def text(self) -> str:
        """The words in it."""
        return span(self.silence)

    @property
    def words(self) -> tuple[float, float]:
        """From and to which point of the axis they reach."""
        middle, half = (self.start + self.end) / 2, width(self.text, TYPES["silence small"]) / 2 + 3
        return middle - half, middle + half


def folded(times: Sequence[Time]) -> Time | None:
    """Return from which length on silence between some times (in order) is folded, or None for not at all."""
    gaps = sorted(later - earlier for earlier, later in pairwise(times) if later > earlier)
    for place in range(len(gaps) - 1, 0, -1):
        if place < max(len(gaps) / 2, 2):
            return None
        if gaps[place] > FOLD_SHARE * sum(gaps[:place]):
            return gaps[place]
    return None


class TimeAxis:
    """The time axis of a graph.

    Attributes:
        keys: the moments that it is made of, in order. places: of each, points from the beginning.
        folds: the folds. silences: from when to when each of them is.
        width: points from its beginning to its end. unit: the name of its unit and its nanoseconds.
        stretched: pieces that are longer than true to scale, in points.
    """

    def __init__(self, moments: Iterable[Moment], width: float, rooms: Iterable[Room] = ()) -> None:
        self.keys = sorted(set(moments)) or [(0, 0)]
        self._times = [time for time, _ in self.keys]
        least = folded(self._times)
        self._folds = {
            place
            for place in range(1, len(self.keys))
            if least is not None and self._times[place] - self._times[place - 1] >= least
        }
        self.unit = next(((name, size) for name, size in UNITS if self._times[-1] >= size), UNITS[1])
        self.scale = self._scale(width)
        self.stretched: list[tuple[float, float]] = []
        self.places = self._solve(list(rooms))
        self.width = self.places[-1] if self.scale else max(self.places[-1], width)
        self.silences = [(self._times[place - 1], self._times[place]) for place in sorted(self._folds)]
        self.folds = [
            Gap(self.places[place - 1], self.places[place], self._times[place] - self._times[place - 1])
            for place in sorted(self._folds)
        ]

    def _scale(self, wanted: float) -> float:
        """Return points per nanosecond such that what is not folded fills what the folds leave."""
        silent = [self._times[place] - self._times[place - 1] for place in self._folds]
        shown = self._times[-1] - self._times[0] - sum(silent)
        room = max(wanted - sum(map(_fold_width, silent)), wanted / 4)
        return room / shown if shown else 0.0

    def _solve(self, rooms: list[Room]) -> list[float]:
        index = {key: place for place, key in enumerate(self.keys)}
        asked: dict[int, list[tuple[int, float]]] = {}
        for before, after, points in rooms:
            asked.setdefault(index[after], []).append((index[before], points))
        places = [0.0]
        for place in range(1, len(self.keys)):
            length = self._times[place] - self._times[place - 1]
            natural = _fold_width(length) if place in self._folds else length * self.scale
            here = places[-1] + natural
            wanted = max((places[before] + points for before, points in asked.get(place, ())), default=here)
            if wanted > here + 0.5 and place not in self._folds:
                self.stretched.append((places[-1], wanted))
            places.append(max(here, wanted))
        return places

    def at(self, moment: Moment) -> float:
        """Return where one of the keys lies."""
        return self.places[bisect_right(self.keys, moment) - 1]

    def x(self, time: Time) -> float:
        """Return where a time lies; of several places the first; what is outside lies at the nearest end."""
        place = bisect_left(self._times, time)
        if place == len(self.keys):
            return self.places[-1]
        if place == 0 or self._times[place] == time:
            return self.places[place]
        before, after = self._times[place - 1], self._times[place]
        part = (time - before) / (after - before)
        return self.places[place - 1] + part * (self.places[place] - self.places[place - 1])

    def marks(self) -> list[Mark]:
        """Return the numbers along it: round ones, and where a run between two folds has none, its beginning."""
        taken = [fold.words for fold in self.folds]
        out: list[Mark] = []
        step = round_step(TICKS_APART / self.scale) if self.scale else 1
        for first, last in self._runs():
            times = list(range(-(-first // step) * step, last + 1, step)) if last - first < 400 * step else []
            for time in times or [first]:
                self._mark(out, taken, time)
        return out

    def _runs(self) -> list[tuple[Time, Time]]:
        edges = [0, *sorted(self._folds), len(self.keys)]
        return [(self._times[start], self._times[end - 1]) for start, end in pairwise(edges)]

    def moments_marks(self, moments: Iterable[Moment]) -> list[Mark]:
        """Return the times of some moments as numbers along it, without those for which there is no room."""
        taken = [fold.words for fold in self.folds]
        out: list[Mark] = []
        last: Time | None = None
        for moment in sorted(moments):
            if moment[0] != last:
                self._mark(out, taken, moment[0], self.at(moment))
            last = moment[0]
        return out

    def _mark(self, out: list[Mark], taken: list[tuple[float, float]], time: Time, at: float | None = None) -> None:
        text, place = in_unit(time, self.unit[1]), self.x(time) if at is None else at
        half = width(text, TYPES["tick"]) / 2 + 2
        if not any(place - half < end and start < place + half for start, end in taken):
            taken.append((place - half, place + half))
            out.append(Mark(place, text))


def _fold_width(silence: Time) -> float:
    return max(width(span(silence), TYPES["tick"]) + 10, 26.0)


def in_unit(amount: int, unit: int) -> str:
    """Print a number of units, to four digits behind the point."""
    text = f"{round(Decimal(amount) / unit, 4):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def round_step(least: float) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50, ... that is not less."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= least:
                return step * factor
        step *= 10


class ValueAxis:
    """The upright axis of a graph: from 0, or from the round number below `low`, up to `high`, with room for a number.

    `unit` is what a number along it counts: 1, or the nanoseconds of a unit of time; `name` is that unit's name.
    """

    def __init__(self, high: int, height: float, *, low: int = 0, unit: int = 1, name: str = "") -> None:
        least = max(high - low, 1) / max(int(height // TALL), 1)
        self.step = round_step(least / unit) * unit if least >= unit else unit
        if unit > 1 and least < unit:
            self.step = round_step(least)
        self.low = low // self.step * self.step
        self.high = max(high, self.low + self.step)
        self.height, self.unit, self.name = height, unit, name

    def y(self, value: float) -> float:
        """Return how far above the bottom a value lies, in points; one outside lies at the nearest end."""
        part = (value - self.low) / (self.high - self.low)
        return min(max(part, 0.0), 1.0) * self.height

    def marks(self) -> list[Mark]:
        """Return the numbers along it; octets in thousands are `20 k`."""
        values = range(self.low, self.high + 1, self.step)
        return [Mark(self.y(value), self._text(value)) for value in values]

    def _text(self, value: int) -> str:
        if self.unit == 1:
            for sign, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
                if self.high > 2 * size and value:
                    return f"{in_unit(value, size)} {sign}"
        return in_unit(value, self.unit)


def folded_note(axis: TimeAxis) -> list[str]:
    """Return what is to be said of an axis with folds, or nothing."""
    return ["Where the time axis is broken nothing happens for as long as is written there."] if axis.folds else []


def time_unit(longest: Time) -> tuple[str, int]:
    """Return the unit in which spans up to so many nanoseconds are told, and its nanoseconds."""
    return next(((name, size) for name, size in UNITS if longest >= size), UNITS[-1])
