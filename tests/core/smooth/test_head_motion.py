"""Poses become numbers and come back."""

import numpy as np
import pytest

from mien.core.smooth.head_motion import (
    join_motion,
    quaternions_from_vectors,
    rotation_vectors,
    split_motion,
    turn_between,
)


@pytest.fixture
def rotation():
    return pytest.importorskip("scipy.spatial.transform").Rotation


@pytest.fixture
def moving(stage, rotation):
    """All kinds of turns, half turns among them."""
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(50, 3))
    vectors[:3] = np.pi * np.eye(3)
    poses = stage.poses(50)
    scale = rng.uniform(0.8, 1.2, (50, 1, 1))
    poses[:, :3, :3] = rotation.from_rotvec(vectors).as_matrix() * scale
    poses[:, :3, 3] += rng.normal(size=(50, 3)) * 0.1
    return stage.geometry(stage.still(50), poses)


def test_a_pose_comes_back_from_its_numbers(moving):
    again = join_motion(split_motion(moving), head_m=moving.head_m, camera=moving.camera)
    np.testing.assert_allclose(again.camera_from_head, moving.camera_from_head, atol=1e-12)
    np.testing.assert_allclose(again.image_from_head, moving.image_from_head, atol=1e-8)


def test_turns_are_those_of_the_matrices(moving, rotation):
    turn = split_motion(moving).turn
    matrices = moving.camera_from_head[:, :3, :3]
    expected = rotation.from_matrix(matrices).as_matrix()
    found = rotation.from_quat(turn[:, [1, 2, 3, 0]]).as_matrix()
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert ((turn[1:] * turn[:-1]).sum(1) >= 0).all()


def test_a_lost_frame_stays_lost(moving):
    poses = moving.camera_from_head.copy()
    poses[7] = np.nan
    lost = type(moving)(moving.head_m, poses, moving.image_from_head, moving.camera)
    again = join_motion(split_motion(lost), head_m=lost.head_m, camera=lost.camera)
    assert np.isnan(again.camera_from_head[7]).all() and np.isnan(again.image_from_head[7]).all()
    assert np.isfinite(np.delete(again.image_from_head, 7, 0)).all()


def test_rotation_vectors_are_turns_about_the_mean(rotation):
    rng = np.random.default_rng(0)
    turns = rotation.from_rotvec(rng.normal(size=(30, 3)) * 0.4) * rotation.from_rotvec((0, 2, 0))
    turn = turns.as_quat()[:, [3, 0, 1, 2]] * rng.choice([-1.0, 1.0], (30, 1))
    vectors, mean = rotation_vectors(turn)
    about_mean = rotation.from_quat(mean[[1, 2, 3, 0]]).inv() * turns
    np.testing.assert_allclose(vectors, about_mean.as_rotvec(), atol=1e-9)
    again = quaternions_from_vectors(vectors, mean=mean)
    np.testing.assert_allclose(np.abs((again * turn).sum(1)), 1.0, atol=1e-12)


def test_turning_between_equal_turns_goes_nowhere():
    turn = np.array([0.6, 0.0, 0.8, 0.0])
    part = np.array([[0.0], [0.3], [1.0]])
    np.testing.assert_allclose(turn_between(turn, -turn, part=part), np.tile(turn, (3, 1)))
