"""A packetdrill script in, its syntax tree out: the union of google's dialect and nplab's.

Rule 1. `parse` raises ScriptError for whatever is wrong with a script, and nothing else for any text at all.
Rule 2. What either dialect accepts is accepted, and means what it means there. What both take for an error in a
        script's own terms (a range that runs backwards, `*` before a call) is an error here.
Rule 3. Times are read from their digits, never through a float.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from .parsing_calls import system_call
from .parsing_packets import packet
from .places import ScriptError
from .preprocess import preprocess
from .script import Action, Code, Command, Event, Option, Packet, Script, When
from .tokens import Cursor, Lines
from .words import CALLS, FLAG_OPTIONS, HEAD_OPTIONS, IP_VERSIONS, NUMBERED_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SECOND: Final = 1_000_000_000
"""Nanoseconds."""
_MOST_DIGITS: Final = 9
"""Digits of a second that count (nanoseconds), and of whole seconds that a time may have."""
OPTION_VALUE: Final = re.compile(r'[ \t]*(?P<value>(?:"[^"\n]*"|`[^`\n]*`|(?!//|/\*|%\{)[^\s"`#])+)')
"""The value of an option at the head: up to a blank or a comment; quotes hold blanks together."""
_DEFINITION = re.compile(r"(?P<name>[A-Za-z0-9_]+)=(?P<value>.+)", re.DOTALL)
_ACTION: Final = "a packet, a system call, a shell line or %{ code }%"


def parse(
    text: str, name: str, *, defines: Mapping[str, str] | None = None, predefined: Collection[str] = ()
) -> Script:
    """Read a script.

    Args:
        text: the script.
        name: the file's name, for messages.
        defines: NAME to value, as `-D NAME=value` gives them; they replace words of the script and outrank its own
            `--define`. A value between double quotes is a string, one between backquotes a shell line.
        predefined: names that `#ifdef` finds besides (nplab's: the operating system's, FreeBSD or Linux).

    Raises:
        ScriptError: the script is malformed: where, what was expected, what was found.
    """
    lines = Lines(text, name)
    given = dict(defines or {})
    cursor = Cursor(lines, preprocess(lines, {*predefined, *given}))
    options = _options(cursor)
    cursor.define({**_definitions(options), **given})
    init = _command(cursor) if cursor.token.kind == "shell" else None
    events: list[Event] = []
    while cursor.token.kind not in {"end", "shell"}:
        events.append(_event(cursor))
    if not events:
        raise cursor.unexpected("an event: a time and what happens then")
    cleanup = _command(cursor) if cursor.token.kind == "shell" else None
    if cursor.token.kind != "end":
        raise cursor.unexpected("the end: a shell line without a time stands before the first event or after the last")
    return Script(name, tuple(options), tuple(events), init, cleanup, text, place=lines.place(0))


# --------------------------------------------------------------------------------------------------------- options


def _options(cursor: Cursor) -> list[Option]:
    """Read the options at the head."""
    options: list[Option] = []
    while True:
        if cursor.token.kind == "option":
            options.append(_option(cursor))
        elif cursor.token.text == "-" and cursor.peek().text.startswith("D"):
            options.append(_short_definition(cursor))
        else:
            return options


def _option(cursor: Cursor) -> Option:
    place = cursor.place
    name = cursor.token.text[2:]
    if name not in HEAD_OPTIONS:
        raise cursor.unexpected("an option of packetdrill", (f"--{each}" for each in HEAD_OPTIONS))
    cursor.step()
    if name in FLAG_OPTIONS:
        if cursor.token.text == "=":
            raise cursor.unexpected(f"nothing after --{name}")
        return Option(name, place=place)
    start = cursor.token.offset + 1
    cursor.expect("=", f"--{name}")
    at = cursor.place
    value = _option_value(cursor, f"the value of --{name}", start)
    if name in NUMBERED_OPTIONS and not re.match(r"[0-9]{1,18}\Z", value):
        raise ScriptError(at, f"--{name} is {value[:40]!r}", "a number")
    if name == "ip_version" and value not in IP_VERSIONS:
        raise ScriptError(at, f"--{name} is {value[:40]!r}", "ipv4, ipv6 or ipv4-mapped-ipv6")
    if name == "define" and not _DEFINITION.match(value):
        raise ScriptError(at, f"--{name} is {value[:40]!r}", "NAME=value")
    return Option(name, value, place=place)


def _short_definition(cursor: Cursor) -> Option:
    """Read `-D NAME=value`, which is `--define=NAME=value`."""
    place = cursor.place
    cursor.step()
    start = cursor.token.offset + 1
    value = _option_value(cursor, "NAME=value after -D", start)
    if not _DEFINITION.match(value):
        raise ScriptError(place, f"-D is {value[:40]!r}", "NAME=value")
    return Option("define", value, place=place)


def _option_value(cursor: Cursor, what: str, start: int) -> str:
    """Take the value that stands at `start`."""
    found = OPTION_VALUE.match(cursor.text, start)
    if not found:
        raise cursor.unexpected(what)
    while cursor.token.offset < found.end() and cursor.token.kind != "end":
        cursor.step()
    return unquoted(found["value"])


def unquoted(value: str) -> str:
    """Return an option's value without the quotes around all of it, if there are such."""
    return value[1:-1] if len(value) > 1 and value[0] == '"' == value[-1] and '"' not in value[1:-1] else value


def _definitions(options: list[Option]) -> dict[str, str]:
    found = (_DEFINITION.match(option.value or "") for option in options if option.name == "define")
    return {each["name"]: each["value"] for each in found if each}


# ---------------------------------------------------------------------------------------------------------- events


def _event(cursor: Cursor) -> Event:
    place = cursor.place
    when = _when(cursor)
    until = _time(cursor) if cursor.accept("...") else None
    if until is not None and until < when.start:
        raise ScriptError(place, "the call ends before it starts", "a later time after '...'")
    if until is not None and cursor.token.kind != "word":
        raise cursor.unexpected("a system call after a blocking time a...b")
    action = _action(cursor, until)
    outbound = isinstance(action, Packet) and not action.inbound
    if when.anytime and not outbound:
        raise ScriptError(place, "found '*' as the time", "a time, for '*' is for outbound packets only")
    if when.end is not None and not outbound:
        raise ScriptError(place, "found a range of times", "one time, for ranges are for outbound packets only")
    return Event(when, action, place=place)


def _when(cursor: Cursor) -> When:
    place = cursor.place
    if cursor.accept("*"):
        return When(anytime=True, place=place)
    if cursor.token.kind not in {"integer", "float"} and cursor.token.text != "+":
        raise cursor.unexpected("the time of an event")
    relative = cursor.accept("+")
    start = _time(cursor)
    end = None
    if cursor.accept("~"):
        if relative:
            cursor.expect("+", "'~' in a range of relative times")
        end = _time(cursor)
        if end < start:
            raise ScriptError(place, "the range of times runs backwards", "the earlier time first")
    return When(start, end, relative, place=place)


def _time(cursor: Cursor) -> int:
    """Read seconds; return nanoseconds, what is finer being cut off."""
    if cursor.token.kind not in {"integer", "float"}:
        raise cursor.unexpected("a time in seconds")
    text = cursor.token.text
    if text.startswith("-"):
        raise cursor.wrong("the time is negative", "seconds from 0 on")
    whole, _, fraction = text.partition(".")
    if len(whole) > _MOST_DIGITS:
        raise cursor.wrong("the time is out of range", f"less than {10**_MOST_DIGITS} seconds")
    cursor.step()
    return int(whole or "0") * SECOND + int(fraction[:_MOST_DIGITS].ljust(_MOST_DIGITS, "0"))


def _action(cursor: Cursor, until: int | None) -> Action:
    match cursor.token.kind:
        case "sign" if cursor.token.text in {"<", ">"}:
            return packet(cursor)
        case "word":
            return system_call(cursor, until)
        case "shell":
            return _command(cursor)
        case "code":
            return _code(cursor)
    raise cursor.unexpected(_ACTION, CALLS)


def _command(cursor: Cursor) -> Command:
    place = cursor.place
    return Command(cursor.step().text[1:-1], place=place)


def _code(cursor: Cursor) -> Code:
    """Take a block of code; lines of its own lose the indentation that they share, for Python would mind it."""
    token = cursor.step()
    inside = token.text[2:-2]
    begins = len(inside) - len(inside.lstrip())
    text = textwrap.dedent(inside) if "\n" in inside[:begins] else inside
    return Code(text.strip(), place=cursor.lines.place(token.offset + 2 + begins))
