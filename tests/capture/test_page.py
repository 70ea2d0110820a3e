"""What docs/captures.md says is so: its commands run, its program runs, its error is what is said, its numbers hold."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tcpsim.capture import CaptureError, read_frames
from tcpsim.cli.commands import tcpsim
from tests.capture.by_hand import MICRO, pcap, record

PAGE = (Path(__file__).parents[2] / "docs" / "captures.md").read_text("utf-8")
COMMANDS = [line.partition("#")[0] for line in re.findall(r"^tcpsim (export .*)$", PAGE, re.MULTILINE)]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(tcpsim, ["run", "handshake", "-q", "--trace", "kept.jsonl"])
    CliRunner().invoke(tcpsim, ["export", "address-in-use", "-o", "seen.pcap"])


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_run(command: str) -> None:
    ran = CliRunner().invoke(tcpsim, shlex.split(command))
    assert ran.exit_code == 0, ran.output
    assert ran.output.startswith("wrote ")


def test_its_program_runs() -> None:
    assert len(COMMANDS) == 7
    (program,) = re.findall(r"^```python\n(import tempfile.*?tally = Tally.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, {})  # what it does is the page's
    lines = printed.getvalue().splitlines()
    assert lines[0] == "1050000000 Tcp(sport=49152, dport=80, segment=<SEQ=100><CTL=SYN>, reserved=0)"
    assert lines[-1] == "None []"


def test_its_error_is_what_is_said() -> None:
    with pytest.raises(CaptureError) as raised:
        list(read_frames(io.BytesIO(pcap("<", MICRO, record("<", 0, 0, bytes(70_000)))), "broken.pcap"))
    assert f"```text\n{raised.value}\n```" in PAGE
