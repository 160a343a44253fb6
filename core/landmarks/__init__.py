"""Crops in, landmarks out."""

from .engines import ENGINES, engine_spec, open_engine
from .estimator import LandmarkEstimator
from .topology import CONTOURS

__all__ = ["CONTOURS", "ENGINES", "LandmarkEstimator", "engine_spec", "open_engine"]
