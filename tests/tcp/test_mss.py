"""The MSS option (RFC 9293 3.7.1), Eff.snd.MSS, and window scale (RFC 7323 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp.config import KnobError, profile
from tcpsim.tcp.diagram import ESTABLISHED, SYN_RECEIVED, SYN_SENT
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment, segment
from tests.tcp.flow import segments
from tests.tcp.reach import Reached, fresh, reach

if TYPE_CHECKING:
    Numbers = tuple[int, int]


def options(it: Reached) -> list[Options | None]:
    """The options of the segments of the last answer."""
    return [action.options for action in it.actions if isinstance(action, Segment)]


def joined(numbers: Numbers, theirs: Options | None, **knobs: Any) -> Reached:
    """An active open that the peer answered with these options."""
    it = fresh(numbers, **knobs)
    it.opens(active=True)
    it.arrives("SYN,ACK", options=theirs, wnd=65_535)
    return it


# ------------------------------------------------------------------ the option


@pytest.mark.parametrize(
    ("knobs", "sent"),
    [
        ({}, None),
        ({"mss": 1460}, Options(1460)),
        ({"mss": 536, "mss_option": "always"}, Options(536)),
        ({"mss": 1460, "mss_option": "never"}, None),
    ],
    ids=["default", "differs", "always", "never"],
)
def test_a_syn_carries_the_option_where_it_differs_from_536(
    numbers: Numbers, knobs: dict[str, Any], sent: Options | None
) -> None:
    """SHLD-5, MAY-3"""
    it = fresh(numbers, **knobs)
    it.opens(active=True)
    assert options(it) == [sent]
    it = fresh(numbers, **knobs)
    it.opens(active=False)
    it.arrives("SYN")
    assert options(it) == [sent], "on both SYN and SYN,ACK (MUST-14)"


def test_no_other_segment_carries_it(numbers: Numbers) -> None:
    it = joined(numbers, Options(1460), mss=1460)
    assert options(it) == [None]
    it.sends(100)
    assert options(it) == [None]


def test_in_any_other_segment_an_option_may_come_and_that_of_a_syn_says_nothing(numbers: Numbers) -> None:
    """RFC 9293 3.1, MUST-5"""
    it = joined(numbers, None)
    odd = Options(100, 7, True, (1, 2), ((5, 9),), others=((77, b"??"),))
    it.arrives("ACK", text=b"abc", options=odd)
    assert (it.theirs("rcv_nxt"), it.end.snd_mss, it.end.scaling, it.end.extended) == (4, 536, False, False)


# ------------------------------------------------------------------ Eff.snd.MSS


@pytest.mark.parametrize(
    ("theirs", "mtu", "mss"),
    [
        (None, 1500, 536), (Options(1460), 1500, 1460), (Options(1460), 1000, 960), (Options(9000), 1500, 1460),
        (Options(100), 1500, 100), (Options(1), 1500, 1), (Options(0), 1500, 1), (None, 68, 28),
        (Options(None, 3), 1500, 536), (Options(65_535), 65_535, 65_495),
    ],
)  # fmt: skip
def test_segments_are_no_larger_than_both_ends_can_take(
    numbers: Numbers, theirs: Options | None, mtu: int, mss: int
) -> None:
    """MUST-15: 536 without the option; MUST-16: min(SendMSS+20, MMS_S) less the headers."""
    it = joined(numbers, theirs, mtu=mtu)
    assert it.end.snd_mss == mss
    assert segments(it.sends(10 * mss + 1))[0] == ("ACK", 1, mss)


def test_our_own_mss_limits_what_we_take_not_what_we_send(numbers: Numbers) -> None:
    assert joined(numbers, Options(1460), mss=100).end.snd_mss == 1460


def test_a_listener_takes_the_option_from_the_syn(numbers: Numbers) -> None:
    it = fresh(numbers)
    it.opens(active=False)
    it.arrives("SYN", options=Options(1000))
    assert it.end.snd_mss == 1000


def test_a_crossing_syn_brings_the_option(numbers: Numbers) -> None:
    it = reach(SYN_SENT, numbers)
    it.arrives("SYN", options=Options(700))
    assert (it.state, it.end.snd_mss) == (SYN_RECEIVED, 700)


def test_back_in_listen_the_old_peers_option_is_forgotten(numbers: Numbers) -> None:
    it = fresh(numbers)
    it.opens(active=False)
    it.arrives("SYN", options=Options(1000, 7))
    it.arrives("RST", seq=1)
    it.arrives("SYN")
    assert (it.end.snd_mss, it.end.scaling, it.end.snd_scale) == (536, False, 0)


def test_knobs_are_bounded() -> None:
    for bad in ({"mss": 0}, {"mss": 65_496}, {"mtu": 67}, {"window_scale": 15}, {"mss_option": "sometimes"}):
        with pytest.raises(KnobError):
            profile("rfc9293", **bad)


def test_options_print_count_and_compare() -> None:
    assert (str(Options(1460, 7)), str(Options()), repr(Options(1))) == (
        "MSS=1460,WS=7", "no options", "Options(mss=1)",
    )  # fmt: skip
    assert [each.octets for each in (Options(), Options(1460), Options(None, 7), Options(1460, 7))] == [0, 4, 4, 8]
    assert len({Options(1460), Options(1460), Options(1460, 1)}) == 2
    assert Options(1) != 1


# ------------------------------------------------------------------ window scale


def test_both_syns_must_carry_it(numbers: Numbers) -> None:
    """RFC 7323 2.2"""
    both = joined(numbers, Options(None, 3), window_scale=7, rcv_buff=1 << 20)
    assert (both.end.scaling, both.end.snd_scale, both.end.rcv_scale) == (True, 3, 7)
    assert both.end.rcv_wnd == 1 << 20
    ours = joined(numbers, None, window_scale=7, rcv_buff=1 << 20)
    assert (ours.end.scaling, ours.end.snd_scale, ours.end.rcv_scale) == (False, 0, 0)
    assert ours.end.rcv_wnd == 65_535, "more can't be said in 16 bits"
    theirs = joined(numbers, Options(None, 3))
    assert (theirs.end.scaling, theirs.end.snd_scale) == (False, 0)


def test_a_syn_ack_carries_it_only_if_the_syn_did(numbers: Numbers) -> None:
    for syn, sent in ((Options(None, 2), Options(None, 7)), (None, None)):
        it = fresh(numbers, window_scale=7)
        it.opens(active=False)
        it.arrives("SYN", options=syn)
        assert options(it) == [sent]


def test_the_window_of_a_syn_is_never_scaled(numbers: Numbers) -> None:
    it = fresh(numbers, window_scale=7, rcv_buff=1 << 20)
    it.opens(active=True)
    assert [action.wnd for action in it.actions if isinstance(action, Segment)] == [65_535]
    it.arrives("SYN,ACK", options=Options(None, 4), wnd=1000)
    assert it.end.snd_wnd == 1000
    assert [action.wnd for action in it.actions if isinstance(action, Segment)] == [(1 << 20) >> 7]


def test_other_windows_are_shifted_both_ways(numbers: Numbers) -> None:
    it = joined(numbers, Options(None, 4), window_scale=2, rcv_buff=100_000)
    it.arrives("ACK", text=10, wnd=500)
    assert it.end.snd_wnd == 500 << 4
    assert [action.wnd for action in it.actions if isinstance(action, Segment)] == [99_990 >> 2]
    it.sends(100)
    assert [action.wnd for action in it.actions if isinstance(action, Segment)] == [99_990 >> 2]
    it.waits(1_000_000_000)
    assert [action.wnd for action in it.actions if isinstance(action, Segment)] == [99_990 >> 2]


def test_a_passive_end_scales_from_the_ack_of_its_syn_on(numbers: Numbers) -> None:
    it = fresh(numbers, window_scale=1)
    it.opens(active=False)
    it.arrives("SYN", options=Options(None, 5), wnd=70)
    assert it.end.snd_wnd == 70
    it.arrives("ACK", wnd=70)
    assert (it.state, it.end.snd_wnd) == (ESTABLISHED, 70 << 5)


def test_a_shift_beyond_14_is_taken_as_14(numbers: Numbers) -> None:
    """RFC 7323 2.3"""
    assert joined(numbers, Options(None, 200), window_scale=0).end.snd_scale == 14


def test_the_window_field_has_16_bits(numbers: Numbers) -> None:
    it = joined(numbers, None, rcv_buff=1 << 20)
    it.end.segment_arrives(0, segment("ACK", it.end.rcv_nxt, it.end.snd_nxt))
    assert it.end.rcv_buff == 65_535
    it = joined(numbers, Options(None, 0), window_scale=0, rcv_buff=1 << 20)
    it.arrives("ACK", text=1)
    assert [action.wnd for action in it.actions if isinstance(action, Segment)] == [65_534]
