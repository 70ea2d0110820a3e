"""Endpoints brought into each state by calls and segments, and a plain notation for what they answer.

Law 1. No state and no variable is ever forged: what a test begins with was reached by events.
Law 2. A test names what differs. `arrives("ACK")` is the segment that the peer would send next: it
       begins at RCV.NXT, acknowledges SND.NXT and offers WND. Numbers in tests count from the ISS
       (ours) and from the IRS (the peer's), whatever those are.
Law 3. An event's answer is a list of lines, one for each action in order, and a test compares all of
       it: segments with every number, moves, timers with the time that is left, signals, reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tcpsim.tcp.actions import Deliver, Discarded, Moved, Signal, TimerFired, TimerSet, TimerStopped
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
    State,
)
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.rules import CLOSED_RESET
from tcpsim.tcp.segment import ACK, RST, RST_ACK, Segment, ctl_name, segment
from tcpsim.tcp.seqnum import HALF, MASK, SPACE
from tcpsim.tcp.units import MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tcpsim.tcp.actions import Action
    from tcpsim.tcp.options import Options
    from tcpsim.tcp.rules import Rule
    from tcpsim.tcp.text import Chunk

LOCAL: Final = ("192.0.2.1", 49152)
REMOTE: Final = ("192.0.2.2", 80)

NUMBERS: Final = (
    (100, 300),
    ((1 << 31) - 3, (1 << 31) - 2),
    (SPACE - 2, SPACE - 1),
    (0, SPACE - 3),
)
"""Pairs of ISS and IRS under which everything has to hold: among them those just below 2^31 and 2^32."""

WND: Final = 4000
"""What the peer's segments offer."""
RCV: Final = 1000
"""The receive buffer of the template: small, so that what lies beyond the window is near."""
RTO: Final = SECOND
MSL2: Final = 4 * MINUTE

EVERY_STATE: Final = tuple(State)
SYNCHRONIZED: Final = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)
RECEIVING: Final = (ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2)
AFTER_FIN: Final = (CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT)

Line = tuple[object, ...]


# ------------------------------------------------------------------ the notation


def sends(ctl: str, seq: int, ack: int = 0, *, why: Rule, wnd: int = RCV, length: int = 0, up: int = 0) -> Line:
    """A segment goes out. The RST,ACK of who has no numbers is <SEQ=0>; all else is relative."""
    return ("sends", ctl, seq, ack, wnd, length, up, why)


def resets(seq: int, *, why: Rule) -> Line:
    """<SEQ=seq><CTL=RST> goes out."""
    return ("sends", "RST", seq, 0, 0, 0, 0, why)


def moves(source: State, target: State, why: Rule) -> Line:
    return ("moves", source, target, why)


def tells(what: str, why: Rule, detail: str = "") -> Line:
    return ("tells", what, detail, why)


def sets(timer: str, left: int, why: Rule) -> Line:
    """A timer is set, to expire `left` nanoseconds from now."""
    return ("sets", timer, left, why)


def stops(timer: str, why: Rule) -> Line:
    return ("stops", timer, why)


def fires(timer: str, why: Rule) -> Line:
    return ("fires", timer, why)


def drops(why: Rule) -> Line:
    """The segment, or a part of it, is not used."""
    return ("drops", why)


def gives(length: int, why: Rule, *, pushed: bool = False, urgent: bool = False) -> Line:
    """Octets are delivered to the user."""
    return ("gives", length, pushed, urgent, why)


def signed(number: int) -> int:
    """A distance in sequence space as a person reads it: -1 for one before."""
    return number - SPACE if number >= HALF else number


# ------------------------------------------------------------------ an endpoint and its peer's segments


class Reached:
    """An endpoint that events brought where it is, with the numbers that tests count from."""

    def __init__(self, end: Endpoint, iss: int, irs: int) -> None:
        self.end = end
        self.iss = iss
        self.irs = irs
        self.now = 0
        self.actions: list[Action] = []

    # -------------------------------------------------------------- what happens to it

    def segment(
        self,
        ctl: str | int = "ACK",
        *,
        seq: int | None = None,
        ack: int | None = None,
        wnd: int = WND,
        text: bytes | int = b"",
        up: int = 0,
        options: Options | None = None,
    ) -> Segment:
        """The segment that the peer would send next, but for what is named."""
        at = self.end.rcv_nxt if seq is None else self.irs + seq
        if seq is None and self.end.state in (CLOSED, LISTEN, SYN_SENT):
            at = self.irs
        made = segment(ctl, at, 0, wnd, text, options, up)
        if made.ctl & ACK:
            made.ack = self.end.snd_nxt if ack is None else (self.iss + ack) & MASK
        return made

    def arrives(self, ctl: str | int = "ACK", **fields: Any) -> list[Line]:
        """Let a segment arrive, now; return what comes of it."""
        return self.lines(self.end.segment_arrives(self.now, self.segment(ctl, **fields)))

    def opens(self, *, active: bool) -> list[Line]:
        return self.lines(self.end.open(self.now, active=active))

    def sends(self, data: Chunk, *, push: bool = True, urgent: bool = False) -> list[Line]:
        return self.lines(self.end.send(self.now, data, push=push, urgent=urgent))

    def receives(self, limit: int = 1 << 40) -> list[Line]:
        return self.lines(self.end.receive(self.now, limit))

    def reads(self, on: bool = True) -> list[Line]:
        return self.lines(self.end.read(self.now, on))

    def closes(self) -> list[Line]:
        return self.lines(self.end.close(self.now))

    def aborts(self) -> list[Line]:
        return self.lines(self.end.abort(self.now))

    def waits(self, span: int) -> list[Line]:
        """Let time pass, and every timer act whose time it is."""
        until = self.now + span
        actions: list[Action] = []
        while (at := self.end.next_timeout()) is not None and at <= until:
            self.now = at
            actions += self.end.timeout(at)
        self.now = until
        return self.lines(actions)

    # -------------------------------------------------------------- what it answered

    def lines(self, actions: Iterable[Action]) -> list[Line]:
        self.actions = list(actions)
        return [self._line(action) for action in self.actions]

    def _line(self, action: Action) -> Line:
        match action:
            case Segment():
                without_numbers = action.ctl & RST_ACK == RST_ACK and action.why is CLOSED_RESET
                seq = 0 if without_numbers else signed((action.seq - self.iss) & MASK)
                ack = signed((action.ack - self.irs) & MASK) if action.ctl & ACK else action.ack
                if action.ctl & RST and not action.ctl & ACK:
                    assert action.ack == 0
                fields = (ctl_name(action.ctl), seq, ack, action.wnd, action.length, action.up)
                return ("sends", *fields, action.why)
            case Deliver():
                return ("gives", action.length, action.pushed, action.urgent, action.why)
            case Signal():
                return ("tells", action.what, action.detail, action.why)
            case Moved():
                return ("moves", action.edge.source, action.edge.target, action.why)
            case TimerSet():
                return ("sets", action.timer, action.deadline - self.now, action.why)
            case TimerStopped():
                return ("stops", action.timer, action.why)
            case TimerFired():
                return ("fires", action.timer, action.why)
            case Discarded():
                return ("drops", action.why)

    @property
    def texts(self) -> list[bytes | None]:
        """The octets of the segments and deliveries of the last answer."""
        return [action.text for action in self.actions if isinstance(action, (Segment, Deliver)) and action.length]

    @property
    def state(self) -> State:
        return self.end.state

    def ours(self, name: str) -> int:
        """A variable of ours (`snd_una`) relative to the ISS."""
        return signed((getattr(self.end, name) - self.iss) & MASK)

    def theirs(self, name: str) -> int:
        """A variable about the peer's numbers (`rcv_nxt`) relative to the IRS."""
        return signed((getattr(self.end, name) - self.irs) & MASK)

    def fork(self) -> Reached:
        copy = Reached(self.end.fork(), self.iss, self.irs)
        copy.now = self.now
        return copy


# ------------------------------------------------------------------ the way to each state


def fresh(numbers: tuple[int, int] = NUMBERS[0], **knobs: Any) -> Reached:
    """A CLOSED endpoint: at-once ACKs, no user timeout, a receive buffer of RCV; knobs, and its `kind`, as named."""
    kind: type[Endpoint] = knobs.pop("kind", Endpoint)
    template: dict[str, Any] = {"iss": numbers[0], "delayed_ack": 0, "user_timeout": None, "rcv_buff": RCV}
    end = kind(profile("rfc9293", **(template | knobs)), LOCAL, REMOTE, observed=True)
    return Reached(end, *numbers)


def reach(
    state: State,
    numbers: tuple[int, int] = NUMBERS[0],
    *,
    passive: bool | None = None,
    flight: bytes | int = 0,
    reading: bool = False,
    **knobs: Any,
) -> Reached:
    """Return an endpoint in `state`; see Law 2 for what the template is.

    `passive` says how it was opened: by default passively only for LISTEN and SYN-RECEIVED, and an
    active one reaches SYN-RECEIVED by SYNs that cross. `flight` is text sent before anything closes.
    """
    it = fresh(numbers, **knobs)
    if reading:
        it.reads()
    if state is CLOSED:
        return it
    if passive is None:
        passive = state is LISTEN or state is SYN_RECEIVED
    _synchronize(it, state, passive)
    if state in SYNCHRONIZED:
        if flight:
            it.sends(flight)
        _close(it, state)
    assert it.state is state, it.state
    it.actions = []
    return it


def _synchronize(it: Reached, state: State, passive: bool) -> None:
    it.opens(active=not passive)
    if state is LISTEN or state is SYN_SENT:
        return
    if passive or state is SYN_RECEIVED:
        it.arrives("SYN")
    else:
        it.arrives("SYN,ACK")
    if passive and state is not SYN_RECEIVED:
        it.arrives("ACK")


def _close(it: Reached, state: State) -> None:
    if state in (FIN_WAIT_1, FIN_WAIT_2, CLOSING, TIME_WAIT):
        it.closes()
    if state in (FIN_WAIT_2, TIME_WAIT):
        it.arrives("ACK")
    if state in (CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSING):
        it.arrives("FIN,ACK", ack=it.ours("snd_una"))
    if state is LAST_ACK:
        it.closes()
