"""What can be seen of a run, and from where: vantage points.

Rule 1. A host sees what it sends when it sends it, also what the network then loses, and what arrives when it
        arrives, also what it then discards. A packet to itself it sees once.
Rule 2. On a link is seen what is put on it, in either direction or, of a single one, in that direction only.
        What is put there by nobody's host, such as a forged segment or a NAT's reset, is seen here only and where
        it arrives. A copy made on the way is seen where it arrives.
Rule 3. Who sees a packet notes what can be known there: a sender its states and its reason, a receiver what became
        of it, a link its fate: only there is it marked that it was lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..tcp.units import format_duration
from ..trace import (
    Arrived,
    Called,
    Corrupted,
    Duplicated,
    Flight,
    Moved,
    Note,
    SegmentRecord,
    Sent,
    TimerFired,
    stranger,
)
from ..trace import flights as flights_of
from .packing import Errors, Wrapping, damaged, datagram_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Record, Trace


class Vantage(NamedTuple):
    """A vantage point: a host, a link, or one direction of a link.

    Attributes:
        name: "client", "client-server" or "client>server".
        host: the host, or "".
        ways: sender and receiver of the directions that are seen; none for a host.
    """

    name: str
    host: str
    ways: frozenset[tuple[str, str]]

    @property
    def description(self) -> str:
        """What is seen there, in words."""
        if self.host:
            return f"what {self.host} sends, and what arrives there"
        return "what is put on the link, with what becomes of it"


class Seen(NamedTuple):
    """One frame as it is seen at the vantage point number `interface`; `notes` are what is known of it there."""

    time: Time
    interface: int
    octets: bytes
    notes: tuple[str, ...]


def vantages(trace: Trace) -> list[Vantage]:
    """Return every host of a trace, in its order, and every link on which something was put."""
    hosts = trace.hosts
    order = {name: number for number, name in enumerate(hosts)}
    found = [Vantage(name, name, frozenset()) for name in hosts]
    joined: dict[tuple[str, str], None] = {}
    for sent in trace.of_kind(Sent):
        if sent.to and sent.to != sent.host:
            a, b = sorted((sent.host, sent.to), key=lambda name: (order.get(name, len(order)), name))
            joined[a, b] = None
    found.extend(Vantage(f"{a}-{b}", "", frozenset(((a, b), (b, a)))) for a, b in joined)
    return found


def named(trace: Trace, name: str) -> Vantage | None:
    """Return a vantage point by its name, that of a direction included; None if there is none."""
    points = vantages(trace)
    for point in points:
        if point.name == name:
            return point
        for source, target in point.ways:
            if name == f"{source}>{target}":
                return Vantage(name, "", frozenset(((source, target),)))
    return None


def seen(trace: Trace, points: list[Vantage], link: int) -> Iterator[Seen]:
    """Give the frames that are seen at some vantage points, in order of time; NotWritable for one that can't be."""
    wrapping, errors, notes = Wrapping(trace, link), Errors(), _Notes(trace)
    hosts = {point.host: number for number, point in enumerate(points) if point.host}
    links = [(number, point.ways) for number, point in enumerate(points) if point.ways]
    for record in trace:
        if isinstance(record, Note):
            yield from _error(record, errors, wrapping, hosts)
        if not isinstance(record, SegmentRecord):
            continue
        errors.see(record)
        where: list[tuple[int, Iterable[str]]] = []
        if isinstance(record, Sent):
            source, target, own = record.host, record.to, stranger(record.connection, record.why) is None
            if target and own and source in hosts:
                where.append((hosts[source], notes.sender(record)))
            where.extend((number, notes.link(record)) for number, ways in links if (source, target) in ways)
        elif isinstance(record, (Arrived, Corrupted)) and record.host in hosts:
            source, target = notes.source(record), record.host
            if source != target:
                where.append((hosts[target], notes.receiver(record)))
        if where:
            octets = datagram_of(record)
            if isinstance(record, Corrupted):
                octets = damaged(octets)
            octets = wrapping.frame(octets, source, target)
            for number, told in where:
                yield Seen(record.time, number, octets, tuple(told))


def _error(record: Note, errors: Errors, wrapping: Wrapping, hosts: dict[str, int]) -> Iterator[Seen]:
    """Give the ICMP error that a host notes, if it does."""
    made = errors.message(record) if record.host in hosts else None
    if made is None:
        return
    message, about = made
    source, target = wrapping.owner(about[2]), wrapping.owner(about[0])
    yield Seen(record.time, hosts[record.host], wrapping.frame(message, source, target), ())


# ------------------------------------------------------------------ notes


class _Notes:
    """What is known of each packet at each place."""

    def __init__(self, trace: Trace) -> None:
        self._states = _states(trace)
        self._begun: dict[int, Flight] = {}
        self._ended: dict[int, Flight] = {}
        self._copies: dict[int, list[Duplicated]] = {}
        for flight in flights_of(trace):
            self._begun[flight.serial] = flight
            if flight.end_serial is not None:
                self._ended[flight.end_serial] = flight
        for copy in trace.of_kind(Duplicated):
            self._copies.setdefault(copy.packet, []).append(copy)

    def source(self, record: SegmentRecord) -> str:
        """Return the host from which a packet that arrives came, "" if the trace does not say."""
        flight = self._ended.get(record.serial)
        return "" if flight is None else flight.source

    def sender(self, record: Sent) -> list[str]:
        """Return what the sender knows: its states before and after, why it sends, and how often it has."""
        told = self._state(record)
        why = record.why or record.segment.why
        if why is not None:
            told.append(_because(why))
        if record.retransmission:
            told.append(f"retransmission {record.retransmission}")
        return told

    def link(self, record: Sent) -> list[str]:
        """Return what the sender knows, and what becomes of the packet."""
        told = self.sender(record)
        by = stranger(record.connection, record.why)
        if by is not None:
            told.insert(0, f"put here by a {by}" if by else "injected: no host sent this")
        flight = self._begun[record.serial]
        if flight.fate == "lost":
            told.append(f"lost: {flight.by}")
        elif flight.fate == "corrupted":
            told.append(f"damaged: {flight.by}; its checksum is wrong where it arrives")
        elif flight.held and flight.ends_at is not None:
            told.append(f"held back: {flight.by}; arrives {format_duration(flight.ends_at - record.time)} later")
        told.extend(f"copied: {copy.by}" for copy in self._copies.get(record.packet, ()))
        return told

    def receiver(self, record: SegmentRecord) -> list[str]:
        """Return what the receiver knows: its states before and after, and what it did not use, and why."""
        told = self._state(record)
        flight = self._ended.get(record.serial)
        if isinstance(record, Corrupted):
            told.append(f"wrong checksum: {record.by}")
        if flight is not None and flight.copy:
            told.append(f"a copy that the network made: {flight.by}")
        if flight is not None and flight.discarded is not None:
            told.append(f"not used, or not all of it: {_because(flight.discarded)}")
        return told

    def _state(self, record: SegmentRecord) -> list[str]:
        states = self._states.get(record.serial)
        if states is None:
            return []
        before, after = states
        return [f"{record.host}: {before}" if before == after else f"{record.host}: {before} -> {after}"]


def _because(rule: Rule) -> str:
    return f"{rule.sentence} ({rule.cite})"


def _states(trace: Trace) -> dict[int, tuple[str, str]]:
    """Return, by the serial of each packet sent or arrived, the state of its connection before and after the event.

    An event is a call, an arrival or a timer, with all that follows from it at that connection.
    """
    told: dict[int, tuple[str, str]] = {}
    now: dict[tuple[str, int], str] = {}
    under_way: dict[tuple[str, int], tuple[str, list[int]]] = {}

    def conclude(key: tuple[str, int]) -> None:
        before, serials = under_way.pop(key, ("", []))
        for serial in serials:
            told[serial] = (before, now.get(key, "CLOSED"))

    for record in trace:
        key = _key(record)
        if key is None:
            continue
        if isinstance(record, (Arrived, Called, TimerFired)) or key not in under_way:
            conclude(key)
            before = record.source if isinstance(record, Moved) else now.get(key, "CLOSED")
            under_way[key] = (str(before), [])
        if isinstance(record, Moved):
            now[key] = str(record.target)
        elif isinstance(record, (Sent, Arrived)):
            under_way[key][1].append(record.serial)
    for key in list(under_way):
        conclude(key)
    return told


def _key(record: Record) -> tuple[str, int] | None:
    return None if record.connection is None else (record.host, record.connection)
