"""`tcpsim run`: ladders, verdicts, exit codes, and what a person gets who makes a mistake."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli.commands import tcpsim
from tcpsim.cli.inputs import run_scenario
from tcpsim.scenario import Run, Scenario, library, run

LIBRARY = [entry.name for entry in library()]
HANDSHAKE = next(entry.path for entry in library() if entry.name == "handshake").read_text("utf-8")


def call(*arguments: str, environment: dict[str, str] | None = None) -> Result:
    return CliRunner(env=environment).invoke(tcpsim, list(arguments))


def written(folder: Path, text: str, name: str = "mine.yaml") -> str:
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)


# ---------------------------------------------------------------------- how much is printed

FLOOD = """\
title: flood
profile: plain
hosts: {client: {}, server: {}}
script:
  - {host: server, call: listen, port: 80}
  - {call: inject, segment: SYN SEQ=1, from: "203.0.113.1:9", to: "server:80", via: client, repeat: 1000}
until: 500ms
expect:
  states: {client: ESTABLISHED}
  never: [any SYN, "any SYN,ACK"]
  ends: until
"""


@pytest.mark.parametrize("options", [(), ("--whole",)])
def test_the_ladder_around_a_failure_stays_short_in_a_flood(tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = call("run", "-q", *options, written(tmp_path, FLOOD))
    assert ran.exit_code == 1
    assert len(ran.stdout.splitlines()) < 3 * 50
    assert "more segments not drawn" in ran.stdout
    assert "(1997 earlier segments not drawn; nor 986 connections that only stay in their states)" in " ".join(
        ran.stdout.split()
    )
    assert ran.stdout.count("#987 SYN-RECEIVED") == 1
    assert "#986 SYN-RECEIVED" not in ran.stdout


# ---------------------------------------------------------------------- what is right


@pytest.mark.parametrize("name", LIBRARY)
def test_every_scenario_of_the_library_keeps_its_promises(name: str) -> None:
    ran = call("run", name)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "expectations hold" in ran.stdout or "the one expectation holds" in ran.stdout


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize(
    "options", [(), ("--ascii",), ("--explain",), ("--detail", "full")], ids=lambda o: "".join(o) or "plain"
)
def test_no_line_is_wider_than_80_columns(name: str, options: tuple[str, ...]) -> None:
    ran = call("run", name, *options)
    assert max(map(len, ran.stdout.splitlines())) <= 80


def test_ladder_shows_segments_states_and_calls() -> None:
    ran = call("run", "handshake")
    for words in ("SYN seq 0", "SYN,ACK seq 0 ack 1", "SYN-RECEIVED", "ESTABLISHED", "connect(192.0.2.2:80)"):
        assert words in ran.stdout
    assert ran.stdout.endswith("expectations hold\n")


def test_ascii_prints_nothing_else() -> None:
    ran = call("run", "handshake", "--ascii")
    assert ran.stdout.isascii()
    assert "\N{BOX DRAWINGS LIGHT VERTICAL}" in call("run", "handshake").stdout


def test_output_that_is_no_terminal_has_no_escape_sequence() -> None:
    assert "\x1b" not in call("run", "handshake").stdout


def test_explain_gives_the_reason_and_its_paragraph() -> None:
    ran = call("run", "handshake", "--explain")
    assert "RFC 9293 3.10.7.2, third" in ran.stdout.replace("\n", " ") or "3.10.7.2" in ran.stdout
    assert "3.10.7.2" not in call("run", "handshake").stdout


def test_width_is_kept_and_used() -> None:
    widths = {
        width: max(map(len, call("run", "handshake", "--width", str(width)).stdout.splitlines())) for width in (60, 120)
    }
    assert widths[60] <= 60
    assert 80 < widths[120] <= 120


def test_quiet_prints_the_verdict_alone() -> None:
    ran = call("run", "--quiet", "handshake", "close-four-way")
    assert [line.split(":")[0] for line in ran.stdout.splitlines()] == ["✓ handshake", "✓ close-four-way"]


def test_two_ladders_stand_apart() -> None:
    ran = call("run", "handshake", "refused")
    assert ran.stdout == f"{call('run', 'handshake').stdout}\n{call('run', 'refused').stdout}"


def test_all_runs_the_library() -> None:
    ran = call("run", "--all", "-q")
    assert ran.exit_code == 0
    assert len(ran.stdout.splitlines()) == len(LIBRARY)


def test_all_prints_a_line_for_each_and_a_sum() -> None:
    ran = call("run", "--all")
    assert (ran.exit_code, ran.stderr) == (0, "")
    *lines, blank, last = ran.stdout.splitlines()
    assert [line.split()[1] for line in lines] == LIBRARY
    assert all(line.startswith("✓ ") and len(line) <= 80 for line in lines)
    assert blank == ""
    count = sum(len(run(name).verdict) for name in LIBRARY)
    assert last == f"{len(LIBRARY)} scenarios ran, and all {count:,} expectations hold"


def test_all_says_what_a_scenario_shows_as_far_as_there_is_room() -> None:
    line = next(line for line in call("run", "--all").stdout.splitlines() if " handshake " in line)
    assert line.endswith("  A three-way handshake")
    narrow = call("run", "--all", "--width", "60", "--ascii").stdout
    assert narrow.isascii()
    assert max(map(len, narrow.splitlines())) <= 60
    assert "..." in narrow


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of two: one holds, and one does not."""
    (tmp_path / "closing").mkdir()
    written(tmp_path, HANDSHAKE, "good.yaml")
    written(tmp_path, HANDSHAKE.replace("delivered: {server: hello}", "delivered: {server: help}"), "closing/bad.yaml")
    monkeypatch.setattr(sys.modules["tcpsim.scenario.library"], "_SHELVES", (tmp_path,))
    return tmp_path


def test_all_prints_ladders_for_who_asks_for_them(shelf: Path) -> None:
    ladders = f"{call('run', 'good', '--explain').stdout}\n{call('run', 'bad', '--explain').stdout}"
    assert call("run", "--all", "--explain").stdout == ladders
    for options in (("--whole",), ("--detail", "normal")):
        assert call("run", "--all", *options).stdout.count("A three-way handshake\n") == 3, "twice, and where one fails"


def test_what_fails_among_all_is_told_below_the_lines(shelf: Path) -> None:
    ran = call("run", "--all")
    assert ran.exit_code == 1
    lines = ran.stdout.splitlines()
    assert lines[:2] == ["✓ good  A three-way handshake", "✗ bad   1 of 17 do not hold: A three-way handshake"]
    assert f"{shelf / 'closing' / 'bad.yaml'}:" in ran.stdout.replace("\n", "")
    assert "SYN-RECEIVED" in ran.stdout, "the ladder around it"
    assert lines[-1] == "1 of 2 scenarios failed: 1 of 34 expectations do not hold"


def test_what_cannot_be_read_among_all_is_told_and_stops_nobody(shelf: Path) -> None:
    written(shelf, "title: [", "closing/away.yaml")
    ran = call("run", "--all")
    assert ran.exit_code == 2
    assert "away.yaml:1:" in ran.stderr.replace("\n", "")
    assert "✗ bad" in ran.stdout
    assert ran.stdout.endswith("1 of 2 scenarios failed: 1 of 34 expectations do not hold; 1 did not run\n")


def test_all_that_is_interrupted_tells_what_has_run(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> Run:
        raise KeyboardInterrupt

    written(shelf, HANDSHAKE, "closing/cut.yaml")
    monkeypatch.setattr(
        "tcpsim.cli.overview.run_scenario", lambda it, **k: stop() if it.name == "cut" else run_scenario(it, **k)
    )
    ran = call("run", "--all")
    assert ran.exit_code == 130
    assert ran.stdout.splitlines()[0] == "✓ good  A three-way handshake"
    assert ran.stdout.endswith("; 1 did not run\n")


def test_a_path_and_a_name_are_the_same_scenario(tmp_path: Path) -> None:
    path = written(tmp_path, HANDSHAKE, "handshake.yaml")
    assert call("run", path).stdout == call("run", "handshake").stdout


def test_seed_changes_what_chance_does_and_repeats_it() -> None:
    runs = [call("run", "lossy", "--seed", seed).stdout for seed in ("1", "2", "1")]
    assert runs[0] == runs[2] != runs[1]


def test_profile_takes_the_place_of_the_scenarios_own() -> None:
    ran = call("run", "lossy", "--profile", "rfc9293")
    assert ran.exit_code == 0
    assert ran.stdout != call("run", "lossy").stdout


def test_trace_is_written_and_the_same_every_time(tmp_path: Path) -> None:
    paths = [tmp_path / "one.jsonl", tmp_path / "two"]
    for path in paths:
        assert call("run", "lossy", "--trace", str(path)).exit_code == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].read_bytes().startswith(b'{"format":"tcpsim trace"')


# ---------------------------------------------------------------------- what is not so


def test_a_broken_promise_is_told_with_its_place_what_happened_and_the_ladder(tmp_path: Path) -> None:
    line = "    - server SYN,ACK seq 0 ack 1 at 50ms\n"
    assert line in HANDSHAKE
    path = written(tmp_path, HANDSHAKE.replace(line, line.replace("ack 1", "ack 2")))
    ran = call("run", "--quiet", path)
    place = HANDSHAKE[: HANDSHAKE.index(line)].count("\n") + 1
    assert ran.exit_code == 1
    assert f"{path}:{place}:" in ran.stdout.replace("\n", "")
    assert "server SYN,ACK seq 0 ack 2" in ran.stdout
    assert "SYN,ACK seq 0 ack 1" in ran.stdout.split("but ")[1]
    assert "SYN-RECEIVED" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("✗ mine: 1 of ")


def test_a_step_that_never_ran_is_told(tmp_path: Path) -> None:
    last = "host: client, call: send, data: hello}\n"
    late = "  - {when: client received 99, host: client, call: close}\n"
    assert last in HANDSHAKE
    ran = call("run", "-q", written(tmp_path, HANDSHAKE.replace(last, last + late)))
    assert ran.exit_code == 1
    assert "this step never ran" in " ".join(ran.stdout.split())


def test_one_failure_among_many_runs_them_all_and_exits_1(tmp_path: Path) -> None:
    path = written(tmp_path, HANDSHAKE.replace("delivered: {server: hello}", "delivered: {server: help}"))
    ran = call("run", "-q", "handshake", path, "close-four-way")
    assert ran.exit_code == 1
    assert "✓ handshake" in ran.stdout
    assert "✗ mine" in ran.stdout
    assert "✓ close-four-way" in ran.stdout


def test_wrong_input_weighs_more_than_a_failure_and_stops_nobody(tmp_path: Path) -> None:
    failing = written(tmp_path, HANDSHAKE.replace("delivered: {server: hello}", "delivered: {server: help}"))
    ran = call("run", "-q", failing, "nosuchscenario", "handshake")
    assert ran.exit_code == 2
    assert "✗ mine" in ran.stdout
    assert "✓ handshake" in ran.stdout
    assert "nosuchscenario" in ran.stderr


def test_an_interrupted_run_shows_what_is_known_and_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_short(scenario: Scenario, **_: object) -> Run:
        done = run(scenario)
        done.ended = "interrupted"
        return done

    monkeypatch.setattr("tcpsim.scenario.run", cut_short)
    ran = call("run", "handshake", "lossy")
    assert ran.exit_code == 130
    assert "SYN,ACK seq 0 ack 1" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "handshake: interrupted; what it expects was not asked"


# ---------------------------------------------------------------------- what is wrong


def assert_is_a_sentence(ran: Result, *words: str) -> None:
    """Assert that a call ended with code 2 and a sentence, and nothing that only a programmer reads."""
    assert ran.exit_code == 2
    assert "Traceback" not in ran.output
    assert "bug of tcpsim" not in ran.output
    said = " ".join(ran.stderr.split())  # a long message may be wrapped
    for word in words:
        assert word in said


def test_a_name_that_is_nearly_right_is_found() -> None:
    assert_is_a_sentence(call("run", "handshak"), "handshak: there is no such scenario", "did you mean 'handshake'?")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert_is_a_sentence(call("run", str(tmp_path / "no.yaml")), "no.yaml: there is no such file")


def test_a_directory(tmp_path: Path) -> None:
    assert_is_a_sentence(call("run", str(tmp_path)), "this is a directory")


def test_an_unknown_key_is_located(tmp_path: Path) -> None:
    path = written(tmp_path, HANDSHAKE.replace("hosts:", "hots:"))
    line = HANDSHAKE[: HANDSHAKE.index("hosts:")].count("\n") + 1
    assert_is_a_sentence(call("run", path), f"{path}:{line}:1:", "did you mean 'hosts'?")


@pytest.mark.parametrize(
    "junk", [b"", b"\x00\xff\xfe junk", b"\x89PNG\r\n\x1a\n", b"{", b"- - - -", b"%PDF-1.4\n", b"a: &a [*a]\n"]
)
def test_junk_is_located(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.yaml"
    path.write_bytes(junk)
    assert_is_a_sentence(call("run", str(path)), "junk.yaml:")


def test_a_trace_can_not_be_run(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.yaml")
    call("run", "-q", "handshake", "--trace", path)
    assert_is_a_sentence(call("run", path), "this is a trace")


def test_an_unknown_profile() -> None:
    assert_is_a_sentence(call("run", "handshake", "--profile", "plane"), "plain")


def test_nothing_to_run() -> None:
    assert_is_a_sentence(call("run"), "name a scenario, or say --all")


def test_one_trace_file_can_not_hold_two_runs(tmp_path: Path) -> None:
    assert_is_a_sentence(call("run", "handshake", "lossy", "--trace", str(tmp_path / "x")), "one scenario at a time")


def test_a_trace_that_can_not_be_written(tmp_path: Path) -> None:
    assert_is_a_sentence(call("run", "-q", "handshake", "--trace", str(tmp_path)), "can't be written", "directory")
    nowhere = str(tmp_path / "no" / "where.jsonl")
    assert_is_a_sentence(
        call("run", "-q", "handshake", "--trace", nowhere), f"{nowhere}: can't be written: No such file"
    )


@pytest.mark.parametrize(
    "option", [("--seed", "-1"), ("--seed", "x"), ("--width", "10"), ("--detail", "some"), ("--nonsense",)]
)
def test_a_wrong_option(option: tuple[str, ...]) -> None:
    assert_is_a_sentence(call("run", "handshake", *option), "Error: ")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, HANDSHAKE)

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(Path, "open", forbidden)
    assert_is_a_sentence(call("run", path), "mine.yaml", "Permission denied")


def test_a_trace_is_never_written_onto_the_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, HANDSHAKE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.yaml").symlink_to("mine.yaml")
    (tmp_path / "hard.yaml").hardlink_to(path)
    (tmp_path / "folder").mkdir()
    names = ("mine.yaml", "./mine.yaml", "folder/../mine.yaml", path, "link.yaml", "hard.yaml")
    for source, target in [*((name, "mine.yaml") for name in names), *(("mine.yaml", name) for name in names)]:
        ran = call("run", source, "--trace", target)
        assert_is_a_sentence(ran, f"{Path(target)}: this is the file that is read; --trace takes another one")
        assert ran.stdout == ""
        assert Path(path).read_text("utf-8") == HANDSHAKE


def test_a_trace_is_not_written_onto_a_scenario_of_the_library() -> None:
    place = next(entry.path for entry in library() if entry.name == "handshake")
    assert_is_a_sentence(call("run", "handshake", "--trace", str(place)), "this is the file that is read")
    assert place.read_text("utf-8") == HANDSHAKE


def test_a_trace_over_an_older_one_is_fine(tmp_path: Path) -> None:
    target = str(tmp_path / "kept.jsonl")
    assert [call("run", "-q", name, "--trace", target).exit_code for name in ("lossy", "handshake")] == [0, 0]
    assert '"scenario":"handshake"' in Path(target).read_text("ascii")


def test_a_trace_can_not_go_to_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert_is_a_sentence(call("run", "handshake", "--trace", "-"), "--trace takes the name of a file, not '-'")
    assert list(tmp_path.iterdir()) == []


def test_all_and_a_name_contradict_each_other() -> None:
    assert_is_a_sentence(call("run", "--all", "handshake"), "--all runs every scenario of the library")


@pytest.mark.parametrize("name", ["lost.yaml", "lost", "lost.jsonl"])
def test_a_link_that_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).symlink_to("nowhere")
    for command in ("run", "diagram", "states", "explain"):
        ran = call(command, name)
        assert_is_a_sentence(ran, f"{name}: this is a link to nowhere, and there is no such file")
        assert "did you mean" not in ran.stderr


def test_a_link_that_leads_nowhere_is_not_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").symlink_to("nowhere")
    assert "did you mean" not in call("run", str(tmp_path / "min.yaml")).stderr
    written(tmp_path, HANDSHAKE, "mind.yaml")
    assert "did you mean 'mind.yaml'?" in call("run", str(tmp_path / "min.yaml")).stderr


@pytest.mark.parametrize(
    "name", ["a\nb.yaml", "\x1b[31mred.yaml", "\x07\r\x9b.yaml", "\u202etxt.yaml", "bad\udcff.yaml"]
)
def test_no_character_of_a_name_reaches_the_terminal_that_would_steer_it(tmp_path: Path, name: str) -> None:
    odd = str(tmp_path / name)
    said = [call("run", odd).stderr, call(name).output, call("run", "handshake", f"--{name}").stderr]
    trace = call("run", "-q", "handshake", "--trace", str(tmp_path / "no" / name)).stderr
    Path(odd).write_text("title: 5\n", "utf-8")
    wrong = call("run", odd)
    assert wrong.exit_code == 2
    Path(odd).write_text(HANDSHAKE.replace("server: hello", "server: help"), "utf-8")
    failed = call("run", "-q", odd)
    assert failed.exit_code == 1
    for text in (*said, trace, wrong.stderr, failed.stdout):
        assert text
        assert all(line.isprintable() for line in text.removesuffix("\n").split("\n"))
    assert len(wrong.stderr.splitlines()) == 3
    assert wrong.stderr.startswith(f"{tmp_path}/")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "x" * 5000), ("run", "x" * 5000 + ".yaml"), ("run", "x/" * 2500), ("x" * 5000,), ("run", "x " * 2500),
        ("run", "handshake", "--profile", "x" * 5000), ("run", "handshake", "--seed", "9" * 5000),
        ("run", "handshake", "--" + "x" * 5000), ("run", "handshake", "--trace", "x" * 5000),
        ("diagram", "handshake", "-o", "x" * 5000 + ".svg"), ("states", "handshake", "--host", "x " * 2500),
        ("explain", "handshake", "9" * 5000), ("explain", "handshake", "x" * 5000), ("profiles", "x" * 5000),
        ("diagram", "--lossy", "--loss", "9" * 5000),
    ],
    ids=lambda words: " ".join(words)[:40],
)  # fmt: skip
def test_a_huge_word_does_not_flood_the_terminal(arguments: tuple[str, ...]) -> None:
    ran = call(*arguments)
    assert_is_a_sentence(ran)
    assert 10 < len(ran.stderr) < 1000
    assert "..." in ran.stderr or "too long" in ran.stderr
