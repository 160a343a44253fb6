"""Footage with known truth in, speed, error and jitter out."""

from .bench import BenchResult, BenchRow, bench_clip
from .clip_file import write_clip
from .contact_sheet import contact_sheet
from .measure import TrackingScore, score_tracking
from .motion import MotionCurves, MotionSettings
from .moving_photograph import MovingPhotograph

__all__ = [
    "BenchResult",
    "BenchRow",
    "MotionCurves",
    "MotionSettings",
    "MovingPhotograph",
    "TrackingScore",
    "bench_clip",
    "contact_sheet",
    "score_tracking",
    "write_clip",
]
