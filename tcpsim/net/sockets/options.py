"""Socket options: what each holds, what it takes, and what it does to a connection that is under way.

Rule 1. An option is a row: how it is told, how it is set. A row without a setter can only be told.
Rule 2. An option that stands for a knob of the protocol is that knob: before there is a connection it is the
        host's, or what was set; after that it is the connection's.
Rule 3. An option that kernels have and tcpsim has not ends with ENOPROTOOPT and is named as not modelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...tcp.config import KNOBS, KnobError
from ...tcp.options import TIMESTAMPS_OCTETS
from ...tcp.units import MS, NEVER, SECOND, US
from .errnos import Failed
from .info import tcp_info
from .stream import CONNECTED, LISTENING, NEW

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stream import Socket


_LEVELS: Final = {"SOL_TCP": "IPPROTO_TCP", "SOL_IP": "IPPROTO_IP", "SOL_IPV6": "IPPROTO_IPV6"}
_ECN_BITS: Final = 0x3


class Option:
    """One option: how it is told and set; None for what can't be done. `takes` is int, or the parts of a struct."""

    __slots__ = ("get", "parts", "set")

    def __init__(
        self, get: Callable[[Socket], Any], set_: Callable[[Socket, Any], None] | None = None, parts: int = 1
    ) -> None:
        self.get = get
        self.set = set_
        self.parts = parts


# ------------------------------------------------------------------ calls


def getsockopt(sock: Socket, level: str, name: str, *, fault: bool = False) -> tuple[int, Any]:
    """Return the value of an option."""
    option = _option(sock, level, name)
    if fault:
        raise Failed("EFAULT")
    value = option.get(sock)
    if sock.style.flags_told:
        value = _told(dict(sock.style.flags_told).get(name, 1), value)
    return 0, value


def _told(on: int, value: Any) -> Any:
    """Return a value as a style tells it that has another number than 1 for what is on."""
    if on == 1:
        return value
    return (value[0] * on, *value[1:]) if isinstance(value, tuple) else value * on


def setsockopt(
    sock: Socket, level: str, name: str, value: Any, *, length: int | None = None, fault: bool = False
) -> int:
    """Set an option; `length` is the size of the value as the caller says, if it is not that of its type."""
    if fault:
        raise Failed("EFAULT")
    option = _option(sock, level, name)
    if option.set is None:
        raise Failed("ENOPROTOOPT")
    if option.parts:
        given = value if isinstance(value, tuple) else (value,)
        whole = all(isinstance(part, int) and abs(part) < 1 << 31 for part in given) and len(given) == option.parts
        if not whole or (length is not None and length < 4 * option.parts):
            raise Failed("EINVAL")
        value = value if option.parts > 1 else int(given[0])
    elif not isinstance(value, str):
        raise Failed("EINVAL")
    option.set(sock, value)
    return 0


def _option(sock: Socket, level: str, name: str) -> Option:
    level = _LEVELS.get(level, level)
    if name in sock.style.lacks:
        raise Failed("ENOPROTOOPT")
    if level == "IPPROTO_IPV6" and sock.domain != "AF_INET6":
        raise Failed("ENOPROTOOPT")
    option = OPTIONS.get((level, name))
    if option is None:
        known_elsewhere = any(other == name for _, other in OPTIONS)
        raise Failed("ENOPROTOOPT", "" if known_elsewhere else name)
    return option


# ------------------------------------------------------------------ knobs


def configure(sock: Socket, **knobs: Any) -> None:
    """Set knobs of the socket's connection, or of those to come; EINVAL for what a knob does not take."""
    try:
        for name, value in knobs.items():
            sock.knobs[name] = KNOBS[name].check(value)
    except KnobError as error:
        raise Failed("EINVAL", f"{error.knob} {knobs[error.knob]}") from None
    if sock.connection is not None:
        sock.connection.configure(**knobs)
    elif sock.listener is not None:
        sock.listener.configure(**knobs)


def _flag(knob: str, *, inverted: bool = False) -> Option:
    def tell(sock: Socket) -> int:
        return int(getattr(sock.config, knob) is not inverted)

    def put(sock: Socket, value: int) -> None:
        configure(sock, **{knob: bool(value) is not inverted})

    return Option(tell, put)


def _number(knob: str, unit: int, least: int, most: int) -> Option:
    """An option whose knob counts `unit` times as fine."""

    def tell(sock: Socket) -> int:
        return int((getattr(sock.config, knob) or 0) // unit)

    def put(sock: Socket, value: int) -> None:
        if not least <= value <= most:
            raise Failed("EINVAL")
        configure(sock, **{knob: value * unit})

    return Option(tell, put)


def _or_default(knob: str, unit: int, least: int, most: int) -> Option:
    """Like `_number`, and 0 stands for what the host has."""
    number = _number(knob, unit, least, most)
    assert number.set is not None
    put_number = number.set

    def put(sock: Socket, value: int) -> None:
        if value:
            put_number(sock, value)
        else:
            configure(sock, **{knob: getattr(sock.host.config, knob)})
            del sock.knobs[knob]

    def tell(sock: Socket) -> int:
        return number.get(sock) if knob in sock.knobs else 0

    return Option(tell, put)


def _stored(name: str, default: Any = 0, parts: int = 1) -> Option:
    def tell(sock: Socket) -> Any:
        return sock.stored.get(name, default)

    def put(sock: Socket, value: Any) -> None:
        sock.stored[name] = value

    return Option(tell, put, parts)


def _switch(name: str) -> Option:
    """A stored option that is on or off."""

    def tell(sock: Socket) -> int:
        return int(sock.stored.get(name, 0))

    def put(sock: Socket, value: int) -> None:
        sock.stored[name] = int(bool(value))

    return Option(tell, put)


# ------------------------------------------------------------------ SOL_SOCKET


def _buffer(knob: str) -> Option:
    def tell(sock: Socket) -> int:
        connection, config = sock.connection, sock.config
        if knob == "rcv_buff" and config.round_rcv_buff and connection is not None:
            return connection.endpoint.buffer_octets
        return int(getattr(config, knob)) * sock.style.buffer_factor

    def put(sock: Socket, value: int) -> None:
        style = sock.style
        if value <= 0 and style.buffer_zero is not None:
            raise Failed(style.buffer_zero)
        if value > style.buffer_most and style.buffer_too_large is not None:
            raise Failed(style.buffer_too_large)
        least = 2304 // style.buffer_factor if style.buffer_zero is None else 1
        configure(sock, **{knob: min(max(value, least), style.buffer_most)})

    return Option(tell, put)


def _tell_linger(sock: Socket) -> tuple[int, int]:
    return (0, 0) if sock.linger is None else (1, sock.linger)


def _put_linger(sock: Socket, value: tuple[int, int]) -> None:
    on, seconds = value
    if on and not 0 <= seconds <= 32_767:
        raise Failed("EINVAL" if sock.style.buffer_zero is None else "EDOM")
    sock.linger = seconds if on else None


def _timeout(attribute: str) -> Option:
    """(seconds, microseconds) for which a call waits at most; zero for ever."""

    def tell(sock: Socket) -> tuple[int, int]:
        timeout = getattr(sock, attribute)
        return (0, 0) if timeout == NEVER else (timeout // SECOND, timeout % SECOND // US)

    def put(sock: Socket, value: tuple[int, int]) -> None:
        seconds, microseconds = value
        if not 0 <= microseconds < 1_000_000:
            raise Failed("EDOM")
        setattr(sock, attribute, max(seconds, 0) * SECOND + microseconds * US or NEVER)

    return Option(tell, put, 2)


def _take_error(sock: Socket) -> str | int:
    return sock.take_error() or 0


def _put_low_water(sock: Socket, value: int) -> None:
    sock.stored["SO_RCVLOWAT"] = max(value, 1) if value >= 0 else (1 << 31) - 1
    sock.notify(news=False)


# ------------------------------------------------------------------ IPPROTO_IP, IPPROTO_IPV6


def _mark(sock: Socket) -> None:
    """Let what is sent from now on bear the socket's TTL and TOS."""
    if sock.connection is not None:
        sock.mark(sock.connection)
    if sock.listener is not None and sock.listener.spare is not None:
        sock.mark(sock.listener.spare)
    if sock.binding is not None and sock.style.answers_as_bound:
        sock.binding.ttl, sock.binding.tos = sock.ttl, sock.tos


def _put_ttl(sock: Socket, value: int) -> None:
    from ..packet import TTL

    if value != -1 and not 1 <= value <= 255:
        raise Failed("EINVAL")
    sock.ttl = TTL if value == -1 else value
    _mark(sock)


def _put_tos(sock: Socket, value: int) -> None:
    if not -1 <= value <= 255:
        raise Failed("EINVAL")
    sock.tos = max(value, 0) & ~_ECN_BITS  # those bits are the protocol's (RFC 3168 5)
    _mark(sock)


def _tell_mtu(sock: Socket) -> int:
    connection = sock.connection
    if sock.phase != CONNECTED or connection is None:
        raise Failed("ENOTCONN")
    return connection.endpoint.path_mtu


def _put_v6only(sock: Socket, value: int) -> None:
    if sock.phase != NEW or sock.binding is not None:
        raise Failed("EINVAL")
    sock.stored["IPV6_V6ONLY"] = int(bool(value))


# ------------------------------------------------------------------ IPPROTO_TCP


def _put_nodelay(sock: Socket, value: int) -> None:
    configure(sock, nagle=not value)
    if value and sock.connection is not None and sock.connection.state.both_syns:
        sock.connection.push()  # "forces an explicit flush of pending output" (tcp(7)), a cork notwithstanding


def _put_cork(sock: Socket, value: int) -> None:
    sock.corked = bool(value)
    if sock.connection is not None:
        sock.connection.cork(sock.corked)
    _mark(sock)


def _tell_maxseg(sock: Socket) -> int:
    connection, style = sock.connection, sock.style
    if connection is not None and connection.state.both_syns:
        endpoint = connection.endpoint
        return endpoint.snd_mss + TIMESTAMPS_OCTETS * (endpoint.ts_ok and style.maxseg_whole)
    return sock.knobs.get("send_mss") or style.maxseg_new[sock.domain == "AF_INET6"]


def _put_maxseg(sock: Socket, value: int) -> None:
    style = sock.style
    connected = sock.phase == CONNECTED
    most = _tell_maxseg(sock) if style.maxseg_only_lowers or (connected and style.maxseg_live) else 32_767
    if not (value == 0 and style.maxseg_zero) and not style.maxseg_least <= value <= most:
        raise Failed("EINVAL")
    if connected:
        if style.maxseg_live:
            configure(sock, send_mss=value)
        return
    ours = sock.host.config.mss
    configure(sock, send_mss=value or None, mss=ours if not value else value if ours is None else min(value, ours))


def _tell_not_sent(sock: Socket) -> int:
    return (1 << 32) - 1 if sock.not_sent_low_water is None else sock.not_sent_low_water


def _put_not_sent(sock: Socket, value: int) -> None:
    sock.not_sent_low_water = value if value > 0 else None
    sock.notify()


def _put_inq(sock: Socket, value: int) -> None:
    if value not in (0, 1):
        raise Failed("EINVAL")
    sock.tells_inq = bool(value)


def _tell_congestion(sock: Socket) -> str:
    name = sock.config.congestion
    if name != "newreno" or not sock.style.calls_newreno_reno:
        return name
    if "congestion" not in sock.knobs:
        raise Failed("ENOPROTOOPT", "cubic, which is this kernel's congestion control")
    return "reno"


def _put_congestion(sock: Socket, value: str) -> None:
    if value == "reno" and sock.style.calls_newreno_reno:
        value = "newreno"
    if value not in KNOBS["congestion"].choices:
        raise Failed("ENOENT", f"congestion control {value}" if value in _CONTROLS_ELSEWHERE else "")
    if sock.connection is not None and sock.connection.state.both_syns:
        raise Failed("ENOENT", "a change of congestion control on a live connection")
    configure(sock, congestion=value)


_CONTROLS_ELSEWHERE: Final = frozenset(
    {"bbr", "bic", "cdg", "chd", "cubic", "dctcp", "hd", "highspeed", "htcp", "hybla", "illinois", "lp", "nv", "reno",
     "scalable", "vegas", "veno", "westwood", "yeah"}
)  # fmt: skip


# ------------------------------------------------------------------ the table

_IP: Final = {
    "TTL": Option(lambda sock: sock.ttl, _put_ttl),
    "TOS": Option(lambda sock: sock.tos, _put_tos),
}

OPTIONS: Final[dict[tuple[str, str], Option]] = {
    **{
        ("SOL_SOCKET", name): _switch(name)
        for name in ("SO_REUSEADDR", "SO_REUSEPORT", "SO_BROADCAST", "SO_DONTROUTE", "SO_OOBINLINE", "SO_TIMESTAMP")
    },
    **{("SOL_SOCKET", name): _stored(name) for name in ("SO_PRIORITY", "SO_MARK", "SO_BUSY_POLL")},
    ("SOL_SOCKET", "SO_ERROR"): Option(_take_error),
    ("SOL_SOCKET", "SO_TYPE"): Option(lambda _: "SOCK_STREAM"),
    ("SOL_SOCKET", "SO_DOMAIN"): Option(lambda sock: sock.domain),
    ("SOL_SOCKET", "SO_PROTOCOL"): Option(lambda _: "IPPROTO_TCP"),
    ("SOL_SOCKET", "SO_ACCEPTCONN"): Option(lambda sock: int(sock.phase == LISTENING)),
    ("SOL_SOCKET", "SO_KEEPALIVE"): _flag("keepalive"),
    ("SOL_SOCKET", "SO_LINGER"): Option(_tell_linger, _put_linger, 2),
    ("SOL_SOCKET", "SO_RCVBUF"): _buffer("rcv_buff"),
    ("SOL_SOCKET", "SO_SNDBUF"): _buffer("snd_buff"),
    ("SOL_SOCKET", "SO_RCVLOWAT"): Option(lambda sock: sock.stored.get("SO_RCVLOWAT", 1), _put_low_water),
    ("SOL_SOCKET", "SO_SNDLOWAT"): Option(lambda sock: sock.style.send_low_water),
    ("SOL_SOCKET", "SO_RCVTIMEO"): _timeout("receive_timeout"),
    ("SOL_SOCKET", "SO_SNDTIMEO"): _timeout("send_timeout"),
    ("IPPROTO_IP", "IP_TTL"): _IP["TTL"],
    ("IPPROTO_IP", "IP_TOS"): _IP["TOS"],
    ("IPPROTO_IP", "IP_MTU"): Option(_tell_mtu),
    ("IPPROTO_IP", "IP_MTU_DISCOVER"): _stored("IP_MTU_DISCOVER"),
    ("IPPROTO_IP", "IP_DONTFRAG"): _switch("IP_DONTFRAG"),
    ("IPPROTO_IPV6", "IPV6_UNICAST_HOPS"): _IP["TTL"],
    ("IPPROTO_IPV6", "IPV6_TCLASS"): _IP["TOS"],
    ("IPPROTO_IPV6", "IPV6_MTU"): Option(_tell_mtu),
    ("IPPROTO_IPV6", "IPV6_MTU_DISCOVER"): _stored("IPV6_MTU_DISCOVER"),
    ("IPPROTO_IPV6", "IPV6_DONTFRAG"): _switch("IPV6_DONTFRAG"),
    ("IPPROTO_IPV6", "IPV6_V6ONLY"): Option(lambda sock: sock.stored.get("IPV6_V6ONLY", 0), _put_v6only),
    ("IPPROTO_TCP", "TCP_NODELAY"): Option(lambda sock: int(not sock.config.nagle), _put_nodelay),
    ("IPPROTO_TCP", "TCP_CORK"): Option(lambda sock: int(sock.corked), _put_cork),
    ("IPPROTO_TCP", "TCP_NOPUSH"): Option(lambda sock: int(sock.corked), _put_cork),
    ("IPPROTO_TCP", "TCP_MAXSEG"): Option(_tell_maxseg, _put_maxseg),
    ("IPPROTO_TCP", "TCP_NOOPT"): _flag("no_options"),
    ("IPPROTO_TCP", "TCP_KEEPIDLE"): _number("keepalive_idle", SECOND, 1, 32_767),
    ("IPPROTO_TCP", "TCP_KEEPINTVL"): _number("keepalive_interval", SECOND, 1, 32_767),
    ("IPPROTO_TCP", "TCP_KEEPCNT"): _number("keepalive_count", 1, 1, 127),
    ("IPPROTO_TCP", "TCP_KEEPINIT"): _number("connect_timeout", SECOND, 1, 1 << 22),
    ("IPPROTO_TCP", "TCP_SYNCNT"): _number("syn_retries", 1, 1, 127),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT"): _or_default("user_timeout", MS, 1, (1 << 31) - 1),
    ("IPPROTO_TCP", "TCP_NOTSENT_LOWAT"): Option(_tell_not_sent, _put_not_sent),
    ("IPPROTO_TCP", "TCP_INQ"): Option(lambda sock: int(sock.tells_inq), _put_inq),
    ("IPPROTO_TCP", "TCP_CONGESTION"): Option(_tell_congestion, _put_congestion, 0),
    ("IPPROTO_TCP", "TCP_INFO"): Option(tcp_info),
}
"""Every option that is modelled, by level and name."""
