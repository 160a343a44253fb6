"""Catmull-Clark subdivision: topology once, positions per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import AnyArray, BoolArray, Float32Array, FloatArray
from ..errors import RangeError
from .polygon_mesh import PolygonMesh, polygon_mesh
from .stencil import SparseMap, Stencil, apply_stencil, sparse_map, stencil_from_steps

MAX_LEVELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Subdivision:
    """A subdivided mesh, and how its points follow from the coarse mesh's.

    `mesh` has quads only. Its vertices are, level after level, the vertices of the level before,
    then one for each of its edges, in the order of `PolygonMesh.edges`, then one for each face.
    `stencil` maps positions, `uv_stencil` UVs.
    """

    mesh: PolygonMesh
    stencil: Stencil
    uv_stencil: Stencil


@dataclass(frozen=True, slots=True, eq=False)
class _Rules:
    """Which rule each edge and vertex follows; neither smooth nor crease is a corner."""

    is_sharp_edge: BoolArray
    is_smooth: BoolArray
    is_crease: BoolArray


def subdivision(mesh: PolygonMesh, *, levels: int, use_limit_surface: bool = False) -> Subdivision:
    """Subdivide a mesh.

    Parameters
    ----------
    mesh : any polygons
    levels : 1 to 3; each makes about four times as many faces
    use_limit_surface : whether the last level's points are moved on to the surface to which
        further levels would converge

    Returns
    -------
    Subdivision

    Raises
    ------
    RangeError
        `levels` is out of range.

    Notes
    -----
    The same surface as Blender's Subdivision Surface modifier in its other defaults (boundaries
    smooth, corners too; UVs smooth but at boundaries): boundary edges, and edges where the mesh
    branches or its winding turns over, are infinitely sharp; a vertex on two of them lies on a
    smooth curve; on more, or where the mesh touches itself in the vertex only, it stays where it
    is, and so does one without faces. UVs follow the rules of the surface inside; at the boundary
    they are interpolated linearly, and they are never moved on to the limit.

    References
    ----------
    E. Catmull, J. Clark, "Recursively generated B-spline surfaces on arbitrary topological
    meshes", Computer-Aided Design 10(6), 1978. Boundaries: A. Nasri, ACM TOG 6(1), 1987. Limit:
    M. Halstead, M. Kass, T. DeRose, "Efficient, fair interpolation using Catmull-Clark surfaces",
    SIGGRAPH 1993, appendix A.
    """
    if not 1 <= levels <= MAX_LEVELS:
        raise RangeError(f"levels must lie in 1 … {MAX_LEVELS}, got {levels}")
    links = mesh.edges
    steps: list[SparseMap] = []
    uv_steps: list[SparseMap] = []
    for _ in range(levels):
        rules = _rules(mesh)
        steps.append(_refinement(mesh, rules))
        uv_steps.append(_refinement(mesh, _with_fixed_creases(rules)))
        mesh = _refined_mesh(mesh)
    if use_limit_surface:
        rules = _rules(mesh)
        steps.append(_limit(mesh, rules))
        uv_steps.append(_limit(mesh, _with_fixed_creases(rules)))
    return Subdivision(
        mesh,
        stencil=stencil_from_steps(tuple(steps), links=links),
        uv_stencil=Stencil(tuple(uv_steps)),
    )


def subdivide_positions(stencil: Stencil, positions: FloatArray) -> Float32Array:
    """Subdivide the positions of all frames.

    Parameters
    ----------
    stencil : of a `Subdivision`
    positions : shape (n_frames, n_vertices, c), any space; a frame of NaN stays one

    Returns
    -------
    shape (n_frames, n_subdivided_vertices, c), float32
        The stencil's rows sum to 1, so that it maps offsets, such as blendshapes, as well.
    """
    return apply_stencil(stencil, positions)


def _rules(mesh: PolygonMesh) -> _Rules:
    """Find which edges are sharp, and which vertices are smooth or lie on one crease."""
    forward = mesh.edges[mesh.corner_edges, 0] == mesh.face_corners
    n_forward = np.bincount(mesh.corner_edges[forward], minlength=mesh.n_edges)
    is_sharp_edge = (mesh.edge_face_counts != 2) | (n_forward != 1)
    n_sharp = np.bincount(mesh.edges[is_sharp_edge].ravel(), minlength=mesh.n_vertices)
    is_one_fan = _n_fans(mesh) == 1
    return _Rules(is_sharp_edge, is_one_fan & (n_sharp == 0), is_one_fan & (n_sharp == 2))


def _with_fixed_creases(rules: _Rules) -> _Rules:
    """Return the rules of UVs: what would lie on a crease stays where it is."""
    return _Rules(rules.is_sharp_edge, rules.is_smooth, np.zeros_like(rules.is_crease))


def _n_fans(mesh: PolygonMesh) -> AnyArray:
    """Count, at each vertex, the groups of faces that hang together by edges of the vertex."""
    n_corners = len(mesh.face_corners)
    following = mesh.next_corners
    before = np.argsort(following)
    # Corners of one vertex at one edge get the edge's number: as label, the least of them spreads.
    corners = np.concatenate([np.arange(n_corners)] * 2)
    sides = np.concatenate([mesh.corner_edges, mesh.corner_edges[before]]).astype(np.int64)
    sides = 2 * sides + (mesh.edges[sides, 0] == mesh.face_corners[corners])
    labels = np.arange(n_corners)
    while True:
        least = np.full(2 * mesh.n_edges, n_corners)
        np.minimum.at(least, sides, labels[corners])
        spread = np.minimum(least[sides[:n_corners]], least[sides[n_corners:]])
        if np.array_equal(spread, labels):
            break
        labels = spread
    is_first = labels == np.arange(n_corners)
    return np.bincount(mesh.face_corners[is_first], minlength=mesh.n_vertices)


def _refinement(mesh: PolygonMesh, rules: _Rules) -> SparseMap:
    """Return one level's map: rows of the vertices, of the edges, of the faces."""
    first_edge, first_face = mesh.n_vertices, mesh.n_vertices + mesh.n_edges
    sizes = mesh.face_sizes.astype(np.int64)
    corner_faces, corners = mesh.corner_faces, mesh.face_corners
    # Every corner paired with every corner of its face: (n_pairs,) each.
    pair_sizes = sizes[corner_faces]
    pair_corner = np.repeat(np.arange(len(corners)), pair_sizes)
    starts = np.cumsum(pair_sizes) - pair_sizes
    in_face = np.arange(len(pair_corner)) - starts[pair_corner]
    pair_column = corners[mesh.face_offsets[corner_faces[pair_corner]] + in_face]
    pair_share = 1.0 / sizes[corner_faces[pair_corner]]

    entries = [
        (first_face + corner_faces, corners, 1.0 / sizes[corner_faces]),
        *_edge_entries(mesh, rules, first_edge),
        *_vertex_entries(mesh, rules),
    ]
    pair_edge = mesh.corner_edges[pair_corner]
    on_edge = ~rules.is_sharp_edge[pair_edge]
    entries.append((first_edge + pair_edge[on_edge], pair_column[on_edge], pair_share[on_edge] / 4))
    pair_vertex = corners[pair_corner]
    on_vertex = rules.is_smooth[pair_vertex]
    valence = _valence(mesh)[pair_vertex[on_vertex]]
    entries.append(
        (pair_vertex[on_vertex], pair_column[on_vertex], pair_share[on_vertex] / valence**2)
    )
    return _joined(entries, n_points=first_face + mesh.n_faces, mesh=mesh)


_Entries = tuple[AnyArray, AnyArray, AnyArray]


def _edge_entries(mesh: PolygonMesh, rules: _Rules, first_edge: int) -> list[_Entries]:
    """Return the ends' share in edge points: 1/2 each if sharp, else 1/4 beside two face points."""
    rows = first_edge + np.arange(mesh.n_edges)
    share = np.where(rules.is_sharp_edge, 0.5, 0.25)
    return [(rows, mesh.edges[:, end], share) for end in (0, 1)]


def _vertex_entries(mesh: PolygonMesh, rules: _Rules) -> list[_Entries]:
    """Return the vertices' and their neighbours' share in vertex points.

    Smooth, of valence n: (n − 3)/n the vertex, 2/n² each edge's middle, 1/n² each face point.
    Crease: 3/4 the vertex, 1/8 the neighbours along it. Corner: the vertex.
    """
    valence = np.maximum(_valence(mesh), 1).astype(np.float64)
    own = np.where(rules.is_smooth, (valence - 2.0) / valence, np.where(rules.is_crease, 0.75, 1.0))
    entries = [(np.arange(mesh.n_vertices),) * 2 + (own,)]
    for end in (0, 1):
        vertex, neighbour = mesh.edges[:, end], mesh.edges[:, 1 - end]
        on_crease = rules.is_crease[vertex] & rules.is_sharp_edge
        share = np.where(rules.is_smooth[vertex], valence[vertex] ** -2, 0.125 * on_crease)
        is_used = share > 0
        entries.append((vertex[is_used], neighbour[is_used], share[is_used]))
    return entries


def _limit(mesh: PolygonMesh, rules: _Rules) -> SparseMap:
    """Return the map of a mesh of quads on to its limit surface.

    Smooth, of valence n: n² the vertex, 4 each neighbour, 1 each vertex across a quad, over
    n (n + 5). Crease: 4/6 the vertex, 1/6 the neighbours along it. Corner: the vertex.
    """
    valence = np.maximum(_valence(mesh), 1).astype(np.float64)
    total = valence * (valence + 5.0)
    own = np.where(rules.is_smooth, valence**2 / total, np.where(rules.is_crease, 4 / 6, 1.0))
    entries = [(np.arange(mesh.n_vertices),) * 2 + (own,)]
    for end in (0, 1):
        vertex, neighbour = mesh.edges[:, end], mesh.edges[:, 1 - end]
        on_crease = rules.is_crease[vertex] & rules.is_sharp_edge
        share = np.where(rules.is_smooth[vertex], 4.0 / total[vertex], on_crease / 6)
        is_used = share > 0
        entries.append((vertex[is_used], neighbour[is_used], share[is_used]))
    quads = mesh.face_rows()
    vertex, across = quads.ravel(), np.roll(quads, -2, axis=1).ravel()
    is_used = rules.is_smooth[vertex]
    entries.append((vertex[is_used], across[is_used], 1.0 / total[vertex[is_used]]))
    return _joined(entries, n_points=mesh.n_vertices, mesh=mesh)


def _valence(mesh: PolygonMesh) -> AnyArray:
    """Return how many edges meet at each vertex."""
    return np.bincount(mesh.edges.ravel(), minlength=mesh.n_vertices)


def _joined(entries: list[_Entries], *, n_points: int, mesh: PolygonMesh) -> SparseMap:
    """Return the sum of all entries as one map from the mesh's vertices."""
    rows, columns, weights = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    return sparse_map((rows, columns, weights), shape=(n_points, mesh.n_vertices), links=mesh.edges)


def _refined_mesh(mesh: PolygonMesh) -> PolygonMesh:
    """Return the quads: one for each corner, from it over its edges to the face's point."""
    first_edge, first_face = mesh.n_vertices, mesh.n_vertices + mesh.n_edges
    before = np.argsort(mesh.next_corners)
    quads = np.stack(
        [
            mesh.face_corners,
            first_edge + mesh.corner_edges,
            first_face + mesh.corner_faces,
            first_edge + mesh.corner_edges[before],
        ],
        axis=1,
    )
    return polygon_mesh(quads, n_vertices=first_face + mesh.n_faces)
