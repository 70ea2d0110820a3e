"""The layout of a ladder: from a trace to a page where everything has its place, and nothing is drawn yet.

Rule 1. Labels never overlap one another, and nothing leaves the page.
Rule 2. Order in time is order on the page (see timeline.py); the ends of every arrow lie at their
        times, so a slanted arrow shows its delay.
Rule 3. What does not fit makes the page grow; what is too much (`max_segments`) is counted below.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from .columns import (
    GAP,
    MARGIN,
    TIMER_GAP,
    Columns,
    HostColumns,
    arrow_lines,
    remark_lines,
    state_text,
    timer_lines,
)
from .measure import width, wrap
from .page import AxisPiece, Bar, Box, Bracket, Fold, Label, Page, Shot, Tick
from .palette import TYPES
from .placing import Placing, Wording, block
from .scene import NORMAL, NOT_USED, scene
from .timeline import Timeline, scale_of
from .words import Clock, span

if TYPE_CHECKING:
    from ..trace import Trace
    from .scene import Arrow, Moment, Remark, Scene, TimerRun

MAX_SEGMENTS: Final = 200
MANY: Final = 400
"""For more arrows than this, room is made less often."""
LEAD: Final = 19.0
"""The lifelines begin so many points above the first moment, and end as many below the last."""
LINE: Final = 15.5
"""Two segments from one host lie so far apart that a label fits between them."""
ARRIVALS: Final = 12.0
"""Two segments that arrive at one host do so at least so far apart."""
GUIDED: Final = frozenset({"signal", "data", "note", "timer"})
"""Words that may lie on the faint guide lines of the time axis, and hide them."""
TRIES: Final = 8
"""So often room is made for labels that found none."""


def layout(trace: Trace, *, detail: int = NORMAL, max_segments: int = MAX_SEGMENTS) -> Page:
    """Return the page of a trace.

    Args:
        trace: the run; of its header, title and source become the page's.
        detail: scene.BRIEF (segments and states), NORMAL, or FULL (windows, options, every timer and signal).
        max_segments: leave out what comes after so many segments; the page says how many more there are.
    """
    return _Ladder(scene(trace, detail=detail, max_segments=max_segments)).page


class _Ladder:
    """Makes a page of a scene."""

    def __init__(self, of: Scene) -> None:
        self.scene = of
        self.first: Moment = (of.first[0], -1)
        self.last: Moment = max(of.last, (of.last[0], of.last[1]))
        moments = self._moments()
        self.dues = {arrow.end for arrow in of.arrows if arrow.fate == "lost"}
        self.clock = Clock({time for time, _ in moments})
        ticks = max((width(self.clock(time), TYPES["tick"]) for time, _ in moments), default=0.0)
        self.columns = Columns(of, ticks, 400.0)
        self.page = Page(self.columns.width, 0.0, of.title, axis_x=self.columns.axis_x)
        self._header()
        self.timeline = Timeline(moments, scale_of(of), self.dues)
        self._require_room()
        placing = self._fit()
        self._draw(placing)

    def _moments(self) -> set[Moment]:
        of = self.scene
        moments = {self.first, self.last}
        for arrow in of.arrows:
            moments |= {arrow.start, arrow.end}
        for stay in of.stays:
            moments |= {moment for moment in (stay.start, stay.end) if moment is not None}
        for run in of.timers:
            moments |= {run.start, run.end}
        moments |= {remark.at for remark in of.remarks}
        return moments

    # ------------------------------------------------------------------ header and footer

    def _header(self) -> None:
        """Put title, source and the hosts' names above; sets where the lifelines begin."""
        y = MARGIN
        room = self.page.width - 2 * MARGIN
        for role, text, lines in (("title", self.scene.title, 3), ("source", self.scene.source, 2)):
            style = TYPES[role]
            for line in wrap(text, style, room, lines) if text else []:
                tall = style.size * 1.35
                self._label(line, role, self.page.width / 2, y + tall / 2, 0)
                y += tall
            y += 3 if text else 0
        y += 10 if self.scene.title or self.scene.source else 0
        rows = max((len(host.titles) for host in self.columns.hosts), default=0)
        for host in self.columns.hosts:
            row_y = y
            for text, role in host.titles:
                self._label(text, role, host.centre, row_y + TYPES[role].height / 2, 0)
                row_y += TYPES[role].height + 1.5
        self.page.top = y + (TYPES["host"].height + (rows > 1) * (TYPES["address"].height + 1.5) if rows else 0) + 6

    def _footer(self) -> None:
        lines = list(self.scene.left_out)
        if self.page.unlabelled:
            count = self.page.unlabelled
            lines.append(f"{count} label{'s' if count > 1 else ''} left out for want of room")
        if any(piece.stretched for piece in self.page.axis):
            lines.append("Time axis: solid where true to scale, dotted where stretched to make room.")
        y = self.page.bottom + 12
        for text in lines:
            for line in wrap(text, TYPES["footer"], self.page.width - 2 * MARGIN, 3):
                tall = TYPES["footer"].size * 1.4
                self._label(line, "footer", MARGIN, y + tall / 2, 1)
                y += tall
        self.page.height = y + MARGIN - 4

    def _label(self, text: str, role: str, x: float, y: float, side: int, *, tip: str = "") -> None:
        """Add a level label: centred at x (side 0), ending there (-1) or beginning there (1)."""
        style = TYPES[role]
        wide = width(text, style)
        self.page.labels.append(
            Label(text, role, Box(x + side * wide / 2, y, wide, style.height), halo=role in GUIDED, tip=tip)
        )

    # ------------------------------------------------------------------ room

    def _require_room(self) -> None:
        require = self.timeline.require
        for number in range(len(self.scene.hosts)):
            self._room_for_states(number)
            remarks = [remark for remark in self.scene.remarks if remark.host == number]
            for above, below in pairwise(remarks):
                require(above.at, below.at, (self._remark_height(above) + self._remark_height(below)) / 2 + 2)
            for remark in remarks:
                half = self._remark_height(remark) / 2
                require(self.first, remark.at, half - LEAD + 2)
                require(remark.at, self.last, half - LEAD + 2)
            self._room_for_timers(number)
        self._room_for_arrows()

    def _room_for_states(self, host: int) -> None:
        moves = [stay.start for stay in self.scene.stays if stay.host == host and stay.start is not None]
        tall = TYPES["state"].height + 2.5
        for above, below in pairwise(moves):
            self.timeline.require(above, below, tall)
        initial = [stay for stay in self.scene.stays if stay.host == host and stay.start is None]
        if moves and initial:
            self.timeline.require(self.first, moves[0], tall * len(initial) - LEAD + 3)

    def _remark_height(self, remark: Remark) -> float:
        return TYPES[remark.kind].height * len(remark_lines(self.scene, remark)) + 4

    def _room_for_timers(self, host: int) -> None:
        lanes: dict[int, list[TimerRun]] = {}
        for place, run in enumerate(self.scene.timers):
            if run.host == host:
                lanes.setdefault(self.columns.hosts[host].lane_of[place], []).append(run)
        for runs in lanes.values():
            for run in runs:
                tall = TYPES["timer"].height * len(timer_lines(self.scene, run))
                self.timeline.require(run.start, run.end, tall + 3)
            for above, below in pairwise(runs):
                self.timeline.require(above.end, below.start, 3)

    def _room_for_arrows(self) -> None:
        """Keep the ends of arrows at one lifeline apart: more so where a label begins."""
        ends: dict[tuple[int, int], list[tuple[Moment, Arrow, bool]]] = {}
        for arrow in self.scene.arrows:
            way = 1 if self.columns.ends(arrow)[1] > self.columns.ends(arrow)[0] else -1
            ends.setdefault((arrow.source, way), []).append((arrow.start, arrow, True))
            if arrow.fate in ("arrived", "corrupted") and arrow.source != arrow.target:
                ends.setdefault((arrow.target, -way), []).append((arrow.end, arrow, False))
        for side in ends.values():
            side.sort(key=lambda end: end[0])
            last_sent: Moment | None = None
            last_arrived: Moment | None = None
            for (above, earlier, earlier_sent), (below, later, sent) in pairwise([side[0], *side]):
                if above != below:
                    self.timeline.require(above, below, self._between(earlier, earlier_sent, later, sent))
                if sent:
                    if last_sent is not None:
                        self.timeline.require(last_sent, below, LINE * len(arrow_lines(later)))
                    last_sent = below
                else:
                    if last_arrived is not None:
                        self.timeline.require(last_arrived, below, ARRIVALS)
                    last_arrived = below
            for moment, arrow, _ in side:
                if moment == arrow.end:
                    self.timeline.require(arrow.start, arrow.end, 1.5 if arrow.end[0] > arrow.start[0] else 0)

    def _between(self, earlier: Arrow, earlier_sent: bool, later: Arrow, sent: bool) -> float:
        if not sent:
            return 3.0 if earlier_sent else ARRIVALS
        lines = len(arrow_lines(later))
        if earlier_sent:
            return LINE * lines
        # A reply: its label stands in the wedge between the two arrows, and the wedge must be open enough there.
        start, end = self.columns.ends(later)
        lane = abs(end - start)
        wide, tall = block(arrow_lines(later), _look(later))
        drops = sum((arrow.end[0] - arrow.start[0]) * self.timeline.scale for arrow in (earlier, later))
        return min(max(tall + 7 - drops * max(lane - wide, 0) / 2 / lane, 0.0), LINE + 6)

    def _fit(self) -> Placing:
        """Solve the heights and place the words, making more room until everything has a place."""
        tries = TRIES if len(self.scene.arrows) <= MANY else TRIES // 3
        for attempt in range(tries):
            self.timeline.solve()
            wordings = [self._wording(arrow) for arrow in self.scene.arrows]
            bottom = self._y(self.last) + LEAD
            placing = Placing(wordings, self.page.top, bottom)
            placing.run()
            silent = self._silences(placing)
            if (not placing.failed and not silent) or attempt == tries - 1:
                break
            for number in placing.failed:
                self.timeline.widen(max(self.scene.arrows[number].start, self.timeline.keys[0]), 6 + 3 * attempt)
            for moment in silent:
                self.timeline.widen(moment, 12)
        self.page.unlabelled = len(placing.failed) + len(silent)
        return placing

    def _silences(self, placing: Placing) -> list[Moment]:
        """Write in each fold what it hides; return the ends of those folds where the words found no place."""
        hosts = self.columns.hosts
        if not hosts:
            return []
        lanes = [(left.right, right.left) for left, right in pairwise(hosts)]
        lanes = lanes or [(hosts[0].right, self.columns.width - MARGIN)]
        silent = []
        for top, bottom, silence, moment in self.timeline.folds():
            text = f"nothing happens for {span(silence)}"
            y = self.page.top + LEAD + (top + bottom) / 2
            if not placing.level(text, "silence", y, (bottom - top) / 2 - 4, lanes):
                silent.append(moment)
        return silent

    # ------------------------------------------------------------------ arrows

    def _y(self, moment: Moment) -> float:
        return self.page.top + LEAD + self.timeline.height(moment)

    def _wording(self, arrow: Arrow) -> Wording:
        start, end = self.columns.ends(arrow)
        left, right = at_end = self.columns.lane(arrow)
        y0, y1 = self._y(arrow.start), self._y(arrow.end)
        # One that would pass other hosts dies, or is under way, in the first lane.
        first_lane = min(right - left, abs(end - start)) / (end - start)
        if arrow.fate == "lost":
            part = abs(first_lane) / 2
            end, y1 = start + (end - start) * part, y0 + (y1 - y0) * part
        elif arrow.fate == "under way":
            end = start + (end - start) * abs(first_lane) * 0.7
        elif arrow.fate == "corrupted":
            at_end = self.columns.last_lane(arrow)
            end -= 9 if end > start else -9
        arrived = arrow.fate == "arrived" and arrow.source != arrow.target
        cross = arrow.fate in ("lost", "corrupted")
        shot = Shot(
            start, y0, end, y1, _look(arrow), arrived, cross, NOT_USED in arrow.marks,
            arrow.flight.serial, _tip(arrow), arrow.start[0], arrow.end[0],
        )  # fmt: skip
        free = max(at_end[1] - end if end > start else end - at_end[0], (at_end[1] - at_end[0]) * 0.45, 100.0) - 16
        end_lines = tuple(wrap(arrow.end_text, TYPES["lost"], free, 3)) if arrow.end_text else ()
        return Wording(shot, arrow_lines(arrow), _look(arrow), end_lines, (left + 1, right - 1), at_end)

    # ------------------------------------------------------------------ everything on the page

    def _draw(self, placing: Placing) -> None:
        page = self.page
        page.scale = self.timeline.scale
        page.bottom = self._y(self.last) + LEAD
        page.shots = [wording.shot for wording in placing.wordings]
        page.labels += placing.labels
        origin = page.top + LEAD
        page.folds = [Fold(origin + (top + low) / 2, silence) for top, low, silence, _ in self.timeline.folds()]
        page.axis = [AxisPiece(origin + top, origin + low, longer) for top, low, longer in self.timeline.pieces()]
        page.guides_end = max((host.left for host in self.columns.hosts), default=page.width - MARGIN)
        for number, host in enumerate(self.columns.hosts):
            if len(host.edges) > 1:
                middle = (host.left + host.right) / 2
                page.bands.append(
                    Box(middle, (page.top + page.bottom) / 2, host.right - host.left, page.bottom - page.top)
                )
            if host.rail > host.strip:
                for edge in host.edges:
                    middle, tall = (page.top + page.bottom) / 2, page.bottom - page.top
                    page.bands.append(Box(edge + host.rail / 2, middle, host.rail, tall))
            self._bars(number, host)
            self._states(number, host)
            self._brackets(number, host)
            self._remarks(number, host)
        self._ticks()
        self._footer()

    def _bars(self, number: int, host: HostColumns) -> None:
        page = self.page
        stays = [stay for stay in self.scene.stays if stay.host == number]
        born: dict[int, Moment] = {}
        for stay in stays:
            born.setdefault(stay.connection, stay.start or self.first)
        for stay in stays:
            strip = host.strips[stay.connection]
            start, end = stay.start or self.first, stay.end
            if end is None:  # until another connection takes the strip over
                heirs = [moment for other, moment in born.items() if host.strips[other] == strip and moment > start]
                end = min(heirs, default=None)
            top = page.top if stay.start is None else self._y(stay.start)
            bottom = page.bottom if end is None else self._y(end)
            for edge in host.edges:
                x = edge + strip * host.strip
                begun = None if stay.start is None else stay.start[0]
                page.bars.append(Bar(x, x + host.strip, top, bottom, stay.state, number, begun))

    def _states(self, number: int, host: HostColumns) -> None:
        initial = self.page.top + 1
        tall = TYPES["state"].height
        for stay in self.scene.stays:
            if stay.host != number:
                continue
            if stay.start is None:
                y, initial = initial, initial + tall + 2.5
            else:
                y = self._y(stay.start) + 1.5
            rule = stay.move.why if stay.move is not None else None
            tip = f"{rule.sentence} ({rule.cite})" if rule is not None else ""
            self._label(state_text(self.scene, stay), "state", host.states_x, y + tall / 2, host.out, tip=tip)

    def _brackets(self, number: int, host: HostColumns) -> None:
        for place, run in enumerate(self.scene.timers):
            if run.host != number:
                continue
            x = host.lanes[host.lane_of[place]]
            y0, y1 = self._y(run.start), self._y(run.end)
            self.page.brackets.append(Bracket(x, y0, y1, -host.out, run.outcome))
            lines = timer_lines(self.scene, run)
            tall = TYPES["timer"].height
            top = (y0 + y1 - tall * len(lines)) / 2
            rule = run.record.why
            tip = f"{rule.sentence} ({rule.cite})" if rule is not None else ""
            for row, line in enumerate(lines):
                self._label(line, "timer", x + host.out * TIMER_GAP, top + tall * (row + 0.5), host.out, tip=tip)

    def _remarks(self, number: int, host: HostColumns) -> None:
        for remark in self.scene.remarks:
            if remark.host != number:
                continue
            lines = remark_lines(self.scene, remark)
            tall = TYPES[remark.kind].height
            top = self._y(remark.at) - tall * len(lines) / 2
            rule = remark.record.why
            tip = f"{rule.sentence} ({rule.cite})" if rule is not None else ""
            x = host.remarks_x + host.out * 3
            if remark.kind in ("call", "error"):
                wide = max(width(line, TYPES[remark.kind]) for line in lines)
                self.page.chips.append(Box(x + host.out * wide / 2, self._y(remark.at), wide, tall * len(lines)))
            for row, line in enumerate(lines):
                self._label(line, remark.kind, x, top + tall * (row + 0.5), host.out, tip=tip)

    def _ticks(self) -> None:
        """Mark as many times as the axis has room for: starts of segments first, then everything."""
        first_key: dict[int, Moment] = {}
        for key in self.timeline.keys:
            if key[1] >= 0 and key not in self.dues:
                first_key.setdefault(key[0], key)
        heights = {time: self._y(key) for time, key in first_key.items()}
        sent = [arrow.start[0] for arrow in self.scene.arrows if not arrow.inbound]
        fired = [run.end[0] for run in self.scene.timers]
        taken: dict[int, float] = {}
        for time in dict.fromkeys([*sent, *fired, *heights]):
            y = heights.get(time)
            if y is not None and all(abs(y - other) >= TYPES["tick"].height + 1 for other in taken.values()):
                taken[time] = y
        for time in sorted(taken):
            self.page.ticks.append(Tick(taken[time], time))
            self._label(self.clock(time), "tick", self.page.axis_x - GAP, taken[time], -1)


def _look(arrow: Arrow) -> str:
    if arrow.fate in ("lost", "corrupted"):
        return "lost"
    if arrow.flight.copy or arrow.flight.held or "injected" in arrow.marks:
        return "network"
    return "again" if arrow.flight.retransmission else "sent"


def _tip(arrow: Arrow) -> str:
    rule = arrow.flight.why
    return f"{arrow.text}: {rule.sentence} ({rule.cite})" if rule is not None else arrow.text
