"""PRNet's network: a 256×256 crop of a face → its position map, as its authors define it.

References
----------
Y. Feng, F. Wu, X. Shao, Y. Wang, X. Zhou, "Joint 3D Face Reconstruction and Dense Alignment with
Position Map Regression Network", ECCV 2018; repository YadiraF/PRNet (MIT), `resfcn256`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .same_padding import SameConv2d, SameConvTranspose2d

INPUT_SIZE_PX = 256
SCALE_PX = 256 * 1.1
"""The last layer's 0 … 1 are so many pixels of the crop."""
N_FIRST = 16
"""Channels of the first layer; all others are multiples of them."""

_KERNEL = 4
_DOWN = ((2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 1), (16, 2), (16, 1), (32, 2), (32, 1))
"""Of each residual block: channels over the first layer's, stride."""
_UP = (
    (32, 1), (16, 2), (16, 1), (16, 1), (8, 2), (8, 1), (8, 1),
    (4, 2), (4, 1), (4, 1), (2, 2), (2, 1), (1, 2), (1, 1),
)  # fmt: skip
"""Of each transposed convolution, but for the last three, which give x, y and z."""
_N_LAST = 3


class NormedConv(nn.Module):
    """A convolution or a transposed one without bias, batch normalisation, ReLU or sigmoid."""

    def __init__(self, conv: SameConv2d | SameConvTranspose2d, *, is_last: bool = False) -> None:
        super().__init__()
        self.conv = conv
        self.norm = batch_norm(conv.out_channels)
        self.is_last = is_last

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, n_in, h, w) to (n, n_out, h', w')."""
        normed = self.norm(self.conv(features))
        return torch.sigmoid(normed) if self.is_last else torch.relu(normed)


class BottleneckBlock(nn.Module):
    """1×1, 4×4 and 1×1 convolutions beside a shortcut; their sum is normalised."""

    def __init__(self, n_in: int, n_out: int, *, stride: int) -> None:
        super().__init__()
        half = n_out // 2
        self.first = NormedConv(SameConv2d(n_in, half, 1))
        self.second = NormedConv(SameConv2d(half, half, _KERNEL, stride=stride))
        self.third = SameConv2d(half, n_out, 1)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = SameConv2d(n_in, n_out, 1, stride=stride)
        self.norm = batch_norm(n_out)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, n_in, h, w) to (n, n_out, h / stride, w / stride)."""
        main = self.third(self.second(self.first(features)))
        return torch.relu(self.norm(main + self.shortcut(features)))


class Resfcn256(nn.Module):
    """The network; with fewer first channels it is the same one, thinner."""

    def __init__(self, n_first: int = N_FIRST) -> None:
        super().__init__()
        self.stem = NormedConv(SameConv2d(3, n_first, _KERNEL))  # (n, 16, 256, 256)
        n_in = n_first
        down, up = [], []
        for factor, stride in _DOWN:
            down.append(BottleneckBlock(n_in, factor * n_first, stride=stride))
            n_in = factor * n_first
        sizes = [(factor * n_first, stride) for factor, stride in _UP] + [(3, 1)] * _N_LAST
        for number, (n_out, stride) in enumerate(sizes, start=1):
            conv = SameConvTranspose2d(n_in, n_out, _KERNEL, stride=stride)
            up.append(NormedConv(conv, is_last=number == len(sizes)))
            n_in = n_out
        self.down = nn.Sequential(*down)  # (n, 512, 8, 8)
        self.up = nn.Sequential(*up)  # (n, 3, 256, 256)

    def forward(self, image: Tensor) -> Tensor:
        """Return position maps (n, 3, v, u), 0 … 1, of RGB crops (n, 3, h, w), 0 … 1."""
        result: Tensor = self.up(self.down(self.stem(image)))
        return result


def batch_norm(n_channels: int) -> nn.BatchNorm2d:
    """Return a batch normalisation with TensorFlow's ε and the authors' decay of 0.999."""
    return nn.BatchNorm2d(n_channels, eps=1e-3, momentum=1e-3)
