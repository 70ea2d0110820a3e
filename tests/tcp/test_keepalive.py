"""Keep-alives (RFC 9293 3.8.4): off by default, two hours, and never a verdict from one probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.config import Config, KnobError, profile
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, FIN_WAIT_2, TIME_WAIT
from tcpsim.tcp.units import HOUR, MINUTE, NEVER, SECOND
from tests.tcp.flow import WIDE, established, segments, sent_at, timeline
from tests.tcp.reach import MSL2, fires, moves, reach, sends, sets, tells

if TYPE_CHECKING:
    Numbers = tuple[int, int]

IDLE = 2 * HOUR
BETWEEN = 75 * SECOND


def test_it_defaults_to_off(numbers: Numbers) -> None:
    """MUST-24, MUST-25, MUST-28"""
    assert Config().keepalive is False
    assert Config().keepalive_idle >= IDLE
    assert timeline(established(numbers), 24 * HOUR) == []


def test_the_first_probe_follows_after_two_idle_hours(numbers: Numbers) -> None:
    """SHLD-12: SEG.SEQ = SND.NXT-1 and no data."""
    it = established(numbers, keepalive=True)
    assert it.waits(IDLE - 1) == []
    assert it.waits(1) == [
        fires("keep-alive", why.KEEPALIVE_PROBE),
        sends("ACK", 0, 1, why=why.KEEPALIVE_PROBE),
        sets("keep-alive", BETWEEN, why.KEEPALIVE_STARTED),
    ]
    assert it.end.outstanding == 0


def test_nine_probes_75_seconds_apart_and_the_peer_is_dead(numbers: Numbers) -> None:
    """MUST-29: no single probe decides."""
    it = established(numbers, keepalive=True)
    happened = timeline(it, 4 * HOUR)
    assert [at for at, _ in sent_at(happened)] == [IDLE + n * BETWEEN for n in range(9)]
    assert happened[-3:] == [
        (IDLE + 9 * BETWEEN, fires("keep-alive", why.KEEPALIVE_PROBE)),
        (IDLE + 9 * BETWEEN, moves(ESTABLISHED, CLOSED, why.KEEPALIVE_DEAD)),
        (IDLE + 9 * BETWEEN, tells("connection timed out", why.KEEPALIVE_DEAD)),
    ]


def test_an_answer_ends_probing(numbers: Numbers) -> None:
    it = established(numbers, keepalive=True)
    it.waits(IDLE + 8 * BETWEEN)
    assert it.end.keepalive_probes == 9
    assert it.arrives("ACK", wnd=WIDE) == [sets("keep-alive", IDLE, why.KEEPALIVE_STARTED)]
    assert it.end.keepalive_probes == 0
    assert sent_at(timeline(it, IDLE)) == [(IDLE, ("ACK", 0, 0))]


def test_whatever_arrives_begins_the_wait_anew(numbers: Numbers) -> None:
    it = established(numbers, keepalive=True)
    it.waits(HOUR)
    it.arrives("ACK", text=b"x", wnd=WIDE)
    assert it.waits(IDLE - 1) == []
    assert segments(it.waits(1)) == [("ACK", 0, 0)]


@pytest.mark.parametrize("fields", [{"seq": 0}, {"seq": -5, "text": b"old"}], ids=["a keep-alive", "old text"])
def test_even_what_lies_below_the_window_shows_a_living_peer(numbers: Numbers, fields: dict[str, object]) -> None:
    """MUST-26: "no data or acknowledgment packets have been received"; the peer's own probes are such."""
    it = established(numbers, keepalive=True)
    it.waits(HOUR)
    it.arrives("ACK", **fields)
    assert it.end.keepalive_at == it.now + IDLE


def test_but_no_reset_outside_the_window_does(numbers: Numbers) -> None:
    it = established(numbers, keepalive=True)
    it.waits(HOUR)
    it.arrives("RST", seq=-5)
    assert it.end.keepalive_at == IDLE


def test_no_probe_while_data_is_outstanding(numbers: Numbers) -> None:
    """MUST-26"""
    it = established(numbers, keepalive=True, keepalive_idle="10s", r2="1h", nagle=False)
    it.waits(9 * SECOND)
    it.sends(b"x")
    assert (
        it.waits(SECOND)
        == [
            fires("keep-alive", why.KEEPALIVE_PROBE),
            sets("keep-alive", 10 * SECOND, why.KEEPALIVE_STARTED),
        ]
        or segments(it.waits(0)) == []
    )
    sent = [short for _, short in sent_at(timeline(it, 5 * MINUTE))]
    assert set(sent) == {("PSH,ACK", 1, 1)}


def test_times_and_count_are_knobs(numbers: Numbers) -> None:
    """MUST-27"""
    it = established(numbers, keepalive=True, keepalive_idle="10s", keepalive_interval="1s", keepalive_count=3)
    happened = timeline(it, HOUR)
    assert [at for at, _ in sent_at(happened)] == [10 * SECOND, 11 * SECOND, 12 * SECOND]
    assert happened[-1][0] == 13 * SECOND
    with pytest.raises(KnobError):
        profile("rfc9293", keepalive_count=0)


@pytest.mark.parametrize("state", [CLOSE_WAIT, FIN_WAIT_2], ids=str)
def test_a_half_closed_connection_is_probed_too(numbers: Numbers, state: object) -> None:
    it = reach(state, numbers, keepalive=True)  # type: ignore[arg-type]  # one of the two above
    at = it.ours("snd_nxt") - 1
    assert segments(it.waits(IDLE)) == [("ACK", at, 0)]


def test_time_wait_is_not_probed(numbers: Numbers) -> None:
    it = reach(TIME_WAIT, numbers, keepalive=True, keepalive_idle="1s")
    assert it.end.keepalive_at == NEVER
    assert sent_at(timeline(it, MSL2)) == []


def test_the_probe_is_answered_and_harmless(numbers: Numbers) -> None:
    prober, peer = established(numbers, keepalive=True), established(numbers[::-1])
    prober.waits(IDLE)
    probe = next(action for action in prober.actions if hasattr(action, "seg_len"))
    answer = [action for action in peer.end.segment_arrives(IDLE, probe) if hasattr(action, "seg_len")]  # type: ignore[arg-type]  # a segment, as the line above saw to
    assert [(str(each), each.why) for each in answer] == [
        (f"<SEQ={peer.end.snd_nxt}><ACK={peer.end.rcv_nxt}><CTL=ACK>", why.UNACCEPTABLE)
    ]
    prober.end.segment_arrives(IDLE, answer[0])  # type: ignore[arg-type]  # a segment, as the line above saw to
    assert prober.end.keepalive_probes == 0
