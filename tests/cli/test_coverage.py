"""`tcpsim coverage`: what counts and what does not, what is told of it, and how it ends."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli.commands import tcpsim
from tcpsim.tcp.diagram import EDGES

REFUSED = """\
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+.1 < S 0:0(0) win 1000
+0 > R. 0:0(0) ack 1
"""
FAILING = """\
title: Nobody listens
hosts: {a: {}, b: {}}
script:
  - {host: a, call: connect, to: "b:80"}
expect:
  states: {a: ESTABLISHED}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def call(words: str) -> Result:
    return CliRunner().invoke(tcpsim, ["coverage", *shlex.split(words)])


def counted(words: str) -> list[str]:
    """The names of the runs that count."""
    ran = call(f"{words} --json")
    assert ran.exit_code == 0, ran.output
    runs: list[str] = json.loads(ran.stdout)["runs"]
    return runs


# ---------------------------------------------------------------------- what is told


def test_what_one_run_exercises() -> None:
    ran = call("handshake")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("1 run counted:\n  edges of Figure 5                   5 of 20\n")
    assert "CLOSED -[active OPEN]-> SYN-SENT" in ran.stdout
    assert "syn-sent.syn-ack" in ran.stdout
    assert "time-wait.over" not in ran.stdout
    assert "beyond the figure:" not in ran.stdout, "it has taken none of those"


def test_what_it_does_not() -> None:
    ran = call("handshake --missing --width 100")
    assert ran.exit_code == 0
    assert "LISTEN --[CLOSE]--> CLOSED (RFC 9293 3.3.2, Figure 5)\n    delete TCB\n" in ran.stdout
    assert "time-wait.over (RFC 9293 3.10.8)\n    2 MSL are over: the TCB is deleted.\n" in ran.stdout
    assert "MUST-40 (RFC 9293 3.8.6.3)\n    But for less than half a second.\n" in ran.stdout
    assert "syn-sent.syn-ack (" not in ran.stdout


def test_two_runs_exercise_what_each_of_them_does() -> None:
    told = json.loads(call("handshake close-four-way --json").stdout)
    edges = {edge["name"]: edge["runs"] for edge in told["edges"]}
    assert len(edges) == len(EDGES)
    assert edges["LISTEN --[rcv SYN]--> SYN-RECEIVED"] == ["handshake", "close-four-way"]
    assert edges["TIME-WAIT --[Timeout=2MSL]--> CLOSED"] == ["close-four-way"]
    assert edges["LISTEN --[SEND]--> SYN-SENT"] == []
    requirements = {each["name"]: each["runs"] for each in told["requirements"]}
    assert requirements["MUST-13"] == ["close-four-way"]
    rules = {each["name"]: each for each in told["rules"]}
    assert rules["time-wait.over"] == {
        "name": "time-wait.over",
        "cite": "RFC 9293 3.10.8",
        "says": "2 MSL are over: the TCB is deleted.",
        "runs": ["close-four-way"],
    }


# ---------------------------------------------------------------------- what counts


def test_scenarios_traces_scripts_and_what_lies_in_a_folder() -> None:
    Path("mine/deeper").mkdir(parents=True)
    Path("mine/refused.pkt").write_text(REFUSED, "utf-8")
    Path("mine/deeper/mine.yaml").write_text(FAILING.replace("ESTABLISHED", "CLOSED"), "utf-8")
    Path("mine/notes.txt").write_text("no scenario", "utf-8")
    CliRunner().invoke(tcpsim, ["run", "-q", "handshake", "--trace", "kept.jsonl"])
    assert counted("lost-syn kept.jsonl mine mine/refused.pkt lost-syn") == [
        "lost-syn", "kept.jsonl", "mine/deeper/mine.yaml", "mine/refused.pkt",
    ]  # fmt: skip


def test_the_library_counts_beside_what_is_named() -> None:
    Path("mine.pkt").write_text(REFUSED, "utf-8")
    runs = counted("--all mine.pkt handshake")
    assert {"handshake", "simultaneous-open", "mine.pkt"} <= set(runs)
    assert runs.count("handshake") == 1


def test_what_fails_does_not_count_and_is_named() -> None:
    Path("failing.yaml").write_text(FAILING, "utf-8")
    Path("failing.pkt").write_text(REFUSED.replace("ack 1", "ack 2"), "utf-8")
    ran = call("failing.yaml failing.pkt")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("0 runs counted:\n  edges of Figure 5                   0 of 20\n")
    assert ran.stderr == (
        "failing.yaml: not counted: it fails: `tcpsim run` shows where\n"
        "failing.pkt: not counted: it does not pass under any profile: `tcpsim packetdrill` shows where\n"
    )


def test_a_script_counts_where_it_passes_or_under_the_profile_that_is_named() -> None:
    Path("linux.pkt").write_text(REFUSED + "#ifndef Linux\n+0 > R. 0:0(0) ack 7\n#endif\n", "utf-8")
    assert counted("linux.pkt") == ["linux.pkt"]
    assert counted("linux.pkt --profile linux") == ["linux.pkt"]
    ran = call("linux.pkt --profile rfc9293")
    assert "linux.pkt: not counted: it does not pass under rfc9293" in ran.stderr


def test_the_profile_is_that_of_scenarios_too() -> None:
    rules = {
        each["name"]: each["runs"] for each in json.loads(call("handshake --profile linux --json").stdout)["rules"]
    }
    assert rules["ack.quick"] == ["handshake"]


# ---------------------------------------------------------------------- how it ends


def test_what_is_required_and_missing_is_an_exit_code_and_told() -> None:
    ran = call("handshake --require edges --width 100")
    assert ran.exit_code == 1
    assert "edges of Figure 5, missing:\n  LISTEN --[CLOSE]--> CLOSED (RFC 9293 3.3.2, Figure 5)" in ran.stdout
    assert "rules, missing:" not in ran.stdout
    assert call("handshake --require edges,rules --json").exit_code == 1
    assert call("handshake --require requirements --missing").stdout.count("\n  MUST-13 (") == 1


def test_what_is_required_and_there_is_not_told() -> None:
    tests = Path(__file__).parent.parent / "packetdrill"
    ran = call(f"--all {tests} --require edges")
    assert ran.exit_code == 0, ran.output
    assert "missing" not in ran.stdout


def test_where_nothing_is_missing_that_is_said() -> None:
    tests = Path(__file__).parent.parent
    ran = call(f"--all {tests / 'packetdrill'} {tests / 'scenario' / 'seldom'} --missing")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines()[-1] == "nothing is missing"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "name a scenario, a trace, a script or a folder, or say --all"),
        ("handshaek", "there is no such scenario"),
        ("gone.pkt", "gone.pkt: there is no such file"),
        ("empty", "empty: there is no scenario and no script in this directory"),
        ("handshake --require edge", "expected edges, rules or requirements, with commas between, not 'edge'; did you"),
        ("handshake --require rules,cats", "with commas between, not 'cats'"),
        ("handshake --profile linx", "--profile: expected freebsd, linux, rfc9293 or plain, not 'linx'; did you mean"),
        ("nul.pkt", "nul.pkt: the file holds NUL octets"),
        ("broken.jsonl", "broken.jsonl:1: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(words: str, said: str) -> None:
    Path("empty").mkdir()
    Path("nul.pkt").write_bytes(b"\0")
    Path("broken.jsonl").write_text("{}\n", "utf-8")
    ran = call(words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert said in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr
