"""A run as a script: it passes when run back, it fails when it is changed, and what can't be told is said."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from tcpsim import Network, Trace
from tcpsim.packetdrill import Ways, parse
from tcpsim.packetdrill.exporting import Exported, NotExpressible, export
from tcpsim.scenario import library, load, run
from tcpsim.tcp.config import PROFILES, profile
from tcpsim.tcp.fastopen import cookie_for

from .exported import OPENING, back, export_of, ran, sides

SILENT = OPENING.replace("port: 80}", "port: 80, reading: off}")
"""A server that takes what comes only with `receive`."""
REASONS: dict[str, dict[str, str]] = {
    "; a script follows one connection": {
        "accept-queue-overflow": "server",
        "accept-queue-reset": "server",
        "address-in-use": "client server",
        "backlog-overflow": "server",
        "close-wait-leak": "client server",
        "echo-server": "client server",
        "listener-turns-active": "left right",
        "nagle-delayed-ack": "client server",
        "option-negotiation": "client",
        "pmtu-black-hole": "client",
        "port-exhaustion": "client server",
        "refused-vs-timeout": "client",
        "self-connect": "host",
        "syn-flood": "server",
        "syn-flood-cookies": "server client",
        "tfo": "client server",
        "tfo-replay": "client server",
        "time-wait-recycle-behind-nat": "late server",
        "user-timeout": "client server",
    },
    "opens a second connection; a script follows one": {  # between the same two sockets
        "half-open-crash": "client server",
        "quiet-time": "client server",
        "time-wait-keeps-old-data-out": "client server",
        "time-wait-reuse": "client server",
        "time-wait-reuse-paws": "client server",
    },
    "neither sends a segment nor does one arrive there": {
        "refused-vs-timeout": "hidden",
        "syn-retries-exhausted": "server",
    },
    "only puts forged segments on the network": {
        "blind-data": "attacker",
        "blind-rst": "attacker",
        "blind-syn": "attacker",
        "challenge-limit": "attacker",
        "syn-flood": "attacker",
        "syn-flood-cookies": "attacker",
    },
    "before the connection is open": {"sticky-packets": "client", "syn-window-unscaled": "client"},
    "an OPEN that brings text; connect() brings none": {"close-with-unread-data": "client", "syn-with-data": "client"},
    "chooses another initial sequence number; a script counts from the first": {"why-not-two": "server"},
    "client crashes, which no system call does": {"half-open-active-side": "client"},
    "has to do with UDP datagrams; a script follows TCP": {"udp-contrast": "client server"},
}
"""Why a side of a scenario of the library can't be told as a script: by reason, which scenarios, which hosts.

A side that is not here has to run back; one that stands here and comes to run back has to go.
"""
REFUSED = {
    (name, side): reason for reason, names in REASONS.items() for name, hosts in names.items() for side in hosts.split()
}
LIBRARY = [entry.name for entry in library()]
RUNS = list(product([None, "rfc9293", "linux", "freebsd"], LIBRARY))
"""Profile in place of the scenario's own, and scenario."""


def lines(made: Exported) -> list[str]:
    """The events alone, with one blank between their time and what happens."""
    return [re.sub(r"^(\S+) +", r"\1 ", line) for line in made.text().splitlines() if re.match(r"[+\d]", line)]


# ---------------------------------------------------------------------- the library


@pytest.mark.parametrize(("kernel", "name"), RUNS)
def test_every_side_of_a_scenario_runs_back(kernel: str | None, name: str) -> None:
    done = run(load(name), profile=kernel)
    for side in done.trace.hosts:
        if (name, side) in REFUSED:
            with pytest.raises(NotExpressible, match=re.escape(REFUSED[name, side])):
                export_of(done, side)
            continue
        made = export_of(done, side)
        assert back(made).passed, "to the nanosecond"
        assert back(made, exact=False).passed
        assert parse(made.text(), made.script.name) == made.script
        assert made.ways.profile == (kernel or "plain")


def test_what_is_refused_is_in_the_library_and_has_one_reason() -> None:
    hosts = {(name, host.name) for name in LIBRARY for host in load(name).hosts}
    assert set(REFUSED) <= hosts
    assert len(REFUSED) == sum(len(each.split()) for names in REASONS.values() for each in names.values())


def test_an_exported_script_reads_well() -> None:
    assert export_of(run(load("half-close")), "client").text("kept.pkt") == (
        """\
// One half of a connection is closed
//
// What client of the scenario half-close (seed 1) sees and does: it is 192.0.2.1:49152, its peer 192.0.2.2:80.
// Sequence numbers count from 0, and payload is zeros. Written by tcpsim export.
// Run it back with
//     tcpsim packetdrill --profile plain --sockets ahead --knob iss=100 kept.pkt

--mtu=540

0      socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0     fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0     connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0     > S 0:0(0) win 10000
+0.1   < S. 0:0(0) ack 1 win 10000
+0     getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
+0     > . 1:1(0) ack 1 win 10000
+0     write(3, ..., 26) = 26
+0     > P. 1:27(26) ack 1 win 10000
+0     shutdown(3, SHUT_WR) = 0
+0     > F. 27:27(0) ack 1 win 10000
+0.1   < . 1:1(0) ack 27 win 9974
+0     < . 1:1(0) ack 28 win 9974
+0.2   < P. 1:22(21) ack 28 win 9974
+0     > . 28:28(0) ack 22 win 9979
+0     read(3, ..., 65535) = 21
+0     write(3, ..., 18) = -1 EPIPE (Broken pipe)
+1     < F. 22:22(0) ack 28 win 9974
+0     read(3, ..., 65535) = 0
+0     > . 28:28(0) ack 23 win 9979
"""
    )


def test_a_server_binds_listens_and_accepts_and_what_is_lost_was_sent() -> None:
    made = export_of(run(load("lost-syn-ack")), "server")
    assert lines(made) == [
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
        "+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
        "+0 bind(3, ..., ...) = 0",
        "+0 listen(3, 1) = 0",
        "+0.05 < S 0:0(0) win 10000",
        "+0 > S. 0:0(0) ack 1 win 10000",
        "+1 < S 0:0(0) win 10000",
        "+0 > . 1:1(0) ack 1 win 10000",
        "+0.5 > S. 0:0(0) ack 1 win 10000",
        "+0.1 < . 1:1(0) ack 1 win 10000",
        "+0 accept(3, ..., ...) = 4",
    ]
    assert made.remarks == ((6, "that one is lost: fault: drop first SYN,ACK"),)
    assert made.arguments == "--profile plain --sockets rfc9293 --knob iss=300 --knob rto_initial=1.5s"


def test_a_closed_port_is_a_socket_that_does_not_listen() -> None:
    made = export_of(run(load("refused")), "server")
    assert lines(made)[1:] == ["+0 bind(3, ..., ...) = 0", "+0.05 < S 0:0(0) win 10000", "+0 > R. 0:0(0) ack 1 win 0"]
    client = lines(export_of(run(load("refused")), "client"))
    assert client[-3:] == [
        "+0.1 < R. 0:0(0) ack 1 win 0",
        "+0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0",
        "+1 write(3, ..., 5) = -1 EPIPE (Broken pipe)",
    ]


# ---------------------------------------------------------------------- a changed script


def mutations(text: str) -> list[tuple[str, str]]:
    """Every script with one number of one expectation changed by one, or one flag, or one time by 20 ms."""
    found = []
    whole = text.splitlines()
    for number, line in enumerate(whole):
        if not re.match(r"[+\d]", line):
            continue
        changes = []
        if " > " in line:
            changes += [re.sub(r"win (\d+)", lambda m: f"win {int(m[1]) + 1}", line)]
            changes += [re.sub(r"ack (\d+)", lambda m: f"ack {int(m[1]) + 1}", line)]
            changes += [re.sub(r"> ([A-Z.]+) ", lambda m: f"> {'U' + m[1]} ", line)]
            changes += [re.sub(r"^\+(\S+) +>", lambda m: f"+{float(m[1]) + 0.5} >", line)]
        elif " = " in line and "socket(" not in line and "accept(" not in line:
            changes += [re.sub(r"= (\d+)$", lambda m: f"= {int(m[1]) + 1}", line)]
        found += [
            (change, "\n".join([*whole[:number], change, *whole[number + 1 :]]) + "\n")
            for change in changes
            if change != line
        ]
    return found


@pytest.mark.parametrize(("name", "side"), [("half-close", "client"), ("lossy", "server"), ("refused", "client")])
def test_a_changed_script_fails(name: str, side: str) -> None:
    made = export_of(run(load(name)), side)
    changed = mutations(made.text())
    assert len(changed) >= 5
    for line, text in changed:
        result = back(made, text)
        assert result.verdict == "failed", line
        assert result.source == line, line


def test_without_the_knobs_of_its_comment_it_fails() -> None:
    done = ran("at: 1s, host: client, call: send, octets: 700", server="rcv_buff: 3000, mss: 300, delayed_ack: 40ms")
    made = export_of(done, "server")
    assert dict(made.ways.knobs) == {"mss": 300, "rcv_buff": 3000, "delayed_ack": 40_000_000}
    assert "--knob mss=300 --knob rcv_buff=3000 --knob delayed_ack=40ms" in made.text()
    without = Exported(made.script, made.head, made.remarks, Ways("plain", sockets="ahead"))
    assert back(made).passed
    assert back(without).verdict == "failed"


def test_the_profile_rfc9293_is_told_as_scenarios_have_it() -> None:
    done = ran("", client="profile: rfc9293", server="profile: rfc9293")
    assert dict(export_of(done, "client").ways.knobs) == {"mss": 536, "mss_option": "differs", "round_rcv_buff": False}


# ---------------------------------------------------------------------- what a run may hold


TOLD = {
    "an ABORT": ran("at: 1s, host: client, call: abort"),
    "urgent text": ran("at: 1s, host: client, call: send, octets: 7, urgent: true"),
    "text without PUSH": ran("at: 1s, host: client, call: send, octets: 7, push: false"),
    "CLOSE before the SYN,ACK": ran("host: client, call: close"),
    "two CLOSEs": ran("at: 1s, host: client, call: close\nat: 2s, host: client, call: close"),
    "a RST": ran("at: 1s, host: server, call: abort\nat: 2s, host: client, call: send, octets: 5"),
    "STATUS": ran("at: 1s, host: client, call: status"),
    "a forged segment": ran('at: 1s, call: inject, segment: RST seq 100, from: client, to: "server:80"'),
    "a remark": ran('at: 1s, host: client, call: note, text: "é, and no line\\nmore"'),
    "a full receive buffer": ran(
        "at: 1s, host: client, call: send, octets: 12000\nat: 20s, host: server, call: receive, limit: 10000\n"
        "at: 30s, host: server, call: receive",
        opening=SILENT,
    ),
    "text that stays unread": ran(
        "at: 1s, host: client, call: send, octets: 5\nat: 2s, host: server, call: close", opening=SILENT
    ),
    "a RST for unread text": ran(
        "at: 1s, host: client, call: send, octets: 5\nat: 2s, host: server, call: close\n"
        "at: 3s, host: server, call: send, octets: 5",
        opening=SILENT,
        server="half_duplex_close: true",
    ),
    "a timeout": ran(
        "at: 1s, host: client, call: send, octets: 5", client="user_timeout: 3s", faults="    faults: [{down: 500ms..}]"
    ),
    "R2": ran("at: 1s, host: client, call: send, octets: 5", client="r2: 5s", faults="    faults: [{down: 500ms..}]"),
    "keep-alive": ran(
        "", client="keepalive: true, keepalive_idle: 3s, keepalive_interval: 1s, keepalive_count: 3",
        faults="    faults: [{down: 6s..}]",
    ),
    "linger": ran("at: 1s, host: server, call: close", server="linger: 0s"),
    "IPv6": ran("at: 1s, host: client, call: send, octets: 2000", client='address: "2001:db8::7"',
                server='address: "2001:db8::8"'),
    "ECN and timestamps": ran(
        "at: 1s, host: client, call: send, octets: 4000", client='profile: linux, ecn: "on"', server="profile: freebsd"
    ),
    "SACK, and packets that are corrupted, copied and swapped": ran(
        "at: 1s, host: client, call: send, octets: 14000\nat: 4s, host: client, call: close\n"
        "when: server is CLOSE-WAIT, host: server, call: close",
        client="profile: linux",
        server="profile: freebsd",
        faults="    faults:\n      - corrupt: 2nd data from client\n      - duplicate: 4th data from client\n"
        "      - swap: 6th data from client",
    ),
    "a port that opens later": ran(
        'at: 1s, host: client, call: connect, to: "server:80"\nat: 2s, host: server, call: listen, port: 80', opening=""
    ),
    "another port": ran("", opening=OPENING.replace("port: 80", "port: 81")),
    "another port beside it": ran("host: server, call: listen, port: 90, backlog: 5"),
    "no more listening": ran(
        "at: 1s, host: server, call: close, port: 80\nat: 2s, host: client, call: send, octets: 5\n"
        "at: 3s, host: server, call: close, port: 80"
    ),
    "remarks that sound like more": ran(
        'host: server, call: note, text: "crash: none"\nhost: server, call: note, text: "restart: none"\n'
        'host: server, call: note, text: "arrived: nothing"'
    ),
    "a cookie of Fast Open that is asked for": ran(
        "at: 1s, host: client, call: send, octets: 5",
        client="fast_open: client, address: 192.168.0.1",
        server="fast_open: server",
    ),
    "an OPEN that is passive": ran(
        'host: server, call: open, port: 80, active: false, to: "client:99"\n'
        'at: 1s, host: client, call: open, port: 99, active: true, to: "server:80"',
        opening="",
    ),
    "knobs of a connection": ran(
        "at: 1s, host: client, call: send, octets: 700\nhost: client, call: send, octets: 7",
        opening=OPENING.replace("port: 80}", "port: 80, knobs: {delayed_ack: 100ms, rcv_buff: 4000}}").replace(
            '80"}', '80", knobs: {nagle: true}}'
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TOLD)
def test_both_sides_run_back(what: str) -> None:
    for side in TOLD[what].trace.hosts:
        made = export_of(TOLD[what], side)
        assert back(made).passed
        assert parse(made.text(), made.script.name) == made.script


@pytest.mark.parametrize(
    ("what", "side", "line"),
    [
        ("an ABORT", "client", "+0.9 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0"),
        ("an ABORT", "server", "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [ECONNRESET], [4]) = 0"),
        ("urgent text", "client", "+0.9 send(3, ..., 7, MSG_OOB) = 7"),
        ("urgent text", "server", "+0.9 < PU. 1:8(7) ack 1 win 10000 urg 7"),
        ("text without PUSH", "client", "+0.9 send(3, ..., 7, MSG_MORE) = 7"),
        ("CLOSE before the SYN,ACK", "client", "+0 close(3) = 0"),
        ("a full receive buffer", "server", "+3.65 read(4, ..., 10000) = 10000"),
        ("text that stays unread", "server", "+0.95 shutdown(4, SHUT_WR) = 0"),
        ("a RST for unread text", "server", "+0.95 close(4) = 0"),
        ("a timeout", "client", "+2 getsockopt(3, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0"),
        ("R2", "client", "+8 getsockopt(3, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0"),
        (
            "ECN and timestamps", "client",
            "+0 > (noecn) SEW 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>",
        ),
        ("a forged segment", "server", "+0.9 < R 100:100(0) win 65535"),
        ("no more listening", "server", "+0.85 close(3) = 0"),
        ("a cookie of Fast Open that is asked for", "client", "+0 > S 0:0(0) win 10000 <FO,eol,eol>"),
    ],
)  # fmt: skip
def test_how_it_is_told(what: str, side: str, line: str) -> None:
    assert line in lines(export_of(TOLD[what], side))


@pytest.mark.parametrize(
    ("what", "side", "remark"),
    [
        ("STATUS", "client", "1.000000: status(); there is no system call for it"),
        ("a forged segment", "client", "1.000000: <SEQ=1100><CTL=RST> is put on the network in the name of 192.0.2.1"),
        (
            "no more listening", "server",
            "3.000000: stop listening(80): error: connection does not exist; there is no system call for it",
        ),
        ("a remark", "client", r"1.000000: é, and no line\nmore"),
        ("another port", "server", "0.000000: listen(81), which is another port"),
        ("another port beside it", "server", "0.000000: listen(90, backlog=5), which is another port"),
        (
            "two CLOSEs", "client",
            "2.000000: close(): error: connection closing; there is no system call for it",
        ),
        (
            "SACK, and packets that are corrupted, copied and swapped", "server",
            "at 1.050000 a segment arrives with a wrong checksum, and is seen by nobody",
        ),
    ],
)  # fmt: skip
def test_what_has_no_line_has_a_comment(what: str, side: str, remark: str) -> None:
    assert f"// {remark}\n" in export_of(TOLD[what], side).text()


def test_options_of_the_script_itself() -> None:
    assert "\n--ip_version=ipv6\n--mtu=540\n" in export_of(TOLD["IPv6"], "client").text()
    assert "\n--tcp_ts_tick_usecs=1000\n" in export_of(TOLD["ECN and timestamps"], "client").text()
    cookie = TOLD["a cookie of Fast Open that is asked for"]
    assert "\n--local_ip=192.0.2.1\n--remote_ip=192.168.0.1\n" in export_of(cookie, "server").text()
    assert "_ip=" not in export_of(cookie, "client").text(), "to ask for one, no address matters"


def test_what_comes_just_before_a_timer_comes_a_little_earlier() -> None:
    done = ran(
        "at: 1s, host: client, call: send, octets: 5\nat: 1020ms, host: client, call: send, octets: 5",
        server="delayed_ack: 20ms, ack_every: 8",
    )
    made = export_of(done, "server")
    assert lines(made)[-4:] == [
        "+0 read(4, ..., 65535) = 5",
        "+0.019999 < P. 6:11(5) ack 1 win 10000",
        "+0 read(4, ..., 65535) = 5",
        "+0.000001 > . 1:1(0) ack 11 win 9990",
    ]
    assert "// 1 us early, to come before a timer that fires at the same instant\n" in made.text()
    assert back(made, exact=False).passed


# ---------------------------------------------------------------------- what no script can say


NOT_TOLD = [
    ("client", 'at: 1s, host: client, call: connect, to: "server:80"', {},
     "at 1.000000: client has to do with 192.0.2.1:49153 - 192.0.2.2:80 beside 192.0.2.1:49152 - 192.0.2.2:80; "
     "a script follows one connection"),
    ("server", 'at: 1s, call: inject, segment: RST SEQ=1, from: "192.0.2.77:99", to: "server:80", via: client', {},
     "at 1.050000: server has to do with 192.0.2.2:80 - 192.0.2.77:99 beside 192.0.2.2:80 - 192.0.2.1:49152; "
     "a script follows one connection"),
    ("client", "at: 1s, host: client, call: crash", {}, "at 1.000000: client crashes, which no system call does"),
    ("client", "host: client, call: send, octets: 5", {},
     "at 0.000000: the application of client calls send(5) before the connection is open"),
    ("server", "when: server is SYN-RECEIVED, host: server, call: close", {},
     "at 0.050000: the application of server calls close() before the connection is open"),
    ("server", "at: 1s, host: server, call: close\nat: 2s, host: server, call: abort",
     {"server": "half_duplex_close: true", "faults": "    faults: [{down: 500ms..}]"},
     "at 2.000000: the application of server calls abort() after its descriptor is closed"),
    ("server", "at: 1s, host: server, call: receive, limit: 5", {"opening": SILENT},
     "at 1.000000: receive(5) of server waits for text"),
    ("server", "at: 1s, host: server, call: receive\nat: 2s, host: client, call: send, octets: 5", {"opening": SILENT},
     "at 2.050000: the application of server takes text as it comes after it has waited for it with a call; "
     "sockets do one or the other"),
    ("client", "at: 1s, host: client, call: send, octets: 2000", {"client": "snd_buff: 1000"},
     "at 1.000000: a SEND is refused whole, of which a socket would take a part"),
    ("client", 'at: 1s, host: server, call: close\nwhen: client is CLOSE-WAIT, host: client, call: close\n'
     'at: 2s, host: client, call: connect, to: "server:80", port: 49152',
     {"client": "msl: 1s", "server": "reuse_time_wait: true"},
     "at 2.000000: client opens a second connection; a script follows one"),
    ("client", "", {"opening": "  - {host: server, call: listen, port: 80}\n"},
     "at 0.000000: client neither sends a segment nor does one arrive there"),
    ("client", 'call: inject, segment: RST SEQ=1, from: "client:7", to: "server:80"', {"opening": ""},
     "at 0.000000: client only puts forged segments on the network: its TCP neither sends a segment nor does one "
     "arrive there"),
    ("server", "", {"opening": OPENING.replace("port: 80}", "port: 80, backlog: 1, syn_cookies: when full}")},
     "at 0.000000: server calls listen(80, backlog=1, syn_cookies=when full), and scripts leave such queues to the "
     "kernel"),
    ("server", "host: server, call: accept, port: 90",
     {"opening": OPENING + "  - {host: server, call: listen, port: 90, backlog: 1}\n"},
     "at 0.000000: the application of server calls accept(90), for which a script has no system call"),
    ("server", "at: 1s, host: server, call: listen, port: 80", {},
     "at 1.000000: listen(80) of server fails: error: connection already exists"),
    ("server", 'at: 1s, host: server, call: open, port: 80, active: true, to: "client:99"\n'
     'at: 2s, host: client, call: open, port: 99, active: true, to: "server:80"',
     {"opening": '  - {host: server, call: open, port: 80, active: false, to: "client:99"}\n'},
     "at 1.000000: server calls open(active), too; a script follows one connection"),
    ("client", "", {"opening": OPENING.replace('80"}', '80", data: hello}')},
     "at 0.000000: client calls connect(192.0.2.2:80, 5), an OPEN that brings text; connect() brings none"),
    ("client", "at: 1s, host: client, call: open udp, port: 99", {},
     "at 1.000000: the application of client calls udp(99), for which a script has no system call"),
    ("client", "at: 1s, host: client, call: send, octets: 500", {"faults": "    mtu: 300"},
     "at 1.050000: an ICMP message arrives, which a trace tells in words only"),
    ("server", 'at: 1s, host: client, call: connect, to: "server:80"',
     {"opening": "  - {host: server, call: listen, port: 80}\n  - {at: 500ms, host: server, call: close, port: 80}\n"},
     "at 0.500000: the application of server calls stop listening(80), for which a script has no system call"),
]  # fmt: skip


@pytest.mark.parametrize(("side", "script", "more", "reason"), NOT_TOLD)
def test_what_is_refused_with_its_reason(side: str, script: str, more: dict[str, str], reason: str) -> None:
    assert sides(ran(script, **more))[side] == reason


@pytest.mark.parametrize(
    ("side", "data", "reason"),
    [
        ("client", b"", "at 0.000000: client shows a cookie of Fast Open, which an earlier connection was given; "),
        ("server", b"hello", "at 0.050000: the application of server takes the text of a SYN (Fast Open) before "),
    ],
)
def test_fast_open_with_a_cookie_is_refused(side: str, data: bytes, reason: str) -> None:
    net = Network()
    client = net.host("client", profile="plain", fast_open="client")
    server = net.host("server", profile="plain", fast_open="server")
    net.link("client", "server", delay="50ms")
    server.listen(80)
    client.fast_cookies[server.address] = cookie_for(server.config.isn_secret, client.address)
    client.connect("server", 80, data=data)
    net.run("1s")
    assert net.trace is not None
    host = net.hosts[side]
    with pytest.raises(NotExpressible, match=re.escape(reason)):
        export(net.trace, side, {None: host.config, 1: host.connections[1].endpoint.cfg}, "plain")


def test_what_does_not_run_back_is_refused() -> None:
    done = ran("at: 1s, host: client, call: send, octets: 700")
    with pytest.raises(
        NotExpressible, match=r"as a script it doesn't run back: .*:\d+:1: failed: another packet comes"
    ):
        export(done.trace, "client", {1: profile("plain", mss=300, mtu=340)}, "plain")


def test_a_trace_that_was_kept_tells_the_same(tmp_path: Path) -> None:
    done = run(load("lossy"))
    done.trace.write(tmp_path / "lossy.jsonl")
    kept = Trace.read(tmp_path / "lossy.jsonl")
    config = done.network.hosts["client"].connections[1].endpoint.cfg
    assert export(kept, "client", {1: config}, "plain") == export_of(done, "client")


def test_knobs_are_read_as_they_are_written() -> None:
    from tcpsim.tcp.config import KNOBS, KnobError

    for config in PROFILES.values():
        for knob in KNOBS.values():
            value = getattr(config, knob.name)
            assert knob.read(knob.written(value)) == value
    for name, text in (("mss", "1460 octets"), ("msl", "5"), ("nagle", "yes"), ("ecn", "maybe"), ("mss", "9" * 30)):
        with pytest.raises(KnobError):
            KNOBS[name].read(text)
