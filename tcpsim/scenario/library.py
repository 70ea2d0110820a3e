"""The scenarios that come along, found by name: `handshake`.

They lie in the package where it is installed from a wheel, and beside it in a repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from .loading import Scenario, load_file
from .problems import Place, Problem, ScenarioError, nearest_word, shown

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_SHELVES: Final = (_PACKAGE / "library", _PACKAGE.parent / "scenarios")
_SUFFIXES: Final = (".yaml", ".yml")
_TITLE: Final = re.compile(r"^title:[ ]*(?P<quote>['\"]?)(?P<title>.*?)(?P=quote)[ ]*(?:#.*)?$", re.MULTILINE)


def shelf() -> Path | None:
    """Return the folder in which the scenarios lie; None where none came along."""
    return next((folder for folder in _SHELVES if folder.is_dir()), None)


def _files() -> dict[str, Path]:
    folder = shelf()
    if folder is None:
        return {}
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in _SUFFIXES and path.is_file()}


def library() -> list[tuple[str, str, Path]]:
    """Return (name, title, path) of each scenario that came along, by name."""
    return [(name, _title(path), path) for name, path in _files().items()]


def _title(path: Path) -> str:
    match = _TITLE.search(path.read_text("utf-8", "replace"))
    return match["title"] if match else path.stem


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
        return files[word]
    if path.suffix in _SUFFIXES or len(path.parts) > 1 or not word.strip():
        return path
    expected = "the name of a scenario in the library, or the path of a file"
    raise ScenarioError([Problem(Place(word), "there is no such scenario", expected, nearest_word(word, files))])


def load(name_or_path: str | Path) -> Scenario:
    """Return a scenario by its name in the library or the path of its file.

    Raises ScenarioError if there is none, TypeError for what can be neither.
    """
    if not isinstance(name_or_path, (str, Path)):
        raise TypeError(f"expected the name of a scenario or the path of its file, not {shown(name_or_path)}")
    return load_file(find(name_or_path))
