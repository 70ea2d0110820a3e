"""The ladder in a terminal: a row for each thing that happens, in order, between the hosts' lifelines.

Rule 1. No line is wider than asked for, from 60 columns up; what does not fit goes to a row of its own.
Rule 2. Everything is said by words and shapes; colour repeats it.
Rule 3. With `ascii` no other character is printed, whatever the names are.
Rule 4. What a name or a title contains is printed as text: no escape sequence, no markup.

An arrow takes two rows, when it leaves and when it arrives. They are joined where nothing comes
between; where other things happen meanwhile, each half bears the segment's words.
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
from .reasons import Reasons
from .scene import NORMAL, ON_ARRIVAL, Arrow, Remark, Stay, TimerRun, scene, silence_text, under_way
from .timeline import FOLD_AFTER, scale_of
from .words import UNBROKEN, Clock, to_ascii

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console, ConsoleOptions

    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Trace
    from .scene import Moment, Scene

NARROWEST: Final = 60
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
_REMARK_STYLES: Final = {"call": "blue", "error": "bold red", "signal": "blue", "data": "green", "note": "bright_black"}
_DIM: Final = "bright_black"


@dataclass(frozen=True, slots=True)
class _Signs:
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


_UNICODE: Final = _Signs("│", "┊", "─", "▶", "◀", "├", "┤", "╮", "╭", "╰", "╯", "\N{BOX DRAWINGS LIGHT DIAGONAL CROSS}")
_ASCII: Final = _Signs("|", ":", "-", ">", "<", "|", "|", ".", ".", "`", "'", "X")


class Ladder:
    """A ladder for rich: `console.print(Ladder(trace))` fills the console's width, up to a sensible one.

    Arguments are those of `ladder_text`; the width is the console's, and a console that can only
    print ASCII gets ASCII.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        ascii: bool = False,
        explain: bool = False,
        detail: int = NORMAL,
        window: tuple[int, int] | None = None,
        max_segments: int | None = None,
    ) -> None:
        self.ascii, self.reasons = ascii, Reasons(trace) if explain else None
        self.scene = scene(trace, detail=detail, max_segments=max_segments, window=window)

    def lines(self, width: int, *, ascii: bool = False) -> list[Text]:
        """Return the ladder as styled lines, none wider than `width` (and at least 60)."""
        return _Writer(self.scene, max(width, NARROWEST), ascii=self.ascii or ascii, reasons=self.reasons).lines()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        for line in self.lines(options.max_width, ascii=options.ascii_only):
            line.no_wrap, line.overflow = True, "crop"
            yield line


def ladder_text(
    trace: Trace,
    *,
    width: int = 80,
    ascii: bool = False,
    explain: bool = False,
    detail: int = NORMAL,
    window: tuple[int, int] | None = None,
    max_segments: int | None = None,
) -> str:
    """Return a trace's ladder as plain text without colour codes, ending in a newline.

    Args:
        trace: the run.
        width: no line is wider, in columns; less than 60 is taken as 60.
        ascii: use ASCII characters only.
        explain: below what happens, the rules that are its reasons, and where they stand.
        detail: 0 segments and states, 1 with application calls and timers that fired, 2 everything.
        window: only the records with these serial numbers (first and last, both included).
        max_segments: what comes after so many segments is left out, and counted.
    """
    ladder = Ladder(trace, ascii=ascii, explain=explain, detail=detail, window=window, max_segments=max_segments)
    return "".join(f"{line.plain.rstrip()}\n" for line in ladder.lines(width))


class _Canvas:
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
class _Row:
    """A line in the making: its time, and the hosts whose state it already shows."""

    canvas: _Canvas
    time: Time | None
    stated: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Event:
    """Something to tell: when, what, and whether it is an arrow's end."""

    moment: Moment
    what: Arrow | Stay | TimerRun | Remark
    end: bool = False


def _events(of: Scene) -> list[_Event]:
    """Return everything to tell, in order. A lost arrow is told when it leaves."""
    events = [_Event(stay.start, stay) for stay in of.stays if stay.start is not None]
    events += [_Event(remark.at, remark) for remark in of.remarks]
    for run in of.timers:
        events += [_Event(run.start, run)] if run.outcome != "fired" and not run.inbound else []
        events += [_Event(run.end, run, end=True)] if run.outcome != "running" else []
    for arrow in of.arrows:
        events += [] if arrow.inbound else [_Event(arrow.start, arrow)]
        events += [_Event(arrow.end, arrow, end=True)] if arrow.fate in ("arrived", "corrupted") else []
    return sorted(events, key=lambda event: (event.moment, event.end))


class _Writer:
    """Writes a scene as rows: first the columns are measured, then each event adds what it needs."""

    def __init__(self, of: Scene, width: int, *, ascii: bool, reasons: Reasons | None) -> None:
        self.scene, self.reasons = of, reasons
        self.say: Callable[[str], str] = to_ascii if ascii else str
        self.signs = _ASCII if ascii else _UNICODE
        self.events = _events(of)
        self.clock = Clock({event.moment[0] for event in self.events})
        self.above: list[Text] = []
        self.rows: list[_Row] = []
        self.told: set[int] = set()
        self._measure(width)

    def lines(self) -> list[Text]:
        """Return the whole ladder."""
        self._header()
        fold_after = FOLD_AFTER / scale_of(self.scene)
        before = self.events[0].moment[0] if self.events else 0
        for number, event in enumerate(self.events):
            if event.moment[0] - before > fold_after and number not in self.told:
                self._silence(before, event.moment[0])
            before = max(before, event.moment[0])
            if isinstance(event.what, Arrow) and event.what.fate == "lost":
                before = max(before, event.what.end[0])  # on its way it breaks the silence, too
            if number not in self.told:
                self._tell(number, event)
        self._give_reasons()
        if not self.listed:
            self.rows.append(_Row(self._blank(), None))
        below = [Text(line, _DIM) for note in self.scene.left_out for line in textwrap.wrap(f"({note})", self.width)]
        return [*self.above, *(row.canvas.text() for row in self.rows), *below]

    # ------------------------------------------------------------------ columns

    def _measure(self, width: int) -> None:
        hosts = len(self.scene.hosts)
        self.time_width = max([6, *(cell_len(self.say(self.clock(event.moment[0]))) for event in self.events)])
        start = self.time_width + 2
        names = max((cell_len(self._state(stay)) for stay in self.scene.stays), default=0)
        self.beside = names + 1 if hosts == 2 else 0
        lanes = max(hosts - 1, 1)
        self.width = min(width, start + 2 * self.beside + lanes * WIDEST_LANE + 1)
        first, last = start + self.beside, self.width - 1 - self.beside
        self.bars = [first + (last - first) * number // lanes for number in range(hosts)]
        self.listed = hosts > 2 and min(right - left for left, right in pairwise(self.bars)) < LEAST_LANE

    def _state(self, stay: Stay) -> str:
        return f"{connection_prefix(self.scene, stay.host, stay.connection)}{stay.state}"

    def _blank(self, sign: str = "") -> _Canvas:
        canvas = _Canvas(self.width)
        if not self.listed:
            for bar in self.bars:
                canvas.put(bar, sign or self.signs.bar, _DIM)
        return canvas

    def _row(self, time: Time | None) -> _Row:
        """Begin a row; its time is printed unless the last row with one shows the same."""
        row = _Row(self._blank(), time)
        shown = next((row.time for row in reversed(self.rows) if row.time is not None), None)
        if time is not None and time != shown:
            row.canvas.put_before(self.time_width, self.say(self.clock(time)), _DIM)
        self.rows.append(row)
        return row

    def _beside_bar(self, canvas: _Canvas, host: int, text: str, style: str, keep: int = 2) -> None:
        """Write text next to a host's lifeline, on the side where the room is."""
        bar = self.bars[host]
        if host == len(self.bars) - 1 and host > 0:
            room = bar - self.bars[host - 1] - 3
            canvas.put_before(bar - keep + 1, _fit(text, room), style)
        else:
            room = (self.bars[host + 1] if host + 1 < len(self.bars) else self.width) - bar - 3
            canvas.put(bar + keep, _fit(text, room), style)

    def _room(self, host: int) -> int:
        """Return how many columns there are for words at a host's lifeline."""
        if self.listed:
            return self.width - self.time_width - 4
        other = host - 1 if host == len(self.bars) - 1 and host > 0 else host + 1
        edge = self.bars[other] if other < len(self.bars) else self.width
        return abs(edge - self.bars[host]) - 3

    # ------------------------------------------------------------------ above

    def _header(self) -> None:
        for text, style in ((self.scene.title, "bold"), (self.scene.source, _DIM)):
            self.above += [Text(line, style) for line in _wrap(self.say(text), self.width)]
        if self.scene.left_above:
            self.above += [Text(line, _DIM) for line in _wrap(f"({self.scene.left_above})", self.width)]
        if self.above:
            self.above.append(Text())
        if self.listed:
            return
        for of, style in (("title", "bold"), ("address", _DIM)):
            canvas = _Canvas(self.width)
            for number, host in enumerate(self.scene.hosts):
                text = self.say(str(getattr(host, of)))
                half = (self.bars[1] - self.bars[0]) // 2 if len(self.bars) > 1 else self.width // 2
                text = _fit(text, 2 * half - 2)
                left = min(max(self.bars[number] - cell_len(text) // 2, 0), self.width - cell_len(text))
                canvas.put(left, text, style)
            self.above.append(canvas.text())
        for stay in self.scene.stays:
            if stay.start is None:
                free = (row for row in self.rows if stay.host not in row.stated)
                self._put_state(next(free, None) or self._row(None), stay)

    # ------------------------------------------------------------------ what happens

    def _tell(self, number: int, event: _Event) -> None:
        match event.what:
            case Stay():
                self._move(event.moment[0], event.what)
            case Arrow() as arrow if event.end:
                self._give_reasons()
                self._arrive(arrow)
            case Arrow() as arrow:
                self._give_reasons()
                self._depart(number, arrow)
            case TimerRun() as run:
                self._give_reasons()
                self._timer(event, run)
            case Remark() as remark:
                self._give_reasons()
                prefix = connection_prefix(self.scene, remark.host, remark.connection)
                words = f"told: {remark.text}" if remark.kind == "signal" else remark.text
                self._words(event.moment[0], remark.host, prefix + words, _REMARK_STYLES[remark.kind])
                self._because(remark.record.why)

    def _words(self, time: Time, host: int, text: str, style: str) -> None:
        """Write words at a host's lifeline, in as many rows as they need."""
        if self.listed:
            text = f"{self.scene.hosts[host].title}: {text}"
        for line in _wrap(self.say(text), self._room(host)):
            row = self._row(time)
            if self.listed:
                row.canvas.put(self.time_width + 2, line, style)
            else:
                self._beside_bar(row.canvas, host, line, style)

    def _timer(self, event: _Event, run: TimerRun) -> None:
        prefix = connection_prefix(self.scene, run.host, run.connection)
        what = {"fired": "expires", "stopped": "stopped", "restarted": "restarted"}.get(run.outcome, "")
        words = f"{prefix}{run.text} {what if event.end else 'starts'}"
        self._words(event.moment[0], run.host, words, "magenta")
        if not event.end:
            self._because(run.record.why)

    def _move(self, time: Time, stay: Stay) -> None:
        """Show a new state beside the row that brought it, or on a row of its own."""
        last = self.rows[-1] if self.rows else None
        beside = last is not None and last.time == time and stay.host not in last.stated and self.beside > 0
        if not beside:
            self._give_reasons()
        if self.beside:
            self._put_state(last if beside and last is not None else self._row(time), stay)
        else:
            self._words(time, stay.host, self._state(stay), STATE_STYLES[stay.state])
        self._because(stay.move.why if stay.move is not None else None)

    def _put_state(self, row: _Row, stay: Stay) -> None:
        row.stated.add(stay.host)
        style = STATE_STYLES[stay.state]
        if not self.beside:
            self._beside_bar(row.canvas, stay.host, self._state(stay), style)
        elif stay.host == 0:
            row.canvas.put_before(self.bars[0] - 1, self._state(stay), style)
        else:
            row.canvas.put(self.bars[1] + 2, self._state(stay), style)

    # ------------------------------------------------------------------ arrows

    def _depart(self, number: int, arrow: Arrow) -> None:
        self._because(arrow.flight.why)
        if self.listed:
            self._list_arrow(arrow, arrow.start[0], "")
            return
        joined = self._next_end(number, arrow) if arrow.source != arrow.target or arrow.loops else None
        path = _Path(self, arrow)
        if joined is None:
            path.leave_alone()
            return
        between, end = joined
        same_time = arrow.end[0] == arrow.start[0] and not between
        if arrow.loops:
            path.loop(between)
        else:
            path.join(between, straight=same_time)
        self.told.add(end)
        self._arrived(arrow)

    def _next_end(self, number: int, arrow: Arrow) -> tuple[list[Stay], int] | None:
        """Return the moves that can stand beside an arrow's first row, and the number of the event that is its end.

        None if anything else comes before the end.
        """
        between: list[Stay] = []
        for later in range(number + 1, len(self.events)):
            event = self.events[later]
            if event.what is arrow:
                self.told |= set(range(number + 1, later))
                return between, later
            if not (isinstance(event.what, Stay) and self.beside and event.moment[0] == arrow.start[0]):
                return None
            if any(stay.host == event.what.host for stay in between):
                return None
            between.append(event.what)
        return None

    def _arrive(self, arrow: Arrow) -> None:
        if self.listed:
            self._list_arrow(arrow, arrow.end[0], arrow.end_text or "arrives")
        else:
            path = _Path(self, arrow)
            if arrow.loops:
                path.loop_back()
            else:
                path.arrive_alone()
        self._arrived(arrow)

    def _list_arrow(self, arrow: Arrow, time: Time, what: str) -> None:
        source, target = (self.scene.hosts[host].title for host in (arrow.source, arrow.target))
        marks = f" ({', '.join(arrow.marks)})" if arrow.marks else ""
        end = what or (arrow.end_text if arrow.fate != "corrupted" else "")
        text = f"{source} -> {target}: {arrow.text}{marks}{', ' + end if end else ''}"
        for line in _wrap(self.say(text), self.width - self.time_width - 2):
            self._row(time).canvas.put(self.time_width + 2, line, look_style(arrow))

    # ------------------------------------------------------------------ silence and reasons

    def _silence(self, start: Time, end: Time) -> None:
        """Break the lifelines where time passes in which nothing is to be told."""
        self._give_reasons()
        text = self.say(silence_text(end - start, under_way(self.scene, start, end)))
        left, right = (self.bars[0], self.bars[1]) if len(self.bars) > 1 and not self.listed else (0, self.width)
        for line in _wrap(text, right - left - 3):
            canvas = self._blank(self.signs.gap)
            canvas.put(left + max(1, (right - left - cell_len(line) + 1) // 2), _fit(line, right - left - 1), _DIM)
            self.rows.append(_Row(canvas, None))

    def _because(self, rule: Rule | None) -> None:
        if self.reasons is not None:
            self.reasons.because(rule)

    def _arrived(self, arrow: Arrow) -> None:
        if self.reasons is not None:
            self.reasons.arrived(arrow, self.scene.hosts[arrow.target].name)
            self.reasons.because(arrow.flight.discarded)

    def _give_reasons(self) -> None:
        """Print the reasons of what was told since the last time, but for those that stand right above."""
        if self.reasons is None or not self.rows:
            return
        left = self.time_width + 2 if self.listed else self.bars[0] + 4
        right = self.width if self.listed or len(self.bars) == 1 else self.bars[-1] - 1
        now = next((row.time for row in reversed(self.rows) if row.time is not None), None)
        for reason in self.reasons.take(now):
            for line in _wrap(self.say(reason), right - left):
                canvas = self._blank()
                canvas.put(left - 1, " " * (right - left + 1))
                canvas.put(left, line.replace(UNBROKEN, " "), f"italic {_DIM}")
                self.rows.append(_Row(canvas, None))


class _Path:
    """Draws one arrow between two lifelines, to the right or to the left.

    Columns along the way are counted from the sender's lifeline: `at(1)` is the first one beside it.
    """

    def __init__(self, writer: _Writer, arrow: Arrow) -> None:
        self.writer, self.arrow, self.signs = writer, arrow, writer.signs
        bars = writer.bars
        source, target = arrow.source, arrow.target
        if source == target:  # to itself, or the trace knows no receiver
            target = source - 1 if source == len(bars) - 1 and source > 0 else source + 1
        self.start = bars[source]
        self.end = bars[target] if target < len(bars) else writer.width - 1
        self.way = 1 if self.end > self.start else -1
        self.length = abs(self.end - self.start)
        self.style = look_style(arrow)
        self.text = writer.say(arrow.text)
        self.marks = writer.say(f"({', '.join(arrow.marks)})") if arrow.marks else ""
        self.end_text = writer.say(arrow.end_text)

    def at(self, along: int) -> int:
        return self.start + self.way * along

    def put(self, canvas: _Canvas, along: int, text: str) -> None:
        """Write text whose near end is so many columns from the sender, whichever way the arrow goes."""
        first = self.at(along) if self.way > 0 else self.at(along + cell_len(text) - 1)
        canvas.put(first, text, self.style)

    def line(self, canvas: _Canvas, first: int, last: int, sign: str) -> None:
        for along in range(first, last + 1):
            canvas.put(self.at(along), sign, self.style)

    # ------------------------------------------------------------------ the three ways to draw it

    def join(self, between: list[Stay], *, straight: bool) -> None:
        """Draw both ends, from one row to the next; on a single row where no time passes."""
        arrow, room = self.arrow, self.length - 7
        text = self._in_front(arrow.start[0], room)
        with_marks = f"{text} {self.marks}" if text and self.marks else text or self.marks
        marks = "" if cell_len(with_marks) <= room else self.marks
        text = with_marks if not marks else text
        row = self._begin(arrow.start[0], text)
        for stay in between:
            self.writer._put_state(row, stay)
        turn = max(3 + cell_len(text) + 1, self.length // 2)
        while any(abs(self.at(turn) - bar) <= 1 for bar in self.writer.bars) and turn < self.length - 4:
            turn += 1  # not where it would hide in another host's lifeline
        if straight:
            self.line(row.canvas, 3 + (cell_len(text) + 1 if text else 0), self.length - 2, self.signs.line)
            self._tip(row.canvas)
            self._aside(arrow.start[0], marks, "")
            return
        self.line(row.canvas, 3 + (cell_len(text) + 1 if text else 0), turn - 1, self.signs.line)
        row.canvas.put(self.at(turn), self.signs.down_right if self.way > 0 else self.signs.down_left, self.style)
        row = self.writer._row(arrow.end[0])
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
        leaving = self.writer.say(f"({', '.join(early)})") if early else ""
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
        words = self.writer.say(f"{words}: {arrow.end_text}" if arrow.end_text else words)
        room = self.length - 6
        lines = [words] if cell_len(words) <= room else _wrap(words, self.length - 4)
        if cell_len(lines[0]) > room or len(lines) > 1:
            for line in lines:
                above = self.writer._row(arrow.end[0])
                self.put(above.canvas, self.length - 2 - cell_len(line), line)
            lines = [""]
        row = self.writer._row(arrow.end[0])
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
        arrow, room = self.arrow, self.length - 7
        text = self._in_front(arrow.start[0], room)
        with_marks = f"{text} {self.marks}" if text and self.marks else text or self.marks
        marks = "" if cell_len(with_marks) <= room else self.marks
        text = with_marks if not marks else text
        row = self._begin(arrow.start[0], text)
        for stay in between:
            self.writer._put_state(row, stay)
        turn = 3 + cell_len(text) + 4
        self.line(row.canvas, 3 + (cell_len(text) + 1 if text else 0), turn - 1, self.signs.line)
        row.canvas.put(self.at(turn), self.signs.down_right if self.way > 0 else self.signs.down_left, self.style)
        row = self.writer._row(arrow.end[0])
        self._tip_back(row.canvas)
        self.line(row.canvas, 2, turn - 1, self.signs.line)
        row.canvas.put(self.at(turn), self.signs.up_left if self.way > 0 else self.signs.up_right, self.style)
        self._aside(arrow.end[0], marks, self.end_text)

    def loop_back(self) -> None:
        """Draw the arriving half of a segment to oneself, with its words."""
        words = " ".join(each for each in (self.text, self.marks) if each)
        words = self.writer.say(f"{words}: {self.end_text}" if self.end_text else words)
        text = words if cell_len(words) <= self.length - 12 else ""
        for line in [] if text else _wrap(words, self.length - 4):
            self.put(self.writer._row(self.arrow.end[0]).canvas, 2, line)
        row = self.writer._row(self.arrow.end[0])
        self._tip_back(row.canvas)
        self.line(row.canvas, 2, 2, self.signs.line)
        self.put(row.canvas, 4, text)
        reach = 4 + (cell_len(text) + 1 if text else 0)
        for along in range(reach, reach + 8, 2):
            row.canvas.put(self.at(along), self.signs.line, self.style)

    # ------------------------------------------------------------------ parts

    def _tip_back(self, canvas: _Canvas) -> None:
        """Put the head of an arrow that ends where it began."""
        if self.arrow.fate == "corrupted":
            canvas.put(self.at(1), self.signs.cross, f"bold {self.style}")
        else:
            canvas.put(self.at(1), self.signs.left if self.way > 0 else self.signs.right, self.style)

    def _in_front(self, time: Time, room: int) -> str:
        """Return the words if they fit on the line; else write them on rows above it and return nothing."""
        if cell_len(self.text) <= room:
            return self.text
        for line in _wrap(self.text, self.length - 4):
            self.put(self.writer._row(time).canvas, 2, line)
        return ""

    def _begin(self, time: Time, text: str) -> _Row:
        row = self.writer._row(time)
        row.canvas.put(self.start, self.signs.from_left if self.way > 0 else self.signs.from_right, self.style)
        row.canvas.put(self.at(1), self.signs.line, self.style)
        self.put(row.canvas, 3, text)
        return row

    def _tip(self, canvas: _Canvas) -> None:
        if self.arrow.fate == "corrupted":
            canvas.put(self.at(self.length - 1), self.signs.cross, f"bold {self.style}")
        else:
            canvas.put(self.at(self.length - 1), self.signs.right if self.way > 0 else self.signs.left, self.style)

    def _aside(self, time: Time, *texts: str) -> None:
        """Write words for which the arrow had no room on rows below, near the sender."""
        together = ", ".join(text for text in texts if text)
        for line in _wrap(together, self.length - 4) if together else []:
            self.put(self.writer._row(time).canvas, 3, line)


def look_style(arrow: Arrow) -> str:
    """Return the colour of an arrow in a terminal."""
    if arrow.fate in ("lost", "corrupted"):
        return "red"
    if arrow.flight.copy or arrow.flight.held or "injected" in arrow.marks:
        return "cyan"
    return "yellow" if arrow.flight.retransmission else ""


def _fit(text: str, room: int) -> str:
    """Return as much of the text as fits into so many columns."""
    return text if cell_len(text) <= room else set_cell_size(text, max(room, 0)).rstrip()


def _wrap(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` columns, wide letters counted twice."""
    lines: list[str] = []
    for line in textwrap.wrap(text, max(width, 8), break_on_hyphens=False):
        rest = line
        while cell_len(rest) > max(width, 8):
            part = _fit(rest, max(width, 8))
            lines.append(part)
            rest = rest[len(part) :].lstrip()
        lines.append(rest)
    return lines
