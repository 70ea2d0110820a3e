"""The headers of IPv4 (RFC 791) and IPv6 (RFC 8200) between values and octets.

The extension headers of IPv6 are skipped: each says how long it is, at least eight octets, so that the
walk ends. A fragment header is read, and written for a fragment.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from .checksum import checksum, intact
from .errors import WireError, fitting

if TYPE_CHECKING:
    from .datagram import Datagram

_V4: Final = Struct("!BBHHHBBH4s4s")
_V6: Final = Struct("!IHBB16s16s")
_FRAGMENT: Final = Struct("!BBHI")
V4_OCTETS: Final = _V4.size
V6_OCTETS: Final = _V6.size
_DONT_FRAGMENT: Final = 0x4000
_MORE_FRAGMENTS: Final = 0x2000

HOP_BY_HOP: Final = 0
ROUTING: Final = 43
FRAGMENT: Final = 44
AUTHENTICATION: Final = 51
DESTINATION: Final = 60
MOBILITY: Final = 135
HOST_IDENTITY: Final = 139
SHIM6: Final = 140
_SKIPPED: Final = frozenset({HOP_BY_HOP, ROUTING, AUTHENTICATION, DESTINATION, MOBILITY, HOST_IDENTITY, SHIM6})
"""IANA's registry of IPv6 extension headers, but for the fragment header, ESP, and two for experiments."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Attributes:
        source: the address the datagram came from, 4 or 16 octets.
        target: the address it is for.
        protocol: what follows.
        start: where that begins, octets from the start of the datagram.
        end: where it ends.
        ttl: the time to live, or hop limit.
        tos: the type of service, or traffic class.
        ident: the identification.
        dont_fragment: DF, or True in IPv6.
        fragment_at: the fragment offset, octets.
        more_fragments: whether others follow this one.
        flow_label: of IPv6.
        options: of IPv4.
        on_its_way: whether a routing header names other nodes that come before the last one.
    """

    source: bytes
    target: bytes
    protocol: int
    start: int
    end: int
    ttl: int
    tos: int
    ident: int = 0
    dont_fragment: bool = True
    fragment_at: int = 0
    more_fragments: bool = False
    flow_label: int = 0
    options: bytes = b""
    on_its_way: bool = False


def decode_header(octets: bytes, *, verify: bool = False, whole: bool = True) -> Header:
    """Read the header, or headers, at the start of a datagram.

    Args:
        octets: the datagram; what follows its length is ignored.
        verify: whether the checksum of IPv4 must be right.
        whole: whether all of the datagram must be there; what an error quotes is cut short.

    Raises:
        WireError: if it is no such header, or not all of it.
    """
    version = octets[0] >> 4 if octets else 0
    if version == 4:
        return _decode_v4(octets, verify, whole)
    if version == 6:
        return _decode_v6(octets, whole)
    raise WireError("a datagram, of version 4 or 6", 0)


def _decode_v4(octets: bytes, verify: bool, whole: bool) -> Header:
    if len(octets) < V4_OCTETS:
        raise WireError(f"{V4_OCTETS} octets of an IPv4 header, not {len(octets)}", len(octets))
    first, tos, total, ident, bits, ttl, protocol, given, source, target = _V4.unpack_from(octets)
    start = (first & 0xF) * 4
    if not V4_OCTETS <= start <= len(octets):
        raise WireError(f"a header length from 5 to {min(len(octets) // 4, 15)}, not {start // 4}", 0)
    if verify and not intact(octets[:start]):
        raise WireError(f"a right checksum, not {given:#06x}", 10)
    if whole and not start <= total <= len(octets):
        raise WireError(f"a total length from {start} to {len(octets)}, not {total}", 2)
    dont, more = bits & _DONT_FRAGMENT != 0, bits & _MORE_FRAGMENTS != 0
    at = (bits & 0x1FFF) * 8
    options = octets[V4_OCTETS:start]
    return Header(source, target, protocol, start, total, ttl, tos, ident, dont, at, more, 0, options)


def _decode_v6(octets: bytes, whole: bool) -> Header:
    if len(octets) < V6_OCTETS:
        raise WireError(f"{V6_OCTETS} octets of an IPv6 header, not {len(octets)}", len(octets))
    first, length, following, ttl, source, target = _V6.unpack_from(octets)
    end = V6_OCTETS + length
    if whole and end > len(octets):
        raise WireError(f"a payload length from 0 to {len(octets) - V6_OCTETS}, not {length}", 4)
    there = octets[:end]
    tos, label = first >> 20 & 0xFF, first & 0xFFFFF
    at, ident, fragment_at, more, on_its_way = V6_OCTETS, 0, 0, False, False
    while following in _SKIPPED or following == FRAGMENT:
        size = _extension_octets(there, at, following)
        if following == ROUTING:
            on_its_way = on_its_way or there[at + 3] != 0  # Segments Left (RFC 8200 4.4)
        if following == FRAGMENT:
            following, _, bits, ident = _FRAGMENT.unpack_from(there, at)
            fragment_at, more = bits & 0xFFF8, bits & 1 != 0
            if fragment_at or more:
                return Header(
                    source, target, following, at + size, end, ttl, tos, ident, True, fragment_at, more, label
                )
        else:
            following = there[at]
        at += size
    return Header(source, target, following, at, end, ttl, tos, 0, True, 0, False, label, b"", on_its_way)


def _extension_octets(octets: bytes, at: int, kind: int) -> int:
    """Return the size of the extension header at octet `at`, at least 8; raise WireError if it is not all there."""
    left = len(octets) - at
    if left < 8:
        raise WireError(f"8 octets of an extension header, not {left}", len(octets))
    if kind == FRAGMENT:
        return _FRAGMENT.size
    # RFC 4302 2.2 counts in words of four octets, less two; the others in eight octets, less one.
    size = (octets[at + 1] + 2) * 4 if kind == AUTHENTICATION else (octets[at + 1] + 1) * 8
    if not 8 <= size <= left:
        raise WireError(f"an extension header of at most {left} octets, not {size}", at + 1)
    return size


def encode_header(datagram: Datagram, source: bytes, target: bytes, protocol: int, length: int) -> bytes:
    """Return the header of a datagram whose payload takes `length` octets.

    Raises:
        WireError: if a value does not fit, or belongs to the other version.
    """
    if len(source) != len(target):
        raise WireError(f"expected two addresses of one version, not {datagram.source} and {datagram.target}")
    if datagram.fragment_at % 8:
        raise WireError(f"expected a fragment at a multiple of 8 octets, not at {datagram.fragment_at}")
    offset = fitting(datagram.fragment_at // 8, 13, "a fragment offset in units of 8 octets")
    tos, ttl = fitting(datagram.tos, 8, "a type of service"), fitting(datagram.ttl, 8, "a time to live")
    encode = _encode_v4 if len(source) == 4 else _encode_v6
    return encode(datagram, source, target, fitting(protocol, 8, "a protocol"), length, offset, tos, ttl)


def _encode_v4(
    datagram: Datagram, source: bytes, target: bytes, protocol: int, length: int, offset: int, tos: int, ttl: int
) -> bytes:
    options = datagram.options
    words = V4_OCTETS // 4 + len(options) // 4
    if len(options) % 4 or words > 15:
        raise WireError(f"expected options of IPv4 in words of four octets, at most ten, not {len(options)} octets")
    if datagram.flow_label:
        raise WireError("expected no flow label in IPv4")
    total = fitting(V4_OCTETS + len(options) + length, 16, "a total length")
    ident = fitting(datagram.ident, 16, "an identification")
    bits = (_DONT_FRAGMENT if datagram.dont_fragment else 0) | (_MORE_FRAGMENTS if datagram.more_fragments else 0)
    bits |= offset
    bare = _V4.pack(4 << 4 | words, tos, total, ident, bits, ttl, protocol, 0, source, target) + options
    return bare[:10] + checksum(bare).to_bytes(2, "big") + bare[12:]


def _encode_v6(
    datagram: Datagram, source: bytes, target: bytes, protocol: int, length: int, offset: int, tos: int, ttl: int
) -> bytes:
    if datagram.options or not datagram.dont_fragment or (datagram.ident and not datagram.fragment):
        raise WireError("expected no options of IPv4, no identification and no fragmenting on the way in IPv6")
    first = 6 << 28 | tos << 20 | fitting(datagram.flow_label, 20, "a flow label")
    fragment = b""
    if datagram.fragment:
        bits = offset << 3 | datagram.more_fragments
        fragment = _FRAGMENT.pack(protocol, 0, bits, fitting(datagram.ident, 32, "an identification"))
        protocol = FRAGMENT
    length = fitting(length + len(fragment), 16, "a payload length")
    return _V6.pack(first, length, protocol, ttl, source, target) + fragment
