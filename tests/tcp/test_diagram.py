"""The state diagram: Figure 5 to the letter, and what section 3.10 adds."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import tcpsim
from tcpsim.tcp.diagram import (
    BEYOND_THE_FIGURE,
    CLOSED,
    EDGES,
    ESTABLISHED,
    FIGURE_5,
    LISTEN,
    MACHINE,
    NO_EDGE,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    Edge,
    Event,
    Guard,
    NoSuchEdge,
    State,
    advance,
    begin,
    edges_from,
)
from tests.tcp import rfc9293


class Walker:
    """The least that a connection must be."""

    def __init__(self, state: State, *, passive: bool = False) -> None:
        self.state = state
        self.edge = NO_EDGE
        self.passive = passive

    @property
    def active(self) -> bool:
        return not self.passive


def printed() -> list[tuple[str, str, str, str]]:
    """Figure 5's rows: source, event, action, target, by the names of 3.3.2."""
    rows = []
    for line in rfc9293.FIGURE_5.strip().splitlines():
        source, event, action, target = re.split(r" {2,}|(?<=\)) ", line)
        names = [rfc9293.PRINTED_AS.get(name, name) for name in (source, target)]
        rows.append(
            (names[0], event.removesuffix(" (note 1)"), action.replace("-", "x") if action == "-" else action, names[1])
        )
    return rows


# ------------------------------------------------------------------ the rows


def test_the_twenty_edges_of_figure_5_are_those_that_the_rfc_prints() -> None:
    ours = [(str(edge.source), str(edge.event), edge.action, str(edge.target)) for edge in FIGURE_5]
    assert len(ours) == 20
    assert ours == printed()


def test_only_note_1_puts_a_condition_on_an_edge_of_the_figure() -> None:
    guarded = [edge for edge in FIGURE_5 if edge.guard is not None]
    assert [(str(edge), edge.guard) for edge in guarded] == [("SYN-RECEIVED --[rcv RST]--> LISTEN", Guard.PASSIVE)]


def test_the_figure_is_told_apart_from_what_lies_beyond_it() -> None:
    assert EDGES == FIGURE_5 + BEYOND_THE_FIGURE
    assert all(edge.printed for edge in FIGURE_5)
    assert not any(edge.printed for edge in BEYOND_THE_FIGURE)
    *of_the_rfc, of_kernels = BEYOND_THE_FIGURE
    assert all(re.match(r"RFC 9293 3\.(6|8|10)\.", edge.cite) for edge in of_the_rfc)
    assert (of_kernels.event, of_kernels.cite[-17:]) == (Event.ORPHAN_TIMEOUT, "has no such timer")


def test_an_edge_prints() -> None:
    assert str(FIGURE_5[0]) == "CLOSED --[active OPEN]--> SYN-SENT"
    assert repr(FIGURE_5[0]) == "<Edge CLOSED --[active OPEN]--> SYN-SENT>"


def test_no_two_edges_compete() -> None:
    keys = Counter((edge.source, edge.event, edge.guard) for edge in EDGES)
    assert max(keys.values()) == 1
    for source, event, guard in keys:
        assert guard is None or (source, event, None) not in keys, "a guard beside an edge without one"


@pytest.mark.parametrize(
    ("event", "sources"),
    [
        # 3.10.5: every state but CLOSED
        (Event.ABORT, set(State) - {CLOSED}),
        # 3.10.7.3 and .4, second: every state that a RST can end
        (Event.RCV_RST, set(State) - {CLOSED, LISTEN}),
        # 3.10.8: every state in which something waits to be acknowledged
        (Event.USER_TIMEOUT, set(State) - {CLOSED, LISTEN, State.FIN_WAIT_2, TIME_WAIT}),
        # 3.8.3 and 3.8.4: those, and FIN-WAIT-2, where keep-alives may find the peer dead
        (Event.GIVE_UP, set(State) - {CLOSED, LISTEN, TIME_WAIT}),
        # 3.10.7.4, fourth: SYN-RECEIVED and the synchronized states
        (Event.RCV_SYN_IN_WINDOW, set(State) - {CLOSED, LISTEN, SYN_SENT}),
    ],
)
def test_an_event_of_section_3_10_has_an_edge_wherever_it_moves(event: Event, sources: set[State]) -> None:
    assert {edge.source for edge in EDGES if edge.event is event} == sources


# ------------------------------------------------------------------ walking


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_every_edge_can_be_walked(edge: Edge) -> None:
    walker = Walker(edge.source, passive=edge.guard is Guard.PASSIVE)
    assert advance(walker, edge.event) is edge
    assert walker.state is edge.target
    assert walker.edge is edge


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("event", Event, ids=str)
@pytest.mark.parametrize("state", State, ids=str)
def test_where_there_is_no_edge_advance_raises_and_nothing_moves(state: State, event: Event, passive: bool) -> None:
    guards = {None, Guard.PASSIVE if passive else Guard.ACTIVE}
    edges = [edge for edge in EDGES if edge.source is state and edge.event is event and edge.guard in guards]
    walker = Walker(state, passive=passive)
    if edges:
        assert advance(walker, event) is edges[0]
        return
    with pytest.raises(NoSuchEdge, match=re.escape(f"no edge from {state} on {event}")):
        advance(walker, event)
    assert walker.state is state
    assert walker.edge is NO_EDGE


def test_every_state_is_reachable_and_leads_back_to_closed() -> None:
    def reached(start: State, edges: tuple[Edge, ...], *, back: bool) -> set[State]:
        found, at = {start}, [start]
        while at:
            state = at.pop()
            for edge in edges:
                here, there = (edge.target, edge.source) if back else (edge.source, edge.target)
                if here is state and there not in found:
                    found.add(there)
                    at.append(there)
        return found

    for edges in (FIGURE_5, EDGES):
        assert reached(CLOSED, edges, back=False) == set(State)
        assert reached(CLOSED, edges, back=True) == set(State)


def test_the_edges_of_a_state_are_listed() -> None:
    assert [str(edge.event) for edge in edges_from(LISTEN)] == ["CLOSE", "rcv SYN", "SEND", "active OPEN", "ABORT"]
    assert sum(len(edges_from(state)) for state in State) == len(EDGES)


def test_a_connection_begins_in_closed() -> None:
    walker = Walker(ESTABLISHED)
    begin(walker)
    assert walker.state is CLOSED
    assert walker.edge is NO_EDGE
    assert NO_EDGE not in EDGES


# ------------------------------------------------------------------ the states and the machine


def test_the_eleven_states_bear_the_names_of_3_3_2() -> None:
    in_3_3_2 = (
        "LISTEN SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT CLOSED"
    )
    assert {str(state) for state in State} == set(in_3_3_2.split())


def test_the_synchronized_states_are_group_3_of_3_5_2() -> None:
    group_3 = "ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSE-WAIT CLOSING LAST-ACK TIME-WAIT"
    assert {str(state) for state in State if state.synchronized} == set(group_3.split())
    assert {state for state in State if state.both_syns and not state.synchronized} == {SYN_RECEIVED}
    assert {str(state) for state in State if state.receives_text} == {"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"}


def test_one_machine_of_transitions_has_every_row_and_no_other() -> None:
    rows = [
        (event, transition.source, transition.dest)
        for event, found in MACHINE.events.items()
        for source in found.transitions
        for transition in found.transitions[source]
    ]
    assert Counter(rows) == Counter((edge.event.name, edge.source.name, edge.target.name) for edge in EDGES)
    assert MACHINE.models == []
    assert set(MACHINE.states) == {state.name for state in State}


def test_nothing_but_the_diagram_assigns_a_state() -> None:
    for path in Path(tcpsim.__file__).parent.rglob("*.py"):
        if path.name == "diagram.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            assert not any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets), path
