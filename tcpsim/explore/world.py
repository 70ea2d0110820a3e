"""The explored world: two ends and the network between them, as a model for the search.

Rule 1. A state is five things: the numbers of the two ends, what is under way toward each in the order in which it was
        sent, and what is late: a multiset of segments that have fallen out of that order.
Rule 2. What costs nothing: the next segment in order arrives, a late one arrives or is lost, a user makes a call, and,
        while nothing is under way in order, the earliest timer expires (the quiet rule: on a path that delivers in
        time, no timer is early). The end of TIME-WAIT also asks that nothing be late: 2 MSL is more than any
        segment lives.
Rule 3. Each fault costs one: a segment is lost; a segment is copied, the copy being late; a segment becomes late (it
        is overtaken by any number of others); the earliest timer expires although segments are under way (a spurious
        timeout), or 2 MSL pass while one lives; an end crashes, where the program lets it.
Rule 4. Time is exact. Deliveries and calls take none, only timers let it pass.
"""

from __future__ import annotations

from copy import copy
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from ..properties.views import Flying, World
from ..tcp.diagram import State
from ..tcp.units import NEVER
from .canonical import digest
from .sides import Carriage, Player, Table, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..tcp.segment import Segment
    from .programs import Call


class Instant(NamedTuple):
    """A state of the world: see rule 1."""

    one: int
    other: int
    to_one: tuple[int, ...]
    to_other: tuple[int, ...]
    late: tuple[int, ...]


class Kind(IntEnum):
    """What can happen next; in a step's code it stands above the number of what it happens to."""

    DELIVER = 0
    DELIVER_LATE = 1
    LOSE_LATE = 2
    TIMEOUT = 3
    CALL = 4
    DROP = 5
    COPY = 6
    DELAY = 7
    SPURIOUS = 8


FAULTS: Final = frozenset({Kind.DROP, Kind.COPY, Kind.DELAY, Kind.SPURIOUS})
_SHIFT: Final = 27
_ARGUMENT: Final = (1 << _SHIFT) - 1


def coded(kind: Kind, argument: int) -> int:
    """Return the code of a step: a segment's number; for timers the end; for calls the end and the choice."""
    return kind << _SHIFT | argument


def decoded(code: int) -> tuple[Kind, int]:
    """Return what `coded` was given."""
    return Kind(code >> _SHIFT), code & _ARGUMENT


class Old(NamedTuple):
    """A segment of an earlier connection that is still under way when the exploration begins."""

    segment: Segment
    toward: int


class Exploration:
    """The model: see the module.

    Attributes:
        tables: what the two ends can be and do.
        carriage: the segments.
    """

    def __init__(
        self,
        one: Player,
        other: Player,
        *,
        old: Iterable[Old] = (),
        in_order: bool = True,
        quiet: bool = True,
        symmetric: bool = False,
        watch: Watch | None = None,
    ) -> None:
        """Prepare the world of two players.

        `in_order` false lets segments arrive in any order for nothing; `quiet` false lets timers expire at any
        moment for nothing. With `symmetric` the two ends may be exchanged, which takes equal knobs and programs;
        `watch` is called with every new event at an end and its cause.
        """
        self.carriage = Carriage()
        marks = _marks(one, other)
        self.tables = tuple(
            Table(index, player, self.carriage, marks[index], relative=symmetric, watch=watch)
            for index, player in enumerate((one, other))
        )
        self.in_order = in_order
        self.quiet = quiet
        self.symmetric = symmetric
        self._guards = _guards(one, other, marks)
        self.old = tuple(old)

    def aside(self) -> Exploration:
        """Return a world with the same numbers, in which more can be tried unknown to whoever explores this one."""
        other = copy(self)
        other.carriage = self.carriage.aside()
        other.tables = tuple(table.aside(other.carriage) for table in self.tables)
        return other

    # ------------------------------------------------------------------ as a model

    def initial(self) -> list[Instant]:
        """Return the state in which nothing has happened."""
        late = [self.carriage.number(old.segment, old.toward, 0, (old.segment.wire(), old.toward)) for old in self.old]
        one, other = (table.begin() for table in self.tables)
        return [Instant(one, other, (), (), tuple(sorted(late)))]

    def digest(self, state: Instant) -> bytes:
        """Return 16 octets, equal for states that nothing can tell apart (with symmetry: or that mirror each other)."""
        first, second, toward_one, toward_other, late = state
        tables, known = self.tables, self.carriage.known
        one, other = tables[0].sides[first].digest, tables[1].sides[second].digest
        if not (toward_one or toward_other or late):
            return digest(other, one) if self.symmetric and other < one else digest(one, other)
        to_one = b"".join([known[each].digest for each in toward_one]) if toward_one else b""
        to_other = b"".join([known[each].digest for each in toward_other]) if toward_other else b""
        mine = yours = b""
        if late:
            mine = b"".join(sorted([known[each].digest for each in late if not known[each].toward]))
            yours = b"".join(sorted([known[each].digest for each in late if known[each].toward]))
        there = b"|".join((one, other, to_one, to_other, mine, yours))
        if self.symmetric:
            there = min(there, b"|".join((other, one, to_other, to_one, yours, mine)))
        return digest(there)

    def successors(self, state: Instant, budget: int) -> list[tuple[int, int, Instant]]:
        """Return everything that can happen next for at most `budget` faults, with its price."""
        steps: list[tuple[int, int, Instant]] = []
        if self.in_order:
            self._deliver(state, budget, steps)
        if state.late:
            self._late(state, budget, steps)
        self._timeouts(state, budget, steps)
        self._calls(state, budget, steps)
        return steps

    # ------------------------------------------------------------------ the network

    def _deliver(self, state: Instant, budget: int, steps: list[tuple[int, int, Instant]]) -> None:
        """The next segment in order toward each end: it arrives, or a fault befalls it."""
        one, other, to_one, to_other, late = state
        if to_one:
            number, rest = to_one[0], to_one[1:]
            after, sent = self.tables[0].arrive(one, number)
            steps.append((number, 0, Instant(after, other, rest, to_other + sent, late)))
            if budget:
                self._befall(state, number, Instant(one, other, rest, to_other, late), steps)
        if to_other:
            number, rest = to_other[0], to_other[1:]
            after, sent = self.tables[1].arrive(other, number)
            steps.append((number, 0, Instant(one, after, to_one + sent, rest, late)))
            if budget:
                self._befall(state, number, Instant(one, other, to_one, rest, late), steps)

    @staticmethod
    def _befall(state: Instant, number: int, left: Instant, steps: list[tuple[int, int, Instant]]) -> None:
        """Lose, copy or delay the segment whose turn it is; `left` is the state without it."""
        late = _with(state.late, number)
        steps.append((coded(Kind.DROP, number), 1, left))
        steps.append((coded(Kind.COPY, number), 1, state._replace(late=late)))
        steps.append((coded(Kind.DELAY, number), 1, left._replace(late=late)))

    def _late(self, state: Instant, budget: int, steps: list[tuple[int, int, Instant]]) -> None:
        """Each late segment: it arrives, or it never does."""
        late = state.late
        previous = -1
        for index, number in enumerate(late):
            if number == previous:
                continue
            previous = number
            rest = late[:index] + late[index + 1 :]
            steps.append((coded(Kind.DELIVER_LATE, number), 0, self._arrived(state._replace(late=rest), number)))
            lost = state._replace(late=rest)
            if self.in_order:
                steps.append((coded(Kind.LOSE_LATE, number), 0, lost))
            elif budget:
                steps.append((coded(Kind.DROP, number), 1, lost))
                steps.append((coded(Kind.COPY, number), 1, state._replace(late=_with(late, number))))

    def _arrived(self, state: Instant, number: int) -> Instant:
        one, other, to_one, to_other, late = state
        if self.carriage.known[number].toward:
            after, sent = self.tables[1].arrive(other, number)
            return self._sent(Instant(one, after, to_one, to_other, late), 1, sent)
        after, sent = self.tables[0].arrive(one, number)
        return self._sent(Instant(after, other, to_one, to_other, late), 0, sent)

    def _sent(self, state: Instant, end: int, sent: tuple[int, ...]) -> Instant:
        """Put on the network what an end has sent."""
        if not sent:
            return state
        if not self.in_order:
            return state._replace(late=tuple(sorted(state.late + sent)))
        if end:
            return state._replace(to_one=state.to_one + sent)
        return state._replace(to_other=state.to_other + sent)

    # ------------------------------------------------------------------ timers and users

    def _timeouts(self, state: Instant, budget: int, steps: list[tuple[int, int, Instant]]) -> None:
        """The earliest timer expires; of two that are due together, either."""
        one = self.tables[0].sides[state.one]
        other = self.tables[1].sides[state.other]
        elapsed = min(one.deadline, other.deadline)
        if elapsed >= NEVER:
            return
        under_way = bool(state.to_one or state.to_other or (state.late and not self.in_order))
        idents = (state.one, state.other)
        for end, side in enumerate((one, other)):
            if side.deadline != elapsed:
                continue
            early = (under_way and self.quiet) or (side.waits_2msl and (under_way or bool(state.late)))
            if early and not budget:
                continue
            table, waiting = self.tables[end], self.tables[1 - end]
            after, sent = table.timeout(side.ident)
            waited = waiting.wait(idents[1 - end], elapsed)
            ends = (waited, after) if end else (after, waited)
            moved = self._sent(Instant(*ends, state.to_one, state.to_other, state.late), end, sent)
            steps.append((coded(Kind.SPURIOUS if early else Kind.TIMEOUT, end), int(early), moved))

    def _calls(self, state: Instant, budget: int, steps: list[tuple[int, int, Instant]]) -> None:
        """Each user makes the next call."""
        seen = (self.tables[0].sides[state.one].seen, self.tables[1].sides[state.other].seen)
        idents = (state.one, state.other)
        for end, table in enumerate(self.tables):
            place = table.sides[idents[end]].place
            guards = self._guards[end]
            if place >= len(guards):
                continue
            for choice, (who, mark, price) in enumerate(guards[place]):
                if price > budget or (mark and not seen[who] & mark):
                    continue
                after, sent = table.call(idents[end], choice)
                ends = (state.one, after) if end else (after, state.other)
                moved = self._sent(Instant(*ends, state.to_one, state.to_other, state.late), end, sent)
                steps.append((coded(Kind.CALL, end << 8 | choice), price, moved))

    # ------------------------------------------------------------------ for properties

    def view(self, state: Instant) -> World:
        """Return a state as properties see it."""
        known = self.carriage.known
        numbers = (*state.to_one, *state.to_other, *state.late)
        flying = tuple(Flying(*known[each][:3]) for each in numbers)
        first, second = self.tables
        return World((first.view(first.sides[state.one]), second.view(second.sides[state.other])), flying)


def _with(late: tuple[int, ...], number: int) -> tuple[int, ...]:
    return tuple(sorted((*late, number))) if late else (number,)


def _marks(one: Player, other: Player) -> tuple[dict[State, int], dict[State, int]]:
    """Return, for each end, a bit for each of its states that some call of either user waits for.

    In the order of the states, not of the calls: of two ends that may be exchanged, a bit has to mean the same.
    """
    awaited: tuple[set[State], set[State]] = (set(), set())
    for player in (one, other):
        for place in player.program:
            for call, _ in place:
                if call.after is not None:
                    end, *states = call.after
                    awaited[end].update(states)
    return _bits(awaited[0]), _bits(awaited[1])


def _bits(states: set[State]) -> dict[State, int]:
    return {state: 1 << bit for bit, state in enumerate(each for each in State if each in states)}


def _guards(
    one: Player, other: Player, marks: tuple[dict[State, int], dict[State, int]]
) -> tuple[list[list[tuple[int, int, int]]], ...]:
    """Return for each call of each program: whose states it waits for, their bits or 0 for nothing, its price."""

    def guard(call: Call) -> tuple[int, int, int]:
        if call.after is None:
            return 0, 0, call.price
        end, *states = call.after
        return end, sum(marks[end][state] for state in set(states)), call.price

    return tuple([[guard(call) for call, _ in place] for place in player.program] for player in (one, other))
