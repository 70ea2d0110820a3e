"""Models drawn by hand: states by name, and what leads where at what price."""

from __future__ import annotations

from tcpsim.explore.canonical import value_digest

Steps = dict[str, list[tuple[str, int]]]


class Graph:
    """A model of states with names; the code of a step is its number in its list."""

    def __init__(self, steps: Steps, begins: str = "a") -> None:
        self.edges = steps
        self.begins = begins

    def initial(self) -> list[str]:
        """Where it begins."""
        return [self.begins]

    def digest(self, state: str) -> bytes:
        """The name's digest."""
        return value_digest(state)

    def successors(self, state: str, budget: int) -> list[tuple[int, int, str]]:
        """The steps that can be paid."""
        steps = self.edges.get(state, [])
        return [(code, price, after) for code, (after, price) in enumerate(steps) if price <= budget]


def free(steps: dict[str, str]) -> Graph:
    """A graph without faults: `{"a": "bc"}` leads from a to b and to c."""
    return Graph({here: [(there, 0) for there in targets] for here, targets in steps.items()})
