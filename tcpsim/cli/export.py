"""`tcpsim export`: what happened in a scenario, in the language of another tool: packetdrill's, or a capture."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..trace.naming import shown_name
from .captures import chosen, is_capture
from .group import INTERRUPTED, Wrong
from .inputs import ScenarioName, file_of, is_meant_as_trace, read_scenario, run_scenario, trace_of
from .screen import not_onto, patience, writing

if TYPE_CHECKING:
    from ..packetdrill.exporting import Exported
    from ..scenario import Run
    from ..tcp.config import Config
    from ..tcp.units import Time
    from ..trace import Trace


EXAMPLES: Final = """
\b
Examples:
  tcpsim export handshake --packetdrill                 print it
  tcpsim export lost-syn --packetdrill -o lost-syn.pkt  keep it
  tcpsim export mine.yaml --packetdrill --side server   the other end's view
  tcpsim export lossy --packetdrill --seed 7 --profile linux -o lossy.pkt
  tcpsim export lossy -o lossy.pcapng                   for Wireshark
  tcpsim export lossy --pcap --side server -o lossy.cap
  tcpsim export lossy --side client-server -o link.pcapng
  tcpsim export seen.pcap --stream 1 -o noted.pcapng    with what is inferred
"""
LANGUAGES: Final = ("packetdrill", "pcap", "pcapng")
_SUFFIXES: Final = {".pkt": "packetdrill", ".pcap": "pcap", ".pcapng": "pcapng"}
_SECONDS: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Epoch(click.ParamType):  # type: ignore[type-arg]  # generic only in later versions of click
    """When a run began: seconds since 1970, or a date and time, as nanoseconds since 1970."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Time:
        """Return the nanoseconds; a usage error for what is no time."""
        word = str(value)
        if _SECONDS.fullmatch(word):
            return int(Decimal(word) * 1_000_000_000)
        try:
            moment = datetime.fromisoformat(word)
        except ValueError:
            self.fail(f"expected seconds since 1970, or a time such as 2026-01-31T12:00:00Z, not {shown_name(word)!r}")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _BEGINNING) // timedelta(microseconds=1) * 1000


@click.command(short_help="Write a run as a capture or as a packetdrill script.", epilog=EXAMPLES)
@click.argument("file", type=ScenarioName(), metavar="FILE")
@click.option("--packetdrill", "language", flag_value="packetdrill", help="Write a script for packetdrill.")
@click.option("--pcap", "language", flag_value="pcap", help="Write a capture, as pcap: one vantage point.")
@click.option("--pcapng", "language", flag_value="pcapng", help="Write a capture, as pcapng: every vantage point.")
@click.option("--side", metavar="HOST", help="The host; in a capture a link too: client-server.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Its name can say the language.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The seed of all chance.")
@click.option("--profile", metavar="NAME", help="The hosts' profile; see `tcpsim profiles`.")
@click.option("--link", type=click.Choice(["raw", "ethernet"]), help="The link layer in a capture; by default raw.")
@click.option("--epoch", type=Epoch(), metavar="TIME", help="When a capture's run began; by default 1970.")
@chosen
@click.pass_context
def export(
    ctx: click.Context,
    file: str,
    language: str | None,
    side: str | None,
    output: Path | None,
    seed: int | None,
    profile: str | None,
    link: str | None,
    epoch: Time | None,
    stream: int | None,
    merge: str | None,
) -> None:
    """Run a scenario and write what can be seen of it, for another tool.

    A capture (--pcap, --pcapng) has each packet as a host or a link sees it, to the nanosecond. pcapng has
    an interface for every vantage point, with comments that tell states, reasons and losses; pcap has one,
    by default the first host. FILE may be a trace too, or a capture: of several TCP connections, --stream says which.

    A packetdrill script has one host as the kernel under test, by default the first: its application's calls
    become system calls, what arrives becomes inbound packets, what it sends outbound ones, also where they
    are lost. The script opens with the command that runs it back, which has been tried. What no script can
    say is an error, with its time.
    """
    language = _language(language, output)
    not_onto(file_of(file), output, "--output")
    if merge is not None:
        not_onto(Path(merge), output, "--output")
    if language != "packetdrill":
        if output is None:
            raise click.UsageError(f"a capture is not printed: name a file, -o FILE.{language}")
        trace = trace_of(file, seed=seed, profile=profile, stream=stream, merge=merge)
        _capture(ctx, trace, language, side, output, link or "raw", epoch or 0)
        return
    if link is not None or epoch is not None:
        raise click.UsageError("--link and --epoch are for captures: --pcap or --pcapng")
    if is_meant_as_trace(file):
        raise Wrong(
            f"{shown_name(file)}: a trace does not hold the knobs of its hosts; name the scenario that it is of"
        )
    if is_capture(file):
        raise Wrong(f"{shown_name(file)}: a capture does not tell what its hosts' applications called; name a scenario")
    if stream is not None or merge is not None:
        raise click.UsageError("--stream and --merge take a capture")
    run = run_scenario(read_scenario(file), seed=seed, profile=profile)
    if run.ended == "interrupted":
        ctx.exit(INTERRUPTED)
    made = _exported(run, _side(run, side), shown_name(file))
    if output is None:
        click.echo(made.text(), nl=False)
        return
    with writing(output):
        output.write_text(made.text(output.name), "utf-8", newline="\n")
    click.echo(f"wrote {shown_name(output)}")


def _language(asked: str | None, output: Path | None) -> str:
    """Return the language that was asked for by an option or by a file's name."""
    language = asked or ("" if output is None else _SUFFIXES.get(output.suffix.lower(), ""))
    if not language:
        raise click.UsageError("say in which language: --packetdrill, --pcap or --pcapng")
    return language


def _capture(
    ctx: click.Context, trace: Trace, form: str, side: str | None, output: Path, link: str, epoch: Time
) -> None:
    """Write a capture and say how many frames it has; Wrong for what can't be written."""
    from ..capture.vantage import named, vantages
    from ..capture.writing import LINKS, write_capture
    from ..trace import Ended

    if any(ended.reason == "interrupted" for ended in trace.of_kind(Ended)):
        ctx.exit(INTERRUPTED)
    if side is not None and named(trace, side) is None:
        raise _no_side(side, [point.name for point in vantages(trace)], "host or link")
    try:
        with writing(output):
            frames = write_capture(trace, output, side, form=form, link=LINKS[link], epoch=epoch)
    except ValueError as error:
        raise Wrong(f"{shown_name(output)}: can't be written: {error}") from error
    click.echo(f"wrote {shown_name(output)}: {frames} frame{'' if frames == 1 else 's'}")


def _side(run: Run, asked: str | None) -> str:
    """Return the host under test; Wrong for one that there is not."""
    hosts = run.trace.hosts
    if asked is None:
        return hosts[0]
    if asked not in hosts:
        raise _no_side(asked, hosts, "host")
    return asked


def _no_side(asked: str, known: list[str], kind: str) -> Wrong:
    """Return the error about a --side that there is not, with the nearest right word."""
    from ..scenario.problems import nearest_word, one_of, shown

    near = nearest_word(asked, known)
    hint = f"; did you mean {near!r}?" if near else ""
    return Wrong(f"--side: there is no {kind} {shown(asked)}; expected {one_of(known)}{hint}")


def _exported(run: Run, side: str, name: str) -> Exported:
    """Return the script; Wrong, with the time in the run, where none can say what happened."""
    from ..packetdrill.exporting import NotExpressible, export

    host = run.network.hosts[side]
    configs: dict[int | None, Config] = {None: host.config}
    configs |= {number: connection.endpoint.cfg for number, connection in host.connections.items()}
    try:
        with patience(f"running {shown_name(run.scenario.name)} back"):
            return export(run.trace, side, configs, host.profile)
    except NotExpressible as error:
        raise Wrong(f"{name}: {side} {error}") from error
