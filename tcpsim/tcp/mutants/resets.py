"""Mutants of resets, of what answers where there is no connection, and of what guards against blind attackers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arrives import acceptable
from ..diagram import CLOSED, LISTEN
from ..segment import ACK, FIN, RST, SYN, Segment
from ..send import reset_for, send_bare_ack
from ..seqnum import HALF, MASK
from .mutant import Deviant, altered, deviation, heading, host, knobs

if TYPE_CHECKING:
    from ..actions import Action
    from ..rules import Rule
    from ..units import Time

heading("Resets and attackers")


# ------------------------------------------------------------------ no connection


@host("rst-answered-by-rst", "RFC 9293 3.5.2", "A RST for no connection is answered with a RST, as anything else is.")
def _reset_resets(segment: Segment, rule: Rule) -> Segment | None:
    return reset_for(segment, rule)


@host(
    "wrong-reset-numbers", "RFC 9293 3.10.7.1",
    "The RST for a segment without a connection bears numbers that its sender cannot accept.",
)  # fmt: skip
def _reset_with_wrong_numbers(segment: Segment, rule: Rule) -> Segment | None:
    if segment.ctl & RST:
        return None
    if segment.ctl & ACK:
        return Segment(0, 0, RST, 0, 0, None, rule)
    return Segment(0, (segment.seq + segment.length) & MASK, RST | ACK, 0, 0, None, rule)  # the SYN is not counted


@host(
    "closed-port-silent", "RFC 9293 3.10.7.1",
    "A segment without a connection is dropped in silence: nobody learns that the port is closed.",
)  # fmt: skip
def _answer_nothing(segment: Segment, rule: Rule) -> Segment | None:
    return None


@deviation(
    "silent-to-unacceptable", "RFC 9293 3.10.7.4, first",
    "A segment that is not acceptable is dropped in silence: a peer that has lost its connection is not told ours.",
)  # fmt: skip
class SilentToUnacceptable(Deviant):
    """No ACK says what is expected."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state.synchronized and not segment.ctl & RST and (segment.ctl & SYN or not acceptable(self, segment)):
            return self._refused(segment)
        return super().segment_arrives(now, segment)


# ------------------------------------------------------------------ a RST for a connection


@deviation("rst-ignored", "RFC 9293 3.10.7.4, second", "A RST is dropped, whatever its number: nothing ever resets.")
class RstIgnored(Deviant):
    """No RST is heard."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if segment.ctl & RST and self.state is not CLOSED and self.state is not LISTEN:
            return self._refused(segment)
        return super().segment_arrives(now, segment)


@deviation(
    "blind-rst", "RFC 9293 3.10.7.4, second", "A RST resets whatever its number is: a blind attacker needs one attempt."
)  # fmt: skip
class BlindRst(Deviant):
    """Any RST will do."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if segment.ctl & RST and self.state.both_syns:
            segment = altered(segment, seq=self.rcv_nxt)
        return super().segment_arrives(now, segment)


# ------------------------------------------------------------------ blind attackers


knobs(
    "no-challenge-ack", "RFC 5961 3.2",
    "What comes from outside is believed as RFC 793 had it: a RST or SYN anywhere in the window resets.",
    challenge_rst=False, challenge_syn=False, challenge_ack=False,
)  # fmt: skip
knobs(
    "blind-syn", "RFC 5961 4.2", "A SYN anywhere in the window resets the connection: it is not challenged.",
    challenge_syn=False,
)  # fmt: skip
knobs(
    "blind-data", "RFC 5961 5.2",
    "An ACK may be as old as it likes: data is taken from somebody who has never seen our segments.",
    challenge_ack=False, unsent_ack="answer",
)  # fmt: skip
knobs(
    "unlimited-challenges", "RFC 5961 7",
    "Challenge ACKs have no limit: two ends that refuse each other's segments answer one another for ever.",
    challenge_ack_limit=1_000_000, challenge_ack_period=1_000_000,
)  # fmt: skip


@deviation(
    "unsent-ack-believed", "RFC 9293 3.10.7.4, fifth",
    "An ACK of what was never sent is taken for one of all that was: the text that comes with it is delivered.",
)  # fmt: skip
class UnsentAckBelieved(Deviant):
    """SEG.ACK > SND.NXT is as good as SND.NXT."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        beyond = (segment.ack - self.snd_max) & MASK
        if self.state.synchronized and segment.ctl & (SYN | RST | ACK) == ACK and 0 < beyond < HALF:
            segment = altered(segment, ack=self.snd_max)
        return super().segment_arrives(now, segment)


@deviation(
    "ack-answered-by-ack", "RFC 9293 3.10.7.4, fifth",
    "Once an end has closed, an empty ACK that acknowledges nothing new is answered with an ACK, and that again.",
)  # fmt: skip
class AckAnsweredByAck(Deviant):
    """Whoever is told nothing says so."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        empty = segment.ctl & (SYN | FIN | RST | ACK) == ACK and not segment.length
        nothing_new = empty and (self.fin_queued or self.fin_received) and segment.ack == self.snd_una
        actions = super().segment_arrives(now, segment)
        if nothing_new and self.state.synchronized and not any(isinstance(action, Segment) for action in actions):
            send_bare_ack(self, self.rule)
            actions += self._more(now)
        return actions
