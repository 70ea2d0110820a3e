"""One connection of a capture, packet by packet: `read_stream`.

Rule 1. No more than MOST_PACKETS packets are kept of a stream, and of their text no more than MOST_TEXT octets;
        what is beyond is counted.
Rule 2. A frame that the capture has twice is one packet: the same datagram, by its identification and whole
        header, seen at another interface, in another frame or one hop on. What is seen twice at the same place is a
        copy that the network made, unless most packets are: then it is the capture that doubles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from ..tcp.units import MS, SECOND
from .errors import CaptureError
from .files import read_frames
from .heads import segment_of
from .streams import Survey, walk

if TYPE_CHECKING:
    from pathlib import Path

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .frames import Frame
    from .heads import Head
    from .streams import Progress, Stream

MOST_PACKETS: Final = 20_000
"""So many packets of a stream are kept, from its beginning."""
MOST_TEXT: Final = 16_000_000
"""So many octets of their text."""
COPIED_WITHIN: Final = 10 * MS
"""Later than this, a second frame with the same header is no copy of the first ..."""
COPIED_WITHIN_IF_COUNTED: Final = 240 * SECOND
"""... or than this, two MSL, if its host counts identifications up, and a retransmission has another one."""
_COUNTING: Final = 0.8
"""If this share of a host's identifications follow one another, they are counted."""
_NEXT_IDENT: Final = 64
"""So far apart, at most, are two identifications that follow one another."""
_DOUBLING: Final = 0.5
"""If more of the packets than this were seen twice at one place, it is the capture that sees twice."""


class Packet(NamedTuple):
    """One packet of a stream, as the capture saw it.

    Attributes:
        time: when, nanoseconds as in Frame.
        side: who sent it: CLIENT or SERVER.
        segment: what it carries.
        ident: the identification of IPv4, 0 for none.
        ttl: the time to live, or hop limit.
        place: where it was seen: the interface, and the link layer's header.
        frame: which frame of the capture it is, counted from 1 as Wireshark counts.
        copy: whether the network had made it of the packet before.
    """

    time: Time
    side: int
    segment: Segment
    ident: int
    ttl: int
    place: tuple[int, bytes]
    frame: int
    copy: bool = False


@dataclass(slots=True)
class Capture:
    """One stream of a capture.

    Attributes:
        path: the file's name.
        stream: its sums; of the whole stream, kept or not.
        packets: in the order of the capture.
        left_out: how many packets came after the last one kept.
        doubled: how many frames were seen a second time, and taken off.
        cut: how many frames the capture has cut, so that their text is not known.
        span: when the capture's earliest and latest frames were seen, of whatever stream.
        alone: whether it is the only stream of its file.
        broken: where and why the file ends before it should, or None.
        untimed: how many frames of the file have no time of their own.
    """

    path: str
    stream: Stream
    packets: list[Packet] = field(default_factory=list)
    left_out: int = 0
    doubled: int = 0
    cut: int = 0
    span: tuple[Time, Time] = (0, 0)
    alone: bool = True
    broken: CaptureError | None = None
    untimed: int = 0


class NoStream(CaptureError):
    """The stream that was asked for is not there, or it was not said which of several; `survey` has them all."""

    def __init__(self, survey: Survey, what: str, expected: str) -> None:
        super().__init__(survey.path, 0, what, expected)
        self.survey = survey


def read_stream(path: str | Path, number: int | None = None, progress: Progress | None = None) -> Capture:
    """Read one stream of a capture.

    Args:
        path: the file.
        number: which stream, counted from 0; None for the only one.
        progress: called now and then with the octets read and the octets there are.

    Raises:
        NoStream: if there is no such stream, or several and none was named.
        CaptureError: if the file is no capture, or says what cannot be.
        OSError: if it can't be read.
    """
    frames = read_frames(path)
    survey = Survey(frames.path)
    wanted = 0 if number is None else number
    found: Capture | None = None
    kept = 0
    for frame, head, stream, side in walk(frames, survey, progress):
        if stream.number != wanted:
            if number is None:
                found = None  # several, and nobody said which: nothing need be kept any more
                wanted = -1
            continue
        if found is None:
            found = Capture(survey.path, stream)
        if len(found.packets) >= MOST_PACKETS:
            found.left_out += 1
            continue
        kept += head.length
        found.cut += len(frame.octets) < frame.original
        found.packets.append(_packet(frame, head, side, survey.frames, text=kept <= MOST_TEXT))
    if found is None:
        raise _no_stream(survey, number)
    found.alone = len(survey.streams) == 1
    found.broken, found.untimed = survey.cut, survey.untimed
    assert survey.span is not None
    last = found.packets[-1].time if found.left_out else survey.span[1]
    found.span = (survey.span[0], last)
    return found


def _packet(frame: Frame, head: Head, side: int, number: int, *, text: bool) -> Packet:
    place = (frame.interface, frame.octets[: head.ip])
    return Packet(frame.time, side, segment_of(head, frame, text=text), head.ident, head.ttl, place, number)


def _no_stream(survey: Survey, number: int | None) -> NoStream:
    there = len(survey.streams)
    if not there:
        what = f"none of its {survey.frames} frames is a TCP segment" if survey.frames else "it has no frames"
        return NoStream(survey, what, "a TCP connection")
    if number is None:
        return NoStream(survey, f"it has {there} TCP connections", f"the number of one of them, 0 to {there - 1}")
    which = "stream 0" if there == 1 else f"a stream from 0 to {there - 1}"
    return NoStream(survey, f"there is no stream {number}", which)


# ------------------------------------------------------------------ frames seen twice


def without_doubles(packets: list[Packet]) -> tuple[list[Packet], int]:
    """Take off what was captured twice, mark what was sent twice (Rule 2); return the rest, and how many were taken."""
    copies = _copies(packets)
    same_place = sum(same for _, same in copies)
    doubling = same_place > 1 and same_place > _DOUBLING * (len(packets) - len(copies))
    taken = {index for index, same in copies if not same or doubling}
    marked = {index for index, same in copies if same and not doubling}
    rest = [
        packet._replace(copy=True) if index in marked else packet
        for index, packet in enumerate(packets)
        if index not in taken
    ]
    return rest, len(taken)


def _copies(packets: list[Packet]) -> list[tuple[int, bool]]:
    """Return which packets have been seen before, by index, and whether that was at the same place."""
    seen: dict[tuple[object, ...], Packet] = {}
    found = []
    counts = [counts_up(packets, side) for side in range(2)]
    for index, packet in enumerate(packets):
        segment = packet.segment
        key = (packet.side, packet.ident, segment.wire())
        before = seen.get(key)
        within = COPIED_WITHIN_IF_COUNTED if packet.ident and counts[packet.side] else COPIED_WITHIN
        if before is None or packet.time - before.time > within:
            seen[key] = packet
            continue
        same = (before.place, before.ttl) == (packet.place, packet.ttl)
        if not packet.ident and same:  # without an identification, two equal ACKs are two packets
            seen[key] = packet
            continue
        found.append((index, same))
    return found


def counts_up(packets: list[Packet], side: int) -> bool:
    """Return whether a host counts its identifications up."""
    idents = [packet.ident for packet in packets if packet.side == side and packet.ident]
    steps = [(later - earlier) & 0xFFFF for earlier, later in pairwise(idents)]
    near = sum(step <= _NEXT_IDENT or step >= 0x10000 - _NEXT_IDENT for step in steps)
    return bool(steps) and near >= _COUNTING * len(steps)
