"""SYN cookies (RFC 4987 3.6 and Appendix A): a listener that answers a SYN and keeps nothing of it.

Rule 1. Nothing is stored between the SYN and the ACK. The ISS of the SYN,ACK is the cookie; the ACK brings
        it back, and with it all that is known of the SYN.
Rule 2. The layout is D. J. Bernstein's (https://cr.yp.to/syncookies.html). ISS - IRS is, from the top: 5 bits
        of a counter of 64 seconds, 3 bits that choose an MSS, 24 bits of a keyed hash of sockets and counter.
Rule 3. Three bits hold an MSS, rounded down. All else that a SYN offers is lost; unless it carries timestamps:
        then window scale, SACK and ECN travel in the low 6 bits of TSval, as in Linux, and return in TSecr.
Rule 4. Secret and time are arguments, and only the diagram moves a connection: the SYN,ACK is made by an
        endpoint that is forgotten at once, and the ACK meets an endpoint that is shown the SYN again first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from . import rules as why
from .actions import Moved
from .config import checked
from .endpoint import Endpoint
from .iss import keyed_hash
from .negotiation import default_send_mss
from .options import Options
from .segment import CWR, ECE, SYN, Segment
from .seqnum import MASK
from .timers import stop_all
from .timestamps import timestamp_offset
from .units import NEVER, SECOND

if TYPE_CHECKING:
    from .actions import Action
    from .config import Config
    from .iss import Socket
    from .units import Time

PERIOD: Final = 64 * SECOND
"""How long the counter stands still."""
MAX_AGE: Final = 1
"""By how much the counter may have grown until the ACK comes: a cookie lives for one to two periods."""
MSS_TABLE: Final = (28, 216, 536, 1220, 1360, 1400, 1440, 1460)
"""The eight sizes that a cookie can tell, octets. The least is what every IPv4 host takes (datagrams of 68
octets, RFC 791 3.2), so that rounding down is always right; 536 and 1220 are the defaults (RFC 9293 3.7.1)."""

_COUNTER_SHIFT: Final = 27
_MSS_SHIFT: Final = 24
_HASH_MASK: Final = (1 << _MSS_SHIFT) - 1

STAMP_BITS: Final = 6
"""Low bits of TSval that do not tell the time: 4 of window scale, then SACK and ECN."""
_NO_SCALE: Final = 0xF
_SACK: Final = 1 << 4
_ECN: Final = 1 << 5
_STAMP_MASK: Final = (1 << STAMP_BITS) - 1


class Offer(NamedTuple):
    """What the peer's SYN offered besides its MSS: the window scale (None for no option), SACK, ECN."""

    wscale: int | None = None
    sack: bool = False
    ecn: bool = False


# ------------------------------------------------------------------ the sequence number


def counter(now: Time) -> int:
    """Return the counter at a time (nanoseconds)."""
    return now // PERIOD


def mss_index(mss: int) -> int:
    """Return the place in MSS_TABLE of the largest size that is not above `mss` (octets)."""
    return max(sum(size <= mss for size in MSS_TABLE) - 1, 0)


def bake(secret: str, local: Socket, remote: Socket, irs: int, index: int, count: int) -> int:
    """Return the ISS with which a SYN is answered: `irs` is its number, `count` the counter."""
    cookie = (count % 32) << _COUNTER_SHIFT | index << _MSS_SHIFT | _hash(secret, local, remote, count)
    return (irs + cookie) & MASK


def taste(secret: str, local: Socket, remote: Socket, irs: int, iss: int, count: int) -> int | None:
    """Return the MSS (octets) that a cookie tells, or None if it is none of ours or too old at counter `count`."""
    cookie = (iss - irs) & MASK
    age = (count - (cookie >> _COUNTER_SHIFT)) % 32
    if age > MAX_AGE or age > count or cookie & _HASH_MASK != _hash(secret, local, remote, count - age):
        return None
    return MSS_TABLE[cookie >> _MSS_SHIFT & 7]


def _hash(secret: str, local: Socket, remote: Socket, count: int) -> int:
    return keyed_hash(f"cookies {count} {secret}", local, remote) & _HASH_MASK


# ------------------------------------------------------------------ the timestamp


def stamp(clock: int, offer: Offer) -> int:
    """Return the TSval that tells an offer: the latest one not beyond the timestamp clock, which it may trail by 63."""
    bits = (_NO_SCALE if offer.wscale is None else offer.wscale) | _SACK * offer.sack | _ECN * offer.ecn
    value = (clock & ~_STAMP_MASK) | bits
    return (value if value <= clock else value - (1 << STAMP_BITS)) & MASK


def unstamp(value: int) -> Offer:
    """Return the offer that a TSval tells."""
    scale = value & _NO_SCALE
    return Offer(None if scale == _NO_SCALE else scale, bool(value & _SACK), bool(value & _ECN))


# ------------------------------------------------------------------ the two segments


def answer(cfg: Config, now: Time, local: Socket, remote: Socket, syn: Segment) -> Segment:
    """Return the SYN,ACK that answers a SYN and whose ISS is a cookie; text and FIN beside the SYN are not kept."""
    offered = syn.options or Options()
    ctl, options = SYN, Options(offered.mss)
    stamped = cfg.timestamps and not cfg.no_options and offered.ts is not None
    if stamped:
        ctl, options = syn.ctl & (SYN | ECE | CWR), offered
    passing = Endpoint(cfg, local, remote)
    index = mss_index(default_send_mss(passing) if offered.mss is None else offered.mss)
    iss = bake(cfg.isn_secret, local, remote, syn.seq, index, counter(now))
    passing.cfg = checked(cfg, {"iss": iss})
    passing.open(now, active=False)
    [made] = passing.segment_arrives(now, Segment(syn.seq, 0, ctl, syn.wnd, options=options))
    assert type(made) is Segment
    made.why = why.COOKIE_SENT
    if made.options is not None and made.options.ts is not None:
        offer = Offer(passing.snd_scale if passing.scaling else None, passing.sack_ok, passing.ecn_ok)
        clock = stamp(now // cfg.timestamp_tick, offer)
        made.options.ts = ((clock + passing.ts_offset) & MASK, made.options.ts[1])
    return made


def tasted(cfg: Config, now: Time, local: Socket, remote: Socket, ack: Segment) -> int | None:
    """Return the MSS (octets) that the cookie in an ACK tells, or None if it acknowledges no cookie of ours."""
    irs, iss = (ack.seq - 1) & MASK, (ack.ack - 1) & MASK
    return taste(cfg.isn_secret, local, remote, irs, iss, counter(now))


def establish(end: Endpoint, now: Time, ack: Segment, mss: int) -> list[Action]:
    """Take an ACK with a valid cookie: `end`, in LISTEN and bound to its peer, is ESTABLISHED after it.

    First it is shown the SYN as it must have been; the SYN,ACK that it answers with has been sent long ago.
    No round trip is taken from it (Linux neither): what passed since then is told by TSecr, or by nothing.
    """
    cfg, irs = end.cfg, (ack.seq - 1) & MASK
    offer, stamps = Offer(), None if ack.options is None else ack.options.ts
    if stamps is not None and cfg.timestamps and not cfg.no_options:
        offset = timestamp_offset(cfg, end.local, end.remote)
        offer, stamps = unstamp((stamps[1] - offset) & MASK), (stamps[0], 0)
    else:
        stamps = None
    ctl = SYN | ECE | CWR if offer.ecn else SYN
    options = Options(mss, offer.wscale, offer.sack, stamps)
    end.cfg = checked(cfg, {"iss": (ack.ack - 1) & MASK})
    moves = end.segment_arrives(now, Segment(irs, 0, ctl, ack.wnd, options=options))
    end.cfg = cfg
    end.rtt_at = NEVER
    stop_all(end, why.COOKIE_TAKEN)  # no timer has run, and nobody is told that one stops
    end.out = []
    told: list[Action] = [Moved(move.edge, why.COOKIE_TAKEN) for move in moves if type(move) is Moved]
    return told + end.segment_arrives(now, ack)
