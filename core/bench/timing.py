"""How fast something runs, what it costs the processor, and how much memory it takes at most."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rate:
    """Cost of a run of equal steps, from before the first to after the last, loading included.

    `start_s` is the time to the end of the first step; `cpu_ms` counts all threads, a step. All but
    it are 0 without a step.
    """

    n_steps: int
    start_s: float
    per_second: float
    cpu_ms: float


class StepClock:
    """Times steps: `tick` as each is done, `rate` at the end.

    Nothing is left out. Who holds results back until later ones are known, as a capture of the
    quality `best` does, has done much of its work by the first step: a rate from there on would
    flatter it.
    """

    def __init__(self) -> None:
        self._began = (time.perf_counter(), time.process_time())
        self._first = self._began[0]
        self._count = 0

    def tick(self) -> None:
        """Note that a step is done."""
        if self._count == 0:
            self._first = time.perf_counter()
        self._count += 1

    def rate(self, *, n_steps: int | None = None) -> Rate:
        """Return the rate until now.

        Parameters
        ----------
        n_steps : how many there were, where not each was told
        """
        seconds = time.perf_counter() - self._began[0]
        cpu_s = time.process_time() - self._began[1]
        count = self._count if n_steps is None else n_steps
        if count < 1:
            return Rate(0, 0.0, 0.0, 0.0)
        start_s = self._first - self._began[0]
        return Rate(count, start_s, count / max(seconds, 1e-9), 1000.0 * cpu_s / count)


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
