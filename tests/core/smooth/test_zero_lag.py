"""The `best` smoothing calms, keeps what moves, and is never late."""

import numpy as np
import pytest

from mien.core.errors import RangeError, ShapeError
from mien.core.records import FaceGeometry
from mien.core.settings import SmoothSettings
from mien.core.smooth import smooth_causally, smooth_without_lag
from mien.core.spaces import apply_transform, focal_length_px

RATE_HZ = 30.0
SETTINGS = SmoothSettings()
BLINK = (0.25, 0.75, 1.0, 1.0, 0.75, 0.25)
REALISTIC_NOISE_M = 0.00015


def times(n_frames):
    return np.arange(n_frames) / RATE_HZ


def talk(n_frames):
    """A jaw that opens four times a second, now more, now less, and rests in between."""
    t = times(n_frames)
    return (1.0 - np.cos(2 * np.pi * 4.0 * t)) / 2 * np.clip(np.sin(2 * np.pi * 0.25 * t), 0, 1)


def moving_head(stage, n_frames):
    """A head that turns and goes, then rests."""
    t = times(n_frames)
    course = np.sin(2 * np.pi * 0.7 * t) * np.clip(np.sin(2 * np.pi * 0.2 * t), 0, 1)
    poses = stage.poses(n_frames)
    poses[:, 0, 0] = poses[:, 2, 2] = np.cos(0.5 * course)
    poses[:, 0, 2] = np.sin(0.5 * course)
    poses[:, 2, 0] = -poses[:, 0, 2]
    poses[:, 0, 3] = 0.05 * course
    return poses


def test_a_constant_face_stays_as_it_is(stage):
    still = stage.geometry(stage.still(40))
    calm = smooth_without_lag(still, times(40), settings=SETTINGS)
    np.testing.assert_array_equal(calm.head_m, still.head_m)
    np.testing.assert_allclose(calm.camera_from_head, still.camera_from_head, atol=1e-12)
    np.testing.assert_allclose(calm.image_from_head, still.image_from_head, atol=1e-9)


def test_nothing_is_smoothed_across_a_cut(stage):
    """Another head position, as another camera sees it, from one frame to the next."""
    poses = stage.poses(60)
    poses[30:, 0, 3] += 0.1
    geometry = stage.geometry(stage.still(60) + stage.noise(60, REALISTIC_NOISE_M), poses)
    shot = (np.arange(60) >= 30).astype(np.int32)
    calm = smooth_without_lag(geometry, times(60), settings=SETTINGS, shot=shot)
    np.testing.assert_allclose(calm.camera_from_head[:30, 0, 3], poses[0, 0, 3], atol=1e-6)
    np.testing.assert_allclose(calm.camera_from_head[30:, 0, 3], poses[30, 0, 3], atol=1e-6)


def test_noise_on_a_still_face_is_at_least_4_times_less(stage):
    noise = stage.noise(150, REALISTIC_NOISE_M)
    noisy = stage.geometry(stage.still(150) + noise)
    calm = smooth_without_lag(noisy, times(150), settings=SETTINGS)
    left = calm.head_m - stage.neutral_m
    assert left.std() < noise.std() / 4
    assert np.diff(left, 2, axis=0).std() < np.diff(noise, 2, axis=0).std() / 20


def test_noise_on_a_still_head_is_at_least_3_times_less(stage):
    rng = np.random.default_rng(6)
    poses = stage.poses(300)
    vectors = rng.normal(size=(300, 3)) * 0.004
    poses[:, [2, 0, 1], [1, 2, 0]] = vectors
    poses[:, [1, 2, 0], [2, 0, 1]] = -vectors
    poses[:, :3, :3] = np.linalg.svd(poses[:, :3, :3])[0] @ np.linalg.svd(poses[:, :3, :3])[2]
    poses[:, :3, 3] += rng.normal(size=(300, 3)) * (0.0005, 0.0005, 0.003)
    noisy = stage.geometry(stage.still(300), poses)
    calm = smooth_without_lag(noisy, times(300), settings=SETTINGS)
    truth = stage.geometry(stage.still(300))
    before = noisy.camera_from_head - truth.camera_from_head
    after = calm.camera_from_head - truth.camera_from_head
    assert after[:, :3, :3].std() < before[:, :3, :3].std() / 3
    assert (after[:, :3, 3].std(0) < before[:, :3, 3].std(0) / 3).all()


@pytest.mark.parametrize("start", [60, 101, 143])
def test_a_blink_of_6_frames_keeps_95_percent_of_its_amplitude(stage, start):
    course = np.zeros(210)
    for blink in (60, 101, 143):
        course[blink : blink + 6] = BLINK
    truth = stage.still(210) + stage.motion(stage.upper_lid, 0.008, course)
    noisy = stage.geometry(truth + stage.noise(210, REALISTIC_NOISE_M))
    calm = smooth_without_lag(noisy, times(210), settings=SETTINGS)
    lid = calm.head_m[:, [159, 386], 1].mean(1)
    drop = np.median(lid) - lid[start + 2 : start + 4].mean()
    assert 0.95 * 0.008 < drop < 1.05 * 0.008


def test_a_talking_jaw_keeps_its_amplitude_and_loses_noise(stage):
    course = talk(300)
    truth = stage.still(300) + stage.motion(stage.lower_jaw, 0.012, course)
    noise = stage.noise(300, REALISTIC_NOISE_M)
    calm = smooth_without_lag(stage.geometry(truth + noise), times(300), settings=SETTINGS)
    jaw, expected = calm.head_m[:, 152, 1], truth[:, 152, 1]
    gain = np.polyfit(expected, jaw, 1)[0]
    assert 0.98 < gain < 1.02
    forehead = calm.head_m[:, [10, 151, 9]] - truth[:, [10, 151, 9]]
    assert forehead.std() < noise[:, [10, 151, 9]].std() / 3


def shift_of(signal, truth):
    """How many frames a signal comes late: its error along the truth's own speed."""
    speed = np.gradient(truth)
    return -((signal - truth) @ speed) / (speed @ speed)


def test_motion_comes_neither_early_nor_late(stage):
    course = talk(300)
    truth = stage.still(300) + stage.motion(stage.lower_jaw, 0.012, course)
    noisy = stage.geometry(truth + stage.noise(300, REALISTIC_NOISE_M), moving_head(stage, 300))
    calm = smooth_without_lag(noisy, times(300), settings=SETTINGS)
    jaw, expected = calm.head_m[:, 152, 1].astype(float), truth[:, 152, 1]
    assert abs(shift_of(jaw, expected)) < 0.02
    best = [np.corrcoef(jaw[5 + k : 295 + k], expected[5:295])[0, 1] for k in range(-3, 4)]
    assert np.argmax(best) == 3
    turn, truth_turn = calm.camera_from_head[:, 0, 2], noisy.camera_from_head[:, 0, 2]
    assert abs(shift_of(turn, truth_turn)) < 0.02
    # The measure does see lag: that of the causal filter.
    live = smooth_causally(1000 * noisy.head_m, times(300), settings=SETTINGS)
    assert shift_of(live[:, 152, 1] / 1000.0, expected) > 0.05


def test_a_take_played_backwards_is_smoothed_to_the_same_face(stage):
    time_s = np.cumsum(np.random.default_rng(8).uniform(0.02, 0.05, 200))
    truth = stage.still(200) + stage.motion(stage.lower_jaw, 0.012, talk(200))
    noisy = stage.geometry(truth + stage.noise(200, REALISTIC_NOISE_M), moving_head(stage, 200))
    backwards = FaceGeometry(
        noisy.head_m[::-1], noisy.camera_from_head[::-1], noisy.image_from_head[::-1], noisy.camera
    )
    calm = smooth_without_lag(noisy, time_s, settings=SETTINGS)
    mirrored = smooth_without_lag(backwards, time_s[-1] - time_s[::-1], settings=SETTINGS)
    np.testing.assert_allclose(mirrored.head_m[::-1], calm.head_m, atol=1e-6)
    np.testing.assert_allclose(mirrored.camera_from_head[::-1], calm.camera_from_head, atol=1e-9)


def test_when_a_take_was_made_does_not_matter(stage):
    noisy = stage.geometry(stage.still(80) + stage.noise(80, REALISTIC_NOISE_M))
    calm = smooth_without_lag(noisy, times(80), settings=SETTINGS)
    later = smooth_without_lag(noisy, times(80) + 4096.0, settings=SETTINGS)
    np.testing.assert_allclose(later.head_m, calm.head_m, atol=1e-7)


def test_twice_the_frame_rate_gives_the_same_calm_in_time(stage):
    spread = []
    for rate_hz in (25.0, 50.0):
        n_frames = int(8 * rate_hz)
        noisy = stage.geometry(stage.still(n_frames) + stage.noise(n_frames, REALISTIC_NOISE_M))
        calm = smooth_without_lag(noisy, np.arange(n_frames) / rate_hz, settings=SETTINGS)
        spread.append((calm.head_m - stage.neutral_m).std())
    # Twice the samples in the same window: √2 less is left.
    assert spread[0] / spread[1] == pytest.approx(np.sqrt(2.0), rel=0.15)


def test_even_motion_at_uneven_times_is_left_alone(stage):
    time_s = np.cumsum(np.random.default_rng(8).uniform(0.01, 0.09, 100))
    drift = np.linspace(0, 1, 3) + time_s[:, None, None] * (0.01, -0.02, 0.005)
    moving = stage.geometry(stage.still(100) + drift)
    calm = smooth_without_lag(moving, time_s, settings=SETTINGS)
    np.testing.assert_allclose(calm.head_m, moving.head_m, atol=1e-6)


def test_nothing_is_smoothed_across_a_gap(stage):
    head_m = stage.still(60)
    head_m[33:] += 0.01
    poses = stage.poses(60)
    poses[33:, :3, 3] += (0.1, 0.0, -0.2)
    head_m[30:33], poses[30:33] = np.nan, np.nan
    broken = stage.geometry(head_m, poses)
    calm = smooth_without_lag(broken, times(60), settings=SETTINGS)
    assert np.isnan(calm.head_m[30:33]).all() and np.isnan(calm.image_from_head[30:33]).all()
    np.testing.assert_array_equal(calm.head_m, broken.head_m)
    np.testing.assert_allclose(calm.camera_from_head, broken.camera_from_head, atol=1e-12)


@pytest.mark.parametrize("n_frames", [1, 2])
def test_takes_of_one_and_two_frames_are_left_alone(stage, n_frames):
    noisy = stage.geometry(stage.still(n_frames) + stage.noise(n_frames, 0.001))
    calm = smooth_without_lag(noisy, times(n_frames), settings=SETTINGS)
    np.testing.assert_allclose(calm.head_m, noisy.head_m, atol=1e-7)
    np.testing.assert_allclose(calm.camera_from_head, noisy.camera_from_head, atol=1e-12)


@pytest.mark.parametrize("n_frames", [3, 7, 12])
def test_a_jaw_that_drops_in_a_short_take_still_drops(stage, n_frames):
    course = np.sin(np.linspace(0, np.pi, n_frames)) ** 2
    moving = stage.geometry(stage.still(n_frames) + stage.motion(stage.lower_jaw, 0.02, course))
    calm = smooth_without_lag(moving, times(n_frames), settings=SETTINGS)
    drop = stage.neutral_m[152, 1] - calm.head_m[:, 152, 1].min()
    assert drop > 0.9 * 0.02 * course.max()


def test_a_take_without_a_face_stays_without(stage):
    nothing = stage.geometry(np.full((5, 468, 3), np.nan), np.full((5, 4, 4), np.nan))
    assert smooth_without_lag(nothing, times(5), settings=SETTINGS) is nothing


def test_frozen_frames_do_not_pass_for_a_take_without_noise(stage):
    noise = stage.noise(200, REALISTIC_NOISE_M)
    noise[60:140] = noise[60]
    noisy = stage.geometry(stage.still(200) + noise)
    calm = smooth_without_lag(noisy, times(200), settings=SETTINGS)
    left = (calm.head_m - stage.neutral_m)[150:]
    assert left.std() < noise[150:].std() / 3


def test_a_threshold_of_0_keeps_everything(stage):
    noisy = stage.geometry(stage.still(50) + stage.noise(50, REALISTIC_NOISE_M))
    calm = smooth_without_lag(noisy, times(50), settings=SmoothSettings(motion_threshold=0.0))
    np.testing.assert_allclose(calm.head_m, noisy.head_m, atol=1e-8)


def test_a_head_that_rolls_over_does_not_jump(stage):
    roll = np.linspace(2.5, 3.8, 60) + np.random.default_rng(1).normal(size=60) * 0.002
    poses = stage.poses(60)
    poses[:, 0, 0] = poses[:, 1, 1] = np.cos(roll)
    poses[:, 0, 1], poses[:, 1, 0] = -np.sin(roll), np.sin(roll)
    rolling = stage.geometry(stage.still(60), poses)
    calm = smooth_without_lag(rolling, times(60), settings=SETTINGS)
    np.testing.assert_allclose(calm.camera_from_head, poses, atol=0.01)


def test_the_calm_face_is_drawn_where_its_camera_sees_it(stage):
    noisy = stage.geometry(
        stage.still(60) + stage.noise(60, REALISTIC_NOISE_M), moving_head(stage, 60)
    )
    calm = smooth_without_lag(noisy, times(60), settings=SETTINGS)
    in_camera = apply_transform(calm.camera_from_head, calm.head_m)
    focal = focal_length_px(calm.camera)
    x_px = 640 - focal * in_camera[..., 0] / in_camera[..., 2]
    y_px = 360 + focal * in_camera[..., 1] / in_camera[..., 2]
    image = apply_transform(calm.image_from_head, calm.head_m)
    np.testing.assert_allclose(image[..., :2], np.stack([x_px, y_px], -1), atol=1e-6)
    np.testing.assert_array_equal(calm.image_from_head[:, 3, 3], 1.0)
    origin = apply_transform(calm.image_from_head, np.zeros((60, 1, 3)))
    np.testing.assert_allclose(origin[..., 2], 0.0, atol=1e-6)


def test_what_was_given_is_not_changed(stage):
    noisy = stage.geometry(stage.still(50) + stage.noise(50, REALISTIC_NOISE_M))
    before = noisy.head_m.copy(), noisy.camera_from_head.copy(), noisy.image_from_head.copy()
    smooth_without_lag(noisy, times(50), settings=SETTINGS)
    for array, copy in zip(
        (noisy.head_m, noisy.camera_from_head, noisy.image_from_head), before, strict=True
    ):
        np.testing.assert_array_equal(array, copy)


def test_times_that_do_not_fit_are_refused(stage):
    still = stage.geometry(stage.still(4))
    with pytest.raises(ShapeError, match="time_s"):
        smooth_without_lag(still, times(3), settings=SETTINGS)
    with pytest.raises(RangeError, match="time_s must increase"):
        smooth_without_lag(still, np.array([0.0, 0.1, 0.1, 0.2]), settings=SETTINGS)
