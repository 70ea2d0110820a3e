"""A UDP datagram (RFC 768) as packets carry it and a trace tells of it: octets, and nothing else.

It stands wherever a segment may stand, and has what a segment has: every number is 0 and no control bit is
set. So whoever asks a packet for its SYN learns that there is none, and need not know of UDP. Who treats the
two differently asks for the class.

Like a segment it has no ports: those belong to the packet around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.segment import Segment

if TYPE_CHECKING:
    from ..tcp.rules import Rule

HEADER_OCTETS: Final = 8
"""The UDP header: two ports, the length, the checksum."""


class Datagram(Segment):
    """One UDP datagram.

    Attributes:
        length: octets of data, without the header that RFC 768 counts in its Length.
        text: those octets, or None where they are only counted (and where there are none).
        why: the rule by which it was sent; None for one read from a wire.
    """

    __slots__ = ()

    def __init__(self, length: int, text: bytes | None = None, why: Rule | None = None) -> None:
        super().__init__(0, 0, 0, 0, length, text, why)

    @property
    def octets(self) -> int:
        """Its size with its header."""
        return HEADER_OCTETS + self.length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Datagram) and self.wire() == other.wire()

    def __hash__(self) -> int:
        return hash((Datagram, self.length, self.text))

    def __repr__(self) -> str:
        return f"<UDP><DATA={self.length}>"
