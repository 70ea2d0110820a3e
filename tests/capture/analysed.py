"""The whole library in one capture, each run at each host's place with addresses of its own, and what tshark says.

tshark needs a quarter of a second to start, so it is started once: then its streams must not meet.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from tcpsim.capture.writing import capture_pieces
from tcpsim.scenario import run
from tcpsim.scenario.library import library, load
from tcpsim.trace import Arrived, Corrupted, Flight, Note, Record, SegmentRecord, Sent, Trace, flights, stranger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLAGS: Final = (
    "retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "duplicate_ack",
    "keep_alive", "keep_alive_ack", "zero_window_probe",
)  # fmt: skip
"""Of tcp.analysis."""


class Met(NamedTuple):
    """One frame of one run, as one host sees it: the record it was made of, and where the packet came from."""

    scenario: str
    host: str
    number: int
    record: SegmentRecord | Note
    flight: Flight | None


@cache
def traces() -> dict[str, Trace]:
    """Every scenario of the library, run."""
    return {entry.name: run(load(entry.name)).trace for entry in library()}


def moved(trace: Trace, fresh: Iterator[int]) -> Trace:
    """Return a trace whose addresses are others, that nobody else has."""
    names: dict[str, str] = {}

    def name(address: str) -> str:
        if address not in names:
            number = next(fresh)
            names[address] = f"fd00::{number:x}" if ":" in address else f"10.0.{number >> 8}.{number & 255}"
        return names[address]

    def at_home(record: Record) -> Record:
        if not isinstance(record, SegmentRecord):
            return record
        source, sport, target, dport = record.flow
        return replace(record, flow=(name(source), sport, name(target), dport))

    return Trace.of(trace.header, [at_home(record) for record in trace])


def met(scenario: str, trace: Trace, host: str) -> list[Met]:
    """Return what a host sees, by the words of `docs/captures.md` and not by those of the code."""
    ended = {flight.end_serial: flight for flight in flights(trace)}
    found: list[Met] = []
    for record in trace:
        if record.host != host:
            continue
        if isinstance(record, Sent):
            if record.to and stranger(record.connection, record.why) is None:
                found.append(Met(scenario, host, len(found) + 1, record, None))
        elif isinstance(record, (Arrived, Corrupted)):
            flight = ended[record.serial]
            if flight.source != host:
                found.append(Met(scenario, host, len(found) + 1, record, flight))
        elif isinstance(record, Note) and "ICMP" in record.text:
            found.append(Met(scenario, host, len(found) + 1, record, None))
    return found


def write_library(path: Path) -> list[Met]:
    """Write the library into one capture; return its frames in order."""
    fresh = count(1)
    pieces: list[bytes] = []
    frames: list[Met] = []
    for scenario, trace in traces().items():
        for host in trace.hosts:
            header, *rest = capture_pieces(moved(trace, fresh), "pcap", host)
            pieces += rest if pieces else [header, *rest]
            expected = met(scenario, trace, host)
            assert len(rest) == len(expected), (scenario, host)
            frames += expected
    path.write_bytes(b"".join(pieces))
    return frames


def tshark(program: str, path: Path, *words: str) -> list[str]:
    """Return the lines that tshark prints about a capture."""
    command = [program, "-r", str(path), "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    command += ["-o", "udp.check_checksum:TRUE", "-o", "nameres.network_name:FALSE", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def fields(program: str, path: Path, *names: str, where: str = "") -> list[list[str]]:
    """Return fields of each frame, those that match `where` only if it is given."""
    words = [word for name in names for word in ("-e", name)]
    if where:
        words += ["-Y", where]
    return [line.split("\t") for line in tshark(program, path, "-T", "fields", "-E", "separator=/t", *words)]
