"""Variables of the TCB and the checks of an event, as a person reads them.

Rule 1. Sequence numbers count from the two ISNs, as in a ladder; what has no meaning in a state is a dash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.checks import PLAIN, from_base
from ..tcp.congestion.control import ENDLESS
from ..tcp.variables import BASES, TIMER, TIMES
from .words import UNBROKEN, clean, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.checks import Check
    from ..tcp.units import Time
    from ..tcp.variables import Amount
    from ..trace import Changed

ASIDE: Final = frozenset({"SND.WL1", "SND.WL2", "RTTVAR", "Last.ACK.sent", "FIN queued"})
"""Variables whose changes are told only where a happening is told alone."""
NOTHING: Final = "\N{EN DASH}"


def amount(name: str, value: Amount, of: Changed, clock: Callable[[Time], str]) -> str:
    """Print the value of a variable; `of` knows from where sequence numbers count."""
    if name.endswith(TIMER):
        return f"at {clock(value)}" if isinstance(value, int) else "off"
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return clean(value, 20)
    if name in TIMES:
        return span(value)
    if value == ENDLESS:
        return "no limit"
    base = BASES.get(name, PLAIN)
    return str(value if base == PLAIN else from_base(value, base, of.iss, of.irs))


def is_news(name: str, was: Amount, now: Amount) -> bool:
    """Return whether a change is worth telling among others: not what begins as nothing."""
    return not (name in ASIDE or (was is None and now in (0, False, ENDLESS)))


def is_forgotten(changed: Changed, name: str, now: Amount) -> bool:
    """Return whether a variable loses its meaning because the TCB is deleted, or begins anew in LISTEN."""
    deleted = any(variable == "state" and after in ("CLOSED", "LISTEN") for variable, _, after in changed.changes)
    return deleted and now is None and not name.endswith(TIMER)


def asked(check: Check, iss: int, irs: int) -> str:
    """Return a check in words: `first, RST bit: is RST set? no`, `fifth, ACK field: SND.UNA = SEG.ACK: 1 = 1? yes`."""
    if check.answer is None:
        return clean(f"{check.name}: {check.question}", 400)
    filled = clean(check.filled(iss, irs), 400)
    numbers = f": {filled.replace(' ', UNBROKEN)}" if filled else ""
    return f"{clean(f'{check.name}: {check.question}', 400)}{numbers}? {'yes' if check.answer else 'no'}"
