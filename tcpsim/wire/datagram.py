"""What is on a wire, as values: a datagram of IPv4 or IPv6, and TCP, UDP, ICMP or something else in it.

Rule 1. All are immutable and compare by value; `decode(encode(datagram)) == datagram`.
Rule 2. Lengths, checksums and versions are not values: they follow from the rest.
Rule 3. Addresses are text, and an address with a colon makes the datagram one of IPv6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..tcp.segment import Segment

TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMPV6: Final = 58


@dataclass(frozen=True, slots=True)
class Tcp:
    """A TCP segment with its ports. `reserved`: the three bits beside the control bits, 0 in whatever is sent."""

    sport: int
    dport: int
    segment: Segment
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Udp:
    """A UDP datagram (RFC 768). `checked`: whether it has a checksum, which IPv4 leaves to the sender."""

    sport: int
    dport: int
    octets: bytes
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Icmp:
    """An ICMP message (RFC 792, RFC 4443): of version 4 or 6 as its datagram is.

    Attributes:
        type: its type.
        code: its code.
        word: the four octets after the checksum, as a number: the MTU, identifier and sequence number, or unused.
        octets: what follows; in an error the beginning of the datagram that caused it.
    """

    type: int
    code: int
    word: int = 0
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Raw:
    """What is not looked into: another protocol, or a fragment of a datagram."""

    protocol: int
    octets: bytes


Payload = Tcp | Udp | Icmp | Raw


@dataclass(frozen=True, slots=True)
class Datagram:
    """One datagram of IPv4 (RFC 791) or IPv6 (RFC 8200).

    Attributes:
        source: the sender's address.
        target: the receiver's address.
        payload: what it carries; `Raw` if it is a fragment.
        ttl: the time to live, or hop limit.
        tos: the whole octet, type of service or traffic class. In its low two bits, the ECN field (RFC 3168
            5), stands what the segment's `ecn` says if the payload is TCP.
        ident: the identification; in IPv6 only a fragment has one.
        dont_fragment: DF; not in IPv6, where nobody on the way fragments and it is always True.
        fragment_at: where a fragment belongs in the whole payload, octets, a multiple of 8.
        more_fragments: whether others follow it.
        flow_label: of IPv6.
        options: the options of IPv4 as they stand, padded to a multiple of four. Unlike these, the
            extension headers of IPv6 are skipped and not kept.
    """

    source: str
    target: str
    payload: Payload
    ttl: int = 64
    tos: int = 0
    ident: int = 0
    dont_fragment: bool = True
    fragment_at: int = 0
    more_fragments: bool = False
    flow_label: int = 0
    options: bytes = b""

    def __post_init__(self) -> None:
        if isinstance(self.payload, Tcp):
            object.__setattr__(self, "tos", self.tos & ~3 | self.payload.segment.ecn)

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.source else 4

    @property
    def fragment(self) -> bool:
        """Whether it is a part of a datagram only."""
        return self.more_fragments or self.fragment_at > 0
