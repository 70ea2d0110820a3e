"""The initial sequence number (RFC 9293 3.4.1, RFC 6528): fixed by a knob, or clock plus keyed hash.

ISN = M + F(localip, localport, remoteip, remoteport, secretkey), where M ticks every 4 microseconds
of virtual time (MUST-8) and F is a keyed hash that nobody without the key can compute (MUST-9).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from .seqnum import MASK, gt

if TYPE_CHECKING:
    from .config import Config
    from .units import Time

Socket = tuple[str, int]
"""An address and a port."""

TICK: Final = 4_000
"""Nanoseconds per tick of M: 4 microseconds, so that M wraps every 4.77 hours."""
NEXT_INCARNATION: Final = 1 << 16
"""How far beyond the old numbers a reused connection begins where the generator would fall behind."""


def initial_sequence_number(
    config: Config, now: Time, local: Socket | None, remote: Socket | None, above: int | None = None
) -> int:
    """Return the ISS for a connection opened at `now`.

    `above` is the highest number an earlier incarnation in TIME-WAIT used: the result is greater
    (RFC 9293 3.6.1, MAY-2 (1)).
    """
    iss = config.iss if config.iss is not None else _generated(config.isn_secret, now, local, remote)
    if above is not None and not gt(iss, above):
        return (above + NEXT_INCARNATION) & MASK
    return iss


def _generated(secret: str, now: Time, local: Socket | None, remote: Socket | None) -> int:
    return (now // TICK + keyed_hash(secret, local, remote)) & MASK


def keyed_hash(secret: str, local: Socket | None, remote: Socket | None) -> int:
    """Return 32 bits that two sockets and a secret decide, and nobody without the secret can tell."""
    sockets = repr((local, remote)).encode()
    return int.from_bytes(blake2b(sockets, digest_size=4, key=_key(secret)).digest())


@lru_cache(maxsize=64)
def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=32).digest()
