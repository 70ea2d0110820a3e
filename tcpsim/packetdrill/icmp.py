"""ICMP messages of a script as errors that a connection understands.

Rule 1. Every type and code of the language that is an error about a segment has its kind in `tcp.icmp`; informational
        messages (echo, timestamps, router advertisements) concern no connection and are not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.icmp import IcmpError
from .optioning import NotRunnable

if TYPE_CHECKING:
    from .script import IcmpPacket

UNREACHABLE: Final = {
    None: "net unreachable", "net_unreachable": "net unreachable", "host_unreachable": "host unreachable",
    "protocol_unreachable": "protocol unreachable", "port_unreachable": "port unreachable",
    "frag_needed": "fragmentation needed", "source_route_failed": "source route failed", "net_unknown": "net unknown",
    "host_unknown": "host unknown", "source_host_isolated": "host isolated", "net_prohibited": "net prohibited",
    "host_prohibited": "host prohibited", "net_unreachable_for_tos": "net tos", "host_unreachable_for_tos": "host tos",
    "packet_filtered": "admin prohibited", "precedence_violation": "admin prohibited",
    "precedence_cutoff": "admin prohibited",
}  # fmt: skip
"""Kinds of ICMPv4's codes (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). Without a code it is code 0."""
UNREACHABLE_V6: Final = {
    None: "no route", "no_route": "no route", "admin_prohibited": "admin prohibited", "not_neighbour": "beyond scope",
    "address_unreachable": "address unreachable", "port_unreachable": "port unreachable",
}  # fmt: skip
"""Kinds of ICMPv6's codes (RFC 4443 3.1)."""
OTHERS: Final = {
    "packet_too_big": "packet too big", "source_quench": "source quench", "parameter_problem": "parameter problem",
    "time_exceeded": "time exceeded",
}  # fmt: skip
_REASSEMBLY: Final = frozenset({"exceeded_frag_time", "frag_reass_exceeded"})


def error_of(packet: IcmpPacket, seq: int, *, ipv6: bool) -> IcmpError:
    """Return the error that a message tells about the segment with a (live) sequence number.

    Raises NotRunnable for a message that is no error about a segment, or has no such code in its IP version.
    """
    if packet.type == "unreachable":
        kind = (UNREACHABLE_V6 if ipv6 else UNREACHABLE).get(packet.code)
    elif packet.type == "time_exceeded" and packet.code in _REASSEMBLY:
        kind = "reassembly time exceeded"
    else:
        kind = OTHERS.get(packet.type)
    if kind is None or packet.quoted is None or packet.quoted.protocol != "tcp":
        words = f"{packet.type} {packet.code}" if packet.code else packet.type
        raise NotRunnable(f"the ICMP message {words} is no error about a TCP segment")
    return IcmpError(kind, seq, packet.mtu or 0)
