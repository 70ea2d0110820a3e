"""The scenarios that are made for exploring, by name: they lie in a folder of their own among the library's.

What holds in all of them is the measure of the endpoint. Beside them lie hazards: truths about TCP, in which a property
is broken as it has to be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..scenario.library import find as find_in_library
from ..scenario.library import seen_from_here, shelf

FOLDER: Final = "explored"
HAZARDS: Final = "hazards"


def explorations() -> dict[str, Path]:
    """Return the files of all scenarios in which every property holds, by name."""
    return _in(FOLDER)


def hazards() -> dict[str, Path]:
    """Return the files of those that show how a property is broken, by name."""
    return _in(FOLDER, HAZARDS)


def _in(*folders: str) -> dict[str, Path]:
    shelf_ = shelf()
    folder = None if shelf_ is None else shelf_.joinpath(*folders)
    if folder is None or not folder.is_dir():
        return {}
    return {path.stem: seen_from_here(path) for path in sorted(folder.glob("*.yaml"))}


def find(word: str) -> Path:
    """Return the file of a scenario: a path as it is, a name from here, or one from the library.

    Raises ScenarioError for a word that is none of these.
    """
    path = Path(word)
    known = explorations() | hazards()
    if word in known and not path.is_file():
        return known[word]
    return find_in_library(word)
