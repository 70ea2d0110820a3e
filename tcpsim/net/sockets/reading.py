"""Reading from a socket: read, recv, recvfrom, recvmsg, readv."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...tcp.text import join, octets
from ...tcp.units import NEVER
from .errnos import Failed
from .stream import CONNECTED, CONNECTING, FAILED
from .syscall import Wait

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ...tcp.text import Chunk
    from .stream import Socket
    from .syscall import Steps

READ_FLAGS: Final = frozenset(
    {"MSG_PEEK", "MSG_DONTWAIT", "MSG_WAITALL", "MSG_TRUNC", "MSG_OOB", "MSG_NOSIGNAL", "MSG_CMSG_CLOEXEC"}
)
"""Flags that reading knows."""


@dataclass(frozen=True, slots=True)
class Message:
    """What recvmsg gives back.

    Attributes:
        data: the octets, or how many if they were only counted.
        flags: msg_flags, names.
        control: (level, type, data) of each control message.
    """

    data: bytes | int
    flags: frozenset[str] = frozenset()
    control: tuple[tuple[str, str, int], ...] = ()


def receive(sock: Socket, limit: int, flags: AbstractSet[str] = frozenset(), *, fault: bool = False) -> Steps:
    """Return how many octets were read, at most `limit`, with them as the value; 0 at the end of the stream.

    `fault`: the buffer is at a bad address; that is found out when there is something to put there.
    """
    if flags - READ_FLAGS:
        raise Failed("EOPNOTSUPP", ", ".join(sorted(flags - READ_FLAGS)))
    if limit < 0:
        raise Failed("EINVAL")
    if "MSG_OOB" in flags:
        return _urgent_octet(sock)
    peek = "MSG_PEEK" in flags
    low_water = limit if "MSG_WAITALL" in flags else min(limit, max(1, sock.stored.get("SO_RCVLOWAT", 1)))
    until = NEVER if sock.receive_timeout == NEVER else sock.host.agenda.now + sock.receive_timeout
    parts: list[Chunk] = []
    size = 0
    while True:
        if sock.on_hand and limit:
            if fault:
                raise Failed("EFAULT")
            if peek:
                parts = [sock.peek(limit)]
                size = octets(parts[0])
            else:
                parts.append(sock.take(limit - size))
                size += octets(parts[-1])
            if size >= limit:
                break
        ends = _at_end(sock, size)
        if ends or size >= low_water or not limit:
            break
        if sock.nonblocking or "MSG_DONTWAIT" in flags or (yield Wait((sock,), until)):
            if size:
                break
            raise Failed("EAGAIN")
    data = join(parts)
    return size, (size if data is None and size else data or b"") if "MSG_TRUNC" not in flags else size


def _at_end(sock: Socket, size: int) -> bool:
    """Return whether nothing more can be read; raises what there is to tell if nothing was read before."""
    if sock.phase not in (CONNECTED, CONNECTING, FAILED):
        raise Failed("ENOTCONN")
    if sock.error is not None and not sock.on_hand:
        if size:
            return True  # the next call tells of it
        error = sock.take_error()
        assert error is not None
        raise Failed(error)
    return sock.at_end and not sock.on_hand


def _urgent_octet(sock: Socket) -> tuple[int, bytes]:
    """The last octet of urgent data, which stays in the stream too (SO_OOBINLINE, RFC 6093 3)."""
    connection = sock.connection
    if connection is None or not connection.endpoint.urgent:
        raise Failed("EINVAL")
    endpoint = connection.endpoint
    place = (endpoint.rcv_up - 1 - (endpoint.rcv_nxt - endpoint.rcv_user - endpoint.fin_received)) % (1 << 32)
    if place >= endpoint.rcv_user:
        raise Failed("EAGAIN")
    octet = endpoint.peek(1, place)
    return 1, bytes(octet)


def receive_message(sock: Socket, limit: int, flags: AbstractSet[str] = frozenset(), *, fault: bool = False) -> Steps:
    """Like `receive`, with a Message as the value."""
    outcome = yield from receive(sock, limit, flags, fault=fault)
    size, data = outcome if isinstance(outcome, tuple) else (outcome, b"")
    control: tuple[tuple[str, str, int], ...] = ()
    if sock.tells_inq:
        control = (("SOL_TCP", "TCP_CM_INQ", inq(sock)),)
    return size, Message(data, frozenset(), control)


def inq(sock: Socket) -> int:
    """What is left to read, the peer's FIN counted as one octet: while it is not 0, reading goes on (tcp(7))."""
    fin = sock.connection is not None and sock.connection.endpoint.fin_received
    return sock.on_hand + fin
