"""Programs: two processes on two hosts that talk through a bad link; and programs that do anything at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim.net import Network
from tcpsim.net.sockets import CALLS, ERRNOS, STYLES, Process, Socket, SocketError, Syscall
from tests.net.sockets.desk import MINE, PEER, Desk

if TYPE_CHECKING:
    from collections.abc import Generator

    Program = Generator[Syscall, Syscall, Any]


def serve(process: Process) -> Program:
    """Accept one connection, and send everything back, last octet first."""
    listener = (yield process.call("socket", "AF_INET", "SOCK_STREAM")).result
    yield process.call("bind", listener, ("0.0.0.0", 7))
    yield process.call("listen", listener, 1)
    fd = (yield process.call("accept", listener)).result
    yield process.call("close", listener)
    text = b""
    while piece := (yield process.call("read", fd, 4096)).value:
        text += piece
    yield process.call("write", fd, text[::-1])
    yield process.call("close", fd)
    return text


def ask(process: Process, text: bytes) -> Program:
    """Connect, say something, and return what comes back."""
    fd = (yield process.call("socket", "AF_INET", "SOCK_STREAM")).result
    yield process.call("connect", fd, ("192.0.2.2", 7))
    yield process.call("write", fd, text)
    yield process.call("shutdown", fd, "SHUT_WR")
    answer = b""
    while piece := (yield process.call("read", fd, 1000)).value:
        answer += piece
    yield process.call("close", fd)
    return answer


@pytest.mark.parametrize("profile", ["rfc9293", "plain", "linux", "freebsd"])
def test_two_processes_talk_through_a_bad_link(profile: str) -> None:
    net = Network(seed=3)
    client, server = net.host("client", profile=profile), net.host("server", profile=profile)
    net.link(client, server, delay="20ms", loss="10%", duplicate="5%", reorder="5%")
    text = bytes(at % 251 for at in range(30_000))
    ours, theirs = Process(client), Process(server)
    serving = theirs.run(serve(theirs))
    asking = ours.run(ask(ours, text))
    assert not asking.done
    net.run("10min")
    assert (serving.done, serving.value, serving.error) == (True, text, None)
    assert (asking.done, asking.value, asking.error) == (True, text[::-1], None)
    assert (ours.files, theirs.files) == ({}, {})


def test_the_same_programs_leave_the_same_trace() -> None:
    digests = set()
    for _ in range(2):
        net = Network(seed=4)
        client, server = net.host("client"), net.host("server")
        net.link(client, server, delay="20ms", loss="10%")
        ours, theirs = Process(client), Process(server)
        theirs.run(serve(theirs))
        ours.run(ask(ours, b"determined" * 500))
        net.run("1min")
        assert net.trace is not None
        digests.add(net.trace.digest)
    assert len(digests) == 1


def test_an_error_is_raised_in_the_program() -> None:
    desk = Desk()

    def careful() -> Program:
        fd = (yield desk.process.call("socket", "AF_INET", "SOCK_STREAM")).result
        try:
            yield desk.process.call("read", fd, 10)
        except SocketError as error:
            return error.errno
        return "no error"

    def careless() -> Program:
        yield desk.process.call("close", 99)

    assert desk.process.run(careful()).value == "ENOTCONN"
    failed = desk.process.run(careless())
    assert failed.done
    assert failed.error is not None
    assert str(failed.error) == "close: EBADF: Bad file descriptor"
    assert failed.error.call.errno == "EBADF"


def test_a_program_that_polls_many() -> None:
    desk = Desk()
    process = desk.process

    def echo() -> Program:
        listener = desk.listening()
        epoll = (yield process.call("epoll_create", 1)).result
        yield process.call("epoll_ctl", epoll, "EPOLL_CTL_ADD", listener, {"EPOLLIN"})
        served = 0
        while served < 2:
            for fd, _events in (yield process.call("epoll_wait", epoll, 8)).value:
                if fd == listener:
                    child = (yield process.call("accept", listener)).result
                    yield process.call("epoll_ctl", epoll, "EPOLL_CTL_ADD", child, {"EPOLLIN"})
                elif text := (yield process.call("read", fd, 100)).value:
                    yield process.call("write", fd, text)
                else:
                    yield process.call("close", fd)
                    served += 1
        return served

    running = process.run(echo())
    for port in (40_001, 40_002):
        desk.shakes_hands(port)
        desk.arrives("ACK", text=b"hi", port=port)
    desk.arrives("FIN,ACK", port=40_001)
    assert not running.done
    desk.arrives("FIN,ACK", port=40_002)
    assert running.value == 2
    assert [short[3] for short in desk.sent() if short[3]] == [2, 2]


def test_representations() -> None:
    desk = Desk()
    fd = desk.connected()
    assert repr(desk.process) == "<Process on kernel: 1 descriptors>"
    assert repr(desk.call("read", 99, 1)) == "<read(99, 1) = -1 EBADF>"
    assert repr(desk.call("read", fd, 1)) == "<read(3, 1) = ...>"


# ------------------------------------------------------------------ anything at all

FDS = st.integers(2, 8)
FLAGS = st.sets(
    st.sampled_from(["MSG_PEEK", "MSG_DONTWAIT", "MSG_WAITALL", "MSG_MORE", "MSG_EOR", "MSG_OOB", "MSG_TRUNC"])
)
NAMES = st.sampled_from([MINE, PEER, (PEER[0], 80), ("0.0.0.0", 0), ("192.0.2.77", 5), None, ("::1", 3)])
OPTION = st.sampled_from(
    [
        ("SOL_SOCKET", "SO_LINGER", (1, 0)), ("SOL_SOCKET", "SO_LINGER", (1, 3)), ("SOL_SOCKET", "SO_RCVBUF", 3000),
        ("SOL_SOCKET", "SO_SNDBUF", 5000), ("SOL_SOCKET", "SO_REUSEADDR", 1), ("SOL_SOCKET", "SO_KEEPALIVE", 1),
        ("SOL_SOCKET", "SO_RCVTIMEO", (0, 300_000)), ("SOL_SOCKET", "SO_SNDTIMEO", (0, 300_000)),
        ("SOL_SOCKET", "SO_RCVLOWAT", 100), ("SOL_TCP", "TCP_CORK", 1), ("SOL_TCP", "TCP_CORK", 0),
        ("SOL_TCP", "TCP_NODELAY", 1), ("SOL_TCP", "TCP_NODELAY", 0), ("SOL_TCP", "TCP_MAXSEG", 300),
        ("SOL_TCP", "TCP_NOTSENT_LOWAT", 700), ("SOL_TCP", "TCP_USER_TIMEOUT", 900), ("SOL_TCP", "TCP_KEEPIDLE", 2),
        ("SOL_TCP", "TCP_INQ", 1), ("SOL_IP", "IP_TTL", 3), ("SOL_TCP", "TCP_NOOPT", 1), ("SOL_TCP", "NONSENSE", 1),
        ("SOL_TCP", "TCP_CONGESTION", "none"), ("SOL_SOCKET", "SO_ERROR", 0),
    ]
)  # fmt: skip
EVENTS = st.sets(st.sampled_from(["POLLIN", "POLLOUT", "POLLPRI", "POLLRDHUP"]))
EPOLL = st.sets(st.sampled_from(["EPOLLIN", "EPOLLOUT", "EPOLLET", "EPOLLONESHOT", "EPOLLRDHUP"]))
OPERATIONS = ["EPOLL_CTL_ADD", "EPOLL_CTL_MOD", "EPOLL_CTL_DEL"]
TIMEOUT = st.sampled_from([-1, 0, 50, 1000])
WRITTEN = st.one_of(st.integers(0, 9000), st.binary(max_size=2000))
CALL: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("socket"), st.just("AF_INET"), st.sampled_from(["SOCK_STREAM", "SOCK_DGRAM"])),
    st.tuples(st.just("bind"), FDS, NAMES),
    st.tuples(st.just("listen"), FDS, st.integers(-1, 3)),
    st.tuples(st.just("connect"), FDS, NAMES),
    st.tuples(st.sampled_from(["accept", "close", "dup", "getsockname", "getpeername"]), FDS),
    st.tuples(st.just("dup2"), FDS, FDS),
    st.tuples(st.sampled_from(["recv", "recvmsg"]), FDS, st.integers(0, 5000), FLAGS),
    st.tuples(st.just("read"), FDS, st.integers(0, 5000)),
    st.tuples(st.just("send"), FDS, WRITTEN, FLAGS),
    st.tuples(st.just("write"), FDS, WRITTEN),
    st.tuples(st.just("shutdown"), FDS, st.sampled_from(["SHUT_RD", "SHUT_WR", "SHUT_RDWR"])),
    st.tuples(st.just("fcntl"), FDS, st.just("F_SETFL"), st.sampled_from([frozenset(), frozenset({"O_NONBLOCK"})])),
    st.tuples(st.just("ioctl"), FDS, st.sampled_from(["SIOCINQ", "SIOCOUTQ", "FIONSPACE"])),
    OPTION.flatmap(lambda option: st.tuples(st.just("setsockopt"), FDS, *map(st.just, option))),
    OPTION.flatmap(lambda option: st.tuples(st.just("getsockopt"), FDS, *map(st.just, option[:2]))),
    st.tuples(st.just("poll"), st.lists(st.tuples(FDS, EVENTS), max_size=3), TIMEOUT),
    st.tuples(st.just("epoll_create")),
    st.tuples(st.just("epoll_ctl"), FDS, st.sampled_from(OPERATIONS), FDS, EPOLL),
    st.tuples(st.just("epoll_wait"), FDS, st.integers(1, 3), TIMEOUT),
)  # fmt: skip
SEGMENT = st.tuples(
    st.just("segment"),
    st.sampled_from(["SYN", "SYN,ACK", "ACK", "FIN,ACK", "RST", "RST,ACK"]),
    st.integers(0, 600),
    st.sampled_from([PEER[1], 80]),
    st.sampled_from([0, 100, 60_000]),
)
STEP = st.one_of(CALL, CALL, CALL, SEGMENT, st.tuples(st.just("wait"), st.integers(1, 3000)))


@settings(max_examples=300)
@given(st.sampled_from(sorted(filter(None, STYLES))), st.lists(STEP, max_size=40))
def test_whatever_a_program_does_ends_with_a_documented_error_or_none(style: str, steps: list[tuple[Any, ...]]) -> None:
    """Calls in any order, against a peer that sends anything: no exception but errnos, no step without an end."""
    desk = Desk(style=style, user_timeout="20s")
    made: list[Syscall] = []
    desk.listening()
    for name, *arguments in steps:
        if name == "segment":
            ctl, text, port, wnd = arguments
            desk.arrives(ctl, text=0 if "SYN" in ctl or "RST" in ctl else text, port=port, wnd=wnd)
        elif name == "wait":
            desk.go(arguments[0])
        else:
            made.append(desk.call(name, *arguments))
    made += [desk.call("close", fd) for fd in tuple(desk.process.files)]
    assert desk.net.run("1h", max_events=20_000) in ("idle", "until")
    for call in made:
        assert call.done or call.name in CALLS
        assert (call.result == -1) is (call.errno is not None)
        assert call.errno is None or call.errno in ERRNOS
    assert not any(isinstance(file, Socket) for file in desk.process.files.values())
