"""Properties along a run: what `explore` names is asked of every event, and fails the run where it is broken."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from click.testing import CliRunner

from tcpsim.cli import commands
from tcpsim.net.connection import Connection
from tcpsim.net.explained import ExplainedConnection
from tcpsim.properties import PROPERTIES, End, Kind, Property, Step, World
from tcpsim.scenario import Run, loads, run
from tcpsim.scenario.plans import Asked
from tcpsim.scenario.problems import Place
from tcpsim.scenario.witnessing import Witness
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN
from tests.scenario.written import NAMES, loaded, ran, small

CLOSING = """\
title: The client closes first
profile: plain
hosts:
  client: {iss: 100}
  server: {iss: 300}
script:
  - {host: server, call: open, port: 80, active: false}
  - {host: client, call: connect, to: "server:80", data: hello}
  - {when: client is ESTABLISHED, host: client, call: close}
  - {when: server is CLOSE-WAIT, host: server, call: send, octets: 3}
  - {host: server, call: close}
explore:
  EXPLORE
"""
ALL = ", ".join(each.name for each in PROPERTIES.values() if each.kind is not Kind.LEADS_TO)
ENDS = ", ".join(each.name for each in PROPERTIES.values() if each.kind is Kind.LEADS_TO)


def closing(explore: str, **settings: Any) -> Run:
    return run(loads(CLOSING.replace("EXPLORE", explore), "f.yaml"), **settings)


def failures(done: Run) -> list[str]:
    return [str(failure) for failure in done.failures]


# ------------------------------------------------------------------ what is named is asked


def test_every_property_of_the_catalogue_holds_along_a_run() -> None:
    done = closing(f"always: [{ALL}]\n  eventually: [{ENDS}, client=CLOSED server=CLOSED]\n  never: [server=TIME-WAIT]")
    assert failures(done) == []
    said = [outcome.expected for outcome in done.verdict]
    assert "always agreed-numbers (I1)" in said
    assert "eventually client=CLOSED server=CLOSED" in said
    assert "never server=TIME-WAIT" in said


def test_a_run_is_asked_nothing_that_is_not_named() -> None:
    counts = {len(closing(explore).verdict) for explore in ("faults: 1", "always: []", "order: free")}
    assert counts == {len(run(small()).verdict) - 1}  # which expects a state


def test_a_mutant_breaks_what_always_holds() -> None:
    done = closing("always: [own-fin-acknowledged, I2, A17]", mutant="no-time-wait@client")
    (failure,) = failures(done)
    assert failure == (
        "f.yaml:13:38: expected always time-wait-lasts (A17), but it was violated at 200ms: "
        "client leaves TIME-WAIT at once"
    )
    near = done.failures[0].near_serial
    assert near is not None
    record = done.trace.records[near]
    assert (record.kind, record.host) == ("arrived", "client")


@pytest.mark.parametrize(
    ("mutant", "name"),
    [
        ("two-way-handshake", "closed-and-listen-answer"), ("fin-not-counted", "fin-taken-once"),
        ("one-msl", "time-wait-lasts"),
        ("window-shrunk", "window-never-shrinks"),
    ],
)  # fmt: skip
def test_each_property_catches_its_mutant(mutant: str, name: str) -> None:
    done = closing(f"always: [{name}]", mutant=mutant)
    assert [failure.expected.split()[:2] for failure in done.failures if failure.expected.startswith("always")] == [
        ["always", name]
    ]


def test_what_never_is_names_the_first_time_that_it_was() -> None:
    assert failures(closing("never: [client=ESTABLISHED server=SYN-RECEIVED]")) == [
        "f.yaml:13:11: expected never client=ESTABLISHED server=SYN-RECEIVED, but it was violated at 100ms: "
        "client is ESTABLISHED while server is SYN-RECEIVED"
    ]


def test_the_beginning_counts() -> None:
    (failure,) = failures(closing("never: [client=CLOSED server=CLOSED]"))
    assert "it was violated at 0s" in failure


def test_what_is_to_come_about_is_asked_at_the_end() -> None:
    assert failures(closing("eventually: [client=TIME-WAIT]")) == [
        "f.yaml:13:16: expected eventually client=TIME-WAIT, but it was violated at 60.2s: the run had ended, and "
        "client was CLOSED and server was CLOSED"
    ]
    assert failures(closing("eventually: [client=CLOSED]")) == []


def test_a_listener_listens_again_until_its_user_closes() -> None:
    script: list[dict[str, Any]] = [
        {"host": "server", "call": "listen", "port": 80},
        {"host": "client", "call": "connect", "to": "server:80"},
        {"when": "server is ESTABLISHED", "host": "client", "call": "abort"},
    ]
    explore: dict[str, Any] = {"eventually": ["client=CLOSED server=LISTEN"]}
    assert failures(run(small(script=script, expect=None, explore=explore))) == []
    script[2] |= {"host": "server", "call": "abort"}
    explore = {"eventually": ["client=CLOSED server=CLOSED"]}
    assert failures(run(small(script=script, expect=None, explore=explore))) == []


def test_deliveries_that_never_end_meet_the_limit() -> None:
    script = [
        {"host": "server", "call": "listen", "port": 80},
        {"host": "client", "call": "connect", "to": "server:80"},
        {"when": "server is ESTABLISHED", "call": "inject", "segment": "ACK seq 1 ack 9", "from": "client",
         "to": "server"},
    ]  # fmt: skip
    settings: dict[str, Any] = {"script": script, "expect": None, "explore": {"always": ["L15"]}}
    assert failures(run(small(**settings))) == []
    told = failures(run(small(max_events=3, **settings)))
    assert any("always deliveries-end (L15), but it was violated" in each for each in told)


# ------------------------------------------------------------------ what a property sees


def seen(text: str, **settings: Any) -> tuple[list[Step], list[World]]:
    """Return every event and every pair of ends that a run of a scenario shows to properties."""
    steps: list[Step] = []
    worlds: list[World] = []

    def step(one: Step) -> None:
        steps.append(one)

    def world(one: World) -> None:
        ends = [dataclasses.replace(end, endpoint=end.endpoint.fork()) for end in one.ends]
        worlds.append(World((ends[0], ends[1]), one.flying))

    of_step = Property("steps", "", Kind.STEP, "", "", step=step)
    of_world = Property("worlds", "", Kind.INVARIANT, "", "", world=world)
    scenario = loads(text, "f.yaml")
    explore = scenario.explore
    assert explore is not None
    object.__setattr__(explore, "asked", tuple(Asked(Place("f.yaml"), "always", each) for each in (of_step, of_world)))
    run(scenario, **settings)
    return steps, worlds


def test_events_are_those_of_an_exploration() -> None:
    steps, _ = seen(CLOSING.replace("EXPLORE", "faults: 0"))
    told = [(step.after.name, step.event.kind, step.event.call, str(step.after.state)) for step in steps]
    assert told[:4] == [
        ("server", "call", "open()", "LISTEN"), ("client", "call", "connect()", "SYN-SENT"),
        ("server", "segment", "", "SYN-RECEIVED"), ("client", "segment", "", "ESTABLISHED"),
    ]  # fmt: skip
    assert ("server", "call", "send(3)", "CLOSE-WAIT") in told
    assert told[-1] == ("client", "timeout", "", "CLOSED")
    assert all(step.before.now == step.after.now for step in steps)


def test_ghosts_follow_the_connection() -> None:
    steps, worlds = seen(CLOSING.replace("EXPLORE", "faults: 0"))
    client, server = worlds[-1].ends
    assert (client.sent, client.delivered, client.closed) == (b"hello", bytes(3), True)
    assert client.ended == "connection closed"
    assert (server.sent, server.delivered, server.finished) == (bytes(3), b"hello", True)
    assert (client.incarnation, client.partner, server.incarnation, server.partner) == (1, 1, 1, 1)
    assert worlds[-1].quiet
    assert not any(end.finished for end in worlds[1].ends[1:])
    assert [step.event.incarnation for step in steps if step.event.segment is not None] == [1] * 10


def test_what_is_under_way_is_seen_until_it_arrives_or_dies() -> None:
    lost = CLOSING.replace(
        "script:\n",
        "links:\n  - {between: [client, server], faults: [{drop: 1st SYN}, {duplicate: 1st FIN}]}\nscript:\n",
    )
    _, worlds = seen(lost.replace("EXPLORE", "faults: 0"))
    assert [len(world.flying) for world in worlds[:4]] == [0, 0, 0, 1]
    assert max(len([each for each in world.flying if each.segment.ctl & 1 and each.toward]) for world in worlds) == 2
    assert worlds[-1].quiet


def test_an_injected_segment_belongs_to_nobody_and_an_answer_of_nobody_to_the_host() -> None:
    old = CLOSING.replace("active: false", 'active: false, to: "client:49152"').replace(
        "explore:",
        '  - {at: 70s, call: inject, segment: ACK SEQ=7 ACK=9, from: "client:49152", to: "server:80"}\nexplore:',
    )
    steps, _ = seen(old.replace("EXPLORE", "faults: 0"))
    stray, answered = steps[-2:]
    assert (stray.after.name, stray.before.state, stray.event.incarnation) == ("server", CLOSED, 0)
    assert [segment.seq for segment in stray.segments] == [9]
    assert (answered.after.name, answered.event.segment, answered.event.incarnation) == ("client", stray.segments[0], 1)


def test_a_crash_is_an_event() -> None:
    crash = CLOSING.replace("  - {host: server, call: close}\n", "  - {host: server, call: crash}\n")
    steps, worlds = seen(crash.replace("EXPLORE", "faults: 0"))
    (crashed,) = [step for step in steps if step.event.kind == "crash"]
    assert (crashed.before.name, str(crashed.before.state), crashed.after.state) == ("server", "CLOSE-WAIT", CLOSED)
    assert (crashed.before.partner, crashed.after.partner) == (1, 0)
    assert worlds[-1].ends[1].state is CLOSED


def test_a_call_that_is_refused_is_an_event_that_changes_nothing() -> None:
    twice = CLOSING.replace("  - {host: server, call: close}\n", "  - {host: server, call: close}\n" * 2)
    steps, _ = seen(twice.replace("EXPLORE", "faults: 0"))
    (refused,) = [step for step in steps if step.event.error]
    assert (refused.event.call, refused.event.error) == ("close()", "error: connection closing")
    assert refused.before.endpoint.state is refused.after.endpoint.state


def test_an_old_connection_is_replaced_by_a_new_one_between_the_same_sockets() -> None:
    text = CLOSING.replace("open, port: 80, active: false", "listen, port: 80").replace(
        "explore:", '  - {at: 70s, host: client, call: connect, port: 49152, to: "server:80"}\nexplore:'
    )
    _, worlds = seen(text.replace("EXPLORE", "faults: 0"))
    client, server = worlds[-1].ends
    assert (client.state, server.state) == (ESTABLISHED, ESTABLISHED)
    assert (client.incarnation, client.partner, server.incarnation, server.partner) == (2, 2, 2, 2)
    assert client.delivered == b""


def test_a_mutants_knobs_are_not_those_that_are_meant() -> None:
    steps, _ = seen(CLOSING.replace("EXPLORE", "faults: 0"), mutant="one-msl@client")
    ends: dict[str, End] = {step.after.name: step.after for step in steps}
    assert ends["client"].meant is None or ends["client"].config.msl == ends["server"].config.msl
    assert ends["server"].meant is None


# ------------------------------------------------------------------ who asks nothing pays nothing


def test_an_ordinary_run_has_ordinary_connections_and_no_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nobody is to be asked")

    monkeypatch.setattr(Witness, "__init__", refuse)
    for scenario in (small(), small(explore={"faults": 1})):
        done = run(scenario)
        assert {type(each) for host in done.network.hosts.values() for each in host.connections.values()} == {
            Connection
        }


def test_asking_leaves_no_trace() -> None:
    asked = small(explore={"always": ALL.split(", ")})
    plain, explained = run(asked), run(asked, explained=True)
    assert plain.trace.digest == run(small()).trace.digest
    assert explained.trace.digest == run(small(), explained=True).trace.digest
    assert plain.passed
    assert explained.passed
    (connection,) = explained.network.hosts["client"].connections.values()
    assert isinstance(connection, ExplainedConnection)


@pytest.mark.parametrize("name", [name for name in NAMES if len(loaded(name).hosts) == 2])
def test_the_library_keeps_to_the_catalogue(name: str) -> None:
    """But where it shows what happens to those who take old segments for new ones."""
    scenario = loaded(name)
    if any(link.nat or link.firewall for link in scenario.links):
        return
    text = re.sub(r"^explore:(\n+ .*)*\n", "", scenario.text, flags=re.MULTILINE)
    done = run(loads(f"{text}\nexplore:\n  always: [{ALL}]\n  eventually: [{ENDS}]\n", scenario.path))
    broken = {each.expected for each in done.failures}
    known = {
        "syn-with-data": {"agreed-numbers", "delivered-is-a-prefix", "old-duplicates-add-nothing"},
        "quiet-time": {"delivered-is-a-prefix", "old-duplicates-add-nothing"},
    }
    assert {each.split()[1] for each in broken} == known.get(name, set())
    assert done.trace.digest == ran(name).trace.digest


# ------------------------------------------------------------------ the command


def test_the_command_tells_where_and_when(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.yaml").write_text(CLOSING.replace("EXPLORE", "always: [A17]"), "utf-8")
    good = CliRunner().invoke(commands.tcpsim, ["run", "-q", "f.yaml"])
    assert good.exit_code == 0, good.output
    bad = CliRunner().invoke(commands.tcpsim, ["run", "-q", "f.yaml", "--mutant", "no-time-wait"])
    assert bad.exit_code == 1
    assert "f.yaml:13:12:" in bad.output
    assert "always time-wait-lasts (A17)" in bad.output


def test_views_have_states() -> None:
    _, worlds = seen(CLOSING.replace("EXPLORE", "faults: 0"))
    assert [end.state for end in worlds[0].ends] == [CLOSED, CLOSED]
    assert [end.state for end in worlds[1].ends] == [CLOSED, LISTEN]
