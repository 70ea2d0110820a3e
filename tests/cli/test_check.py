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
