"""What is exported computes in ONNX Runtime what the network computes in torch."""

import numpy as np
import onnx
import pytest
import torch

from mien.core.convert.onnx_export import DetectorGraph, LandmarkGraph, onnx_from_graph
from mien.core.convert.onnx_weights import graph_from_onnx, read_onnx_weights
from mien.core.convert.recognise import reference_results
from mien.core.errors import WeightsCorrupt
from mien.core.inference.onnx_network import OnnxNetwork
from mien.core.inference.weights import find_weights
from mien.core.networks.blazeface import BlazeFace
from mien.core.networks.facemesh import FaceMesh

UNROUNDED = {"facemesh": "coord_head.6.bias", "blazeface": "classifier_16.weight"}


def with_random_slopes(network, unrounded):
    """Let slopes differ, also below 0 and above 1; let all weights but one tensor fit 16 bits."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.PReLU):
                module.weight.uniform_(-0.5, 1.2)
        for name, parameter in network.named_parameters():
            if name != unrounded:
                parameter.copy_(parameter.half().float())
    return network.eval()


@pytest.fixture(scope="module", params=["facemesh", "blazeface"])
def exported(request):
    torch.manual_seed(9)
    network = FaceMesh() if request.param == "facemesh" else BlazeFace()
    with_random_slopes(network, UNROUNDED[request.param])
    graph = LandmarkGraph(network) if request.param == "facemesh" else DetectorGraph(network)
    return network, graph, onnx_from_graph(graph)


@pytest.mark.parametrize("n_images", [1, 3])
def test_any_number_of_images_gives_what_torch_gives(exported, tmp_path, n_images):
    network, graph, data = exported
    path = tmp_path / "network.onnx"
    path.write_bytes(data)
    image = np.random.default_rng(10).integers(0, 256, (n_images, *graph.image_size, 3), np.uint8)
    results = OnnxNetwork(path).run(image=image)
    expected = reference_results(network, image)
    assert results.keys() == expected.keys() == set(graph.output_names)
    for name, array in results.items():
        assert array.shape == expected[name].shape
        assert np.abs(array - expected[name]).max() < 1e-3, name


def test_no_trace_of_the_machine_is_left(exported):
    _, _, data = exported
    for trace in (b"site-packages", b".py", b"/home", b"pytorch"):
        assert trace not in data


def test_weights_are_stored_in_16_bits_where_that_loses_nothing(exported):
    network, _, data = exported
    stored = onnx.load_from_string(data).graph.initializer
    halves = [t for t in stored if t.data_type == onnx.TensorProto.FLOAT16]
    assert sum(np.prod(t.dims) for t in halves) > 0.9 * sum(p.numel() for p in network.parameters())
    weights = read_onnx_weights(data, subject="test")
    for key, parameter in list(network.state_dict().items())[2:]:
        if key in weights:
            narrow = weights[key][tuple(slice(length) for length in parameter.shape)]
            assert np.array_equal(narrow, parameter.numpy()), key
    kept_in_32 = {t.name.removeprefix("network.") for t in stored if t.data_type == 1}
    assert set(UNROUNDED.values()) & kept_in_32


def test_the_network_is_found_again_in_its_onnx_file(exported):
    network, _, data = exported
    again = graph_from_onnx(data, subject="test")
    image = np.random.default_rng(12).integers(0, 256, (1, *again.image_size, 3), np.uint8)
    with torch.inference_mode():
        results = again(torch.from_numpy(image))
    for name, result in zip(again.output_names, results, strict=True):
        expected = reference_results(network, image)[name]
        assert np.abs(result.numpy() - expected).max() < 1e-3


def test_a_file_cut_short_or_of_something_else_is_an_error(exported):
    _, _, data = exported
    with pytest.raises(WeightsCorrupt, match="'cut' is damaged"):
        graph_from_onnx(data[: len(data) // 2], subject="'cut'")
    other = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g",
        [onnx.helper.make_tensor_value_info("x", 1, [1])],
        [onnx.helper.make_tensor_value_info("y", 1, [1])],
        [onnx.numpy_helper.from_array(np.ones(1, np.float32), "w")],
    )  # fmt: skip
    with pytest.raises(WeightsCorrupt, match="holds no network that Mien knows: its 1 tensors"):
        graph_from_onnx(onnx.helper.make_model(other).SerializeToString(), subject="'other'")


@pytest.mark.weights
def test_the_shipped_network_holds_the_authors_weights_bit_for_bit(data_file):
    path = find_weights("face_landmark_468").path
    weights = read_onnx_weights(path.read_bytes(), subject="test")
    authors = torch.load(data_file("weights/facemesh/facemesh.pth"), weights_only=True)
    compared = 0
    for key, tensor in authors.items():
        key = (
            key.removesuffix("weight") + "below.weight"
            if tensor.ndim == 1 and key.endswith("weight")
            else key
        )
        if key in weights and key != "backbone.0.weight":
            assert np.array_equal(weights[key].ravel(), tensor.numpy().ravel()), key
            compared += tensor.numel()
    assert compared > 600_000
