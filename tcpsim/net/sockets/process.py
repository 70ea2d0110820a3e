"""A process on a host: its file descriptors, and the calls that it makes of the host's sockets.

    process = Process(host)
    fd = process.call("socket", "AF_INET", "SOCK_STREAM", 0).result
    call = process.call("connect", fd, ("192.0.2.2", 80))
    network.run()
    call.done, call.result, call.errno

Rule 1. A call never raises for what a program does wrong: it ends with an errno. ValueError is for a call that
        does not exist, TypeError for arguments that no C program could give.
Rule 2. Arguments are values: names of constants are text, flags are sets of names, an address is
        (address, port), data is bytes or a number of octets that are only counted.
Rule 3. `fault=True` says that a pointer among the arguments is a bad one.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

from .errnos import ERRNOS, Failed
from .stream import Socket
from .style import STYLES, SocketStyle
from .syscall import Syscall

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..connection import Connection
    from ..host import Host
    from ..listener import Listener
    from .files import OpenFile
    from .syscall import Result, Steps

FIRST_DESCRIPTOR: Final = 3
"""0, 1 and 2 are standard input, output and error."""
MOST_DESCRIPTORS: Final = 1024


class Process:
    """A process.

    Attributes:
        host: where it runs.
        style: what its sockets do as one kernel's do and others' don't.
        files: what its descriptors stand for.
    """

    def __init__(self, host: Host, style: SocketStyle | str | None = None) -> None:
        """Start on a host; `style` is one of STYLES, by default that of the host's profile.

        Raises ValueError for a style that there is not.
        """
        if style is None:
            style = host.profile
        if isinstance(style, str):
            if style not in STYLES:
                raise ValueError(f"expected a style, one of {', '.join(filter(None, STYLES))}, not {style!r}")
            style = STYLES[style]
        self.host = host
        self.style = style
        self.files: dict[int, OpenFile] = {}

    # ------------------------------------------------------------------ calls

    def call(self, name: str, *arguments: Any, **options: Any) -> Syscall:
        """Make a call; it is done when this returns, or waits for virtual time to go on.

        Raises ValueError for a name that is no call, TypeError for arguments that it does not take.
        """
        from .calls import CALLS

        handler: Callable[..., Result | Steps] | None = CALLS.get(name)
        if handler is None:
            near = difflib.get_close_matches(name, CALLS, n=1)
            raise ValueError(f"there is no call {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
        call = Syscall(self.host.agenda, name, arguments)
        call.begin(handler, self, *arguments, **options)
        return call

    def run(self, program: Generator[Syscall, Any, Any]) -> Program:
        """Run a program: a generator that yields its calls, and is resumed with each when it has ended.

        After an error a SocketError is raised where the call was made.

            def client():
                fd = (yield process.call("socket", "AF_INET", "SOCK_STREAM")).result
                yield process.call("connect", fd, ("192.0.2.2", 80))
                return (yield process.call("read", fd, 1000)).value
        """
        return Program(program)

    # ------------------------------------------------------------------ descriptors

    def open(self, file: OpenFile, least: int = FIRST_DESCRIPTOR) -> int:
        """Return the lowest free descriptor, from now on one for `file`; raises Failed, EMFILE."""
        fd = next((fd for fd in range(least, MOST_DESCRIPTORS) if fd not in self.files), None)
        if fd is None:
            raise Failed("EMFILE")
        file.references += 1
        self.files[fd] = file
        return fd

    def file(self, fd: object) -> OpenFile:
        """Return what a descriptor stands for; raises Failed, EBADF."""
        if not isinstance(fd, int) or fd not in self.files:
            raise Failed("EBADF")
        return self.files[fd]

    def socket(self, fd: object) -> Socket:
        """Return the socket that a descriptor stands for; raises Failed, EBADF or ENOTSOCK."""
        file = self.file(fd)
        if not isinstance(file, Socket):
            raise Failed("ENOTSOCK")
        return file

    def connection(self, fd: int) -> Connection | None:
        """Return the connection of a socket, also one that has ended; None if it has none."""
        file = self.files.get(fd)
        return file.connection if isinstance(file, Socket) else None

    def listener(self, fd: int) -> Listener | None:
        """Return the listener of a socket, or None."""
        file = self.files.get(fd)
        return file.listener if isinstance(file, Socket) else None

    def tcp_info(self, fd: int) -> dict[str, int]:
        """Return what `getsockopt(TCP_INFO)` would tell: see `info`."""
        from .info import tcp_info

        file = self.files.get(fd)
        return tcp_info(file) if isinstance(file, Socket) else {}

    def __repr__(self) -> str:
        return f"<Process on {self.host.name}: {len(self.files)} descriptors>"


class SocketError(Exception):
    """A call of a program has failed.

    Attributes:
        errno: the name of the error.
        call: the call.
    """

    def __init__(self, call: Syscall) -> None:
        assert call.errno is not None
        self.errno = call.errno
        self.call = call
        super().__init__(f"{call.name}: {call.errno}: {ERRNOS[call.errno]}")


class Program:
    """A program that runs: see `Process.run`.

    Attributes:
        done: whether it has ended.
        value: what it returned.
        error: the SocketError that ended it, or None.
    """

    def __init__(self, steps: Generator[Syscall, Any, Any]) -> None:
        self.done = False
        self.value: Any = None
        self.error: SocketError | None = None
        self._steps = steps
        self._go_on(None)

    def _go_on(self, finished: Syscall | None) -> None:
        """Tell the program what its call gave, and make the next one, until one has to wait."""
        while True:
            try:
                if finished is None:
                    call = next(self._steps)
                elif finished.errno is not None:
                    call = self._steps.throw(SocketError(finished))
                else:
                    call = self._steps.send(finished)
            except StopIteration as end:
                self.done, self.value = True, end.value
                return
            except SocketError as error:
                self.done, self.error = True, error
                return
            if not call.done:
                call.on_done = self._go_on
                return
            finished = call
