"""A connection as an application holds it: calls go down to the endpoint, actions are carried out.

Rule 1. What the endpoint asks for is carried out in order and at once; only then does the
        application hear of it, so that its answer follows what was asked before.
Rule 2. Calls raise TcpError in the RFC's words, and every call is in the trace.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .. import trace as record
from ..tcp.actions import Deliver, Moved, Signal, TimerFired, TimerSet, TimerStopped
from ..tcp.calls import ENDLESS_RECEIVE, Status, TcpError
from ..tcp.config import checked
from ..tcp.diagram import CLOSED, LISTEN
from ..tcp.segment import Segment
from ..tcp.text import join
from ..tcp.timers import earliest
from ..tcp.units import NEVER
from .arguments import octets, whole
from .packet import TTL, Packet

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.actions import Action
    from ..tcp.config import Config
    from ..tcp.diagram import State
    from ..tcp.text import Chunk
    from ..tcp.units import Time
    from ..trace import Trace
    from .host import Host
    from .link import Direction
    from .listener import Listener
    from .packet import Flow, Socket

    Application = Callable[["Connection", str], None]


_NO_ANSWER: Final = ("connection timed out", "connection aborted due to user timeout")


class Connection:
    """One end of a connection on a host.

    Attributes:
        host: where it lives.
        number: 1, 2, ... on that host.
        endpoint: the protocol's side of it.
        application: called as `application(connection, what)` after each signal of tcp.SIGNALS and,
            as "data", after each delivery; None for nobody.
        delivered: octets handed to the application so far.
        signals: every signal so far, in order; `details` what each left open, or "".
        listener: the listener it came from, or None.
        parked: while this is a new incarnation not yet ESTABLISHED, the old one in TIME-WAIT.
        ttl, tos: of the packets it sends.
        watcher: called as `watcher(connection)` after every event, when all else is done; None for nobody.
    """

    __slots__ = (
        "_alarm", "_chunks", "_packet_number", "_taken", "_trace", "application", "delivered", "details", "endpoint",
        "flow", "host", "listener", "number", "parked", "route", "signals", "tos", "ttl", "watcher",
    )  # fmt: skip

    def __init__(self, host: Host, number: int, config: Config, trace: Trace | None) -> None:
        self.host = host
        self.number = number
        self._packet_number = host.packet_number
        self._trace = trace
        self.endpoint = host.endpoint(config, observed=trace is not None)
        self.application: Application | None = None
        self.delivered = 0
        self._chunks: list[Chunk] = []
        self._taken: list[Chunk] | None = None  # while `take` asks: what it gets
        self.ttl = TTL
        self.tos = 0
        self.watcher: Callable[[Connection], None] | None = None
        self.signals: list[str] = []
        self.details: list[str] = []
        self.listener: Listener | None = None
        self.parked: Connection | None = None
        self.flow: Flow = ("", 0, "", 0)  # of the packets we send
        self.route: Direction | None = None
        self._alarm: Time = NEVER  # when the agenda will ask the endpoint's timers

    # ------------------------------------------------------------------ what it is

    @property
    def state(self) -> State:
        """The endpoint's state."""
        return self.endpoint.state

    @property
    def local(self) -> Socket | None:
        """Our address and port."""
        return self.endpoint.local

    @property
    def remote(self) -> Socket | None:
        """The peer's address and port; None while unspecified."""
        return self.endpoint.remote

    @property
    def received(self) -> bytes:
        """Everything delivered so far; octets that were only counted are zeros."""
        if len(self._chunks) > 1:
            self._chunks = [join(self._chunks) or b""]
        return bytes(self._chunks[0]) if self._chunks else bytes(self.delivered)

    def text(self, start: int, end: int) -> Chunk:
        """Return a part of what was delivered: bytes, or how many octets if all was only counted."""
        return self.received[start:end] if self._chunks else end - start

    def bind(self, local: Socket, remote: Socket) -> None:
        """Fix both sockets, and with them the way that packets take."""
        self.endpoint.bind(local, remote)
        self.flow = (*local, *remote)
        self.route = self.host.route(*remote)

    def unbind(self) -> None:
        """Wait for any peer again."""
        self.endpoint.remote = None
        self.flow = ("", 0, "", 0)
        self.route = None

    def given(self, application: Application | None, *, reading: bool) -> None:
        """`accept` gives the connection to an application: it hears what has happened so far, and may read."""
        self.application = application
        heard = list(self.signals)
        at = heard.index("connection open") + 1 if "connection open" in heard else 0
        self._tell(heard[:at])
        if reading:
            now = self.host.agenda.now
            self.carry_out(now, self.endpoint.read(now, True))
        self._tell(heard[at:])

    def _tell(self, signals: list[str]) -> None:
        for what in signals:
            if self.application is not None:
                self.application(self, what)

    def forget(self) -> None:
        """The host crashed: nothing is left of this connection, and nobody is told."""
        self.endpoint = self.host.endpoint(self.endpoint.cfg, observed=self.endpoint.observed)
        self._alarm = NEVER

    # ------------------------------------------------------------------ calls

    def open(self, *, active: bool) -> None:
        """OPEN (RFC 9293 3.10.1)."""
        self._call("open(active)" if active else "open(passive)", lambda now: self.endpoint.open(now, active=active))

    def send(
        self,
        data: bytes | bytearray | memoryview | int,
        *,
        push: bool = True,
        urgent: bool = False,
        record: bool = False,
    ) -> None:
        """SEND (3.10.2): bytes, or a number of octets that are only counted; a `record` ends with them.

        Raises TypeError for anything else, as text that is not encoded.
        """
        data = octets(data)
        if self._trace is None:
            now = self.host.agenda.now
            self.carry_out(now, self.endpoint.send(now, data, push=push, urgent=urgent, record=record))
            return
        size = data if isinstance(data, int) else len(data)
        words = f"send({size}{', urgent' if urgent else ''}{'' if push else ', no push'}{', record' if record else ''})"
        self._call(words, partial(self.endpoint.send, data=data, push=push, urgent=urgent, record=record))

    def push(self) -> None:
        """Send what waits for more to join it (3.9.1.2)."""
        self._call("push()", self.endpoint.push)

    def cork(self, on: bool = True) -> None:
        """Hold back what fills no segment, or stop doing so."""
        self._call(f"cork({'on' if on else 'off'})", lambda now: self.endpoint.cork(now, on))

    def configure(self, **knobs: Any) -> None:
        """Change knobs of the endpoint; raises KnobError for a bad one."""
        now = self.host.agenda.now
        self.carry_out(now, self.endpoint.configure(now, self.host.knobs(checked(self.endpoint.cfg, knobs))))

    def receive(self, limit: int | None = None) -> None:
        """RECEIVE (3.10.3) at most `limit` octets; `received` and `delivered` show what came of it."""
        wanted = ENDLESS_RECEIVE if limit is None else whole(limit, "limit")
        self._call(f"receive({'' if limit is None else limit})", lambda now: self.endpoint.receive(now, wanted))

    def take(self, limit: int) -> Chunk:
        """RECEIVE what is on hand, at most `limit` octets, and return it: bytes, or how many if only counted."""
        taken: list[Chunk] = []
        self._taken = taken
        self._call(f"receive({limit})", lambda now: self.endpoint.take(now, limit))
        text = join(taken)
        return sum([chunk for chunk in taken if isinstance(chunk, int)]) if text is None else text

    def read(self, on: bool = True) -> None:
        """Take data as it comes, or stop doing so."""
        self._call(f"read({'on' if on else 'off'})", lambda now: self.endpoint.read(now, on))

    def close(self) -> None:
        """CLOSE (3.10.4)."""
        self._call("close()", self.endpoint.close)

    def shutdown(self) -> None:
        """CLOSE of our direction only (3.6): RECEIVEs are to come."""
        self._call("shutdown()", self.endpoint.shutdown)

    def abandon(self) -> None:
        """CLOSE for good: after it nobody reads, whether `shutdown` was called before or not."""
        self._call("close()", self.endpoint.abandon)

    def drop(self) -> None:
        """Lose the connection without a word to the peer."""
        self._call("drop()", self.endpoint.drop)

    def abort(self) -> None:
        """ABORT (3.10.5)."""
        self._call("abort()", self.endpoint.abort)

    def status(self) -> Status:
        """STATUS (3.10.6)."""
        result: list[Status] = []

        def ask(_now: Time) -> list[Action]:
            result.append(self.endpoint.status())
            return []

        self._call("status()", ask)
        return result[0]

    def _call(self, words: str, call: Callable[[Time], list[Action]]) -> None:
        now = self.host.agenda.now
        trace = self._trace
        if trace is None:
            self.carry_out(now, call(now))
            return
        try:
            actions = call(now)
        except TcpError as error:
            trace.append((record.Called, now, self.host.name, self.number, None, words, str(error)))
            raise
        trace.append((record.Called, now, self.host.name, self.number, None, words, ""))
        self.carry_out(now, actions)

    # ------------------------------------------------------------------ actions

    def carry_out(self, now: Time, actions: list[Action]) -> None:
        """Do what the endpoint asks for, tell the application, then set the alarm for the endpoint's timers."""
        heard: list[str] | None = None
        trace, route = self._trace, self.route
        for action in actions:
            kind = action.__class__
            if kind is Segment:
                number = self._packet_number  # called in two steps: the interpreter takes it for a method otherwise
                packet = Packet(number(), self.flow, action, self.ttl, self.tos)  # type: ignore[arg-type]  # compared above
                if trace is not None:
                    self._note_sent(now, packet, trace)
                if route is not None:
                    route.transmit(now, packet)
                else:
                    self.host.no_route(now, packet)
            elif kind is Deliver:
                self._deliver(now, action)  # type: ignore[arg-type]  # its class was just compared
                if self.application is not None:
                    heard = [*heard, "data"] if heard else ["data"]
            elif kind is Signal:
                heard = self._hear(now, action, heard)  # type: ignore[arg-type]  # its class was just compared
            else:
                self._note(now, action)
        state = self.endpoint.state
        if not state.both_syns:
            self._at_rest(now, state)
        if heard is not None and self.application is not None:
            for what in heard:
                self.application(self, what)
        wake = self.endpoint.wake  # last of all: what the application did may have turned a timer off
        if wake < self._alarm:
            self._alarm = wake
            self.host.agenda.enter(wake, self._ring, None)
        if self.watcher is not None:
            self.watcher(self)

    def _at_rest(self, now: Time, state: State) -> None:
        """CLOSED, or bound to a peer and yet in LISTEN: the host may give the sockets away."""
        if state is CLOSED or (state is LISTEN and self.flow[3]):
            self.host.released(now, self)

    def _note_sent(self, now: Time, packet: Packet, trace: Trace) -> None:
        segment = packet.segment
        to = self.route.target.name if self.route is not None else ""
        row = (record.Sent, now, self.host.name, self.number, segment.why, packet.number, self.flow, segment, to)
        trace.append(row)

    def _deliver(self, now: Time, action: Deliver) -> None:
        self.delivered += action.length
        if self._taken is not None:
            self._taken.append(action.length if action.text is None else action.text)
            self._taken = None
        elif self._chunks:
            self._chunks.append(action.length if action.text is None else action.text)
        elif action.text is not None:
            counted = self.delivered - action.length
            self._chunks += [counted, action.text] if counted else [action.text]
        if self._trace is not None:
            self._trace.append(
                (
                    record.Delivered, now, self.host.name, self.number, action.why,
                    action.length, action.text, action.pushed, action.urgent, self.delivered,
                )
            )  # fmt: skip

    def _hear(self, now: Time, action: Signal, heard: list[str] | None) -> list[str]:
        self.signals.append(action.what)
        self.details.append(action.detail)
        if self._trace is not None:
            row = (record.Signalled, now, self.host.name, self.number, action.why, action.what, action.detail)
            self._trace.append(row)
        if action.what == "connection open":
            self._remember_cookie()
            if self.parked is not None:
                self.host.new_incarnation_established(now, self)
        elif action.what in _NO_ANSWER and "connection open" not in self.signals:
            self._remember_cookie()
        return [*(heard or ()), action.what]

    def _remember_cookie(self) -> None:
        """Keep the server's cookie for the next SYN; or that this port has none for us (RFC 7413 4.1.3)."""
        endpoint, remote = self.endpoint, self.remote
        if endpoint.passive or remote is None or endpoint.cfg.fast_open not in ("client", "both"):
            return
        if endpoint.fast_cookie is not None:
            self.host.fast_cookies[remote[0]] = endpoint.fast_cookie
        else:
            self.host.fast_refused.add(remote)

    def _note(self, now: Time, action: Action) -> None:
        """Enter into the trace what happened inside the endpoint."""
        trace = self._trace
        assert trace is not None, "an endpoint that is not observed does not tell of these"
        host, number, why = self.host.name, self.number, action.why
        if isinstance(action, TimerSet):
            trace.append((record.TimerSet, now, host, number, why, action.timer, action.deadline))
        elif isinstance(action, TimerStopped):
            trace.append((record.TimerStopped, now, host, number, why, action.timer))
        elif isinstance(action, TimerFired):
            trace.append((record.TimerFired, now, host, number, why, action.timer))
        elif isinstance(action, Moved):
            edge = action.edge
            trace.append((record.Moved, now, host, number, why, edge.source, edge.target, edge.event))
        else:
            packet = self.host.arriving
            assert packet is not None, "only a packet that has arrived can be discarded"
            row = (record.Discarded, now, host, number, why, packet.number, packet.flow, packet.segment)
            trace.append(row)

    # ------------------------------------------------------------------ time

    def alarmed(self, when: Time) -> bool:
        """Return whether an alarm entered for `when` is the one in force, and some timer runs."""
        return when == self._alarm and earliest(self.endpoint) < NEVER

    def _ring(self, now: Time, _: None) -> None:
        """The agenda's time has come; the endpoint's may have moved on."""
        if now != self._alarm:
            return  # an earlier alarm has been set since
        wake = self.endpoint.wake
        if wake > now:  # the timers have moved on
            self._alarm = wake
            if wake < NEVER:
                self.host.agenda.enter(wake, self._ring, None)
            return
        self._alarm = NEVER
        self.carry_out(now, self.endpoint.timeout(now))

    def __repr__(self) -> str:
        return f"<Connection {self.number} of {self.host.name}: {self.state}>"
