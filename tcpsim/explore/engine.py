"""The search: every state that a model reaches within a number of faults, the nearest first.

Rule 1. Nothing here knows TCP. A model says where it begins, what can happen next and at what price, and by which
        digest two states are the same; whoever watches asks its questions as each new state comes.
Rule 2. States are found with the fewest faults first, and among these with the fewest steps: the first violation is
        the simplest. A state that was reached with fewer faults can do all that it could do with more, so each is
        expanded once.
Rule 3. What is remembered of a state is 16 octets of BLAKE2b, its parent and the step from it; a collision among
        2^32 states has a probability below 2^-64. The states themselves live on the frontier only.
Rule 4. A limit that is reached is a result with a name; what was found by then stays.
"""

from __future__ import annotations

import time
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from .memory import resident

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

S = TypeVar("S")

NOBODY: Final = 0xFFFF_FFFF
"""The parent of a state in which the model begins."""
_LOOKS: Final = 2_048
"""After so many expanded states the clock and the memory are looked at."""


class Model(Protocol[S]):
    """What can be explored."""

    def initial(self) -> Iterable[S]:
        """Return the states in which it begins."""

    def successors(self, state: S, budget: int) -> list[tuple[int, int, S]]:
        """Return what can happen next for at most `budget` faults.

        Each is a code (32 bits, for `Search.path`), its price in faults and the state after it.
        """

    def digest(self, state: S) -> bytes:
        """Return 16 octets, equal for two states that are not to be told apart."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a search stops, if it is not over by then.

    Attributes:
        states: so many distinct states.
        seconds: so many seconds of wall time.
        octets: so much memory of this process.
    """

    states: int = 5_000_000
    seconds: float = 600.0
    octets: int = 4_000_000_000


@dataclass(slots=True)
class Tally:
    """How far a search has come.

    Attributes:
        faults: the number of faults whose states are being expanded.
        states: distinct states so far; transitions: steps out of them, those to known states included.
        depth: the most steps from a beginning; waiting: states found and not expanded yet.
        layers: how many of the states need 0, 1, 2... faults.
        seconds: wall time.
    """

    faults: int = 0
    states: int = 0
    transitions: int = 0
    depth: int = 0
    waiting: int = 0
    layers: list[int] = field(default_factory=list)
    seconds: float = 0.0


class Search(Generic[S]):
    """One search; `run` carries it out.

    Attributes after `run`:
        stopped: "" if every state within the bound was expanded, else the name of what ended the search.
        tally: the counts.
        parents, steps, prices: for each state by its number: the state before it, the code of the step, its faults.
        done: for each state whether its steps were looked at.
        sources, targets, codes: the steps that cost nothing, for questions of what can be reached from where.
    """

    def __init__(
        self,
        model: Model[S],
        *,
        faults: int = 0,
        limits: Limits | None = None,
        watch: Callable[[int, S], object] | None = None,
        expanded: Callable[[int, S, list[tuple[int, int, S]]], bool] | None = None,
        progress: Callable[[Tally], object] | None = None,
    ) -> None:
        """Prepare a search of `model` within `faults`.

        `watch` is called with each new state and its number. `expanded` is called with a state, its number and its
        steps after these have been looked at, and ends the search by returning True. `progress` is called now and then.
        """
        self.model = model
        self.faults = faults
        self.limits = limits or Limits()
        self.watch = watch
        self.expanded = expanded
        self.progress = progress
        self.stopped = ""
        self.tally = Tally()
        self.seen: dict[bytes, int] = {}
        self.parents = array("I")
        self.steps = array("I")
        self.prices = array("B")
        self.done = bytearray()
        self.sources = array("I")
        self.targets = array("I")
        self.codes = array("I")
        self._pending: list[dict[bytes, tuple[int, int, int, S]]] = [{} for _ in range(faults + 1)]
        self._layers: dict[int, list[tuple[int, S]]] = defaultdict(list)
        self._began = 0.0

    # ------------------------------------------------------------------ the run

    def run(self) -> Search[S]:
        """Search until nothing is left, or a limit, `expanded` or Ctrl-C ends it; return self."""
        self._began = time.monotonic() - self.tally.seconds
        try:
            if not self.seen:
                for state in self.model.initial():
                    self._pending[0].setdefault(self.model.digest(state), (0, NOBODY, 0, state))
            while not self.stopped and self.tally.faults <= self.faults:
                self._begin_layer()
                while self._layers and not self.stopped:
                    self._expand_depth()
                if not self.stopped:
                    self.tally.faults += 1
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        self.tally.faults = min(self.tally.faults, self.faults)
        self._look()
        return self

    def _begin_layer(self) -> None:
        """Take the states that one fault more has led to, except those that were reached with fewer."""
        seen = self.seen
        pending = self._pending[self.tally.faults]
        for digest, (depth, parent, code, state) in pending.items():
            if digest not in seen:
                self._enter(digest, depth, parent, code, state)
        pending.clear()

    def _enter(self, digest: bytes, depth: int, parent: int, code: int, state: S) -> int:
        """Give a new state its number."""
        ident = len(self.parents)
        self.seen[digest] = ident
        self.parents.append(parent)
        self.steps.append(code)
        self.prices.append(self.tally.faults)
        self.done.append(0)
        self._layers[depth].append((ident, state))
        if self.watch is not None:
            self.watch(ident, state)
        return ident

    def _expand_depth(self) -> None:
        """Expand all known states of the least depth."""
        depth = min(self._layers)
        self.tally.depth = max(self.tally.depth, depth)
        states = self._layers.pop(depth)
        states.reverse()  # what is done can then be forgotten from the end
        while states and not self.stopped:
            here = states[-_LOOKS:]
            del states[-_LOOKS:]
            here.reverse()
            self._expand(here, depth + 1)
        if states:
            states.reverse()
            self._layers[depth] = states

    def _expand(self, states: list[tuple[int, S]], depth: int) -> None:
        """Look at every step out of some states."""
        model, seen = self.model, self.seen
        successors, digest_of = model.successors, model.digest
        budget = self.faults - self.tally.faults
        sources, targets, codes = self.sources.append, self.targets.append, self.codes.append
        ahead = self._pending[self.tally.faults :]
        expanded, done, transitions = self.expanded, self.done, 0
        for ident, state in states:
            steps = successors(state, budget)
            transitions += len(steps)
            for code, price, after in steps:
                if price == 0:
                    digest = digest_of(after)
                    known = seen.get(digest)
                    if known is None:
                        known = self._enter(digest, depth, ident, code, after)
                    sources(ident)
                    targets(known)
                    codes(code)
                else:
                    digest = digest_of(after)
                    if digest not in seen and digest not in ahead[price]:
                        ahead[price][digest] = (depth, ident, code, after)
            done[ident] = 1
            if expanded is not None and expanded(ident, state, steps):
                self.stopped = "told to stop"
                break
        self.tally.transitions += transitions
        self._look()

    def _look(self) -> None:
        """Bring the counts up to date, and see whether a limit is reached."""
        tally, limits = self.tally, self.limits
        tally.states = len(self.parents)
        tally.waiting = sum(map(len, self._layers.values()))
        tally.seconds = time.monotonic() - self._began
        if not self.stopped:
            if tally.states >= limits.states:
                self.stopped = f"limit of {limits.states:,} states"
            elif tally.seconds >= limits.seconds:
                self.stopped = f"limit of {limits.seconds:g} s"
            elif resident() >= limits.octets:
                self.stopped = f"limit of {limits.octets / 1e9:g} GB"
        if self.progress is not None:
            self.progress(tally)

    # ------------------------------------------------------------------ what was found

    def path(self, ident: int) -> list[int]:
        """Return the codes of the steps that lead to a state, from a beginning on."""
        codes = []
        while self.parents[ident] != NOBODY:
            codes.append(self.steps[ident])
            ident = self.parents[ident]
        return codes[::-1]

    def origin(self, ident: int) -> int:
        """Return the beginning from which a state was reached."""
        while self.parents[ident] != NOBODY:
            ident = self.parents[ident]
        return ident

    def waiting(self) -> list[int]:
        """Return the states whose steps were not looked at: none, unless the search was cut short."""
        return [ident for ident, done in enumerate(self.done) if not done]

    @property
    def layers(self) -> list[int]:
        """Return how many states need 0, 1, 2... faults."""
        counts = [0] * (self.faults + 1)
        for price in self.prices:
            counts[price] += 1
        return counts
