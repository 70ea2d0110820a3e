"""The scenarios that come along, found by name: `handshake`.

They lie in the package where it is installed from a wheel, and beside it in a repository, in a folder for
each group of questions; a name stands once in all of them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from .loading import Scenario, load_file
from .problems import Place, Problem, ScenarioError, nearest_word, shown

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_SHELVES: Final = (_PACKAGE / "library", _PACKAGE.parent / "scenarios")
_SUFFIXES: Final = (".yaml", ".yml")
_FIRST_GROUP: Final = "opening"
"""The group of the scenarios that lie in no folder of their own."""
GROUPS: Final = {
    _FIRST_GROUP: "Opening",
    "half-open": "Half-open, reset, attack",
    "closing": "Closing",
    "data": "Data and timers",
    "beside-tcp": "Beside TCP",
}
"""The groups in the order in which they are told, with their headings."""
_KEY: Final = r"^{}:[ ]*(?P<quote>['\"]?)(?P<text>.*?)(?P=quote)[ ]*(?:#.*)?$"
_TITLE: Final = re.compile(_KEY.format("title"), re.MULTILINE)
_QUESTION: Final = re.compile(_KEY.format("question"), re.MULTILINE)


class Entry(NamedTuple):
    """A scenario of the library, as far as it is known before its file is read whole."""

    name: str
    title: str
    question: str
    group: str
    path: Path


def shelf() -> Path | None:
    """Return the folder in which the scenarios lie; None where none came along."""
    return next((folder for folder in _SHELVES if folder.is_dir()), None)


def group_of(path: Path) -> str:
    """Return the group of a scenario's file; "" for one that is not of the library."""
    folder = shelf()
    place = path.resolve()
    if folder is None or not place.is_relative_to(folder):
        return ""
    within = place.relative_to(folder).parts
    return within[0] if len(within) > 1 else _FIRST_GROUP


def _files() -> dict[str, Path]:
    folder = shelf()
    if folder is None:
        return {}
    places = (folder, *(folder / group for group in GROUPS if (folder / group).is_dir()))
    files = [path for place in places for path in place.iterdir() if path.suffix in _SUFFIXES and path.is_file()]
    return {path.stem: path for path in sorted(files, key=lambda path: path.stem)}


def library() -> list[Entry]:
    """Return what there is, group by group, in each by name."""
    order = list(GROUPS)
    entries = [_entry(name, path) for name, path in _files().items()]
    return sorted(entries, key=lambda entry: (order.index(entry.group), entry.name))


def _entry(name: str, path: Path) -> Entry:
    text = path.read_text("utf-8", "replace")
    title, question = (pattern.search(text) for pattern in (_TITLE, _QUESTION))
    group = path.parent.name if path.parent.name in GROUPS else _FIRST_GROUP
    return Entry(name, title["text"] if title else name, question["text"] if question else "", group, path)


def find(name_or_path: str | Path) -> Path:
    """Return the file of a scenario: a path as it is, or a name from the library.

    Raises ScenarioError for a word that is neither a file nor a name; a path that leads nowhere is
    returned, and whoever reads it says so.
    """
    path = Path(name_or_path)
    word = str(name_or_path)
    try:
        is_there = path.exists() or path.is_symlink()  # a link that leads nowhere: whoever reads it says so
    except (OSError, ValueError):  # a name that no file can have
        is_there = False
    if is_there and not (path.is_dir() and word in _files()):
        return path
    files = _files()
    if word in files:
        return seen_from_here(files[word])
    if path.suffix in _SUFFIXES or len(path.parts) > 1 or not word.strip():
        return path
    expected = "the name of a scenario in the library, or the path of a file"
    raise ScenarioError([Problem(Place(word), "there is no such scenario", expected, nearest_word(word, files))])


def seen_from_here(path: Path) -> Path:
    """Return a path below the current directory without it: every message about the file is as short as can be."""
    try:
        return path.relative_to(Path.cwd())
    except (OSError, ValueError):  # the directory is gone; the file lies elsewhere
        return path


def load(name_or_path: str | Path) -> Scenario:
    """Return a scenario by its name in the library or the path of its file.

    Raises ScenarioError if there is none, TypeError for what can be neither.
    """
    if not isinstance(name_or_path, (str, Path)):
        raise TypeError(f"expected the name of a scenario or the path of its file, not {shown(name_or_path)}")
    return load_file(find(name_or_path))
