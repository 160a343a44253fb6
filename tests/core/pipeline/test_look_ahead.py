"""Frames wait no longer than the reach, keep their order, and see no further than their shot."""

import threading
import time

import numpy as np
import pytest

from mien.core.pipeline.in_order import InOrder
from mien.core.pipeline.look_ahead import LookAhead
from mien.core.pipeline.seen_frame import SeenFrame
from mien.core.records import Landmarks, Region
from mien.core.settings import SecondLookSettings

RATE_HZ = 30.0
RNG = np.random.default_rng(0)
SHAPE = RNG.uniform(-60, 60, (468, 3)).astype(np.float32)
SHAPE -= (SHAPE.min(axis=0) + SHAPE.max(axis=0)) / 2


def seen(index, *, x=300.0, shot=0, is_lost=False, time_s=None):
    face = Landmarks(SHAPE + np.float32([x, 200, 0]), 0.9, Region(x, 200, 180, 0))
    time_s = index / RATE_HZ if time_s is None else time_s
    return SeenFrame(index, time_s, shot, (None if is_lost else face,))


def through(frames, **others):
    """Send frames through; return what came out, and after how many frames each."""
    ahead = LookAhead(SecondLookSettings(), region_scale=1.5, **others)
    out = []
    for count, frame in enumerate(frames):
        out += [(one, count - one.seen.index) for one in ahead.add(frame)]
    out += [(one, None) for one in ahead.flush()]
    assert [one.seen.index for one, _ in out] == [frame.index for frame in frames]
    return [one for one, _ in out], [waited for _, waited in out]


def xs_of(steadied):
    return np.array([one.regions[0].x_px for one in steadied])


def test_frames_come_out_in_order_after_half_a_second():
    _, waited = through([seen(index) for index in range(60)])
    assert set(waited[:45]) == {15}
    assert set(waited[45:]) == {None}


def test_a_shaking_face_gets_a_calm_region():
    shaking = 300.0 + RNG.normal(0, 3.0, 60)
    found, _ = through([seen(index, x=x) for index, x in enumerate(shaking)])
    assert np.std(xs_of(found)[5:-5]) < 0.4 * np.std(shaking)
    assert np.abs(np.diff(xs_of(found))).max() < 0.2 * np.abs(np.diff(shaking)).max()


def test_every_frame_sees_as_far_back_as_ahead():
    frames = [seen(index, x=300.0 + (4.0 if index == 30 else 0.0)) for index in range(61)]
    moved = xs_of(through(frames)[0])
    moved -= moved[0]
    np.testing.assert_allclose(moved, moved[::-1], atol=1e-3)


def test_no_frame_sees_across_a_cut():
    frames = [
        seen(index, x=300.0 if index < 20 else 340.0, shot=index // 20) for index in range(40)
    ]
    found, waited = through(frames)
    np.testing.assert_allclose(xs_of(found), [300.0] * 20 + [340.0] * 20, atol=1e-3)
    assert waited[19] == 1, "at a cut nothing is left to wait for"


def test_no_frame_sees_across_a_gap():
    frames = [seen(i, x=300.0 if i < 20 else 310.0, is_lost=i == 20) for i in range(40)]
    found, _ = through(frames)
    assert found[20].regions == (None,)
    xs = xs_of(found[:20] + found[21:])
    np.testing.assert_allclose(xs, [300.0] * 20 + [310.0] * 19, atol=1e-3)


def test_without_tracking_each_frame_stands_for_itself_at_once():
    shaking = 300.0 + RNG.normal(0, 3.0, 20)
    frames = [seen(index, x=x) for index, x in enumerate(shaking)]
    found, waited = through(frames, is_tracked=False)
    assert set(waited) == {0}
    np.testing.assert_allclose(np.diff(xs_of(found)), np.diff(shaking), atol=1e-3)


def test_frames_whose_rate_changes_wait_by_the_clock():
    times = np.cumsum([*[0.02] * 50, *[0.2] * 10])
    frames = [seen(index, time_s=t) for index, t in enumerate(times)]
    _, waited = through(frames)
    assert waited[0] == 25 and waited[50] == 3


def test_results_come_in_order_and_the_caller_is_held_up():
    started = []

    def job(number):
        started.append(number)
        time.sleep(0.002)
        return number

    results = []
    with InOrder(n_waiting=2, name="test") as jobs:
        for number in range(12):
            jobs.submit(lambda number=number: job(number))
            results += jobs.done()
            assert number - len(results) < 2
        results += jobs.rest()
    assert results == started == list(range(12))


def test_what_comes_after_a_failed_job_is_forgotten():
    def fail():
        raise ValueError("no")

    results = []
    with InOrder(n_waiting=9, name="test") as jobs:
        jobs.submit(lambda: 0)
        jobs.submit(fail)
        jobs.submit(lambda: 2)
        with pytest.raises(ValueError, match="no"):
            results.extend(jobs.rest())
        assert list(jobs.rest()) == []
    assert not [one for one in threading.enumerate() if one.name.startswith("test")]
