"""What poll, select and epoll tell, and how they wait.

Rule 1. What a socket is ready for is asked when somebody wants to know, of the connection as it is then.
Rule 2. An edge-triggered interest is told of once for each piece of news: data, room after there was none,
        the end; however much of what came before was taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...tcp.diagram import CLOSED
from .errnos import Failed
from .files import OpenFile
from .stream import CONNECTED, CONNECTING, FAILED, LISTENING, NEW
from .syscall import Wait
from .writing import writable

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ...tcp.units import Time
    from .stream import Socket
    from .syscall import Steps

POLL_EVENTS: Final = frozenset(
    {
        "POLLIN", "POLLOUT", "POLLPRI", "POLLERR", "POLLHUP", "POLLNVAL", "POLLRDHUP", "POLLRDNORM", "POLLWRNORM",
        "POLLRDBAND", "POLLWRBAND",
    }
)  # fmt: skip
"""What poll can be asked for, and tell."""
ALWAYS_TOLD: Final = frozenset({"POLLERR", "POLLHUP", "POLLNVAL"})
"""What poll tells whether it was asked for or not."""
EPOLL_MODES: Final = frozenset({"EPOLLET", "EPOLLONESHOT", "EPOLLEXCLUSIVE", "EPOLLWAKEUP"})
"""How an epoll is to tell."""


def socket_events(sock: Socket) -> frozenset[str]:
    """What poll tells of a socket now."""
    if sock.phase == LISTENING:
        return frozenset({"POLLIN", "POLLRDNORM"} if sock.queue else ())
    if sock.phase == NEW:
        return sock.style.unconnected_events
    told: set[str] = set()
    over = sock.phase == FAILED or sock.gone
    if sock.error is not None:
        told |= {"POLLERR"} if sock.style.error_event else {"POLLIN", "POLLOUT", "POLLRDNORM", "POLLWRNORM"}
    if sock.on_hand >= max(1, sock.stored.get("SO_RCVLOWAT", 1)) or (sock.phase != CONNECTING and sock.at_end):
        told |= {"POLLIN", "POLLRDNORM"}
    if sock.phase != CONNECTING and sock.at_end:
        told.add("POLLRDHUP")
    if over or sock.shut_write or (sock.phase == CONNECTED and writable(sock)):
        told |= {"POLLOUT", "POLLWRNORM"}
    if over or (sock.at_end and sock.shut_write):
        told.add("POLLHUP")
    if sock.connection is not None and sock.connection.endpoint.urgent and sock.connection.state is not CLOSED:
        told.add("POLLPRI")
    return frozenset(told)


# ------------------------------------------------------------------ poll and select


def poll(entries: list[tuple[OpenFile | None, int, frozenset[str]]], until: Time, *, at_once: bool) -> Steps:
    """Wait for one of some files; the value lists (fd, events) of those that have any.

    An entry is the file (None for a descriptor that is not open), the descriptor, and what is asked for.
    """
    while True:
        told = []
        for file, fd, wanted in entries:
            if file is None:
                revents = frozenset({"POLLNVAL"}) if fd >= 0 else frozenset()
            else:
                revents = _asked(file, wanted)
            if revents:
                told.append((fd, revents))
        if told or at_once or (yield Wait([file for file, _, _ in entries if file is not None], until)):
            return len(told), told


def _asked(file: OpenFile, wanted: frozenset[str]) -> frozenset[str]:
    """What is told of a file to one who asks for `wanted`; who asks to write and can't is told of room later."""
    events = file.events
    if "POLLOUT" in wanted and "POLLOUT" not in events:
        file.starve()
    return events & (wanted | ALWAYS_TOLD)


def select(
    files: dict[int, OpenFile], read: list[int], write: list[int], other: list[int], until: Time, *, at_once: bool
) -> Steps:
    """Wait as select does; the value holds three lists of descriptors."""
    while True:
        told = tuple(
            [fd for fd in asked if files[fd].events & names]
            for asked, names in (
                (read, {"POLLIN", "POLLHUP", "POLLERR"}), (write, {"POLLOUT", "POLLERR"}), (other, {"POLLPRI"}),
            )
        )  # fmt: skip
        count = sum(len(fds) for fds in told)
        if count or at_once or (yield Wait(list(files.values()), until)):
            return count, told


# ------------------------------------------------------------------ epoll


class Interest:
    """A file that an epoll watches.

    Attributes:
        fd, file: the descriptor by which it was named, and what that stood for.
        wanted: names of poll's events, as POLLIN.
        edge, oneshot: EPOLLET, EPOLLONESHOT.
        data: what to call it by.
        news: whether something has come since it was told of last.
    """

    def __init__(self, epoll: Epoll, fd: int, file: OpenFile) -> None:
        self.epoll = epoll
        self.fd = fd
        self.file = file
        self.wanted: frozenset[str] = frozenset()
        self.edge = self.oneshot = False
        self.data: object = fd
        self.news = True

    def set(self, events: AbstractSet[str], data: object) -> None:
        """Want something else from now on."""
        self.edge, self.oneshot = "EPOLLET" in events, "EPOLLONESHOT" in events
        self.wanted = frozenset(_poll_name(name) for name in events - EPOLL_MODES) | ALWAYS_TOLD
        self.data = data
        self.news = True

    def file_changed(self, news: bool) -> None:
        """The file has changed: whoever waits for the epoll looks again."""
        self.news = self.news or news
        self.epoll.notify(news)

    def file_closed(self) -> None:
        """What is closed is watched no longer."""
        self.epoll.forget(self)

    @property
    def ready(self) -> frozenset[str]:
        """What there is to tell of the file; nothing if no news has come since, for an edge."""
        if not self.wanted or (self.edge and not self.news):
            return frozenset()
        return _asked(self.file, self.wanted)


def _poll_name(epoll_name: str) -> str:
    return epoll_name.replace("EPOLL", "POLL", 1)


class Epoll(OpenFile):
    """An epoll: files that it watches, in the order in which they were added."""

    def __init__(self) -> None:
        super().__init__()
        self.interests: dict[tuple[int, int], Interest] = {}

    @property
    def events(self) -> frozenset[str]:
        """Readable while there is something to tell."""
        ready = any(interest.ready for interest in self.interests.values())
        return frozenset({"POLLIN", "POLLRDNORM"} if ready else ())

    def control(self, operation: str, fd: int, file: OpenFile, events: AbstractSet[str], data: object) -> int:
        """Add, change or delete an interest."""
        if file is self:
            raise Failed("EINVAL")
        key = (fd, id(file))
        known = self.interests.get(key)
        unknown = {_poll_name(name) for name in events - EPOLL_MODES} - POLL_EVENTS
        if operation not in ("EPOLL_CTL_ADD", "EPOLL_CTL_MOD", "EPOLL_CTL_DEL") or unknown:
            raise Failed("EINVAL")
        if operation == "EPOLL_CTL_ADD":
            if known is not None:
                raise Failed("EEXIST")
            if isinstance(file, Epoll) and file.watches(self):
                raise Failed("ELOOP")
            known = self.interests[key] = Interest(self, fd, file)
            file.watchers.append(known)
        elif known is None:
            raise Failed("ENOENT")
        if operation == "EPOLL_CTL_DEL":
            self.forget(known)
        else:
            known.set(events, data)
            self.notify()
        return 0

    def watches(self, file: OpenFile) -> bool:
        """Return whether it watches a file, itself or by another epoll."""
        inner = [interest.file for interest in self.interests.values()]
        return file in inner or any(isinstance(one, Epoll) and one.watches(file) for one in inner)

    def forget(self, interest: Interest) -> None:
        """Watch a file no longer."""
        interest.file.watchers.remove(interest)
        del self.interests[interest.fd, id(interest.file)]

    def wait(self, most: int, until: Time, *, at_once: bool) -> Steps:
        """Wait for news; the value lists (data, events), with names such as EPOLLIN, at most `most`."""
        if most < 1:
            raise Failed("EINVAL")
        while True:
            told: list[tuple[object, frozenset[str]]] = []
            for interest in self.interests.values():
                ready = interest.ready
                interest.news = interest.news and bool(ready)
                if ready and len(told) < most:
                    told.append((interest.data, frozenset(f"E{name}" for name in ready)))
                    interest.news = False
                    if interest.oneshot:
                        interest.wanted = frozenset()
            if told or at_once or (yield Wait((self,), until)):
                return len(told), told

    def release(self) -> int:
        """Watch nothing any more."""
        for interest in tuple(self.interests.values()):
            self.forget(interest)
        return 0
