"""The committed figures are what the code draws today, byte for byte."""

from __future__ import annotations

import re
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tcpsim.cli.figures import make

FIGURES = Path(__file__).parent.parent / "figures"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every figure drawn anew."""
    folder = tmp_path_factory.mktemp("figures")
    assert list(make(folder))
    return folder


def test_matplotlib_is_the_one_that_draws_the_committed_figures() -> None:
    pins = [Requirement(line) for line in requires("tcpsim") or []]
    pinned = next(pin for pin in pins if pin.name == "matplotlib" and pin.marker is not None)
    assert str(pinned.specifier) == f"=={version('matplotlib')}", "pip install -e '.[dev]'"


def test_every_figure_is_current(fresh: Path) -> None:
    drawn = {path.name: path.read_bytes() for path in fresh.iterdir()}
    committed = {path.name: path.read_bytes() for path in FIGURES.glob("*.svg")}
    assert sorted(drawn) == sorted(committed)
    stale = [name for name in drawn if drawn[name] != committed[name]]
    assert stale == [], "`make figures` draws them again"


def test_readme_shows_only_what_is_made() -> None:
    readme = (FIGURES.parent / "README.md").read_text("utf-8")
    shown = set(re.findall(r"\(figures/([^)\s]+)\)", readme))
    assert len(shown) >= 4
    assert shown <= {path.name for path in FIGURES.glob("*.svg")}
