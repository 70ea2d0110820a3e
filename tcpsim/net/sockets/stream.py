"""A TCP socket: from `socket` to `close`, on top of a host's listeners and connections.

Rule 1. A socket is new, listening, connecting, connected or failed, and goes that way only; the connection's
        state is never copied, but asked.
Rule 2. What ends a connection leaves one error, which is told once: by SO_ERROR, or by the next call.
Rule 3. Every event of the connection, whatever it was, comes in by `changed`, and wakes those who wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...tcp.calls import TcpError
from ...tcp.config import checked
from ...tcp.diagram import CLOSED, LISTEN, SYN_RECEIVED, Event, State
from ...tcp.text import octets
from ...tcp.units import NEVER, SECOND
from ..arguments import unfit
from ..bindings import Binding
from ..packet import TTL, is_ipv6
from . import addresses
from .addresses import WILDCARD
from .errnos import Failed
from .files import OpenFile
from .syscall import Wait

if TYPE_CHECKING:
    from ...tcp.config import Config
    from ...tcp.text import Chunk
    from ...tcp.units import Time
    from ..connection import Connection
    from ..host import Host
    from ..listener import Listener
    from ..packet import Socket as Name
    from .style import SocketStyle
    from .syscall import Steps

NEW: Final = "new"
LISTENING: Final = "listening"
CONNECTING: Final = "connecting"
CONNECTED: Final = "connected"
FAILED: Final = "failed"

_SENDING_STILL: Final = frozenset({"ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-1", "CLOSING", "LAST-ACK", "SYN-RECEIVED"})
"""States in which our FIN is not acknowledged: a lingering close waits for that."""


class Socket(OpenFile):
    """A stream socket of a process.

    Attributes:
        host, style, domain: where, whose manners, AF_INET or AF_INET6.
        phase: new, listening, connecting, connected or failed.
        knobs: knobs of its connections that options have set.
        stored: options that are only remembered.
        binding: its claim to a port, or None.
        connection: its connection, also after that has ended; None before there is one.
        listener: the host's listener, or None.
        queue: connections that wait to be accepted.
        error: the error that waits to be told, or None.
        shut_read, shut_write: whether `shutdown` has been called for a direction.
        ttl, tos: of its packets.
        linger: SO_LINGER's seconds, or None.
        corked: TCP_CORK or TCP_NOPUSH.
        not_sent_low_water: TCP_NOTSENT_LOWAT (octets), or None.
        tells_inq: TCP_INQ.
        receive_timeout, send_timeout: how long a call may wait (nanoseconds); NEVER for no limit.
        tail: octets of the chunk that a write has begun last, for styles that write in chunks.
        starved: whether somebody has found no room to write since there was some.
    """

    def __init__(self, host: Host, style: SocketStyle, domain: str) -> None:
        super().__init__()
        self.host = host
        self.style = style
        self.domain = domain
        self.phase = NEW
        self.knobs: dict[str, Any] = {}
        self.stored: dict[str, Any] = {}
        self.binding: Binding | None = None
        self.connection: Connection | None = None
        self.listener: Listener | None = None
        self.backlog = 0
        self.queue: list[Connection] = []
        self.error: str | None = None
        self.shut_read = self.shut_write = False
        self.ttl, self.tos = TTL, 0
        self.linger: int | None = None
        self.corked = False
        self.not_sent_low_water: int | None = None
        self.tells_inq = False
        self.receive_timeout: Time = NEVER
        self.send_timeout: Time = NEVER
        self.tail = 0
        self.starved = False
        self._confirmed = False  # `connect` has told of its success
        self._ended = False  # what the end of the connection leaves has been noted
        self._heard = 0  # RCV.NXT when last looked at
        self._signals = 0  # how many signals have been looked at
        self._taken = 0  # with `reads_ahead`: octets that were read
        self._doubt = ("", 0)  # the last soft ICMP error, and SND.UNA when it came

    # ------------------------------------------------------------------ what it is

    @property
    def config(self) -> Config:
        """The knobs of its connection, or those that one would have now."""
        if self.connection is not None:
            return self.connection.endpoint.cfg
        return self.listener.config if self.listener is not None else checked(self.host.config, self.knobs)

    @property
    def state(self) -> State:
        """The state of its connection; LISTEN for a listener, CLOSED if there is neither."""
        if self.listener is not None:
            return LISTEN
        return CLOSED if self.connection is None else self.connection.state

    @property
    def at_end(self) -> bool:
        """Whether no more data will come."""
        connection = self.connection
        return self.shut_read or (
            connection is not None and (connection.endpoint.fin_received or connection.state is CLOSED)
        )

    @property
    def gone(self) -> bool:
        """Whether there was a connection that has ended."""
        return self.connection is not None and self.connection.state is CLOSED

    @property
    def on_hand(self) -> int:
        """How many octets can be read."""
        connection = self.connection
        if connection is None:
            return 0
        return connection.delivered - self._taken if self.style.reads_ahead else connection.endpoint.rcv_user

    @property
    def events(self) -> frozenset[str]:
        """What poll would tell."""
        from .readiness import socket_events

        return socket_events(self)

    def starve(self) -> None:
        """Somebody has found no room to write: that there is some will be news."""
        self.starved = True

    def peek(self, limit: int) -> Chunk:
        """Return at most `limit` octets of what can be read, and leave them there."""
        if self.connection is None:
            return 0
        if self.style.reads_ahead:
            return self.connection.text(self._taken, self._taken + min(limit, self.on_hand))
        return self.connection.endpoint.peek(limit)

    def take(self, limit: int) -> Chunk:
        """Return at most `limit` octets of what can be read."""
        if self.connection is None:
            return 0
        if self.style.reads_ahead:
            text = self.peek(limit)
            self._taken += octets(text)
            return text
        return self.connection.take(limit)

    def take_error(self) -> str | None:
        """Return the error that waits to be told, and tell it to nobody else."""
        error, self.error = self.error, None
        return error

    # ------------------------------------------------------------------ names

    def bind(self, name: object) -> int:
        """Claim a local address and port."""
        address, port = addresses.plain(self.domain, name)
        if self.binding is not None or self.phase != NEW:
            raise Failed("EINVAL")
        wild = address in WILDCARD.values()
        if not wild and address not in self.host.addresses:
            raise Failed("EADDRNOTAVAIL")
        self._claim(None if wild else address, port)
        return 0

    def _claim(self, address: str | None, port: int) -> None:
        shares = bool(self.stored.get("SO_REUSEADDR") or self.stored.get("SO_REUSEPORT"))
        if not port:
            port = self.host.bindings.free()
            if not port:
                raise Failed("EADDRINUSE")
        elif not self.host.bindings.allow(port, address, shares=shares):
            raise Failed("EADDRINUSE")
        marks = (self.ttl, self.tos) if self.style.answers_as_bound else (TTL, 0)
        self.binding = Binding(port, address, *marks, shares=shares)
        self.host.bindings.add(self.binding)

    @property
    def local(self) -> Name | None:
        """Its own address and port, or None."""
        connection = self.connection
        if connection is not None and connection.local is not None:
            return connection.local
        binding = self.binding
        return None if binding is None else (binding.address or WILDCARD[self.domain], binding.port)

    def getsockname(self) -> tuple[int, Name]:
        """Its own address and port."""
        local = self.local
        return 0, local if local is not None and local[0] in WILDCARD.values() else addresses.shown(self.domain, local)

    @property
    def peer(self) -> Name:
        """The peer's address and port; the wildcard if there is none."""
        return addresses.shown(self.domain, None if self.connection is None else self.connection.remote)

    def getpeername(self) -> tuple[int, Name]:
        """The peer's address and port."""
        connection = self.connection
        if self.phase != CONNECTED or connection is None or connection.state is CLOSED:
            raise Failed("ENOTCONN")
        return 0, self.peer

    # ------------------------------------------------------------------ active

    def connect(self, name: object) -> Steps:
        """Open a connection; wait until it is open, unless non-blocking."""
        remote = addresses.plain(self.domain, name)
        if self.phase == LISTENING:
            raise Failed(self.style.connect_listening)
        if self.phase == CONNECTED:
            if self.style.connect_confirms and not self._confirmed and not self._ended:
                self._confirmed = True
                return 0
            raise Failed("EISCONN")
        if self.phase == FAILED:
            self._forget_failure()
        if self.phase == NEW:
            self._start_to_connect(remote)
            if self.nonblocking:
                raise Failed("EINPROGRESS")
        elif self.nonblocking or not self.style.connect_waits:
            raise Failed("EALREADY")
        return (yield from self._wait_until_connected())

    def _wait_until_connected(self) -> Steps:
        until = _limit(self.host.agenda.now, self.send_timeout)
        while self.phase == CONNECTING:
            if (yield Wait((self,), until)):
                raise Failed("EINPROGRESS")
        if self.phase == FAILED:
            error = self.take_error() or "ECONNABORTED"
            if self.style.reconnect is None:
                self._begin_anew()
            raise Failed(error)
        self._confirmed = True
        return 0

    def _begin_anew(self) -> None:
        """Be as before the first `connect`; what options have set stays."""
        if self.connection is not None:
            self.connection.watcher = None
        self.phase, self.connection = NEW, None
        self._ended, self._signals, self._heard, self._doubt = False, 0, 0, ("", 0)

    def _forget_failure(self) -> None:
        """What `connect` does on a socket whose last attempt has failed."""
        if self.style.reconnect is not None:
            raise Failed(self.style.reconnect)
        untold = self.take_error()
        self._begin_anew()
        if untold is not None:
            raise Failed(untold)

    def _start_to_connect(self, remote: Name) -> None:
        address, port = remote
        if not port:
            raise Failed("EADDRNOTAVAIL")
        if unfit(address) or self.host.route(address) is None:
            raise Failed("ENETUNREACH")
        binding = self.binding
        own = binding.address if binding is not None else None
        own = self.host.source(address) if own is None else own
        if is_ipv6(own) is not is_ipv6(address):
            raise Failed("EADDRNOTAVAIL")
        self.phase = CONNECTING
        try:
            self.host.connect(
                address, port, local_port=None if binding is None else binding.port, local_address=own,
                reading=self.style.reads_ahead, prepare=self._hold, **self.knobs,
            )  # fmt: skip
        except TcpError as error:
            self._begin_anew()
            taken = error.words == "connection already exists"
            raise Failed(self.style.connect_taken if taken else "EADDRNOTAVAIL") from None

    def _hold(self, connection: Connection) -> None:
        """The host has made our connection: it will tell us of every event."""
        self.connection = connection
        self.mark(connection)
        connection.watcher = self.changed

    def mark(self, connection: Connection) -> None:
        """Let the packets of a connection bear our TTL and TOS."""
        connection.ttl, connection.tos = self.ttl, self.tos
        connection.endpoint.corked = self.corked

    # ------------------------------------------------------------------ passive

    def listen(self, backlog: int) -> int:
        """Begin to listen, or change the backlog."""
        if self.phase not in (NEW, LISTENING):
            raise Failed("EINVAL")
        self.backlog = min(backlog, self.style.somaxconn) if backlog >= 0 else self.style.somaxconn
        if self.phase == LISTENING:
            return 0
        if self.binding is None:
            self._claim(None, 0)
        binding = self.binding
        assert binding is not None
        if binding.port in self.host.listeners or not self.host.bindings.allow_listening(binding):
            raise Failed("EADDRINUSE")
        binding.shares = False
        reading = self.style.reads_ahead
        listener = self.host.listen(binding.port, reading=reading, prepare=self._prepare_child, **self.knobs)
        kin = is_ipv6(WILDCARD[self.domain]) and not self.stored.get("IPV6_V6ONLY")
        wild = [own for own in self.host.addresses if kin or is_ipv6(own) is (self.domain == "AF_INET6")]
        listener.addresses = tuple(wild) if binding.address is None else (binding.address,)
        listener.crowded = self._crowded
        self.listener = listener
        self.phase = LISTENING
        return 0

    def _crowded(self) -> bool:
        return 2 * len(self.queue) > self.style.backlog_halves * self.backlog

    def _prepare_child(self, connection: Connection) -> None:
        self.mark(connection)
        connection.watcher = self._child_changed

    def _child_changed(self, connection: Connection) -> None:
        """A connection of ours that nobody has accepted yet: does it wait to be accepted?"""
        if connection.state.synchronized and connection not in self.queue:
            self.queue.append(connection)
            self.notify()

    def accept(self) -> Steps:
        """Return a new socket, as the value, for the connection that has waited longest."""
        until = _limit(self.host.agenda.now, self.receive_timeout)
        while self.phase == LISTENING and not self.queue:
            if self.nonblocking or (yield Wait((self,), until)):
                raise Failed("EAGAIN")
        if self.phase != LISTENING:
            raise Failed("EINVAL")
        connection = self.queue.pop(0)
        error = self._error_of(connection)
        if error is not None and self.style.accept_reset is not None:
            raise Failed(self.style.accept_reset)
        return 0, self._child(connection)

    def _child(self, connection: Connection) -> Socket:
        child = Socket(self.host, self.style, self.domain)
        child.phase = CONNECTED
        child.connection = connection
        child.knobs, child.stored = dict(self.knobs), dict(self.stored)
        child.ttl, child.tos, child.linger, child.corked = self.ttl, self.tos, self.linger, self.corked
        child.not_sent_low_water, child.tells_inq = self.not_sent_low_water, self.tells_inq
        child.receive_timeout, child.send_timeout = self.receive_timeout, self.send_timeout
        child.nonblocking = self.nonblocking and self.style.accept_inherits_nonblock
        connection.watcher = child.changed
        child.look_at(connection)
        child._round_send_buffer(connection)
        return child

    # ------------------------------------------------------------------ what the connection tells

    def changed(self, connection: Connection) -> None:
        """Something has happened to our connection."""
        self.notify(self.look_at(connection))

    def look_at(self, connection: Connection) -> bool:
        """Note what has happened; return whether it is news to those who only hear of news."""
        endpoint = connection.endpoint
        news = endpoint.rcv_nxt != self._heard
        self._heard = endpoint.rcv_nxt
        signals, self._signals = self._signals, len(connection.signals)
        if self._signals > signals and connection.signals[-1] == "network error":
            self._doubt = (connection.details[-1], endpoint.snd_una)
        if self.phase == CONNECTING and endpoint.state.synchronized:
            self.phase = CONNECTED
            self._round_send_buffer(connection)
            news = True
        if endpoint.state is CLOSED and not self._ended:
            self._ended = True
            self.error = self._error_of(connection)
            if self.phase == CONNECTING:
                self.phase = FAILED
            news = True
        if self.starved and "POLLOUT" in self.events:
            self.starved = False
            news = True
        return news

    def _round_send_buffer(self, connection: Connection) -> None:
        """The segment size is known: where the style says so, the send buffer holds whole ones."""
        octets, mss = connection.endpoint.cfg.snd_buff, connection.endpoint.snd_mss
        if self.style.rounds_send_buffer and mss < octets <= self.style.buffer_most:
            connection.configure(snd_buff=-(-octets // mss) * mss)

    def _error_of(self, connection: Connection) -> str | None:
        """The error that the end of a connection leaves, by the last edge it took; None if it is no error."""
        if connection.state is not CLOSED:
            return None
        edge = connection.endpoint.edge
        unreachable = dict(self.style.icmp_errors)
        if edge.event in (Event.USER_TIMEOUT, Event.GIVE_UP):
            doubt, una = self._doubt
            return unreachable[doubt] if doubt and una == connection.endpoint.snd_una else "ETIMEDOUT"
        signal = connection.signals[-1] if connection.signals else ""
        if signal == "destination unreachable":
            return unreachable[connection.details[-1]]
        if edge.event is Event.RCV_RST and edge.source.both_syns:
            ended_well = signal == "connection closed"
            return None if ended_well else dict(self.style.reset_errors).get(edge.source, "ECONNRESET")
        return ERRORS.get(signal)

    # ------------------------------------------------------------------ the end

    def shutdown(self, how: str) -> int:
        """End one direction, or both."""
        if how not in ("SHUT_RD", "SHUT_WR", "SHUT_RDWR"):
            raise Failed("EINVAL")
        if self.phase == LISTENING and self.style.shutdown_listener and how != "SHUT_WR":
            self._stop_listening()
            self.phase = NEW
            self.notify()
            return 0
        connection = self.connection
        if connection is None or self.phase in (LISTENING, FAILED) or connection.state is CLOSED:
            raise Failed("ENOTCONN")
        if how != "SHUT_WR":
            self.shut_read = True
            if self.style.shutdown_discards:
                connection.read()
        if how != "SHUT_RD" and not self.shut_write:
            self.shut_write = True
            if not connection.endpoint.fin_queued:
                connection.shutdown()
        self.notify()
        return 0

    def _stop_listening(self) -> None:
        listener, self.listener = self.listener, None
        assert listener is not None
        listener.close()
        for child in tuple(listener.accepted):
            if child.state is SYN_RECEIVED and child not in self.queue:
                child.watcher = None
                child.drop()
        queue, self.queue = self.queue, []
        for child in queue:
            child.watcher = None
            if child.state is not CLOSED:
                child.abort()

    def release(self) -> Steps | int:
        """Close: nobody holds the socket any more."""
        if self.binding is not None:
            self.host.bindings.remove(self.binding)
        if self.listener is not None:
            self._stop_listening()
        connection = self.connection
        if connection is None or connection.state is CLOSED:
            return 0
        if self.linger == 0:
            connection.abort()
            return 0
        connection.abandon()
        self._leave(connection)
        if self.linger is None:
            connection.watcher = None
            return 0
        return self._linger(connection, self.linger * SECOND)

    def _leave(self, connection: Connection) -> None:
        """Let a connection that nobody holds come to its end by itself."""
        endpoint = connection.endpoint
        if connection.state is not CLOSED and not (endpoint.closed_full and endpoint.cfg.half_duplex_close):
            connection.read()  # nobody does any more, and yet what the peer sends must come to an end

    def _linger(self, connection: Connection, limit: Time) -> Steps:
        """Wait until all is sent and acknowledged; however it ends, the close has been done."""
        until = self.host.agenda.now + limit
        while str(connection.state) in _SENDING_STILL:
            if (yield Wait((self,), until)):
                break
        connection.watcher = None
        return 0


ERRORS: Final = {
    "connection refused": "ECONNREFUSED",
    "connection reset": "ECONNRESET",
}
"""The error that a connection leaves, by the last signal before its end."""


def _limit(now: Time, timeout: Time) -> Time:
    return NEVER if timeout == NEVER else now + timeout
