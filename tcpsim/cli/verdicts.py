"""What `tcpsim packetdrill` prints: each script that did not pass, with what was expected beside what came, and the
ladder up to there; and the table of directories.
"""

from __future__ import annotations

import textwrap
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING, Final

from rich.text import Text

from ..draw.words import clean, to_ascii
from ..trace.naming import printable, shown_name

if TYPE_CHECKING:
    from ..packetdrill.reports import Tally
    from ..packetdrill.results import Result, Row
    from ..trace import Trace
    from .reporting import Report

RECORDS: Final = 40
"""How many records of the ladder before a failure are shown, unless all are asked for."""
STYLES: Final = {"passed": "bold green", "failed": "bold red", "not run": "bold yellow", "malformed": "bold magenta"}
_FIELD: Final = 9
_MARK: Final = 2


class Verdicts:
    """Prints results on the console of a report, in its manner.

    Attributes:
        report: where to, and how.
        whole: whether ladders are shown from the beginning.
    """

    def __init__(self, report: Report, *, whole: bool = False) -> None:
        self.report = report
        self.whole = whole

    # ------------------------------------------------------------------ one script

    def line(self, result: Result) -> None:
        """Print one line about a script."""
        sign = {"passed": "✓", "failed": "✗"}.get(result.verdict, "?")
        if self.report.ascii:
            sign = {"passed": "ok", "failed": "FAILED"}.get(result.verdict, result.verdict)
        name = shown_name(result.name if result.passed else str(result.place))
        text = Text.assemble((f"{sign} ", STYLES[result.verdict]), self._said(name))
        if not result.passed:
            text.append(self._said(f": {printable(result.summary)}"))
        self.report.console.print(text, soft_wrap=True)

    def details(self, result: Result, trace: Trace | None) -> bool:
        """Print why a script did not pass; return whether that ends with a ladder."""
        report = self.report
        report.line(
            f"{shown_name(str(result.place))}: {result.verdict}: {printable(result.what)}", STYLES[result.verdict]
        )
        if result.source:
            report.line(clean(result.source), "bright_black", indent=2, hang=4)
        if result.actual and len(result.rows) != 1:  # one row says it all
            report.line(f"instead   {clean(result.actual)}", indent=2, hang=10)
        if result.rows:
            self._beside(result.rows)
        elif result.expected_at:
            report.line(f"due at    {result.expected_at}", indent=2)
        shown = trace is not None and len(trace) > 0
        if trace is not None and shown:
            last = len(trace) - 1
            report.ladder(trace, window=None if self.whole else (max(0, last - RECORDS), last))
        report.console.print()
        return shown

    def _beside(self, rows: tuple[Row, ...]) -> None:
        """Print fields in two columns, expected and found, each that differs with a mark before it."""
        console = self.report.console
        room = max(min(console.width, 120) - 2 - _MARK - _FIELD - 2, 40)
        left = room // 2
        head = " " * (2 + _MARK + _FIELD) + "expected".ljust(left + 2) + "found"
        console.print(Text(head, style="bright_black"), soft_wrap=True)
        for row in rows:
            mark = ("!=" if self.report.ascii else "≠").ljust(_MARK) if row.differs else " " * _MARK
            halves = (self._cell(row.expected, left), self._cell(row.actual, room - left))
            name = f"  {mark} {row.field:<{_FIELD}}"[: 2 + _MARK + _FIELD]
            for place, (expected, actual) in enumerate(zip_longest(*halves, fillvalue="")):
                begin = name if place == 0 else " " * len(name)
                line = f"{begin}{expected:<{left + 2}}{actual}".rstrip()
                console.print(Text(line, style="bold red" if row.differs else ""), soft_wrap=True)

    def _cell(self, text: str, width: int) -> list[str]:
        said = self._said(clean(text)).replace(",", ", ")
        return textwrap.wrap(said, width, break_on_hyphens=False) or [""]

    def _said(self, text: str) -> str:
        return to_ascii(text) if self.report.ascii else text

    # ------------------------------------------------------------------ all of them

    def table(self, tallies: list[Tally], whole: Tally) -> None:
        """Print how many scripts of each directory came to which end."""
        console = self.report.console
        counts = [
            ("passed", "passed"), ("failed", "failed"), ("not run", "not_run"), ("malformed", "malformed"),
        ]  # fmt: skip
        shown = [(word, name) for word, name in counts if name != "malformed" or whole.malformed]
        numbers = 10 * len(shown)
        names = max(min(console.width, 120) - numbers - 1, 20)
        above = _common([tally.directory for tally in tallies])
        if above:
            self.report.line(f"below {shown_name(above)}:", "bright_black")
        head = "directory".ljust(names) + "".join(word.rjust(10) for word, _ in shown)
        console.print(Text(head, style="bold"), soft_wrap=True)
        for tally in [*tallies, *([whole] if len(tallies) > 1 else [])]:
            name = "total"
            if tally.directory:
                name = tally.directory.removeprefix(above).lstrip("/") or "." if above else tally.directory
            lines = _folded(self._said(shown_name(name)), names - 1)
            for line in lines[:-1]:
                console.print(Text(line), soft_wrap=True)
            text = Text(lines[-1].ljust(names), style="" if tally.directory else "bold")
            for word, field in shown:
                count = getattr(tally, field)
                text.append(f"{count:>10}", style=STYLES[word] if count else "bright_black")
            console.print(text, soft_wrap=True)


def _common(directories: list[str]) -> str:
    """Return the directory that all are below, "" if there is none worth telling."""
    if len(directories) < 2:
        return ""
    parts = [directory.split("/") for directory in directories]
    same = [names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*parts, strict=False))]
    return "/".join(same)


def _folded(name: str, width: int) -> list[str]:
    """Return a path in lines of at most `width`, broken after slashes where that is possible."""
    lines = [""]
    for part in name.replace("/", "/\0").split("\0"):
        if len(lines[-1]) + len(part) <= width:
            lines[-1] += part
        else:
            pieces = [part[at : at + width] for at in range(0, len(part), width)]
            lines += pieces if lines[-1] else pieces[1:]
            if not lines[0]:
                lines[0] = pieces[0]
    return lines
