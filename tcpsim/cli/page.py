"""`tcpsim diagram -o x.html`: the run as a page to step through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .group import Wrong

if TYPE_CHECKING:
    from pathlib import Path

    from ..draw import Look
    from ..trace import Trace

PAGES: Final = ("html", "htm")
"""The suffixes of a page."""


def is_page(path: Path, view: str) -> bool:
    """Return whether a page is asked for; Wrong for one of another view, since a page has them all."""
    if path.suffix.lower().removeprefix(".") not in PAGES:
        return False
    if view != "ladder":
        raise Wrong(f"--view {view}: a page shows the ladder and the other views, too; leave --view out")
    return True


def draw_page(trace: Trace, path: Path, look: Look, segments: int | None) -> None:
    """Write the page of a run; `segments` is what was asked for, or None."""
    from ..web import MOST_SEGMENTS, write_page

    write_page(trace, path, look if segments is not None else replace(look, max_segments=MOST_SEGMENTS))
