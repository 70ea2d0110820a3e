"""A script carried out in virtual time, against one simulated host.

Rule 1. Events are carried out in their order. Calls, inbound packets, shell lines and code wait for their time; an
        expectation of an outbound packet does not: it takes the next packet that the socket under test has sent or
        will send, at most two seconds late, and then looks at the clock.
Rule 2. A blocking call (`a...b`) goes on beside the events that follow; its result and its end are checked when it
        ends. One blocking call at a time. A call that sleeps without that notation fails.
Rule 3. What is still queued at the end is nobody's concern. Blocks of code see values of their own time, and are
        evaluated together at the end.
Rule 4. Nothing of a script is executed by the machine that runs tcpsim, and nothing in a script raises.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..net.agenda import fewer_collections
from ..net.network import Network
from ..net.sockets import Process
from ..tcp.units import SECOND
from ..trace import Header, Note
from .calls import Calls, NoDescriptor
from .clock import GIVE_UP_AFTER, LONGEST_WAIT, Due, due, seconds
from .comparing import Came, Difference, Stamping, differences, joined, seen_ip, side_by_side, unlike
from .expressions import CodeFailed, CodeNotRun, run_code
from .machine import Machine
from .mapping import Sockets, Unmapped, ip_octet
from .optioning import NotRunnable
from .options import NotOffered, Setup, Ways, setup
from .parsing import parse
from .places import Place, ScriptError
from .results import Result, Row, Stop, malformed
from .script import Code, Command, IcmpPacket, SystemCall, TcpPacket
from .shell import CommandFailed, NotUnderstood, execute
from .tcp_info import snapshot
from .wiretap import Wiretap
from .writing import format_call, format_packet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..net.packet import Packet as Live
    from ..tcp.units import Time
    from ..trace import Trace
    from .calls import Made
    from .mapping import Tracked
    from .script import Event, Packet, Script

MAX_EVENTS: Final = 1_000_000
"""How much may happen while one event of a script is waited for."""
IDLE_WAIT: Final = SECOND
"""How long a call waits for a blocking one before it to end."""
TTL: Final = 255
"""Of the packets that a script injects, unless it says another."""
FIRST_PORT: Final = 33_001
"""Of the peers that the script plays, one more for each."""
_MAY_SLEEP: Final = "write when it ends (+0...0.5), or have O_NONBLOCK set"
KERNEL, SCRIPT = "kernel", "script"
"""What the two ends are called in a trace."""


def run_text(text: str, name: str, ways: Ways | None = None, *, trace: bool = False) -> tuple[Result, Trace | None]:
    """Read a script and run it; raises KnobError for an unknown profile or a bad knob, and nothing else."""
    ways = ways or Ways()
    try:
        script = parse(text, name, defines=ways.values, predefined=ways.predefined)
    except ScriptError as error:
        lines = text.splitlines()
        line = lines[error.place.line - 1] if 0 < error.place.line <= len(lines) else ""
        return malformed(name, error, line.strip()), None
    return run(script, ways, trace=trace)


def run(script: Script, ways: Ways | None = None, *, trace: bool = False) -> tuple[Result, Trace | None]:
    """Run a script, and return what came of it and, if asked for, everything that happened.

    A script runs about twice as fast without a trace; the same script gives the same result with one.

    Raises KnobError for an unknown profile or a bad knob.
    """
    ways = ways or Ways()
    try:
        made = setup(script, ways)
    except ScriptError as error:
        return malformed(script.name, error, script.line(error.place.line).strip()), None
    except NotOffered as error:
        option, reason = error.args
        stop = Stop("not run", option.place, f"--{option.name}: {reason}")
        return _result(script, stop, 0), None
    running = Running(script, made, trace=trace)
    stopped = running.run()
    return _result(script, stopped, running.now), running.network.trace


def _result(script: Script, stop: Stop | None, ended: Time) -> Result:
    if stop is None:
        return Result(script.name, "passed", Place(script.name), ended=ended)
    source = script.line(stop.place.line).strip()
    return Result(
        script.name, stop.verdict, stop.place, source, stop.what, stop.expected, stop.actual, stop.expected_at,
        stop.actual_at, stop.differences, stop.rows, ended,
    )  # fmt: skip


class Running:
    """One script on its way.

    Attributes:
        script: what is run.
        setup: with what.
        network: one host, and the time.
        tap: the script's end of the wire.
        sockets: the script's view of the sockets.
    """

    def __init__(self, script: Script, setup: Setup, *, trace: bool) -> None:
        self.script = script
        self.setup = setup
        self.network = Network(trace=trace, header=Header(title=script.name.rsplit("/", 1)[-1]))
        kernel = self.network.host(KERNEL, setup.bind_to[0], profile=setup.config)
        other = self.network.host(SCRIPT, setup.connect_to[0], profile=setup.config)
        self._agenda = self.network.agenda
        self.tap = Wiretap(kernel, other, self.network.trace)
        kernel.add_route(setup.connect_to[0], self.tap)
        self.kernel = kernel
        self.sockets = Sockets(setup.bind_to, setup.connect_to, first_port=FIRST_PORT, scaled=setup.scaled_echo)
        self.process = Process(kernel, setup.sockets)
        self.calls = Calls(self.process, self.sockets, setup)
        self.machine = Machine(kernel, self.calls, self.advance_by, standard=setup.standard)
        self._event: Event | None = None
        self._due = Due(0, 0)
        self._last_due: Time | None = None  # the scripted time of the event before
        self._last_inbound = False
        self._sleeping: tuple[Event, SystemCall, Made, Due] | None = None
        self._code: list[tuple[Code, Mapping[str, int]]] = []

    @property
    def now(self) -> Time:
        """The virtual time."""
        return self._agenda.now

    # ------------------------------------------------------------------ the events

    def run(self) -> Stop | None:
        """Carry out the script; return why it stopped before its end, None if it passed."""
        try:
            with fewer_collections():
                self._check_start()
                self._all_in_order()
                self._evaluate()
        except Stop as stop:
            return stop
        return None

    def _all_in_order(self) -> None:
        try:
            self._all()
        except Stop:
            self._settle()  # a blocking call that ended earlier, and wrong, comes first
            raise

    def _all(self) -> None:
        if self.script.init is not None:
            self._shell(self.script.init)
        for event in self.script.events:
            self._begin(event)
            self._carry_out(event)
            self._settle()
        self._wait_for_idle()
        if self._sleeping is not None:
            sleeping, call, _, _ = self._sleeping
            raise self._failed(sleeping.place, f"{call.name}() still sleeps at the end of the script")
        if self.script.cleanup is not None:
            self._shell(self.script.cleanup)

    def _check_start(self) -> None:
        when = self.script.events[0].when
        if when.start != 0:
            raise Stop("malformed", when.place, "the first event is not at time 0")

    def _begin(self, event: Event) -> None:
        """Work out when an event is due."""
        before, self._event = self._event, event
        packet = event.action if isinstance(event.action, TcpPacket | IcmpPacket) else None
        inbound = packet is not None and packet.inbound
        if before is not None:
            self._last_due = self._due.start
        anchor = self._due.start if inbound and self._last_inbound else None
        self._due = due(event.when, self.now, anchor)
        self._last_inbound = inbound
        backwards = before is not None and not (before.when.relative or before.when.anytime or event.when.relative)
        if backwards and not event.when.anytime and self._last_due is not None and self._due.start < self._last_due:
            what = f"time goes backwards, from {seconds(self._last_due)} to {seconds(self._due.start)}"
            raise Stop("malformed", event.when.place, what)

    def _carry_out(self, event: Event) -> None:
        action = event.action
        if isinstance(action, TcpPacket):
            self._tcp(action)
        elif isinstance(action, SystemCall):
            self._call(event, action)
        elif isinstance(action, Command):
            self._wait("the shell line")
            self._shell(action)
        elif isinstance(action, Code):
            self._wait("the code")
            self._code.append((action, snapshot(self.calls, self.sockets)))
        elif isinstance(action, IcmpPacket):
            self._icmp(action)
        else:
            raise self._not_run(f"tcpsim doesn't run {type(action).__name__.removesuffix('Packet').upper()} packets")

    # ------------------------------------------------------------------ time

    def _wait(self, what: str) -> None:
        """Let time pass until the event is due; it is too late for it if that was too long ago."""
        self.advance_to(self._due.start)
        self._check_time(self.now, what)

    def advance_to(self, moment: Time) -> None:
        """Let virtual time pass until `moment`, if it is still to come; what is due then happens before it."""
        agenda = self._agenda
        for _ in range(MAX_EVENTS):
            following = agenda.next
            if following is None or following > moment:
                break
            agenda.step()
        else:
            raise self._failed_here(f"more than {MAX_EVENTS:,} things happen before {seconds(moment)}")
        agenda.now = max(agenda.now, moment)

    def advance_by(self, span: Time) -> None:
        """Let virtual time pass, as `sleep` does."""
        self.advance_to(self.now + span)

    def _check_time(self, moment: Time, what: str) -> None:
        if not self._due.allows(moment, self._allowed()):
            raise self._failed_here(
                f"{what} is late", expected_at=self._due.words(), actual_at=seconds(moment),
                differences=(Difference("time", self._due.words(), seconds(moment)),),
            )  # fmt: skip

    def _allowed(self) -> Time:
        gap = None if self._last_due is None else self._due.start - self._last_due
        return self.setup.tolerance.for_gap(gap)

    # ------------------------------------------------------------------ packets

    def _tcp(self, packet: TcpPacket) -> None:
        self._check_runnable(packet)
        try:
            if packet.inbound:
                self._wait("the inbound packet")
                flow, segment = self.sockets.inbound(packet)
                ttl = packet.ip.ttl if packet.ip is not None and packet.ip.ttl is not None else TTL
                self.tap.inject(flow, segment, ttl, ip_octet(packet.ip))
            else:
                self._expect(packet)
        except Unmapped as error:
            raise self._failed_here(str(error)) from error
        except NotRunnable as error:
            raise self._not_run(str(error)) from error

    def _check_runnable(self, packet: Packet) -> None:
        if packet.encapsulations:
            raise self._not_run("tcpsim doesn't encapsulate packets")
        if isinstance(packet, TcpPacket) and packet.udp is not None:
            raise self._not_run("tcpsim doesn't encapsulate TCP in UDP")
        if isinstance(packet, TcpPacket) and packet.diagnostic is not None:
            raise self._not_run("tcpsim doesn't send diagnostic payloads in a RST")
        if packet.ip is not None and packet.ip.flow_label is not None:
            raise self._not_run("tcpsim has no IPv6 flow labels")

    def _expect(self, packet: TcpPacket) -> None:
        """Take the next packet of the socket under test, with google's joining as many as it takes, and compare."""
        tracked = self.sockets.expecting(packet)
        pieces: list[Came] = []
        length = 0
        while not pieces or (self.setup.joins and length < packet.length):
            piece = self._next_piece(packet, tracked, pieces)
            if pieces and (found := unlike(pieces[-1], piece, packet.length - length)):
                other = format_packet(piece.said)
                what = f"after {length} of {packet.length} octets comes what doesn't continue them: {other}"
                raise self._mismatch(packet, joined(pieces), found, what)
            pieces.append(piece)
            length += piece.said.length
        came = joined(pieces)
        found = differences(packet, came, self._stamping())
        if not self._due.allows(came.time, self._allowed()):
            found.append(Difference("time", self._due.words(), seconds(came.time)))
        if found:
            only_time = len(found) == 1 and found[0].field == "time"
            early = came.time < self._due.start
            what = f"the packet comes too {'early' if early else 'late'}" if only_time else "another packet comes"
            raise self._mismatch(packet, came, found, what)

    def _next_piece(self, packet: TcpPacket, tracked: Tracked, pieces: list[Came]) -> Came:
        caught = self._next_packet(tracked)
        if caught is None:
            what = "no packet comes"
            if pieces:
                what = f"only {sum(piece.said.length for piece in pieces)} of {packet.length} octets come"
            raise self._failed_here(
                what, expected=format_packet(packet), expected_at=self._due.words(),
                actual="" if pieces else f"nothing until {seconds(self.now)}",
            )  # fmt: skip
        moment, live = caught
        self.sockets.answered(tracked, packet, live)
        return Came(moment, self.sockets.outbound(tracked, packet, live), live)

    def _next_packet(self, tracked: Tracked) -> tuple[Time, Live] | None:
        """Return the next packet of the socket under test, or None if none comes in time."""
        deadline = self.now + LONGEST_WAIT if self._due.anytime else max(self._due.end, self.now) + GIVE_UP_AFTER
        waiting, agenda = self.tap.waiting, self._agenda
        for _ in range(MAX_EVENTS):
            while waiting:
                moment, live = waiting.popleft()
                if self.sockets.takes(tracked, live):
                    return moment, live
            if agenda.next is None or agenda.next > deadline:
                agenda.now = deadline
                break
            agenda.step()
        return None

    def _stamping(self) -> Stamping:
        """TSval may be off by a share of all the time that has passed."""
        tolerance = self.setup.tolerance.for_gap(self._due.start)
        return Stamping(self.setup.stamp_tick, tolerance)

    def _mismatch(self, packet: TcpPacket, came: Came, found: list[Difference], what: str) -> Stop:
        said = replace(came.said, ip=seen_ip(packet.ip, came.live))
        at, came_at = self._due.words(), seconds(came.time)
        late = any(each.field == "time" for each in found)
        rows = [Row("time", at, came_at, late), *side_by_side(packet, came, found)]
        return self._failed_here(
            what, expected=format_packet(packet), actual=format_packet(said), expected_at=at, actual_at=came_at,
            differences=tuple(found), rows=tuple(rows),
        )  # fmt: skip

    def _icmp(self, packet: IcmpPacket) -> None:
        self._check_runnable(packet)
        if not packet.inbound:
            raise self._not_run("tcpsim sends no ICMP messages to expect")
        self._wait("the ICMP message")
        try:
            self.machine.icmp(packet, self.sockets, ipv6=self.setup.ipv6)
        except Unmapped as error:
            raise self._failed_here(str(error)) from error
        except NotRunnable as error:
            raise self._not_run(str(error)) from error

    # ------------------------------------------------------------------ calls

    def _call(self, event: Event, call: SystemCall) -> None:
        self._wait_for_idle()
        if self._sleeping is not None and call.until is not None:
            raise self._failed_here("another blocking call is still asleep")
        self._wait(f"the call of {call.name}()")
        started = self.now
        try:
            made = self.calls.make(call)
        except NotRunnable as error:
            raise self._not_run(str(error)) from error
        except NoDescriptor as error:
            raise self._failed_here(str(error)) from error
        except ScriptError as error:
            raise Stop("malformed", error.place, str(error).removeprefix(f"{error.place}: ")) from error
        if call.until is not None:
            end = self._due.origin + call.until
            self._sleeping = (event, call, made, Due(end, end))
            return
        if not made.done and made.bounded:
            self._let_sleep(made, started + LONGEST_WAIT)
        if not made.done:
            what = f"{call.name}() sleeps, though it is written to return at once; {_MAY_SLEEP}"
            raise self._failed_here(what, expected=format_call(call))
        self._check_call(event.place, call, made)

    def _let_sleep(self, made: Made, until: Time) -> None:
        """Let time pass until a call has ended, at the longest until a moment."""
        agenda = self._agenda
        for _ in range(MAX_EVENTS):
            if made.done or agenda.next is None or agenda.next > until:
                return
            agenda.step()

    def _wait_for_idle(self) -> None:
        """Give a sleeping call another second to end."""
        if self._sleeping is not None:
            self._let_sleep(self._sleeping[2], self.now + IDLE_WAIT)
            self._settle()

    def _settle(self) -> None:
        """Check the blocking call if it has ended."""
        if self._sleeping is None or not self._sleeping[2].done:
            return
        event, call, made, end = self._sleeping
        self._sleeping = None
        ended = made.ended_at
        started = end.start - (call.until or 0) + event.when.start
        if not end.allows(ended, self.setup.tolerance.for_gap(end.start - started)):
            raise Stop(
                "failed", event.place, f"{call.name}() returns at another time", expected=format_call(call),
                expected_at=end.words(), actual_at=seconds(ended),
                differences=(Difference("time", end.words(), seconds(ended)),),
            )  # fmt: skip
        self._check_call(event.place, call, made)

    def _check_call(self, place: Place, call: SystemCall, made: Made) -> None:
        try:
            found = made.differences()
        except NotRunnable as error:
            raise Stop("not run", place, str(error)) from error
        except ScriptError as error:
            raise Stop("malformed", error.place, str(error).removeprefix(f"{error.place}: ")) from error
        if found:
            what = f"{call.name}() returns something else"
            raise Stop("failed", place, what, expected=format_call(call), actual=made.words(), differences=tuple(found))

    # ------------------------------------------------------------------ shell lines and code

    def _shell(self, command: Command) -> None:
        try:
            execute(command.text, self.machine)
        except NotUnderstood as error:
            raise Stop("not run", command.place, str(error)) from error
        except CommandFailed as error:
            raise Stop("failed", command.place, str(error)) from error
        words = " ".join(command.text.split())
        if self.network.trace is not None and not words.startswith("sysctl "):  # settings would hide what happens
            self.network.trace.append((Note, self.now, KERNEL, None, None, words))

    def _evaluate(self) -> None:
        """Evaluate the blocks of code, each with the values of its time."""
        names: dict[str, object] = {}
        for code, values in self._code:
            try:
                run_code(code, values, names)  # type: ignore[arg-type]  # what it puts there is its own
            except CodeFailed as error:
                raise Stop("failed", error.place, error.reason) from error
            except CodeNotRun as error:
                raise Stop("not run", error.place, error.reason) from error

    # ------------------------------------------------------------------ ends

    def _place(self) -> Place:
        return Place(self.script.name) if self._event is None else self._event.place

    def _failed(self, place: Place, what: str) -> Stop:
        return Stop("failed", place, what)

    def _failed_here(
        self,
        what: str,
        *,
        expected: str = "",
        actual: str = "",
        expected_at: str = "",
        actual_at: str = "",
        differences: tuple[Difference, ...] = (),
        rows: tuple[Row, ...] = (),
    ) -> Stop:
        return Stop(
            "failed", self._place(), what, expected=expected, actual=actual, expected_at=expected_at,
            actual_at=actual_at, differences=differences, rows=rows,
        )  # fmt: skip

    def _not_run(self, what: str) -> Stop:
        return Stop("not run", self._place(), what)
