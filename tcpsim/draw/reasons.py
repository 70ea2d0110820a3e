"""The reasons that stand in a ladder: rules of what was just told and, of an explained run, the check that decided.

Rule 1. A rule is given where it is due, but not again right below itself, nor again at the same instant.
Rule 2. A check that decided by numbers is told with them, in front of the rule that it brought about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..trace import Checked
from .words import UNBROKEN, clean

if TYPE_CHECKING:
    from ..tcp.rules import Rule
    from ..tcp.units import Time
    from ..trace import Trace
    from .scene import Arrow


class Reasons:
    """What was told since reasons were last given, and why.

    Arguments:
        trace: the run, for what its events were asked; None for rules only.
    """

    def __init__(self, trace: Trace | None) -> None:
        self._due: dict[str, str] = {}  # a rule's id, or the question itself: what to print
        self._given: set[str] = set()  # what was given last, and at the same instant
        self._given_at: Time | None = None
        self._told: set[str] = set()  # rules that stand behind the numbers of a check
        self._checked: dict[tuple[str, int], list[Checked]] = {}
        for record in trace.of_kind(Checked) if trace is not None else ():
            self._checked.setdefault((record.host, record.packet), []).append(record)

    def because(self, rule: Rule | None) -> None:
        """Note a rule, if there is one."""
        if rule is not None:
            self._due.setdefault(rule.id, f"{rule.sentence} ({rule.cite})")

    def arrived(self, arrow: Arrow, host: str) -> None:
        """Note by which check the end of an arrow was decided, at the host that it reaches."""
        told = self._checked.get((host, arrow.flight.packet), [])
        record = next((each for each in told if each.time == arrow.end[0] and each.agreed), None)
        if record is None or arrow.fate != "arrived":
            return
        check = record.checks[-1]
        filled = clean(check.filled(record.iss, record.irs))
        if not filled:
            return
        question = clean(check.question).rpartition(": ")[2]
        question, filled = question.partition(" or ")[0], filled.partition(" or ")[0]
        words = f"{'✓' if check.answer else '✗'} {question}: {filled.replace(' ', UNBROKEN)}"
        rule = check.why
        self._due[words] = f"{words} ({check.cite})" if rule is None else f"{words}. {rule.sentence} ({rule.cite})"
        if rule is not None:
            self._told.add(rule.id)

    def take(self, now: Time | None) -> list[str]:
        """Return what is to be given now: all that is due, but for what stands right above."""
        if not self._due:
            return []
        due, self._due = self._due, {}
        told, self._told = self._told, set()
        reasons = [text for key, text in due.items() if key not in self._given and key not in told]
        self._given = {*due, *told} | (self._given if now == self._given_at else set())
        self._given_at = now
        return reasons
