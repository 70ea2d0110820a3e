"""What stands in the middle of a link and remembers connections: a NAT, a stateful firewall.

Rule 1. The middlebox of a link is asked about each packet of both directions when it is put there, as all rules are;
        what it does not let pass is a DROP that names it. It is not asked about the packets that it makes itself.
Rule 2. It keeps a session for each pair of sockets, begun by a SYN, and forgets it when it has been idle for too
        long, without a word to anybody (RFC 5382 5, REQ-5). What belongs to no session is dropped, or answered as if
        the other end had no such connection; never a RST, and never a SYN from outside (REQ-4).
Rule 3. A NAT keeps one public port for a socket inside, whoever it talks to (REQ-1): the same number, if it is free.
        No two have one port (REQ-7). A session is let in only from where it was begun, address and port: stricter
        than the two filters that REQ-3 recommends.
Rule 4. It reads addresses, ports and control bits, never sequence numbers: who knows the ports can fool it.

Not modelled: ICMP through a NAT, a host inside that reaches another by the public address (REQ-8), inbound forwarding,
and the ICMP error that a SYN from outside should get after 6 seconds (REQ-4): it is dropped for good (REQ-4a).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from ..tcp.rules import Rule
from ..tcp.segment import ACK, FIN, RST, SYN, Segment
from ..tcp.send import reset_for
from ..tcp.seqnum import MASK
from ..tcp.units import HOUR, MINUTE, NEVER, format_duration
from ..trace import Datagram, Mapped, Note, Sent
from .arguments import LAST_PORT, duration, host_address, port
from .packet import Packet, printed, reverse
from .rule import DROP, Verdict

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from ..tcp.units import Time
    from .host import Host
    from .link import Direction, Link
    from .packet import Flow, Socket

    Key = tuple[bool, Flow]

IDLE: Final[Time] = 2 * HOUR + 4 * MINUTE
"""RFC 5382 5, REQ-5: the least time after which a session between two ends that are connected may be forgotten."""
TRANSITORY: Final[Time] = 4 * MINUTE
"""RFC 5382 5, REQ-5: the same for one that is only half open, or closed."""
UDP_IDLE: Final[Time] = 5 * MINUTE
"""RFC 4787 REQ-5: the recommended time for UDP, of which nobody sees an end."""
UNKNOWN: Final = ("drop", "reset")
"""What can become of a packet that belongs to no session."""
MAX_SESSIONS: Final = 65_536
"""How many sessions a middlebox keeps at the same time; beyond that, it lets none begin."""
FIRST_PUBLIC_PORT: Final = 1024
"""Where the search for another port begins again, when none above is free (no well-known port)."""

NAT_RESET: Final = Rule(
    "nat.unknown", "RFC 9293", "3.10.7.1", "",
    "A NAT that has no mapping answers as a host without the connection would, in the name of the other end.",
)  # fmt: skip
FIREWALL_RESET: Final = Rule(
    "firewall.unknown", "RFC 9293", "3.10.7.1", "",
    "A firewall that does not know the connection answers as a host without it would, in the name of the other end.",
)  # fmt: skip
FORBIDDEN_RESET: Final = Rule(
    "firewall.forbidden", "RFC 9505", "5.2.3", "",
    "A firewall that has seen what is forbidden resets both ends, to each in the name of the other.",
)  # fmt: skip


class Session:
    """Two sockets that a middlebox has seen a SYN between; `key` has them as they are called inside.

    Attributes:
        key: whether it is UDP's, and the flow of the packets that go out, as they come from inside.
        opened: whether each end has sent a SYN, the inside first.
        finished: whether each end has sent a FIN; a RST finishes both.
        last: when a packet of it passed last.
        alarm: when the agenda asks whether it has been idle for too long.
    """

    __slots__ = ("alarm", "box", "finished", "key", "last", "opened", "passage")

    def __init__(self, box: Middlebox, key: Key, passage: Passage) -> None:
        self.box = box
        self.key = key
        self.passage = passage
        self.opened = [False, False]
        self.finished = [False, False]
        self.last: Time = 0
        self.alarm: Time = NEVER

    @property
    def established(self) -> bool:
        """Whether both ends have opened, and not both have closed."""
        return all(self.opened) and not all(self.finished)

    @property
    def deadline(self) -> Time:
        """When it is forgotten, if nothing passes."""
        box = self.box
        if self.key[0]:
            return self.last + min(UDP_IDLE, box.idle)
        return self.last + (box.idle if self.established else min(box.transitory, box.idle))

    def see(self, now: Time, segment: Segment, outward: bool) -> None:
        """Take note of a packet that passes."""
        self.last = now
        ctl, end = segment.ctl, 0 if outward else 1
        if ctl & SYN:
            if all(self.finished):  # a new incarnation
                self.opened, self.finished = [False, False], [False, False]
            self.opened[end] = True
        if ctl & RST:
            self.finished = [True, True]
        elif ctl & FIN:
            self.finished[end] = True
        if self.deadline < self.alarm:
            self.alarm = self.deadline
            self.passage.out.source.agenda.enter(self.alarm, self.ring, None)

    def alarmed(self, when: Time) -> bool:
        """Return that nothing is left to happen because of it: to forget is no reason for a run to go on."""
        return False

    def ring(self, now: Time, _: None) -> None:
        """Forget it, if it has been idle for too long."""
        if now != self.alarm or self.box.sessions.get(self.key) is not self:
            return
        if self.deadline <= now:
            self.box.forget(now, self)
        else:
            self.alarm = self.deadline
            self.passage.out.source.agenda.enter(self.alarm, self.ring, None)


class Passage:
    """A middlebox on one link: `out` leads outside, `back` inside. Its two `Side`s are the rules of the directions."""

    __slots__ = ("back", "box", "out")

    def __init__(self, box: Middlebox, out: Direction, back: Direction) -> None:
        self.box = box
        self.out = out
        self.back = back


class Side:
    """The rule by which a direction of a link asks its middlebox."""

    __slots__ = ("outward", "passage")

    def __init__(self, passage: Passage, *, outward: bool) -> None:
        self.passage = passage
        self.outward = outward

    def __call__(self, now: Time, packet: Packet, chance: random.Random, /) -> Verdict | None:
        """Let the packet pass, perhaps with other addresses, or say DROP."""
        return self.passage.box.judge(now, packet, self.passage, self.outward)

    def describe(self) -> str:
        """Return the middlebox's name and what it does: "NAT 203.0.113.1"."""
        return self.passage.box.describe()


class Middlebox:
    """What all middleboxes have in common. One may stand on several links: `attach` puts it there.

    Attributes:
        name: who drops and resets, in the trace.
        idle: how long a session of two ends that are connected may be silent (nanoseconds).
        transitory: the same for one that is half open or closed.
        unknown: "drop" or "reset": what becomes of a packet that belongs to no session.
        sessions: by the sockets as they are called inside.
        passages: the links on which it stands.

    Raises ValueError for what is no duration and for another `unknown`.
    """

    name: ClassVar[str]
    reset_rule: ClassVar[Rule]

    def __init__(self, *, idle: str | int = IDLE, transitory: str | int = TRANSITORY, unknown: str = "drop") -> None:
        self.idle = duration(idle, "idle")
        self.transitory = duration(transitory, "transitory")
        if unknown not in UNKNOWN:
            raise ValueError(f"expected one of {', '.join(UNKNOWN)} as 'unknown', not {unknown!r}")
        self.unknown = unknown
        self.sessions: dict[Key, Session] = {}
        self.passages: list[Passage] = []

    def attach(self, link: Link, inside: Host | str) -> None:
        """Put it on a link, with the host `inside` behind it; its packets are asked about from now on.

        Raises ValueError for a host that is not at the link, and for a link that has a middlebox already.
        """
        back = link.toward(inside)
        out = next(direction for direction in link.directions if direction is not back)
        if any(isinstance(rule, Side) for rule in out.rules):
            raise ValueError(f"the link {link.name} has a middlebox already")
        passage = Passage(self, out, back)
        self.passages.append(passage)
        out.rules.append(Side(passage, outward=True))
        back.rules.append(Side(passage, outward=False))

    # ------------------------------------------------------------------ packets

    def judge(self, now: Time, packet: Packet, passage: Passage, outward: bool) -> Verdict | None:
        """Decide about a packet that is put on a link; let it pass (None), perhaps with other addresses."""
        udp = isinstance(packet.segment, Datagram)
        flow = packet.flow if outward else self.inside(udp, packet.flow)
        session = None
        if flow is not None:
            key = (udp, flow if outward else reverse(flow))
            session = self.sessions.get(key)
            if session is not None and session.deadline <= now:
                self.forget(now, session)
                session = None
            if session is None and self.may_begin(packet.segment, flow, outward):
                session = self.begin(now, key, passage)
        if session is None:
            self._answer_unknown(now, packet, passage, outward)
            return Verdict(DROP, f"{self.name}: {self.stranger(packet, outward)}")
        assert flow is not None
        session.see(now, packet.segment, outward)
        packet.flow = self.outside(udp, flow) if outward else flow
        return None

    def may_begin(self, segment: Segment, flow: Flow, outward: bool) -> bool:
        """Return whether a packet that belongs to no session may begin one."""
        if len(self.sessions) >= MAX_SESSIONS:
            return False
        return outward and (isinstance(segment, Datagram) or segment.ctl & (SYN | ACK) == SYN)

    def begin(self, now: Time, key: Key, passage: Passage) -> Session | None:
        """Begin a session; None if that is not possible."""
        session = self.sessions[key] = Session(self, key, passage)
        return session

    def forget(self, now: Time, session: Session) -> None:
        """Forget a session; of one that was not closed by its ends, the trace tells."""
        del self.sessions[session.key]
        if not all(session.finished):
            inside = session.passage.back.target
            words = f"{self.name} forgets {self.called(session)}: idle for {format_duration(now - session.last)}"
            inside.enter((Note, now, inside.name, None, None, words))

    # ------------------------------------------------------------------ what kinds of middlebox differ in

    def inside(self, udp: bool, flow: Flow) -> Flow | None:
        """Return the flow of a packet from outside as it goes on inside; None if nobody knows."""
        return flow

    def outside(self, udp: bool, flow: Flow) -> Flow:
        """Return the flow of a packet from inside as it goes on outside."""
        return flow

    def stranger(self, packet: Packet, outward: bool) -> str:
        """Return why a packet is dropped."""
        return "no such connection"

    def called(self, session: Session) -> str:
        """Return the name of a session, for the trace."""
        return printed(*session.key[1][:2])

    def describe(self) -> str:
        """Return its name and what it does."""
        return self.name

    # ------------------------------------------------------------------ what it sends

    def _answer_unknown(self, now: Time, packet: Packet, passage: Passage, outward: bool) -> None:
        segment = packet.segment
        if self.unknown == "drop" or isinstance(segment, Datagram) or segment.ctl & RST:
            return
        if segment.ctl & (SYN | ACK) == SYN and not outward:
            return  # it waits for an outbound SYN that may cross it (RFC 5382 REQ-4)
        answer = reset_for(segment, self.reset_rule)
        self.send(now, reverse(packet.flow), answer, passage.back if outward else passage.out)

    def send(self, now: Time, flow: Flow, segment: Segment, direction: Direction) -> None:
        """Put a segment of its own on a direction, in the name of somebody: no rule is asked about it.

        The middlebox stands in the middle. What it sends back for a packet that was put on the link at `now` comes by
        there when the packet does, if it sets out at the far end at `now`: so the trace has it.
        """

        def enter(now: Time, _: None) -> None:
            host = direction.source
            packet = Packet(host.packet_number(), flow, segment)
            to = direction.target.name
            host.enter((Sent, now, host.name, None, segment.why, packet.number, flow, segment, to))
            direction.let_pass(now, packet)

        direction.source.agenda.enter(now, enter, None)  # behind what becomes of the packet that is being judged

    def __repr__(self) -> str:
        return f"<{self.describe()}: {len(self.sessions)} sessions>"


class Nat(Middlebox):
    """Network address and port translation (RFC 3022): hosts inside share one public `address`.

    Attributes:
        address: what the outside sees in place of the addresses inside.

    Raises ValueError for an address that no host can have, and as Middlebox does.
    """

    name = "NAT"
    reset_rule = NAT_RESET

    def __init__(
        self,
        address: str,
        *,
        idle: str | int = IDLE,
        transitory: str | int = TRANSITORY,
        unknown: str = "drop",
    ) -> None:
        super().__init__(idle=idle, transitory=transitory, unknown=unknown)
        self.address = host_address(address)
        self._public: dict[tuple[bool, Socket], int] = {}
        self._private: dict[tuple[bool, int], Socket] = {}
        self._given: set[int] = set()  # every port that ever was one of TCP's
        self._users: dict[tuple[bool, Socket], int] = {}  # how many sessions a socket inside has

    def attach(self, link: Link, inside: Host | str) -> None:
        """Put it on a link: from now on, whoever is outside reaches the public address over it.

        Raises ValueError also if a host has the public address.
        """
        outside = link.toward(inside).source
        if any(self.address in host.addresses for host in outside.known.values()):
            raise ValueError(f"{self.address} is the address of a host: expected one of its own for the NAT")
        super().attach(link, inside)
        outside.gateways[self.address] = self.way

    def way(self, outside: Host, number: int, udp: bool) -> Direction:
        """Return the direction by which a host outside reaches a public port: any, if nobody inside has it."""
        ways = [passage.back for passage in self.passages if passage.out.target is outside]
        owner = self._private.get((udp, number))
        return next((way for way in ways if owner is not None and owner[0] in way.target.addresses), ways[0])

    def inside(self, udp: bool, flow: Flow) -> Flow | None:
        """Return the flow of a packet to the public address as it goes on inside; None if nobody has the port."""
        owner = self._private.get((udp, flow[3])) if flow[2] == self.address else None
        return None if owner is None else (*flow[:2], *owner)

    def outside(self, udp: bool, flow: Flow) -> Flow:
        """Return the flow of a packet from inside with the public address and port."""
        return (self.address, self._public[udp, flow[:2]], *flow[2:])

    def begin(self, now: Time, key: Key, passage: Passage) -> Session | None:
        """Begin a session, and with the first of a socket inside, give it a public port; None if none is left."""
        udp, flow = key
        owner = flow[:2]
        if (udp, owner) not in self._public and not self._map(now, udp, owner, passage):
            return None
        self._users[udp, owner] = self._users.get((udp, owner), 0) + 1
        return super().begin(now, key, passage)

    def forget(self, now: Time, session: Session) -> None:
        """Forget a session, and with the last of a socket inside its public port."""
        super().forget(now, session)
        udp, owner = session.key[0], session.key[1][:2]
        self._users[udp, owner] -= 1
        if not self._users[udp, owner]:
            del self._users[udp, owner]
            del self._private[udp, self._public.pop((udp, owner))]

    def _map(self, now: Time, udp: bool, owner: Socket, passage: Passage) -> bool:
        """Give a socket inside a public port: its own number, or the next that is free."""
        number = owner[1]
        if (udp, number) in self._private:
            after = (*range(number + 1, LAST_PORT + 1), *range(FIRST_PUBLIC_PORT, number))
            number = next((other for other in after if (udp, other) not in self._private), 0)
            if not number:
                return False
        self._public[udp, owner] = number
        self._private[udp, number] = owner
        host = passage.back.target
        public = (self.address, number)
        words = f"{self.name}: {printed(*owner)} is {printed(*public)} outside"
        host.enter((Mapped, now, host.name, None, None, words, "UDP" if udp else "TCP", owner, public))
        if not udp and number in self._given:
            for outside in {passage.out.target.name: passage.out.target for passage in self.passages}.values():
                outside.reroute(public)
        self._given |= set() if udp else {number}
        return True

    def stranger(self, packet: Packet, outward: bool) -> str:
        """Return why a packet is dropped."""
        return "no mapping"

    def called(self, session: Session) -> str:
        """Return the public name of a session."""
        udp, flow = session.key
        return printed(self.address, self._public[udp, flow[:2]])

    def describe(self) -> str:
        """Return "NAT 203.0.113.1"."""
        return f"{self.name} {self.address}"


class Firewall(Middlebox):
    """A stateful firewall: connections are opened from inside, and from outside only to ports that it allows.

    Attributes:
        allow: ports of the hosts inside that may be connected to from outside.
        forbidden: a text that resets both ends, as soon as a segment with it passes; b"" for none.

    Raises ValueError for what is no port, and as Middlebox does.
    """

    name = "firewall"
    reset_rule = FIREWALL_RESET

    def __init__(
        self,
        *,
        idle: str | int = IDLE,
        transitory: str | int = TRANSITORY,
        unknown: str = "drop",
        allow: Iterable[int] = (),
        forbidden: bytes = b"",
    ) -> None:
        super().__init__(idle=idle, transitory=transitory, unknown=unknown)
        self.allow = frozenset(port(number) for number in allow)
        self.forbidden = forbidden

    def may_begin(self, segment: Segment, flow: Flow, outward: bool) -> bool:
        """Return whether a packet that belongs to no session may begin one."""
        return super().may_begin(segment, flow, outward or flow[3] in self.allow)

    def judge(self, now: Time, packet: Packet, passage: Passage, outward: bool) -> Verdict | None:
        """Decide about a packet; one with the forbidden text passes, and resets both ends behind it."""
        verdict = super().judge(now, packet, passage, outward)
        segment = packet.segment
        if verdict is None and self.forbidden and segment.text is not None and self.forbidden in segment.text:
            self._reset_both(now, packet, passage, outward)
        return verdict

    def _reset_both(self, now: Time, packet: Packet, passage: Passage, outward: bool) -> None:
        segment, (there, back) = packet.segment, (passage.out, passage.back) if outward else (passage.back, passage.out)
        if isinstance(segment, Datagram):
            return
        behind = Segment((segment.seq + segment.seg_len) & MASK, 0, RST, 0, 0, None, FORBIDDEN_RESET)
        self.send(now, packet.flow, behind, there)
        self.send(now, reverse(packet.flow), Segment(segment.ack, 0, RST, 0, 0, None, FORBIDDEN_RESET), back)

    def describe(self) -> str:
        """Return "firewall", "firewall that lets in 80, 443"."""
        ports = ", ".join(str(number) for number in sorted(self.allow))
        return f"{self.name} that lets in {ports}" if ports else self.name
