"""A scenario as a question: where its ladder is cut, in what order its choices are told, what was answered.

Rule 1. The run is over before the question is asked: what is hidden has happened, and is not made up.
Rule 2. The order of the choices depends on the seed and the scenario's name alone.
Rule 3. Whoever answers may give the letter of a choice or its words; nothing else counts as an answer.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from .problems import Place, Problem, ScenarioError
from .watching import first_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .loading import Scenario
    from .running import Run

LETTERS: Final = "abcdef"
"""The names of the choices; there are at most six."""
LONGEST_ANSWER: Final = 300
"""What is longer is no answer, in characters; a choice has at most 200."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a run.

    Attributes:
        run: what happened.
        cut: the serial number of the first record that is hidden; 0 hides everything.
        ask: the question.
        choices: what there is to choose from, in the order in which it is told.
        right: the letter of the right one.
        because: why it is right.
    """

    run: Run
    cut: int
    ask: str
    choices: tuple[str, ...]
    right: str
    because: str

    @property
    def letters(self) -> str:
        """The letters of the choices."""
        return LETTERS[: len(self.choices)]

    @property
    def answer(self) -> str:
        """The right choice in words."""
        return self.choices[LETTERS.index(self.right)]

    def chosen(self, words: str) -> str:
        """Return the letter of the choice that somebody's words mean, "" if they mean none."""
        said = " ".join(words[: LONGEST_ANSWER + 1].split()).casefold()
        letter = said.rstrip(".)")
        if len(letter) == 1 and letter in self.letters:
            return letter
        alike = [letter for letter, choice in zip(LETTERS, self.choices, strict=False) if choice.casefold() == said]
        return alike[0] if len(alike) == 1 else ""


def question_of(run: Run, seed: int = 0) -> Question:
    """Return the question of a scenario that has been run, its choices in the order that belongs to a seed.

    Raises ValueError for a scenario without `quiz`, and ScenarioError if what its `until` waits for never happened.
    """
    scenario = run.scenario
    quiz = scenario.quiz
    if quiz is None:
        raise ValueError(f"the scenario {scenario.name!r} asks no question")
    cut = first_of(quiz.until, run.trace, run.names)
    if cut is None:
        wrong = "the question of the quiz can't be asked: what its `until` waits for never happens"
        raise ScenarioError([Problem(scenario.quiz_until or Place(scenario.path), wrong)])
    choices = list(quiz.choices)
    random.Random(f"{seed} {scenario.name}").shuffle(choices)
    return Question(run, cut, quiz.ask, tuple(choices), LETTERS[choices.index(quiz.answer)], quiz.because)


def in_order(scenarios: Iterable[Scenario], seed: int | None) -> list[Scenario]:
    """Return the scenarios that ask something: as they come, or in the order that belongs to a seed."""
    asking = [scenario for scenario in scenarios if scenario.quiz is not None]
    if seed is not None:
        random.Random(seed).shuffle(asking)
    return asking


@dataclass(frozen=True, slots=True)
class Graded:
    """An answer and what it is worth: `given` is a letter, "" for none that could be understood."""

    question: Question
    given: str

    @property
    def right(self) -> bool:
        """Whether it is the right answer."""
        return self.given == self.question.right

    @property
    def verdict(self) -> Literal["right", "wrong", "no answer"]:
        """What it is worth, in a word or two."""
        return "right" if self.right else "wrong" if self.given else "no answer"
