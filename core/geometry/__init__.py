"""Landmarks in, head pose and head-space points out."""

from .canonical_face import CanonicalFace, load_canonical_face
from .metric_face import solve_geometry

__all__ = ["CanonicalFace", "load_canonical_face", "solve_geometry"]
