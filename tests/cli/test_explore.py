"""`tcpsim explore`: what it says of a scenario, of a broken TCP, and of wrong input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli.commands import tcpsim
from tcpsim.properties import PROPERTIES


def call(*arguments: str) -> Result:
    return CliRunner().invoke(tcpsim, arguments)


def explored(*arguments: str) -> Result:
    return call("explore", *arguments)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counterexamples are written where nobody minds."""
    monkeypatch.chdir(tmp_path)


# ---------------------------------------------------------------------- what holds


def test_a_handshake_is_explored_and_the_bound_is_named() -> None:
    ran = explored("handshake", "--faults", "1")
    assert ran.exit_code == 0
    assert "every order of calls and deliveries, at most 1 fault\n" in ran.stdout
    assert re.search(r"^ {2}284 states \(10 with 0, 274 with 1 fault\), \d+ transitions$", ran.stdout, re.MULTILINE)
    assert "✓ I1   agreed-numbers                 holds for k <= 1\n" in ran.stdout
    assert "vacuous, since nothing of the kind ever happens here: " in ran.stdout
    assert "fin-taken-once" in ran.stdout.split("vacuous")[1], "nobody closes"
    assert not list(Path().iterdir()), "nothing is broken, and no file is written"


def test_one_property_is_asked_by_name_or_number() -> None:
    for name in ("agreed-numbers", "I1"):
        ran = explored("handshake", "--faults", "1", "--property", name, "-q")
        assert ran.stdout.startswith("✓ handshake: 284 states, ")
        assert ran.stdout.endswith("; 1 hold for k <= 1, 0 never asked\n")


def test_as_json_it_has_every_count() -> None:
    data = json.loads(explored("handshake", "--faults", "1", "--json").stdout)
    assert (data["scenario"], data["mutant"], data["faults"], data["stopped"]) == ("handshake", None, 1, None)
    assert (data["states"], data["states_by_faults"]) == (284, [10, 274])
    assert "SYN-SENT -> ESTABLISHED: rcv SYN,ACK" in data["edges"]
    verdicts = {each["name"]: each["verdict"] for each in data["properties"]}
    assert list(verdicts) == list(PROPERTIES)
    assert verdicts["agreed-numbers"] == "holds"
    assert verdicts["fin-taken-once"] == "vacuous"
    assert data["counterexample"] is None


def test_the_properties_are_listed() -> None:
    ran = explored("--properties")
    assert ran.stdout.startswith("I1   agreed-numbers  RFC 9293 3.5\n")
    assert max(map(len, ran.stdout.splitlines())) <= 80
    told = json.loads(explored("--properties", "--json").stdout)
    assert [each["name"] for each in told] == list(PROPERTIES)


@pytest.mark.parametrize("options", [[], ["--ascii"]])
def test_no_line_is_wider_than_80(options: list[str]) -> None:
    ran = explored("handshake", "--faults", "1", "--mutant", "two-way-handshake", *options)
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert not options or ran.stdout.isascii()


# ---------------------------------------------------------------------- what is broken


def test_a_broken_tcp_is_shown_and_its_file_breaks_the_same_property() -> None:
    ran = explored("handshake", "--faults", "1", "--mutant", "syn-ack-not-retransmitted")
    assert ran.exit_code == 1
    assert "✗ L22b retransmission-backs-off       broken with 1 fault" in ran.stdout
    assert "server does not send 300, its oldest number, again" in ran.stdout
    assert re.search(r"^ +\d ! server: the retransmission timer expires, too early$", ran.stdout, re.MULTILINE)
    assert "The decisive step" in ran.stdout
    text = Path("counterexample.yaml").read_text("utf-8")
    assert text.startswith("# A counterexample to retransmission-backs-off (L22b), found by exploring handshake:\n")
    assert "  always: [retransmission-backs-off]\nmutant: syn-ack-not-retransmitted\n" in text
    assert call("run", "-q", "counterexample.yaml").exit_code == 0, "without the mutant it holds"
    again = call("run", "-q", "counterexample.yaml", "--mutant", "syn-ack-not-retransmitted")
    assert again.exit_code == 1
    assert "retransmission-backs-off" in again.stdout
    assert "server does not send 300, its oldest number, again" in " ".join(again.stdout.split())


def test_what_cannot_come_about_any_more_is_broken_too() -> None:
    ran = explored("handshake", "--faults", "0", "--mutant", "crossed-syn-ack-ignored", "--json")
    assert json.loads(ran.stdout)["counterexample"] is None, "no SYNs cross in a handshake"
    mutant = ("--mutant", "crossed-syn-ack-ignored")
    data = json.loads(explored("crossing-opens", "--faults", "0", *mutant, "-o", "mine.yaml", "--json").stdout)
    assert data["counterexample"]["property"] == "simultaneous-open"
    assert data["counterexample"]["file"] == "mine.yaml"
    assert "eventually: [simultaneous-open]" in Path("mine.yaml").read_text("utf-8")
    assert call("run", "-q", "mine.yaml", *mutant).exit_code == 1
    assert call("run", "-q", "mine.yaml").exit_code == 0


# ---------------------------------------------------------------------- limits, and going on


def test_a_limit_is_named_and_nothing_is_claimed() -> None:
    ran = explored("handshake", "--faults", "2", "--max-states", "500")
    assert ran.exit_code == 3
    assert "cut short: limit of 500 states; nothing is claimed of what lies beyond" in ran.stdout
    assert "holds" not in ran.stdout
    assert "? I1   agreed-numbers                 undecided: limit of 500 states" in ran.stdout


def test_what_was_kept_goes_on_to_the_same_end() -> None:
    whole = explored("handshake", "--faults", "2", "-q").stdout
    cut = explored("handshake", "--faults", "2", "-q", "--max-states", "500", "--keep", "half.bin")
    assert cut.exit_code == 3
    assert "kept what is known in half.bin; --resume goes on with it" in cut.stderr
    rest = explored("handshake", "--faults", "2", "-q", "--resume", "half.bin")
    assert rest.exit_code == 0

    def counts(line: str) -> list[str]:
        return re.sub(r"[\d.]+ s;", "s;", line).split()

    assert counts(rest.stdout) == counts(whole)


# ---------------------------------------------------------------------- wrong input


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["handshke"], "did you mean 'handshake'?"),
        (["handshake", "--property", "agreed-number"], "did you mean 'agreed-numbers'?"),
        (["handshake", "--mutant", "two-way-handshak"], "did you mean 'two-way-handshake'?"),
        (["handshake", "--mutant", "syn-dropped-in-vain"], "there is no mutant"),
        (["half-open-crash"], "expected"),
        (["handshake", "--resume", "nothing.bin"], "nothing.bin: "),
        ([], "which scenario?"),
        (["handshake", "--all"], "take no scenario"),
        (["--mutants", "--all"], "--mutants takes no --all"),
        (["--mutants", "--property", "I1"], "no --property"),
        (["--mutants", "--mutant", "no-wrap"], "no --mutant"),
        (["handshake", "--faults", "9"], "9 is not in the range"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], words: str) -> None:
    ran = explored(*arguments)
    assert ran.exit_code == 2
    assert words in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.output


def test_a_file_that_is_no_exploration_is_refused() -> None:
    Path("junk.bin").write_bytes(bytes(range(256)) * 10)
    ran = explored("handshake", "--resume", "junk.bin")
    assert ran.exit_code == 2
    assert ran.stderr == "--resume: junk.bin: it does not hold an exploration\n"


def test_a_counterexample_that_cannot_be_written_is_said() -> None:
    ran = explored("handshake", "--faults", "0", "--mutant", "two-way-handshake", "-o", "nowhere/x.yaml")
    assert ran.exit_code == 2
    assert "nowhere/x.yaml: can't be written" in ran.stderr


def test_a_property_that_there_is_not() -> None:
    done = CliRunner().invoke(tcpsim, ["explore", "handshake", "--property", "nope"])
    assert done.exit_code == 2
    assert done.stderr == "--property: there is no property 'nope'; `tcpsim explore --properties` lists them\n"
