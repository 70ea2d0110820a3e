"""System calls: arguments of every form, results, errors, notes."""

from __future__ import annotations

import pytest

from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.places import Place
from tcpsim.packetdrill.script import (
    Assign,
    BitOr,
    Dots,
    Errno,
    Expression,
    Field,
    Function,
    Integer,
    List,
    Name,
    Opaque,
    String,
    Struct,
    SystemCall,
)


def call(text: str) -> SystemCall:
    action = parse(f"0 {text}", "a.pkt").events[0].action
    assert isinstance(action, SystemCall)
    return action


def argument(text: str) -> Expression:
    return call(f"close({text}) = 0").arguments[0]


def test_a_call_has_arguments_and_a_result() -> None:
    assert call("socket(..., SOCK_STREAM, IPPROTO_TCP) = 3") == SystemCall(
        "socket", (Dots(), Name("SOCK_STREAM"), Name("IPPROTO_TCP")), Integer(3)
    )
    assert call("epoll_create() = ...") == SystemCall("epoll_create", (), Dots())


def test_a_result_may_be_followed_by_an_error_and_a_note() -> None:
    refused = call("connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)")
    assert refused.result == Integer(-1)
    assert refused.errno == Errno("ECONNREFUSED", "Connection refused")
    assert refused.errno.place == Place("a.pkt", 1, 29)
    assert refused.note is None
    assert call("close(3) = -1 ENOTCONN (Socket is not connected) (as it should)").note == "as it should"
    flags = call("fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)")
    assert flags.result == Integer(2, hexadecimal=True)
    assert flags.errno is None
    assert flags.note == "flags O_RDWR"
    assert call("close(3) = -1 EADDRNOTAVAIL (Can't assign requested address)").errno == Errno(
        "EADDRNOTAVAIL", "Can ' t assign requested address"
    )
    assert call("close(3) = -1 EBADF").errno == Errno("EBADF")


def test_the_result_may_be_any_expression() -> None:
    assert call("poll([], 0, 0) = [3, 4]").result == List((Integer(3), Integer(4)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("...", Dots()),
        ("17", Integer(17)),
        ("-1", Integer(-1)),
        ("0x1F", Integer(31, hexadecimal=True)),
        ("18446744073709551615", Integer((1 << 64) - 1)),
        ("-9223372036854775808", Integer(-(1 << 63))),
        ("O_RDWR", Name("O_RDWR")),
        ("NULL", Name("NULL")),
        ("O_RDWR|O_NONBLOCK", BitOr((Name("O_RDWR"), Name("O_NONBLOCK")))),
        ("A | 0x1 | 2", BitOr((Name("A"), Integer(1, hexadecimal=True), Integer(2)))),
        ("flag = A | B", Assign("flag", BitOr((Name("A"), Name("B"))))),
        ('"reno"', String("reno")),
        ('"GET"...', String("GET", open=True)),
        ('"GET" ...', String("GET", open=True)),
        ('"ab" "cd"', String("abcd")),
        (r'"a\n\t\r\f\v\"\\\x41\xff"', String('a\n\t\r\f\v"\\A\xff')),
        ('"\u00e9"', String("\xc3\xa9")),
        ('""', String("")),
        ("[]", List()),
        ("[1, [A], ...]", List((Integer(1), List((Name("A"),)), Dots()))),
        ("htons(8080)", Function("htons", (Integer(8080),))),
        ("htonl(0x7f000001)", Function("htonl", (Integer(0x7F000001, hexadecimal=True),))),
        ('inet_addr("192.0.2.1")', Function("inet_addr", (String("192.0.2.1"),))),
        ('inet6_addr("::1")', Function("inet6_addr", (String("::1"),))),
        ("{onoff=1, linger=0}", Struct((Field("onoff", Integer(1)), Field("linger", Integer(0))))),
        ("{..., 100}", Struct((Field("", Dots()), Field("", Integer(100))))),
        ("{iov_base=..., iov_len=100}", Struct((Field("iov_base", Dots()), Field("iov_len", Integer(100))))),
        (
            '{sa_family = AF_INET, sin_port = htons(8080), sin_addr = inet_addr("192.0.2.1")}',
            Struct(
                (
                    Field("sa_family", Name("AF_INET")),
                    Field("sin_port", Function("htons", (Integer(8080),))),
                    Field("sin_addr", Function("inet_addr", (String("192.0.2.1"),))),
                )
            ),
        ),
        (
            "{fd=3, events=POLLIN|POLLOUT, revents=POLLIN}",
            Struct(
                (
                    Field("fd", Integer(3)),
                    Field("events", BitOr((Name("POLLIN"), Name("POLLOUT")))),
                    Field("revents", Name("POLLIN")),
                )
            ),
        ),
        (
            "{events=EPOLLIN, ptr=4}",
            Struct((Field("events", Name("EPOLLIN")), Field("ptr", Integer(4)))),
        ),
        (
            "{msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=MSG_OOB,"
            " msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=10}]}",
            Struct(
                (
                    Field("msg_name", Dots(), Dots()),
                    Field("msg_iov", List((Struct((Field("", Dots()), Field("", Integer(5)))),)), Integer(1)),
                    Field("msg_flags", Name("MSG_OOB")),
                    Field(
                        "msg_control",
                        List(
                            (
                                Struct(
                                    (
                                        Field("cmsg_level", Name("SOL_TCP")),
                                        Field("cmsg_type", Name("TCP_CM_INQ")),
                                        Field("cmsg_data", Integer(10)),
                                    )
                                ),
                            )
                        ),
                    ),
                )
            ),
        ),
        (
            '{function_set_name="rack", pcbcnt=...}',
            Struct((Field("function_set_name", String("rack")), Field("pcbcnt", Dots()))),
        ),
        ("{enable=1, psk=0011ff}", Struct((Field("enable", Integer(1)), Field("psk", Name("0011ff"))))),
        ("{}", Struct()),
        ("{(label 5, tc 0, [S], ttl 255)}", Opaque("{ ( label 5 , tc 0 , [ S ] , ttl 255 ) }")),
        ("{flags [none], sum 0, off 0, key 0, seq 0}", Opaque("{ flags [ none ] , sum 0 , off 0 , key 0 , seq 0 }")),
    ],
)
def test_expressions(text: str, expected: Expression) -> None:
    assert argument(text) == expected


def test_a_struct_is_asked_by_the_names_of_its_fields() -> None:
    linger = argument("{onoff=1, linger=5}")
    assert isinstance(linger, Struct)
    assert linger.names == ("onoff", "linger")
    assert linger.get("linger") == Integer(5)
    assert linger.get("timeout") is None


def test_expressions_know_their_places() -> None:
    found = call("bind(3,\n  {sin_port=htons(7)}, ...) = 0").arguments[1]
    assert isinstance(found, Struct)
    assert found.place == Place("a.pkt", 2, 3)
    assert found.fields[0].value.place == Place("a.pkt", 2, 13)
