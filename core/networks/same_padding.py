"""Convolutions that pad as TensorFlow's SAME rule does, and their gradients, the transposed ones.

TensorFlow puts what cannot be halved at the right and the bottom. A symmetric pad shifts every
output by a fraction of a pixel, and the next layer by more.

References
----------
"Notes on padding", documentation of `tf.nn`, TensorFlow. The transposed convolution is the gradient
of the convolution that maps its output to its input.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def same_padding(length: int, *, kernel: int, stride: int) -> tuple[int, int]:
    """Return how many zeros lie before and behind an axis of so many pixels."""
    n_outputs = -(-length // stride)
    total = max((n_outputs - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


class SameConv2d(nn.Conv2d):
    """A convolution with a square kernel, SAME padding."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        size: int,
        *,
        stride: int = 1,
        groups: int = 1,
        has_bias: bool = False,
    ) -> None:
        super().__init__(n_in, n_out, size, stride, groups=groups, bias=has_bias)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, n_in, h, w) to (n, n_out, ⌈h / stride⌉, ⌈w / stride⌉)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        top, bottom = same_padding(int(features.shape[2]), kernel=kernel, stride=stride)
        left, right = same_padding(int(features.shape[3]), kernel=kernel, stride=stride)
        if (top, left) == (bottom, right):
            return F.conv2d(
                features, self.weight, self.bias, stride, (top, left), groups=self.groups
            )
        padded = F.pad(features, (left, right, top, bottom))
        return F.conv2d(padded, self.weight, self.bias, stride, groups=self.groups)


class SameConvTranspose2d(nn.ConvTranspose2d):
    """The gradient of a SAME convolution with a square kernel at least as large as its stride."""

    def __init__(
        self, n_in: int, n_out: int, size: int, *, stride: int = 1, has_bias: bool = False
    ) -> None:
        super().__init__(n_in, n_out, size, stride, bias=has_bias)

    def forward(self, features: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (n, n_in, h, w) to (n, n_out, h · stride, w · stride)."""
        stride = self.stride[0]
        height, width = int(features.shape[2]) * stride, int(features.shape[3]) * stride
        # All that the kernels reach; what lies in the forward convolution's padding is cut off.
        whole = F.conv_transpose2d(features, self.weight, self.bias, stride)
        before, _ = same_padding(height, kernel=self.kernel_size[0], stride=stride)
        return whole[:, :, before : before + height, before : before + width]
