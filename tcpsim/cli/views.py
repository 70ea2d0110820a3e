"""`tcpsim diagram --view`: other views of the same run than the ladder, and runs that they compare.

A view is of one run, or of several that differ in their seed or profile: `--seed 1 --seed 2`. A ladder and a state
diagram are of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from .group import Wrong
from .looks import caption_of, window_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..trace import Trace

LADDER: Final = "ladder"
STATES: Final = "states"
VIEWS: Final = (LADDER, STATES, "timeline", "sequence", "congestion", "queues")
"""Every view; those after the first two are of `draw.views`."""
OF_ONE: Final = ("sequence", "congestion")
"""The views that are of one connection."""
MAX_RUNS: Final = 6
"""As many as `draw.views` puts beside one another."""


def viewed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which view is drawn, and of which runs."""
    for option in (
        click.option("--mutant", metavar="NAME[@HOST]", help="A broken TCP; see `tcpsim mutants`."),
        click.option(
            "--seed", "seeds", type=click.IntRange(0, 2**63 - 1), multiple=True, metavar="N",
            help="The seed of all chance; several times, to compare runs in a --view.",
        ),
        click.option(
            "--profile", "profiles", metavar="NAME", multiple=True,
            help="The hosts' profile, see `tcpsim profiles`; several times, to compare.",
        ),
        click.option(
            "--connection", type=click.IntRange(1), metavar="N", help="Beside --host, its number for the connection."
        ),
        click.option("--host", metavar="NAME", help="Whose path (states), or whose sending (sequence, congestion)."),
        click.option(
            "--view", type=click.Choice(VIEWS), default=LADDER, show_default=True,
            help="What is drawn of the run; of each, --from and --to give a piece.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Runs:
    """Which view is asked for, and of which runs: each is a seed and a profile, or None for the scenario's own."""

    view: str
    seeds: tuple[int, ...]
    profiles: tuple[str, ...]
    host: str | None
    connection: int | None

    def check(self) -> None:
        """Raise UsageError for options that do not go together."""
        source = click.get_current_context().get_parameter_source
        if len(self.settings) > 1 and self.view in (LADDER, STATES):
            which = "; `tcpsim diff` shows two ladders side by side" if self.view == LADDER else ""
            raise click.UsageError(f"--view {self.view} shows one run{which}; {', '.join(VIEWS[2:])} compare several")
        if len(self.settings) > MAX_RUNS:
            raise click.UsageError(f"a view compares at most {MAX_RUNS} runs, not {len(self.settings)}")
        if self.host is not None and self.view not in (STATES, *OF_ONE):
            raise click.UsageError(f"--host is for --view {STATES}, {' and '.join(OF_ONE)}")
        if self.connection is not None and (self.view not in OF_ONE or self.host is None):
            raise click.UsageError(f"--connection is for --view {' and '.join(OF_ONE)}, beside --host")
        if self.view != LADDER:
            for name in ("detail", "absolute", "segments"):
                if source(name) not in (None, ParameterSource.DEFAULT):
                    raise click.UsageError(f"--{name} is for --view {LADDER}")
        if self.view == STATES and source("caption") not in (None, ParameterSource.DEFAULT):
            raise click.UsageError(f"--caption is for other views than {STATES}")

    @property
    def settings(self) -> list[tuple[int | None, str | None]]:
        """Seed and profile of each run."""
        return list(product(self.seeds or (None,), self.profiles or (None,)))

    @property
    def explained(self) -> bool:
        """Whether the view shows what only an explained run tells."""
        return self.view == "congestion"

    def stem(self, single: Callable[[int | None, str | None], str]) -> str:
        """Return the name of the file, made of that for the first run alone."""
        first = single(*self.settings[0])
        further = [*(f"seed{seed}" for seed in self.seeds[1:]), *self.profiles[1:]]
        return "-".join([first, *further, *([] if self.view == LADDER else [self.view])])

    def names(self) -> list[str]:
        """Return what tells the runs apart."""
        return [
            ", ".join([*([] if seed is None else [f"seed {seed}"]), *([] if profile is None else [profile])])
            for seed, profile in self.settings
        ]


def draw(
    asked: Runs,
    word: str,
    path: Path,
    traces: list[Trace],
    *,
    caption: bool,
    theme: str,
    from_: str | None,
    to: str | None,
    **_: Any,
) -> None:
    """Draw another view than the ladder of what was run for `word`; of each run what lies between two events."""
    from ..draw import draw_states
    from ..draw.palette import THEMES
    from ..draw.views import draw_view

    check_host(asked.host, traces[0])
    windows = [window_of(trace, from_, to) for trace in traces]
    if asked.view == STATES:
        draw_states(path, trace=traces[0], host=asked.host, window=windows[0], theme=THEMES[theme])
        return
    times = [
        None if window is None else (trace.records[window[0]].time, trace.records[window[1]].time)
        for trace, window in zip(traces, windows, strict=True)
    ]
    below = caption_of(word) if caption else None
    runs = list(zip(asked.names(), traces, strict=True))
    draw_view(
        asked.view, path, *runs, host=asked.host, connection=asked.connection, caption=below, theme=THEMES[theme],
        pieces=times,
    )  # fmt: skip


def check_host(host: str | None, trace: Trace) -> None:
    """Raise Wrong, with the nearest name, where a run has no such host."""
    if host is None or host in trace.hosts:
        return
    from ..scenario.problems import nearest_word, one_of, shown

    near = nearest_word(host, trace.hosts)
    hint = f"; did you mean {near!r}?" if near else ""
    raise Wrong(f"--host: there is no host {shown(host)}; expected {one_of(trace.hosts)}{hint}")
