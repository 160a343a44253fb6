"""How long Blender's window does not answer, and how much of that is the extension's."""

import time
from contextlib import contextmanager

import bpy

LATENCY_TICK_S = 0.005


class Latency:
    """The gaps between the calls of a fast timer: how long Blender's window did not answer."""

    def __init__(self):
        self.gaps_s: list[float] = []
        self._last = None

    @property
    def worst_s(self) -> float:
        return max(self.gaps_s, default=0.0)

    def share_within(self, limit_s: float) -> float:
        """Return the share of the time that was spent in gaps up to a limit."""
        return sum(gap for gap in self.gaps_s if gap <= limit_s) / max(sum(self.gaps_s), 1e-9)

    def tick(self) -> float:
        now = time.perf_counter()
        if self._last is not None:
            self.gaps_s.append(now - self._last)
        self._last = now
        return LATENCY_TICK_S


class Calls:
    """How long each call of a method took."""

    def __init__(self):
        self.durations_s: list[float] = []

    @property
    def worst_s(self) -> float:
        return max(self.durations_s, default=0.0)


@contextmanager
def latency():
    """Measure how long Blender's window does not answer while the block runs."""
    measured = Latency()
    tick = measured.tick  # each look-up makes a new method, which could not be taken away
    bpy.app.timers.register(tick, persistent=True)
    try:
        yield measured
    finally:
        bpy.app.timers.unregister(tick)


@contextmanager
def timed(owner: type, name: str):
    """Measure the calls that Blender makes of a class's method, such as an operator's modal.

    On software GL a redraw of the sidebar alone takes 40 to 60 ms, and one of the 3D view 150
    to 300: `latency` says how the window is, this says how much of it is the extension's.
    """
    calls, inner = Calls(), getattr(owner, name)
    is_own = name in vars(owner)

    def measured(*arguments):
        started = time.perf_counter()
        try:
            return inner(*arguments)
        finally:
            calls.durations_s.append(time.perf_counter() - started)

    # Blender counts the arguments in a method's code, and passes as many.
    def with_context(self, context):
        return measured(self, context)

    def with_event(self, context, event):
        return measured(self, context, event)

    setattr(owner, name, with_event if inner.__code__.co_argcount == 3 else with_context)
    try:
        yield calls
    finally:
        if is_own:
            setattr(owner, name, inner)
        else:
            delattr(owner, name)
