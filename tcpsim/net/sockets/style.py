"""What sockets of one kernel do unlike those of another, as data: values with names, no code.

Rule 1. What the protocol does differently is a knob of `tcp.config`; here is only what a call returns.
Rule 2. Nothing asks for the name of a style. STYLES gives a host's profile the style of the same name.

The values are those of the kernels' documented interfaces: Linux's socket(7), tcp(7), connect(2), accept(2),
send(2), poll(2); FreeBSD's setsockopt(2), tcp(4), connect(2), accept(2), listen(2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    State,
)

_BSD_STATES: Final = (
    CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, CLOSING, LAST_ACK, FIN_WAIT_2,
    TIME_WAIT,
)  # fmt: skip
_LINUX_STATES: Final = (
    None, ESTABLISHED, SYN_SENT, SYN_RECEIVED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT, CLOSED, CLOSE_WAIT, LAST_ACK,
    LISTEN, CLOSING,
)  # fmt: skip


_ICMP_ERRORS: Final = (
    *[(kind, "ENETUNREACH") for kind in ("net unreachable", "net unknown", "net tos", "net prohibited", "no route")],
    *[(kind, "EHOSTUNREACH") for kind in ("host unreachable", "host isolated", "host tos", "host prohibited")],
    *[(kind, "EHOSTUNREACH") for kind in ("admin prohibited", "time exceeded", "reassembly time exceeded")],
    *[(kind, "EHOSTUNREACH") for kind in ("beyond scope", "address unreachable")],
    *[(kind, "EACCES") for kind in ("policy failed", "route rejected")],
    *[(kind, "EMSGSIZE") for kind in ("fragmentation needed", "packet too big")],
    ("host unknown", "EHOSTDOWN"),
    ("protocol unreachable", "ENOPROTOOPT"),
    ("port unreachable", "ECONNREFUSED"),
    ("source route failed", "EOPNOTSUPP"),
    ("parameter problem", "EPROTO"),
)
"""What Linux's table of ICMP errors says, which is the finer one."""
_BSD_ICMP_ERRORS: Final = (
    *[(kind, "EHOSTUNREACH" if errno == "ENETUNREACH" else errno) for kind, errno in _ICMP_ERRORS],
    *[(kind, "ECONNREFUSED") for kind in ("protocol unreachable", "admin prohibited", "policy failed")],
    *[(kind, "ECONNREFUSED") for kind in ("net prohibited", "host prohibited", "route rejected")],
)
"""The kernels of BSD know of no networks, and take a prohibition for a refusal."""


_BSD_FLAGS: Final = (
    ("SO_ACCEPTCONN", 0x2), ("SO_REUSEADDR", 0x4), ("SO_KEEPALIVE", 0x8), ("SO_DONTROUTE", 0x10),
    ("SO_BROADCAST", 0x20), ("SO_LINGER", 0x80), ("SO_OOBINLINE", 0x100), ("SO_REUSEPORT", 0x200),
    ("SO_TIMESTAMP", 0x400), ("TCP_NODELAY", 0x4), ("TCP_NOOPT", 0x8), ("TCP_NOPUSH", 0x1000),
)  # fmt: skip
"""Nonzero while it is on, says getsockopt(2): the bit by which the kernel keeps it, of <sys/socket.h> and tcp_var.h."""


@dataclass(frozen=True, slots=True)
class SocketStyle:
    """How the sockets of a host answer.

    Attributes:
        states: the states by the numbers that `tcpi_state` has for them.
        nonblock: the number of O_NONBLOCK.
        reset_errors: the error that a RST leaves, by the state it found; ECONNRESET in any other.
        icmp_errors: the error that each kind of ICMP error stands for.
        pipe_error_first: whether a write after the end of a connection is EPIPE even while the error that ended
            it waits to be told.
        write_unconnected: the error of a write to a socket that was never connected.
        write_waits_to_connect: whether a write to a connecting socket waits; else it is `write_unconnected`.
        write_in_chunks: whether a write is queued in chunks of many segments, and the buffers' limits are asked
            only before a new chunk: the last one may exceed them.
        send_low_water: the least room, in octets, for which a write does not wait and a socket is writable.
        writable_by_thirds: whether a socket is writable only while a third of its buffer is free.
        sendto_connected: the error of naming an address to a connected socket, or None to ignore the address.
        accept_inherits_nonblock: whether a socket that was accepted is non-blocking if the listener is.
        accept_reset: the error of accepting a connection that was reset meanwhile, or None to hand it out.
        backlog_halves: so many halves of the backlog may wait to be accepted, and one more.
        somaxconn: the largest backlog.
        connect_confirms: whether the first `connect` after one that ended with EINPROGRESS tells of its success.
        connect_waits: whether another blocking `connect` joins the one under way; else it is EALREADY.
        connect_listening: the error of `connect` on a listening socket.
        connect_taken: the error of `connect` where that connection exists already.
        reconnect: the error of `connect` after one that failed, or None to try again.
        shutdown_discards: whether what comes after SHUT_RD is thrown away; else it can still be read.
        shutdown_listener: whether SHUT_RD makes a listener stop; else it is ENOTCONN.
        unconnected_events: what `poll` tells of a socket that was never connected.
        error_event: whether `poll` tells of a pending error with POLLERR; else it only is readable and writable.
        answers_as_bound: whether a RST from a bound port bears that socket's TTL and TOS; else the host's own.
        buffer_factor: SO_RCVBUF and SO_SNDBUF tell so many times what was set, which is what can be used.
        buffer_most: the largest value for them (octets).
        buffer_too_large: the error beyond that, or None to take the largest instead.
        buffer_zero: the error for zero, or None to take the least.
        maxseg_least: the least value for TCP_MAXSEG (octets).
        maxseg_new: what TCP_MAXSEG tells of a socket without a connection, over IPv4 and IPv6 (octets).
        maxseg_only_lowers: whether TCP_MAXSEG takes no more than it tells.
        maxseg_whole: whether TCP_MAXSEG tells of a segment as if it carried no timestamps.
        maxseg_zero: whether 0 stands for none.
        maxseg_live: whether TCP_MAXSEG can lower the segment size of a connection under way; else it changes nothing.
        reads_ahead: whether text is the program's the moment it comes, before it is acknowledged: RFC 9293's RECEIVE
            may wait for text (3.10.3), so that it takes no room in the receive buffer; else `read` takes it from there.
        rounds_send_buffer: whether SO_SNDBUF becomes whole segments once their size is known.
        info_in_segments: whether TCP_INFO counts the congestion window in segments; else in octets.
        info_lacks: names that TCP_INFO does not have, though the endpoint knows the value.
        flags_told: the number that an option tells while it is on, where that is not 1; of SO_LINGER its first part.
        calls_newreno_reno: whether TCP_CONGESTION knows NewReno as reno, which then has to be asked for.
        lacks: names of options that this kernel does not have.
    """

    states: tuple[State | None, ...] = _BSD_STATES
    nonblock: int = 0x4
    reset_errors: tuple[tuple[State, str], ...] = ((SYN_RECEIVED, "ECONNREFUSED"),)
    icmp_errors: tuple[tuple[str, str], ...] = _ICMP_ERRORS
    pipe_error_first: bool = False
    write_unconnected: str = "ENOTCONN"
    write_waits_to_connect: bool = True
    write_in_chunks: bool = False
    send_low_water: int = 1
    writable_by_thirds: bool = False
    sendto_connected: str | None = "EISCONN"
    accept_inherits_nonblock: bool = False
    accept_reset: str | None = "ECONNABORTED"
    backlog_halves: int = 2
    somaxconn: int = 4096
    connect_confirms: bool = False
    connect_waits: bool = False
    connect_listening: str = "EOPNOTSUPP"
    connect_taken: str = "EADDRINUSE"
    reconnect: str | None = None
    shutdown_discards: bool = False
    shutdown_listener: bool = False
    unconnected_events: frozenset[str] = frozenset()
    error_event: bool = True
    answers_as_bound: bool = False
    buffer_factor: int = 1
    buffer_most: int = 1 << 30
    buffer_too_large: str | None = None
    buffer_zero: str | None = None
    maxseg_least: int = 1
    maxseg_new: tuple[int, int] = (536, 1220)
    maxseg_only_lowers: bool = False
    maxseg_whole: bool = False
    maxseg_zero: bool = False
    maxseg_live: bool = True
    reads_ahead: bool = False
    rounds_send_buffer: bool = False
    calls_newreno_reno: bool = False
    info_in_segments: bool = True
    info_lacks: frozenset[str] = frozenset()
    flags_told: tuple[tuple[str, int], ...] = ()
    lacks: frozenset[str] = frozenset()


POSIX: Final = SocketStyle()
"""What POSIX says of sockets, where it says something."""

AHEAD: Final = SocketStyle(reads_ahead=True)
"""POSIX's sockets, for programs that always have a RECEIVE outstanding."""

LINUX: Final = SocketStyle(
    states=_LINUX_STATES,
    nonblock=0x800,
    reset_errors=((CLOSE_WAIT, "EPIPE"),),
    write_unconnected="EPIPE",
    write_in_chunks=True,
    writable_by_thirds=True,
    sendto_connected=None,
    accept_reset=None,
    connect_confirms=True,
    connect_waits=True,
    connect_listening="EISCONN",
    connect_taken="EADDRNOTAVAIL",
    shutdown_listener=True,
    unconnected_events=frozenset({"POLLOUT", "POLLHUP"}),
    buffer_factor=2,
    buffer_most=212_992,
    maxseg_least=88,
    maxseg_new=(536, 536),
    maxseg_zero=True,
    maxseg_live=False,
    info_lacks=frozenset({"tcpi_snd_nxt", "tcpi_rcv_nxt"}),
    calls_newreno_reno=True,
    lacks=frozenset({"TCP_NOOPT", "TCP_NOPUSH", "TCP_KEEPINIT", "IP_DONTFRAG", "FIONWRITE", "FIONSPACE"}),
)
"""Linux."""

FREEBSD: Final = SocketStyle(
    icmp_errors=_BSD_ICMP_ERRORS,
    pipe_error_first=True,
    write_waits_to_connect=False,
    send_low_water=2048,
    accept_inherits_nonblock=True,
    backlog_halves=3,
    somaxconn=128,
    reconnect="ECONNREFUSED",
    shutdown_discards=True,
    error_event=False,
    answers_as_bound=True,
    buffer_most=2 * 1024 * 1024,
    buffer_too_large="ENOBUFS",
    buffer_zero="EINVAL",
    maxseg_least=176,
    maxseg_only_lowers=True,
    maxseg_whole=True,
    rounds_send_buffer=True,
    flags_told=_BSD_FLAGS,
    info_in_segments=False,
    info_lacks=frozenset(
        {
            "tcpi_advmss",
            "tcpi_unacked",
            "tcpi_ca_state",
            "tcpi_retransmits",
            "tcpi_probes",
            "tcpi_backoff",
            "tcpi_notsent_bytes",
            "tcpi_reordering",
            "tcpi_sacked",
            "tcpi_lost",
            "tcpi_pmtu",
            "tcpi_rcv_wnd",
        }
    ),
    lacks=frozenset(
        {
            "TCP_CORK",
            "TCP_SYNCNT",
            "TCP_USER_TIMEOUT",
            "TCP_NOTSENT_LOWAT",
            "TCP_INQ",
            "SIOCINQ",
            "SIOCOUTQ",
            "SIOCOUTQNSD",
            "SO_PRIORITY",
            "SO_MARK",
            "SO_BUSY_POLL",
            "SO_DOMAIN",
            "IP_MTU_DISCOVER",
            "IPV6_MTU_DISCOVER",
            "IP_MTU",
        }
    ),
)
"""FreeBSD."""

STYLES: Final[dict[str, SocketStyle]] = {
    "": POSIX,
    "rfc9293": POSIX,
    "plain": POSIX,
    "linux": LINUX,
    "freebsd": FREEBSD,
    "ahead": AHEAD,
}
"""The style of each profile, and `ahead`."""
