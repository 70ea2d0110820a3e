"""From a file to a Scenario: what is written is read, and who is named in it has to exist.

Rule 1. A Scenario that was loaded can be run: every host, connection, link and phrase in it is known.
Rule 2. First the shape of the whole file is checked, then its sense; each tells all that it finds.
Rule 3. Everything that can turn out wrong in the run keeps its place in the file.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from ..net.arguments import ADDRESS_WORDS, NO_ADDRESS, host_address, unfit
from ..tcp.diagram import State
from ..tcp.mutants import MUTANTS
from ..trace.naming import printable
from . import models
from .document import Mapping, Node, Scalar, Sequence, parse, read_text
from .expectations import (
    Ends,
    EndsIn,
    ErrorsAre,
    Expectation,
    Happens,
    Line,
    Never,
    OctetsDelivered,
    PathIs,
    PiecesAre,
    SegmentsAre,
    SegmentsInclude,
    SignalsAre,
    TextDelivered,
    TimerDoes,
)  # fmt: skip
from .moments import (
    AtTime,
    EntersState,
    Event,
    HasReceived,
    Occurrence,
    Passes,
    Selector,
    Signals,
    TimerActs,
    parse_occurrence,
    parse_party,
)  # fmt: skip
from .problems import PhraseError, Place, Problem, ScenarioError, nearest_word, one_of, shown
from .sights import Sight
from .tallies import CounterIs, QueueReaches
from .translation import find, translate
from .words import Party

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tcp.units import Time
    from .values import Mutation

DEFAULT_DELAY: Final[Time] = 50_000_000
"""The one-way delay of a link that does not say."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """A host as the file has it: `profile` is "" where it names none of its own."""

    name: str
    address: str
    profile: str
    knobs: dict[str, Any]
    ports: tuple[int, int] | None = None
    loopback: Time = 0


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A fault as the file has it: what it does, to which packets (None for an outage), and its words."""

    place: Place
    verb: str
    words: str
    selector: Selector | None
    options: models.Fault


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A link as the file has it: what each direction does, by the name of the host that it leads to."""

    place: Place
    between: tuple[str, str]
    toward: dict[str, models.Impairments]
    faults: tuple[FaultPlan, ...]
    nat: models.Nat | None = None
    firewall: models.Firewall | None = None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A line of the script: its place and what it says."""

    place: Place
    step: Any

    @property
    def words(self) -> str:
        """The step as a message names it."""
        host = getattr(self.step, "host", None)
        return f"{host} {self.step.call}" if host else str(self.step.call)


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """A scenario that can be run.

    Attributes:
        name: the file's name without its suffix, by which the library finds it.
        path: the file.
        text: all that stands in it.
        intro: the comment with which it opens, without `#`.
        title, question, shows, source: as in the file.
        quiz: the question that `tcpsim quiz` asks, or None.
        mutant: the mutant that fails it, or None.
        seed, profile, knobs: what holds unless a run or a host says otherwise.
        hosts, links, script, expectations: the parts, in the order of the file.
        until: nanoseconds of virtual time; max_events: a number of events. At these, a run stops.
    """

    name: str
    path: str
    text: str
    intro: str
    title: str
    question: str
    shows: str
    source: str
    quiz: models.Quiz | None
    mutant: Mutation | None
    seed: int
    profile: str
    knobs: dict[str, Any]
    hosts: tuple[HostPlan, ...]
    links: tuple[LinkPlan, ...]
    script: tuple[StepPlan, ...]
    expectations: tuple[Expectation, ...]
    until: Time
    max_events: int

    @property
    def group(self) -> str:
        """The folder of the library that it lies in; "" for a file of one's own."""
        from .library import group_of

        return group_of(Path(self.path))

    def __repr__(self) -> str:
        return f"<Scenario {printable(self.name)}: {printable(self.title)}>"


def loads(text: str, file: str = "scenario.yaml") -> Scenario:
    """Return the scenario that a text holds.

    Raises ScenarioError, with places in `file`, if there is none, TypeError for what is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a scenario, not {shown(text)}")
    tree = parse(text, file)
    empty = dict(_empty(tree))
    try:
        written = models.ScenarioFile.model_validate(tree.plain())
    except ValidationError as error:
        nothing = {problem.place for problem in empty.values()}
        told = [problem for problem in translate(error, tree) if problem.place not in nothing]
        keys = {problem.place for problem in told}
        raise ScenarioError([*told, *(problem for key, problem in empty.items() if key not in keys)]) from None
    if empty:
        raise ScenarioError(empty.values())
    return _Reading(written, tree, text, file).scenario()


def load_file(path: str | Path) -> Scenario:
    """Return the scenario in a file; ScenarioError if there is none."""
    return loads(read_text(Path(path)), str(path))


def _empty(node: Node, key: Scalar | None = None) -> Iterator[tuple[Place, Problem]]:
    """Yield a problem for each key or list entry behind which nothing stands, with the key's place."""
    if isinstance(node, Mapping):
        for name, value in node.values.items():
            yield from _empty(value, node.keys[name])
    elif isinstance(node, Sequence):
        for value in node.items:
            yield from _empty(value)
    elif isinstance(node, Scalar) and node.value is None:
        behind = "-" if key is None else key.raw
        yield (node if key is None else key).place, Problem(node.place, f"nothing stands behind {behind!r}", "a value")


class _Reading:
    """Makes the scenario from what is written, and gathers what makes no sense."""

    def __init__(self, written: models.ScenarioFile, tree: Mapping, text: str, file: str) -> None:
        self.written = written
        self.tree = tree
        self.text = text
        self.file = file
        self.problems: list[Problem] = []
        self.hosts = tuple(written.hosts)
        self.connections: set[str] = set()
        self.nats: dict[str, models.Nat] = {}
        self.taken: dict[str, str] = {}  # whose an address is

    def scenario(self) -> Scenario:
        """Return the scenario; ScenarioError with all that makes no sense."""
        written = self.written
        hosts = self._hosts()
        self._name_connections()
        links = self._links()
        script = self._script()
        expectations = self._expectations()
        self._check_quiz()
        self._check_mutant()
        if self.problems:
            raise ScenarioError(self.problems)
        knobs = {} if written.knobs is None else written.knobs.knobs
        return Scenario(
            Path(self.file).stem, self.file, self.text, _intro(self.text), written.title, written.question,
            written.shows, written.source, written.quiz, written.mutant, written.seed, written.profile, knobs, hosts,
            links, script, expectations, written.until, written.max_events,
        )  # fmt: skip

    # ------------------------------------------------------------------ places and problems

    def place(self, *path: int | str) -> Place:
        """Return the place of the value at a path."""
        return find(self.tree, path).place

    def key_place(self, *path: int | str) -> Place:
        """Return the place of the key at the end of a path."""
        parent = find(self.tree, path[:-1])
        assert isinstance(parent, Mapping)
        return parent.keys[str(path[-1])].place

    def tell(self, place: Place, wrong: str, expected: str = "", nearest: str = "") -> None:
        """Take note of a problem."""
        self.problems.append(Problem(place, wrong, expected, nearest))

    def known_host(self, name: str, place: Place) -> bool:
        """Return whether there is such a host; if not, take note."""
        if name in self.hosts:
            return True
        self.tell(
            place,
            f"there is no host {shown(name)}",
            f"a host of this scenario ({one_of(self.hosts)})",
            nearest_word(name, self.hosts),
        )
        return False

    def known_parties(self, phrase: Node, parties: list[Party | None]) -> None:
        """Take note of each party in a phrase that is neither a host nor a connection with a name."""
        known = (*self.hosts, *sorted(self.connections))
        for party in parties:
            if party is None:
                continue
            place = phrase.at(party.offset) if isinstance(phrase, Scalar) else phrase.place
            if party.name not in known:
                wrong = f"there is no host or connection {shown(party.name)}"
                self.tell(place, wrong, one_of(known), nearest_word(party.name, known))
            elif party.number is not None and party.name not in self.hosts:
                self.tell(place, f"{party.name!r} is one connection already", "the name of a host before `connection`")

    # ------------------------------------------------------------------ the question, and the proof

    def _check_quiz(self) -> None:
        quiz = self.written.quiz
        if quiz is None:
            return
        self.known_parties(find(self.tree, ("quiz", "until")), _parties_of_event(quiz.until))
        if quiz.answer not in quiz.choices:
            wrong = "the answer is not among the choices"
            self.tell(
                self.place("quiz", "answer"),
                wrong,
                "one of them, word by word",
                nearest_word(quiz.answer, quiz.choices),
            )
        for index, choice in enumerate(quiz.choices):
            if choice in quiz.choices[:index]:
                self.tell(self.place("quiz", "choices", index), "this choice stands there already", "different choices")

    def _check_mutant(self) -> None:
        mutant = self.written.mutant
        if mutant is None:
            return
        phrase = find(self.tree, ("mutant",))
        if mutant.name not in MUTANTS:
            wrong = f"there is no mutant {shown(mutant.name)}"
            self.tell(phrase.place, wrong, "one that `tcpsim mutants` lists", nearest_word(mutant.name, MUTANTS))
        if mutant.host is not None:
            self.known_host(
                mutant.host, phrase.at(len(mutant.name) + 1) if isinstance(phrase, Scalar) else phrase.place
            )

    # ------------------------------------------------------------------ hosts and links

    def _hosts(self) -> tuple[HostPlan, ...]:
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
        self.taken = {plan.address: plan.name for plan in plans}
        return plans

    def _check_address(self, name: str, address: str, taken: dict[str, str]) -> None:
        place = self.place("hosts", name, "address")
        wrong = unfit(address)
        if wrong:
            self.tell(place, f"{shown(address)} {wrong}", ADDRESS_WORDS)
            return
        address = host_address(address)  # the one way to write it, where there are several
        if address in taken:
            self.tell(place, f"{address} is the address of {taken[address]} already", "an address of its own")
        taken[address] = name

    def _links(self) -> tuple[LinkPlan, ...]:
        if self.written.links is None:
            if len(self.hosts) == 2:
                both = models.Impairments.model_construct(delay=DEFAULT_DELAY)
                return (
                    LinkPlan(self.place("hosts"), (self.hosts[0], self.hosts[1]), dict.fromkeys(self.hosts, both), ()),
                )
            wrong = (
                f"there are {len(self.hosts)} hosts and no links" if len(self.hosts) > 1 else "there is only one host"
            )
            self.tell(self.place("hosts"), wrong, "two hosts, or `links`")
            return ()
        plans = []
        joined: dict[frozenset[str], int] = {}
        for index, link in enumerate(self.written.links):
            at = ("links", index)
            known = [self.known_host(name, self.place(*at, "between", i)) for i, name in enumerate(link.between)]
            pair = frozenset(link.between)
            if len(pair) < 2:
                self.tell(self.place(*at, "between", 1), "a link joins two different hosts", "another host")
            elif pair in joined and all(known):
                self.tell(
                    self.place(*at),
                    f"{' and '.join(link.between)} are joined already",
                    "one link for each pair of hosts",
                )
            joined[pair] = index
            faults = tuple(self._fault(at, i, link, fault) for i, fault in enumerate(link.faults))
            self._check_middlebox(at, link)
            ends, directions = (link.between[0], link.between[1]), self._directions(at, link)
            plans.append(LinkPlan(self.place(*at), ends, directions, faults, link.nat, link.firewall))
        return tuple(plans)

    def _check_middlebox(self, at: tuple[int | str, ...], link: models.Link) -> None:
        for key, box in (("nat", link.nat), ("firewall", link.firewall)):
            if box is not None and box.inside is not None and box.inside not in link.between:
                wrong = f"{shown(box.inside)} is not at an end of this link"
                near = nearest_word(box.inside, link.between)
                self.tell(self.place(*at, key, "inside"), wrong, one_of(link.between), near)
        nat = link.nat
        if nat is None:
            return
        if link.firewall is not None:
            self.tell(self.key_place(*at, "firewall"), "the link has a NAT already", "one middlebox for each link")
        place, wrong = self.place(*at, "nat", "address"), unfit(nat.address)
        if wrong:
            self.tell(place, f"{shown(nat.address)} {wrong}", ADDRESS_WORDS)
            return
        address = host_address(nat.address)
        if address in self.taken:
            self.tell(place, f"{address} is the address of {self.taken[address]}", "an address that no host has")
        first = self.nats.setdefault(address, nat)
        if (first.idle, first.transitory, first.unknown) != (nat.idle, nat.transitory, nat.unknown):
            wrong = f"the NAT {address} says something else on an earlier link"
            self.tell(self.place(*at, "nat"), wrong, "the same `idle`, `transitory` and `unknown`")

    def _directions(self, at: tuple[int | str, ...], link: models.Link) -> dict[str, models.Impairments]:
        names = [name for name in models.Impairments.model_fields if name in link.model_fields_set]
        common = {name: getattr(link, name) for name in names}
        toward = link.toward or {}
        for name in toward:
            if name not in link.between:
                place = self.key_place(*at, "toward", name)
                self.tell(
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
                self.tell(
                    self.place(*path, "state_loss"),
                    "the probabilities of leaving a state exceed 100%",
                    "p13 + p14 and p31 + p32 of at most 100%",
                )

    # ------------------------------------------------------------------ faults

    def _fault(self, at: tuple[int | str, ...], index: int, link: models.Link, fault: models.Fault) -> FaultPlan:
        path = (*at, "faults", index)
        place = self.place(*path)
        verbs = [verb for verb in models.FAULTS if verb in fault.model_fields_set]
        if len(verbs) != 1:
            wrong = (
                "the fault does not say what it does"
                if not verbs
                else f"the fault does {len(verbs)} things: {', '.join(verbs)}"
            )
            self.tell(place, wrong, f"one of {one_of(models.FAULTS)}")
            return FaultPlan(place, "drop", "", None, fault)
        verb = verbs[0]
        self._check_options(path, verb, fault)
        selector: Selector | None = None if verb == "down" else getattr(fault, verb)
        phrase = find(self.tree, (*path, verb))
        if selector is not None:
            self.known_parties(phrase, _parties_of_selector(selector))
            self._check_at_link(phrase, selector, link)
            if verb == "swap" and selector.count is not None and selector.count > 2:
                self.tell(phrase.place, f"{selector.count} segments can't be swapped", "two, as in `swap: next two`")
        return FaultPlan(place, verb, f"{verb} {phrase.plain()}", selector, fault)

    def _check_options(self, path: tuple[int | str, ...], verb: str, fault: models.Fault) -> None:
        for option, verbs in (
            ("by", ("delay",)),
            ("copies", ("duplicate",)),
            ("lag", ("duplicate",)),
            ("at_most", ("swap",)),
        ):
            if option in fault.model_fields_set and verb not in verbs:
                self.tell(
                    self.key_place(*path, option),
                    f"{option!r} says nothing about {verb!r}",
                    f"{option!r} only beside {verbs[0]!r}",
                )
        if verb == "delay" and fault.by is None:
            self.tell(
                self.place(*path), "the key 'by' is missing", "how much longer the packets take, such as `by: 3s`"
            )

    def _check_at_link(self, phrase: Node, selector: Selector, link: models.Link) -> None:
        for party in (selector.sight.party, selector.sight.to):
            if party is not None and party.name in self.hosts and party.name not in link.between:
                place = phrase.at(party.offset) if isinstance(phrase, Scalar) else phrase.place
                self.tell(place, f"{party.name!r} is not at an end of this link", one_of(link.between))

    # ------------------------------------------------------------------ the script

    def _name_connections(self) -> None:
        for index, step in enumerate(self.written.script):
            name = getattr(step, "as_", None)
            if name is None:
                continue
            if name in self.hosts:
                self.tell(self.place("script", index, "as"), f"{name!r} is the name of a host", "another name")
            elif name in self.connections:
                self.tell(self.place("script", index, "as"), f"{name!r} names a connection already", "another name")
            self.connections.add(name)

    def _script(self) -> tuple[StepPlan, ...]:
        plans = []
        for index, step in enumerate(self.written.script):
            self._check_step(index, step)
            plans.append(StepPlan(self.place("script", index), step))
        return tuple(plans)

    def _check_step(self, index: int, step: Any) -> None:
        at = ("script", index)
        if step.at is not None and step.when is not None:
            self.tell(self.key_place(*at, "when"), "the step has both 'at' and 'when'", "one of them")
        if step.when is not None:
            self.known_parties(find(self.tree, (*at, "when")), _parties_of_event(step.when))
        for key in ("host", "via"):
            name = getattr(step, key, None)
            if name is not None:
                self.known_host(name, self.place(*at, key))
        for key, attribute in (("to", "to"), ("from", "from_")):
            socket = getattr(step, attribute, None)
            if socket is not None:
                phrase = find(self.tree, (*at, key))
                self._check_socket(socket.host, phrase.at(0) if isinstance(phrase, Scalar) else phrase.place)
        on = getattr(step, "on", None)
        if isinstance(on, str) and on not in self.connections:
            known = sorted(self.connections)
            expected = f"one named with `as` ({one_of(known)})" if known else "a number, or a name given with `as`"
            self.tell(self.place(*at, "on"), f"there is no connection {shown(on)}", expected, nearest_word(on, known))
        self._check_call(at, step)

    def _check_socket(self, name: str, place: Place) -> None:
        wrong = unfit(name)
        if wrong == NO_ADDRESS:
            self.known_host(name, place)
        elif wrong:
            self.tell(place, f"{shown(name)} {wrong}", f"a host, or {ADDRESS_WORDS}")

    def _check_call(self, at: tuple[int | str, ...], step: Any) -> None:
        place = self.place(*at)
        match step:
            case models.Send() | models.SendTo() if (step.data is None) == (step.octets is None):
                self.tell(
                    place,
                    f"{step.call} says nothing" if step.data is None else f"{step.call} has both 'data' and 'octets'",
                    "either `data:` or `octets:`",
                )
            case models.Close() if step.port is not None and step.on is not None:
                self.tell(self.key_place(*at, "port"), "close has both 'on' and 'port'", "one of them")
            case models.Open() if step.active and step.to is None:
                self.tell(place, "the key 'to' is missing", "the remote socket of an active OPEN")
            case models.Listen() if step.backlog is None and "overflow" in step.model_fields_set:
                wrong = "without a backlog nothing can overflow"
                self.tell(self.key_place(*at, "overflow"), wrong, "`backlog` beside it")
            case models.Inject() if step.repeat > 1 and (wrong := _last_unfit(step)):
                self.tell(self.place(*at, "repeat"), wrong, "addresses that hosts can have")
            case models.Inject() if step.data is not None and any(name == "len" for name, _ in step.segment.numbers):
                self.tell(self.key_place(*at, "data"), "the segment has both 'len' and 'data'", "one of them")
            case _:
                pass

    # ------------------------------------------------------------------ expectations

    def _expectations(self) -> tuple[Expectation, ...]:
        expect = self.written.expect
        made: list[Expectation] = []
        if expect.segments is not None:
            made.append(SegmentsAre(self.key_place("expect", "segments"), self._lines("segments", expect.segments)))
        if expect.includes is not None:
            made.append(SegmentsInclude(self.key_place("expect", "includes"), self._lines("includes", expect.includes)))
        made += self._nevers(expect)
        made += self._counts(expect)
        made += self._state_expectations(expect)
        made += self._timers(expect)
        made += self._told(expect)
        made += self._tallies(expect)
        # Even a file without `expect` expects that the run comes to an end by itself.
        said = "ends" if expect.ends is not None else "expect" if "expect" in self.tree.keys else "script"
        path = ("expect", "ends") if said == "ends" else (said,)
        made.append(Ends(self.key_place(*path), expect.ends or "idle"))
        return tuple(made)

    def _lines(self, key: str, sights: list[Sight]) -> tuple[Line, ...]:
        lines = []
        for index, sight in enumerate(sights):
            phrase = find(self.tree, ("expect", key, index))
            self._check_occurrence(phrase, sight)
            lines.append(Line(phrase.place, str(phrase.plain()), sight))
        return tuple(lines)

    def _check_occurrence(self, phrase: Node, occurrence: Occurrence) -> None:
        self.known_parties(phrase, _parties_of_occurrence(occurrence))

    def _nevers(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for index, occurrence in enumerate(expect.never or ()):
            phrase = find(self.tree, ("expect", "never", index))
            self._check_occurrence(phrase, occurrence)
            made.append(Never(phrase.place, str(phrase.plain()), occurrence))
        return made

    def _counts(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for key, times in (expect.count or {}).items():
            phrase = self._key_phrase("count", key)
            occurrence = parse_occurrence(key)
            self._check_occurrence(phrase, occurrence)
            made.append(Happens(phrase.place, key, occurrence, times))
        return made

    def _key_phrase(self, section: str, key: str) -> Scalar:
        parent = find(self.tree, ("expect", section))
        assert isinstance(parent, Mapping)
        return parent.keys[key]

    def _party(self, section: str, key: str) -> tuple[Place, Party]:
        phrase, party = self._key_phrase(section, key), parse_party(key)
        self.known_parties(phrase, [party])
        return phrase.place, party

    def _state_expectations(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for key, states in (expect.states or {}).items():
            place, party = self._party("states", key)
            if isinstance(states, State):
                made.append(EndsIn(place, key, party, states))
            else:
                made.append(PathIs(place, key, party, tuple(states)))
        return made

    def _timers(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for index, acts in enumerate(expect.timers or ()):
            phrase = find(self.tree, ("expect", "timers", index))
            self.known_parties(phrase, [acts.party])
            made.append(TimerDoes(phrase.place, str(phrase.plain()), acts))
        return made

    def _pieces(self, section: str, of: dict[str, list[str | int]] | None) -> list[Expectation]:
        made: list[Expectation] = []
        for key, written in (of or {}).items():
            place, party = self._party(section, key)
            udp = section == "datagrams"
            if udp and (party.name not in self.hosts or party.number is not None):
                self.tell(place, "UDP has no connections", f"the name of a host ({one_of(self.hosts)})")
            pieces = tuple(piece if isinstance(piece, int) else piece.encode() for piece in written)
            made.append(PiecesAre(place, key, party, pieces, udp))
        return made

    def _tallies(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for host, counters in (expect.counters or {}).items():
            self.known_host(host, self.key_place("expect", "counters", host))
            for name, times in counters.items():
                made.append(CounterIs(self.key_place("expect", "counters", host, name), host, name, times))
        for key, lengths in (expect.queues or {}).items():
            host, _, port = key.rpartition(":")
            self.known_host(host, self.key_place("expect", "queues", key))
            for which in ("half_open", "waiting"):
                most = getattr(lengths, which)
                if most is not None:
                    place = self.key_place("expect", "queues", key, which)
                    made.append(QueueReaches(place, host, int(port), which, most))
        return made

    def _told(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for key, text in (expect.delivered or {}).items():
            place, party = self._party("delivered", key)
            if isinstance(text, int):
                made.append(OctetsDelivered(place, key, party, text))
            else:
                made.append(TextDelivered(place, key, party, text.encode()))
        made += self._pieces("reads", expect.reads)
        made += self._pieces("datagrams", expect.datagrams)
        for key, signals in (expect.signals or {}).items():
            place, party = self._party("signals", key)
            made.append(SignalsAre(place, key, party, tuple(signals)))
        spoken_of = set()
        for key, errors in (expect.errors or {}).items():
            place, party = self._party("errors", key)
            spoken_of.add(party.name)
            made.append(ErrorsAre(place, key, party, tuple(errors)))
        if not spoken_of & self.connections:
            quiet = [host for host in self.hosts if host not in spoken_of]
            made += [ErrorsAre(self.key_place("hosts", host), host, Party(host), ()) for host in quiet]
        return made


def _plain_address(address: str) -> str:
    """Return an address in the one way to write it; one that is none, and was told of, as it stands."""
    return address if unfit(address) else host_address(address)


def _intro(text: str) -> str:
    """Return the comment with which the file opens, as one line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return " ".join(lines).strip()


def _last_unfit(step: models.Inject) -> str:
    """Return what is wrong with the last address that a repeated segment comes from; "" for nothing."""
    try:
        last = str(ipaddress.ip_address(step.from_.host) + (step.repeat - 1))
    except ValueError:  # a host's name, or beyond the last address of all
        return "" if unfit(step.from_.host) else "the addresses do not suffice"
    wrong = unfit(last)
    return f"the last address, {last}, {wrong}" if wrong else ""


def _parties_of_event(event: Event) -> list[Party | None]:
    match event:
        case AtTime():
            return []
        case Passes(sight=sight):
            return [sight.party, sight.to]
        case EntersState() | HasReceived() | Signals() | TimerActs():
            return [event.party]


def _parties_of_occurrence(occurrence: Occurrence) -> list[Party | None]:
    return [occurrence.party, occurrence.to] if isinstance(occurrence, Sight) else [occurrence.party]


def _parties_of_selector(selector: Selector) -> list[Party | None]:
    after = [] if selector.after is None else _parties_of_event(selector.after)
    return [selector.sight.party, selector.sight.to, *after]


__all__ = ["FaultPlan", "HostPlan", "LinkPlan", "PhraseError", "Scenario", "StepPlan", "load_file", "loads"]
