"""What `sysctl` sets: the system variables that scripts write, and the knobs that they stand for.

Rule 1. A variable stands in the table with what it does here; a variable that doesn't is not run, whatever its value.
Rule 2. A variable without an effect on what tcpsim models stands in the table too, with the reason. One that would
        have an effect which tcpsim doesn't model is run with two values only: its system's default, for that changes
        nothing, and the one that turns off what tcpsim doesn't have.
Rule 3. A variable takes effect when the system reads it: when a socket is made, when a connection begins, or at each
        use.

FreeBSD's variables are those of tcp(4), syncache(4), blackhole(4), inet(4) and the descriptions that `sysctl -d`
prints; Linux's those of Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from ..tcp.config import KNOBS, KnobError, checked
from ..tcp.units import MS, SECOND, US

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.config import Config

    Values = dict[str, str]
    Effect = Callable[[str, "Values"], dict[str, Any]]


class Unknown(Exception):
    """A variable that the table lacks, or a value that it can't have; the message is the reason."""


class Read(Enum):
    """When the system reads a variable."""

    SOCKET = auto()
    """When a socket is made."""
    CONNECTION = auto()
    """When a connection begins, by connect() or by the SYN that a listener takes."""
    USE = auto()
    """Whenever it matters: existing connections obey it at once."""
    NEVER = auto()
    """It changes nothing here."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One system variable.

    Attributes:
        doc: what it does on its system, in a sentence; of one without an effect here, why.
        read: when it takes effect.
        effect: the knobs for a value, given all values that were set so far; None without effect.
        harmless: of a variable without effect, the values for which that is true; None for every value.
        departure: whether it makes its system depart from the RFC, so that a script which asks what the RFC says
            (`#ifdef STANDARD`) expects nothing of it.
    """

    doc: str
    read: Read = Read.NEVER
    effect: Effect | None = None
    harmless: frozenset[str] | None = None
    departure: bool = False


MAX_UNSCALED: Final = 65_535
NO_LIMIT: Final = 1_000_000
"""As many challenge ACKs as the knob can say."""
MOST_DIGITS: Final = 20
"""More than a number of 64 bits has."""


def _number(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > MOST_DIGITS:
        raise Unknown(f"expected a number, not {value[:MOST_DIGITS]!r}")
    return int(value)


def _set(name: str, scale: int = 1) -> Effect:
    """A number of units that are `scale` of the knob's."""
    return lambda value, _values: {name: _number(value) * scale}


def _flag(name: str, *, inverted: bool = False) -> Effect:
    return lambda value, _values: {name: bool(_number(value)) is not inverted}


def _either(name: str, off: Any, on: Any) -> Effect:
    """0 is one value of a knob, every other number another."""
    return lambda value, _values: {name: on if _number(value) else off}


def _word(name: str, *words: str) -> Effect:
    """A number that chooses among words."""

    def effect(value: str, _values: Values) -> dict[str, Any]:
        if not 0 <= _number(value) < len(words):
            raise Unknown(f"tcpsim knows only the values 0 to {len(words) - 1}")
        return {name: words[_number(value)]}

    return effect


def _only(doc: str, *values: str) -> Variable:
    """A variable that tcpsim doesn't model: with its default, or what comes to the same, nothing changes."""
    return Variable(doc, harmless=frozenset(values))


# ------------------------------------------------------------------ FreeBSD


def _delayed(_value: str, values: Values) -> dict[str, Any]:
    """delayed_ack and delacktime together."""
    on = _number(values.get("net.inet.tcp.delayed_ack", "1"))
    return {"delayed_ack": _number(values.get("net.inet.tcp.delacktime", "40")) * MS if on else 0}


def _high_performance(_value: str, values: Values) -> dict[str, Any]:
    """rfc1323 and maxsockbuf together: the scale is the least with which the window covers the largest buffer."""
    extensions = _number(values.get("net.inet.tcp.rfc1323", "1"))
    largest = _number(values.get("kern.ipc.maxsockbuf", "2097152"))
    if not 0 <= extensions <= 3:
        raise Unknown("tcpsim knows only the values 0 to 3")
    scale = next((s for s in range(14) if MAX_UNSCALED << s >= largest), 14)
    return {"window_scale": scale if extensions in (1, 2) else None, "timestamps": extensions in (1, 3)}


def _fin_wait_2(_value: str, values: Values) -> dict[str, Any]:
    """fast_finwait2_recycle and finwait2_timeout together; without, as long as eight keep-alive probes would take."""
    fast = _number(values.get("net.inet.tcp.fast_finwait2_recycle", "0"))
    timeout = _number(values.get("net.inet.tcp.finwait2_timeout", "60000"))
    return {"fin_wait_2_timeout": (timeout if fast else 600_000) * MS}


FREEBSD: Final[dict[str, Variable]] = {
    "net.inet.tcp.rfc1323": Variable(
        "window scaling and timestamps: 0 neither, 1 both, 2 window scaling, 3 timestamps", Read.CONNECTION,
        _high_performance,
    ),
    "kern.ipc.maxsockbuf": Variable(
        "the largest socket buffer; the window scale is chosen so that it could be offered", Read.CONNECTION,
        _high_performance,
    ),
    "net.inet.tcp.sack.enable": Variable("selective acknowledgments (RFC 2018)", Read.CONNECTION, _flag("sack")),
    "net.inet.tcp.ecn.enable": Variable(
        "0 off, 1 ask for ECN and grant it, 2 only grant it", Read.CONNECTION, _word("ecn", "off", "on", "passive")
    ),
    "net.inet.tcp.ecn.maxretries": Variable(
        "how many retransmitted SYNs still ask for ECN", Read.CONNECTION, _set("ecn_syn_retries")
    ),
    "net.inet.tcp.tolerate_missing_ts": Variable(
        "take segments without timestamps where they were agreed on", Read.USE,
        _either("missing_timestamps", "drop", "accept"),
    ),
    "net.inet.tcp.recvspace": Variable("the receive buffer of a new socket", Read.SOCKET, _set("rcv_buff")),
    "net.inet.tcp.sendspace": Variable("the send buffer of a new socket", Read.SOCKET, _set("snd_buff")),
    "net.inet.tcp.insecure_rst": Variable(
        "RFC 793's check of RST segments in place of RFC 5961's", Read.USE, _flag("challenge_rst", inverted=True)
    ),
    "net.inet.tcp.insecure_syn": Variable(
        "RFC 793's check of SYN segments in place of RFC 5961's", Read.USE, _flag("challenge_syn", inverted=True)
    ),
    "net.inet.tcp.insecure_ack": Variable(
        "RFC 793's check of SEG.ACK in place of RFC 5961's", Read.USE, _flag("challenge_ack", inverted=True)
    ),
    "net.inet.tcp.drop_synfin": Variable(
        "drop segments with both SYN and FIN", Read.USE,
        _either("drop_syn_fin", "never", "always"), departure=True,
    ),
    "net.inet.tcp.delacktime": Variable("how long an ACK may be delayed (ms)", Read.USE, _delayed),
    "net.inet.tcp.delayed_ack": Variable("delayed ACKs", Read.USE, _delayed),
    "net.inet.tcp.ack_war_cnt": Variable(
        "how many challenge ACKs are sent in ack_war_timewindow; 0: any number", Read.USE,
        lambda value, _values: {"challenge_ack_limit": min(_number(value), NO_LIMIT) or NO_LIMIT},
    ),
    "net.inet.tcp.ack_war_timewindow": Variable(
        "the period of ack_war_cnt (ms)", Read.USE, _set("challenge_ack_period", MS)
    ),
    "net.inet.tcp.msl": Variable("the maximum segment lifetime (ms)", Read.USE, _set("msl", MS)),
    "net.inet.tcp.rfc3042": Variable("limited transmit", Read.USE, _flag("limited_transmit")),
    "net.inet.tcp.initcwnd_segments": Variable(
        "the initial window in segments (RFC 6928); 0: RFC 5681's", Read.CONNECTION,
        lambda value, _values: {"initial_window": _number(value) or None},
    ),
    "net.inet.tcp.path_mtu_discovery": Variable("path MTU discovery", Read.USE, _flag("path_mtu_discovery")),
    "net.inet.tcp.rexmit_initial": Variable(
        "the RTO before any measurement (ms)", Read.CONNECTION, _set("rto_initial", MS)
    ),
    "net.inet.tcp.rexmit_min": Variable("the least RTO (ms)", Read.USE, _set("rto_min", MS)),
    "net.inet.tcp.rexmit_slop": Variable("what is added to each RTO (ms)", Read.USE, _set("rto_slop", MS)),
    "net.inet.tcp.rexmit_drop_options": Variable(
        "from the third retransmission of a SYN on, send it without options", Read.USE,
        _either("drop_options_after", None, 3),
    ),
    "net.inet.tcp.keepinit": Variable(
        "how long a connection may take to open (ms)", Read.SOCKET, _set("connect_timeout", MS)
    ),
    "net.inet.tcp.keepidle": Variable(
        "how long idle before the first keep-alive probe (ms)", Read.SOCKET, _set("keepalive_idle", MS)
    ),
    "net.inet.tcp.keepintvl": Variable("time between probes (ms)", Read.SOCKET, _set("keepalive_interval", MS)),
    "net.inet.tcp.keepcnt": Variable("how many keep-alive probes", Read.SOCKET, _set("keepalive_count")),
    "net.inet.tcp.always_keepalive": Variable("keep-alive on every connection", Read.SOCKET, _flag("keepalive")),
    "net.inet.tcp.blackhole": _only("whether segments for closed ports go unanswered: they are answered here", "0"),
    "net.inet.tcp.hostcache.purgenow": Variable("empties the host cache: there is none, nothing outlives a connection"),
    "net.inet.tcp.hostcache.purge": Variable("empties the host cache later: there is none"),
    "net.inet.tcp.hostcache.enable": Variable("the host cache: there is none"),
    "net.inet.tcp.hostcache.expire": Variable("the host cache's lifetime: there is none"),
    "net.inet.tcp.hostcache.prune": Variable("the host cache's care: there is none"),
    "net.inet.tcp.syncookies": Variable("SYN cookies for when the SYN cache overflows: it never does here"),
    "net.inet.tcp.syncookies_only": _only("SYN cookies in place of the SYN cache: they lose what the SYN said", "0"),
    "net.inet.tcp.syncache.rst_on_sock_fail": Variable("a RST where a connection can't be made for want of memory"),
    "net.inet.tcp.log_in_vain": Variable("log messages"),
    "net.inet.tcp.log_debug": Variable("log messages"),
    "net.inet.tcp.log_on_exit": Variable("log messages"),
    "net.inet.tcp.functions_default": _only("which stack is used: tcpsim models the one called freebsd", "freebsd"),
    "net.inet.tcp.tso": Variable("segmentation offload, which the tunnel of packetdrill doesn't have"),
    "net.inet.tcp.isn_reseed_interval": Variable("how often the ISN generator's secret changes"),
    "net.inet.tcp.ts_offset_per_conn": Variable("where a connection's timestamps begin: a script maps them"),
    "net.inet.tcp.nolocaltimewait": Variable("TIME-WAIT among local addresses, which scripts don't have"),
    "net.inet.tcp.recvbuf_auto": _only("a receive buffer that grows by itself: it is fixed", "0"),
    "net.inet.tcp.sendbuf_auto": _only("a send buffer that grows by itself: it is fixed", "0"),
    "net.inet.tcp.recvbuf_max": Variable("a bound of buffers that grow by themselves: they don't"),
    "net.inet.tcp.sendbuf_max": Variable("a bound of buffers that grow by themselves: they don't"),
    "net.inet.tcp.reass.maxqueuelen": Variable("a bound on segments beyond a hole, which tcpsim doesn't count"),
    "net.inet.tcp.reass.maxsegments": Variable("a bound on segments beyond a hole, which tcpsim doesn't count"),
    "net.inet.tcp.icmp_may_rst": Variable(
        "whether ICMP may end a connection that is being opened", Read.USE,
        _either("icmp_hard_errors", "never", "unsynchronized"),
    ),
    "net.inet.tcp.cc.algorithm": Variable(
        "the congestion control of a new socket", Read.SOCKET, lambda value, _values: {"congestion": value}
    ),
    "net.inet.tcp.cc.abe": _only("a milder answer to ECN (RFC 8511)", "0"),
    "net.inet.tcp.rfc3390": _only("a larger initial window (RFC 3390), where initcwnd_segments is 0", "1"),
    "net.inet.tcp.rfc3465": _only("appropriate byte counting (RFC 3465)", "1"),
    "net.inet.tcp.abc_l_var": _only("by how many segments an ACK opens the window in slow start (RFC 3465)", "2"),
    "net.inet.tcp.rfc6675_pipe": _only("how what is in flight is counted (RFC 6675)", "1"),
    "net.inet.tcp.do_prr": _only("proportional rate reduction (RFC 6937)", "1"),
    "net.inet.tcp.do_prr_conservative": _only("the more conservative bound of RFC 6937", "0"),
    "net.inet.tcp.do_lrd": _only("detection of lost retransmissions", "1"),
    "net.inet.tcp.sack.revised": _only("RFC 6675's revision of RFC 3517", "1"),
    "net.inet.tcp.sack.lrd": _only("detection of lost retransmissions", "1"),
    "net.inet.tcp.sack.maxholes": _only("a bound on the scoreboard of a connection", "128"),
    "net.inet.tcp.sack.globalmaxholes": _only("a bound on all scoreboards", "65536"),
    "net.inet.tcp.mssdflt": _only("the MSS of a peer that names none, over IPv4", "536"),
    "net.inet.tcp.v6mssdflt": _only("the MSS of a peer that names none, over IPv6", "1220"),
    "net.inet.tcp.minmss": _only("the least MSS that a peer may name", "216"),
    "net.inet.tcp.pmtud_blackhole_detection": _only("detection of routers that keep silent about the MTU", "0"),
    "net.inet.tcp.fast_finwait2_recycle": Variable(
        "after close() end FIN-WAIT-2 after finwait2_timeout, and not after ten minutes", Read.USE, _fin_wait_2
    ),
    "net.inet.tcp.finwait2_timeout": Variable(
        "with fast_finwait2_recycle: how long FIN-WAIT-2 lasts after close() (ms)", Read.USE, _fin_wait_2
    ),
    "net.inet.tcp.maxunacktime": _only("a bound on how long data goes unacknowledged", "0"),
    "net.inet.tcp.persmin": _only("the least time between window probes (ms)", "5000"),
    "net.inet.tcp.persmax": _only("the longest time between window probes (ms)", "60000"),
    "net.inet.tcp.retries": _only("how often a segment is sent again", "12"),
    "net.inet.tcp.udp_tunneling_port": _only("TCP in UDP", "0"),
    "net.inet.tcp.fastopen.client_enable": _only("Fast Open (RFC 7413), which its sockets don't have", "0"),
    "net.inet.tcp.fastopen.server_enable": _only("Fast Open (RFC 7413), which its sockets don't have", "0"),
    "net.inet.tcp.syncache.rexmtlimit": Variable(
        "how often a SYN,ACK is sent again", Read.USE, _set("synack_retries")
    ),
    "net.inet.ip.ttl": _only("the TTL of what is sent", "64"),
    "net.inet6.ip6.hlim": _only("the hop limit of what is sent", "64"),
    "net.inet.icmp.icmplim": Variable("how many RSTs and ICMP messages a second: scripts stay below"),
    "kern.ipc.soacceptqueue": Variable("the longest accept queue: scripts stay below"),
}  # fmt: skip
"""FreeBSD's variables."""


# ------------------------------------------------------------------ Linux


def _memory(name: str) -> Effect:
    """tcp_rmem and tcp_wmem are three numbers: least, first, greatest; a new socket has the middle one."""

    def effect(value: str, _values: Values) -> dict[str, Any]:
        numbers = [_number(number) for number in value.split()]
        if len(numbers) != 3:
            raise Unknown("expected three numbers: least, first and greatest")
        return {name: numbers[1]}

    return effect


LEAST_RTO: Final = 200
"""TCP_RTO_MIN (ms), from which Linux counts the time that retransmissions take."""
_GREATEST_RTO: Final = 120_000


def _retries(value: str, _values: Values) -> dict[str, Any]:
    """tcp_retries2 is meant as a time: that of so many timeouts, each twice as long, from 200 ms up to 120 s."""
    retries = _number(value)
    if not 0 <= retries <= 255:
        raise Unknown("expected a number from 0 to 255")
    return {"r2": sum(min(LEAST_RTO << n, _GREATEST_RTO) for n in range(retries + 1)) * MS}


def _least_rto(value: str, _values: Values) -> dict[str, Any]:
    """Linux bounds not only the RTO, but its variance term, which is more."""
    return {name: _number(value) * US for name in ("rto_min", "rto_granularity")}


_SEGMENTATION: Final = "how segments are gathered for segmentation offload: the joining of packets makes up for it"

LINUX: Final[dict[str, Variable]] = {
    "net.ipv4.tcp_sack": Variable("selective acknowledgments (RFC 2018)", Read.CONNECTION, _flag("sack")),
    "net.ipv4.tcp_dsack": Variable("duplicate SACK (RFC 2883)", Read.USE, _flag("dsack")),
    "net.ipv4.tcp_timestamps": Variable(
        "timestamps: 0 off, 1 with a random offset, 2 without", Read.CONNECTION, _flag("timestamps")
    ),
    "net.ipv4.tcp_window_scaling": Variable(
        "window scaling (RFC 7323)", Read.CONNECTION,
        lambda value, _values: {} if _number(value) else {"window_scale": None},
    ),
    "net.ipv4.tcp_ecn": Variable(
        "0 off, 1 ask for ECN and grant it, 2 only grant it", Read.CONNECTION, _word("ecn", "off", "on", "passive")
    ),
    "net.ipv4.tcp_rmem": Variable("the receive buffer: least, first, greatest", Read.SOCKET, _memory("rcv_buff")),
    "net.ipv4.tcp_wmem": Variable("the send buffer: least, first, greatest", Read.SOCKET, _memory("snd_buff")),
    "net.ipv4.tcp_syn_retries": Variable("how often a SYN is sent again", Read.USE, _set("syn_retries")),
    "net.ipv4.tcp_syn_linear_timeouts": Variable(
        "how many timeouts of a SYN do not double the RTO", Read.USE, _set("syn_linear_timeouts")
    ),
    "net.ipv4.tcp_synack_retries": Variable("how often a SYN,ACK is sent again", Read.USE, _set("synack_retries")),
    "net.ipv4.tcp_retries2": Variable(
        "how often a segment is sent again, as the time that so many timeouts from 200 ms on take", Read.USE, _retries
    ),
    "net.ipv4.tcp_pingpong_thresh": Variable(
        "how many answers make a connection interactive, so that ACKs wait for them", Read.USE, _set("pingpong")
    ),
    "net.ipv4.tcp_invalid_ratelimit": Variable(
        "how seldom what is not acceptable is answered (ms); 0: always", Read.USE,
        lambda value, _values: {
            "challenge_ack_limit": 1 if _number(value) else 1_000_000,
            "challenge_ack_period": (_number(value) or 1) * MS,
        },
    ),
    "net.ipv4.tcp_rto_min_us": Variable("the least RTO (microseconds)", Read.CONNECTION, _least_rto),
    "net.ipv4.tcp_rto_max_ms": Variable("the greatest RTO (ms)", Read.CONNECTION, _set("rto_max", MS)),
    "net.ipv4.tcp_keepalive_time": Variable(
        "how long idle before the first keep-alive probe (s)", Read.USE, _set("keepalive_idle", SECOND)
    ),
    "net.ipv4.tcp_keepalive_intvl": Variable("time between probes (s)", Read.USE, _set("keepalive_interval", SECOND)),
    "net.ipv4.tcp_keepalive_probes": Variable("how many probes", Read.USE, _set("keepalive_count")),
    "net.ipv4.tcp_rfc1337": Variable("ignore a RST in TIME-WAIT", Read.USE, _flag("time_wait_ignores_rst")),
    "net.ipv4.tcp_slow_start_after_idle": Variable("restart after an idle RTO", Read.USE, _flag("idle_restart")),
    "net.ipv4.tcp_congestion_control": Variable(
        "the congestion control of a new socket; reno is newreno here", Read.SOCKET,
        lambda value, _values: {"congestion": "newreno" if value == "reno" else value},
    ),
    "net.ipv4.tcp_min_tso_segs": Variable(_SEGMENTATION),
    "net.ipv4.tcp_tso_win_divisor": Variable(_SEGMENTATION),
    "net.ipv4.tcp_limit_output_bytes": Variable("how much waits below TCP: nothing does here"),
    "net.ipv4.tcp_autocorking": Variable(
        "gathering of small writes while packets wait below TCP: nothing does here"
    ),
    "net.ipv4.tcp_no_metrics_save": Variable("metrics that outlive a connection: none do"),
    "net.ipv4.tcp_no_ssthresh_metrics_save": Variable("metrics that outlive a connection: none do"),
    "net.ipv4.tcp_moderate_rcvbuf": Variable("buffers that grow by themselves: rcv_buff is fixed"),
    "net.ipv4.tcp_syncookies": _only("SYN cookies for when the backlog overflows: it never does", "0", "1"),
    "net.ipv4.tcp_abort_on_overflow": Variable("a RST where the accept queue overflows: it never does"),
    "net.ipv4.tcp_adv_win_scale": _only("which share of a buffer is window", "1"),
    "net.ipv4.tcp_app_win": _only("which share of a buffer is window", "31"),
    "net.ipv4.tcp_base_mss": _only("where the search for the path MTU begins", "1024"),
    "net.ipv4.tcp_mtu_probing": _only("a search for the path MTU by probes (RFC 4821)", "0"),
    "net.ipv4.tcp_min_snd_mss": _only("the least MSS that a peer may name", "48"),
    "net.ipv4.tcp_comp_sack_delay_ns": _only("SACKs held back to join others (ns)", "0", "1000000"),
    "net.ipv4.tcp_comp_sack_nr": _only("how many SACKs are held back to join others", "0", "44"),
    "net.ipv4.tcp_early_retrans": _only("tail loss probes (RFC 8985 7)", "0", "3"),
    "net.ipv4.tcp_recovery": _only("RACK (RFC 8985)", "0", "1"),
    "net.ipv4.tcp_fack": _only("forward acknowledgment, which Linux no longer has", "0", "1"),
    "net.ipv4.tcp_frto": _only("detection of spurious timeouts (RFC 5682)", "0", "2"),
    "net.ipv4.tcp_reordering": _only("how many duplicate ACKs mean a loss", "3"),
    "net.ipv4.tcp_thin_linear_timeouts": _only("linear timeouts of thin streams", "0"),
    "net.ipv4.tcp_retries1": _only("when a loss is suspected to be the route's", "3"),
    "net.ipv4.tcp_orphan_retries": _only("how often a segment is sent again after close()", "0"),
    "net.ipv4.tcp_fin_timeout": Variable(
        "how long FIN-WAIT-2 lasts after close() (s)", Read.USE, _set("fin_wait_2_timeout", SECOND)
    ),
    "net.ipv4.tcp_fastopen": _only("Fast Open (RFC 7413), which its sockets don't have", "0", "1"),
    "net.ipv4.tcp_notsent_lowat": _only("how much may wait unsent, unless a socket says it", "4294967295", "-1"),
    "net.ipv4.tcp_tw_reuse": _only("an earlier new use of a port in TIME-WAIT by connect()", "0", "2"),
    "net.ipv4.tcp_stdurg": _only("where the urgent pointer points", "0"),
    "net.ipv4.tcp_ecn_fallback": _only("a SYN without ECN after one that was lost", "1"),
    "net.ipv4.tcp_shrink_window": _only("whether a window may shrink", "0"),
    "net.ipv4.tcp_reflect_tos": _only("a TOS like the peer's", "0"),
    "net.ipv4.ip_default_ttl": _only("the TTL of what is sent", "64"),
    "net.ipv4.ip_local_port_range": Variable("where ephemeral ports begin and end: a script maps them"),
    "net.ipv4.tcp_mem": Variable("memory of all sockets together: there is always enough"),
    "net.ipv4.tcp_max_tw_buckets": Variable("a bound on connections in TIME-WAIT: scripts stay below"),
    "net.ipv4.tcp_allowed_congestion_control": Variable("which congestion controls a user may choose"),
    "net.ipv4.tcp_challenge_ack_limit": Variable(
        "how many challenge ACKs all connections together send in a second: one is bound by tcp_invalid_ratelimit"
    ),
    "net.ipv4.tcp_ecn_option": _only("the options of Accurate ECN (RFC 9768), which tcpsim doesn't have", "0"),
    "net.ipv4.tcp_ecn_option_beacon": Variable("the options of Accurate ECN (RFC 9768), which tcpsim doesn't have"),
    "net.ipv4.tcp_backlog_ack_defer": Variable("ACKs of what queues up while the user holds the socket: nothing does"),
    "net.ipv4.tcp_max_orphans": Variable("a bound on connections that nobody holds: scripts stay below"),
    "net.ipv4.tcp_max_reordering": Variable("a bound of tcp_reordering, which doesn't grow here"),
    "net.ipv4.tcp_max_ssthresh": Variable("limited slow start, which Linux no longer has"),
    "net.ipv4.tcp_low_latency": Variable("an option without effect since Linux 4.14"),
    "net.ipv4.tcp_available_congestion_control": Variable("which congestion controls there are"),
    "net.ipv4.tcp_comp_sack_slack_ns": Variable("how exact the timer of tcp_comp_sack_delay_ns is"),
    "net.ipv4.tcp_comp_sack_rtt_percent": Variable("a bound of tcp_comp_sack_delay_ns"),
    "net.ipv4.tcp_retrans_collapse": _only("small segments that are joined as they are sent again", "0"),
    "net.ipv4.tcp_workaround_signed_windows": _only("windows of 32 kB to peers without window scaling", "0"),
    "net.ipv4.tcp_plb_enabled": _only("path changes for the sake of load (PLB)", "0"),
    "net.ipv4.tcp_migrate_req": Variable("connections that outlive their listener: scripts have one process"),
    "net.ipv4.tcp_child_ehash_entries": Variable("the size of a table"),
    "net.ipv4.tcp_ehash_entries": Variable("the size of a table"),
    "net.ipv4.tcp_fwmark_accept": Variable("marks of packets, which do nothing here"),
    "net.ipv4.tcp_l3mdev_accept": Variable("VRF domains, which scripts don't have"),
    "net.ipv4.tcp_probe_interval": Variable("when the search for the path MTU begins anew: see tcp_mtu_probing"),
    "net.ipv4.tcp_probe_threshold": Variable("when the search for the path MTU ends: see tcp_mtu_probing"),
    "net.ipv4.tcp_mtu_probe_floor": Variable("the least that the search for the path MTU tries: see tcp_mtu_probing"),
    "net.ipv4.tcp_fastopen_key": Variable("the key of Fast Open's cookies: see tcp_fastopen"),
    "net.ipv4.tcp_fastopen_blackhole_timeout_sec": Variable("when Fast Open is tried again: see tcp_fastopen"),
    "net.ipv4.tcp_thin_dupack": Variable("an option without effect since Linux 4.11"),
    "net.ipv4.tcp_tw_recycle": Variable("an option that Linux no longer has since 4.12"),
    "net.ipv4.tcp_tw_reuse_delay": Variable("a bound of tcp_tw_reuse, which comes to nothing for one connection"),
    "net.ipv4.tcp_tso_rtt_log": Variable(_SEGMENTATION),
    "net.ipv4.ip_no_pmtu_disc": Variable(
        "path MTU discovery off", Read.USE, _flag("path_mtu_discovery", inverted=True)
    ),
    "net.ipv4.tcp_pacing_ss_ratio": Variable("pacing, which tcpsim doesn't model: off unless a socket asks for it"),
    "net.ipv4.tcp_pacing_ca_ratio": Variable("pacing, which tcpsim doesn't model: off unless a socket asks for it"),
    "net.ipv4.tcp_max_syn_backlog": Variable("a bound on half-open connections: scripts stay below"),
    "net.core.somaxconn": Variable("the longest accept queue: scripts stay below"),
    "net.core.default_qdisc": Variable("queueing below TCP: there is none"),
}  # fmt: skip
"""Linux's variables."""

VARIABLES: Final = {**FREEBSD, **LINUX}


def canonical(key: str) -> str:
    """Return a variable's name with dots: `/proc/sys/net/ipv4/tcp_sack` and `net/ipv4/tcp_sack` are the same."""
    key = key.removeprefix("/proc/sys/")
    return key.replace("/", ".") if "/" in key else key


def effect_of(key: str, value: str, values: Values, *, standard: bool = False) -> tuple[Read, dict[str, Any]]:
    """Return when a value takes effect and the knobs that it sets; `values` holds it and all that were set before.

    By the `standard`, no system departs from the RFC.

    Raises Unknown for a variable that isn't in the table, or a value that tcpsim can't follow.
    """
    variable = VARIABLES.get(key)
    if variable is None:
        raise Unknown("tcpsim doesn't know this variable")
    if variable.effect is None:
        if variable.harmless is not None and value not in variable.harmless:
            raise Unknown(f"tcpsim doesn't model it ({variable.doc})")
        return Read.NEVER, {}
    knobs = variable.effect(value, values)
    if variable.departure and standard:
        return Read.NEVER, {}
    missing = [name for name in knobs if name not in KNOBS]
    if missing:
        raise Unknown(f"tcpsim has no knob {', '.join(missing)}")
    return variable.read, knobs


def knobs_of(key: str) -> tuple[str, ...]:
    """Return the names of the knobs that a variable sets."""
    effect = VARIABLES[key].effect
    if effect is not None:
        for value in ("0", "1", "1 1 1"):
            with suppress(Unknown):
                knobs = effect(value, {key: value})
                if knobs:
                    return tuple(knobs)
    return ()


def applied(config: Config, knobs: dict[str, Any]) -> Config:
    """Return a configuration with knobs set; Unknown for a value out of a knob's range."""
    try:
        return _with(config, tuple(knobs.items()))
    except KnobError as error:
        raise Unknown(str(error)) from error


@lru_cache(maxsize=256)
def _with(config: Config, knobs: tuple[tuple[str, Any], ...]) -> Config:
    """Copying seventy knobs takes longer than comparing them, and scripts set the same ones over and over."""
    return checked(config, dict(knobs))
