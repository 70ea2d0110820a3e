"""Addresses as sockets name them: (address, port), IPv6 beside IPv4, IPv4 within IPv6 (RFC 4291 2.5.5.2)."""

from __future__ import annotations

import ipaddress
from typing import Final

from ..packet import Socket as Name
from ..packet import is_ipv6
from .errnos import Failed

WILDCARD: Final = {"AF_INET": "0.0.0.0", "AF_INET6": "::"}
"""What a socket is bound to that names no address."""
_MAPPED: Final = "::ffff:"


def plain(domain: str, name: object) -> Name:
    """Return an address and port in the form in which hosts know them.

    Raises Failed: EFAULT for None, EAFNOSUPPORT for an address of another family, EINVAL for what is none.
    """
    if name is None:
        raise Failed("EFAULT")
    if not isinstance(name, tuple) or len(name) < 2:
        raise Failed("EINVAL")
    address, port = name[0], name[1]
    if not isinstance(address, str) or not isinstance(port, int) or not 0 <= port <= 65_535:
        raise Failed("EINVAL")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise Failed("EINVAL") from None
    if (parsed.version == 6) is not (domain == "AF_INET6"):
        raise Failed("EAFNOSUPPORT")
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(parsed if mapped is None else mapped), port


def shown(domain: str, name: Name | None) -> Name:
    """Return an address and port as a socket of `domain` tells of them; the wildcard for None."""
    if name is None:
        return WILDCARD[domain], 0
    address, port = name
    return (_MAPPED + address if domain == "AF_INET6" and not is_ipv6(address) else address), port
