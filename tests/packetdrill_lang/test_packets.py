"""Packets in both dialects: TCP with all its parts, what stands before it, UDP, ICMP, SCTP."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.places import Place
from tcpsim.packetdrill.script import (
    AccEcn,
    AckRate,
    AnyPacket,
    Eol,
    Experimental,
    FastOpen,
    Generic,
    GreHeader,
    IcmpPacket,
    IpHeader,
    IpInfo,
    Md5,
    MplsHeader,
    Mss,
    Nop,
    Packet,
    PspHeader,
    Quoted,
    RawOptions,
    Sack,
    SackPermitted,
    SctpPacket,
    TcpOption,
    TcpPacket,
    Timestamps,
    UdpPacket,
    WindowScale,
)


def packet(text: str) -> AnyPacket:
    action = parse(f"0 {text}", "a.pkt").events[0].action
    assert isinstance(action, Packet)
    return action


def tcp(direction: Any = ">", flags: str = ".", seq: int | None = 1, length: int = 0, **parts: Any) -> TcpPacket:
    return TcpPacket(direction=direction, flags=flags, seq=seq, length=length, **parts)


def options(text: str) -> tuple[TcpOption, ...] | None:
    found = packet(f"> S 0:0(0) <{text}>")
    assert isinstance(found, TcpPacket)
    return found.options


# ------------------------------------------------------------------------------------------------------- segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("> . 1:1(0)", tcp()),
        ("> . 1:1(0) ack 1", tcp(ack=1)),
        ("> . 1:1(0) ack 0", tcp(ack=0)),
        ("> P. 1:1001(1000) ack 1 win 65535", tcp(flags="P.", length=1000, ack=1, window=65535)),
        ("< F. 1:1(0) ack 2 win 257 urg 3", tcp("<", "F.", ack=2, window=257, urgent=3)),
        ("> R ...(0)", tcp(flags="R", seq=None)),
        ("> . ...(1460) ack 1", tcp(seq=None, length=1460, ack=1)),
        ("> R 1001:1001(0)!", tcp(flags="R", seq=1001, absolute_seq=True)),
        ("< . 4294967295:4294967295(0) win 0", tcp("<", seq=(1 << 32) - 1, window=0)),
        ("> . 1:1(0) ack 1 <...>", tcp(ack=1, options=None)),
        ("> 8080 > 53055 . 1:1(0) ack 1", tcp(ack=1, ports=(8080, 53055))),
        ("> R. 1:9(8) ack 1 [code 3, pen 7]", tcp(flags="R.", length=8, ack=1, diagnostic=(3, 7))),
        ("> . 1:1(0) ack 1 /udp(9899 > 1024)", tcp(ack=1, udp=(9899, 1024))),
        (
            "< S 0:0(0) win 100 <mss 1460> /udp(1 > 2)",
            tcp("<", "S", seq=0, window=100, options=(Mss(1460),), udp=(1, 2)),
        ),
    ],
)
def test_segments(text: str, expected: TcpPacket) -> None:
    assert packet(text) == expected


@pytest.mark.parametrize(
    ("written", "flags"),
    [
        ("-", ""),
        (".", "."),
        ("S", "S"),
        ("SEW", "SEW"),
        ("S.E", "S.E"),
        ("FP.", "FP."),
        ("FPU.", "FPU."),
        ("R", "R"),
        (".5", ".5"),
        ("S.5", "S.5"),
        ("P.0", "P.0"),
        ("SEWA", "SEWA"),
        ("S .", "S."),
    ],
)
def test_flags_stand_as_written(written: str, flags: str) -> None:
    assert packet(f"> {written} 1:1(0)") == tcp(flags=flags)


def test_a_packet_tells_its_direction_and_its_place() -> None:
    found = packet("< . 1:1(0) win 5")
    assert found.inbound
    assert found.place == Place("a.pkt", 1, 3)
    assert not packet("> . 1:1(0)").inbound


# -------------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mss 1460", [Mss(1460)]),
        ("nop,nop,nop,nop", [Nop(), Nop(), Nop(), Nop()]),
        ("sackOK,eol,eol", [SackPermitted(), Eol(), Eol()]),
        ("nop,wscale 7", [Nop(), WindowScale(7)]),
        ("nop,nop,sack 1:2", [Nop(), Nop(), Sack(((1, 2),))]),
        ("nop,nop,sack 5:9 1:3", [Nop(), Nop(), Sack(((5, 9), (1, 3)))]),
        ("nop,nop,TS val 100 ecr 700", [Nop(), Nop(), Timestamps(100, 700)]),
        ("nop,nop,TS val ... ecr 700!", [Nop(), Nop(), Timestamps(None, 700, absolute_echo=True)]),
        ("FO,nop,nop", [FastOpen(), Nop(), Nop()]),
        ("FO 0123456789abcdef,nop,nop", [FastOpen(bytes.fromhex("0123456789abcdef")), Nop(), Nop()]),
        ("FO 12345678,nop,nop", [FastOpen(bytes.fromhex("12345678")), Nop(), Nop()]),
        ("FOEXP", [FastOpen(experimental=True)]),
        ("FOEXP aabbccdd", [FastOpen(b"\xaa\xbb\xcc\xdd", experimental=True)]),
        ("exp-FO aabbccdd", [FastOpen(b"\xaa\xbb\xcc\xdd", experimental=True)]),
        ("EXP-FO", [FastOpen(experimental=True)]),
        ("nop,nop,md5 000102030405060708090a0b0c0d0e0f", [Nop(), Nop(), Md5(bytes(range(16)))]),
        ("nop,nop,md5 valid", [Nop(), Nop(), Md5(None)]),
        ("nop,ECN e0b 1 ceb 2 e1b 3", [Nop(), AccEcn(0, (1, 2, 3))]),
        ("nop,nop,nop,ECN e1b 1", [Nop(), Nop(), Nop(), AccEcn(1, (1,))]),
        ("nop,nop,AccECN0", [Nop(), Nop(), AccEcn(0)]),
        ("nop,AccECN0 ee0b 1 eceb 2 ee1b 3", [Nop(), AccEcn(0, (1, 2, 3))]),
        ("AccECN1 ee1b 4 eceb 5", [AccEcn(1, (4, 5))]),
        ("exp-AccECN0", [AccEcn(0, experimental=True)]),
        ("nop,exp-AccECN1 ee1b 4", [Nop(), AccEcn(1, (4,), experimental=True)]),
        ("exp-tarr", [AckRate()]),
        ("nop,nop,nop,exp-tarr 5", [Nop(), Nop(), Nop(), AckRate(5)]),
        ("exp-f989", [Experimental(0xF989)]),
        ("exp-1A2b 0001", [Experimental(0x1A2B, b"\x00\x01"), Nop(), Nop()]),
        ("gen-76 0102", [Generic(76, b"\x01\x02")]),
        ("gen-255,nop,nop", [Generic(255), Nop(), Nop()]),
        ("020405b4", [RawOptions(b"\x02\x04\x05\xb4")]),
        ("01010101", [RawOptions(b"\x01\x01\x01\x01")]),
    ],
)
def test_options(text: str, expected: list[TcpOption]) -> None:
    text = "exp-1A2b 0001,nop,nop" if text == "exp-1A2b 0001" else text
    assert options(text) == tuple(expected)


def test_the_widest_header_is_accepted() -> None:
    assert options("mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 8,FO 0123456789abcdef0123456789abcdef,nop,nop")


# -------------------------------------------------------------------------------------------- before the segment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(ttl 64)", IpInfo(ttl=64)),
        ("(hlim 1)", IpInfo(ttl=1)),
        ("(tos 0x10)", IpInfo(tos=16)),
        ("(class 0xff)", IpInfo(tos=255)),
        ("(dscp af41)", IpInfo(dscp=34)),
        ("(dscp cs6)", IpInfo(dscp=48)),
        ("(dscp ef)", IpInfo(dscp=46)),
        ("(dscp voice-admit)", IpInfo(dscp=44)),
        ("(dscp le)", IpInfo(dscp=1)),
        ("(dscp 0x3f)", IpInfo(dscp=63)),
        ("(ecn ce)", IpInfo(ecn="ce")),
        ("(dscp af11, ecn ect0)", IpInfo(dscp=10, ecn="ect0")),
        ("[ect0]", IpInfo(ecn="ect0")),
        ("[ect1]", IpInfo(ecn="ect1")),
        ("[ect01]", IpInfo(ecn="ect01")),
        ("[noecn]", IpInfo(ecn="noecn")),
        ("[ce, flowlabel 0x12345]", IpInfo(ecn="ce", flow_label=0x12345)),
        ("(ttl 255, tos 0x2, flowlabel 0x0)", IpInfo(ttl=255, tos=2, flow_label=0)),
    ],
)
def test_what_is_said_of_the_ip_header(text: str, expected: IpInfo) -> None:
    assert packet(f"> {text} . 1:1(0)") == tcp(ip=expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ipv4 1.2.3.4 > 5.6.7.8:", (IpHeader(4, "1.2.3.4", "5.6.7.8"),)),
        ("ipv6 2001:db8::1 > ::1:", (IpHeader(6, "2001:db8::1", "::1"),)),
        (
            "ipv4 (ttl 9) 1.2.3.4 > 5.6.7.8: ipv4 1.1.1.1 > 2.2.2.2:",
            (IpHeader(4, "1.2.3.4", "5.6.7.8", IpInfo(ttl=9)), IpHeader(4, "1.1.1.1", "2.2.2.2")),
        ),
        (
            "ipv6 1:2:3:4:5:6:7:8 > ::ffff:1.2.3.4 : gre:",
            (IpHeader(6, "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"), GreHeader()),
        ),
        (
            "GREv0, flags [checksum present, sequence# present], sum 0x1, off 0, key = 5, seq 6:",
            (GreHeader(", flags [ checksum present , sequence# present ] , sum 0x1 , off 0 , key = 5 , seq 6"),),
        ),
        (
            "mpls (label 5, tc 0, ttl 9) (label 6, tc 1, [S], ttl 255):",
            (MplsHeader(((5, 0, False, 9), (6, 1, True, 255))),),
        ),
        ("encap psp spi 0x7", (PspHeader(7),)),
    ],
)
def test_outer_headers(text: str, expected: tuple[Any, ...]) -> None:
    assert packet(f"> {text} . 1:1(0)") == tcp(encapsulations=expected)


# --------------------------------------------------------------------------------------------------- other packets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("< udp (1000)", UdpPacket(direction="<", length=1000)),
        ("> udp 53 > 1024 (0)", UdpPacket(direction=">", length=0, ports=(53, 1024))),
        ("> udplite (100, 8)", UdpPacket(direction=">", length=100, coverage=8)),
        ("< icmp unreachable", IcmpPacket(direction="<", type="unreachable")),
        (
            "< [ce] icmp unreachable host_unreachable [1:1001(1000)]",
            IcmpPacket(
                direction="<",
                ip=IpInfo(ecn="ce"),
                type="unreachable",
                code="host_unreachable",
                quoted=Quoted("tcp", 1000, 1),
            ),
        ),
        (
            "< icmp unreachable frag_needed mtu 1200 [...(10)/udp(7 > 8)]",
            IcmpPacket(
                direction="<", type="unreachable", code="frag_needed", mtu=1200, quoted=Quoted("tcp", 10, udp=(7, 8))
            ),
        ),
        ("> icmp echo_reply id 9", IcmpPacket(direction=">", type="echo_reply", id=9)),
        (
            "< icmp packet_too_big mtu 1280 [9:9(0)!]",
            IcmpPacket(direction="<", type="packet_too_big", mtu=1280, quoted=Quoted("tcp", seq=9, absolute_seq=True)),
        ),
        (
            "< icmp unreachable port_unreachable [udp (100)]",
            IcmpPacket(direction="<", type="unreachable", code="port_unreachable", quoted=Quoted("udp", 100)),
        ),
        (
            "< icmp unreachable no_route [udplite (100, 8)]",
            IcmpPacket(direction="<", type="unreachable", code="no_route", quoted=Quoted("udplite", 100, number=8)),
        ),
        (
            "< icmp time_exceeded ttl_exceeded_in_transit [raw (8)]",
            IcmpPacket(direction="<", type="time_exceeded", code="ttl_exceeded_in_transit", quoted=Quoted("raw", 8)),
        ),
        (
            "< icmp parameter_problem unknown_option [sctp(77)/udp(1 > 2)]",
            IcmpPacket(
                direction="<",
                type="parameter_problem",
                code="unknown_option",
                quoted=Quoted("sctp", number=77, udp=(1, 2)),
            ),
        ),
        (
            "> sctp: INIT[flgs=0, tag=1, a_rwnd=1500], PAD[len=4]",
            SctpPacket(direction=">", text="sctp : INIT [ flgs = 0 , tag = 1 , a_rwnd = 1500 ] , PAD [ len = 4 ]"),
        ),
        (
            "> 5 > 6 sctp(bad_crc32c, tag = 0)/udp(9 > 9): [0x1, 0x2]",
            SctpPacket(
                direction=">",
                ports=(5, 6),
                text="sctp ( bad_crc32c , tag = 0 ) / udp ( 9 > 9 ) : [ 0x1 , 0x2 ]",
            ),
        ),
    ],
)
def test_other_packets(text: str, expected: AnyPacket) -> None:
    assert packet(text) == expected
