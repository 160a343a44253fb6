"""Makes the next batches on a thread while the network works on this one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType

from .batches import Batch

_AHEAD = 6


class Prefetch:
    """Calls a function of the step ahead of time; steps are asked for one after the other.

    An error in the function is raised where its batch is asked for.
    """

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self._make = make
        self._queue: queue.Queue[tuple[int, Batch | Exception]] = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, args=(step,), daemon=True)
            self._thread.start()
        found, batch = self._queue.get()
        if isinstance(batch, Exception):
            raise batch
        if found != step:
            raise ValueError(f"step must be {found}, the next one, got {step}")
        return batch

    def __enter__(self) -> Prefetch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            while self._thread.is_alive():
                # The thread may wait for room in the queue.
                try:
                    self._queue.get(timeout=0.05)
                except queue.Empty:
                    self._thread.join(timeout=0.05)

    def _work(self, step: int) -> None:
        """Make batch after batch; run on the thread."""
        while not self._stop.is_set():
            try:
                self._queue.put((step, self._make(step)))
            except Exception as error:  # told to who asks for the batch
                self._queue.put((step, error))
                return
            step += 1
