"""Text in buffers: real and counted octets alike, whole or piece by piece."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp.text import JOIN_BELOW, Chunk, Text, append, cut, drop, join, octets

chunks = st.lists(st.one_of(st.binary(min_size=1, max_size=6), st.integers(1, 6)), max_size=8)


def real(parts: list[Chunk]) -> bytes:
    """The octets that chunks stand for: counted ones are zeros."""
    return b"".join(bytes(part) if isinstance(part, int) else part for part in parts)


def built(parts: list[Chunk]) -> Text:
    text: Text = ()
    for part in parts:
        text = append(text, part)
    return text


@given(chunks)
def test_a_text_holds_what_was_appended(parts: list[Chunk]) -> None:
    text = built(parts)
    assert real(list(text)) == real(parts)
    assert sum(octets(chunk) for chunk in text) == len(real(parts))


@given(chunks)
def test_small_chunks_of_a_kind_are_joined(parts: list[Chunk]) -> None:
    assert all(type(one) is not type(other) for one, other in pairwise(built(parts)))


def test_long_chunks_are_not_copied_again() -> None:
    first, second = bytes(JOIN_BELOW), b"second"
    assert append((first,), second) == (first, second)
    assert append((first, second), b"third") == (first, b"secondthird")


@given(chunks, st.integers(0, 50), st.integers(1, 50))
def test_a_cut_is_a_slice(parts: list[Chunk], start: int, count: int) -> None:
    text = built(parts)
    found = cut(text, start, count)
    if found is None:
        assert real(parts)[start : start + count] == bytes(len(real(parts)[start : start + count]))
    else:
        assert found == real(parts)[start : start + count]


@given(chunks, st.integers(0, 50))
def test_dropping_keeps_all_that_is_beyond(parts: list[Chunk], count: int) -> None:
    text = built(parts)
    rest, dropped = drop(text, count)
    assert dropped <= count
    assert real(list(rest)) == real(parts)[dropped:]
    assert not rest or dropped + octets(rest[0]) > count, "no leading chunk that could go stays"


@pytest.mark.parametrize(
    ("parts", "joined"),
    [([], None), ([3, 4], None), ([b"ab", b"c"], b"abc"), ([2, b"c"], b"\0\0c"), ([b"c", 1], b"c\0")],
)
def test_counted_octets_beside_real_ones_are_zeros(parts: list[Chunk], joined: bytes | None) -> None:
    assert join(parts) == joined
