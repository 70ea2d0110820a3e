"""A run as happenings: an arrival, a call or a timeout at one host, with everything that follows from it at once.

Rule 1. Every record belongs to one happening, and happenings stand in the order of the trace.
Rule 2. What an application does when it is told something is a happening of its own.
Rule 3. What the network does with a packet belongs to its sending, if that was decided at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..trace import (
    Arrived,
    Called,
    Changed,
    Checked,
    Corrupted,
    Duplicated,
    Ended,
    Explanation,
    Held,
    Lost,
    Mapped,
    Note,
    Sent,
    TimerFired,
    stranger,
)

if TYPE_CHECKING:
    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Record, Trace

_OPENING = (Arrived, Corrupted, Called, Note, Ended)
_UNDER_WAY = (Lost, Duplicated, Held)


@dataclass(slots=True)
class Happening:
    """An event of RFC 9293 3.10 at one host, and what follows from it.

    Attributes:
        records: all of its records, in order; the first one's serial number is the happening's.
        checked: what it was asked, or None.
        changed: what it changed: of one connection, and now and then of another that gives way to it.
    """

    records: list[Record]
    checked: Checked | None = None
    changed: list[Changed] = field(default_factory=list)

    @property
    def serial(self) -> int:
        """The number by which it is told."""
        return self.records[0].serial

    @property
    def time(self) -> Time:
        """When it happened, nanoseconds."""
        return self.records[0].time

    @property
    def host(self) -> str:
        """Where it happened."""
        return self.records[0].host

    @property
    def opening(self) -> Record:
        """The record that tells what happened: the arrival, the call, the timer that fired."""
        plain = [record for record in self.records if not isinstance(record, Explanation)]
        if isinstance(self.records[0], Explanation):
            return next((record for record in plain if isinstance(record, TimerFired)), [*plain, self.records[0]][0])
        return self.records[0]

    @property
    def follows(self) -> list[Record]:
        """The records behind the opening one, without the explanation."""
        opening = self.opening
        return [record for record in self.records if record is not opening and not isinstance(record, Explanation)]

    @property
    def reason(self) -> Rule | None:
        """The rule that the deciding check brings about, or None; of who did otherwise, that of the first action."""
        if self.checked is not None and self.checked.agreed:
            return self.checked.checks[-1].why
        return next((record.why for record in self.records if record.why is not None), None)

    def takes(self, record: Record) -> bool:
        """Return whether a record that comes next belongs to this happening."""
        injected = isinstance(record, Sent) and stranger(record.connection, record.why) is not None
        opens = isinstance(record, _OPENING) and not isinstance(record, Mapped)
        if opens or injected or record.time != self.time:
            return False
        if isinstance(record, Checked):
            return record.event != "TIMEOUT" and self.checked is None and record.host == self.host
        if isinstance(record, TimerFired) and (self.checked is None or self.checked.event != "TIMEOUT"):
            return False
        if isinstance(record, _UNDER_WAY):
            return any(getattr(each, "packet", None) == record.packet for each in self.records)
        return record.host == self.host


def happenings(trace: Trace) -> list[Happening]:
    """Return all that happened in a run; takes time in proportion to its length."""
    told: list[Happening] = []
    for record in trace.records:
        if not told or not told[-1].takes(record):
            told.append(Happening([record]))
        else:
            told[-1].records.append(record)
        if isinstance(record, Checked):
            told[-1].checked = record
        elif isinstance(record, Changed):
            told[-1].changed.append(record)
    return told


def happening_at(trace: Trace, serial: int) -> Happening:
    """Return the happening to which the record with this serial number belongs; ValueError if there is none."""
    check_serial(trace, serial)
    return next(each for each in reversed(happenings(trace)) if each.serial <= serial)


def check_serial(trace: Trace, serial: int) -> None:
    """Raise ValueError where a trace has no such record; the message says which there are."""
    if not 0 <= serial < len(trace):
        known = f"expected a number from 0 to {len(trace) - 1}" if len(trace) else "the trace is empty"
        raise ValueError(f"no event {serial} in this trace: {known}")


def is_explained(trace: Trace) -> bool:
    """Return whether a trace tells of checks and changes."""
    return any(isinstance(record, Explanation) for record in trace.records)
