"""A host that is down, or that keeps quiet after a restart: nothing that comes is answered, nothing goes out.

Rule 1. A host that is down hears nothing, and nobody can make a call there: "host is down".
Rule 2. A host that keeps quiet (RFC 9293 3.4.3) emits no TCP segment for an MSL. What comes is discarded; it may
        listen, but an active OPEN waits, before it chooses its initial sequence number, until the time is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp import rules as why
from ..tcp.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from .connection import Connection
    from .host import Host
    from .packet import Flow

    Opening = Callable[[Time], None]

DOWN: str = "host is down"


class Silence:
    """The time in which a host's TCP is silent.

    Attributes:
        host: whose.
        reason: why what comes is discarded.
        table: the connections that are opened meanwhile, by the flow of the packets that will arrive for them.
    """

    __slots__ = ("_openings", "host", "reason", "table")

    def __init__(self, host: Host, reason: Rule) -> None:
        self.host = host
        self.reason = reason
        self.table: dict[Flow, Connection] = {}
        self._openings: list[Opening] = []

    @property
    def down(self) -> bool:
        """Whether the host is down, rather than quiet."""
        return self.reason is why.HOST_DOWN

    def postpone(self, opening: Opening) -> None:
        """Have an active OPEN wait until the silence is over."""
        self._openings.append(opening)

    def end(self, now: Time, _: None) -> None:
        """The time is over: the host speaks, unless it has crashed again since."""
        if self.host.silence is self:
            self.host.speak(self.table)
            for opening in self._openings:
                opening(now)


def crash(host: Host, *, down: bool) -> None:
    """See `Host.crash`."""
    host.note(None, "crash: every connection is forgotten")
    host.silence = Silence(host, why.HOST_DOWN) if down else None
    host.lose_memory()


def restart(host: Host, *, quiet: bool) -> None:
    """See `Host.restart`."""
    words = "restart" if host.down else "restart: every connection is forgotten"
    host.lose_memory()
    quiet = quiet and not (host.mutant is not None and host.mutant.never_quiet)
    host.silence = silence = Silence(host, why.QUIET_TIME) if quiet else None
    if silence is not None:
        words += f", quiet for {format_duration(host.config.msl)}"
        host.agenda.enter(host.agenda.now + host.config.msl, silence.end, None)
    host.note(None, words)
