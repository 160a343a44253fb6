"""MediaPipe beside Mien gives what MediaPipe alone gave on the same clip."""

import numpy as np
import pytest

from mien.core.bench.child import python_with
from mien.core.bench.running import Setup, run_on_clip

CLIP = "intel_ccby_asl_yes.mkv"


@pytest.fixture(scope="module")
def mediapipe_python():
    python = python_with("mediapipe")
    if python is None:
        pytest.skip("MediaPipe is not installed, nor beside this checkout")
    return python


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "golden"),
    [
        ("mediapipe", "base_video"),
        ("mediapipe-refined", "attention_video"),
        ("mediapipe-task", "task_video"),
    ],
)
def test_each_way_to_run_it_agrees_with_the_golden_points(
    data_file, mediapipe_python, name, golden
):
    task = data_file("weights/mediapipe/face_landmarker.task")
    setup = Setup(mediapipe_python=mediapipe_python, task_file=task)
    with np.load(data_file(f"golden/mediapipe_0.10.21/{CLIP}.npz")) as arrays:
        expected = arrays[golden]
    answer = run_on_clip(name, str(data_file(f"clips/{CLIP}")), setup)
    assert answer.note == "" and answer.raw_px is None
    assert answer.values["n_steps"] == len(expected)
    assert answer.smooth_px.shape == expected.shape
    gaps = np.linalg.norm((answer.smooth_px - expected)[..., :2], axis=-1)
    assert np.nanmedian(gaps) < 0.05 and np.nanpercentile(gaps, 95) < 0.5
