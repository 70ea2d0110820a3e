"""What the queue view shows: how full listeners' queues and links were, over time. Nothing is drawn here.

Rule 1. A packet is on a link from when its host sends it until it arrives, queued or under way; a copy that the network
        made counts as well. A packet that is lost counts until it was dropped.
Rule 2. Of what happens at one instant the last counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...net.counters import occupancy
from ...tcp.rules import ACCEPT_QUEUE_FULL, ACCEPT_QUEUE_RESETS, COOKIE_SENT, LISTEN_CROWDED, SYN_QUEUE_FULL
from ...trace import Called, Discarded, Sent, flights
from .piece import WHOLE
from .sequences import put

if TYPE_CHECKING:
    from ...tcp.units import Time
    from ...trace import Trace
    from .piece import Piece
    from .sequences import Curve

_FULL: Final = frozenset({SYN_QUEUE_FULL, LISTEN_CROWDED, ACCEPT_QUEUE_FULL, ACCEPT_QUEUE_RESETS})
"""Why a listener drops what it has no room for."""


@dataclass(slots=True)
class Queues:
    """The queues of a listener.

    `half_open` and `waiting` are numbers of connections; `syn_backlog` and `backlog` what they may grow to, or None.
    `refused` tells when a SYN or an ACK was dropped for want of room, `cookies` when a SYN was answered with a cookie.
    """

    host: str
    port: int
    syn_backlog: int | None
    backlog: int | None
    half_open: Curve = field(default_factory=list)
    waiting: Curve = field(default_factory=list)
    refused: list[Time] = field(default_factory=list)
    cookies: list[Time] = field(default_factory=list)

    @property
    def used(self) -> bool:
        """Whether anybody ever stood in one of them, or asked to."""
        return bool(self.refused or self.cookies) or any(count for _, count in [*self.half_open, *self.waiting])


@dataclass(slots=True)
class Direction:
    """One direction of a link: how many packets are on it from when on, and when some were dropped."""

    source: str
    target: str
    packets: Curve = field(default_factory=list)
    drops: list[Time] = field(default_factory=list)

    @property
    def most(self) -> int:
        """The most packets at one time."""
        return max((count for _, count in self.packets), default=0)


def queues(trace: Trace, piece: Piece = WHOLE) -> list[Queues]:
    """Return the queues of each port at which `listen` was called, in the order of the calls, in a piece of the run."""
    told: dict[tuple[str, int], Queues] = {}
    for record in trace.of_kind(Called):
        call = re.match(r"listen\((\d+)\b", record.call)
        if call is None or record.error or (record.host, int(call[1])) in told:
            continue
        port = int(call[1])
        made = Queues(record.host, port, _limit(record.call, "syn_backlog"), _limit(record.call, "backlog"))
        for step in occupancy(trace, record.host, port):
            put(made.half_open, step.time, step.half_open)
            put(made.waiting, step.time, step.waiting)
        told[record.host, port] = made
    for dropped in trace.of_kind(Discarded):
        if dropped.why in _FULL and (dropped.host, dropped.flow[3]) in told:
            told[dropped.host, dropped.flow[3]].refused.append(dropped.time)
    for sent in trace.of_kind(Sent):
        if sent.why is COOKIE_SENT and (sent.host, sent.flow[1]) in told:
            told[sent.host, sent.flow[1]].cookies.append(sent.time)
    for each in told.values():
        each.half_open, each.waiting = piece.of_curve(each.half_open), piece.of_curve(each.waiting)
        each.refused, each.cookies = (list(filter(piece.has, times)) for times in (each.refused, each.cookies))
    return list(told.values())


def _limit(call: str, name: str) -> int | None:
    found = re.search(rf"\b{name}=(\d+)", call)
    return None if found is None else int(found[1])


def directions(trace: Trace, piece: Piece = WHOLE) -> list[Direction]:
    """Return every direction in which a packet was sent, in the order of their first packets, in a piece of the run."""
    records = trace.records
    told: dict[tuple[str, str], Direction] = {}
    steps: dict[tuple[str, str], list[tuple[Time, int]]] = {}
    for flight in flights(trace):
        way = (flight.source, flight.target)
        if not flight.target:
            continue
        made = told.setdefault(way, Direction(*way))
        steps.setdefault(way, []).append((flight.sent_at, 1))
        end = flight.ends_at
        if flight.fate == "lost" and flight.end_serial is not None:
            end = records[flight.end_serial].time
            made.drops.append(end)
        if end is not None and end <= trace.last_time:
            steps[way].append((end, -1))
    for way, each in steps.items():
        count = 0
        put(told[way].packets, 0, 0)
        for time, step in sorted(each):
            count += step
            put(told[way].packets, time, count)
        told[way].packets, told[way].drops = piece.of_curve(told[way].packets), list(filter(piece.has, told[way].drops))
    return list(told.values())
