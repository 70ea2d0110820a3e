"""Reading a phrase word by word; each word knows its column, so that an error can point at it.

A phrase is a line of words between blanks: `2nd SYN,ACK from server`. The parsers in sights.py and
moments.py take words from left to right with one word of look-ahead, and read like their grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from ..net.arguments import NAME
from ..tcp.diagram import State
from ..tcp.units import Time, parse_duration
from .problems import PhraseError, nearest_word, one_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

MAX_PHRASE: Final = 500
"""The longest phrase, in characters."""

RESERVED: Final = frozenset(
    {"any", "connection", "every", "next", "first", "none", "never", "after", "from", "to", "is"}
)
"""Words of the phrases, which no host and no connection may be called."""

ORDINAL_WORDS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
NUMBER_WORDS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINAL: Final = re.compile(r"([0-9]{1,9})(st|nd|rd|th)")
_WHOLE: Final = re.compile(r"-?[0-9]{1,10}")
STATES: Final = {str(each): each for each in State}

_WRONG_END: Final = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    def __contains__(self, number: int) -> bool:
        return self.low <= number <= self.high


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a phrase is about: a host, a host's numbered connection, or a connection that the script named.

    `offset` is the column of the name in its phrase, for errors.
    """

    name: str
    number: int | None = None
    offset: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.name if self.number is None else f"{self.name} connection {self.number}"


def as_written(value: T) -> T | str:
    """Return a number with its unit as the parsers of units take it, which know Python's `1_000` and YAML does not."""
    return value.replace("_", "?") if isinstance(value, str) else value


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ..."""
    return f"{number}{'th' if number % 100 in (11, 12, 13) else _WRONG_END.get(number % 10, 'th')}"


class Words:
    """The words of one phrase, taken from left to right."""

    def __init__(self, phrase: str) -> None:
        if len(phrase) > MAX_PHRASE:
            raise PhraseError("the phrase is too long", f"at most {MAX_PHRASE} characters")
        self.phrase = phrase
        self._found = [(match[0], match.start()) for match in re.finditer(r"\S+", phrase)]
        self._next = 0

    # ------------------------------------------------------------------ looking

    @property
    def word(self) -> str:
        """The next word, or "" at the end."""
        return self._found[self._next][0] if self._next < len(self._found) else ""

    @property
    def offset(self) -> int:
        """The column of the next word; at the end, that behind the last."""
        return self._found[self._next][1] if self._next < len(self._found) else len(self.phrase.rstrip())

    def wrong(self, expected: str, known: Iterable[str] = ()) -> PhraseError:
        """Return the error that the next word is not what was expected."""
        if not self.word:
            return PhraseError(
                "the phrase ends too early" if self._found else "the phrase is empty", expected, "", self.offset
            )
        return PhraseError(
            f"{shown(self.word)} does not belong here", expected, nearest_word(self.word, known), self.offset
        )

    # ------------------------------------------------------------------ taking

    def take(self) -> str:
        """Take the next word, whatever it is; "" at the end."""
        word = self.word
        self._next += bool(word)
        return word

    def accept(self, *wanted: str) -> str:
        """Take the next word if it is one of `wanted`; else return ""."""
        return self.take() if self.word in wanted else ""

    def expect(self, *wanted: str) -> str:
        """Take the next word, which must be one of `wanted`."""
        if self.word not in wanted:
            raise self.wrong(one_of(wanted), wanted)
        return self.take()

    def accept_longest(self, names: Iterable[str]) -> str:
        """Take the longest of `names` (of one word or several) that comes next; else return ""."""
        for name in sorted(names, key=len, reverse=True):
            parts = name.split()
            if [word for word, _ in self._found[self._next : self._next + len(parts)]] == parts:
                self._next += len(parts)
                return name
        return ""

    def end(self, *known: str) -> None:
        """Refuse any further word; `known` are those that could have stood here."""
        if self.word:
            raise self.wrong(f"{', '.join(known)} or the end of the phrase".removeprefix(" or "), known)

    def party(self, *, everybody: bool = False) -> Party | None:
        """Take `client`, `client connection 2` or a connection's name; None for `any`, where that may stand."""
        offset = self.offset
        if everybody and self.accept("any"):
            return None
        if not NAME.fullmatch(self.word):
            raise self.wrong("the name of a host or connection" + (", or any" if everybody else ""))
        name = self.take()
        if self.accept("connection"):
            return Party(name, self.whole("a connection number", 1, 1_000_000), offset)
        return Party(name, None, offset)

    def whole(self, what: str, low: int, high: int) -> int:
        """Take a whole number from `low` to `high`."""
        if not _WHOLE.fullmatch(self.word) or not low <= int(self.word) <= high:
            raise self.wrong(f"{what} from {low:,} to {high:,}")
        return int(self.take())

    def accept_ordinal(self) -> int:
        """Take `2nd` or `second` and return 2; return 0 if the next word is no ordinal."""
        if self.word in ORDINAL_WORDS:
            return ORDINAL_WORDS.index(self.take()) + 1
        match = _ORDINAL.fullmatch(self.word)
        if match is None:
            return 0
        right = ordinal(int(match[1]))
        if right != self.word or int(match[1]) == 0:
            wrong = f"{shown(self.word)} is no ordinal"
            raise PhraseError(
                wrong, "an ordinal such as 1st, 2nd or third", right if int(match[1]) else "1st", self.offset
            )
        self.take()
        return int(match[1])

    def accept_count(self) -> int:
        """Take `two` or `2` and return 2; return 0 if the next word is no such number."""
        if self.word in NUMBER_WORDS:
            return NUMBER_WORDS.index(self.take()) + 1
        if self.word.isascii() and self.word.isdecimal():
            return self.whole("a number", 1, 1_000_000)
        return 0

    def span(self, what: str, low: int, high: int) -> Span:
        """Take `5` or `1..5`."""
        first, dots, last = self.word.partition("..")
        both = (first, last) if dots else (first, first)
        if not all(_WHOLE.fullmatch(each) and low <= int(each) <= high for each in both):
            such = "" if "such as" in what else " such as 5 or 1..5"
            raise self.wrong(f"{what}{such}, from {low:,} to {high:,}")
        if int(both[0]) > int(both[1]):
            raise self.wrong(f"{what} with the smaller number first")
        self.take()
        return Span(int(both[0]), int(both[1]))

    def duration(self) -> Time:
        """Take `50ms` and return nanoseconds."""
        try:
            time = parse_duration(as_written(self.word))
        except ValueError as error:
            if str(error).startswith("expected"):
                raise self.wrong("a duration such as 50ms, 1.5s or 2min") from None
            raise PhraseError(str(error), offset=self.offset) from None
        self.take()
        return time

    def durations(self) -> Span:
        """Take `50ms` or `50ms..60ms`."""
        first, dots, last = self.word.partition("..")
        try:
            span = Span(*(parse_duration(as_written(each)) for each in (first, last if dots else first)))
        except ValueError:
            raise self.wrong("a time such as 50ms, or 50ms..60ms") from None
        if span.low > span.high:
            raise self.wrong("the earlier time first")
        self.take()
        return span

    def state(self) -> State:
        """Take the name of a state."""
        if self.word not in STATES:
            raise self.wrong("a state such as SYN-SENT or ESTABLISHED", STATES)
        return STATES[self.take()]
