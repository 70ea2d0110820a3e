"""Figures as values: they show themselves in Jupyter, and save themselves into files.

This stands in front of all floors, since a trace must not know how it is drawn: `import tcpsim` gives
traces the method by which Jupyter asks for a picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable


class Figure:
    """A picture that is drawn when somebody looks: `figure(trace)` or `states_figure(trace)` makes one."""

    __slots__ = ("_save", "_svg")

    def __init__(self, svg: Callable[[], str], save: Callable[[Path], Path]) -> None:
        self._svg = svg
        self._save = save

    def _repr_svg_(self) -> str:
        return self._svg()

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return self._svg()

    def save(self, path: str | Path) -> Path:
        """Write the picture into a file and return its path; .png, .svg or .pdf says which kind.

        Raises ValueError for another suffix, OSError where the file can't be written.
        """
        return self._save(Path(path))


def figure(trace: Trace, *, detail: int = 1, max_segments: int | None = None) -> Figure:
    """Return the ladder of a trace as a figure.

    `detail` is 0 for flags and states, 1 with numbers, application calls and timers that fired, 2 with
    windows and options, 3 for everything; what comes after `max_segments` segments, or would make the page
    too high to be shown, is counted and not drawn. TypeError for what is no trace.
    """
    _check(trace)
    from .draw import MAX_SEGMENTS, draw_ladder, ladder_svg

    most = MAX_SEGMENTS if max_segments is None else max_segments
    return Figure(
        lambda: ladder_svg(trace, detail=detail, max_segments=most),
        lambda path: draw_ladder(trace, path, detail=detail, max_segments=most),
    )


def states_figure(trace: Trace | None = None, *, host: str | None = None) -> Figure:
    """Return the state diagram as a figure, with the path that each host, or one, took in a trace.

    Raises ValueError, when it is drawn, for a host that is not in the trace, TypeError for what is no trace.
    """
    if trace is not None:
        _check(trace)
    from .draw import draw_states, states_svg

    return Figure(lambda: states_svg(trace, host), lambda path: draw_states(path, trace=trace, host=host))


def _check(trace: object) -> None:
    if not isinstance(trace, Trace):
        hint = "; did you mean its .trace?" if isinstance(getattr(trace, "trace", None), Trace) else ""
        raise TypeError(f"expected a trace, not {trace!r}{hint}")


def _repr_svg_(trace: Trace) -> str:
    return figure(trace).svg


Trace._repr_svg_ = _repr_svg_  # type: ignore[attr-defined]  # see above: floor 1 must not know this
