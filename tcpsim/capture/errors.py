"""The one error of reading captures."""

from __future__ import annotations

from ..trace.naming import shown_name


class CaptureError(ValueError):
    """A file is no capture, or breaks off, or says what cannot be.

    Attributes:
        path: the file's name, as it may be printed.
        offset: at which octet of the file, counted from 0.
        what: what is wrong there, or "" where `expected` says it all.
        expected: what had to stand there.
    """

    def __init__(self, path: str, offset: int, what: str, expected: str) -> None:
        self.path = shown_name(path)
        self.offset = offset
        self.what = what
        self.expected = expected
        found = f"{what}; " if what else ""
        super().__init__(f"{self.path}: octet {offset}: {found}expected {expected}")
