"""Questions about two ends at one instant, answered: the shortest way there, as a run to look at, or "unreachable".

Rule 1. The bound is deepened, from no fault on: a way has as few faults as can be and, with these, as few steps.
Rule 2. What is shown has happened: the file is read and run, it is compared whether both ends sent what they sent in
        the exploration, and the hosts have to be in the states that were asked for when the run stops. Where no way
        passes, its steps in words are all there is, and the reason is told.
Rule 3. Who opens passively does so as early as changes nothing: ladders begin as people expect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..scenario.evidence import Evidence, Names
from ..scenario.loading import loads
from ..scenario.problems import ScenarioError
from ..scenario.running import run
from ..scenario.words import Party
from ..tcp.diagram import CLOSED
from ..trace import Moved, Sent
from .reaching import NAMES, TEXT, Reaching, anything, mirrored, stepped
from .replaying import NotInTime, timetable
from .telling import told
from .world import Exploration, Kind, decoded
from .writing import time_word, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..scenario.running import Run
    from ..tcp.diagram import State
    from ..trace import Trace
    from .engine import Limits, Tally
    from .plans import Plan
    from .questions import Question
    from .reaching import Meeting, Pair
    from .replaying import Timetable
    from .world import Instant

_TRIED: Final = 24
"""So many ways are tried: the first may be one that can't be shown in virtual time."""
_FILE: Final = "reachable.yaml"


@dataclass(frozen=True, slots=True)
class Ground:
    """What is explored: a world, anew for each search, and the text whose hosts a way's file has.

    Attributes:
        about: what it is, in words.
        rules: what the users do and what a fault is, in sentences. notes: what of a scenario is left out.
        names: of the two hosts, in the order of their states in a pair.
        text: the scenario.
        world: makes the world; with True, the same with its two ends exchanged. Only a symmetric one is asked for that.
    """

    about: str
    rules: str
    names: tuple[str, str]
    text: str
    world: Callable[[bool], Exploration]
    notes: tuple[str, ...] = ()

    @classmethod
    def of_anything(cls) -> Ground:
        """Return the ground on which two users may do anything once."""

        def world(exchanged: bool) -> Exploration:
            one, other = anything()
            return Exploration(other, one, symmetric=True) if exchanged else Exploration(one, other, symmetric=True)

        rules = (
            "Each user opens once, actively or passively, and may close or abort at any moment. A fault: a segment is "
            "lost, copied or overtaken, a timer expires too early, or a host crashes, after which its user may open "
            "again."
        )
        return cls("anything that two users can do", rules, NAMES, TEXT, world)

    @classmethod
    def of_plan(cls, plan: Plan) -> Ground:
        """Return the ground of a scenario's own script; its ends are told apart, whatever the scenario says."""

        def world(_exchanged: bool) -> Exploration:
            return Exploration(*plan.players, old=plan.old, in_order=plan.in_order, quiet=plan.quiet)

        befalls = "lost, copied or overtaken" if plan.in_order else "lost or copied"
        early = ", or a timer expires too early" if plan.quiet else ""
        rules = f"The users make the calls of {plan.name}. A fault: a segment is {befalls}{early}."
        one, other = (player.name for player in plan.players)
        return cls(plan.name, rules, (one, other), plan.scenario.text, world, plan.notes)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a pair of states.

    Attributes:
        pair: the states that it leads to.
        faults: how many of its steps are faults.
        steps: each in words, with whether it is a fault.
        text: a scenario file in which it happens; "" where it can't be shown in virtual time.
        run: that file's run; None likewise.
        slow: whether the file holds packets back.
        why_not: why there is no file, or "".
    """

    pair: Pair
    faults: int
    steps: tuple[tuple[str, bool], ...]
    text: str = ""
    run: Run | None = None
    slow: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    Attributes:
        way: the way there, None if there is none within the bound.
        faults: within how many faults everything was looked at, if there is no way.
        states, transitions: how many were looked at, in the last search.
        stopped: "" if the bound was exhausted or a way was found, else what ended the search.
    """

    way: Way | None
    faults: int
    states: int
    transitions: int
    stopped: str = ""


def answer(
    question: Question,
    ground: Ground,
    *,
    faults: int,
    limits: Limits | None = None,
    progress: Callable[[Tally], object] | None = None,
) -> Answer:
    """Look for the shortest way to what is asked, within 0, 1, 2... up to `faults` faults."""
    assert faults >= 0
    for bound in range(faults + 1):
        world = ground.world(False)
        symmetric = world.symmetric

        def wanted(pair: Pair, symmetric: bool = symmetric) -> bool:
            return question.fits(pair) or (symmetric and question.fits_mirrored(pair))

        reaching = Reaching(world, faults=bound, until=wanted, limits=limits, progress=progress).run()
        way = _way(question, ground, reaching)
        if way is not None or reaching.stopped:
            break
    tally = reaching.search.tally
    return Answer(way, bound, tally.states, tally.transitions, "" if way is not None else reaching.stopped)


def _way(question: Question, ground: Ground, reaching: Reaching) -> Way | None:
    """Return the simplest way that can be run again, else the simplest, else None."""
    simplest: Way | None = None
    for pair, meeting in reaching.ways(_TRIED):
        way = _shown(question, ground, reaching.world, pair, meeting)
        if way.run is not None or not way.steps:
            return way
        simplest = simplest or way
    return simplest


def _shown(question: Question, ground: Ground, world: Exploration, pair: Pair, meeting: Meeting) -> Way:
    """Return a way as what can be looked at."""
    path, exchanged = meeting.path, not question.fits(pair)
    if exchanged:
        other = ground.world(True)
        world, path, pair = other, mirrored(world, path, other), pair[::-1]
    path = _listening_first(world, path)
    steps = tuple(told(world, path))
    why_not = "this is how both ends begin"
    if path:
        try:
            times = timetable(world, path)
            text, again = _run(question, ground, world, pair, meeting.faults, times, len(path))
            slow = any(each.arrives and each.arrives[0] - each.sent_at > times.delay for each in times.flights)
            return Way(pair, meeting.faults, steps, text, again, slow)
        except (NotInTime, ScenarioError) as error:
            why_not = str(error)
    return Way(pair, meeting.faults, steps, why_not=why_not)


def _run(
    question: Question,
    ground: Ground,
    world: Exploration,
    pair: Pair,
    faults: int,
    times: Timetable,
    steps: int,
) -> tuple[str, Run]:
    """Return a file in which a way happens, and its run; NotInTime if something else happens there."""
    players = (world.tables[0].player, world.tables[1].player)
    priced = "without a fault" if not faults else f"with {faults} fault{'s' if faults > 1 else ''}"
    intro = (
        f"How it can be that {question.words}: {priced}, in {steps} step{'s' if steps > 1 else ''}.\n"
        f"Found by exploring {ground.about}; the run stops when it is so."
    )
    until: dict[str, Any] = {"until": time_word(times.ends)}

    def file(extra: dict[str, Any]) -> str:
        return written(ground.text, players, times, title=_title(question), intro=intro, extra=until | extra)

    first = run(loads(file({}), _FILE))
    sent = [(record.host, record.segment.wire()[:3]) for record in first.trace if isinstance(record, Sent)]
    if sent != [(players[flight.sender].name, flight.segment.wire()[:3]) for flight in times.flights]:
        raise NotInTime("on the simulated network the ends send something else")
    expected: dict[str, str] = {}
    for name, state in zip(ground.names, pair, strict=True):
        party, last = _last(first.trace, name)
        if last is not state:
            raise NotInTime(f"on the simulated network {name} is {last} then")
        if party is not None:
            expected[party] = str(state)
    text = file({"expect": {"states": expected, "ends": first.ended}})
    again = run(loads(text, _FILE), explained=True)
    if not again.passed:
        raise NotInTime(f"on the simulated network {again.failures[0].actual}")
    return text, again


def _title(question: Question) -> str:
    return f"{question.words[0].upper()}{question.words[1:]}"


def _last(trace: Trace, host: str) -> tuple[str | None, State]:
    """Return a host's last connection as an expectation names it, None if it never had one; and its last state."""
    moves = [record for record in trace if isinstance(record, Moved) and record.host == host]
    if not moves:
        return None, CLOSED
    last = max(record.connection or 0 for record in moves)
    several = len({record.connection for record in moves}) > 1
    path = Evidence(trace, Names(tuple(trace.hosts))).path(Party(host, last if several else None, 0))
    return f"{host} connection {last}" if several else host, path[-1].target


def _listening_first(world: Exploration, path: Sequence[int]) -> tuple[int, ...]:
    """Return a path with each passive OPEN as early as leaves what it leads to as it is."""
    codes = list(path)
    end = _walked(world, codes)
    for index in range(len(codes)):
        if not _opens_passively(world, codes, index):
            continue
        for place in range(index):
            tried = [*codes[:place], codes[index], *codes[place:index], *codes[index + 1 :]]
            if _walked(world, tried) == end:
                codes = tried
                break
    return tuple(codes)


def _opens_passively(world: Exploration, codes: Sequence[int], index: int) -> bool:
    kind, argument = decoded(codes[index])
    if kind is not Kind.CALL:
        return False
    state = _walked(world, codes[:index])
    assert state is not None
    end = argument >> 8
    call = world.tables[end].choices(state[end])[argument & 0xFF][1]  # type: ignore[arg-type]  # two ends, both numbers
    return call.name in ("open", "listen")


def _walked(world: Exploration, codes: Sequence[int]) -> Instant | None:
    """Return where some steps lead, None if they can't be taken."""
    state = world.initial()[0]
    try:
        for code in codes:
            state = stepped(world, state, code)
    except StopIteration:
        return None
    return state
