"""The congestion view: window, threshold, octets in flight, round trips and timeout of one connection over time.

Rule 1. What has the same unit and the same size shares a graph: octets; round trips; the timeout, which is far longer.
Rule 2. An ssthresh higher than anything else is no part of the story yet: it is drawn from where it limits cwnd.
Rule 3. What the trace does not tell is not drawn, and a line below says how to have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..palette import AMBER, BLUE, CHIP, FAINT, INK, RED, TEAL
from ..words import clean
from .axes import TimeAxis, ValueAxis, time_unit
from .chart import INSET, Area, Ink
from .courses import UNLIMITED, courses
from .grid import Row, dotted, graph_width, ruled, sheet
from .sequences import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...tcp.units import Time
    from ..framing import Caption
    from .chart import Chart, Panel
    from .courses import Course, Courses
    from .grid import Sample
    from .piece import Run

TALLS: Final = {"octets": 190.0, "round trip": 110.0, "RTO": 90.0}
"""The height of each graph, points."""
THRESHOLD: Final = 2
"""ssthresh is drawn where it is no more than so many times as high as all else."""

_CWND: Final = Ink(BLUE, 1.7)
_SSTHRESH: Final = Ink(AMBER, 1.2, (5.0, 2.2))
_FLIGHT: Final = Ink(TEAL, 0.9)
_SRTT: Final = Ink(BLUE, 1.4)
_RTO: Final = Ink(AMBER, 1.4)
_TIMEOUT: Final = Ink(RED, 1.0, (1.5, 2.0))


def congestion(
    runs: Sequence[Run],
    caption: Caption | None = None,
    *,
    host: str | None = None,
    connection: int | None = None,
) -> Chart:
    """Return the congestion view of one or several runs, side by side.

    Of each run the connection that sent the most is drawn; or the one of `host`, with the number `connection`.
    """
    told = [courses(run.trace, *chosen(run.trace, host, connection), run.piece) for run in runs]
    return sheet(
        runs,
        caption,
        view=f"congestion control, {_way(told[0])}",
        entries=_samples(told),
        rows=_rows(told),
        columns=[clean(run.name) for run in runs],
        time=TimeAxis(_moments(told), graph_width(len(runs))),
        below=_left_out(told, captured=not any(host.profile for host in runs[0].trace.header.hosts)),
    )


def _way(told: Courses) -> str:
    return f"{clean(told.host)} sending to {clean(told.peer)}" if told.in_flight else "no segment was sent"


def _moments(told: list[Courses]) -> list[tuple[int, int]]:
    start = min((each.start for each in told), default=0)
    end = max((each.end for each in told), default=0)
    times = {start, end}
    for each in told:
        times.update(time for time, _ in [*each.in_flight, *each.round_trips])
        times.update(time for course in each.explained.values() for time, _ in course)
    return [(time, 0) for time in times if start <= time <= end]


def _values(told: Iterable[Courses], name: str) -> list[int]:
    return [value for each in told for _, value in each.explained[name] if value is not None]


def _octets(told: list[Courses]) -> int:
    """Return the most octets that are drawn, but for ssthresh."""
    flights = [value for each in told for _, value in each.in_flight]
    return max([1, *flights, *_values(told, "cwnd")])


def _limit(told: list[Courses]) -> int:
    """Return the highest ssthresh that is drawn."""
    return THRESHOLD * _octets(told)


# ---------------------------------------------------------------------- graphs


def _rows(told: list[Courses]) -> list[Row]:
    limit = _limit(told)
    top = max([_octets(told), *(value for value in _values(told, "ssthresh") if value <= limit)])
    last = len(told) - 1
    rows = [
        Row(
            "octets",
            "",
            ValueAxis(top, TALLS["octets"]),
            lambda panel, n: _paint_octets(panel, told[n], limit, n == last),
        )
    ]
    trips = [value for each in told for _, value in each.round_trips] + _values(told, "SRTT")
    if trips:
        name, unit = time_unit(max(trips))
        axis = ValueAxis(max(trips), TALLS["round trip"], unit=unit)
        rows.append(Row("round trip", name, axis, lambda panel, n: _paint_trips(panel, told[n], n == last)))
    if _values(told, "RTO"):
        longest = max(_values(told, "RTO"))
        name, unit = time_unit(longest)
        axis = ValueAxis(longest, TALLS["RTO"], unit=unit)
        rows.append(Row("retransmission timeout", name, axis, lambda panel, n: _paint_rto(panel, told[n])))
    return rows


def _paint_octets(panel: Panel, told: Courses, limit: int, named: bool) -> None:
    _shade(panel, told)
    panel.steps(told.in_flight, _FLIGHT, over=2.1)
    panel.steps(told.explained["ssthresh"], _SSTHRESH, most=limit, over=2.3)
    panel.steps(told.explained["cwnd"], _CWND, over=2.2)
    _timeouts(panel, told)
    if named:
        end = panel.time.keys[-1][0]
        ends = {name: _last(told.explained[name], end) for name in ("cwnd", "ssthresh")}
        if ends["cwnd"] is not None:
            panel.name_end(ends["cwnd"], "cwnd", "curve blue")
        if ends["ssthresh"] is not None and ends["ssthresh"] <= limit:
            panel.name_end(ends["ssthresh"], "ssthresh", "curve amber")
        if told.in_flight:
            panel.name_end(told.in_flight[-1][1], "in flight", "curve teal")


def _shade(panel: Panel, told: Courses) -> None:
    """Fill what is below the octets in flight."""
    points = [(panel.left, panel.bottom)]
    ends = [*(panel.x(time) for time, _ in told.in_flight[1:]), panel.right + INSET]
    for (time, value), end in zip(told.in_flight, ends, strict=False):
        points += [(panel.x(time), panel.y(value)), (end, panel.y(value))]
    if len(points) > 1:
        points[0] = (points[1][0], panel.bottom)
        panel.chart.areas.append(Area((*points, (points[-1][0], panel.bottom)), CHIP, over=0.5))


def _paint_trips(panel: Panel, told: Courses, named: bool) -> None:
    for time, value in told.round_trips:
        panel.chart.diamond(panel.x(time), panel.y(value), 2.0, INK, "none", over=3)
    panel.steps(told.explained["SRTT"], _SRTT)
    last = _last(told.explained["SRTT"], panel.time.keys[-1][0])
    if named and last is not None:
        panel.name_end(last, "SRTT", "curve blue")


def _paint_rto(panel: Panel, told: Courses) -> None:
    panel.steps(told.explained["RTO"], _RTO)
    _timeouts(panel, told)


def _timeouts(panel: Panel, told: Courses) -> None:
    for time in told.timeouts:
        panel.chart.line([(panel.x(time), panel.top), (panel.x(time), panel.bottom)], _TIMEOUT, over=1.5)


# ---------------------------------------------------------------------- words


def _samples(told: list[Courses]) -> list[Sample]:
    entries: list[Sample] = []
    limit, last = _limit(told), max(each.end for each in told)
    ends = {name: _last(course, last) for name, course in told[-1].explained.items()}
    if _values(told, "cwnd") and ends["cwnd"] is None:
        entries.append(("cwnd", "curve blue", ruled(_CWND)))
    if any(value <= limit for value in _values(told, "ssthresh")) and not 0 <= (ends["ssthresh"] or -1) <= limit:
        entries.append(("ssthresh", "curve amber", ruled(_SSTHRESH)))
    if any(each.round_trips for each in told):
        entries.append(("round trip", "curve ink", dotted(2.4, INK, FAINT)))
    if _values(told, "SRTT") and ends["SRTT"] is None:
        entries.append(("SRTT", "curve blue", ruled(_SRTT)))
    if any(each.timeouts for each in told):
        entries.append(("the retransmission timer expires", "curve red", ruled(_TIMEOUT)))
    return entries


def _left_out(told: list[Courses], *, captured: bool) -> list[str]:
    out = ["In flight: sent and not acknowledged. Round trips: of what was sent once only (Karn's rule, RFC 6298 3)."]
    if any(name in each.missing for each in told for name in ("cwnd", "RTO")):
        missing = ", ".join(next(each.missing for each in told if each.missing))
        cause = (
            "A capture does not tell them: no packet carries what only its sender knows."
            if captured
            else "A run tells them if it is explained: `tcpsim diagram SCENARIO --view congestion`, or "
            "Network(explained=True)."
        )
        out.append(f"Not in this trace: {missing}. {cause}")
    high = [value for value in _values(told, "ssthresh") if value > _limit(told)]
    if high:
        begins = "it has no limit yet" if max(high) >= UNLIMITED else f"it is as high as {max(high)}"
        out.append(f"ssthresh is not drawn where it is far above cwnd: {begins}.")
    return out


def _last(course: Course, end: Time) -> int | None:
    """Return the value that a curve has at the end of the time axis, where its name stands."""
    return next((value for time, value in reversed(course) if time <= end), None)
