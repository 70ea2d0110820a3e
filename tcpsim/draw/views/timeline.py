"""The state timeline: every connection of every host as a bar from left to right, in the colours of its states.

Rule 1. One time axis for all hosts and all runs; what stands below one another happened at one time.
Rule 2. A name stands in its bar. Where the page would grow too wide for that, names are left to the row of samples.
Rule 3. A connection that is still there at the end has an open end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...tcp.diagram import LISTEN, State
from ..measure import drawable, shorten, width
from ..palette import FAINT, GREY, PAPER, RED, RULE, STATE_FILL, STRIPED, TYPES
from ..words import clean
from .axes import TimeAxis, folded_note
from .chart import MARGIN, Area, Chart, Ink
from .grid import crossed, samples
from .lives import lives
from .piece import in_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ...tcp.units import Time
    from ..framing import Caption
    from ..scene import Moment
    from .axes import Gap, Mark, Room
    from .lives import Life, Stay
    from .piece import Run

WIDE: Final = 700.0
"""The width of the bars, points, where names need no more ..."""
WIDEST: Final = 1250.0
"""... and the most that they get."""
MAX_ROWS: Final = 60
"""So many connections of a run are drawn."""
MAX_NAMED: Final = 150
"""With more stays than this on a page, no room is asked for their names."""
TALL: Final = 16.0
APART: Final = 24.0
"""How high a bar is, and how far below one another bars lie, points."""
BREAK: Final = 8.0
"""How wide the break of a fold is, points."""
EDGE: Final = "#59616a"
GUTTER: Final = 130.0
"""The most room for what stands left of a bar, points."""


def timeline(runs: Sequence[Run], caption: Caption | None = None) -> Chart:
    """Return the state timeline of one or several runs, each with its name."""
    return _Timeline(runs, caption).chart


class _Timeline:
    """Lays out a page; one method per part of it."""

    def __init__(self, runs: Sequence[Run], caption: Caption | None) -> None:
        self.chart = chart = Chart()
        self.left_out: list[str] = []
        self.names = {at: host.name for run in runs for host in run.trace.header.hosts for at in host.addresses}
        self.runs = [(run.name, self._rows(run), min(run.trace.last_time, run.piece.end)) for run in runs]
        self.starts = [(end, -1) for run in runs for end in run.piece.ends[:1]]
        stays = [stay for _, hosts, _ in self.runs for _, rows in hosts for life in rows for stay in _seen(life)]
        self.last = (max((end for _, _, end in self.runs), default=0), 1 << 62)
        self.named = len(stays) <= MAX_NAMED
        self.axis = self._axis(stays)
        self.left = MARGIN + self._gutter()
        wide = self.left - MARGIN + self.axis.width
        first = runs[0].trace.header
        y = chart.head(clean(first.title), "state timeline", "" if caption else clean(first.source), wide)
        entries = [] if self.named else list(_states(stays))
        if any(life.crashed for _, hosts, _ in self.runs for _, rows in hosts for life in rows):
            entries.append(("the host crashes", "curve red", crossed(RED)))
        y = samples(chart, y, entries, wide)
        top = y
        for name, hosts, _ in self.runs:
            if len(self.runs) > 1:
                chart.write(clean(name), "panel", MARGIN, y + 7)
                y += 22
            for host, rows in hosts:
                y = self._host(host, rows, y)
            y += 6
        self._time(top - 2, y, stays)
        y = chart.foot([*self.left_out, *folded_note(self.axis), *in_part(runs)], caption, y + 34, wide)
        chart.finish(self.left + self.axis.width + 8, y)

    def _rows(self, run: Run) -> list[tuple[str, list[Life]]]:
        """Return the hosts and their connections, as many as are drawn."""
        told: list[tuple[str, list[Life]]] = []
        room = MAX_ROWS
        for host, rows in lives(run.trace, run.piece).items():
            told.append((host, rows[:room]))
            if len(rows) > room:
                self.left_out.append(f"{len(rows) - room} more connections of {clean(host)} are not drawn.")
            room = max(room - len(rows), 1)
        return told

    def _axis(self, stays: list[Stay]) -> TimeAxis:
        moments = [moment for stay in stays for moment in (stay.start, stay.end) if moment is not None]
        moments += [*self.starts, self.last]
        if self.named:
            first_after: dict[Time, Moment] = {}
            for moment in sorted(moments):
                first_after.setdefault(moment[0], moment)
            breaks = [(before, first_after[after]) for before, after in TimeAxis(moments, WIDE).silences]
            rooms: list[Room] = [self._room(stay, breaks) for stay in stays]
            axis = TimeAxis(moments, WIDE, rooms)
            if axis.width <= WIDEST:
                return axis
            self.named = False
        if any(stay.end is not None and stay.end[0] == stay.start[0] for stay in stays):
            self.left_out.append("A state that lasts no time is not to be seen here; the ladder shows it.")
        return TimeAxis(moments, WIDE)

    def _room(self, stay: Stay, breaks: list[tuple[Time, Moment]]) -> Room:
        """Ask for as much as a bar's name needs: of the whole bar, or of it up to the first fold that breaks it.

        A fold is told by when its silence begins, and by the first moment after it, at which it ends.
        """
        name, end = width(str(stay.state), TYPES["in bar"]) + 9, stay.end or self.last
        after = next((after for before, after in breaks if stay.start[0] <= before and after[0] <= end[0]), None)
        return (stay.start, end, name) if after is None else (stay.start, after, name + BREAK + 6)

    def _gutter(self) -> float:
        every = [(host, rows) for _, hosts, _ in self.runs for host, rows in hosts]
        names = [width(_host(host), TYPES["host"]) for host, _ in every]
        words = [width(self._socket(life), TYPES["address"]) for _, rows in every for life in rows]
        return min(max(names, default=0.0), GUTTER) + min(max(words, default=0.0), GUTTER) + 24

    def _socket(self, life: Life) -> str:
        """Return how a connection is told from others: its own port, and its peer's name and port."""
        if life.flow is None:
            return f"connection {life.connection}"
        _, own, at, port = life.flow
        peer = self.names.get(at, f"[{at}]" if ":" in at else at)
        return drawable(f"{own} to {clean(peer, 30)}:{port}", TYPES["address"])

    # ------------------------------------------------------------------ rows

    def _host(self, host: str, rows: list[Life], y: float) -> float:
        chart = self.chart
        chart.line([(MARGIN, y), (self.left + self.axis.width, y)], Ink(RULE, 0.6), over=0)
        chart.write(shorten(_host(host), TYPES["host"], GUTTER), "host", MARGIN, y + APART / 2)
        if not rows:
            chart.write("no connection", "note", self.left, y + APART / 2)
            return y + APART
        for life in rows:
            words = shorten(self._socket(life), TYPES["address"], GUTTER)
            chart.write(words, "address", self.left - 10, y + APART / 2, -1)
            for stay in _seen(life):
                self._bar(stay, y + (APART - TALL) / 2)
            if life.crashed and life.stays[-1].end is not None:
                x = self.left + self.axis.at(life.stays[-1].end)
                chart.cross(x, y + APART / 2, Ink(RED, 2.0), over=4.8, tip="the host crashes")
            y += APART
        return y

    def _bar(self, stay: Stay, top: float) -> None:
        chart, bottom = self.chart, top + TALL
        x0 = self.left + self.axis.at(stay.start)
        x1 = self.left + self.axis.at(stay.end or self.last)
        if x1 - x0 < 0.8:
            x1 = x0 + 0.8
        corners = ((x0, top), (x1, top), (x1, bottom), (x0, bottom))
        name, fill = str(stay.state), STATE_FILL[stay.state]
        tip = f"{name}: {stay.why}" if stay.why else name
        chart.areas.append(Area(corners, fill, EDGE, 3.0, tip, stay.state in STRIPED))
        edges = [corners[1], corners[0], corners[3], corners[2]]
        chart.line(edges if stay.end is None else [*edges, corners[1]], Ink(EDGE, 0.8), over=3.3)
        wide = width(name, TYPES["in bar"])
        if wide + 6 > x1 - x0:
            return
        middle = self._clear((x0 + x1) / 2, wide, x0, x1)
        if stay.state in STRIPED:
            left, right = middle - wide / 2 - 2, middle + wide / 2 + 2
            ground = ((left, top + 2), (right, top + 2), (right, bottom - 2), (left, bottom - 2))
            chart.areas.append(Area(ground, fill, over=3.2))
        chart.write(name, "in bar", middle, (top + bottom) / 2, 0, tip=tip)

    def _clear(self, middle: float, wide: float, x0: float, x1: float) -> float:
        """Return where in a bar its name is in the way of no fold: in the middle, or else beside the fold."""
        for gap in self.axis.folds:
            left, right = self._break(gap)
            if left < middle + wide / 2 + 3 and middle - wide / 2 - 3 < right:
                if left - x0 >= wide + 8:
                    return (x0 + left) / 2
                if x1 - right >= wide + 8:
                    return (right + x1) / 2
        return middle

    def _break(self, gap: Gap) -> tuple[float, float]:
        """Return from where to where a fold breaks the bars: near its end, so that names have room before it."""
        return self.left + gap.end - BREAK - 3, self.left + gap.end - 3

    # ------------------------------------------------------------------ time

    def _time(self, top: float, bottom: float, stays: list[Stay]) -> None:
        chart, axis = self.chart, self.axis
        moments = {moment for stay in stays for moment in (stay.start, stay.end) if moment is not None}
        marks: list[Mark] = axis.moments_marks([*moments, self.last]) if self.named else axis.marks()
        for mark in marks:
            x = self.left + mark.at
            chart.line([(x, top), (x, bottom + 4)], Ink(RULE, 0.6), over=0)
            chart.line([(x, bottom), (x, bottom + 4)], Ink(GREY, 0.9))
            chart.write(mark.text, "tick", x, bottom + 11, 0)
        chart.line([(self.left, bottom), (self.left + axis.width, bottom)], Ink(GREY, 0.9))
        for start, end in axis.stretched:
            chart.line([(self.left + start, bottom), (self.left + end, bottom)], Ink(PAPER, 1.2), over=2.2)
            dashes = (1.3, 1.7)
            chart.line([(self.left + start, bottom), (self.left + end, bottom)], Ink(GREY, 0.9, dashes), over=2.3)
        chart.write(f"time, {axis.unit[0]}", "tick", self.left + axis.width, bottom + 24, -1)
        if axis.stretched:
            chart.write("dotted: not to scale", "tick", self.left, bottom + 24)
        for gap in axis.folds:
            left, right = self._break(gap)
            ground = ((left, top), (right, top), (right, bottom + 5), (left, bottom + 5))
            chart.areas.append(Area(ground, PAPER, over=4.5))
            for x in (left, right):
                chart.line([(x, top), (x, bottom + 5)], Ink(FAINT, 0.9, (2.0, 2.0)), over=4.6)
            chart.write(gap.text, "silence small", self.left + (gap.start + gap.end) / 2, bottom + 11, 0)


def _seen(life: Life) -> list[Stay]:
    """Return the stays that are drawn: not the LISTEN of no duration that a listener's every connection begins with."""
    return [stay for stay in life.stays if stay.state is not LISTEN or stay.end is None or stay.end[0] > stay.start[0]]


def _states(stays: list[Stay]) -> Iterator[tuple[str, str, Callable[[Chart, float, float], None]]]:
    present = {stay.state for stay in stays}
    for state in State:
        if state in present:
            yield str(state), "state", _swatch(state)


def _swatch(state: State) -> Callable[[Chart, float, float], None]:
    def draw(chart: Chart, x: float, y: float) -> None:
        corners = ((x - 7, y - 5), (x + 7, y - 5), (x + 7, y + 5), (x - 7, y + 5))
        chart.areas.append(Area(corners, STATE_FILL[state], EDGE, 3.0, "", state in STRIPED))

    return draw


def _host(name: str) -> str:
    return drawable(clean(name, 40), TYPES["host"])
