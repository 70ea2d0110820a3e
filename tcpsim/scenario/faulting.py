"""From what a scenario says of a link to rules on its directions: faults first, then chance.

Rule 1. A fault counts the packets of both directions of its link, before chance has taken any.
Rule 2. Chance asks in netem's order: loss, duplication, corruption, jitter, reordering.
Rule 3. Packets are named as the trace names them, by relative numbers: what the ladder prints can be
        written into a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ..net import Firewall, Mtu, Nat, faults, impairments
from ..tcp.units import NEVER
from ..trace import Sent
from .evidence import Names
from .loading import FaultPlan
from .models import Fault
from .moments import AtTime, Selector
from .problems import Place
from .watching import Since, Watch, seen_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..net import Direction, Network, Packet
    from ..net.rule import LinkRule
    from ..trace import Trace
    from . import models
    from .loading import LinkPlan
    from .models import Impairments
    from .sights import Sight


@dataclass(frozen=True, slots=True)
class Chosen(faults.Selector):
    """A selector of the network floor whose packets are those that a sight describes."""

    chosen: Callable[[Packet], bool] | None = None

    def fits(self, packet: Packet, iss: int | None) -> bool:
        """Return whether the packet is of the kind that is described."""
        assert self.chosen is not None
        return self.chosen(packet)


def rules_of(impaired: Impairments) -> list[LinkRule]:
    """Return the rules of chance on one direction, in the order in which they are asked."""
    made: list[LinkRule] = []
    if impaired.loss:
        made.append(impairments.Loss(impaired.loss, impaired.loss_correlation))
    if impaired.bursty_loss is not None:
        bursty = impaired.bursty_loss
        made.append(impairments.GilbertElliott(bursty.p, bursty.r, bursty.loss_in_bad, bursty.loss_in_good))
    if impaired.state_loss is not None:
        by_state = impaired.state_loss
        made.append(impairments.StateLoss(by_state.p13, by_state.p31, by_state.p32, by_state.p23, by_state.p14))
    if impaired.duplicate:
        made.append(
            impairments.Duplicate(impaired.duplicate, impaired.duplicate_correlation, lag=impaired.duplicate_lag)
        )
    if impaired.corrupt:
        made.append(impairments.Corrupt(impaired.corrupt, impaired.corrupt_correlation))
    if impaired.jitter:
        made.append(impairments.Jitter(impaired.jitter, impaired.jitter_correlation))
    if impaired.reorder:
        made.append(impairments.Reorder(impaired.reorder, impaired.reorder_correlation, gap=impaired.reorder_gap))
    return made


def build_link(
    network: Network, plan: LinkPlan, names: Names, nats: dict[str, Nat]
) -> list[tuple[FaultPlan, faults.Fault]]:
    """Add a link to the network; return its faults, which know whether they ever struck.

    `nats` has the NATs of earlier links by their addresses; a new one is added.
    """
    link = network.link(*plan.between)
    trace = network.trace
    assert trace is not None
    struck = [(fault, _fault(fault, trace, names)) for fault in plan.faults]
    for host in plan.between:
        _set(link.toward(host), plan.toward[host], [fault for _, fault in struck])
    if plan.nat is not None:
        nats[plan.nat.address] = nat = nats.get(plan.nat.address) or _nat(plan.nat)
        nat.attach(link, plan.nat.inside or plan.between[0])
    elif plan.firewall is not None:
        _firewall(plan.firewall).attach(link, plan.firewall.inside or plan.between[0])
    return struck


def _nat(said: models.Nat) -> Nat:
    return Nat(said.address, idle=said.idle, transitory=said.transitory, unknown=said.unknown)


def _firewall(said: models.Firewall) -> Firewall:
    return Firewall(
        idle=said.idle, transitory=said.transitory, unknown=said.unknown, allow=said.allow,
        forbidden=(said.forbidden or "").encode(),
    )  # fmt: skip


def fault_from_words(verb: str, words: str, trace: Trace, hosts: tuple[str, ...], by: str | int = 0) -> faults.Fault:
    """Return the fault that a scenario would write as `drop: 2nd SYN,ACK`, or `delay: first FIN` with `by` so much.

    Raises ValueError, with what was expected, for words that select no packet.
    """
    written: dict[str, object] = {verb: words}
    if verb == "delay":
        written["by"] = f"{by}ns" if isinstance(by, int) else by
    try:
        options = Fault.model_validate(written)
    except ValidationError as error:
        raise ValueError(f"{verb} {words}: {error.errors()[0]['msg']}") from None
    plan = FaultPlan(Place(""), verb, f"{verb} {words}", getattr(options, verb), options)
    return _fault(plan, trace, Names(hosts))


def _set(direction: Direction, impaired: Impairments, first: list[faults.Fault]) -> None:
    direction.delay = impaired.delay or 0
    direction.rate = impaired.rate
    direction.limit = impaired.limit
    direction.rules = [*first, *rules_of(impaired)]
    if impaired.mtu is not None:
        mtu = Mtu(direction, impaired.mtu, icmp=impaired.icmp, clamp_mss=impaired.clamp_mss)
        direction.rules.append(mtu)


def _fault(plan: FaultPlan, trace: Trace, names: Names) -> faults.Fault:
    options = plan.options
    if plan.selector is None:
        assert options.down is not None
        return faults.DropAll(options.down.low, None if options.down.high == NEVER else options.down.high)
    selector = _chosen(plan, plan.selector, trace, names)
    match plan.verb:
        case "drop":
            return faults.Drop(selector)
        case "delay":
            return faults.Delay(selector, options.by or 0)
        case "duplicate":
            return faults.DuplicateIt(selector, options.copies, options.lag)
        case "corrupt":
            return faults.CorruptIt(selector)
        case _:
            return faults.Swap(selector, options.at_most)


def _chosen(plan: FaultPlan, selector: Selector, trace: Trace, names: Names) -> Chosen:
    after = selector.after
    # To swap two is to hold the first of them back until the second has passed.
    count = 1 if plan.verb == "swap" else selector.count or 1
    every = selector.count is None
    return Chosen(
        nth=None if every else selector.first,
        count=1 if every else count,
        every=selector.step if every and selector.step > 1 else None,
        since=after.time if isinstance(after, AtTime) else 0,
        after=None if after is None or isinstance(after, AtTime) else Since(Watch(after, names), trace),
        words=plan.words.removeprefix(f"{plan.verb} "),
        chosen=_is_described(selector.sight, trace, names),
    )


def _is_described(sight: Sight, trace: Trace, names: Names) -> Callable[[Packet], bool]:
    def fits(packet: Packet) -> bool:
        # That it was sent is the last thing in the trace: there its numbers are relative already.
        sent = trace.records[-1]
        assert isinstance(sent, Sent)
        assert sent.packet == packet.number
        return names.concerns(sight.party, sent.host, sent.connection) and not sight.differences(seen_now(sent))

    return fits
