"""The calls of a process by name: what each takes, which file it concerns, what it returns.

Rule 1. The order of arguments is C's, without the pointers and lengths that Python values have in them.
Rule 2. A descriptor is looked up first, then the arguments are judged, then the socket's state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...tcp.units import MS, NEVER, SECOND, US
from . import options, readiness, reading, writing
from .errnos import Failed
from .files import OpenFile, ZeroFile
from .readiness import Epoll
from .stream import LISTENING, Socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from ...tcp.text import Chunk
    from ...tcp.units import Time
    from .process import Process
    from .syscall import Result, Steps

    Flags = AbstractSet[str] | int
    Name = tuple[str, int] | None

_DESCRIPTOR_FLAGS: Final = frozenset({"SOCK_NONBLOCK", "SOCK_CLOEXEC"})
_STATUS_FLAGS: Final = frozenset({"O_RDONLY", "O_WRONLY", "O_RDWR", "O_NONBLOCK", "O_NDELAY", "O_LARGEFILE"})
O_RDWR: Final = 2


# ------------------------------------------------------------------ making and naming sockets


def socket(process: Process, domain: str, kind: str | AbstractSet[str], protocol: str | int = 0) -> int:
    """Make a socket; `kind` is SOCK_STREAM, alone or in a set with SOCK_NONBLOCK."""
    names = frozenset({kind}) if isinstance(kind, str) else frozenset(kind)
    if domain not in ("AF_INET", "AF_INET6"):
        raise Failed("EAFNOSUPPORT", domain)
    kinds = names - _DESCRIPTOR_FLAGS
    if kinds != {"SOCK_STREAM"}:
        raise Failed("EINVAL" if len(kinds) != 1 else "EPROTONOSUPPORT", " ".join(sorted(kinds)))
    if protocol not in (0, 6, "IPPROTO_TCP", "IPPROTO_IP"):
        raise Failed("EPROTONOSUPPORT", str(protocol))
    made = Socket(process.host, process.style, domain)
    made.nonblocking = "SOCK_NONBLOCK" in names
    return process.open(made)


def bind(process: Process, fd: int, name: Name, *, fault: bool = False) -> int:
    """Claim a local address and port."""
    return process.socket(fd).bind(None if fault else name)


def listen(process: Process, fd: int, backlog: int) -> int:
    """Begin to listen."""
    return process.socket(fd).listen(backlog)


def accept(process: Process, fd: int, flags: AbstractSet[str] = frozenset(), *, fault: bool = False) -> Steps:
    """Return the descriptor of a new socket; the value is the peer's address and port."""
    listener = process.socket(fd)
    if flags - _DESCRIPTOR_FLAGS:
        raise Failed("EINVAL")
    outcome = yield from listener.accept()
    assert isinstance(outcome, tuple)
    child: Socket = outcome[1]
    if fault:
        child.release()
        raise Failed("EFAULT")
    child.nonblocking = child.nonblocking or "SOCK_NONBLOCK" in flags
    return process.open(child), child.peer


def connect(process: Process, fd: int, name: Name, *, fault: bool = False) -> Steps:
    """Open a connection."""
    return process.socket(fd).connect(None if fault else name)


def getsockname(process: Process, fd: int, *, fault: bool = False) -> Result:
    """Return the socket's own name as the value."""
    sock = process.socket(fd)
    if fault:
        raise Failed("EFAULT")
    return sock.getsockname()


def getpeername(process: Process, fd: int, *, fault: bool = False) -> Result:
    """Return the peer's name as the value."""
    sock = process.socket(fd)
    outcome = sock.getpeername()
    if fault:
        raise Failed("EFAULT")
    return outcome


def getsockopt(process: Process, fd: int, level: str, name: str, *, fault: bool = False) -> Result:
    """Return the value of an option as the value: an int, a tuple for a struct, a name."""
    return options.getsockopt(process.socket(fd), level, name, fault=fault)


def setsockopt(
    process: Process, fd: int, level: str, name: str, value: Any, *, length: int | None = None, fault: bool = False
) -> int:
    """Set an option."""
    return options.setsockopt(process.socket(fd), level, name, value, length=length, fault=fault)


def shutdown(process: Process, fd: int, how: str) -> int:
    """End one direction, or both."""
    return process.socket(fd).shutdown(how)


# ------------------------------------------------------------------ reading and writing


def _names(flags: Flags) -> AbstractSet[str]:
    """Flags as names: 0 stands for none."""
    if isinstance(flags, int):
        if flags:
            raise Failed("EOPNOTSUPP", f"flags {flags:#x}")
        return frozenset()
    return flags


def read(process: Process, fd: int, size: int, *, fault: bool = False) -> Steps | int | tuple[int, int]:
    """Read at most `size` octets; the value is the octets, or how many if they were only counted."""
    file = process.file(fd)
    if isinstance(file, ZeroFile):
        return size, size
    return reading.receive(_stream(file), size, fault=fault)


def readv(process: Process, fd: int, sizes: Iterable[int], *, fault: bool = False) -> Steps:
    """Read into several buffers: as much as all of them take."""
    return reading.receive(_stream(process.file(fd)), sum(sizes), fault=fault)


def recv(process: Process, fd: int, size: int, flags: Flags = 0, *, fault: bool = False) -> Steps:
    """Read, with flags."""
    return reading.receive(process.socket(fd), size, _names(flags), fault=fault)


def recvmsg(process: Process, fd: int, size: int, flags: Flags = 0, *, fault: bool = False) -> Steps:
    """Read, with flags; the value is a Message."""
    return reading.receive_message(process.socket(fd), size, _names(flags), fault=fault)


def write(process: Process, fd: int, data: Chunk, *, fault: bool = False) -> Steps | int:
    """Write octets, or a number of octets that are only counted."""
    file = process.file(fd)
    if isinstance(file, ZeroFile):
        raise Failed("EBADF")
    return writing.send(_stream(file), data, fault=fault)


def writev(process: Process, fd: int, pieces: Iterable[Chunk], *, fault: bool = False) -> Steps:
    """Write several pieces as one."""
    return writing.send(_stream(process.file(fd)), _joined(pieces), fault=fault)


def _joined(pieces: Iterable[Chunk]) -> Chunk:
    listed = list(pieces)
    if all(isinstance(piece, int) for piece in listed):
        return sum([piece for piece in listed if isinstance(piece, int)])
    return b"".join([bytes(piece) for piece in listed])


def send(process: Process, fd: int, data: Chunk, flags: Flags = 0, *, fault: bool = False) -> Steps:
    """Write, with flags."""
    return writing.send(process.socket(fd), data, _names(flags), fault=fault)


def sendto(
    process: Process, fd: int, data: Chunk, flags: Flags = 0, name: Name = None, *, fault: bool = False
) -> Steps:
    """Write, with flags; a stream goes to its peer, whatever the name says."""
    sock = process.socket(fd)
    error = sock.style.sendto_connected
    if name is not None and error is not None and sock.connection is not None:
        raise Failed(error)
    return writing.send(sock, data, _names(flags), fault=fault)


def sendmsg(process: Process, fd: int, pieces: Iterable[Chunk], flags: Flags = 0, *, fault: bool = False) -> Steps:
    """Write several pieces as one, with flags."""
    return writing.send(process.socket(fd), _joined(pieces), _names(flags), fault=fault)


def sendfile(process: Process, out: int, source: int, offset: int, size: int, *, fault: bool = False) -> Steps:
    """Write so many octets of a file: zeros, that are only counted."""
    sock = process.socket(out)
    if not isinstance(process.file(source), ZeroFile) or offset < 0:
        raise Failed("EINVAL")
    return writing.send(sock, size, fault=fault)


def _stream(file: OpenFile) -> Socket:
    if not isinstance(file, Socket):
        raise Failed("EINVAL")
    return file


# ------------------------------------------------------------------ descriptors


def open_(process: Process, path: str, flags: object = 0, mode: int = 0) -> int:
    """Open a file: every path stands for endless zeros, and nothing of the machine is touched."""
    return process.open(ZeroFile())


def close(process: Process, fd: int) -> Steps | int:
    """Give a descriptor up; with the last one of a socket the socket closes."""
    file = process.file(fd)
    del process.files[fd]
    file.references -= 1
    if file.references:
        return 0
    for watcher in tuple(file.watchers):
        watcher.file_closed()
    return file.release()


def dup(process: Process, fd: int) -> int:
    """Return another descriptor for the same file."""
    return process.open(process.file(fd))


def dup2(process: Process, fd: int, wanted: int) -> int:
    """Let `wanted` stand for the file of `fd`; what it stood for is closed."""
    file = process.file(fd)
    if not 0 <= wanted < 1024:
        raise Failed("EBADF")
    if wanted != fd:
        if wanted in process.files:
            close(process, wanted)
        file.references += 1
        process.files[wanted] = file
    return wanted


def fcntl(process: Process, fd: int, command: str, argument: Any = 0) -> Result:
    """F_GETFL (the value: names), F_SETFL (names, or the style's numbers), F_DUPFD, F_GETFD, F_SETFD."""
    file = process.file(fd)
    nonblock = process.style.nonblock
    if command == "F_GETFL":
        names = frozenset({"O_RDWR", "O_NONBLOCK"} if file.nonblocking else {"O_RDWR"})
        return O_RDWR | (nonblock if file.nonblocking else 0), names
    if command == "F_SETFL":
        if isinstance(argument, int):
            file.nonblocking = bool(argument & nonblock)
        elif frozenset(argument) - _STATUS_FLAGS:
            raise Failed("EINVAL", " ".join(sorted(frozenset(argument) - _STATUS_FLAGS)))
        else:
            file.nonblocking = not {"O_NONBLOCK", "O_NDELAY"}.isdisjoint(argument)
        return 0
    if command == "F_DUPFD":
        return process.open(file, int(argument))
    if command in ("F_GETFD", "F_SETFD"):
        return 0
    raise Failed("EINVAL", command)


_INQUIRIES: Final = {
    "SIOCINQ": "in", "FIONREAD": "in", "SIOCOUTQ": "out", "TIOCOUTQ": "out", "FIONWRITE": "out",
    "SIOCOUTQNSD": "unsent", "FIONSPACE": "space",
}  # fmt: skip


def ioctl(process: Process, fd: int, request: str, argument: Any = None, *, fault: bool = False) -> Result:
    """SIOCINQ and its like: the value is a number of octets; FIONBIO sets O_NONBLOCK."""
    file = process.file(fd)
    if request == "FIONBIO":
        file.nonblocking = bool(argument)
        return 0
    if not isinstance(file, Socket):
        raise Failed("ENOTTY")
    what = _INQUIRIES.get(request)
    if what is None or request in process.style.lacks:
        raise Failed("ENOTTY", "" if what else request)
    if fault:
        raise Failed("EFAULT")
    if file.phase == LISTENING:
        raise Failed("EINVAL")
    if file.connection is None:
        return 0, 0
    endpoint = file.connection.endpoint
    amounts = {
        "in": file.on_hand, "out": endpoint.undelivered, "unsent": endpoint.unsent,
        "space": max(endpoint.cfg.snd_buff - endpoint.undelivered, 0),
    }  # fmt: skip
    return 0, amounts[what]


# ------------------------------------------------------------------ waiting for several


def poll(process: Process, entries: Iterable[tuple[int, AbstractSet[str]]], timeout: int = -1) -> Steps:
    """Wait, at most `timeout` ms (for ever if negative), for one of (fd, events); the value lists (fd, revents)."""
    asked = [(process.files.get(fd), fd, frozenset(events)) for fd, events in entries]
    unknown = frozenset().union(*(events for _, _, events in asked)) - readiness.POLL_EVENTS
    if unknown:
        raise Failed("EINVAL", " ".join(sorted(unknown)))
    return readiness.poll(asked, _until(process, timeout), at_once=timeout == 0)


def _until(process: Process, timeout: int) -> Time:
    return NEVER if timeout < 0 else process.host.agenda.now + timeout * MS


def select(
    process: Process,
    read_fds: Iterable[int],
    write_fds: Iterable[int] = (),
    except_fds: Iterable[int] = (),
    timeout: tuple[int, int] | None = None,
) -> Steps:
    """Wait, at most (seconds, microseconds), for one of three sets; the value is three lists."""
    asked = (sorted(set(read_fds)), sorted(set(write_fds)), sorted(set(except_fds)))
    files = {fd: process.file(fd) for fds in asked for fd in fds}
    if timeout is not None and (timeout[0] < 0 or not 0 <= timeout[1] < 1_000_000):
        raise Failed("EINVAL")
    length = NEVER if timeout is None else timeout[0] * SECOND + timeout[1] * US
    until = NEVER if timeout is None else process.host.agenda.now + length
    return readiness.select(files, *asked, until, at_once=length == 0)


def epoll_create(process: Process, size: int = 1) -> int:
    """Make an epoll."""
    if size <= 0:
        raise Failed("EINVAL")
    return process.open(Epoll())


def epoll_create1(process: Process, flags: object = 0) -> int:
    """Make an epoll."""
    return process.open(Epoll())


def epoll_ctl(
    process: Process,
    epfd: int,
    operation: str,
    fd: int,
    events: AbstractSet[str] = frozenset(),
    data: object = None,
    *,
    fault: bool = False,
) -> int:
    """Add, change or delete an interest; `data`, by default the descriptor, is what epoll_wait calls it by."""
    epoll, file = process.file(epfd), process.file(fd)
    if fault:
        raise Failed("EFAULT")
    if not isinstance(epoll, Epoll):
        raise Failed("EINVAL")
    if isinstance(file, ZeroFile):
        raise Failed("EPERM")
    return epoll.control(operation, fd, file, events, fd if data is None else data)


def epoll_wait(process: Process, epfd: int, most: int, timeout: int = -1) -> Steps:
    """Wait at most `timeout` ms (for ever if negative); the value lists (data, events)."""
    epoll = process.file(epfd)
    if not isinstance(epoll, Epoll):
        raise Failed("EINVAL")
    return epoll.wait(most, _until(process, timeout), at_once=timeout == 0)


CALLS: Final[dict[str, Callable[..., Result | Steps]]] = {
    "socket": socket, "bind": bind, "listen": listen, "accept": accept, "accept4": accept, "connect": connect,
    "getsockname": getsockname, "getpeername": getpeername, "getsockopt": getsockopt, "setsockopt": setsockopt,
    "shutdown": shutdown, "read": read, "readv": readv, "recv": recv, "recvfrom": recv, "recvmsg": recvmsg,
    "write": write, "writev": writev, "send": send, "sendto": sendto, "sendmsg": sendmsg, "sendfile": sendfile,
    "open": open_, "close": close, "dup": dup, "dup2": dup2, "fcntl": fcntl, "ioctl": ioctl, "poll": poll,
    "select": select, "epoll_create": epoll_create, "epoll_create1": epoll_create1, "epoll_ctl": epoll_ctl,
    "epoll_wait": epoll_wait,
}  # fmt: skip
"""Every call by its name."""
