"""Shell lines of a script: recognised by their shape, never executed.

Rule 1. A line is cut into commands at `;`, `&&`, `||` and line ends, a command into a pipeline at `|`. Every word must
        be understood; what is not makes the script "not run", with the line and the reason.
Rule 2. `sysctl` sets variables of the table in `settings`, and reads back what was set. `sockstat` lists the sockets
        that are really there, and `grep` looks through that list: the exit code is the assertion, as in a shell.
Rule 3. The code of the last command that ran is that of the line, and any but 0 fails the script. What else a shell
        can do, redirections, variables, background jobs, is not understood.
"""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from .settings import Unknown, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..tcp.units import Time

DEFAULTS: Final = re.compile(r"(?:\S*/)?defaults\.sh")
"""google's suite sets, before each script, all variables to what Linux documents as their defaults."""
SETTERS: Final = re.compile(r"(?:\S*/)?set_sysctls\.py")
"""google's suite sets variables by the path below /proc/sys."""
_DURATION: Final = re.compile(r"(\d{1,6})?(?:\.(\d{1,9}))?(s|m|h)?")
_PLAIN: Final = re.compile(r"[\w .:,/@=-]*")
"""What `grep` looks for: a text without signs that mean something else, but for the dot, which may stand for itself."""
_NOWHERE = re.compile(r"(?<![^\0])(?:(?:[12]\0)?>>?\0/dev/null\0|&>\0/dev/null\0|2\0>&\0?1\0)")
WIDEST_LINE: Final = 4096


class NotUnderstood(Exception):
    """A shell line, or a part of it, that tcpsim doesn't know; the message is the reason."""


class CommandFailed(Exception):
    """A command would have ended with a code other than 0; the message says which and what it saw."""


class Listed(NamedTuple):
    """A socket as `sockstat` lists it.

    Attributes:
        owned: whether a process has a descriptor for it.
        family: 4 or 6.
        local, remote: address and port, None for unspecified.
        state: in FreeBSD's words: SYN_RCVD, TIME_WAIT.
    """

    owned: bool
    family: int
    local: tuple[str, int] | None
    remote: tuple[str, int] | None
    state: str


class System(Protocol):
    """What shell lines act upon."""

    def set(self, key: str, value: str) -> None:
        """Set a variable; Unknown if tcpsim can't."""
        ...

    def get(self, key: str) -> str | None:
        """Return the value of a variable that was set, None if it wasn't."""
        ...

    def sockets(self) -> list[Listed]:
        """Return the TCP sockets of the system."""
        ...

    def drop(self, socket: Listed) -> None:
        """Abort a connection."""
        ...

    def sleep(self, span: Time) -> None:
        """Let virtual time pass."""
        ...


def execute(text: str, system: System) -> None:
    """Carry out a shell line.

    Raises:
        NotUnderstood: it is not of a known shape; nothing has been carried out.
        CommandFailed: its last command would have ended with a code other than 0.
    """
    ok, failure = True, ""
    for operator, pipeline in pipelines(text):
        if (operator == "&&" and not ok) or (operator == "||" and ok):
            continue
        lines: list[str] = []
        for words in pipeline:
            lines, ok = _command(words, lines, system)
        if not ok:
            failure = f"`{' | '.join(' '.join(words) for words in pipeline)}` found {_seen(lines)}"
    if not ok:
        raise CommandFailed(failure)


@lru_cache(maxsize=1024)
def pipelines(text: str) -> list[tuple[str, list[list[str]]]]:
    """Return the pipelines of a shell line: what stands before each (`;`, `&&`, `||`), and its commands as words.

    Scripts of one suite say the same lines over and over: the result is shared, and not to be changed.
    """
    if len(text) > WIDEST_LINE:
        raise NotUnderstood("the shell line is too long")
    return list(_pipelines(text))


def _pipelines(text: str) -> Iterator[tuple[str, list[list[str]]]]:
    words: list[str] = []
    for line in text.replace("\\\n", " ").split("\n"):
        cut = shlex.shlex(line, posix=True, punctuation_chars=True)
        cut.whitespace_split = True
        try:
            words += _unredirected(list(cut))
        except ValueError as error:
            raise NotUnderstood(f"a quotation doesn't end ({error})") from error
        if not words or words[-1] not in ("&&", "||", "|"):  # else the next line goes on
            yield from _split(words)
            words = []
    yield from _split(words)


def _unredirected(words: list[str]) -> list[str]:
    """Leave out what sends output nowhere, `> /dev/null 2>&1`: nobody would have read it."""
    text = "\0".join([*words, ""])
    return _NOWHERE.sub("", text).split("\0")[:-1]


def _split(words: list[str]) -> Iterator[tuple[str, list[list[str]]]]:
    operator = ";"
    pipeline: list[list[str]] = [[]]
    for word in [*words, ";"]:
        if word in (";", "&&", "||"):
            if pipeline != [[]]:
                if not all(pipeline):
                    raise NotUnderstood("a pipe without a command")
                yield operator, pipeline
            elif word != ";" or operator != ";":
                raise NotUnderstood(f"{word!r} without a command beside it")
            operator = word
            pipeline = [[]]
        elif word == "|":
            pipeline.append([])
        elif set(word) & set("<>&()`$;|"):
            raise NotUnderstood(f"{word!r} in a shell line")
        else:
            pipeline[-1].append(word)


def _command(words: list[str], lines: list[str], system: System) -> tuple[list[str], bool]:
    """Carry out one command of a pipeline on the lines before it; return its own, and whether it is content."""
    name, arguments = words[0].rsplit("/", 1)[-1], words[1:]
    known = _COMMANDS.get(name)
    if known is not None:
        return known(arguments, lines, system)
    if DEFAULTS.fullmatch(words[0]) and not arguments:
        return [], True  # a profile has the documented defaults already
    if SETTERS.fullmatch(words[0]) or (name.startswith("python") and arguments and SETTERS.fullmatch(arguments[0])):
        settings = arguments if SETTERS.fullmatch(words[0]) else arguments[1:]
        return _assign(settings, system), True
    raise NotUnderstood(f"tcpsim doesn't know the command {words[0]!r}")


def _seen(lines: list[str]) -> str:
    if not lines:
        return "nothing"
    shown = " / ".join(lines[:3])
    return shown if len(lines) <= 3 else f"{shown} / and {len(lines) - 3} lines more"


# ------------------------------------------------------------------ sysctl


def _sysctl(arguments: list[str], _lines: list[str], system: System) -> tuple[list[str], bool]:
    bare = False
    settings = []
    for word in arguments:
        if not word.startswith("-"):
            settings.append(word)
        elif set(word[1:]) <= set("wqneiN"):
            bare = bare or "n" in word
        else:
            raise NotUnderstood(f"sysctl {word}")
    if not settings:
        raise NotUnderstood("sysctl without a variable")
    read: list[str] = []
    for word in settings:
        if "=" in word:
            _assign([word], system)
            continue
        key = canonical(word)
        value = system.get(key)
        if value is None:
            raise NotUnderstood(f"sysctl {key}: the script reads a variable that it has not set")
        read.append(value if bare else f"{key}: {value}")
    return read, True


def _assign(settings: list[str], system: System) -> list[str]:
    """Carry out `key=value` words."""
    for word in settings:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise NotUnderstood(f"expected key=value, not {word!r}")
        name = canonical(key)
        try:
            system.set(name, value.strip())
        except Unknown as error:
            raise NotUnderstood(f"{name}={value}: {error}") from error
    return []


# ------------------------------------------------------------------ sockets


def _sockstat(arguments: list[str], _lines: list[str], system: System) -> tuple[list[str], bool]:
    """FreeBSD's sockstat(1): one line for each socket, with its state if `-s` is given."""
    families: set[int] = set()
    ports: set[int] | None = None
    states = connected = listening = False
    words = iter(_single(arguments, takes_value="Pp"))
    for word in words:
        letter = word[1:]
        if letter in ("4", "6"):
            families.add(int(letter))
        elif letter == "s":
            states = True
        elif letter == "c":
            connected = True
        elif letter == "l":
            listening = True
        elif letter == "P":
            if "tcp" not in next(words, "").split(","):
                raise NotUnderstood("sockstat of another protocol than TCP")
        elif letter == "p":
            ports = _ports(next(words, ""))
        elif letter not in ("n", "q", "w", "L"):
            raise NotUnderstood(f"sockstat {word}")
    found = []
    for each in system.sockets():
        ends = {end[1] for end in (each.local, each.remote) if end is not None}
        wanted = (
            (not families or each.family in families)
            and (ports is None or bool(ends & ports))
            and connected in (listening, each.remote is not None)
        )
        if wanted:
            found.append(_listed(each, states))
    return found, True


def _single(arguments: list[str], takes_value: str) -> Iterator[str]:
    """Yield options one letter at a time, each value behind its letter: `-46s -p8080` as -4 -6 -s -p 8080."""
    waits = False
    for word in arguments:
        if waits:
            yield word
            waits = False
            continue
        if not word.startswith("-") or len(word) < 2:
            raise NotUnderstood(f"{word!r} where an option was expected")
        for place, letter in enumerate(word[1:], 2):
            yield f"-{letter}"
            if letter in takes_value:
                if word[place:]:
                    yield word[place:]
                else:
                    waits = True
                break


def _ports(text: str) -> set[int]:
    ports: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not (low.isdigit() and (high or low).isdigit() and len(low) < 6 and len(high) < 6):
            raise NotUnderstood(f"sockstat -p {text}")
        ports.update(range(int(low), int(high or low) + 1))
    return ports


def _listed(each: Listed, states: bool) -> str:
    """Return a line of sockstat(1), whose command names are cut after ten letters."""
    owner = "root packetdril 1 3" if each.owned else "? ? ? ?"
    ends = " ".join("*:*" if end is None else f"{end[0]}:{end[1]}" for end in (each.local, each.remote))
    return f"{owner} tcp{each.family} {ends}" + (f" {each.state}" if states else "")


def _tcpdrop(arguments: list[str], _lines: list[str], system: System) -> tuple[list[str], bool]:
    """FreeBSD's tcpdrop(8): all connections, those in a state, or the one of four words."""
    if arguments == ["-a"]:
        chosen = [each for each in system.sockets() if each.remote is not None]
    elif len(arguments) == 2 and arguments[0] == "-s":
        chosen = [each for each in system.sockets() if each.remote is not None and each.state == arguments[1]]
    elif len(arguments) == 4 and not any(word.startswith("-") for word in arguments):
        wanted = (arguments[0], arguments[1], arguments[2], arguments[3])
        chosen = [each for each in system.sockets() if _four_words(each) == wanted]
        if not chosen:
            return [f"tcpdrop: no connection {' '.join(arguments)}"], False
    else:
        raise NotUnderstood(f"tcpdrop {' '.join(arguments)}")
    for each in chosen:
        system.drop(each)
    return [], True


def _four_words(each: Listed) -> tuple[str, str, str, str] | None:
    if each.local is None or each.remote is None:
        return None
    return each.local[0], str(each.local[1]), each.remote[0], str(each.remote[1])


# ------------------------------------------------------------------ what looks at lines


def _grep(arguments: list[str], lines: list[str], _system: System) -> tuple[list[str], bool]:
    """grep(1) for a plain text: with -c it counts, with -v it takes the others, -i any case, -q prints nothing."""
    flags: set[str] = set()
    while arguments and arguments[0].startswith("-") and len(arguments[0]) > 1:
        flags |= set(arguments[0][1:])
        arguments = arguments[1:]
    if not flags <= set("cviqwFE") or len(arguments) != 1:
        raise NotUnderstood(f"grep {' '.join([*sorted(flags), *arguments])}")
    wanted = arguments[0]
    if not _PLAIN.fullmatch(wanted):
        raise NotUnderstood(f"grep {wanted!r}: tcpsim looks for plain text only")
    pattern = re.compile(
        rf"\b{re.escape(wanted)}\b" if "w" in flags else re.escape(wanted), re.I if "i" in flags else 0
    )
    found = [line for line in lines if bool(pattern.search(line)) is not ("v" in flags)]
    if "c" in flags:
        return [str(len(found))], bool(found)
    return ([] if "q" in flags else found), bool(found)


def _wc(arguments: list[str], lines: list[str], _system: System) -> tuple[list[str], bool]:
    if arguments != ["-l"]:
        raise NotUnderstood(f"wc {' '.join(arguments)}")
    return [str(len(lines))], True


# ------------------------------------------------------------------ the rest


def _sleep(arguments: list[str], _lines: list[str], system: System) -> tuple[list[str], bool]:
    match = _DURATION.fullmatch(arguments[0]) if len(arguments) == 1 else None
    if match is None or not (match[1] or match[2]):
        raise NotUnderstood(f"sleep {' '.join(arguments)}")
    whole, fraction = match[1] or "0", (match[2] or "").ljust(9, "0")
    unit = {"s": 1, None: 1, "m": 60, "h": 3600}[match[3]]
    system.sleep((int(whole) * 1_000_000_000 + int(fraction)) * unit)
    return [], True


def _true(_arguments: list[str], _lines: list[str], _system: System) -> tuple[list[str], bool]:
    return [], True


def _false(_arguments: list[str], _lines: list[str], _system: System) -> tuple[list[str], bool]:
    return ["false"], False


def _echo(arguments: list[str], _lines: list[str], _system: System) -> tuple[list[str], bool]:
    return [" ".join(arguments)], True


def _ip(arguments: list[str], _lines: list[str], _system: System) -> tuple[list[str], bool]:
    """Forgetting the metrics of past connections: tcpsim remembers none."""
    if arguments[:2] in (["tcp_metrics", "flush"], ["tcp_metrics", "flush_all"]) or arguments == [
        "route", "flush", "cache",
    ]:  # fmt: skip
        return [], True
    raise NotUnderstood(f"ip {' '.join(arguments)}")


_COMMANDS: Final[dict[str, Callable[[list[str], list[str], System], tuple[list[str], bool]]]] = {
    "sysctl": _sysctl, "sockstat": _sockstat, "tcpdrop": _tcpdrop, "grep": _grep, "wc": _wc, "sleep": _sleep,
    "true": _true, ":": _true, "sync": _true, "false": _false, "echo": _echo, "ip": _ip,
}  # fmt: skip
