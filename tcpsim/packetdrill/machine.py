"""The machine under test, as shell lines see it: its variables, its list of sockets, and what drops them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.diagram import CLOSED, LISTEN, State
from .icmp import error_of
from .optioning import NotRunnable
from .settings import Read, applied, effect_of
from .shell import Listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..net.connection import Connection
    from ..net.host import Host
    from ..tcp.units import Time
    from .calls import Calls
    from .mapping import Sockets
    from .script import IcmpPacket

BSD_STATES = {
    State.CLOSED: "CLOSED", State.LISTEN: "LISTEN", State.SYN_SENT: "SYN_SENT", State.SYN_RECEIVED: "SYN_RCVD",
    State.ESTABLISHED: "ESTABLISHED", State.FIN_WAIT_1: "FIN_WAIT_1", State.FIN_WAIT_2: "FIN_WAIT_2",
    State.CLOSE_WAIT: "CLOSE_WAIT", State.CLOSING: "CLOSING", State.LAST_ACK: "LAST_ACK",
    State.TIME_WAIT: "TIME_WAIT",
}  # fmt: skip
"""How sockstat(1) and netstat(1) of FreeBSD spell the states."""


class Machine:
    """The host under test, for `shell.execute`.

    Attributes:
        values: every variable that was set, by name.
        standard: whether it is judged by what the RFC says, rather than by what a system does.
    """

    def __init__(self, host: Host, calls: Calls, sleep: Callable[[Time], None], *, standard: bool = False) -> None:
        self.host = host
        self.calls = calls
        self.values: dict[str, str] = {}
        self._sleep = sleep
        self.standard = standard

    # ------------------------------------------------------------------ variables

    def set(self, key: str, value: str) -> None:
        """Set a variable; raises settings.Unknown if tcpsim can't."""
        read, knobs = effect_of(key, value, {**self.values, key: value}, standard=self.standard)
        self.values[key] = value
        if not knobs:
            return
        self.host.config = applied(self.host.config, knobs)
        if read is Read.SOCKET:
            return
        for listener in self.host.listeners.values():
            listener.configure(**knobs)
        if read is Read.USE:
            for connection in self.host.connections.values():
                if connection.state is not CLOSED and connection.state is not LISTEN:
                    connection.configure(**knobs)

    def get(self, key: str) -> str | None:
        """Return the value of a variable that was set."""
        return self.values.get(key)

    def sleep(self, span: Time) -> None:
        """Let virtual time pass."""
        self._sleep(span)

    # ------------------------------------------------------------------ sockets

    def sockets(self) -> list[Listed]:
        """Return every TCP socket: those with a descriptor first, then connections that nobody holds any more."""
        found = []
        held: set[int] = set()
        for connection, listener in self.calls.owned():
            if connection is not None:
                held.add(connection.number)
                found.append(self._listed(connection, owned=True))
            else:
                local = None if listener is None else (self.host.address, listener.port)
                state = "CLOSED" if listener is None else "LISTEN"
                found.append(Listed(True, self._family(self.host.address), local, None, state))
        for number, connection in self.host.connections.items():
            if number not in held and connection.state is not CLOSED and connection.state is not LISTEN:
                found.append(self._listed(connection, owned=False))
        return found

    def _listed(self, connection: Connection, *, owned: bool) -> Listed:
        local = connection.local or (self.host.address, 0)
        return Listed(owned, self._family(local[0]), local, connection.remote, BSD_STATES[connection.state])

    @staticmethod
    def _family(address: str) -> int:
        return 6 if ":" in address else 4

    def drop(self, socket: Listed) -> None:
        """Abort the connection between two sockets, as tcpdrop(8) does."""
        for connection in self.host.connections.values():
            if connection.state is not CLOSED and (connection.local, connection.remote) == (
                socket.local,
                socket.remote,
            ):
                connection.abort()
                return

    # ------------------------------------------------------------------ ICMP

    def icmp(self, packet: IcmpPacket, sockets: Sockets, *, ipv6: bool) -> None:
        """Have an ICMP error arrive.

        Raises NotRunnable for a message that is no error about a segment, Unmapped where no socket is there for it.
        """
        if packet.quoted is None or packet.quoted.protocol != "tcp":
            raise NotRunnable(f"the ICMP message {packet.type} is no error about a TCP segment")
        flow, seq = sockets.quoted(packet.quoted)
        error = error_of(packet, seq, ipv6=ipv6)
        self.host.arrive_icmp(self.host.agenda.now, flow, error)
