"""SEGMENT ARRIVES in SYN-SENT (RFC 9293 3.10.7.3), check by check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, SYN_RECEIVED, SYN_SENT
from tcpsim.tcp.options import Options
from tcpsim.tcp.units import HOUR, MINUTE
from tests.tcp.reach import RCV, RTO, WND, drops, fires, gives, moves, resets, sends, sets, stops, tells

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tcp.reach import Reached

    Reach = Callable[..., Reached]

# ------------------------------------------------------------------ first, check the ACK bit

BAD_ACKS = pytest.mark.parametrize("ack", [-1000, -1, 0, 2, 3, 1 << 30, -(1 << 30), 1 << 31], ids=str)


@BAD_ACKS
@pytest.mark.parametrize("ctl", ["ACK", "SYN,ACK", "FIN,ACK", "SYN,FIN,ACK"])
def test_an_ack_of_anything_but_our_syn_is_answered_by_a_rst(reach: Reach, ctl: str, ack: int) -> None:
    """SEG.ACK =< ISS or SEG.ACK > SND.NXT."""
    it = reach(SYN_SENT)
    lines = it.arrives(ctl, ack=ack, text=b"x")
    assert lines == [
        drops(why.SYN_SENT_BAD_ACK),
        resets(ack if ack != 1 << 31 else -(1 << 31), why=why.SYN_SENT_BAD_ACK),
    ]
    assert it.state is SYN_SENT


@BAD_ACKS
def test_a_rst_with_such_an_ack_is_dropped(reach: Reach, ack: int) -> None:
    it = reach(SYN_SENT)
    assert it.arrives("RST,ACK", ack=ack) == [drops(why.SYN_SENT_BAD_ACK_RST)]
    assert it.state is SYN_SENT


def test_an_acceptable_ack_alone_is_nothing(reach: Reach) -> None:
    """Fifth: neither of the SYN or RST bits is set."""
    it = reach(SYN_SENT)
    assert it.arrives("ACK", ack=1) == [drops(why.SYN_SENT_OTHER)]
    assert (it.state, it.ours("snd_una")) == (SYN_SENT, 0)


# ------------------------------------------------------------------ second, check the RST bit


@pytest.mark.parametrize("ctl", ["RST,ACK", "RST,SYN,ACK"])
def test_a_rst_that_acknowledges_our_syn_refuses_the_connection(reach: Reach, ctl: str) -> None:
    it = reach(SYN_SENT)
    it.receives()
    it.receives(5)
    assert it.arrives(ctl, ack=1) == [
        moves(SYN_SENT, CLOSED, why.SYN_SENT_REFUSED),
        stops("retransmission", why.SYN_SENT_REFUSED),
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection reset"),
        tells("call failed", why.CALL_RETURNED, "RECEIVE: error: connection reset"),
        tells("connection refused", why.SYN_SENT_REFUSED),
    ]
    assert it.end.next_timeout() is None


@pytest.mark.parametrize("ctl", ["RST", "RST,SYN", "RST,FIN"])
def test_a_rst_without_ack_is_dropped(reach: Reach, ctl: str) -> None:
    it = reach(SYN_SENT)
    assert it.arrives(ctl) == [drops(why.SYN_SENT_RST_IGNORED)]
    assert it.state is SYN_SENT


# ------------------------------------------------------------------ fourth, check the SYN bit: our SYN is acknowledged


def test_syn_ack_establishes(reach: Reach) -> None:
    it = reach(SYN_SENT)
    assert it.arrives("SYN,ACK", wnd=777) == [
        moves(SYN_SENT, ESTABLISHED, why.SYN_SENT_SYN_ACK),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.SYN_SENT_SYN_ACK),
        sends("ACK", 1, 1, why=why.SYN_SENT_SYN_ACK),
    ]
    end = it.end
    assert (it.ours("snd_una"), it.ours("snd_nxt"), it.theirs("rcv_nxt")) == (1, 1, 1)
    assert end.irs == it.irs
    assert (end.snd_wnd, it.theirs("snd_wl1"), it.ours("snd_wl2")) == (777, 0, 1)
    assert end.active


def test_queued_text_goes_out_with_the_ack(reach: Reach) -> None:
    """ "Data or controls that were queued for transmission MAY be included"."""
    it = reach(SYN_SENT)
    assert it.sends(b"hello") == []
    assert it.arrives("SYN,ACK") == [
        moves(SYN_SENT, ESTABLISHED, why.SYN_SENT_SYN_ACK),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.SYN_SENT_SYN_ACK),
        sends("PSH,ACK", 1, 1, length=5, why=why.SEND_PUSHED),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]
    assert it.texts == [b"hello"]


def test_text_and_fin_beside_the_syn_are_taken(reach: Reach) -> None:
    it = reach(SYN_SENT, reading=True)
    assert it.arrives("SYN,FIN,PSH,ACK", text=b"all") == [
        moves(SYN_SENT, ESTABLISHED, why.SYN_SENT_SYN_ACK),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.SYN_SENT_SYN_ACK),
        gives(3, why.TEXT_DELIVERED, pushed=True),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 5, wnd=RCV - 3, why=why.FIN_TAKEN),
    ]
    assert it.texts == [b"all"]


def test_an_urgent_pointer_beside_the_syn_counts_from_the_syn(reach: Reach) -> None:
    """ "continue processing at the sixth step"."""
    it = reach(SYN_SENT)
    assert it.arrives("SYN,ACK,URG", up=4, text=b"abc!") == [
        moves(SYN_SENT, ESTABLISHED, why.SYN_SENT_SYN_ACK),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.SYN_SENT_SYN_ACK),
        tells("urgent data", why.URGENT_BEGINS),
        tells("data readable", why.TEXT_READABLE),
        sends("ACK", 1, 5, wnd=RCV - 4, why=why.SYN_SENT_SYN_ACK),
    ]
    assert it.theirs("rcv_up") == 4
    assert it.receives() == [gives(3, why.RECEIVE_ANSWERED), tells("end of urgent data", why.URGENT_ENDS)]


def test_the_round_trip_of_the_syn_is_measured(reach: Reach) -> None:
    it = reach(SYN_SENT)
    it.now += 2 * RTO // 5
    it.arrives("SYN,ACK")
    assert (it.end.srtt, it.end.rttvar) == (2 * RTO // 5, RTO // 5)
    assert it.end.rto == 2 * RTO // 5 + 4 * (RTO // 5)


def test_after_a_lost_syn_the_connection_begins_with_care(reach: Reach) -> None:
    """RFC 6298 5 (5.7): an RTO of 3 s; RFC 5681 3.1: a window of one segment."""
    it = reach(SYN_SENT)
    assert it.waits(RTO) == [
        fires("retransmission", why.RTO_EXPIRED),
        sends("SYN", 0, why=why.RETRANSMIT),
        sets("retransmission", 2 * RTO, why.RTO_BACKED_OFF),
    ]
    it.arrives("SYN,ACK")
    assert it.end.rto == 3 * RTO
    assert it.end.cc.cwnd == 536
    assert it.end.srtt < 0, "Karn: nothing is measured over what was sent twice"


def test_keep_alive_begins_when_the_connection_is_established(reach: Reach) -> None:
    it = reach(SYN_SENT, keepalive=True)
    assert sets("keep-alive", 2 * HOUR, why.KEEPALIVE_STARTED) in it.arrives("SYN,ACK")


def test_the_peers_window_scale_counts_from_the_next_segment_on(reach: Reach) -> None:
    it = reach(SYN_SENT, window_scale=3, rcv_buff=1 << 18)
    lines = it.arrives("SYN,ACK", wnd=100, options=Options(mss=1000, wscale=5))
    assert lines[-1] == sends("ACK", 1, 1, wnd=1 << 15, why=why.SYN_SENT_SYN_ACK)
    assert (it.end.snd_wnd, it.end.snd_scale, it.end.snd_mss) == (100, 5, 1000)
    it.arrives("ACK", wnd=100)
    assert it.end.snd_wnd == 3200


# ------------------------------------------------------------------ fourth: SYNs that cross (simultaneous open)


def test_a_syn_alone_is_answered_by_syn_ack(reach: Reach) -> None:
    """<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>; SND.WND, SND.WL1 and SND.WL2 are set."""
    it = reach(SYN_SENT)
    assert it.arrives("SYN", wnd=777) == [
        moves(SYN_SENT, SYN_RECEIVED, why.SYN_SENT_SYN),
        stops("retransmission", why.SYN_SENT_SYN),
        sends("SYN,ACK", 0, 1, why=why.SYN_SENT_SYN),
        sets("retransmission", RTO, why.RTO_STARTED),
    ]
    end = it.end
    assert (end.snd_wnd, it.theirs("snd_wl1"), it.ours("snd_una"), it.ours("snd_nxt")) == (777, 0, 0, 1)
    assert end.active, "MUST-11: this SYN-RECEIVED came from an active OPEN"


def test_other_controls_and_text_wait_for_established(reach: Reach) -> None:
    it = reach(SYN_SENT, reading=True)
    assert it.arrives("SYN,FIN,PSH", text=b"all")[0] == moves(SYN_SENT, SYN_RECEIVED, why.SYN_SENT_SYN)
    assert it.arrives("SYN,ACK", seq=0, ack=1) == [
        drops(why.SYN_ACK_CROSSED),
        moves(SYN_RECEIVED, ESTABLISHED, why.ACK_OF_SYN),
        stops("retransmission", why.RTO_STOPPED),
        tells("connection open", why.ACK_OF_SYN),
        gives(3, why.TEXT_DELIVERED, pushed=True),
        tells("connection closing", why.FIN_TAKEN),
        moves(ESTABLISHED, CLOSE_WAIT, why.FIN_TAKEN),
        sends("ACK", 1, 5, wnd=RCV - 3, why=why.FIN_TAKEN),
    ]


def test_the_user_timeout_runs_from_the_syn_on(reach: Reach) -> None:
    it = reach(SYN_SENT, user_timeout="1min", r2_syn="5min")
    assert sends("SYN", 0, why=why.RETRANSMIT) in it.waits(MINUTE - 1)
    assert it.waits(1)[-1] == tells("connection aborted due to user timeout", why.USER_TIMEOUT_EXPIRED)
    assert it.state is CLOSED


# ------------------------------------------------------------------ fifth, neither SYN nor RST


@pytest.mark.parametrize("ctl", ["none", "FIN", "URG,PSH"])
def test_whatever_else_is_dropped(reach: Reach, ctl: str) -> None:
    it = reach(SYN_SENT)
    assert it.arrives(ctl, text=b"x", wnd=WND) == [drops(why.SYN_SENT_OTHER)]
    assert (it.state, it.end.snd_wnd) == (SYN_SENT, 0)
