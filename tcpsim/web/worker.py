"""A process that carries out experiments one after the other, each within limits of time and memory.

Rule 1. Who is not done in time is killed, and the next one begins in a new process: no request can hang the server.
Rule 2. Who needs more memory than the limit is told so, and its process ends: no request can starve the machine.
Rule 3. So many may wait, and no more; the next one is told at once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

TIME_LIMIT: Final = 10.0
"""Seconds of the wall clock for one experiment."""
MEMORY_LIMIT: Final = 1 << 30
"""Octets of address space for the process; a fourth of it is taken by the libraries that draw."""
START_LIMIT: Final = 60.0
"""Seconds for a new process to be ready."""
MAX_WAITING: Final = 8
_NO_MEMORY: Final = "no memory"


class Busy(Exception):
    """Too many experiments wait already."""


class Stopped(Exception):
    """The experiment was not done, and its process has ended."""


class TooLong(Stopped):
    """The experiment was not done in time."""


class OutOfMemory(Stopped):
    """The experiment needed more memory than there is for it."""


class Worker:
    """Carries out `job(*arguments)` in a process of its own; the job is named by module level.

    Attributes:
        time_limit: seconds for one job.
        memory_limit: octets of address space for the process, where the system can limit that.
        max_waiting: how many may be under way or wait.
    """

    def __init__(
        self,
        job: Callable[..., Any],
        time_limit: float = TIME_LIMIT,
        max_waiting: int = MAX_WAITING,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        self.time_limit = time_limit
        self.memory_limit = memory_limit
        self._job = job
        self._places = threading.BoundedSemaphore(max_waiting)
        self._turn = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def ask(self, *arguments: object) -> Any:
        """Return what the job returns.

        Raises Busy if too many wait, TooLong if it is not done in time, OutOfMemory if it needs too much memory, and
        Stopped if its process dies of something else.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            with self._turn:
                return self._asked(arguments)
        finally:
            self._places.release()

    def _asked(self, arguments: tuple[object, ...]) -> Any:
        stopped: type[Stopped] = Stopped
        try:
            pipe = self._ready()
            pipe.send(arguments)
            if pipe.poll(self.time_limit):
                told = pipe.recv()
                if told != _NO_MEMORY:
                    return told
                stopped = OutOfMemory
            else:
                stopped = TooLong
        except (OSError, EOFError):
            pass  # it died; whoever asked is told, and the next one gets another
        self.stop()
        raise stopped

    def _ready(self) -> Connection:
        if self._pipe is not None and self._process is not None and self._process.is_alive():
            return self._pipe
        context = multiprocessing.get_context("spawn")  # the server has threads, which a fork would copy half
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._job, self.memory_limit), daemon=True)
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


def _work(pipe: Connection, job: Callable[..., Any], memory_limit: int) -> None:
    """Answer until nobody asks any more, or until there is no memory left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends us
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each of its threads takes address space for good
    _limit_memory(memory_limit)
    pipe.send("ready")
    while True:
        try:
            arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(job(*arguments))
        except MemoryError:
            pipe.send(_NO_MEMORY)
            return
        except Exception as error:  # told to the browser as what it is
            pipe.send({"bug": f"{type(error).__name__}: {error}"[:300]})


def _limit_memory(octets: int) -> None:
    """Let a request for more address space than this fail with MemoryError."""
    try:
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        bound = octets if most == resource.RLIM_INFINITY else min(octets, most)
        resource.setrlimit(resource.RLIMIT_AS, (bound, most))
    except (ImportError, OSError, ValueError):  # Windows has no such limit, and macOS refuses to set it
        return
