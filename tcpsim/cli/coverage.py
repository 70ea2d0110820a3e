"""`tcpsim coverage`: which edges of the state diagram, which rules and which requirements a set of runs exercised.

Rule 1. Scenarios, traces and packetdrill scripts count alike: by their traces.
Rule 2. A run that fails does not count: what happened in it is not what somebody meant. It is named on standard error.
Rule 3. A script runs under every profile, unless one is named, and counts where it passes.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import missing, shown_name
from .group import FAILED, INTERRUPTED, Wrong
from .inputs import ScenarioName, is_meant_as_trace, read_scenario, read_trace, run_scenario
from .packetdrill import SUFFIX, Unreadable, read
from .screen import patience, screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..trace import Trace
    from ..trace.coverage import Coverage, Item, Share
    from .reporting import Report

SCENARIO_SUFFIXES: Final = (".yaml", ".yml")
EXAMPLES: Final = """
\b
Examples:
  tcpsim coverage handshake                    what one run exercises
  tcpsim coverage --all --missing              what the library leaves out
  tcpsim coverage --all tests/packetdrill      the library, and a folder
  tcpsim coverage mine/ --require edges,rules  fail if one is missing
"""


class Kinds(click.ParamType):  # type: ignore[type-arg]  # generic only in later versions of click
    """Words such as `edges,rules`."""

    name = "kinds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the words, or say which one is none, and which was probably meant."""
        from ..scenario.problems import nearest_word, one_of, shown
        from ..trace.coverage import KINDS

        words = tuple(word.strip() for word in value.split(","))
        for word in words:
            if word not in KINDS:
                near = nearest_word(word, KINDS)
                hint = f"; did you mean {near!r}?" if near else ""
                self.fail(f"expected {one_of(KINDS)}, with commas between, not {shown(word)}{hint}", param, ctx)
        return words


@click.command(short_help="Tell which edges, rules and requirements runs exercise.", epilog=EXAMPLES)
@click.argument("what", nargs=-1, type=ScenarioName(), metavar="SCENARIO|TRACE|SCRIPT|FOLDER...")
@click.option("--all", "everything", is_flag=True, help="Run every scenario of the library too.")
@click.option("--missing", "gaps", is_flag=True, help="List what was not exercised, and where it stands.")
@click.option("--require", "required", type=Kinds(), metavar="WORDS", help="Fail if one is missing: edges,rules,...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: each item, and the runs that exercised it.")
@click.option("--profile", metavar="NAME", help="The hosts' profile; a script runs under this one only.")
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
@click.pass_context
def coverage(
    ctx: click.Context,
    what: tuple[str, ...],
    everything: bool,
    gaps: bool,
    required: tuple[str, ...] | None,
    as_json: bool,
    profile: str | None,
    ascii: bool,
    width: int | None,
) -> None:
    """Tell which edges of the state diagram, which rules and which numbered requirements of RFC 9293 some
    runs exercise: scenarios, traces, packetdrill scripts, or all that lie in a folder.

    A run that fails does not count. Exit codes: 0, or 1 if something is missing that --require asks for.
    """
    from ..trace.coverage import Coverage
    from .reporting import Report

    names = list(dict.fromkeys([*(_library() if everything else ()), *(name for each in what for name in _runs(each))]))
    if not names:
        raise click.UsageError("name a scenario, a trace, a script or a folder, or say --all")
    profiles = _profiles(profile)
    found = Coverage()
    with patience(f"running {len(names)} of them") if len(names) > 1 else nullcontext():
        for name in names:
            _count(found, name, profile, profiles)
    report = Report(screen(width), ascii=ascii)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=1))
    else:
        _tell(report, found, gaps=gaps)
    lacking = [kind for kind in required or () if found.missing(kind)]
    if lacking and not as_json and not gaps:
        report.console.print()
        _tell_gaps(report, [share for share in found.shares() if share.kind in lacking])
    ctx.exit(FAILED if lacking else 0)


# ---------------------------------------------------------------------- what is run


def _library() -> list[str]:
    from ..scenario import library

    return [entry.name for entry in library()]


def _runs(word: str) -> Iterator[str]:
    """Yield what a word means: all that can be run in a folder, or itself; Wrong for a folder without any."""
    path = Path(word)
    if not path.is_dir() or word in _library():
        if path.suffix == SUFFIX and not path.exists():
            raise Wrong(f"{shown_name(word)}: {missing(path)}")
        yield word
        return
    suffixes = (SUFFIX, *SCENARIO_SUFFIXES)
    found = sorted(str(each) for each in path.rglob("*") if each.suffix in suffixes and each.is_file())
    if not found:
        raise Wrong(f"{shown_name(word)}: there is no scenario and no script in this directory")
    yield from found


def _profiles(asked: str | None) -> Sequence[str]:
    """Return the profiles under which scripts run; Wrong for one that there is not."""
    from ..packetdrill.options import DIALECTS
    from ..scenario.problems import nearest_word, one_of, shown

    known = tuple(DIALECTS)
    if asked is None:
        return known
    if asked not in known:
        near = nearest_word(asked, known)
        hint = f"; did you mean {near!r}?" if near else ""
        raise Wrong(f"--profile: expected {one_of(known)}, not {shown(asked)}{hint}")
    return (asked,)


def _count(found: Coverage, name: str, profile: str | None, profiles: Sequence[str]) -> None:
    """Run one thing and count what it has exercised; say so if it does not count."""
    if Path(name).suffix == SUFFIX:
        _count_script(found, name, profiles)
        return
    if is_meant_as_trace(name):
        found.add(read_trace(name), name)
        return
    run = run_scenario(read_scenario(name), profile=profile)
    if run.ended == "interrupted":
        click.get_current_context().exit(INTERRUPTED)
    if run.passed:
        found.add(run.trace, name)
    else:
        _leave_out(name, "it fails: `tcpsim run` shows where")


def _count_script(found: Coverage, name: str, profiles: Sequence[str]) -> None:
    """Run a script under each profile, and count the runs that pass."""
    try:
        text = read(name)
    except Unreadable as error:
        raise Wrong(f"{shown_name(name)}: {error}") from error
    traces = [trace for profile in profiles if (trace := _passed(text, name, profile)) is not None]
    for trace in traces:
        found.add(trace, name)
    if not traces:
        under = profiles[0] if len(profiles) == 1 else "any profile"
        _leave_out(name, f"it does not pass under {under}: `tcpsim packetdrill` shows where")


def _passed(text: str, name: str, profile: str) -> Trace | None:
    from ..packetdrill import Ways, run_text

    result, trace = run_text(text, name, Ways(profile), trace=True)
    return trace if result.passed else None


def _leave_out(name: str, why: str) -> None:
    click.echo(f"{shown_name(name)}: not counted: {why}", err=True)


# ---------------------------------------------------------------------- what is told


def _tell(report: Report, found: Coverage, *, gaps: bool) -> None:
    """Print the counts; then what was exercised, where that is not everything, or what was not."""
    shares = found.shares()
    runs = len(found.runs)
    report.line(f"{runs} {'run' if runs == 1 else 'runs'} counted:")
    longest = max(len(share.title) for share in shares)
    for share in shares:
        style = "" if share.missing else "green"
        report.line(f"{share.title:<{longest}}  {len(share.exercised):>3} of {share.total}", style, indent=2)
    if any(share.missing for share in shares):
        report.console.print()
    if gaps:
        _tell_gaps(report, shares)
        return
    for share in shares:
        if share.exercised and share.missing:
            report.line(f"{share.title}:", "bold")
            report.line(", ".join(map(_short, share.exercised)), indent=2)


def _short(item: Item) -> str:
    return item.name.replace(" --[", " -[").replace("]--> ", "]-> ")


def _tell_gaps(report: Report, shares: Sequence[Share]) -> None:
    """Print each item that nothing exercised, where it stands and what it says."""
    if not any(share.missing for share in shares):
        report.line("nothing is missing", "green")
    for share in shares:
        if share.missing:
            report.line(f"{share.title}, missing:", "bold")
        for item in share.missing:
            report.line(f"{item.name} ({item.cite})", indent=2)
            report.line(item.says, "bright_black", indent=4)
