"""`tcpsim quiz`: nothing is given away before the answer, answers come from people, pipes and files, and are graded."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli.commands import tcpsim
from tcpsim.scenario import library, load

from .test_process import COMMAND, environment

ASKING = [entry for entry in library() if "\nquiz:\n" in entry.path.read_text("utf-8")]
LOST_SYN_ACK = """\
title: The SYN,ACK is lost
question: Who repeats what?
shows: Both ends time out.
source: RFC 9293 3.8.1
profile: plain
hosts: {client: {}, server: {}}
links:
  - between: [client, server]
    delay: 50ms
    faults: [{drop: first SYN-ACK}]
script:
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
quiz:
  ask: The SYN,ACK is lost. Who is the first to send something again?
  until: client retransmission fired
  choices: [the client, the server, nobody]
  answer: the client
  because: Its timer was started 50 ms earlier.
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(LOST_SYN_ACK, "utf-8")
    return str(path)


def call(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(tcpsim, ["quiz", *arguments], input=answers)


def letters(file: str, *options: str) -> dict[str, str]:
    """Return the letter of each choice, by its words."""
    (question,) = json.loads(call(file, "--json", *options).stdout)["questions"]
    return {words: letter for letter, words in question["choices"].items()}


# ---------------------------------------------------------------------- asked and answered


def test_the_right_letter_is_right(file: str) -> None:
    letter = letters(file)["the client"]
    ran = call(file, answers=f"{letter}\n")
    assert ran.exit_code == 0
    assert f"✓ Right: it is {letter}, the client" in ran.stdout
    assert "Its timer was started 50 ms earlier." in ran.stdout
    assert ran.stdout.endswith("\n1 of 1 right\n")


def test_the_ladder_is_hidden_from_the_point_in_question_on_and_shown_after_the_answer(file: str) -> None:
    before, after = call(file, answers="a\n").stdout.split("Your answer")
    assert "SYN,ACK seq 0 ack 1" in before
    assert "lost (fault: drop first SYN-ACK)" in before
    assert "hidden from here on" in before
    for told_later in ("expires", "ESTABLISHED", "retransmission", "1 s", "The SYN,ACK is lost\n", "RFC 9293"):
        assert told_later not in before
        assert told_later in after
    assert "Who repeats what?" in before
    assert after.index("Its timer was") < after.index("ESTABLISHED")


@pytest.mark.parametrize(("given", "verdict"), [("the server", "✗ No"), ("", "- No answer"), ("x", "- No answer")])
def test_another_answer_is_told_the_right_one(file: str, given: str, verdict: str) -> None:
    ran = call(file, answers=f"{given}\n")
    assert f"{verdict}: it is {letters(file)['the client']}, the client" in ran.stdout
    assert "0 of 1 right" in ran.stdout
    assert "To see again: tcpsim run --explain mine" in ran.stdout


@pytest.mark.parametrize("given", ["the client", "THE  CLIENT", "{letter}", " {letter}) ", "{letter}."])
def test_words_and_letters_are_understood(file: str, given: str) -> None:
    assert "Right" in call(file, answers=given.format(letter=letters(file)["the client"]) + "\n").stdout


def test_the_end_of_the_input_ends_the_quiz_kindly(file: str, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(LOST_SYN_ACK, "utf-8")
    ran = call(file, str(other), answers="the client\n")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.endswith("1 of 1 right (there are no more answers; 1 of 2 not asked)\n")


def test_two_scenarios_of_one_name_are_not_asked_together(file: str, tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    other = tmp_path / "deeper" / "mine.yaml"
    other.write_text(LOST_SYN_ACK, "utf-8")
    ran = call(file, str(other))
    assert ran.exit_code == 2
    assert "there is a scenario 'mine' in this quiz already" in ran.stderr.replace("\n", " ")


def test_no_answer_at_all(file: str) -> None:
    assert call(file).stdout.endswith("nothing was answered (there are no more answers; 1 of 1 not asked)\n")
    assert "(ended; 1 of 1 not asked)" in call(file, answers="q\n").stdout


def test_ascii_prints_nothing_else_and_no_line_is_too_wide(file: str) -> None:
    ran = call(file, "--ascii", answers="a\n")
    assert ran.stdout.isascii()
    for width in ("60", "80"):
        assert max(map(len, call(file, "--width", width, answers="a\n").stdout.splitlines())) <= int(width)


def test_the_order_of_choices_belongs_to_the_seed(file: str) -> None:
    orders = [tuple(letters(file, "--seed", str(seed))) for seed in range(8)]
    assert orders == [tuple(letters(file, "--seed", str(seed))) for seed in range(8)]
    assert len(set(orders)) > 2
    assert letters(file) == letters(file, "--seed", "0")


def test_a_group_is_asked_in_its_order_and_with_a_seed_in_another() -> None:
    def asked(*options: str) -> list[str]:
        told = json.loads(call("opening", "--json", *options).stdout)["questions"]
        assert {question["group"] for question in told} == {"opening"}
        return [question["name"] for question in told]

    order = [entry.name for entry in ASKING if entry.group == "opening"]
    assert asked() == order
    shuffled = asked("--seed", "7")
    assert sorted(shuffled) == sorted(order)
    assert shuffled == asked("--seed", "7")


@pytest.mark.parametrize("entry", ASKING, ids=lambda entry: entry.name)
def test_every_question_of_the_library_can_be_asked(entry: Any) -> None:
    (question,) = json.loads(call(str(entry.path), "--json").stdout)["questions"]
    quiz = load(entry.path).quiz
    assert quiz is not None
    assert sorted(question["choices"].values()) == sorted(quiz.choices)
    assert question["ladder"]
    ran = call(entry.name, answers=f"{quiz.answer}\n")
    assert "1 of 1 right" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80


# ---------------------------------------------------------------------- what is wrong


def test_a_scenario_without_a_question(tmp_path: Path) -> None:
    path = tmp_path / "plain.yaml"
    path.write_text(LOST_SYN_ACK.split("quiz:", maxsplit=1)[0], "utf-8")
    ran = call(str(path))
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "plain.yaml: this scenario has no question for a quiz" in ran.stderr.replace("\n", "")


def test_an_event_that_never_happens_is_told_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "never.yaml"
    path.write_text(LOST_SYN_ACK.replace("client retransmission fired", "client is TIME-WAIT"), "utf-8")
    ran = call(str(path))
    assert ran.exit_code == 2
    assert re.search(r"never\.yaml:\d+:10: the question of the quiz can't be asked", ran.stderr.replace("\n", " "))


def test_an_unknown_name_is_told() -> None:
    ran = call("openin")
    assert ran.exit_code == 2
    assert "openin: there is no such scenario" in ran.stderr


# ---------------------------------------------------------------------- for a course


def test_questions_as_json_hold_no_answer(file: str) -> None:
    ran = call(file, "--json")
    told = json.loads(ran.stdout)
    (question,) = told["questions"]
    assert set(told) == {"seed", "questions"}
    assert set(question) == {"name", "group", "question", "ladder", "ask", "choices"}
    assert sorted(question["choices"].values()) == ["nobody", "the client", "the server"]
    assert "Its timer" not in ran.stdout
    assert "expires" not in question["ladder"]


@pytest.mark.parametrize(
    ("given", "verdict"), [("the client", "right"), ("the server", "wrong"), ("?", "no answer"), (None, "no answer")]
)
def test_answers_of_a_file_are_graded(file: str, tmp_path: Path, given: str | None, verdict: str) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({} if given is None else {"mine": given}), "utf-8")
    ran = call(file, "--json", "--answers", str(answers))
    assert ran.exit_code == 0
    told = json.loads(ran.stdout)
    assert (told["right"], told["of"]) == (int(verdict == "right"), 1)
    assert told["graded"] == [
        {
            "name": "mine", "verdict": verdict, "given": given, "answer": letters(file)["the client"],
            "words": "the client", "because": "Its timer was started 50 ms earlier.", "source": "RFC 9293 3.8.1",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"mine": }', "answers.json:1:10: this is no JSON"),
        ("[1]", "expected an object of names and answers"),
        ('{"min": "a"}', "there is no question 'min' in this quiz; did you mean 'mine'?"),
        ('{"mine": 1}', "the answer to 'mine' is no text"),
        ("\udcff", "this is no JSON"),
        ("[" * 100_000, "this is no JSON"),
        (" " * 1_000_001, "the file is too long"),
    ],
    ids=["syntax", "list", "name", "number", "octets", "deep", "long"],
)
def test_a_file_of_answers_that_is_none(file: str, tmp_path: Path, text: str, words: str) -> None:
    answers = tmp_path / "answers.json"
    answers.write_bytes(text.encode("utf-8", "surrogateescape"))
    ran = call(file, "--json", "--answers", str(answers))
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert words in ran.stderr.replace("\n", " ")


def test_a_file_of_answers_that_is_not_there_and_one_without_json(file: str, tmp_path: Path) -> None:
    ran = call(file, "--json", "--answers", str(tmp_path / "none"))
    assert ran.exit_code == 2
    assert "can't be read: No such file" in ran.stderr.replace("\n", " ")
    assert "say --json, too" in call(file, "--answers", "x").stderr


# ---------------------------------------------------------------------- at a terminal


class Terminal:
    """A quiz at a terminal of 80 columns; `said` is what it was sent so far."""

    def __init__(self, *arguments: str) -> None:
        self.main, other = pty.openpty()
        env = environment(TERM="xterm", COLUMNS="80")
        self.process = subprocess.Popen(
            [*COMMAND, "quiz", *arguments], env=env, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)
        self.said = ""
        self.heard = 0

    def until(self, words: str) -> None:
        """Read on until these words were said, behind those of the last time: one piece may hold both."""
        while (found := self.said.find(words, self.heard)) < 0:
            ready, _, _ = select.select([self.main], [], [], 30)
            assert ready, f"it never said {words!r} but {self.said!r}"
            piece = os.read(self.main, 65536).decode()
            self.said += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", piece)
        self.heard = found + len(words)

    def type(self, line: str) -> None:
        os.write(self.main, line.encode())

    def ended(self) -> int:
        """Read to the end; return the exit code."""
        try:
            while select.select([self.main], [], [], 30)[0] and (piece := os.read(self.main, 65536)):
                self.said += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", piece.decode())
        except OSError:  # Linux's way to say that the other end is closed
            pass
        os.close(self.main)
        return self.process.wait(60)


def test_a_person_is_asked_again_and_then_graded(file: str) -> None:
    terminal = Terminal(file)
    terminal.until("Your answer (a to c): ")
    terminal.type("z\n")
    terminal.until("Expected one of the letters a, b, c")
    terminal.until("Your answer (a to c): ")
    terminal.type(f"{letters(file)['the client']}\n")
    assert terminal.ended() == 0
    assert "Right: it is" in terminal.said
    assert "1 of 1 right" in terminal.said


def test_who_never_gives_a_letter_is_not_asked_for_ever(file: str) -> None:
    terminal = Terminal(file)
    for _ in range(5):
        terminal.until("Your answer")
        terminal.type("z\n")
    assert terminal.ended() == 0
    assert "No answer: it is" in terminal.said


def test_ctrl_c_keeps_the_score(file: str, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(LOST_SYN_ACK, "utf-8")
    terminal = Terminal(file, str(other))
    terminal.until("Your answer")
    terminal.type("the client\n")
    terminal.until("Question 2 of 2")
    terminal.until("Your answer")
    time.sleep(0.1)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.ended() == 130
    assert "1 of 1 right (interrupted; 1 of 2 not asked)" in terminal.said
    assert "Traceback" not in terminal.said


def test_ctrl_d_ends_the_quiz(file: str) -> None:
    terminal = Terminal(file)
    terminal.until("Your answer")
    terminal.type("\x04")
    assert terminal.ended() == 0
    assert "nothing was answered" in terminal.said


def test_octets_that_are_no_text_and_a_closed_input_are_no_traceback(file: str) -> None:
    command = [*COMMAND, "quiz", file]
    ran = subprocess.run(command, env=environment(), input=b"\xff\xfe\n", capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"0 of 1 right" in ran.stdout
    line = f"'{sys.executable}' -c 'from tcpsim.cli import main; main()' quiz '{file}' <&-"
    closed = subprocess.run(["bash", "-c", line], env=environment(), capture_output=True, timeout=60, check=False)
    assert (closed.returncode, closed.stderr) == (0, b"")
    assert b"nothing was answered" in closed.stdout
