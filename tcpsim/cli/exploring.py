"""`tcpsim explore --all` and `--mutants`: many explorations, several at a time, and a table of what came of them.

Rule 1. Each exploration is made in one process, and told of as plain data: nothing that was explored is shared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from .explore import as_data, code_of, line_of, planned, searched
from .group import FAILED, INTERRUPTED
from .processes import carried_out
from .screen import writing

if TYPE_CHECKING:
    from pathlib import Path

    from ..explore.catching import Caught
    from ..explore.engine import Limits
    from .reporting import Report

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
        click.echo(f"interrupted: {len(tasks) - len(found)} of {len(tasks)} were not explored to the end", err=True)
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
    report: Report,
    limits: Limits,
    *,
    faults: int | None,
    jobs: int | None,
    folder: Path | None,
    page: Path | None,
    as_json: bool,
) -> int:
    """Look for every seeded bug; print what catches each, and how soon; return the exit code.

    With a `folder`, the counterexample of each is written there; the table of a `page` is made anew.
    """
    from ..explore.catching import catch
    from ..tcp.mutants.seeded import SEEDED

    most = MOST_FAULTS if faults is None else faults
    found, interrupted = carried_out([partial(catch, each, most, limits) for each in SEEDED], jobs, _LOOKING)
    missed = [each.mutant for each in found if not each.property]
    if folder is not None:
        _write_all(folder, found)
    if as_json:
        click.echo(json.dumps([_caught_data(each) for each in found], indent=2))
    else:
        _tell_caught(report, found)
        within = f"at most {most} fault{'s' * (most != 1)}"
        report.line(f"{len(found) - len(missed)} of {len(SEEDED)} seeded bugs are caught with {within}")
    if interrupted:
        click.echo(f"interrupted: {len(SEEDED) - len(found)} of {len(SEEDED)} were not looked for to the end", err=True)
        return INTERRUPTED
    if page is not None:
        from .counting import write_caught

        write_caught(page, found)
    return FAILED if missed else 0


def _write_all(folder: Path, found: list[Caught]) -> None:
    with writing(folder / "x"):
        folder.mkdir(parents=True, exist_ok=True)
    for each in found:
        if each.text:
            with writing(folder / f"{each.mutant}.yaml"):
                (folder / f"{each.mutant}.yaml").write_text(each.text, "utf-8")


def _caught_data(each: Caught) -> dict[str, Any]:
    names = ("mutant", "bug", "property", "name", "scenario", "faults", "steps", "states")
    return {name: getattr(each, name) for name in names}


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
        what = f"{each.property:<4} {each.name}, {each.scenario}"
        console.print(f"{each.mutant:<{widest}}  {counts}  {what}", soft_wrap=True)
