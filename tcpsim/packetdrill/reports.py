"""What came of many scripts: counted by directory, and as JUnit XML.

Rule 1. Directories are told one by one, never only in total: one may hold most of the scripts.
Rule 2. The XML holds no time, host or date: equal results give equal bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from .results import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .results import Result, Verdict

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Tally:
    """How many scripts of a directory came to which end."""

    directory: str
    passed: int = 0
    failed: int = 0
    not_run: int = 0
    malformed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.not_run + self.malformed


def directory_of(name: str) -> str:
    """Return the directory of a script, "." for none."""
    return str(PurePath(name).parent)


def tallies(results: Iterable[Result]) -> list[Tally]:
    """Return the counts of each directory, by name."""
    counted: dict[str, Counter[Verdict]] = {}
    for result in results:
        counted.setdefault(directory_of(result.name), Counter())[result.verdict] += 1
    return [Tally(name, *(counted[name][verdict] for verdict in VERDICTS)) for name in sorted(counted)]


def total(parts: Iterable[Tally]) -> Tally:
    """Return the sum of counts."""
    each = list(parts)
    return Tally(
        "", sum(t.passed for t in each), sum(t.failed for t in each), sum(t.not_run for t in each),
        sum(t.malformed for t in each),
    )  # fmt: skip


def junit(results: Iterable[Result], *, allow_not_run: bool = False) -> str:
    """Return the results as JUnit XML: a suite for each directory, a case for each script.

    What failed is a failure, what is malformed an error; what was not run is an error too, or, with
    `allow_not_run`, skipped.
    """
    everything = list(results)
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    for tally in tallies(everything):
        cases = [result for result in everything if directory_of(result.name) == tally.directory]
        skipped = tally.not_run if allow_not_run else 0
        errors = tally.malformed + tally.not_run - skipped
        counts = f'tests="{tally.total}" failures="{tally.failed}" errors="{errors}" skipped="{skipped}"'
        lines.append(f"  <testsuite name={_attribute(tally.directory)} {counts}>")
        for result in sorted(cases, key=lambda each: each.name):
            lines += _case(result, allow_not_run)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(result: Result, allow_not_run: bool) -> list[str]:
    path = PurePath(result.name)
    where = f"classname={_attribute(str(path.parent))} file={_attribute(result.name)}"
    head = f"    <testcase name={_attribute(path.stem)} {where}"
    if result.passed:
        return [f"{head}/>"]
    message = f"message={_attribute(result.summary)}"
    if result.verdict == "not run" and allow_not_run:
        return [f"{head}>", f"      <skipped {message}/>", "    </testcase>"]
    element = "failure" if result.verdict == "failed" else "error"
    body = escape(_printable("\n".join(details(result))))
    opening = f"      <{element} type={_attribute(result.verdict)} {message}>{body}</{element}>"
    return [f"{head} line={quoteattr(str(result.place.line))}>", opening, "    </testcase>"]


def details(result: Result) -> list[str]:
    """Return the lines that tell what came of a script that did not pass, in plain text."""
    lines = [f"{result.place}: {result.verdict}: {result.what}"]
    if result.source:
        lines.append(f"    {result.source}")
    for word, packet, at in (
        ("expected", result.expected, result.expected_at),
        ("found", result.actual, result.actual_at),
    ):
        if packet or at:
            lines.append(f"{word:<9} {at:<17} {packet}".rstrip())
    return lines + [str(difference) for difference in result.differences]


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _printable(text: str) -> str:
    """Return a text without the characters that XML can't hold."""
    return _NOT_XML.sub("?", text)
