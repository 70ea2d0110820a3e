"""What `tcpsim explain` tells: a run happening by happening, or what an EVENT means; and what is missing in a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .group import Wrong

if TYPE_CHECKING:
    from rich.console import Console

    from ..scenario.words import Party
    from ..trace import Trace

MISSING: Final = (
    "(This trace was not kept of an explained run: it tells no checks and no changes of the TCB. "
    "`tcpsim run SCENARIO --explain --trace FILE` writes one that does.)"
)
CAPTURED: Final = "(A capture shows packets: checks and changes of the TCB are inside the hosts.)"


def tell(trace: Trace, event: str | None, console: Console, *, ascii: bool, captured: bool = False) -> None:
    """Print all that happened, or what an EVENT means: a serial number, or words as in a scenario; Wrong if nothing."""
    from rich.text import Text

    from ..draw import explain_text
    from ..draw.explain_events import explained_lines
    from ..draw.happenings import happening_at, is_explained

    plain = ascii or console.options.ascii_only
    serials: list[int | None] = [None] if event is None else [*serials_of(trace, event)]
    explained = is_explained(trace)
    if explained and event is not None:  # several records may belong to what is told as one
        serials = list(dict.fromkeys(happening_at(trace, serial).serial for serial in serials if serial is not None))
    for number, serial in enumerate(serials):
        if not explained:
            console.print(Text(explain_text(trace, serial, width=console.width, ascii=plain)), soft_wrap=True, end="")
            continue
        if number:
            console.print()
        for line in explained_lines(trace, serial, width=console.width, ascii=plain):
            console.print(line, soft_wrap=True)
    if not explained and len(trace):
        console.print(Text(CAPTURED if captured else MISSING, "bright_black"))


def serials_of(trace: Trace, event: str, called: str = "EVENT") -> list[int]:
    """Return the serial numbers of the records that an EVENT means; Wrong, naming it `called`, if it means none."""
    number = event.removeprefix("#")
    if number.isascii() and number.isdigit():
        if len(number) > 9 or int(number) >= len(trace):
            raise Wrong(f"{called}: there is no event {number}: the last one is {len(trace) - 1}")
        return [int(number)]
    found = _found(trace, event, called)
    if not found:
        raise Wrong(f"{called}: {event!r} never happens; `tcpsim explain` without it tells all that does")
    return found


def _found(trace: Trace, event: str, called: str) -> list[int]:
    """Return the serial numbers of all that words mean: an occurrence, or one event, "client received 2nd SYN"."""
    from ..scenario.evidence import Evidence, Names
    from ..scenario.findings import parties_of_event, parties_of_occurrence
    from ..scenario.moments import parse_event, parse_occurrence
    from ..scenario.problems import PhraseError, Place, Problem
    from ..scenario.watching import first_of

    names = Names(tuple(trace.hosts))
    try:
        occurrence = parse_occurrence(event)
        _known(trace, parties_of_occurrence(occurrence), called)
        return [each.serial for each in Evidence(trace, names).occurrences(occurrence)]
    except PhraseError as error:
        best = error
    try:
        moment = parse_event(event)
        _known(trace, parties_of_event(moment), called)
        first = first_of(moment, trace, names)
    except PhraseError as error:
        best = error if error.offset > best.offset else best
        problem = Problem(Place(called, 1, best.offset + 1), best.wrong, best.expected, best.nearest)
        raise Wrong(str(problem)) from best
    return [] if first is None else [first]


def _known(trace: Trace, parties: list[Party | None], called: str) -> None:
    """Say which host there is not, and which was probably meant."""
    from ..scenario.problems import Place, Problem, nearest_word, one_of, shown

    for party in parties:
        if party is not None and party.name not in trace.hosts:
            near = nearest_word(party.name, trace.hosts)
            wrong = f"there is no host {shown(party.name)}"
            raise Wrong(str(Problem(Place(called, 1, party.offset + 1), wrong, one_of(trace.hosts), near)))
