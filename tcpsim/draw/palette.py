"""Colours, and the type for each kind of words.

Rule 1. A colour never stands alone: each state has its name beside it, each kind of arrow its
        line and its words. Colour only helps the eye to find them.
Rule 2. No two states look alike in greyscale, and so to nobody: four of them, those of the end that is
        called or told to close, are striped on a lifeline; among the striped and among the plain ones
        any two differ in lightness by six steps (L*) or more, and any two that follow each other by
        eight. Hues go with the phase (opening amber, open green, closing actively blue, closing
        passively red, TIME-WAIT violet).
Rule 3. Ink on paper has a contrast of at least 4.5 to 1, in every theme.
Rule 4. A theme translates the colours named here, and leaves any other as it is. Light is those named; dark keeps
        the states' colours but for CLOSED; print has greys as light as they are, and black.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..tcp.diagram import State
from .measure import BOLD, ITALIC, MONO, SANS, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

STATE_FILL: Final = {
    State.CLOSED: "#fafaf9",
    State.LISTEN: "#c5cbd3",
    State.SYN_SENT: "#f9e18d",
    State.SYN_RECEIVED: "#cb7f1d",
    State.ESTABLISHED: "#65ba93",
    State.FIN_WAIT_1: "#b4d4ef",
    State.FIN_WAIT_2: "#5d9ed6",
    State.CLOSING: "#4e89cc",
    State.TIME_WAIT: "#c8b4e6",
    State.CLOSE_WAIT: "#fadbd3",
    State.LAST_ACK: "#e99a83",
}
"""The fill of a lifeline, and of a box of the state diagram."""

STRIPED: Final = frozenset({State.LISTEN, State.SYN_RECEIVED, State.CLOSE_WAIT, State.LAST_ACK})
"""The states whose lifeline is striped."""

FAULT_FILL: Final = ("#58a5a4", "#a3d1b4", "#e2e3a6", "#f3d9c0")
"""The fill of what takes no fault, one, two, and three or more: the fewer, the darker."""

INK: Final = "#1b1f24"
ON_FILL: Final = "#1b1f23"
"""Ink on the fill of a state: dark in every theme, as the fills are light in every theme."""
GREY: Final = "#5c636b"
FAINT: Final = "#b9c0c7"
RULE: Final = "#e9ecef"
RED: Final = "#b3231b"
AMBER: Final = "#855300"
TEAL: Final = "#0b6e75"
BLUE: Final = "#0d4fae"
GREEN: Final = "#1e6b3a"
PAPER: Final = "#ffffff"
BAND: Final = "#f6f7f9"
CHIP: Final = "#eaf1fb"
MARKS: Final = (BLUE, "#a33b00", "#4b2a82")
"""The grounds of the step numbers of a first, second and third path; their shapes differ, too."""

TYPES: Final = {
    "title": Type(BOLD, 15, INK),
    "source": Type(SANS, 9.5, GREY),
    "above": Type(ITALIC, 9.5, GREY),
    "question": Type(BOLD, 9.5, INK),
    "answer": Type(SANS, 9, INK),
    "cite": Type(ITALIC, 8.5, GREY),
    "host": Type(BOLD, 12, INK),
    "middlebox": Type(BOLD, 9, GREY),
    "address": Type(SANS, 8.5, GREY),
    "state": Type(BOLD, 8.5, INK),
    "tick": Type(SANS, 8, GREY),
    "timer": Type(ITALIC, 8.5, GREY),
    "call": Type(MONO, 8.5, BLUE),
    "error": Type(MONO, 8.5, RED),
    "signal": Type(ITALIC, 8.5, BLUE),
    "data": Type(SANS, 8.5, GREEN),
    "note": Type(ITALIC, 8.5, GREY),
    "sent": Type(SANS, 9, INK),
    "again": Type(SANS, 9, AMBER),
    "network": Type(SANS, 9, TEAL),
    "lost": Type(SANS, 9, RED),
    "silence": Type(ITALIC, 9, GREY),
    "footer": Type(SANS, 8, GREY),
    "box": Type(BOLD, 9, ON_FILL),
    "closed box": Type(BOLD, 9, INK),
    "edge": Type(SANS, 8.5, INK),
    "bundle": Type(SANS, 7.5, GREY),
    "small state": Type(BOLD, 7, GREY),
    "badge": Type(BOLD, 7.5, PAPER),
    "panel": Type(BOLD, 10, INK),
    "in bar": Type(BOLD, 8.5, ON_FILL),
    "silence small": Type(ITALIC, 8, GREY),
    "curve ink": Type(SANS, 8.5, INK),
    "curve blue": Type(SANS, 8.5, BLUE),
    "curve amber": Type(SANS, 8.5, AMBER),
    "curve teal": Type(SANS, 8.5, TEAL),
    "curve green": Type(SANS, 8.5, GREEN),
    "curve red": Type(SANS, 8.5, RED),
    "curve grey": Type(SANS, 8.5, GREY),
}
"""The type of each kind of words."""


def lightness(colour: str) -> float:
    """Return CIE L* (0 black to 100 white) of a colour written `#rrggbb`."""
    luminance = _luminance(colour)
    return 116 * luminance ** (1 / 3) - 16 if luminance > 216 / 24389 else luminance * 24389 / 27


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _grey(colour: str) -> str:
    """Return the grey that is as light as a colour."""
    linear = _luminance(colour)
    part = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return "#" + f"{round(part * 255):02x}" * 3


@dataclass(frozen=True, slots=True)
class Theme:
    """What becomes of the colours named above."""

    name: str
    inks: Mapping[str, str]

    def ink(self, colour: str) -> str:
        """Return the colour that stands for one of the light theme; "none" stays "none"."""
        return self.inks.get(colour, colour)


LIGHT: Final = Theme("light", {})
DARK: Final = Theme(
    "dark",
    {
        PAPER: "#14181d", INK: "#e8ebee", GREY: "#a3adb7", FAINT: "#59626b", RULE: "#272d34", BAND: "#1b2027",
        CHIP: "#1d2c45", RED: "#ff8a80", AMBER: "#e5ab45", TEAL: "#55c7cd", BLUE: "#8abaff", GREEN: "#76d297",
        MARKS[1]: "#ffa06b", MARKS[2]: "#cdb0ff", STATE_FILL[State.CLOSED]: "#2b3138",
    },
)  # fmt: skip
PRINT: Final = Theme(
    "print",
    {
        INK: "#000000", GREY: "#333333", FAINT: "#8c8c8c", RULE: "#d9d9d9", BAND: "#f7f7f7", CHIP: "#eeeeee",
        **dict.fromkeys((RED, AMBER, TEAL, BLUE, GREEN), "#000000"), MARKS[1]: "#595959", MARKS[2]: "#262626",
        **{colour: _grey(colour) for colour in (*STATE_FILL.values(), *FAULT_FILL)},
    },
)  # fmt: skip
THEMES: Final = {theme.name: theme for theme in (LIGHT, DARK, PRINT)}
"""The themes by name; the first is the default."""
