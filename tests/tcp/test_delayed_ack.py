"""Delayed acknowledgments (RFC 9293 3.8.6.3; RFC 5681 4.2): which ACK waits, for how long, and which may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.config import KnobError, profile
from tcpsim.tcp.diagram import CLOSE_WAIT, ESTABLISHED
from tcpsim.tcp.units import MS, NEVER
from tests.tcp.flow import MSS, segments
from tests.tcp.reach import Reached, fires, gives, reach, sends, sets, stops

if TYPE_CHECKING:
    Numbers = tuple[int, int]


def reading(numbers: Numbers, **knobs: Any) -> Reached:
    template: dict[str, Any] = {"delayed_ack": "200ms", "rcv_buff": 20_000}
    return reach(ESTABLISHED, numbers, reading=True, **(template | knobs))


def test_an_ack_waits_200_ms(numbers: Numbers) -> None:
    """SHLD-18"""
    it = reading(numbers)
    assert it.arrives("ACK", text=b"abc") == [
        gives(3, why.TEXT_DELIVERED),
        sets("delayed ack", 200 * MS, why.ACK_DELAYED),
    ]
    assert it.waits(200 * MS - 1) == []
    assert it.waits(1) == [
        fires("delayed ack", why.ACK_DELAY_OVER),
        sends("ACK", 1, 4, wnd=19_997, why=why.ACK_DELAY_OVER),
    ]
    assert it.end.next_timeout() is None


def test_every_second_segment_is_acknowledged_at_once(numbers: Numbers) -> None:
    """SHLD-19"""
    it = reading(numbers)
    acks = [segments(it.arrives("ACK", text=MSS)) for _ in range(6)]
    assert acks == [[], [("ACK", 1, 0)]] * 3
    assert it.end.delack_at == NEVER


def test_the_second_segment_stops_the_timer(numbers: Numbers) -> None:
    it = reading(numbers)
    it.arrives("ACK", text=b"ab")
    assert it.arrives("ACK", text=b"cd")[1:] == [
        sends("ACK", 1, 5, wnd=19_996, why=why.ACK_EVERY_SECOND),
        stops("delayed ack", why.ACK_EVERY_SECOND),
    ]


def test_the_timer_runs_from_the_first_segment(numbers: Numbers) -> None:
    it = reading(numbers, ack_every=3)
    it.arrives("ACK", text=b"a")
    it.now += 150 * MS
    it.arrives("ACK", text=b"b")
    assert segments(it.waits(50 * MS)) == [("ACK", 1, 0)]
    assert it.end.rcv_segments == 0


def test_the_number_of_segments_is_a_knob(numbers: Numbers) -> None:
    it = reading(numbers, ack_every=3)
    assert [len(segments(it.arrives("ACK", text=b"x"))) for _ in range(6)] == [0, 0, 1, 0, 0, 1]


def test_zero_turns_the_delay_off(numbers: Numbers) -> None:
    it = reading(numbers, delayed_ack=0)
    assert it.arrives("ACK", text=b"x")[1:] == [sends("ACK", 1, 2, wnd=19_999, why=why.ACK_AT_ONCE)]


def test_the_delay_is_less_than_half_a_second() -> None:
    """MUST-40"""
    assert profile("rfc9293", delayed_ack=500 * MS - 1).delayed_ack == 500 * MS - 1
    with pytest.raises(KnobError):
        profile("rfc9293", delayed_ack="500ms")


def test_data_that_goes_out_takes_the_ack_along(numbers: Numbers) -> None:
    it = reading(numbers)
    it.arrives("ACK", text=b"ping")
    lines = it.sends(b"pong")
    assert lines[0] == sends("PSH,ACK", 1, 5, wnd=19_996, length=4, why=why.SEND_PUSHED)
    assert stops("delayed ack", why.ACK_PIGGYBACKED) in lines
    assert it.end.rcv_segments == 0
    assert segments(it.arrives("ACK", text=b"again")) == [], "counting begins anew"


def test_a_reply_in_the_same_event_takes_the_ack_along(numbers: Numbers) -> None:
    """MUST-58: aggregated, where the window or Nagle let data go only now."""
    it = reading(numbers, delayed_ack=0)
    it.sends(b"a")
    it.sends(b"b")
    assert segments(it.arrives("ACK", text=b"x", ack=2)) == [("PSH,ACK", 2, 1)]


def test_text_beyond_a_hole_is_acknowledged_at_once(numbers: Numbers) -> None:
    """RFC 5681 4.2: duplicate ACKs, so that the sender sees the loss."""
    it = reading(numbers)
    for start in (101, 201, 301):
        assert it.arrives("ACK", seq=start, text=100)[1:] == [sends("ACK", 1, 1, wnd=20_000, why=why.ACK_OUT_OF_ORDER)]


def test_filling_a_hole_is_acknowledged_at_once(numbers: Numbers) -> None:
    it = reading(numbers)
    it.arrives("ACK", seq=101, text=100)
    it.arrives("ACK", seq=301, text=100)
    lines = it.arrives("ACK", seq=1, text=100)
    assert lines[-1] == sends("ACK", 1, 201, wnd=19_800, why=why.ACK_HOLE_FILLED)
    assert it.arrives("ACK", seq=201, text=50)[-1] == sends("ACK", 1, 251, wnd=19_750, why=why.ACK_HOLE_FILLED)
    assert it.arrives("ACK", seq=251, text=50)[-1] == sends("ACK", 1, 401, wnd=19_600, why=why.ACK_HOLE_FILLED)
    assert segments(it.arrives("ACK", text=10)) == []


def test_text_that_came_before_is_acknowledged_at_once(numbers: Numbers) -> None:
    it = reading(numbers)
    it.arrives("ACK", text=b"abc")
    assert segments(it.arrives("ACK", seq=1, text=b"abc")) == [("ACK", 1, 0)]
    assert it.arrives("ACK", seq=2, text=b"bcde")[-1][-1] is why.ACK_REPEATED


def test_a_fin_is_acknowledged_at_once(numbers: Numbers) -> None:
    it = reading(numbers)
    it.arrives("ACK", text=b"abc")
    assert stops("delayed ack", why.FIN_TAKEN) in it.arrives("FIN,ACK")
    assert it.state is CLOSE_WAIT


def test_the_ack_of_a_fin_may_wait_if_the_knob_says_so(numbers: Numbers) -> None:
    it = reading(numbers, delay_fin_ack=True)
    assert segments(it.arrives("FIN,ACK")) == []
    assert it.end.delack_at == 200 * MS
    assert segments(it.closes()) == [("FIN,ACK", 1, 0)]
    assert it.end.delack_at == NEVER


def test_the_ack_of_a_fin_that_waits_goes_when_the_delay_is_over(numbers: Numbers) -> None:
    it = reading(numbers, delay_fin_ack=True)
    it.arrives("FIN,ACK")
    assert segments(it.waits(200 * MS)) == [("ACK", 1, 0)]


def test_the_ack_of_a_fin_waits_with_that_of_the_text_before_it(numbers: Numbers) -> None:
    it = reading(numbers, delay_fin_ack=True)
    it.arrives("ACK", text=b"abc")
    it.now += 150 * MS
    assert segments(it.arrives("FIN,ACK")) == []
    assert it.waits(50 * MS)[-1] == sends("ACK", 1, 5, wnd=19_997, why=why.ACK_DELAY_OVER)


def test_the_delayed_ack_shows_the_window_of_its_time(numbers: Numbers) -> None:
    it = reach(ESTABLISHED, numbers, delayed_ack="200ms")
    it.arrives("ACK", text=600)
    it.receives(100)
    assert it.waits(200 * MS)[-1] == sends("ACK", 1, 601, wnd=400, why=why.ACK_DELAY_OVER)
