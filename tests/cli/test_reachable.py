"""`tcpsim reachable`: a question and its answer, the table, files, JSON, and how it ends."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli import reachable as command
from tcpsim.cli.commands import tcpsim
from tcpsim.explore import answers, reaching
from tcpsim.explore.engine import INTERRUPTED, Limits

PAGE = (Path(__file__).parent.parent.parent / "docs" / "learning.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(words: str) -> Result:
    return CliRunner().invoke(tcpsim, shlex.split(words))


# ---------------------------------------------------------------------- questions


def test_the_way_its_ladder_and_its_file() -> None:
    ran = call("reachable client=ESTABLISHED server=CLOSED -o way.yaml --ascii --width 100")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.isascii()
    lines = ran.stdout.splitlines()
    assert lines[0] == "ok client is ESTABLISHED while server is CLOSED: reachable without a fault, in 5 steps"
    assert lines[2] == "  1. server calls open()"
    assert lines[6] == "  5. server calls abort()"
    assert any("ESTABLISHED |" in line for line in lines)
    assert lines[-1] == "wrote way.yaml; `tcpsim run way.yaml` runs it"
    assert call("run -q way.yaml").exit_code == 0


def test_faults_are_marked() -> None:
    ran = call('reachable "client=LISTEN server=ESTABLISHED"')
    assert ran.exit_code == 0
    assert "reachable with 1 fault, in 6 steps" in " ".join(ran.stdout.split())
    assert [line for line in ran.stdout.splitlines() if line.endswith("(a fault)")] == [
        "  4. client calls crash() (a fault)"
    ]


def test_unreachable_is_said_with_its_bound() -> None:
    ran = call('reachable "client=CLOSE-WAIT server=CLOSE-WAIT" --faults 0 -o none.yaml')
    assert ran.exit_code == 1
    lines = ran.stdout.splitlines()
    assert lines[0] == "✗ client is CLOSE-WAIT while server is CLOSE-WAIT: unreachable within no fault"
    assert re.fullmatch(r"Every interleaving was tried: [\d,]+ states, [\d,]+ transitions\.", lines[1])
    assert lines[2] == "none.yaml was not written: there is nothing to run"
    assert not Path("none.yaml").exists()


def test_the_beginning_has_no_ladder() -> None:
    ran = call("reachable client=CLOSED server=CLOSED")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines()[-1] == "There is no ladder: this is how both ends begin."


def test_json() -> None:
    ran = call("reachable client=SYN-SENT server=LISTEN --json")
    told = json.loads(ran.stdout)
    assert (told["question"], told["reachable"], told["faults"]) == ("client=SYN-SENT server=LISTEN", True, 0)
    assert told["way"]["states"] == {"client": "SYN-SENT", "server": "LISTEN"}
    assert told["way"]["steps"] == [
        {"what": "server calls open()", "fault": False}, {"what": "client calls connect()", "fault": False}
    ]  # fmt: skip
    Path("way.yaml").write_text(told["way"]["scenario"], "utf-8")
    assert call("run -q way.yaml").exit_code == 0
    none = call("reachable client=CLOSE-WAIT server=CLOSE-WAIT --faults 0 --json")
    assert none.exit_code == 1
    assert json.loads(none.stdout)["way"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("client=ESTABLISED", "QUESTION:1:8: 'ESTABLISED' is no state; expected one of any, CLOSED, LISTEN"),
        ("clinet=CLOSED", "QUESTION:1:1: there is no host 'clinet'; expected client or server; did you mean 'client'?"),
        ("client=any", "QUESTION:1:1: every state fits; expected a state of client or server"),
        ("", "Error: say two states, as in"),
        ("--table client=CLOSED", "Error: --table tells of all states: name none beside it"),
        ("client=CLOSED -o way.txt", "--output: way.txt: expected a file that ends with .yaml or .yml"),
        ("--table -o pairs.gif", "--output: can't draw into file name 'pairs.gif': expected one of .png, .svg, .pdf"),
        ("client=CLOSED --scenario nowhere", "nowhere: "),
        ("client=CLOSED --scenario kept.jsonl", "kept.jsonl: this is a trace, which has run already; name a scenario"),
        ("client=CLOSED --faults 9", "Error: Invalid value for '--faults'"),
    ],
)
def test_what_is_wrong_is_told(words: str, said: str) -> None:
    ran = call(f"reachable {words}")
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_the_scenario_is_not_written_onto() -> None:
    Path("mine.yaml").write_text("title: x\nhosts: {client: {}, server: {}}\n", "utf-8")
    ran = call("reachable client=CLOSED --scenario mine.yaml -o mine.yaml")
    assert (ran.exit_code, ran.stderr.startswith("mine.yaml: this is the file that is read")) == (2, True)


# ---------------------------------------------------------------------- the table


def test_the_table_and_its_figure() -> None:
    ran = call("reachable --table --faults 0 -o pairs.svg")
    assert (ran.exit_code, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert lines[0] == command.TITLE
    assert max(map(len, lines)) <= 80
    assert "ESTABLISHED  ES    0    ·    ·    0    0    0    ·    ·    ·    ·    ·" in lines
    assert "what is without a number is not reached without a fault." in " ".join(lines)
    assert any(line.startswith("54 pairs; ") for line in lines)
    assert lines[-1] == "drew pairs.svg"
    assert "what is blank" in Path("pairs.svg").read_text("utf-8").replace("\n", " ")


def test_the_table_as_json() -> None:
    told = json.loads(call("reachable --table --faults 0 --json").stdout)
    assert (told["faults"], told["stopped"], len(told["pairs"])) == (0, None, 54)
    assert told["pairs"][:2] == [
        {"client": "CLOSED", "server": "CLOSED", "faults": 0, "steps": 0},
        {"client": "CLOSED", "server": "LISTEN", "faults": 0, "steps": 1},
    ]


def test_the_table_of_a_scenario() -> None:
    ran = call("reachable --table --faults 0 --scenario handshake")
    said = " ".join(ran.stdout.split())
    assert ran.exit_code == 0
    assert "6 pairs; " in said
    assert "The users make the calls of handshake." in said
    assert "mirror image" not in said


# ---------------------------------------------------------------------- cut short


@pytest.fixture
def cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop every search early, as by Ctrl-C."""

    class Cut(reaching.Reaching):
        def __init__(self, world: Any, **options: Any) -> None:
            super().__init__(world, **{**options, "limits": Limits(states=50)})

        @property
        def stopped(self) -> str:
            return INTERRUPTED if super().stopped else ""

    monkeypatch.setattr(reaching, "Reaching", Cut)
    monkeypatch.setattr(answers, "Reaching", Cut)


@pytest.mark.usefixtures("cut_short")
def test_an_interrupted_question_claims_nothing() -> None:
    ran = call("reachable client=TIME-WAIT server=TIME-WAIT")
    assert ran.exit_code == 130
    said = " ".join(ran.stdout.split())
    assert "not found, and not everything was looked at" in said
    assert "The search ended with no fault (interrupted), after" in said
    assert "unreachable" not in said


@pytest.mark.usefixtures("cut_short")
def test_an_interrupted_table_keeps_what_was_found() -> None:
    ran = call("reachable --table -o pairs.svg")
    assert ran.exit_code == 130
    said = " ".join(ran.stdout.split())
    assert "the search was cut short (interrupted), so that what is without a number may be possible" in said
    assert "SYN-SENT SS 0 0 0" in said
    assert Path("pairs.svg").exists()


# ---------------------------------------------------------------------- the page


def shell() -> list[Any]:
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    return [line.removeprefix("tcpsim ") for line in lines if line.startswith("tcpsim reachable")]


def test_the_page_tells_what_is_so() -> None:
    for line in shell():
        words, _, told = line.partition("  #")
        if "--table" in words and "--faults" not in words:
            continue  # the same within one fault: the committed figure is made of it
        code = re.search(r"exits with (\d)", told)
        quicker = words.replace(
            "--faults 1", "--faults 0"
        )  # what is not within 1, tests/explore/test_reaching.py knows
        assert call(quicker).exit_code == (int(code[1]) if code else 0), line
    assert call("run -q half-open.yaml").exit_code == 0
