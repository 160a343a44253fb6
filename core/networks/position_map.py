"""Our own position-map network: a 128×128 crop of a face → where each texel's point lies in it.

An encoder of small dense convolutions looks at the crop; two linear layers turn what it saw into
amounts of few scalar maps, three each, for x, y and z; the maps mixed by them are the position map.
So nothing is decoded pixel by pixel: the last layer costs 4 million products, and the surface is as
smooth as its maps.

What lids do is looked at once more, from close by (`close_look.py`).

References
----------
Y. Feng, F. Wu, X. Shao, Y. Wang, X. Zhou, "Joint 3D Face Reconstruction and Dense Alignment with
Position Map Regression Network", ECCV 2018, for the map as the result. The layers are our own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .close_look import CloseLook
from .conv_unit import ConvUnit

INPUT_SIZE_PX = 128
MAP_SIZE = 128
_WIDTHS = (40, 72, 128, 192)
_SQUEEZED, _HIDDEN = 96, 256


class PositionMapNetwork(nn.Module):
    """The network; `n_basis` scalar maps are given to it (`set_basis`) and stay as they are.

    Its input is (n, 3, 128, 128), −1 … 1, its amounts count from the crop's middle, in pixels.
    """

    def __init__(self, n_basis: int) -> None:
        super().__init__()
        self.n_basis = n_basis
        b, c, d, e = _WIDTHS
        self.encoder = nn.Sequential(  # (n, 3, 128, 128)
            # One large step: two small ones take a third of all the time in training.
            ConvUnit(3, b, size=7, stride=4),  # (n, 40, 32, 32)
            ConvUnit(b, b),
            ConvUnit(b, c, stride=2),  # (n, 72, 16, 16)
            ConvUnit(c, c),
            ConvUnit(c, c),
            ConvUnit(c, d, stride=2),  # (n, 128, 8, 8)
            ConvUnit(d, d),
            ConvUnit(d, d),
            ConvUnit(d, e, stride=2),  # (n, 192, 4, 4)
            nn.Conv2d(e, _SQUEEZED, 1),
            nn.ReLU(),
        )
        self.hidden = nn.Linear(_SQUEEZED * 16, _HIDDEN)
        self.amounts = nn.Linear(_HIDDEN, 3 * n_basis)
        self.presence = nn.Linear(_HIDDEN, 1)
        self.close_look = CloseLook(n_basis)
        self.register_buffer("maps", torch.zeros(n_basis, MAP_SIZE * MAP_SIZE))
        self.register_buffer("mean", torch.zeros(3 * n_basis))
        self.register_buffer("spread", torch.ones(3 * n_basis))
        nn.init.zeros_(self.amounts.bias)
        nn.init.normal_(self.amounts.weight, std=0.01)

    maps: Tensor
    mean: Tensor
    spread: Tensor

    def set_basis(self, maps: Tensor, mean: Tensor, spread: Tensor) -> None:
        """Give the scalar maps (n_basis, 16384), and how amounts (n_basis, 3) are distributed."""
        self.maps.copy_(maps)
        self.mean.copy_(mean.reshape(-1))
        self.spread.copy_(spread.reshape(-1))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return amounts (n, n_basis, 3), pixels, and the logit of a face's presence (n,)."""
        features = self.encoder(image).flatten(1)
        hidden = torch.relu(self.hidden(features))
        amounts = self.amounts(hidden) * self.spread + self.mean
        amounts = self.close_look(image, amounts.reshape(-1, self.n_basis, 3))
        return amounts, self.presence(hidden).reshape(-1)

    def position_map(self, amounts: Tensor) -> Tensor:
        """Mix the maps: (n, n_basis, 3) → (n, 128, 128, 3), crop pixels, z from its mean."""
        mixed = torch.einsum("nkc,kt->ntc", amounts, self.maps)
        middle = torch.tensor([INPUT_SIZE_PX / 2.0, INPUT_SIZE_PX / 2.0, 0.0])
        return mixed.reshape(-1, MAP_SIZE, MAP_SIZE, 3) + middle.to(mixed)
