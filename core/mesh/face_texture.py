"""The colour of a face, taken from stills and laid into its UV map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    FloatArray,
    ImageArray,
    IndexArray,
    check_indices,
    check_shape,
)
from ..errors import RangeError, ShapeError
from ..records import FaceTopology, Still
from .triangle_maps import affine_maps, paint_indices_into, sample_maps

_FACING_POWER = 4.0
"""How much a still that sees skin straight on counts more than one that sees it at an angle."""
_SCORE_POWER = 3.0
_UNSEEN_WEIGHT, _SEEN_WEIGHT = 0.008, 0.04
"""Relative to a full view in the best still: from here on skin is trusted, from there on wholly."""
_OUTLIER_LEVELS = 24.0
"""How far from the median of the stills a colour may lie: hands and glints lie further."""
_RIM_DOUBT = 0.25
"""Taken off how far skin faces the camera at the border: there, landmarks often lie beside it."""
_HIDDEN_DEPTH = 0.04
"""Skin so far behind other skin, in widths of the face, is hidden by it."""
_GAIN_RANGE = (0.5, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Atlas:
    """The UV map as a picture: `layer` the triangle at each texel, `is_face` well within them.

    `points_px` (n, 2): texels of the vertices, row 0 at the top. `rim` (n,): 1 on the border of the
    mesh, one half beside it, else 0.
    """

    points_px: Float64Array
    rim: Float64Array
    triangles: IndexArray
    layer: IndexArray
    is_face: BoolArray

    def carry(self, values: FloatArray) -> Float32Array:
        """Spread values over the vertices, (n, k), over the texels: (size, size, k)."""
        maps = affine_maps(self.points_px, values, self.triangles)
        return sample_maps(self.layer, maps)


def unwrap_face_texture(
    stills: Sequence[Still],
    landmarks: FloatArray,
    *,
    topology: FaceTopology,
    size: int = 1024,
) -> ImageArray:
    """Make the texture of a face from pictures of it.

    Parameters
    ----------
    stills : one or more, of the same face
    landmarks : shape (n_stills, n_landmarks, 3), image space of each still's frame
    topology : triangles and UV map of the landmarks
    size : side of the texture in pixels

    Returns
    -------
    shape (size, size, 3), RGB
        Row 0 is v = 1. Skin that no still sees is taken from the other half of the face, or from
        its surroundings; so is all that lies outside of the UV map.

    Raises
    ------
    ShapeError, RangeError
        The arrays contradict each other; there is no still; the size is out of range.
    """
    n_landmarks = len(topology.neutral_m)
    check_shape("landmarks", landmarks, ("n_stills", n_landmarks, 3))
    check_shape("uv", topology.uv, (n_landmarks, 2))
    check_indices("triangles", topology.triangles, n_landmarks)
    if not stills or len(stills) != len(landmarks):
        raise ShapeError(
            f"landmarks must be given for each still, got {len(landmarks)} for {len(stills)} stills"
        )
    if not 16 <= size <= 8192:
        raise RangeError(f"size must lie in 16 … 8192, got {size}")
    atlas = _atlas(topology, size=size)
    best = int(np.argmax([still.score for still in stills]))
    views = [
        _view(still, points.astype(np.float64), atlas=atlas, best_score=stills[best].score)
        for still, points in zip(stills, landmarks, strict=True)
    ]
    colours = np.stack([colour for colour, _ in views])
    weights = np.stack([weight for _, weight in views])
    colours *= _gains(colours, weights, best=best)[:, None, None, :]
    trust = _trust(weights.max(axis=0))
    colour, trust = _with_other_half(
        _blend(colours, weights), trust, atlas=atlas, topology=topology
    )
    filled = _spread(colour, np.where(atlas.is_face, trust, np.float32(0.0)))
    return np.clip(filled + 0.5, 0.0, 255.0).astype(np.uint8)


def _atlas(topology: FaceTopology, *, size: int) -> _Atlas:
    """Draw the UV map."""
    import cv2

    points = topology.uv.astype(np.float64) * [size, -size] + [-0.5, size - 0.5]
    layer = np.full((size, size), -1, np.int32)
    paint_indices_into(
        layer, points, topology.triangles, order=np.arange(len(topology.triangles), dtype=np.int32)
    )
    # The outermost texels mix skin with what is behind it.
    kernel = np.ones((3, 3), np.uint8)
    is_face = cv2.erode((layer >= 0).astype(np.uint8), kernel, iterations=1 + size // 256) > 0
    rim = _rim(topology.triangles, n_vertices=len(points))
    return _Atlas(points, rim, topology.triangles, layer, np.asarray(is_face))


def _rim(triangles: IndexArray, *, n_vertices: int) -> Float64Array:
    """Return 1 for vertices on the border of the mesh, one half beside them, else 0: (n,)."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, ::2]]))
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    rim = np.zeros(n_vertices)
    rim[unique[counts == 1]] = 1.0
    beside = np.unique(triangles[(rim[triangles] == 1.0).any(axis=1)])
    rim[beside] = np.maximum(rim[beside], 0.5)
    return rim


def _view(
    still: Still, points: Float64Array, *, atlas: _Atlas, best_score: float
) -> tuple[Float32Array, Float32Array]:
    """Return what one still shows at each texel, (size, size, 3), and how well, (size, size)."""
    import cv2

    seen = points.copy()
    seen[:, :2] = (points[:, :2] - [still.x_px, still.y_px]) * still.scale
    seen[:, 2] *= still.scale
    height, width = still.image.shape[:2]
    is_inside = ((seen[:, :2] > -0.5) & (seen[:, :2] < [width - 0.5, height - 0.5])).all(axis=1)
    facing = _facing(seen, atlas.triangles) * is_inside
    facing = np.clip(facing - _RIM_DOUBT * atlas.rim, 0.0, 1.0)
    facing *= _visible(seen, atlas.triangles, size=(height, width))
    carried = atlas.carry(np.concatenate([seen[:, :2], facing[:, None]], axis=1))
    colour = cv2.remap(
        still.image,
        carried[..., 0],
        carried[..., 1],
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    rank = max(still.score, 1e-6) / max(best_score, 1e-6)
    weight = rank**_SCORE_POWER * np.clip(carried[..., 2], 0.0, 1.0) ** _FACING_POWER
    return colour.astype(np.float32), np.where(atlas.is_face, weight, 0.0).astype(np.float32)


def _facing(points: Float64Array, triangles: IndexArray) -> Float64Array:
    """Return how far the skin at each vertex looks toward the camera: 1 straight, 0 edge-on."""
    corner = points[triangles]
    normals = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    total = np.zeros_like(points)
    for column in range(3):
        np.add.at(total, triangles[:, column], normals)
    length = np.linalg.norm(total, axis=1)
    # Image space has z away from the camera: what faces it has a normal of negative z.
    facing = -total[:, 2] / np.maximum(length, 1e-12)
    return np.asarray(np.clip(facing, 0.0, 1.0), np.float64)


def _visible(points: Float64Array, triangles: IndexArray, *, size: tuple[int, int]) -> Float64Array:
    """Return 0 for vertices that other skin hides, 1 for the rest."""
    depth = points[triangles, 2].mean(axis=1)
    layer = np.full(size, -1, np.int32)
    paint_indices_into(layer, points[:, :2], triangles, order=np.argsort(-depth).astype(np.int32))
    column = np.clip(np.round(points[:, 0]).astype(int), 0, size[1] - 1)
    row = np.clip(np.round(points[:, 1]).astype(int), 0, size[0] - 1)
    front = layer[row, column]
    allowed = _HIDDEN_DEPTH * float(np.ptp(points[:, 0]))
    # Compared with the nearest corner of what is seen there: a steep triangle hides nothing.
    far_corner = points[triangles, 2].max(axis=1)[front]
    return np.where((front >= 0) & (far_corner < points[:, 2] - allowed), 0.0, 1.0)


def _gains(colours: Float32Array, weights: Float32Array, *, best: int) -> Float32Array:
    """Return per still and channel the factor that gives it the exposure of the best: (n, 3)."""
    gains = np.ones((len(colours), 3), np.float32)
    for index in range(len(colours)):
        is_shared = (np.minimum(weights[index], weights[best]) > _SEEN_WEIGHT) & (
            colours[[index, best]].min(axis=(0, 3)) > 8.0
        )
        if index != best and is_shared.sum() > 100:
            ratio = np.median(colours[best][is_shared] / colours[index][is_shared], axis=0)
            gains[index] = np.clip(ratio, *_GAIN_RANGE)
    return gains


def _trust(weight: Float32Array) -> Float32Array:
    """Return how far each texel is known: 0 where no still shows it, 1 where one does well."""
    share = (weight - _UNSEEN_WEIGHT) / (_SEEN_WEIGHT - _UNSEEN_WEIGHT)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float32)


def _blend(colours: Float32Array, weights: Float32Array) -> Float32Array:
    """Mix the stills: mostly the best view of each texel, without what only one of them shows."""
    if len(colours) < 3:
        return _weighted_mean(colours, weights)
    is_seen = (weights > _SEEN_WEIGHT)[..., None]
    median = np.median(np.where(is_seen, colours, _weighted_mean(colours, weights)), axis=0)
    away = np.abs(colours - median).max(axis=-1)
    calm = np.maximum(np.exp(-((away / _OUTLIER_LEVELS) ** 2)), np.float32(1e-3))
    return _weighted_mean(colours, weights * calm)


def _weighted_mean(colours: Float32Array, weights: Float32Array) -> Float32Array:
    """Mix stills by their weights: (size, size, 3)."""
    total = np.maximum(weights.sum(axis=0), 1e-12)
    return np.asarray(np.einsum("kijc,kij->ijc", colours, weights) / total[..., None], np.float32)


def _with_other_half(
    colour: Float32Array, trust: Float32Array, *, atlas: _Atlas, topology: FaceTopology
) -> tuple[Float32Array, Float32Array]:
    """Take unseen skin from its mirror image on the other half of the face, where that is seen."""
    import cv2

    neutral = topology.neutral_m.astype(np.float64)
    gaps = np.linalg.norm(neutral[:, None] - neutral[None] * [-1.0, 1.0, 1.0], axis=-1)
    mirrored = atlas.carry(atlas.points_px[gaps.argmin(axis=1)])
    place = (mirrored[..., 0], mirrored[..., 1])
    # Compared over a neighbourhood: what is narrow, or what both halves lack, is filled otherwise.
    known = cv2.GaussianBlur(trust, (0, 0), len(trust) / 25.0)
    gain = np.clip((cv2.remap(known, *place, cv2.INTER_LINEAR) - known - 0.5) / 0.3, 0.0, 1.0)
    share = gain * (1.0 - trust) * cv2.remap(trust, *place, cv2.INTER_LINEAR)
    other = cv2.remap(colour, *place, cv2.INTER_LINEAR)
    total = trust + share
    mixed = trust[..., None] * colour + share[..., None] * other
    return (mixed / np.maximum(total, 1e-6)[..., None]).astype(np.float32), total.astype(np.float32)


def _spread(colour: Float32Array, trust: Float32Array) -> Float32Array:
    """Fill what is not trusted from around it, so that smaller copies have no seams."""
    import cv2

    height, width = trust.shape
    if min(height, width) <= 2:
        mean = (colour * trust[..., None]).sum(axis=(0, 1)) / max(float(trust.sum()), 1e-6)
        return np.asarray(trust[..., None] * colour + (1.0 - trust[..., None]) * mean, np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    mean_trust = cv2.resize(trust, half, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(colour * trust[..., None], half, interpolation=cv2.INTER_AREA)
    mean = mean / np.maximum(mean_trust, 1e-6)[..., None]
    # A few known texels speak for all around them.
    coarse = _spread(mean.astype(np.float32), np.minimum(2.0 * mean_trust, 1.0).astype(np.float32))
    behind = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(trust[..., None] * colour + (1.0 - trust[..., None]) * behind, np.float32)
