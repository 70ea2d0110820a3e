"""`tcpsim explore --all` and `--mutants`: many explorations, several at a time, and a table of what came of them.

Rule 1. Each exploration is made in one process, and told of as plain data: nothing that was explored is shared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from .explore import as_data, code_of, line_of, planned, searched
from .group import FAILED, INTERRUPTED, Wrong
from .processes import carried_out
from .screen import writing

if TYPE_CHECKING:
    from pathlib import Path

    from ..explore.checking import Verdict
    from ..explore.engine import Limits
    from ..explore.plans import Plan
    from ..explore.world import Exploration
    from ..tcp.mutants.seeded import Seeded
    from .reporting import Report

_TRIED: Final = 6
"""Of so many ways to break a property it is tried whether they can be shown in virtual time."""
_LOOKING: Final = "looking for seeded bugs"
MOST_FAULTS: Final = 2
"""With how many faults a seeded bug is looked for, if no other number is asked for."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one exploration."""

    name: str
    data: dict[str, Any]
    line: str
    style: str
    code: int


@dataclass(frozen=True, slots=True)
class Caught:
    """How a seeded bug was found, or that it was not (`property` is ""); `text` is the counterexample's file."""

    mutant: str
    bug: str
    property: str
    scenario: str
    faults: int
    steps: int
    states: int
    text: str = ""


# ---------------------------------------------------------------------- every scenario


def explore_all(
    report: Report,
    limits: Limits,
    *,
    faults: int | None,
    names: tuple[str, ...],
    mutant: str | None,
    jobs: int | None,
    page: Path | None,
    as_json: bool,
) -> int:
    """Explore every scenario that is made for it; print a line each, write the counts; return the exit code."""
    from ..explore.shelf import explorations

    tasks = [partial(_explore_one, name, faults, names, mutant, limits, report.ascii) for name in explorations()]
    found, interrupted = carried_out(tasks, jobs, "exploring")
    if as_json:
        click.echo(json.dumps([done.data for done in found], indent=2))
    else:
        for done in found:
            report.console.print(Text(done.line, style=done.style), soft_wrap=True)
        _tell_sum(report, found, len(tasks))
    if interrupted:
        return INTERRUPTED
    code = max((done.code for done in found), key=lambda code: (code == FAILED, code), default=0)
    if page is not None and not code:
        from .counting import write_counts

        write_counts(page, [done.data for done in found])
    return code


def _tell_sum(report: Report, found: list[Done], of: int) -> None:
    states = sum(done.data["states"] for done in found)
    transitions = sum(done.data["transitions"] for done in found)
    asked = {each["name"] for done in found for each in done.data["properties"] if each["verdict"] != "vacuous"}
    every = {each["name"] for done in found for each in done.data["properties"]}
    edges = {edge for done in found for edge in done.data["edges"]}
    report.line(
        f"{len(found)} of {of} explored: {states:,} states, {transitions:,} transitions, {len(edges)} edges; "
        f"{len(asked)} of {len(every)} properties were asked at least once"
    )
    if every - asked:
        report.line(f"never asked: {', '.join(sorted(every - asked))}", "yellow")


def _explore_one(
    name: str, faults: int | None, names: tuple[str, ...], mutant: str | None, limits: Limits, ascii: bool
) -> Done:
    plan = planned(name, faults=faults, names=names, mutant=mutant)
    _, found = searched(plan, limits)
    line = line_of(plan, found, ascii=ascii)
    return Done(name, as_data(plan, found), line.plain, "red" if found.violated else "", code_of(found))


# ---------------------------------------------------------------------- every seeded bug


def explore_mutants(
    report: Report, limits: Limits, *, faults: int | None, jobs: int | None, folder: Path | None, as_json: bool
) -> int:
    """Look for every seeded bug; print what catches each, and how soon; return the exit code.

    With a `folder`, the counterexample of each is written there.
    """
    from ..tcp.mutants.seeded import SEEDED

    most = MOST_FAULTS if faults is None else faults
    found, interrupted = carried_out([partial(_catch, each, most, limits) for each in SEEDED], jobs, _LOOKING)
    missed = [each.mutant for each in found if not each.property]
    if folder is not None:
        _write_all(folder, found)
    if as_json:
        click.echo(json.dumps([_caught_data(each) for each in found], indent=2))
    else:
        _tell_caught(report, found)
        report.line(f"{len(found) - len(missed)} of {len(found)} seeded bugs are caught with at most {most} faults")
    if interrupted:
        return INTERRUPTED
    return FAILED if missed else 0


def _write_all(folder: Path, found: list[Caught]) -> None:
    with writing(folder / "x"):
        folder.mkdir(parents=True, exist_ok=True)
    for each in found:
        if each.text:
            with writing(folder / f"{each.mutant}.yaml"):
                (folder / f"{each.mutant}.yaml").write_text(each.text, "utf-8")


def _caught_data(each: Caught) -> dict[str, Any]:
    return {
        name: getattr(each, name) for name in ("mutant", "bug", "property", "scenario", "faults", "steps", "states")
    }


def _tell_caught(report: Report, found: list[Caught]) -> None:
    """Print the table: the mutant, the property that catches it, k, steps, states."""
    console = report.console
    widest = max((len(each.mutant) for each in found), default=0)
    head = f"{'mutant':<{widest}}  {'k':>1}  {'steps':>5}  {'states':>9}  property, scenario"
    console.print(Text(head, "bold"), soft_wrap=True)
    for each in found:
        if not each.property:
            console.print(Text(f"{each.mutant:<{widest}}  not caught", "red"), soft_wrap=True)
            continue
        counts = f"{each.faults}  {each.steps:>5}  {each.states:>9,}"
        console.print(f"{each.mutant:<{widest}}  {counts}  {each.property}, {each.scenario}", soft_wrap=True)


def _catch(seeded: Seeded, most: int, limits: Limits) -> Caught:
    """Explore with a mutant, with as few faults as will do, until some property is broken that otherwise holds."""
    from ..explore.counterexamples import counterexample
    from ..explore.shelf import explorations

    states = 0
    for faults in range(most + 1):
        found: list[tuple[tuple[int, bool, str], Plan, Exploration, Verdict]] = []
        for name in explorations():
            try:
                plan = planned(name, faults=faults, names=(), mutant=seeded.mutant)
            except Wrong:  # not every scenario can be explored with every mutant
                continue
            world, came = searched(plan, limits)
            states += came.tally.states
            sound = [each for each in came.violated if each.subject.name not in _broken_anyway(name, faults, limits)]
            for verdict in sound:
                assert verdict.violation is not None
                rank = (len(verdict.violation.path), verdict.subject.id != seeded.property, name)
                found.append((rank, plan, world, verdict))
        found.sort(key=lambda each: each[0])
        title = f"{seeded.bug[0].upper()}{seeded.bug[1:]}"
        ways = [(each, counterexample(*each[1:], title=title)) for each in found[:_TRIED]]
        if ways:
            (_, plan, _, verdict), shown = next((way for way in ways if way[1].text), ways[0])
            name, steps = verdict.subject.name, len(shown.violation.path)
            return Caught(seeded.mutant, seeded.bug, name, plan.scenario.name, faults, steps, states, shown.text)
    return Caught(seeded.mutant, seeded.bug, "", "", most, 0, states)


@cache
def _broken_anyway(name: str, faults: int, limits: Limits) -> frozenset[str]:
    """Return the properties that are broken without any mutant: they catch none."""
    plan = planned(name, faults=faults, names=(), mutant=None)
    return frozenset(each.subject.name for each in searched(plan, limits)[1].violated)
