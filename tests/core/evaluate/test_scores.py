"""Errors, bins and curves, against figures worked out by hand."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_data import square_face

from mien.core.evaluate.curve_svg import curve_svg
from mien.core.evaluate.scores import (
    area_under_curve,
    box_normalised_errors,
    eye_normalised_errors,
    share_below,
    yaw_bin,
)


def test_errors_are_shares_of_the_true_box_and_of_the_eyes_distance():
    truth = square_face(100.0)
    stretched = truth * (1.0, 2.25)  # a box of 100 × 225: √ is 150
    found = stretched + np.array([3.0, 4.0])  # 5 px off each
    found[0] += (3.0, 4.0)  # one is 10 px off: the mean is 5 + 5 / 68
    pair = (found[None], stretched[None])
    assert box_normalised_errors(*pair) == pytest.approx([(5 + 5 / 68) / 150])
    assert eye_normalised_errors(*pair) == pytest.approx([(5 + 5 / 68) / 50])
    deep = np.concatenate([found, np.full((68, 1), 99.0)], axis=1)  # depth does not count
    assert box_normalised_errors(deep[None], stretched[None]) == pytest.approx(
        box_normalised_errors(*pair)
    )


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0, 0), (29.99, 0), (-29.99, 0), (30.01, 1), (-59, 1), (60.01, 2), (90, 2), (90.5, None)],
)
def test_bins_are_of_the_turn_to_either_side(degrees, expected):
    assert yaw_bin(np.radians(degrees)) == expected


def test_the_curve_counts_missed_faces_and_its_area_is_exact():
    errors = np.array([0.02, 0.04, 0.30])
    shares = share_below(errors, np.array([0.0, 0.02, 0.03, 0.04, 0.1, 1.0]), n_missed=1)
    assert shares.tolist() == [0.0, 0.25, 0.25, 0.5, 0.5, 0.75]
    # Steps by hand: a quarter from 0.02 on, a half from 0.04 on.
    assert area_under_curve(errors, 0.1, n_missed=1) == pytest.approx(
        (0.02 * 0.25 + 0.06 * 0.5) / 0.1
    )
    fine = np.linspace(0.0, 0.1, 200_001)
    assert share_below(errors, fine, n_missed=1).mean() == pytest.approx(
        area_under_curve(errors, 0.1, n_missed=1), abs=1e-4
    )
    assert area_under_curve(np.zeros(5), 0.1, n_missed=0) == 1.0


def test_the_picture_is_well_formed_and_ends_at_the_share_found():
    errors = np.array([0.01, 0.05, 0.5])
    text = curve_svg(errors, n_missed=1, limit=0.1, title="a < b & c", across="errors")
    root = ElementTree.fromstring(text)
    (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    points = np.array([pair.split(",") for pair in line.get("points").split()], float)
    left, right = points[:, 0].min(), points[:, 0].max()
    bottom = points[0, 1]
    top = 56.0  # of the frame
    assert (np.diff(points[:, 0]) >= 0).all() and (np.diff(points[:, 1]) <= 0).all()
    assert (bottom - points[-1, 1]) / (bottom - top) == pytest.approx(0.5, abs=1e-3)
    step = points[points[:, 1] < bottom][0]
    assert (step[0] - left) / (right - left) == pytest.approx(0.1, abs=1e-3)
    assert "a &lt; b &amp; c" in text
