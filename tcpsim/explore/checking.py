"""Properties asked of all that a search reaches, and what it has to say about each of them.

Rule 1. What depends on one event is asked once for each distinct event, what depends on both ends once for each
        distinct pair: a state of the world that shows a property nothing new costs it nothing.
Rule 2. A verdict names its bound. "Holds" is said of a search that was not cut short and asked at least once; a
        property whose premise was never so is vacuous, and said to be.
Rule 3. Of the violations of a property the simplest is kept: with the fewest faults, then the fewest steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..properties.property import Kind as PropertyKind
from .engine import Limits, Search
from .liveness import endless, stuck
from .world import Kind, coded, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..properties.property import Property
    from ..properties.views import Step
    from ..tcp.diagram import Edge
    from .engine import Tally
    from .sides import Cause
    from .world import Exploration, Instant

_MOST: Final = 15
"""Statements of the kind "eventually" that one search can ask: each has two bits of every state."""


_KEPT: Final = 24
"""So many ways to break a property are kept: the first may be one that can't be shown in virtual time."""


@dataclass(frozen=True, slots=True)
class Violation:
    """How a property can be broken.

    Attributes:
        what: what is wrong, in words.
        path: the codes of the steps, from the beginning on; the last one is the decisive one. For "eventually" it leads
            to a state from which no way leads to the goal, for "settles" into the circle.
        faults: how many of the steps are faults.
        circle: for "settles", the steps that can go on for ever.
    """

    what: str
    path: tuple[int, ...]
    faults: int
    circle: tuple[int, ...] = ()


@dataclass(slots=True)
class Verdict:
    """What a search says of a property.

    Attributes:
        asked: how often it had something to say, counting distinct events, pairs of ends or states.
        witness: a path to the first time that its premise was so; None if it never was.
        violation: how it is broken, as simply as can be; None if it is not, within the bound.
        others: some further ways, the simplest first.
        undecided: why nothing can be said, or "".
    """

    subject: Property
    asked: int = 0
    witness: tuple[int, ...] | None = None
    violation: Violation | None = None
    others: list[Violation] = field(default_factory=list)
    undecided: str = ""

    @property
    def word(self) -> str:
        """`violated`, `undecided`, `vacuous` or `holds`."""
        if self.violation is not None:
            return "violated"
        if self.undecided:
            return "undecided"
        return "holds" if self.asked else "vacuous"


@dataclass(slots=True)
class Report:
    """What came of an exploration.

    Attributes:
        faults: the bound.
        stopped: "" if the bound was exhausted, else the name of the limit.
        tally: the counts of the search.
        verdicts: one for each property that was asked.
        edges: the edges of the diagram that were walked.
    """

    faults: int
    stopped: str
    tally: Tally
    verdicts: list[Verdict]
    edges: set[Edge] = field(default_factory=set)

    @property
    def violated(self) -> list[Verdict]:
        """The properties that are broken."""
        return [each for each in self.verdicts if each.violation is not None]


class Checker:
    """Explores a world and asks properties of it; `run` returns a Report, and goes on if it is called again.

    Attributes:
        search: the search, with its counts and limits.
        verdicts: by the properties' names.
        edges: the edges of the diagram that were walked.
        pairs: for each pair of ends, and whether the network was quiet, two bits for each `eventually`: see `bits`.
        bits: for each state by its number those of its pair: whether the premise is so, and whether the goal is.
        suspects: by end and number, what its timer shows when it expires early and may also show in time.
    """

    def __init__(
        self,
        world: Exploration,
        properties: Iterable[Property],
        *,
        faults: int,
        limits: Limits | None = None,
        first: bool = False,
        progress: Callable[[Tally], object] | None = None,
    ) -> None:
        """Prepare; with `first` the search ends with the first violation of an event or an invariant."""
        self.world = world
        self.verdicts = {each.name: Verdict(each) for each in properties}
        asked = [verdict.subject for verdict in self.verdicts.values()]
        self._steps = [each for each in asked if each.kind is PropertyKind.STEP]
        self._invariants = [each for each in asked if each.kind is PropertyKind.INVARIANT and not each.network]
        self._of_network = [each for each in asked if each.kind is PropertyKind.INVARIANT and each.network]
        self._ends = [each for each in asked if each.kind is PropertyKind.LEADS_TO]
        self._settles = [each for each in asked if each.kind is PropertyKind.SETTLES]
        if len(self._ends) > _MOST:
            raise ValueError(f"expected at most {_MOST} properties that say `eventually`, not {len(self._ends)}")
        self.edges: set[Edge] = set()
        self.first = first
        self.pairs: dict[tuple[int, int, bool], int] = {}
        self.bits: list[int] = []
        self._new: list[tuple[Cause, Property, str | None]] = []  # since the last state: what events have shown
        self.suspects: dict[tuple[int, int], list[tuple[Property, str]]] = {}
        for table in world.tables:
            table.watch = self._event
        self.search: Search[Instant] = Search(
            world, faults=faults, limits=limits, watch=self._state, expanded=self._expanded, progress=progress
        )

    def run(self) -> Report:
        """Search, and judge."""
        self.search.run()
        self._judge()
        return self.report()

    def report(self) -> Report:
        """Return what is known."""
        search = self.search
        search.tally.layers = search.layers
        return Report(search.faults, search.stopped, search.tally, list(self.verdicts.values()), self.edges)

    # ------------------------------------------------------------------ events

    def _event(self, cause: Cause, step: Step) -> None:
        """Ask of a new event, whose place in the search is not known yet."""
        for moved in step.moves:
            self.edges.add(moved.edge)
        for each in self._steps:
            assert each.step is not None
            answer = each.step(step)
            if answer is None:
                continue
            verdict = self.verdicts[each.name]
            verdict.asked += 1
            if answer is not True:
                self._new.append((cause, each, str(answer)))
            elif verdict.witness is None:
                self._new.append((cause, each, None))

    def _expanded(self, ident: int, _state: Instant, steps: list[tuple[int, int, Instant]]) -> bool:
        """Give what the events just now have shown its place: they are among the steps out of this state."""
        if self._new:
            fresh, self._new = self._new, []
            for cause, each, wrong in fresh:
                code, price = _step_of(cause, steps)
                if wrong is None:
                    verdict = self.verdicts[each.name]
                    if verdict.witness is None:
                        verdict.witness = (*self.search.path(ident), code)
                    continue
                self._broken(each, wrong, ident, code, price)
                if price:  # the same timer may expire in time elsewhere, with fewer faults
                    self.suspects.setdefault((cause.end, cause.before), []).append((each, wrong))
        if self.suspects:
            self._suspect(ident, _state, steps)
        return self.first and any(each.violation is not None for each in self.verdicts.values())

    def _suspect(self, ident: int, state: Instant, steps: list[tuple[int, int, Instant]]) -> None:
        for code, price, _ in steps:
            kind, end = decoded(code)
            if kind in (Kind.TIMEOUT, Kind.SPURIOUS) and (end, state[end]) in self.suspects:
                for each, wrong in self.suspects[end, state[end]]:  # type: ignore[index]  # two ends, both numbers
                    self._broken(each, wrong, ident, code, price)

    def _broken(self, each: Property, wrong: str, ident: int, code: int | None, price: int) -> None:
        """Note a violation, if none is simpler."""
        faults = self.search.prices[ident] + price
        path = self.search.path(ident) + ([] if code is None else [code])
        verdict = self.verdicts[each.name]
        found = [*verdict.others, Violation(wrong, tuple(path), faults)]
        if verdict.violation is not None:
            found.append(verdict.violation)
        found.sort(key=lambda violation: (violation.faults, len(violation.path)))
        verdict.violation, verdict.others = found[0], found[1:_KEPT]

    # ------------------------------------------------------------------ states

    def _state(self, ident: int, state: Instant) -> None:
        """Ask of a new state what it shows that no other has shown."""
        quiet = not (state.to_one or state.to_other or state.late)
        key = (state.one, state.other, quiet)
        bits = self.pairs.get(key)
        if bits is None or self._of_network:
            world = self.world.view(state)
            if bits is None:
                bits = self.pairs[key] = self._goals(ident, world)
                self._ask(self._invariants, ident, world)
            self._ask(self._of_network, ident, world)
        self.bits.append(bits)

    def _ask(self, invariants: list[Property], ident: int, world: object) -> None:
        for each in invariants:
            assert each.world is not None
            answer = each.world(world)  # type: ignore[arg-type]  # a World
            if answer is None:
                continue
            verdict = self.verdicts[each.name]
            verdict.asked += 1
            if answer is not True:
                self._broken(each, str(answer), ident, None, 0)
            elif verdict.witness is None:
                verdict.witness = tuple(self.search.path(ident))

    def _goals(self, ident: int, world: object) -> int:
        """Return two bits for each `eventually`: whether its premise is so, and whether its goal is."""
        bits = 0
        for index, each in enumerate(self._ends):
            assert each.world is not None
            assert each.goal is not None
            if each.world(world) is True:  # type: ignore[arg-type]  # a World
                bits |= 1 << 2 * index
                verdict = self.verdicts[each.name]
                verdict.asked += 1
                if verdict.witness is None:
                    verdict.witness = tuple(self.search.path(ident))
            if each.goal(world):  # type: ignore[arg-type]  # a World
                bits |= 2 << 2 * index
        return bits

    # ------------------------------------------------------------------ what takes the whole graph

    def _judge(self) -> None:
        """Ask what can be reached from where; what an earlier run could not decide is asked anew."""
        search = self.search
        for verdict in self.verdicts.values():
            verdict.undecided = ""
        for index, each in enumerate(self._ends):
            verdict = self.verdicts[each.name]
            ident = stuck(search, self.bits, 1 << 2 * index, 2 << 2 * index)
            if ident is not None:
                wrong = "from here no way leads there, whatever is delivered and called"
                verdict.violation = Violation(wrong, tuple(search.path(ident)), search.prices[ident])
        for each in self._settles:
            verdict = self.verdicts[each.name]
            often = Counter(search.codes)
            verdict.asked = sum(times for code, times in often.items() if decoded(code)[0] <= Kind.DELIVER_LATE)
            verdict.witness = () if verdict.asked else None
            found = endless(search, lambda code: decoded(code)[0] <= Kind.DELIVER_LATE)
            if found is not None:
                ident, circle = found
                wrong = "segments answer segments for ever"
                verdict.violation = Violation(wrong, tuple(search.path(ident)), search.prices[ident], tuple(circle))
        if search.stopped:
            for verdict in self.verdicts.values():
                if verdict.violation is None:
                    verdict.undecided = search.stopped


def _step_of(cause: Cause, steps: list[tuple[int, int, Instant]]) -> tuple[int, int]:
    """Return the code and the price of the step that is this event; the cheapest, if it is several."""
    match cause.kind:
        case "segment":
            codes = {coded(Kind.DELIVER, cause.number), coded(Kind.DELIVER_LATE, cause.number)}
        case "timeout":
            codes = {coded(Kind.TIMEOUT, cause.end), coded(Kind.SPURIOUS, cause.end)}
        case _:
            codes = {coded(Kind.CALL, cause.end << 8 | cause.number)}
    price, code = min((price, code) for code, price, _ in steps if code in codes)
    return code, price
