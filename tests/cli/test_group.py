"""However a command ends, it ends with an exit code and, if something is wrong, a sentence."""

from __future__ import annotations

import builtins
import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from tcpsim.cli import main, screen
from tcpsim.cli.group import EndsWell, Wrong


def ended(error: BaseException | None) -> Result:
    """Return how a command ends in which `error` is raised."""

    @click.group(cls=EndsWell)
    def group() -> None:
        pass

    @group.command()
    def work() -> None:
        click.echo("so far")
        if error is not None:
            raise error

    return CliRunner().invoke(group, ["work"])


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (None, 0, ""),
        (Wrong("mine.yaml:3:1: it is wrong"), 2, "mine.yaml:3:1: it is wrong\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (click.Abort(), 130, ""),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "tcpsim: No space left on device\n"),
        (OSError(errno.EIO, "Input/output error", "mine.yaml"), 2, "mine.yaml: Input/output error\n"),
    ],
)
def test_every_end_has_its_code_and_its_words(error: BaseException | None, code: int, said: str) -> None:
    ran = ended(error)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (code, "so far\n", said)


def test_a_bug_of_ours_is_said_in_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = ended(RuntimeError("kaput"))
    assert ran.exit_code == 70
    assert ran.stderr.splitlines() == [
        "tcpsim: a bug of tcpsim's own (RuntimeError: kaput)",
        "TCPSIM_TRACEBACK=1 shows where; please report it with the input that led here",
    ]
    monkeypatch.setenv("TCPSIM_TRACEBACK", "1")
    assert isinstance(ended(RuntimeError("kaput")).exception, RuntimeError)


def test_not_standing_alone_it_raises_as_click_does() -> None:
    group = EndsWell("group", commands=[click.Command("work", callback=lambda: 7)])
    assert group.main(["work"], standalone_mode=False) == 7
    with pytest.raises(click.UsageError):
        group.main(["nosuch"], standalone_mode=False)


def test_the_console_script_exits_with_the_commands_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tcpsim", "--version"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("tcpsim, version ")


def test_python_m_is_the_same_command() -> None:
    # In a process of its own: pytest imports a package that has a plugin in a way that runpy knows nothing of.
    ran = subprocess.run([sys.executable, "-m", "tcpsim", "list"], capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"handshake" in ran.stdout


def test_output_that_fails_at_the_very_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    group = EndsWell("group", commands=[click.Command("work")])
    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(SystemExit) as end:
        group.main(["work"])
    assert end.value.code == 2


def test_ctrl_c_during_the_imports_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def interrupted(name: str, *others: Any, **more: Any) -> Any:
        if name == "commands":
            raise KeyboardInterrupt
        return real(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", interrupted)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130


def test_a_person_is_told_what_takes_so_long_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    class Status:
        def __init__(self, what: str) -> None:
            self.what = what

        def start(self) -> None:
            begun.append(str(self.what))

        def stop(self) -> None:
            begun.append("stopped")

    monkeypatch.setattr(screen, "PATIENCE", 0.0)
    monkeypatch.setattr(Console, "status", lambda _, what: Status(what))
    monkeypatch.setattr(Console, "is_terminal", False)
    with screen.patience("nobody's story"):
        pass
    monkeypatch.setattr(Console, "is_terminal", True)
    with screen.patience("a long story"):
        while not begun:
            os.sched_yield()
    assert begun == ["a long story", "stopped"]


def test_a_console_whose_reader_left_says_so() -> None:
    with pytest.raises(BrokenPipeError):
        screen.screen().on_broken_pipe()


def test_writing_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="x: can't be written: Is a directory"), screen.writing(tmp_path / "x"):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
