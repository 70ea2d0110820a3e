"""The engine's self-test: the published figures of the TLA+ model, to the last state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.explore.engine import Search
from tests.explore.tla import CROSSED, LISTENING, Tla

if TYPE_CHECKING:
    from tests.explore.tla import Pair


@pytest.mark.parametrize(
    ("symmetric", "distinct", "generated"), [(False, 1_182, 6_322), (True, 598, 3_196)], ids=["named", "symmetric"]
)
def test_the_published_figures_are_exact(symmetric: bool, distinct: int, generated: int) -> None:
    tally = Search(Tla(LISTENING, symmetric=symmetric)).run().tally

    assert tally.states == distinct
    assert tally.beginnings + tally.transitions == generated
    assert tally.depth + 1 == 14  # TLC counts the states of the longest path, not its steps


def test_without_anything_under_way_one_is_established_exactly_if_the_other_is() -> None:
    wrong: list[Pair] = []

    def look(_ident: int, state: Pair) -> None:
        one, other = state
        if not one.queue and not other.queue and (one.state == "ESTABLISHED") != (other.state == "ESTABLISHED"):
            wrong.append(state)

    Search(Tla(LISTENING), watch=look).run()

    assert not wrong


def test_in_that_model_a_simultaneous_open_never_succeeds() -> None:
    model = Tla(CROSSED)
    found: set[Pair] = set()

    search = Search(model, watch=lambda _, state: found.add(state)).run()

    assert search.tally.states == len(found) == 220
    assert len(found | model.outside) == 312  # with those that the bound on the queues shuts out
    assert not [pair for pair in found | model.outside if pair[0].state == pair[1].state == "ESTABLISHED"]
