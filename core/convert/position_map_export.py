"""Our position-map network → an ONNX file: bytes of an RGB crop in, its position map out."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ..networks.conv_unit import ConvUnit
from ..networks.position_map import INPUT_SIZE_PX, MAP_SIZE, PositionMapNetwork

POSITION_MAP_FILE = "position_map_128.onnx"


class PositionMapGraph(nn.Module):
    """`image` (n, 128, 128, 3) → `positions` (n, 128, 128, 3) crop pixels, `presence` (n,) 0 … 1.

    The normalisations are folded into the convolutions, the spread and mean of the amounts into a
    linear layer, and all weights are rounded to what 16-bit floats hold.
    """

    image_size = (INPUT_SIZE_PX, INPUT_SIZE_PX)
    output_names = ("positions", "presence")

    def __init__(self, network: PositionMapNetwork) -> None:
        super().__init__()
        folded = copy.deepcopy(network).eval()
        close = folded.close_look
        for unit in (*folded.encoder, *close.eye):
            if isinstance(unit, ConvUnit):
                unit.conv = _folded(unit.conv, unit.norm)
                unit.norm = nn.Identity()  # type: ignore[assignment]
        last = folded.amounts
        last.weight.data = last.weight.data * folded.spread[:, None]
        last.bias.data = last.bias.data * folded.spread + folded.mean
        self.encoder, self.hidden = folded.encoder, folded.hidden
        self.amounts, self.close_look, self.presence = last, close, folded.presence
        self.n_basis = folded.n_basis
        self.maps = nn.Parameter(folded.maps.clone(), requires_grad=False)
        # The first map is 1 everywhere: by its amounts the crop's middle becomes its corner.
        middle = torch.zeros(1, self.n_basis, 3)
        middle[0, 0, :2] = INPUT_SIZE_PX / 2.0
        self.middle = nn.Parameter(middle, requires_grad=False)
        for values in (*self.parameters(), *close.buffers()):
            values.data = values.data.half().to(values.dtype)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Scale the bytes, run, mix the maps."""
        scaled = image.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0
        hidden = torch.relu(self.hidden(self.encoder(scaled).flatten(1)))
        first = self.amounts(hidden).reshape(-1, self.n_basis, 3)
        amounts = (self.close_look(scaled, first) + self.middle).permute(0, 2, 1)
        mixed = torch.matmul(amounts, self.maps)  # (n, 3, 16384)
        positions = mixed.permute(0, 2, 1).reshape(-1, MAP_SIZE, MAP_SIZE, 3)
        return positions, torch.sigmoid(self.presence(hidden)).reshape(-1)


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Return the convolution that does what both did, in evaluation."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None  # they are tracked unless told otherwise
    scale = norm.weight / torch.sqrt(variance + norm.eps)
    result = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,  # type: ignore[arg-type]
        conv.stride,  # type: ignore[arg-type]
        conv.padding,  # type: ignore[arg-type]
    )
    result.weight.data = conv.weight.data * scale.data[:, None, None, None]
    assert result.bias is not None
    result.bias.data = (norm.bias - mean * scale).data
    return result
