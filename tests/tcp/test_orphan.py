"""FIN-WAIT-2 when nobody holds the connection: the RFC waits for ever (3.6, Case 1), kernels for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.config import PROFILES
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT
from tcpsim.tcp.units import HOUR, MINUTE, NEVER, SECOND
from tests.tcp.flow import timeline
from tests.tcp.reach import Reached, drops, fires, moves, reach, resets, sets, stops

if TYPE_CHECKING:
    Numbers = tuple[int, int]


def half_closed(numbers: Numbers, **knobs: Any) -> Reached:
    """FIN-WAIT-2 by a shutdown: the user is still there."""
    it = reach(ESTABLISHED, numbers, **knobs)
    it.end.shutdown(it.now)
    it.arrives("ACK")
    assert it.state is FIN_WAIT_2
    return it


def test_the_rfc_waits_for_ever(numbers: Numbers) -> None:
    it = reach(FIN_WAIT_2, numbers)
    assert timeline(it, 24 * HOUR) == []
    assert it.state is FIN_WAIT_2


def test_the_profiles() -> None:
    assert {name: config.fin_wait_2_timeout for name, config in PROFILES.items()} == {
        "rfc9293": None, "plain": None, "freebsd": 10 * MINUTE, "linux": MINUTE,
    }  # fmt: skip


def test_after_close_the_wait_has_an_end(numbers: Numbers) -> None:
    it = reach(ESTABLISHED, numbers, fin_wait_2_timeout="60s")
    it.closes()
    assert it.arrives("ACK")[-2:] == [
        moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN),
        sets("fin-wait-2", MINUTE, why.ORPHAN_STARTED),
    ]
    assert timeline(it, HOUR) == [
        (MINUTE, fires("fin-wait-2", why.ORPHAN_OVER)),
        (MINUTE, moves(FIN_WAIT_2, CLOSED, why.ORPHAN_OVER)),
    ], "no segment, and nobody is told"


def test_the_late_fin_meets_a_closed_port(numbers: Numbers) -> None:
    it = reach(FIN_WAIT_2, numbers, fin_wait_2_timeout="1s")
    timeline(it, MINUTE)
    assert it.arrives("FIN,ACK") == [drops(why.CLOSED_RESET), resets(2, why=why.CLOSED_RESET)]


def test_a_fin_in_time_leads_to_time_wait(numbers: Numbers) -> None:
    it = reach(FIN_WAIT_2, numbers, fin_wait_2_timeout="60s")
    lines = it.arrives("FIN,ACK")
    assert moves(FIN_WAIT_2, TIME_WAIT, why.FIN_TAKEN) in lines
    assert stops("fin-wait-2", why.TIMERS_OFF) in lines
    assert it.end.fin_wait_2_at == NEVER


def test_after_shutdown_there_is_no_end(numbers: Numbers) -> None:
    it = half_closed(numbers, fin_wait_2_timeout="60s")
    assert timeline(it, HOUR) == []
    assert it.state is FIN_WAIT_2


@pytest.mark.parametrize(
    ("knob", "expected"), [("5s", [sets("fin-wait-2", 5 * SECOND, why.ORPHAN_STARTED)]), (None, [])]
)
def test_giving_up_the_other_direction_begins_the_wait(
    numbers: Numbers, knob: str | None, expected: list[object]
) -> None:
    it = half_closed(numbers, fin_wait_2_timeout=knob)
    assert it.lines(it.end.abandon(it.now)) == expected


def test_giving_up_earlier_begins_it_later(numbers: Numbers) -> None:
    it = reach(ESTABLISHED, numbers, fin_wait_2_timeout="5s")
    it.end.shutdown(it.now)
    assert it.lines(it.end.abandon(it.now)) == []
    assert it.arrives("ACK")[-1] == sets("fin-wait-2", 5 * SECOND, why.ORPHAN_STARTED)


def test_text_is_still_taken_where_close_is_simplex(numbers: Numbers) -> None:
    """3.6: CLOSE says "I have no more data to send"; only `half_duplex_close` makes of it a RST."""
    it = reach(FIN_WAIT_2, numbers, fin_wait_2_timeout="60s", reading=True, delayed_ack=0)
    assert "gives" in [line[0] for line in it.arrives("ACK", text=b"late")]
    assert it.state is FIN_WAIT_2
    assert it.end.fin_wait_2_at == MINUTE, "what comes does not prolong it"


def test_a_copy_has_a_timer_of_its_own(numbers: Numbers) -> None:
    it = reach(FIN_WAIT_2, numbers, fin_wait_2_timeout="60s")
    copy = it.end.fork()
    copy.timeout(MINUTE)
    assert (copy.state, it.state) == (CLOSED, FIN_WAIT_2)
    assert it.end.key(0) != reach(FIN_WAIT_2, numbers, fin_wait_2_timeout="60s").end.key(1), "deadlines are in the key"
