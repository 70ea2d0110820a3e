"""Actions print so that a person who looks at a list of them can read it."""

from __future__ import annotations

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.actions import (
    SIGNALS,
    TIMERS,
    Action,
    Deliver,
    Discarded,
    Moved,
    Signal,
    TimerFired,
    TimerSet,
    TimerStopped,
)
from tcpsim.tcp.diagram import FIGURE_5
from tcpsim.tcp.segment import segment


@pytest.mark.parametrize(
    ("action", "printed"),
    [
        (Deliver(5, b"hello", True, False, why.TEXT_DELIVERED), "Deliver(5)"),
        (Signal("connection open", why.ACK_OF_SYN), "Signal('connection open')"),
        (Moved(FIGURE_5[0], why.OPEN_ACTIVE), "Moved(CLOSED -> SYN-SENT)"),
        (TimerSet("retransmission", 1_000_000_000, why.RTO_STARTED), "TimerSet(retransmission, 1000000000)"),
        (TimerStopped("persist", why.PERSIST_STOPPED), "TimerStopped(persist)"),
        (TimerFired("time-wait", why.TIME_WAIT_OVER), "TimerFired(time-wait)"),
        (Discarded(segment("RST", seq=7), why.LISTEN_RST_IGNORED), "Discarded(<SEQ=7><CTL=RST>)"),
    ],
)
def test_an_action_prints_what_it_asks_for(action: Action, printed: str) -> None:
    assert repr(action) == printed
    assert action.why is not None


def test_every_signal_and_timer_says_what_it_is() -> None:
    assert all(SIGNALS.values())
    assert all(TIMERS.values())
