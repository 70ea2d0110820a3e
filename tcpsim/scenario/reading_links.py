"""The hosts and links of a scenario file, and the faults on them, as plans.

Rule 1. No two hosts have one address, and a host that says none gets the next free one of 192.0.2.0/24.
Rule 2. Two hosts without `links` are joined by a link; more have to say who is joined to whom, once for each pair.
Rule 3. What a link says holds for both directions; `toward` adds to that for one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..net.arguments import ADDRESS_WORDS, family, host_address, is_loopback, unfit
from . import models
from .document import Node, Scalar
from .findings import parties_of_selector
from .plans import FaultPlan, HostPlan, LinkPlan
from .problems import nearest_word, one_of, shown
from .translation import find

if TYPE_CHECKING:
    from ..tcp.units import Time
    from .findings import Findings
    from .moments import Selector
    from .problems import Place

DEFAULT_DELAY: Final[Time] = 50_000_000
"""The one-way delay of a link that does not say."""


class LinkReader:
    """Reads the hosts first, then the links between them."""

    def __init__(self, written: models.ScenarioFile, found: Findings) -> None:
        self.written = written
        self.found = found
        self._nats: dict[str, models.Nat] = {}
        self._taken: dict[str, str] = {}  # whose an address is

    def hosts(self) -> tuple[HostPlan, ...]:
        """Return the hosts, in the order of the file."""
        taken: dict[str, str] = {}
        for name, host in self.written.hosts.items():
            if host.address is not None:
                self._check_address(name, host.address, taken)
        free = (address for n in range(1, 255) if (address := f"192.0.2.{n}") not in taken)
        plans = tuple(
            HostPlan(
                name,
                next(free) if host.address is None else _plain_address(host.address),
                host.profile or "",
                host.knobs,
                host.ports,
                host.loopback,
            )
            for name, host in self.written.hosts.items()
        )
        self._taken = {plan.address: plan.name for plan in plans}
        return plans

    def _check_address(self, name: str, address: str, taken: dict[str, str]) -> None:
        place = self.found.place("hosts", name, "address")
        wrong = unfit(address)
        if wrong:
            self.found.tell(place, f"{shown(address)} {wrong}", ADDRESS_WORDS)
            return
        address = host_address(address)  # the one way to write it, where there are several
        if address in taken:
            self.found.tell(place, f"{address} is the address of {taken[address]} already", "an address of its own")
        taken[address] = name

    def links(self) -> tuple[LinkPlan, ...]:
        """Return the links, in the order of the file, or the one that goes without saying."""
        if self.written.links is None:
            return self._unsaid_links()
        plans = []
        joined: dict[frozenset[str], int] = {}
        for index, link in enumerate(self.written.links):
            at = ("links", index)
            known = [
                self.found.known_host(name, self.found.place(*at, "between", i)) for i, name in enumerate(link.between)
            ]
            pair = frozenset(link.between)
            if len(pair) < 2:
                self.found.tell(self.found.place(*at, "between", 1), "a link joins two different hosts", "another host")
            elif pair in joined and all(known):
                self.found.tell(
                    self.found.place(*at),
                    f"{' and '.join(link.between)} are joined already",
                    "one link for each pair of hosts",
                )
            joined[pair] = index
            faults = tuple(self._fault(at, i, link, fault) for i, fault in enumerate(link.faults))
            self._check_middlebox(at, link)
            ends, directions = (link.between[0], link.between[1]), self._directions(at, link)
            plans.append(LinkPlan(self.found.place(*at), ends, directions, faults, link.nat, link.firewall))
        return tuple(plans)

    def _unsaid_links(self) -> tuple[LinkPlan, ...]:
        """Return what a file without `links` has: one link, between its two hosts."""
        place, hosts = self.found.place("hosts"), self.found.hosts
        if len(hosts) != 2:
            wrong = f"there are {len(hosts)} hosts and no links" if len(hosts) > 1 else "there is only one host"
            self.found.tell(place, wrong, "two hosts, or `links`")
            return ()
        both = models.Impairments.model_construct(delay=DEFAULT_DELAY)
        return (LinkPlan(place, (hosts[0], hosts[1]), dict.fromkeys(hosts, both), ()),)

    def _check_middlebox(self, at: tuple[int | str, ...], link: models.Link) -> None:
        for key, box in (("nat", link.nat), ("firewall", link.firewall)):
            if box is not None and box.inside is not None and box.inside not in link.between:
                wrong = f"{shown(box.inside)} is not at an end of this link"
                near = nearest_word(box.inside, link.between)
                self.found.tell(self.found.place(*at, key, "inside"), wrong, one_of(link.between), near)
        nat = link.nat
        if nat is None:
            return
        if link.firewall is not None:
            self.found.tell(
                self.found.key_place(*at, "firewall"), "the link has a NAT already", "one middlebox for each link"
            )
        place, wrong = self.found.place(*at, "nat", "address"), unfit(nat.address)
        if wrong:
            self.found.tell(place, f"{shown(nat.address)} {wrong}", ADDRESS_WORDS)
            return
        address = host_address(nat.address)
        self._check_nat_address(place, link, address)
        if address in self._taken:
            self.found.tell(place, f"{address} is the address of {self._taken[address]}", "an address that no host has")
        first = self._nats.setdefault(address, nat)
        if (first.idle, first.transitory, first.unknown) != (nat.idle, nat.transitory, nat.unknown):
            wrong = f"the NAT {address} says something else on an earlier link"
            self.found.tell(self.found.place(*at, "nat"), wrong, "the same `idle`, `transitory` and `unknown`")

    def _check_nat_address(self, place: Place, link: models.Link, address: str) -> None:
        assert link.nat is not None
        inside = link.nat.inside or link.between[0]
        own = next((taken for taken, name in self._taken.items() if name == inside), "")
        if is_loopback(address):
            self.found.tell(place, f"{address} is a loopback address", "an address that others can send to")
        elif family(own) not in (0, family(address)):
            wrong = f"{address} is IPv{family(address)}, and {inside} is IPv{family(own)}"
            self.found.tell(place, wrong, f"an IPv{family(own)} address")

    def _directions(self, at: tuple[int | str, ...], link: models.Link) -> dict[str, models.Impairments]:
        names = [name for name in models.Impairments.model_fields if name in link.model_fields_set]
        common = {name: getattr(link, name) for name in names}
        toward = link.toward or {}
        for name in toward:
            if name not in link.between:
                place = self.found.key_place(*at, "toward", name)
                self.found.tell(
                    place,
                    f"{shown(name)} is not at an end of this link",
                    one_of(link.between),
                    nearest_word(name, link.between),
                )
        directions = {}
        for host in link.between:
            own = toward.get(host)
            special = {} if own is None else {name: getattr(own, name) for name in own.model_fields_set}
            directions[host] = models.Impairments.model_construct(**{"delay": DEFAULT_DELAY, **common, **special})
        self._check_state_losses(at, link)
        return directions

    def _check_state_losses(self, at: tuple[int | str, ...], link: models.Link) -> None:
        parts: list[tuple[tuple[int | str, ...], models.Impairments]] = [(at, link)]
        parts += [((*at, "toward", name), own) for name, own in (link.toward or {}).items()]
        for path, part in parts:
            loss = part.state_loss
            if loss is not None and (
                loss.p13 + loss.p14 > 1 or (loss.p31 if loss.p31 is not None else 1 - loss.p13) + loss.p32 > 1
            ):
                self.found.tell(
                    self.found.place(*path, "state_loss"),
                    "the probabilities of leaving a state exceed 100%",
                    "p13 + p14 and p31 + p32 of at most 100%",
                )

    # ------------------------------------------------------------------ faults

    def _fault(self, at: tuple[int | str, ...], index: int, link: models.Link, fault: models.Fault) -> FaultPlan:
        path = (*at, "faults", index)
        place = self.found.place(*path)
        verbs = [verb for verb in models.FAULTS if verb in fault.model_fields_set]
        if len(verbs) != 1:
            wrong = (
                "the fault does not say what it does"
                if not verbs
                else f"the fault does {len(verbs)} things: {', '.join(verbs)}"
            )
            self.found.tell(place, wrong, f"one of {one_of(models.FAULTS)}")
            return FaultPlan(place, "drop", "", None, fault)
        verb = verbs[0]
        self._check_options(path, verb, fault)
        selector: Selector | None = None if verb == "down" else getattr(fault, verb)
        phrase = find(self.found.tree, (*path, verb))
        if selector is not None:
            self.found.known_parties(phrase, parties_of_selector(selector))
            self._check_at_link(phrase, selector, link)
            if verb == "swap" and selector.count is not None and selector.count > 2:
                self.found.tell(
                    phrase.place, f"{selector.count} segments can't be swapped", "two, as in `swap: next two`"
                )
        return FaultPlan(place, verb, f"{verb} {phrase.plain()}", selector, fault)

    def _check_options(self, path: tuple[int | str, ...], verb: str, fault: models.Fault) -> None:
        for option, verbs in (
            ("by", ("delay",)),
            ("copies", ("duplicate",)),
            ("lag", ("duplicate",)),
            ("at_most", ("swap",)),
        ):
            if option in fault.model_fields_set and verb not in verbs:
                self.found.tell(
                    self.found.key_place(*path, option),
                    f"{option!r} says nothing about {verb!r}",
                    f"{option!r} only beside {verbs[0]!r}",
                )
        if verb == "delay" and fault.by is None:
            self.found.tell(
                self.found.place(*path), "the key 'by' is missing", "how much longer the packets take, such as `by: 3s`"
            )

    def _check_at_link(self, phrase: Node, selector: Selector, link: models.Link) -> None:
        for party in (selector.sight.party, selector.sight.to):
            if party is not None and party.name in self.found.hosts and party.name not in link.between:
                place = phrase.at(party.offset) if isinstance(phrase, Scalar) else phrase.place
                self.found.tell(place, f"{party.name!r} is not at an end of this link", one_of(link.between))


def _plain_address(address: str) -> str:
    """Return an address in the one way to write it; one that is none, and was told of, as it stands."""
    return address if unfit(address) else host_address(address)
