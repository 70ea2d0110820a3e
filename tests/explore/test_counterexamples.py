"""The seeded bugs and their counterexamples: each file passes, and with its mutant breaks its property and no other.

Law 1. The files are written by `tcpsim explore --mutants -o tests/explore/counterexamples`, and by nobody else; the
       table of docs/explore.md is made by the same run.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner

from tcpsim import run
from tcpsim.cli import commands, counting
from tcpsim.explore import catching
from tcpsim.explore.catching import MOST_STEPS, Caught, catch
from tcpsim.explore.engine import Limits
from tcpsim.explore.shelf import explorations
from tcpsim.properties import PROPERTIES, named
from tcpsim.scenario import load
from tcpsim.tcp.mutants import seeded as catalogue
from tcpsim.tcp.mutants.seeded import SEEDED, Seeded

if TYPE_CHECKING:
    from tcpsim.scenario import Scenario

FILES: Final = Path(__file__).parent / "counterexamples"
PAGE: Final = Path(__file__).parents[2] / "docs" / "explore.md"
ENDLESS: Final = ("rst-answered-by-rst", "ack-answered-by-ack")
"""Bugs by which segments go on and on: their runs can't end as they would without."""
EACH = pytest.mark.parametrize("seeded", SEEDED, ids=lambda seeded: seeded.mutant)


@cache
def file(mutant: str) -> Scenario:
    return load(FILES / f"{mutant}.yaml")


def steps(mutant: str) -> list[str]:
    """The steps of which the file's head tells."""
    return re.findall(r"^# {2,5}\d+  (.*)$", file(mutant).text, re.MULTILINE)


# ---------------------------------------------------------------------- the files


def test_every_seeded_bug_has_its_file() -> None:
    assert sorted(path.name for path in FILES.iterdir()) == sorted(f"{each.mutant}.yaml" for each in SEEDED)


@EACH
def test_it_passes_without_its_mutant(seeded: Seeded) -> None:
    assert [str(outcome) for outcome in run(file(seeded.mutant)).failures] == []


@EACH
def test_with_its_mutant_it_breaks_its_property(seeded: Seeded) -> None:
    scenario = file(seeded.mutant)
    assert scenario.explore is not None
    (asked,) = scenario.explore.asked
    assert asked.subject is named(seeded.property), "what is caught first stands in seeded.py"
    assert scenario.mutant is not None
    assert scenario.mutant.name == seeded.mutant
    failures = [str(outcome) for outcome in run(scenario, mutant=seeded.mutant).failures]
    if seeded.mutant in ENDLESS:
        failures = [each for each in failures if "expected the run to end by being idle" not in each]
    assert len(failures) == 1
    assert asked.subject.name in failures[0]


@EACH
def test_it_is_short_and_tells_its_steps(seeded: Seeded) -> None:
    told = steps(seeded.mutant)
    assert 0 < len(told) <= MOST_STEPS
    head = " ".join(file(seeded.mutant).text.replace("#", "").split())
    assert f"With the mutant {seeded.mutant} it is not so, as " in head


# ---------------------------------------------------------------------- the table


def test_the_table_tells_of_every_seeded_bug_what_its_file_tells() -> None:
    table = counting.CAUGHT.search(PAGE.read_text("utf-8"))
    assert table is not None
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[0].splitlines()[2:]]
    assert [row[0] for row in rows] == [f"`{each.mutant}`" for each in SEEDED]
    for each, (_, bug, by, scenario, faults, count, states) in zip(SEEDED, rows, strict=True):
        told = steps(each.mutant)
        assert bug == each.bug
        assert by == f"{each.property} `{named(each.property).name}`"
        assert scenario.strip("`") in explorations()
        assert (int(faults), int(count)) == (sum("<- a fault" in step for step in told), len(told))
        assert int(states.replace(",", "")) > 0


def test_most_kinds_of_property_catch_something() -> None:
    assert len({each.property for each in SEEDED}) >= 20
    assert {PROPERTIES[named(each.property).name].kind.name for each in SEEDED} == {
        "INVARIANT", "STEP", "LEADS_TO", "SETTLES"
    }  # fmt: skip


# ---------------------------------------------------------------------- catching


@pytest.fixture
def shelf(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few scenarios on the shelf; by default one."""
    names = getattr(request, "param", ["old-opening"])
    known = {name: explorations()[name] for name in names}
    monkeypatch.setattr(catching, "explorations", lambda: known)


def caught(mutant: str, faults: int) -> Caught:
    (seeded,) = [each for each in SEEDED if each.mutant == mutant]
    return catch(seeded, faults, Limits())


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("shelf", [["server-closes"]], indirect=True)
def test_a_bug_is_caught_with_the_fewest_faults_and_again_the_same() -> None:
    assert caught("text-after-fin", 0).property == ""
    found = caught("text-after-fin", 1)
    assert (found.property, found.faults, found.scenario) == ("A9", 1, "server-closes")
    assert found.text.startswith("# A counterexample to fin-taken-once (A9), found by exploring server-closes:\n")
    assert caught("text-after-fin", 1) == found, "nothing depends on what was remembered"


@pytest.mark.usefixtures("shelf")
def test_what_is_not_caught_is_said_and_a_mutant_of_hosts_is_not_explored() -> None:
    assert caught("silent-in-closing", 0).property == ""
    found = catch(Seeded("no-quiet-time", "I12", "a host that speaks at once"), 0, Limits())
    assert (found.property, found.states) == ("", 0)


@pytest.mark.usefixtures("shelf")
def test_a_way_of_more_than_twenty_steps_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert caught("no-ack-check-in-syn-sent", 0).steps == 3
    monkeypatch.setattr(catching, "MOST_STEPS", 2)
    assert caught("no-ack-check-in-syn-sent", 0).property == ""


# ---------------------------------------------------------------------- the command


@pytest.mark.usefixtures("shelf")
def test_the_command_writes_files_and_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = tuple(each for each in SEEDED if each.mutant in ("two-way-handshake", "silent-in-closing"))
    monkeypatch.setattr(catalogue, "SEEDED", few)
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- seeded -->\n<!-- end -->\nafter\n", "utf-8")
    words = ["explore", "--mutants", "--faults", "0", "-j", "1", "-o", str(tmp_path / "found"), "--page", str(page)]
    ran = CliRunner().invoke(commands.tcpsim, words)
    assert ran.exit_code == 1, "one is not caught without a fault"
    assert re.search(r"^silent-in-closing +not caught$", ran.stdout, re.MULTILINE)
    assert re.search(
        r"^two-way-handshake +0 +2 +\d+  I12  old-duplicates-add-nothing, old-opening$", ran.stdout, re.MULTILINE
    )
    assert ran.stdout.endswith("1 of 2 seeded bugs are caught with at most 0 faults\n")
    assert [path.name for path in (tmp_path / "found").iterdir()] == ["two-way-handshake.yaml"]
    lines = page.read_text("utf-8").splitlines()
    assert lines[:2] + lines[-2:] == ["before", "<!-- seeded -->", "<!-- end -->", "after"]
    assert lines[4].startswith("| `silent-in-closing` | CLOSING never sends its FIN (smoltcp 398) | nothing |")
    assert lines[5].startswith("| `two-way-handshake` | two-way handshake | I12 `old-duplicates-add-nothing` |")


def test_a_page_goes_with_mutants_only() -> None:
    ran = CliRunner().invoke(commands.tcpsim, ["explore", "handshake", "--page", "x.md"])
    assert ran.exit_code == 2
    assert "--page goes with --mutants" in ran.stderr
