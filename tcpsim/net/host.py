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
from ..tcp.endpoint import Endpoint
from ..tcp.segment import RST, SYN
from ..tcp.send import reset_for
from . import silence
from .arguments import address_of, octets, port_range, socket
from .arguments import port as checked_port
from .bindings import Bindings, Turn
from .connection import Connection
from .link import Direction
from .listener import Listener, Queues
from .packet import Packet, is_ipv6, printed, reverse
from .silence import DOWN
from .udp import Datagrams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import NoReturn

    from ..tcp.icmp import IcmpError
    from ..tcp.mutants import Mutant
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace import Trace
    from .agenda import Agenda
    from .connection import Application
    from .packet import Flow, Socket
    from .udp import UdpSocket

    Prepare = Callable[[Connection], None]
    Gateway = Callable[["Host", int, bool], Direction]


class Host:
    """A host of a network: made by `Network.host`.

    Attributes:
        name, address: what it is called, and its first address, IPv4 or IPv6.
        addresses: all its addresses.
        profile: the name of the profile that its knobs began as, or "".
        mutant: the deviation that it has, or None.
        config: the knobs of its endpoints, unless a call changes some.
        bindings: the claims to its ports.
        known: the hosts of its network, by name.
        connections: every connection it ever had, by number.
        listeners: by port.
        fast_cookies: what servers gave it for its next SYN (RFC 7413), by their addresses.
        fast_refused: the sockets that gave none, took no data, or did not answer: they are not asked again.
        arriving: the packet being processed, or None.
        connection_class: what its connections are made of; those of an explained network tell more.
        stranger: told of packets for no connection, before they are answered; None for nobody.
        datagrams: its UDP.
        seed: of the chance on its loopback.
        delay_to_itself: how long a packet to itself travels (nanoseconds).
        gateways: for the public address of a NAT: which direction leads a host to a port there, of UDP or not.
        silence: while it is down, or keeps quiet after a restart; else None.
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
        self.mutant: Mutant | None = None
        self.bindings = Bindings(self._ports)
        self.config = config
        self.agenda = agenda
        self.packet_number = packet_number
        self._trace = trace
        self.known: Mapping[str, Host] = {name: self}
        self.connections: dict[int, Connection] = {}
        self.listeners: dict[int, Listener] = {}
        self.arriving: Packet | None = None
        self.connection_class: type[Connection] = Connection
        self.stranger: Callable[[Time, Packet], None] | None = None
        self.datagrams = Datagrams(self, trace)
        self._table: dict[Flow, Connection] = {}  # by the flow of the packets that arrive for it
        self._routes: dict[str, Direction] = {}
        self.gateways: dict[str, Gateway] = {}
        self.fast_cookies: dict[str, bytes] = {}
        self.fast_refused: set[Socket] = set()
        self.seed = 0
        self.delay_to_itself: Time = 0
        self.silence: silence.Silence | None = None
        self._turn = Turn()

    # ------------------------------------------------------------------ calls

    def listen(
        self,
        port: int,
        *,
        reading: bool = True,
        application: Application | None = None,
        prepare: Prepare | None = None,
        reuse_address: bool = True,
        backlog: int | None = None,
        syn_backlog: int | None = None,
        overflow: str = "drop ack",
        syn_cookies: str = "off",
        **knobs: Any,
    ) -> Listener:
        """Accept connections at a port; raises TcpError if it is taken: "connection already exists".

        To RFC 9293 a connection is a pair of sockets, and those that are left of an earlier listener, in TIME-WAIT
        for instance, are no obstacle. To the socket interface they are, unless SO_REUSEADDR is set before `bind`:
        without `reuse_address` the call is refused in its words, "address already in use".

        By default the application accepts every connection at once. With a `backlog` they wait for `accept`, at most
        so many (the knob `backlog_counts`); at most `syn_backlog` are half open. What happens to those for whom there
        is no room is said by `overflow` and `syn_cookies`: see OVERFLOWS and COOKIES in `listener`. ValueError for
        what is none of them.
        """
        checked_port(port)
        if port in self.listeners:
            self._refuse(f"listen({port})", "connection already exists")
        if not reuse_address and not self.bindings.allow(port, None, shares=False):
            self._refuse(f"listen({port})", "address already in use")
        self._refuse_if_down(f"listen({port})")
        listener = Listener(self, port, checked(self.config, knobs), reading, application)
        listener.prepare = prepare
        words = f"listen({port})"
        if backlog is not None or syn_backlog is not None or syn_cookies != "off":
            listener.queues = Queues(listener, backlog, syn_backlog, overflow, syn_cookies)
            words = f"listen({port}, {listener.queues.words})"
        self.listeners[port] = listener
        spare = self.new_connection(listener.config, reading, application, prepare)
        self.called(spare.number, words)
        listener.wait(spare)
        return listener

    def stop_listening(self, port: int) -> None:
        """Close the listener at a port; connections that were accepted live on. TcpError if nobody listens there."""
        listener = self.listeners.get(checked_port(port))
        if listener is None:
            self._refuse(f"stop listening({port})", "connection does not exist")
        self.called(None, f"stop listening({port})")
        listener.close()

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
        data: bytes | bytearray | memoryview | int = 0,
        **knobs: Any,
    ) -> Connection:
        """Open a connection to a host, by itself, its name or its address, at a port; returns at once, in SYN-SENT.

        The local address is the host's first of the same kind, unless given; `prepare` is called with
        the connection before its SYN goes out. `data`, octets or how many of them, is sent first: once
        ESTABLISHED, or with the SYN if Fast Open is on and the server has given a cookie before.

        Raises TcpError if the local socket already has a connection with that remote one, or if no
        ephemeral port is left, ValueError for what is no host and no address that one can have.
        """
        address = address_of(to, self.known)
        checked_port(port)
        data = octets(data) if data else 0
        size = data if isinstance(data, int) else len(data)
        words = f"connect({printed(address, port)}{f', {size}' if size else ''})"
        self._refuse_if_down(words)
        source = self.source(address) if local_address is None else local_address
        local_port = self._ephemeral(source, address, port, words) if local_port is None else local_port
        checked_port(local_port)
        local = (source, local_port)
        flow = (address, port, *local)
        if self._taken(flow):
            self._refuse(words, "connection already exists")
        config = checked(self.config, knobs)
        if (address, port) in self.fast_refused:
            config = checked(config, {"fast_open": "server" if config.fast_open == "both" else "off"})
        connection = self.new_connection(config, reading, application, prepare)
        connection.bind(local, (address, port))
        self.called(connection.number, words)
        connection.endpoint.fast_cookie = self.fast_cookies.get(address)
        self._begin(
            flow, connection,
            lambda now: connection.carry_out(now, connection.endpoint.open(now, active=True, data=data)),
        )  # fmt: skip
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

        A passive one with a `remote` socket waits for that peer only. It becomes active by SEND, or by an active
        OPEN of the same sockets, which returns it.
        Raises TcpError, as "remote socket unspecified".
        """
        checked_port(port)
        config = checked(self.config, knobs)
        remote = None if remote is None else socket(remote, self.known)
        flow = (*remote, self.address, port) if remote is not None else None
        words = "open(active)" if active else "open(passive)"
        self._refuse_if_down(words)
        waiting = self._table.get(flow) if active and flow is not None else None
        if waiting is not None and waiting.state is LISTEN:
            waiting.open(active=True)  # RFC 9293 3.10.1, LISTEN STATE
            return waiting
        if self._taken(flow) if flow is not None else not active and port in self.listeners:
            self._refuse(words, "connection already exists")
        connection = self.new_connection(config, reading, application)
        if remote is not None and flow is not None:
            connection.bind((self.address, port), remote)
            self._begin(flow, connection, lambda _now: connection.open(active=active))
            return connection
        connection.endpoint.local = (self.address, port)
        if not active:
            listener = Listener(self, port, connection.endpoint.cfg, reading, application)
            listener.spare = connection
            connection.listener = listener
            self.listeners[port] = listener
        connection.open(active=active)
        return connection

    def udp(self, port: int | None = None) -> UdpSocket:
        """Open a UDP socket at a port, by default the next free one from 49152; raises UdpError if it is taken."""
        return self.datagrams.open(port)

    def accept(self, port: int | None = None, then: Callable[[Connection], None] | None = None) -> Connection | None:
        """Accept a connection at a listener with a backlog, by default the host's latest: see `Listener.accept`.

        Raises TcpError if there is no such listener: "connection does not exist".
        """
        listener = self.listeners.get(port) if port is not None else next(reversed(self.listeners.values()), None)
        if listener is None:
            self._refuse(f"accept({'' if port is None else port})", "connection does not exist")
        return listener.accept(then)

    @property
    def counters(self) -> dict[str, int]:
        """What it has counted, by the names of `nstat` and `netstat -s`; empty in a network without a trace."""
        from .counters import counters

        return {} if self._trace is None else counters(self._trace, self.name)

    def crash(self, *, down: bool = False) -> None:
        """Lose every connection and listener at once, without a word to anybody.

        The host is up again at once, or `down` until `restart`.
        """
        silence.crash(self, down=down)

    def lose_memory(self) -> None:
        """Forget every connection, listener and UDP socket."""
        self._table.clear()
        self.listeners.clear()
        self.datagrams.forget()
        for connection in self.connections.values():
            connection.forget()

    def restart(self, *, quiet: bool = False) -> None:
        """Come up after a crash; a host that is up forgets everything now.

        With `quiet` its TCP emits nothing until the MSL of its knobs has passed, since it has lost the memory of the
        sequence numbers in use (RFC 9293 3.4.3): what comes is discarded, and `connect` waits.
        """
        silence.restart(self, quiet=quiet)

    def speak(self, opened: Mapping[Flow, Connection]) -> None:
        """The quiet time is over; these connections were opened in it."""
        self.silence = None
        self._table.update(opened)

    @property
    def down(self) -> bool:
        """Whether it has crashed and was not restarted."""
        return self.silence is not None and self.silence.down

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
        self.tell(record.Corrupted, now, self._find(packet.flow), packet, packet.corrupted)

    def lets_fragment(self, flow: Flow) -> bool:
        """Return whether packets of a flow that it sends may be fragmented: DF is set to discover the path MTU."""
        connection = self._find(reverse(flow))
        return not (self.config if connection is None else connection.endpoint.cfg).path_mtu_discovery

    def arrive_icmp(self, now: Time, quoted: Flow, error: IcmpError) -> None:
        """Take an ICMP error about a packet that we sent: `quoted` is its flow (RFC 9293 3.9.2.2, MUST-54)."""
        connection = self._find(reverse(quoted))
        if self._trace is not None:
            number = None if connection is None else connection.number
            self._trace.append((record.Note, now, self.name, number, None, f"arrived: {error!r}"))
        if connection is not None:
            connection.carry_out(now, connection.endpoint.icmp(now, error))

    def _arrive_unknown(self, now: Time, packet: Packet, old: Connection | None) -> None:
        """A packet for no connection, or a SYN for one in TIME-WAIT: is there a listener?"""
        if self.silence is not None:
            self.tell(record.Arrived, now, None, packet)
            self.tell(record.Discarded, now, None, packet, reason=self.silence.reason)
            return
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
            listener.arrive(now, packet, old)
            return
        self.tell(record.Arrived, now, old, packet)
        self.arriving = packet
        if old is None and self.stranger is not None:
            self.stranger(now, packet)
        if old is not None:
            old.carry_out(now, old.endpoint.segment_arrives(now, segment))
        elif self.mutant is not None and self.mutant.answer is not None:
            self.tell(record.Discarded, now, None, packet, reason=self.mutant.rule)
            wrong = self.mutant.answers(segment)
            if wrong is not None:
                self.answer(now, reverse(flow), wrong)
        elif segment.ctl & RST:
            self.tell(record.Discarded, now, None, packet, reason=why.CLOSED_RST_IGNORED)
        else:
            self.tell(record.Discarded, now, None, packet, reason=why.CLOSED_RESET)
            self.answer(now, reverse(flow), reset_for(segment, why.CLOSED_RESET))

    def know(self, flow: Flow, connection: Connection) -> None:
        """From now on the packets of a flow are for a connection that has left its listener, or its SYN queue."""
        self._table[flow] = connection

    def forget_flow(self, flow: Flow) -> None:
        """No connection is known any more for the packets of a flow, if one was."""
        self._table.pop(flow, None)

    def _find(self, flow: Flow) -> Connection | None:
        """Return the connection that the packets of a flow are for, be it half open at a listener."""
        listener = self.listeners.get(flow[3])
        queues = None if listener is None else listener.queues
        half_open = None if queues is None else queues.half_open.get(flow)
        return self._table.get(flow) if half_open is None else half_open

    def answer(self, now: Time, flow: Flow, segment: Segment) -> None:
        """Send a segment that belongs to no connection."""
        packet = Packet(self.packet_number(), flow, segment)
        binding = self.bindings.at(flow[1], flow[0])
        if binding is not None:
            packet.ttl, packet.tos = binding.ttl, binding.tos
        direction = self.route(flow[2], flow[3])
        if self._trace is not None:
            to = direction.target.name if direction is not None else ""
            row = (record.Sent, now, self.name, None, segment.why, packet.number, flow, segment, to)
            self._trace.append(row)
        if direction is None:
            self.no_route(now, packet)
        else:
            direction.transmit(now, packet)

    def route(self, address: str, port: int = 0, *, udp: bool = False) -> Direction | None:
        """Return the direction that leads to an address, or None; behind a NAT, the port decides."""
        direction = self._routes.get(address)
        if direction is None and address in self.gateways:
            return self.gateways[address](self, port, udp)
        return self.loopback if direction is None and address in self.addresses else direction

    @property
    def loopback(self) -> Direction:
        """The way from the host to itself, which is made when it is first asked for."""
        direction = self._routes.get(self.address)
        if direction is None:
            direction = Direction(self.agenda, self._trace, self, self, f"{self.seed}/{self.name}/{self.name}")
            direction.delay = self.delay_to_itself
            self._routes[self.address] = direction
        return direction

    def add_route(self, address: str, direction: Direction) -> None:
        """Reach an address by a direction of a link."""
        self._routes[address] = direction

    def reroute(self, remote: Socket) -> None:
        """A NAT has given a public socket to somebody else: what is sent there takes another way."""
        for connection in self.connections.values():
            if connection.route is not None and connection.flow[2:] == remote:
                connection.route = self.route(*remote)

    def no_route(self, now: Time, packet: Packet) -> None:
        """A packet whose destination no link leads to is lost here."""
        self.tell(record.Lost, now, None, packet, f"no route to {packet.flow[2]}", now)

    # ------------------------------------------------------------------ connections

    @property
    def endpoint(self) -> type[Endpoint]:
        """The class of its endpoints: the real one, unless it is a mutant."""
        return Endpoint if self.mutant is None or self.mutant.endpoint is None else self.mutant.endpoint

    def knobs(self, config: Config) -> Config:
        """Return the knobs that an endpoint gets: those asked for, but for what a mutant insists on."""
        return config if self.mutant is None else self.mutant.changes(config)

    def new_connection(
        self, config: Config, reading: bool, application: Application | None, prepare: Prepare | None = None
    ) -> Connection:
        """Return a new connection, CLOSED, with the next number; `prepare` is called with it."""
        number = len(self.connections) + 1
        connection = self.connection_class(self, number, self.knobs(config), self._trace)
        connection.endpoint.reading = reading
        connection.application = application
        self.connections[number] = connection
        if prepare is not None:
            prepare(connection)
        return connection

    def released(self, now: Time, connection: Connection) -> None:
        """A connection is CLOSED, or back in LISTEN: its sockets are free."""
        listener = connection.listener
        if connection.state is LISTEN and listener is None:
            return  # a passive OPEN with a specified remote socket keeps it
        flow = reverse(connection.flow)
        if self._forget(flow, connection):
            old = connection.parked
            if old is not None and old.state is TIME_WAIT:
                self._table[flow] = old  # RFC 9293 3.6.1, MAY-2 (2): the SYN was an old duplicate
        connection.parked = None
        if connection.state is CLOSED or listener is None:
            if listener is not None and listener.spare is connection:
                listener.close()
            elif listener is not None and listener.queues is not None:
                listener.queues.ended(connection)
            return
        connection.unbind()
        if connection in listener.accepted:
            listener.accepted.remove(connection)
        if listener.spare is None and self.listeners.get(listener.port) is listener:
            listener.spare = connection
        elif listener.spare is not connection:
            connection.carry_out(now, connection.endpoint.close(now))

    def _forget(self, flow: Flow, connection: Connection) -> bool:
        """Take a connection out of the table, or of its listener's SYN queue; return whether it was there."""
        queues = None if connection.listener is None else connection.listener.queues
        in_queue = queues is not None and queues.half_open.get(flow) is connection
        table = queues.half_open if queues is not None and in_queue else self._table
        if table.get(flow) is not connection:
            return False
        del table[flow]
        return True

    def new_incarnation_established(self, now: Time, connection: Connection) -> None:
        """The old incarnation, in TIME-WAIT until now, is no longer needed."""
        old, connection.parked = connection.parked, None
        if old is not None and old.state is TIME_WAIT:
            old.carry_out(now, old.endpoint.give_way(now))

    @property
    def ports(self) -> tuple[int, int]:
        """The first and the last ephemeral port: those that are chosen where a call names none (RFC 6335 6)."""
        return self.bindings.ports

    @ports.setter
    def ports(self, ports: tuple[int, int]) -> None:
        self.bindings.ports = port_range(ports)

    def _ports(self) -> Iterator[int]:
        """Yield the local port of each listener and connection."""
        yield from self.listeners
        for flow in self._table:
            yield flow[3]
        for flow in () if self.silence is None else self.silence.table:
            yield flow[3]

    def _taken(self, flow: Flow) -> bool:
        """Return whether there is a connection between two sockets, or will be when the quiet time is over."""
        return flow in self._table or (self.silence is not None and flow in self.silence.table)

    def _begin(self, flow: Flow, connection: Connection, opening: Callable[[Time], None]) -> None:
        """Open a connection that has both sockets: now, or when the quiet time is over."""
        if self.silence is None:
            self._table[flow] = connection
            opening(self.agenda.now)
        else:
            self.silence.table[flow] = connection
            self.silence.postpone(opening)

    def source(self, address: str) -> str:
        """Return the host's first address of the kind of `address`, or its first if it has none of that kind."""
        kind = is_ipv6(address)
        for own in self.addresses:
            if is_ipv6(own) is kind:
                return own
        return self.address

    def _ephemeral(self, source: str, address: str, port: int, words: str) -> int:
        """Return the next ephemeral port that is free towards a remote socket, for the call in `words`."""
        chosen = self._turn.take(
            self.ports, lambda own: not self._taken((address, port, source, own)) and own not in self.bindings
        )
        return chosen or self._refuse(words, "insufficient resources")

    # ------------------------------------------------------------------ the trace

    def _refuse(self, words: str, error: str) -> NoReturn:
        self.called(None, words, f"error: {error}")
        raise TcpError(error)

    def _refuse_if_down(self, words: str) -> None:
        if self.silence is not None and self.silence.down:
            self._refuse(words, DOWN)

    def note(self, connection: Connection | None, words: str) -> None:
        """Enter a remark about a connection, or about the host, into the trace."""
        if self._trace is not None:
            number = None if connection is None else connection.number
            self._trace.append((record.Note, self.agenda.now, self.name, number, None, words))

    def called(self, number: int | None, words: str, error: str = "") -> None:
        """Enter a call into the trace, of a connection by its number, or of the host."""
        if self._trace is not None:
            self._trace.append((record.Called, self.agenda.now, self.name, number, None, words, error))

    def tell(
        self,
        kind: type[record.SegmentRecord],
        now: Time,
        connection: Connection | None,
        packet: Packet,
        *fields: Any,
        reason: why.Rule | None = None,
    ) -> None:
        """Enter into the trace what happens to a packet here."""
        if self._trace is not None:
            number = None if connection is None else connection.number
            row = (kind, now, self.name, number, reason, packet.number, packet.flow, packet.segment, *fields)
            self._trace.append(row)

    def enter(self, row: tuple[Any, ...]) -> None:
        """Enter a row into the trace, if there is one."""
        if self._trace is not None:
            self._trace.append(row)

    def __repr__(self) -> str:
        return f"<Host {self.name} {self.address}>"
