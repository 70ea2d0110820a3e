"""`tcpsim reachable`: which states two ends can be in at the same time, and the shortest way there.

Rule 1. "Unreachable" is said with its bound, and only of a search that was not cut short.
Rule 2. Ctrl-C keeps what is known by then, and says that it is not all.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import shown_name
from .group import FAILED, INTERRUPTED, Wrong
from .inputs import ScenarioName, file_of, is_meant_as_trace
from .looks import themed
from .screen import not_onto, own_canvas, screen, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..draw.pairs import Pairs
    from ..explore.answers import Answer, Ground, Way
    from ..explore.engine import Tally
    from ..explore.questions import Question
    from ..explore.reaching import Reaching
    from .reporting import Report

MOST_FAULTS: Final = 8
OF_A_QUESTION: Final = 2
OF_A_TABLE: Final = 1
"""The bounds, unless --faults is said; a table with 2 takes a minute."""
TITLE: Final = "Which states can two ends be in at the same time?"
SLOW: Final = "What is held back is slower than the rest: a fault only where a later segment overtakes it."
EXAMPLES: Final = """
\b
Examples:
  tcpsim reachable "client=ESTABLISHED server=CLOSED"   the way, as a ladder
  tcpsim reachable "client=TIME-WAIT" -o way.yaml       as a scenario, to run
  tcpsim reachable --table                              every pair of states
  tcpsim reachable --table --faults 2 -o pairs.png      as a figure; a minute
"""


@click.command(short_help="Tell which states two ends can be in at the same time, and how.", epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[HOST=STATE]...")
@click.option("--table", is_flag=True, help="All pairs of states, with the fewest faults for each.")
@click.option(
    "--faults",
    type=click.IntRange(0, MOST_FAULTS),
    help=f"Look within so many faults; by default {OF_A_QUESTION}, for --table {OF_A_TABLE}.",
)
@click.option("--scenario", type=ScenarioName(), metavar="SCENARIO", help="Explore the calls of this scenario instead.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file: a scenario, .yaml; of --table .png, .svg or .pdf.",
)
@themed
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
@click.pass_context
def reachable(
    ctx: click.Context,
    words: tuple[str, ...],
    table: bool,
    faults: int | None,
    scenario: str | None,
    output: Path | None,
    theme: str,
    as_json: bool,
    ascii: bool,
    width: int | None,
) -> None:
    """Tell whether two ends can be in these states at the same time, and show the shortest way there.

    Both users may do anything once: open actively or passively, close, abort; `client` and `server` are only names.
    Every interleaving is tried with no fault, with one, and so on up to --faults. `any` stands for all states.

    Exit codes: 0 there is a way, 1 there is none within the bound, 2 the input is wrong.
    """
    from .reporting import Report

    if table == bool(words):
        raise click.UsageError(
            'say two states, as in `tcpsim reachable "client=ESTABLISHED server=CLOSED"`, or --table'
            if not table
            else "--table tells of all states: name none beside it"
        )
    if scenario is not None and output is not None:
        not_onto(file_of(scenario), output, "--output")
    report = Report(screen(width), ascii=ascii)
    ground = _ground(scenario)
    if table:
        bound = OF_A_TABLE if faults is None else faults
        ctx.exit(_table(report, ground, bound, scenario is None, output, theme, as_json=as_json))
    question = _question(" ".join(words), ground.names)
    ctx.exit(_answer(report, question, ground, OF_A_QUESTION if faults is None else faults, output, as_json=as_json))


def _ground(scenario: str | None) -> Ground:
    """Return what is explored; Wrong, with the places, for a scenario that can't be."""
    from ..explore.answers import Ground

    if scenario is None:
        return Ground.of_anything()
    from ..explore.plans import exploration
    from ..scenario import ScenarioError

    if is_meant_as_trace(scenario):
        raise Wrong(f"{shown_name(scenario)}: this is a trace, which has run already; name a scenario")
    try:
        return Ground.of_plan(exploration(scenario))
    except ScenarioError as error:
        raise Wrong(str(error)) from error


def _question(phrase: str, names: tuple[str, str]) -> Question:
    """Return a question; Wrong, with the column, for one that can't be read."""
    from ..explore.questions import parse_question
    from ..scenario.problems import PhraseError, Place, Problem

    try:
        return parse_question(phrase, names)
    except PhraseError as error:
        place = Place("QUESTION", 1, error.offset + 1)
        raise Wrong(str(Problem(place, error.wrong, error.expected, error.nearest))) from error


@contextmanager
def _progress() -> Iterator[Callable[[Tally], object] | None]:
    """Show on standard error how far the search is, if a person sits there."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    with console.status("exploring") as status:
        yield lambda tally: status.update(_far(tally))


def _far(tally: Tally) -> str:
    from ..draw.pairs import counted
    from ..explore.memory import resident

    speed = f", {tally.states / tally.seconds:,.0f} a second" if tally.seconds else ""
    return (
        f"exploring with {counted(tally.faults)}: {tally.states:,} states{speed}, depth {tally.depth}, "
        f"{resident() / 1e9:.1f} GB"
    )


# ---------------------------------------------------------------------- a question


def _answer(
    report: Report, question: Question, ground: Ground, faults: int, output: Path | None, *, as_json: bool
) -> int:
    """Answer a question, and return the exit code."""
    from ..explore.answers import answer

    if output is not None and output.suffix not in (".yaml", ".yml"):
        raise Wrong(f"--output: {shown_name(output)}: expected a file that ends with .yaml or .yml")
    with _progress() as step:
        found = answer(question, ground, faults=faults, progress=step)
    if output is not None and found.way is not None and found.way.text:
        with writing(output):
            output.write_text(found.way.text, "utf-8")
    if as_json:
        click.echo(json.dumps(_as_json(question, ground, found), indent=2))
    else:
        _tell(report, question, found)
        _tell_notes(report, ground)
        if output is not None:
            _tell_file(report, found, shown_name(output))
    if found.way is not None:
        return 0
    return _code(found.stopped)


def _code(stopped: str) -> int:
    from ..explore.engine import INTERRUPTED as BY_CTRL_C

    return INTERRUPTED if stopped == BY_CTRL_C else FAILED


def _tell(report: Report, question: Question, found: Answer) -> None:
    """Print whether it can be, and how."""
    from ..draw.pairs import counted

    good, bad = ("ok", "no") if report.ascii else ("✓", "✗")
    looked = f"{found.states:,} states, {found.transitions:,} transitions"
    if found.way is not None:
        steps = len(found.way.steps)
        priced = "without a fault" if not found.way.faults else f"with {counted(found.way.faults)}"
        counts = f"{priced}, in {steps} step{'' if steps == 1 else 's'}"
        report.line(f"{good} {question.words}: reachable {counts}", "bold green")
        _tell_way(report, found.way)
    elif found.stopped:
        report.line(f"{bad} {question.words}: not found, and not everything was looked at", "bold yellow")
        report.line(f"The search ended with {counted(found.faults)} ({found.stopped}), after {looked}.")
    else:
        report.line(f"{bad} {question.words}: unreachable within {counted(found.faults)}", "bold red")
        report.line(f"Every interleaving was tried: {looked}.")


def _tell_way(report: Report, way: Way) -> None:
    """Print the steps of a way, its faults marked, and its ladder."""
    if way.steps:
        report.console.print()
    for number, (words, fault) in enumerate(way.steps, 1):
        said = f"{number:>3}. {words}{' (a fault)' if fault else ''}"
        report.line(said, "yellow" if fault else "", indent=0, hang=5)
    report.console.print()
    if way.run is None:
        report.line(f"There is no ladder: {way.why_not}.")
        return
    report.ladder(way.run.trace)
    if way.slow:
        report.line(SLOW, "bright_black")


def _tell_notes(report: Report, ground: Ground) -> None:
    for note in ground.notes:
        report.line(f"note: {note}", "bright_black")


def _tell_file(report: Report, found: Answer, name: str) -> None:
    if found.way is not None and found.way.text:
        report.line(f"wrote {name}; `tcpsim run {name}` runs it")
    else:
        report.line(f"{name} was not written: there is nothing to run", "yellow")


def _as_json(question: Question, ground: Ground, found: Answer) -> dict[str, Any]:
    way = found.way
    told = None if way is None else {
        "states": dict(zip(ground.names, map(str, way.pair), strict=True)),
        "faults": way.faults,
        "steps": [{"what": words, "fault": fault} for words, fault in way.steps],
        "scenario": way.text or None,
        "why_not": way.why_not or None,
    }  # fmt: skip
    return {
        "question": str(question), "reachable": way is not None, "way": told, "faults": found.faults,
        "states": found.states, "transitions": found.transitions, "stopped": found.stopped or None,
    }  # fmt: skip


# ---------------------------------------------------------------------- the table


def table_of(
    ground: Ground, faults: int, *, anything: bool = True, progress: Callable[[Tally], object] | None = None
) -> tuple[Pairs, Reaching]:
    """Return every pair of states with the fewest faults it takes, and the search that found them."""
    from ..draw.pairs import Pairs, counted
    from ..explore.reaching import Reaching

    found = Reaching(ground.world(False), faults=faults, progress=progress).run()
    within = f"within {counted(faults)}" if faults else "without a fault"
    blank = f"what is blank is not reached {within}"
    if found.stopped:
        blank = f"the search was cut short ({found.stopped}), so that what is blank may be possible {within}"
    notes = (
        "Each number is the fewest faults with which the two ends can be in these two states at the same moment, among "
        f"all interleavings of calls, segments, timers and faults; {blank}.",
        ground.rules,
    )
    title = TITLE if anything else f"Which states are the ends of {ground.about} in at the same time?"
    return Pairs(ground.names, found.table(), faults, title, notes), found


def _table(
    report: Report,
    ground: Ground,
    faults: int,
    anything: bool,
    output: Path | None,
    theme: str,
    *,
    as_json: bool,
) -> int:
    """Tell of all pairs, and return the exit code."""
    if output is not None:
        from ..draw.canvas import format_of

        try:
            format_of(output)
        except ValueError as error:
            raise Wrong(f"--output: {error}") from error
    with _progress() as step:
        pairs, found = table_of(ground, faults, anything=anything, progress=step)
    if output is not None:
        from ..draw.pairs import draw_pairs
        from ..draw.palette import THEMES

        with writing(output), own_canvas():
            draw_pairs(pairs, output, theme=THEMES[theme])
    if as_json:
        click.echo(json.dumps(_table_json(pairs, found), indent=2))
    else:
        _tell_table(report, pairs, found)
        _tell_notes(report, ground)
        if output is not None:
            report.line(f"drew {shown_name(output)}")
    return _code(found.stopped) if found.stopped else 0


def _tell_table(report: Report, pairs: Pairs, found: Reaching) -> None:
    from ..draw.pairs import pairs_text

    report.line(pairs.title, "bold")
    report.console.print()
    click.echo(pairs_text(pairs, wide=report.console.width, ascii=report.ascii))
    tally = found.search.tally
    for note in pairs.notes:
        report.line(note.replace("blank", "without a number"))
    mirrored = ", each counted with its mirror image" if found.world.symmetric else ""
    looked = f"{len(pairs.least)} pairs; {tally.states:,} states{mirrored}, {tally.transitions:,} transitions"
    if found.stopped:
        report.line(f"{looked}; cut short: {found.stopped}", "bold yellow")
    else:
        report.line(looked)


def _table_json(pairs: Pairs, found: Reaching) -> dict[str, Any]:
    one, other = pairs.hosts
    tally = found.search.tally
    return {
        "faults": pairs.bound, "states": tally.states, "transitions": tally.transitions,
        "stopped": found.stopped or None,
        "pairs": [
            {one: str(pair[0]), other: str(pair[1]), "faults": faults, "steps": steps}
            for pair, (faults, steps) in sorted(pairs.least.items(), key=lambda item: tuple(map(_place, item[0])))
        ],
    }  # fmt: skip


def _place(state: object) -> int:
    from ..tcp.diagram import State

    return list(State).index(state)  # type: ignore[arg-type]  # a State
