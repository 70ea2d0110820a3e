"""Two captures of one connection, taken at both ends, as one account: what was lost in between shows.

Rule 1. A packet is the same in both if its identification, numbers, bits, window, length and timestamps are. Where
        one capture has a large segment and the other its pieces, as segmentation offload leaves them, the
        pieces are found in it.
Rule 2. The clocks differ by half of what the quickest packets in both directions differ by, if those took equally
        long; times are told by the clock at the client. One file with an interface at each end has one clock.
Rule 3. What only its sender's capture has was lost in between, unless it is acknowledged and not sent again, or the
        other capture had not begun then, or had ended. What only its receiver's has was dropped by the other
        capture, or sent by somebody in between: that is said.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, RST
from ..tcp.seqnum import MASK, ge, latest
from ..tcp.units import MS
from .passages import LOST, UNDER_WAY, Account, Passage, told_error
from .reading import without_doubles
from .streams import CLIENT, SERVER
from .viewpoint import short, viewpoint_of

if TYPE_CHECKING:
    from ..tcp.units import Time
    from .reading import Capture, Packet
    from .streams import IcmpSeen
    from .viewpoint import Viewpoint

BETWEEN: Final = "between the two captures"
_SURELY_APART: Final = MS
"""Two interfaces of one file are at both ends only if their round trips differ by this much."""
_FEW: Final = 12
"""So many packets that one capture lacks are told one by one."""
_LOOKED_AT: Final = 64
"""So many segments with nearby numbers are tried for one that a piece belongs to."""


@dataclass(frozen=True, slots=True)
class End:
    """One of the two captures.

    Attributes:
        name: what it is called: its file, or its interface.
        packets: what it has of the stream.
        first, last: when it was running, by its own clock.
        viewpoint: where it was taken.
        errors: the ICMP errors that it has.
    """

    name: str
    packets: list[Packet]
    first: Time
    last: Time
    viewpoint: Viewpoint
    errors: list[IcmpSeen] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Clocks:
    """How two captures' times compare.

    Attributes:
        offset: by how much the server's clock is ahead of the client's.
        way: how long the quickest packet took from one capture to the other.
        matched: how many packets are in both.
    """

    offset: Time
    way: Time
    matched: int


def end_of(capture: Capture) -> End:
    """Return a capture as one of two."""
    name = Path(capture.path).name
    return End(name, capture.packets, *capture.span, viewpoint_of(capture.packets), capture.stream.errors)


def in_order(one: End, other: End) -> tuple[End, End]:
    """Return the capture nearer to the client, and the other; as they are given if nothing tells."""
    return (other, one) if _toward_client(other) > _toward_client(one) else (one, other)


def _toward_client(end: End) -> Time:
    """Return how much longer the server's answers take to come to a capture than the client's."""
    client, server = end.viewpoint.around
    return (server or 0) - (client or 0)


def interfaces_of(capture: Capture) -> tuple[End, End] | None:
    """Return two interfaces of one capture that are at both ends of the stream; None if there are none."""
    apart: dict[int, list[Packet]] = {}
    for packet in capture.packets:
        apart.setdefault(packet.place[0], []).append(packet)
    ends = []
    for number, seen in apart.items():
        if len(apart) > 1 and len({packet.side for packet in seen}) == 2:
            packets, _ = without_doubles(seen)
            errors = [error for error in capture.stream.errors if error.interface == number]
            ends.append(End(f"interface {number}", packets, *capture.span, viewpoint_of(packets), errors))
    if len(ends) < 2:
        return None
    near, far = max(ends, key=_toward_client), min(ends, key=_toward_client)
    spread = _toward_client(near) - _toward_client(far)
    common = {_key(packet) for packet in near.packets} & {_key(packet) for packet in far.packets}
    return (near, far) if near is not far and spread >= _SURELY_APART and common else None


def merge(client: End, server: End, *, one_clock: bool = False) -> tuple[Account, Clocks]:
    """Return what became of each packet of a stream that was captured at both ends.

    Args:
        client: the capture at the client, or nearer to it.
        server: the other one.
        one_clock: whether one clock gave the times of both.
    """
    merging = _Merging(client, server, one_clock=one_clock)
    return merging.account, merging.clocks


def told(client: End, server: End, clocks: Clocks, *, one_clock: bool) -> str:
    """Return what a person should know of two captures that were merged."""
    apart = "one clock" if one_clock else f"clocks {short(abs(clocks.offset))} apart"
    return (
        f"merged: {client.name} at the client, {server.name} at the server; {short(clocks.way)} each way at least, "
        f"{apart}, {clocks.matched:,} packets in both"
    )


def _key(packet: Packet) -> tuple[object, ...]:
    segment = packet.segment
    times = None if segment.options is None else segment.options.ts
    return (packet.side, packet.ident, segment.seq, segment.ack, segment.ctl, segment.wnd, segment.length, times)


class _Merging:
    def __init__(self, client: End, server: End, *, one_clock: bool) -> None:
        self.ends = (client, server)
        self.account = Account()
        self.partner: tuple[dict[int, int], dict[int, int]] = ({}, {})  # by sender: index at it, index at the receiver
        self.taken: tuple[set[int], set[int]] = (set(), set())  # by capture: what has its partner
        for side in (CLIENT, SERVER):
            self._match(side)
        self.clocks = self._compare(one_clock=one_clock)
        self.lacking = 0
        self.acked = [_acknowledged(self.ends[side].packets, side) for side in (CLIENT, SERVER)]
        self.latest = {  # the last frame with something at a number, at its sender
            (packet.side, packet.segment.seq): packet.frame
            for side, end in enumerate(self.ends)
            for packet in end.packets
            if packet.side == side and packet.segment.seg_len
        }
        passages: list[Passage] = []
        for side in (CLIENT, SERVER):
            passages += self._sent_by(side)
        self.account.passages = sorted(passages, key=lambda passage: passage.sent_at)
        for side in (CLIENT, SERVER):
            self._tell_errors(side)

    def _match(self, side: int) -> None:
        """Find each packet of one side at its receiver, first come, first found."""
        sender, receiver = self.ends[side], self.ends[1 - side]
        waiting: dict[tuple[object, ...], deque[int]] = {}
        for index, packet in enumerate(sender.packets):
            if packet.side == side and not packet.copy:
                waiting.setdefault(_key(packet), deque()).append(index)
        for index, packet in enumerate(receiver.packets):
            if packet.side == side and not packet.copy:
                candidates = waiting.get(_key(packet))
                if candidates:
                    sent = candidates.popleft()
                    self.partner[side][sent] = index
                    self.taken[side].add(sent)
                    self.taken[1 - side].add(index)

    def _compare(self, *, one_clock: bool) -> Clocks:
        """Compare the two clocks by the quickest packets (Rule 2)."""
        quickest: list[Time | None] = []
        for side in (CLIENT, SERVER):
            sent, seen = self.ends[side].packets, self.ends[1 - side].packets
            quickest.append(min((seen[to].time - sent[at].time for at, to in self.partner[side].items()), default=None))
        matched = sum(len(pairs) for pairs in self.partner)
        there, back = quickest
        if there is None or back is None:
            known = there if there is not None else -(back or 0)
            return Clocks(0, max(known, 0), matched) if one_clock else Clocks(known, 0, matched)
        if one_clock:
            return Clocks(0, max(min(there, back), 0), matched)
        return Clocks((there - back) // 2, max((there + back) // 2, 0), matched)

    # ------------------------------------------------------------------ one direction

    def _time(self, side: int, packet: Packet | IcmpSeen) -> Time:
        """Return when the capture at `side` has seen a packet, by the client's clock."""
        return packet.time - (self.clocks.offset if side == SERVER else 0)

    def _sent_by(self, side: int) -> list[Passage]:
        sender, receiver = self.ends[side], self.ends[1 - side]
        before, after = sender.viewpoint.delay[side], receiver.viewpoint.delay[1 - side]
        pieces = self._pieces(side)
        found = []
        for index, packet in enumerate(sender.packets):
            if packet.side != side or packet.copy:
                continue
            sent_at = self._time(side, packet) - before
            passage = Passage(side, packet.segment, sent_at, sent_at + before + self.clocks.way + after, packet.frame)
            found.append(passage)
            if index in self.partner[side]:
                passage.due = self._time(1 - side, receiver.packets[self.partner[side][index]]) + after
            elif index in pieces:
                missing, last = pieces[index]
                passage.due = last + after
                if missing > 0:
                    passage.remark = f"{missing:,} of its {packet.segment.length:,} octets were lost {BETWEEN}"
            else:
                self._miss(passage, 1 - side)
        for index, packet in enumerate(receiver.packets):
            if packet.side == side and (packet.copy or index not in self.taken[1 - side]):
                found.append(self._unsent(packet, side, before, after))
        return found

    def _tell_errors(self, side: int) -> None:
        """Tell of the ICMP errors that come to one side: as its capture has them or, if that has none, the other."""
        for at, later in ((side, 0), (1 - side, self.clocks.way)):
            errors = [error for error in self.ends[at].errors if error.side == side]
            delay = self.ends[side].viewpoint.delay[side] + later
            self.account.findings += [told_error(error, self._time(at, error) + delay) for error in errors]
            if errors:
                return

    def _miss(self, passage: Passage, at: int) -> None:
        """Say what became of a packet that its receiver's capture has not got (Rule 3)."""
        end = self.ends[at]
        offset = self.clocks.offset if at == SERVER else 0
        segment = passage.segment
        acked = self.acked[passage.side]
        last = passage.frame >= self.latest.get((passage.side, segment.seq), 0)
        if segment.seg_len and last and acked is not None and ge(acked, (segment.seq + segment.seg_len) & MASK):
            self._lack(passage, at, "it missed this, which was acknowledged")
            return
        again = segment.seg_len and not last
        if again or end.first - offset <= passage.due <= end.last - offset:
            passage.fate, passage.by = LOST, BETWEEN
        elif passage.due > end.last - offset:
            passage.fate = UNDER_WAY

    def _unsent(self, packet: Packet, side: int, before: Time, after: Time) -> Passage:
        """Return a packet that only its receiver's capture has got."""
        seen = self._time(1 - side, packet)
        passage = Passage(
            side, packet.segment, seen - self.clocks.way - before, seen + after, packet.frame, copy=packet.copy
        )
        if not packet.copy and seen - self.clocks.way >= self._running(side):
            self._lack(passage, side, "it missed this, or somebody in between has sent it")
        return passage

    def _lack(self, passage: Passage, at: int, why: str) -> None:
        """Tell of a packet that one capture lacks; of many, the first few."""
        self.lacking += 1
        if self.lacking <= _FEW:
            passage.remark = f"not in {self.ends[at].name}: {why}"

    def _running(self, side: int) -> Time:
        return self.ends[side].first - (self.clocks.offset if side == SERVER else 0)

    def _pieces(self, side: int) -> dict[int, tuple[int, Time]]:
        """Find segments that one capture has whole and the other in pieces, or joined (Rule 1).

        Returns:
            for the index of each such packet at its sender, how many octets of it are missing and when the last came.
        """
        sender, receiver = self.ends[side], self.ends[1 - side]
        left = sorted(
            (packet.segment.seq, index)
            for index, packet in enumerate(sender.packets)
            if packet.side == side and index not in self.taken[side] and packet.segment.length and not packet.copy
        )
        starts = [seq for seq, _ in left]
        missing = {index: sender.packets[index].segment.length for _, index in left}
        last: dict[int, Time] = {}
        for at, packet in enumerate(receiver.packets):
            if packet.side != side or at in self.taken[1 - side] or packet.copy or not packet.segment.length:
                continue
            seq, length, seen = packet.segment.seq, packet.segment.length, self._time(1 - side, packet)
            rest = length
            high = bisect_right(starts, seq)
            around = left[max(high - _LOOKED_AT, 0) : high] + left[high : bisect_left(starts, seq + length, high)]
            for start, index in around[-2 * _LOOKED_AT :]:
                whole = sender.packets[index]
                common = min(seq + length, start + whole.segment.length) - max(seq, start)
                if common <= 0 or missing[index] <= 0 or self._time(side, whole) > seen:
                    continue
                missing[index] -= common
                last[index] = max(seen, last.get(index, seen))
                self.taken[1 - side].add(at)
                rest -= common
                if rest <= 0:
                    break
        return {index: (missing[index], time) for index, time in last.items()}


def _acknowledged(packets: list[Packet], side: int) -> int | None:
    """Return the highest number of one side that the other acknowledges; None for none."""
    highest = None
    for packet in packets:
        segment = packet.segment
        if packet.side != side and segment.ctl & ACK and not segment.ctl & RST:
            highest = segment.ack if highest is None else latest(highest, segment.ack)
    return highest
