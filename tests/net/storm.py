"""Storms: a connection between two hosts, what its applications do, and all that befalls its packets.

A storm is data, so that a test, a campaign and a bug report can state the same one. Giving up is
made so late that no storm short of a dead link can be the reason for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tcpsim.net import Network
from tcpsim.net.faults import CorruptIt, Delay, Drop, DuplicateIt, Fault, Selector, Swap
from tcpsim.tcp.diagram import CLOSED
from tcpsim.tcp.units import MS, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.net import Connection, Host

NEVER_GIVE_UP: Final[dict[str, Any]] = {"r2": "8000h", "r2_syn": "8000h", "user_timeout": "off"}
MAX_EVENTS: Final = 150_000
FAULTS: Final[dict[str, Callable[[Selector], Fault]]] = {
    "drop": Drop,
    "delay": lambda selector: Delay(selector, "1500ms"),
    "copy": lambda selector: DuplicateIt(selector, 2, "700ms"),
    "corrupt": CorruptIt,
    "swap": Swap,
}


@dataclass(frozen=True)
class Side:
    """One host and its application.

    `writes` are (wait before it in ns, octets, push); `closes` says when: after its "writes", or when
    the "peer" has closed. `reads` is None for an application that takes all as it comes, else
    (octets, every so many ns).
    """

    iss: int | None = None
    profile: str = "rfc9293"
    knobs: tuple[tuple[str, Any], ...] = ()
    writes: tuple[tuple[int, int, bool], ...] = ()
    closes: str = "writes"
    reads: tuple[int, int] | None = None


@dataclass(frozen=True)
class Storm:
    """Everything that a run depends on.

    `toward_...` are the impairments of each direction; `faults` are (host it leads to, kind, word, nth).
    """

    seed: int = 0
    client: Side = field(default_factory=Side)
    server: Side = field(default_factory=Side)
    toward_client: tuple[tuple[str, Any], ...] = ()
    toward_server: tuple[tuple[str, Any], ...] = ()
    faults: tuple[tuple[str, str, str, int], ...] = ()


def octets(size: int, salt: int) -> bytes:
    """A stream of `size` octets in which a lost, doubled or displaced piece shows."""
    return bytes([(at * 131 + (at >> 8) * 17 + salt) & 0xFF for at in range(size)])


class Application:
    """What one side does: writes, reads in its own time, closes; and what it has seen."""

    def __init__(self, net: Network, side: Side, salt: int) -> None:
        self.net = net
        self.side = side
        self.stream = octets(sum(size for _, size, _ in side.writes), salt)
        self.connection: Connection | None = None
        self.written = 0
        self.next_write = 0
        self.peer_closed = False
        self.closed = False

    def hear(self, connection: Connection, what: str) -> None:
        if self.connection is None and what == "connection open":
            self.connection = connection
            self.plan_write()
        if what == "data readable" and self.side.reads is not None:
            self.net.at(self.net.now + self.side.reads[1], self.read, connection)
        if what == "connection closing" and connection is self.connection:
            self.peer_closed = True
            if connection.endpoint.rcv_user:
                connection.receive()  # what is unread when the connection is CLOSED is gone
            self.maybe_close()

    def plan_write(self) -> None:
        if self.next_write == len(self.side.writes):
            self.maybe_close()
            return
        self.net.at(self.net.now + self.side.writes[self.next_write][0], self.write)

    def write(self) -> None:
        assert self.connection is not None
        _, size, push = self.side.writes[self.next_write]
        self.next_write += 1
        self.connection.send(self.stream[self.written : self.written + size], push=push)
        self.written += size
        self.plan_write()

    def maybe_close(self) -> None:
        done = self.next_write == len(self.side.writes)
        if done and not self.closed and (self.side.closes == "writes" or self.peer_closed):
            assert self.connection is not None
            self.closed = True
            self.connection.close()

    def read(self, connection: Connection) -> None:
        assert self.side.reads is not None
        if connection.endpoint.rcv_user and connection.state is not CLOSED:
            connection.receive(self.side.reads[0])
            if connection.endpoint.rcv_user:
                self.net.at(self.net.now + self.side.reads[1], self.read, connection)


@dataclass
class Outcome:
    """What became of a storm."""

    net: Network
    ended: str
    client: Application
    server: Application

    @property
    def trouble(self) -> str:
        """What is wrong with it, or ""."""
        if self.ended != "idle":
            return f"the run did not come to rest: {self.ended} at {self.net.now}"
        for name, me, peer in (("client", self.client, self.server), ("server", self.server, self.client)):
            if me.connection is None:
                return f"{name}: never opened"
            if me.connection.received != peer.stream:
                return f"{name}: received {me.connection.delivered} octets of {len(peer.stream)}, or others"
            if str(me.connection.state) != "CLOSED":
                return f"{name}: ends in {me.connection.state}"
            if me.connection.endpoint.next_timeout() is not None:
                return f"{name}: a timer runs in CLOSED"
        return ""


def run(storm: Storm, *, trace: bool = True) -> Outcome:
    """Let a storm happen."""
    net = Network(seed=storm.seed, trace=trace)
    hosts: dict[str, Host] = {}
    applications: dict[str, Application] = {}
    for salt, (name, side) in enumerate((("client", storm.client), ("server", storm.server))):
        knobs = {**NEVER_GIVE_UP, "iss": side.iss if side.iss is not None else "off", **dict(side.knobs)}
        hosts[name] = net.host(name, profile=side.profile, **knobs)
        applications[name] = Application(net, side, salt)
    client, server = hosts["client"], hosts["server"]
    link = net.link(client, server)
    from tcpsim.net import impair

    for target, impairments in ((client, storm.toward_client), (server, storm.toward_server)):
        impair(link.toward(target), **dict(impairments))
        for towards, kind, word, nth in storm.faults:
            if towards == target.name:
                link.toward(target).rules.append(FAULTS[kind](Selector(word, nth=nth)))
    there, here = applications["server"], applications["client"]
    server.listen(80, reading=storm.server.reads is None, application=there.hear)
    client.connect(server, 80, reading=storm.client.reads is None, application=here.hear)
    ended = net.run(max_events=MAX_EVENTS)
    return Outcome(net, ended, here, there)


HALF_SECOND: Final = SECOND // 2
TICK: Final = MS
