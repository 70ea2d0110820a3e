"""The table of requirements: complete, and nothing in it that is not so.

The numbers come from `tests/tcp/rfc9293.py`, which has them from the RFC's text. What an entry names exists: code,
knobs, rules and tests; and whatever in the code cites a requirement is in its entry.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tcpsim.tcp.config import KNOBS
from tcpsim.tcp.requirements import LEVELS, REQUIREMENTS, STATUSES, Requirement
from tcpsim.tcp.requirements.entry import FOLLOWED, NOT_MODELLED, PARTLY
from tcpsim.tcp.rules import CATALOGUE
from tests.tcp.rfc9293 import REQUIREMENTS as STATED

TESTS = Path(__file__).parent.parent
ONLY_IN_APPENDIX_B = {"MUST-22": "3.8.3"}
"""The number stands in no section; the sentence it belongs to stands in this one."""
_NUMBER = re.compile(r"\b(?:MUST|SHLD|REC|MAY)-\d+")

EACH = pytest.mark.parametrize("each", REQUIREMENTS.values(), ids=list(REQUIREMENTS))


# ---------------------------------------------------------------------- complete


def test_every_number_is_there_and_no_other() -> None:
    assert set(REQUIREMENTS) == set(STATED)
    counts = {level: sum(each.level == level for each in REQUIREMENTS.values()) for level in LEVELS}
    assert counts == {"MUST": 69, "SHLD": 31, "REC": 1, "MAY": 18}
    for level, count in counts.items():
        assert {f"{level}-{number}" for number in range(1, count + 1)} <= set(REQUIREMENTS)


@EACH
def test_it_is_cited_where_it_is_stated(each: Requirement) -> None:
    stated = STATED[each.id] or {ONLY_IN_APPENDIX_B[each.id]}
    assert each.section in stated


def test_they_follow_the_order_of_the_sections() -> None:
    sections = [tuple(map(int, each.section.split("."))) for each in REQUIREMENTS.values()]
    assert sections == sorted(sections)


# ---------------------------------------------------------------------- in words


@EACH
def test_it_is_one_plain_sentence_and_a_status(each: Requirement) -> None:
    assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.", each.asks), "one sentence"
    assert each.asks.isascii()
    assert each.note.isascii()
    assert not each.note or each.note.endswith(".")
    assert each.status in STATUSES


@EACH
def test_a_status_has_what_it_needs(each: Requirement) -> None:
    if each.status == NOT_MODELLED:
        assert each.note, "why not"
        assert each.rules == each.knobs == ()
    else:
        assert each.code, "followed by what?"
        assert each.tests, "shown by what?"
    if each.status == PARTLY:
        assert each.note, "which part is left out"


def test_no_two_ask_for_the_same() -> None:
    assert len({each.asks for each in REQUIREMENTS.values()}) == len(REQUIREMENTS)


def test_most_are_followed() -> None:
    """A table of excuses would not be worth reading: what is not modelled is IP's, an application's, or moot."""
    musts = [each.status for each in REQUIREMENTS.values() if each.level == "MUST"]
    assert musts.count(FOLLOWED) >= 60
    left = [each.id for each in REQUIREMENTS.values() if each.level == "MUST" and each.status == NOT_MODELLED]
    assert left == ["MUST-51", "MUST-52", "MUST-53", "MUST-57", "MUST-63"]


# ---------------------------------------------------------------------- what is named exists


def found(name: str) -> Any:
    """What a name below the package means: the longest part that is a module, and attributes from there."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing: Any = import_module("tcpsim." + ".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[end:]:
            thing = getattr(thing, attribute)
        return thing
    raise AssertionError(f"there is no {name}")


@cache
def named_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_")


@EACH
def test_what_it_names_is_there(each: Requirement) -> None:
    for name in each.code:
        assert callable(found(name)), name
    assert [knob for knob in each.knobs if knob not in KNOBS] == []
    assert [rule for rule in each.rules if rule not in CATALOGUE] == []
    for test in each.tests:
        file, name = test.split("::")
        assert name in named_in(file), test
    for names in (each.code, each.knobs, each.rules, each.tests):
        assert len(set(names)) == len(names)


def test_a_name_that_leads_nowhere_is_found_out() -> None:
    with pytest.raises(AttributeError):
        found("tcp.send.outputs")
    with pytest.raises(AssertionError, match=r"there is no tcq\.send"):
        found("tcq.send")


# ---------------------------------------------------------------------- what cites one is named


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE.values() if rule.requirement], ids=lambda rule: rule.id)
def test_a_rule_that_cites_one_stands_there(rule: Any) -> None:
    each = REQUIREMENTS[rule.requirement]
    assert rule.id in each.rules
    assert rule.section.split(",")[0].split(" ")[0] == each.section


@pytest.mark.parametrize("knob", [knob for knob in KNOBS.values() if _NUMBER.search(knob.cite)], ids=lambda it: it.name)
def test_a_knob_that_cites_one_stands_there(knob: Any) -> None:
    for number in _NUMBER.findall(knob.cite):
        each = REQUIREMENTS[number]
        assert knob.name in each.knobs
        assert re.search(rf"RFC 9293 {re.escape(each.section)}(?![.\d])", knob.cite), each.section
