"""Crops in, landmarks out."""

from .engines import ENGINES, engine_spec, open_engine
from .estimator import LandmarkEstimator
from .several_crops import agreeing, mirrored_back
from .topology import CONTOURS

__all__ = [
    "CONTOURS",
    "ENGINES",
    "LandmarkEstimator",
    "agreeing",
    "engine_spec",
    "mirrored_back",
    "open_engine",
]
