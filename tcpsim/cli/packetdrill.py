"""`tcpsim packetdrill`: scripts of packetdrill, run in virtual time."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import missing, shown_name
from .group import FAILED, INTERRUPTED, WRONG_INPUT, Wrong
from .screen import screen, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..packetdrill.options import Ways
    from ..packetdrill.results import Result
    from ..trace import Trace
    from .verdicts import Verdicts

SUFFIX: Final = ".pkt"
BATCH: Final = 16
"""How many scripts a process is given at a time."""
PROGRESS_FROM: Final = 20
"""With fewer scripts than this, no bar is worth drawing."""
MOST_OCTETS: Final = 4_000_000
"""A longer file is no script."""


@click.command(short_help="Run packetdrill scripts in virtual time, without root.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--profile",
    default="rfc9293",
    show_default=True,
    metavar="NAME",
    help="What is under test: freebsd, linux, rfc9293 or plain.",
)
@click.option(
    "-D", "defines", multiple=True, metavar="NAME[=VALUE]", help="Define a name, for #ifdef and in the script."
)
@click.option(
    "--knob", "knobs", multiple=True, metavar="NAME=VALUE", help="Set a knob, in place of the profile's; repeatable."
)
@click.option(
    "--sockets",
    metavar="NAME",
    help="Whose sockets, in place of the profile's: a profile's name, or ahead for programs that always read.",
)
@click.option("--tolerance", metavar="USECS|exact", help="How far off a time may be, in place of the scripts' own.")
@click.option(
    "--ip-version", type=click.Choice(["ipv4", "ipv6", "ipv4-mapped-ipv6"]), help="In place of the scripts' own."
)
@click.option(
    "--junit", "junit_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as JUnit XML."
)
@click.option(
    "-j", "processes", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes run."
)
@click.option("--allow-not-run", is_flag=True, help="Let the exit code overlook what could not be run.")
@click.option("--verbose", is_flag=True, help="Print a line about each script.")
@click.option("--ladder", "ladders", is_flag=True, help="Print the whole ladder of each script.")
@click.option("-q", "--quiet", is_flag=True, help="Print no details of failures, only the table.")
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
@click.pass_context
def packetdrill(
    ctx: click.Context,
    paths: tuple[str, ...],
    profile: str,
    defines: tuple[str, ...],
    knobs: tuple[str, ...],
    sockets: str | None,
    tolerance: str | None,
    ip_version: str | None,
    junit_file: Path | None,
    processes: int,
    allow_not_run: bool,
    verbose: bool,
    ladders: bool,
    quiet: bool,
    ascii: bool,
    width: int | None,
) -> None:
    """Run packetdrill scripts in virtual time, against tcpsim's own TCP, without root.

    PATH is a script, or a directory that is searched for *.pkt. For each script that does not pass: the
    line, what was expected beside what came, and the ladder up to there. Shell lines are recognised, never
    executed; what tcpsim does not know makes a script "not run".

    Exit codes: 0 all passed, 1 some failed or were not run, 2 a script or the command is wrong.
    """
    from .reporting import Report
    from .verdicts import Verdicts

    ways = replace(_ways(profile, defines, tolerance, ip_version), knobs=_knobs(knobs), sockets=_sockets(sockets))
    files = list(_files(paths))
    verdicts = Verdicts(Report(screen(width), ascii=ascii), whole=ladders)
    results: dict[str, Result] = {}
    interrupted = False
    try:
        for name, result in _run_all(files, ways, processes):
            results[name] = result  # noqa: PERF403 -- one by one: what was found before Ctrl-C stays
    except KeyboardInterrupt:
        interrupted = True
    done = [results[name] for name in files if name in results]
    _print(done, verdicts, lambda name: _trace_of(name, ways), verbose=verbose, ladders=ladders, quiet=quiet)
    if junit_file is not None:
        from ..packetdrill.reports import junit

        with writing(junit_file):
            junit_file.write_text(junit(done, allow_not_run=allow_not_run), encoding="utf-8")
    if interrupted:
        verdicts.report.line(
            f"interrupted: {len(files) - len(done)} of {len(files)} scripts have not run", "bold yellow"
        )
        ctx.exit(INTERRUPTED)
    ctx.exit(_code(done, allow_not_run))


def _code(results: list[Result], allow_not_run: bool) -> int:
    seen = {result.verdict for result in results}
    if "malformed" in seen:
        return WRONG_INPUT
    bad = {"failed"} if allow_not_run else {"failed", "not run"}
    return FAILED if seen & bad else 0


# ---------------------------------------------------------------------- what was asked for


def _ways(profile: str, defines: tuple[str, ...], tolerance: str | None, ip_version: str | None) -> Ways:
    """Return how to run; Wrong or UsageError for what can't be."""
    from ..packetdrill.options import Ways
    from ..tcp.config import PROFILES

    if profile not in PROFILES:
        raise Wrong(f"--profile: expected one of {', '.join(PROFILES)}, not {profile!r}")
    given = []
    for define in defines:
        name, _, value = define.partition("=")
        if not name.isidentifier():
            raise click.UsageError(f"-D takes NAME or NAME=VALUE, not {define!r}")
        given.append((name, value))
    exact = None
    if tolerance is not None:
        if tolerance != "exact" and not (tolerance.isascii() and tolerance.isdigit() and len(tolerance) < 10):
            raise click.UsageError(f"--tolerance takes microseconds or the word exact, not {tolerance!r}")
        exact = 0 if tolerance == "exact" else int(tolerance) * 1000
    return Ways(profile, tuple(given), exact, ip_version)


def _knobs(given: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    """Return knobs with their values; Wrong for one that there is not, or a value that it can't have."""
    from ..tcp.config import KNOBS, KnobError, checked, profile

    found = []
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise click.UsageError(f"--knob takes NAME=VALUE, not {word!r}")
        try:
            found.append((name, KNOBS[name].read(value) if name in KNOBS else value))
            checked(profile("rfc9293"), dict(found))
        except KnobError as error:
            raise Wrong(f"--knob: {error}") from error
    return tuple(found)


def _sockets(name: str | None) -> str:
    """Return the name of a style of sockets, "" for the profile's; Wrong for one that there is not."""
    from ..net.sockets import STYLES

    if name is not None and (not name or name not in STYLES):
        raise Wrong(f"--sockets: expected one of {', '.join(filter(None, STYLES))}, not {name!r}")
    return name or ""


def _files(paths: tuple[str, ...]) -> Iterator[str]:
    """Yield the scripts that the arguments mean, each once; Wrong for one that means none."""
    seen: set[str] = set()
    for word in paths:
        path = Path(word)
        if path.is_dir():
            found = sorted(str(each) for each in path.rglob(f"*{SUFFIX}") if each.is_file())
            if not found:
                raise Wrong(f"{shown_name(word)}: there is no script, no *{SUFFIX}, in this directory")
        elif path.exists():
            found = [word]
        else:
            raise Wrong(f"{shown_name(word)}: {missing(path)}")
        for name in found:
            if name not in seen:
                seen.add(name)
                yield name


def read(name: str) -> str:
    """Return a script's text; Wrong if it can't be read. A comment may be in any encoding."""
    try:
        with open(name, "rb") as file:
            octets = file.read(MOST_OCTETS + 1)
    except OSError as error:
        raise Wrong(f"{shown_name(name)}: can't be read: {error.strerror or error}") from error
    if len(octets) > MOST_OCTETS:
        raise Wrong(f"{shown_name(name)}: this is longer than any script ({MOST_OCTETS:,} octets)")
    return octets.decode("utf-8", errors="replace")


# ---------------------------------------------------------------------- running


def run_files(names: list[str], ways: Ways) -> list[tuple[str, Result]]:
    """Run some scripts one after the other: what a process is asked to do."""
    from ..packetdrill.running import run_text

    return [(name, run_text(read(name), name, ways)[0]) for name in names]


def _trace_of(name: str, ways: Ways) -> Trace | None:
    """Run a script once more, now keeping everything that happens: it is the same again."""
    from ..packetdrill.running import run_text

    return run_text(read(name), name, ways, trace=True)[1]


def _run_all(files: list[str], ways: Ways, processes: int) -> Iterator[tuple[str, Result]]:
    """Yield each script with what came of it, as they end."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    with _progress(len(files)) as advance:
        batches = [files[at : at + BATCH] for at in range(0, len(files), BATCH)]
        if processes == 1 or len(batches) < 2:
            for name in files:
                yield from run_files([name], ways)
                advance(1)
            return
        workers = min(processes, len(batches), (os.cpu_count() or 1) * 4)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            waiting = [pool.submit(run_files, batch, ways) for batch in batches]
            try:
                for ended in as_completed(waiting):
                    found = ended.result()
                    advance(len(found))
                    yield from found
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Draw a bar on standard error while a person waits for many scripts."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal or total < PROGRESS_FROM:
        yield lambda _count: None
        return
    columns = (TextColumn("running scripts"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)


# ---------------------------------------------------------------------- telling


def _print(
    results: list[Result],
    verdicts: Verdicts,
    trace_of: Callable[[str], Trace | None],
    *,
    verbose: bool,
    ladders: bool,
    quiet: bool,
) -> None:
    from ..packetdrill.reports import tallies, total

    for result in results:
        if verbose or (quiet and not result.passed):
            verdicts.line(result)
        if not result.passed and not quiet:
            verdicts.details(result, trace_of(result.name) if result.verdict == "failed" or ladders else None)
        elif ladders and not quiet:
            found = trace_of(result.name)
            if found is not None:
                verdicts.report.ladder(found)
    if len(results) == 1:
        if not verbose and (results[0].passed or not quiet):
            verdicts.line(results[0])
    elif results:
        counts = tallies(results)
        verdicts.table(counts, total(counts))
