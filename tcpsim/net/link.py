"""A link: two directions, each with its own delay, rate, queue and rules.

Rule 1. The directions are independent; each owns a generator seeded from the network's seed, the
        link's name and the direction. Nothing else on the network floor is random.
Rule 2. A packet is judged once, when it is put on the link. First the rules (see `rule`), then the
        queue: with a rate, packets leave one after the other, and a full queue drops the newcomer.
Rule 3. A dropped packet is in the trace, with who dropped it and when it would have arrived.
"""

from __future__ import annotations

import random
from collections import deque
from heapq import heappush
from typing import TYPE_CHECKING

from ..tcp.units import NEVER, SECOND
from ..trace import Datagram, Duplicated, Held, Lost
from .arguments import one_of_ours
from .packet import HEADER_OCTETS, Packet
from .rule import CORRUPT, DELAY, DROP, DUPLICATE, HOLD, LONGEST_HOLD

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.units import Time
    from ..trace import Trace
    from .agenda import Agenda, Lane
    from .host import Host
    from .rule import LinkRule, Verdict


class _Waiting:
    """A packet that is held back until another has overtaken it, at the latest until `latest`."""

    __slots__ = ("by", "latest", "packet", "released", "verdicts")

    def __init__(self, packet: Packet, by: str, verdicts: list[Verdict], latest: Time) -> None:
        self.packet = packet
        self.by = by
        self.verdicts = verdicts
        self.latest = latest
        self.released = False


class Direction:
    """One direction of a link, from one host to another.

    Attributes:
        source, target: the hosts.
        delay: how long a packet travels (nanoseconds), after it has left the queue.
        rate: bits per second, or None for no limit.
        limit: how many packets the queue holds beside the one being sent, or None for no limit.
        rules: what may befall a packet, asked in order.
        chance: this direction's own generator.
    """

    __slots__ = (
        "_agenda", "_arrive", "_busy_until", "_departures", "_held", "_lane", "_trace", "chance", "delay", "limit",
        "rate", "rules", "source", "target",
    )  # fmt: skip

    def __init__(self, agenda: Agenda, trace: Trace | None, source: Host, target: Host, seed: str) -> None:
        self._agenda = agenda
        self._trace = trace
        self.source = source
        self.target = target
        self.delay: Time = 0
        self.rate: int | None = None
        self.limit: int | None = None
        self.rules: list[LinkRule] = []
        self.chance = random.Random(seed)
        self._busy_until: Time = 0
        self._departures: deque[Time] = deque()
        self._held: list[_Waiting] = []
        self._lane: Lane = deque()  # the packets under way, as far as none overtakes another
        self._arrive = target.arrive

    def transmit(self, now: Time, packet: Packet) -> None:
        """Put a packet on the link at `now`."""
        if self.rules and self._judged(now, packet):
            return
        rate = self.rate
        if rate is None:
            arrival = now + self.delay
        elif self.limit is None:
            start = self._busy_until
            if start < now:
                start = now
            segment = packet.segment
            # What `packet.octets` says, but a property is dear here.
            plain = segment.options is None and ":" not in packet.flow[0]
            octets = HEADER_OCTETS + segment.length if plain else packet.octets
            self._busy_until = leaves = start - (-octets * 8_000_000_000 // rate)  # rounded up
            arrival = leaves + self.delay
        else:
            arrival = self._through_queue(now, packet)
            if arrival == NEVER:
                return
        agenda, lane = self._agenda, self._lane
        serial = agenda.serial  # called in two steps: the interpreter takes it for a method otherwise
        if not lane:
            entry = (arrival, serial(), self._arrive, packet, lane)
            lane.append(entry)
            heappush(agenda.lanes, entry)
        elif arrival >= lane[-1][0]:
            lane.append((arrival, serial(), self._arrive, packet, lane))
        else:  # the link has become faster
            heappush(agenda.heap, (arrival, serial(), self._arrive, packet))

    def transmit_datagram(self, now: Time, packet: Packet) -> None:
        """Put a packet with a UDP datagram on the link at `now`: the same rules, queue and delay, by a slower way."""
        if not (self.rules and self._judged(now, packet)):
            self._carry_out(now, packet, [])

    def let_pass(self, now: Time, packet: Packet) -> None:
        """Put a packet on the link at `now` without asking the rules: one that a middlebox made."""
        self._carry_out(now, packet, [])

    # ------------------------------------------------------------------ the queue

    def _through_queue(self, now: Time, packet: Packet) -> Time:
        """Return when the packet arrives behind those before it, or NEVER if the queue is full."""
        assert self.rate is not None
        departures = self._departures
        if self.limit is not None:
            while departures and departures[0] <= now:
                departures.popleft()
            if len(departures) > self.limit:
                self._lose(now, packet, "queue full", departures[-1] + self.delay)
                return NEVER
        start = self._busy_until if self._busy_until > now else now
        leaves = start - (-packet.octets * 8 * SECOND // self.rate)
        self._busy_until = leaves
        if self.limit is not None:
            departures.append(leaves)
        return leaves + self.delay

    # ------------------------------------------------------------------ the rules

    def _judged(self, now: Time, packet: Packet) -> bool:
        """Ask every rule. If one has something to say, or a packet is held, see to the packet and return True."""
        verdicts = [verdict for rule in self.rules if (verdict := rule(now, packet, self.chance)) is not None]
        if not verdicts and not self._held:
            return False
        self._carry_out(now, packet, verdicts)
        return True

    def _carry_out(self, now: Time, packet: Packet, verdicts: list[Verdict]) -> None:
        """Do what the verdicts of all rules add up to."""
        drop = next((verdict for verdict in verdicts if verdict.kind == DROP), None)
        if drop is not None:
            self._lose(now, packet, drop.by, now + self.delay)
            return
        arrival = now + self.delay if self.rate is None else self._through_queue(now, packet)
        if arrival == NEVER:
            return
        late = sum(verdict.extra for verdict in verdicts if verdict.kind == DELAY)
        arrival = max(arrival + late, now)
        hold = next((verdict for verdict in verdicts if verdict.kind == HOLD), None)
        for verdict in verdicts:
            if verdict.kind == CORRUPT:
                packet.corrupted = verdict.by
            elif verdict.kind == DELAY and verdict.by:
                self._note_held(now, packet, verdict.by, arrival)
        if hold is not None:
            self._hold(now, packet, hold, verdicts, arrival)
        else:
            self._send_on(now, packet, verdicts, arrival)

    def _send_on(self, now: Time, packet: Packet, verdicts: list[Verdict], arrival: Time) -> None:
        """Let a packet, its copies, and then the packets that waited to be overtaken, arrive."""
        self._agenda.enter(arrival, self._end_of(packet), packet)
        for verdict in verdicts:
            if verdict.kind == DUPLICATE:
                for copy in range(1, verdict.copies + 1):
                    self._duplicate(now, packet, verdict.by, arrival + copy * verdict.extra)
        held, self._held = self._held, []
        for waiting in held:
            waiting.released = True
            follows = min(arrival, waiting.latest)
            self._note_held(now, waiting.packet, waiting.by, follows)
            self._send_on(now, waiting.packet, waiting.verdicts, follows)

    def _hold(self, now: Time, packet: Packet, hold: Verdict, verdicts: list[Verdict], arrival: Time) -> None:
        """Keep a packet back until the next one overtakes it, or its time is up."""
        latest = arrival + (hold.extra or LONGEST_HOLD)
        waiting = _Waiting(packet, hold.by, verdicts, latest)
        self._held.append(waiting)
        self._agenda.enter(latest, self._release, waiting)

    def _release(self, now: Time, waiting: _Waiting) -> None:
        """Nothing has overtaken a held packet: it arrives now."""
        if not waiting.released:
            waiting.released = True
            self._held.remove(waiting)
            self._note_held(now, waiting.packet, waiting.by, now)
            self._send_on(now, waiting.packet, waiting.verdicts, now)

    def _end_of(self, packet: Packet) -> Callable[[Time, Packet], None]:
        """Return what is to be called when a packet arrives."""
        if isinstance(packet.segment, Datagram):
            return self.target.datagrams.arrive
        return self.target.arrive_corrupted if packet.corrupted else self.target.arrive

    # ------------------------------------------------------------------ the trace

    def _lose(self, now: Time, packet: Packet, by: str, due: Time) -> None:
        if self._trace is not None:
            self._trace.append(
                (Lost, now, self.source.name, None, None, packet.number, packet.flow, packet.segment, by, due)
            )

    def _duplicate(self, now: Time, packet: Packet, by: str, arrival: Time) -> None:
        copy = Packet(packet.number, packet.flow, packet.segment)
        copy.corrupted = packet.corrupted
        if self._trace is not None:
            row = (
                Duplicated,
                now,
                self.source.name,
                None,
                None,
                packet.number,
                packet.flow,
                packet.segment,
                by,
                arrival,
            )
            self._trace.append(row)
        self._agenda.enter(arrival, self._end_of(copy), copy)

    def _note_held(self, now: Time, packet: Packet, by: str, arrival: Time) -> None:
        if self._trace is not None:
            row = (Held, now, self.source.name, None, None, packet.number, packet.flow, packet.segment, by, arrival)
            self._trace.append(row)


class Link:
    """Two hosts joined. `a` and `b` are the hosts in the order in which the link was made."""

    __slots__ = ("_directions", "a", "b")

    def __init__(self, agenda: Agenda, trace: Trace | None, a: Host, b: Host, seed: int) -> None:
        self.a = a
        self.b = b
        self._directions = {
            target.name: Direction(agenda, trace, source, target, f"{seed}/{self.name}/{source.name}>{target.name}")
            for source, target in ((a, b), (b, a))
        }

    @property
    def name(self) -> str:
        """The hosts' names: "client-server"."""
        return f"{self.a.name}-{self.b.name}"

    @property
    def directions(self) -> tuple[Direction, Direction]:
        """Both directions, from `a` first."""
        return self._directions[self.b.name], self._directions[self.a.name]

    def toward(self, host: Host | str) -> Direction:
        """Return the direction that leads to a host; ValueError if the link has no such end."""
        return self._directions[one_of_ours(host, {self.a.name: self.a, self.b.name: self.b}).name]

    def __repr__(self) -> str:
        return f"<Link {self.name}>"
