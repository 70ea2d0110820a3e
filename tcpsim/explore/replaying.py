"""A path of the exploration as something that happens in virtual time: when each packet travels and each call is made.

Rule 1. An exploration lets everything but timers happen in no time; here each step is STEP later than the one before.
        The path is walked twice, as it was explored and in this time, on the same real endpoints; where the two send
        different things, the path can't be shown in time, and the reason is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ..tcp.diagram import LISTEN, TIME_WAIT
from ..tcp.units import MS
from .programs import Call
from .sides import Cause
from .world import Instant, Kind, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .world import Exploration

STEP: Final = 10 * MS
"""The time from one step to the next."""
_COPIES: Final = 2
"""A packet may arrive so often."""
_ENTRY: Final = 2
"""Half a step more passes before a segment of an older connection arrives, so that it enters when nothing else is."""


class NotInTime(Exception):
    """A path can't be shown in virtual time; the message says why."""


@dataclass(slots=True)
class Flight:
    """A packet: who sent it, as which of all that he sent (from 1), when, and when it or its copies arrive."""

    sender: int
    nth: int
    segment: Segment
    sent_at: Time
    arrives: list[Time] = field(default_factory=list)
    old: bool = False


@dataclass(frozen=True, slots=True)
class Deed:
    """A call that is made: when, by which end, and for one that opens the ISS with which it opens.

    A passive OPEN to `anyone` says of no peer that it must be he: a connection with him is still there.
    """

    at: Time
    end: int
    call: Call
    iss: int | None = None
    anyone: bool = False


@dataclass(slots=True)
class Timetable:
    """A path in time.

    Attributes:
        flights: every packet, in the order in which they are sent; one that never arrives is lost.
        deeds: every call.
        ends: when the last step happens; what is under way then arrives later.
        delay: how long the fastest packet takes.
    """

    flights: list[Flight]
    deeds: list[Deed]
    ends: Time
    delay: Time

    def until_the_end(self) -> Timetable:
        """Return the same without the calls that come after the last step."""
        return replace(self, deeds=[deed for deed in self.deeds if deed.at <= self.ends])


class _Walk:
    """The walk along a path: see rule 1."""

    def __init__(self, world: Exploration) -> None:
        self.world = world
        self.ideal: Instant = world.initial()[0]
        self.timed = [self.ideal.one, self.ideal.other]
        self.now: Time = 0
        self.elapsed: Time = STEP  # by the last step that was no timer's
        self.delay: Time = STEP
        self.queues: tuple[list[tuple[int, Flight]], list[tuple[int, Flight]]] = ([], [])  # toward each end
        self.late: list[tuple[int, int, Flight]] = []  # ideal number, number in time, and the packet
        self.flights: list[Flight] = []
        self.sent = [0, 0]
        self.deeds: list[Deed] = []
        self.numbers: dict[int, int] = {}
        for number in self.ideal.late:
            carried = world.carriage.known[number]
            self.late.append((number, number, Flight(1 - carried.toward, 0, carried.segment, 0, old=True)))

    def take(self, code: int) -> None:
        """Take one step of the path."""
        kind, argument = decoded(code)
        world = self.world
        after = next((state for known, _, state in world.successors(self.ideal, 1) if known == code), None)
        if after is None:
            raise NotInTime("the path is not one of this exploration")
        if kind in (Kind.TIMEOUT, Kind.SPURIOUS):
            self._expire(argument)
        else:
            self._pass(STEP + (STEP // _ENTRY if self._enters(kind, argument) else 0))
            self._happen(kind, argument)
        self.ideal = after

    # ------------------------------------------------------------------ time

    def _pass(self, elapsed: Time) -> None:
        """Let a step's time pass, or less where a timer is nearer."""
        tables = self.world.tables
        nearest = min(table.sides[self.timed[end]].deadline for end, table in enumerate(tables))
        if nearest <= elapsed:
            elapsed = nearest // 2
        if not elapsed:
            raise NotInTime("two things would have to happen at the very same time")
        for end, table in enumerate(tables):
            self.timed[end] = table.wait(self.timed[end], elapsed)
        self.now += elapsed
        self.elapsed = elapsed

    def _expire(self, end: int) -> None:
        table, waiting = self.world.tables[end], self.world.tables[1 - end]
        elapsed = table.sides[self.timed[end]].deadline
        if waiting.sides[self.timed[1 - end]].deadline < elapsed:
            raise NotInTime("two timers that are due together would expire the other way around")
        self.now += elapsed
        self.timed[1 - end] = waiting.wait(self.timed[1 - end], elapsed)
        ideal = table.timeout(self._ideal(end))
        cause = Cause(end, self.timed[end], "timeout")
        self._done(cause, ideal.sent, table.timeout(self.timed[end]))

    def _ideal(self, end: int) -> int:
        return self.ideal.other if end else self.ideal.one

    # ------------------------------------------------------------------ everything else

    def _enters(self, kind: Kind, number: int) -> bool:
        return kind is Kind.DELIVER_LATE and any(known == number and flight.old for known, _, flight in self.late)

    def _happen(self, kind: Kind, argument: int) -> None:
        tables, known = self.world.tables, self.world.carriage.known
        if kind is Kind.CALL:
            end, choice = argument >> 8, argument & 0xFF
            place = tables[end].sides[self.timed[end]].place
            call = tables[end].player.program[place][choice][0]
            ideal = tables[end].call(self._ideal(end), choice)
            cause = Cause(end, self.timed[end], "call", choice)
            self._done(cause, ideal.sent, tables[end].call(self.timed[end], choice), call)
            return
        toward = known[argument].toward
        queue = self.queues[toward]
        if kind is Kind.DELIVER:
            number, flight = queue.pop(0)
        elif kind in (Kind.DROP, Kind.DELAY):
            number, flight = queue.pop(0)
            if kind is Kind.DELAY:
                self.late.append((argument, number, flight))
            return
        elif kind is Kind.COPY:
            self.late.append((argument, *queue[0]))
            return
        else:
            index = next(index for index, each in enumerate(self.late) if each[0] == argument)
            _, number, flight = self.late.pop(index)
            if kind is Kind.LOSE_LATE:
                return
        flight.arrives.append(self.now)
        if flight.old:
            self._enter(flight)
        self.delay = min(self.delay, self.now - flight.sent_at) if self.now > flight.sent_at else self.delay
        ideal = tables[toward].arrive(self._ideal(toward), argument)
        cause = Cause(toward, self.timed[toward], "segment", number)
        self._done(cause, ideal.sent, tables[toward].arrive(self.timed[toward], number))

    def _enter(self, flight: Flight) -> None:
        """Let a segment of an older connection enter, so that it arrives now: after all that has happened before."""
        self.sent[flight.sender] += 1
        flight.nth, flight.sent_at = self.sent[flight.sender], self.now
        self.delay = min(self.delay, self.elapsed * _ENTRY // (_ENTRY + 1))
        self.flights.append(flight)

    def _done(
        self, cause: Cause, ideal: tuple[int, ...], outcome: tuple[int, tuple[int, ...]], call: Call | None = None
    ) -> None:
        """Note what an end has done in time, beside what it did as explored."""
        end, (side, sent) = cause.end, outcome
        table, known = self.world.tables[end], self.world.carriage.known
        before, self.timed[end] = table.sides[self.timed[end]], side
        after = table.sides[side]
        same = [(known[each].segment.ctl, known[each].segment.seq, known[each].segment.length) for each in ideal]
        if same != [(known[each].segment.ctl, known[each].segment.seq, known[each].segment.length) for each in sent]:
            raise NotInTime("an end that has a little time between its events does otherwise")
        opens = call is not None and call.name in ("open", "listen", "connect")
        if call is not None:
            self.deeds.append(Deed(self.now, end, call, table.iss(after.incarnation) if opens else None))
        if before.state is TIME_WAIT and after.incarnation != before.incarnation and after.state is not LISTEN:
            again = Call("open", reading=after.reading)  # who listens takes the SYN that ends TIME-WAIT
            self.deeds.append(Deed(self.now - self.elapsed // 2, end, again, table.iss(after.incarnation), anyone=True))
        elif not opens and after.incarnation != before.incarnation and after.state is LISTEN:
            if cause in table.returns:  # it waits already, but with the ISS of the incarnation before
                self.deeds.append(Deed(self.now + STEP // 8, end, Call("close")))
            again = Call("open", reading=after.reading)
            self.deeds.append(Deed(self.now + STEP // 4, end, again, table.iss(after.incarnation)))
        for number in sent:
            self.sent[end] += 1
            flight = Flight(end, self.sent[end], known[number].segment, self.now)
            self.flights.append(flight)
            self.queues[1 - end].append((number, flight))

    def finish(self) -> Timetable:
        """Let what is under way arrive after the end."""
        ends = self.now
        for queue in self.queues:
            for index, (_, flight) in enumerate(queue):
                flight.arrives.append(max(ends, flight.sent_at) + STEP * (index + 1))
        for flight in self.flights:
            if len(flight.arrives) > _COPIES:
                raise NotInTime("a scenario can't say that a packet is copied twice, with unequal times in between")
            if flight.old:
                flight.sent_at -= self.delay
        return Timetable(self.flights, self.deeds, ends, self.delay)


def timetable(world: Exploration, path: Sequence[int]) -> Timetable:
    """Return a path in time; raise NotInTime if it can't be shown so."""
    walk = _Walk(world.aside())
    for code in path:
        walk.take(code)
    return walk.finish()
