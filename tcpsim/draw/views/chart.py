"""A page with a graph or several: lines, areas and words at their places, in points, x to the right and y downward.

Rule 1. Nothing here knows a trace. A test can ask a chart whether two labels overlap or anything leaves the page.
Rule 2. What a curve is, stands at its right end, in its colour; labels that would meet are moved apart, and a thin line
        leads back. What a mark is, stands in a row of samples above the graphs.
Rule 3. Above are a title, what view this is, and where the answer stands; below what is not drawn, and a caption.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..canvas import Paper, plain_settings
from ..measure import AIR, drawable, width, wrap
from ..page import Box, Label
from ..palette import FAINT, GREY, LIGHT, PAPER, RULE, TYPES
from ..words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..framing import Caption
    from ..page import Line, Point
    from ..palette import Theme
    from ..scene import Moment
    from .axes import TimeAxis, ValueAxis

MARGIN: Final = 26.0
LONGEST: Final = 2000
"""The most characters of an answer that are drawn."""
CROSS: Final = 3.4
"""Half the width of a cross, points."""
INSET: Final = 9.0
"""So far the axes go on to the left and to the right of the first and the last moment, points."""
SAMPLE: Final = 18.0
"""The width of a sample in the row above the graphs, points."""


@dataclass(frozen=True, slots=True)
class Ink:
    """How a line is drawn: colour, width in points, lengths of ink and gap."""

    colour: str
    width: float = 1.2
    dashes: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points; `over` orders what covers what, `tip` has more words."""

    points: tuple[Point, ...]
    ink: Ink
    over: float = 2.0
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon, striped or not; an `edge` is a thin line around it."""

    points: tuple[Point, ...]
    fill: str
    edge: str = "none"
    over: float = 1.0
    tip: str = ""
    striped: bool = False


@dataclass(slots=True)
class Chart:
    """What is on a page. `width` and `height` grow with what is put there, until `bytes`."""

    title: str = ""
    width: float = 0.0
    height: float = 0.0
    labels: list[Label] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)

    # ------------------------------------------------------------------ words

    def write(self, text: str, role: str, x: float, y: float, side: int = 1, *, tip: str = "") -> Label:
        """Write a line of text whose middle is at height y: from x to the right (1), to the left (-1), around x (0)."""
        said = drawable(text, TYPES[role])
        wide = width(said, TYPES[role])
        middle = x + side * wide / (2 * AIR)  # the box is wider than its words, which are to begin at x
        label = Label(said, role, Box(middle, y, wide, TYPES[role].height), tip=tip)
        self.labels.append(label)
        return label

    def head(self, title: str, view: str, source: str, wide: float) -> float:
        """Write what stands above the graphs, lines of at most `wide` points; return where they may begin."""
        self.title = f"{title}: {view}" if title else view
        return self._lines(((title, "title", 2), (view, "above", 3), (source, "source", 2)), MARGIN, wide) + 8

    def foot(self, sentences: Iterable[str], caption: Caption | None, y: float, wide: float) -> float:
        """Write what is to be said below the graphs, and a caption; return where it ends."""
        y = self._lines([(sentence, "footer", 4) for sentence in sentences], y, wide)
        if caption is None:
            return y
        told = ((caption.question, "question", 4), (caption.answer, "answer", 12), (caption.source, "cite", 3))
        return self._lines([(clean(text, LONGEST), role, lines) for text, role, lines in told], y + 8, wide)

    def _lines(self, paragraphs: Iterable[tuple[str, str, int]], y: float, wide: float) -> float:
        for text, role, lines in paragraphs:
            for line in wrap(text, TYPES[role], wide, lines) if text else ():
                tall = TYPES[role].height * 1.3
                self.write(line, role, MARGIN, y + tall / 2)
                y += tall
        return y

    def finish(self, wide: float, tall: float) -> None:
        """Give the page its size: so much, and a margin to the right and below."""
        self.width, self.height = wide + MARGIN, tall + MARGIN

    # ------------------------------------------------------------------ shapes

    def line(self, points: Sequence[Point], ink: Ink, *, over: float = 2.0, tip: str = "") -> None:
        """Draw a line, if there is any."""
        if len(points) > 1:
            self.curves.append(Curve(tuple(points), ink, over, tip))

    def cross(self, x: float, y: float, ink: Ink, half: float = CROSS, *, over: float = 4.0, tip: str = "") -> None:
        """Draw a cross around a point."""
        for sign in (1, -1):
            self.line([(x - half, y - sign * half), (x + half, y + sign * half)], ink, over=over, tip=tip)

    def diamond(
        self, x: float, y: float, half: float, fill: str, edge: str, *, over: float = 4.0, tip: str = ""
    ) -> None:
        """Draw a diamond around a point."""
        self.areas.append(Area(((x - half, y), (x, y - half), (x + half, y), (x, y + half)), fill, edge, over, tip))

    def bounds(self) -> Line:
        """Return left, top, right and bottom of everything on the page."""
        boxes = [label.box.bounds for label in self.labels]
        boxes += [(x, y, x, y) for curve in self.curves for x, y in curve.points]
        boxes += [(x, y, x, y) for area in self.areas for x, y in area.points]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True) if boxes else ((0.0,), (0.0,), (0.0,), (0.0,))
        return min(lefts), min(tops), max(rights), max(bottoms)

    def bytes(self, format: str, theme: Theme = LIGHT) -> bytes:
        """Return the page as a file, one of canvas.FORMATS."""
        with plain_settings():
            paper = Paper(self.width, self.height, theme)
            for area in self.areas:
                paper.area(
                    area.points, area.fill, area.edge, 0.0 if area.edge == "none" else 0.7, over=area.over, tip=area.tip
                )
                if area.striped:
                    (left, top), (right, bottom) = area.points[0], area.points[2]
                    paper.stripes(left, top, right, bottom, area.edge, over=area.over)
            for curve in self.curves:
                ink = curve.ink
                paper.line(curve.points, ink.colour, ink.width, dashes=ink.dashes, over=curve.over, tip=curve.tip)
            for label in self.labels:
                paper.text(label)
            return paper.bytes(format, self.title)


@dataclass(slots=True)
class Panel:
    """A graph on a chart: its upper left corner and its two axes.

    Attributes:
        left, top: points; the axes go on to the left and to the right by INSET.
        ends: the labels asked for by `name_end`.
    """

    chart: Chart
    left: float
    top: float
    time: TimeAxis
    value: ValueAxis
    ends: list[tuple[float, str, str]] = field(default_factory=list)

    @property
    def right(self) -> float:
        """Where the time axis ends."""
        return self.left + self.time.width

    @property
    def bottom(self) -> float:
        """Where the value axis begins."""
        return self.top + self.value.height

    def x(self, time: int) -> float:
        """Return where a time lies on the page."""
        return self.left + self.time.x(time)

    def at(self, moment: Moment) -> float:
        """Return where a moment lies on the page, one of those that the time axis is made of."""
        return self.left + self.time.at(moment)

    def y(self, value: float) -> float:
        """Return where a value lies on the page."""
        return self.bottom - self.value.y(value)

    def frame(self, *, numbers: bool = True, times: bool = True, time_name: bool = True) -> None:
        """Draw the axes: guide lines, round numbers on the left, times below, folds across."""
        chart = self.chart
        for mark in self.value.marks():
            y = self.bottom - mark.at
            ends = [(self.left - INSET, y), (self.right + INSET, y)]
            chart.line(ends, Ink(RULE, 0.6) if mark.at else Ink(GREY, 0.9), over=0)
            if numbers:
                chart.write(mark.text, "tick", self.left - INSET - 5, y, -1)
        for tick in self.time.marks():
            x = self.left + tick.at
            chart.line([(x, self.bottom), (x, self.bottom + 4)], Ink(GREY, 0.9))
            if times:
                chart.write(tick.text, "tick", x, self.bottom + 11, 0)
        for start, end in self.time.stretched:
            piece = [(self.left + start, self.bottom), (self.left + end, self.bottom)]
            chart.line(piece, Ink(PAPER, 1.2), over=0.1)
            chart.line(piece, Ink(GREY, 0.9, (1.3, 1.7)), over=0.2)
        if times and time_name:
            chart.write(f"time, {self.time.unit[0]}", "tick", self.right, self.bottom + 24, -1)
        self.fold(words=times)

    def fold(self, *, words: bool) -> None:
        """Break the graph where silence is folded."""
        for gap in self.time.folds:
            left, right = self.left + gap.start + 3, self.left + gap.end - 3
            top, bottom = self.top - 2, self.bottom + 5
            self.chart.areas.append(Area(((left, top), (right, top), (right, bottom), (left, bottom)), PAPER, over=4.5))
            for x in (left, right):
                self.chart.line([(x, top), (x, bottom)], Ink(FAINT, 0.9, (2.0, 2.0)), over=4.6)
            if words:
                self.chart.write(gap.text, "silence small", (left + right) / 2, self.bottom + 11, 0)

    def steps(
        self, course: Sequence[tuple[int, int | None]], ink: Ink, *, most: int | None = None, over: float = 2.0
    ) -> None:
        """Draw a course of steps up to the end of the axis, INSET behind the last moment: so its last step is seen.

        A value beyond `most` is not drawn.
        """
        last = self.time.keys[-1][0]
        pieces: list[list[Point]] = [[]]
        for place, (time, value) in enumerate(course):
            if value is None or (most is not None and value > most):
                pieces.append([])
                continue
            until = course[place + 1][0] if place + 1 < len(course) else last + 1
            end = self.right + INSET if until > last else self.x(until)
            pieces[-1] += [(self.x(time), self.y(value)), (end, self.y(value))]
        for points in pieces:
            self.chart.line(points, ink, over=over)

    def name_end(self, value: float, text: str, role: str) -> None:
        """Ask for a label at the right end of a curve whose last value this is."""
        self.ends.append((self.y(value), text, role))

    def write_ends(self) -> float:
        """Write the labels of the curves' ends, moved apart; return how far to the right they reach."""
        reach = self.right + INSET
        tall = TYPES["tick"].height * 1.25
        floor = max(self.bottom, self.top + tall * len(self.ends))
        wanted = sorted(self.ends)
        places = [y for y, _, _ in wanted]
        for number in range(1, len(places)):
            places[number] = max(places[number], places[number - 1] + tall)
        below = floor
        for number in range(len(places) - 1, -1, -1):
            places[number] = min(places[number], below)
            below = places[number] - tall
        edge = self.right + INSET
        for (y, text, role), place in zip(wanted, places, strict=True):
            if abs(place - y) > 2:
                self.chart.line([(edge + 1, y), (edge + 8, place)], Ink(FAINT, 0.8))
            label = self.chart.write(text, role, edge + 11, place)
            reach = max(reach, label.box.bounds[2])
        return reach
