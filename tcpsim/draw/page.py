"""A page with everything at its place, in points, x to the right and y downward.

This is what a layout ends in and what a drawing starts from. Nothing here knows a trace: a label
has its text, its box and its type; a test can ask whether two boxes overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, hypot, radians, sin
from typing import TYPE_CHECKING, Final

from .palette import TYPES

if TYPE_CHECKING:
    from ..tcp.diagram import State
    from ..tcp.units import Time
    from .measure import Type

Point = tuple[float, float]
Line = tuple[float, float, float, float]
"""x0, y0, x1, y1."""
EPSILON: Final = 1e-6
"""Boxes that share less than this, in points, touch."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its centre, width and height, turned by `angle` degrees (positive: as text that rises)."""

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """The four corners, in order around the box."""
        cosine, sine = cos(radians(self.angle)), sin(radians(self.angle))
        half, tall = self.width / 2, self.height / 2
        ends = ((-half, -tall), (half, -tall), (half, tall), (-half, tall))
        a, b, c, d = ((self.x + dx * cosine + dy * sine, self.y - dx * sine + dy * cosine) for dx, dy in ends)
        return a, b, c, d

    @property
    def bounds(self) -> Line:
        """Left, top, right and bottom of the upright rectangle around the box."""
        if not self.angle:
            half, tall = self.width / 2, self.height / 2
            return self.x - half, self.y - tall, self.x + half, self.y + tall
        cosine, sine = abs(cos(radians(self.angle))), abs(sin(radians(self.angle)))
        across = (self.width * cosine + self.height * sine) / 2
        down = (self.width * sine + self.height * cosine) / 2
        return self.x - across, self.y - down, self.x + across, self.y + down

    def overlaps(self, other: Box) -> bool:
        """Return whether the two boxes share more than an edge."""
        a, b = self.bounds, other.bounds
        if a[0] >= b[2] - EPSILON or b[0] >= a[2] - EPSILON or a[1] >= b[3] - EPSILON or b[1] >= a[3] - EPSILON:
            return False
        if not self.angle and not other.angle:
            return True
        return not (self._separates(other) or other._separates(self))

    def _separates(self, other: Box) -> bool:
        """Return whether one of this box's two directions is an axis on which the boxes lie apart."""
        turn = radians(other.angle - self.angle)
        cosine, sine = abs(cos(turn)) / 2, abs(sin(turn)) / 2
        own_cosine, own_sine = cos(radians(self.angle)), sin(radians(self.angle))
        dx, dy = other.x - self.x, other.y - self.y
        along = self.width / 2 + other.width * cosine + other.height * sine
        across = self.height / 2 + other.width * sine + other.height * cosine
        return (
            abs(dx * own_cosine - dy * own_sine) >= along - EPSILON
            or abs(dx * own_sine + dy * own_cosine) >= across - EPSILON
        )

    def crossed_by(self, line: Line) -> bool:
        """Return whether a line passes through the box."""
        return self.cuts(line) is not None

    def cuts(self, line: Line) -> tuple[float, float] | None:
        """Return from and to which part of its length (0 to 1) a line lies within the box, or None."""
        x0, y0, x1, y1 = line
        dx, dy = x1 - x0, y1 - y0
        off = dx * (self.y - y0) - dy * (self.x - x0)
        if 4 * off * off > (dx * dx + dy * dy) * (self.width * self.width + self.height * self.height):
            return None  # most lines pass the box at a distance
        left, top, right, bottom = self.bounds
        if max(x0, x1) <= left or min(x0, x1) >= right or max(y0, y1) <= top or min(y0, y1) >= bottom:
            return None
        cosine, sine = cos(radians(self.angle)), sin(radians(self.angle))
        low, high = 0.0, 1.0
        ends = [((x - self.x) * cosine - (y - self.y) * sine, (x - self.x) * sine + (y - self.y) * cosine)
                for x, y in ((x0, y0), (x1, y1))]  # fmt: skip
        for start, end, half in ((ends[0][0], ends[1][0], self.width / 2), (ends[0][1], ends[1][1], self.height / 2)):
            if abs(end - start) < 1e-9:
                if abs(start) >= half:
                    return None
                continue
            near, far = sorted(((-half - start) / (end - start), (half - start) / (end - start)))
            low, high = max(low, near), min(high, far)
        return (low, high) if low < high else None


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text in its box.

    `role` names its type; `halo`: it hides the guide lines behind it; `tip`: more words; `serial`: of the record
    that it tells of, if it is one.
    """

    text: str
    role: str
    box: Box
    halo: bool = False
    tip: str = ""
    serial: int | None = None

    @property
    def type(self) -> Type:
        """Typeface, size and ink."""
        return TYPES[self.role]


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a lifeline: a connection in one state, from y0 down to y1; `serial`: of the move into it."""

    x0: float
    x1: float
    y0: float
    y1: float
    state: State
    host: int
    start: Time | None
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """An arrow: from (x0, y0) to (x1, y1).

    Attributes:
        look: "sent", "again" (retransmission), "network" (copy, held, injected) or "lost".
        head: whether it ends in an arrowhead; hollow if the segment was `unused`.
        cross: whether it ends in a cross.
        serial: the trace's serial number of its start. tip: more words.
        sent_at, ends_at: times of its ends in nanoseconds.
        gaps: stretches of it that are not drawn, each from and to as parts of its length: where its
            own words interrupt it, or a fold does.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    look: str
    head: bool
    cross: bool
    unused: bool
    serial: int
    tip: str
    sent_at: Time
    ends_at: Time
    gaps: tuple[tuple[float, float], ...] = ()

    @property
    def line(self) -> Line:
        """The line as four numbers."""
        return self.x0, self.y0, self.x1, self.y1

    @property
    def length(self) -> float:
        """How long it is, in points."""
        return hypot(self.x1 - self.x0, self.y1 - self.y0)


@dataclass(frozen=True, slots=True)
class Bracket:
    """A timer's run beside a lifeline: a line at x from y0 to y1 with feet toward `side` (-1 left, 1 right).

    `serial`: of the record that set the timer.
    """

    x: float
    y0: float
    y1: float
    side: int
    outcome: str
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """Time folded away at height y: `silence` nanoseconds in which nothing happens but that packets are under way.

    `flying`: how many of them; 0 where nothing happens at all.
    """

    y: float
    silence: Time
    flying: int = 0


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis."""

    y: float
    time: Time


@dataclass(frozen=True, slots=True)
class AxisPiece:
    """A stretch of the time axis; `stretched` where it is longer than its time, to make room."""

    y0: float
    y1: float
    stretched: bool


@dataclass(frozen=True, slots=True)
class Post:
    """A middlebox between two lifelines: an upright line at x, from `top` to the end of the lifelines."""

    x: float
    top: float
    name: str


@dataclass(slots=True)
class Page:
    """A whole ladder. `scale`: points for a nanosecond where time is true to scale."""

    width: float
    height: float
    title: str
    axis_x: float = 0.0
    top: float = 0.0
    bottom: float = 0.0
    scale: float = 0.0
    labels: list[Label] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    folds: list[Fold] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    axis: list[AxisPiece] = field(default_factory=list)
    chips: list[Box] = field(default_factory=list)
    """Boxes behind what the application calls."""
    bands: list[Box] = field(default_factory=list)
    """Hosts with a lifeline at each edge, and the grounds of lifelines that several connections share."""
    posts: list[Post] = field(default_factory=list)
    """Middleboxes."""
    leaders: list[Line] = field(default_factory=list)
    """Pieces of the lines from notes to the lifelines that they are about; they stop for words on their way."""
    moments: list[tuple[tuple[Time, int], float]] = field(default_factory=list)
    """Every moment that has a height of its own, time and serial number, in order, and that height."""
    guides_end: float = 0.0
    """How far to the right the guide line of a tick goes."""
    unlabelled: int = 0
    """Arrows that had to go without their words for want of room."""
    struck: int = 0
    """Words along arrows through which another arrow passes, or that had to leave out what ended it."""
