"""Where words go: standard output, styled for a terminal and plain for a pipe, and files.

`rich` decides by itself what a terminal can show, and respects NO_COLOR and COLUMNS.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from ..trace.naming import shown_name
from .group import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE: Final = 0.7
"""Seconds after which a person is told what takes so long."""


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """Let the group say how the command ends; rich would end it with code 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def screen(width: int | None = None) -> Console:
    """Return standard output; `width` in columns takes the place of the terminal's, or of 80 in a pipe."""
    return _Screen(width=width, highlight=False, markup=False, emoji=False)


@contextmanager
def patience(what: str) -> Iterator[None]:
    """While something long runs, say so on standard error, if a person sits there."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield
        return
    status = console.status(Text(what))
    timer = threading.Timer(PATIENCE, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in a sentence that a file can't be written, and why."""
    name = shown_name(path)
    try:
        if path.is_dir():
            raise Wrong(f"{name}: can't be written: it is a directory; name a file")
        yield
    except OSError as error:
        raise Wrong(f"{name}: can't be written: {error.strerror or error}") from error


def not_onto(source: Path, target: Path | None, option: str) -> None:
    """Refuse to write onto the file that is read, under whatever name: Wrong, and nothing was written."""
    with contextlib.suppress(OSError, ValueError):  # one of them is not there
        if target is not None and source.is_file() and source.samefile(target):
            raise Wrong(f"{shown_name(target)}: this is the file that is read; {option} takes another one")


@contextmanager
def own_canvas() -> Iterator[None]:
    """Hide MPLBACKEND while drawing: matplotlib fails over a name it does not know, and we ask for no backend."""
    asked = os.environ.pop("MPLBACKEND", None)
    try:
        yield
    finally:
        if asked is not None:
            os.environ["MPLBACKEND"] = asked
