"""Landmarks in, head pose and head-space points out."""

from .canonical_face import CanonicalFace, load_canonical_face
from .metric_face import image_from_geometry, solve_geometry

__all__ = ["CanonicalFace", "image_from_geometry", "load_canonical_face", "solve_geometry"]
