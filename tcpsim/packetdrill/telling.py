"""What one host of a run saw and did, as the events of a script.

Rule 1. The host is one end of one connection. Its application's calls become system calls, segments that arrive
        become inbound packets, segments that it sends outbound ones, also those that the network loses.
Rule 2. Numbers count as scripts count: ours from our ISS, the peer's from the first number that it shows.
Rule 3. What no script can say raises NotExpressible, with its time. What leaves no trace on the wire and has no
        system call stands as a comment.
Rule 4. Nothing is looked up but in the trace.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeGuard

from .. import trace as record
from ..net.packet import reverse
from ..net.sockets import ERRNOS
from ..tcp import segment as bits
from ..tcp.seqnum import MASK
from ..tcp.units import US
from .clock import seconds
from .mapping import script_packet
from .optioning import listed
from .script import (
    BitOr,
    Dots,
    Errno,
    Event,
    Field,
    Integer,
    IpInfo,
    List,
    Name,
    Struct,
    SystemCall,
    TcpPacket,
    Timestamps,
    When,
)

if TYPE_CHECKING:
    from ..net.packet import Flow
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace import Record, Trace
    from .script import Action, Direction, Ecn, Expression

LISTENER: Final = 3
"""The descriptor of the only socket that the script makes."""
ACCEPTED: Final = 4
LARGEST_READ: Final = 65_535
EARLIER: Final = US
"""By how much something comes earlier that happened just before a timer, at the same instant: a script's events come
after all that is due at their time. The finest time that packetdrill knows."""
FIRST_STAMP: Final = 100
"""What the first TSval of each end is called: not 0, which in TSecr means nothing."""

ERRORS: Final = {
    "connection refused": "ECONNREFUSED",
    "connection reset": "ECONNRESET",
    "connection timed out": "ETIMEDOUT",
    "connection aborted due to user timeout": "ETIMEDOUT",
}
"""What SO_ERROR tells after a signal that a connection has ended."""
_ECN_WORDS: Final[dict[int, Ecn]] = {bits.NOT_ECT: "noecn", bits.ECT_0: "ect0", bits.ECT_1: "ect1", bits.CE: "ce"}
_SEND: Final = re.compile(r"send\((\d+)(, urgent)?(, no push)?(, record)?\)")
_RECEIVE: Final = re.compile(r"receive\((\d*)\)")
_CRASH: Final = re.compile(r"(crash|restart): every connection is forgotten(, quiet .*)?|restart(, quiet .*)?")
_USES: Final = ("send", "close", "abort", "receive", "read")
"""Calls of a connection that have system calls."""
_OPENINGS: Final = ("listen", "connect")


class NotExpressible(Exception):
    """A run can't be told as a script.

    Attributes:
        time: when in the run that happens which no script can say (nanoseconds).
        reason: what it is.
    """

    def __init__(self, time: Time, reason: str) -> None:
        self.time = time
        self.reason = reason
        super().__init__(f"at {seconds(time)}: {reason}")


# ------------------------------------------------------------------ what the run is about


class Subject:
    """The one connection of a host that a script is about.

    Attributes:
        host: the host under test.
        records: what happened there, in order.
        flow: addresses and ports of the packets that it sends.
        connection: the number of its connection, None if it has none.
        listens: whether it waits for the peer; connects: whether it opens actively. Neither: its port is closed.
        ahead: whether its application takes text as it comes; reads_all: whether it does, or none comes.
        ecn: whether some segment carries an ECN mark.
        stamped: whether some segment carries timestamps.
        gives_cookies: whether it answers a SYN with a cookie of Fast Open, which is made of the peer's address.
    """

    def __init__(self, trace: Trace, host: str) -> None:
        self.host = host
        self.records = [each for each in trace if each.host == host]
        self._refuse_datagrams()
        self.segments = [each for each in self.records if _is_ours(each)]
        self.connection: int | None = None
        self.flow = self._only_flow()
        self.connects = self._opens("connect(", "open(active)")
        self.listens = self._opens(f"listen({self.flow[1]})", f"listen({self.flow[1]},", "open(passive)")
        self.ahead = self._reads_ahead()
        came = [each for each in self.segments if isinstance(each, record.Arrived) and each.segment.length]
        self.reads_all = self.ahead or not came
        self.ecn = any(each.segment.ecn for each in self.segments)
        options = [each.segment.options for each in self.segments]
        self.stamped = any(each is not None and each.ts is not None for each in options)
        self.gives_cookies = self.listens and any(each is not None and each.fastopen for each in options)

    def _refuse_datagrams(self) -> None:
        for each in self.records:
            if isinstance(each, record.SegmentRecord) and isinstance(each.segment, record.Datagram):
                raise NotExpressible(each.time, f"{self.host} has to do with UDP datagrams; a script follows TCP")

    def _only_flow(self) -> Flow:
        if not self.segments:
            forges = any(_injected(each) for each in self.records)
            but = "only puts forged segments on the network: its TCP" if forges else ""
            what = " ".join(filter(None, (self.host, but, "neither sends a segment nor does one arrive there")))
            raise NotExpressible(0, what)
        flows = [each.flow if isinstance(each, record.Sent) else reverse(each.flow) for each in self.segments]
        for each, flow in zip(self.segments, flows, strict=True):
            if flow != flows[0]:
                two = "{}:{} - {}:{} beside {}:{} - {}:{}".format(*flow, *flows[0])
                raise NotExpressible(each.time, f"{self.host} has to do with {two}; a script follows one connection")
            if isinstance(each, record.Sent) and each.segment.ctl & bits.SYN:
                self.connection = self.connection or each.connection
                if each.connection != self.connection:
                    raise NotExpressible(each.time, f"{self.host} opens a second connection; a script follows one")
        return flows[0]

    def _opens(self, *calls: str) -> bool:
        made = [each for each in self.records if isinstance(each, record.Called) and not each.error]
        return any(each.call.startswith(calls) for each in made)

    def _reads_ahead(self) -> bool:
        """Return whether text is delivered as it comes; NotExpressible if only some is."""
        asked: Record | None = None
        ahead: Record | None = None
        for before, each in pairwise(self.records):
            if isinstance(each, record.Called) and each.call.startswith(("receive(", "read(")):
                asked = asked or each
            if isinstance(each, record.Delivered) and not _answers(before, each):
                ahead = ahead or each
        if ahead is not None and asked is not None:
            what = "takes text as it comes after it has waited for it with a call; sockets do one or the other"
            raise NotExpressible(ahead.time, f"the application of {self.host} {what}")
        return ahead is not None


def _injected(each: Record) -> bool:
    """Return whether a packet was put on the network by the scenario, not by a host."""
    return isinstance(each, record.Sent) and record.stranger(each.connection, each.why) is not None


def _is_ours(each: Record) -> TypeGuard[record.Sent | record.Arrived]:
    """Return whether a record is of a segment that the host sent, or that arrived there."""
    return isinstance(each, record.Arrived) or (isinstance(each, record.Sent) and not _injected(each))


def _answers(before: Record, delivered: Record) -> bool:
    """Return whether text is delivered because a call asked for it."""
    return (
        isinstance(before, record.Called)
        and before.call.startswith(("receive(", "read(on"))
        and (before.time, before.error) == (delivered.time, "")
    )


# ------------------------------------------------------------------ numbers


class Numbers:
    """The numbers of a script for those of a run: see `mapping`, which does the reverse.

    Attributes:
        iss: ours; 0 until a segment has shown it.
        base: what the peer's numbers are counted from.
    """

    def __init__(self, subject: Subject) -> None:
        self.iss: int | None = None
        self.base = self._base(subject)
        self.ecn = subject.ecn
        self._first_stamp: dict[Direction, int] = {}

    @staticmethod
    def _base(subject: Subject) -> int:
        """The peer's ISN as packetdrill sees it: of a SYN,ACK to our SYN; else the first number that arrives."""
        came = [each.segment for each in subject.segments if isinstance(each, record.Arrived)]
        if subject.connects:
            answers = [each for each in came if each.ctl & bits.SYN_ACK == bits.SYN_ACK]
            came = answers or [each for each in came if each.ctl & bits.SYN] or came
        return came[0].seq if came else 0

    def outbound(self, segment: Segment, *, answering: bool) -> TcpPacket:
        """Return a segment that was sent; of a host that is `answering`, its SYN,ACK shows the ISS."""
        shows = bits.SYN_ACK if answering else bits.SYN
        if self.iss is None and segment.ctl & bits.SYN_ACK == shows:
            self.iss = segment.seq
        return self._packet(segment, ">", self.iss or 0, self.base)

    def inbound(self, segment: Segment) -> TcpPacket:
        """Return a segment that arrived."""
        return self._packet(segment, "<", self.base, self.iss or 0)

    def _packet(self, segment: Segment, direction: Direction, sender: int, receiver: int) -> TcpPacket:
        acks = bool(segment.ctl & bits.ACK)
        ack = (segment.ack - receiver) & MASK if acks else None
        options = listed(segment.options, -receiver)
        options = tuple(
            [self._stamps(each, direction, acks) if isinstance(each, Timestamps) else each for each in options]
        )
        packet = script_packet(segment, direction, (segment.seq - sender) & MASK, ack, options)
        return replace(packet, ip=IpInfo(ecn=_ECN_WORDS[segment.ecn])) if self.ecn else packet

    def _stamps(self, stamps: Timestamps, direction: Direction, acks: bool) -> Timestamps:
        value = stamps.value or 0
        first = self._first_stamp.setdefault(direction, value)
        heard = self._first_stamp.get("<" if direction == ">" else ">")
        echo = stamps.echo
        if heard is not None and acks:
            echo = (echo - heard + FIRST_STAMP) & MASK
        return Timestamps((value - first + FIRST_STAMP) & MASK, echo)


# ------------------------------------------------------------------ the events


class Telling:
    """The events of a script, and comments between them.

    Attributes:
        events: in order.
        remarks: (how many events come before, words).
        exact: whether everything has its own time; else something comes EARLIER than it did.
    """

    def __init__(self, subject: Subject, *, closes_fully: bool) -> None:
        """Begin; `closes_fully` says that by its knobs a CLOSE is more than the end of what the host sends."""
        self.subject = subject
        self.numbers = Numbers(subject)
        self.events: list[Event] = []
        self.remarks: list[tuple[int, str]] = []
        self.exact = True
        self._closes_fully = closes_fully
        self._at: Time = 0
        self._fd: int | None = None
        self._opened = False
        self._closed = False
        self._unread = 0
        self._sent: set[int] = set()
        self._early = self._before_timers()
        uses = (record.Called, record.Delivered)
        self._last_use = max((each.serial for each in subject.records if isinstance(each, uses)), default=0)

    def tell(self) -> None:
        """Go through the run; NotExpressible for what no script can say."""
        self._call(0, "socket", Dots(), Name("SOCK_STREAM"), Name("IPPROTO_TCP"), result=LISTENER)
        if not self.subject.listens and not self.subject.connects:
            self._remark("nobody listens at this port")
            self._call(0, "bind", Integer(LISTENER), Dots(), Dots())
        for before, each in zip([None, *self.subject.records], self.subject.records, strict=False):
            self._tell(before, each)
        self._read_what_came()

    def _tell(self, before: Record | None, each: Record) -> None:
        time = self._time(each)
        if not isinstance(each, record.Sent | record.Lost | record.Delivered):
            self._read_what_came()
        match each:
            case record.Arrived():
                self._emit(time, self.numbers.inbound(each.segment))
            case record.Sent():
                self._outbound(time, each)
            case record.Lost() if each.packet in self._sent:
                self._remark(f"that one is lost: {each.by}")
            case record.Corrupted():
                self._remark(f"at {seconds(time)} a segment arrives with a wrong checksum, and is seen by nobody")
            case record.Called():
                self._called(time, each)
            case record.Signalled():
                self._signalled(time, each)
            case record.Delivered():
                self._delivered(time, each, before)
            case record.Note():
                self._noted(each)
            case _:
                pass  # what goes on inside the endpoint shows on the wire, or not at all

    def _noted(self, note: record.Note) -> None:
        if _CRASH.fullmatch(note.text):
            raise NotExpressible(note.time, f"{note.host} crashes, which no system call does")
        if note.text.startswith("arrived: <ICMP "):
            raise NotExpressible(note.time, "an ICMP message arrives, which a trace tells in words only")
        self._remark(f"{seconds(note.time)}: {note.text}")

    # ------------------------------------------------------------------ time

    def _before_timers(self) -> dict[Time, int]:
        """By time: the serial number of a timer that fires after something which a script would say at that time."""
        first: dict[Time, int] = {}
        found: dict[Time, int] = {}
        for each in self.subject.records:
            if isinstance(each, record.Arrived | record.Called):
                first.setdefault(each.time, each.serial)
            elif isinstance(each, record.TimerFired) and first.get(each.time, each.serial) < each.serial:
                found[each.time] = each.serial
        return found

    def _time(self, each: Record) -> Time:
        if each.serial >= self._early.get(each.time, 0):
            return each.time
        self.exact = False
        moment = max(each.time - EARLIER, self._at)
        if moment > self._at:
            self._remark("1 us early, to come before a timer that fires at the same instant")
        return moment

    def _emit(self, time: Time, action: Action) -> None:
        when = When(time - self._at, relative=True) if self.events else When(time)
        self.events.append(Event(when, action))
        self._at = time

    def _remark(self, words: str) -> None:
        self.remarks.append((len(self.events), words))

    # ------------------------------------------------------------------ packets

    def _outbound(self, time: Time, sent: record.Sent) -> None:
        if _injected(sent):
            self._remark(f"{seconds(time)}: {sent.segment} is put on the network in the name of {sent.flow[0]}")
            return
        packet = self.numbers.outbound(sent.segment, answering=not self.subject.connects)
        if sent.segment.ctl & bits.SYN and packet.seq != 0:
            what = "chooses another initial sequence number; a script counts from the first"
            raise NotExpressible(sent.time, f"{sent.host} {what}")
        options = sent.segment.options
        if self.subject.connects and options is not None and options.fastopen:
            what = "shows a cookie of Fast Open, which an earlier connection was given; a script follows one"
            raise NotExpressible(sent.time, f"{sent.host} {what}")
        self._sent.add(sent.packet)
        self._emit(time, packet)

    # ------------------------------------------------------------------ calls

    def _call(self, time: Time, name: str, *arguments: Expression, result: int = 0, errno: str = "") -> None:
        error = Errno(errno, ERRNOS[errno]) if errno else None
        self._emit(time, SystemCall(name, arguments, Integer(-1 if errno else result), error))

    def _called(self, time: Time, called: record.Called) -> None:
        name = called.call.partition("(")[0]
        if name in ("listen", "connect", "open"):
            self._open(time, called)
        elif called.call == f"stop listening({self.subject.flow[1]})" and self._opened and not called.error:
            self._call(time, "close", Integer(LISTENER))
        elif name == "status" or (called.error and (self._fd is None or name != "send")):
            error = f": {called.error}" if called.error else ""
            self._remark(f"{seconds(time)}: {called.call}{error}; there is no system call for it")
        elif name not in _USES:
            what = f"calls {called.call}, for which a script has no system call"
            raise NotExpressible(called.time, f"the application of {called.host} {what}")
        elif self._fd is None:
            when = "after its descriptor is closed" if self._closed else "before the connection is open"
            raise NotExpressible(called.time, f"the application of {called.host} calls {called.call} {when}")
        elif name == "send":
            self._send(time, called, self._fd)
        elif name == "close":
            self._close(time, called, self._fd)
        elif name == "abort":
            linger = Struct((Field("onoff", Integer(1)), Field("linger", Integer(0))))
            self._set(time, self._fd, "SO_LINGER", linger, 8)
            self._give_up(time, self._fd)
        elif name == "receive":
            self._receive(called)

    def _set(self, time: Time, fd: int, option: str, value: Expression, length: int) -> None:
        self._call(time, "setsockopt", Integer(fd), Name("SOL_SOCKET"), Name(option), value, Integer(length))

    def _open(self, time: Time, called: record.Called) -> None:
        fd = Integer(LISTENER)
        if called.error:
            raise NotExpressible(called.time, f"{called.call} of {called.host} fails: {called.error}")
        words, _, more = called.call.removesuffix(")").partition(", ")
        if words.startswith("listen(") and words != f"listen({self.subject.flow[1]}":
            self._remark(f"{seconds(time)}: {called.call}, which is another port")
            return
        self._refuse_opening(called, more)
        if words.startswith(("listen(", "open(passive")):
            self._set(time, LISTENER, "SO_REUSEADDR", List((Integer(1),)), 4)
            self._call(time, "bind", fd, Dots(), Dots())
            self._call(time, "listen", fd, Integer(1))
        else:
            modes = BitOr((Name("O_RDWR"), Name("O_NONBLOCK")))
            self._call(time, "fcntl", fd, Name("F_SETFL"), modes)
            self._call(time, "connect", fd, Dots(), Dots(), errno="EINPROGRESS")
            self._fd = LISTENER

    def _refuse_opening(self, called: record.Called, more: str) -> None:
        """Raise NotExpressible for a second OPEN, and for one that says `more` than with whom."""
        what = ""
        if any(isinstance(each.action, SystemCall) and each.action.name in _OPENINGS for each in self.events):
            what = "too; a script follows one connection"
        elif more and called.call.startswith("listen("):
            what = "and scripts leave such queues to the kernel"
        elif more:
            what = "an OPEN that brings text; connect() brings none"
        if what:
            raise NotExpressible(called.time, f"{called.host} calls {called.call}, {what}")

    def _send(self, time: Time, called: record.Called, fd: int) -> None:
        match = _SEND.fullmatch(called.call)
        if not self._opened and not called.error:
            what = f"calls {called.call} before the connection is open"
            raise NotExpressible(called.time, f"the application of {called.host} {what}")
        if called.error:
            if called.error.endswith("insufficient resources"):
                raise NotExpressible(called.time, "a SEND is refused whole, of which a socket would take a part")
            self._call(time, "write", Integer(fd), Dots(), Integer(int(match[1]) if match else 1), errno="EPIPE")
            return
        if match is None:
            raise NotExpressible(called.time, f"{called.call} of {called.host} says no number of octets")
        size = int(match[1])
        flags = [
            Name(flag) for flag, on in zip(("MSG_OOB", "MSG_MORE", "MSG_EOR"), match.groups()[1:], strict=True) if on
        ]
        if not flags:
            self._call(time, "write", Integer(fd), Dots(), Integer(size), result=size)
            return
        joined: Expression = flags[0] if len(flags) == 1 else BitOr(tuple(flags))
        self._call(time, "send", Integer(fd), Dots(), Integer(size), joined, result=size)

    def _close(self, time: Time, called: record.Called, fd: int) -> None:
        """CLOSE leaves the other direction open; close() doesn't, and takes the descriptor away."""
        last = called.serial >= self._last_use and self.subject.reads_all
        if last or self._closes_fully or not self._opened:
            self._give_up(time, fd)
        else:
            self._call(time, "shutdown", Integer(fd), Name("SHUT_WR"))

    def _give_up(self, time: Time, fd: int) -> None:
        self._call(time, "close", Integer(fd))
        self._fd, self._closed = None, True

    # ------------------------------------------------------------------ what the application gets

    def _receive(self, called: record.Called) -> None:
        following = next((each for each in self.subject.records if each.serial > called.serial), None)
        if not isinstance(following, record.Delivered) or not _answers(called, following):
            raise NotExpressible(called.time, f"{called.call} of {called.host} waits for text")

    def _delivered(self, time: Time, delivered: record.Delivered, before: Record | None) -> None:
        if not self._opened:
            what = "takes the text of a SYN (Fast Open) before there is a connection to accept"
            raise NotExpressible(delivered.time, f"the application of {delivered.host} {what}")
        if self.subject.ahead:
            self._unread += delivered.length
            return
        assert isinstance(before, record.Called), "else text would be taken as it comes"
        match = _RECEIVE.fullmatch(before.call)
        limit = int(match[1]) if match and match[1] else max(LARGEST_READ, delivered.length)
        self._read(time, limit, delivered.length)

    def _read_what_came(self) -> None:
        if self._unread:
            self._read(self._at, max(LARGEST_READ, self._unread), self._unread)
            self._unread = 0

    def _read(self, time: Time, limit: int, result: int) -> None:
        if self._fd is not None:
            self._call(time, "read", Integer(self._fd), Dots(), Integer(limit), result=result)

    def _signalled(self, time: Time, signalled: record.Signalled) -> None:
        what = signalled.what
        if what == "connection open":
            self._opened = True
            if self.subject.connects:
                self._error(time, LISTENER, Integer(0))
            else:
                self._call(time, "accept", Integer(LISTENER), Dots(), Dots(), result=ACCEPTED)
                self._fd = ACCEPTED
        elif self._fd is None:
            return
        elif what == "connection closing" and self.subject.reads_all:
            self._read(time, LARGEST_READ, 0)
        elif what in ERRORS:
            self._error(time, self._fd, Name(ERRORS[what]))

    def _error(self, time: Time, fd: int, value: Expression) -> None:
        length = List((Integer(4),))
        self._call(time, "getsockopt", Integer(fd), Name("SOL_SOCKET"), Name("SO_ERROR"), List((value,)), length)
