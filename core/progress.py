"""How far work is: said by whoever works, shown by whoever waits. Needs nothing, loads at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A report of running work; `total` is None where the end is not known."""

    stage: str
    done: int
    total: int | None
    per_second: float = 0.0


OnProgress = Callable[[Progress], None]
"""Called as work goes on, at most every frame; raises `Cancelled` to stop it."""


def silent(progress: Progress) -> None:
    """Take a report and do nothing."""
