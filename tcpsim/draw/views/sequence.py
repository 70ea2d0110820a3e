"""The time-sequence graph of one direction of a connection, as tcptrace draws it: slope is speed, a gap is a loss.

Rule 1. A segment is an upright stroke from its first number to its last, where it was sent. One that is sent again is
        wider and amber, one that is lost is crossed, so that neither is told by its colour alone.
Rule 2. Below the strokes is the line of what is acknowledged, above them the edge of the window. A window so wide that
        the segments could not be seen is left out, and said to be.
Rule 3. What happens at one instant stands side by side, in its order, unless there is too much of it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ...tcp.segment import FIN, RST, SYN
from ..palette import AMBER, BLUE, GREEN, INK, RED, TEAL
from ..words import clean
from .axes import TimeAxis, ValueAxis
from .chart import CROSS, INSET, Ink
from .grid import Row, crossed, graph_width, ruled, sheet, upright
from .sequences import chosen, sequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...tcp.units import Time
    from ..framing import Caption
    from ..page import Line
    from ..scene import Moment
    from .chart import Chart, Panel
    from .grid import Sample
    from .piece import Run
    from .sequences import Sequence as Direction
    from .sequences import Stroke

TALL: Final = 330.0
"""The height of a graph, points, and of each of several."""
TALL_OF_MANY: Final = 210.0
DENSE: Final = 1000
"""With more segments than this in a graph, strokes and crosses are small, and have no serifs."""
FAR: Final = 3
"""A window that ends more than so many times as high as the segments is not drawn."""
ASIDE: Final = 4.0
"""How far, in points."""
MAX_ASIDE: Final = 16
"""With more on a page that happens at one instant as something else, all of that stands at one place."""
MAX_STROKES: Final = 10_000
"""So many segments of a run are drawn."""

_SENT: Final = Ink(INK, 1.3)
_AGAIN: Final = Ink(AMBER, 2.6)
_ACKED: Final = Ink(GREEN, 1.2)
_EDGE: Final = Ink(BLUE, 1.1, (5.0, 2.0))
_BLOCK: Final = Ink(TEAL, 1.4, (1.4, 1.4))


def sequence_graph(
    runs: Sequence[Run],
    caption: Caption | None = None,
    *,
    host: str | None = None,
    connection: int | None = None,
) -> Chart:
    """Return the time-sequence graphs of one or several runs, each with its name, one below the other.

    Of each run the connection that sent the most is drawn; or the one of `host`, with the number `connection`.
    """
    told = [sequence(run.trace, *chosen(run.trace, host, connection), run.piece) for run in runs]
    high, far = max(map(_high, told)), _far(told)
    most = max((end for each in told for _, end in each.edges if end <= far), default=0)
    time = _time_axis(told, [end for run in runs for end in run.piece.ends])
    tall = TALL if len(runs) == 1 else TALL_OF_MANY
    value = ValueAxis(max(high, most), tall, low=min(each.first for each in told))
    rows = [_row(name if len(runs) > 1 else "", each, value, far) for (name, *_), each in zip(runs, told, strict=True)]
    return sheet(
        runs,
        caption,
        view=f"time-sequence graph, {_way(told[0])}",
        entries=_samples(told),
        rows=rows,
        columns=[""],
        time=time,
        below=_left_out(told, far, time),
    )


def _way(told: Direction) -> str:
    if not told.strokes:
        return "no segment was sent"
    return f"{clean(told.host)} to {clean(told.peer)}"


def _far(told: list[Direction]) -> int:
    """Return how high a window is drawn."""
    low = min(each.first for each in told)
    return low + FAR * (max(map(_high, told)) - low)


def _high(told: Direction) -> int:
    return max([*(stroke.end for stroke in told.strokes), *(ack for _, ack in told.acks)], default=1)


def _time_axis(told: list[Direction], ends: list[Time]) -> TimeAxis:
    """Return the time axis; what happens at one instant stands side by side if there is room for that (Rule 3)."""
    events: set[Moment] = set()
    for each in told:
        events.update((stroke.time, stroke.serial) for stroke in each.strokes)
        events.update(moment for moment, _ in each.repeats)
        events.update(moment for moment, _, _ in each.blocks)
    times = {time for each in told for time, _ in [*each.acks, *each.edges, (each.end, 0)]}
    moments = sorted(events | {(time, -1) for time in (*times, *ends)})
    rooms = [(one, other, ASIDE) for one, other in pairwise(moments) if one[0] == other[0]]
    return TimeAxis(moments, graph_width(1), rooms if len(rooms) <= MAX_ASIDE else ())


def _samples(told: list[Direction]) -> list[Sample]:
    strokes = [stroke for each in told for stroke in each.strokes]
    entries: list[Sample] = [("segment sent", "curve ink", upright(_SENT))]
    if any(stroke.again for stroke in strokes):
        entries.append(("sent again", "curve amber", upright(_AGAIN)))
    if any(stroke.fate == "lost" for stroke in strokes):
        entries.append(("lost", "curve red", crossed(RED)))
    if any(each.repeats for each in told):
        entries.append(("ACK of nothing new", "curve green", ruled(Ink(GREEN, 2.4))))
    if any(each.blocks for each in told):
        entries.append(("SACK block", "curve teal", upright(_BLOCK)))
    return entries


def _left_out(told: list[Direction], far: int, time: TimeAxis) -> list[str]:
    out = [
        "Relative sequence numbers; segments when they were sent, acknowledgments when they came back to the sender."
    ]
    hidden = [end for each in told for _, end in each.edges if end > far]
    if hidden:
        out.append(f"The edge of the window is not drawn where it is beyond the graph: it is as high as {max(hidden)}.")
    if any(not each.scaled for each in told):
        out.append("Not both SYNs are in the trace: windows are drawn as if they were not scaled.")
    out += [
        f"{len(each.strokes) - MAX_STROKES} more segments of {clean(each.host)} are not drawn."
        for each in told
        if len(each.strokes) > MAX_STROKES
    ]
    if time.stretched:
        out.append("What happens at one instant stands side by side, in its order; there the axis is dotted.")
    return out


def _row(name: str, told: Direction, value: ValueAxis, far: int) -> Row:
    def paint(panel: Panel, _: int) -> None:
        dense = len(told.strokes) > DENSE
        for stroke in told.strokes[:MAX_STROKES]:
            _stroke(panel, stroke, dense=dense)
        for moment, left, right in told.blocks:
            panel.chart.line([(panel.at(moment), panel.y(left)), (panel.at(moment), panel.y(right))], _BLOCK, over=2.4)
        for moment, ack in told.repeats:
            x, y = panel.at(moment), panel.y(ack)
            panel.chart.line([(x - 3, y), (x + 3, y)], Ink(GREEN, 2.4), over=2.6)
        panel.steps(told.acks, _ACKED)
        if told.acks:
            panel.name_end(told.acks[-1][1], "acknowledged", "curve green")
        panel.steps(told.edges, _EDGE, most=far)
        if told.edges and told.edges[-1][1] <= far:
            panel.name_end(told.edges[-1][1], "edge of the window", "curve blue")
        _flags(panel, told.strokes)

    return Row(name or "sequence number", "octets" if not name else "sequence number, octets", value, paint)


def _stroke(panel: Panel, stroke: Stroke, *, dense: bool) -> None:
    x, low, high = panel.at((stroke.time, stroke.serial)), panel.y(stroke.start), panel.y(stroke.end)
    if low - high < 2.4:  # a SYN, a FIN, a probe: one number, still to be seen
        low, high = (low + high) / 2 + 1.2, (low + high) / 2 - 1.2
    ink, chart = (_AGAIN if stroke.again else _SENT), panel.chart
    chart.line([(x, low), (x, high)], ink, over=3, tip=stroke.words)
    for y in () if dense else (low, high):
        chart.line([(x - 2.2, y), (x + 2.2, y)], Ink(ink.colour, 0.8), over=3)
    if stroke.fate in ("lost", "corrupted"):
        chart.cross(x, (low + high) / 2, Ink(RED, 0.9 if dense else 1.6), 2.0 if dense else CROSS, tip=stroke.words)


def _flags(panel: Panel, strokes: list[Stroke]) -> None:
    """Write SYN, FIN and RST beside their strokes, where there is room."""
    places = [panel.at((each.time, each.serial)) for each in strokes[:MAX_STROKES]]
    taken = [
        (x - 3, panel.y(each.end) - 3, x + 3, panel.y(each.start) + 3) for x, each in zip(places, strokes, strict=False)
    ]
    for x, stroke in zip(places, strokes, strict=False):
        name = next((name for name, bit in (("SYN", SYN), ("FIN", FIN), ("RST", RST)) if stroke.ctl & bit), "")
        if not name:
            continue
        y = panel.y(stroke.end)
        for dx, dy, side in ((6, -8, 1), (6, 8, 1), (-6, -8, -1), (-6, 8, -1), (0, -12, 0)):
            label = panel.chart.write(name, "curve ink", x + dx, y + dy, side, tip=stroke.words)
            box = left, top, right, bottom = label.box.bounds
            aside = left < panel.left - INSET or right > panel.right + INSET
            if not (aside or top < panel.top - 6 or bottom > panel.bottom - 1 or any(_meet(box, b) for b in taken)):
                taken.append(box)
                break
            panel.chart.labels.pop()


def _meet(one: Line, other: Line) -> bool:
    """Return whether two upright boxes (left, top, right, bottom) share anything."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
