"""socket, bind, getsockname: descriptors, names, claims to ports."""

from __future__ import annotations

import pytest

from tcpsim.net.sockets import Process
from tests.net.sockets.desk import MINE, MINE6, PEER, PEER6, PORT, Desk


def test_descriptors_begin_at_three_and_the_lowest_free_one_is_taken() -> None:
    desk = Desk()
    assert [desk.socket() for _ in range(3)] == [3, 4, 5]
    desk.ok("close", 4)
    assert [desk.socket(), desk.socket()] == [4, 6]


def test_what_is_not_open_is_ebadf_and_what_is_no_socket_enotsock() -> None:
    desk = Desk()
    assert desk.ok("open", "/dev/zero") == 3
    assert [desk.fails("bind", fd, MINE) for fd in (3, 4, -1)] == ["ENOTSOCK", "EBADF", "EBADF"]
    assert desk.fails("close", 4) == "EBADF"


@pytest.mark.parametrize(
    ("arguments", "errno"),
    [
        (("AF_UNIX", "SOCK_STREAM"), "EAFNOSUPPORT"),
        (("AF_INET", "SOCK_DGRAM"), "EPROTONOSUPPORT"),
        (("AF_INET", {"SOCK_NONBLOCK"}), "EINVAL"),
        (("AF_INET", "SOCK_STREAM", "IPPROTO_SCTP"), "EPROTONOSUPPORT"),
    ],
)
def test_other_sockets_are_not_modelled(arguments: tuple[object, ...], errno: str) -> None:
    call = Desk().call("socket", *arguments)
    assert call.errno == errno
    assert call.not_modelled or errno == "EINVAL"


def test_a_process_has_at_most_so_many_descriptors() -> None:
    desk = Desk()
    for _ in range(1021):
        desk.socket()
    assert desk.fails("socket", "AF_INET", "SOCK_STREAM") == "EMFILE"


def test_a_name_is_what_bind_has_given() -> None:
    desk = Desk()
    fd = desk.socket()
    assert desk.ok("getsockname", fd) == ("0.0.0.0", 0)
    desk.ok("bind", fd, ("0.0.0.0", 80))
    assert desk.ok("getsockname", fd) == ("0.0.0.0", 80)
    assert desk.fails("getpeername", fd) == "ENOTCONN"


def test_the_names_of_a_connection() -> None:
    desk = Desk()
    listener = desk.listening()
    desk.shakes_hands()
    assert desk.ok("accept", listener) == PEER
    assert (desk.ok("getsockname", 4), desk.ok("getpeername", 4)) == (MINE, PEER)
    assert desk.fails("getpeername", listener) == "ENOTCONN"


@pytest.mark.parametrize(
    ("name", "errno"),
    [
        (None, "EFAULT"),
        (("192.0.2.9", 80), "EADDRNOTAVAIL"),
        (("2001:db8::1", 80), "EAFNOSUPPORT"),
        (("nonsense", 80), "EINVAL"),
        (("192.0.2.1", 70_000), "EINVAL"),
        (("192.0.2.1",), "EINVAL"),
        ((1, 2), "EINVAL"),
    ],
)
def test_names_that_can_not_be_bound_to(name: object, errno: str) -> None:
    desk = Desk()
    fd = desk.socket()
    assert desk.fails("bind", fd, name) == errno
    desk.ok("bind", fd, MINE)
    assert desk.fails("bind", fd, MINE) == "EINVAL", "a second time"


def test_bad_pointers() -> None:
    desk = Desk()
    fd = desk.socket()
    assert [desk.fails(name, fd, fault=True) for name in ("getsockname",)] == ["EFAULT"]
    assert desk.fails("bind", fd, MINE, fault=True) == "EFAULT"
    assert desk.fails("connect", fd, PEER, fault=True) == "EFAULT"
    connected = Desk()
    fd = connected.connected()
    assert connected.fails("getpeername", fd, fault=True) == "EFAULT"


def test_a_port_has_one_owner_unless_all_of_them_share() -> None:
    desk = Desk()
    first, second = desk.socket(), desk.socket()
    desk.ok("bind", first, MINE)
    assert desk.fails("bind", second, MINE) == "EADDRINUSE"
    assert desk.fails("bind", second, ("0.0.0.0", PORT)) == "EADDRINUSE", "all addresses, this one among them"
    desk.ok("setsockopt", second, "SOL_SOCKET", "SO_REUSEADDR", 1)
    assert desk.fails("bind", second, MINE) == "EADDRINUSE", "only one of them shares"
    desk.ok("close", first)
    desk.ok("bind", second, MINE)
    third = desk.socket()
    desk.ok("setsockopt", third, "SOL_SOCKET", "SO_REUSEADDR", 1)
    desk.ok("bind", third, MINE)
    desk.ok("listen", third, 1)
    assert desk.fails("listen", second, 1) == "EADDRINUSE"
    fourth = desk.socket()
    desk.ok("setsockopt", fourth, "SOL_SOCKET", "SO_REUSEADDR", 1)
    assert desk.fails("bind", fourth, MINE) == "EADDRINUSE", "nobody shares with a listener"


def test_addresses_of_one_host_do_not_meet() -> None:
    desk = Desk()
    desk.net.add_address(desk.host, "192.0.2.7")
    first, second, third = desk.socket(), desk.socket(), desk.socket()
    desk.ok("bind", first, MINE)
    desk.ok("bind", second, ("192.0.2.7", PORT))
    assert desk.fails("bind", third, ("0.0.0.0", PORT)) == "EADDRINUSE"


def test_a_connection_left_behind_keeps_its_port_from_those_who_do_not_share() -> None:
    desk = Desk()
    fd = desk.connected()
    desk.ok("close", fd)
    desk.arrives("FIN,ACK")
    again = desk.socket()
    assert desk.fails("bind", again, MINE) == "EADDRINUSE"
    desk.ok("setsockopt", again, "SOL_SOCKET", "SO_REUSEADDR", 1)
    desk.ok("bind", again, MINE)


def test_port_zero_is_an_ephemeral_one() -> None:
    desk = Desk()
    first, second = desk.socket(), desk.socket()
    desk.ok("bind", first, ("0.0.0.0", 0))
    desk.ok("listen", second, 1)
    assert desk.ok("getsockname", first) == ("0.0.0.0", 49_152)
    assert desk.ok("getsockname", second) == ("0.0.0.0", 49_153), "listen binds as well"
    third = desk.socket(nonblocking=True)
    desk.call("connect", third, PEER)
    assert desk.ok("getsockname", third) == (MINE[0], 49_154), "connect takes no port that somebody has claimed"


def test_ephemeral_ports_can_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr(desk.host.bindings, "_in_use", lambda: range(49_152, 65_536))
    assert desk.fails("bind", desk.socket(), ("0.0.0.0", 0)) == "EADDRINUSE"


# ------------------------------------------------------------------ IPv6


def test_ipv6_has_longer_headers() -> None:
    desk = Desk(ipv6=True, mss=None)
    fd = desk.connected(nonblocking=True)
    assert desk.ok("getsockname", fd) == MINE6
    desk.ok("write", fd, 100)
    packet = desk.caught[-1]
    assert (packet.segment.length, packet.octets) == (100, 160)
    assert desk.option(fd, "IPV6_MTU", "IPPROTO_IPV6") == 1500


def test_ipv4_within_ipv6() -> None:
    """RFC 4291 2.5.5.2: the packets are IPv4's, the names IPv6's."""
    desk = Desk()
    desk.domain = "AF_INET6"
    fd = desk.socket(nonblocking=True)
    desk.ok("bind", fd, ("::ffff:192.0.2.1", PORT))
    assert desk.fails("connect", fd, ("::ffff:192.0.2.2", PEER[1])) == "EINPROGRESS"
    assert desk.caught[-1].flow == (*MINE, *PEER)
    desk.arrives("SYN,ACK")
    assert desk.ok("getpeername", fd) == ("::ffff:192.0.2.2", PEER[1])
    assert desk.ok("getsockname", fd) == ("::ffff:192.0.2.1", PORT)


def test_a_socket_of_one_family_does_not_hear_the_other() -> None:
    desk = Desk(ipv6=True)
    desk.net.add_address(desk.host, MINE[0])
    desk.domain = "AF_INET"
    fd = desk.socket()
    desk.ok("bind", fd, ("0.0.0.0", PORT))
    desk.ok("listen", fd, 1)
    desk.arrives("SYN")
    assert desk.sent() == [("RST,ACK", 0, 1, 0)]


def test_a_host_can_have_addresses_of_both_kinds() -> None:
    desk = Desk()
    desk.net.add_address(desk.host, MINE6[0])
    desk.net.add_address("wire", PEER6[0])
    with pytest.raises(ValueError, match="already"):
        desk.net.add_address("wire", MINE6[0])
    desk.domain = "AF_INET6"
    fd = desk.socket(nonblocking=True)
    desk.call("connect", fd, PEER6)
    desk.domain = "AF_INET"
    fd = desk.socket(nonblocking=True)
    desk.call("connect", fd, PEER)
    assert [(packet.flow[0], packet.flow[2]) for packet in desk.caught] == [
        (MINE6[0], PEER6[0]),
        (MINE[0], PEER[0]),
    ]


def test_a_style_is_that_of_the_hosts_profile_or_another() -> None:
    desk = Desk("linux")
    assert desk.process.style.buffer_factor == 2
    assert Process(desk.host, "freebsd").style.pipe_error_first
    with pytest.raises(ValueError, match="expected a style, one of"):
        Process(desk.host, "vms")


def test_a_call_that_there_is_not_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match=r"no call 'conect'; did you mean connect\?"):
        Desk().call("conect", 3)
    with pytest.raises(ValueError, match=r"no call 'mmap'$"):
        Desk().call("mmap", 3)
