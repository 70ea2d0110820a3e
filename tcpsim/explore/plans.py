"""From a scenario to what is explored of it: the world, the properties to ask, the bound, and what is left out.

Rule 1. Hosts have their profile, knobs and mutant as a run of the scenario gives them. Where the file says nothing of
        a host's `iss`, its first number is 100 for the first host, and 300 for the second: two that are the same, as
        in the profile `plain`, would hide what is taken crosswise.
Rule 2. What can't be explored raises ScenarioError, with the place of all that is in the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from ..properties import PROPERTIES, Kind, NoSuchProperty, Property
from ..properties import named as property_named
from ..scenario import Place, Problem, Scenario, ScenarioError, load
from ..scenario.calling import guess, injected
from ..scenario.models import MOST_GOALS
from ..scenario.plans import ExplorePlan
from ..scenario.problems import nearest_word
from ..scenario.running import mutation_of, settings_of
from ..tcp.config import checked, profile
from ..tcp.endpoint import Endpoint
from ..tcp.mutants import MUTANTS
from ..tcp.seqnum import MASK
from .checking import Checker
from .programs import Call, line
from .scripting import Script
from .sides import Player
from .world import Exploration, Old

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ..scenario.values import Mutation
    from ..tcp.config import Config
    from ..tcp.mutants import Mutant
    from .engine import Limits, Tally
    from .scripting import Injected

ISS: Final = (100, 300)
"""The initial sequence numbers of hosts of which the file says none."""
_OF_HOSTS: Final = frozenset({"paws_per_host", "backlog_counts"})
"""Knobs that only a host or its listeners read."""


@dataclass(frozen=True)
class Plan:
    """A scenario that can be explored.

    Attributes:
        scenario: which.
        players: its two hosts, in the order of the file.
        old: segments of an earlier connection that are still under way.
        properties: what is asked.
        faults: the bound.
        in_order, quiet, symmetric: see `Exploration`.
        notes: what of the scenario is left out, in sentences.
        mutant: NAME or NAME@HOST, or "".
        world: the world, for one search: to search again takes `fresh`, or `checker`, which does so.
    """

    scenario: Scenario
    players: tuple[Player, Player]
    old: tuple[Old, ...]
    properties: tuple[Property, ...]
    faults: int
    in_order: bool = True
    quiet: bool = True
    symmetric: bool = False
    notes: tuple[str, ...] = ()
    mutant: str = ""
    world: Exploration = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Make the world."""
        world = Exploration(
            *self.players, old=self.old, in_order=self.in_order, quiet=self.quiet, symmetric=self.symmetric
        )
        object.__setattr__(self, "world", world)

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    def fresh(self, *, faults: int | None = None) -> Plan:
        """Return the same with a world in which nothing has happened yet; `faults` takes the place of the bound."""
        return replace(self, faults=self.faults if faults is None else faults)

    def checker(
        self,
        *,
        faults: int | None = None,
        limits: Limits | None = None,
        first: bool = False,
        progress: Callable[[Tally], object] | None = None,
    ) -> Checker:
        """Return a Checker of a new world; `faults` takes the place of the bound."""
        plan = self.fresh(faults=faults)
        return Checker(plan.world, plan.properties, faults=plan.faults, limits=limits, first=first, progress=progress)


def exploration(
    scenario: Scenario | str | Path,
    *,
    faults: int | None = None,
    mutant: str | None = None,
    properties: Iterable[str | Property] | None = None,
    profile: str | None = None,
    knobs: Mapping[str, Any] | None = None,
) -> Plan:
    """Return what is explored of a scenario: one that was loaded, its name in the library, or its file.

    `faults` takes the place of the file's bound; `profile`, `knobs` and `mutant` are those of `run`. `properties` are
    asked in place of those of the file; by default the file's, and if it names none, all of the catalogue.

    Raises ScenarioError for what can't be explored, KnobError, NoSuchMutant and NoSuchProperty.
    """
    if not isinstance(scenario, Scenario):
        scenario = load(scenario)
    said = scenario.explore or ExplorePlan(Place(scenario.path))
    asked = _asked(said) if properties is None else tuple(_meant(each, said) for each in properties)
    if len(scenario.hosts) != 2:
        count = len(scenario.hosts)
        wrong = f"there {'is 1 host' if count == 1 else f'are {count} hosts'}"
        raise ScenarioError([Problem(said.place, wrong, "exactly two to explore")])
    script = Script(scenario, symmetric=said.symmetric)
    mutation = None if mutant is None else mutation_of(mutant, scenario)
    if mutation is not None and (why := _beyond(MUTANTS[mutation.name])):
        wrong = f"the mutant {mutation.name} {why}"
        raise ScenarioError([Problem(Place(scenario.path), wrong, "a mutant of endpoints: only these are explored")])
    players = _players(scenario, script, profile, {} if knobs is None else knobs, mutation)
    problems = list(script.problems)
    if said.symmetric and (difference := _difference(script, players)):
        problems.append(Problem(said.place, f"`symmetric` is on, but {difference}", "two hosts that do the same"))
    if sum(each.kind is Kind.LEADS_TO for each in asked) > MOST_GOALS:
        wrong = f"more than {MOST_GOALS} properties say what comes about in the end"
        problems.append(Problem(said.place, wrong, "fewer under `eventually`, or `always: []` beside it"))
    if problems:
        raise ScenarioError(problems)
    return Plan(
        scenario, players, tuple(_old(script.injected, players)), asked, said.faults if faults is None else faults,
        said.in_order, said.quiet, said.symmetric, tuple(script.notes), mutant or "",
    )  # fmt: skip


# ---------------------------------------------------------------------- properties


def _asked(said: ExplorePlan) -> tuple[Property, ...]:
    named = [each.subject for each in said.asked]
    if not said.everything:
        return tuple(named)
    return (*(each for each in PROPERTIES.values() if each not in named), *named)


def _meant(wanted: str | Property, said: ExplorePlan) -> Property:
    """Return a property by its name or number, or as the file describes it."""
    if isinstance(wanted, Property):
        return wanted
    for each in said.asked:
        if wanted in (each.subject.name, each.subject.id):
            return each.subject
    try:
        return property_named(wanted)
    except NoSuchProperty as error:
        known = [each.subject.name for each in said.asked] + [each.id for each in PROPERTIES.values()]
        raise NoSuchProperty(error.wrong, error.nearest or nearest_word(wanted, known)) from None


# ---------------------------------------------------------------------- players


def _players(
    scenario: Scenario,
    script: Script,
    profile_name: str | None,
    knobs: Mapping[str, Any],
    mutation: Mutation | None,
) -> tuple[Player, Player]:
    made = []
    sockets = [(plan.address, port) for plan, port in zip(scenario.hosts, script.ports, strict=True)]
    for end, plan in enumerate(scenario.hosts):
        named, settings, mutant_name = settings_of(plan, scenario, profile_name, knobs, mutation)
        config = checked(profile(named, **settings), script.knobs[end] or {})
        isses = [iss for iss in script.isses[end] if iss is not None]
        if isses or config.iss is None or "iss" not in settings:
            config = replace(config, iss=isses[0] if isses else ISS[end])
        program = line(*script.programs[end])
        player = Player(plan.name, config, program, sockets[end], sockets[1 - end])
        if len(isses) > 1:
            player = replace(player, iss_step=(isses[1] - isses[0]) & MASK)
        made.append(player if mutant_name is None else _mutated(player, MUTANTS[mutant_name]))
    one, other = made
    return one, other


def _mutated(player: Player, mutant: Mutant) -> Player:
    return replace(player, endpoint=mutant.endpoint or Endpoint, changes=mutant.changes)


def _beyond(mutant: Mutant) -> str:
    """Return how a mutant deviates where no exploration looks; "" if it does not."""
    if mutant.answer is not None and mutant.endpoint is None:
        return "deviates in what its host answers for nobody"
    if mutant.crowded is not None or mutant.listens_once:
        return "deviates in its listener"
    if mutant.never_quiet:
        return "deviates in its restart"
    if mutant.endpoint is None and mutant.knobs and set(mutant.knobs) <= _OF_HOSTS:
        return "deviates in its listener"
    return ""


def _difference(script: Script, players: tuple[Player, Player]) -> str:
    """Return in what two hosts differ beyond their names, sockets and first numbers; "" for nothing."""
    one, other = players
    if _comparable(one.config) != _comparable(other.config):
        return "the hosts have different knobs"
    if (one.endpoint, one.changes) != (other.endpoint, other.changes):
        return "only one host is a mutant"
    if script.injected:
        return "segments are injected"
    if script.programs[0] != [_mirrored(call) for call in script.programs[1]]:
        return "the hosts make different calls"
    return ""


def _comparable(config: Config) -> Config:
    return replace(config, iss=0)


def _mirrored(call: Call) -> Call:
    return call if call.after is None else replace(call, after=(1 - call.after[0], *call.after[1:]))


# ---------------------------------------------------------------------- segments of an earlier connection


def _old(segments: Iterable[Injected], players: tuple[Player, Player]) -> Iterable[Old]:
    """Yield the injected segments: relative numbers count from the first ISS of each host."""
    times: dict[int, int] = {}
    bases = [
        (player.config if player.changes is None else player.changes(player.config)).iss or 0 for player in players
    ]
    for step, source, target in segments:
        nth = times[id(step)] = times.get(id(step), -1) + 1
        ours, theirs = bases[source], bases[target]
        made = injected(step, lambda n, base=ours: (base + n) & MASK, lambda n, base=theirs: (base + n) & MASK)  # type: ignore[misc]  # bound at once
        yield Old(guess(made, nth * (step.stride or 0)), target)
