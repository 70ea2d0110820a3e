"""Several tasks at a time: the order of what comes of them, and what Ctrl-C leaves."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tcpsim.cli.processes import carried_out


def _squared(number: int) -> int:
    return number * number


def _after(file: Path, number: int) -> int:
    """Return when somebody else has written the file."""
    while not file.exists():
        time.sleep(0.001)
    return number


def _writing(file: Path, number: int) -> int:
    file.touch()
    return number


def _interrupted() -> int:
    raise KeyboardInterrupt


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_came_of_the_tasks_stands_in_their_order(jobs: int) -> None:
    assert carried_out([partial(_squared, number) for number in range(5)], jobs, "") == ([0, 1, 4, 9, 16], False)


def test_the_order_in_which_they_end_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "ended"
    assert carried_out([partial(_after, file, 1), partial(_writing, file, 2)], 2, "") == ([1, 2], False)


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_to_do(jobs: int) -> None:
    assert carried_out([], jobs, "") == ([], False)


def test_ctrl_c_keeps_what_is_known() -> None:
    tasks: list[Callable[[], int]] = [partial(_squared, 3), _interrupted, partial(_squared, 4)]
    assert carried_out(tasks, 1, "") == ([9], True)


def test_ctrl_c_among_processes() -> None:
    known, interrupted = carried_out([_interrupted, _interrupted], 2, "")
    assert (known, interrupted) == ([], True)


def test_a_person_sees_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    assert carried_out([partial(_squared, 3)], 1, "squaring") == ([9], False)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "squaring" in shown.err
    assert "1/1" in shown.err


def _leaves(file: Path) -> int:
    """End like a process to which Ctrl-C comes, as soon as somebody else is at work."""
    while not file.exists():
        time.sleep(0.001)
    raise KeyboardInterrupt


def _never_ends(file: Path) -> int:
    file.touch()
    while True:
        time.sleep(1)


def test_ctrl_c_waits_for_no_task(tmp_path: Path) -> None:
    file = tmp_path / "begun"
    assert carried_out([partial(_leaves, file), partial(_never_ends, file)], 2, "") == ([], True)
    assert not multiprocessing.active_children()
