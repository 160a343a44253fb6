"""Numbers as an artist reads them."""

from __future__ import annotations

import math


def rate_text(rate_hz: float) -> str:
    """Say a rate: 25 fps, 29.97 fps."""
    return f"{rate_hz:.2f}".rstrip("0").rstrip(".") + " fps"


def duration_text(seconds: float) -> str:
    """Say how long something is: 6.0 s, 1:30."""
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    return clock_text(seconds)


def clock_text(seconds: float) -> str:
    """Say a time as 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent_text(value: float) -> str:
    """Say a share of the distance between the eyes; a dash where it cannot be told."""
    return "–" if math.isnan(value) else f"{value:.2f} %"


def count_text(count: int, word: str) -> str:
    """Say a count with its word: 1 frame, 2 frames."""
    return f"1 {word}" if count == 1 else f"{count:,} {word}s"
