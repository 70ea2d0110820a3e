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
    return int(found[0]) if len(found) else None  # the lowest number is the nearest state


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
    """Return a state on a circle of steps that count, and the codes of the steps around it; None if there is none.

    Of all circles it is one through the nearest state that lies on any, and of these a shortest one.
    """
    sources, targets, codes = (
        np.array(each, dtype=np.uint32) for each in (search.sources, search.targets, search.codes)
    )
    kinds = np.unique(codes)
    counting = kinds[[counts(int(code)) for code in kinds]] if len(kinds) else kinds
    kept = np.nonzero(np.isin(codes, counting))[0]
    while len(kept):  # what nothing leads to, or what leads to nothing, lies on no circle
        leading, led_to = np.zeros((2, len(search.parents)), dtype=bool)
        leading[sources[kept]] = True
        led_to[targets[kept]] = True
        left = kept[leading[targets[kept]] & led_to[sources[kept]]]
        if len(left) == len(kept):
            break
        kept = left
    after: dict[int, list[tuple[int, int]]] = {}
    for index in kept.tolist():
        after.setdefault(int(sources[index]), []).append((int(targets[index]), int(codes[index])))
    for ident in sorted(after):
        circle = _circle(after, ident)
        if circle:
            return ident, circle
    return None


def _circle(after: dict[int, list[tuple[int, int]]], ident: int) -> list[int]:
    """Return the codes of the shortest way from a state back to itself, or nothing."""
    came: dict[int, tuple[int, int]] = {}
    waiting = deque([ident])
    while waiting and ident not in came:
        here = waiting.popleft()
        for target, code in after.get(here, ()):
            if target not in came:
                came[target] = (here, code)
                waiting.append(target)
    codes: list[int] = []
    here = ident
    while ident in came and (not codes or here != ident):
        here, code = came[here]
        codes.append(code)
    return codes[::-1]
