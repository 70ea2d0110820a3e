"""A TCP segment (RFC 9293 3.1) as the protocol sees it, and the text it carries.

A segment is immutable once made and prints as the RFC prints it. It has no addresses and no ports:
those select the connection before SEGMENT ARRIVES begins, and belong to the packet around it.

Text is `bytes`, or only counted (`text is None`) where nobody reads the octets: a transfer of
100 MB then costs no memory, and every number is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .seqnum import MASK

if TYPE_CHECKING:
    from .options import Options
    from .rules import Rule

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
ECE: Final = 0x40
CWR: Final = 0x80
AE: Final = 0x100
"""RFC 9768 3.1's bit, which RFC 9293 3.1 still calls reserved: told apart and printed, given no meaning here."""

NOT_ECT: Final = 0
ECT_1: Final = 1
ECT_0: Final = 2
CE: Final = 3
ECN_NAMES: Final = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
"""The values of the ECN field by name (RFC 3168 5, Figure 1)."""

SYN_FIN: Final = SYN | FIN
SYN_ACK: Final = SYN | ACK
RST_ACK: Final = RST | ACK
RST_SYN_ACK: Final = RST | SYN | ACK

CONTROL_BITS: Final = (
    ("SYN", SYN), ("FIN", FIN), ("RST", RST), ("PSH", PSH), ("ACK", ACK), ("URG", URG),
    ("ECE", ECE), ("CWR", CWR), ("AE", AE),
)  # fmt: skip
"""The control bits in the order in which they are printed: RFC 9293 writes SYN,ACK and FIN,ACK."""


def ctl_name(ctl: int) -> str:
    """Print control bits as the RFC does: `SYN,ACK`; no bit at all is `none`."""
    return ",".join(name for name, bit in CONTROL_BITS if ctl & bit) or "none"


def parse_ctl(name: str) -> int:
    """Read `SYN,ACK`, `SYN-ACK`, `syn+ack` or `none`; raise ValueError for an unknown bit."""
    if name.strip().lower() == "none":
        return 0
    bits = dict(CONTROL_BITS)
    ctl = 0
    for part in name.upper().replace("-", ",").replace("+", ",").replace("|", ",").split(","):
        if part.strip() not in bits:
            raise ValueError(f"expected control bits such as SYN,ACK, not {name!r}")
        ctl |= bits[part.strip()]
    return ctl


class Segment:
    """One segment. As an action of an endpoint it asks to be transmitted, and `why` says for what.

    Attributes (all read only by convention; a segment is shared by both ends and the trace):
        seq: SEG.SEQ, the sequence number of the first octet, or of the SYN.
        ack: SEG.ACK; meaningful only with the ACK bit, 0 otherwise.
        ctl: the control bits, an int mask of FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE.
        wnd: SEG.WND, octets, as carried on the wire (at most 65,535).
        length: octets of text.
        text: those octets, or None where they are only counted (and where there are none).
        why: the rule that asked for this segment; None for one read from a wire.
        options: the options carried, or None for none.
        up: the urgent pointer field, an offset from `seq`; meaningful only with URG.
        ecn: the ECN field of the IP header around it (RFC 3168 5): NOT_ECT, ECT_1, ECT_0 or CE.
        seg_len: SEG.LEN, octets of text plus one each for SYN and FIN (RFC 9293 3.4).
    """

    __slots__ = ("ack", "ctl", "ecn", "length", "options", "seg_len", "seq", "text", "up", "why", "wnd")

    def __init__(
        self,
        seq: int,
        ack: int,
        ctl: int,
        wnd: int,
        length: int = 0,
        text: bytes | None = None,
        why: Rule | None = None,
        options: Options | None = None,
        up: int = 0,
        ecn: int = 0,
    ) -> None:
        self.seq = seq
        self.ack = ack
        self.ctl = ctl
        self.wnd = wnd
        self.length = length
        self.text = text
        self.why = why
        self.options = options
        self.up = up
        self.ecn = ecn
        # SYN is bit 1 and FIN is bit 0: each adds one to SEG.LEN.
        self.seg_len = length + (ctl & 1) + (ctl >> 1 & 1) if ctl & 3 else length

    def wire(self) -> tuple[int, int, int, int, int, bytes | None, int, Options | None, int]:
        """Return what travels, as a tuple: two segments with equal `wire()` are the same segment."""
        return (self.seq, self.ack, self.ctl, self.wnd, self.length, self.text, self.up, self.options, self.ecn)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Segment) and self.wire() == other.wire()

    def __hash__(self) -> int:
        return hash(self.wire())

    @property
    def last(self) -> int:
        """SEG.SEQ+SEG.LEN-1, the last sequence number the segment occupies; needs SEG.LEN > 0."""
        return (self.seq + self.seg_len - 1) & MASK

    def __repr__(self) -> str:
        parts = [f"<SEQ={self.seq}>"]
        if self.ctl & ACK:
            parts.append(f"<ACK={self.ack}>")
        if self.length:
            parts.append(f"<DATA={self.length}>")
        if self.ctl & URG:
            parts.append(f"<UP={self.up}>")
        if self.options is not None:
            parts.append(f"<{self.options}>")
        parts.append(f"<CTL={ctl_name(self.ctl)}>")
        if self.ecn:
            parts.append(f"<{ECN_NAMES[self.ecn]}>")
        return "".join(parts)


def segment(
    ctl: str | int,
    seq: int = 0,
    ack: int = 0,
    wnd: int = 65_535,
    text: bytes | int = b"",
    options: Options | None = None,
    up: int = 0,
    ecn: int = NOT_ECT,
) -> Segment:
    """Build a segment as tests and tools write one: `segment("SYN,ACK", seq=300, ack=101)`.

    `text` is bytes, or an int for that many octets that are only counted.
    """
    mask = parse_ctl(ctl) if isinstance(ctl, str) else ctl
    length = text if isinstance(text, int) else len(text)
    octets = text if isinstance(text, bytes) and text else None
    return Segment(seq & MASK, ack & MASK, mask, wnd, length, octets, None, options, up, ecn)
