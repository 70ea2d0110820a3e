"""The TCP connections of a capture: `survey` goes through it once, in bounded memory, and lists them.

Rule 1. A stream is one incarnation of a connection: its four addresses and ports, from one SYN to the next
        with another initial sequence number. Streams are numbered from 0 in the order of their first frames, as
        Wireshark's `tcp.stream` numbers them.
Rule 2. Whoever sends the first SYN is the client. Where the handshake is not in the capture, the lower port is
        the server's.
Rule 3. No more is kept of a frame than its stream's sums. More than MOST_STREAMS are not listed, but counted; so is
        what is no TCP.
Rule 4. An ICMP error belongs to the latest connection of the sockets that it quotes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, FIN, RST, SYN
from ..tcp.seqnum import MASK, ge
from ..tcp.units import NEVER
from ..trace.naming import shown_socket
from ..wire.addresses import packed
from .files import read_frames
from .heads import address_of, error_of, head_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ..tcp.units import Time
    from ..wire import Quoted
    from .errors import CaptureError
    from .files import Frames
    from .frames import Frame
    from .heads import Head

    Progress = Callable[[int, int], None]
    """Told now and then how many octets of how many have been read; the latter is 0 where that is unknown."""

MOST_STREAMS: Final = 65_536
"""So many streams are listed."""
MOST_ERRORS: Final = 20
"""So many ICMP errors are kept of a stream."""
_TELL_EVERY: Final = 4096
"""Frames between two words about how far things are."""

CLIENT: Final = 0
SERVER: Final = 1
SIDES: Final = ("client", "server")

Endpoint = tuple[bytes, int]
"""An address, 4 or 16 octets, and a port."""


@dataclass(frozen=True, slots=True)
class IcmpSeen:
    """An ICMP error about a connection.

    Attributes:
        time: when it was seen, nanoseconds as in Frame.
        frame: the number of its frame, counted from 1.
        interface: at which interface it was seen.
        side: to whom it comes: who sent the segment that it quotes.
        error: its kind, such as "host unreachable".
        seq: SEG.SEQ of the segment that it quotes.
        mtu: the next hop's, octets; 0 unless it tells one.
    """

    time: Time
    frame: int
    interface: int
    side: int
    error: str
    seq: int
    mtu: int


class Stream:
    """One connection of a capture.

    Attributes:
        number: counted from 0.
        client, server: address and port of each end.
        first, last: when its first and its last frame were seen, nanoseconds as in Frame.
        packets: how many frames the client and the server sent.
        octets: how many octets of text they sent, retransmissions included.
        syn: the initial sequence numbers of client and server; None where no SYN was seen.
        errors: the ICMP errors about it, at most MOST_ERRORS, those of each side as one interface has seen them.
    """

    __slots__ = (
        "_ends", "_fin", "_finished", "_reset", "_synchronized", "ends", "errors", "first", "last", "number", "octets",
        "packets", "syn",
    )  # fmt: skip

    def __init__(self, number: int, client: Endpoint, server: Endpoint, first: Time) -> None:
        self.number = number
        self.ends = (client, server)
        self.first = self.last = first
        self.packets = [0, 0]
        self.octets = [0, 0]
        self.syn: list[int | None] = [None, None]
        self.errors: list[IcmpSeen] = []
        self._fin: list[int | None] = [None, None]  # the number after the FIN of each
        self._finished: list[int] = []  # who sent a FIN, in order
        self._ends = [False, False]  # whether the FIN of each was acknowledged
        self._reset: int | None = None
        self._synchronized = False

    def __repr__(self) -> str:
        return f"<Stream {self.number}: {self.name}, {self.opened}, {self.ended}>"

    @property
    def itself(self) -> bool:
        """Whether it is a connection of one socket to itself: both ends are one, and the client."""
        return self.ends[CLIENT] == self.ends[SERVER]

    def side_of(self, source: Endpoint) -> int:
        """Return who sent a frame with this source: CLIENT or SERVER."""
        return CLIENT if source == self.ends[CLIENT] else SERVER

    def take(self, head: Head, time: Time, side: int) -> None:
        """Count a frame."""
        if time > self.last:
            self.last = time
        self.packets[side] += 1
        self.octets[side] += head.length
        ctl = head.ctl
        if side == self._reset and not ctl & RST:  # whoever goes on has not aborted
            self._reset = None
        if ctl & (SYN | FIN | RST):
            self._remember(head, side)
        elif ctl & ACK and self.syn[CLIENT] is not None and (self.syn[SERVER] is not None or self.itself):
            self._synchronized = True
        peer = side if self.itself else 1 - side
        fin = self._fin[peer]
        if fin is not None and ctl & ACK and ge(head.ack, fin):
            self._ends[peer] = True

    def _remember(self, head: Head, side: int) -> None:
        ctl = head.ctl
        if ctl & RST:
            self._reset = side if self._reset is None else self._reset
            return
        if ctl & SYN:
            self.syn[side] = head.seq if self.syn[side] is None else self.syn[side]
        elif side not in self._finished:
            self._finished.append(side)
        if ctl & FIN:
            self._fin[side] = (head.seq + head.seg_len) & MASK

    def begins_anew(self, head: Head, side: int) -> bool:
        """Return whether a SYN is of another incarnation than this (Rule 1)."""
        iss, theirs = self.syn[side], self.syn[1 - side]
        if iss == head.seq or (head.ctl & ACK and theirs is not None and head.ack == (theirs + 1) & MASK):
            return False
        if self._reset is not None or len(self._finished) == 2:
            return True
        if head.ctl & ACK:  # it answers a SYN that is not this connection's: an old one
            return False
        # The first SYN of this side: it crosses the other's, or its connection was under way before the capture.
        return iss is not None or theirs is None or self._synchronized

    # ------------------------------------------------------------------ what there is to tell

    @property
    def client(self) -> tuple[str, int]:
        """Address and port of the client."""
        return address_of(self.ends[CLIENT][0]), self.ends[CLIENT][1]

    @property
    def server(self) -> tuple[str, int]:
        """Address and port of the server."""
        return address_of(self.ends[SERVER][0]), self.ends[SERVER][1]

    @property
    def name(self) -> str:
        """Both ends, client first: `192.0.2.1:49152 > 192.0.2.2:80`."""
        return f"{shown_socket(*self.client)} > {shown_socket(*self.server)}"

    @property
    def opened(self) -> str:
        """How it opened, in a few words."""
        theirs, ours = self.syn[SERVER], self.syn[CLIENT]
        if ours is None and theirs is None:
            return "before the capture"
        if self.itself:
            return "to itself" if self._synchronized else "to itself, not finished"
        if ours is None:
            return "SYN,ACK seen, no SYN"
        if theirs is not None:
            return "handshake" if self._synchronized else "handshake not finished"
        if self._reset == SERVER:
            return "refused"
        return "SYN, no SYN,ACK seen" if self.packets[SERVER] or self.octets[CLIENT] else "SYN not answered"

    @property
    def ended(self) -> str:
        """How it ended, in a few words."""
        if self.opened in ("refused", "SYN not answered"):
            return "never open"
        finished = [SIDES[side] for side in self._finished]
        if self.itself and finished:
            return "closed by itself" if self._ends[CLIENT] else "closed by itself, FIN not acknowledged"
        if self._reset is not None:
            whose = "its own" if finished == [SIDES[self._reset]] else f"{finished[0]}'s" if finished else ""
            after = f" after {whose} FIN" if finished else ""
            return f"reset by {SIDES[self._reset]}{after}"
        if not finished:
            return "open when the capture ends"
        if len(finished) == 1:
            return f"half closed by {finished[0]}"
        last = "" if all(self._ends) else ", last FIN not acknowledged"
        return f"closed, {finished[0]} first{last}"


@dataclass(slots=True)
class Survey:
    """What a capture holds.

    Attributes:
        path: the file's name.
        streams: its TCP connections, at most MOST_STREAMS.
        frames: how many frames it has.
        others: how many of them are no TCP segment that can be read.
        beyond: how many frames belong to connections after the last one listed.
        span: when its earliest and its latest frame were seen, whatever they hold; None if it has none.
        cut: where and why the file ends before it should, or None.
        untimed: how many frames have no time of their own (pcapng's Simple Packet Blocks).
    """

    path: str
    streams: list[Stream] = field(default_factory=list)
    frames: int = 0
    others: int = 0
    beyond: int = 0
    span: tuple[Time, Time] | None = None
    cut: CaptureError | None = None
    untimed: int = 0


class Sorter:
    """Finds the stream of each frame; whoever goes through a capture twice gets the same numbers twice."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._latest: dict[tuple[Endpoint, Endpoint], Stream] = {}

    def stream_of(self, head: Head, time: Time) -> tuple[Stream, int] | None:
        """Return the stream of a frame and who sent it, after counting it; None beyond MOST_STREAMS."""
        source, target = (head.source, head.sport), (head.target, head.dport)
        key = (source, target) if source <= target else (target, source)
        stream = self._latest.get(key)
        if stream is None or (
            head.ctl & (SYN | RST) == SYN and stream.begins_anew(head, stream.side_of(source))
        ):  # fmt: skip
            streams = self._survey.streams
            if len(streams) >= MOST_STREAMS:
                self._survey.beyond += 1
                self._latest.pop(key, None)
                return None
            client, server = (source, target) if _from_client(head) else (target, source)
            stream = self._latest[key] = Stream(len(streams), client, server, time)
            streams.append(stream)
        side = stream.side_of(source)
        if source == target:  # a connection to itself: only its numbers tell the two directions apart, and they cross
            side = CLIENT
        stream.take(head, time, side)
        return stream, side

    def take_error(self, quoted: Quoted, frame: Frame, number: int) -> None:
        """Take note of an ICMP error (Rule 4)."""
        if quoted.sport is None or quoted.dport is None or quoted.seq is None:
            return
        source, target = (packed(quoted.source), quoted.sport), (packed(quoted.target), quoted.dport)
        stream = self._latest.get((source, target) if source <= target else (target, source))
        if stream is None or len(stream.errors) >= MOST_ERRORS:
            return
        side = stream.side_of(source)
        if all(known.interface == frame.interface for known in stream.errors if known.side == side):
            seen = IcmpSeen(frame.time, number, frame.interface, side, quoted.error, quoted.seq, quoted.mtu)
            stream.errors.append(seen)


def _from_client(head: Head) -> bool:
    """Return whether the first frame of a stream comes from the client (Rule 2)."""
    if head.ctl & SYN:
        return not head.ctl & ACK
    return head.sport >= head.dport


def walk(
    frames: Frames, survey: Survey, progress: Progress | None = None
) -> Iterator[tuple[Frame, Head, Stream, int]]:  # fmt: skip
    """Go through a capture once; give each frame of a listed stream with its headers, its stream and its side."""
    sorter = Sorter(survey)
    first, last = NEVER, -1
    try:
        for frame in frames:
            survey.frames += 1
            if frame.time < first:
                first = frame.time
            if frame.time > last:
                last = frame.time
            if progress is not None and not survey.frames % _TELL_EVERY:
                progress(frames.done, frames.size)
            head = head_of(frame)
            if head is None:
                survey.others += 1
                error = error_of(frame)
                if error is not None:
                    sorter.take_error(error, frame, survey.frames)
                continue
            found = sorter.stream_of(head, frame.time)
            if found is not None:
                yield frame, head, found[0], found[1]
    finally:
        survey.cut, survey.untimed = frames.cut, frames.untimed
        survey.span = (first, last) if survey.frames else None


def survey(path: str | Path, progress: Progress | None = None) -> Survey:
    """Go through a capture once and return the connections in it.

    Args:
        path: the file.
        progress: called now and then with the octets read and the octets there are.

    Raises:
        CaptureError: if the file is no capture, or says what cannot be.
        OSError: if it can't be read.
    """
    frames = read_frames(path)
    found = Survey(frames.path)
    for _ in walk(frames, found, progress):
        pass
    return found


def streams(path: str | Path) -> list[Stream]:
    """Return the TCP connections in a capture; raises as `survey` does."""
    return survey(path).streams
