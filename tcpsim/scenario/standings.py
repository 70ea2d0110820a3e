"""Phrases about both hosts at one instant, and the properties that are made of them.

A standing (`never:` and `eventually:` of `explore:`) names a host and its state, or two hosts and the state of each at
the same time::

    standing = HOST=STATE [HOST=STATE]                       client=ESTABLISHED server=CLOSED

It becomes a property like those of the catalogue, asked of every state of an exploration and of every event of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..net.arguments import NAME
from ..properties import Kind, Property
from .problems import PhraseError, nearest_word, one_of
from .words import STATES, Party, Words

if TYPE_CHECKING:
    from ..properties import World
    from ..tcp.diagram import State

SUCH: Final = "a host and its state, such as client=ESTABLISHED"
MOST_HOSTS: Final = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """Which state each of the named hosts is in, at the same time."""

    states: tuple[tuple[Party, State], ...]

    def __str__(self) -> str:
        return " ".join(f"{party}={state}" for party, state in self.states)

    @property
    def words(self) -> str:
        """The standing as a sentence has it: `client is ESTABLISHED while server is CLOSED`."""
        return " while ".join(f"{party} is {state}" for party, state in self.states)

    @property
    def even(self) -> bool:
        """Whether it says the same of both hosts, so that nothing changes if they are exchanged."""
        return len(self.states) == MOST_HOSTS and self.states[0][1] is self.states[1][1]

    def holds(self, world: World) -> bool:
        """Return whether it is so."""
        now = {end.name: end.state for end in world.ends}
        return all(now.get(party.name) is state for party, state in self.states)

    def mirrored(self, world: World) -> bool:
        """Return whether it is so of the hosts exchanged."""
        one, other = world.ends
        now = {one.name: other.state, other.name: one.state}
        return all(now.get(party.name) is state for party, state in self.states)


def parse_standing(phrase: str) -> Standing:
    """Read a standing; PhraseError with the column of what can't be read."""
    words = Words(phrase)
    found: list[tuple[Party, State]] = []
    while words.word or not found:
        if len(found) == MOST_HOSTS:
            raise words.wrong("two hosts at most, and the end of the phrase")
        party, state = _take_one(words)
        if any(party == earlier for earlier, _ in found):
            raise PhraseError(f"{party} stands twice", "each host once", offset=party.offset)
        found.append((party, state))
    return Standing(tuple(found))


def _take_one(words: Words) -> tuple[Party, State]:
    name, equals, state = words.word.partition("=")
    if not equals or not NAME.fullmatch(name):
        raise words.wrong(SUCH)
    if state not in STATES:
        wrong = f"{state!r} is no state" if state else "a state is missing"
        offset = words.offset + len(name) + 1
        raise PhraseError(wrong, f"one of {one_of(STATES)}", nearest_word(state, STATES), offset)
    party = Party(name, None, words.offset)
    words.take()
    return party, STATES[state]


# ---------------------------------------------------------------------- as properties


def never(standing: Standing, *, either: bool = False) -> Property:
    """Return the property that it is never so; with `either`, neither of the hosts exchanged."""

    def check(world: World) -> bool | str:
        if standing.holds(world) or (either and standing.mirrored(world)):
            return " while ".join(f"{end.name} is {end.state}" for end in world.ends)
        return True

    return Property(
        f"never {standing}", "", Kind.INVARIANT, "this scenario", f"Never is it so that {standing.words}.", check
    )


def eventually(standing: Standing) -> Property:
    """Return the property that from wherever all users have made their calls, some way leads to where it is so."""

    def premise(world: World) -> bool | None:
        return True if all(end.finished for end in world.ends) else None

    sentence = f"Once all calls are made, some way leads to where {standing.words}."
    return Property(
        f"eventually {standing}", "", Kind.LEADS_TO, "this scenario", sentence, premise, goal=standing.holds
    )
