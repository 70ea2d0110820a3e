"""ICMP errors about a segment that was sent: by version, by name, and however little they quote."""

import pytest

from tcpsim.tcp.icmp import KINDS
from tcpsim.tcp.segment import segment
from tcpsim.wire import (
    ERRORS,
    ICMPV6,
    TCP,
    UDP,
    Datagram,
    Icmp,
    Quoted,
    Raw,
    Tcp,
    Udp,
    WireError,
    decode,
    encode,
    icmp_error,
    quoted,
)
from tests.wire.examples import CLIENT, CLIENT6, QUOTE, QUOTE6, SERVER, SERVER6

SENT = {
    4: encode(Datagram(CLIENT, SERVER, Tcp(40_000, 80, segment("ACK", 12_345, text=bytes(1400))))),
    6: encode(Datagram(CLIENT6, SERVER6, Tcp(40_000, 80, segment("ACK", 12_345, text=bytes(1400))))),
}
ENDS = {4: (CLIENT, SERVER), 6: (CLIENT6, SERVER6)}
EVERY_ERROR = [(version, name) for version, errors in ERRORS.items() for name in errors]


@pytest.mark.parametrize(("version", "name"), EVERY_ERROR)
def test_each_error_is_read_back_by_its_name(version: int, name: str) -> None:
    source, target = ENDS[version]
    message = icmp_error(version, name, SENT[version], mtu=1300)
    assert (message.type, message.code) == ERRORS[version][name]
    whole = encode(Datagram(target, source, message))
    assert len(whole) == {4: 576, 6: 1280}[version]
    mtu = 1300 if name in ("fragmentation needed", "packet too big") else 0
    assert quoted(decode(whole)) == Quoted(name, mtu, source, target, TCP, 40_000, 80, 12_345)


@pytest.mark.parametrize(("version", "error"), [(4, "packet too big"), (6, "fragmentation needed"), (4, "nonsense")])
def test_the_other_versions_errors_are_refused(version: int, error: str) -> None:
    with pytest.raises(WireError, match=f"an ICMP error of IPv{version}, one of "):
        icmp_error(version, error, b"")


def test_what_quotes_the_least_is_read() -> None:
    told = quoted(Datagram("203.0.113.1", CLIENT, Icmp(3, 4, 0xFFFF_0578, QUOTE)))
    assert told == Quoted("fragmentation needed", 1400, CLIENT, SERVER, TCP, 40_000, 80, 12_345)
    told = quoted(Datagram("2001:db8::9", CLIENT6, Icmp(1, 4, 0, QUOTE6[:48])))
    assert told == Quoted("port unreachable", 0, CLIENT6, SERVER6, TCP, 40_000, 80, 12_345)


def test_a_quoted_total_length_is_not_checked() -> None:
    swapped = QUOTE[:2] + b"\x00\x01" + QUOTE[4:]  # some stacks quote it as they had it in memory
    told = quoted(Datagram(SERVER, CLIENT, Icmp(3, 1, 0, swapped)))
    assert told is not None
    assert told.seq == 12_345


def test_udp_has_ports_and_no_number() -> None:
    about = encode(Datagram(CLIENT, SERVER, Udp(5000, 53, b"abc")))
    told = quoted(Datagram(SERVER, CLIENT, icmp_error(4, "port unreachable", about)))
    assert told == Quoted("port unreachable", 0, CLIENT, SERVER, UDP, 5000, 53, None)


@pytest.mark.parametrize(
    "about",
    [
        Datagram(CLIENT, SERVER, Raw(47, b"")),
        Datagram(CLIENT, SERVER, Raw(TCP, b"the middle of a text"), fragment_at=8),
    ],
)
def test_nothing_is_told_of_what_has_no_ports(about: Datagram) -> None:
    told = quoted(Datagram(SERVER, CLIENT, icmp_error(4, "time exceeded", encode(about))))
    assert told is not None
    assert (told.sport, told.dport, told.seq) == (None, None, None)


def test_the_protocol_knows_every_kind() -> None:
    assert {name for _, name in EVERY_ERROR} == KINDS


@pytest.mark.parametrize(("version", "type_", "code"), [(4, 12, 0), (4, 12, 1), (4, 12, 2), (6, 4, 0), (6, 4, 2)])
def test_parameter_problems_are_one_kind(version: int, type_: int, code: int) -> None:
    source, target = ENDS[version]
    told = quoted(Datagram(target, source, Icmp(type_, code, 0, SENT[version])))
    assert told is not None
    assert told.error == "parameter problem"


@pytest.mark.parametrize(
    "payload", [Icmp(3, 14), Icmp(8, 0, 0x0001_0001, b"ping"), Icmp(3, 99), Udp(1, 2, b""), Raw(ICMPV6, b"")]
)
def test_what_is_no_error_tells_nothing(payload: Icmp | Udp | Raw) -> None:
    assert quoted(Datagram(SERVER, CLIENT, payload)) is None


@pytest.mark.parametrize("length", range(28))
def test_too_short_a_quote_is_an_error(length: int) -> None:
    with pytest.raises(WireError) as caught:
        quoted(Datagram(SERVER, CLIENT, Icmp(3, 3, 0, QUOTE[:length])))
    assert caught.value.offset is not None
    assert caught.value.offset <= length
