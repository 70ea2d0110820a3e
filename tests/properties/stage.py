"""Two real endpoints, and every property asked of everything that happens to them.

Law 1. States are reached by calls, segments and timers. What a test wants of the network it says segment by segment.
Law 2. `answers` has all that a property had to say, but None; a property that was never asked has no entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpsim.properties import PROPERTIES, End, Event, Flying, Kind, Step, World
from tcpsim.tcp.actions import Deliver
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import CLOSED
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.mutants import MUTANTS
from tcpsim.tcp.segment import SYN, Segment

if TYPE_CHECKING:
    from tcpsim.tcp.actions import Action
    from tcpsim.tcp.config import Config

SOCKETS = (("192.0.2.1", 49152), ("192.0.2.2", 80))
CLIENT, SERVER = 0, 1


class Player:
    """One end and its ghosts."""

    def __init__(self, index: int, kind: type[Endpoint], knobs: dict[str, Any]) -> None:
        self.name = ("client", "server")[index]
        self.kind, self.index, self.knobs = kind, index, knobs
        self.incarnation = self.partner = 0
        self.sent = self.delivered = b""
        self.closed = False
        self.endpoint = self.fresh()
        self.meant = self.config(knobs["meant"])

    def config(self, knobs: dict[str, Any]) -> Config:
        return profile(self.knobs.get("base", "plain"), **({"rcv_buff": 1000} | knobs))

    def fresh(self) -> Endpoint:
        iss = (1000, 5000)[self.index] + 64_000 * max(self.incarnation - 1, 0)
        config = self.config({"iss": iss} | self.knobs["knobs"])
        return self.kind(config, SOCKETS[self.index], SOCKETS[1 - self.index], observed=True)

    def begin(self) -> None:
        self.incarnation += 1
        self.partner, self.sent, self.delivered, self.closed = 0, b"", b"", False
        self.endpoint = self.fresh()

    def view(self, now: int, finished: bool) -> End:
        return End(
            self.name, self.endpoint.fork(), now, self.incarnation, self.partner, self.sent, self.delivered, finished,
            self.closed, meant=self.meant,
        )  # fmt: skip


class Stage:
    """Both ends, what is under way, and what the properties say."""

    def __init__(
        self, mutant: str = "", *, base: str = "plain", server: dict[str, Any] | None = None, **knobs: Any
    ) -> None:
        found = MUTANTS[mutant] if mutant else None
        kind = Endpoint if found is None or found.endpoint is None else found.endpoint
        given: dict[str, Any] = {"base": base, "knobs": knobs | (found.knobs if found else {}), "meant": knobs}
        theirs = {"base": base, "knobs": given["knobs"] | (server or {}), "meant": knobs | (server or {})}
        self.players = (Player(0, kind, given), Player(1, kind, theirs))
        self.now = 0
        self.flying: list[Flying] = []
        self.answers: dict[str, set[object]] = {}
        self.steps: list[Step] = []
        self.finished = False

    # ------------------------------------------------------------------ what can happen

    def call(self, index: int, name: str, *args: Any, **how: Any) -> None:
        """Let a user call; a refusal is told to the properties. `send` and `open` keep the ghosts."""
        player, error, actions = self.players[index], "", []
        if name == "open" and player.endpoint.state is CLOSED:
            player.begin()
            player.endpoint.read(self.now, how.pop("reading", True))
        before = self._view(index)
        player.closed = player.closed or name in ("close", "abort")
        try:
            actions = getattr(player.endpoint, name)(self.now, *args, **how)
            player.sent += args[0] if name == "send" else b""
        except TcpError as refused:
            error = str(refused)
        self._happened(index, before, Event("call", call=f"{name}()", error=error), actions)

    def crash(self, index: int) -> None:
        """Forget the TCB."""
        player, before = self.players[index], self._view(index)
        player.endpoint, player.partner = player.fresh(), 0
        self._happened(index, before, Event("crash", call="crash()"), [])

    def deliver(self, which: int = 0) -> None:
        """Let a segment under way arrive."""
        flown = self.flying.pop(which)
        self.inject(flown.toward, flown.segment, flown.incarnation)

    def inject(self, index: int, segment: Segment, incarnation: int = 0) -> None:
        """Let a segment arrive, by default one that is older than all."""
        player, before = self.players[index], self._view(index)
        if player.endpoint.admits_new_incarnation(segment):
            player.begin()
            player.endpoint.open(self.now, active=False)
        knew = player.endpoint.state.both_syns
        actions = player.endpoint.segment_arrives(self.now, segment)
        if segment.ctl & SYN and player.endpoint.state.both_syns and not knew:
            player.partner = incarnation
        self._happened(index, before, Event("segment", segment, incarnation), actions)

    def timeout(self, index: int) -> None:
        """Let the end's earliest timer expire."""
        endpoint = self.players[index].endpoint
        due = endpoint.next_timeout()
        assert due is not None
        self.now = max(self.now, due)
        before = self._view(index)
        self._happened(index, before, Event("timeout"), endpoint.timeout(self.now))

    # ------------------------------------------------------------------ in one go

    def quiet(self) -> None:
        """Deliver whatever is under way, and what answers it."""
        for _ in range(100):
            if not self.flying:
                return
            self.deliver()
        raise AssertionError("segments answer segments for ever")

    def drop(self, which: int = 0) -> Segment:
        return self.flying.pop(which).segment

    def expire(self, times: int = 100) -> None:
        """Deliver, and let the earliest timer of both expire, until there is none, or so often."""
        for _ in range(times):
            self.quiet()
            due = [(at, index) for index in (0, 1) if (at := self.players[index].endpoint.next_timeout()) is not None]
            if not due:
                return
            self.timeout(min(due)[1])

    def connect(self, **how: Any) -> Stage:
        """Both ends become ESTABLISHED."""
        self.call(SERVER, "open", active=False, **how)
        self.call(CLIENT, "open", active=True)
        self.quiet()
        return self

    def close(self, index: int) -> None:
        self.call(index, "close")
        self.quiet()

    # ------------------------------------------------------------------ what is asked

    @property
    def world(self) -> World:
        return World((self._view(0), self._view(1)), tuple(self.flying))

    def said(self, number: str) -> list[str]:
        """The sentences with which a property was broken."""
        return [str(answer) for answer in self.answers.get(number, ()) if answer is not True]

    def _view(self, index: int) -> End:
        return self.players[index].view(self.now, self.finished)

    def _happened(self, index: int, before: End, event: Event, actions: list[Action]) -> None:
        player = self.players[index]
        for action in actions:
            if isinstance(action, Segment):
                self.flying.append(Flying(action, 1 - index, player.incarnation))
            elif isinstance(action, Deliver):
                player.delivered += action.text or bytes(action.length)
        self.steps.append(Step(before, event, self._view(index), tuple(actions)))
        self._ask(self.steps[-1])
        if player.endpoint.state is CLOSED and not player.endpoint.fresh:
            player.endpoint = player.fresh()
        self._ask(self.world)

    def _ask(self, seen: Step | World) -> None:
        for each in PROPERTIES.values():
            if isinstance(seen, Step):
                answer = each.step(seen) if each.kind is Kind.STEP and each.step else None
            else:
                answer = each.world(seen) if each.kind in (Kind.INVARIANT, Kind.LEADS_TO) and each.world else None
            if answer is not None and not (each.kind is Kind.LEADS_TO and answer is False):
                self.answers.setdefault(each.id, set()).add(answer)
