"""Virtual time: order, ties, bounds."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.net.agenda import Agenda
from tcpsim.tcp.units import NEVER


class Log:
    """Notes what is called, and when."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Any]] = []

    def note(self, now: int, argument: Any) -> None:
        self.calls.append((now, argument))


@given(st.lists(st.integers(0, 5), max_size=30))
def test_entries_happen_in_the_order_of_time_and_then_of_entering(times: list[int]) -> None:
    agenda, log = Agenda(), Log()
    for number, time in enumerate(times):
        agenda.enter(time, log.note, number)
    assert agenda.run(NEVER, 1000) == "idle"
    assert log.calls == sorted((time, number) for number, time in enumerate(times))
    assert agenda.now == max(times, default=0)


def test_what_is_entered_for_now_happens_after_what_was_entered_before() -> None:
    agenda, log = Agenda(), Log()

    def more(now: int, _: None) -> None:
        agenda.enter(now, log.note, "entered during")

    agenda.enter(7, more)
    agenda.enter(7, log.note, "entered before")
    agenda.run(NEVER, 10)
    assert log.calls == [(7, "entered before"), (7, "entered during")]


def test_arguments_are_never_compared() -> None:
    agenda, log = Agenda(), Log()
    for argument in ({}, object(), None, [1]):
        agenda.enter(1, log.note, argument)
    assert agenda.run(NEVER, 10) == "idle"
    assert len(log.calls) == 4


def test_a_run_ends_at_a_time_and_goes_on_from_there() -> None:
    agenda, log = Agenda(), Log()
    for time in (5, 10, 11):
        agenda.enter(time, log.note)
    assert agenda.run(10, 100) == "until"
    assert [time for time, _ in log.calls] == [5, 10], "what is due at that time has happened"
    assert (agenda.now, agenda.next) == (10, 11)
    assert agenda.run(NEVER, 100) == "idle"
    assert (agenda.now, agenda.next) == (11, None)


def test_time_does_not_run_back() -> None:
    agenda, log = Agenda(), Log()
    agenda.enter(5, log.note)
    agenda.enter(50, log.note)
    agenda.run(20, 100)
    assert agenda.run(10, 100) == "until"
    assert agenda.now == 20
    with pytest.raises(AssertionError):
        agenda.enter(19, log.note)


def test_a_run_ends_after_so_many_events() -> None:
    agenda = Agenda()

    def again(now: int, _: None) -> None:
        agenda.enter(now, again)

    agenda.enter(3, again)
    assert agenda.run(NEVER, 50) == "event limit"
    assert agenda.now == 3


def test_a_limit_that_suffices_is_none() -> None:
    agenda, log = Agenda(), Log()
    for time in (1, 2, 9):
        agenda.enter(time, log.note)
    assert agenda.run(5, 2) == "until"
    assert agenda.run(NEVER, 1) == "idle"
    assert agenda.run(NEVER, 0) == "idle"


def test_one_step_at_a_time() -> None:
    agenda, log = Agenda(), Log()
    assert agenda.step() is False
    agenda.enter(2, log.note, "a")
    assert agenda.step() is True
    assert log.calls == [(2, "a")]
    assert agenda.now == 2


def fail(_now: int, _argument: Any) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("threshold", [0, 700, 1_000_000])
def test_the_garbage_collector_is_left_as_it_was(threshold: int) -> None:
    before = gc.get_threshold()
    agenda, seen = Agenda(), []
    try:
        gc.set_threshold(threshold, 10, 10)
        agenda.enter(0, lambda _now, _: seen.append(gc.get_threshold()[0]))
        agenda.enter(1, fail)
        with pytest.raises(ZeroDivisionError):
            agenda.run(NEVER, 10)
        assert gc.get_threshold()[0] == threshold
        assert seen[0] > threshold if threshold == 700 else seen == [threshold]
    finally:
        gc.set_threshold(*before)
