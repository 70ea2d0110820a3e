"""The ladder as a picture: PNG, SVG or PDF, drawn from a page of layout.py.

Nothing is decided here but ink: what is dashed, filled or hollow. An arrow is told by its line and
its words, a state by its name and its fill.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .canvas import FORMATS, Paper, format_of, plain_settings
from .layout import MAX_SEGMENTS, layout
from .palette import AMBER, BAND, CHIP, FAINT, GREY, INK, LIGHT, PAPER, RED, RULE, STATE_FILL, STRIPED, TEAL
from .placing import CROSS
from .scene import NORMAL, scene
from .scripts import LANGUAGES, script_text

if TYPE_CHECKING:
    from ..trace import Trace
    from .framing import Caption
    from .page import Bar, Bracket, Fold, Label, Page, Shot
    from .palette import Theme
    from .scene import Scene

LADDER_FORMATS: Final = (*FORMATS, *LANGUAGES)
"""The suffixes of the files that a ladder can be drawn or written into."""
_LOOKS: Final[dict[str, tuple[str, tuple[float, ...] | None]]] = {
    "sent": (INK, None),
    "again": (AMBER, (6.0, 2.6)),
    "network": (TEAL, (6.0, 2.0, 1.4, 2.0)),
    "lost": (RED, None),
}
"""Ink and dashes of each kind of arrow."""
_HEAD: Final = (8.0, 3.1)
"""Length and half the width of an arrowhead."""
_BAR_EDGE: Final = "#59616a"


@dataclass(frozen=True, slots=True)
class Look:
    """How a ladder is drawn.

    Attributes:
        detail: 0 flags and states, 1 with numbers, application calls and timers that fired, 2 with windows and
            options, 3 everything.
        max_segments: what comes after so many segments is not drawn, nor what would make the page higher
            than 14,400 points; a line below says how many more there are.
        window: only the records with these serial numbers (first and last, both included).
        absolute: sequence numbers are those of the wire.
        theme: the colours. caption: what stands below.
        narrow: the hosts stand close together, as a phone needs it.
    """

    detail: int = NORMAL
    max_segments: int = MAX_SEGMENTS
    window: tuple[int, int] | None = None
    absolute: bool = False
    theme: Theme = LIGHT
    caption: Caption | None = None
    narrow: bool = False

    def scene(self, trace: Trace) -> Scene:
        """Return what is drawn, without any geometry."""
        return scene(
            trace, detail=self.detail, max_segments=self.max_segments, window=self.window, absolute=self.absolute
        )

    def page(self, trace: Trace) -> Page:
        """Return the layout of a trace that looks like this."""
        return layout(
            trace, detail=self.detail, max_segments=self.max_segments, window=self.window, absolute=self.absolute,
            caption=self.caption, narrow=self.narrow,
        )  # fmt: skip


def draw_ladder(
    trace: Trace,
    path: str | Path,
    format: str | None = None,
    *,
    detail: int = NORMAL,
    max_segments: int = MAX_SEGMENTS,
    look: Look | None = None,
) -> Path:
    """Draw a trace's ladder into a file, and return its path.

    Args:
        trace: the run; title and subtitle come from its header.
        path: where to; the suffix .png, .svg, .pdf, .mmd (Mermaid) or .puml (PlantUML) chooses the format.
        format: "png", "svg", "pdf", "mmd" or "puml", whatever the suffix.
        detail: as in Look.
        max_segments: as in Look.
        look: all that can be chosen; `detail` and `max_segments` are not asked then.

    Raises:
        ValueError: neither suffix nor `format` is a known format.
        OSError: the file can't be written.
    """
    chosen = format_of(path, format, LADDER_FORMATS)
    drawn = ladder_bytes(trace, chosen, detail=detail, max_segments=max_segments, look=look)
    target = Path(path)
    target.write_bytes(drawn)
    return target


def ladder_svg(
    trace: Trace, *, detail: int = NORMAL, max_segments: int = MAX_SEGMENTS, look: Look | None = None
) -> str:
    """Return a trace's ladder as SVG, as Jupyter shows it; arguments as in draw_ladder."""
    svg = ladder_bytes(trace, "svg", detail=detail, max_segments=max_segments, look=look).decode()
    return svg[svg.index("<svg") :]


def ladder_bytes(
    trace: Trace, format: str, *, detail: int = NORMAL, max_segments: int = MAX_SEGMENTS, look: Look | None = None
) -> bytes:
    """Return a trace's ladder as the bytes of a file of one of LADDER_FORMATS; arguments as in draw_ladder."""
    chosen = look if look is not None else Look(detail, max_segments)
    known = format_of("", format, LADDER_FORMATS)
    if known in LANGUAGES:
        return script_text(chosen.scene(trace), known).encode()
    page = chosen.page(trace)
    with plain_settings():
        return paint(page, chosen.theme).bytes(known, page.title)


def paint(page: Page, theme: Theme = LIGHT) -> Paper:
    """Put a page's ink on paper; call it inside `canvas.plain_settings()`."""
    paper = Paper(page.width, page.height, theme)
    for tick in page.ticks:
        paper.line([(page.axis_x, tick.y), (page.guides_end, tick.y)], RULE, 0.5, over=0)
    for band in page.bands:
        paper.area(band.corners, BAND, FAINT, 0.5, over=0.5)
    for chip in page.chips:
        paper.round_box(chip, CHIP, over=4.8)
    for post in page.posts:
        paper.line([(post.x, post.top), (post.x, page.bottom)], FAINT, 4.0, dashes=(5.0, 3.0), over=0.1)
    for x0, y0, x1, y1 in page.leaders:
        paper.line([(x0, y0), (x1, y1)], GREY, 0.6, dashes=(1.0, 1.6), over=1)
    _axis(paper, page)
    for bar in page.bars:
        _bar(paper, bar)
    for bracket in page.brackets:
        _bracket(paper, bracket)
    for shot in page.shots:
        _shot(paper, shot)
    for fold in page.folds:
        _fold(paper, page, fold)
    for label in page.labels:
        _label(paper, label)
    return paper


def _axis(paper: Paper, page: Page) -> None:
    x = page.axis_x
    paper.line([(x, page.top), (x, page.bottom)], PAPER, 1.0, over=1)
    for piece in page.axis:
        dashes = (1.3, 1.7) if piece.stretched else None
        paper.line([(x, piece.y0), (x, piece.y1)], GREY, 1.0, dashes=dashes, over=2)
    for tick in page.ticks:
        paper.line([(x - 4, tick.y), (x, tick.y)], GREY, 0.9, over=2)


def _bar(paper: Paper, bar: Bar) -> None:
    corners = [(bar.x0, bar.y0), (bar.x1, bar.y0), (bar.x1, bar.y1), (bar.x0, bar.y1)]
    paper.area(corners, STATE_FILL[bar.state], over=3, name=_name("lifeline", bar.serial))
    if bar.state in STRIPED:
        paper.stripes(bar.x0, bar.y0, bar.x1, bar.y1, _BAR_EDGE, over=3)
    paper.line([*corners, *corners[:2]], _BAR_EDGE, 0.7, over=3)


def _bracket(paper: Paper, bracket: Bracket) -> None:
    foot = bracket.x + bracket.side * 4.5
    dashes = None if bracket.outcome == "fired" else (2.5, 2.0)
    points = [(foot, bracket.y0), (bracket.x, bracket.y0), (bracket.x, bracket.y1)]
    if bracket.outcome != "running":
        points.append((foot, bracket.y1))
    paper.line(points, GREY, 1.0, dashes=dashes, over=2, name=_name("timer", bracket.serial))


def _shot(paper: Paper, shot: Shot) -> None:
    ink, dashes = _LOOKS[shot.look]
    length = shot.length or 1.0
    ux, uy = (shot.x1 - shot.x0) / length, (shot.y1 - shot.y0) / length
    long, half = _HEAD
    back = (shot.x1 - ux * long, shot.y1 - uy * long)
    for begin, stop in _pieces(shot, 1 - long / length if shot.head else 1.0):
        points = [
            (shot.x0 + (shot.x1 - shot.x0) * part, shot.y0 + (shot.y1 - shot.y0) * part) for part in (begin, stop)
        ]
        paper.line(points, ink, 1.3, dashes=dashes, over=2.5, name=_name("segment", shot.serial), tip=shot.tip)
    if shot.head:
        head = [
            (shot.x1, shot.y1),
            (back[0] - uy * half, back[1] + ux * half),
            (back[0] + uy * half, back[1] - ux * half),
        ]
        paper.area(head, PAPER if shot.unused else ink, ink, 0.9, over=3.2)
    if shot.cross:
        for sign in (1, -1):
            across = [(shot.x1 - CROSS, shot.y1 - sign * CROSS), (shot.x1 + CROSS, shot.y1 + sign * CROSS)]
            paper.line(across, PAPER, 4.0, over=4.3)
        for sign in (1, -1):
            across = [(shot.x1 - CROSS, shot.y1 - sign * CROSS), (shot.x1 + CROSS, shot.y1 + sign * CROSS)]
            paper.line(across, ink, 2.0, over=4.4)


def _pieces(shot: Shot, end: float) -> list[tuple[float, float]]:
    """Return the stretches of an arrow that are drawn, as parts of its length, up to `end`."""
    out = []
    begin = 0.0
    for low, high in sorted(shot.gaps):
        if low > begin:
            out.append((begin, min(low, end)))
        begin = max(begin, high)
    return [*out, (begin, end)] if begin < end else out


def _fold(paper: Paper, page: Page, fold: Fold) -> None:
    """Break every upright line at the fold: lifelines, brackets and the axis."""
    spans = {(bar.x0, bar.x1) for bar in page.bars}
    rails: list[tuple[float, float]] = []
    for x0, x1 in sorted(spans):
        if rails and x0 <= rails[-1][1] + 0.5:
            rails[-1] = (rails[-1][0], max(x1, rails[-1][1]))
        else:
            rails.append((x0, x1))
    for x0, x1 in rails:
        _break(paper, x0 - 5, x1 + 5, fold.y)
    _break(paper, page.axis_x - 5, page.axis_x + 5, fold.y)
    for bracket in page.brackets:
        if bracket.y0 < fold.y < bracket.y1:
            _break(paper, bracket.x - 4, bracket.x + 4, fold.y)


def _break(paper: Paper, x0: float, x1: float, y: float) -> None:
    """Draw two parallel zigzags with white between them."""
    rise, gap = min(3.4, (x1 - x0) / 4), 2.6
    middle = (x0 + x1) / 2
    quarter = (x1 - x0) / 4
    zigzag = [(x0, 0.0), (middle - quarter * 0.7, -rise), (middle + quarter * 0.7, rise), (x1, 0.0)]
    upper = [(x, y + dy - gap) for x, dy in zigzag]
    lower = [(x, y + dy + gap) for x, dy in zigzag]
    paper.area([*upper, *reversed(lower)], PAPER, over=4.6)
    for edge in (upper, lower):
        paper.line(edge, GREY, 0.9, over=4.7)


def _label(paper: Paper, label: Label) -> None:
    if label.halo:
        paper.area(label.box.corners, PAPER, over=0.2)  # above the guide lines, beneath everything else
    paper.text(label, name=_name("words", label.serial))


def _name(kind: str, serial: int | None) -> str:
    """Return the id of what a record is drawn as, or nothing for what no record tells of."""
    return "" if serial is None else f"{kind}-{serial}"
