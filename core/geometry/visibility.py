"""Which points of a face the camera sees: those that look toward it, and have no skin before them.

References
----------
Y. Feng et al., "Joint 3D Face Reconstruction and Dense Alignment with Position Map Regression
Network", ECCV 2018, offers the same by a z-buffer of triangles. Here the buffer is of the points
themselves: cells are a little wider than the mesh, so that no cell between points is empty.
"""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, Float64Array, FloatArray, IndexArray, check_shape

CELL_IN_EDGES = 1.5
"""Side of a cell of the depth buffer, in lengths of the mesh's median edge as seen."""
BEHIND = 0.06
"""What lies this far behind what is in front of it, in widths of the face, is hidden."""
MAX_SLOPE = 3.0
"""Skin seldom rises more steeply than this; what lies yet deeper in its cell is behind it."""
_MAX_CELLS = 256


def visible_points(points_px: FloatArray, triangles: IndexArray) -> BoolArray:
    """Say which points of a face are seen in each frame.

    Parameters
    ----------
    points_px : shape (n_frames, n_points, 3), pixels, image space, NaN where lost
    triangles : shape (n_triangles, 3), counter-clockwise seen from outside

    Returns
    -------
    shape (n_frames, n_points)
        False in frames where the face was lost.
    """
    check_shape("points_px", points_px, ("n_frames", "n_points", 3))
    check_shape("triangles", triangles, ("n_triangles", 3))
    seen = np.zeros(points_px.shape[:2], np.bool_)
    for frame in np.flatnonzero(np.isfinite(points_px).all((1, 2))):
        points = points_px[frame].astype(np.float64)
        normals = _normals(points, triangles)
        # Image space has z away from the camera: what faces it has a normal of negative z.
        is_behind = _is_behind(points, triangles, slope=_slope(normals))
        seen[frame] = (normals[:, 2] < 0.0) & ~is_behind
    return seen


def _normals(points: Float64Array, triangles: IndexArray) -> Float64Array:
    """Return normals of the points, not of length 1: (n_points, 3)."""
    corner = points[triangles]
    of_triangles = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normals = np.zeros_like(points)
    for column in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(
                triangles[:, column], of_triangles[:, axis], minlength=len(points)
            )
    return normals


def _slope(normals: Float64Array) -> Float64Array:
    """Return how fast depth changes across the image at each point: (n_points,)."""
    across = np.hypot(normals[:, 0], normals[:, 1])
    return np.asarray(np.minimum(across / np.maximum(np.abs(normals[:, 2]), 1e-12), MAX_SLOPE))


def _is_behind(points: Float64Array, triangles: IndexArray, *, slope: Float64Array) -> BoolArray:
    """Return which points have others well before them, more than skin rises there: (n_points,)."""
    flat = points[:, :2] - points[:, :2].min(axis=0)
    extent = float(flat.max())
    edges = np.linalg.norm(flat[triangles[:, 1]] - flat[triangles[:, 0]], axis=1)
    side = max(CELL_IN_EDGES * float(np.median(edges)), extent / _MAX_CELLS, 1e-9)
    column, row = (flat / side).astype(np.int32).T
    cell = row * (_MAX_CELLS + 1) + column
    front = np.full((_MAX_CELLS + 1) ** 2, np.inf)
    np.minimum.at(front, cell, points[:, 2])
    return np.asarray(points[:, 2] > front[cell] + BEHIND * extent + slope * side)
