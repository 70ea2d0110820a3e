"""Packets for the tests of the wire format: octets that another implementation made, and strategies for any others.

The first header (checksum B1E6) is an example that textbooks compute by hand; the rest was written by scapy.
"""

from hypothesis import strategies as st

from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment, segment
from tcpsim.wire import TCP, Datagram, Icmp, Raw, Tcp, Udp, decode_options
from tcpsim.wire.addresses import packed, printed

CLIENT, SERVER = "192.0.2.1", "198.51.100.7"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8::2"


def by_hand(text: str) -> bytes:
    return bytes.fromhex(text)


LINUX = ("mss", "sackOK", "TS", "nop", "wscale")
SYN = Datagram(
    "172.16.10.99",
    "172.16.10.12",
    Tcp(40_000, 80, segment("SYN", seq=100, options=Options(1460, 7, True, (1, 0), kinds=LINUX))),
    ident=0x1C46,
)
SACK6 = Datagram(
    CLIENT6,
    SERVER6,
    Tcp(80, 40_000, segment("ACK", 0xFFFF_FED8, 101, 512, options=Options(sack=((1000, 2000), (3000, 4000))), ecn=3)),
    ttl=55,
    flow_label=0x12345,
)
FIN = Datagram(
    CLIENT,
    SERVER,
    Tcp(1, 65_535, segment("FIN,PSH,ACK,URG", 0xFFFF_FFFF, 1, 0, b"hello", up=3)),
    ttl=3,
    tos=0x10,
    ident=7,
    dont_fragment=False,
)
QUOTE = by_hand("450000280009000040068e8bc0000201c63364079c40005000003039")
QUOTE6 = by_hand(
    "6000000000140640 20010db8000000000000000000000001 20010db8000000000000000000000002"
    "9c40005000003039000000005010200067960000"
)

KNOWN: dict[str, tuple[bytes, Datagram]] = {
    "SYN with Linux's options": (
        by_hand(
            "4500003c1c4640004006b1e6ac100a63ac100a0c"
            "9c4000500000006400000000a002ffff3e7b0000 020405b4 0402 080a0000000100000000 01 030307"
        ),
        SYN,
    ),
    "SACK over IPv6, with a flow label and CE": (
        by_hand(
            "6031234500280637 20010db8000000000000000000000001 20010db8000000000000000000000002"
            "00509c40fffffed800000065a0100200395a0000 0101 0512 000003e8000007d0 00000bb800000fa0"
        ),
        SACK6,
    ),
    "odd text, urgent, with a FIN": (
        by_hand("4510002d000700000306cb78c0000201c6336407 0001ffffffffffff00000001503900007f930003 68656c6c6f"),
        FIN,
    ),
    "UDP": (
        by_hand("4500001f0001000040118e91c0000201c6336407 13880035000b3b7c616263"),
        Datagram(CLIENT, SERVER, Udp(5000, 53, b"abc"), ident=1, dont_fragment=False),
    ),
    "UDP whose checksum comes out as 0": (
        by_hand("4500001c0001000040118e94c0000201c6336407 136d00350008ffff"),
        Datagram(CLIENT, SERVER, Udp(0x136D, 53, b""), ident=1, dont_fragment=False),
    ),
    "UDP over IPv6": (
        by_hand(
            "60000000000b1140 20010db8000000000000000000000001 20010db8000000000000000000000002 13880035000bcc43616263"
        ),
        Datagram(CLIENT6, SERVER6, Udp(5000, 53, b"abc")),
    ),
    "fragmentation needed": (
        by_hand("450000380002000040017cc0cb007101c0000201 03042aba00000578") + QUOTE,
        Datagram("203.0.113.1", CLIENT, Icmp(3, 4, 1400, QUOTE), ident=2, dont_fragment=False),
    ),
    "packet too big": (
        by_hand("6000000000443a40 20010db8000000000000000000000009 20010db8000000000000000000000001 020036cb00000500")
        + QUOTE6,
        Datagram("2001:db8::9", CLIENT6, Icmp(2, 0, 1280, QUOTE6)),
    ),
    "a fragment of IPv6": (
        by_hand(
            "6000000000102c40 20010db8000000000000000000000001 20010db8000000000000000000000002"
            "06000019abcdef01 3132333435363738"
        ),
        Datagram(CLIENT6, SERVER6, Raw(TCP, b"12345678"), ident=0xABCDEF01, fragment_at=24, more_fragments=True),
    ),
}
"""What each says, as octets and as a value."""

EXTENDED6 = by_hand(
    "60000000002c0040 20010db8000000000000000000000001 20010db8000000000000000000000002"
    "3c01010c000000000000000000000000 0600010400000000 0005000600000007000000005004 2000345a0000"
)
"""A RST behind a hop-by-hop header of 16 octets and a destination header of 8."""

numbers = st.integers(0, 0xFFFF_FFFF)
ports = st.integers(0, 0xFFFF)
some_octets = st.binary(max_size=60)

_KINDS = st.one_of(
    st.just(b"\x01"),
    st.builds(lambda mss: b"\x02\x04" + mss, st.binary(min_size=2, max_size=2)),
    st.builds(lambda shift: b"\x03\x03" + shift, st.binary(min_size=1, max_size=1)),
    st.just(b"\x04\x02"),
    st.builds(lambda blocks: b"\x05" + bytes((len(blocks) + 2,)) + blocks, st.sampled_from((b"", bytes(range(8))))),
    st.builds(lambda times: b"\x08\x0a" + times, st.binary(min_size=8, max_size=8)),
    st.builds(lambda cookie: b"\x22" + bytes((len(cookie) + 2,)) + cookie, st.binary(max_size=8)),
    st.builds(lambda cookie: b"\xfe" + bytes((len(cookie) + 4,)) + b"\xf9\x89" + cookie, st.binary(max_size=8)),
    st.builds(
        lambda kind, content: bytes((kind, len(content) + 2)) + content, st.integers(2, 255), st.binary(max_size=12)
    ),
)


@st.composite
def option_octets(draw: st.DrawFn) -> bytes:
    """The options part of a TCP header, well formed: any options in any order, zeros at the end."""
    octets = b""
    for option in draw(st.lists(_KINDS, max_size=8)):
        if len(octets) + len(option) <= 40:
            octets += option
    return octets + bytes(-len(octets) % 4)


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    text = draw(some_octets)
    return Segment(
        draw(numbers), draw(numbers), draw(st.integers(0, 0x1FF)), draw(ports), len(text), text or None, None,
        decode_options(draw(option_octets())), draw(ports), draw(st.integers(0, 3)),
    )  # fmt: skip


payloads = st.one_of(
    st.builds(Tcp, ports, ports, segments(), st.integers(0, 7)),
    st.builds(Udp, ports, ports, some_octets),
    st.builds(Icmp, st.integers(0, 255), st.integers(0, 255), numbers, some_octets),
    st.builds(Raw, st.sampled_from((2, 47, 132)), some_octets),
)

addresses6 = st.builds(
    lambda groups: ":".join(f"{group:x}" for group in groups),
    st.lists(st.sampled_from((0, 0, 1, 0xABCD)), min_size=8, max_size=8),
)


@st.composite
def datagrams(draw: st.DrawFn) -> Datagram:
    """Any datagram that is not a fragment."""
    ttl, tos = draw(st.integers(0, 255)), draw(st.integers(0, 255))
    payload = draw(payloads)
    if draw(st.booleans()):
        source, target = (printed(packed(draw(addresses6))) for _ in range(2))
        return Datagram(source, target, payload, ttl, tos, flow_label=draw(st.integers(0, 0xFFFFF)))
    source, target = (str(draw(st.ip_addresses(v=4))) for _ in range(2))
    if isinstance(payload, Udp):
        payload = Udp(payload.sport, payload.dport, payload.octets, draw(st.booleans()))
    options = draw(st.binary(max_size=10)) * 4
    return Datagram(source, target, payload, ttl, tos, draw(ports), draw(st.booleans()), options=options)
