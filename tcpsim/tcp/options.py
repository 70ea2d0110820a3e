"""TCP options (RFC 9293 3.2): what a segment may carry besides its header and text.

The Maximum Segment Size option (kind 2) and window scale (kind 3, RFC 7323). Timestamps and SACK
have their place here as further fields; a field that is None is an option that is not carried.
"""

from __future__ import annotations

from typing import Final

DEFAULT_SEND_MSS: Final = 536
"""What a peer that sends no MSS option takes over IPv4 (RFC 9293 3.7.1, MUST-15)."""
MAX_WINDOW_SCALE: Final = 14
"""RFC 7323 2.3: a greater shift is taken as this one."""


class Options:
    """The options of one segment, immutable.

    Attributes:
        mss: the largest segment text, in octets, that the sender of this option can receive.
        wscale: by how many bits the sender of this option shifts its window fields.
    """

    __slots__ = ("mss", "wscale")

    def __init__(self, mss: int | None = None, wscale: int | None = None) -> None:
        self.mss = mss
        self.wscale = wscale

    @property
    def octets(self) -> int:
        """How many octets the options add to the header: 4 for MSS, 3 and a no-operation for the scale."""
        return 4 * (self.mss is not None) + 4 * (self.wscale is not None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and (self.mss, self.wscale) == (other.mss, other.wscale)

    def __hash__(self) -> int:
        return hash((Options, self.mss, self.wscale))

    def __str__(self) -> str:
        named = (("MSS", self.mss), ("WS", self.wscale))
        return ",".join(f"{name}={value}" for name, value in named if value is not None) or "no options"

    def __repr__(self) -> str:
        return f"Options(mss={self.mss}, wscale={self.wscale})"
