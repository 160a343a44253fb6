"""FaceMesh: a 192×192 crop of a face → 468 landmarks and whether a face is there.

The names of the modules give the state dict that the authors' torch port uses: `facemesh.pth` loads
with `strict=True`.

References
----------
Y. Kartynnik, A. Ablavatski, I. Grishchenko, M. Grundmann, "Real-time Facial Surface Geometry from
Monocular Video on Mobile GPUs", 2019. arXiv:1907.06724. The layers follow MediaPipe's
`face_landmark.tflite` (Apache-2.0).
"""

from __future__ import annotations

from torch import Tensor, nn

from .residual_block import ResidualBlock, pad_bottom_right

INPUT_SIZE_PX = 192
N_LANDMARKS = 468


class FaceMesh(nn.Module):
    """The 468-point network, 604,685 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(  # (n, 3, 192, 192)
            nn.Conv2d(3, 16, 3, stride=2),  # (n, 16, 96, 96); padded in forward
            nn.PReLU(16),
            _block(16, 16),
            _block(16, 16),
            _block(16, 32, stride=2),  # (n, 32, 48, 48)
            _block(32, 32),
            _block(32, 32),
            _block(32, 64, stride=2),  # (n, 64, 24, 24)
            _block(64, 64),
            _block(64, 64),
            _block(64, 128, stride=2),  # (n, 128, 12, 12)
            _block(128, 128),
            _block(128, 128),
            _block(128, 128, stride=2),  # (n, 128, 6, 6)
            _block(128, 128),
            _block(128, 128),
        )
        self.coord_head = nn.Sequential(  # (n, 128, 6, 6)
            _block(128, 128, stride=2),  # (n, 128, 3, 3)
            _block(128, 128),
            _block(128, 128),
            nn.Conv2d(128, 32, 1),  # (n, 32, 3, 3)
            nn.PReLU(32),
            _block(32, 32),
            nn.Conv2d(32, 3 * N_LANDMARKS, 3),  # (n, 1404, 1, 1)
        )
        self.conf_head = nn.Sequential(  # (n, 128, 6, 6)
            _block(128, 128, stride=2),  # (n, 128, 3, 3)
            nn.Conv2d(128, 32, 1),  # (n, 32, 3, 3)
            nn.PReLU(32),
            _block(32, 32),
            nn.Conv2d(32, 1, 3),  # (n, 1, 1, 1)
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Find the landmarks.

        Parameters
        ----------
        image : shape (n, 3, 192, 192), RGB in 0 to 1

        Returns
        -------
        landmarks : shape (n, 468, 3), pixels of the crop; x and y from the crop's top left edge, z
            negative toward the camera
        logit : shape (n,); presence = sigmoid(logit)
        """
        features = self.backbone(pad_bottom_right(image))  # (n, 128, 6, 6)
        landmarks = self.coord_head(features).reshape(-1, N_LANDMARKS, 3)
        logit = self.conf_head(features).reshape(-1)
        return landmarks, logit


def _block(n_in: int, n_out: int, *, stride: int = 1) -> ResidualBlock:
    """Return a block with one learned slope a channel."""
    return ResidualBlock(n_in, n_out, stride=stride, activation=nn.PReLU(n_out))
