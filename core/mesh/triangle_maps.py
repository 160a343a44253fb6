"""Pictures carried from one triangulation to another: an affine map in each triangle."""

from __future__ import annotations

import numpy as np

from ..arrays import Float32Array, FloatArray, IndexArray

_SUBPIXEL_BITS = 4


def affine_maps(
    target_px: FloatArray, source_px: FloatArray, triangles: IndexArray, *, thin_scale: float = 1.0
) -> Float32Array:
    """Find for each triangle the affine map that leads from the target to the source.

    Parameters
    ----------
    target_px : shape (n, 2), where a picture is drawn
    source_px : shape (n, k), where it comes from: positions, or any values over the vertices
    triangles : shape (m, 3)
    thin_scale : target pixels a source pixel; how triangles thinner than a pixel are shifted

    Returns
    -------
    shape (m, k, 3), float32
        source = map · (x, y, 1).
    """
    corner, source = target_px[triangles].astype(np.float64), source_px[triangles]
    edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=-1)
    source_edges = np.stack([source[:, 1] - source[:, 0], source[:, 2] - source[:, 0]], axis=-1)
    # A triangle thinner than a pixel still colours whole pixels: its own map would reach for places
    # far outside of it, so it is only shifted.
    longest = np.linalg.norm(edges, axis=1).max(axis=1)
    area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    is_thin = np.abs(area) <= longest
    edges[is_thin] = thin_scale * np.eye(2)
    area[is_thin] = thin_scale**2
    source_edges[is_thin] = np.eye(source_edges.shape[1], 2)
    # Written out: a thousand calls of a general inverse took six times as long.
    adjugate = np.stack(
        [
            np.stack([edges[:, 1, 1], -edges[:, 0, 1]], axis=-1),
            np.stack([-edges[:, 1, 0], edges[:, 0, 0]], axis=-1),
        ],
        axis=1,
    )
    linear = source_edges @ (adjugate / area[:, None, None])
    shift = source.mean(axis=1) - np.einsum("nij,nj->ni", linear, corner.mean(axis=1))
    return np.asarray(np.concatenate([linear, shift[..., None]], axis=-1), np.float32)


def sample_maps(layer: IndexArray, maps: Float32Array) -> Float32Array:
    """Evaluate the maps of the triangles that are seen at each pixel.

    Parameters
    ----------
    layer : shape (height, width), index of a triangle; below 0 counts as the first
    maps : shape (m, k, 3), as `affine_maps`

    Returns
    -------
    shape (height, width, k), float32
    """
    seen = maps[layer.clip(0)]  # (height, width, k, 3)
    x = np.arange(layer.shape[1], dtype=np.float32)
    y = np.arange(layer.shape[0], dtype=np.float32)[:, None]
    values = np.zeros((*layer.shape, maps.shape[1]), np.float32)
    for index in range(maps.shape[1]):
        map_x, map_y, shift = np.moveaxis(seen[..., index, :], -1, 0)
        values[..., index] = map_x * x + map_y * y + shift
    return values


def paint_indices_into(
    layer: IndexArray, points_px: FloatArray, triangles: IndexArray, *, order: IndexArray
) -> None:
    """Write into the layer, in order, the index of each triangle wherever it lies."""
    import cv2

    corners = np.round(points_px * (1 << _SUBPIXEL_BITS)).astype(np.int32)[triangles]
    for index in order.tolist():
        cv2.fillConvexPoly(layer, corners[index], (index,), shift=_SUBPIXEL_BITS)
