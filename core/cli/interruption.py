"""Ctrl-C as a request: the first asks the running work to stop, the second insists.

A terminal that closes and a scheduler that ends the program ask in the same way.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from ..errors import Cancelled

_ASKING = ("SIGINT", "SIGTERM", "SIGHUP")  # the last one not on Windows


class Interruption:
    """Listens for Ctrl-C as long as it is entered."""

    def __init__(self) -> None:
        self._asked: int | None = None  # the signal
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Stop the work if that was asked for.

        Raises
        ------
        Cancelled
            Ctrl-C was pressed since the work began.
        """
        if self._asked is not None:
            raise Cancelled("Interrupted.")

    def settle(self) -> None:
        """Take Ctrl-C as answered, by the end of what it was to end; other requests stay."""
        if self._asked == signal.SIGINT:
            self._asked = None

    def __enter__(self) -> Interruption:
        # Only the main thread may listen; any other (inside Blender) has its own ways to stop.
        if threading.current_thread() is not threading.main_thread():
            return self
        for name in _ASKING:
            number = getattr(signal, name, None)
            if number is not None and not _is_ignored(number):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            # None: a program around this Python listened, which nobody can restore from here.
            signal.signal(number, signal.SIG_DFL if before is None else before)
        self._before = {}

    def _ask(self, number: int, frame: FrameType | None) -> None:
        """Note the first request; end at once on the second."""
        if self._asked is not None:
            raise KeyboardInterrupt
        self._asked = number


def _is_ignored(number: signal.Signals) -> bool:
    """Say whether someone, such as `nohup`, has seen to it that a signal does nothing."""
    return number != signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN
