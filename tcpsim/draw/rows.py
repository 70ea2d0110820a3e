"""The rows of a ladder in a terminal: cells, lines of cells, and where the lifelines stand in them.

Rule 1. Columns are measured once, before the first row: times, lifelines and, beside two hosts, their states.
Rule 2. A letter takes the columns that a terminal gives it; what would leave its place is cut off.
Rule 3. A time is printed once: not again in rows right below that show the same.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from ..tcp.diagram import State
from .columns import connection_prefix
from .words import Clock, to_ascii

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.units import Time
    from .scene import Scene, Stay

DIM: Final = "bright_black"
LEAST_LANE: Final = 16
"""Hosts closer together than this, in columns, are told in a list instead."""
WIDEST_LANE: Final = 64

STATE_STYLES: Final = {
    State.CLOSED: "bright_black",
    State.LISTEN: "bold",
    State.SYN_SENT: "yellow",
    State.SYN_RECEIVED: "bold yellow",
    State.ESTABLISHED: "bold green",
    State.FIN_WAIT_1: "cyan",
    State.FIN_WAIT_2: "bold cyan",
    State.CLOSING: "bold blue",
    State.TIME_WAIT: "magenta",
    State.CLOSE_WAIT: "red",
    State.LAST_ACK: "bold red",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that lines are made of."""

    bar: str
    gap: str
    line: str
    right: str
    left: str
    from_left: str
    from_right: str
    down_right: str
    down_left: str
    up_right: str
    up_left: str
    cross: str


_UNICODE: Final = Signs("│", "┊", "─", "▶", "◀", "├", "┤", "╮", "╭", "╰", "╯", "\N{BOX DRAWINGS LIGHT DIAGONAL CROSS}")
_ASCII: Final = Signs("|", ":", "-", ">", "<", "|", "|", ".", ".", "`", "'", "X")


class Canvas:
    """One line of cells. A wide letter takes two."""

    def __init__(self, width: int) -> None:
        self.cells: list[str] = [" "] * width
        self.styles: list[str] = [""] * width

    def put(self, x: int, text: str, style: str = "") -> None:
        """Write text at a column; what would leave the line is cut off."""
        for char in text:
            wide = cell_len(char)
            if wide == 0 and 0 < x <= len(self.cells):
                self.cells[x - 1] += char
            elif wide and x >= 0 and x + wide <= len(self.cells):
                self.cells[x], self.styles[x] = char, style
                for place in range(x + 1, x + wide):
                    self.cells[place] = ""
            x += wide

    def put_before(self, end: int, text: str, style: str = "") -> None:
        """Write text so that it ends just before a column."""
        self.put(end - cell_len(text), text, style)

    def text(self) -> Text:
        """Return the line with its styles."""
        out = Text()
        for style, run in groupby(zip(self.styles, self.cells, strict=True), key=lambda cell: cell[0]):
            out.append("".join(char for _, char in run), style or None)
        out.rstrip()
        return out


@dataclass(slots=True)
class Row:
    """A line in the making: its time, and the hosts whose state it already shows."""

    canvas: Canvas
    time: Time | None
    stated: set[int] = field(default_factory=set)


class Rows:
    """The rows of a ladder, one after the other, between the lifelines of a scene's hosts.

    Attributes:
        scene: what is drawn.
        say: makes text fit for the terminal.
        signs: what lines are made of.
        width, time_width: of a whole row, and of the times at its left; columns.
        bars: the columns of the lifelines, by host.
        beside: how many columns a state takes beside a lifeline; 0 where there is no room, so that it takes a row.
        listed: whether hosts stand too close for arrows, so that all is told in a list.
        rows: what there is so far.
    """

    def __init__(self, of: Scene, times: set[Time], width: int, *, ascii: bool) -> None:
        self.scene = of
        self.say: Callable[[str], str] = to_ascii if ascii else str
        self.signs = _ASCII if ascii else _UNICODE
        self.clock = Clock(times)
        self.rows: list[Row] = []
        self._measure(times, width)

    def _measure(self, times: set[Time], width: int) -> None:
        hosts = len(self.scene.hosts)
        self.time_width = max([6, *(cell_len(self.say(self.clock(time))) for time in times)])
        start = self.time_width + 2
        names = max((cell_len(self.state(stay)) for stay in self.scene.stays), default=0)
        self.beside = names + 1 if hosts == 2 else 0
        lanes = max(hosts - 1, 1)
        self.width = min(width, start + 2 * self.beside + lanes * WIDEST_LANE + 1)
        first, last = start + self.beside, self.width - 1 - self.beside
        self.bars = [first + (last - first) * number // lanes for number in range(hosts)]
        self.listed = hosts > 2 and min(right - left for left, right in pairwise(self.bars)) < LEAST_LANE

    def state(self, stay: Stay) -> str:
        """Return a state as it is printed: with its connection, if the host has several."""
        return f"{connection_prefix(self.scene, stay.host, stay.connection)}{stay.state}"

    def blank(self, sign: str = "") -> Canvas:
        """Return a line with the lifelines and nothing else; `sign` is what they are made of."""
        canvas = Canvas(self.width)
        if not self.listed:
            for bar in self.bars:
                canvas.put(bar, sign or self.signs.bar, DIM)
        return canvas

    def row(self, time: Time | None) -> Row:
        """Begin a row; its time is printed unless the last row with one shows the same."""
        row = Row(self.blank(), time)
        if time is not None and time != next((row.time for row in reversed(self.rows) if row.time is not None), None):
            row.canvas.put_before(self.time_width, self.say(self.clock(time)), DIM)
        self.rows.append(row)
        return row

    def beside_bar(self, canvas: Canvas, host: int, text: str, style: str, keep: int = 2) -> None:
        """Write text next to a host's lifeline, on the side where the room is."""
        bar = self.bars[host]
        if host == len(self.bars) - 1 and host > 0:
            room = bar - self.bars[host - 1] - 3
            canvas.put_before(bar - keep + 1, fit(text, room), style)
        else:
            room = (self.bars[host + 1] if host + 1 < len(self.bars) else self.width) - bar - 3
            canvas.put(bar + keep, fit(text, room), style)

    def room(self, host: int) -> int:
        """Return how many columns there are for words at a host's lifeline."""
        if self.listed:
            return self.width - self.time_width - 4
        other = host - 1 if host == len(self.bars) - 1 and host > 0 else host + 1
        edge = self.bars[other] if other < len(self.bars) else self.width
        return abs(edge - self.bars[host]) - 3

    def put_state(self, row: Row, stay: Stay) -> None:
        """Write a state at its host's lifeline."""
        row.stated.add(stay.host)
        style = STATE_STYLES[stay.state]
        if not self.beside:
            self.beside_bar(row.canvas, stay.host, self.state(stay), style)
        elif stay.host == 0:
            row.canvas.put_before(self.bars[0] - 1, self.state(stay), style)
        else:
            row.canvas.put(self.bars[1] + 2, self.state(stay), style)


def fit(text: str, room: int) -> str:
    """Return as much of the text as fits into so many columns."""
    return text if cell_len(text) <= room else set_cell_size(text, max(room, 0)).rstrip()


def wrap(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` columns, wide letters counted twice."""
    lines: list[str] = []
    for line in textwrap.wrap(text, max(width, 8), break_on_hyphens=False):
        rest = line
        while cell_len(rest) > max(width, 8):
            part = fit(rest, max(width, 8))
            lines.append(part)
            rest = rest[len(part) :].lstrip()
        lines.append(rest)
    return lines
