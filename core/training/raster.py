"""A small z-buffer in numpy: which triangle shows at each pixel, and where in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Float32Array, FloatArray, IndexArray

_WINDOWS_PX = (1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class Fragments:
    """What shows.

    `pixel` (n,) are flat indices of covered pixels, `triangle` (n,) which one shows at each,
    `shares` (n, 3) those of its corners.
    """

    pixel: IndexArray
    triangle: IndexArray
    shares: Float32Array


def rasterise(points_px: FloatArray, triangles: IndexArray, *, size: tuple[int, int]) -> Fragments:
    """Find the nearest triangle over each pixel's centre.

    Parameters
    ----------
    points_px : shape (n, 3), image space: pixel centres at whole numbers, depth away from the eye
    triangles : shape (m, 3); those that turn clockwise as seen (y down) show, others do not
    size : height and width of the picture
    """
    height, width = size
    corners = points_px.astype(np.float32)[triangles]  # (m, 3, 3)
    x, y = corners[..., 0], corners[..., 1]
    area: Float32Array = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) - (x[:, 2] - x[:, 0]) * (
        y[:, 1] - y[:, 0]
    )
    left = np.maximum(np.ceil(x.min(axis=1)), 0).astype(np.int32)
    top = np.maximum(np.ceil(y.min(axis=1)), 0).astype(np.int32)
    across = np.minimum(np.floor(x.max(axis=1)), width - 1).astype(np.int32) - left + 1
    down = np.minimum(np.floor(y.max(axis=1)), height - 1).astype(np.int32) - top + 1
    shows = np.flatnonzero((area > 1e-8) & (across > 0) & (down > 0))
    longest = np.maximum(across, down)[shows]
    found: list[tuple[IndexArray, IndexArray, Float32Array, Float32Array]] = []
    lowest = 0
    for window in _WINDOWS_PX:
        some = shows[(longest > lowest) & (longest <= window)]
        lowest = window
        if not len(some):
            continue
        found.append(
            _covered(corners[some], area[some], left[some], top[some], window, width, height)
        )
        found[-1] = (found[-1][0], some[found[-1][1]].astype(np.int32), *found[-1][2:])
    if not found:
        none = np.zeros(0, np.int32)
        return Fragments(none, none, np.zeros((0, 3), np.float32))
    pixel, index = (np.concatenate([part[k] for part in found]) for k in (0, 1))
    shares, depth = (np.concatenate([part[k] for part in found]) for k in (2, 3))
    # The nearest is written last and stays.
    order = np.argsort(-depth, kind="stable")
    top_most = np.full(height * width, -1, np.int32)
    top_most[pixel[order]] = order
    kept = top_most[top_most >= 0]
    return Fragments(pixel[kept], index[kept], shares[kept])


def _covered(
    corners: Float32Array,
    area: Float32Array,
    left: IndexArray,
    top: IndexArray,
    window: int,
    width: int,
    height: int,
) -> tuple[IndexArray, IndexArray, Float32Array, Float32Array]:
    """Return pixel, triangle, shares and depth of what triangles within a window cover."""
    step = np.arange(window, dtype=np.float32)
    px, py = left[:, None] + step, top[:, None] + step
    dx, dy = px - corners[:, 0, 0, None], py - corners[:, 0, 1, None]
    one = (corners[:, 1] - corners[:, 0])[:, :2] / area[:, None]
    two = (corners[:, 2] - corners[:, 0])[:, :2] / area[:, None]
    # Shares are linear in x and y: two small tables are added up over the window.
    outside = np.float32(-1e9)
    second_x = np.where(px < width, dx * two[:, 1, None], outside)
    second_y = np.where(py < height, -dy * two[:, 0, None], outside)
    second = second_y[:, :, None] + second_x[:, None, :]
    third = (dy * one[:, 0, None])[:, :, None] - (dx * one[:, 1, None])[:, None, :]
    flat = np.flatnonzero((second >= -1e-5) & (third >= -1e-5) & (second + third <= 1.00001))
    which, place = np.divmod(flat, window * window)
    row, column = np.divmod(place, window)
    b, c = second.ravel()[flat], third.ravel()[flat]
    shares = np.stack([1.0 - b - c, b, c], axis=1)
    z = corners[which, :, 2]
    depth = z[:, 0] * shares[:, 0] + z[:, 1] * b + z[:, 2] * c
    pixel = (top[which] + row) * width + left[which] + column
    return pixel, which, shares, depth


def interpolated(fragments: Fragments, triangles: IndexArray, values: FloatArray) -> Float32Array:
    """Return values (n_points, k) of the corners at each fragment: shape (n_fragments, k)."""
    corners = values.astype(np.float32, copy=False)[triangles[fragments.triangle]]
    return np.asarray(np.einsum("nck,nc->nk", corners, fragments.shares), np.float32)
