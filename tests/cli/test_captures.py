"""Captures on the command line: listed, chosen, drawn, merged; and what is said of those that can't be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from tcpsim.capture import read_frames, streams
from tcpsim.capture.writing import write_capture
from tcpsim.cli import captures as told
from tcpsim.cli.commands import tcpsim
from tcpsim.scenario import load, run


@pytest.fixture
def captures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with captures: of one connection from both ends, and of two connections."""
    monkeypatch.chdir(tmp_path)
    trace = run(load("lossy")).trace
    write_capture(trace, "client.pcap", "client")
    write_capture(trace, "server.pcap", "server")
    write_capture(trace, "all.pcapng")
    write_capture(run(load("address-in-use")).trace, "two.pcap", "client")
    write_capture(run(load("chat")).trace, "chat.pcap", "bob")
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(tcpsim, arguments)


def test_a_capture_is_drawn(captures: Path) -> None:
    done = call("diagram", "client.pcap")
    assert (done.exit_code, done.output) == (0, "drew client.png\n")
    assert (captures / "client.png").stat().st_size > 1000


def test_a_capture_is_known_by_what_it_holds(captures: Path) -> None:
    (captures / "client.pcap").rename(captures / "what")
    assert call("diagram", "what", "-o", "x.svg").exit_code == 0


def test_several_connections_are_listed_and_one_is_chosen(captures: Path) -> None:
    done = call("diagram", "two.pcap")
    assert done.exit_code == 2
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["stream", "client", "server", "packets", "octets", "begins", "lasts", "opened", "ended"]
    assert [line.split()[:2] for line in lines[1:]] == [["0", "192.0.2.1:49152"], ["1", "192.0.2.1:49153"]]
    assert done.stderr == "two.pcap: it has 2 TCP connections: say which with --stream N\n"
    chosen = call("diagram", "two.pcap", "--stream", "1")
    assert (chosen.exit_code, chosen.output) == (0, "drew two-stream1.png\n")
    wrong = call("diagram", "two.pcap", "--stream", "2")
    assert (wrong.exit_code, wrong.stderr) == (
        2, "two.pcap: octet 0: there is no stream 2; expected a stream from 0 to 1\n",
    )  # fmt: skip


@pytest.mark.parametrize("how", [["client.pcap", "server.pcap"], ["server.pcap", "--merge", "client.pcap"]])
def test_two_captures_are_merged(captures: Path, how: list[str]) -> None:
    done = call("diagram", *how, "-o", "both.svg")
    assert (done.exit_code, done.output) == (0, "drew both.svg\n")
    assert "between the two captures" in (captures / "both.svg").read_text()


def test_states_and_explanations_of_a_capture(captures: Path) -> None:
    states = call("states", "client.pcap", "--text")
    assert states.exit_code == 0
    assert "client, step 1 of" in states.output
    explained = call("explain", "all.pcapng")
    assert explained.exit_code == 0
    assert "client sends SYN seq 0 to server" in explained.output
    assert "checks and changes of the TCB are inside the hosts" in explained.output
    one = call("explain", "two.pcap", "client FIN", "--stream", "0")
    assert one.exit_code == 0


@pytest.mark.parametrize(
    "words",
    [["client.pcap", "server.pcap"], ["server.pcap", "--merge", "client.pcap"], ["client.pcap", "server.pcap", "3"]],
)
def test_two_captures_are_explained_as_one(captures: Path, words: list[str]) -> None:
    done = call("explain", *words)
    assert done.exit_code == 0
    assert ("merged: client.pcap at the client" in done.output) is (words[-1] != "3")


def test_the_states_of_two_captures(captures: Path) -> None:
    done = call("states", "client.pcap", "server.pcap", "--text")
    assert done.exit_code == 0
    assert done.output == call("states", "client.pcap", "--merge", "server.pcap", "--text").output


def test_one_connection_of_a_capture_is_written_with_what_is_inferred(captures: Path) -> None:
    done = call("export", "two.pcap", "--stream", "1", "-o", "one.pcapng")
    assert (done.exit_code, done.output.partition(":")[0]) == (0, "wrote one.pcapng")
    (stream,) = streams("one.pcapng")
    assert stream.client == ("192.0.2.1", 49_153)
    both = call("export", "client.pcap", "--merge", "server.pcap", "-o", "both.pcapng")
    assert both.exit_code == 0
    with read_frames("both.pcapng") as frames:
        assert any("lost: between the two captures" in frame.comment for frame in frames)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "two.pcap", "-o", "x.pcapng"], "two.pcap: it has 2 TCP connections: say which with --stream N"),
        (["export", "handshake", "--stream", "1", "-o", "x.pcap"], "handshake: this is no capture: --stream is for"),
        (["export", "handshake", "--stream", "1", "--packetdrill"], "--stream and --merge take a capture"),
        (["export", "client.pcap", "--merge", "server.pcap", "-o", "server.pcap"], "server.pcap: this is the file"),
        (["explain", "client.pcap", "server.pcap", "--merge", "all.pcapng"], "name the other capture once: as a"),
        (["states", "client.pcap", "server.pcap", "--merge", "all.pcapng"], "name the other capture once: as a"),
        (["diagram", "client.pcap", "server.pcap", "--merge", "all.pcapng"], "name the other capture once: as a"),
        (["explain", "client.pcap", "client", "SYN"], "one EVENT at a time, in quotes if it has spaces: 'client SYN'"),
        (["explain", "handshake", "server.pcap"], "handshake: this is no capture: a second file (--merge) is for"),
        (["states", "handshake", "server.pcap"], "handshake: this is no capture: a second file (--merge) is for"),
        (["diagram", "nowhere.pcap"], "nowhere.pcap: there is no such file"),
        (["diagram", "client.pcap", "nowhere.pcap"], "nowhere.pcap: there is no such file"),
        (["diagram", "client.pcap", "--seed", "1"], "client.pcap: a capture has happened already: --seed, "),
        (["diagram", "handshake", "--stream", "0"], "handshake: this is no capture: --stream is for pcap and pcapng"),
        (["diagram", "handshake", "server.pcap"], "handshake: this is no capture: a second file (--merge) is for"),
        (["diagram", "client.pcap", "chat.pcap"], "client.pcap: octet 0: no TCP connection of it is in chat.pcap"),
        (["diagram", "client.pcap", "-o", "client.pcap"], "client.pcap: this is the file that is read"),
        (["run", "client.pcap"], "client.pcap: this is a capture, which has happened already; `tcpsim diagram`"),
        (["export", "client.pcap", "--packetdrill"], "client.pcap: a capture does not tell what its hosts'"),
        (["states", "--stream", "1"], "--stream and --merge take a capture"),
    ],
)
def test_what_can_not_be_drawn(captures: Path, arguments: list[str], said: str) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_a_capture_that_says_what_can_not_be(captures: Path) -> None:
    octets = bytearray((captures / "client.pcap").read_bytes())
    octets[32:36] = b"\xff\xff\xff\xff"
    (captures / "bad.pcap").write_bytes(octets)
    done = call("diagram", "bad.pcap")
    assert done.exit_code == 2
    assert done.stderr.startswith("bad.pcap: octet ")
    (captures / "text.pcap").write_text("title: no capture")
    assert "expected a capture: pcap or pcapng" in call("diagram", "text.pcap").stderr


def test_whoever_waits_sees_how_far_it_is(captures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["tcpsim.capture.streams"], "_TELL_EVERY", 2)
    monkeypatch.setattr(told, "PATIENCE", 0)
    monkeypatch.setattr(Console, "is_terminal", property(lambda _: True))
    done = call("diagram", "client.pcap")
    assert "reading client.pcap" in done.stderr
