"""What the time-sequence graph shows: one direction of one connection as its sender sees it. Nothing is drawn here.

Rule 1. The numbers are relative: 0 is the sender's SYN, its first octet of text is 1.
Rule 2. Segments stand where they were sent. What the receiver tells stands where it reached the sender:
        acknowledgments, the edge of the window, SACK blocks.
Rule 3. An acknowledgment counts if it lies in SND.UNA =< SEG.ACK =< SND.NXT, and moves the window by the rule of
        RFC 9293 3.10.7.4, fifth (SND.WL1, SND.WL2).
Rule 4. Of what happens at one instant the last counts: a curve has one value for each time.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...tcp.diagram import LISTEN
from ...tcp.segment import RST, SYN, ctl_name
from ...trace import Arrived, Datagram, Discarded, Moved, Sent, flights
from ...trace.trace import signed
from .piece import WHOLE

if TYPE_CHECKING:
    from ...tcp.units import Time
    from ...trace import Flow, Record, SegmentRecord, Trace
    from ..scene import Moment
    from .piece import Piece

_REFUSED: Final = (
    "first.unacceptable", "first.paws", "second.", "third.", "fourth.", "fifth.", "listen.", "syn-sent.", "closed.",
    "challenge.",
)  # fmt: skip
"""How the ids of the rules begin by which a segment is dropped before its acknowledgment is used."""

Curve = list[tuple[int, int]]
"""Steps: from this time on (nanoseconds) that value."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A segment with sequence numbers, or with RST, at the time when it was sent.

    Attributes:
        time: nanoseconds. start, end: its first number, and the one after its last.
        ctl: its control bits. again: how often its first number had been sent before.
        fate: "arrived", "lost", "corrupted" or "under way". by: who lost or corrupted it.
        serial: of its record. why: the rule's sentence.
    """

    time: Time
    start: int
    end: int
    ctl: int
    again: int
    fate: str
    by: str
    serial: int
    why: str

    @property
    def words(self) -> str:
        """Flags, numbers and fate, for a tooltip: `PSH,ACK 501..1000, sent again, lost: drop 2nd data`."""
        last = self.end - 1 if self.end > self.start else self.start
        parts = [f"{ctl_name(self.ctl)} {self.start}" + (f"..{last}" if last > self.start else "")]
        if self.again:
            parts.append("sent again")
        if self.fate in ("lost", "corrupted"):
            parts.append(f"{self.fate}: {self.by}" if self.by else self.fate)
        return ", ".join(parts)


@dataclass(slots=True)
class Sequence:
    """One direction of a connection.

    Attributes:
        host, connection: the sender, and its number for the connection.
        peer: the host to which it sends.
        flow: of its packets.
        strokes: its segments, in order of time.
        acks: SND.UNA. edges: SND.UNA+SND.WND, the number after the window. in_flight: SND.NXT-SND.UNA.
        repeats: ACKs that acknowledged nothing new: the moment (time, serial) when they came, and SEG.ACK.
        blocks: SACK blocks as they came: moment, first number, the number after the last.
        round_trips: for each ACK of nothing but what was sent once, when it came, and how long after the latest of that
            was sent (nanoseconds).
        scaled: whether it is known by how much the window fields are to be shifted.
        end: when its last segment was sent or the last one for it arrived.
    """

    host: str
    connection: int
    peer: str = ""
    flow: Flow | None = None
    strokes: list[Stroke] = field(default_factory=list)
    acks: Curve = field(default_factory=list)
    edges: Curve = field(default_factory=list)
    in_flight: Curve = field(default_factory=list)
    repeats: list[tuple[Moment, int]] = field(default_factory=list)
    blocks: list[tuple[Moment, int, int]] = field(default_factory=list)
    round_trips: Curve = field(default_factory=list)
    scaled: bool = False
    end: Time = 0

    @property
    def first(self) -> int:
        """The lowest number that was sent or acknowledged."""
        return min([stroke.start for stroke in self.strokes] + [ack for _, ack in self.acks[:1]], default=0)

    @property
    def start(self) -> Time:
        """When its first segment was sent, nanoseconds; 0 if there is none."""
        return self.strokes[0].time if self.strokes else 0


def busiest(trace: Trace, host: str | None = None) -> tuple[str, int] | None:
    """Return the host and the number of the connection that sent the most octets, or numbers; None without any.

    Of equals the first; only connections of `host`, if one is named.
    """
    sent: dict[tuple[str, int], int] = {}
    for record in trace.of_kind(Sent, host):
        if record.connection is not None and not isinstance(record.segment, Datagram):
            key = (record.host, record.connection)
            sent[key] = sent.get(key, 0) + record.segment.seg_len
    return max(sent, key=lambda key: sent[key], default=None)


def chosen(trace: Trace, host: str | None, connection: int | None) -> tuple[str, int]:
    """Return the host and the number of the connection that is asked for: that of `host`, or else the busiest."""
    if host is not None and connection is not None:
        return host, connection
    return busiest(trace, host) or (host or "", 0)


def sequence(trace: Trace, host: str, connection: int, piece: Piece = WHOLE) -> Sequence:
    """Return what a connection of a host sends in a piece of the run, and what comes back for it."""
    told = _Reader(trace, host, connection).told
    told.strokes = [stroke for stroke in told.strokes if piece.has(stroke.time)]
    told.acks, told.edges, told.in_flight = map(piece.of_curve, (told.acks, told.edges, told.in_flight))
    told.repeats = [repeat for repeat in told.repeats if piece.has(repeat[0][0])]
    told.blocks = [block for block in told.blocks if piece.has(block[0][0])]
    told.round_trips = [trip for trip in told.round_trips if piece.has(trip[0])]
    told.end = min(told.end, piece.end)
    return told


def put(curve: Curve, time: Time, value: int) -> None:
    """Add a step to a curve (Rule 4); one that changes nothing is left out."""
    if curve and curve[-1][0] == time:
        curve.pop()
    if not curve or curve[-1][1] != value:
        curve.append((time, value))


class _Reader:
    """Follows SND.UNA, SND.NXT and SND.WND along the records of one connection."""

    def __init__(self, trace: Trace, host: str, connection: int) -> None:
        self.told = Sequence(host, connection)
        self.ends = {flight.serial: flight for flight in flights(trace) if flight.source == host and not flight.copy}
        self._start()
        self.shifts: dict[Flow, int | None] = {}  # of the SYNs, by their flow: that of a cookie belongs to nobody
        self.unused = _unused(trace, host, connection)
        for record in trace.records:
            if record.host == host:
                self._see(record, record.connection == connection)
        flow = self.told.flow
        self.told.scaled = flow is not None and flow in self.shifts and _reverse(flow) in self.shifts

    def _see(self, record: Record, own: bool) -> None:
        """Take note of what happens at the sender, to this connection (`own`) or to another."""
        if own and isinstance(record, Moved) and record.target is LISTEN:
            self._start()
        if not isinstance(record, (Sent, Arrived)) or isinstance(record.segment, Datagram):
            return
        if record.segment.ctl & SYN:
            options = record.segment.options
            self.shifts[record.flow] = None if options is None else options.wscale
        if own:
            self.told.end = record.time
            if isinstance(record, Sent):
                self._sent(record)
            elif record.serial not in self.unused:
                self._arrived(record)

    def _start(self) -> None:
        """Begin, or begin anew: a passive OPEN whose SYN was not meant is back in LISTEN."""
        self.una = self.nxt = 0
        self.begun = False  # whether SND.UNA and SND.NXT are known
        self.wl1: int | None = None
        self.wl2 = 0
        self.outstanding: list[int] = []  # the number after each segment that is not acknowledged, in order
        self.sendings: dict[int, tuple[Time, bool]] = {}  # by that number, when it was sent, and whether only once

    def _sent(self, record: Sent) -> None:
        segment, told = record.segment, self.told
        told.flow, told.peer = record.flow, record.to
        if not segment.seg_len and not segment.ctl & RST:
            return
        flight, end = self.ends[record.serial], record.seq + segment.seg_len
        again = record.retransmission
        told.strokes.append(
            Stroke(
                record.time, record.seq, end, segment.ctl, again, flight.fate, flight.by, record.serial,
                "" if record.why is None else record.why.sentence,
            )
        )  # fmt: skip
        if segment.seg_len:
            self._begin(record.seq)
            self._time(record.time, record.seq, end, once=not again)
            self.nxt = max(self.nxt, end)
            put(told.in_flight, record.time, self.nxt - self.una)

    def _begin(self, number: int) -> None:
        """Begin with the first number that is heard of: 0, unless the SYN is not in the trace, or was a cookie."""
        if not self.begun:
            self.begun, self.una, self.nxt = True, number, number

    def _time(self, now: Time, start: int, end: int, *, once: bool) -> None:
        """Take note of when numbers were sent: of what is sent twice no round trip is known (Karn's rule)."""
        if not once:
            for known in self.outstanding[bisect_right(self.outstanding, start) : bisect_right(self.outstanding, end)]:
                self.sendings[known] = (now, False)
        if end not in self.sendings:
            insort(self.outstanding, end)
            self.sendings[end] = (now, once)

    def _arrived(self, record: SegmentRecord) -> None:
        segment, told = record.segment, self.told
        if segment.ctl & SYN and record.ack is None and self.wl1 is None:  # the window of whoever calls
            self.wl1, self.wl2 = record.seq, self.una
            put(told.edges, record.time, self.una + segment.wnd)
        if record.ack is None or segment.ctl & RST:
            return
        self._begin(record.ack)
        if not self.una <= record.ack <= self.nxt:
            return
        if record.ack > self.una:
            self._acknowledge(record.time, record.ack)
        else:
            told.repeats.append(((record.time, record.serial), record.ack))
        put(told.acks, record.time, self.una)
        put(told.in_flight, record.time, self.nxt - self.una)
        if segment.options is not None:
            for block in segment.options.sack:
                left, right = (record.ack + signed(number - segment.ack) for number in block)
                told.blocks.append(((record.time, record.serial), left, right))
        if self.wl1 is None or self.wl1 < record.seq or (self.wl1 == record.seq and self.wl2 <= record.ack):
            self.wl1, self.wl2 = record.seq, record.ack
            put(told.edges, record.time, record.ack + self._window(record))

    def _acknowledge(self, now: Time, ack: int) -> None:
        """Take note of a new SND.UNA; what filled a hole tells nothing of the round trip of what lay behind it."""
        count = bisect_right(self.outstanding, ack)
        covered = [self.sendings.pop(end) for end in self.outstanding[:count]]
        del self.outstanding[:count]
        if covered and all(once for _, once in covered):
            self.told.round_trips.append((now, now - covered[-1][0]))
        self.una = ack

    def _window(self, record: SegmentRecord) -> int:
        """Return SEG.WND in octets (RFC 7323 2.2: both SYNs must have the option, and that of a SYN is not scaled)."""
        ours, theirs = self.shifts.get(_reverse(record.flow)), self.shifts.get(record.flow)
        scale = 0 if ours is None or theirs is None or record.segment.ctl & SYN else theirs
        return record.segment.wnd << scale


def _reverse(flow: Flow) -> Flow:
    return (*flow[2:], *flow[:2])


def _unused(trace: Trace, host: str, connection: int) -> set[int]:
    """Return the serials of arrivals whose acknowledgment did not count: refused before, or by, the fifth check."""
    latest: dict[int, int] = {}
    out: set[int] = set()
    for record in trace.records:
        if record.host != host or record.connection != connection:
            continue
        if isinstance(record, Arrived):
            latest[record.packet] = record.serial
        elif isinstance(record, Discarded) and record.why is not None and record.why.id.startswith(_REFUSED):
            out.add(latest.get(record.packet, -1))
    return out
