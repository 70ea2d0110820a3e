"""A run as a whole: the trace it leaves, that it is the same each time, and that nothing is ever executed."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim.packetdrill import Ways, parse, run, run_text
from tcpsim.trace import Arrived, Moved, Note, Sent
from tests.packetdrill.judged import CLIENT, LISTEN, SERVER, judge

ROOM = Path(__file__).parents[2] / "tcpsim" / "packetdrill"


def test_the_trace_has_both_directions() -> None:
    result, trace = run_text(
        f"{SERVER} +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1", "a.pkt", Ways("plain"), trace=True
    )
    assert result.passed
    assert trace is not None
    assert [len(trace.of_kind(kind, host)) for kind in (Sent, Arrived) for host in ("kernel", "script")] == [2, 2, 2, 2]
    assert [str(moved.target) for moved in trace.of_kind(Moved, "kernel")][:3] == [
        "LISTEN",
        "SYN-RECEIVED",
        "ESTABLISHED",
    ]
    assert trace.header.title == "a.pkt"


def test_shell_lines_other_than_settings_are_in_the_trace() -> None:
    script = f"{SERVER} +0 `sysctl -w net.inet.tcp.msl=30000`\n+0 `tcpdrop -a`"
    _, trace = run_text(script, "a.pkt", Ways("plain"), trace=True)
    assert trace is not None
    assert [note.text for note in trace.of_kind(Note)] == ["tcpdrop -a"]


def test_no_trace_unless_asked_for() -> None:
    assert run_text(SERVER, "a.pkt", Ways("plain"))[1] is None


@pytest.mark.parametrize("text", [SERVER, f"{SERVER} +0 > . 1:1(0) ack 1", f"{CLIENT} +0 read(3, ..., 9) = 9"])
def test_the_same_script_gives_the_same_result_with_and_without_a_trace(text: str) -> None:
    first, trace = run_text(text, "a.pkt", Ways("plain"), trace=True)
    again, other = run_text(text, "a.pkt", Ways("plain"), trace=True)
    assert first == again == run_text(text, "a.pkt", Ways("plain"))[0]
    assert trace is not None
    assert other is not None
    assert trace.digest == other.digest


def test_a_syntax_tree_runs_more_than_once() -> None:
    script = parse(SERVER, "a.pkt")
    assert run(script, Ways("plain")) == run(script, Ways("plain"))


def test_a_result_can_be_sent_to_another_process() -> None:
    result = judge(f"{SERVER} +0 > . 1:1(0) ack 1 // failed")
    assert pickle.loads(pickle.dumps(result)) == result


def test_what_is_queued_at_the_end_is_no_error() -> None:
    assert judge(f"{SERVER} +0 write(4, ..., 10) = 10").passed


def test_an_unexpected_packet_before_an_expected_one_is_compared_with_it() -> None:
    script = f"{SERVER} +0 write(4, ..., 10) = 10\n+0 < P. 1:6(5) ack 1 win 1000\n+0 > . 11:11(0) ack 6"
    result = judge(script)
    assert result.actual.startswith("> P. 1:11(10) ack 1")


@pytest.mark.parametrize("module", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_nothing_of_a_script_can_be_executed(module: Path) -> None:
    """The room imports nothing that starts a process and calls nothing that runs code."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            assert not {name.split(".")[0] for name in names} & {
                "subprocess",
                "os",
                "runpy",
                "importlib",
                "socket",
                "pty",
            }
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile", "open", "__import__")


# ----------------------------------------------------------------------------------------------------------- chance

LINES = """
< S 0:0(0) win 1000
< S. 0:0(0) ack 1 win 1000
< . 1:1(0) ack 1 win 1000
< F. 1:1(0) ack 1 win 1000
< R 1:1(0)
< P. 1:101(100) ack 1 win 0
< SFRPUEWA. 5:9(4) ack 9 win 9 urg 3
< . 1:1(0) ack 4294967295 win 1
< S 9:9(0) win 1 <mss 1,wscale 200,sackOK,TS val 1 ecr 0>
< . 1:1(0) ack 1 win 9 <nop,nop,sack 5:1 9:9>
> S 0:0(0)
> S. 0:0(0) ack 1
> . 1:1(0) ack 1
> P. 1:101(100) ack 1 <...>
> F. 1:1(0) ack 2
< icmp unreachable frag_needed mtu 1 [1:1(0)]
< icmp unreachable port_unreachable [0:0(0)]
socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
bind(3, ..., ...) = 0
listen(3, 1) = 0
accept(3, ..., ...) = 4
connect(3, ..., ...) = 0
write(3, ..., 100) = 100
write(4, ..., 5000) = 5000
read(4, ..., 2147483647) = 5
close(3) = 0
close(4) = 0
shutdown(4, SHUT_RDWR) = 0
shutdown(3, 7) = 0
listen(3, -5) = 0
setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0
setsockopt(3, SOL_SOCKET, SO_RCVBUF, [0], 4) = 0
setsockopt(4, IPPROTO_TCP, TCP_NODELAY, [-1], 0) = 0
getsockopt(4, SOL_SOCKET, SO_LINGER, [1], [4]) = 0
getsockopt(3, IPPROTO_TCP, TCP_INFO, [1], [4]) = 0
fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
fcntl(4, 99) = 0
poll([{fd=3, events=POLLIN, revents=0}], 1, 10) = 0
poll([{events=POLLIN}], 1, 10) = 0
poll([], 0, -1) = 0
epoll_create(1) = 5
epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0
epoll_wait(5, {events=0, ptr=0}, 1, 9) = 0
recvmsg(4, {msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 1
sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = 10
sendfile(4, 5, [0], 10) = 10
open("x", O_RDONLY) = 5
ioctl(4, SIOCINQ, [0]) = 0
accept(4, ..., ...) = 3
socket(..., 77, 5) = 6
bind(3, {sa_family=AF_INET6, sin_addr=inet_addr("::")}, ...) = 0
readv(4, [{..., 9}], 1) = 9
`sysctl -w net.inet.tcp.sack.enable=1`
`sockstat -s | grep -c LISTEN | grep 1`
`tcpdrop -a`
`sleep 1`
`sysctl -w net.inet.tcp.recvspace=1`
`sysctl -w net.inet.tcp.msl=0`
%{ assert tcpi_state == 4 }%
""".strip().splitlines()
TIMES = ["+0", "+.1", "+1", "+100", "+0...0.2", "*", "+.1~+.3", "0", "5"]
EVENT = st.builds(lambda time, line: f"{time} {line}", st.sampled_from(TIMES), st.sampled_from(LINES))


@settings(max_examples=300)
@given(
    st.sampled_from(["", LISTEN, SERVER, CLIENT]),
    st.lists(EVENT, max_size=12),
    st.sampled_from(["plain", "rfc9293", "freebsd", "linux"]),
)
def test_no_script_raises(begin: str, events: list[str], profile: str) -> None:
    text = "\n".join([begin, *events])
    result, trace = run_text(text, "a.pkt", Ways(profile), trace=True)
    assert result.passed or result.what
    assert result == run_text(text, "a.pkt", Ways(profile))[0]
    if trace is not None:
        trace.to_jsonl()
