"""A drawing as SVG: small, with text as text, and with a name and a reason for each thing on it.

Rule 1. Text stays text: it can be searched, copied and read aloud. `textLength` gives each line the width that was
        measured for it, so that the words keep their places where DejaVu Sans is missing and another font stands in.
Rule 2. An id names what is drawn and the serial number of its record, `segment-4`: it stays the same as long as
        the run does. A second one of that name gets `-2`.
Rule 3. No date, no random name, no style sheet and no script: equal drawings are equal octets, and a strict
        Content-Security-Policy lets them pass.
"""

from __future__ import annotations

from collections import Counter
from math import cos, radians, sin
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from .measure import AIR, ASCENT, BOLD, DESCENT, ITALIC, MONO, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .page import Label, Point

_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_FACES: Final = {
    BOLD: ' font-weight="bold"',
    ITALIC: ' font-style="italic"',
    MONO: ' font-family="DejaVu Sans Mono,Menlo,Consolas,monospace"',
}


class Svg:
    """Collects shapes, in points; `over` orders what covers what, then the order of drawing."""

    def __init__(self, wide: float, tall: float, paper: str) -> None:
        self.size = (wide, tall)
        self._marks: list[tuple[float, str]] = [
            (float("-inf"), f'<path fill="{paper}" d="M0 0H{_n(wide)}V{_n(tall)}H0z"/>')
        ]
        self._names: Counter[str] = Counter()

    def path(
        self,
        data: str,
        *,
        fill: str = "",
        stroke: str = "",
        width: float = 0.0,
        dashes: Sequence[float] | None = None,
        over: float = 1,
        name: str = "",
        tip: str = "",
    ) -> None:
        """Draw an outline given as path data."""
        told = f' fill="{fill}"' if fill else ""
        if stroke and width:
            told += f' stroke="{stroke}" stroke-width="{_n(width)}"'
        if dashes is not None:
            told += f' stroke-dasharray="{" ".join(map(_n, dashes))}"'
        self._add(over, "path", f'{told} d="{data}"', name, "", tip)

    def text(self, label: Label, ink: str, *, over: float, name: str = "") -> None:
        """Write a label into its box."""
        box, style = label.box, label.type
        down = (ASCENT - DESCENT) / 2 * style.size
        angle = radians(box.angle)
        x, y = _n(box.x + sin(angle) * down), _n(box.y + cos(angle) * down)
        told = f' x="{x}" y="{y}" font-size="{_n(style.size)}" fill="{ink}"{_FACES.get(style.face, "")}'
        if box.angle:
            told += f' transform="rotate({_n(-box.angle)} {x} {y})"'
        if len(label.text) > 1:
            told += f' textLength="{_n(width(label.text, style) / AIR)}" lengthAdjust="spacingAndGlyphs"'
        if "  " in label.text:
            told += ' xml:space="preserve"'
        self._add(over, "text", told, name, _printable(label.text), label.tip)

    def _add(self, over: float, tag: str, told: str, name: str, text: str, tip: str) -> None:
        if name:
            self._names[name] += 1
            count = self._names[name]
            told = f' id="{name}{f"-{count}" if count > 1 else ""}"{told}'
        inside = (f"<title>{_printable(tip)}</title>" if tip else "") + text
        self._marks.append((over, f"<{tag}{told}>{inside}</{tag}>" if inside else f"<{tag}{told}/>"))

    def file(self, title: str) -> str:
        """Return the whole file; `title` is for those who can't see it."""
        wide, tall = map(_n, self.size)
        lines = [mark for _, mark in sorted(self._marks, key=lambda mark: mark[0])]
        return "\n".join([
            f'{_HEAD}<svg xmlns="http://www.w3.org/2000/svg" width="{wide}pt" height="{tall}pt" '
            f'viewBox="0 0 {wide} {tall}" role="img" fill="none" text-anchor="middle" '
            'font-family="DejaVu Sans,Verdana,sans-serif">',
            f"<title>{_printable(title)}</title>",
            *lines,
            "</svg>\n",
        ])  # fmt: skip


def through(points: Sequence[Point], *, closed: bool = False) -> str:
    """Return the data of a path through points: `M1 2H5V7L8 9`."""
    (x, y), *rest = [(_n(x), _n(y)) for x, y in points]
    data = f"M{x} {y}"
    for next_x, next_y in rest:
        data += f"V{next_y}" if next_x == x else f"H{next_x}" if next_y == y else f"L{next_x} {next_y}"
        x, y = next_x, next_y
    return f"{data}z" if closed else data


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> str:
    """Return the data of a level box with rounded corners."""
    arc = f"a{_n(radius)} {_n(radius)} 0 0 1"
    r, back = _n(radius), _n(-radius)
    return (
        f"M{_n(left + radius)} {_n(top)}H{_n(right - radius)}{arc} {r} {r}V{_n(bottom - radius)}{arc} {back} {r}"
        f"H{_n(left + radius)}{arc} {back} {back}V{_n(top + radius)}{arc} {r} {back}z"
    )


def _n(value: float) -> str:
    """Print a length in hundredths of a point, which no eye can tell apart, as short as can be."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _printable(text: str) -> str:
    """Return text fit for XML, which has no place for most control characters."""
    kept = (char if char >= " " and char not in "\ufffe\uffff" and not "\ud800" <= char <= "\udfff" else "\ufffd"
            for char in text)  # fmt: skip
    return escape("".join(kept))
