"""Capture files, whichever format they have: `read_frames`.

Rule 1. What a file begins with says what it is, not how it is called.
Rule 2. Reading is lazy and takes memory for one frame and one piece of the file, however long the file is.
Rule 3. The one error is CaptureError, with the octet. Of a file that was cut while it was written, what was
        whole is given: `cut` tells of the rest, and is not raised.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from .errors import CaptureError
from .pcap import MAGICS, PcapReader
from .pcapng import SECTION_HEADER, PcapngReader
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from .frames import Frame, Interface

_KUZNETSOV: Final = (b"\xa1\xb2\xcd\x34", b"\x34\xcd\xb2\xa1")


class Frames:
    """The frames of a capture, in its order; iterate over them once.

    Attributes:
        path: the file's name.
        size: octets of the file; 0 where that can't be known.
    """

    def __init__(self, source: str | Path | IO[bytes], name: str | None = None) -> None:
        if isinstance(source, (str, Path)):
            file: IO[bytes] = open(source, "rb")  # noqa: SIM115 -- closed when the frames are all read, or by close()
            self.path = str(source) if name is None else name
        else:
            file = source
            self.path = name or "capture"
        self._window = Window(file)
        try:
            self.size = _size(file)
            self._reader = _reader(self._window, self.path)
        except BaseException:
            file.close()
            raise
        self._given: Iterator[Frame] | None = None

    @property
    def format(self) -> str:
        """Which format it has: "pcap" or "pcapng"."""
        return self._reader.format

    @property
    def interfaces(self) -> list[Interface]:
        """The interfaces, as far as the file has been read; `Frame.interface` counts them from 0."""
        return self._reader.interfaces

    @property
    def cut(self) -> CaptureError | None:
        """After the last frame: where and why the file ends before it should, or None."""
        return self._reader.cut

    @property
    def untimed(self) -> int:
        """How many of the frames read so far have no time of their own, and were given that of the frame before."""
        return self._reader.untimed

    @property
    def done(self) -> int:
        """How many octets of the file have been read, for who wants to show how far things are."""
        return self._window.end

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames; CaptureError where the file says what cannot be."""
        if self._given is None:
            self._given = self._read()
        return self._given

    def __next__(self) -> Frame:
        return next(iter(self))

    def _read(self) -> Iterator[Frame]:
        try:
            yield from self._reader
        finally:
            self._window.close()

    def close(self) -> None:
        """Close the file, for who does not read to its end."""
        self._window.close()

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def read_frames(source: str | Path | IO[bytes], name: str | None = None) -> Frames:
    """Open a capture and return its frames, to be iterated over once.

    Args:
        source: the file's path, or a file that is open for reading octets; it is closed after the last frame.
        name: what errors call it, by default its path.

    Raises:
        CaptureError: if it is no capture; while iterating, if it says what cannot be.
        OSError: if it can't be opened or read.
    """
    return Frames(source, name)


def _reader(window: Window, path: str) -> PcapReader | PcapngReader:
    there = window.have(0, 4)
    magic = window.held[:4]
    if magic in MAGICS:
        return PcapReader(window, path)
    if magic == SECTION_HEADER:
        return PcapngReader(window, path)
    expected = "a capture: pcap or pcapng"
    if there == 0:
        raise CaptureError(path, 0, "the file is empty", expected)
    if magic in _KUZNETSOV:
        raise CaptureError(path, 0, "this is the pcap of Kuznetsov's libpcap, with other headers", expected)
    if magic[:2] == b"\x1f\x8b":
        raise CaptureError(path, 0, "this is compressed; gunzip it first", expected)
    raise CaptureError(path, 0, f"the file begins with {magic.hex(' ')}", expected)


def _size(file: IO[bytes]) -> int:
    try:
        return os.fstat(file.fileno()).st_size
    except (OSError, ValueError):
        return 0
