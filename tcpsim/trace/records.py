"""The kinds of record in a trace, immutable, in the words of RFC 9293.

Each has the virtual time (nanoseconds), its serial number in the trace, the host at which it
happened and that host's connection number (1, 2, ...; None where no connection is concerned), and
the rule that is its reason, where an endpoint acted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from ..tcp.checks import Check
    from ..tcp.diagram import Event, State
    from ..tcp.rules import Rule
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..tcp.variables import Change

Flow = tuple[str, int, str, int]
"""Source address, source port, destination address, destination port of a packet."""


@dataclass(frozen=True, slots=True)
class Record:
    """What every record has."""

    kind: ClassVar[str] = ""

    time: Time
    serial: int
    host: str
    connection: int | None
    why: Rule | None


@dataclass(frozen=True, slots=True)
class SegmentRecord(Record):
    """A record about one packet: of a TCP segment or, where `segment` is a Datagram, of UDP.

    `packet` numbers the packets of a run 1, 2, ... in the order in which hosts sent them; a copy
    that the network made bears its original's number. `seq` and `ack` are relative: SEG.SEQ
    counted from the sender's ISS, SEG.ACK from the ISS of the host it is sent to (negative for a
    number from before it); `ack` is None without the ACK bit. Of a datagram they are 0 and None.
    """

    packet: int
    flow: Flow
    segment: Segment
    seq: int
    ack: int | None


MIDDLEBOXES: Final = {"nat.unknown": "NAT", "firewall.unknown": "firewall", "firewall.forbidden": "firewall"}
"""Who makes segments in the name of others, by the id of their reason."""


def stranger(connection: int | None, why: Rule | None) -> str | None:
    """Return who put a packet on the network that its host has not sent: a middlebox, or "" for whoever injected it.

    None if the host has sent it: for a connection, or for a reason of its own.
    """
    if connection is not None:
        return None
    return "" if why is None else MIDDLEBOXES.get(why.id)


@dataclass(frozen=True, slots=True)
class Sent(SegmentRecord):
    """A host put a segment on its link, on which `to` is the next host ("" where no link leads there).

    Without a connection it is the answer of a host to a packet that belongs to none, or a packet that
    was injected: then `host` is only where it entered. `retransmission` counts earlier sendings of its
    first octet, SYN or FIN by the same connection.
    """

    kind: ClassVar[str] = "sent"

    to: str
    retransmission: int


@dataclass(frozen=True, slots=True)
class Arrived(SegmentRecord):
    """A segment reached the host."""

    kind: ClassVar[str] = "arrived"


@dataclass(frozen=True, slots=True)
class Lost(SegmentRecord):
    """A packet died in the network.

    `host` is its sender, `by` who dropped it and why, `due` when it would have arrived.
    """

    kind: ClassVar[str] = "lost"

    by: str
    due: Time


@dataclass(frozen=True, slots=True)
class Duplicated(SegmentRecord):
    """The network made a copy of a packet; the copy arrives at `due`. `host` is the sender."""

    kind: ClassVar[str] = "duplicated"

    by: str
    due: Time


@dataclass(frozen=True, slots=True)
class Corrupted(SegmentRecord):
    """A packet arrived with a wrong checksum and was discarded by the receiving host (RFC 9293 3.1, MUST-3)."""

    kind: ClassVar[str] = "corrupted"

    by: str


@dataclass(frozen=True, slots=True)
class Held(SegmentRecord):
    """A fault or chance delayed or reordered a packet: it arrives at `due`. `host` is its sender.

    The record stands where that was decided: for a packet that waits to be overtaken, when it was.
    """

    kind: ClassVar[str] = "held"

    by: str
    due: Time


@dataclass(frozen=True, slots=True)
class Discarded(SegmentRecord):
    """The endpoint did not use an arriving segment, or a part of it; `why` is the check that said so."""

    kind: ClassVar[str] = "discarded"


@dataclass(frozen=True, slots=True)
class Moved(Record):
    """The connection changed state."""

    kind: ClassVar[str] = "moved"

    source: State
    target: State
    event: Event


@dataclass(frozen=True, slots=True)
class TimerSet(Record):
    """A timer was started or restarted: it expires at `deadline`."""

    kind: ClassVar[str] = "timer set"

    timer: str
    deadline: Time


@dataclass(frozen=True, slots=True)
class TimerStopped(Record):
    """A timer was turned off before it expired."""

    kind: ClassVar[str] = "timer stopped"

    timer: str


@dataclass(frozen=True, slots=True)
class TimerFired(Record):
    """A timer expired."""

    kind: ClassVar[str] = "timer fired"

    timer: str


@dataclass(frozen=True, slots=True)
class Called(Record):
    """The application made a call: `call` as written (`send(5)`), `error` in the RFC's words, or ""."""

    kind: ClassVar[str] = "called"

    call: str
    error: str


@dataclass(frozen=True, slots=True)
class Signalled(Record):
    """The endpoint told the application something after the call that it concerns."""

    kind: ClassVar[str] = "signalled"

    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Delivered(Record):
    """`length` octets were handed to the application; `total` is all so far. `text` is None where only counted.

    Without a connection it is one UDP datagram, whole; `total` then counts the octets of its socket.
    """

    kind: ClassVar[str] = "delivered"

    length: int
    text: bytes | None
    pushed: bool
    urgent: bool
    total: int


@dataclass(frozen=True, slots=True)
class Explanation(Record):
    """A record that only an explained run has: it stands before what follows from its event.

    `flow` is that of the packets that the connection sends. `iss` and `irs` are what relative numbers count from:
    our ISS, and that of the peer's as in its segments' `seq`; 0 while unknown.
    """

    flow: Flow
    iss: int
    irs: int


@dataclass(frozen=True, slots=True)
class Checked(Explanation):
    """What an event was asked, in order, up to what decided it.

    `event` is "SEGMENT ARRIVES", "USER CALL" or "TIMEOUT", `packet` the number of the packet that arrived, or 0,
    and `state` the one in which the event found the connection. `agreed` is false where the host did
    not do what the check that decided says: a mutant, or a listener that answers for the endpoint.
    """

    kind: ClassVar[str] = "checked"

    event: str
    packet: int
    state: str
    checks: tuple[Check, ...]
    agreed: bool


@dataclass(frozen=True, slots=True)
class Changed(Explanation):
    """What an event changed in the TCB: variables in the RFC's spelling, each with its value before and after.

    Sequence numbers are those of the wire, times nanoseconds; `tcp.variables` says which is which. None stands for
    a variable without meaning in the state, and for a timer that is off.
    """

    kind: ClassVar[str] = "changed"

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Note(Record):
    """Something a person should know: a listener opened, a host crashed, a scenario's remark."""

    kind: ClassVar[str] = "note"

    text: str


@dataclass(frozen=True, slots=True)
class Mapped(Note):
    """A NAT gave a socket inside, of `host`, a public one: from now on packets have the one inside, the other outside.

    `protocol` is "TCP" or "UDP". Relative sequence numbers of packets outside are counted as those of the flow inside.
    """

    kind: ClassVar[str] = "mapped"

    protocol: str
    inside: tuple[str, int]
    outside: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ended(Record):
    """The last record: why the run stopped (`idle`, `until`, `event limit`, `interrupted`)."""

    kind: ClassVar[str] = "ended"

    reason: str
