"""The ladder in a terminal: a row for each thing that happens, in order, between the hosts' lifelines.

Rule 1. No line is wider than asked for, from 60 columns up; what does not fit goes to a row of its own.
Rule 2. Everything is said by words and shapes; colour repeats it.
Rule 3. With `ascii` no other character is printed, whatever the names are.
Rule 4. What a name or a title contains is printed as text: no escape sequence, no markup.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from .arrow_text import Path, look_style
from .columns import connection_prefix
from .reasons import Reasons
from .rows import DIM, STATE_STYLES, Canvas, Row, Rows, fit, wrap
from .scene import NORMAL, Arrow, Remark, Stay, TimerRun, scene, silence_text, under_way
from .timeline import FOLD_AFTER, scale_of
from .words import UNBROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions

    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Trace
    from .scene import Moment, Scene

NARROWEST: Final = 60

_REMARK_STYLES: Final = {"call": "blue", "error": "bold red", "signal": "blue", "data": "green", "note": "bright_black"}


class Ladder:
    """A ladder for rich: `console.print(Ladder(trace))` fills the console's width, up to a sensible one.

    Arguments are those of `ladder_text`, and `most_known` that of `scene`; the width is the console's, and a
    console that can only print ASCII gets ASCII.
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
        most_known: int | None = None,
        absolute: bool = False,
    ) -> None:
        self.ascii, self.reasons = ascii, Reasons(trace) if explain else None
        self.scene = scene(
            trace, detail=detail, max_segments=max_segments, window=window, most_known=most_known, absolute=absolute
        )

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
    absolute: bool = False,
) -> str:
    """Return a trace's ladder as plain text without colour codes, ending in a newline.

    Args:
        trace: the run.
        width: no line is wider, in columns; less than 60 is taken as 60.
        ascii: use ASCII characters only.
        explain: below what happens, the rules that are its reasons, and where they stand.
        detail: 0 flags and states, 1 with numbers, application calls and timers that fired, 2 with windows and
            options, 3 everything.
        window: only the records with these serial numbers (first and last, both included).
        max_segments: what comes after so many segments is left out, and counted.
        absolute: sequence numbers are those of the wire, not counted from the ISS.
    """
    ladder = Ladder(
        trace, ascii=ascii, explain=explain, detail=detail, window=window, max_segments=max_segments,
        absolute=absolute,
    )  # fmt: skip
    return "".join(f"{line.plain.rstrip()}\n" for line in ladder.lines(width))


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell: when, what, and whether it is an arrow's end."""

    moment: Moment
    what: Arrow | Stay | TimerRun | Remark
    end: bool = False


def events_of(of: Scene) -> list[Event]:
    """Return everything to tell, in order: a crash before the CLOSED after it. A lost arrow is told when it leaves."""
    events = [Event(stay.start, stay) for stay in of.stays if stay.start is not None]
    events += [Event(remark.at, remark) for remark in of.remarks]
    for run in of.timers:
        events += [Event(run.start, run)] if run.outcome != "fired" and not run.inbound else []
        events += [Event(run.end, run, end=True)] if run.outcome != "running" else []
    for arrow in of.arrows:
        events += [] if arrow.inbound else [Event(arrow.start, arrow)]
        events += [Event(arrow.end, arrow, end=True)] if arrow.fate in ("arrived", "corrupted") else []
    return sorted(events, key=lambda event: (event.moment, event.end, isinstance(event.what, Stay)))


class _Writer(Rows):
    """Writes a scene as rows: each event adds what it needs."""

    def __init__(self, of: Scene, width: int, *, ascii: bool, reasons: Reasons | None) -> None:
        self.events = events_of(of)
        super().__init__(of, {event.moment[0] for event in self.events}, width, ascii=ascii)
        self.reasons = reasons
        self.above: list[Text] = []
        self.told: set[int] = set()

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
            self.rows.append(Row(self.blank(), None))
        below = [Text(line, DIM) for note in self.scene.left_out for line in textwrap.wrap(f"({note})", self.width)]
        return [*self.above, *(row.canvas.text() for row in self.rows), *below]

    # ------------------------------------------------------------------ above

    def _header(self) -> None:
        for text, style in ((self.scene.title, "bold"), (self.scene.source, DIM)):
            self.above += [Text(line, style) for line in wrap(self.say(text), self.width)]
        if self.scene.left_above:
            self.above += [Text(line, DIM) for line in wrap(f"({self.scene.left_above})", self.width)]
        if self.above:
            self.above.append(Text())
        if self.listed:
            return
        for of, style in (("title", "bold"), ("address", DIM)):
            canvas = Canvas(self.width)
            for number, host in enumerate(self.scene.hosts):
                text = self.say(str(getattr(host, of)))
                half = (self.bars[1] - self.bars[0]) // 2 if len(self.bars) > 1 else self.width // 2
                text = fit(text, 2 * half - 2)
                left = min(max(self.bars[number] - cell_len(text) // 2, 0), self.width - cell_len(text))
                canvas.put(left, text, style)
            self.above.append(canvas.text())
        filled = [0] * len(self.scene.hosts)  # rows that tell a state of the host: a flood makes thousands of them
        for stay in self.scene.stays:
            if stay.start is None:
                row = filled[stay.host]
                filled[stay.host] += 1
                self.put_state(self.rows[row] if row < len(self.rows) else self.row(None), stay)

    # ------------------------------------------------------------------ what happens

    def _tell(self, number: int, event: Event) -> None:
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
        for line in wrap(self.say(text), self.room(host)):
            row = self.row(time)
            if self.listed:
                row.canvas.put(self.time_width + 2, line, style)
            else:
                self.beside_bar(row.canvas, host, line, style)

    def _timer(self, event: Event, run: TimerRun) -> None:
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
            self.put_state(last if beside and last is not None else self.row(time), stay)
        else:
            self._words(time, stay.host, self.state(stay), STATE_STYLES[stay.state])
        self._because(stay.move.why if stay.move is not None else None)

    # ------------------------------------------------------------------ arrows

    def _depart(self, number: int, arrow: Arrow) -> None:
        self._because(arrow.flight.why)
        if self.listed:
            self._list_arrow(arrow, arrow.start[0], "")
            return
        joined = self._next_end(number, arrow) if arrow.source != arrow.target or arrow.loops else None
        path = Path(self, arrow)
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
            path = Path(self, arrow)
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
        for line in wrap(self.say(text), self.width - self.time_width - 2):
            self.row(time).canvas.put(self.time_width + 2, line, look_style(arrow))

    # ------------------------------------------------------------------ silence and reasons

    def _silence(self, start: Time, end: Time) -> None:
        """Break the lifelines where time passes in which nothing is to be told."""
        self._give_reasons()
        text = self.say(silence_text(end - start, under_way(self.scene, start, end)))
        left, right = (self.bars[0], self.bars[1]) if len(self.bars) > 1 and not self.listed else (0, self.width)
        for line in wrap(text, right - left - 3):
            canvas = self.blank(self.signs.gap)
            canvas.put(left + max(1, (right - left - cell_len(line) + 1) // 2), fit(line, right - left - 1), DIM)
            self.rows.append(Row(canvas, None))

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
            for line in wrap(self.say(reason), right - left):
                canvas = self.blank()
                canvas.put(left - 1, " " * (right - left + 1))
                canvas.put(left, line.replace(UNBROKEN, " "), f"italic {DIM}")
                self.rows.append(Row(canvas, None))
