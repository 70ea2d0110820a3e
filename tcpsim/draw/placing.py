"""Words along arrows: each label finds a place where it covers no other label, or says that it has none.

Rule 1. A label never overlaps a label, nor a cross. If no place is free the caller makes room and
        tries again; after the last try the label is left out and counted.
Rule 2. Arrows that run side by side are a bundle. Their labels keep one side, and one place along the
        way, as far as that leaves each of them free of other arrows; the middle, above the line, is best.
Rule 3. No label hides an arrow. If another arrow passes through the words, the caller makes room;
        where that does not help, it passes, whole.
Rule 4. A label turns with its arrow; beside an arrow steeper than STEEP it stays level, near the sender.
Rule 5. What ended a segment stands right at its end: where its way would have gone on, if that is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import atan2, copysign, cos, degrees, inf, radians, sin, sqrt
from typing import TYPE_CHECKING, Final

from .measure import width
from .page import Box, Label, Line, Point, Shot
from .palette import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

STEEP: Final = 35.0
"""Degrees."""
CLEAR: Final = 2.2
"""Points between a line and the box of the label on it."""
CROSS: Final = 4.2
"""Half the size of a cross."""
ALONGSIDE: Final = 40.0
"""Arrows of a bundle begin at most so many points apart ..."""
ALIKE: Final = 8.0
"""... and differ in slope by at most so many degrees."""
_CROSSING: Final = 10.0
_COVERED: Final = 25.0
_BELOW: Final = 1.5
_FARTHER: Final = 6.0
_TOUCHING: Final = 0.8
_NARROWER: Final = 5.0
_PLACES: Final = 13
"""So many places along an arrow are tried, on either side."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where along their arrows, at which x, and on which side the labels of a bundle stand."""

    x: float
    below: bool = False


Place = tuple[float, Box]
"""A box where words could stand, and its price."""


@dataclass(frozen=True, slots=True)
class Wording:
    """An arrow with the words that belong to it.

    Attributes:
        shot: the arrow.
        lines, role: its label. narrow: the same in more lines, where that would help, and in still more.
        ends: what stands at its end, in one line or more; shorter versions after longer ones.
        lane, end_lane: from where to where the label, and the words at the end, may lie horizontally.
    """

    shot: Shot
    lines: tuple[str, ...]
    narrow: tuple[tuple[str, ...], ...]
    role: str
    ends: tuple[tuple[str, ...], ...]
    lane: tuple[float, float]
    end_lane: tuple[float, float]


def block(lines: tuple[str, ...], role: str) -> tuple[float, float]:
    """Return the width and height of some lines of one type, with a little air at the sides."""
    style = TYPES[role]
    return max(width(line, style) for line in lines) + 3, style.height * len(lines)


def labels_in(
    box: Box, lines: tuple[str, ...], role: str, *, halo: bool, tip: str = "", toward: Point | None = None,
    serial: int | None = None,
) -> list[Label]:  # fmt: skip
    """Return the lines of a block as labels within its box: in its middle, or flush with the edge toward a point."""
    along_x, along_y = cos(radians(box.angle)), -sin(radians(box.angle))
    lean = 0.0
    if toward is not None:
        lean = ((toward[0] - box.x) * along_x + (toward[1] - box.y) * along_y) / (box.width / 2)
        lean = copysign(1.0, lean) if abs(lean) > 0.5 else 0.0
    tall = box.height / len(lines)
    up_x, up_y = -sin(radians(box.angle)), -cos(radians(box.angle))
    out = []
    for number, line in enumerate(lines):
        shift = ((len(lines) - 1) / 2 - number) * tall
        wide = width(line, TYPES[role]) + 3
        slide = lean * (box.width - wide) / 2
        x, y = box.x + up_x * shift + along_x * slide, box.y + up_y * shift + along_y * slide
        own = Box(x, y, wide, tall, box.angle)
        out.append(Label(line, role, own, halo=halo, tip=tip, serial=serial))
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
    """Places the words of many arrows: what stands at their ends, then their labels, from the top of the page down.

    `failed` numbers the arrows that have words without a place, `struck` those with words that another
    arrow passes through, `shortened` those that do not tell what ended them; `gaps` tells where an arrow's
    own words interrupt it. Words keep clear of the `breaks`, which fold a lifeline.
    """

    def __init__(self, wordings: list[Wording], top: float, bottom: float, breaks: Iterable[Box] = ()) -> None:
        self.wordings = wordings
        self.top, self.bottom = top, bottom
        self.lines: list[Line] = [wording.shot.line for wording in wordings]
        self.taken = Shelves()
        for broken in breaks:
            self.taken.add(broken)
        for wording in wordings:
            if wording.shot.cross:
                self.taken.add(Box(wording.shot.x1, wording.shot.y1, 2 * CROSS + 1, 2 * CROSS + 1))
        self.labels: list[Label] = []
        self.failed: list[int] = []
        self.struck: list[int] = []
        self.shortened: list[int] = []
        self.gaps: dict[int, tuple[float, float]] = {}

    def run(self) -> None:
        """Place everything that has a place."""
        for number, wording in enumerate(self.wordings):
            # That a segment is still under way is seen from its open end, too.
            if wording.ends and not self._end(number) and wording.shot.cross:
                self.failed.append(number)
        for bundle in bundles(self.wordings):
            common = self._common(bundle)
            for number in bundle:
                if self.wordings[number].lines and not self._label(number, common):
                    self.failed.append(number)

    def level(
        self, versions: list[tuple[str, ...]], role: str, y: float, room: float, lanes: list[tuple[float, float]]
    ) -> int | None:
        """Place level lines in one of some lanes, at most `room` points above or below height y.

        They prefer the middle of the first lane, and of several versions the first. Returns how many
        arrows pass through them; None if there is no place.
        """
        best: tuple[float, Box, int, tuple[str, ...]] | None = None
        for (version, lines), (number, (left, right)) in product(enumerate(versions), enumerate(lanes)):
            wide, tall = block(lines, role)
            reach = max(room - tall / 2, 0.0)
            near = self._near(y - room - tall, y + room + tall)
            slack = (right - left - wide) / 2 - 4
            for step, rise in product(range(9), (0.0, -0.5, 0.5, -1.0, 1.0)):
                shift = slack * ((step + 1) // 2) / 4 * (-1 if step % 2 else 1)
                box = Box((left + right) / 2 + shift, y + rise * reach, wide, tall)
                cost = abs(shift) / 40 + 2 * abs(rise) + 5 * number + 3 * version
                if (best is not None and cost >= best[0]) or self.taken.covered(box):
                    continue
                crossings = sum(box.crossed_by(line) for line in near)
                cost += _CROSSING * crossings
                if best is None or cost < best[0]:
                    best = (cost, box, crossings, lines)
        if best is None:
            return None
        self.taken.add(best[1])
        self.labels += labels_in(best[1], best[3], role, halo=True)
        return best[2]

    # ------------------------------------------------------------------ one label

    def _near(self, top: float, bottom: float) -> list[Line]:
        return [line for line in self.lines if line[1] < bottom and line[3] > top]

    def _end(self, number: int) -> bool:
        """Place the words at an arrow's end: the longest of them that stand free, else any."""
        wording = self.wordings[number]
        places = [
            (price + 3 * shorter, box, lines)
            for shorter, lines in enumerate(wording.ends)
            for price, box in self._at_end(wording, lines)
        ]
        return self._take(number, places, wording.end_lane, _CROSSING, toward=(wording.shot.x1, wording.shot.y1))

    def _label(self, number: int, common: Spot) -> bool:
        """Place an arrow's label, as near to the common place of its bundle as can be."""
        wording = self.wordings[number]
        steep = _slope(wording.shot) > STEEP
        places = [
            (price + _NARROWER * sqrt(narrower), box, lines)
            for narrower, lines in enumerate((wording.lines, *wording.narrow))
            for price, box in (self._level(wording, lines) if steep else self._along(wording, lines, common))
        ]
        return self._take(number, places, wording.lane, 3.0 if steep else _CROSSING)

    def _take(
        self,
        number: int,
        places: list[tuple[float, Box, tuple[str, ...]]],
        lane: tuple[float, float],
        price: float,
        *,
        toward: Point | None = None,
    ) -> bool:
        """Take the cheapest free place; each crossing of another arrow costs `price`."""
        wording, own = self.wordings[number], self.lines[number]
        bounds = [box.bounds for _, box, _ in places]
        top, bottom = min(bound[1] for bound in bounds), max(bound[3] for bound in bounds)
        near = [line for line in self._near(top, bottom) if line is not own]
        best: tuple[float, Box, tuple[str, ...], int] | None = None
        for cost, box, lines in sorted(places, key=lambda place: place[0]):
            if best is not None and cost >= best[0]:
                break
            if self._outside(box, lane) or self.taken.covered(box):
                continue
            crossings = _crossings(box, near, inf if best is None else (best[0] - cost) / price)
            airy = Box(box.x, box.y, box.width + 14, box.height, box.angle)
            total = cost + price * crossings + _TOUCHING * self.taken.covered(airy)
            if best is None or total < best[0]:
                best = (total, box, lines, crossings)
        if best is None:
            return False
        _, box, lines, crossings = best
        self.taken.add(box)
        shot = wording.shot
        self.labels += labels_in(box, lines, wording.role, halo=True, tip=shot.tip, toward=toward, serial=shot.serial)
        if crossings:
            self.struck.append(number)
        if len(wording.ends) > 1 and lines == wording.ends[-1]:
            self.shortened.append(number)
        gap = box.cuts(own)
        if gap is not None:
            self.gaps[number] = gap
        return True

    def _outside(self, box: Box, lane: tuple[float, float]) -> bool:
        left, top, right, bottom = box.bounds
        return left < lane[0] or right > lane[1] or top < self.top or bottom > self.bottom

    # ------------------------------------------------------------------ bundles

    def _common(self, bundle: list[int]) -> Spot:
        """Return the spot that suits a bundle best."""
        shot = self.wordings[bundle[0]].shot
        if len(bundle) == 1 or _slope(shot) > STEEP:
            return Spot((shot.x0 + shot.x1) / 2)
        left, right = self.wordings[bundle[0]].lane
        middle = (left + right) / 2
        members = [number for number in bundle if self.wordings[number].lines]
        near = {
            number: [
                line
                for line in self._near(self.wordings[number].shot.y0 - 20, self.wordings[number].shot.y1 + 20)
                if line is not self.lines[number]
            ]
            for number in members
        }
        best, cheapest = Spot(middle), inf
        for step, below in product(range(_PLACES), (False, True)):
            x = middle + (right - left) * 0.4 * ((step + 1) // 2) / (_PLACES // 2) * (-1 if step % 2 else 1)
            cost = len(members) * (abs(x - middle) / 40 + _BELOW * below)
            for number in members:
                if cost >= cheapest:
                    break
                cost += self._price(number, x, near[number], below=below)
            if cost < cheapest:
                best, cheapest = Spot(x, below), cost
        return best

    def _price(self, number: int, x: float, near: list[Line], *, below: bool) -> float:
        wording = self.wordings[number]
        extent = _extent(wording, wording.lines)
        box = _beside(wording, wording.lines, min(max(x, extent[0]), extent[1]), below=below)
        if self._outside(box, wording.lane) or self.taken.covered(box):
            return _COVERED
        return _CROSSING * sum(box.crossed_by(line) for line in near)

    @staticmethod
    def _along(wording: Wording, lines: tuple[str, ...], common: Spot) -> list[Place]:
        """Return the places for an arrow's label, each with its price."""
        low, high = _extent(wording, lines)
        x0 = min(max(common.x, low), high)
        places = []
        for step in range(-1, _PLACES):
            x = x0 if step < 0 else low + (high - low) * step / (_PLACES - 1)
            for below in (common.below, not common.below):
                price = abs(x - x0) / 40 + _BELOW * (below is not common.below)
                places.append((price, _beside(wording, lines, x, below=below)))
                places.append((price + _FARTHER, _beside(wording, lines, x, below=below, away=6.0)))
        return places

    @staticmethod
    def _level(wording: Wording, lines: tuple[str, ...]) -> list[Place]:
        """Return level places near the sender of a steep arrow, then places that interrupt its line."""
        shot = wording.shot
        wide, tall = block(lines, wording.role)
        way = 1 if shot.x1 >= shot.x0 else -1
        places = []
        for step in range(8):
            x, y = shot.x0 + way * (7 + wide / 2 + 12 * step), shot.y0 - tall / 2 - 1
            places.append((0.5 * step, Box(x, y, wide, tall)))
        for step in range(1, 10):
            part = step / 10
            x, y = shot.x0 + (shot.x1 - shot.x0) * part, shot.y0 + (shot.y1 - shot.y0) * part
            places.append((_CROSSING + step, Box(x, y, wide, tall)))
        return places

    # ------------------------------------------------------------------ at the end

    @staticmethod
    def _at_end(wording: Wording, lines: tuple[str, ...]) -> list[Place]:
        """Return places for words at an arrow's end: where it would go on, level beyond, before, above and below it."""
        shot = wording.shot
        wide, tall = block(lines, wording.role)
        way = 1 if shot.x1 >= shot.x0 else -1
        slope = _slope(shot)
        angle = -slope * way
        places = []
        if slope <= STEEP:
            reach = (CROSS + 3 + wide / 2) / shot.length if shot.length else 0.0
            x, y = shot.x1 + (shot.x1 - shot.x0) * reach, shot.y1 + (shot.y1 - shot.y0) * reach
            places.append((0.0, Box(x, y, wide, tall, angle)))
            back = 1 - (wide / 2 + 1) / shot.length if shot.length else 1.0
            x, y = shot.x0 + (shot.x1 - shot.x0) * back, shot.y0 + (shot.y1 - shot.y0) * back
            off = CROSS + 1.5 + tall / 2
            for price, side in ((2.0, 1), (2.5, -1)):
                down_x, down_y = side * off * sin(radians(angle)), side * off * cos(radians(angle))
                places.append((price, Box(x + down_x, y + down_y, wide, tall, angle)))
        beyond = shot.x1 + way * (CROSS + 4 + wide / 2)
        places += [(0.5 + 0.1 * abs(dy), Box(beyond, shot.y1 + dy, wide, tall)) for dy in (0, 4, -4, 8, -8)]
        near = CROSS + 1.5 + tall / 2
        for dy in (near, -near):
            places += [
                (3.0, Box(shot.x1 + way * shift, shot.y1 + dy, wide, tall)) for shift in (0, wide / 2, -wide / 2)
            ]
        return places


def bundles(wordings: list[Wording]) -> list[list[int]]:
    """Return the numbers of arrows that run side by side, as groups, in the order of the first of each."""
    groups: list[list[int]] = []
    latest: dict[tuple[float, bool], list[int]] = {}
    for number, wording in enumerate(wordings):
        shot = wording.shot
        way = (shot.x0, shot.x1 > shot.x0)
        group = latest.get(way)
        if group is not None:
            last = wordings[group[-1]].shot
            if shot.y0 - last.y0 <= ALONGSIDE and abs(_slope(shot) - _slope(last)) <= ALIKE:
                group.append(number)
                continue
        latest[way] = [number]
        groups.append(latest[way])
    return groups


def _extent(wording: Wording, lines: tuple[str, ...]) -> tuple[float, float]:
    """Return the least and the greatest x of the middle of an arrow's label such that it stays beside the arrow."""
    shot = wording.shot
    wide, tall = block(lines, wording.role)
    slope = radians(_slope(shot))
    half = (wide * cos(slope) + tall * sin(slope)) / 2 + 1
    way = 1 if shot.x1 >= shot.x0 else -1
    end = shot.x1 - way * (CROSS + 2) if shot.cross else shot.x1
    left = max(min(shot.x0, end), wording.lane[0])
    right = min(max(shot.x0, end), wording.lane[1])
    low, high = left + half, right - half
    if low <= high:
        return low, high
    return (low, low) if way > 0 else (high, high)


def _crossings(box: Box, lines: list[Line], enough: float) -> int:
    """Return how many lines pass through a box; counted no further than `enough`."""
    count = 0
    for line in lines:
        if box.crossed_by(line):
            count += 1
            if count > enough:
                break
    return count


def _slope(shot: Shot) -> float:
    """Return how steeply an arrow falls, in degrees."""
    return degrees(atan2(shot.y1 - shot.y0, abs(shot.x1 - shot.x0)))


def _beside(wording: Wording, lines: tuple[str, ...], x: float, *, below: bool, away: float = 0.0) -> Box:
    """Return the box for an arrow's label beside the arrow at x, parallel to it, `away` from its usual distance."""
    shot = wording.shot
    wide, tall = block(lines, wording.role)
    angle = _slope(shot) * (1 if shot.x1 < shot.x0 else -1)
    run = shot.x1 - shot.x0
    y = shot.y0 + (shot.y1 - shot.y0) * (x - shot.x0) / run if run else shot.y0
    off = (tall / 2 + CLEAR + away) * (-1 if below else 1)
    return Box(x - sin(radians(angle)) * off, y - cos(radians(angle)) * off, wide, tall, angle)
