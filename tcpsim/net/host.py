"""A host: addresses, ports, listeners and connections; it decides which connection a packet is for.

Rule 1. A packet goes to the connection of its two sockets; else to the listener on its port; else
        it is answered with a RST, unless it is one (RFC 9293 3.10.7.1).
Rule 2. A listener is a passive OPEN that is repeated: one connection waits in LISTEN, takes the next
        SYN, and another takes its place when it is needed.
Rule 3. A packet with a wrong checksum is seen by nobody (RFC 9293 3.1, MUST-3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import trace as record
from ..tcp import rules as why
from ..tcp.calls import TcpError
from ..tcp.config import Config, checked
from ..tcp.diagram import CLOSED, LISTEN, TIME_WAIT
from ..tcp.segment import RST, SYN
from ..tcp.send import reset_for
from .arguments import LAST_PORT, address_of, socket
from .arguments import port as checked_port
from .bindings import FIRST_EPHEMERAL, Bindings
from .connection import Connection
from .packet import Packet, is_ipv6, reverse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..tcp.icmp import IcmpError
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace import Trace
    from .agenda import Agenda
    from .connection import Application
    from .link import Direction
    from .packet import Flow, Socket

    Prepare = Callable[[Connection], None]


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
    """

    __slots__ = (
        "accepted", "addresses", "application", "config", "crowded", "host", "port", "prepare", "reading", "spare",
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

    def hears(self, address: str) -> bool:
        """Return whether what comes to an address of the host is for this listener."""
        return self.addresses is None or address in self.addresses

    def configure(self, **knobs: Any) -> None:
        """Change knobs of the connections that are to come."""
        self.config = checked(self.config, knobs)
        if self.spare is not None:
            self.spare.configure(**knobs)

    def close(self) -> None:
        """Stop listening; connections that were accepted live on."""
        if self.host.listeners.get(self.port) is self:
            del self.host.listeners[self.port]
        spare, self.spare = self.spare, None
        if spare is not None and spare.state is LISTEN:
            spare.close()

    def __repr__(self) -> str:
        return f"<Listener {self.host.name}:{self.port}>"


class Host:
    """A host of a network: made by `Network.host`.

    Attributes:
        name, address: what it is called, and its first address, IPv4 or IPv6.
        addresses: all its addresses.
        profile: the name of the profile that its knobs began as, or "".
        config: the knobs of its endpoints, unless a call changes some.
        bindings: the claims to its ports.
        known: the hosts of its network, by name.
        connections: every connection it ever had, by number.
        listeners: by port.
        arriving: the packet being processed, or None.
    """

    def __init__(
        self,
        name: str,
        address: str,
        config: Config,
        agenda: Agenda,
        trace: Trace | None,
        packet_number: Callable[[], int],
    ) -> None:
        self.name = name
        self.address = address
        self.addresses = [address]
        self.profile = ""
        self.bindings = Bindings(self._ports)
        self.config = config
        self.agenda = agenda
        self.packet_number = packet_number
        self._trace = trace
        self.known: Mapping[str, Host] = {name: self}
        self.connections: dict[int, Connection] = {}
        self.listeners: dict[int, Listener] = {}
        self.arriving: Packet | None = None
        self._table: dict[Flow, Connection] = {}  # by the flow of the packets that arrive for it
        self._routes: dict[str, Direction] = {}
        self._next_port = FIRST_EPHEMERAL

    # ------------------------------------------------------------------ calls

    def listen(
        self,
        port: int,
        *,
        reading: bool = True,
        application: Application | None = None,
        prepare: Prepare | None = None,
        **knobs: Any,
    ) -> Listener:
        """Accept connections at a port; raises TcpError if it is taken."""
        self._check_port(port)
        if port in self.listeners:
            self._called(None, f"listen({port})", "error: connection already exists")
            raise TcpError("connection already exists")
        listener = Listener(self, port, checked(self.config, knobs), reading, application)
        listener.prepare = prepare
        self.listeners[port] = listener
        spare = self._new_connection(listener.config, reading, application, prepare)
        self._called(spare.number, f"listen({port})")
        self._listening(listener, spare)
        return listener

    def connect(
        self,
        to: Host | str,
        port: int,
        *,
        local_port: int | None = None,
        local_address: str | None = None,
        reading: bool = True,
        application: Application | None = None,
        prepare: Prepare | None = None,
        **knobs: Any,
    ) -> Connection:
        """Open a connection to a host, by itself, its name or its address, at a port; returns at once, in SYN-SENT.

        The local address is the host's first of the same kind, unless given; `prepare` is called with
        the connection before its SYN goes out.

        Raises TcpError if the local socket already has a connection with that remote one, or if no
        ephemeral port is left, ValueError for what is no host and no address that one can have.
        """
        address = address_of(to, self.known)
        self._check_port(port)
        words = f"connect({address}:{port})"
        source = self.source(address) if local_address is None else local_address
        local_port = self._ephemeral(source, address, port, words) if local_port is None else local_port
        self._check_port(local_port)
        local = (source, local_port)
        flow = (address, port, *local)
        if flow in self._table:
            self._called(None, words, "error: connection already exists")
            raise TcpError("connection already exists")
        connection = self._new_connection(checked(self.config, knobs), reading, application, prepare)
        connection.bind(local, (address, port))
        self._table[flow] = connection
        self._called(connection.number, words)
        now = self.agenda.now
        connection.carry_out(now, connection.endpoint.open(now, active=True))
        return connection

    def open(
        self,
        port: int,
        *,
        active: bool,
        remote: Socket | None = None,
        reading: bool = True,
        application: Application | None = None,
        **knobs: Any,
    ) -> Connection:
        """OPEN (RFC 9293 3.10.1) one connection at a local port, passive or active.

        A passive one with a `remote` socket waits for that peer only, and may become active by SEND.
        Raises TcpError, as "remote socket unspecified".
        """
        self._check_port(port)
        config = checked(self.config, knobs)
        remote = None if remote is None else socket(remote, self.known)
        flow = (*remote, self.address, port) if remote is not None else None
        if flow in self._table if flow is not None else not active and port in self.listeners:
            self._called(None, "open(active)" if active else "open(passive)", "error: connection already exists")
            raise TcpError("connection already exists")
        connection = self._new_connection(config, reading, application)
        if remote is not None and flow is not None:
            connection.bind((self.address, port), remote)
            self._table[flow] = connection
        else:
            connection.endpoint.local = (self.address, port)
        if flow is None and not active:
            listener = Listener(self, port, connection.endpoint.cfg, reading, application)
            listener.spare = connection
            connection.listener = listener
            self.listeners[port] = listener
        connection.open(active=active)
        return connection

    def crash(self) -> None:
        """Lose every connection and listener at once, without a word to anybody."""
        now = self.agenda.now
        if self._trace is not None:
            self._trace.append((record.Note, now, self.name, None, None, "crash: every connection is forgotten"))
        self._table.clear()
        self.listeners.clear()
        for connection in self.connections.values():
            connection.forget()

    @property
    def connection(self) -> Connection | None:
        """The latest connection, or None."""
        return next(reversed(self.connections.values()), None)

    # ------------------------------------------------------------------ packets

    def arrive(self, now: Time, packet: Packet) -> None:
        """Take a packet from a link."""
        connection = self._table.get(packet.flow)
        segment = packet.segment
        if connection is None or (segment.ctl & SYN and connection.endpoint.state is TIME_WAIT):
            self._arrive_unknown(now, packet, connection)
            return
        if self._trace is not None:
            row = (record.Arrived, now, self.name, connection.number, None, packet.number, packet.flow, segment)
            self._trace.append(row)
            self.arriving = packet
        connection.carry_out(now, connection.endpoint.segment_arrives(now, segment))

    def arrive_corrupted(self, now: Time, packet: Packet) -> None:
        """Discard a packet whose checksum is wrong."""
        self._record(record.Corrupted, now, self._table.get(packet.flow), packet, packet.corrupted)

    def arrive_icmp(self, now: Time, quoted: Flow, error: IcmpError) -> None:
        """Take an ICMP error about a packet that we sent: `quoted` is its flow (RFC 9293 3.9.2.2, MUST-54)."""
        connection = self._table.get(reverse(quoted))
        if self._trace is not None:
            number = None if connection is None else connection.number
            self._trace.append((record.Note, now, self.name, number, None, f"arrived: {error!r}"))
        if connection is not None:
            connection.carry_out(now, connection.endpoint.icmp(now, error))

    def _arrive_unknown(self, now: Time, packet: Packet, old: Connection | None) -> None:
        """A packet for no connection, or a SYN for one in TIME-WAIT: is there a listener?"""
        flow, segment = packet.flow, packet.segment
        listener = self.listeners.get(flow[3])
        if listener is not None and not listener.hears(flow[2]):
            listener = None
        if old is not None and not old.endpoint.admits_new_incarnation(segment):
            listener = None
        elif old is not None and listener is None:
            if old.endpoint.cfg.time_wait_answers == "unexpected":
                old.drop()  # BSD has forgotten the old connection before it looks for who listens
                old = None
        elif listener is not None:
            self._accept(now, packet, listener, old)
            return
        self._record(record.Arrived, now, old, packet)
        self.arriving = packet
        if old is not None:
            old.carry_out(now, old.endpoint.segment_arrives(now, segment))
        elif segment.ctl & RST:
            self._record(record.Discarded, now, None, packet, reason=why.CLOSED_RST_IGNORED)
        else:
            self._record(record.Discarded, now, None, packet, reason=why.CLOSED_RESET)
            self._answer(now, reverse(flow), reset_for(segment, why.CLOSED_RESET))

    def _accept(self, now: Time, packet: Packet, listener: Listener, old: Connection | None) -> None:
        """Give a packet to a listener's connection in LISTEN; a SYN makes it a connection of its own."""
        if listener.crowded is not None and packet.segment.ctl & SYN and listener.crowded():
            self._record(record.Arrived, now, None, packet)
            self._record(record.Discarded, now, None, packet, reason=why.LISTEN_CROWDED)
            return
        connection = listener.spare
        if connection is None:
            connection = self._new_connection(listener.config, listener.reading, listener.application, listener.prepare)
            self._listening(listener, connection)
        flow = packet.flow
        connection.bind((flow[2], flow[3]), (flow[0], flow[1]))
        self._record(record.Arrived, now, connection, packet)
        self.arriving = packet
        if old is not None:
            connection.endpoint.iss_above = old.endpoint.snd_max
            connection.parked = old
        actions = connection.endpoint.segment_arrives(now, packet.segment)
        if connection.endpoint.state is not LISTEN:
            listener.spare = None
            listener.accepted.append(connection)
            self._table[flow] = connection
        connection.carry_out(now, actions)

    def _answer(self, now: Time, flow: Flow, segment: Segment) -> None:
        """Send a segment that belongs to no connection."""
        packet = Packet(self.packet_number(), flow, segment)
        binding = self.bindings.at(flow[1], flow[0])
        if binding is not None:
            packet.ttl, packet.tos = binding.ttl, binding.tos
        direction = self.route(flow[2])
        if self._trace is not None:
            to = direction.target.name if direction is not None else ""
            row = (record.Sent, now, self.name, None, segment.why, packet.number, flow, segment, to)
            self._trace.append(row)
        if direction is None:
            self.no_route(now, packet)
        else:
            direction.transmit(now, packet)

    def route(self, address: str) -> Direction | None:
        """Return the direction that leads to an address, or None."""
        return self._routes.get(address)

    def add_route(self, address: str, direction: Direction) -> None:
        """Reach an address by a direction of a link."""
        self._routes[address] = direction

    def no_route(self, now: Time, packet: Packet) -> None:
        """A packet whose destination no link leads to is lost here."""
        self._record(record.Lost, now, None, packet, f"no route to {packet.flow[2]}", now)

    # ------------------------------------------------------------------ connections

    def _new_connection(
        self, config: Config, reading: bool, application: Application | None, prepare: Prepare | None = None
    ) -> Connection:
        number = len(self.connections) + 1
        connection = Connection(self, number, config, self._trace)
        connection.endpoint.reading = reading
        connection.application = application
        self.connections[number] = connection
        if prepare is not None:
            prepare(connection)
        return connection

    def _listening(self, listener: Listener, connection: Connection) -> None:
        """Put a connection in LISTEN at the head of a listener."""
        connection.listener = listener
        connection.endpoint.local = (self.address, listener.port)
        listener.spare = connection
        now = self.agenda.now
        connection.carry_out(now, connection.endpoint.open(now, active=False))

    def released(self, now: Time, connection: Connection) -> None:
        """A connection is CLOSED, or back in LISTEN: its sockets are free."""
        listener = connection.listener
        if connection.state is LISTEN and listener is None:
            return  # a passive OPEN with a specified remote socket keeps it
        flow = reverse(connection.flow)
        if self._table.get(flow) is connection:
            del self._table[flow]
            old = connection.parked
            if old is not None and old.state is TIME_WAIT:
                self._table[flow] = old  # RFC 9293 3.6.1, MAY-2 (2): the SYN was an old duplicate
        connection.parked = None
        if connection.state is CLOSED or listener is None:
            if listener is not None and listener.spare is connection:
                listener.close()
            return
        connection.unbind()
        if connection in listener.accepted:
            listener.accepted.remove(connection)
        if listener.spare is None and self.listeners.get(listener.port) is listener:
            listener.spare = connection
        elif listener.spare is not connection:
            connection.carry_out(now, connection.endpoint.close(now))

    def new_incarnation_established(self, now: Time, connection: Connection) -> None:
        """The old incarnation, in TIME-WAIT until now, is no longer needed."""
        old, connection.parked = connection.parked, None
        if old is not None and old.state is TIME_WAIT:
            old.carry_out(now, old.endpoint.give_way(now))

    def _ports(self) -> Iterator[int]:
        """Yield the local port of each listener and connection."""
        yield from self.listeners
        for flow in self._table:
            yield flow[3]

    def source(self, address: str) -> str:
        """Return the host's first address of the kind of `address`, or its first if it has none of that kind."""
        kind = is_ipv6(address)
        for own in self.addresses:
            if is_ipv6(own) is kind:
                return own
        return self.address

    def _ephemeral(self, source: str, address: str, port: int, words: str) -> int:
        """Return the next ephemeral port that is free towards a remote socket, for the call in `words`."""
        for _ in range(LAST_PORT - FIRST_EPHEMERAL + 1):
            candidate = self._next_port
            self._next_port = candidate + 1 if candidate < LAST_PORT else FIRST_EPHEMERAL
            if (address, port, source, candidate) not in self._table and candidate not in self.bindings:
                return candidate
        self._called(None, words, "error: insufficient resources")
        raise TcpError("insufficient resources")

    @staticmethod
    def _check_port(port: int) -> None:
        checked_port(port)

    # ------------------------------------------------------------------ the trace

    def _called(self, number: int | None, words: str, error: str = "") -> None:
        if self._trace is not None:
            self._trace.append((record.Called, self.agenda.now, self.name, number, None, words, error))

    def _record(
        self,
        kind: type[record.SegmentRecord],
        now: Time,
        connection: Connection | None,
        packet: Packet,
        *fields: Any,
        reason: why.Rule | None = None,
    ) -> None:
        if self._trace is not None:
            number = None if connection is None else connection.number
            row = (kind, now, self.name, number, reason, packet.number, packet.flow, packet.segment, *fields)
            self._trace.append(row)

    def __repr__(self) -> str:
        return f"<Host {self.name} {self.address}>"
