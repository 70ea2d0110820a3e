"""The script of a scenario file, as plans of steps.

Rule 1. A step may name a connection that a later step makes, so that all names are gathered first.
Rule 2. What a step says is consistent: no two keys of which one would be ignored, none missing that the call needs.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ..net.arguments import ADDRESS_WORDS, NO_ADDRESS, family, host_address, unfit
from ..tcp.units import MAX_DURATION, format_duration
from . import models
from .document import Scalar
from .findings import parties_of_event
from .plans import StepPlan
from .problems import nearest_word, one_of, shown
from .translation import find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .findings import Findings
    from .problems import Place


class ScriptReader:
    """Reads the steps: `name_connections`, then, when faults and links have been read, `script`."""

    def __init__(self, written: models.ScenarioFile, found: Findings, addresses: dict[str, str]) -> None:
        self.written = written
        self.found = found
        self.addresses = addresses
        self._foresight = Foresight(written.script)

    def name_connections(self) -> None:
        """Gather the names that steps give to connections with `as`."""
        for index, step in enumerate(self.written.script):
            name = getattr(step, "as_", None)
            if name is None:
                continue
            place = self.found.place("script", index, "as")
            if name in self.found.hosts:
                self.found.tell(place, f"{name!r} is the name of a host", "another name")
            elif name in self.found.connections:
                self.found.tell(place, f"{name!r} names a connection already", "another name")
            self.found.connections.add(name)

    def script(self) -> tuple[StepPlan, ...]:
        """Return the steps, in the order of the file."""
        plans = []
        for index, step in enumerate(self.written.script):
            self._check_step(index, step)
            plans.append(StepPlan(self.found.place("script", index), step))
        return tuple(plans)

    def _check_step(self, index: int, step: Any) -> None:
        at = ("script", index)
        if step.at is not None and step.when is not None:
            self.found.tell(self.found.key_place(*at, "when"), "the step has both 'at' and 'when'", "one of them")
        if step.when is not None:
            self.found.known_parties(find(self.found.tree, (*at, "when")), parties_of_event(step.when))
        for key in ("host", "via"):
            name = getattr(step, key, None)
            if name is not None:
                self.found.known_host(name, self.found.place(*at, key))
        for key, attribute in (("to", "to"), ("from", "from_")):
            socket = getattr(step, attribute, None)
            if socket is not None:
                phrase = find(self.found.tree, (*at, key))
                self._check_socket(socket.host, phrase.at(0) if isinstance(phrase, Scalar) else phrase.place)
        self._check_families(at, step)
        on = getattr(step, "on", None)
        if isinstance(on, str) and on not in self.found.connections:
            known = sorted(self.found.connections)
            expected = f"one named with `as` ({one_of(known)})" if known else "a number, or a name given with `as`"
            self.found.tell(
                self.found.place(*at, "on"), f"there is no connection {shown(on)}", expected, nearest_word(on, known)
            )
        self._check_call(at, step)

    def _check_socket(self, name: str, place: Place) -> None:
        wrong = unfit(name)
        if wrong == NO_ADDRESS:
            self.found.known_host(name, place)
        elif wrong:
            self.found.tell(place, f"{shown(name)} {wrong}", f"a host, or {ADDRESS_WORDS}")

    def _check_call(self, at: tuple[int | str, ...], step: Any) -> None:
        place = self.found.place(*at)
        match step:
            case models.Send() | models.SendTo() if (step.data is None) == (step.octets is None):
                self.found.tell(
                    place,
                    f"{step.call} says nothing" if step.data is None else f"{step.call} has both 'data' and 'octets'",
                    "either `data:` or `octets:`",
                )
            case models.Close() if step.port is not None and step.on is not None:
                self.found.tell(self.found.key_place(*at, "port"), "close has both 'on' and 'port'", "one of them")
            case models.Open() if step.active and step.to is None:
                self.found.tell(place, "the key 'to' is missing", "the remote socket of an active OPEN")
            case models.Listen() if step.backlog is None and "overflow" in step.model_fields_set:
                wrong = "without a backlog nothing can overflow"
                self.found.tell(self.found.key_place(*at, "overflow"), wrong, "`backlog` beside it")
            case models.Accept() | models.ShowQueues() | models.CloseUdp() if vain := self._foresight.vain(step):
                self.found.tell(place if step.port is None else self.found.place(*at, "port"), *vain)
            case models.Inject():
                self._check_inject(at, step)
            case _:
                pass

    def _check_inject(self, at: tuple[int | str, ...], step: models.Inject) -> None:
        for key in ("every", "stride"):
            if key in step.model_fields_set and "repeat" not in step.model_fields_set:
                wrong = f"without a repeat {key!r} says nothing"
                self.found.tell(self.found.key_place(*at, key), wrong, "`repeat` beside it")
        last = (step.repeat - 1) * step.every
        if last > MAX_DURATION:
            wrong = f"the last of {step.repeat} comes {format_duration(last)} behind the first"
            self.found.tell(self.found.place(*at, "every"), wrong, f"at most {format_duration(MAX_DURATION)}")
        for key, socket in (("from", step.from_), ("to", step.to)):
            if self._is_foreign(socket.host):
                place, whose = self.found.place(*at, key), f"no host has the address {socket.host}"
                if socket.port is None:
                    self.found.tell(place, f"{whose}, so that no port can be meant", "a port behind the address")
                if key == "from" and step.via is None:
                    self.found.tell(place, whose, "`via`: at whose end of a link the segment enters")
        if step.repeat > 1 and (wrong := _last_unfit(step)):
            self.found.tell(self.found.place(*at, "repeat"), wrong, "addresses that hosts can have")
        if step.data is not None and any(name == "len" for name, _ in step.segment.numbers):
            self.found.tell(self.found.key_place(*at, "data"), "the segment has both 'len' and 'data'", "one of them")

    def _is_foreign(self, host_or_address: str) -> bool:
        """Return whether this is an address, and that of no host."""
        return not unfit(host_or_address) and host_address(host_or_address) not in self.addresses.values()

    def _check_families(self, at: tuple[int | str, ...], step: Any) -> None:
        """Take note of a segment that would go from an address of one family to one of the other."""
        if getattr(step, "to", None) is None:
            return
        source, target = step.from_.host if isinstance(step, models.Inject) else step.host, step.to.host
        ours, theirs = (family(self.addresses.get(end, end)) for end in (source, target))
        if ours and theirs and ours != theirs:
            wrong = f"{target} is IPv{theirs}, and {source} is IPv{ours}"
            self.found.tell(self.found.place(*at, "to"), wrong, f"an IPv{ours} address")


class Foresight:
    """What a script tells of its steps before it runs: which of them can never succeed."""

    def __init__(self, script: Iterable[Any]) -> None:
        self._backlogs: dict[tuple[str, int], bool] = {}  # by listening socket: whether one there has a backlog
        self._datagrams: set[tuple[str, int | None]] = set()
        for step in script:
            match step:
                case models.Listen():
                    with_backlog = step.backlog is not None or self._backlogs.get((step.host, step.port), False)
                    self._backlogs[step.host, step.port] = with_backlog
                case models.Open(active=False, to=None):
                    self._backlogs.setdefault((step.host, step.port), False)
                case models.OpenUdp() | models.SendTo():
                    self._datagrams.add((step.host, step.port))
                case _:
                    pass

    def vain(self, step: models.Accept | models.ShowQueues | models.CloseUdp) -> tuple[str, str] | None:
        """Return why a step can't succeed, and what was expected; None if it can, as far as the file tells."""
        where = step.host if step.port is None else f"{step.host}:{step.port}"
        if isinstance(step, models.CloseUdp):
            opened = {(step.host, step.port), (step.host, None)} & self._datagrams  # None: any port
            return None if opened else (f"no step opens a UDP socket at {where}", "a port with `open udp`")
        there = [
            backlog
            for (host, port), backlog in self._backlogs.items()
            if host == step.host and step.port in (None, port)
        ]
        if isinstance(step, models.ShowQueues):
            return None if there else (f"no step listens at {where}", "a port with `listen`")
        if there and not any(there):  # where nobody listens at all, the call is refused, as it may be meant
            return f"the listener at {where} accepts by itself", "`listen` with a `backlog`"
        return None


def _last_unfit(step: models.Inject) -> str:
    """Return what is wrong with the last address that a repeated segment comes from; "" for nothing."""
    try:
        last = str(ipaddress.ip_address(step.from_.host) + (step.repeat - 1))
    except ValueError:  # a host's name, or beyond the last address of all
        return "" if unfit(step.from_.host) else "the addresses do not suffice"
    wrong = unfit(last)
    return f"the last address, {last}, {wrong}" if wrong else ""
