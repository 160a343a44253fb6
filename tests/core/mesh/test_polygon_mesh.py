import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError
from mien.core.mesh import polygon_mesh

HOUSE = [[0, 1, 2, 3], [3, 2, 4]]


def test_each_edge_is_found_once_and_sorted():
    mesh = polygon_mesh(HOUSE, n_vertices=5)
    assert mesh.edges.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3], [2, 4], [3, 4]]


def test_edges_keep_the_order_and_direction_that_the_caller_gives():
    wanted = np.array([[4, 3], [2, 3], [1, 0], [2, 1], [4, 2], [3, 0]])
    mesh = polygon_mesh(HOUSE, n_vertices=5, edges=wanted)
    assert mesh.edges.tolist() == wanted.tolist()


@pytest.mark.parametrize("edges", [None, [[4, 3], [2, 3], [1, 0], [2, 1], [4, 2], [3, 0]]])
def test_the_edge_of_a_corner_joins_it_with_the_next_corner(edges):
    edges = None if edges is None else np.array(edges)
    mesh = polygon_mesh(HOUSE, n_vertices=5, edges=edges)
    ends = np.stack([mesh.face_corners, mesh.face_corners[mesh.next_corners]], axis=1)
    found = mesh.edges[mesh.corner_edges]
    assert np.sort(found, axis=1).tolist() == np.sort(ends, axis=1).tolist()


def test_only_edges_with_one_face_are_boundary():
    mesh = polygon_mesh(HOUSE, n_vertices=5)
    assert mesh.edges[mesh.edge_face_counts != 1].tolist() == [[2, 3]]
    assert mesh.edge_face_counts.sum() == len(mesh.face_corners)


def test_an_array_and_a_list_of_the_same_faces_are_the_same_mesh():
    faces = np.array([[0, 1, 2], [2, 1, 3]])
    one, other = polygon_mesh(faces, n_vertices=4), polygon_mesh(faces.tolist(), n_vertices=4)
    assert one.edges.tolist() == other.edges.tolist()
    assert one.face_rows().tolist() == other.face_rows().tolist() == faces.tolist()


def test_a_mesh_without_faces_has_no_edges():
    mesh = polygon_mesh(np.zeros((0, 3), int), n_vertices=2)
    assert (mesh.n_faces, mesh.n_edges) == (0, 0)
    assert mesh.face_rows().shape == (0, 3)


def test_faces_of_several_sizes_have_no_rows():
    with pytest.raises(ShapeError, match=r"same number of corners, got 3 … 4"):
        polygon_mesh(HOUSE, n_vertices=5).face_rows()


@pytest.mark.parametrize(
    ("faces", "error", "message"),
    [
        ([[0, 1, 5]], RangeError, r"face corners must lie in 0 … 4, got 0 … 5"),
        ([[0, -1, 2]], RangeError, r"face corners must lie in 0 … 4, got -1 … 2"),
        ([[0, 1, 2], [1, 2]], ShapeError, "face 1 must have at least 3 corners, got 2"),
        ([[0, 1, 2], [4, 3, 1, 4]], RangeError, "face 1 must meet each vertex once, got vertex 4"),
        (np.zeros(3, int), ShapeError, r"faces must have shape \(n_faces, size\)"),
    ],
)
def test_faces_that_are_none_are_refused(faces, error, message):
    with pytest.raises(error, match=message):
        polygon_mesh(faces, n_vertices=5)


@pytest.mark.parametrize(
    "edges",
    [
        [[0, 1], [0, 3], [1, 2], [2, 3], [2, 4], [1, 4]],
        [[0, 1], [0, 3], [1, 2], [2, 3], [2, 4], [4, 2]],
    ],
)
def test_edges_that_are_not_the_faces_edges_are_refused(edges):
    with pytest.raises(RangeError, match="edges must be exactly the edges of the faces"):
        polygon_mesh(HOUSE, n_vertices=5, edges=np.array(edges))
