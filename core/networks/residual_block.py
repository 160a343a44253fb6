"""The residual block that FaceMesh and BlazeFace are made of."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def pad_bottom_right(features: Tensor) -> Tensor:
    """Append one row and one column of zeros.

    TensorFlow's SAME padding of a 3×3 kernel with stride 2 on an even size puts nothing at the left
    and the top. A symmetric pad of 1 shifts every output by one input pixel.
    """
    return F.pad(features, (0, 1, 0, 1))


class ResidualBlock(nn.Module):
    """Depthwise 3×3, pointwise 1×1, shortcut, activation.

    Parameters
    ----------
    n_in, n_out : channels, n_out ≥ n_in; the shortcut gets zero channels at the end
    stride : 1 or 2; with 2 the shortcut is a 2×2 maximum
    activation : applied to the sum, module named `act` in the state dict
    n_groups : blocks side by side that have nothing to do with each other, each of so many channels
    """

    def __init__(
        self, n_in: int, n_out: int, *, stride: int, activation: nn.Module, n_groups: int = 1
    ) -> None:
        super().__init__()
        self.n_groups = n_groups
        self.n_extra = n_out - n_in
        self.stride = stride
        n_all = n_groups * n_in
        self.convs = nn.Sequential(
            nn.Conv2d(n_all, n_all, 3, stride, padding=0 if stride == 2 else 1, groups=n_all),
            nn.Conv2d(n_all, n_groups * n_out, 1, groups=n_groups),
        )
        self.act = activation

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, n_groups · n_in, h, w) to (n, n_groups · n_out, h / stride, w / stride)."""
        shortcut = features
        if self.stride == 2:
            shortcut = F.max_pool2d(features, 2)
            features = pad_bottom_right(features)
        if self.n_extra:
            shortcut = self._widened(shortcut)
        result: Tensor = self.act(shortcut + self.convs(features))
        return result

    def _widened(self, shortcut: Tensor) -> Tensor:
        """Append the zero channels, to each group its own."""
        zeros = (0, 0, 0, 0, 0, self.n_extra)
        if self.n_groups == 1:
            return F.pad(shortcut, zeros)
        groups: Tensor = shortcut.unflatten(1, (self.n_groups, -1))  # type: ignore[no-untyped-call]
        return F.pad(groups, zeros).flatten(1, 2)
