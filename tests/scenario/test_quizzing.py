"""A scenario as a question: where it is cut, in what order the choices stand, which answers count."""

from __future__ import annotations

import pytest

from tcpsim import ScenarioError, loads, run
from tcpsim.scenario.quizzing import LETTERS, Graded, Question, in_order, question_of
from tcpsim.trace import Arrived, Moved, Sent, TimerFired

TEXT = """\
title: The SYN is lost
profile: plain
hosts: {{client: {{}}, server: {{}}}}
links:
  - between: [client, server]
    faults: [{{drop: first SYN}}]
script:
  - {{host: server, call: listen, port: 80}}
  - {{host: client, call: connect, to: "server:80", as: c}}
quiz:
  ask: What comes next?
  until: {until}
  choices: [the SYN, a RST, "a", nothing at all]
  answer: the SYN
  because: It is sent again.
"""


def question(until: str = "client retransmission fired", seed: int = 0) -> Question:
    return question_of(run(loads(TEXT.format(until=until))), seed)


@pytest.mark.parametrize(
    ("until", "kind", "time"),
    [
        ("client retransmission fired", TimerFired, 1000),
        ("client sent 2nd SYN", Sent, 1000),
        ("server received SYN", Arrived, 1050),
        ("server is ESTABLISHED", Moved, 1150),
        ("c is ESTABLISHED", Moved, 1100),
        ("1060ms", Arrived, 1100),
    ],
)
def test_the_ladder_is_cut_before_the_record_with_which_the_event_happens(
    until: str, kind: type[object], time: int
) -> None:
    asked = question(until)
    record = asked.run.trace.records[asked.cut]
    assert isinstance(record, kind)
    assert record.time == time * 1_000_000
    assert record.serial == asked.cut


def test_an_event_that_never_happens_is_an_error_with_its_place() -> None:
    with pytest.raises(
        ScenarioError, match=r"^scenario\.yaml:12:10: the question of the quiz can't be asked: what its `until`"
    ):
        question("client is TIME-WAIT")


def test_a_run_of_the_scenario_as_it_is_written_fails_if_its_question_cannot_be_asked() -> None:
    scenario = loads(TEXT.format(until="client is TIME-WAIT"))
    [failure] = run(scenario).failures
    assert str(failure.place) == "scenario.yaml:12:10"
    assert failure.expected == "the event `until` of the quiz to happen"
    assert failure.actual == "it never does: nothing can be asked"
    assert run(scenario, seed=1).failures == [failure]
    # In another run it is no promise of the scenario.
    assert run(scenario, seed=2).passed
    assert run(scenario, profile="linux").passed
    assert run(scenario, knobs={"rto_initial": "2s"}).passed
    assert run(scenario, mutant="no-time-wait").passed
    assert len(run(loads(TEXT.format(until="client is ESTABLISHED"))).verdict) == len(run(scenario).verdict) - 1


def test_a_scenario_without_a_question() -> None:
    done = run(loads(TEXT.format(until="1s").split("quiz:", maxsplit=1)[0]))
    with pytest.raises(ValueError, match="asks no question"):
        question_of(done)


def test_the_right_letter_is_that_of_the_answer_in_every_order() -> None:
    orders = {question(seed=seed).choices for seed in range(20)}
    assert len(orders) > 5
    for seed in range(20):
        asked = question(seed=seed)
        assert asked.choices[LETTERS.index(asked.right)] == asked.answer == "the SYN"
        assert asked.letters == "abcd"


@pytest.mark.parametrize("words", ["the SYN", "  THE   syn ", "{0}", "{0}.", "{0})"])
def test_what_counts_as_an_answer(words: str) -> None:
    asked = question()
    assert asked.chosen(words.format(asked.right)) == asked.right


@pytest.mark.parametrize("words", ["", "e", "SYN", "?", "ab", "x" * 10_000])
def test_what_does_not(words: str) -> None:
    assert question().chosen(words) == ""


def test_a_letter_is_meant_before_a_choice_that_is_one() -> None:
    assert question().chosen("a") == "a"


def test_grades() -> None:
    asked = question()
    wrong = next(letter for letter in asked.letters if letter != asked.right)
    assert [Graded(asked, given).verdict for given in (asked.right, wrong, "")] == ["right", "wrong", "no answer"]


def test_the_order_of_questions() -> None:
    asking = [loads(TEXT.format(until="1s"), f"{name}.yaml") for name in "abcdefgh"]
    silent = loads(TEXT.format(until="1s").split("quiz:", maxsplit=1)[0])
    assert in_order([silent, *asking], None) == asking
    assert in_order(asking, 1) == in_order(asking, 1) != asking
    assert sorted(each.name for each in in_order(asking, 1)) == list("abcdefgh")
