"""Whatever a file holds: a scenario that can be run, or a ScenarioError. Nothing else, ever."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcpsim.scenario import Problem, Scenario, ScenarioError, find, loads, run
from tcpsim.scenario.document import decode
from tcpsim.scenario.moments import (
    parse_count,
    parse_event,
    parse_injected,
    parse_occurrence,
    parse_party,
    parse_selector,
    parse_timer,
)
from tcpsim.scenario.problems import PhraseError
from tcpsim.scenario.sights import parse_line
from tests.scenario.written import NAMES, SMALL, loaded, plain

RICH = ("half-close", "lost-last-ack", "why-not-two", "lossy-transfer")
OCTETS = [find(name).read_bytes() for name in RICH]
WORDS = sorted(
    {word for octets in OCTETS for word in octets.decode().split()} | {"&a", "*a", "<<:", "? ", "!!int", "---", "|"}
)

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def attempted(octets: bytes) -> Scenario | None:
    """Load octets; run what loads, for a moment. Only ScenarioError is caught."""
    scenario = None
    problems: list[Problem] = []
    try:
        scenario = loads(decode(octets, "f.yaml"), "f.yaml")
    except ScenarioError as error:
        problems = error.problems
    assert (scenario is None) == bool(problems)
    for problem in problems:
        assert problem.place.file == "f.yaml"
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert problem.wrong
        assert "\n" not in str(problem)
    if scenario is None:
        return None
    for outcome in run(replace(scenario, max_events=min(scenario.max_events, 200))).verdict:
        assert str(outcome)
    return scenario


@quick
@given(st.binary(max_size=200))
def test_octets(octets: bytes) -> None:
    attempted(octets)


@quick
@given(st.text(max_size=200))
def test_text(text: str) -> None:
    attempted(text.encode("utf-8", "surrogatepass"))


@quick
@given(
    st.lists(
        st.sampled_from(WORDS) | st.sampled_from(["\n", "\n  ", "\n    - ", ": ", ", ", "[", "]", "{", "}"]),
        max_size=60,
    )
)
def test_words_of_scenarios_in_any_order(words: list[str]) -> None:
    attempted(" ".join(words).encode())


@quick
@given(
    st.sampled_from(OCTETS),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 30), st.binary(max_size=8)), min_size=1, max_size=4),
)
def test_scenarios_with_some_octets_changed(octets: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for start, length, instead in changes:
        at = start % len(octets)
        octets = octets[:at] + instead + octets[at + length :]
    attempted(octets)


@quick
@given(st.sampled_from(OCTETS), st.data())
def test_scenarios_with_some_words_changed(octets: bytes, data: st.DataObject) -> None:
    lines = octets.decode().split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        words = lines[number].split(" ")
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(WORDS) | st.text(max_size=6))
        lines[number] = " ".join(words)
    attempted("\n".join(lines).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@quick
@given(st.sampled_from(RICH), JSON, st.data())
def test_scenarios_with_any_value_in_any_place(name: str, value: object, data: st.DataObject) -> None:
    whole = plain(loaded(name))
    inside: Any = whole
    while True:
        keys = sorted(inside) if isinstance(inside, dict) else range(len(inside))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(inside[key], (dict, list)) or not inside[key] or data.draw(st.integers(0, 3)) == 0:
            inside[key] = value
            break
        inside = inside[key]
    # JSON writes NaN and Infinity as words, which YAML reads as words.
    attempted(json.dumps(whole).encode())


PARSERS = (
    parse_line, parse_event, parse_selector, parse_timer, parse_occurrence, parse_count, parse_party, parse_injected,
)  # fmt: skip
PHRASE_WORDS = [
    "client",
    "server",
    "any",
    "every",
    "first",
    "2nd",
    "next",
    "two",
    "0th",
    "SYN",
    "SYN,ACK",
    "FIN",
    "data",
    "segment",
    "seq",
    "ack",
    "SEQ=1",
    "1..5",
    "5..1",
    "-3",
    "at",
    "to",
    "from",
    "after",
    "is",
    "ESTABLISHED",
    "received",
    "sent",
    "signals",
    "connection",
    "open",
    "retransmission",
    "2",
    "MSL",
    "set",
    "fired",
    "time",
    "1s",
    "..",
    "least",
    "most",
    "lost",
    "none",
    "99999999999999999999",
    "octets",
    "len",
    "=",
    "SEQ=",
    "ACK=x",
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PARSERS), st.lists(st.sampled_from(PHRASE_WORDS) | st.text(max_size=4), max_size=8))
def test_phrases(parse: object, words: list[str]) -> None:
    assert callable(parse)
    phrase = " ".join(words)
    told = None
    try:
        parse(phrase)
    except PhraseError as error:
        told = error
    if told is not None:
        assert 0 <= told.offset <= len(phrase)
        assert told.wrong


def test_every_prefix_of_a_scenario() -> None:
    octets = SMALL.encode()
    whole = [end for end in range(len(octets) + 1) if attempted(octets[:end]) is not None]
    assert len(octets) in whole


def test_every_scenario_with_one_line_left_out() -> None:
    for name in NAMES[:4]:
        lines = Path(find(name)).read_bytes().split(b"\n")
        for number in range(len(lines)):
            attempted(b"\n".join(lines[:number] + lines[number + 1 :]))
