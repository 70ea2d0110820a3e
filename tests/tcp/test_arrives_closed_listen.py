"""SEGMENT ARRIVES in CLOSED and LISTEN (RFC 9293 3.10.7.1, 3.10.7.2), check by check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import arrives
from tcpsim.tcp import rules as why
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tests.tcp.reach import (
    LOCAL,
    RCV,
    REMOTE,
    RTO,
    WND,
    Line,
    drops,
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

    from tests.tcp.reach import Reached

    Reach = Callable[..., Reached]

# ================================================================== CLOSED (3.10.7.1)


@pytest.mark.parametrize("ctl", ["RST", "RST,ACK", "RST,SYN", "RST,FIN,ACK"])
def test_closed_discards_a_rst(reach: Reach, ctl: str) -> None:
    it = reach(CLOSED)
    assert it.arrives(ctl, seq=5, ack=9, text=b"why") == [drops(why.CLOSED_RST_IGNORED)]


@pytest.mark.parametrize(
    ("ctl", "text", "ack"),
    [
        ("SYN", b"", 6),
        ("SYN", b"abc", 9),
        ("SYN,FIN", b"abc", 10),
        ("none", b"", 5),
        ("FIN", b"", 6),
        ("PSH", b"ab", 7),
    ],
)
def test_closed_answers_without_ack_by_a_rst_that_acknowledges_all_of_it(
    reach: Reach, ctl: str, text: bytes, ack: int
) -> None:
    """<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>"""
    it = reach(CLOSED)
    assert it.arrives(ctl, seq=5, text=text) == [
        drops(why.CLOSED_RESET),
        sends("RST,ACK", 0, ack, wnd=0, why=why.CLOSED_RESET),
    ]
    assert it.state is CLOSED


@pytest.mark.parametrize("ctl", ["ACK", "SYN,ACK", "FIN,ACK", "FIN,PSH,ACK"])
def test_closed_answers_an_ack_by_a_rst_with_its_number(reach: Reach, ctl: str) -> None:
    """<SEQ=SEG.ACK><CTL=RST>"""
    it = reach(CLOSED)
    assert it.arrives(ctl, seq=5, ack=77, text=b"x") == [drops(why.CLOSED_RESET), resets(77, why=why.CLOSED_RESET)]


def test_the_same_holds_after_a_connection_has_ended(reach: Reach) -> None:
    it = reach(ESTABLISHED)
    it.aborts()
    assert it.arrives("ACK", seq=1, ack=1) == [drops(why.CLOSED_RESET), resets(1, why=why.CLOSED_RESET)]


def test_unobserved_an_endpoint_says_only_what_is_to_be_done() -> None:
    end = Endpoint(profile("rfc9293"), LOCAL, REMOTE)
    assert end.segment_arrives(0, segment("RST")) == []
    assert repr(end.segment_arrives(0, segment("ACK", ack=7))) == "[<SEQ=7><CTL=RST>]"
    assert repr(end) == "<Endpoint CLOSED>"


def test_one_function_serves_every_state(reach: Reach) -> None:
    """`arrives.segment_arrives` is what the endpoint's method does for each of them."""
    it = reach(ESTABLISHED)
    other = it.fork()
    expected = it.arrives("ACK", text=b"abc")
    arrives.segment_arrives(other.end, other.now, other.segment("ACK", text=b"abc"))
    assert other.lines(other.end.out) == expected


# ================================================================== LISTEN (3.10.7.2)
# ------------------------------------------------------------------ first, check for a RST


@pytest.mark.parametrize("ctl", ["RST", "RST,ACK", "RST,SYN", "RST,SYN,ACK"])
def test_listen_ignores_a_rst(reach: Reach, ctl: str) -> None:
    it = reach(LISTEN)
    assert it.arrives(ctl, ack=1) == [drops(why.LISTEN_RST_IGNORED)]
    assert it.state is LISTEN


# ------------------------------------------------------------------ second, check for an ACK


@pytest.mark.parametrize("ctl", ["ACK", "SYN,ACK", "FIN,ACK", "FIN,SYN,ACK"])
def test_listen_answers_any_ack_by_a_rst(reach: Reach, ctl: str) -> None:
    it = reach(LISTEN)
    assert it.arrives(ctl, ack=77, text=b"x") == [drops(why.LISTEN_ACK_RESET), resets(77, why=why.LISTEN_ACK_RESET)]
    assert it.state is LISTEN


# ------------------------------------------------------------------ third, check for a SYN


def test_listen_answers_a_syn_by_syn_ack(reach: Reach) -> None:
    it = reach(LISTEN)
    assert it.arrives("SYN", wnd=777) == [
        moves(LISTEN, SYN_RECEIVED, why.LISTEN_SYN),
        sends("SYN,ACK", 0, 1, why=why.LISTEN_SYN),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]
    end = it.end
    assert (end.iss, end.irs) == (it.iss, it.irs)
    assert (it.ours("snd_una"), it.ours("snd_nxt"), it.theirs("rcv_nxt")) == (0, 1, 1)
    assert (end.snd_wnd, it.theirs("snd_wl1"), end.rcv_wnd) == (777, 0, RCV)
    assert end.passive
    assert not end.active


def syn_ack_then(it: Reached, *after: Line) -> list[Line]:
    """What the ACK of our SYN,ACK brings about, and `after` behind it."""
    return [
        moves(SYN_RECEIVED, ESTABLISHED, why.ACK_OF_SYN),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.ACK_OF_SYN),
        *after,
    ]


def test_listen_queues_text_with_the_syn_until_established(reach: Reach) -> None:
    it = reach(LISTEN)
    assert it.arrives("SYN", text=b"early") == [
        moves(LISTEN, SYN_RECEIVED, why.LISTEN_SYN),
        sends("SYN,ACK", 0, 1, why=why.LISTEN_SYN),  # only the SYN is acknowledged so far
        sets("retransmission", RTO, why.RTO_STARTED),
    ]
    assert it.receives() == [], "nothing is delivered before the handshake is over"
    assert it.arrives("ACK", seq=6) == syn_ack_then(
        it,
        gives(5, why.RECEIVE_ANSWERED),
        sends("ACK", 1, 6, wnd=RCV - 5, why=why.ACK_AT_ONCE),
    )
    assert it.theirs("rcv_nxt") == 6


@pytest.mark.parametrize(("ctl", "pushed"), [("SYN", False), ("SYN,PSH", True)])
def test_listen_remembers_whether_the_text_was_pushed(reach: Reach, ctl: str, pushed: bool) -> None:
    it = reach(LISTEN, reading=True)
    it.arrives(ctl, text=b"early")
    it.arrives("ACK", seq=6)
    assert gives(5, why.TEXT_DELIVERED, pushed=pushed) in it.lines(it.actions)


def test_listen_queues_a_fin_with_the_syn(reach: Reach) -> None:
    it = reach(LISTEN)
    it.arrives("SYN,FIN", text=b"all")
    assert it.arrives("ACK", seq=5) == syn_ack_then(
        it,
        tells("data readable", why.TEXT_READABLE),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 5, wnd=RCV - 3, why=why.FIN_TAKEN),
    )
    assert it.receives() == [gives(3, why.RECEIVE_ANSWERED, pushed=True)], "FIN implies PUSH"
    assert it.texts == [b"all"]


def test_listen_queues_a_fin_alone(reach: Reach) -> None:
    it = reach(LISTEN)
    it.arrives("SYN,FIN")
    assert it.arrives("ACK", seq=2)[3:] == [
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 2, why=why.FIN_TAKEN),
    ]


def test_listen_queues_an_urgent_pointer_with_the_syn(reach: Reach) -> None:
    """SEG.UP counts from SEG.SEQ, the number of the SYN."""
    it = reach(LISTEN)
    it.arrives("SYN,URG", text=b"stop!", up=5)
    assert it.arrives("ACK", seq=6) == syn_ack_then(
        it,
        tells("urgent data", why.URGENT_BEGINS),
        tells("data readable", why.TEXT_READABLE),
        sends("ACK", 1, 6, wnd=RCV - 5, why=why.ACK_AT_ONCE),
    )
    assert it.theirs("rcv_up") == 5
    assert it.receives() == [gives(4, why.RECEIVE_ANSWERED), tells("end of urgent data", why.URGENT_ENDS)]


def test_listen_knows_of_urgent_data_that_is_yet_to_come(reach: Reach) -> None:
    it = reach(LISTEN)
    it.arrives("SYN,URG", up=9)
    assert it.arrives("ACK") == syn_ack_then(it, tells("urgent data", why.URGENT_BEGINS))
    assert it.end.status().urgent


@pytest.mark.parametrize("up", [0, 1])
def test_an_urgent_pointer_at_the_syn_says_nothing(reach: Reach, up: int) -> None:
    it = reach(LISTEN)
    it.arrives("SYN,URG", up=up)
    assert it.arrives("ACK") == syn_ack_then(it)


def test_text_sent_again_with_the_ack_of_our_syn_is_taken_once(reach: Reach) -> None:
    """Our SYN,ACK did not acknowledge it, so the peer sends it again, and what follows with it."""
    it = reach(LISTEN, reading=True)
    it.arrives("SYN", text=b"early")
    assert it.arrives("ACK", seq=1, text=b"earlybird") == syn_ack_then(
        it,
        gives(5, why.TEXT_DELIVERED),
        gives(4, why.TEXT_DELIVERED),
        sends("ACK", 1, 10, wnd=RCV - 9, why=why.ACK_REPEATED),
    )
    assert it.texts == [b"early", b"bird"]
    assert it.end.rcv_held == ()


def test_text_sent_again_and_nothing_new_is_acknowledged(reach: Reach) -> None:
    it = reach(LISTEN, reading=True)
    it.arrives("SYN", text=b"early")
    lines = it.arrives("ACK", seq=1, text=b"ear")
    assert lines[3:] == [gives(5, why.TEXT_DELIVERED), sends("ACK", 1, 6, wnd=RCV - 5, why=why.ACK_REPEATED)]
    assert it.end.rcv_held == ()


def test_text_and_fin_sent_again_with_the_ack_of_our_syn(reach: Reach) -> None:
    it = reach(LISTEN, reading=True)
    it.arrives("SYN,FIN", text=b"all")
    assert it.arrives("FIN,ACK", seq=1, text=b"all")[3:] == [
        gives(3, why.TEXT_DELIVERED),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        drops(why.TEXT_AFTER_FIN),
        drops(why.FIN_BEYOND_FIN),
        sends("ACK", 1, 5, wnd=RCV - 3, why=why.FIN_BEYOND_FIN),
    ]


def test_more_text_than_the_window_holds_is_cut_off_and_its_fin_with_it(reach: Reach) -> None:
    it = reach(LISTEN, reading=True, rcv_buff=10)
    it.arrives("SYN,FIN", text=b"0123456789ABC")
    lines = it.arrives("ACK", seq=1)
    assert lines[3:] == [gives(10, why.TEXT_DELIVERED), sends("ACK", 1, 11, wnd=10, why=why.ACK_AT_ONCE)]
    assert it.texts == [b"0123456789"]
    assert it.state is ESTABLISHED


def test_counted_text_is_queued_as_well(reach: Reach) -> None:
    it = reach(LISTEN, reading=True)
    it.arrives("SYN", text=5)
    it.arrives("ACK", seq=6)
    assert it.texts == [None]
    assert it.theirs("rcv_nxt") == 6


# ------------------------------------------------------------------ third: what the SYN's options settle


@pytest.mark.parametrize(
    ("options", "mss"),
    [
        (None, 536),  # MUST-15
        (Options(wscale=3), 536),
        (Options(mss=1000), 1000),
        (Options(mss=9000), 1460),  # MUST-16: no more than the MTU allows
        (Options(mss=0), 1),
    ],
)
def test_the_effective_send_mss(reach: Reach, options: Options | None, mss: int) -> None:
    it = reach(LISTEN)
    it.arrives("SYN", options=options)
    assert it.end.snd_mss == mss


@pytest.mark.parametrize(
    ("ours", "theirs", "scaling", "snd_scale", "rcv_scale"),
    [(None, 7, False, 0, 0), (2, None, False, 0, 0), (2, 7, True, 7, 2), (2, 15, True, 14, 2), (0, 0, True, 0, 0)],
)
def test_window_scale_needs_both_sides(
    reach: Reach, ours: int | None, theirs: int | None, scaling: bool, snd_scale: int, rcv_scale: int
) -> None:
    """RFC 7323 2.2."""
    it = reach(LISTEN, window_scale=ours, rcv_buff=1 << 20)
    lines = it.arrives("SYN", wnd=100, options=None if theirs is None else Options(wscale=theirs))
    syn_ack = it.actions[1]
    assert lines[1] == sends("SYN,ACK", 0, 1, wnd=0xFFFF, why=why.LISTEN_SYN), "a SYN's window is not scaled"
    assert getattr(syn_ack, "options", None) == (Options(wscale=ours) if scaling else None)
    assert (it.end.scaling, it.end.snd_scale, it.end.rcv_scale) == (scaling, snd_scale, rcv_scale)
    assert it.end.snd_wnd == 100, "nor is the one that came with the SYN"
    assert it.end.rcv_wnd == 0xFFFF, "no more was offered"
    it.arrives("ACK", wnd=100)
    assert it.end.rcv_wnd == min(1 << 20, 0xFFFF << rcv_scale)
    assert it.end.snd_wnd == 100 << snd_scale


# ------------------------------------------------------------------ fourth, other data or control


@pytest.mark.parametrize("ctl", ["none", "FIN", "PSH", "URG"])
def test_listen_drops_the_rest(reach: Reach, ctl: str) -> None:
    it = reach(LISTEN)
    assert it.arrives(ctl, text=b"x") == [drops(why.LISTEN_OTHER)]
    assert it.state is LISTEN


def test_the_window_of_the_last_ack_counts(reach: Reach) -> None:
    it = reach(SYN_RECEIVED)
    it.arrives("ACK", wnd=55)
    assert (it.end.snd_wnd, it.theirs("snd_wl1"), it.ours("snd_wl2")) == (55, 1, 1)
    assert it.end.max_snd_wnd == WND
