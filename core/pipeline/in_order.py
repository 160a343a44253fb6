"""Jobs on a thread beside, one after another, with their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class InOrder(Generic[T]):
    """Runs jobs beside the caller, who is held up by `done` while too many wait.

    A job's exception is raised in place of its result; what was handed over after it is forgotten.
    """

    def __init__(self, *, n_waiting: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._futures: deque[Future[T]] = deque()
        self._n_waiting = n_waiting

    def submit(self, job: Callable[[], T]) -> None:
        """Hand a job over."""
        self._futures.append(self._pool.submit(job))

    def done(self) -> Iterator[T]:
        """Yield results that are there, and wait for them while more than `n_waiting` are not."""
        while self._futures and (self._futures[0].done() or len(self._futures) > self._n_waiting):
            yield self._next()

    def rest(self) -> Iterator[T]:
        """Yield all results that are left, and wait for them."""
        while self._futures:
            yield self._next()

    def _next(self) -> T:
        try:
            return self._futures.popleft().result()
        except BaseException:
            self._futures.clear()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
