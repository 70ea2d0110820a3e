"""Hosts: ports, listeners, demultiplexing, RSTs for closed ports, crashes."""

from __future__ import annotations

import pytest

from tcpsim.net.arguments import LAST_PORT
from tcpsim.net.bindings import FIRST_EPHEMERAL
from tcpsim.tcp import rules as why
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.config import KnobError
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MINUTE, MS, SECOND
from tcpsim.trace import Arrived, Discarded, Lost, Note, Sent
from tests.net.talk import Talk

# ------------------------------------------------------------------ ports


def test_ephemeral_ports_are_taken_in_order() -> None:
    talk = Talk()
    ports = [talk.client.connect(talk.server, 80).local for _ in range(3)]
    assert ports == [("192.0.2.1", FIRST_EPHEMERAL + n) for n in range(3)]


def test_an_ephemeral_port_in_use_is_passed_over() -> None:
    talk = Talk()
    talk.client.connect(talk.server, 80, local_port=FIRST_EPHEMERAL)
    assert talk.client.connect(talk.server, 80).local == ("192.0.2.1", FIRST_EPHEMERAL + 1)
    talk.client.connect(talk.server, 81, local_port=FIRST_EPHEMERAL + 2)
    last = talk.client.connect(talk.server, 80)
    assert last.local == ("192.0.2.1", FIRST_EPHEMERAL + 2), "towards another port it is free"


def test_ephemeral_ports_wrap_and_run_out() -> None:
    talk = Talk()
    many = LAST_PORT - FIRST_EPHEMERAL + 1
    connections = [talk.client.connect("198.51.100.1", 80) for _ in range(many)]
    assert connections[-1].local == ("192.0.2.1", LAST_PORT)
    with pytest.raises(TcpError, match="insufficient resources"):
        talk.client.connect("198.51.100.1", 80)
    assert talk.calls("client")[-1] == (None, "connect(198.51.100.1:80)", "error: insufficient resources")
    connections[5].abort()
    assert talk.client.connect("198.51.100.1", 80).local == connections[5].local


def test_two_connections_between_the_same_sockets_are_refused() -> None:
    talk = Talk()
    talk.client.connect(talk.server, 80, local_port=1000)
    with pytest.raises(TcpError, match="error: connection already exists"):
        talk.client.connect(talk.server, 80, local_port=1000)
    assert talk.calls("client")[-1] == (None, "connect(192.0.2.2:80)", "error: connection already exists")
    assert len(talk.client.connections) == 1


def test_one_local_port_may_have_many_peers() -> None:
    """RFC 9293 3.3: a connection is a pair of sockets."""
    talk = Talk()
    other = talk.net.host("other")
    talk.net.link(talk.client, other, delay="10ms")
    talk.server.listen(80)
    other.listen(80)
    first = talk.client.connect(talk.server, 80, local_port=1000)
    second = talk.client.connect(other, 80, local_port=1000)
    talk.net.run("1s")
    assert (first.state, second.state) == (ESTABLISHED, ESTABLISHED)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_ports_have_sixteen_bits(port: int) -> None:
    talk = Talk()
    for call in (
        lambda: talk.server.listen(port),
        lambda: talk.client.connect(talk.server, port),
        lambda: talk.client.connect(talk.server, 80, local_port=port),
        lambda: talk.client.open(port, active=False),
    ):
        with pytest.raises(ValueError, match="expected a port from 1 to 65535"):
            call()


def test_a_call_may_change_knobs() -> None:
    talk = Talk()
    assert talk.client.connect(talk.server, 80, mss=900).endpoint.cfg.mss == 900
    assert talk.server.listen(80, mss=800).config.mss == 800
    with pytest.raises(KnobError):
        talk.client.connect(talk.server, 80, no_such_knob=1)


# ------------------------------------------------------------------ closed ports


def test_a_closed_port_answers_with_a_reset() -> None:
    talk = Talk()
    connection = talk.client.connect(talk.server, 81)
    assert talk.net.run() == "idle"
    assert talk.sent() == ["client SYN 0", "server RST,ACK 0 1"]
    assert connection.signals == ["connection refused"]
    assert connection.state is CLOSED
    answer = talk.trace.of_kind(Sent, "server")[0]
    assert (answer.connection, answer.why, answer.time) == (None, why.CLOSED_RESET, 50 * MS)
    assert [(r.why, r.connection) for r in talk.trace.of_kind(Discarded, "server")] == [(why.CLOSED_RESET, None)]


def test_a_reset_for_nobody_is_not_answered() -> None:
    talk = Talk()
    talk.net.inject(("192.0.2.1", 5), ("192.0.2.2", 6), segment("RST", seq=7), via="client")
    talk.net.run()
    assert [r.why for r in talk.trace.of_kind(Discarded)] == [why.CLOSED_RST_IGNORED]
    assert len(talk.trace.of_kind(Sent)) == 1


def test_an_ack_for_nobody_is_reset_with_its_own_number() -> None:
    talk = Talk()
    talk.net.inject(("192.0.2.1", 5), ("192.0.2.2", 6), segment("ACK", seq=7, ack=1234), via="client")
    talk.net.run()
    answer = talk.trace.of_kind(Sent, "server")[0]
    assert (repr(answer.segment), answer.flow) == ("<SEQ=1234><CTL=RST>", ("192.0.2.2", 6, "192.0.2.1", 5))


def test_an_answer_that_no_link_leads_to_is_lost_where_it_was_made() -> None:
    talk = Talk()
    talk.net.inject(("203.0.113.9", 5), ("192.0.2.2", 6), segment("SYN"), via="client")
    talk.net.run()
    lost = talk.trace.of_kind(Lost)
    assert [(r.host, r.by, r.due) for r in lost] == [("server", "no route to 203.0.113.9", 50 * MS)]


def test_a_connection_to_nowhere_gives_up() -> None:
    talk = Talk()
    connection = talk.client.connect("203.0.113.9", 80)
    assert talk.net.run() == "idle"
    assert connection.signals == ["delivery problem", "connection timed out"]
    assert {r.by for r in talk.trace.of_kind(Lost)} == {"no route to 203.0.113.9"}
    assert [r.to for r in talk.trace.of_kind(Sent)] == [""] * 8


# ------------------------------------------------------------------ listeners


def test_a_listener_makes_a_connection_for_each_syn() -> None:
    talk = Talk()
    listener = talk.server.listen(80)
    assert (listener.spare, talk.server.connection) == (talk.server.connections[1], talk.server.connections[1])
    connections = [talk.client.connect(talk.server, 80) for _ in range(3)]
    talk.net.run("1s")
    assert [each.remote for each in listener.accepted] == [each.local for each in connections]
    assert [each.number for each in listener.accepted] == [1, 2, 3]
    assert {each.state for each in [*listener.accepted, *connections]} == {ESTABLISHED}
    assert talk.path("server", 2) == ["CLOSED", "LISTEN", "SYN-RECEIVED", "ESTABLISHED"]


def test_two_connections_of_one_listener_keep_their_data_apart() -> None:
    talk = Talk()
    talk.server.listen(80)
    first, second = (talk.client.connect(talk.server, 80) for _ in range(2))
    talk.net.at("200ms", first.send, b"to the first")
    talk.net.at("200ms", second.send, b"to the second")
    talk.net.run("1s")
    assert [talk.server.connections[n].received for n in (1, 2)] == [b"to the first", b"to the second"]


def test_a_duplicate_syn_finds_its_connection_and_makes_no_other() -> None:
    talk = Talk(link={"duplicate": 1.0})
    talk.server.listen(80)
    talk.client.connect(talk.server, 80)
    talk.net.run("1s")
    assert len(talk.server.connections) == 1


def test_what_is_no_syn_is_answered_by_the_listener() -> None:
    talk = Talk()
    listener = talk.server.listen(80)
    for ctl in ("ACK", "RST", "FIN"):
        talk.net.inject(
            ("192.0.2.1", 7), ("192.0.2.2", 80), segment(ctl, seq=5, ack=9 if ctl == "ACK" else 0), via="client"
        )
    talk.net.run()
    dropped = [r.why for r in talk.trace.of_kind(Discarded, "server")]
    assert dropped == [why.LISTEN_ACK_RESET, why.LISTEN_RST_IGNORED, why.LISTEN_OTHER]
    assert [repr(r.segment) for r in talk.trace.of_kind(Sent, "server")] == ["<SEQ=9><CTL=RST>"]
    assert {r.connection for r in talk.trace.of_kind(Arrived, "server")} == {1}
    assert listener.spare is not None
    assert (listener.spare.state, listener.spare.remote, listener.accepted) == (LISTEN, None, [])


def test_a_reset_in_syn_received_returns_the_connection_to_listen() -> None:
    """The figure's note 1; the same connection takes the next SYN."""
    talk = Talk()
    listener = talk.server.listen(80)
    talk.net.inject(("192.0.2.1", 7), ("192.0.2.2", 80), segment("SYN", seq=5), via="client")
    talk.net.inject(("192.0.2.1", 7), ("192.0.2.2", 80), segment("RST", seq=6), via="client", delay="1ms")
    talk.net.run("60ms")
    assert listener.accepted == []
    assert listener.spare is talk.server.connections[1]
    talk.client.connect(talk.server, 80, local_port=7)
    talk.net.run("1s")
    assert talk.path("server", 1) == [
        "CLOSED", "LISTEN", "SYN-RECEIVED", "LISTEN", "SYN-RECEIVED", "ESTABLISHED",
    ]  # fmt: skip
    assert talk.server.connections[1].signals == ["connection open"], "the user need not know of the other"


def test_back_in_listen_behind_another_a_connection_is_closed() -> None:
    talk = Talk()
    listener = talk.server.listen(80)
    for port in (7, 8):
        talk.net.inject(("192.0.2.1", port), ("192.0.2.2", 80), segment("SYN", seq=5), via="client")
    talk.net.run("60ms")
    assert [each.state for each in listener.accepted] == [SYN_RECEIVED, SYN_RECEIVED]
    for port in (8, 7):
        talk.net.inject(("192.0.2.1", port), ("192.0.2.2", 80), segment("RST", seq=6), via="client")
    talk.net.run("200ms")
    assert listener.accepted == []
    assert listener.spare is talk.server.connections[2]
    assert talk.path("server", 1)[-2:] == ["LISTEN", "CLOSED"]


def test_a_listener_that_is_closed_refuses_what_comes_and_keeps_what_came() -> None:
    talk = Talk()
    _, theirs = talk.established()
    listener = talk.server.listeners[80]
    listener.close()
    assert theirs.state is ESTABLISHED
    late = talk.client.connect(talk.server, 80)
    talk.net.run("3s")
    assert late.signals == ["connection refused"]
    listener.close()
    assert repr(listener) == "<Listener server:80>"
    assert repr(talk.server) == "<Host server 192.0.2.2>"


def test_closing_a_listener_closes_the_connection_in_listen() -> None:
    talk = Talk()
    listener = talk.server.listen(80)
    spare = talk.server.connections[1]
    listener.close()
    assert (spare.state, listener.spare, talk.server.listeners) == (CLOSED, None, {})


def test_closing_the_connection_in_listen_closes_the_listener() -> None:
    talk = Talk()
    talk.server.listen(80)
    talk.server.connections[1].close()
    assert talk.server.listeners == {}
    refused = talk.client.connect(talk.server, 80)
    talk.net.run()
    assert refused.signals == ["connection refused"]


def test_a_child_of_a_closed_listener_is_not_returned_to_it() -> None:
    talk = Talk()
    listener = talk.server.listen(80)
    talk.net.inject(("192.0.2.1", 7), ("192.0.2.2", 80), segment("SYN", seq=5), via="client")
    talk.net.inject(("192.0.2.1", 7), ("192.0.2.2", 80), segment("RST", seq=6), via="client", delay="10ms")
    talk.net.at("55ms", listener.close)
    talk.net.run()
    assert talk.path("server", 1)[-2:] == ["LISTEN", "CLOSED"]
    assert listener.spare is None


def test_a_port_can_be_listened_at_once_only() -> None:
    talk = Talk()
    talk.server.listen(80)
    with pytest.raises(TcpError, match="error: connection already exists"):
        talk.server.listen(80)
    with pytest.raises(TcpError, match="error: connection already exists"):
        talk.server.open(80, active=False)
    assert talk.calls("server") == [
        (1, "listen(80)", ""),
        (None, "listen(80)", "error: connection already exists"),
        (None, "open(passive)", "error: connection already exists"),
    ]
    assert list(talk.server.connections) == [1], "a refused call leaves nothing behind"


# ------------------------------------------------------------------ OPEN


def test_open_passive_is_a_listener_of_one_port() -> None:
    talk = Talk()
    waiting = talk.server.open(80, active=False)
    assert (waiting.state, waiting.local) == (LISTEN, ("192.0.2.2", 80))
    talk.client.connect(talk.server, 80)
    talk.net.run("1s")
    assert waiting.state is ESTABLISHED


def test_a_passive_open_with_a_remote_socket_waits_for_that_peer_only() -> None:
    talk = Talk()
    waiting = talk.server.open(80, active=False, remote=("192.0.2.1", 1000))
    other = talk.client.connect(talk.server, 80, local_port=999)
    talk.net.run("1s")
    assert other.signals == ["connection refused"]
    talk.client.connect(talk.server, 80, local_port=1000)
    talk.net.run("2s")
    assert waiting.state is ESTABLISHED


def test_it_waits_on_after_a_reset() -> None:
    talk = Talk()
    waiting = talk.server.open(80, active=False, remote=("192.0.2.1", 1000))
    talk.net.inject(("192.0.2.1", 1000), ("192.0.2.2", 80), segment("SYN", seq=5), via="client")
    talk.net.inject(("192.0.2.1", 1000), ("192.0.2.2", 80), segment("RST", seq=6), via="client")
    talk.net.run()
    assert (waiting.state, waiting.remote) == (LISTEN, ("192.0.2.1", 1000))


def test_it_becomes_active_by_send() -> None:
    """3.10.2, LISTEN STATE: simultaneous open of two passive ones, one of which sends."""
    talk = Talk()
    mine = talk.client.open(1000, active=False, remote=("192.0.2.2", 80))
    theirs = talk.server.open(80, active=False, remote=("192.0.2.1", 1000))
    mine.send(b"hello")
    talk.net.run("1s")
    assert theirs.received == b"hello"
    assert talk.path("client", 1) == ["CLOSED", "LISTEN", "SYN-SENT", "ESTABLISHED"]


def test_it_becomes_active_by_an_open() -> None:
    """3.10.1, LISTEN STATE: "change the connection from passive to active"."""
    talk = Talk()
    mine = talk.client.open(1000, active=False, remote=("192.0.2.2", 80))
    theirs = talk.server.open(80, active=False, remote=("192.0.2.1", 1000))
    assert talk.client.open(1000, active=True, remote=("192.0.2.2", 80)) is mine
    with pytest.raises(TcpError, match="error: connection already exists"):
        talk.client.open(1000, active=True, remote=("192.0.2.2", 80))
    talk.net.run("1s")
    assert (mine.state, theirs.state, len(talk.client.connections)) == (ESTABLISHED, ESTABLISHED, 1)
    assert talk.path("client", 1) == ["CLOSED", "LISTEN", "SYN-SENT", "ESTABLISHED"]


def test_active_opens_that_cross() -> None:
    talk = Talk()
    mine = talk.client.open(1000, active=True, remote=("192.0.2.2", 80))
    theirs = talk.server.open(80, active=True, remote=("192.0.2.1", 1000))
    talk.net.run("1s")
    assert (mine.state, theirs.state) == (ESTABLISHED, ESTABLISHED)
    assert talk.path("client", 1) == ["CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]


def test_an_active_open_needs_a_remote_socket() -> None:
    talk = Talk()
    with pytest.raises(TcpError, match="error: remote socket unspecified"):
        talk.client.open(1000, active=True)
    assert talk.calls("client") == [(1, "open(active)", "error: remote socket unspecified")]


def test_open_of_sockets_in_use() -> None:
    talk = Talk()
    talk.client.connect(talk.server, 80, local_port=1000)
    for active in (True, False):
        with pytest.raises(TcpError, match="error: connection already exists"):
            talk.client.open(1000, active=active, remote=("192.0.2.2", 80))


def test_sockets_are_free_again_when_the_connection_is_closed() -> None:
    talk = Talk()
    connection = talk.client.connect(talk.server, 80, local_port=1000)
    connection.abort()
    assert talk.client.connect(talk.server, 80, local_port=1000).state is SYN_SENT


def test_listen_does_not_touch_other_connections_of_the_port() -> None:
    """MUST-41, MUST-42"""
    talk = Talk()
    active = talk.client.connect(talk.server, 81, local_port=1000)
    listener = talk.client.listen(1000)
    assert active.state is SYN_SENT
    assert listener.spare is not None
    assert listener.spare.state is LISTEN


# ------------------------------------------------------------------ crash


def test_a_crash_is_silent_and_total() -> None:
    talk = Talk()
    mine, theirs = talk.established()
    talk.server.crash()
    assert (theirs.state, talk.server.listeners) == (CLOSED, {})
    with pytest.raises(TcpError, match="connection does not exist"):
        theirs.send(b"x")
    assert [r.text for r in talk.trace.of_kind(Note)] == ["crash: every connection is forgotten"]
    talk.net.run("2s")
    assert mine.state is ESTABLISHED, "nobody has told it"
    mine.send(b"are you there?")
    talk.net.run("3s")
    assert mine.signals == ["connection open", "connection reset"]
    assert theirs.signals == ["connection open"]


def test_a_host_that_crashed_can_be_used_again() -> None:
    """RFC 9293 3.5.1, Figure 9: the half-open connection is found out by the next SYN."""
    talk = Talk()
    mine, theirs = talk.established(local_port=1000)
    talk.client.crash()
    again = talk.client.connect(talk.server, 80, local_port=1000, iss=400)
    talk.net.run("10s")
    assert theirs.signals == ["connection open", "connection reset"]
    assert again.state is ESTABLISHED
    assert mine.state is CLOSED
    assert "server ACK" in " ".join(talk.sent("server", since=SECOND)), "the challenge"


def test_a_host_without_connections_has_none() -> None:
    assert Talk().client.connection is None


def test_timers_of_a_crashed_host_do_nothing() -> None:
    talk = Talk()
    talk.client.connect(talk.server, 80)
    talk.client.crash()
    assert talk.net.run(10 * MINUTE) == "idle"
    assert len(talk.trace.of_kind(Sent, "client")) == 1


def test_a_crash_without_a_trace() -> None:
    from tcpsim.net import Network

    net = Network(trace=False)
    host = net.host("a")
    host.listen(80)
    host.crash()
    assert host.listeners == {}
