"""Mutants brought into each state by events, as `reach` does it with the real endpoint."""

from __future__ import annotations

from typing import Any

from tcpsim.tcp.diagram import State
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.mutants import MUTANTS
from tcpsim.tcp.rules import Rule
from tests.tcp.reach import NUMBERS, Reached
from tests.tcp.reach import fresh as real
from tests.tcp.reach import reach as reach_state


def _made_of(name: str, knobs: dict[str, Any]) -> dict[str, Any]:
    mutant = MUTANTS[name]
    return {**knobs, **mutant.knobs, "kind": mutant.endpoint or Endpoint}


def fresh(name: str, numbers: tuple[int, int] = NUMBERS[0], **knobs: Any) -> Reached:
    """A CLOSED mutant: the template is that of `reach.fresh`."""
    return real(numbers, **_made_of(name, knobs))


def reach(name: str, state: State, numbers: tuple[int, int] = NUMBERS[0], **how: Any) -> Reached:
    """A mutant in `state`: the template is that of `reach.reach`."""
    return reach_state(state, numbers, **_made_of(name, how))


def blames(name: str) -> Rule:
    """The rule that a mutant gives for what it does."""
    return MUTANTS[name].rule


def stands(it: Reached, state: State) -> bool:
    """Whether it is in a state now: mypy does not remember the answer, as it would of a comparison."""
    return it.state is state
