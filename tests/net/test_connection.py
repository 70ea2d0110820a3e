"""Connections as applications hold them: calls, what is received, signals, callbacks, alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tcpsim.net import Network
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, FIN_WAIT_2, TIME_WAIT
from tcpsim.tcp.units import HOUR, MS, SECOND
from tcpsim.trace import Delivered, Discarded, Moved, Sent, TimerFired, TimerSet, TimerStopped
from tests.net.talk import Talk

if TYPE_CHECKING:
    from tcpsim.net import Connection


def test_a_connection_knows_both_sockets() -> None:
    mine, theirs = Talk().established()
    assert (mine.local, mine.remote) == (("192.0.2.1", 49_152), ("192.0.2.2", 80))
    assert (theirs.local, theirs.remote) == (mine.remote, mine.local)
    assert repr(mine) == "<Connection 1 of client: ESTABLISHED>"


def test_every_call_is_in_the_trace() -> None:
    talk = Talk()
    mine, theirs = talk.established(reading=False)
    mine.send(b"hello")
    mine.send(3, push=False, urgent=True)
    theirs.send(10)
    talk.net.run("2s")
    mine.receive(4)
    mine.receive()
    mine.read()
    mine.read(on=False)
    mine.status()
    mine.close()
    with pytest.raises(TcpError):
        mine.close()
    mine.abort()
    with pytest.raises(TcpError):
        mine.send(b"x")
    assert [(call, error) for _, call, error in talk.calls("client")] == [
        ("connect(192.0.2.2:80)", ""), ("send(5)", ""), ("send(3, urgent, no push)", ""), ("receive(4)", ""),
        ("receive()", ""), ("read(on)", ""), ("read(off)", ""), ("status()", ""), ("close()", ""),
        ("close()", "error: connection closing"), ("abort()", ""), ("send(1)", "error: connection does not exist"),
    ]  # fmt: skip


def test_status_tells_what_the_endpoint_knows() -> None:
    talk = Talk()
    mine, _ = talk.established()
    mine.send(b"12345")
    status = mine.status()
    assert (status.state, status.awaiting_acknowledgment, status.local) == (ESTABLISHED, 5, mine.local)


def test_a_refused_call_raises_without_a_trace_too() -> None:
    net = Network(trace=False)
    a, b = net.host("a"), net.host("b")
    net.link(a, b)
    connection = a.connect(b, 80)
    net.run()
    assert connection.signals == ["connection refused"]
    for call in (lambda: connection.send(b"x"), connection.close, connection.status):
        with pytest.raises(TcpError, match="connection does not exist"):
            call()


# ------------------------------------------------------------------ what is received


def test_octets_arrive_as_they_were_sent() -> None:
    talk = Talk()
    mine, theirs = talk.established()
    mine.send(b"hello, ")
    mine.send(b"world")
    talk.net.run("3s")
    assert (theirs.received, theirs.delivered) == (b"hello, world", 12)
    assert theirs.received == b"hello, world", "reading it does not change it"


def test_octets_that_were_only_counted_are_zeros() -> None:
    talk = Talk(nagle=False)
    mine, theirs = talk.established()
    assert theirs.received == b""
    mine.send(3)
    talk.net.run("2s")
    assert (theirs.received, theirs.delivered) == (bytes(3), 3)
    mine.send(b"abc")
    talk.net.run("3s")
    assert theirs.received == b"\0\0\0abc"
    mine.send(2)
    talk.net.run("4s")
    assert theirs.received == b"\0\0\0abc\0\0"


def test_without_reading_data_waits_for_receive() -> None:
    talk = Talk()
    talk.server.listen(80, reading=False)
    mine, theirs = talk.established()
    mine.send(b"hello")
    talk.net.run("2s")
    assert (theirs.received, theirs.signals) == (b"", ["connection open", "data readable"])
    theirs.receive(2)
    assert theirs.received == b"he"
    theirs.receive()
    assert theirs.received == b"hello"
    theirs.receive(3)
    mine.send(b"world")
    talk.net.run("3s")
    assert theirs.received == b"hellowor", "a RECEIVE that was outstanding is answered"
    assert [(r.length, r.total) for r in talk.trace.of_kind(Delivered, "server")] == [(2, 2), (3, 5), (3, 8)]


# ------------------------------------------------------------------ applications


def test_an_application_hears_after_everything_is_carried_out() -> None:
    talk = Talk()
    heard: list[tuple[int, str, str]] = []

    def hear(connection: Connection, what: str) -> None:
        heard.append((talk.net.now, what, str(connection.state)))
        if what == "data":
            connection.send(b"pong")
        if what == "connection closing":
            connection.close()

    def ping(connection: Connection, what: str) -> None:
        if what == "connection open":
            connection.send(b"ping")

    talk.server.listen(80, application=hear)
    mine = talk.client.connect(talk.server, 80, application=ping)
    talk.net.at("300ms", mine.close)
    talk.net.run()
    assert heard == [
        (150 * MS, "connection open", "ESTABLISHED"),
        (150 * MS, "data", "ESTABLISHED"),
        (350 * MS, "connection closing", "CLOSE-WAIT"),
        (450 * MS, "connection closed", "CLOSED"),
    ]
    assert mine.received == b"pong"
    assert talk.sent("server") == [
        "server SYN,ACK 0 1",
        "server ACK 1 5",
        "server PSH,ACK 1 5 +4",
        "server ACK 5 6",
        "server FIN,ACK 5 6",
    ]


def test_data_and_signals_of_one_event_are_heard_in_order() -> None:
    talk = Talk()
    heard: list[str] = []
    talk.server.listen(80, application=lambda _, what: heard.append(what))
    mine = talk.client.connect(talk.server, 80)
    talk.net.at("200ms", mine.send, b"last words")
    talk.net.at("200ms", mine.close)
    talk.net.run("1s")
    assert heard == ["connection open", "data", "connection closing"]
    heard.clear()
    other = talk.client.connect(talk.server, 80)
    talk.net.run(talk.net.now + SECOND)
    other.send(700)
    talk.net.run(talk.net.now + SECOND)
    assert heard[-2:] == ["data", "data"]


def test_an_application_may_abort_while_it_hears() -> None:
    talk = Talk()
    talk.server.listen(80, application=lambda end, what: end.abort() if what == "connection open" else None)
    mine = talk.client.connect(talk.server, 80)
    talk.net.run()
    assert mine.signals == ["connection open", "connection reset"]
    assert talk.server.connections[1].state is CLOSED


# ------------------------------------------------------------------ alarms


def test_timers_ring_at_their_time() -> None:
    talk = Talk()
    mine, theirs = talk.established()
    mine.close()
    talk.net.run("2s")
    theirs.close()
    talk.net.run("3s")
    assert (mine.state, theirs.state) == (TIME_WAIT, CLOSED)
    assert talk.net.run() == "idle"
    fired = talk.trace.of_kind(TimerFired)
    assert [(r.host, r.timer, r.time) for r in fired] == [("client", "time-wait", 2_050 * MS + 240 * SECOND)]
    assert mine.signals[-1] == "connection closed"


def test_an_earlier_alarm_takes_the_place_of_a_later_one() -> None:
    talk = Talk(keepalive=True, delayed_ack="200ms")
    mine, theirs = talk.established()
    theirs.send(b"x")
    talk.net.run("2s")
    acks = [r.time for r in talk.trace.of_kind(Sent, "client") if r.time > SECOND]
    assert acks == [SECOND + 50 * MS + 200 * MS]
    assert mine.endpoint.keepalive_at > SECOND
    talk.net.run("3h")
    keepalives = [(r.host, r.time) for r in talk.trace.of_kind(TimerFired) if r.timer == "keep-alive"]
    assert keepalives == [("client", 2 * HOUR + SECOND + 50 * MS)], "whose probe the server has heard"


def test_moves_timers_and_drops_are_noted() -> None:
    talk = Talk()
    talk.established()
    moved = talk.trace.of_kind(Moved, "client")
    assert [str(r.target) for r in moved] == ["SYN-SENT", "ESTABLISHED"]
    assert [r.timer for r in talk.trace.of_kind(TimerSet, "client")] == ["retransmission", "user timeout"]
    assert {r.timer for r in talk.trace.of_kind(TimerStopped, "client")} == {"retransmission", "user timeout"}
    assert talk.trace.of_kind(Discarded) == []


def test_a_half_close() -> None:
    talk = Talk()
    mine, theirs = talk.established()
    mine.close()
    talk.net.run("2s")
    assert (mine.state, theirs.state) == (FIN_WAIT_2, CLOSE_WAIT)
    theirs.send(b"still talking")
    talk.net.run("3s")
    assert mine.received == b"still talking"


def test_without_a_trace_everything_happens_all_the_same() -> None:
    def outcome(trace: bool) -> tuple[object, ...]:
        net = Network(seed=3, trace=trace)
        a, b = net.host("a", iss=1, keepalive=True), net.host("b", iss=2)
        net.link(a, b, delay="20ms", loss="20%", duplicate="10%", jitter="5ms")
        b.listen(80, application=lambda end, what: end.close() if what == "connection closing" else None)
        net.at("10s", lambda: b.connections[1].send(5000))
        mine = a.connect(b, 80)
        mine.send(bytes(range(256)) * 40)
        net.at("1min", mine.close)
        ended = net.run()
        theirs = b.connections[1]
        assert (ended, mine.delivered) == ("idle", 5000)
        return (net.now, mine.signals, theirs.signals, theirs.received, net._packet_number())

    assert outcome(True) == outcome(False)
