"""TCP options between values and octets (RFC 9293 3.2): every layout is read as it stands and written as it was.

Kinds with a field of `Options` are read into it. Any other kind is kept as it is: MD5 signatures (19, RFC
2385), user timeout (28, RFC 5482), what nobody knows, but also a known kind with a length that it
cannot have, and the second of two where there is place for one. A length that does not even lead to
the next option is an error; what follows the end of the list is padding, whatever it holds.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

from ..tcp.options import KINDS, MAX_OCTETS, Options
from .errors import WireError, fitting

FASTOPEN_MAGIC: Final = b"\xf9\x89"
"""Before the cookie where it travels as an experiment, kind 254 (RFC 7413 4.1.1; RFC 6994)."""

_MSS: Final = Struct("!BBH")
_TIMESTAMPS: Final = Struct("!BBII")
_BLOCK: Final = Struct("!II")
_NAMES: Final = {kind: name for name, kind in KINDS.items() if kind >= 0}


# ------------------------------------------------------------------ writing


def encode_options(options: Options) -> bytes:
    """Return the options as octets, filled with zeros to a multiple of four.

    Raises:
        WireError: if a value does not fit, the layout names what is not there or leaves out what is, or
            they take more than 40 octets.
    """
    layout = options.layout
    _check_layout(options, layout)
    others = iter(options.others)
    written = bytearray()
    for name in layout:
        if name == "other":
            kind, content = next(others)
            written += bytes((fitting(kind, 8, "an option's kind"), fitting(len(content) + 2, 8, "an option's length")))
            written += content
        else:
            written += _one(options, name)
    written += bytes(-len(written) % 4)
    if len(written) > MAX_OCTETS:
        raise WireError(f"expected at most {MAX_OCTETS} octets of options, not {len(written)}")
    return bytes(written)


def _check_layout(options: Options, layout: tuple[str, ...]) -> None:
    listed = ["FO" if name == "FOEXP" else name for name in layout if name not in ("nop", "eol", "other")]
    # An empty SACK option can stand in a layout, and carries nothing.
    carried = options.carried | ({"sack"} & set(listed))
    if sorted(listed) != sorted(carried) or layout.count("other") != len(options.others):
        raise WireError(f"expected a layout of {', '.join(sorted(carried)) or 'nothing'}, not {', '.join(layout)}")


def _one(options: Options, name: str) -> bytes:
    kind = KINDS[name]
    if name in ("eol", "nop"):
        return bytes((kind,))
    if name == "mss":
        return _MSS.pack(kind, 4, fitting(options.mss or 0, 16, "an MSS"))
    if name == "wscale":
        return bytes((kind, 3, fitting(options.wscale or 0, 8, "a window scale")))
    if name == "TS":
        value, echo = options.ts or (0, 0)
        return _TIMESTAMPS.pack(kind, 10, fitting(value, 32, "TSval"), fitting(echo, 32, "TSecr"))
    if name == "sackOK":
        return bytes((kind, 2))
    if name == "sack":
        content = b"".join(
            _BLOCK.pack(fitting(left, 32, "a SACK block"), fitting(right, 32, "a SACK block"))
            for left, right in options.sack
        )
    else:
        content = (FASTOPEN_MAGIC if name == "FOEXP" else b"") + (options.fastopen or b"")
    return bytes((kind, fitting(len(content) + 2, 8, "an option's length"))) + content


# ------------------------------------------------------------------ reading


def decode_options(octets: bytes, offset: int = 0) -> Options | None:
    """Read the options part of a TCP header, None if it is empty; `offset` is where it begins, for errors."""
    if not octets:
        return None
    found: dict[str, Any] = {}
    kinds: list[str] = []
    others: list[tuple[int, bytes]] = []
    at = 0
    while at < len(octets):
        kind = octets[at]
        if kind == KINDS["eol"]:
            kinds += ["eol"] * (len(octets) - at)
            break
        if kind == KINDS["nop"]:
            kinds.append("nop")
            at += 1
            continue
        length = octets[at + 1] if at + 1 < len(octets) else 0
        if not 2 <= length <= len(octets) - at:
            raise WireError(f"the length of option {kind}, from 2 to {max(len(octets) - at, 2)}", offset + at + 1)
        content = octets[at + 2 : at + length]
        at += length
        name = _read(found, kind, content)
        kinds.append(name)
        if name == "other":
            others.append((kind, content))
    options = Options(**found, others=tuple(others))
    layout = tuple(kinds)
    return options if layout == options.layout else Options(**found, kinds=layout, others=tuple(others))


def _read(found: dict[str, Any], kind: int, content: bytes) -> str:
    """Put what an option says into `found`, by the name of its field; return its name in a layout."""
    name = _NAMES.get(kind, "other")
    size = len(content)
    field = name
    value: object = None
    if name == "mss" and size == 2:
        value = int.from_bytes(content, "big")
    elif name == "wscale" and size == 1:
        value = content[0]
    elif name == "sackOK" and size == 0:
        field, value = "sack_ok", True
    elif name == "TS" and size == 8:
        field, value = "ts", _BLOCK.unpack(content)
    elif name == "sack" and size % 8 == 0:
        value = tuple(_BLOCK.iter_unpack(content))
    elif name == "FO":
        field, value = "fastopen", content
    elif name == "FOEXP" and content[:2] == FASTOPEN_MAGIC:
        field, value = "fastopen", content[2:]
    if value is None or field in found:
        return "other"
    found[field] = value
    return name
