"""Colours and lines of what is drawn: the language of the overlay video, and how sure a face is.

Colours are red, green, blue in 0 to 1, as they appear on the screen.
"""

from __future__ import annotations

import numpy as np

from ...core.arrays import FloatArray, IndexArray

Color = tuple[float, float, float]

CONTOUR_COLORS: dict[str, Color] = {
    "face oval": (135 / 255, 225 / 255, 150 / 255),
    "right eye": (1.0, 235 / 255, 0.0),
    "left eye": (80 / 255, 190 / 255, 1.0),
    "nose": (1.0, 190 / 255, 110 / 255),
    "lips": (1.0, 105 / 255, 140 / 255),
}
"""As in the overlay video."""

LOST_COLOR: Color = (1.0, 80 / 255, 70 / 255)
FILLED_COLOR: Color = (0.72, 0.55, 1.0)
"""Violet: the video's amber would be taken for a doubtful face here."""

PRESENCE_COLOR: Color = (0.25, 0.88, 0.66)
MOTION_COLOR: Color = (0.45, 0.66, 0.95)

# Bluish green, yellow, vermilion differ in hue and brightness to colour-blind eyes, too (after
# M. Okabe and K. Ito, "Color Universal Design", 2008).
_CONFIDENCE_AT = (0.5, 0.75, 0.95)  # below 0.5 a face counts as lost
_CONFIDENCE_COLORS = ((0.94, 0.32, 0.08), (0.96, 0.90, 0.30), PRESENCE_COLOR)


def confidence_color(presence: float) -> Color:
    """Return the colour of a face that the network is so sure of: red, yellow, green."""
    channels = np.transpose(_CONFIDENCE_COLORS)
    red, green, blue = (float(np.interp(presence, _CONFIDENCE_AT, one)) for one in channels)
    return red, green, blue


def mesh_edges(polygons: IndexArray) -> IndexArray:
    """Return each edge of the polygons once: (m, n_corners) → (n_edges, 2)."""
    pairs = np.stack([polygons, np.roll(polygons, -1, axis=1)], axis=-1).reshape(-1, 2)
    return np.asarray(np.unique(np.sort(pairs, axis=1), axis=0), np.int32)


def contour_edges(n_landmarks: int) -> dict[str, IndexArray]:
    """Return the edges of the contours by name, each (n_edges, 2), that a mesh has."""
    from ...core.pipeline import contours_of_mesh  # loads every stage

    edges = {}
    for name, rings in contours_of_mesh(n_landmarks).items():
        closed = [
            np.stack([ring, np.roll(ring, -1)], axis=1) for ring in rings if max(ring) < n_landmarks
        ]
        if closed:
            edges[name] = np.concatenate(closed).astype(np.int32)
    return edges


_HEXAGON = np.stack([np.cos(np.arange(6) * np.pi / 3), np.sin(np.arange(6) * np.pi / 3)], axis=1)
_HEXAGON_FAN = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5]], np.int32)


def dot_corners(points: FloatArray, *, radius: tuple[float, float]) -> FloatArray:
    """Return the corners of a small disc around each point: (n, 2) → (6 n, 2)."""
    corners = points[:, None, :] + (_HEXAGON * radius).astype(np.float32)
    return corners.reshape(-1, 2)


def dot_triangles(n_points: int) -> IndexArray:
    """Return the triangles of `dot_corners`, (4 n, 3)."""
    starts = 6 * np.arange(n_points, dtype=np.int32)
    return (starts[:, None, None] + _HEXAGON_FAN).reshape(-1, 3)
