"""The position map's layout: which point of the face lies under which texel.

The square of the map is the whole face, from the hairline to below the chin and from ear to ear,
with closed eyes and mouth (`layout_mesh`), laid out without folds (`layout_plane`). Texel (row,
column) of a map of n × n lies at u = column / (n − 1), v = row / (n − 1); u goes to the right of a
picture of the face (to the subject's left), v down. Column c mirrors column n − 1 − c.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..arrays import Float32Array, Float64Array, FloatArray, IndexArray
from .face_model import FaceModel
from .layout_mesh import LayoutMesh, Zone, layout_mesh
from .layout_plane import plane_from_surface

MAP_SIZE = 128
"""Texels a side."""
_OPEN_JAW = 0.25
"""The face is laid out with its mouth a little open, so that the mouth has room on the map."""
_FOCI_M = (
    (0.032, 0.036, 0.018, 0.012, 3.0),
    (-0.032, 0.036, 0.018, 0.012, 3.0),
    (0.0, -0.037, 0.026, 0.014, 3.0),
    (0.0, -0.002, 0.020, 0.018, 1.5),
)
"""Where the map is denser (eyes, mouth, nose): x, y, radii, and by how much."""
_HIDDEN, _MOUTH_INSIDE = 0.15, 2.0
"""Importance of what lies in the nostrils, and between the lips."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What lies under each texel of the map, row by row.

    `mix` (16384, n_model_vertices), sparse, and `offset_m` (16384, 3): a texel's point is
    mix · model + offset; `zone` (128, 128) as in `Zone`; `landmarks_uv` (68, 2) of the iBUG points;
    `mesh`, `plane_uv` (n, 2): the surface and where its vertices lie.
    """

    mix: sparse.csr_matrix
    offset_m: Float64Array
    zone: IndexArray
    landmarks_uv: Float64Array
    mesh: LayoutMesh
    plane_uv: Float64Array

    def map_m(self, model_m: FloatArray) -> Float32Array:
        """Return the position map of the model's vertices: shape (128, 128, 3), metres."""
        points = self.mix @ model_m.astype(np.float64) + self.offset_m
        return np.asarray(points.reshape(MAP_SIZE, MAP_SIZE, 3), np.float32)


def make_layout(model: FaceModel) -> Layout:
    """Lay out the face of the model.

    Raises
    ------
    DegenerateError
        The model's face is not one surface with two eyes and a mouth, or folds over.
    """
    mesh = layout_mesh(model)
    expression = np.zeros(len(model.expression_names))
    expression[model.expression_names.index("jawOpen")] = _OPEN_JAW
    points = mesh.vertices(model.vertices(np.zeros(len(model.identity_m)), expression))
    plane = plane_from_surface(
        points,
        mesh.triangles,
        boundary=mesh.boundary,
        bounds=mesh.bounds,
        importance=_importance(points, mesh),
        is_skin=np.isin(np.arange(len(points)), mesh.triangles[mesh.zone == int(Zone.SKIN)]),
    )
    triangle, bary = _under_texels(plane, mesh.triangles)
    corners = mesh.triangles[triangle]
    rows = np.repeat(np.arange(len(triangle)), 3)
    pick = sparse.csr_matrix((bary.ravel(), (rows, corners.ravel())), (len(triangle), len(points)))
    kept = np.asarray(mesh.mix.argmax(axis=1)).ravel()
    pure = np.asarray(mesh.mix.max(axis=1).todense()).ravel() > 1.0 - 1e-9
    vertex_of = {int(kept[i]): i for i in np.flatnonzero(pure)}
    return Layout(
        mix=(pick @ mesh.mix).tocsr(),
        offset_m=pick @ mesh.offset_m,
        zone=_symmetric_zone(mesh.zone[triangle]),
        landmarks_uv=plane[[vertex_of[vertex] for vertex in model.landmarks_68]],
        mesh=mesh,
        plane_uv=plane,
    )


def _importance(points: Float64Array, mesh: LayoutMesh) -> Float64Array:
    """Return how much of the map each triangle should get for its area."""
    corners = points[mesh.triangles]
    x, y, z = corners.mean(axis=1).T
    weight = np.ones(len(x))
    for fx, fy, rx, ry, more in _FOCI_M:
        weight += more * np.exp(-(((x - fx) / rx) ** 2 + ((y - fy) / ry) ** 2))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    is_nostril = (np.abs(x) < 0.016) & (np.abs(y) < 0.012) & (z < 0.1085)
    weight = np.where((normal[:, 2] < 0.0) | is_nostril, _HIDDEN * weight, weight)
    return np.where(mesh.zone == int(Zone.MOUTH), _MOUTH_INSIDE, weight)


def _under_texels(plane: Float64Array, triangles: IndexArray) -> tuple[IndexArray, Float64Array]:
    """Return for each texel the triangle over it and its place in it."""
    best = np.full((MAP_SIZE, MAP_SIZE), -np.inf)
    found = np.zeros((MAP_SIZE, MAP_SIZE), np.int32)
    bary = np.zeros((MAP_SIZE, MAP_SIZE, 3))
    scaled = plane * (MAP_SIZE - 1)
    low = np.maximum(np.floor(scaled[triangles].min(axis=1) - 0.6), 0).astype(int)
    high = np.minimum(np.ceil(scaled[triangles].max(axis=1) + 0.6), MAP_SIZE - 1).astype(int)
    for index, (a, b, c) in enumerate(scaled[triangles]):
        edges = np.stack([b - a, c - a], axis=1)
        if abs(np.linalg.det(edges)) < 1e-9:
            continue
        columns = np.arange(low[index, 0], high[index, 0] + 1)
        rows = np.arange(low[index, 1], high[index, 1] + 1)
        places = np.stack(np.meshgrid(columns, rows), axis=-1) - a
        shares = places @ np.linalg.inv(edges).T
        weights = np.concatenate([1.0 - shares.sum(axis=-1, keepdims=True), shares], axis=-1)
        worst = weights.min(axis=-1)
        window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        is_better = worst > best[window]
        best[window][is_better] = worst[is_better]
        found[window][is_better] = index
        bary[window][is_better] = weights[is_better]
    bary = np.clip(bary, 0.0, None)
    bary /= bary.sum(axis=-1, keepdims=True)
    return found.ravel(), bary.reshape(-1, 3)


def _symmetric_zone(zone: IndexArray) -> IndexArray:
    """Give the right half of the map the zones of the left: (128 · 128,) → (128, 128)."""
    square = zone.reshape(MAP_SIZE, MAP_SIZE).copy()
    square[:, MAP_SIZE // 2 :] = square[:, : MAP_SIZE // 2][:, ::-1]
    return square
