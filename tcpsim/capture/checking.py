"""`check`: goes through a capture once, and says of each connection in it what RFC 9293 does not explain.

Rule 1. Connections are told apart and numbered as `streams` does. The one that follows on the same two sockets is
        judged with what is known of the one before.
Rule 2. Memory is bounded: what is kept of a connection is its numbers, its verdict, and octets out of one Store.
Rule 3. A packet that the capture has twice is judged once: each direction of a pair of sockets is seen at the
        interface where it was seen first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..tcp.segment import SYN_ACK
from ..tcp.units import MS
from ..trace import Arrived, Sent
from ..trace.datagram import Datagram as UdpDatagram
from ..wire import WireError, decode
from .files import read_frames
from .heads import address_of, segment_of
from .judging import Pair
from .reading import NoStream
from .spaces import Store
from .streams import CLIENT, SERVER, Survey, walk
from .verdict import CROWDED, ITSELF, EndVerdict, Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace import Trace
    from .frames import Frame
    from .heads import Head
    from .streams import Endpoint, Progress, Stream

DEFAULT_MSS_V4 = 536
DEFAULT_MSS_V6 = 1220
_TWICE_WITHIN = 10 * MS
ELSEWHERE = "elsewhere"
HERE = "here"
"""Where a packet was seen before: at another place; or at this one, where something has copied it."""
MOST_FOLLOWED = 4096
"""So many pairs of sockets are followed at a time; the one that has been quiet for longest is left for another."""
MOST_TOLD_AT_LENGTH = 1000
"""So many connections keep all their judgements; later ones keep the first of each kind."""


@dataclass(slots=True)
class Report:
    """What was found in a capture.

    Attributes:
        survey: its connections.
        verdicts: one on each of them, or on the one that was asked for.
    """

    survey: Survey
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def explained(self) -> bool:
        """Whether RFC 9293 explains every segment that could be judged."""
        return all(verdict.explained for verdict in self.verdicts)


def check(path: str | Path, stream: int | None = None, progress: Progress | None = None) -> Report:
    """Walk both state machines of each connection along a capture.

    Args:
        path: the file.
        stream: the number of the connection that is judged; None for all.
        progress: called now and then with the octets read and the octets there are.

    Raises:
        NoStream: if there is no such connection, or none at all.
        CaptureError: if the file is no capture, or says what cannot be.
        OSError: if it can't be read.
    """
    frames = read_frames(path)
    survey = Survey(frames.path)
    checker = _Checker(stream)
    for frame, head, found, side in walk(frames, survey, progress):
        checker.take(frame, head, found, side, survey.frames)
    verdicts = checker.conclude(survey.streams)
    if not verdicts:
        there = len(survey.streams)
        if not there:
            what = f"none of its {survey.frames} frames is a TCP segment" if survey.frames else "it has no frames"
            raise NoStream(survey, what, "a TCP connection")
        which = "stream 0" if there == 1 else f"a stream from 0 to {there - 1}"
        raise NoStream(survey, f"there is no stream {stream}", which)
    return Report(survey, verdicts)


class _Checker:
    """Sorts frames to the pairs of sockets that they belong to."""

    def __init__(self, wanted: int | None) -> None:
        self._wanted = wanted
        self._store = Store()
        self._pairs: dict[tuple[Endpoint, Endpoint], _Open] = {}
        self._verdicts: list[Verdict] = []
        self._itself: set[int] = set()
        self._left: dict[int, Verdict] = {}

    def take(self, frame: Frame, head: Head, stream: Stream, side: int, number: int) -> None:
        """Judge a frame."""
        source, target = (head.source, head.sport), (head.target, head.dport)
        if source == target:
            self._to_itself(frame, head, stream, number)
            return
        first = min(source, target)
        key = (first, max(source, target))
        if stream.number in self._left:
            verdict = self._left[stream.number]
            verdict.add(Judgement(CROWDED, number, frame.time - stream.first, side, _told(head, frame), ""))
            return
        known = self._pairs.pop(key, None)  # and in again behind: those that are quiet come to stand in front
        if known is None:
            default = DEFAULT_MSS_V6 if len(head.source) == 16 else DEFAULT_MSS_V4
            known = _Open(Pair(self._store, complete=False, default_mss=default))
            if len(self._pairs) >= MOST_FOLLOWED:
                self._leave(self._pairs.pop(next(iter(self._pairs))))
        self._pairs[key] = known
        where = known.seen_before(frame, head, int(source != first))
        if where == ELSEWHERE:
            return
        if known.stream is not stream:
            known.conclude()
            verdict = _verdict_of(stream)
            if len(self._verdicts) >= MOST_TOLD_AT_LENGTH:
                verdict.most = 1
            if self._wanted in (None, stream.number):
                self._verdicts.append(verdict)
            known.stream, known.verdict = stream, verdict
            known.pair.begin(verdict, 0 if stream.ends[CLIENT] == first else 1, frame.time)
        segment = segment_of(head, frame, text=True)
        known.pair.see(
            frame.time, number, int(source != first), segment, lambda: _exact(frame, head), copy=where == HERE
        )

    def _leave(self, quiet: _Open) -> None:
        """Conclude a connection before its end, to follow another."""
        quiet.conclude()
        quiet.pair.forget()
        if quiet.stream is not None:
            self._left[quiet.stream.number] = quiet.verdict

    def _to_itself(self, frame: Frame, head: Head, stream: Stream, number: int) -> None:
        if stream.number in self._itself or self._wanted not in (None, stream.number):
            return
        self._itself.add(stream.number)
        verdict = _verdict_of(stream)
        verdict.add(Judgement(ITSELF, number, 0, CLIENT, _told(head, frame), ""))
        self._verdicts.append(verdict)

    def conclude(self, streams: list[Stream]) -> list[Verdict]:
        """Return the verdicts, in the order of the streams."""
        for known in self._pairs.values():
            known.conclude()
        for verdict in self._verdicts:
            stream = streams[verdict.stream]
            verdict.errors = tuple(stream.errors)
            if stream.itself:
                _count_itself(verdict, stream)
        return sorted(self._verdicts, key=lambda verdict: verdict.stream)


class _Open:
    """A pair of sockets, and the connection that it has now."""

    __slots__ = ("_interfaces", "_lately", "pair", "stream", "verdict")

    verdict: Verdict

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.stream: Stream | None = None
        self._interfaces: dict[int, int] = {}
        self._lately: dict[tuple[object, ...], tuple[Time, object]] = {}

    def seen_before(self, frame: Frame, head: Head, side: int) -> str:
        """Return whether a packet was seen at another place too (Rule 3), ELSEWHERE, or just before, HERE; else ""."""
        if self._interfaces.setdefault(side, frame.interface) != frame.interface:
            return ELSEWHERE
        if not head.ident:
            return ""
        key = (head.source, head.sport, head.ident, head.seq, head.ack, head.ctl, head.length)
        place = (frame.interface, frame.octets[: head.ip])
        before = self._lately.pop(key, None)
        self._lately[key] = (frame.time, place)
        if len(self._lately) > 16:
            del self._lately[next(iter(self._lately))]
        if before is None or frame.time - before[0] > _TWICE_WITHIN:
            return ""
        return HERE if before[1] == place else ELSEWHERE

    def conclude(self) -> None:
        """Finish the verdict on the connection."""
        if self.stream is not None:
            self.pair.conclude()


def _verdict_of(stream: Stream) -> Verdict:
    client, server = (EndVerdict((address_of(stream.ends[side][0]), stream.ends[side][1])) for side in (CLIENT, SERVER))
    return Verdict(stream.number, (client, server))


def _count_itself(verdict: Verdict, stream: Stream) -> None:
    """Tell of a connection to itself what was counted: one end has sent it all."""
    verdict.opened, verdict.closed = stream.opened, stream.ended
    verdict.frames = verdict.ends[CLIENT].segments = stream.packets[CLIENT]
    verdict.ends[CLIENT].octets = stream.octets[CLIENT]


def _told(head: Head, frame: Frame) -> Segment:
    return segment_of(head, frame, text=False)


def _exact(frame: Frame, head: Head) -> bool:
    """Return whether a frame's checksum is right, so that it was on a wire as it is."""
    try:
        decode(frame.octets[head.ip :])
    except WireError:
        return False
    return True


# ---------------------------------------------------------------------- traces


def check_trace(trace: Trace, at: str | None = None) -> list[Verdict]:
    """Judge a trace as if it were a complete capture.

    Args:
        trace: of a simulated network.
        at: at which host the packets are seen; None for all as they are sent.
    """
    pairs: dict[frozenset[tuple[str, int]], tuple[Pair, tuple[str, int]]] = {}
    store = Store()
    verdicts: list[Verdict] = []
    for time, packet, source, target, segment in _packets(trace, at):
        key = frozenset((source, target))
        if len(key) < 2:
            continue
        if key not in pairs:
            default = DEFAULT_MSS_V6 if ":" in source[0] else DEFAULT_MSS_V4
            pair = Pair(store, complete=True, default_mss=default)
            answers = segment.ctl & SYN_ACK == SYN_ACK
            client, server = (target, source) if answers else (source, target)
            verdicts.append(Verdict(len(verdicts), (EndVerdict(client), EndVerdict(server))))
            pair.begin(verdicts[-1], CLIENT, time)
            pairs[key] = (pair, client)
        pair, client = pairs[key]
        pair.see(time, packet, CLIENT if source == client else SERVER, segment)
    for pair, _ in pairs.values():
        pair.conclude()
    return verdicts


def _packets(trace: Trace, at: str | None) -> Iterator[tuple[Time, int, tuple[str, int], tuple[str, int], Segment]]:
    """Give the segments that are seen at a host, or all that are sent: time, packet, source, target, segment."""
    records: Iterable[Sent | Arrived] = (r for r in trace.records if isinstance(r, Sent | Arrived))
    for record in records:
        if isinstance(record.segment, UdpDatagram):
            continue
        if (at is None and isinstance(record, Sent)) or record.host == at:
            source, sport, target, dport = record.flow
            yield record.time, record.packet, (source, sport), (target, dport), record.segment
