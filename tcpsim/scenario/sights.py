"""Descriptions of segments, in the words in which a ladder prints them: `server PSH,ACK seq 1..5 ack 1 lost`.

A line names one segment; a pattern names all segments of a kind::

    line     = party kind field*                       in `segments` and `includes`
    pattern  = (party | any) kind field*               in `never`, `count`, events and faults
    kind     = segment | data | BITS | UDP
    BITS     = control bits in the RFC's order, as the ladder prints them: SYN  SYN,ACK  PSH,ACK  none;
               SYN-ACK means the same as SYN,ACK, and needs no quotes inside of { }
    field    = seq N | seq N..M     SEG.SEQ, or SEG.SEQ and the last number that the segment occupies,
                                    counted from the sender's ISS (negative: from before it)
             | ack N                SEG.ACK, counted from the receiver's ISS
             | SEQ=N | ACK=N        the same as they are on the wire
             | len N | win N | up N | mss N | wscale N (also N..M)
             | ts | sackok | sack | cookie | cookie?   which options it carries, whatever they say
             | at TIME | at TIME..TIME                 when it was sent
             | to HOST
             | mark
    mark     = lost | corrupted | duplicated | delayed | retransmission | arrived

In a line the bits are all that the segment has, and no more. In a pattern they are those that it has to have:
`FIN` finds FIN,ACK and FIN,PSH,ACK, `RST` finds RST,ACK. Two of them mean what people mean by them: `SYN` is a
SYN without an ACK, and `ACK` is an acknowledgment and nothing else, no SYN, FIN, RST or text.

`UDP` is a datagram of UDP, of which only `len`, `at`, `to` and marks can be said; `segment` and `data` are TCP's.

A number that is not written may be any. A mark that is not written may be there in `includes`, in a pattern and
in an event; in `segments`, where the list tells all that was sent, what is not marked was neither lost,
corrupted, duplicated or delayed, nor a retransmission.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, CONTROL_BITS, FIN, RST, SYN, Segment, ctl_name, parse_ctl
from ..tcp.units import format_duration
from ..trace import Datagram
from .problems import PhraseError
from .words import Party, Span, Words

if TYPE_CHECKING:
    from ..tcp.options import Options
    from ..tcp.units import Time

MARKS: Final = ("lost", "corrupted", "duplicated", "delayed", "retransmission", "arrived")
FATES: Final = MARKS[:-1]
"""What `segments` wants to have said; that a segment arrived goes without saying."""

UDP: Final = "UDP"

_SEQUENCE: Final = 1 << 31
_NUMBERS: Final[dict[str, tuple[str, int, int]]] = {
    "seq": ("a sequence number", -_SEQUENCE, (1 << 32) - 1),
    "ack": ("an acknowledgment number", -_SEQUENCE, (1 << 32) - 1),
    "len": ("a number of octets", 0, 65_535),
    "win": ("a window", 0, 65_535),
    "up": ("an urgent pointer", 0, 65_535),
    "mss": ("a segment size", 1, 65_535),
    "wscale": ("a shift", 0, 255),
}
_WIRE: Final = ("SEQ", "ACK", "MSS")
_CARRIED: Final[dict[str, Callable[[Options], bool]]] = {
    "ts": lambda options: options.ts is not None,
    "sackok": lambda options: options.sack_ok,
    "sack": lambda options: bool(options.sack),
    "cookie": lambda options: bool(options.fastopen),
    "cookie?": lambda options: options.fastopen == b"",
}
_OF_TCP: Final = (*_NUMBERS, *_CARRIED, "retransmission")
FIELD_WORDS: Final = (*_NUMBERS, "SEQ=", "ACK=", *_CARRIED, "at", "to", *MARKS)
BITS: Final = tuple(
    ctl_name(bits)
    for bits in (SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK, 8 | ACK, FIN | 8 | ACK, FIN, 8, 32, 32 | ACK, 0)
)
"""The combinations that a message suggests."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One segment as it was sent, and what became of it.

    `seq` and `ack` are relative, `marks` those of MARKS that hold; `serial` is its record's.
    """

    host: str
    connection: int | None
    to: str
    time: Time
    segment: Segment
    seq: int
    ack: int | None
    marks: frozenset[str]
    serial: int

    @property
    def last(self) -> int:
        """The last relative number that the segment occupies; SEG.SEQ if it occupies none."""
        return self.seq + max(self.segment.seg_len - 1, 0)

    def __str__(self) -> str:
        marks = "".join(f" {mark}" for mark in FATES if mark in self.marks)
        if isinstance(self.segment, Datagram):
            return f"{self.host} UDP len {self.segment.length}{marks} at {format_duration(self.time)}"
        seq = f"{self.seq}..{self.last}" if self.segment.length else f"{self.seq}"
        ack = "" if self.ack is None else f" ack {self.ack}"
        return f"{self.host} {ctl_name(self.segment.ctl)} seq {seq}{ack}{marks} at {format_duration(self.time)}"


Reading = Callable[[Seen], int | None]
_READINGS: Final[dict[str, Reading]] = {
    "seq": lambda seen: seen.seq,
    "ack": lambda seen: seen.ack,
    "len": lambda seen: seen.segment.length,
    "win": lambda seen: seen.segment.wnd,
    "up": lambda seen: seen.segment.up if seen.segment.ctl & 0x20 else None,
    "mss": lambda seen: None if seen.segment.options is None else seen.segment.options.mss,
    "wscale": lambda seen: None if seen.segment.options is None else seen.segment.options.wscale,
    "SEQ": lambda seen: seen.segment.seq,
    "ACK": lambda seen: seen.segment.ack if seen.segment.ctl & ACK else None,
    "MSS": lambda seen: None if seen.segment.options is None else seen.segment.options.mss,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a packet carries: `word` as written, `ctl` its bits; None for `data`, `segment` and `UDP`."""

    word: str
    ctl: int | None

    def matches(self, segment: Segment) -> bool:
        """Return whether a pattern of this kind finds the segment."""
        if isinstance(segment, Datagram) or self.word == UDP:
            return isinstance(segment, Datagram) and self.word == UDP
        if self.ctl is None:
            return self.word == "segment" or segment.length > 0
        if self.ctl == ACK:
            return segment.ctl & ~8 == ACK and not segment.length
        if self.ctl == 0:
            return segment.ctl == 0
        if self.ctl & SYN and not self.ctl & ACK and segment.ctl & ACK:
            return False
        return segment.ctl & self.ctl == self.ctl


@dataclass(frozen=True, slots=True)
class Sight:
    """A description of a segment. `party` None is any host; `exact` tells a line from a pattern.

    `numbers` are (name, values) pairs, `at` when it was sent, `to` the host it was sent to, `carries`
    the options that are there, of `ts`, `sackok`, `sack`, `cookie` and `cookie?`.
    """

    party: Party | None
    kind: Kind
    exact: bool
    numbers: tuple[tuple[str, Span], ...] = ()
    last: int | None = None
    at: Span | None = None
    to: Party | None = None
    marks: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()

    def differences(self, seen: Seen, *, marked: bool = False) -> list[str]:
        """Return in which respects `seen` is not what is described: `ack is 2, not 1`; [] if it is.

        Whether the party is right is not asked here: that takes the names of the run. With
        `marked`, a mark that is not written must not be there.
        """
        found: list[str] = []
        if isinstance(seen.segment, Datagram) != (self.kind.word == UDP):
            found.append(f"it is {_carried(seen.segment)}, no {self.kind.word}")
        elif self.exact and self.kind.ctl is not None:
            if seen.segment.ctl != self.kind.ctl:
                found.append(f"the bits are {ctl_name(seen.segment.ctl)}, not {self.kind.word}")
        elif not self.kind.matches(seen.segment):
            found.append(f"it is {_carried(seen.segment)}, no {self.kind.word}")
        for name, span in self.numbers:
            value = _READINGS[name](seen)
            if value is None or value not in span:
                found.append(f"{name} is {'absent' if value is None else value}, not {_printed(span)}")
        if self.last is not None and seen.last != self.last:
            found.append(f"it occupies {seen.seq}..{seen.last}, not {seen.seq}..{self.last}")
        options = seen.segment.options
        found += [f"{name} is absent" for name in self.carries if options is None or not _CARRIED[name](options)]
        if self.at is not None and seen.time not in self.at:
            found.append(f"it was sent at {format_duration(seen.time)}, not {_printed_times(self.at)}")
        if self.to is not None and seen.to != self.to.name:
            found.append(f"it was sent to {seen.to}, not {self.to.name}")
        found += [f"it is not {_as_adjective(mark)}" for mark in self.marks if mark not in seen.marks]
        if marked:
            found += [f"it is {_as_adjective(mark)}" for mark in FATES if mark in seen.marks and mark not in self.marks]
        return found


def _carried(segment: Segment) -> str:
    name = UDP if isinstance(segment, Datagram) else ctl_name(segment.ctl)
    return f"{name} with {segment.length} octets"


def _printed(span: Span) -> str:
    return f"{span.low}" if span.low == span.high else f"{span.low}..{span.high}"


def _printed_times(span: Span) -> str:
    low, high = format_duration(span.low), format_duration(span.high)
    return f"at {low}" if low == high else f"within {low}..{high}"


def _as_adjective(mark: str) -> str:
    return "a retransmission" if mark == "retransmission" else mark


# ---------------------------------------------------------------------- reading


def parse_line(phrase: str) -> Sight:
    """Read a line of `segments` or `includes`; PhraseError with the column of what can't be read."""
    words = Words(phrase)
    sight = take_sight(words, exact=True)
    words.end(*FIELD_WORDS)
    return sight


def take_sight(words: Words, *, exact: bool) -> Sight:
    """Take a party, a kind and fields."""
    party = words.party(everybody=not exact)
    return take_described(words, party, exact=exact)


def take_kind(words: Words) -> Kind:
    """Take `SYN,ACK`, `data`, `segment` or `UDP`."""
    word = words.word
    if word in ("segment", "data", UDP):
        return Kind(words.take(), None)
    if word == word.upper():
        try:
            ctl = parse_ctl(word)
        except ValueError:
            pass
        else:
            if word.replace("-", ",") != ctl_name(ctl):
                wrong = f"{word!r} is not written as the ladder prints it"
                raise PhraseError(wrong, "the bits in the RFC's order", ctl_name(ctl), words.offset)
            words.take()
            return Kind(ctl_name(ctl), ctl)
    elif word == "none":
        return Kind(words.take(), 0)
    known = (*BITS, *(name for name, _ in CONTROL_BITS), "data", "segment", UDP)
    raise words.wrong("control bits such as SYN,ACK, or data, or segment, or UDP", known)


def take_described(words: Words, party: Party | None, *, exact: bool, marks: tuple[str, ...] = MARKS) -> Sight:
    """Take a kind and the fields behind it; of the marks, those that can be told already."""
    return take_fields(words, Sight(party, take_kind(words), exact), marks=marks)


def take_fields(words: Words, sight: Sight, *, marks: tuple[str, ...] = MARKS, sender: bool = False) -> Sight:
    """Take fields, with `sender` also `from HOST`, and return `sight` with them."""
    numbers: dict[str, Span] = {}
    seen_marks: list[str] = []
    carries: list[str] = []
    while words.word:
        name, equals, _ = words.word.partition("=")
        if sight.kind.word == UDP and words.word != "len" and (equals or name in _OF_TCP):
            wrong = f"a datagram has no {name!r}" if name != "retransmission" else "UDP sends nothing again"
            raise PhraseError(wrong, "of UDP len, at, to, or what became of it", offset=words.offset)
        if words.word in (*numbers, *seen_marks, *carries) or (equals and name in numbers):
            raise PhraseError(f"{words.word!r} stands twice", "each field once", offset=words.offset)
        if words.word in _NUMBERS:
            name = words.take()
            span = words.span(*_NUMBERS[name])
            if name == "seq" and span.low != span.high:
                # seq 1..5 is one segment with five octets, not any number from 1 to 5.
                sight = replace(sight, last=span.high)
                span = Span(span.low, span.low)
            numbers[name] = span
        elif equals:
            numbers[name] = _on_the_wire(words)
        elif words.word in _CARRIED:
            carries.append(words.take())
        elif words.word in marks:
            seen_marks.append(words.take())
        elif sight.at is None and words.accept("at"):
            sight = replace(sight, at=words.durations())
        elif sight.to is None and words.accept("to"):
            sight = replace(sight, to=words.party())
        elif sender and sight.party is None and words.accept("from"):
            sight = replace(sight, party=words.party())
        else:
            break
    return replace(sight, numbers=tuple(numbers.items()), marks=tuple(seen_marks), carries=tuple(carries))


def _on_the_wire(words: Words) -> Span:
    name, _, number = words.word.partition("=")
    if name.lower() in ("seq", "ack") and name not in _WIRE:
        wrong = f"{words.word!r} can be read in two ways"
        expected = f"`{name.lower()} {number}` (counted from the ISS) or `{name.upper()}={number}` (on the wire)"
        raise PhraseError(wrong, expected, offset=words.offset)
    if name not in _WIRE or not (number.isascii() and number.isdecimal() and len(number) <= 10):
        raise words.wrong("a field such as `seq 1` or `SEQ=1001`", FIELD_WORDS)
    if int(number) >= 1 << 32:
        raise PhraseError(f"{words.word!r} is no sequence number", "a number below 4,294,967,296", offset=words.offset)
    words.take()
    return Span(int(number), int(number))
