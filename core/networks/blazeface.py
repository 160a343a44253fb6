"""BlazeFace, short range: a letterboxed 128×128 image → 896 scores and boxes with six key points.

References
----------
V. Bazarevsky, Y. Kartynnik, A. Vakunov, K. Raveendran, M. Grundmann, "BlazeFace: Sub-millisecond
Neural Face Detection on Mobile GPUs", 2019. arXiv:1907.05047. The layers follow MediaPipe's
`face_detection_short_range.tflite` (Apache-2.0).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .residual_block import ResidualBlock

INPUT_SIZE_PX = 128
N_ANCHORS = 896
N_BOX_VALUES = 16
"""Centre x and y, width, height, then x and y of six key points."""


class BlazeFace(nn.Module):
    """The short-range detector, 101,390 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone1 = nn.Sequential(  # (n, 3, 128, 128)
            nn.Conv2d(3, 24, 5, stride=2),  # (n, 24, 64, 64); padded in forward
            nn.ReLU(),
            _block(24, 24),
            _block(24, 28),
            _block(28, 32, stride=2),  # (n, 32, 32, 32)
            _block(32, 36),
            _block(36, 42),
            _block(42, 48, stride=2),  # (n, 48, 16, 16)
            _block(48, 56),
            _block(56, 64),
            _block(64, 72),
            _block(72, 80),
            _block(80, 88),
        )
        self.backbone2 = nn.Sequential(  # (n, 88, 16, 16)
            _block(88, 96, stride=2),  # (n, 96, 8, 8)
            _block(96, 96),
            _block(96, 96),
            _block(96, 96),
            _block(96, 96),
        )
        self.classifier_8 = nn.Conv2d(88, 2, 1)  # two anchors a cell of 16×16
        self.regressor_8 = nn.Conv2d(88, 2 * N_BOX_VALUES, 1)
        self.classifier_16 = nn.Conv2d(96, 6, 1)  # six anchors a cell of 8×8
        self.regressor_16 = nn.Conv2d(96, 6 * N_BOX_VALUES, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Find faces.

        Parameters
        ----------
        image : shape (n, 3, 128, 128), RGB in -1 to 1

        Returns
        -------
        scores : shape (n, 896), logits; by row, column and anchor of the 16×16, then the 8×8 grid
        boxes : shape (n, 896, 16), pixels of the input relative to each anchor's centre
        """
        # SAME padding of a 5×5 kernel with stride 2: one left and top, two right and bottom.
        fine = self.backbone1(F.pad(image, (1, 2, 1, 2)))  # (n, 88, 16, 16)
        coarse = self.backbone2(fine)  # (n, 96, 8, 8)
        scores = (_by_anchor(self.classifier_8(fine), 1), _by_anchor(self.classifier_16(coarse), 1))
        boxes = (
            _by_anchor(self.regressor_8(fine), N_BOX_VALUES),
            _by_anchor(self.regressor_16(coarse), N_BOX_VALUES),
        )
        return torch.cat(scores, 1)[..., 0], torch.cat(boxes, 1)


def _block(n_in: int, n_out: int, *, stride: int = 1) -> ResidualBlock:
    """Return a block that ends in a ReLU, which has no weights."""
    return ResidualBlock(n_in, n_out, stride=stride, activation=nn.ReLU())


def _by_anchor(grid: Tensor, n_values: int) -> Tensor:
    """Reorder (n, anchors · values, rows, columns) to (n, rows · columns · anchors, values)."""
    n_anchors = grid.shape[1:].numel() // n_values
    return grid.permute(0, 2, 3, 1).reshape(-1, n_anchors, n_values)
