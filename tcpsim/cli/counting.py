"""The tables of what was explored: the counts of `tcpsim explore --all`, and the seeded bugs that `--mutants` caught.

Rule 1. Counts are the same on every machine: nothing in the table depends on a time, and whoever explores again with
        the same bound gets the same lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .group import Wrong
from .pages import table
from .screen import writing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..explore.catching import Caught

COUNTS: Final = re.compile(r"(?<=<!-- explored -->\n).*?(?=<!-- end -->)", re.DOTALL)
CAUGHT: Final = re.compile(r"(?<=<!-- seeded -->\n).*?(?=<!-- end -->)", re.DOTALL)
BOUND: Final = 2
"""The number of faults that the table tells of."""
HEAD: Final = [
    "scenario", "states, k = 0", "k <= 1", "k <= 2", "transitions", "most steps", "edges", "hold", "never asked",
]  # fmt: skip

HEAD_CAUGHT: Final = ["mutant", "the bug", "caught by", "scenario", "k", "steps", "states"]


def counts(explored: Iterable[dict[str, Any]]) -> str:
    """Return the table of some explorations, as `tcpsim explore --json` tells of each, and their sum."""
    rows, sums = [], [0, 0, 0, 0]
    edges: set[str] = set()
    for each in explored:
        states = within(each["states_by_faults"])
        said = [verdict["verdict"] for verdict in each["properties"]]
        sums = [a + b for a, b in zip(sums, (*states, each["transitions"]), strict=True)]
        edges.update(each["edges"])
        rows.append([
            f"[`{each['scenario']}`](../scenarios/explored/{each['scenario']}.yaml)",
            *(f"{count:,}" for count in (*states, each["transitions"], each["depth"], len(each["edges"]))),
            str(said.count("holds")), str(said.count("vacuous")),
        ])  # fmt: skip
    rows.append(["all", *(f"{count:,}" for count in sums), "", str(len(edges)), "", ""])
    return table(HEAD, rows)


def within(layers: list[int]) -> tuple[int, int, int]:
    """Return how many states are reached with no fault, at most one, at most two, of those that need 0, 1, 2."""
    none, one, two = layers
    return none, none + one, none + one + two


def write_counts(page: Path, explored: Iterable[dict[str, Any]]) -> None:
    """Make the table of a page anew; Wrong for a page that can't be read or written, and for another bound than 2."""
    told = list(explored)
    if any(each["faults"] != BOUND for each in told):
        raise Wrong(f"{page}: its table tells of at most {BOUND} faults, and what was explored is something else")
    with writing(page):
        text = page.read_text("utf-8")
        page.write_text(COUNTS.sub(lambda _: counts(told), text), "utf-8", newline="\n")


# ---------------------------------------------------------------------- seeded bugs


def caught(found: Iterable[Caught]) -> str:
    """Return the table of the seeded bugs: what caught each, and how soon."""
    rows = [
        [
            f"`{each.mutant}`", each.bug, f"{each.property} `{each.name}`", f"`{each.scenario}`", str(each.faults),
            str(each.steps), f"{each.states:,}",
        ] if each.property else [f"`{each.mutant}`", each.bug, "nothing", "", "", "", f"{each.states:,}"]
        for each in found
    ]  # fmt: skip
    return table(HEAD_CAUGHT, rows)


def write_caught(page: Path, found: Iterable[Caught]) -> None:
    """Make the table of seeded bugs of a page anew; Wrong for a page that can't be read or written."""
    with writing(page):
        text = page.read_text("utf-8")
        page.write_text(CAUGHT.sub(lambda _: caught(found), text), "utf-8", newline="\n")
