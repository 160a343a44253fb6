"""A capture of made footage finds the motion that made it."""

import numpy as np
import pytest

from mien.core.bench import MotionSettings, MovingPhotograph, score_tracking, write_clip
from mien.core.geometry import load_canonical_face
from mien.core.pipeline import CapturePlan, FaceFinder, capture, solve
from mien.core.records import Frame
from mien.core.settings import SmoothSettings

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def captured(astronaut, tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth")
    finder = FaceFinder(CapturePlan(footage="", take_folder=folder))
    moving = MovingPhotograph(
        astronaut,
        finder.find(Frame(0, 0.0, astronaut))[0].points_px[:468],
        triangles=load_canonical_face(468).topology.triangles,
        settings=MotionSettings(size=(480, 640), n_frames=75, noise_sigma=2.0, seed=2),
    )
    frames = (moving.frame(index) for index in range(moving.n_frames))
    write_clip(folder / "clip.mp4", frames, rate_hz=30.0)
    take = capture(CapturePlan(footage=str(folder / "clip.mp4"), take_folder=folder / "take"))
    return take, np.stack([moving.truth_px(index) for index in range(moving.n_frames)])


def test_raw_landmarks_lie_on_the_truth_at_the_right_time(captured):
    take, truth = captured
    score = score_tracking(take.faces[0].landmarks_px, truth)
    assert score.n_lost == 0
    assert score.error_percent < 3.0 and score.bias_free_error_percent < 2.0
    # Up to a third of a frame is the network's: it leans toward where the last frame's face was.
    assert score.lag_frames == pytest.approx(0.0, abs=0.4)
    # The 468-point network closes lids by about half (0.4 to 0.7 of what the attention mesh does).
    assert 0.15 < score.blink_kept < 1.1 and 0.4 < score.jaw_kept < 1.1


def test_best_smoothing_calms_and_comes_neither_late_nor_early(captured):
    take, truth = captured
    raw = score_tracking(take.faces[0].landmarks_px, truth)
    (performance,) = solve(take, SmoothSettings(mode="best"))
    smooth = score_tracking(performance.landmarks_smooth_px, truth)
    assert smooth.jitter_percent < raw.jitter_percent
    assert smooth.error_percent < 1.05 * raw.error_percent
    assert smooth.lag_frames == pytest.approx(raw.lag_frames, abs=0.1)
