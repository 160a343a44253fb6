"""Landmarks in, head pose and head-space points out."""

from .canonical_face import CanonicalFace, load_canonical_face
from .irises import Eye, scaled_by_irises
from .metric_face import image_from_geometry, solve_geometry
from .take_geometry import TakeFace, solve_take

__all__ = [
    "CanonicalFace",
    "Eye",
    "TakeFace",
    "image_from_geometry",
    "load_canonical_face",
    "scaled_by_irises",
    "solve_geometry",
    "solve_take",
]
