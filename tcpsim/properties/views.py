"""What a property sees: one end before and after an event, or both ends and what is under way between them.

Rule 1. A view is read and never written; an endpoint in it may be shared by many views.
Rule 2. Beside what the endpoint knows stand ghosts: what no TCP can know, and only a property asks for. Which
        incarnation a segment comes from, and what the users have sent and got.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..tcp.actions import Deliver, Moved, Signal, TimerFired, TimerSet
from ..tcp.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tcp.actions import Action
    from ..tcp.config import Config
    from ..tcp.diagram import State
    from ..tcp.endpoint import Endpoint
    from ..tcp.units import Time


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end at an instant.

    Attributes:
        name: the host's name.
        endpoint: the endpoint; times in it count on the same clock as `now`.
        now: nanoseconds.
        incarnation: how many connections this end has begun, the present one included; 0 before the first.
        partner: the incarnation of the peer whose SYN this end has taken; 0 for none.
        sent: the octets that the user has given to SEND in this incarnation.
        delivered: the octets that the user has got in this incarnation.
        finished: whether the user has no call left to make.
        closed: whether the user has called CLOSE or ABORT in this incarnation.
        meant: the knobs that this end is meant to have, if a mutant has made others of them; see `config`.
        ended: the signal that told the user how this incarnation ended, `connection closed`; "" if none has.
    """

    name: str
    endpoint: Endpoint
    now: Time
    incarnation: int
    partner: int
    sent: bytes
    delivered: bytes
    finished: bool
    closed: bool
    ended: str = ""
    meant: Config | None = None

    @property
    def state(self) -> State:
        """The endpoint's state."""
        return self.endpoint.state

    @property
    def config(self) -> Config:
        """The knobs that this end is meant to have: what a property goes by, whatever a mutant has made of them."""
        return self.endpoint.cfg if self.meant is None else self.meant

    def heard(self, other: End) -> bool:
        """Whether this end has a connection, made with the SYN of the other's present incarnation."""
        return self.state.both_syns and self.partner == other.incarnation != 0


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """What happened to an end.

    Attributes:
        kind: `segment`, `timeout`, `call` or `crash`.
        segment: the segment that arrived, for that kind.
        incarnation: the sender's incarnation to which it belongs; 0 for one that is older than the exploration.
        call: the call as the ladder writes it, `close()`, for that kind.
        error: what the call returned, in the RFC's words, or "".
    """

    kind: str
    segment: Segment | None = None
    incarnation: int = 0
    call: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One event at one end: the end before and after it, and every action in between, the inner ones included."""

    before: End
    event: Event
    after: End
    actions: tuple[Action, ...]

    @property
    def now(self) -> Time:
        """The time of the event."""
        return self.after.now

    @property
    def same(self) -> bool:
        """Whether the end has the same connection before and after, so that numbers of both can be compared."""
        return self.before.incarnation == self.after.incarnation and self.event.kind != "crash"

    @property
    def segments(self) -> list[Segment]:
        """What was sent, in order."""
        return [action for action in self.actions if isinstance(action, Segment)]

    @property
    def moves(self) -> list[Moved]:
        """The edges that were walked, in order."""
        return [action for action in self.actions if isinstance(action, Moved)]

    @property
    def delivered(self) -> int:
        """How many octets the user got."""
        return sum(action.length for action in self.actions if isinstance(action, Deliver))

    @property
    def accepted(self) -> int:
        """How many octets were taken into the stream: what the user got, and by how much more waits for him."""
        return self.delivered + self.after.endpoint.rcv_user - self.before.endpoint.rcv_user

    @property
    def signals(self) -> list[str]:
        """What the user was told."""
        return [action.what for action in self.actions if isinstance(action, Signal)]

    def fired(self, timer: str) -> bool:
        """Return whether this timer expired."""
        return any(isinstance(action, TimerFired) and action.timer == timer for action in self.actions)

    def set(self, timer: str) -> TimerSet | None:
        """Return the last setting of this timer, or None."""
        found = [action for action in self.actions if isinstance(action, TimerSet) and action.timer == timer]
        return found[-1] if found else None

    @property
    def stale(self) -> bool:
        """Whether the segment that arrived is of another incarnation than the one that this end is connected with."""
        return self.event.segment is not None and self.event.incarnation != self.before.partner


@dataclass(frozen=True, slots=True, eq=False)
class Flying:
    """A segment under way: toward which end (0 or 1), and of which incarnation of its sender (0: older than all)."""

    segment: Segment
    toward: int
    incarnation: int


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Both ends, and what is under way between them, in the order in which it was sent."""

    ends: tuple[End, End]
    flying: tuple[Flying, ...]

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way."""
        return not self.flying

    @property
    def joined(self) -> bool:
        """Whether both ends have a connection, and it is the same."""
        one, other = self.ends
        return one.heard(other) and other.heard(one)

    def pairs(self) -> Iterator[tuple[End, End]]:
        """Yield (one, other) and (other, one)."""
        one, other = self.ends
        yield one, other
        yield other, one
