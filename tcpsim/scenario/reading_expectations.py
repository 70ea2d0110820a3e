"""What a scenario file expects, as expectations that a finished run is held to.

Rule 1. Each line under `expect` becomes an expectation of its own, with its place and the words as they are written.
Rule 2. What goes without saying is expected too: the run comes to an end by itself, and no host of which nothing is
        said refuses a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.diagram import State
from . import models
from .document import Mapping, Node, Scalar
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
from .findings import parties_of_occurrence
from .moments import Occurrence, parse_occurrence, parse_party
from .problems import Place, one_of
from .tallies import CounterIs, QueueReaches
from .translation import find
from .words import Party

if TYPE_CHECKING:
    from .findings import Findings
    from .sights import Sight


class ExpectationReader:
    """Reads `expect`, when the names of hosts and connections are known."""

    def __init__(self, written: models.ScenarioFile, found: Findings) -> None:
        self.written = written
        self.found = found

    def expectations(self) -> tuple[Expectation, ...]:
        """Return the expectations, by kind, each kind in the order of the file."""
        expect = self.written.expect
        made: list[Expectation] = []
        if expect.segments is not None:
            made.append(
                SegmentsAre(self.found.key_place("expect", "segments"), self._lines("segments", expect.segments))
            )
        if expect.includes is not None:
            made.append(
                SegmentsInclude(self.found.key_place("expect", "includes"), self._lines("includes", expect.includes))
            )
        made += self._nevers(expect)
        made += self._counts(expect)
        made += self._state_expectations(expect)
        made += self._timers(expect)
        made += self._told(expect)
        made += self._tallies(expect)
        # Even a file without `expect` expects that the run comes to an end by itself.
        said = "ends" if expect.ends is not None else "expect" if "expect" in self.found.tree.keys else "script"
        path = ("expect", "ends") if said == "ends" else (said,)
        made.append(Ends(self.found.key_place(*path), expect.ends or "idle"))
        return tuple(made)

    def _lines(self, key: str, sights: list[Sight]) -> tuple[Line, ...]:
        lines = []
        for index, sight in enumerate(sights):
            phrase = find(self.found.tree, ("expect", key, index))
            self._check_occurrence(phrase, sight)
            lines.append(Line(phrase.place, str(phrase.plain()), sight))
        return tuple(lines)

    def _check_occurrence(self, phrase: Node, occurrence: Occurrence) -> None:
        self.found.known_parties(phrase, parties_of_occurrence(occurrence))

    def _nevers(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for index, occurrence in enumerate(expect.never or ()):
            phrase = find(self.found.tree, ("expect", "never", index))
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
        parent = find(self.found.tree, ("expect", section))
        assert isinstance(parent, Mapping)
        return parent.keys[key]

    def _party(self, section: str, key: str) -> tuple[Place, Party]:
        phrase, party = self._key_phrase(section, key), parse_party(key)
        self.found.known_parties(phrase, [party])
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
            phrase = find(self.found.tree, ("expect", "timers", index))
            self.found.known_parties(phrase, [acts.party])
            made.append(TimerDoes(phrase.place, str(phrase.plain()), acts))
        return made

    def _pieces(self, section: str, of: dict[str, list[str | int]] | None) -> list[Expectation]:
        made: list[Expectation] = []
        for key, written in (of or {}).items():
            place, party = self._party(section, key)
            udp = section == "datagrams"
            if udp and (party.name not in self.found.hosts or party.number is not None):
                self.found.tell(place, "UDP has no connections", f"the name of a host ({one_of(self.found.hosts)})")
            pieces = tuple(piece if isinstance(piece, int) else piece.encode() for piece in written)
            made.append(PiecesAre(place, key, party, pieces, udp))
        return made

    def _tallies(self, expect: models.Expect) -> list[Expectation]:
        made: list[Expectation] = []
        for host, counters in (expect.counters or {}).items():
            self.found.known_host(host, self.found.key_place("expect", "counters", host))
            for name, times in counters.items():
                made.append(CounterIs(self.found.key_place("expect", "counters", host, name), host, name, times))
        for key, lengths in (expect.queues or {}).items():
            host, _, port = key.rpartition(":")
            self.found.known_host(host, self.found.key_place("expect", "queues", key))
            if lengths.half_open is None and lengths.waiting is None:
                place = self.found.key_place("expect", "queues", key)
                self.found.tell(place, f"nothing is expected of {key}", "half_open or waiting")
            opens = (step for step in self.written.script if isinstance(step, models.Open) and not step.active)
            passive = any((step.host, step.port) == (host, int(port)) for step in opens)
            for which in ("half_open", "waiting"):
                most = getattr(lengths, which)
                if most is not None:
                    place = self.found.key_place("expect", "queues", key, which)
                    made.append(QueueReaches(place, host, int(port), which, most, passive))
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
        if not spoken_of & self.found.connections:
            quiet = [host for host in self.found.hosts if host not in spoken_of]
            made += [ErrorsAre(self.found.key_place("hosts", host), host, Party(host), ()) for host in quiet]
        return made
