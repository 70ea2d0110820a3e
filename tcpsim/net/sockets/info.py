"""TCP_INFO: what a connection's endpoint knows of itself, by the names that kernels have for it.

Rule 1. A name is here only if the endpoint knows the value; kernels' other fields are absent, not zero.
Rule 2. Times are microseconds, as in both kernels; segments are counted by the send MSS.
Rule 3. A kernel tells no name that it has not got, though the endpoint knows: the style has those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...tcp.congestion.control import ENDLESS
from ...tcp.diagram import LISTEN
from ...tcp.options import TIMESTAMPS_OCTETS
from ...tcp.sack import DUP_THRESH, lost_below, marked_below
from ...tcp.units import US

if TYPE_CHECKING:
    from ...tcp.endpoint import Endpoint
    from .stream import Socket

TCPI_OPT_TIMESTAMPS: Final = 1
TCPI_OPT_SACK: Final = 2
TCPI_OPT_WSCALE: Final = 4
TCPI_OPT_ECN: Final = 8
INFINITE_SSTHRESH: Final = (1 << 31) - 1
"""What Linux tells of a threshold that no loss has set yet (TCP_INFINITE_SSTHRESH)."""
CA_OPEN, CA_DISORDER, CA_CWR, CA_RECOVERY, CA_LOSS = range(5)
"""Linux's states of congestion control, for `tcpi_ca_state`."""


def tcp_info(sock: Socket) -> dict[str, int]:
    """Return what is known of a socket's connection now; for a socket without one, its state alone."""
    info = {"tcpi_state": sock.style.states.index(sock.state)}
    connection = sock.connection
    if connection is None or sock.state is LISTEN:
        return info
    endpoint = connection.endpoint
    info |= _windows(endpoint)
    info |= _times(endpoint)
    info |= _flights(endpoint, endpoint.snd_mss if sock.style.info_in_segments else 1)
    info["tcpi_options"] = _options(endpoint)
    lacks = sock.style.info_lacks
    return {name: value for name, value in info.items() if name not in lacks}


def _windows(endpoint: Endpoint) -> dict[str, int]:
    return {
        "tcpi_snd_wscale": endpoint.snd_scale,
        "tcpi_rcv_wscale": endpoint.rcv_scale,
        "tcpi_snd_wnd": endpoint.snd_wnd,
        "tcpi_rcv_wnd": endpoint.rcv_wnd,
        "tcpi_rcv_space": endpoint.rcv_buff,
        "tcpi_snd_mss": endpoint.snd_mss,
        "tcpi_pmtu": endpoint.path_mtu,
        "tcpi_advmss": max(_own_mss(endpoint) - TIMESTAMPS_OCTETS * endpoint.ts_ok, 1),
        "tcpi_snd_nxt": endpoint.snd_nxt,
        "tcpi_rcv_nxt": endpoint.rcv_nxt,
    }


def _own_mss(endpoint: Endpoint) -> int:
    """The MSS that our SYN names."""
    mss = endpoint.cfg.mss
    return endpoint.cfg.mtu - endpoint.headers if mss is None else mss


def _times(endpoint: Endpoint) -> dict[str, int]:
    return {
        "tcpi_rto": endpoint.rto // US,
        "tcpi_rtt": max(endpoint.srtt, 0) // US,
        "tcpi_rttvar": max(endpoint.rttvar, 0) // US,
    }


def _flights(endpoint: Endpoint, unit: int) -> dict[str, int]:
    """What is under way; the congestion window and threshold counted in `unit`s of octets."""
    mss = endpoint.snd_mss
    control = endpoint.cc
    if endpoint.in_recovery:
        phase = CA_RECOVERY
    elif endpoint.retransmits:
        phase = CA_LOSS
    else:
        phase = CA_DISORDER if endpoint.dupacks or endpoint.sacked else CA_OPEN
    known = {
        "tcpi_unacked": -(-endpoint.outstanding // mss),
        "tcpi_snd_cwnd": control.cwnd // unit,
        "tcpi_snd_ssthresh": INFINITE_SSTHRESH if control.ssthresh >= ENDLESS else control.ssthresh // unit,
        "tcpi_ca_state": phase,
        "tcpi_retransmits": endpoint.retransmits,
        "tcpi_probes": endpoint.keepalive_probes or endpoint.persist_backoff,
        "tcpi_backoff": max(endpoint.retransmits, endpoint.persist_backoff),
        "tcpi_notsent_bytes": endpoint.unsent,
        "tcpi_reordering": DUP_THRESH,
    }
    return known | _scoreboard(endpoint, mss) if endpoint.sack_ok else known


def _scoreboard(endpoint: Endpoint, mss: int) -> dict[str, int]:
    """What the peer's SACK blocks have told; after a timeout, all that they do not tell of is lost."""
    marked = endpoint.sack_octets
    if endpoint.retransmits:
        lost = endpoint.outstanding - marked
    else:
        limit = lost_below(endpoint)
        lost = limit - endpoint.snd_una - marked_below(endpoint, limit)
    return {"tcpi_sacked": -(-marked // mss), "tcpi_lost": -(-lost // mss)}


def _options(endpoint: Endpoint) -> int:
    """Which options both SYNs had, as bits."""
    return (
        TCPI_OPT_TIMESTAMPS * endpoint.ts_ok
        | TCPI_OPT_SACK * endpoint.sack_ok
        | TCPI_OPT_WSCALE * endpoint.scaling
        | TCPI_OPT_ECN * endpoint.ecn_ok
    )
