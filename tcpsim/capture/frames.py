"""What a capture is made of: frames, and the interfaces at which they were seen.

A frame's `octets` begin with the header of its link layer, whose kind is a LINKTYPE of the registry of
tcpdump.org; `links.decode_frame` finds the datagram in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ..tcp.units import Time

LINKTYPE_NULL: Final = 0
LINKTYPE_ETHERNET: Final = 1
LINKTYPE_RAW: Final = 101
LINKTYPE_LOOP: Final = 108
LINKTYPE_LINUX_SLL: Final = 113
LINKTYPE_IPV4: Final = 228
LINKTYPE_IPV6: Final = 229
LINKTYPE_LINUX_SLL2: Final = 276


class Frame(NamedTuple):
    """One packet of a capture.

    Attributes:
        time: when it was seen, nanoseconds since 1970-01-01 00:00 UTC, or since whatever the writer counted from.
        link: the LINKTYPE of its interface.
        octets: what was kept of it, from the link layer's header on.
        original: octets that it had on the wire; more than `octets` has where the capture cut it.
        interface: at which interface it was seen: an index into the reader's `interfaces`.
        comment: what somebody noted about it (pcapng's opt_comment), several comments on lines of their own; "".
        offset: at which octet of the file its record begins; 0 for one that was never in a file.
    """

    time: Time
    link: int
    octets: bytes
    original: int
    interface: int = 0
    comment: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Interface:
    """Where frames were seen.

    Attributes:
        link: its LINKTYPE.
        snap_length: how many octets were kept of a frame at most, 0 for no limit.
        name: its name, such as "eth0", or "".
        description: what the writer tells of it, or "".
    """

    link: int
    snap_length: int = 0
    name: str = ""
    description: str = ""
