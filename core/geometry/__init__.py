"""Landmarks in, head pose and head-space points out."""

from .canonical_face import CanonicalFace, load_canonical_face
from .irises import Eye, scaled_by_irises
from .map_face import (
    Interpolation,
    MapFace,
    canonical_face_of,
    in_facemesh_order,
    interpolation_to,
    is_of_map,
    load_map_face,
    mirrored_map,
    roll_of_landmarks,
)
from .metric_face import image_from_geometry, solve_geometry
from .position_map import vertices_from_map
from .prnet import REGION_SCALE, PositionMapNet, landmarks_from_map
from .take_geometry import TakeFace, solve_take
from .visibility import visible_points

__all__ = [
    "REGION_SCALE",
    "CanonicalFace",
    "Eye",
    "Interpolation",
    "MapFace",
    "PositionMapNet",
    "TakeFace",
    "canonical_face_of",
    "image_from_geometry",
    "in_facemesh_order",
    "interpolation_to",
    "is_of_map",
    "landmarks_from_map",
    "load_canonical_face",
    "load_map_face",
    "mirrored_map",
    "roll_of_landmarks",
    "scaled_by_irises",
    "solve_geometry",
    "solve_take",
    "vertices_from_map",
    "visible_points",
]
