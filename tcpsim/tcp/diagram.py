"""The state diagram of RFC 9293, declared once, as rows of data, and the only way to walk it.

Rule 1. An edge is a row of FIGURE_5 (the twenty that the RFC prints) or of BEYOND_THE_FIGURE (what
        section 3.10 adds in words; each row cites its paragraph, and drawings dash it).
Rule 2. `advance(tcb, event)` moves a connection along the one edge that its state, the event and
        the guards select, or raises. Nothing else, anywhere, assigns a connection's state.
Rule 3. The rows run on one shared `transitions.Machine` without registered models. A connection
        is any object with a `state` and the attributes that guards ask for.

The printed figure is a summary: FIN-WAIT-1 to TIME-WAIT (its note 2) is two moves here, as in
3.10.7.4, whose fifth check takes the ACK of our FIN before the eighth takes the peer's FIN.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from transitions import Machine
from transitions.core import Event as TransitionsEvent
from transitions.core import Transition

if TYPE_CHECKING:
    from collections.abc import Iterable


class State(Enum):
    """The eleven states of RFC 9293 3.3.2, by their names there."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN-WAIT-1"
    FIN_WAIT_2 = "FIN-WAIT-2"
    CLOSE_WAIT = "CLOSE-WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST-ACK"
    TIME_WAIT = "TIME-WAIT"

    synchronized: bool
    """RFC 9293 3.5.2, group 3: both ends know both initial sequence numbers."""
    both_syns: bool
    """The peer's SYN has come, and ours was sent: 3.10.7.4's "other states"."""
    receives_text: bool
    """3.10.7.4, seventh: the peer's FIN has not been taken, so text may still come."""

    def __init__(self, printed: str) -> None:
        self.synchronized = printed not in ("CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED")
        self.both_syns = self.synchronized or printed == "SYN-RECEIVED"
        self.receives_text = printed in ("ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2")

    def __str__(self) -> str:
        return str(self.value)

    # Members are singletons: identity is equality, and the name's hash need not be taken each time.
    __hash__ = object.__hash__


CLOSED: Final = State.CLOSED
LISTEN: Final = State.LISTEN
SYN_SENT: Final = State.SYN_SENT
SYN_RECEIVED: Final = State.SYN_RECEIVED
ESTABLISHED: Final = State.ESTABLISHED
FIN_WAIT_1: Final = State.FIN_WAIT_1
FIN_WAIT_2: Final = State.FIN_WAIT_2
CLOSE_WAIT: Final = State.CLOSE_WAIT
CLOSING: Final = State.CLOSING
LAST_ACK: Final = State.LAST_ACK
TIME_WAIT: Final = State.TIME_WAIT


class Event(Enum):
    """What moves a connection, worded as the figure words it, or as 3.10 does beyond it."""

    PASSIVE_OPEN = "passive OPEN"
    ACTIVE_OPEN = "active OPEN"
    SEND = "SEND"
    CLOSE = "CLOSE"
    ABORT = "ABORT"
    RCV_SYN = "rcv SYN"
    RCV_SYN_ACK = "rcv SYN,ACK"
    RCV_ACK_OF_SYN = "rcv ACK of SYN"
    RCV_FIN = "rcv FIN"
    RCV_ACK_OF_FIN = "rcv ACK of FIN"
    RCV_RST = "rcv RST"
    RCV_SYN_IN_WINDOW = "rcv SYN in window"
    NEW_INCARNATION = "new incarnation"
    TIME_WAIT_TIMEOUT = "Timeout=2MSL"
    ORPHAN_TIMEOUT = "orphan timeout"
    USER_TIMEOUT = "USER TIMEOUT"
    GIVE_UP = "R2 reached"

    def __str__(self) -> str:
        return str(self.value)

    __hash__ = object.__hash__


class Guard(Enum):
    """A condition on an edge, asked of the connection: the name of one of its attributes."""

    PASSIVE = "passive"
    ACTIVE = "active"

    __hash__ = object.__hash__


class Edge:
    """One edge of the diagram, immutable.

    Attributes:
        source, target: the states.
        event: what causes the move.
        action: what the figure prints under the event: `snd SYN,ACK`, `delete TCB`, or `x`.
        guard: the condition beside the event, or None.
        cite: the paragraph that the row comes from.
        printed: whether Figure 5 prints it.
    """

    __slots__ = ("action", "cite", "event", "guard", "printed", "source", "target")

    def __init__(
        self,
        source: State,
        event: Event,
        action: str,
        target: State,
        guard: Guard | None = None,
        cite: str = "RFC 9293 3.3.2, Figure 5",
    ) -> None:
        self.source = source
        self.event = event
        self.action = action
        self.target = target
        self.guard = guard
        self.cite = cite
        self.printed = cite.endswith("Figure 5")

    def __str__(self) -> str:
        return f"{self.source} --[{self.event}]--> {self.target}"

    def __repr__(self) -> str:
        return f"<Edge {self}>"


FIGURE_5: Final = (
    Edge(CLOSED, Event.ACTIVE_OPEN, "create TCB, snd SYN", SYN_SENT),
    Edge(CLOSED, Event.PASSIVE_OPEN, "create TCB", LISTEN),
    Edge(LISTEN, Event.CLOSE, "delete TCB", CLOSED),
    Edge(SYN_SENT, Event.CLOSE, "delete TCB", CLOSED),
    Edge(SYN_RECEIVED, Event.RCV_RST, "x", LISTEN, Guard.PASSIVE),  # the figure's note 1
    Edge(LISTEN, Event.RCV_SYN, "snd SYN,ACK", SYN_RECEIVED),
    Edge(LISTEN, Event.SEND, "snd SYN", SYN_SENT),
    Edge(SYN_SENT, Event.RCV_SYN, "snd SYN,ACK", SYN_RECEIVED),
    Edge(SYN_RECEIVED, Event.RCV_ACK_OF_SYN, "x", ESTABLISHED),
    Edge(SYN_SENT, Event.RCV_SYN_ACK, "snd ACK", ESTABLISHED),
    Edge(SYN_RECEIVED, Event.CLOSE, "snd FIN", FIN_WAIT_1),
    Edge(ESTABLISHED, Event.CLOSE, "snd FIN", FIN_WAIT_1),
    Edge(ESTABLISHED, Event.RCV_FIN, "snd ACK", CLOSE_WAIT),
    Edge(FIN_WAIT_1, Event.RCV_ACK_OF_FIN, "x", FIN_WAIT_2),
    Edge(FIN_WAIT_1, Event.RCV_FIN, "snd ACK", CLOSING),
    Edge(CLOSE_WAIT, Event.CLOSE, "snd FIN", LAST_ACK),
    Edge(FIN_WAIT_2, Event.RCV_FIN, "snd ACK", TIME_WAIT),
    Edge(CLOSING, Event.RCV_ACK_OF_FIN, "x", TIME_WAIT),
    Edge(LAST_ACK, Event.RCV_ACK_OF_FIN, "x", CLOSED),
    Edge(TIME_WAIT, Event.TIME_WAIT_TIMEOUT, "delete TCB", CLOSED),
)
"""The twenty edges that RFC 9293 prints, from the top of Figure 5 to its foot."""


def _from_each(
    sources: Iterable[State],
    event: Event,
    action: str,
    cite: str,
    target: State = CLOSED,
    guard: Guard | None = None,
) -> tuple[Edge, ...]:
    return tuple(Edge(source, event, action, target, guard, cite) for source in sources)


_BOTH_SYNS_SEEN: Final = (SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)
_SYNCHRONIZED: Final = _BOTH_SYNS_SEEN[1:]
# 3.10.8 says "for any state"; but in FIN-WAIT-2 and TIME-WAIT all that was sent is acknowledged, our FIN too, and
# nothing is left that a user timeout could wait for.
_SOMETHING_WAITS: Final = (SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK)

BEYOND_THE_FIGURE: Final = (
    Edge(LISTEN, Event.ACTIVE_OPEN, "snd SYN", SYN_SENT, None, "RFC 9293 3.10.1, LISTEN STATE"),
    Edge(SYN_SENT, Event.RCV_RST, "delete TCB", CLOSED, None, "RFC 9293 3.10.7.3, second"),
    Edge(SYN_RECEIVED, Event.RCV_SYN, "x", LISTEN, Guard.PASSIVE, "RFC 9293 3.10.7.4, fourth"),
    Edge(SYN_RECEIVED, Event.RCV_RST, "delete TCB", CLOSED, Guard.ACTIVE, "RFC 9293 3.10.7.4, second"),
    *_from_each(_SYNCHRONIZED, Event.RCV_RST, "delete TCB", "RFC 9293 3.10.7.4, second"),
    Edge(
        SYN_RECEIVED,
        Event.RCV_SYN_IN_WINDOW,
        "snd RST, delete TCB",
        CLOSED,
        Guard.ACTIVE,
        "RFC 9293 3.10.7.4, fourth",
    ),
    *_from_each(_SYNCHRONIZED, Event.RCV_SYN_IN_WINDOW, "snd RST, delete TCB", "RFC 9293 3.10.7.4, fourth"),
    *_from_each((LISTEN, SYN_SENT), Event.ABORT, "delete TCB", "RFC 9293 3.10.5"),
    *_from_each(_BOTH_SYNS_SEEN[:5], Event.ABORT, "snd RST, delete TCB", "RFC 9293 3.10.5"),
    *_from_each((CLOSING, LAST_ACK, TIME_WAIT), Event.ABORT, "delete TCB", "RFC 9293 3.10.5"),
    *_from_each(_SOMETHING_WAITS, Event.USER_TIMEOUT, "delete TCB", "RFC 9293 3.10.8"),
    *_from_each((SYN_SENT, *_BOTH_SYNS_SEEN[:7]), Event.GIVE_UP, "delete TCB", "RFC 9293 3.8.3 (c)"),
    Edge(TIME_WAIT, Event.NEW_INCARNATION, "delete TCB", CLOSED, None, "RFC 9293 3.6.1, MAY-2"),
    Edge(FIN_WAIT_2, Event.ORPHAN_TIMEOUT, "delete TCB", CLOSED, None, "RFC 9293 3.6, Case 1, which has no such timer"),
)
"""What section 3.10, and the sections it leans on, add to the figure; last, the one edge that only kernels have."""

EDGES: Final = FIGURE_5 + BEYOND_THE_FIGURE


class Connection(Protocol):
    """What the diagram needs of a connection."""

    state: State
    edge: Edge
    """The edge taken last."""

    @property
    def passive(self) -> bool:
        """Whether SYN-RECEIVED would be, or was, reached from LISTEN (MUST-11)."""
        ...

    @property
    def active(self) -> bool:
        """The opposite of `passive`."""
        ...


class NoSuchEdge(AssertionError):
    """A move that the diagram does not have was asked for: a broken invariant of the caller."""


class _Walk(TransitionsEvent):
    """An event of the machine that only tests guards and moves.

    `transitions` as shipped builds an EventData, copies callback lists and logs for each move: 7.9
    microseconds. A connection makes ten moves, and a whole connection should cost forty. This walk
    uses the machine's own table and takes half a microsecond.
    """

    def trigger(self, model: Any, *_args: Any, **_kwargs: Any) -> bool:
        for transition in self.transitions[model.state._name_]:
            edge = transition.edge  # type: ignore[attr-defined]  # our transition_cls below has it
            if edge.guard is None or getattr(model, edge.guard._value_):
                model.state = edge.target
                model.edge = edge
                return True
        return False


class _Step(Transition):
    """A transition of the machine that remembers the row it was made from."""

    edge: Edge


class _Diagram(Machine):
    event_cls = _Walk
    transition_cls = _Step


def _machine() -> _Diagram:
    machine = _Diagram(model=None, states=State, initial=CLOSED, auto_transitions=False, send_event=False)
    for edge in EDGES:
        guards = None if edge.guard is None else edge.guard.value
        machine.add_transition(edge.event.name, edge.source, edge.target, conditions=guards)
        step = machine.events[edge.event.name].transitions[edge.source.name][-1]
        assert isinstance(step, _Step)
        step.edge = edge
    return machine


MACHINE: Final = _machine()
"""The one machine that moves every connection."""

_WALKS: Final = {event: MACHINE.events[event.name].trigger for event in Event}


NO_EDGE: Final = Edge(CLOSED, Event.ABORT, "x", CLOSED, None, "before the first move")
"""What a connection that has not moved yet has taken last; no edge of the diagram."""


def begin(tcb: Connection) -> None:
    """Put a new connection where every connection begins: in CLOSED."""
    tcb.state = CLOSED
    tcb.edge = NO_EDGE


def stand_beside(copy: Connection, tcb: Connection) -> None:
    """Put the copy of a connection where the original stands."""
    copy.state = tcb.state
    copy.edge = tcb.edge


def advance(tcb: Connection, event: Event) -> Edge:
    """Move `tcb` along the edge that its state, `event` and the guards select; return the edge.

    Raises NoSuchEdge where the diagram has none: the caller must have known better.
    """
    if not _WALKS[event](tcb):
        raise NoSuchEdge(f"the state diagram has no edge from {tcb.state} on {event}")
    return tcb.edge


def stray(tcb: Connection, edge: Edge) -> None:
    """Move a mutant along an edge that the diagram does not have: nobody who follows the RFC does."""
    assert not any(edge.source is known.source and edge.target is known.target for known in EDGES)
    tcb.state = edge.target
    tcb.edge = edge


def edges_from(state: State) -> tuple[Edge, ...]:
    """Return the edges that leave `state`, in the order in which their guards are asked."""
    return tuple(edge for edge in EDGES if edge.source is state)
