"""Ctrl-C as a request: the first asks the running work to stop, the second insists."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

from ..errors import Cancelled


class Interruption:
    """Listens for Ctrl-C as long as it is entered."""

    def __init__(self) -> None:
        self._is_asked = False
        self._is_listening = False

    def check(self) -> None:
        """Stop the work if that was asked for.

        Raises
        ------
        Cancelled
            Ctrl-C was pressed since the work began.
        """
        if self._is_asked:
            raise Cancelled("Interrupted.")

    def __enter__(self) -> Interruption:
        # Only the main thread may listen; any other (inside Blender) has its own ways to stop.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)
            self._is_listening = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_listening:
            # None: a handler that was not set from Python, as in Blender.
            signal.signal(signal.SIGINT, self._before or signal.SIG_DFL)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        """Note the first request; end at once on the second."""
        if self._is_asked:
            raise KeyboardInterrupt
        self._is_asked = True
