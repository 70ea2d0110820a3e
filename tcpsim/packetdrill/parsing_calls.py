"""System calls and their expressions.

Rule 1. Structs are read by one rule, `{name=value, name(n)=value, value}`; which fields a struct needs is known to
        the call that takes it. Only MPLS stacks and GRE headers, whose insides are no expressions, stay text.
Rule 2. A result is followed by an errno and its text, a note, or nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .script import (
    Assign,
    BitOr,
    Dots,
    Errno,
    Expression,
    Field,
    Function,
    Integer,
    List,
    Name,
    Opaque,
    String,
    Struct,
    SystemCall,
)
from .words import CALLS, FUNCTIONS

if TYPE_CHECKING:
    from .tokens import Cursor

_ERRNO = re.compile(r"E[A-Z0-9]+\Z")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED: Final = {"\\": "\\", '"': '"', "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CLOSING: Final = {"{": "}", "(": ")", "[": "]"}


def system_call(cursor: Cursor, until: int | None) -> SystemCall:
    """Read `name(arguments) = result ERRNO (text)`; `until` is when a blocking call ends, in nanoseconds.

    Raises:
        ScriptError: it is none, or no packetdrill knows the call.
    """
    place = cursor.place
    name = cursor.one_of(CALLS, "a system call")
    arguments = _arguments(cursor)
    cursor.expect("=", "the arguments")
    result = expression(cursor)
    errno = _errno(cursor) if cursor.token.kind == "word" else None
    note = _note(cursor) if cursor.token.text == "(" else None
    return SystemCall(name, arguments, result, errno, note, until, place=place)


def _errno(cursor: Cursor) -> Errno:
    place = cursor.place
    if not _ERRNO.match(cursor.token.text):
        raise cursor.unexpected("the name of an error such as EAGAIN, or the next event")
    name = cursor.step().text
    return Errno(name, _note(cursor) if cursor.token.text == "(" else "", place=place)


def _note(cursor: Cursor) -> str:
    """Read words in brackets, as strerror() writes them; they are not compared with anything."""
    cursor.expect("(")
    words: list[str] = []
    while cursor.token.text != ")":
        if cursor.token.kind in {"end", "string", "shell", "code"} or cursor.token.text == "(":
            raise cursor.unexpected("words and ')'")
        words.append(cursor.step().text)
    cursor.step()
    return " ".join(words)


# --------------------------------------------------------------------------------------------------- expressions


def expression(cursor: Cursor) -> Expression:
    """Read one expression: parts joined by `|`, or google's `name = value`.

    Raises:
        ScriptError: it is none, or nested too deep.
    """
    place = cursor.place
    if cursor.token.kind == "word" and cursor.peek().text == "=":
        cursor.deeper()
        name = cursor.step().text
        cursor.step()
        value = expression(cursor)
        cursor.depth -= 1
        return Assign(name, value, place=place)
    first = _operand(cursor)
    if cursor.token.text != "|":
        return first
    parts = [first]
    while cursor.accept("|"):
        parts.append(_operand(cursor))
    return BitOr(tuple(parts), place=place)


def _operand(cursor: Cursor) -> Expression:
    token, place = cursor.token, cursor.place
    match token.kind:
        case "dots":
            cursor.step()
            return Dots(place=place)
        case "integer" | "hex":
            value = cursor.bounded("the number", -(1 << 63), (1 << 64) - 1)
            return Integer(value, token.kind == "hex", place=place)
        case "string":
            return _string(cursor)
        case "word":
            return _named(cursor)
    if token.text == "[":
        cursor.deeper()
        cursor.step()
        return List(_listed(cursor, "]"), place=place)
    if token.text == "{":
        return _struct(cursor)
    raise cursor.unexpected("an argument: a number, a name, a string, ..., [list] or {struct}")


def _named(cursor: Cursor) -> Name | Function:
    place = cursor.place
    name = cursor.step().text
    if name not in FUNCTIONS:
        return Name(name, place=place)
    return Function(name, _arguments(cursor), place=place)


def _arguments(cursor: Cursor) -> tuple[Expression, ...]:
    cursor.deeper()
    cursor.expect("(", "the name of a call")
    return _listed(cursor, ")")


def _listed(cursor: Cursor, end: str) -> tuple[Expression, ...]:
    """Read expressions between commas, and the bracket that ends them."""
    items: list[Expression] = []
    if cursor.token.text != end:
        items.append(expression(cursor))
        while cursor.accept(","):
            items.append(expression(cursor))
        if cursor.token.text != end:
            raise cursor.unexpected(f"',' or {end!r}", FUNCTIONS)
    cursor.step()
    cursor.depth -= 1
    return tuple(items)


def _string(cursor: Cursor) -> String:
    """Read strings one after the other, which are one, and the dots that may follow."""
    place = cursor.place
    parts: list[str] = []
    while cursor.token.kind == "string":
        parts.append(_unescaped(cursor))
        cursor.step()
    return String("".join(parts), cursor.accept("..."), place=place)


def _unescaped(cursor: Cursor) -> str:
    octets = cursor.token.text[1:-1].encode("utf-8", "surrogatepass").decode("latin-1")

    def resolved(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) == 3:
            return chr(int(code[1:], 16))
        if code not in _ESCAPED:
            raise cursor.wrong(f"found the escape \\{code}", r"\\, \", \f, \n, \r, \t, \v or \xhh")
        return _ESCAPED[code]

    return _ESCAPE.sub(resolved, octets) if "\\" in octets else octets


def _struct(cursor: Cursor) -> Struct | Opaque:
    place = cursor.place
    is_gre = cursor.peek().text in {"flags", "Flags"} and cursor.peek(2).text not in {"=", ",", "}", "|"}
    if is_gre or cursor.peek().text == "(":
        return Opaque(balanced(cursor), place=place)
    cursor.deeper()
    cursor.step()
    fields: list[Field] = []
    if cursor.token.text != "}":
        fields.append(_field(cursor))
        while cursor.accept(","):
            fields.append(_field(cursor))
    cursor.expect("}", "a struct's fields")
    cursor.depth -= 1
    return Struct(tuple(fields), place=place)


def _field(cursor: Cursor) -> Field:
    place = cursor.place
    follows = cursor.peek().text
    if cursor.token.kind != "word" or cursor.token.text in FUNCTIONS or follows not in {"=", "("}:
        return Field("", expression(cursor), place=place)
    name = cursor.step().text
    argument = None
    if cursor.accept("("):
        argument = expression(cursor)
        cursor.expect(")")
    cursor.expect("=", "a field's name")
    return Field(name, expression(cursor), argument, place=place)


def balanced(cursor: Cursor) -> str:
    """Take what stands between a bracket and the one that closes it, both included; return it with blanks made one.

    Raises:
        ScriptError: the brackets don't pair.
    """
    words: list[str] = []
    waiting: list[str] = []
    while True:
        text = cursor.token.text
        if text in _CLOSING:
            waiting.append(_CLOSING[text])
        elif text == waiting[-1]:
            waiting.pop()
        elif cursor.token.kind == "end" or text in _CLOSING.values():
            raise cursor.unexpected(repr(waiting[-1]))
        words.append(cursor.step().text)
        if not waiting:
            return " ".join(words)
