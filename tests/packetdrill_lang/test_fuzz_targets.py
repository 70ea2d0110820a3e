"""The targets of tests/fuzz are called as the fuzzer calls them; without the fuzzer the script says so."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

FILE = Path(__file__).parent.parent / "fuzz" / "fuzz_packetdrill.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_packetdrill", FILE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


TARGETS = loaded()


@given(st.binary())
def test_targets_take_any_octets(octets: bytes) -> None:
    TARGETS.parser(octets)
    TARGETS.evaluator(octets)


def test_targets_take_what_is_well_formed() -> None:
    TARGETS.parser(b"0 > . 1:1(0) ack 1")
    TARGETS.evaluator(b"assert tcpi_snd_cwnd == 10")


def test_without_the_fuzzer_nothing_is_fuzzed_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert TARGETS.main(["fuzz", "parser"]) == 0
    assert "nothing fuzzed" in capsys.readouterr().err


def test_an_unknown_target_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert TARGETS.main(["fuzz", "nothing"]) == 2
    assert "parser,evaluator" in capsys.readouterr().err
