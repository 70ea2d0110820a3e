"""SEGMENT ARRIVES in the other eight states (RFC 9293 3.10.7.4), check by check.

What every flag set does everywhere is compared with an oracle in test_arrives_exhaustive; here each
check is told in full: segments, reasons, signals, timers and variables.
"""

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
    LISTEN,
    SYN_RECEIVED,
    TIME_WAIT,
    State,
)
from tcpsim.tcp.options import Options
from tcpsim.tcp.units import HOUR, MS, SECOND
from tests.tcp.reach import (
    AFTER_FIN,
    MSL2,
    RCV,
    RECEIVING,
    RTO,
    SYNCHRONIZED,
    WND,
    drops,
    fires,
    gives,
    moves,
    resets,
    sends,
    sets,
    stops,
    tells,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tcp.reach import Line, Reached

    Reach = Callable[..., Reached]

OTHER = (SYN_RECEIVED, *SYNCHRONIZED)
in_each_other_state = pytest.mark.parametrize("state", OTHER, ids=str)
in_each_synchronized_state = pytest.mark.parametrize("state", SYNCHRONIZED, ids=str)
in_each_receiving_state = pytest.mark.parametrize("state", RECEIVING, ids=str)
in_each_state_after_fin = pytest.mark.parametrize("state", AFTER_FIN, ids=str)


def ack_of(it: Reached, reason: why.Rule, *, wnd: int | None = None) -> Line:
    """<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>"""
    return sends(
        "ACK", it.ours("snd_nxt"), it.theirs("rcv_nxt"), wnd=it.end.rcv_wnd if wnd is None else wnd, why=reason
    )


# ================================================================== first, check sequence number


@in_each_other_state
@pytest.mark.parametrize(("before", "length"), [(1, 0), (1, 1), (5, 5), (500, 5), (1 << 30, 9)], ids=str)
def test_what_lies_before_the_window_is_answered_and_dropped(
    reach: Reach, state: State, before: int, length: int
) -> None:
    it = reach(state)
    seq = it.theirs("rcv_nxt") - before
    assert it.arrives("ACK", seq=seq, text=bytes(length)) == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    assert it.state is state


@in_each_other_state
@pytest.mark.parametrize("beyond", [0, 1, 5000])
@pytest.mark.parametrize("length", [0, 5])
def test_what_lies_beyond_the_window_is_answered_and_dropped(
    reach: Reach, state: State, beyond: int, length: int
) -> None:
    it = reach(state)
    seq = it.theirs("rcv_nxt") + it.end.rcv_wnd + beyond
    assert it.arrives("ACK", seq=seq, text=bytes(length)) == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]


def test_an_empty_segment_at_the_right_edge_is_accepted_by_knob(reach: Reach) -> None:
    """A.2: an ACK sent after all of a window lies exactly there."""
    refusing, accepting = reach(FIN_WAIT_1), reach(FIN_WAIT_1, accept_right_edge=True)
    assert refusing.arrives("ACK", seq=1 + RCV) == [drops(why.UNACCEPTABLE), ack_of(refusing, why.UNACCEPTABLE)]
    assert accepting.arrives("ACK", seq=1 + RCV) == [
        stops("retransmission", why.RTO_STOPPED),
        moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN),
    ]
    assert accepting.arrives("ACK", seq=1 + RCV, text=b"x") == [
        drops(why.UNACCEPTABLE),
        ack_of(accepting, why.UNACCEPTABLE),
    ]


@pytest.mark.parametrize("challenge", [True, False])
def test_no_rst_is_accepted_at_the_right_edge(reach: Reach, challenge: bool) -> None:
    it = reach(ESTABLISHED, accept_right_edge=True, challenge_ack=challenge)
    assert it.arrives("RST", seq=1 + RCV) == [drops(why.UNACCEPTABLE_RST)]


# ------------------------------------------------------------------ first: a zero window


def full(reach: Reach, state: State = ESTABLISHED, **changes: object) -> Reached:
    """A connection whose user reads nothing until the window is shut."""
    it = reach(state, **changes)
    it.arrives("ACK", text=RCV)
    assert it.end.rcv_wnd == 0
    return it


@in_each_receiving_state
def test_in_a_zero_window_an_ack_at_rcv_nxt_is_valid(reach: Reach, state: State) -> None:
    it = full(reach, state)
    assert it.arrives("ACK", wnd=77) == []
    assert it.end.snd_wnd == 77


@pytest.mark.parametrize("ctl", ["ACK", "FIN,ACK", "FIN,PSH,ACK"])
def test_in_a_zero_window_text_and_fin_are_not_taken_but_the_ack_counts(reach: Reach, ctl: str) -> None:
    it = full(reach)
    it.sends(b"abc")
    assert it.arrives(ctl, text=b"x", wnd=78) == [
        drops(why.ZERO_WINDOW_ANSWERED),
        stops("retransmission", why.RTO_STOPPED),
        ack_of(it, why.ZERO_WINDOW_ANSWERED, wnd=0),
    ]
    assert (it.ours("snd_una"), it.end.snd_wnd, it.theirs("rcv_nxt")) == (4, 78, 1 + RCV)


def test_in_a_zero_window_a_segment_without_ack_is_only_answered(reach: Reach) -> None:
    it = full(reach)
    assert it.arrives("PSH", text=b"x") == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE, wnd=0)]


def test_in_a_zero_window_the_urgent_pointer_counts(reach: Reach) -> None:
    """MUST-66."""
    it = full(reach)
    assert it.arrives("ACK,URG", text=b"abc", up=3) == [
        drops(why.ZERO_WINDOW_ANSWERED),
        tells("urgent data", why.URGENT_BEGINS),
        ack_of(it, why.ZERO_WINDOW_ANSWERED, wnd=0),
    ]
    assert it.theirs("rcv_up") == 1 + RCV + 3


@pytest.mark.parametrize("text", [b"", b"diagnosis"])
def test_in_a_zero_window_a_rst_counts_with_text_or_without(reach: Reach, text: bytes) -> None:
    """MUST-66, SHLD-2."""
    it = full(reach)
    assert it.arrives("RST", text=text) == [
        moves(ESTABLISHED, CLOSED, why.RST_ABORTS),
        tells("connection reset", why.RST_ABORTS),
    ]


def test_a_zero_window_opens_when_enough_is_read(reach: Reach) -> None:
    """3.8.6.2.2: by half of the buffer here, which is less than a segment."""
    it = full(reach)
    assert it.receives(RCV // 2 - 1) == [gives(RCV // 2 - 1, why.RECEIVE_ANSWERED)]
    assert it.receives(1) == [gives(1, why.RECEIVE_ANSWERED), ack_of(it, why.WINDOW_UPDATE, wnd=RCV // 2)]


# ------------------------------------------------------------------ first: A.2, two ends that refuse each other


def probing(reach: Reach) -> Reached:
    """Both windows were shut; our probe is out, and we have taken the peer's."""
    it = reach(ESTABLISHED, reading=True)
    it.arrives("ACK", wnd=0)
    it.sends(b"p")
    it.waits(RTO)
    assert it.ours("snd_max") == it.ours("snd_nxt") + 1
    it.arrives("ACK", text=b"P", wnd=0)
    return it


def test_the_ack_of_a_probe_that_crossed_ours_counts(reach: Reach) -> None:
    """The peer's SND.NXT does not count its probe, which we took: its ACK lies one below the window."""
    it = probing(reach)
    assert it.arrives("ACK", seq=1, ack=2) == [
        drops(why.OLD_ACK_COUNTS),
        stops("persist", why.PERSIST_STOPPED),
        ack_of(it, why.OLD_ACK_COUNTS),
    ]
    assert (it.ours("snd_una"), it.ours("snd_nxt"), it.end.outstanding) == (2, 2, 0)


@pytest.mark.parametrize(("ctl", "seq"), [("none", 1), ("SYN,ACK", 1), ("SYN,ACK", 0)])
def test_nothing_else_below_the_window_does(reach: Reach, ctl: str, seq: int) -> None:
    it = probing(reach)
    assert it.arrives(ctl, seq=seq, ack=2) == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    assert it.ours("snd_una") == 1


def test_empty_segments_ahead_of_the_window_are_answered_as_long_as_rfc_5961_lets_us(reach: Reach) -> None:
    """Two ends may refuse each other's ACKs, and each answer is such an ACK again: this ends it."""
    it = reach(ESTABLISHED, challenge_ack_limit=2, challenge_ack_period="5s")
    answered = [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    ahead = 1 + RCV
    assert [it.arrives("ACK", seq=ahead) for _ in range(3)] == [answered, answered, [drops(why.CHALLENGE_LIMITED)]]
    it.now += 5 * SECOND
    assert it.arrives("ACK", seq=ahead) == answered
    assert it.arrives("ACK", seq=ahead, text=b"x") == answered, "text is no such answer"
    unlimited = reach(ESTABLISHED, challenge_ack=False, challenge_ack_limit=1)
    assert [unlimited.arrives("ACK", seq=ahead) for _ in range(3)] == [answered] * 3


# ------------------------------------------------------------------ first: only the new part, inside the window


@in_each_receiving_state
def test_what_straddles_rcv_nxt_is_trimmed(reach: Reach, state: State) -> None:
    it = reach(state, reading=True)
    it.arrives("ACK", text=b"abc")
    assert it.arrives("PSH,ACK", seq=2, text=b"bcdef") == [
        drops(why.TRIMMED),
        gives(3, why.TEXT_DELIVERED, pushed=True),
        sends("ACK", it.ours("snd_nxt"), 7, wnd=RCV - 6, why=why.ACK_REPEATED),
    ]
    assert it.texts == [b"def"]


@in_each_receiving_state
def test_what_exceeds_the_window_is_trimmed_with_its_fin(reach: Reach, state: State) -> None:
    it = reach(state, rcv_buff=10)
    it.arrives("FIN,ACK", ack=it.ours("snd_una"), text=b"0123456789ABC")
    assert (it.theirs("rcv_nxt"), it.end.rcv_user, it.end.rcv_wnd, it.state) == (11, 10, 0, state)
    assert it.receives(4) == [gives(4, why.RECEIVE_ANSWERED)]
    assert it.texts == [b"0123"]


def test_a_fin_just_beyond_the_window_is_trimmed_off_alone(reach: Reach) -> None:
    it = reach(ESTABLISHED, rcv_buff=10)
    assert it.arrives("FIN,ACK", text=b"0123456789") == [
        drops(why.TRIMMED),
        tells("data readable", why.TEXT_READABLE),
        sends("ACK", 1, 11, wnd=0, why=why.ACK_AT_ONCE),
    ]
    assert it.end.rcv_fin is None


def test_a_fin_behind_old_text_is_new(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=b"abc")
    assert it.arrives("FIN,ACK", seq=1, text=b"abc") == [
        drops(why.TRIMMED),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 5, wnd=RCV - 3, why=why.FIN_TAKEN),
    ]


def test_text_and_fin_that_straddle_keep_their_fin(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    it.arrives("ACK", text=b"abc")
    assert it.arrives("FIN,ACK", seq=1, text=b"abcde") == [
        drops(why.TRIMMED),
        gives(2, why.TEXT_DELIVERED),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 7, wnd=RCV - 5, why=why.FIN_TAKEN),
    ]


def test_counted_text_is_trimmed_as_well(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    it.arrives("ACK", text=3)
    assert it.arrives("ACK", seq=1, text=5)[1] == gives(2, why.TEXT_DELIVERED)
    assert it.texts == [None]


def test_nothing_is_owed_when_the_new_part_has_no_ack(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=b"abc")
    assert it.arrives("PSH", seq=2, text=b"bcdef") == [drops(why.TRIMMED), drops(why.NO_ACK)]
    assert it.sends(b"x")[0] == sends("PSH,ACK", 1, 4, wnd=RCV - 3, length=1, why=why.SEND_PUSHED)


# ------------------------------------------------------------------ first: the peer's SYN once more


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("text", [b"", b"again"])
def test_syn_received_answers_a_duplicate_syn_by_an_ack(reach: Reach, passive: bool, text: bytes) -> None:
    it = reach(SYN_RECEIVED, passive=passive)
    assert it.arrives("SYN", seq=0, text=text) == [
        drops(why.UNACCEPTABLE),
        sends("ACK", 1, 1, why=why.UNACCEPTABLE),
    ]
    assert it.state is SYN_RECEIVED


@pytest.mark.parametrize("passive", [True, False])
def test_syn_received_answers_a_duplicate_syn_by_syn_ack_if_the_knob_says_so(reach: Reach, passive: bool) -> None:
    it = reach(SYN_RECEIVED, passive=passive, answer_duplicate_syn=True)
    assert it.arrives("SYN", seq=0) == [
        drops(why.DUPLICATE_SYN_ANSWERED),
        sends("SYN,ACK", 0, 1, why=why.DUPLICATE_SYN_ANSWERED),
    ]
    assert it.arrives("SYN,ACK", seq=0, ack=0) == [drops(why.UNACCEPTABLE), sends("ACK", 1, 1, why=why.UNACCEPTABLE)]


def test_the_syn_ack_of_a_simultaneous_open_acknowledges_our_syn(reach: Reach) -> None:
    it = reach(SYN_RECEIVED, passive=False)
    assert it.arrives("SYN,ACK", seq=0, ack=1, wnd=77) == [
        drops(why.SYN_ACK_CROSSED),
        moves(SYN_RECEIVED, ESTABLISHED, why.ACK_OF_SYN),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.ACK_OF_SYN),
    ]
    assert (it.end.snd_wnd, it.theirs("rcv_nxt")) == (77, 1)


@pytest.mark.parametrize("ack", [0, 2])
def test_such_a_syn_ack_with_another_number_is_an_old_duplicate(reach: Reach, ack: int) -> None:
    it = reach(SYN_RECEIVED, passive=False)
    assert it.arrives("SYN,ACK", seq=0, ack=ack) == [drops(why.UNACCEPTABLE), sends("ACK", 1, 1, why=why.UNACCEPTABLE)]


def test_after_a_passive_open_no_syn_ack_can_have_crossed(reach: Reach) -> None:
    it = reach(SYN_RECEIVED)
    assert it.arrives("SYN,ACK", seq=0, ack=1) == [drops(why.UNACCEPTABLE), sends("ACK", 1, 1, why=why.UNACCEPTABLE)]


def test_the_window_of_a_crossed_syn_ack_is_not_scaled(reach: Reach) -> None:
    it = reach(State.SYN_SENT, window_scale=2)
    it.arrives("SYN", options=Options(wscale=4), wnd=160)
    it.arrives("SYN,ACK", seq=0, ack=1, options=Options(wscale=4), wnd=160)
    assert (it.state, it.end.snd_wnd) == (ESTABLISHED, 160)


@in_each_synchronized_state
def test_a_duplicate_syn_later_on_is_answered_by_an_ack(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.arrives("SYN", seq=0) == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    assert it.state is state


# ================================================================== second, check the RST bit


@in_each_other_state
@pytest.mark.parametrize("offset", [-1, -500, RCV, RCV + 9])
def test_a_rst_outside_the_window_is_dropped_in_silence(reach: Reach, state: State, offset: int) -> None:
    it = reach(state)
    assert it.arrives("RST", seq=it.theirs("rcv_nxt") + offset) == [drops(why.UNACCEPTABLE_RST)]


@in_each_other_state
@pytest.mark.parametrize("challenge", [True, False])
def test_a_rst_is_judged_by_its_seq_alone(reach: Reach, state: State, challenge: bool) -> None:
    """3.5.3: though its text reaches into the window, its SEQ does not."""
    it = reach(state, challenge_ack=challenge)
    assert it.arrives("RST", seq=it.theirs("rcv_nxt") - 2, text=b"why?") == [drops(why.UNACCEPTABLE_RST)]


@in_each_other_state
@pytest.mark.parametrize("offset", [1, RCV - 1])
def test_a_rst_in_the_window_but_not_at_rcv_nxt_is_challenged(reach: Reach, state: State, offset: int) -> None:
    """RFC 5961 3.2."""
    it = reach(state)
    assert it.arrives("RST", seq=it.theirs("rcv_nxt") + offset) == [
        drops(why.RST_CHALLENGED),
        ack_of(it, why.RST_CHALLENGED),
    ]
    assert it.state is state


@pytest.mark.parametrize(("challenge", "offset"), [(True, 0), (False, 0), (False, 9)])
def test_a_rst_returns_a_passive_syn_received_to_listen(reach: Reach, challenge: bool, offset: int) -> None:
    it = reach(SYN_RECEIVED, challenge_rst=challenge)
    it.receives(7)
    assert it.arrives("RST", seq=1 + offset) == [
        moves(SYN_RECEIVED, LISTEN, why.RST_TO_LISTEN),
        stops("retransmission", why.RST_TO_LISTEN),
    ]
    end = it.end
    assert (end.snd_una, end.snd_nxt, end.rcv_nxt, end.next_timeout()) == (0, 0, 0, None)
    assert end.receives == (7,), "the user need not be informed: the RECEIVE still stands"
    assert end.passive
    it.arrives("SYN")
    assert it.state is SYN_RECEIVED


@pytest.mark.parametrize("ctl", ["RST", "SYN"])
def test_a_close_that_was_queued_is_not_lost_on_the_way_back_to_listen(reach: Reach, ctl: str) -> None:
    it = reach(SYN_RECEIVED)
    it.end.send(it.now, b"hello")
    it.end.close(it.now)
    assert it.state is SYN_RECEIVED, "the CLOSE waits behind what SEND has queued"
    why_back = why.RST_TO_LISTEN if ctl == "RST" else why.SYN_TO_LISTEN
    acts = it.arrives(ctl, seq=1)
    assert acts[0] == moves(SYN_RECEIVED, LISTEN, why_back)
    assert acts[-1] == moves(LISTEN, CLOSED, why.CLOSE_LISTEN), "nobody is left for another connection"
    assert it.end.next_timeout() is None


def test_a_rst_refuses_an_active_syn_received(reach: Reach) -> None:
    it = reach(SYN_RECEIVED, passive=False)
    it.receives()
    assert it.arrives("RST") == [
        moves(SYN_RECEIVED, CLOSED, why.RST_REFUSED),
        stops("retransmission", why.RST_REFUSED),
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection refused"),
        tells("connection refused", why.RST_REFUSED),
    ]


@pytest.mark.parametrize("state", [ESTABLISHED, FIN_WAIT_2])
def test_a_rst_aborts_and_returns_what_is_outstanding(reach: Reach, state: State) -> None:
    it = reach(state)
    it.receives()
    assert it.arrives("RST") == [
        moves(state, CLOSED, why.RST_ABORTS),
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection reset"),
        tells("connection reset", why.RST_ABORTS),
    ]


@pytest.mark.parametrize("state", [FIN_WAIT_1, CLOSE_WAIT])
def test_a_rst_aborts_and_flushes_all_queues(reach: Reach, state: State) -> None:
    it = reach(state, flight=b"abc")
    if state is FIN_WAIT_1:
        it.arrives("ACK", ack=1, seq=6, text=b"held")
    assert it.arrives("RST") == [
        moves(state, CLOSED, why.RST_ABORTS),
        stops("retransmission", why.RST_ABORTS),
        tells("connection reset", why.RST_ABORTS),
    ]
    assert (it.end.snd_text, it.end.rcv_text, it.end.rcv_held) == ((), (), ())
    assert it.end.next_timeout() is None


@pytest.mark.parametrize("state", [CLOSING, LAST_ACK])
def test_a_rst_ends_closing_and_last_ack(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.arrives("RST") == [
        moves(state, CLOSED, why.RST_ENDS),
        stops("retransmission", why.RST_ENDS),
        tells("connection reset", why.RST_ENDS),  # MUST-12: it was an abort
    ]


def test_a_rst_ends_time_wait(reach: Reach) -> None:
    it = reach(TIME_WAIT)
    assert it.arrives("RST") == [
        moves(TIME_WAIT, CLOSED, why.RST_ENDS),
        stops("time-wait", why.RST_ENDS),
        tells("connection closed", why.RST_ENDS),
    ]


@pytest.mark.parametrize("offset", [0, 9])
def test_rfc_1337_lets_no_rst_end_time_wait(reach: Reach, offset: int) -> None:
    it = reach(TIME_WAIT, time_wait_ignores_rst=True)
    assert it.arrives("RST", seq=2 + offset) == [drops(why.RST_IGNORED_TIME_WAIT)]
    assert it.state is TIME_WAIT
    assert it.waits(MSL2)[-1] == tells("connection closed", why.TIME_WAIT_OVER)


def test_rfc_1337_concerns_time_wait_only(reach: Reach) -> None:
    it = reach(CLOSING, time_wait_ignores_rst=True)
    it.arrives("RST")
    assert it.state is CLOSED


@in_each_synchronized_state
def test_without_rfc_5961_any_rst_in_the_window_is_valid(reach: Reach, state: State) -> None:
    it = reach(state, challenge_rst=False)
    it.arrives("RST", seq=it.theirs("rcv_nxt") + RCV - 1)
    assert it.state is CLOSED


# ================================================================== fourth, check the SYN bit


def test_a_new_syn_returns_a_passive_syn_received_to_listen(reach: Reach) -> None:
    it = reach(SYN_RECEIVED)
    assert it.arrives("SYN", seq=5) == [
        moves(SYN_RECEIVED, LISTEN, why.SYN_TO_LISTEN),
        stops("retransmission", why.SYN_TO_LISTEN),
    ]


def test_a_new_syn_in_an_active_syn_received_is_challenged(reach: Reach) -> None:
    it = reach(SYN_RECEIVED, passive=False)
    assert it.arrives("SYN", seq=5) == [drops(why.SYN_CHALLENGED), sends("ACK", 1, 1, why=why.SYN_CHALLENGED)]


@in_each_synchronized_state
@pytest.mark.parametrize("ctl", ["SYN", "SYN,ACK", "SYN,FIN"])
def test_a_syn_in_the_window_is_challenged(reach: Reach, state: State, ctl: str) -> None:
    """RFC 5961 4.2."""
    it = reach(state)
    assert it.arrives(ctl) == [drops(why.SYN_CHALLENGED), ack_of(it, why.SYN_CHALLENGED)]
    assert it.state is state


@in_each_synchronized_state
def test_a_syn_before_the_window_is_challenged_for_its_text_in_the_window(reach: Reach, state: State) -> None:
    """ "irrespective of the sequence number"."""
    it = reach(state)
    assert it.arrives("SYN,ACK", seq=it.theirs("rcv_nxt") - 3, text=b"abcdef") == [
        drops(why.SYN_CHALLENGED),
        ack_of(it, why.SYN_CHALLENGED),
    ]


@in_each_synchronized_state
@pytest.mark.parametrize("ctl", ["SYN,ACK", "SYN"])
def test_without_rfc_5961_a_syn_in_the_window_resets(reach: Reach, state: State, ctl: str) -> None:
    it = reach(state, challenge_syn=False)
    nxt, expected = it.ours("snd_nxt"), it.theirs("rcv_nxt")
    lines = it.arrives(ctl, seq=expected + 4, ack=1)
    reason = why.SYN_IN_WINDOW_RESETS
    reset = sends("RST,ACK", nxt, expected, wnd=0, why=reason)
    assert lines[:3] == [drops(reason), reset, moves(state, CLOSED, reason)]
    assert lines[-1] == tells("connection reset", reason)


def test_without_rfc_5961_a_syn_outside_the_window_is_trimmed_off(reach: Reach) -> None:
    it = reach(ESTABLISHED, challenge_syn=False, reading=True)
    assert it.arrives("SYN,ACK,URG", seq=0, text=b"abc", up=3) == [
        tells("urgent data", why.URGENT_BEGINS),
        gives(2, why.RECEIVE_ANSWERED, urgent=False),
        tells("end of urgent data", why.URGENT_ENDS),
        gives(1, why.RECEIVE_ANSWERED),
        sends("ACK", 1, 4, wnd=RCV - 3, why=why.ACK_AT_ONCE),
    ]
    assert it.texts == [b"ab", b"c"]


# ================================================================== RFC 5961: challenges are rationed


def test_challenge_acks_are_limited(reach: Reach) -> None:
    """RFC 5961 7: so many in a period, then silence, then as many again."""
    it = reach(ESTABLISHED, challenge_ack_limit=2, challenge_ack_period="5s")
    it.now = 7 * SECOND
    answered = [drops(why.RST_CHALLENGED), ack_of(it, why.RST_CHALLENGED)]
    assert [it.arrives("RST", seq=5) for _ in range(3)] == [answered, answered, [drops(why.CHALLENGE_LIMITED)]]
    assert it.arrives("SYN") == [drops(why.CHALLENGE_LIMITED)], "one ration for all kinds"
    assert it.arrives("ACK", ack=2) == [drops(why.CHALLENGE_LIMITED)]
    assert it.arrives("ACK", ack=-WND) == [drops(why.CHALLENGE_LIMITED)]
    it.now += 5 * SECOND - 1
    assert it.arrives("RST", seq=5) == [drops(why.CHALLENGE_LIMITED)]
    it.now += 1
    assert it.arrives("RST", seq=5) == answered


def test_a_challenge_that_is_not_sent_leaves_nothing_owed(reach: Reach) -> None:
    it = reach(ESTABLISHED, challenge_ack_limit=1)
    it.arrives("ACK", text=b"abc")
    it.arrives("SYN")
    assert it.arrives("ACK", seq=3, ack=2, text=b"cde") == [drops(why.TRIMMED), drops(why.CHALLENGE_LIMITED)]
    assert it.sends(b"x")[0] == sends("PSH,ACK", 1, 4, wnd=RCV - 3, length=1, why=why.SEND_PUSHED)


def test_answers_to_unacceptable_segments_are_not_rationed(reach: Reach) -> None:
    it = reach(ESTABLISHED, challenge_ack_limit=1)
    for _ in range(5):
        assert it.arrives("ACK", seq=-7) == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]


# ================================================================== fifth, check the ACK field


@in_each_other_state
def test_a_segment_without_ack_is_dropped(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.arrives("PSH", text=b"abc") == [drops(why.NO_ACK)]
    assert it.arrives("FIN") == [drops(why.NO_ACK)]
    assert it.state is state


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("ack", [-5, 0, 2, 1 << 30])
def test_syn_received_answers_a_bad_ack_by_a_rst(reach: Reach, passive: bool, ack: int) -> None:
    """<SEQ=SEG.ACK><CTL=RST>, and the connection remains in the same state (3.5.2, group 2)."""
    it = reach(SYN_RECEIVED, passive=passive)
    assert it.arrives("ACK", ack=ack, text=b"x") == [
        drops(why.ACK_BAD_SYN_RECEIVED),
        resets(ack, why=why.ACK_BAD_SYN_RECEIVED),
    ]
    assert (it.state, it.theirs("rcv_nxt")) == (SYN_RECEIVED, 1)


def test_syn_received_goes_on_with_the_text_and_the_fin_of_the_ack(reach: Reach) -> None:
    it = reach(SYN_RECEIVED, reading=True)
    assert it.arrives("FIN,PSH,ACK", text=b"GET") == [
        moves(SYN_RECEIVED, ESTABLISHED, why.ACK_OF_SYN),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.ACK_OF_SYN),
        gives(3, why.TEXT_DELIVERED, pushed=True),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 5, wnd=RCV - 3, why=why.FIN_TAKEN),
    ]


@pytest.mark.parametrize("state", [ESTABLISHED, CLOSE_WAIT])
def test_an_acceptable_ack_moves_snd_una(reach: Reach, state: State) -> None:
    it = reach(state, flight=b"0123456789")
    assert it.arrives("ACK", ack=5) == [sets("retransmission", RTO, why.RTO_RESTARTED)]
    assert (it.ours("snd_una"), it.ours("snd_nxt"), it.end.outstanding) == (5, 11, 6)
    assert it.arrives("ACK", ack=11) == [stops("retransmission", why.RTO_STOPPED)]
    assert (it.ours("snd_una"), it.end.outstanding, it.end.next_timeout()) == (11, 0, None)


@in_each_synchronized_state
def test_an_old_ack_is_ignored(reach: Reach, state: State) -> None:
    it = reach(state)
    una, wnd = it.ours("snd_una"), it.end.snd_wnd
    assert it.arrives("ACK", ack=una - 1, wnd=1) == []
    assert (it.ours("snd_una"), it.end.snd_wnd, it.state) == (una, wnd, state), "its window does not count"


def test_the_text_beside_an_old_ack_counts(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    assert it.arrives("ACK", ack=0, text=b"abc") == [gives(3, why.TEXT_DELIVERED), ack_of(it, why.ACK_AT_ONCE)]


@in_each_synchronized_state
def test_an_ack_older_than_the_largest_window_is_challenged(reach: Reach, state: State) -> None:
    """RFC 5961 5.2: SND.UNA - MAX.SND.WND =< SEG.ACK."""
    it = reach(state)
    oldest = it.ours("snd_una") - WND
    assert it.arrives("ACK", ack=oldest) == []
    assert it.arrives("ACK", ack=oldest - 1, text=b"blind") == [drops(why.ACK_TOO_OLD), ack_of(it, why.ACK_TOO_OLD)]
    relaxed = reach(state, challenge_ack=False)
    assert relaxed.arrives("ACK", ack=oldest - 1) == []


@in_each_synchronized_state
@pytest.mark.parametrize("challenge", [True, False])
@pytest.mark.parametrize("ahead", [1, 1 << 30])
def test_an_ack_of_what_was_not_sent_is_answered_and_dropped(
    reach: Reach, state: State, challenge: bool, ahead: int
) -> None:
    it = reach(state, challenge_ack=challenge)
    it_was = (it.ours("snd_una"), it.theirs("rcv_nxt"))
    lines = it.arrives("FIN,ACK", ack=it.ours("snd_nxt") + ahead, text=b"x")
    assert lines == [drops(why.ACK_UNSENT), ack_of(it, why.ACK_UNSENT)]
    assert (it.ours("snd_una"), it.theirs("rcv_nxt"), it.state) == (*it_was, state)


# ------------------------------------------------------------------ fifth: the send window, WL1 and WL2


def test_the_window_is_taken_from_a_newer_seq(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=b"abc", wnd=500)
    assert (it.end.snd_wnd, it.theirs("snd_wl1"), it.ours("snd_wl2")) == (500, 1, 1)
    it.arrives("ACK", wnd=501)
    assert (it.end.snd_wnd, it.theirs("snd_wl1")) == (501, 4)


def test_the_window_is_taken_from_the_same_seq_with_the_same_or_a_newer_ack(reach: Reach) -> None:
    it = reach(ESTABLISHED, flight=b"0123456789")
    it.arrives("ACK", ack=5, wnd=500)
    assert (it.end.snd_wnd, it.ours("snd_wl2")) == (500, 5)
    it.arrives("ACK", ack=5, wnd=400)
    assert (it.end.snd_wnd, it.ours("snd_wl2")) == (400, 5)


def test_the_window_is_not_taken_from_an_older_segment(reach: Reach) -> None:
    """SND.WL1 > SEG.SEQ: it was overtaken by the segment that holds WL1."""
    it = reach(ESTABLISHED, flight=b"0123456789")
    it.arrives("ACK", seq=4, ack=5, text=b"def", wnd=500)
    it.arrives("ACK", seq=1, ack=11, wnd=9)
    assert (it.end.snd_wnd, it.theirs("snd_wl1"), it.ours("snd_wl2"), it.ours("snd_una")) == (500, 4, 5, 11)


def test_the_window_is_not_taken_from_an_older_ack_of_the_same_seq(reach: Reach) -> None:
    """SND.WL1 = SEG.SEQ, but SND.WL2 > SEG.ACK."""
    it = reach(ESTABLISHED, flight=b"0123456789")
    it.arrives("ACK", ack=5, wnd=500)
    it.arrives("ACK", ack=4, wnd=9)
    assert (it.end.snd_wnd, it.ours("snd_wl2")) == (500, 5)


def test_the_largest_window_is_remembered(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    for wnd in (WND + 1, 5):
        it.arrives("ACK", wnd=wnd)
    assert (it.end.snd_wnd, it.end.max_snd_wnd) == (5, WND + 1)


# ------------------------------------------------------------------ fifth: the ACK of our FIN


def test_fin_wait_1_to_fin_wait_2(reach: Reach) -> None:
    it = reach(FIN_WAIT_1)
    assert it.arrives("ACK") == [
        stops("retransmission", why.RTO_STOPPED),
        moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN),
    ]
    assert it.end.next_timeout() is None


def test_fin_wait_1_stays_while_only_text_is_acknowledged(reach: Reach) -> None:
    it = reach(FIN_WAIT_1, flight=b"abc")
    assert it.arrives("ACK", ack=3) == [sets("retransmission", RTO, why.RTO_RESTARTED)]
    assert it.arrives("ACK", ack=4) == [sets("retransmission", RTO, why.RTO_RESTARTED)]
    assert it.arrives("ACK", ack=5)[-1] == moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN)


def test_closing_to_time_wait(reach: Reach) -> None:
    it = reach(CLOSING)
    assert it.arrives("ACK") == [
        stops("retransmission", why.RTO_STOPPED),
        moves(CLOSING, TIME_WAIT, why.ACK_OF_FIN),
        sets("time-wait", MSL2, why.TIME_WAIT_STARTED),
    ]


def test_closing_ignores_any_other_ack(reach: Reach) -> None:
    it = reach(CLOSING)
    assert it.arrives("ACK", ack=1) == []
    assert it.state is CLOSING


def test_last_ack_to_closed(reach: Reach) -> None:
    it = reach(LAST_ACK)
    assert it.arrives("ACK") == [
        stops("retransmission", why.RTO_STOPPED),
        moves(LAST_ACK, CLOSED, why.ACK_OF_FIN_CLOSES),
        tells("connection closed", why.ACK_OF_FIN_CLOSES),
    ]
    assert it.end.next_timeout() is None


def test_last_ack_stays_while_only_text_is_acknowledged(reach: Reach) -> None:
    it = reach(LAST_ACK, flight=b"abc")
    it.arrives("ACK", ack=4)
    assert it.state is LAST_ACK


@pytest.mark.parametrize("text", [b"", b"xyz"])
def test_time_wait_has_nothing_to_say_to_an_ack(reach: Reach, text: bytes) -> None:
    it = reach(TIME_WAIT)
    it.now += SECOND
    lines = it.arrives("ACK", text=text)
    assert lines == ([drops(why.TEXT_AFTER_FIN)] if text else [])
    assert it.end.next_timeout() == MSL2, "only a FIN starts 2 MSL anew"


def test_an_ack_shows_that_the_peer_lives(reach: Reach) -> None:
    it = reach(ESTABLISHED, keepalive=True)
    it.now += HOUR
    it.arrives("ACK")
    assert it.end.next_timeout() == 3 * HOUR


# ------------------------------------------------------------------ fifth: CLOSE was called in SYN-RECEIVED


def closed_in_syn_received(reach: Reach, ctl: str = "SYN", **fields: object) -> Reached:
    it = reach(LISTEN)
    it.arrives(ctl, **fields)
    assert it.closes() == [
        moves(SYN_RECEIVED, FIN_WAIT_1, why.CLOSE_SYN_RECEIVED),
        sends("FIN,ACK", 1, 1, why=why.SEND_FIN),
    ]
    return it


def test_the_ack_of_our_syn_may_come_in_fin_wait_1(reach: Reach) -> None:
    it = closed_in_syn_received(reach)
    assert it.arrives("ACK", ack=1) == [sets("retransmission", RTO, why.RTO_RESTARTED)]
    assert it.state is FIN_WAIT_1
    assert it.arrives("ACK", ack=2)[-1] == moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN)


def test_what_came_beside_the_syn_waits_for_that_ack(reach: Reach) -> None:
    it = closed_in_syn_received(reach, text=b"early")
    assert it.arrives("ACK", ack=0, seq=1) == [], "an ACK of nothing"
    assert it.end.rcv_user == 0
    assert it.arrives("ACK", ack=1, seq=6) == [
        sets("retransmission", RTO, why.RTO_RESTARTED),
        tells("data readable", why.TEXT_READABLE),
        sends("ACK", 2, 6, wnd=RCV - 5, why=why.ACK_AT_ONCE),
    ]


def test_one_ack_of_both_and_the_fin_that_came_beside_the_syn(reach: Reach) -> None:
    """The fifth check ends, in FIN-WAIT-2, before the eighth begins."""
    it = closed_in_syn_received(reach, "SYN,FIN")
    assert it.arrives("ACK", ack=2, seq=2) == [
        stops("retransmission", why.RTO_STOPPED),
        moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN),
        tells("connection closing", why.FIN_TAKEN),
        moves(FIN_WAIT_2, TIME_WAIT, why.FIN_TAKEN),
        sets("time-wait", MSL2, why.TIME_WAIT_STARTED),
        sends("ACK", 2, 2, why=why.FIN_TAKEN),
    ]


def test_our_syn_ack_is_sent_again_in_fin_wait_1(reach: Reach) -> None:
    it = closed_in_syn_received(reach)
    assert it.waits(RTO) == [
        fires("retransmission", why.RTO_EXPIRED),
        sends("SYN,ACK", 0, 1, why=why.RETRANSMIT),
        sets("retransmission", 2 * RTO, why.RTO_BACKED_OFF),
    ]


# ================================================================== sixth, check the URG bit


@in_each_receiving_state
def test_the_user_is_told_of_urgent_data(reach: Reach, state: State) -> None:
    """MUST-30, MUST-32: RCV.UP <- max(RCV.UP, SEG.UP)."""
    it = reach(state)
    assert it.arrives("ACK,URG", ack=it.ours("snd_una"), text=b"ab", up=5) == [
        tells("urgent data", why.URGENT_BEGINS),
        tells("data readable", why.TEXT_READABLE),
        ack_of(it, why.ACK_AT_ONCE),
    ]
    assert it.theirs("rcv_up") == 6
    assert it.end.status().urgent


def test_the_same_pointer_is_told_once_and_an_advance_again(reach: Reach) -> None:
    """MUST-32: "or whenever the urgent pointer advances in the data stream"."""
    it = reach(ESTABLISHED)
    it.arrives("ACK,URG", up=5)
    assert it.arrives("ACK,URG", up=5) == []
    assert it.arrives("ACK,URG", up=4) == [], "it can't recede"
    assert it.theirs("rcv_up") == 6
    assert it.arrives("ACK,URG", up=6) == [tells("urgent data", why.URGENT_ADVANCES)]
    assert it.theirs("rcv_up") == 7


def test_a_pointer_at_what_was_read_says_nothing(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    assert it.arrives("ACK,URG", up=0) == []
    it.arrives("ACK", text=b"abc")
    assert it.arrives("ACK,URG", seq=2, text=b"bc", up=2) == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    assert not it.end.urgent


def test_a_pointer_into_what_waits_to_be_read_is_told(reach: Reach) -> None:
    """It is in advance of the data consumed, though not of RCV.NXT."""
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=b"abc")
    assert it.arrives("ACK,URG", up=0) == [tells("urgent data", why.URGENT_BEGINS)]
    assert it.receives() == [gives(3, why.RECEIVE_ANSWERED), tells("end of urgent data", why.URGENT_ENDS)]


def test_a_receive_stops_at_the_end_of_urgent_data(reach: Reach) -> None:
    """3.9.1.3, MUST-33: the URGENT flag tells whether more of it remains."""
    it = reach(ESTABLISHED)
    it.arrives("PSH,ACK,URG", text=b"stop!then", up=5)
    assert it.receives(2) == [gives(2, why.RECEIVE_ANSWERED, pushed=True, urgent=True)]
    assert it.receives() == [
        gives(3, why.RECEIVE_ANSWERED, pushed=True),
        tells("end of urgent data", why.URGENT_ENDS),
    ]
    assert it.texts == [b"op!"]
    assert it.receives() == [gives(4, why.RECEIVE_ANSWERED, pushed=True)]
    assert not it.end.urgent


def test_whoever_reads_all_the_time_gets_the_urgent_part_apart(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    assert it.arrives("ACK,URG", text=b"stop!then", up=5) == [
        tells("urgent data", why.URGENT_BEGINS),
        gives(5, why.RECEIVE_ANSWERED),
        tells("end of urgent data", why.URGENT_ENDS),
        gives(4, why.RECEIVE_ANSWERED),
        sends("ACK", 1, 10, wnd=RCV - 9, why=why.ACK_AT_ONCE),
    ]


def test_urgent_data_of_any_length(reach: Reach) -> None:
    """MUST-31: the pointer runs ahead of segments, beyond a window, beyond 65,535 octets."""
    it = reach(ESTABLISHED, reading=True, rcv_buff=60_000)
    told: list[Line] = []
    for number in range(40):
        told += it.arrives("ACK,URG", text=50_000, up=0xFFFF)
        assert it.theirs("rcv_up") == 1 + 50_000 * number + 0xFFFF
        assert it.end.urgent
    assert [line for line in told if line[0] == "tells"] == [
        tells("urgent data", why.URGENT_BEGINS),
        *[tells("urgent data", why.URGENT_ADVANCES)] * 39,
    ]
    assert it.arrives("ACK", text=15_535)[-2:-1] == [tells("end of urgent data", why.URGENT_ENDS)]


@in_each_state_after_fin
def test_after_the_peers_fin_urg_is_ignored(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.arrives("ACK,URG", ack=it.ours("snd_una"), up=5) == [drops(why.URGENT_IGNORED)]
    assert not it.end.urgent


# ================================================================== seventh, process the segment text


@in_each_receiving_state
def test_text_in_sequence_is_delivered_and_acknowledged(reach: Reach, state: State) -> None:
    it = reach(state, reading=True)
    assert it.arrives("PSH,ACK", ack=it.ours("snd_una"), text=b"abc") == [
        gives(3, why.TEXT_DELIVERED, pushed=True),
        sends("ACK", it.ours("snd_nxt"), 4, wnd=RCV - 3, why=why.ACK_AT_ONCE),
    ]
    assert it.texts == [b"abc"]
    assert it.theirs("rcv_nxt") == 4


@in_each_receiving_state
def test_text_waits_for_a_receive(reach: Reach, state: State) -> None:
    it = reach(state)
    lines = it.arrives("ACK", ack=it.ours("snd_una"), text=b"abc")
    assert lines[0] == tells("data readable", why.TEXT_READABLE)
    assert it.arrives("PSH,ACK", text=b"def")[0] != tells("data readable", why.TEXT_READABLE), "told once"
    assert it.receives(4) == [gives(4, why.RECEIVE_ANSWERED, pushed=True)]
    assert it.texts == [b"abcd"]
    assert it.receives() == [gives(2, why.RECEIVE_ANSWERED, pushed=True)]
    assert it.receives() == [], "this one is queued"
    assert it.arrives("ACK", text=b"g")[0] == gives(1, why.RECEIVE_ANSWERED)
    assert it.end.receives == ()


def test_receives_are_answered_in_order(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    for limit in (2, 3, 100):
        it.receives(limit)
    assert it.arrives("ACK", text=b"abcdef")[:3] == [
        gives(2, why.RECEIVE_ANSWERED),
        gives(3, why.RECEIVE_ANSWERED),
        gives(1, why.RECEIVE_ANSWERED),
    ]
    assert it.texts == [b"ab", b"cde", b"f"]


def test_the_right_edge_stays_until_it_can_move_far(reach: Reach) -> None:
    """3.8.6.2.2; and RCV.NXT + RCV.WND is never reduced."""
    it = reach(ESTABLISHED, reading=True)
    assert it.arrives("ACK", text=RCV // 2 - 1)[-1] == ack_of(it, why.ACK_AT_ONCE, wnd=RCV // 2 + 1)
    assert it.arrives("ACK", text=1)[-1] == ack_of(it, why.ACK_AT_ONCE, wnd=RCV)


def test_an_ack_may_wait_for_a_second_segment(reach: Reach) -> None:
    """SHLD-18, SHLD-19."""
    it = reach(ESTABLISHED, reading=True, delayed_ack="200ms")
    assert it.arrives("ACK", text=b"a") == [
        gives(1, why.TEXT_DELIVERED),
        sets("delayed ack", 200 * MS, why.ACK_DELAYED),
    ]
    assert it.arrives("ACK", text=b"b") == [
        gives(1, why.TEXT_DELIVERED),
        sends("ACK", 1, 3, wnd=RCV - 2, why=why.ACK_EVERY_SECOND),
        stops("delayed ack", why.ACK_EVERY_SECOND),
    ]


def test_an_ack_does_not_wait_for_ever(reach: Reach) -> None:
    """MUST-40."""
    it = reach(ESTABLISHED, reading=True, delayed_ack="200ms")
    it.arrives("ACK", text=b"a")
    assert it.waits(200 * MS) == [
        fires("delayed ack", why.ACK_DELAY_OVER),
        sends("ACK", 1, 2, wnd=RCV - 1, why=why.ACK_DELAY_OVER),
    ]


def test_an_ack_may_wait_beyond_an_earlier_timer(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True, delayed_ack="200ms", flight=b"abc")
    it.now = RTO - 100 * MS
    it.arrives("ACK", ack=1, text=b"a")
    assert it.end.next_timeout() == RTO
    assert it.waits(100 * MS)[1] == sends("PSH,ACK", 1, 2, wnd=RCV - 1, length=3, why=why.RETRANSMIT)
    assert it.end.delack_at > 1 << 61, "the ACK went along"


def test_an_ack_travels_on_text(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True, delayed_ack="200ms")
    it.arrives("ACK", text=b"a")
    assert it.sends(b"b") == [
        sends("PSH,ACK", 1, 2, wnd=RCV - 1, length=1, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
        stops("delayed ack", why.ACK_PIGGYBACKED),
    ]


def test_more_segments_may_share_an_ack_by_knob(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True, delayed_ack="200ms", ack_every=3)
    assert len(it.arrives("ACK", text=b"a")) == 2
    assert it.arrives("ACK", text=b"b") == [gives(1, why.TEXT_DELIVERED)]
    assert it.arrives("ACK", text=b"c")[1] == sends("ACK", 1, 4, wnd=RCV - 3, why=why.ACK_EVERY_SECOND)


@in_each_state_after_fin
def test_after_the_peers_fin_text_is_ignored(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.arrives("ACK", ack=it.ours("snd_una"), text=b"ghost") == [drops(why.TEXT_AFTER_FIN)]
    assert it.theirs("rcv_nxt") == 2


# ------------------------------------------------------------------ seventh: text beyond a hole (SHLD-31)


@in_each_receiving_state
def test_text_beyond_a_hole_is_held_until_the_hole_is_filled(reach: Reach, state: State) -> None:
    it = reach(state, reading=True)
    una = it.ours("snd_una")
    lines = it.arrives("ACK", ack=una, seq=4, text=b"def")
    assert lines == [drops(why.TEXT_HELD), ack_of(it, why.ACK_OUT_OF_ORDER)]
    assert it.theirs("rcv_nxt") == 1
    assert it.arrives("ACK", ack=una, seq=1, text=b"abc") == [
        gives(3, why.TEXT_DELIVERED),
        gives(3, why.TEXT_DELIVERED),
        sends("ACK", it.ours("snd_nxt"), 7, wnd=RCV - 6, why=why.ACK_HOLE_FILLED),
    ]
    assert it.texts == [b"abc", b"def"]


def test_two_holes_are_filled_one_by_one(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    it.arrives("ACK", seq=9, text=b"ij")
    it.arrives("ACK", seq=4, text=b"def")
    assert [held[1] for held in it.end.rcv_held] == [3, 2]
    it.arrives("ACK", seq=1, text=b"abc")
    assert it.texts == [b"abc", b"def"]
    assert (it.theirs("rcv_nxt"), len(it.end.rcv_held)) == (7, 1)
    it.arrives("ACK", seq=7, text=b"gh")
    assert it.texts == [b"gh", b"ij"]
    assert (it.theirs("rcv_nxt"), it.end.rcv_held) == (11, ())


ALPHABET = b"abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    "pieces",
    [
        [(4, 6), (8, 10), (6, 8)],  # between two
        [(4, 6), (8, 10), (3, 12)],  # around both
        [(4, 8), (6, 10)],  # the end of one
        [(6, 10), (4, 8)],  # the beginning of one
        [(4, 10), (5, 7)],  # all of it known
        [(4, 10), (4, 10)],
        [(4, 6), (8, 10), (12, 14), (5, 13)],
        [(8, 10), (4, 6)],  # before one, apart
        [(4, 6), (8, 10), (9, 14)],
    ],
    ids=str,
)
@pytest.mark.parametrize("counted", [False, True])
def test_pieces_beyond_a_hole_may_overlap(reach: Reach, pieces: list[tuple[int, int]], counted: bool) -> None:
    """ "we reconstruct the segment to contain just the new data" (3.10)."""
    it = reach(ESTABLISHED, reading=True)
    for first, end in pieces:
        it.arrives("ACK", seq=1 + first, text=end - first if counted else ALPHABET[first:end])
    held = [(it.end.rcv_nxt - piece[0]) & 0xFFFF_FFFF for piece in it.end.rcv_held]
    assert held == sorted(held, reverse=True), "in the order of their numbers, and none old"
    assert sum(piece[1] for piece in it.end.rcv_held) == len({n for first, end in pieces for n in range(first, end)})
    first = min(first for first, _ in pieces)
    it.arrives("ACK", seq=1, text=first if counted else ALPHABET[:first])
    reached = it.theirs("rcv_nxt") - 1
    if not counted:
        assert b"".join(text or b"" for text in it.texts) == ALPHABET[:reached]
    known = set(range(first)) | {n for begin, end in pieces for n in range(begin, end)}
    assert reached == next(n for n in range(30) if n not in known)


def test_text_that_fills_a_hole_and_overlaps_what_is_held(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    it.arrives("ACK", seq=4, text=b"def")
    it.arrives("ACK", seq=9, text=b"ij")
    it.arrives("ACK", seq=1, text=b"abcde")
    assert it.texts == [b"abcde", b"f"]
    it.arrives("ACK", seq=7, text=b"ghijkl")
    assert it.texts == [b"ghijkl"]
    assert it.end.rcv_held == ()


def test_text_that_fills_a_hole_and_covers_what_is_held(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    it.arrives("ACK", seq=4, text=b"def")
    assert it.arrives("ACK", seq=1, text=b"abcdef") == [
        gives(6, why.TEXT_DELIVERED),
        sends("ACK", 1, 7, wnd=RCV - 6, why=why.ACK_HOLE_FILLED),
    ]


def test_a_push_beyond_a_hole_is_remembered(reach: Reach) -> None:
    it = reach(ESTABLISHED, reading=True)
    it.arrives("PSH,ACK", seq=4, text=b"def")
    assert it.arrives("ACK", seq=1, text=b"abc")[:2] == [
        gives(3, why.TEXT_DELIVERED),
        gives(3, why.TEXT_DELIVERED, pushed=True),
    ]


# ------------------------------------------------------------------ seventh: a full CLOSE (MAY-1)


@pytest.mark.parametrize("state", [FIN_WAIT_1, FIN_WAIT_2])
@pytest.mark.parametrize("ctl", ["ACK", "FIN,ACK"])
def test_text_after_a_full_close_is_answered_by_a_rst(reach: Reach, state: State, ctl: str) -> None:
    """SHLD-3."""
    it = reach(state, half_duplex_close=True)
    una = it.ours("snd_una")
    lines = it.arrives(ctl, ack=una, text=b"lost")
    assert lines[:3] == [
        drops(why.TEXT_AFTER_CLOSE),
        resets(una, why=why.TEXT_AFTER_CLOSE),
        moves(state, CLOSED, why.TEXT_AFTER_CLOSE),
    ]
    assert lines[-1] == tells("connection reset", why.TEXT_AFTER_CLOSE)


def test_a_fin_after_a_full_close_is_welcome(reach: Reach) -> None:
    it = reach(FIN_WAIT_2, half_duplex_close=True)
    it.arrives("FIN,ACK")
    assert it.state is TIME_WAIT


# ================================================================== eighth, check the FIN bit


def test_a_fin_in_established(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.receives()
    assert it.arrives("FIN,ACK") == [
        tells("connection closing", why.FIN_TAKEN),
        tells("call failed", why.FIN_TAKEN, "RECEIVE: error: connection closing"),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 2, why=why.FIN_TAKEN),
    ]
    assert it.theirs("rcv_nxt") == 2


def test_a_fin_in_fin_wait_1_without_the_ack_of_ours(reach: Reach) -> None:
    it = reach(FIN_WAIT_1)
    assert it.arrives("FIN,ACK", ack=1) == [
        tells("connection closing", why.FIN_TAKEN),
        moves(FIN_WAIT_1, CLOSING, why.FIN_TAKEN),
        sends("ACK", 2, 2, why=why.FIN_TAKEN),
    ]


def test_a_fin_in_fin_wait_1_with_the_ack_of_ours(reach: Reach) -> None:
    """Note 2 of Figure 5: two moves in one segment."""
    it = reach(FIN_WAIT_1)
    assert it.arrives("FIN,ACK") == [
        stops("retransmission", why.RTO_STOPPED),
        moves(FIN_WAIT_1, FIN_WAIT_2, why.ACK_OF_FIN),
        tells("connection closing", why.FIN_TAKEN),
        moves(FIN_WAIT_2, TIME_WAIT, why.FIN_TAKEN),
        sets("time-wait", MSL2, why.TIME_WAIT_STARTED),
        sends("ACK", 2, 2, why=why.FIN_TAKEN),
    ]


def test_a_fin_in_fin_wait_2(reach: Reach) -> None:
    it = reach(FIN_WAIT_2, keepalive=True)
    assert it.arrives("FIN,ACK") == [
        tells("connection closing", why.FIN_TAKEN),
        moves(FIN_WAIT_2, TIME_WAIT, why.FIN_TAKEN),
        stops("keep-alive", why.TIMERS_OFF),
        sets("time-wait", MSL2, why.TIME_WAIT_STARTED),
        sends("ACK", 2, 2, why=why.FIN_TAKEN),
    ]
    assert it.waits(MSL2) == [
        fires("time-wait", why.TIME_WAIT_OVER),
        moves(TIME_WAIT, CLOSED, why.TIME_WAIT_OVER),
        tells("connection closed", why.TIME_WAIT_OVER),
    ]


@in_each_receiving_state
def test_a_fin_with_text(reach: Reach, state: State) -> None:
    it = reach(state)
    lines = it.arrives("FIN,ACK", ack=it.ours("snd_una"), text=b"bye")
    assert lines[0] == tells("data readable", why.TEXT_READABLE)
    assert lines[-1] == sends("ACK", it.ours("snd_nxt"), 5, wnd=RCV - 3, why=why.FIN_TAKEN)
    assert it.state is {ESTABLISHED: CLOSE_WAIT, FIN_WAIT_1: CLOSING, FIN_WAIT_2: TIME_WAIT}[state]
    assert it.receives(2) == [gives(2, why.RECEIVE_ANSWERED, pushed=True)], "FIN implies PUSH"
    assert it.receives() == [gives(1, why.RECEIVE_ANSWERED, pushed=True)]


def test_a_fin_pushes_a_single_octet_that_waits(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=b"x")
    it.arrives("FIN,ACK")
    assert it.receives() == [gives(1, why.RECEIVE_ANSWERED, pushed=True)]


@in_each_receiving_state
@pytest.mark.parametrize("text", [b"", b"de"])
def test_a_fin_beyond_a_hole_waits(reach: Reach, state: State, text: bytes) -> None:
    it = reach(state, reading=True)
    una = it.ours("snd_una")
    dropped = [drops(why.TEXT_HELD)] if text else []
    assert it.arrives("FIN,ACK", ack=una, seq=4, text=text) == [
        *dropped,
        drops(why.FIN_HELD),
        ack_of(it, why.ACK_OUT_OF_ORDER),
    ]
    assert it.state is state
    lines = it.arrives("ACK", ack=una, seq=1, text=b"abc")
    assert lines[0] == gives(3, why.TEXT_DELIVERED)
    assert tells("connection closing", why.FIN_TAKEN) in lines
    assert it.theirs("rcv_nxt") == 5 + len(text)
    assert lines[-1] == ack_of(it, why.FIN_TAKEN)
    assert it.state is {ESTABLISHED: CLOSE_WAIT, FIN_WAIT_1: CLOSING, FIN_WAIT_2: TIME_WAIT}[state]


def test_text_before_a_fin_that_waits_is_acknowledged_at_once(reach: Reach) -> None:
    """RFC 5681 4.2: it fills a part of the gap."""
    it = reach(ESTABLISHED, reading=True, delayed_ack="200ms")
    it.arrives("FIN,ACK", seq=6)
    assert it.arrives("ACK", seq=1, text=b"abc")[-1] == ack_of(it, why.ACK_HOLE_FILLED)
    assert it.theirs("rcv_nxt") == 4


def test_a_fin_waits_for_the_last_of_two_holes(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("FIN,ACK", seq=7, text=b"gh")
    it.arrives("ACK", seq=1, text=b"abc")
    assert it.state is ESTABLISHED
    it.arrives("ACK", seq=4, text=b"def")
    assert (it.state, it.theirs("rcv_nxt")) == (CLOSE_WAIT, 10)


def test_a_fin_below_what_was_received_is_a_lie(reach: Reach) -> None:
    """Text was held beyond where this FIN says that the stream ends: the text stands."""
    it = reach(ESTABLISHED, reading=True)
    it.arrives("ACK", seq=4, text=b"def")
    lines = it.arrives("FIN,ACK", seq=1, text=b"abc")
    assert it.state is ESTABLISHED
    assert lines[-1] == sends("ACK", 1, 7, wnd=RCV - 6, why=why.ACK_HOLE_FILLED)


@pytest.mark.parametrize("state", [CLOSE_WAIT, CLOSING, LAST_ACK])
def test_the_peers_fin_again_is_acknowledged_again(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.arrives("FIN,ACK", seq=1, ack=1) == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    assert it.state is state


@pytest.mark.parametrize("state", [CLOSE_WAIT, CLOSING, LAST_ACK])
def test_a_fin_beyond_the_peers_fin_is_answered_and_means_nothing(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.arrives("FIN,ACK", ack=1) == [drops(why.FIN_BEYOND_FIN), ack_of(it, why.FIN_BEYOND_FIN)]
    assert (it.state, it.theirs("rcv_nxt")) == (state, 2)


@pytest.mark.parametrize("text", [b"", b"last words"])
def test_a_fin_again_in_time_wait_restarts_2_msl(reach: Reach, text: bytes) -> None:
    it = reach(FIN_WAIT_2)
    it.arrives("FIN,ACK", text=text)
    it.now += SECOND
    assert it.arrives("FIN,ACK", seq=1, text=text) == [
        drops(why.FIN_AGAIN),
        sets("time-wait", MSL2, why.FIN_AGAIN),
        ack_of(it, why.FIN_AGAIN),
    ]
    assert it.end.next_timeout() == SECOND + MSL2


def test_an_older_segment_in_time_wait_does_not(reach: Reach) -> None:
    it = reach(FIN_WAIT_2)
    it.arrives("FIN,ACK", text=b"abc")
    it.now += SECOND
    assert it.arrives("ACK", seq=1, text=b"abc") == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    assert it.arrives("FIN,ACK", seq=1, text=b"a") == [drops(why.UNACCEPTABLE), ack_of(it, why.UNACCEPTABLE)]
    assert it.end.next_timeout() == MSL2


def test_a_fin_in_the_window_of_time_wait_restarts_2_msl(reach: Reach) -> None:
    it = reach(TIME_WAIT)
    it.now += SECOND
    assert it.arrives("FIN,ACK") == [sets("time-wait", MSL2, why.FIN_AGAIN), ack_of(it, why.FIN_AGAIN)]
    assert it.theirs("rcv_nxt") == 2


def test_the_ack_of_a_fin_may_wait_by_knob(reach: Reach) -> None:
    it = reach(ESTABLISHED, delayed_ack="200ms", delay_fin_ack=True)
    assert it.arrives("FIN,ACK") == [
        sets("delayed ack", 200 * MS, why.ACK_DELAYED),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
    ]
    assert it.closes() == [
        sends("FIN,ACK", 1, 2, why=why.SEND_FIN),
        sets("retransmission", RTO, why.RTO_STARTED),
        stops("delayed ack", why.ACK_PIGGYBACKED),
        moves(CLOSE_WAIT, LAST_ACK, why.SEND_FIN_LAST_ACK),
    ]


def test_the_ack_of_a_fin_does_not_wait_beside_text_that_waited(reach: Reach) -> None:
    it = reach(ESTABLISHED, delayed_ack="200ms", delay_fin_ack=True, reading=True)
    it.arrives("ACK", text=b"a")
    lines = it.arrives("FIN,ACK", text=b"b")
    assert sends("ACK", 1, 4, wnd=RCV - 2, why=why.ACK_EVERY_SECOND) in lines
    it = reach(ESTABLISHED, delayed_ack="200ms", delay_fin_ack=True, reading=True)
    it.arrives("ACK", text=b"a")
    assert it.arrives("FIN,ACK") == [
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
    ], "the timer runs already"
