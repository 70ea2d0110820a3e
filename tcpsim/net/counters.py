"""What a host has counted, by the names under which `nstat` and `netstat -s` show it, and how full its queues were.

Rule 1. Nothing is counted while a run goes on: counters are told from the trace, of a finished run or of one under
        way, by the rule that each record names.
Rule 2. A name means what it means in Linux, or in RFC 4022 where that says it (ActiveOpens, AttemptFails,
        EstabResets, CurrEstab, OutSegs, RetransSegs). Every name is there, if only with 0.
Rule 3. A segment that was injected was sent by no host, and UDP is not counted here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..tcp import rules as why
from ..tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN, SYN_RECEIVED, SYN_SENT, Event
from ..tcp.segment import RST, SYN
from ..trace import (
    Arrived,
    Called,
    Corrupted,
    Datagram,
    Discarded,
    Moved,
    Note,
    SegmentRecord,
    Sent,
    TimerFired,
    stranger,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Record, Trace

COUNTERS: Final[dict[str, str]] = {
    "ActiveOpens": "connections that went to SYN-SENT",
    "PassiveOpens": "connections that a listener's SYN-RECEIVED led to ESTABLISHED or beyond, as Linux counts them",
    "AttemptFails": "connections that failed in SYN-SENT or SYN-RECEIVED",
    "EstabResets": "connections that went from ESTABLISHED or CLOSE-WAIT straight to CLOSED",
    "CurrEstab": "connections that are in ESTABLISHED or CLOSE-WAIT now",
    "InSegs": "segments that arrived, those with a wrong checksum included",
    "OutSegs": "segments sent, without those that only repeat",
    "RetransSegs": "segments sent again",
    "InCsumErrors": "segments with a wrong checksum",
    "OutRsts": "segments sent with RST",
    "EmbryonicRsts": "connections in SYN-RECEIVED that a RST ended, the peer's or our own",
    "SyncookiesSent": "SYNs answered with a cookie",
    "SyncookiesRecv": "valid cookies that came back",
    "SyncookiesFailed": "ACKs whose cookie was not valid",
    "ListenOverflows": "SYNs and ACKs dropped because the accept queue was full",
    "ListenDrops": "SYNs and ACKs dropped by listeners, for whatever reason",
    "TCPReqQFullDrop": "SYNs dropped because the SYN queue was full",
    "TCPSynRetrans": "SYNs and SYN,ACKs sent again",
    "TCPTimeouts": "expiries of the retransmission timer",
    "TCPAbortOnTimeout": "connections given up because nobody answered, those in SYN-RECEIVED not among them",
    "TCPAbortOnClose": "connections reset because they were closed with data unread",
    "TCPAbortOnData": "connections reset because data came after the close, or by a linger time of zero",
    "TCPChallengeACK": "challenge ACKs sent",
    "TCPSYNChallenge": "challenge ACKs sent in answer to a SYN",
    "PAWSEstab": "segments refused because their timestamp was old",
    "PAWSPassive": "SYNs dropped because of `paws_per_host`: their timestamp was old for their address",
    "DelayedACKs": "ACKs sent by the delayed ACK timer",
    "TW": "connections whose TIME-WAIT was over",
    "TWRecycled": "connections in TIME-WAIT that gave way to a new incarnation",
}
"""Every counter by its name, and what it counts."""

_SENT_BY_RULE: Final[dict[Rule, tuple[str, ...]]] = {
    why.COOKIE_SENT: ("SyncookiesSent",),
    why.RST_CHALLENGED: ("TCPChallengeACK",),
    why.SYN_CHALLENGED: ("TCPChallengeACK", "TCPSYNChallenge"),
    why.ACK_TOO_OLD: ("TCPChallengeACK",),
    why.ACK_UNSENT: ("TCPChallengeACK",),
    why.ACK_DELAY_OVER: ("DelayedACKs",),
}
_DISCARDED_BY_RULE: Final[dict[Rule, tuple[str, ...]]] = {
    why.SYN_QUEUE_FULL: ("TCPReqQFullDrop", "ListenDrops"),
    why.LISTEN_CROWDED: ("ListenOverflows", "ListenDrops"),
    why.ACCEPT_QUEUE_FULL: ("ListenOverflows", "ListenDrops"),
    why.ACCEPT_QUEUE_RESETS: ("ListenOverflows", "ListenDrops"),
    why.COOKIE_BAD: ("SyncookiesFailed",),
    why.PAWS: ("PAWSEstab",),
    why.PAWS_PER_HOST: ("PAWSPassive",),
}
_MOVED_BY_RULE: Final[dict[Rule, tuple[str, ...]]] = {
    why.COOKIE_TAKEN: ("SyncookiesRecv",),
    why.RST_TO_LISTEN: ("EmbryonicRsts",),
    why.ACCEPT_QUEUE_RESETS: ("EmbryonicRsts",),
    why.CLOSE_UNREAD: ("TCPAbortOnClose",),
    why.LINGER_ZERO: ("TCPAbortOnData",),
    why.TEXT_AFTER_CLOSE: ("TCPAbortOnData",),
    why.TIME_WAIT_OVER: ("TW",),
    why.NEW_INCARNATION: ("TWRecycled",),
}
_CURRENT: Final = (ESTABLISHED, CLOSE_WAIT)
_OPENING: Final = (SYN_SENT, SYN_RECEIVED)


def counters(trace: Trace, host: str) -> dict[str, int]:
    """Return what a host has counted so far, by the names in COUNTERS and in their order."""
    counted: Counter[str] = Counter()
    passive: set[int | None] = set()
    for record in trace.records:
        if record.host != host or (isinstance(record, SegmentRecord) and isinstance(record.segment, Datagram)):
            continue
        counted.update(_of(record))
        if isinstance(record, Moved):
            counted["CurrEstab"] += (record.target in _CURRENT) - (record.source in _CURRENT)
            if record.source is LISTEN:
                passive.add(record.connection)
            elif record.event is Event.RCV_ACK_OF_SYN and record.connection in passive:
                counted["PassiveOpens"] += 1
    return {name: counted[name] for name in COUNTERS}


def _of(record: Record) -> Iterable[str]:
    """Return the counters that a record raises by one."""
    match record:
        case Arrived():
            return ("InSegs",)
        case Corrupted():
            return ("InSegs", "InCsumErrors")
        case Sent():
            return _of_sent(record)
        case Discarded():
            return _by(_DISCARDED_BY_RULE, record.why)
        case Moved():
            return _of_move(record)
        case TimerFired(timer="retransmission"):
            return ("TCPTimeouts",)
        case _:
            return ()


def _by(table: dict[Rule, tuple[str, ...]], rule: Rule | None) -> tuple[str, ...]:
    return () if rule is None else table.get(rule, ())


def _of_sent(record: Sent) -> Iterator[str]:
    if record.why is None or stranger(record.connection, record.why) is not None:
        return  # injected: the host has not sent it
    ctl = record.segment.ctl
    yield "RetransSegs" if record.retransmission else "OutSegs"
    if ctl & RST:
        yield "OutRsts"
    if ctl & SYN and record.retransmission:
        yield "TCPSynRetrans"
    yield from _by(_SENT_BY_RULE, record.why)


def _of_move(record: Moved) -> Iterator[str]:
    source, target = record.source, record.target
    if target is SYN_SENT:
        yield "ActiveOpens"
    elif source in _OPENING and target in (CLOSED, LISTEN) and record.event is not Event.CLOSE:
        yield "AttemptFails"
    elif source in _CURRENT and target is CLOSED:
        yield "EstabResets"
    if record.event in (Event.GIVE_UP, Event.USER_TIMEOUT) and source is not SYN_RECEIVED:
        yield "TCPAbortOnTimeout"
    yield from _by(_MOVED_BY_RULE, record.why)


# ------------------------------------------------------------------ queues


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How full a listener's queues were from a time on (nanoseconds): connections half open, and waiting for accept."""

    time: Time
    half_open: int
    waiting: int


def occupancy(trace: Trace, host: str, port: int) -> list[Occupancy]:
    """Return how full the queues of a port were, from change to change; instants between are not told.

    Half open is who came from LISTEN and is in SYN-RECEIVED; `waiting` is 0 where no backlog was given.
    """
    queues = _Queues(port)
    told: list[Occupancy] = []
    for record in trace.records:
        if record.host != host:
            continue
        queues.see(record)
        now = Occupancy(record.time, len(queues.half_open), len(queues.waiting))
        if told and told[-1].time == record.time:
            told.pop()
        if not told or (told[-1].half_open, told[-1].waiting) != (now.half_open, now.waiting):
            told.append(now)
    return told


def listened(trace: Trace, host: str, port: int) -> bool:
    """Return whether a host ever called `listen` at a port, and was not refused."""
    call = re.compile(rf"listen\({port}\b")
    own = (record for record in trace.of_kind(Called, host) if not record.error)
    return any(call.match(record.call) for record in own)


class _Queues:
    """The queues of a port as its trace shows them: numbers of connections, the oldest first."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.half_open: list[int] = []
        self.waiting: list[int] = []
        self._ports: dict[int, int] = {}
        self._has_backlog = False

    def see(self, record: Record) -> None:
        number = record.connection
        match record:
            case Called(call=call) if re.match(rf"listen\({self.port}\b", call) and not record.error:
                self._has_backlog = re.search(r"\bbacklog=", call) is not None
            case Called(call=words) | Note(text=words) if words.startswith(f"accept({self.port})") and number:
                self.waiting.remove(number)
            case Note(text=words) if words.startswith(("crash: ", "restart: ")):
                self.half_open, self.waiting = [], []
            case Arrived() if number is not None:
                self._ports[number] = record.flow[3]
            case Moved() if number is not None and self._ports.get(number) == self.port:
                self._move(number, record)
            case _:
                pass

    def _move(self, number: int, move: Moved) -> None:
        if move.source is LISTEN and move.target is SYN_RECEIVED:
            self.half_open.append(number)
        elif number in self.half_open:
            self.half_open.remove(number)
            if self._has_backlog and move.target.synchronized:
                self.waiting.append(number)
        elif number in self.waiting and move.event is Event.ABORT:
            self.waiting.remove(number)  # by our side, as its listener closed; one that the peer has reset stays
