"""The phrase that names one packet of a run, so that a fault strikes it and no other.

Rule 1. A phrase counts as the fault will count: on one link, in the order of sending, from the start.
Rule 2. Up to the packet that is struck, a run with the fault is the run without it. So the count taken here is right,
        whatever the fault then changes.
Rule 3. What no fault sees (a packet of a host to itself, or one that a middlebox made) has no phrase.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..scenario.moments import parse_selector
from ..scenario.watching import seen_now
from ..trace import Datagram, Sent, flights, stranger

if TYPE_CHECKING:
    from ..scenario import Run
    from ..scenario.sights import Seen, Sight

_KINDS: Final = ("SYN,ACK", "SYN", "RST", "FIN", "data", "ACK", "segment", "UDP")
"""From the word that says most to the one that says least; UDP is no segment."""


@dataclass(frozen=True, slots=True)
class Target:
    """A packet that can be struck: the number of its link in the file, and the selector that means it alone."""

    link: int
    phrase: str


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, 11th."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def targets(run: Run) -> dict[int, Target]:
    """Return what selects each packet of a run, by the packet's number."""
    links = {frozenset(link.between): number for number, link in enumerate(run.scenario.links)}
    sights = {
        (kind, plan.name): parse_selector(f"1st {kind} from {plan.name}").sight
        for plan in run.scenario.hosts
        for kind in _KINDS
    }
    counts: Counter[tuple[int, str, str]] = Counter()
    found: dict[int, Target] = {}
    for record in run.trace.records:
        if not isinstance(record, Sent):
            continue
        link = links.get(frozenset((record.host, record.to)))
        if link is None or stranger(record.connection, record.why):
            continue
        kinds = [kind for kind in _KINDS if _fits(sights[kind, record.host], seen_now(record))]
        counts.update((link, record.host, kind) for kind in kinds)
        if kinds:
            number = counts[link, record.host, kinds[0]]
            found[record.packet] = Target(link, f"{ordinal(number)} {kinds[0]} from {record.host}")
    return found


def targets_by_serial(run: Run) -> dict[int, tuple[str, Target | None]]:
    """Return, for each arrow of the ladder by its serial number, the packet in words and what selects it."""
    known = targets(run)
    return {
        flight.serial: (_words(flight.source, flight.segment, flight.seq), known.get(flight.packet))
        for flight in flights(run.trace)
    }


def _words(host: str, segment: object, seq: int) -> str:
    if isinstance(segment, Datagram):
        return f"{host} UDP len {segment.length}"
    from ..tcp.segment import Segment, ctl_name

    assert isinstance(segment, Segment)
    text = f", {segment.length:,} octets" if segment.length else ""
    return f"{host} {ctl_name(segment.ctl)} seq {seq}{text}"


def _fits(sight: Sight, seen: Seen) -> bool:
    return not sight.differences(seen)
