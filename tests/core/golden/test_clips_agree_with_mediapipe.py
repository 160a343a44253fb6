"""Real clips against what MediaPipe 0.10.21 gives on them, landmark by landmark."""

import numpy as np
import pytest

from mien.core.pipeline import CapturePlan, capture
from mien.core.settings import TrackSettings

CLIPS = (
    "intel_ccby_asl_yes.mkv",
    "intel_ccby_head-pose-face-detection-female.gif",
    "liveportrait_d12.mp4",
    "pyfeat_WolfgangLanger_Pexels.mp4",
    "pyfeat_face_noface.mov",
    "sadtalker_WDA_KatieHill.mp4",
)
# (golden array, engine, is tracked): median and 95th percentile of the distance, in pixels
GOALS = {
    ("base_static", "facemesh-468", False): (0.5, 1.5),
    ("base_video", "facemesh-468", True): (0.7, 2.0),
    ("attention_static", "facemesh", False): (0.4, 1.2),
    ("attention_video", "facemesh", True): (0.7, 2.0),
}
MAX_OTHER_FRAMES = 0.01

pytestmark = pytest.mark.weights


@pytest.mark.parametrize(("golden_name", "engine", "is_tracked"), GOALS)
@pytest.mark.parametrize("clip", CLIPS)
def test_raw_landmarks_are_mediapipes(clip, golden_name, engine, is_tracked, data_file, tmp_path):
    footage = data_file(f"clips/{clip}")
    golden = np.load(data_file(f"golden/mediapipe_0.10.21/{clip}.npz"))[golden_name]
    take = capture(
        CapturePlan(
            footage=str(footage),
            take_folder=tmp_path / "take",
            engine=engine,
            quality="live",
            track=TrackSettings(is_tracked=is_tracked),
        )
    )
    found = take.faces[0].landmarks_px
    assert found.shape == golden.shape
    has_face, should_have = np.isfinite(found[:, 0, 0]), np.isfinite(golden[:, 0, 0])
    other = int((has_face != should_have).sum())
    distances = np.linalg.norm((found - golden)[has_face & should_have][..., :2], axis=-1)
    median, p95 = np.median(distances), np.percentile(distances, 95)
    print(f"{clip} {golden_name}: median {median:.3f} px, 95th {p95:.3f} px, {other} other frames")
    max_median, max_p95 = GOALS[golden_name, engine, is_tracked]
    assert median <= max_median
    assert p95 <= max_p95
    assert other <= MAX_OTHER_FRAMES * len(golden)
