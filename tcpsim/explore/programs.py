"""What the users do: the calls that each end has left to make, and what they wait for.

Rule 1. A program is a list of places; at each stand the calls that may be made there, and where each leads. A line of
        calls is a program with one call at each place.
Rule 2. A call may be made at any moment from the one on at which what it waits for has been so: when, is for the
        explorer to choose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..tcp.diagram import State


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a user.

    Attributes:
        name: `open`, `listen`, `connect`, `send`, `receive`, `read`, `close`, `shutdown`, `abort` or `crash`.
            `open` is a passive OPEN that is made once, `listen` one that is made again after each connection.
        data: the octets, for `send`; for `connect` those of the first SEND.
        limit: how many octets, for `receive`; None for any number.
        after: (end, state, ...): that end has been in one of these states; None for a call that waits for nothing.
            `end` is 0 or 1.
        reading: whether a RECEIVE is always outstanding, for the calls that open, and for `read`.
        price: how many faults it costs: a crash that nobody planned is one.
    """

    name: str
    data: bytes = b""
    limit: int | None = None
    after: tuple[int, *tuple[State, ...]] | None = None
    reading: bool = True
    price: int = 0

    @property
    def words(self) -> str:
        """The call as a ladder writes it."""
        match self.name:
            case "send":
                return f"send({len(self.data)})"
            case "receive":
                return f"receive({'' if self.limit is None else self.limit})"
            case _:
                return f"{self.name}()"


Place = tuple[tuple[Call, int], ...]
"""The calls that may be made at one place of a program, each with the place after it."""
Program = tuple[Place, ...]
"""The places of a program; it begins at the first, and is finished at one beyond the last or without calls."""


def line(*calls: Call) -> Program:
    """Return the program that makes these calls in this order."""
    return tuple(((call, index + 1),) for index, call in enumerate(calls))
