"""A PReLU written out computes what a PReLU computes."""

import pytest
import torch

from mien.core.convert.written_out_prelu import WrittenOutPReLU, write_out_prelus
from mien.core.networks.facemesh import FaceMesh


@pytest.mark.parametrize(("low", "high"), [(-2.0, -0.01), (0.0, 1.0), (1.01, 3.0), (-2.0, 3.0)])
def test_written_out_equals_prelu_for_any_slopes(low, high):
    torch.manual_seed(7)
    prelu = torch.nn.PReLU(32)
    torch.nn.init.uniform_(prelu.weight, low, high)
    features = 5 * torch.randn(2, 32, 6, 6)
    with torch.inference_mode():
        difference = WrittenOutPReLU(prelu.weight.detach())(features) - prelu(features)
    assert difference.abs().max() < 5e-6


def test_slopes_of_exactly_none_and_one_are_relu_and_identity():
    features = torch.linspace(-3, 3, 8).reshape(1, 2, 2, 2)
    written_out = WrittenOutPReLU(torch.tensor([0.0, 1.0]))
    with torch.inference_mode():
        result = written_out(features)
    assert torch.equal(result[:, 0], features[:, 0].relu())
    assert torch.equal(result[:, 1], features[:, 1])


def test_a_network_keeps_its_results_and_its_own_prelus():
    torch.manual_seed(8)
    network = FaceMesh().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.PReLU):
            torch.nn.init.uniform_(module.weight, -1, 1.5)
    written_out = write_out_prelus(network)
    image = torch.rand(1, 3, 192, 192)
    with torch.inference_mode():
        expected, found = network(image), written_out(image)
    for one, other in zip(expected, found, strict=True):
        assert (one - other).abs().max() < 1e-4 * max(1.0, one.abs().max())
    assert not any(isinstance(module, torch.nn.PReLU) for module in written_out.modules())
    assert sum(isinstance(module, torch.nn.PReLU) for module in network.modules()) == 23
