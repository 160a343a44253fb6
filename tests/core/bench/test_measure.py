"""What is measured agrees with what was put in."""

import numpy as np
import pytest

from mien.core.bench.measure import (
    eye_opening,
    inter_ocular_px,
    jitter_percent,
    kept_amplitude,
    lag_frames,
    mouth_opening,
    score_tracking,
    shaking_percent,
)
from mien.core.errors import DegenerateError, ShapeError

N_FRAMES, IOD = 240, 80.0


@pytest.fixture
def truth():
    """A face of 468 points that drifts, blinks and speaks."""
    rng = np.random.default_rng(5)
    face = rng.uniform(-100, 100, (468, 3))
    face[33], face[263] = (-IOD / 2, 0, 0), (IOD / 2, 0, 0)
    face[133, :2], face[362, :2] = (-15, 0), (15, 0)
    points = np.tile(face, (N_FRAMES, 1, 1))
    frames = np.arange(N_FRAMES)
    blink = 4 + 4 * np.cos(2 * np.pi * frames / 40)
    jaw = 10 + 10 * np.sin(2 * np.pi * frames / 60)
    for upper, lower, x in ((159, 145, -27), (386, 374, 27)):
        points[:, upper, :2] = np.stack([np.full(N_FRAMES, x), -blink / 2], axis=-1)
        points[:, lower, :2] = np.stack([np.full(N_FRAMES, x), blink / 2], axis=-1)
    points[:, 13, :2] = [0, 60]
    points[:, 14, :2] = np.stack([np.zeros(N_FRAMES), 60 + jaw], axis=-1)
    drift = np.stack([40 * np.sin(frames / 17), 25 * np.cos(frames / 23), 0 * frames], axis=-1)
    return points + drift[:, None] + [600, 400, 0]


def test_the_truth_itself_scores_perfectly(truth):
    score = score_tracking(truth, truth)
    assert (score.n_frames, score.n_lost) == (N_FRAMES, 0)
    assert score.error_percent == score.jitter_percent == 0.0
    assert score.lag_frames == pytest.approx(0.0, abs=1e-4)
    assert score.blink_kept == pytest.approx(1.0) and score.jaw_kept == pytest.approx(1.0)


def test_a_constant_offset_is_error_but_neither_jitter_nor_lag(truth):
    score = score_tracking(np.add(truth, [3.0, 4.0, 50.0]), truth)
    assert score.error_percent == pytest.approx(100 * 5 / IOD), "depth does not count"
    assert score.bias_free_error_percent == pytest.approx(0.0, abs=1e-9)
    assert score.jitter_percent == pytest.approx(0.0, abs=1e-9)


def test_white_noise_has_a_jitter_of_root_twelve_and_a_rayleigh_error(truth):
    sigma = 0.5
    noisy = truth + np.random.default_rng(0).normal(0, sigma, truth.shape)
    score = score_tracking(noisy, truth)
    assert score.jitter_percent == pytest.approx(100 * np.sqrt(12) * sigma / IOD, rel=0.02)
    assert score.error_percent == pytest.approx(100 * sigma * np.sqrt(np.pi / 2) / IOD, rel=0.02)


def test_usual_jitter_is_that_of_noise_and_leaves_half_seen_blinks_out(truth):
    noise = np.random.default_rng(0).normal(0, 0.05, truth.shape)
    score = score_tracking(truth + noise, truth)
    assert score.usual_jitter_percent == pytest.approx(score.jitter_percent, rel=0.02)
    half_seen = truth + noise
    half_seen[40:44, 100:200, 1] += 8.0
    blinking = score_tracking(half_seen, truth)
    # Each of its two edges is a second difference of 8 px in two frames, for 100 of 468 landmarks.
    edges = 4 / (N_FRAMES - 2) * 100 / 468 * (100 * 8.0 / IOD) ** 2
    expected = np.sqrt(score.jitter_percent**2 + edges)
    assert blinking.jitter_percent == pytest.approx(expected, rel=0.02)
    assert blinking.usual_jitter_percent == pytest.approx(score.usual_jitter_percent, rel=0.02)


def test_jitter_is_the_acceleration_of_a_sine_that_the_truth_lacks():
    amplitude, omega = 7.0, 0.3
    truth = np.zeros((2000, 468, 3))
    truth[:, 263, 0] = IOD
    shaken = truth + [0.0, amplitude, 0.0] * np.sin(omega * np.arange(2000))[:, None, None]
    expected = 100 * amplitude * 2 * (1 - np.cos(omega)) / np.sqrt(2) / IOD
    assert jitter_percent(shaken, truth) == pytest.approx(expected, rel=0.01)


def test_shaking_is_jitter_for_noise_and_next_to_nothing_for_smooth_motion(truth):
    noise = np.random.default_rng(0).normal(0, 0.5, truth.shape)
    still = np.tile(truth[:1], (N_FRAMES, 1, 1))
    assert shaking_percent(still + noise) == pytest.approx(
        jitter_percent(still + noise, still), rel=0.02
    )
    drifting = still + [20.0, 0.0, 0.0] * np.sin(np.arange(N_FRAMES) / 15)[:, None, None]
    assert shaking_percent(drifting) < 0.005 < jitter_percent(drifting, still)


@pytest.mark.parametrize("lag", [-3.3, 0.0, 0.37, 1.0, 2.62, 7.5])
def test_a_delay_is_found_to_a_hundredth_of_a_frame(lag):
    frames = np.arange(300.0)

    def signal(t):
        return np.stack([np.sin(t / 9) + 0.4 * np.sin(t / 4.1), np.cos(t / 13)], axis=-1)

    assert lag_frames(signal(frames - lag), signal(frames)) == pytest.approx(lag, abs=0.01)


def test_a_late_landmark_has_a_lag_above_zero(truth):
    late = truth.copy()
    late[2:] = truth[:-2]
    assert score_tracking(late, truth).lag_frames == pytest.approx(2.0, abs=0.01)


def test_lag_is_unknown_where_nothing_moves_or_the_clip_is_short():
    assert np.isnan(lag_frames(np.zeros(100), np.zeros(100)))
    assert np.isnan(lag_frames(np.arange(8.0), np.arange(8.0)))
    with pytest.raises(ShapeError, match="one shape"):
        lag_frames(np.zeros(9), np.zeros(8))


def test_half_a_blink_is_kept_as_one_half(truth):
    halved = truth.copy()
    for upper, lower in ((159, 145), (386, 374)):
        middle = (truth[:, upper, 1] + truth[:, lower, 1]) / 2
        for index in (upper, lower):
            halved[:, index, 1] = middle + 0.5 * (truth[:, index, 1] - middle)
    score = score_tracking(halved, truth)
    assert score.blink_kept == pytest.approx(0.5) and score.jaw_kept == pytest.approx(1.0)


def test_kept_amplitude_ignores_offset_and_is_unknown_without_motion():
    curve = np.sin(np.arange(50.0))
    assert kept_amplitude(0.8 * curve + 3.0, curve) == pytest.approx(0.8)
    assert np.isnan(kept_amplitude(curve, np.full(50, 2.0)))


def test_openings_are_ratios_that_size_does_not_change(truth):
    frame = truth[:1]
    assert eye_opening(frame)[0] == pytest.approx(8 / 25)
    assert mouth_opening(frame)[0] == pytest.approx(10 / IOD)
    assert eye_opening(3 * frame) == pytest.approx(eye_opening(frame))
    assert inter_ocular_px(3 * frame) == pytest.approx(3 * IOD)


def test_lost_frames_are_counted_and_left_out(truth):
    found = np.add(truth, [1.0, 0.0, 0.0])
    found[50:60] = np.nan
    score = score_tracking(found, truth)
    assert score.n_lost == 10
    assert score.error_percent == pytest.approx(100 / IOD)
    assert score.jitter_percent == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(DegenerateError, match="at least one frame"):
        score_tracking(np.full_like(truth, np.nan), truth)


def test_478_points_compare_with_468(truth):
    more = np.concatenate([truth, truth[:, :10]], axis=1)
    assert score_tracking(more, truth).error_percent == 0.0
