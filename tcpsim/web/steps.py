"""A trace as steps: what a person who steps through a run is shown at each, as plain values for JSON.

Rule 1. A step is a happening (draw/happenings.py); every record belongs to one, and steps stand in their order.
Rule 2. Words are made here, by the same functions as `tcpsim explain`: the page's script puts them in place,
        and reckons only with numbers that stand beside them.
Rule 3. What is left out for want of room is counted in `left_out`, for the page to say.
Rule 4. A trace without explanations has the same steps; checks and changes are empty then.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..draw.amounts import amount, asked, is_news
from ..draw.explain import happened
from ..draw.happenings import happenings, is_explained
from ..draw.hosts import hosts_of
from ..draw.words import UNBROKEN, Clock, clean, numbers, span, tidings, timer_name
from ..tcp.variables import TIMER
from ..trace import (
    Arrived,
    Called,
    Explanation,
    Moved,
    Sent,
    TimerFired,
    TimerSet,
    TimerStopped,
    flights,
)
from ..trace.naming import shown_socket

if TYPE_CHECKING:
    from ..draw.happenings import Happening
    from ..draw.page import Page
    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Changed, Trace

MOST_STEPS: Final = 3000
"""A page has no more steps than these: it would be larger than a few megabytes."""
MOST_FOLLOWING: Final = 200
"""Of one step at most so many consequences are told."""

Step = dict[str, Any]


@dataclass(slots=True)
class Story:
    """All that the page's script is given of a run.

    Attributes:
        hosts: each with name, address, profile, and its connections: number, and the peer's socket or "".
        steps, flights, timers: as `as_json` names their parts.
        left_out: what of the run the page does not show, in sentences.
    """

    hosts: list[dict[str, Any]]
    explained: bool
    steps: list[Step] = field(default_factory=list)
    flights: list[Step] = field(default_factory=list)
    timers: list[Step] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return what stands in the page's block of data."""
        return {
            "hosts": self.hosts, "explained": self.explained, "steps": self.steps, "flights": self.flights,
            "timers": self.timers,
        }  # fmt: skip


def story(trace: Trace, pages: list[Page], window: tuple[int, int] | None = None) -> Story:
    """Return a run as steps.

    Args:
        trace: the run, at best an explained one.
        pages: the ladders in which each step gets its height; what they had to leave out is no step.
        window: the serial numbers of the first and last record that the ladders show, if not all.
    """
    return _Telling(trace, pages, window).story


class _Telling:
    """Makes the story of a trace."""

    def __init__(self, trace: Trace, pages: list[Page], window: tuple[int, int] | None) -> None:
        self.trace = trace
        views = hosts_of(trace)
        self.host_of = {view.name: number for number, view in enumerate(views)}
        profiles = {host.name: host.profile for host in trace.header.hosts}
        hosts = [
            {"name": view.title, "address": view.address, "profile": clean(profiles.get(view.name, ""), 30)}
            for view in views
        ]
        self.story = Story(hosts, is_explained(trace))
        self.clock = Clock({record.time for record in trace.records})
        self.heights = [_Heights(page) for page in pages]
        told = self._chosen(window)
        self.serials = [each.serial for each in told]
        self.times = [each.time for each in told]
        self.last = told[-1].records[-1].serial if told else -1
        self.story.steps = [self._step(each) for each in told]
        self._connections(len(hosts))
        if told:
            self._flights()
            self._timers()

    def _chosen(self, window: tuple[int, int] | None) -> list[Happening]:
        """Return the happenings that are told; what is left out is counted."""
        everything = happenings(self.trace)
        first, last = window if window is not None else (0, len(self.trace))
        inside = [each for each in everything if each.records[-1].serial >= first and each.serial <= last]
        if window is not None and len(inside) < len(everything):
            self.story.left_out.append(f"This page shows {len(inside)} of the run's {len(everything)} events.")
        end = min((heights.end for heights in self.heights), default=None)
        beyond = [each for each in inside if end is not None and (each.time, each.serial) > end]
        cut = any(isinstance(record, Sent) for each in beyond for record in each.records)
        told = inside[: len(inside) - len(beyond) if cut else None][:MOST_STEPS]
        if len(told) < len(inside):
            left = len(inside) - len(told)
            self.story.left_out.append(
                f"The page is full: it ends before the last {left} of {len(inside)} events. "
                "`--from` and `--to` choose another part, `--segments` a longer one."
            )
        return told

    def _at(self, serial: int | None) -> int | None:
        """Return the step to which a record belongs, or None if it is not told."""
        if serial is None or not self.serials or not self.serials[0] <= serial <= self.last:
            return None
        return bisect_right(self.serials, serial) - 1

    # -------------------------------------------------------------- a step

    def _step(self, of: Happening) -> Step:
        opening, checked = of.opening, of.checked
        bare = isinstance(opening, Explanation)
        head = f"{clean(opening.host, 40)} acts" if bare else happened(opening, self.clock)
        given: set[Rule] = set()
        step: Step = {
            "n": of.serial, "t": of.time, "clock": self.clock(of.time), "host": self.host_of.get(of.host, -1),
            "conn": opening.connection if checked is None else checked.connection, "head": head,
            "y": [round(heights(of.time, of.serial), 2) for heights in self.heights],
            "ids": [record.serial for record in of.records],
            "moves": [
                [self.host_of[move.host], move.connection, str(move.source), str(move.target)]
                for move in of.records if isinstance(move, Moved)
            ],
        }  # fmt: skip
        if checked is not None and isinstance(opening, (Arrived, Called, TimerFired)):
            step["state"] = clean(checked.state, 20)
        if checked is not None:
            step["asks"] = checked.checks[0].answer is not None
            step["checks"] = [
                [check.passed, asked(check, checked.iss, checked.irs).replace(UNBROKEN, " "), clean(check.cite, 60)]
                for check in checked.checks
            ]
            step["agreed"] = checked.agreed
            self._add_reason(step, of.reason, given)
        elif not isinstance(opening, Arrived):
            self._add_reason(step, opening.why, given)
        step["changes"] = [self._change(changed, of) for changed in of.changed]
        step["then"] = self._follows(of, given)
        return step

    @staticmethod
    def _add_reason(step: Step, rule: Rule | None, given: set[Rule]) -> None:
        if rule is not None:
            step["why"] = _told_rule(rule)
            given.add(rule)

    def _change(self, changed: Changed, of: Happening) -> Step:
        rows = [
            [name, amount(name, was, changed, self.clock), amount(name, now, changed, self.clock),
             is_news(name, was, now), self._place(name, of)]
            for name, was, now in changed.changes
        ]  # fmt: skip
        return {"host": self.host_of.get(changed.host, -1), "conn": changed.connection, "rows": rows}

    @staticmethod
    def _place(name: str, of: Happening) -> str:
        """Return where a state's or a timer's change stands."""
        rules = [
            record.why
            for record in of.records
            if (isinstance(record, Moved) and name == "state")
            or (isinstance(record, (TimerSet, TimerStopped, TimerFired)) and name == record.timer + TIMER)
        ]
        return next((clean(rule.cite, 60) for rule in reversed(rules) if rule is not None), "")

    def _follows(self, of: Happening, given: set[Rule]) -> list[list[str]]:
        rows: list[list[str]] = []
        for record in of.follows[:MOST_FOLLOWING]:
            if of.changed and isinstance(record, (Moved, TimerSet, TimerStopped, TimerFired)):
                continue  # the changes say so
            rule = record.why
            news = rule is not None and rule not in given
            rows.append([happened(record, self.clock), *(_told_rule(rule) if news and rule is not None else ("", ""))])
            given |= {rule} if rule is not None else set()
        if len(of.follows) > MOST_FOLLOWING:
            rows.append([f"and {len(of.follows) - MOST_FOLLOWING} more", "", ""])
        return rows

    def _connections(self, hosts: int) -> None:
        """Tell each host's connections that a step is about, and with whom each speaks."""
        peers: dict[tuple[str, int | None], str] = {}
        for record in self.trace.records:
            if isinstance(record, (Sent, Arrived)) and record.connection is not None:
                peers.setdefault((record.host, record.connection), _peer(record))
        spoken = {(self.host_of[host], conn): peer for (host, conn), peer in peers.items()}
        found: list[set[int]] = [set() for _ in range(hosts)]
        for step in self.story.steps:
            about = [(step["host"], step["conn"]), *((move[0], move[1]) for move in step["moves"])]
            for host, conn in [*about, *((change["host"], change["conn"]) for change in step["changes"])]:
                if host >= 0 and conn is not None:
                    found[host].add(conn)
        for number, host in enumerate(self.story.hosts):
            host["conns"] = [[conn, spoken.get((number, conn), "")] for conn in sorted(found[number])]

    # -------------------------------------------------------------- what goes on between steps

    def _flights(self) -> None:
        count = len(self.serials)
        for flight in flights(self.trace):
            start = self._at(flight.serial)
            if start is None:
                continue
            end = self._at(flight.end_serial) if flight.fate != "lost" else None
            if flight.fate == "lost" and flight.ends_at is not None:
                end = bisect_left(self.times, flight.ends_at)
            marks = [f"retransmission {flight.retransmission}"] if flight.retransmission else []
            marks += [f"copy {flight.copy}"] if flight.copy else []
            self.story.flights.append({
                "text": numbers(flight) + tidings(flight), "from": self.host_of.get(flight.source, -1),
                "to": self.host_of.get(flight.target, -1), "a": start, "b": count if end is None else end,
                "sent": flight.sent_at, "ends": flight.ends_at, "fate": flight.fate, "marks": ", ".join(marks),
                "by": clean(flight.by) if flight.fate == "lost" else "", "n": flight.serial,
            })  # fmt: skip

    def _timers(self) -> None:
        """Tell each run of a timer: from the step that sets it up to the one that stops, restarts or fires it."""
        running: dict[tuple[str, int | None, str], Step] = {}
        for record in self.trace.records:
            if not isinstance(record, (TimerSet, TimerStopped, TimerFired)):
                continue
            step = self._at(record.serial)
            key = (record.host, record.connection, record.timer)
            before = running.pop(key, None)
            if before is not None and step is not None:
                before["b"] = step
            if isinstance(record, TimerSet) and (step is not None or record.serial < self.serials[0]):
                running[key] = self._timer(record, -1 if step is None else step)
        self.story.timers = [timer for timer in self.story.timers if timer["b"] > timer["a"] and timer["b"] >= 0]

    def _timer(self, record: TimerSet, step: int) -> Step:
        timer: Step = {
            "host": self.host_of.get(record.host, -1), "conn": record.connection, "name": timer_name(record.timer),
            "a": step, "b": len(self.serials), "set": record.time, "due": record.deadline,
            "lasts": span(record.deadline - record.time), "at": self.clock(record.deadline),
            "why": _told_rule(record.why)[1] if record.why is not None else "",
        }  # fmt: skip
        self.story.timers.append(timer)
        return timer


class _Heights:
    """Where on a ladder a moment lies: at its own height, or between those around it."""

    def __init__(self, page: Page) -> None:
        self.moments = [moment for moment, _ in page.moments]
        self.ys = [y for _, y in page.moments]

    @property
    def end(self) -> tuple[Time, int]:
        """The last moment on the page."""
        return self.moments[-1] if self.moments else (0, 0)

    def __call__(self, time: Time, serial: int) -> float:
        if not self.ys:
            return 0.0
        place = bisect_right(self.moments, (time, serial)) - 1
        if place < 0:
            return self.ys[0]
        before = self.moments[place][0]
        if place + 1 == len(self.ys) or before == time:
            return self.ys[place]
        after = self.moments[place + 1][0]
        part = (time - before) / (after - before)  # for a height on a page: no time is compared by it
        return self.ys[place] + (self.ys[place + 1] - self.ys[place]) * part


def _peer(record: Sent | Arrived) -> str:
    """Return the socket at the other end of a connection."""
    source, source_port, target, target_port = record.flow
    host, port = (target, target_port) if isinstance(record, Sent) else (source, source_port)
    return clean(shown_socket(host, port), 60)


def _told_rule(rule: Rule) -> tuple[str, str]:
    return rule.sentence, clean(rule.cite, 80)


def event_line(step: Step) -> str:
    """Return a step as a line of the list of events."""
    return f"{step['head']}{', in ' + step['state'] if 'state' in step else ''}"
