"""The engine `facemesh-v2` against LiteRT, MediaPipe's own test vector, and its FaceLandmarker."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "convert"))
from runtimes import litert_results, onnx_results

from mien.core.convert.model_import import import_model
from mien.core.convert.tflite_graph import read_tflite_graph
from mien.core.convert.tflite_to_onnx import onnx_from_tflite
from mien.core.convert.tflite_wide_channels import widen_channels
from mien.core.errors import WeightsMissing
from mien.core.inference.weights import open_network
from mien.core.landmarks import open_engine
from mien.core.pipeline import CapturePlan, capture
from mien.core.settings import SmoothSettings
from mien.core.smooth import smooth_causally

BUNDLE = "weights/mediapipe/face_landmarker.task"
GOLDEN = "golden/face_landmark_tflite"
CLIPS = (
    "intel_ccby_asl_yes.mkv",
    "intel_ccby_head-pose-face-detection-female.gif",
    "liveportrait_d12.mp4",
    "pyfeat_WolfgangLanger_Pexels.mp4",
    "pyfeat_face_noface.mov",
    "sadtalker_WDA_KatieHill.mp4",
)
LAGS = "liveportrait_d12.mp4"
"""Its head is so fast that MediaPipe's filter stays 1.9 px behind what its network saw."""
MEDIAPIPES_FILTER = SmoothSettings(
    mode="live", min_cutoff_hz=0.05, beta=80.0, derivative_cutoff_hz=1.0
)

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def user_folder(data_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    import_model(data_file(BUNDLE), folder=folder)
    return folder


@pytest.fixture
def installed(user_folder, monkeypatch):
    monkeypatch.setenv("MIEN_USER_DIR", str(user_folder))


@pytest.fixture(scope="module")
def golden_input(data_file):
    values = np.fromfile(data_file(f"{GOLDEN}_input_tensor0.bin"), np.float32)
    return values.reshape(1, 256, 256, 3)


def _distances(first, second):
    return np.linalg.norm((first.reshape(-1, 3) - second.reshape(-1, 3))[:, :2], axis=1)


def test_without_the_weights_the_message_names_the_file_to_import(tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path))
    expected = r"'facemesh-v2' needs .*`mien models import face_landmarker\.task`"
    with pytest.raises(WeightsMissing, match=expected):
        open_engine("facemesh-v2")


def test_the_conversion_is_litert_on_the_golden_input(data_file, golden_input):
    with zipfile.ZipFile(data_file(BUNDLE)) as archive:
        data = archive.read("face_landmarks_detector.tflite")
    expected = litert_results(data, [golden_input])
    model = onnx_from_tflite(widen_channels(read_tflite_graph(data, subject="test")))
    found = onnx_results(model, [golden_input])
    assert _distances(found[0], expected[0]).max() < 0.005
    assert found[1] == pytest.approx(expected[1], abs=1e-3)


def test_the_engine_gives_the_golden_outputs(data_file, golden_input, installed):
    with zipfile.ZipFile(data_file(BUNDLE)) as archive:
        data = archive.read("face_landmarks_detector.tflite")
    crop = np.round(golden_input * 255).astype(np.uint8)  # crops are bytes; the vector is not quite
    found = open_engine("facemesh-v2").estimate(crop)
    expected = litert_results(data, [golden_input])[0]
    on_gpu = np.fromfile(data_file(f"{GOLDEN}_mldrift_opengl_output_tensor0.bin"), np.float32)
    assert _distances(found.points_px, expected).max() <= 0.05
    assert _distances(found.points_px, on_gpu).max() <= 1.2
    logit = np.fromfile(data_file(f"{GOLDEN}_mldrift_opengl_output_tensor1.bin"), np.float32)
    assert found.presence[0] == pytest.approx(1 / (1 + np.exp(-logit[0])), abs=1e-3)


def test_what_is_no_face_has_no_presence(installed):
    network = open_network("face_landmark_v2")
    random = np.random.default_rng(9)
    noise = random.integers(0, 256, (4, 256, 256, 3), np.uint8)
    assert network.run(image=noise)["presence"].max() < 0.5


@pytest.fixture(scope="module")
def captured(data_file, user_folder, tmp_path_factory):
    """Return a function: clip → the take of `facemesh-v2`, captured once."""
    takes = {}

    def get(clip):
        if clip not in takes:
            footage = data_file(f"clips/{clip}")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MIEN_USER_DIR", str(user_folder))
                folder = tmp_path_factory.mktemp("take") / "take"
                plan = CapturePlan(
                    footage=str(footage), take_folder=folder, engine="facemesh-v2", quality="live"
                )
                takes[clip] = capture(plan)
        return takes[clip]

    return get


@pytest.mark.parametrize("clip", CLIPS)
def test_behind_mediapipes_own_filter_the_landmarks_are_its_own(clip, captured, data_file):
    take = captured(clip)
    golden = np.load(data_file(f"golden/mediapipe_0.10.21/{clip}.npz"))
    time_s = np.arange(take.n_frames) / float(golden["fps"])
    found = smooth_causally(take.faces[0].landmarks_px, time_s, settings=MEDIAPIPES_FILTER)
    has_face = np.isfinite(found[:, 0, 0])
    assert (has_face == np.isfinite(golden["task_video"][:, 0, 0])).all()
    distances = _distances(found[has_face], golden["task_video"][has_face])
    median, p95 = np.median(distances), np.percentile(distances, 95)
    print(f"{clip}: median {median:.3f} px, 95th {p95:.3f} px")
    assert median <= 0.1 and p95 <= 0.4


@pytest.mark.parametrize(
    "clip",
    [
        pytest.param(
            clip,
            marks=pytest.mark.xfail(strict=True, reason="MediaPipe's filter lags by 1.9 px here")
            if clip == LAGS
            else (),
        )
        for clip in CLIPS
    ],
)
def test_the_raw_landmarks_are_near_mediapipes_filtered_ones(clip, captured, data_file):
    found = captured(clip).faces[0].landmarks_px
    golden = np.load(data_file(f"golden/mediapipe_0.10.21/{clip}.npz"))["task_video"]
    has_face = np.isfinite(found[:, 0, 0])
    median = np.median(_distances(found[has_face], golden[has_face]))
    print(f"{clip}: median {median:.3f} px")
    assert median <= 1.5
