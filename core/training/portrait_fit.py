"""Fits the face model to a portrait: identity, expression, pose and scale, to its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float64Array, FloatArray, check_shape
from .correspondence import N_MESH
from .face_model import FaceModel
from .layout import Layout
from .layout_tables import sampling_matrix

_ROUNDS = 6
_HOLDS = 12
_DEPTH_TRUST = 0.15
"""Weight of the engine's depth beside what it sees in the picture."""
_IDENTITY_STRENGTH, _EXPRESSION_STRENGTH = 0.03, 0.02
"""How much residual, in shares of the face's size, one unit of a weight must be worth."""


@dataclass(frozen=True, slots=True)
class PortraitFit:
    """A face in a picture under a weak perspective: p_px = scale · (R · p_m) + shift.

    `identity` (100,), `expression` (57,); `rotation` (3, 3) is image_from_head; `scale_px` pixels a
    metre; `shift_px` (3,); `residual` the RMS of the landmarks over the size of their box.
    """

    identity: Float64Array
    expression: Float64Array
    rotation: Float64Array
    scale_px: float
    shift_px: Float64Array
    residual: float

    def points_px(self, points_m: FloatArray) -> Float64Array:
        """Return where points (n, 3) of the head lie in the picture: (n, 3), image space."""
        return np.asarray(
            self.scale_px * points_m.astype(np.float64) @ self.rotation.T + self.shift_px
        )


class PortraitFitter:
    """The model at the landmarks, made once for many portraits."""

    def __init__(self, model: FaceModel, layout: Layout, facemesh_uv: FloatArray) -> None:
        rows = sampling_matrix(facemesh_uv[:N_MESH])
        pick = (rows @ layout.mix).tocsr()
        self._neutral = pick @ model.neutral_m.astype(np.float64) + rows @ layout.offset_m
        flat = [*model.identity_m, *model.expression_m]
        self._shapes = np.stack([pick @ shape.astype(np.float64) for shape in flat])
        self._n_identities = len(model.identity_m)
        still = [name.startswith(("Pupil", "eyeLook")) for name in model.expression_names]
        self._high = np.concatenate([np.full(self._n_identities, 3.0), np.where(still, 1e-6, 1.0)])
        self._low = np.concatenate([np.full(self._n_identities, -3.0), np.full(len(still), 0.0)])
        self._strength = np.concatenate(
            [
                np.full(self._n_identities, _IDENTITY_STRENGTH),
                np.full(len(still), _EXPRESSION_STRENGTH),
            ]
        )

    def landmarks_m(self, fit: PortraitFit) -> Float64Array:
        """Return the fitted face's landmarks in head space: (468, 3)."""
        return self._at(np.concatenate([fit.identity, fit.expression]))

    def fit(self, landmarks_px: FloatArray) -> PortraitFit:
        """Fit the model to landmarks of shape (468 or 478, 3), image space."""
        check_shape("landmarks_px", landmarks_px, ("n", 3))
        target = landmarks_px[:N_MESH].astype(np.float64)
        size = float(np.ptp(target[:, :2], axis=0).mean())
        weights = np.zeros(len(self._shapes))
        rotation, scale, shift = _pose(self._at(weights), target)
        for _ in range(_ROUNDS):
            weights = self._weights(target, rotation, scale, shift, size=size)
            rotation, scale, shift = _pose(self._at(weights), target)
        found = scale * self._at(weights) @ rotation.T + shift
        error = np.linalg.norm((found - target)[:, :2], axis=1)
        return PortraitFit(
            identity=weights[: self._n_identities],
            expression=weights[self._n_identities :],
            rotation=rotation,
            scale_px=scale,
            shift_px=shift,
            residual=float(np.sqrt((error**2).mean()) / size),
        )

    def _at(self, weights: Float64Array) -> Float64Array:
        """Return the landmarks (468, 3) in head space for all weights in one array."""
        return np.asarray(self._neutral + np.tensordot(weights, self._shapes, 1))

    def _weights(
        self,
        target: Float64Array,
        rotation: Float64Array,
        scale: float,
        shift: Float64Array,
        *,
        size: float,
    ) -> Float64Array:
        """Solve for the weights under a known pose, in units of the face's size."""
        trust = np.array([1.0, 1.0, _DEPTH_TRUST]) / (size * np.sqrt(len(target)))
        turned = scale * self._shapes @ rotation.T * trust
        matrix = turned.reshape(len(self._shapes), -1).T
        right = ((target - shift - scale * self._neutral @ rotation.T) * trust).ravel()
        # The damping counts once, not for each landmark.
        damping = 0.1 * np.diag(self._strength)
        gram = matrix.T @ matrix + damping**2
        return _bounded(gram, matrix.T @ right, low=self._low, high=self._high)


def _bounded(
    gram: Float64Array, right: Float64Array, *, low: Float64Array, high: Float64Array
) -> Float64Array:
    """Solve gram · x = right, with what leaves its range held at the end of it."""
    value = np.zeros(len(right))
    free = np.ones(len(right), bool)
    for _ in range(_HOLDS):
        held = gram[np.ix_(free, ~free)] @ value[~free]
        value[free] = np.linalg.solve(gram[np.ix_(free, free)], right[free] - held)
        is_out = free & ((value < low) | (value > high))
        value = np.clip(value, low, high)
        if not is_out.any():
            break
        free &= ~is_out
    return value


def _pose(
    points_m: Float64Array, target_px: Float64Array
) -> tuple[Float64Array, float, Float64Array]:
    """Return rotation, scale and shift that lay points on targets; depth counts little."""
    here, there = points_m - points_m.mean(0), target_px - target_px.mean(0)
    # Start from all three coordinates, then let the picture decide.
    u, stretch, vt = np.linalg.svd(here.T @ there)
    sign = np.sign(np.linalg.det(u @ vt))
    rotation = (u * [1.0, 1.0, sign] @ vt).T
    scale = float((stretch * [1.0, 1.0, sign]).sum() / (here**2).sum())
    trust = np.array([1.0, 1.0, _DEPTH_TRUST])
    for _ in range(8):
        turned = here @ rotation.T
        residual = (there - scale * turned) * trust
        x, y, z = scale * turned.T
        zero = np.zeros_like(x)
        columns = [
            np.stack([zero, -z, y], 1),
            np.stack([z, zero, -x], 1),
            np.stack([-y, x, zero], 1),
            turned * scale,
        ]
        matrix = np.stack([(column * trust).ravel() for column in columns], axis=1)
        step, *_ = np.linalg.lstsq(matrix, residual.ravel(), rcond=None)
        rotation = _turn(step[:3]) @ rotation
        scale *= float(np.exp(step[3]))
    shift = target_px.mean(0) - scale * rotation @ points_m.mean(0)
    return rotation, scale, shift


def _turn(vector: Float64Array) -> Float64Array:
    """Return the rotation about a vector by its length."""
    import cv2

    return np.asarray(cv2.Rodrigues(vector.astype(np.float64))[0], np.float64)
