"""User calls in all eleven states (RFC 9293 3.10.1 to 3.10.6): error words, segments, states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.calls import MAX_RECEIVES, TcpError
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
    SYN_SENT,
    TIME_WAIT,
    State,
)
from tcpsim.tcp.units import MINUTE, MS, SECOND
from tests.tcp.reach import (
    EVERY_STATE,
    LOCAL,
    RCV,
    REMOTE,
    RTO,
    fires,
    fresh,
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
    Call = Callable[[Reached], object]

# ================================================================== the table of error words

EXISTS = "error: connection already exists"
NONE = "error: connection does not exist"
CLOSING_WORDS = "error: connection closing"
OK = None

CALLS: dict[str, Call] = {
    "active OPEN": lambda it: it.opens(active=True),
    "passive OPEN": lambda it: it.opens(active=False),
    "SEND": lambda it: it.sends(b"abc"),
    "RECEIVE": lambda it: it.receives(),
    "CLOSE": lambda it: it.closes(),
    "ABORT": lambda it: it.aborts(),
    "STATUS": lambda it: it.end.status(),
}

# Each row is a state's paragraphs of 3.10.1 to 3.10.6, in the order of CALLS. After the peer's FIN a
# RECEIVE is refused when no text is on hand.
TABLE: dict[State, tuple[str | None, ...]] = {
    CLOSED: (OK, OK, NONE, NONE, NONE, NONE, NONE),
    LISTEN: (OK, EXISTS, OK, OK, OK, OK, OK),
    SYN_SENT: (EXISTS, EXISTS, OK, OK, OK, OK, OK),
    SYN_RECEIVED: (EXISTS, EXISTS, OK, OK, OK, OK, OK),
    ESTABLISHED: (EXISTS, EXISTS, OK, OK, OK, OK, OK),
    FIN_WAIT_1: (EXISTS, EXISTS, CLOSING_WORDS, OK, CLOSING_WORDS, OK, OK),
    FIN_WAIT_2: (EXISTS, EXISTS, CLOSING_WORDS, OK, CLOSING_WORDS, OK, OK),
    CLOSE_WAIT: (EXISTS, EXISTS, OK, CLOSING_WORDS, OK, OK, OK),
    CLOSING: (EXISTS, EXISTS, CLOSING_WORDS, CLOSING_WORDS, CLOSING_WORDS, OK, OK),
    LAST_ACK: (EXISTS, EXISTS, CLOSING_WORDS, CLOSING_WORDS, CLOSING_WORDS, OK, OK),
    TIME_WAIT: (EXISTS, EXISTS, CLOSING_WORDS, CLOSING_WORDS, CLOSING_WORDS, OK, OK),
}

ROWS = [
    pytest.param(state, call, words, id=f"{state}-{call}")
    for state, row in TABLE.items()
    for call, words in zip(CALLS, row, strict=True)
]


@pytest.mark.parametrize(("state", "call", "words"), ROWS)
def test_every_call_in_every_state(reach: Reach, state: State, call: str, words: str | None) -> None:
    it = reach(state)
    if words is None:
        CALLS[call](it)
        return
    before = it.end.key(it.now)
    with pytest.raises(TcpError) as raised:
        CALLS[call](it)
    assert str(raised.value) == words
    assert f"error: {raised.value.words}" == words
    assert it.end.key(it.now) == before, "a call that is refused has done nothing"
    assert it.end.out == []


def test_the_table_is_complete() -> None:
    assert set(TABLE) == set(EVERY_STATE)


# ================================================================== OPEN (3.10.1)


def syn_goes_out(source: State, reason: why.Rule) -> list[Line]:
    return [
        moves(source, SYN_SENT, reason),
        sends("SYN", 0, why=reason),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]


def test_active_open_sends_a_syn(reach: Reach) -> None:
    it = reach(CLOSED)
    assert it.opens(active=True) == syn_goes_out(CLOSED, why.OPEN_ACTIVE)
    assert it.end.iss == it.iss
    assert (it.ours("snd_una"), it.ours("snd_nxt")) == (0, 1)
    assert it.end.active


def test_passive_open_waits(reach: Reach) -> None:
    it = reach(CLOSED)
    assert it.opens(active=False) == [moves(CLOSED, LISTEN, why.OPEN_PASSIVE)]
    assert it.end.passive
    assert it.end.next_timeout() is None


def test_active_open_in_listen_changes_passive_to_active(reach: Reach) -> None:
    it = reach(LISTEN)
    it.receives(7)
    assert it.opens(active=True) == syn_goes_out(LISTEN, why.OPEN_FROM_LISTEN)
    assert it.end.active
    assert it.end.receives == (7,)
    it.arrives("RST,ACK", ack=1)
    assert it.state is CLOSED, "not LISTEN: it is no longer passive"


@pytest.mark.parametrize("call", ["active OPEN", "SEND"])
@pytest.mark.parametrize("state", [CLOSED, LISTEN])
def test_without_a_remote_socket_nothing_is_sent(reach: Reach, state: State, call: str) -> None:
    it = reach(state)
    it.end.remote = None
    expected = NONE if (state, call) == (CLOSED, "SEND") else "error: remote socket unspecified"
    with pytest.raises(TcpError, match=f"^{expected}$"):
        CALLS[call](it)
    assert it.state is state


def test_binding_specifies_the_remote_socket(reach: Reach) -> None:
    it = reach(LISTEN)
    it.end.remote = None
    it.end.bind(LOCAL, REMOTE)
    assert it.end.status().remote == REMOTE
    it.opens(active=True)
    assert it.state is SYN_SENT


def test_a_connection_that_ended_can_be_opened_again(reach: Reach) -> None:
    it = reach(CLOSE_WAIT, flight=b"abc")
    it.aborts()
    assert it.opens(active=True) == syn_goes_out(CLOSED, why.OPEN_ACTIVE)
    assert (it.ours("snd_nxt"), it.end.rcv_nxt, it.end.fin_received, it.end.rcv_wnd) == (1, 0, False, RCV)
    it.aborts()
    assert it.opens(active=False) == [moves(CLOSED, LISTEN, why.OPEN_PASSIVE)]
    assert it.end.snd_nxt == 0


def test_the_window_in_a_syn_is_never_scaled(reach: Reach) -> None:
    it = reach(CLOSED, rcv_buff=1 << 20, window_scale=5)
    assert it.opens(active=True)[1] == sends("SYN", 0, wnd=0xFFFF, why=why.OPEN_ACTIVE)


def test_the_user_timeout_starts_with_the_syn(reach: Reach) -> None:
    it = reach(CLOSED, user_timeout="1min")
    assert it.opens(active=True)[-1] == sets("user timeout", MINUTE, why.USER_TIMEOUT_STARTED)


# ================================================================== SEND (3.10.2)


def test_send_in_listen_becomes_active_and_queues(reach: Reach) -> None:
    it = reach(LISTEN)
    assert it.sends(b"hello") == syn_goes_out(LISTEN, why.SEND_FROM_LISTEN)
    assert it.end.active
    it.arrives("SYN,ACK")
    assert it.texts == [b"hello"]


@pytest.mark.parametrize(("state", "passive"), [(SYN_SENT, None), (SYN_RECEIVED, True), (SYN_RECEIVED, False)])
def test_send_before_established_queues(reach: Reach, state: State, passive: bool | None) -> None:
    it = reach(state, passive=passive)
    assert it.sends(b"hello") == []
    assert it.sends(b" world") == []
    it.arrives("SYN,ACK" if state is SYN_SENT else "ACK")
    assert it.texts == [b"hello world"], "one segment: a peer's window and MSS permitting"


@pytest.mark.parametrize(("state", "ack"), [(ESTABLISHED, 1), (CLOSE_WAIT, 2)])
def test_send_goes_out_with_a_piggybacked_ack(reach: Reach, state: State, ack: int) -> None:
    it = reach(state)
    assert it.sends(b"abc") == [
        sends("PSH,ACK", 1, ack, length=3, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]
    assert it.texts == [b"abc"]
    assert (it.ours("snd_una"), it.ours("snd_nxt")) == (1, 4)


def test_send_of_nothing_does_nothing(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    assert it.sends(b"", urgent=True) == []
    assert it.sends(0) == []
    assert not it.end.snd_urgent, "to send an urgent indication, at least one octet must be sent (3.8.5)"


def test_send_is_segmentized(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    assert it.sends(1200, push=True) == [
        sends("ACK", 1, 1, length=536, why=why.SEND_DATA),
        sets("retransmission", RTO, why.RTO_STARTED),
        sends("ACK", 537, 1, length=536, why=why.SEND_DATA),
    ]
    assert it.arrives("ACK", ack=1073)[-2:] == [
        sends("PSH,ACK", 1073, 1, length=128, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]


@pytest.mark.parametrize("state", [LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT])
def test_send_beyond_the_buffer_is_refused_whole(reach: Reach, state: State) -> None:
    """The SYN takes no room from the text."""
    it = reach(state, snd_buff=10)
    with pytest.raises(TcpError, match=r"^error: insufficient resources$"):
        it.sends(b"0123456789A")
    assert it.state is state
    it.sends(b"0123456789")
    with pytest.raises(TcpError, match=r"^error: insufficient resources$"):
        it.sends(b"x")


def test_what_is_acknowledged_makes_room(reach: Reach) -> None:
    it = reach(ESTABLISHED, snd_buff=10)
    it.sends(10)
    it.arrives("ACK", ack=5)
    it.sends(4)
    with pytest.raises(TcpError, match="insufficient resources"):
        it.sends(1)


def test_counted_octets_and_real_ones_keep_their_places(reach: Reach) -> None:
    it = reach(SYN_SENT)
    it.sends(3)
    it.sends(b"ab")
    it.sends(1)
    it.arrives("SYN,ACK")
    assert it.texts == [b"\0\0\0ab\0"]


def test_the_user_timeout_watches_over_a_send(reach: Reach) -> None:
    it = reach(ESTABLISHED, user_timeout="1min")
    assert it.sends(b"abc")[0] == sets("user timeout", MINUTE, why.USER_TIMEOUT_STARTED)
    assert it.sends(b"def") == [], "it runs already"
    assert it.arrives("ACK", ack=4)[-1] != stops("user timeout", why.USER_TIMEOUT_STOPPED)
    assert it.arrives("ACK", ack=7)[-1] == stops("user timeout", why.USER_TIMEOUT_STOPPED)


def test_send_after_a_queued_close_is_refused(reach: Reach) -> None:
    it = reach(SYN_RECEIVED)
    it.sends(b"abc")
    it.closes()
    assert it.state is SYN_RECEIVED
    with pytest.raises(TcpError, match=r"^error: connection closing$"):
        it.sends(b"d")


def test_without_push_less_than_a_segment_may_wait(reach: Reach) -> None:
    """MAY-16; MUST-60: not for ever."""
    it = reach(ESTABLISHED)
    assert it.sends(b"abc", push=False) == [sets("persist", 500 * MS, why.HOLD_SMALL)]
    assert it.sends(b"def") == [
        sends("PSH,ACK", 1, 1, length=6, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
        stops("persist", why.PERSIST_STOPPED),
    ]


# ------------------------------------------------------------------ SEND: urgent


def test_urgent_data_is_pointed_at(reach: Reach) -> None:
    """MUST-62: the pointer is the sequence number of the octet that follows the urgent data."""
    it = reach(ESTABLISHED)
    assert it.sends(b"stop!", urgent=True)[0] == sends("PSH,ACK,URG", 1, 1, length=5, up=5, why=why.SEND_PUSHED)
    assert it.sends(b"then") == []
    assert it.arrives("ACK", ack=6)[-2] == sends("PSH,ACK", 6, 1, length=4, why=why.SEND_PUSHED)
    assert not it.end.snd_urgent


def test_every_segment_before_the_pointer_carries_it(reach: Reach) -> None:
    """MUST-31: of any length, beyond 65,535 octets as well."""
    it = reach(ESTABLISHED, congestion="none")
    it.arrives("ACK", wnd=0xFFFF)
    it.sends(70_000, urgent=True)
    pointers = [(line[2], line[6]) for line in it.lines(it.actions) if line[0] == "sends"]
    assert len(pointers) == 0xFFFF // 536
    for seq, up in pointers:
        assert isinstance(seq, int)
        assert up == min(1 + 70_000 - seq, 0xFFFF)


def test_an_urgent_send_before_established_is_remembered(reach: Reach) -> None:
    it = reach(LISTEN)
    it.sends(b"now", urgent=True)
    it.arrives("SYN,ACK")
    assert sends("PSH,ACK,URG", 1, 1, length=3, up=3, why=why.SEND_PUSHED) in it.lines(it.actions)


def test_urgent_text_is_sent_again_with_its_pointer(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.sends(b"stop!", urgent=True)
    assert it.waits(RTO)[1] == sends("PSH,ACK,URG", 1, 1, length=5, up=5, why=why.RETRANSMIT)


# ================================================================== RECEIVE (3.10.3)


@pytest.mark.parametrize("state", [LISTEN, SYN_SENT, SYN_RECEIVED])
def test_receive_is_queued_until_established(reach: Reach, state: State) -> None:
    it = reach(state)
    assert it.receives(3) == []
    if state is LISTEN:
        it.arrives("SYN")
    it.arrives("SYN,ACK" if state is SYN_SENT else "ACK")
    assert it.arrives("ACK", text=b"abcde")[0] == gives(3, why.RECEIVE_ANSWERED)
    assert it.texts == [b"abc"]


def test_receive_in_close_wait_gets_what_is_left(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("FIN,ACK", text=b"abc")
    assert it.receives(2) == [gives(2, why.RECEIVE_ANSWERED, pushed=True)]
    assert it.receives() == [gives(1, why.RECEIVE_ANSWERED, pushed=True)]
    with pytest.raises(TcpError, match=r"^error: connection closing$"):
        it.receives()


@pytest.mark.parametrize("state", [CLOSING, LAST_ACK, TIME_WAIT])
def test_receive_later_still_gets_what_is_left(reach: Reach, state: State) -> None:
    """Unlike 3.10.3: what was acknowledged is not taken away."""
    it = reach(FIN_WAIT_1 if state is CLOSING else FIN_WAIT_2 if state is TIME_WAIT else ESTABLISHED)
    it.arrives("FIN,ACK", ack=it.ours("snd_una"), text=b"abc")
    if state is LAST_ACK:
        it.closes()
    assert it.state is state
    assert it.receives() == [gives(3, why.RECEIVE_ANSWERED, pushed=True)]


def test_too_many_receives_are_refused(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    for _ in range(MAX_RECEIVES):
        it.receives(1)
    with pytest.raises(TcpError, match=r"^error: insufficient resources$"):
        it.receives(1)


def test_reading_takes_what_waits_and_what_comes(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=b"abc")
    assert it.reads() == [gives(3, why.RECEIVE_ANSWERED)]
    assert it.arrives("ACK", text=b"de")[0] == gives(2, why.TEXT_DELIVERED)
    assert it.reads(False) == []
    assert it.arrives("ACK", text=b"f")[0] == tells("data readable", why.TEXT_READABLE)


def test_reading_opens_a_window_that_was_shut(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=RCV)
    assert it.reads() == [gives(RCV, why.RECEIVE_ANSWERED), sends("ACK", 1, 1 + RCV, why=why.WINDOW_UPDATE)]


@pytest.mark.parametrize("call", ["RECEIVE", "read"])
def test_no_window_is_offered_after_the_peers_fin(reach: Reach, call: str) -> None:
    it = reach(ESTABLISHED)
    it.arrives("FIN,ACK", text=RCV - 1)
    lines = it.reads() if call == "read" else it.receives()
    assert lines == [gives(RCV - 1, why.RECEIVE_ANSWERED, pushed=True)]


def test_real_octets_after_counted_ones_are_told_apart_from_nothing(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", text=2)
    it.arrives("ACK", text=b"ab")
    it.receives(3)
    assert it.texts == [b"\0\0a"]
    it.receives()
    assert it.texts == [b"b"]


# ================================================================== CLOSE (3.10.4)


def test_close_in_listen(reach: Reach) -> None:
    it = reach(LISTEN)
    it.receives()
    assert it.closes() == [
        moves(LISTEN, CLOSED, why.CLOSE_LISTEN),
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: closing"),
    ]


def test_close_in_syn_sent(reach: Reach) -> None:
    it = reach(SYN_SENT)
    it.sends(b"abc")
    it.receives()
    assert it.closes() == [
        moves(SYN_SENT, CLOSED, why.CLOSE_SYN_SENT),
        stops("retransmission", why.CLOSE_SYN_SENT),
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: closing"),
    ]
    assert it.end.snd_text == ()


@pytest.mark.parametrize("passive", [True, False])
def test_close_in_syn_received_with_nothing_to_send(reach: Reach, passive: bool) -> None:
    it = reach(SYN_RECEIVED, passive=passive)
    assert it.closes() == [
        moves(SYN_RECEIVED, FIN_WAIT_1, why.CLOSE_SYN_RECEIVED),
        sends("FIN,ACK", 1, 1, why=why.SEND_FIN),
    ]
    assert it.ours("snd_nxt") == 2


def test_close_in_syn_received_behind_data_is_queued(reach: Reach) -> None:
    it = reach(SYN_RECEIVED)
    it.sends(b"abc")
    assert it.closes() == []
    assert it.state is SYN_RECEIVED
    assert it.arrives("ACK") == [
        moves(SYN_RECEIVED, ESTABLISHED, why.ACK_OF_SYN),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.ACK_OF_SYN),
        moves(ESTABLISHED, FIN_WAIT_1, why.CLOSE_QUEUED),
        sends("FIN,PSH,ACK", 1, 1, length=3, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]
    with pytest.raises(TcpError, match=CLOSING_WORDS):
        it.closes()


def test_a_second_close_while_the_first_is_queued_is_refused(reach: Reach) -> None:
    it = reach(SYN_RECEIVED)
    it.sends(b"abc")
    it.closes()
    with pytest.raises(TcpError, match=CLOSING_WORDS):
        it.closes()


def test_close_in_established(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    assert it.closes() == [
        moves(ESTABLISHED, FIN_WAIT_1, why.CLOSE_ACTIVE),
        sends("FIN,ACK", 1, 1, why=why.SEND_FIN),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]
    assert (it.ours("snd_una"), it.ours("snd_nxt")) == (1, 2)


def test_close_enters_fin_wait_1_at_once_and_sends_the_fin_behind_the_data(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.sends(b"a")
    it.sends(b"b")  # Nagle holds it
    assert it.closes() == [
        moves(ESTABLISHED, FIN_WAIT_1, why.CLOSE_ACTIVE),
        sends("FIN,PSH,ACK", 2, 1, length=1, why=why.SEND_PUSHED),
    ]


def test_close_waits_for_the_window_but_not_the_state(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.arrives("ACK", wnd=0)
    assert it.sends(b"abc") == [sets("persist", RTO, why.PERSIST_STARTED)]
    assert it.closes() == [moves(ESTABLISHED, FIN_WAIT_1, why.CLOSE_ACTIVE)]
    assert it.arrives("ACK") == [
        stops("persist", why.PERSIST_STOPPED),
        sends("FIN,PSH,ACK", 1, 1, length=3, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]


def test_close_in_close_wait_moves_when_the_fin_is_sent(reach: Reach) -> None:
    it = reach(CLOSE_WAIT)
    assert it.closes() == [
        sends("FIN,ACK", 1, 2, why=why.SEND_FIN),
        sets("retransmission", RTO, why.RTO_STARTED),
        moves(CLOSE_WAIT, LAST_ACK, why.SEND_FIN_LAST_ACK),
    ]


def test_close_in_close_wait_behind_data_that_must_wait(reach: Reach) -> None:
    it = reach(CLOSE_WAIT)
    it.arrives("ACK", wnd=0)
    it.sends(b"abc")
    assert it.closes() == []
    assert it.state is CLOSE_WAIT
    with pytest.raises(TcpError, match=CLOSING_WORDS):
        it.closes()
    with pytest.raises(TcpError, match=CLOSING_WORDS):
        it.sends(b"d")
    assert it.arrives("ACK")[1:] == [
        sends("FIN,PSH,ACK", 1, 2, length=3, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
        moves(CLOSE_WAIT, LAST_ACK, why.SEND_FIN_LAST_ACK),
    ]


def test_the_user_timeout_watches_over_a_close(reach: Reach) -> None:
    it = reach(ESTABLISHED, user_timeout="1min")
    assert it.closes()[0] == sets("user timeout", MINUTE, why.USER_TIMEOUT_STARTED)
    it = reach(ESTABLISHED, user_timeout="1min", flight=b"abc")
    assert sets("user timeout", MINUTE, why.USER_TIMEOUT_STARTED) not in it.closes(), "it runs already"


# ------------------------------------------------------------------ CLOSE: linger, unread data


@pytest.mark.parametrize("state", [SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT])
def test_close_with_linger_zero_is_an_abort(reach: Reach, state: State) -> None:
    it = reach(state, linger=0)
    lines = it.closes()
    assert lines[0] == resets(1, why=why.LINGER_ZERO)
    assert lines[1] == moves(state, CLOSED, why.LINGER_ZERO)


def test_close_lingers_and_turns_into_abort(reach: Reach) -> None:
    """3.9.1.4: "CLOSE turns into ABORT, and the closing TCP peer gives up"."""
    it = reach(ESTABLISHED, linger="5s")
    it.receives()
    assert it.closes()[0] == sets("linger", 5 * SECOND, why.LINGER_TIMER)
    assert it.waits(5 * SECOND)[-6:] == [
        fires("linger", why.LINGER_EXPIRED),
        resets(2, why=why.LINGER_EXPIRED),
        moves(FIN_WAIT_1, CLOSED, why.LINGER_EXPIRED),
        stops("retransmission", why.LINGER_EXPIRED),
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection reset"),
        tells("connection reset", why.LINGER_EXPIRED),
    ]


def test_linger_does_no_harm_to_what_was_delivered(reach: Reach) -> None:
    it = reach(FIN_WAIT_2, linger="5s")
    assert it.waits(5 * SECOND) == [], "the ACK of the FIN has stopped the timer"
    assert it.state is FIN_WAIT_2


def test_close_with_unread_data_may_be_an_abort(reach: Reach) -> None:
    """MAY-1, SHLD-3."""
    it = reach(ESTABLISHED, half_duplex_close=True)
    it.arrives("ACK", text=b"unread")
    assert it.closes() == [
        resets(1, why=why.CLOSE_UNREAD),
        moves(ESTABLISHED, CLOSED, why.CLOSE_UNREAD),
    ]
    relaxed = reach(ESTABLISHED)
    relaxed.arrives("ACK", text=b"unread")
    relaxed.closes()
    assert relaxed.state is FIN_WAIT_1


# ================================================================== ABORT (3.10.5)


@pytest.mark.parametrize("state", [LISTEN, SYN_SENT])
def test_abort_before_the_peer_knows(reach: Reach, state: State) -> None:
    it = reach(state)
    it.receives()
    stopped = [stops("retransmission", why.ABORT_QUIET)] if state is SYN_SENT else []
    assert it.aborts() == [
        moves(state, CLOSED, why.ABORT_QUIET),
        *stopped,
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection reset"),
    ]


@pytest.mark.parametrize(
    ("state", "seq", "flight"),
    [
        (SYN_RECEIVED, 1, 0), (ESTABLISHED, 1, 0), (ESTABLISHED, 11, 10), (FIN_WAIT_1, 2, 0), (FIN_WAIT_1, 12, 10),
        (FIN_WAIT_2, 2, 0), (CLOSE_WAIT, 1, 0), (CLOSE_WAIT, 11, 10),
    ],
)  # fmt: skip
def test_abort_sends_a_reset(reach: Reach, state: State, seq: int, flight: int) -> None:
    """<SEQ=SND.NXT><CTL=RST>"""
    it = reach(state, flight=flight)
    lines = it.aborts()
    assert lines[:2] == [resets(seq, why=why.ABORT_RESET), moves(state, CLOSED, why.ABORT_RESET)]
    assert it.end.next_timeout() is None
    assert (it.end.snd_text, it.end.rcv_text) == ((), ())


@pytest.mark.parametrize("state", [FIN_WAIT_1, FIN_WAIT_2, ESTABLISHED])
def test_abort_returns_what_is_outstanding(reach: Reach, state: State) -> None:
    it = reach(state)
    it.receives()
    assert it.aborts()[-1] == tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection reset")


@pytest.mark.parametrize(
    ("state", "timer"), [(CLOSING, "retransmission"), (LAST_ACK, "retransmission"), (TIME_WAIT, "time-wait")]
)
def test_abort_after_both_fins_is_quiet(reach: Reach, state: State, timer: str) -> None:
    it = reach(state)
    assert it.aborts() == [moves(state, CLOSED, why.ABORT_QUIET), stops(timer, why.ABORT_QUIET)]


# ================================================================== STATUS (3.10.6)


@pytest.mark.parametrize("state", [state for state in EVERY_STATE if state is not CLOSED], ids=str)
def test_status_names_the_state(reach: Reach, state: State) -> None:
    it = reach(state)
    status = it.end.status()
    assert str(status) == f"state = {state}"
    assert (status.state, status.local, status.remote) == (state, LOCAL, REMOTE)


def test_status_tells_what_stands_in_the_tcb(reach: Reach) -> None:
    """3.9.1.5; amounts are octets of text: SYN and FIN are none."""
    it = reach(ESTABLISHED, user_timeout="1min")
    it.arrives("ACK,URG", text=b"abcd", up=9, wnd=2)
    it.sends(b"12345")
    status = it.end.status()
    assert (status.receive_window, status.send_window) == (RCV - 4, 2)
    assert (status.awaiting_acknowledgment, status.pending_receipt) == (5, 4)
    assert (status.urgent, status.user_timeout) == (True, MINUTE)


@pytest.mark.parametrize("state", [state for state in EVERY_STATE if state is not CLOSED], ids=str)
def test_status_counts_no_syn_and_no_fin(reach: Reach, state: State) -> None:
    assert reach(state).end.status().awaiting_acknowledgment == 0


def test_status_counts_what_a_fin_follows(reach: Reach) -> None:
    it = reach(FIN_WAIT_1, flight=b"abc")
    assert it.end.status().awaiting_acknowledgment == 3
    it.arrives("ACK", ack=3)
    assert it.end.status().awaiting_acknowledgment == 1
    it.arrives("ACK", ack=5)
    assert it.end.status().awaiting_acknowledgment == 0


# ================================================================== the endpoint's other methods


def test_an_endpoint_prints_its_state_and_numbers(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    end = it.end
    assert repr(end) == f"<Endpoint ESTABLISHED snd_una={end.snd_una} snd_nxt={end.snd_nxt} rcv_nxt={end.rcv_nxt}>"


def test_a_timeout_before_its_time_does_nothing(reach: Reach) -> None:
    it = reach(ESTABLISHED, flight=b"abc")
    assert it.lines(it.end.timeout(RTO - 1)) == []
    assert it.end.next_timeout() == RTO
    assert fresh().end.next_timeout() is None


def test_a_fork_goes_its_own_way(reach: Reach) -> None:
    it = reach(ESTABLISHED, flight=b"abc")
    it.arrives("ACK", seq=4, text=b"def")
    copy = it.fork()
    assert copy.end.key(it.now) == it.end.key(it.now)
    copy.arrives("RST")
    assert (copy.state, it.state) == (CLOSED, ESTABLISHED)
    assert it.arrives("ACK", text=b"abc")[0] == tells("data readable", why.TEXT_READABLE)


def test_a_refused_call_is_an_exception_of_its_own() -> None:
    error = TcpError("connection closing")
    assert (str(error), error.words) == ("error: connection closing", "connection closing")


@pytest.mark.parametrize("state", EVERY_STATE)
def test_a_number_of_octets_that_is_none_is_the_callers_mistake(reach: Reach, state: State) -> None:
    it = reach(state)
    before = it.end.key(it.now)
    with pytest.raises(ValueError, match="expected a number of octets from 0, not -1"):
        it.end.send(it.now, -1)
    with pytest.raises(ValueError, match="expected a number of octets from 1, not 0"):
        it.end.receive(it.now, 0)
    assert it.end.key(it.now) == before
