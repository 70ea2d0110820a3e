"""What tests of sending need beside `reach`: segments without the rest, and events with their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpsim.tcp.diagram import ESTABLISHED, State
from tests.tcp.reach import Line, Reached
from tests.tcp.reach import reach as reach_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tcpsim.tcp.rules import Rule

MSS = 536
"""What both ends take for the largest segment, where no SYN says otherwise."""
WIDE = 60_000
"""A window that is in nobody's way."""

Short = tuple[str, int, int]


def segments(lines: Iterable[Line]) -> list[Short]:
    """(control bits, SEG.SEQ from the ISS, octets of text) of each segment sent."""
    return [(str(line[1]), _int(line[2]), _int(line[5])) for line in lines if line[0] == "sends"]


def starts(lines: Iterable[Line]) -> list[int]:
    """SEG.SEQ, from the ISS, of each segment sent."""
    return [seq for _, seq, _ in segments(lines)]


def reasons(lines: Iterable[Line]) -> list[Rule]:
    """Why each segment was sent."""
    return [line[-1] for line in lines if line[0] == "sends"]  # type: ignore[misc]  # the last of a line is its rule


def timeline(it: Reached, span: int) -> list[tuple[int, Line]]:
    """Let time pass; return what happened, each with the nanoseconds since the call."""
    begin, until = it.now, it.now + span
    happened: list[tuple[int, Line]] = []
    while (at := it.end.next_timeout()) is not None and at <= until:
        happened += [(at - begin, line) for line in it.waits(at - it.now)]
    it.waits(until - it.now)
    return happened


def sent_at(happened: Iterable[tuple[int, Line]]) -> list[tuple[int, Short]]:
    """When each segment was sent, and which."""
    return [(at, segments([line])[0]) for at, line in happened if line[0] == "sends"]


def established(numbers: tuple[int, int], *, wnd: int = WIDE, state: State = ESTABLISHED, **knobs: Any) -> Reached:
    """An endpoint that was offered `wnd`; CLOSE it, if need be, later."""
    it = reach_state(state, numbers, **knobs)
    it.arrives("ACK", wnd=wnd)
    return it


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
