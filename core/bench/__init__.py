"""Footage with known truth in, speed, error and jitter out."""

from .bench import BenchPlan, BenchResult, run_bench, write_result
from .clip_file import write_clip
from .contact_sheet import contact_sheet
from .measure import TrackingScore, score_tracking
from .motion import MotionCurves, MotionSettings
from .moving_photograph import MovingPhotograph

__all__ = [
    "BenchPlan",
    "BenchResult",
    "MotionCurves",
    "MotionSettings",
    "MovingPhotograph",
    "TrackingScore",
    "contact_sheet",
    "run_bench",
    "score_tracking",
    "write_clip",
    "write_result",
]
