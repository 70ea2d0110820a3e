"""What an argument stands for: a scenario, by path or by its name in the library, a trace, or a capture.

A trace is known by its first line and a capture by its first octets, whatever the file is called.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from ..trace.naming import missing, shown_name
from .captures import is_capture, read_capture
from .group import Wrong
from .screen import patience

if TYPE_CHECKING:
    from ..scenario import Run, Scenario
    from ..trace import Trace

_FIRST_LINE: Final = 1 << 16
"""How much of a file is looked at to tell a trace from a scenario, in octets."""
_MARK: Final = b'"tcpsim trace"'
TRACE_SUFFIX: Final = ".jsonl"
"""A file that is called so is meant as a trace, whatever it holds."""


class ScenarioName(click.ParamType):  # type: ignore[type-arg]  # generic only in later versions of click
    """A scenario's name or path; the shell completes both."""

    name = "scenario"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the library's names that begin like this, and let the shell add files."""
        from ..scenario import library

        names = [CompletionItem(e.name, help=e.title) for e in library() if e.name.startswith(incomplete)]
        return [*names, CompletionItem(incomplete, type="file")]


class GroupName(click.ParamType):  # type: ignore[type-arg]  # generic only in later versions of click
    """A group of the library; the shell completes it."""

    name = "group"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the groups whose names begin like this."""
        from ..scenario.library import GROUPS

        return [CompletionItem(name, help=title) for name, title in GROUPS.items() if name.startswith(incomplete)]


class QuizName(ScenarioName):
    """A group of the library, or a scenario's name or path; the shell completes all three."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the groups and names that begin like this, and let the shell add files."""
        groups = GroupName().shell_complete(ctx, param, incomplete)
        return [*groups, *super().shell_complete(ctx, param, incomplete)]


class Percentage(click.ParamType):  # type: ignore[type-arg]  # generic only in later versions of click
    """A probability as people write it: 10%, 0.1."""

    name = "probability"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the probability, or say what was expected."""
        from ..tcp.units import parse_probability

        try:
            return parse_probability(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def read_scenario(word: str) -> Scenario:
    """Return a scenario; Wrong, with every place, if there is none to be had."""
    from ..scenario import ScenarioError, load

    try:
        return load(word)
    except ScenarioError as error:
        raise Wrong(str(error)) from error


def file_of(word: str) -> Path:
    """Return the file that a word stands for, whether it is there or not."""
    from ..scenario import ScenarioError, find

    try:
        return find(word)
    except ScenarioError:  # whoever reads it says what is wrong
        return Path(word)


def is_trace(word: str) -> bool:
    """Return whether a word names a file that begins as a trace does, or as one whose first line is lost."""
    path = Path(word)
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            first = file.readline(_FIRST_LINE)
    except (OSError, ValueError):
        return False
    start = first.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")  # as editors save it: the reader says so
    return start.startswith((b'{"t":', b'{"format":')) or (start.startswith(b"{") and _MARK in start)


def is_meant_as_trace(word: str) -> bool:
    """Return whether a word names a trace, by how the file begins or by how it is called."""
    return is_trace(word) or Path(word).suffix == TRACE_SUFFIX


def read_trace(word: str) -> Trace:
    """Return the trace in a file; Wrong, with the line, if it can't be read."""
    from ..trace import Trace, TraceError

    try:
        with patience(f"reading {shown_name(word)}"):
            return Trace.read(word)
    except TraceError as error:
        raise Wrong(str(error)) from error
    except FileNotFoundError as error:
        raise Wrong(f"{shown_name(word)}: {missing(word)}") from error
    except OSError as error:
        raise Wrong(f"{shown_name(word)}: can't be read: {error.strerror or error}") from error


def run_scenario(
    scenario: Scenario,
    *,
    seed: int | None = None,
    profile: str | None = None,
    knobs: dict[str, Any] | None = None,
    mutant: str | None = None,
    explained: bool = False,
) -> Run:
    """Run a scenario, with patience; Wrong for a profile, a knob or a mutant that does not fit."""
    from ..scenario import run
    from ..scenario.problems import shown
    from ..tcp.config import KnobError
    from ..tcp.mutants import NoSuchMutant

    try:
        with patience(f"running {shown_name(scenario.name)}"):
            return run(scenario, seed=seed, profile=profile, knobs=knobs, mutant=mutant, explained=explained)
    except KnobError as error:
        if error.knob != "profile":
            raise Wrong(f"--knob: {error}") from error
        raise Wrong(f"--profile: expected {error.expected}, not {shown(profile)}") from error
    except NoSuchMutant as error:
        raise Wrong(f"--mutant: {error}") from error


def read_knob(word: str) -> tuple[str, Any]:
    """Return a knob's name and its value, of NAME=VALUE; Wrong for a knob that there is not, or a bad value."""
    from ..tcp.config import KNOBS, KnobError, checked, profile

    name, equals, text = word.partition("=")
    if not equals:
        raise Wrong(f"--knob: expected NAME=VALUE, not {shown_name(word)!r}")
    try:
        value = KNOBS[name].read(text) if name in KNOBS else text
        checked(profile("rfc9293"), {name: value})
    except KnobError as error:
        raise Wrong(f"--knob: {error}") from error
    return name, value


def trace_of(
    word: str,
    *,
    seed: int | None = None,
    profile: str | None = None,
    loss: float | None = None,
    explained: bool = False,
    mutant: str | None = None,
    stream: int | None = None,
    merge: str | None = None,
) -> Trace:
    """Return the trace that a word stands for: that of a file, of a capture, or of a scenario that is run now."""
    captured, kept = is_capture(word), is_meant_as_trace(word)
    if (captured or kept) and (seed is not None or profile is not None or loss is not None or mutant is not None):
        what, name = "capture" if captured else "trace", shown_name(word)
        raise Wrong(f"{name}: a {what} has happened already: --seed, --profile, --mutant and --loss change nothing")
    if captured:
        return read_capture(word, stream, merge)
    if stream is not None or merge is not None:
        option = "--stream" if stream is not None else "a second file (--merge)"
        raise Wrong(f"{shown_name(word)}: this is no capture: {option} is for pcap and pcapng")
    if kept:
        return read_trace(word)
    scenario = read_scenario(word)
    if loss is not None:
        scenario = with_loss(scenario, loss)
    return run_scenario(scenario, seed=seed, profile=profile, explained=explained, mutant=mutant).trace


def with_loss(scenario: Scenario, loss: float) -> Scenario:
    """Return a scenario whose every link loses packets at random with this probability, both ways."""
    links = tuple(
        replace(link, toward={host: each.model_copy(update={"loss": loss}) for host, each in link.toward.items()})
        for link in scenario.links
    )
    return replace(scenario, links=links)
