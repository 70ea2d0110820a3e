"""The library at a glance: `tcpsim list` with its questions, and `tcpsim run --all` with a line for each run.

Rule 1. What ran is told as soon as it has run, on one line; why something failed is told below the lines.
Rule 2. The runs follow one another in one process: a run takes a fifth of the time that its file takes to be
        read, and to start a second process costs more than it saves on sixty files.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from ..draw.words import clean, to_ascii
from .group import FAILED, INTERRUPTED, Wrong, say
from .inputs import read_scenario, run_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from ..scenario import Run
    from ..scenario.library import Entry
    from .reporting import Report

NAME_COLUMN: Final = 26
"""A scenario's name has so much room in a list; a longer one takes the room of what stands behind it."""
SHORT: Final = 3
"""A word of so many letters, or fewer, is looked for as a whole; it may have an s behind it."""
MAX_WORDS: Final = 20
"""So many words are looked for; what follows them counts for nothing."""


# ---------------------------------------------------------------------- which there are


def entries_of(group: str | None) -> list[Entry]:
    """Return the library's scenarios, those of one group, or those that speak of something.

    Words are looked for in names and titles, questions and answers, quizzes included: as they stand, or, where they
    never stand so, each by itself. Case and borders count for nothing, so that `FINACK` and `fin ack` find `FIN,ACK`;
    a word of four letters or more may go on (`segment`, "segments"), a shorter one has to end (`RST`, not "first").
    Wrong if it is neither a group nor found.
    """
    from ..scenario.library import GROUPS, library
    from ..scenario.problems import nearest_word, one_of, shown

    if group is None:
        return library()
    if group in GROUPS:
        return [entry for entry in library() if entry.group == group]
    words = _plain(group).split()[:MAX_WORDS]
    told = {entry: _plain(f"{entry.name} {_told(entry.path)}") for entry in library()} if words else {}
    found = [entry for entry in told if _speaks_of(told[entry], words)] or [
        entry for entry in told if all(_speaks_of(told[entry], [word]) for word in words)
    ]
    if not found:
        near = nearest_word(group, GROUPS)
        hint = f"; did you mean {near!r}?" if near else ""
        raise Wrong(f"no scenario speaks of {shown(group)}, and no group is called so; expected {one_of(GROUPS)}{hint}")
    return found


def _plain(text: str) -> str:
    """Return letters and figures only, in lower case, with a space between words."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def _speaks_of(told: str, words: list[str]) -> bool:
    """Return whether words stand one after the other in a text, with or without spaces."""
    letters = " ?".join("".join(words))
    end = "" if len(words[-1]) > SHORT else r"s?\b"
    return re.search(rf"\b{letters}{end}", told) is not None


def _told(path: Path) -> str:
    """Return what a scenario tells a reader: what stands in its file before the hosts, and its quiz."""
    text = path.read_text("utf-8", "replace")
    before, _, behind = text.partition("\nhosts:")
    _, _, quiz = behind.partition("\nquiz:")
    return f"{before} {quiz.partition(chr(10) + 'mutant:')[0]}"


def tell_library(report: Report, group: str | None) -> None:
    """Print the scenarios by group, each with its question."""
    from ..scenario.library import GROUPS

    entries = entries_of(group)
    console = report.console
    for number, name in enumerate(dict.fromkeys(entry.group for entry in entries)):
        if number:
            console.print()
        console.print(Text.assemble((GROUPS[name], "bold"), (f"  ({name})", "bright_black")), soft_wrap=True)
        for entry in entries:
            if entry.group == name:
                _tell_entry(report, entry)
    if not entries:
        report.line("no scenario came along" if group is None else f"no scenario of the group {group} came along")
    elif console.is_terminal:
        console.print()
        report.line("`tcpsim run NAME` runs one, `tcpsim quiz GROUP` asks what happens next.", "bright_black")


def _tell_entry(report: Report, entry: Entry) -> None:
    name, said = (clean(text, 300) for text in (entry.name, entry.question or entry.title))
    if report.ascii:
        name, said = to_ascii(name), to_ascii(said)
    if len(name) > NAME_COLUMN - 2:
        report.line(name, "cyan", indent=2)
        report.line(said, indent=NAME_COLUMN + 2)
        return
    lines = report.wrapped(said, indent=NAME_COLUMN + 2)
    for place, line in enumerate(lines):
        begin = f"  {name}" if place == 0 else ""
        text = Text.assemble((begin, "cyan"), line[len(begin) :])
        report.console.print(text, soft_wrap=True)


def library_json(group: str | None) -> str:
    """Return the scenarios as JSON: a list of objects with `name`, `group`, `title` and `question`."""
    told = ("name", "group", "title", "question")
    listed = [{key: getattr(entry, key) for key in told} for entry in entries_of(group)]
    return json.dumps(listed, indent=2, ensure_ascii=False)


# ---------------------------------------------------------------------- all of them, run


def run_all(report: Report, **chosen: Any) -> int:
    """Run the whole library, print a line for each and below them what failed; return the exit code.

    `chosen` is what `run_scenario` takes: seed, profile and so on.
    """
    entries = entries_of(None)
    width = min(max((len(entry.name) for entry in entries), default=0), NAME_COLUMN)
    runs: list[Run] = []
    failed: list[Run] = []
    worst = 0
    for entry in entries:
        try:
            done = run_scenario(read_scenario(str(entry.path)), **chosen)
        except Wrong as wrong:
            worst = max(worst, say(wrong))
            continue
        except KeyboardInterrupt:  # between two runs
            worst = INTERRUPTED
            break
        if done.ended == "interrupted":
            worst = INTERRUPTED
            break
        runs.append(done)
        _tell_run(report, entry, done, width)
        if not done.passed:
            failed.append(done)
            worst = max(worst, FAILED)
    for done in failed:
        report.console.print()
        report.verdict(done)
    _tell_sum(report, len(entries), runs, len(failed))
    return worst


def _tell_run(report: Report, entry: Entry, done: Run, width: int) -> None:
    """Print one line: the verdict, the name, and what it shows."""
    sign, style = report.sign(done)
    shows = clean(done.scenario.title)
    if not done.passed:
        shows = f"{len(done.failures)} of {len(done.verdict)} do not hold: {shows}"
    shows = to_ascii(shows) if report.ascii else shows
    begin = f"{sign} {entry.name:<{width}}  "
    room = report.console.width - len(begin)
    if cell_len(shows) > room:
        dots = "..." if report.ascii else "…"
        shows = set_cell_size(shows, max(room - len(dots), 0)).rstrip() + dots
    text = Text.assemble((f"{sign} ", style), (begin[len(sign) + 1 :], "bold"), shows)
    report.console.print(text, soft_wrap=True)


def _tell_sum(report: Report, known: int, runs: list[Run], failed: int) -> None:
    """Print the last line: how many ran, and how many of their expectations hold."""
    expected = sum(len(done.verdict) for done in runs)
    wrong = sum(len(done.failures) for done in runs)
    scenarios = f"{len(runs)} scenario{'' if len(runs) == 1 else 's'}"
    if failed:
        words = f"{failed} of {scenarios} failed: {wrong} of {expected:,} expectations do not hold"
    else:
        words = f"{scenarios} ran, and all {expected:,} expectations hold"
    if len(runs) < known:
        words += f"; {known - len(runs)} did not run"
    report.console.print()
    report.line(words, "bold red" if failed else "bold" if len(runs) < known else "bold green")
