"""The states that two ends can be in at the same time, as a table: of ink, and in a terminal.

Rule 1. Nothing here knows where the numbers come from: there are pairs of states, and what each takes.
Rule 2. What is blank has no number: it says that there is none within the bound, and no more.
Rule 3. A state has its name, in full, in front of its row; a colour only repeats what a number says.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..tcp.diagram import State
from .canvas import format_of
from .measure import drawable, shorten, width
from .page import Box, Label
from .palette import FAULT_FILL, GREY, INK, LIGHT, PAPER, RULE, STATE_FILL, STRIPED, TYPES
from .views.chart import MARGIN, Area, Chart, Ink
from .words import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .palette import Theme

CELL: Final = 34.0
"""The width and height of a cell, points."""
STRIP: Final = 9.0
"""The width of the strip in a state's colour beside its row or column, points."""
_GAP: Final = 7.0
_TURN: Final = 45.0
"""The angle of the names above the columns, degrees."""
_SAMPLE: Final = 15.0
"""The width and height of a sample below the table, points ..."""
_WORDS: Final = 5.0
"""... and how far to the right of it its words begin."""

SHORT: Final = {
    State.CLOSED: "CL", State.LISTEN: "LI", State.SYN_SENT: "SS", State.SYN_RECEIVED: "SR", State.ESTABLISHED: "ES",
    State.FIN_WAIT_1: "F1", State.FIN_WAIT_2: "F2", State.CLOSE_WAIT: "CW", State.CLOSING: "CG", State.LAST_ACK: "LA",
    State.TIME_WAIT: "TW",
}  # fmt: skip
"""A state in two letters, above the columns in a terminal."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which pairs of states there are.

    Attributes:
        hosts: whose states stand in front of the rows, and above the columns.
        least: for each pair that there is, the fewest faults that it takes and, with these, the fewest steps.
        bound: within how many faults all was looked at.
        title: what stands above; notes: sentences below.
    """

    hosts: tuple[str, str]
    least: Mapping[tuple[State, State], tuple[int, int]]
    bound: int
    title: str = ""
    notes: tuple[str, ...] = ()

    def words(self, row: State, column: State) -> str:
        """Return what is said of a pair: `client is CLOSED, server is LISTEN: no fault, 1 step`."""
        one, other = self.hosts
        price = self.least.get((row, column))
        if price is None:
            said = f"not within {counted(self.bound)}"
        else:
            said = f"{counted(price[0])}, {price[1]} step{'' if price[1] == 1 else 's'}"
        return f"{one} is {row}, {other} is {column}: {said}"


def counted(faults: int) -> str:
    """Return a number of faults in words: `no fault`, `1 fault`, `2 faults`."""
    return f"{faults or 'no'} fault{'s' if faults > 1 else ''}"


# ---------------------------------------------------------------------- in a terminal


def pairs_text(pairs: Pairs, *, wide: int = 80, ascii: bool = False) -> str:
    """Return the table as lines of at most `wide` columns, 60 or more, with a legend."""
    step = 4 if wide < 80 else 5
    none = "." if ascii else "·"
    names = {state: f"{state!s:<12} {SHORT[state]}" for state in State}
    indent = max(map(len, names.values()))
    one, other = pairs.hosts
    lines = [
        f"{clean(one):<{indent}}" + f"{'':{step - 2}}{clean(other)}",
        " " * indent + "".join(f"{SHORT[state]:>{step}}" for state in State),
    ]
    for row in State:
        cells = (pairs.least.get((row, column)) for column in State)
        told = "".join(f"{none if price is None else price[0]:>{step}}" for price in cells)
        lines.append(f"{names[row]:<{indent}}{told}")
    lines += ["", f"a number: the fewest faults it takes; {none} not within {counted(pairs.bound)}"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


# ---------------------------------------------------------------------- in ink


def draw_pairs(pairs: Pairs, path: str | Path, format: str | None = None, *, theme: Theme = LIGHT) -> Path:
    """Draw the table into a file, and return its path.

    Raises:
        ValueError: neither suffix nor `format` is a known format.
        OSError: the file can't be written.
    """
    chosen = format_of(path, format)
    drawn = pairs_chart(pairs).bytes(chosen, theme)
    target = Path(path)
    target.write_bytes(drawn)
    return target


def pairs_chart(pairs: Pairs) -> Chart:
    """Return the table as a chart."""
    chart = Chart()
    longest = max(width(str(state), TYPES["edge"]) for state in State)
    left = MARGIN + TYPES["panel"].height + _GAP + longest + _GAP + STRIP
    slant = radians(_TURN)
    overhang = longest * cos(slant) - CELL / 2 + TYPES["edge"].height
    right = left + CELL * len(State)
    whole = right + overhang - MARGIN
    y = chart.head(clean(pairs.title), "", "", whole)
    chart.title = clean(pairs.title)
    y += TYPES["panel"].height + longest * sin(slant) + 2 * _GAP
    top = y + STRIP
    _hosts(chart, pairs, left, top, longest * sin(slant))
    for index, state in enumerate(State):
        _name(chart, state, left, top, CELL * (index + 0.5))
        _row(chart, pairs, state, left, top + CELL * index)
    _border(chart, left, top)
    y = _legend(chart, pairs, left, top + CELL * len(State) + 2 * _GAP)
    y = chart.foot([clean(note, 400) for note in pairs.notes], None, y + _GAP, whole)
    chart.finish(MARGIN + whole, y)
    return chart


def _hosts(chart: Chart, pairs: Pairs, left: float, top: float, tall: float) -> None:
    """Write whose states stand above, and on the left."""
    whole = CELL * len(State)
    one, other = (shorten(drawable(clean(name), TYPES["panel"]), TYPES["panel"], whole) for name in pairs.hosts)
    middle, high = whole / 2, TYPES["panel"].height
    chart.write(other, "panel", left + middle, top - STRIP - _GAP - tall - high / 2 - 8, 0)
    box = Box(MARGIN + high / 2, top + middle, width(one, TYPES["panel"]), high, 90.0)
    chart.labels.append(Label(one, "panel", box))


def _name(chart: Chart, state: State, left: float, top: float, at: float) -> None:
    """Write a state in front of its row and above its column, and put a strip of its colour there."""
    text, style = str(state), TYPES["edge"]
    chart.write(text, "edge", left - STRIP - _GAP, top + at, -1)
    wide, slant = width(text, style), radians(_TURN)
    x, y = left + at + 2 + wide / 2 * cos(slant), top - STRIP - _GAP - wide / 2 * sin(slant)
    chart.labels.append(Label(text, "edge", Box(x, y, wide, style.height, _TURN)))
    for x0, y0, x1, y1 in (
        (left - STRIP, top + at - CELL / 2, left, top + at + CELL / 2),
        (left + at - CELL / 2, top - STRIP, left + at + CELL / 2, top),
    ):
        corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        chart.areas.append(Area(corners, STATE_FILL[state], GREY, over=2.0, striped=state in STRIPED))


def _row(chart: Chart, pairs: Pairs, row: State, left: float, y: float) -> None:
    """Put a cell for each pair, with its number and, for whoever points at it, its words."""
    for index, column in enumerate(State):
        x = left + CELL * index
        corners = ((x, y), (x + CELL, y), (x + CELL, y + CELL), (x, y + CELL))
        price, tip = pairs.least.get((row, column)), pairs.words(row, column)
        fill = PAPER if price is None else _fill(price[0])
        chart.areas.append(Area(corners, fill, RULE if price is None else PAPER, tip=tip))
        if price is not None:
            chart.write(str(price[0]), "box", x + CELL / 2, y + CELL / 2, 0, tip=tip)


def _border(chart: Chart, left: float, top: float) -> None:
    """Draw the edge of the table."""
    wide = CELL * len(State)
    corners = [(left, top), (left + wide, top), (left + wide, top + wide), (left, top + wide), (left, top)]
    chart.line(corners, Ink(INK, 0.9), over=3.0)


def _legend(chart: Chart, pairs: Pairs, left: float, y: float) -> float:
    """Put samples in rows below the table; return where they end."""
    x, right = left, left + CELL * len(State)
    kinds: list[int | None] = [*sorted({faults for faults, _ in pairs.least.values()}), None]
    for kind in kinds:
        said = f"not within {counted(pairs.bound)}" if kind is None else counted(kind)
        if x > left and x + _SAMPLE + _WORDS + width(said, TYPES["tick"]) > right:
            x, y = left, y + _SAMPLE + _GAP
        corners = ((x, y), (x + _SAMPLE, y), (x + _SAMPLE, y + _SAMPLE), (x, y + _SAMPLE))
        chart.areas.append(Area(corners, PAPER if kind is None else _fill(kind), GREY))
        middle = y + _SAMPLE / 2
        if kind is not None:
            chart.write(str(kind), "box", x + _SAMPLE / 2, middle, 0)
        x = chart.write(said, "tick", x + _SAMPLE + _WORDS, middle).box.bounds[2] + 18
    return y + _SAMPLE + _GAP


def _fill(faults: int) -> str:
    return FAULT_FILL[min(faults, len(FAULT_FILL) - 1)]
