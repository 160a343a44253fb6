import numpy as np
import pytest

from mien.core.animate import resample_uniform
from mien.core.errors import DegenerateError, RangeError, ShapeError


def test_samples_on_scene_frames_come_back_bit_for_bit():
    values = np.random.default_rng(0).normal(size=(50, 4, 3)).astype(np.float32)
    found = resample_uniform(values, np.arange(50) / 29.97, rate_hz=29.97)
    assert found.first_frame == 0
    assert found.values.dtype == np.float32
    assert np.array_equal(found.values, values)
    assert found.is_seen.all()


def test_a_straight_line_is_kept_at_any_rate_and_any_times():
    time_s = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.09, 80))
    found = resample_uniform(3.0 * time_s - 1.0, time_s, rate_hz=24.0)
    scene_time_s = (found.first_frame + np.arange(len(found.values))) / 24.0
    inside = (scene_time_s >= time_s[0]) & (scene_time_s <= time_s[-1])
    assert np.abs(found.values - (3.0 * scene_time_s - 1.0))[inside].max() < 1e-12
    assert inside.sum() >= len(inside) - 2


def test_a_constant_stays_constant_beyond_the_last_sample():
    found = resample_uniform(np.full((7, 2), 0.3, np.float32), np.arange(7) / 7.3, rate_hz=60.0)
    assert np.abs(found.values - np.float32(0.3)).max() < 1e-7


def test_the_first_scene_frame_follows_from_the_first_time():
    found = resample_uniform(np.arange(3.0), np.array([10.0, 10.5, 11.0]), rate_hz=24.0)
    assert (found.first_frame, len(found.values)) == (240, 25)
    assert found.values[[0, 6, 12, 24]].tolist() == [0, 0.5, 1, 2]


def test_through_a_gap_the_last_seen_value_is_held_and_marked():
    values = np.array([1.0, 2.0, np.nan, np.nan, 5.0, 6.0])
    found = resample_uniform(values, np.arange(6) / 10, rate_hz=10.0)
    assert found.values.tolist() == [1, 2, 2, 2, 5, 6]
    assert found.is_seen.tolist() == [True, True, False, False, True, True]


def test_nothing_moves_toward_a_gap_or_out_of_it():
    values = np.array([1.0, 2.0, np.nan, 5.0, 6.0])
    found = resample_uniform(values, np.arange(5) / 10, rate_hz=40.0)
    assert found.values[:5].tolist() == [1, 1.25, 1.5, 1.75, 2]
    assert found.values[5:12].tolist() == [2] * 7
    assert found.values[12:].tolist() == [5, 5.25, 5.5, 5.75, 6]


def test_before_the_first_seen_frame_its_value_stands():
    found = resample_uniform(np.array([np.nan, np.nan, 3.0, 4.0]), np.arange(4) / 10, rate_hz=10.0)
    assert found.values.tolist() == [3, 3, 3, 4]
    assert found.is_seen.tolist() == [False, False, True, True]


def test_of_samples_at_the_same_time_the_last_counts():
    time_s = np.array([0.0, 0.1, 0.1, 0.1, 0.2])
    found = resample_uniform(np.array([0.0, 1.0, 7.0, 2.0, 3.0]), time_s, rate_hz=10.0)
    assert found.values.tolist() == [0, 2, 3]
    alone = resample_uniform(np.array([4.0, 5.0]), np.zeros(2), rate_hz=10.0)
    assert alone.values.tolist() == [5]


def test_one_sample_is_one_scene_frame():
    found = resample_uniform(np.ones((1, 2, 3), np.float32), np.array([0.5]), rate_hz=24.0)
    assert (found.first_frame, found.values.shape) == (12, (1, 2, 3))


def test_what_cannot_be_sampled_is_refused():
    time_s = np.array([0.0, 0.2, 0.1])
    with pytest.raises(RangeError, match="time_s must not fall and rate_hz be above 0"):
        resample_uniform(np.zeros(3), time_s, rate_hz=24.0)
    with pytest.raises(RangeError, match="got a rate of 0"):
        resample_uniform(np.zeros(2), time_s[:2], rate_hz=0.0)
    with pytest.raises(ShapeError, match=r"time_s must have shape \(2\), got \(3,\)"):
        resample_uniform(np.zeros(2), time_s, rate_hz=24.0)
    with pytest.raises(DegenerateError, match="at least one frame with a face"):
        resample_uniform(np.full(2, np.nan), time_s[:2], rate_hz=24.0)
