"""From a file to a Scenario: what is written is read, and who is named in it has to exist.

Rule 1. A Scenario that was loaded can be run: every host, connection, link and phrase in it is known.
Rule 2. First the shape of the whole file is checked, then its sense; each tells all that it finds.
Rule 3. Everything that can turn out wrong in the run keeps its place in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ..tcp.mutants import MUTANTS
from . import models
from .document import Mapping, Node, Scalar, Sequence, parse, read_text
from .findings import Findings, parties_of_event
from .plans import FaultPlan, HostPlan, LinkPlan, Scenario, StepPlan
from .problems import PhraseError, Place, Problem, ScenarioError, nearest_word, shown
from .reading_expectations import ExpectationReader
from .reading_exploration import explore_plan
from .reading_links import LinkReader
from .reading_script import ScriptReader
from .translation import find, translate

if TYPE_CHECKING:
    from collections.abc import Iterator


def loads(text: str, file: str = "scenario.yaml") -> Scenario:
    """Return the scenario that a text holds.

    Raises ScenarioError, with places in `file`, if there is none, TypeError for what is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a scenario, not {shown(text)}")
    tree = parse(text, file)
    empty = dict(_empty(tree))
    try:
        written = models.ScenarioFile.model_validate(tree.plain())
    except ValidationError as error:
        nothing = {problem.place for problem in empty.values()}
        told = [problem for problem in translate(error, tree) if problem.place not in nothing]
        keys = {problem.place for problem in told}
        raise ScenarioError([*told, *(problem for key, problem in empty.items() if key not in keys)]) from None
    if empty:
        raise ScenarioError(empty.values())
    return _scenario(written, tree, text, file)


def load_file(path: str | Path) -> Scenario:
    """Return the scenario in a file; ScenarioError if there is none."""
    return loads(read_text(Path(path)), str(path))


def _empty(node: Node, key: Scalar | None = None) -> Iterator[tuple[Place, Problem]]:
    """Yield a problem for each key or list entry behind which nothing stands, with the key's place."""
    if isinstance(node, Mapping):
        for name, value in node.values.items():
            yield from _empty(value, node.keys[name])
    elif isinstance(node, Sequence):
        for value in node.items:
            yield from _empty(value)
    elif isinstance(node, Scalar) and node.value is None:
        behind = "-" if key is None else key.raw
        yield (node if key is None else key).place, Problem(node.place, f"nothing stands behind {behind!r}", "a value")


def _scenario(written: models.ScenarioFile, tree: Mapping, text: str, file: str) -> Scenario:
    """Return the scenario; ScenarioError with all that makes no sense."""
    found = Findings(tree, written.hosts)
    reader = LinkReader(written, found)
    hosts = reader.hosts()
    steps = ScriptReader(written, found, {host.name: host.address for host in hosts})
    steps.name_connections()
    links = reader.links()
    script = steps.script()
    expectations = ExpectationReader(written, found).expectations()
    explore = explore_plan(written, found)
    _check_quiz(written, found)
    _check_mutant(written, found)
    if found.problems:
        raise ScenarioError(found.problems)
    knobs = {} if written.knobs is None else written.knobs.knobs
    return Scenario(
        Path(file).stem, file, text, _intro(text), written.title, written.question,
        written.shows, written.source, written.quiz, written.mutant, written.seed, written.profile, knobs, hosts,
        links, script, expectations, written.until, written.max_events,
        None if written.quiz is None else found.place("quiz", "until"), explore,
    )  # fmt: skip


def _check_quiz(written: models.ScenarioFile, found: Findings) -> None:
    quiz = written.quiz
    if quiz is None:
        return
    found.known_parties(find(found.tree, ("quiz", "until")), parties_of_event(quiz.until))
    if quiz.answer not in quiz.choices:
        wrong = "the answer is not among the choices"
        found.tell(
            found.place("quiz", "answer"),
            wrong,
            "one of them, word by word",
            nearest_word(quiz.answer, quiz.choices),
        )
    for index, choice in enumerate(quiz.choices):
        if choice in quiz.choices[:index]:
            found.tell(found.place("quiz", "choices", index), "this choice stands there already", "different choices")


def _check_mutant(written: models.ScenarioFile, found: Findings) -> None:
    mutant = written.mutant
    if mutant is None:
        return
    phrase = find(found.tree, ("mutant",))
    if mutant.name not in MUTANTS:
        wrong = f"there is no mutant {shown(mutant.name)}"
        found.tell(
            phrase.place, wrong, "one that `tcpsim mutants` lists", nearest_word(mutant.name, MUTANTS, cutoff=0.5)
        )
    if mutant.host is not None:
        found.known_host(mutant.host, phrase.at(len(mutant.name) + 1) if isinstance(phrase, Scalar) else phrase.place)


def _intro(text: str) -> str:
    """Return the comment with which the file opens, as one line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return " ".join(lines).strip()


__all__ = ["FaultPlan", "HostPlan", "LinkPlan", "PhraseError", "Scenario", "StepPlan", "load_file", "loads"]
