"""Sequence numbers: ints in [0, 2^32), and the only comparisons that are right for them.

RFC 9293 3.4: all arithmetic on sequence numbers is modulo 2^32, and "=<" means less than or equal
modulo 2^32. A number is never compared with `<` elsewhere: either one of these functions does it,
or the code first forms a distance, `(a - b) & MASK`, which is an ordinary int. That second form is
what a window test is: RCV.NXT =< SEG.SEQ < RCV.NXT+RCV.WND says that the distance of SEG.SEQ from
RCV.NXT is less than RCV.WND.
"""

from __future__ import annotations

from typing import Final

SPACE: Final = 1 << 32
"""How many sequence numbers there are."""
MASK: Final = SPACE - 1
HALF: Final = 1 << 31
"""Two numbers are ordered by the shorter way round; exactly half a space apart they have no order."""


def add(seq: int, octets: int) -> int:
    """Return the number `octets` after (or, negative, before) `seq`, modulo 2^32."""
    return (seq + octets) & MASK


def distance(later: int, earlier: int) -> int:
    """Return how many octets `later` lies after `earlier`, in [0, 2^32)."""
    return (later - earlier) & MASK


def lt(a: int, b: int) -> bool:
    """Return whether a < b, modulo 2^32: b is ahead of a by less than half the space."""
    return 0 < (b - a) & MASK < HALF


def le(a: int, b: int) -> bool:
    """Return whether a =< b, modulo 2^32."""
    return (b - a) & MASK < HALF


def gt(a: int, b: int) -> bool:
    """Return whether a > b, modulo 2^32."""
    return 0 < (a - b) & MASK < HALF


def ge(a: int, b: int) -> bool:
    """Return whether a >= b, modulo 2^32."""
    return (a - b) & MASK < HALF


def latest(a: int, b: int) -> int:
    """Return the later of two numbers, modulo 2^32."""
    return a if (a - b) & MASK < HALF else b
