"""`tcpsim explore`: every loss, copy, delay and early timeout within a bound, and what holds in all of it.

Rule 1. A verdict names its bound. What was cut short, or never asked, is said to be so.
Rule 2. Exit codes: 0 everything that was asked holds, 1 something is broken, 2 wrong input, 3 a limit was reached
        before the bound was exhausted.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from ..trace.naming import shown_name
from .group import FAILED, INTERRUPTED, Wrong
from .inputs import ScenarioName
from .processes import MOST
from .screen import screen, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..explore.checking import Checker, Verdict
    from ..explore.checking import Report as Explored
    from ..explore.counterexamples import Counterexample
    from ..explore.engine import Limits, Tally
    from ..explore.plans import Plan
    from ..explore.world import Exploration
    from .reporting import Report

CUT_SHORT: Final = 3
"""The exit code of an exploration that a limit ended before its bound was exhausted."""
COUNTEREXAMPLE: Final = "counterexample.yaml"
_SIGNS: Final = {
    "holds": ("✓", "ok", "green"),
    "vacuous": ("·", "-", "bright_black"),
    "undecided": ("?", "?", "yellow"),
    "violated": ("✗", "BROKEN", "bold red"),
}


@click.command(short_help="Explore every fault within a bound, and check properties.")
@click.argument("scenario", required=False, type=ScenarioName(), metavar="[SCENARIO]")
@click.option("--faults", type=click.IntRange(0, 8), metavar="K", help="At most so many faults; else the file's, or 2.")
@click.option("--property", "names", multiple=True, metavar="NAME", help="Ask only this one; may be repeated.")
@click.option("--mutant", metavar="NAME[@HOST]", help="A broken TCP; see `tcpsim mutants`.")
@click.option("--all", "everything", is_flag=True, help="Every scenario made for exploring, a line each.")
@click.option("--mutants", "seeded", is_flag=True, help="Look for every seeded bug: what catches it, and how soon.")
@click.option("--properties", "listed", is_flag=True, help="List the properties.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help=f"The counterexample's file, else {COUNTEREXAMPLE}; for --mutants a folder, for --all the page of its counts.",
)
@click.option("--page", type=click.Path(path_type=Path), help="The page whose table of seeded bugs --mutants writes.")
@click.option("-j", "--jobs", type=click.IntRange(1, MOST), help="So many processes, with --all and --mutants.")
@click.option(
    "--max-states",
    type=click.IntRange(1, 100_000_000),
    default=5_000_000,
    show_default=True,
    help="Stop after so many.",
)
@click.option("--max-seconds", type=click.FloatRange(0.1, 86_400), default=600.0, show_default=True, help="Stop then.")
@click.option(
    "--max-memory", type=click.FloatRange(0.1, 1_000), default=4.0, show_default=True, help="Stop there, in GB."
)
@click.option("--keep", type=click.Path(path_type=Path), help="Where to keep an exploration that is cut short.")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with one that was kept.")
@click.option("-q", "--quiet", is_flag=True, help="Print one line.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
def explore(
    scenario: str | None,
    faults: int | None,
    names: tuple[str, ...],
    mutant: str | None,
    everything: bool,
    seeded: bool,
    listed: bool,
    output: Path | None,
    page: Path | None,
    jobs: int | None,
    max_states: int,
    max_seconds: float,
    max_memory: float,
    keep: Path | None,
    resume: Path | None,
    quiet: bool,
    as_json: bool,
    ascii: bool,
    width: int | None,
) -> None:
    """Explore what can happen to the two ends of a SCENARIO: every order of its calls and deliveries, with at most
    K segments lost, copied or delayed and timers that expire too early, and check properties in all of it.

    A broken property is shown as a ladder, explained, and written as a scenario that `tcpsim run` replays.
    """
    from ..explore.engine import Limits
    from .reporting import Report

    report = Report(screen(width), ascii=ascii)
    limits = Limits(max_states, max_seconds, int(max_memory * 1e9), time.monotonic)
    if listed:
        _tell_properties(report, as_json=as_json)
        return
    if page is not None and not seeded:
        raise click.UsageError("--page goes with --mutants; --all writes the page that -o names")
    if everything or seeded:
        from .exploring import explore_all, explore_mutants

        if scenario is not None or keep is not None or resume is not None:
            raise click.UsageError("--all and --mutants take no scenario, no --keep and no --resume")
        if seeded and (everything or names or mutant is not None):
            raise click.UsageError("--mutants takes no --all, no --property and no --mutant")
        if everything:
            code = explore_all(
                report, limits, faults=faults, names=names, mutant=mutant, jobs=jobs, page=output, as_json=as_json
            )
        else:
            code = explore_mutants(report, limits, faults=faults, jobs=jobs, folder=output, page=page, as_json=as_json)
        click.get_current_context().exit(code)
    if scenario is None:
        from ..explore.shelf import explorations

        known = ", ".join(explorations())
        raise click.UsageError(f"which scenario? Name a file, one of the library, or one made for exploring: {known}")
    plan = planned(scenario, faults=faults, names=names, mutant=mutant)
    world, found = searched(plan, limits, keep=keep, resume=resume)
    shown = _counterexample(plan, world, found)
    file = _write(shown, output or Path(COUNTEREXAMPLE)) if shown is not None else None
    if as_json:
        click.echo(json.dumps(as_data(plan, found, shown, file), indent=2))
    elif quiet:
        report.console.print(line_of(plan, found, ascii=report.ascii), soft_wrap=True)
    else:
        _tell(report, plan, found)
        if shown is not None:
            _tell_counterexample(report, plan, shown, file)
    click.get_current_context().exit(code_of(found))


# ---------------------------------------------------------------------- the search


def planned(scenario: str, *, faults: int | None, names: tuple[str, ...], mutant: str | None) -> Plan:
    """Return what is to be explored; Wrong for a scenario, a property or a mutant that does not fit."""
    from ..explore.plans import exploration
    from ..explore.shelf import find
    from ..properties import NoSuchProperty
    from ..scenario import ScenarioError, load
    from ..tcp.mutants import NoSuchMutant

    try:
        return exploration(load(find(scenario)), faults=faults, mutant=mutant, properties=names or None)
    except ScenarioError as error:
        raise Wrong(str(error)) from error
    except NoSuchProperty as error:
        raise Wrong(f"--property: {error}; `tcpsim explore --properties` lists them") from error
    except NoSuchMutant as error:
        raise Wrong(f"--mutant: {error}") from error


def searched(
    plan: Plan, limits: Limits, *, keep: Path | None = None, resume: Path | None = None
) -> tuple[Exploration, Explored]:
    """Explore, with progress on standard error if a person sits there; return the world and what came of it.

    With `resume` go on with what was kept there; with `keep`, keep there what was cut short. Wrong if that can't be.
    """
    from ..explore.checking import Checker

    plan = plan.fresh()
    with _progress() as progress:
        checker = Checker(plan.world, plan.properties, faults=plan.faults, limits=limits, progress=progress)
        if resume is not None:
            _take_up(checker, resume)
        found = checker.run()
    if keep is not None and found.stopped:
        _keep(checker, keep)
    return plan.world, found


def _take_up(checker: Checker, file: Path) -> None:
    from ..explore.keeping import NotKept, take_up

    try:
        take_up(checker, file)
    except NotKept as error:
        raise Wrong(f"--resume: {shown_name(file)}: {error}") from error
    except OSError as error:
        raise Wrong(f"--resume: {shown_name(file)}: can't be read: {error.strerror or error}") from error


def _keep(checker: Checker, file: Path) -> None:
    from ..explore.keeping import NotKept, keep

    try:
        with writing(file):
            keep(checker, file)
    except NotKept as error:
        raise Wrong(f"--keep: {shown_name(file)}: {error}") from error
    click.echo(f"kept what is known in {shown_name(file)}; --resume goes on with it", err=True)


def code_of(found: Explored) -> int:
    """Return the exit code that an exploration deserves."""
    if found.violated:
        return FAILED
    if found.stopped == "interrupted":
        return INTERRUPTED
    return CUT_SHORT if found.stopped else 0


@contextmanager
def _progress() -> Iterator[Callable[[Tally], None] | None]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    words = TextColumn("{task.description}")
    with Progress(SpinnerColumn(), words, TimeElapsedColumn(), console=console, transient=True) as shown:
        task = shown.add_task("exploring", total=None)

        def tell(tally: Tally) -> None:
            rate = tally.states / tally.seconds if tally.seconds else 0
            shown.update(
                task,
                description=f"{tally.faults} faults: {tally.states:,} states, {tally.waiting:,} waiting, "
                f"depth {tally.depth}, {rate:,.0f} states/s",
            )

        yield tell


# ---------------------------------------------------------------------- told


def bound(found: Explored) -> str:
    """Return the bound in words."""
    return f"k <= {found.faults}"


def line_of(plan: Plan, found: Explored, *, ascii: bool) -> Text:
    """Return what came of an exploration in one line."""
    verdicts = found.verdicts
    broken = [each.subject.name for each in found.violated]
    holds = sum(each.word == "holds" for each in verdicts)
    vacuous = sum(each.word == "vacuous" for each in verdicts)
    sign, plain, style = _SIGNS["violated" if broken else "undecided" if found.stopped else "holds"]
    if broken:
        words = f"broken: {', '.join(broken)}"
    elif found.stopped:
        words = f"not decided: {found.stopped}"
    else:
        words = f"{holds} hold for {bound(found)}, {vacuous} never asked"
    tally = found.tally
    line = f"{plan.scenario.name}: {tally.states:,} states, {tally.transitions:,} transitions, {tally.seconds:.1f} s; "
    return Text.assemble((f"{plain if ascii else sign} ", style), line, words)


def _tell(report: Report, plan: Plan, found: Explored) -> None:
    from ..tcp.diagram import EDGES

    tally, console = found.tally, report.console
    report.line(f"{plan.scenario.name}: {plan.scenario.title}", "bold")
    report.line(f"every order of calls and deliveries, at most {found.faults} fault{'s' * (found.faults != 1)}")
    for note in plan.notes:
        report.line(note, "bright_black")
    console.print()
    layers = ", ".join(f"{count:,} with {faults}" for faults, count in enumerate(tally.layers))
    report.line(
        f"{tally.states:,} states ({layers} fault{'s' * (found.faults != 1)}), {tally.transitions:,} transitions",
        indent=2,
    )
    report.line(f"at most {tally.depth} steps, {tally.seconds:.1f} s", indent=2)
    report.line(f"{len(found.edges)} of {len(EDGES)} edges of the diagram were walked", indent=2)
    if found.stopped:
        report.line(f"cut short: {found.stopped}; nothing is claimed of what lies beyond", "yellow", indent=2)
    console.print()
    for verdict in found.verdicts:
        if verdict.word != "vacuous":
            _tell_verdict(report, verdict, found)
    vacuous = [each.subject.name for each in found.verdicts if each.word == "vacuous"]
    if vacuous:
        sign, plain, style = _SIGNS["vacuous"]
        mark = plain if report.ascii else sign
        report.line(f"{mark} vacuous, since nothing of the kind ever happens here: {', '.join(vacuous)}", style, hang=2)
    console.print()


def _tell_verdict(report: Report, verdict: Verdict, found: Explored) -> None:
    sign, plain, style = _SIGNS[verdict.word]
    mark = plain if report.ascii else sign
    subject = verdict.subject
    match verdict.word:
        case "holds":
            words = f"holds for {bound(found)}"
        case "undecided":
            words = f"undecided: {verdict.undecided}"
        case _:
            assert verdict.violation is not None
            faults = verdict.violation.faults
            words = f"broken with {faults} fault{'s' * (faults != 1)}, in {len(verdict.violation.path)} steps"
    console = report.console
    console.print(
        Text.assemble((f"{mark} ", style), (f"{subject.id:<5}", "bright_black"), f"{subject.name:<31}", (words, style)),
        soft_wrap=True,
    )


def _counterexample(plan: Plan, world: Exploration, found: Explored) -> Counterexample | None:
    """Return the simplest violation as something to look at; None if there is none."""
    from ..explore.counterexamples import counterexample

    broken = [each for each in found.violated if each.violation is not None]
    if not broken:
        return None
    simplest = min(broken, key=lambda each: (each.violation.faults, len(each.violation.path)))  # type: ignore[union-attr]  # just asked
    return counterexample(plan, world, simplest)


def _write(shown: Counterexample, file: Path) -> Path | None:
    if not shown.text:
        return None
    with writing(file):
        file.write_text(shown.text, "utf-8")
    return file


def _tell_counterexample(report: Report, plan: Plan, shown: Counterexample, file: Path | None) -> None:
    from .explaining import tell

    console = report.console
    subject = shown.verdict.subject
    report.line(f"{subject.name}: {subject.sentence} ({subject.cite})", "bold")
    report.line(shown.violation.what, "red", indent=2)
    simplest = shown.verdict.violation
    if simplest is not None and simplest is not shown.violation:
        report.line(
            f"(A way in {len(simplest.path)} steps can't be shown in virtual time; this one can.)",
            "bright_black",
            indent=2,
        )
    console.print()
    for number, (words, fault) in enumerate(shown.steps, 1):
        mark = "!" if fault else " "
        report.line(f"{number:>3} {mark} {words}", "yellow" if fault else "", indent=2, hang=6)
    console.print()
    if shown.run is None:
        report.line(f"This can't be replayed in virtual time: {shown.why_not}.", "yellow")
        return
    report.ladder(shown.run.trace)
    console.print()
    report.line("The decisive step", "bold")
    tell(shown.run.trace, f"#{shown.decisive}", console, ascii=report.ascii)
    console.print()
    again = f" --mutant {plan.mutant}" if plan.mutant else ""
    report.line(f"wrote {shown_name(file or '')}; `tcpsim run {shown_name(file or '')}{again}` replays it")


def _tell_properties(report: Report, *, as_json: bool) -> None:
    from ..properties import PROPERTIES

    told = list(PROPERTIES.values())
    if as_json:
        click.echo(json.dumps([_property(each) for each in told], indent=2))
        return
    for each in told:
        report.console.print(
            Text.assemble(
                (f"{each.id:<5}", "bright_black"), (each.name, "bold cyan"), "  ", (each.cite, "bright_black")
            ),
            soft_wrap=True,
        )
        report.line(each.sentence, indent=5)


def _property(each: Any) -> dict[str, Any]:
    return {"id": each.id, "name": each.name, "kind": each.kind.value, "cite": each.cite, "sentence": each.sentence}


def as_data(
    plan: Plan, found: Explored, shown: Counterexample | None = None, file: Path | None = None
) -> dict[str, Any]:
    """Return what came of an exploration as JSON has it."""
    tally = found.tally
    return {
        "scenario": plan.scenario.name,
        "mutant": plan.mutant or None,
        "faults": found.faults,
        "stopped": found.stopped or None,
        "states": tally.states,
        "states_by_faults": tally.layers,
        "transitions": tally.transitions,
        "depth": tally.depth,
        "seconds": round(tally.seconds, 3),
        "edges": sorted(f"{edge.source} -> {edge.target}: {edge.event}" for edge in found.edges),
        "properties": [
            _property(each.subject)
            | {
                "verdict": each.word,
                "asked": each.asked,
                "violation": None
                if each.violation is None
                else {"what": each.violation.what, "faults": each.violation.faults, "steps": len(each.violation.path)},
            }
            for each in found.verdicts
        ],
        "counterexample": None
        if shown is None
        else {
            "property": shown.verdict.subject.name,
            "steps": [words for words, _ in shown.steps],
            "file": str(file) if file else None,
            "why_not": shown.why_not or None,
        },
    }
