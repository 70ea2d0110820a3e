"""What people write for time, rates and probabilities, and what is printed back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import units
from tcpsim.tcp.units import (
    HOUR,
    MAX_DURATION,
    MINUTE,
    MS,
    NEVER,
    SECOND,
    US,
    format_duration,
    format_rate,
    parse_duration,
    parse_probability,
    parse_rate,
)

# ------------------------------------------------------------------ durations


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [
        ("0", 0), ("0s", 0), ("1ns", 1), ("2us", 2 * US), ("2µs", 2 * US), ("2μs", 2 * US), ("50ms", 50 * MS),
        ("1.5s", 1_500 * MS), ("3sec", 3 * SECOND), ("2min", 2 * MINUTE), ("2m", 2 * MINUTE), ("1h", HOUR),
        (".5s", 500 * MS), (" 7 ms ", 7 * MS), ("1_000ms", SECOND), ("0.000000001s", 1), ("8784h", MAX_DURATION),
        (0, 0), (17, 17), (MAX_DURATION, MAX_DURATION),
    ],
)  # fmt: skip
def test_a_duration_is_whole_nanoseconds(written: str | int, nanoseconds: int) -> None:
    assert parse_duration(written) == nanoseconds
    assert type(parse_duration(written)) is int


@pytest.mark.parametrize(
    "written",
    ["", "ms", "50", "5 parsecs", "-1s", "1e3ms", "1.s", "1..5s", "0x10ms", "½s", "٣s", "1s 2ms", "50 MS", True, -1,
     MAX_DURATION + 1],
)  # fmt: skip
def test_what_is_no_duration_says_what_was_expected(written: str | int) -> None:
    with pytest.raises(ValueError, match=r"^expected a duration"):
        parse_duration(written)


def test_a_duration_finer_than_a_nanosecond_is_refused() -> None:
    with pytest.raises(ValueError, match="finer than a nanosecond"):
        parse_duration("0.5ns")


def test_a_duration_beyond_a_year_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a year"):
        parse_duration("8785h")
    assert MAX_DURATION < NEVER


@pytest.mark.parametrize(
    ("nanoseconds", "printed"),
    [
        (0, "0s"), (1, "1ns"), (1500, "1.5us"), (50 * MS, "50ms"), (1_500 * MS, "1.5s"), (90 * SECOND, "90s"),
        (2 * MINUTE, "2min"), (HOUR, "1h"), (90 * MINUTE, "90min"), (HOUR + 1, "3600.000000001s"), (-5 * MS, "-5ms"),
    ],
)  # fmt: skip
def test_a_duration_prints_the_shortest_exact_way(nanoseconds: int, printed: str) -> None:
    assert format_duration(nanoseconds) == printed


@given(st.integers(0, MAX_DURATION))
def test_what_is_printed_reads_back_without_loss(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


# ------------------------------------------------------------------ rates


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("1bit/s", 1), ("10Mbit/s", 10**7), ("1Gbit/s", 10**9), ("125MB/s", 10**9), ("9.6kbit/s", 9600),
        ("56kbps", 56_000), ("1000Gbps", 10**12), (10**6, 10**6), ("2.5B/s", 20), ("3GB/s", 24 * 10**9),
        ("1kB/s", 8000),
    ],
)  # fmt: skip
def test_a_rate_is_bits_per_second(written: str | int, rate: int) -> None:
    assert parse_rate(written) == rate


@pytest.mark.parametrize("written", ["", "10", "10Mb", "10 furlongs/s", True, "fast"])
def test_what_is_no_rate_says_what_was_expected(written: str | int) -> None:
    with pytest.raises(ValueError, match=r"^expected a rate such as"):
        parse_rate(written)


@pytest.mark.parametrize("written", ["0bit/s", "0.5bit/s", "1.5bit/s", "1001Gbit/s", 0, -1, 10**12 + 1])
def test_a_rate_out_of_range_is_refused(written: str | int) -> None:
    with pytest.raises(ValueError, match=r"^expected a whole rate from 1 bit/s to 1000 Gbit/s"):
        parse_rate(written)


@given(st.integers(1, 10**12))
def test_a_rate_reads_back_without_loss(rate: int) -> None:
    assert parse_rate(format_rate(rate)) == rate


def test_a_rate_prints_short() -> None:
    assert [format_rate(rate) for rate in (999, 1500, 10**7, 10**12)] == [
        "999bit/s",
        "1.5kbit/s",
        "10Mbit/s",
        "1000Gbit/s",
    ]


# ------------------------------------------------------------------ probabilities


@pytest.mark.parametrize(
    ("written", "value"),
    [("1%", 0.01), ("0.25", 0.25), ("100%", 1.0), ("0", 0.0), (0.25, 0.25), (1, 1.0), (0, 0.0), (".5%", 0.005)],
)
def test_a_probability(written: str | float, value: float) -> None:
    assert parse_probability(written) == value
    assert type(parse_probability(written)) is float


@pytest.mark.parametrize("written", ["", "1ms", "half", "-1%", "1e-3", True])
def test_what_is_no_probability_says_what_was_expected(written: str | float) -> None:
    with pytest.raises(ValueError, match=r"^expected a probability such as"):
        parse_probability(written)


@pytest.mark.parametrize("written", ["101%", "1.5", 1.5, -0.1, 2, -1, math.nan, math.inf, pow(10, 400)])
def test_a_probability_out_of_range_is_refused(written: str | float) -> None:
    with pytest.raises(ValueError, match=r"^expected a probability from 0% to 100%"):
        parse_probability(written)


def test_the_units_are_consistent() -> None:
    assert (units.US, units.MS, SECOND) == (1000 * units.NS, 1000 * US, 1000 * MS)
    assert (MINUTE, HOUR) == (60 * SECOND, 60 * MINUTE)
