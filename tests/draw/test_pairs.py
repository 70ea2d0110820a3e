"""The table of pairs of states: what stands in it, in ink and in a terminal."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest

from tcpsim.draw.pairs import CELL, SHORT, Pairs, counted, draw_pairs, pairs_chart, pairs_text
from tcpsim.draw.palette import FAULT_FILL, ON_FILL, PAPER, THEMES, contrast, lightness
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_SENT, TIME_WAIT, State

LEAST = {
    (CLOSED, CLOSED): (0, 0),
    (CLOSED, LISTEN): (0, 1),
    (SYN_SENT, ESTABLISHED): (1, 6),
    (TIME_WAIT, CLOSED): (5, 9),
}
PAIRS = Pairs(("client", "server"), LEAST, 5, "Which states?", ("A number is a number.", "A fault is a fault."))


def test_a_number_stands_where_its_row_and_column_meet() -> None:
    lines = pairs_text(PAIRS).splitlines()
    head = lines[1]
    rows = {line.split()[0]: line for line in lines[2:13]}
    assert list(rows) == [str(state) for state in State]
    for (one, other), (faults, _) in LEAST.items():
        assert rows[str(one)][head.index(SHORT[other]) + 1] == str(faults)
    assert sum(line.count("·") for line in rows.values()) == 121 - len(LEAST)
    assert lines[-1] == "a number: the fewest faults it takes; · not within 5 faults"
    assert lines[0].split() == ["client", "server"]


@pytest.mark.parametrize("wide", [60, 79, 80, 200])
def test_the_text_is_no_wider_than_the_terminal(wide: int) -> None:
    text = pairs_text(PAIRS, wide=wide, ascii=True)
    assert max(map(len, text.splitlines())) <= wide
    assert text.isascii()


def test_each_state_has_two_letters_of_its_own() -> None:
    assert list(SHORT) == list(State)
    assert len(set(SHORT.values())) == 11


def test_faults_are_counted_in_words() -> None:
    assert [counted(faults) for faults in (0, 1, 2)] == ["no fault", "1 fault", "2 faults"]
    assert PAIRS.words(SYN_SENT, ESTABLISHED) == "client is SYN-SENT, server is ESTABLISHED: 1 fault, 6 steps"
    assert PAIRS.words(CLOSED, LISTEN) == "client is CLOSED, server is LISTEN: no fault, 1 step"
    assert PAIRS.words(LISTEN, LISTEN) == "client is LISTEN, server is LISTEN: not within 5 faults"


def test_words_meet_neither_one_another_nor_the_edge() -> None:
    many = {(state, CLOSED): (faults, 1) for faults, state in enumerate(State)}
    long = Pairs(("a" * 90, "b" * 90), many, 11, "Which states can they be in? " * 5, ("Many words. " * 40,))
    for pairs in (PAIRS, long):
        chart = pairs_chart(pairs)
        for one, other in combinations(chart.labels, 2):
            assert not one.box.overlaps(other.box), (one.text, other.text)
        left, top, right, bottom = chart.bounds()
        assert left >= 0
        assert top >= 0
        assert right <= chart.width
        assert bottom <= chart.height


def test_every_cell_is_there_and_blank_without_a_number() -> None:
    chart = pairs_chart(PAIRS)
    cells = [area for area in chart.areas if area.tip]
    assert len(cells) == 121
    assert sum(area.fill != PAPER for area in cells) == len(LEAST)
    of_ack = next(area for area in cells if area.tip.startswith("client is TIME-WAIT, server is CLOSED:"))
    assert of_ack.fill == FAULT_FILL[-1]  # three faults or more
    assert of_ack.points[2][0] - of_ack.points[0][0] == pytest.approx(CELL)


def test_fills_are_told_apart_in_every_theme() -> None:
    for theme in THEMES.values():
        fills = [theme.ink(fill) for fill in FAULT_FILL]
        assert all(contrast(theme.ink(ON_FILL), fill) >= 4.5 for fill in fills)
        grey = [lightness(fill) for fill in fills[:3]]
        assert grey == sorted(grey)
        assert all(later - earlier >= 6 for earlier, later in pairwise(grey))


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_it_is_drawn(suffix: str, tmp_path: Path) -> None:
    drawn = draw_pairs(PAIRS, tmp_path / f"pairs.{suffix}", theme=THEMES["dark"]).read_bytes()
    assert drawn == draw_pairs(PAIRS, tmp_path / "again", suffix, theme=THEMES["dark"]).read_bytes()
    if suffix == "svg":
        assert b"<title>client is SYN-SENT, server is ESTABLISHED: 1 fault, 6 steps</title>" in drawn


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        draw_pairs(PAIRS, tmp_path / "pairs.gif")
