"""`tcpsim explain`, `list`, `profiles`, `schema`, `--help`, `--version`: what they tell."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

import tcpsim as package
from tcpsim.capture.writing import write_capture
from tcpsim.cli.commands import tcpsim
from tcpsim.draw.happenings import happenings
from tcpsim.scenario import library
from tcpsim.scenario.library import GROUPS
from tcpsim.tcp.config import KNOBS, PROFILES


def call(*arguments: str) -> Result:
    return CliRunner().invoke(tcpsim, list(arguments))


def test_explain_tells_every_event_with_its_reason() -> None:
    ran = call("explain", "handshake")
    assert ran.exit_code == 0
    trace = package.run("handshake", explained=True).trace
    said = " ".join(ran.stdout.split())
    for record in trace:
        if record.why is not None:
            assert f"({record.why.cite})" in said
    numbered = [int(line[:3]) for line in ran.stdout.splitlines() if line[:3].strip().isdigit()]
    assert numbered == [each.serial for each in happenings(trace)]


def test_explain_tells_checks_with_numbers_and_changes() -> None:
    said = call("explain", "why-not-two").stdout
    assert "✗ first, ACK bit: ISS < SEG.ACK =< SND.NXT: 0 < -9 =< 1? no" in said
    assert "state                 SYN-RECEIVED → LISTEN" in said
    assert "client sends RST seq -9 to server" in said


def test_explain_takes_any_number_of_a_happening() -> None:
    trace = package.run("handshake", explained=True).trace
    arrival = next(each for each in happenings(trace) if each.opening.kind == "arrived")
    said = {call("explain", "handshake", str(record.serial)).stdout for record in arrival.records}
    assert len(said) == 1
    assert "wire \N{EN DASH} → 300" in said.pop()


def test_a_trace_that_was_not_explained_is_told_as_it_is_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("run", "-q", "handshake", "--trace", "plain.jsonl").exit_code == 0
    said = call("explain", "plain.jsonl").stdout
    assert "server moves from LISTEN to SYN-RECEIVED: rcv SYN" in said
    assert "`tcpsim run SCENARIO --explain --trace FILE` writes one" in " ".join(said.split())
    assert call("run", "-q", "handshake", "--explain", "--trace", "told.jsonl").exit_code == 0
    assert call("explain", "told.jsonl").stdout == call("explain", "handshake").stdout


def test_explain_tells_all_about_one_event_by_number_or_by_words() -> None:
    by_words = call("explain", "handshake", "client SYN")
    number = by_words.stdout.split()[0]
    assert by_words.exit_code == 0
    assert "client sends SYN seq 0" in by_words.stdout
    assert "<SEQ=100><CTL=SYN>" in by_words.stdout
    assert (
        by_words.stdout
        == call("explain", "handshake", number).stdout
        == call("explain", "handshake", f"#{number}").stdout
    )


def test_the_event_of_the_page_is_the_one_that_is_told() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explain.md").read_text("utf-8")
    shown = page.split("```text explain\n")[1].split("```")[0]
    assert shown in call("explain", "why-not-two").stdout
    number = shown.split()[0]
    assert call("explain", "why-not-two", number).stdout == call("explain", "why-not-two", "client RST").stdout


def test_explain_finds_states_too() -> None:
    ran = call("explain", "handshake", "server is ESTABLISHED")
    assert "SYN-RECEIVED to ESTABLISHED" in ran.stdout


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("client received 2nd ACK", "300 ms  ACK seq 1 ack 501 arrives at client"),  # as `until` and `when` have it
        ("server sent SYN,ACK", "50 ms  SYN seq 0 arrives at server"),
        ("server received 1000", "700 ms  the application at server calls receive()"),
        ("300ms", "300 ms  ACK seq 1 ack 501 arrives at client"),
    ],
)
def test_explain_finds_the_events_that_a_script_waits_for(event: str, told: str) -> None:
    ran = call("explain", "reordered-window", event)
    assert ran.exit_code == 0
    assert told in ran.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("9999", "there is no event 9999"),
        ("#999999999999999999999", "there is no event"),
        ("client RST", "never happens"),
        ("client SIN", "EVENT:1:"),
        ("client received 2nd SIN", "EVENT:1:21: 'SIN' does not belong here"),
        ("client received 2nd RST", "never happens"),
        ("clint SYN", "EVENT:1:1: there is no host 'clint'; expected client or server; did you mean 'client'?"),
        ("clint received SYN", "EVENT:1:1: there is no host 'clint'"),
        ("", "EVENT"),
    ],
)
def test_explain_of_what_is_not_there(event: str, words: str) -> None:
    ran = call("explain", "handshake", event)
    assert ran.exit_code == 2
    assert words in ran.stderr


def test_explain_keeps_to_ascii_and_80_columns() -> None:
    ran = call("explain", "lossy", "--ascii")
    assert ran.stdout.isascii()
    assert max(map(len, ran.stdout.splitlines())) <= 80


def test_list_names_every_scenario_by_group_with_its_question() -> None:
    ran = call("list")
    lines = ran.stdout.splitlines()
    groups = dict.fromkeys(entry.group for entry in library())
    assert [line for line in lines if line[:1].strip()] == [f"{GROUPS[group]}  ({group})" for group in groups]
    named = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert named == [entry.name for entry in library()]
    said = " ".join(ran.stdout.split())
    assert all((entry.question or entry.title) in said for entry in library())


@pytest.mark.parametrize("width", [60, 80, 132])
def test_list_keeps_to_its_width_and_to_ascii(width: int) -> None:
    ran = call("list", "--width", str(width), "--ascii")
    assert ran.stdout.isascii()
    assert max(map(len, ran.stdout.splitlines())) <= width


def test_list_of_a_group() -> None:
    ran = call("list", "closing")
    assert ran.stdout.splitlines()[0] == "Closing  (closing)"
    assert "(opening)" not in ran.stdout
    assert ran.stdout in call("list").stdout


def test_list_as_json() -> None:
    keys = ("name", "group", "title", "question")
    every = [{key: getattr(entry, key) for key in keys} for entry in library()]
    assert json.loads(call("list", "--json").stdout) == every
    closing = [each for each in every if each["group"] == "closing"]
    assert json.loads(call("list", "closing", "--json").stdout) == closing


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("FIN-ACK", "close-three-segments"), ("fin,ack", "close-three-segments"),
        ("why-2msl", "why-2msl"), ("2 MSL", "lost-last-ack"), ("2msl", "lost-last-ack"),
        ("FINACK", "close-three-segments"), ("SYN ACK", "lost-syn-ack"), ("TIME_WAIT", "close-four-way"),
        ("zero window", "zero-window"), ("window zero", "zero-window"), ("teardown", "close-four-way"),
        ("sequence numbers count", "handshake"), ("two listeners", "old-syn-two-listeners"), ("RST", "no-rst-to-rst"),
        ("SO_REUSEADDR", "address-in-use"), ("close() returned", "close-four-way"), ("backlog", "backlog-overflow"),
        ("retransmit", "fast-retransmit-sack"),
    ],
)  # fmt: skip
def test_list_finds_what_speaks_of_something(word: str, found: str) -> None:
    names = [each["name"] for each in json.loads(call("list", word, "--json").stdout)]
    assert found in names
    assert "nagle-delayed-ack" not in names


def test_list_looks_for_short_words_as_a_whole() -> None:
    """RST is in "first", and in every connection."""
    names = [each["name"] for each in json.loads(call("list", "RST", "--json").stdout)]
    assert {"no-rst-to-rst", "blind-rst", "linger-zero"} <= set(names)  # the second speaks of RSTs
    assert not {"handshake", "isn-wrap", "lost-syn", "duplicate-delivery"} & set(names)


@pytest.mark.parametrize("word", ["", " ", "()", "\\[", "a" * 5000, "x " * 5000])
def test_list_of_what_is_no_word_at_all(word: str) -> None:
    ran = call("list", word)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("no scenario speaks of")


def test_list_says_that_nothing_speaks_of_a_word() -> None:
    ran = call("list", "carrier pigeon")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("no scenario speaks of 'carrier pigeon', and no group is called so; expected opening,")


def test_list_of_an_unknown_group() -> None:
    ran = call("list", "openin")
    assert (ran.exit_code, ran.stdout) == (2, "")
    words = "expected opening, half-open, closing, data or beside-tcp; did you mean 'opening'?"
    assert words in " ".join(ran.stderr.split())


def test_profiles_names_each_and_how_it_differs() -> None:
    ran = call("profiles")
    assert ran.exit_code == 0
    for name in PROFILES:
        assert f"{name}: " in ran.stdout
    assert "msl 30s" in ran.stdout


@pytest.mark.parametrize("name", PROFILES)
def test_profile_tells_every_knob_its_value_and_its_paragraph(name: str) -> None:
    ran = call("profiles", name)
    said = " ".join(ran.stdout.split())
    for knob in KNOBS.values():
        assert f"{knob.name}: " in ran.stdout
        assert f"({knob.cite})" in said
        assert knob.doc in said
    assert max(map(len, ran.stdout.splitlines())) <= 80


def test_an_unknown_profile() -> None:
    ran = call("profiles", "plane")
    assert ran.exit_code == 2
    assert "plain" in ran.stderr


def test_schema_is_a_draft_07_schema_that_the_library_obeys() -> None:
    made = json.loads(call("schema").stdout)
    assert made["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(made)


def test_version_is_the_packages() -> None:
    assert call("--version").stdout == f"tcpsim, version {package.__version__}\n"


@pytest.mark.parametrize("command", ["", *tcpsim.commands])
def test_help_has_80_columns_and_every_command(command: str) -> None:
    ran = call(*command.split(), "--help")
    assert ran.exit_code == 0
    assert max(map(len, ran.stdout.splitlines())) <= 80


def test_two_profiles_are_compared() -> None:
    told = call("profiles", "--diff", "rfc9293", "plain").stdout.splitlines()
    assert told[0] == "iss: off -> 1000"
    assert told[1].startswith("    the initial send sequence number; off: chosen by RFC 6528 from ")
    assert told[-1] == f"{sum(' -> ' in line for line in told)} of {len(KNOBS)} knobs differ between rfc9293 and plain."
    for name in KNOBS:
        differs = getattr(PROFILES["rfc9293"], name) != getattr(PROFILES["plain"], name)
        assert differs == any(line.startswith(f"{name}: ") for line in told), name
    same = call("profiles", "--diff", "linux", "linux")
    assert same.stdout == f"0 of {len(KNOBS)} knobs differ between linux and linux.\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--diff", "plain", "plane"), "one of rfc9293, plain, freebsd, linux"),
        (("plain", "--diff", "a", "b"), "not both"),
    ],
)
def test_what_cannot_be_compared_is_told(words: tuple[str, ...], expected: str) -> None:
    ran = call("profiles", *words)
    assert ran.exit_code == 2
    assert expected in ran.stderr


def test_help_has_examples_that_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = call("--help").stdout
    for name, command in tcpsim.commands.items():
        assert command.hidden or f"  {name}" in text
    examples = [line.strip().split("  ")[0] for line in text.splitlines() if line.startswith("    tcpsim ")]
    assert len(examples) > 5
    (tmp_path / "mine.yaml").write_text(package.load("handshake").text, "utf-8")
    (tmp_path / "mine.pkt").write_text("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n", "utf-8")
    write_capture(package.run(package.load("handshake")).trace, tmp_path / "capture.pcapng")
    for example in examples:
        ran = call(*example.split()[1:])
        assert ran.exit_code == 0, (example, ran.output)


def test_the_shell_completes_commands_and_names() -> None:
    ran = CliRunner(
        env={"_TCPSIM_COMPLETE": "bash_complete", "COMP_WORDS": "tcpsim run hand", "COMP_CWORD": "2"}
    ).invoke(tcpsim, [], prog_name="tcpsim")
    assert "plain,handshake" in ran.stdout


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("rum", "there is no command 'rum'; did you mean 'run'?"), ("diagramm", "did you mean 'diagram'?"),
        ("handshake", "there is no command 'handshake'; `tcpsim run NAME` runs a scenario"),
        ("page", "`tcpsim run NAME` runs a scenario"),  # a hidden command is not told of
    ],
)  # fmt: skip
def test_a_command_that_is_not_there(word: str, hint: str) -> None:
    ran = call(word)
    assert ran.exit_code == 2
    assert hint in ran.stderr
