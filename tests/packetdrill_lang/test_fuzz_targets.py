"""The targets of tests/fuzz are called as the fuzzer calls them; without the fuzzer the script says so."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

FILE = Path(__file__).parent.parent / "fuzz" / "fuzz.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz", FILE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


FUZZ = loaded()


@given(st.sampled_from(sorted(FUZZ.TARGETS)), st.binary())
def test_targets_take_any_octets(name: str, octets: bytes) -> None:
    FUZZ.TARGETS[name](octets)


@pytest.mark.parametrize("name", FUZZ.TARGETS)
def test_targets_take_what_the_fuzzer_begins_with(name: str) -> None:
    seeds = FUZZ.seeds(name)
    assert len(seeds) > 1
    for seed in seeds:
        FUZZ.TARGETS[name](seed)


def test_without_the_fuzzer_nothing_is_fuzzed_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert FUZZ.main(["fuzz"]) == FUZZ.main(["fuzz", "parser"]) == 0
    assert "nothing is fuzzed" in capsys.readouterr().err


def test_an_unknown_target_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert FUZZ.main(["fuzz", "nothing"]) == 2
    assert "parser|runner|evaluator|wire" in capsys.readouterr().err


def test_every_target_is_run_and_summed_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "atheris", ModuleType("atheris"))
    commands = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        commands.append(command)
        found = command[2] == "wire"
        told = "SUMMARY: libFuzzer: timeout\n" if found else "#9 pulse cov: 77 x\nDone 4321 runs in 61 second(s)\n"
        return SimpleNamespace(returncode=int(found), stderr=told)

    monkeypatch.setattr(FUZZ.subprocess, "run", run)
    assert FUZZ.main(["fuzz", "-max_total_time=7"]) == 1
    assert [command[2] for command in commands] == list(FUZZ.TARGETS)
    assert all(command.index("-max_total_time=7") > command.index("-max_total_time=60") for command in commands)
    assert any((tmp_path / ".fuzz" / "wire").iterdir())
    told = capsys.readouterr().out
    assert "parser      ok      4,321 inputs in 61 s, 77 branches reached\n" in told
    assert "wire        FAILED  SUMMARY: libFuzzer: timeout\n" in told
