"""Properties of the scheme, and a literal reading of the paper beside it.

That it is Blender's surface too is shown in tests/addon.
"""

from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError
from mien.core.mesh import apply_stencil, polygon_mesh, subdivide_positions, subdivision

ASSETS = Path(__file__).resolve().parents[3] / "assets"
CUBE = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
MIXED = [[0, 1, 2, 3, 4], [1, 0, 5, 6], [2, 1, 6], [6, 7, 2], [0, 4, 8, 9, 10, 5], [2, 7, 11, 3]]
TWO_TOUCHING = [[0, 1, 2, 3], [0, 4, 5, 6]]
THREE_ON_AN_EDGE = [[0, 1, 2, 3], [1, 0, 5, 4], [0, 1, 7, 6]]


def _grid(n_rows: int, n_columns: int) -> list[list[int]]:
    return [
        [
            i * n_columns + j,
            (i + 1) * n_columns + j,
            (i + 1) * n_columns + j + 1,
            i * n_columns + j + 1,
        ]
        for i in range(n_rows - 1)
        for j in range(n_columns - 1)
    ]


def _face() -> list[list[int]]:
    with np.load(ASSETS / "canonical_face_468.npz") as asset:
        return asset["triangles"].tolist()


MESHES = {
    "canonical face": (_face(), 468),
    "grid": (_grid(4, 5), 20),
    "cube": (CUBE, 8),
    "mixed polygons and a vertex of no face": (MIXED, 13),
    "two faces that touch in a vertex": (TWO_TOUCHING, 7),
    "three faces on an edge": (THREE_ON_AN_EDGE, 8),
}
each_mesh = pytest.mark.parametrize(
    ("faces", "n_vertices"), MESHES.values(), ids=list(MESHES.keys())
)
each_surface = pytest.mark.parametrize("use_limit_surface", [False, True])


def _euler_number(mesh) -> int:
    """Vertices − edges + faces: 2 for a closed ball, 1 for a disc."""
    return mesh.n_vertices - mesh.n_edges + mesh.n_faces


def _matrix(stencil) -> np.ndarray:
    return apply_stencil(stencil, np.eye(stencil.n_sources))


@each_mesh
@pytest.mark.parametrize("levels", [1, 2])
def test_there_are_only_quads_and_the_euler_number_is_kept(faces, n_vertices, levels):
    coarse = polygon_mesh(faces, n_vertices=n_vertices)
    fine = subdivision(coarse, levels=levels).mesh
    assert set(fine.face_sizes.tolist()) == {4}
    assert _euler_number(fine) == _euler_number(coarse)
    assert fine.n_faces == len(coarse.face_corners) * 4 ** (levels - 1)
    n_at_boundary = np.count_nonzero(coarse.edge_face_counts == 1)
    assert np.count_nonzero(fine.edge_face_counts == 1) == n_at_boundary * 2**levels


def test_a_level_counts_up_by_vertices_edges_and_faces():
    coarse = polygon_mesh(MIXED, n_vertices=13)
    fine = subdivision(coarse, levels=1)
    assert fine.stencil.n_points == fine.mesh.n_vertices
    assert fine.mesh.n_vertices == coarse.n_vertices + coarse.n_edges + coarse.n_faces


@each_mesh
@each_surface
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_weights_of_every_point_sum_to_one(faces, n_vertices, levels, use_limit_surface):
    fine = subdivision(
        polygon_mesh(faces, n_vertices=n_vertices),
        levels=levels,
        use_limit_surface=use_limit_surface,
    )
    ones = np.ones((n_vertices, 1))
    for stencil in (fine.stencil, fine.uv_stencil):
        assert np.abs(apply_stencil(stencil, ones) - 1).max() < 1e-6


@each_surface
def test_a_flat_mesh_stays_flat(use_limit_surface):
    rng = np.random.default_rng(1)
    fine = subdivision(
        polygon_mesh(MIXED, n_vertices=13), levels=2, use_limit_surface=use_limit_surface
    )
    positions = rng.normal(size=(1, 13, 3))
    positions[..., 2] = 0.5 * positions[..., 0] - positions[..., 1] + 0.2
    x, y, z = subdivide_positions(fine.stencil, positions)[0].T
    assert np.abs(0.5 * x - y + 0.2 - z).max() < 2e-6


@each_surface
def test_moving_turning_and_stretching_commute_with_subdivision(use_limit_surface):
    rng = np.random.default_rng(2)
    fine = subdivision(
        polygon_mesh(CUBE, n_vertices=8), levels=2, use_limit_surface=use_limit_surface
    )
    positions, linear, shift = (
        rng.normal(size=(3, 8, 3)),
        rng.normal(size=(3, 3)),
        rng.normal(size=3),
    )
    before = subdivide_positions(fine.stencil, positions @ linear + shift)
    after = subdivide_positions(fine.stencil, positions) @ linear + shift
    assert np.abs(before - after).max() < 5e-6


def test_a_regular_grid_stays_a_regular_grid_inside():
    # Uniform cubic B-splines reproduce linear functions: inside, points lie evenly.
    grid = np.stack(np.meshgrid(np.arange(6), np.arange(6), [0.0], indexing="ij"), -1)
    fine = subdivision(polygon_mesh(_grid(6, 6), n_vertices=36), levels=1, use_limit_surface=True)
    found = subdivide_positions(fine.stencil, grid.reshape(1, 36, 3))[0]
    inner = np.array([i * 6 + j for i in range(2, 4) for j in range(2, 4)])
    assert np.abs(found[inner] - grid.reshape(36, 3)[inner]).max() < 1e-6


def _paper_level(faces, positions):
    """Vertex, edge and face points as Catmull and Clark wrote them, one by one; manifold only."""
    face_points = [np.mean([positions[v] for v in face], axis=0) for face in faces]
    edge_faces = {}
    for index, face in enumerate(faces):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            edge_faces.setdefault((min(a, b), max(a, b)), []).append(index)
    edges = sorted(edge_faces)
    edge_points = {}
    for a, b in edges:
        around = [face_points[f] for f in edge_faces[a, b]]
        ends = [positions[a], positions[b]]
        edge_points[a, b] = np.mean(ends + around if len(around) == 2 else ends, axis=0)
    vertex_points = []
    for v, position in enumerate(positions):
        own_edges = [edge for edge in edges if v in edge]
        border = [edge for edge in own_edges if len(edge_faces[edge]) == 1]
        own_faces = [f for f, face in enumerate(faces) if v in face]
        if not own_edges:
            vertex_points.append(position)
        elif border:
            others = [positions[a + b - v] for a, b in border]
            vertex_points.append(0.75 * position + 0.125 * (others[0] + others[1]))
        else:
            n = len(own_edges)
            f = np.mean([face_points[index] for index in own_faces], axis=0)
            r = np.mean([(positions[a] + positions[b]) / 2 for a, b in own_edges], axis=0)
            vertex_points.append((f + 2 * r + (n - 3) * position) / n)
    return np.array(vertex_points + [edge_points[edge] for edge in edges] + face_points)


@pytest.mark.parametrize(
    "name", ["canonical face", "grid", "cube", "mixed polygons and a vertex of no face"]
)
def test_two_levels_are_what_the_paper_says(name):
    faces, n_vertices = MESHES[name]
    positions = np.random.default_rng(3).normal(size=(n_vertices, 3))
    coarse = polygon_mesh(faces, n_vertices=n_vertices)
    once = subdivision(coarse, levels=1)
    first = _paper_level(faces, positions)
    second = _paper_level(once.mesh.face_rows().tolist(), first)
    assert np.abs(subdivide_positions(once.stencil, positions[None])[0] - first).max() < 1e-6
    twice = subdivision(coarse, levels=2)
    assert np.abs(subdivide_positions(twice.stencil, positions[None])[0] - second).max() < 1e-6


def test_further_levels_close_in_on_the_limit_surface():
    # The limit of a vertex is the same from every level, so that it is there from the first on.
    positions = np.random.default_rng(4).normal(size=(1, 13, 3))
    mesh = polygon_mesh(MIXED, n_vertices=13)
    limits = [
        subdivide_positions(
            subdivision(mesh, levels=level, use_limit_surface=True).stencil, positions
        )[0, :13]
        for level in (1, 2, 3)
    ]
    assert np.abs(limits[0] - limits[2]).max() < 2e-6
    distances = [
        np.abs(
            subdivide_positions(subdivision(mesh, levels=level).stencil, positions)[0, :13]
            - limits[0]
        ).max()
        for level in (1, 2, 3)
    ]
    assert distances[0] > 2 * distances[1] > 4 * distances[2] > 0


def test_a_vertex_where_faces_only_touch_stays_where_it_is():
    matrix = _matrix(subdivision(polygon_mesh(TWO_TOUCHING, n_vertices=7), levels=2).stencil)
    assert matrix[0].tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert matrix[1].max() < 1


def test_an_edge_of_three_faces_is_sharp():
    fine = subdivision(polygon_mesh(THREE_ON_AN_EDGE, n_vertices=8), levels=1)
    matrix = _matrix(fine.stencil)
    # Sorted, the edge (0, 1) is the first.
    assert matrix[8].tolist() == [0.5, 0.5, 0, 0, 0, 0, 0, 0]
    assert matrix[:2].tolist() == np.eye(8)[:2].tolist()


def test_uvs_move_inside_but_not_along_the_boundary():
    mesh = polygon_mesh(_grid(4, 4), n_vertices=16)
    matrix = _matrix(subdivision(mesh, levels=1).uv_stencil)
    is_border = np.isin(np.arange(16), mesh.edges[mesh.edge_face_counts == 1])
    assert matrix[:16][is_border].tolist() == np.eye(16)[is_border].tolist()
    smooth = _matrix(subdivision(mesh, levels=1).stencil)
    assert matrix[:16][~is_border].tolist() == smooth[:16][~is_border].tolist()


def test_frames_are_mapped_each_by_itself():
    rng = np.random.default_rng(5)
    fine = subdivision(polygon_mesh(_face(), n_vertices=468), levels=2)
    positions = rng.normal(size=(100, 468, 3)).astype(np.float32)
    positions[40] = np.nan
    found = subdivide_positions(fine.stencil, positions)
    assert np.isnan(found[40]).all()
    assert np.isfinite(np.delete(found, 40, axis=0)).all()
    # Several chunks and one frame alone agree.
    for frame in (0, 39, 41, 99):
        alone = subdivide_positions(fine.stencil, positions[frame : frame + 1])[0]
        assert np.abs(found[frame] - alone).max() < 1e-6


def test_points_far_from_a_change_do_not_move():
    fine = subdivision(polygon_mesh(_grid(9, 9), n_vertices=81), levels=2)
    offset = np.zeros((1, 81, 3))
    offset[0, 0] = 1
    moved = np.abs(subdivide_positions(fine.stencil, offset)[0]).max(axis=1)
    assert moved[0] > 0.5
    assert moved[[80, 40, 3 * 9 + 3]].tolist() == [0, 0, 0]


@pytest.mark.parametrize("levels", [0, 4])
def test_levels_out_of_range_are_refused(levels):
    with pytest.raises(RangeError, match=f"levels must lie in 1 … 3, got {levels}"):
        subdivision(polygon_mesh(CUBE, n_vertices=8), levels=levels)


def test_positions_of_another_mesh_are_refused():
    fine = subdivision(polygon_mesh(CUBE, n_vertices=8), levels=1)
    with pytest.raises(ShapeError, match=r"must have shape \(n_frames, 8, c\), got \(2, 9, 3\)"):
        subdivide_positions(fine.stencil, np.zeros((2, 9, 3)))
