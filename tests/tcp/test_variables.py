"""The TCB as the RFC writes it: which variables mean something in which state, and what an event changes."""

from __future__ import annotations

from tcpsim.tcp.diagram import CLOSED, LISTEN, SYN_SENT, State
from tcpsim.tcp.variables import BASES, TIMER, TIMES, changes, variables
from tests.tcp.reach import NUMBERS, RCV, WND, reach


def test_nothing_is_known_before_an_open() -> None:
    assert {name for name, value in variables(reach(CLOSED, NUMBERS[0]).end).items() if value is not None} == {"state"}
    assert {name for name, value in variables(reach(LISTEN, NUMBERS[0]).end).items() if value is not None} == {"state"}


def test_of_the_peer_nothing_is_known_in_syn_sent() -> None:
    told = variables(reach(SYN_SENT, (100, 300)).end)
    assert (told["ISS"], told["SND.UNA"], told["SND.NXT"]) == (100, 100, 101)
    assert (told["IRS"], told["RCV.NXT"], told["SND.WND"], told["cwnd"]) == (None, None, None, None)


def test_every_base_and_time_is_a_variable() -> None:
    names = variables(reach(State.ESTABLISHED, NUMBERS[0]).end)
    assert set(BASES) | TIMES <= set(names)


def test_text_that_arrives_changes_these() -> None:
    it = reach(State.ESTABLISHED, (100, 300))
    it.reads(False)
    before = it.end.fork()
    it.arrives("PSH,ACK", text=b"hello", wnd=WND - 1)
    assert changes(before, it.end) == (
        ("SND.WND", WND, WND - 1),
        ("SND.WL1", 300, 301),
        ("RCV.NXT", 301, 306),
        ("RCV.WND", RCV, RCV - 5),
        ("RCV.USER", 0, 5),
    )
    assert changes(it.end, it.end) == ()


def test_a_timer_that_is_off_has_no_value() -> None:
    it = reach(State.ESTABLISHED, NUMBERS[0])
    assert variables(it.end)["retransmission" + TIMER] is None
    before = it.end.fork()
    it.sends(5)
    assert ("retransmission timer", None, it.end.rexmit_at) in changes(before, it.end)


def test_urgent_pointers_and_timestamps_where_they_are_in_use() -> None:
    it = reach(State.ESTABLISHED, (100, 300))
    it.sends(b"now", urgent=True)
    assert (variables(it.end)["SND.UP"], variables(it.end)["TS.Recent"]) == (104, None)
    it.reads(False)
    it.arrives("URG,ACK", text=b"x", up=1, ack=1)
    assert variables(it.end)["RCV.UP"] == 302
