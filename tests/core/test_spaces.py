"""Rotations become quaternions: against closed forms, with one sign throughout."""

import numpy as np
import pytest

from mien.core.spaces import quaternions_of_rotations


def turns_about(axis, angles):
    """Rodrigues' formula: 1 + sin·K + (1 − cos)·K², (n, 3, 3)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    s, c = np.sin(angles)[:, None, None], np.cos(angles)[:, None, None]
    return np.eye(3) + s * k + (1 - c) * (k @ k)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -2, 3), (-1, 1e-6, 0)])
def test_a_growing_turn_is_half_its_angle_without_a_jump(axis):
    angles = np.linspace(0.0, 4 * np.pi, 401)  # half turns at 100 and 300, full turns between
    found = quaternions_of_rotations(turns_about(axis, angles))
    unit = np.asarray(axis) / np.linalg.norm(axis)
    expected = np.column_stack([np.cos(angles / 2), np.sin(angles / 2)[:, None] * unit])
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (3, -2, 1)])
def test_a_half_turn_is_its_axis(axis):
    unit = np.asarray(axis) / np.linalg.norm(axis)
    (found,) = quaternions_of_rotations(2 * np.outer(unit, unit)[None] - np.eye(3))
    assert found[0] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(np.outer(found[1:], found[1:]), np.outer(unit, unit), atol=1e-12)


def test_the_first_quaternion_is_the_shorter_turn():
    (found,) = quaternions_of_rotations(turns_about((0, 1, 0), np.array([1.5 * np.pi])))
    assert found == pytest.approx([np.sqrt(0.5), 0, -np.sqrt(0.5), 0])


def test_nothing_gives_nothing():
    assert quaternions_of_rotations(np.zeros((0, 3, 3))).shape == (0, 4)
