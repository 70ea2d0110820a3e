"""Two ladders side by side in a terminal, with the first difference marked, and explained below.

Rule 1. No line is wider than asked for, from 60 columns up; what does not fit goes on in the next line.
Rule 2. Everything is said by words and signs; colour repeats it. With `ascii` no other character is printed.
Rule 3. From 160 columns on, two whole ladders stand side by side: above the first difference, and below it.
        In less room each side is a list: time, host, and what happens in the ladder's words.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from .arrow_text import look_style
from .comparing import ALIKE, DURATION, ELSEWHEN, FATE, UNLIKE, compare
from .ladder_text import NARROWEST, Ladder
from .rows import STATE_STYLES
from .scene import Arrow, Stay, TimerRun, scene
from .words import Clock, clean, to_ascii

if TYPE_CHECKING:
    from ..trace import Trace
    from .comparing import Comparison, Row, Told

WIDE: Final = 160
"""From so many columns on there is room for two ladders."""
WIDEST: Final = 128
"""The lists of the narrow form take no more columns."""
MAX_ROWS: Final = 300
"""So many rows are shown unless all are asked for."""
_DIM: Final = "bright_black"
_STYLES: Final = {
    "call": "blue",
    "signal": "blue",
    "data": "green",
    "note": _DIM,
    "error": "bold red",
    "timer": "magenta",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two runs: what it is called, and what happened."""

    name: str
    trace: Trace


class Beside:
    """Two runs side by side.

    Attributes:
        comparison: what is the same in both, and what is not.
    """

    def __init__(self, left: Side, right: Side, *, width: int = 80, ascii: bool = False, whole: bool = False) -> None:
        self.left, self.right = (Side(clean(side.name), side.trace) for side in (left, right))
        self.comparison = compare(left.trace, right.trace)
        self.width = max(width, NARROWEST)
        self.ascii, self.whole = ascii, whole
        rows = self.comparison.rows
        self.clock = Clock({told.time for row in rows for told in (row.left, row.right) if told is not None})

    def lines(self) -> list[Text]:
        """Return the two ladders as styled lines."""
        return _wide(self) if self.width >= WIDE else _Lists(self).lines()

    def explanation(self) -> list[Text]:
        """Return what the first difference is, with the rule that is each side's reason, as styled lines."""
        return _explained(self)

    def say(self, text: str) -> str:
        """Return a text in the characters that may be printed."""
        return to_ascii(text) if self.ascii else text


# ---------------------------------------------------------------------- two lists


class _Lists:
    """The narrow form: each side a list with columns for time, host and words."""

    def __init__(self, of: Beside) -> None:
        self.of = of
        self.comparison: Comparison = of.comparison
        self.gutter = 4
        self.cell = (min(of.width, WIDEST) - self.gutter) // 2
        hosts = dict.fromkeys(view.title for side in (of.left, of.right) for view in scene(side.trace).hosts)
        self.initials = initials([of.say(host) for host in hosts])
        self.initial = {host: self.initials[of.say(host)] for host in hosts}
        self.arrow = "->" if of.ascii else "→"
        self.who = 2 * max((len(each) for each in self.initials.values()), default=1) + len(self.arrow)
        times = [told.time for row in self.comparison.rows for told in (row.left, row.right) if told is not None]
        self.time = max((len(of.say(of.clock(time))) for time in times), default=4)
        self.shown: list[int | None] = [None, None]

    def lines(self) -> list[Text]:
        """Return the whole."""
        rows, first = self.comparison.rows, self.comparison.first
        out = self._head()
        most = len(rows) if self.of.whole else MAX_ROWS
        start = 0 if first is None or first < most else first - most // 2
        if start:
            out.append(Text(f"({start} rows before these are alike on both sides)", _DIM))
        for place, row in enumerate(rows[start : start + most], start):
            if place == first:
                out.append(self._rule("the first difference"))
            out += self._row(row, marked=place == first)
        missing = len(rows) - start - most
        if missing > 0:
            out.append(Text(f"({missing} more rows; --whole shows them)", _DIM))
        if self.comparison.left_out:
            out.append(Text(f"({self.comparison.left_out} more events are not compared)", _DIM))
        return [*out, *self._legend({row.differs for row in rows})]

    def _head(self) -> list[Text]:
        names = [textwrap.wrap(self.of.say(side.name), self.cell) for side in (self.of.left, self.of.right)]
        out = []
        for left, right in zip_longest(*names, fillvalue=""):
            out.append(Text(f"{_padded(left, self.cell)}{' ' * self.gutter}{right}", "bold"))
        line = ("-" if self.of.ascii else "─") * self.cell
        return [*out, Text(f"{line}{' ' * self.gutter}{line}", _DIM)]

    def _rule(self, words: str) -> Text:
        line = "=" if self.of.ascii else "═"
        return Text(f" {words} ".center(2 * self.cell + self.gutter, line), "bold yellow")

    def _row(self, row: Row, *, marked: bool) -> list[Text]:
        halves = [self._half(row.left, row, 0), self._half(row.right, row, 1)]
        sign = self._sign(row.differs)
        out = []
        for number, (left, right) in enumerate(zip_longest(*halves, fillvalue=Text())):
            line = left.copy()
            line.append(" " * (self.cell - cell_len(left.plain)))
            mark = sign if number == 0 else ""
            line.append(
                mark.center(self.gutter), "bold yellow" if marked else "yellow" if row.differs == UNLIKE else _DIM
            )
            line.append_text(right)
            line.rstrip()
            out.append(line)
        return out

    def _sign(self, differs: str) -> str:
        signs = {UNLIKE: "!=", ELSEWHEN: "~", ALIKE: ""} if self.of.ascii else {UNLIKE: "≠", ELSEWHEN: "≈", ALIKE: ""}
        return signs[differs]

    def _half(self, told: Told | None, row: Row, side: int) -> list[Text]:
        """Return one side of a row; the time is left out where the line above it shows the same."""
        if told is None:
            return [Text()]
        say = self.of.say
        time = "" if self.shown[side] == told.time else say(self.of.clock(told.time))
        self.shown[side] = told.time
        who = self.initial[told.host] + (f"{self.arrow}{self.initial.get(told.to, told.to)}" if told.to else "")
        begin = f"{time:>{self.time}}  "
        values = dict(told.fields)
        extra = [said for name in row.fields if (said := _field(name, values[name], told))]
        words = textwrap.wrap(
            say(", ".join([told.words, *extra])), self.cell - len(begin) - self.who - 1,
            subsequent_indent=" ", break_on_hyphens=False,
        )  # fmt: skip
        style = _style(told)
        out = [Text.assemble((begin, _DIM), (f"{who:<{self.who}} ", style), (words[0] if words else "", style))]
        blank = " " * (len(begin) + self.who + 1)
        return [*out, *(Text.assemble(blank, (line, style)) for line in words[1:])]

    def _legend(self, used: set[str]) -> list[Text]:
        hosts = [f"{initial} {host}" for host, initial in self.initials.items()]
        signs = [(UNLIKE, "not the same"), (ELSEWHEN, "the same at another time")]
        said = ", ".join([*hosts, *(f"{self._sign(sign)} {words}" for sign, words in signs if sign in used)])
        return [Text(), *(Text(line, _DIM) for line in textwrap.wrap(said, self.of.width))]


def initials(hosts: list[str]) -> dict[str, str]:
    """Return for each host the beginning of its name, one letter if that tells them apart; else A1, A2 and so on."""
    for length in range(1, 4):
        short = {host: host[:length] for host in hosts}
        if len(set(short.values())) == len(hosts) and all(each.isalnum() for each in short.values()):
            return short
    return {host: f"{number}" for number, host in enumerate(hosts, 1)}


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _field(name: str, value: str, told: Told) -> str:
    """Return a field as it stands behind a segment's words; "" for one that these tell, or for what is no segment."""
    short = {"window": "win ", "options": "", "urgent pointer": "up ", "ECN": ""}.get(name)
    if short is None or (name == "options" and "SYN" in told.words):
        return ""
    return f"no {name}" if value == "none" else f"{short}{value}"


def _style(told: Told) -> str:
    if isinstance(told.source, Arrow):
        return look_style(told.source)
    if isinstance(told.source, Stay):
        return STATE_STYLES[told.source.state]
    return _STYLES.get(told.what, "")


# ---------------------------------------------------------------------- two ladders


def _wide(of: Beside) -> list[Text]:
    """Return two ladders side by side, cut where they first differ."""
    comparison = of.comparison
    cuts = [len(side.trace) for side in (of.left, of.right)]
    if comparison.first is not None:
        following = [comparison.next_of("left"), comparison.next_of("right")]
        cuts = [cut if told is None else told.at[1] for cut, told in zip(cuts, following, strict=True)]
    out: list[Text] = []
    if min(cuts) > 0:
        out += _pieces(of, [(0, cut - 1) for cut in cuts], named=True)
    if comparison.first is not None:
        line = "=" if of.ascii else "═"
        out.append(Text(" the first difference ".center(min(of.width, 2 * _LADDER + 4), line), "bold yellow"))
        out += _pieces(of, [(cut, len(side.trace)) for cut, side in zip(cuts, (of.left, of.right), strict=True)])
    return out


_LADDER: Final = 96
"""A ladder beside another takes no more columns."""


def _pieces(of: Beside, windows: list[tuple[int, int]], *, named: bool = False) -> list[Text]:
    """Return a piece of each ladder, side by side."""
    room = min((of.width - 4) // 2, _LADDER)
    halves = []
    for side, window in zip((of.left, of.right), windows, strict=True):
        ladder = Ladder(side.trace, ascii=of.ascii, window=window, max_segments=None if of.whole else MAX_ROWS)
        ladder.scene.title, ladder.scene.source = (side.name, "") if named else ("", "")
        ladder.scene.left_above = ""
        if named:
            ladder.scene.left_out = []
        halves.append(ladder.lines(room))
    out = []
    for left, right in zip_longest(*halves, fillvalue=Text()):
        line = left.copy()
        line.append(" " * (room + 4 - cell_len(left.plain)))
        line.append_text(right)
        line.rstrip()
        out.append(line)
    return out


# ---------------------------------------------------------------------- explained


def _explained(of: Beside) -> list[Text]:
    """Return the first difference in sentences."""
    comparison = of.comparison
    if comparison.first is None:
        return _paragraph(of, _alike(comparison), "")
    out = _row_explained(of, comparison.first, "The first difference")
    parting = comparison.parting
    if parting is not None and parting != comparison.first:
        out += [Text(), *_row_explained(of, parting, "The first thing that is done otherwise")]
    return out


def _row_explained(of: Beside, place: int, which: str) -> list[Text]:
    """Return what differs in a row, and what each side does, by which rule."""
    row = of.comparison.rows[place]
    out = _paragraph(of, f"{which}: {_what_differs(row, of)}", "bold yellow")
    both = row.left is not None and row.right is not None and row.left.why is row.right.why
    for side, name in ((of.left, "left"), (of.right, "right")):
        told = getattr(row, name)
        begin = f"{side.name}: "
        if told is not None:
            out += _paragraph(of, begin + _sentence(told, of), "", hang=2)
        else:
            other = row.left or row.right
            told = of.comparison.next_of(name, other.host if other is not None else "", place)
            after = "nothing more happens there" if told is None else f"next comes, {_sentence(told, of)}"
            out += _paragraph(of, f"{begin}it does not; {after}", "", hang=2)
        if told is not None and not (both and name == "left"):  # one reason for both stands below both
            out += _reason(of, told)
    return out


def _alike(comparison: Comparison) -> str:
    what = "what was compared is" if comparison.left_out else f"all {len(comparison.rows)} events are"
    return f"The two runs do not differ: {what} alike in order, words and times."


def _what_differs(row: Row, of: Beside) -> str:
    left, right = row.left, row.right
    if left is None or right is None:
        told = left or right
        assert told is not None
        return f"{_doing(told)}, only on the {'right' if left is None else 'left'}."
    if left.key != right.key:
        return f"{_doing(left)} on the left; {_doing(right)} on the right."
    if not row.fields:
        return f"{_doing(left)}, at {of.clock(left.time)} on the left, at {of.clock(right.time)} on the right."
    ours, theirs = dict(left.fields), dict(right.fields)
    parts = [_both(name, ours[name], theirs[name]) for name in row.fields]
    what = f"the timer {left.source.timer}" if isinstance(left.source, TimerRun) else left.words.split(",")[0]
    return f"{left.host}, {what}: {'; '.join(parts)}."


def _both(field: str, left: str, right: str) -> str:
    name = "" if field in (FATE, DURATION) else f"{field} "
    return f"{name}{left} on the left, {right} on the right"


_VERBS: Final = {"state": "becomes", "call": "calls", "error": "calls", "signal": "is"}


def _doing(told: Told) -> str:
    """Return what happens, as a clause: `client becomes CLOSED`, `server sends RST seq 1`."""
    if told.what == "segment":
        return f"{told.host} sends {told.words}"
    if told.what == "timer":
        return f"{told.host}'s timer {told.words}"
    return f"{told.host} {_VERBS.get(told.what, '')} {told.words}".replace("  ", " ")


def _sentence(told: Told, of: Beside) -> str:
    return f"at {of.clock(told.time)}, {_doing(told)}"


def _reason(of: Beside, told: Told) -> list[Text]:
    return [] if told.why is None else _paragraph(of, f"{told.why.sentence} ({told.why.cite})", _DIM, indent=4)


def _paragraph(of: Beside, text: str, style: str, *, indent: int = 0, hang: int = 0) -> list[Text]:
    lines = textwrap.wrap(
        of.say(text), min(of.width, 100), initial_indent=" " * indent, subsequent_indent=" " * (indent + hang),
        break_on_hyphens=False,
    )  # fmt: skip
    return [Text(line, style) for line in lines]
