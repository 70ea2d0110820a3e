"""Two hosts, a link between them, and what they said to one another, in lines that a test can compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..net import Connection, Host, Link, Network
    from ..net.faults import Fault
    from ..trace import Flight, Trace

DELAY: Final = "50ms"
"""How long a packet takes, each way, unless a test says otherwise."""
PORT: Final = 80
"""Where `open` has the server listen."""


class Pair:
    """A client and a server, joined by a link of 50 ms each way.

    Attributes:
        net: the network, with its virtual time.
        client, server: the hosts, with profile `plain` unless `knobs` or a test changes that.
        link: the link between them; `link.toward("server")` is one direction of it.
        faults: what `drop`, `duplicate` and `delay` put on the link, by their words.
    """

    def __init__(self, net: Network, *, profile: str = "plain", delay: str | int = DELAY, **knobs: Any) -> None:
        self.net = net
        self.client: Host = net.host("client", profile=profile, **knobs)
        self.server: Host = net.host("server", profile=profile, **knobs)
        self.link: Link = net.link(self.client, self.server, delay=delay)
        self.faults: dict[str, Fault] = {}

    @property
    def trace(self) -> Trace:
        """Everything that happened so far."""
        assert self.net.trace is not None, "the network of a pair is traced"
        return self.net.trace

    def drop(self, *chosen: str) -> None:
        """Lose packets on the link, named as in a scenario: `drop("2nd SYN,ACK", "first FIN from client")`.

        Raises ValueError for words that name no packet.
        """
        self._fault("drop", chosen)

    def duplicate(self, *chosen: str) -> None:
        """Deliver packets twice, named as for `drop`."""
        self._fault("duplicate", chosen)

    def delay(self, chosen: str, by: str | int) -> None:
        """Let packets take longer, `by` so much ("200ms", or nanoseconds)."""
        self._fault("delay", (chosen,), by)

    def _fault(self, verb: str, chosen: tuple[str, ...], by: str | int = 0) -> None:
        from ..scenario.faulting import fault_from_words

        for words in chosen:
            rule = fault_from_words(verb, words, self.trace, tuple(self.net.hosts), by=by)
            self.faults[f"{verb} {words}"] = rule
            for direction in self.link.directions:
                direction.rules.append(rule)
        self.net.describe()

    def open(self, port: int = PORT) -> tuple[Connection, Connection]:
        """Let the server listen and the client connect; return both ends, ESTABLISHED, at the time when both are.

        Raises AssertionError if that takes more than 10 minutes, as with a link that loses everything.
        """
        if port not in self.server.listeners:
            self.server.listen(port)
        ours = self.client.connect(self.server, port)
        limit = self.net.now + 600 * 10**9
        while self.net.next is not None and self.net.next <= limit:
            self.net.step()
            theirs = self._other_end(ours)
            if theirs is not None and ours.state.name == theirs.state.name == "ESTABLISHED":
                return ours, theirs
        raise AssertionError(f"the connection did not open: {ours.state} at {self.net.now} ns\n{self}")

    def _other_end(self, ours: Connection) -> Connection | None:
        ends = reversed(self.server.connections.values())
        return next((each for each in ends if each.remote == ours.local and each.local == ours.remote), None)

    @property
    def unused(self) -> list[str]:
        """The faults that never struck, by their words: what such a test shows is not what it says."""
        return [words for words, fault in self.faults.items() if not fault.fired]

    def run(self, until: str | int | None = None) -> str:
        """Let time pass, as `Network.run`: until nothing is left to happen, or to a point of virtual time."""
        return self.net.run(until)

    def lines(self) -> list[str]:
        """Return every segment sent so far, in order, in the words of a scenario's expectations.

        `client SYN seq 0`, `server SYN,ACK seq 0 ack 1 lost`, `client PSH,ACK seq 1..5 ack 1 retransmission`.
        """
        from ..trace import flights

        return [_line(flight) for flight in flights(self.trace) if not flight.copy]

    def ladder(self) -> str:
        """Return what happened as `tcpsim run` prints it."""
        from ..draw import ladder_text

        return ladder_text(self.trace)

    def __str__(self) -> str:
        return self.ladder()


def _line(flight: Flight) -> str:
    from ..draw.words import numbers, tidings

    words = [f"{flight.source} {numbers(flight)}{tidings(flight)}"]
    if flight.fate in ("lost", "corrupted"):
        words.append(flight.fate)
    if flight.held:
        words.append("delayed")
    if flight.retransmission:
        words.append("retransmission")
    return " ".join(words)
