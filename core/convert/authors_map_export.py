"""PRNet's and L-PRNet's networks → ONNX files: bytes of an RGB crop in, its position map out."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks import lprnet, resfcn256
from ..networks.lprnet import LPrnet
from ..networks.resfcn256 import BottleneckBlock, Resfcn256
from ..networks.same_padding import SameConv2d, SameConvTranspose2d, same_padding

AuthorsNetwork = Resfcn256 | LPrnet


class AuthorsMapGraph(nn.Module):
    """`image` (n, size, size, 3) → `positions` (n, size, size, 3), crop pixels; size 256 or 128.

    Normalisations are folded into the convolutions before them, and transposed convolutions of
    stride 1 are written as the plain ones that they are, which ONNX Runtime runs faster.
    """

    output_names = ("positions",)

    def __init__(self, network: AuthorsNetwork) -> None:
        super().__init__()
        self.image_size = (input_size_px(network), input_size_px(network))
        self.scale_px = scale_px(network)
        self.network = copy.deepcopy(network).eval()
        for module in list(self.network.modules()):
            if isinstance(module, resfcn256.NormedConv | lprnet.NormedConv):
                module.conv, module.norm = _folded(module.conv, module.norm), nn.Identity()  # type: ignore[assignment]
            elif isinstance(module, BottleneckBlock) and isinstance(module.shortcut, SameConv2d):
                _fold_the_sum(module)
        _write_as_plain(self.network)

    def forward(self, image: Tensor) -> Tensor:
        """Scale the bytes, run, scale the map."""
        crops = image.permute(0, 3, 1, 2).to(torch.float32) / 255
        positions: Tensor = self.network(crops) * self.scale_px
        return positions.permute(0, 2, 3, 1)


def input_size_px(network: AuthorsNetwork) -> int:
    """Return the side of a network's crops, which is that of its map, too."""
    return resfcn256.INPUT_SIZE_PX if isinstance(network, Resfcn256) else lprnet.INPUT_SIZE_PX


def scale_px(network: AuthorsNetwork) -> float:
    """Return how many crop pixels a network's result of 1 is."""
    return resfcn256.SCALE_PX if isinstance(network, Resfcn256) else lprnet.SCALE_PX


class PlainOfTransposed(nn.Module):
    """A transposed convolution of stride 1 as the convolution with the turned kernel."""

    def __init__(self, transposed: SameConvTranspose2d) -> None:
        super().__init__()
        size = transposed.kernel_size[0]
        self.conv = nn.Conv2d(
            transposed.in_channels, transposed.out_channels, size, bias=transposed.bias is not None
        )
        self.conv.weight.data = transposed.weight.data.flip(2, 3).transpose(0, 1).contiguous()
        if transposed.bias is not None and self.conv.bias is not None:
            self.conv.bias.data = transposed.bias.data
        # What the forward convolution has before the image, its gradient has behind it.
        behind, before = same_padding(size, kernel=size, stride=1)
        self.padding = (before, behind, before, behind)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, n_in, h, w) to (n, n_out, h, w)."""
        result: Tensor = self.conv(F.pad(features, self.padding))
        return result


def _write_as_plain(parent: nn.Module) -> None:
    """Replace the transposed convolutions of stride 1 within a module."""
    for name, child in parent.named_children():
        if isinstance(child, SameConvTranspose2d) and child.stride[0] == 1:
            setattr(parent, name, PlainOfTransposed(child))
        else:
            _write_as_plain(child)


def _folded(
    conv: SameConv2d | SameConvTranspose2d, norm: nn.BatchNorm2d
) -> SameConv2d | SameConvTranspose2d:
    """Return the convolution that does what both did, in evaluation."""
    scale, shift = _scale_and_shift(norm)
    result: SameConv2d | SameConvTranspose2d
    size, stride = conv.kernel_size[0], conv.stride[0]
    if isinstance(conv, SameConv2d):
        result = SameConv2d(
            conv.in_channels,
            conv.out_channels,
            size,
            stride=stride,
            groups=conv.groups,
            has_bias=True,
        )
        along = scale[:, None, None, None]
    else:
        result = SameConvTranspose2d(
            conv.in_channels, conv.out_channels, size, stride=stride, has_bias=True
        )
        along = scale[None, :, None, None]
    bias = conv.bias.data * scale if conv.bias is not None else 0.0
    result.weight.data = conv.weight.data * along
    assert result.bias is not None  # asked for
    result.bias.data = shift + bias
    return result


def _fold_the_sum(block: BottleneckBlock) -> None:
    """Fold the normalisation of a sum into the two convolutions that are added."""
    assert isinstance(block.shortcut, SameConv2d)  # the caller looked
    scale, _ = _scale_and_shift(block.norm)
    block.third = _folded(block.third, block.norm)  # type: ignore[assignment]
    block.shortcut.weight.data = block.shortcut.weight.data * scale[:, None, None, None]
    block.norm = nn.Identity()  # type: ignore[assignment]


def _scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return what a normalisation multiplies with, and adds, in evaluation."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None  # they are tracked unless told otherwise
    scale = norm.weight.data / torch.sqrt(variance + norm.eps)
    return scale, norm.bias.data - mean * scale
