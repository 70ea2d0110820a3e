"""Captures as arguments: told from scenarios by what they begin with, their connections listed, one read as a trace.

Of a capture with several connections, the list is printed first, and `--stream N` says which is meant.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import missing, shown_name, shown_socket
from .group import Wrong
from .screen import PATIENCE, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from ..capture.reading import NoStream
    from ..capture.streams import Progress, Survey
    from ..trace import Trace

_MAGICS: Final = ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a", "a1b2cd34", "34cdb2a1")
MAGICS: Final = tuple(bytes.fromhex(magic) for magic in _MAGICS)
"""What a capture begins with; the last two are of a kind that is not read, and so said."""
SUFFIXES: Final = (".pcap", ".pcapng", ".cap")
"""A file that is called so is meant as a capture, whatever it holds."""
MOST_LISTED: Final = 100
"""So many connections are listed."""


def chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what of a capture is meant."""
    other = "A capture of the same connection at its other end."
    command = click.option("--merge", metavar="CAPTURE", help=other)(command)
    whole = click.IntRange(0, 1_000_000)
    return click.option("--stream", type=whole, metavar="N", help="Which TCP connection of a capture, from 0.")(command)


def is_capture(word: str) -> bool:
    """Return whether a word names a capture, by how the file begins or by how it is called."""
    path = Path(word)
    try:
        if not path.is_file():
            return path.suffix.lower() in SUFFIXES and not path.exists()
        with path.open("rb") as file:
            return file.read(4) in MAGICS or path.suffix.lower() in SUFFIXES
    except (OSError, ValueError):
        return False


def second_file(words: tuple[str, ...], merge: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the capture with which another file is merged, and what is left of the words behind that.

    A second capture may stand behind the first one, or behind --merge; a usage error if it does both.
    """
    if not words or not is_capture(words[0]):
        return merge, words
    return merged_with(words[0], merge), words[1:]


def merged_with(other: str | None, merge: str | None) -> str | None:
    """Return the other capture, named as a second file or with --merge; a usage error for both."""
    if other is not None and merge is not None:
        raise click.UsageError("name the other capture once: as a second file, or with --merge")
    return merge if other is None else other


def read_capture(word: str, stream: int | None = None, other: str | None = None) -> Trace:
    """Return one TCP connection of a capture, or of two that were taken at both ends, as a trace.

    Wrong, with file and octet, for what is no capture; where it has several connections and none is chosen, after a
    list of them on standard output.
    """
    from ..capture import CaptureError
    from ..capture.loading import load, load_both
    from ..capture.reading import NoStream

    try:
        with _bar(word) as progress:
            if other is None:
                return load(word, stream, progress)
            return load_both(word, other, stream, progress)
    except NoStream as error:
        raise _unchosen(error, several=stream is None and len(error.survey.streams) > 1) from error
    except CaptureError as error:
        raise Wrong(str(error)) from error
    except FileNotFoundError as error:
        name = word if error.filename is None else str(error.filename)
        raise Wrong(f"{shown_name(name)}: {missing(name)}") from error
    except OSError as error:
        name = word if error.filename is None else str(error.filename)
        raise Wrong(f"{shown_name(name)}: can't be read: {error.strerror or error}") from error


def _unchosen(error: NoStream, *, several: bool) -> Wrong:
    """Return what is wrong, after listing the connections that could have been meant."""
    if not several:
        return Wrong(str(error))
    tell_streams(error.survey, screen())
    return Wrong(f"{error.path}: {error.what}: say which with --stream N")


def tell_streams(survey: Survey, console: Console) -> None:
    """Print the TCP connections of a capture, a line each, and what else is in it."""
    from rich.text import Text

    from ..capture.viewpoint import short

    rows = [("stream", "client", "server", "packets", "octets", "begins", "lasts", "opened", "ended")]
    start = survey.span[0] if survey.span is not None else 0
    rows += [
        (
            str(each.number), shown_socket(*each.client), shown_socket(*each.server),
            f"{each.packets[0]:,}+{each.packets[1]:,}", f"{each.octets[0]:,}+{each.octets[1]:,}",
            short(max(each.first - start, 0)), short(each.last - each.first), each.opened, each.ended,
        )
        for each in survey.streams[:MOST_LISTED]
    ]  # fmt: skip
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        console.print(Text("  ".join([*cells, row[-1]])), soft_wrap=True)
    more = len(survey.streams) - MOST_LISTED
    if more > 0:
        console.print(Text(f"and {more:,} more; --stream takes any of them"), soft_wrap=True)
    if survey.beyond:
        console.print(Text(f"and {survey.beyond:,} frames of connections after these"), soft_wrap=True)
    if survey.cut is not None:
        console.print(Text(f"the file breaks off at octet {survey.cut.offset}"), soft_wrap=True)


@contextmanager
def _bar(word: str) -> Iterator[Progress | None]:
    """Show how far a capture is read on standard error, if a person sits there and it takes long."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Bar(*columns, console=console, transient=True)
    task = bar.add_task(f"reading {shown_name(word)}", total=None)
    begun = time.monotonic()

    def tell(done: int, size: int) -> None:
        if time.monotonic() - begun >= PATIENCE:
            bar.start()
            bar.update(task, completed=done, total=size or None)

    try:
        yield tell
    finally:
        bar.stop()
