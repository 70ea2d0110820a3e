"""What a scenario proves: which mutants fail it.

Rule 1. A scenario proves something if it holds as it is, and if the mutant that it names fails it.
Rule 2. A mutant is caught by a scenario in which something turns out otherwise than expected.
Rule 3. What every host as a mutant does not show, one host may: only the mutant that a scenario names is
        tried at the host that is named with it, all others at all hosts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..tcp.mutants import MUTANTS
from .running import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .loading import Scenario


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of one scenario.

    Attributes:
        scenario: its name.
        mutant: the mutant that it names, NAME or NAME@HOST, or "".
        holds: whether it passes as it is.
        fails: whether the mutant that it names fails it.
        catches: the names of all mutants that fail it, in the catalogue's order; () if it does not hold anyway.
    """

    scenario: str
    mutant: str
    holds: bool
    fails: bool
    catches: tuple[str, ...]

    @property
    def wrong(self) -> str:
        """What is wrong with the scenario, in words, or ""."""
        if not self.holds:
            return "an expectation does not hold, without any mutant"
        if not self.mutant:
            return "it names no mutant, so nothing shows that it can fail"
        return "" if self.fails else f"its own mutant, {self.mutant}, does not fail it"


def catches(scenario: Scenario, mutant: str) -> bool:
    """Return whether a mutant, NAME or NAME@HOST, fails a scenario."""
    return not run(scenario, mutant=mutant).passed


def prove(scenario: Scenario, mutants: Iterable[str] = MUTANTS) -> Proof:
    """Try a scenario as it is, against the mutant that it names, and against each of `mutants`."""
    own = "" if scenario.mutant is None else str(scenario.mutant)
    if not run(scenario).passed:
        return Proof(scenario.name, own, False, False, ())
    fails = bool(own) and catches(scenario, own)
    by_name = {own.partition("@")[0]} if fails else set()
    caught = tuple(name for name in mutants if name in by_name or catches(scenario, name))
    return Proof(scenario.name, own, True, fails, caught)
