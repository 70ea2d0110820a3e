"""What the congestion view shows: the variables that rule how fast a connection sends, over time.

Rule 1. cwnd, ssthresh, SRTT and RTO are what the endpoint had, from the Changed records of an explained run. What the
        trace does not tell is missing and said to be; nothing is guessed.
Rule 2. Octets in flight (SND.NXT-SND.UNA) and round trips are told by the segments alone, of any trace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...trace import Changed, TimerFired
from .piece import WHOLE
from .sequences import sequence

if TYPE_CHECKING:
    from ...tcp.units import Time
    from ...trace import Trace
    from .piece import Piece
    from .sequences import Curve

EXPLAINED: Final = ("cwnd", "ssthresh", "SRTT", "RTO")
"""The variables that only an explained trace tells."""
UNLIMITED: Final = 1 << 30
"""An ssthresh of so many octets or more is no threshold: RFC 5681 3.1 has it begin "arbitrarily high"."""

Course = list[tuple[int, int | None]]
"""Steps: from this time on (nanoseconds) that value, or None where the variable has no meaning."""


@dataclass(slots=True)
class Courses:
    """The variables of one connection at one host.

    Attributes:
        explained: a course for each name in EXPLAINED (octets; nanoseconds); empty where the trace does not tell it.
        in_flight: octets sent and not acknowledged. round_trips: see sequences.Sequence.
        timeouts: when the retransmission timer expired.
        missing: the names of the variables that the trace does not tell.
        start, end: from its first segment to the last one that it sent or that reached it (nanoseconds).
    """

    host: str
    connection: int
    peer: str
    explained: dict[str, Course] = field(default_factory=dict)
    in_flight: Curve = field(default_factory=list)
    round_trips: Curve = field(default_factory=list)
    timeouts: list[Time] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    start: Time = 0
    end: Time = 0


def courses(trace: Trace, host: str, connection: int, piece: Piece = WHOLE) -> Courses:
    """Return the courses of a host's connection in a piece of the run."""
    sent = sequence(trace, host, connection, piece)
    told = Courses(host, connection, sent.peer, {name: [] for name in EXPLAINED})
    told.in_flight, told.round_trips = sent.in_flight, sent.round_trips
    told.start, told.end = piece.ends or (sent.start, sent.end)
    for record in trace.records:
        if record.host != host or record.connection != connection:
            continue
        if isinstance(record, Changed):
            for name, _, after in record.changes:
                if name in told.explained and (after is None or isinstance(after, int)):
                    _step(told.explained[name], record.time, after)
        elif isinstance(record, TimerFired) and record.timer == "retransmission":
            told.timeouts.append(record.time)
    told.timeouts = [time for time in told.timeouts if piece.has(time)]
    told.missing = [name for name in EXPLAINED if not told.explained[name]]
    told.explained = {name: piece.of_curve(course) for name, course in told.explained.items()}
    return told


def _step(course: Course, time: Time, value: int | None) -> None:
    if course and course[-1][0] == time:
        course.pop()
    course.append((time, value))
