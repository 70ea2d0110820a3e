"""The figures of the README, and how each is made. `make figures` makes them; a test compares them
byte by byte with those in figures/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .inputs import trace_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCENARIOS: Final = ("lossy", "handshake", "simultaneous-close")
"""Each is drawn as a ladder with a caption, as in a book, into a file of its name."""
PATHS: Final = "simultaneous-close"
"""The paths of its hosts are drawn through the state diagram."""
TRANSFER: Final = "lossy-transfer"
"""It is drawn in other views than the ladder, which is long."""
VIEWS: Final = ("sequence", "congestion")
PAIRS: Final = 1
"""The pairs of states that two ends can be in are looked for within so many faults: more would take a minute."""


def make(folder: Path) -> Iterator[Path]:
    """Draw every figure into a folder; yield each file."""
    from ..draw import Look, draw_ladder, draw_states
    from ..draw.pairs import draw_pairs
    from ..draw.views import draw_view
    from ..explore.answers import Ground
    from .looks import caption_of
    from .reachable import table_of
    from .screen import writing

    with writing(folder / "lossy.svg"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in SCENARIOS:
            yield draw_ladder(trace_of(name), folder / f"{name}.svg", look=Look(caption=caption_of(name)))
        yield draw_states(folder / "states.svg")
        yield draw_states(folder / f"{PATHS}-states.svg", trace=trace_of(PATHS))
        transfer = trace_of(TRANSFER, explained=True)
        for view in VIEWS:
            yield draw_view(view, folder / f"{TRANSFER}-{view}.svg", transfer)
        yield draw_pairs(table_of(Ground.of_anything(), PAIRS)[0], folder / "pairs.svg")
