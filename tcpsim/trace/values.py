"""Values of a trace's file: from what JSON gives to what a record holds.

Rule 1. A reader returns the value or raises Unexpected, which says what would be right, after "expected".
Rule 2. JSON's true is an int in Python, and does not pass for 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..tcp.options import KINDS, Options
from ..tcp.seqnum import MASK

if TYPE_CHECKING:
    from collections.abc import Callable

S = TypeVar("S")
T = TypeVar("T")


class Unexpected(Exception):
    """A value is not what its key asks for; the message says what would be, after "expected"."""


def whole(low: int, high: int) -> Callable[[object], int]:
    """Return a reader of whole numbers from `low` to `high`."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise Unexpected(f"a whole number from {low} to {high}")

    return read


def any_whole(value: object) -> int:
    """Read a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Unexpected("a whole number")


def word(value: object) -> str:
    """Read a text."""
    if isinstance(value, str):
        return value
    raise Unexpected("a text")


def truth(value: object) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise Unexpected("true or false")


def octets(value: object) -> bytes:
    """Read octets, one character each."""
    try:
        return word(value).encode("latin-1")
    except UnicodeEncodeError:
        raise Unexpected("a text of characters up to U+00FF, one for each octet") from None


def list_of(read: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    """Return a reader of lists, whose items `read` reads."""

    def read_all(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise Unexpected("a list")
        return tuple(read(item) for item in value)

    return read_all


def pair(low: Callable[[object], S], high: Callable[[object], T]) -> Callable[[object], tuple[S, T]]:
    """Return a reader of lists of two."""

    def read(value: object) -> tuple[S, T]:
        match value:
            case [first, second]:
                return low(first), high(second)
        raise Unexpected("a list of two")

    return read


def yes(value: object) -> bool:
    """Read true: what is not so is left out."""
    if value is True:
        return value
    raise Unexpected("true")


def kind_of_option(value: object) -> str:
    """Read a name in the layout of options."""
    if isinstance(value, str) and value in KINDS:
        return value
    raise Unexpected(f"a kind of option ({', '.join(KINDS)})")


def options(value: object) -> Options:
    """Read the options of a segment."""
    if not isinstance(value, dict) or not value.keys() <= _OPTION_READERS.keys():
        raise Unexpected('options such as {"mss": 536}')
    return Options(**{key: _OPTION_READERS[key](item) for key, item in value.items()})


def write_options(options: Options) -> dict[str, object]:
    """Return the options that are carried; the layout too, if it is not the one that they would have by themselves."""
    entry: dict[str, object] = {}
    for key in _OPTION_READERS:
        value = getattr(options, key)
        if value is None or value is False or (value == () and key != "kinds"):
            continue
        if key == "fastopen":
            value = value.decode("latin-1")
        elif key == "others":
            value = [[kind, content.decode("latin-1")] for kind, content in value]
        elif key == "kinds" and value == Options(**{name: getattr(options, name) for name in entry}).layout:
            continue
        entry[key] = value
    return entry


_OPTION_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "mss": whole(0, 0xFFFF),
    "wscale": whole(0, 0xFF),
    "sack_ok": yes,
    "ts": pair(whole(0, MASK), whole(0, MASK)),
    "sack": list_of(pair(whole(0, MASK), whole(0, MASK))),
    "fastopen": octets,
    "others": list_of(pair(whole(0, 0xFF), octets)),
    "kinds": list_of(kind_of_option),
}
