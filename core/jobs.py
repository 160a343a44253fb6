"""Runs a task on a thread of its own; what it says comes back as messages.

Whoever starts a job asks for its messages now and then, from any thread: the task itself never
touches what its owner shows.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import Cancelled
from .progress import OnProgress, Progress

NICENESS = 5
"""How much a job's threads give way to a window's: two cores are soon all taken."""

Task = Callable[[OnProgress], Any]
"""Does the work; calls what it is given as it goes on, which raises `Cancelled` to stop it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The task is done; `result` is what it returned."""

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The task raised something: a `MienError`, or, where that is none, a bug."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Stopped:
    """The task was asked to stop, and did."""

    error: Cancelled


Message = Progress | Finished | Failed | Stopped


class Job:
    """One task. `start` it on a thread and ask for its `messages`, or `run` it here and now."""

    def __init__(self, task: Task, *, name: str = "mien-job") -> None:
        self._task = task
        self._name = name
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_stopping(self) -> bool:
        """Whether someone asked to stop."""
        return self._is_stopping.is_set()

    def start(self) -> None:
        """Begin on a thread; it does not keep the program from ending."""
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._thread.start()

    def run(self, on_progress: OnProgress) -> Any:
        """Do the task on this very thread, and return its result or raise its error."""

        def report(progress: Progress) -> None:
            self.check()
            on_progress(progress)

        return self._task(report)

    def stop(self) -> None:
        """Ask the task to stop: it does at its next report, or check."""
        self._is_stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; return whether it has ended."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self.is_running

    def messages(self) -> Iterator[Message]:
        """Yield what has come since the last time, without waiting.

        Of progress only the latest report counts; the last message of all is `Finished`, `Failed`
        or `Stopped`.
        """
        latest: Progress | None = None
        while True:
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                break
            if isinstance(message, Progress):
                latest = message
                continue
            if latest is not None:
                yield latest
            yield message
            return
        if latest is not None:
            yield latest

    def check(self) -> None:
        """Raise `Cancelled` if someone asked to stop."""
        if self._is_stopping.is_set():
            raise Cancelled("Stopped.")

    def _report(self, progress: Progress) -> None:
        """Take a report of the task."""
        self.check()
        self._messages.put(progress)

    def _work(self) -> None:
        """Do the task; every end of it is a message, a bug too: its owner shows that."""
        _give_way()
        try:
            last: Message = Finished(self._task(self._report))
        except Cancelled as error:
            last = Stopped(error)
        except BaseException as error:
            last = Failed(error)
        self._messages.put(last)


def _give_way() -> None:
    """Let this thread, and those that it starts, run behind others where cores are short.

    Linux alone gives each thread a priority of its own by this call, and its children inherit it.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        # Never up again: a Blender that was started with a low priority keeps it.
        niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
        os.setpriority(os.PRIO_PROCESS, thread, niceness)
