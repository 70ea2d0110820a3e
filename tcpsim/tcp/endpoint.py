"""One end of a TCP connection: calls, segments and time in; actions out.

Rule 1. Every method that makes something happen takes the time first and returns the actions, in
        the order in which they are to be carried out.
Rule 2. The endpoint is its TCB: the RFC's variables are its attributes, to be read and not written.
Rule 3. A segment never raises. A call raises TcpError in the RFC's words, and has then done nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import calls, live
from .arrives import in_other_states, segment_arrives
from .diagram import CLOSED, TIME_WAIT
from .icmp import icmp_arrives
from .leaving import complete
from .receive import whole_segments
from .segment import ACK, RST, SYN
from .tcb import TCB
from .timeouts import timeout
from .timers import earliest
from .timestamps import newer_incarnation
from .units import NEVER

if TYPE_CHECKING:
    from .actions import Action
    from .calls import Status
    from .config import Config
    from .icmp import IcmpError
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

    def _taken(self, now: Time) -> list[Action]:
        actions = self.out
        self.out = []
        if self.extended and actions:
            complete(self, now, actions)
        return actions

    def bind(self, local: Socket, remote: Socket) -> None:
        """Fill in the sockets that a passive OPEN left unspecified (RFC 9293 3.10.7.2, third)."""
        self.local, self.remote = local, remote

    # ------------------------------------------------------------------ user calls

    def open(self, now: Time, *, active: bool, data: Chunk = 0) -> list[Action]:
        """OPEN (3.10.1): passive waits in LISTEN, active sends a SYN; both from CLOSED or, active, LISTEN.

        `data` is the first SEND of an active OPEN: queued until ESTABLISHED, or in the SYN with Fast Open.
        """
        calls.open_call(self, now, active, data)
        return self._taken(now)

    def send(
        self, now: Time, data: Chunk, *, push: bool = True, urgent: bool = False, record: bool = False
    ) -> list[Action]:
        """SEND (3.10.2): queue bytes, or an int number of octets that are only counted.

        Without `push` less than a full segment may wait for more (MAY-16), at most `sws_override`. With
        `record` no later data shares a segment with this.
        """
        calls.send_call(self, now, data, push, urgent, record)
        return self._taken(now)

    def push(self, now: Time) -> list[Action]:
        """Send what waits for more to join it, as far as windows and Nagle allow."""
        live.push_call(self, now)
        return self._taken(now)

    def cork(self, now: Time, on: bool = True) -> list[Action]:
        """Hold back what fills no segment, as long as `sws_override` lets it; or end that and push."""
        live.cork_call(self, now, on)
        return self._taken(now)

    def configure(self, now: Time, cfg: Config) -> list[Action]:
        """Change knobs of a live connection; the ISS, the MSS option and their like have had their day."""
        live.configure_call(self, now, cfg)
        return self._taken(now)

    def receive(self, now: Time, limit: int = calls.ENDLESS_RECEIVE) -> list[Action]:
        """RECEIVE (3.10.3): a Deliver of at most `limit` octets now, or later when some have come."""
        calls.receive_call(self, now, limit)
        return self._taken(now)

    def take(self, now: Time, limit: int) -> list[Action]:
        """Deliver at most `limit` octets that are on hand, also of a connection that has ended; none, if none are."""
        live.take_call(self, now, limit)
        return self._taken(now)

    def peek(self, limit: int, start: int = 0) -> Chunk:
        """Return at most `limit` octets that are on hand, from the `start`th on, and leave them there."""
        return live.on_hand(self, start, limit)

    def read(self, now: Time, on: bool = True) -> list[Action]:
        """Have every octet delivered as it comes, as if a RECEIVE were always outstanding; or end that."""
        calls.read_call(self, now, on)
        return self._taken(now)

    def close(self, now: Time) -> list[Action]:
        """CLOSE (3.10.4): no more to send; a FIN follows all that was sent."""
        calls.close_call(self, now)
        return self._taken(now)

    def shutdown(self, now: Time) -> list[Action]:
        """CLOSE of one direction: no more to send, but RECEIVEs are to come (3.6, half-closed)."""
        calls.shutdown_call(self, now)
        return self._taken(now)

    def abandon(self, now: Time) -> list[Action]:
        """CLOSE for good, after a `shutdown` or without: nobody is left to RECEIVE."""
        calls.abandon_call(self, now)
        return self._taken(now)

    def drop(self, now: Time) -> list[Action]:
        """Delete the TCB without a word to the peer: a listener is gone, and with it what it had begun."""
        calls.drop_call(self)
        return self._taken(now)

    def abort(self, now: Time) -> list[Action]:
        """ABORT (3.10.5): a RST where the peer may know the connection, and CLOSED."""
        calls.abort_call(self)
        return self._taken(now)

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
        if self.extended and actions:
            complete(self, now, actions)
        return actions

    def icmp(self, now: Time, error: IcmpError) -> list[Action]:
        """An ICMP error that quotes a segment of this connection (3.9.2.2): soft, hard, or a path MTU."""
        icmp_arrives(self, now, error)
        return self._taken(now)

    @property
    def buffer_octets(self) -> int:
        """The receive buffer as its user sees it, octets: without window scaling not all of it can be offered."""
        return whole_segments(self, self.cfg.rcv_buff) if self.state.both_syns else self.cfg.rcv_buff

    def next_timeout(self) -> Time | None:
        """Return when `timeout` has something to do, or None."""
        at = earliest(self)
        return None if at == NEVER else at

    def timeout(self, now: Time) -> list[Action]:
        """Let the timers act whose deadline has come (3.10.8); none may have, and nothing happens then."""
        timeout(self, now)
        return self._taken(now)

    def admits_new_incarnation(self, segment: Segment) -> bool:
        """Return whether, in TIME-WAIT, this SYN may open the connection anew (RFC 9293 3.6.1, MAY-2).

        Its timestamp or its number must lie beyond all that was received (RFC 6191 2). Whoever drives the
        endpoint then opens a new one with `iss_above` set to this one's `snd_max`, and returns to this
        one if the new one fails.
        """
        return (
            self.state is TIME_WAIT
            and self.cfg.reuse_time_wait
            and segment.ctl & (SYN | ACK | RST) == SYN
            and newer_incarnation(self, segment)
        )

    def would_establish(self, now: Time, segment: Segment) -> bool:
        """Return whether, in SYN-RECEIVED, this segment would make the connection ESTABLISHED; nothing is changed."""
        copy = self.fork()
        copy.observed = False
        copy.segment_arrives(now, segment)
        return copy.state.synchronized

    def refuse(self, now: Time, segment: Segment) -> list[Action]:
        """Answer the segment that would make the connection ESTABLISHED with a RST: nobody has room to accept it."""
        calls.refuse_call(self, segment)
        return self._taken(now)

    def give_way(self, now: Time) -> list[Action]:
        """Leave TIME-WAIT for a new incarnation that has become ESTABLISHED."""
        from . import rules as why
        from .diagram import Event
        from .ending import delete

        delete(self, Event.NEW_INCARNATION, why.NEW_INCARNATION, "", "connection closing")
        return self._taken(now)

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
