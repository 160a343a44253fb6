"""The face that poses are measured against."""

import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError, WeightsCorrupt, WeightsMissing
from mien.core.geometry.canonical_face import (
    CanonicalFace,
    load_canonical_face,
    read_canonical_face,
)
from mien.core.records import FaceTopology

# The subject's left is image-right, and +x in head space.
LEFT_EYE, RIGHT_EYE, NOSE_TIP, CHIN, FOREHEAD = 263, 33, 4, 152, 10


@pytest.fixture(scope="module")
def canonical():
    return load_canonical_face()


def test_the_face_lies_in_head_space(canonical):
    points = canonical.topology.neutral_m
    assert points.shape == (468, 3) and points.dtype == np.float32
    assert points[LEFT_EYE, 0] > 0.03 and points[RIGHT_EYE, 0] < -0.03
    assert points[FOREHEAD, 1] > 0.05 and points[CHIN, 1] < -0.05
    assert points[NOSE_TIP, 2] > points[[LEFT_EYE, RIGHT_EYE, CHIN], 2].max()
    np.testing.assert_allclose(points.min(0), [-0.07743, -0.09403, -0.02436], atol=1e-5)
    np.testing.assert_allclose(points.max(0), [0.07743, 0.08262, 0.07587], atol=1e-5)


def test_triangles_turn_their_outside_to_the_viewer(canonical):
    corners = canonical.topology.neutral_m[canonical.topology.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (normals[:, 2] > 0).mean() > 0.95


def test_the_mesh_is_a_disc(canonical):
    triangles = canonical.topology.triangles
    sides = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, counts = np.unique(sides, axis=0, return_counts=True)
    assert (len(triangles), len(edges), (counts == 1).sum()) == (898, 1365, 36)
    assert 468 - len(edges) + len(triangles) == 1


def test_texture_coordinates_stand_upright(canonical):
    uv = canonical.topology.uv
    assert uv.shape == (468, 2) and uv.min() >= 0.0 and uv.max() <= 1.0
    assert uv[FOREHEAD, 1] > uv[CHIN, 1]
    assert uv[LEFT_EYE, 0] > uv[RIGHT_EYE, 0]


def test_weights_are_those_of_the_rigid_points(canonical):
    weights = canonical.procrustes_weights
    assert (weights > 0).sum() == 33
    assert weights.sum() == pytest.approx(1.055, abs=1e-6)
    assert weights[4] == pytest.approx(0.070909939706)
    assert weights[[13, 14, 159, 386]].max() == 0.0


def test_a_face_of_another_number_of_points_is_missing():
    with pytest.raises(WeightsMissing, match=r"'canonical_face_7\.npz' is missing from"):
        load_canonical_face(7)


def test_a_damaged_file_is_corrupt(tmp_path):
    path = tmp_path / "face.npz"
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(WeightsCorrupt, match=r"face\.npz' cannot be read"):
        read_canonical_face(path)
    np.savez(path, neutral_m=np.zeros((3, 3)))
    with pytest.raises(WeightsCorrupt, match="triangles"):
        read_canonical_face(path)


def test_arrays_that_contradict_each_other_are_refused():
    triangles = np.array([[0, 1, 2]], np.int32)
    uv = np.zeros((3, 2), np.float32)
    topology = FaceTopology(np.zeros((3, 3), np.float32), triangles, uv)
    with pytest.raises(ShapeError, match="procrustes_weights"):
        CanonicalFace(topology, np.ones(4))
    with pytest.raises(RangeError, match="procrustes_weights must be 0 or above"):
        CanonicalFace(topology, np.zeros(3))
    short = FaceTopology(np.zeros((2, 3), np.float32), triangles, uv[:2])
    with pytest.raises(RangeError, match="triangles must lie in"):
        CanonicalFace(short, np.ones(2))
