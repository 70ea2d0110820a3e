"""`tcpsim mutants`: the table, one mutant, and how it ends; `--mutant` of the other commands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli import mutants as command
from tcpsim.cli.commands import tcpsim
from tcpsim.scenario import library
from tcpsim.scenario.proving import Proof
from tcpsim.tcp.mutants import MUTANTS

MINE = """\
title: Somebody closes
{mutant}hosts: {{client: {{iss: 100}}, server: {{iss: 300}}}}
profile: plain
script:
  - {{host: server, call: listen, port: 80}}
  - {{host: client, call: connect, to: "server:80"}}
  - {{when: client is ESTABLISHED, host: client, call: close}}
expect:
  states: {{client: {state}, server: CLOSE-WAIT}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def file(name: str, mutant: str = "half-close-kills@server", state: str = "FIN-WAIT-2") -> str:
    Path(name).write_text(MINE.format(mutant=f"mutant: {mutant}\n" if mutant else "", state=state))
    return name


def call(words: str) -> Result:
    return CliRunner().invoke(tcpsim, shlex.split(words))


# ---------------------------------------------------------------------- the table


def test_the_table_tells_each_mutant_and_who_catches_it() -> None:
    ran = call(f"mutants -j 1 --scenario {file('mine.yaml')}")
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.splitlines()
    at = lines.index("half-close-kills  RFC 9293 3.6, Case 2")
    assert lines[at + 1].startswith("    The peer's FIN closes both directions:")
    assert lines[at + 3] == "    caught by mine"
    at = lines.index("no-nagle  RFC 9293 3.7.4, SHLD-7")
    assert lines[at + 2] == "    caught by no scenario"
    assert " ".join(lines[-2:]).endswith("1 of 1 scenarios are failed by the mutant that they name")
    assert [name for name in MUTANTS if not any(line.startswith(f"{name}  ") for line in lines)] == []


def test_scenarios_that_prove_nothing() -> None:
    words = " ".join(
        f"--scenario {name}"
        for name in (file("none.yaml", ""), file("weak.yaml", "no-nagle"), file("wrong.yaml", state="CLOSED"))
    )
    ran = call(f"mutants -j 1 --width 120 {words}")
    assert ran.exit_code == 1
    assert "none: it names no mutant, so nothing shows that it can fail\n" in ran.stdout
    assert "weak: its own mutant, no-nagle, does not fail it\n" in ran.stdout
    assert "wrong: an expectation does not hold, without any mutant\n" in ran.stdout


def test_more_than_a_few_catchers_are_counted() -> None:
    names = [file(f"{name}.yaml", "half-close-kills") for name in "abcde"]
    ran = call("mutants -j 2 --width 100 " + " ".join(f"--scenario {name}" for name in names))
    assert "    caught by a, b, c and 2 more\n" in ran.stdout


def test_as_json() -> None:
    ran = call(f"mutants --json -j 1 --scenario {file('mine.yaml')} --scenario {file('none.yaml', '')}")
    assert ran.exit_code == 1
    told = json.loads(ran.stdout)
    assert [mutant["name"] for mutant in told["mutants"]] == list(MUTANTS)
    (one,) = [mutant for mutant in told["mutants"] if mutant["name"] == "half-close-kills"]
    assert one == {
        "name": "half-close-kills",
        "sentence": MUTANTS["half-close-kills"].sentence,
        "cite": "RFC 9293 3.6, Case 2",
        "knobs": {},
        "named_by": ["mine"],
        "caught_by": ["mine", "none"],
    }
    assert told["scenarios"] == [
        {"name": "mine", "mutant": "half-close-kills@server", "wrong": None},
        {"name": "none", "mutant": None, "wrong": "it names no mutant, so nothing shows that it can fail"},
    ]
    assert "no-nagle" in told["survivors"]
    assert (told["unreadable"], told["complete"]) == ([], True)


# ---------------------------------------------------------------------- one mutant


def test_one_mutant_at_length() -> None:
    ran = call(f"mutants half-close-kills --scenario {file('mine.yaml')} --width 200")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines() == [
        "half-close-kills",
        f"  {MUTANTS['half-close-kills'].sentence}",
        "  It breaks, or leaves out, what RFC 9293 3.6, Case 2 says.",
        "  It is the mutant of mine.",
        "  Caught by mine.",
        "  `tcpsim diff mine --mutant half-close-kills` shows how.",
    ]


def test_one_mutant_of_knobs_that_nobody_catches() -> None:
    ran = call(f"mutants no-nagle --scenario {file('mine.yaml')} --width 100")
    assert ran.exit_code == 0, "one scenario need not catch all"
    assert "  nagle: false, whatever a profile or a scenario says.\n" in ran.stdout
    assert ran.stdout.endswith("  Caught by no scenario.\n")


def test_a_survivor_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [entry for entry in library() if entry.name in ("handshake", "refused")]
    monkeypatch.setattr("tcpsim.scenario.library", lambda: entries)
    ran = call("mutants no-nagle -j 1")
    assert ran.exit_code == 1
    ran = call("mutants -j 1 --width 1000")
    assert ran.exit_code == 1
    assert "\ncaught by no scenario: " in ran.stdout


# ---------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("mutants half-close-kill", "NAME: there is no mutant 'half-close-kill'; did you mean 'half-close-kills'?\n"),
        ("mutants --scenario handshak", "handshak: there is no such scenario"),
        ("mutants --scenario kept.jsonl", "kept.jsonl: this is a trace, which has run already; name a scenario\n"),
        ("run handshake --mutant no-tim-wait", "--mutant: there is no mutant 'no-tim-wait'; did you mean 'no-time-w"),
        ("run handshake --mutant no-time-wait@sever", "--mutant: there is no host 'sever': expected client or server"),
        ("explain handshake --mutant x", "--mutant: there is no mutant 'x'; `tcpsim mutants` lists them\n"),
    ],
)  # fmt: skip
def test_wrong_input(words: str, message: str) -> None:
    ran = call(words)
    assert ran.exit_code == 2
    assert ran.stderr.startswith(message)
    assert ran.stdout == ""


def test_a_library_file_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Path("bad.yaml")
    bad.write_text("title: Nothing\n")
    entries = [entry._replace(name="bad", path=bad) for entry in library()[:1]]
    monkeypatch.setattr("tcpsim.scenario.library", lambda: entries)
    ran = call("mutants no-nagle -j 1")
    assert ran.exit_code == 1
    assert "bad.yaml:1:1" in ran.stdout


def test_ctrl_c_keeps_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Proof("first", "no-nagle", True, True, ("no-nagle",))

    def interrupted(path: str, _names: list[str]) -> Proof:
        if path.endswith("b.yaml"):
            raise KeyboardInterrupt
        return known

    monkeypatch.setattr(command, "_try_one", interrupted)
    ran = call(f"mutants no-nagle -j 1 --scenario {file('a.yaml')} --scenario {file('b.yaml')}")
    assert ran.exit_code == 130
    assert "  Caught by first.\n" in ran.stdout
    assert ran.stdout.endswith("interrupted: 1 of 2 scenarios were tried\n")


# ---------------------------------------------------------------------- --mutant


def test_a_run_with_a_mutant_says_so() -> None:
    ran = call("run why-not-two --mutant two-way-handshake@server")
    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[0].startswith("[mutant: two-way-handshake@server] ")
    assert ran.stdout.splitlines()[-1].startswith("✗ why-not-two with two-way-handshake@server: ")


def test_pictures_with_a_mutant(here: Path) -> None:
    ran = call("diagram why-not-two --mutant two-way-handshake@server")
    assert (ran.exit_code, ran.stdout) == (0, "drew why-not-two-two-way-handshake-at-server.png\n")
    ran = call("states simultaneous-close --mutant fin-wait-1-to-close-wait --text")
    assert ran.exit_code == 0, "an edge that the diagram does not have is no path in it"
    ran = call("states simultaneous-close --mutant fin-wait-1-to-close-wait")
    assert (ran.exit_code, ran.stdout) == (0, "drew simultaneous-close-fin-wait-1-to-close-wait-states.png\n")


def test_an_explanation_names_the_liar() -> None:
    ran = call("explain why-not-two --mutant two-way-handshake --width 200")
    assert ran.exit_code == 0
    assert "MUTANT: A listener is ESTABLISHED as soon as a SYN has come" in ran.stdout


def test_a_trace_has_no_mutant(here: Path) -> None:
    assert call("run handshake -q --trace kept.jsonl").exit_code == 0
    ran = call("explain kept.jsonl --mutant no-nagle")
    assert ran.exit_code == 2
    assert "a trace has happened already" in ran.stderr


def test_the_shell_completes_names() -> None:
    import click

    found = command.MutantName().shell_complete(click.Context(command.mutants), command.mutants.params[0], "no-tim")
    assert [item.value for item in found] == [name for name in MUTANTS if name.startswith("no-tim")]
