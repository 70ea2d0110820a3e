"""Which congestion control a connection gets, and the window it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .control import UNLIMITED
from .newreno import NewReno

if TYPE_CHECKING:
    from ..config import Config
    from .control import CongestionControl


def initial_window(config: Config, mss: int, syn_lost: bool) -> int:
    """Return the initial congestion window, in octets.

    RFC 5681 3.1: one segment if the SYN or SYN,ACK was lost; else two to four by size, or the number
    of segments the knob asks for within RFC 6928's bound min(n x MSS, max(2 x MSS, 1460 x n)).
    """
    if syn_lost:
        return mss
    if config.initial_window is not None:
        segments = config.initial_window
        return min(segments * mss, max(2 * mss, segments * 1460))
    if mss > 2190:
        return 2 * mss
    return 3 * mss if mss > 1095 else 4 * mss


def make(config: Config, mss: int, syn_lost: bool) -> CongestionControl:
    """Return the congestion control that the knobs ask for, at the start of a connection."""
    if config.congestion == "none":
        return UNLIMITED
    return NewReno(mss, initial_window(config, mss, syn_lost), config.abc_limit, config.loss_keeps)
