"""Explicit congestion notification (RFC 3168 6.1), from the SYN to CWR."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.congestion import UNLIMITED, NewReno
from tcpsim.tcp.diagram import SYN_RECEIVED
from tcpsim.tcp.segment import ACK, CE, CWR, ECE, ECT_0, ECT_1, NOT_ECT, PSH, SYN, ctl_name
from tcpsim.tcp.units import SECOND
from tests.tcp.extended import accepted, last, opened, sent
from tests.tcp.flow import MSS, WIDE
from tests.tcp.reach import Line, Reached, fresh

Numbers = tuple[int, int]
SETUP = "SYN,ECE,CWR"
GRANTED = "SYN,ACK,ECE"


def talking(numbers: Numbers, **knobs: Any) -> Reached:
    """An endpoint whose SYN asked for ECN, and whose peer granted it."""
    both: dict[str, Any] = {"ecn": "on", "initial_window": 10} | knobs
    it = opened(numbers, None, ctl=GRANTED, **both)
    it.reads()
    assert it.end.ecn_ok
    return it


def comes(it: Reached, ctl: str = "ACK", *, ecn: int = NOT_ECT, **fields: Any) -> list[Line]:
    """A segment arrives whose datagram is marked so."""
    made = it.segment(ctl, **({"wnd": WIDE} | fields))
    made.ecn = ecn
    return it.lines(it.end.segment_arrives(it.now, made))


def bits(it: Reached) -> list[str]:
    """The control bits of the segments of the last answer."""
    return [ctl_name(segment.ctl) for segment in sent(it)]


# ------------------------------------------------------------------ 6.1.1: agreement


@pytest.mark.parametrize(
    ("knob", "asks", "grants"), [("off", False, False), ("passive", False, True), ("on", True, True)]
)
def test_who_asks_and_who_grants(numbers: Numbers, knob: str, asks: bool, grants: bool) -> None:
    it = fresh(numbers, ecn=knob)
    it.opens(active=True)
    assert bits(it) == [SETUP if asks else "SYN"]
    it = accepted(numbers, None, ctl=SETUP, ecn=knob)
    assert bits(it) == [GRANTED if grants else "SYN,ACK"]
    assert it.end.ecn_ok is grants
    it = accepted(numbers, None, ctl="SYN,ECE,CWR,AE", ecn=knob)
    assert bits(it) == [GRANTED if grants else "SYN,ACK"], "accurate ECN is not known here, and falls back to this"


@pytest.mark.parametrize("ctl", ["SYN", "SYN,ECE", "SYN,CWR"])
def test_a_syn_that_does_not_ask_is_granted_nothing(numbers: Numbers, ctl: str) -> None:
    it = accepted(numbers, None, ctl=ctl, ecn="on")
    assert bits(it) == ["SYN,ACK"]
    assert not it.end.ecn_ok
    assert not it.end.extended


@pytest.mark.parametrize(
    ("ctl", "agreed"), [("SYN,ACK", False), (GRANTED, True), ("SYN,ACK,ECE,CWR", False), ("SYN,ACK,CWR", False)]
)
def test_what_grants_it(numbers: Numbers, ctl: str, agreed: bool) -> None:
    """A SYN,ACK with both bits is what a broken peer sends that reflects them."""
    it = opened(numbers, None, ctl=ctl, ecn="on")
    assert it.end.ecn_ok is agreed
    assert not opened(numbers, None, ctl=ctl, ecn="passive").end.ecn_ok, "it was not asked for"


def test_syns_that_cross(numbers: Numbers) -> None:
    it = opened(numbers, None, ctl=SETUP, ecn="on")
    assert it.state is SYN_RECEIVED
    assert bits(it) == [GRANTED]
    it.arrives(GRANTED, seq=0)
    assert it.end.state.synchronized
    it.sends(b"text")
    assert (bits(it), last(it).ecn) == (["PSH,ACK"], ECT_0), "ECE of a SYN,ACK echoes no mark: there is no CWR"
    it = opened(numbers, None, ctl="SYN", ecn="on")
    assert bits(it) == ["SYN,ACK"]
    it = opened(numbers, None, ctl=SETUP, ecn="passive")
    assert bits(it) == ["SYN,ACK"], "MUST NOT set ECT: our own SYN did not ask"
    assert not it.end.ecn_ok
    it = opened(numbers, None, ctl=SETUP, ecn="passive", ecn_crossed=True)
    assert bits(it) == [GRANTED], "FreeBSD's way"


@pytest.mark.parametrize("answer", [True, False])
def test_a_peer_that_gives_up_asking_is_granted_nothing(numbers: Numbers, answer: bool) -> None:
    """6.1.1.1: it takes no SYN,ACK for a grant any more, and would echo no mark."""
    it = accepted(numbers, None, ctl=SETUP, ecn="on", answer_duplicate_syn=answer)
    it.arrives(SETUP, seq=0)
    assert it.end.ecn_ok
    it.arrives("SYN", seq=0)
    assert bits(it) == (["SYN,ACK"] if answer else ["ACK"])
    it.arrives("ACK")
    it.sends(b"text")
    assert last(it).ecn == NOT_ECT


def test_the_bits_of_a_syn_in_the_window_are_neither_mark_nor_echo(numbers: Numbers) -> None:
    it = talking(numbers)
    comes(it, text=10, ecn=CE)
    it.sends(MSS)
    cwnd = it.end.cc.cwnd
    comes(it, SETUP)
    assert bits(it) == ["ACK,ECE"], "challenged; and CWR has not come"
    assert (it.end.cc.cwnd, it.end.ecn_cwr) == (cwnd, False)


@pytest.mark.parametrize(("retries", "asking"), [(0, 1), (1, 2), (2, 3), ("off", 5)])
def test_a_syn_that_is_sent_again_may_cease_to_ask(numbers: Numbers, retries: int | str, asking: int) -> None:
    """6.1.1.1: a middlebox may drop the SYN for what it asks."""
    it = fresh(numbers, ecn="on", ecn_syn_retries=retries)
    it.opens(active=True)
    asked = bits(it)
    for _ in range(4):
        at = it.end.next_timeout()
        assert at is not None
        it.waits(at - it.now)
        asked += bits(it)
    assert asked == [SETUP] * asking + ["SYN"] * (5 - asking)
    it.arrives(GRANTED)
    assert it.end.ecn_ok is (asking == 5), "what the last SYN asked for"


# ------------------------------------------------------------------ 6.1.2, 6.1.4 to 6.1.6: what is marked as able


def test_only_new_text_is_ect(numbers: Numbers) -> None:
    it = talking(numbers)
    it.sends(2 * MSS)
    assert [segment.ecn for segment in sent(it)] == [ECT_0, ECT_0]
    it.waits(SECOND)
    assert [(segment.why, segment.ecn) for segment in sent(it)] == [(why.RETRANSMIT, NOT_ECT)]
    comes(it, text=10, ack=1)
    assert [(segment.ctl, segment.ecn) for segment in sent(it)] == [(ACK, NOT_ECT)], "no pure ACK"
    comes(it, ack=1 + 2 * MSS)
    it.closes()
    assert [(ctl, segment.ecn) for ctl, segment in zip(bits(it), sent(it), strict=True)] == [("FIN,ACK", NOT_ECT)]


def test_a_syn_is_not_ect(numbers: Numbers) -> None:
    it = fresh(numbers, ecn="on")
    it.opens(active=True)
    assert last(it).ecn == NOT_ECT
    assert last(accepted(numbers, None, ctl=SETUP, ecn="on")).ecn == NOT_ECT


def test_a_probe_of_a_zero_window_is_not_ect(numbers: Numbers) -> None:
    it = talking(numbers)
    comes(it, wnd=0)
    it.sends(b"text")
    it.waits(2 * SECOND)
    assert {(segment.why, segment.ecn) for segment in sent(it)} == {(why.PERSIST_PROBE, NOT_ECT)}


def test_without_agreement_nothing_is_marked(numbers: Numbers) -> None:
    it = opened(numbers, None, ecn="on")
    it.sends(b"text")
    assert last(it).ecn == NOT_ECT
    assert last(it).ctl == ACK | PSH
    comes(it, ecn=CE, text=10)
    assert bits(it) == ["ACK"]
    comes(it, "ACK,ECE")
    it.sends(b"text")
    assert bits(it) == ["PSH,ACK"]


# ------------------------------------------------------------------ 6.1.3: the receiver


def test_a_mark_is_echoed_until_the_peer_says_that_it_has_slowed_down(numbers: Numbers) -> None:
    it = talking(numbers)
    comes(it, text=10, ecn=ECT_0)
    assert bits(it) == ["ACK"]
    comes(it, text=10, ecn=ECT_1)
    assert bits(it) == ["ACK"]
    comes(it, text=10, ecn=CE)
    assert bits(it) == ["ACK,ECE"]
    comes(it, text=10, ecn=ECT_0)
    assert bits(it) == ["ACK,ECE"]
    it.sends(b"ours")
    assert bits(it) == ["PSH,ACK,ECE"], "on text too"
    comes(it, "ACK,CWR", text=10, ecn=ECT_0)
    assert bits(it) == ["ACK"]


def test_cwr_that_is_marked_itself_ends_one_echo_and_begins_the_next(numbers: Numbers) -> None:
    it = talking(numbers)
    comes(it, text=10, ecn=CE)
    comes(it, "ACK,CWR", text=10, ecn=CE)
    assert bits(it) == ["ACK,ECE"]


def test_a_mark_counts_on_text_in_the_window_only(numbers: Numbers) -> None:
    """6.1.5, and 6.1.4: a pure ACK is never ECT, so that nobody can have marked it."""
    it = talking(numbers)
    comes(it, text=10)
    comes(it, text=10, seq=1, ecn=CE)
    assert bits(it) == ["ACK"]
    comes(it, ecn=CE)
    comes(it, text=10)
    assert bits(it) == ["ACK"]
    comes(it, text=10, seq=60_000, ecn=CE)
    assert bits(it) == ["ACK,ECE"], "beyond a hole is in the window"


def test_a_reset_has_no_echo(numbers: Numbers) -> None:
    it = talking(numbers)
    comes(it, text=10, ecn=CE)
    it.aborts()
    assert bits(it) == ["RST"]


# ------------------------------------------------------------------ 6.1.2: the sender


def test_an_echo_halves_the_window_once_for_a_window_of_data(numbers: Numbers) -> None:
    it = talking(numbers)
    it.sends(20 * MSS)
    assert it.end.outstanding == 10 * MSS == it.end.cc.cwnd
    comes(it, "ACK,ECE", ack=1 + MSS)
    assert it.end.cc.cwnd == it.end.cc.ssthresh == 5 * MSS, "and this ACK does not open it"
    assert not sent(it), "nothing has to be sent again"
    comes(it, "ACK,ECE", ack=1 + 2 * MSS)
    assert it.end.cc.cwnd == 5 * MSS
    comes(it, "ACK,ECE", ack=1 + 6 * MSS)
    assert it.end.cc.cwnd == 5 * MSS
    assert bits(it) == ["ACK,CWR"], "on the first new text"
    assert sent(it)[0].length == MSS
    comes(it, ack=1 + 7 * MSS)
    assert bits(it) == ["ACK"], "and on that only"
    comes(it, "ACK,ECE", ack=1 + 10 * MSS)
    assert it.end.cc.cwnd == 5 * MSS, "all that was outstanding then is acknowledged with this ACK, not before it"
    flight = it.end.outstanding
    comes(it, "ACK,ECE", ack=1 + 11 * MSS)
    assert it.end.cc.cwnd == max(flight // 2, 2 * MSS), "new data, a new window"


def test_an_echo_with_nothing_outstanding_is_no_news(numbers: Numbers) -> None:
    it = talking(numbers)
    window = it.end.cc.cwnd
    comes(it, "ACK,ECE")
    assert it.end.cc.cwnd == window
    it.sends(b"text")
    assert bits(it) == ["PSH,ACK"]


def test_an_echo_during_recovery_reduces_nothing_more(numbers: Numbers) -> None:
    it = talking(numbers)
    it.sends(10 * MSS)
    for _ in range(3):
        comes(it, ack=1)
    assert [segment.why for segment in sent(it)] == [why.FAST_RETRANSMIT]
    assert bits(it) == ["ACK"]
    assert it.end.in_recovery
    threshold = it.end.cc.ssthresh
    comes(it, "ACK,ECE", ack=1 + MSS)
    assert it.end.cc.ssthresh == threshold
    it.sends(5 * MSS)
    comes(it, ack=1 + 10 * MSS)
    assert bits(it)[0] == "ACK,CWR", "a loss is told in the same way"
    assert "ACK,CWR" not in bits(it)[1:]


def test_a_timeout_is_told_too(numbers: Numbers) -> None:
    it = talking(numbers)
    it.sends(MSS)
    it.waits(SECOND)
    assert [segment.why for segment in sent(it)] == [why.RETRANSMIT]
    comes(it, ack=1 + MSS)
    it.sends(MSS)
    assert bits(it) == ["PSH,ACK,CWR"]


def test_controls_and_marks() -> None:
    control = NewReno(1000, 10_000)
    control.marked(8000)
    assert (control.cwnd, control.ssthresh) == (4000, 4000)
    control.marked(1000)
    assert (control.cwnd, control.ssthresh) == (2000, 2000)
    control.cwnd = 1000
    control.marked(1000)
    assert control.cwnd == 1000, "an echo never opens a window"
    before = UNLIMITED.cwnd
    UNLIMITED.marked(1000)
    UNLIMITED.resized(10)
    assert UNLIMITED.cwnd == before


def test_a_syn_again_in_syn_received_grants_it_again(numbers: Numbers) -> None:
    it = accepted(numbers, None, ctl=SETUP, ecn="on")
    it.waits(SECOND)
    assert [segment.ctl for segment in sent(it)] == [SYN | ACK | ECE]
    it.arrives("ACK")
    it.sends(b"text")
    assert not last(it).ctl & CWR, "there was no window yet that could have been reduced"
    assert last(it).ecn == ECT_0
