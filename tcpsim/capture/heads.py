"""The headers of one TCP segment, read from a frame without making values of what is in them.

A capture of a million packets is looked through for its connections, and of most frames nothing more is wanted
than who sends to whom, and the numbers. A capture may also have cut its frames, which `wire.decode` refuses.

Rule 1. A length is what the headers say of the wire, whatever was kept of the frame; a datagram of length 0, as
        segmentation offload makes it, ends where its frame does.
Rule 2. Checksums are not asked for: of what a host sends itself, the interface computes them after the capture.
Rule 3. What is no TCP segment in a whole datagram has no Head, and no frame raises an error.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from ..tcp.segment import Segment
from ..wire import ICMP, ICMPV6, TCP, Quoted, WireError, decode, quoted
from ..wire.addresses import printed
from ..wire.ip import V4_OCTETS, V6_OCTETS, decode_header
from ..wire.options import decode_options
from ..wire.tcp import HEADER_OCTETS
from .links import datagram_at

if TYPE_CHECKING:
    from .frames import Frame

_V4: Final = Struct("!BBHHHBB2x4s4s")
_V6: Final = Struct("!IHBB16s16s")
_TCP: Final = Struct("!HHIIHH2xH")
_FRAGMENT_BITS: Final = 0x3FFF
_CONTROL_BITS: Final = 0x1FF


class Head(NamedTuple):
    """The headers of one segment.

    Attributes:
        source, target: the addresses, 4 or 16 octets each.
        sport, dport, seq, ack, ctl, wnd, up: as in the TCP header.
        length: octets of text on the wire.
        ident: the identification of IPv4; 0 in IPv6.
        ttl: the time to live, or hop limit.
        ecn: the ECN field of the IP header.
        ip: where in the frame the datagram begins.
        options: where in the frame the options begin.
        text: where in the frame the text begins.
    """

    source: bytes
    target: bytes
    sport: int
    dport: int
    seq: int
    ack: int
    ctl: int
    wnd: int
    up: int
    length: int
    ident: int
    ttl: int
    ecn: int
    ip: int
    options: int
    text: int

    @property
    def seg_len(self) -> int:
        """SEG.LEN: octets of text, and one each for SYN and FIN (RFC 9293 3.4)."""
        return self.length + (self.ctl & 1) + (self.ctl >> 1 & 1)


def head_of(frame: Frame) -> Head | None:
    """Return the headers of the segment in a frame; None if it has none that can be read (Rule 3)."""
    at = datagram_at(frame)
    octets = frame.octets
    if at is None or at >= len(octets):
        return None
    version = octets[at] >> 4
    if version == 4:
        return _in_v4(frame, at)
    return _in_v6(frame, at) if version == 6 else None


def _in_v4(frame: Frame, at: int) -> Head | None:
    octets = frame.octets
    if len(octets) - at < V4_OCTETS:
        return None
    first, tos, total, ident, bits, ttl, protocol, source, target = _V4.unpack_from(octets, at)
    if protocol != TCP or bits & _FRAGMENT_BITS:
        return None
    end = at + total if total else frame.original
    start = at + (first & 0xF) * 4
    if start < at + V4_OCTETS or end > frame.original:
        return None
    return _in_tcp(octets, at, start, end, source, target, ident, ttl, tos & 3)


def _in_v6(frame: Frame, at: int) -> Head | None:
    octets = frame.octets
    if len(octets) - at < V6_OCTETS:
        return None
    word, length, protocol, ttl, source, target = _V6.unpack_from(octets, at)
    start = at + V6_OCTETS
    if protocol != TCP:  # extension headers
        try:
            header = decode_header(octets[at:], whole=False)
        except WireError:
            return None
        if header.protocol != TCP or header.fragment_at or header.more_fragments or header.on_its_way:
            return None
        start = at + header.start
    end = at + V6_OCTETS + length if length else frame.original
    if end > frame.original:
        return None
    return _in_tcp(octets, at, start, end, source, target, 0, ttl, word >> 20 & 3)


def _in_tcp(
    octets: bytes, at: int, start: int, end: int, source: bytes, target: bytes, ident: int, ttl: int, ecn: int
) -> Head | None:
    if len(octets) - start < HEADER_OCTETS:
        return None
    sport, dport, seq, ack, bits, wnd, up = _TCP.unpack_from(octets, start)
    text = start + (bits >> 12) * 4
    options = start + HEADER_OCTETS
    if not options <= text <= end:
        return None
    return Head(
        source, target, sport, dport, seq, ack, bits & _CONTROL_BITS, wnd, up, end - text, ident, ttl, ecn, at,
        options, text,
    )  # fmt: skip


def segment_of(head: Head, frame: Frame, *, text: bool) -> Segment:
    """Return the segment whose headers these are.

    Args:
        head: from `head_of(frame)`.
        frame: the frame.
        text: whether its text is kept; otherwise, and where the capture has cut it, it is only counted. Options
            that were cut, or can't be read, are left out.
    """
    octets = frame.octets
    kept = octets[head.text : head.text + head.length] if text and head.length else b""
    options = None
    if head.options < head.text <= len(octets):
        try:
            options = decode_options(octets[head.options : head.text])
        except WireError:
            options = None
    return Segment(
        head.seq, head.ack, head.ctl, head.wnd, head.length, kept if kept and len(kept) == head.length else None,
        None, options, head.up, head.ecn,
    )  # fmt: skip


def error_of(frame: Frame) -> Quoted | None:
    """Return what the ICMP error in a frame tells of the datagram that it quotes; None if there is none in it.

    What the capture has cut of it is taken for zeros: it is the end of the quote.
    """
    at = datagram_at(frame)
    octets = frame.octets
    if at is None or len(octets) - at < V4_OCTETS:
        return None
    if octets[at] >> 4 == 4:
        protocol, length = octets[at + 9], int.from_bytes(octets[at + 2 : at + 4], "big")
    else:
        protocol, length = octets[at + 6], V6_OCTETS + int.from_bytes(octets[at + 4 : at + 6], "big")
    if protocol not in (ICMP, ICMPV6):
        return None
    whole = octets[at:]
    try:
        return quoted(decode(whole + bytes(max(length - len(whole), 0)), verify=False))
    except WireError:
        return None


def address_of(octets: bytes) -> str:
    """Return an address as it prints."""
    return printed(octets)
