"""Words along arrows: each label finds a place where it covers no other label, or says that it has none.

Rule 1. A label never overlaps a label, nor a cross. If no place is free the caller makes room and
        tries again; after the last try the label is left out and counted.
Rule 2. A label prefers the middle of its arrow, above the line, and avoids crossing other arrows;
        where it must cross one, a halo keeps it readable.
Rule 3. A label turns with its arrow; beside an arrow steeper than STEEP it stays level, near the sender.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import atan2, cos, degrees, radians, sin
from typing import TYPE_CHECKING, Final

from .measure import width
from .page import Box, Label, Line, Shot
from .palette import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

STEEP: Final = 35.0
"""Degrees."""
CLEAR: Final = 2.2
"""Points between a line and the box of the label on it."""
CROSS: Final = 4.2
"""Half the size of a cross."""
_CROSSING: Final = 10.0
_BELOW: Final = 1.5
_FARTHER: Final = 6.0
_TOUCHING: Final = 0.8


@dataclass(frozen=True, slots=True)
class Wording:
    """An arrow with the words that belong to it.

    Attributes:
        shot: the arrow.
        lines, role: its label. end_lines: what stands at its end.
        lane, end_lane: from where to where the label, and the words at the end, may lie horizontally.
    """

    shot: Shot
    lines: tuple[str, ...]
    role: str
    end_lines: tuple[str, ...]
    lane: tuple[float, float]
    end_lane: tuple[float, float]


def block(lines: tuple[str, ...], role: str) -> tuple[float, float]:
    """Return the width and height of some lines of one type, with a little air at the sides."""
    style = TYPES[role]
    return max(width(line, style) for line in lines) + 3, style.height * len(lines)


def labels_in(box: Box, lines: tuple[str, ...], role: str, *, halo: bool, tip: str = "") -> list[Label]:
    """Return the lines of a block as labels within its box."""
    tall = box.height / len(lines)
    up_x, up_y = -sin(radians(box.angle)), -cos(radians(box.angle))
    out = []
    for number, line in enumerate(lines):
        shift = ((len(lines) - 1) / 2 - number) * tall
        own = Box(box.x + up_x * shift, box.y + up_y * shift, width(line, TYPES[role]) + 3, tall, box.angle)
        out.append(Label(line, role, own, halo=halo, tip=tip))
    return out


class Shelves:
    """Boxes by height, so that the ones near a box are found without looking at all of them."""

    TALL = 48.0

    def __init__(self) -> None:
        self._rows: dict[int, list[Box]] = {}

    def add(self, box: Box) -> None:
        """Put a box where it is found again."""
        for row in self._at(box):
            self._rows.setdefault(row, []).append(box)

    def covered(self, box: Box) -> bool:
        """Return whether any box here overlaps this one."""
        return any(box.overlaps(other) for row in self._at(box) for other in self._rows.get(row, ()))

    def _at(self, box: Box) -> range:
        _, top, _, bottom = box.bounds
        return range(int(top // self.TALL), int(bottom // self.TALL) + 1)


class Placing:
    """Places the words of many arrows, from the top of the page down."""

    def __init__(self, wordings: list[Wording], top: float, bottom: float) -> None:
        self.wordings = wordings
        self.top, self.bottom = top, bottom
        self.lines: list[Line] = [wording.shot.line for wording in wordings]
        self.taken = Shelves()
        for wording in wordings:
            if wording.shot.cross:
                self.taken.add(Box(wording.shot.x1, wording.shot.y1, 2 * CROSS + 1, 2 * CROSS + 1))
        self.labels: list[Label] = []
        self.failed: list[int] = []

    def run(self) -> None:
        """Place everything that has a place; `failed` numbers the others' arrows."""
        for number, wording in enumerate(self.wordings):
            price = 0.0 if _slope(wording.shot) > STEEP else _CROSSING
            along = self._along(wording) if wording.lines else []
            placed = not along or self._try(number, wording.lines, along, wording.lane, price)
            at_end = self._at_end(wording) if wording.end_lines else []
            ended = not at_end or self._try(number, wording.end_lines, at_end, wording.end_lane, _CROSSING)
            # That a segment is still under way is seen from its open end, too.
            if not placed or not (ended or not wording.shot.cross):
                self.failed.append(number)

    def level(self, text: str, role: str, y: float, room: float, lanes: list[tuple[float, float]]) -> bool:
        """Place a level line in one of some lanes, at most `room` points above or below height y.

        It prefers the middle of the first lane; False if there is no place.
        """
        wide, tall = block((text,), role)
        reach = max(room - tall / 2, 0.0)
        near = self._near(y - room - tall, y + room + tall)
        best: tuple[float, Box] | None = None
        for number, (left, right) in enumerate(lanes):
            slack = (right - left - wide) / 2 - 4
            for step, rise in product(range(9), (0.0, -0.5, 0.5, -1.0, 1.0)):
                shift = slack * ((step + 1) // 2) / 4 * (-1 if step % 2 else 1)
                box = Box((left + right) / 2 + shift, y + rise * reach, wide, tall)
                cost = abs(shift) / 40 + 2 * abs(rise) + 5 * number
                if (best is not None and cost >= best[0]) or self.taken.covered(box):
                    continue
                cost += _CROSSING * sum(box.crossed_by(line) for line in near)
                if best is None or cost < best[0]:
                    best = (cost, box)
        if best is None:
            return False
        self.taken.add(best[1])
        self.labels += labels_in(best[1], (text,), role, halo=True)
        return True

    # ------------------------------------------------------------------ one label

    def _near(self, top: float, bottom: float) -> list[Line]:
        return [line for line in self.lines if line[1] < bottom and line[3] > top]

    def _try(
        self,
        number: int,
        lines: tuple[str, ...],
        places: list[tuple[float, Box]],
        lane: tuple[float, float],
        price: float,
    ) -> bool:
        """Take the cheapest free place; each crossing of another arrow costs `price` (0: they don't matter)."""
        wording, own = self.wordings[number], self.lines[number]
        near = self._near(wording.shot.y0 - 40, wording.shot.y1 + 40)
        best: tuple[float, Box] | None = None
        halo = False
        for cost, box in sorted(places, key=lambda place: place[0]):
            if best is not None and cost >= best[0]:
                break
            left, top, right, bottom = box.bounds
            if left < lane[0] or right > lane[1] or top < self.top or bottom > self.bottom:
                continue
            if self.taken.covered(box):
                continue
            crossings = sum(box.crossed_by(line) for line in near if line is not own) if price else 1
            total = cost + price * crossings
            airy = Box(box.x, box.y, box.width + 14, box.height, box.angle)
            total += _TOUCHING * self.taken.covered(airy)
            if best is None or total < best[0]:
                best, halo = (total, box), crossings > 0 or cost >= _CROSSING
        if best is None:
            return False
        self.taken.add(best[1])
        self.labels += labels_in(best[1], lines, wording.role, halo=halo, tip=wording.shot.tip)
        return True

    def _along(self, wording: Wording) -> list[tuple[float, Box]]:
        """Return the places for an arrow's label, each with its price."""
        shot = wording.shot
        wide, tall = block(wording.lines, wording.role)
        slope = _slope(shot)
        if slope > STEEP:
            return list(self._level(shot, wide, tall))
        rising = shot.x1 < shot.x0
        angle = slope if rising else -slope
        across = wide * cos(radians(slope)) + tall * sin(radians(slope))
        low, high = wording.lane[0] + across / 2 + 1, wording.lane[1] - across / 2 - 1
        middle = min(max((shot.x0 + shot.x1) / 2, low), high)
        places = []
        for step in range(13):
            x = middle + (high - low) / 2 * ((step + 1) // 2) / 6 * (-1 if step % 2 else 1)
            if not low <= x <= high:
                continue
            price = abs(x - middle) / 40
            places.append((price, _beside(shot, x, wide, tall, angle, below=False)))
            places.append((price + _BELOW, _beside(shot, x, wide, tall, angle, below=True)))
            for away in (10.0, 24.0, 44.0):
                farther = price + _FARTHER * away / 10
                places.append((farther, _beside(shot, x, wide, tall + away, angle, below=False, tall=tall)))
                places.append((farther + _BELOW, _beside(shot, x, wide, tall + away, angle, below=True, tall=tall)))
        return places

    def _level(self, shot: Shot, wide: float, tall: float) -> Iterator[tuple[float, Box]]:
        """Yield level places near the sender of a steep arrow, then places that interrupt its line."""
        way = 1 if shot.x1 >= shot.x0 else -1
        for step in range(8):
            yield 0.5 * step, Box(shot.x0 + way * (7 + wide / 2 + 12 * step), shot.y0 - tall / 2 - 1, wide, tall)
        for step in range(1, 10):
            part = step / 10
            x, y = shot.x0 + (shot.x1 - shot.x0) * part, shot.y0 + (shot.y1 - shot.y0) * part
            yield _CROSSING + step, Box(x, y, wide, tall)

    def _at_end(self, wording: Wording) -> list[tuple[float, Box]]:
        """Return the places for the words at an arrow's end: beyond it, else above or below."""
        shot = wording.shot
        wide, tall = block(wording.end_lines, wording.role)
        way = 1 if shot.x1 >= shot.x0 else -1
        beyond = shot.x1 + way * (CROSS + 4 + wide / 2)
        before = shot.x1 - way * (wide / 2 + 2)
        places = [(0.3 * abs(dy) / 4, Box(beyond, shot.y1 + dy, wide, tall)) for dy in (0, 4, -4, 8, -8, 12, -12)]
        near = CROSS + 2 + tall / 2
        for dy in (near, -near, near + 9, -near - 9, near + 18, -near - 18):
            for step in range(4):
                places.append((2 + abs(dy) / 20 + step, Box(shot.x1 + way * 14 * step, shot.y1 + dy, wide, tall)))
                places.append((2.5 + abs(dy) / 20 + step, Box(before - way * 14 * step, shot.y1 + dy, wide, tall)))
        return places


def _slope(shot: Shot) -> float:
    """Return how steeply an arrow falls, in degrees."""
    return degrees(atan2(shot.y1 - shot.y0, abs(shot.x1 - shot.x0)))


def _beside(
    shot: Shot, x: float, wide: float, room: float, angle: float, *, below: bool, tall: float | None = None
) -> Box:
    """Return the box whose middle is beside an arrow at x, parallel to it; away from it by half of `room`."""
    run = shot.x1 - shot.x0
    y = shot.y0 + (shot.y1 - shot.y0) * (x - shot.x0) / run if run else shot.y0
    off = (room / 2 + CLEAR) * (-1 if below else 1)
    return Box(
        x - sin(radians(angle)) * off, y - cos(radians(angle)) * off, wide, room if tall is None else tall, angle
    )
