"""ICMP errors about a connection (RFC 9293 3.9.2.2): what is believed, and what follows from it.

Rule 1. An error counts only if the segment it quotes could be under way: SND.UNA =< SEG.SEQ < SND.MAX
        (RFC 5927 4.1). Any other is dropped, as is Source Quench (MUST-55).
Rule 2. No soft error ends a connection (MUST-56); the user is told (SHLD-25). A hard one aborts, by
        default only while the connection opens (SHLD-26; RFC 5927 5.2 says why, 3.9.2.2 that others do so).
Rule 3. "Too big" is news about the path, not an error: the segments become smaller, and what is
        outstanding goes out again at once (RFC 1191 6.4, RFC 8201 5.4). It is no sign of congestion.

Not modelled: a connection that waits in SYN-RECEIVED after a passive OPEN is never ended by an error; a path
MTU never grows again (RFC 8201 4 wants ten minutes before that is tried).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import rules as why
from .diagram import SYN_RECEIVED, SYN_SENT, TIME_WAIT, Event
from .ending import delete
from .negotiation import IPV4_HEADERS, set_send_mss
from .send import output, resend_from
from .seqnum import MASK

if TYPE_CHECKING:
    from .tcb import TCB
    from .units import Time

SOFT: Final = frozenset(
    {
        "net unreachable", "host unreachable", "source route failed", "net unknown", "host unknown", "host isolated",
        "net tos", "host tos", "time exceeded", "reassembly time exceeded", "parameter problem", "no route",
        "beyond scope", "address unreachable",
    }
)  # fmt: skip
"""Kinds of error that may pass (RFC 9293 3.9.2.2): of unreachable codes 0, 1, 5 and those since added to them; of
ICMPv6 codes 0 and 3; time exceeded and parameter problem."""
HARD: Final = frozenset(
    {
        "protocol unreachable", "port unreachable", "net prohibited", "host prohibited", "admin prohibited",
        "policy failed", "route rejected",
    }
)  # fmt: skip
"""Kinds of error that will not pass: codes 2 and 3, and the prohibitions of RFC 1812 5.2.7.1 and RFC 4443 3.1."""
TOO_BIG: Final = frozenset({"fragmentation needed", "packet too big"})
"""A datagram was too big for a link (code 4 of ICMP, type 2 of ICMPv6)."""
IGNORED: Final = frozenset({"source quench"})
KINDS: Final = SOFT | HARD | TOO_BIG | IGNORED
"""Every kind of error there is here."""

PLATEAUS: Final = (65_535, 32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68)
"""RFC 1191 7: the MTUs that are met with, for a router that does not tell its own."""
IPV6_MINIMUM_MTU: Final = 1280


class IcmpError:
    """An ICMP or ICMPv6 error message, as far as it concerns TCP, immutable.

    Attributes:
        kind: one of KINDS.
        seq: the sequence number of the segment that it quotes.
        mtu: of a datagram that was too big: the next link's MTU, octets; 0 if the router does not tell.
    """

    __slots__ = ("kind", "mtu", "seq")

    def __init__(self, kind: str, seq: int, mtu: int = 0) -> None:
        if kind not in KINDS:
            raise ValueError(f"expected a kind of ICMP error ({', '.join(sorted(KINDS))}), not {kind!r}")
        self.kind = kind
        self.seq = seq & MASK
        self.mtu = mtu

    def __eq__(self, other: object) -> bool:
        mine = (self.kind, self.seq, self.mtu)
        return isinstance(other, IcmpError) and mine == (other.kind, other.seq, other.mtu)

    def __hash__(self) -> int:
        return hash((self.kind, self.seq, self.mtu))

    def __repr__(self) -> str:
        return f"<ICMP {self.kind} SEQ={self.seq}{f' MTU={self.mtu}' if self.mtu else ''}>"


def icmp_arrives(tcb: TCB, now: Time, error: IcmpError) -> None:
    """Process an ICMP error whose quoted addresses and ports are this connection's."""
    state = tcb.state
    if error.kind in IGNORED or not (state.both_syns or state is SYN_SENT) or state is TIME_WAIT:
        return
    if (error.seq - tcb.snd_una) & MASK >= tcb.outstanding:
        return
    if error.kind in TOO_BIG and tcb.cfg.path_mtu_discovery:
        _too_big(tcb, now, error.mtu)
    elif _aborts(tcb, error.kind):
        delete(tcb, Event.ABORT, why.ICMP_ABORTS, "", "connection reset")
        tcb.signal("destination unreachable", why.ICMP_ABORTS, error.kind)
    else:
        tcb.signal("network error", why.ICMP_SOFT, error.kind)


def _aborts(tcb: TCB, kind: str) -> bool:
    """Return whether an error of this kind ends the connection: by its kind, the state and the knobs."""
    opening = tcb.state is SYN_SENT or tcb.state is SYN_RECEIVED
    if opening and tcb.passive:
        return False
    if kind in SOFT:
        return opening and tcb.cfg.icmp_soft_aborts_open
    policy = tcb.cfg.icmp_hard_errors  # "fragmentation needed" is a hard error where no path MTU is discovered
    return policy == "always" or (policy == "unsynchronized" and opening)


def _too_big(tcb: TCB, now: Time, mtu: int) -> None:
    """Lower the path MTU, and with it Eff.snd.MSS, and send what is outstanding again in segments that fit.

    A value no lower than the present one tells nothing that could be true; over IPv4, one below the least that is
    believed counts as that (RFC 1191 3).
    """
    if tcb.headers != IPV4_HEADERS and mtu < IPV6_MINIMUM_MTU:
        return  # RFC 8201 4: such a message must be discarded
    if not mtu:
        mtu = next((plateau for plateau in PLATEAUS if plateau < tcb.path_mtu), PLATEAUS[-1])
    least = tcb.cfg.path_mtu_min if tcb.headers == IPV4_HEADERS else max(tcb.cfg.path_mtu_min, IPV6_MINIMUM_MTU)
    mtu = max(mtu, least)
    if mtu >= tcb.path_mtu:
        return
    tcb.path_mtu = mtu
    set_send_mss(tcb)
    tcb.cc.resized(tcb.snd_mss)
    tcb.signal("path mtu", why.PATH_MTU_LOWERED, f"{mtu}")
    if tcb.syn_acked and tcb.snd_wnd:
        # All that is outstanding may have been too big. RFC 6582's `recover` keeps the duplicate ACKs that this
        # may cause from being taken for a loss.
        if tcb.in_recovery and not tcb.sack_ok:
            tcb.cc.leave_recovery(tcb.outstanding)  # what duplicate ACKs have inflated ends with it
        tcb.dupacks = tcb.in_recovery = tcb.high_rxt = tcb.rescue_rxt = 0
        tcb.recover = tcb.snd_max
        tcb.sent_at = now
        limit = min(tcb.snd_mss, tcb.sacked[0] - tcb.snd_una) if tcb.sacked else tcb.snd_mss
        tcb.rexmit_nxt = resend_from(tcb, tcb.snd_una, limit, why.PATH_MTU_LOWERED)
        tcb.resending = tcb.rexmit_nxt != tcb.recover
        output(tcb, now)
