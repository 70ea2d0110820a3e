"""A call of a process: it ends at once, or waits in virtual time.

Rule 1. A call that may wait is a generator. It yields a Wait, is resumed when one of the files has changed or
        the time is over (and told which), looks again, and returns its result or raises Failed.
Rule 2. Calls that wait for the same file are resumed in the order in which they began to wait.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from ...tcp.units import NEVER
from .errnos import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...tcp.units import Time
    from ..agenda import Agenda
    from .files import OpenFile


class Wait:
    """What a call waits for: a change of one of some files, at the latest until a time (NEVER for no limit)."""

    __slots__ = ("files", "until")

    def __init__(self, files: Sequence[OpenFile], until: Time = NEVER) -> None:
        self.files = files
        self.until = until


Result = int | tuple[int, Any]
"""What a call returns; with what it gives back besides."""
Steps = Generator[Wait, bool | None, Result]
"""A call that may wait: it is told, each time, whether the time is over."""


class Syscall:
    """One call and what came of it.

    Attributes:
        name, arguments: the call.
        began_at: when it was made (nanoseconds of virtual time).
        done: whether it has ended.
        result: what it returned: -1 after an error.
        errno: the name of the error, or None.
        value: what it gives back besides: data, an address, the value of an option, events; else None.
        ended_at: when it ended, or None.
        not_modelled: what was asked for that kernels have and tcpsim has not, or "".
        on_done: called with the call when it ends, if it did not end at once.
    """

    __slots__ = (
        "_agenda", "_deadline", "_files", "_steps", "arguments", "began_at", "done", "ended_at", "errno", "name",
        "not_modelled", "on_done", "result", "value",
    )  # fmt: skip

    def __init__(self, agenda: Agenda, name: str, arguments: tuple[Any, ...]) -> None:
        self.name = name
        self.arguments = arguments
        self.began_at: Time = agenda.now
        self.done = False
        self.result = 0
        self.errno: str | None = None
        self.value: Any = None
        self.ended_at: Time | None = None
        self.not_modelled = ""
        self.on_done: Callable[[Syscall], None] | None = None
        self._agenda = agenda
        self._steps: Steps | None = None
        self._files: Sequence[OpenFile] = ()
        self._deadline: Time = NEVER

    def begin(self, handler: Callable[..., Result | Steps], *arguments: Any, **options: Any) -> None:
        """Make the call; it has ended after this, or waits."""
        try:
            outcome = handler(*arguments, **options)
        except Failed as failed:
            self._fail(failed)
            return
        if isinstance(outcome, Generator):
            self._steps = outcome
            self._go_on(None)
        else:
            self._end(outcome)

    def look_again(self) -> None:
        """One of the files that the call waits for has changed."""
        self._go_on(False)

    def waits_for(self, file: OpenFile) -> bool:
        """Return whether a change of the file may end the call."""
        return not self.done and file in self._files

    def alarmed(self, when: Time) -> bool:
        """Return whether an entry of the agenda for `when` is this call's time limit, still in force."""
        return not self.done and when == self._deadline

    def _go_on(self, timed_out: bool | None) -> None:
        steps = self._steps
        assert steps is not None
        for file in self._files:
            if self in file.waiting:
                file.waiting.remove(self)
        self._files = ()
        try:
            wait = steps.send(timed_out)
        except StopIteration as end:
            self._end(end.value)
        except Failed as failed:
            self._fail(failed)
        else:
            self._park(wait)

    def _park(self, wait: Wait) -> None:
        self._files = wait.files
        for file in wait.files:
            if self not in file.waiting:
                file.waiting.append(self)
        if wait.until != self._deadline:
            self._deadline = wait.until
            if wait.until < NEVER:
                self._agenda.enter(wait.until, self._ring)

    def _ring(self, now: Time, _: Any) -> None:
        if self.alarmed(now):
            self._go_on(True)

    def _fail(self, failed: Failed) -> None:
        self.errno = failed.errno
        self.not_modelled = failed.not_modelled
        self._end(-1)

    def _end(self, result: Result) -> None:
        self.result, self.value = result if isinstance(result, tuple) else (result, None)
        self.done = True
        self.ended_at = self._agenda.now
        if self.on_done is not None:
            self.on_done(self)

    def __repr__(self) -> str:
        words = ", ".join(repr(argument) for argument in self.arguments)
        outcome = f"{self.result}{f' {self.errno}' if self.errno else ''}" if self.done else "..."
        return f"<{self.name}({words}) = {outcome}>"
