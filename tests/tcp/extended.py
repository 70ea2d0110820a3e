"""Connections that use timestamps, SACK or ECN: opened by SYNs that ask for them, and what their segments carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpsim.tcp.actions import Discarded
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment
from tcpsim.tcp.seqnum import MASK
from tests.tcp.reach import fresh

if TYPE_CHECKING:
    from tcpsim.tcp.rules import Rule
    from tests.tcp.reach import Reached

    Numbers = tuple[int, int]

ALL = {"timestamps": True, "sack": True, "timestamp_offset": 0}
"""Knobs of an endpoint that wants timestamps, counted from zero, and SACK."""
STAMPS = 5000
"""The TSval with which the peer begins."""


def opened(
    numbers: Numbers, theirs: Options | None, *, ctl: str = "SYN,ACK", wnd: int = 60_000, **knobs: Any
) -> Reached:
    """An endpoint in ESTABLISHED, whose active open the peer answered with these options."""
    it = fresh(numbers, **({"rcv_buff": 60_000} | knobs))
    it.opens(active=True)
    it.arrives(ctl, options=theirs, wnd=wnd)
    return it


def accepted(numbers: Numbers, theirs: Options | None, *, ctl: str = "SYN", wnd: int = 60_000, **knobs: Any) -> Reached:
    """An endpoint in SYN-RECEIVED, after a passive open and a SYN with these options."""
    it = fresh(numbers, **({"rcv_buff": 60_000} | knobs))
    it.opens(active=False)
    it.arrives(ctl, options=theirs, wnd=wnd)
    return it


def sent(it: Reached) -> list[Segment]:
    """The segments of the last answer."""
    return [action for action in it.actions if isinstance(action, Segment)]


def last(it: Reached) -> Segment:
    """The last segment of the last answer."""
    return sent(it)[-1]


def stamps(it: Reached) -> list[tuple[int, int] | None]:
    """TSval and TSecr of each segment of the last answer; None for one without options."""
    return [None if segment.options is None else segment.options.ts for segment in sent(it)]


def blocks(it: Reached) -> list[tuple[int, int]]:
    """The SACK blocks of the last segment of the last answer, counted from the IRS; 1 is the first octet."""
    options = last(it).options
    return [] if options is None else [((a - it.irs) & MASK, (b - it.irs) & MASK) for a, b in options.sack]


def dropped(it: Reached) -> list[Rule]:
    """Why segments were not used in the last answer."""
    return [action.why for action in it.actions if isinstance(action, Discarded)]
