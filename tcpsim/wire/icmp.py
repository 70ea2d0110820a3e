"""ICMP between values and octets (RFC 792; RFC 4443), and the errors that quote the datagram which caused them.

Rule 1. A message of any type is read and written; only errors are looked into, and only when asked: `quoted`.
Rule 2. What an error quotes may be cut short anywhere after the eight octets that RFC 792 demands (RFC 1812
        4.3.2.3 and RFC 4443 2.4 (c) send more). Its lengths and checksums are therefore not checked.
Rule 3. Errors are named as the protocol names them (`tcp.icmp.KINDS`), not by type and code.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from .addresses import printed
from .checksum import checksum, intact, pseudo_header
from .datagram import ICMPV6, TCP, UDP, Datagram, Icmp
from .errors import WireError, fitting
from .ip import decode_header

_HEADER: Final = Struct("!BBHI")
HEADER_OCTETS: Final = _HEADER.size
_CHECKSUM_AT: Final = 2
_QUOTED_OCTETS: Final = {4: 576 - 20 - HEADER_OCTETS, 6: 1280 - 40 - HEADER_OCTETS}
"""RFC 1812 4.3.2.3: an error does not exceed 576 octets; RFC 4443 2.4 (c): nor the least MTU of IPv6."""

ERRORS: Final[dict[int, dict[str, tuple[int, int]]]] = {
    4: {
        "net unreachable": (3, 0), "host unreachable": (3, 1), "protocol unreachable": (3, 2),
        "port unreachable": (3, 3), "fragmentation needed": (3, 4), "source route failed": (3, 5),
        "net unknown": (3, 6), "host unknown": (3, 7), "host isolated": (3, 8), "net prohibited": (3, 9),
        "host prohibited": (3, 10), "net tos": (3, 11), "host tos": (3, 12), "admin prohibited": (3, 13),
        "source quench": (4, 0), "time exceeded": (11, 0), "reassembly time exceeded": (11, 1),
        "parameter problem": (12, 0),
    },
    6: {
        "no route": (1, 0), "admin prohibited": (1, 1), "beyond scope": (1, 2), "address unreachable": (1, 3),
        "port unreachable": (1, 4), "policy failed": (1, 5), "route rejected": (1, 6), "packet too big": (2, 0),
        "time exceeded": (3, 0), "reassembly time exceeded": (3, 1), "parameter problem": (4, 0),
        "protocol unreachable": (4, 1),
    },
}  # fmt: skip
"""The type and code of each kind of `tcp.icmp.IcmpError` (RFC 792; RFC 1122 3.2.2.1; RFC 1812 5.2.7.1; RFC 4443 3).

IPv6 says that nobody takes a protocol as an unrecognized next header (RFC 8200 4). Errors about precedence
(codes 14 and 15 of RFC 1812) have no kind, since TCP takes no notice of it any more (RFC 9293 A.1.1).
"""

_NAMES: Final = {
    4: {numbers: kind for kind, numbers in ERRORS[4].items()} | dict.fromkeys(((12, 1), (12, 2)), "parameter problem"),
    6: {numbers: kind for kind, numbers in ERRORS[6].items()} | {(4, 2): "parameter problem"},
}
_MTU_NAMED: Final = ("fragmentation needed", "packet too big")


@dataclass(frozen=True, slots=True)
class Quoted:
    """An error about a datagram that was sent, and what it tells of it.

    Attributes:
        error: its kind, a key of ERRORS.
        mtu: the next hop's, octets; 0 unless the error is about size (RFC 1191 4; RFC 4443 3.2).
        source: who sent the datagram.
        target: to whom.
        protocol: of its payload: TCP, UDP or another number.
        sport: the port it came from; None where the protocol has none.
        dport: the port it was for; None where the protocol has none.
        seq: the sequence number of a TCP segment; None of anything else.
    """

    error: str
    mtu: int
    source: str
    target: str
    protocol: int
    sport: int | None
    dport: int | None
    seq: int | None


def icmp_error(version: int, error: str, quote: bytes, mtu: int = 0) -> Icmp:
    """Return the error of that name about the datagram `quote`, of which as much is kept as is allowed.

    Args:
        version: 4 or 6.
        error: a key of ERRORS[version].
        quote: the datagram that caused it, as octets.
        mtu: the next hop's MTU, octets, for "fragmentation needed" and "packet too big".

    Raises:
        WireError: if the version has no error of that name.
    """
    if error not in ERRORS[version]:
        raise WireError(f"expected an ICMP error of IPv{version}, one of {', '.join(ERRORS[version])}, not {error!r}")
    type_, code = ERRORS[version][error]
    return Icmp(type_, code, mtu if error in _MTU_NAMED else 0, quote[: _QUOTED_OCTETS[version]])


def quoted(datagram: Datagram) -> Quoted | None:
    """Return what an ICMP error in this datagram tells, None if there is none in it.

    Raises:
        WireError: if it does not quote what it has to; the offset counts from the start of the quote.
    """
    message = datagram.payload
    if not isinstance(message, Icmp):
        return None
    error = _NAMES[datagram.version].get((message.type, message.code))
    if error is None:
        return None
    header = decode_header(message.octets, whole=False)
    upper = message.octets[header.start :]
    sport = dport = seq = None
    if header.protocol in (TCP, UDP) and not header.fragment_at:
        if len(upper) < 8:
            raise WireError(f"8 octets of what follows the header, not {len(upper)}", len(message.octets))
        sport, dport = int.from_bytes(upper[:2], "big"), int.from_bytes(upper[2:4], "big")
        seq = int.from_bytes(upper[4:8], "big") if header.protocol == TCP else None
    mtu = message.word if error in _MTU_NAMED else 0
    if datagram.version == 4:
        mtu &= 0xFFFF  # RFC 1191 4: the low-order 16 bits, where RFC 792 has unused ones
    return Quoted(error, mtu, printed(header.source), printed(header.target), header.protocol, sport, dport, seq)


def encode_icmp(message: Icmp, source: bytes, target: bytes) -> bytes:
    """Return the message as octets; in IPv6 the checksum is also over the pseudo header (RFC 4443 2.3)."""
    type_, code = fitting(message.type, 8, "a type of ICMP"), fitting(message.code, 8, "a code of ICMP")
    whole = _HEADER.pack(type_, code, 0, fitting(message.word, 32, "the second word of ICMP")) + message.octets
    total = checksum(_pseudo(source, target, len(whole)) + whole)
    return whole[:_CHECKSUM_AT] + total.to_bytes(2, "big") + whole[_CHECKSUM_AT + 2 :]


def decode_icmp(octets: bytes, source: bytes, target: bytes, at: int, verify: bool) -> Icmp:
    """Read a message that begins at octet `at` of its datagram."""
    if len(octets) < HEADER_OCTETS:
        raise WireError(f"{HEADER_OCTETS} octets of an ICMP header, not {len(octets)}", at + len(octets))
    type_, code, given, word = _HEADER.unpack_from(octets)
    if verify and not intact(_pseudo(source, target, len(octets)) + octets):
        raise WireError(f"a right checksum, not {given:#06x}", at + _CHECKSUM_AT)
    return Icmp(type_, code, word, octets[HEADER_OCTETS:])


def _pseudo(source: bytes, target: bytes, length: int) -> bytes:
    return pseudo_header(source, target, ICMPV6, length) if len(source) == 16 else b""
