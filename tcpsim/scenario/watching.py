"""Watching a run for events: for a step that waits for one, and for a fault that begins after one.

A watch is shown every record once, in order, and says at which of them its event happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..trace import (
    Arrived,
    Delivered,
    Moved,
    Record,
    SegmentRecord,
    Sent,
    Signalled,
    TimerFired,
    TimerSet,
    TimerStopped,
)
from .moments import AtTime, EntersState, Event, HasReceived, Passes, Signals, TimerActs
from .sights import Seen

if TYPE_CHECKING:
    from ..trace import Trace
    from .evidence import Names

_TIMER_VERBS: Final[dict[type[Record], str]] = {TimerSet: "set", TimerStopped: "stopped", TimerFired: "fired"}


class Watch:
    """Waits for one event.

    Attributes:
        happened: whether it has happened.
        times: how often something like it has happened so far: the event may be the 2nd or 3rd.
    """

    def __init__(self, event: Event, names: Names) -> None:
        self.event = event
        self.names = names
        self.happened = False
        self.times = 0

    def see(self, record: Record) -> bool:
        """Take note of a record; return whether the event happens with it."""
        if self.happened or not self._is_like(record):
            return False
        self.times += 1
        self.happened = self.times >= getattr(self.event, "nth", 1)
        return self.happened

    def _is_like(self, record: Record) -> bool:
        event = self.event
        match event:
            case AtTime():
                return record.time >= event.time
            case Passes():
                return self._passes(event, record)
            case EntersState():
                like = isinstance(record, Moved) and record.target is event.target
            case HasReceived():
                like = isinstance(record, Delivered) and record.total >= event.octets
            case Signals():
                like = isinstance(record, Signalled) and record.what == event.what
            case TimerActs():
                verb = _TIMER_VERBS.get(type(record))
                like = verb == event.verb and getattr(record, "timer", "") == event.timer
        return like and self.names.concerns(event.party, record.host, record.connection)

    def _passes(self, event: Passes, record: Record) -> bool:
        wanted = Arrived if event.arriving else Sent
        if not isinstance(record, wanted):
            return False
        sight = event.sight
        return self.names.concerns(sight.party, record.host, record.connection) and not sight.differences(
            seen_now(record)
        )


def seen_now(record: SegmentRecord) -> Seen:
    """Return what can be told of a segment while it is under way."""
    sent = record if isinstance(record, Sent) else None
    again = frozenset({"retransmission"}) if sent is not None and sent.retransmission else frozenset()
    return Seen(
        record.host, record.connection, "" if sent is None else sent.to, record.time, record.segment, record.seq,
        record.ack, again, record.serial,
    )  # fmt: skip


class Since:
    """Whether an event has happened before the packet that is being sent: a fault asks it of each packet."""

    def __init__(self, watch: Watch, trace: Trace) -> None:
        self._watch = watch
        self._trace = trace
        self._next = 0

    def __call__(self) -> bool:
        """Return whether it has happened."""
        records = self._trace.records
        # The last record is that the packet in question was sent: it can't lie behind itself.
        end = len(records) - isinstance(records[-1], Sent) if records else 0
        for record in records[self._next : end]:
            self._watch.see(record)
        self._next = max(end, self._next)
        return self._watch.happened


def first_of(event: Event, trace: Trace, names: Names) -> int | None:
    """Return the serial number of the record with which an event of a finished run happens; None if it never does."""
    watch = Watch(event, names)
    return next((record.serial for record in trace.records if watch.see(record)), None)
