"""Sequence arithmetic modulo 2^32 (RFC 9293 3.4), against integers that do not wrap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import seqnum
from tcpsim.tcp.seqnum import HALF, MASK, SPACE, add, distance, ge, gt, latest, le, lt

numbers = st.one_of(st.integers(0, MASK), st.sampled_from([0, 1, HALF - 1, HALF, HALF + 1, MASK - 1, MASK]))
near = st.integers(1 - HALF, HALF - 1)


@given(numbers, near)
def test_order_is_that_of_integers_while_they_lie_within_half_the_space(a: int, step: int) -> None:
    b = add(a, step)
    assert (lt(a, b), le(a, b), gt(a, b), ge(a, b)) == (step > 0, step >= 0, step < 0, step <= 0)
    assert latest(a, b) == latest(b, a) == (b if step > 0 else a)


@given(numbers, st.integers(-(1 << 40), 1 << 40))
def test_adding_and_measuring_undo_each_other(a: int, step: int) -> None:
    assert 0 <= add(a, step) <= MASK
    assert add(a, step) == (a + step) % SPACE
    assert distance(add(a, step), a) == step % SPACE


@given(numbers)
def test_half_a_space_apart_there_is_no_order(a: int) -> None:
    b = add(a, HALF)
    assert [lt(a, b), le(a, b), gt(a, b), ge(a, b)] == [False] * 4


@pytest.mark.parametrize(
    ("a", "b"), [(0, 1), (MASK, 0), (MASK, HALF - 2), (HALF - 1, HALF), (SPACE - 5, 5), (HALF, MASK)]
)
def test_numbers_are_ordered_across_the_wrap(a: int, b: int) -> None:
    assert lt(a, b)
    assert le(a, b)
    assert gt(b, a)
    assert ge(b, a)
    assert not lt(b, a)
    assert not gt(a, b)
    assert not le(b, a)
    assert not ge(a, b)
    assert latest(a, b) == b


@given(numbers)
def test_a_number_equals_itself(a: int) -> None:
    assert le(a, a)
    assert ge(a, a)
    assert not lt(a, a)
    assert not gt(a, a)
    assert latest(a, a) == a


def test_the_space() -> None:
    assert SPACE == 2**32
    assert MASK == seqnum.SPACE - 1
    assert HALF * 2 == SPACE
