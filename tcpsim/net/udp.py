"""UDP on the hosts and links that TCP has (RFC 768), for the contrast.

Rule 1. One `send_to` is one datagram is one message received. None is split, merged, numbered, kept,
        acknowledged or sent again, and none waits for a handshake.
Rule 2. UDP's ports are its own: port 53 of TCP is another.
Rule 3. A datagram for a port without a socket is answered with ICMP port unreachable (RFC 1122
        4.1.3.1), and the socket that sent it is told (RFC 1122 4.1.3.3). What is told travels for as long as
        the link back takes; it is a note in the trace, no packet, and no rule of the link strikes it.
Rule 4. A damaged datagram is seen by nobody (RFC 1122 4.1.3.4).

Not modelled: fragments (a datagram of whatever size is one packet, which passes a link with a smaller MTU as if put
together again, over IPv4), sockets joined to one peer, broadcast and multicast, datagrams without a checksum, and
a receiver's buffer that overflows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import trace as record
from ..tcp import rules as why
from ..tcp.calls import TcpError
from .arguments import address_of, octets
from .arguments import port as checked_port
from .bindings import Turn
from .packet import Packet, is_ipv6
from .silence import DOWN

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace import Trace
    from ..trace.trace import Row
    from .host import Host
    from .packet import Flow, Socket

    Message = tuple[Time, Socket, bytes | int]

MOST_OCTETS: Final = 65_535 - 20 - 8
"""What an IPv4 datagram has room for beside its header and UDP's: its length field has 16 bits (RFC 791 3.1)."""
MOST_OCTETS_IPV6: Final = 65_535 - 8
"""The same of IPv6, whose length field does not count its header (RFC 8200 3)."""
TOO_LONG: Final = "message too long"
PORT_IN_USE: Final = "address already in use"
NO_PORT: Final = "insufficient resources"


class UdpError(TcpError):
    """A call on UDP was refused: "error: message too long"."""


class UdpSocket:
    """A UDP port of a host: made by `Host.udp`.

    Attributes:
        host, port: where.
        received: what has come, in order: (time in nanoseconds, (address, port) of the sender, data). The
            data is bytes, or the number of octets where they are only counted.
        unreachable: the (address, port) of each peer about which ICMP has said that nobody waits there.
        total: how many octets have come.
    """

    __slots__ = ("host", "port", "received", "total", "unreachable")

    def __init__(self, host: Host, port: int) -> None:
        self.host = host
        self.port = port
        self.received: list[Message] = []
        self.unreachable: list[Socket] = []
        self.total = 0

    def send_to(self, to: Host | str, port: int, data: bytes | int) -> None:
        """Send one datagram to a port of a host, which may be given by itself, its name or its address.

        `data` is bytes, or a number of octets that are only counted; there may be none.

        Raises UdpError "message too long" for more than 65,507 octets over IPv4 (65,527 over IPv6), ValueError
        for what is no host, address or port, TypeError for what is no data.
        """
        address = address_of(to, self.host.known)
        checked_port(port)
        self.host.datagrams.send(self, (address, port), octets(data))

    def close(self) -> None:
        """Give the port back; what comes to it from now on is answered with ICMP port unreachable."""
        if self.host.datagrams.sockets.get(self.port) is self:
            del self.host.datagrams.sockets[self.port]

    def __repr__(self) -> str:
        return f"<UdpSocket {self.host.name}:{self.port}>"


class Datagrams:
    """The UDP of one host: which socket a datagram is for.

    Attributes:
        host: whose.
        sockets: by port, in the order in which they were opened.
    """

    __slots__ = ("_trace", "_turn", "host", "sockets")

    def __init__(self, host: Host, trace: Trace | None) -> None:
        self.host = host
        self.sockets: dict[int, UdpSocket] = {}
        self._trace = trace
        self._turn = Turn()

    # ------------------------------------------------------------------ calls

    def open(self, port: int | None) -> UdpSocket:
        """Return a new socket at a port, or at the next ephemeral one that is free.

        Raises UdpError "address already in use" and, if no ephemeral port is left, "insufficient resources";
        ValueError or TypeError for what is no port.
        """
        words = "udp()" if port is None else f"udp({checked_port(port)})"
        self._refuse_if_down(words)
        chosen = self._ephemeral(words) if port is None else port
        if chosen in self.sockets:
            raise self._refused(words, PORT_IN_USE)
        made = self.sockets[chosen] = UdpSocket(self.host, chosen)
        self._called(words)
        return made

    def send(self, socket: UdpSocket, to: Socket, data: bytes | int) -> None:
        """Send one datagram; UdpError if it is too long."""
        length = data if isinstance(data, int) else len(data)
        address, port = to
        words = f"send({length}) to {address}:{port}"
        if length < 0:
            raise ValueError(f"expected 0 octets or more, not {length}")
        self._refuse_if_down(words)
        if length > (MOST_OCTETS_IPV6 if is_ipv6(address) else MOST_OCTETS):
            raise self._refused(words, TOO_LONG)
        self._called(words)
        text = data if isinstance(data, bytes) and data else None
        flow = (self.host.source(address), socket.port, address, port)
        packet = Packet(self.host.packet_number(), flow, record.Datagram(length, text, why.UDP_SENT))
        now = self.host.agenda.now
        direction = self.host.route(address, port, udp=True)
        to_name = "" if direction is None else direction.target.name
        self._record((record.Sent, now, self.host.name, None, why.UDP_SENT, *_of(packet), to_name))
        if direction is None:
            self._record((record.Lost, now, self.host.name, None, None, *_of(packet), f"no route to {address}", now))
        else:
            direction.transmit_datagram(now, packet)

    def forget(self) -> None:
        """The host has crashed: its sockets are gone."""
        self.sockets.clear()

    def _ephemeral(self, words: str) -> int:
        chosen = self._turn.take(self.host.ports, lambda port: port not in self.sockets)
        if not chosen:
            raise self._refused(words, NO_PORT)
        return chosen

    # ------------------------------------------------------------------ packets

    def arrive(self, now: Time, packet: Packet) -> None:
        """Take a datagram from a link."""
        name, told = self.host.name, _of(packet)
        if packet.corrupted:
            self._record((record.Corrupted, now, name, None, None, *told, packet.corrupted))
            return
        self._record((record.Arrived, now, name, None, None, *told))
        if self.host.down:
            self._record((record.Discarded, now, name, None, why.HOST_DOWN, *told))
            return
        socket = self.sockets.get(packet.flow[3])
        if socket is None:
            self._record((record.Discarded, now, name, None, why.UDP_UNREACHABLE, *told))
            self._answer(now, packet.flow)
            return
        length, text = packet.segment.length, packet.segment.text
        socket.total += length
        data: bytes | int = text if text is not None else length or b""
        socket.received.append((now, packet.flow[:2], data))
        self._record((record.Delivered, now, name, None, None, length, text, False, False, socket.total))

    def _answer(self, now: Time, flow: Flow) -> None:
        """Tell the sender of a datagram that nobody waits at its port (Rule 3)."""
        self._note(now, f"UDP port {flow[3]}: sends ICMP port unreachable")
        back = self.host.route(flow[0], flow[1], udp=True)
        if back is not None:
            self.host.agenda.enter(now + back.delay, back.target.datagrams.told_unreachable, flow)

    def told_unreachable(self, now: Time, quoted: Flow) -> None:
        """Take ICMP port unreachable about a datagram that we sent: `quoted` is its flow."""
        if self.host.down:
            return
        self._note(now, f"arrived: ICMP port unreachable (port {quoted[3]})")
        socket = self.sockets.get(quoted[1])
        if socket is not None:
            socket.unreachable.append(quoted[2:])

    # ------------------------------------------------------------------ the trace

    def _refuse_if_down(self, words: str) -> None:
        if self.host.down:
            raise self._refused(words, DOWN)

    def _refused(self, words: str, error: str) -> UdpError:
        self._called(words, f"error: {error}")
        return UdpError(error)

    def _called(self, words: str, error: str = "") -> None:
        self._record((record.Called, self.host.agenda.now, self.host.name, None, None, words, error))

    def _note(self, now: Time, text: str) -> None:
        self._record((record.Note, now, self.host.name, None, None, text))

    def _record(self, row: Row) -> None:
        if self._trace is not None:
            self._trace.append(row)


def _of(packet: Packet) -> tuple[int, Flow, Segment]:
    """Return what every record about a packet tells of it."""
    return packet.number, packet.flow, packet.segment
