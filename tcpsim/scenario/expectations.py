"""Expectations: what must be so when a run has ended, and, where it is not, what is so instead.

Rule 1. An expectation knows its place in the file; its outcome is a sentence that can stand alone.
Rule 2. A failure names what happened instead: the nearest thing that did, and in which respects it differs.
Rule 3. A failure points into the trace, at the record around which a ladder shows what went wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..tcp.diagram import CLOSED, State
from ..tcp.units import format_duration
from ..trace import Called, Record, TimerSet
from .moments import MANY, Occurrence, TimerActs
from .problems import shown
from .words import Span, ordinal

if TYPE_CHECKING:
    from ..trace import Delivered, Moved, TimerFired, TimerStopped
    from .evidence import Evidence
    from .problems import Place
    from .sights import Seen, Sight
    from .words import Party


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one expectation came out.

    Attributes:
        ok: whether it holds.
        place: where it stands in the scenario file.
        expected: what was expected, in words.
        actual: what happened instead; "" if it holds.
        near_serial: the serial of the record around which to look; None where there is no place to look.
    """

    ok: bool
    place: Place
    expected: str
    actual: str = ""
    near_serial: int | None = None

    def __str__(self) -> str:
        if self.ok:
            return f"{self.place}: as expected: {self.expected}"
        return f"{self.place}: expected {self.expected}, but {self.actual}"


class Expectation(Protocol):
    """Something that must be so when the run has ended."""

    @property
    def place(self) -> Place:
        """Where it stands in the scenario file."""
        ...

    def check(self, run: Evidence) -> Outcome:
        """Return how it came out."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A line of `segments` or `includes`: its place, its words, and what they describe."""

    place: Place
    text: str
    sight: Sight


def _line_differences(run: Evidence, line: Line, seen: Seen, *, marked: bool) -> list[str]:
    found = line.sight.differences(seen, marked=marked)
    if not run.concerns(line.sight, seen):
        sender = seen.host if seen.connection is None else f"{seen.host} (connection {seen.connection})"
        found.insert(0, f"{sender} sent it, not {line.sight.party}")
    return found


def _because(differences: list[str]) -> str:
    return f" ({'; '.join(differences)})" if differences else ""


def _when(record: Record | Seen) -> str:
    return f"at {format_duration(record.time)}"


# ---------------------------------------------------------------------- segments


@dataclass(frozen=True, slots=True)
class SegmentsAre:
    """The run sends these segments, in this order, and no others."""

    place: Place
    lines: tuple[Line, ...]

    def check(self, run: Evidence) -> Outcome:
        """Compare one by one; the first that differs is told."""
        for index, line in enumerate(self.lines):
            if index >= len(run.seen):
                return self._missing(run, index)
            differences = _line_differences(run, line, run.seen[index], marked=True)
            if differences:
                return self._different(run, index, differences)
        if len(run.seen) > len(self.lines):
            extra = run.seen[len(self.lines)]
            more = len(run.seen) - len(self.lines)
            actual = f"{more} more: the {ordinal(len(self.lines) + 1)} was {extra}"
            return Outcome(
                False, self.place, f"{len(self.lines)} segments and no more", f"there were {actual}", extra.serial
            )
        return Outcome(True, self.place, f"exactly these {len(self.lines)} segments in this order")

    def _missing(self, run: Evidence, index: int) -> Outcome:
        line, last = self.lines[index], run.seen[-1] if run.seen else None
        actual = (
            "no segment was sent at all" if last is None else f"only {index} segments were sent; the last was {last}"
        )
        serial = run.last_serial if last is None else last.serial
        return Outcome(False, line.place, f"as {ordinal(index + 1)} segment `{line.text}`", actual, serial)

    def _different(self, run: Evidence, index: int, differences: list[str]) -> Outcome:
        line, seen = self.lines[index], run.seen[index]
        actual = f"it was {seen}{_because(differences)}"
        if index + 1 < len(run.seen) and not _line_differences(run, line, run.seen[index + 1], marked=True):
            actual += "; what is expected came next"
        elif index + 1 < len(self.lines) and not _line_differences(run, self.lines[index + 1], seen, marked=True):
            actual += ", which is expected as the next"
        return Outcome(False, line.place, f"as {ordinal(index + 1)} segment `{line.text}`", actual, seen.serial)


@dataclass(frozen=True, slots=True)
class SegmentsInclude:
    """The run sends these segments in this order; others may lie between."""

    place: Place
    lines: tuple[Line, ...]

    def check(self, run: Evidence) -> Outcome:
        """Take for each line the first segment behind the one before that is as described."""
        start = 0
        for index, line in enumerate(self.lines):
            found = next((i for i in range(start, len(run.seen)) if self._is(run, line, run.seen[i])), None)
            if found is None:
                return self._missing(run, index, start)
            start = found + 1
        return Outcome(True, self.place, f"these {len(self.lines)} segments in this order, among others")

    @staticmethod
    def _is(run: Evidence, line: Line, seen: Seen) -> bool:
        return not _line_differences(run, line, seen, marked=False)

    def _missing(self, run: Evidence, index: int, start: int) -> Outcome:
        line = self.lines[index]
        behind = f" behind `{self.lines[index - 1].text}` ({run.seen[start - 1]})" if index else ""
        expected = f"`{line.text}`{behind}"
        earlier = next((seen for seen in run.seen[:start] if self._is(run, line, seen)), None)
        if earlier is not None:
            return Outcome(False, line.place, expected, f"it came earlier: {earlier}", earlier.serial)
        near = [(_line_differences(run, line, seen, marked=False), seen) for seen in run.seen[start:]]
        if not near:
            return Outcome(False, line.place, expected, "nothing more was sent", run.last_serial)
        differences, seen = min(near, key=lambda pair: len(pair[0]))
        return Outcome(
            False, line.place, expected, f"there was none; the nearest was {seen}{_because(differences)}", seen.serial
        )


# ---------------------------------------------------------------------- never, count


@dataclass(frozen=True, slots=True)
class Never:
    """Something does not happen."""

    place: Place
    text: str
    occurrence: Occurrence

    def check(self, run: Evidence) -> Outcome:
        """Look for the first time that it happens."""
        found = run.occurrences(self.occurrence)
        expected = f"never `{self.text}`"
        if not found:
            return Outcome(True, self.place, expected)
        times = "once" if len(found) == 1 else f"{len(found)} times"
        actual = (
            f"it happened {times}: {found[0]}"
            if not isinstance(found[0], Record)
            else f"it happened {times}, first {_when(found[0])}"
        )
        return Outcome(False, self.place, expected, actual, found[0].serial)


@dataclass(frozen=True, slots=True)
class Happens:
    """Something happens so many times."""

    place: Place
    text: str
    occurrence: Occurrence
    times: Span

    def check(self, run: Evidence) -> Outcome:
        """Count."""
        found = run.occurrences(self.occurrence)
        expected = f"`{self.text}` {_times(self.times)}"
        if len(found) in self.times:
            return Outcome(True, self.place, expected)
        at = ", ".join(format_duration(each.time) for each in found[:8]) + (", ..." if len(found) > 8 else "")
        actual = f"it happened {_times(Span(len(found), len(found)))}: at {at}" if found else "it never happened"
        near = found[min(len(found) - 1, self.times.high)].serial if found else run.last_serial
        return Outcome(False, self.place, expected, actual, near)


def _times(span: Span) -> str:
    if span.high == MANY:
        return f"at least {_times(Span(span.low, span.low))}"
    if span.low != span.high:
        return f"{span.low} to {span.high} times"
    return {0: "never", 1: "once", 2: "twice"}.get(span.low, f"{span.low} times")


# ---------------------------------------------------------------------- states


def _states(moves: list[Moved]) -> list[State]:
    return [moves[0].source, *(move.target for move in moves)] if moves else []


@dataclass(frozen=True, slots=True)
class PathIs:
    """A connection goes through exactly these states."""

    place: Place
    who: str
    party: Party
    path: tuple[State, ...]

    def check(self, run: Evidence) -> Outcome:
        """Compare state by state; the first that differs is told."""
        moves = run.path(self.party)
        actual = _states(moves)
        expected = f"{self.who} to go {', '.join(map(str, self.path))}"
        if actual == list(self.path):
            return Outcome(True, self.place, expected)
        if not moves:
            return Outcome(False, self.place, expected, f"{self.who} never left CLOSED", run.last_serial)
        index = next((i for i, (a, b) in enumerate(zip(actual, self.path, strict=False)) if a is not b), None)
        if index is None:
            index = min(len(actual), len(self.path))
        move = moves[max(min(index, len(moves)) - 1, 0)]
        if index >= len(actual):
            told = f"{self.who} stayed in {actual[-1]}, where it came {_when(move)}"
        elif index >= len(self.path):
            told = f"{self.who} went on to {actual[index]} {_when(move)}"
        else:
            told = f"the {ordinal(index + 1)} state was {actual[index]}, not {self.path[index]}"
        return Outcome(False, self.place, expected, f"{told} (it went {', '.join(map(str, actual))})", move.serial)


@dataclass(frozen=True, slots=True)
class EndsIn:
    """A connection is in this state when the run ends."""

    place: Place
    who: str
    party: Party
    last: State

    def check(self, run: Evidence) -> Outcome:
        """Look at the last move."""
        moves = run.path(self.party)
        expected = f"{self.who} to end in {self.last}"
        actual = moves[-1].target if moves else CLOSED
        if actual is self.last:
            return Outcome(True, self.place, expected)
        came = f", where it came {_when(moves[-1])}" if moves else ", which it never left"
        serial = moves[-1].serial if moves else run.last_serial
        return Outcome(False, self.place, expected, f"it ended in {actual}{came}", serial)


# ---------------------------------------------------------------------- timers


@dataclass(frozen=True, slots=True)
class TimerDoes:
    """A timer is set, stopped or fires, perhaps for the nth time, at a time, for a span."""

    place: Place
    text: str
    acts: TimerActs

    def check(self, run: Evidence) -> Outcome:
        """Look for a record that is as described; else tell the nearest."""
        found = run.timer_records(self.acts)
        expected = f"`{self.text}`"
        if not found:
            others = [r for verb in ("set", "stopped", "fired") for r in run.timer_records(_with_verb(self.acts, verb))]
            near = others[0].serial if others else run.last_serial
            told = (
                f"the timer was {others[0].kind.removeprefix('timer ')} {_when(others[0])}"
                if others
                else "it never ran"
            )
            return Outcome(False, self.place, expected, f"it did not happen: {told}", near)
        if self.acts.nth > len(found):
            times = _times(Span(len(found), len(found)))
            return Outcome(
                False, self.place, expected, f"it happened {times}, last {_when(found[-1])}", found[-1].serial
            )
        candidates = [found[self.acts.nth - 1]] if self.acts.nth else found
        differing = [(self._differences(record), record) for record in candidates]
        differences, record = min(differing, key=lambda pair: (len(pair[0]), pair[1].serial))
        if not differences:
            return Outcome(True, self.place, expected)
        told = "; ".join(differences)
        what = "the nearest differs" if len(candidates) > 1 else "it differs"
        return Outcome(False, self.place, expected, f"{what}: {told}", record.serial)

    def _differences(self, record: TimerSet | TimerStopped | TimerFired) -> list[str]:
        acts, found = self.acts, []
        if acts.at is not None and record.time not in acts.at:
            found.append(f"it was {acts.verb} {_when(record)}, not at {_printed(acts.at)}")
        if acts.span is not None and isinstance(record, TimerSet) and record.deadline - record.time not in acts.span:
            actual = format_duration(record.deadline - record.time)
            found.append(f"it was set {_when(record)} for {actual}, not for {_printed(acts.span)}")
        return found


def _printed(times: Span) -> str:
    low, high = format_duration(times.low), format_duration(times.high)
    return low if low == high else f"{low}..{high}"


def _with_verb(acts: TimerActs, verb: str) -> TimerActs:
    return TimerActs(acts.party, acts.timer, verb)


# ---------------------------------------------------------------------- data, signals, errors


@dataclass(frozen=True, slots=True)
class TextDelivered:
    """The application of a connection has received this text, all in all."""

    place: Place
    who: str
    party: Party
    text: bytes

    def check(self, run: Evidence) -> Outcome:
        """Compare octet by octet."""
        records = run.delivered(self.party)
        expected = f"{self.who} to receive {_quoted(self.text)}"
        near = records[-1].serial if records else run.last_serial
        if any(record.text is None for record in records):
            total = records[-1].total
            return Outcome(False, self.place, expected, f"{total} octets came whose text was only counted", near)
        actual = b"".join(record.text or b"" for record in records)
        if actual == self.text:
            return Outcome(True, self.place, expected)
        if not actual:
            return Outcome(False, self.place, expected, "it received nothing", near)
        return Outcome(
            False, self.place, expected, f"it received {_quoted(actual)}{self._first_difference(actual)}", near
        )

    def _first_difference(self, actual: bytes) -> str:
        for number, (is_, should) in enumerate(zip(actual, self.text, strict=False), 1):
            if is_ != should:
                return f" (the {ordinal(number)} octet is {_quoted(bytes([is_]))}, not {_quoted(bytes([should]))})"
        return f" ({len(actual)} octets, not {len(self.text)})"


def _quoted(octets: bytes) -> str:
    return shown(octets.decode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True)
class OctetsDelivered:
    """The application of a connection has received so many octets, all in all."""

    place: Place
    who: str
    party: Party
    octets: int

    def check(self, run: Evidence) -> Outcome:
        """Compare the total."""
        records: list[Delivered] = run.delivered(self.party)
        actual = records[-1].total if records else 0
        expected = f"{self.who} to receive {self.octets} octets"
        if actual == self.octets:
            return Outcome(True, self.place, expected)
        near = records[-1].serial if records else run.last_serial
        return Outcome(False, self.place, expected, f"it received {actual}", near)


@dataclass(frozen=True, slots=True)
class PiecesAre:
    """The application gets exactly these pieces, one by one: what it reads from a connection, or UDP datagrams."""

    place: Place
    who: str
    party: Party
    pieces: tuple[bytes | int, ...]
    udp: bool

    def check(self, run: Evidence) -> Outcome:
        """Compare piece by piece: the borders between them matter."""
        records = run.datagrams(self.party) if self.udp else run.delivered(self.party)
        what = ("datagram" if self.udp else "piece") + ("" if len(self.pieces) == 1 else "s")
        wanted = ", ".join(map(_piece, self.pieces)) or "nothing"
        expected = f"{self.who} to receive {len(self.pieces)} {what}: {wanted}"
        fits = [_is_piece(record, piece) for record, piece in zip(records, self.pieces, strict=False)]
        if all(fits) and len(records) == len(self.pieces):
            return Outcome(True, self.place, expected)
        actual = ", ".join(_piece(record.length if record.text is None else record.text) for record in records[:20])
        index = fits.index(False) if False in fits else min(len(fits), len(records) - 1)
        near = records[index].serial if records else run.last_serial
        told = f"it received {actual or 'nothing'}{', ...' if len(records) > 20 else ''}"
        return Outcome(False, self.place, expected, told, near)


def _is_piece(record: Delivered, piece: bytes | int) -> bool:
    return record.length == piece if isinstance(piece, int) else (record.text or b"") == piece


def _piece(piece: bytes | int) -> str:
    return f"{piece} octets" if isinstance(piece, int) else _quoted(piece)


def _first_unequal(actual: list[str], expected: tuple[str, ...]) -> int:
    pairs = zip(actual, expected, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(actual), len(expected)))


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "nothing"


@dataclass(frozen=True, slots=True)
class SignalsAre:
    """The application is told exactly this."""

    place: Place
    who: str
    party: Party
    signals: tuple[str, ...]

    def check(self, run: Evidence) -> Outcome:
        """Compare one by one."""
        records = run.signals(self.party)
        actual = [record.what for record in records]
        expected = f"{self.who} to be told {_listed(self.signals)}"
        if actual == list(self.signals):
            return Outcome(True, self.place, expected)
        index = _first_unequal(actual, self.signals)
        near = records[min(index, len(records) - 1)].serial if records else run.last_serial
        return Outcome(False, self.place, expected, f"it was told {_listed(actual)}", near)


@dataclass(frozen=True, slots=True)
class ErrorsAre:
    """Calls return exactly these errors, in this order."""

    place: Place
    who: str
    party: Party
    errors: tuple[str, ...]

    def check(self, run: Evidence) -> Outcome:
        """Compare one by one, with or without `error: ` in front."""
        records = run.errors(self.party)
        actual = [_bare(record.error) for record in records]
        wanted = tuple(map(_bare, self.errors))
        expected = (
            f"calls of {self.who} to return {_listed(wanted)}"
            if wanted
            else f"no call of {self.who} to return an error"
        )
        if actual == list(wanted):
            return Outcome(True, self.place, expected)
        index = _first_unequal(actual, wanted)
        near = records[min(index, len(records) - 1)].serial if records else run.last_serial
        told = ", ".join(_call(record) for record in records) or "none did"
        return Outcome(False, self.place, expected, told, near)


def _bare(error: str) -> str:
    return error.removeprefix("error:").strip()


def _call(record: Called) -> str:
    return f"{record.call} returned `{_bare(record.error)}` {_when(record)}"


# ---------------------------------------------------------------------- the end


@dataclass(frozen=True, slots=True)
class Ends:
    """The run ends in this way."""

    place: Place
    reason: str

    def check(self, run: Evidence) -> Outcome:
        """Look at the last record."""
        expected = (
            f"the run to end by being {self.reason}"
            if self.reason == "idle"
            else f"the run to end at its limit ({self.reason})"
        )
        if run.ended == self.reason:
            return Outcome(True, self.place, expected)
        time = format_duration(run.records[-1].time) if run.records else "0s"
        return Outcome(
            False, self.place, expected, f"it ended at {time}: {_REASONS.get(run.ended, run.ended)}", run.last_serial
        )


_REASONS = {
    "idle": "nothing was left to happen",
    "until": "the virtual time of `until` was reached",
    "event limit": "the limit of events was reached",
    "record limit": "the limit of records in the trace was reached",
    "interrupted": "it was interrupted",
}


@dataclass(frozen=True, slots=True)
class TookPlace:
    """A step or a fault of the scenario took place: what the runner knows and no record tells."""

    place: Place
    what: str
    ok: bool
    instead: str

    def check(self, run: Evidence) -> Outcome:
        """Return what the runner said."""
        return Outcome(
            self.ok, self.place, self.what, "" if self.ok else self.instead, None if self.ok else run.last_serial
        )
