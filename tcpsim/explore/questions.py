"""Questions about two ends at one instant: a host and its state, or two hosts and the state of each.

A question names states as RFC 9293 does, in capitals or not; `any` stands for all of them::

    question = HOST=STATE [HOST=STATE]                       client=ESTABLISHED server=CLOSED
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..scenario.problems import PhraseError, nearest_word, one_of, shown
from ..scenario.words import STATES, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tcp.diagram import State
    from .reaching import Pair

ANY: Final = "any"
"""What stands for every state."""
_STATES: Final[dict[str, State | None]] = {ANY: None, **STATES}


@dataclass(frozen=True, slots=True)
class Question:
    """In which state each of the two ends is asked to be, None for any; `names` are those of the hosts."""

    names: tuple[str, str]
    states: tuple[State | None, State | None]

    def fits(self, pair: Pair) -> bool:
        """Return whether a pair of states is what was asked for."""
        return all(asked is None or asked is state for asked, state in zip(self.states, pair, strict=True))

    def fits_mirrored(self, pair: Pair) -> bool:
        """Return whether it is so of the two ends exchanged."""
        return self.fits(pair[::-1])

    def __str__(self) -> str:
        named = zip(self.names, self.states, strict=True)
        return " ".join(f"{name}={state}" for name, state in named if state is not None)

    @property
    def words(self) -> str:
        """The question as a sentence has it: `client is ESTABLISHED while server is CLOSED`."""
        named = zip(self.names, self.states, strict=True)
        return " while ".join(f"{name} is {state}" for name, state in named if state is not None)


def parse_question(phrase: str, names: Sequence[str]) -> Question:
    """Read a question about the two hosts of these names; PhraseError with the column of what can't be read."""
    words = Words(phrase)
    found: dict[str, State | None] = {}
    while words.word or not found:
        if len(found) == len(names):
            raise words.wrong("the end of the question: it names each host once")
        offset = words.offset
        name, state = _take_one(words, names)
        if name in found:
            raise PhraseError(f"{name} stands twice", "each host once", offset=offset)
        found[name] = state
    if all(state is None for state in found.values()):
        raise PhraseError("every state fits", f"a state of {one_of(names)}, such as {names[0]}=ESTABLISHED")
    one, other = names
    return Question((one, other), (found.get(one), found.get(other)))


def _take_one(words: Words, names: Sequence[str]) -> tuple[str, State | None]:
    word, offset = words.word, words.offset
    name, equals, said = word.partition("=")
    if not equals:
        nearest = nearest_word(name, names)
        raise words.wrong(f"a host and its state, such as {nearest or names[0]}=ESTABLISHED")
    known = {each.lower(): each for each in names}
    if name.lower() not in known:
        wrong = f"there is no host {shown(name)}" if name else "a host is missing"
        raise PhraseError(wrong, one_of(names), nearest_word(name, names), offset)
    folded = {each.lower(): each for each in _STATES}
    plain = said.lower().replace("_", "-")
    if plain not in folded:
        wrong = f"{shown(said)} is no state" if said else "a state is missing"
        expected = f"one of {one_of(_STATES)}"
        raise PhraseError(wrong, expected, nearest_word(plain, _STATES), offset + len(name) + 1)
    words.take()
    return known[name.lower()], _STATES[folded[plain]]
