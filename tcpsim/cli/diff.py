"""`tcpsim diff`: one scenario run twice, with something changed, and both ladders side by side.

Rule 1. A setting that is given once changes the second run; given twice, the first value is for the first run.
Rule 2. That two runs differ is no failure: the exit code is 0, unless --exit-code or --quiet asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import shown_name
from .group import FAILED, INTERRUPTED, Wrong
from .inputs import ScenarioName, is_meant_as_trace, read_knob, read_scenario, run_scenario
from .screen import patience, screen

if TYPE_CHECKING:
    from rich.text import Text

    from ..draw.comparing import Comparison
    from ..scenario import Run
    from .reporting import Report

AS_IT_IS: Final = "as it is"
FAILURES: Final = 3
"""So many broken expectations of each run are told."""


@dataclass(frozen=True, slots=True)
class Ways:
    """With what one of the two runs is made; `name` says so in words."""

    name: str
    settings: dict[str, Any]


@click.command(short_help="Run a scenario in two ways, and show where they part.")
@click.argument("scenario", type=ScenarioName(), metavar="SCENARIO")
@click.option("--profile", "profiles", multiple=True, metavar="NAME", help="The hosts' profile.")
@click.option("--mutant", "mutants", multiple=True, metavar="NAME[@HOST]", help="A broken TCP; see `tcpsim mutants`.")
@click.option("--knob", "knobs", multiple=True, metavar="NAME=VALUE", help="A knob of every host.")
@click.option("--seed", "seeds", type=click.IntRange(0, 2**63 - 1), multiple=True, help="The seed of all chance.")
@click.option("--exit-code", "with_code", is_flag=True, help="Exit with 1 if the two runs differ.")
@click.option("-q", "--quiet", is_flag=True, help="Print one line, and exit with 1 if the two runs differ.")
@click.option("--whole", is_flag=True, help="Show long ladders to their end.")
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
def diff(
    scenario: str,
    profiles: tuple[str, ...],
    mutants: tuple[str, ...],
    knobs: tuple[str, ...],
    seeds: tuple[int, ...],
    with_code: bool,
    quiet: bool,
    whole: bool,
    ascii: bool,
    width: int | None,
) -> None:
    """Run a scenario in two ways, and show both ladders side by side with the first difference explained.

    A setting that is given once changes the second run, and the first one is the scenario as it is. Given twice,
    the first value is for the first run: --profile rfc9293 --profile linux.

    From 160 columns on two whole ladders are shown, in less room two lists.
    """
    if is_meant_as_trace(scenario):
        raise Wrong(f"{shown_name(scenario)}: this is a trace, which has run already; name a scenario")
    first, second = _ways(profiles, mutants, knobs, seeds)
    read = read_scenario(scenario)
    runs = [run_scenario(read, **ways.settings) for ways in (first, second)]
    if any(run.ended == "interrupted" for run in runs):
        click.get_current_context().exit(INTERRUPTED)
    from .reporting import Report

    report = Report(screen(width), ascii=ascii)
    comparison = _tell(report, (first, second), runs, whole=whole, quiet=quiet)
    click.get_current_context().exit(FAILED if (with_code or quiet) and not comparison.same else 0)


# ---------------------------------------------------------------------- in which ways


def _ways(
    profiles: tuple[str, ...], mutants: tuple[str, ...], knobs: tuple[str, ...], seeds: tuple[int, ...]
) -> tuple[Ways, Ways]:
    """Return the settings of the two runs; UsageError if none or more than two values were given for one."""
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    names: tuple[list[str], list[str]] = ([], [])
    for option, values in (("profile", profiles), ("mutant", mutants), ("seed", seeds)):
        for side, value in _halves(f"--{option}", values):
            sides[side][option] = value
            names[side].append(f"{option} {shown_name(str(value))}")
    given: dict[str, list[Any]] = {}
    for word in knobs:
        name, value = read_knob(word)
        given.setdefault(name, []).append((value, word))
    for name, both in given.items():
        for side, (value, word) in _halves(f"--knob {name}", tuple(both)):
            sides[side].setdefault("knobs", {})[name] = value
            names[side].append(shown_name(word))
    if not names[1]:
        raise click.UsageError(
            "say what is to differ: --profile, --mutant, --knob or --seed, as in "
            "`tcpsim diff handshake --profile linux`"
        )
    named = [", ".join(each) or AS_IT_IS for each in names]
    return Ways(named[0], sides[0]), Ways(named[1], sides[1])


def _halves(option: str, values: tuple[Any, ...]) -> list[tuple[int, Any]]:
    """Return each value with the side that it is for: one for the second, two for both."""
    if len(values) > 2:
        raise click.UsageError(f"{option}: there are two runs; give one value, or two")
    return list(enumerate(values)) if len(values) == 2 else [(1, value) for value in values]


# ---------------------------------------------------------------------- told


def _tell(report: Report, ways: tuple[Ways, Ways], runs: list[Run], *, whole: bool, quiet: bool) -> Comparison:
    from ..draw.beside import Beside, Side

    console = report.console
    name = shown_name(runs[0].scenario.name)
    sides = [Side(each.name, run.trace) for each, run in zip(ways, runs, strict=True)]
    with patience("comparing"):
        beside = Beside(*sides, width=console.width, ascii=report.ascii, whole=whole)
    if quiet:
        verb = "are alike" if beside.comparison.same else "differ"
        report.line(f"{name}: {ways[0].name} and {ways[1].name} {verb}")
        return beside.comparison
    report.line(f"{name}: {runs[0].scenario.title}", "bold")
    console.print()
    if beside.comparison.first is not None:
        _print(report, beside.lines())
        console.print()
    _print(report, beside.explanation())
    console.print()
    for each, run in zip(ways, runs, strict=True):
        _verdict(report, each, run)
    return beside.comparison


def _print(report: Report, lines: list[Text]) -> None:
    for line in lines:
        report.console.print(line, soft_wrap=True)


def _verdict(report: Report, ways: Ways, run: Run) -> None:
    """Print how a run came out, and the first expectations that do not hold."""
    console = report.console
    console.print(report.summary(run, ways.name), soft_wrap=True)
    for outcome in run.failures[:FAILURES]:
        report.line(f"{outcome.place}:", indent=2, hang=4)
        report.line(f"expected  {outcome.expected}", indent=4, hang=10)
        report.line(f"but       {outcome.actual}", indent=4, hang=10)
    more = len(run.failures) - FAILURES
    if more > 0:
        report.line(f"and {more} more", "bright_black", indent=2)
