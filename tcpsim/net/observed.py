"""Connections that show each of their events to somebody: what the endpoint was, what happened, and what came of it.

Rule 1. An event is shown when the endpoint has taken it and before its actions are carried out: what they lead to are
        later events.
Rule 2. Whoever wants none pays nothing: the connections of an observed host are of another class, and of no other.
Rule 3. What kind of event it was, the trace says, as in `explained`: its last record is the arrival or the call. So an
        observed network has a trace. What a host does of its own accord, as a listener that listens again, is a call
        without words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import trace as record
from ..tcp.actions import TimerFired
from ..tcp.calls import TcpError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.actions import Action
    from ..tcp.config import Config
    from ..tcp.endpoint import Endpoint
    from ..tcp.segment import Segment
    from ..tcp.text import Chunk
    from ..tcp.units import Time
    from ..trace import Trace
    from .connection import Connection
    from .host import Host
    from .packet import Packet


@dataclass(frozen=True, slots=True)
class Happening:
    """One event at a connection, or at a host for none.

    Attributes:
        now: nanoseconds.
        host: where.
        connection: whose event it is; None for a packet that is for no connection: then `before` and `after` are None,
            too, and what answers it stands behind it in the trace.
        before, after: copies of the endpoint, as the event found it and as it left it.
        kind: `segment`, `timeout`, `call`, `crash`, or `icmp` for an ICMP error.
        packet, segment: which has arrived; 0 and None for other kinds.
        call, error: the call as the trace has it, and what it returned; "" for other kinds.
        given: the octets that a SEND was given, or how many.
        actions: what the endpoint asks for.
    """

    now: Time
    host: Host
    connection: Connection | None
    before: Endpoint | None
    after: Endpoint | None
    kind: str
    packet: int = 0
    segment: Segment | None = None
    call: str = ""
    error: str = ""
    given: Chunk = b""
    actions: tuple[Action, ...] = ()


def observe(host: Host, see: Callable[[Happening], object]) -> None:
    """Have every event at a host shown: all connections that it will have, and packets for none."""
    tells = host.stranger

    def stranger(now: Time, packet: Packet) -> None:
        see(Happening(now, host, None, None, None, "segment", packet.number, packet.segment))
        if tells is not None:
            tells(now, packet)

    host.stranger = stranger
    host.connection_class = _observed(host.connection_class, see)


def _observed(base: type[Connection], see: Callable[[Happening], object]) -> type[Connection]:
    """Return a class of connections like `base` that show their events."""

    class Observed(base):  # type: ignore[misc, valid-type]  # the one that explains, or the plain one
        """See the module."""

        __slots__ = ("_given", "_was")

        def __init__(self, host: Host, number: int, config: Config, trace: Trace | None) -> None:
            super().__init__(host, number, config, trace)
            self._was: Endpoint = self.endpoint.fork()
            self._given: Chunk = b""

        def send(self, data: Any, **how: Any) -> None:
            """SEND, whose octets are shown with it."""
            self._given = data
            try:
                super().send(data, **how)
            finally:
                self._given = b""

        def forget(self) -> None:
            """The host crashed."""
            before = self._was
            super().forget()
            self._was = self.endpoint.fork()
            see(Happening(self.host.agenda.now, self.host, self, before, self._was, "crash"))

        def carry_out(self, now: Time, actions: list[Action]) -> None:
            """Show the event, then do what the endpoint asks for."""
            before, end = self._was, self.endpoint
            before.local, before.remote = end.local, end.remote
            self._was = end.fork()
            see(self._happened(now, before, tuple(actions)))
            super().carry_out(now, actions)

        def _happened(self, now: Time, before: Endpoint, actions: tuple[Action, ...]) -> Happening:
            after = self._was
            if any(isinstance(action, TimerFired) for action in actions):
                return Happening(now, self.host, self, before, after, "timeout", actions=actions)
            row = self._trace.last_row if self._trace is not None else ()
            if row and row[1] == now and row[3] == self.number:
                if row[0] is record.Arrived:
                    return Happening(now, self.host, self, before, after, "segment", row[5], row[7], actions=actions)
                if row[0] is record.Called:
                    told = {"call": row[5], "given": self._given}
                    return Happening(now, self.host, self, before, after, "call", actions=actions, **told)
                if row[0] is record.Note:
                    return Happening(now, self.host, self, before, after, "icmp", actions=actions)
            return Happening(now, self.host, self, before, after, "call", actions=actions)

        def _call(self, words: str, call: Callable[[Time], list[Action]]) -> None:
            try:
                super()._call(words, call)
            except TcpError as error:
                now = self.host.agenda.now
                see(Happening(now, self.host, self, self._was, self._was, "call", call=words, error=str(error)))
                raise

    return Observed
