"""`tcpsim export` as a capture: from a scenario or a trace, of which side, when, and what is wrong, said."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.capture import Frame, read_frames
from tcpsim.cli.commands import tcpsim


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(words: str) -> Result:
    return CliRunner().invoke(tcpsim, shlex.split(words))


def frames(name: str) -> list[Frame]:
    return list(read_frames(name))


@pytest.mark.parametrize(
    ("words", "form", "number"),
    [
        ("-o hs.pcap", "pcap", 5),
        ("-o hs.pcapng", "pcapng", 15),
        ("--pcap -o hs.cap", "pcap", 5),
        ("--pcapng -o hs.pcap", "pcapng", 15),
        ("--side server -o hs.pcapng", "pcapng", 5),
        ("--side client-server -o hs.pcap", "pcap", 5),
        ("--side 'client>server' -o hs.pcapng", "pcapng", 3),
    ],
)
def test_in_the_form_that_is_asked_for_by_option_or_name(words: str, form: str, number: int) -> None:
    ran = call(f"export handshake {words}")
    name = words.rsplit(maxsplit=1)[-1]
    assert (ran.exit_code, ran.output) == (0, f"wrote {name}: {number} frames\n")
    with read_frames(name) as reader:
        assert reader.format == form
        assert len(list(reader)) == number


def test_of_a_trace_too() -> None:
    assert call("run lossy --seed 7 --quiet --trace kept.jsonl").exit_code in (0, 1)
    assert call("export kept.jsonl -o trace.pcapng").exit_code == 0
    assert call("export lossy --seed 7 -o run.pcapng").exit_code == 0
    assert Path("trace.pcapng").read_bytes() == Path("run.pcapng").read_bytes()


@pytest.mark.parametrize(
    ("epoch", "time"),
    [
        ("0", 0),
        ("1700000000.25", 1_700_000_000_250_000_000),
        ("2026-01-31T12:00:00Z", 1_769_860_800_000_000_000),
        ("2026-01-31T12:00:00.5", 1_769_860_800_500_000_000),
        ("2026-01-31T13:00:00+01:00", 1_769_860_800_000_000_000),
    ],
)
def test_when_the_run_began(epoch: str, time: int) -> None:
    assert call(f"export handshake -o hs.pcap --epoch {epoch}").exit_code == 0
    assert [frame.time - time for frame in frames("hs.pcap")][:2] == [0, 100_000_000]


def test_with_a_link_layer_profile_and_seed() -> None:
    assert call("export handshake -o hs.pcap --link ethernet --profile linux").exit_code == 0
    assert {frame.link for frame in frames("hs.pcap")} == {1}
    assert frames("hs.pcap")[0].octets[:12].hex() == "020000000002020000000001"


def test_a_capture_of_one_frame() -> None:
    Path("one.yaml").write_text(
        "title: One\nhosts:\n  a: {}\n  b: {}\nlinks:\n  - {between: [a, b], loss: 100%}\nuntil: 100ms\n"
        'script:\n  - {host: a, call: connect, to: "b:80"}\n',
        "utf-8",
    )
    assert call("export one.yaml -o one.pcap").output == "wrote one.pcap: 1 frame\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("handshake -o x", "say in which language: --packetdrill, --pcap or --pcapng"),
        ("handshake --pcapng", "a capture is not printed: name a file, -o FILE.pcapng"),
        ("handshake -o x.pcap --side sever", "--side: there is no host or link 'sever'; expected client, server or"),
        (
            "handshake -o x.pcap --epoch yesterday",
            "expected seconds since 1970, or a time such as 2026-01-31T12:00:00Z",
        ),
        ("handshake -o x.pcap --epoch 9999999999", "x.pcap: can't be written: a packet at 0 ns: a capture tells times"),
        ("handshake -o x.pcap --epoch 1900-01-01", "a capture tells times from 1970 to 2106"),
        ("handshake --packetdrill --epoch 5", "--link and --epoch are for captures: --pcap or --pcapng"),
        ("handshake -o x.pkt --link raw", "--link and --epoch are for captures: --pcap or --pcapng"),
        ("nowhere.yaml -o x.pcap", "nowhere.yaml: there is no such file"),
        ("handshake --pcap -o .", "can't be written: it is a directory"),
        ("kept.jsonl --pcap -o kept.jsonl", "kept.jsonl: this is the file that is read; --output takes another one"),
        ("kept.jsonl -o x.pcap --seed 5", "a trace has happened already"),
    ],
)
def test_what_is_wrong_is_said(words: str, said: str) -> None:
    Path("kept.jsonl").write_text('{"format":"tcpsim trace"}\n', "utf-8")
    ran = call(f"export {words}")
    assert ran.exit_code == 2
    assert said in " ".join(ran.stderr.split()).replace("or- ", "or")
    assert not Path("x.pcap").exists()


def test_interrupted_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    from tcpsim.net import Network

    def interrupt(self: Network) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Network, "step", interrupt)
    assert call("export handshake -o hs.pcapng").exit_code == 130
    assert not Path("hs.pcapng").exists()
