"""`#ifdef NAME`, `#ifndef NAME`, `#else`, `#endif`: which lines of a script hold.

Rule 1. What doesn't hold becomes blanks, so that each character that stays keeps its line and column.
Rule 2. A directive counts anywhere outside comments, strings, shell lines and code. In a part that doesn't hold
        only directives are looked for, whatever stands around them, as nplab's packetdrill does.
Rule 3. A name is defined if it is among the predefined ones or given by `--define` or `-D`, in the script so far or
        by the caller. Neither dialect has `#define`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from .places import ScriptError, nearest_word, shown

if TYPE_CHECKING:
    from collections.abc import Collection

    from .tokens import Lines

DIRECTIVES: Final = ("ifdef", "ifndef", "else", "endif")
DEEPEST: Final = 100
"""How many `#ifdef` may be open at once."""

_LIVE = re.compile(
    r"""
    " [^"\\]* (?: \\. [^"\\]* )* " | ` [^`\\]* (?: \\. [^`\\]* )* ` | %\{ .*? \}% | //[^\n]* | /\* .*? \*/
    | (?P<unclosed> " | ` | %\{ | /\* )
    | (?<! [\w-] ) (?: --define [ \t]* = [ \t]* | -D [ \t]* ) (?P<symbol> \w+ )
    | (?<! sequence ) (?P<hash> \# ) [ \t]* (?P<directive> \w* ) (?: [ \t]+ (?P<name> [A-Za-z_]\w* ) )?
    """,
    re.VERBOSE | re.DOTALL,
)
_DEAD = re.compile(r"(?P<hash>#)[ \t]*(?P<directive>ifdef|ifndef|else|endif)\b(?:[ \t]+(?P<name>[A-Za-z_]\w*))?")
_NOT_NEWLINE = re.compile(r"[^\n]")


class _Open(NamedTuple):
    """An `#ifdef` that waits for its `#endif`."""

    offset: int
    holds: bool
    outer_holds: bool
    has_else: bool = False


def preprocess(lines: Lines, defined: Collection[str]) -> str:
    """Return the text of a script with what doesn't hold made blank; as long as the text was.

    Args:
        lines: the script.
        defined: the names that are defined before the script begins.

    Raises:
        ScriptError: a directive is unknown, lacks its name, or doesn't pair.
    """
    if "#" not in lines.text:
        return lines.text
    return _Conditions(lines, defined).run()


class _Conditions:
    """One pass over a script."""

    def __init__(self, lines: Lines, defined: Collection[str]) -> None:
        self.lines = lines
        self.text = lines.text
        self.known = set(defined)
        self.open: list[_Open] = []
        self.kept: list[str] = []
        self.done = 0
        self.holds = True

    def run(self) -> str:
        at = 0
        while found := (_LIVE if self.holds else _DEAD).search(self.text, at):
            at = found.end()
            if found["hash"]:
                at = self._directive(found)
            elif found["symbol"]:
                self.known.add(found["symbol"])
            elif found["unclosed"]:
                break  # the scanner tells of it
        else:
            self._all_closed()
        self._keep_up_to(len(self.text))
        return "".join(self.kept)

    def _all_closed(self) -> None:
        if self.open:
            raise self._wrong(self.open[-1].offset, "this condition is never closed", "#endif")

    def _directive(self, found: re.Match[str]) -> int:
        """Obey one directive; return where the text goes on."""
        word, name, offset = found["directive"], found["name"], found.start()
        if word not in DIRECTIVES:
            expected = "--define=NAME=value at the head" if word == "define" else "#ifdef, #ifndef, #else or #endif"
            raise ScriptError(
                self.lines.place(offset), f"found {shown('#' + word)}", expected, nearest_word(word, DIRECTIVES)
            )
        end = found.end() if word in {"ifdef", "ifndef"} else found.end("directive")
        self._keep_up_to(offset)
        self._blank_up_to(end)
        if word in {"ifdef", "ifndef"}:
            self._open_one(offset, word, name)
        elif not self.open:
            raise self._wrong(offset, f"found #{word} without an #ifdef before it")
        elif word == "else":
            self._turn(offset)
        else:
            self.holds = self.open.pop().outer_holds
        return end

    def _open_one(self, offset: int, word: str, name: str | None) -> None:
        if not name:
            raise self._wrong(offset, f"found #{word} without a name", "a name on the same line")
        if len(self.open) == DEEPEST:
            raise self._wrong(offset, f"conditions are nested deeper than {DEEPEST}")
        holds = self.holds and (name in self.known) == (word == "ifdef")
        self.open.append(_Open(offset, holds, self.holds))
        self.holds = holds

    def _turn(self, offset: int) -> None:
        last = self.open[-1]
        if last.has_else:
            raise self._wrong(offset, "found a second #else", "#endif")
        self.holds = last.outer_holds and not last.holds
        self.open[-1] = last._replace(has_else=True)

    def _keep_up_to(self, offset: int) -> None:
        if self.holds:
            self.kept.append(self.text[self.done : offset])
            self.done = offset
        else:
            self._blank_up_to(offset)

    def _blank_up_to(self, offset: int) -> None:
        self.kept.append(_NOT_NEWLINE.sub(" ", self.text[self.done : offset]))
        self.done = offset

    def _wrong(self, offset: int, wrong: str, expected: str = "") -> ScriptError:
        return ScriptError(self.lines.place(offset), wrong, expected)
