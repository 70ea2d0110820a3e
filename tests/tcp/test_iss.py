"""The initial sequence number: fixed, or RFC 6528 with virtual clock and secret (RFC 9293 3.4.1)."""

from __future__ import annotations

import pytest

from tcpsim.tcp.config import profile
from tcpsim.tcp.iss import NEXT_INCARNATION, TICK, initial_sequence_number
from tcpsim.tcp.seqnum import HALF, MASK, SPACE, gt
from tcpsim.tcp.units import HOUR, SECOND, US
from tests.tcp.reach import LOCAL, REMOTE

GENERATED = profile("rfc9293")


def test_a_fixed_iss_is_taken_as_it_is() -> None:
    assert initial_sequence_number(profile("rfc9293", iss=MASK), 5 * SECOND, LOCAL, REMOTE) == MASK


def test_the_clock_ticks_every_four_microseconds() -> None:
    """MUST-8."""
    at_zero = initial_sequence_number(GENERATED, 0, LOCAL, REMOTE)
    assert TICK == 4 * US
    for now, later in ((4 * US - 1, 0), (4 * US, 1), (SECOND, 250_000), (HOUR, 900_000_000)):
        assert initial_sequence_number(GENERATED, now, LOCAL, REMOTE) == (at_zero + later) & MASK
    assert initial_sequence_number(GENERATED, SPACE * TICK, LOCAL, REMOTE) == at_zero, "after 4.77 hours"


def test_every_part_of_the_connection_and_the_secret_moves_the_iss() -> None:
    """SHLD-1: ISN = M + F(localip, localport, remoteip, remoteport, secretkey)."""
    others = [
        initial_sequence_number(config, 0, local, remote)
        for config, local, remote in (
            (GENERATED, LOCAL, REMOTE),
            (GENERATED, ("192.0.2.9", LOCAL[1]), REMOTE),
            (GENERATED, (LOCAL[0], LOCAL[1] + 1), REMOTE),
            (GENERATED, LOCAL, ("192.0.2.9", REMOTE[1])),
            (GENERATED, LOCAL, (REMOTE[0], REMOTE[1] + 1)),
            (GENERATED, LOCAL, None),
            (profile("rfc9293", isn_secret="another"), LOCAL, REMOTE),
        )
    ]
    assert len(set(others)) == len(others)
    assert all(0 <= iss <= MASK for iss in others)


def test_the_generator_is_the_same_on_every_machine() -> None:
    assert initial_sequence_number(GENERATED, 0, LOCAL, REMOTE) == 2_934_457_021


@pytest.mark.parametrize("above", [0, 99, 100, MASK, HALF, HALF + 100])
def test_a_new_incarnation_begins_above_the_old_one(above: int) -> None:
    """3.6.1, MAY-2 (1)."""
    iss = initial_sequence_number(profile("rfc9293", iss=100), 0, LOCAL, REMOTE, above)
    assert gt(iss, above)
    assert iss == (100 if gt(100, above) else (above + NEXT_INCARNATION) & MASK)
