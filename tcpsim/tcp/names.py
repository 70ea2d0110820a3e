"""A name that was asked for and stands for nothing: what is wrong, and which was probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIKE: Final = 0.5
"""How much alike a name must be to be offered, from 0 to 1."""


class NoSuchName(ValueError):
    """What was asked for by name does not exist.

    Attributes:
        wrong: what is wrong, in words.
        nearest: the nearest right word, or "".
    """

    def __init__(self, wrong: str, nearest: str = "") -> None:
        self.wrong = wrong
        self.nearest = nearest
        super().__init__(f"{wrong}; did you mean {nearest!r}?" if nearest else wrong)


def nearest_of(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like another one; "" if none is much like it."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=_LIKE)
    return near[0] if near else ""
