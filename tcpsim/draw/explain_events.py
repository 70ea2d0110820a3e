"""An explained run in words, happening by happening: what came, what was asked, what changed, what followed.

Rule 1. The reason of a thing is the rule's own sentence from the catalogue, told once in a happening, with its place.
Rule 2. Numbers are relative, as in the ladder; those of the wire stand beside them where one happening is told alone.
Rule 3. No line is wider than asked for. Marks and words say everything; colour repeats it.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rich.text import Text

from ..tcp.checks import PLAIN
from ..tcp.variables import BASES, TIMER
from ..trace import Arrived, Called, Discarded, Explanation, Moved, TimerFired, TimerSet, TimerStopped
from .amounts import NOTHING, amount, asked, is_forgotten, is_news
from .explain import happened, known_about
from .happenings import happening_at, happenings
from .words import UNBROKEN, Clock, clean, to_ascii

if TYPE_CHECKING:
    from ..tcp.checks import Check
    from ..tcp.rules import Rule
    from ..tcp.variables import Amount
    from ..trace import Changed, Record, Trace
    from .happenings import Happening

LABEL: Final = 9
"""How far what is told of a happening stands to the right of its label."""
ARROW: Final = "→"
_MARKS: Final = {True: ("✓", "green"), False: ("✗", "bold red")}
_DIM: Final = "bright_black"


def explained_lines(trace: Trace, serial: int | None = None, *, width: int = 80, ascii: bool = False) -> list[Text]:
    """Return an explained run as styled lines; or, at full length, the happening to which one record belongs.

    Raises ValueError if there is no such record.
    """
    clock = Clock({record.time for record in trace.records})
    digits = len(str(len(trace)))
    chosen = happenings(trace) if serial is None else [happening_at(trace, serial)]
    lines: list[Text] = []
    for number, each in enumerate(chosen):
        lines += [Text()] if number else []
        lines += _Teller(trace, each, clock, max(width, 60), digits, ascii=ascii, whole=serial is not None).lines()
    return lines


def explain_event(trace: Trace, serial: int, *, width: int = 80, ascii: bool = False) -> list[str]:
    """Return all about the happening to which the record `serial` of an explained trace belongs, line by line.

    The first line says what happened; then come the checks that it met, with their numbers, what changed in
    the TCB, what followed and why, and what else is known of each record. `draw.happenings.happening_at` has
    the same as values. For the trace of a run that was not explained there are no checks and no changes.

    Raises ValueError if there is no such record.
    """
    return [line.plain for line in explained_lines(trace, serial, width=width, ascii=ascii)]


class _Teller:
    """Tells one happening: a heading, and a block of lines behind each label."""

    def __init__(
        self, trace: Trace, of: Happening, clock: Clock, width: int, digits: int, *, ascii: bool, whole: bool
    ) -> None:
        self.trace, self.of, self.clock, self.width, self.ascii, self.whole = trace, of, clock, width, ascii, whole
        self.digits = digits
        self.left = digits + 2
        self.told: list[Text] = []
        self.given: set[Rule] = set()

    def lines(self) -> list[Text]:
        """Return the happening's lines."""
        self._heading()
        self._checks()
        self._changes()
        self._what_follows()
        if self.whole:
            self._facts()
        return self.told

    # -------------------------------------------------------------- the page

    def _say(self, text: str) -> str:
        return to_ascii(text) if self.ascii else text

    def _write(self, label: str, text: str, style: str = "", *, hang: int = 2, rest: str = "") -> None:
        """Write a paragraph behind a label, which is given only once; `rest` styles the lines after the first."""
        start = self.left + LABEL
        for number, line in enumerate(_wrapped(self._say(text), self.width - start, hang)):
            head = f"{' ' * self.left}{label if not number else '':<{LABEL}}"
            self.told.append(Text.assemble((head, _DIM), (line, style if not number else rest or style)))

    def _because(self, rule: Rule | None) -> None:
        """Give a rule's sentence, unless this happening has given it."""
        if rule is not None and rule not in self.given:
            self.given.add(rule)
            self._write("", f"  {rule.sentence} ({clean(rule.cite).replace(' ', UNBROKEN)})", f"italic {_DIM}")

    # -------------------------------------------------------------- what happened

    def _heading(self) -> None:
        opening, checked = self.of.opening, self.of.checked
        words = (
            happened(opening, self.clock) if not isinstance(opening, Explanation) else f"{clean(opening.host, 40)} acts"
        )
        if checked is not None and isinstance(opening, (Arrived, Called, TimerFired)):
            words += f", {'which is ' if isinstance(opening, Arrived) else ''}in {clean(checked.state, 20)}"
        start = f"{self.of.serial:{self.digits}}  {self.clock(self.of.time)}  "
        for number, line in enumerate(_wrapped(self._say(words), self.width - len(start), 0)):
            head = self._say(start) if not number else " " * len(start)
            self.told.append(Text.assemble((head, _DIM), (line, "bold")))
        if isinstance(opening, Arrived) and checked is None:
            return
        if not isinstance(opening, TimerFired) or checked is None:
            self._because(opening.why)

    def _checks(self) -> None:
        checked = self.of.checked
        if checked is None:
            return
        iss, irs = checked.iss, checked.irs
        for number, check in enumerate(checked.checks):
            sign, style = _MARKS[check.passed]
            label = ("checks" if check.answer is not None else "rule") if not number else ""
            self._write(label, f"{sign} {asked(check, iss, irs)}", style, rest=style)
            if not check.decided or self.whole:
                self._place(check)
        last = checked.checks[-1]
        if checked.agreed and last.why is not None:
            self._because(last.why)
        elif checked.agreed and not self.whole:
            self._place(last)
        elif not checked.agreed:
            self._write("", "So the RFC. This host does otherwise:", "bold red")
            self._because(self.of.reason)

    def _place(self, check: Check) -> None:
        """Say where a check stands, behind the check or, if there is no room, below it."""
        rule = check.why
        if check.decided and rule is not None and (not self.whole or check.cite == f"{rule.rfc} {rule.section}"):
            return
        if self.whole or check.decided:
            cite = self._say(f"({clean(check.cite, 60)})")
            line = self.told[-1]
            if len(line.plain) + 1 + len(cite) <= self.width:
                line.append(f" {cite}", _DIM)
            else:
                self._write("", f"  {cite}", _DIM)

    # -------------------------------------------------------------- what changed

    def _changes(self) -> None:
        for changed in self.of.changed:
            rows = self._rows(changed)
            label = "changes" if changed is self.of.changed[0] else f"(conn {changed.connection})"
            widest = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
            for name, was, now, aside in rows:
                self._row(label, f"{name:<{widest[0]}}  {was:>{widest[1]}} {ARROW} {now}", aside, bold=name == "state")
                label = ""
            gone = _forgotten(changed)
            if gone:
                self._write(label, f"{gone} more are forgotten with the TCB")

    def _row(self, label: str, row: str, aside: str, *, bold: bool) -> None:
        """Write a line of the table; `aside` goes behind it, or below it where there is no room."""
        start, row, aside = f"{' ' * self.left}{label:<{LABEL}}", self._say(row), self._say(aside)
        if len(start + row) > self.width:
            row = " ".join(row.split())
        line = Text.assemble((start, _DIM), (row, "bold" if bold else ""))
        self.told.append(line)
        if aside and len(start + row) + 2 + len(aside) <= self.width:
            line.append(f"  {aside}", _DIM)
        elif aside:
            self._write("", f"  {aside}", _DIM)

    def _rows(self, changed: Changed) -> list[tuple[str, str, str, str]]:
        """Return each change that is told: the variable, its value before and after, and where that stands."""
        rows: list[tuple[str, str, str, str]] = []
        for name, was, now in changed.changes:
            news = self.whole or is_news(name, was, now)
            if news and not is_forgotten(changed, name, now):
                values = amount(name, was, changed, self.clock), amount(name, now, changed, self.clock)
                rows.append((clean(name, 30), *values, self._aside(name, changed, was, now)))
        return rows

    def _aside(self, name: str, of: Changed, was: Amount, now: Amount) -> str:
        """Return where a state's or a timer's change stands, or the numbers of the wire."""
        if name == "state":
            rules = [record.why for record in self._of_kind(Moved) if record.why not in self.given]
            return " ".join(dict.fromkeys(f"({rule.cite})" for rule in rules if rule is not None))
        if name.endswith(TIMER):
            timer = name.removesuffix(TIMER).lower()
            about = [
                record.why.cite
                for record in self.of.records
                if isinstance(record, (TimerSet, TimerStopped, TimerFired))
                and record.timer == timer
                and record.connection == of.connection
                and record.why is not None
            ]
            return f"({about[-1]})" if about else ""
        if self.whole and name in BASES and BASES[name] != PLAIN:
            return f"wire {NOTHING if was is None else was} {ARROW} {NOTHING if now is None else now}"
        return ""

    def _of_kind(self, kind: type[Record]) -> list[Record]:
        return [record for record in self.of.records if isinstance(record, kind)]

    # -------------------------------------------------------------- what followed

    def _what_follows(self) -> None:
        told = {name for changed in self.of.changed for name, _, _ in changed.changes}
        label = "then"
        for record in self.of.follows:
            if not self.whole and _stands_in_table(record, told):
                continue
            self._write(label, happened(record, self.clock))
            label = ""
            self._because(record.why)

    def _facts(self) -> None:
        label = "known"
        for record in (self.of.opening, *self.of.follows):
            facts = [] if isinstance(record, (Moved, Explanation)) else known_about(self.trace, record, self.clock)
            facts = [fact for fact in facts if not fact.startswith("connection ")]
            if isinstance(record, Discarded):  # the rest was said where it arrived
                facts = facts[:1]
            for number, fact in enumerate(facts):
                of = f"{record.kind}: " if not number else ""
                self._write(label, f"{of}{fact}", _DIM)
                label = ""


def _forgotten(changed: Changed) -> int:
    return sum(is_forgotten(changed, name, now) for name, _, now in changed.changes)


def _stands_in_table(record: Record, told: set[str]) -> bool:
    """Return whether the table of changes says what a record says."""
    if isinstance(record, Moved):
        return "state" in told
    return isinstance(record, (TimerSet, TimerStopped, TimerFired)) and bool(told)


def _wrapped(text: str, width: int, hang: int) -> list[str]:
    lead = len(text) - len(text.lstrip())
    lines = textwrap.wrap(text, max(width, 20), subsequent_indent=" " * max(hang, lead), break_on_hyphens=False)
    return [line.replace(UNBROKEN, " ") for line in lines]
