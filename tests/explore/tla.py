"""The public TLA+ model of TCP as a model of this project's engine: what it finds is known beforehand.

The model is `specifications/tcp` of github.com/tlaplus/Examples (Markus Kuppe, 2024): the figure of RFC 9293 3.3.2 for
two peers with a queue of segments toward each, without numbers, loss and time. Here it is told as tables, not as
formulas; what it leaves open (its notes 1 to 3) is decided as there. Its bounds are those of its MCtcp.cfg: no user
opens anew (steps that do are counted and not taken), and no queue has the same segment twice in a row (states that
do are counted and not entered).

TLC counts as "generated" the states it begins in and every successor, equal ones as often as they come.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tcpsim.explore.canonical import value_digest
from tcpsim.explore.engine import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator

SYN, SYN_ACK, ACK, FIN, ACK_OF_FIN, RST = "SYN", "SYN,ACK", "ACK", "FIN", "ACKofFIN", "RST"

ARRIVALS: dict[str, list[tuple[tuple[str, ...], str, str]]] = {
    "LISTEN": [((SYN,), SYN_ACK, "SYN-RECEIVED")],
    "SYN-SENT": [((SYN,), SYN_ACK, "SYN-RECEIVED"), ((SYN_ACK,), ACK, "ESTABLISHED")],
    "SYN-RECEIVED": [((ACK,), "", "ESTABLISHED"), ((RST,), "", "LISTEN")],
    "ESTABLISHED": [((FIN,), ACK_OF_FIN, "CLOSE-WAIT")],
    "FIN-WAIT-1": [
        ((FIN,), ACK_OF_FIN, "CLOSING"),
        ((ACK_OF_FIN,), "", "FIN-WAIT-2"),
        ((FIN, ACK_OF_FIN), ACK_OF_FIN, "TIME-WAIT"),  # note 2
    ],
    "FIN-WAIT-2": [((FIN,), ACK_OF_FIN, "TIME-WAIT")],
    "CLOSING": [((ACK_OF_FIN,), "", "TIME-WAIT")],
    "LAST-ACK": [((ACK_OF_FIN,), "", "CLOSED")],
}
"""By state: what stands first in the peer's queue, what is answered, and the state after it."""
CLOSES = {
    "LISTEN": ("", "CLOSED"),
    "SYN-SENT": ("", "CLOSED"),
    "SYN-RECEIVED": (FIN, "FIN-WAIT-1"),
    "ESTABLISHED": (FIN, "FIN-WAIT-1"),
    "CLOSE-WAIT": (FIN, "LAST-ACK"),
}
"""By state: what a CLOSE sends, and the state after it."""
OPENS = {"CLOSED": [(SYN, "SYN-SENT"), ("", "LISTEN")], "LISTEN": [(SYN, "SYN-SENT")]}
"""By state: what an OPEN or a SEND sends, and the state after it: the steps that the bounds forbid."""


class Peer(NamedTuple):
    """One peer: its state, whether it has a TCB, and what is under way toward it."""

    state: str
    tcb: bool = True
    queue: tuple[str, ...] = ()

    def with_segment(self, sent: str) -> Peer:
        """This peer, with one more segment under way toward it."""
        return self._replace(queue=(*self.queue, sent)) if sent else self


Pair = tuple[Peer, Peer]
LISTENING = [
    (Peer("SYN-SENT"), Peer("LISTEN", queue=(SYN,))),
    (Peer("LISTEN", queue=(SYN,)), Peer("SYN-SENT")),
]
"""Where MCtcp begins: one peer has called, the other listens."""
CROSSED = [(Peer("SYN-SENT", queue=(SYN,)), Peer("SYN-SENT", queue=(SYN,)))]
"""Both have called: a simultaneous open."""


class Tla:
    """The model, for `Search`.

    Attributes:
        outside: the states that were counted and not entered since a queue has the same segment twice in a row.
    """

    def __init__(self, beginnings: list[Pair], *, symmetric: bool = False) -> None:
        self.beginnings = beginnings
        self.symmetric = symmetric
        self.outside: set[Pair] = set()

    def initial(self) -> list[Pair]:
        """Where it begins."""
        return self.beginnings

    def digest(self, state: Pair) -> bytes:
        """The state's digest; with symmetry the peers have no names."""
        return value_digest(min(state, state[::-1]) if self.symmetric else state)

    def successors(self, state: Pair, _budget: int) -> list[tuple[int, int, Pair]]:
        """Everything that can happen next; a step's code tells who takes it."""
        steps = []
        for who in (0, 1):
            for (local, remote), opens in _steps(state[who], state[1 - who]):
                after = (local, remote) if who == 0 else (remote, local)
                twice = any(one == other for peer in after for one, other in pairwise(peer.queue))
                if twice and not opens:
                    self.outside.add(after)
                steps.append((who, OUTSIDE if twice or opens else 0, after))
        return steps


def _steps(local: Peer, remote: Peer) -> Iterator[tuple[Pair, bool]]:
    """What one peer can do: itself and the other after it, and whether a user opens."""
    for head, sent, state in ARRIVALS.get(local.state, ()):
        if local.queue[: len(head)] == head:
            yield (Peer(state, local.tcb, local.queue[len(head) :]), remote.with_segment(sent)), False
    if local.queue[:1] == (RST,):  # note 3, from any state
        for state in ("LISTEN", "CLOSED"):
            yield (Peer(state, local.tcb, local.queue[1:]), remote), False
    if local.tcb:
        yield (local._replace(state="TIME-WAIT"), remote.with_segment(RST)), False
        if local.state == "TIME-WAIT":
            yield (Peer("CLOSED", False, local.queue), remote), False
    if local.state in CLOSES:
        sent, state = CLOSES[local.state]
        keeps = local.tcb and state != "CLOSED"
        yield (Peer(state, keeps, local.queue), remote.with_segment(sent)), False
    for sent, state in OPENS.get(local.state, ()):
        yield (Peer(state, True, local.queue), remote.with_segment(sent)), True
