"""A link over which no large datagram passes, and who is told of it.

Rule 1. A datagram of more octets than the MTU that must not be fragmented is dropped: each of IPv6, and of IPv4 those
        with DF, which a TCP sets that discovers the path MTU. Any other is fragmented on the way and put together
        again by the receiver, so that here it passes.
Rule 2. Its sender gets an ICMP error with the MTU (RFC 1191 4, RFC 8201 3), unless somebody filters that: then the
        link is a black hole for large datagrams, and only for those (RFC 2923 2.1).
Rule 3. Whoever clamps lowers the MSS in SYNs that pass to what fits, so that neither end ever sends more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.icmp import IcmpError
from ..tcp.options import Options
from ..tcp.segment import SYN, Segment
from ..trace import Datagram
from .packet import HEADER_OCTETS, HEADER_OCTETS_IPV6, is_ipv6
from .rule import DROP, Verdict

if TYPE_CHECKING:
    import random

    from ..tcp.units import Time
    from .link import Direction
    from .packet import Packet

LEAST: Final = 68
"""RFC 791 3.2: every module must be able to forward so many octets in one piece."""
MOST: Final = 65_535


class Mtu:
    """The rule of one direction whose datagrams have at most `octets`.

    Attributes:
        octets: the MTU.
        icmp: whether the sender of a larger one is told.
        clamp_mss: whether the MSS in SYNs is lowered to what fits.

    Raises ValueError for an MTU that no link has.
    """

    __slots__ = ("_direction", "clamp_mss", "icmp", "octets")

    def __init__(self, direction: Direction, octets: int, *, icmp: bool = True, clamp_mss: bool = False) -> None:
        if not LEAST <= octets <= MOST:
            raise ValueError(f"expected an MTU from {LEAST} to {MOST} octets, not {octets!r}")
        self._direction = direction
        self.octets = octets
        self.icmp = icmp
        self.clamp_mss = clamp_mss

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Drop the packet if it is too big and must stay whole."""
        segment = packet.segment
        if self.clamp_mss and segment.ctl & SYN:
            self._clamp(packet)
        if packet.octets <= self.octets:
            return None
        source = self._direction.source
        if not is_ipv6(packet.flow[0]) and (isinstance(segment, Datagram) or source.lets_fragment(packet.flow)):
            return None
        if self.icmp and not isinstance(segment, Datagram):
            kind = "packet too big" if is_ipv6(packet.flow[0]) else "fragmentation needed"
            told = (packet.flow, IcmpError(kind, segment.seq, self.octets))
            # The router stands in the middle: there and back takes as long as the whole way.
            source.agenda.enter(now + self._direction.delay, lambda time, about: source.arrive_icmp(time, *about), told)
        return Verdict(DROP, f"{packet.octets} octets, MTU {self.octets}")

    def _clamp(self, packet: Packet) -> None:
        segment = packet.segment
        fits = self.octets - (HEADER_OCTETS_IPV6 if is_ipv6(packet.flow[0]) else HEADER_OCTETS)
        options = segment.options
        if options is None or options.mss is None or options.mss <= fits:
            return
        fields = {name: getattr(options, name) for name in Options.__slots__} | {"mss": fits}
        packet.segment = Segment(
            segment.seq, segment.ack, segment.ctl, segment.wnd, segment.length, segment.text, segment.why,
            Options(**fields), segment.up, segment.ecn,
        )  # fmt: skip

    def describe(self) -> str:
        """Return "MTU 1400", "MTU 1400, MSS clamped", "MTU 1400, ICMP filtered"."""
        words = f"MTU {self.octets}"
        if not self.icmp:
            words += ", ICMP filtered"
        return f"{words}, MSS clamped" if self.clamp_mss else words
