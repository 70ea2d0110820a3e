"""The layout of a ladder: from a trace to a page where everything has its place, and nothing is drawn yet.

Rule 1. Labels never overlap one another, and nothing leaves the page.
Rule 2. Order in time is order on the page (see timeline.py); the ends of every arrow lie at their
        times, so a slanted arrow shows its delay.
Rule 3. What does not fit makes the page grow, up to TALLEST; what is too much for it, or for `max_segments`,
        is counted below. What is left out at the beginning is counted above.
Rule 4. A segment that was lost is drawn beside those it travelled with: where it was due, but not as
        overtaking one that was sent before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ..tcp.diagram import CLOSED
from .columns import (
    GAP,
    MARGIN,
    NARROW,
    TIMER_GAP,
    Columns,
    HostColumns,
    arrow_lines,
    end_lines,
    narrow_lines,
    remark_lines,
    state_text,
    timer_lines,
)
from .framing import level, put_footer, put_header
from .measure import width, wrap_evenly
from .page import AxisPiece, Bar, Box, Bracket, Fold, Page, Shot, Tick
from .palette import TYPES
from .placing import Placing, Wording, block
from .scene import NORMAL, NOT_USED, scene, silence_text, under_way
from .timeline import Timeline, scale_of
from .words import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..trace import Record, Trace
    from .framing import Caption
    from .scene import Arrow, Moment, Remark, Scene, TimerRun

MAX_SEGMENTS: Final = 200
WIDER: Final = (0.0, 50.0, 100.0, 150.0)
"""So many more points are tried between two hosts where words are struck."""
MANY: Final = 150
"""For more arrows than this, room for words that are only struck is sought less long."""
LEAD: Final = 19.0
"""The lifelines begin so many points above the first moment, and end as many below the last."""
FOLD_GAP: Final = 9.0
"""An arrow over a fold is interrupted for so many points."""
BREAK: Final = 6.5
"""A fold breaks a lifeline so far to either side, and so far up and down."""
LINE: Final = 15.5
"""Two segments from one host lie so far apart that a label fits between them."""
TALLEST: Final = 14_400.0
"""The greatest height of a page in points: 200 inches, more than which PDF readers don't show, nor browsers as PNG."""
MOST_SEGMENTS: Final = 1200
"""More segments than these never fit on a page."""
ARRIVALS: Final = 13.0
"""Two segments that arrive at one host do so at least so far apart."""
GUIDED: Final = frozenset({"signal", "data", "note", "timer"})
"""Words that may lie on the faint guide lines of the time axis, and hide them."""
PAGE_FULL: Final = "the page is full"
PATIENCE: Final = 3
"""After so many tries that were no better, where arrows are many, words that are only struck stay so."""
HOPELESS: Final = 0.2
"""Where more than this part of the words are struck, everything crosses everything, and room does not help."""
ENOUGH: Final = 48.0
"""So many points are given to words that another arrow passes through, and then no more."""
TRIES: Final = 12
"""So often room is made for labels that found none."""


def layout(
    trace: Trace,
    *,
    detail: int = NORMAL,
    max_segments: int = MAX_SEGMENTS,
    window: tuple[int, int] | None = None,
    absolute: bool = False,
    caption: Caption | None = None,
    narrow: bool = False,
) -> Page:
    """Return the page of a trace.

    Args:
        trace: the run; of its header, title and source become the page's.
        detail: scene.BRIEF (flags and states), NORMAL (numbers, calls, timers that fired), OPTIONS (windows and
            options, too), or FULL (every timer and signal, too).
        max_segments: leave out what comes after so many segments; the page says how many more there are.
            What would make the page higher than TALLEST is left out, too.
        window: draw only the records with these serial numbers (first and last, both included).
        absolute: sequence numbers are those of the wire, not counted from the ISS.
        caption: what stands below the figure.
        narrow: the hosts stand close together, as a phone needs it.
    """
    most, limit = max_segments, ""
    if most > MOST_SEGMENTS:
        most, limit = MOST_SEGMENTS, PAGE_FULL
    while True:
        part = scene(trace, detail=detail, max_segments=most, window=window, limit=limit, absolute=absolute)
        page = min(_pages(part, caption, narrow), key=lambda each: (each.unlabelled, each.struck))
        if page.height <= TALLEST or most <= 1:
            return page
        fitting = int(0.95 * min(most, part.weight) * TALLEST / page.height)
        most, limit = max(1, min(most - 1, fitting)), PAGE_FULL


def _pages(of: Scene, caption: Caption | None, narrow: bool) -> Iterator[Page]:
    """Make pages with more and more room between the hosts, up to the first on which no word is struck or left out."""
    for more in WIDER:
        page = _Ladder(of, caption, more, narrow).page
        yield page
        if not (page.struck or page.unlabelled) or len(of.arrows) > MANY:
            return


class _Ladder:
    """Makes a page of a scene, with `more` points than needed between two hosts."""

    def __init__(self, of: Scene, caption: Caption | None, more: float, narrow: bool) -> None:
        self.scene, self.caption = of, caption
        self.first: Moment = (of.first[0], -1)
        self.last: Moment = max(of.last, (of.last[0], of.last[1]))
        moments = self._moments()
        self.dues = {arrow.end for arrow in of.arrows if arrow.fate == "lost"}
        self.behind = _behind(of.arrows)
        self.clock = Clock({time for time, _ in moments})
        ticks = max((width(self.clock(time), TYPES["tick"]) for time, _ in moments), default=0.0)
        self.columns = Columns(of, ticks, 300.0, more, NARROW) if narrow else Columns(of, ticks, 400.0, more)
        self.page = Page(self.columns.width, 0.0, of.title, axis_x=self.columns.axis_x)
        put_header(self.page, of, self.columns, captioned=caption is not None and bool(caption.source))
        self.timeline = Timeline(moments, scale_of(of))
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

    def _label(
        self, text: str, role: str, x: float, y: float, side: int, *, tip: str = "", serial: int | None = None
    ) -> None:
        """Add a level label: centred at x (side 0), ending there (-1) or beginning there (1)."""
        label = level(text, role, x, y, side)
        self.page.labels.append(replace(label, halo=role in GUIDED, tip=tip, serial=serial))

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
        for arrow in self.scene.arrows:
            if arrow.loops and arrow.end[0] > arrow.start[0]:
                self.timeline.require(arrow.start, arrow.end, 2 * LINE * len(arrow_lines(arrow)) + 8)
            behind = self.behind[arrow.flight.serial]
            if behind.ahead is not None:
                self.timeline.require(behind.ahead.end, arrow.end, ARRIVALS)
            if behind.arriving is not None:
                self.timeline.require(behind.arriving.end, arrow.end, ARRIVALS * (1 + behind.between))

    def _between(self, earlier: Arrow, earlier_sent: bool, later: Arrow, sent: bool) -> float:
        if not sent:
            return 3.0 if earlier_sent else ARRIVALS
        lines = len(arrow_lines(later))
        if earlier_sent:
            return LINE * lines
        # A reply: its label stands in the wedge between the two arrows, and the wedge must be open enough there.
        start, end = self.columns.ends(later)
        lane = abs(end - start)
        wide, tall = block(arrow_lines(later), later.kind)
        drops = sum((arrow.end[0] - arrow.start[0]) * self.timeline.scale for arrow in (earlier, later))
        return min(max(tall + 7 - drops * max(lane - wide, 0) / 2 / lane, 0.0), LINE + 6)

    def _fit(self) -> Placing:
        """Solve the heights and place the words, making more room until everything has a place."""
        arrows = len(self.scene.arrows)
        patience = TRIES if arrows <= MANY else PATIENCE
        best: tuple[tuple[int, int], tuple[float, ...]] | None = None
        since = 0
        for attempt in range(TRIES):
            placing, silent, tight = self._try()
            struck = len(placing.struck) + len(placing.shortened) + len(tight)
            flaws = (len(placing.failed) + len(silent), struck)
            since += 1
            if best is None or flaws < best[0]:
                best, since = (flaws, self.timeline.extra), 0
            if not best[0][0] and (not flaws[1] or since >= patience or flaws[1] > max(arrows * HOPELESS, 6)):
                break
            self._make_room(placing, [*silent, *tight], 6 + 3 * attempt)
        assert best is not None
        self.timeline.extra = best[1]
        placing, silent, tight = self._try()
        (self.page.unlabelled, self.page.struck) = best[0]
        return placing

    def _make_room(self, placing: Placing, folds: list[Moment], room: float) -> None:
        """Give room before arrows whose words need it; to those that are only struck or shortened, not without end."""
        for number in dict.fromkeys([*placing.failed, *placing.struck, *placing.shortened]):
            start = self.scene.arrows[number].start
            if number in placing.failed or self.timeline.widened(start) < ENOUGH:
                self.timeline.widen(start, room)
        for moment in folds:
            self.timeline.widen(moment, 12)

    def _try(self) -> tuple[Placing, list[Moment], list[Moment]]:
        """Solve the heights and place the words; return also the ends of folds without words, and with struck ones."""
        self.timeline.solve()
        self.due_y: dict[int, float] = {}
        wordings = [self._wording(arrow) for arrow in self.scene.arrows]
        placing = Placing(wordings, self.page.top, self._y(self.last) + LEAD, self._breaks())
        placing.run()
        silent, tight = self._silences(placing)
        return placing, silent, tight

    def _breaks(self) -> list[Box]:
        """Return where the lifelines are broken by folds: a little further to each side than they are wide."""
        heights = [self.page.top + LEAD + (top + bottom) / 2 for top, bottom, _, _ in self.timeline.folds()]
        edges = [(edge + host.rail / 2, host.rail) for host in self.columns.hosts for edge in host.edges]
        return [Box(x, y, wide + 2 * BREAK, 2 * BREAK) for y in heights for x, wide in edges]

    def _silences(self, placing: Placing) -> tuple[list[Moment], list[Moment]]:
        """Write in each fold what it hides.

        Returns the ends of those folds where the words found no place, and where an arrow passes through them.
        """
        hosts = self.columns.hosts
        silent: list[Moment] = []
        tight: list[Moment] = []
        if not hosts:
            return silent, tight
        lanes = [(left.right, right.left) for left, right in pairwise(hosts)]
        lanes = lanes or [(hosts[0].right, self.columns.width - MARGIN)]
        for top, bottom, begin, end in self.timeline.folds():
            text = silence_text(end[0] - begin[0], under_way(self.scene, begin[0], end[0]))
            wide = lanes[0][1] - lanes[0][0] - 24
            versions = [wrap_evenly(text, TYPES["silence"], room, 2) for room in (wide, 0.6 * wide)]
            y = self.page.top + LEAD + (top + bottom) / 2
            crossings = placing.level(versions, "silence", y, (bottom - top) / 2 - 4, lanes)
            if crossings is None:
                silent.append(end)
            elif crossings:
                tight.append(end)
        return silent, tight

    # ------------------------------------------------------------------ arrows

    def _y(self, moment: Moment) -> float:
        return self.page.top + LEAD + self.timeline.height(moment)

    def _wording(self, arrow: Arrow) -> Wording:
        start, end = self.columns.ends(arrow)
        left, right = at_end = self.columns.lane(arrow)
        y0, y1 = self._y(arrow.start), self._due(arrow)
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
        elif arrow.loops:
            y1 = y0  # level to where it turns round: see `_way_back`
        arrived = arrow.fate == "arrived" and arrow.source != arrow.target
        cross = arrow.fate in ("lost", "corrupted")
        shot = Shot(
            start, y0, end, y1, arrow.kind, arrived, cross, NOT_USED in arrow.marks,
            arrow.flight.serial, _tip(arrow), arrow.start[0], arrow.end[0],
        )  # fmt: skip
        free = max(at_end[1] - end if end > start else end - at_end[0], (at_end[1] - at_end[0]) * 0.45, 100.0) - 16
        return Wording(
            shot,
            arrow_lines(arrow),
            narrow_lines(arrow),
            arrow.kind,
            end_lines(arrow, free),
            (left + 1, right - 1),
            at_end,
        )

    def _due(self, arrow: Arrow) -> float:
        """Return the height at which a segment arrives; at which a lost one was due, right behind those ahead of it."""
        due = self._y(arrow.end)
        ahead = self.behind[arrow.flight.serial].ahead
        if ahead is not None and arrow.fate == "lost":
            due = max(due, self.due_y[ahead.flight.serial] + ARRIVALS)
        self.due_y[arrow.flight.serial] = due
        return due

    # ------------------------------------------------------------------ everything on the page

    def _draw(self, placing: Placing) -> None:
        page = self.page
        page.scale = self.timeline.scale
        page.bottom = self._y(self.last) + LEAD
        page.moments = [(moment, self._y(moment)) for moment in self.timeline.keys]
        page.labels += placing.labels
        origin = page.top + LEAD
        page.folds = [
            Fold(origin + (top + low) / 2, end[0] - begin[0], len(under_way(self.scene, begin[0], end[0])))
            for top, low, begin, end in self.timeline.folds()
        ]
        for number, wording in enumerate(placing.wordings):
            own = placing.gaps.get(number)
            gaps = (() if own is None else (own,)) + _folded(wording.shot, page.folds)
            page.shots.append(replace(wording.shot, gaps=gaps))
            arrow = self.scene.arrows[number]
            if arrow.loops and arrow.fate == "arrived":
                back = _way_back(wording.shot, self._y(arrow.end))
                page.shots.append(replace(back, gaps=_folded(back, page.folds)))
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
        put_footer(self.page, self.scene, self.caption)

    def _bars(self, number: int, host: HostColumns) -> None:
        page = self.page
        stays = [stay for stay in self.scene.stays if stay.host == number]
        if not stays:  # it knows UDP only, which has no states
            page.bars += [Bar(x, x + host.strip, page.top, page.bottom, CLOSED, number, None) for x in host.edges]
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
                moved = None if stay.move is None else stay.move.serial
                page.bars.append(Bar(x, x + host.strip, top, bottom, stay.state, number, begun, moved))

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
            tip, serial = _told(stay.move)
            text = state_text(self.scene, stay)
            self._label(text, "state", host.states_x, y + tall / 2, host.out, tip=tip, serial=serial)

    def _brackets(self, number: int, host: HostColumns) -> None:
        for place, run in enumerate(self.scene.timers):
            if run.host != number:
                continue
            x = host.lanes[host.lane_of[place]]
            y0, y1 = self._y(run.start), self._y(run.end)
            self.page.brackets.append(Bracket(x, y0, y1, -host.out, run.outcome, run.record.serial))
            lines = timer_lines(self.scene, run)
            tall = TYPES["timer"].height
            top = (y0 + y1 - tall * len(lines)) / 2
            tip, serial = _told(run.record)
            x += host.out * TIMER_GAP
            for row, line in enumerate(lines):
                self._label(line, "timer", x, top + tall * (row + 0.5), host.out, tip=tip, serial=serial)

    def _remarks(self, number: int, host: HostColumns) -> None:
        for remark in self.scene.remarks:
            if remark.host != number:
                continue
            lines = remark_lines(self.scene, remark)
            tall = TYPES[remark.kind].height
            top = self._y(remark.at) - tall * len(lines) / 2
            tip, serial = _told(remark.record)
            x = host.remarks_x + host.out * 3
            if remark.kind == "note":
                self._leader(host, x, self._y(remark.at))
            if remark.kind in ("call", "error"):
                wide = max(width(line, TYPES[remark.kind]) for line in lines)
                self.page.chips.append(Box(x + host.out * wide / 2, self._y(remark.at), wide, tall * len(lines)))
            for row, line in enumerate(lines):
                self._label(line, remark.kind, x, top + tall * (row + 0.5), host.out, tip=tip, serial=serial)

    def _leader(self, host: HostColumns, x: float, y: float) -> None:
        """Lead from a note, level, to the lifeline at its instant; what stands on the way interrupts it."""
        edge = host.states_x - host.out * GAP
        low, high = sorted((edge, x - host.out * 2))
        across = [
            (box.bounds[0] - 2, box.bounds[2] + 2) for box in (label.box for label in self.page.labels)
            if box.bounds[1] - 1 < y < box.bounds[3] + 1 and not box.angle
        ]  # fmt: skip
        for left, right in sorted(across):
            if left < high and right > low:
                if left > low:
                    self.page.leaders.append((low, y, left, y))
                low = max(low, right)
        if low < high:
            self.page.leaders.append((low, y, high, y))

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


@dataclass(frozen=True, slots=True)
class _Behind:
    """What an arrow travels behind: the one right ahead of it, the last one that arrives, how many are lost between."""

    ahead: Arrow | None = None
    arriving: Arrow | None = None
    between: int = 0


def _behind(arrows: list[Arrow]) -> dict[int, _Behind]:
    """Return what each arrow travels behind, by serial.

    The one ahead was sent before it the same way, and is on its way, on time, when it is sent.
    """
    out: dict[int, _Behind] = {}
    latest: dict[tuple[int, int], _Behind] = {}
    for arrow in arrows:
        way = (arrow.source, arrow.target)
        behind = latest.get(way, _Behind())
        if behind.ahead is not None and behind.ahead.end <= arrow.start:
            behind = _Behind()
        out[arrow.flight.serial] = behind
        if arrow.flight.held or arrow.flight.copy or arrow.fate == "under way":
            continue
        lost = arrow.fate == "lost"
        latest[way] = _Behind(arrow, behind.arriving, behind.between + 1) if lost else _Behind(arrow, arrow)
    return out


def _folded(shot: Shot, folds: list[Fold]) -> tuple[tuple[float, float], ...]:
    """Return where an arrow is interrupted since time is folded below it, as parts of its length."""
    fall = shot.y1 - shot.y0
    half = FOLD_GAP / 2 / shot.length if shot.length else 0.0
    at = [(fold.y - shot.y0) / fall for fold in folds if shot.y0 < fold.y < shot.y1]
    return tuple((part - half, part + half) for part in at)


def _way_back(shot: Shot, y: float) -> Shot:
    """Return the second half of an arrow from a host to itself, from where it turns round to the lifeline."""
    return replace(shot, x0=shot.x1, y0=shot.y1, x1=shot.x0, y1=y, head=True)


def _told(record: Record | None) -> tuple[str, int | None]:
    """Return the reason of a record and where it stands, and the record's number."""
    if record is None:
        return "", None
    rule = record.why
    return f"{rule.sentence} ({rule.cite})" if rule is not None else "", record.serial


def _tip(arrow: Arrow) -> str:
    rule = arrow.flight.why
    return f"{arrow.text}: {rule.sentence} ({rule.cite})" if rule is not None else arrow.text
