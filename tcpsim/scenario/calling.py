"""The calls of a script, made on the network: one method for each `call:`.

A call that TCP refuses raises TcpError in the RFC's words. A step for which there is nothing to do it with
(no connection whose port could be meant) raises NotPossible, with the reason.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ..net.arguments import host_address, unfit
from ..tcp.calls import TcpError
from ..tcp.options import Options
from ..tcp.segment import ACK, SYN, segment
from ..tcp.seqnum import MASK
from ..trace import Note, Sent
from . import models

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..net import Connection, Host, Network
    from ..tcp.segment import Segment
    from .evidence import Names
    from .sights import Sight
    from .values import Socket

Address = tuple[str, int]


class NotPossible(Exception):
    """A step can't be carried out as things are; the message says why."""


class Caller:
    """Makes the calls of a script on a network, and gives connections their names."""

    def __init__(self, network: Network, names: Names) -> None:
        self.network = network
        self.names = names

    def call(self, step: Any) -> None:
        """Make the call of a step; TcpError if TCP refuses it, NotPossible if it can't be made."""
        match step:
            case models.Listen() | models.Connect() | models.Open():
                self._open(step)
            case models.OpenUdp() | models.SendTo() | models.CloseUdp():
                self._udp(step)
            case models.Accept():
                self._accept(step)
            case models.ShowQueues():
                self._show_queues(step)
            case models.Close(port=int() as port):
                self._host(step.host).stop_listening(port)
            case models.Crash():
                self._host(step.host).crash(down=step.down)
            case models.Restart():
                self._host(step.host).restart(quiet=step.quiet)
            case models.Inject():
                self._inject(step)
            case models.Remark():
                self._remark(step)
            case _:
                self._on_connection(step, self._connection(step))

    def _host(self, name: str) -> Host:
        return self.network.hosts[name]

    # ------------------------------------------------------------------ opening

    def _open(self, step: models.Listen | models.Connect | models.Open) -> None:
        host = self._host(step.host)
        if step.as_ is not None:
            # The name is given first: a fault may ask for it while the SYN is being sent.
            self.names.connections[step.as_] = (host.name, len(host.connections) + 1)
        knobs = {} if step.knobs is None else step.knobs.knobs
        try:
            match step:
                case models.Listen():
                    host.listen(
                        step.port, reading=step.reading, reuse_address=step.reuse_address, backlog=step.backlog,
                        syn_backlog=step.syn_backlog, overflow=step.overflow, syn_cookies=step.syn_cookies, **knobs,
                    )  # fmt: skip
                case models.Connect():
                    address, port = self._address(step.to)
                    data = (step.data or "").encode()
                    host.connect(address, port, local_port=step.port, reading=step.reading, data=data, **knobs)
                case models.Open():
                    remote = None if step.to is None else self._address(step.to)
                    opened = host.open(step.port, active=step.active, remote=remote, reading=step.reading, **knobs)
                    if step.as_ is not None:  # that of a passive one that waited is another number
                        self.names.connections[step.as_] = (host.name, opened.number)
        except TcpError:
            if step.as_ is not None:
                del self.names.connections[step.as_]
            raise

    def _accept(self, step: models.Accept) -> None:
        host, name = self._host(step.host), step.as_

        def then(connection: Connection) -> None:
            if name is not None:
                self.names.connections[name] = (host.name, connection.number)

        try:
            host.accept(step.port, then)
        except ValueError:
            raise NotPossible("the listener has no `backlog`: its connections are accepted as they come") from None

    def _show_queues(self, step: models.ShowQueues) -> None:
        listeners = self._host(step.host).listeners
        port = next(reversed(listeners), None) if step.port is None else step.port
        if port is None or port not in listeners:
            raise NotPossible("nobody listens there")
        queues = listeners[port].queues
        words = "no limits" if queues is None else str(queues)
        self._note(step.host, f"ss, port {port}: {words}")

    def _address(self, socket: Socket) -> Address:
        host = self.network.hosts.get(socket.host)
        assert socket.port is not None  # `to` of an opening call has a port
        return (socket.host if host is None else host.address, socket.port)

    # ------------------------------------------------------------------ on a connection

    def _connection(self, step: Any) -> Connection:
        host = self._host(step.host)
        connection: Connection | None
        if isinstance(step.on, str):
            at, number = self.names.connections.get(step.on, (host.name, 0))
            connection = host.connections.get(number) if at == host.name else None
        elif step.on is not None:
            connection = host.connections.get(step.on)
        else:
            connection = host.connection
        if connection is None:
            raise TcpError("connection does not exist")
        return connection

    @staticmethod
    def _on_connection(step: Any, connection: Connection) -> None:
        match step:
            case models.Send():
                data: bytes | int = step.data.encode() if step.data is not None else step.octets or 0
                connection.send(data, push=step.push, urgent=step.urgent)
            case models.Receive():
                connection.receive(step.limit)
            case models.Read():
                connection.read(step.reading)
            case models.Close():
                connection.close()
            case models.Abort():
                connection.abort()
            case models.Status():
                connection.status()
            case _:
                raise AssertionError(f"no such call: {step!r}")

    # ------------------------------------------------------------------ UDP

    def _udp(self, step: models.OpenUdp | models.SendTo | models.CloseUdp) -> None:
        host = self._host(step.host)
        sockets = host.datagrams.sockets
        match step:
            case models.OpenUdp():
                host.udp(step.port)
            case models.CloseUdp():
                if step.port not in sockets:
                    raise NotPossible(f"{step.host} has no UDP socket at port {step.port}")
                sockets[step.port].close()
            case models.SendTo():
                latest = next(reversed(sockets), None)
                own = latest if step.port is None else step.port
                socket = sockets[own] if own in sockets else host.udp(own)
                address, port = self._address(step.to)
                data: bytes | int = step.data.encode() if step.data is not None else step.octets or 0
                socket.send_to(address, port, data)

    # ------------------------------------------------------------------ strangers and remarks

    def _inject(self, step: models.Inject) -> None:
        source, target = self._end(step.from_), self._end(step.to)
        via = step.via or self._name_of(step.from_.host)
        assert via is not None  # a file with a foreign address and without `via` is refused
        made = self._segment(step, source, target)
        spoofed = self._name_of(step.from_.host) is None
        try:
            for n in range(step.repeat):
                own = (_later(source[0], n), source[1]) if spoofed else source
                self.network.inject(own, target, guess(made, n * (step.stride or 0)), via=via, delay=n * step.every)
        except ValueError as error:
            raise NotPossible(str(error)) from None

    def _name_of(self, host_or_address: str) -> str | None:
        hosts = self.network.hosts
        if host_or_address in hosts:
            return host_or_address
        address = host_or_address if unfit(host_or_address) else host_address(host_or_address)
        return next((name for name, host in hosts.items() if host.address == address), None)

    def _end(self, socket: Socket) -> Address:
        """Return an address and a port; without a port, that of the host's latest connection."""
        name = self._name_of(socket.host)
        address = socket.host if name is None else self._host(name).address
        if socket.port is not None:
            return address, socket.port
        connection = None if name is None else self._host(name).connection
        if connection is None or connection.local is None:
            raise NotPossible(f"{socket.host} has no connection whose port could be meant")
        return address, connection.local[1]

    def _segment(self, step: models.Inject, source: Address, target: Address) -> Segment:
        return injected(
            step,
            lambda relative: self._absolute(relative, source, target),
            lambda relative: self._absolute(relative, target, source),
        )

    def _absolute(self, relative: int, source: Address, target: Address) -> int:
        """Return a number counted from the ISS with which `source` last opened towards `target`, as ladders count."""
        trace = self.network.trace
        assert trace is not None
        flow = (*source, *target)
        for record in reversed(trace.records):
            if isinstance(record, Sent) and record.flow == flow and record.segment.ctl & SYN and record.connection:
                return (record.segment.seq + relative) & MASK
        who = f"{source[0]}:{source[1]}"
        raise NotPossible(f"{who} has sent no SYN to count from: write SEQ= and ACK= for numbers on the wire")

    def _remark(self, step: models.Remark) -> None:
        self._note(step.host or next(iter(self.network.hosts)), step.text)

    def _note(self, host: str, text: str) -> None:
        trace = self.network.trace
        assert trace is not None
        trace.append((Note, self.network.now, host, None, None, text))


def injected(step: models.Inject, seq_of: Callable[[int], int], ack_of: Callable[[int], int]) -> Segment:
    """Return the segment that a step injects; the functions turn relative numbers into those on the wire."""
    sight: Sight = step.segment
    values = {name: span.low for name, span in sight.numbers}
    assert sight.kind.ctl is not None
    seq = values["SEQ"] if "SEQ" in values else seq_of(values.get("seq", 0))
    ack = 0
    if sight.kind.ctl & ACK:
        ack = values["ACK"] if "ACK" in values else ack_of(values.get("ack", 0))
    text: bytes | int = step.data.encode() if step.data is not None else values.get("len", 0)
    mss = values.get("mss", values.get("MSS"))
    options: Options | None = Options(mss, values.get("wscale"), "sackok" in sight.carries)
    if options == Options():
        options = None
    return segment(sight.kind.ctl, seq, ack, values.get("win", 65_535), text, options, values.get("up", 0))


def guess(made: Segment, further: int) -> Segment:
    """Return a segment whose number is greater by `further`."""
    if not further:
        return made
    numbers = ((made.seq + further) & MASK, made.ack)
    return segment(made.ctl, *numbers, made.wnd, made.length if made.text is None else made.text, made.options, made.up)


def _later(address: str, n: int) -> str:
    """Return the address that lies `n` behind another."""
    return str(ipaddress.ip_address(address) + n)
