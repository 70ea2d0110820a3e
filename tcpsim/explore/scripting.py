"""From the script of a scenario to the programs of two users, and to segments of an earlier connection.

Rule 1. The calls of a host, in the order of the script, are its program. Times are left out: when a call is made is
        for the explorer to choose.
Rule 2. A step with `when: HOST is STATE` waits until that host has been in that state, one with `when: HOST signals
        connection closing` until it has taken a FIN. A step without `at` and `when` waits for what the step before it
        waits for and, behind a passive OPEN of the other host, for its LISTEN.
Rule 3. One pair of sockets is explored: every call opens, and every injected segment meets, the same one.
Rule 4. What can't be explored is a mistake with its place; nothing of a script is passed over in silence, except what
        does nothing to a connection: `note`, `ss`, `status`, and a `restart` behind a `crash`.
"""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..net.bindings import FIRST_EPHEMERAL, Turn
from ..scenario import models
from ..scenario.document import Mapping, parse
from ..scenario.moments import AtTime, EntersState, Signals
from ..scenario.plans import MOST_EXPLORED
from ..scenario.problems import Problem, one_of
from ..scenario.translation import find
from ..tcp.diagram import CLOSE_WAIT, CLOSING, LISTEN, TIME_WAIT, State
from ..tcp.seqnum import MASK
from .programs import Call

if TYPE_CHECKING:
    from ..scenario import Place, Scenario
    from ..scenario.plans import StepPlan
    from ..scenario.values import Socket

MOST_OLD: Final = 8
"""The most injected segments: any set of them may be late at the same time."""
_ALPHABETS: Final = (b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""What `octets:` are made of, by host: text that came twice, crosswise or out of order is another text."""
_ONE_PAIR: Final = "one pair of sockets is explored"
_FIRST_AND_LAST_PORT: Final = (FIRST_EPHEMERAL, 65_535)

_FIN_TAKEN: Final = (CLOSE_WAIT, CLOSING, TIME_WAIT)
"""One of these is entered when the peer's FIN is taken, and not before (RFC 9293 3.10.7.4, eighth)."""

Guard = tuple[int, *tuple[State, ...]]


class Injected(NamedTuple):
    """An injected segment as the script has it, and the ends that it is from and to."""

    step: models.Inject
    source: int
    target: int


class Script:
    """A script that is to be explored.

    Attributes:
        programs: the calls of each of the two hosts.
        ports: the port of each.
        injected: segments of an earlier connection.
        knobs: what the opening calls of each host say of its knobs, but for `iss`.
        isses: the ISS that each of them says.
        notes: what is left out, in sentences.
        problems: what can't be explored.
    """

    def __init__(self, scenario: Scenario, *, symmetric: bool = False) -> None:
        """Read the script of a scenario that has two hosts."""
        self.scenario = scenario
        self.hosts = [plan.name for plan in scenario.hosts]
        self.programs: tuple[list[Call], list[Call]] = ([], [])
        self.injected: list[Injected] = []
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        self._tree: Mapping | None = None
        self._index = 0  # of the step that is being read
        self._openings: tuple[list[Any], list[Any]] = ([], [])
        self._letters = tuple(cycle(_ALPHABETS[0 if symmetric else end]) for end in (0, 1))
        self._octets = [0, 0]
        self._down = [False, False]
        self._latest = [0, 0]  # the time of each host's latest step that has one
        self._guard: Guard | None = None  # what the step before waits for
        self._listening: int | None = None  # whose passive OPEN the step before is
        self.ports = self._ports()
        self.knobs: list[dict[str, Any] | None] = [None, None]
        self.isses: tuple[list[int | None], list[int | None]] = ([], [])
        for index, plan in enumerate(scenario.script):
            self._index = index
            self._read(plan)
        self._tell_what_is_left_out()

    # ------------------------------------------------------------------ what is wrong

    def _place(self, *path: str) -> Place:
        """Return the place of a key of the step that is being read, or of the step."""
        if self._tree is None:
            self._tree = parse(self.scenario.text, self.scenario.path)
        node = find(self._tree, ("script", self._index))
        if path and isinstance(node, Mapping) and path[0] in node.keys:
            return node.keys[path[0]].place
        return self.scenario.script[self._index].place

    def _tell(self, key: str, wrong: str, expected: str) -> None:
        self.problems.append(Problem(self._place(key), wrong, expected))

    # ------------------------------------------------------------------ the pair of sockets

    def _ports(self) -> tuple[int, int]:
        claimed: list[int | None] = [None, None]
        for index, plan in enumerate(self.scenario.script):
            self._index, step = index, plan.step
            if isinstance(step, (models.Listen, models.Connect, models.Open)) and step.host in self.hosts:
                end = self.hosts.index(step.host)
                self._claim(claimed, end, self._own_port(end, step, claimed), "port")
                to: Socket | None = getattr(step, "to", None)
                if to is not None and self._end_of(to, "to") == 1 - end:
                    self._claim(claimed, 1 - end, to.port, "to")
                elif to is not None and self._end_of(to, "to") == end:
                    self._tell("to", f"{step.host} opens a connection to itself", f"{self.hosts[1 - end]} behind `to`")
        one, other = (self._first_port(end) if port is None else port for end, port in enumerate(claimed))
        return one, other

    def _own_port(self, end: int, step: Any, claimed: list[int | None]) -> int | None:
        if step.port is not None or claimed[end] is None:
            return self._first_port(end) if step.port is None else int(step.port)
        wrong = f"a connect without a port comes from another one than {claimed[end]}"
        self._tell("call", wrong, f"`port: {claimed[end]}`: {_ONE_PAIR}")
        return None

    def _first_port(self, end: int) -> int:
        return Turn().take(self.scenario.hosts[end].ports or _FIRST_AND_LAST_PORT, lambda _: True)

    def _claim(self, claimed: list[int | None], end: int, port: int | None, key: str) -> None:
        known = claimed[end]
        if port is not None and known is not None and known != port:
            self._tell(key, f"port {port} of {self.hosts[end]} is another one", f"{known}: {_ONE_PAIR}")
        elif port is not None:
            claimed[end] = port

    def _end_of(self, socket: Socket, key: str) -> int | None:
        """Return which host a socket belongs to; None for a stranger, of which is told."""
        for end, plan in enumerate(self.scenario.hosts):
            if socket.host in (plan.name, plan.address):
                return end
        self._tell(key, f"{socket.host} is none of the two hosts", one_of(self.hosts))
        return None

    # ------------------------------------------------------------------ steps

    def _read(self, plan: StepPlan) -> None:
        step = plan.step
        guard = self._waits_for(step)
        self._listening = None
        if isinstance(step, models.Inject):
            self._inject(step)
        elif not isinstance(step, (models.Remark, models.Status, models.ShowQueues)):
            end = self.hosts.index(step.host)
            self._check_order(end, step)
            call = self._call(end, step)
            if call is not None:
                self.programs[end].append(_waiting(call, guard))
                self._listening = end if call.name in ("listen", "open") else None
        self._guard = guard

    def _waits_for(self, step: Any) -> Guard | None:
        """Return the end and the state that a step waits for; None for nothing."""
        when = step.when
        if isinstance(when, AtTime) or step.at is not None:
            return None
        if when is None:
            own = getattr(step, "host", None)
            if self._listening is not None and own != self.hosts[self._listening]:
                return self._listening, LISTEN
            return self._guard
        if isinstance(when, (EntersState, Signals)) and when.nth == 1:
            end = self._end_named(when)
            if end is not None and isinstance(when, EntersState):
                return end, when.target
            if end is not None and isinstance(when, Signals) and when.what == "connection closing":
                return end, *_FIN_TAKEN
        can = (
            "`when: HOST is STATE` or `HOST signals connection closing`, the first time that it is so, or a time, "
            "which is left out"
        )
        self._tell("when", "an exploration can't wait for this", can)
        return None

    def _end_named(self, event: EntersState | Signals) -> int | None:
        """Return whose first connection is meant."""
        party = event.party
        if party.name in self.hosts:
            return self.hosts.index(party.name) if party.number in (None, 1) else None
        steps = [plan.step for plan in self.scenario.script if getattr(plan.step, "as_", None) == party.name]
        hosts = [step.host for step in steps]
        openings = [plan.step for plan in self.scenario.script if isinstance(plan.step, _OPENING)]
        if len(hosts) == 1 and [step.host for step in openings].count(hosts[0]) == 1:
            return self.hosts.index(hosts[0])
        return None

    def _check_order(self, end: int, step: Any) -> None:
        at = step.when.time if isinstance(step.when, AtTime) else step.at
        if at is None:
            return
        if at < self._latest[end]:
            key = "at" if step.at is not None else "when"
            self._tell(key, f"{step.host} does this before what stands above it", "the calls of a host in their order")
        self._latest[end] = at

    def _call(self, end: int, step: Any) -> Call | None:
        """Return the call that a step makes; None if it makes none, or can't be explored."""
        match step:
            case models.Listen() | models.Connect() | models.Open():
                return self._opening(end, step)
            case models.Crash():
                self._down[end] = step.down
                return Call("crash")
            case models.Restart():
                was_down, self._down[end] = self._down[end], False
                if step.quiet:
                    self.notes.append(f"{step.host} keeps no quiet time after its restart")
                return None if was_down else Call("crash")
            case models.Send() | models.Receive() | models.Read() | models.Close() | models.Abort():
                return self._on_connection(end, step)
            case _:
                can = f"{', '.join(f'`{name}`' for name in _CAN[:-1])} or `{_CAN[-1]}`"
                self._tell("call", f"`{step.call}` can't be explored", can)
                return None

    def _opening(self, end: int, step: models.Listen | models.Connect | models.Open) -> Call | None:
        knobs = {} if step.knobs is None else step.knobs.knobs
        self._note_iss(end, knobs.pop("iss", None))
        known = self.knobs[end]
        if known is not None and known != knobs:
            wrong = f"this connection of {step.host} has other knobs than the one before"
            self._tell("knobs", wrong, "the same knobs for all of them")
        self.knobs[end] = knobs
        self._openings[end].append(step)
        match step:
            case models.Connect():
                data = self._counted(end, (step.data or "").encode())
                return Call("connect", data=data, reading=step.reading)
            case models.Open():
                return Call("connect" if step.active else "open", reading=step.reading)
            case models.Listen():
                for key in ("backlog", "syn_backlog", "syn_cookies", "reuse_address"):
                    if getattr(step, key) != models.Listen.model_fields[key].default:
                        self._tell(key, f"a listener with {key!r} can't be explored", "one without limits")
                return Call("listen", reading=step.reading)

    def _note_iss(self, end: int, iss: int | None) -> None:
        """Take note of the ISS with which a host opens: it has to grow by the same amount each time."""
        known = self.isses[end]
        if len(known) > 1 and iss != (None if known[-1] is None else (2 * known[-1] - (known[-2] or 0)) & MASK):
            self._tell("knobs", "the ISS of this connection does not follow", "one that grows by the same each time")
        elif known and (iss is None) is not (known[0] is None):
            self._tell("knobs", "only some connections of the host have an `iss`", "one for each, or for none")
        known.append(iss)

    def _on_connection(self, end: int, step: Any) -> Call | None:
        if isinstance(step, models.Close) and step.port is not None:
            self._tell("port", "to stop listening can't be explored", "`close` of a connection, without `port`")
            return None
        openings = self._openings[end]
        latest = getattr(openings[-1], "as_", None) if openings else None
        if step.on is not None and step.on not in (latest, len(openings)):
            self._tell("on", "only the latest connection of a host can be explored", "no `on`, or the latest one")
        match step:
            case models.Send():
                for key, plain in (("push", True), ("urgent", False)):
                    if getattr(step, key) is not plain:
                        self._tell(key, f"`send` with {key!r} can't be explored", f"no {key!r}")
                text = None if step.data is None else step.data.encode()
                return Call("send", data=self._counted(end, step.octets or 0 if text is None else text))
            case models.Receive():
                return Call("receive", limit=step.limit)
            case models.Read():
                return Call("read", reading=step.reading)
            case _:
                return Call(step.call)

    def _counted(self, end: int, data: bytes | int) -> bytes:
        """Return the octets of a SEND, made up if the script only counts them; too many are told of."""
        size = data if isinstance(data, int) else len(data)
        before, self._octets[end] = self._octets[end], self._octets[end] + size
        if self._octets[end] > MOST_EXPLORED:
            if before <= MOST_EXPLORED:
                self._tell("call", f"{self.hosts[end]} sends too much to explore", f"at most {MOST_EXPLORED:,} octets")
            return b""
        return bytes(islice(self._letters[end], data)) if isinstance(data, int) else data

    # ------------------------------------------------------------------ segments of an earlier connection

    def _inject(self, step: models.Inject) -> None:
        source, target = self._end_of(step.from_, "from"), self._end_of(step.to, "to")
        if source is None or target is None:
            return
        if source == target:
            self._tell("to", f"{step.to.host} is sent what pretends to be its own", f"{self.hosts[1 - source]}")
            return
        for key, socket, end in (("from", step.from_, source), ("to", step.to, target)):
            if socket.port not in (None, self.ports[end]):
                wrong = f"port {socket.port} of {self.hosts[end]} is another one"
                self._tell(key, wrong, f"{self.ports[end]}: {_ONE_PAIR}")
        if len(self.injected) + step.repeat > MOST_OLD:
            self._tell("repeat", "too many segments are injected", f"at most {MOST_OLD} in all")
            return
        self.injected += [Injected(step, source, target)] * step.repeat

    # ------------------------------------------------------------------ what is left out

    def _tell_what_is_left_out(self) -> None:
        scenario = self.scenario
        timed = [plan.step for plan in scenario.script if _has_time(plan.step)]
        if timed:
            steps = "a step" if len(timed) == 1 else f"{len(timed)} steps"
            self.notes.append(f"the times of {steps} are left out: a call is made at any moment")
        if self.injected:
            count = len(self.injected)
            what = "an injected segment is" if count == 1 else f"{count} injected segments are"
            when = "and may arrive at any moment or never"
            self.notes.append(f"{what} under way from the beginning, as of an earlier connection, {when}")
        if any(isinstance(plan.step, models.Crash) and plan.step.down for plan in scenario.script):
            self.notes.append("a host that crashes is up again at once")
        for link in scenario.links:
            if link.nat is not None or link.firewall is not None:
                box = "nat" if link.nat is not None else "firewall"
                self.problems.append(Problem(link.place, f"a {box} can't be explored", "a link without a middlebox"))
            if link.faults:
                self.notes.append("the faults of the link are left out: within the bound every fault is tried")
            if any(impaired.model_fields_set - {"delay", "between"} for impaired in link.toward.values()):
                self.notes.append("the impairments of the link are left out: nothing happens by chance")


_OPENING: Final = (models.Listen, models.Connect, models.Open)
_CAN: Final = ("listen", "open", "connect", "send", "receive", "read", "close", "abort", "crash", "inject")
"""The calls that can be explored."""


def _waiting(call: Call, guard: Guard | None) -> Call:
    return call if guard is None else Call(call.name, call.data, call.limit, guard, call.reading)


def _has_time(step: Any) -> bool:
    return step.at is not None or isinstance(step.when, AtTime) or bool(step.wait)
