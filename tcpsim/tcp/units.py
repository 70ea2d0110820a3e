"""Units: time in whole nanoseconds, rates in bits per second, and how people write them.

Time is an int everywhere in tcpsim; a float never holds a time. This module parses what people
write ("50ms", "1.5s", "10Mbit/s", "1%") and prints it back the shortest exact way.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

Time = int
"""A point or a span of virtual time, in nanoseconds."""

NS: Final = 1
US: Final = 1_000
MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 3600 * SECOND
NEVER: Final = 1 << 62
"""Later than every time that can occur (146 years)."""

MAX_DURATION: Final = 366 * 24 * HOUR
"""The longest span a person may ask for: a leap year."""

_TIME_UNITS: Final = {
    "ns": NS, "us": US, "µs": US, "μs": US, "ms": MS, "s": SECOND, "sec": SECOND,
    "min": MINUTE, "m": MINUTE, "h": HOUR,
}  # fmt: skip
_RATE_UNITS: Final = {
    "bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9,
    "B/s": 8, "kB/s": 8 * 10**3, "MB/s": 8 * 10**6, "GB/s": 8 * 10**9,
    "bps": 1, "kbps": 10**3, "Mbps": 10**6, "Gbps": 10**9,
}  # fmt: skip
_NUMBER_AND_UNIT: Final = re.compile(r"\s*([0-9][0-9_]{0,30}(?:\.[0-9]{1,18})?|\.[0-9]{1,18})\s*([A-Za-zµμ/%]*)\s*")


def _number_and_unit(written: str) -> tuple[Decimal, str] | None:
    match = _NUMBER_AND_UNIT.fullmatch(written)
    if match is None:
        return None
    return Decimal(match[1].replace("_", "")), match[2]


def parse_duration(written: str | int) -> Time:
    """Return the nanoseconds that `written` ("50ms", "1.5s", "2min", "0") stands for.

    An int is taken as nanoseconds already. A bare "0" needs no unit; any other number does.

    Raises ValueError, with the expected form, for anything else, for a fraction of a nanosecond
    and for more than a year.
    """
    if isinstance(written, int):
        if isinstance(written, bool) or not 0 <= written <= MAX_DURATION:
            raise ValueError(f"expected a duration from 0 to one year in nanoseconds, not {written!r}")
        return written
    parts = _number_and_unit(written)
    if parts is None or (parts[1] not in _TIME_UNITS and not (parts[1] == "" and parts[0] == 0)):
        raise ValueError(f"expected a duration such as 50ms, 1.5s or 2min, not {written!r}")
    nanoseconds = parts[0] * _TIME_UNITS.get(parts[1], 1)
    if nanoseconds != int(nanoseconds):
        raise ValueError(f"{written!r} is finer than a nanosecond, the unit of virtual time")
    if nanoseconds > MAX_DURATION:
        raise ValueError(f"{written!r} is longer than a year, the longest duration allowed")
    return int(nanoseconds)


def parse_rate(written: str | int) -> int:
    """Return the bits per second that `written` ("10Mbit/s", "1Gbit/s", "125MB/s") stands for.

    Raises ValueError for anything else and for a rate outside 1 bit/s to 1 Tbit/s.
    """
    if isinstance(written, int) and not isinstance(written, bool):
        rate = Decimal(written)
    else:
        parts = _number_and_unit(str(written))
        if parts is None or parts[1] not in _RATE_UNITS:
            raise ValueError(f"expected a rate such as 10Mbit/s, 1Gbit/s or 125MB/s, not {written!r}")
        rate = parts[0] * _RATE_UNITS[parts[1]]
    if not 1 <= rate <= 10**12 or rate != int(rate):
        raise ValueError(f"expected a whole rate from 1 bit/s to 1000 Gbit/s, not {written!r}")
    return int(rate)


def parse_probability(written: str | float) -> float:
    """Return the probability in [0, 1] that `written` ("1%", "0.25", 0.25) stands for.

    Raises ValueError for anything else.
    """
    value: float
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        value = written  # compared before float() could overflow
    else:
        parts = _number_and_unit(str(written))
        if parts is None or parts[1] not in ("", "%"):
            raise ValueError(f"expected a probability such as 1% or 0.25, not {written!r}")
        value = float(parts[0] / 100 if parts[1] == "%" else parts[0])
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"expected a probability from 0% to 100%, not {written!r}")
    return float(value)


def format_duration(time: Time) -> str:
    """Print a span the shortest exact way a person writes it: "50ms", "1.5s", "250ns", "2min"."""
    if time < 0:
        return "-" + format_duration(-time)
    if time == 0:
        return "0s"
    for unit, size in (("h", HOUR), ("min", MINUTE)):
        if time % size == 0:
            return f"{time // size}{unit}"
    unit, size = next((u, s) for u, s in (("s", SECOND), ("ms", MS), ("us", US), ("ns", NS)) if time >= s)
    return f"{_shortest(Decimal(time) / size)}{unit}"


def _shortest(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_rate(rate: int) -> str:
    """Print a rate in bits per second the shortest exact way: "10Mbit/s"."""
    for unit, size in (("Gbit/s", 10**9), ("Mbit/s", 10**6), ("kbit/s", 10**3)):
        if rate >= size:
            return f"{_shortest(Decimal(rate) / size)}{unit}"
    return f"{rate}bit/s"
