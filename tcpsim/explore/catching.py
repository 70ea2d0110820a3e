"""Seeded bugs, looked for in every explored scenario: which property catches each, how soon, and how to see it.

Rule 1. A bug counts as caught by a property that is broken with the mutant, and that holds without it in the same
        scenario within the same bound: asked there, and never broken.
Rule 2. Of all counterexamples the simplest is taken: with the fewest faults, then the fewest steps, then one that
        breaks the property expected to fall first; before all of these come those that a run shows again.
Rule 3. Once a property is found broken, what is left of the scenarios is only searched for ways that are no longer.
Rule 4. What is found does not depend on who looks, nor on how many look at the same time: scenarios have their order,
        and what a process remembers of one is what any other would find.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from ..scenario.problems import ScenarioError
from .counterexamples import counterexample
from .plans import exploration
from .shelf import explorations

if TYPE_CHECKING:
    from ..tcp.mutants.seeded import Seeded
    from .checking import Verdict
    from .counterexamples import Counterexample
    from .engine import Limits
    from .plans import Plan
    from .world import Exploration

MOST_STEPS: Final = 20
"""A counterexample that is longer than this does not count: one more fault may make a shorter one."""
STATES: Final = 5_000
"""So many states of one scenario are looked at with no fault, and ten times as many with each fault more: all that it
has, unless what a mutant does has no end."""
_TRIED: Final = 8
"""Of so many broken properties it is tried whether they can be shown in virtual time."""


@dataclass(frozen=True, slots=True)
class Caught:
    """How a seeded bug was found, or that it was not.

    Attributes:
        mutant, bug: which, and in words.
        property: the number of the property that catches it, `I1`; "" if none does.
        name: that property's name.
        scenario: where.
        faults: with how many; if it was not found, with how many it was looked for.
        steps: how many lead there.
        states: how many states were reached until it was found, in all scenarios together.
        text: the counterexample's file; "" if no run shows it.
    """

    mutant: str
    bug: str
    property: str
    name: str
    scenario: str
    faults: int
    steps: int
    states: int
    text: str = ""


def catch(seeded: Seeded, most: int, limits: Limits) -> Caught:
    """Explore with a mutant, with as few faults as will do, until some property is broken that otherwise holds."""
    states, sizes = 0, dict.fromkeys(explorations(), 0)
    for faults in range(most + 1):
        found: list[_Found] = []
        bound = replace(limits, states=min(limits.states, STATES * 10**faults))
        for order, name in enumerate(sorted(sizes, key=lambda name: (sizes[name], name))):
            plan = _with(name, faults, seeded.mutant)
            if plan is None:
                continue
            nearest = min((_steps(each.verdict) for each in found), default=None)
            checker = plan.checker(limits=replace(bound, steps=nearest))
            report = checker.run()
            sizes[name] = report.tally.states
            states += report.tally.states
            sound = _sound(name, faults, bound) if report.violated else frozenset()
            broken = [each for each in report.violated if each.subject.name in sound]
            found += [_Found(plan, checker.world, each, order) for each in broken if _steps(each) <= MOST_STEPS]
        if found:
            plan, example = _simplest(seeded, found)
            subject, steps = example.verdict.subject, len(example.violation.path)
            return Caught(
                seeded.mutant, seeded.bug, subject.id, subject.name, plan.name, faults, steps, states, example.text
            )
    return Caught(seeded.mutant, seeded.bug, "", "", "", most, 0, states)


class _Found(NamedTuple):
    """A property that is broken with a mutant: in which exploration, and the scenario's place among all."""

    plan: Plan
    world: Exploration
    verdict: Verdict
    order: int

    def rank(self, expected: str) -> tuple[int, bool, int]:
        """Return what makes one way to break a property simpler than another."""
        return _steps(self.verdict), self.verdict.subject.id != expected, self.order


def _steps(verdict: Verdict) -> int:
    """Return how many steps lead to a violation."""
    assert verdict.violation is not None
    return len(verdict.violation.path)


def _with(name: str, faults: int, mutant: str | None) -> Plan | None:
    """Return what is explored of a scenario with a mutant; None if it can't be explored with that one."""
    try:
        return exploration(explorations()[name], faults=faults, mutant=mutant)
    except ScenarioError:
        return None


def _simplest(seeded: Seeded, found: list[_Found]) -> tuple[Plan, Counterexample]:
    """Return the simplest counterexample: of those that a run shows again, if there are any."""
    title = f"{seeded.bug[0].upper()}{seeded.bug[1:]}"
    best: tuple[tuple[bool, int, bool, int], Plan, Counterexample] | None = None
    for each in sorted(found, key=lambda each: each.rank(seeded.property))[:_TRIED]:
        if best is not None and best[0] < (False, *each.rank(seeded.property)):
            break
        example = counterexample(each.plan, each.world, each.verdict, title=title)
        steps = len(example.violation.path)
        rank = (not example.text or steps > MOST_STEPS, steps, *each.rank(seeded.property)[1:])
        if best is None or rank < best[0]:
            best = (rank, each.plan, example)
    assert best is not None
    return best[1:]


@cache
def _sound(name: str, faults: int, limits: Limits) -> frozenset[str]:
    """Return the properties that hold of a scenario without any mutant."""
    plan = _with(name, faults, None)
    assert plan is not None, "the scenarios of the shelf can be explored"
    return frozenset(each.subject.name for each in plan.checker(limits=limits).run().verdicts if each.word == "holds")
