"""The commands. Each one reads arguments, asks the floors below, prints, and says how it went.

What a command needs is imported where it runs: `tcpsim --help` waits for no matplotlib.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from .. import __version__
from ..trace.naming import shown_name
from . import views
from .captures import chosen, is_capture, merged_with, second_file
from .check import check
from .coverage import coverage
from .diff import diff
from .explore import explore
from .export import export
from .group import FAILED, INTERRUPTED, EndsWell, Wrong, say
from .inputs import GroupName, Percentage, ScenarioName, file_of, is_trace, read_scenario, run_scenario, trace_of
from .looks import DETAIL, coloured, detailed, look_of, themed, window_of
from .mutants import mutants
from .packetdrill import packetdrill
from .page import PAGES, draw_page, is_page
from .quiz import quiz
from .reachable import reachable
from .screen import not_onto, own_canvas, patience, screen, writing
from .serve import serve
from .views import viewed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..scenario import Run
    from .reporting import Report

LOSSY: Final = "lossy"
"""The library's scenario that `tcpsim diagram --lossy` draws."""

EXAMPLES: Final = """
\b
Examples:
  tcpsim list                            the scenarios that come along
  tcpsim quiz opening                    say what happens next, and see it
  tcpsim run handshake                   run one, print its ladder and verdict
  tcpsim run --explain mine.yaml         the same with the reason of each line
  tcpsim run --all                       run the whole library, a line each
  tcpsim diagram --lossy --seed 7        draw a connection over a lossy link
  tcpsim diagram handshake -o hs.svg     draw a scenario
  tcpsim diagram handshake -o hs.html    a page to step through it
  tcpsim run lossy --trace lossy.jsonl   keep what happened ...
  tcpsim diagram lossy.jsonl             ... and draw it later
  tcpsim states simultaneous-close       the path of each host
  tcpsim diff lost-syn --profile linux   a run in two ways, side by side
  tcpsim diff lost-fin --mutant no-time-wait  beside a TCP that is wrong
  tcpsim explore handshake               all that can happen, and what holds
  tcpsim reachable --table               which states two ends can share
  tcpsim export lossy --packetdrill      write a run as a packetdrill script
  tcpsim packetdrill mine.pkt            run such a script in virtual time
  tcpsim coverage --all --missing        what the library leaves out
  tcpsim diagram capture.pcapng          draw a real connection
  tcpsim check capture.pcapng            what RFC 9293 does not explain

\b
Completion, for bash (zsh and fish alike):
  eval "$(_TCPSIM_COMPLETE=bash_source tcpsim)"
"""


def _seeded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that change what a scenario runs with."""
    command = click.option("--mutant", metavar="NAME[@HOST]", help="A broken TCP; see `tcpsim mutants`.")(command)
    command = click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The seed of all chance.")(command)
    return click.option("--profile", metavar="NAME", help="The hosts' profile; see `tcpsim profiles`.")(command)


def _sized(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that every text has."""
    command = click.option("--ascii", is_flag=True, help="Print ASCII characters only.")(command)
    width = click.IntRange(60, 1000)
    return click.option("--width", type=width, help="Columns; by default the terminal's, or 80.")(command)


def _printed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that change how a ladder is printed."""
    for option in (
        _sized,
        detailed,
        click.option("--whole", is_flag=True, help="Print a long ladder to its end."),
    ):  # fmt: skip
        command = option(command)
    return command


def _report(
    *,
    ascii: bool,
    width: int | None,
    detail: str = "normal",
    whole: bool = False,
    explain: bool = False,
    absolute: bool = False,
) -> Report:
    from .reporting import Report

    level = DETAIL[detail]
    return Report(screen(width), ascii=ascii, explain=explain, detail=level, everything=whole, absolute=absolute)


@click.group(
    cls=EndsWell,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="tcpsim")
def tcpsim() -> None:
    """A TCP you can hold in your hand: two ends that follow RFC 9293, a network that misbehaves exactly
    as told, in virtual time, and pictures of what happened.

    Exit codes: 0 all expectations hold, 1 one does not, 2 the input is wrong.
    """


# ---------------------------------------------------------------------- run


@tcpsim.command(short_help="Run scenarios, print what happens and the verdict.")
@click.argument("files", nargs=-1, type=ScenarioName(), metavar="FILE...")
@click.option("--all", "everything", is_flag=True, help="Run the whole library, a line each; with --explain, ladders.")
@click.option("--trace", "trace_file", type=click.Path(path_type=Path), help="Write what happened, as JSON Lines.")
@click.option("--explain", is_flag=True, help="Give the reason of each line, and where it stands.")
@click.option("-q", "--quiet", is_flag=True, help="Print verdicts and failures, no ladder.")
@_seeded
@_printed
def run(
    files: tuple[str, ...],
    everything: bool,
    trace_file: Path | None,
    explain: bool,
    quiet: bool,
    seed: int | None,
    profile: str | None,
    mutant: str | None,
    from_: str | None,
    to: str | None,
    **printed: Any,
) -> None:
    """Run scenarios, by path or by name, and say whether they keep their promises.

    Prints the ladder of each and a verdict. A failed expectation is shown with its place in the file,
    what happened instead, and the ladder around it. --all prints one line each, and ladders only with
    --explain, --detail or --whole.
    """
    if everything and files:
        raise click.UsageError("--all runs every scenario of the library: name none beside it")
    names = _library_names() if everything else list(files)
    if not names:
        raise click.UsageError("name a scenario, or say --all; `tcpsim list` shows which there are")
    if trace_file is not None and len(names) != 1:
        raise click.UsageError("--trace takes one scenario at a time")
    if str(trace_file) == "-":
        raise click.UsageError("--trace takes the name of a file, not '-': standard output has the ladder")
    report = _report(explain=explain, **printed)
    if everything and not quiet and not _asks_for_ladders("explain", "detail", "whole", "absolute", "from_", "to"):
        from .overview import run_all

        click.get_current_context().exit(run_all(report, seed=seed, profile=profile, mutant=mutant))
    worst = 0
    part = (from_, to)
    settings = {"seed": seed, "profile": profile, "mutant": mutant}
    for number, name in enumerate(names):
        if number and not quiet:
            report.console.print()
        worst = max(worst, _run_one(name, report, trace_file, part, quiet=quiet, **settings))
        if worst == INTERRUPTED:
            break
    click.get_current_context().exit(worst)


def _asks_for_ladders(*options: str) -> bool:
    """Return whether one of the options that change a ladder was given."""
    source = click.get_current_context().get_parameter_source
    return any(source(option) is not ParameterSource.DEFAULT for option in options)


def _library_names() -> list[str]:
    from ..scenario import library

    return [entry.name for entry in library()]


def _run_one(
    name: str,
    report: Report,
    trace_file: Path | None,
    part: tuple[str | None, str | None],
    *,
    quiet: bool,
    **settings: Any,
) -> int:
    """Run one scenario, print what came of it, or a part, and return its exit code; `run_scenario` takes `settings`."""
    try:
        if is_trace(name):
            raise Wrong(f"{shown_name(name)}: this is a trace, which has run already; `tcpsim diagram` draws it")
        if is_capture(name):
            raise Wrong(f"{shown_name(name)}: this is a capture, which has happened already; `tcpsim diagram` draws it")
        not_onto(file_of(name), trace_file, "--trace")
        done = run_scenario(read_scenario(name), explained=report.explain, **settings)
        window = window_of(done.trace, *part)
    except Wrong as wrong:
        return say(wrong)
    if not quiet:
        report.ladder(done.trace, window=window)
    report.verdict(done)
    if trace_file is not None:
        with writing(trace_file):
            done.trace.write(trace_file)
    return _code(done)


def _code(done: Run) -> int:
    if done.ended == "interrupted":
        return INTERRUPTED
    return 0 if done.passed else FAILED


tcpsim.add_command(packetdrill)
tcpsim.add_command(export)
tcpsim.add_command(quiz)
tcpsim.add_command(diff)
tcpsim.add_command(coverage)
tcpsim.add_command(check)
tcpsim.add_command(mutants)
tcpsim.add_command(reachable)
tcpsim.add_command(serve)
tcpsim.add_command(explore)


# ---------------------------------------------------------------------- pictures


@tcpsim.command(short_help="Draw what happened as a figure.")
@click.argument("what", required=False, type=ScenarioName(), metavar="[SCENARIO|TRACE|CAPTURE]")
@click.argument("other", required=False, type=click.Path(), metavar="[CAPTURE]")
@click.option("--lossy", is_flag=True, help="Handshake, data and a four-way close over a link that loses packets.")
@click.option("--loss", type=Percentage(), metavar="P", help="Random loss on every link, both ways: 10%.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file; .png, .svg, .pdf, .html, .mmd or .puml says which kind.",
)
@coloured
@detailed
@chosen
@viewed
def diagram(
    what: str | None,
    other: str | None,
    lossy: bool,
    loss: float | None,
    output: Path | None,
    view: str,
    host: str | None,
    connection: int | None,
    seeds: tuple[int, ...],
    profiles: tuple[str, ...],
    mutant: str | None,
    stream: int | None,
    merge: str | None,
    **looks: Any,
) -> None:
    """Draw what happened as a figure: PNG, SVG or PDF; as a page to step through (.html); or for Mermaid (.mmd)
    or PlantUML (.puml).

    --view draws something else than the ladder: the state diagram, a timeline of states, a time-sequence graph,
    congestion control, queues. Several times --seed or --profile: the runs side by side.

    EVENT is a time, a number as `tcpsim explain` prints it, or words as in a scenario: "client SYN".

    Of a capture (pcap, pcapng) with several TCP connections, --stream says which; without it they are listed. Two
    captures of one connection, taken at both ends, are merged, so that losses in between show.

    Without -o the figure goes into the folder figures/ if there is one, else into the current one.
    """
    if what is None and not lossy:
        raise click.UsageError(
            "name what to draw, as in `tcpsim diagram handshake` or `tcpsim diagram kept.jsonl`, or say --lossy; "
            "`tcpsim list` shows the scenarios"
        )
    if what is not None and lossy:
        raise click.UsageError("name a scenario or a trace, or say --lossy; not both")
    word, merge = LOSSY if what is None else what, merged_with(other, merge)
    asked = views.Runs(view, seeds, profiles, host, connection)
    asked.check()
    path = _output(output, asked.stem(lambda seed, profile: _stem(word, loss, seed, profile, mutant, stream)))
    not_onto(file_of(word), path, "--output")
    paged = is_page(path, view)
    traces = [
        trace_of(
            word, seed=seed, profile=profile, loss=loss, mutant=mutant, stream=stream, merge=merge,
            explained=asked.explained or paged,
        )
        for seed, profile in asked.settings
    ]  # fmt: skip
    if view != views.LADDER:
        with _drawing(path):
            views.draw(asked, word, path, traces, **looks)
        return
    (trace,) = traces
    from ..draw import LADDER_FORMATS, draw_ladder

    look = look_of(word, trace, **looks)
    with _drawing(path, (*LADDER_FORMATS, *PAGES)):
        if paged:
            draw_page(trace, path, look, looks["segments"])
        else:
            draw_ladder(trace, path, look=look)


@contextmanager
def _drawing(path: Path, known: tuple[str, ...] | None = None) -> Iterator[None]:
    """Let a figure be drawn into a file of a `known` format, and say so."""
    name = shown_name(path)
    with patience(f"drawing {name}"), writing(path), own_canvas():
        _check_suffix(path, known)
        yield
    click.echo(f"drew {name}")


def _stem(
    word: str,
    loss: float | None,
    seed: int | None,
    profile: str | None,
    mutant: str | None,
    stream: int | None = None,
) -> str:
    """Return a file name that tells runs with other settings apart: lossy-loss20-seed7."""
    parts = [Path(word).stem]
    if stream is not None:
        parts.append(f"stream{stream}")
    if loss is not None:
        parts.append(f"loss{loss * 100:g}")
    if seed is not None:
        parts.append(f"seed{seed}")
    if profile is not None:
        parts.append(profile)
    if mutant is not None:
        parts.append(mutant.replace("@", "-at-"))
    return "-".join(parts)


def _output(asked: Path | None, stem: str, suffix: str = ".png") -> Path:
    """Return where a figure goes: where it was asked for, else figures/ if it is there, else here."""
    if asked is not None:
        return asked
    folder = Path("figures")
    return (folder if folder.is_dir() else Path()) / f"{stem}{suffix}"


def _check_suffix(path: Path, known: tuple[str, ...] | None) -> None:
    from ..draw.canvas import FORMATS, format_of

    try:
        format_of(path, known=known or FORMATS)
    except ValueError as error:
        raise Wrong(f"--output: {error}") from error


@tcpsim.command(short_help="Draw the state diagram, or a run's path through it.")
@click.argument("what", required=False, type=ScenarioName(), metavar="[SCENARIO|TRACE|CAPTURE]")
@click.argument("other", required=False, type=click.Path(), metavar="[CAPTURE]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; .png, .svg or .pdf says which kind.")
@click.option("--host", metavar="NAME", help="Only the path of this host.")
@click.option("--text", is_flag=True, help="Print the edges as a table instead.")
@themed
@chosen
@_seeded
@_sized
def states(
    what: str | None,
    other: str | None,
    output: Path | None,
    host: str | None,
    text: bool,
    theme: str,
    seed: int | None,
    profile: str | None,
    mutant: str | None,
    stream: int | None,
    merge: str | None,
    ascii: bool,
    width: int | None,
) -> None:
    """Draw the state diagram: Figure 5's edges solid, those of section 3.10 dashed.

    With a scenario, a trace or a capture, the path that each host took through it. Two captures of one connection,
    taken at both ends, are merged.
    """
    from ..draw import draw_states, states_text
    from ..draw.palette import THEMES

    trace = None
    if what is not None:
        merge = merged_with(other, merge)
        trace = trace_of(what, seed=seed, profile=profile, mutant=mutant, stream=stream, merge=merge)
    elif stream is not None or merge is not None:
        raise click.UsageError("--stream and --merge take a capture")
    if host is not None and trace is None:
        raise click.UsageError("--host takes a scenario or a trace")
    if trace is not None:
        views.check_host(host, trace)
    if text:
        console = screen(width)
        plain = ascii or console.options.ascii_only
        click.echo(states_text(trace, host, width=console.width, ascii=plain), nl=False)
        return
    path = _output(output, "states" if what is None else f"{_stem(what, None, seed, profile, mutant, stream)}-states")
    if what is not None:
        not_onto(file_of(what), path, "--output")
    with _drawing(path):
        draw_states(path, trace=trace, host=host, theme=THEMES[theme])


# ---------------------------------------------------------------------- reasons


@tcpsim.command(short_help="Tell every event of a run and its reason.")
@click.argument("what", type=ScenarioName(), metavar="SCENARIO|TRACE|CAPTURE")
@click.argument("words", nargs=-1, metavar="[CAPTURE] [EVENT]")
@_sized
@chosen
@_seeded
def explain(
    what: str,
    words: tuple[str, ...],
    ascii: bool,
    width: int | None,
    seed: int | None,
    profile: str | None,
    mutant: str | None,
    stream: int | None,
    merge: str | None,
) -> None:
    """Tell of everything that happens what was checked, in which order, and what it changed; or all about one EVENT.

    EVENT is a number from that list, or words as in a scenario: "client SYN", "client received 2nd ACK". A second
    CAPTURE, taken at the other end, is merged with the first.
    """
    merge, words = second_file(words, merge)
    if len(words) > 1:
        raise click.UsageError(f"one EVENT at a time, in quotes if it has spaces: {shown_name(' '.join(words))!r}")
    trace = trace_of(what, seed=seed, profile=profile, explained=True, mutant=mutant, stream=stream, merge=merge)
    from .explaining import tell

    tell(trace, words[0] if words else None, screen(width), ascii=ascii, captured=is_capture(what))


# ---------------------------------------------------------------------- what there is


@tcpsim.command(name="list", short_help="List the scenarios that come along, and their questions.")
@click.argument("group", required=False, type=GroupName(), metavar="[GROUP|WORD]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: name, group, title and question of each.")
@_sized
def list_(group: str | None, as_json: bool, ascii: bool, width: int | None) -> None:
    """List the scenarios that come along by group, each with the question that it answers.

    With a word, as FIN-ACK or "2 MSL", those that speak of it.
    """
    from .overview import library_json, tell_library

    if as_json:
        click.echo(library_json(group))
    else:
        tell_library(_report(ascii=ascii, width=width), group)


@tcpsim.command(short_help="List the profiles, or the knobs of one.")
@click.argument("name", required=False)
@click.option("--diff", nargs=2, metavar="ONE OTHER", help="The knobs in which two profiles differ.")
@_sized
def profiles(name: str | None, diff: tuple[str, str] | None, ascii: bool, width: int | None) -> None:
    """List the profiles, or the knobs of one: value, meaning, and where the RFC says so."""
    from .knobs import tell_difference, tell_profile, tell_profiles

    report = _report(ascii=ascii, width=width)
    if diff is not None:
        if name is not None:
            raise click.UsageError("give the name of one profile, or --diff and two, not both")
        tell_difference(report, *diff)
    elif name is None:
        tell_profiles(report)
    else:
        tell_profile(report, name)


@tcpsim.command(short_help="Print the JSON Schema of scenario files.")
def schema() -> None:
    """Print the JSON Schema (draft-07) of scenario files, for editors."""
    from ..scenario import schema as made

    click.echo(json.dumps(made(), indent=2))


@tcpsim.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path), default=Path("figures"))
def figures(folder: Path) -> None:
    """Make the figures of the README again."""
    from .figures import make

    with own_canvas():
        for path in make(folder):
            click.echo(f"drew {shown_name(path)}")


@tcpsim.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path), default=Path("docs"))
def pages(folder: Path) -> None:
    """Make the parts of docs/ that are made from the code again."""
    from .pages import make

    with writing(folder / "knobs.md"):
        for path in make(folder):
            click.echo(f"wrote {path}")
