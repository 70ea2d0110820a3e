"""getsockopt and setsockopt: what is told, what is taken, what it does to a connection under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.net.sockets.options import OPTIONS
from tcpsim.tcp.options import Options
from tcpsim.tcp.units import SECOND
from tests.net.sockets.desk import ISS, MINE, PEER, PORT, Desk

if TYPE_CHECKING:
    from tcpsim.tcp.config import Config

TCP = "IPPROTO_TCP"
SOCKET = "SOL_SOCKET"


def knobs(desk: Desk, fd: int) -> Config:
    connection = desk.process.connection(fd)
    assert connection is not None
    return connection.endpoint.cfg


@pytest.mark.parametrize(
    ("level", "name", "value"),
    [
        (SOCKET, "SO_REUSEADDR", 1), (SOCKET, "SO_REUSEPORT", 1), (SOCKET, "SO_KEEPALIVE", 1), (SOCKET, "SO_MARK", 7),
        (SOCKET, "SO_LINGER", (1, 20)), (SOCKET, "SO_RCVBUF", 20_000), (SOCKET, "SO_SNDBUF", 20_000),
        (SOCKET, "SO_RCVLOWAT", 10), (SOCKET, "SO_RCVTIMEO", (3, 250_000)), (SOCKET, "SO_SNDTIMEO", (0, 1)),
        (SOCKET, "SO_PRIORITY", 5), ("IPPROTO_IP", "IP_TTL", 17), ("IPPROTO_IP", "IP_TOS", 0x10),
        ("IPPROTO_IP", "IP_MTU_DISCOVER", 2), ("IPPROTO_IP", "IP_DONTFRAG", 1), (TCP, "TCP_NODELAY", 1),
        (TCP, "TCP_CORK", 1), (TCP, "TCP_NOPUSH", 1), (TCP, "TCP_MAXSEG", 500), (TCP, "TCP_NOOPT", 1),
        (TCP, "TCP_KEEPIDLE", 60), (TCP, "TCP_KEEPINTVL", 6), (TCP, "TCP_KEEPCNT", 4), (TCP, "TCP_KEEPINIT", 30),
        (TCP, "TCP_SYNCNT", 3), (TCP, "TCP_USER_TIMEOUT", 1500), (TCP, "TCP_NOTSENT_LOWAT", 4000),
        (TCP, "TCP_INQ", 1), (TCP, "TCP_CONGESTION", "newreno"),
    ],
)  # fmt: skip
def test_what_is_set_is_told(level: str, name: str, value: Any) -> None:
    desk = Desk()
    fd = desk.socket()
    desk.ok("setsockopt", fd, level, name, value)
    assert desk.option(fd, name, level) == value


def test_what_is_told_of_a_new_socket() -> None:
    desk = Desk(keepalive_idle="2h", rcv_buff=65_536, keepalive_count=8)
    fd = desk.socket()
    told = {
        name: desk.option(fd, name, level) for level, name in OPTIONS if level != "IPPROTO_IPV6" and "MTU" not in name
    }
    assert told["TCP_INFO"] == {"tcpi_state": 0}
    assert {name: value for name, value in told.items() if value not in (0, (0, 0))} == {
        "SO_TYPE": "SOCK_STREAM", "SO_DOMAIN": "AF_INET", "SO_PROTOCOL": "IPPROTO_TCP", "SO_RCVBUF": 65_536,
        "SO_SNDBUF": 1 << 30, "SO_RCVLOWAT": 1, "SO_SNDLOWAT": 1, "IP_TTL": 64, "TCP_MAXSEG": 536,
        "TCP_KEEPIDLE": 7200, "TCP_KEEPINTVL": 75, "TCP_KEEPCNT": 8, "TCP_NOTSENT_LOWAT": 0xFFFF_FFFF,
        "TCP_CONGESTION": "newreno", "TCP_INFO": {"tcpi_state": 0},
    }  # fmt: skip


def test_what_the_host_changes_is_told_too() -> None:
    """As a system-wide setting is for every socket that has not been told otherwise."""
    from dataclasses import replace

    desk = Desk()
    fd = desk.socket()
    desk.host.config = replace(desk.host.config, keepalive_count=2)
    assert desk.option(fd, "TCP_KEEPCNT", TCP) == 2


@pytest.mark.parametrize(
    ("level", "name", "bit"),
    [(SOCKET, "SO_REUSEADDR", 4), (SOCKET, "SO_KEEPALIVE", 8), (TCP, "TCP_NODELAY", 4), (TCP, "TCP_NOPUSH", 0x1000)],
)
def test_freebsd_tells_a_flag_as_its_bit(level: str, name: str, bit: int) -> None:
    desk = Desk("freebsd")
    fd = desk.socket()
    assert desk.option(fd, name, level) == 0
    desk.ok("setsockopt", fd, level, name, 7)
    assert desk.option(fd, name, level) == bit
    desk.ok("setsockopt", fd, level, name, 0)
    assert desk.option(fd, name, level) == 0


def test_freebsd_tells_whether_to_linger_as_a_bit() -> None:
    desk = Desk("freebsd")
    fd = desk.socket()
    assert desk.option(fd, "SO_LINGER", SOCKET) == (0, 0)
    desk.ok("setsockopt", fd, SOCKET, "SO_LINGER", (1, 20))
    assert desk.option(fd, "SO_LINGER", SOCKET) == (0x80, 20)


# ------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(
    ("level", "name", "value", "errno"),
    [
        (SOCKET, "SO_ERROR", 1, "ENOPROTOOPT"),
        (SOCKET, "SO_KEEPALIVE", "yes", "EINVAL"),
        (SOCKET, "SO_LINGER", 1, "EINVAL"),
        (SOCKET, "SO_LINGER", (1, -1), "EINVAL"),
        (SOCKET, "SO_RCVTIMEO", (0, 1_000_000), "EDOM"),
        (SOCKET, "SO_RCVBUF", 1 << 40, "EINVAL"),
        ("IPPROTO_IP", "IP_TTL", 0, "EINVAL"),
        ("IPPROTO_IP", "IP_TTL", 256, "EINVAL"),
        ("IPPROTO_IP", "IP_TOS", 256, "EINVAL"),
        ("IPPROTO_IPV6", "IPV6_UNICAST_HOPS", 5, "ENOPROTOOPT"),
        ("IPPROTO_IP", "TCP_NODELAY", 1, "ENOPROTOOPT"),
        (TCP, "TCP_KEEPIDLE", 0, "EINVAL"),
        (TCP, "TCP_KEEPCNT", 128, "EINVAL"),
        (TCP, "TCP_KEEPCNT", 0, "EINVAL"),
        (TCP, "TCP_SYNCNT", 0, "EINVAL"),
        (TCP, "TCP_USER_TIMEOUT", -1, "EINVAL"),
        (TCP, "TCP_MAXSEG", 0, "EINVAL"),
        (TCP, "TCP_INQ", 2, "EINVAL"),
        (TCP, "TCP_CONGESTION", 1, "EINVAL"),
        (TCP, "TCP_CONGESTION", "nonsense", "ENOENT"),
        (TCP, "TCP_CONGESTION", "bbr", "ENOENT"),
        (TCP, "TCP_FASTOPEN", 5, "ENOPROTOOPT"),
    ],
)
def test_values_that_are_refused(level: str, name: str, value: Any, errno: str) -> None:
    desk = Desk()
    fd = desk.socket()
    call = desk.call("setsockopt", fd, level, name, value)
    assert call.errno == errno
    modelled = name != "TCP_FASTOPEN" and value != "bbr"
    assert (call.not_modelled == "") is modelled


def test_what_is_not_modelled_says_so() -> None:
    desk = Desk()
    call = desk.call("getsockopt", desk.socket(), TCP, "TCP_FASTOPEN")
    assert (call.errno, call.not_modelled) == ("ENOPROTOOPT", "TCP_FASTOPEN")


def test_bad_pointers_and_lengths() -> None:
    desk = Desk()
    fd = desk.socket()
    assert desk.fails("setsockopt", fd, SOCKET, "SO_KEEPALIVE", 1, fault=True) == "EFAULT"
    assert desk.fails("setsockopt", fd, SOCKET, "SO_KEEPALIVE", None) == "EINVAL"
    assert desk.fails("getsockopt", fd, SOCKET, "SO_KEEPALIVE", fault=True) == "EFAULT"
    assert desk.fails("setsockopt", fd, SOCKET, "SO_KEEPALIVE", 1, length=2) == "EINVAL"
    assert desk.fails("setsockopt", fd, SOCKET, "SO_LINGER", (1, 2), length=4) == "EINVAL"
    assert desk.ok("setsockopt", fd, SOCKET, "SO_LINGER", (1, 2), length=8) == 0
    assert desk.fails("setsockopt", 77, SOCKET, "SO_LINGER", (1, 2)) == "EBADF"


@pytest.mark.parametrize(
    ("style", "name"),
    [("linux", "TCP_NOOPT"), ("linux", "TCP_KEEPINIT"), ("freebsd", "TCP_CORK"), ("freebsd", "TCP_USER_TIMEOUT")],
)
def test_each_kernel_lacks_some(style: str, name: str) -> None:
    desk = Desk(style=style)
    call = desk.call("setsockopt", desk.socket(), TCP, name, 1)
    assert (call.errno, call.not_modelled) == ("ENOPROTOOPT", "")


# ------------------------------------------------------------------ buffers


@pytest.mark.parametrize(("style", "told"), [("linux", 40_000), ("freebsd", 20_000), ("rfc9293", 20_000)])
def test_linux_tells_twice_what_was_set(style: str, told: int) -> None:
    """socket(7): "The kernel doubles this value"; half of it is for the kernel's own needs."""
    desk = Desk(style=style)
    fd = desk.socket(nonblocking=True)
    desk.ok("setsockopt", fd, SOCKET, "SO_RCVBUF", 20_000)
    assert desk.option(fd, "SO_RCVBUF") == told
    desk.call("connect", fd, PEER)
    assert desk.caught[0].segment.wnd == 20_000


def test_limits_of_buffers() -> None:
    linux, freebsd, posix = Desk(style="linux"), Desk(style="freebsd"), Desk()
    fd = linux.socket()
    linux.ok("setsockopt", fd, SOCKET, "SO_RCVBUF", 1_000_000)
    assert linux.option(fd, "SO_RCVBUF") == 2 * 212_992
    linux.ok("setsockopt", fd, SOCKET, "SO_RCVBUF", 0)
    assert linux.option(fd, "SO_RCVBUF") == 2304
    fd = freebsd.socket()
    assert freebsd.fails("setsockopt", fd, SOCKET, "SO_RCVBUF", 3_000_000) == "ENOBUFS"
    assert freebsd.fails("setsockopt", fd, SOCKET, "SO_RCVBUF", 0) == "EINVAL"
    fd = posix.socket()
    posix.ok("setsockopt", fd, SOCKET, "SO_RCVBUF", 1 << 30)
    assert posix.option(fd, "SO_RCVBUF") == 1 << 30


def test_freebsd_rounds_the_receive_buffer_once_the_segment_size_is_known() -> None:
    desk = Desk("freebsd")
    fd = desk.socket(nonblocking=True)
    desk.ok("bind", fd, MINE)
    assert desk.option(fd, "SO_RCVBUF") == 65_536
    desk.call("connect", fd, PEER)
    assert desk.option(fd, "SO_RCVBUF") == 65_536
    desk.arrives("SYN,ACK")
    assert desk.option(fd, "SO_RCVBUF") == 123 * 536


def test_and_the_send_buffer_too() -> None:
    desk = Desk("freebsd", snd_buff=32_768)
    fd = desk.socket(nonblocking=True)
    assert desk.option(fd, "SO_SNDBUF") == 32_768
    desk.ok("bind", fd, MINE)
    desk.call("connect", fd, PEER)
    desk.arrives("SYN,ACK")
    assert desk.option(fd, "SO_SNDBUF") == 62 * 536
    assert desk.ok("write", fd, 100_000) == 62 * 536
    listener = Desk("freebsd", snd_buff=32_768)
    fd = listener.accepted()
    assert listener.option(fd, "SO_SNDBUF") == 62 * 536
    assert listener.ok("write", fd, 10) == 10


# ------------------------------------------------------------------ on a connection


def test_maxseg_is_what_segments_hold() -> None:
    desk = Desk()
    fd = desk.socket(nonblocking=True)
    desk.ok("bind", fd, MINE)
    desk.ok("setsockopt", fd, TCP, "TCP_MAXSEG", 300)
    desk.call("connect", fd, PEER)
    options = desk.caught[0].segment.options
    assert options is not None
    assert options.mss == 300
    desk.arrives("SYN,ACK")
    assert desk.option(fd, "TCP_MAXSEG", TCP) == 300
    assert desk.fails("setsockopt", fd, TCP, "TCP_MAXSEG", 400) == "EINVAL"
    desk.ok("setsockopt", fd, TCP, "TCP_MAXSEG", 200)
    assert desk.option(fd, "TCP_MAXSEG", TCP) == 200


def test_on_linux_maxseg_is_for_the_handshake() -> None:
    desk = Desk(style="linux", mss=None)
    fd = desk.connected()
    desk.ok("setsockopt", fd, TCP, "TCP_MAXSEG", 200)
    assert desk.option(fd, "TCP_MAXSEG", TCP) == 536
    fd = desk.socket()
    desk.ok("setsockopt", fd, TCP, "TCP_MAXSEG", 200)
    desk.ok("setsockopt", fd, TCP, "TCP_MAXSEG", 0)
    assert desk.option(fd, "TCP_MAXSEG", TCP) == 536
    assert desk.fails("setsockopt", fd, TCP, "TCP_MAXSEG", 87) == "EINVAL"


def test_on_freebsd_maxseg_only_lowers_what_a_new_socket_begins_with() -> None:
    """tcp(4): the default of net.inet.tcp.mssdflt, until a connection knows better."""
    desk = Desk("freebsd", ipv6=True)
    fd = desk.socket()
    assert desk.option(fd, "TCP_MAXSEG", TCP) == 1220
    assert desk.fails("setsockopt", fd, TCP, "TCP_MAXSEG", 1221) == "EINVAL"
    desk.ok("setsockopt", fd, TCP, "TCP_MAXSEG", 1000)
    assert desk.option(fd, "TCP_MAXSEG", TCP) == 1000


@pytest.mark.parametrize(("profile", "told"), [("linux", 988), ("freebsd", 1000), ("rfc9293", 988)])
def test_what_timestamps_take_is_part_of_the_segment_or_not(profile: str, told: int) -> None:
    desk = Desk(profile, timestamps=True, mss=1460)
    listener = desk.listening()
    desk.arrives("SYN", options=Options(mss=1000, ts=(7, 0)))
    desk.arrives("ACK", options=Options(ts=(8, 0)))
    desk.ok("accept", listener)
    assert desk.option(4, "TCP_MAXSEG", TCP) == told


def test_noopt_leaves_the_syn_bare() -> None:
    desk = Desk("freebsd")
    fd = desk.socket(nonblocking=True)
    desk.ok("setsockopt", fd, TCP, "TCP_NOOPT", 1)
    desk.call("connect", fd, PEER)
    assert desk.caught[0].segment.options is None


def test_options_reach_a_connection_under_way() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("setsockopt", fd, TCP, "TCP_KEEPIDLE", 9)
    desk.ok("setsockopt", fd, SOCKET, "SO_KEEPALIVE", 1)
    desk.ok("setsockopt", fd, TCP, "TCP_USER_TIMEOUT", 2500)
    connection = desk.process.connection(fd)
    assert connection is not None
    assert connection.endpoint.keepalive_at == 9 * SECOND
    assert knobs(desk, fd).user_timeout == 2_500_000_000
    desk.ok("setsockopt", fd, TCP, "TCP_USER_TIMEOUT", 0)
    assert knobs(desk, fd).user_timeout == desk.host.config.user_timeout
    assert desk.option(fd, "TCP_USER_TIMEOUT", TCP) == 0
    assert desk.call("setsockopt", fd, TCP, "TCP_CONGESTION", "none").not_modelled
    assert desk.option(fd, "IP_MTU", "IPPROTO_IP") == 1500
    assert desk.fails("getsockopt", desk.socket(), "IPPROTO_IP", "IP_MTU") == "ENOTCONN"


def test_keepinit_bounds_how_long_a_connect_takes() -> None:
    desk = Desk("freebsd")
    fd = desk.socket()
    desk.ok("setsockopt", fd, TCP, "TCP_KEEPINIT", 5)
    call = desk.waits("connect", fd, PEER)
    desk.go(10_000)
    assert (call.errno, call.ended_at) == ("ETIMEDOUT", 5 * SECOND)


def test_syncnt_bounds_how_often_a_syn_is_sent() -> None:
    desk = Desk("linux")
    fd = desk.socket()
    desk.ok("setsockopt", fd, TCP, "TCP_SYNCNT", 2)
    call = desk.waits("connect", fd, PEER)
    desk.go(60_000)
    assert (call.errno, call.ended_at) == ("ETIMEDOUT", 7 * SECOND), "as long as three timeouts, each twice as long"
    assert len(desk.sent()) == 6, "four of the timeouts have not doubled the RTO, nor do they count"


def test_v6only_before_bind_only() -> None:
    desk = Desk(ipv6=True)
    fd = desk.socket()
    desk.ok("setsockopt", fd, "IPPROTO_IPV6", "IPV6_V6ONLY", 1)
    desk.ok("bind", fd, ("::", PORT))
    assert desk.fails("setsockopt", fd, "IPPROTO_IPV6", "IPV6_V6ONLY", 0) == "EINVAL"
    assert desk.option(fd, "IPV6_V6ONLY", "IPPROTO_IPV6") == 1
    assert desk.option(fd, "SO_ACCEPTCONN") == 0
    desk.ok("listen", fd, 1)
    assert desk.option(fd, "SO_ACCEPTCONN") == 1


def test_a_hop_limit_of_minus_one_is_the_default() -> None:
    desk = Desk(ipv6=True)
    fd = desk.socket()
    desk.ok("setsockopt", fd, "SOL_IPV6", "IPV6_UNICAST_HOPS", 5)
    desk.ok("setsockopt", fd, "SOL_IPV6", "IPV6_UNICAST_HOPS", -1)
    desk.ok("setsockopt", fd, "SOL_IPV6", "IPV6_TCLASS", -1)
    assert (desk.option(fd, "IPV6_UNICAST_HOPS", "SOL_IPV6"), desk.option(fd, "IPV6_TCLASS", "SOL_IPV6")) == (64, 0)


# ------------------------------------------------------------------ TCP_INFO


@pytest.mark.parametrize(("style", "established", "listen"), [("linux", 1, 10), ("freebsd", 4, 1), ("rfc9293", 4, 1)])
def test_the_state_by_number(style: str, established: int, listen: int) -> None:
    desk = Desk(style=style)
    fd = desk.connected()
    assert desk.option(fd, "TCP_INFO", TCP)["tcpi_state"] == established
    other = Desk(style=style)
    assert other.process.tcp_info(other.listening()) == {"tcpi_state": listen}
    assert other.process.tcp_info(99) == {}


def test_the_names_are_the_kernels() -> None:
    told = {}
    for style in ("linux", "freebsd"):
        desk = Desk(style=style)
        told[style] = desk.process.tcp_info(desk.connected())
    assert told["linux"]["tcpi_snd_cwnd"] * 536 == told["freebsd"]["tcpi_snd_cwnd"] == 4 * 536
    assert "tcpi_snd_nxt" not in told["linux"]
    assert "tcpi_unacked" not in told["freebsd"]


def test_what_the_scoreboard_tells() -> None:
    desk = Desk("linux", initial_window=10)
    listener = desk.listening()
    offer = Options(mss=1000, sack_ok=True)
    desk.arrives("SYN", options=offer)
    desk.arrives("ACK")
    desk.ok("accept", listener)
    desk.ok("write", 4, 10_000)
    blocks = ((ISS + 1 + 6000, ISS + 1 + 10_000),)
    desk.arrives("ACK", ack=1, options=Options(sack=blocks))
    info = desk.process.tcp_info(4)
    assert (info["tcpi_unacked"], info["tcpi_sacked"], info["tcpi_lost"], info["tcpi_ca_state"]) == (10, 4, 6, 3)
    desk.go(3000)
    assert desk.process.tcp_info(4)["tcpi_ca_state"] == 4


def test_what_the_endpoint_knows_of_itself() -> None:
    desk = Desk()
    fd = desk.connecting()
    desk.go(40)
    desk.arrives("SYN,ACK")
    desk.ok("write", fd, 1000)
    info = desk.process.tcp_info(fd)
    asked = ("tcpi_rtt", "tcpi_rttvar", "tcpi_snd_mss", "tcpi_options", "tcpi_ca_state")
    assert [info[name] for name in asked] == [40_000, 20_000, 536, 0, 0]
    assert (info["tcpi_unacked"], info["tcpi_notsent_bytes"], info["tcpi_retransmits"]) == (1, 464, 0)
    for _ in range(2):
        desk.arrives("ACK", ack=1)
    assert desk.process.tcp_info(fd)["tcpi_ca_state"] == 1
    desk.arrives("ACK", ack=1)
    assert desk.process.tcp_info(fd)["tcpi_ca_state"] == 3
    desk.go(5000)
    info = desk.process.tcp_info(fd)
    assert (info["tcpi_ca_state"], info["tcpi_retransmits"] > 0) == (4, True)


def test_linux_tells_of_its_own_mss_and_of_no_threshold() -> None:
    info = Desk("linux")
    told = info.option(info.connected(), "TCP_INFO", TCP)
    assert (told["tcpi_advmss"], told["tcpi_snd_ssthresh"]) == (1460, (1 << 31) - 1)
    small = Desk("linux", mss=1000)
    assert small.option(small.connected(), "TCP_INFO", TCP)["tcpi_advmss"] == 1000


def test_linux_calls_newreno_reno_and_has_it_only_if_asked_for() -> None:
    desk = Desk("linux")
    fd = desk.socket()
    assert desk.call("getsockopt", fd, TCP, "TCP_CONGESTION").not_modelled == (
        "cubic, which is this kernel's congestion control"
    )
    desk.ok("setsockopt", fd, TCP, "TCP_CONGESTION", "reno")
    assert desk.option(fd, "TCP_CONGESTION", TCP) == "reno"
    assert desk.process.socket(fd).config.congestion == "newreno"
    assert desk.call("setsockopt", fd, TCP, "TCP_CONGESTION", "cubic").not_modelled
