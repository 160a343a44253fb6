"""The causal filter, against the paper's algorithm written out for one number at a time."""

import math

import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError
from mien.core.settings import SmoothSettings
from mien.core.smooth import OneEuroFilter, smooth_causally

SETTINGS = SmoothSettings(min_cutoff_hz=0.7, beta=5.0, derivative_cutoff_hz=1.3)


class PaperLowPass:
    """Algorithm 1 of the paper: an exponential smoothing that starts at its first value."""

    def __init__(self):
        self.is_first, self.stored = True, 0.0

    def filter(self, x, alpha):
        self.stored = x if self.is_first else alpha * x + (1.0 - alpha) * self.stored
        self.is_first = False
        return self.stored


def paper_filter(values, times, *, min_cutoff, beta, d_cutoff):
    """The paper's filter, with the rate of each sample's own interval."""

    def alpha(cutoff, rate):
        tau = 1.0 / (2.0 * math.pi * cutoff)
        return 1.0 / (1.0 + tau * rate)

    smooth_x, smooth_dx, result = PaperLowPass(), PaperLowPass(), []
    for i, x in enumerate(values):
        rate = 30.0 if i == 0 else 1.0 / (times[i] - times[i - 1])
        dx = 0.0 if i == 0 else (x - values[i - 1]) * rate
        edx = smooth_dx.filter(dx, alpha(d_cutoff, rate))
        result.append(smooth_x.filter(x, alpha(min_cutoff + beta * abs(edx), rate)))
    return result


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def time_s(rng):
    """Uneven times, 0.5 to 1.5 frames at 30 Hz apart."""
    return np.cumsum(rng.uniform(0.5, 1.5, 60)) / 30.0


def test_the_filter_is_the_papers(rng, time_s):
    values = np.cumsum(rng.normal(size=(60, 4)), axis=0)
    one_euro = OneEuroFilter(SETTINGS)
    found = [one_euro.filter(v, time_s=t) for v, t in zip(values, time_s, strict=True)]
    for column in range(4):
        expected = paper_filter(values[:, column], time_s, min_cutoff=0.7, beta=5.0, d_cutoff=1.3)
        np.testing.assert_allclose(np.array(found)[:, column], expected, atol=1e-12)


def test_speeds_are_measured_in_face_sizes(rng, time_s):
    values = np.cumsum(rng.normal(size=60))
    one_euro = OneEuroFilter(SETTINGS)
    found = [one_euro.filter(v, time_s=t, scale=40.0) for v, t in zip(values, time_s, strict=True)]
    expected = paper_filter(values, time_s, min_cutoff=0.7, beta=5.0 / 40.0, d_cutoff=1.3)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_landmarks_are_filtered_point_by_point_by_the_size_of_their_face(rng, time_s):
    landmarks_px = 100.0 * rng.normal(size=(60, 5, 3))
    # Two corners make every frame's face 300 wide and 500 high: 400 pixels in size.
    landmarks_px[..., :2] = np.clip(landmarks_px[..., :2], -140.0, 140.0)
    landmarks_px[:, 0, :2], landmarks_px[:, 1, :2] = (-150.0, -250.0), (150.0, 250.0)
    found = smooth_causally(landmarks_px, time_s, settings=SETTINGS)
    assert found.dtype == np.float32
    for axis in range(3):
        expected = paper_filter(
            landmarks_px[:, 3, axis], time_s, min_cutoff=0.7, beta=5.0 / 400.0, d_cutoff=1.3
        )
        np.testing.assert_allclose(found[:, 3, axis], expected, atol=1e-4)


def test_each_landmark_is_as_quick_as_it_is_said_to_be(rng, time_s):
    landmarks_px = np.cumsum(rng.normal(size=(60, 3, 3)), axis=0)
    landmarks_px[:, 0, :2], landmarks_px[:, 1, :2] = (-150.0, -250.0), (150.0, 250.0)
    quickness = np.array([1.0, 2.0, 3.5])
    found = smooth_causally(landmarks_px, time_s, settings=SETTINGS, quickness=quickness)
    for point in range(3):
        expected = paper_filter(
            landmarks_px[:, point, 2],
            time_s,
            min_cutoff=0.7,
            beta=quickness[point] * 5.0 / 400.0,
            d_cutoff=1.3,
        )
        np.testing.assert_allclose(found[:, point, 2], expected, atol=1e-4)


def test_there_is_a_quickness_for_each_landmark(time_s):
    with pytest.raises(ShapeError, match="quickness"):
        smooth_causally(np.zeros((60, 3, 3)), time_s, settings=SETTINGS, quickness=np.ones(2))


def test_the_same_face_twice_as_large_is_smoothed_the_same(rng, time_s):
    landmarks_px = np.cumsum(rng.normal(size=(60, 6, 3)), axis=0)
    found = smooth_causally(landmarks_px, time_s, settings=SETTINGS)
    doubled = smooth_causally(2.0 * landmarks_px, time_s, settings=SETTINGS)
    np.testing.assert_allclose(doubled, 2.0 * found, rtol=1e-5)


def test_still_points_stay_still(time_s):
    still = np.tile(np.float32([[3.1, 4.2, 5.3], [7.0, 8.0, 9.0]]), (60, 1, 1))
    np.testing.assert_array_equal(smooth_causally(still, time_s, settings=SETTINGS), still)


def test_a_gap_starts_the_filter_afresh(rng, time_s):
    landmarks_px = np.cumsum(rng.normal(size=(60, 6, 3)), axis=0)
    landmarks_px[20:23] = np.nan
    found = smooth_causally(landmarks_px, time_s, settings=SETTINGS)
    assert np.isnan(found[20:23]).all()
    for run in (slice(0, 20), slice(23, 60)):
        alone = smooth_causally(landmarks_px[run], time_s[run], settings=SETTINGS)
        np.testing.assert_array_equal(found[run], alone)


def test_a_cut_starts_the_filter_afresh(rng, time_s):
    landmarks_px = np.cumsum(rng.normal(size=(60, 6, 3)), axis=0)
    shot = (np.arange(60) >= 25).astype(np.int32)
    found = smooth_causally(landmarks_px, time_s, settings=SETTINGS, shot=shot)
    for run in (slice(0, 25), slice(25, 60)):
        alone = smooth_causally(landmarks_px[run], time_s[run], settings=SETTINGS)
        np.testing.assert_array_equal(found[run], alone)


def test_no_frame_knows_of_later_ones(rng, time_s):
    landmarks_px = np.cumsum(rng.normal(size=(60, 6, 3)), axis=0)
    found = smooth_causally(landmarks_px, time_s, settings=SETTINGS)
    start = smooth_causally(landmarks_px[:30], time_s[:30], settings=SETTINGS)
    np.testing.assert_array_equal(found[:30], start)


def test_a_face_without_size_is_passed_through():
    one_euro = OneEuroFilter(SETTINGS)
    one_euro.filter(np.zeros(3), time_s=0.0)
    np.testing.assert_array_equal(one_euro.filter(np.ones(3), time_s=0.1, scale=0.0), np.ones(3))


def test_a_sample_given_is_never_changed():
    sample = np.ones(3)
    one_euro = OneEuroFilter(SETTINGS)
    first = one_euro.filter(sample, time_s=0.0)
    one_euro.filter(sample * 5.0, time_s=0.1)
    np.testing.assert_array_equal(sample, np.ones(3))
    np.testing.assert_array_equal(first, np.ones(3))


def test_the_defaults_calm_a_still_face_and_keep_a_blink(stage):
    time_s = np.arange(150) / 30.0
    truth = 1000.0 * stage.still(150)
    noise = 1000.0 * stage.noise(150, 0.00012)
    calm = smooth_causally(truth + noise, time_s, settings=SmoothSettings())
    error = calm[30:] - truth[30:]
    jitter = np.diff(error, 2, axis=0).std() / np.diff(noise[30:], 2, axis=0).std()
    assert jitter < 0.25
    assert error.std() < 0.5 * noise.std()

    blink = np.zeros(150)
    blink[60:66] = (0.25, 0.75, 1.0, 1.0, 0.75, 0.25)
    moving = truth + 1000.0 * stage.motion([159, 386], 0.008, blink)
    kept = (truth - smooth_causally(moving, time_s, settings=SmoothSettings()))[:, 159, 1]
    assert kept.max() > 0.95 * 8.0
    assert 62 <= kept.argmax() <= 64


def test_time_that_stands_still_is_refused():
    one_euro = OneEuroFilter(SETTINGS)
    one_euro.filter(np.zeros(3), time_s=1.0)
    with pytest.raises(RangeError, match="time_s must increase, got 1 after 1"):
        one_euro.filter(np.zeros(3), time_s=1.0)


def test_times_must_be_as_many_as_frames():
    with pytest.raises(ShapeError, match="time_s"):
        smooth_causally(np.zeros((3, 2, 3)), np.zeros(2), settings=SETTINGS)
