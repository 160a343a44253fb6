"""The surface that is laid out: the face cut along a smooth line, eyes and mouth closed.

Each vertex of it is a fixed mix of the model's vertices, so that every identity and expression of
the model carries over by one matrix product.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from scipy import sparse

from ..arrays import Float64Array, FloatArray, IndexArray
from ..errors import DegenerateError
from .face_model import N_FACE, FaceModel

_CENTRE_M = (0.0, 0.01, 0.03)
"""Where the directions that bound the face start: in the head, at the height of the nose."""
_SIDE_RAD, _UP_RAD, _DOWN_RAD = np.deg2rad([92.0, 50.0, 66.0])
"""How far the face goes: to the ears, to the hairline, below the chin."""
_EXPONENT = 3.0
_SLIVER = 0.1
_RINGS = (0.72, 0.4)
"""Rings of the patch over an eye, in sizes of the rim."""
_BULGE_M = 0.0035
"""How far the eyeball stands out of its rim, in the middle."""
_MOUTH_ROWS = (1.0 / 3.0, 2.0 / 3.0)


class Zone(IntEnum):
    """What a part of the layout shows."""

    SKIN = 0
    EYE = 1
    MOUTH = 2


@dataclass(frozen=True, slots=True)
class LayoutMesh:
    """The closed surface.

    `mix` (n, n_model_vertices), sparse, and `offset_m` (n, 3): vertices = mix · model + offset;
    `triangles` (m, 3); `zone` (m,) says what each shows; `boundary` the vertices around, in order;
    `bounds` (n, 2) where a vertex lies, −1 … 1 across and down in units of the cut.
    """

    mix: sparse.csr_matrix
    offset_m: Float64Array
    triangles: IndexArray
    zone: IndexArray
    boundary: IndexArray
    bounds: Float64Array

    def vertices(self, model_m: FloatArray) -> Float64Array:
        """Return the surface's vertices (n, 3) for the model's, metres, head space."""
        return np.asarray(self.mix @ model_m.astype(np.float64) + self.offset_m, np.float64)


def cut_bounds(points_m: FloatArray) -> Float64Array:
    """Return where points lie, across and down, in units of the cut: shape (n, 2)."""
    x, y, z = (points_m.astype(np.float64) - _CENTRE_M).T
    across = np.arctan2(x, z) / _SIDE_RAD
    up = np.arctan2(y, np.hypot(x, z))
    return np.stack([across, -up / np.where(up > 0.0, _UP_RAD, _DOWN_RAD)], axis=1)


def layout_mesh(model: FaceModel) -> LayoutMesh:
    """Cut the face out of the model and close its eyes and mouth.

    Raises
    ------
    DegenerateError
        The face has other holes than two eyes and a mouth.
    """
    triangles = model.triangles[(model.triangles < N_FACE).all(axis=1)]
    rows, triangles = _clipped(model.neutral_m.astype(np.float64), triangles)
    points = rows @ model.neutral_m.astype(np.float64)
    loops = boundary_loops(triangles)
    if len(loops) != 4:
        raise DegenerateError(f"The face must have 4 borders (around, mouth, eyes): {len(loops)}")
    loops.sort(key=lambda loop: -float(np.ptp(points[loop], axis=0).sum()))
    around, *holes = loops
    mouth, *eyes = sorted(holes, key=lambda loop: abs(float(points[loop, 0].mean())))
    zone = [np.zeros(len(triangles), np.int32)]
    directed = {(a, b) for t in triangles.tolist() for a, b in zip(t, t[1:] + t[:1], strict=True)}
    parts, offsets = [triangles], [np.zeros((rows.shape[0], 3))]
    for kind, loop in ((Zone.MOUTH, mouth), *((Zone.EYE, eye) for eye in eyes)):
        close = _mouth_patch if kind == Zone.MOUTH else _eye_patch
        local, patch, offset = close(points[loop])
        spread = sparse.csr_matrix(
            (np.ones(len(loop)), (np.arange(len(loop)), loop)), (len(loop), rows.shape[0])
        )
        rows = sparse.vstack([rows, sparse.csr_matrix(local) @ spread @ rows]).tocsr()
        lookup = np.concatenate([loop, np.arange(rows.shape[0] - len(local), rows.shape[0])])
        patch = lookup[patch].astype(np.int32)
        # Neighbours go along the edge they share in opposite directions.
        is_turned = any(
            edge in directed for t in patch.tolist() for edge in zip(t, t[1:] + t[:1], strict=True)
        )
        parts.append(patch[:, ::-1] if is_turned else patch)
        offsets.append(offset)
        zone.append(np.full(len(patch), int(kind), np.int32))
    closed = rows @ model.neutral_m.astype(np.float64) + np.concatenate(offsets)
    return LayoutMesh(
        mix=rows,
        offset_m=np.concatenate(offsets),
        triangles=np.concatenate(parts),
        zone=np.concatenate(zone),
        boundary=np.asarray(around, np.int32),
        bounds=cut_bounds(closed),
    )


def boundary_loops(triangles: IndexArray) -> list[list[int]]:
    """Return the borders of a mesh, each a ring of vertices in order."""
    edges = Counter(
        (int(a), int(b)) if a < b else (int(b), int(a))
        for a, b in np.concatenate(
            [triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]
        )
    )
    beside: dict[int, list[int]] = defaultdict(list)
    for (a, b), count in edges.items():
        if count == 1:
            beside[a].append(b)
            beside[b].append(a)
    loops, seen = [], set()
    for start in beside:
        if start in seen:
            continue
        loop = [start]
        seen.add(start)
        while following := [vertex for vertex in beside[loop[-1]] if vertex not in seen]:
            loop.append(following[0])
            seen.add(following[0])
        loops.append(loop)
    return loops


def _clipped(points: Float64Array, triangles: IndexArray) -> tuple[sparse.csr_matrix, IndexArray]:
    """Cut triangles along the line |across|³ + |down|³ = 1; returns mixing rows and triangles."""
    level = (np.abs(cut_bounds(points)) ** _EXPONENT).sum(axis=1) - 1.0
    is_in = level <= 0.0
    entries: list[tuple[int, int, float]] = []
    number: dict[tuple[int, int], int] = {}

    def vertex(a: int, b: int) -> int:
        """Return the vertex a, or the one between a (inside) and b (outside)."""
        share = 0.0 if a == b else float(level[a] / (level[a] - level[b]))
        # A cut close to the vertex would leave a sliver: the vertex itself is taken.
        share = share if share > _SLIVER else 0.0
        key = (a, b) if share > 0.0 else (a, a)
        if key not in number:
            number[key] = len(number)
            entries.append((number[key], a, 1.0 - share))
            if share > 0.0:
                entries.append((number[key], b, share))
        return number[key]

    kept: list[tuple[int, int, int]] = []
    for corners in triangles.tolist():
        inside = [bool(is_in[corner]) for corner in corners]
        polygon: list[int] = []
        for (a, a_in), (b, b_in) in zip(
            zip(corners, inside, strict=True),
            zip(corners[1:] + corners[:1], inside[1:] + inside[:1], strict=True),
            strict=True,
        ):
            if a_in:
                polygon.append(vertex(a, a))
            if a_in != b_in:
                polygon.append(vertex(a, b) if a_in else vertex(b, a))
        polygon = list(dict.fromkeys(polygon))
        kept += [(polygon[0], polygon[i], polygon[i + 1]) for i in range(1, len(polygon) - 1)]
    row, column, value = (np.array(part) for part in zip(*entries, strict=True))
    mix = sparse.csr_matrix((value, (row, column)), (len(number), len(points)))
    return mix, _largest_part(np.array(kept, np.int32), mix, len(number))[1]


def _largest_part(
    triangles: IndexArray, mix: sparse.csr_matrix, n_vertices: int
) -> tuple[sparse.csr_matrix, IndexArray]:
    """Leave out islands; vertices keep their numbers."""
    links = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    graph = sparse.coo_matrix(
        (np.ones(len(links)), (links[:, 0], links[:, 1])), (n_vertices, n_vertices)
    )
    _, label = sparse.csgraph.connected_components(graph, directed=False)
    largest = np.bincount(label[triangles[:, 0]]).argmax()
    return mix, triangles[label[triangles[:, 0]] == largest]


def _eye_patch(
    rim: Float64Array,
) -> tuple[Float64Array, IndexArray, Float64Array]:
    """Fill an eye by rings that shrink to its middle: weights on the rim, triangles, offsets."""
    n = len(rim)
    weights = [ring * np.eye(n) + (1.0 - ring) * np.full((n, n), 1.0 / n) for ring in _RINGS] + [
        np.full((1, n), 1.0 / n)
    ]
    heights = np.concatenate([np.full(n, 1.0 - ring**2) for ring in _RINGS] + [np.ones(1)])
    offset = np.zeros((len(heights), 3))
    offset[:, 2] = _BULGE_M * heights
    triangles = []
    for ring in range(len(_RINGS)):
        for i in range(n):
            j = (i + 1) % n
            a, b, c, d = ring * n + i, ring * n + j, (ring + 1) * n + i, (ring + 1) * n + j
            triangles += [(a, b, c), (b, d, c)]
    last, middle = len(_RINGS) * n, (len(_RINGS) + 1) * n
    triangles += [(last + i, last + (i + 1) % n, middle) for i in range(n)]
    return np.concatenate(weights), np.array(triangles, np.int32), offset


def _mouth_patch(
    rim: Float64Array,
) -> tuple[Float64Array, IndexArray, Float64Array]:
    """Fill the mouth by threads between its lips: weights on the rim, triangles, offsets."""
    n = len(rim)
    if n % 2:
        raise DegenerateError(f"The lips must have equal borders, got {n} vertices in all")
    # The corner from which the two lips go side by side.
    steps = np.arange(n // 2 + 1)
    ways = [np.stack([(start + steps) % n, (start - steps) % n]) for start in range(n // 2)]
    one, other = min(
        ways, key=lambda way: float(np.abs(np.ptp(rim[way, 0], axis=0)).sum())
    ).tolist()
    start, end = one[0], one[-1]
    pairs = list(zip(one[1:-1], other[1:-1], strict=True))
    weights = np.zeros((len(pairs) * len(_MOUTH_ROWS), n))
    for i, (a, b) in enumerate(pairs):
        for row, share in enumerate(_MOUTH_ROWS):
            weights[row * len(pairs) + i, a] = 1.0 - share
            weights[row * len(pairs) + i, b] = share
    lines = [[a for a, _ in pairs]]
    lines += [
        [n + row * len(pairs) + i for i in range(len(pairs))] for row in range(len(_MOUTH_ROWS))
    ]
    lines += [[b for _, b in pairs]]
    triangles = []
    for upper, lower in pairwise(lines):
        for i in range(len(pairs) - 1):
            a, b, c, d = upper[i], upper[i + 1], lower[i], lower[i + 1]
            triangles += [(a, c, b), (b, c, d)]
        triangles += [(start, lower[0], upper[0]), (end, upper[-1], lower[-1])]
    return weights, np.array(triangles, np.int32), np.zeros((len(weights), 3))
