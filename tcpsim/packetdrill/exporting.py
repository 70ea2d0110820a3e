"""A run as a script: what one end of a connection saw and did, in packetdrill's language.

Rule 1. A script comes from a trace, and from the knobs of the host that is its subject.
Rule 2. It passes when it is run back as its opening comment says: that is tried before it is given away, to the
        nanosecond. What can't be told so raises NotExpressible.
Rule 3. What a script says in the language of both dialects stands in the script; what only knobs can say stands in
        the comment, as the command line with which tcpsim runs it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..tcp.config import KNOBS
from ..tcp.units import SECOND, US
from ..trace.naming import printable
from .options import Ways, setup
from .running import run_text
from .script import Option, Script
from .telling import NotExpressible as NotExpressible
from .telling import Subject, Telling
from .writing import format_event, format_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..tcp.config import Config
    from ..trace import Trace

USUAL_MTU: Final = 1500
AHEAD, POSIX = "ahead", "rfc9293"
"""Styles of sockets: those of a program that always reads, and those that do what POSIX says."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A run, told as a script.

    Attributes:
        script: the script.
        head: what the opening comment says, line by line.
        remarks: comments between the events: (how many events come before, words).
        ways: how it is run back.
    """

    script: Script
    head: tuple[str, ...]
    remarks: tuple[tuple[int, str], ...]
    ways: Ways

    @property
    def arguments(self) -> str:
        """The arguments of `tcpsim packetdrill` with which the script runs back, without its name."""
        words = ["--profile", self.ways.profile, "--sockets", self.ways.sockets]
        for name, value in self.ways.knobs:
            words += ["--knob", f"{name}={KNOBS[name].written(value)}"]
        return shlex.join(words)

    def text(self, file: str = "") -> str:
        """Return the script as it is written; the comment calls it `file`, by default its name."""
        command = f"tcpsim packetdrill {self.arguments} {shlex.quote(file or self.script.name)}"
        lines = [_comment(line) for line in (*self.head, "Run it back with", f"    {command}")]
        options = [*map(format_option, self.script.options), ""] if self.script.options else []
        return "\n".join([*lines, "", *options, *self._events()]) + "\n"

    def _events(self) -> Iterator[str]:
        waiting = list(self.remarks)
        for number, event in enumerate(self.script.events):
            while waiting and waiting[0][0] == number:
                yield _comment(waiting.pop(0)[1])
            yield format_event(event)
        for _, words in waiting:
            yield _comment(words)


def _comment(words: str) -> str:
    return f"// {printable(words)}".rstrip()


def export(trace: Trace, host: str, configs: Mapping[int | None, Config], profile: str) -> Exported:
    """Return a run as the script of one of its hosts.

    Args:
        trace: what happened.
        host: which of the hosts is under test.
        configs: the knobs of each of its connections, by number; and those of the host itself, by None.
        profile: a profile, from which the knobs are told.

    Raises NotExpressible for what no script can say.
    """
    subject = Subject(trace, host)
    config = configs[subject.connection]
    whole = config.half_duplex_close or config.linger is not None or config.fin_wait_2_timeout is not None
    told = Telling(subject, closes_fully=whole)
    told.tell()
    name = f"{trace.header.scenario or 'run'}-{host}.pkt"
    script = Script(name, tuple(_options(subject, config)), tuple(told.events))
    ways = Ways(profile, sockets=AHEAD if subject.ahead else POSIX)
    usual = setup(script, ways).config
    knobs = tuple([
        (knob, getattr(config, knob)) for knob in KNOBS if getattr(config, knob) != getattr(usual, knob)
    ])  # fmt: skip
    made = Exported(script, tuple(_head(trace, subject)), tuple(told.remarks), replace(ways, knobs=knobs))
    _try(made, exact=told.exact)
    return made


def _options(subject: Subject, config: Config) -> Iterator[Option]:
    """Yield the options that the script itself has."""
    if ":" in subject.flow[0]:
        yield Option("ip_version", "ipv6")
    if subject.gives_cookies:
        yield Option("local_ip", subject.flow[0])
        yield Option("remote_ip", subject.flow[2])
    if config.mtu != USUAL_MTU:
        yield Option("mtu", str(config.mtu))
    if subject.stamped and config.timestamp_tick % US == 0 and config.timestamp_tick < SECOND:
        yield Option("tcp_ts_tick_usecs", str(config.timestamp_tick // US))


def _head(trace: Trace, subject: Subject) -> Iterator[str]:
    header = trace.header
    if header.title:
        yield header.title
        yield ""
    ours, theirs = "{}:{}".format(*subject.flow[:2]), "{}:{}".format(*subject.flow[2:])
    whose = f" of the scenario {header.scenario} (seed {header.seed})" if header.scenario else ""
    yield f"What {subject.host}{whose} sees and does: it is {ours}, its peer {theirs}."
    yield "Sequence numbers count from 0, and payload is zeros. Written by tcpsim export."


def _try(made: Exported, *, exact: bool) -> None:
    """Run the script; NotExpressible if it doesn't pass."""
    ways = replace(made.ways, tolerance=0 if exact else None)
    result, _ = run_text(made.text(), made.script.name, ways)
    if not result.passed:
        raise NotExpressible(result.ended, f"as a script it doesn't run back: {result}")
