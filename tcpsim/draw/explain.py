"""A trace told in words, record by record: what happened, the rule that is its reason, where the rule stands.

Rule 1. Every record is told, in order, under its serial number; nothing is summed up.
Rule 2. The reason is the rule's own sentence from the catalogue; none is made up here.
Rule 3. The trace of an explained run tells more, happening by happening: see `explain_events`.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from ..tcp.actions import SIGNALS, TIMERS
from ..trace import (
    Arrived,
    Called,
    Corrupted,
    Datagram,
    Delivered,
    Discarded,
    Duplicated,
    Ended,
    Held,
    Lost,
    Moved,
    Note,
    Record,
    SegmentRecord,
    Sent,
    Signalled,
    TimerFired,
    TimerSet,
    TimerStopped,
    flights,
    stranger,
)
from .happenings import check_serial, is_explained
from .scene import ENDINGS, set_aside
from .words import Clock, clean, header_fields, numbers, octets, span, to_ascii

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..trace import Trace

INDENT: Final = 4


def explain_text(trace: Trace, event: int | None = None, *, width: int = 80, ascii: bool = False) -> str:
    """Return what happened in a run, event by event, each with its reason.

    Args:
        trace: the run.
        event: only the record with this serial number, and everything that is known about it; in an
            explained run, all of the happening to which it belongs.
        width: lines are wrapped to so many columns; less than 60 is taken as 60.
        ascii: use ASCII characters only.

    Raises:
        ValueError: there is no such record; the message says which there are.
    """
    if event is not None:
        check_serial(trace, event)
    if is_explained(trace):
        from .explain_events import explained_lines

        return "".join(f"{line.plain}\n" for line in explained_lines(trace, event, width=width, ascii=ascii))
    records = trace.records
    clock = Clock({record.time for record in records})
    wide = max(width, 60)
    chosen = records if event is None else [records[event]]
    serial_width = len(str(len(records)))
    blocks = [_block(record, clock, serial_width, wide) for record in chosen]
    if event is not None:
        blocks.append(_told(known_about(trace, records[event], clock), wide))
    text = "".join(f"{line}\n" for block in blocks for line in block)
    return to_ascii(text) if ascii else text


def happened(record: Record, clock: Callable[[int], str]) -> str:
    """Return what a record says, as one sentence without its reason."""
    host = clean(record.host, 40)
    if isinstance(record, SegmentRecord):
        return _segment_happened(record, host, clock)
    match record:
        case Moved(source=source, target=target, event=event):
            return f"{host} moves from {source} to {target}: {event}"
        case TimerSet(timer=timer, deadline=deadline):
            lasts = span(deadline - record.time)
            return f"{host} starts its {clean(timer, 40)} timer: {lasts}, until {clock(deadline)}"
        case TimerStopped(timer=timer):
            return f"{host} stops its {clean(timer, 40)} timer"
        case TimerFired(timer=timer):
            return f"{host}'s {clean(timer, 40)} timer expires"
        case Called(call=call, error=error):
            return f"the application at {host} calls {clean(call)}{': ' + clean(error) if error else ''}"
        case Signalled(what=what, detail=detail):
            return f"{host} tells its application: {clean(what)}{' (' + clean(detail) + ')' if detail else ''}"
        case Delivered(length=length, connection=None):
            return f"{host} hands a datagram of {octets(length)} to its application, whole"
        case Delivered(length=length, total=total):
            return f"{host} hands {length} octets to its application, {total} in all"
        case Note(text=text):
            return f"note: {clean(text)}"
        case Ended(reason=reason):
            return f"the run ends: {ENDINGS.get(reason, clean(reason))}"
        case _:
            return f"{host}: {record.kind}"


def _segment_happened(record: SegmentRecord, host: str, clock: Callable[[int], str]) -> str:
    words = numbers(record)
    match record:
        case Sent(to=to) if (maker := stranger(record.connection, record.why)) is not None:
            by = f" by the {maker}, as if it came from {host}" if maker else f" at {host}"
            return f"{words} is injected{by}{f', on its way to {clean(to, 40)}' if to else ''}"
        case Sent(to=to, retransmission=again):
            receiver = f" to {clean(to, 40)}" if to else ""
            return f"{host} sends {words}{receiver}{f' (retransmission {again})' if again else ''}"
        case Arrived():
            return f"{words} arrives at {host}"
        case Lost(by=by, due=due):
            return f"{words} from {host} is lost: {clean(by)}; it was due at {clock(due)}"
        case Duplicated(by=by, due=due):
            return f"the network copies {words} from {host}: {clean(by)}; the copy is due at {clock(due)}"
        case Held(by=by, due=due):
            return f"{words} from {host} is held back: {clean(by)}; it is due at {clock(due)}"
        case Corrupted(by=by):
            return f"{words} arrives at {host} with a wrong checksum and is discarded: {clean(by)}"
        case Discarded():
            does = "does not use" if record.why is None else set_aside(record.why)[1]
            return f"{host} {does} {words}"
        case _:
            return f"{words} at {host}: {record.kind}"


def _block(record: Record, clock: Callable[[int], str], serial_width: int, width: int) -> list[str]:
    """Return one record as lines: its serial, time and sentence, then its reason."""
    start = f"{record.serial:{serial_width}}  {clock(record.time)}  "
    indent = " " * (serial_width + INDENT)
    lines = textwrap.wrap(start + happened(record, clock), width, subsequent_indent=indent, break_on_hyphens=False)
    why = _reason(record)
    if why:
        lines += textwrap.wrap(why, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    return lines


def _reason(record: Record) -> str:
    if record.why is not None:
        return f"{record.why.sentence} ({record.why.cite})"
    if isinstance(record, Corrupted) and isinstance(record.segment, Datagram):
        return "The checksum covers header and data; a datagram that fails it is discarded. (RFC 1122 4.1.3.4)"
    if isinstance(record, Corrupted):
        return "The checksum covers header and text, and the receiver must check it. (RFC 9293 3.1, MUST-3)"
    return ""


def known_about(trace: Trace, record: Record, clock: Callable[[int], str]) -> list[str]:
    """Return what else there is to say about one record."""
    facts: list[str] = []
    if record.connection is not None:
        facts.append(f"connection {record.connection} of {clean(record.host, 40)}")
    if record.why is not None:
        facts.append(f"rule {record.why.id}")
    if isinstance(record, SegmentRecord):
        facts += _segment_facts(trace, record, clock)
    if isinstance(record, (TimerSet, TimerStopped, TimerFired)) and record.timer in TIMERS:
        facts.append(f"what the timer is for: {TIMERS[record.timer]}")
    if isinstance(record, Signalled) and record.what in SIGNALS:
        facts.append(f"what the signal means: {SIGNALS[record.what]}")
    return facts


def _told(facts: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for fact in facts:
        lines += textwrap.wrap(f"- {fact}", width, initial_indent=" " * INDENT, subsequent_indent=" " * (INDENT + 2))
    return lines


def _segment_facts(trace: Trace, record: SegmentRecord, clock: Callable[[int], str]) -> list[str]:
    source, source_port, target, target_port = record.flow
    facts = [
        f"packet {record.packet}, {clean(source)}:{source_port} to {clean(target)}:{target_port}",
        f"on the wire {record.segment!r}, {header_fields(record)}".rstrip(", "),
    ]
    for flight in flights(trace):
        if flight.packet == record.packet:
            name = f"copy {flight.copy}" if flight.copy else "the packet"
            when = f" at {clock(flight.ends_at)}" if flight.ends_at is not None and flight.fate != "lost" else ""
            by = f" ({clean(flight.by)})" if flight.by else ""
            facts.append(f"{name} left at {clock(flight.sent_at)}: {flight.fate}{when}{by}")
    return facts
