"""Datagrams to octets and back: `encode` and `decode`, the two doors of this room.

Rule 1. Whatever the octets, `decode` returns a datagram or raises WireError, in time linear in their number.
Rule 2. A fragment is not looked into, nor is what a routing header sends to somebody else first: `Raw`.
"""

from __future__ import annotations

from .addresses import packed, printed
from .datagram import ICMP, ICMPV6, TCP, UDP, Datagram, Icmp, Payload, Raw, Tcp, Udp
from .icmp import decode_icmp, encode_icmp
from .ip import Header, decode_header, encode_header
from .tcp import decode_tcp, encode_tcp
from .udp import decode_udp, encode_udp


def encode(datagram: Datagram) -> bytes:
    """Return a datagram as octets, with its lengths and checksums.

    Raises:
        WireError: if an address is none, or a value does not fit into its field.
    """
    source, target = packed(datagram.source), packed(datagram.target)
    payload = datagram.payload
    if isinstance(payload, Tcp):
        protocol, octets = TCP, encode_tcp(payload, source, target)
    elif isinstance(payload, Udp):
        protocol, octets = UDP, encode_udp(payload, source, target)
    elif isinstance(payload, Icmp):
        protocol, octets = ICMP if len(source) == 4 else ICMPV6, encode_icmp(payload, source, target)
    else:
        protocol, octets = payload.protocol, payload.octets
    return encode_header(datagram, source, target, protocol, len(octets)) + octets


def decode(octets: bytes | bytearray | memoryview, *, verify: bool = True) -> Datagram:
    """Read the datagram at the start of `octets`; what follows its length, such as a frame's padding, is ignored.

    Args:
        octets: the datagram from its IP header on.
        verify: whether wrong checksums are errors. Captures hold packets whose checksums the network
            interface was still to compute.

    Raises:
        WireError: if that is not a whole, well-formed datagram.
    """
    octets = bytes(octets)
    header = decode_header(octets, verify=verify)
    payload = _decode_payload(header, octets[header.start : header.end], verify)
    return Datagram(
        printed(header.source),
        printed(header.target),
        payload,
        ttl=header.ttl,
        tos=header.tos,
        ident=header.ident,
        dont_fragment=header.dont_fragment,
        fragment_at=header.fragment_at,
        more_fragments=header.more_fragments,
        flow_label=header.flow_label,
        options=header.options,
    )


def _decode_payload(header: Header, octets: bytes, verify: bool) -> Payload:
    source, target, protocol = header.source, header.target, header.protocol
    if header.fragment_at or header.more_fragments or header.on_its_way:
        return Raw(protocol, octets)
    if protocol == TCP:
        return decode_tcp(octets, source, target, header.tos & 3, header.start, verify)
    if protocol == UDP:
        return decode_udp(octets, source, target, header.start, verify)
    if protocol == (ICMP if len(source) == 4 else ICMPV6):
        return decode_icmp(octets, source, target, header.start, verify)
    return Raw(protocol, octets)
