"""Crops in, landmarks out."""

from .engines import ENGINES, engine_spec, open_engine
from .estimator import LandmarkEstimator

__all__ = ["ENGINES", "LandmarkEstimator", "engine_spec", "open_engine"]
