"""The ladder in the languages of other tools: a sequence diagram for Mermaid, or for PlantUML.

Rule 1. Both languages draw level arrows, one below the other. So a segment stands where it was sent; where something
        else is told before it arrives, its arrival is told at its receiver, too.
Rule 2. What is lost ends in a cross (`-x`, `->x`) and says who lost it; what is sent again is dashed.
Rule 3. Names and texts can't leave their places: every character that could mean anything to either tool is written
        by its number, and a participant is called h0, h1, ... whatever its host's name is.
Rule 4. Time is said and not drawn: at each message, and where it passes and nothing happens.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .columns import connection_prefix
from .ladder_text import events_of
from .scene import Arrow, Remark, Stay, TimerRun, silence_text, under_way
from .timeline import FOLD_AFTER, scale_of
from .words import Clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tcp.units import Time
    from .ladder_text import Event
    from .scene import Scene

_END: Final = re.compile(r"\be(?=nd\b)", re.IGNORECASE)
"""A word that closes a block of Mermaid's, wherever it stands."""


class Mermaid:
    """How Mermaid writes a sequence diagram."""

    first = "sequenceDiagram"
    last = ""
    line = "<br/>"

    @staticmethod
    def text(text: str) -> str:
        """Return a text as Mermaid prints it: what is no letter, digit or harmless sign by its number."""
        numbered = "".join(char if char.isalnum() or char in " .,()=-+/?!" else f"#{ord(char)};" for char in text)
        return _END.sub(lambda match: f"#{ord(match[0])};", numbered)

    @classmethod
    def title(cls, text: str) -> str:
        """Return the line of the title."""
        return f"    title {cls.text(text)}"

    @classmethod
    def participant(cls, host: int, titles: Sequence[str]) -> str:
        """Return the line that names a host."""
        return f"    participant h{host} as {cls.line.join(map(cls.text, titles))}"

    @classmethod
    def message(cls, source: int, target: int, text: str, *, again: bool, lost: bool) -> str:
        """Return the line of an arrow."""
        return f"    h{source}{'--' if again else '-'}{'x' if lost else '>>'}h{target}: {cls.text(text)}"

    @classmethod
    def note(cls, where: str, lines: Sequence[str]) -> str:
        """Return the line of a note."""
        return f"    Note {where}: {cls.line.join(map(cls.text, lines))}"

    @classmethod
    def pause(cls, hosts: str, text: str) -> str:
        """Return the line that says that time passes."""
        return cls.note(f"over {hosts}", [text])


class PlantUml(Mermaid):
    """How PlantUML writes one."""

    first = "@startuml\nhide footbox"
    last = "@enduml\n"
    line = "\\n"

    @staticmethod
    def text(text: str) -> str:
        """Return a text as PlantUML prints it: signs of its languages, and any twice in a row, by numbers."""
        out = []
        before = ""
        for char in text:
            plain = char.isalnum() or char in " (),?" or (char in ".-:+" and char != before)
            out.append(char if plain else f"<U+{ord(char):04X}>")
            before = char
        return "".join(out)

    @classmethod
    def title(cls, text: str) -> str:
        """Return the line of the title."""
        return f"title {cls.text(text)}"

    @classmethod
    def participant(cls, host: int, titles: Sequence[str]) -> str:
        """Return the line that names a host."""
        return f'participant "{cls.line.join(map(cls.text, titles))}" as h{host}'

    @classmethod
    def message(cls, source: int, target: int, text: str, *, again: bool, lost: bool) -> str:
        """Return the line of an arrow."""
        return f"h{source} {'--' if again else '-'}>{'x' if lost else ''} h{target} : {cls.text(text)}"

    @classmethod
    def note(cls, where: str, lines: Sequence[str]) -> str:
        """Return the line of a note."""
        return f"note {where} : {cls.line.join(map(cls.text, lines))}"

    @classmethod
    def pause(cls, hosts: str, text: str) -> str:
        """Return the line that says that time passes."""
        return f"... {cls.text(text)} ..."


LANGUAGES: Final = {"mmd": Mermaid, "puml": PlantUml}
"""The languages, by the suffix of their files."""


def script_text(of: Scene, language: str) -> str:
    """Return a scene as a sequence diagram in one of LANGUAGES."""
    return _Script(of, LANGUAGES[language]).text()


class _Script:
    """Writes a scene line by line; notes of one host that follow one another are one note."""

    def __init__(self, of: Scene, language: type[Mermaid]) -> None:
        self.scene, self.language = of, language
        self.events = events_of(of)
        self.clock = Clock({event.moment[0] for event in self.events})
        self.lines: list[str] = []
        self.noted: tuple[int, list[str]] | None = None
        self.told_at: Time | None = None

    def text(self) -> str:
        """Return the whole file."""
        of, say = self.scene, self.language
        self.lines.append(say.first)
        if of.title:
            self.lines.append(say.title(of.title))
        for number, host in enumerate(of.hosts):
            self.lines.append(say.participant(number, [each for each in (host.title, host.address) if each]))
        if of.hosts:
            self._all(f"({of.left_above})" if of.left_above else "")
            for stay in of.stays:
                if stay.start is None:
                    self._note(stay.host, self._state(stay))
            self._happen()
            for line in of.left_out:
                self._all(f"... {line}")
        return "\n".join([*self.lines, say.last])

    def _happen(self) -> None:
        fold_after = FOLD_AFTER / scale_of(self.scene)
        before = self.events[0].moment[0] if self.events else 0
        for number, event in enumerate(self.events):
            now = event.moment[0]
            if now - before > fold_after:
                self._flush()
                text = silence_text(now - before, under_way(self.scene, before, now))
                self.lines.append(self.language.pause(self._hosts(), text))
            before = max(before, now)
            if isinstance(event.what, Arrow) and event.what.fate == "lost":
                before = max(before, event.what.end[0])
            self._tell(number, event)
        self._flush()

    def _tell(self, number: int, event: Event) -> None:
        match event.what:
            case Arrow() as arrow if not event.end:
                self._message(arrow, self.clock(event.moment[0]))
            case Arrow() as arrow:
                if self.events[number - 1].what is not arrow or number == 0:
                    self._note(arrow.target, f"{arrow.text} arrives", event.moment[0])
            case Stay() as stay:
                self._note(stay.host, self._state(stay), event.moment[0])
            case TimerRun() as run:
                what = {"fired": "expires"}.get(run.outcome, run.outcome) if event.end else "starts"
                self._note(run.host, self._own(run, f"{run.text} {what}"), event.moment[0])
            case Remark() as remark:
                told = "told: " if remark.kind == "signal" else ""
                self._note(remark.host, self._own(remark, f"{told}{remark.text}"), event.moment[0])

    def _message(self, arrow: Arrow, time: str) -> None:
        self._flush()
        lost = arrow.fate in ("lost", "corrupted")
        marks = f" ({', '.join(arrow.marks)})" if arrow.marks else ""
        end = f", {arrow.end_text}" if arrow.end_text else ""
        text = f"{time}: {arrow.text}{marks}{end}"
        again = arrow.flight.retransmission > 0
        self.lines.append(self.language.message(arrow.source, arrow.target, text, again=again, lost=lost))
        self.told_at = arrow.start[0]

    def _own(self, of: TimerRun | Remark, text: str) -> str:
        return f"{connection_prefix(self.scene, of.host, of.connection)}{text}"

    def _state(self, stay: Stay) -> str:
        return f"{connection_prefix(self.scene, stay.host, stay.connection)}{stay.state}"

    def _hosts(self) -> str:
        last = len(self.scene.hosts) - 1
        return f"h0,h{last}" if last else "h0"

    def _all(self, text: str) -> None:
        self._flush()
        if text:
            self.lines.append(self.language.note(f"over {self._hosts()}", [text]))

    def _note(self, host: int, text: str, time: Time | None = None) -> None:
        """Note something at a host, with the time where it was not told last."""
        if self.noted is None or self.noted[0] != host:
            self._flush()
            self.noted = (host, [])
        new = time is not None and time != self.told_at
        self.noted[1].append(f"{self.clock(time)}: {text}" if new and time is not None else text)
        self.told_at = time

    def _flush(self) -> None:
        """Write the note that was collected: beside an outer host, over one in the middle."""
        if self.noted is None:
            return
        (host, lines), self.noted = self.noted, None
        last = len(self.scene.hosts) - 1
        where = f"left of h{host}" if host == 0 else f"right of h{host}" if host == last else f"over h{host}"
        self.lines.append(self.language.note(where, lines))
