"""L-PRNet's network: a 128×128 crop of a face → its position map, as its author defines it.

References
----------
Repository rendchevi/L-PRNet: the graph of its Keras SavedModel. It carries no licence.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .same_padding import SameConv2d, SameConvTranspose2d

INPUT_SIZE_PX = 128
SCALE_PX = 128 * 1.1
"""The last layer's 0 … 1 are so many pixels of the crop: by PRNet's rule, the author names none."""
N_FIRST = 32
"""Channels of the first layer; all others are multiples of them."""

_KERNEL = 3
_DOWN = ((2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2), (16, 1))
"""Of each separable convolution: channels over the first layer's, stride."""
_UP = ((16, False), (8, False), (4, True), (2, True), (1, True))
"""Of each transposed convolution: channels over the first layer's, whether ReLU follows."""


class NormedConv(nn.Module):
    """A convolution of any kind with a bias, batch normalisation, and ReLU but for two of them."""

    def __init__(self, conv: SameConv2d | SameConvTranspose2d, *, has_relu: bool = True) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(conv.out_channels, eps=1e-3, momentum=1e-2)
        self.has_relu = has_relu

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, n_in, h, w) to (n, n_out, h', w')."""
        normed: Tensor = self.norm(self.conv(features))
        return torch.relu(normed) if self.has_relu else normed


class LPrnet(nn.Module):
    """The network; with fewer first channels it is the same one, thinner.

    `layers` are the author's `layer_with_weights-N` in their order, two numbers each, and `last`
    the one behind them.
    """

    def __init__(self, n_first: int = N_FIRST) -> None:
        super().__init__()
        first = SameConv2d(3, n_first, _KERNEL, stride=2, has_bias=True)
        layers = [NormedConv(first)]  # (n, 32, 64, 64)
        n_in = n_first
        for factor, stride in _DOWN:
            n_out = factor * n_first
            depthwise = SameConv2d(n_in, n_in, _KERNEL, stride=stride, groups=n_in, has_bias=True)
            layers += [
                NormedConv(depthwise),
                NormedConv(SameConv2d(n_in, n_out, 1, has_bias=True)),
            ]
            n_in = n_out
        for factor, has_relu in _UP:  # from (n, 512, 4, 4)
            n_out = factor * n_first
            transposed = SameConvTranspose2d(n_in, n_out, _KERNEL, stride=2, has_bias=True)
            layers.append(NormedConv(transposed, has_relu=has_relu))
            n_in = n_out
        self.layers = nn.Sequential(*layers)  # (n, 32, 128, 128)
        self.last = SameConvTranspose2d(n_in, 3, _KERNEL, has_bias=True)

    def forward(self, image: Tensor) -> Tensor:
        """Return position maps (n, 3, v, u), 0 … 1, of RGB crops (n, 3, h, w), 0 … 1."""
        return torch.sigmoid(self.last(self.layers(image)))
