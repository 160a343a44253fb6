"""The loss: how far points of the map are from the truth, weighted by zones.

References
----------
Y. Feng et al., ECCV 2018: weights 16 : 4 : 3 : 0 for landmarks, features, face and the rest. The
distance itself is used, not its square: a few hard faces should not outweigh the many.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ..arrays import Float64Array, FloatArray
from .correspondence import N_MESH
from .layout import MAP_SIZE
from .layout_tables import sampling_matrix
from .map_basis import MapBasis
from .openings import OPENING_WEIGHTS, OPENINGS
from .pair_maker import Kind

LongArray = NDArray[np.int64]

LANDMARK_WEIGHT, FEATURE_WEIGHT, FACE_WEIGHT = 16.0, 4.0, 3.0
_FEATURE_RADIUS = 0.07
_EVERY = 4
"""Every so many texels across and down are looked at."""
_DEPTH_WEIGHT = 0.6
_SOFT_PX = 0.3
"""Below, the distance becomes its square."""
_SMOOTH_WEIGHT, _OPENING_WEIGHT, _SEEN_WEIGHT, _PRESENCE_WEIGHT = 1.0, 1.5, 0.4, 1.0


class PositionLoss(nn.Module):
    """Compares amounts of the basis at weighted points of the map."""

    def __init__(self, basis: MapBasis, landmarks_uv: FloatArray, facemesh_uv: FloatArray) -> None:
        super().__init__()
        texels, weight = _texels(landmarks_uv)
        uv = np.concatenate([landmarks_uv, texels])
        weights = np.concatenate([np.full(len(landmarks_uv), LANDMARK_WEIGHT), weight])
        at_points = basis.flat @ sampling_matrix(uv).T
        first, second = _neighbours(len(landmarks_uv), texels)
        self.register_buffer("at_points", _tensor(at_points))
        self.register_buffer("weights", _tensor(weights / weights.sum()))
        self.register_buffer("first", torch.from_numpy(first))
        self.register_buffer("second", torch.from_numpy(second))
        self.register_buffer("openings", torch.tensor(OPENINGS))
        opening_weights = np.array(OPENING_WEIGHTS)
        self.register_buffer("opening_weights", _tensor(opening_weights / opening_weights.sum()))
        self.register_buffer(
            "at_facemesh", _tensor(basis.flat @ sampling_matrix(facemesh_uv[:N_MESH]).T)
        )

    at_points: Tensor
    weights: Tensor
    first: Tensor
    second: Tensor
    openings: Tensor
    opening_weights: Tensor
    at_facemesh: Tensor

    def forward(
        self, amounts: Tensor, logit: Tensor, truth: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return the parts of the loss, and their sum as `loss`, of a batch.

        `truth` holds `amounts` (n, n_basis, 3), `facemesh` (n, 468, 2) crop pixels from its middle,
        not a number where nothing was seen, and `kind` (n,).
        """
        is_face = (truth["kind"] != int(Kind.NOBODY)).to(amounts.dtype)
        n_faces = is_face.sum().clamp(min=1.0)
        error = torch.einsum("nkc,kp->npc", amounts - truth["amounts"], self.at_points)
        scale = error.new_tensor([1.0, 1.0, _DEPTH_WEIGHT])
        error = error * scale
        position = (_distance(error) * self.weights).sum(dim=1)
        between = _distance(error[:, self.first] - error[:, self.second]).mean(dim=1)
        ends = error[:, self.openings]
        opening = (_distance(ends[:, :, 0] - ends[:, :, 1]) * self.opening_weights).sum(dim=1)
        seen = torch.einsum("nkc,kp->npc", amounts[..., :2], self.at_facemesh) - truth["facemesh"]
        is_seen = torch.isfinite(truth["facemesh"]).all(dim=2)
        looked = _distance(torch.nan_to_num(seen)) * is_seen
        presence = F.binary_cross_entropy_with_logits(logit, is_face)
        parts = {
            "position": (position * is_face).sum() / n_faces,
            "between": (between * is_face).sum() / n_faces,
            "opening": (opening * is_face).sum() / n_faces,
            "seen": looked.sum() / is_seen.sum().clamp(min=1.0),
            "presence": presence,
        }
        parts["loss"] = (
            parts["position"]
            + _SMOOTH_WEIGHT * parts["between"]
            + _OPENING_WEIGHT * parts["opening"]
            + _SEEN_WEIGHT * parts["seen"]
            + _PRESENCE_WEIGHT * parts["presence"]
        )
        return parts


def _distance(vectors: Tensor) -> Tensor:
    """Return lengths along the last axis, rounded off near 0."""
    return torch.sqrt((vectors**2).sum(dim=-1) + _SOFT_PX**2) - _SOFT_PX


def _texels(landmarks_uv: FloatArray) -> tuple[Float64Array, Float64Array]:
    """Return places (n, 2) of the texels that are looked at, and their weights (n,)."""
    line = np.arange(0, MAP_SIZE, _EVERY) / (MAP_SIZE - 1.0)
    u, v = (part.ravel() for part in np.meshgrid(line, line))
    weight = np.full(len(u), FACE_WEIGHT)
    for pu, pv in landmarks_uv[17:]:
        weight[np.hypot(u - pu, v - pv) < _FEATURE_RADIUS] = FEATURE_WEIGHT
    return np.stack([u, v], axis=1), weight


def _neighbours(n_landmarks: int, texels: Float64Array) -> tuple[LongArray, LongArray]:
    """Return pairs of neighbouring texels: their difference should be right too."""
    side = round(len(texels) ** 0.5)
    index = np.arange(side * side).reshape(side, side) + n_landmarks
    first = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    second = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    return first.astype(np.int64), second.astype(np.int64)


def _tensor(values: FloatArray) -> Tensor:
    """Return a float32 tensor."""
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
