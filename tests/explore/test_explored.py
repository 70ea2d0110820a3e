"""The explored scenarios: each is a run that passes, and with one fault every property holds in all that can happen.

With two faults `make explore` explores them, in some minutes; what it counts stands in docs/explore.md.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner

from tcpsim import run
from tcpsim.cli import commands, counting
from tcpsim.explore.engine import Limits
from tcpsim.explore.plans import exploration
from tcpsim.explore.shelf import explorations, find, hazards
from tcpsim.properties import PROPERTIES
from tcpsim.scenario import load
from tcpsim.tcp.diagram import EDGES, Event

if TYPE_CHECKING:
    from tcpsim.explore.checking import Report

PAGE: Final = Path(__file__).parents[2] / "docs" / "explore.md"
EXPLORED: Final = explorations()
HAZARDS: Final = {
    "ack-storm": ("deliveries-end", 0),
    "numbers-used-again": ("delivered-is-a-prefix", 2),
    "rfc793-syn": ("ack-in-range", 0),
    "time-wait-cut-short": ("delivered-is-a-prefix", 2),
}
"""What is broken in each hazard, and with how few faults."""
NOT_REACHED: Final = {
    "CLOSING --[R2 reached]--> CLOSED", "LAST-ACK --[R2 reached]--> CLOSED",
    *(str(edge) for edge in EDGES if edge.event is Event.RCV_SYN_IN_WINDOW),
}  # fmt: skip
"""Edges that no explored scenario walks with one fault. Nobody gives up before R1 attempts, three at least, so that the
first two take four losses; the others are RFC 793's, and RFC 5961 holds in all of them but the hazard `rfc793-syn`."""


@cache
def explored(name: str) -> Report:
    return exploration(EXPLORED[name]).checker(faults=1, limits=Limits(states=200_000)).run()


def test_there_are_enough_of_them() -> None:
    assert len(EXPLORED) >= 12
    assert set(hazards()) == set(HAZARDS)


@pytest.mark.parametrize("name", [*EXPLORED, *HAZARDS])
def test_without_faults_it_is_a_run_that_passes(name: str) -> None:
    scenario = load(find(name))
    assert scenario.question.endswith("?")
    assert scenario.shows
    assert scenario.source
    assert [str(outcome) for outcome in run(find(name)).failures] == []


@pytest.mark.parametrize("name", EXPLORED)
def test_every_property_holds_with_one_fault(name: str) -> None:
    found = explored(name)
    assert [each.violation and each.violation.what for each in found.violated] == []
    assert not found.stopped


@pytest.mark.parametrize("name", EXPLORED)
def test_the_page_counts_what_is_explored(name: str) -> None:
    assert exploration(EXPLORED[name]).faults == 2
    (row,) = re.findall(rf"^\| \[`{name}`\].*?\| ([\d,]+) \| ([\d,]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    none, one = explored(name).tally.layers
    assert row == (f"{none:,}", f"{none + one:,}"), "`make explore` counts again"


def test_every_property_is_asked_by_some_scenario() -> None:
    asked = {verdict.subject.name for name in EXPLORED for verdict in explored(name).verdicts if verdict.asked}
    assert sorted(set(PROPERTIES) - asked) == []


def test_every_edge_is_walked_by_some_scenario_or_has_its_reason() -> None:
    walked = {edge for name in EXPLORED for edge in explored(name).edges}
    assert {str(edge) for edge in set(EDGES) - walked} == NOT_REACHED


@pytest.mark.parametrize("name", HAZARDS)
def test_a_hazard_breaks_its_property_with_just_so_many_faults(name: str) -> None:
    wanted, faults = HAZARDS[name]
    plan = exploration(find(name), properties=[wanted])
    (verdict,) = plan.checker(faults=faults, first=True).run().violated
    assert verdict.violation is not None
    assert verdict.violation.faults == faults
    if faults:
        assert plan.checker(faults=faults - 1).run().violated == []


# ---------------------------------------------------------------------- the table


def told(faults: int = 2) -> dict[str, object]:
    return {
        "scenario": "x", "faults": faults, "states_by_faults": [1, 10, 1000], "transitions": 5000, "depth": 7,
        "edges": ["a -> b: c"], "properties": [{"verdict": "holds"}, {"verdict": "vacuous"}],
    }  # fmt: skip


def test_the_table_counts_states_within_each_bound(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- explored -->\nold\n<!-- end -->\nafter\n", "utf-8")
    counting.write_counts(page, [told(), told()])
    lines = page.read_text("utf-8").splitlines()
    assert lines[:2] == ["before", "<!-- explored -->"]
    assert lines[4] == "| [`x`](../scenarios/explored/x.yaml) | 1 | 11 | 1,011 | 5,000 | 7 | 1 | 1 | 1 |"
    assert lines[6] == "| all | 2 | 22 | 2,022 | 10,000 |  | 1 |  |  |"
    assert lines[7:] == ["<!-- end -->", "after"]


def test_the_table_is_of_two_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.explore.shelf.explorations", lambda: {"old-data": EXPLORED["old-data"]})
    page = tmp_path / "page.md"
    page.write_text("<!-- explored -->\n<!-- end -->\n", "utf-8")
    ran = CliRunner().invoke(commands.tcpsim, ["explore", "--all", "--faults", "0", "-o", str(page), "--json"])
    assert ran.exit_code == 2
    assert ran.stderr.endswith(
        "page.md: its table tells of at most 2 faults, and what was explored is something else\n"
    )
    ran = CliRunner().invoke(commands.tcpsim, ["explore", "--all", "-o", str(page), "--json"])
    assert ran.exit_code == 0
    (found,) = json.loads(ran.stdout)
    assert page.read_text("utf-8") == f"<!-- explored -->\n{counting.counts([found])}<!-- end -->\n"
