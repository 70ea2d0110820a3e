"""The JSON Schema: valid as draft-07, true to the scenarios, and of use to an editor."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tcpsim.scenario import schema
from tcpsim.tcp.config import KNOBS
from tests.scenario.test_broken import CASES
from tests.scenario.written import NAMES, SMALL, loaded, plain, small

SCHEMA = schema()
VALIDATOR = Draft7Validator(SCHEMA)


def wrong(data: Any) -> list[str]:
    return sorted(error.json_path for error in VALIDATOR.iter_errors(data))


def test_the_schema_is_a_valid_draft_07_schema_and_plain_json() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_the_schema_uses_nothing_that_draft_07_does_not_have() -> None:
    text = json.dumps(SCHEMA)
    for later in ("$defs", "prefixItems", "unevaluatedProperties", "discriminator", "dependentRequired", '"null"'):
        assert later not in text


def test_the_schema_is_the_same_each_time() -> None:
    assert json.dumps(schema()) == json.dumps(SCHEMA)


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_admits_every_scenario(name: str) -> None:
    assert wrong(plain(loaded(name))) == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"titel": "x"}, "$"),
        ({"title": 5}, "$.title"),
        ({"profile": "plane"}, "$.profile"),
        ({"hosts": {"client": {"isss": 1}, "server": {}}}, "$.hosts.client"),
        ({"hosts": {"client": {"iss": -1}, "server": {}}}, "$.hosts.client.iss"),
        ({"hosts": {"client": {"msl": 30}, "server": {}}}, "$.hosts.client.msl"),
        ({"hosts": {"client": {"nagle": "yes"}, "server": {}}}, "$.hosts.client.nagle"),
        ({"hosts": {"2nd": {}, "server": {}}}, "$.hosts"),
        ({"links": [{"between": ["client"]}]}, "$.links[0].between"),
        ({"links": [{"between": ["client", "server"], "delay": "50"}]}, "$.links[0].delay"),
        ({"links": [{"between": ["client", "server"], "loss": "1 in 20"}]}, "$.links[0].loss"),
        ({"links": [{"between": ["client", "server"], "faults": [{"by": "3s"}]}]}, "$.links[0].faults[0]"),
        ({"script": []}, "$.script"),
        ({"script": [{"call": "listen", "host": "server"}]}, "$.script[0]"),
        ({"script": [{"call": "lisen", "host": "server", "port": 80}]}, "$.script[0]"),
        ({"expect": {"states": {"client": "ESTABLISHD"}}}, "$.expect.states.client"),
        ({"expect": {"signals": {"client": ["hello"]}}}, "$.expect.signals.client[0]"),
        ({"expect": {"count": {"any SYN": "many"}}}, "$.expect.count['any SYN']"),
        ({"expect": {"ends": "never"}}, "$.expect.ends"),
        ({"until": "soon"}, "$.until"),
    ],
)
def test_the_schema_marks_a_mistake_where_it_stands(changes: dict[str, Any], path: str) -> None:
    data = plain(small()) | changes
    assert path in wrong(data)


def test_what_the_schema_refuses_is_refused_by_the_loader() -> None:
    """The table of broken files: no file that loads is refused by the schema."""
    from tcpsim.scenario import ScenarioError
    from tcpsim.scenario.document import parse

    refused = 0
    for text, _ in CASES.values():
        try:
            data = parse(text, "f.yaml").plain()
        except ScenarioError:
            continue
        refused += bool(wrong(data))
    assert refused >= 35
    assert wrong(parse(SMALL, "f.yaml").plain()) == []


def test_every_knob_is_in_the_schema_with_its_paragraph() -> None:
    for place in ("Host", "Knobs"):
        properties = SCHEMA["definitions"][place]["properties"]
        for name, knob in KNOBS.items():
            assert knob.cite in properties[name]["description"]


def test_everything_that_can_be_written_is_described() -> None:
    for name, definition in SCHEMA["definitions"].items():
        assert definition["description"], name
        for key, value in definition["properties"].items():
            if key != "call":
                assert value.get("description") or "allOf" in value, f"{name}.{key} says nothing"
