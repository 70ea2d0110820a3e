"""How much memory this process has, in octets: what a search is limited by."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

try:
    import resource
except ImportError:  # a system that has no such thing, as Windows
    _PAGE = 0
else:
    _PAGE = resource.getpagesize()

_STATM: Final = Path("/proc/self/statm")


def resident() -> int:
    """Return the octets that are in memory now; where the system does not tell, the most that ever were, or 0."""
    if not _PAGE:
        return 0
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
