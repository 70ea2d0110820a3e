"""A YAML 1.2 file as a tree of nodes, each of which knows where it stands.

Rule 1. Plain words mean what YAML 1.2's core schema says: `on` and `no` are words, `12:30` is text.
Rule 2. Nothing a file contains can exhaust the machine: size, depth, nodes and digits are bounded,
        and an alias counts as all that it stands for.
Rule 3. Whatever can't be read is a ScenarioError with a line and a column.

ruamel.yaml cuts the text into events with positions; the tree is made here, since its constructors
would follow aliases without bound and forget where a value stood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml import events as yaml_events
from ruamel.yaml.error import YAMLError

from ..trace.naming import missing
from .problems import Place, Problem, ScenarioError, nearest_word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_OCTETS: Final = 1_000_000
"""The largest file that is read."""
MAX_LINE: Final = 200_000
"""The longest line, in characters."""
MAX_DEPTH: Final = 24
"""How deep lists and mappings may stand inside one another; a scenario needs six."""
MAX_NODES: Final = 50_000
"""How many values a file may hold, aliases expanded."""
MAX_DIGITS: Final = 30
"""The longest number; the largest that means anything is a day in nanoseconds."""

_NOT_PRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LINE_END: Final = "\r\n|[\n\r\x85\u2028\u2029]"
_NULL: Final = re.compile(r"|~|null|Null|NULL")
_TRUTH: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+")
_FRACTION: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STRING_TAGS: Final = ("tag:yaml.org,2002:str", "!")


@dataclass(slots=True)
class Node:
    """A value of the file. `kind` is what a message calls it; `nodes` counts it and all below it."""

    place: Place
    nodes: int = 1

    def plain(self) -> Any:
        """Return the value as plain Python data."""
        raise NotImplementedError

    @property
    def kind(self) -> str:
        """What a message calls the value."""
        raise NotImplementedError


@dataclass(slots=True)
class Scalar(Node):
    """A word, number, truth value or nothing.

    `text_at` is where its characters begin, if they stand in the file as they are.
    """

    value: str | int | float | bool | None = None
    raw: str = ""
    text_at: Place | None = None

    def plain(self) -> Any:
        """Return it as plain Python data."""
        return self.value

    @property
    def kind(self) -> str:
        """What a message calls it."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return f"{str(self.value).lower()}"
            case str():
                return f"the text {_short(self.value)}"
            case _:
                return f"the number {self.raw[:40]}"

    def at(self, offset: int) -> Place:
        """Return the place of the character `offset` of the text; that of the value if it can't be told."""
        start = self.text_at
        return self.place if start is None else Place(start.file, start.line, start.column + offset)


@dataclass(slots=True)
class Sequence(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)

    def plain(self) -> Any:
        """Return it as plain Python data."""
        return [item.plain() for item in self.items]

    @property
    def kind(self) -> str:
        """What a message calls it."""
        return "a list"


@dataclass(slots=True)
class Mapping(Node):
    """A mapping: keys are words, in the order of the file, none twice."""

    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)

    def plain(self) -> Any:
        """Return it as plain Python data."""
        return {key: value.plain() for key, value in self.values.items()}

    @property
    def kind(self) -> str:
        """What a message calls it."""
        return "a mapping"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def read_text(path: Path) -> str:
    """Return the text of a scenario file; ScenarioError if there is none that can be read."""
    name = str(path)
    try:
        if path.is_dir():
            raise _whole_file(name, "this is a directory", "a scenario file")
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        raise _whole_file(name, missing(path), "", "" if path.is_symlink() else _sibling(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise _whole_file(name, f"the file can't be read: {reason}") from None
    if len(octets) > MAX_OCTETS:
        raise _whole_file(name, "the file is too large", f"at most {MAX_OCTETS:,} octets")
    return decode(octets, name)


def _sibling(path: Path) -> str:
    try:
        return nearest_word(
            path.name,
            sorted(each.name for each in path.parent.iterdir() if each.suffix in (".yaml", ".yml") and each.is_file()),
        )
    except OSError:
        return ""


def _whole_file(file: str, wrong: str, expected: str = "", nearest: str = "") -> ScenarioError:
    return ScenarioError([Problem(Place(file), wrong, expected, nearest)])


def decode(octets: bytes, file: str) -> str:
    """Return UTF-8 octets as text; ScenarioError at the first octet that is none."""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode("utf-8-sig", "replace")
        wrong = f"the octet 0x{octets[error.start]:02x} is not UTF-8"
        raise ScenarioError([Problem(_place_after(before, file), wrong, "text in UTF-8")]) from None


def _place_after(before: str, file: str) -> Place:
    lines = re.split(_LINE_END, before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def parse(text: str, file: str) -> Mapping:
    """Return the one mapping that a scenario file holds; ScenarioError for everything else."""
    odd = _NOT_PRINTABLE.search(text)
    if odd is not None:
        wrong = f"the character U+{ord(odd[0]):04X} can't stand in a YAML file"
        raise ScenarioError([Problem(_place_after(text[: odd.start()], file), wrong, "printable text")])
    lines = re.split(_LINE_END, text)
    long = next((number for number, line in enumerate(lines, 1) if len(line) > MAX_LINE), 0)
    if long:
        raise ScenarioError([Problem(Place(file, long, 1), "the line is too long", f"at most {MAX_LINE:,} characters")])
    reader = _Reader(text, lines, file)
    try:
        top = reader.document()
    except YAMLError as error:
        raise ScenarioError([_yaml_problem(error, text, file)]) from None
    except (
        ValueError,
        LookupError,
        ArithmeticError,
        AttributeError,
        TypeError,
        AssertionError,
        RecursionError,
    ) as error:
        # ruamel.yaml answers some broken input (an escape beyond Unicode, for one) with a bare Python error.
        raise ScenarioError([Problem(reader.here, "what follows is not YAML")]) from error
    if reader.problems:
        raise ScenarioError(reader.problems)
    if top is None or (isinstance(top, Scalar) and top.value is None):
        raise ScenarioError(
            [Problem(Place(file, 1, 1), "the file is empty", "a mapping with title, hosts, script, ...")]
        )
    if not isinstance(top, Mapping):
        raise ScenarioError(
            [Problem(top.place, f"{top.kind} stands at the top", "a mapping with title, hosts, script, ...")]
        )
    return top


class _Reader:
    """Makes the tree from ruamel's events; problems that need not stop the reading are gathered."""

    def __init__(self, text: str, lines: list[str], file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.here = Place(file, 1, 1)
        self._lines = lines
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, Node | None] = {}
        self._count = 0

    def document(self) -> Node | None:
        """Return the node of the only document; None if there is none."""
        top: Node | None = None
        for event in self._events:
            if isinstance(event, yaml_events.DocumentStartEvent):
                if top is not None:
                    raise self._stop(event, "a second document begins here", "one scenario in each file")
                self._refuse_directives(event)
                top = self._node(next(self._events), 0)
        return top

    def _stop(self, event: Any, wrong: str, expected: str = "", nearest: str = "") -> ScenarioError:
        return ScenarioError([*self.problems, Problem(self._place(event), wrong, expected, nearest)])

    def _place(self, event: Any) -> Place:
        self.here = Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
        return self.here

    def _refuse_directives(self, event: Any) -> None:
        version = getattr(event, "version", None)
        if version is not None and tuple(version) != (1, 2):
            wrong = f"the file asks for YAML {'.'.join(map(str, version))}"
            raise ScenarioError([Problem(Place(self.file, 1, 1), wrong, "YAML 1.2")])

    def _node(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        if depth > MAX_DEPTH:
            raise self._stop(event, "this is nested too deep", f"at most {MAX_DEPTH} levels")
        if isinstance(event, yaml_events.AliasEvent):
            return self._counted(event, self._named(event))
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = None
        if isinstance(event, yaml_events.ScalarEvent):
            node: Node = self._scalar(event, place)
        elif isinstance(event, yaml_events.SequenceStartEvent):
            self._refuse_tag(event, "tag:yaml.org,2002:seq")
            node = self._sequence(place, depth)
        else:
            self._refuse_tag(event, "tag:yaml.org,2002:map")
            node = self._mapping(place, depth)
        if anchor is not None:
            self._anchors[anchor] = node
        return self._counted(event, node)

    def _counted(self, event: Any, node: Node) -> Node:
        # A collection's inner nodes are counted already, an alias's are not: they count again.
        self._count += node.nodes if isinstance(event, yaml_events.AliasEvent) else 1
        if self._count > MAX_NODES:
            raise self._stop(event, "the file holds too many values", f"at most {MAX_NODES:,}, aliases expanded")
        return node

    def _named(self, event: Any) -> Node:
        name = str(event.anchor)
        if name not in self._anchors:
            near = nearest_word(name, self._anchors)
            raise self._stop(
                event, f"nothing is anchored as &{name[:40]}", "an anchor that stands before its alias", near
            )
        node = self._anchors[name]
        if node is None:
            raise self._stop(event, f"*{name} stands inside of what &{name} names")
        return node

    def _sequence(self, place: Place, depth: int) -> Sequence:
        node = Sequence(place)
        while not isinstance(event := next(self._events), yaml_events.SequenceEndEvent):
            item = self._node(event, depth + 1)
            node.items.append(item)
            node.nodes += item.nodes
        return node

    def _mapping(self, place: Place, depth: int) -> Mapping:
        node = Mapping(place)
        while not isinstance(event := next(self._events), yaml_events.MappingEndEvent):
            key_place = self._place(event)
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            node.nodes += key.nodes + value.nodes
            if not isinstance(key, Scalar):
                self.problems.append(Problem(key_place, f"{key.kind} stands as a key", "a word"))
                continue
            name = key.raw
            if name in node.values:
                first = node.keys[name].place
                wrong = f"the key {name!r} stands twice, first in line {first.line}"
                self.problems.append(Problem(key_place, wrong, "each key once"))
                continue
            if isinstance(value, Scalar) and not value.raw and value.place.line > key_place.line:
                # Nothing stands behind the key, and ruamel.yaml looked for it as far as the next one.
                value.place = Place(self.file, key_place.line, key_place.column + len(name) + 1)
            # An alias may stand as a key: the key's place is then the alias's, not the anchor's.
            node.keys[name] = Scalar(key_place, 1, key.value, name, key.text_at if key.place == key_place else None)
            node.values[name] = value
        return node

    def _refuse_tag(self, event: Any, allowed: str) -> None:
        tag = _tag(event)
        if tag not in (None, "!", allowed):
            self.problems.append(
                Problem(self._place(event), f"the tag {str(tag)[:60]} means nothing here", "a plain value")
            )

    def _scalar(self, event: Any, place: Place) -> Scalar:
        raw = self._whole_characters(str(event.value), place)
        tag = _tag(event)
        plain = event.style in (None, "")
        node = Scalar(place, 1, raw, raw, self._text_at(event, place, raw, quoted=event.style in ("'", '"')))
        if tag is not None and tag not in _STRING_TAGS:
            self.problems.append(Problem(place, f"the tag {str(tag)[:60]} means nothing here", "a plain value"))
        elif plain and tag is None:
            try:
                node.value = _resolved(raw)
            except ValueError as error:
                self.problems.append(Problem(place, str(error), f"at most {MAX_DIGITS} digits"))
        return node

    def _whole_characters(self, raw: str, place: Place) -> str:
        """Join a character that a JSON writer has cut into two escapes; half a character is a problem."""
        try:
            return raw.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.problems.append(Problem(place, f"{_short(raw)} holds half a character", "both escapes of a pair"))
            return raw.encode("utf-8", "replace").decode()

    def _text_at(self, event: Any, place: Place, raw: str, *, quoted: bool) -> Place | None:
        line, column = event.start_mark.line, event.start_mark.column
        if event.style in ("|", ">") or line >= len(self._lines) or event.anchor is not None or _tag(event) is not None:
            return None
        start = column + quoted
        as_written = self._lines[line][start : start + len(raw)] == raw
        return Place(place.file, place.line, start + 1) if as_written else None


def _tag(event: Any) -> str | None:
    tag = getattr(event, "tag", None)
    return None if tag is None else str(tag)


def _resolved(raw: str) -> str | int | float | bool | None:
    """Return what a plain word means in the core schema of YAML 1.2 (10.3.2); ValueError for a huge number."""
    if _NULL.fullmatch(raw):
        return None
    if _TRUTH.fullmatch(raw):
        return raw[0] in "tT"
    if _NOT_FINITE.fullmatch(raw):
        return float(raw.lower().replace(".", "", 1))
    number = next((kind for kind in (_WHOLE, _OCTAL, _HEXADECIMAL, _FRACTION) if kind.fullmatch(raw)), None)
    if number is None:
        return raw
    if len(raw) > MAX_DIGITS:
        raise ValueError(f"the number {_short(raw)} is too long")
    if number is _FRACTION:
        return float(raw)
    return int(raw, {_WHOLE: 10, _OCTAL: 8, _HEXADECIMAL: 16}[number])


_INDENTATION: Final = ("this is indented wrongly", "the same indentation as its neighbours")
_PLAIN_WORDS: Final = (
    (
        "mapping values are not allowed here", "a ':' does not belong here",
        "one `key: value` in a line, indented like its neighbours, with quotes around a text that has ': ' in it",
    ),
    ("could not find expected ':'", "a ':' is missing", "`key: value`"),
    ("found unexpected end of stream", "a quoted text is not closed", "a closing quote"),
    (r"found character '(.*)' that cannot start any token", r"no value begins with '\1'", "quotes around such a text"),
    ("expected <block end>, but found .*", *_INDENTATION),
    ("expected '<document start>', but found .*", "something stands behind the end", "nothing more"),
    ("expected the node content, but found '<stream end>'", "the file ends here", "a value"),
    ("expected the node content, but found (.*)", r"\1 stands here", "a value"),
    ("expected (.*), but got '<stream end>'", "the file ends here", r"\1"),
    ("expected (.*), but (?:got|found) (.*)", r"\2 stands here", r"\1"),
)  # fmt: skip
"""What ruamel.yaml says, as a pattern; what a person would say: what is wrong, what was expected."""


def _in_plain_words(said: str) -> tuple[str, str]:
    for pattern, wrong, expected in _PLAIN_WORDS:
        match = re.fullmatch(pattern, said, re.DOTALL)
        if match is not None:
            return match.expand(wrong), match.expand(expected)
    return said, ""


def _yaml_problem(error: YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or error)
    place = Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file, 1, 1)
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return Problem(place, "a tab stands where YAML wants spaces", "spaces")
    return Problem(place, *_in_plain_words(said))
