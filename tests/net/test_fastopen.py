"""What a host remembers of Fast Open between its connections (RFC 7413 4.1.3): cookies, and who wants none."""

from __future__ import annotations

from tcpsim.net import Connection, Host, Network
from tcpsim.net.rule import DROP, Verdict
from tcpsim.trace import Sent

_LOST = Verdict(DROP, "dead link")


def pair(server: str = "server", client: str = "client") -> tuple[Network, Host, Host]:
    net = Network(seed=1)
    one = net.host("client", profile="plain", fast_open=client)
    two = net.host("server", profile="plain", fast_open=server)
    net.link(one, two, delay="10ms")
    two.listen(80)
    return net, one, two


def syn_of(net: Network, connection: Connection) -> Sent:
    """The first segment of a connection."""
    assert net.trace is not None
    return next(
        record
        for record in net.trace.records
        if isinstance(record, Sent) and (record.host, record.connection) == (connection.host.name, connection.number)
    )


def cookie(sent: Sent) -> bytes | None:
    return None if sent.segment.options is None else sent.segment.options.fastopen


def test_a_cookie_is_kept_for_the_next_connection_whatever_its_port() -> None:
    net, client, server = pair()
    first = client.connect(server, 80, data=b"one")
    net.run("1s")
    kept = client.fast_cookies[server.address]
    assert (cookie(syn_of(net, first)), syn_of(net, first).segment.length) == (b"", 0)
    server.listen(81)
    second = client.connect(server, 81, data=b"two")
    assert (cookie(syn_of(net, second)), syn_of(net, second).segment.text) == (kept, b"two")
    net.run("2s")
    assert server.connections[2].received == b"two"
    assert client.fast_refused == set()


def test_a_server_that_gives_no_cookie_is_not_asked_again() -> None:
    net, client, server = pair(server="off")
    asked = client.connect(server, 80, data=b"one")
    net.run("1s")
    assert client.fast_refused == {(server.address, 80)}
    again = client.connect(server, 80, data=b"two")
    net.run("2s")
    assert (cookie(syn_of(net, asked)), cookie(syn_of(net, again))) == (b"", None)
    assert server.connections[2].received == b"two"


def test_a_server_that_takes_no_data_is_shown_no_cookie_again_but_may_show_us_one() -> None:
    net, client, server = pair(client="both")
    client.connect(server, 80)
    net.run("1s")
    server.listen(81, fast_open="off")
    client.connect(server, 81, data=b"x")
    net.run("2s")
    assert client.fast_refused == {(server.address, 81)}
    third = client.connect(server, 81, data=b"y")
    assert (cookie(syn_of(net, third)), third.endpoint.cfg.fast_open) == (None, "server")
    assert cookie(syn_of(net, client.connect(server, 80))) == client.fast_cookies[server.address]


def test_who_does_not_answer_a_syn_with_the_option_gets_one_without_from_then_on() -> None:
    net, client, server = pair()
    net.links[0].toward(server).rules.append(lambda now, packet, chance: _LOST)
    silent = client.connect(server, 80, user_timeout="5s")
    net.run("10s")
    assert silent.signals[-1] == "connection aborted due to user timeout"
    assert client.fast_refused == {(server.address, 80)}
    assert cookie(syn_of(net, client.connect(server, 80))) is None


def test_a_connection_that_is_lost_later_says_nothing_about_fast_open() -> None:
    net, client, server = pair()
    connection = client.connect(server, 80, user_timeout="5s")
    net.run("1s")
    net.links[0].toward(server).rules.append(lambda now, packet, chance: _LOST)
    connection.send(b"x")
    net.run("10s")
    assert connection.signals[-1] == "connection aborted due to user timeout"
    assert client.fast_refused == set()


def test_a_passive_end_remembers_nothing() -> None:
    net, client, server = pair(server="both")
    client.connect(server, 80)
    net.run("1s")
    assert (server.fast_cookies, server.fast_refused) == ({}, set())
