"""What a property is, and how one is entered into the catalogue.

Rule 1. A check returns None where its premise is not so, True where it holds, and a sentence where it is broken:
        a property whose checks only ever return None was never asked, and whoever reports it has to say so.
Rule 2. A check looks and changes nothing, and asks no more than its view tells: an explorer calls it once for all
        states of the world that have this view in common.

A property of one's own takes a few lines:

    @step("no-urgent", "RFC 9293 3.8.5", "Nobody sends urgent data here.")
    def no_urgent(step):
        return None if not step.segments else all(not s.ctl & URG for s in step.segments) or "URG was sent"
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from ..tcp.names import NoSuchName, nearest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .views import Step, World

    Answer = bool | str | None
    OfWorld = Callable[[World], Answer]
    OfStep = Callable[[Step], Answer]


class Kind(Enum):
    """What a property speaks about."""

    INVARIANT = "always"  # both ends, at every instant, whatever is under way
    STEP = "every step"  # one event at one end
    LEADS_TO = "eventually"  # from wherever the premise is so, some way leads to the goal without any further fault
    SETTLES = "settles"  # deliveries alone come to an end


@dataclass(frozen=True, slots=True)
class Property:
    """A named statement about TCP.

    Attributes:
        name: how it is asked for: `agreed-numbers`.
        id: its short number in the catalogue, `I1`; "" for one of a user's own.
        kind: what it speaks about.
        cite: the paragraph that says so.
        sentence: the statement, in one plain sentence.
        world: for INVARIANT and LEADS_TO: what is asked of both ends. For LEADS_TO the premise: True where it is so.
        step: for STEP: what is asked of an event.
        goal: for LEADS_TO: whether the goal is reached.
        network: for INVARIANT: whether the answer depends on what is under way, beyond whether anything is.
    """

    name: str
    id: str
    kind: Kind
    cite: str
    sentence: str
    world: OfWorld | None = None
    step: OfStep | None = None
    goal: Callable[[World], bool] | None = None
    network: bool = False

    def __str__(self) -> str:
        return self.name


PROPERTIES: Final[dict[str, Property]] = {}
"""Every property by its name, in the order in which they are told."""


class NoSuchProperty(NoSuchName):
    """A property that does not exist was asked for."""


def named(name: str) -> Property:
    """Return a property by its name or its number; raise NoSuchProperty if there is none."""
    for each in PROPERTIES.values():
        if name in (each.name, each.id):
            return each
    raise NoSuchProperty(f"there is no property {name!r}", nearest_of(name, PROPERTIES))


def in_order() -> None:
    """Put the catalogue into the order of its numbers: I1, I2, I3, ... L22, L22b, ... A30; those without come last."""
    ordered = sorted(PROPERTIES.values(), key=_place)
    PROPERTIES.clear()
    PROPERTIES.update((each.name, each) for each in ordered)


def _place(one: Property) -> tuple[bool, int, str]:
    number = one.id.lstrip("AIL")
    digits = number.rstrip("bc")
    return not one.id, int(digits or 0), number.removeprefix(digits)


def _entered(one: Property) -> Property:
    assert one.name not in PROPERTIES, f"two properties are called {one.name}"
    PROPERTIES[one.name] = one
    return one


def invariant(
    name: str, cite: str, sentence: str, *, id: str = "", network: bool = False
) -> Callable[[OfWorld], Property]:
    """Enter a statement about both ends that holds at every instant; `network` if it asks what is under way."""
    return lambda check: _entered(Property(name, id, Kind.INVARIANT, cite, sentence, world=check, network=network))


def step(name: str, cite: str, sentence: str, *, id: str = "") -> Callable[[OfStep], Property]:
    """Enter a statement about every single event at one end."""
    return lambda check: _entered(Property(name, id, Kind.STEP, cite, sentence, step=check))


def leads_to(
    name: str, cite: str, sentence: str, *, goal: Callable[[World], bool], id: str = ""
) -> Callable[[OfWorld], Property]:
    """Enter a statement that from wherever the function below says True, some way leads to the goal without a fault."""
    return lambda premise: _entered(Property(name, id, Kind.LEADS_TO, cite, sentence, world=premise, goal=goal))


def settles(name: str, cite: str, sentence: str, *, id: str = "") -> Property:
    """Enter the statement that deliveries alone, without users, timers and faults, come to an end."""
    return _entered(Property(name, id, Kind.SETTLES, cite, sentence))
