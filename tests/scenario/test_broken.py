"""Broken scenario files: each mistake is told with its line, its column, and what was expected.

The cases stand in broken.txt, where a person reads them as a table.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tcpsim.scenario import ScenarioError, loads
from tcpsim.scenario.document import decode
from tests.scenario.written import SMALL, problems

TABLE = Path(__file__).with_name("broken.txt").read_text("utf-8")


def _case(block: str) -> tuple[str, str, list[str]]:
    """Return a case's kind, its file, and what is told of it."""
    kind, *lines = block.rstrip("\n").split("\n")
    text = SMALL if any(line.startswith("-") for line in lines) else ""
    told = [line[2:] for line in lines if line.startswith("!")]
    old: list[str] = []
    new: list[str] = []
    for line, following in itertools.pairwise([*lines, ""]):
        if line.startswith(("-", "+")):
            (old if line[0] == "-" else new).append(f"{line[2:]}\n")
        if old + new and not following.startswith(("-", "+") if line.startswith("-") else "+"):
            assert "".join(old) in text, f"{kind}: the small scenario has no such lines"
            text = text.replace("".join(old), "".join(new), 1)
            old, new = [], []
    return kind, text, told


CASES = {kind: (text, told) for kind, text, told in map(_case, TABLE.split("\n# ")[1:])}


def test_the_small_scenario_itself_is_sound_and_the_table_is_long() -> None:
    assert problems(SMALL) == []
    assert len(CASES) >= 100


@pytest.mark.parametrize("kind", CASES)
def test_mistake_is_told_with_its_place(kind: str) -> None:
    text, told = CASES[kind]
    assert told
    assert problems(text) == [f"f.yaml:{each}" for each in told]


@pytest.mark.parametrize("kind", CASES)
def test_the_place_is_in_the_file(kind: str) -> None:
    text, _ = CASES[kind]
    with pytest.raises(ScenarioError) as caught:
        loads(text, "f.yaml")
    lines = [*text.split("\n"), ""]
    for problem in caught.value.problems:
        assert problem.wrong
        assert 1 <= problem.place.line <= len(lines)
        assert 1 <= problem.place.column <= len(lines[problem.place.line - 1]) + 1


# ---------------------------------------------------------------------- octets that are no text


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"title: \xff\n", "f.yaml:1:8: the octet 0xff is not UTF-8; expected text in UTF-8"),
        (b"title: x\nshows: caf\xe9\n", "f.yaml:2:11: the octet 0xe9 is not UTF-8; expected text in UTF-8"),
        ("title: x\n".encode("utf-16"), "f.yaml:1:1: the octet 0xff is not UTF-8; expected text in UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x90", "f.yaml:1:9: the octet 0x90 is not UTF-8; expected text in UTF-8"),
    ],
)
def test_octets_that_are_not_utf_8_are_told(octets: bytes, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        decode(octets, "f.yaml")
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: a\0b\n", "f.yaml:1:9: the character U+0000 can't stand in a YAML file; expected printable text"),
        ("a: 1\nb: \x1b[31m\n", "f.yaml:2:4: the character U+001B can't stand in a YAML file; expected printable text"),
    ],
)
def test_characters_that_yaml_forbids_are_told(text: str, told: str) -> None:
    assert problems(text) == [told]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    windows = b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode()
    assert loads(decode(windows, "f.yaml"), "f.yaml").title == "A handshake"
    broken = windows.replace(b"port: 80", b"prot: 80")
    with pytest.raises(ScenarioError) as caught:
        loads(decode(broken, "f.yaml"), "f.yaml")
    assert str(caught.value) == "f.yaml:11:34: unknown key 'prot'; did you mean 'port'?"


# ---------------------------------------------------------------------- what could exhaust the machine


def test_an_alias_counts_as_all_that_it_stands_for() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    told = problems(bomb)
    assert len(told) == 1
    assert told[0].endswith("the file holds too many values; expected at most 50,000, aliases expanded")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_told(opening: str) -> None:
    assert "this is nested too deep; expected at most 24 levels" in problems(f"title:\n  {opening * 20_000}")[0]


def test_a_long_list_of_values_is_told() -> None:
    assert problems("a: [" + "x, " * 60_000)[0].endswith("expected at most 50,000, aliases expanded")


def test_of_many_problems_twenty_are_printed_and_all_are_kept() -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(SMALL + "".join(f"key{n}: 1\n" for n in range(30)), "f.yaml")
    assert len(caught.value.problems) == 30
    assert len(str(caught.value).splitlines()) == 21
    assert str(caught.value).endswith("... and 10 more")


def test_a_long_phrase_is_told() -> None:
    text = SMALL.replace("states: {client: ESTABLISHED}", f"never: ['any {'x' * 600}']")
    assert problems(text) == ["f.yaml:14:12: the phrase is too long; expected at most 500 characters"]


def test_anchors_and_aliases_are_welcome() -> None:
    text = SMALL.replace("{iss: 100}", "&both {iss: 100}").replace("{iss: 300}", "*both")
    assert problems(text) == []
    assert {host.knobs["iss"] for host in loads(text).hosts} == {100}


def test_a_character_in_two_escapes_is_one_and_half_of_it_is_told() -> None:
    assert loads(SMALL.replace("A handshake", '"\\ud83d\\ude00"')).title == "\U0001f600"
    assert problems(SMALL.replace("A handshake", '"\\ud83d"')) == [
        "f.yaml:1:8: '\\ud83d' holds half a character; expected both escapes of a pair",
    ]
