"""Where a capture that is read was taken: at the client, at the server or in between.

A capture has one clock, at one place. What a host sends passes that place on its way, and what the other
answers passes it on the way back: the time between is a round trip from there to that other host, and whatever the
host took to answer. The shortest such time is nearest to the round trip alone.

Rule 1. Every acknowledgment measures: from when the segment that it covers was seen, if that was sent only once. So
        nothing is placed later at a host than what that host answers to it. Of RSTs, only that which refuses a SYN
        measures: others answer nothing, or not at once.
Rule 2. Whoever is nearer than a tenth of the whole round trip is where the capture was taken: its times are right
        for that host. Half the round trip lies on the way to the other; that, and equal delays both ways, is assumed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, RST, SYN
from ..tcp.seqnum import HALF, MASK
from ..tcp.units import MS, SECOND, US
from .streams import CLIENT, SERVER, SIDES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .reading import Packet

_NEAR: Final = 10
"""A host is at the capture if its share of the round trip is one part in so many, or less."""


class Numbers:
    """The sequence numbers of one side, as positions that do not wrap: octets counted from `base`.

    Attributes:
        base: the ISS, or, where no SYN was seen, the first number that was.
        nxt: the position after the highest octet seen.
    """

    __slots__ = ("base", "nxt")

    def __init__(self, base: int) -> None:
        self.base = base
        self.nxt = 0

    def position(self, number: int) -> int:
        """Return where a number lies, taking it for the one nearest to what was sent last."""
        return self.nxt + ((number - self.base - self.nxt + HALF) & MASK) - HALF


def base_of(segments: Iterable[tuple[int, Segment]], side: int) -> int:
    """Return what the numbers of one side are counted from; `segments` are those of both, each with its sender."""
    first: int | None = None
    guessed: int | None = None
    for sender, segment in segments:
        if sender == side:
            if segment.ctl & (SYN | RST) == SYN:
                return segment.seq
            if first is None and not _invented(segment):
                first = segment.seq
        elif segment.ctl & ACK:
            if segment.ctl & SYN and guessed is None:  # an unseen SYN's number is the one before what its answer covers
                guessed = (segment.ack - 1) & MASK
            first = segment.ack if first is None else first
    return guessed if guessed is not None else first or 0


def _invented(segment: Segment) -> bool:
    """Return whether a segment's SEG.SEQ is none of its sender's: a RST that answers what has no ACK has 0."""
    return segment.ctl & (RST | ACK) == RST | ACK and segment.seq == 0


def numbers_of(segments: list[tuple[int, Segment]]) -> tuple[Numbers, Numbers]:
    """Return the numbers of client and server, counted from where they begin."""
    return Numbers(base_of(segments, CLIENT)), Numbers(base_of(segments, SERVER))


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Where a capture was taken.

    Attributes:
        around: the round trip between there and each side, the shortest seen; None where nothing measures it.
        delay: how long a packet is under way between there and each side.
        place: "client", "server", or "between" for anywhere else, and where that is unknown.
        handshake: whether the handshake measured both: later answers may come late, because their ACK is delayed.
    """

    around: tuple[Time | None, Time | None]
    delay: tuple[Time, Time]
    place: str
    handshake: bool

    @property
    def one_way(self) -> Time:
        """How long a packet is under way from one host to the other."""
        return self.delay[CLIENT] + self.delay[SERVER]

    def sentence(self, *, one_machine: bool = False) -> str:
        """Return what a person should know of it; `one_machine`: both hosts are the same one."""
        client, server = self.around
        if client is None and server is None:
            where = "on the one machine that is both hosts" if one_machine else "at an unknown place"
            return f"captured {where}: nothing sent is seen to be acknowledged; all times are the capture's"
        by = "by the handshake" if self.handshake else "by acknowledgments"
        told = " and ".join(
            f"the {SIDES[side]} answers after {short(gap)}"
            for side, gap in ((SERVER, server), (CLIENT, client))
            if gap is not None
        )
        where, whose = f"at the {self.place}", "all times"
        if one_machine:
            where = "on the one machine that is both hosts"
        elif self.place == "between":
            where = "between the two hosts" if None not in self.around else "at an unknown place"
        else:
            whose = f"the {SIDES[1 - SIDES.index(self.place)]}'s times"
        return f"captured {where}: {whose} are inferred, {by} ({told})"


def viewpoint_of(packets: list[Packet]) -> Viewpoint:
    """Estimate where the packets of a stream were captured."""
    measuring = (_Measuring(), _Measuring())  # of the answers to what each side sends
    handshake = [False, False]
    numbers = numbers_of([(packet.side, packet.segment) for packet in packets])
    for packet in packets:
        side, segment = packet.side, packet.segment
        if segment.ctl & RST:
            if segment.ctl & ACK and not numbers[side].nxt:  # it refuses a SYN (RFC 9293 3.10.7.1)
                measuring[1 - side].answered(numbers[1 - side].position(segment.ack), packet.time)
            continue
        end = numbers[side].position(segment.seq) + segment.seg_len
        if segment.ctl & ACK:
            acked = numbers[1 - side].position(segment.ack)
            if measuring[1 - side].answered(acked, packet.time) and acked == 1:
                handshake[side] = True
        if segment.seg_len and end > numbers[side].nxt:
            numbers[side].nxt = end
            measuring[side].sent(end, packet.time)
        elif segment.seg_len:
            measuring[side].sent_again(end, packet.time)
    return _placed((measuring[SERVER].shortest, measuring[CLIENT].shortest), handshake=all(handshake))


def _placed(around: tuple[Time | None, Time | None], *, handshake: bool) -> Viewpoint:
    client, server = around
    place = "between"
    if client is not None and server is not None and client != server:
        nearer, name = min((client, "client"), (server, "server"))
        if nearer * _NEAR <= client + server:
            place = name
    delay = tuple(0 if gap is None or place == side else gap // 2 for side, gap in zip(SIDES, around, strict=True))
    return Viewpoint(around, (delay[CLIENT], delay[SERVER]), place, handshake)


class _Measuring:
    """The shortest time between a segment of one side and the first acknowledgment that covers it.

    Which copy of a segment that was sent twice is acknowledged is not known (Karn's algorithm, RFC 6298 3): the later
    one is taken, and only if nothing else measures.
    """

    __slots__ = ("_clear", "_doubtful", "_ends", "_times", "_twice")

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._times: list[Time] = []
        self._twice: list[bool] = []
        self._clear: Time | None = None
        self._doubtful: Time | None = None

    @property
    def shortest(self) -> Time | None:
        return self._doubtful if self._clear is None else self._clear

    def sent(self, end: int, time: Time) -> None:
        self._ends.append(end)
        self._times.append(time)
        self._twice.append(False)

    def sent_again(self, end: int, time: Time) -> None:
        at = bisect_left(self._ends, end)
        if at < len(self._ends):
            self._times[at], self._twice[at] = time, True

    def answered(self, acked: int, time: Time) -> bool:
        """Take note of an ACK; return whether it measures, and of what was sent once."""
        covered = bisect_right(self._ends, acked)
        if not covered:
            return False
        gap, twice = max(time - self._times[covered - 1], 0), self._twice[covered - 1]
        del self._ends[:covered], self._times[:covered], self._twice[:covered]
        if twice:
            self._doubtful = gap if self._doubtful is None else min(self._doubtful, gap)
        else:
            self._clear = gap if self._clear is None else min(self._clear, gap)
        return not twice


def short(span: Time) -> str:
    """Return a span of time as a person says it, in about three figures."""
    for unit, name in ((SECOND, "s"), (MS, "ms"), (US, "us")):
        if span >= unit:
            return f"{span / unit:.3g} {name}" if span < 1000 * unit else f"{span // unit} {name}"
    return f"{span} ns"
