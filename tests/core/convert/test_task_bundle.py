"""A task bundle is read without unpacking it, and refused where it is not what it should be."""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tflite_maker import tflite_of

from mien.core.cli.command import main
from mien.core.convert import task_bundle
from mien.core.convert.mediapipe_models import BLENDSHAPES
from mien.core.convert.model_import import import_model
from mien.core.errors import WeightsCorrupt, WeightsUnsafe
from mien.core.inference.weights import find_weights, open_network, verify_weights

BUNDLE = "weights/mediapipe/face_landmarker.task"
LANDMARKS, BLENDSHAPES_FILE = task_bundle.MEMBERS


def model_of(shape, output_shape):
    """Return a file that only reshapes, which is no network at all but a valid one."""
    return tflite_of(
        "RESHAPE",
        inputs=[shape],
        constants=[np.array(output_shape, np.int32)],
        output_shape=output_shape,
    )


def bundle(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refusal(path, error=WeightsCorrupt):
    """Return the message with which a file is refused; nothing is left of it."""
    folder = path.parent / "user"
    with pytest.raises(error) as caught:
        import_model(path, folder=folder)
    assert not folder.exists() or not any(folder.iterdir())
    return str(caught.value)


@pytest.fixture(scope="module")
def imported(data_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    return folder, import_model(data_file(BUNDLE), folder=folder)


@pytest.mark.weights
def test_a_bundle_gives_its_two_networks(imported, monkeypatch):
    folder, weights = imported
    monkeypatch.setenv("MIEN_USER_DIR", str(folder))
    assert [entry.name for entry in weights] == ["face_landmark_v2", "face_blendshapes"]
    assert find_weights("face_landmark_v2") == weights[0]
    assert set(verify_weights().values()) == {""}
    found = open_network("face_landmark_v2").run(image=np.zeros((3, 256, 256, 3), np.uint8))
    assert found["landmarks"].shape == (3, 478, 3) and found["presence"].shape == (3,)
    found = open_network("face_blendshapes").run(points=np.ones((2, 146, 2), np.float32))
    assert found["weights"].shape == (2, 52)
    names = {path.name for path in folder.iterdir()}
    assert names == {"assets.json", "face_landmark_v2.onnx", "face_blendshapes.onnx"}


@pytest.mark.weights
def test_a_single_model_of_a_bundle_is_taken_too(imported, data_file, tmp_path):
    with zipfile.ZipFile(data_file(BUNDLE)) as archive:
        (tmp_path / "b.tflite").write_bytes(archive.read(BLENDSHAPES_FILE))
    (weights,) = import_model(tmp_path / "b.tflite", folder=tmp_path / "user")
    assert weights.name == "face_blendshapes" and weights.sha256 == imported[1][1].sha256


@pytest.mark.weights
def test_one_bad_member_leaves_nothing_of_the_good_one(data_file, tmp_path):
    with zipfile.ZipFile(data_file(BUNDLE)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[BLENDSHAPES_FILE] = members[BLENDSHAPES_FILE][:5000]
    said = refusal(bundle(tmp_path / "half.task", members))
    assert f"'{BLENDSHAPES_FILE}' in Weights 'half.task' is a damaged TFLite file" in said


def test_what_is_no_archive_is_said_to_be_none(tmp_path):
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"<html>404 not found</html>")
    said = refusal(path)
    assert "is of an unknown kind" in said and "bundle face_landmarker.task" in said


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_an_archive_cut_short_is_damaged(tmp_path, part):
    path = bundle(tmp_path / "cut.task", {LANDMARKS: bytes(1000), BLENDSHAPES_FILE: b""})
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    assert "is a damaged zip archive" in refusal(path)


def test_a_changed_byte_within_a_member_is_damage(tmp_path):
    path = bundle(tmp_path / "bad.task", {LANDMARKS: b"A" * 1000, BLENDSHAPES_FILE: b""})
    path.write_bytes(path.read_bytes().replace(b"AAAA", b"AABA", 1))
    assert "is a damaged zip archive (Bad CRC-32" in refusal(path)


def test_a_missing_member_is_named(tmp_path):
    said = refusal(bundle(tmp_path / "x.task", {LANDMARKS: b"", "face_detector.tflite": b""}))
    assert f"lacks '{BLENDSHAPES_FILE}'" in said
    assert "a zip archive of 'face_landmarks_detector.tflite', 'face_detector.tflite'" in said


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "..\\x", "C:\\x", "\\\\host\\x", "a/..", "x:y"]
)
def test_a_name_that_points_outside_has_the_whole_bundle_refused(tmp_path, name):
    members = {LANDMARKS: b"", BLENDSHAPES_FILE: b"", name: b"harm"}
    said = refusal(bundle(tmp_path / "evil.task", members), WeightsUnsafe)
    assert "a name that points outside" in said and "refused whole" in said
    assert [path.name for path in tmp_path.iterdir()] == ["evil.task"]


def test_a_member_of_two_contents_is_refused(tmp_path):
    path = bundle(tmp_path / "two.task", {LANDMARKS: b"", BLENDSHAPES_FILE: b""})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(LANDMARKS, b"other")
    assert f"holds '{LANDMARKS}' twice" in refusal(path)


@pytest.mark.parametrize("is_lying", [False, True])
def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, is_lying):
    monkeypatch.setattr(task_bundle, "MAX_MEMBER_BYTES", 100_000)
    members = {LANDMARKS: bytes(5_000_000), BLENDSHAPES_FILE: b""}
    path = bundle(tmp_path / "bomb.task", members, compression=zipfile.ZIP_DEFLATED)
    if is_lying:  # the directory claims that it is small
        size = (5_000_000).to_bytes(4, "little")
        path.write_bytes(path.read_bytes().replace(size, (50_000).to_bytes(4, "little")))
    said = refusal(path)
    assert "unpacks to more than 100000 bytes" in said or "is a damaged zip archive" in said


def test_an_encrypted_archive_is_an_error(tmp_path):
    path = bundle(tmp_path / "secret.task", {LANDMARKS: b"A" * 50, BLENDSHAPES_FILE: b""})
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\1\2")
    data[place + 8] |= 1  # the flag in the directory, and in front of the member
    data[6] |= 1
    path.write_bytes(data)
    assert "is a damaged zip archive" in refusal(path)


def test_a_model_of_another_shape_is_named_with_both_shapes(tmp_path):
    wrong = model_of((1, 192, 192, 3), (1, 110592))
    said = refusal(bundle(tmp_path / "w.task", {LANDMARKS: wrong, BLENDSHAPES_FILE: wrong}))
    assert f"'{LANDMARKS}' in Weights 'w.task' is not MediaPipe's face landmarks V2" in said
    assert "it takes (1, 192, 192, 3) and gives (1, 110592); expected (1, 256, 256, 3)" in said


@pytest.mark.parametrize("custom", [None, {"a": 1}])
def test_a_member_with_an_unknown_operator_is_refused(tmp_path, monkeypatch, custom):
    monkeypatch.setattr(task_bundle, "MEMBERS", {BLENDSHAPES_FILE: BLENDSHAPES})
    kind = "CUMSUM" if custom is None else "Invented"
    model = tflite_of(kind, inputs=[(1, 146, 2)], output_shape=(1, 52), custom=custom)
    said = refusal(bundle(tmp_path / "new.task", {BLENDSHAPES_FILE: model}))
    named = f"operator 0, {'custom ' if custom else ''}'{kind}'"
    assert f"'{BLENDSHAPES_FILE}' in Weights 'new.task' cannot be converted: {named}" in said


def test_the_command_says_why_and_ends_with_3(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MIEN_USER_DIR", str(tmp_path / "user"))
    path = bundle(tmp_path / "evil.task", {"../x": b"harm"})
    assert main(["models", "import", str(path)], scene_writer=None) == 3
    assert "a name that points outside" in capsys.readouterr().err
    assert not (tmp_path / "user").exists()


def test_an_archive_within_a_tflite_file_does_not_make_it_a_bundle(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("labels.txt", "face")
    path = tmp_path / "labelled.tflite"
    path.write_bytes(model_of((1, 6), (1, 2, 3)) + stream.getvalue())
    assert "is a TFLite file" in refusal(path)
