"""`tcpsim check`: what RFC 9293 does not explain in a capture, and a verdict on each connection.

Rule 1. What is not explained comes first and makes the exit code 1; what is unusual, or can't be judged, does not.
Rule 2. Of a connection that is explained, three lines say how it opened, what became of its data and how it ended.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from ..trace.naming import missing, shown_name, shown_socket
from .group import FAILED, Wrong
from .screen import screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..capture.checking import Report as Found
    from ..capture.streams import IcmpSeen
    from ..capture.verdict import EndVerdict, Judgement, Verdict
    from ..tcp.units import Time
    from .reporting import Report

MOST_TOLD: Final = 5
"""So many segments that are not explained are told of each connection, unless --all is said."""
MOST_CONNECTIONS: Final = 20
"""So many connections of either sort are told in full, unless --all is said."""
EXAMPLES: Final = """
\b
Examples:
  tcpsim check capture.pcapng               every connection of a capture
  tcpsim check capture.pcapng --stream 3    one of them
  tcpsim check *.pcap --json                for other programs
"""


@click.command(short_help="Tell what RFC 9293 does not explain in a capture.", epilog=EXAMPLES)
@click.argument("captures", nargs=-1, required=True, type=click.Path(), metavar="CAPTURE...")
@click.option("--stream", type=click.IntRange(0), metavar="N", help="Only this connection, counted from 0.")
@click.option("--all", "everything", is_flag=True, help="Tell of all connections and segments, however many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: each verdict and each judgement.")
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
@click.pass_context
def check(
    ctx: click.Context,
    captures: tuple[str, ...],
    stream: int | None,
    everything: bool,
    as_json: bool,
    ascii: bool,
    width: int | None,
) -> None:
    """Walk both state machines of each connection along a capture (pcap or pcapng) and report what RFC 9293
    does not explain, first the first such segment, with the paragraph; and how each connection opened, what it
    lost and how it closed.

    Exit codes: 0 everything is explained, 1 something is not, 2 the input is wrong.
    """
    from .reporting import Report

    if stream is not None and len(captures) > 1:
        raise click.UsageError("--stream takes one capture at a time")
    report = Report(screen(width), ascii=ascii, everything=everything)
    all_found = []
    for number, path in enumerate(captures):
        found = _checked(path, stream)
        all_found.append(found)
        if as_json:
            continue
        if number:
            report.console.print()
        _tell(report, found, named=len(captures) > 1)
    if as_json:
        click.echo(json.dumps([_as_json(found) for found in all_found], indent=1))
    ctx.exit(0 if all(found.explained for found in all_found) else FAILED)


def _checked(path: str, stream: int | None) -> Found:
    """Return what is found in a capture; Wrong, with the octet, if it can't be read."""
    from ..capture import CaptureError
    from ..capture.checking import check as check_capture

    name = shown_name(path)
    try:
        with _progress(name) as step:
            return check_capture(path, stream, step)
    except CaptureError as error:
        raise Wrong(str(error)) from error
    except FileNotFoundError as error:
        raise Wrong(f"{name}: {missing(path)}") from error
    except (OSError, ValueError) as error:
        raise Wrong(f"{name}: can't be read: {getattr(error, 'strerror', None) or error}") from error


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show on standard error how far a capture is read, if a person sits there."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("checking {task.description}", markup=False), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as shown:
        task = shown.add_task(name, total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of or None)


def _as_json(found: Found) -> dict[str, object]:
    survey = found.survey
    return {
        "capture": survey.path, "explained": found.explained, "frames": survey.frames, "not_tcp": survey.others,
        "without_time": survey.untimed,
        "cut": None if survey.cut is None else str(survey.cut),
        "connections": [verdict.as_json() for verdict in found.verdicts],
    }  # fmt: skip


# ---------------------------------------------------------------------- told


def _tell(report: Report, found: Found, *, named: bool) -> None:
    if named:
        report.line(shown_name(found.survey.path), "bold")
    bad = [verdict for verdict in found.verdicts if not verdict.explained]
    good = [verdict for verdict in found.verdicts if verdict.explained]
    for verdicts, words, style in ((bad, "not explained", "red"), (good, "all explained", "")):
        told = verdicts if report.everything else verdicts[:MOST_CONNECTIONS]
        for verdict in told:
            _tell_one(report, verdict)
            report.console.print()
        if len(told) < len(verdicts):
            report.line(f"and {len(verdicts) - len(told):,} more connections, {words}; --all tells of them", style)
    if found.survey.cut is not None:
        report.line(f"{found.survey.cut}", "yellow")
    if found.survey.untimed:
        frames = "1 frame has" if found.survey.untimed == 1 else f"{found.survey.untimed:,} frames have"
        report.line(f"{frames} no time: what is said of times means little there", "yellow")
    if found.survey.beyond:
        report.line(f"{found.survey.beyond:,} frames of further connections were not looked at", "yellow")
    _sum_up(report, found, len(bad))


def _sum_up(report: Report, found: Found, bad: int) -> None:
    count = len(found.verdicts)
    good_sign, bad_sign = ("ok", "FAILED") if report.ascii else ("✓", "✗")
    connections = "1 connection" if count == 1 else f"{count:,} connections"
    if not bad:
        report.line(f"{good_sign} {connections}: RFC 9293 explains every segment that can be judged", "bold green")
    else:
        which = "it" if count == 1 else f"{bad:,} of them"
        report.line(f"{bad_sign} {connections}: RFC 9293 does not explain all of {which}", "bold red")


def _tell_one(report: Report, verdict: Verdict) -> None:
    client, server = verdict.ends
    ends = f"{shown_socket(*client.address)} > {shown_socket(*server.address)}"
    report.line(f"stream {verdict.stream}: {ends}, {verdict.frames:,} frames", "bold")
    trip = "" if verdict.round_trip is None else f"; round trip {_duration(verdict.round_trip)}"
    _line(report, "opened", f"{verdict.opened}{trip}")
    if verdict.options:
        _line(report, "agreed", "; ".join(verdict.options))
    for name, end in (("client", client), ("server", server)):
        if client.address != server.address or end is client:  # a connection to itself has one end
            _line(report, name, _sent(end))
    waits = {"": "", "both": "; both were left in TIME-WAIT"}.get(
        verdict.time_wait, f"; {verdict.time_wait} was left in TIME-WAIT"
    )
    _line(report, "closed", f"{verdict.closed}{waits}")
    for error in verdict.errors:
        _line(report, "icmp", _error(error))
    _tell_judgements(report, verdict)


def _tell_judgements(report: Report, verdict: Verdict) -> None:
    from ..capture.verdict import NOT_EXPLAINED, NOT_JUDGED, UNUSUAL

    styles = {NOT_EXPLAINED: "red", UNUSUAL: "yellow", NOT_JUDGED: "bright_black"}
    for kind, style in styles.items():
        judgements = verdict.of_kind(kind)
        told = judgements if report.everything else judgements[:MOST_TOLD]
        for judgement in told:
            _tell_judgement(report, judgement, style)
        more = (verdict.counts[kind] if kind == NOT_EXPLAINED else len(judgements)) - len(told)
        if more > 0:
            report.line(f"and {more:,} more that are {kind}", style, indent=2)


def _tell_judgement(report: Report, judgement: Judgement, style: str) -> None:
    from ..capture.streams import SIDES

    cite = f": {judgement.reason.cite}" if judgement.reason.cite else ""
    who = SIDES[judgement.side]
    report.line(f"frame {judgement.frame}, {judgement.kind}{cite}", f"bold {style}", indent=2)
    report.line(f"{_duration(judgement.time)}  {who}  {judgement.segment!r}", indent=4, hang=2)
    detail = f" ({judgement.detail})" if judgement.detail else ""
    report.line(f"{judgement.reason.sentence}{detail}", style, indent=4)


def _line(report: Report, name: str, words: str) -> None:
    report.line(f"{name:<7} {words}", indent=2, hang=8)


def _sent(end: EndVerdict) -> str:
    parts = [f"{_number(end.segments, 'segment')}, {_number(end.octets, 'octet')}"]
    if end.syns > 1:
        parts.append(f"SYN sent {'twice' if end.syns == 2 else f'{end.syns:,} times'}")
    if end.retransmitted:
        parts.append(f"{end.retransmitted:,} retransmitted")
    if end.unseen:
        parts.append(f"{end.unseen:,} late: lost or overtaken before the capture")
    if end.probes:
        parts.append(_number(end.probes, "probe"))
    if end.copies:
        parts.append(f"{end.copies:,} seen twice")
    states = f"; {' or '.join(end.states)} at the end" if end.states else ""
    return f"{', '.join(parts)}{states}"


def _error(error: IcmpSeen) -> str:
    from ..capture.streams import SIDES

    mtu = f" (MTU {error.mtu})" if error.mtu else ""
    return f"frame {error.frame}, to {SIDES[error.side]}: {error.error}{mtu}, about SEQ={error.seq}"


def _number(count: int, word: str) -> str:
    return f"1 {word}" if count == 1 else f"{count:,} {word}s"


def _duration(time: Time) -> str:
    """Return a time with three figures, as people read times."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        if abs(time) >= size:
            return f"{time / size:.3f} {unit}" if unit == "s" else f"{time / size:.3g} {unit}"
    return f"{time} ns"
