"""What can be reached from where: questions of the whole graph of states, after a search.

Rule 1. Only steps that cost nothing count: what has to come about has to come about without a further fault.
Rule 2. Of a state that was not expanded (a limit was reached first) nothing is known, so it is never called stuck,
        and neither is one from which it can be reached.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .engine import Search


def stuck(search: Search[Any], bits: Sequence[int], premise: int, goal: int) -> int | None:
    """Return the nearest state with the `premise` bit from which none with the `goal` bit can be reached, or None."""
    flags = np.asarray(bits, dtype=np.uint32)
    reaching = (flags & goal) != 0
    reaching[search.waiting()] = True
    _spread(search, reaching)
    found = np.nonzero(((flags & premise) != 0) & ~reaching)[0]
    if not len(found):
        return None
    return min((int(ident) for ident in found), key=lambda ident: (search.prices[ident], len(search.path(ident))))


def _spread(search: Search[Any], reaching: Any) -> None:
    """Mark every state from which a marked one can be reached."""
    sources = np.frombuffer(search.sources, dtype=np.uint32) if len(search.sources) else np.zeros(0, np.uint32)
    targets = np.frombuffer(search.targets, dtype=np.uint32) if len(search.targets) else np.zeros(0, np.uint32)
    order = np.argsort(targets, kind="stable")
    before = sources[order]
    starts = np.searchsorted(targets[order], np.arange(len(reaching) + 1))
    wave = np.nonzero(reaching)[0]
    while len(wave):
        counts = starts[wave + 1] - starts[wave]
        total = int(counts.sum())
        if not total:
            return
        offsets = np.repeat(starts[wave] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(total)
        found = np.unique(before[offsets])
        wave = found[~reaching[found]]
        reaching[wave] = True


def endless(search: Search[Any], counts: Callable[[int], bool]) -> tuple[int, list[int]] | None:
    """Return a state on a circle of steps that count, and the codes of the steps around it; None if there is none."""
    after: dict[int, list[tuple[int, int]]] = {}
    arriving: dict[int, int] = {}
    for source, target, code in zip(search.sources, search.targets, search.codes, strict=True):
        if counts(code):
            after.setdefault(source, []).append((target, code))
            arriving[target] = arriving.get(target, 0) + 1
    free = deque(source for source in after if not arriving.get(source))
    while free:
        for target, _ in after.pop(free.popleft(), ()):
            arriving[target] -= 1
            if not arriving[target]:
                free.append(target)
    left = {source for source in after if after[source]}
    return _circle(search, after, left) if left else None


def _circle(search: Search[Any], after: dict[int, list[tuple[int, int]]], left: set[int]) -> tuple[int, list[int]]:
    """Return a circle among states of which each but dead ends lies on one or leads to one."""
    here = min(left, key=lambda ident: (search.prices[ident], ident))
    way: list[tuple[int, int]] = []
    passed: dict[int, int] = {}
    while here not in passed:
        passed[here] = len(way)
        target, code = next((target, code) for target, code in after[here] if target in left)
        way.append((here, code))
        here = target
    return here, [code for _, code in way[passed[here] :]]
