"""Gaps are found, short ones are filled, nothing else is invented."""

import numpy as np
import pytest

from mien.core.errors import ShapeError
from mien.core.smooth import fill_gaps, runs_of_presence
from mien.core.spaces import apply_transform

N_FRAMES = 20


@pytest.fixture
def time_s():
    """Uneven times."""
    return np.cumsum(np.random.default_rng(2).uniform(0.02, 0.06, N_FRAMES))


@pytest.fixture
def moving(stage):
    """A head that turns, goes, comes nearer and talks, with a rotation for each frame."""
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    course = np.linspace(0.0, 1.0, N_FRAMES)
    poses = stage.poses(N_FRAMES)
    turns = rotation.from_rotvec(np.outer(course, (0.3, -0.8, 2.5)))
    poses[:, :3, :3] = turns.as_matrix() * (1.0 + 0.1 * course)[:, None, None]
    poses[:, :3, 3] += np.outer(course, (0.1, -0.05, 0.2))
    head_m = stage.still(N_FRAMES) + stage.motion([152], 0.02, np.sin(9.0 * course))
    return stage.geometry(head_m, poses)


def lose(geometry, *frames):
    """Return the geometry without the face in some frames."""
    arrays = [geometry.head_m, geometry.camera_from_head, geometry.image_from_head]
    arrays = [array.copy() for array in arrays]
    for array in arrays:
        array[list(frames)] = np.nan
    return type(geometry)(*arrays, geometry.camera)


def test_runs_are_found():
    present = np.array([0, 1, 1, 0, 0, 1, 0, 1], bool)
    assert runs_of_presence(present) == [(1, 3), (5, 6), (7, 8)]
    assert runs_of_presence(np.ones(3, bool)) == [(0, 3)]
    assert runs_of_presence(np.zeros(3, bool)) == runs_of_presence(np.zeros(0, bool)) == []


def test_a_cut_ends_a_run():
    shot = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    present = np.array([0, 1, 1, 1, 0, 1, 1, 1], bool)
    assert runs_of_presence(present, shot) == [(1, 3), (3, 4), (5, 6), (6, 8)]
    assert runs_of_presence(np.ones(8, bool), shot) == [(0, 3), (3, 6), (6, 8)]
    assert runs_of_presence(np.zeros(8, bool), shot) == []


def test_a_gap_with_a_cut_in_it_is_not_filled(moving, time_s):
    lost = lose(moving, 5, 6, 12, 13)
    shot = (np.arange(N_FRAMES) >= 6).astype(np.int32)
    filled, is_filled = fill_gaps(lost, time_s, max_gap_s=1.0, shot=shot)
    assert np.flatnonzero(is_filled).tolist() == [12, 13]
    assert np.isnan(filled.head_m[5:7]).all()


def test_only_short_gaps_between_frames_are_filled(moving, time_s):
    lost = lose(moving, 0, 1, 5, 6, 10, 11, 12, 13, 19)
    limit_s = time_s[7] - time_s[4]
    assert time_s[14] - time_s[9] > limit_s
    filled, is_filled = fill_gaps(lost, time_s, max_gap_s=limit_s)
    assert np.flatnonzero(is_filled).tolist() == [5, 6]
    is_lost = np.isin(np.arange(N_FRAMES), [0, 1, 10, 11, 12, 13, 19])
    for name in ("head_m", "camera_from_head", "image_from_head"):
        found, before = getattr(filled, name), getattr(lost, name)
        assert (np.isnan(found).all((1, 2)) == is_lost).all()
        kept = ~is_lost & ~is_filled
        np.testing.assert_array_equal(found[kept], before[kept])


def test_the_head_turns_and_goes_evenly_through_a_gap(moving, time_s):
    transform = pytest.importorskip("scipy.spatial.transform")
    gap, ends = slice(5, 9), [4, 9]
    filled, _ = fill_gaps(lose(moving, 5, 6, 7, 8), time_s, max_gap_s=1.0)
    ends_pose = moving.camera_from_head[ends]
    scale = np.linalg.norm(filled.camera_from_head[gap, :3, 0], axis=1)
    slerp = transform.Slerp(time_s[ends], transform.Rotation.from_matrix(ends_pose[:, :3, :3]))
    np.testing.assert_allclose(
        filled.camera_from_head[gap, :3, :3] / scale[:, None, None],
        slerp(time_s[gap]).as_matrix(),
        atol=1e-9,
    )
    for values in (
        np.log(np.linalg.norm(filled.camera_from_head[:, :3, 0], axis=1)),
        np.log(-filled.camera_from_head[:, 2, 3]),
        filled.camera_from_head[:, 0, 3] / filled.camera_from_head[:, 2, 3],
    ):
        expected = np.interp(time_s[gap], time_s[ends], values[ends])
        np.testing.assert_allclose(values[gap], expected, atol=1e-12)


def test_expressions_ease_from_one_side_of_a_gap_to_the_other(moving, time_s):
    filled, _ = fill_gaps(lose(moving, 5, 6, 7, 8), time_s, max_gap_s=1.0)
    before, after = moving.head_m[4, 152, 1], moving.head_m[9, 152, 1]
    part = (filled.head_m[4:10, 152, 1] - before) / (after - before)
    assert part[0] == 0.0 and part[-1] == 1.0
    assert (np.diff(part) > 0).all()
    even = (time_s[4:10] - time_s[4]) / (time_s[9] - time_s[4])
    assert (np.sign(part[1:-1] - even[1:-1]) == np.sign(even[1:-1] - 0.5)).all()


def test_a_filled_face_lies_on_the_image_between_its_neighbours(stage, time_s):
    poses = stage.poses(N_FRAMES)
    poses[:, 0, 3] = np.linspace(-0.1, 0.1, N_FRAMES)
    whole = stage.geometry(stage.still(N_FRAMES), poses)
    filled, _ = fill_gaps(lose(whole, 7), time_s, max_gap_s=1.0)
    nose = apply_transform(filled.image_from_head, filled.head_m)[:, 4]
    expected = np.interp(time_s[7], time_s[[6, 8]], nose[[6, 8], 0])
    assert nose[7, 0] == pytest.approx(expected, abs=1e-3)
    np.testing.assert_allclose(nose[7, 1:], nose[6, 1:], atol=1e-3)


def test_no_limit_means_no_filling(moving, time_s):
    lost = lose(moving, 5)
    filled, is_filled = fill_gaps(lost, time_s, max_gap_s=0.0)
    assert filled is lost and not is_filled.any()


def test_a_take_without_a_face_stays_without(moving, time_s):
    filled, is_filled = fill_gaps(lose(moving, *range(N_FRAMES)), time_s, max_gap_s=9.0)
    assert np.isnan(filled.head_m).all() and not is_filled.any()


def test_times_must_be_as_many_as_frames(moving):
    with pytest.raises(ShapeError, match="time_s"):
        fill_gaps(moving, np.zeros(3), max_gap_s=1.0)
