"""Graphs in rows and columns with shared axes: what a graph shows is a row, which run it is a column.

Rule 1. All graphs of a page have one time axis, those of a row one upright axis: two runs can be compared by eye.
Rule 2. Numbers stand once: at the left of a row, below a column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..measure import drawable, shorten, width
from ..palette import GREY, TYPES
from ..words import clean
from .axes import folded_note
from .chart import INSET, MARGIN, SAMPLE, Chart, Ink, Panel
from .piece import in_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..framing import Caption
    from .axes import TimeAxis, ValueAxis
    from .piece import Run

WIDE: Final = 640.0
"""The width of the graphs of a page together, points ..."""
NARROWEST: Final = 230.0
"""... unless one would be narrower than this."""
BETWEEN: Final = 36.0
"""Between two columns."""

Paint = Callable[[Panel, int], None]


@dataclass(frozen=True, slots=True)
class Row:
    """Graphs side by side, one for each run: their name, what their numbers count, their upright axis, their ink."""

    name: str
    measure: str
    value: ValueAxis
    paint: Paint


def graph_width(columns: int) -> float:
    """Return how wide each of so many graphs is, points."""
    return max((WIDE - BETWEEN * (columns - 1)) / columns, NARROWEST)


def sheet(
    runs: Sequence[Run],
    caption: Caption | None,
    *,
    view: str,
    entries: Iterable[Sample],
    rows: Sequence[Row],
    columns: Sequence[str],
    time: TimeAxis,
    below: Sequence[str],
) -> Chart:
    """Return a page of graphs.

    Args:
        runs: the title is that of the first.
        caption: what stands at the foot, in place of the source at the head.
        view: what is shown, and of whom.
        entries: the row of samples.
        rows: the graphs, as `grid` takes them.
        columns: the names of the runs.
        time: the time axis of all graphs.
        below: sentences under the graphs.
    """
    chart, first = Chart(), runs[0].trace.header
    whole = len(columns) * (graph_width(len(columns)) + BETWEEN) - BETWEEN
    y = chart.head(clean(first.title), view, "" if caption else clean(first.source), whole)
    y = samples(chart, y, entries, whole)
    reach, y = grid(chart, y, rows, columns, time)
    y = chart.foot([*below, *folded_note(time), *in_part(runs)], caption, y + 16, whole)
    chart.finish(max(reach, MARGIN + whole), y)
    return chart


def grid(chart: Chart, top: float, rows: Sequence[Row], columns: Sequence[str], time: TimeAxis) -> tuple[float, float]:
    """Draw rows of graphs below `top`; return how far to the right and how far down they reach.

    `columns` are the names of the runs, shown where there are several.
    """
    numbers = [width(mark.text, TYPES["tick"]) for row in rows for mark in row.value.marks()]
    left = MARGIN + max(numbers, default=0.0) + 6 + INSET
    reach, y = left, top
    if len(columns) > 1:
        for number, name in enumerate(columns):
            x = left + number * (time.width + BETWEEN)
            chart.write(shorten(drawable(name, TYPES["panel"]), TYPES["panel"], time.width), "panel", x - INSET, y + 7)
        y += 22
    for place, row in enumerate(rows):
        above = chart.write(row.name, "panel", MARGIN, y + 6)
        if row.measure:
            chart.write(row.measure, "tick", above.box.bounds[2] + 8, y + 6.5)
        y += 24
        for number in range(len(columns)):
            panel = Panel(chart, left + number * (time.width + BETWEEN), y, time, row.value)
            last = place == len(rows) - 1
            panel.frame(numbers=not number, times=last, time_name=number == len(columns) - 1)
            row.paint(panel, number)
            reach = max(reach, panel.write_ends())
        y += row.value.height + 20
    return reach, y + 14


# ------------------------------------------------------------------ samples


Sample = tuple[str, str, Callable[[Chart, float, float], None]]
"""Words, their role, and what draws a sample around a point."""


def samples(chart: Chart, y: float, entries: Iterable[Sample], wide: float) -> float:
    """Write a row of samples, or several; return where the graphs may begin."""
    x, begun = MARGIN, False
    for text, role, draw in entries:
        needed = SAMPLE + width(text, TYPES[role])
        if begun and x + needed > MARGIN + wide:
            x, y = MARGIN, y + 16
        draw(chart, x + SAMPLE / 2 - 3, y + 7)
        chart.write(text, role, x + SAMPLE, y + 7)
        x, begun = x + needed + 18, True
    return y + 26 if begun else y


def crossed(colour: str) -> Callable[[Chart, float, float], None]:
    """Return what draws a cross as a sample."""
    return lambda chart, x, y: chart.cross(x, y, Ink(colour, 1.6))


def ruled(ink: Ink) -> Callable[[Chart, float, float], None]:
    """Return what draws a piece of a line as a sample."""
    return lambda chart, x, y: chart.line([(x - 6, y), (x + 6, y)], ink)


def upright(ink: Ink) -> Callable[[Chart, float, float], None]:
    """Return what draws an upright stroke as a sample."""
    return lambda chart, x, y: chart.line([(x, y - 5), (x, y + 5)], ink)


def dotted(half: float, fill: str, edge: str = GREY) -> Callable[[Chart, float, float], None]:
    """Return what draws a diamond as a sample."""
    return lambda chart, x, y: chart.diamond(x, y, half, fill, edge)
