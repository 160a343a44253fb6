"""The exported file gives what the network gives."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")

import onnxruntime  # noqa: E402

from mien.core.convert.onnx_export import onnx_from_graph  # noqa: E402
from mien.core.convert.position_map_export import PositionMapGraph  # noqa: E402
from mien.core.networks.close_look import N_OPENINGS  # noqa: E402
from mien.core.networks.position_map import PositionMapNetwork  # noqa: E402

N_BASIS = 80


@pytest.fixture(scope="module")
def network():
    """A network with weights as if it had been trained."""
    torch.manual_seed(3)
    network = PositionMapNetwork(N_BASIS)
    maps = torch.randn(N_BASIS, 128 * 128)
    maps[0] = 1.0
    network.set_basis(maps, torch.randn(N_BASIS, 3), torch.rand(N_BASIS, 3) + 0.5)
    shapes = [(N_BASIS, 2), (N_BASIS, N_OPENINGS), (N_OPENINGS, N_BASIS, 2), (N_OPENINGS, 2)]
    network.close_look.set_openings(*(0.2 * torch.randn(shape) for shape in shapes))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.2)
            module.running_var.uniform_(0.5, 2.0)
    torch.nn.init.normal_(network.amounts.weight, std=0.05)
    return network.eval()


@pytest.fixture(scope="module")
def data(network):
    return onnx_from_graph(PositionMapGraph(network))


def test_it_is_small_enough(network, data):
    assert sum(p.numel() for p in network.parameters()) + network.maps.numel() <= 3_000_000
    assert len(data) <= 8_000_000


def test_onnx_gives_what_torch_gives(network, data):
    # Smooth, as a window that lies a pixel aside, for the rounded weights, must show the same.
    coarse = np.random.default_rng(5).uniform(0, 255, (3, 3, 3, 3))
    place = np.linspace(0.0, 2.0, 128)
    tent = np.maximum(1.0 - np.abs(place[:, None] - np.arange(3)), 0.0)
    image = np.einsum("yi,xj,nijc->nyxc", tent, tent, coarse).astype(np.uint8)
    session = onnxruntime.InferenceSession(data)
    positions, presence = session.run(["positions", "presence"], {"image": image})
    assert positions.shape == (3, 128, 128, 3) and presence.shape == (3,)
    with torch.no_grad():
        bytes_ = torch.from_numpy(image).permute(0, 3, 1, 2).float()
        amounts, logit = network(bytes_ / 127.5 - 1.0)
        wanted = network.position_map(amounts).numpy()
    # The weights were rounded to 16 bits.
    assert np.abs(positions - wanted).max() < 3e-3 * np.abs(wanted).max()
    assert np.abs(presence - torch.sigmoid(logit).numpy()).max() < 5e-3


def test_any_number_of_crops_goes_in(data):
    session = onnxruntime.InferenceSession(data)
    for n in (1, 5):
        positions, _ = session.run(None, {"image": np.zeros((n, 128, 128, 3), np.uint8)})
        assert positions.shape == (n, 128, 128, 3)
