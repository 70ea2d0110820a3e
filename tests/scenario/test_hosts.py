"""Hosts and ports in a scenario: addresses of IPv6, ephemeral ranges, shared ports, crashes and restarts."""

from __future__ import annotations

from typing import Any

import pytest

import tcpsim
from tcpsim.scenario import ScenarioError, loads
from tcpsim.tcp.units import SECOND
from tcpsim.trace import Note, Sent

HEAD = """title: Hosts
profile: plain
hosts:
  client: {%s}
  server: {%s}
script:
  - {host: server, call: listen, port: 80}
"""


def text(*steps: str, client: str = "", server: str = "") -> str:
    return HEAD % (client, server) + "".join(f"  - {{{step}}}\n" for step in steps)


def run(*steps: str, **hosts: str) -> Any:
    return tcpsim.run(loads(text(*steps, **hosts)))


def problems(*steps: str, **hosts: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        loads(text(*steps, **hosts))
    return [str(problem).split(": ", 1)[1] for problem in caught.value.problems]


def sent(done: Any, host: str) -> list[tuple[int, str]]:
    return [(record.time, str(record.segment)) for record in done.trace.of_kind(Sent, host)]


# ------------------------------------------------------------------ IPv6


def test_addresses_of_ipv6_with_and_without_a_port() -> None:
    done = run(
        'host: client, call: connect, to: "[2001:db8::2]:80"',
        'at: 1s, call: inject, segment: RST seq 1, from: "[2001:DB8:0::1]", to: "[2001:db8::2]:80"',
        client="address: 2001:db8::1",
        server="address: 2001:DB8::2",
    )
    assert done.passed
    assert done.trace.of_kind(Sent)[0].flow == ("2001:db8::1", 49152, "2001:db8::2", 80)
    assert done.network.hosts["server"].connections[1].signals == ["connection open", "connection reset"]


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("2001:db8::2:80", "expected an IPv6 address in brackets, such as [2001:db8::2]:80"),
        ("[2001:db8::2]", "expected a host and a port, such as server:80"),
        ("[server]:80", "expected a host and a port, such as server:80"),
        ("[2001:db8::2]:0", "0 is no port; expected a port from 1 to 65535"),
        ("[ff02::1]:80", "'ff02::1' is a multicast address"),
    ],
)
def test_an_address_that_is_none_is_told(to: str, told: str) -> None:
    (problem,) = problems(f'host: client, call: connect, to: "{to}"')
    assert told in problem


# ------------------------------------------------------------------ ports


def test_a_host_may_run_out_of_ports() -> None:
    connect = "host: client, call: connect, to: 'server:80'"
    done = run(connect, connect, connect, client="ports: 5000..5001")
    assert [record.flow[1] for record in done.trace.of_kind(Sent, "client")][:2] == [5000, 5001]
    assert not done.passed, "an error that nobody expects is a failure"


@pytest.mark.parametrize(
    ("ports", "told"),
    [
        ("5000", "expected the first and the last port, such as 49152..65535"),
        ("5000-5001", "expected the first and the last port, such as 49152..65535"),
        ("5001..5000", "ends before it begins; expected the smaller port first"),
        ("0..5", "is no range of ports; expected ports from 1 to 65535"),
        ("1..65536", "is no range of ports; expected ports from 1 to 65535"),
    ],
)
def test_a_range_that_is_none_is_told(ports: str, told: str) -> None:
    (problem,) = problems(client=f"ports: {ports}")
    assert told in problem


def test_close_has_a_connection_or_a_port() -> None:
    (problem,) = problems("host: server, call: close, on: 1, port: 80")
    assert "close has both 'on' and 'port'; expected one of them" in problem


def test_to_stop_listening_where_nobody_listens_is_an_error() -> None:
    done = run("host: server, call: close, port: 81")
    assert not done.passed
    calls = [(record.call, record.error) for record in done.trace.records if record.kind == "called" and record.error]
    assert calls == [("stop listening(81)", "error: connection does not exist")]


# ------------------------------------------------------------------ crash and restart


def test_a_host_is_down_until_it_is_restarted() -> None:
    done = run(
        "at: 1s, host: server, call: crash, down: true",
        "at: 2s, host: client, call: connect, to: 'server:80'",
        "at: 2500ms, host: server, call: restart",
        "host: server, call: listen, port: 80",
    )
    assert done.passed
    assert sent(done, "server")[0][0] == 3 * SECOND + 50_000_000, "the first SYN met nobody, the second a listener"


def test_quiet_is_for_an_msl() -> None:
    done = run(
        "at: 1s, host: client, call: restart, quiet: true",
        "host: client, call: connect, to: 'server:80'",
        client="msl: 5s",
    )
    assert done.passed
    assert sent(done, "client")[0][0] == 6 * SECOND
    assert [record.text for record in done.trace.of_kind(Note)] == [
        "restart: every connection is forgotten, quiet for 5s"
    ]


def test_one_host_alone_talks_to_itself() -> None:
    lonely = text("host: client, call: connect, to: 'client:5000', port: 5000", client="loopback: 2ms")
    lonely = lonely.replace("  server: {}\n", "links: []\n").replace("host: server", "host: client")
    done = tcpsim.run(loads(lonely))
    assert done.passed
    assert [time for time, _ in sent(done, "client")] == [0, 2_000_000]
