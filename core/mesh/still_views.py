"""What each still shows of a face's skin, texel by texel, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, IndexArray
from ..records import Still
from .triangle_maps import paint_indices_into
from .uv_atlas import UvAtlas

SEEN_WEIGHT = 0.04
"""Relative to a full view in the best still: from here on skin is trusted."""
_UNSEEN_WEIGHT = 0.008
_FACING_POWER = 4.0
"""How much a still that sees skin straight on counts more than one that sees it at an angle."""
_SCORE_POWER = 3.0
_RIM_DOUBT = 0.25
"""Taken off how far skin faces the camera at the border: there, landmarks often lie beside it."""
_HIDDEN_DEPTH = 0.04
"""Skin so far behind other skin, in widths of the face, is hidden by it."""
_GAIN_RANGE = (0.5, 2.0)
_GAIN_STEP = 4
"""The exposure is that of a whole face: every so many texels across and down tell it."""
_N_THREADS = 2


def views_of_stills(
    stills: Sequence[Still], landmarks: FloatArray, *, atlas: UvAtlas
) -> tuple[Float32Array, Float32Array]:
    """Return what the stills show, (n, size, size, 3), and how well, (n, size, size).

    All have the exposure of the best still.
    """
    best = int(np.argmax([still.score for still in stills]))

    def view(index: int) -> tuple[Float32Array, Float32Array]:
        points, score = landmarks[index].astype(np.float64), stills[best].score
        return _view(stills[index], points, atlas=atlas, best_score=score)

    # What takes long are numpy's and OpenCV's loops, which let other threads run.
    with ThreadPoolExecutor(_N_THREADS) as pool:
        views = list(pool.map(view, range(len(stills))))
    colours = np.stack([colour for colour, _ in views])
    weights = np.stack([weight for _, weight in views])
    colours *= _gains(colours, weights, best=best)[:, None, None, :]
    return colours, weights


def trust_of_weight(weight: Float32Array) -> Float32Array:
    """Return how far each texel is known: 0 where no still shows it, 1 where one does well."""
    share = (weight - _UNSEEN_WEIGHT) / (SEEN_WEIGHT - _UNSEEN_WEIGHT)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float32)


def _view(
    still: Still, points: Float64Array, *, atlas: UvAtlas, best_score: float
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
    step = min(_GAIN_STEP, -(-colours.shape[1] // 128))
    colours, weights = colours[:, ::step, ::step], weights[:, ::step, ::step]

    def gain(index: int) -> Float32Array:
        is_shared = (np.minimum(weights[index], weights[best]) > SEEN_WEIGHT) & (
            colours[[index, best]].min(axis=(0, 3)) > 8.0
        )
        if index == best or is_shared.sum() <= 100:
            return np.ones(3, np.float32)
        ratio = np.median(colours[best][is_shared] / colours[index][is_shared], axis=0)
        return np.asarray(np.clip(ratio, *_GAIN_RANGE), np.float32)

    with ThreadPoolExecutor(_N_THREADS) as pool:
        return np.stack(list(pool.map(gain, range(len(colours)))))
