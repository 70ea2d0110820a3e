"""What there is to draw of a trace, without any geometry: hosts, arrows, states, timers, remarks.

Rule 1. A moment is (time, serial). Every drawing puts moments in this order, and in no other.
Rule 2. A segment lost on the way dies half way to where and when it was due.
Rule 3. What is left out (a window, a limit, a lower detail) is counted and said, never silent: above
        the drawing what came before it, below the drawing what follows. What is said of the rest is true
        of the rest: no sum counts what a reader does not see without saying so.
Rule 4. Silence is time in which no packet is under way; of other time it is said which packets are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeGuard

from ..tcp.diagram import CLOSED
from ..tcp.rules import (
    DUPLICATE_SYN_ANSWERED,
    FIN_AGAIN,
    FIN_HELD,
    SYN_ACK_CROSSED,
    TEXT_HELD,
    TRIMMED,
    ZERO_WINDOW_ANSWERED,
)
from ..tcp.segment import ACK, RST
from ..trace import (
    Called,
    Datagram,
    Delivered,
    Ended,
    Moved,
    Note,
    SegmentRecord,
    Sent,
    Signalled,
    TimerFired,
    TimerSet,
    TimerStopped,
    flights,
    stranger,
)
from .hosts import HostView as HostView
from .hosts import hosts_of, middleboxes
from .words import clean, flags, header_fields, numbers, octets, span, tidings, timer_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..tcp.diagram import State
    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Flight, Record, Trace

Moment = tuple[int, int]
"""Time in nanoseconds, and the serial number that orders what happens at one time."""

BRIEF: Final = 0
NORMAL: Final = 1
OPTIONS: Final = 2
FULL: Final = 3
"""Levels of detail: flags and states; numbers, calls, timers that fired; windows and options, too; everything."""

_TOLD_BY_STATE: Final = frozenset(
    {"connection open", "connection closed", "connection closing", "data readable", "send space"}
)
"""Signals left out below FULL: the state, or the data, shows the same thing at the same moment."""

ENDINGS: Final = {
    "idle": "nothing is left to happen",
    "until": "the run's time is up",
    "event limit": "the run ends: too many events",
    "interrupted": "the run was interrupted",
}
"""Why a run ended, for people."""

FORGOTTEN: Final = ("crash: ", "restart: ")
"""How the notes begin that tell of a host's lost memory: its connections are CLOSED, without a move."""

FEW_DELIVERIES: Final = 3
"""So many deliveries in a row are told one by one."""
REMARKS_PER_SEGMENT: Final = 6
"""A scene with many more remarks, timers or moves than segments is cut, too: nothing hangs."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One copy of one segment on its way.

    Attributes:
        flight: what the trace says of it.
        start, end: when it leaves, and when it arrives, was due (if lost) or passes out of the scene.
        source, target: indices of hosts; `target` is `source` where the trace knows no other.
        fate: "arrived", "lost", "corrupted" or "under way".
        text: flags and numbers. marks: "retransmission 1", "copy", "held back". end_text: what ended it.
        inbound: it was sent before the window of the scene. name: flags and numbers, no more.
    """

    flight: Flight
    start: Moment
    end: Moment
    source: int
    target: int
    fate: str
    text: str
    marks: tuple[str, ...]
    end_text: str
    inbound: bool = False
    name: str = ""

    @property
    def loops(self) -> bool:
        """Whether it leads from a host to that host itself."""
        return self.flight.source == self.flight.target

    @property
    def kind(self) -> str:
        """How it is drawn: as "lost", as the "network"'s own, as sent "again", or as "sent"."""
        if self.fate in ("lost", "corrupted"):
            return "lost"
        if self.flight.copy or self.flight.held or "injected" in self.marks:
            return "network"
        return "again" if self.flight.retransmission else "sent"


@dataclass(frozen=True, slots=True)
class Stay:
    """A connection in a state: from `start` (None: before the scene) to `end` (None: to its end).

    `move` is what led there, None for a state from before the scene and for the CLOSED after a crash.
    """

    host: int
    connection: int
    state: State
    start: Moment | None
    end: Moment | None
    move: Moved | None


@dataclass(frozen=True, slots=True)
class TimerRun:
    """A timer from its start to its expiry.

    `outcome`: "fired", "stopped", "restarted" or "running"; `inbound`: it was started before the
    window of the scene, which is where it is drawn from.
    """

    host: int
    connection: int | None
    timer: str
    start: Moment
    end: Moment
    duration: Time
    outcome: str
    record: TimerSet
    inbound: bool = False

    @property
    def text(self) -> str:
        """Name and duration, `RTO 1 s`."""
        return f"{timer_name(self.timer)} {span(self.duration)}"


@dataclass(frozen=True, slots=True)
class Remark:
    """Words beside a host: a call, what the application was told or given, a note."""

    host: int
    connection: int | None
    at: Moment
    kind: str
    text: str
    record: Record


@dataclass(slots=True)
class Scene:
    """Everything to draw, in order.

    Attributes:
        title, source: from the header, fit to print.
        hosts, arrows, stays, timers, remarks: see their classes; each list in order of start.
        first, last: the first and the last moment of the scene.
        left_above: what is not drawn of the time before; stands above everything.
        left_out: sentences about what else is not drawn.
        ended: the last record, if it is in the scene.
        connections: how many connections of each host changed state.
        middleboxes: what stands between which two hosts, by their names in the trace.
        weight: how many segments are drawn, or what else there is to draw would count for.
    """

    title: str
    source: str
    hosts: list[HostView]
    arrows: list[Arrow] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    timers: list[TimerRun] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    first: Moment = (0, -1)
    last: Moment = (0, 0)
    left_above: str = ""
    left_out: list[str] = field(default_factory=list)
    ended: Ended | None = None
    connections: dict[int, int] = field(default_factory=dict)
    weight: int = 0
    middleboxes: dict[frozenset[str], list[str]] = field(default_factory=dict)


def scene(
    trace: Trace,
    *,
    detail: int = NORMAL,
    max_segments: int | None = None,
    window: tuple[int, int] | None = None,
    limit: str = "",
    most_known: int | None = None,
    absolute: bool = False,
) -> Scene:
    """Return what there is to draw of `trace`.

    Args:
        trace: the run.
        detail: BRIEF, NORMAL, OPTIONS or FULL.
        max_segments: draw no segment after so many, nor anything else after that moment.
        window: draw only the records with these serial numbers (first and last, both included).
        limit: why no more is drawn than `max_segments`; else that is named.
        most_known: of a host's connections of which a window shows nothing but a state, only the latest so many.
        absolute: sequence numbers are those of the wire, not counted from the ISS.
    """
    return _Painter(trace, detail, max_segments, window, limit, most_known, absolute=absolute).scene


def under_way(of: Scene, start: Time, end: Time) -> list[Arrow]:
    """Return the arrows that are on their way all the time from `start` to `end` (nanoseconds)."""
    return [arrow for arrow in of.arrows if arrow.start[0] <= start and end <= arrow.end[0]]


def silence_text(duration: Time, flying: list[Arrow]) -> str:
    """Say that for so long nothing happens, or that nothing does but some packets are under way."""
    packets = {arrow.flight.packet for arrow in flying}
    if not packets:
        return f"nothing happens for {span(duration)}"
    if len(packets) == 1:
        return f"for {span(duration)} only {flying[0].name} is under way"
    what = "packets" if any(isinstance(arrow.flight.segment, Datagram) for arrow in flying) else "segments"
    return f"for {span(duration)} only {len(packets)} {what} are under way"


class _Painter:
    """Collects a scene; one method per kind of thing."""

    def __init__(
        self, trace: Trace, detail: int, max_segments: int | None, window: tuple[int, int] | None, limit: str,
        most_known: int | None, *, absolute: bool = False,
    ) -> None:  # fmt: skip
        self.trace, self.detail, self.absolute = trace, detail, absolute
        self.why_cut = ""
        self.reopening: set[int] = set()
        header = trace.header
        self.scene = Scene(clean(header.title), clean(header.source), hosts_of(trace), middleboxes=middleboxes(trace))
        self.index = {host.name: number for number, host in enumerate(self.scene.hosts)}
        records = trace.records
        first, last = window if window is not None else (0, len(records))
        self.low, self.high = max(first, 0), min(last + 1, len(records))
        self._limit(records, max_segments, limit)
        self.shown = records[self.low : self.high]
        others = sum(not isinstance(record, SegmentRecord) for record in self.shown)
        segments = sum(isinstance(record, Sent) for record in self.shown)
        self.scene.weight = max(segments, others // REMARKS_PER_SEGMENT)
        if self.shown:
            self.scene.first = (self.shown[0].time, -1)
            self.scene.last = (self.shown[-1].time, self.shown[-1].serial)
        self._arrows()
        self._count_left_out(records, known=most_known is None)
        self._stays(records)
        if most_known is not None:
            self._forget_idle(most_known)
        self._timers(records)
        self._remarks()
        ends = [arrow.end for arrow in self.scene.arrows]
        self.scene.last = max([self.scene.last, *ends])
        if self.shown and isinstance(self.shown[-1], Ended):
            self.scene.ended = self.shown[-1]

    def _limit(self, records: list[Record], max_segments: int | None, limit: str) -> None:
        if max_segments is None:
            return
        segments = others = 0
        for record in records[self.low : self.high]:
            segments += isinstance(record, Sent)
            others += not isinstance(record, SegmentRecord)
            if segments > max_segments or others > REMARKS_PER_SEGMENT * max(max_segments, 10):
                self.high = record.serial
                self.why_cut = f": {limit or f'max_segments is {max_segments}'}"
                return

    def _count_left_out(self, records: list[Record], *, known: bool) -> None:
        # Where little of what is known at the start is drawn, a segment that only passes is none of it.
        passing = () if known else ("under way",)
        seen = {arrow.flight.packet for arrow in self.scene.arrows if arrow.inbound and arrow.fate not in passing}
        before = sum(isinstance(record, Sent) and record.packet not in seen for record in records[: self.low])
        after = sum(isinstance(record, Sent) for record in records[self.high :])
        if before:
            self.scene.left_above = f"{_segments(before, 'earlier')} not drawn"
        elif records[: self.low]:
            self.scene.left_above = "what came before is not drawn"
        if after:
            self.scene.left_out.append(f"{_segments(after, 'more')} not drawn{self.why_cut}")
        elif self.high < len(records) and not all(isinstance(r, Ended) for r in records[self.high :]):
            self.scene.left_out.append(f"what follows is not drawn{self.why_cut}")

    # ------------------------------------------------------------------ segments

    def _arrows(self) -> None:
        whole = flights(self.trace)
        self.reopening = _reopening(whole)
        for flight in whole:
            if flight.serial >= self.high or (flight.end_serial is not None and flight.end_serial < self.low):
                continue
            if flight.serial < self.low and flight.end_serial is None:
                continue
            self.scene.arrows.append(self._arrow(flight))
        self.scene.arrows.sort(key=lambda arrow: arrow.start)

    def _arrow(self, flight: Flight) -> Arrow:
        fate, end = flight.fate, self._end(flight)
        if end is None:
            fate, end = "under way", (self.scene.last[0], self.scene.last[1] + 1)
        source = self.index[flight.source]
        target = self.index.get(flight.target, source)
        inbound = flight.serial < self.low
        start = (self.scene.first[0], 0) if inbound else (flight.sent_at, flight.serial)
        name = flags(flight) if self.detail <= BRIEF else numbers(flight, absolute=self.absolute)
        marks = tuple(mark for mark in _marks(flight) if fate != "under way" or mark not in ON_ARRIVAL)
        text = name
        if self.detail >= OPTIONS:
            text = f"{text} {header_fields(flight, absolute=self.absolute)}".rstrip()
        elif self.detail > BRIEF:
            text += tidings(flight, absolute=self.absolute)
            if flight.packet in self.reopening:
                text += f" win {flight.segment.wnd}"
        return Arrow(
            flight, start, max(end, start), source, target, fate, clean(text), marks, _end_text(flight, fate),
            inbound, name,
        )  # fmt: skip

    def _end(self, flight: Flight) -> Moment | None:
        if flight.end_serial is None or flight.ends_at is None:
            return None
        if flight.fate == "lost":
            return (max(flight.ends_at, flight.sent_at), flight.end_serial)
        return (flight.ends_at, flight.end_serial) if flight.end_serial < self.high else None

    # ------------------------------------------------------------------ states

    def _stays(self, records: list[Record]) -> None:
        moves: dict[tuple[int, int], list[Moved | Note]] = {}
        for record in records[: self.high]:
            if isinstance(record, Moved) and record.host in self.index:
                moves.setdefault((self.index[record.host], record.connection or 0), []).append(record)
            elif _forgets(record):
                for (host, _), made in moves.items():
                    if self.scene.hosts[host].name == record.host and _state_after(made[-1]) is not CLOSED:
                        made.append(record)
        for host, connection in sorted(moves):
            self.scene.connections[host] = self.scene.connections.get(host, 0) + 1
            self._stays_of(host, connection, moves[host, connection])
        for host in range(len(self.scene.hosts)):
            if self._knows_only_udp(host):
                continue
            if host not in self.scene.connections:
                self.scene.stays.append(Stay(host, 0, CLOSED, None, None, None))
            else:
                self._forget_unborn(host)
        self.scene.stays.sort(key=lambda stay: (stay.start or (-1, -1), stay.host, stay.connection))

    def _knows_only_udp(self, host: int) -> bool:
        """Return whether datagrams are all that a host has to do with: then no state is drawn, not even CLOSED."""
        own = [arrow.flight.segment for arrow in self.scene.arrows if host in (arrow.source, arrow.target)]
        return bool(own) and all(isinstance(segment, Datagram) for segment in own)

    def _forget_unborn(self, host: int) -> None:
        """Drop the CLOSED before a connection's first move, but for the host's first one: it did not exist yet."""
        initial = [stay for stay in self.scene.stays if stay.host == host and stay.start is None]
        unborn = sorted((stay for stay in initial if stay.state is CLOSED), key=lambda stay: stay.end or (1 << 62, 0))
        for stay in unborn if len(unborn) < len(initial) else unborn[1:]:
            self.scene.stays.remove(stay)

    def _forget_idle(self, most: int) -> None:
        """Drop, at each host, all but the latest `most` connections that do nothing here but stay in their state."""
        active = {(self.index.get(record.host), record.connection) for record in self.shown}
        idle: dict[int, list[Stay]] = {}
        for stay in self.scene.stays:
            if stay.start is None and stay.end is None and (stay.host, stay.connection) not in active:
                idle.setdefault(stay.host, []).append(stay)
        dropped = {id(stay) for stays in idle.values() for stay in stays[: max(len(stays) - most, 0)]}
        if dropped:
            self.scene.stays = [stay for stay in self.scene.stays if id(stay) not in dropped]
            what = f"{len(dropped)} connection{'s' if len(dropped) > 1 else ''} that only stay in their states"
            self.scene.left_above += f"; nor {what}"  # it says something: they came to their states before

    def _stays_of(self, host: int, connection: int, moves: list[Moved | Note]) -> None:
        before = [move for move in moves if move.serial < self.low]
        shown = moves[len(before) :]
        state = _state_after(before[-1]) if before else shown[0].source if isinstance(shown[0], Moved) else CLOSED
        start: Moment | None = None
        made: Moved | None = None
        for move in shown:
            here = (move.time, move.serial)
            self.scene.stays.append(Stay(host, connection, state, start, here, made))
            state, start, made = _state_after(move), here, move if isinstance(move, Moved) else None
        self.scene.stays.append(Stay(host, connection, state, start, None, made))

    # ------------------------------------------------------------------ timers

    def _timers(self, records: list[Record]) -> None:
        running: dict[tuple[str, int | None, str], TimerSet] = {}
        for record in records[: self.high]:
            if _forgets(record):
                for lost in [running.pop(key) for key in list(running) if key[0] == record.host]:
                    if record.serial >= self.low:
                        self._timer(lost, (record.time, record.serial), "stopped")
            if not isinstance(record, (TimerSet, TimerStopped, TimerFired)) or record.host not in self.index:
                continue
            key = (record.host, record.connection, record.timer)
            begun = running.pop(key, None)
            if begun is not None and record.serial >= self.low:
                outcome = {TimerFired: "fired", TimerStopped: "stopped"}.get(type(record), "restarted")
                self._timer(begun, (record.time, record.serial), outcome)
            if isinstance(record, TimerSet):
                running[key] = record
        for begun in running.values():
            self._timer(begun, self.scene.last, "running")
        self.scene.timers.sort(key=lambda run: (run.start, run.end))

    def _timer(self, begun: TimerSet, end: Moment, outcome: str) -> None:
        start = max((begun.time, begun.serial), self.scene.first)
        run = TimerRun(
            self.index[begun.host],
            begun.connection,
            begun.timer,
            start,
            end,
            begun.deadline - begun.time,
            outcome,
            begun,
            begun.serial < self.low,
        )
        told = outcome == "fired" or (begun.timer == "time-wait" and outcome != "running")
        if self.detail >= FULL or (self.detail >= NORMAL and told):
            self.scene.timers.append(run)

    # ------------------------------------------------------------------ the application

    def _remarks(self) -> None:
        if self.detail < NORMAL:
            return
        pending: dict[tuple[int, int], list[Delivered]] = {}
        for record in self.shown:
            of = (self.index.get(record.host, 0), record.connection or 0)
            if isinstance(record, Delivered) and record.connection is not None and self.detail < FULL:
                pending.setdefault(of, []).append(record)
                continue
            kind, text = self._remark(record)
            if text:
                self._flush(of, pending)
                self._add(of[0], record, kind, text)
        for of in list(pending):
            self._flush(of, pending)
        self.scene.remarks.sort(key=lambda remark: remark.at)

    def _remark(self, record: Record) -> tuple[str, str]:
        """Return kind and text; no text for what is not told at this detail."""
        match record:
            case Called(call=call, error=error):
                return ("error", clean(f"{call}: {error}")) if error else ("call", clean(call))
            case Signalled(what=what, detail=detail) if self.detail >= FULL or what not in _TOLD_BY_STATE:
                return "signal", clean(f"{what} ({detail})" if detail else what)
            case Delivered(length=length, connection=None):
                return "data", f"gets a datagram of {octets(length)}"
            case Delivered(length=length):
                return "data", f"gets {octets(length)}"
            case Note(text=text):
                return "note", clean(text)
            case Ended(reason=reason) if reason != "idle":
                return "note", ENDINGS.get(reason, f"the run ends: {clean(reason)}")
            case _:
                return "", ""

    def _flush(self, of: tuple[int, int], pending: dict[tuple[int, int], list[Delivered]]) -> None:
        """Tell what a connection delivered: each delivery where they are few, else all so far where the last one was.

        All so far: since the connection began, whether or not it is drawn.
        """
        run = pending.pop(of, [])
        if len(run) <= FEW_DELIVERIES:
            for one in run:
                self._add(of[0], one, "data", f"gets {octets(one.length)}")
        else:
            self._add(of[0], run[-1], "data", f"has {octets(run[-1].total)} so far")

    def _add(self, host: int, record: Record, kind: str, text: str) -> None:
        at = (record.time, record.serial)
        self.scene.remarks.append(Remark(host, record.connection, at, kind, text, record))


def _forgets(record: Record) -> TypeGuard[Note]:
    """Return whether a record tells that its host loses its memory."""
    return isinstance(record, Note) and record.text.startswith(FORGOTTEN)


def _state_after(move: Moved | Note) -> State:
    """Return the state that a move, or the loss of all memory, leads to."""
    return move.target if isinstance(move, Moved) else CLOSED


NOT_USED: Final = "not used"
_IN_PART: Final = {
    TEXT_HELD.id: ("out of order", "keeps for later"),
    FIN_HELD.id: ("out of order", "keeps for later"),
    TRIMMED.id: ("partly new", "uses a part of"),
    ZERO_WINDOW_ANSWERED.id: ("no room", "has no room for the text of"),
    SYN_ACK_CROSSED.id: ("", "has the SYN already, and uses the ACK of"),
    FIN_AGAIN.id: ("FIN again", "has taken the FIN already of"),
    DUPLICATE_SYN_ANSWERED.id: ("SYN again", "has taken the SYN already of"),
}
"""The checks that set a segment aside only for now, or in part: a mark for its arrow, and a phrase."""
ON_ARRIVAL: Final = frozenset({NOT_USED, *(mark for mark, _ in _IN_PART.values())})
"""Marks that only the arrival of a segment shows."""


def set_aside(check: Rule) -> tuple[str, str]:
    """Return how a segment that this check set aside is marked, and what its receiver does with it."""
    return _IN_PART.get(check.id, (NOT_USED, "does not use"))


def _segments(count: int, which: str) -> str:
    return f"{count} {which} segment{'s' if count != 1 else ''}"


def _reopening(whole: Iterable[Flight]) -> set[int]:
    """Return the packets that open a window again which their sender had closed, by number."""
    closed: dict[tuple[str, int | None], bool] = {}
    found = set()
    for flight in sorted(whole, key=lambda each: each.serial):
        segment = flight.segment
        if isinstance(segment, Datagram) or segment.ctl & (ACK | RST) != ACK:
            continue
        end = (flight.source, flight.connection)
        if segment.wnd and closed.get(end):
            found.add(flight.packet)
        closed[end] = not segment.wnd
    return found


def _marks(flight: Flight) -> tuple[str, ...]:
    marks: list[str] = []
    if flight.retransmission:
        marks.append(f"retransmission {flight.retransmission}")
    if flight.copy:
        marks.append("copy")
    if flight.held:
        marks.append("held back")
    by = stranger(flight.connection, flight.why)
    if by is not None:
        marks.append(f"injected by {by}" if by else "injected")
    if flight.discarded is not None:
        marks.append(set_aside(flight.discarded)[0])
    return tuple(mark for mark in marks if mark)


def _end_text(flight: Flight, fate: str) -> str:
    by = clean(flight.by, 80)
    match fate:
        case "lost":
            return f"lost ({by})" if by else "lost"
        case "corrupted":
            return f"corrupted ({by})" if by else "corrupted"
        case "under way" if flight.end_serial is None:
            return "under way"
        case _:  # it arrives, though perhaps after what is drawn
            return ""
