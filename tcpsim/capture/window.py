"""A window onto a file that is read from its start to its end, in pieces, in bounded memory.

Rule 1. No more than PIECE octets are held beside what was asked for, however long the file is.
Rule 2. Where the file ends is known by reading, not by asking for its size: it may be a pipe, or grow.
"""

from __future__ import annotations

from typing import IO, Final

PIECE: Final = 1 << 18
"""How many octets are read at a time."""


class Window:
    """What is read and not yet taken.

    Attributes:
        held: octets of the file.
        base: at which octet of the file they begin.
    """

    __slots__ = ("_file", "base", "held")

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.base = 0
        self.held = b""

    def have(self, at: int, size: int) -> int:
        """Let `size` octets be held from index `at` of `held` on, if the file has them, and forget those before.

        Returns:
            how many there are from there on; `at` is index 0 from now on.
        """
        pieces = [self.held[at:]]
        there = len(pieces[0])
        while there < size:
            piece = self._file.read(max(PIECE, size - there))
            if not piece:
                break
            pieces.append(piece)
            there += len(piece)
        self.held = b"".join(pieces)
        self.base += at
        return there

    @property
    def end(self) -> int:
        """How many octets of the file have been read."""
        return self.base + len(self.held)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
