"""Positions or landmarks over time in, blendshapes, weights and uniform samples out."""

from .blendshape_network import BLENDSHAPE_NAMES, weights_from_landmarks
from .blendshape_network import N_LANDMARKS as N_LANDMARKS_READ
from .blendshapes import blendshapes_from_positions, neutral_face, positions_from_blendshapes
from .resample import UniformSamples, resample_uniform

__all__ = [
    "BLENDSHAPE_NAMES",
    "N_LANDMARKS_READ",
    "UniformSamples",
    "blendshapes_from_positions",
    "neutral_face",
    "positions_from_blendshapes",
    "resample_uniform",
    "weights_from_landmarks",
]
