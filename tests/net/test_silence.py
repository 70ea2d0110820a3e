"""Hosts that are down, and hosts that keep quiet after a restart (RFC 9293 3.4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_SENT
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Discarded, Note, Sent
from tests.net.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable


def notes(talk: Talk, host: str) -> list[str]:
    return [record.text for record in talk.trace.of_kind(Note, host)]


def discarded(talk: Talk, host: str) -> list[tuple[int, str]]:
    return [(record.time, record.why.id) for record in talk.trace.of_kind(Discarded, host) if record.why]


# ------------------------------------------------------------------ down


def test_a_host_that_is_down_answers_nothing() -> None:
    talk = Talk()
    mine, _ = talk.established()
    talk.server.crash(down=True)
    assert talk.server.down
    begin = talk.net.now
    mine.send(5)
    talk.client.connect(talk.server, 80)
    talk.net.run(begin + 500 * MS)
    assert talk.sent("server", since=begin) == []
    assert discarded(talk, "server") == [(begin + 50 * MS, "host.down")] * 2


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("listen(81)", lambda talk: talk.server.listen(81)),
        ("connect(192.0.2.1:80)", lambda talk: talk.server.connect(talk.client, 80)),
        ("open(active)", lambda talk: talk.server.open(81, active=True, remote=("192.0.2.1", 80))),
        ("open(passive)", lambda talk: talk.server.open(81, active=False)),
    ],
)
def test_nobody_can_call_anything_where_the_host_is_down(words: str, call: Callable[[Talk], object]) -> None:
    talk = Talk()
    talk.server.crash(down=True)
    with pytest.raises(TcpError, match="error: host is down"):
        call(talk)
    assert talk.calls("server")[-1] == (None, words, "error: host is down")
    assert talk.server.connections == {}


def test_after_a_restart_the_host_answers_strangers() -> None:
    talk = Talk()
    mine, _ = talk.established()
    talk.server.crash(down=True)
    talk.net.run("2s")
    talk.server.restart()
    assert (talk.server.down, talk.server.silence) == (False, None)
    mine.send(5)
    talk.net.run("3s")
    assert mine.signals == ["connection open", "connection reset"]
    assert notes(talk, "server") == ["crash: every connection is forgotten", "restart"]


def test_a_restart_of_a_host_that_is_up_forgets_too() -> None:
    talk = Talk()
    talk.established()
    talk.server.restart()
    assert (talk.server.listeners, talk.server.connections[1].state) == ({}, CLOSED)
    assert notes(talk, "server") == ["restart: every connection is forgotten"]


def test_a_host_that_is_down_has_no_udp() -> None:
    talk = Talk()
    inbox = talk.server.udp(53)
    talk.server.crash(down=True)
    sender = talk.client.udp()
    sender.send_to(talk.server, 53, b"hello")
    talk.net.run()
    assert (inbox.received, sender.unreachable) == ([], [])
    assert discarded(talk, "server") == [(50 * MS, "host.down")]


# ------------------------------------------------------------------ quiet


def test_connect_waits_until_the_quiet_time_is_over() -> None:
    talk = Talk(msl="10s")
    talk.server.listen(80)
    talk.client.restart(quiet=True)
    assert notes(talk, "client") == ["restart: every connection is forgotten, quiet for 10s"]
    talk.net.run("3s")
    connection = talk.client.connect(talk.server, 80)
    talk.net.run("9s")
    assert (connection.state, talk.sent("client")) == (CLOSED, [])
    talk.net.run("11s")
    assert connection.state is ESTABLISHED
    assert talk.trace.of_kind(Sent, "client")[0].time == 10 * SECOND
    assert talk.client.silence is None


def test_ports_of_connections_that_wait_are_taken() -> None:
    talk = Talk(msl="10s")
    talk.client.restart(quiet=True)
    first, second = (talk.client.connect(talk.server, 80) for _ in range(2))
    assert (first.local, second.local) == (("192.0.2.1", 49152), ("192.0.2.1", 49153))
    with pytest.raises(TcpError, match="connection already exists"):
        talk.client.connect(talk.server, 80, local_port=49152)
    with pytest.raises(TcpError, match="connection already exists"):
        talk.client.open(49152, active=True, remote=("192.0.2.2", 80))
    with pytest.raises(TcpError, match="address already in use"):
        talk.client.listen(49152, reuse_address=False)


def test_what_comes_in_the_quiet_time_is_not_answered() -> None:
    talk = Talk(msl="10s")
    mine, _ = talk.established()
    begin = talk.net.now
    talk.server.restart(quiet=True)
    talk.server.listen(80)
    spare = talk.server.connections[2]
    mine.send(5)
    other = talk.client.connect(talk.server, 80)
    talk.net.run(begin + SECOND)
    assert talk.sent("server", since=begin) == []
    assert {reason for _, reason in discarded(talk, "server")} == {"host.quiet-time"}
    assert (spare.state, other.state) == (LISTEN, SYN_SENT)
    talk.net.run(begin + 20 * SECOND)
    assert other.state is ESTABLISHED, "the SYN came again when the time was over"
    assert talk.trace.of_kind(Sent, "server")[-1].time > begin + 10 * SECOND


def test_a_passive_open_for_one_peer_waits_too() -> None:
    talk = Talk(msl="10s")
    talk.server.restart(quiet=True)
    waiting = talk.server.open(80, active=False, remote=("192.0.2.1", 1000))
    mine = talk.client.connect(talk.server, 80, local_port=1000)
    talk.net.run("9s")
    assert talk.sent("server") == []
    talk.net.run("20s")
    assert (waiting.state, mine.state) == (ESTABLISHED, ESTABLISHED)


def test_a_crash_in_the_quiet_time_ends_what_waited() -> None:
    talk = Talk(msl="10s")
    talk.server.listen(80)
    talk.client.restart(quiet=True)
    connection = talk.client.connect(talk.server, 80)
    talk.net.run("5s")
    talk.client.crash(down=True)
    talk.net.run("30s")
    assert (connection.state, talk.sent("client"), talk.client.down) == (CLOSED, [], True)


def test_the_quiet_time_of_a_second_restart_counts_from_there() -> None:
    talk = Talk(msl="10s")
    talk.server.listen(80)
    talk.client.restart(quiet=True)
    talk.net.run("5s")
    talk.client.restart(quiet=True)
    talk.client.connect(talk.server, 80)
    talk.net.run("30s")
    assert talk.trace.of_kind(Sent, "client")[0].time == 15 * SECOND
    assert why.QUIET_TIME.section == "3.4.3"
