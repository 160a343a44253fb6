"""A steady region follows a face's way, not its shaking, and comes neither late nor early."""

import numpy as np
import pytest

from mien.core.records import Region
from mien.core.track.steady import MAX_STRAY, steady_region

RATE_HZ = 30.0
WINDOW_S = 0.15


def run_of(n_frames, *, speed=(0.0, 0.0, 0.0, 0.0), noise=0.0, start=(400.0, 300.0, 250.0, 0.1)):
    """Regions that move evenly (in x, y, size by its own ratio, rotation), with noise."""
    time_s = np.arange(n_frames) / RATE_HZ
    x, y, size, rotation = (first + v * time_s for first, v in zip(start, speed, strict=True))
    regions = np.stack([x, y, size, rotation], axis=1)
    shaking = np.random.default_rng(0).normal(size=(n_frames, 4))
    return time_s, regions + noise * shaking * [1.0, 1.0, 1.0, 0.004]


def steadied(regions, time_s, **others):
    values = {"window_s": WINDOW_S} | others
    return np.stack(
        [
            steady_region(regions, time_s=time_s, at=at, **values).as_array()
            for at in range(len(time_s))
        ]
    )


def test_an_even_way_is_kept_to_both_ends():
    time_s, regions = run_of(40, speed=(200.0, -90.0, 0.0, 0.3))
    np.testing.assert_allclose(steadied(regions, time_s), regions, rtol=1e-5)


def test_shaking_is_calmed_and_nothing_comes_late():
    time_s, truth = run_of(120)
    truth[:, 0] += 20.0 * np.sin(2 * np.pi * 0.5 * time_s)
    _, shaking = run_of(120, noise=1.5)
    regions = truth + shaking - run_of(120)[1]
    steady = steadied(regions, time_s)
    rms = lambda values: np.sqrt((np.diff(values, n=2, axis=0)[5:-5] ** 2).mean(axis=0))  # noqa: E731
    assert (rms(steady - truth)[[0, 1, 3]] < 0.1 * rms(regions - truth)[[0, 1, 3]]).all()
    # An even function of the offsets has no phase: correlation with the truth is best unshifted.
    off = [np.corrcoef(steady[4:-4, 0], truth[4 + lag : 116 + lag, 0])[0, 1] for lag in (-1, 0, 1)]
    assert np.argmax(off) == 1


def test_a_face_that_shakes_fast_and_far_is_followed():
    time_s, regions = run_of(60)
    regions[:, 0] += 60.0 * np.sin(2 * np.pi * 4.0 * time_s)
    steady = steadied(regions, time_s)
    assert np.abs(steady[:, 0] - regions[:, 0]).max() < 1.001 * MAX_STRAY * 250.0


@pytest.mark.parametrize("n_strays", [1, 2])
def test_what_jumps_away_and_back_is_told_by_its_neighbours(n_strays):
    time_s, truth = run_of(40, speed=(120.0, 0.0, 0.0, 0.0))
    _, shaking = run_of(40, noise=0.5)
    regions = truth + shaking - run_of(40)[1]
    regions[20 : 20 + n_strays] += [90.0, -60.0, 80.0, 0.4]
    steady = steadied(regions, time_s)
    assert np.abs(steady - truth)[:, :3].max() < 2.0


def test_a_jump_that_stays_is_no_stray():
    time_s, regions = run_of(40)
    regions[20:, 0] += 90.0
    steady = steadied(regions, time_s)
    assert np.abs(steady[:, 0] - regions[:, 0]).max() <= 1.001 * MAX_STRAY * 250.0


def test_a_face_that_runs_is_no_stray():
    time_s, regions = run_of(40, speed=(1500.0, 0.0, 0.0, 0.0), noise=1.0)
    assert np.abs(steadied(regions, time_s) - regions)[:, :3].max() < 5.0


def test_a_turn_through_half_a_circle_has_no_step():
    time_s, regions = run_of(40, start=(400.0, 300.0, 250.0, 3.0), speed=(0, 0, 0, 0.8))
    regions[:, 3] = np.remainder(regions[:, 3] + np.pi, 2 * np.pi) - np.pi
    turned = steadied(regions, time_s)[:, 3] - regions[:, 3]
    assert np.abs(np.remainder(turned + np.pi, 2 * np.pi) - np.pi).max() < 1e-5


@pytest.mark.parametrize("window_s", [0.0, 0.15])
@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_short_runs_and_no_window_are_their_own_regions(n_frames, window_s):
    time_s, regions = run_of(n_frames, speed=(50.0, 0, 0, 0))
    found = steadied(regions, time_s, window_s=window_s)
    np.testing.assert_allclose(found, regions, rtol=1e-5)
    assert isinstance(steady_region(regions, time_s=time_s, at=0, window_s=window_s), Region)


def test_frames_too_far_apart_to_tell_stand_for_themselves():
    _, regions = run_of(6, noise=5.0)
    found = steadied(regions, 2.0 * np.arange(6.0))
    np.testing.assert_allclose(found, regions, rtol=1e-5)
