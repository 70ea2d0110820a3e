"""What a file descriptor stands for, and who waits for it to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .syscall import Steps, Syscall


class Watcher(Protocol):
    """Who wants to hear of each change of a file: an epoll's interest in it."""

    def file_changed(self, news: bool) -> None:
        """Take note; `news` if something has come that was not there before."""

    def file_closed(self) -> None:
        """No descriptor stands for the file any more."""


class OpenFile:
    """An open file: several descriptors may stand for it.

    Attributes:
        nonblocking: O_NONBLOCK.
        references: how many descriptors stand for it.
        waiting: the calls that wait for a change.
        watchers: whose interest was registered.
    """

    def __init__(self) -> None:
        self.nonblocking = False
        self.references = 0
        self.waiting: list[Syscall] = []
        self.watchers: list[Watcher] = []

    @property
    def events(self) -> frozenset[str]:
        """What poll would tell: names such as POLLIN."""
        raise NotImplementedError

    def notify(self, news: bool = True) -> None:
        """Something has changed: let those look again who wait."""
        for call in tuple(self.waiting):
            if call.waits_for(self):
                call.look_again()
        for watcher in tuple(self.watchers):
            watcher.file_changed(news)

    def starve(self) -> None:
        """Somebody has found no room to write, and wants to hear when there is."""

    def release(self) -> Steps | int:
        """The last descriptor was closed."""
        return 0


class ZeroFile(OpenFile):
    """A regular file, endless and full of zeros: what `open` gives and `sendfile` reads."""

    @property
    def events(self) -> frozenset[str]:
        """Reading and writing never wait."""
        return frozenset({"POLLIN", "POLLOUT"})
