"""The states that both ends must have been in, as far as their segments prove them.

Rule 1. A host moves along the edges of `tcp.diagram` and no others, through `advance`.
Rule 2. What a host sends proves what it knows: an ACK, that what it covers had arrived, though no capture saw it; a
        FIN, that CLOSE was called; a SYN, that the connection was opened.
Rule 3. What a host sends after a segment arrived proves what it made of it: a RST is believed if its number is
        RCV.NXT (RFC 9293 3.10.7.4, second), or if the host says nothing any more; a host that only answers a SYN,ACK
        with a RST was never ESTABLISHED, and one that goes on after its own RST has not aborted.
Rule 4. What shows in no segment is not told: the end of TIME-WAIT, a user timeout, a host that forgets.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from ..tcp.diagram import (
    CLOSED,
    CLOSING,
    FIN_WAIT_1,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    Event,
    advance,
    begin,
    edges_from,
)
from ..tcp.segment import ACK, FIN, RST, SYN, SYN_ACK

if TYPE_CHECKING:
    from ..tcp.diagram import Edge, State
    from ..tcp.segment import Segment

_AWAIT_ACK_OF_FIN: Final = (FIN_WAIT_1, CLOSING, LAST_ACK)


class Walker:
    """One end of a connection, on its way through the state diagram; `advance` asks for its attributes.

    Attributes:
        state: where it stands.
        edge: the edge taken last.
        passive: whether it has listened.
        last_word: the ordinal of the last thing that it sends which is no RST; -1 for none.
    """

    state: State
    edge: Edge

    def __init__(self, last_word: int, *, aborts: bool) -> None:
        begin(self)
        self.passive = False
        self.last_word = last_word
        self._aborts = aborts  # whether it sends a RST after that
        self._fin: int | None = None  # the position after our FIN
        self._peers_fin: int | None = None
        self._rcv_nxt = 0
        self._early: list[tuple[int, int]] = []  # what came before its turn, a heap

    @property
    def active(self) -> bool:
        """The opposite of `passive`."""
        return not self.passive

    def listen(self) -> list[Edge]:
        """Open passively: the host will answer a SYN."""
        self.passive = True
        return self._go(Event.PASSIVE_OPEN)

    def open(self) -> list[Edge]:
        """Open actively, before anything is seen of it."""
        return self._go(Event.ACTIVE_OPEN)

    def stand_open(self, *, passive: bool) -> list[Edge]:
        """Come to ESTABLISHED by the edge of whoever opened so: the handshake lies before the capture."""
        self.passive = passive
        opening = [Event.PASSIVE_OPEN, Event.RCV_SYN] if passive else [Event.ACTIVE_OPEN]
        for event in opening:
            advance(self, event)
        return self._go(Event.RCV_ACK_OF_SYN if passive else Event.RCV_SYN_ACK)

    # ------------------------------------------------------------------ events

    def send(self, segment: Segment, start: int, ack: int | None, ordinal: int) -> list[Edge]:
        """Return the moves that this host has made when it sends a segment.

        Args:
            segment: what it sends.
            start: the position of SEG.SEQ.
            ack: that of SEG.ACK, None without.
            ordinal: the ordinal of the passage, to be compared with `last_word`.
        """
        ctl = segment.ctl
        if ctl & RST:
            return self._abort(ordinal)
        moves = []
        if ctl & SYN and not ctl & ACK and self.state is CLOSED:
            moves += self._go(Event.ACTIVE_OPEN)
        if ctl & SYN_ACK == SYN_ACK and self.state in (LISTEN, SYN_SENT):
            moves += self._go(Event.RCV_SYN)
        if ack is not None and not ctl & SYN:
            if self.state is SYN_SENT and ack >= 1:
                moves += self._go(Event.RCV_SYN_ACK)
            self._rcv_nxt = max(self._rcv_nxt, ack)
            moves += self._take_fin()
        if ctl & FIN:
            self._fin = start + segment.seg_len
            moves += self._go(Event.CLOSE) if self.state.both_syns else []
        return moves

    def _abort(self, ordinal: int) -> list[Edge]:
        """A RST is sent (Rule 3)."""
        if ordinal < self.last_word or self.state in (CLOSED, LISTEN):
            return []
        return self._go(Event.TIME_WAIT_TIMEOUT if self.state is TIME_WAIT else Event.ABORT)

    def arrive(self, segment: Segment, start: int, ack: int | None, ordinal: int) -> list[Edge]:
        """Return the moves that this host makes when a segment arrives; arguments as for `send`."""
        ctl = segment.ctl
        silent = ordinal > self.last_word
        if ctl & RST:
            return self._be_reset(start, ack, silent=silent)
        if ctl & SYN:
            moves = self._take_syn(ctl, ack, silent=silent)
        elif self.state in (CLOSED, LISTEN, SYN_SENT):
            return []
        else:
            moves = []
        if ack is not None and ack >= 1 and self.state is SYN_RECEIVED:
            moves += self._go(Event.RCV_ACK_OF_SYN)
        if ack is not None and self._fin is not None and ack >= self._fin and self.state in _AWAIT_ACK_OF_FIN:
            moves += self._go(Event.RCV_ACK_OF_FIN)
        self._take_text(start, start + segment.seg_len)
        if ctl & FIN:
            self._peers_fin = start + segment.seg_len
        return moves + self._take_fin()

    def _take_syn(self, ctl: int, ack: int | None, *, silent: bool) -> list[Edge]:
        if self.state is LISTEN and not ctl & ACK:
            return self._go(Event.RCV_SYN)
        if self.state is not SYN_SENT:
            return []
        if not ctl & ACK:
            return self._go(Event.RCV_SYN)
        if ack is None or ack < 1 or (silent and self._aborts):
            return []
        return self._go(Event.RCV_SYN_ACK)

    def _be_reset(self, start: int, ack: int | None, *, silent: bool) -> list[Edge]:
        if self.state is SYN_SENT:
            return self._go(Event.RCV_RST) if ack is not None and ack >= 1 else []
        if not self.state.both_syns or (start != self._rcv_nxt and not (silent and start >= self._rcv_nxt)):
            return []
        return self._go(Event.RCV_RST)

    # ------------------------------------------------------------------ what has come

    def _take_text(self, start: int, end: int) -> None:
        if start <= self._rcv_nxt:
            self._rcv_nxt = max(self._rcv_nxt, end)
        elif end > start:
            heappush(self._early, (start, end))
        while self._early and self._early[0][0] <= self._rcv_nxt:
            self._rcv_nxt = max(self._rcv_nxt, heappop(self._early)[1])

    def _take_fin(self) -> list[Edge]:
        fin = self._peers_fin
        if fin is None or self._rcv_nxt < fin or not self.state.receives_text:
            return []
        return self._go(Event.RCV_FIN)

    def _go(self, event: Event) -> list[Edge]:
        """Move, if the diagram has an edge; return it."""
        for edge in edges_from(self.state):
            if edge.event is event and (edge.guard is None or getattr(self, edge.guard.value)):
                return [advance(self, event)]
        return []
