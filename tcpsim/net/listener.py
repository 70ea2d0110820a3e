"""A listener: a port at which connections are accepted, and the two queues in front of it.

Rule 1. A listener is a passive OPEN that is repeated. Unless it is told otherwise, its application accepts every
        connection at once, and as many as come.
Rule 2. With limits it has the two queues of a real stack. In the SYN queue lie the connections in SYN-RECEIVED;
        who is ESTABLISHED moves to the accept queue, until the application calls `accept`.
Rule 3. The SYN queue is full when `syn_backlog` connections lie in it (Linux compares so), the accept queue by the
        knob `backlog_counts`. What then happens is a choice with a name: OVERFLOWS, COOKIES.
Rule 4. Only a listener with limits pays for them: its connections in SYN-RECEIVED are in no table of the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .. import trace as record
from ..tcp import cookies
from ..tcp import rules as why
from ..tcp.config import checked
from ..tcp.diagram import CLOSED, LISTEN, SYN_RECEIVED, TIME_WAIT, Event
from ..tcp.segment import ACK, RST, SYN
from ..tcp.send import reset_for
from ..tcp.seqnum import lt
from ..tcp.units import NEVER
from .arguments import nearest, whole
from .packet import reverse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.config import Config
    from ..tcp.units import Time
    from .connection import Application, Connection
    from .host import Host
    from .packet import Flow, Packet

    Prepare = Callable[[Connection], None]

OVERFLOWS: Final = {
    "drop ack": "the ACK that ends the handshake is ignored (Linux, tcp_abort_on_overflow=0)",
    "reset": "the ACK that ends the handshake is answered with a RST (Linux, tcp_abort_on_overflow=1)",
    "drop syn": "only SYNs are dropped: a handshake that has begun is ended, even if the queue grows beyond its limit",
}
"""What a full accept queue does. In all three it drops SYNs, as Linux does: who is not let in need not begin."""
COOKIES: Final = {
    "off": "a SYN that finds the SYN queue full is dropped",
    "when full": "a SYN that finds the SYN queue full is answered with a cookie (Linux, tcp_syncookies=1)",
    "always": "every SYN is answered with a cookie (Linux, tcp_syncookies=2)",
}
"""When SYN cookies (RFC 4987 3.6) are used."""
MAX_BACKLOG: Final = 65_535

_HANDSHAKE: Final = SYN | ACK | RST


class Listener:
    """A port at which connections are accepted.

    Attributes:
        host, port: where.
        config: the knobs of its connections.
        reading: whether the applications of its connections take data as it comes.
        application: given to each of its connections.
        prepare: called with each of its connections when it is made; None for nothing.
        addresses: where it listens, or None for every address of the host.
        crowded: asked before a SYN is taken; the SYN is dropped if it says so. None for never.
        spare: the connection that waits in LISTEN, or None until one is needed.
        accepted: every connection that left LISTEN, in order.
        queues: its queues, if their lengths are limited; None without limits.
    """

    __slots__ = (
        "accepted", "addresses", "application", "config", "crowded", "host", "port", "prepare", "queues", "reading",
        "spare",
    )  # fmt: skip

    def __init__(self, host: Host, port: int, config: Config, reading: bool, application: Application | None) -> None:
        self.host = host
        self.port = port
        self.config = config
        self.reading = reading
        self.application = application
        self.prepare: Prepare | None = None
        self.addresses: tuple[str, ...] | None = None
        self.crowded: Callable[[], bool] | None = None
        self.spare: Connection | None = None
        self.accepted: list[Connection] = []
        self.queues: Queues | None = None

    def hears(self, address: str) -> bool:
        """Return whether what comes to an address of the host is for this listener."""
        return self.addresses is None or address in self.addresses

    def configure(self, **knobs: Any) -> None:
        """Change knobs of the connections that are to come."""
        self.config = checked(self.config, knobs)
        if self.spare is not None:
            self.spare.configure(**knobs)

    def accept(self, then: Callable[[Connection], None] | None = None) -> Connection | None:
        """Accept the connection that has waited longest, and return it.

        If none waits, None is returned, and the next that would wait is accepted in its time. `then` is called with
        the connection, now or in that time. Raises ValueError if the listener has no backlog: all are accepted then.
        """
        if self.queues is None or self.queues.backlog is None:
            raise ValueError(f"{self!r} has no backlog: it accepts every connection by itself")
        return self.queues.accept(then)

    # ------------------------------------------------------------------ packets

    def arrive(self, now: Time, packet: Packet, old: Connection | None) -> None:
        """Take a packet for which the host knows no connection, or a SYN that may follow `old`, in TIME-WAIT."""
        if packet.segment.ctl & SYN and self.config.paws_per_host and self._is_old_for_its_host(packet):
            self.host.tell(record.Arrived, now, None, packet)
            self.host.tell(record.Discarded, now, None, packet, reason=why.PAWS_PER_HOST)
        elif self.queues is None:
            self.give(now, packet, old)
        else:
            self.queues.arrive(now, packet, old)

    def _is_old_for_its_host(self, packet: Packet) -> bool:
        """Return whether a connection in TIME-WAIT with the same remote address has had a newer timestamp."""
        options = packet.segment.options
        if options is None or options.ts is None:
            return False
        known = [
            connection.endpoint.ts_recent
            for connection in self.host.connections.values()
            if connection.state is TIME_WAIT and connection.flow[2] == packet.flow[0] and connection.endpoint.ts_ok
        ]
        return any(lt(options.ts[0], ts_recent) for ts_recent in known)

    def give(self, now: Time, packet: Packet, old: Connection | None) -> None:
        """Give a packet to the connection in LISTEN; a SYN makes it a connection of its own."""
        host, flow, segment = self.host, packet.flow, packet.segment
        if self.crowded is not None and segment.ctl & SYN and self.crowded():
            host.tell(record.Arrived, now, None, packet)
            host.tell(record.Discarded, now, None, packet, reason=why.LISTEN_CROWDED)
            return
        if host.mutant is not None and host.mutant.listens_once and self.accepted:
            host.tell(record.Arrived, now, None, packet)
            host.answer(now, reverse(flow), reset_for(segment, host.mutant.rule))
            return
        connection = self.ready()
        connection.bind((flow[2], flow[3]), (flow[0], flow[1]))
        host.tell(record.Arrived, now, connection, packet)
        host.arriving = packet
        if old is not None:
            connection.endpoint.iss_above = old.endpoint.snd_max
            connection.parked = old
        actions = connection.endpoint.segment_arrives(now, segment)
        if connection.endpoint.state is not LISTEN:
            self.spare = None
            self.accepted.append(connection)
            if self.queues is None:
                host.know(flow, connection)
            else:
                host.forget_flow(flow)  # the old incarnation
                self.queues.entered(flow, connection)
        connection.carry_out(now, actions)

    def ready(self) -> Connection:
        """Return the connection that waits in LISTEN; a new one, if there is none."""
        if self.spare is not None:
            return self.spare
        connection = self.host.new_connection(self.config, self.reading, self.application, self.prepare)
        self.wait(connection)
        return connection

    def wait(self, connection: Connection) -> None:
        """Put a connection in LISTEN, as the one that takes the next SYN."""
        connection.listener = self
        connection.endpoint.local = (self.host.address, self.port)
        self.spare = connection
        now = self.host.agenda.now
        connection.carry_out(now, connection.endpoint.open(now, active=False))

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Stop listening; connections that were accepted live on, those that wait to be are reset."""
        if self.host.listeners.get(self.port) is self:
            del self.host.listeners[self.port]
        spare, self.spare = self.spare, None
        if spare is not None and spare.state is LISTEN:
            spare.close()
        if self.queues is not None:
            self.queues.close()

    def __repr__(self) -> str:
        return f"<Listener {self.host.name}:{self.port}>"


class Queues:
    """The SYN queue and the accept queue of a listener whose lengths are limited.

    Attributes:
        backlog: what the accept queue is measured by; None for an application that accepts at once.
        syn_backlog: how many connections the SYN queue holds; None for any number.
        overflow: one of OVERFLOWS.
        syn_cookies: one of COOKIES.
        half_open: the SYN queue, by the flow of the packets that arrive.
        waiting: the accept queue, the oldest first. One that the peer has reset stays in it, as in Linux.
        takers: calls of `accept` that wait for a connection: what each wants called.
        cookie_at: when the latest cookie went out; NEVER if none has.
    """

    __slots__ = (
        "backlog", "cookie_at", "half_open", "listener", "overflow", "syn_backlog", "syn_cookies", "takers", "waiting",
    )  # fmt: skip

    def __init__(
        self, listener: Listener, backlog: int | None, syn_backlog: int | None, overflow: str, syn_cookies: str
    ) -> None:
        self.listener = listener
        self.backlog = _length(backlog, "backlog", 0)
        self.syn_backlog = _length(syn_backlog, "syn_backlog", 1)
        self.overflow = _one_of(overflow, OVERFLOWS, "overflow")
        self.syn_cookies = _one_of(syn_cookies, COOKIES, "syn_cookies")
        self.half_open: dict[Flow, Connection] = {}
        self.waiting: list[Connection] = []
        self.takers: list[Callable[[Connection], None] | None] = []
        self.cookie_at: Time = NEVER

    # ------------------------------------------------------------------ how full

    @property
    def limit(self) -> int | None:
        """How many connections the accept queue holds, by the knob `backlog_counts`; None for any number."""
        backlog = self.backlog
        if backlog is None:
            return None
        counts = self.listener.config.backlog_counts
        return backlog if counts == "exactly" else backlog + 1 if counts == "one more" else 3 * backlog // 2 + 1

    @property
    def accept_queue_full(self) -> bool:
        """Whether no further connection may wait to be accepted."""
        limit = self.limit
        return limit is not None and len(self.waiting) >= limit and not self.takers

    @property
    def syn_queue_full(self) -> bool:
        """Whether no further connection may be half open."""
        return self.syn_backlog is not None and len(self.half_open) >= self.syn_backlog

    @property
    def words(self) -> str:
        """The limits as `listen` was called with them: "backlog=1, syn_backlog=2"."""
        said: list[tuple[str, object]] = []
        if self.backlog is not None:
            said.append(("backlog", self.backlog))
        if self.syn_backlog is not None:
            said.append(("syn_backlog", self.syn_backlog))
        if self.overflow != next(iter(OVERFLOWS)):
            said.append(("overflow", self.overflow))
        if self.syn_cookies != next(iter(COOKIES)):
            said.append(("syn_cookies", self.syn_cookies))
        return ", ".join(f"{name}={value}" for name, value in said)

    def __str__(self) -> str:
        """Print them as `ss` would: Recv-Q and Send-Q of a listener are the accept queue's length and its backlog."""
        limit = "" if self.syn_backlog is None else f" of {self.syn_backlog}"
        accept = "" if self.backlog is None else f", Recv-Q {len(self.waiting)}, Send-Q {self.backlog}"
        return f"SYN-RECV {len(self.half_open)}{limit}{accept}"

    # ------------------------------------------------------------------ packets

    def arrive(self, now: Time, packet: Packet, old: Connection | None) -> None:
        """Take a packet for which the host knows no connection, or a SYN that may follow `old`, in TIME-WAIT."""
        connection = self.half_open.get(packet.flow)
        bits = packet.segment.ctl & _HANDSHAKE
        if connection is not None:
            self._hear(now, packet, connection)
        elif bits == SYN:
            self._hear_syn(now, packet, old)
        elif bits == ACK and self._cookies_are_out(now):
            self._hear_cookie(now, packet)
        else:
            self.listener.give(now, packet, old)

    def _hear(self, now: Time, packet: Packet, connection: Connection) -> None:
        """A packet for a connection in SYN-RECEIVED: if it ends the handshake, there has to be room."""
        host, segment = self.listener.host, packet.segment
        host.tell(record.Arrived, now, connection, packet)
        host.arriving = packet
        if self.overflow != "drop syn" and self.accept_queue_full and connection.endpoint.would_establish(now, segment):
            if self.overflow == "reset":
                connection.carry_out(now, connection.endpoint.refuse(now, segment))
            else:
                host.tell(record.Discarded, now, connection, packet, reason=why.ACCEPT_QUEUE_FULL)
            return
        actions = connection.endpoint.segment_arrives(now, segment)
        self.settled(packet.flow, connection)
        connection.carry_out(now, actions)
        self._hand_out()

    def _hear_syn(self, now: Time, packet: Packet, old: Connection | None) -> None:
        """A SYN; one that follows a connection in TIME-WAIT is from somebody who is known to be there (as Linux)."""
        host = self.listener.host
        pressed = old is None and (self.syn_queue_full or self.syn_cookies == "always")
        if pressed and self.syn_cookies == "off":
            self._drop(now, packet, why.SYN_QUEUE_FULL)
        elif self.accept_queue_full:
            self._drop(now, packet, why.LISTEN_CROWDED)
        elif pressed:
            host.tell(record.Arrived, now, None, packet)
            host.arriving = packet
            self.cookie_at = now
            flow = reverse(packet.flow)
            made = cookies.answer(self.listener.config, now, flow[:2], flow[2:], packet.segment)
            host.answer(now, flow, made)
        else:
            self.listener.give(now, packet, old)

    def _drop(self, now: Time, packet: Packet, reason: why.Rule) -> None:
        host, segment = self.listener.host, packet.segment
        host.tell(record.Arrived, now, None, packet)
        if segment.ctl & SYN and host.mutant is not None and host.mutant.crowded is not None:
            wrong = host.mutant.crowded(segment, host.mutant.rule)
            host.tell(record.Discarded, now, None, packet, reason=host.mutant.rule)
            if wrong is not None:
                host.answer(now, reverse(packet.flow), wrong)
            return
        host.tell(record.Discarded, now, None, packet, reason=reason)

    def _cookies_are_out(self, now: Time) -> bool:
        """Only while one of ours may come back is an ACK asked for a cookie: the one time that is remembered."""
        return self.cookie_at != NEVER and now - self.cookie_at <= (cookies.MAX_AGE + 1) * cookies.PERIOD

    def _hear_cookie(self, now: Time, packet: Packet) -> None:
        """An ACK for no connection, while cookies are out."""
        listener, segment = self.listener, packet.segment
        host, flow = listener.host, reverse(packet.flow)
        mss = cookies.tasted(listener.config, now, flow[:2], flow[2:], segment)
        if mss is None:
            self._drop(now, packet, why.COOKIE_BAD)
            host.answer(now, flow, reset_for(segment, why.COOKIE_BAD))
        elif self.accept_queue_full:
            self._drop(now, packet, why.ACCEPT_QUEUE_FULL)  # whatever `overflow` says, as in Linux
        else:
            connection = listener.ready()
            connection.bind(flow[:2], flow[2:])
            host.tell(record.Arrived, now, connection, packet)
            host.arriving = packet
            listener.spare = None
            listener.accepted.append(connection)
            self.entered(packet.flow, connection)
            actions = cookies.establish(connection.endpoint, now, segment, mss)
            self.settled(packet.flow, connection)
            connection.carry_out(now, actions)
            self._hand_out()

    # ------------------------------------------------------------------ from queue to queue

    def entered(self, flow: Flow, connection: Connection) -> None:
        """A connection is half open; nobody who could hear of it has accepted it yet."""
        self.half_open[flow] = connection
        if self.backlog is not None:
            connection.application = None
            connection.endpoint.reading = False

    def settled(self, flow: Flow, connection: Connection) -> None:
        """If a connection is ESTABLISHED now, or beyond, it leaves the SYN queue: the host knows it from here on."""
        if connection.state is SYN_RECEIVED or connection.state is LISTEN or connection.state is CLOSED:
            return
        del self.half_open[flow]
        self.listener.host.know(flow, connection)
        if self.backlog is not None:
            self.waiting.append(connection)

    def ended(self, connection: Connection) -> None:
        """A connection is CLOSED: if our side has aborted it, it need not be accepted any more."""
        if connection.endpoint.edge.event is Event.ABORT and connection in self.waiting:
            self.waiting.remove(connection)

    def _hand_out(self) -> None:
        while self.waiting and self.takers:
            connection, then = self.waiting.pop(0), self.takers.pop(0)
            self.listener.host.note(connection, f"accept({self.listener.port}) returns connection {connection.number}")
            self._give(connection, then)

    def accept(self, then: Callable[[Connection], None] | None) -> Connection | None:
        """See `Listener.accept`."""
        host, words = self.listener.host, f"accept({self.listener.port})"
        if not self.waiting:
            host.called(None, words)
            self.takers.append(then)
            return None
        connection = self.waiting.pop(0)
        host.called(connection.number, words)
        self._give(connection, then)
        return connection

    def _give(self, connection: Connection, then: Callable[[Connection], None] | None) -> None:
        """The application has the connection: it hears what has happened so far, and reads what has come."""
        if then is not None:
            then(connection)
        connection.given(self.listener.application, reading=self.listener.reading)

    def close(self) -> None:
        """The listener is gone: what is half open is forgotten, who waits to be accepted is reset (as Linux does)."""
        half_open, waiting = list(self.half_open.values()), self.waiting
        self.waiting, self.takers = [], []
        for connection in half_open:
            connection.drop()
        for connection in waiting:
            if connection.state is not CLOSED:
                connection.abort()


def _length(value: int | None, what: str, least: int) -> int | None:
    if value is not None and not least <= whole(value, what) <= MAX_BACKLOG:
        raise ValueError(f"{what}: expected a number from {least} to {MAX_BACKLOG}, not {value!r}")
    return value


def _one_of(value: str, known: dict[str, str], what: str) -> str:
    if value not in known:
        words = ", ".join(known)
        raise ValueError(f"{what}: expected one of {words}, not {value!r}{nearest(str(value), known)}")
    return value
