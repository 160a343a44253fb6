"""Positions over time in, blendshapes and uniform samples out."""

from .blendshapes import blendshapes_from_positions, neutral_face, positions_from_blendshapes
from .resample import UniformSamples, resample_uniform

__all__ = [
    "UniformSamples",
    "blendshapes_from_positions",
    "neutral_face",
    "positions_from_blendshapes",
    "resample_uniform",
]
