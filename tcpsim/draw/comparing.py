"""Two runs beside each other: what both did, what only one did, and the first thing in which they differ.

Rule 1. What is compared is what a ladder tells: segments by relative numbers, states, calls, signals, what an
        application gets, timers that expire, and when; if all of that is alike, every timer and signal too. Two
        runs may choose other initial sequence numbers.
Rule 2. A row holds what is the same thing on both sides, though its time or a field may differ, or a thing that
        one side alone did. The rows of each side are in its own order.
Rule 3. The first difference is the first row whose sides are not alike in everything, times included.
Rule 4. Of header fields (window, options) that differ between the same two segments, each is told once for a host:
        what differs in the first SYN differs in all that follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from ..tcp.segment import ECN_NAMES
from .columns import connection_prefix
from .scene import FULL, NORMAL, Arrow, Remark, Stay, TimerRun, scene
from .words import clean, span, timer_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Flight, Trace
    from .scene import Moment, Scene

MOST_TOLD: Final = 1200
"""So many things of each side are compared behind the first difference; what follows is counted."""
LOOK_AHEAD: Final = 400
"""The rest is compared in pieces of so many things of a side: the time taken grows with their square."""
NOWHERE: Final = "?"
"""Where a segment goes that no link takes on."""
FATE: Final = "fate"
"""The field of a segment that says what becomes of it."""
DURATION: Final = "duration"
"""The field of a timer that says for how long it was set."""
ALIKE, ELSEWHEN, UNLIKE = "", "time", "difference"
"""How the two sides of a row differ: not at all, in their time alone, in what happens."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a run did.

    Attributes:
        at: when, and the record's serial number.
        what: "segment", "state", "timer", "call", "signal", "data", "note" or "error".
        host: at which host; `to` is where a segment goes, NOWHERE if no link leads there, "" for all else.
        words: what a ladder says of it.
        key: equal for the same thing in another run.
        fields: what else is compared, by name.
        why: the rule that is its reason, or None.
        source: what a drawing takes it from.
    """

    at: Moment
    what: str
    host: str
    to: str
    words: str
    key: tuple[object, ...]
    fields: tuple[tuple[str, str], ...]
    why: Rule | None
    source: Arrow | Stay | TimerRun | Remark

    @property
    def time(self) -> Time:
        """When it happened."""
        return self.at[0]


@dataclass(frozen=True, slots=True)
class Row:
    """What stands side by side: at least one of the two, `fields` those that differ, and `differs` how much."""

    left: Told | None
    right: Told | None
    differs: str = UNLIKE
    fields: tuple[str, ...] = ()

    @property
    def same_thing(self) -> bool:
        """Whether both sides do the same, though its time or a field may differ."""
        return self.left is not None and self.right is not None and self.left.key == self.right.key


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        rows: all that is compared, in order.
        first: the place of the first row that is not alike, or None.
        left_out: how many things of either side, or of both together, are not in the rows.
    """

    rows: list[Row]
    first: int | None
    left_out: int

    @property
    def same(self) -> bool:
        """Whether the two runs are alike in everything that a ladder tells."""
        return self.first is None and not self.left_out

    @property
    def parting(self) -> int | None:
        """The place of the first row whose sides are not even the same thing; None if there is none."""
        return next((place for place, row in enumerate(self.rows) if not row.same_thing), None)

    def next_of(self, side: str, host: str = "", start: int | None = None) -> Told | None:
        """Return what the "left" or the "right" run does in the first row that differs or, if nothing, next.

        With a host, what is next at this one; None if nothing is. `start` is another row to begin with.
        """
        start = self.first if start is None else start
        if start is None:
            return None
        found: Iterator[Told | None] = (row.left if side == "left" else row.right for row in self.rows[start:])
        return next((told for told in found if told is not None and host in ("", told.host)), None)


def compare(left: Trace, right: Trace) -> Comparison:
    """Return two runs side by side: in full detail if a ladder of normal detail would show no difference."""
    normal = _compared(told_of(left), told_of(right))
    if not normal.same:
        return normal
    full = _compared(told_of(left, FULL), told_of(right, FULL))
    return normal if full.same else full


def _compared(ours: list[Told], theirs: list[Told]) -> Comparison:
    shorter = min(len(ours), len(theirs))
    alike = next((place for place in range(shorter) if not _same(ours[place], theirs[place])), shorter)
    rows = [Row(a, b, ALIKE) for a, b in zip(ours[:alike], theirs[:alike], strict=True)]
    ours, theirs = ours[alike:], theirs[alike:]
    pairs = _paired(ours[:MOST_TOLD], theirs[:MOST_TOLD])
    rows += _judged(pairs)
    left_out = max(len(ours) - MOST_TOLD, 0) + max(len(theirs) - MOST_TOLD, 0)
    first = next((place for place, row in enumerate(rows) if row.differs), None)
    return Comparison(rows, first, left_out)


def _same(one: Told, other: Told) -> bool:
    return (one.key, one.time, one.fields) == (other.key, other.time, other.fields)


# ---------------------------------------------------------------------- what a run did


def told_of(trace: Trace, detail: int = NORMAL) -> list[Told]:
    """Return what a run did, as a ladder of this detail tells it, in order."""
    of = scene(trace, detail=detail)
    told = [_segment(of, arrow) for arrow in of.arrows]
    told += [_state(of, stay) for stay in of.stays if stay.start is not None]
    for run in of.timers:
        # Whether TIME-WAIT comes to its end is known later: a run that waits begins as one that does not.
        begins = run.outcome != "fired" or run.timer == "time-wait" or detail == FULL
        told += [_timer(of, run, "starts")] if begins else []
        told += [_timer(of, run, _ENDS[run.outcome])] if run.outcome in _ENDS else []
    told += [_remark(of, remark) for remark in of.remarks]
    return sorted(told, key=lambda each: each.at)


_ENDS: Final = {"fired": "expires", "stopped": "stopped", "restarted": "restarted"}


_FATES: Final = {"arrived": "arrives", "under way": "is under way"}


def _segment(of: Scene, arrow: Arrow) -> Told:
    host = of.hosts[arrow.source].title
    known = arrow.target != arrow.source or arrow.flight.target == arrow.flight.source
    to = of.hosts[arrow.target].title if known else NOWHERE
    prefix = connection_prefix(of, arrow.source, arrow.flight.connection)
    marks = [mark for mark in arrow.marks if not mark.startswith("retransmission")]
    again = "again" if arrow.flight.retransmission else ""
    words = ", ".join(part for part in (f"{prefix}{arrow.text}", again, *marks, arrow.end_text) if part)
    fields = ((FATE, ", ".join([*marks, arrow.end_text or _FATES.get(arrow.fate, arrow.fate)])), *_header(arrow.flight))
    flight = arrow.flight
    numbered = (type(flight.segment), flight.segment.ctl, flight.segment.length, flight.seq, flight.ack)
    key = ("segment", host, to, flight.connection, *numbered, bool(flight.copy), bool(again))
    return Told(arrow.start, "segment", host, to, words, key, fields, arrow.flight.why, arrow)


def _header(flight: Flight) -> tuple[tuple[str, str], ...]:
    """Return the fields of a segment's header that its words do not tell; timestamps are told as there or not."""
    segment = flight.segment
    options = "none"
    if segment.options is not None:
        since = 0 if flight.ack is None else segment.ack - flight.ack
        options = " ".join(map(_option, segment.options.words(since))) or "none"
    return (
        ("window", str(segment.wnd)),
        ("options", clean(options)),
        ("urgent pointer", str(segment.up)),
        ("ECN", ECN_NAMES[segment.ecn] if segment.ecn else "none"),
    )


def _option(word: str) -> str:
    """Return an option as the ladder writes it; of timestamps only that they are there."""
    name, _, value = word.partition("=")
    short = _OPTIONS.get(name, name)
    return f"{short} {value}" if value and name != "TS" else short


_OPTIONS: Final = {"MSS": "mss", "WS": "wscale", "SACK-OK": "sackok", "SACK": "sack", "TS": "ts"}


def _state(of: Scene, stay: Stay) -> Told:
    assert stay.start is not None
    host = of.hosts[stay.host].title
    prefix = connection_prefix(of, stay.host, stay.connection)
    key = ("state", host, stay.connection, stay.state)
    why = None if stay.move is None else stay.move.why
    return Told(stay.start, "state", host, "", f"{prefix}{stay.state}", key, (), why, stay)


def _timer(of: Scene, run: TimerRun, verb: str) -> Told:
    host = of.hosts[run.host].title
    prefix = connection_prefix(of, run.host, run.connection)
    key = ("timer", host, run.connection, run.timer, verb)
    at = run.start if verb == "starts" else run.end
    words = f"{prefix}{timer_name(run.timer)} {span(run.duration)} {verb}"
    return Told(at, "timer", host, "", words, key, ((DURATION, span(run.duration)),), run.record.why, run)


def _remark(of: Scene, remark: Remark) -> Told:
    host = of.hosts[remark.host].title
    prefix = connection_prefix(of, remark.host, remark.connection)
    words = f"told: {remark.text}" if remark.kind == "signal" else remark.text
    key = (remark.kind, host, remark.connection, remark.text)
    return Told(remark.at, remark.kind, host, "", f"{prefix}{words}", key, (), remark.record.why, remark)


# ---------------------------------------------------------------------- side by side

_Pair = tuple[Told | None, Told | None]


def _paired(ours: list[Told], theirs: list[Told]) -> list[_Pair]:
    """Return what stands side by side, piece by piece."""
    pairs: list[_Pair] = []
    while ours or theirs:
        some, others = ours[:LOOK_AHEAD], theirs[:LOOK_AHEAD]
        last = len(some) == len(ours) and len(others) == len(theirs)
        matcher = SequenceMatcher(None, [each.key for each in some], [each.key for each in others], autojunk=False)
        codes = matcher.get_opcodes()
        if not last and len(codes) > 1 and codes[-1][0] != "equal":
            codes.pop()  # it may yet find its like in the next piece
        for verb, a, b, c, d in codes:
            pairs += zip(some[a:b], others[c:d], strict=True) if verb == "equal" else _merged(some[a:b], others[c:d])
        ours, theirs = ours[codes[-1][2] :], theirs[codes[-1][4] :]
    return pairs


def _merged(ours: list[Told], theirs: list[Told]) -> list[_Pair]:
    """Return things that are not the same: beside each other if they are of one kind at one host, else by time."""
    pairs: list[_Pair] = []
    a = b = 0
    while a < len(ours) and b < len(theirs):
        one, other = ours[a], theirs[b]
        if (one.what, one.host, one.to) == (other.what, other.host, other.to):
            pairs.append((one, other))
            a, b = a + 1, b + 1
        elif one.time <= other.time:
            pairs.append((one, None))
            a += 1
        else:
            pairs.append((None, other))
            b += 1
    pairs += [(one, None) for one in ours[a:]]
    pairs += [(None, other) for other in theirs[b:]]
    return pairs


def _judged(pairs: list[_Pair]) -> list[Row]:
    """Return the pairs as rows; a header field is told the first time that it differs at a host (Rule 4)."""
    rows: list[Row] = []
    told: set[tuple[str, str]] = set()
    for one, other in pairs:
        if one is None or other is None or one.key != other.key:
            rows.append(Row(one, other))
            continue
        differing = [name for (name, a), (_, b) in zip(one.fields, other.fields, strict=True) if a != b]
        new = tuple(name for name in differing if name not in _IN_EVERY_SEGMENT or (one.host, name) not in told)
        told.update((one.host, name) for name in new)
        how = UNLIKE if new else ELSEWHEN if one.time != other.time else ALIKE
        rows.append(Row(one, other, how, new))
    return rows


_IN_EVERY_SEGMENT: Final = frozenset({"window", "options", "ECN"})
