"""When things are due: relative and absolute times, tolerances, ranges, `*`, and the clock of a blocking call."""

from __future__ import annotations

import pytest

from tcpsim.packetdrill import Ways, run_text
from tcpsim.tcp.units import SECOND
from tcpsim.trace import Sent
from tests.packetdrill.judged import CLIENT, LISTEN, SERVER, check, judge

US = 1_000

SCRIPTS = {
    "a packet at its time": f"{SERVER} +.1 write(4, ..., 10) = 10\n +0 > P. 1:11(10) ack 1",
    "up to the tolerance late": f"{SERVER} +.1 write(4, ..., 10) = 10\n 0.196 > P. 1:11(10) ack 1",
    "later than the tolerance": f"{SERVER} +.1 write(4, ..., 10) = 10\n 0.195 > P. 1:11(10) ack 1 // failed: time",
    "up to the tolerance early": f"{SERVER} +.1 write(4, ..., 10) = 10\n +.004 > P. 1:11(10) ack 1",
    "earlier than the tolerance": f"{SERVER} +.1 write(4, ..., 10) = 10\n +.0041 > P. 1:11(10) ack 1 // failed: time",
    "a tolerance of the script's own": (
        f"--tolerance_usecs=20000\n{SERVER} +.1 write(4, ..., 10) = 10\n +.02 > P. 1:11(10) ack 1"
    ),
    "beyond the script's own": (
        f"--tolerance_usecs=20000\n{SERVER} +.1 write(4, ..., 10) = 10\n +.021 > P. 1:11(10) ack 1 // failed: time"
    ),
    "5 % of the gap before": f"{SERVER} +.1 write(4, ..., 10) = 10\n +0 > P. 1:11(10) ack 1\n+.955 > P. 1:11(10) ack 1",
    "more than 5 % of the gap before": (
        f"{SERVER} +.1 write(4, ..., 10) = 10\n +0 > P. 1:11(10) ack 1\n+.95 > P. 1:11(10) ack 1 // failed: time"
    ),
    "a share of the script's own": (
        f"--tolerance_percent=12.5\n{SERVER} +.1 write(4, ..., 10) = 10\n +0 > P. 1:11(10) ack 1\n"
        "+.89 > P. 1:11(10) ack 1"
    ),
    "a range": f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+.8~+1.2 > P. 1:11(10) ack 1",
    "a range allows the tolerance on both sides": (
        f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+1.004~+1.2 > P. 1:11(10) ack 1"
    ),
    "before a range": (
        f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+1.1~+1.2 > P. 1:11(10) ack 1 // failed: time"
    ),
    "after a range": (
        f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+.8~+.9 > P. 1:11(10) ack 1 // failed: time"
    ),
    "an absolute range": f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n1~1.2 > P. 1:11(10) ack 1",
    "any time": f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n* > P. 1:11(10) ack 1\n",
    "a relative time counts from the end of what was before": (
        f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n* > P. 1:11(10) ack 1\n"
        "+2 > P. 1:11(10) ack 1\n+4 > P. 1:11(10) ack 1"
    ),
    "from the packet's own time, not the scripted one": (
        # The first comes 4 ms early; the next, a second after it, would be too early counted from the script's times.
        f"{SERVER} +0 write(4, ..., 10) = 10\n+.004 > P. 1:11(10) ack 1\n1.1 > P. 1:11(10) ack 1"
    ),
    "time that goes backwards": f"{SERVER} 0.5 close(4) = 0\n0.4 close(3) = 0 // malformed",
    "a first event that is not at zero": "0.1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3 // malformed",
    "late for a call": (
        f"--tolerance_usecs=1000\n{SERVER} +0 write(4, ..., 10) = 10\n0.101 > P. 1:11(10) ack 1\n"
        "0.1 close(4) = 0 // malformed"
    ),
    "a call that an expectation has made late": (
        f"{SERVER} 0.1 write(4, ..., 10) = 10\n0.1 > P. 1:11(10) ack 1\n* > P. 1:11(10) ack 1\n"
        "0.2 close(4) = 0 // failed: time"
    ),
    "no packet within two seconds": f"{SERVER} +0 > P. 1:11(10) ack 1 // failed",
}


@pytest.mark.parametrize("script", [pytest.param(text, id=name) for name, text in SCRIPTS.items()])
def test_times(script: str) -> None:
    check(script)


def test_nothing_is_waited_for_longer_than_two_seconds_after_its_time() -> None:
    result = check(f"{SERVER} +.5 > P. 1:11(10) ack 1 // failed")
    assert result.what == "no packet comes"
    assert result.expected_at == "0.600000"


def test_the_second_of_two_inbound_packets_counts_from_the_scripted_time_of_the_first() -> None:
    # The retransmission, awaited at 1.06 s, comes at 1.1 s: the packet due at 1.097 s goes in 3 ms late.
    script = f"""{SERVER}
    +0 write(4, ..., 10) = 10
    +0 > P. 1:11(10) ack 1
    1.06 > P. 1:11(10) ack 1
    1.097 < . 1:1(0) ack 11 win 1000
    +.5 < P. 1:2(1) ack 11 win 1000
    +0 > . 11:11(0) ack 2
    +.5 < P. 2:3(1) ack 11 win 1000
    """
    result, trace = run_text(script, "judged.pkt", Ways("plain"), trace=True)
    assert result.passed, result
    assert trace is not None
    injected = [sent.time / SECOND for sent in trace.of_kind(Sent, "script")]
    assert injected == [0, 0.1, 1.1, 1.597, 2.097]


def test_an_exact_tolerance_is_zero() -> None:
    on_time = f"{SERVER} +.1 write(4, ..., 10) = 10\n +0 > P. 1:11(10) ack 1\n +1 > P. 1:11(10) ack 1"
    check(on_time, tolerance=0)
    check(on_time.replace("+1 >", "+1.000001 >") + " // failed: time", tolerance=0)


def test_a_tolerance_of_the_caller_counts_before_the_script_s() -> None:
    script = f"--tolerance_usecs=100\n{SERVER} +.1 write(4, ..., 10) = 10\n +.01 > P. 1:11(10) ack 1"
    check(f"{script} // failed: time")
    check(script, tolerance=10_000 * US)


BLOCKING = {
    "accept": f"{LISTEN} +0...0.2 accept(3, ..., ...) = 4\n"
    "+.1 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1\n+.1 < . 1:1(0) ack 1 win 1000\n+0 write(4, ..., 5) = 5\n"
    "+0 > P. 1:6(5) ack 1",
    "its end at another time": f"{LISTEN} +0...0.3 accept(3, ..., ...) = 4 // failed: time\n"
    "+.1 < S 0:0(0) win 1000\n+0 > S. 0:0(0) ack 1\n+.1 < . 1:1(0) ack 1 win 1000\n+.5 close(3) = 0",
    "an absolute end": f"{SERVER} 0.2...0.5 read(4, ..., 100) = 7\n0.5 < P. 1:8(7) ack 1 win 1000\n+0 > . 1:1(0) ack 8",
    "another result": f"{SERVER} +0...0.4 read(4, ..., 100) = 8 // failed: result\n"
    "+.4 < P. 1:8(7) ack 1 win 1000\n+0 > . 1:1(0) ack 8",
    "it may return at once, if that is its time": f"{SERVER} +0 < P. 1:8(7) ack 1 win 1000\n+0 > . 1:1(0) ack 8\n"
    "+0...0 read(4, ..., 100) = 7",
    "it returns at once, and should not": f"{SERVER} +0 < P. 1:8(7) ack 1 win 1000\n+0 > . 1:1(0) ack 8\n"
    "+0...0.5 read(4, ..., 100) = 7 // failed: time",
    "it sleeps at the end": f"{SERVER} +0...0.5 read(4, ..., 100) = 7 // failed",
    "a call that sleeps without saying so": f"{SERVER} +0 read(4, ..., 100) = 7 // failed",
    "two at once": f"{SERVER} +0...9 read(4, ..., 100) = 7\n+0...9 read(4, ..., 100) = 7 // failed",
    "what went wrong first is told": f"{SERVER} +0...0.1 read(4, ..., 100) = 8 // failed: result\n"
    "+.1 < P. 1:8(7) ack 1 win 1000\n+0 > . 1:1(0) ack 9",
    "a call waits for a sleeping one": f"{SERVER} +0...0.4 read(4, ..., 100) = 7\n+.4 < P. 1:8(7) ack 1 win 1000\n"
    "+0 write(4, ..., 10) = 10\n+0 > . 1:1(0) ack 8\n+0 > P. 1:11(10) ack 8",
}


@pytest.mark.parametrize("script", [pytest.param(text, id=name) for name, text in BLOCKING.items()])
def test_blocking_calls(script: str) -> None:
    check(script)


def test_a_timeout_of_poll_is_waited_for() -> None:
    check(
        f"{CLIENT} +0 poll([{{fd=3, events=POLLIN, revents=0}}], 1, 250) = 0\n0.35 close(3) = 0\n+0 > F. 1:1(0) ack 1"
    )


def test_a_packet_for_another_socket_is_dropped_unseen() -> None:
    script = f"{SERVER} +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n+0 write(4, ..., 10) = 10\n"
    result = judge(f"{script}+0 > P. 1:11(10) ack 1")
    assert (result.verdict, result.what) == ("failed", "no packet comes")
