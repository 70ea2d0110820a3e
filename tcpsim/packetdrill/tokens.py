"""A script cut into tokens, and the cursor that the parsers move over them.

Rule 1. Tokens are those of both dialects' scanners, the longest that fits: `0.1...0.3` is a number, dots, a number.
Rule 2. A definition replaces a word of its name, unless it is a word of the grammar.
Rule 3. Time is linear in the length of the text: no pattern looks ahead without a bound except up to the end of a
        quotation, and the first quotation that never ends is an error.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from .places import Place, ScriptError, nearest_word, shown
from .words import RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOKEN = re.compile(
    r"""
      (?P<blank> [ \t\n\r\f\v\ufeff]+ | //[^\n]* | /\* .*? \*/ )
    | (?P<dots> \.\.\. )
    | (?P<address> (?: [0-9A-Fa-f]{1,4} : ){7} [0-9A-Fa-f]{1,4}
                 | (?: [0-9A-Fa-f]{1,4} (?: : [0-9A-Fa-f]{1,4} ){0,6} )? ::
                   (?: (?: [0-9A-Fa-f]{1,4} : ){0,6} (?: [0-9]+ (?: \. [0-9]+ ){3} | [0-9A-Fa-f]{1,4} ) )?
                 | [0-9]+ (?: \. [0-9]+ ){3} )
    | (?P<float> -? [0-9]* \. [0-9]+ )
    | (?P<hex> 0x [0-9A-Fa-f]+ (?! \w ) )
    | (?P<integer> -? [0-9]+ (?! \w ) )
    | (?P<word> (?: exp-AccECN[01] | exp-FO | EXP-FO | exp-tarr | exp-[0-9a-fA-F]+ | gen-[0-9]+ | voice-admit
                  | sequence\# ) (?! \w ) | [A-Za-z0-9_]+ )
    | (?P<option> -- [A-Za-z0-9_]+ )
    | (?P<string> " [^"\\]* (?: \\. [^"\\]* )* " )
    | (?P<shell> ` [^`\\]* (?: \\. [^`\\]* )* ` )
    | (?P<code> %\{ .*? \}% )
    | (?P<unclosed> " | ` | %\{ | /\* )
    | (?P<sign> . )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ENDS = {'"': "a closing quotation mark", "`": "a closing backquote", "%{": "}%", "/*": "*/"}
_DEFINABLE = frozenset({"string", "shell", "integer", "hex", "float", "word"})
_LONGEST_NUMBER = 24
"""More digits than any number of 64 bits has."""
DEEPEST: Final = 50
"""How deep the arguments of a call may be nested."""


class Lines:
    """A text and where its lines begin."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._starts = [0]
        self._starts.extend(found.end() for found in re.finditer("\n", text))

    def place(self, offset: int) -> Place:
        """Return the line and column, both from 1, of a character counted from 0."""
        line = bisect_right(self._starts, offset)
        return Place(self.file, line, offset - self._starts[line - 1] + 1)


class Token(NamedTuple):
    """A piece of a script; `kind` is a group's name in the scanner's pattern, or "end"."""

    kind: str
    text: str
    offset: int


def tokenize(lines: Lines, text: str) -> list[Token]:
    """Return the tokens of `text`, which is the script of `lines` with blanks where `#ifdef` took lines away.

    Raises:
        ScriptError: a quotation, a comment or a block of code doesn't end.
    """
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "blank":
            continue
        if kind == "unclosed":
            raise ScriptError(lines.place(found.start()), f"found {shown(found[0])}, which never ends", _ENDS[found[0]])
        assert kind is not None, "every alternative is a group"
        tokens.append(Token(kind, found[0], found.start()))
    tokens.append(Token("end", "", len(text)))
    return tokens


class Cursor:
    """A place among tokens, and what every parser asks of it. `token` is the next one."""

    def __init__(self, lines: Lines, text: str) -> None:
        self.lines = lines
        self.text = text
        self.tokens = tokenize(lines, text)
        self.index = 0
        self.token = self.tokens[0]
        self.depth = 0

    def define(self, definitions: Mapping[str, str]) -> None:
        """Replace the words still to come that are defined: by a string, a shell line, a number or a word.

        Raises:
            ScriptError: a word is used whose definition is none of these.
        """
        if definitions:
            self.tokens[self.index :] = [self._defined(token, definitions) for token in self.tokens[self.index :]]
            self.token = self.tokens[self.index]

    def _defined(self, token: Token, definitions: Mapping[str, str]) -> Token:
        value = definitions.get(token.text) if token.kind == "word" and token.text not in RESERVED else None
        if value is None:
            return token
        found = _TOKEN.fullmatch(value)
        if found is None or found.lastgroup not in _DEFINABLE:
            wrong = f"{shown(token.text)} is defined as {shown(value)}"
            raise ScriptError(self.lines.place(token.offset), wrong, "one string, shell line, number or word")
        return Token(found.lastgroup, value, token.offset)

    # ------------------------------------------------------------------------------------------------- moving

    def peek(self, ahead: int = 1) -> Token:
        """Return a token after the next one."""
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def step(self) -> Token:
        """Take the next token, whatever it is."""
        token = self.token
        if token.kind != "end":
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def accept(self, text: str) -> bool:
        """Take the next token if it is the sign or word `text`."""
        if self.token.text != text:
            return False
        self.step()
        return True

    def expect(self, text: str, after: str = "") -> None:
        """Take the sign or word `text`.

        Raises:
            ScriptError: it is something else.
        """
        if not self.accept(text):
            raise self.unexpected(f"{text!r}{' after ' + after if after else ''}")

    def word(self, expected: str) -> str:
        """Take a word."""
        if self.token.kind != "word":
            raise self.unexpected(expected)
        return self.step().text

    def one_of(self, known: Iterable[str], what: str) -> str:
        """Take a word that is known."""
        word = self.token.text
        if self.token.kind != "word":
            raise self.unexpected(what)
        listed = list(known)
        if word not in listed:
            raise self.wrong(f"found {shown(word)}", what, nearest_word(word, listed))
        self.step()
        return word

    def integer(self, what: str, bits: int) -> int:
        """Take a decimal number of so many bits, without a sign."""
        if self.token.kind != "integer":
            raise self.unexpected(what)
        return self.bounded(what, 0, (1 << bits) - 1)

    def hexadecimal(self, what: str, bits: int) -> int:
        """Take a number spelled 0x..., or in decimal, of so many bits."""
        if self.token.kind not in {"hex", "integer"}:
            raise self.unexpected(what)
        return self.bounded(what, 0, (1 << bits) - 1)

    def bounded(self, what: str, lowest: int, highest: int) -> int:
        """Take the number that is next; it must lie within the bounds, which count."""
        text = self.token.text
        value = int(text, 16 if self.token.kind == "hex" else 10) if len(text) <= _LONGEST_NUMBER else highest + 1
        if not lowest <= value <= highest:
            raise self.wrong(f"{what} is out of range: {shown(text)}", f"{lowest} to {highest}")
        self.step()
        return value

    # ------------------------------------------------------------------------------------------------- telling

    @property
    def place(self) -> Place:
        """Where the next token stands."""
        return self.lines.place(self.token.offset)

    def found(self) -> str:
        """Return what is next, as an error says it."""
        return "the script ends" if self.token.kind == "end" else f"found {shown(self.token.text)}"

    def unexpected(self, expected: str, known: Iterable[str] = ()) -> ScriptError:
        """Return the error that the next token is; the nearest of the known words is named if there is one."""
        near = nearest_word(self.token.text, known) if known and self.token.kind in {"word", "option"} else ""
        return self.wrong(self.found(), expected, near)

    def wrong(self, wrong: str, expected: str = "", nearest: str = "") -> ScriptError:
        """Return an error at the next token."""
        return ScriptError(self.place, wrong, expected, nearest)

    def deeper(self) -> None:
        """Go one level down into an argument; the caller takes one off `depth` when it comes back."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"the argument is nested deeper than {DEEPEST}")
