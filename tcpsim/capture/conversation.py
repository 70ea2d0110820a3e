"""From what became of a stream's packets to a Trace of two hosts, "client" and "server".

Rule 1. Times count from when the first packet was sent; records stand in order of time, and what happens at one
        time at one place in the order of the capture.
Rule 2. Numbers are relative to the ISS, or, where no SYN was seen, to the first number seen.
Rule 3. Of a connection to itself there is one host, which sends everything and gets everything.
Rule 4. A copy that the network made bears its original's number; whatever else was sent has a number of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..tcp.segment import ACK, RST, SYN, SYN_ACK
from ..tcp.units import HOUR, SECOND
from ..trace import Arrived, Duplicated, Header, Held, HostHeader, Lost, Moved, Note, Record, Sent, Trace
from .passages import ARRIVED, LOST, Account
from .streams import CLIENT, SERVER, SIDES
from .viewpoint import numbers_of
from .walking import Walker

if TYPE_CHECKING:
    from ..tcp.diagram import Edge
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace import Flow
    from .passages import Passage
    from .streams import Stream

NETWORK: Final = "the network"
_DATED: Final = 366 * 24 * HOUR
"""Times before this, a year after 1970 began, count from something else."""


class _Sendings:
    """What one side has sent, by which retransmissions are counted, as `trace.Sent` counts them."""

    __slots__ = ("_answered", "_end", "_times")

    def __init__(self) -> None:
        self._answered = False
        self._end = 0
        self._times: dict[int, int] = {}

    def count(self, segment: Segment, start: int) -> int:
        """Take note of a segment; return how often its first number was sent before."""
        if not segment.seg_len or segment.ctl & RST:
            return 0
        if segment.ctl & SYN_ACK == SYN_ACK and not self._answered:
            self._answered = True  # it repeats a SYN, perhaps, and no segment
            self._times[0] = 1
            self._end = max(self._end, segment.seg_len)
            return 0
        earlier = self._times.get(start, 0)
        if not earlier and start < self._end:
            earlier = 1  # repackaged: it begins inside an earlier segment
        self._times[start] = earlier + 1
        self._end = max(self._end, start + segment.seg_len)
        return earlier


class _Telling:
    """Makes the records of one stream, in order."""

    def __init__(self, account: Account, stream: Stream, remarks: list[tuple[int, str]]) -> None:
        passages = account.passages
        self.flows: tuple[Flow, Flow] = ((*stream.client, *stream.server), (*stream.server, *stream.client))
        self.records: list[Record] = []
        self.farther = 0 if stream.itself else 1  # what a side is away from its peer
        self.packets = _numbered(passages)
        self.places = _positions(passages, self.farther)
        self.sendings = (_Sendings(), _Sendings())
        self.walkers = tuple(_walker(passages, side) for side in range(2))
        self.start = min((passage.sent_at for passage in passages), default=stream.first)
        self.now: Time = 0
        self._begin(passages)  # first, so that no state is drawn before it that nothing tells of
        for side, text in remarks:
            self._note(side, text)
        # (time, ordinal, which of sending and arrival): the findings come behind what happens at their time
        events: list[tuple[Time, int, int, Any]] = []
        for ordinal, passage in enumerate(passages):
            passage.due = max(passage.due, passage.sent_at)  # a capture may tell impossible times
            events.append((passage.sent_at - self.start, ordinal, 0, passage))
            if passage.fate == ARRIVED:
                events.append((passage.due - self.start, ordinal, 1, passage))
        for number, finding in enumerate(account.findings):
            events.append((max(finding.time - self.start, 0), len(passages) + number, 2, finding))
        events.sort(key=lambda event: event[:3])
        for time, ordinal, kind, what in events:
            self.now = time
            if kind == 0:
                self._send(what, ordinal)
            elif kind == 1:
                self._arrive(what, ordinal)
            else:
                self._note(what.side, what.text)

    def _begin(self, passages: list[Passage]) -> None:
        """Let both hosts stand where the first packet finds them."""
        syns = [any(p.segment.ctl & SYN and p.side == side for p in passages) for side in range(2)]
        client, server = self.walkers
        if not any(syns) and any(not p.segment.ctl & RST for p in passages):
            for side, walker in enumerate(self.walkers):  # whoever only sends RSTs need not know the connection
                self._moved(side, walker.stand_open(passive=side == SERVER) if walker.last_word >= 0 else [])
            self._note(CLIENT, "the handshake lies before the capture: ESTABLISHED is assumed")
            return
        if server.last_word >= 0 and not _opens_too(passages):
            self._moved(SERVER, server.listen())
        if syns[SERVER] and not syns[CLIENT]:
            self._moved(CLIENT, client.open())

    def _send(self, passage: Passage, ordinal: int) -> None:
        side, segment = passage.side, passage.segment
        host, packet, flow = SIDES[side], self.packets[ordinal], self.flows[side]
        seq, ack = self.places[ordinal]
        about = (packet, flow, segment, seq, ack)
        if passage.copy:
            self._add(Duplicated, host, *about, NETWORK, passage.due - self.start)
            return
        self._moved(side, self.walkers[side].send(segment, seq, ack, ordinal))
        again = self.sendings[side].count(segment, seq)
        self._add(Sent, host, *about, SIDES[side ^ self.farther], again)
        if passage.held:
            self._add(Held, host, *about, passage.by, passage.due - self.start)
        if passage.fate == LOST:
            self._add(Lost, host, *about, passage.by, passage.due - self.start)

    def _arrive(self, passage: Passage, ordinal: int) -> None:
        side = passage.side ^ self.farther
        seq, ack = self.places[ordinal]
        about = (self.packets[ordinal], self.flows[passage.side], passage.segment, seq, ack)
        self._add(Arrived, SIDES[side], *about)
        if passage.remark:
            self._note(side, passage.remark)
        self._moved(side, self.walkers[side].arrive(passage.segment, seq, ack, ordinal))

    def _moved(self, side: int, edges: list[Edge]) -> None:
        for edge in edges:
            self._add(Moved, SIDES[side], edge.source, edge.target, edge.event)

    def _note(self, side: int, text: str) -> None:
        self._add(Note, SIDES[side], text)

    def _add(self, kind: Any, host: str, *fields: Any) -> None:
        self.records.append(kind(self.now, len(self.records), host, 1, None, *fields))


def trace_of(account: Account, stream: Stream, source: str, remarks: list[tuple[int, str]], link: str = "") -> Trace:
    """Return a stream as a trace.

    Args:
        account: what became of its packets.
        stream: the stream.
        source: where it comes from: the file, and which stream of it.
        remarks: what a person should know before anything else, each with the host beside which it stands.
        link: a sentence about the way between the two hosts, or "".
    """
    telling = _Telling(account, stream, remarks)
    hosts: tuple[HostHeader, ...] = (HostHeader("client", (stream.client[0],)),)
    if not stream.itself:
        hosts += (HostHeader("server", (stream.server[0],)),)
    header = Header(
        title=f"{stream.name}{_when(telling.start)}", source=source, hosts=hosts, links=(link,) if link else ()
    )
    return Trace.of(header, telling.records)


def _when(time: Time) -> str:
    """Return when the capture was taken, if its times count from 1970."""
    if not _DATED <= time < 250 * _DATED:
        return ""
    seconds, rest = divmod(time, SECOND)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest // 1_000_000:03d}"
    return f", {_date(days)} {clock} UTC"


def _date(days: int) -> str:
    """Return the date so many days after 1970-01-01."""
    year = 1970
    while days >= (length := 366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365):
        days -= length
        year += 1
    lengths = (31, length - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    month = 0
    while days >= lengths[month]:
        days -= lengths[month]
        month += 1
    return f"{year}-{month + 1:02d}-{days + 1:02d}"


def _numbered(passages: list[Passage]) -> list[int]:
    """Return the number of each passage's packet, in order of sending (Rule 4)."""
    order = sorted(range(len(passages)), key=lambda ordinal: (passages[ordinal].sent_at, ordinal))
    numbers = [0] * len(passages)
    latest: dict[tuple[object, ...], int] = {}
    packet = 0
    for ordinal in order:
        passage = passages[ordinal]
        key = (passage.side, passage.segment.wire())
        if not passage.copy or key not in latest:
            packet += 1
            latest[key] = packet
            passage.copy = False
        numbers[ordinal] = latest[key]
    return numbers


def _positions(passages: list[Passage], farther: int) -> list[tuple[int, int | None]]:
    """Return relative SEG.SEQ and SEG.ACK of each passage (Rule 2)."""
    numbers = numbers_of([(passage.side, passage.segment) for passage in passages])
    found = []
    for passage in passages:
        segment, own, peer = passage.segment, numbers[passage.side], numbers[passage.side ^ farther]
        seq = own.position(segment.seq)
        ack = peer.position(segment.ack) if segment.ctl & ACK else None
        if segment.seg_len and not segment.ctl & RST:
            own.nxt = max(own.nxt, seq + segment.seg_len)
        if ack is not None and not segment.ctl & RST:
            peer.nxt = max(peer.nxt, ack)
        found.append((seq, ack))
    return found


def _walker(passages: list[Passage], side: int) -> Walker:
    own = [(ordinal, passage.segment.ctl) for ordinal, passage in enumerate(passages) if passage.side == side]
    last_word = max((ordinal for ordinal, ctl in own if not ctl & RST), default=-1)
    return Walker(last_word, aborts=any(ordinal > last_word and ctl & RST for ordinal, ctl in own))


def _opens_too(passages: list[Passage]) -> bool:
    """Return whether the server sends a SYN of its own, and answers none: a simultaneous open."""
    return any(p.side == SERVER and p.segment.ctl & SYN_ACK == SYN for p in passages)
