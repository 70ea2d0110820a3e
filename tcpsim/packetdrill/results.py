"""What came of a script: passed, failed, not run, or malformed; and everything a report says about it.

Rule 1. "passed" is said only of a script whose every event was carried out and every expectation met.
Rule 2. A result is a value without the run behind it: it can be sent from one process to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from .comparing import Difference
    from .places import Place, ScriptError


class Row(NamedTuple):
    """One field of what was expected beside what was found; `differs` if that is (part of) why the script failed."""

    field: str
    expected: str
    actual: str
    differs: bool


Verdict = Literal["passed", "failed", "not run", "malformed"]
VERDICTS: Final[tuple[Verdict, ...]] = ("passed", "failed", "not run", "malformed")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one script.

    Attributes:
        name: the script's path, or what it is called.
        verdict: one of VERDICTS.
        place: where it ended if not at its end; Place(name) for the script as a whole.
        source: that line of the script.
        what: in a sentence, why it ended there; "" if it passed.
        expected, actual: the packets, or the values, that were compared, as a script writes them; "" for none.
        expected_at, actual_at: when the packet was due, and when it came (seconds, as packetdrill prints them).
        differences: the fields that differ.
        rows: what was compared, field by field, those that differ marked.
        ended: the virtual time at the end (nanoseconds).
    """

    name: str
    verdict: Verdict
    place: Place
    source: str = ""
    what: str = ""
    expected: str = ""
    actual: str = ""
    expected_at: str = ""
    actual_at: str = ""
    differences: tuple[Difference, ...] = ()
    rows: tuple[Row, ...] = ()
    ended: int = 0

    @property
    def passed(self) -> bool:
        """Whether all of it was carried out and met."""
        return self.verdict == "passed"

    @property
    def summary(self) -> str:
        """Why it ended there, with each field that differs, on one line."""
        told = "; ".join(str(difference) for difference in self.differences)
        return f"{self.what} ({told})" if told else self.what

    def __str__(self) -> str:
        if self.passed:
            return f"{self.name}: passed"
        return f"{self.place}: {self.verdict}: {self.summary}"


def malformed(name: str, error: ScriptError, source: str = "") -> Result:
    """Return the result of a script that can't be read."""
    what = str(error).removeprefix(f"{error.place}: ")
    return Result(name, "malformed", error.place, source, what)


class Stop(Exception):
    """The run of a script ends before its end; holds what the result will say beside the script's own."""

    def __init__(
        self,
        verdict: Verdict,
        place: Place,
        what: str,
        *,
        expected: str = "",
        actual: str = "",
        expected_at: str = "",
        actual_at: str = "",
        differences: tuple[Difference, ...] = (),
        rows: tuple[Row, ...] = (),
    ) -> None:
        super().__init__(what)
        self.verdict = verdict
        self.place = place
        self.what = what
        self.expected = expected
        self.actual = actual
        self.expected_at = expected_at
        self.actual_at = actual_at
        self.differences = differences
        self.rows = rows or tuple([Row(each.field, each.expected, each.actual, True) for each in differences])
