"""The search: the simplest way to each state, limits with names, Ctrl-C, and going on."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.explore import engine
from tcpsim.explore.engine import NOBODY, OUTSIDE, Limits, Search, Tally
from tests.explore.graphs import Graph
from tests.explore.worlds import SMALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.explore.world import Instant

WHOLE = Search(SMALL["one octet"].world(), faults=1).run().tally.states


def names(graph: Graph, **options: Any) -> tuple[Search[str], list[str]]:
    """Search, and return the states in the order of their numbers, too."""
    found: list[str] = []
    return Search(graph, watch=lambda _, state: found.append(state), **options).run(), found


def way(search: Search[str], found: list[str], state: str) -> tuple[int, str]:
    """The faults of a state, and the states on the way to it."""
    ident = found.index(state)
    faults, passed = search.prices[ident], ""
    while ident != NOBODY:
        passed, ident = found[ident] + passed, search.parents[ident]
    return faults, passed


def test_of_two_ways_the_shorter_is_kept() -> None:
    search, found = names(Graph({"a": [("b", 0), ("c", 0)], "b": [("d", 0)], "c": [("e", 0)], "d": [("e", 0)]}))

    assert way(search, found, "e") == (0, "ace")
    assert search.path(found.index("e")) == [1, 0]
    assert search.origin(found.index("e")) == 0


def test_fewer_faults_come_before_fewer_steps() -> None:
    search, found = names(Graph({"a": [("z", 1), ("b", 0)], "b": [("c", 0)], "c": [("z", 0)]}), faults=1)

    assert way(search, found, "z") == (0, "abcz")
    assert search.layers == [4, 0]


def test_among_ways_with_as_many_faults_the_shortest_is_kept_although_a_longer_one_was_known_first() -> None:
    # the fault from d leads to z at once; the one from a leads there by way of y, with fewer steps
    graph = Graph({"a": [("b", 0), ("y", 1)], "b": [("c", 0)], "c": [("d", 0)], "d": [("z", 1)], "y": [("z", 0)]})
    search, found = names(graph, faults=1)

    assert way(search, found, "z") == (1, "ayz")
    assert search.tally.depth == 3


def test_of_two_faults_to_one_state_the_one_with_fewer_steps_is_kept() -> None:
    graph = Graph({"a": [("b", 0), ("y", 1)], "b": [("c", 0)], "c": [("z", 2)], "y": [("z", 1)]})
    search, found = names(graph, faults=2)

    assert way(search, found, "z") == (2, "ayz")


def test_numbers_follow_faults_and_then_steps() -> None:
    small = SMALL["one octet"]
    search = Search(small.world(), faults=1).run()
    places = [(search.prices[ident], len(search.path(ident))) for ident in range(len(search.parents))]

    assert places == sorted(places)
    assert search.tally.depth == max(depth for _, depth in places)


def test_what_lies_outside_is_counted_and_not_entered() -> None:
    search, found = names(Graph({"a": [("b", 0), ("c", OUTSIDE)]}))
    allowed, all_found = names(_Open({"a": [("b", 0), ("c", OUTSIDE)]}))

    assert (found, search.tally.transitions) == (["a", "b"], 1)
    assert (all_found, allowed.tally.transitions) == (["a", "b"], 2)


class _Open(Graph):
    def successors(self, state: str, budget: int) -> list[tuple[int, int, str]]:
        return super().successors(state, OUTSIDE)


def test_every_path_leads_to_its_state() -> None:
    small = SMALL["handshake, two faults"]
    world, states = small.world(), []
    search = Search(world, faults=2, watch=lambda _, state: states.append(state)).run()

    for ident in range(0, len(states), 7):
        here, paid = world.initial()[0], 0
        for code in search.path(ident):
            price, here = next((price, after) for step, price, after in world.successors(here, 2) if step == code)
            paid += price
        assert world.digest(here) == world.digest(states[ident])
        assert paid == search.prices[ident]


# ------------------------------------------------------------------ limits


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(states=500), "limit of 500 states"),
        (Limits(seconds=0), "limit of 0 s"),
        (Limits(octets=1_000), "limit of 1e-06 GB"),
    ],
)
def test_a_limit_is_a_result_with_a_name(limits: Limits, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_LOOKS", 8)
    search = Search(SMALL["one octet"].world(), faults=1, limits=limits).run()

    assert search.stopped == name
    assert 0 < search.tally.states < WHOLE
    assert search.waiting()
    assert search.tally.waiting >= len(search.waiting())  # what a fault has led to has no number yet


def test_a_limit_of_steps_is_one_for_states_that_need_all_faults() -> None:
    graph = Graph({"a": [("b", 0), ("x", 1)], "b": [("c", 0)], "c": [("d", 0)], "x": [("y", 0)], "y": [("z", 0)]})
    search, found = names(graph, faults=1, limits=Limits(steps=2))

    assert found == ["a", "b", "c", "d", "x", "y"]
    assert search.stopped == "limit of 2 steps"


def test_a_search_that_just_ends_at_its_limit_is_complete() -> None:
    search = Search(SMALL["one octet"].world(), faults=1, limits=Limits(states=WHOLE)).run()

    assert search.stopped == ""
    assert search.tally.states == WHOLE


def test_who_watches_ends_it_by_saying_so() -> None:
    told = Search(SMALL["one octet"].world(), expanded=lambda ident, _state, _steps: ident == 3).run()

    assert told.stopped == "told to stop"
    assert sum(told.done) == 4


# ------------------------------------------------------------------ Ctrl-C, and going on


def pressing(at: set[int]) -> Callable[[int, Instant, Any], bool]:
    """Press Ctrl-C when these states have been expanded."""

    def expanded(ident: int, _state: Instant, _steps: Any) -> bool:
        if ident in at:
            signal.raise_signal(signal.SIGINT)
        return False

    return expanded


def everything(search: Search[Any]) -> list[object]:
    """All that a search has found."""
    tally = search.tally
    arrays = [bytes(each) for each in (search.parents, search.steps, search.prices, search.done)]
    edges = [bytes(each) for each in (search.sources, search.targets, search.codes)]
    return [tally.states, tally.transitions, tally.depth, tally.faults, list(search.seen), *arrays, *edges]


def test_ctrl_c_keeps_what_is_known_and_the_search_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Search(SMALL["one octet"].world(), faults=1).run()
    monkeypatch.setattr(engine, "_LOOKS", 8)
    search = Search(SMALL["one octet"].world(), faults=1, expanded=pressing({100, 900})).run()

    assert search.stopped == "interrupted"
    assert 100 < sum(search.done) < 120
    assert search.run().stopped == "interrupted"
    assert search.run().stopped == ""
    assert everything(search) == everything(whole)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_going_on_after_each_limit_leads_to_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Search(SMALL["one octet"].world(), faults=1).run()
    monkeypatch.setattr(engine, "_LOOKS", 64)
    search = Search(SMALL["one octet"].world(), faults=1, limits=Limits(seconds=0)).run()
    stops = 1
    while search.stopped:
        search.run()
        stops += 1

    assert stops > 10
    assert everything(search) == everything(whole)


def test_the_second_ctrl_c_breaks_it_off_and_it_can_not_go_on() -> None:
    search = Search(SMALL["one octet"].world(), faults=1, expanded=pressing({5, 6})).run()

    assert (search.stopped, search.torn) == ("interrupted", True)
    assert search.path(6)
    with pytest.raises(RuntimeError, match="broken off in the midst of a step"):
        search.run()


def test_a_search_in_a_thread_leaves_signals_alone() -> None:
    found: list[Tally] = []
    search = Search(SMALL["handshake"].world(), faults=1, progress=found.append)
    thread = threading.Thread(target=search.run)
    thread.start()
    thread.join()

    assert search.tally.states == 94
    assert found
