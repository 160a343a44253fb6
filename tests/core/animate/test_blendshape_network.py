"""The weights that MediaPipe's network reads off landmarks."""

import re
import zipfile

import numpy as np
import pytest

from mien.core.animate import BLENDSHAPE_NAMES, N_LANDMARKS_READ, weights_from_landmarks
from mien.core.animate.blendshape_network import _READ
from mien.core.convert.mediapipe_models import BLENDSHAPES, onnx_from_known
from mien.core.convert.tflite_graph import read_tflite_graph
from mien.core.errors import ShapeError
from mien.core.inference.onnx_network import OnnxNetwork

CLIPS = ("intel_ccby_asl_yes.mkv", "liveportrait_d12.mp4", "sadtalker_WDA_KatieHill.mp4")


class FakeNetwork:
    """Gives the x of the first landmark as the first weight, and remembers how many it got."""

    def __init__(self):
        self.n_rows = []

    def run(self, *, points):
        assert points.shape[1:] == (146, 2) and points.dtype == np.float32
        self.n_rows.append(len(points))
        weights = np.zeros((len(points), 52), np.float32)
        weights[:, 0] = points[:, 0, 0]
        return {"weights": weights}

    def close(self): ...


@pytest.fixture(scope="module")
def network(data_file, tmp_path_factory):
    with zipfile.ZipFile(data_file("weights/mediapipe/face_landmarker.task")) as archive:
        data = archive.read("face_blendshapes.tflite")
    path = tmp_path_factory.mktemp("network") / "face_blendshapes.onnx"
    path.write_bytes(onnx_from_known(read_tflite_graph(data, subject="test"), BLENDSHAPES))
    return OnnxNetwork(path)


def test_a_lost_frame_has_no_weights_and_the_others_keep_their_places():
    points = np.zeros((200, N_LANDMARKS_READ, 3), np.float32)
    points[:, 0, 0] = np.arange(200)
    points[7] = np.nan
    network = FakeNetwork()
    found = weights_from_landmarks(points, network)
    assert found.names == BLENDSHAPE_NAMES and found.weights.shape == (200, 52)
    assert np.flatnonzero(np.isnan(found.weights).any(axis=1)).tolist() == [7]
    rest = np.delete(np.arange(200), 7)
    assert found.weights[rest, 0].tolist() == rest.tolist()
    assert sum(network.n_rows) == 199


def test_nothing_in_gives_nothing_out():
    found = weights_from_landmarks(np.full((3, 478, 2), np.nan), FakeNetwork())
    assert found.weights.shape == (3, 52) and np.isnan(found.weights).all()


def test_a_mesh_without_irises_is_refused():
    with pytest.raises(ShapeError, match="478"):
        weights_from_landmarks(np.zeros((3, 468, 3)), FakeNetwork())


def test_names_and_landmarks_are_all_different():
    assert len(set(BLENDSHAPE_NAMES)) == 52 and len(set(_READ)) == 146
    assert max(_READ) == N_LANDMARKS_READ - 1


@pytest.mark.weights
def test_mediapipes_own_test_vector(network, data_file):
    text = data_file("golden/face_blendshapes_in_landmarks.prototxt").read_text()
    norm = np.array(re.findall(r"x:\s*([-\d.e]+)\s*y:\s*([-\d.e]+)", text), float)
    text = data_file("golden/face_blendshapes_out.prototxt").read_text()
    expected = re.findall(r'score:\s*([-\d.e]+)\s*label:\s*"(\w+)"', text)
    found = weights_from_landmarks((norm * [820, 1024])[None], network)
    assert found.names == tuple(name for _, name in expected)
    assert found.weights[0] == pytest.approx([float(s) for s, _ in expected], abs=2e-3)


@pytest.mark.weights
@pytest.mark.parametrize("clip", CLIPS)
def test_clips_have_mediapipes_weights(network, data_file, clip):
    golden = np.load(data_file(f"golden/mediapipe_0.10.21/{clip}.npz"))
    found = weights_from_landmarks(golden["task_video"], network)
    assert found.names == tuple(golden["blendshape_names"])
    is_seen = np.isfinite(golden["task_blendshapes"]).all(axis=1)
    assert is_seen.sum() > 60
    expected = golden["task_blendshapes"][is_seen]
    assert found.weights[is_seen] == pytest.approx(expected, abs=2e-3)


@pytest.mark.weights
def test_the_weights_do_not_know_where_a_face_is_nor_how_large(network, data_file):
    golden = np.load(data_file(f"golden/mediapipe_0.10.21/{CLIPS[1]}.npz"))["task_video"][:20]
    first = weights_from_landmarks(golden, network).weights
    moved = weights_from_landmarks(0.4 * golden + 300.0, network).weights
    assert moved == pytest.approx(first, abs=1e-3)


@pytest.mark.weights
@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_wink_is_on_the_subjects_own_side(network, data_file, side):
    clip = "pyfeat_WolfgangLanger_Pexels.mp4"
    face = np.load(data_file(f"golden/mediapipe_0.10.21/{clip}.npz"))["task_video"][286].copy()
    upper, lower = {  # the lids; 263 is the outer corner of the subject's left eye
        "Left": ([398, 384, 385, 386, 387, 388, 466], [382, 381, 380, 374, 373, 390, 249]),
        "Right": ([173, 157, 158, 159, 160, 161, 246], [155, 154, 153, 145, 144, 163, 7]),
    }[side]
    open_eyes = weights_from_landmarks(face[None], network).weights[0]
    middle = (face[upper] + face[lower]) / 2
    for lid in (upper, lower):
        face[lid] = 0.2 * face[lid] + 0.8 * middle
    wink = weights_from_landmarks(face[None], network).weights[0]
    rise = dict(zip(BLENDSHAPE_NAMES, wink - open_eyes, strict=True))
    other = "Right" if side == "Left" else "Left"
    assert rise[f"eyeBlink{side}"] > 0.3
    assert abs(rise[f"eyeBlink{other}"]) < 0.05
