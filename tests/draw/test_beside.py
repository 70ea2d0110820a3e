"""Two runs side by side: what counts as the same, where they part, and laws about width, letters and escapes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tcpsim import loads, run
from tcpsim.draw import FULL, comparing
from tcpsim.draw import beside as drawing
from tcpsim.draw.beside import WIDE, Beside, Side, initials
from tcpsim.draw.comparing import ALIKE, ELSEWHEN, UNLIKE, compare, told_of
from tcpsim.trace import Moved, Trace

from .random_runs import traces

TEXT = """\
title: Two segments
profile: plain
hosts: {{client: {{{client}}}, server: {{}}}}
links:
  - between: [client, server]
    delay: {delay}
script:
  - {{host: server, call: listen, port: 80}}
  - {{host: client, call: connect, to: "server:80"}}
  - {{when: client is ESTABLISHED, host: client, call: send, data: {data}}}
"""


def trace(*, client: str = "", delay: str = "50ms", data: str = "hello") -> Trace:
    return run(loads(TEXT.format(client=client, delay=delay, data=data))).trace


def text(of: Beside) -> str:
    return "\n".join(line.plain for line in [*of.lines(), *of.explanation()])


# ---------------------------------------------------------------------- what is the same


def test_runs_with_other_initial_sequence_numbers_are_the_same() -> None:
    comparison = compare(trace(client="iss: 100"), trace(client="iss: 4294967295"))
    assert comparison.same
    assert comparison.next_of("left") is None
    assert all(row.differs == ALIKE for row in comparison.rows)


def test_the_same_things_at_other_times_stand_beside_each_other() -> None:
    comparison = compare(trace(), trace(delay="60ms"))
    assert comparison.first is not None
    assert all(row.left is not None and row.right is not None for row in comparison.rows)
    assert {row.differs for row in comparison.rows[comparison.first :]} == {ELSEWHEN}
    first = comparison.rows[comparison.first]
    assert first.left is not None
    assert (first.left.host, first.left.what, first.left.time) == ("server", "state", 50_000_000)
    of = Beside(Side("a", trace()), Side("b", trace(delay="60ms")))
    assert "server becomes SYN-RECEIVED, at 50 ms on the left, at 60 ms on the right." in " ".join(text(of).split())


def test_segments_of_other_lengths_stand_beside_each_other_and_differ() -> None:
    comparison = compare(trace(), trace(data="hi"))
    rows = [row for row in comparison.rows if row.differs]
    assert [(row.left.words, row.right.words) for row in rows if row.left and row.right] == [
        ("send(5)", "send(2)"), ("PSH,ACK seq 1..5 ack 1", "PSH,ACK seq 1..2 ack 1"),
        ("gets 5 octets", "gets 2 octets"), ("ACK seq 1 ack 6", "ACK seq 1 ack 3"),
    ]  # fmt: skip
    assert {row.differs for row in rows} == {UNLIKE}


def test_a_field_of_the_header_is_told_once_for_each_host() -> None:
    comparison = compare(trace(client="rcv_buff: 9000"), trace(client="rcv_buff: 8000"))
    told = [(row.left.words, row.fields) for row in comparison.rows if row.left is not None and row.fields]
    assert told == [("SYN seq 0", ("window",))]


def test_what_no_ladder_shows_is_compared_if_all_else_is_alike() -> None:
    comparison = compare(trace(), trace(client="rto_initial: 3s"))
    assert comparison.first is not None
    row = comparison.rows[comparison.first]
    assert row.fields == ("duration",)
    assert row.left is not None
    assert row.left.words == "RTO 1 s starts"


def test_a_side_that_has_ended_does_nothing_more() -> None:
    whole = trace()
    (taken,) = (r for r in whole.of_kind(Moved) if str(r.target) == "SYN-RECEIVED")
    cut = Trace.of(whole.header, whole.records[: taken.serial + 1])
    of = Beside(Side("all", whole), Side("some", cut))
    assert of.comparison.next_of("right") is None
    assert "some: it does not; nothing more happens there" in " ".join(text(of).split())


def test_what_is_not_compared_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, other = trace(), trace(delay="60ms")
    monkeypatch.setattr(comparing, "MOST_TOLD", 3)
    comparison = compare(whole, other)
    left = len(told_of(whole)) + len(told_of(other)) - 2 * comparison.first - 2 * 3  # type: ignore[operator]  # it differs
    assert comparison.left_out == left
    assert f"({left} more events are not compared)" in text(Beside(Side("a", whole), Side("b", other)))


def test_pieces_are_compared_as_the_whole_is(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compare(trace(), trace(data="hi")).rows
    monkeypatch.setattr(comparing, "LOOK_AHEAD", 4)
    assert compare(trace(), trace(data="hi")).rows == whole


def test_the_rows_before_a_late_difference_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MAX_ROWS", 4)
    of = Beside(Side("a", trace()), Side("b", trace(data="hi")))
    assert "rows before these are alike on both sides)" in text(of)
    assert "PSH,ACK seq 1..5" in text(of)
    assert "rows before" not in text(Beside(of.left, of.right, whole=True))


def test_a_host_with_more_connections_on_one_side_is_compared_by_their_numbers() -> None:
    again = TEXT + "  - {{at: 1s, host: client, call: connect, to: 'server:80'}}\n"
    more = run(loads(again.format(client="", delay="50ms", data="hello"))).trace
    comparison = compare(trace(), more)
    assert comparison.first is not None
    first = comparison.rows[comparison.first].right
    assert first is not None
    assert (first.words, first.time) == ("#2 connect(192.0.2.2:80)", 1_000_000_000)


def test_what_is_done_otherwise_is_told_behind_a_field_that_differs() -> None:
    of = Beside(Side("a", trace(client="rcv_buff: 9000")), Side("b", trace(data="hi")))
    assert (of.comparison.first, of.comparison.parting) != (None, None)
    said = " ".join(text(of).split())
    assert "The first difference: client, SYN seq 0: window" in said
    assert "The first thing that is done otherwise: client calls send(5) on the left; client calls send(2)" in said


def test_what_no_link_takes_on_goes_nowhere() -> None:
    told = [told.to for told in told_of(run("syn-flood").trace) if told.what == "segment" and "no route" in told.words]
    assert set(told) == {"?"}
    flood = run("syn-flood").trace
    of = Beside(Side("a", flood), Side("b", Trace.of(flood.header, flood.records[:-20])))
    assert "s→?" in text(of)


# ---------------------------------------------------------------------- how it is shown


@pytest.mark.parametrize(
    ("hosts", "short"),
    [
        (["client", "server"], ["c", "s"]), (["alice", "adam"], ["al", "ad"]), (["host1", "host2"], ["1", "2"]),
        ([], []), (["?", "s"], ["1", "2"]),
    ],
)  # fmt: skip
def test_hosts_have_short_names_that_differ(hosts: list[str], short: list[str]) -> None:
    assert list(initials(hosts).values()) == short


@settings(max_examples=40)
@given(traces(), traces(), st.sampled_from([60, 80, 120, WIDE, 220]), st.booleans(), st.booleans())
def test_laws_of_the_page(left: Trace, right: Trace, width: int, ascii: bool, whole: bool) -> None:
    of = Beside(
        Side("as it is", left), Side("seed 7, \x1b[31m a long name " * 4, right), width=width, ascii=ascii, whole=whole
    )
    for line in text(of).splitlines():
        assert cell_len(line) <= width
        assert "\x1b" not in line
        assert line.isascii() or not ascii


@settings(max_examples=40)
@given(traces(), traces())
def test_every_event_of_both_stands_in_one_row_in_its_order(left: Trace, right: Trace) -> None:
    comparison = compare(left, right)
    if comparison.same:
        return
    for side, run_of in (("left", left), ("right", right)):
        shown = [told for row in comparison.rows if (told := getattr(row, side)) is not None]
        assert shown in (told_of(run_of), told_of(run_of, FULL))


@settings(max_examples=40)
@given(traces())
def test_a_run_does_not_differ_from_itself(one: Trace) -> None:
    of = Beside(Side("a", one), Side("b", one))
    assert of.comparison.same
    assert "The two runs do not differ" in text(of)
