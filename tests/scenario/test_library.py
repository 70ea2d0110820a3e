"""The scenarios that come along: each is found, opens with what to see, passes, and is the same every time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tcpsim.scenario import ScenarioError, find, library, load, run
from tcpsim.scenario.library import GROUPS
from tcpsim.scenario.watching import Watch
from tcpsim.trace import Called, Delivered, Moved, Sent, Signalled
from tests.scenario.written import NAMES, loaded, ran

ASKED_FOR = {
    "opening": {
        "handshake", "why-not-two", "why-not-four", "lost-syn", "lost-syn-ack", "lost-final-ack",
        "lost-final-ack-server-speaks-first", "syn-retries-exhausted", "refused", "refused-vs-timeout",
        "simultaneous-open", "self-connect", "syn-with-data", "tfo", "tfo-replay", "option-negotiation", "isn-wrap",
    },
    "half-open": {
        "half-open-crash", "half-open-active-side", "old-syn-two-listeners", "backlog-overflow",
        "accept-queue-overflow", "syn-flood", "syn-flood-cookies", "blind-rst", "blind-syn", "blind-data",
        "no-rst-to-rst", "nat-silent-drop", "quiet-time",
    },
    "closing": {
        "close-four-way", "close-three-segments", "simultaneous-close", "half-close", "lost-fin", "lost-fin-ack",
        "lost-last-ack", "why-2msl", "time-wait-keeps-old-data-out", "time-wait-assassination", "time-wait-protected",
        "time-wait-reuse", "address-in-use", "port-exhaustion", "time-wait-recycle-behind-nat", "close-wait-leak",
        "fin-wait-2-orphan", "close-with-unread-data", "linger-zero", "last-ack-stuck", "fin-before-data",
    },
    "data": {
        "sticky-packets", "nagle-delayed-ack", "zero-window", "silly-window", "keepalive-dead-peer", "user-timeout",
        "rto-backoff-karn", "fast-retransmit-sack", "duplicate-delivery", "reordered-data", "urgent-pointer",
        "pmtu-black-hole", "lossy", "lossy-transfer",
    },
    "beside-tcp": {"udp-contrast", "echo-server", "chat", "tiny-http"},
}  # fmt: skip
"""The questions that people ask, by group."""


def test_every_question_that_people_ask_is_there() -> None:
    groups: dict[str, set[str]] = {}
    for entry in library():
        groups.setdefault(entry.group, set()).add(entry.name)
    assert {group: sorted(names - groups.get(group, set())) for group, names in ASKED_FOR.items()} == {
        group: [] for group in ASKED_FOR
    }
    assert list(groups) == list(GROUPS) == list(ASKED_FOR)


@pytest.mark.parametrize("name", NAMES)
def test_scenario_asks_a_question_answers_it_and_names_what_would_break_it(name: str) -> None:
    scenario = loaded(name)
    assert scenario.question.endswith("?")
    assert scenario.question[0].isupper() or scenario.question[0] == '"'
    assert scenario.mutant is not None
    assert scenario.quiz is not None
    assert 2 <= len(scenario.quiz.choices) <= 5
    assert scenario.group == next(entry.group for entry in library() if entry.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_the_point_at_which_a_quiz_asks_comes_and_something_follows_it(name: str) -> None:
    quiz, trace = loaded(name).quiz, ran(name).trace
    assert quiz is not None
    watch = Watch(quiz.until, ran(name).names)
    at = next((index for index, record in enumerate(trace.records) if watch.see(record)), None)
    assert at is not None, "what the quiz waits for does not happen"
    assert any(isinstance(record, (Sent, Moved, Signalled, Delivered, Called)) for record in trace.records[at + 1 :])


@pytest.mark.parametrize("name", NAMES)
def test_scenario_passes(name: str) -> None:
    made = ran(name)
    assert [str(outcome) for outcome in made.failures] == []
    assert made.passed
    assert made.ended == "idle"


@pytest.mark.parametrize("name", NAMES)
def test_scenario_opens_with_what_to_see_and_says_where_it_comes_from(name: str) -> None:
    scenario = loaded(name)
    assert scenario.intro.startswith("See ")
    assert scenario.intro.endswith(".")
    assert scenario.shows
    assert "RFC" in scenario.source
    assert (scenario.name, scenario.title) == (name, {entry.name: entry.title for entry in library()}[name])


def kinds_of_expectations(name: str) -> set[str]:
    return {type(expectation).__name__ for expectation in loaded(name).expectations}


@pytest.mark.parametrize("name", NAMES)
def test_scenario_expects_segments_and_what_comes_of_them(name: str) -> None:
    kinds = kinds_of_expectations(name)
    assert kinds & {"SegmentsAre", "SegmentsInclude", "PiecesAre"}
    assert kinds - {"SegmentsAre", "SegmentsInclude", "PiecesAre", "Ends"}


@pytest.mark.parametrize("name", sorted(set().union(*ASKED_FOR.values())))
def test_scenario_that_people_ask_for_expects_states_and_what_never_happens(name: str) -> None:
    kinds = kinds_of_expectations(name)
    assert kinds & {"SegmentsAre", "SegmentsInclude"}
    assert kinds & {"PathIs", "EndsIn"}
    assert "Never" in kinds


@pytest.mark.parametrize("name", NAMES)
def test_scenario_run_twice_gives_the_same_bytes(name: str) -> None:
    assert run(loaded(name)).trace.to_jsonl() == ran(name).trace.to_jsonl()


DIGESTS = """
from tcpsim.scenario import library, load, run
for name in [entry.name for entry in library()]:
    made = run(load(name))
    print(name, made.trace.digest, made.passed, *(str(outcome) for outcome in made.verdict), sep="|")
"""


def test_scenarios_give_the_same_bytes_under_two_hash_seeds() -> None:
    root = Path(__file__).parent.parent.parent
    printed = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", DIGESTS]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
        printed.add(ended.stdout)
    assert len(printed) == 1
    assert printed.pop().count("\n") == len(NAMES)


def test_another_seed_gives_another_lossy_transfer_and_the_same_handshake() -> None:
    # The header tells the seed, so the records are compared, not the files.
    other = run(loaded("lossy-transfer"), seed=2)
    assert other.seed == 2
    assert [str(r) for r in other.trace] != [str(r) for r in ran("lossy-transfer").trace]
    assert [str(r) for r in run(loaded("handshake"), seed=2).trace] == [str(r) for r in ran("handshake").trace]


def test_another_profile_takes_the_place_of_the_scenarios() -> None:
    other = run(loaded("handshake"), profile="rfc9293")
    assert other.profile == "rfc9293"
    assert {host.config.msl for host in other.network.hosts.values()} == {120 * 10**9}
    assert {host.config.msl for host in ran("handshake").network.hosts.values()} == {30 * 10**9}


# ---------------------------------------------------------------------- finding


def test_a_file_of_the_library_is_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find("simultaneous-close").resolve()
    monkeypatch.chdir(whole.parent.parent)
    assert find("simultaneous-close") == Path("closing/simultaneous-close.yaml")
    monkeypatch.chdir(tmp_path)
    assert find("simultaneous-close") == whole, "it lies elsewhere"


def test_a_scenario_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    by_name = find("handshake")
    assert by_name.name == "handshake.yaml"
    assert find(str(by_name)) == by_name
    assert find(by_name) == by_name
    copy = tmp_path / "mine.yaml"
    copy.write_bytes(by_name.read_bytes())
    assert load(copy).name == "mine"


def test_a_file_of_that_name_goes_before_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("handshake").write_text("title: mine\n", "utf-8")
    assert find("handshake") == Path("handshake")
    Path("handshake").unlink()
    Path("handshake").mkdir()
    assert find("handshake").name == "handshake.yaml"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "handshak",
            "handshak: there is no such scenario; "
            "expected the name of a scenario in the library, or the path of a file; did you mean 'handshake'?",
        ),
        (
            "zzz",
            "zzz: there is no such scenario; expected the name of a scenario in the library, or the path of a file",
        ),
        ("nowhere/handshake.yaml", "nowhere/handshake.yaml: there is no such file"),
        ("nothing.yaml", "nothing.yaml: there is no such file"),
        (
            "x" * 5000,
            f"{'x' * 149}...{'x' * 148}: there is no such scenario; "
            "expected the name of a scenario in the library, or the path of a file",
        ),
        ("", ".: this is a directory; expected a scenario file"),
        (
            "a\0b",
            "a\\x00b: there is no such scenario; expected the name of a scenario in the library, or the path of a file",
        ),
    ],
)
def test_what_is_not_found_is_told(word: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError) as caught:
        load(word)
    assert str(caught.value) == message


def test_a_mistyped_file_name_is_compared_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "handshake.yaml").write_text("title: x\n", "utf-8")
    with pytest.raises(ScenarioError, match=r"there is no such file; did you mean 'handshake\.yaml'\?"):
        load(tmp_path / "handshaek.yaml")


def test_a_directory_and_an_unreadable_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="this is a directory; expected a scenario file"):
        load(tmp_path)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(ScenarioError, match="the file can't be read"):
        load(tmp_path / "loop.yaml")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"# " + b"x" * 1_000_000)
    with pytest.raises(ScenarioError) as caught:
        load(large)
    assert str(caught.value) == f"{large}: the file is too large; expected at most 1,000,000 octets"
