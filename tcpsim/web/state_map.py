"""The state diagram in small, as SVG: a box for each state, a line for each pair of states that some row joins.

Rule 1. The lines are those of the rows of tcp/diagram.py. A pair without a route here is an error, not an omission.
Rule 2. Rows that lead to CLOSED from everywhere (resets, aborts, timeouts) show only where one was taken.
Rule 3. Nothing here knows a run: the page's script lights the states that the hosts are in.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from ..draw.states import event_words
from ..tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    EDGES,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    Edge,
    State,
)

WIDTH, HEIGHT = 372, 356
BOX: Final = (104, 26)
"""Width and height of a state's box."""

PLACES: Final[dict[State, tuple[int, int]]] = {
    CLOSED: (186, 24), LISTEN: (186, 76), SYN_RECEIVED: (60, 128), SYN_SENT: (312, 128), ESTABLISHED: (186, 180),
    FIN_WAIT_1: (60, 232), CLOSE_WAIT: (312, 232), FIN_WAIT_2: (60, 284), CLOSING: (186, 284), LAST_ACK: (312, 284),
    TIME_WAIT: (186, 336),
}  # fmt: skip
"""The middle of each box, as in Figure 5."""
CLOSED_AGAIN: Final = (312, 336)
"""Like the RFC, the map shows CLOSED a second time at its foot."""

_ROUTES: Final[dict[tuple[State, State], str]] = {
    (CLOSED, LISTEN): "M180 37V63",
    (LISTEN, CLOSED): "M192 63V37",
    (CLOSED, SYN_SENT): "M238 20H318V115",
    (SYN_SENT, CLOSED): "M306 115V29H238",
    (LISTEN, SYN_RECEIVED): "M134 81H66V115",
    (SYN_RECEIVED, LISTEN): "M54 115V70H134",
    (LISTEN, SYN_SENT): "M238 76H292V115",
    (SYN_SENT, SYN_RECEIVED): "M260 123H112",
    (SYN_RECEIVED, ESTABLISHED): "M112 133H176V167",
    (SYN_SENT, ESTABLISHED): "M260 133H196V167",
    (SYN_RECEIVED, FIN_WAIT_1): "M60 141V219",
    (ESTABLISHED, FIN_WAIT_1): "M176 193V227H112",
    (ESTABLISHED, CLOSE_WAIT): "M196 193V232H260",
    (FIN_WAIT_1, FIN_WAIT_2): "M60 245V271",
    (FIN_WAIT_1, CLOSING): "M112 238H186V271",
    (CLOSE_WAIT, LAST_ACK): "M312 245V271",
    (FIN_WAIT_2, TIME_WAIT): "M60 297V336H134",
    (CLOSING, TIME_WAIT): "M186 297V323",
    (LAST_ACK, CLOSED): "M312 297V323",
    (TIME_WAIT, CLOSED): "M238 336H260",
}

_TO_CLOSED: Final[dict[State, str]] = {
    SYN_RECEIVED: "M20 115C0 40 60 16 134 22",
    ESTABLISHED: "M238 174C282 120 262 60 222 37",
    FIN_WAIT_1: "M8 225C-12 120 20 10 134 18",
    FIN_WAIT_2: "M8 278C-24 140 10 0 140 14",
    CLOSE_WAIT: "M364 225C384 120 352 10 238 14",
    CLOSING: "M238 290C250 300 276 310 284 323",
}
"""The lines that show only when taken; other states stand beside a CLOSED anyway."""


def state_map(name: str) -> str:
    """Return the map; `name` is what a screen reader calls it.

    Each box is a `g.state` with its state in `data-state`, each line a `path.edge` with `data-from` and `data-to`.
    """
    pairs: dict[tuple[State, State], list[Edge]] = {}
    for edge in EDGES:
        pairs.setdefault((edge.source, edge.target), []).append(edge)
    lines = [_line(source, target, rows) for (source, target), rows in pairs.items()]
    boxes = [_box(state, *PLACES[state]) for state in State]
    return "".join([
        f'<svg id="map" class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label={quoteattr(name)}>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0.8L8 4L0 7.2z"/></marker>'
        '<marker id="hot-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="4.5" markerHeight="4.5" orient="auto">'
        '<path class="hot" d="M0 0.8L8 4L0 7.2z"/></marker></defs>',
        *lines,
        *boxes,
        _box(CLOSED, *CLOSED_AGAIN, kind="again"),
        '<g class="tags"></g></svg>',
    ])  # fmt: skip


def _line(source: State, target: State, rows: list[Edge]) -> str:
    route = _ROUTES.get((source, target))
    hidden = route is None
    if route is None:
        route = _TO_CLOSED[source]
    told = "; ".join(f"{event_words(edge)}: {edge.action} ({edge.cite})" for edge in rows)
    dashed = "" if any(edge.printed for edge in rows) else " dashed"
    return (
        f'<path class="edge{dashed}{" rare" if hidden else ""}" d="{route}" '
        f'data-from="{source}" data-to="{target}"><title>{escape(f"{source} to {target}: {told}")}</title></path>'
    )


def _box(state: State, x: int, y: int, kind: str = "") -> str:
    wide, tall = BOX
    return (
        f'<g class="state{" " if kind else ""}{kind}" data-state="{state}">'
        f'<rect x="{x - wide // 2}" y="{y - tall // 2}" width="{wide}" height="{tall}" rx="5"/>'
        f'<text x="{x}" y="{y + 4}">{state}</text></g>'
    )
