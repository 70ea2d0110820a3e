"""The workloads, through the public interface of `tcpsim.net` alone.

W1   sequential connections: a request of 100 octets, a response of 100, 10 ms one way; the client
     closes first and stays in TIME-WAIT; the next one begins when the server's end is gone.
W2   one transfer of 100 MB, MSS 1460, 1 Gbit/s, 10 ms one way, window 4 MB, initial window 10.
W2L  the same with 1 % random loss each way and SACK.
W3   1,000 connections at once, 100 kB each, 10 ms one way, with 1 % loss or without.

Each checks that everything was delivered and that the number of segments is what it must be: a
simulator that drops work is fast. A segment is one put on a link by a host, pure ACKs included.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from tcpsim.net import Connection, Network
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import State
from tcpsim.tcp.units import SECOND

MSS: Final = 1460
ONE_WAY: Final = "10ms"
MESSAGE: Final = 100
"""Octets of a request, and of a response, of W1."""
SEGMENTS_PER_EXCHANGE: Final = 9
"""SYN, SYN,ACK, ACK; request, response; FIN,ACK; ACK; FIN,ACK; ACK."""
PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one workload.

    Attributes:
        segments: put on links by hosts.
        seconds: user and system CPU seconds of the simulation phase.
        virtual: nanoseconds of virtual time that passed until the last octet was delivered.
        records: how many records the trace has; 0 without a trace.
    """

    segments: int
    seconds: float
    virtual: int
    records: int

    @property
    def rate(self) -> float:
        """Segments per CPU second."""
        return self.segments / self.seconds


def _run(network: Network, delivered_at: list[int]) -> Measured:
    began = time.process_time()
    reason = network.run(max_events=1 << 40)
    seconds = time.process_time() - began
    if reason != "idle":
        raise AssertionError(f"the run ended by {reason!r}")
    # The network numbers packets as hosts send them: the next number is one more than were sent.
    segments = next(iter(network.hosts.values())).packet_number() - 1
    records = 0 if network.trace is None else len(network.trace)
    return Measured(segments, seconds, delivered_at[-1], records)


def w1(connections: int, *, trace: bool) -> Measured:
    """Run W1 with so many connections one after the other."""
    network = Network(trace=trace)
    client = network.host("client", mss=MSS)
    server = network.host("server", mss=MSS)
    network.link(client, server, delay=ONE_WAY)
    done: list[int] = []

    def asks(connection: Connection, what: str) -> None:
        if what == "connection open":
            connection.send(MESSAGE)
        elif what == "data" and connection.delivered == MESSAGE:
            connection.close()

    def answers(connection: Connection, what: str) -> None:
        if what == "data" and connection.delivered == MESSAGE:
            connection.send(MESSAGE)
        elif what == "connection closing":
            connection.close()
        elif what == "connection closed":
            done.append(network.now)
            if len(done) < connections:
                client.connect(server, PORT, application=asks)

    server.listen(PORT, application=answers)
    network.at(0, lambda: client.connect(server, PORT, application=asks))
    measured = _run(network, done)
    if len(done) != connections or measured.segments != SEGMENTS_PER_EXCHANGE * connections:
        raise AssertionError(f"W1: {len(done)} connections, {measured.segments} segments")
    if any(each.state is not State.CLOSED for each in client.connections.values()):
        raise AssertionError("W1: a connection was left open")
    return measured


def w2(octets: int, *, trace: bool) -> Measured:
    """Run W2 with a transfer of so many octets."""
    network = Network(trace=trace)
    config = profile("rfc9293", mss=MSS, rcv_buff=4_000_000, window_scale=7, initial_window=10)
    client = network.host("client", profile=config)
    server = network.host("server", profile=config)
    network.link(client, server, delay=ONE_WAY, rate="1Gbit/s")
    measured = _transfers(network, 1, octets)
    data = -(-octets // MSS)
    # An ACK for every second segment, or more often while the window opens; ten that open and close.
    if not data + data // 2 <= measured.segments <= data + data // 2 + data // 20 + 10:
        raise AssertionError(f"W2: {measured.segments} segments for {data} of data")
    return measured


def w2l(octets: int, *, trace: bool) -> Measured:
    """Run W2L with a transfer of so many octets."""
    network = Network(seed=2, trace=trace)
    config = profile("rfc9293", mss=MSS, rcv_buff=4_000_000, window_scale=7, initial_window=10, sack=True)
    client = network.host("client", profile=config)
    server = network.host("server", profile=config)
    network.link(client, server, delay=ONE_WAY, rate="1Gbit/s", loss="1%")
    measured = _transfers(network, 1, octets)
    data = -(-octets // MSS)
    # One in a hundred is sent again, or two if in vain; while a hole is open each segment is acknowledged.
    if not data * 1.5 <= measured.segments <= data * 1.7 + 20:
        raise AssertionError(f"W2L: {measured.segments} segments for {data} of data")
    return measured


def w3(connections: int, octets: int, *, trace: bool, loss: str = "0%") -> Measured:
    """Run W3 with so many connections at once, each carrying so many octets."""
    network = Network(seed=3, trace=trace)
    client = network.host("client", mss=MSS, initial_window=10)
    server = network.host("server", mss=MSS, initial_window=10)
    network.link(client, server, delay=ONE_WAY, loss=loss)
    measured = _transfers(network, connections, octets)
    data = connections * -(-octets // MSS)
    if not data * 1.5 <= measured.segments <= data * 2:
        raise AssertionError(f"W3: {measured.segments} segments for {data} of data")
    return measured


def _transfers(network: Network, connections: int, octets: int) -> Measured:
    """Let the client send `octets` on so many connections at once, close each, and check them."""
    client, server = network.hosts.values()
    delivered_at: list[int] = []

    def sends(connection: Connection, what: str) -> None:
        if what == "connection open":
            connection.send(octets)
            connection.close()

    def takes(connection: Connection, what: str) -> None:
        if what == "connection closing":
            delivered_at.append(network.now)
            connection.close()

    def begin() -> None:
        for _ in range(connections):
            client.connect(server, PORT, application=sends)

    listener = server.listen(PORT, application=takes)
    network.at(0, begin)
    measured = _run(network, delivered_at)
    ends = [*listener.accepted, *client.connections.values()]
    if len(ends) != 2 * connections or any(end.state is not State.CLOSED for end in ends):
        raise AssertionError("a connection was left open")
    if any(end.delivered != octets for end in listener.accepted):
        raise AssertionError("an octet was not delivered")
    return measured


def virtual_seconds(measured: Measured) -> float:
    """Return the virtual seconds that the work itself took."""
    return measured.virtual / SECOND
