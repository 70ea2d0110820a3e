"""The options of a TCP header, `<mss 1460,nop,wscale 6>`.

Rule 1. Options stand in the order of the wire, padding included: what is written must fill whole words of four octets
        and fit into a header (RFC 9293, section 3.1, Data Offset).
Rule 2. Both dialects' spellings of an option give the same node.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from .places import ScriptError
from .script import (
    AccEcn,
    AckRate,
    Eol,
    Experimental,
    FastOpen,
    Generic,
    Md5,
    Mss,
    Nop,
    RawOptions,
    Sack,
    SackPermitted,
    TcpOption,
    Timestamps,
    WindowScale,
)
from .words import TCP_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .places import Place
    from .tokens import Cursor

MOST_OCTETS: Final = 40
"""Octets of options in the largest header: 15 words of four, less 20 octets."""
DIGEST_OCTETS: Final = 16
_HEX: Final = re.compile(r"[0-9A-Fa-f]+\Z")
_COUNTERS: Final = {
    "ECN": (("e0b", "ceb", "e1b"), ("e1b", "ceb", "e0b")),
    "AccECN": (("ee0b", "eceb", "ee1b"), ("ee1b", "eceb", "ee0b")),
}


def octets_of(option: TcpOption) -> int:
    """Return how many octets an option takes in a header."""
    match option:
        case Nop() | Eol():
            return 1
        case SackPermitted():
            return 2
        case WindowScale():
            return 3
        case Mss():
            return 4
        case Timestamps():
            return 10
        case Sack(blocks):
            return 2 + 8 * len(blocks)
        case FastOpen(cookie, experimental):
            return len(cookie) + (4 if experimental else 2)
        case Md5(digest):
            return 2 + (DIGEST_OCTETS if digest is None else len(digest))
        case AccEcn(_, counters, experimental):
            return 3 * len(counters) + (4 if experimental else 2)
        case AckRate(rate):
            return 4 if rate is None else 5
        case Experimental(_, data):
            return 4 + len(data)
        case Generic(_, data):
            return 2 + len(data)
        case RawOptions(data):
            return len(data)


def tcp_options(cursor: Cursor, *, inbound: bool) -> tuple[TcpOption, ...] | None:
    """Read the list of options, if there is one; None for `<...>`.

    Raises:
        ScriptError: an option is unknown or malformed, the list doesn't fill whole words, or `<...>` is inbound.
    """
    place = cursor.place
    if not cursor.accept("<"):
        return ()
    if cursor.token.kind == "dots":
        if inbound:
            raise cursor.wrong("found '...' as the options of an inbound packet", "the options it carries")
        cursor.step()
        cursor.expect(">", "the options")
        return None
    options = _raw(cursor) if _is_raw(cursor) else _listed(cursor)
    _check_length(cursor, place, options)
    cursor.expect(">", "the options")
    return options


def _listed(cursor: Cursor) -> tuple[TcpOption, ...]:
    options = [_option(cursor)]
    while cursor.accept(","):
        options.append(_option(cursor))
    if cursor.token.text != ">":
        raise cursor.unexpected("',' or '>' after an option", TCP_OPTIONS)
    return tuple(options)


def _check_length(cursor: Cursor, place: Place, options: tuple[TcpOption, ...]) -> None:
    octets = sum(map(octets_of, options))
    if octets > MOST_OCTETS:
        raise ScriptError(place, f"the options take {octets} octets", f"at most {MOST_OCTETS}")
    if octets % 4:
        raise ScriptError(
            place,
            f"the options take {octets} octets",
            "a multiple of 4 (nop before or between them, or eol at the end)",
        )


def _is_raw(cursor: Cursor) -> bool:
    token = cursor.token
    return token.kind in {"word", "integer"} and cursor.peek().text == ">" and bool(_HEX.match(token.text))


def _raw(cursor: Cursor) -> tuple[TcpOption, ...]:
    place = cursor.place
    return (RawOptions(_octets(cursor, "the options", MOST_OCTETS), place=place),)


def _option(cursor: Cursor) -> TcpOption:
    place, word = cursor.place, cursor.token.text
    if cursor.token.kind != "word":
        raise cursor.unexpected("an option of TCP")
    if word in _READERS:
        cursor.step()
        return _READERS[word](cursor, place)
    if word in {"AccECN0", "AccECN1", "exp-AccECN0", "exp-AccECN1"}:
        cursor.step()
        order: Literal[0, 1] = 0 if word[-1] == "0" else 1
        return AccEcn(order, _counters(cursor, _COUNTERS["AccECN"][order]), word.startswith("exp-"), place=place)
    if word.startswith(("gen-", "exp-")):
        return _by_number(cursor, place)
    raise cursor.unexpected("an option of TCP", TCP_OPTIONS)


def _by_number(cursor: Cursor, place: Place) -> TcpOption:
    """Read `gen-76 data` or `exp-f989 data`."""
    word = cursor.token.text
    generic = word.startswith("gen-")
    digits = word[4:]
    number = int(digits, 10 if generic else 16) if len(digits) <= 8 else 1 << 16
    if number >= 1 << (8 if generic else 16):
        raise cursor.wrong(f"the option's number is out of range: {word[:40]!r}", "8 bits after gen-, 16 after exp-")
    cursor.step()
    if generic:
        return Generic(number, _data(cursor, "the data", MOST_OCTETS - 2), place=place)
    return Experimental(number, _data(cursor, "the data", MOST_OCTETS - 4), place=place)


def _mss(cursor: Cursor, place: Place) -> TcpOption:
    return Mss(cursor.integer("the MSS", 16), place=place)


def _wscale(cursor: Cursor, place: Place) -> TcpOption:
    return WindowScale(cursor.integer("the shift count", 8), place=place)


def _sack(cursor: Cursor, place: Place) -> TcpOption:
    blocks: list[tuple[int, int]] = []
    while cursor.token.kind == "integer" or not blocks:
        left = cursor.integer("a block's left edge", 32)
        cursor.expect(":", "a block's left edge")
        blocks.append((left, cursor.integer("a block's right edge", 32)))
    return Sack(tuple(blocks), place=place)


def _timestamps(cursor: Cursor, place: Place) -> TcpOption:
    cursor.expect("val", "TS")
    value = None if cursor.accept("...") else cursor.integer("TSval", 32)
    cursor.expect("ecr", "TSval")
    echo = cursor.integer("TSecr", 32)
    return Timestamps(value, echo, cursor.accept("!"), place=place)


def _fast_open(cursor: Cursor, place: Place) -> TcpOption:
    return FastOpen(_data(cursor, "the cookie", MOST_OCTETS - 2), place=place)


def _fast_open_experimental(cursor: Cursor, place: Place) -> TcpOption:
    return FastOpen(_data(cursor, "the cookie", MOST_OCTETS - 4), experimental=True, place=place)


def _md5(cursor: Cursor, place: Place) -> TcpOption:
    if cursor.accept("valid"):
        return Md5(None, place=place)
    return Md5(_octets(cursor, "the digest", DIGEST_OCTETS), place=place)


def _ack_rate(cursor: Cursor, place: Place) -> TcpOption:
    return AckRate(cursor.integer("the rate", 7) if cursor.token.kind == "integer" else None, place=place)


def _google_acc_ecn(cursor: Cursor, place: Place) -> TcpOption:
    """Read `ECN e0b 1 ceb 2 e1b 3` or `ECN e1b 1 ceb 2 e0b 3`: the first counter tells the order."""
    if cursor.token.text not in {"e0b", "e1b"}:
        raise cursor.unexpected("'e0b' or 'e1b' after ECN")
    order: Literal[0, 1] = 0 if cursor.token.text == "e0b" else 1
    return AccEcn(order, _counters(cursor, _COUNTERS["ECN"][order]), place=place)


def _counters(cursor: Cursor, names: tuple[str, ...]) -> tuple[int, ...]:
    """Read the counters that are there: each only after the one before it."""
    counters: list[int] = []
    for position, name in enumerate(names):
        if cursor.token.text in names[position + 1 :]:
            raise cursor.unexpected(f"{name!r} before it")
        if not cursor.accept(name):
            break
        counters.append(cursor.integer(f"the counter {name}", 24))
    return tuple(counters)


def _data(cursor: Cursor, what: str, most: int) -> bytes:
    """Read octets, if any, before the next comma."""
    return _octets(cursor, what, most) if cursor.token.kind in {"word", "integer"} else b""


def _octets(cursor: Cursor, what: str, most: int) -> bytes:
    """Read two hexadecimal digits for each octet."""
    text = cursor.token.text
    if cursor.token.kind not in {"word", "integer"} or not _HEX.match(text):
        raise cursor.unexpected(f"{what} in hexadecimal digits")
    if len(text) % 2:
        raise cursor.wrong(f"{what} has an odd number of digits", "two for each octet")
    if len(text) > 2 * most:
        raise cursor.wrong(f"{what} has {len(text) // 2} octets", f"at most {most}")
    cursor.step()
    return bytes.fromhex(text)


_READERS: Final[dict[str, Callable[[Cursor, Place], TcpOption]]] = {
    "nop": lambda _, place: Nop(place=place),
    "eol": lambda _, place: Eol(place=place),
    "sackOK": lambda _, place: SackPermitted(place=place),
    "mss": _mss,
    "wscale": _wscale,
    "sack": _sack,
    "TS": _timestamps,
    "FO": _fast_open,
    "FOEXP": _fast_open_experimental,
    "exp-FO": _fast_open_experimental,
    "EXP-FO": _fast_open_experimental,
    "md5": _md5,
    "exp-tarr": _ack_rate,
    "ECN": _google_acc_ecn,
}
