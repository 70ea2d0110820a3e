"""The catalogue of reasons: complete, cited rightly, and no rule that nothing asks for."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import tcpsim
from tcpsim.tcp import rules
from tcpsim.tcp.actions import SIGNALS, TIMERS
from tcpsim.tcp.diagram import EDGES
from tcpsim.tcp.rules import CATALOGUE, Rule
from tests.tcp.rfc9293 import REQUIREMENTS, SECTIONS

PACKAGE = Path(tcpsim.__file__).parent
NAMED = {name: value for name, value in vars(rules).items() if isinstance(value, Rule)}

CITES = [
    *(rule.cite for rule in CATALOGUE.values()),
    *(edge.cite for edge in EDGES),
    *(line for line in TIMERS.values()),
]


def names_in(path: Path) -> set[str]:
    """Every name that a module reads as `why.NAME` or `rules.NAME`, or imports from rules."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("why", "rules"):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").endswith("rules"):
            found.update(alias.name for alias in node.names)
    return found


def test_every_rule_is_asked_for_somewhere() -> None:
    used = set().union(*(names_in(path) for path in PACKAGE.rglob("*.py") if path.name != "rules.py"))
    assert set(NAMED) - used == set()


def test_no_module_asks_for_a_rule_that_is_not_there() -> None:
    used = set().union(*(names_in(path) for path in (PACKAGE / "tcp").rglob("*.py")))
    assert {name for name in used if name.isupper()} - set(vars(rules)) == set()


def test_each_rule_has_one_id_and_one_name() -> None:
    assert len({id(rule) for rule in NAMED.values()}) == len(NAMED) == len(CATALOGUE)
    assert all(CATALOGUE[rule.id] is rule for rule in NAMED.values())


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=lambda rule: rule.id)
def test_a_rule_is_one_plain_sentence(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", rule.id)
    assert rule.sentence.endswith(".")
    assert not rule.sentence[0].islower()
    assert not re.search(r"\. [A-Z]", rule.sentence), "one sentence"
    assert rule.sentence.isascii()
    assert rule.cite.startswith(f"{rule.rfc} {rule.section}")
    assert rule.cite.endswith(rule.requirement)
    assert repr(rule) == f"<Rule {rule.id}>"


def test_no_two_rules_say_the_same() -> None:
    assert [line for line, count in Counter(rule.sentence for rule in CATALOGUE.values()).items() if count > 1] == []


@pytest.mark.parametrize("cite", sorted(set(CITES)))
def test_a_cited_section_of_rfc_9293_exists(cite: str) -> None:
    if not cite.startswith("RFC 9293 "):
        assert re.match(r"RFC \d{3,4} ([A-Z]\.)?\d", cite)  # a section, or one of an appendix
        return
    section = re.match(r"RFC 9293 ([0-9A-Z.]+)", cite)
    assert section
    assert section[1].rstrip(".") in SECTIONS


@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE.values() if rule.requirement], ids=lambda rule: rule.id)
def test_a_numbered_requirement_stands_in_the_section_cited(rule: Rule) -> None:
    assert rule.rfc == "RFC 9293"
    assert rule.section.split(",")[0].split(" ")[0] in REQUIREMENTS[rule.requirement]


def test_every_section_named_anywhere_in_the_package_exists() -> None:
    for path in PACKAGE.rglob("*.py"):
        for section in re.findall(r"RFC 9293 ([0-9A]\.?[0-9.]*[0-9])", path.read_text()):
            assert section in SECTIONS, f"{path.name} cites RFC 9293 {section}"
        for requirement in re.findall(r"\b(?:MUST|SHLD|MAY)-\d+", path.read_text()):
            assert requirement in REQUIREMENTS, f"{path.name} cites {requirement}"


def signals_in(path: Path) -> set[str]:
    """The literal first argument of each `signal(...)`, and of each `delete(...)` the fourth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            position = {"signal": 0, "delete": 3}.get(name)
            if position is not None and len(node.args) > position:
                argument = node.args[position]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value)
    return found


def test_every_signal_is_documented() -> None:
    given = set().union(*(signals_in(path) for path in (PACKAGE / "tcp").rglob("*.py"))) - {""}
    assert given <= set(SIGNALS)
    assert given >= set(SIGNALS) - {"connection aborted due to user timeout"}, "no signal that nobody gives"
