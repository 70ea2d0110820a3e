"""What a verdict on a connection is made of: how it opened and closed, what was sent, and in which states it is left.

Rule 1. Facts are collected along the segments of one connection, without judging them.
Rule 2. Where an end may or may not have received something, every state that follows from either is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.diagram import State
from ..tcp.segment import ACK, FIN, SYN_ACK
from .streams import SIDES

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .spaces import Space
    from .verdict import EndVerdict, Verdict

BOTH: Final = "both"


class _Side:
    """What one end of a connection has done."""

    __slots__ = (
        "acked_fin_alone", "answered", "asked", "copies", "filled", "octets", "probes", "retransmitted", "segments",
        "space", "syns",
    )  # fmt: skip

    def __init__(self) -> None:
        self.segments = 0
        self.octets = 0
        self.retransmitted = 0
        self.filled = 0
        self.probes = 0
        self.copies = 0
        self.syns = 0
        self.asked: Time | None = None  # when its first SYN was seen, and when its first SYN,ACK
        self.answered: Time | None = None
        self.acked_fin_alone = False
        self.space: Space | None = None


class Facts:
    """What was seen of one connection; sides are those of the pair of sockets."""

    def __init__(self) -> None:
        self.sides = (_Side(), _Side())
        self._fins: list[tuple[int, bool]] = []  # who sent a FIN, and whether it covered that of the other end
        self._completed: Time | None = None
        self._repeated_syn = False
        self._reset: tuple[int, bool] | None = None

    # ------------------------------------------------------------------ collected

    def count(self, side: int, segment: Segment, space: Space | None, *, copy: bool = False) -> None:
        """Count a segment of whatever kind; `space` is that of its sender, or None; `copy`: it was seen just before."""
        own = self.sides[side]
        own.segments += 1
        own.copies += copy
        own.octets += segment.length
        own.space = space or own.space

    def syn(self, side: int, now: Time, segment: Segment, *, again: bool, copy: bool = False) -> None:
        """Take note of a SYN; `again` tells that its sender had sent it before, `copy` that the network copied it."""
        own = self.sides[side]
        own.retransmitted += again and not copy
        self._repeated_syn = self._repeated_syn or again
        own.syns += not copy
        if segment.ctl & SYN_ACK == SYN_ACK:
            own.answered = now if own.answered is None else own.answered
        elif own.asked is None:
            own.asked = now

    def acknowledged(self, side: int, now: Time, segment: Segment, heard: Space, at: int) -> None:
        """Take note of an acknowledgment; `heard` is what it is about, up to position `at`."""
        if self._completed is None and self.sides[1 - side].answered is not None:
            self._completed = now
        if heard.fin is not None and at > heard.fin and not segment.ctl & FIN:
            self.sides[side].acked_fin_alone = True

    def fin(self, side: int, segment: Segment, heard: Space | None) -> None:
        """Take note of a FIN that an end sends for the first time."""
        if all(who != side for who, _ in self._fins):
            covers = heard is not None and heard.fin is not None and heard.acked > heard.fin
            self._fins.append((side, covers and segment.ctl & ACK != 0))

    def sent(self, side: int, *, again: bool, filled: bool, probe: bool) -> None:
        """Take note of a segment with text or a FIN."""
        own = self.sides[side]
        own.probes += probe
        own.retransmitted += again
        own.filled += filled

    def reset(self, side: int) -> None:
        """Take note of a RST; the first one counts."""
        if self._reset is None:
            self._reset = (side, self._open)

    @property
    def _open(self) -> bool:
        """Whether both SYNs were acknowledged, or neither end has sent one here."""
        spaces = [side.space for side in self.sides]
        return all(space is None or not space.known or space.acked > 0 for space in spaces) and any(spaces)

    # ------------------------------------------------------------------ told

    def conclude(self, verdict: Verdict, client: int) -> None:
        """Write what was seen into a verdict; `client` is the side that is the client."""
        order = (client, 1 - client)
        names = {client: SIDES[0], 1 - client: SIDES[1]}
        for told, side in zip(verdict.ends, order, strict=True):
            self._tell_end(told, side)
        verdict.frames = sum(side.segments for side in self.sides)
        verdict.opened = self._opened(names)
        verdict.closed = self._closed(names)
        verdict.reset_by = "" if self._reset is None else names[self._reset[0]]
        verdict.first_closer = BOTH if self._simultaneous else names[self._fins[0][0]] if self._fins else ""
        verdict.time_wait = verdict.first_closer if self._all_acknowledged and self._reset is None else ""
        verdict.options = tuple(self._options(order))
        verdict.round_trip = self._round_trip

    def _tell_end(self, told: EndVerdict, side: int) -> None:
        own = self.sides[side]
        told.segments, told.octets = own.segments, own.octets
        told.retransmitted, told.unseen, told.probes = own.retransmitted, own.filled, own.probes
        told.copies, told.syns = own.copies, own.syns
        if own.space is not None:
            told.mss, told.scale = own.space.largest("mss"), own.space.largest("wscale")
        told.states = tuple(state.value for state in self._states(side))

    def _opened(self, names: dict[int, str]) -> str:
        asked = [side for side in (0, 1) if self.sides[side].asked is not None]
        answered = [side for side in (0, 1) if self.sides[side].answered is not None]
        if not asked:
            return "the capture begins with the SYN,ACK" if answered else "already open when the capture begins"
        if len(asked) == 2:
            return "simultaneous open" + ("" if self._open else ", not completed")
        if not answered:
            other = 1 - asked[0]
            if self._reset is not None and self._reset[0] == other:
                return f"refused by {names[other]}"
            return "the SYN is not answered" if not self.sides[other].segments else "no SYN,ACK in the capture"
        return "three-way handshake" + ("" if self._open else ", not completed")

    @property
    def _simultaneous(self) -> bool:
        return len(self._fins) == 2 and not self._fins[1][1]

    @property
    def _all_acknowledged(self) -> bool:
        return len(self._fins) == 2 and all(side.space is not None and side.space.finished for side in self.sides)

    def _closed(self, names: dict[int, str]) -> str:
        fins = self._fins
        if self._reset is not None:
            who, open_ = self._reset
            if not open_:
                return f"never open: reset by {names[who]}"
            closer = "" if not fins else "its own FIN" if fins[0][0] == who else f"the FIN of {names[fins[0][0]]}"
            after = f" after {closer}" if closer else ""
            return f"reset by {names[who]}{after}"
        if not fins:
            return "open when the capture ends" if self._open else "not open when the capture ends"
        first = names[fins[0][0]]
        if len(fins) == 1:
            return f"half-closed by {first} when the capture ends"
        left = "" if self._all_acknowledged else ", the last FIN not acknowledged"
        if self._simultaneous:
            return f"simultaneous close{left}"
        pieces = "four" if self.sides[fins[1][0]].acked_fin_alone else "three"
        return f"{pieces} segments, {first} first{left}"

    def _options(self, order: tuple[int, int]) -> list[str]:
        spaces = [self.sides[side].space for side in order]
        ours, theirs = spaces
        if ours is None or theirs is None or not (ours.options and theirs.options):
            return []
        said = [f"MSS {_shown(ours.largest('mss'))} and {_shown(theirs.largest('mss'))}"]
        if ours.always("wscale") and theirs.always("wscale"):
            said.append(f"window scale {ours.largest('wscale')} and {theirs.largest('wscale')}")
        if ours.always("sack_ok") and theirs.always("sack_ok"):
            said.append("SACK")
        if ours.always("ts") and theirs.always("ts"):
            said.append("timestamps")
        if ours.ecn and theirs.ecn:
            said.append("ECN")
        return said

    @property
    def _round_trip(self) -> Time | None:
        """From the SYN to the ACK of the SYN,ACK, wherever between the two ends they were seen; Karn's rule holds."""
        asked = [side.asked for side in self.sides if side.asked is not None]
        if len(asked) != 1 or self._completed is None or self._repeated_syn:
            return None
        return self._completed - asked[0]

    # ------------------------------------------------------------------ states

    def _states(self, side: int) -> list[State]:
        """Return the states in which an end may be after all that was seen."""
        before = self._without_reset(side)
        if self._reset is None:
            return before
        if self._reset[0] == side:
            return [State.CLOSED]
        return [state for state in before if state is not State.CLOSED] + [State.CLOSED]

    def _without_reset(self, side: int) -> list[State]:
        own, peer = self.sides[side].space, self.sides[1 - side].space
        closers = [who for who, _ in self._fins]
        heard = peer is not None and peer.fin is not None
        answered = heard and peer is not None and peer.fin is not None and peer.acked > peer.fin
        if side not in closers:
            if answered:
                return [State.CLOSE_WAIT]
            return self._opening(side) + ([State.CLOSE_WAIT] if heard else [])
        assert own is not None
        if not heard:
            return [State.FIN_WAIT_1] + ([State.FIN_WAIT_2] if own.finished else [])
        if self._fins[-1] == (side, True):
            return [State.LAST_ACK] + ([State.CLOSED] if own.finished else [])
        if not answered:
            waits = [State.FIN_WAIT_1] + ([State.FIN_WAIT_2] if own.finished else [])
            return [*waits, State.CLOSING, State.TIME_WAIT]
        if not self._simultaneous:
            return [State.TIME_WAIT]
        return [State.CLOSING] + ([State.TIME_WAIT] if own.finished else [])

    def _opening(self, side: int) -> list[State]:
        me, other = self.sides[side], self.sides[1 - side]
        own, peer = me.space, other.space
        if own is None:
            return [State.CLOSED, State.LISTEN]
        if not own.known or peer is None:
            return [State.SYN_SENT] if own.known else [State.ESTABLISHED]
        if own.acked <= 0:
            return [State.SYN_RECEIVED] if me.answered is not None else [State.SYN_SENT]
        if own.top > own.syn_end or peer.acked > max(peer.syn_end, 1) or (me.answered is None and peer.acked > 0):
            return [State.ESTABLISHED]
        return [State.SYN_RECEIVED if me.answered is not None else State.SYN_SENT, State.ESTABLISHED]


def _shown(value: int | None) -> str:
    return "not announced" if value is None else str(value)
