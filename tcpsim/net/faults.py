"""Scripted faults: what befalls the packets that a person names, whatever chance says.

Rule 1. A fault has a selector, which says in one place and in words which packets it means, and does
        one thing to those. It draws no chance.
Rule 2. A fault counts the packets that hosts put on its direction, those included that another rule
        drops. One fault on both directions of a link counts the packets of both.
Rule 3. A fault that never struck can say so, and how near it came.
"""

from __future__ import annotations

import copy
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from ..tcp.segment import ACK, FIN, RST, SYN, SYN_ACK, ctl_name
from ..tcp.seqnum import MASK
from ..tcp.units import NEVER, format_duration, parse_duration
from ..trace import Datagram
from .rule import CORRUPT, DELAY, DROP, DUPLICATE, HOLD, Verdict

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace.records import Flow
    from .packet import Packet


# ---------------------------------------------------------------------- what a segment is called


def _is_syn(segment: Segment) -> bool:
    """A SYN without ACK: it asks for a connection."""
    return segment.ctl & SYN_ACK == SYN


def _is_syn_ack(segment: Segment) -> bool:
    """SYN and ACK both: it answers a SYN."""
    return segment.ctl & SYN_ACK == SYN_ACK


def _is_fin(segment: Segment) -> bool:
    """The FIN bit, whatever else is set and carried."""
    return segment.ctl & FIN != 0


def _is_rst(segment: Segment) -> bool:
    """The RST bit, whatever else is set."""
    return segment.ctl & RST != 0


def _is_pure_ack(segment: Segment) -> bool:
    """The ACK bit alone, and no text: it only acknowledges."""
    return segment.ctl == ACK and segment.length == 0


def _is_data(segment: Segment) -> bool:
    """Text, whatever bits are set."""
    return segment.length > 0 and not isinstance(segment, Datagram)


def _is_segment(segment: Segment) -> bool:
    """Any segment of TCP."""
    return not isinstance(segment, Datagram)


def _is_datagram(segment: Segment) -> bool:
    """A UDP datagram, of whatever length."""
    return isinstance(segment, Datagram)


def _is_packet(segment: Segment) -> bool:
    """Whatever travels: a segment or a datagram."""
    return True


VOCABULARY: Final[dict[str, Callable[[Segment], bool]]] = {
    "SYN": _is_syn,
    "SYN,ACK": _is_syn_ack,
    "FIN": _is_fin,
    "RST": _is_rst,
    "ACK": _is_pure_ack,
    "data": _is_data,
    "segment": _is_segment,
    "UDP": _is_datagram,
    "packet": _is_packet,
}
"""What a person calls a segment, and whether a segment is one; the function's docstring says it in words."""


def word_for(written: str) -> str:
    """Return the word of VOCABULARY that was written, perhaps as `syn-ack` or `Data`.

    Raises ValueError, with the words there are and the nearest one, for any other.
    """
    plain = written.strip().lower().replace("-", ",").replace("+", ",").replace(" ", "")
    for word in VOCABULARY:
        if word.lower() == plain:
            return word
    near = difflib.get_close_matches(plain, [word.lower() for word in VOCABULARY], n=1)
    hint = f"; did you mean {word_for(near[0])}?" if near else ""
    raise ValueError(f"expected one of {'; '.join(VOCABULARY)}, not {written!r}{hint}")


# ---------------------------------------------------------------------- which packets are meant


@dataclass(frozen=True, slots=True)
class Selector:
    """Which packets a fault means: those that fit every field given, counted.

    Attributes:
        what: a word of VOCABULARY.
        flags: control bits that must be set besides.
        exactly: the control bits, all of them, or None for any.
        data: whether there must be text (True), must not be (False), or either (None).
        sender: the address from which the packet comes, or None for any.
        flow: the packet's four addresses and ports, or None for any.
        seq: SEG.SEQ counted from the sender's ISS, as ladders print it. The fault takes the ISS from
            the SYN that it is shown; a flow whose SYN it never saw is counted by its wire numbers.
        wire_seq: SEG.SEQ as on the wire.
        min_length: the least octets of text.
        fits_too: a further condition on the packet, or None.
        since, until: only packets put on the link from `since` on and before `until` (nanoseconds) count.
        after: packets are counted from the first for which this returns True, and ever after.
        nth: which of the packets that fit is the first meant, from 1; None: all of them are meant, or
            with `every`, those whose number it divides.
        count: with `nth`, how many are meant from that one on.
        every: with `nth`, each so-many-th after that one is meant too.
        words: how to call all this, if not by listing the fields.

    Raises ValueError for a value out of range.
    """

    what: str = "segment"
    flags: int = 0
    exactly: int | None = None
    data: bool | None = None
    sender: str | None = None
    flow: Flow | None = None
    seq: int | None = None
    wire_seq: int | None = None
    min_length: int = 0
    fits_too: Callable[[Packet], bool] | None = None
    since: Time = 0
    until: Time = NEVER
    after: Callable[[], bool] | None = None
    nth: int | None = None
    count: int = 1
    every: int | None = None
    words: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", word_for(self.what))  # frozen for all others
        for name, bits in (("flags", self.flags), ("exactly", self.exactly)):
            if bits is not None and not 0 <= bits <= 0xFF:
                raise ValueError(f"expected a mask of control bits, 0 to 255, as {name!r}, not {bits}")
        for name, number in (("nth", self.nth), ("count", self.count), ("every", self.every)):
            if number is not None and number < 1:
                raise ValueError(f"expected 1 or more as {name!r}, not {number}")
        if self.nth is None and self.count != 1:
            raise ValueError("expected 'nth', the first of those meant, along with 'count'")
        if self.every is not None and self.every < self.count:
            raise ValueError(f"expected an 'every' of at least 'count', {self.count}, not {self.every}")

    def fits(self, packet: Packet, iss: int | None) -> bool:
        """Return whether a packet is of the kind meant, wherever it comes in the count.

        `iss` is its sender's ISS, or None where it is not known.
        """
        segment = packet.segment
        return (
            VOCABULARY[self.what](segment)
            and segment.ctl & self.flags == self.flags
            and self.exactly in (None, segment.ctl)
            and self.data in (None, segment.length > 0)
            and self.sender in (None, packet.flow[0])
            and self.flow in (None, packet.flow)
            and self.wire_seq in (None, segment.seq)
            and self.seq in (None, segment.seq - (iss or 0) & MASK)
            and segment.length >= self.min_length
            and (self.fits_too is None or self.fits_too(packet))
        )

    def means(self, number: int) -> bool:
        """Return whether, of the packets that fit, the one with this number, from 1, is meant."""
        if self.nth is None:
            return self.every is None or number % self.every == 0
        past = number - self.nth
        if past >= 0 and self.every is not None:
            past %= self.every
        return 0 <= past < self.count

    def describe(self) -> str:
        """Return the packets meant, in words: "2nd SYN,ACK", "every data from 192.0.2.1 after 1s"."""
        if self.words:
            return self.words
        return " ".join((self._ordinal(), self.what, *self._conditions()))

    def _ordinal(self) -> str:
        if self.nth is None:
            return "every" if self.every in (None, 1) else f"every {ordinal(self.every)}"
        if self.every is not None:
            return f"{self._first()} and each {ordinal(self.every)} later"
        return self._first()

    def _first(self) -> str:
        assert self.nth is not None
        if self.count == 1:
            return ordinal(self.nth)
        return (
            f"first {self.count}" if self.nth == 1 else f"{ordinal(self.nth)} to {ordinal(self.nth + self.count - 1)}"
        )

    def _conditions(self) -> list[str]:
        conditions = []
        if self.flags:
            conditions.append(f"with {ctl_name(self.flags)}")
        if self.exactly is not None:
            conditions.append(f"with exactly {ctl_name(self.exactly)}")
        if self.data is not None:
            conditions.append("with text" if self.data else "without text")
        if self.min_length:
            conditions.append(f"of {self.min_length} octets or more")
        if self.seq is not None:
            conditions.append(f"seq {self.seq}")
        if self.wire_seq is not None:
            conditions.append(f"seq {self.wire_seq} on the wire")
        if self.flow is not None:
            conditions.append("from {}:{} to {}:{}".format(*self.flow))
        elif self.sender is not None:
            conditions.append(f"from {self.sender}")
        if self.fits_too is not None:
            conditions.append("of a kind")
        if self.since:
            conditions.append(f"after {format_duration(self.since)}")
        if self.until < NEVER:
            conditions.append(f"before {format_duration(self.until)}")
        if self.after is not None:
            conditions.append("after a condition")
        return conditions


def ordinal(number: int) -> str:
    """Print which one: "first", "2nd", "3rd", "11th"."""
    if number == 1:
        return "first"
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{suffix}"


# ---------------------------------------------------------------------- what befalls them


class Fault:
    """A rule that strikes the packets of its selector, and lets all others pass.

    Attributes:
        selector: which packets it means.
        armed: whether it counts; a runner that waits for something may set it False, and later True.
        matched: how many packets of the kind meant it has counted.
        fired: how many of them it struck.
        verdict: what it does to each.
    """

    __slots__ = ("_after", "_isses", "armed", "fired", "matched", "selector", "verdict")

    def __init__(self, selector: Selector, kind: int, extra: Time = 0, copies: int = 1) -> None:
        self.selector = selector
        self.armed = True
        self.matched = 0
        self.fired = 0
        self.verdict = Verdict(kind, f"fault: {self.describe()}", extra, copies)
        self._after = selector.after is None
        self._isses: dict[Flow, int] = {}

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Count the packet; strike it if it is meant, else let it pass (None)."""
        if not self._counts(now, packet):
            return None
        self.matched += 1
        if not self.selector.means(self.matched):
            return None
        self.fired += 1
        return self.verdict

    def _counts(self, now: Time, packet: Packet) -> bool:
        selector = self.selector
        if packet.segment.ctl & SYN and selector.seq is not None:
            self._isses[packet.flow] = packet.segment.seq
        if not (self.armed and selector.since <= now < selector.until):
            return False
        if not self._after:
            assert selector.after is not None
            self._after = selector.after()
        return self._after and selector.fits(packet, self._isses.get(packet.flow))

    def describe(self) -> str:
        """Return what the fault does, in words: "drop 2nd SYN,ACK"."""
        raise NotImplementedError

    @property
    def unused(self) -> str:
        """What to tell a person if the fault never struck; "" if it did."""
        if self.fired:
            return ""
        seen = {0: "no such segment was sent", 1: "1 such segment was sent"}
        return (
            f"never happened: {self.describe()} ({seen.get(self.matched, f'{self.matched} such segments were sent')})"
        )

    def fork(self) -> Self:
        """Return an independent copy, which has counted the same; a condition `after` is shared."""
        twin = copy.copy(self)
        twin._isses = dict(self._isses)
        return twin

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.describe()!r}, fired {self.fired}>"


class Drop(Fault):
    """Drops the packets."""

    __slots__ = ()

    def __init__(self, selector: Selector) -> None:
        super().__init__(selector, DROP)

    def describe(self) -> str:
        """Return "drop 2nd SYN,ACK"."""
        return f"drop {self.selector.describe()}"


class Delay(Fault):
    """Delays the packets by a time, so that later ones may overtake them.

    Raises ValueError for what is no duration.
    """

    __slots__ = ("by",)

    def __init__(self, selector: Selector, by: str | int) -> None:
        self.by = parse_duration(by)
        super().__init__(selector, DELAY, self.by)

    def describe(self) -> str:
        """Return "delay first FIN by 3s"."""
        return f"delay {self.selector.describe()} by {format_duration(self.by)}"


class DuplicateIt(Fault):
    """Has copies follow each of the packets, `lag` apart.

    Raises ValueError for a number of copies that is not 1 to 1000, and for a lag that is no duration.
    """

    __slots__ = ("copies", "lag")

    def __init__(self, selector: Selector, copies: int = 1, lag: str | int = 0) -> None:
        if not 1 <= copies <= 1000:
            raise ValueError(f"expected 1 to 1000 copies, not {copies}")
        self.copies = copies
        self.lag = parse_duration(lag)
        super().__init__(selector, DUPLICATE, self.lag, copies)

    def describe(self) -> str:
        """Return "duplicate 5th segment", "duplicate 5th segment 3 times, 10ms apart"."""
        words = f"duplicate {self.selector.describe()}"
        if self.copies > 1:
            words += f" {self.copies} times"
        return f"{words}, {format_duration(self.lag)} apart" if self.lag else words


class CorruptIt(Fault):
    """Inverts a bit of the packets, so that the checksum fails at the receiver."""

    __slots__ = ()

    def __init__(self, selector: Selector) -> None:
        super().__init__(selector, CORRUPT)

    def describe(self) -> str:
        """Return "corrupt first data"."""
        return f"corrupt {self.selector.describe()}"


class Swap(Fault):
    """Holds the packets back until the next of their direction has gone ahead of them.

    `at_most` is how long one waits for a next, 0 for the link's own patience. Raises ValueError for
    what is no duration.
    """

    __slots__ = ()

    def __init__(self, selector: Selector, at_most: str | int = 0) -> None:
        super().__init__(selector, HOLD, parse_duration(at_most))

    def describe(self) -> str:
        """Return "swap 2nd data with the next"; with the selector's own words, "swap next two"."""
        with_next = "" if self.selector.words else " with the next"
        return f"swap {self.selector.describe()}{with_next}"


class DropAll(Fault):
    """Drops whatever is put on the link for a while, from a time on until before another: a dead link.

    Raises ValueError for what is no duration, and if the end is not after the beginning.
    """

    __slots__ = ()

    def __init__(self, from_time: str | int = 0, to_time: str | int | None = None) -> None:
        since, until = parse_duration(from_time), NEVER if to_time is None else parse_duration(to_time)
        if until <= since:
            raise ValueError(f"expected an end after {format_duration(since)}, not {format_duration(until)}")
        super().__init__(Selector("packet", since=since, until=until), DROP)

    def describe(self) -> str:
        """Return "dead link from 1s to 5s"."""
        since, until = self.selector.since, self.selector.until
        return f"dead link from {format_duration(since)}" + (
            f" to {format_duration(until)}" if until < NEVER else " on"
        )
