"""The error is that of AFLW2000-3D: by the box, in bins of yaw."""

import numpy as np
import pytest

from mien.core.training.evaluation import box_normalised_errors, scores_per_yaw


def test_an_error_is_counted_in_boxes():
    truth = np.random.default_rng(0).uniform(0, 1, (2, 68, 3)) * (100, 25, 50)
    truth[:, 0, :2], truth[:, 1, :2] = (0, 0), (100, 25)
    found = truth + np.array([3.0, 4.0, 99.0])  # depth does not count
    assert box_normalised_errors(found, truth) == pytest.approx([5.0 / 50.0] * 2)


def test_bins_are_of_the_angle_to_either_side():
    yaw = np.radians([-10.0, 29.0, -31.0, 61.0, -89.0])
    scores = scores_per_yaw(np.array([1.0, 3.0, 5.0, 7.0, 9.0]), yaw)
    assert scores.count.tolist() == [2, 1, 2]
    assert scores.share.tolist() == [2.0, 5.0, 8.0]
    assert scores.all_share == 5.0
