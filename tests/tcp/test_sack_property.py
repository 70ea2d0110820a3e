"""Whatever is lost, SACK recovery delivers everything and ends; and its scoreboard is right after every event.

A sender and a receiver, both real, with a queue between them that drops, and lets overtake, what it is told
to. The scoreboard is compared with one that follows RFC 6675 4 octet by octet, made anew after each
event from nothing but the segments that were seen. An MSS of some octets keeps that cheap.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tcpsim.tcp import rules as why
from tcpsim.tcp.actions import Deliver
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, TIME_WAIT
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.sack import DUP_THRESH, lost_below, pipe
from tcpsim.tcp.segment import ACK, Segment
from tcpsim.tcp.seqnum import MASK
from tcpsim.tcp.units import MS
from tests.tcp.reach import LOCAL, REMOTE

if TYPE_CHECKING:
    from tcpsim.tcp.actions import Action

MSS = 5
ONE_WAY = 10 * MS
OF_RECOVERY = (why.SACK_RETRANSMIT, why.SACK_LOST, why.SACK_HOLE)


@dataclass
class OctetByOctet:
    """RFC 6675 4 as it is written: a flag for every octet from HighACK to HighData."""

    end: Endpoint
    sacked: set[int] = field(default_factory=set)
    high_rxt: int = 0

    def hears(self, ack: Segment) -> None:
        """Update (). Octets are numbered from the ISS; the stream is shorter than half of the numbers."""
        base = self.end.iss
        una = self.number(self.end.snd_una)
        self.sacked = {octet for octet in self.sacked if octet >= una}
        if ack.options is not None:
            for left, right in ack.options.sack:
                begin, after = (left - base) & MASK, (right - base) & MASK
                if una < begin < after <= self.number(self.end.snd_max):
                    self.sacked |= set(range(begin, after))

    def sees(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Segment):
                if action.why in OF_RECOVERY:
                    self.high_rxt = self.number((action.seq + action.seg_len) & MASK)
                elif action.why is why.RETRANSMIT and not self.end.cfg.sack_survives_rto:
                    self.sacked = set()
        if not self.end.in_recovery:
            self.high_rxt = 0

    def number(self, seq: int) -> int:
        return (seq - self.end.iss) & MASK

    def is_lost(self, octet: int) -> bool:
        above = sorted(other for other in self.sacked if other > octet)
        runs = sum(1 for other in above if other - 1 not in self.sacked)
        return runs >= DUP_THRESH or len(above) > (DUP_THRESH - 1) * self.end.snd_mss

    def check(self) -> None:
        end = self.end
        una = self.number(end.snd_una)
        outstanding = [octet for octet in range(una, self.number(end.snd_max)) if octet not in self.sacked]
        assert [self.number(number & MASK) for number in end.sacked] == self.boundaries()
        assert end.sack_octets == len(self.sacked)
        lost = [octet for octet in outstanding if self.is_lost(octet)]
        below = self.number(lost_below(end) & MASK)
        assert lost == [octet for octet in outstanding if octet < below]
        in_pipe = len(outstanding) - len(lost) + sum(1 for octet in outstanding if octet < self.high_rxt)
        assert pipe(end) == in_pipe

    def boundaries(self) -> list[int]:
        edges = []
        for octet in sorted(self.sacked):
            if octet - 1 not in self.sacked:
                edges.append(octet)
            if octet + 1 not in self.sacked:
                edges.append(octet + 1)
        return edges


class Wire:
    """Two endpoints, and what becomes of the nth segment of each direction: its delay, or None if it is lost."""

    def __init__(
        self, iss: int, octets: int, fates: tuple[list[int | None], list[int | None]], **knobs: object
    ) -> None:
        knobs = {"sack": True, "mss": MSS, "r2": "8000h", "r2_syn": "8000h", "user_timeout": None} | knobs
        self.ends = (
            Endpoint(profile("rfc9293", **{**knobs, "iss": iss}), LOCAL, REMOTE),
            Endpoint(profile("rfc9293", **{**knobs, "iss": 7}), REMOTE, LOCAL),
        )
        self.fates = fates
        self.counts = [0, 0]
        self.queue: list[tuple[int, int, int, Segment]] = []
        self.serial = 0
        self.delivered = bytearray()
        self.stream = bytes([at % 251 for at in range(octets)])
        self.board = OctetByOctet(self.ends[0])
        sender, receiver = self.ends
        receiver.open(0, active=False)
        receiver.read(0)
        self.takes(0, 0, sender.open(0, active=True))
        self.takes(0, 0, sender.send(0, self.stream))

    def takes(self, now: int, whose: int, actions: list[Action]) -> None:
        if whose == 0:
            self.board.sees(actions)
        for action in actions:
            if isinstance(action, Segment):
                fates, number = self.fates[whose], self.counts[whose]
                self.counts[whose] += 1
                fate = fates[number] if number < len(fates) else 0
                if fate is not None:
                    self.serial += 1
                    heapq.heappush(self.queue, (now + ONE_WAY + fate, self.serial, 1 - whose, action))
            elif isinstance(action, Deliver) and whose == 1:
                assert action.text is not None
                self.delivered += action.text

    def run(self) -> None:
        """Let everything happen, until the sender has nothing left to do."""
        sender = self.ends[0]
        for _ in range(20_000):
            if sender.state in (CLOSED, TIME_WAIT):
                return
            now = self.step()
            self.board.check()
            for whose, when in ((0, ESTABLISHED), (1, CLOSE_WAIT)):
                if self.ends[whose].state is when and not self.ends[whose].fin_queued:
                    self.takes(now, whose, self.ends[whose].close(now))
        raise AssertionError("it does not end")

    def step(self) -> int:
        """Let the next thing happen, a timeout or an arrival; return when that was."""
        timeouts = [(at, whose) for whose, end in enumerate(self.ends) if (at := end.next_timeout()) is not None]
        due, whose = min(timeouts, default=(1 << 62, 0))
        if not self.queue or due < self.queue[0][0]:
            self.takes(due, whose, self.ends[whose].timeout(due))
            return due
        now, _, whose, segment = heapq.heappop(self.queue)
        end = self.ends[whose]
        agreed = end.sack_ok
        actions = end.segment_arrives(now, segment)
        if whose == 0 and agreed and segment.ctl & ACK:
            self.board.hears(segment)
        self.takes(now, whose, actions)
        return now


FATES = st.lists(st.sampled_from([0, 0, 0, 0, None, 3 * MS, 25 * MS]), max_size=60)


@settings(max_examples=300)
@given(
    st.sampled_from([100, (1 << 32) - 30, (1 << 31) - 30]),
    st.integers(1, 60 * MSS),
    FATES,
    FATES,
    st.booleans(),
    st.sampled_from([1, 4, 10, 30]),
)
@example(100, 40 * MSS, [0, 0, *[None, 0] * 25], [], False, 30)
@example(100, 40 * MSS, [0, 0, *[None] * 20], [None] * 20, True, 10)
def test_any_loss_is_repaired(
    iss: int, octets: int, there: list[int | None], back: list[int | None], survives: bool, initial: int
) -> None:
    knobs = {"sack_survives_rto": survives, "initial_window": initial, "rto_min": "50ms"}
    wire = Wire(iss, octets, (there, back), **knobs)
    wire.run()
    assert bytes(wire.delivered) == wire.stream
    sender = wire.ends[0]
    assert (sender.outstanding, sender.sacked, sender.sack_octets, sender.in_recovery) == (0, (), 0, 0)
