"""What one capture tells of each packet's fate: what was lost, and where, what was overtaken, what is missing.

A capture sees what passes one place. What it can't see is inferred from what the two hosts do about it:

Rule 1. A segment that is retransmitted, with no acknowledgment of the earlier copy in between, was lost behind the
        capture; unless the answer comes too soon for the retransmission, echoes an older timestamp than the
        retransmission's (RFC 7323 4.3), or reports a duplicate (RFC 2883): then the earlier copy had arrived.
Rule 2. Numbers that were skipped, and come later, were lost before the capture and are retransmitted, or were only
        overtaken: the latter if their identification or timestamp is older than that of what came first, or
        if less than a round trip lies between. Both may come: first the retransmission, then what it repeats.
Rule 3. Numbers that are acknowledged and were never seen have arrived, but the capture has not got them: a gap.
        What an ICMP error quotes was lost where the error says so, unless it is acknowledged after all.
Rule 4. An acknowledgment was lost if its receiver, who must have had it by then, retransmits what it covers.
Rule 5. A keep-alive segment and a probe of a zero window repeat an octet, or its number without one (RFC 9293
        3.8.4), and nothing was lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, FIN, RST, SYN, Segment
from ..tcp.seqnum import HALF, MASK
from ..tcp.units import MS, SECOND
from .passages import LOST, UNDER_WAY, Account, Finding, Passage, told_error
from .reading import counts_up
from .spans import Spans
from .streams import SIDES
from .viewpoint import Numbers, Viewpoint, numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tcp.units import Time
    from .reading import Packet
    from .streams import IcmpSeen

BEFORE: Final = "before the capture"
BEHIND: Final = "behind the capture"
OVERTAKEN: Final = "overtaken"
UNANSWERED: Final = "never acknowledged"
_SLACK: Final = MS
"""How much later than it must, an acknowledgment may come before its loss is inferred."""
_OVERTAKES_WITHIN: Final = 3 * MS
"""Where no round trip is known, what comes within this time was overtaken, and not sent again."""
_SURELY: Final = 0.9
"""What takes less than this share of the shortest round trip is no answer."""


class _Copy:
    """A passage with SEG.LEN > 0, and what is known of its arrival.

    Attributes:
        earlier: the copies that it repeats, in whole or in part.
        missed: how many of its octets were sent again before they were acknowledged.
        covered: whether an octet of it was acknowledged before it was sent again.
        proved: whether it arrived although it was sent again.
    """

    __slots__ = ("covered", "earlier", "end", "missed", "passage", "proved", "start", "time")

    def __init__(self, passage: Passage, start: int, end: int, time: Time) -> None:
        self.passage = passage
        self.start = start
        self.end = end
        self.time = time
        self.earlier: list[_Copy] = []
        self.missed = 0
        self.covered = False
        self.proved = False


class _Gap:
    """Numbers that were acknowledged and not seen."""

    __slots__ = ("high", "low", "selective", "time")

    def __init__(self, low: int, high: int, time: Time, *, selective: bool) -> None:
        self.low = low
        self.high = high
        self.time = time
        self.selective = selective


class _Side:
    """What one side has sent, as far as it has been captured, and what acknowledges it."""

    def __init__(self, numbers: Numbers, *, counts: bool, syn: bool) -> None:
        self.numbers = numbers
        self.counts = counts  # whether its identifications are counted up
        self.syn = syn  # whether its SYN was captured
        self.una = 0
        self.outstanding: Spans[_Copy] = Spans()
        self.holes: Spans[tuple[int, Packet]] = Spans()  # each with the packet that skipped it, and its index
        self.late: dict[tuple[int, int], tuple[Packet, Passage]] = {}  # taken for lost: what skipped it, and itself
        self.gaps: list[_Gap] = []
        self.copies: list[_Copy] = []
        self.repeats: list[_Copy] = []
        self.acks: list[tuple[int, Time, Passage]] = []  # that only acknowledge, what, and when they were captured
        self.window_closed = False
        self.last_heard: Time | None = None
        self.reset = False


def infer(packets: list[Packet], viewpoint: Viewpoint, errors: Sequence[IcmpSeen] = ()) -> Account:
    """Return what became of each packet of a stream, and what is to be said of its capture.

    Args:
        packets: the stream, in the order of the capture.
        viewpoint: where it was captured.
        errors: the ICMP errors about it.
    """
    return _Inference(packets, viewpoint, errors).account


class _Inference:
    def __init__(self, packets: list[Packet], viewpoint: Viewpoint, errors: Sequence[IcmpSeen]) -> None:
        self.viewpoint = viewpoint
        self.refused = {(error.side, error.seq): f"ICMP {error.error}" for error in errors}
        self.account = Account()
        self.unseen: list[tuple[int, Passage]] = []  # each with the index of the passage before which it was sent
        numbers = numbers_of([(packet.side, packet.segment) for packet in packets])
        syns = {packet.side for packet in packets if packet.segment.ctl & SYN}
        self.sides = tuple(
            _Side(numbers[side], counts=counts_up(packets, side), syn=side in syns) for side in range(2)
        )  # fmt: skip
        for packet in packets:
            self._take(packet)
        for side in range(2):
            self._conclude(side)
        for index, passage in reversed(self.unseen):
            self.account.passages.insert(index, passage)
        for error in errors:
            self.account.findings.append(told_error(error, error.time + viewpoint.delay[error.side]))
        self.account.findings.sort(key=lambda finding: finding.time)

    def _take(self, packet: Packet) -> None:
        side, segment = packet.side, packet.segment
        delay = self.viewpoint.delay
        passage = Passage(
            side, segment, packet.time - delay[side], packet.time + delay[1 - side], packet.frame, copy=packet.copy
        )
        own = self.sides[side]
        own.last_heard = packet.time
        own.reset = own.reset or bool(segment.ctl & RST)
        if not packet.copy and not segment.ctl & RST:
            if segment.ctl & ACK:
                self._acknowledge(packet, passage)
            if segment.seg_len:
                self._send(packet, passage)
            elif _keeps_alive(own, segment):
                _say_probe(own, passage)
        self.account.passages.append(passage)

    # ------------------------------------------------------------------ what is sent

    def _send(self, packet: Packet, passage: Passage) -> None:
        own, segment = self.sides[packet.side], packet.segment
        start = own.numbers.position(segment.seq)
        end, nxt = start + segment.seg_len, own.numbers.nxt
        own.numbers.nxt = max(nxt, end)
        if _probes(own, segment, start, end, nxt):
            _say_probe(own, passage)
            return
        if (start, end) in own.late and self._comes_after_all(packet, passage, *own.late.pop((start, end))):
            return
        if start > nxt:
            own.holes.put(nxt, start, (len(self.account.passages), packet))
        copy = _Copy(passage, start, end, packet.time)
        own.copies.append(copy)
        for low, high, (index, skipper) in own.holes.take(start, end):
            self._fill(copy, packet, low, high, index, skipper)
        if end <= own.una:
            copy.covered = True
            self._repeat_needlessly(copy, packet)
            return
        for low, high, earlier in own.outstanding.put(max(start, own.una), end, copy):
            earlier.missed += high - low
            if earlier not in copy.earlier[-1:]:
                copy.earlier.append(earlier)
        if copy.earlier:
            own.repeats.append(copy)

    def _fill(self, copy: _Copy, packet: Packet, low: int, high: int, index: int, skipper: Packet) -> None:
        """Take note that numbers that were skipped come now (Rule 2)."""
        before = self.account.passages[index]
        if self._was_overtaken(packet, skipper):
            copy.passage.held, copy.passage.by = True, OVERTAKEN
            copy.passage.sent_at = min(copy.passage.sent_at, before.sent_at - 1)  # 1 ns: its place in the order
            return
        segment = _part(packet.segment, copy.start, low, high)
        due = before.sent_at + self.viewpoint.one_way
        unseen = Passage(packet.side, segment, before.sent_at, due, 0, LOST, BEFORE)
        at = len(self.unseen)
        while at and self.unseen[at - 1][0] > index:
            at -= 1
        self.unseen.insert(at, (index, unseen))
        self.sides[packet.side].late[low, high] = (skipper, unseen)

    def _comes_after_all(self, packet: Packet, passage: Passage, skipper: Packet, unseen: Passage) -> bool:
        """Return whether this is what was taken for lost, behind its own retransmission (Rule 2)."""
        if not self._is_older(packet, skipper):
            return False
        self.unseen = [each for each in self.unseen if each[1] is not unseen]
        passage.held, passage.by, passage.sent_at = True, OVERTAKEN, min(passage.sent_at, unseen.sent_at - 1)
        return True

    def _is_older(self, packet: Packet, skipper: Packet) -> bool | None:
        """Return whether a packet was sent before another one; None if neither identification nor timestamp tells."""
        older = (packet.ident - skipper.ident) & 0xFFFF
        if self.sides[packet.side].counts and packet.ident and skipper.ident and older:
            return older >= 0x8000
        ours, theirs = _timestamp(packet.segment), _timestamp(skipper.segment)
        if ours is not None and theirs is not None and ours != theirs:
            return (theirs - ours) & MASK < HALF
        return None

    def _was_overtaken(self, packet: Packet, skipper: Packet) -> bool:
        older = self._is_older(packet, skipper)
        if older is not None:
            return older
        client, server = self.viewpoint.around
        round_trip = (client or 0) + (server or 0)
        return packet.time - skipper.time < (round_trip * _SURELY or _OVERTAKES_WITHIN)

    def _repeat_needlessly(self, copy: _Copy, packet: Packet) -> None:
        """Take note that something is sent again whose acknowledgment was captured before (Rule 4)."""
        own = self.sides[packet.side]
        gap = own.gaps[-1] if own.gaps else None
        if gap is not None and copy.start <= gap.low and gap.high <= copy.end and copy.time - gap.time <= _SLACK:
            own.gaps.pop()  # the capture has the two in the wrong order
            return
        delay = self.viewpoint.delay[packet.side]
        if not delay:  # whoever repeats it is where the capture was taken
            return
        known_by = copy.time - 2 * delay - max(_SLACK, delay // 2)
        while own.acks and own.acks[-1][1] > known_by:
            own.acks.pop()
        while own.acks and own.acks[-1][0] >= copy.end:
            passage = own.acks.pop()[2]
            passage.fate, passage.by = LOST, BEHIND

    # ------------------------------------------------------------------ what is acknowledged

    def _acknowledge(self, packet: Packet, passage: Passage) -> None:
        own, segment = self.sides[1 - packet.side], packet.segment
        ack = own.numbers.position(segment.ack)
        if own.syn and not own.una and not segment.ctl & SYN and not 1 <= ack <= own.numbers.nxt:
            for _, _, copy in own.outstanding.all():  # another connection's number: the SYN has provoked it
                copy.proved = True
            return
        own.window_closed = not segment.wnd and not segment.ctl & SYN
        if ack > own.numbers.nxt:
            own.gaps.append(_Gap(own.numbers.nxt, ack, packet.time, selective=False))
            own.numbers.nxt = ack
        if ack > own.una:
            for low, _, copy in own.outstanding.take(own.una, ack):
                self._cover(copy, packet, at_edge=low == own.una)
            for low, high, _ in own.holes.take(own.una, ack):
                own.gaps.append(_Gap(low, high, packet.time, selective=False))
            own.una = ack
        if segment.options is not None and segment.options.sack:
            self._acknowledge_selectively(packet, ack)
        if not segment.seg_len:
            own.acks.append((ack, packet.time, passage))

    def _acknowledge_selectively(self, packet: Packet, ack: int) -> None:
        own = self.sides[1 - packet.side]
        assert packet.segment.options is not None
        blocks = [(own.numbers.position(low), own.numbers.position(high)) for low, high in packet.segment.options.sack]
        low, high = blocks[0]
        if high <= ack or (len(blocks) > 1 and blocks[1][0] <= low and high <= blocks[1][1]):  # RFC 2883 4
            _report_duplicate(own, low, high)
            del blocks[0]
        for low, high in blocks:
            if high > own.numbers.nxt:  # of what was never sent, or not yet captured
                continue
            for _, _, copy in own.outstanding.take(low, high):
                self._cover(copy, packet, at_edge=False)
            for hole_low, hole_high, _ in own.holes.take(low, high):
                own.gaps.append(_Gap(hole_low, hole_high, packet.time, selective=True))

    def _cover(self, copy: _Copy, packet: Packet, *, at_edge: bool) -> None:
        """Take note that octets of a copy are acknowledged; find out which copy that speaks for (Rule 1)."""
        copy.covered = True
        while copy.earlier and self._too_soon(copy, packet, at_edge=at_edge):
            copy = copy.earlier[-1]
            copy.proved = True

    def _too_soon(self, copy: _Copy, packet: Packet, *, at_edge: bool) -> bool:
        """Return whether an acknowledgment can't be due to this copy."""
        around = self.viewpoint.around[packet.side]
        if self.viewpoint.handshake and around and packet.time - copy.time < around * _SURELY:
            return True
        sent = _timestamp(copy.passage.segment)
        options = packet.segment.options
        if not at_edge or sent is None or options is None or options.ts is None:
            return False
        return 0 < (sent - options.ts[1]) & MASK < HALF

    # ------------------------------------------------------------------ the end

    def _conclude(self, side: int) -> None:
        own, peer = self.sides[side], self.sides[1 - side]
        for copy in own.copies:
            passage = copy.passage
            if copy.proved or (copy.covered and not copy.missed):
                continue
            if not copy.missed:
                self._conclude_unanswered(copy, own, peer)
            elif copy.missed < copy.end - copy.start:
                passage.remark = f"{copy.missed:,} of its {copy.end - copy.start:,} octets were lost {BEHIND}"
            else:
                passage.fate, passage.by = LOST, BEHIND
        findings = self.account.findings
        for gap in own.gaps:
            findings.append(Finding(gap.time, 1 - side, _gap_told(gap, side, syn=own.syn)))
        for low, high, (_, skipper) in own.holes.all():
            text = f"{_range(low, high, side)} are not in the capture, and were not acknowledged: lost, or not captured"
            findings.append(Finding(skipper.time, side, text))

    def _conclude_unanswered(self, copy: _Copy, own: _Side, peer: _Side) -> None:
        """Say what became of a copy that nothing acknowledges, and that was not sent again."""
        passage = copy.passage
        if (passage.side, passage.segment.seq) in self.refused:
            passage.fate, passage.by = LOST, self.refused[passage.side, passage.segment.seq]
            return
        if peer.last_heard is None:  # nobody answers the SYNs, or the other direction was not captured
            passage.fate = UNDER_WAY if all(each.passage.segment.ctl & SYN for each in own.copies) else passage.fate
            return
        if peer.reset:  # it answers with a RST
            return
        waited = peer.last_heard - copy.time
        if waited > sum(gap or 0 for gap in self.viewpoint.around) + SECOND:
            passage.fate, passage.by = LOST, UNANSWERED
        else:
            passage.fate = UNDER_WAY


def _probes(own: _Side, segment: Segment, start: int, end: int, nxt: int) -> bool:
    """Return whether a segment only wants to be answered (Rule 5)."""
    if segment.ctl & (SYN | FIN) or segment.length > 1:
        return False
    keep_alive = start < own.una == nxt == end
    return keep_alive or (own.window_closed and start == own.una)


def _keeps_alive(own: _Side, segment: Segment) -> bool:
    """Return whether a segment without text has the number before SND.NXT, all being acknowledged.

    After a FIN that may be an old ACK.
    """
    start = own.numbers.position(segment.seq)
    if own.copies and own.copies[-1].passage.segment.ctl & FIN:
        return False
    return 0 <= start == own.una - 1 == own.numbers.nxt - 1


def _say_probe(own: _Side, passage: Passage) -> None:
    passage.probe = True
    passage.remark = "a probe of the closed window" if own.window_closed else "a keep-alive segment"


def _report_duplicate(own: _Side, low: int, high: int) -> None:
    """Take note that the receiver has had these numbers twice: what was sent again had arrived (RFC 2883)."""
    for copy in reversed(own.repeats):
        if copy.start < high and low < copy.end:
            for earlier in copy.earlier:
                earlier.proved = True
            copy.covered = True
            return


def _timestamp(segment: Segment) -> int | None:
    return None if segment.options is None or segment.options.ts is None else segment.options.ts[0]


def _part(segment: Segment, start: int, low: int, high: int) -> Segment:
    """Return the part of a segment, whose numbers begin at `start`, that has the numbers from `low` to `high`."""
    end = start + segment.seg_len
    if low <= start and high >= end:
        return segment
    ctl = segment.ctl if high >= end else segment.ctl & ~FIN
    length = high - low - (1 if ctl & FIN else 0)
    return Segment(
        (segment.seq + low - start) & MASK, segment.ack, ctl & ~SYN, segment.wnd, length, None, None, segment.options,
    )  # fmt: skip


def _range(low: int, high: int, side: int) -> str:
    count = high - low
    numbers = f"{low}" if count == 1 else f"{low} to {high - 1}"
    return f"{count:,} octet{'' if count == 1 else 's'} of the {SIDES[side]} ({numbers})"


def _gap_told(gap: _Gap, side: int, *, syn: bool) -> str:
    if (gap.low, gap.high) == (0, 1) and not syn:
        return f"the {SIDES[side]}'s SYN is not in the capture: it was acknowledged, and never seen"
    how = "selectively acknowledged" if gap.selective else "acknowledged"
    return f"gap in the capture: {_range(gap.low, gap.high, side)} were {how}, and never seen"
