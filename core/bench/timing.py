"""How fast something runs, what it costs the processor, and how much memory it takes at most."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rate:
    """Cost of a run of equal steps.

    `start_s` is the time to the end of the first step, which pays for loading; `per_second` and
    `cpu_ms` (all threads, a step) leave it out. Both are 0 below two steps.
    """

    n_steps: int
    start_s: float
    per_second: float
    cpu_ms: float


class StepClock:
    """Times steps as they are done; `tick` after each, `rate` at the end."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._first = (self._began, 0.0)
        self._count = 0

    def tick(self) -> None:
        """Note that a step is done."""
        if self._count == 0:
            self._first = (time.perf_counter(), time.process_time())
        self._count += 1

    def rate(self) -> Rate:
        """Return the rate until now: what came after the last step counts, too."""
        seconds = time.perf_counter() - self._first[0]
        cpu_s = time.process_time() - self._first[1]
        start_s = self._first[0] - self._began
        if self._count < 2:
            return Rate(self._count, start_s, 0.0, 0.0)
        n_timed = self._count - 1
        return Rate(self._count, start_s, n_timed / max(seconds, 1e-9), 1000.0 * cpu_s / n_timed)


def measure_rate(steps: Iterable[object]) -> Rate:
    """Run steps to their end and time them; each item is one step, done when it comes."""
    clock = StepClock()
    for _ in steps:
        clock.tick()
    return clock.rate()


def peak_memory_bytes() -> int | None:
    """Return the largest resident size of this process so far; None where that cannot be known."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not `getrusage`: under Linux a new process begins with the peak of the one that made it.
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
