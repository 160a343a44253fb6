"""The shipped layout: clean quads with a vertex at each landmark, alike on both sides."""

import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError, WeightsCorrupt
from mien.core.geometry.position_map import (
    DENSITIES,
    EYE,
    MOUTH,
    grid_quads,
    load_position_layout,
    read_position_layout,
    vertices_from_map,
)

_RIGHT_EYE_CORNER, _LEFT_EYE_CORNER, _NOSE_TIP, _CHIN = 36, 45, 30, 8


@pytest.fixture(scope="module")
def layout():
    return load_position_layout()


@pytest.mark.parametrize("side", DENSITIES.values())
def test_each_mesh_has_a_vertex_at_each_landmark(layout, side):
    mesh = layout.mesh(side)
    assert len(mesh.uv) == side**2 and len(mesh.quads) == (side - 1) ** 2
    assert (mesh.landmark_vertex >= 0).all() and len(set(mesh.landmark_vertex)) == 68
    found = vertices_from_map(layout.neutral_m, mesh.uv)[mesh.landmark_vertex]
    at_landmarks = vertices_from_map(layout.neutral_m, layout.landmarks_uv)
    assert np.abs(found - at_landmarks).max() < 1e-5


@pytest.mark.parametrize("side", DENSITIES.values())
def test_no_quad_folds_over_on_the_map_and_both_sides_are_alike(layout, side):
    mesh = layout.mesh(side)
    corners = mesh.uv[mesh.quads]
    for k in range(4):
        a, b = corners[:, k - 1] - corners[:, k], corners[:, (k + 1) % 4] - corners[:, k]
        assert (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] > 0).all()
    grid = mesh.uv.reshape(side, side, 2)
    assert np.abs(grid[:, ::-1] * (-1, 1) + np.array([1, 0]) - grid).max() < 2e-6


def test_the_neutral_face_is_a_face_in_head_space(layout):
    points = vertices_from_map(layout.neutral_m, layout.landmarks_uv)
    assert points[_RIGHT_EYE_CORNER, 0] < -0.03 and points[_LEFT_EYE_CORNER, 0] > 0.03
    assert points[_NOSE_TIP, 2] > points[:, 2].max() - 1e-6
    assert points[_CHIN, 1] < points[_NOSE_TIP, 1] < points[_LEFT_EYE_CORNER, 1]
    mirrored = layout.neutral_m[:, ::-1] * (-1, 1, 1)
    assert np.abs(mirrored - layout.neutral_m).max() < 1e-6


def test_quads_face_outward(layout):
    mesh = layout.mesh(33)
    points = vertices_from_map(layout.neutral_m, mesh.uv)[mesh.quads]
    normal = np.cross(points[:, 2] - points[:, 0], points[:, 3] - points[:, 1])
    out = points.mean(axis=1) - (0.0, 0.0, 0.03)
    assert ((normal * out).sum(axis=1) > 0).mean() > 0.97  # nostrils and lips roll inward


def test_zones_tell_eyes_and_mouth_from_skin(layout):
    mesh = layout.mesh(65)
    points = vertices_from_map(layout.neutral_m, mesh.uv)[mesh.quads].mean(axis=1)
    eyes, mouth = points[mesh.zone == EYE], points[mesh.zone == MOUTH]
    assert np.abs(np.abs(eyes[:, 0]) - 0.032).max() < 0.016 and np.ptp(eyes[:, 1]) < 0.02
    assert np.abs(mouth[:, 0]).max() < 0.03 and mouth[:, 1].max() < eyes[:, 1].min()
    assert mesh.is_skin().sum() == len(mesh.quads) - len(eyes) - len(mouth)


def test_sampling_is_bilinear_and_stays_on_the_map():
    v, u = np.mgrid[0:128, 0:128] / 127.0
    uv = np.random.default_rng(0).uniform(0, 1, (50, 2))
    found = vertices_from_map(np.stack([3 * u - v, v], axis=-1), uv)
    wanted = np.stack([3 * uv[:, 0] - uv[:, 1], uv[:, 1]], axis=1)
    assert np.abs(found - wanted).max() < 1e-5
    outside = vertices_from_map(np.stack([u, v], axis=-1), np.array([[-1.0, 2.0]]))
    assert outside.tolist() == [[0.0, 1.0]]


def test_other_sizes_and_shapes_are_refused(layout):
    with pytest.raises(RangeError, match="side must be one of 33, 65, 129, got 64"):
        layout.mesh(64)
    with pytest.raises(ShapeError):
        vertices_from_map(np.zeros((64, 64, 3)), np.zeros((1, 2)))
    assert grid_quads(2).tolist() == [[0, 2, 3, 1]]


@pytest.mark.parametrize("damage", [lambda d: b"", lambda d: d[: len(d) // 2], lambda d: b"PK" + d])
def test_a_damaged_layout_is_named(tmp_path, damage):
    from mien.core.inference.weights import assets_folder

    path = tmp_path / "position_map_layout.npz"
    path.write_bytes(damage((assets_folder() / path.name).read_bytes())[:-30])
    with pytest.raises(WeightsCorrupt, match="cannot be read"):
        read_position_layout(path)
