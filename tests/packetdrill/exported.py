"""Scenarios as scripts: how the tests export one side of a run, and run it back."""

from __future__ import annotations

from dataclasses import replace

from tcpsim.packetdrill import Result, run_text
from tcpsim.packetdrill.exporting import Exported, NotExpressible, export
from tcpsim.scenario import Run, loads, run
from tcpsim.tcp.config import Config

HEAD = """
title: Written for these tests
profile: plain
hosts:
  client: {{{client}}}
  server: {{{server}}}
links:
  - between: [client, server]
    delay: 50ms
{faults}
script:
"""
OPENING = """\
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
"""


def ran(script: str, *, opening: str = OPENING, client: str = "", server: str = "", faults: str = "") -> Run:
    """Run a scenario between a client and a server, 50 ms apart; it begins with a handshake."""
    text = HEAD.format(client=client, server=server, faults=faults)
    lines = "".join(f"  - {{{line.strip()}}}\n" for line in script.strip().splitlines())
    return run(loads(text + opening + lines))


def export_of(done: Run, side: str) -> Exported:
    """Export one side of a run."""
    host = done.network.hosts[side]
    configs: dict[int | None, Config] = {None: host.config}
    configs |= {number: connection.endpoint.cfg for number, connection in host.connections.items()}
    return export(done.trace, side, configs, host.profile)


def sides(done: Run) -> dict[str, str]:
    """Export every side of a run; return the lines of its events, or why there are none."""
    found = {}
    for side in done.trace.hosts:
        try:
            text = export_of(done, side).text()
        except NotExpressible as error:
            found[side] = str(error)
        else:
            found[side] = "\n".join(text.split("\n\n")[-1].split("\n"))
    return found


def back(made: Exported, text: str | None = None, *, exact: bool = True) -> Result:
    """Run a script back as it says, or another text in its place."""
    ways = replace(made.ways, tolerance=0 if exact else None)
    return run_text(made.text() if text is None else text, made.script.name, ways)[0]
