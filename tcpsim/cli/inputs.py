"""What an argument stands for: a scenario, by path or by its name in the library, or a trace.

A trace is known by its first line, whatever the file is called.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from .group import Wrong
from .screen import patience

if TYPE_CHECKING:
    from ..scenario import Run, Scenario
    from ..trace import Trace

_FIRST_LINE: Final = 1 << 16
"""How much of a file is looked at to tell a trace from a scenario, in octets."""
_MARK: Final = b'"tcpsim trace"'


class ScenarioName(click.ParamType):  # type: ignore[type-arg]  # generic only in later versions of click
    """A scenario's name or path; the shell completes both."""

    name = "scenario"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the library's names that begin like this, and let the shell add files."""
        from ..scenario import library

        names = [CompletionItem(name, help=title) for name, title, _ in library() if name.startswith(incomplete)]
        return [*names, CompletionItem(incomplete, type="file")]


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


def is_trace(word: str) -> bool:
    """Return whether a word names a file that begins as a trace does."""
    path = Path(word)
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            first = file.readline(_FIRST_LINE)
    except (OSError, ValueError):
        return False
    return first.lstrip().startswith(b"{") and _MARK in first


def read_trace(word: str) -> Trace:
    """Return the trace in a file; Wrong, with the line, if it can't be read."""
    from ..trace import Trace, TraceError

    try:
        with patience(f"reading {word}"):
            return Trace.read(word)
    except TraceError as error:
        raise Wrong(str(error)) from error
    except OSError as error:
        raise Wrong(f"{word}: can't be read: {error.strerror or error}") from error


def run_scenario(scenario: Scenario, *, seed: int | None = None, profile: str | None = None) -> Run:
    """Run a scenario, with patience; Wrong for a profile that does not fit."""
    from ..scenario import run
    from ..tcp.config import KnobError

    try:
        with patience(f"running {scenario.name}"):
            return run(scenario, seed=seed, profile=profile)
    except KnobError as error:
        raise Wrong(f"--profile: {error}") from error


def trace_of(word: str, *, seed: int | None = None, profile: str | None = None, loss: float | None = None) -> Trace:
    """Return the trace that a word stands for: that of a file, or of a scenario that is run now."""
    if is_trace(word):
        if seed is not None or profile is not None or loss is not None:
            raise Wrong(f"{word}: a trace has happened already: --seed, --profile and --loss change nothing")
        return read_trace(word)
    scenario = read_scenario(word)
    if loss is not None:
        scenario = with_loss(scenario, loss)
    return run_scenario(scenario, seed=seed, profile=profile).trace


def with_loss(scenario: Scenario, loss: float) -> Scenario:
    """Return a scenario whose every link loses packets at random with this probability, both ways."""
    links = tuple(
        replace(link, toward={host: each.model_copy(update={"loss": loss}) for host, each in link.toward.items()})
        for link in scenario.links
    )
    return replace(scenario, links=links)
