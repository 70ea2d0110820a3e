"""What a scenario is once it has been read: hosts, links with their faults, steps, expectations.

Rule 1. Nothing here is checked: whoever holds a Scenario has it from `loading.py`, and every name in it is known.
Rule 2. What can turn out wrong in the run keeps its place in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..trace.naming import printable

if TYPE_CHECKING:
    from ..properties import Property
    from ..tcp.units import Time
    from . import models
    from .expectations import Expectation
    from .moments import Selector
    from .problems import Place
    from .values import Mutation


MOST_EXPLORED: Final = 100_000
"""How many octets each host sends at most where a scenario is explored."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """A host as the file has it: `profile` is "" where it names none of its own."""

    name: str
    address: str
    profile: str
    knobs: dict[str, Any]
    ports: tuple[int, int] | None = None
    loopback: Time = 0


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A fault as the file has it: what it does, to which packets (None for an outage), and its words."""

    place: Place
    verb: str
    words: str
    selector: Selector | None
    options: models.Fault


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A link as the file has it: what each direction does, by the name of the host that it leads to."""

    place: Place
    between: tuple[str, str]
    toward: dict[str, models.Impairments]
    faults: tuple[FaultPlan, ...]
    nat: models.Nat | None = None
    firewall: models.Firewall | None = None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A line of the script: its place and what it says."""

    place: Place
    step: Any

    @property
    def words(self) -> str:
        """The step as a message names it."""
        host = getattr(self.step, "host", None)
        return f"{host} {self.step.call}" if host else str(self.step.call)


@dataclass(frozen=True, slots=True)
class Asked:
    """A property that the file names, or describes: its place, and the key under which it stands."""

    place: Place
    key: str
    subject: Property

    @property
    def words(self) -> str:
        """The property as a message names it: `always agreed-numbers (I1)`."""
        name, number = self.subject.name, self.subject.id
        said = name if name.startswith(f"{self.key} ") else f"{self.key} {name}"
        return f"{said} ({number})" if number else said


@dataclass(frozen=True, slots=True)
class ExplorePlan:
    """How a scenario is explored, as the file has it.

    Attributes:
        place: where `explore` stands.
        faults: the bound.
        in_order: whether it is a fault if a segment is overtaken.
        quiet: whether it is a fault if a timer expires while segments are under way.
        symmetric: whether the hosts may be exchanged.
        asked: the properties that are named, or described, in the order of the file.
        everything: whether every other property is asked as well: no `always` stands there.
    """

    place: Place
    faults: int = 2
    in_order: bool = True
    quiet: bool = True
    symmetric: bool = False
    asked: tuple[Asked, ...] = ()
    everything: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """A scenario that can be run.

    Attributes:
        name: the file's name without its suffix, by which the library finds it.
        path: the file.
        text: all that stands in it.
        intro: the comment with which it opens, without `#`.
        title, question, shows, source: as in the file.
        quiz: the question that `tcpsim quiz` asks, or None.
        mutant: the mutant that fails it, or None.
        seed, profile, knobs: what holds unless a run or a host says otherwise.
        hosts, links, script, expectations: the parts, in the order of the file.
        until: nanoseconds of virtual time; max_events: a number of events. At these, a run stops.
        quiz_until: the place of the event up to which the quiz shows the ladder, or None.
        explore: how it is explored, or None where the file does not say.
    """

    name: str
    path: str
    text: str
    intro: str
    title: str
    question: str
    shows: str
    source: str
    quiz: models.Quiz | None
    mutant: Mutation | None
    seed: int
    profile: str
    knobs: dict[str, Any]
    hosts: tuple[HostPlan, ...]
    links: tuple[LinkPlan, ...]
    script: tuple[StepPlan, ...]
    expectations: tuple[Expectation, ...]
    until: Time
    max_events: int
    quiz_until: Place | None
    explore: ExplorePlan | None = None

    @property
    def group(self) -> str:
        """The folder of the library that it lies in; "" for a file of one's own."""
        from .library import group_of

        return group_of(Path(self.path))

    def __repr__(self) -> str:
        return f"<Scenario {printable(self.name)}: {printable(self.title)}>"
