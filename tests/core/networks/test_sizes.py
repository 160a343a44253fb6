"""The networks have the published numbers of weights, names and results."""

import pytest
import torch

from mien.core.networks.attention_mesh import AttentionMesh
from mien.core.networks.blazeface import BlazeFace
from mien.core.networks.facemesh import FaceMesh


@pytest.mark.parametrize(
    ("network_class", "n_weights", "n_tensors"),
    [(FaceMesh, 604_685, 113), (AttentionMesh, 1_189_277, 173), (BlazeFace, 101_390, 74)],
)
def test_weights_are_as_many_as_published(network_class, n_weights, n_tensors):
    state = network_class().state_dict()
    assert sum(tensor.numel() for tensor in state.values()) == n_weights
    assert len(state) == n_tensors


@pytest.mark.parametrize(("network_class", "n_points"), [(FaceMesh, 468), (AttentionMesh, 478)])
def test_a_mesh_gives_its_points_and_one_logit_an_image(network_class, n_points):
    with torch.inference_mode():
        landmarks, logit = network_class().eval()(torch.zeros(2, 3, 192, 192))
    assert landmarks.shape == (2, n_points, 3)
    assert logit.shape == (2,)


def test_blazeface_orders_anchors_by_row_column_and_anchor():
    network = BlazeFace().eval()
    fine = torch.arange(2 * 16 * 16 * 16.0).reshape(1, 32, 16, 16)
    for kept in (network.regressor_8, network.classifier_8):
        torch.nn.init.zeros_(kept.weight)
    network.regressor_8.register_forward_hook(lambda *_: fine)
    with torch.inference_mode():
        scores, boxes = network(torch.zeros(1, 3, 128, 128))
    assert scores.shape == (1, 896)
    assert boxes.shape == (1, 896, 16)
    row, column, anchor, value = 5, 9, 1, 7
    assert (
        boxes[0, (row * 16 + column) * 2 + anchor, value]
        == fine[0, anchor * 16 + value, row, column]
    )


@pytest.mark.weights
def test_the_authors_torch_file_loads_strictly(data_file):
    path = data_file("weights/facemesh/facemesh.pth")
    FaceMesh().load_state_dict(torch.load(path, weights_only=True), strict=True)
