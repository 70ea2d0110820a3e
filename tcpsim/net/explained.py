"""A connection that also tells what its endpoint asked and what changed in the TCB: for `Network(explained=True)`.

Rule 1. An event is told where its actions are carried out, before them: the checks by which it was decided, then what
        is different from the TCB as the last event left it. Whoever wants no explanation pays nothing.
Rule 2. What kind of event it was, the trace says: its last record is the arrival or the call, else a timer was due.
Rule 3. The checks are the RFC's. Where the endpoint did otherwise (a mutant, a listener with SYN cookies), `agreed` is
        false, and the rules of its actions say what it did instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import trace as record
from ..tcp import rules as why
from ..tcp.branches import of_call, of_timeout
from ..tcp.calls import TcpError
from ..tcp.checks import of_nobody, of_segment
from ..tcp.diagram import CLOSED
from ..tcp.variables import changes
from .connection import Connection
from .packet import reverse

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.actions import Action
    from ..tcp.checks import Check
    from ..tcp.config import Config
    from ..tcp.endpoint import Endpoint
    from ..tcp.units import Time
    from ..trace import Trace
    from .host import Host
    from .packet import Packet

_UNSEEN = frozenset({
    why.TEXT_READABLE, why.TEXT_DELIVERED, why.ACK_REPEATED, why.URGENT_BEGINS, why.URGENT_ADVANCES, why.FIN_AGAIN,
})  # fmt: skip
"""Rules that need not show in the actions of who follows them."""


def explain(host: Host) -> None:
    """Have all connections that a host will have explained, and what it does with packets for none."""

    def stranger(now: Time, packet: Packet) -> None:
        told = ("SEGMENT ARRIVES", packet.number, of_nobody(packet.segment), True)
        _tell(host, now, None, reverse(packet.flow), (0, 0), told, str(CLOSED))

    host.connection_class = ExplainedConnection
    host.stranger = stranger


class ExplainedConnection(Connection):
    """See the module."""

    __slots__ = ("_before",)

    def __init__(self, host: Host, number: int, config: Config, trace: Trace | None) -> None:
        super().__init__(host, number, config, trace)
        self._before: Endpoint = self.endpoint.fork()

    def forget(self) -> None:
        """The host crashed: the next event finds a fresh endpoint."""
        super().forget()
        self._before = self.endpoint.fork()

    def carry_out(self, now: Time, actions: list[Action]) -> None:
        """Tell of the event, then do what the endpoint asks for."""
        before, end = self._before, self.endpoint
        before.local, before.remote = end.local, end.remote
        self._before = after = end.fork()
        if self._trace is not None:
            event, packet, checks = self._asked(now, before, self._trace)
            changed = changes(before, after)
            known = after if after.state is not CLOSED else before
            if checks:
                told = (event, packet, checks, _agreed(checks, actions))
                _tell(self.host, now, self.number, self.flow, (known.iss, known.irs), told, str(before.state))
            if changed:
                row = (record.Changed, now, self.host.name, self.number, None, self.flow, known.iss, known.irs, changed)
                self._trace.append(row)
        super().carry_out(now, actions)

    def _asked(self, now: Time, before: Endpoint, trace: Trace) -> tuple[str, int, tuple[Check, ...]]:
        """Return what kind of event this is, the packet that came or 0, and the checks."""
        row = trace.last_row
        if row and row[1] == now and row[3] == self.number:
            if row[0] is record.Arrived:
                return "SEGMENT ARRIVES", row[5], of_segment(before, now, row[7])
            if row[0] is record.Called:
                return "USER CALL", 0, of_call(before, row[5], row[6])
        return "TIMEOUT", 0, of_timeout(before, now)

    def _call(self, words: str, call: Callable[[Time], list[Action]]) -> None:
        try:
            super()._call(words, call)
        except TcpError as error:
            end = self.endpoint
            told = ("USER CALL", 0, of_call(end, words, str(error)), True)
            if told[2]:
                now = self.host.agenda.now
                _tell(self.host, now, self.number, self.flow, (end.iss, end.irs), told, str(end.state))
            raise


def _tell(
    host: Host,
    now: Time,
    number: int | None,
    flow: record.Flow,
    bases: tuple[int, int],
    told: tuple[str, int, tuple[Check, ...], bool],
    state: str,
) -> None:
    event, packet, checks, agreed = told
    row = (record.Checked, now, host.name, number, None, flow, *bases, event, packet, state, checks, agreed)
    host.enter(row)


def _agreed(checks: tuple[Check, ...], actions: list[Action]) -> bool:
    """Return whether the actions are those of the check that decided."""
    rule = checks[-1].why
    return rule is None or rule in _UNSEEN or any(action.why is rule for action in actions)
