"""The overlay speaks the colour language of the overlay video."""

from __future__ import annotations

import numpy as np

from mien.addon.preview.look import (
    CONTOUR_COLORS,
    LOST_COLOR,
    confidence_color,
    contour_edges,
    dot_corners,
    dot_triangles,
    mesh_edges,
)
from mien.core.export import face_drawing
from mien.core.geometry import load_map_face


def test_contours_and_losses_have_the_colours_of_the_video():
    video = {name: tuple(np.array(rgb) / 255) for name, rgb in face_drawing._CONTOUR_COLORS.items()}
    assert CONTOUR_COLORS == video
    np.testing.assert_allclose(LOST_COLOR, np.array(face_drawing._LOST_COLOR) / 255)


def test_confidence_goes_from_red_over_yellow_to_green():
    red, yellow, green = (confidence_color(presence) for presence in (0.3, 0.75, 1.0))
    assert red[0] > 2 * red[1] > 4 * red[2]
    assert min(yellow[:2]) > 2 * yellow[2]
    assert green[1] > green[2] > green[0]


def test_each_edge_is_drawn_once():
    edges = mesh_edges(np.array([[0, 1, 2], [2, 1, 3]], np.int32))
    assert edges.tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]


def test_contours_are_closed_and_the_irises_are_in_meshes_that_have_them():
    few, many = contour_edges(468), contour_edges(478)
    assert list(few) == [name for name in CONTOUR_COLORS if name != "nose"]
    for edges in few.values():
        assert (np.bincount(edges.ravel())[np.unique(edges)] == 2).all()
    assert len(many["left eye"]) == len(few["left eye"]) + 4
    assert contour_edges(9) == {}


def test_every_line_of_a_position_map_has_a_colour_and_joins_neighbours():
    for side in (33, 65, 129):
        edges = contour_edges(side**2)
        assert list(edges) == list(CONTOUR_COLORS)
        uv = load_map_face(side**2).uv
        across = {name: np.linalg.norm(np.diff(uv[one], axis=1), axis=-1).max() for name, one in
                  edges.items()}  # fmt: skip
        assert max(across.values()) < 0.2


def test_edges_of_quads_have_no_diagonals():
    edges = mesh_edges(np.array([[0, 1, 2, 3], [3, 2, 4, 5]], np.int32))
    assert edges.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3], [2, 4], [3, 5], [4, 5]]


def test_dots_lie_around_their_points():
    points = np.array([[10.0, 20.0], [5.0, 6.0]], np.float32)
    corners = dot_corners(points, radius=(2.0, 4.0))
    triangles = dot_triangles(2)
    np.testing.assert_allclose(corners.reshape(2, 6, 2).mean(axis=1), points, atol=1e-5)
    np.testing.assert_allclose(np.ptp(corners[:6], axis=0), [4.0, 4.0 * np.sqrt(3)], atol=1e-5)
    assert triangles.max() == 11 and len(triangles) == 8
