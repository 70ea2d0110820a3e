"""The syntax tree of a packetdrill script: what `parse` returns and `format_script` prints.

Rule 1. The tree says what the script says, in the union of the two dialects (google's and nplab's), and nothing of
        what it means to a stack. Numbers are the script's: sequence numbers are relative as written, not mapped.
Rule 2. Every node knows its place; two nodes are equal when they say the same, wherever they stand.
Rule 3. Times are ints of nanoseconds. An absent part is None, never a number that stands for "absent".
Rule 4. What the language has and tcpsim doesn't run (SCTP, GRE and MPLS expressions) is a node too: `Opaque`, or
        a packet of its own type, so that who runs the script can say "not run" and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .places import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class Node:
    """Whatever has a place in a script. The place takes no part in comparisons."""

    place: Place = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


# --------------------------------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Dots(Node):
    """`...`: anything, or packetdrill's own choice."""


@dataclass(frozen=True, slots=True)
class Integer(Node):
    """A number; `hexadecimal` says how it was spelled."""

    value: int
    hexadecimal: bool = False


@dataclass(frozen=True, slots=True)
class String(Node):
    """`"text"`: one character (below 256) per octet, escapes resolved; `open` if `...` follows.

    Adjoining strings, which google's dialect joins, are one String.
    """

    text: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A symbol: AF_INET, O_RDONLY, NULL."""

    name: str


@dataclass(frozen=True, slots=True)
class BitOr(Node):
    """`a | b | c`: two parts or more, none of which is a BitOr."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """`name = value` as an argument (google)."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class List(Node):
    """`[a, b]`."""

    items: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A part of a struct: `name=value`, `name(argument)=value` (msg_iov(1)=[...]), or a bare value (name "")."""

    name: str
    value: Expression
    argument: Expression | None = None


@dataclass(frozen=True, slots=True)
class Struct(Node):
    """`{field, field}`: every struct of the language, told apart by its fields' names.

    `{sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("192.0.2.1")}`, `{onoff=1, linger=0}`,
    `{fd=3, events=POLLIN, revents=POLLIN}`, `{..., 100}` (an iovec).
    """

    fields: tuple[Field, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The fields' names in order, "" for bare values."""
        return tuple(each.name for each in self.fields)

    def get(self, name: str) -> Expression | None:
        """Return the value of the field called `name`, or None."""
        return next((each.value for each in self.fields if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`name(arguments)` inside an expression: htons, htonl, inet_addr, inet6_addr."""

    name: str
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Opaque(Node):
    """An expression that is recognised and not analysed (MPLS stacks, GRE headers): its text, blanks made one."""

    text: str


Expression: TypeAlias = Dots | Integer | String | Name | BitOr | Assign | List | Struct | Function | Opaque


# ------------------------------------------------------------------------------------------------ options of TCP


@dataclass(frozen=True, slots=True)
class Nop(Node):
    """`nop`."""


@dataclass(frozen=True, slots=True)
class Eol(Node):
    """`eol`."""


@dataclass(frozen=True, slots=True)
class Mss(Node):
    """`mss 1460`."""

    value: int


@dataclass(frozen=True, slots=True)
class WindowScale(Node):
    """`wscale 6`."""

    shift: int


@dataclass(frozen=True, slots=True)
class SackPermitted(Node):
    """`sackOK`."""


@dataclass(frozen=True, slots=True)
class Sack(Node):
    """`sack 1:2 5:9`: blocks (left, right) in order."""

    blocks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Timestamps(Node):
    """`TS val 100 ecr 0`; `val ...` (value None) isn't compared; `ecr 700!` is not mapped (absolute)."""

    value: int | None
    echo: int
    absolute_echo: bool = False


@dataclass(frozen=True, slots=True)
class FastOpen(Node):
    """`FO`, `FO cookie`; experimental: `FOEXP` (google), `exp-FO` (nplab), which are the same on the wire."""

    cookie: bytes = b""
    experimental: bool = False


@dataclass(frozen=True, slots=True)
class Md5(Node):
    """`md5 digest`; `md5 valid` (digest None) asks for a right one."""

    digest: bytes | None


@dataclass(frozen=True, slots=True)
class AccEcn(Node):
    """`AccECN0 ee0b 1 eceb 2 ee1b 3`, google's `ECN e0b 1 ceb 2 e1b 3`: none to three counters.

    Order 0 (kind 172) counts ECT(0), CE, ECT(1); order 1 (kind 174) counts ECT(1), CE, ECT(0).
    """

    order: Literal[0, 1]
    counters: tuple[int, ...] = ()
    experimental: bool = False


@dataclass(frozen=True, slots=True)
class AckRate(Node):
    """`exp-tarr`, `exp-tarr 4`: the experimental TCP ACK rate request."""

    rate: int | None = None


@dataclass(frozen=True, slots=True)
class Experimental(Node):
    """`exp-f989 data`: kind 254 with an ExID."""

    exid: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Generic(Node):
    """`gen-76 data`: any kind."""

    kind: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class RawOptions(Node):
    """`<0204 05b4>` in one word: the octets of the whole option list, as they stand in the header."""

    data: bytes


TcpOption: TypeAlias = (
    Nop
    | Eol
    | Mss
    | WindowScale
    | SackPermitted
    | Sack
    | Timestamps
    | FastOpen
    | Md5
    | AccEcn
    | AckRate
    | Experimental
    | Generic
    | RawOptions
)


# -------------------------------------------------------------------------------------------------------- packets

Direction: TypeAlias = Literal["<", ">"]
"""`<` is injected into the stack under test, `>` is expected from it."""
Ecn: TypeAlias = Literal["noecn", "ect0", "ect1", "ce", "ect01"]
"""What a prefix says of the ECN field; `ect01` is either of ECT(0) and ECT(1)."""


@dataclass(frozen=True, slots=True)
class IpInfo(Node):
    """`(ttl 64, tos 0x10)` or `[ect0]`: what is set, or compared, of the IP header. None: not mentioned.

    `tos` (also spelled `class`) is the whole octet, `dscp` its upper six bits, `ecn` its lower two.
    `ttl` is also spelled `hlim`.
    """

    ttl: int | None = None
    tos: int | None = None
    dscp: int | None = None
    ecn: Ecn | None = None
    flow_label: int | None = None


@dataclass(frozen=True, slots=True)
class IpHeader(Node):
    """`ipv4 192.0.2.1 > 192.0.2.2:` or `ipv6 ...` before a packet: an outer header."""

    version: Literal[4, 6]
    source: str
    destination: str
    info: IpInfo | None = None


@dataclass(frozen=True, slots=True)
class GreHeader(Node):
    """`gre:`, or google's `GREv0 ...:` with its text."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class MplsHeader(Node):
    """`mpls (label 5, tc 0, [S], ttl 255):`: entries of (label, traffic class, bottom of stack, TTL)."""

    entries: tuple[tuple[int, int, bool, int], ...]


@dataclass(frozen=True, slots=True)
class PspHeader(Node):
    """`encap psp spi 0x1` (google)."""

    spi: int


Encapsulation: TypeAlias = IpHeader | GreHeader | MplsHeader | PspHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet(Node):
    """What every packet has: its direction, outer headers from the outside in, what is said of its IP header."""

    direction: Direction
    encapsulations: tuple[Encapsulation, ...] = ()
    ip: IpInfo | None = None

    @property
    def inbound(self) -> bool:
        """Whether the script sends it to the stack under test."""
        return self.direction == "<"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpPacket(Packet):
    """A segment: `> SE. 0:0(0) ack 1 win 65535 <mss 1460>`.

    Attributes:
        flags: letters of "FSRP.UEWA" and at most one digit 0 to 7 (the ACE field), as written; "" for `-`.
        seq: first sequence number as written; None for `...(n)`, which is not compared.
        length: octets of payload.
        absolute_seq: `seq!`: on the wire as it stands, not mapped.
        ack: acknowledgment number, None if not written.
        window: window field, None if not written (then an outbound one is not compared).
        urgent: urgent pointer, None if not written (0 on the wire).
        options: in order; () if there is no list (an outbound segment must then carry none); None for `<...>`.
        ports: (source, destination) if written.
        diagnostic: nplab's `[code 1, pen 2]` after a RST.
        udp: nplab's `/udp(9899 > 9899)`: (source, destination) port of the UDP around the segment.
    """

    flags: str
    seq: int | None
    length: int
    absolute_seq: bool = False
    ack: int | None = None
    window: int | None = None
    urgent: int | None = None
    options: tuple[TcpOption, ...] | None = ()
    ports: tuple[int, int] | None = None
    diagnostic: tuple[int, int] | None = None
    udp: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpPacket(Packet):
    """`udp (1000)`; `coverage` is UDP-Lite's, `udplite (1000, 8)`."""

    length: int
    ports: tuple[int, int] | None = None
    coverage: int | None = None


@dataclass(frozen=True, slots=True)
class Quoted(Node):
    """What an ICMP message carries of the packet it is about: `[1:1001(1000)]`, `[udp (100)]`, `[raw (8)]`.

    Attributes:
        protocol: "tcp", "udp", "udplite", "sctp" or "raw".
        seq: of "tcp", first sequence number as written; None for `...(n)`.
        length: octets of payload; for "sctp" 0.
        absolute_seq: `seq!`.
        number: of "udplite" the checksum coverage, of "sctp" the verification tag.
        udp: ports of the UDP around it.
    """

    protocol: Literal["tcp", "udp", "udplite", "sctp", "raw"]
    length: int = 0
    seq: int | None = None
    absolute_seq: bool = False
    number: int | None = None
    udp: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpPacket(Packet):
    """`icmp unreachable frag_needed mtu 1200 [1:1001(1000)]`; types and codes in the script's words.

    The words are those of ICMPv4 and ICMPv6 together; which of the two is meant follows from the IP version.
    """

    type: str
    code: str | None = None
    mtu: int | None = None
    id: int | None = None
    quoted: Quoted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SctpPacket(Packet):
    """An SCTP packet (nplab): recognised; `text` is all of it, blanks made one."""

    text: str
    ports: tuple[int, int] | None = None


AnyPacket: TypeAlias = TcpPacket | UdpPacket | IcmpPacket | SctpPacket


# --------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class When(Node):
    """When an event is due: `1.5`, `+0.1`, `1~2`, `+0.1~+0.2` or `*`; in nanoseconds.

    `relative` counts from the event before; `end` is the latest time of a range, from the same origin as `start`.
    Of `*`, which is any time, `anytime` is True and the rest says nothing.
    """

    start: int = 0
    end: int | None = None
    relative: bool = False
    anytime: bool = False


@dataclass(frozen=True, slots=True)
class Errno(Node):
    """`EINPROGRESS (Operation now in progress)` after a result: the name, and what the brackets say."""

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class SystemCall(Node):
    """`name(arguments) = result ERRNO (text)`; an errno is always followed by its text.

    `until`: of a blocking call, `0.1...0.3 accept(...)`, when it ends: nanoseconds, from the same origin as the
    event's start. None: the call must not block. `note` is a remark in brackets after a result without an errno.
    """

    name: str
    arguments: tuple[Expression, ...]
    result: Expression
    errno: Errno | None = None
    note: str | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Command(Node):
    """A shell line between backquotes, as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Code(Node):
    """`%{ code }%`: what stands between, without blanks at its ends or a shared indentation.

    `place` is that of the code's first character.
    """

    text: str


Action: TypeAlias = TcpPacket | UdpPacket | IcmpPacket | SctpPacket | SystemCall | Command | Code


@dataclass(frozen=True, slots=True)
class Event(Node):
    """Something at a time."""

    when: When
    action: Action


@dataclass(frozen=True, slots=True)
class Option(Node):
    """`--name` or `--name=value` at the head of a script. A value in quotes stands here without them."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Script(Node):
    """A whole script.

    Attributes:
        name: the file's name, for messages.
        options: in order of writing; the last of a name counts.
        init: the shell line before the first event, if any (`../common/defaults.sh` of google's suite).
        events: in order of writing, at least one.
        cleanup: the shell line after the last event, if any.
        source: the text as it was read, before `#ifdef`; "" for a script made otherwise. Not compared.
    """

    name: str = field(compare=False)
    options: tuple[Option, ...]
    events: tuple[Event, ...]
    init: Command | None = None
    cleanup: Command | None = None
    source: str = field(default="", compare=False, repr=False)

    def option(self, name: str, default: str | None = None) -> str | None:
        """Return the value of the last option called `name` ("" if it has none), `default` if there is no such."""
        for each in reversed(self.options):
            if each.name == name:
                return each.value or ""
        return default

    def line(self, number: int) -> str:
        """Return a line of the source, counted from 1, without its end; "" if there is no such line."""
        lines = self.source.split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""
