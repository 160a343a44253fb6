"""The error is that of AFLW2000-3D: by the box, in bins of yaw."""

import numpy as np
import pytest

from mien.core.training.evaluation import box_normalised_errors, eye_openings, scores_per_yaw


def test_an_error_is_counted_in_boxes():
    truth = np.random.default_rng(0).uniform(0, 1, (2, 68, 3)) * (100, 25, 50)
    truth[:, 0, :2], truth[:, 1, :2] = (0, 0), (100, 25)
    found = truth + np.array([3.0, 4.0, 99.0])  # depth does not count
    assert box_normalised_errors(found, truth) == pytest.approx([5.0 / 50.0] * 2)


def test_bins_are_of_the_angle_to_either_side():
    yaw = np.radians([-10.0, 29.0, -31.0, 61.0, -89.0])
    truth = np.random.default_rng(0).uniform(0, 1, (5, 68, 3))
    truth[:, 0, :2], truth[:, 1, :2] = (0, 0), (1, 1)
    scores = scores_per_yaw(
        truth + np.array([1.0, 3, 5, 7, 9])[:, None, None] * (1, 0, 0), truth, yaw
    )
    assert scores.count.tolist() == [2, 1, 2]
    assert scores.share == pytest.approx([2.0, 5.0, 8.0])
    assert scores.all_share == pytest.approx(5.0)


def faces_with_eyes(openings):
    """Faces whose eyes are 10 wide and open by so many widths."""
    points = np.random.default_rng(1).uniform(-50, 50, (len(openings), 68, 3))
    for corner in (36, 42):
        points[:, corner, :2], points[:, corner + 3, :2] = (0, 0), (10, 0)
        for upper, lower, x in ((1, 5, 3), (2, 4, 7)):
            points[:, corner + upper, :2] = np.stack([x + 0 * openings, -10 * openings], 1)
            points[:, corner + lower, :2] = (x, 0)
    return points


def test_a_face_that_never_blinks_has_no_slope():
    openings = np.array([0.0, 0.1, 0.2, 0.4])
    truth = faces_with_eyes(openings)
    assert eye_openings(truth) == pytest.approx(np.stack([openings, openings], 1))
    frontal = np.zeros(4)
    assert scores_per_yaw(truth, truth, frontal).lids == pytest.approx((1.0, 1.0))
    halved = scores_per_yaw(faces_with_eyes(0.5 * openings + 0.1), truth, frontal)
    assert halved.lids == pytest.approx((0.5, 1.0))
    stiff = scores_per_yaw(faces_with_eyes(np.array([0.2, 0.3, 0.3, 0.2])), truth, frontal)
    assert abs(stiff.lids[0]) < 0.1 and abs(stiff.lids[1]) < 0.3
    # From the side an eye's width is not to be trusted: such faces do not count.
    assert np.isnan(scores_per_yaw(truth, truth, np.full(4, 1.0)).lids).all()
