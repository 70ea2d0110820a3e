"""The wall time of packetdrill scripts, in one process: those of the tests, or a suite that lies elsewhere.

A kernel runs a script in real time, so that it takes as long as the script says and starting it takes;
here only work takes time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tcpsim.packetdrill import Ways, run_text

OURS: Final = Path(__file__).parent.parent / "tests" / "packetdrill"
STARTED_IN: Final = 0.25
"""Seconds that packetdrill takes to run a script on a kernel beside the script's own time, at its best."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """One run of many scripts.

    Attributes:
        count: how many ran; each was parsed and run once.
        passed: how many did what they expect.
        wall: seconds that all of it took, reading the files included.
        virtual: seconds that the scripts say they take.
    """

    count: int
    passed: int
    wall: float
    virtual: float

    @property
    def ratio(self) -> float:
        """How many times longer a kernel needs at least."""
        return (self.count * STARTED_IN + self.virtual) / self.wall


def scripts(folder: Path = OURS, profile: str = "rfc9293") -> Scripts:
    """Run every script below a folder under a profile; ValueError if there is none."""
    began = time.perf_counter()
    results = [run_text(path.read_text("utf-8"), path.name, Ways(profile))[0] for path in sorted(folder.rglob("*.pkt"))]
    wall = time.perf_counter() - began
    if not results:
        raise ValueError(f"there are no scripts below {folder}")
    virtual = sum(result.ended for result in results) / 1e9
    return Scripts(len(results), sum(result.passed for result in results), wall, virtual)
