"""What a finished run has to show: its records, sorted into what expectations ask about.

A party of a phrase means: a host, all that happens at it; a numbered or named connection, what happens
to that one. Where one path or one text is asked for, a host stands for its latest connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..trace import Called, Delivered, Ended, Moved, Record, Signalled, TimerFired, TimerSet, TimerStopped, flights
from .moments import EntersState, Occurrence, Signals, TimerActs
from .sights import Seen, Sight

if TYPE_CHECKING:
    from ..trace import Trace
    from .words import Party

_TIMER_RECORDS = {"set": TimerSet, "stopped": TimerStopped, "fired": TimerFired}


@dataclass(slots=True)
class Names:
    """Who is who: hosts, and the connections that the script has named so far."""

    hosts: tuple[str, ...]
    connections: dict[str, tuple[str, int]] = field(default_factory=dict)

    def meant(self, party: Party) -> tuple[str, int | None] | None:
        """Return a party's host, and its connection if one is meant; None for a name not given yet."""
        if party.name in self.hosts:
            return party.name, party.number
        return self.connections.get(party.name)

    def concerns(self, party: Party | None, host: str, connection: int | None) -> bool:
        """Return whether what happens to a connection of a host happens to the party (None: anybody)."""
        if party is None:
            return True
        meant = self.meant(party)
        return meant is not None and meant[0] == host and meant[1] in (None, connection)


def sightings(trace: Trace) -> list[Seen]:
    """Return every segment that was sent, in order of sending, with what became of it."""
    originals = {}
    copied = set()
    for flight in flights(trace):
        if flight.copy:
            copied.add(flight.packet)
        else:
            originals[flight.packet] = flight
    seen = []
    for packet, flight in originals.items():
        marks = {flight.fate} if flight.fate != "under way" else set()
        marks |= {"duplicated"} if packet in copied else set()
        marks |= {"delayed"} if flight.held else set()
        marks |= {"retransmission"} if flight.retransmission else set()
        told = (flight.segment, flight.seq, flight.ack, frozenset(marks), flight.serial)
        seen.append(Seen(flight.source, flight.connection, flight.target, flight.sent_at, *told))
    return seen


class Evidence:
    """The records of a run, ready to be asked.

    Attributes:
        names: who is who.
        trace: the record of the run.
        records: all, in order.
        seen: every segment sent.
        ended: how the run ended: "idle", "until", "event limit", "record limit" or "interrupted".
    """

    def __init__(self, trace: Trace, names: Names) -> None:
        self.names = names
        self.trace = trace
        self.records: list[Record] = trace.records
        self.seen = sightings(trace)
        last = self.records[-1] if self.records else None
        self.ended = last.reason if isinstance(last, Ended) else "under way"

    @property
    def last_serial(self) -> int | None:
        """The serial of the last record; None if there is none."""
        return self.records[-1].serial if self.records else None

    def of_party(self, party: Party, kinds: tuple[type[Record], ...]) -> list[Record]:
        """Return the party's records of some kinds, in order."""
        return [
            record
            for record in self.records
            if isinstance(record, kinds) and self.names.concerns(party, record.host, record.connection)
        ]

    def one_connection(self, party: Party) -> tuple[str, int] | None:
        """Return the one connection that a party stands for; None if there is none.

        For a host that is the one of the highest number that ever changed state.
        """
        meant = self.names.meant(party)
        if meant is None:
            return None
        host, number = meant
        if number is None:
            moved = [r.connection for r in self.records if isinstance(r, Moved) and r.host == host and r.connection]
            number = max(moved, default=None)
        return None if number is None else (host, number)

    def path(self, party: Party) -> list[Moved]:
        """Return the moves of the party's one connection."""
        one = self.one_connection(party)
        return [r for r in self.records if isinstance(r, Moved) and (r.host, r.connection) == one]

    def delivered(self, party: Party) -> list[Delivered]:
        """Return what was handed to the application on the party's one connection."""
        one = self.one_connection(party)
        return [r for r in self.records if isinstance(r, Delivered) and (r.host, r.connection) == one]

    def datagrams(self, party: Party) -> list[Delivered]:
        """Return the UDP datagrams that were handed to the party's application."""
        found = self.of_party(party, (Delivered,))
        return [r for r in found if isinstance(r, Delivered) and r.connection is None]

    def signals(self, party: Party) -> list[Signalled]:
        """Return what the party's application was told."""
        return [r for r in self.of_party(party, (Signalled,)) if isinstance(r, Signalled)]

    def errors(self, party: Party) -> list[Called]:
        """Return the party's calls that returned an error."""
        return [r for r in self.of_party(party, (Called,)) if isinstance(r, Called) and r.error]

    def timer_records(self, acts: TimerActs) -> list[TimerSet | TimerStopped | TimerFired]:
        """Return the records in which the timer does what the phrase says, at whatever time."""
        found = self.of_party(acts.party, (_TIMER_RECORDS[acts.verb],))
        return [r for r in found if isinstance(r, (TimerSet, TimerStopped, TimerFired)) and r.timer == acts.timer]

    def occurrences(self, occurrence: Occurrence) -> list[Seen | Record]:
        """Return every time that something happened."""
        match occurrence:
            case Sight():
                return [s for s in self.seen if self.concerns(occurrence, s) and not occurrence.differences(s)]
            case EntersState():
                moves = self.of_party(occurrence.party, (Moved,))
                return [r for r in moves if isinstance(r, Moved) and r.target is occurrence.target]
            case Signals():
                return [r for r in self.signals(occurrence.party) if r.what == occurrence.what]
            case TimerActs():
                return list(self.timer_records(occurrence))

    def concerns(self, sight: Sight, seen: Seen) -> bool:
        """Return whether a segment was sent by whom the sight speaks of."""
        return self.names.concerns(sight.party, seen.host, seen.connection)
