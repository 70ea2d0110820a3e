"""`tcpsim export`: a script on standard output or in a file, that runs back as it says; and what is wrong, said."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli.commands import tcpsim


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(words: str) -> Result:
    return CliRunner().invoke(tcpsim, shlex.split(words))


@pytest.mark.parametrize("options", ["", "--side server", "--side server --profile linux", "--seed 7 --side client"])
def test_the_command_in_its_comment_runs_it_back(options: str) -> None:
    ran = call(f"export lossy --packetdrill {options} -o 'my lossy.pkt'")
    assert (ran.exit_code, ran.output) == (0, "wrote my lossy.pkt\n")
    (command,) = re.findall(r"^//     tcpsim (.*)$", Path("my lossy.pkt").read_text("utf-8"), re.MULTILINE)
    assert command.endswith(" 'my lossy.pkt'")
    assert call(f"{command} --tolerance exact").exit_code == 0
    assert call(f"{command} --knob rcv_buff=4321").exit_code == 1


def test_without_a_file_it_is_printed() -> None:
    ran = call("export handshake --packetdrill")
    assert ran.exit_code == 0
    assert ran.output.startswith("// A three-way handshake\n")
    assert "\n+0     connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n" in ran.output
    assert call("export handshake --packetdrill --side client").output == ran.output
    assert "handshake-client.pkt\n" in ran.output


def test_the_script_of_the_page_is_todays() -> None:
    page = (Path(__file__).parents[2] / "docs" / "packetdrill.md").read_text("utf-8")
    (shown,) = re.findall(r"^```pkt exported\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert call("export lost-syn --packetdrill").output == shown


def test_a_scenario_in_a_file() -> None:
    Path("mine.yaml").write_text(
        'title: Mine\nhosts:\n  a: {}\n  b: {}\nscript:\n  - {host: a, call: connect, to: "b:80"}\n', "utf-8"
    )
    ran = call("export mine.yaml --packetdrill --side b")
    assert ran.exit_code == 0
    assert "--profile rfc9293 --sockets rfc9293 --knob mss=536 --knob mss_option=differs" in ran.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("handshake", "say in which language: --packetdrill"),
        ("nowhere.yaml --packetdrill", "nowhere.yaml: there is no such file"),
        ("handshake --packetdrill --side sever", "--side: there is no host 'sever'; expected client or server"),
        ("handshake --packetdrill --profile windows", "--profile: expected one of"),
        ("kept.jsonl --packetdrill", "kept.jsonl: a trace does not hold the knobs of its hosts"),
        ("why-not-two --packetdrill --side server", "why-not-two: server at 0.550000: server chooses another initial"),
        ("handshake --packetdrill -o .", "can't be written: it is a directory"),
        ("mine.yaml --packetdrill -o mine.yaml", "mine.yaml: this is the file that is read; --output takes another"),
    ],
)
def test_what_is_wrong_is_said(words: str, said: str) -> None:
    Path("mine.yaml").write_text("title: Mine\n", "utf-8")
    ran = call(f"export {words}")
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert Path("mine.yaml").read_text("utf-8") == "title: Mine\n"


def test_interrupted_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    from tcpsim.net import Network

    def interrupt(self: Network) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Network, "step", interrupt)
    ran = call("export handshake --packetdrill -o hs.pkt")
    assert ran.exit_code == 130
    assert not Path("hs.pkt").exists()


def test_its_help_shows_how() -> None:
    told = call("export --help").output
    assert "  tcpsim export handshake --packetdrill" in told
    assert max(map(len, told.splitlines())) <= 80
