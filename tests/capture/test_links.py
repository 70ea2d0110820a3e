"""From frames to datagrams: each link layer by hand, what is passed over and why, checksums and cut frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.capture import Frame, Tally, decode_frame
from tcpsim.capture.links import _LAYERS, MOST_REASONS, datagram_at
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tcpsim.wire import ICMP, Datagram, Icmp, Raw, Tcp, Udp, decode, encode
from tests.capture.by_hand import SYN, SYN_V6

MACS = bytes(12)
V4, V6 = b"\x08\x00", b"\x86\xdd"
TAG = b"\x81\x00\x20\x07"
OUTER = b"\x88\xa8\x20\x08"
SLL = b"\0\4\0\1\0\6" + bytes(8)
REST = b"\0\0" + bytes(4) + b"\0\1\4\6" + bytes(8)


def framed(octets: bytes, link: int = 1, original: int | None = None) -> Frame:
    return Frame(0, link, octets, len(octets) if original is None else original)


@pytest.mark.parametrize(
    ("link", "before", "datagram"),
    [
        (1, MACS + V4, SYN),
        (1, MACS + V6, SYN_V6),
        (1, MACS + TAG + V4, SYN),
        (1, MACS + OUTER + TAG + V6, SYN_V6),
        (1, MACS + b"\x91\x00\0\1" * 8 + V4, SYN),
        (101, b"", SYN),
        (101, b"", SYN_V6),
        (228, b"", SYN),
        (229, b"", SYN_V6),
        (113, SLL + V4, SYN),
        (113, SLL + TAG + V6, SYN_V6),
        (276, V4 + REST, SYN),
        (276, V6 + REST, SYN_V6),
        (276, b"\x81\x00" + REST + b"\x20\x07" + V4, SYN),
        (276, b"\x88\xa8" + REST + b"\x20\x08" + TAG + V6, SYN_V6),
        (0, b"\2\0\0\0", SYN),
        (0, b"\0\0\0\2", SYN),
        (0, b"\x18\0\0\0", SYN_V6),
        (0, b"\0\0\0\x1c", SYN_V6),
        (0, b"\x1e\0\0\0", SYN_V6),
        (108, b"\0\0\0\2", SYN),
        (108, b"\0\0\0\x18", SYN_V6),
    ],
)
def test_every_link_layer(link: int, before: bytes, datagram: bytes) -> None:
    padding = bytes(7)
    tally = Tally()
    frame = framed(before + datagram + padding, link)
    assert datagram_at(frame) == len(before)
    assert decode_frame(frame, tally) == decode_frame(frame) == decode(datagram)
    assert (tally.datagrams, tally.why_not, tally.sentences()) == (1, "", [])
    for end in range(len(before)):
        assert decode_frame(framed(frame.octets[:end], link, len(frame.octets)), tally) is None
    if before:
        assert tally.passed == {"a frame cut inside its header": len(before)}


ENDS = ("192.0.2.1", "192.0.2.2")
ENDS6 = ("2001:db8::1", "2001:db8::2")


def ip(payload: Tcp | Udp | Icmp | Raw, ends: tuple[str, str] = ENDS, **fields: int) -> bytes:
    return encode(Datagram(*ends, payload, **fields))  # type: ignore[arg-type]  # a bool is an int


@pytest.mark.parametrize(
    ("link", "octets", "why"),
    [
        (105, SYN, "link type 105"),
        (1, MACS + b"\x08\x06" + bytes(28), "ARP"),
        (1, MACS + b"\x88\xcc" + bytes(28), "LLDP"),
        (1, MACS + b"\x00\x26" + bytes(60), "IEEE 802.3"),
        (1, MACS + b"\x12\x34" + SYN, "ethertype 0x1234"),
        (1, MACS + TAG * 9 + V4 + SYN, "more than 8 VLAN tags"),
        (276, b"\x08\x06" + REST + bytes(28), "ARP"),
        (276, b"\x81\x00" + REST + b"\x20\x07\x08\x06" + bytes(28), "ARP"),
        (0, b"\7\0\0\0" + SYN, "address family 7"),
        (108, b"\2\0\0\0" + SYN, "address family 33554432"),
        (101, b"", "not IP"),
        (101, b"\x55" + bytes(30), "malformed: a datagram, of version 4 or 6"),
        (101, SYN[:39], "malformed: a total length from 20 to 39"),
        (101, ip(Raw(47, b"x")), "GRE"),
        (101, ip(Raw(132, b"x")), "SCTP"),
        (101, ip(Raw(200, b"x")), "IP protocol 200"),
        (101, ip(Raw(6, bytes(40)), more_fragments=True, dont_fragment=False), "a fragment of IPv4"),
        (101, ip(Raw(6, bytes(40)), ENDS6, fragment_at=80), "a fragment of IPv6"),
        (101, ip(Raw(6, bytes(3))), "malformed: 20 octets of a TCP header"),
    ],
)
def test_what_is_passed_over_is_named(link: int, octets: bytes, why: str) -> None:
    tally = Tally()
    assert decode_frame(framed(octets, link), tally) is None
    assert tally.why_not == why
    assert tally.sentences() == [f"1 frame passed over: {why}"]
    assert decode_frame(framed(SYN, 101), tally) is not None
    assert tally.why_not == ""


def test_a_routing_header_that_leads_elsewhere_first() -> None:
    plain = ip(Tcp(1, 2, segment("SYN")), ENDS6)
    routed = plain[:4] + (len(plain) - 40 + 24).to_bytes(2, "big") + b"\x2b" + plain[7:40]
    routed += bytes((6, 2, 0, 1)) + bytes(20) + plain[40:]
    tally = Tally()
    assert decode_frame(framed(routed, 101), tally) is None
    assert tally.why_not == "a datagram with a routing header, on its way to somebody else"


@pytest.mark.parametrize("header", [0, 60, 43])
def test_extension_headers_are_skipped(header: int) -> None:
    plain = ip(Tcp(1, 2, segment("SYN", seq=7)), ENDS6)
    longer = plain[:4] + (len(plain) - 40 + 8).to_bytes(2, "big") + bytes((header,)) + plain[7:40]
    longer += bytes((6, 0, 0, 0, 0, 0, 0, 0)) + plain[40:]
    datagram = decode_frame(framed(longer, 229))
    assert datagram is not None
    assert datagram.payload == Tcp(1, 2, segment("SYN", seq=7))


def test_udp_and_icmp_are_datagrams_too() -> None:
    for payload in (Udp(1, 2, b"hello"), Icmp(8, 0, 7, b"ping")):
        datagram = decode_frame(framed(ip(payload), 101))
        assert datagram is not None
        assert datagram.payload == payload
    assert ICMP == 1


@pytest.mark.parametrize("at", [10, 36], ids=["IP", "TCP"])
def test_wrong_checksums_are_taken_and_told(at: int) -> None:
    tally = Tally()
    wrong = SYN[:at] + bytes((SYN[at] ^ 0x55,)) + SYN[at + 1 :]
    assert decode_frame(framed(wrong, 101), tally) == decode(SYN)
    assert tally.wrong_checksums == 1
    (said,) = tally.sentences()
    assert said.startswith("1 frame with a wrong checksum, taken all the same: an interface that computes checksums")


def test_a_total_length_of_0_is_that_of_the_frame() -> None:
    tally = Tally()
    assert decode_frame(framed(SYN[:2] + b"\0\0" + SYN[4:], 228), tally) == decode(SYN)
    assert tally.wrong_checksums == 0  # IP's is that of the datagrams that leave, one of which this is
    assert decode_frame(framed(SYN[:2] + b"\0\0" + SYN[4:] + bytes(65_536), 228), tally) is None


FULL = ip(Tcp(1, 2, segment("ACK", seq=5, ack=6, text=b"x" * 1000, options=Options(ts=(1, 2)))))
HEADERS = 20 + 20 + 12


@pytest.mark.parametrize("kept", [HEADERS, HEADERS + 10, HEADERS + 999])
def test_text_that_the_capture_cut_is_counted(kept: int) -> None:
    tally = Tally()
    frame = framed((MACS + V4 + FULL)[: 14 + kept], 1, 14 + len(FULL))
    datagram = decode_frame(frame, tally)
    assert datagram is not None
    assert isinstance(datagram.payload, Tcp)
    assert datagram.payload.segment == segment("ACK", seq=5, ack=6, text=1000, options=Options(ts=(1, 2)))
    assert (tally.cut, tally.wrong_checksums) == (1, 0)
    assert tally.sentences() == ["1 frame cut by the capture: text is counted, not known"]


@pytest.mark.parametrize("kept", range(20, HEADERS))
def test_headers_that_the_capture_cut_are_no_headers(kept: int) -> None:
    tally = Tally()
    assert decode_frame(framed(FULL[:kept], 101, len(FULL)), tally) is None
    assert tally.why_not == "a frame cut inside its header" or tally.why_not.startswith("malformed: ")


def test_of_what_is_no_tcp_a_cut_frame_tells_nothing() -> None:
    tally = Tally()
    whole = ip(Udp(1, 2, bytes(50)))
    assert decode_frame(framed(whole[:40], 101, len(whole)), tally) is None
    assert tally.why_not == "no TCP, and cut"
    whole = ip(Raw(47, bytes(50)))
    assert decode_frame(framed(whole[:40], 101, len(whole)), tally) is None
    assert tally.why_not == "GRE"


def test_a_tally_keeps_a_bounded_number_of_reasons() -> None:
    tally = Tally()
    for kind in range(0x2000, 0x2000 + 2 * MOST_REASONS):
        decode_frame(framed(MACS + kind.to_bytes(2, "big")), tally)
    assert len(tally.passed) == MOST_REASONS + 1
    assert tally.passed["something else"] == MOST_REASONS
    assert "100 frames passed over: something else" in tally.sentences()


@given(st.sampled_from([*_LAYERS, 7]), st.binary(max_size=120), st.integers(0, 200))
def test_any_octets(link: int, octets: bytes, more: int) -> None:
    tally = Tally()
    answer = decode_frame(framed(octets, link, len(octets) + more), tally)
    assert (answer is None) == bool(tally.why_not)


@given(st.sampled_from([SYN, SYN_V6, FULL]), st.data())
def test_any_damage(datagram: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, min(len(datagram), 80) - 1))
    octets = datagram[:at] + data.draw(st.binary(max_size=4)) + datagram[at + data.draw(st.integers(0, 4)) :]
    tally = Tally()
    answer = decode_frame(framed(octets, 101, len(octets) + data.draw(st.integers(0, 2000))), tally)
    assert (answer is None) == bool(tally.why_not)
