"""The trace of a run: a header and records in order of (time, serial).

Rule 1. While a run goes on, `append` stores plain tuples; records are made from them when somebody
        looks. Storing is a tenth of a microsecond, formatting is ten.
Rule 2. What was written is never changed, only added to.
Rule 3. Equal runs give equal bytes: `to_jsonl` sorts nothing, rounds nothing and knows no clock.
Rule 4. Making the records takes time in proportion to their number, however many connections,
        incarnations and retransmissions there are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..tcp.segment import ACK, SYN, SYN_ACK
from ..tcp.seqnum import HALF, MASK
from .datagram import Datagram
from .naming import printable, shown_name
from .records import Explanation, Mapped, Record, SegmentRecord, Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .records import Flow

VERSION: Final = 3
"""The format's version; a reader refuses a later one."""

Row = tuple[Any, ...]
"""(record class, time, host, connection, rule, further fields): what `append` takes.

Further fields are those of the class after `why`; for the kinds of SegmentRecord (packet, flow,
segment, fields after `ack`), and for Sent without `retransmission`: those are worked out on reading.
"""

R = TypeVar("R", bound=Record)


class TraceError(ValueError):
    """A file is not a trace that can be read; the message says where and what was expected."""


@dataclass(frozen=True, slots=True)
class HostHeader:
    """A host of the run: its name, its addresses, and the profile its endpoints follow."""

    name: str
    addresses: tuple[str, ...]
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """What a trace begins with.

    `title` and `source` are the scenario's question and where the answer stands; `seed` is the
    run's only chance; `links` are one sentence each, such as "client - server: 50ms each way".
    """

    title: str = ""
    source: str = ""
    scenario: str = ""
    seed: int = 0
    hosts: tuple[HostHeader, ...] = ()
    links: tuple[str, ...] = ()
    version: int = VERSION


class _Sender:
    """One direction of one incarnation of a connection: what it has sent so far.

    Positions count octets from the ISS and, unlike sequence numbers, never wrap.
    """

    __slots__ = ("answered", "connection", "end", "iss", "sendings")

    def __init__(self, iss: int, connection: int | None) -> None:
        self.iss = iss
        self.connection = connection
        self.end = 0
        self.answered = False  # whether the SYN has gone out with an ACK beside it
        self.sendings: dict[int, int] = {}

    def position(self, number: int) -> int:
        """Return where `number` lies, taking it for the one nearest to what was sent last."""
        return self.end + signed(number - self.iss - self.end)

    def answer(self, seg_len: int) -> bool:
        """Take note of a SYN,ACK; return whether it is the first, which repeats no segment, only a SYN."""
        if self.answered:
            return False
        self.answered = True
        self.sendings[0] = 1
        self.end = max(self.end, seg_len)
        return True

    def send(self, number: int, seg_len: int) -> int:
        """Take note of a segment with SEG.LEN > 0; return how often its first number was sent before."""
        start = self.position(number)
        earlier = self.sendings.get(start, 0)
        if not earlier and start < self.end:
            earlier = 1  # repackaged: it begins inside an earlier segment
        self.sendings[start] = earlier + 1
        self.end = max(self.end, start + seg_len)
        return earlier


class _Numbering:
    """Turns wire numbers into relative ones, and counts retransmissions, along the order of the trace.

    A flow whose SYN is not in the trace has no relative numbers: those of the wire stand.
    """

    __slots__ = ("inside", "senders")

    def __init__(self) -> None:
        self.senders: dict[Flow, _Sender] = {}
        self.inside: dict[tuple[str, int], tuple[str, int]] = {}  # by the public sockets that NATs gave for them

    def translated(self, flow: Flow) -> Flow:
        """Return the flow inside for one that has a public socket in it."""
        inside = self.inside
        return (*inside.get(flow[:2], flow[:2]), *inside.get(flow[2:], flow[2:]))

    def sent(self, flow: Flow, segment: Segment, connection: int | None) -> int:
        """Take note of a sent segment; return how often its first number was sent before."""
        sender = self.senders.get(flow)
        if segment.ctl & SYN and self._begins_anew(sender, segment.seq, connection):
            sender = self.senders[flow] = _Sender(segment.seq, connection)
        if sender is None or connection is None or not segment.seg_len:
            return 0
        if segment.ctl & SYN_ACK == SYN_ACK and sender.answer(segment.seg_len):
            return 0
        return sender.send(segment.seq, segment.seg_len)

    @staticmethod
    def _begins_anew(sender: _Sender | None, iss: int, connection: int | None) -> bool:
        """Return whether a SYN opens an incarnation: an injected one does not displace a connection's."""
        return sender is None or (connection is not None and (sender.iss, sender.connection) != (iss, connection))

    def base(self, flow: Flow, otherwise: int) -> int:
        """Return what the numbers of a flow count from, or `otherwise` if its SYN is not in the trace."""
        sender = self.senders.get(self.translated(flow))
        return otherwise if sender is None else sender.iss

    def relative(self, flow: Flow, segment: Segment) -> tuple[int, int | None]:
        """Return SEG.SEQ and SEG.ACK relative to the two ISS."""
        sender = self.senders.get(flow)
        seq = segment.seq if sender is None else sender.position(segment.seq)
        if not segment.ctl & ACK:
            return seq, None
        peer = self.senders.get((flow[2], flow[3], flow[0], flow[1]))
        return seq, segment.ack if peer is None else peer.position(segment.ack)


def signed(difference: int) -> int:
    """Return a difference of sequence numbers as the shorter way round, in [-2^31, 2^31)."""
    return ((difference + HALF) & MASK) - HALF


class Trace:
    """The record of a run. Iterate over it for records; `len` counts them.

    Attributes:
        header: what run this was.
        append: takes one row; see Row.
    """

    def __init__(self, header: Header | None = None) -> None:
        self.header = header or Header()
        self._rows: list[Row] = []
        self._records: list[Record] = []
        self._numbering = _Numbering()
        self.append: Callable[[Row], None] = self._rows.append

    @classmethod
    def of(cls, header: Header, records: list[Record]) -> Trace:
        """Return a trace of records that are made already, as a reader of files has them."""
        trace = cls(header)
        trace._records = records
        trace._rows.extend([()] * len(records))
        return trace

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        of = f" of {printable(self.header.scenario)}" if self.header.scenario else ""
        return f"<Trace{of}: {len(self)} records>"

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    @property
    def records(self) -> list[Record]:
        """Every record so far, in order."""
        rows, records = self._rows, self._records
        for serial in range(len(records), len(rows)):
            records.append(self._record(serial, rows[serial]))
            rows[serial] = ()  # its record says the same; a trace holds either
        return records

    def _record(self, serial: int, row: Row) -> Record:
        cls, time, host, connection, why = row[:5]
        if not issubclass(cls, SegmentRecord):
            further = row[5:]
            if issubclass(cls, Explanation):
                flow, iss, irs, *told = further
                peer = self._numbering.translated((*flow[2:], *flow[:2]))
                further = (flow, iss, self._numbering.base(peer, irs), *told)
            elif cls is Mapped and row[6] == "TCP":
                self._numbering.inside[row[8]] = row[7]
            made: Record = cls(time, serial, host, connection, why, *further)
            return made
        packet, flow, segment, *extra = row[5:]
        seq: int
        ack: int | None = None
        if segment.__class__ is Datagram:  # UDP's ports are its own: a TCP flow may have the same
            seq = 0
            extra += [0] if cls is Sent else []
        else:
            numbering = self._numbering
            own = flow if not numbering.inside else numbering.translated(flow)
            if cls is Sent:
                extra.append(numbering.sent(own, segment, connection))
            seq, ack = numbering.relative(own, segment)
        segment_record: Record = cls(time, serial, host, connection, why, packet, flow, segment, seq, ack, *extra)
        return segment_record

    # ------------------------------------------------------------------ questions

    def of_kind(self, kind: type[R], host: str | None = None) -> list[R]:
        """Return the records of one class, in order; of one host, if named."""
        return [r for r in self.records if isinstance(r, kind) and (host is None or r.host == host)]

    @property
    def last_row(self) -> Row:
        """What was appended last, while nobody has looked at it; else an empty row."""
        return self._rows[-1] if self._rows else ()

    @property
    def last_time(self) -> Time:
        """The time of the last record so far, 0 for an empty trace (nanoseconds)."""
        if not self._rows:
            return 0
        time: Time = self._rows[-1][1] if self._rows[-1] else self._records[-1].time
        return time

    @property
    def hosts(self) -> list[str]:
        """The names of the hosts: those of the header, else in order of appearance."""
        if self.header.hosts:
            return [host.name for host in self.header.hosts]
        return list(dict.fromkeys(record.host for record in self.records if record.host))

    # ------------------------------------------------------------------ files

    def to_jsonl(self) -> str:
        """Return the trace as JSON Lines: the header, then a line per record."""
        from .jsonl import dump

        return dump(self)

    def write(self, path: str | Path) -> None:
        """Write the trace to a file; OSError where that can't be done."""
        from .jsonl import lines

        with open(path, "w", encoding="ascii", newline="\n") as file:
            file.writelines(lines(self))

    @classmethod
    def read(cls, path: str | Path) -> Trace:
        """Read a trace from a file.

        Raises TraceError, with the line, for what is not one, and OSError where there is no file.
        """
        from .jsonl import read

        with open(path, "rb") as file:
            return read(file, shown_name(path))

    @property
    def digest(self) -> str:
        """The SHA-256 of the trace's JSON Lines: equal runs, equal digests."""
        from .jsonl import lines

        digest = hashlib.sha256()
        for line in lines(self):
            digest.update(line.encode("ascii"))
        return digest.hexdigest()
