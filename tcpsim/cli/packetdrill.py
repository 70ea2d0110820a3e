"""`tcpsim packetdrill`: scripts of packetdrill, run in virtual time.

Rule 1. What is wrong with the command is said before anything runs, and ends it; what is wrong with one script is
        its result, and the others run all the same.
Rule 2. Ctrl-C ends every process at once, and what was found before it is told.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import missing, shown_name
from .group import FAILED, INTERRUPTED, WRONG_INPUT, Wrong
from .screen import not_onto, screen, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..packetdrill.options import Ways
    from ..packetdrill.results import Result
    from ..trace import Trace
    from .verdicts import Verdicts

SUFFIX: Final = ".pkt"
BATCH: Final = 16
"""How many scripts a process is given at a time, at most; as few are worth no second process."""
BATCHES: Final = 32
"""How many times each process is given some, at least: what one has begun is lost with Ctrl-C."""
PROGRESS_FROM: Final = 20
"""With fewer scripts than this, no bar is worth drawing."""
MOST_OCTETS: Final = 4_000_000
"""A longer file is no script."""
EXAMPLES: Final = """
\b
Examples:
  tcpsim packetdrill mine.pkt                        is it what RFC 9293 says?
  tcpsim packetdrill --profile linux mine.pkt        is it what Linux does?
  tcpsim packetdrill -q -j 4 --junit out.xml suite/  many, for a CI
  tcpsim packetdrill --tolerance exact mine.pkt      to the nanosecond
  tcpsim packetdrill --ladder mine.pkt               see all that happens
  tcpsim packetdrill -D RATE=10 --knob msl=1s a.pkt  as I want it
"""


class Unreadable(Exception):
    """A script's file can't be read; says why."""


@click.command(short_help="Run packetdrill scripts in virtual time, without root.", epilog=EXAMPLES)
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
@click.option("--verbose", is_flag=True, help="Print a line about each script, those that pass too.")
@click.option("--ladder", "ladders", is_flag=True, help="Print the whole ladder of each script.")
@click.option("-q", "--quiet", is_flag=True, help="Print a line for each failure, and no details.")
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
    _check_target(junit_file, files)
    piped = _piped(files)
    verdicts = Verdicts(Report(screen(width), ascii=ascii), whole=ladders)
    results: dict[str, Result] = {}
    interrupted = False
    try:
        for name, result in _run_all(files, ways, piped, processes):
            results[name] = result  # noqa: PERF403 -- one by one: what was found before Ctrl-C stays
    except KeyboardInterrupt:
        interrupted = True
    done = [results[name] for name in files if name in results]
    _print(done, verdicts, lambda name: _trace_of(name, ways, piped), verbose=verbose, ladders=ladders, quiet=quiet)
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
        raise Wrong(_none_such("--profile", profile, list(PROFILES)))
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
        raise Wrong(_none_such("--sockets", name, list(filter(None, STYLES))))
    return name or ""


def _none_such(option: str, word: str, known: list[str]) -> str:
    """Say which words an option takes, and which was probably meant."""
    from ..scenario.problems import nearest_word, shown

    near = nearest_word(word, known)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{option}: expected one of {', '.join(known)}, not {shown(word)}{hint}"


def _files(paths: tuple[str, ...]) -> Iterator[str]:
    """Yield the scripts that the arguments mean, each once; Wrong for one that means none."""
    seen: set[str] = set()
    for word in paths:
        path = Path(word)
        if path.is_dir():
            found = sorted(_below(path))
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


def _below(directory: Path) -> Iterator[str]:
    """Yield the scripts in a directory and in those below it, and links to scripts that are gone."""

    def unreadable(error: OSError) -> None:
        raise Wrong(f"{shown_name(error.filename)}: can't be read: {error.strerror or error}") from error

    for folder, _, names in os.walk(directory, onerror=unreadable):
        paths = [Path(folder, name) for name in names if name.endswith(SUFFIX)]
        yield from (str(path) for path in paths if path.is_file() or not path.exists())


def _check_target(target: Path | None, files: list[str]) -> None:
    """Say before anything runs that the results can't be written there: Wrong."""
    if target is None:
        return
    if str(target) == "-":
        raise click.UsageError("--junit takes the name of a file, not '-': standard output has the report")
    for name in files:
        not_onto(Path(name), target, "--junit")
    with writing(target):
        if not target.parent.is_dir():
            raise Wrong(f"{shown_name(target)}: can't be written: there is no directory {shown_name(target.parent)}")
        if not os.access(target if target.exists() else target.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


# ---------------------------------------------------------------------- the scripts


def read(name: str) -> str:
    """Return a script's text; Unreadable if it can't be read. A comment may be in any encoding."""
    try:
        with open(name, "rb") as file:
            octets = file.read(MOST_OCTETS + 1)
    except OSError as error:
        raise Unreadable(f"the file can't be read: {error.strerror or error}") from error
    if len(octets) > MOST_OCTETS:
        raise Unreadable(f"the file is longer than any script ({MOST_OCTETS:,} octets)")
    if b"\0" in octets:
        raise Unreadable("the file holds NUL octets, as no script does")
    return octets.decode("utf-8", errors="replace")


def _piped(files: list[str]) -> dict[str, str]:
    """Return the texts that can be read only once: `<(sed ... a.pkt)`, /dev/stdin."""
    found = {}
    for name in files:
        if Path(name).exists() and not Path(name).is_file():
            with contextlib.suppress(Unreadable):  # whoever runs it says so
                found[name] = read(name)
    return found


# ---------------------------------------------------------------------- running


def run_files(names: list[str], ways: Ways, texts: Mapping[str, str]) -> list[tuple[str, Result]]:
    """Run some scripts one after the other, those that were not read yet from their files."""
    return [(name, _run(name, ways, texts)[0]) for name in names]


def _run(name: str, ways: Ways, texts: Mapping[str, str], *, trace: bool = False) -> tuple[Result, Trace | None]:
    from ..packetdrill.places import Place
    from ..packetdrill.results import Result
    from ..packetdrill.running import run_text

    try:
        text = texts[name] if name in texts else read(name)
    except Unreadable as error:
        return Result(name, "malformed", Place(name), what=str(error)), None
    return run_text(text, name, ways, trace=trace)


def _trace_of(name: str, ways: Ways, texts: Mapping[str, str]) -> Trace | None:
    """Run a script once more, now keeping everything that happens: it is the same again."""
    return _run(name, ways, texts, trace=True)[1]


def _run_all(files: list[str], ways: Ways, texts: Mapping[str, str], processes: int) -> Iterator[tuple[str, Result]]:
    """Yield each script with what came of it, as they end."""
    workers = min(processes, len(files) // BATCH, (os.cpu_count() or 1) * 4)
    with _progress(len(files)) as advance:
        if workers < 2:
            for name in files:
                yield from run_files([name], ways, texts)
                advance(1)
            return
        size = max(1, min(BATCH, len(files) // (workers * BATCHES)))
        for found in _in_processes([files[at : at + size] for at in range(0, len(files), size)], ways, texts, workers):
            advance(len(found))
            yield from found


def _in_processes(
    batches: list[list[str]], ways: Ways, texts: Mapping[str, str], workers: int
) -> Iterator[list[tuple[str, Result]]]:
    """Yield what came of each batch, as they end; whatever ends this early ends the processes."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import active_children, get_context

    others = set(active_children())
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_deafen) as pool:
        try:
            waiting = []
            for batch in batches:
                needed = {name: texts[name] for name in batch if name in texts}
                waiting.append(pool.submit(run_files, batch, ways, needed))
            for ended in as_completed(waiting):
                yield ended.result()
        except BaseException:
            for process in set(active_children()) - others:
                process.terminate()
            # Who does not wait leaves a thread behind, which may find its pipe closed when Python ends.
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _deafen() -> None:
    """Have a process leave Ctrl-C to the one that started it, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
        shown = False
        if verbose or (quiet and not result.passed):
            verdicts.line(result)
        if not quiet and not result.passed:
            shown = verdicts.details(result, trace_of(result.name) if result.verdict == "failed" or ladders else None)
        elif not quiet and ladders and (found := trace_of(result.name)) is not None:
            verdicts.report.ladder(found)
        if len(results) == 1 and not verbose and (result.passed or shown):
            verdicts.line(result)  # below a ladder, where one looks first
    if len(results) > 1:
        counts = tallies(results)
        verdicts.table(counts, total(counts))
