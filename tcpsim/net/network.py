"""A network: hosts, links, virtual time, one seed, one trace.

Rule 1. Nothing happens but by the agenda: a call at a time, a packet that arrives, a timer.
Rule 2. Same calls and same seed give the same trace, byte for byte, on every platform.
Rule 3. `run` always ends: when nothing is left to happen, at a given time, or after so many events.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from ..tcp.config import Config, checked
from ..tcp.config import profile as named_profile
from ..tcp.units import NEVER, format_duration, format_rate, parse_rate
from ..trace import Datagram, Ended, Header, HostHeader, Sent, Trace
from . import impairments
from .agenda import Agenda
from .arguments import duration, host_address, host_name, nearest, one_of_ours, socket, whole
from .host import Host
from .link import Link
from .mtu import Mtu
from .packet import Packet
from .rule import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .agenda import Entry
    from .link import Direction
    from .packet import Socket
    from .rule import LinkRule

MAX_EVENTS: Final = 10_000_000
"""How many events a run carries out before it gives up, unless told otherwise."""
MAX_HOSTS: Final = 250
IMPAIRMENTS: Final = ("jitter", "loss", "duplicate", "corrupt", "reorder", "mtu", "icmp", "clamp_mss", "rules")
"""What `link` and `impair` take besides delay, rate and limit."""
_LINK_WORDS: Final = ", ".join(("delay", "rate", "limit", *IMPAIRMENTS))


class Network:
    """Hosts joined by links in virtual time.

    >>> net = Network(seed=1)
    >>> client, server = net.host("client"), net.host("server")
    >>> net.link(client, server, delay="50ms")
    >>> server.listen(80)
    >>> connection = client.connect(server, 80)
    >>> net.run()
    'idle'

    Attributes:
        seed: where all chance comes from.
        trace: everything that happened, or None with `trace=False`.
        hosts: by name.
        links: in the order in which they were made.
        explained: whether the trace also has what each event was asked and changed (records Checked and Changed).
    """

    def __init__(
        self, *, seed: int = 0, trace: bool = True, header: Header | None = None, explained: bool = False
    ) -> None:
        self.seed = whole(seed, "seed")
        self.explained = explained
        self.agenda = Agenda()
        self._header = header or Header()
        self.trace: Trace | None = Trace(replace(self._header, seed=seed)) if trace else None
        self.hosts: dict[str, Host] = {}
        self.links: list[Link] = []
        self._profiles: dict[str, str] = {}
        self._packet_number = count(1).__next__

    # ------------------------------------------------------------------ building

    def host(
        self,
        name: str,
        address: str | None = None,
        *,
        profile: str | Config = "rfc9293",
        ports: tuple[int, int] | None = None,
        loopback: str | int = 0,
        mutant: str | None = None,
        **knobs: Any,
    ) -> Host:
        """Add a host. Its address is 192.0.2.1 for the first, .2 for the second, and so on.

        `ports` are its first and its last ephemeral port, by default 49152 and 65535. A packet to itself travels for
        as long as `loopback` says. A `mutant` is a host that deviates from the RFC, by its name in `tcpsim mutants`.

        Raises ValueError for a name or address that is taken or that no host can have, or for an unknown
        mutant, KnobError for a bad knob.
        """
        host_name(name)
        if name in self.hosts:
            raise ValueError(f"there is a host {name!r} already")
        if len(self.hosts) >= MAX_HOSTS:
            raise ValueError(f"a network has at most {MAX_HOSTS} hosts")
        config = checked(profile, knobs) if isinstance(profile, Config) else named_profile(profile, **knobs)
        address = self._free_address() if address is None else host_address(address)
        self._check_new(address)
        host = Host(name, address, config, self.agenda, self.trace, self._packet_number)
        host.known = self.hosts
        if self.explained:
            from .explained import explain

            explain(host)
        if mutant is not None:
            from ..tcp.mutants import named

            host.mutant = named(mutant)
            host.config = host.knobs(config)
        host.seed, host.delay_to_itself = self.seed, duration(loopback, "loopback")
        if ports is not None:
            host.ports = ports
        self.hosts[name] = host
        self._profiles[name] = host.profile = profile if isinstance(profile, str) else ""
        self.describe()
        return host

    def add_address(self, host: Host | str, address: str) -> None:
        """Give a host another address, of either kind; whoever has a link to the host reaches it there too.

        Raises ValueError for an address that is taken or that no host can have.
        """
        owner = one_of_ours(host, self.hosts)
        self._check_new(host_address(address))
        owner.addresses.append(address)
        for link in self.links:
            for direction in link.directions:
                if direction.target is owner:
                    direction.source.add_route(address, direction)
        self.describe()

    def _check_new(self, address: str) -> None:
        if any(address in host.addresses for host in self.hosts.values()):
            raise ValueError(f"there is a host with the address {address} already")

    def _free_address(self) -> str:
        taken = {host.address for host in self.hosts.values()}
        return next(address for n in range(1, 255) if (address := f"192.0.2.{n}") not in taken)

    def link(
        self,
        a: Host | str,
        b: Host | str,
        *,
        delay: str | int = 0,
        rate: str | int | None = None,
        limit: int | None = None,
        **impaired: Any,
    ) -> Link:
        """Join two hosts. What is given here holds for both directions, each with its own chance.

        Besides delay, rate and queue limit: `loss`, `duplicate`, `corrupt`, `reorder` (probabilities, "1%"),
        `jitter` (a duration), `mtu` (octets) with `icmp` and `clamp_mss` (see `Mtu`), and `rules`, a list of
        further ones. A fault among them counts the packets of both directions. What differs by direction is set
        on `link.toward(host)`.

        Raises ValueError for a value out of range or a host that is not of this network, TypeError
        for a value that is none and for an unknown keyword.
        """
        for word in impaired:
            if word not in IMPAIRMENTS:
                raise TypeError(f"unknown keyword {word!r}: expected one of {_LINK_WORDS}{nearest(word, IMPAIRMENTS)}")
        first, second = one_of_ours(a, self.hosts), one_of_ours(b, self.hosts)
        if first is second:
            raise ValueError(f"a link joins two hosts, not {first.name} with itself")
        if any({link.a, link.b} == {first, second} for link in self.links):
            raise ValueError(f"{first.name} and {second.name} are linked already")
        link = Link(self.agenda, self.trace, first, second, self.seed)
        for direction in link.directions:
            impair(direction, delay=delay, rate=rate, limit=limit, **impaired)
            for address in direction.target.addresses:
                direction.source.add_route(address, direction)
        self.links.append(link)
        self.describe()
        return link

    def describe(self) -> None:
        """Make the trace's header true to the network, after rules were added to a link by hand."""
        if self.trace is None:
            return
        hosts = tuple(HostHeader(h.name, tuple(h.addresses), self._profiles[h.name]) for h in self.hosts.values())
        links = tuple(description(link) for link in self.links)
        self.trace.header = replace(self._header, seed=self.seed, hosts=hosts, links=links)

    # ------------------------------------------------------------------ time

    @property
    def now(self) -> Time:
        """The virtual time, in nanoseconds."""
        return self.agenda.now

    def at(self, when: str | int, function: Callable[..., object], *arguments: Any) -> None:
        """Have `function(*arguments)` called at a virtual time ("1.5s", or nanoseconds).

        Raises ValueError for a time that has passed.
        """
        time = duration(when, "when")
        if not callable(function):
            raise TypeError(f"expected a function, as in at('1s', connection.close), not {function!r}")
        if time < self.now:
            raise ValueError(f"expected a time from {format_duration(self.now)} on, now, not {when!r}")

        def call(_now: Time, _: Any) -> None:
            function(*arguments)

        self.agenda.enter(time, call)

    def __repr__(self) -> str:
        return f"<Network of {', '.join(self.hosts) or 'no host'}, at {format_duration(self.now)}>"

    @property
    def next(self) -> Time | None:
        """When the next event is entered, or None; it may be an alarm that finds nothing to do."""
        return self.agenda.next

    @property
    def idle(self) -> bool:
        """Whether nothing is left to happen: no packet, no call, and no alarm of a timer that runs."""
        return not self.agenda.lanes and not any(_lives(entry) for entry in self.agenda.heap)

    def step(self) -> bool:
        """Carry out the next event; return False if nothing is left to happen."""
        return self.agenda.step()

    def run(self, until: str | int | None = None, *, max_events: int = MAX_EVENTS) -> str:
        """Let time pass until nothing is left to happen, or `until`, or `max_events`.

        Returns which: "idle", "until" or "event limit"; the trace ends with it. Ctrl-C ends the trace
        as "interrupted" and raises KeyboardInterrupt.
        """
        self.describe()
        try:
            reason = self.agenda.run(NEVER if until is None else duration(until, "until"), max_events)
        except KeyboardInterrupt:
            self.end("interrupted")
            raise
        if reason == "until" and self.idle:
            reason = "idle"
        self.end(reason)
        return reason

    def end(self, reason: str, at: Time | None = None) -> None:
        """Enter into the trace why the run stopped, and when: by default now, or when last something happened."""
        if self.trace is not None:
            # An alarm that found nothing to do has moved the time, but nothing happened then.
            time = self.trace.last_time if reason == "idle" else self.agenda.now
            self.trace.append((Ended, time if at is None else at, "", None, None, reason))

    # ------------------------------------------------------------------ strangers

    def inject(
        self, source: Socket, target: Socket, segment: Segment, *, via: Host | str, delay: str | int = 0
    ) -> None:
        """Put a segment on the link from host `via` toward `target`, whoever its source address names.

        This is how an old duplicate, or an attacker who sees nothing, is made. The link's rules judge
        it like any other packet; `delay` waits before it enters.

        Raises ValueError where no link leads from `via` to the target, or where an address is one that
        no host can have.
        """
        if not hasattr(segment, "ctl"):
            raise TypeError(f"expected a segment, as tcpsim.segment('RST', seq=5) makes it, not {segment!r}")
        host = one_of_ours(via, self.hosts)
        source, target = socket(source, self.hosts), socket(target, self.hosts)
        direction = host.route(*target)
        if direction is None:
            raise ValueError(f"no link leads from {host.name} to {target[0]}")
        flow = (*source, *target)

        def enter(now: Time, _: Any) -> None:
            packet = Packet(self._packet_number(), flow, segment)
            if self.trace is not None:
                row = (Sent, now, host.name, None, segment.why, packet.number, flow, segment, direction.target.name)
                self.trace.append(row)
            if isinstance(segment, Datagram):
                direction.transmit_datagram(now, packet)
            else:
                direction.transmit(now, packet)

        self.agenda.enter(self.now + duration(delay, "delay"), enter)


def _lives(entry: Entry) -> bool:
    """Return whether an entry of the agenda will make something happen."""
    when, _, function, _ = entry
    # A connection's timers, and a call's time limit: what was entered and is no longer in force stays entered.
    alarmed = getattr(getattr(function, "__self__", None), "alarmed", None)
    return alarmed is None or bool(alarmed(when))


def impair(
    direction: Direction,
    *,
    delay: str | int | None = None,
    rate: str | int | None = None,
    limit: int | None = None,
    mtu: int | None = None,
    icmp: bool = True,
    clamp_mss: bool = False,
    jitter: str | int = 0,
    loss: str | float = 0.0,
    duplicate: str | float = 0.0,
    corrupt: str | float = 0.0,
    reorder: str | float = 0.0,
    rules: list[LinkRule] | None = None,
) -> None:
    """Set what one direction of a link does; what is not given stays as it is, rules are added.

    Raises ValueError for a value out of range.
    """
    if delay is not None:
        direction.delay = duration(delay, "delay")
    if rate is not None:
        direction.rate = parse_rate(rate)
    if limit is not None:
        if whole(limit, "limit") < 1:
            raise ValueError(f"expected a queue limit of at least one packet, not {limit!r}")
        direction.limit = limit
    if mtu is not None:
        direction.rules.append(Mtu(direction, whole(mtu, "mtu"), icmp=icmp, clamp_mss=clamp_mss))
    if jitter:
        direction.rules.append(impairments.Jitter(duration(jitter, "jitter")))
    for made, probability in (
        (impairments.Loss, loss),
        (impairments.Duplicate, duplicate),
        (impairments.Corrupt, corrupt),
        (impairments.Reorder, reorder),
    ):
        if probability:
            direction.rules.append(made(probability))
    for rule in rules or ():
        if not callable(rule):
            raise TypeError(f"rules: expected functions of (now, packet, chance), not {rule!r}")
    # A fault counts over both directions ("the 5th segment"); an impairment has a chain of its own in each.
    direction.rules.extend([rule.fork() if isinstance(rule, impairments.Impairment) else rule for rule in rules or ()])


def description(link: Link) -> str:
    """Return what a link does in one sentence: "client - server: 50ms, random loss 1%"."""
    there, back = (_direction_words(direction) for direction in link.directions)
    if there == back:
        return f"{link.a.name} - {link.b.name}: {there}"
    return f"{link.a.name} > {link.b.name}: {there}; {link.b.name} > {link.a.name}: {back}"


def _direction_words(direction: Direction) -> str:
    words = [format_duration(direction.delay)]
    if direction.rate is not None:
        words.append(format_rate(direction.rate))
    if direction.limit is not None:
        words.append(f"queue of {direction.limit}")
    words += [describe(rule) for rule in direction.rules]
    return ", ".join(words)
