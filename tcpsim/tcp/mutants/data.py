"""Mutants of data in transit: what is delivered, what is sent again, and what timers and windows decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import rules as why
from ..acks import update_window
from ..actions import TimerSet
from ..diagram import Event
from ..ending import delete
from ..live import push_call
from ..options import Options
from ..segment import ACK, FIN, RST, SYN, URG, Segment
from ..send import output, window_field
from ..seqnum import HALF, MASK, gt, lt
from ..units import NEVER
from .mutant import Deviant, altered, deviation, heading, knobs

if TYPE_CHECKING:
    from ..actions import Action
    from ..text import Chunk
    from ..units import Time

heading("Data, windows and timers")


# ------------------------------------------------------------------ what is delivered


@deviation(
    "out-of-order-acceptance", "RFC 9293 3.10.7.4, first",
    "Text beyond a hole is delivered as if nothing were missing, and the hole is acknowledged with it.",
)  # fmt: skip
class OutOfOrderAcceptance(Deviant):
    """RCV.NXT jumps over holes."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        ahead = (segment.seq - self.rcv_nxt) & MASK
        jumps = bool(segment.length) and self.state.receives_text and 0 < ahead < self.rcv_wnd
        if jumps:
            self.rcv_nxt = segment.seq
            self.rcv_wnd -= ahead
        actions = super().segment_arrives(now, segment)
        return self._blamed(actions) if jumps else actions


@deviation(
    "duplicate-delivered-twice", "RFC 9293 3.10.7.4, first",
    "Text that was received before is delivered to the user once more.",
)  # fmt: skip
class DuplicateDeliveredTwice(Deviant):
    """Old text is new to the user."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        old = (self.rcv_nxt - segment.seq) & MASK
        again = self.state.receives_text and 0 < segment.length <= old < HALF and not segment.ctl & (SYN | FIN | RST)
        if not again or gt(segment.seq, self.rcv_nxt) or lt(segment.seq, self.irs + 1 & MASK):
            return super().segment_arrives(now, segment)
        expected, window = self.rcv_nxt, self.rcv_wnd
        self.rcv_nxt = segment.seq
        actions = super().segment_arrives(now, segment)
        self.rcv_nxt, self.rcv_wnd = expected, window
        for action in actions:
            if isinstance(action, Segment) and action.ctl & ACK:
                action.ack, action.wnd = expected, window_field(self)
        return self._blamed(actions)


@deviation(
    "message-borders", "RFC 9293 3.7",
    "Each SEND goes in segments of its own, as if a TCP connection kept the borders between messages.",
)  # fmt: skip
class MessageBorders(Deviant):
    """Every SEND is a record."""

    __slots__ = ()

    def send(
        self, now: Time, data: Chunk, *, push: bool = True, urgent: bool = False, record: bool = False
    ) -> list[Action]:
        return super().send(now, data, push=push, urgent=urgent, record=True)


@deviation(
    "urgent-off-by-one", "RFC 9293 3.8.5, MUST-62",
    "The urgent pointer points to the last octet of urgent data, not to the one after it.",
)  # fmt: skip
class UrgentOffByOne(Deviant):
    """What RFC 793 says in one place, and most kernels do (RFC 6093 3.1)."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        for action in actions:
            if isinstance(action, Segment) and action.ctl & URG:
                action.up, action.why = action.up - 1, self.rule
        return actions


# ------------------------------------------------------------------ what is sent again


@deviation(
    "never-retransmits", "RFC 9293 3.8.1", "What was lost is never sent again, be it text, SYN or FIN: like UDP."
)  # fmt: skip
class NeverRetransmits(Deviant):
    """Each sequence number goes out once."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        return self._only_new(super().timeout(now), self.snd_nxt)

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        sent, synchronized = self.snd_nxt, self.state.synchronized
        actions = super().segment_arrives(now, segment)
        return self._only_new(actions, sent) if synchronized else actions

    def _only_new(self, actions: list[Action], sent: int) -> list[Action]:
        return self._without(actions, lambda segment: segment.seg_len != 0 and lt(segment.seq, sent))


@deviation(
    "new-number-on-retransmission", "RFC 9293 3.8.1",
    "What is sent again after a timeout bears the next number in place of its own.",
)  # fmt: skip
class NewNumberOnRetransmission(Deviant):
    """A retransmission looks like something new."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        sent = self.snd_max
        actions = super().timeout(now)
        for action in actions:
            if isinstance(action, Segment) and action.seg_len and action.why is not why.PERSIST_PROBE:
                action.seq, action.why = sent, self.rule
        return actions


@deviation(
    "no-backoff", "RFC 6298 5 (5.5)", "The RTO does not double: whatever is lost again is sent again as soon as before."
)  # fmt: skip
class NoBackoff(Deviant):
    """The same RTO every time."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        rto = self.rto
        actions = super().timeout(now)
        if self.rto > rto and self.rexmit_at != NEVER:
            self.rto, self.rexmit_at = rto, now + rto
            self.wake = min(self.wake, self.rexmit_at)
            for action in actions:
                if isinstance(action, TimerSet) and action.timer == "retransmission":
                    action.deadline, action.why = self.rexmit_at, self.rule
        return actions


@deviation(
    "no-karn", "RFC 6298 3",
    "A round trip is measured over what was sent twice, from the first time on: the ACK may be for either.",
)  # fmt: skip
class NoKarn(Deviant):
    """Samples from what was sent twice."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        timed = self.rtt_at, self.rtt_seq
        return self._timed_still(super().timeout(now), timed)

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        timed, una = (self.rtt_at, self.rtt_seq), self.snd_una
        actions = super().segment_arrives(now, segment)
        return self._timed_still(actions, timed) if self.snd_una == una else actions

    def _timed_still(self, actions: list[Action], timed: tuple[Time, int]) -> list[Action]:
        if self.rtt_at == NEVER and timed[0] != NEVER and self.outstanding:
            self.rtt_at, self.rtt_seq = timed
        return actions


@deviation(
    "no-fast-retransmit", "RFC 5681 3.2",
    "Duplicate ACKs and SACK blocks show nothing: a loss is repaired when the retransmission timer expires.",
)  # fmt: skip
class NoFastRetransmit(Deviant):
    """Only the timer repairs."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        self.dupacks = 0
        said = segment.options
        if said is not None and said.sack:
            heard = Options(said.mss, said.wscale, said.sack_ok, said.ts, (), said.fastopen)
            segment = altered(segment, options=heard)
        return super().segment_arrives(now, segment)


knobs("no-sack", "RFC 2018 2", "SACK is not offered: what has arrived beyond a hole is not reported.", sack=False)
knobs("no-dsack", "RFC 2883 4", "What came twice is not reported: the sender cannot know.", dsack=False)
knobs(
    "no-congestion-control", "RFC 9293 3.8.2, MUST-19", "All that the peer's window takes is sent at once.",
    congestion="none",
)  # fmt: skip


@deviation(
    "cwnd-grows-on-duplicates", "RFC 5681 3.1",
    "An ACK opens the congestion window whether or not it acknowledges anything new (Linux 2.4).",
)  # fmt: skip
class CwndGrowsOnDuplicates(Deviant):
    """Every ACK counts."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        una = self.snd_una
        actions = super().segment_arrives(now, segment)
        if self.state.synchronized and segment.ctl & (ACK | RST) == ACK and segment.ack == una == self.snd_una:
            self.cc.acked(self.snd_mss)
        return actions


# ------------------------------------------------------------------ when it is sent, and acknowledged


knobs("no-nagle", "RFC 9293 3.7.4, SHLD-7", "Small segments are sent at once, however many are in flight.", nagle=False)
knobs(
    "no-delayed-ack", "RFC 9293 3.8.6.3, SHLD-18", "Every segment with text is acknowledged at once, by itself.",
    delayed_ack=0,
)  # fmt: skip
knobs(
    "path-mtu-ignored", "RFC 9293 3.7.2", "ICMP's word that a datagram was too big is not believed.",
    path_mtu_discovery=False,
)  # fmt: skip


# ------------------------------------------------------------------ windows


@deviation(
    "no-persist", "RFC 9293 3.8.6.1, MUST-36",
    "A zero window is never probed: if the window update is lost, both ends wait for ever.",
)  # fmt: skip
class NoPersist(Deviant):
    """No persist timer."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        if self.state.synchronized and self.snd_wnd == 0 and self.persist_at != NEVER:
            self.persist_at = NEVER
            return self._unset(actions, "persist")
        return actions


@deviation(
    "no-window-update", "RFC 9293 3.8.6.2.2, MUST-39",
    "When the user reads, the window opens without a word: the peer learns of it from the next ACK that goes anyway.",
)  # fmt: skip
class NoWindowUpdate(Deviant):
    """No ACK tells of room alone."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        return self._without(actions, lambda segment: segment.why is why.WINDOW_UPDATE and not segment.seg_len)


@deviation(
    "window-shrunk", "RFC 9293 3.8.6, SHLD-14",
    "With every segment that is taken the right window edge moves left: what was promised is taken back.",
)  # fmt: skip
class WindowShrunk(Deviant):
    """The buffer shrinks by as much as comes."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        before = self.rcv_nxt
        actions = super().segment_arrives(now, segment)
        taken = (self.rcv_nxt - before) & MASK
        if segment.length and self.state.receives_text and 0 < taken < HALF:
            self.rcv_buff = max(self.rcv_buff - taken, 0)
            self.rcv_wnd = max(self.rcv_wnd - taken, 0)
            for action in actions:
                if isinstance(action, Segment) and action.ctl & (ACK | RST) == ACK:
                    action.wnd, action.why = window_field(self), self.rule
        return actions


@deviation(
    "window-ignored", "RFC 9293 3.8.6", "The peer's window is taken for 65,535 octets, whatever it says."
)  # fmt: skip
class WindowIgnored(Deviant):
    """SND.WND is always large."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        return super().segment_arrives(now, altered(segment, wnd=0xFFFF))


@deviation(
    "stale-window", "RFC 9293 3.10.7.4, fifth",
    "SND.WL1 and SND.WL2 are not asked: the window of an old segment takes the place of a newer one.",
)  # fmt: skip
class StaleWindow(Deviant):
    """Every segment tells the window."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        stale = lt(segment.seq, self.snd_wl1) or (segment.seq == self.snd_wl1 and lt(segment.ack, self.snd_wl2))
        actions = super().segment_arrives(now, segment)
        if stale and self.state.synchronized and segment.ctl & (SYN | RST | ACK) == ACK:
            update_window(self, now, segment.wnd << self.snd_scale)
            output(self, now)
            actions += self._blamed(self._more(now))
        return actions


@deviation(
    "silly-window", "RFC 9293 3.8.6.2.1, MUST-38",
    "Neither end avoids silly windows: every octet that is free is offered, and every octet that is offered is filled.",
    window_update="clark", nagle=False,
)  # fmt: skip
class SillyWindow(Deviant):
    """No silly window avoidance, at either end."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        return self._eager(now, super().segment_arrives(now, segment))

    def receive(self, now: Time, limit: int = 1 << 40) -> list[Action]:
        self.rcv_step = 1
        return super().receive(now, limit)

    def take(self, now: Time, limit: int) -> list[Action]:
        self.rcv_step = 1
        return super().take(now, limit)

    def send(
        self, now: Time, data: Chunk, *, push: bool = True, urgent: bool = False, record: bool = False
    ) -> list[Action]:
        return self._eager(now, super().send(now, data, push=push, urgent=urgent, record=record))

    def _eager(self, now: Time, actions: list[Action]) -> list[Action]:
        self.rcv_step = 1
        if self.state.synchronized and self.snd_nxt != self.snd_goal and self.snd_wnd:
            push_call(self, now)
            actions += self._blamed(self._more(now))
        return actions


# ------------------------------------------------------------------ timers of idle connections


knobs("no-keepalive", "RFC 9293 3.8.4", "An idle connection is never probed, whoever asks for it.", keepalive=False)
knobs(
    "user-timeout-ignored", "RFC 9293 3.10.8", "The user timeout never ends anything.",
    user_timeout=None, connect_timeout=None,
)  # fmt: skip


@deviation(
    "keepalive-kills-at-once", "RFC 9293 3.8.4, MUST-29",
    "A connection that is idle for long is called dead without a single probe.",
)  # fmt: skip
class KeepaliveKillsAtOnce(Deviant):
    """Idle means dead."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        if self.keepalive_at <= now and not self.outstanding:
            delete(self, Event.GIVE_UP, self.rule, "connection timed out", "connection timed out")
            return self._more(now)
        return super().timeout(now)


# ------------------------------------------------------------------ timestamps


@deviation(
    "no-paws", "RFC 7323 5.3",
    "Timestamps are echoed, but an old one is no reason to drop a segment: old duplicates are taken for new.",
)  # fmt: skip
class NoPaws(Deviant):
    """TSval is not compared."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        said = segment.options
        if self.ts_ok and said is not None and said.ts is not None and lt(said.ts[0], self.ts_recent):
            heard = Options(said.mss, said.wscale, said.sack_ok, (self.ts_recent, said.ts[1]), said.sack, said.fastopen)
            segment = altered(segment, options=heard)
        return super().segment_arrives(now, segment)
