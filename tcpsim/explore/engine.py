"""The search: every state that a model reaches within a number of faults, the nearest first.

Rule 1. Nothing here knows TCP. A model says where it begins, what can happen next and at what price, and by which
        digest two states are the same; whoever watches asks its questions as each new state comes.
Rule 2. States are found with the fewest faults first, and among these with the fewest steps: the first violation is
        the simplest. A state that was reached with fewer faults can do all that it could do with more, so each is
        expanded once.
Rule 3. What is remembered of a state is 16 octets of BLAKE2b, its parent and the step from it; a collision among
        2^32 states has a probability below 2^-64. The states themselves live on the frontier only.
Rule 4. States get their numbers in this order, so that of two the lower number is the simpler.
Rule 5. A limit that is reached is a result with a name; what was found by then stays. So does Ctrl-C: it is noted, and
        ends the search where it can be gone on with. `run` once more goes on, to what it would have found at once.
"""

from __future__ import annotations

import signal
import threading
from array import array
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from .memory import resident

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

S = TypeVar("S")

NOBODY: Final = 0xFFFF_FFFF
"""The parent of a state in which the model begins."""
OUTSIDE: Final = 255
"""The price of a step that nobody can pay: it is counted, and leads out of what is explored."""
INTERRUPTED: Final = "interrupted"
"""What ended a search at Ctrl-C."""
_LOOKS: Final = 1_024
"""After so many expanded states the clock and the memory are looked at."""


class Model(Protocol[S]):
    """What can be explored."""

    def initial(self) -> Iterable[S]:
        """Return the states in which it begins."""

    def successors(self, state: S, budget: int) -> list[tuple[int, int, S]]:
        """Return what can happen next for at most `budget` faults.

        Each is a code (32 bits, for `Search.path`), its price in faults and the state after it. A step that costs more
        than `budget`, as one of the price OUTSIDE does, is counted and not taken.
        """

    def digest(self, state: S) -> bytes:
        """Return 16 octets, equal for two states that are not to be told apart."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a search stops, if it is not over by then.

    Attributes:
        states: so many distinct states; it is looked at now and then, so that there may be some more.
        seconds: so many seconds of wall time, from `run` on.
        octets: so much memory of this process.
        clock: what tells the time in seconds; without it none is measured, and `seconds` is no limit.
        steps: so many steps from a beginning, for states that need as many faults as there may be.
    """

    states: int = 5_000_000
    seconds: float = 600.0
    octets: int = 4_000_000_000
    clock: Callable[[], float] | None = None
    steps: int | None = None


@dataclass(slots=True)
class Tally:
    """How far a search has come.

    Attributes:
        faults: the number of faults whose states are being expanded.
        states: distinct states so far; transitions: steps out of them, those to known states included.
        depth: the most steps from a beginning; waiting: states found and not expanded yet.
        layers: how many of the states need 0, 1, 2... faults.
        beginnings: the states that the model begins in, equal ones counted as often as they come.
        seconds: wall time, that of earlier runs included.
    """

    faults: int = 0
    beginnings: int = 0
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
        seen: the number of each state by its digest, in the order of the numbers.
        frontier: by depth, the states found and not expanded yet, with their numbers.
        arriving: by depth, what a fault has led to in this layer: digest, parent, code and state.
        pending: for each later layer what a fault has led to: by digest depth, parent, code and state.
        torn: a second Ctrl-C broke it off in the midst of a step: what was found stays, but nothing can go on.
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
        self._clock = self.limits.clock or float  # float() is 0.0: no time passes
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
        self.pending: list[dict[bytes, tuple[int, int, int, S]]] = [{} for _ in range(faults + 1)]
        self.frontier: dict[int, deque[tuple[int, S]]] = defaultdict(deque)
        self.arriving: dict[int, list[tuple[bytes, int, int, S]]] = defaultdict(list)
        self.torn = False
        self._before = self._began = 0.0
        self._told = False  # Ctrl-C was pressed

    # ------------------------------------------------------------------ the run

    def run(self) -> Search[S]:
        """Search until nothing is left, or a limit, `expanded` or Ctrl-C ends it; return self.

        Called again it goes on; RuntimeError if the search is torn.
        """
        if self.torn:
            raise RuntimeError("a search that was broken off in the midst of a step can't go on")
        try:
            with self._ctrl_c_noted():
                self._begin()
                while not self.stopped and self.tally.faults <= self.faults:
                    self._begin_layer()
                    while (self.frontier or self.arriving) and not self.stopped:
                        self._expand_depth()
                    if not self.stopped:
                        self.tally.faults += 1
        except KeyboardInterrupt:
            self.stopped, self.torn = INTERRUPTED, True
        self.tally.faults = min(self.tally.faults, self.faults)
        self._look()
        return self

    @contextmanager
    def _ctrl_c_noted(self) -> Iterator[None]:
        """Let the first Ctrl-C be noted, and the second one interrupt."""

        def note(_signal: int, _frame: Any) -> None:
            if self._told:
                raise KeyboardInterrupt
            self._told = True

        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _begin(self) -> None:
        """Start the clock, and take the states in which the model begins, unless it has begun."""
        self._began, self._before = self._clock(), self.tally.seconds
        self.stopped, self._told = "", False
        if self.tally.beginnings:
            return
        for state in self.model.initial():
            self.tally.beginnings += 1
            self.pending[0].setdefault(self.model.digest(state), (0, NOBODY, 0, state))

    def _begin_layer(self) -> None:
        """Take the states that one fault more has led to, each when those of its depth are expanded."""
        pending = self.pending[self.tally.faults]
        if not pending:
            return
        while pending:  # from the last on, so that memory becomes free at once
            digest, (depth, parent, code, state) = pending.popitem()
            if digest not in self.seen:
                self.arriving[depth].append((digest, parent, code, state))
        for states in self.arriving.values():
            states.reverse()  # the order in which they were found

    def _enter(self, digest: bytes, depth: int, parent: int, code: int, state: S) -> int:
        """Give a new state its number."""
        ident = len(self.parents)
        self.seen[digest] = ident
        self.parents.append(parent)
        self.steps.append(code)
        self.prices.append(self.tally.faults)
        self.done.append(0)
        self.frontier[depth].append((ident, state))
        if self.watch is not None:
            self.watch(ident, state)
        return ident

    def _expand_depth(self) -> None:
        """Expand all states of the least depth."""
        depth = min(chain(self.frontier, self.arriving))
        most = self.limits.steps
        if most is not None and depth >= most and self.tally.faults == self.faults:
            self.stopped = f"limit of {most} steps"
            return
        for digest, parent, code, state in self.arriving.pop(depth, ()):
            if digest not in self.seen:
                self._enter(digest, depth, parent, code, state)
        states = self.frontier[depth]
        if states:
            self.tally.depth = max(self.tally.depth, depth)
        while states and not self.stopped:
            here = [states.popleft() for _ in range(min(len(states), _LOOKS))]
            states.extendleft(reversed(here[self._expand(here, depth + 1) :]))
            self._look()
        if not states:
            del self.frontier[depth]

    def _expand(self, states: list[tuple[int, S]], depth: int) -> int:
        """Look at every step out of some states, and return out of how many before `expanded` ended it."""
        model, seen = self.model, self.seen
        successors, digest_of = model.successors, model.digest
        budget = self.faults - self.tally.faults
        sources, targets, codes = self.sources.append, self.targets.append, self.codes.append
        ahead = self.pending[self.tally.faults :]
        expanded, done, transitions, count = self.expanded, self.done, 0, 0
        for ident, state in states:
            count += 1
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
                elif price <= budget:
                    digest = digest_of(after)
                    if digest not in seen:
                        rival = ahead[price].get(digest)
                        if rival is None or rival[0] > depth:
                            ahead[price][digest] = (depth, ident, code, after)
            done[ident] = 1
            if expanded is not None and expanded(ident, state, steps):
                self.stopped = "told to stop"
                break
        self.tally.transitions += transitions
        return count

    def _look(self) -> None:
        """Bring the counts up to date, and see whether a limit is reached."""
        tally, limits = self.tally, self.limits
        tally.states = len(self.parents)
        tally.waiting = sum(map(len, self.frontier.values())) + sum(map(len, self.arriving.values()))
        seconds = self._clock() - self._began
        tally.seconds = self._before + seconds
        if not self.stopped and tally.waiting:
            if self._told:
                self.stopped = INTERRUPTED
            elif tally.states > limits.states:
                self.stopped = f"limit of {limits.states:,} states"
            elif seconds >= limits.seconds:
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
