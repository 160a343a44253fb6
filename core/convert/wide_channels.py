"""Channels padded to the blocks that ONNX Runtime computes in."""

from __future__ import annotations

import copy

import torch
from torch import nn

from ..networks.blazeface import BlazeFace
from ..networks.residual_block import ResidualBlock

BLOCK = 16
"""Channels that ONNX Runtime's blocked layout holds together, with AVX-512; 8 with AVX2."""


def widen_channels(network: BlazeFace) -> BlazeFace:
    """Return a copy whose inner channels come in multiples of `BLOCK`, the new ones always 0.

    BlazeFace grows by a few channels at a time. Wherever these do not fill a block, ONNX Runtime
    leaves its blocked layout and returns to it (see docs/decisions/0002-fast-onnx-files.md).
    """
    network = copy.deepcopy(network)
    for backbone in (network.backbone1, network.backbone2):
        for index, module in enumerate(backbone):
            if isinstance(module, nn.Conv2d):
                backbone[index] = _widened(module, module.in_channels, _wide(module.out_channels))
            elif isinstance(module, ResidualBlock):
                backbone[index] = _widened_block(module)
    for head in ("classifier_8", "regressor_8", "classifier_16", "regressor_16"):
        conv = network.get_submodule(head)
        assert isinstance(conv, nn.Conv2d)
        setattr(network, head, _widened(conv, _wide(conv.in_channels), conv.out_channels))
    return network.eval()


def _wide(n_channels: int) -> int:
    """Round up to whole blocks."""
    return -(-n_channels // BLOCK) * BLOCK


def _widened_block(block: ResidualBlock) -> ResidualBlock:
    """Return a block between wide channels."""
    depthwise, pointwise = block.convs
    assert isinstance(depthwise, nn.Conv2d) and isinstance(pointwise, nn.Conv2d)
    n_in, n_out = _wide(pointwise.in_channels), _wide(pointwise.out_channels)
    wide = ResidualBlock(n_in, n_out, stride=block.stride, activation=block.act)
    wide.convs[0] = _widened(depthwise, n_in, n_in)
    wide.convs[1] = _widened(pointwise, n_in, n_out)
    return wide


def _widened(conv: nn.Conv2d, n_in: int, n_out: int) -> nn.Conv2d:
    """Return a convolution between more channels, with zeros for the new ones."""
    wide = nn.Conv2d(
        n_in,
        n_out,
        (conv.kernel_size[0], conv.kernel_size[1]),
        (conv.stride[0], conv.stride[1]),
        padding=(int(conv.padding[0]), int(conv.padding[1])),
        groups=n_in if conv.groups > 1 else 1,
    )
    assert conv.bias is not None and wide.bias is not None
    with torch.no_grad():
        wide.weight.zero_()[: conv.weight.shape[0], : conv.weight.shape[1]] = conv.weight
        wide.bias.zero_()[: len(conv.bias)] = conv.bias
    return wide
