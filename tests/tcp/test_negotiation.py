"""What two SYNs settle: which options they carry, in which layout, and the size of segments that follows."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import ESTABLISHED
from tcpsim.tcp.options import ORDERS, PADDINGS, Options, arranged
from tcpsim.tcp.units import SECOND
from tests.tcp.extended import ALL, STAMPS, accepted, last, opened, sent, stamps
from tests.tcp.flow import WIDE
from tests.tcp.reach import Reached, fresh, reach

Numbers = tuple[int, int]
EVERYTHING: dict[str, Any] = {**ALL, "mss": 1460, "window_scale": 6}
THEIRS = Options(1400, 5, True, (STAMPS, 0))


def offer(it: Reached) -> Options:
    """The options of the last segment of the last answer."""
    options = last(it).options
    assert options is not None
    return options


# ------------------------------------------------------------------ what a SYN says


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("padding", PADDINGS)
def test_a_syn_has_the_layout_of_its_knobs(numbers: Numbers, order: str, padding: str) -> None:
    knobs = EVERYTHING | {"option_order": order, "option_padding": padding}
    it = fresh(numbers, **knobs)
    it.opens(active=True)
    assert offer(it) == Options(1460, 6, True, (0, 0), kinds=arranged(offer(it).carried, order, padding))
    it = accepted(numbers, Options(1400, sack_ok=True), **knobs)
    assert offer(it) == Options(1460, None, True, kinds=arranged(frozenset({"mss", "sackOK"}), order, padding))


@pytest.mark.parametrize("without", ["window_scale", "sack", "timestamps", ""])
def test_a_syn_ack_says_no_more_than_the_syn(numbers: Numbers, without: str) -> None:
    theirs = Options(
        1400,
        None if without == "window_scale" else 5,
        without != "sack",
        None if without == "timestamps" else (STAMPS, 0),
    )
    it = accepted(numbers, theirs, **EVERYTHING)
    mine = Options(
        1460,
        None if without == "window_scale" else 6,
        without != "sack",
        None if without == "timestamps" else (0, STAMPS),
    )
    assert offer(it) == mine
    it.waits(SECOND)
    stamped = None if without == "timestamps" else (1000, STAMPS)
    assert offer(it) == Options(mine.mss, mine.wscale, mine.sack_ok, stamped), "nor does it when it is sent again"
    assert it.end.scaling is (without != "window_scale")


def test_no_options_at_all(numbers: Numbers) -> None:
    """TCP_NOOPT: of the peer's, only the MSS counts, which is no wish but a limit (MUST-16)."""
    it = fresh(numbers, no_options=True, **EVERYTHING)
    it.opens(active=True)
    assert last(it).options is None
    assert not it.end.extended
    it.arrives("SYN,ACK", options=Options(1000, 5, True, (STAMPS, 0)), wnd=WIDE)
    assert (it.end.snd_mss, it.end.snd_scale, it.end.sack_ok, it.end.ts_ok) == (1000, 0, False, False)
    it = accepted(numbers, Options(1000, 5, True, (STAMPS, 0)), no_options=True, **EVERYTHING)
    assert last(it).options is None
    it.arrives("ACK", wnd=WIDE)
    assert it.state is ESTABLISHED
    it.arrives("ACK", text=10, seq=20, wnd=WIDE)
    assert last(it).options is None
    assert it.end.snd_mss == 1000
    it = fresh(numbers, no_options=True, ecn="on")
    it.opens(active=True)
    assert it.end.extended, "ECN is no option"


def test_from_some_retransmission_on_a_syn_carries_the_mss_alone(numbers: Numbers) -> None:
    it = fresh(numbers, drop_options_after=2, **EVERYTHING)
    it.opens(active=True)
    seen = [offer(it)]
    for _ in range(3):
        at = it.end.next_timeout()
        assert at is not None
        it.waits(at - it.now)
        seen.append(offer(it))
    assert seen == [Options(1460, 6, True, (0, 0)), Options(1460, 6, True, (1000, 0)), Options(1460), Options(1460)]
    it.arrives("SYN,ACK", options=Options(1400))
    assert (it.end.ts_ok, it.end.sack_ok, it.end.scaling) == (False, False, False)


# ------------------------------------------------------------------ the size of segments


@pytest.mark.parametrize(
    ("knobs", "theirs", "size"),
    [
        ({}, None, 536),
        ({}, Options(1000), 1000),
        ({"mtu": 576}, Options(1000), 536),
        ({"send_mss": 300}, Options(1000), 300),
        ({"send_mss": 2000}, Options(1000), 1000),
        ({"send_mss": 300, "timestamps": True}, Options(1000, ts=(1, 0)), 288),
        ({}, Options(0), 1),
    ],
)
def test_the_least_of_three_is_sent(numbers: Numbers, knobs: dict[str, Any], theirs: Options | None, size: int) -> None:
    """MUST-16."""
    it = opened(numbers, theirs, **knobs)
    assert it.end.snd_mss == size
    it.sends(2 * size)
    assert sent(it)[0].length == size


def test_the_mss_option_can_follow_from_the_mtu(numbers: Numbers) -> None:
    for mtu, said in ((1500, 1460), (576, None), (68, 28)):
        it = fresh(numbers, mss="off", mtu=mtu)
        it.opens(active=True)
        assert last(it).options == (None if said is None else Options(said))
    assert profile("rfc9293", mss="off").mss is None


def test_a_live_connection_can_be_told_to_send_less(numbers: Numbers) -> None:
    """TCP_MAXSEG."""
    it = opened(numbers, Options(1000))
    it.end.configure(0, profile("rfc9293", iss=numbers[0], user_timeout=None, send_mss=200))
    assert it.end.snd_mss == 200
    it.sends(400)
    assert [segment.length for segment in sent(it)] == [200, 200]
    it.end.configure(0, profile("rfc9293", iss=numbers[0], user_timeout=None, mtu=140))
    assert it.end.snd_mss == 100


# ------------------------------------------------------------------ the price


@pytest.mark.parametrize("theirs", [None, Options(1400), THEIRS])
def test_who_wants_nothing_is_not_extended(numbers: Numbers, theirs: Options | None) -> None:
    for it in (opened(numbers, theirs), accepted(numbers, theirs), reach(ESTABLISHED, numbers)):
        assert not it.end.extended
        assert (it.end.sack_ok, it.end.ts_ok, it.end.ecn_ok) == (False, False, False)


def test_who_returns_to_listen_agrees_anew(numbers: Numbers) -> None:
    it = accepted(numbers, THEIRS, **EVERYTHING)
    assert stamps(it) == [(0, STAMPS)]
    it.arrives("RST", seq=1)
    assert (it.end.extended, it.end.ts_ok, it.end.sack_ok) == (True, False, False)
    it.arrives("SYN", options=Options(1400))
    assert stamps(it) == [None]
    assert not it.end.extended


@pytest.mark.parametrize("left_out", ["wscale", "sack_ok", "ts", ""])
def test_after_syns_have_crossed_the_syn_ack_has_the_last_word(numbers: Numbers, left_out: str) -> None:
    """RFC 7323 3.2: "both <SYN> and <SYN,ACK> contain TSopt"; the peer may have seen a SYN of ours without it."""
    it = opened(numbers, THEIRS, ctl="SYN", **EVERYTHING)
    assert (it.end.ts_ok, it.end.sack_ok, it.end.scaling, it.end.snd_mss) == (True, True, True, 1388)
    said = Options(
        1400,
        None if left_out == "wscale" else 5,
        left_out != "sack_ok",
        None if left_out == "ts" else (STAMPS, 0),
    )
    it.arrives("SYN,ACK", seq=0, options=said, wnd=6400)
    assert it.state is ESTABLISHED
    assert it.end.ts_ok is (left_out != "ts")
    assert it.end.sack_ok is (left_out != "sack_ok")
    assert it.end.snd_mss == (1400 if left_out == "ts" else 1388)
    scaled = left_out != "wscale"
    assert (it.end.scaling, it.end.snd_scale, it.end.rcv_scale) == ((True, 5, 6) if scaled else (False, 0, 0))
    assert it.end.snd_wnd == 6400


def test_a_syn_ack_without_any_option_after_syns_have_crossed(numbers: Numbers) -> None:
    it = opened(numbers, THEIRS, ctl="SYN", **(EVERYTHING | {"rcv_buff": 200_000}))
    it.arrives("SYN,ACK", seq=0, wnd=6400)
    assert it.state is ESTABLISHED
    assert (it.end.ts_ok, it.end.sack_ok, it.end.scaling) == (False, False, False)
    assert (it.end.rcv_buff, it.end.rcv_wnd) == (65_535, 65_535), "what the window field can say"
