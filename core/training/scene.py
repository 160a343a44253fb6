"""The head that is drawn: the layout's face as a grid, and the rest of the model around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from ..arrays import BoolArray, Float32Array, Float64Array, FloatArray, IndexArray
from .face_model import FaceModel
from .layout import MAP_SIZE, Layout
from .layout_mesh import Zone, cut_bounds
from .portraits import PHOTO_SIZE, Portrait

_HEAD_CENTRE_M = np.array([0.0, 0.02, -0.02])
_SEEN_UP_TO_RAD = np.deg2rad(68.0)
"""Beyond, the portrait does not show the head; it gets the colours of what lies in front."""
_GRAZING = 0.35
_INSET = 0.10
_N_NEAREST = 24
_PIVOT_M = np.array([0.0, 0.0, 0.05])


@dataclass(frozen=True, slots=True)
class Head:
    """The head as one mesh: the grid's points first, row by row, then the rest of the model.

    `neutral_m` (n, 3), `shapes_m` (157, n, 3): identities, then expressions; `triangles` turn
    clockwise as the camera sees them; `normals` (n, 3) of the neutral head; `n_grid` points of the
    grid, `grid_texel` which texel each is; `is_eye`, `is_mouth` (n,); `eye_height` (n,) 1 in the
    middle of an eye, 0 at its rim; `mouth_share` (n,) 0 at the upper lip, 1 at the lower;
    `mouth_rim` (2, n) the points of the lips above and below a point of the mouth.
    """

    neutral_m: Float32Array
    shapes_m: Float32Array
    triangles: IndexArray
    normals: Float32Array
    n_grid: int
    grid_texel: IndexArray
    is_eye: BoolArray
    is_mouth: BoolArray
    eye_height: Float32Array
    mouth_share: Float32Array
    mouth_rim: IndexArray

    def points_m(self, identity: FloatArray, expression: FloatArray) -> Float32Array:
        """Return the points (n, 3) in head space."""
        weights = np.concatenate([identity, expression]).astype(np.float32)
        used = np.flatnonzero(weights)
        flat = self.shapes_m.reshape(len(self.shapes_m), -1)
        return np.asarray(self.neutral_m + (weights[used] @ flat[used]).reshape(-1, 3), np.float32)


def grid_columns() -> IndexArray:
    """Return which columns (and rows) of the map the grid takes: every second, and the last."""
    return np.append(np.arange(0, MAP_SIZE - 1, 2), MAP_SIZE - 1).astype(np.int32)


def make_head(model: FaceModel, layout: Layout) -> Head:
    """Make the drawn head of a face model and its layout."""
    lines = grid_columns()
    texel = (lines[:, None] * MAP_SIZE + lines[None, :]).ravel()
    level = (np.abs(cut_bounds(model.neutral_m)) ** 3).sum(axis=1)
    outside = model.triangles[(level[model.triangles] > 1.0).any(axis=1)]
    used = np.unique(outside)
    mix = sparse.vstack(
        [
            layout.mix[texel],
            sparse.csr_matrix(
                (np.ones(len(used)), (np.arange(len(used)), used)),
                (len(used), len(model.neutral_m)),
            ),
        ]
    ).tocsr()
    offset = np.concatenate([layout.offset_m[texel], np.zeros((len(used), 3))])
    neutral = mix @ model.neutral_m.astype(np.float64) + offset
    shapes = [mix @ shape for shape in [*model.identity_m, *model.expression_m]]
    lookup = np.zeros(len(model.neutral_m), np.int32)
    lookup[used] = np.arange(len(used)) + len(texel)
    triangles = np.concatenate([grid_triangles(len(lines)), lookup[outside][:, [0, 2, 1]]])
    zone = np.concatenate([layout.zone.ravel()[texel], np.zeros(len(used), np.int32)])
    height = np.concatenate([layout.offset_m[texel, 2], np.zeros(len(used))])
    share, rim = _mouth_tables(zone[: len(texel)].reshape(len(lines), -1) == int(Zone.MOUTH))
    spare = len(used)
    return Head(
        neutral_m=neutral.astype(np.float32),
        shapes_m=np.stack(shapes).astype(np.float32),
        triangles=triangles.astype(np.int32),
        normals=_normals(neutral, triangles),
        n_grid=len(texel),
        grid_texel=texel.astype(np.int32),
        is_eye=zone == int(Zone.EYE),
        is_mouth=zone == int(Zone.MOUTH),
        eye_height=(height / max(float(height.max()), 1e-9)).astype(np.float32),
        mouth_share=np.concatenate([share, np.zeros(spare)]).astype(np.float32),
        mouth_rim=np.concatenate([rim, np.zeros((2, spare), np.int32)], axis=1),
    )


def grid_triangles(side: int) -> IndexArray:
    """Return the triangles of a grid of side × side points, clockwise with v down."""
    index = np.arange(side * side, dtype=np.int32).reshape(side, side)
    a, b = index[:-1, :-1].ravel(), index[:-1, 1:].ravel()
    c, d = index[1:, :-1].ravel(), index[1:, 1:].ravel()
    return np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])


def photo_places(head: Head, portrait: Portrait) -> Float32Array:
    """Return where each point of the head takes its colour from the photograph: (n, 2), px.

    What the photograph shows from the side, or not at all, takes the colour of what lies in front
    of it, at the same height.
    """
    fit = portrait.fit
    points = head.points_m(fit.identity, fit.expression).astype(np.float64)
    seen = fit.points_px(points)[:, :2]
    facing = -(head.normals @ fit.rotation.T)[:, 2]
    middle = fit.points_px(_HEAD_CENTRE_M[None])[0, :2]
    pull = _INSET * np.clip(1.0 - facing / _GRAZING, 0.0, 1.0)[:, None]
    seen = seen + pull * (np.array([middle[0], 0.0]) - seen * (1.0, 0.0)) * (1.0, 0.0)
    direction = points - _HEAD_CENTRE_M
    azimuth = np.arctan2(direction[:, 0], direction[:, 2])
    height = points[:, 1] / 0.1
    in_front = np.flatnonzero((facing > 0.2) & (np.abs(azimuth) < _SEEN_UP_TO_RAD))
    beyond = np.flatnonzero((facing < 0.2) & (np.arange(len(points)) >= head.n_grid))
    tree = cKDTree(np.stack([azimuth[in_front], height[in_front]], axis=1))
    clamped = np.clip(azimuth[beyond], -_SEEN_UP_TO_RAD, _SEEN_UP_TO_RAD)
    # The mean of several keeps neighbours together, where the nearest alone would tear the skin.
    _, nearest = tree.query(np.stack([clamped, height[beyond]], axis=1), k=_N_NEAREST)
    seen[beyond] = seen[in_front[nearest]].mean(axis=1)
    return _onto_person(seen, portrait, middle).astype(np.float32)


def _onto_person(places: Float64Array, portrait: Portrait, middle: Float64Array) -> Float64Array:
    """Move places that fell beside the person toward the head's middle."""
    result = places.copy()
    for _ in range(6):
        x, y = np.clip(np.rint(result), 0, PHOTO_SIZE - 1).astype(int).T
        is_beside = portrait.matte[y, x] < 200
        if not is_beside.any():
            break
        result[is_beside] += 0.07 * (middle - result[is_beside])
    return result


def _mouth_tables(is_mouth: BoolArray) -> tuple[Float64Array, IndexArray]:
    """Return how far down the mouth each point lies, and the points of the lips at its column."""
    side = len(is_mouth)
    share = np.zeros((side, side))
    rim = np.zeros((2, side, side), np.int32)
    for column in np.flatnonzero(is_mouth.any(axis=0)):
        rows = np.flatnonzero(is_mouth[:, column])
        upper, lower = rows[0] - 1, rows[-1] + 1
        share[:, column] = np.clip((np.arange(side) - upper) / (lower - upper), 0.0, 1.0)
        rim[0, :, column], rim[1, :, column] = upper * side + column, lower * side + column
    return share.ravel(), rim.reshape(2, -1)


def _normals(points: Float64Array, triangles: IndexArray) -> Float32Array:
    """Return unit normals out of the head; the triangles turn clockwise seen from outside."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    flat = np.cross(c - a, b - a)
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], flat)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-12), np.float32)


def pivot_m() -> Float64Array:
    """Return the point of the head that made faces turn about, head space."""
    return _PIVOT_M.copy()
