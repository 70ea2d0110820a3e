"""Mutants of closing, of TIME-WAIT and of resets: each deviation in segments, numbers, states and timers."""

from __future__ import annotations

import pytest

from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    EDGES,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    Edge,
    Event,
    State,
    stray,
)
from tcpsim.tcp.mutants import MUTANTS
from tcpsim.tcp.rules import CLOSE_ACTIVE, FIN_AGAIN
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import HOUR, MINUTE, MS, NEVER, SECOND
from tests.tcp.flow import segments
from tests.tcp.mutated import blames, fresh, reach, stands
from tests.tcp.reach import MSL2, drops, fires, gives, moves, resets, sends, sets, stops, tells

Numbers = tuple[int, int]
MSL = MSL2 // 2


# ------------------------------------------------------------------ the peer's FIN


def test_fin_before_hole(numbers: Numbers) -> None:
    it = reach("fin-before-hole", ESTABLISHED, numbers)
    why = blames("fin-before-hole")
    lines = it.arrives("FIN,ACK", seq=4, text=b"end")
    assert [line for line in lines if line[0] == "sends"] == [sends("ACK", 1, 8, why=why)]
    assert moves(ESTABLISHED, CLOSE_WAIT, why) in lines
    assert it.theirs("rcv_nxt") == 8
    assert it.arrives("ACK", seq=1, text=b"abc") != []
    assert it.end.rcv_user == 0, "what was missing never comes"


def test_fin_not_counted(numbers: Numbers) -> None:
    it = reach("fin-not-counted", ESTABLISHED, numbers)
    lines = it.arrives("FIN,ACK")
    assert sends("ACK", 1, 1, why=blames("fin-not-counted")) in lines
    assert (it.state, it.theirs("rcv_nxt")) == (CLOSE_WAIT, 1)
    assert segments(it.arrives("FIN,ACK", seq=1)) == [("ACK", 1, 0)]
    assert it.theirs("rcv_nxt") == 1


def test_half_close_kills(numbers: Numbers) -> None:
    it = reach("half-close-kills", ESTABLISHED, numbers)
    lines = it.arrives("FIN,ACK")
    assert segments(lines) == [("ACK", 1, 0), ("FIN,ACK", 1, 0)]
    assert moves(CLOSE_WAIT, LAST_ACK, blames("half-close-kills")) in lines
    with pytest.raises(TcpError, match="connection closing"):
        it.sends(b"too late")
    it = reach("half-close-kills", FIN_WAIT_2, numbers)
    it.arrives("FIN,ACK")
    assert stands(it, TIME_WAIT)


def test_ack_before_fin() -> None:
    assert MUTANTS["ack-before-fin"].knobs == {"delay_fin_ack": False}


def test_fin_wait_1_to_close_wait(numbers: Numbers) -> None:
    it = reach("fin-wait-1-to-close-wait", FIN_WAIT_1, numbers)
    lines = it.arrives("FIN,ACK", ack=1)
    assert moves(FIN_WAIT_1, CLOSE_WAIT, blames("fin-wait-1-to-close-wait")) in lines
    assert stands(it, CLOSE_WAIT)
    assert not any(edge is it.end.edge for edge in EDGES)
    it.arrives("ACK")
    it.waits(MSL2)
    assert stands(it, CLOSE_WAIT), "nothing leads out of it"


def test_fin_wait_1_is_left_by_an_ack_as_ever(numbers: Numbers) -> None:
    it = reach("fin-wait-1-to-close-wait", FIN_WAIT_1, numbers)
    it.arrives("ACK")
    assert stands(it, FIN_WAIT_2)


def test_fin_wait_1_to_last_ack(numbers: Numbers) -> None:
    it = reach("fin-wait-1-to-last-ack", FIN_WAIT_1, numbers)
    lines = it.arrives("FIN,ACK", ack=1)
    assert moves(FIN_WAIT_1, LAST_ACK, blames("fin-wait-1-to-last-ack")) in lines
    assert not any(edge is it.end.edge for edge in EDGES)
    it.arrives("ACK")
    assert stands(it, CLOSED), "without TIME-WAIT"
    it = reach("fin-wait-1-to-last-ack", FIN_WAIT_1, numbers)
    it.arrives("FIN,ACK")
    assert stands(it, TIME_WAIT), "its own FIN is acknowledged with it"


def test_fin_taken_twice(numbers: Numbers) -> None:
    it = reach("fin-taken-twice", CLOSE_WAIT, numbers)
    why = blames("fin-taken-twice")
    lines = it.arrives("FIN,ACK", seq=1)
    assert lines[-2:] == [sends("ACK", 1, 3, why=why), tells("connection closing", why)]
    assert (it.state, it.theirs("rcv_nxt")) == (CLOSE_WAIT, 3)
    assert segments(it.arrives("FIN,ACK", seq=1)) == [("ACK", 1, 0)]
    assert it.theirs("rcv_nxt") == 3, "twice, and not a third time"


def test_a_fin_is_taken_twice_only_where_there_is_a_connection(numbers: Numbers) -> None:
    it = reach("fin-taken-twice", ESTABLISHED, numbers)
    it.arrives("FIN,ACK", text=b"abc")
    assert (it.state, it.theirs("rcv_nxt")) == (CLOSE_WAIT, 5)
    it.aborts()
    assert segments(it.arrives("FIN,ACK", seq=4, ack=7)) == [("RST", 7, 0)]
    assert stands(it, CLOSED)


def test_text_after_fin(numbers: Numbers) -> None:
    it = reach("text-after-fin", ESTABLISHED, numbers, reading=True)
    it.arrives("ACK", text=b"abc")
    it.arrives("FIN,ACK")
    lines = it.arrives("ACK", seq=1, text=b"abc")
    assert lines[-1] == gives(3, blames("text-after-fin"))
    assert it.texts == [b"abc"]
    assert it.theirs("rcv_nxt") == 5
    assert segments(it.arrives("ACK")) == []
    assert it.texts == []


def test_nobody_strays_along_an_edge_of_the_diagram() -> None:
    it = fresh("no-nagle")
    with pytest.raises(AssertionError):
        stray(it.end, Edge(CLOSED, Event.ABORT, "x", LISTEN))


# ------------------------------------------------------------------ our own FIN


def test_fin_not_retransmitted(numbers: Numbers) -> None:
    it = reach("fin-not-retransmitted", FIN_WAIT_1, numbers)
    lines = it.waits(SECOND)
    assert lines[0] == fires("retransmission", blames("fin-not-retransmitted"))
    assert segments(lines) == []


def test_ack_of_fin_unchecked(numbers: Numbers) -> None:
    it = reach("ack-of-fin-unchecked", LAST_ACK, numbers, flight=b"abc")
    it.arrives("ACK", ack=1)
    assert stands(it, CLOSED)
    it = reach("ack-of-fin-unchecked", ESTABLISHED, numbers, flight=b"abc")
    it.arrives("ACK", ack=1)
    assert it.ours("snd_una") == 1


def test_silent_in_closing(numbers: Numbers) -> None:
    it = reach("silent-in-closing", CLOSING, numbers)
    lines = it.waits(SECOND)
    assert lines[0] == fires("retransmission", blames("silent-in-closing"))
    assert segments(lines) == []
    it.arrives("ACK")
    assert stands(it, TIME_WAIT)


def test_close_without_fin(numbers: Numbers) -> None:
    it = reach("close-without-fin", CLOSE_WAIT, numbers)
    assert (it.closes(), it.end.shutdown(it.now), it.end.abandon(it.now)) == ([], [], [])
    assert stands(it, CLOSE_WAIT)
    for close in ("close", "shutdown", "abandon"):
        it = reach("close-without-fin", ESTABLISHED, numbers)
        assert segments(it.lines(getattr(it.end, close)(it.now))) == [("FIN,ACK", 1, 0)]


def test_no_timer_in_close_wait(numbers: Numbers) -> None:
    it = reach("no-timer-in-close-wait", CLOSE_WAIT, numbers)
    it.sends(b"abc")
    assert it.end.rexmit_at == NEVER
    assert segments(it.waits(HOUR)) == []
    it = reach("no-timer-in-close-wait", ESTABLISHED, numbers)
    it.sends(b"abc")
    assert segments(it.waits(SECOND)) == [("PSH,ACK", 1, 3)]


@pytest.mark.parametrize("state", [CLOSING, LAST_ACK], ids=str)
def test_no_timer_in_closing(state: State, numbers: Numbers) -> None:
    it = reach("no-timer-in-closing", state, numbers)
    assert (it.end.rexmit_at, it.end.next_timeout()) == (NEVER, None)
    assert segments(it.waits(HOUR)) == []
    assert stands(it, state)


def test_no_timer_in_closing_and_one_elsewhere(numbers: Numbers) -> None:
    it = reach("no-timer-in-closing", FIN_WAIT_1, numbers)
    assert segments(it.waits(SECOND)) == [("FIN,ACK", 1, 0)]


def test_fin_resent_for_ever(numbers: Numbers) -> None:
    it = reach("fin-resent-for-ever", FIN_WAIT_1, numbers)
    sent = segments(it.waits(HOUR))
    assert set(sent) == {("FIN,ACK", 1, 0)}
    assert len(sent) > 50
    assert stands(it, FIN_WAIT_1)
    it = reach("fin-resent-for-ever", ESTABLISHED, numbers, flight=b"abc")
    it.waits(HOUR)
    assert stands(it, CLOSED), "for text R2 holds"


def test_tcb_not_deleted(numbers: Numbers) -> None:
    it = reach("tcb-not-deleted", LAST_ACK, numbers)
    why = blames("tcb-not-deleted")
    assert it.arrives("ACK") == [drops(why), stops("retransmission", why)]
    assert (it.state, it.ours("snd_una"), it.end.next_timeout()) == (LAST_ACK, 2, None)
    assert it.arrives("ACK") == [drops(why)]
    it.arrives("RST")
    assert stands(it, CLOSED)


def test_a_tcb_is_deleted_by_nothing_less(numbers: Numbers) -> None:
    it = reach("tcb-not-deleted", LAST_ACK, numbers)
    assert segments(it.arrives("ACK", seq=-5)) == [("ACK", 2, 0)], "what is not acceptable is answered"
    it.arrives("ACK", ack=1)
    assert (it.state, it.ours("snd_una")) == (LAST_ACK, 1)


def test_timer_left_running(numbers: Numbers) -> None:
    it = reach("timer-left-running", LAST_ACK, numbers)
    lines = it.arrives("ACK")
    assert [line for line in lines if line[0] == "stops"] == []
    assert (it.state, it.end.next_timeout()) == (CLOSED, it.now + SECOND)
    assert it.arrives("RST") != []
    assert it.end.next_timeout() == it.now + SECOND, "no segment stops it"
    assert it.waits(SECOND) == [fires("retransmission", blames("timer-left-running"))]
    assert it.end.next_timeout() is None


def test_a_timer_is_left_running_only_if_it_ran(numbers: Numbers) -> None:
    it = reach("timer-left-running", ESTABLISHED, numbers)
    it.arrives("RST")
    assert (it.state, it.end.next_timeout()) == (CLOSED, None)
    it = reach("timer-left-running", FIN_WAIT_1, numbers)
    assert segments(it.waits(SECOND)) == [("FIN,ACK", 1, 0)]


def test_nobody_is_told_of_a_timer_that_nobody_observes(numbers: Numbers) -> None:
    it = reach("timer-left-running", LAST_ACK, numbers)
    it.end.observed = False
    it.arrives("ACK")
    assert it.end.timeout(it.now + SECOND) == []
    assert it.end.next_timeout() is None


def test_close_wait_times_out(numbers: Numbers) -> None:
    why = blames("close-wait-times-out")
    it = reach("close-wait-times-out", CLOSE_WAIT, numbers)
    assert it.end.next_timeout() == MINUTE
    assert it.end.wake <= MINUTE
    lines = it.waits(MINUTE)
    assert lines[0] == resets(1, why=why)
    assert moves(CLOSE_WAIT, CLOSED, why) in lines
    it = reach("close-wait-times-out", CLOSE_WAIT, numbers)
    it.closes()
    assert segments(it.waits(SECOND)) == [("FIN,ACK", 1, 0)]
    it.waits(59 * SECOND)
    assert stands(it, LAST_ACK)


# ------------------------------------------------------------------ TIME-WAIT


def test_no_time_wait(numbers: Numbers) -> None:
    it = reach("no-time-wait", FIN_WAIT_2, numbers)
    lines = it.arrives("FIN,ACK")
    assert segments(lines) == [("ACK", 2, 0)]
    assert moves(TIME_WAIT, CLOSED, blames("no-time-wait")) in lines
    assert stands(it, CLOSED)
    assert it.end.next_timeout() is None


def test_one_msl(numbers: Numbers) -> None:
    it = reach("one-msl", FIN_WAIT_2, numbers)
    assert sets("time-wait", MSL, blames("one-msl")) in it.arrives("FIN,ACK")
    it.waits(SECOND)
    assert sets("time-wait", MSL, blames("one-msl")) in it.arrives("FIN,ACK", seq=1), "a FIN again: one MSL more"
    it.waits(MSL - 1)
    assert stands(it, TIME_WAIT)
    it.waits(1)
    assert stands(it, CLOSED)


def test_no_time_wait_restart(numbers: Numbers) -> None:
    it = reach("no-time-wait-restart", TIME_WAIT, numbers)
    it.waits(SECOND)
    assert it.arrives("FIN,ACK", seq=1) == [drops(FIN_AGAIN), sends("ACK", 2, 2, why=FIN_AGAIN)]
    it.waits(MSL2 - SECOND)
    assert stands(it, CLOSED)


def test_time_wait_answers_with_rst(numbers: Numbers) -> None:
    it = reach("time-wait-answers-with-rst", TIME_WAIT, numbers)
    why = blames("time-wait-answers-with-rst")
    assert it.arrives("FIN,ACK", seq=1) == [drops(why), resets(2, why=why)]
    assert stands(it, TIME_WAIT)
    it.arrives("RST")
    assert stands(it, CLOSED)


def test_time_wait_heeds_rst(numbers: Numbers) -> None:
    it = reach("time-wait-heeds-rst", TIME_WAIT, numbers, time_wait_ignores_rst=True)
    it.arrives("RST", seq=5)
    assert stands(it, TIME_WAIT), "that is not the number"
    assert moves(TIME_WAIT, CLOSED, blames("time-wait-heeds-rst")) in it.arrives("RST")
    assert (stands(it, CLOSED), it.end.next_timeout()) == (True, None)


def test_reuse_time_wait_always(numbers: Numbers) -> None:
    it = reach("reuse-time-wait-always", TIME_WAIT, numbers)
    old = segment("SYN", it.irs - 1000)
    assert it.end.admits_new_incarnation(old)
    assert not it.end.admits_new_incarnation(segment("SYN,ACK", it.irs - 1000))
    assert not reach("reuse-time-wait-always", ESTABLISHED, numbers).end.admits_new_incarnation(old)


# ------------------------------------------------------------------ by force


def test_abort_sends_fin(numbers: Numbers) -> None:
    it = reach("abort-sends-fin", ESTABLISHED, numbers)
    lines = it.aborts()
    assert segments(lines) == [("FIN,ACK", 1, 0)]
    assert lines[0] == moves(ESTABLISHED, FIN_WAIT_1, blames("abort-sends-fin"))
    it.aborts()
    assert stands(it, CLOSED), "what has sent its FIN is deleted, as ever"
    with pytest.raises(TcpError, match="connection does not exist"):
        it.aborts()


# ------------------------------------------------------------------ resets


@pytest.mark.parametrize(
    ("name", "ctl", "answer"),
    [
        ("rst-answered-by-rst", "RST", [("RST,ACK", 4)]),
        ("rst-answered-by-rst", "RST,ACK", [("RST", 7)]),
        ("rst-answered-by-rst", "SYN", [("RST,ACK", 5)]),
        ("wrong-reset-numbers", "RST", []),
        ("wrong-reset-numbers", "ACK", [("RST", 0)]),
        ("wrong-reset-numbers", "SYN", [("RST,ACK", 4)]),
        ("closed-port-silent", "ACK", []),
        ("closed-port-silent", "SYN", []),
    ],
)
def test_what_closed_answers(name: str, ctl: str, answer: list[tuple[str, int]]) -> None:
    it = fresh(name)
    actions = it.end.segment_arrives(0, segment(ctl, seq=4, ack=7 if "ACK" in ctl else 0))
    it.lines(actions)
    assert [repr(action.why) for action in actions] == [f"<Rule mutant.{name}>"] * len(actions)
    sent = [line for line in it.lines(actions) if line[0] == "sends"]
    assert [(line[1], (int(str(line[3])) + it.irs if "ACK" in str(line[1]) else int(str(line[2])) + it.iss))
            for line in sent] == answer  # fmt: skip


def test_who_answers_wrongly_in_closed_is_right_elsewhere(numbers: Numbers) -> None:
    it = reach("closed-port-silent", LISTEN, numbers)
    it.arrives("SYN")
    assert stands(it, SYN_RECEIVED)


def test_silent_to_unacceptable(numbers: Numbers) -> None:
    it = reach("silent-to-unacceptable", ESTABLISHED, numbers)
    why = blames("silent-to-unacceptable")
    assert it.arrives("ACK", seq=-5) == [drops(why)]
    assert it.arrives("SYN") == [drops(why)]
    assert segments(it.arrives("ACK", text=b"abc")) == [("ACK", 1, 0)]
    it.arrives("RST")
    assert stands(it, CLOSED)


@pytest.mark.parametrize("state", [SYN_SENT, SYN_RECEIVED, ESTABLISHED, LAST_ACK, TIME_WAIT], ids=str)
def test_rst_ignored(state: State, numbers: Numbers) -> None:
    it = reach("rst-ignored", state, numbers)
    assert it.arrives("RST,ACK") == [drops(blames("rst-ignored"))]
    assert stands(it, state)


def test_rst_ignored_hears_all_else(numbers: Numbers) -> None:
    it = reach("rst-ignored", ESTABLISHED, numbers)
    it.arrives("FIN,ACK")
    assert stands(it, CLOSE_WAIT)


def test_blind_rst(numbers: Numbers) -> None:
    it = reach("blind-rst", ESTABLISHED, numbers)
    it.arrives("RST", seq=500_000)
    assert stands(it, CLOSED)
    it = reach("blind-rst", SYN_SENT, numbers)
    it.arrives("RST,ACK", ack=77)
    assert stands(it, SYN_SENT)


def test_no_challenge_ack(numbers: Numbers) -> None:
    it = reach("no-challenge-ack", ESTABLISHED, numbers)
    it.arrives("RST", seq=5)
    assert stands(it, CLOSED)
    it = reach("blind-syn", ESTABLISHED, numbers)
    it.arrives("SYN", seq=5)
    assert stands(it, CLOSED)


def test_blind_data(numbers: Numbers) -> None:
    it = reach("blind-data", ESTABLISHED, numbers)
    it.arrives("ACK", ack=-1_000_000, text=b"forged")
    assert it.end.rcv_user == 6


def test_unlimited_challenges(numbers: Numbers) -> None:
    it = reach("unlimited-challenges", ESTABLISHED, numbers)
    sent = []
    for _ in range(100):
        it.now += MS
        sent += segments(it.arrives("RST", seq=5))
    assert len(sent) == 100


def test_a_mutant_closes_by_the_rules_that_it_keeps(numbers: Numbers) -> None:
    assert reach("no-time-wait", ESTABLISHED, numbers).closes()[0] == moves(ESTABLISHED, FIN_WAIT_1, CLOSE_ACTIVE)


# ------------------------------------------------------------------ acknowledgments


def test_unsent_ack_believed(numbers: Numbers) -> None:
    it = reach("unsent-ack-believed", ESTABLISHED, numbers, flight=b"abc")
    it.arrives("ACK", ack=20_000, text=b"evil")
    assert (it.ours("snd_una"), it.end.rcv_user) == (4, 4)
    it = reach("unsent-ack-believed", ESTABLISHED, numbers, flight=b"abc")
    it.arrives("ACK", ack=2)
    assert it.ours("snd_una") == 2


def test_ack_answered_by_ack(numbers: Numbers) -> None:
    it = reach("ack-answered-by-ack", CLOSE_WAIT, numbers)
    why = blames("ack-answered-by-ack")
    assert it.arrives("ACK") == [sends("ACK", 1, 2, why=why)]
    assert it.arrives("ACK") == [sends("ACK", 1, 2, why=why)], "and again, and again"
    assert len(it.arrives("ACK", seq=-5)) == 2, "what has its answer gets no second one"
    it.closes()
    assert segments(it.arrives("ACK")) == []
    assert stands(it, CLOSED), "that was something new"
    assert reach("ack-answered-by-ack", ESTABLISHED, numbers).arrives("ACK") == []
