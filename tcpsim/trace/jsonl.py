"""A trace as a file: JSON Lines, read back without loss.

Rule 1. The first line is the header; each further line is one record, in the order of the trace. A
        record's serial number is its place: 0 for the first line after the header.
Rule 2. Lines are ASCII, keys come in the order of the tables below, and numbers are whole. A key
        whose value would be nothing is left out. Equal traces are equal bytes.
Rule 3. A reader refuses a key that it does not know; who adds one raises the version.
Rule 4. Nothing that a file contains raises anything but TraceError, with the file, the line and what
        was expected there.

The header:

    format     "tcpsim trace"
    version    3; 2, which had no UDP and no explanation; or 1, which had no option but the MSS and no `ecn`; a later
               one is refused
    title      what the run shows, or ""
    source     where that stands, or ""
    scenario   the scenario's name or file, or ""
    seed       the seed of all chance in the run
    hosts      a list of {"name": ..., "addresses": [...], "profile": ...}
    links      a sentence for each link

Every record begins with:

    t          virtual time, nanoseconds; never earlier than in the line before
    kind       which of the kinds below
    host       the host at which it happened
    conn       that host's connection number (1, 2, ...), where a connection is concerned
    why        the id of the rule that is the reason, where an endpoint acted
    cite       where that rule stands; both or none

The kinds that concern a packet (sent, arrived, lost, duplicated, corrupted, held, discarded) go on:

    packet     the packet's number in the run; a copy bears its original's
    flow       [source address, source port, destination address, destination port]
    ctl        the control bits by name, `SYN,ACK`, or `none`
    seq        SEG.SEQ as on the wire
    ack        SEG.ACK as on the wire; left out without the ACK bit, if it is 0
    wnd        SEG.WND, octets
    len        octets of text
    text       the text, one character (U+0000 to U+00FF) per octet; left out where octets are only counted
    options    the options, {"mss": octets, ...} as below; left out where there are none
    up         the urgent pointer; left out without the URG bit, if it is 0
    ecn        the ECN field of the IP header, 0 to 3 (RFC 3168 5); left out if it is 0
    rseq       SEG.SEQ counted from the sender's ISS
    rack       SEG.ACK counted from the ISS of the host it is sent to; left out without the ACK bit

A packet with a UDP datagram has, behind `flow`, these instead:

    protocol   "UDP"
    len        octets of data
    text       the data, as above

The options, each left out where it is not carried:

    mss        octets
    wscale     the shift
    sack_ok    true
    ts         [TSval, TSecr]
    sack       a list of [first number, number after the last], as on the wire
    fastopen   the cookie, one character (U+0000 to U+00FF) per octet; "" asks for one
    others     a list of [kind, what follows the length octet, as text]
    kinds      the layout, by the names of `tcp.options.KINDS`; left out where it is the canonical one

What follows depends on the kind:

    sent           to (a host), retransmission (how often its first number was sent before)
    arrived
    lost           by (who dropped it, and why), due (when it would have arrived)
    duplicated     by, due (when the copy arrives)
    corrupted      by
    held           by, due
    discarded
    moved          source, target (states), event
    timer set      timer, deadline
    timer stopped  timer
    timer fired    timer
    called         call, error (in the RFC's words, or "")
    signalled      what, detail
    delivered      len, text, pushed, urgent, total (octets so far)
    checked        flow, iss, irs, event, packet, state, checks, agreed (see below)
    changed        flow, iss, irs, changes (see below)
    note           text
    mapped         text, protocol ("TCP" or "UDP"), inside, outside (each [address, port])
    ended          reason

Checked and changed are only in the trace of an explained run (`tcpsim run --explain --trace FILE`), each before what
follows from its event:

    flow       as above, of the packets that the connection sends
    iss, irs   what relative numbers count from, ours and the peer's
    event      "SEGMENT ARRIVES", "USER CALL" or "TIMEOUT"
    packet     the number of the packet that arrived, or 0
    state      the state in which the event found the connection
    checks     a list of {"name", "cite", "question", "values", "answer", "passed", "decided", "why"}, as
               `tcp.checks.Check` has them; `values` is a list of [variable, number, base], base being "iss", "irs" or
               ""; `answer` is null where nothing is asked; `why` is left out where the check brings about nothing
    agreed     whether the host did what the check that decided says
    changes    a list of [variable, before, after]: whole numbers, texts, true, false, or null for no value
"""

from __future__ import annotations

import codecs
import io
import json
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn, TypeVar

from ..tcp.rules import CATALOGUE, Rule
from ..tcp.segment import ACK, URG, Segment, ctl_name
from . import records as kinds
from .columns import COLUMNS as _COLUMNS
from .columns import KINDS as _KINDS
from .columns import MOST as _MOST
from .columns import UDP
from .columns import control as _control
from .columns import count as _count
from .columns import ecn as _ecn
from .columns import flow as _flow
from .columns import host_header as _host_header
from .columns import number as _number
from .columns import ordinal as _ordinal
from .columns import protocol as _protocol
from .columns import relative as _relative
from .columns import short as _short
from .columns import time as _time
from .datagram import Datagram
from .trace import VERSION, Header, Trace, TraceError
from .values import Unexpected as _Unexpected
from .values import any_whole as _any_whole
from .values import list_of as _list_of
from .values import octets as _octets
from .values import options as _options
from .values import word as _word
from .values import write_options as _write_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .records import Record

FORMAT: Final = "tcpsim trace"
MAX_LINE: Final = 32 << 20
"""The longest line that is read, octets: room for five megabytes of any text delivered at once."""
MAX_RECORDS: Final = 10_000_000
"""How many records are read: as many as a run has events at most."""

T = TypeVar("T")


# ---------------------------------------------------------------------- writing

_encode: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def dump(trace: Trace) -> str:
    """Return the trace as JSON Lines; every line ends in a newline."""
    return "".join(lines(trace))


def lines(trace: Trace) -> Iterator[str]:
    """Yield the lines of the trace's file, each with its newline."""
    yield _encode(_header_entry(trace.header)) + "\n"
    for record in trace.records:
        yield _encode(_entry(record)) + "\n"


def _header_entry(header: Header) -> dict[str, object]:
    hosts = [{"name": host.name, "addresses": host.addresses, "profile": host.profile} for host in header.hosts]
    return {
        "format": FORMAT,
        "version": header.version,
        "title": header.title,
        "source": header.source,
        "scenario": header.scenario,
        "seed": header.seed,
        "hosts": hosts,
        "links": header.links,
    }


def _entry(record: Record) -> dict[str, object]:
    entry: dict[str, object] = {"t": record.time, "kind": record.kind, "host": record.host}
    if record.connection is not None:
        entry["conn"] = record.connection
    if record.why is not None:
        entry["why"] = record.why.id
        entry["cite"] = record.why.cite
    if isinstance(record, kinds.SegmentRecord):
        _write_segment(record, entry)
    for column in _COLUMNS[type(record)]:
        value = getattr(record, column.attribute)
        if column.write is not None:
            value = column.write(value)
        if value is not None:
            entry[column.key] = value
    return entry


def _write_segment(record: kinds.SegmentRecord, entry: dict[str, object]) -> None:
    segment = record.segment
    entry["packet"] = record.packet
    entry["flow"] = record.flow
    if isinstance(segment, Datagram):
        entry["protocol"] = UDP
        entry["len"] = segment.length
        if segment.text is not None:
            entry["text"] = segment.text.decode("latin-1")
        return
    entry["ctl"] = ctl_name(segment.ctl)
    entry["seq"] = segment.seq
    if segment.ctl & ACK or segment.ack:
        entry["ack"] = segment.ack
    entry["wnd"] = segment.wnd
    entry["len"] = segment.length
    if segment.text is not None:
        entry["text"] = segment.text.decode("latin-1")
    if segment.options is not None:
        entry["options"] = _write_options(segment.options)
    if segment.ctl & URG or segment.up:
        entry["up"] = segment.up
    if segment.ecn:
        entry["ecn"] = segment.ecn
    entry["rseq"] = record.seq
    if record.ack is not None:
        entry["rack"] = record.ack


# ---------------------------------------------------------------------- reading


def load(data: bytes, name: str) -> Trace:
    """Return the trace that a file's octets hold; `name` is the file's, for messages.

    Raises TraceError for anything that is not a trace; its message begins `name:line: expected`.
    """
    return read(io.BytesIO(data), name)


def read(file: BinaryIO, name: str) -> Trace:
    """Return the trace that a file open for reading octets holds, as `load` does."""
    return _Reader(name).read(file)


def _refuse_constant(_constant: str) -> NoReturn:
    raise _Unexpected("whole numbers only")


_decode: Final = json.JSONDecoder(parse_float=_refuse_constant, parse_constant=_refuse_constant).decode


class _Entry:
    """A line's JSON object, taken apart key by key; what is left at the end was not expected."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def take(self, key: str, read: Callable[[object], T]) -> T:
        """Return the value of a key; raise _Unexpected if it is not there or not as it should be."""
        if key not in self.values:
            raise _Unexpected(f"the key {key!r}")
        value = self.values.pop(key)
        try:
            return read(value)
        except _Unexpected as error:
            raise _Unexpected(f"{error} as {key!r}, not {_glimpse(value)}") from None

    def take_if_there(self, key: str, read: Callable[[object], T]) -> T | None:
        """Return the value of a key, or None where the line does not have it."""
        return self.take(key, read) if key in self.values else None

    def finish(self) -> None:
        """Raise _Unexpected if a key was not taken."""
        for key in self.values:
            raise _Unexpected(f"no key {_glimpse(key)} here")


def _glimpse(value: object) -> str:
    """Return a value as JSON writes it, cut short."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and not -_MOST <= value <= _MOST:
        return "a huge number"
    text = json.dumps(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 50 else text[:47] + '..."'


_CITE: Final = re.compile(r"(RFC \d+) (.*?)(?:, ((?:MUST|SHLD|MAY)-.*))?", re.DOTALL)


def _mutants_rule(id: str) -> Rule | None:
    """Return the rule of a mutant, or None if this is no such rule."""
    if not id.startswith("mutant."):
        return None
    from ..tcp.mutants import MUTANTS

    mutant = MUTANTS.get(id.removeprefix("mutant."))
    return None if mutant is None else mutant.rule


def _unknown_rule(id: str, cite: str) -> Rule:
    """Return a rule that this version does not have, as far as a trace tells of it."""
    match = _CITE.fullmatch(cite)
    rfc, section, requirement = match.groups() if match else (*cite.partition(" ")[::2], "")
    return Rule(id, rfc, section, requirement or "", "A rule that this version of tcpsim does not have.")


class _Reader:
    """Reads one file: knows the line it is at, and the rules, segments and hosts seen so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line = 0
        self.time = 0
        self.hosts: set[str] = set()
        self.rules: dict[tuple[str, str], Rule] = {}
        self.segments: dict[int, Segment] = {}

    def read(self, file: BinaryIO) -> Trace:
        """Return the trace in the file."""
        try:
            header = self._header(self._object(self._next_line(file)))
            self.hosts = {host.name for host in header.hosts}
            read: list[Record] = []
            while line := self._next_line(file):
                if len(read) >= MAX_RECORDS:
                    raise _Unexpected(f"at most {MAX_RECORDS} records")
                read.append(self._record(self._object(line), len(read)))
        except _Unexpected as error:
            raise TraceError(f"{self.name}:{self.line}: expected {error}") from None
        return Trace.of(header, read)

    def _next_line(self, file: BinaryIO) -> bytes:
        self.line += 1
        line = file.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise _Unexpected(f"a line of at most {MAX_LINE >> 20} MiB")
        return line

    def _object(self, line: bytes) -> _Entry:
        values: object = None
        try:
            values = _decode(line.decode("utf-8"))
        except RecursionError:
            raise _Unexpected("values nested three deep at most") from None
        except ValueError:  # not UTF-8, not JSON, or a number of thousands of digits
            pass
        if self.line == 1 and (not isinstance(values, dict) or values.get("format") != FORMAT):
            raise _Unexpected(f'the header {{"format":"{FORMAT}", ...}} of a trace; {_why_no_header(line, values)}')
        if isinstance(values, dict):
            return _Entry(values)
        whole = line.endswith(b"\n")
        cut = "" if whole else "; the file was cut short in it: without this line, what stands before it can be read"
        raise _Unexpected(f"a JSON object on this line{cut}")

    def _header(self, entry: _Entry) -> Header:
        entry.take("format", _word)
        version = entry.take("version", _any_whole)
        if not 1 <= version <= VERSION:
            later = ": a later tcpsim wrote this trace" if version > VERSION else ""
            raise _Unexpected(f"version {VERSION} of the format, not {_glimpse(version)}{later}")
        header = Header(
            title=entry.take("title", _word),
            source=entry.take("source", _word),
            scenario=entry.take("scenario", _word),
            seed=entry.take("seed", _any_whole),
            hosts=entry.take("hosts", _list_of(_host_header)),
            links=entry.take("links", _list_of(_word)),
            version=version,
        )
        entry.finish()
        return header

    def _record(self, entry: _Entry, serial: int) -> Record:
        time = entry.take("t", _time)
        if time < self.time:
            raise _Unexpected(f"a time of {self.time} or later as 't', not {time}: records stand in order")
        self.time = time
        cls = entry.take("kind", _kind)
        host = entry.take("host", self._host)
        connection = entry.take_if_there("conn", _ordinal)
        why = self._rule(entry)
        fields: list[Any] = []
        if issubclass(cls, kinds.SegmentRecord):
            fields += self._segment_fields(entry, keep=cls is kinds.Sent, why=why)
        for column in _COLUMNS[cls]:
            if column.read is _octets:
                fields.append(_text_of(entry, fields[-1]))
            else:
                fields.append(entry.take(column.key, self._host if column.key == "to" else column.read))
        entry.finish()
        return cls(time, serial, host, connection, why, *fields)

    def _host(self, value: object) -> str:
        host = _word(value)
        if host and self.hosts and host not in self.hosts:
            raise _Unexpected("the name of a host in the header")
        return host

    def _rule(self, entry: _Entry) -> Rule | None:
        if "why" not in entry.values:
            return None
        name, cite = entry.take("why", _word), entry.take("cite", _word)
        if name in CATALOGUE:
            return CATALOGUE[name]
        if (name, cite) not in self.rules:
            self.rules[name, cite] = _mutants_rule(name) or _unknown_rule(name, cite)
        return self.rules[name, cite]

    def _segment_fields(self, entry: _Entry, *, keep: bool, why: Rule | None) -> list[Any]:
        packet = entry.take("packet", _count)
        flow = entry.take("flow", _flow)
        if entry.take_if_there("protocol", _protocol) is not None:
            octets = entry.take("len", _short)
            datagram = Datagram(octets, _text_of(entry, octets), why if keep else None)
            return [packet, flow, self._shared(packet, datagram, keep), 0, None]
        ctl = entry.take("ctl", _control)
        seq = entry.take("seq", _number)
        ack = entry.take("ack", _number) if ctl & ACK else entry.take_if_there("ack", _number) or 0
        wnd, length = entry.take("wnd", _short), entry.take("len", _number)
        text = _text_of(entry, length)
        options = entry.take_if_there("options", _options)
        up = entry.take("up", _short) if ctl & URG else entry.take_if_there("up", _short) or 0
        ecn = entry.take_if_there("ecn", _ecn) or 0
        segment = Segment(seq, ack, ctl, wnd, length, text, why if keep else None, options, up, ecn)
        relative = entry.take("rseq", _relative), entry.take("rack", _relative) if ctl & ACK else None
        return [packet, flow, self._shared(packet, segment, keep), *relative]

    def _shared(self, packet: int, segment: Segment, keep: bool) -> Segment:
        """Return the packet's segment as it was sent, if it is that one: the records of a packet share it."""
        if keep:
            self.segments[packet] = segment
            return segment
        sent = self.segments.get(packet)
        return sent if sent == segment else segment


_WRITES_ONE: Final = "`tcpsim run SCENARIO --trace FILE` writes one"


def _why_no_header(line: bytes, values: object) -> str:
    """Return why a file's first line is no header, as far as can be seen, and what to do about it."""
    if not line:
        return f"the file is empty: {_WRITES_ONE}"
    if line.startswith(codecs.BOM_UTF8):
        return "a byte order mark stands in front of it: save the file as UTF-8 without one"
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "the file is in UTF-16: save it as UTF-8"
    if isinstance(values, dict) and "t" in values and "kind" in values:
        return f"this is a record already, the first line is missing: {_WRITES_ONE} that is whole"
    if line.startswith(b'{"format"') and values is None:
        return f"the file was cut short in its first line: {_WRITES_ONE} that is whole"
    return f"this is no trace: {_WRITES_ONE}"


def _kind(value: object) -> type[Record]:
    cls = _KINDS.get(value) if isinstance(value, str) else None
    if cls is None:
        raise _Unexpected(f"a kind of record ({', '.join(_KINDS)})")
    return cls


def _text_of(entry: _Entry, length: int) -> bytes | None:
    text = entry.take_if_there("text", _octets)
    if text is not None and len(text) != length:
        raise _Unexpected(f"a text of {length} octets, as 'len' says, not of {len(text)}")
    return text
