"""Traces for the drawing tests: hand-made, row by row, as the network makes them.

`Run` is a tiny script language: each method appends what a run would. Times are in milliseconds
unless a name says otherwise.
"""

from __future__ import annotations

from typing import Any

from tcpsim.tcp.diagram import EDGES, Event, State
from tcpsim.tcp.rules import Rule
from tcpsim.tcp.segment import Segment, segment
from tcpsim.trace import (
    Arrived,
    Called,
    Corrupted,
    Delivered,
    Discarded,
    Duplicated,
    Ended,
    Header,
    Held,
    HostHeader,
    Lost,
    Moved,
    Note,
    Sent,
    Signalled,
    TimerFired,
    TimerSet,
    TimerStopped,
    Trace,
)

MS = 1_000_000
WHY = Rule("test.rule", "RFC 9293", "3.5", "", "A plain sentence that gives the reason for what was just done.")
WHY_MOVED = Rule("test.moved", "RFC 9293", "3.3.2", "", "Another plain sentence: why the state changed.")
ISS = {"client": 1000, "server": 4_294_967_000, "router": 77}
PORTS = {"client": 49152, "server": 80, "router": 8080}


class Run:
    """Collects rows in any order of time; `trace` sorts them."""

    def __init__(self, title: str = "", source: str = "", hosts: tuple[str, ...] = ("client", "server")) -> None:
        self.hosts = {name: f"192.0.2.{number}" for number, name in enumerate(hosts, 1)}
        self.header = Header(
            title=title, source=source, hosts=tuple(HostHeader(name, (at,)) for name, at in self.hosts.items())
        )
        self.rows: list[tuple[Any, ...]] = []
        self.packet = 0
        self.got: dict[str, int] = {}

    def add(
        self, cls: type, at: float, host: str, *fields: Any, connection: int | None = 1, why: Rule | None = WHY
    ) -> None:
        self.rows.append((cls, round(at * MS), host, connection, why, *fields))

    def call(self, at: float, host: str, call: str, error: str = "") -> None:
        self.add(Called, at, host, call, error, why=None)

    def signal(self, at: float, host: str, what: str, detail: str = "") -> None:
        self.add(Signalled, at, host, what, detail)

    def gets(self, at: float, host: str, length: int) -> None:
        """The application is handed so many octets; in order of time, since the row has their sum."""
        self.got[host] = self.got.get(host, 0) + length
        self.add(Delivered, at, host, length, None, True, False, self.got[host])

    def note(self, at: float, host: str, text: str) -> None:
        self.add(Note, at, host, text, connection=None, why=None)

    def move(self, at: float, host: str, source: str, target: str, connection: int = 1) -> None:
        edge = next((e for e in EDGES if (str(e.source), str(e.target)) == (source, target)), None)
        event = edge.event if edge is not None else Event.ABORT
        self.add(Moved, at, host, State(source), State(target), event, connection=connection, why=WHY_MOVED)

    def set(self, at: float, host: str, timer: str, lasts: float) -> None:
        self.add(TimerSet, at, host, timer, round((at + lasts) * MS))

    def fire(self, at: float, host: str, timer: str) -> None:
        self.add(TimerFired, at, host, timer)

    def stop(self, at: float, host: str, timer: str) -> None:
        self.add(TimerStopped, at, host, timer)

    def end(self, at: float, reason: str = "idle") -> None:
        self.add(Ended, at, "", reason, connection=None, why=None)

    # ------------------------------------------------------------------ segments

    def segment(self, host: str, to: str, ctl: str, seq: int, ack: int | None, length: int) -> Segment:
        return segment(ctl, ISS.get(host, 0) + seq, 0 if ack is None else ISS.get(to, 0) + ack, text=length)

    def sent(
        self,
        at: float,
        host: str,
        ctl: str,
        seq: int,
        ack: int | None = None,
        length: int = 0,
        *,
        to: str | None = None,
        connection: int | None = 1,
        why: Rule | None = WHY,
    ) -> tuple[Any, ...]:
        """Append a Sent row; return what later rows about the packet need."""
        to = to or next((name for name in self.hosts if name != host), host)
        self.packet += 1
        flow = (self.hosts[host], PORTS.get(host, 7), self.hosts.get(to, "192.0.2.99"), PORTS.get(to, 7))
        made = self.segment(host, to, ctl, seq, ack, length)
        self.add(Sent, at, host, self.packet, flow, made, to, connection=connection, why=why)
        return self.packet, flow, made, host, to

    def arrived(self, at: float, packet: tuple[Any, ...]) -> None:
        self.add(Arrived, at, packet[4], *packet[:3], why=None)

    def corrupted(self, at: float, packet: tuple[Any, ...], by: str = "random corruption 1%") -> None:
        self.add(Corrupted, at, packet[4], *packet[:3], by, why=None)

    def discarded(self, at: float, packet: tuple[Any, ...]) -> None:
        self.add(Discarded, at, packet[4], *packet[:3])

    def lost(self, at: float, packet: tuple[Any, ...], due: float, by: str = "random loss 10%") -> None:
        self.add(Lost, at, packet[3], *packet[:3], by, round(due * MS), why=None)

    def copied(self, at: float, packet: tuple[Any, ...], due: float, by: str = "random duplication 1%") -> None:
        self.add(Duplicated, at, packet[3], *packet[:3], by, round(due * MS), why=None)

    def held(self, at: float, packet: tuple[Any, ...], due: float, by: str = "fault: swap the next two") -> None:
        self.add(Held, at, packet[3], *packet[:3], by, round(due * MS), why=None)

    def over(
        self, at: float, host: str, ctl: str, seq: int, ack: int | None = None, length: int = 0, *, delay: float = 50
    ) -> None:
        """A segment that arrives."""
        self.arrived(at + delay, self.sent(at, host, ctl, seq, ack, length))

    def trace(self) -> Trace:
        trace = Trace(self.header)
        for row in sorted(self.rows, key=lambda row: row[1]):
            trace.append(row)
        return trace


def opening(run: Run, start: float = 0.0, delay: float = 50.0) -> float:
    """A three-way handshake; return when the server is ESTABLISHED."""
    run.call(start, "server", "listen(80)")
    run.move(start, "server", "CLOSED", "LISTEN")
    run.call(start, "client", "connect(192.0.2.2:80)")
    run.move(start, "client", "CLOSED", "SYN-SENT")
    syn = run.sent(start, "client", "SYN", 0)
    run.set(start, "client", "retransmission", 1000)
    at = start + delay
    run.arrived(at, syn)
    run.move(at, "server", "LISTEN", "SYN-RECEIVED")
    syn_ack = run.sent(at, "server", "SYN,ACK", 0, 1)
    at += delay
    run.arrived(at, syn_ack)
    run.stop(at, "client", "retransmission")
    run.move(at, "client", "SYN-SENT", "ESTABLISHED")
    run.signal(at, "client", "connection open")
    ack = run.sent(at, "client", "ACK", 1, 1)
    at += delay
    run.arrived(at, ack)
    run.move(at, "server", "SYN-RECEIVED", "ESTABLISHED")
    return at


def closing(run: Run, at: float, sent: int, delay: float = 50.0) -> float:
    """A four-way close begun by the client after `sent` octets; return when TIME-WAIT is over."""
    run.call(at, "client", "close()")
    run.move(at, "client", "ESTABLISHED", "FIN-WAIT-1")
    run.over(at, "client", "FIN,ACK", sent + 1, 1, delay=delay)
    at += delay
    run.move(at, "server", "ESTABLISHED", "CLOSE-WAIT")
    run.signal(at, "server", "connection closing")
    run.over(at, "server", "ACK", 1, sent + 2, delay=delay)
    run.move(at + delay, "client", "FIN-WAIT-1", "FIN-WAIT-2")
    at += delay + 60
    run.call(at, "server", "close()")
    run.move(at, "server", "CLOSE-WAIT", "LAST-ACK")
    run.over(at, "server", "FIN,ACK", 1, sent + 2, delay=delay)
    at += delay
    run.move(at, "client", "FIN-WAIT-2", "TIME-WAIT")
    run.set(at, "client", "time-wait", 240_000)
    run.over(at, "client", "ACK", sent + 2, 2, delay=delay)
    run.move(at + delay, "server", "LAST-ACK", "CLOSED")
    run.fire(at + 240_000, "client", "time-wait")
    run.move(at + 240_000, "client", "TIME-WAIT", "CLOSED")
    return at + 240_000


def handshake() -> Trace:
    run = Run("A three-way handshake", "RFC 9293 3.5, Figure 6")
    run.end(opening(run))
    return run.trace()


def lost_syn_ack() -> Trace:
    """The run of the classic textbook figure: a lost SYN,ACK, data, a four-way close."""
    run = Run(
        "What if the SYN,ACK is lost?",
        "RFC 9293 3.8.1: both sides retransmit; the duplicate SYN is answered, not counted twice.",
    )
    run.call(0, "server", "listen(80)")
    run.move(0, "server", "CLOSED", "LISTEN")
    run.call(0, "client", "connect(192.0.2.2:80)")
    run.move(0, "client", "CLOSED", "SYN-SENT")
    syn = run.sent(0, "client", "SYN", 0)
    run.set(0, "client", "retransmission", 1000)
    run.arrived(50, syn)
    run.move(50, "server", "LISTEN", "SYN-RECEIVED")
    run.lost(50, run.sent(50, "server", "SYN,ACK", 0, 1), 100, "fault: drop 1st SYN,ACK")
    run.set(50, "server", "retransmission", 1000)
    run.fire(1000, "client", "retransmission")
    again = run.sent(1000, "client", "SYN", 0)
    run.set(1000, "client", "retransmission", 2000)
    run.arrived(1050, again)
    run.fire(1050, "server", "retransmission")
    run.over(1050, "server", "SYN,ACK", 0, 1)
    run.move(1100, "client", "SYN-SENT", "ESTABLISHED")
    run.over(1100, "client", "ACK", 1, 1)
    run.move(1150, "server", "SYN-RECEIVED", "ESTABLISHED")
    run.call(1200, "client", "send(5)")
    run.over(1200, "client", "PSH,ACK", 1, 1, 5)
    run.gets(1250, "server", 5)
    run.over(1250, "server", "ACK", 1, 6)
    run.end(closing(run, 1500, 5))
    return run.trace()


def simultaneous() -> Trace:
    """Both open at once, both close at once."""
    run = Run("Simultaneous open and close", "RFC 9293 3.5, Figure 7, and 3.6, Figure 13")
    for host, other in (("client", "server"), ("server", "client")):
        run.call(0, host, f"connect({run.hosts[other]}:80)")
        run.move(0, host, "CLOSED", "SYN-SENT")
        run.over(0, host, "SYN", 0)
        run.move(50, host, "SYN-SENT", "SYN-RECEIVED")
        run.over(50, host, "SYN,ACK", 0, 1)
        run.move(100, host, "SYN-RECEIVED", "ESTABLISHED")
        run.call(200, host, "close()")
        run.move(200, host, "ESTABLISHED", "FIN-WAIT-1")
        run.over(200, host, "FIN,ACK", 1, 1)
        run.move(250, host, "FIN-WAIT-1", "CLOSING")
        run.over(250, host, "ACK", 2, 2)
        run.move(300, host, "CLOSING", "TIME-WAIT")
        run.set(300, host, "time-wait", 240_000)
        run.fire(240_300, host, "time-wait")
        run.move(240_300, host, "TIME-WAIT", "CLOSED")
    run.end(240_300)
    return run.trace()


def transfer(segments: int = 60, window: int = 10, spacing: float = 0.0) -> Trace:
    """A transfer in bursts of `window` segments, some of them lost and sent again."""
    run = Run("A transfer over a lossy link", "RFC 9293 3.8.1; RFC 6298")
    at = opening(run) + 10
    run.call(at, "client", f"send({segments * 1460})")
    seq, number, acked = 1, 0, 1
    while number < segments:
        burst = min(window, segments - number)
        lost: list[int] = []
        for place in range(burst):
            here = at + place * spacing
            packet = run.sent(here, "client", "ACK", seq, 1, 1460)
            if (number * 7) % 11 == 3:
                run.lost(here, packet, here + 50, "random loss 10%")
                lost.append(seq)
            else:
                run.arrived(here + 50, packet)
                acked = lost[0] if lost else seq + 1460
                run.gets(here + 50, "server", 1460)
                run.over(here + 50, "server", "ACK", 1, acked)
            seq, number = seq + 1460, number + 1
        at += 100 + burst * spacing
        for missing in lost:
            run.set(at - 60, "client", "retransmission", 260)
            at += 200
            run.fire(at, "client", "retransmission")
            run.over(at, "client", "ACK", missing, 1, 1460)
            acked = seq if missing == lost[-1] else lost[lost.index(missing) + 1]
            run.over(at + 50, "server", "ACK", 1, acked)
            at += 100
    run.end(closing(run, at + 50, seq - 1))
    return run.trace()


def mishaps() -> Trace:
    """One of each: a copy, a held segment, a corrupted one, an injected one, one not used, one under way at the end."""
    run = Run("What a network may do", "RFC 9293 3.1, MUST-3")
    at = opening(run)
    data = run.sent(at, "client", "PSH,ACK", 1, 1, 100)
    run.copied(at, data, at + 70)
    run.arrived(at + 50, data)
    run.arrived(at + 70, data)
    run.discarded(at + 70, data)
    run.over(at + 70, "server", "ACK", 1, 101)
    held = run.sent(at + 200, "client", "PSH,ACK", 101, 1, 100)
    run.held(at + 200, held, at + 290)
    run.over(at + 210, "client", "PSH,ACK", 201, 1, 100)
    run.arrived(at + 290, held)
    broken = run.sent(at + 350, "client", "PSH,ACK", 301, 1, 100)
    run.corrupted(at + 400, broken)
    forged = run.sent(at + 500, "client", "RST", 301, None, connection=None, why=None)
    run.arrived(at + 550, forged)
    run.move(at + 550, "server", "ESTABLISHED", "CLOSED")
    run.signal(at + 550, "server", "connection reset")
    run.call(at + 600, "server", "send(5)", "error: connection does not exist")
    run.sent(at + 700, "client", "PSH,ACK", 301, 1, 100)
    run.end(at + 720, "until")
    return run.trace()


def refused() -> Trace:
    """A RST from a host that has no connection at all."""
    run = Run("Nobody listens", "RFC 9293 3.10.7.1")
    run.call(0, "client", "connect(192.0.2.2:80)")
    run.move(0, "client", "CLOSED", "SYN-SENT")
    run.over(0, "client", "SYN", 0)
    run.arrived(100, run.sent(50, "server", "RST,ACK", 0, 1, connection=None))
    run.move(100, "client", "SYN-SENT", "CLOSED")
    run.signal(100, "client", "connection refused")
    run.end(100)
    return run.trace()


def three_hosts() -> Trace:
    """A client and a server, each talking with the router between them, and once past it."""
    run = Run("Three hosts", "", ("client", "router", "server"))
    for start, host, to in ((0, "client", "router"), (30, "router", "server"), (400, "client", "server")):
        run.call(start, host, f"connect({run.hosts[to]})")
        run.move(start, host, "CLOSED", "SYN-SENT", 1 + (start > 100))
        run.arrived(start + 50, run.sent(start, host, "SYN", 0, to=to))
        run.move(start + 50, to, "LISTEN", "SYN-RECEIVED", 1 + (start > 100))
        run.arrived(start + 100, run.sent(start + 50, to, "SYN,ACK", 0, 1, to=host))
        run.move(start + 100, host, "SYN-SENT", "ESTABLISHED", 1 + (start > 100))
        run.arrived(start + 150, run.sent(start + 100, host, "ACK", 1, 1, to=to))
        run.move(start + 150, to, "SYN-RECEIVED", "ESTABLISHED", 1 + (start > 100))
    run.set(600, "router", "keep-alive", 7_200_000)
    run.fire(7_200_600, "router", "keep-alive")
    run.end(7_200_600)
    return run.trace()


def held_for_long() -> Trace:
    """A held segment, and a copy of another, are under way for seconds; then nothing at all happens."""
    run = Run("Held for long")
    at = opening(run)
    held = run.sent(at, "client", "PSH,ACK", 1, 1, 100)
    run.held(at, held, at + 3000, "fault: delay by 3 s")
    run.over(at + 1000, "client", "PSH,ACK", 1, 1, 100)
    run.arrived(at + 3000, held)
    twice = run.sent(at + 5000, "client", "PSH,ACK", 101, 1, 100)
    run.copied(at + 5000, twice, at + 8000)
    run.arrived(at + 5050, twice)
    run.arrived(at + 8000, twice)
    run.over(at + 12_000, "client", "FIN,ACK", 201, 1)
    run.end(at + 12_050)
    return run.trace()


def a_slow_link() -> Trace:
    """Three hosts: while one segment crosses a slow link, nothing happens on the fast one, and then much."""
    run = Run("A slow link", "", ("client", "router", "server"))
    run.over(0, "client", "SYN", 0, delay=10)
    slow = run.sent(10, "router", "SYN", 0, to="server")
    run.arrived(4010, slow)
    for start in (2000, 2010, 2020, 2030):
        run.arrived(start + 10, run.sent(start, "client", "PSH,ACK", 1, 1, 10, to="router"))
    run.end(9000, "until")
    return run.trace()


def a_bundle(lost: tuple[int, ...] = (), segments: int = 6) -> Trace:
    """A burst of segments side by side, some of them lost."""
    run = Run("A bundle")
    at = opening(run) + 10
    for number in range(segments):
        here = at + number * 4
        packet = run.sent(here, "client", "ACK", 1 + 500 * number, 1, 500)
        if number in lost:
            run.lost(here, packet, at + 50, "random loss 5%")  # as if it had not had to queue
        else:
            run.arrived(here + 54, packet)
    run.end(at + 200)
    return run.trace()


def no_delay() -> Trace:
    """Everything at the same instant."""
    run = Run("A link without delay")
    run.end(closing(run, opening(run, 0, 0), 0, 0))
    return run.trace()


def nanoseconds() -> Trace:
    """Segments a few nanoseconds apart, an hour into the run."""
    run = Run("Sub-microsecond spacing")
    start = 3_600_000.0
    for number in range(5):
        run.over(start + number * 7e-6, "client", "ACK", 1 + number, 1, 1, delay=120e-6)
    run.end(start + 1e-3)
    return run.trace()


ALL = {
    "handshake": handshake,
    "lost-syn-ack": lost_syn_ack,
    "simultaneous": simultaneous,
    "transfer": transfer,
    "mishaps": mishaps,
    "refused": refused,
    "three-hosts": three_hosts,
    "held-for-long": held_for_long,
    "slow-link": a_slow_link,
    "bundle": a_bundle,
    "lossy-bundle": lambda: a_bundle((0, 1, 4)),
    "no-delay": no_delay,
    "nanoseconds": nanoseconds,
}
