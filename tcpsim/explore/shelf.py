"""The scenarios that are made for exploring, by name: they lie in a folder of their own among the library's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..scenario.library import find as find_in_library
from ..scenario.library import seen_from_here, shelf

FOLDER: Final = "explored"


def explorations() -> dict[str, Path]:
    """Return the files of all scenarios that are made for exploring, by name."""
    shelf_ = shelf()
    folder = None if shelf_ is None else shelf_ / FOLDER
    if folder is None or not folder.is_dir():
        return {}
    return {path.stem: seen_from_here(path) for path in sorted(folder.glob("*.yaml"))}


def find(word: str) -> Path:
    """Return the file of a scenario: a path as it is, a name from here, or one from the library.

    Raises ScenarioError for a word that is none of these.
    """
    path = Path(word)
    known = explorations()
    if word in known and not path.is_file():
        return known[word]
    return find_in_library(word)
