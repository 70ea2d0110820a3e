"""The calls of a script, made on the simulated host, and what they return beside what the script says.

Rule 1. Descriptors of the script are its own: what `socket()` and `accept()` return is only compared in its sign, and
        the script's number stands for the live one from then on.
Rule 2. `...` is an address or a buffer of the script's setup; data is only counted.
Rule 3. Compared are the result, the errno, and what a call gives back: values and lengths of options, revents, events,
        message flags and control messages.
Rule 4. What tcpsim's sockets don't have is NotRunnable, never a difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..net.sockets import ERRNOS, Message, Socket
from .arguments import Arguments, bracketed, flags, number, struct, vector, wrong
from .comparing import Difference
from .optioning import NotRunnable
from .places import ScriptError
from .script import BitOr, Dots, Integer, List, Name, String, Struct
from .tcp_info import SYMBOLS
from .writing import format_expression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..net.connection import Connection
    from ..net.listener import Listener
    from ..net.sockets import Process, Syscall
    from ..tcp.units import Time
    from .mapping import Sockets
    from .options import Setup
    from .script import Expression, SystemCall

    Check = Callable[[Any], list[Difference]]

SAME_ERRNO: Final = {"EWOULDBLOCK": "EAGAIN", "ENOTSUP": "EOPNOTSUPP"}
"""Names that are one number on both systems."""
MAPPED: Final = "::ffff:"
"""IPv4 within IPv6 (RFC 4291 2.5.5.2)."""
BOUNDED: Final = frozenset({"poll", "epoll_wait", "close"})
"""Calls that sleep no longer than they are told, so that a script may wait for their end."""
LEVELS: Final = {"SOL_TCP": "IPPROTO_TCP", "SOL_IP": "IPPROTO_IP", "SOL_IPV6": "IPPROTO_IPV6"}
HOW: Final = {0: "SHUT_RD", 1: "SHUT_WR", 2: "SHUT_RDWR"}


class NoDescriptor(Exception):
    """The script names a descriptor that it has not opened."""


class Made:
    """A call that was made.

    Attributes:
        spec: as the script says it.
        live: as the host carries it out.
        check: compares what the call gave back.
        of_descriptor: whether a result of 0 or more is a descriptor.
    """

    __slots__ = ("check", "live", "of_descriptor", "spec")

    def __init__(self, spec: SystemCall, live: Syscall, check: Check | None, *, of_descriptor: bool = False) -> None:
        self.spec = spec
        self.live = live
        self.check = check
        self.of_descriptor = of_descriptor

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.live.done

    @property
    def bounded(self) -> bool:
        """Whether it ends by itself, with time."""
        return self.spec.name in BOUNDED

    @property
    def ended_at(self) -> Time:
        """When it ended (nanoseconds)."""
        assert self.live.ended_at is not None, "only asked of a call that has ended"
        return self.live.ended_at

    def differences(self) -> list[Difference]:
        """Return what isn't as the script says; raises NotRunnable if tcpsim lacks what was asked for."""
        live, spec = self.live, self.spec
        if live.not_modelled:
            raise NotRunnable(f"{spec.name}(): tcpsim doesn't have {live.not_modelled}")
        found = []
        wanted = None if isinstance(spec.result, Dots) else number(spec.result)
        result_differs = wanted is not None and wanted != live.result
        if self.of_descriptor and wanted is not None and wanted >= 0 and live.result >= 0:
            result_differs = False
        if result_differs:
            found.append(Difference("result", str(wanted), str(live.result)))
        if spec.errno is not None:
            name = SAME_ERRNO.get(spec.errno.name, spec.errno.name)
            if name != live.errno:
                found.append(Difference("errno", name, live.errno or "none"))
        elif result_differs and live.errno is not None:
            found.append(Difference("errno", "none", live.errno))
        if not found and live.result >= 0 and self.check is not None:
            found = self.check(live.value)
        return found

    def words(self) -> str:
        """Return what it returned, as a script writes it."""
        errno = self.live.errno
        return str(self.live.result) if errno is None else f"{self.live.result} {errno} ({ERRNOS[errno]})"


class Calls:
    """The script's calls.

    Attributes:
        process: who makes them.
        descriptors: live ones by those of the script.
    """

    def __init__(self, process: Process, sockets: Sockets, setup: Setup) -> None:
        self.process = process
        self.sockets = sockets
        self.setup = setup
        self.descriptors: dict[int, int] = {}

    def make(self, spec: SystemCall) -> Made:
        """Make a call.

        Raises:
            NotRunnable: tcpsim doesn't have it, or what it asks for.
            NoDescriptor: the script names a descriptor that isn't open.
            ScriptError: its arguments are none.
        """
        maker = _MAKERS.get(spec.name)
        if maker is None:
            raise NotRunnable(f"tcpsim doesn't have the call {spec.name}()")
        return maker(self, spec, Arguments(spec))

    # ------------------------------------------------------------------ what others ask

    def owned(self) -> Iterator[tuple[Connection | None, Listener | None]]:
        """Yield what each socket with a descriptor has: a connection, a listener, or neither."""
        for fd, file in self.process.files.items():
            if isinstance(file, Socket):
                listener = self.process.listener(fd)
                yield (None if listener is not None else self.process.connection(fd)), listener

    def tcp_info(self, fd: int) -> dict[str, int]:
        """Return TCP_INFO of a descriptor of the script; nothing if it has none."""
        live = self.descriptors.get(fd)
        return {} if live is None else self.process.tcp_info(live)

    # ------------------------------------------------------------------ descriptors

    def fd(self, expression: Expression) -> int:
        """Return the live descriptor of one of the script's."""
        wanted = number(expression)
        if wanted not in self.descriptors:
            raise NoDescriptor(f"the script has no descriptor {wanted}")
        return self.descriptors[wanted]

    def _opens(self, spec: SystemCall, live: Syscall, effect: Callable[[int, Any], None]) -> Made:
        """Return a call whose result, when it ends well, is the script's name for a new descriptor."""

        def opened(call: Syscall) -> None:
            if call.result >= 0 and not isinstance(spec.result, Dots):
                name = number(spec.result)
                self.descriptors[name] = call.result
                effect(name, call.value)

        _when_done(live, opened)
        return Made(spec, live, None, of_descriptor=True)

    def _shown(self, name: tuple[str, int] | None) -> tuple[str, int] | None:
        """Return an address as the socket's domain writes it."""
        if name is not None and self.setup.ip_version == "ipv4-mapped-ipv6" and ":" not in name[0]:
            return MAPPED + name[0], name[1]
        return name

    # ------------------------------------------------------------------ sockets

    def _socket(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        domain = "AF_INET" if self.setup.ip_version == "ipv4" else "AF_INET6"
        if not isinstance(given.items[0], Dots):
            domain = given.name(0)
        protocol = given.items[2]
        live = self.process.call(
            "socket", domain, given.flags(1), protocol.name if isinstance(protocol, Name) else given.number(2)
        )
        return self._opens(spec, live, lambda name, _value: self.sockets.made(name))

    def _bind(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        name = given.address(1, self.setup.bind_to)
        return Made(spec, self.process.call("bind", self.fd(given.items[0]), self._shown(name)), None)

    def _listen(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(2)
        fd = self.fd(given.items[0])
        self.sockets.listening(given.number(0))
        return Made(spec, self.process.call("listen", fd, given.number(1)), None)

    def _accept(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        live = self.process.call("accept", self.fd(given.items[0]))
        return self._opens(spec, live, lambda name, _value: self.sockets.accepted(name, None))

    def _connect(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        fd = self.fd(given.items[0])
        if isinstance(given.items[1], Name) and given.name(1) != "NULL":
            raise NotRunnable("tcpsim doesn't dissolve connections by connect() with AF_UNSPEC")
        name = given.address(1, self.sockets.connecting(given.number(0)))
        return Made(spec, self.process.call("connect", fd, self._shown(name)), None)

    def _shutdown(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(2)
        how = given.items[1]
        name = HOW.get(how.value, str(how.value)) if isinstance(how, Integer) else given.name(1)
        return Made(spec, self.process.call("shutdown", self.fd(given.items[0]), name), None)

    def _close(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(1)
        name = given.number(0)
        live = self.process.call("close", self.fd(given.items[0]))
        del self.descriptors[name]
        self.sockets.closed(name)
        return Made(spec, live, None)

    # ------------------------------------------------------------------ reading and writing

    def _read(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        live = self.process.call(spec.name, self.fd(given.items[0]), given.size(2), fault=given.buffer(1))
        return Made(spec, live, None)

    def _recv(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(6 if spec.name == "recvfrom" else 4)
        fd = self.fd(given.items[0])
        return Made(spec, self.process.call("recv", fd, given.size(2), given.flags(3), fault=given.buffer(1)), None)

    def _recvmsg(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        fields = struct(given.items[1], *_MESSAGE)
        sizes, fault = vector(fields.get("msg_iov", List()))
        live = self.process.call("recvmsg", self.fd(given.items[0]), sum(sizes), given.flags(2), fault=fault)
        return Made(spec, live, lambda value: _message(fields, value))

    def _write(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        live = self.process.call(spec.name, self.fd(given.items[0]), given.size(2), fault=given.buffer(1))
        return Made(spec, live, None)

    def _send(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(4)
        fd = self.fd(given.items[0])
        return Made(spec, self.process.call("send", fd, given.size(2), given.flags(3), fault=given.buffer(1)), None)

    def _sendto(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(6)
        fd = self.fd(given.items[0])
        sending = given.flags(3)
        name = None
        if not given.is_null(4):
            target = self.sockets.connecting(given.number(0)) if "MSG_FASTOPEN" in sending else self.setup.connect_to
            name = given.address(4, target)
        live = self.process.call("sendto", fd, given.size(2), sending, self._shown(name), fault=given.buffer(1))
        return Made(spec, live, None)

    def _sendmsg(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        fields = struct(given.items[1], *_MESSAGE)
        if isinstance(fields.get("msg_control"), List) and fields["msg_control"] != List():
            raise NotRunnable("tcpsim sends no control messages")
        sizes, fault = vector(fields.get("msg_iov", List()))
        return Made(
            spec, self.process.call("sendmsg", self.fd(given.items[0]), sizes, given.flags(2), fault=fault), None
        )

    def _vector(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        sizes, fault = vector(given.items[1])
        if given.number(2) != len(sizes):
            raise ScriptError(spec.place, f"{len(sizes)} pieces", f"as many as {given.number(2)}")
        return Made(spec, self.process.call(spec.name, self.fd(given.items[0]), sizes, fault=fault), None)

    def _open(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(2, 3)
        path = given.items[0]
        live = self.process.call("open", path.text if isinstance(path, String) else "")
        return self._opens(spec, live, lambda _name, _value: None)

    def _sendfile(self, spec: SystemCall, given: Arguments) -> Made:
        if len(given) != 4:
            raise NotRunnable("tcpsim has sendfile() with four arguments only")
        offset = given.items[2]
        begin = number(bracketed(offset)) if isinstance(offset, List) else given.number(2)
        fds = (self.fd(given.items[0]), self.fd(given.items[1]))
        return Made(spec, self.process.call("sendfile", *fds, max(begin, -1), given.size(3)), None)

    # ------------------------------------------------------------------ settings

    def _fcntl(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(2, 3)
        argument: Any = 0
        if len(given) == 3:
            named = given.name(1) == "F_SETFL" and not isinstance(given.items[2], Integer)
            argument = given.flags(2) if named else given.number(2)
        live = self.process.call("fcntl", self.fd(given.items[0]), given.name(1), argument)
        return Made(spec, live, None, of_descriptor=given.name(1) == "F_DUPFD")

    def _ioctl(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(2, 3)
        fd = self.fd(given.items[0])
        if len(given) == 2:
            return Made(spec, self.process.call("ioctl", fd, given.name(1)), None)
        fault = given.is_null(2)
        wanted = 0 if fault else number(bracketed(given.items[2]))
        live = self.process.call("ioctl", fd, given.name(1), wanted, fault=fault)
        return Made(spec, live, lambda value: [] if value is None else _compare("value", wanted, value))

    def _setsockopt(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(5)
        fd, level, name = self.fd(given.items[0]), given.name(1), given.name(2)
        value: Any = 0
        fault = given.is_null(3)
        if not fault:
            value = _option_value(given.items[3])
        length = given.number(4)
        live = self.process.call("setsockopt", fd, LEVELS.get(level, level), name, value, length=length, fault=fault)
        return Made(spec, live, None)

    def _getsockopt(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(5)
        fd, level, name = self.fd(given.items[0]), given.name(1), given.name(2)
        value, length = given.items[3], given.items[4]
        fault = isinstance(value, Name | Integer) and given.is_null(3)
        live = self.process.call("getsockopt", fd, LEVELS.get(level, level), name, fault=fault)
        return Made(spec, live, lambda actual: _option(value, length, actual))

    # ------------------------------------------------------------------ waiting for several

    def _poll(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(3)
        listed = given.items[0]
        if not isinstance(listed, List):
            raise wrong(listed, "[{fd=3, events=POLLIN, revents=POLLIN}]")
        entries = [struct(item, "fd", "events", "revents") for item in listed.items]
        if given.number(1) != len(entries):
            raise ScriptError(spec.place, f"{len(entries)} entries", f"as many as {given.number(1)}")
        for item, entry in zip(listed.items, entries, strict=True):
            if "fd" not in entry:
                raise wrong(item, "{fd=3, events=POLLIN, revents=POLLIN}")
        nothing = Integer(0)
        fds = [self.fd(entry["fd"]) for entry in entries]
        asked = [(fd, flags(entry.get("events", nothing))) for fd, entry in zip(fds, entries, strict=True)]
        live = self.process.call("poll", asked, given.number(2))

        def check(value: Any) -> list[Difference]:
            told = dict(value)
            found = []
            for fd, entry in zip(fds, entries, strict=True):
                wanted, got = flags(entry.get("revents", nothing)), told.get(fd, frozenset())
                if wanted != got:
                    where = format_expression(entry["fd"])
                    found.append(Difference(f"fd {where}", _names(wanted), _names(got)))
            return found

        return Made(spec, live, check)

    def _epoll_create(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(1)
        return self._opens(spec, self.process.call("epoll_create", given.number(0)), lambda _name, _value: None)

    def _epoll_ctl(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(4)
        events, data = _interest(given.items[3])
        fds = (self.fd(given.items[0]), self.fd(given.items[2]))
        return Made(spec, self.process.call("epoll_ctl", fds[0], given.name(1), fds[1], events, data), None)

    def _epoll_wait(self, spec: SystemCall, given: Arguments) -> Made:
        given.need(4)
        events, data = _interest(given.items[1])
        live = self.process.call("epoll_wait", self.fd(given.items[0]), given.number(2), given.number(3))

        def check(value: Any) -> list[Difference]:
            (_, tag), told = value[0] if value else (("", 0), frozenset())
            found = [] if told == events else [Difference("events", _names(events), _names(told))]
            return found + _compare("data", data[1], tag)

        return Made(spec, live, check)


def _when_done(live: Syscall, effect: Callable[[Syscall], None]) -> None:
    if live.done:
        effect(live)
    else:
        live.on_done = effect


def _compare(field: str, wanted: object, got: object) -> list[Difference]:
    return [] if wanted == got else [Difference(field, str(wanted), str(got))]


def _names(names: frozenset[str]) -> str:
    return "|".join(sorted(names)) or "0"


# ------------------------------------------------------------------ options


def _option_value(expression: Expression) -> Any:
    """Return the value that setsockopt() is given."""
    if isinstance(expression, String):
        return expression.text
    if isinstance(expression, Struct):
        fields = struct(expression, "onoff", "linger", "l_onoff", "l_linger", "tv_sec", "tv_usec")
        return tuple(number(value) for value in fields.values())
    inner = bracketed(expression)
    if isinstance(inner, Name | BitOr):
        raise NotRunnable(f"tcpsim doesn't know {format_expression(inner)} as an option's value")
    return number(inner)


def _option(value: Expression, length: Expression, actual: Any) -> list[Difference]:
    """Compare the value of an option, and its length."""
    if isinstance(actual, dict):
        raise NotRunnable("tcpsim compares the fields of TCP_INFO in %{ }% blocks only")
    found = []
    if not isinstance(length, Dots):
        wanted = number(bracketed(length)) if isinstance(length, List) else number(length)
        if isinstance(actual, tuple) or (isinstance(actual, int) and not isinstance(value, String)):
            found = _compare("length", wanted, 4 * len(actual) if isinstance(actual, tuple) else 4)
    if isinstance(value, Dots):
        return found
    if isinstance(value, Struct):
        fields = tuple(number(field.value) for field in value.fields if not isinstance(field.value, Dots))
        return found + _compare("value", fields, actual)
    if isinstance(value, String):
        return found + _compare("value", value.text.rstrip("\0"), str(actual))
    inner = bracketed(value)
    if isinstance(inner, Dots):
        return found
    wanted_value: object
    if isinstance(inner, Name):
        wanted_value = SAME_ERRNO.get(inner.name, inner.name)
        wanted_value = SYMBOLS.get(inner.name, wanted_value) if isinstance(actual, int) else wanted_value
    else:
        wanted_value = number(inner)
        if isinstance(actual, str) and wanted_value:
            raise NotRunnable(f"tcpsim knows {actual} by name, not as a number")
    return found + _compare("value", wanted_value, actual)


# ------------------------------------------------------------------ structs


_MESSAGE: Final = ("msg_name", "msg_namelen", "msg_iov", "msg_iovlen", "msg_flags", "msg_control", "msg_controllen")


def _message(fields: dict[str, Expression], value: Any) -> list[Difference]:
    """Compare what recvmsg() gave back."""
    assert isinstance(value, Message), "that is what it gives back"
    found = []
    wanted = flags(fields["msg_flags"]) if "msg_flags" in fields else frozenset()
    if wanted != value.flags:
        found.append(Difference("msg_flags", _names(wanted), _names(value.flags)))
    control = fields.get("msg_control")
    if isinstance(control, List):
        asked = [_control(item) for item in control.items]
        given = [(LEVELS.get(level, level), kind, data) for level, kind, data in value.control]
        found += _compare("msg_control", asked, given)
    return found


def _control(expression: Expression) -> tuple[str, str, int]:
    fields = struct(expression, "cmsg_len", "cmsg_level", "cmsg_type", "cmsg_data")
    level, kind, data = (fields.get(name) for name in ("cmsg_level", "cmsg_type", "cmsg_data"))
    if not isinstance(level, Name) or not isinstance(kind, Name) or data is None:
        raise wrong(expression, "{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=0}")
    return LEVELS.get(level.name, level.name), kind.name, number(data)


def _interest(expression: Expression) -> tuple[frozenset[str], tuple[str, int]]:
    """Return the events and the data, (kind, number), of an epoll_event."""
    fields = struct(expression, "events", "fd", "ptr", "u32", "u64")
    events = flags(fields.pop("events", Integer(0)))
    if len(fields) != 1:
        raise wrong(expression, "{events=EPOLLIN, fd=4}")
    ((kind, data),) = fields.items()
    return events, (kind, number(data))


_MAKERS: Final[dict[str, Callable[[Calls, SystemCall, Arguments], Made]]] = {
    "socket": Calls._socket, "bind": Calls._bind, "listen": Calls._listen, "accept": Calls._accept,
    "connect": Calls._connect, "shutdown": Calls._shutdown, "close": Calls._close, "read": Calls._read,
    "recv": Calls._recv, "recvfrom": Calls._recv, "recvmsg": Calls._recvmsg, "write": Calls._write,
    "send": Calls._send, "sendto": Calls._sendto, "sendmsg": Calls._sendmsg, "readv": Calls._vector,
    "writev": Calls._vector, "open": Calls._open, "sendfile": Calls._sendfile, "fcntl": Calls._fcntl,
    "ioctl": Calls._ioctl, "setsockopt": Calls._setsockopt, "getsockopt": Calls._getsockopt, "poll": Calls._poll,
    "epoll_create": Calls._epoll_create, "epoll_ctl": Calls._epoll_ctl, "epoll_wait": Calls._epoll_wait,
}  # fmt: skip
