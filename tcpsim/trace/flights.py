"""Flights: each packet's way through the network, from the host that sent it to its end.

A flight joins the records about one copy of one packet, so that a drawing or an expectation can ask
of a segment whether, when and where it arrived or died.

Rule 1. A record names its packet and not its copy, so the ends of a packet's copies are told apart
        by when they are due: first exactly, then the original takes what no copy was due for, and
        what is left is paired in order of time.
Rule 2. The time taken grows with the number of records, whatever they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .records import Arrived, Corrupted, Discarded, Duplicated, Held, Lost, SegmentRecord, Sent

if TYPE_CHECKING:
    from ..tcp.rules import Rule
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .records import Flow
    from .trace import Trace


@dataclass(slots=True)
class Flight:
    """One copy of one packet under way.

    Attributes:
        packet: the packet's number.
        copy: 0 for the packet itself, 1, 2, ... for copies that the network made.
        segment, seq, ack, flow: as in SegmentRecord (`seq` and `ack` relative).
        source, target: the names of the hosts.
        connection: the sender's connection number, or None.
        sent_at: when the sender put it on its link (nanoseconds).
        ends_at: when it arrived, or would have; while it is under way at the end of the trace, when
            it is due, or None where the trace does not say.
        fate: "arrived", "lost", "corrupted" or "under way".
        by: who lost, corrupted, held or copied it, and why; "".
        held: whether a fault delayed or reordered it.
        retransmission: how often its first octet, SYN or FIN had been sent before.
        why: the sender's reason.
        discarded: the check by which the receiver did not use it, or a part of it; else None.
        serial: the serial of the record that began the flight.
        end_serial: the serial of the record that ended it, or None.
    """

    packet: int
    copy: int
    segment: Segment
    seq: int
    ack: int | None
    flow: Flow
    source: str
    target: str
    connection: int | None
    sent_at: Time
    ends_at: Time | None
    fate: str
    by: str
    held: bool
    retransmission: int
    why: Rule | None
    discarded: Rule | None
    serial: int
    end_serial: int | None


def flights(trace: Trace) -> list[Flight]:
    """Return the flights of a trace, in the order in which they began."""
    begun: list[Flight] = []
    journeys: list[_Journey] = []
    latest: dict[int, _Journey] = {}
    for record in trace.records:
        if isinstance(record, Sent):
            journey = latest[record.packet] = _Journey(record)
            journeys.append(journey)
            begun.append(journey.copies[0])
        elif isinstance(record, SegmentRecord) and record.packet in latest:
            copy = latest[record.packet].follow(record)
            if copy is not None:
                begun.append(copy)
    for journey in journeys:
        journey.conclude()
    return begun


class _End:
    """How one copy ended, before it is known which; `at` is when it arrived, or would have."""

    __slots__ = ("at", "discarded", "record")

    def __init__(self, record: Arrived | Corrupted | Lost) -> None:
        self.record = record
        self.at: Time = record.due if isinstance(record, Lost) else record.time
        self.discarded: Rule | None = None


class _Journey:
    """What the trace tells of one packet: the copies that set out, and the ends they came to."""

    __slots__ = ("copies", "ends", "sent")

    def __init__(self, sent: Sent) -> None:
        self.sent = sent
        self.copies: list[Flight] = []
        self.ends: list[_End] = []
        self._depart(sent.serial, "", None)

    def _depart(self, serial: int, by: str, due: Time | None) -> Flight:
        sent = self.sent
        flight = Flight(
            sent.packet, len(self.copies), sent.segment, sent.seq, sent.ack, sent.flow, sent.host, sent.to,
            sent.connection, sent.time, due, "under way", by, False, sent.retransmission, sent.why, None, serial, None,
        )  # fmt: skip
        self.copies.append(flight)
        return flight

    def follow(self, record: SegmentRecord) -> Flight | None:
        """Take note of a record about this packet; return the flight that it began, if it did."""
        if isinstance(record, Duplicated):
            return self._depart(record.serial, record.by, record.due)
        if isinstance(record, Held):
            original = self.copies[0]
            original.by = f"{original.by}, {record.by}" if original.held else record.by
            original.held, original.ends_at = True, record.due
        elif isinstance(record, (Arrived, Corrupted, Lost)):
            self.ends.append(_End(record))
        elif isinstance(record, Discarded) and self.ends:
            # The receiver judges a segment when it arrives, before anything else happens to the packet.
            self.ends[-1].discarded = record.why
        return None

    def conclude(self) -> None:
        """Give each end to the copy that came to it (Rule 1)."""
        if len(self.copies) == 1:
            pairs = list(zip(self.copies, self.ends, strict=False))
        else:
            pairs, copies, ends = _pair_by_due(self.copies, self.ends)
            copies.sort(key=lambda copy: (copy.ends_at or 0, copy.copy))
            ends.sort(key=lambda end: (end.at, end.record.serial))
            pairs.extend(zip(copies, ends, strict=False))
        for flight, end in pairs:
            _arrive(flight, end)


def _pair_by_due(copies: list[Flight], ends: list[_End]) -> tuple[list[tuple[Flight, _End]], list[Flight], list[_End]]:
    """Pair copies and ends of the same instant; return the pairs, and the copies and ends left over."""
    at: dict[Time, list[_End]] = {}
    for end in ends:
        at.setdefault(end.at, []).append(end)
    due: dict[Time, list[Flight]] = {}
    undated = [copy for copy in copies if copy.ends_at is None]
    for copy in copies:
        if copy.ends_at is not None:
            due.setdefault(copy.ends_at, []).append(copy)
    pairs: list[tuple[Flight, _End]] = []
    ends_left: list[_End] = []
    for time, ending in at.items():
        claimants = due.get(time, [])
        while undated and len(claimants) < len(ending):
            claimants.insert(0, undated.pop())
        pairs.extend(zip(claimants, ending, strict=False))
        ends_left.extend(ending[len(claimants) :])
        del claimants[: len(ending)]
    copies_left = undated + [copy for waiting in due.values() for copy in waiting]
    return pairs, copies_left, ends_left


def _arrive(flight: Flight, end: _End) -> None:
    record = end.record
    flight.ends_at, flight.end_serial, flight.discarded = end.at, record.serial, end.discarded
    if isinstance(record, Arrived):
        flight.fate = "arrived"
    else:
        flight.fate, flight.by = record.kind, record.by
