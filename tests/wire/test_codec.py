"""Datagrams to octets and back: known ones, any ones, broken ones and hostile ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tcpsim.wire import TCP, Datagram, Icmp, Raw, Tcp, Udp, WireError, decode, encode, quoted
from tests.wire.examples import CLIENT, CLIENT6, EXTENDED6, FIN, KNOWN, SERVER, SERVER6, SYN, datagrams

RST6 = Datagram(CLIENT6, SERVER6, Tcp(5, 6, segment("RST", 7, wnd=8192)))


# ------------------------------------------------------------------ what it says


@pytest.mark.parametrize("name", KNOWN)
def test_known_octets(name: str) -> None:
    octets, datagram = KNOWN[name]
    assert encode(datagram) == octets
    assert decode(octets) == datagram


@given(datagrams())
def test_any_datagram_is_read_back(datagram: Datagram) -> None:
    octets = encode(datagram)
    assert decode(octets) == datagram
    assert encode(decode(octets)) == octets


@pytest.mark.parametrize(
    "datagram",
    [
        Datagram(CLIENT, SERVER, Raw(TCP, bytes(20)), ident=5, dont_fragment=False, more_fragments=True),
        Datagram(CLIENT, SERVER, Raw(TCP, b"x"), ident=5, dont_fragment=False, fragment_at=65_528),
        Datagram(CLIENT6, SERVER6, Raw(TCP, bytes(20)), ident=1 << 31, more_fragments=True),
        Datagram(CLIENT6, SERVER6, Raw(0, b"\x3b\xff"), fragment_at=8),
    ],
)
def test_a_fragment_is_not_looked_into(datagram: Datagram) -> None:
    assert datagram.fragment
    assert decode(encode(datagram)) == datagram


def test_text_that_is_only_counted_is_written_as_zeros() -> None:
    counted, real = segment("ACK", text=3), segment("ACK", text=bytes(3))
    assert encode(Datagram(CLIENT, SERVER, Tcp(1, 2, counted))) == encode(Datagram(CLIENT, SERVER, Tcp(1, 2, real)))


def test_the_ecn_field_is_the_segments() -> None:
    datagram = Datagram(CLIENT, SERVER, Tcp(1, 2, segment("ACK", ecn=2)), tos=0x0B)
    assert datagram.tos == 0x0A
    read = decode(encode(datagram)).payload
    assert isinstance(read, Tcp)
    assert read.segment.ecn == 2


def test_every_control_bit_and_the_reserved_ones() -> None:
    for ctl in range(0x200):
        tcp = Tcp(1, 2, segment(ctl), reserved=ctl & 7)
        octets = encode(Datagram(CLIENT, SERVER, tcp))
        assert int.from_bytes(octets[32:34], "big") == 0x5000 | (ctl & 7) << 9 | ctl
        assert decode(octets).payload == tcp


def test_what_follows_the_datagram_is_ignored() -> None:
    assert decode(encode(SYN) + b"a frame's padding") == SYN
    udp = encode(Datagram(CLIENT, SERVER, Udp(1, 2, b"abc")))
    longer = udp[:3] + bytes((udp[3] + 4,)) + udp[4:] + b"tail"  # the length of IP, not that of UDP
    assert decode(longer, verify=False).payload == Udp(1, 2, b"abc")


def test_any_buffer_will_do() -> None:
    assert decode(bytearray(encode(SYN))) == decode(memoryview(encode(SYN))) == SYN


# ------------------------------------------------------------------ extension headers


def with_extensions(*headers: tuple[int, bytes], last: int = TCP) -> bytes:
    """Put extension headers, (own kind, octets after the first one), in front of the RST."""
    plain = encode(RST6)
    kinds = [*(kind for kind, _ in headers), last]
    extensions = b"".join(bytes((kinds[n + 1],)) + rest for n, (_, rest) in enumerate(headers))
    length = (len(plain) - 40 + len(extensions)).to_bytes(2, "big")
    return plain[:4] + length + bytes((kinds[0],)) + plain[7:40] + extensions + plain[40:]


def test_extension_headers_are_skipped() -> None:
    assert decode(EXTENDED6) == RST6


@pytest.mark.parametrize(
    "headers",
    [
        [(kind, bytes(7)) for kind in (0, 43, 60, 135, 139, 140)],
        [(51, b"\x01" + bytes(10))],
        [(51, b"\x04" + bytes(22)), (60, b"\x02" + bytes(22))],
        [(44, bytes(7))],  # RFC 6946: an atomic fragment is whole
    ],
)
def test_whichever_they_are(headers: list[tuple[int, bytes]]) -> None:
    assert decode(with_extensions(*headers)) == RST6


def test_what_goes_to_somebody_else_first_is_not_looked_into() -> None:
    routed = with_extensions((43, b"\x00\x04\x01\x00\x00\x00\x00"))
    assert decode(routed).payload == Raw(TCP, encode(RST6)[40:])


def test_encrypted_or_nothing() -> None:
    assert decode(with_extensions((60, bytes(7)), last=50)).payload == Raw(50, encode(RST6)[40:])
    assert decode(encode(Datagram(CLIENT6, SERVER6, Raw(59, b"")))).payload == Raw(59, b"")


@pytest.mark.parametrize(
    ("octets", "offset"),
    [
        (with_extensions((0, b"\x03" + bytes(6))), 41),  # longer than the datagram
        (with_extensions((51, b"\xff" + bytes(6))), 41),
        (encode(Datagram(CLIENT6, SERVER6, Raw(0, bytes(7)))), 47),
        (encode(Datagram(CLIENT6, SERVER6, Raw(44, bytes(7)))), 47),
    ],
)
def test_a_broken_extension_header(octets: bytes, offset: int) -> None:
    with pytest.raises(WireError) as caught:
        decode(octets)
    assert caught.value.offset == offset


# ------------------------------------------------------------------ what is wrong


def changed(octets: bytes, at: int, to: int) -> bytes:
    return octets[:at] + bytes((to,)) + octets[at + 1 :]


ICMP_ECHO = encode(Datagram(CLIENT, SERVER, Icmp(8, 0, 1, b"ping")))
UDP4 = encode(Datagram(CLIENT, SERVER, Udp(1, 2, b"abc")))
UDP6 = encode(Datagram(CLIENT6, SERVER6, Udp(1, 2, b"abc")))


@pytest.mark.parametrize(
    ("octets", "offset", "expected"),
    [
        (b"", 0, "a datagram, of version 4 or 6"),
        (b"\x50" + bytes(60), 0, "a datagram, of version 4 or 6"),
        (changed(encode(SYN), 0, 0x44), 0, "a header length from 5 to 15, not 4"),
        (changed(encode(SYN)[:40], 0, 0x4F), 0, "a header length from 5 to 10, not 15"),
        (changed(encode(SYN), 3, 19), 2, "a total length from 20 to 60, not 19"),
        (changed(encode(SYN), 3, 61), 2, "a total length from 20 to 60, not 61"),
        (changed(UDP6, 5, 12), 4, "a payload length from 0 to 11, not 12"),
        (changed(encode(SYN), 32, 0x40), 32, "a data offset from 5 to 10, not 4"),
        (changed(encode(SYN), 32, 0xB0), 32, "a data offset from 5 to 10, not 11"),
        (changed(UDP4, 25, 7), 24, "a length from 8 to 11, not 7"),
        (changed(UDP4, 25, 12), 24, "a length from 8 to 11, not 12"),
        (encode(Datagram(CLIENT, SERVER, Raw(6, bytes(19)))), 39, "20 octets of a TCP header, not 19"),
        (encode(Datagram(CLIENT, SERVER, Raw(17, bytes(7)))), 27, "8 octets of a UDP header, not 7"),
        (encode(Datagram(CLIENT, SERVER, Raw(1, bytes(7)))), 27, "8 octets of an ICMP header, not 7"),
        (encode(Datagram(CLIENT6, SERVER6, Raw(58, bytes(7)))), 47, "8 octets of an ICMP header, not 7"),
    ],
)
def test_a_wrong_field_is_an_error_with_its_place(octets: bytes, offset: int, expected: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(octets, verify=False)
    assert (caught.value.offset, caught.value.expected) == (offset, expected)


@pytest.mark.parametrize(
    ("octets", "at", "field"),
    [(encode(SYN), 8, 10), (encode(SYN), 30, 36), (encode(FIN), 44, 36), (UDP4, 28, 26), (UDP6, 50, 46),
     (ICMP_ECHO, 28, 22), (encode(Datagram(CLIENT6, SERVER6, Icmp(128, 0, 1, b"ping"))), 49, 42)],
)  # fmt: skip
def test_a_wrong_checksum(octets: bytes, at: int, field: int) -> None:
    damaged = changed(octets, at, octets[at] ^ 1)
    with pytest.raises(WireError, match="expected a right checksum, not 0x") as caught:
        decode(damaged)
    assert caught.value.offset == field
    assert encode(decode(damaged, verify=False)) != damaged  # the octets are taken, and get a right one


def test_udp_may_leave_its_checksum_out_of_ipv4_only() -> None:
    unchecked = Datagram(CLIENT, SERVER, Udp(1, 2, b"abc", checked=False))
    assert encode(unchecked)[26:28] == bytes(2)
    assert decode(encode(unchecked)) == unchecked
    with pytest.raises(WireError, match="a checksum, which IPv6 does not leave out") as caught:
        decode(UDP6[:46] + bytes(2) + UDP6[48:])
    assert caught.value.offset == 46
    with pytest.raises(WireError, match="a checksum, which IPv6 does not leave out"):
        encode(Datagram(CLIENT6, SERVER6, Udp(1, 2, b"abc", checked=False)))


@pytest.mark.parametrize(
    ("datagram", "said"),
    [
        (Datagram(CLIENT, SERVER6, Raw(47, b"")), "two addresses of one version"),
        (Datagram("server", SERVER, Raw(47, b"")), "an address such as 192.0.2.1"),
        (Datagram(CLIENT, SERVER, Raw(256, b"")), "a protocol from 0 to 255"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), ttl=256), "a time to live"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), tos=-1), "a type of service"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), ident=1 << 16), "an identification"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), fragment_at=12), "a multiple of 8 octets, not at 12"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), fragment_at=65_536), "a fragment offset"),
        (Datagram(CLIENT, SERVER, Raw(47, bytes(65_516))), "a total length from 0 to 65535"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), options=bytes(3)), "at most ten, not 3 octets"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), options=bytes(44)), "at most ten, not 44 octets"),
        (Datagram(CLIENT, SERVER, Raw(47, b""), flow_label=1), "no flow label in IPv4"),
        (Datagram(CLIENT6, SERVER6, Raw(47, bytes(65_536))), "a payload length"),
        (Datagram(CLIENT6, SERVER6, Raw(47, b""), flow_label=1 << 20), "a flow label"),
        (Datagram(CLIENT6, SERVER6, Raw(47, b""), ident=1), "in IPv6"),
        (Datagram(CLIENT6, SERVER6, Raw(47, b""), dont_fragment=False), "in IPv6"),
        (Datagram(CLIENT6, SERVER6, Raw(47, b""), options=bytes(4)), "in IPv6"),
        (Datagram(CLIENT6, SERVER6, Raw(47, b""), ident=1 << 32, more_fragments=True), "an identification"),
        (Datagram(CLIENT, SERVER, Tcp(65_536, 2, segment("ACK"))), "a port"),
        (Datagram(CLIENT, SERVER, Tcp(1, 2, segment("ACK", wnd=65_536))), "a window"),
        (Datagram(CLIENT, SERVER, Tcp(1, 2, segment(0x200))), "control bits"),
        (Datagram(CLIENT, SERVER, Tcp(1, 2, segment("ACK", up=-1))), "an urgent pointer"),
        (Datagram(CLIENT, SERVER, Tcp(1, 2, segment("ACK"), 8)), "reserved bits"),
        (Datagram(CLIENT, SERVER, Tcp(1, 2, segment("ACK", options=Options(mss=-1)))), "an MSS"),
        (Datagram(CLIENT, SERVER, Udp(1, -2, b"")), "a port"),
        (Datagram(CLIENT, SERVER, Udp(1, 2, bytes(65_528))), "a length of UDP"),
        (Datagram(CLIENT, SERVER, Icmp(256, 0)), "a type of ICMP"),
        (Datagram(CLIENT, SERVER, Icmp(0, 256)), "a code of ICMP"),
        (Datagram(CLIENT, SERVER, Icmp(0, 0, 1 << 32)), "the second word of ICMP"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(datagram: Datagram, said: str) -> None:
    with pytest.raises(WireError, match=f"expected .*{said}") as caught:
        encode(datagram)
    assert caught.value.offset is None


# ------------------------------------------------------------------ hostile octets


def is_a_datagram_or_a_wire_error(octets: bytes) -> None:
    for verify in (True, False):
        with contextlib.suppress(WireError):
            decode(octets, verify=verify)
    try:
        read = decode(octets, verify=False)
    except WireError as error:
        inside = error.offset is not None and 0 <= error.offset <= len(octets)
    else:
        # Whatever was read can be written, but for UDP over IPv6 without a checksum (RFC 8200 8.1 asks for one).
        unchecked = isinstance(read.payload, Udp) and not read.payload.checked and ":" in read.source
        with pytest.raises(WireError) if unchecked else contextlib.nullcontext():
            encode(read)
        inside = True
        with contextlib.suppress(WireError):
            quoted(read)
    assert inside


@given(st.binary(max_size=120))
def test_random_octets(octets: bytes) -> None:
    is_a_datagram_or_a_wire_error(octets)
    is_a_datagram_or_a_wire_error(b"\x45" + octets)
    is_a_datagram_or_a_wire_error(b"\x60" + octets)


@given(
    st.sampled_from([octets for octets, _ in KNOWN.values()] + [EXTENDED6]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_mutated_octets(octets: bytes, mutations: list[tuple[int, int]]) -> None:
    for at, to in mutations:
        octets = changed(octets, at % len(octets), to)
    is_a_datagram_or_a_wire_error(octets)


@pytest.mark.parametrize("name", KNOWN)
def test_truncated_at_every_length(name: str) -> None:
    octets, _ = KNOWN[name]
    for length in range(len(octets)):
        with pytest.raises(WireError) as caught:
            decode(octets[:length])
        assert caught.value.offset is not None
        assert caught.value.offset <= length


def test_the_longest_chain_of_extension_headers_ends() -> None:
    chain = b"\x3c\x00" + bytes(6)
    octets = encode(Datagram(CLIENT6, SERVER6, Raw(60, chain * 8191)))
    with pytest.raises(WireError, match="8 octets of an extension header, not 0"):
        decode(octets)


def test_udp_over_ipv6_without_a_checksum_is_read_on_request_and_never_written() -> None:
    whole = bytearray(encode(Datagram("2001:db8::1", "2001:db8::2", Udp(1, 2, b"x"))))
    whole[46:48] = b"\0\0"
    with pytest.raises(WireError):
        decode(bytes(whole))
    is_a_datagram_or_a_wire_error(bytes(whole))
    payload = decode(bytes(whole), verify=False).payload
    assert isinstance(payload, Udp)
    assert not payload.checked
