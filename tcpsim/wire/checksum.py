"""The Internet checksum (RFC 1071) and the pseudo headers that go into it (RFC 9293 3.1, RFC 8200 8.1).

The one's complement sum of 16-bit words is their sum modulo 65535, and since 65536 is 1 modulo 65535,
so is the number that all octets together spell. One division of one large int is several times faster
than a loop over words. Zero has two forms there: a sum is 0 only if all octets are 0, and 0xFFFF otherwise.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

_V4: Final = Struct("!4s4sBBH")
_V6: Final = Struct("!16s16sIHBB")


def ones_sum(octets: bytes) -> int:
    """Return the one's complement sum of 16-bit words, in [0, 0xFFFF]; an odd last octet is followed by a zero."""
    spelt = int.from_bytes(octets, "big")
    if len(octets) & 1:
        spelt <<= 8
    return spelt % 0xFFFF or (0xFFFF if spelt else 0)


def checksum(octets: bytes) -> int:
    """Return the checksum of octets in which its own field is zero (or not there)."""
    return ones_sum(octets) ^ 0xFFFF


def intact(octets: bytes) -> bool:
    """Return whether octets that hold their checksum add up to what they should."""
    return ones_sum(octets) == 0xFFFF


def pseudo_header(source: bytes, target: bytes, protocol: int, length: int) -> bytes:
    """Return the pseudo header for addresses of 4 or 16 octets; `length` is that of the upper layer's packet."""
    if len(source) == 4:
        return _V4.pack(source, target, 0, protocol, length)
    return _V6.pack(source, target, length, 0, 0, protocol)
