"""Claims to the ports of a host: who may have one beside whom, and what answers for it.

Rule 1. A claim keeps others from its port, unless all who have the port share it and none listens there.
Rule 2. A connection that somebody left behind keeps its port too, from those who do not share.
Rule 3. Claims to different addresses of the host do not meet; one without an address meets all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .arguments import LAST_PORT
from .packet import TTL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FIRST_EPHEMERAL: Final = 49_152
"""RFC 6335 6: the first of the dynamic ports."""


class Binding:
    """A claim to a local port; what answers for the port bears its marks.

    Attributes:
        port: which.
        address: at which address of the host, or None for all of them.
        ttl, tos: of the RSTs with which a port without a listener answers.
        shares: whether others that share may have the port too.
    """

    __slots__ = ("address", "port", "shares", "tos", "ttl")

    def __init__(
        self, port: int, address: str | None = None, ttl: int = TTL, tos: int = 0, *, shares: bool = False
    ) -> None:
        self.port = port
        self.address = address
        self.ttl = ttl
        self.tos = tos
        self.shares = shares

    def meets(self, address: str | None) -> bool:
        """Return whether it is for (some of) the same addresses as a claim to `address`."""
        return self.address is None or address is None or self.address == address


class Turn:
    """The ephemeral ports in turn: who asks gets the next free one after that which was given last."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = FIRST_EPHEMERAL

    def take(self, ports: tuple[int, int], free: Callable[[int], bool]) -> int:
        """Return the next port, from the first to the last of `ports`, that is free; 0 if none is."""
        first, last = ports
        for _ in range(last - first + 1):
            port = self._next if first <= self._next <= last else first
            self._next = port + 1
            if free(port):
                return port
        return 0


class Bindings:
    """The claims of a host, by port. `in_use` yields the local ports of its connections and listeners.

    Attributes:
        ports: the first and the last port of those that are given to whoever names none.
    """

    __slots__ = ("_by_port", "_in_use", "_turn", "ports")

    def __init__(self, in_use: Callable[[], Iterable[int]]) -> None:
        self._by_port: dict[int, list[Binding]] = {}
        self._in_use = in_use
        self.ports = (FIRST_EPHEMERAL, LAST_PORT)
        self._turn = Turn()

    def __contains__(self, port: int) -> bool:
        return port in self._by_port

    def add(self, binding: Binding) -> None:
        """Enter a claim."""
        self._by_port.setdefault(binding.port, []).append(binding)

    def remove(self, binding: Binding) -> None:
        """Give a claim up."""
        claims = self._by_port[binding.port]
        claims.remove(binding)
        if not claims:
            del self._by_port[binding.port]

    def at(self, port: int, address: str) -> Binding | None:
        """Return the claim that answers for an address and port: the latest that meets it, or None."""
        for binding in reversed(self._by_port.get(port, ())):
            if binding.meets(address):
                return binding
        return None

    def allow(self, port: int, address: str | None, *, shares: bool) -> bool:
        """Return whether a claim may be added."""
        others = [claim for claim in self._by_port.get(port, ()) if claim.meets(address)]
        if any(not (claim.shares and shares) for claim in others):
            return False
        return shares or port not in set(self._in_use())

    def allow_listening(self, binding: Binding) -> bool:
        """Return whether the holder of a claim may listen: nobody else who has the port does."""
        others = [claim for claim in self._by_port[binding.port] if claim is not binding]
        return all(claim.shares or not claim.meets(binding.address) for claim in others)

    def free(self) -> int:
        """Return an ephemeral port that nobody has; 0 if none is left."""
        used = {*self._by_port, *self._in_use()}
        return self._turn.take(self.ports, lambda port: port not in used)
