"""Mien's Catmull-Clark beside Blender's Subdivision Surface modifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.core.mesh import apply_stencil, polygon_mesh, subdivide_positions, subdivision

bpy = pytest.importorskip("bpy", reason="the bpy module is not installed")
KDTree = pytest.importorskip("mathutils.kdtree", reason="the bpy module is not installed").KDTree

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CUBE = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
GRID = [
    [5 * i + j, 5 * i + 5 + j, 5 * i + 6 + j, 5 * i + 1 + j] for i in range(3) for j in range(4)
]
# Three to six corners, an inner vertex, one-face corners at the boundary, a vertex of no face.
MIXED = [[0, 1, 2, 3, 4], [1, 0, 5, 6], [2, 1, 6], [6, 7, 2], [0, 4, 8, 9, 10, 5], [2, 7, 11, 3]]
CLOSED_MIXED = [
    [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [0, 1, 3, 2],
    [1, 5, 7], [1, 7, 3], [4, 6, 7], [4, 7, 5],
]  # fmt: skip
TOUCHING = [[0, 1, 2, 3], [0, 4, 5, 6]]
TOUCHING_SOLIDS = [
    [0, 1, 2],
    [0, 2, 3],
    [0, 3, 1],
    [1, 3, 2],
    [0, 4, 5],
    [0, 5, 6],
    [0, 6, 4],
    [4, 6, 5],
]
BRANCHING = [[0, 1, 2, 3], [1, 0, 5, 4], [0, 1, 7, 6]]
BRANCHING_INSIDE = [[s, s + 1, 4 + 3 * k + s, 3 + 3 * k + s] for k in range(3) for s in range(2)]
TURNED_OVER = [[0, 1, 2, 3], [1, 2, 5, 4]]
MESHES = {
    "grid": (GRID, 20),
    "cube": (CUBE, 8),
    "mixed": (MIXED, 13),
    "closed, mixed": (CLOSED_MIXED, 8),
    "faces that touch in a vertex": (TOUCHING, 7),
    "solids that touch in a vertex": (TOUCHING_SOLIDS, 7),
    "three faces on an edge": (BRANCHING, 8),
    "three faces on two edges in a row": (BRANCHING_INSIDE, 12),
    "winding turned over": (TURNED_OVER, 6),
}
TOLERANCE_M = 1e-6


def _canonical_face():
    with np.load(ASSETS / "canonical_face_468.npz") as asset:
        return asset["triangles"].tolist(), asset["neutral_m"], asset["uv"]


class _Modified:
    """A mesh with Blender's modifier on it: points, the coarse edges in order, UVs of points."""

    def __init__(self, faces, positions, *, levels, use_limit_surface, uv=None):
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        mesh = bpy.data.meshes.new("coarse")
        mesh.from_pydata(positions.tolist(), [], faces)
        if uv is not None:
            corners = np.concatenate([np.array(face) for face in faces])
            layer = mesh.uv_layers.new()
            layer.data.foreach_set("uv", uv[corners].astype(np.float32).ravel())
        coarse = bpy.data.objects.new("coarse", mesh)
        bpy.context.scene.collection.objects.link(coarse)
        modifier = coarse.modifiers.new("subdivision", "SUBSURF")
        assert (modifier.boundary_smooth, modifier.uv_smooth) == ("ALL", "PRESERVE_BOUNDARIES")
        modifier.levels, modifier.use_limit_surface = levels, use_limit_surface
        modifier.quality = 10  # how exactly Blender finds the limit at one-face corners
        fine = coarse.evaluated_get(bpy.context.evaluated_depsgraph_get()).data

        self.edges = np.zeros((len(mesh.edges), 2), np.int32)
        mesh.edges.foreach_get("vertices", self.edges.ravel())
        self.positions = np.zeros((len(fine.vertices), 3), np.float32)
        fine.vertices.foreach_get("co", self.positions.ravel())
        self.faces = [tuple(polygon.vertices) for polygon in fine.polygons]
        if uv is not None:
            corners = np.zeros(len(fine.loops), np.int32)
            fine.loops.foreach_get("vertex_index", corners)
            at_corners = np.zeros((len(fine.loops), 2), np.float32)
            fine.uv_layers[0].data.foreach_get("uv", at_corners.ravel())
            self.uv = np.zeros((len(fine.vertices), 2))
            self.uv[corners] = at_corners


def _partners(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Find for each point the nearest of the others, which must be a one-to-one pairing."""
    tree = KDTree(len(others))
    for index, other in enumerate(others):
        tree.insert(other, index)
    tree.balance()
    nearest = np.array([tree.find(point)[1] for point in points])
    assert len(np.unique(nearest)) == len(others) == len(points)
    return nearest


def _assert_equal(faces, positions, *, levels, use_limit_surface, uv=None):
    modified = _Modified(
        faces, positions, levels=levels, use_limit_surface=use_limit_surface, uv=uv
    )
    coarse = polygon_mesh(faces, n_vertices=len(positions), edges=modified.edges)
    ours = subdivision(coarse, levels=levels, use_limit_surface=use_limit_surface)
    found = subdivide_positions(ours.stencil, positions[None])[0]
    partner = np.arange(len(found)) if levels == 1 else _partners(modified.positions, found)
    worst = np.linalg.norm(found[partner] - modified.positions, axis=1).max()
    assert worst <= TOLERANCE_M

    rows = partner[np.array(modified.faces)]
    assert _turned_to_lowest(rows) == _turned_to_lowest(ours.mesh.face_rows())
    if uv is not None:
        found_uv = apply_stencil(ours.uv_stencil, uv)
        assert np.abs(found_uv[partner] - modified.uv).max() <= TOLERANCE_M


def _turned_to_lowest(quads: np.ndarray) -> set[tuple[int, ...]]:
    """Return the quads as a set, each from its lowest vertex on in its winding order."""
    start = np.argmin(quads, axis=1)[:, None]
    return set(map(tuple, np.take_along_axis(quads, (start + np.arange(4)) % 4, 1).tolist()))


@pytest.mark.parametrize("use_limit_surface", [False, True])
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("name", MESHES)
def test_points_and_quads_of_any_mesh_are_blenders(name, levels, use_limit_surface):
    faces, n_vertices = MESHES[name]
    positions = np.random.default_rng(6).normal(0, 0.05, (n_vertices, 3)).astype(np.float32)
    _assert_equal(faces, positions, levels=levels, use_limit_surface=use_limit_surface)


@pytest.mark.parametrize("use_limit_surface", [False, True])
@pytest.mark.parametrize("levels", [1, 2])
def test_points_quads_and_uvs_of_the_canonical_face_are_blenders(levels, use_limit_surface):
    faces, positions, uv = _canonical_face()
    _assert_equal(faces, positions, levels=levels, use_limit_surface=use_limit_surface, uv=uv)


def test_subdivided_offsets_make_the_surface_of_the_moved_mesh():
    # What glTF needs, where a modifier is lost: the stencil on the neutral mesh and on each key.
    faces, positions, _ = _canonical_face()
    offset = np.random.default_rng(7).normal(0, 0.002, positions.shape).astype(np.float32)
    modified = _Modified(faces, positions + 0.3 * offset, levels=1, use_limit_surface=False)
    coarse = polygon_mesh(faces, n_vertices=468, edges=modified.edges)
    stencil = subdivision(coarse, levels=1).stencil
    neutral, key = subdivide_positions(stencil, np.stack([positions, offset]))
    assert np.abs(neutral + 0.3 * key - modified.positions).max() <= TOLERANCE_M
