"""A packet: a segment with the addresses and ports that carry it, and a number for the trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..trace import Datagram

if TYPE_CHECKING:
    from ..tcp.segment import Segment

Socket = tuple[str, int]
"""An address and a port."""
Flow = tuple[str, int, str, int]
"""Source address and port, destination address and port."""

IPV4_OCTETS: Final = 20
IPV6_OCTETS: Final = 40
"""The header of IP alone, without options."""
HEADER_OCTETS: Final = 40
"""An IPv4 header and a TCP header, without options."""
HEADER_OCTETS_IPV6: Final = 60
"""An IPv6 header and a TCP header, without options."""
TTL: Final = 64
"""RFC 1700: the time to live, or hop limit, of a packet unless its sender says otherwise."""


class Packet:
    """One IPv4 or IPv6 datagram with a TCP segment or, in its place, a UDP datagram.

    Attributes:
        number: 1, 2, ... in the order in which the hosts of a network sent them.
        flow: source and destination; addresses with a colon are IPv6's.
        segment: what it carries.
        ttl: time to live, or hop limit.
        tos: type of service, or traffic class, without its ECN bits: those are the segment's.
        corrupted: who damaged it on the way, so that its checksum is wrong; "" if nobody did.
    """

    __slots__ = ("corrupted", "flow", "number", "segment", "tos", "ttl")

    def __init__(self, number: int, flow: Flow, segment: Segment, ttl: int = TTL, tos: int = 0) -> None:
        self.number = number
        self.flow = flow
        self.segment = segment
        self.ttl = ttl
        self.tos = tos
        self.corrupted = ""

    @property
    def octets(self) -> int:
        """The size of the datagram."""
        segment = self.segment
        if isinstance(segment, Datagram):
            return (IPV6_OCTETS if is_ipv6(self.flow[0]) else IPV4_OCTETS) + segment.octets
        headers = HEADER_OCTETS_IPV6 if is_ipv6(self.flow[0]) else HEADER_OCTETS
        return headers + segment.length + (segment.options.octets if segment.options is not None else 0)

    def __repr__(self) -> str:
        source, sport, target, dport = self.flow
        return f"<Packet {self.number} {source}:{sport} > {target}:{dport} {self.segment!r}>"


def is_ipv6(address: str) -> bool:
    """Return whether an address is IPv6's."""
    return ":" in address


def printed(address: str, port: int) -> str:
    """Return an address and a port as one word: `192.0.2.1:80`, `[2001:db8::1]:80` (RFC 5952 6)."""
    return f"[{address}]:{port}" if is_ipv6(address) else f"{address}:{port}"


def reverse(flow: Flow) -> Flow:
    """Return the flow of the answers."""
    return (flow[2], flow[3], flow[0], flow[1])
