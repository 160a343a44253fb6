"""Authors' files become weights of the user's own, or are refused with a reason."""

import hashlib
import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from mien.core.convert.model_import import import_model
from mien.core.convert.recognise import reference_results
from mien.core.errors import BackendError, WeightsCorrupt, WeightsMissing, WeightsUnsafe
from mien.core.inference.weights import assets_folder, find_weights, open_network, verify_weights
from mien.core.networks.blazeface import BlazeFace


class RunsCode:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch '{self.path}'",)


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """Return a random detector, its torch file, and the folder it was imported to."""
    torch.manual_seed(13)
    folder = tmp_path_factory.mktemp("user")
    network = BlazeFace().eval()
    path = tmp_path_factory.mktemp("downloads") / "my detector (1).bin"
    torch.save(network.state_dict(), path)
    return network, path, folder, *import_model(path, folder=folder)


def test_an_imported_file_is_recorded_with_its_source_and_wins_over_the_bundled(
    detector, monkeypatch
):
    _, path, folder, weights = detector
    monkeypatch.setenv("MIEN_USER_DIR", str(folder))
    found = find_weights("face_detection_short_range")
    assert found == weights and not found.is_bundled and found.path.parent == folder
    assert path.name in found.origin
    assert hashlib.sha256(path.read_bytes()).hexdigest() in found.origin
    assert set(verify_weights().values()) == {""}
    assert find_weights("face_landmark_468").is_bundled


def test_an_imported_network_computes_what_its_author_defined(detector, monkeypatch):
    network, _, folder, _ = detector
    monkeypatch.setenv("MIEN_USER_DIR", str(folder))
    image = np.random.default_rng(14).integers(0, 256, (2, 128, 128, 3), np.uint8)
    results = open_network("face_detection_short_range").run(image=image)
    for name, expected in reference_results(network, image).items():
        assert np.abs(results[name] - expected).max() < 1e-4


def test_nothing_but_the_result_is_left_in_the_folder(detector):
    folder = detector[2]
    names = {path.name for path in folder.iterdir()}
    assert names == {"assets.json", "face_detection_short_range.onnx"}


def test_importing_again_gives_the_same_bytes_and_replaces_the_entry(detector):
    _, path, folder, weights = detector
    (again,) = import_model(path, folder=folder)
    assert again == weights  # SHA-256 included: an export depends on nothing but the weights
    assert (folder / "assets.json").read_text("utf-8").count('"file"') == 1


@pytest.mark.weights
def test_the_authors_facemesh_becomes_the_file_that_we_ship(data_file, tmp_path):
    (weights,) = import_model(data_file("weights/facemesh/facemesh.pth"), folder=tmp_path)
    shipped = assets_folder() / "face_landmark_468.onnx"
    assert weights.path.read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_would_run_code_is_refused_without_running_it(tmp_path, protocol):
    touched, path = tmp_path / "touched", tmp_path / "facemesh.pth"
    path.write_bytes(pickle.dumps({"weight": RunsCode(touched)}, protocol=protocol))
    with pytest.raises(WeightsUnsafe, match=r"'facemesh\.pth' could run code"):
        import_model(path, folder=tmp_path / "user")
    assert not touched.exists() and not (tmp_path / "user").exists()
    pickle.loads(path.read_bytes())  # and it is a pickle that does run code
    assert touched.exists()


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_within_a_torch_file_is_refused_without_running_it(tmp_path, is_zip):
    touched, path = tmp_path / "touched", tmp_path / "facemesh.pth"
    content = {"weight": torch.zeros(3), "more": RunsCode(touched)}
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(WeightsUnsafe, match=r"names '[a-z]+\.system'"):
        import_model(path, folder=tmp_path / "user")
    assert not touched.exists()


def test_code_hidden_in_a_second_pickle_of_a_zip_is_refused(tmp_path):
    touched, path = tmp_path / "touched", tmp_path / "facemesh.pth"
    torch.save({"weight": torch.zeros(3)}, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/data.pkl.pkl", pickle.dumps(RunsCode(touched), protocol=2))
    with pytest.raises(WeightsUnsafe):
        import_model(path, folder=tmp_path / "user")
    assert not touched.exists()


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("part", [0.001, 0.05, 0.5, 0.99])
def test_a_file_cut_short_is_an_error_and_leaves_nothing(tmp_path, is_zip, part):
    path = tmp_path / "cut.pth"
    torch.save(BlazeFace().state_dict(), path, _use_new_zipfile_serialization=is_zip)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(WeightsCorrupt, match=r"'cut\.pth' is"):
        import_model(path, folder=tmp_path / "user")
    assert not (tmp_path / "user").exists()


def test_other_networks_are_named_by_their_tensors(tmp_path):
    path = tmp_path / "other.pth"
    torch.save(OrderedDict(stem=torch.zeros(2, 3)), path)
    with pytest.raises(WeightsCorrupt) as caught:
        import_model(path, folder=tmp_path)
    assert "1 tensors ('stem' (2, 3))" in str(caught.value)
    assert "Supported are MediaPipe's face_landmark.tflite" in str(caught.value)


def test_right_names_with_wrong_shapes_or_numbers_are_refused(tmp_path):
    path, state = tmp_path / "w.pth", BlazeFace().state_dict()
    torch.save({**state, "classifier_8.weight": torch.zeros(2, 87, 1, 1)}, path)
    with pytest.raises(WeightsCorrupt, match="which no network of Mien has"):
        import_model(path, folder=tmp_path)
    torch.save({**state, "classifier_8.bias": torch.tensor([1.0, float("nan")])}, path)
    with pytest.raises(WeightsCorrupt, match=r"undefined numbers in 'classifier_8\.bias'"):
        import_model(path, folder=tmp_path)


def test_a_checkpoint_around_a_state_dict_is_named(tmp_path):
    path = tmp_path / "checkpoint.pth"
    torch.save({"epoch": 3, "state_dict": {"w": torch.zeros(1)}}, path)
    with pytest.raises(WeightsCorrupt, match="holds a dict of 'epoch', 'state_dict', expected"):
        import_model(path, folder=tmp_path)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "is empty"), (b"GIF89a....", "of an unknown kind"), (b"1234TFL3" + bytes(40), "TFLite")],
)
def test_files_of_no_known_kind_are_named(tmp_path, content, found):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match=found):
        import_model(path, folder=tmp_path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(WeightsMissing, match=r"none\.pth' cannot be read: No such file"):
        import_model(tmp_path / "none.pth", folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_an_error(detector, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BackendError, match="cannot be stored in"):
        import_model(detector[1], folder=tmp_path / "file" / "user")


def test_without_torch_the_message_says_what_to_install(detector):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from mien.core.convert.model_import import import_model\n"
        "from mien.core.errors import BackendError\n"
        "try: import_model(Path(sys.argv[1]))\n"
        "except BackendError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, detector[1]], capture_output=True, text=True, check=True
    ).stdout
    assert "Importing needs torch" in said and "pip install 'mien[convert]'" in said
    assert Path(detector[1]).exists()
