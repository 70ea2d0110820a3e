"""What a caller in Python gets who errs: a TypeError or a ValueError in the words of the call, and at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tcpsim.net import Network, impair
from tcpsim.net.arguments import unfit
from tcpsim.tcp.diagram import SYN_SENT
from tcpsim.tcp.segment import segment
from tests.net.talk import Talk

Call = Callable[[Talk], Any]
PEER = ("192.0.2.1", 5)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda talk: talk.client.connect("srever", 80), "no host 'srever', nor is that an address; did you mean 'ser"),
        (lambda talk: talk.client.connect("192.0.2.300", 80), "no host '192.0.2.300', nor is that an address"),
        (lambda talk: talk.client.connect("224.0.0.1", 80), "is a multicast address: .*RFC 9293 3.9.1.1, MUST-46"),
        (lambda talk: talk.client.connect("255.255.255.255", 80), "is the broadcast address"),
        (lambda talk: talk.client.connect("0.0.0.0", 80), "means no particular host"),
        (lambda talk: talk.client.connect(talk.server, 0), "expected a port from 1 to 65535, not 0"),
        (lambda talk: talk.client.connect(talk.server, 65_536), "expected a port from 1 to 65535, not 65536"),
        (lambda talk: talk.client.connect(Network().host("server"), 80), "host 'server' belongs to another network"),
        (lambda talk: talk.client.open(9, active=True, remote=("nobody", 80)), "there is no host 'nobody'"),
        (lambda talk: talk.net.host(""), "'' can't be the name of a host: expected a letter, then letters"),
        (lambda talk: talk.net.host("a b"), "'a b' can't be the name of a host"),
        (lambda talk: talk.net.host("x" * 33), "at most 32"),
        (lambda talk: talk.net.host("\x1b[31m"), "can't be the name of a host"),
        (lambda talk: talk.net.host("x", "239.1.2.3"), "'239.1.2.3' is a multicast address: expected an address"),
        (lambda talk: talk.net.host("x", "255.255.255.255"), "'255.255.255.255' is the broadcast address"),
        (lambda talk: talk.net.host("x", "0.0.0.0"), "'0.0.0.0' means no particular host"),
        (lambda talk: talk.net.host("x", "localhost"), "'localhost' is no address"),
        (lambda talk: talk.net.host("x", ""), "'' is no address"),
        (lambda talk: talk.net.host("client"), "there is a host 'client' already"),
        (lambda talk: talk.net.host("x", "192.0.2.1"), r"a host with the address 192\.0\.2\.1 already"),
        (lambda talk: talk.net.link("client", "clint"), "there is no host 'clint'; did you mean 'client'"),
        (lambda talk: talk.net.link(talk.client, "client"), "joins two hosts, not client with itself"),
        (lambda talk: talk.net.link(talk.client, Network().host("x")), "host 'x' belongs to another network"),
        (lambda talk: talk.net.links[0].toward("sever"), "no host 'sever'; did you mean 'server'"),
        (lambda talk: talk.net.inject(("224.0.0.9", 5), ("192.0.2.2", 6), segment("SYN"), via="client"), "multicast"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_a_value_error(call: Call, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        call(Talk())


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda talk: talk.client.connect(5, 80), "expected a host or the name of one, not 5"),
        (lambda talk: talk.client.connect(talk.server, "80"), "expected a port from 1 to 65535, not '80'"),
        (lambda talk: talk.client.connect(talk.server, 80, local_port=1.5), "expected a port from 1 to 65535, not 1.5"),
        (lambda talk: talk.server.listen(True), "expected a port from 1 to 65535, not True"),
        (lambda talk: talk.client.open(9, active=True, remote="server"), r"expected an address and a port, such as \("),
        (lambda talk: talk.net.host(5), "expected the name of a host as text, not 5"),
        (lambda talk: talk.net.host("x", 5), "expected an address .* as text, not 5"),
        (lambda talk: talk.net.link("client", 5), "expected a host or the name of one, not 5"),
        (lambda talk: talk.net.link("client", talk.net.host("x"), los="1%"), "keyword 'los': .*did you mean 'loss'"),
        (lambda talk: talk.net.link("client", talk.net.host("x"), colour=1), "expected one of delay, rate, limit, jit"),
        (lambda talk: talk.net.link("client", talk.net.host("x"), delay=0.5), "delay: expected a duration such as '50"),
        (lambda talk: talk.net.link("client", talk.net.host("x"), jitter=0.5), "jitter: expected a duration such as '"),
        (lambda talk: talk.net.link("client", talk.net.host("x"), limit=1.5), "limit: expected a whole number, not 1"),
        (lambda talk: talk.net.link("client", talk.net.host("x"), rules=[5]), "rules: expected functions of .now, pac"),
        (lambda talk: impair(talk.link.toward("client"), delay=1.0), "delay: expected"),  # type: ignore[arg-type]  # so
        (lambda talk: talk.net.at(0.5, print), "when: expected a duration such as '50ms', or whole nanoseconds, not 0"),
        (lambda talk: talk.net.at("1s", None), "expected a function, as in at.*not None"),
        (lambda talk: talk.net.run(0.5), "until: expected a duration"),
        (lambda talk: talk.net.inject(PEER, ("192.0.2.2", 6), segment("SYN"), via="client", delay=0.5), "delay: expe"),
        (lambda talk: talk.net.inject(PEER, ("192.0.2.2", 6), "SYN", via="client"), "expected a segment, as tcpsim.se"),
        (lambda talk: talk.net.inject("192.0.2.1", PEER, segment("SYN"), via="client"), "expected an address and a po"),
        (lambda _: Network(seed="7"), "seed: expected a whole number, not '7'"),  # type: ignore[arg-type]  # on purpose
    ],
)  # fmt: skip
def test_a_value_of_a_wrong_type_is_a_type_error(call: Call, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        call(Talk())


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda mine: mine.send("hello"), "expected bytes, or a number of octets, not 'hello'; did you mean b'hello'"),
        (lambda mine: mine.send("caf\u00e9"), "not 'caf\u00e9'$"),
        (lambda mine: mine.send("x" * 5000), "x{50}[^x]*$"),
        (lambda mine: mine.send(1.5), "expected bytes, or a number of octets, not 1.5"),
        (lambda mine: mine.send(None), "expected bytes, or a number of octets, not None"),
        (lambda mine: mine.send(True), "expected bytes, or a number of octets, not True"),
        (lambda mine: mine.receive("x"), "limit: expected a whole number, not 'x'"),
        (lambda mine: mine.receive(1.5), "limit: expected a whole number, not 1.5"),
    ],
)
@pytest.mark.parametrize("trace", [True, False])
def test_what_can_not_be_sent_or_received_is_a_type_error(call: Callable[[Any], Any], told: str, trace: bool) -> None:
    net = Network(trace=trace)
    a, b = net.host("a"), net.host("b")
    net.link(a, b)
    b.listen(80)
    mine = a.connect(b, 80)
    net.run()
    with pytest.raises(TypeError, match=told) as caught:
        call(mine)
    assert len(str(caught.value)) < 150
    net.run()
    assert b.connections[1].delivered == 0


def test_octets_of_any_kind_are_sent() -> None:
    net = Network()
    a, b = net.host("a"), net.host("b")
    net.link(a, b)
    b.listen(80)
    mine = a.connect(b, 80)
    net.run()
    text = bytearray(b"two")
    for data in (b"one", text, memoryview(b"three")):
        mine.send(data)
    text[:] = b"TWO"
    net.run()
    assert b.connections[1].received == b"onetwothree"


def test_a_host_is_reached_by_itself_its_name_and_its_address() -> None:
    net = Network()
    a, b = net.host("a"), net.host("b", "198.51.100.7")
    net.link(a, b, delay="1ms")
    made = [a.connect(to, 80) for to in (b, "b", "198.51.100.7")]
    made.append(a.open(4000, active=True, remote=("b", 80)))
    assert [each.remote for each in made] == [("198.51.100.7", 80)] * 4
    assert all(each.state is SYN_SENT for each in made)


def test_a_mistake_changes_nothing() -> None:
    net = Network()
    a, _ = net.host("a"), net.host("b")
    for wrong in ({"los": "1%"}, {"delay": 0.5}, {"rules": [5]}):
        with pytest.raises(TypeError):
            net.link("a", "b", **wrong)
    assert net.links == []
    assert a.route("192.0.2.2") is None
    with pytest.raises(ValueError, match="can't be the name"):
        net.host("no name")
    assert list(net.hosts) == ["a", "b"]
    assert net.trace is not None
    assert len(net.trace) == 0


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("192.0.2.1", ""), ("10.255.255.255", ""), ("2001:db8::1", ""), ("127.0.0.1", ""),
        ("0.0.0.0", "means no particular host"), ("0.1.2.3", "means no particular host"),
        ("::", "means no particular host"), ("255.255.255.255", "is the broadcast address"),
        ("224.0.0.0", "is a multicast address"), ("239.255.255.255", "is a multicast address"),
        ("ff02::1", "is a multicast address"), ("192.0.2", "is no address"), ("192.0.2.01", "is no address"),
        ("server", "is no address"), ("", "is no address"), ("192.0.2.1 ", "is no address"),
    ],
)  # fmt: skip
def test_which_addresses_a_host_can_have(address: str, why: str) -> None:
    assert unfit(address) == why


def test_networks_and_links_say_what_they_are() -> None:
    net = Network()
    assert repr(net) == "<Network of no host, at 0s>"
    assert repr(net.link(net.host("a"), net.host("b"))) == "<Link a-b>"
    net.run("5ms")
    assert repr(net).startswith("<Network of a, b, at ")
