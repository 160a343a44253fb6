"""Grids on the layout whose nearest vertices lie at the landmarks exactly.

A regular grid is pulled so that, as far as it has vertices to spare, one lies at each of the 68
landmarks; the others follow as smoothly as they can, and no quad folds over. Both sides of the face
are alike.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from ..arrays import BoolArray, Float64Array, FloatArray, IndexArray
from ..errors import RangeError
from .face_model import MIRRORED_68

_FARTHEST = 0.75
"""A vertex is pulled by at most so many cells."""
_STIFFNESS = 0.02
_ORDER = (
    36, 45, 39, 42, 48, 54, 30, 33, 8, 27, 51, 57, 62, 66, 37, 38, 40, 41, 43, 44, 46, 47, 60, 64,
    31, 35, 17, 21, 22, 26, 19, 24, 50, 52, 49, 53, 56, 58, 55, 59, 61, 63, 65, 67, 32, 34, 28, 29,
    18, 20, 23, 25, 0, 16, 4, 12, 6, 10, 2, 14, 1, 15, 3, 13, 5, 11, 7, 9,
)  # fmt: skip
"""Landmarks that come first get a vertex first; those on the left come with their mirror image."""


def semantic_grid(side: int, landmarks_uv: FloatArray) -> Float64Array:
    """Return where the vertices of a grid lie: (side, side, 2).

    Parameters
    ----------
    side : vertices a side, an odd number
    landmarks_uv : shape (68, 2)

    Raises
    ------
    RangeError
        The number is even.
    """
    if side % 2 == 0:
        raise RangeError(f"side must be odd, so that vertices lie on the middle line, got {side}")
    landmarks = landmarks_uv.astype(np.float64)
    landmarks = 0.5 * (landmarks + [1.0, 0.0] + landmarks[list(MIRRORED_68)] * (-1.0, 1.0))
    line = np.linspace(0.0, 1.0, side)
    regular = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    fixed: dict[int, Float64Array] = {}
    grid = regular
    for landmark in _ORDER:
        target, other = landmarks[landmark], landmarks[MIRRORED_68[landmark]]
        free = ~_is_border(side) & (regular[:, 0] <= 0.5 if target[0] <= 0.5 else True)
        free[list(fixed)] = False
        distance = np.where(free, np.linalg.norm(regular - target, axis=1), np.inf)
        if MIRRORED_68[landmark] == landmark:
            distance[np.abs(regular[:, 0] - 0.5) > 1e-9] = np.inf
        vertex = int(distance.argmin())
        if target[0] > 0.5 or distance[vertex] > _FARTHEST / (side - 1):
            continue
        row, column = divmod(vertex, side)
        tried = {**fixed, vertex: target, row * side + side - 1 - column: other}
        moved = _pulled(regular, side, tried)
        if not _folds(moved, side):
            fixed, grid = tried, moved
    return np.asarray(grid.reshape(side, side, 2), np.float64)


def _pulled(regular: Float64Array, side: int, fixed: dict[int, Float64Array]) -> Float64Array:
    """Return the grid with some vertices held elsewhere, the rest moved smoothly."""
    held = np.array(sorted(fixed), np.int64)
    shift = np.array([fixed[int(vertex)] for vertex in held]) - regular[held]
    border = np.flatnonzero(_is_border(side))
    known = np.concatenate([held, border])
    values = np.concatenate([shift, np.zeros((len(border), 2))])
    is_free = np.ones(side * side, bool)
    is_free[known] = False
    matrix = _laplacian(side)
    free = np.flatnonzero(is_free)
    moved = np.zeros_like(regular)
    moved[known] = values
    right = -matrix[free][:, known] @ values
    moved[free] = spsolve(matrix[free][:, free].tocsc(), right)
    return np.asarray(regular + moved, np.float64)


def _laplacian(side: int) -> sparse.csr_matrix:
    """Return what makes shifts smooth, and small far from what pulls."""
    index = np.arange(side * side).reshape(side, side)
    first = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    second = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    ones = np.ones(len(first))
    links = sparse.coo_matrix((ones, (first, second)), (side * side, side * side))
    links = (links + links.T).tocsr()
    total = np.asarray(links.sum(axis=1)).ravel()
    return (sparse.diags(total + _STIFFNESS) - links).tocsr()


def _is_border(side: int) -> BoolArray:
    """Return which vertices lie around the grid: they stay."""
    border = np.zeros((side, side), bool)
    border[[0, -1]] = True
    border[:, [0, -1]] = True
    return border.ravel()


def _folds(grid: Float64Array, side: int) -> bool:
    """Whether a corner of a quad turns the wrong way."""
    points = grid.reshape(side, side, 2)
    corners: list[IndexArray] = []
    a, b, c, d = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
    for before, corner, after in ((d, a, b), (a, b, c), (b, c, d), (c, d, a)):
        one, two = before - corner, after - corner
        corners.append(two[..., 0] * one[..., 1] - two[..., 1] * one[..., 0])
    return bool(min(float(turn.min()) for turn in corners) < 0.1 / (side - 1) ** 2)
