"""`tcpsim check`: what is told of a capture, what other programs get, and how it ends."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.capture.writing import write_capture
from tcpsim.cli.commands import tcpsim
from tcpsim.scenario import run
from tests.capture.by_hand import SYN, interface, section, simple
from tests.capture.seen import CLIENT, Seen
from tests.scenario.written import loaded, ran


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(words: str) -> Result:
    return CliRunner().invoke(tcpsim, ["check", *shlex.split(words)])


def written(name: str, at: str | None = None, mutant: str | None = None, profile: str | None = None) -> str:
    trace = run(loaded(name), mutant=mutant, profile=profile).trace if mutant or profile else ran(name).trace
    write_capture(trace, f"{name}.pcap", at or trace.hosts[0])
    return f"{name}.pcap"


def test_a_connection_is_told_in_a_few_lines() -> None:
    told = call(f"{written('close-four-way', profile='linux')} --width 80")
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert lines[0].startswith("stream 0: 192.0.2.1:")
    assert lines[1] == "  opened  three-way handshake; round trip 100 ms"
    assert lines[2] == "  agreed  MSS 1460 and 1460; window scale 8 and 8; SACK; timestamps"
    assert lines[3].endswith("TIME-WAIT at the end")
    assert lines[4].endswith("LAST-ACK or CLOSED at the end")
    assert lines[5] == "  closed  four segments, client first; client was left in TIME-WAIT"
    assert lines[-1] == "✓ 1 connection: RFC 9293 explains every segment that can be judged"
    assert max(map(len, lines)) <= 80


def test_the_first_segment_that_is_not_explained_is_told_with_its_paragraph() -> None:
    told = call(f"{written('refused', mutant='wrong-reset-numbers')} --width 80 --ascii")
    assert told.exit_code == 1
    lines = told.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if "not explained" in line)
    assert lines[at] == "  frame 2, not explained: RFC 9293 3.10.7.1"
    assert lines[at + 1] == "    100 ms  server  <SEQ=0><ACK=100><CTL=RST,ACK>"
    assert "(SEQ 0, ACK 100)" in " ".join(line.strip() for line in lines[at + 2 : at + 5])
    assert lines[-1] == "FAILED 1 connection: RFC 9293 does not explain all of it"
    assert told.stdout.isascii()
    assert max(map(len, lines)) <= 80


def test_json_has_each_verdict_and_each_judgement() -> None:
    told = call(f"{written('refused', mutant='wrong-reset-numbers')} --json")
    assert told.exit_code == 1
    (capture,) = json.loads(told.stdout)
    assert (capture["capture"], capture["explained"]) == ("refused.pcap", False)
    (connection,) = capture["connections"]
    assert connection["opened"] == "refused by server"
    assert connection["reset_by"] == "server"
    assert connection["frames"] == capture["frames"]
    judgement = connection["judgements"][0]
    assert judgement == {
        "kind": "not explained", "reason": "rst.numbers", "cite": "RFC 9293 3.10.7.1", "frame": 2,
        "sentence": judgement["sentence"], "time": 100_000_000, "side": "server",
        "segment": "<SEQ=0><ACK=100><CTL=RST,ACK>", "detail": "SEQ 0, ACK 100",
    }  # fmt: skip


def test_one_stream_or_all_of_several_captures() -> None:
    several = written("port-exhaustion")
    everything = json.loads(call(f"{several} --json").stdout)[0]["connections"]
    assert [each["stream"] for each in everything] == list(range(len(everything)))
    one = json.loads(call(f"{several} --stream 1 --json").stdout)[0]["connections"]
    assert one == [everything[1]]
    two = call(f"{several} {written('handshake')}")
    assert two.exit_code == 0
    assert "port-exhaustion.pcap" in two.stdout
    assert "handshake.pcap" in two.stdout


def test_many_connections_are_told_in_part_unless_all_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tcpsim.cli.check.MOST_CONNECTIONS", 1)
    path = written("port-exhaustion")
    told = call(path)
    assert told.stdout.count("stream ") == 1
    assert "more connections, all explained; --all tells of them" in told.stdout
    assert call(f"{path} --all").stdout.count("stream ") > 1


def test_what_is_no_capture_is_told_with_its_octet() -> None:
    Path("text.pcap").write_text("hello there\n")
    told = call("text.pcap")
    assert told.exit_code == 2
    assert told.stderr == "text.pcap: octet 0: the file begins with 68 65 6c 6c; expected a capture: pcap or pcapng\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("nowhere.pcap", "nowhere.pcap: there is no such file"),
        (".", ".: can't be read: Is a directory"),
        ("handshake.pcap --stream 7", "there is no stream 7; expected stream 0"),
        ("handshake.pcap handshake.pcap --stream 0", "--stream takes one capture at a time"),
        ("", "Missing argument 'CAPTURE...'"),
    ],
)
def test_wrong_input_ends_with_2(words: str, message: str) -> None:
    written("handshake")
    told = call(words)
    assert told.exit_code == 2
    assert message in told.stderr
    assert "Traceback" not in told.stderr


def test_a_capture_that_breaks_off_is_checked_as_far_as_it_goes() -> None:
    path = Path(written("close-four-way"))
    path.write_bytes(path.read_bytes()[:-5])
    told = call(str(path))
    assert told.exit_code == 0
    assert "the file ends" in told.stdout


def test_what_hosts_do_besides_is_told_in_their_lines(tmp_path: Path) -> None:
    seen = Seen().client(0, "SYN", 99).client(1_000, "SYN", 99).error(1_005, "fragmentation needed", mtu=1_280)
    seen.client(3_000, "SYN", 99).server(3_040, "SYN,ACK", 299, 100).again(3_041).client(3_042, "ACK", 100, 300)
    seen.client(4_000, "ACK", 99, 300)
    lines = call(str(seen.kept(tmp_path))).stdout.splitlines()
    assert lines[3] == "  client  5 segments, 0 octets, SYN sent 3 times, 2 retransmitted, 1 probe;"
    assert lines[5] == "  server  2 segments, 0 octets, 1 seen twice; SYN-RECEIVED or ESTABLISHED at the"
    assert "  icmp    frame 3, to client: fragmentation needed (MTU 1280), about SEQ=99" in lines
    found = json.loads(call(f"{seen.kept(tmp_path)} --json").stdout)[0]["connections"][0]
    assert (found["client"]["syns"], found["client"]["probes"], found["server"]["copies"]) == (3, 1, 1)
    assert found["icmp"][0]["mtu"] == 1_280


def test_a_connection_to_itself_has_one_line() -> None:
    seen = Seen()
    for at, ctl, ack in ((0, "SYN", 0), (1, "SYN,ACK", 100), (2, "ACK", 100)):
        seen.send(at, CLIENT, CLIENT, ctl, 99 + (ctl == "ACK"), ack)
    lines = call(str(seen.kept(Path()))).stdout.splitlines()
    assert lines[:4] == [
        "stream 0: 192.0.2.1:40000 > 192.0.2.1:40000, 3 frames", "  opened  to itself",
        "  client  3 segments, 0 octets", "  closed  open when the capture ends",
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "said"), [(1, "1 frame has no time: "), (2, "2 frames have no time: ")])
def test_frames_without_a_time_are_told(count: int, said: str) -> None:
    Path("x.pcapng").write_bytes(section() + interface() + simple("<", SYN) * count)
    assert said + "what is said of times means little there" in call("x.pcapng --width 100").stdout
    assert json.loads(call("x.pcapng --json").stdout)[0]["without_time"] == count
