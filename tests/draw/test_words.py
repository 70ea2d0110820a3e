"""Times, spans, segments and names as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.draw.words import Clock, clean, header_fields, span, tidings, to_ascii
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import ACK, CE, segment
from tcpsim.trace import Arrived

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


def test_what_a_segment_carries_besides_flags_and_numbers() -> None:
    def fields(ctl: str, ack: int | None, options: Options | None, ecn: int = 0, up: int = 0) -> str:
        made = segment(ctl, 7, 301 if ack is not None else 0, 4000, b"", options, up, ecn)
        return header_fields(Arrived(0, 0, "server", 1, None, 1, ("a", 1, "b", 2), made, 0, ack))

    assert fields("SYN", None, None) == "win 4000"
    assert fields("SYN", None, Options()) == "win 4000 no options"
    assert fields("SYN", None, Options(1460, 7, True, (5, 0))) == "win 4000 MSS=1460,WS=7,SACK-OK,TS=5/0"
    sack = Options(ts=(5, 9), sack=((311, 321), (400, 402)))
    assert fields("ACK", 1, sack) == "win 4000 TS=5/9,SACK=11..21+100..102", "counted as ack is"
    assert fields("ACK,URG", 1, None, CE, 3) == "win 4000 up 3 CE"


@pytest.mark.parametrize(
    ("ctl", "fields", "told"),
    [
        ("SYN", {}, ""),
        (
            "SYN", {"options": Options(1460, 7, True, (5, 0), fastopen=b"")},
            " mss 1460 wscale 7 sackok ts cookie?",
        ),
        ("SYN,ACK", {"options": Options(fastopen=b"12345678")}, " cookie"),
        ("ACK", {"wnd": 1}, ""),
        ("ACK", {"wnd": 0}, " win 0"),
        ("RST,ACK", {"wnd": 0}, ""),
        ("ACK,URG", {"up": 4}, " up 4"),
        ("ACK", {"options": Options(ts=(5, 6))}, ""),
        (
            "ACK", {"ack": 2, "options": Options(sack=((2**32 - 8, 2**32 - 3), (10, 20)))},
            " sack -9..-5 sack 9..18",
        ),
    ],
)  # fmt: skip
def test_what_changes_something_is_told_in_the_words_of_an_expectation(
    ctl: str, fields: dict[str, Any], told: str
) -> None:
    made = segment(ctl, **{"wnd": 500, **fields})
    record = Arrived(0, 0, "client", 1, None, 1, ("a", 1, "b", 2), made, 0, made.ack - 1 if made.ctl & ACK else None)
    assert tidings(record) == told
