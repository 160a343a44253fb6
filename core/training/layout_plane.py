"""Lays the closed surface on a square: every vertex a positive mix of its neighbours.

References
----------
M. Floater, "Mean value coordinates", CAGD 20(1), 2003: weights that are positive, so that no
triangle folds over. S. Yoshizawa, A. Belyaev and H.-P. Seidel, "A fast and simple
stretch-minimizing mesh parameterization", SMI 2004: dividing the weights by the stretch evens out
the areas.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from ..arrays import BoolArray, Float64Array, IndexArray
from ..errors import DegenerateError

_ROUNDS = 12
_STEP = 0.5
_LEAST_M = 1e-6
_SAME_M = 1e-5
_FOLDED = 1e-9
_MOST_UNEVEN = 1e6


def plane_from_surface(
    points_m: Float64Array,
    triangles: IndexArray,
    *,
    boundary: IndexArray,
    bounds: Float64Array,
    importance: Float64Array,
    is_skin: BoolArray,
) -> Float64Array:
    """Lay a surface on the square 0 … 1.

    Parameters
    ----------
    points_m : shape (n, 3), metres, head space; symmetric in x
    triangles : shape (m, 3)
    boundary : shape (b,), the vertices around
    bounds : shape (n, 2), −1 … 1: by their direction the boundary is laid on the square's
    importance : shape (m,), how much of the square a triangle should get for its area
    is_skin : shape (n,), which vertices belong to no patch over an eye or the mouth

    Returns
    -------
    shape (n, 2): u to the right of a picture of the face, v down

    Raises
    ------
    DegenerateError
        A triangle folds over.
    """
    around = bounds[boundary]
    around = around / np.abs(around).max(axis=1, keepdims=True)
    for corner in ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)):
        around[np.abs(around - corner).sum(axis=1).argmin()] = corner
    weights = _mean_value_weights(points_m, triangles)
    wanted = importance * _areas_3d(points_m, triangles)
    wanted /= wanted.sum()
    partner = _mirror_partners(points_m)
    # What has a mirror image and is no patch is held symmetric; the rest finds its place again.
    paired = np.flatnonzero((partner >= 0) & is_skin)
    held = np.union1d(paired, boundary).astype(np.int32)
    plane = np.zeros((len(points_m), 2))
    for turn in range(_ROUNDS):
        plane = _solved(weights, boundary=boundary, around=around)
        plane[paired] = 0.5 * (plane[paired] + plane[partner[paired]] * (-1.0, 1.0))
        plane = _solved(weights, boundary=held, around=plane[held])
        if turn < _ROUNDS - 1:
            weights = _evened(weights, plane, triangles, wanted=wanted)
    # Seen with v down, a triangle turns the other way than in space.
    n_folded = int((_signed_areas(plane, triangles) > _FOLDED).sum())
    if n_folded:
        raise DegenerateError(f"{n_folded} triangles of the layout fold over")
    return 0.5 + 0.5 * plane


def _mean_value_weights(points: Float64Array, triangles: IndexArray) -> sparse.csr_matrix:
    """Return Floater's weights of each vertex's neighbours, shape (n, n)."""
    n = len(points)
    rows, columns, values = [], [], []
    for turn in range(3):
        a, b, c = (triangles[:, (turn + k) % 3] for k in range(3))
        to_b, to_c = points[b] - points[a], points[c] - points[a]
        length_b = np.maximum(np.linalg.norm(to_b, axis=1), _LEAST_M)
        length_c = np.maximum(np.linalg.norm(to_c, axis=1), _LEAST_M)
        cos = (to_b * to_c).sum(axis=1) / (length_b * length_c)
        half = np.tan(0.5 * np.arccos(np.clip(cos, -1.0, 1.0)))
        rows += [a, a]
        columns += [b, c]
        values += [half / length_b, half / length_c]
    return sparse.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (n, n)
    )


def _solved(
    weights: sparse.csr_matrix, *, boundary: IndexArray, around: Float64Array
) -> Float64Array:
    """Return where each vertex lies when it is the mix of its neighbours."""
    n = weights.shape[0]
    free = np.ones(n, bool)
    free[boundary] = False
    total = np.asarray(weights.sum(axis=1)).ravel()
    used = free & (total > 0.0)
    matrix = (sparse.diags(total) - weights).tocsr()
    plane = np.zeros((n, 2))
    plane[boundary] = around
    right = -matrix[used][:, boundary] @ around
    plane[used] = spsolve(matrix[used][:, used].tocsc(), right)
    return plane


def _evened(
    weights: sparse.csr_matrix,
    plane: Float64Array,
    triangles: IndexArray,
    *,
    wanted: Float64Array,
) -> sparse.csr_matrix:
    """Strengthen the pull of vertices whose triangles have become too large."""
    flat = np.abs(_signed_areas(plane, triangles))
    flat = flat / flat.sum()
    n = len(plane)
    share, target = np.zeros(n), np.zeros(n)
    for corner in range(3):
        np.add.at(share, triangles[:, corner], flat)
        np.add.at(target, triangles[:, corner], wanted)
    stretch = (target + 1e-12) / (share + 1e-12)
    factor = np.clip(stretch, 1.0 / _MOST_UNEVEN, _MOST_UNEVEN) ** (-0.5 * _STEP)
    return (weights @ sparse.diags(factor)).tocsr()


def _mirror_partners(points: Float64Array) -> IndexArray:
    """Return the vertex on the other side of the face for each vertex, −1 where there is none."""
    distance, partner = cKDTree(points).query(points * (-1.0, 1.0, 1.0))
    is_pair = (partner[partner] == np.arange(len(points))) & (distance < _SAME_M)
    return np.asarray(np.where(is_pair, partner, -1), np.int32)


def _areas_3d(points: Float64Array, triangles: IndexArray) -> Float64Array:
    """Return the triangles' areas in space."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.asarray(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1), np.float64)


def _signed_areas(plane: Float64Array, triangles: IndexArray) -> Float64Array:
    """Return the triangles' areas in the plane, with the sign of their turn."""
    a, b, c = (plane[triangles[:, k]] for k in range(3))
    ab, ac = b - a, c - a
    return np.asarray(0.5 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]), np.float64)
