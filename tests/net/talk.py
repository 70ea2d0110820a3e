"""What tests of hosts need: a client and a server, and the segments of a trace as short words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpsim.net import Network
from tcpsim.tcp.segment import ctl_name
from tcpsim.trace import Called, Moved, Sent, Signalled

if TYPE_CHECKING:
    from tcpsim.net import Connection, Host
    from tcpsim.trace import Trace


class Talk:
    """A client and a server, 50 ms apart; knobs are for both."""

    def __init__(self, *, delay: str = "50ms", seed: int = 1, link: dict[str, Any] | None = None, **knobs: Any) -> None:
        self.net = Network(seed=seed)
        template: dict[str, Any] = {"delayed_ack": 0}
        self.client: Host = self.net.host("client", **(template | {"iss": 100} | knobs))
        self.server: Host = self.net.host("server", **(template | {"iss": 300} | knobs))
        self.link = self.net.link(self.client, self.server, delay=delay, **(link or {}))

    @property
    def trace(self) -> Trace:
        assert self.net.trace is not None
        return self.net.trace

    def established(self, port: int = 80, **call: Any) -> tuple[Connection, Connection]:
        """The two ends of a connection; the server listens from now on."""
        if port not in self.server.listeners:
            self.server.listen(port)
        mine = self.client.connect(self.server, port, **call)
        self.net.run(self.net.now + 1_000_000_000)
        return mine, self.server.listeners[port].accepted[-1]

    def sent(self, host: str | None = None, *, since: int = 0) -> list[str]:
        """Segments in order: "client SYN 0", "server SYN,ACK 0 1", with the octets of text, if any, after a plus."""
        words = []
        for record in self.trace.of_kind(Sent, host):
            if record.time < since:
                continue
            ack = "" if record.ack is None else f" {record.ack}"
            text = f" +{record.segment.length}" if record.segment.length else ""
            words.append(f"{record.host} {ctl_name(record.segment.ctl)} {record.seq}{ack}{text}")
        return words

    def path(self, host: str, number: int) -> list[str]:
        """The states of a connection, in order."""
        moves = [record for record in self.trace.of_kind(Moved, host) if record.connection == number]
        return [str(moves[0].source), *[str(record.target) for record in moves]] if moves else []

    def calls(self, host: str) -> list[tuple[int | None, str, str]]:
        return [(record.connection, record.call, record.error) for record in self.trace.of_kind(Called, host)]

    def signals(self, host: str) -> list[tuple[int | None, str]]:
        return [(record.connection, record.what) for record in self.trace.of_kind(Signalled, host)]
