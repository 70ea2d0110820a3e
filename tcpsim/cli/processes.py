"""Several tasks at a time, each in a process, and a bar on standard error while a person waits.

Rule 1. What came of the tasks is given in their order, in whichever order they ended.
Rule 2. Ctrl-C keeps what is known by then, and waits for no task. The processes do not hear it: whoever started them
        ends them.
Rule 3. The processes start before the bar does: a fork would leave its thread behind, and what that thread holds.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

MOST: Final = 64
"""So many processes may be asked for."""
_MOST_AT_ONCE: Final = 61
"""So many there are at the most: Windows can't wait for more."""


def carried_out(tasks: Sequence[Callable[[], T]], jobs: int | None, what: str) -> tuple[list[T], bool]:
    """Return what came of the tasks, and whether Ctrl-C left some of them out.

    There are `jobs` processes, or one for each core; with one, it is this one. `what` stands before the bar. With
    more, a task and what comes of it must be such as `pickle` takes.
    """
    workers = min(jobs or os.cpu_count() or 1, max(len(tasks), 1), _MOST_AT_ONCE)
    known: dict[int, T] = {}
    interrupted = False
    try:
        if workers == 1:
            with _progress(what, len(tasks)) as step:
                for number, task in enumerate(tasks):
                    known[number] = task()
                    step()
        else:
            _in_processes(tasks, workers, known, what)
    except KeyboardInterrupt:
        interrupted = True
    return [known[number] for number in sorted(known)], interrupted


def _in_processes(tasks: Sequence[Callable[[], T]], workers: int, known: dict[int, T], what: str) -> None:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import active_children

    others = active_children()
    pool = ProcessPoolExecutor(workers, initializer=_leave_ctrl_c_to_the_parent)
    try:
        waiting = {pool.submit(task): number for number, task in enumerate(tasks)}
        with _progress(what, len(tasks)) as step:
            for done in as_completed(waiting):
                known[waiting[done]] = done.result()
                step()
    except BaseException:
        for process in active_children():
            if process not in others:
                process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_ctrl_c_to_the_parent() -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _progress(what: str, of: int) -> Iterator[Callable[[], None]]:
    """Show how far it is, if a person sits there."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("", total=of)
        yield lambda: shown.advance(task)
