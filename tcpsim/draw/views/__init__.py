"""Other views of a trace than the ladder: a state timeline, a time-sequence graph, congestion variables, queues.

What a view shows is told apart from how it is drawn: `lives`, `sequences`, `courses` and `crowds` have the values;
`timeline`, `sequence`, `congestion` and `queues` put them on a chart.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..canvas import format_of
from ..palette import LIGHT
from .congestion import congestion
from .queues import queue_graph
from .sequence import sequence_graph
from .timeline import timeline

if TYPE_CHECKING:
    from ...trace import Trace
    from ..framing import Caption
    from ..palette import Theme
    from .chart import Chart

VIEWS: Final = ("timeline", "sequence", "congestion", "queues")
"""The views by name."""
MAX_RUNS: Final = 6
"""So many runs stand side by side at most."""


def view(
    name: str,
    *runs: Trace | tuple[str, Trace],
    host: str | None = None,
    connection: int | None = None,
    caption: Caption | None = None,
) -> Chart:
    """Return a view of one run, or of several, as a chart.

    Args:
        name: one of VIEWS.
        runs: traces, each alone or with a name that tells it from the others.
        host: whose sending "sequence" and "congestion" show; by default that of whoever sent the most octets.
        connection: the host's number for the connection; by default the one that sent the most.
        caption: what stands below.

    Raises:
        ValueError: there is no such view, no run or too many, or no such host.
    """
    named = [(f"run {number}", run) if not isinstance(run, tuple) else run for number, run in enumerate(runs, 1)]
    if name not in VIEWS:
        raise ValueError(f"no view {name!r}: expected one of {', '.join(VIEWS)}")
    if not 1 <= len(named) <= MAX_RUNS:
        raise ValueError(f"a view takes from 1 to {MAX_RUNS} runs, not {len(named)}")
    for _, trace in named:
        if host is not None and host not in trace.hosts:
            raise ValueError(f"no host {host!r}: expected one of {', '.join(trace.hosts)}")
    if name == "timeline":
        return timeline(named, caption)
    if name == "queues":
        return queue_graph(named, caption)
    draw = sequence_graph if name == "sequence" else congestion
    return draw(named, caption, host=host, connection=connection)


def draw_view(
    name: str,
    path: str | Path,
    *runs: Trace | tuple[str, Trace],
    format: str | None = None,
    host: str | None = None,
    connection: int | None = None,
    caption: Caption | None = None,
    theme: Theme = LIGHT,
) -> Path:
    """Draw a view into a file, and return its path; arguments as in `view`.

    Raises:
        ValueError: as `view`; or neither the path's suffix nor `format` is a known format.
        OSError: the file can't be written.
    """
    chosen = format_of(path, format)
    drawn = view(name, *runs, host=host, connection=connection, caption=caption).bytes(chosen, theme)
    target = Path(path)
    target.write_bytes(drawn)
    return target


def view_svg(name: str, *runs: Trace | tuple[str, Trace], caption: Caption | None = None) -> str:
    """Return a view as SVG, to stand in a page; arguments as in `view`."""
    svg = view(name, *runs, caption=caption).bytes("svg").decode()
    return svg[svg.index("<svg") :]
