"""The meshes of a position map: their shape, their marks, and how they lean."""

from __future__ import annotations

import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError, WeightsMissing
from mien.core.geometry import (
    PositionMapNet,
    canonical_face_of,
    in_facemesh_order,
    interpolation_to,
    load_canonical_face,
    load_map_face,
    mirrored_map,
    roll_of_landmarks,
    solve_geometry,
    vertices_from_map,
)
from mien.core.geometry.map_face import N_VERTICES
from mien.core.geometry.position_map import load_position_layout
from mien.core.landmarks.topology import LEFT_EYE, OUTER_LIPS, RIGHT_EYE

SIZES = (33**2, 65**2, 129**2)


def turned(points, *, yaw=0.0, pitch=0.0, roll=0.0):
    """Turn a head and lay it on an image: metres, y up → pixels, y down."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    seen = points @ (about_x @ about_y).T * [2000.0, -2000.0, -2000.0]
    cr, sr = np.cos(roll), np.sin(roll)
    flat = seen[:, :2] @ np.array([[cr, -sr], [sr, cr]]).T
    seen[:, :2] = flat + np.array([640.0, 360.0])
    return seen.astype(np.float32)


@pytest.mark.parametrize("n_vertices", SIZES)
def test_a_mesh_is_of_quads_that_look_outward_and_fill_its_uv_map(n_vertices):
    topology = load_map_face(n_vertices).canonical.topology
    side = round(n_vertices**0.5)
    assert topology.quads.shape == ((side - 1) ** 2, 4) and len(topology.triangles) == 2 * (
        (side - 1) ** 2
    )
    a, b, c, d = (topology.uv[topology.quads[:, k]].astype(np.float64) for k in range(4))
    first, second = c - a, d - b
    areas = 0.5 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    assert (areas > 0).all()  # counter-clockwise, v up: nothing folds
    assert areas.sum() == pytest.approx(1.0, abs=1e-5)
    corner = topology.neutral_m[topology.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert (normal[:, 2] > 0).mean() > 0.8


@pytest.mark.parametrize("n_vertices", SIZES)
def test_the_subjects_left_is_on_the_right_of_the_uv_map_and_a_mirror_of_the_right(n_vertices):
    face = load_map_face(n_vertices)
    side = round(n_vertices**0.5)
    grid = face.canonical.topology.neutral_m.reshape(side, side, 3)
    assert (grid[:, -1, 0] > 0.03).all() and (grid[0, :, 1] > grid[-1, :, 1]).all()
    assert np.abs(grid[:, ::-1] * [-1, 1, 1] - grid).max() < 2e-4


def test_the_neutral_face_lies_where_mediapipes_does():
    face, known = load_map_face(), load_canonical_face(478).topology.neutral_m
    assert np.linalg.norm(face.facemesh_m[:468] - known[:468], axis=1).mean() < 0.006
    for ring in (RIGHT_EYE, LEFT_EYE, OUTER_LIPS):
        middle = face.facemesh_m[list(ring)].mean(axis=0) - known[list(ring)].mean(axis=0)
        assert np.linalg.norm(middle) < 0.008


@pytest.mark.parametrize("n_vertices", SIZES)
def test_vertices_stand_at_the_landmarks_of_both_kinds(n_vertices):
    face = load_map_face(n_vertices)
    layout = load_position_layout()
    assert np.abs(face.uv[face.landmark_vertex] - layout.landmarks_uv).max() < 1e-5
    neutral = face.canonical.topology.neutral_m
    off = np.linalg.norm(in_facemesh_order(neutral) - face.facemesh_m, axis=1)
    assert off.mean() < 0.006 and len(off) == 478
    mesh = np.zeros((3, 468, 2))
    assert in_facemesh_order(mesh) is mesh


def test_contours_are_rings_of_the_parts_they_name():
    face = load_map_face()
    neutral = face.canonical.topology.neutral_m
    middles = {
        name: np.mean([neutral[list(ring)].mean(axis=0) for ring in rings], axis=0)
        for name, rings in face.contours.items()
    }
    assert middles["right eye"][0] < -0.02 and middles["left eye"][0] > 0.02
    assert middles["lips"][1] < middles["nose"][1] < middles["left eye"][1]
    brow = face.contours["right eye"][1]
    assert len(brow) == 8 and brow[1:4] == brow[7:4:-1]  # there and back: no chord across


@pytest.mark.parametrize("yaw", [-1.2, 0.0, 1.2])
@pytest.mark.parametrize("roll", [-0.6, 0.0, 0.3])
def test_a_head_leans_as_far_as_it_was_turned_from_any_side(yaw, roll):
    neutral = load_map_face().canonical.topology.neutral_m
    points = turned(neutral.astype(np.float64), yaw=yaw, pitch=0.2, roll=roll)
    assert roll_of_landmarks(points) == pytest.approx(roll, abs=0.09)


def test_a_mirrored_map_of_a_symmetric_face_is_itself():
    layout = load_position_layout()
    crop = layout.neutral_m * [400.0, -400.0, -400.0] + [63.5, 64.0, 0.0]
    again = mirrored_map(crop, size=128)
    assert np.abs(again - crop).max() < 0.1
    lopsided = crop + np.linspace(0, 5, 128)[None, :, None]
    assert np.abs(mirrored_map(mirrored_map(lopsided, size=128), size=128) - lopsided).max() < 1e-4
    assert np.abs(mirrored_map(lopsided, size=128) - lopsided).max() > 1.0


@pytest.mark.parametrize("n_vertices", SIZES[1:])
def test_interpolation_lays_dense_vertices_where_they_belong_on_the_map(n_vertices):
    between = interpolation_to(n_vertices)
    coarse, dense = load_map_face(), load_map_face(n_vertices)
    linear = np.concatenate([coarse.uv, coarse.uv @ [[2.0], [-3.0]]], axis=1)[None]
    found = between.of(linear)[0]
    assert np.abs(found[:, :2] - dense.uv).max() < 1e-4
    assert np.abs(found[:, 2] - dense.uv @ [2.0, -3.0]).max() < 1e-3
    assert (between.share >= 0).all()


def test_the_pose_of_a_known_head_is_found():
    canonical = canonical_face_of(N_VERTICES)
    points = turned(canonical.topology.neutral_m.astype(np.float64), yaw=0.4, roll=0.2)
    solved = solve_geometry(points[None], size=(720, 1280), canonical=canonical)
    turn = solved.camera_from_head[0, :3, :3]
    turn = turn / np.linalg.norm(turn[:, 0])
    assert np.arctan2(turn[1, 0], turn[1, 1]) == pytest.approx(-0.2, abs=0.05)
    assert np.arcsin(turn[0, 2]) == pytest.approx(0.4 * np.cos(0.2), abs=0.08)


def test_sizes_that_no_mesh_has_are_told():
    with pytest.raises(RangeError, match="1089, 4225, 16641, got 1000"):
        load_map_face(1000)
    with pytest.raises(WeightsMissing):
        canonical_face_of(1000)


class MapNetwork:
    """Gives the same map for each crop, moved by the crop's first pixel."""

    def __init__(self, position_map):
        self.position_map = position_map

    def run(self, *, image):
        shift = image[:, 0, 0, :1].astype(np.float32)[:, None, None]
        return {"positions": self.position_map + shift, "presence": np.ones(len(image))}


def test_a_network_gives_maps_and_the_vertices_sampled_from_them():
    layout = load_position_layout()
    net = PositionMapNet(MapNetwork(layout.neutral_m * 400.0))
    crops = np.zeros((2, 128, 128, 3), np.uint8)
    crops[1] = 7
    found = net.estimate(crops)
    assert found.points_px.shape == (2, N_VERTICES, 3)
    assert found.position_maps.shape == (2, 128, 128, 3)
    wanted = vertices_from_map(layout.neutral_m * 400.0, load_map_face().uv)
    assert np.abs(found.points_px[0] - wanted).max() < 1e-3
    assert np.abs(found.points_px[1] - wanted - 7).max() < 1e-3
    with pytest.raises(ShapeError, match="crops"):
        net.estimate(np.zeros((1, 192, 192, 3), np.uint8))
    with pytest.raises(ShapeError, match="positions"):
        PositionMapNet(MapNetwork(np.zeros((64, 64, 3)))).estimate(crops)
