"""Whatever a script can say is written so that it is read again as the same; and in one spelling."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.parsing_options import MOST_OCTETS, octets_of
from tcpsim.packetdrill.script import (
    AccEcn,
    AckRate,
    Action,
    Assign,
    BitOr,
    Code,
    Command,
    Dots,
    Eol,
    Errno,
    Event,
    Experimental,
    FastOpen,
    Field,
    Function,
    Generic,
    GreHeader,
    IcmpPacket,
    Integer,
    IpHeader,
    IpInfo,
    List,
    Md5,
    MplsHeader,
    Mss,
    Name,
    Node,
    Nop,
    Opaque,
    Option,
    Packet,
    PspHeader,
    Quoted,
    RawOptions,
    Sack,
    SackPermitted,
    Script,
    SctpPacket,
    String,
    Struct,
    SystemCall,
    TcpOption,
    TcpPacket,
    Timestamps,
    UdpPacket,
    When,
    WindowScale,
)
from tcpsim.packetdrill.words import (
    CALLS,
    ECN_WORDS,
    FLAG_OPTIONS,
    ICMP_CODES,
    ICMP_TYPES,
    NUMBERED_OPTIONS,
    RESERVED,
)
from tcpsim.packetdrill.writing import format_event, format_packet, format_script


def unsigned(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, (1 << bits) - 1)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


U8, U16, U32 = unsigned(8), unsigned(16), unsigned(32)
PORTS = st.tuples(U16, U16)
NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,12}\Z").filter(lambda name: name not in RESERVED)
TIMES = st.integers(0, 10**18 - 1)
NOTES = st.lists(st.from_regex(r"\A[A-Za-z]{1,8}\Z"), min_size=1, max_size=4).map(" ".join)

# ---------------------------------------------------------------------------------------------------- expressions

SCALARS = st.one_of(
    st.builds(Dots),
    st.builds(Integer, st.integers(-(1 << 63), (1 << 64) - 1)),
    st.builds(Integer, unsigned(63), st.just(True)),
    st.builds(String, st.text(st.characters(max_codepoint=255)), st.booleans()),
    st.builds(Name, NAMES),
    st.just(Opaque("{ ( label 5 , tc 0 , ttl 9 ) }")),
)


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    items = st.lists(inner, max_size=3).map(tuple)
    bare = inner.filter(lambda each: not isinstance(each, Assign | Opaque))
    first = st.builds(Field, st.just(""), bare)
    named = st.builds(Field, NAMES, inner, maybe(bare))
    return st.one_of(
        st.builds(List, items),
        st.builds(Function, st.sampled_from(["htons", "htonl", "inet_addr", "inet6_addr"]), items),
        st.builds(Struct, st.lists(named | first, max_size=3).map(tuple)),
    )


OPERANDS = st.recursive(SCALARS, _compound, max_leaves=6)
EXPRESSIONS = st.one_of(
    OPERANDS,
    st.builds(BitOr, st.lists(OPERANDS, min_size=2, max_size=3).map(tuple)),
    st.builds(Assign, NAMES, OPERANDS),
)

# -------------------------------------------------------------------------------------------------------- packets

OPTIONS: st.SearchStrategy[TcpOption] = st.one_of(
    st.builds(Nop),
    st.builds(Eol),
    st.builds(SackPermitted),
    st.builds(Mss, U16),
    st.builds(WindowScale, U8),
    st.builds(Sack, st.lists(st.tuples(U32, U32), min_size=1, max_size=4).map(tuple)),
    st.builds(Timestamps, maybe(U32), U32, st.booleans()),
    st.builds(FastOpen, st.binary(max_size=16), st.booleans()),
    st.builds(Md5, maybe(st.binary(min_size=1, max_size=16))),
    st.builds(AccEcn, st.sampled_from([0, 1]), st.lists(unsigned(24), max_size=3).map(tuple), st.booleans()),
    st.builds(AckRate, maybe(unsigned(7))),
    st.builds(Experimental, U16, st.binary(max_size=8)),
    st.builds(Generic, U8, st.binary(max_size=8)),
)


@st.composite
def option_lists(draw: st.DrawFn, *, outbound: bool) -> tuple[TcpOption, ...] | None:
    if outbound and draw(st.booleans()):
        return None
    if draw(st.booleans()):
        words = draw(st.binary(max_size=10))
        return (RawOptions(words * 4),) if words else ()
    chosen: list[TcpOption] = []
    for option in draw(st.lists(OPTIONS, max_size=6)):
        if sum(map(octets_of, [*chosen, option])) <= MOST_OCTETS:
            chosen.append(option)
    chosen += [Nop()] * (-sum(map(octets_of, chosen)) % 4)
    return tuple(chosen)


@st.composite
def ip_infos(draw: st.DrawFn, *, outbound: bool = False) -> IpInfo | None:
    words = ECN_WORDS if outbound else ECN_WORDS[:-1]
    tos = draw(maybe(U8))
    info = IpInfo(
        ttl=draw(maybe(U8)),
        tos=tos,
        dscp=None if tos is not None else draw(maybe(unsigned(6))),
        ecn=None if tos is not None else draw(maybe(st.sampled_from(words))),
        flow_label=draw(maybe(unsigned(20))),
    )
    return None if info == IpInfo() else info


FOUR = st.ip_addresses(v=4).map(str)
SIX = st.ip_addresses(v=6).map(str)
OUTER = st.one_of(
    st.builds(IpHeader, st.just(4), FOUR, FOUR, ip_infos()),
    st.builds(IpHeader, st.just(6), SIX, SIX, ip_infos()),
    st.sampled_from([GreHeader(), GreHeader("flags [ key present ] , sum 0 , off 0x1 , key = 7 , seq 2")]),
    st.builds(MplsHeader, st.lists(st.tuples(unsigned(20), unsigned(3), st.booleans(), U8), max_size=2).map(tuple)),
)
ENCAPSULATIONS = st.lists(OUTER, max_size=2).map(tuple)
FLAGS = st.sampled_from(["", "S", "S.", ".", "P.", "FP.", "R", "SEW", "SEWA", "S.E", ".5", "SP.7", "FSRPU.EWA"])


@st.composite
def segments(draw: st.DrawFn) -> TcpPacket:
    outbound = draw(st.booleans())
    length = draw(st.integers(0, 65_000))
    seq = draw(maybe(st.integers(0, (1 << 32) - 1 - length)))
    psp = draw(st.lists(st.builds(PspHeader, U32), max_size=1))
    return TcpPacket(
        direction=">" if outbound else "<",
        encapsulations=(*draw(ENCAPSULATIONS), *psp),
        ip=draw(ip_infos(outbound=outbound)),
        flags=draw(FLAGS),
        seq=seq,
        length=length,
        absolute_seq=seq is not None and draw(st.booleans()),
        ack=draw(maybe(U32)),
        window=draw(maybe(U16) if outbound else U16),
        urgent=draw(maybe(U16)),
        options=draw(option_lists(outbound=outbound)),
        ports=draw(maybe(PORTS)),
        udp=draw(maybe(PORTS)),
    )


@st.composite
def quotations(draw: st.DrawFn) -> Quoted:
    length = draw(U16)
    protocol: Any = draw(st.sampled_from(["tcp", "udp", "udplite", "sctp", "raw"]))
    if protocol == "tcp":
        seq = draw(maybe(st.integers(0, (1 << 32) - 1 - length)))
        return Quoted("tcp", length, seq, seq is not None and draw(st.booleans()), udp=draw(maybe(PORTS)))
    if protocol == "sctp":
        return Quoted("sctp", number=draw(U32), udp=draw(maybe(PORTS)))
    return Quoted(protocol, length, number=draw(U16) if protocol == "udplite" else None)


@st.composite
def other_packets(draw: st.DrawFn) -> Packet:
    direction = draw(st.sampled_from("<>"))
    front: Any = {"direction": direction, "encapsulations": draw(ENCAPSULATIONS), "ip": draw(ip_infos())}
    match draw(st.sampled_from(["udp", "icmp", "sctp"])):
        case "udp":
            return UdpPacket(**front, length=draw(U16), ports=draw(maybe(PORTS)), coverage=draw(maybe(U16)))
        case "sctp":
            text = draw(
                st.sampled_from(["sctp : [ 0x1 , 2 ]", "sctp ( tag = 1 ) / udp ( 1 > 2 ) : INIT [ ... ] , PAD [ ]"])
            )
            return SctpPacket(**front, ports=draw(maybe(PORTS)), text=text)
    kind = draw(st.sampled_from(sorted(ICMP_TYPES)))
    codes = sorted(ICMP_CODES.get(kind, ()))
    return IcmpPacket(
        **front,
        type=kind,
        code=draw(maybe(st.sampled_from(codes))) if codes else None,
        mtu=draw(maybe(U32)),
        id=draw(maybe(U16)),
        quoted=draw(maybe(quotations())),
    )


# --------------------------------------------------------------------------------------------------------- events

SHELL = st.text(st.characters(exclude_characters="`\\", exclude_categories=["Cs"])).map(Command)
CODE = st.sampled_from(["assert a == 1, a", "x = {1: 2}", "if a:\n  assert b\nelse:\n  assert c", "'%d' % 5"]).map(Code)
ERRORS = st.builds(Errno, st.from_regex(r"\AE[A-Z0-9]{1,10}\Z"), st.just("") | NOTES)


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(["segment", "packet", "call", "shell", "code"]))
    start = draw(TIMES)
    when = When(start, relative=draw(st.booleans()))
    action: Action
    match kind:
        case "call":
            until = draw(maybe(st.integers(start, 10**18 - 1)))
            arguments = tuple(draw(st.lists(EXPRESSIONS, max_size=4)))
            error = draw(maybe(ERRORS))
            note = None if error is not None and not error.text else draw(maybe(NOTES))
            name = draw(st.sampled_from(sorted(CALLS)))
            action = SystemCall(name, arguments, draw(EXPRESSIONS), error, note, until)
        case "shell":
            action = draw(SHELL)
        case "code":
            action = draw(CODE)
        case _:
            packet: Any = draw(segments() if kind == "segment" else other_packets())
            action = packet
            if packet.direction == ">" and draw(st.booleans()):
                when = draw(st.sampled_from([When(anytime=True), dataclasses.replace(when, end=start)]))
    return Event(when, action)


HEAD = st.one_of(
    st.builds(Option, st.sampled_from(sorted(FLAG_OPTIONS))),
    st.builds(Option, st.sampled_from(sorted(NUMBERED_OPTIONS)), st.integers(0, 10**9).map(str)),
    st.builds(Option, st.just("so_flags"), st.from_regex(r"\A[ -!#-_a-~]*\Z")),
    st.builds(Option, st.just("local_ip"), FOUR | SIX),
    st.sampled_from(
        [
            Option("define", "CC=reno"),
            Option("define", 'CC="two words"'),
            Option("define", "CC=two words"),
            Option("ip_version", "ipv4-mapped-ipv6"),
        ]
    ),
)
SCRIPTS = st.builds(
    Script,
    st.just("a.pkt"),
    st.lists(HEAD, max_size=3).map(tuple),
    st.lists(events(), min_size=1, max_size=4).map(tuple),
    maybe(SHELL),
    maybe(SHELL),
)


@given(SCRIPTS)
def test_a_written_script_is_read_as_the_same(script: Script) -> None:
    text = format_script(script)
    again = parse(text, "a.pkt")
    assert again == script
    assert format_script(again) == text


def nodes(value: object) -> Iterator[Node]:
    """Each node in a tree."""
    if isinstance(value, Node):
        yield value
        value = [getattr(value, each.name) for each in dataclasses.fields(value) if each.name != "place"]
    if isinstance(value, list | tuple):
        for each in value:
            yield from nodes(each)


@given(SCRIPTS)
def test_each_node_that_is_read_knows_where_it_stands(script: Script) -> None:
    text = format_script(script)
    lines = text.split("\n")
    for node in nodes(parse(text, "a.pkt")):
        assert node.place.file == "a.pkt"
        assert 1 <= node.place.line <= len(lines)
        assert 1 <= node.place.column <= len(lines[node.place.line - 1]) + 1


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("+.5 > S. 0:0(0)  ack 1 <mss 1460 , nop,wscale 7>", "+0.5   > S. 0:0(0) ack 1 <mss 1460,nop,wscale 7>"),
        ("0.100...0.3 accept( 3,...,... )=4", "0.1...0.3 accept(3, ..., ...) = 4"),
        ("1~2 > - 1:1(0) <...>", "1~2    > - 1:1(0) <...>"),
        ("+1~+1.50 > R 5:5(0)!", "+1~+1.5 > R 5:5(0)!"),
        ("* > [class 0x28,hlim 9] . 1:1(0) ack 1 win 5 urg 6", "*      > (ttl 9, tos 0x28) . 1:1(0) ack 1 win 5 urg 6"),
        ("0 < ipv4 1.2.3.4>5.6.7.8:udp(9)", "0      < ipv4 1.2.3.4 > 5.6.7.8 : udp (9)"),
        ("0 < icmp unreachable frag_needed mtu 9[1:2(1)]", "0      < icmp unreachable frag_needed mtu 9 [1:2(1)]"),
        ("0 > S 0:0(0) <ECN e0b 1,FOEXP,nop,nop,nop>", "0      > S 0:0(0) <AccECN0 ee0b 1,exp-FO,nop,nop,nop>"),
        ('0 write(3, "a\\x00" "b"..., 2) = -1 EAGAIN (no  more)',
         '0      write(3, "a\\x00b"..., 2) = -1 EAGAIN (no more)'),
        ("0 poll([{fd=3,events=A|B}], 1, 0x10) = 1 (yes)", "0      poll([{fd=3, events=A|B}], 1, 0x10) = 1 (yes)"),
        ("0 `a b`", "0      `a b`"),
        ("0 %{assert a}%", "0      %{ assert a }%"),
    ],
)  # fmt: skip
def test_there_is_one_spelling(written: str, again: str) -> None:
    assert format_event(parse(written, "a.pkt").events[0]) == again


def test_a_script_is_laid_out_for_reading() -> None:
    script = parse("--mtu=1500 --dry_run `init` 0 `x` +1 `y` `end`", "a.pkt")
    assert format_script(script) == "--mtu=1500\n--dry_run\n`init`\n\n0      `x`\n+1     `y`\n\n`end`\n"
    assert format_script(parse("0 `x`", "a.pkt")) == "0      `x`\n"


def test_a_packet_made_by_hand_is_written() -> None:
    packet = TcpPacket(direction=">", flags="F.", seq=1, length=0, ack=2, options=(Nop(), Nop(), Sack(((3, 4),))))
    assert format_packet(packet) == "> F. 1:1(0) ack 2 <nop,nop,sack 3:4>"
