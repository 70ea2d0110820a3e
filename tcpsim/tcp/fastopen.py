"""TCP Fast Open (RFC 7413): data in a SYN, for a client that shows a cookie which the server gave it before.

Rule 1. A cookie is made of the client's address and the server's secret: the server keeps nothing.
Rule 2. Data of a SYN with a good cookie is taken in SYN-RECEIVED, before anybody knows that the SYN is no old
        duplicate. That is the risk of it (RFC 7413 2.1).
Rule 3. Whoever drives the endpoint remembers the cookies of servers: `tcb.fast_cookie` goes in before OPEN,
        and holds afterwards what the SYN,ACK brought. At a server it is what the SYN,ACK gives.
Rule 4. A negative response, or none, leaves `tcb.fast_cookie` None: whoever drives the endpoint keeps Fast Open from
        that port then (RFC 7413 4.1.3.1); a host of tcpsim for good.

Not modelled: a limit of pending Fast Open requests (RFC 7413 4.2 and 5.1), a client that remembers the server's MSS
(4.1.3: a SYN has room for the default MSS), and a server's secret that is changed from time to time (4.1.2).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from .congestion import make
from .receive import take_held

if TYPE_CHECKING:
    from .segment import Segment
    from .tcb import TCB

COOKIE_OCTETS: Final = 8
"""RFC 7413 4.1.1: a cookie has 4 to 16 octets, an even number of them."""


def cookie_for(secret: str, address: str) -> bytes:
    """Return the cookie of a client, made of its address (RFC 7413 4.1.2)."""
    return blake2b(f"fast open {address}".encode(), key=secret.encode()[:64], digest_size=COOKIE_OCTETS).digest()


def judge_cookie(tcb: TCB, segment: Segment) -> bool:
    """A SYN has come to LISTEN: see to its Fast Open option; return whether its data may be taken at once.

    A request for a cookie, or a cookie that is wrong, is answered with the right one. A SYN without the
    option, or one that comes to an end with Fast Open off, is a SYN like any other.
    """
    options = segment.options
    if options is None or options.fastopen is None or tcb.remote is None:
        return False
    if tcb.cfg.fast_open not in ("server", "both"):
        return False
    right = cookie_for(tcb.cfg.isn_secret, tcb.remote[0])
    if options.fastopen == right:
        return True
    tcb.fast_cookie = right
    return False


def take_syn_data(tcb: TCB) -> None:
    """Hand the data of the SYN to the user now; the SYN,ACK that follows acknowledges it (RFC 7413 4.2.2)."""
    tcb.fast_opened = True
    tcb.cc = make(tcb.cfg, tcb.snd_mss, False)  # an answer may be sent before the SYN,ACK is acknowledged
    take_held(tcb)
