"""Networks take what they declare, say what is wrong, and agree whatever runs them."""

import os
import subprocess
import sys

import numpy as np
import pytest

from mien.core.errors import ArgumentError, BackendError, ShapeError, WeightsCorrupt
from mien.core.inference.onnx_network import OnnxNetwork
from mien.core.inference.torch_network import TorchNetwork
from mien.core.inference.weights import find_weights, open_network

NETWORKS = (
    ("face_landmark_468", 192),
    ("face_landmark_478", 192),
    ("face_detection_short_range", 128),
)


def images(n_images, size):
    return np.random.default_rng(17).integers(0, 256, (n_images, size, size, 3), np.uint8)


@pytest.mark.weights
@pytest.mark.parametrize(("name", "size"), NETWORKS)
def test_onnx_runtime_and_torch_agree(name, size):
    pytest.importorskip("torch", reason="torch is not installed")
    image = images(2, size)
    by_onnx = open_network(name).run(image=image)
    by_torch = open_network(name, backend="torch").run(image=image)
    assert by_onnx.keys() == by_torch.keys()
    for key, array in by_onnx.items():
        assert array.dtype == by_torch[key].dtype == np.float32
        assert array.shape == by_torch[key].shape
        assert np.abs(array - by_torch[key]).max() < 1e-3, key


@pytest.mark.weights
def test_each_image_of_a_batch_is_computed_for_itself():
    network = open_network("face_landmark_468", n_threads=2)
    image = images(5, 192)
    together = network.run(image=image)["landmarks"]
    alone = [network.run(image=image[i : i + 1])["landmarks"][0] for i in range(5)]
    assert np.abs(together - np.stack(alone)).max() < 1e-3
    assert np.abs(together[0] - together[1]).max() > 0.01


@pytest.mark.weights
def test_landmarks_and_presence_have_the_documented_units(astronaut):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    crop = cv2.resize(astronaut[0:224, 112:336], (192, 192), interpolation=cv2.INTER_AREA)
    results = open_network("face_landmark_468").run(image=np.stack([crop, 0 * crop]))
    assert results["presence"][0] > 0.95 and results["presence"][1] < 0.5
    points = results["landmarks"][0]
    assert points[:, :2].min() > 0 and points[:, :2].max() < 192
    assert points[10, 1] < points[1, 1] < points[152, 1]  # forehead, nose, chin: y is down
    assert points[33, 0] < points[1, 0] < points[263, 0]  # the subject's right is on the left
    assert points[1, 2] < points[234, 2]  # the nose is nearer than the ear


@pytest.mark.parametrize("network_class", [OnnxNetwork, TorchNetwork])
@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, r"takes the inputs \['image'\], got \[\]"),
        ({"picture": images(1, 192)}, r"got \['picture'\]"),
        ({"image": images(1, 128)}, r"shape \(n, 192, 192, 3\) and type uint8, got \(1, 128"),
        ({"image": images(1, 192)[0]}, r"got \(192, 192, 3\)"),
        ({"image": images(1, 192)[:0]}, r"got \(0, 192, 192, 3\)"),
        ({"image": images(1, 192).astype(np.float32)}, "and float32"),
    ],
)
def test_inputs_that_do_not_fit_are_named(network_class, inputs, said):
    if network_class is TorchNetwork:
        pytest.importorskip("torch", reason="torch is not installed")
    network = network_class(find_weights("face_landmark_468").path)
    with pytest.raises(ShapeError, match=said):
        network.run(**inputs)


@pytest.mark.parametrize("network_class", [OnnxNetwork, TorchNetwork])
def test_a_closed_network_says_so(network_class):
    if network_class is TorchNetwork:
        pytest.importorskip("torch", reason="torch is not installed")
    network = network_class(find_weights("face_detection_short_range").path)
    network.close()
    network.close()  # twice does no harm
    with pytest.raises(BackendError, match="was closed"):
        network.run(image=images(1, 128))


def test_images_need_not_be_contiguous():
    network = open_network("face_detection_short_range")
    flipped = images(1, 128)[:, :, ::-1]
    assert not flipped.flags.c_contiguous
    expected = network.run(image=flipped.copy())["scores"]
    assert np.array_equal(network.run(image=flipped)["scores"], expected)


def test_a_device_that_torch_lacks_is_named():
    pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(BackendError, match="Device 'abacus' is not available"):
        open_network("face_landmark_468", device="abacus", backend="torch")


def test_an_unknown_backend_is_named():
    with pytest.raises(ArgumentError, match="backend must be one of onnx, torch, got 'tpu'"):
        open_network("face_landmark_468", backend="tpu")


def test_a_file_that_is_no_network_is_an_error(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(find_weights("face_landmark_468").path.read_bytes()[:5000])
    with pytest.raises(WeightsCorrupt, match=r"broken\.onnx' cannot be loaded on 'cpu'"):
        OnnxNetwork(path)


@pytest.mark.parametrize(
    ("module", "backend", "said"),
    [("onnxruntime", "onnx", "pip install onnxruntime"), ("torch", "torch", r"mien\[convert\]")],
)
def test_a_missing_library_says_how_to_install_it(monkeypatch, module, backend, said):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(BackendError, match=said):
        open_network("face_landmark_468", backend=backend)


def test_a_network_that_runs_leaves_nothing_in_the_home_folder_and_tells_nobody(tmp_path):
    program = (
        "from mien.core.inference.weights import open_network\n"
        "import numpy as np\n"
        "image = np.zeros((1, 128, 128, 3), np.uint8)\n"
        "open_network('face_detection_short_range').run(image=image)\n"
    )
    variables = {key: value for key, value in os.environ.items() if not key.startswith("ORT_")}
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], check=True, env={**variables, **homes})
    assert list(tmp_path.rglob("*")) == []
