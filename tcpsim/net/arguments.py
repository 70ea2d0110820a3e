"""What a caller in Python gave, checked at the door and named in the words of the call.

Rule 1. A value of a wrong type is a TypeError, any other mistake a ValueError; both say what was
        expected, what was given and, if a known word is near, that word.
Rule 2. Whether an address can be that of a host is decided by `unfit` alone, for scenarios too.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from typing import TYPE_CHECKING, Final

from ..tcp.units import Time, parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .host import Host

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
"""What a host may be called."""
NAME_WORDS: Final = "a letter, then letters, digits, _ or -, at most 32"
ADDRESS_WORDS: Final = "an address such as 192.0.2.1 or 2001:db8::1"
NO_ADDRESS: Final = "is no address"
LAST_PORT: Final = 65_535

_NOWHERE: Final = ipaddress.IPv4Network("0.0.0.0/8")
_EVERYWHERE: Final = ipaddress.IPv4Address("255.255.255.255")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?", or "" if no known word is near."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def host_name(name: object) -> str:
    """Return what a host is to be called; TypeError or ValueError if it can't be."""
    if not isinstance(name, str):
        raise TypeError(f"expected the name of a host as text, not {name!r}")
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} can't be the name of a host: expected {NAME_WORDS}")
    return name


def unfit(address: str) -> str:
    """Return why an address can't be that of a host: "is a multicast address"; "" if it can.

    RFC 9293 wants no connection to any other (3.9.1.1, MUST-46) nor from one (3.9.2.3, MUST-57 and MUST-63).
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return NO_ADDRESS
    if parsed.is_multicast:
        return "is a multicast address"
    if parsed == _EVERYWHERE:
        return "is the broadcast address"
    return "means no particular host" if parsed.is_unspecified or parsed in _NOWHERE else ""


def family(address: str) -> int:
    """Return 4 or 6, for an address of IPv4 or IPv6; 0 for what is no address that a host can have."""
    return 0 if unfit(address) else ipaddress.ip_address(address).version


def is_loopback(address: str) -> bool:
    """Return whether an address never leaves its host (RFC 1122 3.2.1.3 (g), RFC 4291 2.5.3)."""
    return ipaddress.ip_address(address).is_loopback


def host_address(address: object) -> str:
    """Return an address that a host can have; TypeError or ValueError if it can't be."""
    if not isinstance(address, str):
        raise TypeError(f"expected {ADDRESS_WORDS} as text, not {address!r}")
    wrong = unfit(address)
    if wrong:
        raise ValueError(f"{address!r} {wrong}: expected {ADDRESS_WORDS}, which one host has")
    return str(ipaddress.ip_address(address))


def one_of_ours(host: object, ours: Mapping[str, Host]) -> Host:
    """Return a host of a network, itself or by its name; TypeError or ValueError if it has no such host."""
    if isinstance(host, str):
        if host not in ours:
            raise ValueError(f"there is no host {shown(host)}{nearest(host, ours)}")
        return ours[host]
    name = getattr(host, "name", None)
    if not isinstance(name, str) or not hasattr(host, "address"):
        raise TypeError(f"expected a host or the name of one, not {shown(host)}")
    if ours.get(name) is not host:
        raise ValueError(f"host {name!r} belongs to another network")
    return ours[name]


def address_of(to: object, ours: Mapping[str, Host]) -> str:
    """Return where a connection is to lead: to a host of the network, itself or by name, or to any address."""
    if not isinstance(to, str) or to in ours:
        return one_of_ours(to, ours).address
    wrong = unfit(to)
    if wrong == NO_ADDRESS:
        raise ValueError(f"there is no host {shown(to)}, nor is that an address{nearest(to, ours)}")
    if wrong:
        raise ValueError(f"{to!r} {wrong}: expected a host, or the address of one (RFC 9293 3.9.1.1, MUST-46)")
    return str(ipaddress.ip_address(to))


def socket(value: object, ours: Mapping[str, Host]) -> tuple[str, int]:
    """Return an address and a port, of which the first may be given as a host or its name."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(f"expected an address and a port, such as ('192.0.2.1', 80), not {shown(value)}")
    return address_of(value[0], ours), port(value[1])


def port(value: object) -> int:
    """Return a port; TypeError or ValueError if it is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected a port from 1 to {LAST_PORT}, not {value!r}")
    if not 1 <= value <= LAST_PORT:
        raise ValueError(f"expected a port from 1 to {LAST_PORT}, not {value!r}")
    return value


def port_range(value: object) -> tuple[int, int]:
    """Return the first and the last port of a range; TypeError or ValueError if it is none."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise TypeError(f"expected the first and the last port, as (49152, 65535), not {shown(value)}")
    first, last = port(value[0]), port(value[1])
    if first > last:
        raise ValueError(f"expected the smaller port first, as (49152, 65535), not {value!r}")
    return first, last


def whole(value: object, what: str) -> int:
    """Return a whole number; `what` is the argument's name, for the message. TypeError if it is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what}: expected a whole number, not {shown(value)}")
    return value


def duration(value: object, what: str) -> Time:
    """Return the nanoseconds that `value` stands for; `what` is the argument's name, for the message."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise TypeError(f"{what}: expected a duration such as '50ms', or whole nanoseconds, not {value!r}")
    return parse_duration(value)


def octets(data: object) -> bytes | int:
    """Return what is to be sent: bytes, or a number of octets; TypeError for anything else."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if isinstance(data, int) and not isinstance(data, bool):
        return data
    hint = f"; did you mean b{data!r}?" if isinstance(data, str) and data.isascii() and len(data) <= 40 else ""
    raise TypeError(f"expected bytes, or a number of octets, not {shown(data)}{hint}")


def shown(value: object) -> str:
    """Return a value as a message quotes it: short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
