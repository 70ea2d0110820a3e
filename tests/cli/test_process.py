"""The command as a process: pipes that close, terminals, signals, full disks. No traceback reaches a person."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-c", "from tcpsim.cli import main; main()"]


def environment(**changed: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **changed}


def call(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return captured([*COMMAND, *arguments], environment(**changed))


def captured(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=env, capture_output=True, encoding="utf-8", timeout=60, check=False)


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `tcpsim` is the command."""
    function = f"tcpsim() {{ '{sys.executable}' -c 'from tcpsim.cli import main; main()' \"$@\"; }}"
    return captured(["bash", "-c", f"{function}\n{line}"], environment())


def on_a_terminal(*arguments: str, columns: int = 80, code: int = 0, **changed: str) -> str:
    """Return what a terminal of so many columns is sent."""
    main, other = pty.openpty()
    env = environment(**{"TERM": "xterm", "COLUMNS": str(columns), **changed})
    with subprocess.Popen([*COMMAND, *arguments], env=env, stdout=other, stderr=other) as process:
        os.close(other)
        said = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not piece:
                break
            said += piece
        assert process.wait(60) == code
    os.close(main)
    return said.decode()


def test_exit_codes() -> None:
    assert call("run", "-q", "handshake").returncode == 0
    assert call("run", "-q", "nosuch").returncode == 2
    assert call("nosuch").returncode == 2


@pytest.mark.parametrize(
    "line", ["tcpsim run lossy-transfer | head -1", "tcpsim explain lossy | head -1", "tcpsim list | true"]
)
def test_a_reader_that_leaves_is_no_error(line: str) -> None:
    ran = shell(f"{line}; echo ${{PIPESTATUS[0]}}")
    assert ran.stderr == ""
    assert ran.stdout.splitlines()[-1] in ("0", "141")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_sentence() -> None:
    ran = shell("tcpsim run handshake > /dev/full")
    assert (ran.returncode, ran.stderr) == (2, "tcpsim: No space left on device\n")
    ran = shell("tcpsim diagram handshake -o /dev/full")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


def test_a_terminal_gets_colours_unless_it_says_no() -> None:
    assert "\x1b[" in on_a_terminal("run", "handshake")
    plain = on_a_terminal("run", "handshake", NO_COLOR="1")
    assert "\x1b[3" not in plain


def test_a_terminal_of_100_columns_is_used() -> None:
    said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", on_a_terminal("run", "handshake", columns=100))
    assert 80 < max(map(len, said.splitlines())) <= 100


def test_a_terminal_that_knows_ascii_only_gets_ascii() -> None:
    ran = call("run", "handshake", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert ran.returncode == 0
    assert ran.stdout.isascii()
    assert "SYN,ACK" in ran.stdout


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    scenario = (ROOT / "scenarios" / "data" / "lossy-transfer.yaml").read_text("utf-8")
    path = tmp_path / "long.yaml"
    path.write_text(scenario.replace("30000", "300000000"), "utf-8")
    with subprocess.Popen(
        [*COMMAND, "run", "handshake", str(path)],
        env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        first = ""
        while "handshake:" not in first:
            first += process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said + complained
    assert "✓ handshake" in first
    assert "interrupted; what it expects was not asked" in said, "what has happened is kept and shown"


def test_a_bug_of_ours_is_said_in_two_lines_and_shown_on_request() -> None:
    program = (
        "import tcpsim.scenario.running as r\n"
        "def fails(self): raise RuntimeError('kaput')\n"
        "r._Runner.run = fails\n"
        "from tcpsim.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "run", "handshake"]
    for wanted, seen in (({}, False), ({"TCPSIM_TRACEBACK": "1"}, True)):
        ran = captured(command, environment(**wanted))
        assert "kaput" in ran.stderr
        assert ("Traceback" in ran.stderr) is seen
        assert ran.returncode == (1 if seen else 70)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("tcpsim run handshake >&-", 0),
        ("tcpsim run handshake >&- 2>&-", 0),
        ("tcpsim list <&- >&- 2>&-", 0),
        ("tcpsim --help >&-", 0),
        ("tcpsim run nosuch 2>&-", 2),
        ("tcpsim nosuch >&- 2>&-", 2),
        ("tcpsim run failing.yaml >&-", 1),
    ],
)
def test_a_closed_stream_changes_no_exit_code_and_is_no_bug(tmp_path: Path, line: str, code: int) -> None:
    text = (ROOT / "scenarios" / "handshake.yaml").read_text("utf-8")
    (tmp_path / "failing.yaml").write_text(text.replace("delivered: {server: hello}", "delivered: {server: no}"))
    ran = shell(f"cd '{tmp_path}'; {line}; echo $?")
    assert (ran.stdout, ran.stderr) == (f"{code}\n", "")


def test_a_figure_is_whole_though_every_stream_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "handshake.svg"
    ran = shell(f"tcpsim diagram handshake -o '{path}' <&- >&- 2>&-; echo $?")
    assert ran.stdout == "0\n"
    assert path.read_text("utf-8").rstrip().endswith("</svg>")


@pytest.mark.parametrize("backend", ["bogus", "tkagg", "module://nowhere", ""])
def test_a_figure_does_not_ask_for_a_backend(tmp_path: Path, backend: str) -> None:
    for command in ("diagram", "states"):
        path = tmp_path / f"{command}.svg"
        ran = call(command, "handshake", "-o", str(path), MPLBACKEND=backend)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert path.is_file()


def test_a_message_is_wrapped_on_a_terminal_and_has_one_line_in_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("title: x\nhosts: {a: {colour: red}, b: {}}\nscript:\n  - {host: a, call: sing}\n")
    piped = call("run", str(path))
    assert [line.startswith(str(path)) for line in piped.stderr.splitlines()] == [True, True]
    assert max(map(len, piped.stderr.splitlines())) > 100
    shown = on_a_terminal("run", str(path), code=2).replace("\r", "").splitlines()
    assert len(shown) > 2
    assert all(len(line) <= 80 or " " not in line.strip() for line in shown)
    assert " ".join("".join(f"{line.strip()} " for line in shown).split()) == " ".join(piped.stderr.split())
