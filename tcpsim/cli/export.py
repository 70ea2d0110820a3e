"""`tcpsim export`: what happened in a scenario, in the language of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..trace.naming import shown_name
from .group import INTERRUPTED, Wrong
from .inputs import ScenarioName, file_of, is_meant_as_trace, read_scenario, run_scenario
from .screen import not_onto, patience, writing

if TYPE_CHECKING:
    from ..packetdrill.exporting import Exported
    from ..scenario import Run
    from ..tcp.config import Config


EXAMPLES: Final = """
\b
Examples:
  tcpsim export handshake --packetdrill                 print it
  tcpsim export lost-syn --packetdrill -o lost-syn.pkt  keep it
  tcpsim export mine.yaml --packetdrill --side server   the other end's view
  tcpsim export lossy --packetdrill --seed 7 --profile linux -o lossy.pkt
"""


@click.command(short_help="Write a scenario's run as a packetdrill script.", epilog=EXAMPLES)
@click.argument("file", type=ScenarioName(), metavar="FILE")
@click.option("--packetdrill", is_flag=True, help="Write a script for packetdrill.")
@click.option("--side", metavar="HOST", help="The host under test; by default the scenario's first.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.pkt", help="By default it is printed.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The seed of all chance.")
@click.option("--profile", metavar="NAME", help="The hosts' profile; see `tcpsim profiles`.")
@click.pass_context
def export(
    ctx: click.Context,
    file: str,
    packetdrill: bool,
    side: str | None,
    output: Path | None,
    seed: int | None,
    profile: str | None,
) -> None:
    """Run a scenario and write what one of its hosts sees and does as a packetdrill script.

    The host is the kernel under test: its application's calls become system calls, what arrives becomes
    inbound packets, what it sends outbound ones, also where they are lost. The script opens with the
    command that runs it back, which has been tried. What no script can say is an error, with its time.
    """
    if not packetdrill:
        raise click.UsageError("say in which language: --packetdrill")
    if is_meant_as_trace(file):
        raise Wrong(
            f"{shown_name(file)}: a trace does not hold the knobs of its hosts; name the scenario that it is of"
        )
    not_onto(file_of(file), output, "--output")
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


def _side(run: Run, asked: str | None) -> str:
    """Return the host under test; Wrong for one that there is not."""
    from ..scenario.problems import nearest_word, one_of, shown

    hosts = run.trace.hosts
    if asked is None:
        return hosts[0]
    if asked not in hosts:
        near = nearest_word(asked, hosts)
        hint = f"; did you mean {near!r}?" if near else ""
        raise Wrong(f"--side: there is no host {shown(asked)}; expected {one_of(hosts)}{hint}")
    return asked


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
