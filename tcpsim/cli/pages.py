"""The parts of docs/ that the code knows best, and how each is made. `make docs` makes them again; a test
compares them with those that lie there.

`knobs.md`, `requirements.md` and `mutants.md` are made as a whole; of `scenarios.md`, the table between each
`<!-- keys: TYPE -->` and its `<!-- end -->`; of `packetdrill.md`, that between `<!-- variables: TABLE -->` and its end;
of `properties.md`, that between `<!-- properties -->` and its end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from ..net.counters import COUNTERS
from ..properties import PROPERTIES
from ..tcp.actions import SIGNALS, TIMERS
from ..tcp.config import KNOBS, PROFILES
from ..tcp.mutants import HEADINGS, MUTANTS
from ..tcp.requirements import LEVELS, REQUIREMENTS, SECTIONS, STATUSES
from ..tcp.units import MAX_DURATION, format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..tcp.config import Knob
    from ..tcp.mutants import Mutant
    from ..tcp.requirements import Requirement

KEYS: Final = re.compile(r"(?<=<!-- keys: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
VARIABLES: Final = re.compile(r"(?<=<!-- variables: )(\w+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
CATALOGUE: Final = re.compile(r"(?<=<!-- properties -->\n).*?(?=<!-- end -->)", re.DOTALL)

_KNOBS_HEAD: Final = """\
# Knobs

Every knob of an endpoint. This page is made by `make docs` from `tcpsim/tcp/config.py`; change it there.

A knob may stand at the top of a scenario (`knobs:`, for all hosts), at a host, and in a `listen`, `connect` or `open`
(`knobs:`, for that connection); what is said nearest to the connection counts. In Python:
`network.host("client", mss=1460)`, `tcpsim.profile("plain", mss=1460)`. A time needs its unit in a scenario (`200ms`);
in Python a whole number is nanoseconds. `tcpsim profiles plain` prints the knobs of one profile.

A profile is a set of knobs and nothing else. `rfc9293` does what the RFC says with its defaults, and is what holds
where nothing is said. `plain` is for teaching: no options, no delays, small round numbers.
"""

_REQUIREMENTS_HEAD: Final = """\
# Requirements

Every numbered requirement of RFC 9293 (MUST-n, SHLD-n, REC-1, MAY-n, as in its Appendix B), and how far the
simulator follows it. This page is made by `make docs` from `tcpsim/tcp/requirements/`; change it there. A test checks
that no number is missing, and that the code, the knobs, the rules and the tests named here exist.

What is said of a status is said of the profile `rfc9293`; the others are sets of [knobs](knobs.md). A rule is the
reason that an event of a trace gives; `tcpsim coverage` tells which rules, and with them which requirements, some runs
exercise. A requirement without a rule leaves no mark in a trace: its tests hold it.
"""


_MUTANTS_HEAD: Final = """\
# Mutants

Broken TCPs, each in one point. This page is made by `make docs` from `tcpsim/tcp/mutants/`; change it there.

A scenario that cannot fail proves nothing. So each scenario of the library names a mutant (`mutant: NAME`, or
`NAME@HOST` where only one host deviates) under which at least one of its expectations fails, and each mutant is caught
by at least one scenario. `tcpsim mutants` tries all of them in all scenarios and prints who catches whom;
`tcpsim mutants NAME` tells all about one, `tcpsim mutants --scenario mine.yaml` which of them your own file catches.

`tcpsim run SCENARIO --mutant NAME` runs a scenario with one, `tcpsim diff SCENARIO --mutant NAME` shows it beside the
real TCP. The title of such a run begins with `[mutant: NAME]`, and what the mutant does in place of the right thing
gives the reason `mutant.NAME`, whose sentence begins with "MUTANT:". In Python: `tcpsim.run("why-not-two",
mutant="two-way-handshake")`, `network.host("server", mutant="no-time-wait")`.

Some deviations are legal, and are here because a scenario is about what they leave out. A mutant that is only knobs
has them whatever a profile, a host or a call says. The others are small subclasses of the endpoint: the real one has no
branch for any of them.
"""


def make(folder: Path) -> Iterator[Path]:
    """Write what is made into a folder of pages; yield each file."""
    yield _write(folder / "knobs.md", knobs_page())
    yield _write(folder / "requirements.md", requirements_page())
    yield _write(folder / "mutants.md", mutants_page())
    for name in ("scenarios.md", "packetdrill.md", "properties.md"):
        page = folder / name
        yield _write(page, with_tables(page.read_text("utf-8")))


def _write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8", newline="\n")
    return path


# ---------------------------------------------------------------------- Markdown


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _sentence(text: str) -> str:
    plain = _without_stop(" ".join(text.split()))
    return f"{plain[:1].upper()}{plain[1:]}{'' if plain.endswith('?') else '.'}"


def _without_stop(text: str) -> str:
    return text if text.endswith("...") else text.removesuffix(".")


# ---------------------------------------------------------------------- knobs


def knobs_page() -> str:
    """Return docs/knobs.md."""
    names = [name for name in PROFILES if name != "rfc9293"]
    rows = [
        [f"[`{knob.name}`](#{knob.name})", _unit(knob), _code(knob.written(knob.default)), _range(knob)]
        + [_differs(knob, name) for name in names]
        for knob in KNOBS.values()
    ]
    head = ["knob", "unit", "default (`rfc9293`)", "range", *(f"in `{name}`" for name in names)]
    parts = [_KNOBS_HEAD, table(head, rows), "## What each does\n", *map(_told, KNOBS.values())]
    return "\n".join(parts)


def _unit(knob: Knob) -> str:
    return {"ns": "time", "flag": "true or false", "name": "word", "seq": "sequence number"}.get(knob.unit, knob.unit)


def _range(knob: Knob) -> str:
    if knob.unit == "flag":
        return "`true`, `false`"
    if knob.unit == "name":
        return ", ".join(map(_code, knob.choices)) or "any text"
    low, high = (
        (format_duration(knob.low), "a year" if knob.high == MAX_DURATION else format_duration(knob.high))
        if knob.unit == "ns"
        else (f"{knob.low:,}", f"{knob.high:,}")
    )
    return f"{low} to {high}" + (", or `off`" if knob.optional else "")


def _differs(knob: Knob, name: str) -> str:
    value = getattr(PROFILES[name], knob.name)
    return "" if value == knob.default else _code(knob.written(value))


def _told(knob: Knob) -> str:
    return f"### {knob.name}\n\n{_sentence(knob.doc)} ({knob.cite})\n"


# ---------------------------------------------------------------------- requirements


def requirements_page() -> str:
    """Return docs/requirements.md: the counts, and a table for each section."""
    parts = [_REQUIREMENTS_HEAD, _counts(), table(["status", "means"], [[*each] for each in STATUSES.items()])]
    for section, title in SECTIONS.items():
        rows = [_required(each) for each in REQUIREMENTS.values() if each.section == section]
        head = ["number", "what it asks for", "status", "by what, and what shows it"]
        parts += [f"## {section} {title}\n", table(head, rows)]
    return "\n".join(parts)


def _counts() -> str:
    """Return the table of how many requirements of each level have which status."""
    rows = []
    for level in LEVELS:
        found = [each.status for each in REQUIREMENTS.values() if each.level == level]
        rows.append([level, str(len(found)), *(str(found.count(status)) for status in STATUSES)])
    totals = [str(sum(int(row[column]) for row in rows)) for column in range(1, len(rows[0]))]
    return table(["", "of them", *STATUSES], [*rows, ["all", *totals]])


def _required(each: Requirement) -> list[str]:
    knobs = [f"[`{knob}`](knobs.md#{knob})" for knob in each.knobs]
    told = [
        f"{what} {', '.join(names)}"
        for what, names in (
            ("code", [*map(_code, each.code)]), ("knobs", knobs), ("rules", [*map(_code, each.rules)]),
            ("tests", [*map(_test_link, each.tests)]),
        )
        if names
    ]  # fmt: skip
    how = "; ".join(told)
    return [each.id, each.asks, each.status, " ".join(filter(None, (each.note, how and f"{_sentence(how)}")))]


def _test_link(test: str) -> str:
    """Return a link to a test's file, named as its test reads."""
    file, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{file})"


# ---------------------------------------------------------------------- the keys of a scenario


# ---------------------------------------------------------------------- mutants


def mutants_page() -> str:
    """Return docs/mutants.md."""
    parts = [_MUTANTS_HEAD]
    for heading, names in HEADINGS.items():
        rows = [
            [_code(mutant.name), _without_stop(mutant.sentence), mutant.cite, _insisted(mutant)]
            for mutant in (MUTANTS[name] for name in names)
        ]
        parts.append(f"## {heading}\n\n{table(['mutant', 'what it does', 'where that stands', 'knobs'], rows)}")
    return "\n".join(parts)


def _insisted(mutant: Mutant) -> str:
    return ", ".join(_code(f"{name}: {KNOBS[name].written(value)}") for name, value in mutant.knobs.items())


def with_tables(page: str) -> str:
    """Return a page with each of its tables of keys made anew."""
    page = KEYS.sub(lambda match: f"{match[1]}{match[2]}{keys_table(match[1])}", page)
    page = VARIABLES.sub(lambda match: f"{match[1]}{match[2]}{variables_table(match[1])}", page)
    return CATALOGUE.sub(lambda _: properties_table(), page)


def properties_table() -> str:
    """Return the catalogue of properties."""
    known = [each for each in PROPERTIES.values() if each.id]
    rows = [[each.id, _code(each.name), each.kind.value, each.cite, each.sentence] for each in known]
    return table(["", "property", "kind", "where that stands", "what holds"], rows)


def variables_table(name: str) -> str:
    """Return the table of the system variables of `packetdrill.settings` that stand in its FREEBSD or LINUX."""
    from ..packetdrill import settings

    rows = []
    variables: dict[str, settings.Variable] = getattr(settings, name)
    for key in sorted(variables):
        variable = variables[key]
        knobs = ", ".join(f"[`{knob}`](knobs.md#{knob})" for knob in settings.knobs_of(key))
        values = sorted(variable.harmless or (), key=lambda value: (len(value), value))
        when = variable.read.name.lower() if variable.effect else " ".join(map(_code, values)) or "any value"
        rows.append([_code(key), knobs or "none", when, _sentence(variable.doc)])
    return table(["variable", "knobs", "read by, or values", "what it does"], rows)


def keys_table(name: str) -> str:
    """Return the table of the keys of one type of `scenario.models`, those of knobs left out."""
    from ..scenario import models

    if name in _WORDS:
        return table(*_WORDS[name])
    model: Any = getattr(models, name)
    hints = get_type_hints(model, include_extras=True)
    inherited = _inherited(models, name)
    rows = []
    for key, info in model.model_fields.items():
        if key in inherited or (name in ("Host", "Knobs") and key in KNOBS):
            continue
        told = info.description or _about(hints[key])
        default, first = _default(info, told, hints[key])
        rows.append([f"`{info.alias or key}`", type_words(hints[key]), default, _sentence(first)])
    return table(["key", "value", "default", "what it says"], rows)


_WORDS: Final = {
    "COUNTERS": (["counter", "what it counts"], [[f"`{name}`", _sentence(told)] for name, told in COUNTERS.items()]),
    "SIGNALS": (["signal", "what it tells"], [[f"`{name}`", _sentence(told)] for name, told in SIGNALS.items()]),
    "TIMERS": (
        ["timer", "what happens when it fires", "where that stands"],
        [[f"`{name}`", _sentence(told.partition(": ")[2]), told.partition(": ")[0]] for name, told in TIMERS.items()],
    ),
}
"""The tables of words that are not types: their heads and their rows."""


def _inherited(models: Any, name: str) -> set[str]:
    """Return the keys that a page tells once for many types: those of every step, and of a link's directions."""
    if name == "Link":
        return set(models.Impairments.model_fields)
    if issubclass(getattr(models, name), models.Step) and name != "Step":
        return {*models.Step.model_fields, "call"}
    return set()


def _about(hint: Any) -> str:
    """Return what a type says of itself: the first sentence of a mapping, the description of a value."""
    from ..scenario.models import Part

    if isinstance(hint, type):
        return (hint.__doc__ or "").split(". ")[0] if issubclass(hint, Part) else ""
    found: str = getattr(hint, "schema", {}).get("description", "")
    deeper = (_about(part) for part in (*getattr(hint, "__metadata__", ()), *get_args(hint)))
    return found or next((about for about in deeper if about), "")


_BY_DEFAULT: Final = re.compile(r"(?:(?P<told>.*?)[;,] by|By) default (?P<default>.+)", re.DOTALL)


def _default(info: Any, told: str, hint: Any) -> tuple[str, str]:
    """Return what holds where a key is not written, and what is left of its sentence."""
    match = _BY_DEFAULT.fullmatch(told)
    if match is not None:
        return _without_stop(match["default"]), match["told"] or _about(hint)
    if info.is_required():
        return "must stand", told
    value = info.default
    if value is None or value == "" or info.default_factory is not None:
        return "", told
    words = type_words(hint)
    if words == _names()["Duration"]:
        return _code(format_duration(value) if value else "0"), told
    if isinstance(value, bool):
        return _code("on" if value else "off") if words == _names()["Switch"] else _code(str(value).lower()), told
    if isinstance(value, float):
        return _code(f"{value:.0%}"), told
    return _code(f"{value}"), told


def _names() -> dict[str, str]:
    """Return what the types of `scenario.values` and `scenario.models` are called."""
    return {
        "Duration": "[time](#values)", "Rate": "[rate](#values)", "Probability": "[probability](#values)",
        "Name": "[name](#names)", "ConnectionName": "name or number of a connection",
        "To": "`host:port`", "From": "`host` or `host:port`", "Port": "whole number, 1 to 65535",
        "PortRange": "`49152..65535`",
        "CounterName": "counter", "ListenerKey": "`host:port`",
        "EventPhrase": "[event](#events)", "SelectorPhrase": "[selector](#selectors)", "Outage": "`1s..5s` or `1s..`",
        "LinePhrase": "[line](#segments-in-words)", "OccurrencePhrase": "[happening](#happenings)",
        "OccurrenceKey": "[happening](#happenings)", "TimerPhrase": "[timer](#timers)",
        "InjectedPhrase": "[segment](#strangers)", "PartyKey": "[party](#parties)",
        "StatesReached": "state, or list of states", "SignalName": "[signal](#signals)", "Switch": "`on` or `off`",
        "Count": "[count](#counts)", "DeliveredText": "text, or number of octets",
        "MutantName": "`NAME` or `NAME@HOST`",
        "PropertyName": "property", "StandingPhrase": "[standing](#standings)", "GoalPhrase": "[goal](#standings)",
        "AnyStep": "[step](#the-script)",
    }  # fmt: skip


def type_words(hint: Any) -> str:
    """Return how a page calls the type of a value."""
    from ..scenario import models, values

    known = {id(getattr(values, name, None) or getattr(models, name)): words for name, words in _names().items()}
    if id(hint) in known:
        return known[id(hint)]
    for name, words in _names().items():
        if hint == (getattr(values, name, None) or getattr(models, name)):
            return words
    origin, parts = get_origin(hint), [part for part in get_args(hint) if part is not type(None)]
    if origin is Annotated:
        return _bounded(type_words(parts[0]), parts[1:])
    if origin is Literal:
        return " or ".join(_code(str(part)) for part in parts)
    if origin is list:
        return f"list of {_plural(type_words(parts[0]))}"
    if origin is dict:
        return f"mapping from {type_words(parts[0])} to {type_words(parts[1])}"
    if len(parts) == 1:
        return type_words(parts[0])
    if isinstance(hint, type) and issubclass(hint, models.Part):
        return f"[mapping](#{_ANCHORS[hint.__name__]})"
    return {str: "text", int: "whole number", bool: "`true` or `false`"}[hint]


_ANCHORS: Final = {
    "Host": "hosts", "Knobs": "knobs", "Link": "links", "Impairments": "impairments", "BurstyLoss": "loss-in-bursts",
    "StateLoss": "loss-in-bursts", "Fault": "faults", "Expect": "expectations", "Quiz": "questions",
    "Explore": "explorations", "QueueLengths": "counters-and-queues", "Nat": "middleboxes", "Firewall": "middleboxes",
}  # fmt: skip


def _plural(words: str) -> str:
    if "](" in words:
        return words.replace("](", "s](")
    if words.endswith("y"):
        return f"{words.removesuffix('y')}ies"
    name, comma, rest = words.partition(",")
    return words if name == "text" or " octets" in rest else f"{name}s{comma}{rest}"


def _bounded(words: str, metadata: list[Any]) -> str:
    bounds = [bound for info in metadata for bound in getattr(info, "metadata", ())]
    low, high, shortest, longest = (
        next((getattr(bound, name) for bound in bounds if hasattr(bound, name)), None)
        for name in ("ge", "le", "min_length", "max_length")
    )
    if low is not None and high is not None:
        return f"{words}, {low:,} to {high:,}"
    if longest is not None and shortest == longest:
        return f"{words}, {longest} of them"
    if longest is not None and words == "text":
        return f"{words}, at most {longest:,} characters"
    return words
