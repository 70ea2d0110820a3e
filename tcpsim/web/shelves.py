"""The scenarios that may be chosen: those that come along, and those of one's own folders.

Rule 1. A name that was asked for is looked up in a table of what there is. It is never made part of a path.
Rule 2. A file that leads out of its folder, by whatever links, is not in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from ..scenario.document import read_text
from ..scenario.library import GROUPS, library
from ..trace.naming import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SUFFIXES: Final = (".yaml", ".yml")
MOST_FILES: Final = 2_000
"""Scenarios of each folder; more are left out."""
MOST_SEEN: Final = 100_000
"""Files and folders that are looked at for them; what comes later is left out."""


@dataclass(frozen=True, slots=True)
class Book:
    """A scenario that can be chosen: the name that asks for it, how it is told, and its file."""

    name: str
    title: str
    group: str
    path: Path


class Shelves:
    """What can be chosen, looked up anew each time: files come and go while the server runs."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self._folders = [folder.resolve() for folder in folders]

    def books(self) -> list[Book]:
        """Return all scenarios: the library group by group, then one's own folders."""
        ours = [Book(each.name, each.title, GROUPS[each.group], each.path) for each in library()]
        return ours + [book for number, folder in enumerate(self._folders) for book in _of_folder(number, folder)]

    def text(self, name: str) -> tuple[str, str]:
        """Return the text of a scenario, and its file's name; KeyError for a name that is not in the table.

        Raises ScenarioError for a file that can't be read.
        """
        book = {book.name: book for book in self.books()}[name]
        return read_text(book.path), book.path.name


def _of_folder(number: int, folder: Path) -> Iterator[Book]:
    seen = islice(folder.rglob("*"), MOST_SEEN)
    paths = islice((path for path in seen if path.suffix in _SUFFIXES), MOST_FILES)
    for path in sorted(paths):
        if path.is_file() and path.resolve().is_relative_to(folder):
            within = path.relative_to(folder).as_posix()
            yield Book(f"{number}:{within}", printable(within), printable(str(folder)), path.resolve())
