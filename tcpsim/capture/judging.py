"""Two observers beside a connection: must its ends be in some state in which RFC 9293 lets them send this?

What the applications did, which packets arrived and which timers ran is unknown to a capture. So nothing is
replayed: a segment is explained if any calls, timeouts and arrivals of segments that were seen before lead to it.

Rule 1. No doubt counts against a segment: packets may be lost on either side of the capture, be overtaken before it,
        and be doubled. What a capture has missed may excuse a segment, unless it is known to be complete.
Rule 2. A segment belongs to the latest incarnation in whose numbers it fits: a host that was restarted, and an old
        duplicate, are as good as anybody (RFC 9293 3.5.1).
Rule 3. The checks of a segment stand in the order of this file: bits, SYN, SEQ, ACK, options, RST, text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, CWR, ECE, FIN, RST, SYN, SYN_ACK, Segment
from ..tcp.seqnum import HALF, MASK, gt
from ..tcp.units import MS, SECOND
from . import verdict as why
from .facts import Facts
from .spaces import End, Space, Store
from .verdict import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.units import Time
    from .verdict import Reason, Verdict

_SHORTEST_TIME_WAIT: Final = 60 * SECOND
"""2 MSL where an MSL is 30 seconds; RFC 9293 3.4.2 takes two minutes."""
_ORDERED_WITHIN: Final = MS
"""What stands the wrong way round in a capture stands so close together."""
_LARGEST_SCALE: Final = 14
_SHORTEST_RTO: Final = 200 * MS
_LONGEST_RTO: Final = 59 * SECOND
"""Between these a RTO doubles each time: RFC 6298 2 (2.5) allows a maximum, of 60 seconds or more."""


class Pair:
    """Two sockets, and the connections between them one after the other.

    Args:
        store: what keeps text for all connections.
        complete: whether the capture has all that passed, as that of a simulated network does.
        default_mss: what is assumed of an end that announces no MSS: 536 or 1220 (RFC 9293 3.7.1).
    """

    def __init__(self, store: Store, *, complete: bool, default_mss: int) -> None:
        self.ends = (End(), End())
        self.store = store
        self.complete = complete
        self.default_mss = default_mss
        self.facts: Facts
        self._verdict: Verdict
        self._client = 0
        self._began: Time = 0
        self._late = False
        self._accused = False
        self._now: Time = 0
        self._frame = 0
        self._side = 0
        self._segment: Segment
        self._exact: Callable[[], bool] = _always
        self._copy = False

    def begin(self, verdict: Verdict, client: int, now: Time) -> None:
        """Begin with the next connection, of which end `client` is the client; the verdict is what it is judged in."""
        self._verdict = verdict
        self._client = client
        self._began = now
        self._late = False
        self.facts = Facts()

    def see(
        self, now: Time, frame: int, side: int, segment: Segment, exact: Callable[[], bool] | None = None, *,
        copy: bool = False,
    ) -> None:  # fmt: skip
        """Judge the next segment.

        Args:
            now: when it was seen, nanoseconds.
            frame: its number.
            side: which end sent it, 0 or 1.
            segment: the segment.
            exact: tells, if it is asked, whether the segment was on a wire as it stands here.
            copy: whether the same datagram was seen just before.
        """
        self._now, self._frame, self._side, self._segment = now, frame, side, segment
        self._exact = exact or _always
        self._copy = copy
        self._accused = False
        own, peer = self.ends[side], self.ends[1 - side]
        ctl = segment.ctl
        if ctl & SYN and ctl & RST:
            self._say(why.SYN_AND_RST)
        elif ctl & RST:
            self._reset(own, peer)
        elif ctl & SYN:
            self._syn(own, peer)
        elif not ctl & ACK:
            self._say(why.NO_ACK_BIT)
        else:
            self._other(own, peer)
        own.remember(segment, ack=ctl & ACK != 0, reset=ctl & RST != 0)
        self.facts.count(side, segment, own.spaces[-1] if own.spaces else None, copy=copy)

    def conclude(self) -> None:
        """Say what only the end of the connection decides."""
        for end in self.ends:
            for space in end.spaces:
                for _, judgement, _ in space.pending:
                    self._verdict.add(judgement)
                space.pending.clear()
        self.facts.conclude(self._verdict, self._client)
        self._verdict.conclude()

    def forget(self) -> None:
        """Keep no more text, for who will not be asked again."""
        for end in self.ends:
            for space in end.spaces:
                space.forget_text()

    # ------------------------------------------------------------------ what is said

    def _judgement(self, reason: Reason, detail: str) -> Judgement:
        # The client is side 0 of a verdict, whichever end of the pair it is.
        side, told = self._side ^ self._client, self._segment
        told = Segment(
            told.seq, told.ack, told.ctl, told.wnd, told.length, None, told.why, told.options, told.up, told.ecn
        )  # without its text, which nobody prints
        return Judgement(reason, self._frame, self._now - self._began, side, told, detail)

    def _say(self, reason: Reason, detail: str = "") -> None:
        self._accused = self._accused or reason.kind == why.NOT_EXPLAINED
        self._verdict.add(self._judgement(reason, detail))

    # ------------------------------------------------------------------ SYN

    def _syn(self, own: End, peer: End) -> None:
        segment = self._segment
        if segment.ctl & FIN:
            self._say(why.SYN_FIN)
        space = own.beginning(segment.seq)
        if space is None:
            space = self._new_space(own, peer)
        elif space.over or (segment.ctl & ACK and space.used):
            space = self._same_isn(own, space)
        elif space.used or (space.peer is not None and space.peer.acked and not segment.ctl & ACK):
            self._say(why.SYN_AGAIN)
            space.reopened = True
        if segment.length and (segment.options is None or segment.options.fastopen is None):
            self._say(why.SYN_TEXT, f"{segment.length} octets")
        again = bool(space.answers) if segment.ctl & ACK else space.syns > 0
        space.hear_syn(segment.options)
        space.ecn = _offers_ecn(segment.ctl) and space.ecn is not False
        space.syn_end = max(space.syn_end, segment.seg_len)
        space.send(0, segment.seg_len)
        if segment.ctl & ACK:
            self._syn_ack(peer, space)
        else:
            space.syns += 1
        self._syn_options(space)
        self._stamps(space, None)
        self.facts.syn(self._side, self._now, segment, again=again, copy=self._copy)

    def _same_isn(self, own: End, before: Space) -> Space:
        """Begin anew with the ISS of a connection that is over, or cannot be in SYN-RECEIVED any more."""
        self._say(why.SAME_ISN, f"ISS {before.base}")
        made = own.begin(before.base, True, self.store)
        made.reopened = True
        return made

    def _new_space(self, own: End, peer: End) -> Space:
        segment = self._segment
        before = own.spaces[-1] if own.spaces else None
        if segment.ctl & ACK and before is not None and before.known:
            asked = sum(space.syns for space in peer.spaces)
            given = sum(bool(space.answers) for space in own.spaces)
            last = (before.base + before.top - 1) & MASK
            if self._in_time_wait(before) and not gt(segment.seq, last):
                self._say(why.OLD_ISN, f"ISS {segment.seq}, used up to {last}")
            elif before.answers and asked <= given and peer.spaces and peer.spaces[0].known:
                self._say(why.ANOTHER_ISN, f"ISS {segment.seq}, before it {before.base}")
        return own.begin(segment.seq, True, self.store)

    def _in_time_wait(self, space: Space) -> bool:
        """Return whether an end must still be in TIME-WAIT: it closed first, no RST came, and 2 MSL are not over."""
        peer = space.peer
        if space.fin_at is None or peer is None or peer.fin_at is None or not (space.finished and peer.finished):
            return False
        if space.reset_at is not None or peer.reset_at is not None:
            return False
        return space.fin_at < peer.fin_at and self._now - peer.fin_at < _SHORTEST_TIME_WAIT

    def _syn_ack(self, peer: End, space: Space) -> None:
        """A SYN,ACK acknowledges a SYN that was seen (3.10.7.2, third; 3.10.7.3, fourth)."""
        number = self._segment.ack
        space.answers.append(number)
        asked = peer.asking(number)
        if asked is not None and asked.position(number) > 0:
            if asked.used and asked.peer is not space:  # its SYN, which came once more, is a new one after all
                asked = peer.again(asked, self.store)
            space.peer, asked.peer = asked, space
            self._window(asked, asked.position(number), shift=0)
        elif not peer.spaces:
            self._not_from_the_beginning()
        elif asked is not None and asked.known:
            self._say(why.SYN_UNCOUNTED, f"ACK {number} is the number of the SYN itself")
        elif peer.spaces[-1].known:
            # The clock makes the numbers of earlier SYNs lower ones (3.4.1): a higher one was never sent.
            old = not self.complete and peer.spaces[-1].position(number) < 0
            self._say(why.OLD_SYN if old else why.WRONG_ANSWER, f"ACK {number}, ISS {peer.spaces[-1].base}")

    def _syn_options(self, space: Space) -> None:
        options, asked = self._segment.options, space.peer
        if options is None:
            return
        if options.wscale is not None and options.wscale > _LARGEST_SCALE:
            self._say(why.SCALE_TOO_LARGE, f"shift {options.wscale}")
        if self._segment.ctl & SYN_ACK != SYN_ACK or asked is None or not asked.known or space.syns:
            return
        if options.wscale is not None and not asked.ever("wscale"):
            self._say(why.SCALE_UNASKED)
        if options.ts is not None and not asked.ever("ts"):
            self._say(why.STAMP_UNASKED, "in the SYN,ACK")

    def _not_from_the_beginning(self) -> None:
        if not self._late:
            self._late = True
            self._say(why.BEGAN_BEFORE)

    # ------------------------------------------------------------------ segments without SYN and RST

    def _other(self, own: End, peer: End) -> None:
        segment = self._segment
        heard = peer.holding(segment.ack, beyond=False) or (peer.spaces[-1] if peer.spaces else None)
        space = own.holding(segment.seq, beyond=True)
        if space is None:
            space = self._space_for(own, heard)
        if space is None:
            return
        start = space.position(segment.seq)
        if space.known and start < 0:
            self._say(why.SEQ_BEFORE_ISS, f"SEQ {start} counted from the ISS")
            return
        self._had(space, start)
        if heard is None:
            self._not_from_the_beginning()
        else:
            if heard.peer is None and space.peer is None:
                heard.peer, space.peer = space, heard
            self._acknowledges(space, heard)
            self._options(space, heard)
        if not self._accused:  # what somebody else has sent is no measure of what follows
            self._sends(space, heard, start)

    def _space_for(self, own: End, heard: Space | None) -> Space | None:
        """Return the space of a segment whose number fits in none; None where nothing more is to be said of it."""
        segment = self._segment
        if own.spaces and own.spaces[-1].known:
            return own.spaces[-1]
        if own.spaces:
            latest = own.spaces[-1]
            return latest if latest.position(segment.seq) > -HALF else None
        if heard is not None and heard.syns and 0 < heard.position(segment.ack) <= heard.syn_end:
            # Nothing of this end was seen before, not even a SYN, and the other end has sent nothing but SYNs.
            # After a second SYN it may have been SYN-RECEIVED that answered (first check), its SYN,ACK lost before.
            if heard.syns == 1 and heard.top == heard.syn_end and not heard.acked:
                self._say(why.NO_SYN, f"ACK {heard.position(segment.ack)}")
        else:
            self._not_from_the_beginning()
        return own.begin(segment.seq, False, self.store)

    def _had(self, space: Space, start: int) -> None:
        """See whether acknowledgments of what was not sent are explained by a gap in the capture."""
        if not space.pending:
            return
        for position, judgement, at in space.pending:
            if start < position and self._now - at > _ORDERED_WITHIN:
                self._verdict.add(judgement)
            else:
                excuse = why.GAP if start >= position else why.OUT_OF_ORDER
                self._verdict.add(
                    Judgement(excuse, judgement.frame, judgement.time, judgement.side, judgement.segment, "")
                )
        space.pending.clear()

    # ------------------------------------------------------------------ the ACK

    def _acknowledges(self, space: Space, heard: Space) -> None:
        segment = self._segment
        at = heard.position(segment.ack)
        if heard.known and at <= 0:
            if at == 0:
                self._say(why.SYN_UNCOUNTED, f"ACK {segment.ack} is the number of the SYN itself")
            elif space.known:
                self._say(why.ACK_BEFORE_ISS, f"ACK {at} counted from the ISS")
            return
        if at > heard.top:
            detail = f"ACK {at}, sent up to {heard.top}" if heard.known else f"{at - heard.top} octets too many"
            if self.complete:
                self._say(why.ACK_UNSENT, detail)
                return
            if not heard.pending:
                heard.pending.append((at, self._judgement(why.ACK_UNSENT, detail), self._now))
        if heard.skipped_below(at):
            self._say(why.ACK_OF_HOLE if self.complete else why.GAP, f"ACK {at}" if heard.known else "")
        if self._takes_bad_syn_ack(space, heard):
            self._say(why.BAD_ACK_TAKEN, f"the SYN,ACK acknowledged {heard.answers[-1]}, the ISS is {space.base}")
        if at < heard.acked:
            self._back(space, heard, at)
        else:
            if at > heard.acked or space.ack_stamp is None:
                space.ack_stamp = _stamp(segment)
            self.facts.acknowledged(self._side, self._now, segment, heard, at)
        scaled = space.ever("wscale") and heard.ever("wscale")
        shift = (space.largest("wscale") or 0) if scaled else 0
        self._window(heard, at, min(shift, _LARGEST_SCALE), sure=space.known and heard.known)

    def _takes_bad_syn_ack(self, space: Space, heard: Space) -> bool:
        """Return whether an end that asked for a connection takes the SYN,ACK of another one."""
        if heard.acked or heard.syns or not heard.answers or not space.syns:
            return False
        return not any(0 < space.position(number) <= space.top for number in heard.answers)

    def _back(self, space: Space, heard: Space, at: int) -> None:
        """An ACK moves left: it was overtaken, unless timestamps tell that it is the later one."""
        stamp = _stamp(self._segment)
        detail = f"ACK {at} after {heard.acked}" if heard.known else f"by {heard.acked - at} octets"
        if stamp is not None and space.ack_stamp is not None and gt(stamp, space.ack_stamp):
            self._say(why.ACK_BACK, detail)
        else:
            self._say(why.ACK_LEFT, detail)

    def _window(self, heard: Space, at: int, shift: int, *, sure: bool = True) -> None:
        """Take the right edge that a segment offers."""
        if not sure:  # the scale is not known: nothing is said about windows
            heard.acked = max(heard.acked, at)
            return
        edge = at + (self._segment.wnd << shift)
        if at >= heard.acked:
            shrunk = heard.offered is not None and edge + (1 << shift) <= heard.offered
            if shrunk and at >= 1 and not self._segment.ctl & SYN and heard.fin is None:
                self._say(why.WINDOW_SHRUNK, f"from {heard.offered} to {edge}")
            heard.offered = edge
        heard.acked = max(heard.acked, at)
        heard.edge = edge if heard.edge is None else max(heard.edge, edge)

    # ------------------------------------------------------------------ options

    def _options(self, space: Space, heard: Space) -> None:
        options = self._segment.options
        if not (space.known and heard.known):
            return
        if options is None or options.ts is None:
            if space.always("ts") and heard.always("ts"):
                self._say(why.STAMP_ABSENT)
        elif not (space.ever("ts") and heard.ever("ts")):
            self._say(why.STAMP_UNASKED, f"TSval {options.ts[0]}")
        self._stamps(space, heard)
        if options is not None and options.sack:
            self._sack(heard)

    def _stamps(self, space: Space, heard: Space | None) -> None:
        options = self._segment.options
        if options is None or options.ts is None:
            return
        value, echo = options.ts
        sent = None if heard is None or heard.holes or not self.complete else heard.stamp
        if sent is not None and gt(echo, sent):
            self._say(why.ECHO_UNSENT, f"TSecr {echo}, the latest TSval is {sent}")
        new = self._segment.seg_len and space.position(self._segment.seq) >= space.top
        if space.stamp is not None and gt(space.stamp, value):
            if new and not self._segment.ctl & SYN:
                self._say(why.STAMP_BACK, f"TSval {value} after {space.stamp}")
        else:
            space.stamp = value

    def _sack(self, heard: Space) -> None:
        options = self._segment.options
        assert options is not None
        if not heard.ever("sack_ok"):
            self._say(why.SACK_UNASKED)
            return
        for left, right in options.sack:
            low, high = heard.position(left), heard.position(right)
            if low >= high:
                self._say(why.SACK_EMPTY, f"{low}..{high}")
            elif high > heard.top:
                judgement = self._judgement(why.SACK_UNSENT, f"{low}..{high}, sent up to {heard.top}")
                if self.complete:
                    self._verdict.add(judgement)
                elif not heard.pending:
                    heard.pending.append((high, judgement, self._now))

    # ------------------------------------------------------------------ RST

    def _reset(self, own: End, peer: End) -> None:
        """A RST answers something, or comes of an ABORT (3.5.2, 3.10.5)."""
        segment = self._segment
        space = own.holding(segment.seq, beyond=True)
        at = None if space is None else space.position(segment.seq)
        if segment.seq in peer.acks:
            answers = peer.acks[segment.seq]
            aborts = space is not None and space.reset_at is None and not space.over
            if not answers and not aborts:
                self._say(why.RESET_RESET)
        elif segment.seq == 0 and segment.ctl & ACK and segment.ack in peer.ends:
            if not peer.ends[segment.ack]:
                self._say(why.RESET_RESET)
        elif space is None or at is None:
            if not peer.spoke or (own.spaces and not own.spaces[-1].known):
                self._not_from_the_beginning()
            else:
                self._say(why.RESET_NUMBERS, _reset_numbers(segment, own))
        elif at < space.acked:
            self._say(why.RESET_STALE, f"SEQ {at}, acknowledged up to {space.acked}")
        elif at > space.top:
            space.send(at, at)  # what it sent before was lost before the capture
        latest = own.spaces[-1] if own.spaces else None
        if latest is not None and self._in_time_wait(latest):
            self._say(why.LEFT_TIME_WAIT)
        self.facts.reset(self._side)
        if space is not None and at is not None and at >= max(space.acked, 1) and space.reset_at is None:
            space.reset_at = self._now
            space.forget_text()

    # ------------------------------------------------------------------ text and FIN

    def _sends(self, space: Space, heard: Space | None, start: int) -> None:
        segment = self._segment
        text_end = start + segment.length
        end = text_end + (segment.ctl & FIN)
        if not segment.seg_len:
            if space.edge is not None and space.known and start > max(space.top, space.edge):
                self._say(why.BEYOND_WINDOW, f"SEQ {start}, the window ends at {space.edge}")
            elif start > space.top:
                space.send(start, start)
            elif start == space.top - 1 == space.acked - 1 and space.fin is None:  # as Linux does both (3.8.4)
                self.facts.sent(self._side, again=False, filled=False, probe=True)
            return
        probe = self._probes(space, start, text_end)
        if segment.length and not probe:
            self._text(space, heard, start, text_end)
        if segment.ctl & FIN:
            self._fin(space, heard, text_end)
        again = start < space.top
        if not probe and not self._copy:
            self._resends(space, start)
        filled = space.send(start, end)
        self.facts.sent(self._side, again=again and not filled and not self._copy, filled=filled, probe=probe)

    def _probes(self, space: Space, start: int, text_end: int) -> bool:
        """Return whether an octet only wants to be answered: a keep-alive (3.8.4) or a probe (3.8.6.1)."""
        if self._segment.length > 1 or self._segment.ctl & FIN:
            return False
        return text_end == space.top == space.acked or (space.edge is not None and start == space.edge == space.acked)

    def _text(self, space: Space, heard: Space | None, start: int, end: int) -> None:
        segment = self._segment
        fresh = end > space.top
        if space.reset_at is not None and fresh:
            self._say(why.AFTER_ABORT)
        if space.fin is not None and end > space.fin:
            self._say(why.TEXT_AFTER_FIN, f"text up to {end}, the FIN was {space.fin}")
        if self._too_early(space, heard):
            self._say(why.TEXT_TOO_EARLY, f"{segment.length} octets")
        if space.edge is not None and end > space.edge:
            if start == space.edge == space.acked:
                self._say(why.PROBE, f"{segment.length} octets")
            else:
                self._say(why.BEYOND_WINDOW, f"text up to {end}, the window ends at {space.edge}")
        self._mss(space, heard)
        if segment.text is not None:
            at = space.differs(start, segment.text) if start < space.top else None
            if at is not None and space.reopened:
                self._say(why.SAME_ISN, "other octets with the numbers of before")
                space.forget_text()
            elif at is not None:
                self._say(why.OTHER_OCTETS, f"from {at} on" if space.known else "")
            elif fresh:
                space.keep(start, segment.text)

    def _too_early(self, space: Space, heard: Space | None) -> bool:
        """Return whether an end can't be in ESTABLISHED yet: nothing that it may have received has opened it."""
        if not space.known or space.acked > 0:
            return False
        if heard is None:
            return True
        # Fast Open: what came beside the SYN was taken, and may be answered at once (RFC 7413 3).
        taken = any(heard.position(number) > 1 for number in space.answers)
        return not taken

    def _mss(self, space: Space, heard: Space | None) -> None:
        length = self._segment.length
        if heard is None or not heard.known:
            return
        announced = heard.largest("mss")
        limit = self.default_mss if announced is None else announced
        if length <= limit:
            return
        cut = not self._exact() or length > (space.largest("mss") or 0xFFFF)
        self._say(why.OFFLOADED if cut and not self.complete else why.BEYOND_MSS, f"{length} octets, MSS {limit}")

    def _fin(self, space: Space, heard: Space | None, at: int) -> None:
        if space.fin is None:
            if at < space.top and not (space.top == at + 1 and space.holes):
                self._say(why.ANOTHER_FIN, f"the FIN is {at}, and {space.top - 1} was sent before")
            space.fin, space.fin_at = at, self._now
            self.facts.fin(self._side, self._segment, heard)
        elif at != space.fin:
            self._say(why.ANOTHER_FIN, f"the FIN is {at}, and was {space.fin} before")
            space.fin = max(space.fin, at)

    def _resends(self, space: Space, start: int) -> None:
        """See whether the same number comes at even distances, with nothing heard in between."""
        last = space.sent_at
        if last and last[-1][0] != start:
            last.clear()
        last.append((start, self._now))
        if len(last) == 4 and start == space.acked:
            gaps = [later[1] - earlier[1] for earlier, later in zip(last, list(last)[1:], strict=False)]
            if min(gaps) >= _SHORTEST_RTO and max(gaps) < _LONGEST_RTO and max(gaps) * 10 < min(gaps) * 12:
                self._say(why.NO_BACKOFF, f"every {gaps[0] / SECOND:.3g} s")


def _offers_ecn(ctl: int) -> bool:
    """Return whether a SYN offers ECN, by ECE and CWR, or a SYN,ACK takes it, by ECE alone (RFC 3168 6.1.1)."""
    return ctl & (ECE | CWR) == (ECE if ctl & ACK else ECE | CWR)


def _always() -> bool:
    return True


def _stamp(segment: Segment) -> int | None:
    return None if segment.options is None or segment.options.ts is None else segment.options.ts[0]


def _reset_numbers(segment: Segment, own: End) -> str:
    if segment.ctl & ACK and segment.seq == 0:
        return f"SEQ 0, ACK {segment.ack}"
    space = own.spaces[-1] if own.spaces else None
    if space is None or not space.known:
        return f"SEQ {segment.seq}"
    return f"SEQ {space.position(segment.seq)}, sent up to {space.top}"
