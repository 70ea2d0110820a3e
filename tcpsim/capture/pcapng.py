"""The format pcapng (draft-ietf-opsawg-pcapng): blocks in sections, each with its byte order and its interfaces.

Rule 1. Section headers, interface descriptions and the three kinds of packet block are read; name resolution,
        statistics, secrets and every kind that is unknown are passed over.
Rule 2. A block's length stands at both ends of it, and whatever is in it ends before it does. Longer ones
        than LONGEST_BLOCK, more interfaces than MOST_INTERFACES and more options than MOST_OPTIONS are errors.
Rule 3. A Simple Packet Block has no time: it is given that of the frame before it in its section, or 0, and counted.
Rule 4. Interfaces are counted through all sections, since each section counts its own from 0.
Rule 5. A file that ends inside a block was cut: what was whole is given, and `cut` says where it ends.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from ..tcp.units import NEVER, SECOND
from .errors import CaptureError
from .frames import Frame, Interface
from .pcap import LONGEST_FRAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tcp.units import Time
    from .window import Window

LONGEST_BLOCK: Final = 1 << 24
"""Octets; the limit of libpcap and of Wireshark."""
MOST_INTERFACES: Final = 65_536
MOST_OPTIONS: Final = 1_000

SECTION_HEADER: Final = b"\x0a\x0d\x0d\x0a"
"""The type of the first block, the same in both byte orders."""
_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}

SECTION: Final = 0x0A0D0D0A
INTERFACE: Final = 1
OBSOLETE_PACKET: Final = 2
SIMPLE_PACKET: Final = 3
ENHANCED_PACKET: Final = 6

OPT_END: Final = 0
OPT_COMMENT: Final = 1
IF_NAME: Final = 2
IF_DESCRIPTION: Final = 3
IF_TSRESOL: Final = 9
IF_TSOFFSET: Final = 14

LEAST_BLOCK: Final = 12
"""Type, length, and the length again."""
_LEAST: Final = {SECTION: 28, INTERFACE: 20, OBSOLETE_PACKET: 32, SIMPLE_PACKET: 16, ENHANCED_PACKET: 32}
_NAMES: Final = {
    SECTION: "Section Header Block", INTERFACE: "Interface Description Block", OBSOLETE_PACKET: "Packet Block",
    SIMPLE_PACKET: "Simple Packet Block", ENHANCED_PACKET: "Enhanced Packet Block",
}  # fmt: skip


class _Order:
    """The layouts of fields in one byte order."""

    __slots__ = ("block", "interface", "number", "offset", "old_packet", "option", "packet", "section", "simple")

    def __init__(self, order: str) -> None:
        self.block = Struct(order + "II").unpack_from
        self.number = Struct(order + "I").unpack_from
        self.section = Struct(order + "HHq").unpack_from
        self.interface = Struct(order + "HHI").unpack_from
        self.packet = Struct(order + "IIIII").unpack_from
        self.old_packet = Struct(order + "HHIIII").unpack_from
        self.simple = Struct(order + "I").unpack_from
        self.option = Struct(order + "HH").unpack_from
        self.offset = Struct(order + "q").unpack_from


_LAYOUTS: Final = {order: _Order(order) for order in "<>"}


class _Clock:
    """What an interface's timestamps mean.

    Attributes:
        ns: nanoseconds in a unit, where that is a whole number; else 0.
        units: units in a second.
        offset: what is added to each time (nanoseconds).
        longest: the snap length as a bound of what a frame keeps, octets.
        interface: its number in the file.
        link: its LINKTYPE.
    """

    __slots__ = ("interface", "link", "longest", "ns", "offset", "units")

    def __init__(self, interface: int, link: int, snap_length: int, resolution: int, offset: int) -> None:
        self.interface = interface
        self.link = link
        self.longest = min(snap_length or LONGEST_FRAME, LONGEST_FRAME)
        self.units = 1 << (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        self.ns = 0 if SECOND % self.units else SECOND // self.units
        self.offset = offset * SECOND

    def time(self, ticks: int) -> Time:
        """Return a timestamp in nanoseconds."""
        return (ticks * self.ns if self.ns else ticks * SECOND // self.units) + self.offset


class PcapngReader:
    """Reads a file in this format.

    Attributes:
        interfaces: those described so far, of all sections.
        cut: where and why the file ends before it should, or None.
        untimed: how many frames so far have no time.
    """

    format: Final = "pcapng"

    def __init__(self, window: Window, path: str) -> None:
        self._window = window
        self._path = path
        self.interfaces: list[Interface] = []
        self.cut: CaptureError | None = None
        self.untimed = 0
        self._order = _LAYOUTS["<"]
        self._clocks: list[_Clock] = []
        self._last: Time = 0
        there = window.have(0, LEAST_BLOCK)
        if there < LEAST_BLOCK:
            raise self._wrong(there, f"the file ends after {there} octets", "a Section Header Block")
        self._order = self._order_at(0)
        length = self._order.block(window.held, 0)[1]
        self._check_length(0, SECTION, length)
        there = window.have(0, length)
        if there < length:
            raise self._wrong(there, f"the file ends after {there} octets", f"a Section Header Block of {length}")

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames; CaptureError for what cannot be."""
        window = self._window
        at = 0
        held = window.held
        there = len(held)
        block, make = self._order.block, Frame
        while True:
            if there - at < LEAST_BLOCK:
                there = window.have(at, LEAST_BLOCK)
                at, held = 0, window.held
                if there < LEAST_BLOCK:
                    self._end(there, LEAST_BLOCK)
                    return
            kind, length = block(held, at)
            if kind == SECTION:
                self._order = self._order_at(at)
                block = self._order.block
                length = block(held, at)[1]
            self._check_length(at, kind, length)
            if there - at < length:
                there = window.have(at, length)
                at, held = 0, window.held
                if there < length:
                    self._end(there, length)
                    return
            end = at + length
            (again,) = self._order.number(held, end - 4)
            if again != length:
                raise self._wrong(end - 4, f"the block's length is {again} here and {length} at its start", "the same")
            if kind == ENHANCED_PACKET:
                yield make(*self._enhanced(held, at, end))
            elif kind == SIMPLE_PACKET:
                yield make(*self._simple(held, at, end))
            elif kind == OBSOLETE_PACKET:
                yield make(*self._obsolete(held, at, end))
            elif kind == INTERFACE:
                self._describe(held, at, end)
            elif kind == SECTION:
                self._begin_section(held, at, end)
            at = end

    # ------------------------------------------------------------------ blocks

    def _order_at(self, at: int) -> _Order:
        magic = self._window.held[at + 8 : at + 12]
        if magic not in _ORDERS:
            raise self._wrong(at + 8, f"{magic.hex(' ')}", "the byte-order magic 1a 2b 3c 4d, either way round")
        return _LAYOUTS[_ORDERS[magic]]

    def _check_length(self, at: int, kind: int, length: int) -> None:
        least = _LEAST.get(kind, LEAST_BLOCK)
        if least <= length <= LONGEST_BLOCK and length % 4 == 0:
            return
        name = _NAMES.get(kind, f"block of type {kind:#x}")
        expected = f"a multiple of 4 from {least} to {LONGEST_BLOCK}"
        raise self._wrong(at + 4, f"a length of {length} for the {name}", expected)

    def _begin_section(self, held: bytes, at: int, end: int) -> None:
        major, minor, _length = self._order.section(held, at + 12)
        # Some have written 1.2 for the same format, and readers are to take it so (draft, 4.1).
        if major != 1 or minor not in (0, 2):
            raise self._wrong(at + 12, f"this is version {major}.{minor}", "pcapng of version 1.0")
        self._options(held, at + 24, end - 4)
        self._clocks = []
        self._last = 0

    def _describe(self, held: bytes, at: int, end: int) -> None:
        if len(self.interfaces) >= MOST_INTERFACES:
            raise self._wrong(at, "one more interface", f"at most {MOST_INTERFACES}")
        link, _reserved, snap_length = self._order.interface(held, at + 8)
        resolution, offset, name, description = 6, 0, "", ""
        for code, value, where in self._options(held, at + 16, end - 4):
            if code == IF_TSRESOL:
                resolution = self._sized(value, 1, where, "if_tsresol")[0]
            elif code == IF_TSOFFSET:
                (offset,) = self._order.offset(self._sized(value, 8, where, "if_tsoffset"), 0)
            elif code == IF_NAME:
                name = _words(value)
            elif code == IF_DESCRIPTION:
                description = _words(value)
        self._clocks.append(_Clock(len(self.interfaces), link, snap_length, resolution, offset))
        self.interfaces.append(Interface(link, snap_length, name, description))

    # ------------------------------------------------------------------ packets

    def _enhanced(self, held: bytes, at: int, end: int) -> tuple[Time, int, bytes, int, int, str, int]:
        number, high, low, length, original = self._order.packet(held, at + 8)
        clock = self._clock(number, at)
        text = at + 28
        if length > clock.longest or length > original or length > end - 4 - text:
            raise self._too_long(at + 20, length, original, clock.longest, end - 4 - text)
        options = text + length + (-length & 3)
        comment = self._comment(held, options, end - 4) if options != end - 4 else ""
        time = self._timed(clock, high << 32 | low, at + 12)
        return time, clock.link, held[text : text + length], original, clock.interface, comment, self._window.base + at

    def _obsolete(self, held: bytes, at: int, end: int) -> tuple[Time, int, bytes, int, int, str, int]:
        number, _drops, high, low, length, original = self._order.old_packet(held, at + 8)
        clock = self._clock(number, at)
        text = at + 28
        if length > clock.longest or length > original or length > end - 4 - text:
            raise self._too_long(at + 20, length, original, clock.longest, end - 4 - text)
        comment = self._comment(held, text + length + (-length & 3), end - 4)
        time = self._timed(clock, high << 32 | low, at + 12)
        return time, clock.link, held[text : text + length], original, clock.interface, comment, self._window.base + at

    def _simple(self, held: bytes, at: int, end: int) -> tuple[Time, int, bytes, int, int, str, int]:
        (original,) = self._order.simple(held, at + 8)
        clock = self._clock(0, at)
        text = at + 12
        length = min(original, clock.longest)
        if length + (-length & 3) != end - 4 - text:
            raise self._wrong(at + 8, f"{length} octets of a frame in a block for {end - 4 - text}", "as many")
        self.untimed += 1
        return self._last, clock.link, held[text : text + length], original, clock.interface, "", self._window.base + at

    def _clock(self, number: int, at: int) -> _Clock:
        if number < len(self._clocks):
            return self._clocks[number]
        raise self._wrong(
            at + 8, f"interface {number}", f"one of the {len(self._clocks)} that the section has described"
        )

    def _timed(self, clock: _Clock, ticks: int, at: int) -> Time:
        time = clock.time(ticks)
        if not 0 <= time < NEVER:
            raise self._wrong(at, f"a time of {time} ns", "one from 1970 to 2116")
        self._last = time
        return time

    def _too_long(self, at: int, length: int, original: int, longest: int, left: int) -> CaptureError:
        if length > original:
            return self._wrong(at, f"{length} octets of a frame that had {original}", "no more than it had")
        return self._wrong(at, f"{length} octets of a frame", f"at most {min(longest, left)}")

    # ------------------------------------------------------------------ options

    def _comment(self, held: bytes, at: int, end: int) -> str:
        found = [_words(value) for code, value, _ in self._options(held, at, end) if code == OPT_COMMENT]
        return "\n".join(found)

    def _options(self, held: bytes, at: int, end: int) -> list[tuple[int, bytes, int]]:
        """Return code, value and place of the options between two places in `held`, without the end of options.

        Whatever a block consists of is padded to four octets, and so is what an option needs to begin.
        """
        found: list[tuple[int, bytes, int]] = []
        unpack = self._order.option
        while at < end:
            code, length = unpack(held, at)
            if code == OPT_END:
                # What follows the end of options is filling, though there should be none.
                break
            if length + (-length & 3) > end - at - 4:
                raise self._wrong(at + 2, f"{length} octets of an option", f"at most {end - at - 4}")
            if len(found) == MOST_OPTIONS:
                raise self._wrong(at, "one more option", f"at most {MOST_OPTIONS} in a block")
            found.append((code, held[at + 4 : at + 4 + length], at + 4))
            at += 4 + length + (-length & 3)
        return found

    def _sized(self, value: bytes, size: int, at: int, name: str) -> bytes:
        if len(value) != size:
            raise self._wrong(at - 2, f"{len(value)} octets of {name}", str(size))
        return value

    # ------------------------------------------------------------------ errors

    def _end(self, there: int, wanted: int) -> None:
        if there:
            self.cut = self._wrong(0, f"the file ends {there} octets on, inside a block", f"{wanted} octets")

    def _wrong(self, at: int, what: str, expected: str) -> CaptureError:
        """Return the error about what stands at index `at` of what is held."""
        return CaptureError(self._path, self._window.base + at, what, expected)


def _words(octets: bytes) -> str:
    """Return a text; what is not UTF-8 in it is replaced, since other programs' comments are not worth an error."""
    return octets.decode("utf-8", "replace").rstrip("\0")
