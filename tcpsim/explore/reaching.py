"""Which pairs of states two ends can be in at the same time, with how few faults, and how they get there.

Rule 1. Both users may do anything once: open actively or passively, then close or abort, each at any moment or never.
        A host may crash, which is a fault, and open again.
Rule 2. An answer is a path, or "unreachable within k faults"; it never claims more than the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..tcp.config import profile
from .engine import Limits, Search
from .programs import Call
from .sides import Player

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.diagram import State
    from .engine import Tally
    from .programs import Program
    from .world import Exploration, Instant

Pair = tuple["State", "State"]
NAMES: Final = ("client", "server")
_SOCKETS: Final = (("192.0.2.1", 49152), ("192.0.2.2", 80))
_CRASH: Final = Call("crash", price=1)
_ANYTHING: Final[Program] = (
    ((Call("connect"), 1), (Call("open"), 1)),
    ((Call("close"), 2), (Call("abort"), 4), (_CRASH, 3)),
    ((Call("abort"), 4), (_CRASH, 3)),
    ((Call("connect"), 4), (Call("open"), 4)),
)
"""Open; then close, abort or crash; after a close, abort or crash; after a crash, open again."""
TEXT: Final = """\
title: Anything that two users can do
profile: plain
hosts:
  client: {iss: 100}
  server: {iss: 300}
"""
"""The scenario's head, for files made of a path."""


def anything() -> tuple[Player, Player]:
    """Return two ends whose users may do anything once."""
    one, other = (
        Player(name, profile("plain", iss=iss), _ANYTHING, _SOCKETS[index], _SOCKETS[1 - index])
        for index, (name, iss) in enumerate(zip(NAMES, (100, 300), strict=True))
    )
    return one, other


@dataclass(frozen=True, slots=True)
class Meeting:
    """How a pair of states is reached: with how many faults, by which steps."""

    faults: int
    path: tuple[int, ...]


class Reaching:
    """Explores a world and notes how each pair of states is reached first.

    Attributes:
        found: for each pair that can be, the simplest way there.
        stopped: "" if the bound was exhausted, else the name of the limit.
    """

    def __init__(
        self,
        world: Exploration,
        *,
        faults: int,
        until: Callable[[Pair], bool] | None = None,
        limits: Limits | None = None,
        progress: Callable[[Tally], object] | None = None,
    ) -> None:
        """Prepare; the search ends early when a pair is reached for which `until` says so."""
        self.world = world
        self.until = until
        self.found: dict[Pair, Meeting] = {}
        self._met: dict[Pair, int] = {}
        self._enough = False
        self.search: Search[Instant] = Search(
            world, faults=faults, limits=limits, watch=self._state, expanded=self._expanded, progress=progress
        )

    def run(self) -> Reaching:
        """Search; return self."""
        self.search.run()
        for pair, ident in self._met.items():
            self.found[pair] = Meeting(self.search.prices[ident], tuple(self.search.path(ident)))
        return self

    @property
    def stopped(self) -> str:
        """What ended the search before its bound was exhausted, or ""."""
        return "" if self._enough else self.search.stopped

    def _state(self, ident: int, state: Instant) -> None:
        one, other = self.world.tables
        pair = (one.sides[state.one].state, other.sides[state.other].state)
        if pair not in self._met:
            self._met[pair] = ident
            if self.until is not None and self.until(pair):
                self._enough = True

    def _expanded(self, _ident: int, _state: Instant, _steps: object) -> bool:
        return self._enough
