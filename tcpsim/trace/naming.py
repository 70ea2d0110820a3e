r"""How a message names what a person gave: a file, most of all.

Rule 1. It stands on one line and cannot steer a terminal: what does not print is written out, `\n`, `\x1b`.
Rule 2. It is short: of a long name, the beginning and the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

LONGEST_NAME: Final = 300
"""How many characters of a file's name are shown; a path of usual length is shown whole."""


def shown_name(path: str | Path) -> str:
    """Return a file's name as a message shows it."""
    return shortened(printable(str(path)), LONGEST_NAME)


def missing(path: str | Path) -> str:
    """Return how a message says that a file is not there: a link may be there, and lead nowhere."""
    try:
        target = Path(path).readlink()
    except (OSError, ValueError):  # no link; ValueError: a NUL in the name
        return "there is no such file"
    return f"this is a link to {shown_name(target)}, and there is no such file"


def shown_socket(address: str, port: int) -> str:
    """Return an address and a port as a person reads them: 192.0.2.1:80, [2001:db8::1]:80."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def printable(text: str) -> str:
    r"""Return a text in which every character that does not print is written out, as Python does: `\x1b`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def shortened(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters: if it is longer, without its middle."""
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[: limit - 3 - half]}...{text[-half:]}"
