"""Mutants of the handshake: each deviation in segments, numbers and states."""

from __future__ import annotations

import pytest

from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT
from tcpsim.tcp.options import Options
from tcpsim.tcp.seqnum import SPACE
from tcpsim.tcp.units import MINUTE, SECOND
from tests.tcp.flow import segments
from tests.tcp.mutated import blames, fresh, reach, stands
from tests.tcp.reach import drops, fires, moves, sends
from tests.tcp.reach import reach as real

Numbers = tuple[int, int]


# ------------------------------------------------------------------ how many segments


def test_two_way_handshake_is_established_on_syn(numbers: Numbers) -> None:
    it = reach("two-way-handshake", LISTEN, numbers)
    lines = it.arrives("SYN")
    assert segments(lines) == [("SYN,ACK", 0, 0)]
    assert moves(SYN_RECEIVED, ESTABLISHED, blames("two-way-handshake")) in lines
    assert (it.state, it.ours("snd_una"), it.theirs("rcv_nxt")) == (ESTABLISHED, 1, 1)
    assert it.end.next_timeout() is None, "nothing waits for an ACK"
    assert it.arrives("ACK") == []


def test_two_way_handshake_opens_like_anybody(numbers: Numbers) -> None:
    it = reach("two-way-handshake", SYN_SENT, numbers)
    it.arrives("SYN,ACK")
    assert stands(it, ESTABLISHED)


def test_four_way_handshake_sends_ack_and_syn_apart(numbers: Numbers) -> None:
    it = reach("four-way-handshake", LISTEN, numbers)
    why = blames("four-way-handshake")
    lines = [line for line in it.arrives("SYN") if line[0] == "sends"]
    assert lines == [sends("ACK", 0, 1, why=why), ("sends", "SYN", 0, 0, 1000, 0, 0, why)]
    assert segments(it.waits(SECOND)) == [("ACK", 0, 0), ("SYN", 0, 0)], "and so it repeats them"
    it.arrives("ACK")
    assert stands(it, ESTABLISHED)


def test_four_way_handshake_waits_for_two_segments(numbers: Numbers) -> None:
    it = reach("four-way-handshake", SYN_SENT, numbers)
    assert it.arrives("ACK", seq=0, ack=1)[0] == drops(blames("four-way-handshake"))
    assert (it.state, it.ours("snd_una"), it.end.rexmit_at) == (SYN_SENT, 1, real(CLOSED).end.rexmit_at)
    assert segments(it.arrives("SYN")) == [("ACK", 1, 0)]
    assert (it.state, it.theirs("rcv_nxt"), it.end.syn_acked) == (ESTABLISHED, 1, True)


def test_four_way_handshake_still_meets_a_three_way_one(numbers: Numbers) -> None:
    it = reach("four-way-handshake", SYN_SENT, numbers)
    it.arrives("SYN,ACK")
    assert stands(it, ESTABLISHED)


def test_handshake_needs_bare_ack(numbers: Numbers) -> None:
    it = reach("handshake-needs-bare-ack", SYN_RECEIVED, numbers)
    assert it.arrives("ACK", text=b"hello") == [drops(blames("handshake-needs-bare-ack"))]
    assert stands(it, SYN_RECEIVED)
    it.arrives("ACK")
    assert stands(it, ESTABLISHED)


# ------------------------------------------------------------------ numbers


def test_no_ack_check_in_syn_sent(numbers: Numbers) -> None:
    it = reach("no-ack-check-in-syn-sent", SYN_SENT, numbers)
    it.arrives("SYN,ACK", ack=4711)
    assert (it.state, it.ours("snd_una")) == (ESTABLISHED, 1)
    it = reach("no-ack-check-in-syn-sent", SYN_SENT, numbers)
    it.arrives("SYN")
    assert stands(it, SYN_RECEIVED), "what acknowledges nothing is no ACK"


def test_syn_not_counted(numbers: Numbers) -> None:
    it = reach("syn-not-counted", LISTEN, numbers)
    assert sends("SYN,ACK", 0, 0, why=blames("syn-not-counted")) in it.arrives("SYN")
    assert it.theirs("rcv_nxt") == 0
    it.arrives("RST", seq=0)
    assert stands(it, LISTEN)


def test_no_wrap_refuses_an_ack_beyond_zero() -> None:
    it = reach("no-wrap", SYN_SENT, (SPACE - 1, 300))
    assert it.arrives("SYN,ACK") == [
        drops(blames("no-wrap")), ("sends", "RST", 1, 0, 0, 0, 0, blames("no-wrap"))
    ]  # fmt: skip
    assert stands(it, SYN_SENT)
    assert it.arrives("RST,ACK") != []
    assert stands(it, CLOSED), "a RST is no matter of comparison"


def test_no_wrap_refuses_a_window_across_zero() -> None:
    it = reach("no-wrap", ESTABLISHED, (100, SPACE - 100))
    answer = it.arrives("ACK", text=b"abc")
    assert answer == [sends("ACK", 1, 1, why=blames("no-wrap")), drops(blames("no-wrap"))][::-1]
    assert it.theirs("rcv_nxt") == 1
    it.arrives("SYN")  # numbers of a SYN are not compared
    it.arrives("RST")
    assert stands(it, CLOSED)


def test_no_wrap_is_right_far_from_zero() -> None:
    it = reach("no-wrap", ESTABLISHED, (100, 300), passive=True)
    it.sends(b"abc")
    it.arrives("ACK", text=b"abc", ack=4)
    assert (it.ours("snd_una"), it.theirs("rcv_nxt")) == (4, 4)


@pytest.mark.parametrize(("name", "iss"), [("isn-zero", 0), ("same-isn", 64_000)])
def test_a_fixed_isn(name: str, iss: int) -> None:
    it = reach(name, LISTEN, (iss, 300))
    it.end.iss_above = iss + 7
    assert segments(it.arrives("SYN")) == [("SYN,ACK", 0, 0)]
    assert it.end.iss == iss


# ------------------------------------------------------------------ patience


@pytest.mark.parametrize(("name", "state"), [("syn-not-retransmitted", SYN_SENT),
                                             ("syn-ack-not-retransmitted", SYN_RECEIVED)])  # fmt: skip
def test_a_syn_is_not_sent_again(name: str, state: object, numbers: Numbers) -> None:
    it = reach(name, SYN_SENT if state is SYN_SENT else SYN_RECEIVED, numbers)
    lines = it.waits(SECOND)
    assert lines[0] == fires("retransmission", blames(name))
    assert segments(lines) == []
    assert segments(it.waits(3 * MINUTE)) == []


def test_duplicate_syn_ignored(numbers: Numbers) -> None:
    it = reach("duplicate-syn-ignored", SYN_RECEIVED, numbers)
    assert it.arrives("SYN", seq=0) == [drops(blames("duplicate-syn-ignored"))]
    it.arrives("ACK")
    assert stands(it, ESTABLISHED)


def test_never_gives_up(numbers: Numbers) -> None:
    it = reach("never-gives-up", SYN_SENT, numbers)
    it.waits(600 * MINUTE)
    assert stands(it, SYN_SENT)


def test_gives_up_early(numbers: Numbers) -> None:
    it = reach("gives-up-early", SYN_SENT, numbers)
    assert segments(it.waits(SECOND)) == []
    assert stands(it, CLOSED)


# ------------------------------------------------------------------ who opened, and resets


def test_simultaneous_open_refused(numbers: Numbers) -> None:
    it = reach("simultaneous-open-refused", SYN_SENT, numbers)
    why = blames("simultaneous-open-refused")
    lines = it.arrives("SYN")
    assert lines[0] == drops(why)
    assert lines[1][:2] == ("sends", "RST,ACK")
    assert lines[1][3] == 1
    assert stands(it, SYN_SENT)
    it.arrives("SYN,ACK")
    assert stands(it, ESTABLISHED)


def test_crossed_syn_ack_ignored(numbers: Numbers) -> None:
    it = reach("crossed-syn-ack-ignored", SYN_SENT, numbers)
    it.arrives("SYN")
    assert stands(it, SYN_RECEIVED)
    assert it.arrives("SYN,ACK", seq=0) == [drops(blames("crossed-syn-ack-ignored"))]
    assert stands(it, SYN_RECEIVED)
    it.arrives("ACK")
    assert stands(it, ESTABLISHED), "but nobody sends that"


def test_passive_stays_syn_received(numbers: Numbers) -> None:
    it = reach("passive-stays-syn-received", SYN_RECEIVED, numbers)
    assert it.arrives("RST") == [drops(blames("passive-stays-syn-received"))]
    assert stands(it, SYN_RECEIVED)
    it.arrives("ACK")
    it.arrives("RST")
    assert stands(it, CLOSED)


def test_rst_closes_listener(numbers: Numbers) -> None:
    it = reach("rst-closes-listener", SYN_RECEIVED, numbers)
    it.arrives("RST")
    assert stands(it, CLOSED)
    it = reach("rst-closes-listener", SYN_RECEIVED, numbers)
    it.arrives("ACK")
    assert stands(it, ESTABLISHED)


def test_forgets_who_opened(numbers: Numbers) -> None:
    it = reach("forgets-who-opened", SYN_RECEIVED, numbers, passive=False)
    it.arrives("RST")
    assert stands(it, LISTEN)
    it.arrives("SYN")
    assert stands(it, SYN_RECEIVED)


def test_ack_in_listen_ignored(numbers: Numbers) -> None:
    it = reach("ack-in-listen-ignored", LISTEN, numbers)
    assert it.arrives("ACK") == [drops(blames("ack-in-listen-ignored"))]
    it.arrives("SYN")
    assert stands(it, SYN_RECEIVED)


# ------------------------------------------------------------------ text and options of a SYN


def test_syn_data_delivered_early(numbers: Numbers) -> None:
    it = reach("syn-data-delivered-early", LISTEN, numbers)
    it.reads()
    lines = it.arrives("SYN", text=b"early")
    assert ("gives", 5, False, False, blames("syn-data-delivered-early")) in lines
    assert (it.state, it.theirs("rcv_nxt")) == (SYN_RECEIVED, 6)
    it.arrives("ACK")
    assert stands(it, ESTABLISHED)


def test_mss_ignored(numbers: Numbers) -> None:
    it = reach("mss-ignored", LISTEN, numbers)
    it.arrives("SYN", options=Options(mss=100))
    assert it.end.snd_mss == 1460
    it = fresh("mss-ignored", numbers)
    it.opens(active=True)
    it.arrives("RST,ACK")
    assert stands(it, CLOSED)


def test_negotiation_one_sided(numbers: Numbers) -> None:
    it = reach("negotiation-one-sided", LISTEN, numbers, window_scale=3)
    it.arrives("SYN")
    assert (it.end.rcv_scale, it.end.snd_scale, it.end.scaling) == (3, 0, True)
    it = reach("negotiation-one-sided", LISTEN, numbers, window_scale=3)
    it.arrives("SYN", options=Options(wscale=2))
    assert (it.end.rcv_scale, it.end.snd_scale) == (3, 2)


def test_options_assumed(numbers: Numbers) -> None:
    asked = {"window_scale": 3, "sack": True, "timestamps": True}
    it = reach("options-assumed", LISTEN, numbers, **asked)
    it.arrives("SYN")
    assert (it.end.scaling, it.end.sack_ok, it.end.ts_ok) == (False, False, False), "a listener has offered nothing yet"
    it = reach("options-assumed", SYN_SENT, numbers, **asked)
    it.arrives("SYN,ACK", options=Options(mss=1000))
    assert (it.end.scaling, it.end.sack_ok, it.end.ts_ok, it.end.peer_mss) == (True, True, True, 1000)
    it = reach("options-assumed", SYN_SENT, numbers)
    it.arrives("SYN,ACK", options=Options(wscale=7, ts=(5, 0)))
    assert (it.end.scaling, it.end.sack_ok, it.end.ts_ok) == (False, False, False), "nor what we have not asked for"


def test_scaled_syn_window(numbers: Numbers) -> None:
    it = reach("scaled-syn-window", SYN_SENT, numbers, window_scale=0)
    it.arrives("SYN,ACK", options=Options(wscale=2), wnd=1000)
    assert it.end.snd_wnd == 4000
    it = reach("scaled-syn-window", SYN_SENT, numbers)
    it.arrives("SYN,ACK", wnd=1000)
    assert it.end.snd_wnd == 1000
