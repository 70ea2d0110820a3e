"""Arrows in a terminal: how a segment goes from one lifeline to another, in cells.

Rule 1. An arrow takes two rows, when it leaves and when it arrives; one where no time passes. They are joined where
        nothing comes between; else each half bears the segment's words.
Rule 2. Words stand on the line; those for which it has no room, on rows above it, or below near the sender.
Rule 3. A lost arrow ends in a cross on its way; a damaged one at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from .rows import wrap
from .scene import ON_ARRIVAL

if TYPE_CHECKING:
    from ..tcp.units import Time
    from .rows import Canvas, Row, Rows
    from .scene import Arrow, Stay

_STYLES: Final = {"lost": "red", "network": "cyan", "again": "yellow", "sent": ""}
"""The colour of each kind of arrow in a terminal."""


class Path:
    """Draws one arrow between two lifelines, to the right or to the left.

    Columns along the way are counted from the sender's lifeline: `at(1)` is the first one beside it.
    """

    def __init__(self, rows: Rows, arrow: Arrow) -> None:
        self.rows, self.arrow, self.signs = rows, arrow, rows.signs
        bars = rows.bars
        source, target = arrow.source, arrow.target
        if source == target:  # to itself, or the trace knows no receiver
            target = source - 1 if source == len(bars) - 1 and source > 0 else source + 1
        self.start = bars[source]
        self.end = bars[target] if target < len(bars) else rows.width - 1
        self.way = 1 if self.end > self.start else -1
        self.length = abs(self.end - self.start)
        self.style = look_style(arrow)
        self.text = rows.say(arrow.text)
        self.marks = rows.say(f"({', '.join(arrow.marks)})") if arrow.marks else ""
        self.end_text = rows.say(arrow.end_text)

    def at(self, along: int) -> int:
        """Return the column that lies so many from the sender."""
        return self.start + self.way * along

    def put(self, canvas: Canvas, along: int, text: str) -> None:
        """Write text whose near end is so many columns from the sender, whichever way the arrow goes."""
        first = self.at(along) if self.way > 0 else self.at(along + cell_len(text) - 1)
        canvas.put(first, text, self.style)

    def line(self, canvas: Canvas, first: int, last: int, sign: str) -> None:
        """Draw a line from one column to another, both counted from the sender."""
        for along in range(first, last + 1):
            canvas.put(self.at(along), sign, self.style)

    # ------------------------------------------------------------------ the three ways to draw it

    def join(self, between: list[Stay], *, straight: bool) -> None:
        """Draw both ends, from one row to the next; on a single row where no time passes."""
        arrow = self.arrow
        row, text, marks = self._set_out(between)
        turn = max(3 + cell_len(text) + 1, self.length // 2)
        while any(abs(self.at(turn) - bar) <= 1 for bar in self.rows.bars) and turn < self.length - 4:
            turn += 1  # not where it would hide in another host's lifeline
        if straight:
            self.line(row.canvas, 3 + (cell_len(text) + 1 if text else 0), self.length - 2, self.signs.line)
            self._tip(row.canvas)
            self._aside(arrow.start[0], marks, "")
            return
        self.line(row.canvas, 3 + (cell_len(text) + 1 if text else 0), turn - 1, self.signs.line)
        row.canvas.put(self.at(turn), self.signs.down_right if self.way > 0 else self.signs.down_left, self.style)
        row = self.rows.row(arrow.end[0])
        row.canvas.put(self.at(turn), self.signs.up_right if self.way > 0 else self.signs.up_left, self.style)
        self.line(row.canvas, turn + 1, self.length - 2, self.signs.line)
        self._tip(row.canvas)
        aside = " ".join(each for each in (marks, self.end_text) if each)
        if cell_len(aside) <= turn - 4:
            self.put(row.canvas, 3, aside)
        else:
            self._aside(arrow.end[0], marks, self.end_text)

    def leave_alone(self) -> None:
        """Draw the departing half: of a lost arrow all there is, else a line that fades out."""
        arrow = self.arrow
        room = self.length - 10
        text = self._in_front(arrow.start[0], room)
        early = [mark for mark in arrow.marks if mark not in ON_ARRIVAL]
        leaving = self.rows.say(f"({', '.join(early)})") if early else ""
        if leaving and cell_len(f"{text} {leaving}") <= room:
            text, leaving = f"{text} {leaving}".strip(), ""
        row = self._begin(arrow.start[0], text)
        reach = 3 + (cell_len(text) + 1 if text else 0)
        if arrow.fate == "lost":
            cross = max(reach + 2, self.length // 2) if reach + 2 <= self.length // 2 else reach + 2
            self.line(row.canvas, reach, cross - 1, self.signs.line)
            row.canvas.put(self.at(cross), self.signs.cross, f"bold {self.style}")
            if cell_len(self.end_text) <= self.length - cross - 3:
                self.put(row.canvas, cross + 2, self.end_text)
                self._aside(arrow.start[0], leaving, "")
            else:
                self._aside(arrow.start[0], leaving, self.end_text)
            return
        for step in range(4):
            along = reach + 2 * step
            if along < self.length - 1:
                row.canvas.put(self.at(along), self.signs.line, self.style)
        self._aside(arrow.start[0], leaving, self.end_text if arrow.fate == "under way" else "")

    def arrive_alone(self) -> None:
        """Draw the arriving half, with its words near the receiver."""
        arrow = self.arrow
        kept = [mark for mark in arrow.marks if not mark.startswith("retransmission")]
        words = " ".join([self.text, *([f"({', '.join(kept)})"] if kept else [])])
        words = self.rows.say(f"{words}: {arrow.end_text}" if arrow.end_text else words)
        room = self.length - 6
        lines = [words] if cell_len(words) <= room else wrap(words, self.length - 4)
        if cell_len(lines[0]) > room or len(lines) > 1:
            for line in lines:
                above = self.rows.row(arrow.end[0])
                self.put(above.canvas, self.length - 2 - cell_len(line), line)
            lines = [""]
        row = self.rows.row(arrow.end[0])
        self._tip(row.canvas)
        self.line(row.canvas, self.length - 3, self.length - 2, self.signs.line)
        reach = self.length - 5
        if lines[0]:
            self.put(row.canvas, reach - cell_len(lines[0]) + 1, lines[0])
            reach -= cell_len(lines[0]) + 1
        for along in range(reach, max(reach - 8, 1), -2):
            row.canvas.put(self.at(along), self.signs.line, self.style)

    # ------------------------------------------------------------------ from a host to itself

    def loop(self, between: list[Stay]) -> None:
        """Draw a segment that a host sends to itself: out on one row, back on the next."""
        arrow = self.arrow
        row, text, marks = self._set_out(between)
        turn = 3 + cell_len(text) + 4
        self.line(row.canvas, 3 + (cell_len(text) + 1 if text else 0), turn - 1, self.signs.line)
        row.canvas.put(self.at(turn), self.signs.down_right if self.way > 0 else self.signs.down_left, self.style)
        row = self.rows.row(arrow.end[0])
        self._tip_back(row.canvas)
        self.line(row.canvas, 2, turn - 1, self.signs.line)
        row.canvas.put(self.at(turn), self.signs.up_left if self.way > 0 else self.signs.up_right, self.style)
        self._aside(arrow.end[0], marks, self.end_text)

    def loop_back(self) -> None:
        """Draw the arriving half of a segment to oneself, with its words."""
        words = " ".join(each for each in (self.text, self.marks) if each)
        words = self.rows.say(f"{words}: {self.end_text}" if self.end_text else words)
        text = words if cell_len(words) <= self.length - 12 else ""
        for line in [] if text else wrap(words, self.length - 4):
            self.put(self.rows.row(self.arrow.end[0]).canvas, 2, line)
        row = self.rows.row(self.arrow.end[0])
        self._tip_back(row.canvas)
        self.line(row.canvas, 2, 2, self.signs.line)
        self.put(row.canvas, 4, text)
        reach = 4 + (cell_len(text) + 1 if text else 0)
        for along in range(reach, reach + 8, 2):
            row.canvas.put(self.at(along), self.signs.line, self.style)

    # ------------------------------------------------------------------ parts

    def _tip_back(self, canvas: Canvas) -> None:
        """Put the head of an arrow that ends where it began."""
        if self.arrow.fate == "corrupted":
            canvas.put(self.at(1), self.signs.cross, f"bold {self.style}")
        else:
            canvas.put(self.at(1), self.signs.left if self.way > 0 else self.signs.right, self.style)

    def _in_front(self, time: Time, room: int) -> str:
        """Return the words if they fit on the line; else write them on rows above it and return nothing."""
        if cell_len(self.text) <= room:
            return self.text
        for line in wrap(self.text, self.length - 4):
            self.put(self.rows.row(time).canvas, 2, line)
        return ""

    def _set_out(self, between: list[Stay]) -> tuple[Row, str, str]:
        """Begin an arrow that is drawn whole; return its row, the words on it, and the marks that need another."""
        time, room = self.arrow.start[0], self.length - 7
        text = self._in_front(time, room)
        with_marks = f"{text} {self.marks}" if text and self.marks else text or self.marks
        marks = "" if cell_len(with_marks) <= room else self.marks
        text = with_marks if not marks else text
        row = self._begin(time, text)
        for stay in between:
            self.rows.put_state(row, stay)
        return row, text, marks

    def _begin(self, time: Time, text: str) -> Row:
        row = self.rows.row(time)
        row.canvas.put(self.start, self.signs.from_left if self.way > 0 else self.signs.from_right, self.style)
        row.canvas.put(self.at(1), self.signs.line, self.style)
        self.put(row.canvas, 3, text)
        return row

    def _tip(self, canvas: Canvas) -> None:
        if self.arrow.fate == "corrupted":
            canvas.put(self.at(self.length - 1), self.signs.cross, f"bold {self.style}")
        else:
            canvas.put(self.at(self.length - 1), self.signs.right if self.way > 0 else self.signs.left, self.style)

    def _aside(self, time: Time, *texts: str) -> None:
        """Write words for which the arrow had no room on rows below, near the sender."""
        together = ", ".join(text for text in texts if text)
        for line in wrap(together, self.length - 4) if together else []:
            self.put(self.rows.row(time).canvas, 3, line)


def look_style(arrow: Arrow) -> str:
    """Return the colour of an arrow in a terminal."""
    return _STYLES[arrow.kind]
