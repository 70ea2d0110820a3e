"""What an explained run adds to a trace's file: checks and changes, as JSON and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..tcp.checks import OURS, PLAIN, THEIRS, Check, Value
from ..tcp.rules import CATALOGUE, Rule
from .values import Unexpected, list_of, truth, whole, word

if TYPE_CHECKING:
    from ..tcp.variables import Amount, Change

_MOST: Final = 1 << 63
_amount = whole(-_MOST, _MOST)


def write_checks(checks: tuple[Check, ...]) -> list[dict[str, object]]:
    """Return checks as JSON has them."""
    return [_write(check) for check in checks]


def _write(check: Check) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": check.name, "cite": check.cite, "question": check.question, "values": check.values,
        "answer": check.answer, "passed": check.passed, "decided": check.decided,
    }  # fmt: skip
    if check.why is not None:
        entry["why"] = check.why.id
    return entry


def _check(value: object) -> Check:
    match value:
        case {"name": name, "cite": cite, "question": question, "values": values, "answer": answer, "passed": passed,
              "decided": decided, **rest} if not rest.keys() - {"why"}:  # fmt: skip
            asked = None if answer is None else truth(answer)
            why = _rule(word(rest["why"]), word(cite)) if rest else None
            told = list_of(_value)(values)
            return Check(word(name), word(cite), word(question), told, asked, truth(passed), truth(decided), why)
    raise Unexpected('a check, {"name": ..., "cite": ..., "question": ..., ...}')


def _rule(id: str, cite: str) -> Rule:
    """Return the rule, or, of one that this version does not have, what a check tells of it."""
    if id in CATALOGUE:
        return CATALOGUE[id]
    rfc, _, section = cite.removeprefix("RFC ").partition(" ")
    return Rule(id, f"RFC {rfc}", section, "", "A rule that this version of tcpsim does not have.")


def _value(value: object) -> Value:
    match value:
        case [str(name), number, ("" | "iss" | "irs") as base]:
            return name, _amount(number), {"iss": OURS, "irs": THEIRS}.get(base, PLAIN)
    raise Unexpected('[variable, number, "iss" or "irs" or ""]')


def _change(value: object) -> Change:
    match value:
        case [str(name), before, after]:
            return name, _one(before), _one(after)
    raise Unexpected("[variable, before, after]")


def _one(value: object) -> Amount:
    return value if value is None or isinstance(value, (bool, str)) else _amount(value)


checks = list_of(_check)
"""Read a list of checks."""
changes = list_of(_change)
"""Read a list of changes."""
