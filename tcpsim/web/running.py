"""One experiment, from a scenario's text to what the browser shows; carried out in the worker's process.

Rule 1. Whatever is asked, the answer is a dictionary: a result, or `error` with a sentence.
Rule 2. A run has fewer events, and less virtual time, than on the command line: somebody waits in front of a browser.
        Where that cuts a run, the answer says so, and does not judge it.
Rule 3. The outcome comes first, and fast. The page to step through is made when it is asked for, from an equal run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from ..draw import Look, ladder_svg
from ..draw.scene import BRIEF
from ..scenario import ScenarioError, loads, run
from ..tcp.units import HOUR
from .editing import CannotChange, edited
from .page import bare, page_html
from .striking import targets_by_serial

if TYPE_CHECKING:
    from ..scenario import Run, Scenario
    from ..tcp.units import Time
    from .requests import Experiment

FAILURES_TOLD: Final = 10
Wanted = Literal["outcome", "page"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one run: events, nanoseconds of virtual time, and segments that are shown."""

    events: int = 10_000
    time: Time = 24 * HOUR
    segments: int = 200


USUAL: Final = Limits()


def carry_out(wanted: Wanted, text: str, file: str, experiment: Experiment, limits: Limits = USUAL) -> dict[str, Any]:
    """Return what came of an experiment: the ladder, the segments that can be struck and the file; or the `page`.

    Raises nothing for what a person may have asked; `error` then says what is wrong.
    """
    try:
        loads(text, file)
        changed = loads(edited(text, experiment), file)
    except (ScenarioError, CannotChange) as error:
        return {"error": str(error)}
    bounded = replace(changed, max_events=min(changed.max_events, limits.events), until=min(changed.until, limits.time))
    done = run(bounded, explained=wanted == "page")
    if wanted == "page":
        return {"page": page_html(done.trace, Look(max_segments=limits.segments))}
    cut = _cut(changed, done, limits)
    export = edited(text, experiment, exported=True, expect={} if cut else done.unexpected)
    try:
        loads(export, file)
    except ScenarioError as error:
        return {"error": str(error)}
    return _shown(done, cut, experiment, limits) | {"about": _about(changed), "yaml": export}


def _cut(scenario: Scenario, done: Run, limits: Limits) -> str:
    """Return which limit of the server's has cut a run, in a sentence, or nothing."""
    if done.ended == "event limit" and scenario.max_events > limits.events:
        return f"It was stopped after {limits.events:,} events, the most here; `tcpsim run` goes on."
    if done.ended == "until" and scenario.until > limits.time:
        return (
            f"It was stopped after {limits.time / HOUR:g} hours of virtual time, the most here; `tcpsim run` goes on."
        )
    return ""


def _shown(done: Run, cut: str, experiment: Experiment, limits: Limits) -> dict[str, Any]:
    look = Look(max_segments=limits.segments)
    if experiment.narrow:
        look = replace(look, detail=BRIEF, narrow=True)
    segments = {
        str(serial): {"words": words, "link": target and target.link, "phrase": target and target.phrase}
        for serial, (words, target) in targets_by_serial(done).items()
    }
    return {
        "ladder": ladder_svg(bare(done.trace), look=look),
        "segments": dict(list(segments.items())[: limits.segments]),
        "left_out": max(0, len(segments) - limits.segments),
        "ended": done.ended,
        "cut": cut,
        "passed": done.passed and not cut,
        "expectations": 0 if cut else len(done.verdict),
        "failures": []
        if cut
        else [f"expected {each.expected}, but {each.actual}" for each in done.failures[:FAILURES_TOLD]],
    }


def _about(scenario: Scenario) -> dict[str, Any]:
    return {
        "title": scenario.title, "question": scenario.question, "shows": scenario.shows, "source": scenario.source,
        "seed": scenario.seed, "profile": scenario.profile,
        "links": [" and ".join(link.between) for link in scenario.links],
    }  # fmt: skip
