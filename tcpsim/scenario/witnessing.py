"""Properties asked along a run: those that the file names under `explore`.

Rule 1. What a property sees is what it sees in an exploration: one event at one end, or both ends and what is under way
        between them. It is asked of events as they happen, of both ends at the beginning and after each event, and of
        what is to come about in the end when the run has ended.
Rule 2. An end of a host is its latest connection between two sockets; where that is over, a listener that waits for the
        next, or nobody. What happens to an older connection that a new one has replaced is not asked about.
Rule 3. Only a file that names properties pays for any of this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ..net.observed import Happening, observe
from ..properties import End, Event, Flying, Kind, Step, World
from ..tcp.actions import Deliver, Signal
from ..tcp.diagram import CLOSED, LISTEN
from ..tcp.segment import SYN, Segment
from ..tcp.text import join
from ..tcp.units import format_duration
from ..trace import Arrived, Corrupted, Datagram, Duplicated, Lost, SegmentRecord, Sent
from .expectations import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..net import Connection, Host, Network
    from ..tcp.config import Config
    from ..tcp.endpoint import Endpoint
    from ..tcp.iss import Socket
    from ..tcp.units import Time
    from ..trace import Trace
    from .plans import Asked

_WORDS_AT_THE_END: Final = frozenset({
    "connection closed", "connection reset", "connection refused", "connection timed out", "destination unreachable",
    "connection aborted due to user timeout",
})  # fmt: skip
_SAME_CALL: Final = {"open(active)": "connect()", "open(passive)": "open()"}
_WITHOUT_LIMIT: Final = frozenset({"event limit", "record limit"})

Pair = tuple["Socket | None", "Socket | None"]
"""The sockets of the first and the second host; None for one that nobody has named yet."""


@dataclass(slots=True)
class _Ghost:
    """What no TCP knows of a connection: see `End`."""

    partner: int = 0
    sent: bytes = b""
    delivered: bytes = b""
    closed: bool = False
    ended: str = ""


class _Broken(NamedTuple):
    """The first time that a property was broken."""

    time: Time
    serial: int
    wrong: str


class Witness:
    """Asks properties along a run: `look` after each event of the network, `outcomes` when it is over."""

    def __init__(
        self, network: Network, asked: Sequence[Asked], finished: Callable[[str], bool], meant: dict[str, Config]
    ) -> None:
        """Watch the two hosts of a network that has not begun.

        `finished` tells whether the user of a host has made all calls, `meant` the knobs of hosts that are mutants.
        """
        assert network.trace is not None
        self.network = network
        self.trace: Trace = network.trace
        self.asked = asked
        one, other = network.hosts.values()
        self.hosts: tuple[Host, Host] = (one, other)
        self._finished = finished
        self._meant = meant
        self._steps = [each for each in asked if each.subject.kind is Kind.STEP]
        self._worlds = [each for each in asked if each.subject.kind is Kind.INVARIANT]
        self._ahead = [each for each in asked if each.subject.kind is Kind.LEADS_TO]
        self._awaited: dict[tuple[str, Pair], tuple[Time, int]] = {}  # what is yet to come about, and since when
        self._ghosts: dict[tuple[str, int], _Ghost] = {}
        self._broken: dict[str, _Broken] = {}
        self._listening: set[tuple[str, int]] = set()  # hosts and ports at which `listen` was called
        self._incarnations: dict[int, int] = {}  # by packet: the connection that sent it, or 0
        self._under_way: dict[int, tuple[SegmentRecord, int]] = {}  # by packet: it, and how many of it
        self._strangers: list[tuple[Happening, int]] = []
        self._read = 0  # records that were read
        self._serial = 0  # of the latest event
        self._touched: dict[Pair, None] = {(None, None): None}
        self._pairs: dict[Pair, None] = {}
        for host in self.hosts:
            observe(host, self._see)

    # ------------------------------------------------------------------ events

    def _see(self, happening: Happening) -> None:
        """Ask of an event at one end."""
        connection = happening.connection
        serial = len(self.trace) - 1  # the record of the arrival or the call
        if connection is None:
            self._strangers.append((happening, serial))
            return
        ghost = self._ghosts.setdefault((happening.host.name, connection.number), _Ghost())
        before = replace(ghost)
        event = self._event(happening)
        _haunt(ghost, happening, event)
        if self._is_replaced(connection):
            return
        self._serial = max(serial, 0)
        self._touched[self._pair(connection)] = None
        self._note_listening(happening, connection)
        if event.call or event.kind != "call":
            was, now = happening.before, happening.after
            assert was is not None
            assert now is not None
            number = connection.number
            step = Step(
                self._replaced(happening) or self._end(happening.host, was, number, before),
                event,
                self._end(happening.host, now, number, ghost),
                happening.actions,
            )
            self._ask(step, self._serial)

    def _replaced(self, happening: Happening) -> End | None:
        """Return the end in TIME-WAIT whose place a new connection has just taken, for its SYN; None for any other."""
        assert happening.connection is not None
        assert happening.before is not None
        old = happening.connection.parked
        if old is None or happening.before.state is not LISTEN or happening.connection.endpoint.state is LISTEN:
            return None
        return self._end(happening.host, old.endpoint, old.number)

    def _event(self, happening: Happening) -> Event:
        segment = happening.segment
        incarnation = self._incarnations.get(happening.packet, 0)
        return Event(happening.kind, segment, incarnation, _as_explored(happening.call), happening.error)

    def _note_listening(self, happening: Happening, connection: Connection) -> None:
        if happening.call.startswith("listen(") and connection.local is not None:
            self._listening.add((happening.host.name, connection.local[1]))
        elif happening.kind == "crash":
            self._listening = {each for each in self._listening if each[0] != happening.host.name}

    def _is_replaced(self, connection: Connection) -> bool:
        """Return whether a later connection of the host is between the same sockets."""
        latest = _latest(connection.host, connection.flow) if connection.flow[3] else None
        return latest is not None and latest is not connection and latest.number > connection.number

    def _ask(self, step: Step, serial: int) -> None:
        for each in self._steps:
            assert each.subject.step is not None
            answer = each.subject.step(step)
            if isinstance(answer, str):
                self._note(each, step.now, serial, answer)

    def _note(self, each: Asked, now: Time, serial: int, wrong: str) -> None:
        self._broken.setdefault(each.subject.name, _Broken(now, serial, wrong))

    # ------------------------------------------------------------------ both ends

    def look(self) -> None:
        """Ask of both ends, if anything has happened to them since the last time."""
        self._follow_packets()
        for happening, serial in self._strangers:
            self._ask_stranger(happening, serial)
        self._strangers.clear()
        if not self._touched:
            return
        for pair in self._touched:
            self._pairs[pair] = None
            world = self._world(pair)
            for each in self._worlds:
                assert each.subject.world is not None
                answer = each.subject.world(world)
                if isinstance(answer, str):
                    self._note(each, self.network.now, self._serial, answer)
            self._await(pair, world)
        self._touched.clear()

    def _await(self, pair: Pair, world: World) -> None:
        """Note what is to come about from here on, and what has come about."""
        for each in self._ahead:
            subject = each.subject
            assert subject.world is not None
            assert subject.goal is not None
            if subject.goal(world):
                self._awaited.pop((subject.name, pair), None)
            elif subject.world(world) is True:
                self._awaited.setdefault((subject.name, pair), (self.network.now, self._serial))

    def _follow_packets(self) -> None:
        """Learn from the trace which packets are under way, and who has sent them."""
        records = self.trace.records
        for record in records[self._read :]:
            if not isinstance(record, SegmentRecord) or isinstance(record.segment, Datagram):
                continue
            packet = record.packet
            if isinstance(record, Sent):
                self._incarnations[packet] = self._sender(record)
                self._under_way[packet] = (record, 1)
            elif isinstance(record, Duplicated) and packet in self._under_way:
                known, count = self._under_way[packet]
                self._under_way[packet] = (known, count + 1)
            elif isinstance(record, (Arrived, Lost, Corrupted)) and packet in self._under_way:
                known, count = self._under_way.pop(packet)
                if count > 1:
                    self._under_way[packet] = (known, count - 1)
        self._read = len(records)

    def _sender(self, record: Sent) -> int:
        """Return the incarnation that a segment belongs to; 0 for an injected one, which nobody gives a reason for."""
        if record.connection is not None or record.why is None:
            return record.connection or 0
        latest = _latest(self.network.hosts[record.host], record.flow)
        return 0 if latest is None else latest.number

    def _ask_stranger(self, happening: Happening, serial: int) -> None:
        """Ask of a packet that came for nobody, whom the host has answered as a connection that is CLOSED would."""
        arrived = self.trace.records[serial]
        if not isinstance(arrived, Arrived):
            return
        own, peer = arrived.flow[2:], arrived.flow[:2]
        answers = [
            record.segment
            for record in self.trace.records[serial + 1 :]
            if isinstance(record, Sent) and record.host == happening.host.name and record.connection is None
        ][:1]
        end = self._closed(happening.host, own, peer)
        self._ask(Step(end, self._event(happening), end, tuple(answers)), serial)

    def _pair(self, connection: Connection) -> Pair:
        """Return the sockets between which a connection is, as far as they are known."""
        host = connection.host
        own, flow = connection.local, connection.flow
        peer: Socket | None = (flow[2], flow[3]) if flow[3] else None
        if peer is None and own is not None:
            there = self.hosts[host is self.hosts[0]].connections.values()
            peer = next((each.local for each in reversed(there) if each.flow[2:] == own), None)
        return (own, peer) if host is self.hosts[0] else (peer, own)

    def _world(self, pair: Pair) -> World:
        one, other = pair
        ends = (self._at(self.hosts[0], one, other), self._at(self.hosts[1], other, one))
        flying = []
        for packet, (sent, count) in self._under_way.items():
            source, target = sent.flow[:2], sent.flow[2:]
            if (source, target) in ((one, other), (other, one)):
                toward = int(target == other)
                flying += [Flying(_segment(sent), toward, self._incarnations[packet])] * count
        return World(ends, tuple(flying))

    # ------------------------------------------------------------------ ends

    def _at(self, host: Host, own: Socket | None, peer: Socket | None) -> End:
        """Return the end of a host between two sockets."""
        if own is None:
            return self._closed(host, own, peer)
        connection = None if peer is None else _latest(host, (*own, *peer))
        if connection is not None and not _is_over(connection.endpoint):
            return self._end(host, connection.endpoint, connection.number)
        listener = host.listeners.get(own[1])
        if listener is None:
            return self._closed(host, own, peer)
        if listener.spare is not None:
            return self._end(host, listener.spare.endpoint, listener.spare.number)
        over = connection is not None and self._ghost(host, connection.number).closed
        if over or (host.name, own[1]) not in self._listening:
            return self._closed(host, own, peer)
        waiting = host.endpoint(listener.config, own, observed=True)
        waiting.open(self.network.now, active=False)
        return self._end(host, waiting, len(host.connections) + 1)

    def _closed(self, host: Host, own: Socket | None, peer: Socket | None) -> End:
        """Return an end without a TCB: what was sent and delivered in the connection before is still known."""
        latest = None if own is None or peer is None else _latest(host, (*own, *peer))
        config = host.config if latest is None else latest.endpoint.cfg
        endpoint = host.endpoint(config, own, peer, observed=True)
        return self._end(host, endpoint, 0 if latest is None else latest.number)

    def _end(self, host: Host, endpoint: Endpoint, number: int, ghost: _Ghost | None = None) -> End:
        known = self._ghost(host, number) if ghost is None else ghost
        return End(
            host.name, endpoint, self.network.now, number, known.partner, known.sent, known.delivered,
            self._finished(host.name), known.closed, known.ended, self._knobs(host, endpoint),
        )  # fmt: skip

    def _ghost(self, host: Host, number: int) -> _Ghost:
        return self._ghosts.get((host.name, number)) or _Ghost()

    def _knobs(self, host: Host, endpoint: Endpoint) -> Config | None:
        """Return the knobs that an end would have if its host were no mutant."""
        if host.mutant is None or not host.mutant.knobs:
            return None
        right = self._meant[host.name]
        return replace(endpoint.cfg, **{name: getattr(right, name) for name in host.mutant.knobs})

    # ------------------------------------------------------------------ what came of it

    def outcomes(self, ended: str) -> list[Outcome]:
        """Return how each property came out in a run that has ended in this way."""
        self.look()
        return [self._outcome(each, ended) for each in self.asked]

    def _outcome(self, each: Asked, ended: str) -> Outcome:
        broken = self._broken.get(each.subject.name)
        last = len(self.trace) - 1
        if each.subject.kind is Kind.SETTLES and ended in _WITHOUT_LIMIT:
            broken = _Broken(self.network.now, last, f"segments went on until the {ended} was reached")
        elif each.subject.kind is Kind.LEADS_TO:
            broken = self._not_reached(each, last)
        if broken is None:
            return Outcome(True, each.place, each.words)
        actual = f"it was violated at {format_duration(broken.time)}: {broken.wrong}"
        return Outcome(False, each.place, each.words, actual, broken.serial)

    def _not_reached(self, each: Asked, last: int) -> _Broken | None:
        """Return what is wrong if the run has ended before what was to come about."""
        subject = each.subject
        assert subject.world is not None
        assert subject.goal is not None
        for pair in [pair for pair in self._pairs if all(pair)] or self._pairs:
            world = self._world(pair)
            ends = " and ".join(f"{end.name} was {end.state}" for end in world.ends)
            if subject.goal(world):
                continue
            if subject.world(world) is True:
                return _Broken(self.network.now, last, f"the run had ended, and {ends}")
            if (subject.name, pair) in self._awaited:
                since, serial = self._awaited[subject.name, pair]
                return _Broken(since, serial, f"it never came about from here on; when the run had ended, {ends}")
        return None


def _haunt(ghost: _Ghost, happening: Happening, event: Event) -> None:
    """Bring what no TCP knows of a connection up to date with an event."""
    connection, was = happening.connection, happening.before
    assert connection is not None
    assert was is not None
    end, segment = connection.endpoint, happening.segment
    if happening.kind == "crash":
        ghost.partner = 0
    elif segment is not None and segment.ctl & SYN and not was.state.both_syns and end.state.both_syns:
        ghost.partner = event.incarnation
    if happening.call and not happening.error:
        ghost.sent += bytes(happening.given)
        if event.call == "connect()" and was.state is CLOSED:
            ghost.sent += join(list(end.snd_text)) or b""
        ghost.closed = ghost.closed or event.call in ("close()", "abort()")
    for action in happening.actions:
        if isinstance(action, Deliver):
            ghost.delivered += action.text or bytes(action.length)
        elif isinstance(action, Signal) and action.what in _WORDS_AT_THE_END:
            ghost.ended = action.what


def _as_explored(call: str) -> str:
    """Return a call as an exploration names it: without a port, a peer, or how a SEND is pushed."""
    name, _, arguments = call.partition("(")
    if name in ("listen", "connect", "read"):
        return f"{name}()"
    if name == "send":
        return f"send({arguments.rstrip(')').partition(',')[0]})"
    return _SAME_CALL.get(call, call)


def _latest(host: Host, flow: tuple[str, int, str, int]) -> Connection | None:
    """Return the latest connection of a host whose packets have this flow."""
    return next((each for each in reversed(host.connections.values()) if each.flow == flow), None)


def _is_over(endpoint: Endpoint) -> bool:
    """Return whether nothing is left of a connection, not even what its user has yet to read."""
    return endpoint.state is CLOSED and not endpoint.rcv_user


def _segment(sent: SegmentRecord) -> Segment:
    assert isinstance(sent.segment, Segment)
    return sent.segment
