"""With what a script runs: its own `--name=value` options, and what whoever runs it says instead.

Rule 1. The caller's word counts before the script's, the script's before the default.
Rule 2. An option that makes no difference in virtual time is accepted and does nothing; one that asks for what
        tcpsim doesn't have is "not run".
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..net.arguments import unfit
from ..tcp.config import Config, checked, profile
from ..tcp.units import US
from .clock import DEFAULT_TOLERANCE, GOOGLES_SHARE, NPLABS_SHARE, Tolerance
from .places import ScriptError, nearest_word
from .shell import DEFAULTS

if TYPE_CHECKING:
    from .script import Option, Script

Socket = tuple[str, int]

ADDRESSES: Final = {
    "ipv4": ("192.168.0.1", "192.0.2.1"),
    "ipv4-mapped-ipv6": ("192.168.0.1", "192.0.2.1"),
    "ipv6": ("fd3d:fa7b:d17d::1", "2001:db8::1"),
}
"""Local and remote address for each --ip_version: documentation's prefixes, as packetdrill has them."""
PORT: Final = 8080
"""Of the socket that a script binds, and of the one that it connects to."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the two families of scripts.

    Attributes:
        predefined: the names that `#ifdef` knows.
        share: thousandths of the gap before an event by which it may be off.
        joins: whether consecutive segments of equal size are joined to match one packet of the script.
        knobs: what the machine is like on which such scripts run, beside the profile's own values.
    """

    predefined: tuple[str, ...]
    share: int
    joins: bool
    knobs: dict[str, Any]


MACHINE: Final = {
    "mss": None, "mss_option": "always", "round_rcv_buff": True,
}  # fmt: skip
"""What the RFC leaves open and the scripts that judge it take for granted: segments as large as the link allows, and
buffers of whole segments. What a connection does is the profile's own."""

DIALECTS: Final = {
    "freebsd": Dialect(("FreeBSD",), NPLABS_SHARE, False, {}),
    "linux": Dialect(("Linux", "linux"), GOOGLES_SHARE, True, {}),
    "rfc9293": Dialect(("STANDARD",), NPLABS_SHARE, False, MACHINE),
    "plain": Dialect(("STANDARD",), NPLABS_SHARE, False, {}),
}
"""By profile. A script that judges what the RFC says, rather than what one system does, asks `#ifdef STANDARD`."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How scripts are run, as the caller wants it.

    Attributes:
        profile: the profile of the host under test.
        defines: (NAME, value) as -D gives them; a NAME without a value has "".
        tolerance: nanoseconds, in place of the script's; 0 is exact, to the nanosecond.
        ip_version: in place of the script's.
        knobs: (name, value) in place of the profile's and the script's.
        sockets: the style of sockets, a name of net.sockets.STYLES, in place of the profile's; "" for that.
    """

    profile: str = "rfc9293"
    defines: tuple[tuple[str, str], ...] = ()
    tolerance: int | None = None
    ip_version: str | None = None
    knobs: tuple[tuple[str, Any], ...] = ()
    sockets: str = ""

    @property
    def values(self) -> dict[str, str]:
        """The names that stand for a value in the script."""
        return {name: value for name, value in self.defines if value}

    @property
    def predefined(self) -> tuple[str, ...]:
        """The names that only `#ifdef` looks for."""
        return (*self.dialect.predefined, *(name for name, value in self.defines if not value))

    @property
    def dialect(self) -> Dialect:
        """The dialect that goes with the profile."""
        return DIALECTS.get(self.profile, DIALECTS["rfc9293"])


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything fixed about a run before it begins.

    Attributes:
        config: the knobs of the host under test.
        tolerance: of times.
        ip_version: a key of ADDRESSES.
        bind_to, connect_to: what `...` stands for in bind() and connect().
        sockets: the style of the sockets under test, a name of net.sockets.STYLES.
        joins: see Dialect.
        stamp_tick: microseconds per tick of TSval, 0 to leave TSval alone.
        scaled_echo: --tcp_ts_ecr_scaled.
        standard: whether the RFC judges, and not one system: what `#ifdef STANDARD` asks.
    """

    config: Config
    tolerance: Tolerance
    ip_version: str
    bind_to: Socket
    connect_to: Socket
    sockets: str
    joins: bool
    stamp_tick: int
    scaled_echo: bool
    standard: bool = False

    @property
    def ipv6(self) -> bool:
        """Whether the packets are IPv6's."""
        return self.ip_version == "ipv6"


class NotOffered(Exception):
    """An option asks for what tcpsim doesn't have: (the option, the reason)."""


_NOT_OFFERED: Final = {
    "udp_encapsulation": "tcpsim doesn't encapsulate TCP in UDP",
    "tcp_md5_secret": "tcpsim doesn't compute MD5 signatures (RFC 2385)",
    "psp_udp_port": "tcpsim doesn't encrypt",
    "so_filename": "tcpsim runs no library",
    "so_flags": "tcpsim runs no library",
    "dry_run": "the script asks not to be run",
    "non_fatal": "a script whose expectations may fail proves nothing",
}
_NUMBER = re.compile(r"\d{1,9}")
_SHARE = re.compile(r"(\d{1,3})(?:\.(\d{1,9}))?")


def setup(script: Script, ways: Ways) -> Setup:
    """Return with what a script runs.

    Raises ScriptError for an option with a value that it can't have, NotOffered for what tcpsim doesn't have,
    KnobError for an unknown profile or a bad knob.
    """
    dialect = ways.dialect
    given = {option.name: option for option in script.options}
    for option in given.values():
        _offered(option)
    ip_version = ways.ip_version or _ip_version(given.get("ip_version"))
    local, remote = ADDRESSES[ip_version]
    local = _address(given.get("local_ip"), local)
    remote = _address(given.get("remote_ip"), remote)
    both = given.get("remote_ip") or given.get("local_ip")
    if both is not None and local == remote:
        raise ScriptError(both.place, f"--{both.name}={both.value}", "another address than that of the other end")
    tolerance = Tolerance(
        _number(given.get("tolerance_usecs"), DEFAULT_TOLERANCE // US) * US,
        _share(given.get("tolerance_percent"), dialect.share),
    )
    if ways.tolerance is not None:
        tolerance = Tolerance(ways.tolerance, 0 if ways.tolerance == 0 else tolerance.share)
    config = profile(ways.profile, **dialect.knobs)
    if "mtu" in given:
        config = replace(config, mtu=_number(given["mtu"], 1500, 68, 65_535))
    return Setup(
        config=checked(config, dict(ways.knobs)),
        tolerance=tolerance,
        ip_version=ip_version,
        bind_to=(local, _number(given.get("bind_port"), PORT, 1, 65_535)),
        connect_to=(remote, _number(given.get("connect_port"), PORT, 1, 65_535)),
        sockets=ways.sockets or ways.profile,
        joins=dialect.joins and "strict_segments" not in given,
        stamp_tick=_number(given.get("tcp_ts_tick_usecs"), 0, 0, 1_000_000),
        scaled_echo="tcp_ts_ecr_scaled" in given,
        standard="STANDARD" in ways.predefined,
    )


def _offered(option: Option) -> None:
    """Raise NotOffered if an option asks for what tcpsim doesn't have."""
    if option.name == "init_scripts":
        strangers = [name for name in (option.value or "").split(",") if not DEFAULTS.fullmatch(name.strip())]
        if strangers:
            raise NotOffered(option, f"tcpsim doesn't know the shell script {strangers[0]!r}")
    elif option.name in _NOT_OFFERED and option.value not in ("none", "0"):
        raise NotOffered(option, _NOT_OFFERED[option.name])


def _ip_version(option: Option | None) -> str:
    if option is None:
        return "ipv4"
    if option.value == "ipv4_mapped_ipv6":
        return "ipv4-mapped-ipv6"
    if option.value not in ADDRESSES:
        wrong = f"--ip_version={option.value or ''}"
        raise ScriptError(option.place, wrong, ", ".join(ADDRESSES), nearest_word(option.value or "", ADDRESSES))
    return option.value


def _address(option: Option | None, default: str) -> str:
    """Read an address of the kind of the default; a prefix length behind it is for netmasks, which don't matter."""
    if option is None or not option.value:
        return default
    version = 6 if ":" in default else 4
    try:
        address = ipaddress.ip_address(option.value.split("/")[0])
    except ValueError:
        address = None
    if address is None or address.version != version or unfit(str(address)):
        raise ScriptError(option.place, f"--{option.name}={option.value}", f"an IPv{version} address of one host")
    return str(address)


def _number(option: Option | None, default: int, low: int = 0, high: int = 10**9) -> int:
    if option is None:
        return default
    value = option.value or ""
    if not _NUMBER.fullmatch(value) or not low <= int(value) <= high:
        raise ScriptError(option.place, f"--{option.name}={value}", f"a number from {low} to {high}")
    return int(value)


def _share(option: Option | None, default: int) -> int:
    """Read a percentage; return thousandths."""
    if option is None:
        return default
    match = _SHARE.fullmatch(option.value or "")
    if match is None or int(match[1]) > 100:
        raise ScriptError(option.place, f"--{option.name}={option.value or ''}", "a percentage from 0 to 100")
    return int(match[1]) * 10 + int((match[2] or "0")[0])
