"""PReLU written out with convolutions, which ONNX Runtime runs several times faster."""

from __future__ import annotations

import copy

import torch.nn.functional as F
from torch import Tensor, nn


class WrittenOutPReLU(nn.Module):
    """a·x + relu((1 − a)·x), one slope a ≤ 1 a channel; a·x + (1 − a)·relu(x) where one is above.

    The products are depthwise 1×1 convolutions: ONNX Runtime keeps those in its blocked layout and
    joins the first form's sum and relu with them, while its PReLU leaves the layout and runs slowly
    (see docs/decisions/0002-fast-onnx-files.md).
    """

    def __init__(self, slopes: Tensor) -> None:
        super().__init__()
        self.is_relu_first = bool((slopes > 1).any())
        self.below = _channel_scale(slopes)
        self.above = _channel_scale(1 - slopes)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        if self.is_relu_first:
            above = self.above(F.relu(features))
        else:
            above = F.relu(self.above(features))
        result: Tensor = self.below(features) + above
        return result


def write_out_prelus(network: nn.Module) -> nn.Module:
    """Return a copy of a network in which each PReLU is a `WrittenOutPReLU`."""
    network = copy.deepcopy(network)
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.PReLU):
                setattr(module, name, WrittenOutPReLU(child.weight.detach()))
    return network


def _channel_scale(factors: Tensor) -> nn.Conv2d:
    """Return a convolution that multiplies each channel by its factor."""
    scale = nn.Conv2d(len(factors), len(factors), 1, groups=len(factors), bias=False)
    scale.weight.data = factors.reshape(-1, 1, 1, 1).clone()
    return scale
