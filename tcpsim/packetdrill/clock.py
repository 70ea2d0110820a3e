"""When a script's events are due, and how far from it something may happen.

Rule 1. A relative time counts from now, the end of the event before, not from that event's scripted time; between two
        consecutive inbound packets it counts from the first one's scripted time.
Rule 2. The tolerance is the greater of --tolerance_usecs and a share of the gap to the event before. A range a~b
        allows [a - tolerance, b + tolerance].
Rule 3. Times are ints of nanoseconds, shares are counted in thousandths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..tcp.units import US, Time

if TYPE_CHECKING:
    from .script import When

DEFAULT_TOLERANCE: Final = 4_000 * US
"""Both dialects' --tolerance_usecs."""
GOOGLES_SHARE: Final = 125
"""12.5 % of the gap, the worst inaccuracy of Linux's timer wheel."""
NPLABS_SHARE: Final = 50
"""5 % of the gap: nplab's dialect on FreeBSD."""
GIVE_UP_AFTER: Final = 2_000_000 * US
"""How long after its time an outbound packet is waited for."""
LONGEST_WAIT: Final = 86_400_000_000 * US
"""How long is waited for a packet that may come at any time: a day, which outlasts every timer."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far off is still on time: at least `least` nanoseconds, or `share` thousandths of the gap before."""

    least: Time = DEFAULT_TOLERANCE
    share: int = GOOGLES_SHARE

    def for_gap(self, gap: Time | None) -> Time:
        """Return the tolerance for an event `gap` after the one before; None for the first."""
        return self.least if gap is None else max(self.least, gap * self.share // 1000)


@dataclass(frozen=True, slots=True)
class Due:
    """When an event is due, in virtual time.

    Attributes:
        start, end: the earliest and the latest moment; equal but for a range.
        origin: what a relative time counted from; 0 for an absolute one.
        anytime: `*`: whenever.
    """

    start: Time
    end: Time
    origin: Time = 0
    anytime: bool = False

    def allows(self, moment: Time, tolerance: Time) -> bool:
        """Return whether something that happened at `moment` was on time."""
        return self.anytime or self.start - tolerance <= moment <= self.end + tolerance

    def words(self) -> str:
        """Return when it is due: "0.100000", "0.100000~0.200000", "any time" (seconds since the start)."""
        if self.anytime:
            return "any time"
        return seconds(self.start) if self.start == self.end else f"{seconds(self.start)}~{seconds(self.end)}"


def due(when: When, now: Time, anchor: Time | None) -> Due:
    """Return when an event is due.

    Args:
        when: as the script says it.
        now: the virtual time at which the event before ended.
        anchor: the scripted time of the event before if both are inbound packets, else None.
    """
    origin = 0
    if when.relative or when.anytime:
        origin = now if anchor is None else anchor
    start = origin + when.start
    return Due(start, start if when.end is None else origin + when.end, origin, when.anytime)


def seconds(time: Time) -> str:
    """Print a time as packetdrill does: seconds with six decimals, or nine if that would hide something."""
    whole, fraction = divmod(abs(time), 1_000_000_000)
    digits = f"{fraction // 1000:06d}" if fraction % 1000 == 0 else f"{fraction:09d}"
    return f"{'-' if time < 0 else ''}{whole}.{digits}"
