"""`tcpsim quiz`: what happens next? The ladder up to a point, a question, and then the rest.

Rule 1. Standard output has what is asked and told; answers come from standard input, one on each line.
Rule 2. Whoever stops, by Ctrl-C or the end of the input, is told the score so far.
Rule 3. What is printed before the answer, JSON too, does not hold it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import shown_name
from .group import INTERRUPTED, Wrong
from .inputs import QuizName, read_scenario, run_scenario
from .screen import screen

if TYPE_CHECKING:
    from rich.console import Console

    from ..scenario import Run, Scenario
    from ..scenario.quizzing import Graded, Question
    from .reporting import Report

MOST_TRIES: Final = 5
"""So often a person at a terminal is asked again who gave none of the letters."""
MAX_OCTETS: Final = 1_000_000
"""The largest file of answers that is read."""
_STOP: Final = ("q", "quit", "exit")
_SIGNS: Final = {"right": "✓", "wrong": "✗", "no answer": "-"}
_ASCII_SIGNS: Final = {"right": "ok", "wrong": "WRONG", "no answer": "-"}
_STYLES: Final = {"right": "bold green", "wrong": "bold red", "no answer": "bold yellow"}


class _Stop(Exception):
    """No more answers come: `words` say why."""

    def __init__(self, words: str) -> None:
        self.words = words


@click.command(short_help="Ask what happens next, and show it.")
@click.argument("names", nargs=-1, type=QuizName(), metavar="[GROUP|SCENARIO]...")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Another order of questions and choices.")
@click.option("--json", "as_json", is_flag=True, help="Print the questions as JSON, and ask nothing.")
@click.option(
    "--answers", type=click.Path(path_type=Path), metavar="FILE", help="With --json: grade the answers in a JSON file."
)
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
def quiz(
    names: tuple[str, ...], seed: int | None, as_json: bool, answers: Path | None, ascii: bool, width: int | None
) -> None:
    """Ask what happens next in a scenario, in those of a group, or in all of the library.

    The ladder is shown up to the point in question. Answer with the letter of a choice; then the rest of the
    ladder is shown, with the reason. An empty line passes, q or the end of the input ends the quiz.

    Without a terminal the answers are read from standard input, one on each line. --json prints the questions,
    and --json --answers FILE grades an object such as {"lost-syn": "b"}.
    """
    if answers is not None and not as_json:
        raise click.UsageError("--answers grades into JSON: say --json, too")
    scenarios = _asking(names, seed)
    if as_json:
        given = None if answers is None else _read_answers(answers, [each.name for each in scenarios])
        click.echo(_as_json([_question(each, seed) for each in scenarios], seed, given))
        return
    from .reporting import Report

    code = _Quiz(Report(screen(width), ascii=ascii), seed).ask_all(scenarios)
    click.get_current_context().exit(code)


# ---------------------------------------------------------------------- which questions


def _asking(names: tuple[str, ...], seed: int | None) -> list[Scenario]:
    """Return the scenarios that were named and ask something; Wrong if there is none."""
    from ..scenario.library import GROUPS, library
    from ..scenario.quizzing import in_order

    found: dict[str, Scenario] = {}
    for name in names or GROUPS:
        members = [str(entry.path) for entry in library() if entry.group == name] if name in GROUPS else [name]
        for member in members:
            scenario = read_scenario(member)
            if name not in GROUPS and scenario.quiz is None:
                raise Wrong(f"{shown_name(name)}: this scenario has no question for a quiz")
            if found.setdefault(scenario.name, scenario).path != scenario.path:
                raise Wrong(
                    f"{shown_name(name)}: there is a scenario {shown_name(scenario.name)!r} in this quiz already"
                )
    asking = in_order(found.values(), seed)
    if not asking:
        raise Wrong(f"{', '.join(names) or 'the library'}: no scenario has a question for a quiz")
    return asking


def _question(scenario: Scenario, seed: int | None) -> Question:
    from ..scenario import ScenarioError
    from ..scenario.quizzing import question_of

    done = run_scenario(scenario)
    if done.ended == "interrupted":
        raise KeyboardInterrupt
    try:
        return question_of(done, seed or 0)
    except ScenarioError as error:
        raise Wrong(str(error)) from error


# ---------------------------------------------------------------------- asked and answered


class _Quiz:
    """Asks one question after another, and keeps the score."""

    def __init__(self, report: Report, seed: int | None) -> None:
        self.report, self.seed = report, seed
        self.console: Console = report.console
        self.graded: list[Graded] = []

    def ask_all(self, scenarios: list[Scenario]) -> int:
        """Ask everything, tell the score, and return the exit code."""
        code, stopped = 0, ""
        try:
            for number, scenario in enumerate(scenarios, 1):
                self._ask(scenario, number, len(scenarios))
        except _Stop as stop:
            stopped = stop.words
        except (KeyboardInterrupt, click.Abort):
            code, stopped = INTERRUPTED, "interrupted"
            self.console.print()
        self._score(len(scenarios), stopped)
        return code

    def _ask(self, scenario: Scenario, number: int, count: int) -> None:
        from ..scenario.quizzing import Graded

        question = _question(scenario, self.seed)
        if number > 1:
            self.console.print()
        self._heading(scenario, f"{number} of {count}")
        ladder(self.report, question.run, (0, question.cut - 1), "hidden from here on")
        self.console.print()
        self.report.line(question.ask, "bold")
        for letter, choice in zip(question.letters, question.choices, strict=True):
            self.report.line(f"{letter}  {choice}", indent=2, hang=3)
        graded = Graded(question, self._answer(question))
        self.graded.append(graded)
        self._tell(graded)

    def _heading(self, scenario: Scenario, which: str) -> None:
        self.report.line(f"Question {which}: {scenario.name}", "bold cyan")
        if scenario.question:
            self.report.line(scenario.question)
        self.console.print()

    def _answer(self, question: Question) -> str:
        """Return the letter that was chosen, "" for none; _Stop at the end of the answers."""
        letters = question.letters
        person = sys.stdin is not None and sys.stdin.isatty()
        for _ in range(MOST_TRIES if person else 1):
            prompt = f"Your answer ({letters[0]} to {letters[-1]}): "
            self.console.print(prompt, end="")
            line = _line()
            if not person:  # so that what is kept of the quiz shows the answers
                self.report.line(_echoed(line, self.console.width - len(prompt)))
            if not line:
                if person:
                    self.console.print()
                raise _Stop("there are no more answers")
            words = line.strip()
            chosen = question.chosen(words)
            if chosen or not words:
                return chosen
            if words.casefold() in _STOP:
                raise _Stop("ended")
            self.report.line(
                f"Expected one of the letters {', '.join(letters)}; an empty line passes, q ends the quiz."
            )
        return ""

    def _tell(self, graded: Graded) -> None:
        question = graded.question
        scenario = question.run.scenario
        self.console.print()
        words = {"right": "Right", "wrong": "No", "no answer": "No answer"}[graded.verdict]
        right = f"{words}: it is {question.right}, {question.answer}"
        self.report.line(f"{self._sign(graded)} {right}", _STYLES[graded.verdict], hang=2)
        self.report.line(question.because)
        self.console.print()
        ladder(self.report, question.run, (question.cut, len(question.run.trace)), "")
        self.console.print()
        self.report.line(scenario.title, "bold")
        if scenario.shows:
            self.report.line(scenario.shows)
        if scenario.source:
            self.report.line(scenario.source, "bright_black")

    def _sign(self, graded: Graded) -> str:
        return (_ASCII_SIGNS if self.report.ascii else _SIGNS)[graded.verdict]

    def _score(self, count: int, stopped: str) -> None:
        """Print how many answers were right, and what to look at again."""
        answered, right = len(self.graded), sum(graded.right for graded in self.graded)
        self.console.print()
        words = f"{right} of {answered} right" if answered else "nothing was answered"
        if stopped:
            words += f" ({stopped}; {count - answered} of {count} not asked)"
        self.report.line(words, "bold green" if answered and right == answered else "bold")
        again = [graded.question.run.scenario.name for graded in self.graded if not graded.right]
        if again:
            self.report.line(f"To see again: tcpsim run --explain {' '.join(again)}", "bright_black", hang=4)


def ladder(report: Report, run: Run, window: tuple[int, int], below: str) -> None:
    """Print a piece of a run's ladder, with neither its title nor a word of what is left out; `below` follows."""
    from rich.text import Text

    from ..draw import Ladder
    from .reporting import MAX_SEGMENTS

    if window[1] >= window[0]:
        piece = Ladder(run.trace, ascii=report.ascii, window=window, max_segments=MAX_SEGMENTS)
        of = piece.scene
        of.title = of.source = of.left_above = ""
        of.left_out = [] if below else of.left_out
        report.console.print(piece)
    if below:
        dots = "..." if report.ascii else "\N{VERTICAL ELLIPSIS}"
        report.console.print(Text(f"{dots} {below}", "bright_black"), soft_wrap=True)


def _line() -> str:
    """Return a line of standard input, "" at its end."""
    if sys.stdin is None:
        return ""
    sys.stdout.flush()
    try:
        line = sys.stdin.readline(10_000)
    except (UnicodeDecodeError, ValueError):  # octets that are no text; a stream that was closed
        return "?\n"
    return line


def _echoed(line: str, room: int) -> str:
    from ..draw.words import clean

    return clean(line, room) or "(none)"


# ---------------------------------------------------------------------- for a course


def _as_json(questions: list[Question], seed: int | None, given: dict[str, str] | None) -> str:
    """Return the questions, or the grades of the answers that were given to them."""
    told: dict[str, Any] = {"seed": seed or 0}
    if given is None:
        told["questions"] = [_told(question) for question in questions]
    else:
        from ..scenario.quizzing import Graded

        graded = [Graded(question, question.chosen(given.get(_name(question), ""))) for question in questions]
        told |= {"right": sum(each.right for each in graded), "of": len(graded)}
        told["graded"] = [_grade(each, given) for each in graded]
    return json.dumps(told, indent=2, ensure_ascii=False)


def _name(question: Question) -> str:
    return question.run.scenario.name


def _told(question: Question) -> dict[str, Any]:
    from ..draw import Ladder

    shown = ""
    if question.cut:
        piece = Ladder(question.run.trace, window=(0, question.cut - 1))
        piece.scene.title = piece.scene.source = ""
        piece.scene.left_out = []
        shown = "".join(f"{line.plain.rstrip()}\n" for line in piece.lines(80))
    scenario = question.run.scenario
    return {
        "name": scenario.name,
        "group": scenario.group,
        "question": scenario.question,
        "ladder": shown,
        "ask": question.ask,
        "choices": dict(zip(question.letters, question.choices, strict=True)),
    }


def _grade(graded: Graded, given: dict[str, str]) -> dict[str, Any]:
    question = graded.question
    return {
        "name": _name(question),
        "verdict": graded.verdict,
        "given": given.get(_name(question)),
        "answer": question.right,
        "words": question.answer,
        "because": question.because,
        "source": question.run.scenario.source,
    }


def _read_answers(path: Path, known: list[str]) -> dict[str, str]:
    """Return the answers in a file, by the name of the scenario; Wrong, with the place, if they can't be read."""
    from ..scenario.problems import nearest_word, shown

    name = shown_name(path)
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except (OSError, ValueError) as error:
        raise Wrong(f"{name}: can't be read: {getattr(error, 'strerror', None) or error}") from error
    if len(octets) > MAX_OCTETS:
        raise Wrong(f"{name}: the file is too long; expected at most {MAX_OCTETS:,} octets")
    answers = _parsed(octets, name)
    for asked, given in answers.items():
        if asked not in known:
            near = nearest_word(asked, known)
            hint = f"; did you mean {near!r}?" if near else ""
            raise Wrong(f"{name}: there is no question {shown(asked)} in this quiz{hint}")
        if not isinstance(given, str):
            raise Wrong(f"{name}: the answer to {asked!r} is no text; expected a letter or the words of a choice")
    return answers


def _parsed(octets: bytes, name: str) -> dict[str, Any]:
    expected = 'expected an object of names and answers, {"lost-syn": "b"}'
    try:
        value = json.loads(octets.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise Wrong(f"{name}:{error.lineno}:{error.colno}: this is no JSON: {error.msg}; {expected}") from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Wrong(f"{name}: this is no JSON; {expected}") from error
    if not isinstance(value, dict):
        raise Wrong(f"{name}: {expected}")
    return value
