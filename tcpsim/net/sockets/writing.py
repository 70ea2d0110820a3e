"""Writing to a socket: write, send, sendto, sendmsg, writev, sendfile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...tcp.text import octets
from ...tcp.units import NEVER
from .errnos import Failed
from .stream import CONNECTING, FAILED, LISTENING, NEW
from .syscall import Wait

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ...tcp.endpoint import Endpoint
    from ...tcp.text import Chunk
    from .stream import Socket
    from .syscall import Steps

WRITE_FLAGS: Final = frozenset({"MSG_DONTWAIT", "MSG_MORE", "MSG_EOR", "MSG_OOB", "MSG_NOSIGNAL", "MSG_DONTROUTE"})
"""Flags that writing knows."""
_LARGEST_CHUNK: Final = 65_535
_TCP_MSS_DEFAULT: Final = 536


def send(sock: Socket, data: Chunk, flags: AbstractSet[str] = frozenset(), *, fault: bool = False) -> Steps:
    """Return how many octets were queued; wait for room for all, unless non-blocking.

    `fault`: the data are at a bad address.
    """
    if flags - WRITE_FLAGS:
        raise Failed("EOPNOTSUPP", ", ".join(sorted(flags - WRITE_FLAGS)))
    size = octets(data)
    if size < 0:
        raise Failed("EINVAL")
    at_once = sock.nonblocking or "MSG_DONTWAIT" in flags
    until = NEVER if sock.send_timeout == NEVER else sock.host.agenda.now + sock.send_timeout
    queued = 0
    while True:
        connecting = _may_write(sock, queued)
        if connecting is None:
            return queued
        if not connecting:
            if fault and size:
                raise Failed("EFAULT")
            queued += _queue_some(sock, data if not queued else _rest(data, queued), flags)
            if queued == size:
                return queued
            sock.starved = True
        if at_once or (yield Wait((sock,), until)):
            if queued:
                return queued
            raise Failed("EAGAIN")


def _rest(data: Chunk, start: int) -> Chunk:
    return data - start if isinstance(data, int) else data[start:]


def _may_write(sock: Socket, queued: int) -> bool | None:
    """Return False if writing may go on, True if it has to wait for `connect`, None if it ends with what it has.

    Raises what there is to tell if nothing was queued before.
    """
    style = sock.style
    closed = sock.shut_write or sock.phase == FAILED or sock.gone
    if sock.phase in (NEW, LISTENING):
        raise Failed(style.write_unconnected)
    if closed or sock.error is not None:
        if queued:
            return None
        if closed and style.pipe_error_first:
            raise Failed("EPIPE")
        raise Failed(sock.take_error() or "EPIPE")
    if sock.phase == CONNECTING and not style.write_waits_to_connect:
        raise Failed(style.write_unconnected)
    return sock.phase == CONNECTING


def _queue_some(sock: Socket, data: Chunk, flags: AbstractSet[str]) -> int:
    """Give the connection as much of the data as there is room for now; return how much."""
    connection = sock.connection
    assert connection is not None
    size = octets(data)
    queued = 0
    while queued < size:
        rest = size - queued
        part = min(rest, _room(sock, connection.endpoint, rest))
        if part <= 0:
            break
        last = part == rest
        chunk = part if isinstance(data, int) else data[queued : queued + part]
        record = last and "MSG_EOR" in flags
        connection.send(
            chunk, push=not last or "MSG_MORE" not in flags, urgent=last and "MSG_OOB" in flags, record=record
        )
        queued += part
        sock.tail = 0 if record else min(sock.tail, connection.endpoint.unsent) + part
    return queued


def _room(sock: Socket, endpoint: Endpoint, wanted: int) -> int:
    """Return how many octets may be queued now."""
    style = sock.style
    free = endpoint.cfg.snd_buff - endpoint.undelivered
    if not style.write_in_chunks:
        return 0 if free < min(wanted, style.send_low_water, endpoint.cfg.snd_buff) else free
    goal = _chunk(endpoint)
    tail = min(sock.tail, endpoint.unsent)
    sock.tail = 0 if tail >= goal else tail
    if 0 < tail < goal:
        return min(goal - tail, free)
    low_water = sock.not_sent_low_water
    return 0 if low_water is not None and endpoint.unsent >= low_water else min(goal, free)


def _chunk(endpoint: Endpoint) -> int:
    """Return how many octets a chunk holds: whole segments, no more than half the largest window of the peer."""
    window, mss = endpoint.max_snd_wnd, endpoint.snd_mss
    half = window >> 1 if window > _TCP_MSS_DEFAULT else window
    return max(min(_LARGEST_CHUNK, half) // mss, 1) * mss


def writable(sock: Socket) -> bool:
    """Return whether poll tells POLLOUT of a connected socket: a write would take something worth its while."""
    connection = sock.connection
    assert connection is not None
    endpoint, style = connection.endpoint, sock.style
    queued = endpoint.undelivered
    free = endpoint.cfg.snd_buff - queued
    low_water = sock.not_sent_low_water
    if low_water is not None and 2 * endpoint.unsent >= low_water:
        return False
    if style.writable_by_thirds:
        return free >= queued >> 1 and free > 0
    return free >= min(style.send_low_water, endpoint.cfg.snd_buff)
