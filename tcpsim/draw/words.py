"""The words of a drawing: segments, times, spans and timers as a person reads them.

Rule 1. What a user or a file gave (names, titles, notes) passes through `clean` before it is
        drawn: a control character never reaches a terminal, nor a font without a glyph for it.
Rule 2. Two different times never print alike: `Clock` adds digits until they differ.
Rule 3. No float holds a time: what is rounded is a Decimal, for printing only.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ..tcp.segment import ACK, ECN_NAMES, RST, SYN, URG, ctl_name
from ..tcp.seqnum import HALF, MASK
from ..trace import Datagram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..tcp.options import Options
    from ..tcp.units import Time
    from ..trace import Flight, SegmentRecord

_SPAN_UNITS: Final = (
    ("h", 3600 * 10**9, 2 * 3600 * 10**9), ("min", 60 * 10**9, 600 * 10**9), ("s", 10**9, 10**9),
    ("ms", 10**6, 10**6), ("µs", 10**3, 10**3), ("ns", 1, 0),
)  # fmt: skip
"""Unit, its size, and the shortest span that is told in it (nanoseconds)."""

TIMER_NAMES: Final = {
    "retransmission": "RTO",
    "time-wait": "2 MSL",
    "delayed ack": "delayed ACK",
}
"""Short names of timers where the endpoint's own name is longer than what people say."""

_STAND_INS: Final = {
    "µ": "u",
    "…": "...",
    "→": "->",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "·": "-",
    "✓": "+",
    "✗": "x",
}

UNBROKEN: Final = "\N{NO-BREAK SPACE}"
"""A space at which no line ends: inside numbers and citations. It is printed as any other."""

CLEAN_LIMIT: Final = 200
"""The most characters of a name or title that are drawn."""


def clean(text: str, limit: int = CLEAN_LIMIT) -> str:
    r"""Return user-given text fit for one line of a drawing, at most `limit` characters.

    White space becomes one space, other control and format characters (escape sequences, marks
    that turn the direction of writing) are written out as `\x1b`, piled-up accents are thinned.
    """
    out: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text[: 4 * limit]):
        category = unicodedata.category(char)
        marks = marks + 1 if category[0] == "M" else 0
        if char in "\t\n\r\f\v" or category in ("Zs", "Zl", "Zp"):
            out.append(" ")
        elif category[0] == "C":
            out.append(f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}")
        elif marks <= 2:
            out.append(char)
    line = " ".join("".join(out).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def to_ascii(text: str) -> str:
    """Return `text` in ASCII: known signs by their usual stand-ins, letters without accents, else `?`."""
    for sign, plain in _STAND_INS.items():
        text = text.replace(sign, plain)
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(
        char if ord(char) < 128 else "?" for char in decomposed if not unicodedata.category(char).startswith("M")
    )


def _number(value: Decimal, digits: int) -> str:
    """Print to so many significant digits, but never round whole numbers."""
    if value != value.to_integral_value():
        places = max(0, min(digits - 1 - value.adjusted(), 12))
        value = round(value, places)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(duration: Time, digits: int = 3) -> str:
    """Print a span of time for reading: `0.3 µs`, `200 ms`, `1.5 s`, `240 s`, `2 h`; three digits, rounded."""
    if duration <= 0:
        return "0 s"
    unit, size = next((unit, size) for unit, size, least in _SPAN_UNITS if duration >= least)
    return f"{_number(Decimal(duration) / size, digits)} {unit}"


class Clock:
    """Prints points in time: to six digits, or exactly where two times would look the same."""

    def __init__(self, times: Iterable[Time]) -> None:
        self._exact: set[Time] = set()
        by_text: dict[str, Time] = {}
        for time in times:
            text = self._rounded(time)
            if by_text.setdefault(text, time) != time:
                self._exact.update((time, by_text[text]))

    @staticmethod
    def _rounded(time: Time, digits: int = 6) -> str:
        size, unit = next((s, u) for s, u in ((10**9, "s"), (10**6, "ms"), (10**3, "µs"), (0, "ns")) if time >= s)
        if time == 0:
            return "0 s"
        return f"{_number(Decimal(time) / (size or 1), digits)} {unit}"

    def __call__(self, time: Time) -> str:
        """Print one time."""
        return self._rounded(time, 30 if time in self._exact else 6)


def octets(count: int) -> str:
    """Print a number of octets: `1 octet`, `5 octets`."""
    return f"{count} octet{'s' if count != 1 else ''}"


def flags(record: SegmentRecord | Flight) -> str:
    """Print what kind of segment this is and no number: `SYN,ACK`, `UDP`."""
    return "UDP" if isinstance(record.segment, Datagram) else ctl_name(record.segment.ctl)


def numbers(record: SegmentRecord | Flight, *, absolute: bool = False) -> str:
    """Print a segment by its relative numbers: `SYN seq 0`, `PSH,ACK seq 1..5 ack 1`; or by those of the wire.

    The range after `seq` is every sequence number that a segment with text occupies, a FIN's too.
    A UDP datagram has no numbers: `UDP 5 octets`.
    """
    segment = record.segment
    if isinstance(segment, Datagram):
        return f"UDP {octets(segment.length)}"
    first, acked = (segment.seq, segment.ack) if absolute else (record.seq, record.ack)
    last = first + segment.seg_len - 1
    seq = f"{first}..{last & MASK if absolute else last}" if segment.length else f"{first}"
    ack = "" if record.ack is None else f" ack {acked}"
    return f"{ctl_name(segment.ctl)} seq {seq}{ack}"


def tidings(record: SegmentRecord | Flight, *, absolute: bool = False) -> str:
    """Print what a segment tells besides its numbers that changes something, in the words of an expectation; or "".

    The options of a SYN, blocks of SACK, a closed window, an urgent pointer: ` mss 1460 wscale 7`, ` win 0`,
    ` sack 6..10` (the numbers of what is held, counted as `ack` is, the last one included; or those of the wire).
    """
    segment = record.segment
    if isinstance(segment, Datagram):
        return ""
    told = []
    if not segment.wnd and segment.ctl & (ACK | RST) == ACK:
        told.append("win 0")
    if segment.ctl & URG:
        told.append(f"up {segment.up}")
    options = segment.options
    if options is not None:
        if segment.ctl & SYN:
            told += _offers(options)
        blocks = [(left, (right - 1) & MASK) for left, right in options.sack]
        if not absolute:
            blocks = [(_beside_ack(record, left), _beside_ack(record, last)) for left, last in blocks]
        told += [f"sack {left}..{last}" for left, last in blocks]
    return "".join(f" {word}" for word in told)


def _beside_ack(record: SegmentRecord | Flight, number: int) -> int:
    """Return a number of the peer's as `ack` is counted: what lies before the peer's ISS is negative."""
    distance = (number - record.segment.ack) & MASK
    return (record.ack or 0) + (distance if distance < HALF else distance - MASK - 1)


def _offers(options: Options) -> list[str]:
    named = (
        (f"mss {options.mss}", options.mss is not None), (f"wscale {options.wscale}", options.wscale is not None),
        ("sackok", options.sack_ok), ("ts", options.ts is not None),
        ("cookie" if options.fastopen else "cookie?", options.fastopen is not None),
    )  # fmt: skip
    return [word for word, there in named if there]


def header_fields(record: SegmentRecord | Flight, *, absolute: bool = False) -> str:
    """Print what a segment carries besides flags and numbers: `win 65535 up 3 MSS=1460`, `win 4000 SACK=6..11 CE`.

    The blocks of SACK are counted as `ack` is, or as on the wire; the second number of each is the one after its
    last octet.
    A UDP datagram has none of these.
    """
    segment = record.segment
    if isinstance(segment, Datagram):
        return ""
    up = f" up {segment.up}" if "URG" in ctl_name(segment.ctl) else ""
    options = ""
    if segment.options is not None:
        since = 0 if record.ack is None or absolute else segment.ack - record.ack
        options = " " + (",".join(segment.options.words(since)) or "no options")
    ecn = f" {ECN_NAMES[segment.ecn]}" if segment.ecn else ""
    return f"win {segment.wnd}{up}{options}{ecn}"


def timer_name(timer: str) -> str:
    """Print a timer's name: `RTO`, `2 MSL`, `persist`."""
    return TIMER_NAMES.get(timer, clean(timer, 30))
