"""What `tcpsim run` prints: ladders, failures and verdicts.

A failed expectation is told with its place in the file, what was expected, what happened instead,
and the piece of the ladder where it happened.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from rich.text import Text

from ..draw.words import clean, to_ascii

if TYPE_CHECKING:
    from rich.console import Console

    from ..scenario import Outcome, Run
    from ..trace import Trace

AROUND: Final = 12
"""How many records before and after a failure its piece of the ladder shows."""
MAX_SEGMENTS: Final = 300
"""How many segments a ladder shows unless everything is asked for; it says how many more there are."""
MAX_KNOWN: Final = 12
"""Of how many connections that do nothing in a piece of a ladder each host's states are shown there."""
NORMAL: Final = 1
"""The ladder's detail unless another is asked for: application calls, and timers that fired."""


class Report:
    """Prints runs on one console, in one manner.

    Attributes:
        console: where to.
        ascii: whether only ASCII is printed.
        explain: whether ladders give reasons.
        detail: 0 to 3, as the ladder's.
        absolute: whether sequence numbers are those of the wire.
        everything: whether long ladders are printed whole.
    """

    def __init__(
        self,
        console: Console,
        *,
        ascii: bool = False,
        explain: bool = False,
        detail: int = NORMAL,
        everything: bool = False,
        absolute: bool = False,
    ) -> None:
        self.console = console
        self.ascii = ascii or console.options.ascii_only
        self.explain = explain
        self.detail = detail
        self.everything = everything
        self.absolute = absolute

    def line(self, text: str, style: str = "", *, indent: int = 0, hang: int = 0) -> None:
        """Print one paragraph, wrapped: all of it moved in by `indent` columns, and what follows by `hang` more."""
        for line in self.wrapped(text, indent=indent, hang=hang):
            self.console.print(Text(line, style=style), soft_wrap=True)

    def wrapped(self, text: str, *, indent: int = 0, hang: int = 0) -> list[str]:
        """Return the lines of a paragraph, as `line` prints them."""
        said = to_ascii(text) if self.ascii else text
        return textwrap.wrap(
            said, self.console.width, initial_indent=" " * indent, subsequent_indent=" " * (indent + hang),
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    def ladder(self, trace: Trace, *, window: tuple[int, int] | None = None) -> None:
        """Print a ladder, or the piece of it between two serial numbers."""
        from ..draw import Ladder

        most = None if self.everything and window is None else MAX_SEGMENTS
        known = None if window is None else MAX_KNOWN
        ladder = Ladder(
            trace, ascii=self.ascii, explain=self.explain, detail=self.detail, window=window, max_segments=most,
            most_known=known, absolute=self.absolute,
        )  # fmt: skip
        self.console.print(ladder)

    def verdict(self, run: Run) -> None:
        """Print each failure and, last, one line that says how it went; a run that was cut short is not judged."""
        if run.ended == "interrupted":
            self.line(f"{clean(run.scenario.name)}: interrupted; what it expects was not asked", "bold yellow")
            return
        for outcome in run.failures:
            self._failure(outcome, run.trace)
        self.console.print(self.summary(run), soft_wrap=True)

    def sign(self, run: Run) -> tuple[str, str]:
        """Return the sign of a run's verdict, and its style."""
        good, bad = ("ok", "FAILED") if self.ascii else ("✓", "✗")
        return (good, "bold green") if run.passed else (bad, "bold red")

    def summary(self, run: Run, called: str = "") -> Text:
        """Return the verdict on a run in one line; the run is `called` so, or by its scenario's name."""
        count, failed = len(run.verdict), len(run.failures)
        sign, style = self.sign(run)
        called = called or f"{run.scenario.name}{run.mutant and f' with {run.mutant}'}"
        name = to_ascii(called) if self.ascii else clean(called)
        if run.passed:
            expectations = "the one expectation holds" if count == 1 else f"all {count} expectations hold"
            words = expectations if count else "nothing was expected"
            return Text.assemble((f"{sign} ", style), (name, "bold"), f": {words}")
        words = f"{failed} of {count} {'does' if failed == 1 else 'do'} not hold"
        return Text.assemble((f"{sign} ", style), (name, "bold"), f": {words}")

    def _failure(self, outcome: Outcome, trace: Trace) -> None:
        self.line(f"{outcome.place}:", "bold red")
        self.line(f"expected  {outcome.expected}", indent=2, hang=10)
        self.line(f"but       {outcome.actual}", indent=2, hang=10)
        if outcome.near_serial is not None:
            near = outcome.near_serial
            self.ladder(trace, window=(max(0, near - AROUND), near + AROUND))
        self.console.print()
