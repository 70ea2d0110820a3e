"""One end of a TCP connection: calls, segments and time in; actions out.

Rule 1. Every method that makes something happen takes the time first and returns the actions, in
        the order in which they are to be carried out.
Rule 2. The endpoint is its TCB: the RFC's variables are its attributes, to be read and not written.
Rule 3. A segment never raises. A call raises TcpError in the RFC's words, and has then done nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import calls
from .arrives import in_other_states, segment_arrives
from .diagram import CLOSED, TIME_WAIT
from .segment import ACK, RST, SYN
from .seqnum import gt
from .tcb import TCB
from .timeouts import timeout
from .timers import earliest
from .units import NEVER

if TYPE_CHECKING:
    from .actions import Action
    from .calls import Status
    from .iss import Socket
    from .segment import Segment
    from .text import Chunk
    from .units import Time


class Endpoint(TCB):
    """One end of a TCP connection.

    `Endpoint(config, local, remote)` is CLOSED until `open`. Addresses only matter for choosing the
    ISS and for STATUS; which segments arrive is for whoever drives the endpoint to know. With
    `observed=True` the methods also return what happened inside: moves, timers, discarded segments.

    >>> client = Endpoint(profile("rfc9293", iss=100), ("192.0.2.1", 49152), ("192.0.2.2", 80))
    >>> client.open(0, active=True)
    [<SEQ=100><CTL=SYN>]
    """

    __slots__ = ()

    def _taken(self) -> list[Action]:
        actions = self.out
        self.out = []
        return actions

    def bind(self, local: Socket, remote: Socket) -> None:
        """Fill in the sockets that a passive OPEN left unspecified (RFC 9293 3.10.7.2, third)."""
        self.local, self.remote = local, remote

    # ------------------------------------------------------------------ user calls

    def open(self, now: Time, *, active: bool) -> list[Action]:
        """OPEN (3.10.1): passive waits in LISTEN, active sends a SYN; both from CLOSED or, active, LISTEN."""
        calls.open_call(self, now, active)
        return self._taken()

    def send(self, now: Time, data: Chunk, *, push: bool = True, urgent: bool = False) -> list[Action]:
        """SEND (3.10.2): queue bytes, or an int number of octets that are only counted.

        Without `push` less than a full segment may wait for more (MAY-16), at most `sws_override`.
        """
        calls.send_call(self, now, data, push, urgent)
        return self._taken()

    def receive(self, now: Time, limit: int = calls.ENDLESS_RECEIVE) -> list[Action]:
        """RECEIVE (3.10.3): a Deliver of at most `limit` octets now, or later when some have come."""
        calls.receive_call(self, now, limit)
        return self._taken()

    def read(self, now: Time, on: bool = True) -> list[Action]:
        """Have every octet delivered as it comes, as if a RECEIVE were always outstanding; or end that."""
        calls.read_call(self, now, on)
        return self._taken()

    def close(self, now: Time) -> list[Action]:
        """CLOSE (3.10.4): no more to send; a FIN follows all that was sent."""
        calls.close_call(self, now)
        return self._taken()

    def abort(self, now: Time) -> list[Action]:
        """ABORT (3.10.5): a RST where the peer may know the connection, and CLOSED."""
        calls.abort_call(self)
        return self._taken()

    def status(self) -> Status:
        """STATUS (3.10.6)."""
        return calls.status_call(self)

    # ------------------------------------------------------------------ segments and time

    def segment_arrives(self, now: Time, segment: Segment) -> list[Action]:
        """SEGMENT ARRIVES (3.10.7)."""
        if self.state.both_syns:
            in_other_states(self, now, segment)
        else:
            segment_arrives(self, now, segment)
        actions = self.out
        self.out = []
        return actions

    def next_timeout(self) -> Time | None:
        """Return when `timeout` has something to do, or None."""
        at = earliest(self)
        return None if at == NEVER else at

    def timeout(self, now: Time) -> list[Action]:
        """Let the timers act whose deadline has come (3.10.8); none may have, and nothing happens then."""
        timeout(self, now)
        return self._taken()

    def admits_new_incarnation(self, segment: Segment) -> bool:
        """Return whether, in TIME-WAIT, this SYN may open the connection anew (RFC 9293 3.6.1, MAY-2).

        Its number must lie beyond all that was received. Whoever drives the endpoint then opens a new
        one with `iss_above` set to this one's `snd_max`, and returns to this one if the new one fails.
        """
        return (
            self.state is TIME_WAIT
            and self.cfg.reuse_time_wait
            and segment.ctl & (SYN | ACK | RST) == SYN
            and gt(segment.seq, self.rcv_nxt)
        )

    def give_way(self, now: Time) -> list[Action]:
        """Leave TIME-WAIT for a new incarnation that has become ESTABLISHED."""
        from . import rules as why
        from .diagram import Event
        from .ending import delete

        delete(self, Event.NEW_INCARNATION, why.NEW_INCARNATION, "", "connection closing")
        return self._taken()

    # ------------------------------------------------------------------ copies

    def fork(self) -> Endpoint:
        """Return an independent copy: what happens to one is unknown to the other."""
        copy = Endpoint.__new__(Endpoint)
        self.copy_onto(copy)
        return copy

    def __repr__(self) -> str:
        if self.state is CLOSED:
            return "<Endpoint CLOSED>"
        return f"<Endpoint {self.state} snd_una={self.snd_una} snd_nxt={self.snd_nxt} rcv_nxt={self.rcv_nxt}>"
