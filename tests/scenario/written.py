"""Scenarios for the tests: those of the library, each run once, and small ones written on the spot."""

from __future__ import annotations

import functools
import json
from typing import Any

from tcpsim.scenario import Run, Scenario, ScenarioError, library, load, loads, run
from tcpsim.scenario.document import parse

NAMES = [entry.name for entry in library()]

SMALL = """\
title: A handshake
profile: plain
hosts:
  client: {iss: 100}
  server: {iss: 300}
links:
  - between: [client, server]
    delay: 50ms
    faults: []
script:
  - {host: server, call: listen, port: 80}
  - {host: client, call: connect, to: "server:80"}
expect:
  states: {client: ESTABLISHED}
"""
"""A scenario that passes; tests replace lines of it."""


@functools.cache
def loaded(name: str) -> Scenario:
    """Return a scenario of the library."""
    return load(name)


@functools.cache
def ran(name: str) -> Run:
    """Return the run of a scenario of the library."""
    return run(loaded(name))


def plain(scenario: Scenario) -> dict[str, Any]:
    """Return what stands in a scenario's file as plain data, to be changed."""
    data: dict[str, Any] = parse(scenario.text, scenario.path).plain()
    return data


def of(data: dict[str, Any]) -> Scenario:
    """Return the scenario that plain data describes: JSON is YAML."""
    return loads(json.dumps(data), "changed.yaml")


def small(**changes: Any) -> Scenario:
    """Return the small scenario with some of its top-level keys changed (None: left out)."""
    data: dict[str, Any] = parse(SMALL, "small.yaml").plain()
    data |= changes
    return of({key: value for key, value in data.items() if value is not None})


def problems(text: str) -> list[str]:
    """Return what is wrong with a text, a line for each problem; [] if it is a scenario."""
    try:
        loads(text, "f.yaml")
    except ScenarioError as error:
        return [str(problem) for problem in error.problems]
    return []
