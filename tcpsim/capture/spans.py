"""Runs of sequence numbers that do not overlap, each with something that belongs to it.

Taking out and putting in costs what lies there and a search; a hostile capture can't make it cost more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Generic, TypeVar

T = TypeVar("T")


class Spans(Generic[T]):
    """Runs [low, high) in order, each with its value."""

    __slots__ = ("_highs", "_lows", "_values")

    def __init__(self) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []
        self._values: list[T] = []

    def put(self, low: int, high: int, value: T) -> list[tuple[int, int, T]]:
        """Let [low, high) have a value; return the parts of runs that had others there, which are taken out."""
        taken = self.take(low, high)
        at = bisect_left(self._lows, low)
        self._lows.insert(at, low)
        self._highs.insert(at, high)
        self._values.insert(at, value)
        return taken

    def take(self, low: int, high: int) -> list[tuple[int, int, T]]:
        """Take out what lies in [low, high), and return it; runs that reach beyond are cut."""
        lows, highs, values = self._lows, self._highs, self._values
        first = bisect_right(highs, low)
        last = bisect_left(lows, high, first)
        if first >= last or low >= high:
            return []
        taken = [(max(lows[at], low), min(highs[at], high), values[at]) for at in range(first, last)]
        rest = []
        if lows[first] < low:
            rest.append((lows[first], low, values[first]))
        if highs[last - 1] > high:
            rest.append((high, highs[last - 1], values[last - 1]))
        lows[first:last] = [each[0] for each in rest]
        highs[first:last] = [each[1] for each in rest]
        values[first:last] = [each[2] for each in rest]
        return taken

    def all(self) -> list[tuple[int, int, T]]:
        """Return every run."""
        return list(zip(self._lows, self._highs, self._values, strict=True))
