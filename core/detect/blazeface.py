"""BlazeFace, short and full range: image → face boxes with six key points.

References
----------
V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019,
arXiv:1907.05047. Decoding follows MediaPipe 0.10.21 (Apache-2.0), graphs face_detection_short_range
and face_detection_full_range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, FloatArray, ImageArray, IndexArray, check_shape
from ..inference.network import Network
from ..records import FaceBox
from ..settings import DetectSettings

N_KEY_POINTS = 6


@dataclass(frozen=True, slots=True)
class AnchorGrids:
    """Where a network looks: the side of its input in pixels, (cells a side, anchors a cell)."""

    input_size: int
    grids: tuple[tuple[int, int], ...]


SHORT_RANGE = AnchorGrids(128, ((16, 2), (8, 6)))
"""SSD layers of stride 8 and, three times, 16."""
FULL_RANGE = AnchorGrids(192, ((48, 1),))
"""One layer, of stride 4."""


def anchor_centers(anchors: AnchorGrids = SHORT_RANGE) -> Float32Array:
    """Return the anchors' centres, shape (n, 2): x, y in 0 to 1; all have width and height 1."""
    layers = []
    for n_cells, n_anchors in anchors.grids:
        y, x = np.mgrid[0:n_cells, 0:n_cells]
        centers = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / n_cells
        layers.append(np.repeat(centers, n_anchors, axis=0))
    return np.asarray(np.concatenate(layers), np.float32)


class BlazeFace:
    """Detects faces: `SHORT_RANGE` within about two metres of the camera, `FULL_RANGE` five."""

    def __init__(
        self, network: Network, settings: DetectSettings, *, anchors: AnchorGrids = SHORT_RANGE
    ) -> None:
        self._network = network
        self._settings = settings
        self._input_size = anchors.input_size
        self._anchors = anchor_centers(anchors)

    def detect(self, image: ImageArray) -> list[FaceBox]:
        """Return the faces of one frame, best score first.

        Parameters
        ----------
        image : shape (height, width, 3), RGB

        Raises
        ------
        ShapeError
            The image is not (height, width, 3).
        """
        check_shape("image", image, ("height", "width", 3))
        height, width = image.shape[:2]
        size = self._input_size
        raw = self._network.run(image=letterbox(image, size=size)[None])
        logits = np.clip(raw["scores"][0].astype(np.float32), -80.0, 80.0)  # exp stays finite
        scores = 1.0 / (1.0 + np.exp(-logits))
        kept = np.flatnonzero(scores >= self._settings.min_score)
        # (k, 8, 2): the two corners, then the key points, in 0 to 1 of the letterboxed square
        points = decode(raw["boxes"][0][kept], self._anchors[kept], size=size)
        side = max(width, height)
        points = points * side - np.array([side - width, side - height], np.float32) / 2.0
        clusters = merge_overlapping(points, scores[kept], min_overlap=self._settings.min_overlap)
        return [
            FaceBox(corners_px=merged[:2].reshape(4), key_points_px=merged[2:], score=score)
            for merged, score in clusters
        ]


def letterbox(image: ImageArray, *, size: int = SHORT_RANGE.input_size) -> ImageArray:
    """Return the whole image within a black square of a network's size, centred."""
    import cv2

    height, width = image.shape[:2]
    step = max(width, height) / size
    image_from_input = np.array(
        [
            [step, 0.0, (width - max(width, height)) / 2.0],
            [0.0, step, (height - max(width, height)) / 2.0],
        ]
    )
    result = cv2.warpAffine(
        image,
        image_from_input,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(result, np.uint8)


def decode(raw: FloatArray, anchors: Float32Array, *, size: int) -> Float32Array:
    """Turn the network's numbers into points.

    Parameters
    ----------
    raw : shape (n, 16), centre, size, six key points, in pixels of the input, relative to anchors
    anchors : shape (n, 2)
    size : side of the input in pixels

    Returns
    -------
    shape (n, 8, 2), float32
        Top-left corner, bottom-right corner, key points, in 0 to 1 of the input.
    """
    pairs = raw.reshape(-1, 2 + N_KEY_POINTS, 2).astype(np.float32) / size
    center, half = pairs[:, 0] + anchors, pairs[:, 1] / 2.0
    key_points = pairs[:, 2:] + anchors[:, None]
    corners = np.stack([center - half, center + half], axis=1)
    return np.asarray(np.concatenate([corners, key_points], axis=1), np.float32)


def merge_overlapping(
    points: Float32Array, scores: Float32Array, *, min_overlap: float
) -> list[tuple[Float32Array, float]]:
    """Merge detections of one face: their score-weighted mean (weighted non-maximum suppression).

    Parameters
    ----------
    points : shape (n, 8, 2), the first two the corners of the box
    scores : shape (n,)
    min_overlap : intersection over union above which two boxes are one face

    Returns
    -------
    list of (points of shape (8, 2), score)
        Best first; the score is the best of the merged ones.
    """
    merged = []
    remaining: IndexArray = np.argsort(-scores, kind="stable").astype(np.int32)
    while remaining.size:
        best = remaining[0]
        in_cluster = overlap(points[best, :2], points[remaining, :2]) > min_overlap
        in_cluster[0] = True
        cluster = remaining[in_cluster]
        weights = scores[cluster] / scores[cluster].sum()
        mean = np.einsum("k,kpc->pc", weights, points[cluster]).astype(np.float32)
        merged.append((mean, float(scores[best])))
        remaining = remaining[~in_cluster]
    return merged


def overlap(box: FloatArray, boxes: FloatArray) -> FloatArray:
    """Return intersection over union of one box (2, 2) with others (n, 2, 2), shape (n,)."""
    low = np.maximum(box[0], boxes[:, 0])
    high = np.minimum(box[1], boxes[:, 1])
    shared = np.prod(np.maximum(high - low, 0.0), axis=1)
    area = np.prod(np.maximum(box[1] - box[0], 0.0))
    areas = np.prod(np.maximum(boxes[:, 1] - boxes[:, 0], 0.0), axis=1)
    union = area + areas - shared
    return np.asarray(np.where(union > 0.0, shared / np.maximum(union, 1e-12), 0.0))
