"""The types of the single values in a scenario file: durations, names, sockets, phrases, counts, knobs.

Rule 1. A value is what it says: nothing is turned from text into a number, and a number needs its unit.
Rule 2. A phrase is parsed as the file is read, so a phrase that can't be read is a mistake in the file.
Rule 3. Each type brings its part of the JSON Schema along, so that an editor knows what we know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import Discriminator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Tag
from pydantic_core import CoreSchema, core_schema

from ..net.arguments import NAME, NAME_WORDS
from ..net.counters import COUNTERS
from ..properties import PROPERTIES, Kind, NoSuchProperty, Property
from ..properties import named as property_named
from ..tcp.actions import SIGNALS
from ..tcp.config import Knob, KnobError
from ..tcp.diagram import State
from ..tcp.mutants import MUTANTS
from ..tcp.units import NEVER, Time, parse_duration, parse_probability, parse_rate
from .moments import (
    Event,
    Occurrence,
    Selector,
    TimerActs,
    parse_count,
    parse_event,
    parse_injected,
    parse_occurrence,
    parse_party,
    parse_selector,
    parse_timer,
)  # fmt: skip
from .problems import PhraseError, nearest_word, shown
from .sights import Sight, parse_line
from .standings import SUCH, Standing, parse_standing
from .words import RESERVED, STATES, Span, as_written

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LIST: Final = 10_000
"""The most entries of a list."""
MAX_TEXT: Final = 100_000
"""The longest text that a SEND in a scenario may carry; more is written as `octets:`."""
MAX_SEND: Final = 1 << 30
"""The most octets of one SEND."""

T = TypeVar("T")


# ---------------------------------------------------------------------- values


class Reads:
    """Marks a type in a model: how its value is read, and what the JSON Schema says of it.

    `read` raises PhraseError for what can't be read.
    """

    def __init__(self, read: Callable[[Any], object], schema: dict[str, Any]) -> None:
        self.read = read
        self.schema = schema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)


def _phrase(parse: Callable[[str], object]) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, str):
            raise PhraseError(_found(value), "a phrase")
        return parse(value)

    return read


def _key(parse: Callable[[str], object]) -> Callable[[object], object]:
    # A key stays the text that it is: with it the file is searched for the place of a mistake.
    def read(value: object) -> object:
        if isinstance(value, str):
            parse(value)
        return value

    return read


def _found(value: object) -> str:
    match value:
        case None:
            return "there is nothing"
        case bool():
            return f"there is {str(value).lower()}"
        case list():
            return "there is a list"
        case dict():
            return "there is a mapping"
        case str():
            return f"there is the text {shown(value)}"
        case _:
            return f"there is the number {shown(value)}"


def _duration(value: object) -> Time:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or (isinstance(value, int) and value):
        raise PhraseError(_found(value), "a duration with its unit, such as 50ms, 1.5s or 2min")
    return _unit(parse_duration, value)


def _rate(value: object) -> int:
    if not isinstance(value, str):
        raise PhraseError(_found(value), "a rate with its unit, such as 10Mbit/s")
    return _unit(parse_rate, value)


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise PhraseError(_found(value), "a probability such as 1% or 0.25")
    return _unit(parse_probability, value)


def _unit(parse: Callable[[Any], T], value: object) -> T:
    try:
        return parse(as_written(value))
    except ValueError as error:
        raise PhraseError(*_wrong_and_expected(str(error), value)) from None


def _wrong_and_expected(message: str, value: object) -> tuple[str, str]:
    # "expected a duration such as 50ms, not 'x'" names what was expected in the middle.
    match = re.fullmatch(r"expected (.*), not .*", message, re.DOTALL)
    return (_found(value), match[1]) if match else (message, "")


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise PhraseError(_found(value), "a name")
    if not NAME.fullmatch(value):
        raise PhraseError(f"{shown(value)} can't be a name", NAME_WORDS)
    if value in RESERVED:
        raise PhraseError(f"{value!r} can't be a name: it means something in phrases", "another name")
    return value


_SOCKET: Final = re.compile(r"(?:(?P<host>[^:\s\[\]]+)|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Socket:
    """`server:80`, or `client` where the port goes without saying; an address of IPv6 stands in brackets."""

    host: str
    port: int | None


def _socket(value: object, *, port_needed: bool) -> Socket:
    expected = "a host and a port, such as server:80"
    if not isinstance(value, str):
        raise PhraseError(_found(value), expected)
    match = _SOCKET.fullmatch(value)
    if match is None or (port_needed and match["port"] is None):
        ipv6 = value.count(":") > 1 and "[" not in value
        expected = "an IPv6 address in brackets, such as [2001:db8::2]:80" if ipv6 else expected
        raise PhraseError(f"{shown(value)} is no socket", expected)
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 1 <= port <= 65_535:
        raise PhraseError(f"{port} is no port", "a port from 1 to 65535", offset=match.start("port"))
    return Socket(match["host"] or match["ipv6"], port)


_PORTS: Final = re.compile(r"\s*([0-9]{1,5})\s*\.\.\s*([0-9]{1,5})\s*")


def _ports(value: object) -> tuple[int, int]:
    match = _PORTS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise PhraseError(_found(value), "the first and the last port, such as 49152..65535")
    first, last = int(match[1]), int(match[2])
    if not (1 <= first <= 65_535 and 1 <= last <= 65_535):
        raise PhraseError(f"{shown(value)} is no range of ports", "ports from 1 to 65535")
    if first > last:
        raise PhraseError(f"{shown(value)} ends before it begins", "the smaller port first")
    return first, last


@dataclass(frozen=True, slots=True)
class Mutation:
    """`no-time-wait`, or `no-time-wait@client` where only one host is a mutant."""

    name: str
    host: str | None = None

    def __str__(self) -> str:
        return self.name if self.host is None else f"{self.name}@{self.host}"


_MUTATION: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]{0,63})(?:@(?P<host>\S{1,64}))?")


def _mutation(value: object) -> Mutation:
    expected = "the name of a mutant, or NAME@HOST; `tcpsim mutants` lists them"
    if not isinstance(value, str):
        raise PhraseError(_found(value), expected)
    match = _MUTATION.fullmatch(value)
    if match is None:
        near = nearest_word(value.partition("@")[0].strip(), MUTANTS, cutoff=0.5)
        raise PhraseError(f"{shown(value)} is no mutant", expected, near)
    return Mutation(match["name"], match["host"])


def _state(value: object) -> State:
    if isinstance(value, str) and value in STATES:
        return STATES[value]
    near = nearest_word(value, STATES) if isinstance(value, str) else ""
    raise PhraseError(_found(value), "a state such as SYN-SENT or ESTABLISHED", near)


def _signal(value: object) -> str:
    if isinstance(value, str) and value in SIGNALS:
        return value
    near = nearest_word(value, SIGNALS) if isinstance(value, str) else ""
    raise PhraseError(_found(value), "a signal such as connection open", near)


def _counter(value: object) -> str:
    if isinstance(value, str) and value in COUNTERS:
        return value
    near = nearest_word(value, COUNTERS) if isinstance(value, str) else ""
    raise PhraseError(_found(value), "a counter such as ListenDrops or RetransSegs", near)


def _connection(value: object) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000:
        return value
    if isinstance(value, str):
        return _name(value)
    raise PhraseError(_found(value), "a connection's name, or its number from 1")


def _switch(value: object) -> bool:
    if value is True or value == "on":  # `is`, for 1 equals True
        return True
    if value is False or value == "off":
        return False
    raise PhraseError(_found(value), "on or off")


def _count(value: object) -> Span:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000_000:
        return Span(value, value)
    if isinstance(value, str):
        return parse_count(value)
    raise PhraseError(_found(value), "a count such as 2, twice, 2..4, at least 2 or at most 4")


def _property(value: object) -> Property:
    expected = "the name or the number of a property"
    if not isinstance(value, str):
        raise PhraseError(_found(value), expected)
    found = _known_property(value, expected)
    if found.kind is Kind.LEADS_TO:
        raise PhraseError(f"{found} says what comes about in the end", "it under `eventually`")
    return found


def _goal(value: object) -> Property | Standing:
    expected = f"{SUCH}, or the name of a property"
    if not isinstance(value, str):
        raise PhraseError(_found(value), expected)
    if "=" in value:
        return parse_standing(value)
    found = _known_property(value, expected)
    if found.kind is not Kind.LEADS_TO:
        raise PhraseError(f"{found} says what always holds", "it under `always`")
    return found


def _known_property(name: str, expected: str) -> Property:
    try:
        return property_named(name)
    except NoSuchProperty as error:
        near = error.nearest or nearest_word(name, [each.id for each in PROPERTIES.values()])
        raise PhraseError(f"{shown(name)} is no property", expected, near) from None


def _outage(value: object) -> Span:
    first, dots, last = value.partition("..") if isinstance(value, str) else ("", "", "")
    if not dots:
        raise PhraseError(_found(value), "a stretch of time such as 1s..5s, or 1s.. for ever")
    since, until = _unit(parse_duration, first), _unit(parse_duration, last) if last.strip() else NEVER
    if until <= since:
        raise PhraseError(f"{shown(value)} ends before it begins", "the earlier time first")
    return Span(since, until)


def _delivered(value: object) -> str | int:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1 << 40):
        return value
    raise PhraseError(_found(value), "the text delivered, or the number of octets")


def _text(words: str, *examples: str, pattern: str = "") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": words, "examples": list(examples)}
    return {**schema, "pattern": pattern} if pattern else schema


_DURATION_SCHEMA: Final[dict[str, Any]] = {
    "description": "A span of time with its unit; nanoseconds are the finest.",
    "examples": ["50ms", "1.5s", "2min"],
    "anyOf": [
        {
            "type": "string",
            "pattern": r"^\s*(0|([0-9]+(\.[0-9]+)?|\.[0-9]+)\s*(ns|us|µs|μs|ms|s|sec|min|m|h))\s*$",
        },
        {"const": 0},
    ],
}
_EVENT_EXAMPLES: Final = ("client is ESTABLISHED", "server received 5", "server signals connection closing", "1.5s")
_SELECTOR_EXAMPLES: Final = (
    "2nd SYN,ACK from server",
    "first data after client is ESTABLISHED",
    "every FIN",
    "next two",
)
_LINE_EXAMPLES: Final = ("client SYN seq 0", "server PSH,ACK seq 1..5 ack 1 lost")
_OCCURRENCE_EXAMPLES: Final = ("any RST", "client is TIME-WAIT", "server retransmission fired")
_TIMER_EXAMPLES: Final = ("client retransmission set at 0s for 1s", "client time-wait fired")

_NAME_SCHEMA: Final[dict[str, Any]] = {"type": "string", "pattern": f"^{NAME.pattern}$"}

Duration = Annotated[Time, Reads(_duration, _DURATION_SCHEMA)]
Rate = Annotated[int, Reads(_rate, _text("A rate with its unit.", "10Mbit/s", "125kB/s"))]
Probability = Annotated[
    float,
    Reads(
        _probability,
        {
            "description": "A probability.",
            "examples": ["1%", 0.25],
            "anyOf": [
                {"type": "string", "pattern": r"^\s*([0-9]+(\.[0-9]+)?|\.[0-9]+)\s*%?\s*$"},
                {"type": "number", "minimum": 0, "maximum": 1},
            ],
        },
    ),
]
Name = Annotated[str, Reads(_name, _NAME_SCHEMA)]
ConnectionName = Annotated[
    str | int, Reads(_connection, {"anyOf": [_NAME_SCHEMA, {"type": "integer", "minimum": 1, "maximum": 1_000_000}]})
]
To = Annotated[
    Socket,
    Reads(
        lambda value: _socket(value, port_needed=True),
        _text(
            "A host (or an address) and a port.",
            "server:80",
            "[2001:db8::2]:80",
            pattern=r"^([^:\s\[\]]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$",
        ),
    ),
]
From = Annotated[
    Socket,
    Reads(
        lambda value: _socket(value, port_needed=False),
        _text("A host (or an address), with a port or that of the host's latest connection.", "client", "client:49152"),
    ),
]
EventPhrase = Annotated[Event, Reads(_phrase(parse_event), _text("An event.", *_EVENT_EXAMPLES))]
SelectorPhrase = Annotated[Selector, Reads(_phrase(parse_selector), _text("Which packets.", *_SELECTOR_EXAMPLES))]
Outage = Annotated[
    Span, Reads(_outage, _text("From when to when, the end excluded; without an end: for ever.", "1s..5s", "1s.."))
]
LinePhrase = Annotated[Sight, Reads(_phrase(parse_line), _text("A segment as the ladder prints it.", *_LINE_EXAMPLES))]
OccurrencePhrase = Annotated[
    Occurrence,
    Reads(_phrase(parse_occurrence), _text("A kind of segment, or something that happens.", *_OCCURRENCE_EXAMPLES)),
]
OccurrenceKey = Annotated[
    str, Reads(_key(parse_occurrence), _text("A kind of segment, or something that happens.", *_OCCURRENCE_EXAMPLES))
]
TimerPhrase = Annotated[TimerActs, Reads(_phrase(parse_timer), _text("What a timer does.", *_TIMER_EXAMPLES))]
InjectedPhrase = Annotated[Sight, Reads(_phrase(parse_injected), _text("The segment.", "SYN seq -10", "RST SEQ=90"))]
PartyKey = Annotated[str, Reads(_key(parse_party), _text("A host or a connection.", "client", "server connection 2"))]
StateName = Annotated[State, Reads(_state, {"enum": list(STATES), "description": "A state."})]
StatesReached = Annotated[
    Annotated[StateName, Tag("(last)")]
    | Annotated[list[StateName], Field(min_length=1, max_length=MAX_LIST), Tag("(path)")],
    Discriminator(lambda value: "(path)" if isinstance(value, list) else "(last)"),
]
SignalName = Annotated[str, Reads(_signal, {"enum": list(SIGNALS), "description": "What the application is told."})]
Switch = Annotated[bool, Reads(_switch, {"enum": ["on", "off", True, False], "description": "on or off."})]
Count = Annotated[
    Span,
    Reads(
        _count,
        {
            "description": "How many.",
            "examples": [2, "twice", "2..4", "at least 2"],
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {
                    "type": "string",
                    "pattern": r"^\s*(([0-9]+(\.\.[0-9]+)?|at\s+(least|most)\s+[0-9]+)(\s+times?)?"
                    r"|(at\s+(least|most)\s+)?(once|twice))\s*$",
                },
            ],
        },
    ),
]
DeliveredText = Annotated[
    str | int,
    Reads(
        _delivered,
        {
            "description": "The text delivered, or how many octets.",
            "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}],
        },
    ),
]
MutantName = Annotated[
    Mutation, Reads(_mutation, _text("A mutant, of all hosts or of one.", "no-time-wait", "no-time-wait@client"))
]
PortRange = Annotated[
    tuple[int, int],
    Reads(
        _ports, _text("The first and the last port.", "49152..65535", pattern=r"^\s*[0-9]{1,5}\s*\.\.\s*[0-9]{1,5}\s*$")
    ),
]
CounterName = Annotated[str, Reads(_counter, {"enum": list(COUNTERS), "description": "A counter."})]
ListenerKey = Annotated[
    str,
    Reads(
        _key(lambda value: _socket(value, port_needed=True)),
        _text("A host and the port at which it listens.", "server:80", pattern=r"^[^:\s]+:[0-9]{1,5}$"),
    ),
]
Port = Annotated[int, Field(ge=1, le=65_535, description="A port.")]
PropertyName = Annotated[
    Property,
    Reads(_property, _text("A property, by its name or its number.", "agreed-numbers", "I1", pattern=r"^\S+$")),
]
_STANDING_PATTERN: Final = rf"\s*[^\s=]+=({'|'.join(STATES)})(\s+[^\s=]+=({'|'.join(STATES)}))?\s*"
StandingPhrase = Annotated[
    Standing,
    Reads(
        _phrase(parse_standing),
        _text("Hosts and their states.", "client=ESTABLISHED server=CLOSED", pattern=f"^{_STANDING_PATTERN}$"),
    ),
]
GoalPhrase = Annotated[
    Property | Standing,
    Reads(
        _goal,
        _text("Hosts and their states, or a property.", "client=CLOSED server=CLOSED", pattern=r"^\s*\S+(\s+\S+)?\s*$"),
    ),
]


def knob_type(knob: Knob) -> Any:
    """Return the type of a knob's value in a scenario: as `Knob.check` has it, but a time needs its unit."""

    def check(value: object) -> object:
        wants_unit = knob.unit == "ns" and isinstance(value, int) and not isinstance(value, bool) and value != 0
        if not wants_unit:
            try:
                return knob.check(as_written(value) if knob.unit == "ns" else value)
            except KnobError:
                pass
        near = nearest_word(value, knob.choices) if isinstance(value, str) else ""
        raise PhraseError(_found(value), knob.expected, near)

    return Annotated[Any, Reads(check, _knob_schema(knob))]


def _knob_schema(knob: Knob) -> dict[str, Any]:
    schema: dict[str, Any]
    if knob.unit == "flag":
        schema = {"type": "boolean"}
    elif knob.unit == "name":
        schema = {"enum": list(knob.choices)} if knob.choices else {"type": "string"}
    elif knob.unit == "ns":
        schema = {"anyOf": list(_DURATION_SCHEMA["anyOf"])}
    else:
        schema = {"type": "integer", "minimum": knob.low, "maximum": knob.high}
    if knob.optional:
        schema = {"anyOf": [*schema.get("anyOf", [schema]), {"enum": ["off", "none"]}]}
    return {**schema, "description": f"{knob.doc[:1].upper()}{knob.doc[1:]} ({knob.cite})."}
