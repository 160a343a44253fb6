"""Draws faces over a picture: the mesh, the lines by which one knows a face, and what is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Float32Array, FloatArray, ImageArray, IndexArray

Contours = Mapping[str, Sequence[Sequence[int]]]
"""Closed lines of landmarks by the name of what they surround."""

Color = tuple[int, int, int]

MIN_HEIGHT, MAX_SIDE = 480, 3840
_MESH_COLOR: Color = (235, 240, 245)
_MESH_OPACITY = 0.38
_CONTOUR_COLORS: dict[str, Color] = {
    "face oval": (135, 225, 150),
    "right eye": (255, 235, 0),
    "left eye": (80, 190, 255),
    "nose": (255, 190, 110),
    "lips": (255, 105, 140),
}
_OTHER_COLOR: Color = (255, 240, 150)
_LOST_COLOR: Color = (255, 80, 70)
_FILLED_COLOR: Color = (255, 200, 70)
_SUBPIXEL_BITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFace:
    """A face in one frame: `points_px` (n, 3) in the footage's image space, NaN where lost."""

    points_px: Float32Array
    is_filled: bool


class FaceDrawing:
    """Draws on frames of one size, enlarged where lines would not be seen.

    Parameters
    ----------
    size : of the footage, (height, width)
    polygons : one array a face, (m, n_corners), the triangles or quads of its topology
    contours : what is accented; rings with landmarks that a face does not have are left out
    """

    def __init__(
        self,
        size: tuple[int, int],
        *,
        polygons: Sequence[IndexArray],
        contours: Contours,
    ) -> None:
        import cv2

        self._cv2: Any = cv2
        height, width = size
        wanted = max(1.0, MIN_HEIGHT / height)
        self._scale = min(wanted, MAX_SIDE / max(height, width))
        self._inner = (max(1, round(height * self._scale)), max(1, round(width * self._scale)))
        self.size = (self._inner[0] + self._inner[0] % 2, self._inner[1] + self._inner[1] % 2)
        self._edges = [_edges(faces) for faces in polygons]
        self._contours = contours
        self._text_scale = self.size[0] / 900.0

    def draw(self, image: ImageArray, faces: Sequence[DrawnFace]) -> ImageArray:
        """Return the picture, (height, width, 3) of `self.size`, with the faces over it."""
        canvas = self._enlarged(image)
        notes: list[tuple[str, Color]] = []
        for index, (face, edges) in enumerate(zip(faces, self._edges, strict=True)):
            name = "face" if len(faces) == 1 else f"face {index + 1}"
            if not np.isfinite(face.points_px).all():
                notes.append((f"{name} lost", _LOST_COLOR))
                continue
            if face.is_filled:
                notes.append((f"{name} filled", _FILLED_COLOR))
            points = self._on_canvas(face.points_px)
            self._draw_mesh_into(canvas, points, edges)
            self._draw_contours_into(canvas, points)
        self._write_into(canvas, notes, is_at_top=True)
        legend = [(name, _CONTOUR_COLORS.get(name, _OTHER_COLOR)) for name in self._contours]
        self._write_into(canvas, legend, is_at_top=False)
        return canvas

    def _enlarged(self, image: ImageArray) -> ImageArray:
        """Return a copy in the canvas's size; an odd side gets its last line twice."""
        cv2 = self._cv2
        if self._inner != image.shape[:2]:
            kind = cv2.INTER_CUBIC if self._scale > 1.0 else cv2.INTER_AREA
            image = cv2.resize(image, self._inner[::-1], interpolation=kind)
        below, beside = self.size[0] - self._inner[0], self.size[1] - self._inner[1]
        return np.asarray(
            cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8
        )

    def _on_canvas(self, points_px: FloatArray) -> IndexArray:
        """Return x and y in the canvas's fixed-point pixels: (n, 3) → (n, 2).

        The origin of image space is a pixel's centre, which is not where enlarging starts.
        """
        enlarged = (points_px[:, :2] + 0.5) * self._scale - 0.5
        limit = 8.0 * MAX_SIDE  # far outside, and small enough for fixed point
        return np.asarray(np.rint(enlarged.clip(-limit, limit) * 2**_SUBPIXEL_BITS), np.int32)

    def _draw_mesh_into(self, canvas: ImageArray, points: IndexArray, edges: IndexArray) -> None:
        """Blend the edges of the mesh over the part of the picture that they cover."""
        cv2, unit = self._cv2, 2**_SUBPIXEL_BITS
        height, width = canvas.shape[:2]
        left, top = np.clip(points.min(axis=0) // unit - 2, 0, (width, height))
        right, bottom = np.clip(points.max(axis=0) // unit + 3, 0, (width, height))
        if right <= left or bottom <= top:
            return
        part = canvas[top:bottom, left:right]
        drawn = part.copy()
        lines = points[edges] - np.array([left, top], np.int32) * unit  # (n_edges, 2, 2)
        cv2.polylines(drawn, lines, False, _MESH_COLOR, 1, cv2.LINE_AA, _SUBPIXEL_BITS)
        part[:] = cv2.addWeighted(drawn, _MESH_OPACITY, part, 1.0 - _MESH_OPACITY, 0.0)

    def _draw_contours_into(self, canvas: ImageArray, points: IndexArray) -> None:
        """Draw what is accented."""
        cv2 = self._cv2
        thickness = max(1, round(self.size[0] / 720))
        for name, rings in self._contours.items():
            lines = [points[list(ring)] for ring in rings if max(ring) < len(points)]
            color = _CONTOUR_COLORS.get(name, _OTHER_COLOR)
            cv2.polylines(canvas, lines, True, color, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)

    def _write_into(
        self, canvas: ImageArray, words: Sequence[tuple[str, Color]], *, is_at_top: bool
    ) -> None:
        """Write words below each other from the top, or beside each other at the bottom."""
        cv2, font = self._cv2, self._cv2.FONT_HERSHEY_SIMPLEX
        scale = self._text_scale * (1.3 if is_at_top else 0.9)
        thickness = max(1, round(1.6 * scale))
        margin = round(14 * scale)
        x, y = 2 * margin, 4 * margin if is_at_top else self.size[0] - 2 * margin
        for text, color in words:
            (width, height), _ = cv2.getTextSize(text, font, scale, thickness)
            top, left = max(0, y - height - margin), max(0, x - margin)
            back = canvas[top : y + margin, left : x + width + margin]
            back[:] = back // 3  # so that the word can be read on any picture
            cv2.putText(canvas, text, (x, y), font, scale, color, thickness, cv2.LINE_AA)
            if is_at_top:
                y += height + 3 * margin
            else:
                x += width + 2 * margin


def _edges(polygons: IndexArray) -> IndexArray:
    """Return each edge of the polygons once: (m, n_corners) → (n_edges, 2)."""
    pairs = np.stack([polygons, np.roll(polygons, -1, axis=1)], axis=-1).reshape(-1, 2)
    return np.asarray(np.unique(np.sort(pairs, axis=1), axis=0), np.int32)
