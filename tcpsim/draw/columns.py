"""Where things stand from left to right: hosts, their lifelines, and the columns beside them.

From the outside in: time axis, application, timers, states, lifeline; then the lane that the
arrows cross. The first host has its columns to the left, the last one to the right. A host between
two others becomes a band with a lifeline at each edge and its columns in between, so that arrows
from either side end at an edge and never cross its words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .measure import drawable, shorten, width, wrap, wrap_evenly
from .palette import TYPES
from .words import span, timer_name

if TYPE_CHECKING:
    from .measure import Type
    from .scene import Arrow, Moment, Remark, Scene, Stay, TimerRun

MARGIN: Final = 20.0
STRIP: Final = 16.0
"""The width of a lifeline; several connections of one host share three of them."""
LANE: Final = (236.0, 420.0)
"""The least and the greatest distance between two lifelines."""
NARROW: Final = (110.0, 170.0)
"""The same where the page is to be narrow, as on a phone."""
REMARK_WIDTH: Final = 122.0
CALL_WIDTH: Final = 172.0
"""A call stands on one line up to this width: it names an address and a port."""
LABEL_WIDTH: Final = 300.0
GAP: Final = 7.0
FOOT: Final = 5.0
TIMER_GAP: Final = 8.0


@dataclass(slots=True)
class HostColumns:
    """The columns of one host.

    Attributes:
        side: -1 columns to the left, 1 to the right, 0 a band.
        left, right: where arrows from the left and from the right end.
        edges: left edges of the lifelines (two for a band); strip: the width of one connection's strip.
        strips: the strip of each connection. out: -1 or 1, from the lifeline to its columns.
        states_x: the inner edge of the state names. lanes: the x of each timer lane's line.
        lane_of: the lane of each timer run (by its place in the scene). remarks_x: inner edge of the remarks.
        titles: lines above the lifeline, with their roles. centre: of those.
    """

    side: int
    strips: dict[int, int]
    strip: float
    titles: list[tuple[str, str]]
    lane_of: dict[int, int] = field(default_factory=dict)
    timer_widths: list[float] = field(default_factory=list)
    states_width: float = 0.0
    remarks_width: float = 0.0
    left: float = 0.0
    right: float = 0.0
    edges: tuple[float, ...] = ()
    out: int = -1
    states_x: float = 0.0
    lanes: list[float] = field(default_factory=list)
    remarks_x: float = 0.0
    centre: float = 0.0

    @property
    def rail(self) -> float:
        """The width of the whole lifeline."""
        return self.strip * (max(self.strips.values(), default=0) + 1)

    @property
    def beside(self) -> float:
        """The width of the columns beside the lifeline."""
        return self.states_width + sum(self.timer_widths) + self.remarks_width

    @property
    def title_width(self) -> float:
        """The width of the widest title."""
        return max(width(text, TYPES[role]) for text, role in self.titles)


def connection_prefix(scene: Scene, host: int, connection: int | None) -> str:
    """Return `#2 ` for a connection of a host that has several, else nothing."""
    return f"#{connection} " if connection and scene.connections.get(host, 0) > 1 else ""


def state_text(scene: Scene, stay: Stay) -> str:
    """Return the words beside a lifeline for one stay in a state."""
    return f"{connection_prefix(scene, stay.host, stay.connection)}{stay.state}"


def remark_lines(scene: Scene, remark: Remark) -> list[str]:
    """Return a remark as lines of its column."""
    text = f"{connection_prefix(scene, remark.host, remark.connection)}{remark.text}"
    style = TYPES[remark.kind]
    text = drawable(text, style)
    if remark.kind in ("call", "error"):
        if width(text, style) <= CALL_WIDTH:
            return [text]
        return wrap(_breakable(text, style, CALL_WIDTH), style, CALL_WIDTH, 4)
    return list(wrap_evenly(text, style, REMARK_WIDTH, 3))


def _breakable(text: str, style: Type, limit: float) -> str:
    """Return a text with a space within each word that is wider than a line, as a call with a long address is."""
    out = []
    for word in text.split(" "):
        rest = word
        while width(rest, style) > limit:
            most = next(size for size in range(len(rest), 0, -1) if width(rest[:size], style) <= limit or size == 1)
            cut = 1 + max(rest[:most].rfind(sign) for sign in "([,:.=")
            part = cut if cut > most // 2 else most
            out.append(rest[:part])
            rest = rest[part:]
        out.append(rest)
    return " ".join(out)


def timer_lines(scene: Scene, run: TimerRun) -> list[str]:
    """Return the words beside a bracket: name, duration, and what became of it unless it fired."""
    name = f"{connection_prefix(scene, run.host, run.connection)}{timer_name(run.timer)}"
    lines = [drawable(name, TYPES["timer"]), span(run.duration)]
    return lines if run.outcome == "fired" else [*lines, run.outcome]


def arrow_lines(arrow: Arrow) -> tuple[str, ...]:
    """Return the words along an arrow: one line if it fits, else the marks on a second one.

    A lost arrow is only half as long.
    """
    room = LABEL_WIDTH * (0.6 if arrow.fate == "lost" else 1)
    marks = f"({', '.join(arrow.marks)})" if arrow.marks else ""
    style = TYPES["sent"]
    whole = f"{arrow.text}  {marks}" if marks else arrow.text
    if width(whole, style) <= room:
        return (whole,)
    return tuple(wrap(arrow.text, style, room, 2) + ([shorten(marks, style, room)] if marks else []))


def narrow_lines(arrow: Arrow) -> tuple[tuple[str, ...], ...]:
    """Return other ways to write the words along an arrow: the marks on a second line; all in shorter lines, uncut."""
    marks = f"({', '.join(arrow.marks)})" if arrow.marks else ""
    whole, style = f"{arrow.text} {marks}".rstrip(), TYPES["sent"]
    short = wrap_evenly(whole, style, max(0.6 * width(whole, style), 100.0), 3)
    ways = [(arrow.text, marks) if marks else (), short if len(short) > 1 and " ".join(short) == whole else ()]
    return tuple(way for way in dict.fromkeys(ways) if way and way != arrow_lines(arrow))


def end_lines(arrow: Arrow, room: float) -> tuple[tuple[str, ...], ...]:
    """Return the words at an arrow's end in lines of at most `room` points: whole, in more lines, then shortened."""
    if not arrow.end_text:
        return ()
    style = TYPES["lost"]
    whole = [wrap_evenly(arrow.end_text, style, limit, 3) for limit in (room, max(room / 2, 80.0))]
    short = (drawable(arrow.fate, style),)
    return tuple(dict.fromkeys([*whole, short]))


class Columns:
    """All hosts' columns, the lanes between them, and the width of the page."""

    def __init__(
        self,
        scene: Scene,
        axis_width: float,
        least_width: float,
        more: float = 0.0,
        between: tuple[float, float] = LANE,
    ) -> None:
        self.scene, self.between = scene, between
        self.hosts = [self._measure(host) for host in range(len(scene.hosts))]
        lanes = [self._lane(number) + more for number in range(max(len(self.hosts) - 1, 1))]
        self.axis_x = MARGIN + axis_width + GAP
        self._stand(lanes)
        slack = least_width - self.width
        if slack > 0:
            self._stand([lane + slack / len(lanes) for lane in lanes])

    # ------------------------------------------------------------------ widths

    def _measure(self, host: int) -> HostColumns:
        scene, view = self.scene, self.scene.hosts[host]
        last = len(scene.hosts) - 1
        strips = _strips([stay for stay in scene.stays if stay.host == host])
        count = max(strips.values(), default=0) + 1
        titles = [(shorten(drawable(view.title, TYPES["host"]), TYPES["host"], 170), "host")]
        if view.address:
            titles.append((shorten(drawable(view.address, TYPES["address"]), TYPES["address"], 170), "address"))
        columns = HostColumns(
            -1 if host == 0 else 1 if host == last else 0, strips, max(3.0, min(STRIP, 3 * STRIP / count)), titles
        )
        runs = [(place, run) for place, run in enumerate(scene.timers) if run.host == host]
        columns.lane_of, count = _interval_lanes([(place, run.start, run.end) for place, run in runs])
        columns.timer_widths = [0.0] * count
        for place, run in runs:
            wide = max(width(line, TYPES["timer"]) for line in timer_lines(scene, run)) + TIMER_GAP + 2 * FOOT
            lane = columns.lane_of[place]
            columns.timer_widths[lane] = max(columns.timer_widths[lane], wide)
        names = [state_text(scene, stay) for stay in scene.stays if stay.host == host]
        columns.states_width = max((width(name, TYPES["state"]) for name in names), default=0.0) + 2 * GAP
        remarks = [
            width(line, TYPES[remark.kind])
            for remark in scene.remarks if remark.host == host for line in remark_lines(scene, remark)
        ]  # fmt: skip
        columns.remarks_width = max(remarks) + 2 * GAP + 6 if remarks else 0.0
        return columns

    def _lane(self, number: int) -> float:
        """Return the distance between two neighbouring lifelines."""
        here = [
            arrow for arrow in self.scene.arrows
            if min(arrow.source, arrow.target) <= number < max(arrow.source, arrow.target)
            or arrow.source == arrow.target
        ]  # fmt: skip
        wide = max((_needed(arrow) for arrow in here), default=0.0)
        wide = max(wide, _crossing_width(here) - 40)
        ends = max((width(arrow.end_text, TYPES["lost"]) for arrow in here), default=0.0)
        least, most = self.between
        lane = min(max(least, wide + 84, min(ends, 130) * 2 + 50), most)
        titles = sum(host.title_width / 2 for host in self.hosts[number : number + 2] if host.side)
        return max(lane, titles + 24)

    # ------------------------------------------------------------------ places

    def _stand(self, lanes: list[float]) -> None:
        self.width = 0.0
        x = self.axis_x
        for number, host in enumerate(self.hosts):
            if host.side == -1:
                x = max(x + host.beside + GAP, MARGIN + host.title_width / 2 - host.rail / 2)
                host.edges = (x,)
                host.left, host.right = x, x + host.rail
                self._columns(host, x, -1)
                host.centre = x + host.rail / 2
                x += host.rail
            else:
                x += lanes[number - 1]
                x = self._far_host(host, x)
        lone = len(self.hosts) == 1
        last = self.hosts[-1] if self.hosts else None
        ends = [x + lanes[-1] if lone else x]
        ends += [last.centre + last.title_width / 2] if last is not None else []
        self.width = max(ends) + MARGIN

    def _far_host(self, host: HostColumns, x: float) -> float:
        """Put down a host that is not the first; return where it ends."""
        host.left = x
        if host.side == 1:
            host.edges = (x,)
            host.right = x + host.rail
            host.centre = x + host.rail / 2
            self._columns(host, host.right, 1)
            return host.right + host.beside
        inner = max(host.beside, host.title_width - 2 * host.rail)
        host.edges = (x, x + host.rail + inner)
        host.right = x + inner + 2 * host.rail
        host.centre = (x + host.right) / 2
        self._columns(host, x + host.rail, 1)
        return host.right

    @staticmethod
    def _columns(host: HostColumns, edge: float, out: int) -> None:
        host.out = out
        host.states_x = edge + out * GAP
        x = edge + out * host.states_width
        host.lanes = []
        for wide in host.timer_widths:
            host.lanes.append(x + out * FOOT)
            x += out * wide
        host.remarks_x = x + out * GAP

    def ends(self, arrow: Arrow) -> tuple[float, float]:
        """Return the x at which an arrow starts and the x at which it would arrive."""
        source, target = self.hosts[arrow.source], self.hosts[arrow.target]
        if arrow.source < arrow.target:
            return source.right, target.left
        if arrow.source > arrow.target:
            return source.left, target.right
        # The trace knows no receiver: it goes toward the nearest lane.
        if source.side == 1 and len(self.hosts) > 1:
            return source.left, source.left - self.between[0] * 0.8
        return source.right, source.right + self.between[0] * 0.8

    def lane(self, arrow: Arrow) -> tuple[float, float]:
        """Return the left and right edge of the lane beside an arrow's sender."""
        start, end = self.ends(arrow)
        if end > start:
            rest = [host.left for host in self.hosts if host.left > start]
            return start, min(rest, default=max(end, self.width - MARGIN))
        return max((host.right for host in self.hosts if host.right < start), default=min(end, MARGIN)), start

    def last_lane(self, arrow: Arrow) -> tuple[float, float]:
        """Return the left and right edge of the lane beside an arrow's receiver."""
        start, end = self.ends(arrow)
        if end > start:
            return max(host.right for host in self.hosts if host.right < end), end
        return end, min(host.left for host in self.hosts if host.left > end)


def _needed(arrow: Arrow) -> float:
    """Return how long an arrow has to be, level, for its words; a lost one ends half way."""
    wide = max(width(line, TYPES["sent"]) for line in arrow_lines(arrow))
    return 2 * wide - 54 if arrow.fate == "lost" else wide


def _crossing_width(arrows: list[Arrow]) -> float:
    """Return how wide the labels of two arrows are that cross each other, side by side; of the widest such pair."""
    widest = 0.0
    for place, arrow in enumerate(arrows):
        for other in arrows[place + 1 : place + 40]:
            if other.start >= arrow.end:
                break
            if other.source != arrow.source and other.end > arrow.start:
                pair = (max(width(line, TYPES["sent"]) for line in arrow_lines(each)) for each in (arrow, other))
                widest = max(widest, sum(pair))
    return widest


def _strips(stays: list[Stay]) -> dict[int, int]:
    """Give each connection of a host a strip; one that has ended in CLOSED leaves its strip to a later one."""
    spans: dict[int, tuple[Moment, Moment]] = {}
    never: Moment = (1 << 62, 0)
    for stay in stays:
        start = spans[stay.connection][0] if stay.connection in spans else stay.start or (-1, -1)
        ended = stay.start if stay.end is None and str(stay.state) == "CLOSED" and stay.start else None
        spans[stay.connection] = (start, ended or never)
    lanes, _ = _interval_lanes([(connection, start, end) for connection, (start, end) in spans.items()])
    return lanes


def _interval_lanes(spans: list[tuple[int, Moment, Moment]]) -> tuple[dict[int, int], int]:
    """Give each interval the first lane that is free; return the lanes by name, and their number."""
    free_from: list[Moment] = []
    lanes: dict[int, int] = {}
    for name, start, end in sorted(spans, key=lambda span: span[1]):
        lane = next((number for number, free in enumerate(free_from) if free <= start), len(free_from))
        if lane == len(free_from):
            free_from.append(end)
        free_from[lane] = end
        lanes[name] = lane
    return lanes, len(free_from)
