"""What the state timeline shows: each connection of each host, and how long it was in which state.

Rule 1. A connection's life begins when it leaves CLOSED and ends when it comes back there; CLOSED itself is not told.
Rule 2. Hosts stand in the order of the trace, connections in the order of their first move. A host without a connection
        is there, with none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...tcp.diagram import CLOSED
from ...trace import Moved, Note, SegmentRecord, Sent
from ..scene import FORGOTTEN
from .piece import WHOLE

if TYPE_CHECKING:
    from ...tcp.diagram import State
    from ...trace import Flow, Trace
    from ..scene import Moment
    from .piece import Piece


@dataclass(frozen=True, slots=True)
class Stay:
    """A connection in a state, from one moment to another (time in nanoseconds, serial).

    `end` is None where the trace ends sooner. `why` is the sentence for which it came there.
    """

    state: State
    start: Moment
    end: Moment | None
    why: str


@dataclass(slots=True)
class Life:
    """One connection of a host.

    Attributes:
        connection: the host's number for it.
        flow: of the packets that it sends, or None where it sent and received none.
        stays: its states in order, without CLOSED.
        crashed: whether its host lost its memory, and with it the connection.
    """

    host: str
    connection: int
    flow: Flow | None = None
    stays: list[Stay] = field(default_factory=list)
    crashed: bool = False


def lives(trace: Trace, piece: Piece = WHOLE) -> dict[str, list[Life]]:
    """Return the connections of each host, by the host's name, as far as they live in a piece of the run."""
    told: dict[str, list[Life]] = {name: [] for name in trace.hosts}
    known: dict[tuple[str, int], Life] = {}
    flows: dict[tuple[str, int], Flow] = {}
    for record in trace.records:
        number = record.connection
        if isinstance(record, Note) and record.text.startswith(FORGOTTEN):
            for life in told.get(record.host, []):
                _forget(life, (record.time, record.serial))
        if number is None:
            continue
        key = (record.host, number)
        if isinstance(record, SegmentRecord) and key not in flows:
            flow = record.flow
            flows[key] = flow if isinstance(record, Sent) else (*flow[2:], *flow[:2])
        elif isinstance(record, Moved):
            if key not in known:
                known[key] = Life(record.host, number)
                told.setdefault(record.host, []).append(known[key])
            _move(known[key], record)
    for key, life in known.items():
        life.flow = flows.get(key)
        _cut(life, piece)
    return {host: [life for life in rows if life.stays] for host, rows in told.items()}


def _cut(life: Life, piece: Piece) -> None:
    """Leave of a life what lies in a piece of the run; a stay that goes on behind it has no end."""
    first = (piece.start, -1)
    life.stays = [
        replace(
            stay, start=max(stay.start, first), end=stay.end if stay.end is None or stay.end[0] <= piece.end else None
        )
        for stay in life.stays
        if stay.start[0] <= piece.end and (stay.end is None or stay.end >= first)
    ]
    life.crashed = life.crashed and bool(life.stays) and life.stays[-1].end is not None


def _forget(life: Life, here: Moment) -> None:
    if life.stays and life.stays[-1].end is None:
        life.stays[-1] = replace(life.stays[-1], end=here)
        life.crashed = True


def _move(life: Life, move: Moved) -> None:
    here = (move.time, move.serial)
    if life.stays and life.stays[-1].end is None:
        life.stays[-1] = replace(life.stays[-1], end=here)
    elif move.source is not CLOSED:
        life.stays.append(Stay(move.source, (0, -1), here, ""))  # what led there is not in the trace
    if move.target is not CLOSED:
        life.stays.append(Stay(move.target, here, None, "" if move.why is None else move.why.sentence))
