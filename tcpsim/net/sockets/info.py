"""TCP_INFO: what a connection's endpoint knows of itself, by the names that kernels have for it.

Rule 1. A name is here only if the endpoint knows the value; kernels' other fields are absent, not zero.
Rule 2. Times are microseconds, as in both kernels; segments are counted by the send MSS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...tcp.diagram import LISTEN
from ...tcp.units import US

if TYPE_CHECKING:
    from ...tcp.endpoint import Endpoint
    from .stream import Socket

TCPI_OPT_TIMESTAMPS: Final = 1
TCPI_OPT_SACK: Final = 2
TCPI_OPT_WSCALE: Final = 4
TCPI_OPT_ECN: Final = 8
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
    info |= _flights(endpoint)
    info["tcpi_options"] = _options(endpoint)
    return info


def _windows(endpoint: Endpoint) -> dict[str, int]:
    return {
        "tcpi_snd_wscale": endpoint.snd_scale,
        "tcpi_rcv_wscale": endpoint.rcv_scale,
        "tcpi_snd_wnd": endpoint.snd_wnd,
        "tcpi_rcv_wnd": endpoint.rcv_wnd,
        "tcpi_rcv_space": endpoint.rcv_buff,
        "tcpi_snd_mss": endpoint.snd_mss,
        "tcpi_pmtu": endpoint.path_mtu,
        "tcpi_snd_nxt": endpoint.snd_nxt,
        "tcpi_rcv_nxt": endpoint.rcv_nxt,
    }


def _times(endpoint: Endpoint) -> dict[str, int]:
    return {
        "tcpi_rto": endpoint.rto // US,
        "tcpi_rtt": max(endpoint.srtt, 0) // US,
        "tcpi_rttvar": max(endpoint.rttvar, 0) // US,
    }


def _flights(endpoint: Endpoint) -> dict[str, int]:
    mss = endpoint.snd_mss
    flight = (endpoint.snd_nxt - endpoint.snd_una) & 0xFFFF_FFFF
    control = endpoint.cc
    if endpoint.in_recovery:
        phase = CA_RECOVERY
    elif endpoint.retransmits:
        phase = CA_LOSS
    else:
        phase = CA_DISORDER if endpoint.dupacks else CA_OPEN
    return {
        "tcpi_unacked": -(-flight // mss),
        "tcpi_snd_cwnd": control.cwnd // mss,
        "tcpi_snd_ssthresh": control.ssthresh // mss,
        "tcpi_ca_state": phase,
        "tcpi_retransmits": endpoint.retransmits,
        "tcpi_probes": endpoint.keepalive_probes or endpoint.persist_backoff,
        "tcpi_backoff": max(endpoint.retransmits, endpoint.persist_backoff),
        "tcpi_notsent_bytes": endpoint.unsent,
    }


def _options(endpoint: Endpoint) -> int:
    """Which options both SYNs had, as bits."""
    return (
        TCPI_OPT_TIMESTAMPS * endpoint.ts_ok
        | TCPI_OPT_SACK * endpoint.sack_ok
        | TCPI_OPT_WSCALE * endpoint.scaling
        | TCPI_OPT_ECN * endpoint.ecn_ok
    )
