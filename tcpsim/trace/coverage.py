"""What a set of runs has exercised: edges of the state diagram, rules of the catalogue, numbered requirements.

Rule 1. All of it is read from traces. An edge is exercised when a connection moved along it, a rule when something
        happened because of it.
Rule 2. A requirement is exercised when one of its rules is. Those without a rule leave no mark in a trace: they are
        left out of the count, and `tcp.requirements` names the tests that hold them.
Rule 3. What is only said beside a run, that a check was passed and what changed in the TCB, exercises nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..tcp.diagram import BEYOND_THE_FIGURE, EDGES, FIGURE_5
from ..tcp.requirements import REQUIREMENTS
from ..tcp.rules import CATALOGUE
from .records import Changed, Checked, Moved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..tcp.diagram import Edge
    from .trace import Trace

BESIDE: Final = (Checked, Changed)
"""The records that only explain."""
KINDS: Final = ("edges", "rules", "requirements")
"""What is counted."""

_EDGES: Final = {(edge.source, edge.event, edge.target): edge for edge in EDGES}


class Item(NamedTuple):
    """One thing that a run can exercise.

    Attributes:
        name: an edge as it prints, the id of a rule or of a requirement.
        cite: where it stands.
        says: the action of the edge, or the sentence of the rule or requirement.
        runs: the names of the runs that exercised it, in the order in which they were added.
    """

    name: str
    cite: str
    says: str
    runs: tuple[str, ...]


class Share(NamedTuple):
    """How much of one kind was exercised.

    Attributes:
        kind: one of KINDS.
        title: what the items are, such as `edges of Figure 5`.
        exercised, missing: the items, in the order of their table.
    """

    kind: str
    title: str
    exercised: tuple[Item, ...]
    missing: tuple[Item, ...]

    @property
    def total(self) -> int:
        """How many items there are."""
        return len(self.exercised) + len(self.missing)


class Coverage:
    """What the traces added so far have exercised.

    Attributes:
        runs: their names, in order; a name stands once, however many traces bear it.
    """

    def __init__(self) -> None:
        self._runs: dict[str, None] = {}
        self._edges: dict[Edge, dict[str, None]] = {edge: {} for edge in EDGES}
        self._rules: dict[str, dict[str, None]] = {rule: {} for rule in CATALOGUE}

    @property
    def runs(self) -> tuple[str, ...]:
        """The names of the runs."""
        return tuple(self._runs)

    def add(self, trace: Trace, name: str) -> None:
        """Count what a run has exercised; `name` is what it is called in the report."""
        self._runs[name] = None
        for record in trace:
            if isinstance(record, BESIDE):
                continue
            if isinstance(record, Moved):
                edge = _EDGES.get((record.source, record.event, record.target))
                if edge is not None:  # a file may tell of a move that no endpoint makes
                    self._edges[edge][name] = None
            if record.why is not None:
                self._rules[record.why.id][name] = None

    # ------------------------------------------------------------------ the answer

    def shares(self) -> tuple[Share, ...]:
        """Return how much of everything was exercised: the figure, what lies beyond it, rules, requirements."""
        return (
            _share("edges", "edges of Figure 5", map(self._edge, FIGURE_5)),
            _share("edges", "edges beyond the figure", map(self._edge, BEYOND_THE_FIGURE)),
            _share("rules", "rules", map(self._rule, CATALOGUE)),
            _share(
                "requirements", "requirements that a run can show",
                (self._requirement(each.id) for each in REQUIREMENTS.values() if each.rules),
            ),
        )  # fmt: skip

    def missing(self, kind: str) -> tuple[Item, ...]:
        """Return what of one of KINDS nothing has exercised."""
        return tuple(item for share in self.shares() if share.kind == kind for item in share.missing)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON has it: the runs, and for each item of a kind which of them exercised it."""
        answer: dict[str, Any] = {"runs": list(self.runs), **{kind: [] for kind in KINDS}}
        for share in self.shares():
            items = sorted((*share.exercised, *share.missing), key=lambda item: item.name)
            answer[share.kind] += [
                {"name": item.name, "cite": item.cite, "says": item.says, "runs": list(item.runs)} for item in items
            ]
        return answer

    def _edge(self, edge: Edge) -> Item:
        return Item(str(edge), edge.cite, edge.action, tuple(self._edges[edge]))

    def _rule(self, id: str) -> Item:
        rule = CATALOGUE[id]
        return Item(id, rule.cite, rule.sentence, tuple(self._rules[id]))

    def _requirement(self, id: str) -> Item:
        each = REQUIREMENTS[id]
        runs = {name: None for rule in each.rules for name in self._rules[rule]}
        return Item(id, f"RFC 9293 {each.section}", each.asks, tuple(name for name in self._runs if name in runs))


def _share(kind: str, title: str, items: Iterable[Item]) -> Share:
    every = tuple(items)
    return Share(
        kind, title, tuple(item for item in every if item.runs), tuple(item for item in every if not item.runs)
    )
