"""From a frame to the datagram in it: the headers of link layers, and what is passed over, and why.

Rule 1. A header is believed as far as it is there; nothing raises. What is no datagram of TCP, UDP or ICMP,
        whole, is None, and a Tally says in a few words why.
Rule 2. Wrong checksums are taken, and counted: an interface that computes them itself lets its own capture
        see packets without them ("offload"). So does one that cuts segments: a total length of 0 in IPv4.
Rule 3. Of a frame that the capture has cut, the headers tell how much there was: text is then only counted.
Rule 4. As many VLAN tags are taken off as there are, up to MOST_TAGS.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..tcp.segment import Segment
from ..wire import TCP, UDP, Datagram, Raw, Tcp, WireError, decode
from .frames import (
    LINKTYPE_ETHERNET,
    LINKTYPE_IPV4,
    LINKTYPE_IPV6,
    LINKTYPE_LINUX_SLL,
    LINKTYPE_LINUX_SLL2,
    LINKTYPE_LOOP,
    LINKTYPE_NULL,
    LINKTYPE_RAW,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .frames import Frame

ETHERTYPE_IPV4: Final = 0x0800
ETHERTYPE_IPV6: Final = 0x86DD
TAGS: Final = frozenset({0x8100, 0x88A8, 0x9100})
"""IEEE 802.1Q, 802.1ad (QinQ), and what was used for the latter before it was standard."""
MOST_TAGS: Final = 8

_LEAST_ETHERTYPE: Final = 0x0600
_OTHERS: Final = {
    0x0806: "ARP", 0x8035: "RARP", 0x8847: "MPLS", 0x8848: "MPLS", 0x8863: "PPPoE", 0x8864: "PPPoE",
    0x888E: "IEEE 802.1X", 0x88CC: "LLDP", 0x88F7: "PTP",
}  # fmt: skip
_PROTOCOLS: Final = {
    2: "IGMP",
    4: "IPv4 in IP",
    41: "IPv6 in IP",
    47: "GRE",
    50: "ESP",
    51: "AH",
    89: "OSPF",
    132: "SCTP",
}
_FAMILIES: Final = {2: ETHERTYPE_IPV4, 24: ETHERTYPE_IPV6, 28: ETHERTYPE_IPV6, 30: ETHERTYPE_IPV6}
"""What BSD's loopback says of a packet: AF_INET, and AF_INET6 as NetBSD, FreeBSD and macOS number it."""
MOST_REASONS: Final = 100
"""How many different reasons a Tally keeps apart."""


class Tally:
    """What was met on the way through a capture.

    Attributes:
        datagrams: how many frames had a datagram that was read.
        passed: frames that were passed over, by the reason.
        wrong_checksums: datagrams whose checksum, of IP or of what it carries, is wrong.
        cut: datagrams of which the capture kept the headers and not all of the rest.
        why_not: the reason why the last frame was passed over; "" if it was not.
    """

    __slots__ = ("cut", "datagrams", "passed", "why_not", "wrong_checksums")

    def __init__(self) -> None:
        self.datagrams = 0
        self.passed: Counter[str] = Counter()
        self.wrong_checksums = 0
        self.cut = 0
        self.why_not = ""

    def pass_over(self, why: str) -> None:
        """Count a frame that has no datagram for us."""
        self.why_not = why
        known = why in self.passed or len(self.passed) < MOST_REASONS
        self.passed[why if known else "something else"] += 1

    def sentences(self) -> list[str]:
        """Return what a person should know, a sentence each; most of the time none."""
        said = [f"{_frames(number)} passed over: {why}" for why, number in sorted(self.passed.items())]
        if self.wrong_checksums:
            said.append(
                f"{_frames(self.wrong_checksums)} with a wrong checksum, taken all the same: "
                "an interface that computes checksums itself does so after the capture"
            )
        if self.cut:
            said.append(f"{_frames(self.cut)} cut by the capture: text is counted, not known")
        return said


def _frames(number: int) -> str:
    return "1 frame" if number == 1 else f"{number:,} frames"


def decode_frame(frame: Frame, tally: Tally | None = None) -> Datagram | None:
    """Return the datagram with TCP, UDP or ICMP in a frame; None for anything else.

    Args:
        frame: the frame.
        tally: what counts the frame and, where the answer is None, has the reason in `why_not`.
    """
    if tally is None:
        tally = Tally()
    tally.why_not = ""
    found = _strip(frame)
    if isinstance(found, str):
        tally.pass_over(found)
        return None
    datagram = _whole(frame, found, tally)
    if isinstance(datagram, str):
        tally.pass_over(datagram)
        return None
    tally.datagrams += 1
    return datagram


# ------------------------------------------------------------------ link layers


def _strip(frame: Frame) -> int | str:
    """Return where the datagram begins or, in words, what the frame has instead."""
    strip = _LAYERS.get(frame.link)
    return f"link type {frame.link}" if strip is None else strip(frame.octets)


def _ethernet(octets: bytes) -> int | str:
    return _by_ethertype(octets, 12)


def _cooked(octets: bytes) -> int | str:
    return _by_ethertype(octets, 14)


def _cooked_2(octets: bytes) -> int | str:
    """Find the datagram behind 20 octets that begin with its ethertype."""
    if len(octets) < 20:
        return "a frame cut inside its header"
    kind = int.from_bytes(octets[:2], "big")
    return _by_ethertype(octets, 20, tagged=True) if kind in TAGS else _named(kind) or 20


def _by_ethertype(octets: bytes, at: int, *, tagged: bool = False) -> int | str:
    """Return where the datagram begins, whose ethertype is at `at`, or who else's frame it is.

    With `tagged`, what stands at `at` is the rest of a tag, whose own ethertype stands elsewhere.
    """
    if tagged:
        at += 2
    for _ in range(MOST_TAGS + 1):
        kind = int.from_bytes(octets[at : at + 2], "big")
        if len(octets) < at + 2:
            return "a frame cut inside its header"
        if kind not in TAGS:
            return _named(kind) or at + 2
        at += 4
    return f"more than {MOST_TAGS} VLAN tags"


def _named(kind: int) -> str:
    """Return the name of what is no datagram of IP; "" for one that is."""
    if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return ""
    if kind < _LEAST_ETHERTYPE:
        return "IEEE 802.3"
    return _OTHERS.get(kind) or f"ethertype {kind:#06x}"


def _null(octets: bytes) -> int | str:
    """Find the datagram behind an address family in the byte order of whoever captured it."""
    if len(octets) < 4:
        return "a frame cut inside its header"
    family = min(int.from_bytes(octets[:4], "big"), int.from_bytes(octets[:4], "little"))
    return 4 if family in _FAMILIES else f"address family {family}"


def _loop(octets: bytes) -> int | str:
    if len(octets) < 4:
        return "a frame cut inside its header"
    family = int.from_bytes(octets[:4], "big")
    return 4 if family in _FAMILIES else f"address family {family}"


def _bare(_octets: bytes) -> int | str:
    return 0


_LAYERS: Final[dict[int, Callable[[bytes], int | str]]] = {
    LINKTYPE_NULL: _null,
    LINKTYPE_ETHERNET: _ethernet,
    LINKTYPE_RAW: _bare,
    LINKTYPE_LOOP: _loop,
    LINKTYPE_LINUX_SLL: _cooked,
    LINKTYPE_IPV4: _bare,
    LINKTYPE_IPV6: _bare,
    LINKTYPE_LINUX_SLL2: _cooked_2,
}
"""For each LINKTYPE where the datagram begins in a frame's octets, or, as words, what it has instead."""


def datagram_at(frame: Frame) -> int | None:
    """Return where in a frame's octets its datagram begins; None if it has none."""
    strip = _LAYERS.get(frame.link)
    found = None if strip is None else strip(frame.octets)
    return found if isinstance(found, int) else None


# ------------------------------------------------------------------ datagrams


def _whole(frame: Frame, at: int, tally: Tally) -> Datagram | str:
    """Return the datagram that begins at octet `at` of a frame, or why there is none."""
    octets = frame.octets[at:]
    if len(octets) < 20:
        return "a frame cut inside its header" if len(frame.octets) < frame.original else "not IP"
    length = _length(octets)
    missing = length - len(octets)
    offloaded = length == 0 and octets[0] >> 4 == 4
    if offloaded and len(octets) <= 0xFFFF:
        octets = octets[:2] + len(octets).to_bytes(2, "big") + octets[4:]
    elif 0 < missing <= frame.original - len(frame.octets):
        return _cut(octets, missing, tally)
    try:
        return _wanted(decode(octets))
    except WireError:
        pass  # its checksum, or something worse
    try:
        datagram = _wanted(decode(octets, verify=False))
    except WireError as error:
        return f"malformed: {_kind(str(error))}"
    tally.wrong_checksums += isinstance(datagram, Datagram)
    return datagram


def _length(octets: bytes) -> int:
    """Return how long the header of a datagram says that it is."""
    if octets[0] >> 4 == 4:
        return int.from_bytes(octets[2:4], "big")
    return 40 + int.from_bytes(octets[4:6], "big")


def _cut(octets: bytes, missing: int, tally: Tally) -> Datagram | str:
    """Return a datagram the end of which was not captured: its text is only counted."""
    try:
        datagram = _wanted(decode(octets + bytes(missing), verify=False))
    except WireError as error:
        return f"malformed: {_kind(str(error))}"
    if isinstance(datagram, str):
        return datagram
    payload = datagram.payload
    if not isinstance(payload, Tcp):
        return "no TCP, and cut"
    segment = payload.segment
    if segment.length < missing:
        return "a frame cut inside its header"
    tally.cut += 1
    counted = Segment(
        segment.seq, segment.ack, segment.ctl, segment.wnd, segment.length, None, None, segment.options,
        segment.up, segment.ecn,
    )  # fmt: skip
    return replace(datagram, payload=replace(payload, segment=counted))


def _wanted(datagram: Datagram) -> Datagram | str:
    """Return a datagram with a header of TCP, UDP or ICMP, or what it is instead."""
    payload = datagram.payload
    if not isinstance(payload, Raw):
        return datagram
    if datagram.fragment:
        return f"a fragment of IPv{datagram.version}"
    if payload.protocol in (TCP, UDP):
        return "a datagram with a routing header, on its way to somebody else"
    return _PROTOCOLS.get(payload.protocol) or f"IP protocol {payload.protocol}"


def _kind(words: str) -> str:
    """Return an error's words without its numbers, so that a thousand such errors are one reason."""
    return words.partition(": expected ")[2].partition(", not ")[0] or words
