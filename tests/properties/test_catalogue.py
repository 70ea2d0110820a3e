"""The catalogue of properties: complete, in order, cited rightly, and each said in one plain sentence."""

from __future__ import annotations

import re

import pytest

from tcpsim.properties import PROPERTIES, Kind, NoSuchProperty, Property, named
from tests.tcp.rfc9293 import SECTIONS

_NUMBERS = """
    I1 I2 I3 I4 A5 I6 A7 A8 A9 A10 L11 I12 A13 A14 L15 A16 A17 A18 A19 L20 I21 L22 L23 L24 L25 A26 A27 L28 A29 A30
"""
NUMBERED = _NUMBERS.split()
EACH = pytest.mark.parametrize("each", PROPERTIES.values(), ids=str)


def test_all_thirty_are_there_in_their_order() -> None:
    ids = [each.id for each in PROPERTIES.values()]
    assert [each for each in ids if not each.endswith(("b", "c"))] == NUMBERED
    assert len(set(ids)) == len(ids)


def test_a_second_half_follows_its_first() -> None:
    ids = [each.id for each in PROPERTIES.values()]
    for place, number in enumerate(ids):
        if number.endswith(("b", "c")):
            assert number[1:-1] in [earlier[1:] for earlier in ids[:place]]


@EACH
def test_it_is_one_plain_sentence(each: Property) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", each.name)
    assert each.sentence.endswith(".")
    assert not each.sentence[0].islower()
    assert not re.search(r"\. [A-Z]", each.sentence)
    assert each.sentence.isascii()


@EACH
def test_the_section_cited_exists(each: Property) -> None:
    match = re.match(r"RFC (\d+) ([0-9A-Z.]+)", each.cite)
    assert match
    assert match[1] != "9293" or match[2] in SECTIONS


@EACH
def test_it_asks_what_its_kind_asks(each: Property) -> None:
    asks = (each.world is not None, each.step is not None, each.goal is not None)
    assert asks == {
        Kind.INVARIANT: (True, False, False), Kind.STEP: (False, True, False),
        Kind.LEADS_TO: (True, False, True), Kind.SETTLES: (False, False, False),
    }[each.kind]  # fmt: skip


@EACH
def test_it_is_found_by_name_and_by_number(each: Property) -> None:
    assert named(each.name) is named(each.id) is each
    assert str(each) == each.name


def test_a_wrong_name_is_told_with_the_nearest_right_one() -> None:
    with pytest.raises(NoSuchProperty, match="there is no property 'agreed-number'; did you mean 'agreed-numbers'"):
        named("agreed-number")
    with pytest.raises(NoSuchProperty) as raised:
        named("?")
    assert raised.value.nearest == ""


def test_nothing_but_settling_is_asked_of_the_whole_search() -> None:
    assert [each.name for each in PROPERTIES.values() if each.kind is Kind.SETTLES] == ["deliveries-end"]
    assert not any(each.network for each in PROPERTIES.values())
