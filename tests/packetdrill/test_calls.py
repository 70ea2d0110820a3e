"""Calls of a script: arguments, results, errnos, and what they give back."""

from __future__ import annotations

import pytest

from tests.packetdrill.judged import CLIENT, LISTEN, SERVER, check, judge

SOCKET = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 "
DATA = f"{SERVER} +0 < P. 1:1001(1000) ack 1 win 1000\n+0 > . 1:1(0) ack 1001\n+0 "
PASS = {
    "a result": f"{SERVER} +0 close(4) = 0",
    "an errno": f"{SOCKET} read(3, ..., 100) = -1 ENOTCONN (Socket is not connected)",
    "an errno of two names": (
        f"{SERVER} +0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
        "+0 read(4, ..., 100) = -1 EWOULDBLOCK (Operation would block)"
    ),
    "descriptors of the script's own choice": (
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 77\n+0 bind(77, ..., ...) = 0\n+0 listen(77, 1) = 0\n"
        "+0 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1\n+0 < . 1:1(0) ack 1 win 1000\n+0 accept(77, ..., ...) = 9\n"
        "+0 close(9) = 0"
    ),
    "a descriptor that was closed is free again": (
        f"{SOCKET} close(3) = 0\n+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(3) = 0"
    ),
    "non-blocking from the start": (
        "0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
        "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)"
    ),
    "flags of a file": f"{SOCKET} fcntl(3, F_GETFL) = 0x02 (flags O_RDWR)",
    "a bad pointer": f"{DATA} read(4, NULL, 1000) = -1 EFAULT (Bad address)",
    "reading": f"{DATA} read(4, ..., 400) = 400\n+0 recv(4, ..., 2000, 0) = 600",
    "looking without taking": (
        f"{DATA} recv(4, ..., 400, MSG_PEEK) = 400\n+0 recvfrom(4, ..., 2000, 0, ..., ...) = 1000"
    ),
    "several buffers": f"{DATA} readv(4, [{{..., 100}}, {{..., 200}}], 2) = 300",
    "several pieces": f"{SERVER} +0 writev(4, [{{..., 100}}, {{..., 200}}], 2) = 300\n+0 > P. 1:301(300) ack 1",
    "sending": f"{SERVER} +0 send(4, ..., 10, 0) = 10\n+0 > P. 1:11(10) ack 1",
    "a message": (
        f"{SERVER} +0 sendmsg(4, {{msg_name(...)=..., msg_iov(2)=[{{..., 10}}, {{..., 20}}], msg_flags=0}}, 0) = 30\n"
        "+0 > P. 1:31(30) ack 1"
    ),
    "a file": (
        f'{SERVER} +0 open("/dev/zero", O_RDONLY) = 5\n+0 sendfile(4, 5, [0], 100) = 100\n+0 > P. 1:101(100) ack 1'
    ),
    "how much there is to read": f"{DATA} ioctl(4, SIOCINQ, [1000]) = 0",
    "an option": f"{SOCKET} setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0\n"
    "+0 getsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], [4]) = 0",
    "an option that is text": f'{SOCKET} getsockopt(3, IPPROTO_TCP, TCP_CONGESTION, "newreno", [8]) = 0',
    "an option that is a struct": (
        f"{SOCKET} setsockopt(3, SOL_SOCKET, SO_LINGER, {{onoff=1, linger=5}}, 8) = 0\n"
        "+0 getsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, [8]) = 0"
    ),
    "an option that isn't compared": f"{SOCKET} getsockopt(3, SOL_SOCKET, SO_RCVBUF, [...], [4]) = 0",
    "the error that waits": (
        CLIENT.split("+.1")[0] + "+.1 < R. 0:0(0) ack 1 win 0\n"
        "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n"
        "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0"
    ),
    "poll": f"{DATA} poll([{{fd=4, events=POLLIN|POLLOUT, revents=POLLIN|POLLOUT}}], 1, 0) = 1",
    "epoll": (
        f"{DATA} epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {{events=EPOLLIN|EPOLLET, fd=4}}) = 0\n"
        "+0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1\n+0 epoll_wait(5, {events=0, ptr=0}, 1, 0) = 0"
    ),
    "an address of the script's own": (
        "0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3\n"
        '+0 bind(3, {sa_family=AF_INET, sin_port=htons(99), sin_addr=inet_addr("0.0.0.0")}, ...) = 0\n'
        "+0 listen(3, 1) = 0"
    ),
    "a bad address": f"{SOCKET} connect(3, NULL, 0) = -1 EFAULT (Bad address)",
    "an address that doesn't matter": f"{SERVER} +0 sendto(4, ..., 10, 0, NULL, 0) = 10\n+0 > P. 1:11(10) ack 1",
    "an address of a connected socket": (
        f"{SERVER} +0 sendto(4, ..., 10, 0, ..., ...) = -1 EISCONN (Socket is already connected)"
    ),
    "shutdown by number": f"{SERVER} +0 shutdown(4, 1) = 0\n+0 > F. 1:1(0) ack 1",
}
FAIL = {
    "another result": f"{DATA} read(4, ..., 400) = 300 // failed: result",
    "an error instead of a result": f"{SOCKET} read(3, ..., 100) = 0 // failed: result, errno",
    "another errno": f"{SOCKET} read(3, ..., 100) = -1 EPIPE (Broken pipe) // failed: errno",
    "success instead of an error": f"{SERVER} +0 close(4) = -1 EBADF (Bad file descriptor) // failed: result, errno",
    "another value": f"{SOCKET} getsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], [4]) = 0 // failed: value",
    "another length": f"{SOCKET} getsockopt(3, SOL_SOCKET, SO_REUSEADDR, [0], [8]) = 0 // failed: length",
    "another text": f'{SOCKET} getsockopt(3, IPPROTO_TCP, TCP_CONGESTION, "cubic", [5]) = 0 // failed: value',
    "another struct": f"{SOCKET} getsockopt(3, SOL_SOCKET, SO_LINGER, {{onoff=1, linger=5}}, [8]) = 0 // failed: value",
    "another error that waits": f"{SOCKET} getsockopt(3, SOL_SOCKET, SO_ERROR, [EPIPE], [4]) = 0 // failed: value",
    "another amount": f"{DATA} ioctl(4, SIOCINQ, [999]) = 0 // failed: value",
    "other revents": f"{DATA} poll([{{fd=4, events=POLLIN, revents=POLLOUT}}], 1, 0) = 1 // failed: fd 4",
    "other events": (
        f"{DATA} epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {{events=EPOLLIN, u32=7}}) = 0\n"
        "+0 epoll_wait(5, {events=EPOLLOUT, u32=8}, 1, 0) = 1 // failed: events, data"
    ),
    "a descriptor that isn't there": f"{SERVER} +0 close(5) = 0 // failed",
    "a call that nobody has": f"{SERVER} +0 splice(3, 4, 5, 6, 0, 0) = 0 // not run",
    "an option that nobody has": f"{SOCKET} setsockopt(3, IPPROTO_TCP, TCP_FASTOPEN, [1], 4) = 0 // not run",
    "another protocol": "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3 // not run",
    "flags by number": f"{SERVER} +0 send(4, ..., 10, 0x4000) = 10 // not run",
    "too few arguments": f"{SERVER} +0 read(4, ...) = 0 // malformed",
    "text where a number belongs": f'{SERVER} +0 listen(3, "one") = 0 // malformed',
    "dissolving a connection": f"{SERVER} +0 connect(4, AF_UNSPEC, ...) = 0 // not run",
    "a result by name": f"{SERVER} +0 close(4) = EOF // not run",
    "text for flags": f'{SERVER} +0 send(4, ..., 10, "x") = 10 // malformed',
    "a level by number": f"{SOCKET} setsockopt(3, 1, SO_REUSEADDR, [1], 4) = 0 // not run",
    "text for a name": f'{SOCKET} getsockopt(3, "level", SO_REUSEADDR, [1], [4]) = 0 // malformed',
    "a number for a buffer": f"{SERVER} +0 read(4, 5, 100) = 0 // malformed",
    "a negative size": f"{SERVER} +0 read(4, ..., -1) = 0 // not run",
    "a constant without a number": f"{SERVER} +0 read(4, ..., SOME_MAX) = 0 // not run",
    "a field that isn't known": f"{SERVER} +0 poll([{{fd=4, events=POLLIN, revents=0}}], 1, 0) = 0\n"
    "+0 recvmsg(4, {msg_iov(1)=[{..., 9}], msg_other=1}, 0) = 0 // not run",
    "no list of descriptors": f"{SERVER} +0 poll(5, 1, 0) = 0 // malformed",
    "another count of descriptors": f"{SERVER} +0 poll([{{fd=4, events=POLLIN, revents=0}}], 2, 0) = 0 // malformed",
    "another count of pieces": f"{SERVER} +0 writev(4, [{{..., 9}}], 2) = 9 // malformed",
    "no pieces": f"{SERVER} +0 writev(4, 9, 1) = 9 // malformed",
    "an interest without data": f"{SERVER} +0 epoll_create(1) = 5\n"
    "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN}) = 0 // malformed",
    "all of TCP_INFO": f"{SERVER} +0 getsockopt(4, IPPROTO_TCP, TCP_INFO, [1], [4]) = 0 // not run",
    "a name as an option's value": f"{SOCKET} setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [ON], 4) = 0 // not run",
    "no value in brackets": f"{SOCKET} setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [], 4) = 0 // malformed",
    "another system's sendfile": f"{SERVER} +0 sendfile(4, 5, 0, 10, NULL, [0], 0) = 0 // not run",
    "control messages": f"{SERVER} +0 sendmsg(4, {{msg_control=[{{cmsg_type=1}}]}}, 0) = 9 // not run",
}


@pytest.mark.parametrize("script", [pytest.param(text, id=name) for name, text in PASS.items()])
def test_what_returns_as_the_script_says_passes(script: str) -> None:
    check(script)


@pytest.mark.parametrize("script", [pytest.param(text, id=name) for name, text in FAIL.items()])
def test_what_returns_something_else_is_named(script: str) -> None:
    check(script)


def test_how_much_is_left_comes_with_a_message_on_linux() -> None:
    script = """
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
+0 setsockopt(4, SOL_TCP, TCP_INQ, [1], 4) = 0
+0 < P. 1:1001(1000) ack 1 win 1000
+0 > . 1:1(0) ack 1001
+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 400}], msg_flags=0,
   msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=600}]}, 0) = 400
"""
    check(script, profile="linux")
    other = judge(
        script.replace("cmsg_data=600", "cmsg_data=601").replace("msg_flags=0", "msg_flags=MSG_TRUNC"), profile="linux"
    )
    assert {each.field for each in other.differences} == {"msg_control", "msg_flags"}


def test_a_failure_tells_what_was_returned() -> None:
    result = judge(f"{SOCKET} read(3, ..., 100) = 0")
    assert result.expected == "read(3, ..., 100) = 0"
    assert result.actual == "-1 ENOTCONN (Socket is not connected)"
    assert result.what == "read() returns something else"


def test_a_socket_that_listens_has_no_peer() -> None:
    check(f"{LISTEN} +0 read(3, ..., 100) = -1 ENOTCONN (Socket is not connected)")


def test_flags_where_a_descriptor_belongs_are_malformed() -> None:
    check(f"{LISTEN}+0 fcntl(3, F_DUPFD, O_RDWR|O_NONBLOCK) = 0  // malformed")
