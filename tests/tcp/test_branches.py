"""User calls and timeouts as `branches` tells them, beside what the endpoint does: refusals, and timers' rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim.tcp import rules as why
from tcpsim.tcp.actions import Moved, TimerFired
from tcpsim.tcp.branches import CALLS, of_call, of_timeout
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT, State
from tcpsim.tcp.timers import earliest
from tcpsim.tcp.units import MINUTE, SECOND
from tests.tcp.reach import EVERY_STATE, NUMBERS, Reached, reach
from tests.tcp.test_random_segments import events, knobs, make_happen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.tcp.actions import Action
    from tcpsim.tcp.endpoint import Endpoint

# ------------------------------------------------------------------ calls

MADE: dict[str, Callable[[Reached], object]] = {
    "OPEN": lambda it: it.end.open(it.now, active=False),
    "SEND": lambda it: it.end.send(it.now, 5),
    "CLOSE": lambda it: it.end.close(it.now),
    "ABORT": lambda it: it.end.abort(it.now),
}


@pytest.mark.parametrize("state", EVERY_STATE, ids=str)
@pytest.mark.parametrize("call", MADE)
def test_a_call_is_refused_where_the_rfc_says_so(call: str, state: State) -> None:
    it = reach(state, NUMBERS[0])
    before = it.end.fork()
    error = ""
    try:
        MADE[call](it)
    except TcpError as raised:
        error = str(raised)
    (check,) = of_call(before, f"{call.lower()}(5)", error)
    assert check.passed == (not error)
    assert check.answer is None
    assert check.decided
    assert check.name == f"{call} call in {state}"
    assert check.cite.endswith(f", {state} STATE")
    if (call, state) in (("SEND", LISTEN), ("OPEN", LISTEN)):  # as it depends on the remote socket, and on which OPEN
        assert "select" in check.question
    elif error:
        assert error.removeprefix("error: ") in check.question
    else:
        assert 'return "error' not in check.question


@pytest.mark.parametrize("word", CALLS)
def test_every_call_of_a_trace_has_its_section(word: str) -> None:
    it = reach(State.ESTABLISHED, NUMBERS[0])
    (check,) = of_call(it.end, f"{word}(80)", "")
    sections = {"OPEN": "3.10.1", "SEND": "3.10.2", "RECEIVE": "3.10.3", "CLOSE": "3.10.4", "ABORT": "3.10.5"}
    assert check.cite == f"RFC 9293 {sections.get(CALLS[word], '3.10.6')}, ESTABLISHED STATE"


def test_a_call_that_the_rfc_does_not_know() -> None:
    assert of_call(reach(State.ESTABLISHED, NUMBERS[0]).end, "cork(on)", "") == ()


# ------------------------------------------------------------------ timeouts

ENDING = frozenset({
    why.USER_TIMEOUT_EXPIRED, why.LINGER_EXPIRED, why.TIME_WAIT_OVER, why.ORPHAN_OVER, why.R2_REACHED,
    why.SYN_RETRIES_USED, why.KEEPALIVE_DEAD,
})  # fmt: skip


def agree(before: Endpoint, now: int, actions: list[Action]) -> None:
    """What is told of timers that are due is what they did."""
    checks = of_timeout(before, now)
    case = f"{before!r} {checks}"
    fired = [a.why for a in actions if isinstance(a, TimerFired)]
    told = [check.why for check in checks if check.why is not None]
    ends = [a.why for a in actions if isinstance(a, Moved) and a.edge.target is CLOSED]
    assert [rule for rule in told if rule in ENDING] == ends, case
    assert bool(checks) == bool(fired), case
    assert [check.decided for check in checks] == [False] * (len(checks) - 1) + [True] * bool(checks), case
    if not ends:
        assert told == fired, case


def wait(it: Reached) -> None:
    """Let the next timer act, and judge what is told of it."""
    it.now = max(it.now, earliest(it.end))
    before = it.end.fork()
    agree(before, it.now, it.end.timeout(it.now))


WAITING: dict[str, tuple[State, dict[str, Any], Callable[[Reached], object]]] = {
    "R2": (State.ESTABLISHED, {}, lambda it: it.sends(100)),
    "R2 of a SYN": (SYN_SENT, {}, lambda it: None),
    "SYN retries": (SYN_SENT, {"syn_retries": 2}, lambda it: None),
    "SYN,ACK retries": (SYN_RECEIVED, {"synack_retries": 2, "passive": True}, lambda it: None),
    "user timeout": (State.ESTABLISHED, {"user_timeout": "5s"}, lambda it: it.sends(100)),
    "linger": (State.ESTABLISHED, {"linger": "5s"}, lambda it: (it.sends(100), it.end.close(it.now))),
    "2 MSL": (State.TIME_WAIT, {}, lambda it: None),
    "FIN-WAIT-2": (State.FIN_WAIT_1, {"fin_wait_2_timeout": "60s"}, lambda it: it.arrives("ACK")),
    "keep-alive": (State.ESTABLISHED, {"keepalive": True}, lambda it: None),
    "delayed ACK": (State.ESTABLISHED, {"delayed_ack": "200ms"}, lambda it: it.arrives("ACK", text=b"x")),
    "persist": (State.ESTABLISHED, {}, lambda it: (it.arrives("ACK", wnd=0), it.sends(100))),
    "override": (State.ESTABLISHED, {}, lambda it: (it.arrives("ACK", wnd=20), it.sends(100))),
}


@pytest.mark.parametrize("name", WAITING)
def test_every_timer(name: str) -> None:
    state, changed, prepare = WAITING[name]
    it = reach(state, NUMBERS[0], **changed)
    prepare(it)
    for _ in range(40):
        if it.end.next_timeout() is None:
            break
        wait(it)
    assert of_timeout(it.end, it.now) == ()


def test_a_keep_alive_with_data_outstanding_waits_for_the_retransmission() -> None:
    it = reach(State.ESTABLISHED, NUMBERS[0], keepalive=True, keepalive_idle="500ms")
    it.sends(100)
    wait(it)
    assert it.now < SECOND


@given(events, knobs, st.sampled_from(list(State)), st.sampled_from(NUMBERS))
@settings(max_examples=150)
def test_random_timeouts(happening: Any, changed: Any, state: State, numbers: tuple[int, int]) -> None:
    it = reach(state, numbers, **changed)
    for event in happening:
        make_happen(it, event)
        if earliest(it.end) <= it.now + 10 * MINUTE:
            wait(it)
