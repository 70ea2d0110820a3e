"""What is built for others: the wheel carries the scenarios and runs from anywhere, the sdist can make the wheel."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def installed(unpacked: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the unpacked wheel, without this source tree on the path."""
    program = f"import sys; sys.path.insert(0, {str(unpacked)!r}); from tcpsim.cli import main; main()"
    command = [sys.executable, "-I", "-c", program, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)


def test_wheel_carries_every_scenario_unchanged(unpacked: Path) -> None:
    ours = {file.name: file.read_bytes() for file in (ROOT / "scenarios").rglob("*.yaml")}
    theirs = {file.name: file.read_bytes() for file in (unpacked / "tcpsim" / "library").rglob("*.yaml")}
    assert ours
    assert theirs == ours


def test_wheel_carries_what_a_page_is_made_of(unpacked: Path, tmp_path: Path) -> None:
    ran = installed(unpacked, tmp_path, "diagram", "handshake", "-o", "x.html")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Content-Security-Policy" in (tmp_path / "x.html").read_text("utf-8")


def test_wheel_carries_every_file_of_the_package(unpacked: Path) -> None:
    ours = {
        file.relative_to(ROOT).as_posix(): file.read_bytes()
        for file in (ROOT / "tcpsim").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {"tcpsim/py.typed", "tcpsim/web/static/serve.html", "tcpsim/web/page.js"} <= ours.keys()
    assert {name for name, octets in ours.items() if (unpacked / name).read_bytes() != octets} == set()


def test_installed_command_explores_a_scenario_made_for_that(unpacked: Path, tmp_path: Path) -> None:
    ran = installed(unpacked, tmp_path, "explore", "aborting", "--faults", "0")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("aborting: ")


def test_wheel_is_typed_and_holds_nothing_but_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "tcpsim/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"tcpsim", wheel.name.replace("-py3-none-any.whl", ".dist-info")}


def test_installed_command_finds_a_scenario_by_name_in_any_directory(unpacked: Path, tmp_path: Path) -> None:
    ran = installed(unpacked, tmp_path, "run", "handshake")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "SYN,ACK" in ran.stdout


def test_installed_command_lists_every_scenario(unpacked: Path, tmp_path: Path) -> None:
    ran = installed(unpacked, tmp_path, "list")
    assert (ran.returncode, ran.stderr) == (0, "")
    for file in (ROOT / "scenarios").rglob("*.yaml"):
        if "explored" not in file.parts:  # those are for `tcpsim explore --all`
            assert file.stem in ran.stdout


def test_editable_install_copies_nothing(tmp_path: Path) -> None:
    built = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["editable"]))
    with zipfile.ZipFile(built) as archive:
        files = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert files == ["_tcpsim.pth"]
        assert Path(archive.read("_tcpsim.pth").decode().strip()).resolve() == ROOT


def test_sdist_holds_what_builds_tests_and_explains_the_project(tmp_path: Path) -> None:
    built = Path(next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path))))
    with tarfile.open(built) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {
        "pyproject.toml",
        "Makefile",
        "LICENSE",
        "README.md",
        "scenarios/handshake.yaml",
        "docs/scenarios.md",
    } <= names
    assert "tests/test_packaging.py" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]
