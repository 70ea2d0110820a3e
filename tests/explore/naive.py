"""A second explorer, to compare the first one with: slow, short and without anything clever.

Both ends share one clock. A state is a whole copy of the world, and is known by all that is in it: no tables, no
digests, nothing remembered between two steps. What happens in a step is told here a second time, from the rules in
`world.py` and `sides.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSED, LISTEN, SYN_RECEIVED
from tcpsim.tcp.segment import SYN, Segment
from tcpsim.tcp.tcb import key_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tcpsim.explore.programs import Call
    from tcpsim.explore.sides import Player
    from tcpsim.explore.world import Old
    from tcpsim.tcp.diagram import State
    from tcpsim.tcp.endpoint import Endpoint

_SOCKETS = {key_names().index(name) for name in ("local", "remote")}
_CFG = key_names().index("cfg")


@dataclass
class Packet:
    """A segment under way toward an end, of an incarnation of its sender."""

    segment: Segment
    toward: int
    incarnation: int

    def key(self) -> Any:
        """What it is."""
        return self.segment.wire(), self.incarnation


@dataclass
class Host:
    """One end."""

    endpoint: Endpoint
    place: int = 0
    seen: frozenset[State] = frozenset()
    incarnation: int = 0
    partner: int = 0
    sent: bytes = b""
    delivered: bytes = b""
    closed: bool = False
    listening: bool = False
    reading: bool = True
    ended: str = ""
    was: State = CLOSED

    def key(self, now: int, named: bool) -> Any:
        """All that it is, at this time; `named` false leaves out who it is."""
        known: Any = self.endpoint.key(now)
        left_out = {_CFG} if named else {_CFG, *_SOCKETS}
        variables = [None if index in left_out else each for index, each in enumerate(known[0])]
        ghosts = [getattr(self, name) for name in self.__dataclass_fields__ if name != "endpoint"]
        return tuple(variables), known[1:], tuple(ghosts)


@dataclass
class Naive:
    """A state of the world, which can tell what comes next, and the laws that hold in it."""

    players: tuple[Player, Player]
    in_order: bool
    quiet: bool
    hosts: list[Host]
    queues: tuple[list[Packet], list[Packet]] = field(default_factory=lambda: ([], []))
    late: list[Packet] = field(default_factory=list)
    now: int = 0

    @classmethod
    def beginning(cls, *players: Player, old: tuple[Old, ...] = (), in_order: bool = True, quiet: bool = True) -> Naive:
        """The world in which nothing has happened."""
        assert len(players) == 2
        state = cls((players[0], players[1]), in_order, quiet, [])
        state.hosts = [Host(state.made(0, 0)), Host(state.made(1, 0))]
        state.late = [Packet(each.segment, each.toward, 0) for each in old]
        return state

    def made(self, end: int, incarnation: int) -> Endpoint:
        """A new endpoint for an end."""
        player = self.players[end]
        config = player.config
        if config.iss is not None and incarnation > 1:
            config = replace(config, iss=(config.iss + (incarnation - 1) * player.iss_step) % 2**32)
        return player.endpoint(config, player.local, player.remote)

    def copy(self) -> Naive:
        """An independent copy."""
        hosts = [replace(host, endpoint=host.endpoint.fork()) for host in self.hosts]
        queues = (list(self.queues[0]), list(self.queues[1]))
        return replace(self, hosts=hosts, queues=queues, late=list(self.late))

    def key(self, named: bool = True, mirrored: bool = False) -> Any:
        """All that this state is; `mirrored` with the two ends exchanged."""
        order = (1, 0) if mirrored else (0, 1)
        return (
            tuple(self.hosts[end].key(self.now, named) for end in order),
            tuple(tuple(packet.key() for packet in self.queues[end]) for end in order),
            frozenset(Counter((order.index(packet.toward), packet.key()) for packet in self.late).items()),
        )

    @property
    def pair(self) -> tuple[str, str]:
        """The states of the two ends."""
        return self.hosts[0].endpoint.state.name, self.hosts[1].endpoint.state.name

    # ------------------------------------------------------------------ what comes next

    def steps(self, budget: int) -> Iterator[tuple[int, Naive]]:
        """Everything that can happen next, with its price."""
        for toward in (0, 1):
            if self.queues[toward]:
                yield from self._first(toward, budget)
        yield from self._of_late(budget)
        yield from self._of_timers(budget)
        for end in (0, 1):
            yield from self._of_user(end, budget)

    def _first(self, toward: int, budget: int) -> Iterator[tuple[int, Naive]]:
        lost = self.copy()
        packet = lost.queues[toward].pop(0)
        arrived = lost.copy()
        arrived.arrives(packet)
        yield 0, arrived
        if budget:
            copied, delayed = self.copy(), lost.copy()
            copied.late.append(packet)
            delayed.late.append(packet)
            yield from ((1, lost), (1, copied), (1, delayed))

    def _of_late(self, budget: int) -> Iterator[tuple[int, Naive]]:
        kinds = {(packet.toward, packet.key()): index for index, packet in enumerate(self.late)}
        for index in kinds.values():
            lost = self.copy()
            packet = lost.late.pop(index)
            arrived = lost.copy()
            arrived.arrives(packet)
            yield 0, arrived
            if self.in_order:
                yield 0, lost
            elif budget:
                copied = self.copy()
                copied.late.append(packet)
                yield from ((1, lost), (1, copied))

    def _of_timers(self, budget: int) -> Iterator[tuple[int, Naive]]:
        due = [host.endpoint.next_timeout() for host in self.hosts]
        for end, at in enumerate(due):
            if at is None or at != min(each for each in due if each is not None):
                continue
            under_way = any(self.queues) or (bool(self.late) and not self.in_order)
            last = self.hosts[end].endpoint.time_wait_at == at
            price = int((under_way and self.quiet) or (last and (under_way or bool(self.late))))
            if price <= budget:
                after = self.copy()
                after.now = at
                after._happened(end, after.hosts[end].endpoint.timeout(at))
                yield price, after

    def _of_user(self, end: int, budget: int) -> Iterator[tuple[int, Naive]]:
        program, place = self.players[end].program, self.hosts[end].place
        for call, goal in program[place] if place < len(program) else ():
            if call.price <= budget and self._has_been(call):
                after = self.copy()
                after.hosts[end].place = goal
                try:
                    actions = after._called(end, call)
                except TcpError:
                    actions = []
                after._happened(end, actions)
                yield call.price, after

    def _has_been(self, call: Call) -> bool:
        """Whether what a call waits for has been so."""
        if call.after is None:
            return True
        end, *states = call.after
        return any(state in self.hosts[end].seen for state in states)

    # ------------------------------------------------------------------ what happens then

    def arrives(self, packet: Packet) -> None:
        """A segment arrives, which is no longer under way."""
        host = self.hosts[packet.toward]
        if host.listening and host.endpoint.admits_new_incarnation(packet.segment):
            self._new_connection(packet.toward)
            host.endpoint.open(self.now, active=False)
        knew, before = host.endpoint.state.both_syns, host.endpoint.state
        actions = host.endpoint.segment_arrives(self.now, packet.segment)
        returned = before is SYN_RECEIVED and host.endpoint.state is LISTEN
        if not knew and host.endpoint.state.both_syns and packet.segment.ctl & SYN:
            host.partner = packet.incarnation
        self._happened(packet.toward, actions)
        if returned:  # what comes next is another connection
            end = host.endpoint
            self._new_connection(packet.toward)
            fresh, host.endpoint = host.endpoint, end
            end.configure(self.now, fresh.cfg)

    def _new_connection(self, end: int) -> None:
        host = self.hosts[end]
        host.incarnation += 1
        host.endpoint = self.made(end, host.incarnation)
        host.partner, host.sent, host.delivered, host.closed, host.ended = 0, b"", b"", False, ""

    def _called(self, end: int, call: Call) -> list[Any]:
        host, now = self.hosts[end], self.now
        match call.name:
            case "connect" | "open" | "listen":
                active = call.name == "connect"
                if host.endpoint.state is CLOSED:
                    self._new_connection(end)
                elif not (active and host.endpoint.state is LISTEN):
                    return host.endpoint.open(now, active=active)
                host.listening, host.reading = call.name == "listen", call.reading
                host.sent += call.data
                before = host.endpoint.read(now, True) if host.reading else []
                return before + host.endpoint.open(now, active=active, data=call.data)
            case "send":
                actions = host.endpoint.send(now, call.data)
                host.sent += call.data
                return actions
            case "close" | "abort":
                host.closed = True
                if host.endpoint.state in (LISTEN, CLOSED):  # of an accepted connection: the listener goes on
                    host.listening = False
                return host.endpoint.close(now) if call.name == "close" else host.endpoint.abort(now)
            case "crash":
                host.endpoint, host.listening, host.partner = self.made(end, host.incarnation), False, 0
                host.was = LISTEN  # whatever it was, it has come to be CLOSED
                return []
            case _:
                raise AssertionError(call.name)

    def _happened(self, end: int, actions: list[Any]) -> None:
        host = self.hosts[end]
        for action in actions:
            if isinstance(action, Segment):
                packet = Packet(action, 1 - end, host.incarnation)
                (self.queues[1 - end] if self.in_order else self.late).append(packet)
            elif type(action).__name__ == "Deliver":
                host.delivered += action.text
            elif type(action).__name__ == "Signal" and _final(action.what):
                host.ended = action.what
        if host.endpoint.state is CLOSED and not host.endpoint.fresh and not host.endpoint.rcv_user:
            self._mark(end)
            if host.listening:
                self._new_connection(end)
                host.endpoint.read(self.now, host.reading)
                host.endpoint.open(self.now, active=False)
            else:
                host.endpoint = self.made(end, host.incarnation)
        self._mark(end)

    def _mark(self, end: int) -> None:
        waits = [call.after for player in self.players for place in player.program for call, _ in place if call.after]
        host, state = self.hosts[end], self.hosts[end].endpoint.state
        if state is not host.was and any(end == whose and state in states for whose, *states in waits):
            host.seen |= {state}
        host.was = state


def _final(what: str) -> bool:
    """Whether this is a word about the end of a connection."""
    return what not in ("connection open", "connection closing") and what.startswith(("connection", "destination"))


@dataclass
class Found:
    """What an exploration has found."""

    states: int
    transitions: int
    pairs: set[tuple[str, str]]
    orbits: int = 0


def explored(beginning: Naive, faults: int) -> Found:
    """Find all states within so many faults; `orbits` counts those apart that don't mirror each other."""
    known: set[Any] = set()
    orbits: set[frozenset[Any]] = set()
    found = Found(0, 0, set())
    layers: list[list[Naive]] = [[beginning], *([] for _ in range(faults))]
    for spent, layer in enumerate(layers):
        while layer:
            state = layer.pop()
            key = state.key()
            if key in known:
                continue
            known.add(key)
            orbits.add(frozenset((state.key(named=False), state.key(named=False, mirrored=True))))
            found.pairs.add(state.pair)
            for price, after in state.steps(faults - spent):
                found.transitions += 1
                layers[spent + price].append(after)
    found.states, found.orbits = len(known), len(orbits)
    return found
