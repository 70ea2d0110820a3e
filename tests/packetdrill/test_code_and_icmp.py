"""Blocks of code over TCP_INFO, ICMP messages, and what of the language isn't run."""

from __future__ import annotations

import pytest

from tests.packetdrill.judged import CLIENT, LISTEN, SERVER, check, judge

CODE = {
    "an assertion that holds": f"{SERVER} +0 %{{ assert tcpi_unacked == 0 }}%",
    "one that doesn't": f"{SERVER} +0 %{{ assert tcpi_unacked == 1 }}% // failed",
    "values of its own time": (
        f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+0 %{{ assert tcpi_unacked == 1 }}%\n"
        "+.1 < . 1:1(0) ack 11 win 1000\n+0 %{ assert tcpi_unacked == 0 }%"
    ),
    "names carry over": f"{SERVER} +0 %{{ rtt = tcpi_rtt }}%\n+0 %{{ assert rtt == tcpi_rtt }}%",
    "a state by name": f"{SERVER} +0 %{{ assert tcpi_state == TCPI_ESTABLISHED }}%",
    "a state of congestion control": f"{SERVER} +0 %{{ assert tcpi_ca_state == TCP_CA_Open }}%",
    "what tcpsim doesn't know": f"{SERVER} +0 %{{ assert tcpi_total_rto == 0 }}% // not run",
    "what is no assertion": f"{SERVER} +0 %{{ import os }}% // not run",
    "a socket without a descriptor": f"{LISTEN} +0 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1\n"
    "+0 %{ assert tcpi_unacked == 1 }% // not run",
}


@pytest.mark.parametrize("script", [pytest.param(text, id=name) for name, text in CODE.items()])
def test_code(script: str) -> None:
    check(script)


def test_code_is_evaluated_at_the_end() -> None:
    result = judge(f"{SERVER} +0 %{{ assert tcpi_unacked == 1 }}%\n+0 > . 1:1(0) ack 1")
    assert result.what == "no packet comes", "the packet is missed first, though it comes later in the script"


def test_states_have_the_numbers_of_their_system() -> None:
    for number, profile in ((4, "freebsd"), (1, "linux")):
        server = SERVER.replace("> S. 0:0(0) ack 1", "> S. 0:0(0) ack 1 <...>")
        check(f"{server} +0 %{{ assert tcpi_state == {number} }}%", profile=profile)


ICMP = {
    "a soft error": (
        f"{CLIENT} +0 write(3, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n"
        "+0 < icmp unreachable host_unreachable [1:11(10)]\n+0 write(3, ..., 10) = 10"
    ),
    "a hard error while the connection opens": (
        CLIENT.split("+.1")[0] + "+0 < icmp unreachable port_unreachable [0:0(0)]\n"
        "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0"
    ),
    "of IPv6": (
        "--ip_version=ipv6\n" + CLIENT.split("+.1")[0] + "+0 < icmp unreachable port_unreachable [0:0(0)]\n"
        "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0"
    ),
    "about what was never sent": (
        CLIENT.split("+.1")[0] + "+0 < icmp unreachable port_unreachable [77:77(0)]\n"
        "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0"
    ),
    "no error": f"{CLIENT} +0 < icmp echo_request // not run",
    "a code of the other version": f"{CLIENT} +0 < icmp unreachable no_route [1:1(0)] // not run",
    "one that is expected": f"{CLIENT} +0 > icmp unreachable port_unreachable [1:1(0)] // not run",
    "about another protocol": f"{CLIENT} +0 < icmp unreachable port_unreachable [udp (8)] // not run",
    "without a socket": "0 < icmp unreachable port_unreachable [1:1(0)] // failed",
}


@pytest.mark.parametrize("script", [pytest.param(text, id=name) for name, text in ICMP.items()])
def test_icmp(script: str) -> None:
    check(script)


def test_a_smaller_path_mtu() -> None:
    script = """
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 60000 <mss 1460>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 60000
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 1460) = 1460
+0 > P. 1:1461(1460) ack 1
+0 < icmp unreachable frag_needed mtu 1200 [1:1461(1460)]
+0 > . 1:1161(1160) ack 1
"""
    check(script, profile="rfc9293")


NOT_RUN = [
    "+0 < udp (100) // not run",
    "+0 < sctp: ABORT[flgs=0] // not run",
    "+0 < ipv4 192.0.2.9 > 192.168.0.1: . 1:1(0) ack 1 win 1000 // not run",
    "+0 < . 1:1(0) ack 1 win 1000/udp(9899 > 9899) // not run",
    "+0 < . 1:1(0) ack 1 win 1000 <nop,nop,md5 valid> // not run",
    "+0 < [flowlabel 5] . 1:1(0) ack 1 win 1000 // not run",
    "+0 `tc qdisc replace dev tun0 root pfifo limit 0` // not run",
]


@pytest.mark.parametrize("line", NOT_RUN)
def test_what_tcpsim_doesn_t_run(line: str) -> None:
    result = judge(f"{SERVER} {line}")
    if result.verdict == "malformed":
        pytest.fail(str(result))
    assert result.verdict == "not run", result


def test_options_of_every_kind_arrive() -> None:
    options = "<mss 1000,mss 900,wscale 3,wscale 4,sackOK,sackOK,nop,nop,gen-77 0102>"
    check(f"{LISTEN} +0 < S 0:0(0) win 1000 {options}\n+0 > S. 0:0(0) ack 1")
    more = "<TS val 1 ecr 0,TS val 2 ecr 0,exp-f988 01,nop,nop,eol>"
    check(f"{LISTEN} +0 < S 0:0(0) win 1000 {more}\n+0 > S. 0:0(0) ack 1")
    experiments = "<exp-AccECN0 ee0b 1,nop,AccECN1 ee1b 1 eceb 2,exp-tarr 4,nop,nop,nop>"
    check(f"{LISTEN} +0 < S 0:0(0) win 1000 {experiments}\n+0 > S. 0:0(0) ack 1")
    check(f"{LISTEN} +0 < S 0:0(0) win 1000 <FO 0102,nop,nop,FO 0304,nop,nop,FOEXP>\n+0 > S. 0:0(0) ack 1")
    check(f"{LISTEN} +0 < S 0:0(0) win 1000 <md5 000102030405060708090a0b0c0d0e0f,nop,nop>\n+0 > S. 0:0(0) ack 1")
