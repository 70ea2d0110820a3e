"""The queue view: how many connections wait at a listener, and how many packets are on each direction of a link.

Rule 1. A queue with a limit shows the limit. Who found no room is a cross, who got a cookie instead is a diamond.
Rule 2. All links share one upright axis, all listeners another.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, TypeVar

from ..palette import AMBER, BLUE, GREY, INK, PAPER, RED, TEAL
from ..words import clean
from .axes import TimeAxis, ValueAxis
from .chart import CROSS, Ink
from .crowds import directions, queues
from .grid import Row, crossed, dotted, graph_width, ruled, sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ...tcp.units import Time
    from ..framing import Caption
    from .chart import Chart, Panel
    from .crowds import Direction, Queues
    from .grid import Sample
    from .piece import Run
    from .sequences import Curve

Key = TypeVar("Key")
Drawn = TypeVar("Drawn")

TALL: Final = 76.0
"""The height of a graph, points."""
MAX_ROWS: Final = 12
"""So many listeners, and so many directions, are drawn: the fullest."""

DENSE: Final = 1500
"""A curve with more steps than this is thin."""

_HALF_OPEN: Final = Ink(AMBER, 1.4)
_WAITING: Final = Ink(BLUE, 1.5, (4.5, 1.8))
_LIMIT: Final = Ink(GREY, 0.9, (1.5, 2.0))
_PACKETS: Final = Ink(TEAL, 1.3)
_THIN: Final = Ink(TEAL, 0.4)


def queue_graph(runs: Sequence[Run], caption: Caption | None = None) -> Chart:
    """Return the queue view of one or several runs, side by side."""
    told = [_Told(run) for run in runs]
    ends = [end for run in runs for end in run.piece.ends] or [0]
    listeners, ways, left_out = _chosen(told)
    return sheet(
        runs,
        caption,
        view="queues",
        entries=_samples(told, listeners),
        rows=[*_listener_rows(told, listeners), *_link_rows(told, ways)],
        columns=[clean(run.name) for run in runs],
        time=TimeAxis(
            [(at, 0) for at in (*ends, *(at for each in told for at in each.times()))], graph_width(len(runs))
        ),
        below=left_out,
    )


class _Told:
    """What one run tells: listeners and directions by their names."""

    def __init__(self, run: Run) -> None:
        self.listeners = {(each.host, each.port): each for each in queues(run.trace, run.piece) if each.used}
        self.ways = {(each.source, each.target): each for each in directions(run.trace, run.piece)}

    def times(self) -> set[Time]:
        """Return when anything changes."""
        out: set[Time] = set()
        for each in self.listeners.values():
            out.update(time for time, _ in [*each.half_open, *each.waiting])
            out.update([*each.refused, *each.cookies])
        for way in self.ways.values():
            out.update(time for time, _ in way.packets)
            out.update(way.drops)
        return out


def _chosen(told: list[_Told]) -> tuple[list[tuple[str, int]], list[tuple[str, str]], list[str]]:
    """Return the listeners and directions that are drawn, and what is said of the rest."""
    listeners = list(dict.fromkeys(key for run in told for key in run.listeners))
    ways = list(dict.fromkeys(key for run in told for key in run.ways))
    left_out = (
        ["Packets on a link: sent and neither arrived nor dropped, in its queue or on their way."] if ways else []
    )
    if len(listeners) > MAX_ROWS:
        left_out.append(f"{len(listeners) - MAX_ROWS} more listeners are not drawn.")
        listeners = listeners[:MAX_ROWS]
    if len(ways) > MAX_ROWS:
        most = {way: max(run.ways[way].most for run in told if way in run.ways) for way in ways}
        kept = sorted(ways, key=lambda way: -most[way])[:MAX_ROWS]
        left_out.append(f"{len(ways) - MAX_ROWS} more directions, with fewer packets at a time, are not drawn.")
        ways = [way for way in ways if way in kept]
    return listeners, ways, left_out


def _listener_rows(told: list[_Told], keys: list[tuple[str, int]]) -> list[Row]:
    every = [run.listeners[key] for run in told for key in keys if key in run.listeners]
    tops = [count for each in every for _, count in [*each.half_open, *each.waiting]]
    tops += [limit for each in every for limit in (each.syn_backlog, each.backlog) if limit is not None]
    names = {key: f"{clean(key[0])}, port {key[1]}" for key in keys}
    return _rows(names, "connections", max([1, *tops]), [run.listeners for run in told], _paint_listener)


def _paint_listener(panel: Panel, told: Queues) -> None:
    panel.steps(told.half_open, _HALF_OPEN, over=2.2)
    if told.backlog is not None or any(count for _, count in told.waiting):
        panel.steps(told.waiting, _WAITING, over=2.3)
    for limit, name in ((told.syn_backlog, "syn_backlog"), (told.backlog, "backlog")):
        if limit is not None:
            y = panel.y(limit)
            panel.chart.line([(panel.left, y), (panel.right, y)], _LIMIT, over=1.5)
            panel.name_end(limit, f"{name} {limit}", "curve grey")
    for time in told.refused:
        panel.chart.cross(panel.x(time), panel.y(_at(told.half_open, time)) - 1, Ink(RED, 1.6))
    for time in told.cookies:
        panel.chart.diamond(panel.x(time), panel.y(_at(told.half_open, time)), 3.2, PAPER, INK)


def _link_rows(told: list[_Told], ways: list[tuple[str, str]]) -> list[Row]:
    high = max([1, *(run.ways[way].most for run in told for way in ways if way in run.ways)])
    names = {way: f"{clean(way[0])} to {clean(way[1])}" for way in ways}
    return _rows(names, "packets on the link", high, [run.ways for run in told], _paint_way)


def _rows(
    names: Mapping[Key, str],
    measure: str,
    high: int,
    runs: Sequence[Mapping[Key, Drawn]],
    paint: Callable[[Panel, Drawn], None],
) -> list[Row]:
    """Return a row for each name, with one upright axis; what a run does not have stays empty."""

    def row(key: Key) -> Row:
        def painted(panel: Panel, number: int) -> None:
            if key in runs[number]:
                paint(panel, runs[number][key])

        return Row(names[key], measure, ValueAxis(high, TALL), painted)

    return [row(key) for key in names]


def _paint_way(panel: Panel, told: Direction) -> None:
    dense = len(told.packets) > DENSE
    panel.steps(told.packets, _THIN if dense else _PACKETS)
    for time in told.drops:
        x, y = panel.x(time), panel.y(_at(told.packets, time))
        panel.chart.cross(x, y, Ink(RED, 0.9 if dense else 1.6), 2.0 if dense else CROSS)


def _at(curve: Curve, time: Time) -> int:
    """Return the value of a curve at a time."""
    place = bisect_right(curve, time, key=lambda step: step[0])
    return curve[place - 1][1] if place else 0


def _samples(told: list[_Told], keys: list[tuple[str, int]]) -> list[Sample]:
    every = [run.listeners[key] for run in told for key in keys if key in run.listeners]
    ways = [way for run in told for way in run.ways.values()]
    entries: list[Sample] = []
    if every:
        entries.append(("half open: SYN-RECEIVED", "curve amber", ruled(_HALF_OPEN)))
    if any(count for each in every for _, count in each.waiting):
        entries.append(("waiting for accept", "curve blue", ruled(_WAITING)))
    if any(each.cookies for each in every):
        entries.append(("answered with a cookie", "curve ink", dotted(3.2, PAPER, INK)))
    if ways:
        entries.append(("packets", "curve teal", ruled(_PACKETS)))
    if any(each.refused for each in every) or any(way.drops for way in ways):
        entries.append(("dropped", "curve red", crossed(RED)))
    return entries
