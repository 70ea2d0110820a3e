"""TCP options (RFC 9293 3.2): what a segment may carry besides its header and text, and how it is laid out.

Maximum segment size (kind 2, RFC 9293 3.7.1), window scale (3, RFC 7323), SACK-permitted and SACK (4
and 5, RFC 2018), timestamps (8, RFC 7323), the Fast Open cookie (34, RFC 7413); any other option that
was read from a wire is kept as it is. A field that is None is an option that is not carried.

Rule 1. An Options is a value: immutable by convention, equal to one with the same values and layout.
Rule 2. The layout on the wire is a tuple of names, nops and end-of-list included. `kinds` holds it
        where it is not the canonical one; two laws of laying out (`arranged`) derive all others.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

DEFAULT_SEND_MSS: Final = 536
"""What a peer that sends no MSS option takes over IPv4 (RFC 9293 3.7.1, MUST-15)."""
TIMESTAMPS_OCTETS: Final = 12
"""What the timestamps option takes in every segment, its padding included (RFC 7323 A)."""
MAX_WINDOW_SCALE: Final = 14
"""RFC 7323 2.3: a greater shift is taken as this one."""
MAX_OCTETS: Final = 40
"""What fits between the 20 octets of the fixed header and the end that Data Offset can say (RFC 9293 3.1)."""

Block = tuple[int, int]
"""A SACK block (RFC 2018 3): the first number of a run of octets, and the number after its last."""
Kinds = tuple[str, ...]
"""A layout: names of KINDS in the order of the wire."""

KINDS: Final[dict[str, int]] = {
    "eol": 0, "nop": 1, "mss": 2, "wscale": 3, "sackOK": 4, "sack": 5, "TS": 8, "FO": 34, "FOEXP": 254, "other": -1,
}  # fmt: skip
"""What a layout may hold, and the kind's number. `FOEXP` is `FO` in its experimental form (RFC 7413 7: kind
254 and the magic number F989); each `other` stands for the next option of `others`."""

ORDERS: Final = ("mss,wscale,sackOK,TS", "mss,sackOK,TS,wscale")
"""The orders in which an endpoint may send the options of a SYN: the first is the canonical one."""
PADDINGS: Final = ("eol", "nop")
"""How an endpoint may fill up to four octets: the first is the canonical one. See `arranged`."""


class Options:
    """The options of one segment, immutable.

    Attributes:
        mss: the largest segment text, in octets, that the sender of this option can receive.
        wscale: by how many bits the sender of this option shifts its window fields.
        sack_ok: whether the sender of a SYN takes SACK options.
        ts: (TSval, TSecr), or None for no timestamps option.
        sack: blocks (left, right) of sequence numbers, in the order of the wire; () for no SACK option.
        fastopen: the cookie; b"" asks for one, None is no such option.
        kinds: the layout, or None for the canonical one.
        others: options of other kinds, (kind, what follows the length octet), in the order of the wire.
    """

    __slots__ = ("fastopen", "kinds", "mss", "others", "sack", "sack_ok", "ts", "wscale")

    def __init__(
        self,
        mss: int | None = None,
        wscale: int | None = None,
        sack_ok: bool = False,
        ts: tuple[int, int] | None = None,
        sack: tuple[Block, ...] = (),
        fastopen: bytes | None = None,
        kinds: Kinds | None = None,
        others: tuple[tuple[int, bytes], ...] = (),
    ) -> None:
        self.mss = mss
        self.wscale = wscale
        self.sack_ok = sack_ok
        self.ts = ts
        self.sack = sack
        self.fastopen = fastopen
        self.kinds = kinds
        self.others = others

    @property
    def carried(self) -> frozenset[str]:
        """The names of what is carried, without padding."""
        named = (
            ("mss", self.mss is not None), ("wscale", self.wscale is not None), ("sackOK", self.sack_ok),
            ("TS", self.ts is not None), ("sack", bool(self.sack)), ("FO", self.fastopen is not None),
        )  # fmt: skip
        return frozenset(name for name, there in named if there)

    @property
    def layout(self) -> Kinds:
        """What stands on the wire, in order, padded to a multiple of four octets if it is the canonical layout."""
        if self.kinds is not None:
            return self.kinds
        rest = ("other",) * len(self.others)
        return arranged(self.carried, ORDERS[0], PADDINGS[0], len(self.fastopen or b"")) + rest

    @property
    def octets(self) -> int:
        """How many octets the options add to the header, the padding to a multiple of four included."""
        cookie = len(self.fastopen or b"")
        others = sum(len(content) for _, content in self.others)
        return -(-(_octets(self.layout, len(self.sack), cookie) + others) // 4) * 4

    def value(self) -> tuple[object, ...]:
        """Return what travels, as a tuple: two options with equal `value()` are the same on the wire."""
        return (self.mss, self.wscale, self.sack_ok, self.ts, self.sack, self.fastopen, self.layout, self.others)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Options) and self.value() == other.value()

    def __hash__(self) -> int:
        return hash(self.value())

    def words(self, sack_from: int = 0) -> list[str]:
        """Return the options in words, one each, blocks of SACK counted from `sack_from`; padding is not told."""
        said = []
        if self.mss is not None:
            said.append(f"MSS={self.mss}")
        if self.wscale is not None:
            said.append(f"WS={self.wscale}")
        if self.sack_ok:
            said.append("SACK-OK")
        if self.ts is not None:
            said.append(f"TS={self.ts[0]}/{self.ts[1]}")
        if self.sack:
            mask = 0xFFFF_FFFF
            blocks = [f"{(left - sack_from) & mask}..{(right - sack_from) & mask}" for left, right in self.sack]
            said.append("SACK=" + "+".join(blocks))
        if self.fastopen is not None:
            said.append(f"FO={self.fastopen.hex() or '?'}")
        return said + [f"kind {kind}" for kind, _ in self.others]

    def __str__(self) -> str:
        return ",".join(self.words()) or "no options"

    def __repr__(self) -> str:
        absent = (None, False, ())
        set_ = [f"{name}={getattr(self, name)!r}" for name in _IN_ORDER if getattr(self, name) not in absent]
        return f"Options({', '.join(set_)})"


_IN_ORDER: Final = ("mss", "wscale", "sack_ok", "ts", "sack", "fastopen", "kinds", "others")

TIMESTAMPS_ALONE: Final = ("nop", "nop", "TS")
"""RFC 7323 A: the layout of the many segments that carry nothing else; every order and padding gives it."""

_SIZES: Final = {"eol": 1, "nop": 1, "mss": 4, "wscale": 3, "sackOK": 2, "sack": 2, "TS": 10, "FO": 2, "FOEXP": 4}
_WORD_OFFSET: Final = {"mss": 0, "wscale": 1, "sackOK": 0, "TS": 2, "sack": 2, "FO": 0}


@lru_cache(maxsize=1024)
def _octets(layout: Kinds, blocks: int, cookie: int) -> int:
    """Return what a layout takes, what `others` hold not counted."""
    total = 0
    for name in layout:
        total += _SIZES.get(name, 2)
        if name == "sack":
            total += 8 * blocks
        elif name in ("FO", "FOEXP"):
            total += cookie
    return total


@lru_cache(maxsize=1024)
def arranged(carried: frozenset[str], order: str, padding: str, cookie: int = 0) -> Kinds:
    """Return the layout of the options named in `carried`; SACK and the cookie (of `cookie` octets) come last.

    "nop": each option is led by nops so that it ends on a multiple of four; SACK-permitted, directly before
    timestamps, takes the place of their two nops. Only a cookie is followed by its nops. That is what RFC 7323 A and
    RFC 2018 4 draw, and what Linux sends.

    "eol": nops only where an option's value would not be aligned by itself (window scale behind one nop,
    timestamps and SACK behind two, SACK-permitted on an even octet); at the very end, end-of-list and zeros fill up.
    That is what FreeBSD sends.
    """
    names = [name for name in (*order.split(","), "sack", "FO") if name in carried]
    layout: list[str] = []
    at = 0
    for name, following in zip(names, [*names, ""][1:], strict=True):
        size = _SIZES[name] + (cookie if name == "FO" else 0)
        if padding == "eol":
            step = 2 if name == "sackOK" else 1 if name == "FO" else 4
            nops = (_WORD_OFFSET[name] - at) % step
        elif name == "FO" or (name == "sackOK" and following == "TS"):
            nops = -at % 4
        else:
            nops = -(at + size) % 4
        layout += ["nop"] * nops + [name]
        at += nops + size
    return tuple(layout + [padding] * (-at % 4))
