"""SACK, the receiver's side: RFC 2018 (which blocks, in which order) and RFC 2883 (text that came twice)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import CLOSE_WAIT, ESTABLISHED
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import ACK, RST
from tests.tcp.extended import STAMPS, accepted, blocks, dropped, last, opened, sent
from tests.tcp.flow import WIDE
from tests.tcp.reach import Reached, fresh

Numbers = tuple[int, int]
Block = tuple[int, int]
AGREED = Options(sack_ok=True)


def receiver(numbers: Numbers, **knobs: Any) -> Reached:
    """An endpoint that reports, and whose peer wants reports; text is read as it comes."""
    it = opened(numbers, AGREED, sack=True, **knobs)
    it.reads()
    return it


def comes(it: Reached, begin: int, end: int, **fields: Any) -> list[Block]:
    """Text [begin, end) arrives, counted from the IRS; return the blocks of the ACK."""
    it.arrives("ACK", seq=begin, text=end - begin, wnd=WIDE, **fields)
    return blocks(it)


# ------------------------------------------------------------------ agreement


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("offered", [AGREED, Options(mss=1000), None], ids=["asked", "not asked", "no options"])
def test_blocks_are_only_sent_if_both_syns_permitted_them(
    numbers: Numbers, wanted: bool, offered: Options | None
) -> None:
    agreed = wanted and offered is AGREED
    for it in (opened(numbers, offered, sack=wanted), accepted(numbers, offered, sack=wanted)):
        assert it.end.sack_ok is agreed
        if it.state is not ESTABLISHED:
            options = last(it).options
            assert (options is not None and options.sack_ok) is agreed, "a SYN,ACK permits what the SYN permitted"
            it.arrives("ACK")
        assert comes(it, 100, 200) == ([(100, 200)] if agreed else [])
        assert it.end.extended is agreed


def test_a_syn_offers_it(numbers: Numbers) -> None:
    for wanted in (True, False):
        it = fresh(numbers, sack=wanted)
        it.opens(active=True)
        assert (last(it).options == AGREED) is wanted
        it.waits(1_000_000_000)
        assert (last(it).options == AGREED) is wanted, "each time that it is sent"


# ------------------------------------------------------------------ RFC 2018 4: which blocks, in which order


def test_the_first_block_has_the_segment_that_came_and_the_others_follow_by_age(numbers: Numbers) -> None:
    it = receiver(numbers)
    assert comes(it, 100, 200) == [(100, 200)]
    assert comes(it, 300, 400) == [(300, 400), (100, 200)]
    assert comes(it, 500, 600) == [(500, 600), (300, 400), (100, 200)]
    assert comes(it, 200, 250) == [(100, 250), (500, 600), (300, 400)], "what grows is the most recent"
    assert comes(it, 290, 300) == [(290, 400), (100, 250), (500, 600)]
    assert comes(it, 250, 290) == [(100, 400), (500, 600)], "a hole between two is filled"
    assert comes(it, 1, 50) == [(100, 400), (500, 600)]
    assert it.theirs("rcv_nxt") == 50
    assert comes(it, 50, 100) == [(500, 600)]
    assert it.theirs("rcv_nxt") == 400
    assert comes(it, 400, 500) == []
    assert it.theirs("rcv_nxt") == 600


@pytest.mark.parametrize(("stamped", "most"), [(False, 4), (True, 3)], ids=["without timestamps", "beside timestamps"])
def test_as_many_are_sent_as_fit(numbers: Numbers, stamped: bool, most: int) -> None:
    theirs = Options(sack_ok=True, ts=(STAMPS, 0) if stamped else None)
    it = opened(numbers, theirs, sack=True, timestamps=stamped)
    stamps = {"options": Options(ts=(STAMPS, 0))} if stamped else {}
    everything = [(100 * at, 100 * at + 50) for at in range(1, 7)]
    for count, (begin, end) in enumerate(everything, 1):
        newest_first = everything[:count][::-1]
        assert comes(it, begin, end, **stamps) == newest_first[:most]
    options = last(it).options
    assert options is not None
    assert options.octets == (40 if stamped else 36)
    assert it.theirs("rcv_nxt") == 1


def test_no_more_runs_are_remembered_than_the_knob_says(numbers: Numbers) -> None:
    it = receiver(numbers, sack_blocks=2)
    comes(it, 100, 150)
    comes(it, 200, 250)
    assert comes(it, 300, 350) == [(300, 350), (200, 250)]
    assert comes(it, 250, 300) == [(200, 350)], "the oldest is forgotten"
    assert comes(it, 100, 120) == [(100, 120), (200, 350)], "until it is met with again"
    comes(it, 1, 100)
    assert it.theirs("rcv_nxt") == 150, "it was held all the same"


def test_every_segment_with_an_ack_reports_and_no_reset_does(numbers: Numbers) -> None:
    it = receiver(numbers)
    comes(it, 100, 200)
    it.sends(b"ours")
    assert blocks(it) == [(100, 200)], "RFC 2018 4: in all ACKs that do not acknowledge the highest number"
    assert last(it).length == 4
    it.waits(2_000_000_000)
    assert [segment.why for segment in sent(it)] == [why.RETRANSMIT]
    assert blocks(it) == [(100, 200)]
    it.aborts()
    assert last(it).ctl & (RST | ACK) == RST
    assert last(it).options is None


def test_text_makes_room_for_the_blocks(numbers: Numbers) -> None:
    it = receiver(numbers, mtu=140, initial_window=10, nagle=False)
    comes(it, 100, 200)
    comes(it, 300, 400)
    it.sends(250)
    assert [segment.length for segment in sent(it)] == [80, 80, 80, 10]
    for segment in sent(it):
        assert segment.options is not None
        assert 40 + segment.options.octets + segment.length <= 140
    comes(it, 500, 600, ack=1)
    it.waits(1_000_000_000)
    assert [segment.length for segment in sent(it)] == [72], "sent again, and smaller"
    comes(it, 1, 100)
    comes(it, 200, 300)
    assert comes(it, 400, 500) == []
    assert sent(it)[-1].options is None


def test_a_fin_beyond_a_hole_is_not_in_a_block(numbers: Numbers) -> None:
    it = receiver(numbers)
    assert comes(it, 100, 200) == [(100, 200)]
    it.arrives("FIN,ACK", seq=200)
    assert blocks(it) == [(100, 200)]
    assert comes(it, 1, 100) == []
    assert it.state is CLOSE_WAIT
    assert it.theirs("rcv_nxt") == 201
    assert it.end.rcv_blocks == ()


def test_nothing_is_reported_of_a_connection_without_a_hole(numbers: Numbers) -> None:
    it = receiver(numbers)
    assert comes(it, 1, 100) == []
    assert last(it).options is None


# ------------------------------------------------------------------ RFC 2883 4: text that came twice


HELD = ((200, 300), (400, 500), (600, 700))
"""Runs that came in this order beyond RCV.NXT, which is 100."""


def holding(numbers: Numbers, **knobs: Any) -> Reached:
    it = receiver(numbers, **knobs)
    comes(it, 1, 100)
    for begin, end in HELD:
        comes(it, begin, end)
    assert blocks(it) == list(HELD[::-1])
    return it


@pytest.mark.parametrize(
    ("begin", "end", "told", "acked"),
    [
        (50, 80, [(50, 80), (600, 700), (400, 500), (200, 300)], 100),
        (50, 100, [(50, 100), (600, 700), (400, 500), (200, 300)], 100),
        (50, 120, [(50, 100), (600, 700), (400, 500), (200, 300)], 120),
        (50, 450, [(50, 100), (600, 700)], 500),
        (100, 200, [(600, 700), (400, 500)], 300),
        (100, 220, [(200, 220), (600, 700), (400, 500)], 300),
        (100, 650, [(200, 300)], 700),
        (120, 180, [(120, 180), (600, 700), (400, 500), (200, 300)], 100),
        (150, 250, [(200, 250), (150, 300), (600, 700), (400, 500)], 100),
        (220, 280, [(220, 280), (200, 300), (600, 700), (400, 500)], 100),
        (250, 320, [(250, 300), (200, 320), (600, 700), (400, 500)], 100),
        (320, 450, [(400, 450), (320, 500), (600, 700), (200, 300)], 100),
        (150, 800, [(200, 300), (150, 800)], 100),
        (400, 500, [(400, 500), (400, 500), (600, 700), (200, 300)], 100),
    ],
)
def test_the_first_run_that_came_twice_is_told_first_and_the_run_around_it_next(
    numbers: Numbers, begin: int, end: int, told: list[Block], acked: int
) -> None:
    it = holding(numbers)
    assert comes(it, begin, end) == told
    assert it.theirs("rcv_nxt") == acked
    assert last(it).ctl == ACK
    first, *others = told
    twice = first[0] < acked or any(begins <= first[0] and first[1] <= ends for begins, ends in others)
    assert blocks_of_next_ack(it) == (others if twice else told), "it is told once"


def blocks_of_next_ack(it: Reached) -> list[Block]:
    """The blocks of an ACK for which no text is the reason: that of a challenged SYN."""
    it.arrives("SYN", seq=1)
    return blocks(it)


def test_what_was_acknowledged_and_comes_again_is_told_though_no_hole_is_there(numbers: Numbers) -> None:
    it = receiver(numbers)
    comes(it, 1, 100)
    assert comes(it, 1, 100) == [(1, 100)]
    assert comes(it, 100, 200) == [], "only in the ACK of the segment that brought it"
    assert comes(it, 150, 250) == [(150, 200)]
    it.arrives("FIN,ACK", seq=250)
    assert comes(it, 150, 250) == [(150, 250)], "after the FIN too"
    it.arrives("FIN,ACK", seq=250)
    assert blocks(it) == [], "a FIN is no text"


def test_it_is_not_told_if_the_knob_says_so(numbers: Numbers) -> None:
    it = holding(numbers, dsack=False)
    assert comes(it, 50, 80) == [(600, 700), (400, 500), (200, 300)]
    assert comes(it, 220, 280) == [(200, 300), (600, 700), (400, 500)]
    assert comes(it, 100, 250) == [(600, 700), (400, 500)]


def test_text_that_was_queued_beside_a_syn_and_comes_again_is_told(numbers: Numbers) -> None:
    it = fresh(numbers, sack=True)
    it.opens(active=False)
    it.arrives("SYN", text=b"0123456789", options=AGREED)
    it.arrives("ACK", seq=1, ack=1, text=b"0123456789abc")
    assert it.theirs("rcv_nxt") == 14
    assert blocks(it) == [(1, 11)]


def test_a_segment_that_a_later_check_drops_leaves_no_report_behind(numbers: Numbers) -> None:
    it = receiver(numbers)
    comes(it, 1, 100)
    it.arrives("none", seq=50, text=60)
    assert dropped(it) == [why.TRIMMED, why.NO_ACK]
    assert sent(it) == []
    assert comes(it, 100, 150) == []


# ------------------------------------------------------------------ against a plain model


class Model:
    """What RFC 2018 4 and RFC 2883 4 say, said with a set of numbers."""

    def __init__(self) -> None:
        self.nxt = 1
        self.have: set[int] = set()
        self.recency: list[int] = []

    def comes(self, begin: int, end: int) -> list[Block]:
        text = range(begin, end)
        twice = [number for number in text if number < self.nxt or number in self.have]
        first = twice[:1]
        for number in twice[1:]:
            if number != first[-1] + 1:
                break
            first.append(number)
        if first and first[0] < self.nxt:
            first = [number for number in first if number < self.nxt]
        self.have |= {number for number in text if number >= self.nxt}
        while self.nxt in self.have:
            self.have.remove(self.nxt)
            self.nxt += 1
        if begin > self.nxt:
            self.recency.insert(0, begin)
        told = [(first[0], first[-1] + 1)] if first else []
        runs: list[Block] = []
        for number in self.recency:
            if number in self.have:
                run = self._run(number)
                if run not in runs:
                    runs.append(run)
        return (told + runs)[:4]

    def _run(self, number: int) -> Block:
        begin = end = number
        while begin - 1 in self.have:
            begin -= 1
        while end in self.have:
            end += 1
        return begin, end


@pytest.mark.parametrize("seed", range(40))
def test_blocks_are_those_of_a_plain_model(numbers: Numbers, seed: int) -> None:
    chance = random.Random(f"sack {seed}")
    it, model = receiver(numbers), Model()
    for _ in range(60):
        begin = max(model.nxt + chance.randrange(-12, 40), 1)
        end = begin + chance.randrange(1, 14)
        expected = model.comes(begin, end)
        assert comes(it, begin, end) == expected, (begin, end, model.nxt)
        assert it.theirs("rcv_nxt") == model.nxt


def test_text_that_is_old_is_reported_though_its_ack_counts(numbers: Numbers) -> None:
    it = receiver(numbers, old_acks_count=True)
    comes(it, 1, 101)
    it.sends(b"ours")
    assert comes(it, 1, 101, ack=5) == [(1, 101)]
    assert dropped(it) == [why.OLD_ACK_COUNTS]
    assert it.end.outstanding == 0
