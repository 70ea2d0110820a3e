"""One end of the explored connection: a real endpoint, its user's place in the program, and the ghosts beside them.

Rule 1. An end is made once for each thing that nothing can tell apart, gets a number, and is never changed: what can
        happen to it is worked out once, on a fork of its endpoint, and remembered. States of the world are numbers.
Rule 2. Time counts from the end's own `now`. To let time pass is to look at the same endpoint from later on.
Rule 3. What has to be asked of single events is asked once for each: `watch` is called with every new one.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..properties.views import End, Event, Step
from ..tcp.actions import Deliver, Moved, Signal, TimerFired
from ..tcp.calls import ENDLESS_RECEIVE, TcpError
from ..tcp.diagram import CLOSED, LISTEN, SYN_RECEIVED
from ..tcp.endpoint import Endpoint
from ..tcp.segment import SYN, Segment
from ..tcp.seqnum import MASK
from ..tcp.units import NEVER
from .canonical import end_value, segment_value, value_digest

if TYPE_CHECKING:
    from ..tcp.actions import Action
    from ..tcp.config import Config
    from ..tcp.diagram import State
    from ..tcp.iss import Socket
    from ..tcp.units import Time
    from .programs import Call, Program

Watch = Callable[["Cause", Step], object]
_ARRIVAL, _TIMEOUT, _WAIT, _CALL = range(4)

_WORDS_AT_THE_END: Final = frozenset({
    "connection closed", "connection reset", "connection refused", "connection timed out", "destination unreachable",
    "connection aborted due to user timeout",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Player:
    """Who one of the two ends is.

    Attributes:
        name: the host's name.
        config: its knobs; `iss` is that of the first incarnation.
        program: what its user does.
        local, remote: the sockets.
        endpoint: the class of its endpoints: Endpoint, or a mutant of it.
        changes: what a mutant does to the knobs.
        iss_step: how much later the ISS of each further incarnation is.
    """

    name: str
    config: Config
    program: Program
    local: Socket
    remote: Socket
    endpoint: type[Endpoint] = Endpoint
    changes: Callable[[Config], Config] | None = None
    iss_step: int = 1_000_000


class Side:
    """One end at an instant, immutable by convention: see `End` for what the ghosts are."""

    __slots__ = (
        "closed",
        "deadline",
        "delivered",
        "digest",
        "ended",
        "endpoint",
        "ident",
        "incarnation",
        "listening",
        "now",
        "partner",
        "place",
        "reading",
        "seen",
        "sent",
        "waits_2msl",
    )  # fmt: skip

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.now: Time = 0
        self.place = 0  # in the program
        self.seen = 0  # a bit for each state that some call waits for, and that this end has been in
        self.incarnation = self.partner = 0
        self.sent = self.delivered = b""
        self.closed = self.listening = False
        self.reading = True
        self.ended = ""  # the last word to the user about how the connection ended
        # of these the table takes care:
        self.deadline: Time = NEVER  # nanoseconds from now on
        self.waits_2msl = False  # whether what is due then is the end of TIME-WAIT
        self.digest = b""
        self.ident = -1

    @property
    def state(self) -> State:
        """The endpoint's state."""
        return self.endpoint.state

    def draft(self) -> Side:
        """Return a copy that something can happen to."""
        other = Side(self.endpoint.fork())
        for name in _COPIED:
            setattr(other, name, getattr(self, name))
        return other


_COPIED: Final = (
    "now", "place", "seen", "incarnation", "partner", "sent", "delivered", "closed", "listening", "reading", "ended",
)  # fmt: skip


class Cause(NamedTuple):
    """What happened to an end: its number before, and what the event was about.

    `kind` is `segment`, `timeout` or `call`; `number` that of the segment or of the choice, 0 for a timeout.
    """

    end: int
    before: int
    kind: str
    number: int = 0


class Outcome(NamedTuple):
    """What an event leads to: the number of the end after it, and the numbers of the segments that it sent."""

    side: int
    sent: tuple[int, ...]


class Carried(NamedTuple):
    """A segment under way: toward which end, of which incarnation of its sender, and its digest."""

    segment: Segment
    toward: int
    incarnation: int
    digest: bytes


class Carriage:
    """All segments that are or were under way, by number.

    Attributes:
        known: the segments.
        history: what was worked out for either end, in order: three numbers for each, see `Table.again`.
    """

    def __init__(self) -> None:
        self.known: list[Carried] = []
        self.history = array("Q")
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, segment: Segment, toward: int, incarnation: int, shown: object) -> int:
        """Return the number of a segment; `shown` is what makes it the same as another one."""
        key = (toward, segment.wire(), incarnation)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.known)
            self.known.append(Carried(segment, toward, incarnation, value_digest((shown, incarnation))))
        return found

    def aside(self) -> Carriage:
        """Return the same segments under the same numbers, to which more can be added unknown to this one."""
        other = Carriage()
        other.known, other.history, other._numbers = self.known[:], self.history[:], self._numbers.copy()
        return other


class Table:
    """Every form that one end has taken, by number, and what follows from each.

    Attributes:
        sides: the ends, by number.
        watch: called with every new event, and what caused it.
        marks: the states that calls of either program wait for, each with its bit.
        returns: the events after which the end is back in LISTEN.
    """

    def __init__(
        self,
        index: int,
        player: Player,
        carriage: Carriage,
        marks: dict[State, int],
        *,
        relative: bool = False,
        watch: Watch | None = None,
    ) -> None:
        self.index = index
        self.player = player
        self.carriage = carriage
        self.marks = marks
        self.relative = relative
        self.watch = watch
        self.sides: list[Side] = []
        self.arrivals: dict[int, Outcome] = {}
        self.timeouts: dict[int, Outcome] = {}
        self.waits: dict[tuple[int, Time], int] = {}
        self.calls: dict[tuple[int, int], Outcome] = {}
        self._numbers: dict[bytes, int] = {}
        self.returns: set[Cause] = set()

    def aside(self, carriage: Carriage) -> Table:
        """Return the same ends under the same numbers, to which more can be added: nobody watches them."""
        other = copy(self)
        other.carriage, other.watch = carriage, None
        other.sides, other.returns = self.sides[:], self.returns.copy()
        other.arrivals, other.timeouts = self.arrivals.copy(), self.timeouts.copy()
        other.waits, other.calls, other._numbers = self.waits.copy(), self.calls.copy(), self._numbers.copy()
        return other

    # ------------------------------------------------------------------ what can happen

    def begin(self) -> int:
        """Return the end to which nothing has happened."""
        return self._enter(Side(self._fresh(0)))

    def arrive(self, ident: int, number: int) -> Outcome:
        """Let a segment arrive."""
        key = ident << 32 | number
        found = self.arrivals.get(key)
        if found is None:
            found = self.arrivals[key] = self._arrive(self.sides[ident], number)
            self._note(_ARRIVAL, ident, number)
        return found

    def timeout(self, ident: int) -> Outcome:
        """Let time pass until the end's earliest timer expires."""
        found = self.timeouts.get(ident)
        if found is None:
            before = self.sides[ident]
            draft = before.draft()
            draft.now += before.deadline
            actions = draft.endpoint.timeout(draft.now)
            cause = Cause(self.index, ident, "timeout")
            found = self.timeouts[ident] = self._after(cause, draft, Event("timeout"), actions)
            self._note(_TIMEOUT, ident, 0)
        return found

    def wait(self, ident: int, elapsed: Time) -> int:
        """Let time pass, less than until a timer expires."""
        if not elapsed:
            return ident
        key = (ident, elapsed)
        found = self.waits.get(key)
        if found is None:
            side = self.sides[ident]
            later = Side(side.endpoint)
            for name in _COPIED:
                setattr(later, name, getattr(side, name))
            later.now += elapsed
            found = self.waits[key] = self._enter(later)
            self._note(_WAIT, ident, elapsed)
        return found

    def call(self, ident: int, choice: int) -> Outcome:
        """Let the user make a call: the one of this number at the program's place."""
        key = (ident, choice)
        found = self.calls.get(key)
        if found is None:
            found = self.calls[key] = self._call(self.sides[ident], choice)
            self._note(_CALL, ident, choice)
        return found

    def _note(self, kind: int, ident: int, argument: int) -> None:
        self.carriage.history.extend((kind << 1 | self.index, ident, argument))

    def again(self, kind: int, ident: int, argument: int) -> None:
        """Work out once more what another process has; `kind` as in `Carriage.history`, without the end.

        IndexError if there is no such end, segment or choice.
        """
        match kind:
            case 0:  # _ARRIVAL
                self.arrive(ident, argument)
            case 1:  # _TIMEOUT
                self.timeout(ident)
            case 2:  # _WAIT
                self.wait(ident, argument)
            case _:  # _CALL
                self.call(ident, argument)

    def choices(self, ident: int) -> tuple[tuple[int, Call], ...]:
        """Return the calls that stand at the program's place, whatever they wait for, with their numbers."""
        place = self.sides[ident].place
        program = self.player.program
        return tuple(enumerate(call for call, _ in program[place])) if place < len(program) else ()

    def due(self, ident: int) -> str:
        """Return the names of the timers that expire next."""
        end = self.sides[ident].endpoint
        at = end.next_timeout()
        if at is None:
            return "no timer"
        later = end.fork()
        fired = [action.timer for action in later.timeout(at) if isinstance(action, TimerFired)]
        return "the " + " and the ".join(f"{timer} timer" for timer in dict.fromkeys(fired))

    def finished(self, side: Side) -> bool:
        """Return whether no call is left."""
        return side.place >= len(self.player.program) or not self.player.program[side.place]

    # ------------------------------------------------------------------ events

    def _arrive(self, before: Side, number: int) -> Outcome:
        draft = before.draft()
        carried = self.carriage.known[number]
        now, segment = draft.now, carried.segment
        if draft.listening and draft.endpoint.admits_new_incarnation(segment):
            actions = draft.endpoint.give_way(now)
            self._next_incarnation(draft)
            draft.endpoint.open(now, active=False)
        else:
            actions = []
        knew = draft.endpoint.state.both_syns
        actions += draft.endpoint.segment_arrives(now, segment)
        if not knew and segment.ctl & SYN and draft.endpoint.state.both_syns:
            draft.partner = carried.incarnation
        cause = Cause(self.index, before.ident, "segment", number)
        return self._after(cause, draft, Event("segment", segment, carried.incarnation), actions)

    def _call(self, before: Side, choice: int) -> Outcome:
        draft = before.draft()
        call, draft.place = self.player.program[before.place][choice]
        error, actions = "", []
        try:
            actions = self._made(draft, call)
        except TcpError as refused:
            error = str(refused)
        kind = "crash" if call.name == "crash" else "call"
        cause = Cause(self.index, before.ident, "call", choice)
        return self._after(cause, draft, Event(kind, call=call.words, error=error), actions)

    def _made(self, draft: Side, call: Call) -> list[Action]:
        """Make a call on a draft; TcpError if the endpoint refuses it."""
        end, now = draft.endpoint, draft.now
        match call.name:
            case "open" | "listen" | "connect":
                if end.state is not CLOSED and not (end.state is LISTEN and call.name == "connect"):
                    return end.open(now, active=call.name == "connect")  # which is refused
                draft.listening = call.name == "listen"
                draft.reading = call.reading
                if end.state is CLOSED:
                    self._next_incarnation(draft)
                return self._opened(draft, active=call.name == "connect", data=call.data)
            case "send":
                actions = end.send(now, call.data)
                draft.sent += call.data
                return actions
            case "receive":
                return end.receive(now, ENDLESS_RECEIVE if call.limit is None else call.limit)
            case "read":
                return end.read(now, call.reading)
            case "shutdown":
                return end.shutdown(now)
            case "close":
                self._closes(draft)
                return end.close(now)
            case "abort":
                self._closes(draft)
                return end.abort(now)
            case "crash":
                draft.endpoint, draft.listening = self._fresh(draft.incarnation), False
                draft.seen |= self.marks.get(CLOSED, 0)
                draft.partner = 0
                return []
            case _:
                raise AssertionError(f"no such call: {call.name}")

    @staticmethod
    def _closes(draft: Side) -> None:
        """CLOSE and ABORT end a connection; who listens goes on listening, unless it has none yet."""
        draft.closed = True
        if not draft.endpoint.state.both_syns:
            draft.listening = False

    def _opened(self, draft: Side, *, active: bool, data: bytes = b"") -> list[Action]:
        end, now = draft.endpoint, draft.now
        actions = end.read(now, True) if draft.reading else []
        draft.sent += data
        return actions + end.open(now, active=active, data=data)

    def _next_incarnation(self, draft: Side) -> None:
        """Begin a new connection with a TCB of its own."""
        draft.incarnation += 1
        draft.endpoint = self._fresh(draft.incarnation)
        draft.partner = 0
        draft.sent = draft.delivered = b""
        draft.closed, draft.ended = False, ""

    def _fresh(self, incarnation: int) -> Endpoint:
        player = self.player
        return player.endpoint(self._config(incarnation), player.local, player.remote, observed=True)

    def _config(self, incarnation: int) -> Config:
        """Return the knobs of an incarnation."""
        player = self.player
        config = replace(player.config, iss=self.iss(incarnation))
        return config if player.changes is None else player.changes(config)

    def iss(self, incarnation: int) -> int | None:
        """Return the ISS that an incarnation is meant to have: each has one of its own, as the clock would give it."""
        first = self.player.config.iss
        later = max(incarnation - 1, 0) * self.player.iss_step
        return None if first is None else (first + later) & MASK

    # ------------------------------------------------------------------ what comes of an event

    def _after(self, cause: Cause, draft: Side, event: Event, actions: list[Action]) -> Outcome:
        """Note what an event has done: the end after it, what it sent, and the word to whoever watches."""
        sent: list[int] = []
        iss, irs = (draft.endpoint.iss, draft.endpoint.irs) if self.relative else (0, 0)
        for action in actions:
            if isinstance(action, Segment):
                shown: object = segment_value(action, iss, irs)
                if self.relative:  # from which IRS its ACK counts, or in whose numbers it speaks
                    shown = shown, draft.partner if iss or irs else -1 - self.index
                sent.append(self.carriage.number(action, 1 - self.index, draft.incarnation, shown))
            elif isinstance(action, Deliver):
                draft.delivered += action.text or bytes(action.length)
            elif isinstance(action, Signal) and action.what in _WORDS_AT_THE_END:
                draft.ended = action.what
            elif isinstance(action, Moved):
                draft.seen |= self.marks.get(action.edge.target, 0)
        after = Side(draft.endpoint)  # as the event left it, for whoever watches
        for name in _COPIED:
            setattr(after, name, getattr(draft, name))
        if draft.endpoint.state is CLOSED and not draft.endpoint.fresh and not draft.endpoint.rcv_user:
            self._forget(draft)
        elif draft.endpoint.state is LISTEN and self.sides[cause.before].state is SYN_RECEIVED:
            self._wait_again(cause, draft)
        ident = self._enter(draft)
        if self.watch is not None:
            before = self.view(self.sides[cause.before])
            if event.kind == "timeout":
                before = replace(before, now=after.now)
            self.watch(cause, Step(before, event, self.view(after), tuple(actions)))
        return Outcome(ident, tuple(sent))

    def _wait_again(self, cause: Cause, draft: Side) -> None:
        """A passive OPEN is back in LISTEN: what comes next is another connection, and its clock has gone on."""
        end = draft.endpoint
        self._next_incarnation(draft)
        draft.endpoint = end
        end.configure(draft.now, self._config(draft.incarnation))
        self.returns.add(cause)

    def _forget(self, draft: Side) -> None:
        """The TCB is deleted; a listener waits for the next connection."""
        if draft.listening:
            self._next_incarnation(draft)
            self._opened(draft, active=False)
            draft.seen |= self.marks.get(LISTEN, 0)
        else:
            draft.endpoint = self._fresh(draft.incarnation)

    def _enter(self, side: Side) -> int:
        """Return the number of an end, a new one if nothing like it has been."""
        end = side.endpoint
        value = (
            end_value(end, side.now, relative=self.relative), side.place, side.seen, side.incarnation, side.partner,
            side.sent, side.delivered, side.closed, side.listening, side.reading, side.ended,
        )  # fmt: skip
        key = value_digest(value)
        found = self._numbers.get(key)
        if found is not None:
            return found
        side.digest = key
        side.ident = self._numbers[key] = len(self.sides)
        due = end.next_timeout()
        if due is not None:
            side.deadline = due - side.now
            side.waits_2msl = end.time_wait_at == due
        self.sides.append(side)
        return side.ident

    def view(self, side: Side) -> End:
        """Return an end as properties see it."""
        return End(
            self.player.name, side.endpoint, side.now, side.incarnation, side.partner, side.sent, side.delivered,
            self.finished(side), side.closed, side.ended, self.player.config,
        )  # fmt: skip
