"""What makes two ends, or two segments, the same: values without anything that nothing can tell apart.

Rule 1. The endpoint's own `key` says what matters of it; here it only becomes octets. The knobs are left out: they
        are the same in every state of one exploration, or tell themselves by the ISS.
Rule 2. Where both sides are to be exchanged (symmetry), numbers count from the ISS to which they belong and sockets
        are left out. A number that is 0 stays 0: it was never set. So no ISS of a symmetric exploration may lie so
        near to 2^32 that a number in use becomes 0.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from ..tcp.seqnum import MASK
from ..tcp.tcb import TCB, key_names

if TYPE_CHECKING:
    from ..tcp.endpoint import Endpoint
    from ..tcp.segment import Segment
    from ..tcp.units import Time

SIZE: Final = 16
"""Octets of a digest."""

_NAMES: Final = key_names()
_CFG: Final = _NAMES.index("cfg")
_OURS: Final = frozenset({
    "iss", "snd_una", "snd_nxt", "snd_max", "snd_text_seq", "snd_goal", "snd_push", "snd_marks", "snd_small", "snd_up",
    "recover", "rexmit_nxt", "sacked", "high_rxt", "rescue_rxt", "snd_fresh", "ecn_recover", "snd_wl2", "prr_latest",
})  # fmt: skip
"""Variables that hold numbers of what this end sends."""
_PEERS: Final = frozenset({
    "irs", "rcv_nxt", "rcv_up", "rcv_fin", "last_ack_sent", "snd_wl1", "rcv_blocks", "rcv_dsack",
})  # fmt: skip
"""Variables that hold numbers of what the peer sends."""
_SOCKETS: Final = frozenset({"local", "remote"})
assert set(TCB.__slots__) >= _OURS | _PEERS


def digest(*parts: bytes) -> bytes:
    """Return 16 octets of BLAKE2b for the parts, which have one length each or are the last."""
    return blake2b(parts[0] if len(parts) == 1 else b"".join(parts), digest_size=SIZE).digest()


def value_digest(value: object) -> bytes:
    """Return 16 octets that are equal for equal values made of tuples, numbers, octets, text, None and enums."""
    return digest(repr(value).encode())


def end_value(endpoint: Endpoint, now: Time, *, relative: bool) -> tuple[Any, ...]:
    """Return all that matters of an endpoint from `now` on, as a value with a true `repr`."""
    key: Any = endpoint.key(now)
    kind: Any = None
    if isinstance(key[0], str):  # a mutant's key begins with the name of what it does wrong
        kind, key = key
    variables = list(key[0])
    variables[_CFG] = None
    rest = list(key[1:])
    if relative:
        for index, name in enumerate(_NAMES):
            variables[index] = _shifted(name, variables[index], endpoint)
        if rest[_RTT] is not None:
            since, number = rest[_RTT]
            rest[_RTT] = (since, _less(number, endpoint.iss))
    return kind, tuple(variables), tuple(rest)


_RTT: Final = 2
"""Where, behind the variables, a key has the segment that is being timed."""


def _shifted(name: str, value: Any, endpoint: Endpoint) -> Any:
    if name in _SOCKETS:
        return None
    if name in _OURS:
        return _less(value, endpoint.iss)
    if name in _PEERS:
        return _less(value, endpoint.irs)
    if name == "rcv_held":
        return tuple((_less(seq, endpoint.irs), length, text, pushed) for seq, length, text, pushed in value)
    return value


def _less(value: Any, base: int) -> Any:
    """Count a number, or every number in a tuple, from `base`; one that is 0 was never set, and stays."""
    if isinstance(value, tuple):
        return tuple(_less(each, base) for each in value)
    return value if value is None or isinstance(value, bool) or value == 0 else ("+", (value - base) & MASK)


def segment_value(segment: Segment, iss: int, irs: int) -> tuple[Any, ...]:
    """Return what travels of a segment, its numbers counted from its sender's `iss` and its receiver's `irs`.

    With 0 and 0 they are those on the wire.
    """
    seq, ack, *rest = segment.wire()
    if not iss and not irs:
        return (seq, ack, *rest)
    return (_less(seq, iss), _less(ack, irs), *rest)
