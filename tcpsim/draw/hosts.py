"""Who is in a drawing: the hosts of a trace in the order in which they stand, and the middleboxes between them.

Rule 1. Hosts stand as the header names them, unless another order spares arrows that would pass by a host: then
        the first such order. Who talks to everybody stands in the middle.
Rule 2. An injected packet's source address is a claim, and names nobody.
Rule 3. Two hosts share a middlebox if one of them was given an address by it, or lost a packet to it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Final

from ..trace import Lost, Mapped, Sent, stranger
from .words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..trace import Trace

MOST_ORDERED: Final = 6
"""Of more hosts than these the order is not looked for."""
BOXES: Final = ("NAT", "firewall")
"""What the trace calls middleboxes, at the beginning of who lost a packet."""


@dataclass(frozen=True, slots=True)
class HostView:
    """A host as drawn: its name in the trace, that name made fit to print, and its addresses."""

    name: str
    title: str
    address: str


def hosts_of(trace: Trace) -> list[HostView]:
    """Return the hosts of the header and any other that the records name, with addresses from either, in order."""
    names = dict.fromkeys(host.name for host in trace.header.hosts)
    addresses = {host.name: host.addresses for host in trace.header.hosts}
    ports: dict[str, dict[str, None]] = {}
    talks: Counter[tuple[str, str]] = Counter()
    for record in trace.records:
        if record.host:
            names.setdefault(record.host)
        if isinstance(record, Sent):
            _note_address(record, names, addresses, ports)
            talks[record.host, record.to] += 1
    views = []
    for name in _ordered(list(names), talks):
        own = addresses.get(name, ())
        used = list(ports.get(name, ()))
        address = f"{own[0]}:{used[0]}" if own and len(used) == 1 else ", ".join(own)
        views.append(HostView(name, clean(name, 40) or "(no name)", clean(address, 48)))
    return views


def _ordered(names: list[str], talks: Counter[tuple[str, str]]) -> list[str]:
    """Return the names in the first order in which the fewest arrows pass by a host (Rule 1)."""
    if not 2 < len(names) <= MOST_ORDERED:
        return names

    def passing(order: Iterable[str]) -> int:
        at = {name: place for place, name in enumerate(order)}
        return sum(
            count * max(abs(at[one] - at[other]) - 1, 0)
            for (one, other), count in talks.items()
            if one in at and other in at
        )

    return list(min(permutations(names), key=passing))


def _note_address(
    sent: Sent,
    names: dict[str, None],
    addresses: dict[str, tuple[str, ...]],
    ports: dict[str, dict[str, None]],
) -> None:
    source, source_port, target, target_port = sent.flow
    if sent.to:
        names.setdefault(sent.to)
        addresses.setdefault(sent.to, (target,))
    if stranger(sent.connection, sent.why) is not None:
        return  # injected: its source address is a claim
    addresses.setdefault(sent.host, (source,))
    ports.setdefault(sent.host, {}).setdefault(str(source_port))
    if sent.to and target in addresses[sent.to]:  # else a NAT lies between
        ports.setdefault(sent.to, {}).setdefault(str(target_port))


def middleboxes(trace: Trace) -> dict[frozenset[str], list[str]]:
    """Return what stands between which two hosts, as far as the run shows it: "NAT", "firewall"."""
    found: dict[frozenset[str], dict[str, None]] = {}
    inside: set[tuple[str, str, int]] = set()
    sent: dict[int, frozenset[str]] = {}
    for record in trace.records:
        box = ""
        if isinstance(record, Mapped):
            inside.add((record.host, *record.inside))
        elif isinstance(record, Sent) and record.to:
            sent[record.packet] = frozenset((record.host, record.to))
            box = "NAT" if (record.host, *record.flow[:2]) in inside else stranger(record.connection, record.why) or ""
        elif isinstance(record, Lost):
            box = next((name for name in BOXES if record.by == name or record.by.startswith(f"{name}:")), "")
        if box and (pair := sent.get(getattr(record, "packet", 0))):
            found.setdefault(pair, {}).setdefault(box)
    return {pair: list(names) for pair, names in found.items()}
