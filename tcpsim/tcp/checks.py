"""A second reading of SEGMENT ARRIVES (RFC 9293 3.10.7): the checks that a segment meets, up to the one that decides.

Rule 1. `arrives.py` acts, and asks no more than it must; this file tells, and changes nothing. Neither knows the
        other: a test holds them against each other, rule by rule, for every segment it can think of.
Rule 2. The checks stand in the RFC's order, by its names; the last one told is the one that decides.
Rule 3. A question is written in the RFC's variables, and `values` has a number for each, as on the wire.

Security and compartment (the third check, in SYN-SENT and after) are not modelled: nothing is told of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from . import rules as why
from .diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)
from .fastopen import cookie_for
from .segment import ACK, FIN, RST, SYN, SYN_FIN, URG
from .seqnum import HALF, MASK, distance, ge, gt, le, lt
from .timestamps import OUTDATED

if TYPE_CHECKING:
    from .rules import Rule
    from .segment import Segment
    from .tcb import TCB
    from .units import Time

OURS: Final = "iss"
"""The base of the numbers that we send: they count from our ISS."""
THEIRS: Final = "irs"
"""The base of the numbers that the peer sends: they count from the IRS."""
PLAIN: Final = ""
"""No base: an amount, or a timestamp."""

Value = tuple[str, int, str]
"""A variable by its RFC name, its value as on the wire, and its base: OURS, THEIRS or PLAIN."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of an event.

    Attributes:
        name: by the RFC's words: `first, sequence number`, `CLOSE call`.
        cite: where it stands: `RFC 9293 3.10.7.4, first`.
        question: what is asked, in the RFC's variables or in words, without a question mark; where nothing is
            asked (`answer` is None), what the RFC has done with such an event in this state.
        values: each variable of the question.
        answer: whether it is so.
        passed: whether the segment or call stands: False where it is dropped or refused.
        decided: whether this is the check that decides.
        why: the rule that it brings about, or None.
    """

    name: str
    cite: str
    question: str
    values: tuple[Value, ...]
    answer: bool | None
    passed: bool
    decided: bool
    why: Rule | None

    def filled(self, iss: int = 0, irs: int = 0) -> str:
        """Return the question with its numbers, sequence numbers counted from `iss` and `irs`; "" if it has none.

        Sums are carried out; the words before a colon are left out.
        """
        told = {name: value if base == PLAIN else from_base(value, base, iss, irs) for name, value, base in self.values}
        expression = self.question.rpartition(": ")[2]
        return _SUM.sub(lambda found: str(_total(found[0], told)), expression) if told else ""


_SUM: Final = re.compile(r"[A-Z]+(?:\.[\w.]+\w|(?<=ISS))(?:[+-](?:[A-Z][\w.]+\w|\d+))*")
"""A variable, and what is added to it: `RCV.NXT+RCV.WND`, `ISS`."""


def _total(expression: str, told: dict[str, int]) -> int:
    terms = re.findall(r"([+-]?)([\w.]+)", expression)
    return sum((-1 if sign == "-" else 1) * (told[term] if term in told else int(term)) for sign, term in terms)


def from_base(number: int, base: str, iss: int, irs: int) -> int:
    """Return a sequence number counted from its base, negative for one before it."""
    return ((number - (iss if base == OURS else irs) + HALF) & MASK) - HALF


# ------------------------------------------------------------------ SEGMENT ARRIVES


def of_segment(tcb: TCB, now: Time, segment: Segment) -> tuple[Check, ...]:
    """Return the checks that a segment meets that arrives `now` at this TCB, which is as it was before."""
    walk = _Walk(tcb, now, segment)
    if segment.ctl & SYN_FIN == SYN_FIN and _drops_syn_fin(tcb):
        walk.ask("SYN and FIN together", "are SYN and FIN both set", True, why.SYN_FIN_DROPPED, passed=False)
    elif tcb.state is CLOSED:
        return of_nobody(segment)
    elif tcb.state is LISTEN:
        walk.in_listen()
    elif tcb.state is SYN_SENT:
        walk.in_syn_sent()
    elif tcb.state is TIME_WAIT and tcb.cfg.time_wait_answers == "unexpected":
        walk.in_time_wait()
    else:
        walk.eight_checks()
    return walk.told()


def of_nobody(segment: Segment) -> tuple[Check, ...]:
    """Return the check of a segment for a connection that does not exist (3.10.7.1)."""
    rst = segment.ctl & RST != 0
    rule = why.CLOSED_RST_IGNORED if rst else why.CLOSED_RESET
    return (Check("CLOSED state", "RFC 9293 3.10.7.1", "is RST set", (), rst, False, True, rule),)


def _drops_syn_fin(tcb: TCB) -> bool:
    return tcb.cfg.drop_syn_fin == "always" or (tcb.cfg.drop_syn_fin == "listen" and tcb.state is LISTEN)


_EMPTY_WINDOW: Final = "SEG.SEQ = RCV.NXT"
_START: Final = "RCV.NXT =< SEG.SEQ < RCV.NXT+RCV.WND"
_END: Final = "RCV.NXT =< SEG.SEQ+SEG.LEN-1 < RCV.NXT+RCV.WND"
_OTHERS: Final = "RFC 9293 3.10.7.4"
_ORDER: Final = {
    "first, sequence number": "first", "second, RST bit": "second", "fourth, SYN bit": "fourth",
    "fifth, ACK field": "fifth", "sixth, URG bit": "sixth", "seventh, text": "seventh", "eighth, FIN bit": "eighth",
}  # fmt: skip
FIRST, SECOND, FOURTH, FIFTH, SIXTH, SEVENTH, EIGHTH = _ORDER


class _Walk:
    """A segment on its way through the checks: what is left of it, and where the connection is meanwhile."""

    __slots__ = ("_told", "ack", "ctl", "length", "now", "rcv_nxt", "segment", "seq", "tcb", "up", "where")

    def __init__(self, tcb: TCB, now: Time, segment: Segment) -> None:
        self.tcb, self.now, self.segment = tcb, now, segment
        self.seq, self.ack, self.ctl, self.length = segment.seq, segment.ack, segment.ctl, segment.length
        self.where, self.rcv_nxt = tcb.state, tcb.rcv_nxt
        self._told: list[Check] = []

    def told(self) -> tuple[Check, ...]:
        """Return the checks; the last one is the one that decided."""
        return (*self._told[:-1], replace(self._told[-1], decided=True))

    def ask(
        self, name: str, question: str, answer: bool, rule: Rule | None = None, *, passed: bool = True, cite: str = ""
    ) -> None:
        """Note a check; its place is the RFC's by its name, or `cite`, or where the rule stands."""
        if not cite:
            cite = f"{_OTHERS}, {_ORDER[name]}" if name in _ORDER or rule is None else f"{rule.rfc} {rule.section}"
        values = tuple([self._value(variable) for variable in dict.fromkeys(_VARIABLE.findall(question))])
        self._told.append(Check(name, cite, question, values, answer, passed, False, rule))

    def _value(self, variable: str) -> Value:
        tcb = self.tcb
        ours = {
            "ISS": tcb.iss, "SND.UNA": tcb.snd_una, "SND.NXT": tcb.snd_max, "SEG.ACK": self.ack,
        }  # fmt: skip
        theirs = {"IRS": tcb.irs, "RCV.NXT": self.rcv_nxt, "SEG.SEQ": self.seq, "RCV.UP": tcb.rcv_up}
        if variable in ours:
            return variable, ours[variable], OURS
        if variable in theirs:
            return variable, theirs[variable], THEIRS
        stamps = self.segment.options.ts if self.segment.options is not None else None
        amounts = {
            "RCV.WND": tcb.rcv_wnd, "SEG.LEN": self.seg_len, "SEG.UP": self.segment.up,
            "MAX.SND.WND": tcb.max_snd_wnd, "TS.Recent": tcb.ts_recent, "SEG.TSval": stamps[0] if stamps else 0,
        }  # fmt: skip
        return variable, amounts[variable], PLAIN

    @property
    def seg_len(self) -> int:
        return self.length + (self.ctl & SYN != 0) + (self.ctl & FIN != 0)

    # -------------------------------------------------------------- 3.10.7.2 LISTEN

    def in_listen(self) -> None:
        place, ctl = "RFC 9293 3.10.7.2", self.ctl
        if ctl & RST:
            self.ask("first, RST bit", "is RST set", True, why.LISTEN_RST_IGNORED, passed=False)
            return
        self.ask("first, RST bit", "is RST set", False, cite=f"{place}, first")
        if ctl & ACK:
            self.ask("second, ACK bit", "is ACK set", True, why.LISTEN_ACK_RESET, passed=False)
            return
        self.ask("second, ACK bit", "is ACK set", False, cite=f"{place}, second")
        if ctl & SYN:
            self.ask("third, SYN bit", "is SYN set", True, why.LISTEN_SYN)
            self._fast_open()
            return
        self.ask("third, SYN bit", "is SYN set", False, cite=f"{place}, third")
        self.ask("fourth, anything else", "are there only other bits or data", True, why.LISTEN_OTHER, passed=False)

    def _fast_open(self) -> None:
        """RFC 7413: may what came beside the SYN be taken before the handshake is complete?"""
        tcb, options = self.tcb, self.segment.options
        if tcb.cfg.fast_open not in ("server", "both") or options is None or options.fastopen is None or not tcb.remote:
            return
        good = options.fastopen == cookie_for(tcb.cfg.isn_secret, tcb.remote[0])
        rule = None if good and not self.length else why.FAST_OPEN_TAKEN if good else why.FAST_OPEN_COOKIE
        self.ask("Fast Open cookie", "does the SYN show our cookie for its sender", good, rule, cite="RFC 7413 4.2.2")

    # -------------------------------------------------------------- 3.10.7.3 SYN-SENT

    def in_syn_sent(self) -> None:
        place, ctl = "RFC 9293 3.10.7.3", self.ctl
        if ctl & ACK:
            tcb = self.tcb
            good = 0 < distance(self.ack, tcb.iss) <= distance(tcb.snd_nxt, tcb.iss)
            bad = why.SYN_SENT_BAD_ACK_RST if ctl & RST else why.SYN_SENT_BAD_ACK
            self.ask(
                "first, ACK bit", "ISS < SEG.ACK =< SND.NXT", good, None if good else bad, passed=good,
                cite=f"{place}, first",
            )  # fmt: skip
            if not good:
                return
        else:
            self.ask("first, ACK bit", "is ACK set", False, cite=f"{place}, first")
        if ctl & RST:
            question = "is RST set, beside an acceptable ACK"
            rule = why.SYN_SENT_REFUSED if ctl & ACK else why.SYN_SENT_RST_IGNORED
            self.ask("second, RST bit", question, ctl & ACK != 0, rule, passed=ctl & ACK != 0)
            return
        self.ask("second, RST bit", "is RST set", False, cite=f"{place}, second")
        if ctl & SYN:
            question = "is SYN set, beside an acceptable ACK"
            rule = why.SYN_SENT_SYN_ACK if ctl & ACK else why.SYN_SENT_SYN
            self.ask("fourth, SYN bit", question, ctl & ACK != 0, rule, cite=f"{place}, fourth")
            if ctl & ACK:
                self._queued(beside=True)
            return
        self.ask("fourth, SYN bit", "is SYN set", False, cite=f"{place}, fourth")
        self.ask("fifth, anything else", "is neither SYN nor RST set", True, why.SYN_SENT_OTHER, passed=False)

    # -------------------------------------------------------------- TIME-WAIT as BSD has it

    def in_time_wait(self) -> None:
        tcb, ctl, segment = self.tcb, self.ctl, self.segment
        if ctl & RST:
            self.ask(SECOND, "is RST set", True, why.RST_IGNORED_TIME_WAIT, passed=False)
        elif not ctl & ACK:
            self.ask(FIFTH, "is ACK set", False, why.NO_ACK, passed=False)
        else:
            expected = ctl == ACK and not segment.length and segment.seq == tcb.rcv_nxt and segment.ack == tcb.snd_nxt
            rule = why.TIME_WAIT_EXPECTED if expected else why.TIME_WAIT_UNEXPECTED
            question = "an empty ACK: SEG.SEQ = RCV.NXT and SEG.ACK = SND.NXT"
            self.ask("TIME-WAIT, as BSD has it", question, expected, rule, passed=False)

    # -------------------------------------------------------------- 3.10.7.4 Other States

    def eight_checks(self) -> None:
        """The eight checks; each returns whether the segment goes on to the next one."""
        for check in (
            self.timestamps, self.first, self.second, self.fourth, self.fifth, self.sixth, self.seventh,
        ):  # fmt: skip
            if not check():
                return
        self.eighth()

    def timestamps(self) -> bool:
        """RFC 7323 5.3 (R1), before all others."""
        tcb = self.tcb
        if not tcb.ts_ok or self.ctl & RST:
            return True
        name, stamps = "before the first, timestamps", self.segment.options.ts if self.segment.options else None
        if stamps is None:
            stands = tcb.cfg.missing_timestamps == "accept" or (self.ctl & SYN != 0 and tcb.state is SYN_RECEIVED)
            rule = None if stands else why.NO_TIMESTAMPS
            self.ask(name, "is there a timestamp", False, rule, passed=stands, cite="RFC 7323 3.2")
            return stands
        older = lt(stamps[0], tcb.ts_recent)
        stands = not older or self.now - tcb.ts_recent_at > OUTDATED
        rule = None if stands else why.PAWS
        self.ask(name, "SEG.TSval >= TS.Recent", not older, rule, passed=stands, cite="RFC 7323 5.3 (R1)")
        return stands

    def first(self) -> bool:
        """First, check sequence number."""
        tcb = self.tcb
        start = distance(self.seq, self.rcv_nxt)
        if self.ctl & RST:
            stands = start < tcb.rcv_wnd or start == 0
            question = _START if tcb.rcv_wnd else _EMPTY_WINDOW
            self.ask(FIRST, question, stands, None if stands else why.UNACCEPTABLE_RST, passed=stands)
            return stands
        if tcb.state is SYN_RECEIVED and self.ctl & SYN and self.seq == tcb.irs:
            return self._syn_again()
        question, acceptable = self._table_6()
        if not acceptable:
            return self._unacceptable(question)
        self.ask(FIRST, question, True)
        challenges = tcb.cfg.challenge_syn and not (tcb.state is SYN_RECEIVED and tcb.passive)
        if self.ctl & SYN and (start < tcb.rcv_wnd or challenges):
            return True
        if self.ctl & SYN:
            self._strip_syn()
        self._trim()
        return True

    def _table_6(self) -> tuple[str, bool]:
        """Table 6 of 3.10.7.4: the question that the lengths of segment and window select, and its answer."""
        tcb, start = self.tcb, distance(self.seq, self.rcv_nxt)
        if not self.seg_len:
            if not tcb.rcv_wnd:
                return _EMPTY_WINDOW, start == 0
            if tcb.cfg.accept_right_edge:
                return "RCV.NXT =< SEG.SEQ =< RCV.NXT+RCV.WND", start <= tcb.rcv_wnd
            return _START, start < tcb.rcv_wnd
        if not tcb.rcv_wnd:
            return "SEG.LEN = 0 or RCV.WND > 0", False
        if start < tcb.rcv_wnd:
            return _START, True
        ends_inside = distance(self.seq + self.seg_len - 1, self.rcv_nxt) < tcb.rcv_wnd
        return (_END, True) if ends_inside else (f"{_START} or {_END}", False)

    def _syn_again(self) -> bool:
        """In SYN-RECEIVED the peer's SYN comes again: alone, or as the SYN,ACK after SYNs have crossed."""
        tcb = self.tcb
        if tcb.active and self.ctl & ACK and 0 < distance(self.ack, tcb.snd_una) <= tcb.outstanding:
            question = "the SYN again: SEG.SEQ = IRS and SND.UNA < SEG.ACK =< SND.NXT"
            self.ask(FIRST, question, True, why.SYN_ACK_CROSSED)
            self._strip_syn()
            self._trim()
            return True
        if tcb.cfg.answer_duplicate_syn and not self.ctl & ACK:
            self.ask(FIRST, "the SYN again: SEG.SEQ = IRS", True, why.DUPLICATE_SYN_ANSWERED, passed=False)
            return False
        return self._unacceptable(_START)

    def _unacceptable(self, question: str) -> bool:
        """Nothing of the segment lies in the window; in a few cases its ACK counts all the same."""
        tcb, ctl = self.tcb, self.ctl
        plain = ctl & (SYN | ACK) == ACK
        below = distance(self.seq, self.rcv_nxt) >= HALF
        rule, counts = why.UNACCEPTABLE, False
        if not tcb.rcv_wnd and self.seq == self.rcv_nxt and plain:
            rule, counts = why.ZERO_WINDOW_ANSWERED, True
        elif tcb.state is TIME_WAIT and ctl & FIN and (self.seq + self.seg_len - self.rcv_nxt) & MASK == 0:
            rule = why.FIN_AGAIN
        elif plain and below and self._old_acks_count():
            rule, counts = why.OLD_ACK_COUNTS, True
        elif not self.seg_len and not below and tcb.cfg.challenge_ack and self._limited():
            rule = why.CHALLENGE_LIMITED
        self.ask(FIRST, question, False, rule, passed=counts)
        if counts:
            self.length, self.ctl = 0, ctl & ~(SYN | FIN)
        return counts

    def _old_acks_count(self) -> bool:
        tcb = self.tcb
        crossed = tcb.snd_wnd == 0 and tcb.snd_una != tcb.snd_max
        return tcb.cfg.old_acks_count or tcb.cfg.ack_repeats_fin or crossed

    def _limited(self) -> bool:
        """Return whether the challenge ACKs of this period are used up (RFC 5961 7)."""
        tcb = self.tcb
        fresh = not tcb.challenges or self.now - tcb.challenges_from >= tcb.cfg.challenge_ack_period
        return (0 if fresh else tcb.challenges) >= tcb.cfg.challenge_ack_limit

    def _strip_syn(self) -> None:
        self.seq, self.ctl = (self.seq + 1) & MASK, self.ctl & ~SYN

    def _trim(self) -> None:
        """Leave of the segment what is new and fits the window."""
        tcb = self.tcb
        start = distance(self.seq, self.rcv_nxt)
        old = MASK + 1 - start if start >= HALF else 0
        room = tcb.rcv_wnd - (0 if old else start)
        length = min(max(self.length - old, 0), room)
        if not old and length == self.length and self.seg_len <= room:
            return
        question = "RCV.NXT =< SEG.SEQ and SEG.SEQ+SEG.LEN =< RCV.NXT+RCV.WND"
        self.ask("first, what lies outside", question, False, why.TRIMMED)
        cut = min(old, self.length)
        if cut + length != self.length or length >= room:
            self.ctl &= ~FIN
        self.seq, self.length = (self.seq + cut) & MASK, length

    def second(self) -> bool:
        """Second, check the RST bit."""
        tcb = self.tcb
        if not self.ctl & RST:
            self.ask(SECOND, "is RST set", False)
            return True
        if tcb.state is TIME_WAIT and tcb.cfg.time_wait_ignores_rst:
            self.ask(SECOND, "is RST set, in TIME-WAIT", True, why.RST_IGNORED_TIME_WAIT, passed=False)
        elif tcb.cfg.challenge_rst and self.seq != self.rcv_nxt:
            rule = why.CHALLENGE_LIMITED if self._limited() else why.RST_CHALLENGED
            self.ask(SECOND, "RST is set: SEG.SEQ = RCV.NXT", False, rule, passed=False)
        else:
            question = "RST is set: SEG.SEQ = RCV.NXT" if tcb.cfg.challenge_rst else "is RST set"
            self.ask(SECOND, question, True, self._reset_by())
        return False

    def _reset_by(self) -> Rule:
        state = self.tcb.state
        if state is SYN_RECEIVED:
            return why.RST_TO_LISTEN if self.tcb.passive else why.RST_REFUSED
        return why.RST_ENDS if state in (CLOSING, LAST_ACK, TIME_WAIT) else why.RST_ABORTS

    def fourth(self) -> bool:
        """Fourth, check the SYN bit."""
        tcb = self.tcb
        if not self.ctl & SYN:
            self.ask(FOURTH, "is SYN set", False)
            return True
        rule = why.SYN_IN_WINDOW_RESETS
        if tcb.state is SYN_RECEIVED and tcb.passive:
            rule = why.SYN_TO_LISTEN
        elif tcb.cfg.challenge_syn:
            rule = why.CHALLENGE_LIMITED if self._limited() else why.SYN_CHALLENGED
        self.ask(FOURTH, "is SYN set", True, rule, passed=False)
        return False

    def fifth(self) -> bool:
        """Fifth, check the ACK field."""
        tcb = self.tcb
        if not self.ctl & ACK:
            self.ask(FIFTH, "is ACK set", False, why.NO_ACK, passed=False)
            return False
        acked = distance(self.ack, tcb.snd_una)
        if tcb.state is SYN_RECEIVED:
            good = 0 < acked <= tcb.outstanding
            opened = why.ACK_OF_SYN if good else why.ACK_BAD_SYN_RECEIVED
            self.ask(FIFTH, "SND.UNA < SEG.ACK =< SND.NXT", good, opened, passed=good)
            if good:
                self._queued()
            return good and self._something_is_left()
        if acked > tcb.outstanding:
            return self._ack_outside(acked) and self._something_is_left()
        takes_fin = tcb.fin_queued and self.ack == tcb.snd_goal
        rule = self._fin_is_acknowledged() if takes_fin else None
        question = "SND.UNA < SEG.ACK =< SND.NXT" if acked else "SND.UNA = SEG.ACK"
        self.ask(FIFTH, question, True, rule)
        if not tcb.syn_acked and acked:
            self._queued()
        return rule is not why.ACK_OF_FIN_CLOSES and self._something_is_left()

    def _ack_outside(self, acked: int) -> bool:
        """SEG.ACK is below SND.UNA or above what was sent."""
        tcb, cfg = self.tcb, self.tcb.cfg
        if acked < HALF:
            drops = cfg.unsent_ack == "drop" and tcb.state is ESTABLISHED
            limits = not drops and cfg.challenge_ack and cfg.unsent_ack != "acknowledge" and self._limited()
            rule = why.CHALLENGE_LIMITED if limits else why.ACK_UNSENT
            self.ask(FIFTH, "SEG.ACK =< SND.NXT", False, rule, passed=False)
            return False
        oldest = tcb.max_snd_wnd
        if cfg.unsent_ack != "answer":
            oldest = min(oldest, (tcb.snd_una - tcb.iss - 1) & MASK if tcb.syn_acked else 0)
        question = "SND.UNA-MAX.SND.WND =< SEG.ACK"
        if cfg.challenge_ack and MASK + 1 - acked > oldest:
            rule = why.CHALLENGE_LIMITED if self._limited() else why.ACK_TOO_OLD
            self.ask(FIFTH, question, False, rule, passed=False)
            return False
        self.ask(FIFTH, f"a duplicate: {question if cfg.challenge_ack else 'SEG.ACK'} < SND.UNA", True)
        return True

    def _fin_is_acknowledged(self) -> Rule | None:
        if self.where is FIN_WAIT_1:
            self.where = FIN_WAIT_2
        elif self.where is CLOSING:
            self.where = TIME_WAIT
        elif self.where is LAST_ACK:
            self.where = CLOSED
            return why.ACK_OF_FIN_CLOSES
        else:
            return None
        return why.ACK_OF_FIN

    def _queued(self, *, beside: bool = False) -> None:
        """ESTABLISHED: what came beside the SYN is processed now, as is a CLOSE that was queued."""
        tcb = self.tcb
        if tcb.state is SYN_RECEIVED or beside:
            self.where = FIN_WAIT_1 if tcb.fin_queued else ESTABLISHED
        if beside:
            self.rcv_nxt = (self.seq + 1 + min(self.length, tcb.cfg.rcv_buff)) & MASK
            fin = (self.seq + 1 + self.length) & MASK if self.ctl & FIN else None
        else:
            self._take_held()
            fin = tcb.rcv_fin
        if fin is not None and fin == self.rcv_nxt:
            self._take_fin("did a FIN come beside the SYN")

    def _something_is_left(self) -> bool:
        return self.length > 0 or self.ctl & (URG | FIN) != 0

    def sixth(self) -> bool:
        """Sixth, check the URG bit."""
        tcb = self.tcb
        if not self.ctl & URG:
            self.ask(SIXTH, "is URG set", False)
            return True
        if not self.where.receives_text:
            self.ask(SIXTH, "is URG set", True, why.URGENT_IGNORED, passed=False)
        else:
            up = (self.segment.seq + self.segment.up) & MASK
            read = (self.rcv_nxt - tcb.rcv_user) & MASK
            ahead = gt(up, read) and not (tcb.urgent and le(up, tcb.rcv_up))
            rule = why.URGENT_ADVANCES if tcb.urgent else why.URGENT_BEGINS
            question = "does SEG.UP point ahead of what was read, and of RCV.UP"
            self.ask(SIXTH, question, ahead, rule if ahead else None)
        return self.length > 0 or self.ctl & FIN != 0

    def seventh(self) -> bool:
        """Seventh, process the segment text."""
        tcb = self.tcb
        if not self.length:
            return True
        if not self.where.receives_text:
            self.ask(SEVENTH, "is the peer's FIN still to come", False, why.TEXT_AFTER_FIN, passed=False)
        elif tcb.closed_full and tcb.cfg.half_duplex_close:
            self.ask(SEVENTH, "is there still a user who reads", False, why.TEXT_AFTER_CLOSE, passed=False)
            return False
        elif gt(self.seq, self.rcv_nxt):
            self.ask(SEVENTH, "SEG.SEQ = RCV.NXT", False, why.TEXT_HELD)
        else:
            self._take_text()
        return self.ctl & FIN != 0

    def _take_text(self) -> None:
        tcb = self.tcb
        reads = (tcb.reading and not tcb.urgent) or tcb.receives
        if lt(self.seq, self.rcv_nxt):
            self.ask(SEVENTH, "SEG.SEQ = RCV.NXT", False, why.ACK_REPEATED)
        else:
            self.ask(SEVENTH, "SEG.SEQ = RCV.NXT", True, why.TEXT_DELIVERED if reads else why.TEXT_READABLE)
        end = (self.seq + self.length) & MASK
        if gt(end, self.rcv_nxt):
            self.rcv_nxt = end
            self._take_held()
            if tcb.rcv_fin is not None and tcb.rcv_fin == self.rcv_nxt and self.where.receives_text:
                self._take_fin("is the FIN that waited next now")

    def _take_held(self) -> None:
        for seq, length, _, _ in self.tcb.rcv_held:
            if gt(seq, self.rcv_nxt):
                break
            if gt((seq + length) & MASK, self.rcv_nxt):
                self.rcv_nxt = (seq + length) & MASK

    def _take_fin(self, question: str) -> None:
        self.ask(EIGHTH, question, True, why.FIN_TAKEN)
        self.rcv_nxt = (self.rcv_nxt + 1) & MASK
        after = {ESTABLISHED: CLOSE_WAIT, FIN_WAIT_1: CLOSING, FIN_WAIT_2: TIME_WAIT}
        self.where = after[self.where]

    def eighth(self) -> None:
        """Eighth, check the FIN bit."""
        fin = (self.seq + self.length) & MASK
        if self.where is TIME_WAIT:
            self.ask(EIGHTH, "is FIN set, in TIME-WAIT", True, why.FIN_AGAIN)
        elif not self.where.receives_text:
            self.ask(EIGHTH, "is this the peer's first FIN", False, why.FIN_BEYOND_FIN, passed=False)
        elif fin == self.rcv_nxt:
            self._take_fin("FIN is set, and all before it has come: SEG.SEQ+SEG.LEN-1 = RCV.NXT")
        else:
            held = ge(fin, self.rcv_nxt)
            rule = why.FIN_HELD if held else None
            self.ask(EIGHTH, "FIN is set, and all before it has come: SEG.SEQ+SEG.LEN-1 = RCV.NXT", False, rule)


_VARIABLE: Final = re.compile(r"ISS|IRS|MAX\.SND\.WND|TS\.Recent|(?:SND|RCV|SEG)\.[A-Z]\w+")
