"""The user timeout (RFC 9293 3.9.1.1, 3.10.8): data that is not delivered in the time that the user allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT, State
from tcpsim.tcp.units import MINUTE, NEVER, SECOND
from tests.tcp.flow import WIDE, established, timeline
from tests.tcp.reach import fires, moves, reach, sets, stops, tells

if TYPE_CHECKING:
    Numbers = tuple[int, int]

ABORTED = "connection aborted due to user timeout"


def test_it_starts_with_the_first_data_and_stops_with_the_last_ack(numbers: Numbers) -> None:
    it = established(numbers, user_timeout="5min", nagle=False)
    assert it.sends(b"a")[0] == sets("user timeout", 5 * MINUTE, why.USER_TIMEOUT_STARTED)
    assert not [line for line in it.sends(b"b") if line[:2] == ("sets", "user timeout")]
    assert [line for line in it.arrives("ACK", ack=2, wnd=WIDE) if line[1] == "user timeout"] == []
    assert stops("user timeout", why.USER_TIMEOUT_STOPPED) in it.arrives("ACK", ack=3, wnd=WIDE)


def test_it_flushes_tells_and_deletes(numbers: Numbers) -> None:
    it = established(numbers, user_timeout="10s")
    it.receives()
    it.sends(b"x")
    happened = timeline(it, MINUTE)
    assert happened[-5:] == [
        (10 * SECOND, fires("user timeout", why.USER_TIMEOUT_EXPIRED)),
        (10 * SECOND, moves(ESTABLISHED, CLOSED, why.USER_TIMEOUT_EXPIRED)),
        (10 * SECOND, stops("retransmission", why.USER_TIMEOUT_EXPIRED)),
        (10 * SECOND, tells("call failed", why.CALL_RETURNED, f"RECEIVE: error: {ABORTED}")),
        (10 * SECOND, tells(ABORTED, why.USER_TIMEOUT_EXPIRED)),
    ]
    assert it.end.next_timeout() is None
    assert it.end.snd_text == ()


def test_each_progress_moves_its_end(numbers: Numbers) -> None:
    it = established(numbers, user_timeout="10s", nagle=False)
    it.sends(b"a")
    it.sends(b"b")
    it.waits(9 * SECOND)
    it.arrives("ACK", ack=2, wnd=WIDE)
    happened = timeline(it, MINUTE)
    assert happened[-1] == (10 * SECOND, tells(ABORTED, why.USER_TIMEOUT_EXPIRED))


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED], ids=str)
def test_it_bounds_the_handshake(numbers: Numbers, state: State) -> None:
    it = reach(state, numbers, user_timeout="5s")
    happened = timeline(it, MINUTE)
    assert happened[-3:] == [
        (5 * SECOND, moves(state, CLOSED, why.USER_TIMEOUT_EXPIRED)),
        (5 * SECOND, stops("retransmission", why.USER_TIMEOUT_EXPIRED)),
        (5 * SECOND, tells(ABORTED, why.USER_TIMEOUT_EXPIRED)),
    ]


def test_the_handshake_stops_it(numbers: Numbers) -> None:
    it = reach(SYN_SENT, numbers, user_timeout="5s")
    assert stops("user timeout", why.USER_TIMEOUT_STOPPED) in it.arrives("SYN,ACK")
    assert it.end.user_at == NEVER


def test_data_queued_during_the_handshake_keeps_it_running(numbers: Numbers) -> None:
    it = reach(SYN_SENT, numbers, user_timeout="5s")
    it.sends(b"x")
    it.arrives("SYN,ACK", wnd=0)
    assert it.end.user_at != NEVER


def test_a_fin_is_watched_as_data_is(numbers: Numbers) -> None:
    it = established(numbers, user_timeout="10s")
    assert sets("user timeout", 10 * SECOND, why.USER_TIMEOUT_STARTED) in it.closes()
    assert timeline(it, MINUTE)[-1] == (10 * SECOND, tells(ABORTED, why.USER_TIMEOUT_EXPIRED))


def test_data_held_before_a_silent_zero_window_is_watched(numbers: Numbers) -> None:
    it = established(numbers, wnd=0, user_timeout="10s")
    it.sends(b"x")
    assert timeline(it, MINUTE)[-1] == (10 * SECOND, tells(ABORTED, why.USER_TIMEOUT_EXPIRED))


def test_off_is_never(numbers: Numbers) -> None:
    it = established(numbers, user_timeout="off", r2="24h")
    it.sends(b"x")
    timeline(it, 60 * MINUTE)
    assert it.state is ESTABLISHED


def test_listen_and_an_idle_connection_have_none(numbers: Numbers) -> None:
    assert reach(LISTEN, numbers, user_timeout="1s").end.next_timeout() is None
    assert established(numbers, user_timeout="1s").end.next_timeout() is None
