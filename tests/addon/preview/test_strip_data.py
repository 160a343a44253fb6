"""The strip's curves and bands stand on the frames that they are about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.addon.preview.strip_data import (
    area_under,
    band_triangles,
    full_motion,
    lanes_of,
    motion_of,
    sample_bounds,
    segments,
    spans_of,
    strip_data,
)

SQUARE = np.array([[0, 0, 0], [100, 0, 0], [100, 100, 0], [0, 100, 0]], np.float32)


def moving(xs, *, lost=()):
    points = np.tile(SQUARE, (len(xs), 1, 1))
    points[..., 0] += np.asarray(xs, np.float32)[:, None]
    points[list(lost)] = np.nan
    return points


def test_a_still_face_has_no_motion_and_a_steady_one_its_speed():
    time_s = np.arange(5) / 25.0
    np.testing.assert_array_equal(motion_of(moving([3.0] * 5), time_s=time_s), np.zeros(5))
    # 10 px a frame at 25 Hz, of a face of 100 px: 2.5 sizes a second, at the ends too.
    steady = motion_of(moving(10.0 * np.arange(5)), time_s=time_s)
    np.testing.assert_allclose(steady, 2.5, rtol=1e-6)


def test_motion_stands_on_its_frame():
    # A jump there and back on frame 5 is seen on both sides of it, alike.
    xs = np.zeros(11)
    xs[5] = 8.0
    motion = motion_of(moving(xs), time_s=np.arange(11) / 25.0)
    assert motion[4] == motion[6] > 0
    assert motion[3] == motion[7] == 0


def test_variable_times_count_and_gaps_are_not_bridged():
    time_s = np.array([0.0, 0.1, 0.3, 0.4, 0.5, 0.6])
    xs = 100.0 * time_s
    motion = motion_of(moving(xs, lost=[3]), time_s=time_s)
    np.testing.assert_allclose(motion[[0, 1, 2, 4, 5]], 1.0, rtol=1e-5)
    assert np.isnan(motion[3])
    alone = motion_of(moving(xs, lost=[0, 1, 3, 4, 5]), time_s=time_s)
    assert alone[2] == 0.0 and np.isnan(alone[[0, 1, 3, 4, 5]]).all()


def test_long_takes_are_computed_piece_by_piece_alike():
    time_s = np.arange(1300) / 25.0
    xs = np.cumsum(np.random.default_rng(1).random(1300))
    whole = motion_of(moving(xs), time_s=time_s)
    np.testing.assert_allclose(
        whole[600:1200], motion_of(moving(xs[599:1201]), time_s=time_s[599:1201])[1:-1]
    )


def test_bands_reach_half_a_frame_around_what_they_mark(performance):
    face = performance(n_frames=24, lost=(5, 6, 7))
    is_filled = np.zeros(24, bool)
    is_filled[10] = True
    data = strip_data(replace(face, is_filled=is_filled))
    assert data.lost == [pytest.approx((4.5 / 25, 7.5 / 25))]
    assert data.filled == [pytest.approx((9.5 / 25, 10.5 / 25))]
    assert data.extent_s == pytest.approx((-0.5 / 25, 23.5 / 25))
    assert np.isnan(data.motion[[5, 6, 7]]).all() and np.isfinite(data.motion[[4, 8]]).all()


def test_bands_at_the_ends_and_of_a_take_without_a_face(performance):
    data = strip_data(performance(n_frames=4, lost=(0, 3)))
    assert data.lost == [pytest.approx((-0.02, 0.02)), pytest.approx((0.1, 0.14))]
    nobody = strip_data(performance(n_frames=4, lost=(0, 1, 2, 3)))
    assert nobody.lost == [pytest.approx((-0.02, 0.14))]
    assert len(segments(nobody.is_present)) == 0
    assert full_motion([nobody.motion]) == 0.5


def test_variable_times_bound_their_bands():
    bounds = sample_bounds(np.array([0.0, 0.1, 0.3]), rate_hz=10.0)
    np.testing.assert_allclose(bounds, [-0.05, 0.05, 0.2, 0.35])
    assert spans_of(np.array([False, True, False]), bounds=bounds) == [pytest.approx((0.05, 0.2))]
    np.testing.assert_allclose(band_triangles([(1.0, 2.0)]).mean(axis=0), [1.5, 0.5])
    assert band_triangles([]).shape == (0, 2)


def test_the_scale_of_motion_is_round_and_not_exceeded():
    def full(fastest):
        return full_motion([np.array([0.1, fastest, np.nan])])

    found = [full(fastest) for fastest in (0.0, 0.5, 0.6, 1.0, 1.1, 4.0, 7.0, 30.0)]
    np.testing.assert_allclose(found, [0.5, 0.5, 1.0, 1.0, 2.0, 5.0, 10.0, 50.0])


def test_the_area_under_a_curve_is_its_integral_without_gaps():
    time_s = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    values = np.array([0.0, 0.5, 1.0, np.nan, 1.0])
    corners, triangles = area_under(time_s, values, np.isfinite(values))
    a, b, c = (corners[triangles[:, corner]].astype(float) for corner in range(3))
    (x1, y1), (x2, y2) = (b - a).T, (c - a).T
    assert np.abs(x1 * y2 - x2 * y1).sum() / 2 == pytest.approx(1.0)


def test_lanes_keep_clear_of_the_playheads_label_and_of_markers():
    lanes = lanes_of(300, ui_scale=1.0, n_faces=1, has_markers=True)
    assert lanes.n == 1 and lanes.height_px == 40.0 and lanes.bottom_px == 42.0
    for height in range(20, 200):
        for n_faces in (1, 2, 7):
            for has_markers in (False, True):
                found = lanes_of(height, ui_scale=1.0, n_faces=n_faces, has_markers=has_markers)
                if found is not None:
                    assert 1 <= found.n <= n_faces
                    assert found.bottom_px >= 0 and found.height_px >= 9.0
                    assert found.bottom_px + found.n * found.height_px <= height - 23.0
    assert lanes_of(30, ui_scale=1.0, n_faces=1, has_markers=False) is None
    assert lanes_of(45, ui_scale=1.0, n_faces=1, has_markers=True) is not None


def test_lanes_grow_with_the_interface():
    one = lanes_of(300, ui_scale=1.0, n_faces=2, has_markers=True)
    two = lanes_of(600, ui_scale=2.0, n_faces=2, has_markers=True)
    assert (two.bottom_px, two.height_px, two.n) == (2 * one.bottom_px, 2 * one.height_px, one.n)
