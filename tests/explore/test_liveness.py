"""What can be reached from where, on graphs drawn by hand."""

from __future__ import annotations

import pytest

from tcpsim.explore import engine
from tcpsim.explore.engine import Limits, Search
from tcpsim.explore.liveness import endless, stuck
from tests.explore.graphs import Graph, free

PREMISE, GOAL = 1, 2


def search_of(graph: Graph, premise: str, goal: str, **options: object) -> tuple[Search[str], list[int], list[str]]:
    """Search; return also the bits of each state and the states, by number."""
    states: list[str] = []
    search = Search(graph, watch=lambda _, state: states.append(state), **options).run()  # type: ignore[arg-type]  # by name
    bits = [PREMISE * (state in premise) | GOAL * (state in goal) for state in states]
    return search, bits, states


@pytest.mark.parametrize(
    ("steps", "premise", "goal", "expected"),
    [
        ({"a": "b", "b": "c"}, "abc", "c", None),
        ({"a": "bc", "b": "b"}, "abc", "c", "b"),  # b goes round for ever
        ({"a": "bc", "b": "bd", "d": "c"}, "ab", "c", None),  # b may go round, but needs not
        ({"a": "bc"}, "a", "c", None),  # b has no exit, but nobody asks of it
        ({"a": "bc", "b": "d"}, "d", "c", "d"),
        ({"a": "b"}, "ab", "", "a"),
        ({"a": "b"}, "", "", None),
    ],
)
def test_a_state_from_which_no_way_leads_there_is_found(
    steps: dict[str, str], premise: str, goal: str, expected: str | None
) -> None:
    search, bits, states = search_of(free(steps), premise, goal)
    ident = stuck(search, bits, PREMISE, GOAL)

    assert (None if ident is None else states[ident]) == expected


def test_the_nearest_stuck_state_is_told() -> None:
    search, bits, states = search_of(free({"a": "bg", "b": "cd", "c": "e", "e": "f", "d": ""}), "fd", "g")
    ident = stuck(search, bits, PREMISE, GOAL)

    assert ident is not None
    assert states[ident] == "d"


def test_a_way_that_takes_a_fault_does_not_count() -> None:
    search, bits, _ = search_of(Graph({"a": [("b", 1)], "b": []}), "a", "b", faults=1)

    assert stuck(search, bits, PREMISE, GOAL) == 0


def test_a_state_that_was_not_expanded_is_never_called_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_LOOKS", 1)
    graph = free({"a": "bt", "b": "c", "c": "g", "t": "u", "u": ""})
    search, bits, states = search_of(graph, "abct", "g", limits=Limits(states=4))

    assert search.stopped
    assert "g" not in states
    assert stuck(search, bits, PREMISE, GOAL) is None
    whole, bits, states = search_of(graph, "abct", "g")
    ident = stuck(whole, bits, PREMISE, GOAL)
    assert ident is not None
    assert states[ident] == "t"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({"a": "b", "b": "c"}, None),
        ({"a": "bc", "b": "d", "c": "d", "d": "e"}, None),  # two ways to d, and no circle
        ({"a": "a"}, ("a", 1)),
        ({"a": "b", "b": "c", "c": "bd", "d": "e", "e": "f"}, ("b", 2)),  # a way into it, and a way out
        ({"a": "bx", "b": "c", "c": "b", "x": "y", "y": "x"}, ("b", 2)),
        ({"a": "b", "b": "cd", "c": "e", "e": "b", "d": "b"}, ("b", 2)),  # the shorter circle through b
        ({"a": "b", "b": "bc", "c": "d", "d": "d"}, ("b", 1)),  # c lies between two circles
    ],
)
def test_the_nearest_circle_is_found(steps: dict[str, str], expected: tuple[str, int] | None) -> None:
    search, _, states = search_of(free(steps), "", "")
    found = endless(search, lambda _: True)

    assert (None if found is None else (states[found[0]], len(found[1]))) == expected
    if found is not None:
        here = states[found[0]]
        for code in found[1]:
            here = steps[here][code]
        assert here == states[found[0]]


def test_only_steps_that_count_make_a_circle() -> None:
    search, _, _ = search_of(free({"a": "bc", "b": "", "c": "da", "d": ""}), "", "")

    assert endless(search, lambda code: code == 0) is None
    assert endless(search, lambda code: code == 1) is not None
    assert endless(search, lambda _: False) is None


def test_a_graph_without_steps_has_no_circle() -> None:
    search, bits, _ = search_of(free({}), "a", "")

    assert endless(search, lambda _: True) is None
    assert stuck(search, bits, PREMISE, GOAL) == 0
