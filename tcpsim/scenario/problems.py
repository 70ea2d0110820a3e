"""What is wrong with a scenario file, and where.

Rule 1. Every mistake of a person is a `Problem` with a place; nothing else leaves this package.
Rule 2. A problem says what is wrong, what was expected and, if a known word is near, that word.
Rule 3. All problems that can be seen at once are told at once, in the order of the file.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..trace.naming import shown_name

if TYPE_CHECKING:
    from collections.abc import Iterable


SHOWN: Final = 20
"""How many problems a message lists; `ScenarioError.problems` has all."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A point in a file: line and column count from 1; line 0 stands for the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        file = shown_name(self.file)
        return f"{file}:{self.line}:{self.column}" if self.line else file


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: what is wrong, what was expected ("" if that says it all), the nearest right word ("")."""

    place: Place
    wrong: str
    expected: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        parts = [self.wrong]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.nearest:
            parts.append(f"did you mean {self.nearest!r}?")
        return f"{self.place}: {'; '.join(parts)}"


class ScenarioError(Exception):
    """A scenario can't be read. `problems` holds every mistake found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(dict.fromkeys(problems), key=lambda problem: problem.place)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN} more")
        super().__init__("\n".join(lines))


class PhraseError(ValueError):
    """A phrase inside a scenario can't be read; `offset` is the column inside it, from 0."""

    def __init__(self, wrong: str, expected: str = "", nearest: str = "", offset: int = 0) -> None:
        self.wrong = wrong
        self.expected = expected
        self.nearest = nearest
        self.offset = offset
        super().__init__(wrong)


def nearest_word(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the known word that `word` was probably meant to be, or "" if none is as near as `cutoff`."""
    words = list(known)
    folded = {each.lower(): each for each in reversed(words)}
    if word.lower() in folded:
        return folded[word.lower()]
    close = difflib.get_close_matches(word.lower(), list(folded), n=1, cutoff=cutoff)
    return folded[close[0]] if close else ""


def one_of(words: Iterable[str]) -> str:
    """Return "a, b or c"."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}" if listed else "nothing"


def shown(value: object, limit: int = 60) -> str:
    """Return a value as an error message quotes it: short, on one line."""
    text = repr(value) if not isinstance(value, str) else f"{value!r}"
    return text if len(text) <= limit else f"{text[: limit - 4]}...{text[-1]}"
