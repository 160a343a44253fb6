"""Which triangle of a moving face is seen at each pixel, and where in the photograph it lies.

All points are pixels; the points of one drawing are the 468 landmarks, the same at rest (without
lids and jaw, as eyeballs and teeth move), and the rings around the face.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..arrays import Float32Array, Float64Array, IndexArray
from ..landmarks.topology import FACE_OVAL, INNER_LIPS, LEFT_EYE, RIGHT_EYE
from ..mesh.triangle_maps import affine_maps, paint_indices_into, sample_maps
from .face_motion import N_LANDMARKS, inside_of

RING_FACTORS = (1.0, 1.1, 1.25, 1.45, 1.7, 2.0, 2.4, 3.0, 12.0)
"""Sizes of the rings around the face, in sizes of its oval; the last lies outside of any frame."""
_RING_DEPTH = 0.5
"""How fast the rings recede from the camera: the head's roundness behind the oval."""
_SUBPIXEL_BITS = 4


class Layers:
    """What is drawn over what: surroundings, eyeballs, mouth, teeth, then skin from far to near."""

    def __init__(self, triangles: IndexArray) -> None:
        eyes = np.concatenate([inside_of(loop, triangles) for loop in (RIGHT_EYE, LEFT_EYE)])
        mouth = inside_of(INNER_LIPS, triangles)
        inner = {tuple(triangle) for triangle in np.concatenate([eyes, mouth]).tolist()}
        is_skin = np.array([tuple(triangle) not in inner for triangle in triangles.tolist()])
        rings = _ring_triangles(len(RING_FACTORS)) + 2 * N_LANDMARKS
        parts = (rings, eyes + N_LANDMARKS, mouth + N_LANDMARKS, triangles[is_skin])
        self.triangles = np.concatenate(parts).astype(np.int32)
        self._ends = np.cumsum([len(part) for part in parts]).tolist()

    def draw(
        self,
        points: Float64Array,
        source_px: Float64Array,
        *,
        origin: IndexArray,
        size: tuple[int, int],
        scale: float,
        has_face: bool = True,
    ) -> tuple[IndexArray, Float32Array]:
        """Draw a window of the frame, at a scale.

        Returns
        -------
        which triangle is seen at each pixel, −1 in the dark of the mouth: (height, width)
        where the pixel lies in the source: (height, width, 2)
        """
        # Pixel centres stay pixel centres under the scale.
        seen = (points[:, :2] - origin + 0.5) * scale - 0.5
        layer = self._paint(seen, depth=points[:, 2], size=size, has_face=has_face)
        maps = affine_maps(seen, source_px, self.triangles, thin_scale=scale)
        return layer, sample_maps(layer, maps)

    def _paint(
        self, seen: Float64Array, *, depth: Float64Array, size: tuple[int, int], has_face: bool
    ) -> IndexArray:
        """Fill each triangle with its index, what is in front last."""
        import cv2

        layer = np.zeros(size, np.int32)
        parts = [np.arange(start, end) for start, end in pairwise((0, *self._ends))]
        paint_indices_into(layer, seen, self.triangles, order=parts[0])
        if has_face:
            paint_indices_into(layer, seen, self.triangles, order=parts[1])
            lips = np.round(seen[list(INNER_LIPS)] * (1 << _SUBPIXEL_BITS)).astype(np.int32)
            cv2.fillPoly(layer, [lips], (-1,), shift=_SUBPIXEL_BITS)
            paint_indices_into(layer, seen, self.triangles, order=parts[2])
            far_to_near = np.argsort(-depth[self.triangles[parts[3]]].mean(axis=1))
            paint_indices_into(layer, seen, self.triangles, order=parts[3][far_to_near])
        return layer


def rings_around(points: Float64Array) -> Float64Array:
    """Return the rings around the face at rest: (n_rings · n_oval, 3), receding from the camera."""
    oval = points[list(FACE_OVAL)]
    centre = oval.mean(axis=0)
    radius = float(np.linalg.norm(oval[:, :2] - centre[:2], axis=1).mean())
    rings = []
    for factor in RING_FACTORS:
        ring = centre + factor * (oval - centre)
        ring[:, 2] = oval[:, 2] + _RING_DEPTH * radius * min(factor - 1.0, 1.0)
        rings.append(ring)
    return np.concatenate(rings)


def _ring_triangles(n_rings: int) -> IndexArray:
    """Connect each ring with the next: (n, 3), outermost first, so that nearer ones cover it."""
    n_oval = len(FACE_OVAL)
    here = np.arange(n_oval)
    after = (here + 1) % n_oval
    parts = []
    for ring in reversed(range(n_rings - 1)):
        inner, outer = ring * n_oval, (ring + 1) * n_oval
        parts.append(np.stack([inner + here, inner + after, outer + here], axis=1))
        parts.append(np.stack([inner + after, outer + after, outer + here], axis=1))
    return np.asarray(np.concatenate(parts), np.int32)
