"""A reader thread with a bounded queue, and the part that all sources have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from ..records import Footage, Frame

DEFAULT_QUEUE_SIZE = 8
MAX_QUEUE_BYTES = 128 * 2**20
"""Decoded frames that wait take no more than this, or one frame where it alone is larger."""
_JOIN_TIMEOUT_S = 5.0  # A dead network stream may hold its thread longer; it is left behind.

Produce = Callable[[threading.Event], Generator[Frame, None, None]]


class FrameStream:
    """Frames of a producer that runs ahead on a thread of its own.

    An exception of the producer is raised by `__next__` after the frames that came before it.

    Parameters
    ----------
    produce : makes the frames; called on the thread with an event that asks it to stop
    n_ahead : how many frames may wait
    is_live : a full queue drops its oldest frame instead of holding the producer up
    """

    def __init__(self, produce: Produce, *, n_ahead: int, is_live: bool = False) -> None:
        self._produce = produce
        self._n_ahead = n_ahead
        self._is_live = is_live
        self._frames: deque[Frame] = deque()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._is_done = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="mien-source", daemon=True)
        self._thread.start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Frame:
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._is_done or self._stop.is_set())
            if self._stop.is_set():
                raise StopIteration
            if self._frames:
                frame = self._frames.popleft()
                self._changed.notify_all()
                return frame
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            raise StopIteration

    def close(self) -> None:
        """Stop the thread and forget the frames that wait."""
        with self._changed:
            self._stop.set()
            self._frames.clear()
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            with closing(self._produce(self._stop)) as frames:
                for frame in frames:
                    if not self._put(frame):
                        break
        except BaseException as caught:  # carried over to the consumer, who raises it
            error = caught
        with self._changed:
            self._error = error
            self._is_done = True
            self._changed.notify_all()

    def _put(self, frame: Frame) -> bool:
        """Queue a frame; return False when nobody wants more."""
        with self._changed:
            if self._is_live and len(self._frames) >= self._n_ahead:
                self._frames.popleft()
            self._changed.wait_for(lambda: len(self._frames) < self._n_ahead or self._stop.is_set())
            if self._stop.is_set():
                return False
            self._frames.append(frame)
            self._changed.notify_all()
            return True


class StreamedSource(ABC):
    """A `FrameSource` but for `decode`, which yields the frames and runs on the reader thread."""

    is_live = False

    def __init__(
        self,
        footage: Footage,
        *,
        files: Sequence[Path] = (),
        queue_size: int = DEFAULT_QUEUE_SIZE,
    ) -> None:
        self._footage = footage
        self._files = tuple(files)
        self._queue_size = queue_size
        self._warnings: list[str] = []
        self._stream: FrameStream | None = None
        self._is_closed = False

    @property
    def footage(self) -> Footage:
        """What is known before the first frame is decoded."""
        return self._footage

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the frames are read from, in their order; none of live footage."""
        return self._files

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the artist; complete when `frames` has ended."""
        return tuple(self._warnings)

    def frames(self) -> Iterator[Frame]:
        """Yield the frames of the range; a new call begins anew and ends the one before."""
        if self._is_closed:
            raise ValueError("frames of a closed source")
        self._end_stream()
        self._warnings.clear()
        stream = FrameStream(self.decode, n_ahead=self._n_ahead(), is_live=self.is_live)
        self._stream = stream
        try:
            yield from stream
        finally:
            stream.close()

    def close(self) -> None:
        """End the reader; a second call does nothing."""
        self._is_closed = True
        self._end_stream()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def decode(self, stop: threading.Event) -> Generator[Frame, None, None]:
        """Yield the frames of the range, or fewer once `stop` is set."""

    def _end_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _n_ahead(self) -> int:
        """Return how many frames of this size may wait."""
        height, width = self._footage.size
        return max(1, min(self._queue_size, MAX_QUEUE_BYTES // (height * width * 3)))
