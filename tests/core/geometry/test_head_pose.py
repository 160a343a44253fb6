"""Weighted similarity fits, against an independent solver and in closed form."""

import numpy as np
import pytest

from mien.core.errors import DegenerateError, RangeError, ShapeError
from mien.core.geometry.head_pose import find_points_on_line, target_from_source
from mien.core.spaces import apply_transform

N_FRAMES = 5


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def source(rng):
    return rng.normal(size=(20, 3))


@pytest.fixture
def weights(rng):
    return rng.uniform(0.1, 2.0, 20)


@pytest.fixture
def poses(rng):
    """Similarities of all turns, five of them."""
    poses = np.tile(np.eye(4), (N_FRAMES, 1, 1))
    turns = np.linalg.qr(rng.normal(size=(N_FRAMES, 3, 3)))[0]
    turns *= np.sign(np.linalg.det(turns))[:, None, None]
    poses[:, :3, :3] = turns * rng.uniform(0.2, 4.0, (N_FRAMES, 1, 1))
    poses[:, :3, 3] = rng.normal(size=(N_FRAMES, 3)) * 10
    return poses


def test_a_known_similarity_is_found_again(source, weights, poses):
    found = target_from_source(source, apply_transform(poses, source), weights=weights)
    np.testing.assert_allclose(found, poses, atol=1e-12)


def test_points_on_a_plane_are_enough(source, weights, poses):
    flat = source * (1.0, 1.0, 0.0)
    found = target_from_source(flat, apply_transform(poses, flat), weights=weights)
    np.testing.assert_allclose(found, poses, atol=1e-12)


def test_noisy_points_turn_as_another_solver_turns_them(source, weights, poses, rng):
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    target = apply_transform(poses, source) + rng.normal(size=(N_FRAMES, 20, 3)) * 0.3
    found = target_from_source(source, target, weights=weights)
    centred = source - np.average(source, axis=0, weights=weights)
    for pose, points in zip(found, target, strict=True):
        middle = np.average(points, axis=0, weights=weights)
        expected = rotation.align_vectors(points - middle, centred, weights=weights)[0].as_matrix()
        turned = centred @ expected.T
        scale = (weights @ (turned * (points - middle)).sum(1)) / (weights @ (turned**2).sum(1))
        np.testing.assert_allclose(pose[:3, :3], expected * scale, atol=1e-8)


def test_no_nearby_similarity_fits_better(source, weights, poses, rng):
    target = apply_transform(poses, source) + rng.normal(size=(N_FRAMES, 20, 3)) * 0.3
    found = target_from_source(source, target, weights=weights)

    def error(candidates):
        squares = ((apply_transform(candidates, source) - target) ** 2).sum(-1)
        return squares @ weights

    skew = np.zeros((3, 3))
    skew[[0, 1, 2], [1, 2, 0]] = rng.normal(size=3) * 1e-3
    nudge = np.eye(4)
    nudge[:3, :3] = np.linalg.qr(np.eye(3) + skew - skew.T)[0]
    nudge[:3, :3] *= np.sign(np.diag(nudge[:3, :3]))
    nudged = found @ nudge
    moved = found.copy()
    moved[:, :3, 3] += 1e-3
    scaled = found.copy()
    scaled[:, :3, :3] *= 1.001
    for worse in (nudged, moved, scaled):
        assert (error(worse) > error(found)).all()


def test_a_mirrored_target_is_not_matched_by_mirroring(source, weights, poses):
    target = apply_transform(poses, source * (-1.0, 1.0, 1.0))
    found = target_from_source(source, target, weights=weights)
    assert (np.linalg.det(found[:, :3, :3]) > 0).all()
    assert np.abs(apply_transform(found, source) - target).max() > 0.1


def test_points_without_weight_have_no_say(source, poses, rng):
    weights = np.ones(20)
    weights[:5] = 0.0
    target = apply_transform(poses, source)
    target[:, :5] += rng.normal(size=(N_FRAMES, 5, 3)) * 100
    np.testing.assert_allclose(
        target_from_source(source, target, weights=weights), poses, atol=1e-12
    )


def test_a_lost_frame_stays_lost_and_harms_no_other(source, weights, poses):
    target = apply_transform(poses, source)
    target[2] = np.nan
    found = target_from_source(source, target, weights=weights)
    assert np.isnan(found[2]).all()
    np.testing.assert_allclose(np.delete(found, 2, 0), np.delete(poses, 2, 0), atol=1e-12)


def test_no_frames_give_no_poses(source, weights):
    assert target_from_source(source, np.zeros((0, 20, 3)), weights=weights).shape == (0, 4, 4)


def test_points_on_a_line_are_refused_by_name(source, weights, poses):
    target = apply_transform(poses, source)
    target[3] = np.linspace(0, 1, 20)[:, None] * (1.0, 2.0, 3.0)
    with pytest.raises(DegenerateError, match=r"target's frame 3 must span .* lie on one line"):
        target_from_source(source, target, weights=weights)
    line = np.linspace(0, 1, 20)[:, None] * np.ones(3)
    with pytest.raises(DegenerateError, match="points of source"):
        target_from_source(line, apply_transform(poses, source), weights=weights)


def test_points_that_only_span_a_plane_without_weight_are_on_a_line(source):
    weights = np.zeros(20)
    weights[:2] = 1.0
    assert find_points_on_line(source[None], weights=weights).all()
    weights[2] = 1.0
    assert not find_points_on_line(source[None], weights=weights).any()


def test_sets_that_differ_are_refused(source, weights):
    with pytest.raises(ShapeError, match=r"target must have shape \(n_frames, 20, 3\).*19"):
        target_from_source(source, np.zeros((1, 19, 3)), weights=weights)
    with pytest.raises(ShapeError, match=r"weights must have shape \(20,?\)"):
        target_from_source(source, np.zeros((1, 20, 3)), weights=weights[:3])
    with pytest.raises(RangeError, match=r"weights must be 0 or above, got -1"):
        target_from_source(source, np.zeros((1, 20, 3)), weights=np.full(20, -1.0))
