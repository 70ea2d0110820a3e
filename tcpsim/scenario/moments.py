"""Phrases about what happens: events that a step waits for, faults' selectors, timers, and counts.

An event (`when:`, and behind `after` in a fault)::

    event    = TIME                                    1.5s: that point of virtual time
             | party is STATE [nth time]               client is ESTABLISHED
             | party received N [octets]               the application has had N octets in all
             | party received [nth] kind field*        server received 2nd FIN
             | party sent [nth] kind field*            client sent 2nd SYN
             | party signals SIGNAL [nth time]         server signals connection closing
             | party TIMER set|stopped|fired [nth time]

A moment of `never` and `count` is the same without time, octets and `nth`, or a pattern of segments
(see sights.py): `client signals connection reset`, `server retransmission fired`, `any RST`.

A selector says which packets a fault is for, counted on its link (in both directions) from the start or, with
`after`, from the event on::

    selector = which [kind] (field | from party)* [after event]
    which    = every | every NTH | NTH | first [N] | next [N]        2nd, first, next two, every 3rd

(the kind may be left out behind `first two` and `next two`: two segments of any kind).

A timer (`timers:`)::

    timer    = party TIMER set [nth time] [at TIME] [for TIME]       client retransmission set at 0s for 1s
             | party TIMER stopped|fired [nth time] [at TIME]

and a count: `2`, `twice`, `2 times`, `2..4`, `at least 2`, `at most 4`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..tcp.actions import SIGNALS, TIMERS
from .problems import PhraseError
from .sights import FIELD_WORDS, MARKS, Kind, Sight, take_described, take_fields, take_kind
from .words import NUMBER_WORDS, ORDINAL_WORDS, Party, Span, Words

if TYPE_CHECKING:
    from ..tcp.diagram import State
    from ..tcp.units import Time

TIMER_WORDS: Final = {
    **{name: name for name in TIMERS},
    "RTO": "retransmission",
    "2 MSL": "time-wait",
    "delayed ACK": "delayed ack",
}
"""What a timer may be called: its name, or what the ladder prints for it."""
TIMER_VERBS: Final = ("set", "stopped", "fired")
_VERBS: Final = ("is", "received", "sent", "signals", *TIMER_WORDS)
_PASSING_FIELDS: Final = tuple(word for word in FIELD_WORDS if word not in MARKS or word == "retransmission")
_WHILE_UNDER_WAY: Final = ("retransmission",)
"""The marks that are known when a segment is sent."""

MANY: Final = 1 << 40
"""More than can be counted: the open end of `at least 2`."""
MOST_TIMES: Final = 1_000_000_000
"""The largest count that can be written."""
COUNT_WORDS: Final = {"once": 1, "twice": 2}


@dataclass(frozen=True, slots=True)
class AtTime:
    """A point of virtual time."""

    time: Time


@dataclass(frozen=True, slots=True)
class EntersState:
    """The party's connection moves into a state."""

    party: Party
    target: State
    nth: int = 1


@dataclass(frozen=True, slots=True)
class HasReceived:
    """The party's application has been given so many octets in all."""

    party: Party
    octets: int


@dataclass(frozen=True, slots=True)
class Passes:
    """A segment is sent by the party, or arrives at it."""

    sight: Sight
    arriving: bool
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Signals:
    """The party's application is told something."""

    party: Party
    what: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class TimerActs:
    """A timer of the party is set, stopped or fires; `at` and `span` (of time) only in `timers`."""

    party: Party
    timer: str
    verb: str
    nth: int = 0
    at: Span | None = None
    span: Span | None = None


Event = AtTime | EntersState | HasReceived | Passes | Signals | TimerActs
Occurrence = Sight | EntersState | Signals | TimerActs


@dataclass(frozen=True, slots=True)
class Selector:
    """Which packets a fault is for: from the `first`th on, `count` of them (None: all), each `step`th.

    With `after`, they are counted from that event on.
    """

    sight: Sight
    first: int = 1
    count: int | None = 1
    step: int = 1
    after: Event | None = None


# ---------------------------------------------------------------------- events


def parse_event(phrase: str) -> Event:
    """Read an event; PhraseError with the column of what can't be read."""
    words = Words(phrase)
    event = take_event(words)
    words.end(*(_PASSING_FIELDS if isinstance(event, Passes) else ("2nd time",)))
    return event


def take_event(words: Words) -> Event:
    """Take an event."""
    if words.word[:1].isdecimal() or words.word[:1] == ".":
        return AtTime(words.duration())
    party = _party(words)
    if words.accept("received"):
        nth = words.accept_ordinal()
        if not nth and words.word.isdecimal():
            octets = words.whole("a number of octets", 1, 1 << 40)
            words.accept("octets", "octet")
            return HasReceived(party, octets)
        return Passes(_described(words, party), True, nth or 1)
    if words.accept("sent"):
        nth = words.accept_ordinal()
        return Passes(_described(words, party), False, nth or 1)
    happening = _take_happening(words, party)
    if happening is None:
        raise words.wrong("is, received, sent, signals, or a timer", _VERBS)
    return replace(happening, nth=_nth_time(words) or 1)


def _party(words: Words) -> Party:
    party = words.party()
    assert party is not None  # only `everybody` admits any
    return party


def _described(words: Words, party: Party) -> Sight:
    return take_described(words, party, exact=False, marks=_WHILE_UNDER_WAY)


def _nth_time(words: Words) -> int:
    nth = words.accept_ordinal()
    if nth:
        words.expect("time")
    return nth


def _take_happening(words: Words, party: Party) -> EntersState | Signals | TimerActs | None:
    """Take `is STATE`, `signals SIGNAL` or `TIMER set`; None if something else stands here."""
    if words.accept("is"):
        return EntersState(party, words.state())
    if words.accept("signals"):
        what = words.accept_longest(SIGNALS)
        if not what:
            raise words.wrong("a signal such as connection open", SIGNALS)
        return Signals(party, what)
    timer = words.accept_longest(TIMER_WORDS)
    if timer:
        return TimerActs(party, TIMER_WORDS[timer], words.expect(*TIMER_VERBS))
    return None


def parse_occurrence(phrase: str) -> Occurrence:
    """Read what `never` and `count` speak of: a pattern of segments, or something that happens."""
    words = Words(phrase)
    party = words.party(everybody=True)
    happening = None if party is None else _take_happening(words, party)
    occurrence = happening or take_described(words, party, exact=False)
    words.end(*(() if happening else FIELD_WORDS))
    return occurrence


# ---------------------------------------------------------------------- faults


def parse_selector(phrase: str) -> Selector:
    """Read a fault's selector; PhraseError with the column of what can't be read."""
    words = Words(phrase)
    selector, kind_may_lack = _take_which(words)
    kind = _SEGMENT
    if not (kind_may_lack and words.word in ("", "from", "to", "after")) and not words.accept("segments"):
        kind = take_kind(words)
    sight = take_fields(words, Sight(None, kind, False), marks=_WHILE_UNDER_WAY, sender=True)
    after = take_event(words) if words.accept("after") else None
    words.end(*_PASSING_FIELDS, "from", "after")
    return replace(selector, sight=sight, after=after)


_SEGMENT: Final = Kind("segment", None)
_EVERYTHING: Final = Sight(None, _SEGMENT, False)


def _take_which(words: Words) -> tuple[Selector, bool]:
    """Take `2nd`, `next two` or `every`; return as well whether the kind may be left out."""
    if words.accept("every"):
        step = words.accept_ordinal() or 1
        return Selector(_EVERYTHING, step, None, step), False
    if words.accept("next", "first"):
        count = words.accept_count()
        return Selector(_EVERYTHING, 1, count or 1), bool(count)
    nth = words.accept_ordinal()
    if not nth:
        known = ("every", "next", *ORDINAL_WORDS, *NUMBER_WORDS)
        raise words.wrong("which one: 2nd, first, first two, next, every or every 3rd", known)
    return Selector(_EVERYTHING, nth), False


# ---------------------------------------------------------------------- expectations beside segments


def parse_timer(phrase: str) -> TimerActs:
    """Read a line of `timers`; PhraseError with the column of what can't be read."""
    words = Words(phrase)
    party = _party(words)
    timer = words.accept_longest(TIMER_WORDS)
    if not timer:
        raise words.wrong("a timer such as retransmission or time-wait", TIMER_WORDS)
    acts = TimerActs(party, TIMER_WORDS[timer], words.expect(*TIMER_VERBS), _nth_time(words))
    if words.accept("at"):
        acts = replace(acts, at=words.durations())
    if acts.verb == "set" and words.accept("for"):
        acts = replace(acts, span=words.durations())
    words.end(*(("at", "for") if acts.verb == "set" else ("at",)))
    return acts


def parse_count(phrase: str) -> Span:
    """Read `2`, `twice`, `2 times`, `2..4`, `at least 2` or `at most 4`."""
    words = Words(phrase)
    bound = words.expect("least", "most") if words.accept("at") else ""
    named = words.accept(*COUNT_WORDS)
    if named:
        span = Span(COUNT_WORDS[named], COUNT_WORDS[named])
    elif bound:
        number = words.whole("a number", 0, MOST_TIMES)
        span = Span(number, number)
    else:
        span = words.span("a count such as 2, twice, 2..4, at least 2 or at most 4", 0, MOST_TIMES)
    if not named:
        words.accept("times", "time")
    words.end()
    return {"least": Span(span.low, MANY), "most": Span(0, span.high)}.get(bound, span)


def parse_party(phrase: str) -> Party:
    """Read the key of `states`, `delivered`, `signals` and `errors`: `client`, `server connection 2`."""
    words = Words(phrase)
    party = _party(words)
    words.end("connection")
    return party


def parse_injected(phrase: str) -> Sight:
    """Read the segment that a step injects: control bits and numbers, `SYN seq -10` or `RST SEQ=90`."""
    words = Words(phrase)
    offset = words.offset
    sight = take_described(words, None, exact=True, marks=())
    words.end("seq", "ack", "SEQ=", "ACK=", "len", "win", "up", "mss", "wscale", "sackok")
    if set(sight.carries) - {"sackok"}:
        wrong = "this does not say which numbers the option has"
        raise PhraseError(wrong, "of options mss, wscale and sackok", offset=offset)
    if sight.kind.ctl is None or sight.at is not None or sight.to is not None:
        raise PhraseError(
            "this does not say which segment to make", "control bits and numbers, such as SYN seq -10", offset=offset
        )
    return sight
