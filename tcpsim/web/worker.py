"""A process that carries out experiments one after the other, each within a time limit.

Rule 1. Who is not done in time is killed, and the next one begins in a new process: no request can hang the server.
Rule 2. So many may wait, and no more; the next one is told at once.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

TIME_LIMIT: Final = 10.0
"""Seconds of the wall clock for one experiment."""
START_LIMIT: Final = 60.0
"""Seconds for a new process to be ready."""
MAX_WAITING: Final = 8


class Busy(Exception):
    """Too many experiments wait already."""


class TooLong(Exception):
    """The experiment was not done in time, or its process died."""


class Worker:
    """Carries out `job(*arguments)` in a process of its own; the job is named by module level.

    Attributes:
        time_limit: seconds for one job.
        max_waiting: how many may be under way or wait.
    """

    def __init__(self, job: Callable[..., Any], time_limit: float = TIME_LIMIT, max_waiting: int = MAX_WAITING) -> None:
        self.time_limit = time_limit
        self._job = job
        self._places = threading.BoundedSemaphore(max_waiting)
        self._turn = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def ask(self, *arguments: object) -> Any:
        """Return what the job returns; Busy if too many wait, TooLong if it is not done in time."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            with self._turn:
                return self._asked(arguments)
        finally:
            self._places.release()

    def _asked(self, arguments: tuple[object, ...]) -> Any:
        try:
            pipe = self._ready()
            pipe.send(arguments)
            if pipe.poll(self.time_limit):
                return pipe.recv()
        except (OSError, EOFError):
            pass  # it died; whoever asked is told, and the next one gets another
        self.stop()
        raise TooLong

    def _ready(self) -> Connection:
        if self._pipe is not None and self._process is not None and self._process.is_alive():
            return self._pipe
        context = multiprocessing.get_context("spawn")  # the server has threads, which a fork would copy half
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._job), daemon=True)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(START_LIMIT):
            raise EOFError
        self._pipe.recv()
        return self._pipe

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _work(pipe: Connection, job: Callable[..., Any]) -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends us
    pipe.send("ready")
    while True:
        try:
            arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(job(*arguments))
        except Exception as error:  # told to the browser as what it is
            pipe.send({"bug": f"{type(error).__name__}: {error}"[:300]})
