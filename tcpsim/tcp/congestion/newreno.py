"""Slow start and congestion avoidance (RFC 5681 3.1), fast recovery as NewReno has it (RFC 6582 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .control import ENDLESS

if TYPE_CHECKING:
    from collections.abc import Hashable


class NewReno:
    """The standard congestion control. `mss` is SMSS; all amounts are octets."""

    __slots__ = ("counted", "cwnd", "initial", "keeps", "limit", "mss", "ssthresh", "step")

    def __init__(self, mss: int, initial: int, limit: int | None = 1, keeps: int = 50) -> None:
        self.limit = limit  # RFC 3465 2.3: L, in segments; None for none
        self.keeps = keeps  # percent of what was in flight that a loss leaves
        self.resized(mss)
        self.initial = initial
        self.cwnd = initial
        self.ssthresh = ENDLESS  # RFC 5681 3.1: arbitrarily high
        self.counted = 0  # octets acknowledged towards the next increase in congestion avoidance

    def acked(self, octets: int) -> None:
        """Grow: by at most a segment per ACK below ssthresh (2), by a segment per window above it (3).

        Or by at most L segments (RFC 3465 2.2), if the knob `abc_limit` says so.
        """
        if self.cwnd < self.ssthresh:
            self.cwnd += octets if octets < self.step else self.step
            return
        self.counted += octets
        if self.counted >= self.cwnd:
            self.counted -= self.cwnd
            self.cwnd += self.mss

    def _halve(self, flight: int) -> None:
        self.ssthresh = max(flight * self.keeps // 100, 2 * self.mss)  # RFC 5681 (4)
        self.counted = 0

    def enter_recovery(self, flight: int) -> None:
        """RFC 5681 3.2, steps 2 and 3: the three duplicate ACKs stand for three segments that have left."""
        self._halve(flight)
        self.cwnd = self.ssthresh + 3 * self.mss

    def enter_recovery_by_sack(self, flight: int) -> None:
        """RFC 6675 5 (4.2): what has left the network is no longer in the pipe, and nothing stands for it."""
        self._halve(flight)
        self.cwnd = self.ssthresh

    def duplicate(self) -> None:
        """RFC 5681 3.2, step 4: another segment has left the network."""
        self.cwnd += self.mss

    def partial(self, octets: int) -> None:
        """RFC 6582 3.2, step 3: deflate by what was acknowledged, inflate by the segment resent."""
        self.cwnd = max(self.cwnd - octets, 0)
        if octets >= self.mss:
            self.cwnd += self.mss
        self.cwnd = max(self.cwnd, self.mss)

    def leave_recovery(self, flight: int) -> None:
        """RFC 6582 3.2, step 3, option (1): no burst after recovery."""
        self.cwnd = min(self.ssthresh, max(flight, self.mss) + self.mss)

    def marked(self, flight: int) -> None:
        """RFC 3168 6.1.2: the window is halved as after a loss, though nothing has to be sent again."""
        self._halve(flight)
        self.cwnd = min(self.cwnd, self.ssthresh)

    def timeout(self, flight: int, first: bool) -> None:
        """RFC 5681 3.1: one segment may be out; ssthresh is halved at the first timeout only."""
        if first:
            self._halve(flight)
        self.cwnd = self.mss
        self.counted = 0

    def resized(self, mss: int) -> None:
        """RFC 8201 5.4: the window, in octets, is not a matter of the segments' size."""
        self.mss = mss
        self.step = ENDLESS if self.limit is None else self.limit * mss

    def idle(self) -> None:
        """RFC 5681 4.1: after an idle RTO begin no larger than at the start."""
        self.cwnd = min(self.cwnd, self.initial)

    def fork(self) -> NewReno:
        """Return an independent copy."""
        copy = NewReno(self.mss, self.initial, self.limit, self.keeps)
        copy.cwnd, copy.ssthresh, copy.counted = self.cwnd, self.ssthresh, self.counted
        return copy

    def key(self) -> Hashable:
        """Return everything it knows."""
        return (self.mss, self.initial, self.limit, self.keeps, self.step, self.cwnd, self.ssthresh, self.counted)
