"""The Nagle algorithm (RFC 9293 3.7.4) and PUSH (3.9.1.2): what waits for an ACK, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import CLOSE_WAIT, FIN_WAIT_1, LAST_ACK
from tcpsim.tcp.units import NEVER
from tests.tcp.flow import MSS, WIDE, established, reasons, segments

if TYPE_CHECKING:
    Numbers = tuple[int, int]


def test_the_first_small_segment_goes_at_once(numbers: Numbers) -> None:
    it = established(numbers)
    lines = it.sends(b"a")
    assert (segments(lines), reasons(lines)) == ([("PSH,ACK", 1, 1)], [why.SEND_PUSHED])


def test_small_sends_are_collected_while_data_is_unacknowledged(numbers: Numbers) -> None:
    """SHLD-7"""
    it = established(numbers)
    it.sends(b"a")
    assert [segments(it.sends(piece)) for piece in (b"b", b"c", b"d")] == [[], [], []]
    assert it.end.persist_at == NEVER, "the ACK that must come is enough"
    assert segments(it.arrives("ACK", ack=2, wnd=WIDE)) == [("PSH,ACK", 2, 3)]
    assert it.texts == [b"bcd"]


def test_full_segments_go_in_any_case(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"a")
    lines = it.sends(2 * MSS + 5)
    assert segments(lines) == [("ACK", 2, MSS), ("ACK", 2 + MSS, MSS)]
    assert reasons(lines) == [why.SEND_DATA] * 2
    assert segments(it.arrives("ACK", ack=2 + MSS, wnd=WIDE)) == [], "data is still unacknowledged"
    assert segments(it.arrives("ACK", wnd=WIDE)) == [("PSH,ACK", 2 + 2 * MSS, 5)]


def test_the_tail_of_a_send_waits_behind_its_own_full_segments(numbers: Numbers) -> None:
    it = established(numbers)
    assert segments(it.sends(MSS + 1)) == [("ACK", 1, MSS)]
    assert segments(it.arrives("ACK", wnd=WIDE)) == [("PSH,ACK", 1 + MSS, 1)]


def test_pieces_that_make_a_full_segment_go(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"a")
    assert segments(it.sends(b"b" * (MSS - 1))) == []
    assert segments(it.sends(b"c")) == [("PSH,ACK", 2, MSS)]


def test_it_can_be_turned_off(numbers: Numbers) -> None:
    """MUST-17"""
    it = established(numbers, nagle=False)
    assert [segments(it.sends(piece)) for piece in (b"a", b"bc")] == [[("PSH,ACK", 1, 1)], [("PSH,ACK", 2, 2)]]


def test_close_lets_what_is_held_go_with_the_fin(numbers: Numbers) -> None:
    """Nothing can follow that it could be joined with; CLOSE implies PUSH (3.9.1.4)."""
    it = established(numbers)
    it.sends(b"a")
    it.sends(b"bc", push=False)
    assert segments(it.closes()) == [("FIN,PSH,ACK", 2, 2)]
    assert it.state is FIN_WAIT_1


def test_a_fin_is_not_held(numbers: Numbers) -> None:
    it = established(numbers, state=CLOSE_WAIT)
    it.sends(b"a")
    assert segments(it.closes()) == [("FIN,ACK", 2, 0)]
    assert it.state is LAST_ACK


def test_close_wait_is_reached_no_further_while_text_waits(numbers: Numbers) -> None:
    it = established(numbers, state=CLOSE_WAIT, initial_window=2)
    it.sends(3 * MSS)
    assert segments(it.closes()) == []
    assert it.state is CLOSE_WAIT, "3.10.4: until all preceding SENDs have been segmentized"
    assert segments(it.arrives("ACK", ack=1 + MSS, wnd=WIDE)) == [("FIN,PSH,ACK", 1 + 2 * MSS, MSS)]
    assert it.end.state is LAST_ACK


# ------------------------------------------------------------------ PUSH


def test_push_is_set_on_the_last_segment_of_what_is_queued(numbers: Numbers) -> None:
    """MUST-61"""
    it = established(numbers, nagle=False)
    assert segments(it.sends(2 * MSS + 5)) == [("ACK", 1, MSS), ("ACK", 1 + MSS, MSS), ("PSH,ACK", 1 + 2 * MSS, 5)]


def test_what_is_not_pushed_waits_for_a_full_segment(numbers: Numbers) -> None:
    it = established(numbers, nagle=False)
    assert segments(it.sends(MSS + 5, push=False)) == [("ACK", 1, MSS)]
    assert segments(it.sends(MSS - 5, push=False)) == [("ACK", 1 + MSS, MSS)], "no PSH"
    assert segments(it.sends(b"x", push=False)) == []
    assert segments(it.sends(b"y")) == [("PSH,ACK", 1 + 2 * MSS, 2)]


def test_a_push_in_the_middle_does_not_push_what_follows(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"a")
    it.sends(b"b")
    it.sends(b"c", push=False)
    assert segments(it.arrives("ACK", wnd=WIDE)) == []
    assert it.end.persist_at != NEVER


def test_an_empty_send_sends_nothing(numbers: Numbers) -> None:
    it = established(numbers)
    assert it.sends(b"") == []
    assert it.sends(0) == []


@pytest.mark.parametrize("size", [1, MSS - 1, MSS, MSS + 1, 3 * MSS, 3 * MSS + 1])
def test_no_octet_is_lost_or_sent_twice(numbers: Numbers, size: int) -> None:
    it = established(numbers, nagle=False)
    text = bytes(at & 0xFF for at in range(size))
    it.sends(text)
    assert b"".join(piece for piece in it.texts if piece) == text
