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
from .piece import WHOLE, Piece, Run
from .queues import queue_graph
from .sequence import sequence_graph
from .timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...tcp.units import Time
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
    pieces: Sequence[tuple[Time, Time] | None] = (),
) -> Chart:
    """Return a view of one run, or of several, as a chart.

    Args:
        name: one of VIEWS.
        runs: traces, each alone or with a name that tells it from the others.
        host: whose sending "sequence" and "congestion" show; by default that of whoever sent the most octets.
        connection: the host's number for the connection; by default the one that sent the most.
        caption: what stands below.
        pieces: from when to when each run is drawn, both included (nanoseconds), None for all of it; by default all.

    Raises:
        ValueError: there is no such view, no run or too many, or no such host; pieces that are not of these runs.
    """
    named = [run if isinstance(run, tuple) else (f"run {number}", run) for number, run in enumerate(runs, 1)]
    if name not in VIEWS:
        raise ValueError(f"no view {name!r}: expected one of {', '.join(VIEWS)}")
    if not 1 <= len(named) <= MAX_RUNS:
        raise ValueError(f"a view takes from 1 to {MAX_RUNS} runs, not {len(named)}")
    for _, trace in named:
        if host is not None and host not in trace.hosts:
            raise ValueError(f"no host {host!r}: expected one of {', '.join(trace.hosts)}")
    if pieces and len(pieces) != len(named):
        raise ValueError(f"{len(pieces)} pieces of {len(named)} runs: expected one of each run")
    cut = [WHOLE if piece is None else Piece(*piece) for piece in pieces or [None] * len(named)]
    shown = [Run(*run, piece) for run, piece in zip(named, cut, strict=True)]
    if name == "timeline":
        return timeline(shown, caption)
    if name == "queues":
        return queue_graph(shown, caption)
    draw = sequence_graph if name == "sequence" else congestion
    return draw(shown, caption, host=host, connection=connection)


def draw_view(
    name: str,
    path: str | Path,
    *runs: Trace | tuple[str, Trace],
    format: str | None = None,
    host: str | None = None,
    connection: int | None = None,
    caption: Caption | None = None,
    theme: Theme = LIGHT,
    pieces: Sequence[tuple[Time, Time] | None] = (),
) -> Path:
    """Draw a view into a file, and return its path; arguments as in `view`.

    Raises:
        ValueError: as `view`; or neither the path's suffix nor `format` is a known format.
        OSError: the file can't be written.
    """
    chosen = format_of(path, format)
    chart = view(name, *runs, host=host, connection=connection, caption=caption, pieces=pieces)
    drawn = chart.bytes(chosen, theme)
    target = Path(path)
    target.write_bytes(drawn)
    return target


def view_svg(name: str, *runs: Trace | tuple[str, Trace], caption: Caption | None = None) -> str:
    """Return a view as SVG, to stand in a page; arguments as in `view`."""
    svg = view(name, *runs, caption=caption).bytes("svg").decode()
    return svg[svg.index("<svg") :]
