"""Deliberate bugs in the explorer itself: each changes figures that are known, so that no such bug can come unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.explore import canonical, sides, world
from tcpsim.explore.engine import Limits, Search
from tcpsim.explore.world import Exploration, Instant
from tcpsim.tcp.tcb import key_names
from tests.explore.naive import explored
from tests.explore.tla import LISTENING, Tla
from tests.explore.worlds import SMALL

if TYPE_CHECKING:
    from tcpsim.explore.sides import Side, Table

Bug = Callable[[pytest.MonkeyPatch], None]


def the_multiset_is_not_sorted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(world, "sorted", tuple, raising=False)


def numbers_of_the_client_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = canonical.end_value
    left_out = [index for index, name in enumerate(key_names()) if name in canonical._OURS | canonical._PEERS]

    def wrong(endpoint: Any, now: int, *, relative: bool) -> Any:
        kind, variables, rest = right(endpoint, now, relative=relative)
        if endpoint.iss == 100:
            variables = tuple(None if index in left_out else value for index, value in enumerate(variables))
        return kind, variables, rest

    patch.setattr(sides, "end_value", wrong)


def time_is_absolute(patch: pytest.MonkeyPatch) -> None:
    right = canonical.end_value
    patch.setattr(sides, "end_value", lambda end, now, *, relative: (now, right(end, now, relative=relative)))


def what_is_under_way_is_not_in_the_digest(patch: pytest.MonkeyPatch) -> None:
    right = Exploration.digest
    patch.setattr(Exploration, "digest", lambda self, state: right(self, state._replace(to_one=state.to_one[:1])))


def spurious_timeouts_are_free(patch: pytest.MonkeyPatch) -> None:
    right = Exploration._timeouts

    def wrong(self: Exploration, state: Instant, budget: int, steps: list[Any]) -> None:
        self.quiet = False
        right(self, state, budget, steps)

    patch.setattr(Exploration, "_timeouts", wrong)


def two_msl_do_not_wait(patch: pytest.MonkeyPatch) -> None:
    right = sides.Table._enter

    def wrong(self: Table, side: Side) -> int:
        ident = right(self, side)
        self.sides[ident].waits_2msl = False
        return ident

    patch.setattr(sides.Table, "_enter", wrong)


def a_state_is_expanded_twice(patch: pytest.MonkeyPatch) -> None:
    right = Search._enter

    def wrong(self: Search[Any], digest: bytes, depth: int, parent: int, code: int, state: Any) -> int:
        ident = right(self, digest, depth, parent, code, state)
        if ident == 7:
            self.frontier[depth].append((ident, state))
        return ident

    patch.setattr(Search, "_enter", wrong)


def states_with_fewer_faults_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = Search._begin_layer

    def wrong(self: Search[Any]) -> None:
        self.seen = {}
        right(self)

    patch.setattr(Search, "_begin_layer", wrong)


class _Unlayered:
    """A model in which faults cost nothing, but no more than so many happen on a way."""

    def __init__(self, model: Exploration, faults: int) -> None:
        self.model, self.faults = model, faults

    def initial(self) -> list[Any]:
        return [(state, 0) for state in self.model.initial()]

    def digest(self, state: Any) -> bytes:
        return self.model.digest(state[0])

    def successors(self, state: Any, _budget: int) -> list[Any]:
        here, spent = state
        steps = self.model.successors(here, self.faults - spent)
        return [(code, 0, (after, spent + price)) for code, price, after in steps]


def fewer_steps_are_preferred_to_fewer_faults(patch: pytest.MonkeyPatch) -> None:
    right = Search._begin

    def wrong(self: Search[Any]) -> None:
        self.model = _Unlayered(self.model, self.faults)  # type: ignore[arg-type]  # an Exploration
        right(self)

    patch.setattr(Search, "_begin", wrong)


BUGS: list[tuple[Bug, str]] = [
    (the_multiset_is_not_sorted, "any order"),
    (numbers_of_the_client_are_forgotten, "one octet"),
    (time_is_absolute, "handshake and close"),
    (what_is_under_way_is_not_in_the_digest, "handshake and close"),
    (spurious_timeouts_are_free, "handshake"),
    (two_msl_do_not_wait, "handshake and close"),
    (a_state_is_expanded_twice, "handshake"),
    (states_with_fewer_faults_are_forgotten, "handshake"),
    (fewer_steps_are_preferred_to_fewer_faults, "handshake, two faults"),
]


@pytest.mark.parametrize(("bug", "name"), BUGS, ids=[bug.__name__ for bug, _ in BUGS])
def test_the_comparison_catches_this_bug(bug: Bug, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small = SMALL[name]
    expected = explored(small.naive(), small.faults)
    right = Search(small.world(), faults=small.faults).run().tally
    bug(monkeypatch)
    wrong = Search(small.world(), faults=small.faults, limits=Limits(states=5_000)).run().tally

    assert (right.states, right.transitions) == (expected.states, expected.transitions)
    assert (wrong.states, wrong.transitions) != (expected.states, expected.transitions)


def test_the_published_figures_catch_a_state_that_is_expanded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    a_state_is_expanded_twice(monkeypatch)

    tally = Search(Tla(LISTENING)).run().tally

    assert tally.beginnings + tally.transitions > 6_322


def test_the_published_figures_catch_a_digest_without_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Tla.digest
    monkeypatch.setattr(Tla, "digest", lambda self, pair: right(self, (pair[0]._replace(queue=()), pair[1])))

    assert Search(Tla(LISTENING)).run().tally.states < 1_182


def test_the_published_figures_catch_symmetry_that_is_taken_too_far(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Tla.digest
    monkeypatch.setattr(
        Tla, "digest", lambda self, pair: right(self, (min(pair), max(pair)._replace(queue=min(pair).queue)))
    )

    assert Search(Tla(LISTENING, symmetric=True)).run().tally.states != 598
