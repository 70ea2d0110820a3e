"""The reasons that stand in a ladder: rules of what was just told and, of an explained run, the check that decided.

Rule 1. A reason is given once where it is due, and not again right below itself.
Rule 2. A check that decided by numbers is told with them, in front of the rule that it brought about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..trace import Checked

if TYPE_CHECKING:
    from ..tcp.rules import Rule
    from ..trace import Trace
    from .scene import Arrow


class Reasons:
    """What was told since reasons were last given, and why.

    Arguments:
        trace: the run, for what its events were asked; None for rules only.
    """

    def __init__(self, trace: Trace | None) -> None:
        self._due: dict[str, str] = {}  # a rule's id, or the question itself: what to print
        self._given: frozenset[str] = frozenset()
        self._checked: dict[tuple[str, int], list[Checked]] = {}
        for record in trace.of_kind(Checked) if trace is not None else ():
            self._checked.setdefault((record.host, record.packet), []).append(record)

    def because(self, rule: Rule | None) -> None:
        """Note a rule, if there is one."""
        if rule is not None:
            self._due.setdefault(rule.id, f"{rule.sentence} ({rule.cite})")

    def arrived(self, arrow: Arrow, host: str) -> None:
        """Note by which check the end of an arrow was decided, at the host that it reaches."""
        told = self._checked.get((host, arrow.flight.packet))
        if not told or arrow.fate != "arrived":
            return
        record = told.pop(0)
        check = record.checks[-1]
        filled = check.filled(record.iss, record.irs)
        if not filled or not record.agreed:
            return
        question = check.question.rpartition(": ")[2]
        words = f"{'✓' if check.answer else '✗'} {question}: {filled}"
        if check.why is None:
            self._due[words] = f"{words} ({check.cite})"
        else:
            self._due[check.why.id] = f"{words}. {check.why.sentence} ({check.why.cite})"

    def take(self) -> list[str]:
        """Return what is to be given now: all that is due, but for what stands right above."""
        due, self._due = self._due, {}
        reasons = [text for key, text in due.items() if text not in self._given]
        self._given = frozenset(due.values())
        return reasons
