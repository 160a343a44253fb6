"""The face that a position map is sampled to: quad meshes, their neutral shape, and their marks.

The mesh of 33 × 33 vertices is what a take holds as landmarks: poses and smoothing go by it. The
finer ones are sampled from the same map.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..arrays import Float32Array, Float64Array, FloatArray, IndexArray
from ..errors import RangeError
from ..records import FaceTopology
from ..spaces import apply_transform
from .canonical_face import CanonicalFace, load_canonical_face
from .head_pose import target_from_source
from .position_map import DENSITIES, load_position_layout, vertices_from_map

SIDE = DENSITIES["1k"]
N_VERTICES = SIDE**2
"""Vertices of the mesh that stands for the landmarks."""
N_VERTICES_OF_DENSITY = {density: side**2 for density, side in DENSITIES.items()}
_N_MESH = 468
_WEIGHT_REACH_M = 0.005
"""How far around a point of MediaPipe's canonical face its say in the pose is spread."""
_LEAST_WEIGHT = 0.02
_N_STEPS, _STEP = 40, 0.7
"""Of the search for a place between the vertices; what is left is below a hundredth of a cell."""

Ring = tuple[int, ...]

_JAW, _NOSE = range(17), (range(27, 31), range(31, 36))
_BROWS, _EYES = (range(17, 22), range(22, 27)), (range(36, 42), range(42, 48))
_LIPS = (range(48, 60), range(60, 68))
"""The 68 iBUG landmarks: the subject's right comes first."""


@dataclass(frozen=True, slots=True, eq=False)
class MapFace:
    """One mesh of the map.

    `uv` (n, 2): where its vertices lie on the map. `canonical`: its neutral shape, as large as
    MediaPipe's canonical face and where that lies, and its weights. `facemesh_m` (478, 3): where
    FaceMesh's landmarks lie on it, metres, head space. `landmark_vertex` (68,): the vertices at the
    iBUG landmarks.
    """

    uv: Float32Array
    canonical: CanonicalFace
    facemesh_m: Float32Array
    landmark_vertex: IndexArray

    @property
    def contours(self) -> dict[str, tuple[Ring, ...]]:
        """The lines by which one recognises a face, closed: open ones go there and back."""
        right, left = (
            (self._ring(eye), self._there_and_back(brow))
            for eye, brow in zip(_EYES, _BROWS, strict=True)
        )
        return {
            "face oval": (self._there_and_back(_JAW),),
            "right eye": right,
            "left eye": left,
            "nose": tuple(self._there_and_back(line) for line in _NOSE),
            "lips": tuple(self._ring(ring) for ring in _LIPS),
        }

    def _ring(self, landmarks: range) -> Ring:
        return tuple(int(self.landmark_vertex[index]) for index in landmarks)

    def _there_and_back(self, landmarks: range) -> Ring:
        line = self._ring(landmarks)
        return line + line[-2:0:-1]


@cache
def load_map_face(n_vertices: int = N_VERTICES) -> MapFace:
    """Return the mesh of so many vertices: 33², 65² or 129².

    Raises
    ------
    RangeError
        There is no such mesh.
    WeightsMissing, WeightsCorrupt
        The layout or the canonical face is not there, or damaged.
    """
    sides = {side * side: side for side in DENSITIES.values()}
    if n_vertices not in sides:
        raise RangeError(
            f"n_vertices must be one of {', '.join(map(str, sides))}, got {n_vertices}"
        )
    layout = load_position_layout()
    known = load_canonical_face(_N_MESH)
    mesh = layout.mesh(sides[n_vertices])
    on_map = vertices_from_map(layout.neutral_m, layout.facemesh_uv)
    head_from_layout = target_from_source(
        on_map[:_N_MESH], known.topology.neutral_m[None], weights=known.procrustes_weights
    )[0]
    neutral_m = apply_transform(head_from_layout, vertices_from_map(layout.neutral_m, mesh.uv))
    facemesh_m = np.asarray(apply_transform(head_from_layout, on_map), np.float32)
    topology = FaceTopology(
        neutral_m=neutral_m.astype(np.float32),
        triangles=np.concatenate([mesh.quads[:, [0, 1, 2]], mesh.quads[:, [0, 2, 3]]]),
        uv=np.stack([mesh.uv[:, 0], 1.0 - mesh.uv[:, 1]], axis=1).astype(np.float32),
        quads=mesh.quads,
        facemesh_vertex=_nearest(mesh.uv, layout.facemesh_uv),
        ibug_vertex=mesh.landmark_vertex,
    )
    weights = _spread_weights(known.procrustes_weights, facemesh_m[:_N_MESH], neutral_m)
    return MapFace(mesh.uv, CanonicalFace(topology, weights), facemesh_m, mesh.landmark_vertex)


def canonical_face_of(n_points: int) -> CanonicalFace:
    """Return the canonical face of a mesh by the number of its points, whichever engine's it is.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        There is none of so many points; a file is damaged.
    """
    if n_points in N_VERTICES_OF_DENSITY.values():
        return load_map_face(n_points).canonical
    return load_canonical_face(n_points)


def is_of_map(n_points: int) -> bool:
    """Say whether so many points are the vertices of a position map's mesh."""
    return n_points in N_VERTICES_OF_DENSITY.values()


def in_facemesh_order(points: FloatArray) -> FloatArray:
    """Return the points next to FaceMesh's landmarks, in FaceMesh's order.

    Parameters
    ----------
    points : shape (…, n_points, k), of any engine's mesh, any unit and space

    Returns
    -------
    shape (…, 478, k), or the points as they are where they are FaceMesh's
    """
    if not is_of_map(points.shape[-2]):
        return points
    topology = load_map_face(points.shape[-2]).canonical.topology
    return points[..., topology.facemesh_vertex, :]


@cache
def _upright_fit() -> Float64Array:
    """Return what turns the landmarks' positions into the image of the head's axes: (4, n)."""
    canonical = load_map_face().canonical
    terms = np.concatenate([canonical.topology.neutral_m, np.ones((N_VERTICES, 1))], axis=1)
    heavy = np.sqrt(canonical.procrustes_weights)[:, None]
    return np.asarray(np.linalg.pinv(terms * heavy) * heavy[:, 0], np.float64)


def roll_of_landmarks(points_px: FloatArray) -> float:
    """Return how far a head leans in the image: clockwise as seen, radians, −π … π.

    Parameters
    ----------
    points_px : shape (1089, 3) or (1089, 2), image space: the coarse mesh's vertices

    Notes
    -----
    By the image of the head's own vertical. The line through the eyes would do for faces from the
    front, but from the side it is a point.
    """
    up = (_upright_fit() @ points_px[:, :2].astype(np.float64))[1]
    return float(np.arctan2(up[0], -up[1]))


def mirrored_map(position_map: FloatArray, *, size: int) -> Float32Array:
    """Lay the map of a mirrored crop on the crop as it was: columns change places.

    Parameters
    ----------
    position_map : shape (128, 128, 3), crop space
    size : pixels a side of the crop
    """
    turned = np.array(position_map[:, ::-1], np.float32)
    turned[..., 0] = size - 1.0 - turned[..., 0]
    return turned


@dataclass(frozen=True, slots=True, eq=False)
class Interpolation:
    """Values at places between the coarse mesh's vertices: `corner` (n, 4), `share` (n, 4)."""

    corner: IndexArray
    share: Float32Array

    def of(self, values: FloatArray) -> Float32Array:
        """Interpolate values of shape (n_frames, 1089, k): (n_frames, n, k)."""
        found = self.share[:, 0, None] * values[:, self.corner[:, 0]]
        for index in range(1, 4):
            found = found + self.share[:, index, None] * values[:, self.corner[:, index]]
        return np.asarray(found, np.float32)


@cache
def interpolation_to(n_vertices: int) -> Interpolation:
    """Return the interpolation from the coarse mesh's vertices to those of another mesh."""
    wanted = load_map_face(n_vertices).uv.astype(np.float64)
    grid = load_map_face().uv.reshape(SIDE, SIDE, 2).astype(np.float64)
    place = wanted * (SIDE - 1)
    for _ in range(_N_STEPS):  # lines of vertices bend a little: walk to where they cross
        corner, share = _bilinear(place)
        there = (grid.reshape(-1, 2)[corner] * share[..., None]).sum(axis=1)
        place = np.clip(place + _STEP * (wanted - there) * (SIDE - 1), 0.0, SIDE - 1.0)
    corner, share = _bilinear(place)
    return Interpolation(corner, share.astype(np.float32))


def _bilinear(place: Float64Array) -> tuple[IndexArray, Float64Array]:
    """Return the four vertices around places (n, 2), counted in vertices, and their shares."""
    low = np.minimum(place.astype(np.int32), SIDE - 2)
    (fx, fy), (column, row) = (place - low).T, low.T
    first = row * SIDE + column
    corner = np.stack([first, first + 1, first + SIDE, first + SIDE + 1], axis=1)
    share = np.stack([(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy], axis=1)
    return corner.astype(np.int32), share


def _nearest(uv: FloatArray, places: FloatArray) -> IndexArray:
    """Return the vertex next to each place: (n,)."""
    squares = ((uv[None].astype(np.float64) - places[:, None]) ** 2).sum(axis=-1)
    return np.asarray(squares.argmin(axis=1), np.int32)


def _spread_weights(
    weights: Float64Array, points_m: FloatArray, neutral_m: FloatArray
) -> Float64Array:
    """Give vertices the say in the pose that points near them have: as much in all."""
    used = np.flatnonzero(weights)
    squares = ((neutral_m[:, None] - points_m[used].astype(np.float64)) ** 2).sum(-1)
    closeness = np.exp(-0.5 * squares / _WEIGHT_REACH_M**2)
    spread = (closeness / closeness.sum(axis=0)) @ weights[used]
    spread[spread < _LEAST_WEIGHT * spread.max()] = 0.0
    return np.asarray(spread, np.float64)
