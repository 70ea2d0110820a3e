"""Mutants of how a connection begins: the handshake, its numbers, its options, its patience."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..diagram import LISTEN, SYN_RECEIVED, SYN_SENT
from ..options import Options
from ..receive import take_queued
from ..segment import ACK, RST, SYN, SYN_ACK, Segment
from ..send import reset_for, send_bare_ack
from ..seqnum import MASK
from ..timers import stop_retransmission
from ..units import MAX_DURATION
from .mutant import Deviant, altered, deviation, hasty, heading, knobs

if TYPE_CHECKING:
    from ..actions import Action
    from ..units import Time

heading("Opening")


# ------------------------------------------------------------------ how many segments


@deviation(
    "two-way-handshake", "RFC 9293 3.4.1",
    "A listener is ESTABLISHED as soon as a SYN has come, without waiting for the ACK of its own.",
)  # fmt: skip
class TwoWayHandshake(Deviant):
    """ESTABLISHED on SYN."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        listening = self.state is LISTEN
        actions = super().segment_arrives(now, segment)
        if listening and self.state is SYN_RECEIVED:
            imagined = Segment(self.rcv_nxt, self.snd_nxt, ACK, segment.wnd, why=self.rule)
            actions += self._blamed(super().segment_arrives(now, imagined))
        return actions


@deviation(
    "four-way-handshake", "RFC 9293 3.4.1",
    "A listener sends the ACK of the peer's SYN and its own SYN as two segments, and waits for two of them itself.",
)  # fmt: skip
class FourWayHandshake(Deviant):
    """SYN, ACK, SYN, ACK."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        ours_is_acknowledged = self.state is SYN_SENT and self.snd_una == self.snd_nxt
        if self.state is SYN_SENT and segment.ctl & (SYN | ACK | RST) == ACK and segment.ack == self.snd_nxt:
            self.snd_una = segment.ack  # in SYN-SENT this says that our SYN has been acknowledged
            stop_retransmission(self, self.rule)
            return self._refused(segment) + self._more(now)
        if ours_is_acknowledged and segment.ctl & SYN_ACK == SYN:
            self.snd_una = self.iss
            segment = altered(segment, ctl=segment.ctl | ACK, ack=self.snd_nxt)
        return super().segment_arrives(now, segment)

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        apart: list[Action] = []
        for action in actions:
            if isinstance(action, Segment) and action.ctl & SYN_ACK == SYN_ACK:
                apart.append(altered(action, ctl=action.ctl & ~SYN, options=None, why=self.rule))
                apart.append(altered(action, ctl=action.ctl & ~ACK, ack=0, why=self.rule))
            else:
                apart.append(action)
        return apart


@deviation(
    "handshake-needs-bare-ack", "RFC 9293 3.5",
    "In SYN-RECEIVED a segment with data is dropped: only an empty ACK can complete the handshake.",
)  # fmt: skip
class HandshakeNeedsBareAck(Deviant):
    """SYN-RECEIVED waits for an ACK without text."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_RECEIVED and segment.length:
            return self._refused(segment)
        return super().segment_arrives(now, segment)


# ------------------------------------------------------------------ numbers


@deviation(
    "no-ack-check-in-syn-sent", "RFC 9293 3.10.7.3, first",
    "In SYN-SENT whatever a segment acknowledges is taken for an acknowledgment of our SYN.",
)  # fmt: skip
class NoAckCheckInSynSent(Deviant):
    """Any ACK is acceptable in SYN-SENT."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_SENT and segment.ctl & ACK:
            segment = altered(segment, ack=self.snd_nxt)
        return super().segment_arrives(now, segment)


@deviation(
    "syn-not-counted", "RFC 9293 3.4",
    "The peer's SYN is not counted in SEG.LEN: what is expected next, and acknowledged, is the number of the SYN.",
)  # fmt: skip
class SynNotCounted(Deviant):
    """RCV.NXT = IRS after a SYN."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        before = self.state
        actions = super().segment_arrives(now, segment)
        if before in (LISTEN, SYN_SENT) and self.state.both_syns:
            self.rcv_nxt = (self.rcv_nxt - 1) & MASK
            for action in actions:
                if isinstance(action, Segment) and action.ctl & ACK:
                    action.ack, action.why = (action.ack - 1) & MASK, self.rule
        return actions


@deviation(
    "no-wrap", "RFC 9293 3.4",
    "Sequence numbers are compared as plain integers, as if they never went from 4,294,967,295 to 0.",
)  # fmt: skip
class NoWrap(Deviant):
    """`<` in place of comparison modulo 2^32."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if segment.ctl & RST or not self._misjudges(segment):
            return super().segment_arrives(now, segment)
        if self.state is SYN_SENT:
            return [*self._refused(segment), Segment(segment.ack, 0, RST, 0, why=self.rule)]
        send_bare_ack(self, self.rule)
        return self._refused(segment) + self._more(now)

    def _misjudges(self, segment: Segment) -> bool:
        """Return whether plain comparison refuses the SEQ or the ACK of a segment."""
        if self.state is SYN_SENT:
            return segment.ctl & ACK != 0 and not self.iss < segment.ack <= self.snd_nxt
        if not self.state.both_syns or segment.ctl & SYN:
            return False
        edge = (self.rcv_nxt + max(self.rcv_wnd, 1)) & MASK
        return not self.rcv_nxt <= segment.seq < edge or not self.snd_una <= segment.ack <= self.snd_max


class _FixedNumbers(Deviant):
    """The ISS is what the knob says, also after an earlier incarnation."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        self.iss_above = None
        return super().segment_arrives(now, segment)


@deviation(
    "isn-zero", "RFC 9293 3.4.1, MUST-8", "Every connection begins with the initial sequence number 0.", iss=0
)  # fmt: skip
class IsnZero(_FixedNumbers):
    """ISS = 0."""

    __slots__ = ()


@deviation(
    "same-isn", "RFC 9293 3.4.1, MUST-8",
    "Every connection begins with the same initial sequence number: no clock moves it on.", iss=64_000,
)  # fmt: skip
class SameIsn(_FixedNumbers):
    """ISS is a constant."""

    __slots__ = ()


hasty("no-quiet-time", "RFC 9293 3.4.3", "A host that has lost its memory of sequence numbers speaks at once.")


# ------------------------------------------------------------------ retransmission and patience


@deviation(
    "syn-not-retransmitted", "RFC 9293 3.8.1", "A SYN that gets no answer is never sent again."
)  # fmt: skip
class SynNotRetransmitted(Deviant):
    """One SYN, whatever happens."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        return self._without(super().timeout(now), lambda segment: segment.ctl & SYN_ACK == SYN)


@deviation(
    "syn-ack-not-retransmitted", "RFC 9293 3.8.1", "A SYN,ACK that gets no answer is never sent again."
)  # fmt: skip
class SynAckNotRetransmitted(Deviant):
    """One SYN,ACK, whatever happens."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        return self._without(super().timeout(now), lambda segment: segment.ctl & SYN_ACK == SYN_ACK)


@deviation(
    "duplicate-syn-ignored", "RFC 9293 3.10.7.4, first",
    "In SYN-RECEIVED the peer's SYN, if it comes once more, is dropped in silence.",
)  # fmt: skip
class DuplicateSynIgnored(Deviant):
    """No answer to a SYN that comes again."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_RECEIVED and segment.ctl & SYN_ACK == SYN and segment.seq == self.irs:
            return self._refused(segment)
        return super().segment_arrives(now, segment)


knobs(
    "never-gives-up", "RFC 9293 3.8.3, MUST-20",
    "Retransmission has no end: R2, the user timeout and the limits of SYNs are never reached.",
    r2=MAX_DURATION, r2_syn=MAX_DURATION, syn_retries=None, synack_retries=None, user_timeout=None,
    connect_timeout=None, linger=None,
)  # fmt: skip
knobs(
    "gives-up-early", "RFC 9293 3.8.3, MUST-23",
    "A SYN is not sent again even once, and three retransmissions of anything else are enough to give up.",
    r2=0, r2_syn=0, r1=3, syn_retries=0, synack_retries=0,
)  # fmt: skip


# ------------------------------------------------------------------ who opened, and resets


@deviation(
    "simultaneous-open-refused", "RFC 9293 3.5, MUST-10",
    "In SYN-SENT a SYN without an ACK is answered with a RST: SYNs that cross refuse one another.",
)  # fmt: skip
class SimultaneousOpenRefused(Deviant):
    """No simultaneous open."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_SENT and segment.ctl & (SYN | ACK | RST) == SYN:
            return [*self._refused(segment), reset_for(segment, self.rule)]
        return super().segment_arrives(now, segment)


@deviation(
    "crossed-syn-ack-ignored", "RFC 9293 3.5, MUST-10",
    "In SYN-RECEIVED after an active OPEN the peer's SYN,ACK is dropped: a simultaneous open is never completed.",
)  # fmt: skip
class CrossedSynAckIgnored(Deviant):
    """Two ends in SYN-RECEIVED wait for an ACK without a SYN."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_RECEIVED and self.active and segment.ctl & (SYN_ACK | RST) == SYN_ACK:
            return self._refused(segment)
        return super().segment_arrives(now, segment)


@deviation(
    "passive-stays-syn-received", "RFC 9293 3.10.7.4, second",
    "A RST in SYN-RECEIVED after a passive OPEN is ignored: the connection does not return to LISTEN.",
)  # fmt: skip
class PassiveStaysSynReceived(Deviant):
    """SYN-RECEIVED outlives a RST."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_RECEIVED and self.passive and segment.ctl & RST:
            return self._refused(segment)
        return super().segment_arrives(now, segment)


@deviation(
    "rst-closes-listener", "RFC 9293 3.10.7.4, second",
    "A RST in SYN-RECEIVED deletes the TCB after a passive OPEN too: the listener is gone.",
)  # fmt: skip
class RstClosesListener(Deviant):
    """SYN-RECEIVED leads to CLOSED only."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_RECEIVED and segment.ctl & RST:
            self.passive = False
        return super().segment_arrives(now, segment)


@deviation(
    "forgets-who-opened", "RFC 9293 3.5, MUST-11",
    "A RST in SYN-RECEIVED leads to LISTEN after an active OPEN too: nobody hears that it was refused.",
)  # fmt: skip
class ForgetsWhoOpened(Deviant):
    """SYN-RECEIVED does not know where it came from."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is SYN_RECEIVED and segment.ctl & RST:
            self.passive = True
        return super().segment_arrives(now, segment)


@deviation(
    "ack-in-listen-ignored", "RFC 9293 3.10.7.2, second",
    "A listener drops an ACK in silence: a peer whose connection is gone here never hears of it.",
)  # fmt: skip
class AckInListenIgnored(Deviant):
    """No RST from LISTEN."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is LISTEN and segment.ctl & (ACK | RST) == ACK:
            return self._refused(segment)
        return super().segment_arrives(now, segment)


# ------------------------------------------------------------------ text and options of a SYN


@deviation(
    "syn-data-delivered-early", "RFC 9293 3.10.7.2, third",
    "Data that comes with a SYN is handed to the user at once, though nobody has shown that the SYN is not an old one.",
)  # fmt: skip
class SynDataDeliveredEarly(Deviant):
    """Text of a SYN is delivered in SYN-RECEIVED."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        before = self.state
        actions = super().segment_arrives(now, segment)
        if before in (LISTEN, SYN_SENT) and self.state is SYN_RECEIVED and self.rcv_held and self.rcv_fin is None:
            take_queued(self, now)
            actions += self._blamed(self._more(now))
        return actions


knobs(
    "no-fast-open", "RFC 7413 4", "Cookies are neither given nor asked for: data waits for the handshake.",
    fast_open="off",
)  # fmt: skip
knobs(
    "options-ignored", "RFC 9293 3.1", "No TCP option is sent, and none of the peer's is used but its MSS.",
    no_options=True,
)  # fmt: skip


class _MisreadsSyn(Deviant):
    """The options of a SYN, or its window, are read as something else."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if segment.ctl & SYN and not segment.ctl & RST and self.state in (LISTEN, SYN_SENT):
            segment = self._misread(segment)
        return super().segment_arrives(now, segment)

    def _misread(self, segment: Segment) -> Segment:
        return segment


def _said(segment: Segment, **changes: object) -> Segment:
    """Return a SYN whose options say something else."""
    options = segment.options or Options()
    fields = {name: getattr(options, name) for name in ("mss", "wscale", "sack_ok", "ts", "fastopen")} | changes
    return altered(segment, options=Options(**fields))


@deviation(
    "mss-ignored", "RFC 9293 3.7.1, MUST-16",
    "The peer's MSS option is not heeded: segments are as large as our own link allows.",
)  # fmt: skip
class MssIgnored(_MisreadsSyn):
    """SendMSS is as large as can be."""

    __slots__ = ()

    def _misread(self, segment: Segment) -> Segment:
        return _said(segment, mss=0xFFFF)


@deviation(
    "negotiation-one-sided", "RFC 7323 2.2",
    "Window scaling is used as soon as we offer it, whether the peer's SYN carried the option or not.",
)  # fmt: skip
class NegotiationOneSided(_MisreadsSyn):
    """Our window fields are shifted, and the peer does not know."""

    __slots__ = ()

    def _misread(self, segment: Segment) -> Segment:
        scaled = segment.options is not None and segment.options.wscale is not None
        return segment if scaled else _said(segment, wscale=0)


@deviation(
    "options-assumed", "RFC 7323 2.2 and 3.2",
    "What our SYN has offered is used, though the peer's SYN,ACK leaves it out.",
)  # fmt: skip
class OptionsAssumed(_MisreadsSyn):
    """Nobody is asked."""

    __slots__ = ()

    def _misread(self, segment: Segment) -> Segment:
        if self.state is not SYN_SENT:
            return segment
        said = segment.options or Options()
        cfg = self.cfg
        scale = 0 if said.wscale is None and cfg.window_scale is not None else said.wscale
        stamps = (0, 0) if said.ts is None and cfg.timestamps else said.ts
        return _said(segment, wscale=scale, sack_ok=said.sack_ok or cfg.sack, ts=stamps)


@deviation(
    "scaled-syn-window", "RFC 7323 2.2", "The window of a SYN is scaled, as if it came later in the connection."
)  # fmt: skip
class ScaledSynWindow(_MisreadsSyn):
    """SND.WND is too large from the beginning."""

    __slots__ = ()

    def _misread(self, segment: Segment) -> Segment:
        shift = (segment.options.wscale or 0) if segment.options is not None else 0
        return altered(segment, wnd=segment.wnd << shift)
