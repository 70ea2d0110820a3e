"""The library and our packetdrill scripts leave nothing out: no edge of the diagram, no rule of the catalogue, and no
requirement that a run can show.

Rule 1. Every edge is taken by a scenario of the library or by a script of `tests/packetdrill/`.
Rule 2. Every rule gives a reason there, or in a scenario of `seldom/`: what no user asks about.
Rule 3. Only what passes counts, without a mutant; what is missing is named with the paragraph that it is from.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tcpsim import run
from tcpsim.packetdrill import Ways, run_text
from tcpsim.scenario import library
from tcpsim.trace.coverage import Coverage, Item

TESTS = Path(__file__).parent.parent
SELDOM = sorted((Path(__file__).parent / "seldom").glob("*.yaml"))
_PROFILES = re.compile(r"^// profiles: ([a-z0-9 ]+)$", re.MULTILINE)


def add_library(found: Coverage) -> None:
    for entry in library():
        done = run(entry.name)
        if done.passed:
            found.add(done.trace, entry.name)


def add_scripts(found: Coverage) -> None:
    for path in sorted((TESTS / "packetdrill").rglob("*.pkt")):
        text = path.read_text("utf-8")
        profiles = _PROFILES.search(text)
        for profile in profiles[1].split() if profiles else []:
            result, trace = run_text(text, path.name, Ways(profile, tolerance=0), trace=True)
            if result.passed and trace is not None:
                found.add(trace, path.stem)


@cache
def exercised() -> Coverage:
    found = Coverage()
    add_library(found)
    add_scripts(found)
    return found


def told(items: tuple[Item, ...]) -> str:
    """A line for each: a string, so that pytest shows all of it."""
    return "\n".join(f"{item.name} ({item.cite}): {item.says}" for item in items)


@pytest.mark.parametrize("path", SELDOM, ids=lambda path: path.stem)
def test_what_is_seldom_keeps_its_promises(path: Path) -> None:
    assert [str(failure) for failure in run(path).failures] == []


def test_every_edge_is_taken() -> None:
    assert told(exercised().missing("edges")) == ""


def test_every_rule_gives_a_reason() -> None:
    missing = {item.name: item for item in exercised().missing("rules")}
    seldom = Coverage()
    for path in SELDOM:
        seldom.add(run(path).trace, path.stem)
    still = {item.name for item in seldom.missing("rules")}
    assert told(tuple(item for name, item in missing.items() if name in still)) == ""


def test_every_requirement_that_a_run_can_show_is_shown() -> None:
    assert told(exercised().missing("requirements")) == ""
