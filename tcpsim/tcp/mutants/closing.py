"""Mutants of how a connection ends: FINs, TIME-WAIT, and closing by force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actions import Deliver, TimerFired, TimerSet, TimerStopped
from ..arrives import acceptable
from ..calls import DOES_NOT_EXIST, TcpError, shutdown_call
from ..diagram import CLOSE_WAIT, CLOSED, CLOSING, FIN_WAIT_1, LAST_ACK, TIME_WAIT, Edge, Event
from ..ending import delete
from ..receive import take_fin
from ..segment import ACK, FIN, RST, SYN, Segment
from ..send import output, reset_for
from ..seqnum import MASK
from ..timers import stop_all
from ..units import MINUTE, NEVER
from .mutant import Deviant, altered, deviation, heading, knobs

if TYPE_CHECKING:
    from ..actions import Action
    from ..units import Time

heading("Closing")


# ------------------------------------------------------------------ the peer's FIN


@deviation(
    "fin-before-hole", "RFC 9293 3.10.7.4, eighth",
    "A FIN is taken as soon as it comes, though text before it is missing: the peer is told that all has arrived.",
)  # fmt: skip
class FinBeforeHole(Deviant):
    """A FIN beyond a hole closes at once."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        actions = super().segment_arrives(now, segment)
        if self.rcv_fin is not None and self.state.receives_text:
            actions = [action for action in actions if not isinstance(action, Segment)]  # one ACK is enough
            self.rcv_nxt = self.rcv_fin
            take_fin(self, now)
            output(self, now)
            actions += self._blamed(self._more(now))
        return actions


@deviation(
    "fin-not-counted", "RFC 9293 3.4",
    "The peer's FIN is not counted in SEG.LEN: the ACK that answers it does not acknowledge it.",
)  # fmt: skip
class FinNotCounted(Deviant):
    """RCV.NXT does not move over a FIN."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        closed_already = self.fin_received
        actions = super().segment_arrives(now, segment)
        if self.fin_received and not closed_already:
            self.rcv_nxt = (self.rcv_nxt - 1) & MASK
            for action in actions:
                if isinstance(action, Segment) and action.ctl & (ACK | RST) == ACK:
                    action.ack, action.why = (action.ack - 1) & MASK, self.rule
        return actions


@deviation(
    "half-close-kills", "RFC 9293 3.6, Case 2",
    "The peer's FIN closes both directions: our own FIN follows at once, whatever the user still had to send.",
)  # fmt: skip
class HalfCloseKills(Deviant):
    """CLOSE-WAIT is left at once."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        actions = super().segment_arrives(now, segment)
        if self.state is CLOSE_WAIT and not self.fin_queued:
            shutdown_call(self, now)
            actions += self._blamed(self._more(now))
        return actions


knobs(
    "ack-before-fin", "RFC 9293 3.6",
    "The ACK of the peer's FIN never waits for our own FIN: they are two segments, even if one would do.",
    delay_fin_ack=False,
)  # fmt: skip


@deviation(
    "fin-wait-1-to-close-wait", "RFC 9293 3.6, Case 3",
    "A FIN in FIN-WAIT-1 leads to CLOSE-WAIT, as if this end had not closed itself (FreeRTOS-Plus-TCP issue 1303).",
)  # fmt: skip
class FinWait1ToCloseWait(Deviant):
    """No CLOSING state."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        before = self.state
        actions = super().segment_arrives(now, segment)
        if before is FIN_WAIT_1 and self.state is CLOSING:
            return self._led_astray(
                actions, Edge(FIN_WAIT_1, Event.RCV_FIN, "snd ACK", CLOSE_WAIT, None, self.rule.cite)
            )
        return actions


@deviation(
    "fin-wait-1-to-last-ack", "RFC 9293 3.6, Case 3",
    "A FIN in FIN-WAIT-1 leads to LAST-ACK: when both ends close at once, nobody is left to wait in TIME-WAIT.",
)  # fmt: skip
class FinWait1ToLastAck(Deviant):
    """LAST-ACK in place of CLOSING."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        before = self.state
        actions = super().segment_arrives(now, segment)
        if before is FIN_WAIT_1 and self.state is CLOSING:
            return self._led_astray(actions, Edge(FIN_WAIT_1, Event.RCV_FIN, "snd ACK", LAST_ACK, None, self.rule.cite))
        return actions


@deviation(
    "fin-taken-twice", "RFC 9293 3.10.7.4, eighth",
    "A FIN that comes again is taken again: RCV.NXT moves over it once more, and the user is told once more.",
)  # fmt: skip
class FinTakenTwice(Deviant):
    """Two numbers for one FIN."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        again = self.fin_received and segment.ctl & (SYN | FIN | RST) == FIN
        again = again and self.state.both_syns and segment.last == (self.rcv_nxt - 1) & MASK
        actions = super().segment_arrives(now, segment)
        if again and self.state.both_syns:
            self.rcv_nxt = (self.rcv_nxt + 1) & MASK
            for action in actions:
                if isinstance(action, Segment) and action.ctl & (ACK | RST) == ACK:
                    action.ack, action.why = self.rcv_nxt, self.rule
            self.signal("connection closing", self.rule)
            actions += self._more(now)
        return actions


@deviation(
    "text-after-fin", "RFC 9293 3.10.7.4, seventh",
    "Text that comes when the peer's FIN has been taken is delivered, though it can only be an old copy.",
)  # fmt: skip
class TextAfterFin(Deviant):
    """The end of the stream is not the end."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        late = self.fin_received and self.state.both_syns and not segment.ctl & (SYN | RST)
        actions = super().segment_arrives(now, segment)
        if late and segment.length:
            actions.append(Deliver(segment.length, segment.text, False, False, self.rule))
        return actions


# ------------------------------------------------------------------ our own FIN


@deviation(
    "fin-not-retransmitted", "RFC 9293 3.8.1", "A FIN that gets no answer is never sent again."
)  # fmt: skip
class FinNotRetransmitted(Deviant):
    """One FIN, whatever happens."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        return self._without(super().timeout(now), lambda segment: segment.ctl & FIN != 0)


@deviation(
    "ack-of-fin-unchecked", "RFC 9293 3.10.7.4, fifth",
    "Any ACK that comes after our FIN is taken for its acknowledgment (smoltcp issue 470).",
)  # fmt: skip
class AckOfFinUnchecked(Deviant):
    """LAST-ACK ends with whatever ACK comes."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        waits = self.state in (FIN_WAIT_1, CLOSING, LAST_ACK) and self.snd_max == self.snd_goal
        if waits and segment.ctl & (SYN | RST | ACK) == ACK:
            segment = altered(segment, ack=self.snd_max)
        return super().segment_arrives(now, segment)


@deviation(
    "silent-in-closing", "RFC 9293 3.6, Case 3",
    "In CLOSING nothing is sent but ACKs: neither what was queued, nor a lost FIN (smoltcp pull requests 279, 398).",
)  # fmt: skip
class SilentInClosing(Deviant):
    """CLOSING neither sends nor repeats text or FIN."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        if self.state is not CLOSING:
            return actions
        return self._without(actions, lambda segment: segment.length != 0 or segment.ctl & FIN != 0)


@deviation(
    "close-without-fin", "RFC 9293 3.10.4",
    "CLOSE after the peer's FIN sends nothing: the peer waits in FIN-WAIT-2, this end in CLOSE-WAIT.",
)  # fmt: skip
class CloseWithoutFin(Deviant):
    """CLOSE is not heard in CLOSE-WAIT."""

    __slots__ = ()

    def close(self, now: Time) -> list[Action]:
        return [] if self.state is CLOSE_WAIT else super().close(now)

    def shutdown(self, now: Time) -> list[Action]:
        return [] if self.state is CLOSE_WAIT else super().shutdown(now)

    def abandon(self, now: Time) -> list[Action]:
        return [] if self.state is CLOSE_WAIT else super().abandon(now)


@deviation(
    "no-timer-in-close-wait", "RFC 9293 3.8.1",
    "The retransmission timer does not run in CLOSE-WAIT: what is lost there stays lost (utcp issue 24).",
)  # fmt: skip
class NoTimerInCloseWait(Deviant):
    """Nothing is sent again in CLOSE-WAIT."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        if self.state is not CLOSE_WAIT:
            return actions
        self.rexmit_at = NEVER
        return self._unset(actions, "retransmission")


@deviation(
    "no-timer-in-closing", "RFC 9293 3.8.1",
    "The retransmission timer does not run in CLOSING and LAST-ACK: a FIN that is lost there is never sent again.",
)  # fmt: skip
class NoTimerInClosing(Deviant):
    """Both have closed, and nothing is sent again."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        if self.state is not CLOSING and self.state is not LAST_ACK:
            return actions
        self.rexmit_at = NEVER
        return self._unset(actions, "retransmission")


@deviation(
    "fin-resent-for-ever", "RFC 9293 3.8.3",
    "A FIN that nobody acknowledges is sent again without an end: R2 is never reached (shadow issue 3573).",
)  # fmt: skip
class FinResentForEver(Deviant):
    """Each timeout is the first one for R2."""

    __slots__ = ()

    def timeout(self, now: Time) -> list[Action]:
        if self.rexmit_at <= now and self.syn_acked and self.fin_queued and self.outstanding == 1:
            self.progress_at = now
        return super().timeout(now)


@deviation(
    "tcb-not-deleted", "RFC 9293 3.10.7.4, fifth",
    "The ACK of our FIN stops all timers in LAST-ACK, but does not delete the TCB: the connection is there for ever.",
)  # fmt: skip
class TcbNotDeleted(Deviant):
    """LAST-ACK leads nowhere."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        waits = self.state is LAST_ACK and self.snd_max == self.snd_goal == segment.ack
        if not waits or segment.ctl & (SYN | RST | ACK) != ACK or not acceptable(self, segment):
            return super().segment_arrives(now, segment)
        self.snd_una = segment.ack
        stop_all(self, self.rule)
        return self._refused(segment) + self._more(now)


@deviation(
    "timer-left-running", "RFC 9293 3.10.7.4, fifth",
    "The retransmission timer is not stopped with the connection: it expires in CLOSED, where nothing is left to send.",
)  # fmt: skip
class TimerLeftRunning(Deviant):
    """A timer outlives its TCB."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        armed, gone = self.rexmit_at, self.state is CLOSED
        actions = super().segment_arrives(now, segment)
        if gone or self.state is not CLOSED or armed == NEVER:
            return actions
        self.rexmit_at = self.wake = armed
        return [a for a in actions if not (isinstance(a, TimerStopped) and a.timer == "retransmission")]

    def timeout(self, now: Time) -> list[Action]:
        if self.state is not CLOSED or self.rexmit_at > now:
            return super().timeout(now)
        self.rexmit_at = NEVER
        return [TimerFired("retransmission", self.rule)] if self.observed else []


@deviation(
    "close-wait-times-out", "RFC 9293 3.6, Case 2",
    "CLOSE-WAIT ends after a minute by itself: a connection that only one end has closed is reset.",
)  # fmt: skip
class CloseWaitTimesOut(Deviant):
    """A timer where there is none."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        if self.state is CLOSE_WAIT and self.fin_wait_2_at == NEVER:
            self.fin_wait_2_at = now + MINUTE
            self.wake = min(self.wake, self.fin_wait_2_at)
        elif self.state is LAST_ACK:
            self.fin_wait_2_at = NEVER
        return actions

    def timeout(self, now: Time) -> list[Action]:
        if self.state is CLOSE_WAIT and self.fin_wait_2_at <= now:
            self.fin_wait_2_at = NEVER
            self.out.append(Segment(self.snd_nxt, 0, RST, 0, why=self.rule))
            delete(self, Event.ABORT, self.rule, "connection reset", "connection reset")
            return self._more(now)
        return super().timeout(now)


# ------------------------------------------------------------------ TIME-WAIT


@deviation(
    "no-time-wait", "RFC 9293 3.6.1, MUST-13",
    "The active closer deletes the TCB as soon as both FINs are acknowledged: it does not wait at all.",
)  # fmt: skip
class NoTimeWait(Deviant):
    """CLOSED in place of TIME-WAIT."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        actions = super().segment_arrives(now, segment)
        if self.state is TIME_WAIT:
            delete(self, Event.TIME_WAIT_TIMEOUT, self.rule, "connection closed", "connection closing")
            actions += self._more(now)
        return actions


@deviation("one-msl", "RFC 9293 3.6.1, MUST-13", "TIME-WAIT lasts for one MSL, not for two.")
class OneMsl(Deviant):
    """Half of TIME-WAIT."""

    __slots__ = ()

    def _bent(self, now: Time, actions: list[Action]) -> list[Action]:
        msl = self.cfg.msl
        if self.state is TIME_WAIT and self.time_wait_at > now + msl:
            self.time_wait_at = now + msl
            self.wake = min(self.wake, self.time_wait_at)
            for action in actions:
                if isinstance(action, TimerSet) and action.timer == "time-wait":
                    action.deadline, action.why = self.time_wait_at, self.rule
        return actions


@deviation(
    "no-time-wait-restart", "RFC 9293 3.10.7.4, eighth",
    "A FIN that comes again in TIME-WAIT is acknowledged, but 2 MSL do not start anew.",
)  # fmt: skip
class NoTimeWaitRestart(Deviant):
    """2 MSL count from the first FIN."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        over = self.time_wait_at
        actions = super().segment_arrives(now, segment)
        if over != NEVER and self.state is TIME_WAIT:
            self.time_wait_at = over
            return self._unset(actions, "time-wait")
        return actions


@deviation(
    "time-wait-answers-with-rst", "RFC 9293 3.10.7.4, eighth",
    "In TIME-WAIT a segment is answered with a RST, as if the connection were gone already.",
)  # fmt: skip
class TimeWaitAnswersWithRst(Deviant):
    """The peer's FIN, sent again, is refused."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is TIME_WAIT and not segment.ctl & RST:
            return [*self._refused(segment), reset_for(segment, self.rule)]
        return super().segment_arrives(now, segment)


knobs(
    "assassination", "RFC 1337 3", "A RST ends TIME-WAIT at once, as it ends any other state.",
    time_wait_ignores_rst=False, time_wait_answers="checked",
)  # fmt: skip


@deviation(
    "time-wait-heeds-rst", "RFC 1337 3",
    "A RST ends TIME-WAIT at once, though the connection is configured to ignore it there.",
)  # fmt: skip
class TimeWaitHeedsRst(Deviant):
    """The knob says one thing, the endpoint does another."""

    __slots__ = ()

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        if self.state is TIME_WAIT and segment.ctl & RST and segment.seq == self.rcv_nxt:
            delete(self, Event.RCV_RST, self.rule, "connection closed", "connection reset")
            return self._more(now)
        return super().segment_arrives(now, segment)


knobs(
    "no-time-wait-reuse", "RFC 9293 3.6.1, MAY-2",
    "In TIME-WAIT no SYN opens the connection anew, however new its number or its timestamp is.",
    reuse_time_wait=False,
)  # fmt: skip


@deviation(
    "reuse-time-wait-always", "RFC 9293 3.6.1, MAY-2",
    "In TIME-WAIT every SYN opens the connection anew, also an old one.",
)  # fmt: skip
class ReuseTimeWaitAlways(Deviant):
    """An old SYN is taken for a new one."""

    __slots__ = ()

    def admits_new_incarnation(self, segment: Segment) -> bool:
        return self.state is TIME_WAIT and segment.ctl & (SYN | ACK | RST) == SYN


# ------------------------------------------------------------------ by force


knobs(
    "close-with-unread-sends-fin", "RFC 9293 3.6.1, SHLD-3",
    "CLOSE sends a FIN though data is unread, and data after CLOSE is taken: nobody hears that it was lost.",
    half_duplex_close=False,
)  # fmt: skip
knobs(
    "linger-ignored", "RFC 9293 3.9.1.4", "A linger time makes no difference: CLOSE never becomes an ABORT.",
    linger=None,
)  # fmt: skip
knobs(
    "no-orphan-timer", "RFC 9293 3.6, Case 1",
    "FIN-WAIT-2 has no end of its own, be it that nobody holds the connection any more: the RFC asks for no more.",
    fin_wait_2_timeout=None,
)  # fmt: skip


@deviation(
    "abort-sends-fin", "RFC 9293 3.10.5",
    "ABORT closes in good order, with a FIN: the peer cannot know that it was not all.",
    linger=None, half_duplex_close=False,
)  # fmt: skip
class AbortSendsFin(Deviant):
    """No RST at the user's wish."""

    __slots__ = ()

    def abort(self, now: Time) -> list[Action]:
        if self.state is CLOSED:
            raise TcpError(DOES_NOT_EXIST)
        if self.fin_queued or not self.state.both_syns or self.state is TIME_WAIT:
            return super().abort(now)
        return self._blamed(self.close(now))
