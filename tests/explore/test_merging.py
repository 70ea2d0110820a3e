"""What the explorer takes for the same goes on alike: what a key leaves out is never missed.

Law 1. Wherever two ways lead to ends with one number, both endpoints are kept, and any further events bring about the
       same from both: the segments, the signals, the timers, the states.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.explore.checking import Checker
from tcpsim.explore.counterexamples import counterexample
from tcpsim.explore.engine import Limits, Search
from tcpsim.explore.plans import exploration
from tcpsim.explore.programs import Call, line
from tcpsim.explore.shelf import explorations, find
from tcpsim.explore.sides import Side, Table
from tcpsim.properties.property import Kind, Property
from tcpsim.properties.views import Step
from tcpsim.tcp.actions import Action, TimerSet
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSE_WAIT, ESTABLISHED, SYN_RECEIVED, State
from tcpsim.tcp.segment import Segment
from tcpsim.tcp.tcb import TCB
from tcpsim.tcp.units import HOUR, MS, SECOND
from tests.explore.naive import explored
from tests.explore.worlds import IMPATIENT, SMALL, Small

if TYPE_CHECKING:
    from tcpsim.explore.world import Exploration
    from tcpsim.tcp.endpoint import Endpoint

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("send", (b"xy",), {}), ("receive", (2,), {}), ("read", (), {}), ("shutdown", (), {}), ("close", (), {}),
    ("abort", (), {}), ("open", (), {"active": True}), ("open", (), {"active": False}),
]  # fmt: skip
WAITS = [1, MS, 40 * MS, 200 * MS, 400 * MS, SECOND, 3 * SECOND, 60 * SECOND, HOUR]


@dataclass(frozen=True)
class Merged:
    """Two ends that the explorer takes for one, at the times that they count from."""

    known: Side
    other: Side


def merged(world: Exploration, patch: pytest.MonkeyPatch) -> dict[int, list[Merged]]:
    """Explore, and return for each end of the world where two ways met whose endpoints differ in some variable."""
    found: dict[int, list[Merged]] = {0: [], 1: []}
    enter = Table._enter

    def noting(table: Table, side: Side) -> int:
        count = len(table.sides)
        ident = enter(table, side)
        if ident < count and _differ(table.sides[ident], side):
            found[table.index].append(Merged(table.sides[ident], side))
        return ident

    patch.setattr(Table, "_enter", noting)
    Search(world, faults=1, limits=Limits(states=12_000)).run()
    return found


def _differ(one: Side, other: Side) -> bool:
    names = [name for name in TCB.__slots__ if name not in ("out", "cc")]
    return any(getattr(one.endpoint, name) != getattr(other.endpoint, name) for name in names)


def chosen(dice: random.Random, segments: list[Segment]) -> list[tuple[str, Any]]:
    """Some events, as any of the two could meet them."""
    kinds = dice.choices(["segment", "due", "wait", "call"], [4, 4, 2, 1], k=8)
    ways: dict[str, list[Any]] = {"segment": segments, "due": [None], "wait": WAITS, "call": CALLS}
    return [(kind, dice.choice(ways[kind])) for kind in kinds if ways[kind]]


def done(side: Side, events: list[tuple[str, Any]]) -> list[Any]:
    """What an end does when these events come: all that the peer, the user and the clock can see."""
    end, now = side.endpoint.fork(), side.now
    seen: list[Any] = []
    for kind, what in events:
        actions: list[Action] = []
        try:
            if kind == "segment":
                actions = end.segment_arrives(now, what)
            elif kind == "call":
                name, arguments, how = what
                actions = getattr(end, name)(now, *arguments, **how)
            else:
                now = now + what if kind == "wait" else max(now, end.next_timeout() or now)
                actions = end.timeout(now)
        except TcpError as refused:
            seen.append(str(refused))
        seen.append(([_told(action, now) for action in actions], _variables(end, now)))
    return [*seen, end.key(now)]


def _told(action: Action, now: int) -> Any:
    if isinstance(action, Segment):
        return action.wire()
    return (action.timer, action.deadline - now) if isinstance(action, TimerSet) else repr(action)


def _variables(end: Endpoint, now: int) -> Any:
    due = end.next_timeout()
    return end.state, None if due is None else due - now, end.snd_wnd, end.rto


@pytest.mark.parametrize(
    "name", ["aborting", "closed-window", "giving-up", "linux-hosts", "server-crashes", "users-lose-patience"]
)
def test_ends_that_are_taken_for_one_go_on_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = exploration(explorations()[name]).world
    dice = random.Random(name)
    met = 0
    for end, pairs in merged(world, monkeypatch).items():
        segments = [carried.segment for carried in world.carriage.known if carried.toward == end]
        for pair in dice.sample(pairs, min(len(pairs), 60)):
            for _ in range(2):
                events = chosen(dice, segments)
                assert done(pair.known, events) == done(pair.other, events)
                met += 1
    assert met > 20, "else this would show little"


# ------------------------------------------------------------------ two ends that are exchanged


@pytest.mark.parametrize(
    ("first", "second"), [(ESTABLISHED, CLOSE_WAIT), (ESTABLISHED, SYN_RECEIVED), (SYN_RECEIVED, ESTABLISHED)]
)
def test_with_symmetry_a_state_that_was_waited_for_is_the_same_at_both_ends(first: State, second: State) -> None:
    """Each user waits for a state of the other and for one of its own, so that the two programs name them crosswise."""
    one, other = (
        line(Call("connect"), Call("close", after=(1 - end, first)), Call("connect", after=(end, second)))
        for end in (0, 1)
    )
    small = Small(one, other, faults=0, isses=(100, 100), knobs=IMPATIENT)
    assert Search(small.world(symmetric=True)).run().tally.states == explored(small.naive(), 0).orbits


# ------------------------------------------------------------------ what is tried beside an exploration


def test_a_counterexample_leaves_no_trace_in_the_exploration_that_goes_on() -> None:
    """It walks the path in another time, which makes ends that the exploration has not met, or not yet."""
    plan = exploration(find("rfc793-syn"), faults=0)
    whole = plan.checker().run()

    checker = plan.checker(limits=Limits(states=100))
    broken = checker.run().violated
    assert broken
    assert checker.search.stopped
    before = _counts(checker)
    for each in broken:
        assert counterexample(plan, checker.world, each).steps
    assert _counts(checker) == before
    checker.search.limits = Limits()
    again = checker.run()

    assert (again.tally.states, again.edges) == (whole.tally.states, whole.edges)
    assert [(each.word, each.asked) for each in again.verdicts] == [(each.word, each.asked) for each in whole.verdicts]


def _counts(checker: Checker) -> tuple[object, ...]:
    world = checker.world
    asked = [each.asked for each in checker.verdicts.values()]
    return asked, set(checker.edges), [len(table.sides) for table in world.tables], len(world.carriage.known)


# ------------------------------------------------------------------ an event that is seen at several prices


def test_a_timer_that_is_first_seen_too_early_is_shown_where_it_expires_in_time() -> None:
    """The end of TIME-WAIT is met first while an ACK is under way, as a fault; deeper in the same layer it is none."""

    def lasts(step: Step) -> bool | str | None:
        return "TIME-WAIT is over" if step.fired("time-wait") else None

    asked = Property("lasts", "", Kind.STEP, "", "", step=lasts)
    small = replace(SMALL["handshake and close"], knobs={"msl": "100ms"})  # so that the peer's timer is not the first
    (verdict,) = Checker(small.world(), [asked], faults=1).run().verdicts
    assert verdict.violation is not None
    assert verdict.violation.faults == 0
    assert any(other.faults == 1 for other in verdict.others)
