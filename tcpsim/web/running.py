"""One experiment, from a scenario's text to what the browser shows; carried out in the worker's process.

Rule 1. Whatever is asked, the answer is a dictionary: a result, or `error` with a sentence.
Rule 2. A run has fewer events here than on the command line: somebody waits in front of a browser.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..draw import Look, ladder_svg
from ..scenario import ScenarioError, loads, run
from .editing import CannotChange, edited
from .page import page_html
from .striking import targets_by_serial

if TYPE_CHECKING:
    from ..scenario import Run, Scenario
    from .requests import Experiment

MAX_EVENTS: Final = 20_000
SEGMENTS_SHOWN: Final = 300
FAILURES_TOLD: Final = 10


def carry_out(text: str, file: str, experiment: Experiment) -> dict[str, Any]:
    """Return what came of an experiment: the ladder, the segments that can be struck, the file, the page.

    Raises nothing for what a person may have asked; `error` then says what is wrong.
    """
    try:
        loads(text, file)
        changed = loads(edited(text, experiment), file)
        export = edited(text, experiment, exported=True)
        loads(export, file)
    except (ScenarioError, CannotChange) as error:
        return {"error": str(error)}
    done = run(replace(changed, max_events=min(changed.max_events, MAX_EVENTS)), explained=True)
    return _shown(done, export) | {"about": _about(changed)}


def _shown(done: Run, export: str) -> dict[str, Any]:
    look = Look(max_segments=SEGMENTS_SHOWN)
    segments = {
        str(serial): {"words": words, "link": target and target.link, "phrase": target and target.phrase}
        for serial, (words, target) in targets_by_serial(done).items()
    }
    return {
        "ladder": ladder_svg(done.trace, max_segments=SEGMENTS_SHOWN),
        "segments": dict(list(segments.items())[:SEGMENTS_SHOWN]),
        "left_out": max(0, len(segments) - SEGMENTS_SHOWN),
        "ended": done.ended,
        "passed": done.passed,
        "expectations": len(done.verdict),
        "failures": [f"expected {each.expected}, but {each.actual}" for each in done.failures[:FAILURES_TOLD]],
        "yaml": export,
        "page": page_html(done.trace, look),
    }


def _about(scenario: Scenario) -> dict[str, Any]:
    return {
        "title": scenario.title, "question": scenario.question, "shows": scenario.shows, "source": scenario.source,
        "seed": scenario.seed, "profile": scenario.profile,
        "links": [" and ".join(link.between) for link in scenario.links],
    }  # fmt: skip
