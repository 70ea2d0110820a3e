"""What stands around a ladder: title and hosts above, below it what was left out, and a caption.

Rule 1. Nothing here is wider than the page; what is long takes more lines.
Rule 2. A middlebox stands over its line, between the names of the hosts that it stands between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from .columns import MARGIN
from .measure import AIR, width, wrap
from .page import Box, Label, Post
from .palette import TYPES
from .words import clean

if TYPE_CHECKING:
    from .columns import Columns
    from .page import Page
    from .scene import Scene

LONGEST: Final = 2000
"""The most characters of an answer that are drawn."""
WIDEST: Final = 560.0
"""Lines of a caption are no longer, in points: the eye loses its way back."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands below a figure in a book: a question, its answer, and where that stands; each may be empty."""

    question: str = ""
    answer: str = ""
    source: str = ""


def level(text: str, role: str, x: float, y: float, side: int) -> Label:
    """Return a level label: centred at x (side 0), ending there (-1) or beginning there (1)."""
    style = TYPES[role]
    wide = width(text, style)
    return Label(text, role, Box(x + side * wide / 2, y, wide, style.height))


def put_header(page: Page, of: Scene, columns: Columns, *, captioned: bool) -> None:
    """Put title, source and the hosts' names above; sets where the lifelines begin.

    The source is left to the caption if there is one.
    """
    y = MARGIN
    room = page.width - 2 * MARGIN
    above = f"({of.left_above})" if of.left_above else ""
    for role, text, lines in (
        ("title", of.title, 3), ("source", "" if captioned else of.source, 2), ("above", above, 2)
    ):  # fmt: skip
        style = TYPES[role]
        for line in wrap(text, style, room, lines) if text else []:
            tall = style.size * 1.35
            page.labels.append(level(line, role, page.width / 2, y + tall / 2, 0))
            y += tall
        y += 3 if text else 0
    y += 10 if y > MARGIN else 0
    rows = max((len(host.titles) for host in columns.hosts), default=0)
    for host in columns.hosts:
        row_y = y
        for text, role in host.titles:
            page.labels.append(level(text, role, host.centre, row_y + TYPES[role].height / 2, 0))
            row_y += TYPES[role].height + 1.5
    page.top = y + (TYPES["host"].height + (rows > 1) * (TYPES["address"].height + 1.5) if rows else 0) + 6
    _put_middleboxes(page, of, columns)


def _put_middleboxes(page: Page, of: Scene, columns: Columns) -> None:
    """Stand what lies between two neighbours in the middle of their lane, where segments are lost."""
    for (one, left), (other, right) in pairwise(zip(of.hosts, columns.hosts, strict=True)):
        names = of.middleboxes.get(frozenset((one.name, other.name)))
        if names:
            x = (left.right + right.left) / 2
            page.posts.append(Post(x, page.top, ", ".join(names)))
            page.labels.append(level(", ".join(names), "middlebox", x, page.top - 6 - TYPES["middlebox"].height / 2, 0))


def put_footer(page: Page, of: Scene, caption: Caption | None) -> None:
    """Put below what was left out, how to read the time axis, and the caption; sets the page's height."""
    lines = [f"... {line}" for line in of.left_out]
    if page.unlabelled:
        count = page.unlabelled
        lines.append(f"{count} label{'s' if count > 1 else ''} left out for want of room")
    if any(piece.stretched for piece in page.axis):
        lines.append("Time axis: solid where true to scale, dotted where stretched to make room.")
    y = page.bottom + 12
    for text in lines:
        y = _paragraph(page, text, "footer", y, page.width - 2 * MARGIN, 3)
    if caption is not None:
        y += 10
        room = min(page.width - 2 * MARGIN, WIDEST)
        source = clean(caption.source)
        for role, text in (
            ("question", clean(caption.question, LONGEST)), ("answer", clean(caption.answer.replace("`", ""), LONGEST)),
            ("cite", f"({source})" if source else ""),
        ):  # fmt: skip
            y = _paragraph(page, text, role, y, room, 40)
            y += 2 if text else 0
    page.height = y + MARGIN - 4


def _paragraph(page: Page, text: str, role: str, y: float, room: float, lines: int) -> float:
    """Write a text from the left margin on; return where it ends."""
    style = TYPES[role]
    for line in wrap(text, style, room, lines) if text else []:
        tall = style.size * 1.4
        label = level(line, role, MARGIN, y + tall / 2, 1)
        # Flush with the lines above and below: the text stands in the middle of a box that is wider than it is.
        box = replace(label.box, x=MARGIN + label.box.width / AIR / 2)
        page.labels.append(replace(label, box=box))
        y += tall
    return y
