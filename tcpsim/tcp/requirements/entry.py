"""What is known about one numbered requirement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FOLLOWED: Final = "followed"
BY_KNOB: Final = "by a knob"
PARTLY: Final = "partly"
NOT_MODELLED: Final = "not modelled"
STATUSES: Final[dict[str, str]] = {
    FOLLOWED: "the profile `rfc9293` does so, and a test shows it",
    BY_KNOB: "a knob decides, and the profile `rfc9293` has it off, or follows only half of it",
    PARTLY: "something is left out, and the note says what",
    NOT_MODELLED: "there is nothing here that could follow it, and the note says why",
}
"""How far a requirement is followed, and what each word means."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A numbered requirement of RFC 9293.

    Attributes:
        id: such as `MUST-13`, `SHLD-4`, `MAY-2` or `REC-1`.
        section: where it is stated.
        asks: what it asks for, in one sentence that is not the RFC's.
        status: one of STATUSES.
        code: what follows it: names below the package, such as `tcp.send.output`.
        knobs: what chooses whether, or how.
        rules: ids of rules whose appearance in a trace shows it at work; () if no trace can show it.
        tests: what holds it: `tcp/test_iss.py::test_...`, below the tests.
        note: what is left out, and why; or what a reader should know.
    """

    id: str
    section: str
    asks: str
    status: str
    code: tuple[str, ...] = ()
    knobs: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    note: str = ""

    @property
    def level(self) -> str:
        """`MUST`, `SHLD`, `REC` or `MAY`."""
        return self.id.partition("-")[0]


def required(
    id: str,
    section: str,
    asks: str,
    status: str = FOLLOWED,
    *,
    code: str = "",
    knobs: str = "",
    rules: str = "",
    tests: str = "",
    note: str = "",
) -> Requirement:
    """Return a requirement; names are written one after the other, with blanks between."""
    return Requirement(
        id, section, asks, status, tuple(code.split()), tuple(knobs.split()), tuple(rules.split()),
        tuple(tests.split()), note,
    )  # fmt: skip
