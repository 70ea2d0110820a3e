"""Coverage: what traces say was exercised, by how many runs, and what was not."""

from __future__ import annotations

import json

from tcpsim import Trace, run
from tcpsim.tcp.diagram import BEYOND_THE_FIGURE, CLOSED, EDGES, ESTABLISHED, FIGURE_5, LISTEN, Event
from tcpsim.tcp.requirements import REQUIREMENTS
from tcpsim.tcp.rules import CATALOGUE, OPEN_PASSIVE, PERSIST_PROBE, TIME_WAIT_STARTED
from tcpsim.trace import Moved, Note, TimerSet
from tcpsim.trace.coverage import BESIDE, KINDS, Coverage


def trace(*rows: tuple[object, ...]) -> Trace:
    made = Trace()
    for row in rows:
        made.append(row)
    return made


OPENS = trace((Moved, 0, "host", 1, OPEN_PASSIVE, CLOSED, LISTEN, Event.PASSIVE_OPEN))
PROBES = trace((TimerSet, 0, "host", 1, PERSIST_PROBE, "persist", 5), (Note, 0, "host", None, None, "said"))


def test_an_edge_and_its_rule_are_exercised_by_the_runs_that_took_it() -> None:
    found = Coverage()
    for name in ("first", "second", "first"):
        found.add(OPENS, name)
    assert found.runs == ("first", "second")
    figure, beyond, rules, _ = found.shares()
    assert [(item.name, item.runs) for item in figure.exercised] == [
        ("CLOSED --[passive OPEN]--> LISTEN", ("first", "second"))
    ]
    assert figure.exercised[0].cite == "RFC 9293 3.3.2, Figure 5"
    assert [item.name for item in rules.exercised] == ["open.passive"]
    assert (figure.total, len(figure.missing)) == (20, 19)
    assert (beyond.total, len(beyond.exercised)) == (len(BEYOND_THE_FIGURE), 0)


def test_a_rule_shows_the_requirements_that_name_it() -> None:
    found = Coverage()
    found.add(OPENS, "opens")
    found.add(PROBES, "probes")
    share = found.shares()[-1]
    shown = {item.name for item in share.exercised}
    assert (
        shown == {each.id for each in REQUIREMENTS.values() if "persist.probe" in each.rules} >= {"SHLD-29", "MUST-36"}
    )
    assert {item.runs for item in share.exercised} == {("probes",)}
    assert share.total == sum(1 for each in REQUIREMENTS.values() if each.rules)
    assert "MUST-2" not in {item.name for item in share.missing}, "no run can show a checksum"


def test_what_only_explains_exercises_nothing() -> None:
    plain, explained = run("handshake").trace, run("handshake", explained=True).trace
    beside = [record for record in explained if isinstance(record, BESIDE)]
    assert {type(record) for record in beside} == set(BESIDE)
    told = []
    for each in (plain, explained):
        found = Coverage()
        found.add(each, "handshake")
        told.append(found.as_json())
    assert told[0] == told[1]


def test_a_move_that_no_endpoint_makes_is_no_edge() -> None:
    found = Coverage()
    found.add(trace((Moved, 0, "host", 1, TIME_WAIT_STARTED, LISTEN, ESTABLISHED, Event.CLOSE)), "mutant")
    assert len(found.missing("edges")) == len(EDGES)
    assert "time-wait.started" not in {item.name for item in found.missing("rules")}


def test_every_edge_is_known_by_what_a_record_tells() -> None:
    assert len({(edge.source, edge.event, edge.target) for edge in EDGES}) == len(EDGES) > len(FIGURE_5)


def test_as_json() -> None:
    found = Coverage()
    found.add(OPENS, "opens")
    told = json.loads(json.dumps(found.as_json()))
    assert list(told) == ["runs", *KINDS]
    assert told["runs"] == ["opens"]
    assert (len(told["edges"]), len(told["rules"])) == (len(EDGES), len(CATALOGUE))
    assert {
        "name": "open.passive",
        "cite": OPEN_PASSIVE.cite,
        "says": OPEN_PASSIVE.sentence,
        "runs": ["opens"],
    } in told["rules"]
