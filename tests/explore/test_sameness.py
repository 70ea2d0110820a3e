"""What makes no difference: where numbers begin, which end is called which, the process, the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tcpsim.explore.checking import Checker
from tcpsim.explore.engine import Search
from tcpsim.explore.programs import Call, line
from tcpsim.explore.sides import Cause
from tcpsim.explore.world import Instant
from tcpsim.properties.property import Kind, Property
from tcpsim.properties.views import Step, World
from tcpsim.tcp.diagram import ESTABLISHED
from tcpsim.tcp.segment import ACK, RST
from tests.explore.naive import explored
from tests.explore.worlds import BOTH_CALL, IMPATIENT, SMALL, Small

ONLY_CALL = line(Call("connect"))
WITHOUT_SYMMETRY = ["handshake", "handshake and close", "one octet", "any order", "handshake, two faults"]


def counts(small: Small, *, symmetric: bool = False) -> tuple[int, int, int]:
    """How many states and transitions there are, and how deep it goes."""
    tally = Search(small.world(symmetric=symmetric), faults=small.faults).run().tally
    return tally.states, tally.transitions, tally.depth


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize("name", WITHOUT_SYMMETRY)
@pytest.mark.parametrize(
    "isses", [(2**32 - 1, 2**32 - 2), (2**32 - 2, 300), (2**32 - 3, 2**32 - 1), (0, 2**31 - 1), (2**31 - 2, 2**31)]
)
def test_where_numbers_begin_makes_no_difference(name: str, isses: tuple[int, int]) -> None:
    assert counts(replace(SMALL[name], isses=isses)) == counts(SMALL[name])


@pytest.mark.parametrize(("iss", "answers"), [(300, 0), (2**32 - 3, 1)])
def test_only_the_reset_of_a_closed_end_has_a_number_of_its_own(iss: int, answers: int) -> None:
    """Its SEQ is 0 (3.10.7.1), which may lie in a window near 2^32, and then brings about a challenge ACK."""
    answered: set[tuple[str, ...]] = set()

    def look(_cause: Cause, step: Step) -> None:
        segment = step.event.segment
        if segment is not None and segment.ctl & RST and not segment.seq:
            answered.update((step.before.state.name, str(sent.ctl)) for sent in step.segments)

    small = replace(SMALL["handshake and close"], isses=(100, iss))
    world = small.world()
    for table in world.tables:
        table.watch = look
    Search(world, faults=1).run()

    assert answered == ({("TIME_WAIT", str(ACK))} if answers else set())


# ------------------------------------------------------------------ symmetry


def test_with_symmetry_each_pair_of_mirrored_states_is_one() -> None:
    same = Small(ONLY_CALL, ONLY_CALL, faults=0, isses=(100, 100))
    expected = explored(same.naive(), 0)

    assert counts(same, symmetric=True)[0] == expected.orbits
    assert counts(replace(same, isses=(100, 300)), symmetric=True)[0] == expected.orbits


def test_a_reset_of_a_closed_end_is_not_mirrored_and_nothing_is_lost() -> None:
    small = Small(BOTH_CALL, BOTH_CALL, faults=0, isses=(100, 100))
    expected = explored(small.naive(), 0)
    world = small.world(symmetric=True)
    pairs: set[frozenset[str]] = set()

    def look(_ident: int, state: Instant) -> None:
        one, other = world.tables
        pairs.add(frozenset((one.sides[state.one].state.name, other.sides[state.other].state.name)))

    found = Search(world, watch=look).run().tally.states

    assert expected.orbits <= found < expected.states
    assert pairs == {frozenset(pair) for pair in expected.pairs}


@pytest.mark.parametrize("faults", [0, 1])
def test_verdicts_are_the_same_with_symmetry(faults: int) -> None:
    def both_established(world: World) -> bool | str | None:
        if all(end.state is ESTABLISHED for end in world.ends):
            return "both are ESTABLISHED"
        return True

    def never(_world: World) -> None:
        return None

    properties = [
        Property("never-both", "", Kind.INVARIANT, "", "", world=both_established),
        Property("never-asked", "", Kind.INVARIANT, "", "", world=never),
        Property("closes", "", Kind.LEADS_TO, "", "", world=lambda _: True, goal=lambda world: world.quiet),
        Property("settles", "", Kind.SETTLES, "", ""),
    ]
    small = Small(BOTH_CALL, BOTH_CALL, faults=faults, knobs=IMPATIENT)
    apart, together = (
        Checker(small.world(symmetric=symmetric), properties, faults=faults).run() for symmetric in (False, True)
    )

    assert [verdict.word for verdict in apart.verdicts] == ["violated", "vacuous", "holds", "holds"]
    assert [verdict.word for verdict in together.verdicts] == ["violated", "vacuous", "holds", "holds"]
    one, other = apart.verdicts[0].violation, together.verdicts[0].violation
    assert one is not None
    assert other is not None
    assert (one.faults, len(one.path)) == (other.faults, len(other.path))
    assert apart.edges == together.edges


# ------------------------------------------------------------------ processes

PROGRAM = """
from hashlib import blake2b
from tcpsim.explore.engine import Search
from tests.explore.worlds import SMALL
for name in ("one octet", "an old SYN", "any order"):
    search = Search(SMALL[name].world(), faults=1).run()
    print(search.tally.states, blake2b(b"".join(search.seen)).hexdigest(), blake2b(search.steps).hexdigest())
"""


def test_another_process_with_another_hash_seed_finds_the_same_digests_in_the_same_order() -> None:
    root = Path(__file__).parents[2]
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "77")
    }

    assert len(told) == 1
    assert len(told.pop().splitlines()) == 3
