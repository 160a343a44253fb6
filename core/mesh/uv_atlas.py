"""A face's UV map as a picture, onto which values of its vertices are carried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import BoolArray, Float32Array, Float64Array, FloatArray, IndexArray
from ..records import FaceTopology
from .triangle_maps import affine_maps, paint_indices_into, sample_maps


@dataclass(frozen=True, slots=True, eq=False)
class UvAtlas:
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


def atlas_of_topology(topology: FaceTopology, *, size: int) -> UvAtlas:
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
    return UvAtlas(points, rim, topology.triangles, layer, np.asarray(is_face))


def _rim(triangles: IndexArray, *, n_vertices: int) -> Float64Array:
    """Return 1 for vertices on the border of the mesh, one half beside them, else 0: (n,)."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, ::2]]))
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    rim = np.zeros(n_vertices)
    rim[unique[counts == 1]] = 1.0
    beside = np.unique(triangles[(rim[triangles] == 1.0).any(axis=1)])
    rim[beside] = np.maximum(rim[beside], 0.5)
    return rim
