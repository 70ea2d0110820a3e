"""Small worlds for the tests of the explorer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tcpsim.explore.programs import Call, line
from tcpsim.explore.sides import Player
from tcpsim.explore.world import Exploration, Old
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, LISTEN
from tcpsim.tcp.segment import ACK, SYN, Segment
from tests.explore.naive import Naive

if TYPE_CHECKING:
    from tcpsim.explore.programs import Program

CLIENT, SERVER = ("192.0.2.1", 49152), ("192.0.2.2", 80)
LISTENING = (1, LISTEN)

OPENS = line(Call("open"))
CALLS = line(Call("connect", after=LISTENING))
CALLS_AND_CLOSES = line(Call("connect", after=LISTENING), Call("close", after=(0, ESTABLISHED)))
SENDS_AND_CLOSES = line(
    Call("connect", after=LISTENING), Call("send", data=b"a", after=(0, ESTABLISHED)), Call("close")
)
OPENS_AND_CLOSES = line(Call("open"), Call("close", after=(1, CLOSE_WAIT)))
LISTENS_AND_CLOSES = line(Call("listen"), Call("close", after=(1, CLOSE_WAIT)))
CRASHES = line(Call("open"), Call("crash", after=(1, ESTABLISHED)))
CALLS_AND_SENDS = line(Call("connect", after=LISTENING), Call("send", data=b"a", after=(1, CLOSED)))
BOTH_CALL = line(Call("connect"), Call("close"))
OLD_SYN = Old(Segment(seq=50, ack=0, ctl=SYN, wnd=10_000), 1)
OLD_ACK = Old(Segment(seq=90, ack=290, ctl=ACK, wnd=10_000), 1)
IMPATIENT = {"syn_retries": 1, "synack_retries": 1}


@dataclass(frozen=True)
class Small:
    """A world: what the users do, and everything else that is not as always."""

    client: Program
    server: Program
    faults: int = 1
    old: tuple[Old, ...] = ()
    isses: tuple[int, int] = (100, 300)
    knobs: dict[str, Any] = field(default_factory=dict)
    in_order: bool = True
    quiet: bool = True

    @property
    def players(self) -> tuple[Player, Player]:
        """The two ends."""
        configs = [profile("plain", iss=iss, **self.knobs) for iss in self.isses]
        return (
            Player("client", configs[0], self.client, CLIENT, SERVER),
            Player("server", configs[1], self.server, SERVER, CLIENT),
        )

    def world(self, *, symmetric: bool = False) -> Exploration:
        """The world for the engine."""
        return Exploration(*self.players, old=self.old, in_order=self.in_order, quiet=self.quiet, symmetric=symmetric)

    def naive(self) -> Naive:
        """The world for the naive explorer."""
        return Naive.beginning(*self.players, old=self.old, in_order=self.in_order, quiet=self.quiet)


SMALL = {
    "nothing is called": Small((), ()),
    "handshake, no fault": Small(CALLS, OPENS, faults=0),
    "handshake": Small(CALLS, OPENS),
    "handshake and close": Small(CALLS_AND_CLOSES, OPENS_AND_CLOSES),
    "one octet, no fault": Small(SENDS_AND_CLOSES, OPENS_AND_CLOSES, faults=0),
    "one octet": Small(SENDS_AND_CLOSES, OPENS_AND_CLOSES),
    "handshake, two faults": Small(CALLS, OPENS, faults=2, knobs=IMPATIENT),
    "an old SYN": Small(CALLS, OPENS, old=(OLD_SYN,), knobs=IMPATIENT),
    "an old SYN and an old ACK at a listener": Small(
        CALLS_AND_CLOSES, LISTENS_AND_CLOSES, faults=0, old=(OLD_SYN, OLD_ACK), knobs=IMPATIENT
    ),
    "a crash": Small(CALLS_AND_SENDS, CRASHES, faults=0),
    "a crash that is a fault": Small(CALLS_AND_SENDS, line(Call("open"), Call("crash", price=1)), knobs=IMPATIENT),
    "a simultaneous open": Small(BOTH_CALL, BOTH_CALL, faults=0),
    "any order": Small(CALLS_AND_CLOSES, OPENS_AND_CLOSES, faults=0, in_order=False),
    "any order, one fault": Small(CALLS, OPENS, in_order=False, knobs=IMPATIENT),
    "timers at any time": Small(CALLS, OPENS, faults=0, quiet=False, knobs=IMPATIENT),
}
