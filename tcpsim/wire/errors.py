"""The one error of the wire format."""

from __future__ import annotations


class WireError(ValueError):
    """Octets that are no packet, or a packet that no octets can hold.

    Attributes:
        offset: at which octet, counted from the start of what was to be decoded; None where a value is to blame.
        expected: what had to stand there.
    """

    def __init__(self, expected: str, offset: int | None = None) -> None:
        super().__init__(expected if offset is None else f"octet {offset}: expected {expected}")
        self.expected = expected
        self.offset = offset


def fitting(value: int, bits: int, name: str) -> int:
    """Return `value` if an unsigned field of so many bits holds it; raise WireError otherwise."""
    if not 0 <= value < 1 << bits:
        raise WireError(f"expected {name} from 0 to {(1 << bits) - 1}, not {value}")
    return value
