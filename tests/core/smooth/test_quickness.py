"""Quick landmarks have the whole gain, far ones none, and nothing lies in steps between."""

import numpy as np
import pytest

from mien.core.errors import ShapeError
from mien.core.smooth import quickness_around

LINE_M = np.stack([np.linspace(0.0, 0.1, 101), np.zeros(101), np.zeros(101)], axis=1)


def test_the_gain_is_whole_at_quick_landmarks_and_gone_far_away():
    quickness = quickness_around(LINE_M, np.array([0, 1, 2]), gain=5.0)
    np.testing.assert_array_equal(quickness[:3], 5.0)
    assert (np.abs(quickness[-60:] - 1.0) < 1e-6).all()


def test_it_falls_with_the_distance_without_a_step():
    quickness = quickness_around(LINE_M, np.array([50]), gain=4.0)
    np.testing.assert_allclose(quickness, quickness[::-1])
    falls = -np.diff(quickness[50:])
    assert (falls >= 0.0).all() and falls.max() < 0.1 * 3.0 + 0.05


def test_a_gain_of_one_makes_all_alike():
    np.testing.assert_array_equal(quickness_around(LINE_M, np.array([3]), gain=1.0), 1.0)


def test_a_face_without_quick_landmarks_is_all_alike():
    np.testing.assert_array_equal(quickness_around(LINE_M, np.array([], int), gain=4.0), 1.0)


def test_points_must_be_three_dimensional():
    with pytest.raises(ShapeError, match="points_m"):
        quickness_around(LINE_M[:, :2], np.array([0]), gain=4.0)
