"""The state diagram, drawn from its rows: what drives every endpoint is what the picture shows.

Rule 1. Every row of FIGURE_5 is one solid edge with its event over its action, laid out as
        RFC 9293 lays out Figure 5. A row without a route here is an error, not an omission.
Rule 2. Every row of BEYOND_THE_FIGURE is dashed. Those that lead to CLOSED are bundled: one edge from
        each state to a small CLOSED beside it, with the list of their events.
Rule 3. The path that a host took is marked by numbers along the edges, and by words in the table.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from itertools import zip_longest
from math import hypot
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..tcp.diagram import (
    BEYOND_THE_FIGURE,
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    EDGES,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    Edge,
    Event,
    State,
)
from ..trace import Moved
from .canvas import Paper, format_of, plain_settings
from .measure import AIR, drawable, shorten, width, wrap
from .page import Box, Label, Point
from .palette import GREY, INK, LIGHT, MARKS, PAPER, STATE_FILL, TYPES
from .words import Clock, clean, to_ascii

if TYPE_CHECKING:
    from ..trace import Trace
    from .palette import Theme

LEFT: Final = 258.0
MIDDLE: Final = 528.0
RIGHT: Final = 798.0
PAGE: Final = (1056.0, 990.0)
BOX_WIDTH: Final = 104.0

PLACES: Final[dict[State, Box]] = {
    CLOSED: Box(MIDDLE, 124, BOX_WIDTH, 34),
    LISTEN: Box(MIDDLE, 232, BOX_WIDTH, 34),
    SYN_RECEIVED: Box(LEFT, 378, BOX_WIDTH, 124),
    SYN_SENT: Box(RIGHT, 378, BOX_WIDTH, 124),
    ESTABLISHED: Box(MIDDLE, 516, BOX_WIDTH, 34),
    FIN_WAIT_1: Box(LEFT, 630, BOX_WIDTH, 74),
    CLOSE_WAIT: Box(RIGHT, 630, BOX_WIDTH, 74),
    FIN_WAIT_2: Box(LEFT, 752, BOX_WIDTH, 34),
    CLOSING: Box(MIDDLE, 752, BOX_WIDTH, 34),
    LAST_ACK: Box(RIGHT, 752, BOX_WIDTH, 34),
    TIME_WAIT: Box(MIDDLE, 862, BOX_WIDTH, 34),
}
"""Where each state stands, as in Figure 5."""
CLOSED_AGAIN: Final = Box(RIGHT, 862, BOX_WIDTH, 34)
"""Like the RFC, the figure shows CLOSED a second time at its foot."""

_LAST: Final = (LAST_ACK, TIME_WAIT)
_SMALL: Final = (52.0, 16.0)
_BUNDLES: Final[dict[State, tuple[float, float]]] = {
    LISTEN: (112.0, 0.0), SYN_RECEIVED: (-150.0, 0.0), SYN_SENT: (150.0, 0.0), ESTABLISHED: (124.0, 0.0),
    FIN_WAIT_1: (-150.0, 0.0), CLOSE_WAIT: (150.0, 0.0), FIN_WAIT_2: (-150.0, 0.0), CLOSING: (124.0, 0.0),
    LAST_ACK: (150.0, 0.0), TIME_WAIT: (0.0, 52.0),
}  # fmt: skip
"""Where the small CLOSED of each state stands, from that state's middle."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one edge: its corners, where its words stand ("on" a level stretch, "left" or "right" of one
    that is upright), and at which place.
    """

    points: tuple[Point, ...]
    side: str
    at: Point


def _routes() -> dict[tuple[State, Event, State], Route]:
    """Return the way of each edge that is drawn on its own."""
    c, li, r, s, e = (PLACES[state] for state in (CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT, ESTABLISHED))
    f1, cw, f2, cl, la, tw = (
        PLACES[state] for state in (FIN_WAIT_1, CLOSE_WAIT, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT)
    )
    half, low = BOX_WIDTH / 2, 17.0
    left, mid, right = LEFT, MIDDLE, RIGHT
    inner = (left + half + mid - 13) / 2, (right - half + mid + 13) / 2

    def upright(x: float, y0: float, y1: float, side: str) -> Route:
        return Route(((x, y0), (x, y1)), side, (x, (y0 + y1) / 2))

    def bent(x: float, y0: float, y1: float, x1: float, at: float) -> Route:
        """Down from a box, then level to another."""
        return Route(((x, y0), (x, y1), (x1, y1)), "on", (at, y1))

    def dropping(x0: float, y0: float, x: float, y1: float, at: float) -> Route:
        """Level from a box, then down to another."""
        return Route(((x0, y0), (x, y0), (x, y1)), "on", (at, y0))

    top = s.y - 62
    return {
        (CLOSED, Event.ACTIVE_OPEN, SYN_SENT): Route(
            ((mid + half, c.y - 7), (right + 26, c.y - 7), (right + 26, top)), "right", (right + 26, 232)
        ),
        (SYN_SENT, Event.CLOSE, CLOSED): Route(
            ((right - 26, top), (right - 26, c.y + 7), (mid + half, c.y + 7)), "left", (right - 26, 232)
        ),
        (CLOSED, Event.PASSIVE_OPEN, LISTEN): upright(mid - 18, c.y + low, li.y - low, "left"),
        (LISTEN, Event.CLOSE, CLOSED): upright(mid + 18, li.y - low, c.y + low, "right"),
        (SYN_RECEIVED, Event.RCV_RST, LISTEN): Route(
            ((left - 26, top), (left - 26, li.y - 8), (mid - half, li.y - 8)), "left", (left - 26, 274)
        ),
        (SYN_RECEIVED, Event.RCV_SYN, LISTEN): Route(
            ((left + 10, top), (left + 10, li.y + 8), (mid - half, li.y + 8)), "right", (left + 10, 282)
        ),
        (LISTEN, Event.RCV_SYN, SYN_RECEIVED): bent(mid - 13, li.y + low, r.y - 24, left + half, inner[0]),
        (LISTEN, Event.SEND, SYN_SENT): bent(mid + 13, li.y + low, s.y - 14, right - half, inner[1]),
        (LISTEN, Event.ACTIVE_OPEN, SYN_SENT): bent(mid + 36, li.y + low, s.y - 46, right - half, inner[1] + 12),
        (SYN_SENT, Event.RCV_SYN, SYN_RECEIVED): Route(
            ((right - half, s.y + 18), (left + half, s.y + 18)), "on", (mid, s.y + 18)
        ),
        (SYN_RECEIVED, Event.RCV_ACK_OF_SYN, ESTABLISHED): dropping(
            left + half, r.y + 50, mid - 13, e.y - low, inner[0]
        ),
        (SYN_SENT, Event.RCV_SYN_ACK, ESTABLISHED): dropping(right - half, s.y + 50, mid + 13, e.y - low, inner[1]),
        (SYN_RECEIVED, Event.CLOSE, FIN_WAIT_1): upright(left, r.y + 62, f1.y - 37, "right"),
        (ESTABLISHED, Event.CLOSE, FIN_WAIT_1): bent(mid - 13, e.y + low, f1.y - 20, left + half, inner[0]),
        (ESTABLISHED, Event.RCV_FIN, CLOSE_WAIT): bent(mid + 13, e.y + low, cw.y - 20, right - half, inner[1]),
        (FIN_WAIT_1, Event.RCV_ACK_OF_FIN, FIN_WAIT_2): upright(left, f1.y + 37, f2.y - low, "right"),
        (FIN_WAIT_1, Event.RCV_FIN, CLOSING): dropping(left + half, f1.y + 20, mid, cl.y - low, inner[0]),
        (CLOSE_WAIT, Event.CLOSE, LAST_ACK): upright(right, cw.y + 37, la.y - low, "left"),
        (FIN_WAIT_2, Event.RCV_FIN, TIME_WAIT): bent(left, f2.y + low, tw.y, mid - half, inner[0] - 10),
        (CLOSING, Event.RCV_ACK_OF_FIN, TIME_WAIT): upright(mid, cl.y + low, tw.y - low, "left"),
        (LAST_ACK, Event.RCV_ACK_OF_FIN, CLOSED): upright(right, la.y + low, CLOSED_AGAIN.y - low, "left"),
        (TIME_WAIT, Event.TIME_WAIT_TIMEOUT, CLOSED): Route(
            ((mid + half, tw.y), (right - half, tw.y)), "on", ((mid + right) / 2, tw.y)
        ),
    }


ROUTES: Final = _routes()


def event_words(edge: Edge) -> str:
    """Return an edge's event with its guard: `rcv RST, if passive`."""
    return str(edge.event) if edge.guard is None else f"{edge.event}, if {edge.guard.value}"


# ---------------------------------------------------------------------- paths


@dataclass(frozen=True, slots=True)
class Step:
    """One move on a host's path: its number from 1, the edge, and when (nanoseconds)."""

    number: int
    edge: Edge
    time: int


@dataclass(frozen=True, slots=True)
class HostPath:
    """The path that one connection took through the diagram: the steps of it that are shown, of `count` in all."""

    host: str
    connection: int | None
    steps: tuple[Step, ...]
    count: int

    @property
    def text(self) -> str:
        """How many steps there are: `6 moves`, `2 of 6 moves`."""
        shown = f"{len(self.steps)} of " if len(self.steps) < self.count else ""
        return f"{shown}{self.count} {'moves' if self.count != 1 else 'move'}"


def paths(trace: Trace, host: str | None = None, window: tuple[int, int] | None = None) -> list[HostPath]:
    """Return the path of each host, or of the one named: that of its connection that moved most often.

    Of a window (serial numbers, first and last, both included) only the steps in it are returned, with the numbers
    that they have in the whole run. Raises ValueError, naming the hosts, where the trace has none of that name.
    """
    first, last = window if window is not None else (0, len(trace))
    if host is not None and host not in trace.hosts:
        raise ValueError(f"no host {clean(host)!r} in this trace: expected one of {', '.join(trace.hosts)}")
    known = {(edge.source, edge.event, edge.target): edge for edge in EDGES}
    out = []
    for name in [host] if host is not None else trace.hosts:
        by_connection: dict[int | None, list[Moved]] = {}
        for move in trace.of_kind(Moved, name):
            by_connection.setdefault(move.connection, []).append(move)
        if not by_connection:
            continue
        connection, moves = max(by_connection.items(), key=lambda item: len(item[1]))
        edges = [known.get((move.source, move.event, move.target)) for move in moves]
        steps = [
            Step(number, edge, move.time)
            for number, (edge, move) in enumerate(zip(edges, moves, strict=True), 1)
            if edge is not None and first <= move.serial <= last
        ]
        out.append(HostPath(name, connection, tuple(steps), sum(edge is not None for edge in edges)))
    return out


# ---------------------------------------------------------------------- layout


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """An edge, or a bundle of them, on the page. `taken`: whether a path goes along it."""

    points: tuple[Point, ...]
    dashed: bool
    taken: bool


@dataclass(frozen=True, slots=True)
class Badge:
    """The numbers of the steps that one host took along an edge. `mark` is the number of its path."""

    box: Box
    mark: int


@dataclass(slots=True)
class Diagram:
    """The diagram with everything at its place, in points."""

    title: str
    width: float = PAGE[0]
    height: float = PAGE[1]
    boxes: list[tuple[Box, State, bool, bool]] = field(default_factory=list)
    """Box, state, whether visited, whether it is a small one."""
    edges: list[DrawnEdge] = field(default_factory=list)
    rules: list[tuple[Point, Point]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    badges: list[Badge] = field(default_factory=list)


def states_layout(
    trace: Trace | None = None, host: str | None = None, window: tuple[int, int] | None = None
) -> Diagram:
    """Return the diagram's layout, with the paths of a trace's hosts (at most three), or of one; see `paths`.

    Raises ValueError where the trace has no host of that name.
    """
    taken = paths(trace, host, window)[: len(MARKS)] if trace is not None else []
    title = "The TCP state diagram"
    if trace is not None and trace.header.title:
        title = clean(trace.header.title, 90)
    return _Arranging(taken, title).diagram


class _Arranging:
    """Puts boxes, edges, words and badges at their places."""

    def __init__(self, taken: list[HostPath], title: str) -> None:
        self.taken = taken
        steps = [step.edge for path in taken for step in path.steps]
        self.visited = {edge.source for edge in steps} | {edge.target for edge in steps}
        title = shorten(drawable(title, TYPES["title"]), TYPES["title"], PAGE[0] - 60)
        self.diagram = Diagram(title)
        self._heading(title)
        for state, box in PLACES.items():
            self._box(box, state, state in self.visited)
        self._box(CLOSED_AGAIN, CLOSED, any(edge.target is CLOSED and edge.source in _LAST for edge in steps))
        bundled = [edge for edge in BEYOND_THE_FIGURE if edge.target is CLOSED]
        for edge in EDGES:
            if edge.printed or edge.target is not CLOSED:
                self._edge(edge)
        for state in _BUNDLES:
            self._bundle(state, [edge for edge in bundled if edge.source is state])
        self._legend()

    def _text(self, text: str, role: str, x: float, y: float, side: int = 0) -> Label:
        wide = width(text, TYPES[role])
        middle = x + side * wide / (2 * AIR)  # the box is wider than its words, which are to begin at x
        label = Label(text, role, Box(middle, y, wide, TYPES[role].height))
        self.diagram.labels.append(label)
        return label

    def _heading(self, title: str) -> None:
        self._text(title, "title", PAGE[0] / 2, 34)
        self._text("RFC 9293 3.3.2, Figure 5; dashed: what section 3.10 adds to the figure", "source", PAGE[0] / 2, 58)

    def _box(self, box: Box, state: State, visited: bool, small: bool = False) -> None:
        self.diagram.boxes.append((box, state, visited, small))
        self._text(str(state), "small state" if small else "closed box" if state is CLOSED else "box", box.x, box.y)

    def _steps(self, edges: list[Edge]) -> list[tuple[int, str]]:
        """Return, for each path that goes along one of these edges, its mark and the numbers of its steps."""
        out = []
        for mark, path in enumerate(self.taken):
            numbers = [str(step.number) for step in path.steps if step.edge in edges]
            if numbers:
                shown = numbers if len(numbers) <= 3 else [*numbers[:2], "…"]
                out.append((mark, ",".join(shown)))
        return out

    def _edge(self, edge: Edge) -> None:
        route = ROUTES[edge.source, edge.event, edge.target]
        steps = self._steps([edge])
        self.diagram.edges.append(DrawnEdge(route.points, not edge.printed, bool(steps)))
        self._badges(route.points, steps)
        event, action = event_words(edge), edge.action
        x, y = route.at
        tall = TYPES["edge"].height
        if route.side == "on":
            self._text(event, "edge", x, y - tall / 2 - 2.5)
            self._text(action, "edge", x, y + tall / 2 + 2.5)
            return
        way = -1 if route.side == "left" else 1
        wide = max(width(event, TYPES["edge"]), width(action, TYPES["edge"]))
        centre = x + way * (11 + wide / 2)
        self._text(event, "edge", centre, y - tall / 2 - 1.5)
        self._text(action, "edge", centre, y + tall / 2 + 1.5)
        self.diagram.rules.append(((centre - wide / 2, y), (centre + wide / 2, y)))

    def _bundle(self, state: State, edges: list[Edge]) -> None:
        if not edges:
            return
        dx, dy = _BUNDLES[state]
        box = PLACES[state]
        small = Box(box.x + dx, box.y + dy, *_SMALL)
        if dy:
            points = ((box.x, box.y + box.height / 2), (small.x, small.y - small.height / 2))
        else:
            way = 1 if dx > 0 else -1
            points = ((box.x + way * BOX_WIDTH / 2, box.y), (small.x - way * small.width / 2, small.y))
        steps = self._steps(edges)
        self.diagram.edges.append(DrawnEdge(points, True, bool(steps)))
        self._badges(points, steps)
        self._box(small, CLOSED, bool(steps), small=True)
        tall = TYPES["bundle"].height
        for row, edge in enumerate(edges):
            also = edge.action.replace(", delete TCB", "").replace("delete TCB", "")
            words = event_words(edge) + (f" ({also})" if also else "")
            self._text(words, "bundle", small.x, small.y + small.height / 2 + 5 + (tall + 1.2) * (row + 0.5))

    def _badges(self, points: tuple[Point, ...], steps: list[tuple[int, str]]) -> None:
        """Put the numbers of steps on an edge, near its start."""
        along = 12.0
        for mark, numbers in steps:
            wide = max(width(numbers, TYPES["badge"]) + 6, 13.0)
            (x0, y0), (x1, y1) = points[0], points[1]
            length = hypot(x1 - x0, y1 - y0)
            ux, uy = (x1 - x0) / length, (y1 - y0) / length
            reach = wide / 2 if abs(ux) > abs(uy) else 6.5
            centre = (x0 + ux * (along + reach - 6), y0 + uy * (along + reach - 6))
            self.diagram.badges.append(Badge(Box(*centre, wide, 13), mark))
            self._text(numbers, "badge", *centre)
            along += 2 * reach + 2

    def _legend(self) -> None:
        y = PAGE[1] - 30
        x = 40.0
        for mark, path in enumerate(self.taken):
            name = drawable(clean(path.host, 40), TYPES["footer"])
            self.diagram.badges.append(Badge(Box(x, y, 13, 13), mark))
            label = self._text(shorten(f"{name}: {path.text}", TYPES["footer"], 260), "footer", x + 12, y, 1)
            x += 12 + label.box.width + 30
        words = (
            "Every dashed edge to a small CLOSED deletes the TCB; what it sends besides stands in brackets. "
            "The orphan timeout is the kernels'."
        )
        for row, line in enumerate(wrap(words, TYPES["footer"], 250, 3)):
            self._text(line, "footer", 40, 908 + 12 * row, 1)


# ---------------------------------------------------------------------- text

NARROWEST: Final = 60
_STATES: Final = 14 + 12
"""Columns that the states of a table take, on both sides."""
_WIDEST: Final = 21
"""Columns that an event, or an action, takes at most."""


def states_text(trace: Trace | None = None, host: str | None = None, *, width: int = 80, ascii: bool = False) -> str:
    """Return the diagram as a table of edges, each with event, action and target, grouped by where it stands.

    Args:
        trace: below an edge, say which host took it, as which step and when.
        host: only the path of this host.
        width: no line is wider, in columns; less than 60 is taken as 60.
        ascii: use ASCII characters only.

    Raises:
        ValueError: the trace has no host of that name.
    """
    taken = paths(trace, host) if trace is not None else []
    clock = Clock({step.time for path in taken for step in path.steps})
    width = max(width, NARROWEST)
    column = min((width - _STATES) // 2, _WIDEST)
    lines = [f"{'from':14}{'event':{column}}{'action':{column}}to"]
    cite = ""
    for edge in EDGES:
        if edge.cite != cite:
            cite = edge.cite
            lines += ["", f"{cite}:"]
        lines += _row(edge, column)
        for path in taken:
            for step in path.steps:
                if step.edge is edge:
                    words = f"* {clean(path.host, 40)}, step {step.number} of {path.count}, at {clock(step.time)}"
                    lines += textwrap.wrap(words, width, initial_indent="    ", subsequent_indent="      ")
    text = "".join(f"{line}\n" for line in lines)
    return to_ascii(text) if ascii else text


def _row(edge: Edge, column: int) -> list[str]:
    """Return an edge as a row of the table, its event and action wrapped where they are longer than their columns."""
    events = textwrap.wrap(event_words(edge), column - 1, break_on_hyphens=False)
    actions = textwrap.wrap(edge.action, column - 1, break_on_hyphens=False)
    rows = zip_longest([str(edge.source)], events, actions, [str(edge.target)], fillvalue="")
    return [f"{source:14}{event:{column}}{action:{column}}{target}".rstrip() for source, event, action, target in rows]


# ---------------------------------------------------------------------- pictures


def draw_states(
    path: str | Path,
    format: str | None = None,
    *,
    trace: Trace | None = None,
    host: str | None = None,
    window: tuple[int, int] | None = None,
    theme: Theme = LIGHT,
) -> Path:
    """Draw the state diagram into a file, and return its path.

    Args:
        path: where to; the suffix .png, .svg or .pdf chooses the format.
        format: "png", "svg" or "pdf", whatever the suffix.
        trace: mark the path that each host took in this run.
        host: only the path of this host.
        window: only its steps from one record to another, by their serial numbers, both included.
        theme: the colours.

    Raises:
        ValueError: unknown format, or no such host in the trace.
        OSError: the file can't be written.
    """
    chosen = format_of(path, format)
    drawn = states_bytes(chosen, trace=trace, host=host, window=window, theme=theme)
    target = Path(path)
    target.write_bytes(drawn)
    return target


def states_svg(trace: Trace | None = None, host: str | None = None) -> str:
    """Return the state diagram as SVG; arguments as in draw_states."""
    svg = states_bytes("svg", trace=trace, host=host).decode()
    return svg[svg.index("<svg") :]


def states_bytes(
    format: str,
    *,
    trace: Trace | None = None,
    host: str | None = None,
    window: tuple[int, int] | None = None,
    theme: Theme = LIGHT,
) -> bytes:
    """Return the state diagram as the bytes of a PNG, SVG or PDF file; arguments as in draw_states."""
    diagram = states_layout(trace, host, window)
    with plain_settings():
        return paint_states(diagram, theme).bytes(format_of("", format), diagram.title)


def paint_states(diagram: Diagram, theme: Theme = LIGHT) -> Paper:
    """Put a diagram's ink on paper; call it inside `canvas.plain_settings()`."""
    paper = Paper(diagram.width, diagram.height, theme)
    for edge in diagram.edges:
        _paint_edge(paper, edge)
    for box, state, visited, small in diagram.boxes:
        heavy = 2.4 if visited else 0.6 if small else 1.0
        paper.round_box(box, PAPER if small else STATE_FILL[state], INK if visited else GREY, heavy, over=3)
    for start, end in diagram.rules:
        paper.line([start, end], GREY, 0.7, over=3)
    for badge in diagram.badges:
        _paint_badge(paper, badge)
    for label in diagram.labels:
        paper.text(label)
    return paper


def _paint_edge(paper: Paper, edge: DrawnEdge) -> None:
    ink, weight = (INK, 2.4) if edge.taken else (GREY, 0.9) if edge.dashed else (INK, 1.1)
    (x0, y0), (x1, y1) = edge.points[-2:]
    length = hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    tip = (x1 - ux * 2.5, y1 - uy * 2.5)
    back = (tip[0] - ux * 8, tip[1] - uy * 8)
    dashes = (5.0, 3.0) if edge.dashed else None
    paper.line(_rounded((*edge.points[:-1], back)), ink, weight, dashes=dashes, over=1)
    paper.area([tip, (back[0] - uy * 3.4, back[1] + ux * 3.4), (back[0] + uy * 3.4, back[1] - ux * 3.4)], ink, over=2)


def _rounded(points: tuple[Point, ...], radius: float = 9.0) -> list[Point]:
    """Return a way whose corners are rounded off, as many short lines."""
    out = [points[0]]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        into, away = hypot(bx - ax, by - ay), hypot(cx - bx, cy - by)
        r = min(radius, into / 2, away / 2)
        start = (bx - (bx - ax) / into * r, by - (by - ay) / into * r)
        end = (bx + (cx - bx) / away * r, by + (cy - by) / away * r)
        for step in range(7):
            t = step / 6
            out.append(
                (
                    (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * bx + t * t * end[0],
                    (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * by + t * t * end[1],
                )
            )
    return [*out, points[-1]]


def _paint_badge(paper: Paper, badge: Badge) -> None:
    """Draw the ground under step numbers: round for the first path, square for the second, notched for the third."""
    fill = MARKS[badge.mark]
    left, top, right, bottom = badge.box.bounds
    y = badge.box.y
    if badge.mark == 0:
        paper.round_box(Box(badge.box.x, y, badge.box.width - 4, 9), fill, over=4)
    elif badge.mark == 1:
        paper.area([(left, top), (right, top), (right, bottom), (left, bottom)], fill, over=4)
    else:
        points = [
            (left + 3, top),
            (right - 3, top),
            (right + 2, y),
            (right - 3, bottom),
            (left + 3, bottom),
            (left - 2, y),
        ]
        paper.area(points, fill, over=4)
