"""What is wrong with a packetdrill script, and where.

Rule 1. Every mistake of a script is a `ScriptError` with a place; reading a script raises nothing else.
Rule 2. An error says what was found, what was expected and, if a known word is near, that word.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN: Final = 40
"""How many characters of a script an error quotes."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A point in a script: line and column count from 1; line 0 stands for the script as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE: Final = Place("")
"""The place of what was not read from a script."""


class ScriptError(Exception):
    """A script is malformed: where, what is wrong, what was expected ("" if that says it), the nearest word ("")."""

    def __init__(self, place: Place, wrong: str, expected: str = "", nearest: str = "") -> None:
        self.place = place
        self.wrong = wrong
        self.expected = expected
        self.nearest = nearest
        parts = [wrong]
        if expected:
            parts.append(f"expected {expected}")
        if nearest:
            parts.append(f"did you mean {nearest!r}?")
        super().__init__(f"{place}: {'; '.join(parts)}")


def nearest_word(word: str, known: Iterable[str]) -> str:
    """Return the known word that `word` was probably meant to be, or "" if none is near."""
    folded = {each.lower(): each for each in sorted(known, reverse=True)}
    wanted = word[:SHOWN].lower()
    close = [wanted] if wanted in folded else difflib.get_close_matches(wanted, list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def shown(text: str) -> str:
    """Return a piece of a script as an error quotes it: short, on one line."""
    quoted = repr(text)
    return quoted if len(quoted) <= SHOWN else f"{quoted[: SHOWN - 4]}...{quoted[-1]}"
