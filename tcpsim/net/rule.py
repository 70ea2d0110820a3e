"""Rules: what may befall a packet on a direction of a link, and the verdict that says so.

Rule 1. A direction shows every packet that a host puts on it to all of its rules, in their order,
        once, when it is put there. None lets the packet pass as far as that rule is concerned.
Rule 2. A plain function is a rule. A rule with a memory is an object, and `fork` copies it.
Rule 3. All chance in a rule comes from the generator that it is handed, and only from its `random()`,
        whose numbers are the same on every platform and version of Python.
Rule 4. What a rule does, it says: a verdict bears the words of who decided it and why.
Rule 5. A rule may give the packet other addresses, or another segment in place of its own, as a NAT does; the rules
        behind it see those.

What the verdicts of one packet's rules add up to:

    DROP       the packet dies by the first that says so, whatever the others say; they still see it,
               so that "the 2nd SYN" is the second that was sent
    DELAY      it arrives `extra` later, or, negative, earlier, but never before it was sent; delays add up
    DUPLICATE  `copies` copies travel too, the first `extra` behind the packet, each `extra` behind the other
    CORRUPT    it arrives with a wrong checksum
    HOLD       it waits until the next packet of that direction has been sent on, and follows right
               behind it; at the latest it goes on after `extra`, or LONGEST_HOLD if that is 0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeVar, runtime_checkable

from ..tcp.units import NEVER, SECOND

if TYPE_CHECKING:
    import random

    from ..tcp.units import Time
    from .packet import Packet

DROP: Final = 1
DELAY: Final = 2
DUPLICATE: Final = 3
CORRUPT: Final = 4
HOLD: Final = 5

_KIND_NAMES: Final = {DROP: "drop", DELAY: "delay", DUPLICATE: "duplicate", CORRUPT: "corrupt", HOLD: "hold"}

LONGEST_HOLD: Final = 10 * SECOND
"""How long a held packet waits for another to overtake it, if its verdict does not say."""

AT_ONCE: Final = -NEVER
"""A DELAY that outweighs every other: the packet arrives the moment it is sent on."""


class Verdict:
    """What a rule decides about one packet; None, not a verdict, lets it pass.

    Read only by convention: a rule that always decides alike returns the same object each time.

    Attributes:
        kind: DROP, DELAY, DUPLICATE, CORRUPT or HOLD.
        by: who decided it, in a person's words: "random loss 1%", "fault: drop 2nd SYN,ACK"; "" for
            a DELAY that every packet meets, which is no event.
        extra: nanoseconds; the delay, a copy's lag, or the longest hold. See the table above.
        copies: how many copies a DUPLICATE makes.
    """

    __slots__ = ("by", "copies", "extra", "kind")

    def __init__(self, kind: int, by: str, extra: Time = 0, copies: int = 1) -> None:
        self.kind = kind
        self.by = by
        self.extra = extra
        self.copies = copies

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[int, str, Time, int]:
        return self.kind, self.by, self.extra, self.copies

    def __repr__(self) -> str:
        return f"<Verdict {_KIND_NAMES[self.kind]} by {self.by!r}, extra {self.extra}, copies {self.copies}>"


class LinkRule(Protocol):
    """A rule on a direction of a link."""

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Decide about a packet that is put on the link at `now`; None lets it pass."""
        ...


RuleT = TypeVar("RuleT")


@runtime_checkable
class Described(Protocol):
    """A rule that can say in a person's words what it does."""

    def describe(self) -> str:
        """Return the words, such as "random loss 1%"."""
        ...


@runtime_checkable
class Forks(Protocol):
    """A rule with a memory of its own."""

    def fork(self: RuleT) -> RuleT:
        """Return an independent copy that remembers the same."""
        ...


def describe(rule: LinkRule) -> str:
    """Return what a rule does in a person's words; of a plain function, its name."""
    if isinstance(rule, Described):
        return rule.describe()
    name: str = getattr(rule, "__name__", type(rule).__name__)
    return "a function" if name == "<lambda>" else name.replace("_", " ").strip()


def fork_rules(rules: list[LinkRule], copies: dict[int, LinkRule]) -> list[LinkRule]:
    """Return independent copies of a direction's rules; a plain function stands for itself.

    A rule that sits on both directions of a link (it counts the packets of both) must stay one
    rule: `copies`, the same dict for all directions that are copied together, sees to that.
    """
    for rule in rules:
        if id(rule) not in copies:
            copies[id(rule)] = rule.fork() if isinstance(rule, Forks) else rule
    return [copies[id(rule)] for rule in rules]
