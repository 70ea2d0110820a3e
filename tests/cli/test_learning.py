"""What docs/learning.md shows is so: its commands run, its ladders are today's, its limits are the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tcpsim.cli import quiz
from tcpsim.cli.commands import tcpsim
from tcpsim.draw import beside, comparing

PAGE = (Path(__file__).parent.parent.parent / "docs" / "learning.md").read_text("utf-8")


def blocks(sort: str) -> list[str]:
    return re.findall(rf"^```{sort}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line.removeprefix("$ tcpsim ").split("  #")[0].strip() for line in lines]


@pytest.mark.parametrize("line", commands())
def test_command_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answers = next(block for block in blocks("json") if "ladder" not in block)
    (tmp_path / "answers.json").write_text(answers, "utf-8")
    ran = CliRunner().invoke(tcpsim, shlex.split(line))
    assert (ran.exit_code, ran.stderr) == (0, "")


def test_two_runs_side_by_side_are_todays() -> None:
    (shown,) = blocks("text")
    assert shown in CliRunner().invoke(tcpsim, ["diff", "close-four-way", "--mutant", "no-time-wait"]).stdout


def test_limits_are_the_codes() -> None:
    for limit in (comparing.MOST_TOLD, beside.MAX_ROWS, quiz.MAX_OCTETS, beside.WIDE):
        assert f"{limit:,}" in PAGE
