"""What an endpoint asks for: the values that come out when an event goes in.

Every action is immutable and carries `why`, the rule that asked for it. A `Segment` is its own
action: to return one is to ask that it be transmitted. The others are below. `Moved`, `TimerSet`,
`TimerStopped`, `TimerFired` and `Discarded` tell what happened inside; an endpoint returns them
only when it is `observed`, since nothing outside has to act on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .segment import Segment

if TYPE_CHECKING:
    from .diagram import Edge
    from .rules import Rule
    from .units import Time


class Deliver:
    """Octets for the user: the answer to a RECEIVE (RFC 9293 3.10.3).

    Attributes:
        length: octets delivered.
        text: the octets, or None where they were only counted.
        pushed: whether a PSH was seen with them (MAY-17).
        urgent: whether more urgent data remains after them (MUST-33).
    """

    __slots__ = ("length", "pushed", "text", "urgent", "why")

    def __init__(self, length: int, text: bytes | None, pushed: bool, urgent: bool, why: Rule) -> None:
        self.length = length
        self.text = text
        self.pushed = pushed
        self.urgent = urgent
        self.why = why

    def __repr__(self) -> str:
        return f"Deliver({self.length})"


class Signal:
    """Word for the user that comes later than the call: RFC 9293 3.10, "signal".

    Attributes:
        what: one of SIGNALS below.
        detail: what the RFC's sentence leaves open ("RECEIVE" for an outstanding call), or "".
    """

    __slots__ = ("detail", "what", "why")

    def __init__(self, what: str, why: Rule, detail: str = "") -> None:
        self.what = what
        self.why = why
        self.detail = detail

    def __repr__(self) -> str:
        return f"Signal({self.what!r})"


SIGNALS: Final[dict[str, str]] = {
    "connection open": "the connection is ESTABLISHED",
    "connection closing": "the peer's FIN has been taken; no more data will come",
    "connection closed": "the TCB is deleted after an orderly close",
    "connection reset": "a valid RST ended the connection",
    "connection refused": "a RST answered our SYN",
    "connection aborted due to user timeout": "the user timeout expired",
    "connection timed out": "retransmission reached R2, or keep-alive probes went unanswered",
    "delivery problem": "retransmission reached R1",
    "destination unreachable": "an ICMP error ended the connection; the detail says which",
    "network error": "an ICMP error arrived, and the connection goes on; the detail says which",
    "path mtu": "the path takes smaller datagrams than was known; the detail is the new path MTU in octets",
    "urgent data": "the peer's urgent pointer moved ahead of what has been read",
    "end of urgent data": "what has been read caught up with the urgent pointer",
    "data readable": "data waits for a RECEIVE",
    "call failed": "an outstanding call was returned with an error",
}
"""Every signal and what it tells; the words are RFC 9293's where it has words for it."""


class Moved:
    """The connection moved along an edge of the state diagram."""

    __slots__ = ("edge", "why")

    def __init__(self, edge: Edge, why: Rule) -> None:
        self.edge = edge
        self.why = why

    def __repr__(self) -> str:
        return f"Moved({self.edge.source} -> {self.edge.target})"


class TimerSet:
    """A timer was started, or moved to a new deadline (nanoseconds of virtual time)."""

    __slots__ = ("deadline", "timer", "why")

    def __init__(self, timer: str, deadline: Time, why: Rule) -> None:
        self.timer = timer
        self.deadline = deadline
        self.why = why

    def __repr__(self) -> str:
        return f"TimerSet({self.timer}, {self.deadline})"


class TimerStopped:
    """A timer was turned off before it expired."""

    __slots__ = ("timer", "why")

    def __init__(self, timer: str, why: Rule) -> None:
        self.timer = timer
        self.why = why

    def __repr__(self) -> str:
        return f"TimerStopped({self.timer})"


class TimerFired:
    """A timer expired."""

    __slots__ = ("timer", "why")

    def __init__(self, timer: str, why: Rule) -> None:
        self.timer = timer
        self.why = why

    def __repr__(self) -> str:
        return f"TimerFired({self.timer})"


class Discarded:
    """An arriving segment, or part of it, was not used; `why` is the check that decided so."""

    __slots__ = ("segment", "why")

    def __init__(self, segment: Segment, why: Rule) -> None:
        self.segment = segment
        self.why = why

    def __repr__(self) -> str:
        return f"Discarded({self.segment!r})"


Action = Segment | Deliver | Signal | Moved | TimerSet | TimerStopped | TimerFired | Discarded
"""What an endpoint's event methods return a list of."""

TIMERS: Final[dict[str, str]] = {
    "retransmission": "RFC 9293 3.8.1: the oldest unacknowledged segment is sent again",
    "persist": "RFC 9293 3.8.6.1: a zero window is probed; it also overrides silly window avoidance",
    "delayed ack": "RFC 9293 3.8.6.3: an acknowledgment held back is sent",
    "time-wait": "RFC 9293 3.6.1: 2 MSL have passed",
    "keep-alive": "RFC 9293 3.8.4: an idle connection is probed",
    "user timeout": "RFC 9293 3.10.8: data was not delivered in the time the user allows",
    "linger": "RFC 9293 3.9.1.4: a CLOSE that can't get rid of its data becomes an ABORT",
    "fin-wait-2": "RFC 9293 3.6 has no such timer: kernels end a wait for the peer's FIN that nobody holds any more",
}
"""Every timer of an endpoint and what its expiry does."""
