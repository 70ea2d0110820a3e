"""Shell lines: recognised by their shape, never executed; the variables that they set."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.packetdrill.settings import FREEBSD, LINUX, VARIABLES, Read, Unknown, canonical, effect_of
from tcpsim.packetdrill.shell import CommandFailed, Listed, NotUnderstood, execute, pipelines
from tcpsim.tcp.config import KNOBS, PROFILES, checked
from tcpsim.tcp.units import MS, SECOND
from tests.packetdrill.judged import CLIENT, SERVER, check, judge


class Fake:
    """A system whose sockets are given, and which remembers what was asked of it."""

    def __init__(self, *sockets: Listed) -> None:
        self.values: dict[str, str] = {}
        self.dropped: list[Listed] = []
        self.slept = 0
        self._sockets = list(sockets)

    def set(self, key: str, value: str) -> None:
        effect_of(key, value, {**self.values, key: value})
        self.values[key] = value

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def sockets(self) -> list[Listed]:
        return self._sockets

    def drop(self, socket: Listed) -> None:
        self.dropped.append(socket)

    def sleep(self, span: int) -> None:
        self.slept += span


HERE, THERE = ("192.168.0.1", 8080), ("192.0.2.1", 33001)
LISTENING = Listed(True, 4, HERE, None, "LISTEN")
OPEN = Listed(True, 4, HERE, THERE, "ESTABLISHED")
ORPHAN = Listed(False, 4, HERE, ("192.0.2.1", 33002), "TIME_WAIT")
SIX = Listed(True, 6, ("fd00::1", 99), None, "LISTEN")


# ---------------------------------------------------------------------------------------------------------- sysctl


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("sysctl -w net.inet.tcp.rfc1323=0", {"net.inet.tcp.rfc1323": "0"}),
        ("sysctl net.inet.tcp.rfc1323=0", {"net.inet.tcp.rfc1323": "0"}),
        ("/sbin/sysctl -q net.ipv4.tcp_sack=0", {"net.ipv4.tcp_sack": "0"}),
        ("sysctl -w net.ipv4.tcp_sack=0 net.ipv4.tcp_dsack=0", {"net.ipv4.tcp_sack": "0", "net.ipv4.tcp_dsack": "0"}),
        (
            "sysctl net.ipv4.tcp_sack=0;sysctl net.ipv4.tcp_dsack=0",
            {"net.ipv4.tcp_sack": "0", "net.ipv4.tcp_dsack": "0"},
        ),
        (
            "sysctl net.ipv4.tcp_sack=0 &&\n\nsysctl net.ipv4.tcp_dsack=0\n",
            {"net.ipv4.tcp_sack": "0", "net.ipv4.tcp_dsack": "0"},
        ),
        ("sysctl \\\n net.ipv4.tcp_sack=0", {"net.ipv4.tcp_sack": "0"}),
        ('sysctl -w net.ipv4.tcp_rmem="4096 131072 6291456"', {"net.ipv4.tcp_rmem": "4096 131072 6291456"}),
        ("set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0", {"net.ipv4.tcp_sack": "0"}),
        ("python3 ../common/set_sysctls.py net/ipv4/tcp_sack=0", {"net.ipv4.tcp_sack": "0"}),
        ("../common/defaults.sh", {}),
        ("../common/defaults.sh\nsysctl -q net.ipv4.tcp_sack=0", {"net.ipv4.tcp_sack": "0"}),
        ("false || sysctl net.ipv4.tcp_sack=0", {"net.ipv4.tcp_sack": "0"}),
        ("true || sysctl net.ipv4.tcp_sack=0", {}),
        ("", {}),
    ],
)
def test_variables_are_set(line: str, values: dict[str, str]) -> None:
    system = Fake()
    execute(line, system)
    assert system.values == values


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("sysctl -w net.inet.tcp.nonsense=1", "net.inet.tcp.nonsense=1: tcpsim doesn't know this variable"),
        ("sysctl -w net.inet.tcp.blackhole=1", "net.inet.tcp.blackhole=1: tcpsim doesn't model it"),
        ("sysctl -w net.inet.tcp.msl=soon", "net.inet.tcp.msl=soon: expected a number, not 'soon'"),
        ("sysctl -w net.inet.tcp.ecn.enable=3", "net.inet.tcp.ecn.enable=3: tcpsim knows only the values 0 to 2"),
        ("sysctl -a", "sysctl -a"),
        ("sysctl -w", "sysctl without a variable"),
        ("sysctl net.inet.tcp.msl", "sysctl net.inet.tcp.msl: the script reads a variable that it has not set"),
        ("rm -rf /", "tcpsim doesn't know the command 'rm'"),
        ("sysctl $(cat x)=1", "'$'"),
        ("sysctl `cat x`=1", "in a shell line"),
        ("true > file", "'>'"),
        ("true &", "'&'"),
        ("true | ", "a pipe without a command"),
        ("&& true", "'&&' without a command beside it"),
        ("echo 'a", "a quotation doesn't end"),
        ("grep [a-z] x", "grep"),
        ("ip link set up", "ip link set up"),
        ("true;" * 2000, "the shell line is too long"),
    ],
)
def test_what_isn_t_known_is_not_run(line: str, reason: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        execute(line, Fake())
    assert reason in str(caught.value)


def test_what_isn_t_known_is_told_with_its_line() -> None:
    check(f"{SERVER}+0 `rm -rf /` // not run")
    check("`rm -rf /`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3".replace("`\n", "` // not run\n"))
    check(f"{SERVER}+0 `sysctl -w net.inet.tcp.nonsense=1` // not run")
    check(f"{SERVER}+0 close(4) = 0\n`rm -rf /` // not run")


def test_a_variable_that_was_set_can_be_read() -> None:
    execute("sysctl net.inet.tcp.msl=30000; sysctl -n net.inet.tcp.msl | grep 30000", Fake())
    with pytest.raises(CommandFailed):
        execute("sysctl net.inet.tcp.msl=30000; sysctl net.inet.tcp.msl | grep 40000", Fake())


# --------------------------------------------------------------------------------------------------------- sockets


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("sockstat -4 -P tcp -s | grep packetdril | grep -c ESTABLISHED | grep 1", True),
        ("sockstat -4 -P tcp -s | grep packetdril | grep -c ESTABLISHED | grep 0", False),
        ("sockstat -4 -P tcp -s | grep packetdril | grep -c TIME_WAIT | grep 0", True),
        ("sockstat -4 -P tcp -s | grep -c TIME_WAIT | grep 1", True),
        ("sockstat -6 -P tcp -s | grep -c LISTEN | grep 1", True),
        ("sockstat -46 -Ptcp -s | grep -c LISTEN | grep 2", True),
        ("sockstat -P tcp,udp -p8080 -s | grep -c LISTEN | grep 1", True),
        ("sockstat -P tcp -p 33000-33001 -s | wc -l | grep 1", True),
        ("sockstat -P tcp -c | wc -l | grep 2", True),
        ("sockstat -P tcp -l | wc -l | grep 2", True),
        ("sockstat -P tcp | grep ESTABLISHED", False),
        ("sockstat -P tcp -s | grep -v packetdril | grep TIME_WAIT", True),
        ("sockstat -P tcp -s | grep -qi established", True),
        ("sockstat -P tcp -s | grep -w ESTAB", False),
        ("sockstat -P tcp -s | grep 192.0.2.1:33001", True),
        ("sockstat -P tcp -s | grep nothing; true", True),
    ],
)
def test_sockets_are_counted(line: str, holds: bool) -> None:
    system = Fake(LISTENING, OPEN, ORPHAN, SIX)
    if holds:
        execute(line, system)
    else:
        with pytest.raises(CommandFailed):
            execute(line, system)


@pytest.mark.parametrize(
    "line", ["sockstat -P udp", "sockstat -z", "sockstat tcp", "sockstat -p x", "wc -c", "tcpdrop -x"]
)
def test_what_sockstat_isn_t_asked_for(line: str) -> None:
    with pytest.raises(NotUnderstood):
        execute(line, Fake(OPEN))


def test_tcpdrop() -> None:
    system = Fake(LISTENING, OPEN, ORPHAN)
    execute("tcpdrop -s TIME_WAIT", system)
    assert system.dropped == [ORPHAN]
    execute("tcpdrop 192.168.0.1 8080 192.0.2.1 33001", system)
    assert system.dropped == [ORPHAN, OPEN]
    execute("tcpdrop -a", system)
    assert system.dropped == [ORPHAN, OPEN, OPEN, ORPHAN]
    with pytest.raises(CommandFailed):
        execute("tcpdrop 192.168.0.1 8080 192.0.2.1 1", system)


def test_sleep() -> None:
    system = Fake()
    execute("sleep 1; sleep .25; sleep 0.5s; sleep 1m", system)
    assert system.slept == 61_750 * MS
    for line in ("sleep", "sleep long", "sleep ."):
        with pytest.raises(NotUnderstood):
            execute(line, system)
    check("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 `sleep 1`\n1 close(3) = 0")


def test_the_real_host_is_asked() -> None:
    closing = (
        f"{SERVER} +0 shutdown(4, SHUT_WR) = 0\n+0 > F. 1:1(0) ack 1\n"
        "+.1 < F. 1:1(0) ack 2 win 1000\n+0 > . 2:2(0) ack 2\n"
    )
    state = "`sockstat -4 -P tcp -s | grep packetdril | grep -c {} | grep {}`"
    check(f"{closing}+0 {state.format('TIME_WAIT', 1)}\n+0 {state.format('LISTEN', 1)}")
    result = check(f"{closing}+0 {state.format('TIME_WAIT', 0)} // failed")
    assert result.what == "`sockstat -4 -P tcp -s | grep packetdril | grep -c TIME_WAIT | grep 0` found nothing"
    check(f"{closing}+0 `tcpdrop -s TIME_WAIT`\n+0 {state.format('CLOSED', 1)}\n+0 {state.format('TIME_WAIT', 0)}")
    orphan = "`sockstat -P tcp -s | grep -c TIME_WAIT | grep 1`"
    check(f"{closing}+0 close(4) = 0\n+0 {orphan}\n+0 {state.format('TIME_WAIT', 0)}")
    check(f"{CLIENT} +0 `sockstat -4 -P tcp -p 8080 -s | grep -c ESTABLISHED | grep 1`")
    check(
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 `sockstat -4 -s | grep packetdril | grep -c CLOSED | grep 1`"
    )


# ------------------------------------------------------------------------------------------------------- variables


SET = {
    ("net.inet.tcp.rfc1323", "0"): {"window_scale": None, "timestamps": False},
    ("net.inet.tcp.rfc1323", "1"): {"window_scale": 6, "timestamps": True},
    ("net.inet.tcp.rfc1323", "2"): {"window_scale": 6, "timestamps": False},
    ("net.inet.tcp.rfc1323", "3"): {"window_scale": None, "timestamps": True},
    ("kern.ipc.maxsockbuf", "65535"): {"window_scale": 0, "timestamps": True},
    ("kern.ipc.maxsockbuf", "2097152"): {"window_scale": 6, "timestamps": True},
    ("kern.ipc.maxsockbuf", "4294967295"): {"window_scale": 14, "timestamps": True},
    ("net.inet.tcp.ecn.enable", "2"): {"ecn": "passive"},
    ("net.inet.tcp.insecure_rst", "1"): {"challenge_rst": False},
    ("net.inet.tcp.drop_synfin", "0"): {"drop_syn_fin": "never"},
    ("net.inet.tcp.keepinit", "75000"): {"connect_timeout": 75 * SECOND},
    ("net.inet.tcp.initcwnd_segments", "0"): {"initial_window": None},
    ("net.inet.tcp.ack_war_cnt", "7"): {"challenge_ack_limit": 7},
    ("net.inet.tcp.ack_war_cnt", "0"): {"challenge_ack_limit": 1_000_000},
    ("net.inet.tcp.syncache.rexmtlimit", "1"): {"synack_retries": 1},
    ("net.inet.tcp.hostcache.purgenow", "1"): {},
    ("net.ipv4.tcp_rmem", "4096 131072 6291456"): {"rcv_buff": 131_072},
    ("net.ipv4.tcp_window_scaling", "0"): {"window_scale": None},
    ("net.ipv4.tcp_window_scaling", "1"): {},
    ("net.ipv4.tcp_keepalive_time", "60"): {"keepalive_idle": 60 * SECOND},
    ("net.ipv4.tcp_congestion_control", "newreno"): {"congestion": "newreno"},
    ("net.ipv4.tcp_fin_timeout", "30"): {"fin_wait_2_timeout": 30 * SECOND},
    ("net.inet.tcp.fast_finwait2_recycle", "1"): {"fin_wait_2_timeout": 60 * SECOND},
    ("net.inet.tcp.finwait2_timeout", "5000"): {"fin_wait_2_timeout": 600 * SECOND},
}


@pytest.mark.parametrize(
    ("setting", "knobs"), SET.items(), ids=lambda value: "=".join(value) if isinstance(value, tuple) else ""
)
def test_a_variable_stands_for_knobs(setting: tuple[str, str], knobs: dict[str, object]) -> None:
    key, value = setting
    assert effect_of(key, value, {key: value})[1] == knobs


def test_each_variable_has_its_reason_and_sets_knobs_that_there_are() -> None:
    for key, variable in VARIABLES.items():
        assert variable.doc, key
        assert (variable.effect is None) is (variable.read is Read.NEVER), key
        if variable.effect is None:
            continue
        value = {
            "net.ipv4.tcp_rmem": "1 2 3",
            "net.ipv4.tcp_wmem": "1 2 3",
            "net.ipv4.tcp_congestion_control": "newreno",
        }
        _, knobs = effect_of(key, value.get(key, "1"), {key: value.get(key, "1")})
        assert set(knobs) <= set(KNOBS), key
    assert not set(FREEBSD) & set(LINUX)


def test_numbers_too_long_and_words_are_unknown() -> None:
    with pytest.raises(Unknown):
        effect_of("net.inet.tcp.msl", "9" * 30, {})
    with pytest.raises(Unknown):
        effect_of("net.ipv4.tcp_rmem", "1 2", {})
    with pytest.raises(Unknown):
        effect_of("net.inet.tcp.functions_default", "rack", {})


def test_two_variables_make_one_knob_together() -> None:
    values = {"net.inet.tcp.rfc1323": "0", "kern.ipc.maxsockbuf": "2097152"}
    knobs = effect_of("kern.ipc.maxsockbuf", "2097152", values)[1]
    assert knobs == {"window_scale": None, "timestamps": False}
    values = {"net.inet.tcp.fast_finwait2_recycle": "1", "net.inet.tcp.finwait2_timeout": "5000"}
    assert effect_of("net.inet.tcp.finwait2_timeout", "5000", values)[1] == {"fin_wait_2_timeout": 5 * SECOND}


@pytest.mark.parametrize(
    ("variable", "value", "knobs"),
    [
        ("tcp_retries2", "15", {"r2": 924_600 * MS}),
        ("tcp_retries2", "3", {"r2": 3000 * MS}),
        ("tcp_invalid_ratelimit", "500", {"challenge_ack_limit": 1, "challenge_ack_period": 500 * MS}),
        ("tcp_invalid_ratelimit", "0", {"challenge_ack_limit": 1_000_000, "challenge_ack_period": MS}),
        ("tcp_synack_retries", "2", {"synack_retries": 2}),
        ("tcp_syn_linear_timeouts", "0", {"syn_linear_timeouts": 0}),
        ("tcp_pingpong_thresh", "3", {"pingpong": 3}),
        ("tcp_rto_min_us", "5000", {"rto_min": 5 * MS, "rto_granularity": 5 * MS}),
        ("tcp_rto_max_ms", "60000", {"rto_max": 60_000 * MS}),
        ("tcp_congestion_control", "reno", {"congestion": "newreno"}),
        ("tcp_challenge_ack_limit", "100", {}),
    ],
)
def test_what_linux_sets(variable: str, value: str, knobs: dict[str, Any]) -> None:
    found = effect_of(f"net.ipv4.{variable}", value, {})[1]
    assert found == knobs
    config = checked(PROFILES["linux"], found)
    assert {name: getattr(config, name) for name in knobs} == knobs


def test_linux_counts_no_more_than_255_retransmissions() -> None:
    with pytest.raises(Unknown):
        effect_of("net.ipv4.tcp_retries2", "256", {})


@pytest.mark.parametrize("nowhere", ["> /dev/null", ">/dev/null 2>&1", "2>/dev/null", "&>/dev/null", ">> /dev/null"])
def test_output_may_go_nowhere(nowhere: str) -> None:
    assert pipelines(f"true {nowhere}; false") == [(";", [["true"]]), (";", [["false"]])]


def test_names_of_paths_are_the_same() -> None:
    assert canonical("/proc/sys/net/ipv4/tcp_sack") == canonical("net/ipv4/tcp_sack") == canonical("net.ipv4.tcp_sack")


def test_a_knob_out_of_its_range_is_not_run() -> None:
    result = judge(f"{SERVER}+0 `sysctl -w net.inet.tcp.keepcnt=0`")
    assert result.verdict == "not run"
    assert "keepalive_count: expected" in result.what


SYN = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n"


def test_when_a_variable_is_read() -> None:
    """recvspace by the socket, sack.enable by the connection, delacktime at each use."""
    space = "+0 `sysctl -w net.inet.tcp.recvspace=5000`\n"
    get = "+0 getsockopt(3, SOL_SOCKET, SO_RCVBUF, [5000], [4]) = 0"
    check(f"0 `true`\n{space}{SYN.replace('0 socket', '+0 socket', 1)}{get}", profile="rfc9293")
    listening = f"{SYN}+0 listen(3, 1) = 0\n"
    sack = "+0 `sysctl -w net.inet.tcp.sack.enable={}`\n"
    packets = "+0 < S 0:0(0) win 1000 <mss 1460,sackOK,eol,eol>\n+0 > S. 0:0(0) ack 1 <mss 1460{}>"
    check(listening + sack.format(1) + packets.format(",sackOK,eol,eol"), profile="rfc9293")
    check(listening + sack.format(0) + packets.format(""), profile="rfc9293")
    late = f"{SERVER.replace('win 1000', 'win 1000 <mss 1460>', 1).replace('ack 1', 'ack 1 <...>', 1)}"
    data = "+0 < P. 1:11(10) ack 1 win 1000\n+0.3 > . 1:1(0) ack 11"
    check(f"{late}+0 `sysctl -w net.inet.tcp.delacktime=300`\n{data}", profile="rfc9293")
    check(f"{late}{data} // failed: time", profile="rfc9293")


def test_every_profile_can_be_set() -> None:
    for profile in PROFILES.values():
        assert checked(profile, {"sack": True}).sack
