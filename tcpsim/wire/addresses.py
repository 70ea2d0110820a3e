"""Addresses between text and octets: 192.0.2.1 (RFC 791) and 2001:db8::1 (RFC 4291, printed as RFC 5952 says).

An IPv6 address is one with a colon. Printing is done here and not by the standard library, whose
text for IPv4-mapped addresses depends on Python's version.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from .errors import WireError


@lru_cache(maxsize=4096)
def packed(address: str) -> bytes:
    """Return the 4 or 16 octets of an address; raise WireError if it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise WireError(f"expected an address such as 192.0.2.1 or 2001:db8::1, not {address!r}") from None
    if getattr(parsed, "scope_id", None) is not None:
        raise WireError(f"expected an address without a zone, not {address!r}")
    return parsed.packed


@lru_cache(maxsize=4096)
def printed(octets: bytes) -> str:
    """Return the text of an address of 4 or 16 octets."""
    if len(octets) == 4:
        return ".".join(map(str, octets))
    groups = [f"{octets[at] << 8 | octets[at + 1]:x}" for at in range(0, 16, 2)]
    start, length = _longest_zeros(groups)
    if length < 2:  # RFC 5952 4.2.2: one group alone is not shortened
        return ":".join(groups)
    return ":".join(groups[:start]) + "::" + ":".join(groups[start + length :])


def _longest_zeros(groups: list[str]) -> tuple[int, int]:
    """Return where the first of the longest runs of zero groups begins, and its length (RFC 5952 4.2.3)."""
    best = (0, 0)
    for start in range(len(groups)):
        end = start
        while end < len(groups) and groups[end] == "0":
            end += 1
        if end - start > best[1]:
            best = (start, end - start)
    return best
