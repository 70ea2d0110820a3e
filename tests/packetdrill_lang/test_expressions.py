"""Blocks of code: what is evaluated, what fails, what is said to be not run; hostile blocks do no harm."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.packetdrill.expressions import CodeError, CodeFailed, CodeNotRun, Value, run_code
from tcpsim.packetdrill.places import Place
from tcpsim.packetdrill.script import Code

VALUES: dict[str, Value] = {"tcpi_snd_cwnd": 10, "tcpi_ca_state": 0, "TCP_CA_Open": 0, "tcpi_rtt": 105_000}


def run(text: str, names: dict[str, Value] | None = None, values: dict[str, Value] | None = None) -> list[str]:
    code = Code(text, place=Place("a.pkt", 7, 9))
    return run_code(code, VALUES if values is None else values, {} if names is None else names)


def result(text: str) -> Any:
    names: dict[str, Value] = {}
    run(f"x = {text}", names)
    return names["x"]


@pytest.mark.parametrize(
    "text",
    [
        "assert tcpi_snd_cwnd == 10",
        "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd",
        "assert tcpi_snd_cwnd == 10, 'cwnd=%d' % tcpi_snd_cwnd",
        "assert tcpi_ca_state == TCP_CA_Open, tcpi_ca_state  # as it was",
        "assert 100000 <= tcpi_rtt < 110000",
        "assert (tcpi_snd_cwnd > 9 and tcpi_snd_cwnd < 11) or unheard_of",
        "assert not tcpi_ca_state",
        "assert tcpi_snd_cwnd != 9, 'never %s' % unheard_of",
        "assert abs(tcpi_rtt / 1000.0 - 100) < 10",
        "assert tcpi_snd_cwnd in (9, 10, 11) and tcpi_snd_cwnd not in [1]",
        "assert tcpi_ca_state is not None",
        "if tcpi_snd_cwnd == 10:\n  assert 1\nelif unheard_of:\n  assert 0\nelse:\n  import os",
        "pass; assert 1; x = y = 3; assert x == y == 3",
        "x = 1\nx += 2\nassert x == 3",
        "'a note'",
    ],
)
def test_what_holds_passes(text: str) -> None:
    assert run(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7 // 2", 3),
        ("7 % 4", 3),
        ("-7", -7),
        ("+7", 7),
        ("~7", -8),
        ("2 ** 10", 1024),
        ("2 ** -1", 0.5),
        ("1 << 4 | 3 & 2 ^ 1", 19),
        ("256 >> 4", 16),
        ("1.5 * 2", 3.0),
        ("'a' * 3 + 'b'", "aaab"),
        ("'%d of %5.1f, %s %%' % (1, 2.25, 'x')", "1 of   2.2, x %"),
        ("max(1, 5, 3) - min(4, 2)", 3),
        ("int(3.9) + len('abc') + round(2.6)", 9),
        ("round(2.345, 2)", 2.35),
        ("str(5) + str(float(2))", "52.0"),
        ("bool(5)", True),
        ("5 if 0 else 6", 6),
        ("0 or 7", 7),
        ("3 and 0", 0),
        ("None", None),
        ("[1, 2]", (1, 2)),
        ("1 < 2 < 3 > 5", False),
    ],
)
def test_operators_are_pythons(text: str, expected: object) -> None:
    assert result(text) == pytest.approx(expected) if isinstance(expected, float) else result(text) == expected


def test_names_carry_over_and_newer_values_replace_them() -> None:
    names: dict[str, Value] = {}
    run("before = tcpi_snd_cwnd", names)
    run("assert tcpi_snd_cwnd == before + 2", names, {"tcpi_snd_cwnd": 12})
    assert names == {**VALUES, "before": 10, "tcpi_snd_cwnd": 12}


def test_what_is_printed_is_returned() -> None:
    assert run("print('cwnd', tcpi_snd_cwnd)\nprint()") == ["cwnd 10", ""]


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (
            "assert tcpi_snd_cwnd == 11, 'cwnd=%d' % tcpi_snd_cwnd",
            Place("a.pkt", 7, 9),
            "tcpi_snd_cwnd == 11 doesn't hold: cwnd=10 (tcpi_snd_cwnd is 10)",
        ),
        ("pass\nif 1:\n  assert 1 > 2", Place("a.pkt", 9, 3), "1 > 2 doesn't hold"),
        ("assert abs(0), unheard_of", Place("a.pkt", 7, 9), "abs(0) doesn't hold: unheard_of"),
        ("x = 1 / tcpi_ca_state", Place("a.pkt", 7, 13),
         "1 / tcpi_ca_state raises ZeroDivisionError: division by zero"),
        ("assert 'a' < 1", Place("a.pkt", 7, 16), "'a' < 1 raises TypeError: '<' not supported between instances of"
         " 'str' and 'int'"),
        ("int('x')", Place("a.pkt", 7, 9), "int('x') raises ValueError: invalid literal for int() with base 10: 'x'"),
    ],
)  # fmt: skip
def test_what_does_not_hold_fails_at_its_place(text: str, place: Place, reason: str) -> None:
    with pytest.raises(CodeFailed) as caught:
        run(text)
    assert (caught.value.place, caught.value.reason) == (place, reason)
    assert str(caught.value) == f"{place}: {reason}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("assert tcpi_min_rtt < 5", "tcpi_min_rtt isn't known here"),
        ("import os", "import os is no assertion, assignment or condition"),
        ("for i in x:\n  pass", "for i in x: pass is no assertion, assignment or condition"),
        ("def f(): pass", "def f(): pass is no assertion, assignment or condition"),
        ("x.y = 3", "x.y is no plain name to assign to"),
        ("a, b = 1, 2", "a, b is no plain name to assign to"),
        ("assert open('/etc/passwd')", "open('/etc/passwd') calls something else than abs, bool, float, int, len, max,"
         " min, print, round, str"),
        ("assert abs(x=1)", "abs(x=1) calls something else than abs, bool, float, int, len, max, min, print, round,"
         " str"),
        ("abs = 3\nabs(5)", "abs(5) calls something else than abs, bool, float, int, len, max, min, print, round, str"),
        ("assert (1).__class__", "(1).__class__ isn't evaluated here"),
        ("x = tcpi_rtt[0]", "tcpi_rtt[0] isn't evaluated here"),
        ("x = lambda: 1", "lambda: 1 isn't evaluated here"),
        ("x = b'a'", "b'a' isn't evaluated here"),
        ("x = 1j", "1j isn't evaluated here"),
        ("x = (-8) ** 0.5", "a number is complex"),
        ("x = 1 @ 2", "1 @ 2 uses an operator that isn't known here"),
        ("assert (", "the block isn't Python: '(' was never closed"),
        ("x = '\0'", None),
        ("x = '%(a)s' % 5", "'%(' formats in a way that isn't known here"),
    ],
)  # fmt: skip
def test_what_is_not_evaluated_is_said_to_be_not_run(text: str, reason: str | None) -> None:
    with pytest.raises(CodeNotRun) as caught:
        run(text)
    assert caught.value.place.line >= 7
    assert reason is None or caught.value.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "x = 9**9**9",
        "x = 2 ** 513",
        "x = 1 << 10**9",
        "x = (1 << 400) * (1 << 400)",
        "x = 'a' * 10**9",
        "x = 10**9 * 'a'",
        "x = (1,) * 10**9",
        "x = '%0999999999d' % 1",
        "x = '%.999999999f' % 1",
        "x = '%*d' % (10**9, 1)",
        "x = '%d' * 51 % 1",
        "x = round(5, -10**9)",
        "x = '" + "a" * 10_001 + "'",
        "a = (1, 1)\na = (a, a)",
        "x = (" + "1," * 101 + ")",
        "x = " + "1" * 500,
        "x = " + "(" * 100 + "1" + ")" * 100 + "+ unheard_of",
        "x = " + "-" * 100 + "1",
        "x = " + " + ".join("1" * 100),
        "x = " + "not " * 5000 + "1",
        "if 1:" + "".join(f"\n{' ' * depth}if 1:" for depth in range(1, 80)) + "\n" + " " * 80 + "pass",
        "#" * 20_001,
        "a = 'xx'\n" + "a = a + a\n" * 1000,
        "a = (1, 1)\n" + "a += a\n" * 1000,
    ],
)
def test_a_block_that_would_grow_is_not_run(text: str) -> None:
    with pytest.raises(CodeNotRun):
        run(text)


def test_numbers_too_long_to_be_read_are_an_error_of_the_block() -> None:
    with pytest.raises(CodeError):
        run("x = " + "9" * 6000)
    with pytest.raises(CodeError):
        run("x = int('" + "9" * 6000 + "')")


PIECES = st.sampled_from([
    "assert ", "x", "=", "==", "(", ")", ",", "%", "'%d'", "'a'", "**", "<<", "*", "9", "1", "-", "not ", " and ",
    " or ", "abs", "print", "int", "if ", ":", "\n", "  ", "else", "tcpi_snd_cwnd", "<", "[", "]", "None", " in ",
    " is ", "/", "0", ".", "lambda", "import os", "{", "}", "\\", "\0", "\ud800", "#", '"', "f'{x}'", "round",
    "max", "~", "1e308",
])  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_no_text_does_anything_but_pass_fail_or_stay_unrun(text: str) -> None:
    with suppress(CodeError):
        run(text)


@given(st.lists(st.tuples(st.sampled_from(["+", "-", "*", "//", "%", "**", "<<", ">>", "&", "|"]), st.integers(0, 99))))
def test_arithmetic_is_pythons_or_refused(steps: list[tuple[str, int]]) -> None:
    text = "7" + "".join(f" {sign} {number}" for sign, number in steps[:12])
    try:
        found = result(text)
    except CodeError:
        return
    assert found == eval(text)  # the sum was bounded by us first
