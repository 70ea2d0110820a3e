"""What a mutant is, and how one is entered into the catalogue.

Rule 1. A mutant deviates in one thing, on purpose, and says in one sentence which; `cite` is the paragraph
        that it breaks.
Rule 2. The real endpoint knows of no mutant. One that is more than knobs is a subclass of it, without
        variables of its own, that changes what comes before an event, or the TCB and the actions after it.
Rule 3. A state changes along an edge of the diagram, by `tcb.move`; where the mutation is to leave the
        diagram, by `diagram.stray`, which tells that no such edge exists.
Rule 4. What a mutant does in place of the right thing names its own rule, `mutant.NAME`, whose sentence
        begins with "MUTANT:", so that every ladder shows who lied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from ..actions import Discarded, Moved, TimerFired, TimerSet
from ..config import Config, checked
from ..diagram import CLOSED, stray
from ..endpoint import Endpoint
from ..names import NoSuchName, nearest_of
from ..rules import Rule
from ..segment import Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ..actions import Action
    from ..diagram import Edge
    from ..units import Time

    Answer = Callable[[Segment, Rule], Segment | None]


HEADINGS: Final[dict[str, list[str]]] = {}
"""The headings in the order in which they are told, and under each the names of its mutants."""


def heading(words: str) -> None:
    """Begin a part of the catalogue: what is entered from here on belongs to it."""
    assert words not in HEADINGS, f"two parts are headed {words}"
    HEADINGS[words] = []


@dataclass(frozen=True, slots=True)
class Mutant:
    """A named deviation from the RFCs.

    Attributes:
        name: how it is asked for: `no-time-wait`.
        sentence: what it does wrong, one plain sentence.
        cite: the paragraph that it breaks, or that knows the choice which it takes away.
        knobs: knobs of its endpoints, whatever a profile, a host or a call says of them.
        endpoint: the endpoint that deviates, or None where knobs are enough.
        answer: what its host answers a segment for which there is no connection; None for what is right.
        crowded: what its listeners answer a SYN that finds no room; None for nothing, which is right.
        listens_once: whether a listener is gone with the first connection that it makes.
        never_quiet: whether it speaks at once after a restart, where it ought to keep quiet.
        rule: the reason that its actions give.
        heading: what part of TCP it breaks, as a table of them is headed.
    """

    name: str
    sentence: str
    cite: str
    knobs: dict[str, Any] = field(default_factory=dict)
    endpoint: type[Endpoint] | None = None
    answer: Answer | None = None
    crowded: Answer | None = None
    never_quiet: bool = False
    listens_once: bool = False
    rule: Rule = field(init=False)
    heading: str = field(init=False)

    def __post_init__(self) -> None:
        rfc, number, section = self.cite.split(" ", 2)
        rule = Rule(f"mutant.{self.name}", f"{rfc} {number}", section, "", f"MUTANT: {self.sentence}")
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "heading", next(reversed(HEADINGS)))

    def changes(self, config: Config) -> Config:
        """Return the knobs that an endpoint of this mutant has in place of `config`."""
        return checked(config, self.knobs) if self.knobs else config

    def answers(self, segment: Segment) -> Segment | None:
        """Return what answers a segment for which there is no connection; None for nothing. Needs `answer`."""
        assert self.answer is not None
        return self.answer(segment, self.rule)

    def __str__(self) -> str:
        return self.name


MUTANTS: Final[dict[str, Mutant]] = {}
"""Every mutant by its name, in the order in which they are told."""


class NoSuchMutant(NoSuchName):
    """A mutant that does not exist was asked for."""


def named(name: str) -> Mutant:
    """Return a mutant by its name; raise NoSuchMutant if there is none."""
    if name not in MUTANTS:
        near = nearest_of(name, MUTANTS)
        hint = "" if near else "; `tcpsim mutants` lists them"
        raise NoSuchMutant(f"there is no mutant {name!r}{hint}", near)
    return MUTANTS[name]


class Deviant(Endpoint):
    """An endpoint with a deviation: what all of them have in common."""

    __slots__ = ()

    rule: ClassVar[Rule]
    """The reason that its actions give."""

    def fork(self) -> Deviant:
        """Return an independent copy, which deviates alike."""
        copy = type(self).__new__(type(self))
        self.copy_onto(copy)
        return copy

    def key(self, now: Time) -> Hashable:
        """Return a value that is equal for two endpoints that deviate alike and are not to be told apart."""
        return self.rule.id, super().key(now)

    # ------------------------------------------------------------------ what the deviations are made of

    def _taken(self, now: Time) -> list[Action]:
        return self._bent(now, super()._taken(now))

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        return self._bent(now, super().segment_arrives(now, segment))

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        """Return what an event of whatever kind brings about in place of `actions`, which would be right."""
        return actions

    def _more(self, now: Time) -> list[Action]:
        """Return the actions that a deviation has added to `out`."""
        return super()._taken(now)

    def _refused(self, segment: Segment) -> list[Action]:
        """Leave a segment unused, and say so to who observes."""
        return [Discarded(segment, self.rule)] if self.observed else []

    def _blamed(self, actions: list[Action]) -> list[Action]:
        """Take the blame for actions that have just been made."""
        for action in actions:
            action.why = self.rule
        return actions

    def _led_astray(self, actions: list[Action], edge: Edge) -> list[Action]:
        """Take, in place of the move that was made last, an edge that the diagram does not have."""
        right = self.edge
        stray(self, edge)
        for action in actions:
            if isinstance(action, Moved) and action.edge is right:
                action.edge, action.why = edge, self.rule
        return actions

    def _without(self, actions: list[Action], unwanted: Callable[[Segment], bool]) -> list[Action]:
        """Return actions less the segments that are unwanted; the timer that asked for one takes the blame."""
        kept = [action for action in actions if not (isinstance(action, Segment) and unwanted(action))]
        if len(kept) < len(actions):
            self._blamed([action for action in kept if isinstance(action, TimerFired)])
        return kept

    def _unset(self, actions: list[Action], timer: str) -> list[Action]:
        """Return actions less what tells that a timer was set."""
        return [action for action in actions if not (isinstance(action, TimerSet) and action.timer == timer)]


_Kind = TypeVar("_Kind", bound=type[Deviant])


def deviation(
    name: str, cite: str, sentence: str, *, answer: Answer | None = None, **knobs: Any
) -> Callable[[_Kind], _Kind]:
    """Enter an endpoint that deviates into the catalogue, and give it its rule."""

    def enter(kind: _Kind) -> _Kind:
        kind.rule = _entered(Mutant(name, sentence, cite, knobs, kind, answer)).rule
        return kind

    return enter


def knobs(name: str, cite: str, sentence: str, **values: Any) -> None:
    """Enter a mutant that is nothing but knobs into the catalogue."""
    checked(Config(), values)
    _entered(Mutant(name, sentence, cite, values))


def host(name: str, cite: str, sentence: str) -> Callable[[Answer], Answer]:
    """Enter a mutant whose hosts answer wrongly where there is no connection; so do its endpoints in CLOSED."""

    def enter(answer: Answer) -> Answer:
        class Answering(Deviant):
            __slots__ = ()

            def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
                if self.state is not CLOSED:
                    return super().segment_arrives(now, segment)
                wrong = answer(segment, self.rule)
                return self._refused(segment) + ([] if wrong is None else [wrong])

        Answering.__name__ = Answering.__qualname__ = "".join(word.capitalize() for word in name.split("-"))
        Answering.__doc__ = sentence
        Answering.rule = _entered(Mutant(name, sentence, cite, {}, Answering, answer)).rule
        return answer

    return enter


def listener(name: str, cite: str, sentence: str) -> Callable[[Answer], Answer]:
    """Enter a mutant whose listeners answer a SYN for which they have no room."""

    def enter(answer: Answer) -> Answer:
        _entered(Mutant(name, sentence, cite, crowded=answer))
        return answer

    return enter


def hasty(name: str, cite: str, sentence: str) -> None:
    """Enter a mutant whose hosts speak at once after a restart."""
    _entered(Mutant(name, sentence, cite, never_quiet=True))


def single(name: str, cite: str, sentence: str) -> None:
    """Enter a mutant whose listeners make one connection each, and no more."""
    _entered(Mutant(name, sentence, cite, listens_once=True))


def _entered(mutant: Mutant) -> Mutant:
    assert mutant.name not in MUTANTS, f"two mutants are called {mutant.name}"
    MUTANTS[mutant.name] = mutant
    HEADINGS[mutant.heading].append(mutant.name)
    return mutant


def altered(segment: Segment, **changes: Any) -> Segment:
    """Return a copy of a segment with some of its fields changed, as `altered(segment, ack=5)`."""
    fields = {name: getattr(segment, name) for name in _FIELDS} | changes
    return Segment(**fields)


_FIELDS: Final = ("seq", "ack", "ctl", "wnd", "length", "text", "why", "options", "up", "ecn")
__all__ = [
    "HEADINGS", "MUTANTS", "Deviant", "Mutant", "NoSuchMutant", "altered", "deviation", "hasty", "heading", "host",
    "knobs", "listener", "named", "single",
]  # fmt: skip
