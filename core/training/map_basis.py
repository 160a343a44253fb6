"""Few scalar maps from which any face's position map can be mixed.

Seen by a camera, x, y and z of a face are smooth functions on the map, and the faces of a linear
model, in any pose and under any perspective, lie close to a space of few of them. The network gives
three amounts for each; so its last layer is small, and its maps are free of noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray
from .face_model import FaceModel
from .face_render import CROP_SCALE, CROP_SIZE, posed_points
from .layout import MAP_SIZE, Layout
from .portrait_fit import PortraitFit
from .scene import grid_columns
from .variations import random_variation

N_BASIS = 80
_N_FACES = 600
_FEATURES = 3.0
"""How much more the landmarks' neighbourhood counts than the rest when the basis is chosen."""


@dataclass(frozen=True, slots=True)
class MapBasis:
    """The maps that faces are mixed from.

    `maps` (n, 128, 128): each of mean square 1, the first 1 everywhere; `sign` (n,): 1 where a map
    is its own mirror image, −1 where it is that with the sign turned; `mean`, `spread` (n, 3): how
    the amounts of crops are distributed.
    """

    maps: Float32Array
    sign: Float32Array
    mean: Float32Array
    spread: Float32Array

    @property
    def flat(self) -> Float32Array:
        """The maps as rows: (n, 16384)."""
        return self.maps.reshape(len(self.maps), -1)


def make_basis(
    model: FaceModel,
    layout: Layout,
    *,
    n_basis: int = N_BASIS,
    n_faces: int = _N_FACES,
    seed: int = 1,
) -> MapBasis:
    """Find the basis on made faces of the model."""
    samples = (
        _sample_maps(model, layout, n_faces, seed=seed).transpose(0, 2, 1).reshape(-1, MAP_SIZE**2)
    )
    weight = np.sqrt(1.0 + (_FEATURES - 1.0) * _near_landmarks(layout)).ravel()
    mirrored = samples.reshape(-1, MAP_SIZE, MAP_SIZE)[:, :, ::-1].reshape(samples.shape)
    even = _components(0.5 * (samples + mirrored), weight, n_basis, has_constant=True)
    odd = _components(0.5 * (samples - mirrored), weight, n_basis, has_constant=False)
    strength = np.concatenate([even[1], odd[1]])
    maps = np.concatenate([even[0], odd[0]])
    sign = np.repeat([1.0, -1.0], [len(even[0]), len(odd[0])])
    chosen = np.argsort(-strength, kind="stable")[:n_basis]
    maps, sign = maps[chosen], sign[chosen]
    amounts = _solve_amounts(maps, samples).reshape(-1, 3, n_basis).transpose(0, 2, 1)
    return MapBasis(
        maps=maps.reshape(-1, MAP_SIZE, MAP_SIZE).astype(np.float32),
        sign=sign.astype(np.float32),
        mean=amounts.mean(axis=0).astype(np.float32),
        spread=np.maximum(amounts.std(axis=0), 0.05).astype(np.float32),
    )


class GridAmounts:
    """Finds the amounts of the basis for faces known at the drawn grid."""

    def __init__(self, basis: MapBasis) -> None:
        lines = grid_columns()
        at_grid = basis.maps[:, lines[:, None], lines[None, :]].reshape(len(basis.maps), -1)
        self._inverse = np.linalg.pinv(at_grid.T.astype(np.float64)).astype(np.float32)

    def solve(self, points_px: FloatArray) -> Float32Array:
        """Return the amounts (n_basis, 3) for the grid's points (n_grid, 3)."""
        return np.asarray(self._inverse @ points_px.astype(np.float32), np.float32)


def _sample_maps(model: FaceModel, layout: Layout, n_faces: int, *, seed: int) -> Float64Array:
    """Return maps of made faces in crops: (n_faces, 16384, 3), pixels around the crop's middle."""
    neutral = layout.mix @ model.neutral_m.astype(np.float64) + layout.offset_m
    shapes = np.stack([layout.mix @ shape for shape in [*model.identity_m, *model.expression_m]])
    nobody = PortraitFit(
        identity=np.zeros(len(model.identity_m)),
        expression=np.zeros(len(model.expression_m)),
        rotation=np.eye(3),
        scale_px=1.0,
        shift_px=np.zeros(3),
        residual=0.0,
    )
    maps = np.zeros((n_faces, MAP_SIZE**2, 3))
    for index in range(n_faces):
        rng = np.random.default_rng((seed, index))
        variation = random_variation(rng, nobody, model.expression_names)
        weights = np.concatenate([variation.identity, variation.expression])
        points = posed_points(variation, neutral + np.tensordot(weights, shapes, 1))
        box = np.ptp(points[:, :2], axis=0).max()
        middle = 0.5 * (points.max(axis=0) + points.min(axis=0))
        middle[2] = points[:, 2].mean()
        maps[index] = (points - middle) * (CROP_SIZE / (CROP_SCALE * box))
    return maps


def _near_landmarks(layout: Layout) -> Float64Array:
    """Return 1 near the eyes', nose's and mouth's landmarks, falling to 0 away: (128, 128)."""
    v, u = np.mgrid[0:MAP_SIZE, 0:MAP_SIZE] / (MAP_SIZE - 1.0)
    near = np.zeros((MAP_SIZE, MAP_SIZE))
    for pu, pv in layout.landmarks_uv[17:]:
        near = np.maximum(near, np.exp(-((u - pu) ** 2 + (v - pv) ** 2) / (2.0 * 0.04**2)))
    return near


def _components(
    samples: Float64Array, weight: Float64Array, n_kept: int, *, has_constant: bool
) -> tuple[Float64Array, Float64Array]:
    """Return principal maps, of mean square 1, and the strength of each."""
    rows = samples * weight
    constant = np.ones((1, samples.shape[1]))
    if has_constant:
        unit = weight / np.linalg.norm(weight)
        rows = rows - np.outer(rows @ unit, unit)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    kept = np.argsort(values)[::-1][:n_kept]
    maps = (vectors[:, kept].T @ rows) / weight
    maps /= np.sqrt((maps**2).mean(axis=1, keepdims=True))
    strength = values[kept]
    if has_constant:
        return np.concatenate([constant, maps]), np.append(np.inf, strength)
    return maps, strength


def _solve_amounts(maps: Float64Array, samples: Float64Array) -> Float64Array:
    """Return least-squares amounts of maps (n, texels) in samples (m, texels): (m, n)."""
    return np.asarray(np.linalg.solve(maps @ maps.T, maps @ samples.T).T)
