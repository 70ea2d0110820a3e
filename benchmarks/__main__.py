"""`python -m benchmarks`: the workloads in rounds, each contestant once a round, and medians.

Times are user and system CPU seconds of the simulation phase alone. Shares and ratios are taken
from the medians of one run, so that the machine's speed falls out; the goals beside them are the
project's own.
"""

from __future__ import annotations

import gc
import pathlib
import platform
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.console import Console

from . import memory, nspy, workloads
from .pingpong import pingpong
from .scripts import OURS, scripts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = "heapq ping-pong"
PINGS = 1_000_000
LEAST_RATIO = 6.0
"""The goal against ns.py on what loses nothing, trace off."""


@dataclass(frozen=True)
class Contestant:
    """One thing that is measured.

    Attributes:
        name: what the table calls it.
        run: runs it once, and returns segments (or events) and CPU seconds.
        least_share: the goal for its share of the ping-pong, or None.
        peer: the name of the contestant that it is compared with, or "".
        least_ratio: the goal for the ratio to that one, or None.
    """

    name: str
    run: Callable[[], tuple[int, float]]
    least_share: float | None = None
    peer: str = ""
    least_ratio: float | None = None


def _ours(measured: workloads.Measured) -> tuple[int, float]:
    return measured.segments, measured.seconds


def _pings() -> tuple[int, float]:
    began = time.process_time()
    events = pingpong(PINGS)
    return events, time.process_time() - began


def _peer(flows: int, octets: int, rate: int | None, loss: float = 0.0) -> tuple[int, float]:
    # 65,535 is where ns.py's slow start ends by default, and it is fastest so: each ACK walks its window.
    ran = nspy.transfers(flows, octets, mss=workloads.MSS, rate=rate, delay=0.01, window=65_535, loss=loss)
    return ran.segments, ran.seconds


def contestants(scale: float, *, peers: bool) -> list[Contestant]:
    """Return everything to measure, with sizes multiplied by `scale`."""
    sequential, octets, at_once = int(5000 * scale), int(100_000_000 * scale), int(1000 * scale)
    each = 100_000
    run = [
        Contestant(BASE, _pings),
        Contestant("W1", lambda: _ours(workloads.w1(sequential, trace=False)), 0.04),
        Contestant("W1, trace on", lambda: _ours(workloads.w1(sequential, trace=True)), 0.03),
        Contestant("W2", lambda: _ours(workloads.w2(octets, trace=False)), 0.06, "ns.py W2", LEAST_RATIO),
        Contestant("W2, trace on", lambda: _ours(workloads.w2(octets, trace=True)), 0.035, "ns.py W2"),
        Contestant("W2L", lambda: _ours(workloads.w2l(octets, trace=False)), None, "ns.py W2L"),
        Contestant("W2L, trace on", lambda: _ours(workloads.w2l(octets, trace=True)), None, "ns.py W2L"),
        Contestant(
            "W3 lossless",
            lambda: _ours(workloads.w3(at_once, each, trace=False)),
            None,
            "ns.py W3 lossless",
            LEAST_RATIO,
        ),
        Contestant(
            "W3 lossless, trace on", lambda: _ours(workloads.w3(at_once, each, trace=True)), None, "ns.py W3 lossless"
        ),
        Contestant("W3", lambda: _ours(workloads.w3(at_once, each, trace=False, loss="1%"))),
        Contestant("W3, trace on", lambda: _ours(workloads.w3(at_once, each, trace=True, loss="1%"))),
    ]
    if peers:
        run += [
            Contestant("ns.py W2", lambda: _peer(1, octets, 10**9)),
            Contestant("ns.py W2L", lambda: _peer(1, octets, 10**9, 0.01)),
            Contestant("ns.py W3 lossless", lambda: _peer(at_once, each, None)),
        ]
    return run


def _has_peer() -> bool:
    try:
        nspy.transfers(1, 10 * workloads.MSS, mss=workloads.MSS, rate=None, delay=0.01, window=65_535)
    except ImportError:
        return False
    return True


def measure(run: list[Contestant], rounds: int, console: Console) -> dict[str, tuple[int, float]]:
    """Run every contestant once a round; return its segments and the median of its rates (per CPU second)."""
    rates: dict[str, list[float]] = {each.name: [] for each in run}
    counts: dict[str, int] = {}
    for number in range(1, rounds + 1):
        for each in run:
            console.print(f"[dim]round {number} of {rounds}: {each.name}[/]", end="\r" if console.is_terminal else "\n")
            gc.collect()
            counts[each.name], seconds = each.run()
            rates[each.name].append(counts[each.name] / seconds)
    return {name: (counts[name], statistics.median(values)) for name, values in rates.items()}


def _goal(goal: float | None, value: float | None) -> str:
    if goal is None or value is None:
        return ""
    return f"{goal:g} {'met' if value >= goal else 'missed'}"


def report(run: list[Contestant], measured: dict[str, tuple[int, float]]) -> list[str]:
    """Return the table of figures, a line for each: rates, shares of the ping-pong, ratios to the peer, goals."""
    base = measured[BASE][1]
    lines = [_row("", "segments", "k/s", "share", "goal", "x ns.py", "goal")]
    for each in run:
        segments, rate = measured[each.name]
        share = None if each.name == BASE else rate / base
        ratio = rate / measured[each.peer][1] if each.peer in measured else None
        lines.append(
            _row(
                each.name, f"{segments:,}", f"{rate / 1000:,.1f}",
                "" if share is None else f"{share:.4f}", _goal(each.least_share, share),
                "" if ratio is None else f"{ratio:.1f}", _goal(each.least_ratio, ratio),
            )
        )  # fmt: skip
    return [
        *lines,
        "",
        "k/s: thousand segments (or events) per CPU second, medians",
        "share: of the events of the ping-pong; x ns.py: times the rate of ns.py on the same workload",
    ]


def _row(name: str, segments: str, rate: str, share: str, share_goal: str, ratio: str, ratio_goal: str) -> str:
    return f"{name:<21} {segments:>9} {rate:>8} {share:>7} {share_goal:<12} {ratio:>7} {ratio_goal}".rstrip()


@click.command(help="Measure tcpsim beside a heapq ping-pong and ns.py.")
@click.option("--rounds", type=click.IntRange(1, 99), default=5, show_default=True, help="How often each one runs.")
@click.option(
    "--scale", type=click.FloatRange(0.005, 10), default=1.0, show_default=True, help="Size of the workloads."
)
@click.option("--peers/--no-peers", default=True, help="Whether ns.py runs too.")
@click.option("--memory/--no-memory", "weigh", default=True, help="Whether memory is measured.")
@click.option(
    "--scripts",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=pathlib.Path),
    default=OURS,
    help="Where packetdrill scripts lie.",
)
@click.option("--profile", default="rfc9293", show_default=True, help="The profile that they run under.")
def main(rounds: int, scale: float, peers: bool, weigh: bool, folder: Path, profile: str) -> None:
    """Measure and print."""
    console = Console(highlight=False)
    if peers and not _has_peer():
        console.print("ns.py is not installed (pip install 'tcpsim\\[bench]'): going on without it")
        peers = False
    console.print(f"CPython {platform.python_version()} on {platform.machine()}, {rounds} rounds, scale {scale:g}")
    run = contestants(scale, peers=peers)
    measured = measure(run, rounds, console)
    print("\n".join(report(run, measured)))
    ran = scripts(folder, profile)
    console.print(
        f"{ran.count:,} packetdrill scripts ({ran.passed:,} pass under {profile}) in one process: "
        f"{1000 * ran.wall / ran.count:.1f} ms each of wall time, "
        f"{ran.ratio:,.0f} times less than on a kernel (goal: 500)"
    )
    if weigh:
        console.print(f"idle connection, both ends: {memory.idle_connection():,.0f} octets (goal: at most 3,000)")
        console.print(
            f"connection at W3's peak, both ends: {memory.busy_connection():,.0f} octets (goal: at most 10,000)"
        )
        console.print(f"trace, per segment of W2: {memory.traced_segment():,.0f} octets (goal: at most 64)")


if __name__ == "__main__":
    main()
