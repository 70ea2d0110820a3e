"""A broken property as something to look at: a scenario file that breaks it again, its run, and the path in words.

Rule 1. What is shown has happened: the file is read and run, on the simulated network, and it is compared whether the
        two ends sent what they sent in the exploration. Where no way to break the property can be shown so, the path
        in words is all there is, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..properties.property import Kind
from ..scenario.loading import loads
from ..scenario.problems import ScenarioError
from ..scenario.running import run
from ..trace import Sent
from .replaying import NotInTime, timetable
from .telling import told
from .writing import time_word, written

if TYPE_CHECKING:
    from ..scenario import Scenario
    from ..scenario.running import Run
    from .checking import Verdict, Violation
    from .plans import Plan
    from .replaying import Timetable
    from .world import Exploration

    Steps = tuple[tuple[str, bool], ...]

FILE: Final = "counterexample.yaml"
"""What the file is called while it is tried."""
_ENDLESS: Final = "event limit"
_MANY: Final = 2_000
"""A run with so many events is taken for one that never ends."""
_EVENTS: Final = 300
"""Of a run that never ends the file has so many events, if it takes all of it to see what is wrong."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """How a property is broken.

    Attributes:
        verdict: of which property.
        violation: the way that is shown.
        steps: it in words, each step with whether it is a fault.
        text: the scenario file; "" where the way can't be shown in virtual time.
        run: its run; None likewise.
        decisive: the number of the record with which the decisive step begins in the run's trace.
        why_not: why there is no file, or "".
    """

    verdict: Verdict
    violation: Violation
    steps: tuple[tuple[str, bool], ...]
    text: str = ""
    run: Run | None = None
    decisive: int = 0
    why_not: str = ""


def counterexample(plan: Plan, world: Exploration, verdict: Verdict, *, title: str = "") -> Counterexample:
    """Return how a violated property is broken: the simplest way that can be run again, else the simplest."""
    assert verdict.violation is not None
    reasons: list[str] = []
    for violation in (verdict.violation, *verdict.others):
        steps = tuple(told(world, violation.path))
        try:
            times = timetable(world, violation.path)
            text, again = _replayed(plan, verdict, violation, times, steps, title)
        except (NotInTime, ScenarioError) as error:
            reasons.append(str(error))
            continue
        if not _same(again, times):
            reasons.append("on the simulated network the ends send something else")
            continue
        if not any(verdict.subject.name in outcome.expected for outcome in again.failures):
            reasons.append("on the simulated network what comes later makes it good")
            continue
        ends = times.ends
        decisive = next((record.serial for record in again.trace if record.time >= ends), 0)
        return Counterexample(verdict, violation, steps, text, again, decisive)
    steps = tuple(told(world, verdict.violation.path))
    return Counterexample(verdict, verdict.violation, steps, why_not=reasons[0])


def _replayed(
    plan: Plan, verdict: Verdict, violation: Violation, times: Timetable, steps: Steps, title: str
) -> tuple[str, Run]:
    """Return the file of a path, and its run; a run that would go on and on is given an end."""

    def tried(**end: Any) -> tuple[str, Run, Run]:
        """Return a file that ends so, its run as it is, which tells what there is to expect, and that of the mutant."""
        text = _text(plan, verdict, violation, times, steps, title, end)
        right = run(_limited(text))
        if right.unexpected:
            text = _text(plan, verdict, violation, times, steps, title, {**end, "expect": right.unexpected})
        return text, right, run(_limited(text), mutant=plan.mutant or None, explained=True)

    text, right, again = tried()
    if _ENDLESS not in (right.ended, again.ended):
        return text, again
    if verdict.subject.kind in (Kind.STEP, Kind.INVARIANT):  # what comes after the last step shows nothing new
        text, right, again = tried(until=time_word(times.ends))
    else:
        text, right, again = tried(max_events=_EVENTS)
    return text, again


def _limited(text: str) -> Scenario:
    """Return the scenario of a file, with no more events than it takes to see that it never ends."""
    scenario = loads(text, FILE)
    return replace(scenario, max_events=min(scenario.max_events, _MANY))


def _text(
    plan: Plan,
    verdict: Verdict,
    violation: Violation,
    times: Timetable,
    steps: Steps,
    title: str,
    extra: dict[str, Any],
) -> str:
    """Return the file in which a property is broken again."""
    subject = verdict.subject
    number = f" ({subject.id})" if subject.id else ""
    length, faults = len(violation.path), violation.faults
    price = (
        "none of them a fault" if not faults else "one of them a fault" if faults == 1 else f"{faults} of them faults"
    )
    intro = (
        f"A counterexample to {subject.name}{number}, found by exploring {plan.scenario.name}:\n"
        f"{subject.sentence} ({subject.cite})\n\n"
        f"{f'With the mutant {plan.mutant}' if plan.mutant else 'Here'} it is not so. These {length} steps, {price}, "
        "show it; in the run each comes a little later than the one before:\n\n"
        + "".join(
            f"{nth:>4}  {words}{'   <- a fault' if fault else ''}\n" for nth, (words, fault) in enumerate(steps, 1)
        )
        + f"\nThen {violation.what}."
    )
    kind = "eventually" if subject.kind is Kind.LEADS_TO else "always"
    name = subject.name
    for word in ("never", "eventually"):  # a phrase of the file stands there without its word
        if not subject.id and name.startswith(f"{word} "):
            kind, name = word, name.removeprefix(f"{word} ")
    return written(
        plan.scenario.text,
        plan.players,
        times,
        title=title or f"{subject.name} is broken",
        intro=intro,
        asked={kind: [name]},
        mutant=plan.mutant or None,
        extra=extra,
    )


def _same(again: Run, times: Timetable) -> bool:
    """Return whether the run sent, in this order, what the path sent."""
    names = list(again.trace.hosts)
    sent = [(record.host, record.segment.wire()[:3]) for record in again.trace if isinstance(record, Sent)]
    path = [(names[flight.sender], flight.segment.wire()[:3]) for flight in times.flights]
    return sent[: len(path)] == path
