"""Linger (RFC 9293 3.9.1.4, 3.9.1.6): CLOSE that gives up after a time, or at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    SYN_RECEIVED,
    State,
)
from tcpsim.tcp.units import MINUTE, NEVER, SECOND
from tests.tcp.flow import MSS, established, sent_at, timeline
from tests.tcp.reach import fires, moves, reach, resets, sets, stops, tells

if TYPE_CHECKING:
    Numbers = tuple[int, int]


def test_zero_makes_close_an_abort(numbers: Numbers) -> None:
    it = established(numbers, linger=0)
    it.sends(b"lost")
    assert it.closes() == [
        resets(5, why=why.LINGER_ZERO),
        moves(ESTABLISHED, CLOSED, why.LINGER_ZERO),
        stops("retransmission", why.LINGER_ZERO),
    ]


def test_off_waits_for_ever(numbers: Numbers) -> None:
    it = established(numbers)
    assert it.end.cfg.linger is None
    it.closes()
    assert it.end.linger_at == NEVER


def test_undelivered_data_turns_close_into_abort(numbers: Numbers) -> None:
    it = established(numbers, linger="5s")
    it.sends(b"data")
    assert it.closes()[0] == sets("linger", 5 * SECOND, why.LINGER_TIMER)
    happened = timeline(it, MINUTE)
    assert happened[-5:] == [
        (5 * SECOND, fires("linger", why.LINGER_EXPIRED)),
        (5 * SECOND, resets(6, why=why.LINGER_EXPIRED)),
        (5 * SECOND, moves(FIN_WAIT_1, CLOSED, why.LINGER_EXPIRED)),
        (5 * SECOND, stops("retransmission", why.LINGER_EXPIRED)),
        (5 * SECOND, tells("connection reset", why.LINGER_EXPIRED)),
    ]


def test_delivered_data_ends_it(numbers: Numbers) -> None:
    it = established(numbers, linger="5s")
    it.sends(b"data")
    it.closes()
    lines = it.arrives("ACK")
    assert lines[-2:] == [stops("linger", why.ACK_OF_FIN), moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN)]
    assert timeline(it, MINUTE) == []


@pytest.mark.parametrize("state", [CLOSING, LAST_ACK], ids=str)
def test_after_both_fins_no_reset_is_needed(numbers: Numbers, state: State) -> None:
    """3.10.5: in CLOSING and LAST-ACK an ABORT sends nothing."""
    it = reach(state, numbers, linger="500ms")
    happened = timeline(it, MINUTE)
    assert sent_at(happened) == []
    assert happened[-1][1] == tells("connection reset", why.LINGER_EXPIRED)
    assert it.state is CLOSED


def test_close_wait_with_unsent_data_is_reset(numbers: Numbers) -> None:
    it = established(numbers, state=CLOSE_WAIT, linger="500ms", initial_window=1)
    it.sends(2 * MSS)
    it.closes()
    assert it.state is CLOSE_WAIT
    assert ("sends", "RST", 1 + MSS) in [line[:3] for _, line in timeline(it, MINUTE)]


def test_close_in_syn_received_lingers_too(numbers: Numbers) -> None:
    it = reach(SYN_RECEIVED, numbers, linger="500ms")
    it.closes()
    assert timeline(it, MINUTE)[1][1] == resets(2, why=why.LINGER_EXPIRED)


def test_zero_in_close_wait(numbers: Numbers) -> None:
    it = reach(CLOSE_WAIT, numbers, linger=0)
    assert it.closes()[0] == resets(1, why=why.LINGER_ZERO)
    assert it.state is CLOSED
