"""The script of a scenario file, as plans of steps.

Rule 1. A step may name a connection that a later step makes, so that all names are gathered first.
Rule 2. What a step says is consistent: no two keys of which one would be ignored, none missing that the call needs.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ..net.arguments import ADDRESS_WORDS, NO_ADDRESS, unfit
from . import models
from .document import Scalar
from .findings import parties_of_event
from .plans import StepPlan
from .problems import nearest_word, one_of, shown
from .translation import find

if TYPE_CHECKING:
    from .findings import Findings
    from .problems import Place


class ScriptReader:
    """Reads the steps: `name_connections`, then, when faults and links have been read, `script`."""

    def __init__(self, written: models.ScenarioFile, found: Findings) -> None:
        self.written = written
        self.found = found

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
            case models.Inject() if step.repeat > 1 and (wrong := _last_unfit(step)):
                self.found.tell(self.found.place(*at, "repeat"), wrong, "addresses that hosts can have")
            case models.Inject() if step.data is not None and any(name == "len" for name, _ in step.segment.numbers):
                self.found.tell(
                    self.found.key_place(*at, "data"), "the segment has both 'len' and 'data'", "one of them"
                )
            case _:
                pass


def _last_unfit(step: models.Inject) -> str:
    """Return what is wrong with the last address that a repeated segment comes from; "" for nothing."""
    try:
        last = str(ipaddress.ip_address(step.from_.host) + (step.repeat - 1))
    except ValueError:  # a host's name, or beyond the last address of all
        return "" if unfit(step.from_.host) else "the addresses do not suffice"
    wrong = unfit(last)
    return f"the last address, {last}, {wrong}" if wrong else ""
