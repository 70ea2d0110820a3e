"""Packets: `> ipv4 ...: (ttl 64) SE. 0:0(0) ack 1 win 65535 <mss 1460>` and their kin.

Rule 1. What stands before a packet (outer headers, what is said of the IP header) is read once for all kinds.
Rule 2. What can't be sent or can't be compared is an error here: an inbound segment without a window, `<...>` or
        `ect01` inbound, a sequence range that isn't its length.
Rule 3. SCTP is recognised by its shape, chunks in brackets, and kept as text.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from .parsing_calls import balanced
from .parsing_options import octets_of, tcp_options
from .places import ScriptError, nearest_word
from .script import (
    AnyPacket,
    Direction,
    Ecn,
    Encapsulation,
    GreHeader,
    IcmpPacket,
    IpHeader,
    IpInfo,
    MplsHeader,
    PspHeader,
    Quoted,
    SctpPacket,
    TcpPacket,
    UdpPacket,
)
from .words import ACE_DIGITS, DSCP_WORDS, ECN_WORDS, FLAG_LETTERS, ICMP_CODES, ICMP_TYPES, IP_INFO_WORDS

if TYPE_CHECKING:
    from .places import Place
    from .tokens import Cursor

LARGEST_DATAGRAM = 1 << 16
"""Octets; what packetdrill makes at most of a segment and its headers."""
_FLAGS = re.compile(r"\.[0-9]+\Z")
_NOT_FLAGS = frozenset({"ack", "win", "urg"})


@dataclass(slots=True)
class _Front:
    """What has been read of a packet before its kind is known."""

    place: Place
    direction: Direction
    encapsulations: list[Encapsulation] = field(default_factory=list)
    ip: IpInfo | None = None

    @property
    def inbound(self) -> bool:
        return self.direction == "<"


def packet(cursor: Cursor) -> AnyPacket:
    """Read a packet, from `<` or `>` on.

    Raises:
        ScriptError: it is malformed, or nothing that can be sent or compared.
    """
    place = cursor.place
    front = _Front(place, "<" if cursor.step().text == "<" else ">")
    while cursor.token.text in {"ipv4", "ipv6", "gre", "GREv0", "mpls"}:
        front.encapsulations.append(_outer_header(cursor))
    if cursor.token.text in {"(", "["}:
        front.ip = _ip_info(cursor, inbound=front.inbound)
    match cursor.token.text:
        case "icmp":
            return _icmp(cursor, front)
        case "udp" | "udplite":
            return _udp(cursor, front)
        case "sctp":
            return _sctp(cursor, front, None)
    if cursor.accept("encap"):
        front.encapsulations.append(_psp(cursor))
    ports = _ports(cursor) if cursor.token.kind == "integer" and cursor.peek().text == ">" else None
    if cursor.token.text == "sctp":
        return _sctp(cursor, front, ports)
    return _tcp(cursor, front, ports)


def _ports(cursor: Cursor, sign: str = ">") -> tuple[int, int]:
    source = cursor.integer("the source port", 16)
    cursor.expect(sign, "the source port")
    return source, cursor.integer("the destination port", 16)


# --------------------------------------------------------------------------------------------------- outer headers


def _outer_header(cursor: Cursor) -> Encapsulation:
    place = cursor.place
    word = cursor.step().text
    header: Encapsulation
    if word in {"ipv4", "ipv6"}:
        version: Literal[4, 6] = 4 if word == "ipv4" else 6
        info = _ip_info(cursor, inbound=False) if cursor.token.text in {"(", "["} else None
        source = _address(cursor, version)
        cursor.expect(">", "the source address")
        header = IpHeader(version, source, _address(cursor, version), info, place=place)
    elif word == "mpls":
        entries = []
        while cursor.token.text == "(":
            entries.append(_mpls_entry(cursor))
        header = MplsHeader(tuple(entries), place=place)
    else:
        header = GreHeader(_gre(cursor), place=place)
    cursor.expect(":", "an outer header")
    return header


def _address(cursor: Cursor, version: Literal[4, 6]) -> str:
    text = cursor.token.text
    try:
        if cursor.token.kind == "address" and ipaddress.ip_address(text).version == version:
            return cursor.step().text
    except ValueError:
        pass
    raise cursor.unexpected(f"an address of IPv{version}")


def _mpls_entry(cursor: Cursor) -> tuple[int, int, bool, int]:
    """Read `(label 5, tc 0, [S], ttl 255)`."""
    cursor.expect("(")
    cursor.expect("label", "'('")
    label = cursor.integer("the label", 20)
    cursor.expect(",", "the label")
    cursor.expect("tc", "the label")
    traffic_class = cursor.integer("the traffic class", 3)
    cursor.expect(",", "the traffic class")
    bottom = cursor.accept("[")
    if bottom:
        for sign in ("S", "]", ","):
            cursor.expect(sign, "'['")
    cursor.expect("ttl", "the traffic class")
    ttl = cursor.integer("the TTL", 8)
    cursor.expect(")", "the TTL")
    return label, traffic_class, bottom, ttl


def _gre(cursor: Cursor) -> str:
    """Take the text of google's GRE header up to its colon."""
    words: list[str] = []
    while cursor.token.text != ":":
        if cursor.token.text == "[":
            words.append(balanced(cursor))
        elif cursor.token.kind in {"word", "integer", "hex"} or cursor.token.text in {",", "="}:
            words.append(cursor.step().text)
        else:
            raise cursor.unexpected("':' after the GRE header")
    return " ".join(words)


def _psp(cursor: Cursor) -> PspHeader:
    place = cursor.place
    cursor.expect("psp", "encap")
    cursor.expect("spi", "psp")
    return PspHeader(cursor.hexadecimal("the SPI", 32), place=place)


# ------------------------------------------------------------------------------------------------------- IP header


def _ip_info(cursor: Cursor, *, inbound: bool) -> IpInfo:
    """Read `(ttl 64, tos 0x10)`, or the same between square brackets."""
    place = cursor.place
    closing = ")" if cursor.step().text == "(" else "]"
    said: dict[str, int | str] = {}
    _ip_part(cursor, said, inbound=inbound)
    while cursor.accept(","):
        _ip_part(cursor, said, inbound=inbound)
    cursor.expect(closing, "what is said of the IP header")
    return IpInfo(
        ttl=cast("int | None", said.get("ttl")),
        tos=cast("int | None", said.get("tos")),
        dscp=cast("int | None", said.get("dscp")),
        ecn=cast("Ecn | None", said.get("ecn")),
        flow_label=cast("int | None", said.get("flow_label")),
        place=place,
    )


def _ip_part(cursor: Cursor, said: dict[str, int | str], *, inbound: bool) -> None:
    place = cursor.place
    word = cursor.one_of(IP_INFO_WORDS, "ttl, hlim, tos, class, dscp, ecn, flowlabel or one of noecn, ect0, ect1, ce")
    value: int | str
    match word:
        case "ttl" | "hlim":
            key, value = "ttl", cursor.integer(f"the {word}", 8)
        case "tos" | "class":
            key, value = "tos", cursor.hexadecimal(f"the {word}", 8)
        case "flowlabel":
            key, value = "flow_label", cursor.hexadecimal("the flow label", 20)
        case "dscp" if cursor.token.kind == "word":
            key, value = "dscp", DSCP_WORDS[cursor.one_of(DSCP_WORDS, "a code point such as af11, cs0, ef or 0x2e")]
        case "dscp":
            key, value = "dscp", cursor.hexadecimal("the dscp", 6)
        case _:
            key, value = "ecn", cursor.one_of(ECN_WORDS, "one of noecn, ect0, ect1, ce") if word == "ecn" else word
    if key in said or (key == "tos" and said.keys() & {"dscp", "ecn"}) or (key in {"dscp", "ecn"} and "tos" in said):
        raise ScriptError(place, f"the {key} of the IP header is said twice")
    if value == "ect01" and inbound:
        raise ScriptError(place, "found ect01 in an inbound packet", "the one that it carries, ect0 or ect1")
    said[key] = value


# ------------------------------------------------------------------------------------------------------------- TCP


def _tcp(cursor: Cursor, front: _Front, ports: tuple[int, int] | None) -> TcpPacket:
    flags = _flags(cursor)
    seq, length, absolute = _sequence(cursor)
    ack = cursor.integer("the acknowledgment number", 32) if cursor.accept("ack") else None
    window = cursor.integer("the window", 16) if cursor.accept("win") else None
    if window is None and front.inbound:
        raise cursor.unexpected("'win' and a window, which an inbound segment must have")
    urgent = cursor.integer("the urgent pointer", 16) if cursor.accept("urg") else None
    options = tcp_options(cursor, inbound=front.inbound)
    octets = 40 + sum(map(octets_of, options or ())) + length
    if octets > LARGEST_DATAGRAM:
        raise ScriptError(front.place, f"the segment takes {octets} octets", f"at most {LARGEST_DATAGRAM}")
    return TcpPacket(
        direction=front.direction,
        encapsulations=tuple(front.encapsulations),
        ip=front.ip,
        flags=flags,
        seq=seq,
        length=length,
        absolute_seq=absolute,
        ack=ack,
        window=window,
        urgent=urgent,
        options=options,
        ports=ports,
        diagnostic=_diagnostic(cursor, flags, length),
        udp=_udp_around(cursor),
        place=front.place,
    )


def _flags(cursor: Cursor) -> str:
    """Read the flags: letters, a dot for ACK, a digit after it for the ACE field, or `-` for none."""
    if cursor.accept("-"):
        return ""
    place = cursor.place
    flags = ""
    while _is_flags(cursor):
        flags += cursor.step().text
    if not flags:
        raise cursor.unexpected("the flags of a segment ('-' for none), icmp, udp or an outer header", ("icmp", "udp"))
    strange = next((each for each in flags if each not in FLAG_LETTERS + ACE_DIGITS), "")
    if strange:
        raise ScriptError(
            place,
            f"found {strange!r} among the flags {flags[:40]!r}",
            "S, F, R, P, '.' (ACK), U, E, W, A or a digit up to 7",
            nearest_word(strange, FLAG_LETTERS) or nearest_word(flags, ("icmp", "udp", "sctp", "udplite")),
        )
    digits = sum(each in ACE_DIGITS for each in flags)
    if digits > 1 or (digits and set(flags) & set("EWA")):
        raise ScriptError(
            place, f"the flags {flags[:40]!r} give the ACE field twice", "one digit, or letters of E, W, A"
        )
    return flags


def _is_flags(cursor: Cursor) -> bool:
    kind, text, _ = cursor.token
    return text == "." or (kind == "word" and text not in _NOT_FLAGS) or (kind == "float" and bool(_FLAGS.match(text)))


def _sequence(cursor: Cursor) -> tuple[int | None, int, bool]:
    """Read `1:1001(1000)`, perhaps with `!`, or `...(1000)`: first number, length, whether it is absolute."""
    place = cursor.place
    if cursor.accept("..."):
        return None, _length(cursor), False
    if cursor.token.kind != "integer":
        raise cursor.unexpected("a sequence range such as 1:1001(1000)")
    first = cursor.integer("the sequence number", 32)
    cursor.expect(":", "the sequence number")
    last = cursor.integer("the sequence number after the last", 32)
    length = _length(cursor)
    if last != first + length:
        raise ScriptError(place, f"the range {first}:{last} isn't {length} long", f"{first}:{first + length}({length})")
    return first, length, cursor.accept("!")


def _length(cursor: Cursor) -> int:
    cursor.expect("(", "the sequence numbers")
    length = cursor.integer("the length", 16)
    cursor.expect(")", "the length")
    return length


def _diagnostic(cursor: Cursor, flags: str, length: int) -> tuple[int, int] | None:
    """Read nplab's `[code 1, pen 2]`, the payload of eight octets of a RST."""
    place = cursor.place
    if not cursor.accept("["):
        return None
    cursor.expect("code", "'['")
    code = cursor.integer("the code", 16)
    cursor.expect(",", "the code")
    cursor.expect("pen", "the code")
    pen = cursor.integer("the pen", 32)
    cursor.expect("]", "the pen")
    if (code or pen) and ("R" not in flags or length != 8):
        raise ScriptError(place, "found a diagnostic payload", "it on a RST of 8 octets only")
    return code, pen


def _udp_around(cursor: Cursor) -> tuple[int, int] | None:
    """Read nplab's `/udp(9899 > 9899)`."""
    if not cursor.accept("/"):
        return None
    cursor.expect("udp", "'/'")
    cursor.expect("(", "udp")
    ports = _ports(cursor)
    cursor.expect(")", "the ports")
    return ports


# --------------------------------------------------------------------------------------------------- other packets


def _udp(cursor: Cursor, front: _Front) -> UdpPacket:
    lite = cursor.step().text == "udplite"
    ports = _ports(cursor) if cursor.token.kind == "integer" else None
    cursor.expect("(", "udp")
    length = cursor.integer("the length", 16)
    coverage = _coverage(cursor) if lite else None
    cursor.expect(")", "the length")
    return UdpPacket(
        direction=front.direction,
        encapsulations=tuple(front.encapsulations),
        ip=front.ip,
        length=length,
        ports=ports,
        coverage=coverage,
        place=front.place,
    )


def _coverage(cursor: Cursor) -> int:
    cursor.expect(",", "the length")
    return cursor.integer("the checksum coverage", 16)


def _sctp(cursor: Cursor, front: _Front, ports: tuple[int, int] | None) -> SctpPacket:
    words = [cursor.step().text]
    if cursor.token.text == "(":
        words.append(balanced(cursor))
    if cursor.token.text == "/":
        words.append(cursor.step().text)
        cursor.expect("udp", "'/'")
        words.append("udp")
        words.append(_bracket(cursor, "("))
    cursor.expect(":", "the SCTP header")
    words.append(":")
    if cursor.token.text == "[":
        words.append(balanced(cursor))
    else:
        words.append(_chunk(cursor))
        while cursor.accept(","):
            words += [",", _chunk(cursor)]
    return SctpPacket(
        direction=front.direction,
        encapsulations=tuple(front.encapsulations),
        ip=front.ip,
        text=" ".join(words),
        ports=ports,
        place=front.place,
    )


def _chunk(cursor: Cursor) -> str:
    return f"{cursor.word('a chunk such as INIT[...]')} {_bracket(cursor, '[')}"


def _bracket(cursor: Cursor, opening: str) -> str:
    if cursor.token.text != opening:
        raise cursor.unexpected(repr(opening))
    return balanced(cursor)


def _icmp(cursor: Cursor, front: _Front) -> IcmpPacket:
    cursor.step()
    kind = cursor.one_of(ICMP_TYPES, "a type of ICMP message")
    code = None
    if cursor.token.kind == "word" and cursor.token.text not in {"mtu", "id"}:
        codes = ICMP_CODES.get(kind, frozenset())
        code = cursor.one_of(codes, f"a code of {kind!r}" if codes else f"no code, for {kind!r} has none")
    mtu = cursor.integer("the MTU", 32) if cursor.accept("mtu") else None
    number = cursor.integer("the identifier", 16) if cursor.accept("id") else None
    return IcmpPacket(
        direction=front.direction,
        encapsulations=tuple(front.encapsulations),
        ip=front.ip,
        type=kind,
        code=code,
        mtu=mtu,
        id=number,
        quoted=_quoted(cursor) if cursor.token.text == "[" else None,
        place=front.place,
    )


def _quoted(cursor: Cursor) -> Quoted:
    place = cursor.place
    cursor.expect("[")
    word = cursor.token.text
    match word:
        case "udp" | "raw" | "udplite":
            cursor.step()
            cursor.expect("(", word)
            length = cursor.integer("the length", 16)
            coverage = _coverage(cursor) if word == "udplite" else None
            cursor.expect(")", "the length")
            quoted = Quoted(word, length, number=coverage, place=place)
        case "sctp":
            cursor.step()
            cursor.expect("(", word)
            tag = cursor.integer("the verification tag", 32)
            cursor.expect(")", "the verification tag")
            quoted = Quoted("sctp", number=tag, udp=_udp_around(cursor), place=place)
        case _:
            seq, length, absolute = _sequence(cursor)
            quoted = Quoted("tcp", length, seq, absolute, udp=_udp_around(cursor), place=place)
    cursor.expect("]", "the quoted packet")
    return quoted
