"""Times, spans, segments and names as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.draw.words import Clock, clean, span, to_ascii

NS = 1
US, MS, S = 10**3, 10**6, 10**9


@pytest.mark.parametrize(
    ("duration", "printed"),
    [
        (0, "0 s"), (-5, "0 s"), (1, "1 ns"), (999, "999 ns"), (1500, "1.5 µs"), (200 * MS, "200 ms"),
        (925 * MS, "925 ms"), (S, "1 s"), (1055 * MS, "1.06 s"), (240 * S, "240 s"), (239_950 * MS, "240 s"),
        (599 * S, "599 s"), (600 * S, "10 min"), (7200 * S, "2 h"), (90 * 60 * S, "90 min"),
        (10_000 * 3600 * S, "10000 h"),
    ],
)  # fmt: skip
def test_spans(duration: int, printed: str) -> None:
    assert span(duration) == printed


@pytest.mark.parametrize(
    ("time", "printed"),
    [(0, "0 s"), (50 * MS, "50 ms"), (1050 * MS, "1.05 s"), (241_710 * MS, "241.71 s"), (7, "7 ns"), (1500, "1.5 µs")],
)
def test_clock(time: int, printed: str) -> None:
    assert Clock([time])(time) == printed


@given(st.lists(st.integers(0, 10**15) | st.integers(10**12, 10**12 + 50), max_size=30))
def test_different_times_never_print_alike(times: list[int]) -> None:
    clock = Clock(times)
    assert len({clock(time) for time in times}) == len(set(times))


@given(st.text())
def test_clean_text_is_one_harmless_line(text: str) -> None:
    cleaned = clean(text)
    assert all(char.isprintable() for char in cleaned)
    assert cleaned == clean(cleaned)
    assert len(clean(text, 5)) <= 5


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a \t b\n", "a b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202ex", "\\u202ex"),
        ("é", "é"),
        ("e" + "\u0301" * 9, "é\u0301\u0301"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text())
def test_ascii_is_ascii(text: str) -> None:
    assert to_ascii(text).isascii()


def test_ascii_keeps_what_it_can() -> None:
    assert to_ascii("1.5 µs … Zoë 漢") == "1.5 us ... Zoe ?"
