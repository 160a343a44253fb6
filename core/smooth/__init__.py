"""Samples over time in, calm samples over time out."""

from .gaps import fill_gaps, runs_of_presence
from .one_euro import OneEuroFilter, smooth_causally
from .quickness import quickness_around
from .zero_lag import smooth_without_lag

__all__ = [
    "OneEuroFilter",
    "fill_gaps",
    "quickness_around",
    "runs_of_presence",
    "smooth_causally",
    "smooth_without_lag",
]
