"""The conversations that RFC 9293 draws, Figures 6 to 13, segment by segment; and their like.

Two endpoints, and the test is the network: a segment arrives when the test says so, or never. Each
line of a figure is one line of its test, with the numbers that the RFC prints.
"""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.actions import Deliver, Signal
from tcpsim.tcp.config import checked, profile
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
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment, segment
from tcpsim.tcp.seqnum import MASK, gt
from tcpsim.tcp.units import MINUTE, MS, SECOND

A = ("192.0.2.1", 49152)
B = ("192.0.2.2", 80)


class Peer:
    """One side of a figure: what it does returns the segments that it sends, as the RFC prints them."""

    def __init__(self, iss: int, local: tuple[str, int], remote: tuple[str, int], **knobs: Any) -> None:
        self.end = Endpoint(profile("rfc9293", **({"iss": iss, "delayed_ack": 0} | knobs)), local, remote)
        self.now = 0
        self.signals: list[str] = []
        self.delivered = b""
        self.sent: list[Segment] = []
        self.end.read(0)

    def _heard(self, actions: list[Any]) -> str:
        self.sent = [action for action in actions if isinstance(action, Segment)]
        self.signals += [action.what for action in actions if isinstance(action, Signal)]
        for action in actions:
            if isinstance(action, Deliver):
                self.delivered += action.text or bytes(action.length)
        return " ".join(map(repr, self.sent))

    def open(self, *, active: bool) -> str:
        return self._heard(self.end.open(self.now, active=active))

    def send(self, data: bytes) -> str:
        return self._heard(self.end.send(self.now, data))

    def close(self) -> str:
        return self._heard(self.end.close(self.now))

    def takes(self, arriving: Segment) -> str:
        return self._heard(self.end.segment_arrives(self.now, arriving))

    def waits(self, span: int) -> str:
        until = self.now + span
        actions: list[Any] = []
        while (at := self.end.next_timeout()) is not None and at <= until:
            actions += self.end.timeout(at)
        self.now = until
        return self._heard(actions)

    @property
    def state(self) -> State:
        return self.end.state

    def at(self, state: State) -> bool:
        """Whether this side is in `state` by now."""
        return self.end.state is state


def pair(iss_a: int = 100, iss_b: int = 300, **knobs: Any) -> tuple[Peer, Peer]:
    return Peer(iss_a, A, B, **knobs), Peer(iss_b, B, A, **knobs)


def established(iss_a: int, iss_b: int, **knobs: Any) -> tuple[Peer, Peer]:
    """Two peers whose SND.NXT are `iss_a` + 1 and `iss_b` + 1."""
    a, b = pair(iss_a, iss_b, **knobs)
    b.open(active=False)
    a.open(active=True)
    b.takes(a.sent[0])
    a.takes(b.sent[0])
    b.takes(a.sent[0])
    assert (a.state, b.state) == (ESTABLISHED, ESTABLISHED)
    return a, b


# ================================================================== opening


def test_figure_6_basic_three_way_handshake() -> None:
    a, b = pair()
    b.open(active=False)
    assert (a.state, b.state) == (CLOSED, LISTEN)  # 1
    assert a.open(active=True) == "<SEQ=100><CTL=SYN>"  # 2
    syn = a.sent[0]
    assert a.at(SYN_SENT)
    assert b.takes(syn) == "<SEQ=300><ACK=101><CTL=SYN,ACK>"  # 3
    assert b.at(SYN_RECEIVED)
    assert a.takes(b.sent[0]) == "<SEQ=101><ACK=301><CTL=ACK>"  # 4
    assert a.at(ESTABLISHED)
    assert b.takes(a.sent[0]) == ""
    assert b.at(ESTABLISHED)
    assert a.send(b"data") == "<SEQ=101><ACK=301><DATA=4><CTL=PSH,ACK>"  # 5: the ACK used no number
    assert b.takes(a.sent[0]) == "<SEQ=301><ACK=105><CTL=ACK>"
    assert b.delivered == b"data"
    assert a.signals == b.signals == ["connection open"]


def test_figure_7_simultaneous_open() -> None:
    a, b = pair()
    assert a.open(active=True) == "<SEQ=100><CTL=SYN>"  # 2
    a_syn = a.sent[0]
    assert b.open(active=True) == "<SEQ=300><CTL=SYN>"
    b_syn = b.sent[0]
    assert (a.state, b.state) == (SYN_SENT, SYN_SENT)
    assert a.takes(b_syn) == "<SEQ=100><ACK=301><CTL=SYN,ACK>"  # 3, 5
    a_syn_ack = a.sent[0]
    assert a.at(SYN_RECEIVED)
    assert b.takes(a_syn) == "<SEQ=300><ACK=101><CTL=SYN,ACK>"  # 4
    b_syn_ack = b.sent[0]
    assert b.at(SYN_RECEIVED)
    assert a.takes(b_syn_ack) == ""  # 6
    assert a.at(ESTABLISHED)
    assert b.takes(a_syn_ack) == ""  # 7
    assert b.at(ESTABLISHED)
    assert (a.end.snd_nxt, a.end.rcv_nxt, b.end.snd_nxt, b.end.rcv_nxt) == (101, 301, 301, 101)
    assert a.signals == b.signals == ["connection open"]


@pytest.mark.parametrize("lost", ["A's SYN", "A's SYN,ACK"])
def test_a_simultaneous_open_recovers_from_loss(lost: str) -> None:
    a, b = pair()
    a.open(active=True)
    a_syn = a.sent[0]
    b.open(active=True)
    assert a.takes(b.sent[0]) == "<SEQ=100><ACK=301><CTL=SYN,ACK>"
    if lost == "A's SYN":
        b.takes(a.sent[0])  # the SYN,ACK comes in SYN-SENT
        assert (a.state, b.state) == (SYN_RECEIVED, ESTABLISHED)
        assert repr(b.sent[0]) == "<SEQ=301><ACK=101><CTL=ACK>"
        a.takes(b.sent[0])
    else:
        b.takes(a_syn)
        a.takes(b.sent[0])
        assert (a.state, b.state) == (ESTABLISHED, SYN_RECEIVED)
        assert b.waits(SECOND) == "<SEQ=300><ACK=101><CTL=SYN,ACK>"
        assert a.takes(b.sent[0]) == "<SEQ=101><ACK=301><CTL=ACK>"
        b.takes(a.sent[0])
    assert (a.state, b.state) == (ESTABLISHED, ESTABLISHED)


def test_figure_8_recovery_from_old_duplicate_syn() -> None:
    a, b = pair()
    b.open(active=False)
    assert a.open(active=True) == "<SEQ=100><CTL=SYN>"  # 2, delayed
    syn = a.sent[0]
    assert b.takes(segment("SYN", 90)) == "<SEQ=300><ACK=91><CTL=SYN,ACK>"  # 3, 4
    assert b.at(SYN_RECEIVED)
    assert a.takes(b.sent[0]) == "<SEQ=91><CTL=RST>"  # 5
    assert a.at(SYN_SENT)
    assert b.takes(a.sent[0]) == ""
    assert b.at(LISTEN)
    b.end.cfg = checked(b.end.cfg, {"iss": 400})  # "selected" anew, as the figure has it
    assert b.takes(syn) == "<SEQ=400><ACK=101><CTL=SYN,ACK>"  # 6, 7
    assert a.takes(b.sent[0]) == "<SEQ=101><ACK=401><CTL=ACK>"  # 8
    b.takes(a.sent[0])
    assert (a.state, b.state) == (ESTABLISHED, ESTABLISHED)
    assert b.signals == ["connection open"], "the user need not be informed of the false start"


def test_figure_9_half_open_connection_discovery() -> None:
    a, b = established(99, 299)  # B sends 300 next and receives 100 next
    a = Peer(400, A, B)  # 1, 2: reboot
    assert a.open(active=True) == "<SEQ=400><CTL=SYN>"  # 3
    assert b.takes(a.sent[0]) == "<SEQ=300><ACK=100><CTL=ACK>"  # 4
    assert b.at(ESTABLISHED)
    assert a.takes(b.sent[0]) == "<SEQ=100><CTL=RST>"  # 5
    assert a.at(SYN_SENT)
    assert b.takes(a.sent[0]) == ""
    assert b.at(CLOSED)  # 6
    assert b.signals[-1] == "connection reset"
    assert a.waits(SECOND) == "<SEQ=400><CTL=SYN>"  # 7


def test_figure_10_active_side_causes_half_open_connection_discovery() -> None:
    _, b = established(99, 299)
    a = Peer(400, A, B)  # 1: reboot, no connection
    assert b.send(bytes(10)) == "<SEQ=300><ACK=100><DATA=10><CTL=PSH,ACK>"  # 2
    assert a.takes(b.sent[0]) == "<SEQ=100><CTL=RST>"  # 3
    b.takes(a.sent[0])
    assert b.at(CLOSED)
    assert b.signals[-1] == "connection reset"


def test_figure_11_old_duplicate_syn_on_two_passive_sockets() -> None:
    a, b = pair(iss_b=7000)
    a.open(active=False)
    b.open(active=False)  # 1
    z, x = 5000, 7000
    assert b.takes(segment("SYN", z)) == f"<SEQ={x}><ACK={z + 1}><CTL=SYN,ACK>"  # 2, 3
    assert a.takes(b.sent[0]) == f"<SEQ={z + 1}><CTL=RST>"  # 4
    assert b.takes(a.sent[0]) == ""
    assert (a.state, b.state) == (LISTEN, LISTEN)  # 5
    assert a.signals == b.signals == []


@pytest.mark.parametrize("text", [b"GET /"])
def test_a_syn_may_carry_text_and_fin(text: bytes) -> None:
    """3.5: data on a SYN is legitimate, and delivered when ESTABLISHED is reached (T/TCP's transaction)."""
    _, b = pair()
    b.open(active=False)
    assert b.takes(segment("SYN,FIN", 100, text=text)) == "<SEQ=300><ACK=101><CTL=SYN,ACK>"
    assert (b.delivered, b.signals) == (b"", [])
    assert b.takes(segment("ACK", 107, 301)) == "<SEQ=301><ACK=107><CTL=ACK>"
    assert (b.delivered, b.signals, b.state) == (text, ["connection open", "connection closing"], CLOSE_WAIT)


# ================================================================== closing


def test_figure_12_normal_close_sequence() -> None:
    a, b = established(99, 299)  # 1
    assert a.close() == "<SEQ=100><ACK=300><CTL=FIN,ACK>"  # 2
    assert a.at(FIN_WAIT_1)
    assert b.takes(a.sent[0]) == "<SEQ=300><ACK=101><CTL=ACK>"  # 3
    assert b.at(CLOSE_WAIT)
    a.takes(b.sent[0])
    assert a.at(FIN_WAIT_2)
    assert b.close() == "<SEQ=300><ACK=101><CTL=FIN,ACK>"  # 4
    assert b.at(LAST_ACK)
    assert a.takes(b.sent[0]) == "<SEQ=101><ACK=301><CTL=ACK>"  # 5
    assert a.at(TIME_WAIT)
    assert b.takes(a.sent[0]) == ""
    assert b.at(CLOSED)
    assert a.waits(4 * MINUTE - 1) == ""
    assert a.at(TIME_WAIT)
    a.waits(1)  # 6: 2 MSL
    assert a.at(CLOSED)
    closing = ["connection open", "connection closing", "connection closed"]
    assert a.signals == b.signals == closing


def test_figure_13_simultaneous_close_sequence() -> None:
    a, b = established(99, 299)  # 1
    assert a.close() == "<SEQ=100><ACK=300><CTL=FIN,ACK>"  # 2
    a_fin = a.sent[0]
    assert b.close() == "<SEQ=300><ACK=100><CTL=FIN,ACK>"
    b_fin = b.sent[0]
    assert (a.state, b.state) == (FIN_WAIT_1, FIN_WAIT_1)
    assert a.takes(b_fin) == "<SEQ=101><ACK=301><CTL=ACK>"  # 3
    a_ack = a.sent[0]
    assert a.at(CLOSING)
    assert b.takes(a_fin) == "<SEQ=301><ACK=101><CTL=ACK>"
    b_ack = b.sent[0]
    assert b.at(CLOSING)
    assert a.takes(b_ack) == ""  # 4
    assert b.takes(a_ack) == ""
    assert (a.state, b.state) == (TIME_WAIT, TIME_WAIT)
    a.waits(4 * MINUTE)
    b.waits(4 * MINUTE)
    assert (a.state, b.state) == (CLOSED, CLOSED)


def test_three_segments_close_when_the_fins_follow_each_other() -> None:
    """B's user closes before the ACK of A's FIN went out: it travels on B's FIN."""
    a, b = established(99, 299, delayed_ack=200 * MS, delay_fin_ack=True)
    a.close()
    assert b.takes(a.sent[0]) == ""
    assert b.close() == "<SEQ=300><ACK=101><CTL=FIN,ACK>"
    assert a.takes(b.sent[0]) == "<SEQ=101><ACK=301><CTL=ACK>"
    assert a.at(TIME_WAIT)
    b.takes(a.sent[0])
    assert b.at(CLOSED)


def test_a_half_closed_connection_carries_data_the_other_way() -> None:
    """3.6.1."""
    a, b = established(99, 299)
    a.close()
    b.takes(a.sent[0])
    a.takes(b.sent[0])
    assert (a.state, b.state) == (FIN_WAIT_2, CLOSE_WAIT)
    for number in range(3):
        text = bytes([number]) * 5
        assert b.send(text) == f"<SEQ={300 + 5 * number}><ACK=101><DATA=5><CTL=PSH,ACK>"
        assert a.takes(b.sent[0]) == f"<SEQ=101><ACK={305 + 5 * number}><CTL=ACK>"
        b.takes(a.sent[0])
    assert a.delivered == bytes([0] * 5 + [1] * 5 + [2] * 5)
    assert b.close() == "<SEQ=315><ACK=101><CTL=FIN,ACK>"
    assert a.takes(b.sent[0]) == "<SEQ=101><ACK=316><CTL=ACK>"
    assert a.at(TIME_WAIT)


def test_a_lost_last_ack_is_repeated_and_2_msl_begin_anew() -> None:
    a, b = established(99, 299)
    a.close()
    b.takes(a.sent[0])
    a.takes(b.sent[0])
    fin = b.close()
    a.takes(b.sent[0])
    a_ack = repr(a.sent[0])  # lost
    assert b.waits(SECOND) == fin
    a.waits(SECOND)
    assert a.takes(b.sent[0]) == a_ack
    assert a.end.next_timeout() == SECOND + 4 * MINUTE
    b.takes(a.sent[0])
    assert b.at(CLOSED)


def test_a_fin_is_sent_again_until_it_is_acknowledged() -> None:
    a, b = established(99, 299)
    assert a.close() == a.waits(SECOND) == a.waits(2 * SECOND) == "<SEQ=100><ACK=300><CTL=FIN,ACK>"
    b.takes(a.sent[0])
    a.takes(b.sent[0])
    assert a.at(FIN_WAIT_2)
    assert a.end.next_timeout() is None


# ================================================================== TIME-WAIT: a new incarnation (MAY-2)


def in_time_wait(**knobs: Any) -> Peer:
    a, b = established(99, 299, **{"reuse_time_wait": True, **knobs})
    a.close()
    b.takes(a.sent[0])
    a.takes(b.sent[0])
    b.close()
    a.takes(b.sent[0])
    assert (a.state, a.end.snd_max, a.end.rcv_nxt) == (TIME_WAIT, 101, 301)
    return a


def test_a_newer_syn_may_open_a_new_incarnation() -> None:
    a = in_time_wait()
    assert a.end.admits_new_incarnation(segment("SYN", 302))
    again = Peer(100, A, B)
    again.end.iss_above = a.end.snd_max
    again.open(active=False)
    again.takes(segment("SYN", 302))
    iss = again.sent[0].seq
    assert gt(iss, a.end.snd_max), "(1): larger than the largest number used before"
    assert again.sent[0] == segment("SYN,ACK", iss, 303)
    again.takes(segment("ACK", 303, (iss + 1) & MASK))
    assert again.at(ESTABLISHED)
    assert a._heard(a.end.give_way(a.now)) == ""
    assert (a.state, a.end.edge.cite) == (CLOSED, "RFC 9293 3.6.1, MAY-2")
    assert a.end.next_timeout() is None


def test_after_an_old_duplicate_the_next_iss_is_free_again() -> None:
    again = Peer(100, A, B)
    again.end.iss_above = 5000
    again.open(active=False)
    again.takes(segment("SYN", 302))
    assert gt(again.sent[0].seq, 5000)
    again.takes(segment("RST", 303))
    assert again.at(LISTEN)
    again.takes(segment("SYN", 700))
    assert again.sent[0].seq == 100


@pytest.mark.parametrize(
    ("ctl", "seq"),
    [("SYN", 301), ("SYN", 300), ("SYN", 99), ("SYN,ACK", 500), ("ACK", 500), ("RST,SYN", 500), ("none", 500)],
)
def test_nothing_else_is_admitted(ctl: str, seq: int) -> None:
    assert not in_time_wait().end.admits_new_incarnation(segment(ctl, seq, 101))


def test_reuse_can_be_turned_off_and_concerns_time_wait_only() -> None:
    assert not in_time_wait(reuse_time_wait=False).end.admits_new_incarnation(segment("SYN", 500))
    assert not profile("rfc9293").reuse_time_wait, "a MAY"
    a, _ = established(99, 299)
    assert not a.end.admits_new_incarnation(segment("SYN", 500))


def test_an_old_syn_in_time_wait_is_answered_by_an_ack() -> None:
    a = in_time_wait()
    assert a.takes(segment("SYN", 299)) == "<SEQ=101><ACK=301><CTL=ACK>"
    assert a.sent[0].why is why.UNACCEPTABLE


# ================================================================== numbers far apart


def after_almost_four_gigabytes(octets: int) -> Peer:
    """A sender, its ISS 100, after so many octets that were only counted and are all acknowledged."""
    knobs = {"mtu": 65_535, "congestion": "none", "window_scale": 14, "rcv_buff": 1 << 30, "nagle": False}
    a = Peer(100, A, B, **knobs)
    a.open(active=True)
    a.takes(segment("SYN,ACK", 300, 101, options=Options(mss=65_000, wscale=14)))
    while octets:
        a.takes(segment("ACK", 301, a.end.snd_nxt, wnd=0xFFFF))
        size = min(octets, 1 << 29)
        a.end.send(0, size)
        octets -= size
    a.takes(segment("ACK", 301, a.end.snd_nxt, wnd=0xFFFF))
    assert a.end.outstanding == a.end.unsent == 0
    return a


def test_a_transfer_of_four_gigabytes_comes_by_the_iss_again() -> None:
    """After 2^32 octets SND.UNA is the ISS once more: what is lost there is text, and no SYN."""
    a = after_almost_four_gigabytes(MASK)  # the SYN took the number 100
    assert a.end.snd_una == a.end.iss == 100
    assert a.send(b"lost here") == "<SEQ=100><ACK=301><DATA=9><CTL=PSH,ACK>"
    assert a.waits(SECOND) == "<SEQ=100><ACK=301><DATA=9><CTL=PSH,ACK>"
    assert a.takes(segment("ACK", 301, 109, wnd=0xFFFF)) == ""
    assert a.end.outstanding == 0


def test_octets_behind_four_gigabytes_of_counted_ones_keep_their_places() -> None:
    a = after_almost_four_gigabytes(MASK - 50)
    a.end.send(0, 100)
    assert a.send(b"lost here") == "<SEQ=150><ACK=301><DATA=9><CTL=PSH,ACK>"
    assert a.waits(SECOND) == "<SEQ=50><ACK=301><DATA=109><CTL=PSH,ACK>"
    assert a.sent[0].text == bytes(100) + b"lost here"
