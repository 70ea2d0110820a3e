"""Timestamps (RFC 7323): agreement, the clock, the echo, PAWS, round trips; and a new incarnation (RFC 6191)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import SYN_RECEIVED, TIME_WAIT
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import ACK, RST, segment
from tcpsim.tcp.seqnum import MASK
from tcpsim.tcp.timestamps import OUTDATED
from tcpsim.tcp.units import HOUR, MS, SECOND
from tests.tcp.extended import STAMPS, accepted, dropped, last, opened, sent, stamps
from tests.tcp.flow import WIDE
from tests.tcp.reach import LOCAL, REMOTE, Reached, drops, fresh, sends

Numbers = tuple[int, int]
ON: dict[str, Any] = {"timestamps": True, "timestamp_offset": 0}


def at(value: int, echo: int = 0) -> Options:
    """The timestamps option."""
    return Options(ts=(value & MASK, echo & MASK))


def joined(numbers: Numbers, value: int = STAMPS, **knobs: Any) -> Reached:
    """An active open with timestamps on both sides, at time zero."""
    return opened(numbers, at(value), **(ON | knobs))


def comes(it: Reached, value: int, echo: int = 0, ctl: str = "ACK", **fields: Any) -> list[tuple[int, int] | None]:
    """A segment with timestamps arrives; return the timestamps of what is answered."""
    it.arrives(ctl, options=at(value, echo), **({"wnd": WIDE} | fields))
    return stamps(it)


# ------------------------------------------------------------------ 3.2: agreement


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("offered", [True, False])
def test_they_are_used_if_both_syns_carry_them(numbers: Numbers, wanted: bool, offered: bool) -> None:
    theirs = at(STAMPS) if offered else Options(mss=700)
    active = opened(numbers, theirs, timestamps=wanted, timestamp_offset=77)
    passive = accepted(numbers, theirs, timestamps=wanted, timestamp_offset=77)
    both = wanted and offered
    assert stamps(active) == stamps(passive) == [(77, STAMPS) if both else None]
    for it in (active, passive):
        assert it.end.ts_ok is both
        if both:
            comes(it, STAMPS)
        else:
            it.arrives("ACK")
        it.now += 5 * MS
        it.sends(b"text")
        assert stamps(it) == [(82, STAMPS) if both else None], "in every segment, or in none"


def test_a_syn_offers_them_with_an_echo_of_zero(numbers: Numbers) -> None:
    it = fresh(numbers, timestamps=True, timestamp_offset=7)
    it.opens(active=True)
    assert stamps(it) == [(7, 0)]
    it.waits(SECOND)
    assert stamps(it) == [(1007, 0)], "the clock has gone on"


def test_segments_have_room_for_them(numbers: Numbers) -> None:
    """RFC 9293 3.7.1, RFC 6691 2: the MSS does not count options, the text makes room for them."""
    it = opened(numbers, Options(mss=1000, ts=(STAMPS, 0)), mss=1460, **ON)
    assert it.end.snd_mss == 988
    it = opened(numbers, Options(mss=1000), mss=1460, **ON)
    assert it.end.snd_mss == 1000
    it = opened(numbers, Options(mss=1460, ts=(STAMPS, 0)), mtu=600, **ON)
    assert it.end.snd_mss == 600 - 40 - 12
    it.sends(600)
    octets = last(it).options
    assert octets is not None
    assert 40 + octets.octets + sent(it)[0].length == 600
    it = opened(numbers, Options(mss=1, ts=(STAMPS, 0)), **ON)
    assert it.end.snd_mss == 1, "no peer can ask for empty segments"


# ------------------------------------------------------------------ 5.4: the clock


@pytest.mark.parametrize("tick", [MS, 10 * MS, SECOND])
def test_the_clock_ticks_as_the_knob_says(numbers: Numbers, tick: int) -> None:
    it = joined(numbers, timestamp_tick=tick)
    for ticks in (1, 2, 1000):
        it.now = ticks * tick
        assert comes(it, STAMPS, text=1) == [(ticks, STAMPS)]
        it.now += tick - 1
        assert comes(it, STAMPS, text=1) == [(ticks, STAMPS)]


def test_the_clock_wraps(numbers: Numbers) -> None:
    it = joined(numbers, timestamp_offset=MASK)
    it.now = 3 * MS
    assert comes(it, STAMPS, text=1) == [(2, STAMPS)]


def test_without_a_knob_the_sockets_decide_the_offset(numbers: Numbers) -> None:
    """The same for each incarnation of a connection: what RFC 6191 builds on."""

    def first(local: tuple[str, int], now: int, secret: str = "s") -> int:
        end = Endpoint(profile("rfc9293", timestamps=True, isn_secret=secret, iss=numbers[0]), local, REMOTE)
        (syn,) = end.open(now, active=True)
        assert isinstance(syn, type(segment("SYN")))
        assert syn.options is not None
        assert syn.options.ts is not None
        return syn.options.ts[0]

    here = first(LOCAL, 0)
    assert first(LOCAL, 60 * SECOND) == (here + 60_000) & MASK
    assert len({here, first(("192.0.2.1", 49153), 0), first(LOCAL, 0, "t")}) == 3


# ------------------------------------------------------------------ 4.3: which timestamp is echoed


def test_a_delayed_ack_echoes_the_earliest_segment_that_it_acknowledges(numbers: Numbers) -> None:
    """4.3 (A)."""
    it = joined(numbers, delayed_ack=200 * MS)
    comes(it, STAMPS + 1, text=10)
    it.waits(200 * MS)
    assert stamps(it) == [(200, STAMPS + 1)]
    assert comes(it, STAMPS + 2, text=10) == []
    assert comes(it, STAMPS + 3, text=10) == [(200, STAMPS + 2)]


def test_an_ack_of_a_segment_beyond_a_hole_echoes_the_last_that_was_in_sequence(numbers: Numbers) -> None:
    """4.3 (B), (C)."""
    it = joined(numbers)
    assert comes(it, STAMPS + 1, text=10) == [(0, STAMPS + 1)]
    assert comes(it, STAMPS + 3, text=10, seq=21) == [(0, STAMPS + 1)]
    assert comes(it, STAMPS + 4, text=10, seq=31) == [(0, STAMPS + 1)]
    assert comes(it, STAMPS + 5, text=10, seq=11) == [(0, STAMPS + 5)], "what fills the hole moves it"
    assert it.theirs("rcv_nxt") == 41


def test_text_that_comes_again_with_more_is_echoed(numbers: Numbers) -> None:
    it = joined(numbers)
    comes(it, STAMPS + 1, text=10)
    assert comes(it, STAMPS + 2, text=20, seq=1) == [(0, STAMPS + 2)]


def test_what_is_refused_by_its_number_is_not_echoed(numbers: Numbers) -> None:
    """5.3, R2 before R3."""
    it = joined(numbers)
    comes(it, STAMPS + 1, text=10)
    assert comes(it, STAMPS + 9, text=10, seq=1) == [(0, STAMPS + 1)]
    assert it.end.ts_recent == STAMPS + 1


def test_a_reset_echoes_only_with_an_ack(numbers: Numbers) -> None:
    """3.2: TSecr is valid only if the ACK bit is set, and zero else."""
    it = joined(numbers, timestamp_offset=9)
    it.aborts()
    assert last(it).ctl & (RST | ACK) == RST
    assert stamps(it) == [(9, 0)]


# ------------------------------------------------------------------ 5.3: protection against wrapped sequence numbers


def test_an_older_timestamp_is_refused_and_answered(numbers: Numbers) -> None:
    """R1."""
    it = joined(numbers)
    lines = it.arrives("ACK", text=10, options=at(STAMPS - 1), wnd=WIDE)
    assert lines == [drops(why.PAWS), sends("ACK", 1, 1, wnd=60_000, why=why.PAWS)]
    assert stamps(it) == [(0, STAMPS)]
    assert it.theirs("rcv_nxt") == 1
    assert comes(it, STAMPS, text=10) == [(0, STAMPS)], "the same again is not older"
    assert it.theirs("rcv_nxt") == 11


def test_one_without_text_may_be_refused_silently(numbers: Numbers) -> None:
    answer = sends("ACK", 1, 1, wnd=60_000, why=why.PAWS)
    it = joined(numbers, empty_old_timestamps="drop")
    assert it.arrives("ACK", options=at(STAMPS - 1), wnd=WIDE) == [drops(why.PAWS)]
    assert it.arrives("ACK", text=10, options=at(STAMPS - 1), wnd=WIDE)[1] == answer
    it = joined(numbers)
    assert it.arrives("ACK", options=at(STAMPS - 1), wnd=WIDE)[1] == answer


@pytest.mark.parametrize("recent", [0, (1 << 31) - 1, 1 << 31, MASK])
def test_older_means_by_less_than_half_the_space(numbers: Numbers, recent: int) -> None:
    for before, admitted in ((1, False), ((1 << 31) - 1, False), (1 << 31, True), (0, True)):
        it = joined(numbers, recent)
        comes(it, recent - before, text=10)
        assert (it.theirs("rcv_nxt") == 11) is admitted, before


def test_a_reset_is_not_judged_by_its_timestamp(numbers: Numbers) -> None:
    """5.3, R1: "and the RST bit is not set"."""
    for options in (at(STAMPS - 1), None):
        it = joined(numbers)
        it.arrives("RST", options=options)
        assert it.state.name == "CLOSED"


def test_a_timestamp_older_than_24_days_says_nothing(numbers: Numbers) -> None:
    """5.5."""
    it = joined(numbers, keepalive=False)
    it.now = OUTDATED
    assert comes(it, STAMPS - 1, text=10) == [(it.now // MS & MASK, STAMPS)]
    assert dropped(it) == [why.PAWS]
    it.now += 1
    assert comes(it, STAMPS - 1, text=10) == [(it.now // MS & MASK, (STAMPS - 1) & MASK)]
    assert dropped(it) == []
    assert OUTDATED == 24 * 24 * HOUR


@pytest.mark.parametrize("knob", ["drop", "accept"])
def test_a_segment_without_timestamps(numbers: Numbers, knob: str) -> None:
    """3.2: "If a non-<RST> segment is received without a TSopt, a TCP SHOULD silently drop the segment"."""
    it = joined(numbers, missing_timestamps=knob)
    lines = it.arrives("ACK", text=10, wnd=WIDE)
    if knob == "drop":
        assert lines == [drops(why.NO_TIMESTAMPS)]
        lines = it.arrives("ACK", text=10, options=Options(sack=((1, 2),)), wnd=WIDE)
        assert lines == [drops(why.NO_TIMESTAMPS)]
        assert it.theirs("rcv_nxt") == 1
    else:
        assert sends("ACK", 1, 11, wnd=59_990, why=why.ACK_AT_ONCE) in lines
        assert stamps(it) == [(0, STAMPS)]


def test_a_segment_without_timestamps_is_measured_by_nothing(numbers: Numbers) -> None:
    it = joined(numbers, missing_timestamps="accept")
    it.sends(b"text")
    srtt, it.now = it.end.srtt, 50 * MS
    it.arrives("ACK", ack=5, wnd=WIDE)
    assert it.ours("snd_una") == 5
    assert it.end.srtt == srtt


def test_in_syn_received_a_syn_without_timestamps_is_our_peer_trying_again(numbers: Numbers) -> None:
    it = accepted(numbers, at(STAMPS), **ON)
    lines = it.arrives("SYN", seq=0)
    assert lines[-1] == sends("ACK", 1, 1, wnd=60_000, why=why.UNACCEPTABLE)
    assert it.state is SYN_RECEIVED
    assert it.arrives("ACK") == [drops(why.NO_TIMESTAMPS)]
    assert it.state is SYN_RECEIVED
    comes(it, STAMPS)
    assert it.end.state.synchronized


def test_who_watches_for_discarded_segments_only_if_asked(numbers: Numbers) -> None:
    end = Endpoint(profile("rfc9293", iss=numbers[0], delayed_ack=0, **ON), LOCAL, REMOTE)
    it = Reached(end, *numbers)
    it.opens(active=True)
    it.arrives("SYN,ACK", options=at(STAMPS))
    assert it.arrives("ACK", text=1) == []
    assert it.arrives("ACK", text=1, options=at(STAMPS - 1)) == [
        sends("ACK", 1, 1, wnd=65_535, why=why.PAWS),
    ]


# ------------------------------------------------------------------ 4.1, 4.2, G: round trips


def test_each_ack_that_moves_snd_una_measures(numbers: Numbers) -> None:
    it = joined(numbers, rto_min=MS, initial_window=10)
    assert it.end.srtt == 0, "the SYN,ACK came at once, and echoes 0 at time 0"
    it.now = 100 * MS
    it.sends(4 * 524)
    it.now = 140 * MS
    comes(it, STAMPS, 100, ack=1 + 524)
    # ExpectedSamples = ceiling(2096 / (524 * 2)) = 2: alpha = 1/16, beta = 1/8.
    assert it.end.rttvar == 40 * MS // 8
    assert it.end.srtt == 40 * MS // 16
    before = it.end.srtt, it.end.rttvar
    comes(it, STAMPS, 100, ack=1 + 524)
    assert (it.end.srtt, it.end.rttvar) == before, "an ACK that moves nothing does not"


def test_at_full_weight_if_the_knob_says_so(numbers: Numbers) -> None:
    it = joined(numbers, rtt_samples="ack", initial_window=10)
    it.now = 100 * MS
    it.sends(4 * 524)
    it.now = 140 * MS
    comes(it, STAMPS, 100, ack=1 + 524)
    assert it.end.rttvar == 40 * MS // 4
    assert it.end.srtt == 40 * MS // 8


def test_the_echo_tells_which_transmission_was_acknowledged(numbers: Numbers) -> None:
    """Karn's rule is not needed: a segment that was sent twice is measured all the same."""
    it = joined(numbers, rtt_samples="ack")
    it.sends(b"text")
    it.waits(SECOND)
    assert stamps(it) == [(1000, STAMPS)]
    assert it.end.rto == 2 * SECOND
    it.now += 30 * MS
    comes(it, STAMPS, 1000, ack=5)
    assert it.end.srtt == 30 * MS // 8
    assert it.end.rto == SECOND, "measured anew, so no longer backed off"


def test_a_passive_open_measures_its_syn_ack(numbers: Numbers) -> None:
    it = accepted(numbers, at(STAMPS), **ON)
    it.now = 70 * MS
    comes(it, STAMPS, 0)
    assert it.end.srtt == 70 * MS


def test_an_echo_from_the_future_measures_nothing(numbers: Numbers) -> None:
    it = joined(numbers)
    it.sends(b"text")
    it.now = 10 * MS
    comes(it, STAMPS, 11, ack=5)
    assert it.ours("snd_una") == 5
    assert it.end.srtt == 0


# ------------------------------------------------------------------ RFC 6191 2


def waiting(numbers: Numbers, theirs: Options | None, **knobs: Any) -> Reached:
    """An endpoint in TIME-WAIT; the peer's last number is 2, its last timestamp STAMPS."""
    it = opened(numbers, theirs, **knobs)
    options = at(STAMPS) if it.end.ts_ok else None
    it.closes()
    it.arrives("ACK", options=options)
    it.arrives("FIN,ACK", options=options)
    assert it.state is TIME_WAIT
    return it


@pytest.mark.parametrize(
    ("before", "now", "value", "seq", "honoured"),
    [
        (True, True, STAMPS + 1, -9, True),
        (True, True, STAMPS, 3, True),
        (True, True, STAMPS, 2, False),
        (True, True, STAMPS - 1, 9, False),
        (True, True, None, 3, True),
        (True, True, None, 2, False),
        (False, True, 1, -9, True),
        (False, True, None, 3, True),
        (False, True, None, 2, False),
        (False, False, 1, 3, True),
        (False, False, 1, 2, False),
    ],
)
def test_a_syn_in_time_wait(
    numbers: Numbers, before: bool, now: bool, value: int | None, seq: int, honoured: bool
) -> None:
    it = waiting(numbers, at(STAMPS) if before else None, timestamps=now, timestamp_offset=0, reuse_time_wait=True)
    syn = it.segment("SYN", seq=seq, options=None if value is None else at(value))
    assert it.end.admits_new_incarnation(syn) is honoured


# ------------------------------------------------------------------ copies and keys


def test_a_fork_goes_its_own_way(numbers: Numbers) -> None:
    it = opened(numbers, Options(sack_ok=True, ts=(STAMPS, 0)), sack=True, **ON)
    comes(it, STAMPS + 1, text=10, seq=21)
    copy = it.fork()
    assert copy.end.key(0) == it.end.key(0)
    assert comes(copy, STAMPS + 2, text=10) == [(0, STAMPS + 2)]
    assert copy.end.key(0) != it.end.key(0)
    assert it.end.ts_recent == STAMPS
    assert comes(it, STAMPS + 3, text=10) == [(0, STAMPS + 3)]
    assert copy.end.ts_recent == STAMPS + 2


def test_the_clock_is_in_the_key_where_it_can_be_seen(numbers: Numbers) -> None:
    it = joined(numbers)
    assert it.end.key(0) != it.end.key(MS), "TSval tells them apart"
    assert it.end.key(0) != it.end.key(1), "and one ticks before the other"
    assert len({it.end.key(0), it.end.key(MS << 32)}) == 2, "TS.Recent has become older"
    plain = opened(numbers, None)
    assert plain.end.key(HOUR) == plain.end.key(2 * HOUR)
    assert it.end.key(HOUR) != it.end.key(2 * HOUR)
    later = fresh(numbers, **ON)
    assert later.end.key(0) != later.end.key(MS), "what it will say is not the same"
