"""What is found in a scenario file: where each value stands, who can be named, and what makes no sense.

Rule 1. Whoever reads a part of the file asks here whether a host or a connection is known, and tells what is wrong.
Rule 2. A problem does not end the reading: all are gathered, each with its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .document import Mapping, Node, Scalar
from .moments import AtTime, EntersState, HasReceived, Passes, Signals, TimerActs
from .problems import Problem, nearest_word, one_of, shown
from .sights import Sight
from .translation import find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .moments import Event, Occurrence, Selector
    from .problems import Place
    from .words import Party


class Findings:
    """The tree of a file, with what was found in it.

    Attributes:
        tree: the file as it is written.
        hosts: the names of its hosts, in its order.
        connections: the names that the script gives to connections.
        problems: what makes no sense, in the order in which it was found.
    """

    def __init__(self, tree: Mapping, hosts: Iterable[str]) -> None:
        self.tree = tree
        self.hosts = tuple(hosts)
        self.connections: set[str] = set()
        self.problems: list[Problem] = []

    def place(self, *path: int | str) -> Place:
        """Return the place of the value at a path."""
        return find(self.tree, path).place

    def key_place(self, *path: int | str) -> Place:
        """Return the place of the key at the end of a path."""
        parent = find(self.tree, path[:-1])
        assert isinstance(parent, Mapping)
        return parent.keys[str(path[-1])].place

    def tell(self, place: Place, wrong: str, expected: str = "", nearest: str = "") -> None:
        """Take note of a problem."""
        self.problems.append(Problem(place, wrong, expected, nearest))

    def known_host(self, name: str, place: Place) -> bool:
        """Return whether there is such a host; if not, take note."""
        if name in self.hosts:
            return True
        self.tell(
            place,
            f"there is no host {shown(name)}",
            f"a host of this scenario ({one_of(self.hosts)})",
            nearest_word(name, self.hosts),
        )
        return False

    def known_parties(self, phrase: Node, parties: list[Party | None]) -> None:
        """Take note of each party in a phrase that is neither a host nor a connection with a name."""
        known = (*self.hosts, *sorted(self.connections))
        for party in parties:
            if party is None:
                continue
            place = phrase.at(party.offset) if isinstance(phrase, Scalar) else phrase.place
            if party.name not in known:
                wrong = f"there is no host or connection {shown(party.name)}"
                self.tell(place, wrong, one_of(known), nearest_word(party.name, known))
            elif party.number is not None and party.name not in self.hosts:
                self.tell(place, f"{party.name!r} is one connection already", "the name of a host before `connection`")


def parties_of_event(event: Event) -> list[Party | None]:
    """Return the parties that an event names; None for one that it leaves open."""
    match event:
        case AtTime():
            return []
        case Passes(sight=sight):
            return [sight.party, sight.to]
        case EntersState() | HasReceived() | Signals() | TimerActs():
            return [event.party]


def parties_of_occurrence(occurrence: Occurrence) -> list[Party | None]:
    """Return the parties that what is counted, or must never happen, names; None for one that it leaves open."""
    return [occurrence.party, occurrence.to] if isinstance(occurrence, Sight) else [occurrence.party]


def parties_of_selector(selector: Selector) -> list[Party | None]:
    """Return the parties that a fault's selector names; None for one that it leaves open."""
    after = [] if selector.after is None else parties_of_event(selector.after)
    return [selector.sight.party, selector.sight.to, *after]
