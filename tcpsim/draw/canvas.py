"""Ink on paper: the few shapes that drawings are made of, and files that are the same on every run.

Rule 1. matplotlib is imported when the first picture is drawn, never before, and without pyplot.
Rule 2. What a person has set in matplotlib (rcParams, styles, backends) does not matter.
Rule 3. A file holds no date, no random name and no version: equal pages give equal bytes.
Rule 4. Text is text: no sign in it is read as mathematics.
Rule 5. A theme translates colours and nothing else: a shape stands where it stands in every theme.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from math import ceil, cos, floor, radians, sin, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .measure import ASCENT, DESCENT, font
from .palette import LIGHT, PAPER
from .svg import Svg, rounded, through

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .page import Box, Label, Point
    from .palette import Theme

FORMATS: Final = ("png", "svg", "pdf")
PNG_DPI: Final = 150
TALLEST: Final = 60_000
"""matplotlib paints at most 65,535 pixels in a row or column; a larger PNG gets fewer pixels to the inch."""
LARGEST: Final = 120_000_000
"""At most so many pixels in all, of four octets each while it is painted."""

_SETTINGS: Final[dict[Any, Any]] = {
    "pdf.fonttype": 42,  # text in a PDF can be searched
    "path.simplify": False,
    "text.hinting": "none",  # letters stand where the font's measures say, at any resolution
    "text.usetex": False,
    "axes.unicode_minus": False,
}


def format_of(path: str | Path, format: str | None = None, known: tuple[str, ...] = FORMATS) -> str:
    """Return the file format asked for, or the one that the path's suffix names.

    Raises ValueError, naming the known ones, for any other.
    """
    name = (format if format is not None else Path(path).suffix.removeprefix(".")).lower()
    if name not in known:
        expected = ", ".join(f".{each}" for each in known)
        what = f"format {format!r}" if format is not None else f"file name {str(path)!r}"
        raise ValueError(f"can't draw into {what}: expected one of {expected}")
    return name


@contextmanager
def plain_settings() -> Iterator[None]:
    """Within this context matplotlib has its own defaults and ours, whatever the user has set."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


class Paper:
    """A blank page of so many points, x to the right and y downward. Use it inside `plain_settings`.

    Colours are those of the light theme; `theme` says what becomes of them. `name` is an SVG element's id and
    `tip` its tooltip.
    """

    def __init__(self, width: float, height: float, theme: Theme = LIGHT) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.ink = theme.ink
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=self.ink(PAPER))
        FigureCanvasAgg(self.figure)
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, width)
        self._axes.set_ylim(height, 0)
        self.size = (width, height)
        self.texts: list[tuple[Label, Any]] = []
        self._svg = Svg(width, height, self.ink(PAPER))

    def line(
        self,
        points: Sequence[Point],
        colour: str,
        width: float = 1.0,
        *,
        dashes: Sequence[float] | None = None,
        over: float = 1,
        name: str = "",
        tip: str = "",
    ) -> None:
        """Draw a line through points; `dashes` are lengths of ink and gap in points; `over` orders what covers what."""
        from matplotlib.lines import Line2D

        colour = self.ink(colour)
        style: Any = "-" if dashes is None else (0, tuple(each / width for each in dashes))
        xs, ys = [x for x, _ in points], [y for _, y in points]
        line = Line2D(
            xs, ys, color=colour, linewidth=width, linestyle=style, zorder=over, clip_on=False,
            solid_capstyle="butt", solid_joinstyle="miter", dash_capstyle="butt",
        )  # fmt: skip
        self._axes.add_line(line)
        self._svg.path(through(points), stroke=colour, width=width, dashes=dashes, over=over, name=name, tip=tip)

    def area(
        self,
        points: Sequence[Point],
        fill: str,
        edge: str = "none",
        width: float = 0.0,
        *,
        over: float = 1,
        name: str = "",
        tip: str = "",
    ) -> None:
        """Fill the polygon of some points."""
        from matplotlib.patches import Polygon

        fill, edge = self.ink(fill), self.ink(edge) if width else "none"
        shape = Polygon(
            list(points), closed=True, facecolor=fill, edgecolor=edge, linewidth=width, zorder=over, clip_on=False
        )
        self._axes.add_patch(shape)
        data = through(points, closed=True)
        self._svg.path(data, fill=fill, stroke=edge, width=width, over=over, name=name, tip=tip)

    def stripes(
        self, left: float, top: float, right: float, bottom: float, colour: str, *, apart: float = 5.0, over: float = 1
    ) -> None:
        """Draw thin lines that rise from left to right across a level rectangle; they meet those of one above it."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path as Outline

        colour = self.ink(colour)
        points: list[Point] = []
        for number in range(ceil((left + top) / apart), floor((right + bottom) / apart) + 1):
            total = number * apart  # of x and y, along the line
            x0, x1 = max(left, total - bottom), min(right, total - top)
            if x0 < x1:
                points += [(x0, total - x0), (x1, total - x1)]
        if points:
            codes = [Outline.MOVETO, Outline.LINETO] * (len(points) // 2)
            self._axes.add_patch(
                PathPatch(
                    Outline(points, codes), facecolor="none", edgecolor=colour, linewidth=0.6, zorder=over,
                    clip_on=False, capstyle="butt",
                )
            )  # fmt: skip
            pairs = zip(points[::2], points[1::2], strict=True)
            self._svg.path("".join(map(through, pairs)), stroke=colour, width=0.6, over=over)

    def round_box(self, box: Box, fill: str, edge: str = "none", width: float = 0.0, *, over: float = 1) -> None:
        """Fill a level box with rounded corners, a little larger than `box`."""
        from matplotlib.patches import FancyBboxPatch

        fill, edge = self.ink(fill), self.ink(edge) if width else "none"
        left, top, right, bottom = box.bounds
        self._axes.add_patch(
            FancyBboxPatch(
                (left, top), box.width, box.height, boxstyle="round,pad=2,rounding_size=2.5",
                facecolor=fill, edgecolor=edge, linewidth=width, zorder=over, clip_on=False,
            )
        )  # fmt: skip
        data = rounded(left - 2, top - 2, right + 2, bottom + 2, 2.5)
        self._svg.path(data, fill=fill, stroke=edge, width=width, over=over)

    def text(self, label: Label, *, over: float = 5, name: str = "") -> None:
        """Write a label into its box."""
        from matplotlib.text import Text

        box, style = label.box, label.type
        down = (ASCENT - DESCENT) / 2 * style.size
        angle = radians(box.angle)
        sized = font(style.face).copy()
        sized.set_size(style.size)
        ink = self.ink(style.ink)
        text = Text(
            box.x + sin(angle) * down, box.y + cos(angle) * down, label.text, fontproperties=sized, color=ink,
            rotation=box.angle, rotation_mode="anchor", ha="center", va="baseline", parse_math=False, usetex=False,
            zorder=over, clip_on=False,
        )  # fmt: skip
        self._axes.add_artist(text)
        self.texts.append((label, text))
        self._svg.text(label, ink, over=over, name=name)

    # ------------------------------------------------------------------ files

    def bytes(self, format: str, title: str) -> bytes:
        """Return the page as a file of one of FORMATS."""
        if format == "svg":
            return self._svg.file(title).encode()
        kinds: dict[str, dict[str, Any]] = {
            "png": {"Software": "tcpsim", "Title": title},
            "pdf": {"CreationDate": None, "Creator": "tcpsim", "Producer": None, "Title": title},
        }
        metadata = kinds[format]
        wide, tall = self.size
        finest = min(TALLEST * 72 / max(wide, tall), 72 * sqrt(LARGEST / (wide * tall)))
        dpi = min(PNG_DPI, finest) if format == "png" else 72
        out = io.BytesIO()
        self.figure.savefig(out, format=format, dpi=dpi, metadata=metadata, facecolor=self.ink(PAPER))
        return out.getvalue()
