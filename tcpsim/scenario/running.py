"""Running a scenario: the script is carried out, the run is watched, and the expectations are asked.

Rule 1. A step happens by the network's agenda, at its time or at the instant of its event; steps that wait
        for the same happen in the order of the file.
Rule 2. Every run ends: idle, at the virtual time of `until`, or at a limit of events or records.
Rule 3. What did not happen is told: a step that never ran and a fault that never struck are failures, and, in a run
        of the scenario as it is written, an event for which its quiz waits in vain.
Rule 4. An error that a call returns is part of the run and does not stop it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..net import Network
from ..tcp.calls import TcpError
from ..tcp.config import profile as config_of
from ..tcp.mutants import NoSuchMutant, named
from ..tcp.units import format_duration
from ..trace import Called, Header
from ..trace.naming import printable
from .calling import Caller, NotPossible
from .evidence import Evidence, Names
from .expectations import Outcome, TookPlace
from .faulting import build_link
from .library import load
from .loading import Scenario
from .moments import AtTime
from .problems import nearest_word, one_of, shown
from .values import Mutation
from .watching import Watch, first_of
from .witnessing import Witness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..net import Nat, faults
    from ..tcp.units import Time
    from ..trace import Trace
    from .loading import FaultPlan, HostPlan, StepPlan

MAX_RECORDS: Final = 1_000_000
"""The number of records in the trace after which a run stops."""


@dataclass(slots=True, repr=False)
class Run:
    """A scenario that was run; in Jupyter it shows itself as its ladder.

    Attributes:
        scenario: what was run.
        seed, profile: what it was run with; `profile` is "" where it was the scenario's own.
        mutant: NAME or NAME@HOST of the mutant that it was run with, or "".
        network: as the run left it.
        trace: everything that happened.
        verdict: how each expectation came out, in the order of the file; behind them, what of the script,
            the faults and the quiz never took place.
        ended: "idle", "until", "event limit", "record limit", or "interrupted" by Ctrl-C.
        names: the hosts, and the connections that the script has named.
    """

    scenario: Scenario
    seed: int
    profile: str
    mutant: str
    network: Network = field(repr=False)
    trace: Trace = field(repr=False)
    verdict: list[Outcome]
    ended: str
    names: Names = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether every expectation holds."""
        return all(outcome.ok for outcome in self.verdict)

    @property
    def failures(self) -> list[Outcome]:
        """The outcomes that are not as expected."""
        return [outcome for outcome in self.verdict if not outcome.ok]

    @property
    def unexpected(self) -> dict[str, Any]:
        """What of it fails a file that says nothing of it, as that file would have to say under `expect`."""
        expect: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for call in self.trace.of_kind(Called):
            if call.error:
                errors.setdefault(call.host, []).append(call.error)
        if errors:
            expect["errors"] = errors
        if self.ended != "idle":
            expect["ends"] = self.ended
        return expect

    def __repr__(self) -> str:
        count = len(self.verdict)
        how = self.ended if self.ended == "interrupted" else "passed" if self.passed else "failed"
        return f"<Run {printable(self.scenario.name)}: {how}, {count - len(self.failures)} of {count}>"

    def _repr_svg_(self) -> str:
        return self.trace._repr_svg_()  # type: ignore[attr-defined, no-any-return]  # see showing.py


def run(
    scenario: Scenario | str | Path,
    *,
    seed: int | None = None,
    profile: str | None = None,
    knobs: Mapping[str, Any] | None = None,
    mutant: str | None = None,
    explained: bool = False,
) -> Run:
    """Run a scenario and return what came of it.

    It may be given by its name in the library, or by the path of its file, as `load` takes them. `seed` and
    `profile` take the place of the scenario's own; a host that names its profile keeps it. `knobs` take the
    place of all that the file says of them, for every host. With a `mutant`, NAME or NAME@HOST, all hosts or
    one of them deviate from the RFC: `tcpsim mutants` lists how. A mutant insists on its own knobs. The trace
    of an `explained` run also has what each event was asked and changed.

    Raises ScenarioError for a name or a file that is no scenario, KnobError for an unknown profile or a bad
    knob, NoSuchMutant for an unknown mutant or host of one and TypeError for what is neither; nothing else
    that a scenario does can raise.
    """
    if isinstance(scenario, (str, Path)):
        scenario = load(scenario)
    elif not isinstance(scenario, Scenario):
        raise TypeError(f"expected a scenario, its name in the library or its file, not {shown(scenario)}")
    chosen_seed = scenario.seed if seed is None else seed
    mutation = None if mutant is None else mutation_of(mutant, scenario)
    runner = _Runner(scenario, chosen_seed, profile, {} if knobs is None else dict(knobs), mutation, explained)
    ended = runner.run()
    trace = runner.trace
    evidence = Evidence(trace, runner.names)
    verdict = [expectation.check(evidence) for expectation in scenario.expectations]
    verdict += [] if runner.witness is None else runner.witness.outcomes(ended)
    verdict += [each.check(evidence) for each in runner.never_happened()]
    if ended != "interrupted" and seed in (None, scenario.seed) and not (profile or knobs or mutant):
        verdict += [each.check(evidence) for each in _never_asked(scenario, evidence)]
    return Run(scenario, chosen_seed, profile or "", mutant or "", runner.network, trace, verdict, ended, runner.names)


def _never_asked(scenario: Scenario, evidence: Evidence) -> list[TookPlace]:
    """Return a failure if the question of the quiz can't be asked, since what its `until` waits for never happens."""
    quiz, place = scenario.quiz, scenario.quiz_until
    if quiz is None or place is None or first_of(quiz.until, evidence.trace, evidence.names) is not None:
        return []
    return [TookPlace(place, "the event `until` of the quiz to happen", False, "it never does: nothing can be asked")]


def mutation_of(mutant: str, scenario: Scenario) -> Mutation:
    """Return a mutant's name apart from the host's; NoSuchMutant where the scenario has no such host."""
    if not isinstance(mutant, str):
        raise TypeError(f"mutant: expected NAME or NAME@HOST, not {shown(mutant)}")
    name, _, host = mutant.partition("@")
    hosts = [plan.name for plan in scenario.hosts]
    if "@" in mutant and host not in hosts:
        raise NoSuchMutant(f"there is no host {shown(host)}: expected {one_of(hosts)}", nearest_word(host, hosts))
    return Mutation(named(name).name, host or None)


def settings_of(
    plan: HostPlan, scenario: Scenario, profile: str | None, knobs: Mapping[str, Any], mutation: Mutation | None
) -> tuple[str, dict[str, Any], str | None]:
    """Return what a host is made with: the name of its profile, its knobs, and its mutant's name or None."""
    mutant = mutation.name if mutation is not None and mutation.host in (None, plan.name) else None
    return plan.profile or profile or scenario.profile, {**scenario.knobs, **plan.knobs, **knobs}, mutant


@dataclass(slots=True)
class _Pending:
    """A step that is to run: `due` once its time is known, `ran` once it did, `error` if it could not."""

    plan: StepPlan
    follows: _Pending | None
    watch: Watch | None = None
    due: Time | None = None
    ran: bool = False
    error: str = ""
    followers: list[_Pending] = field(default_factory=list)


class _Runner:
    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        profile: str | None,
        knobs: dict[str, Any],
        mutation: Mutation | None,
        explained: bool,
    ) -> None:
        self.scenario = scenario
        # Nobody is to take it for TCP.
        title = scenario.title if mutation is None else f"[mutant: {mutation}] {scenario.title}"
        header = Header(title=title, source=scenario.source, scenario=scenario.name)
        self.network = network = Network(seed=seed, header=header, explained=explained)
        assert network.trace is not None
        self.trace: Trace = network.trace
        self.names = Names(tuple(plan.name for plan in scenario.hosts))
        for plan in scenario.hosts:
            host_profile, settings, mutant = settings_of(plan, scenario, profile, knobs, mutation)
            network.host(
                plan.name, plan.address, profile=host_profile, ports=plan.ports, loopback=plan.loopback, mutant=mutant,
                **settings,
            )  # fmt: skip
        self.faults: list[tuple[FaultPlan, faults.Fault]] = []
        nats: dict[str, Nat] = {}
        for link in scenario.links:
            self.faults += build_link(network, link, self.names, nats)
        network.describe()  # the rules came after the links
        self.caller = Caller(network, self.names)
        self.steps = self._pending()
        self._seen = 0
        self.witness = self._witness(profile, knobs)

    def _witness(self, profile: str | None, knobs: dict[str, Any]) -> Witness | None:
        """Return who asks the properties that the file names; None if it names none."""
        explore = self.scenario.explore
        if explore is None or not explore.asked:
            return None
        meant = {}
        for plan in self.scenario.hosts:
            named_profile, settings, _ = settings_of(plan, self.scenario, profile, knobs, None)
            meant[plan.name] = config_of(named_profile, **settings)
        return Witness(self.network, explore.asked, self._has_made_all_calls, meant)

    def _has_made_all_calls(self, host: str) -> bool:
        return all(pending.ran for pending in self.steps if getattr(pending.plan.step, "host", None) == host)

    def _pending(self) -> list[_Pending]:
        steps: list[_Pending] = []
        for plan in self.scenario.script:
            alone = plan.step.at is not None or plan.step.when is not None
            pending = _Pending(plan, None if alone or not steps else steps[-1])
            if pending.follows is not None:
                pending.follows.followers.append(pending)
            steps.append(pending)
        return steps

    # ------------------------------------------------------------------ the run

    def run(self) -> str:
        """Let everything happen; return how the run ended."""
        for pending in self.steps:
            self._begin(pending)
        try:
            reason = self._until_the_end()
        except KeyboardInterrupt:
            reason = "interrupted"  # what has happened so far is kept
        self.network.end(reason, self.scenario.until if reason == "until" else None)
        return reason

    def _until_the_end(self) -> str:
        reason = self._reason_to_stop(0)
        events = 0
        witness = self.witness
        if witness is not None:
            witness.look()
        while reason is None:
            self.network.step()
            events += 1
            self._look()
            if witness is not None:
                witness.look()
            reason = self._reason_to_stop(events)
        return reason

    def _reason_to_stop(self, events: int) -> str | None:
        due = self.network.next
        if due is None or due > self.scenario.until:
            return "idle" if self.network.idle else "until"
        if events >= self.scenario.max_events:
            return "event limit"
        if len(self.trace) >= MAX_RECORDS:
            return "record limit"
        return None

    def _begin(self, pending: _Pending) -> None:
        """Enter a step into the agenda, if its time is known, or set a watch for its event."""
        step = pending.plan.step
        if step.at is not None:
            self._enter(pending, step.at)
        elif isinstance(step.when, AtTime):
            self._enter(pending, step.when.time)
        elif step.when is not None:
            pending.watch = Watch(step.when, self.names)
        elif pending.follows is None:
            self._enter(pending, 0)

    def _enter(self, pending: _Pending, base: Time) -> None:
        pending.due = base + pending.plan.step.wait
        # What is due after the end needs no entry; `never_happened` tells of it.
        if pending.due <= self.scenario.until:
            self.network.at(pending.due, self._carry_out, pending)

    def _look(self) -> None:
        """Show the watches what is new in the trace."""
        records = self.trace.records
        waiting = [pending for pending in self.steps if pending.watch is not None and not pending.watch.happened]
        for record in records[self._seen :] if waiting else ():
            for pending in waiting:
                assert pending.watch is not None
                if pending.watch.see(record):
                    self._enter(pending, self.network.now)
        self._seen = len(records)

    def _carry_out(self, pending: _Pending) -> None:
        pending.ran = True
        before = len(self.trace)
        try:
            self.caller.call(pending.plan.step)
        except TcpError as error:
            self._record_error(pending, before, str(error))
        except NotPossible as error:
            pending.error = str(error)
        for follower in pending.followers:
            self._enter(follower, self.network.now)

    def _record_error(self, pending: _Pending, before: int, error: str) -> None:
        """See to it that a call that was refused is in the trace."""
        if any(isinstance(record, Called) and record.error for record in self.trace.records[before:]):
            return
        step = pending.plan.step
        self.trace.append((Called, self.network.now, step.host, None, None, f"{step.call}()", error))

    # ------------------------------------------------------------------ what did not happen

    def never_happened(self) -> list[TookPlace]:
        """Return a failure for each step that did not run or could not, and for each fault that never struck."""
        found = [self._unrun(pending) for pending in self.steps if not pending.ran]
        found += [
            TookPlace(pending.plan.place, f"the step `{pending.plan.words}` to run", False, pending.error)
            for pending in self.steps
            if pending.error
        ]
        found += [
            TookPlace(plan.place, f"the fault `{plan.words}` to happen", False, _why_unused(fault))
            for plan, fault in self.faults
            if not fault.fired
        ]
        return sorted(found, key=lambda each: each.place)

    def _unrun(self, pending: _Pending) -> TookPlace:
        what = f"the step `{pending.plan.words}` to run"
        return TookPlace(pending.plan.place, what, False, f"this step never ran: {self._why_not(pending)}")

    def _why_not(self, pending: _Pending) -> str:
        if pending.due is not None:
            return f"it was due at {format_duration(pending.due)}, after the run had ended"
        if pending.watch is not None:
            times = pending.watch.times
            only = f" (only {'once' if times == 1 else f'{times} times'})" if times else ""
            return f"what it waits for did not happen{only}"
        return "the step before it never ran"


def _why_unused(fault: faults.Fault) -> str:
    sent = {0: "no such segment was sent", 1: "only one such segment was sent"}
    return sent.get(fault.matched, f"only {fault.matched} such segments were sent")
