"""The state diagram's picture and table: every row, nothing else, and paths that can be followed."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest

from tcpsim.draw import draw_states, states_text
from tcpsim.draw.measure import AIR
from tcpsim.draw.palette import MARKS, STATE_FILL, THEMES, TYPES, contrast
from tcpsim.draw.states import ROUTES, Diagram, event_words, paths, states_layout
from tcpsim.tcp.diagram import BEYOND_THE_FIGURE, CLOSED, EDGES, FIGURE_5
from tcpsim.trace import Moved, Trace

from . import runs

TRACES = [None, *runs.ALL.values()]


def diagrams() -> list[Diagram]:
    return [states_layout(make() if make is not None else None) for make in TRACES]


def test_every_row_is_drawn_and_nothing_else() -> None:
    alone = [edge for edge in EDGES if edge.printed or edge.target is not CLOSED]
    assert set(ROUTES) == {(edge.source, edge.event, edge.target) for edge in alone}
    diagram = states_layout()
    texts = [label.text for label in diagram.labels]
    for edge in EDGES:
        assert any(text.startswith(event_words(edge)) for text in texts), str(edge)
    bundles = {edge.source for edge in BEYOND_THE_FIGURE if edge.target is CLOSED}
    assert len(diagram.edges) == len(alone) + len(bundles)
    assert sum(not edge.dashed for edge in diagram.edges) == len(FIGURE_5) == 20


def test_no_words_overlap_and_no_edge_crosses_them() -> None:
    for diagram in diagrams():
        for a, b in combinations(diagram.labels, 2):
            assert not a.box.overlaps(b.box), (a.text, b.text)
        words = [label for label in diagram.labels if label.role in ("edge", "bundle", "footer", "title", "source")]
        for edge in diagram.edges:
            for (x0, y0), (x1, y1) in pairwise(edge.points):
                for label in words:
                    assert not label.box.crossed_by((x0, y0, x1, y1)), label.text
        for badge in diagram.badges:
            for label in words:
                assert not badge.box.overlaps(label.box), label.text
        for a_badge, b_badge in combinations(diagram.badges, 2):
            assert not a_badge.box.overlaps(b_badge.box)


def test_everything_is_on_the_page() -> None:
    for diagram in diagrams():
        boxes = [box for box, *_ in diagram.boxes] + [label.box for label in diagram.labels]
        for box in [*boxes, *(badge.box for badge in diagram.badges)]:
            left, top, right, bottom = box.bounds
            assert left > 8
            assert top > 8
            assert right < diagram.width - 8
            assert bottom < diagram.height - 8


def test_names_stand_in_their_boxes() -> None:
    diagram = states_layout()
    for box, state, _, _ in diagram.boxes:
        name = next(label for label in diagram.labels if label.text == str(state) and label.box.overlaps(box))
        assert name.box.width < box.width - 6


def test_no_two_edges_cross() -> None:
    """The layout is planar, but for none: two edges never share a point away from their ends."""

    def between(a: float, b: float, c: float) -> bool:
        return min(a, b) + 1 < c < max(a, b) - 1

    pieces = [
        (number, *start, *end)
        for number, edge in enumerate(states_layout().edges)
        for start, end in pairwise(edge.points)
    ]
    for one, other in combinations(pieces, 2):
        if one[0] == other[0]:
            continue
        for level, upright in ((one, other), (other, one)):
            if level[2] == level[4] and upright[1] == upright[3]:
                crossing = between(level[1], level[3], upright[1]) and between(upright[2], upright[4], level[2])
                assert not crossing, (level, upright)


def test_a_path_has_the_steps_of_the_trace() -> None:
    client, server = paths(runs.lost_syn_ack())
    assert (client.host, client.connection) == ("client", 1)
    assert [str(step.edge.target) for step in client.steps] == [
        "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED",
    ]  # fmt: skip
    assert [step.number for step in server.steps] == [1, 2, 3, 4, 5, 6]
    assert [path.host for path in paths(runs.lost_syn_ack(), "server")] == ["server"]


def test_the_picture_marks_both_paths() -> None:
    diagram = states_layout(runs.lost_syn_ack())
    assert sum(edge.taken for edge in diagram.edges) == 12
    assert sorted(label.text for label in diagram.labels if label.role == "badge") == sorted("123456" * 2)
    assert any(label.text == "server: 6 moves" for label in diagram.labels)
    assert {badge.mark for badge in diagram.badges} == {0, 1}
    alone = states_layout(runs.lost_syn_ack(), "client")
    assert sum(edge.taken for edge in alone.edges) == 6


def test_a_window_shows_the_steps_in_it_with_their_numbers() -> None:
    made = runs.lost_syn_ack()
    moves = [record.serial for record in made.of_kind(Moved, "client")]
    (client, server) = paths(made, window=(moves[2], moves[3]))
    assert ([step.number for step in client.steps], client.text) == ([3, 4], "2 of 6 moves")
    labels = {label.text for label in states_layout(made, "client", (moves[2], moves[3])).labels}
    assert {"3", "4", "client: 2 of 6 moves"} <= labels
    assert not {"1", "2", "5"} & labels
    assert server.count == 6


@pytest.mark.parametrize("name", THEMES)
def test_words_can_be_read_on_their_grounds_in_every_theme(name: str) -> None:
    ink = THEMES[name].ink
    for state, fill in STATE_FILL.items():
        role = "closed box" if state is CLOSED else "box"
        assert contrast(ink(TYPES[role].ink), ink(fill)) >= 4.5, state
    for mark in MARKS:
        assert contrast(ink(TYPES["badge"].ink), ink(mark)) >= 4.5, mark
    assert len({ink(mark) for mark in MARKS}) == len(MARKS)


def test_the_words_below_begin_on_one_line() -> None:
    notes = [label for label in states_layout().labels if label.role == "footer"]
    assert len({round(label.box.x - label.box.width / 2 / AIR, 6) for label in notes}) == 1
    assert len(notes) == 3


def test_an_edge_taken_often_lists_its_steps() -> None:
    run = runs.Run()
    for number in range(5):
        run.move(number, "client", "CLOSED", "LISTEN")
        run.move(number + 0.5, "client", "LISTEN", "CLOSED")
    texts = [label.text for label in states_layout(run.trace()).labels if label.role == "badge"]
    assert texts == ["1,3,…", "2,4,…"]


def test_the_busiest_connection_is_the_path() -> None:
    run = runs.Run()
    run.move(0, "client", "CLOSED", "SYN-SENT", 1)
    run.move(1, "client", "CLOSED", "SYN-SENT", 2)
    run.move(2, "client", "SYN-SENT", "ESTABLISHED", 2)
    assert [(path.connection, len(path.steps)) for path in paths(run.trace())] == [(2, 2)]


def test_an_unknown_host_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no host 'cleint' in this trace: expected one of client, server"):
        draw_states(tmp_path / "states.svg", trace=runs.handshake(), host="cleint")
    with pytest.raises(ValueError, match="no host"):
        states_text(runs.handshake(), "nobody")


def test_the_table_has_every_edge_once() -> None:
    text = states_text()
    assert max(len(line) for line in text.splitlines()) <= 80
    joined = " ".join(text.split())
    for edge in EDGES:
        assert f"{edge.source} {event_words(edge)} {edge.action} {edge.target}" in joined or edge.guard is not None
    assert joined.count("RFC 9293 3.3.2, Figure 5:") == 1
    assert "CLOSED active OPEN create TCB, snd SYN SYN-SENT" in joined
    assert "SYN-RECEIVED rcv RST, if active delete TCB CLOSED" in joined


@pytest.mark.parametrize(("asked", "widest"), [(40, 60), (60, 60), (64, 64), (68, 68), (80, 68)])
def test_the_table_is_as_narrow_as_asked_for(asked: int, widest: int) -> None:
    lines = states_text(runs.lost_syn_ack(), width=asked).splitlines()
    assert max(map(len, lines)) == widest
    assert _letters(lines) == _letters(states_text(runs.lost_syn_ack(), width=200).splitlines())  # nothing is cut off


def _letters(lines: list[str]) -> list[str]:
    return sorted("".join("".join(lines).split()))


def test_the_table_tells_the_steps() -> None:
    text = states_text(runs.lost_syn_ack(), ascii=True)
    assert "    * client, step 2 of 6, at 1.1 s\n" in text
    assert text.isascii()
    assert "client" not in states_text(runs.lost_syn_ack(), "server")


def test_a_trace_without_moves_has_no_path() -> None:
    assert paths(Trace()) == []
    assert not any(edge.taken for edge in states_layout(Trace()).edges)
