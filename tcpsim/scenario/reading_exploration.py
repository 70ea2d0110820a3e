"""What a scenario file says of its exploration, as a plan.

Rule 1. Only what can be seen in `explore` itself, and in the number of hosts, is checked here. Whether the script can
        be explored is found out by whoever explores it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..properties import Property
from .document import Scalar
from .plans import MOST_EXPLORED, Asked, ExplorePlan
from .standings import Standing, eventually, never
from .translation import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import models
    from .findings import Findings

HOSTS: int = 2
"""How many hosts an exploration has."""


def explore_plan(written: models.ScenarioFile, found: Findings) -> ExplorePlan | None:
    """Return how the scenario is explored; None if the file does not say."""
    said = written.explore
    if said is None:
        return None
    place = found.key_place("explore")
    if len(written.hosts) != HOSTS:
        count = len(written.hosts)
        found.tell(place, f"there {'is 1 host' if count == 1 else f'are {count} hosts'}", "exactly two to explore")
    _check_the_rest(written, found)
    asked: list[Asked] = []
    for each in _asked(said, found):
        if any(each.subject.name == earlier.subject.name for earlier in asked):
            found.tell(each.place, f"{each.subject.name} stands there already", "each property once")
        asked.append(each)
    return ExplorePlan(
        place, said.faults, said.order == "kept", said.timers == "quiet", said.symmetric, tuple(asked),
        said.always is None,
    )  # fmt: skip


def _check_the_rest(written: models.ScenarioFile, found: Findings) -> None:
    """Take note of what stands elsewhere in the file and would make nonsense of what properties see."""
    for index, link in enumerate(written.links or ()):
        for box in ("nat", "firewall"):
            if getattr(link, box) is not None:
                found.tell(found.key_place("links", index, box), f"a {box} can't be explored", "none beside `explore`")
    sent = dict.fromkeys(written.hosts, 0)
    for index, step in enumerate(written.script):
        size = (getattr(step, "octets", None) or 0) + len(getattr(step, "data", None) or "")
        if step.call not in ("send", "connect") or step.host not in sent:
            continue
        if sent[step.host] <= MOST_EXPLORED < sent[step.host] + size:
            wrong = f"{step.host} sends too much to explore"
            found.tell(found.place("script", index), wrong, f"at most {MOST_EXPLORED:,} octets beside `explore`")
        sent[step.host] += size


def _asked(said: models.Explore, found: Findings) -> Iterator[Asked]:
    for index, subject in enumerate(said.always or ()):
        yield Asked(found.place("explore", "always", index), "always", subject)
    for index, standing in enumerate(said.never or ()):
        _known(standing, found, "never", index)
        yield Asked(found.place("explore", "never", index), "never", never(standing, either=said.symmetric))
    for index, goal in enumerate(said.eventually or ()):
        place = found.place("explore", "eventually", index)
        if isinstance(goal, Property):
            yield Asked(place, "eventually", goal)
            continue
        _known(goal, found, "eventually", index)
        if said.symmetric and not goal.even:
            wrong = "with `symmetric` no host can be told from the other"
            found.tell(place, wrong, "the same state for both hosts")
        yield Asked(place, "eventually", eventually(goal))


def _known(standing: Standing, found: Findings, key: str, index: int) -> None:
    phrase = find(found.tree, ("explore", key, index))
    for party, _ in standing.states:
        found.known_host(party.name, phrase.at(party.offset) if isinstance(phrase, Scalar) else phrase.place)
