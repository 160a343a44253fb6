"""Which points of a face stay where they are on the head, whatever the face does."""

from __future__ import annotations

import numpy as np

from ..arrays import Float64Array, FloatArray, IndexArray
from ..geometry import Eye, canonical_face_of, is_of_map, load_map_face
from ..landmarks.topology import (
    INNER_LIPS,
    LEFT_BROW,
    LEFT_EYE,
    LEFT_IRIS,
    OUTER_LIPS,
    RIGHT_BROW,
    RIGHT_EYE,
    RIGHT_IRIS,
    quick_landmarks,
)

_N_MESH = 468
IRIS_CENTRES = (468, 473)
N_WITH_IRISES = 478
_EYE_CORNERS = (33, 133, 263, 362)
_LIPS_REACH_M, _LIDS_REACH_M, _BROWS_REACH_M = 0.015, 0.008, 0.010
_JAW_TOP_M, _JAW_DEPTH_M = -0.02, 0.03
"""Head-space heights between which the upper jaw, which is the head, gives way to the lower."""
_LEAST = 0.2


def is_known_mesh(n_points: int) -> bool:
    """Say whether it is known which points of a mesh are firm, by the number of its points."""
    return n_points in (_N_MESH, N_WITH_IRISES) or is_of_map(n_points)


def firmness_of_mesh(n_points: int) -> Float64Array:
    """Return how firm each point of an engine's mesh is: (n_points,); see `firmness_of_points`."""
    neutral_m = canonical_face_of(n_points).topology.neutral_m
    if not is_of_map(n_points):
        return firmness_of_points(neutral_m)
    return _firmness(neutral_m.astype(np.float64), load_map_face(n_points).facemesh_m)


def quick_points(n_points: int) -> IndexArray:
    """Return the points of an engine's mesh on lids, lips and irises: shape (n,)."""
    if not is_of_map(n_points):
        return quick_landmarks(n_points)
    topology = canonical_face_of(n_points).topology
    vertices = topology.facemesh_vertex[quick_landmarks(_N_MESH)]
    return np.asarray(np.unique(vertices), np.int32)


def firmness_of_points(neutral_m: FloatArray) -> Float64Array:
    """Return how firm each point of FaceMesh's mesh is.

    Parameters
    ----------
    neutral_m : shape (n_landmarks, 3), metres, head space: the canonical face, of 468 points or of
        478, the last ten irises

    Returns
    -------
    shape (n_landmarks,), 0 to 1
        Low around lips, lids and brows, and on the lower jaw; 0 for irises.
    """
    points = neutral_m.astype(np.float64)
    firmness = _firmness(points, points)
    for eye in eyes_of_mesh(len(points)):
        firmness[list(eye.iris)] = 0.0
    return firmness


def _firmness(points: Float64Array, marks: FloatArray) -> Float64Array:
    """Return how firm points are, by where FaceMesh's landmarks lie among them."""
    lids = tuple(set(RIGHT_EYE + LEFT_EYE) - set(_EYE_CORNERS))
    soft = np.maximum.reduce(
        [
            _nearness(points, marks[list(OUTER_LIPS + INNER_LIPS)], reach_m=_LIPS_REACH_M),
            _nearness(points, marks[list(lids)], reach_m=_LIDS_REACH_M),
            0.7 * _nearness(points, marks[list(RIGHT_BROW + LEFT_BROW)], reach_m=_BROWS_REACH_M),
        ]
    )
    on_jaw = np.clip((_JAW_TOP_M - points[:, 1]) / _JAW_DEPTH_M, 0.0, 1.0)
    firmness = np.sqrt((1.0 - 0.95 * soft) * (1.0 - 0.8 * on_jaw))
    return np.asarray(np.maximum(firmness, _LEAST), np.float64)


def eyes_of_mesh(n_landmarks: int) -> tuple[Eye, ...]:
    """Return the eyes of a mesh that has irises; none of one that has not."""
    if n_landmarks != N_WITH_IRISES:
        return ()
    right, left = IRIS_CENTRES
    return (Eye(RIGHT_EYE, (right, *RIGHT_IRIS)), Eye(LEFT_EYE, (left, *LEFT_IRIS)))


def _nearness(points: Float64Array, some: FloatArray, *, reach_m: float) -> Float64Array:
    """Return how near each point is to the nearest of some: 1 there, 0 far away."""
    distance_m = np.linalg.norm(points[:, None] - some, axis=-1).min(axis=1)
    return np.asarray(np.exp(-((distance_m / reach_m) ** 2)), np.float64)
