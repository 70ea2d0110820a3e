"""What a trace tells, in a form that two traces can be compared by: what was lost, sent again, and the states."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from tcpsim.capture.reading import Packet
from tcpsim.capture.writing import write_capture
from tcpsim.scenario import load, run
from tcpsim.tcp.segment import PSH, Segment, ctl_name
from tcpsim.tcp.units import MS
from tcpsim.trace import Flight, Moved, Note, Trace, flights


@cache
def ran(name: str) -> Trace:
    """The trace of a scenario of the library."""
    return run(load(name)).trace


def shown(flight: Flight) -> str:
    """A flight's sender and segment: `client FIN,ACK 5 ack 1`, `server ACK 1 ack 6 len 500`."""
    segment = flight.segment
    ack = "" if flight.ack is None else f" ack {flight.ack}"
    length = f" len {segment.length}" if segment.length else ""
    return f"{flight.source} {ctl_name(segment.ctl & ~PSH)} {flight.seq}{ack}{length}"


def lost(trace: Trace) -> Counter[str]:
    """What was lost."""
    return Counter(shown(flight) for flight in flights(trace) if flight.fate == "lost")


def sent_again(trace: Trace) -> Counter[str]:
    """What was a retransmission."""
    return Counter(shown(flight) for flight in flights(trace) if flight.retransmission)


def path(trace: Trace, host: str) -> list[str]:
    """The states that a host came to, in order."""
    return [str(move.target) for move in trace.of_kind(Moved, host)]


def notes(trace: Trace) -> list[str]:
    """What is said beside it."""
    return [note.text for note in trace.of_kind(Note)]


def packets(*lines: tuple[float, int, Segment] | tuple[float, int, Segment, int]) -> list[Packet]:
    """Packets as a capture has them: (milliseconds, side, segment, identification)."""
    found = []
    for frame, (at, side, segment, *ident) in enumerate(lines, 1):
        number = ident[0] if ident else 0
        found.append(Packet(round(at * MS), side, segment, number, 64, (0, b""), frame))
    return found


def written(folder: Path, trace: Trace, place: str) -> Path:
    """A capture of a trace at a place."""
    path = folder / f"{place}.pcap"
    write_capture(trace, path, place)
    return path


def both_written(folder: Path, trace: Trace) -> tuple[Path, Path]:
    """Captures of a trace at both of its hosts."""
    one, other = trace.hosts
    return written(folder, trace, one), written(folder, trace, other)
