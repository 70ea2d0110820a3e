"""Turns what pydantic finds wrong into problems with a place in the file and the words of a person.

pydantic names a place by a path of keys, indices and (of unions) tags. The tree of the file is walked along
that path, and an element that leads nowhere in the file is a tag.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ..tcp.segment import CONTROL_BITS
from .document import Mapping, Node, Scalar, Sequence
from .models import ScenarioFile
from .problems import PhraseError, Place, Problem, nearest_word, one_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

Path = tuple[int | str, ...]

_BIT_NAMES = frozenset(name for name, _ in CONTROL_BITS)

_KINDS = {
    "string_type": "text", "int_type": "a whole number", "float_type": "a number", "bool_type": "true or false",
    "list_type": "a list", "dict_type": "a mapping", "model_type": "a mapping", "model_attributes_type": "a mapping",
}  # fmt: skip
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le"),
    "string_too_short": ("a text of at least", "min_length"), "string_too_long": ("a text of at most", "max_length"),
    "too_short": ("at least", "min_length"), "too_long": ("at most", "max_length"),
}  # fmt: skip
_COUNTED = {
    "string_too_short": "characters",
    "string_too_long": "characters",
    "too_short": "entries",
    "too_long": "entries",
}

_ONE = {"characters": "character", "entries": "entry"}


def translate(error: ValidationError, tree: Mapping) -> list[Problem]:
    """Return the problems that a ValidationError tells of, each with its place in the file."""
    problems = [(details, _problem(details, tree)) for details in error.errors(include_url=False)]
    # Who mistyped a key need not be told as well that the right one is missing.
    meant = {
        (details["loc"][:-1], problem.nearest) for details, problem in problems if details["type"] == "extra_forbidden"
    }
    return [
        problem
        for details, problem in problems
        if details["type"] != "missing" or (details["loc"][:-1], details["loc"][-1]) not in meant
    ]


def _problem(details: ErrorDetails, tree: Mapping) -> Problem:
    typed: Path = details["loc"]
    path = _without_call(typed)
    kind, context = details["type"], details.get("ctx", {})
    if path and path[-1] == "[key]":
        return _phrase(context.get("error"), _key(tree, path[:-1]), details)
    node = find(tree, path)
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), _key(tree, path).place, list(_known_keys(typed[:-1])))
    if kind == "missing":
        return Problem(node.place, f"the key {str(path[-1])!r} is missing")
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _no_such_call(node)
    if kind == "value_error":
        return _phrase(context.get("error"), node, details, _named(path, tree))
    name = _named(path, tree)
    if kind == "literal_error":
        return _not_in_list(node, name, str(context.get("expected", "")))
    if kind in _KINDS:
        return Problem(node.place, f"{name} is {node.kind}", _KINDS[kind])
    if kind in _BOUNDS:
        return _out_of_bounds(node, name, kind, context)
    return Problem(node.place, f"{name}: {details['msg']}")


def _out_of_bounds(node: Node, name: str, kind: str, context: dict[str, Any]) -> Problem:
    words, key = _BOUNDS[kind]
    bound = context[key]
    unit = _COUNTED.get(kind, "")
    expected = f"{words} {bound:,} {unit if bound != 1 else _ONE.get(unit, '')}".rstrip()
    if isinstance(node, Scalar):
        return Problem(node.place, f"{name} is {node.kind}", expected)
    return Problem(node.place, f"{name} has too {'few' if key == 'min_length' else 'many'} entries", expected)


def _phrase(error: object, node: Node, details: ErrorDetails, name: str = "this") -> Problem:
    if not isinstance(error, PhraseError):
        return Problem(node.place, details["msg"])
    place = node.at(error.offset) if isinstance(node, Scalar) else node.place
    wrong = error.wrong.replace("there is ", f"{name} is ", 1) if error.wrong.startswith("there is ") else error.wrong
    return Problem(place, wrong, error.expected, error.nearest)


def _unknown_key(key: str, place: Place, known: list[str]) -> Problem:
    near = nearest_word(key, known, cutoff=0.62)  # `text` is no `octets`
    if not near and key.split()[:1] and key.split(maxsplit=1)[0] in _BIT_NAMES:
        wrong = f"the comma before {shown(key)} ends the phrase"
        return Problem(place, wrong, "quotes around a phrase with a comma inside of { }, or SYN-ACK")
    # A long list of keys (all knobs) helps nobody who only mistyped one.
    expected = "" if near else one_of(known) if len(known) <= 16 else "a key such as " + one_of(known[:8])
    return Problem(place, f"unknown key {shown(key)}", expected, near)


def _no_such_call(node: Node) -> Problem:
    known = [str(tag) for tag in _calls()]
    call = node.values.get("call") if isinstance(node, Mapping) else None
    if call is None:
        return Problem(node.place, "the key 'call' is missing", one_of(known))
    word = call.value if isinstance(call, Scalar) else None
    near = nearest_word(word, known) if isinstance(word, str) else ""
    return Problem(
        call.place,
        f"unknown call {shown(word)}" if isinstance(word, str) else f"call is {call.kind}",
        one_of(known),
        near,
    )


def _not_in_list(node: Node, name: str, expected: str) -> Problem:
    known = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    word = node.value if isinstance(node, Scalar) else None
    near = nearest_word(word, known) if isinstance(word, str) else ""
    return Problem(node.place, f"{name} is {node.kind}", one_of(known), near)


def _named(path: Path, tree: Mapping) -> str:
    """Return what a message calls the value at a path: its key, or `this` in a list."""
    parts = [part for _, part in _steps(tree, path)]
    return str(parts[-1]) if parts and isinstance(parts[-1], str) else "this"


# ---------------------------------------------------------------------- in the file


def _steps(tree: Node, path: Path) -> Iterator[tuple[Node, int | str]]:
    """Yield each node on the way and the part of the path that leads on from it; tags are left out."""
    node = tree
    for part in path:
        inner = _inside(node, part)
        if inner is not None:
            yield node, part
            node = inner


def _inside(node: Node, part: int | str) -> Node | None:
    if isinstance(node, Mapping) and isinstance(part, str):
        return node.values.get(part)
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


def _without_call(path: Path) -> Path:
    """Return a path without the tag that names a step's call: it could be a key of the step, too."""
    return path[:2] + path[3:] if path[:1] == ("script",) else path


def find(tree: Node, path: Path) -> Node:
    """Return the node at a path, or the last one on the way to it."""
    node = tree
    for parent, part in _steps(tree, path):
        node = _inside(parent, part) or parent
    return node


def _key(tree: Node, path: Path) -> Scalar:
    """Return the key at the end of a path."""
    parent = find(tree, path[:-1])
    assert isinstance(parent, Mapping)
    return parent.keys[str(path[-1])]


# ---------------------------------------------------------------------- in the models


def _calls() -> list[str]:
    step = get_args(get_args(ScenarioFile.model_fields["script"].annotation)[0])[0]
    return [get_args(member.model_fields["call"].annotation)[0] for member in get_args(step)]


def _known_keys(path: Path) -> Iterator[str]:
    """Yield the keys that the model at a path has."""
    annotation: Any = ScenarioFile
    for part in path:
        annotation = _annotation_inside(annotation, part)
    model = next(
        (each for each in _members(annotation) if isinstance(each, type) and issubclass(each, BaseModel)), None
    )
    if model is not None:
        yield from (field.alias or name for name, field in model.model_fields.items())


def _members(annotation: Any) -> list[Any]:
    """Return what an annotation stands for: the members of a union, without `Annotated` around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [member for each in get_args(annotation) for member in _members(each)]
    return [annotation]


def _annotation_inside(annotation: Any, part: int | str) -> Any:
    for member in _members(annotation):
        origin = get_origin(member)
        if isinstance(member, type) and issubclass(member, BaseModel):
            by_key = {field.alias or name: field.annotation for name, field in member.model_fields.items()}
            if _is_call(member, part):
                return member
            if part in by_key:
                return by_key[str(part)]
        elif origin in (list, dict):
            return get_args(member)[-1]
    return None


def _is_call(model: type[BaseModel], tag: int | str) -> bool:
    field = model.model_fields.get("call")
    return field is not None and get_origin(field.annotation) is Literal and get_args(field.annotation) == (tag,)
