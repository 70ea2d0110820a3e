"""The explorer finds what a naive one finds: as many states and transitions, and the same pairs of states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.explore.engine import Search
from tests.explore.naive import explored
from tests.explore.worlds import SMALL, Small

if TYPE_CHECKING:
    from tcpsim.explore.world import Instant


@pytest.mark.parametrize("small", SMALL.values(), ids=SMALL)
def test_both_explorers_find_the_same(small: Small) -> None:
    expected = explored(small.naive(), small.faults)
    world, pairs = small.world(), set()

    def look(_ident: int, state: Instant) -> None:
        one, other = (table.sides[ident].state.name for table, ident in zip(world.tables, state[:2], strict=True))
        pairs.add((one, other))

    search = Search(world, faults=small.faults, watch=look).run()

    assert (search.tally.states, search.tally.transitions) == (expected.states, expected.transitions)
    assert pairs == expected.pairs
    assert not search.stopped
    assert not search.waiting()
