"""The format pcap (draft-ietf-opsawg-pcap): a header of 24 octets, then frames, each with 16 octets before it.

Rule 1. The magic number tells the byte order and whether fractions of a second are micro- or nanoseconds.
Rule 2. A length is believed only if the format allows it: no more is kept of a frame than it had, nor than
        the snap length, nor than LONGEST_FRAME.
Rule 3. A file that ends inside a frame was cut: what was whole is given, and `cut` says where it ends.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from .errors import CaptureError
from .frames import Frame, Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .window import Window

LONGEST_FRAME: Final = 262_144
"""No capture holds longer ones: the limit of libpcap (MAXIMUM_SNAPLEN) and of Wireshark."""

FILE_OCTETS: Final = 24
RECORD_OCTETS: Final = 16

MAGICS: Final[dict[bytes, tuple[str, int]]] = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
"""The first four octets: the byte order, and how many nanoseconds one unit of a fraction is."""


class PcapReader:
    """Reads a file in this format.

    Attributes:
        interfaces: the one that the header describes.
        cut: where and why the file ends before it should, or None.
        untimed: how many frames have no time: none.
    """

    format: Final = "pcap"
    untimed: Final = 0

    def __init__(self, window: Window, path: str) -> None:
        self._window = window
        self._path = path
        self.cut: CaptureError | None = None
        there = window.have(0, FILE_OCTETS)
        if there < FILE_OCTETS:
            raise CaptureError(path, there, f"the file ends after {there} octets", f"{FILE_OCTETS} octets of a header")
        self._order, self._unit = MAGICS[window.held[:4]]
        header = Struct(self._order + "HHiIII")
        major, minor, _zone, _figures, snap_length, link = header.unpack_from(window.held, 4)
        if (major, minor) != (2, 4):
            raise CaptureError(path, 4, f"this is version {major}.{minor}", "pcap of version 2.4")
        # The upper bits tell of a frame check sequence, which stands behind the datagram and is not looked at.
        self.interfaces = [Interface(link & 0xFFFF, snap_length)]

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames; CaptureError for a length or time that cannot be."""
        window, unit = self._window, self._unit
        link = self.interfaces[0].link
        longest = self.interfaces[0].snap_length or LONGEST_FRAME
        longest = min(longest, LONGEST_FRAME)
        a_second = 1_000_000_000 // unit
        unpack = Struct(self._order + "IIII").unpack_from
        make = Frame
        at = FILE_OCTETS
        held, base = window.held, window.base
        there = len(held)
        while True:
            text = at + RECORD_OCTETS
            if text > there:
                there = window.have(at, RECORD_OCTETS)
                at, text, held, base = 0, RECORD_OCTETS, window.held, window.base
                if there < RECORD_OCTETS:
                    self._end(base, there, RECORD_OCTETS)
                    return
            seconds, fraction, length, original = unpack(held, at)
            if length > longest or length > original or fraction >= a_second:
                raise self._impossible(base + at, length, original, fraction, longest, a_second)
            end = text + length
            if end > there:
                there = window.have(at, RECORD_OCTETS + length)
                at, text, end, held, base = 0, RECORD_OCTETS, RECORD_OCTETS + length, window.held, window.base
                if there < end:
                    self._end(base, there, end)
                    return
            time = (seconds * a_second + fraction) * unit
            yield make(time, link, held[text:end], original, 0, "", base + at)
            at = end

    def _end(self, offset: int, there: int, wanted: int) -> None:
        if there:
            what = f"the file ends {there} octets on, inside a frame's record"
            self.cut = CaptureError(self._path, offset, what, f"{wanted} octets")

    def _impossible(
        self, at: int, length: int, original: int, fraction: int, longest: int, a_second: int
    ) -> CaptureError:
        if fraction >= a_second:
            return CaptureError(self._path, at + 4, f"a fraction of {fraction}", f"less than a second's {a_second}")
        if length > longest:
            return CaptureError(self._path, at + 8, f"{length} octets of a frame", f"at most {longest}")
        what = f"{length} octets of a frame that had {original}"
        return CaptureError(self._path, at + 8, what, "no more than it had")
