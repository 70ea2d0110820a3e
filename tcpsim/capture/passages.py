"""What became of each packet of a stream: the words in which one capture's inferences, or two captures', are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .streams import IcmpSeen

ARRIVED: Final = "arrived"
LOST: Final = "lost"
UNDER_WAY: Final = "under way"
"""What a packet's fate may be; "under way" is what nothing tells of."""


@dataclass(slots=True, eq=False)
class Passage:
    """One packet's way from one host to the other.

    Attributes:
        side: who sent it: CLIENT or SERVER.
        segment: what it carries.
        sent_at: when it was sent, nanoseconds as in Frame.
        due: when it arrived, or would have.
        frame: which frame of the capture it is, counted from 1; 0 for one that no frame shows.
        fate: ARRIVED, LOST or UNDER_WAY.
        by: where it was lost, or what held it back.
        held: whether others have overtaken it.
        copy: whether the network made it of the packet before.
        probe: whether it repeats an octet, or its number alone, to be answered, and not because it was missed: a
            keep-alive segment (RFC 9293 3.8.4), or a probe of a zero window (3.8.6.1).
        remark: what a person should know of it, or "".
    """

    side: int
    segment: Segment
    sent_at: Time
    due: Time
    frame: int
    fate: str = ARRIVED
    by: str = ""
    held: bool = False
    copy: bool = False
    probe: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the capture that is told at a moment: `side` is the host beside which it stands."""

    time: Time
    side: int
    text: str


@dataclass(slots=True)
class Account:
    """All that is known of a stream: its passages in the order in which they were captured, and findings."""

    passages: list[Passage] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def told_error(error: IcmpSeen, time: Time) -> Finding:
    """Return an ICMP error as a run notes it, `time` being when it arrived."""
    mtu = f" MTU={error.mtu}" if error.mtu else ""
    return Finding(time, error.side, f"arrived: <ICMP {error.error} SEQ={error.seq}{mtu}>")
