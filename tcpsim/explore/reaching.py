"""Which pairs of states two ends can be in at the same time, with how few faults, and how they get there.

Rule 1. Both users may do anything once: open actively or passively, then close or abort, each at any moment or never.
        A host may crash, which is a fault, and open again.
Rule 2. An answer is a path, or "unreachable within k faults"; it never claims more than the bound.
Rule 3. Both ends of `anything` are alike: a way for one is a way for the other. With symmetry half the states are
        enough, and a way is carried over to the two ends exchanged, step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..tcp.config import profile
from .engine import Limits, Search
from .programs import Call
from .sides import Player
from .world import Kind, coded, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
    """Return two ends whose users may do anything once: the client, and the server."""
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
        self._wanted: dict[Pair, bool] = {}
        self._fitting: list[tuple[int, Pair]] = []
        self._enough = False
        self.search: Search[Instant] = Search(
            world, faults=faults, limits=limits, watch=self._state, expanded=self._expanded, progress=progress
        )

    def run(self) -> Reaching:
        """Search; return self. Called again it goes on, to the next state for which `until` says so."""
        self._enough = False
        self.search.run()
        for pair, ident in self._met.items():
            self.found[pair] = Meeting(self.search.prices[ident], tuple(self.search.path(ident)))
        return self

    @property
    def stopped(self) -> str:
        """What ended the search before its bound was exhausted, or ""."""
        return "" if self._enough else self.search.stopped

    def ways(self, most: int) -> Iterator[tuple[Pair, Meeting]]:
        """Yield up to so many ways to a pair for which `until` says so, the simplest first.

        The search goes on when more of them are asked for than it has met.
        """
        for index in range(most):
            if index >= len(self._fitting):
                if not self._enough:
                    return
                self.run()
            if index >= len(self._fitting):
                return
            ident, pair = self._fitting[index]
            yield pair, Meeting(self.search.prices[ident], tuple(self.search.path(ident)))

    def table(self) -> dict[Pair, tuple[int, int]]:
        """Return the fewest faults and, with these, the fewest steps for each pair; mirrored, if the world is."""
        least: dict[Pair, tuple[int, int]] = {}
        for pair, meeting in self.found.items():
            for each in (pair, pair[::-1]) if self.world.symmetric else (pair,):
                price = (meeting.faults, len(meeting.path))
                least[each] = min(price, least.get(each, price))
        return least

    def _state(self, ident: int, state: Instant) -> None:
        one, other = self.world.tables
        pair = (one.sides[state.one].state, other.sides[state.other].state)
        if pair not in self._met:
            self._met[pair] = ident
            self._wanted[pair] = self.until is not None and self.until(pair)
        if self._wanted[pair]:
            self._fitting.append((ident, pair))
            self._enough = True

    def _expanded(self, _ident: int, _state: Instant, _steps: object) -> bool:
        return self._enough


def mirrored(world: Exploration, path: Sequence[int], other: Exploration) -> tuple[int, ...]:
    """Return the codes of a path of `world` in `other`, the same world with its two ends exchanged.

    The first end of either does the same; only the segments have other numbers.
    """
    here, there = world.initial()[0], other.initial()[0]
    numbers: dict[int, int] = {}
    codes = []
    for code in path:
        kind, argument = decoded(code)
        about = argument if kind in (Kind.TIMEOUT, Kind.SPURIOUS, Kind.CALL) else numbers[argument]
        codes.append(coded(kind, about))
        here, there = stepped(world, here, code), stepped(other, there, codes[-1])
        numbers.update(zip(here.to_one + here.to_other, there.to_one + there.to_other, strict=True))
    return tuple(codes)


def stepped(world: Exploration, state: Instant, code: int) -> Instant:
    """Return the state after a step; StopIteration if it can't be taken."""
    return next(after for known, _, after in world.successors(state, 1) if known == code)
