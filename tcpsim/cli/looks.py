"""What is drawn of a run, and how: the options of `tcpsim diagram` and `tcpsim run` that choose it.

An EVENT of --from and --to is a time (`1.5s`), the number of a record as `tcpsim explain` prints it, or words as in a
scenario. A record is taken exactly; of a time, and of words, the whole instant is drawn.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import shown_name
from .captures import is_capture
from .explaining import serials_of
from .group import Wrong
from .inputs import is_meant_as_trace, read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..draw.figure import Look
    from ..draw.framing import Caption
    from ..trace import Trace

DETAIL: Final = {"brief": 0, "normal": 1, "options": 2, "full": 3}
THEMES: Final = ("light", "dark", "print")
MOST: Final = 1200
"""More segments than these never fit on a page."""
_TIME: Final = re.compile(r"[0-9.]+\s*[a-zµ]+")


def detailed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how much is drawn of a run, and by which numbers."""
    for option in (
        click.option(
            "--detail", type=click.Choice(list(DETAIL)), default="normal", show_default=True,
            help="brief: flags and states; normal: numbers and calls, too; options: windows and options, too; "
            "full: every timer and signal, too.",
        ),
        click.option("--absolute", is_flag=True, help="Sequence numbers of the wire, not counted from the ISS."),
        click.option("--to", metavar="EVENT", help="Draw what happens up to an event, or a time: 'client FIN'."),
        click.option("--from", "from_", metavar="EVENT", help="Draw from an event on, or a time: 1.5s."),
    ):  # fmt: skip
        command = option(command)
    return command


def coloured(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how a figure looks."""
    option: Callable[..., Any]
    for option in (
        click.option(
            "--segments", type=click.IntRange(1, MOST), metavar="N", help="At most so many in a ladder; by default 200."
        ),
        click.option("--caption", is_flag=True, help="Below it, the scenario's question, the answer and its source."),
        themed,
    ):  # fmt: skip
        command = option(command)
    return command


def themed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that says in which colours a figure is drawn."""
    theme = click.Choice(THEMES)
    return click.option("--theme", type=theme, default=THEMES[0], show_default=True, help="Its colours.")(command)


def window_of(trace: Trace, from_: str | None, to: str | None) -> tuple[int, int] | None:
    """Return the serial numbers of the first and last record between two events; None for the whole run.

    Raises Wrong for an event that does not happen, or ends before it begins.
    """
    if from_ is None and to is None:
        return None
    first = 0 if from_ is None else _first(trace, from_)
    last = len(trace) - 1 if to is None else _last(trace, to, first)
    if last < first:
        raise Wrong(f"--to: {to!r} lies before {from_!r}" if from_ is not None else f"--to: nothing happens by {to!r}")
    return first, last


def look_of(
    word: str,
    trace: Trace,
    *,
    from_: str | None,
    to: str | None,
    detail: str,
    absolute: bool,
    segments: int | None,
    caption: bool,
    theme: str,
) -> Look:
    """Return how a ladder is drawn that was asked for so; `word` is what the trace is of."""
    from ..draw import MAX_SEGMENTS, Look
    from ..draw.palette import THEMES

    below = caption_of(word) if caption else None
    most, window = segments or MAX_SEGMENTS, window_of(trace, from_, to)
    return Look(DETAIL[detail], most, window, absolute, THEMES[theme], below)


def caption_of(word: str) -> Caption:
    """Return the question of a scenario, its answer and its source; Wrong for a trace, which does not hold them."""
    from ..draw.framing import Caption

    if is_meant_as_trace(word) or is_capture(word):
        raise Wrong(f"--caption: {shown_name(word)} does not hold the question; name the scenario")
    scenario = read_scenario(word)
    if not (scenario.question or scenario.shows):
        raise Wrong(f"--caption: {shown_name(word)} has neither `question` nor `shows`")
    return Caption(scenario.question, scenario.shows, scenario.source)


def _first(trace: Trace, event: str) -> int:
    """Return the first record of what --from means."""
    time = _time("--from", event)
    if time is None:
        serial = serials_of(trace, event, "--from")[0]
        if _is_number(event):
            return serial
        time = trace.records[serial].time
    found = next((record.serial for record in trace.records if record.time >= time), None)
    if found is None:
        raise Wrong(f"--from: nothing happens at {event} or later: {_ends(trace)}")
    return found


def _last(trace: Trace, event: str, first: int) -> int:
    """Return the last record of what --to means, of what happens from `first` on."""
    time = _time("--to", event)
    if time is None:
        serials = serials_of(trace, event, "--to")
        if _is_number(event):
            return serials[0]
        serial = next((serial for serial in serials if serial >= first), None)
        if serial is None:
            raise Wrong(f"--to: {event!r} does not happen after --from")
        time = trace.records[serial].time
    return max((record.serial for record in trace.records if record.time <= time), default=-1)


def _is_number(event: str) -> bool:
    return event.removeprefix("#").isdecimal()


def _time(option: str, event: str) -> int | None:
    """Return the nanoseconds that a time stands for, None for what is no time; Wrong for one that can't be."""
    from ..tcp.units import parse_duration

    if not _TIME.fullmatch(event) or event[-2:] in ("st", "nd", "rd", "th"):
        return None
    try:
        return parse_duration(event)
    except ValueError as error:
        raise Wrong(f"{option}: {error}") from error


def _ends(trace: Trace) -> str:
    from ..draw.words import span

    return f"the run ends after {span(trace.records[-1].time, 9)}" if len(trace) else "the trace is empty"
