"""How wide text is: real extents of DejaVu Sans, the font that every picture is drawn in.

The font files come with matplotlib, so that a picture is the same on every machine. matplotlib is
imported at the first measurement and not before: the command line starts without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

SANS: Final = "DejaVuSans.ttf"
BOLD: Final = "DejaVuSans-Bold.ttf"
ITALIC: Final = "DejaVuSans-Oblique.ttf"
MONO: Final = "DejaVuSansMono.ttf"

ASCENT: Final = 0.78
"""From the baseline to the top of the tallest letter or bracket, in units of the font's size."""
DESCENT: Final = 0.24
HEIGHT: Final = ASCENT + DESCENT

AIR: Final = 1.015
"""Boxes are this much wider than their text."""


@dataclass(frozen=True, slots=True)
class Type:
    """A typeface, its size in points, and the colour of its ink."""

    face: str
    size: float
    ink: str

    @property
    def height(self) -> float:
        """The height of a line, in points."""
        return HEIGHT * self.size


@cache
def font(face: str) -> FontProperties:
    """Return matplotlib's handle for one of the four faces."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(Path(mpl.get_data_path(), "fonts", "ttf", face)))


@cache
def _glyphs(face: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(str(font(face).get_file())).get_charmap())


@lru_cache(maxsize=20_000)
def _width(text: str, face: str) -> float:
    from matplotlib.textpath import text_to_path

    sized = font(face).copy()
    sized.set_size(100)
    return float(text_to_path.get_text_width_height_descent(text, sized, ismath=False)[0])


def width(text: str, style: Type) -> float:
    """Return the width of one line, in points, rounded up to a tenth."""
    if not text:
        return 0.0
    return int(_width(text, style.face) * style.size / 100 * AIR * 10 + 1) / 10


def drawable(text: str, style: Type) -> str:
    """Return `text` with a replacement mark for every letter that the font lacks."""
    glyphs = _glyphs(style.face)
    return "".join(char if ord(char) in glyphs else "\N{REPLACEMENT CHARACTER}" for char in text)


def shorten(text: str, style: Type, limit: float) -> str:
    """Return the longest beginning of `text` that fits into `limit` points, with an ellipsis where cut."""
    if width(text, style) <= limit:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", style) <= limit:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrap(text: str, style: Type, limit: float, lines: int) -> list[str]:
    """Return `text` in at most so many lines of `limit` points; the last one is shortened if need be."""
    words = drawable(text, style).split(" ")
    out: list[str] = []
    line = ""
    for number, word in enumerate(words):
        longer = f"{line} {word}" if line else word
        if not line or width(longer, style) <= limit:
            line = longer
        elif len(out) == lines - 1:
            line = " ".join([line, *words[number:]])
            break
        else:
            out.append(line)
            line = word
    return [shorten(each, style, limit) for each in [*out, line]]


@lru_cache(maxsize=2_000)
def wrap_evenly(text: str, style: Type, limit: float, lines: int) -> tuple[str, ...]:
    """Return `text` in as few lines of `limit` points as it needs, broken where it reads best.

    A break before an opening bracket is preferred to one after a colon or a comma, that to one within
    a phrase, and lines of like width to a full and a short one. What needs more than `lines` is cut as
    by `wrap`.
    """
    words = drawable(text, style).split(" ")
    for count in range(1, lines + 1):
        found: list[tuple[float, tuple[str, ...]]] = []
        for breaks in combinations(range(1, min(len(words), 24)), count - 1):
            edges = [0, *breaks, len(words)]
            out = tuple(" ".join(words[start:end]) for start, end in pairwise(edges))
            widest = max(width(line, style) for line in out)
            if widest <= limit:
                found.append((widest + sum(_harshness(words, place) for place in breaks), out))
        if found:
            return min(found)[1]
    return tuple(wrap(text, style, limit, lines))


def _harshness(words: list[str], place: int) -> float:
    """Return how bad a break before a word is, in points by which a wider line would be as bad."""
    if words[place].startswith("("):
        return 0.0
    return 70.0 if words[place - 1][-1:] in (":", ",", ";") else 150.0
