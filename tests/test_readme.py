"""What the README shows is so: its commands run, its Python runs, its scenario passes, its ladder is today's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tcpsim import loads, run
from tcpsim.cli import group
from tcpsim.cli.commands import tcpsim
from tcpsim.cli.explore import CUT_SHORT

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    shown = [line.removeprefix("$ ").split("#")[0].strip() for line in lines]
    return [line for line in shown if line.startswith("tcpsim ")]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("line", commands())
def test_command_runs(line: str) -> None:
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    ran = CliRunner().invoke(tcpsim, words[1:])
    assert ran.exit_code == 0, ran.output


def test_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    shared: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), shared)
        said = [line.split("# ")[1] for line in block.splitlines() if line.startswith("print(") and "# <" in line]
        printed = capsys.readouterr().out
        assert all(line in printed for line in said)
    assert Path("transfer.svg").is_file()


def test_scenario_keeps_its_promises() -> None:
    (text,) = blocks("yaml")
    assert [str(failure) for failure in run(loads(text)).failures] == []


def test_ladder_is_todays() -> None:
    (shown,) = blocks("text")
    assert shown == CliRunner().invoke(tcpsim, ["run", "handshake"]).stdout


def test_every_command_is_told() -> None:
    for name, command in tcpsim.commands.items():
        assert command.hidden or f"tcpsim {name}" in README


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in target]
    assert [target for target in linked if not (ROOT / target).exists()] == []


def test_every_exit_code_is_told() -> None:
    codes = {0, group.FAILED, group.WRONG_INPUT, group.OUR_BUG, group.INTERRUPTED, group.READER_LEFT, CUT_SHORT}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)} == codes


ROOMS = [
    "wire", "properties", "net/sockets", "scenario", "packetdrill", "draw", "draw/views", "capture", "explore", "web",
    "testing", "cli",
]  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
def test_architecture_names_every_file_of_the_upper_floors(room: str) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    (table,) = re.findall(rf"^\| file of `{room}/` \| job \|\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)
    named = [name for row in table.splitlines() for name in re.findall(r"`(\w+\.py)`", row.split("|")[1])]
    there = [path.name for path in (ROOT / "tcpsim" / room).glob("*.py") if path.name != "__init__.py"]
    assert sorted(named) == sorted(there)
