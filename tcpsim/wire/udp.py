"""UDP between values and octets (RFC 768; over IPv6, RFC 8200 8.1).

A checksum that comes out as 0 is sent as 0xFFFF, since a field of 0 says that there is none. IPv4
permits that, IPv6 does not.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from .checksum import checksum, intact, pseudo_header
from .datagram import UDP, Udp
from .errors import WireError, fitting

_HEADER: Final = Struct("!HHHH")
HEADER_OCTETS: Final = _HEADER.size
_LENGTH_AT: Final = 4
_CHECKSUM_AT: Final = 6


def encode_udp(udp: Udp, source: bytes, target: bytes) -> bytes:
    """Return the datagram as octets; raise WireError if it is one of IPv6 without a checksum, or too long."""
    if not udp.checked and len(source) == 16:
        raise WireError("expected a checksum, which IPv6 does not leave out")
    length = fitting(HEADER_OCTETS + len(udp.octets), 16, "a length of UDP")
    sport, dport = fitting(udp.sport, 16, "a port"), fitting(udp.dport, 16, "a port")
    total = 0
    if udp.checked:
        bare = _HEADER.pack(sport, dport, length, 0)
        total = checksum(pseudo_header(source, target, UDP, length) + bare + udp.octets) or 0xFFFF
    return _HEADER.pack(sport, dport, length, total) + udp.octets


def decode_udp(octets: bytes, source: bytes, target: bytes, at: int, verify: bool) -> Udp:
    """Read a datagram that begins at octet `at` of the one around it; what follows its length is ignored."""
    if len(octets) < HEADER_OCTETS:
        raise WireError(f"{HEADER_OCTETS} octets of a UDP header, not {len(octets)}", at + len(octets))
    sport, dport, length, given = _HEADER.unpack_from(octets)
    if not HEADER_OCTETS <= length <= len(octets):
        raise WireError(f"a length from {HEADER_OCTETS} to {len(octets)}, not {length}", at + _LENGTH_AT)
    octets = octets[:length]
    if verify:
        if not given and len(source) == 16:
            raise WireError("a checksum, which IPv6 does not leave out", at + _CHECKSUM_AT)
        if given and not intact(pseudo_header(source, target, UDP, length) + octets):
            raise WireError(f"a right checksum, not {given:#06x}", at + _CHECKSUM_AT)
    return Udp(sport, dport, octets[HEADER_OCTETS:], given != 0)
