"""What each kind of record has in a trace's file: its keys in order, and how their values are read and written.

Rule 1. A reader takes what JSON gave and returns what a record holds, or raises Unexpected.
Rule 2. JSON's true is an int in Python, and must not pass for 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..tcp.diagram import Event, State
from ..tcp.segment import parse_ctl
from ..tcp.seqnum import MASK
from . import records as kinds
from .explaining import changes as _changes
from .explaining import checks as _checks
from .explaining import write_checks as _write_checks
from .trace import HostHeader
from .values import Unexpected, list_of, octets, truth, whole, word

if TYPE_CHECKING:
    from collections.abc import Callable

    from .records import Flow, Record

UDP: Final = "UDP"
"""The only `protocol` that is named: where none is, it is TCP."""
MOST: Final = 1 << 63
"""Times and counts are below this."""


def state(value: object) -> State:
    """Return a state by its name."""
    state = _STATES.get(value) if isinstance(value, str) else None
    if state is None:
        raise Unexpected(f"a state ({', '.join(_STATES)})")
    return state


def event(value: object) -> Event:
    """Return an event by its name."""
    event = _EVENTS.get(value) if isinstance(value, str) else None
    if event is None:
        raise Unexpected(f"an event ({', '.join(_EVENTS)})")
    return event


def protocol(value: object) -> str:
    """Return "UDP"; Unexpected for anything else."""
    if value != UDP:
        raise Unexpected(f'"{UDP}"')
    return UDP


def control(value: object) -> int:
    """Return control bits from their names."""
    try:
        return parse_ctl(word(value))
    except ValueError:
        raise Unexpected("control bits such as SYN,ACK") from None


def flow(value: object) -> Flow:
    """Return a flow: two sockets, the source first."""
    match value:
        case [str(source), int(source_port), str(target), int(target_port)]:
            return source, port(source_port), target, port(target_port)
    raise Unexpected("[source address, source port, destination address, destination port]")


def mapped(value: object) -> str:
    """Return the protocol of a mapping: "TCP" or "UDP"."""
    if value not in ("TCP", UDP):
        raise Unexpected(f'"TCP" or "{UDP}"')
    return word(value)


def socket(value: object) -> tuple[str, int]:
    """Return an address with a port."""
    match value:
        case [str(address), int(number)]:
            return address, port(number)
    raise Unexpected("[address, port]")


def host_header(value: object) -> HostHeader:
    """Return a host of the header."""
    match value:
        case {"name": str(name), "addresses": addresses, "profile": str(profile), **rest} if not rest:
            return HostHeader(name, list_of(word)(addresses), profile)
    raise Unexpected('a host, {"name": ..., "addresses": [...], "profile": ...}')


_STATES: Final = {str(state): state for state in State}
_EVENTS: Final = {str(event): event for event in Event}
time = whole(0, MOST)
count = whole(0, MOST)
ordinal = whole(1, MOST)
relative = whole(-MOST, MOST)
number = whole(0, MASK)
short = whole(0, 0xFFFF)
port = whole(0, 0xFFFF)
ecn = whole(0, 3)


@dataclass(frozen=True, slots=True)
class Column:
    """One key of a kind: the record's attribute (named as the key, if not said), its reader and, if needed, writer."""

    key: str
    read: Callable[[object], Any]
    attribute: str
    write: Callable[[Any], object] | None = None


def _column(
    key: str, read: Callable[[object], Any], attribute: str = "", write: Callable[[Any], object] | None = None
) -> Column:
    return Column(key, read, attribute or key, write)


_BY: Final = _column("by", word)
_DUE: Final = _column("due", time)
_TIMER: Final = _column("timer", word)

_BASES: Final = (_column("flow", flow), _column("iss", number), _column("irs", number))

COLUMNS: Final[dict[type[Record], tuple[Column, ...]]] = {
    kinds.Sent: (_column("to", word), _column("retransmission", count)),
    kinds.Arrived: (),
    kinds.Lost: (_BY, _DUE),
    kinds.Duplicated: (_BY, _DUE),
    kinds.Corrupted: (_BY,),
    kinds.Held: (_BY, _DUE),
    kinds.Discarded: (),
    kinds.Moved: (
        _column("source", state, write=str),
        _column("target", state, write=str),
        _column("event", event, write=str),
    ),
    kinds.TimerSet: (_TIMER, _column("deadline", time)),
    kinds.TimerStopped: (_TIMER,),
    kinds.TimerFired: (_TIMER,),
    kinds.Called: (_column("call", word), _column("error", word)),
    kinds.Signalled: (_column("what", word), _column("detail", word)),
    kinds.Delivered: (
        _column("len", count, "length"),
        _column("text", octets, write=lambda text: None if text is None else text.decode("latin-1")),
        _column("pushed", truth),
        _column("urgent", truth),
        _column("total", count),
    ),
    kinds.Checked: (
        *_BASES,
        _column("event", word),
        _column("packet", count),
        _column("state", word),
        _column("checks", _checks, write=_write_checks),
        _column("agreed", truth),
    ),
    kinds.Changed: (*_BASES, _column("changes", _changes)),
    kinds.Note: (_column("text", word),),
    kinds.Mapped: (
        _column("text", word),
        _column("protocol", mapped),
        _column("inside", socket),
        _column("outside", socket),
    ),
    kinds.Ended: (_column("reason", word),),
}
"""What each kind has besides what all have, in the order of the class's fields."""

KINDS: Final = {cls.kind: cls for cls in COLUMNS}
