"""What tests of sockets sit at: a process on a host, and the wire in their hands.

Law 1. Every packet that the host sends is caught and kept; nothing arrives but what the test writes.
Law 2. A test names what differs. `arrives("ACK")` is what the peer would send next; numbers count from
       the ISS (ours) and the IRS (the peer's), octets are those of text.
Law 3. A call that is to end at once is made by `ok` or `fails`; one that is to wait, by `waits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tcpsim.net import Network, Packet
from tcpsim.net.rule import DROP, Verdict
from tcpsim.net.sockets import Process
from tcpsim.tcp.segment import ACK, ctl_name, segment
from tcpsim.tcp.units import MS

if TYPE_CHECKING:
    import random

    from tcpsim.net.sockets import SocketStyle, Syscall
    from tcpsim.tcp.options import Options

ISS: Final = 1000
IRS: Final = 5000
PORT: Final = 8080
MINE: Final = ("192.0.2.1", PORT)
PEER: Final = ("192.0.2.2", 40_000)
MINE6: Final = ("2001:db8::1", PORT)
PEER6: Final = ("2001:db8::2", 40_000)

Short = tuple[str, int, int, int]


class Desk:
    """A process on a host, and the wire."""

    def __init__(
        self, profile: str = "rfc9293", style: SocketStyle | str | None = None, *, ipv6: bool = False, **knobs: Any
    ) -> None:
        template: dict[str, Any] = {"iss": ISS, "delayed_ack": 0, "mss_option": "always"}
        self.mine, self.peer = (MINE6, PEER6) if ipv6 else (MINE, PEER)
        self.domain = "AF_INET6" if ipv6 else "AF_INET"
        self.net = Network(seed=1)
        self.host = self.net.host("kernel", self.mine[0], profile=profile, **(template | knobs))
        self.net.link(self.host, self.net.host("wire", self.peer[0]), rules=[self._catch])
        self.process = Process(self.host, style)
        self.caught: list[Packet] = []
        self.nxt: dict[int, int] = {}  # the peer's next number, by its port

    def _catch(self, _now: int, packet: Packet, _chance: random.Random) -> Verdict:
        self.caught.append(packet)
        return Verdict(DROP, "the test has it")

    # ------------------------------------------------------------------ calls

    def call(self, name: str, *arguments: Any, **options: Any) -> Syscall:
        return self.process.call(name, *arguments, **options)

    def ok(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Make a call that ends well at once; return its value, or its result if it has none."""
        call = self.call(name, *arguments, **options)
        assert call.done, call
        assert call.errno is None, call
        return call.result if call.value is None else call.value

    def fails(self, name: str, *arguments: Any, **options: Any) -> str:
        """Make a call that fails at once; return the error."""
        call = self.call(name, *arguments, **options)
        assert call.done, call
        assert (call.result, call.ended_at) == (-1, self.net.now)
        assert call.errno is not None, call
        return call.errno

    def waits(self, name: str, *arguments: Any, **options: Any) -> Syscall:
        """Make a call that has to wait."""
        call = self.call(name, *arguments, **options)
        assert not call.done, call
        return call

    def socket(self, *, nonblocking: bool = False) -> int:
        kind = {"SOCK_STREAM", "SOCK_NONBLOCK"} if nonblocking else "SOCK_STREAM"
        fd: int = self.ok("socket", self.domain, kind)
        return fd

    def option(self, fd: int, name: str, level: str = "SOL_SOCKET") -> Any:
        return self.ok("getsockopt", fd, level, name)

    # ------------------------------------------------------------------ the wire

    def go(self, milliseconds: float) -> None:
        """Let time pass."""
        self.net.run(self.net.now + round(milliseconds * MS))

    def arrives(
        self,
        ctl: str = "ACK",
        *,
        seq: int | None = None,
        ack: int | None = None,
        text: bytes | int = b"",
        wnd: int = 60_000,
        port: int = PEER[1],
        to: int | None = None,
        up: int = 0,
        options: Options | None = None,
    ) -> None:
        """Let a segment of the peer arrive now; the next in order, but for what is named."""
        number = self.nxt.get(port, IRS) if seq is None else IRS + seq
        made = segment(ctl, number, 0, wnd, text, options, up)
        flow = (self.peer[0], port, self.mine[0], PORT if to is None else to)
        if made.ctl & ACK:
            live = self.host._table.get(flow)
            made.ack = ISS + ack if ack is not None else ISS if live is None else live.endpoint.snd_nxt
        if seq is None:
            self.nxt[port] = number + made.seg_len
        self.host.arrive(self.net.now, Packet(0, flow, made))

    def sent(self) -> list[Short]:
        """(control bits, SEG.SEQ, SEG.ACK, octets) of what was caught since this was asked last."""
        caught, self.caught = self.caught, []
        return [
            (
                ctl_name(packet.segment.ctl),
                packet.segment.seq - ISS if packet.segment.seq else 0,
                packet.segment.ack - IRS if packet.segment.ctl & ACK else 0,
                packet.segment.length,
            )
            for packet in caught
        ]

    # ------------------------------------------------------------------ templates

    def listening(self, backlog: int = 5) -> int:
        """A socket that listens at PORT."""
        fd = self.socket()
        self.ok("bind", fd, self.mine)
        self.ok("listen", fd, backlog)
        return fd

    def shakes_hands(self, port: int = PEER[1]) -> None:
        """The peer connects to PORT."""
        self.arrives("SYN", port=port)
        self.arrives("ACK", port=port)

    def accepted(self) -> int:
        """A socket whose connection was accepted; the listener is closed."""
        listener = self.listening()
        self.shakes_hands()
        fd = self.call("accept", listener).result
        self.ok("close", listener)
        self.sent()
        assert isinstance(fd, int)
        return fd

    def connecting(self, *, nonblocking: bool = True) -> int:
        """A socket from PORT whose SYN is under way."""
        fd = self.socket(nonblocking=nonblocking)
        self.ok("bind", fd, self.mine)
        assert self.call("connect", fd, self.peer).errno == ("EINPROGRESS" if nonblocking else None)
        self.sent()
        return fd

    def connected(self, *, nonblocking: bool = False) -> int:
        """A socket that has connected."""
        fd = self.connecting()
        self.arrives("SYN,ACK")
        self.sent()
        self.ok("fcntl", fd, "F_SETFL", {"O_NONBLOCK"} if nonblocking else set())
        return fd
