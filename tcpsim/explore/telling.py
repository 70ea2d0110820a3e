"""The steps of a path in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .world import FAULTS, Kind, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tcp.segment import Segment
    from .world import Exploration


def told(world: Exploration, path: Sequence[int]) -> list[tuple[str, bool]]:
    """Return each step of a path in words, and whether it is a fault."""
    world = world.aside()
    state = world.initial()[0]
    lines = []
    for code in path:
        kind, _ = decoded(code)
        ends = (state.one, state.other)
        lines.append((_words(world, ends, code), kind in FAULTS or _price(world, ends, code) > 0))
        state = next(after for known, _, after in world.successors(state, 1) if known == code)
    return lines


def _price(world: Exploration, ends: tuple[int, int], code: int) -> int:
    """Return what a call costs: a crash is a fault."""
    kind, argument = decoded(code)
    if kind is not Kind.CALL:
        return 0
    table = world.tables[argument >> 8]
    return table.choices(ends[argument >> 8])[argument & 0xFF][1].price


def _words(world: Exploration, ends: tuple[int, int], code: int) -> str:
    kind, argument = decoded(code)
    if kind in (Kind.TIMEOUT, Kind.SPURIOUS):
        table = world.tables[argument]
        timers = table.due(ends[argument])
        early = "" if kind is Kind.TIMEOUT else ", too early"
        return f"{table.player.name}: {timers} expires{early}"
    if kind is Kind.CALL:
        end = argument >> 8
        table = world.tables[end]
        return f"{table.player.name} calls {table.choices(ends[end])[argument & 0xFF][1].words}"
    carried = world.carriage.known[argument]
    sender, receiver = world.tables[1 - carried.toward].player.name, world.tables[carried.toward].player.name
    what = f"{sender}'s {shown(carried.segment)}"
    if carried.incarnation == 0:
        what = f"an old {shown(carried.segment)}"
    match kind:
        case Kind.DELIVER:
            return f"{what} arrives at {receiver}"
        case Kind.DELIVER_LATE:
            return f"{what} arrives at {receiver}{', late' if carried.incarnation else ''}"
        case Kind.LOSE_LATE | Kind.DROP:
            return f"{what} is lost"
        case Kind.COPY:
            return f"{what} is copied"
        case _:
            return f"{what} is delayed"


def shown(segment: Segment) -> str:
    """Return a segment as RFC 9293 prints it."""
    return repr(segment)
