"""A broken property as something to look at: a scenario file that breaks it again, its run, and the path in words.

Rule 1. What is shown has happened: the file is read and run, on the simulated network, and it is compared whether the
        two ends sent what they sent in the exploration. Where no way to break the property can be shown so, the path
        in words is all there is, and that is said.
"""

from __future__ import annotations

from collections import Counter
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
    from ..properties import Property
    from ..scenario import Scenario
    from ..scenario.expectations import Outcome
    from ..scenario.running import Run
    from .checking import Verdict, Violation
    from .plans import Plan
    from .replaying import Flight, Timetable
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
    """Return how a violated property is broken: the simplest way that can be run again, else the simplest.

    Of those that can be run again, one in whose run nothing else goes wrong comes first.
    """
    assert verdict.violation is not None
    reasons: list[str] = []
    second: Counterexample | None = None
    for violation in (verdict.violation, *verdict.others):
        steps = tuple(told(world, violation.path))
        try:
            times = timetable(world, violation.path)
            text, again, clean = _replayed(plan, verdict, violation, times, steps, title)
        except (NotInTime, ScenarioError) as error:
            reasons.append(str(error))
            continue
        if not _same(again, times):
            reasons.append("on the simulated network the ends send something else")
            continue
        if not any(verdict.subject.name in outcome.expected for outcome in again.failures):
            reasons.append("on the simulated network what comes later makes it good")
            continue
        decisive = next((record.serial for record in again.trace if record.time >= times.ends), 0)
        found = Counterexample(verdict, violation, steps, text, again, decisive)
        if clean:
            return found
        second = second or found
    steps = tuple(told(world, verdict.violation.path))
    return second or Counterexample(verdict, verdict.violation, steps, why_not=reasons[0])


def _replayed(
    plan: Plan, verdict: Verdict, violation: Violation, times: Timetable, steps: Steps, title: str
) -> tuple[str, Run, bool]:
    """Return the file of a path, its run, and whether nothing is wrong in it but what it shows.

    The file goes on until nothing is left to happen, if that is soon and nothing else goes wrong then; otherwise it
    ends with the last step, unless it takes what comes later to see that something is wrong.
    """
    subject, mutant = verdict.subject, plan.mutant or None

    def tried(times: Timetable, **end: Any) -> tuple[str, Run, bool]:
        text = _text(plan, verdict, violation, times, steps, title, end)
        right = run(_limited(text))
        if mutant and (known := _known(times, right)) != times.flights:
            text = _text(plan, verdict, violation, replace(times, flights=known), steps, title, end)
            right = run(_limited(text))
        if right.unexpected:
            text = _text(plan, verdict, violation, times, steps, title, {**end, "expect": right.unexpected})
            right = run(_limited(text))
        again = run(_limited(text), mutant=mutant, explained=True)
        others = _wrong(again, subject) + (_wrong(right, subject) if mutant else [])
        endless = _ENDLESS in (right.ended, again.ended) and "max_events" not in end
        return text, again, not others and not endless

    whole = tried(times)
    if whole[-1]:
        return whole
    if subject.kind in (Kind.STEP, Kind.INVARIANT):
        return tried(times.until_the_end(), until=time_word(times.ends))
    return tried(times, max_events=_EVENTS) if whole[1].ended == _ENDLESS else whole


def _known(times: Timetable, right: Run) -> list[Flight]:
    """Return the packets that are sent without the mutant, too: only to these the file can do something."""
    sent = Counter(record.host for record in right.trace if isinstance(record, Sent))
    names = list(right.trace.hosts)
    return [flight for flight in times.flights if flight.old or flight.nth <= sent[names[flight.sender]]]


def _wrong(done: Run, subject: Property) -> list[Outcome]:
    """Return what is wrong in a run beside a property; that segments never come to an end is one of them."""
    about = (subject.name, "the run to end") if subject.kind is Kind.SETTLES else (subject.name,)
    return [outcome for outcome in done.failures if not any(words in outcome.expected for words in about)]


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
    intro = (
        f"A counterexample to {subject.name}{number}, found by exploring {plan.scenario.name}:\n"
        f"{subject.sentence} ({subject.cite})\n\n"
        f"{f'With the mutant {plan.mutant}' if plan.mutant else 'Here'} it is not so, "
        f"as {_counted(len(violation.path), violation.faults)}. In the run each step comes a little later than the one "
        "before:\n\n"
        + "".join(
            f"{nth:>4}  {words}{'   <- a fault' if fault else ''}\n" for nth, (words, fault) in enumerate(steps, 1)
        )
        + f"\nWhat is wrong: {violation.what}."
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


def _counted(steps: int, faults: int) -> str:
    """Return how long a way is, in words."""
    if steps == 1:
        return "one step shows"
    which = (
        "none of them a fault" if not faults else "one of them a fault" if faults == 1 else f"{faults} of them faults"
    )
    return f"{steps} steps show, {which}"


def _same(again: Run, times: Timetable) -> bool:
    """Return whether the run sent, in this order, what the path sent."""
    names = list(again.trace.hosts)
    sent = [(record.host, record.segment.wire()[:3]) for record in again.trace if isinstance(record, Sent)]
    path = [(names[flight.sender], flight.segment.wire()[:3]) for flight in times.flights]
    return sent[: len(path)] == path
