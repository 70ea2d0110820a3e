"""The benchmarks still run, and still notice when work is missing. How fast is not asked here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import workloads
from benchmarks.nspy import whole_packets
from benchmarks.pingpong import pingpong
from benchmarks.scripts import OURS, scripts
from tcpsim.net import Network


@pytest.mark.parametrize("trace", [False, True])
def test_workloads_finish_and_count_their_segments(trace: bool) -> None:
    assert workloads.w1(7, trace=trace).segments == 7 * workloads.SEGMENTS_PER_EXCHANGE
    assert workloads.w2(300_000, trace=trace).segments >= 300_000 / workloads.MSS * 1.5
    assert workloads.w2l(1_000_000, trace=trace).segments >= 1_000_000 / workloads.MSS * 1.5
    for loss in ("0%", "1%"):
        assert workloads.w3(5, 100_000, trace=trace, loss=loss).segments >= 5 * 69 * 1.5


def test_a_trace_changes_nothing_but_the_records() -> None:
    off, on = (workloads.w3(5, 50_000, trace=trace, loss="1%") for trace in (False, True))
    assert (off.segments, off.virtual) == (on.segments, on.virtual)
    assert off.records == 0
    assert on.records > on.segments


def test_work_that_is_missing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workloads, "SEGMENTS_PER_EXCHANGE", 10)
    with pytest.raises(AssertionError, match="W1: 3 connections, 27 segments"):
        workloads.w1(3, trace=False)
    monkeypatch.setattr(Network, "run", lambda self, **_: "event limit")
    with pytest.raises(AssertionError, match="event limit"):
        workloads.w2(1000, trace=False)


def test_scripts_are_run_and_counted(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no scripts below"):
        scripts(tmp_path)
    ran = scripts(OURS / "closed")
    assert ran.count >= 8
    assert ran.passed == ran.count
    assert ran.virtual > 0


def test_pingpong_hands_out_what_it_says() -> None:
    assert pingpong(1000) == 1000


def test_ns_py_is_given_whole_packets() -> None:
    assert whole_packets(100_000, 1460) == 69 * 1460
