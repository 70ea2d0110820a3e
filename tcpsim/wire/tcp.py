"""A TCP segment between values and octets (RFC 9293 3.1).

Text that is only counted is written as zeros. The acknowledgment number and the urgent pointer are
read and written as they stand, be their bits set or not.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from ..tcp.segment import Segment
from .checksum import checksum, intact, pseudo_header
from .datagram import TCP, Tcp
from .errors import WireError, fitting
from .options import decode_options, encode_options

_HEADER: Final = Struct("!HHIIHHHH")
HEADER_OCTETS: Final = _HEADER.size
_CHECKSUM_AT: Final = 16
_CONTROL_BITS: Final = 9


def encode_tcp(tcp: Tcp, source: bytes, target: bytes) -> bytes:
    """Return the segment as octets, with its checksum over the pseudo header for these addresses."""
    segment = tcp.segment
    options = b"" if segment.options is None else encode_options(segment.options)
    offset = (HEADER_OCTETS + len(options)) // 4
    reserved = fitting(tcp.reserved, 3, "reserved bits")
    control = fitting(segment.ctl, _CONTROL_BITS, "control bits")
    header = _HEADER.pack(
        fitting(tcp.sport, 16, "a port"),
        fitting(tcp.dport, 16, "a port"),
        fitting(segment.seq, 32, "a sequence number"),
        fitting(segment.ack, 32, "an acknowledgment number"),
        offset << 12 | reserved << _CONTROL_BITS | control,
        fitting(segment.wnd, 16, "a window"),
        0,
        fitting(segment.up, 16, "an urgent pointer"),
    )
    text = bytes(segment.length) if segment.text is None else segment.text
    whole = header + options + text
    total = checksum(pseudo_header(source, target, TCP, len(whole)) + whole)
    return whole[:_CHECKSUM_AT] + total.to_bytes(2, "big") + whole[_CHECKSUM_AT + 2 :]


def decode_tcp(octets: bytes, source: bytes, target: bytes, ecn: int, at: int, verify: bool) -> Tcp:
    """Read a segment that begins at octet `at` of its datagram, whose ECN field is `ecn`."""
    if len(octets) < HEADER_OCTETS:
        raise WireError(f"{HEADER_OCTETS} octets of a TCP header, not {len(octets)}", at + len(octets))
    sport, dport, seq, ack, bits, wnd, given, up = _HEADER.unpack_from(octets)
    header = (bits >> 12) * 4
    if not HEADER_OCTETS <= header <= len(octets):
        raise WireError(f"a data offset from 5 to {len(octets) // 4}, not {header // 4}", at + 12)
    if verify and not intact(pseudo_header(source, target, TCP, len(octets)) + octets):
        raise WireError(f"a right checksum, not {given:#06x}", at + _CHECKSUM_AT)
    options = decode_options(octets[HEADER_OCTETS:header], at + HEADER_OCTETS)
    control = bits & (1 << _CONTROL_BITS) - 1
    text = octets[header:]
    segment = Segment(seq, ack, control, wnd, len(text), text or None, None, options, up, ecn)
    return Tcp(sport, dport, segment, bits >> _CONTROL_BITS & 7)
