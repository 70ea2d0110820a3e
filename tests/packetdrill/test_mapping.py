"""Addresses, ports, sequence numbers, timestamps: the script's beside the stack's."""

from __future__ import annotations

import pytest

from tcpsim.packetdrill import Ways, run_text
from tcpsim.packetdrill.mapping import control_bits, flag_letters
from tcpsim.tcp.segment import ACK, AE, CWR, ECE, FIN, PSH, SYN
from tcpsim.trace import Arrived, Sent
from tests.packetdrill.judged import CLIENT, LISTEN, SERVER, check

SCRIPTS = {
    "numbers count from the SYNs": (
        f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n"
        "+.1 < P. 1:6(5) ack 11 win 1000\n+0 > . 11:11(0) ack 6"
    ),
    "a remote ISN of the script's choice": (
        f"{LISTEN} +0 < S 123:123(0) win 1000\n+0 > S. 0:0(0) ack 124\n+.1 < . 1:1(0) ack 1 win 1000\n"
        "+0 accept(3, ..., ...) = 4\n+0 < P. 1:6(5) ack 1 win 1000\n+0 > . 1:1(0) ack 6"
    ),
    "a local ISN in the script's numbers": (
        f"{LISTEN} +0 < S 0:0(0) win 1000\n+0 > S. 700:700(0) ack 1\n+.1 < . 1:1(0) ack 1 win 1000\n"
        "+0 accept(3, ..., ...) = 4\n+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1"
    ),
    "the numbers wrap": (
        f"{LISTEN} +0 < S 4294967290:4294967290(0) win 1000\n+0 > S. 0:0(0) ack 4294967291\n"
        "+.1 < . 1:1(0) ack 1 win 1000\n+0 accept(3, ..., ...) = 4\n"
        "+0 < P. 1:21(20) ack 1 win 1000\n+0 > . 1:1(0) ack 21"
    ),
    "a SYN that answers ours is no first packet": (
        CLIENT.split("+.1")[0] + "+.1 < S 50:50(0) win 1000\n+0 > S. 0:0(0) ack 51\n"
    ),
    "a SYN,ACK to our SYN fixes the peer's ISN": (
        CLIENT.split("+.1")[0] + "+.1 < S. 50:50(0) ack 1 win 1000\n+0 > . 1:1(0) ack 1\n"
        "+0 < P. 1:3(2) ack 1 win 1000\n+0 > . 1:1(0) ack 3"
    ),
    "a RST in reply to a segment that needs none of our numbers": (
        f"{LISTEN} +0 < . 7:7(0) ack 5 win 1000\n+0 > R 5:5(0)"
    ),
    "without a listener, the first packet makes a peer": (
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n"
        "+0 < S 7:7(0) win 1000\n+0 > R. 0:0(0) ack 1"
    ),
    "and fixes its ISN, which the reply's ACK shows": (
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 < F 7:7(0) win 1000\n"
        "+0 > R. 0:0(0) ack 1"
    ),
    "no socket at all": "0 `true`\n+0 > R 1:1(0) // failed",
    "a second child": (
        f"{SERVER} +0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+0 < F. 1:1(0) ack 2 win 1000\n+0 > . 2:2(0) ack 2\n"
        "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n+0 fcntl(5, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
        "+0 connect(5, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n+0 > S 0:0(0)"
    ),
    "IPv6": f"--ip_version=ipv6\n{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1",
    "IPv4 in IPv6 sockets": (
        f"--ip_version=ipv4-mapped-ipv6\n{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1"
    ),
    "a seq that isn't mapped": f"{SERVER} +0 < P. 5:10(5) ack 1 win 1000\n+0 > . 1001:1001(0)! ack 1",
}


@pytest.mark.parametrize("script", [pytest.param(text, id=name) for name, text in SCRIPTS.items()])
def test_numbers(script: str) -> None:
    check(script)


def test_an_absolute_sequence_number_is_that_of_the_wire() -> None:
    # The profile `plain` begins at 1000, so that the first octet has the number 1001.
    check(f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1001:1011(10)! ack 1")
    check(f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10)! ack 1 // failed: seq")


def test_addresses_and_ports_are_those_of_the_language() -> None:
    def flows(script: str) -> tuple[tuple[str, int, str, int], ...]:
        result, trace = run_text(script, "a.pkt", Ways("plain"), trace=True)
        assert result.passed, result
        assert trace is not None
        return tuple(dict.fromkeys(sent.flow for sent in trace.of_kind(Sent)))

    assert flows(SERVER) == (("192.0.2.1", 33001, "192.168.0.1", 8080), ("192.168.0.1", 8080, "192.0.2.1", 33001))
    assert flows(CLIENT)[0] == ("192.168.0.1", 49152, "192.0.2.1", 8080)
    six = flows(f"--ip_version=ipv6\n{SERVER}")
    assert six[0] == ("2001:db8::1", 33001, "fd3d:fa7b:d17d::1", 8080)
    own = "--local_ip=10.0.0.1\n--remote_ip=10.9.9.9/8\n--bind_port=80\n--connect_port=81"
    assert flows(f"{own}\n{SERVER}")[0] == ("10.9.9.9", 33001, "10.0.0.1", 80)
    assert flows(f"{own}\n{CLIENT}")[0] == ("10.0.0.1", 49152, "10.9.9.9", 81)


def test_ports_that_a_packet_names_take_the_place_of_the_socket_s() -> None:
    script = f"{SERVER} +0 < 2000 > 8080 S 0:0(0) win 1000\n+0 close(4) = 0\n+0 > F. 1:1(0) ack 1"
    _, trace = run_text(script, "a.pkt", Ways("plain"), trace=True)
    assert trace is not None
    assert trace.of_kind(Arrived, "kernel")[-1].flow == ("192.0.2.1", 2000, "192.168.0.1", 8080)


ECHO = """
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>
+.1 < S. 0:0(0) ack 1 win 1000 <mss 1460,nop,nop,TS val 900 ecr {ecr}> {remark}
+0 > . 1:1(0) ack 1 <nop,nop,TS val 200 ecr 900>
"""


def test_an_echoed_timestamp_is_the_live_one_behind_the_script_s() -> None:
    _, trace = run_text(ECHO.format(ecr=100, remark=""), "a.pkt", Ways("freebsd"), trace=True)
    assert trace is not None
    ours, theirs = trace.of_kind(Sent)[:2]
    assert ours.segment.options is not None
    assert theirs.segment.options is not None
    assert ours.segment.options.ts is not None
    assert theirs.segment.options.ts == (900, ours.segment.options.ts[0])


def test_a_timestamp_that_was_never_sent_can_t_be_echoed() -> None:
    result = check(ECHO.format(ecr=101, remark="// failed"), profile="freebsd")
    assert result.what == "no segment of the stack carried TS val 101, which this packet echoes"
    check("--tcp_ts_ecr_scaled\n" + ECHO.format(ecr=101, remark=""), profile="freebsd")
    check(ECHO.format(ecr="101!", remark=""), profile="freebsd")


def test_flags_are_letters_and_a_digit() -> None:
    assert control_bits("SE.") == SYN | ECE | ACK
    assert control_bits("P.5") == PSH | ACK | AE | ECE
    assert flag_letters(SYN | ACK) == "S."
    assert flag_letters(FIN | CWR | ACK, ace=True) == "F.2"
    assert flag_letters(0) == ""
